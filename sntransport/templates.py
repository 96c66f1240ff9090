"""Template series: what a supernova of a class usually does between two phases.

A template is a `SpectralSeries` whose phases count from the B maximum; its absolute flux is not used.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from sntransport.series import SpectralSeries

# The first node, -20 d, is without light, and the spline swings below zero after it.
_FIRST_PHASE = -18.0
_PHASE_STEP = 1.0
_WAVE_STEP = 10.0


@cache
def hsiao() -> SpectralSeries:
    """Return the mean normal type Ia series of Hsiao et al. (2007, ApJ 663, 1187), version 3.

    Returns
    -------
    SpectralSeries
        Phases -18 to +85 d from B maximum in steps of 1 d, 1000 to 25000 A in steps of 10 A, in relative units: the
        table with steps of 5 d and 50 A of the sncosmo wheel, by a bicubic spline, as sncosmo itself evaluates it.

    Raises
    ------
    FileNotFoundError
        Where the installed sncosmo lacks the file.
    """
    from astropy.io import fits
    from scipy.interpolate import RectBivariateSpline

    # The file itself: importing sncosmo to read it costs ten times as much as reading it.
    spec = find_spec("sncosmo")
    path = Path(spec.origin if spec and spec.origin else "").parent / "data" / "models" / "Hsiao_SED_V3_subsampled.fits"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not found; install sncosmo, whose wheel carries the Hsiao template")
    with fits.open(path, memmap=False) as hdus:
        header, table = hdus[0].header, np.asarray(hdus[0].data, dtype=np.float64)
    nodes = [header[f"CRVAL{k}"] + header[f"CDELT{k}"] * np.arange(header[f"NAXIS{k}"]) for k in (2, 1)]
    phase = np.arange(_FIRST_PHASE, nodes[0][-1] + 0.5 * _PHASE_STEP, _PHASE_STEP)
    wave = np.arange(nodes[1][0], nodes[1][-1] + 0.5 * _WAVE_STEP, _WAVE_STEP)
    flux = np.maximum(RectBivariateSpline(*nodes, table)(phase, wave), 0.0)
    return SpectralSeries(phase, wave, flux, name="Hsiao et al. (2007)", sn_type="Ia")
