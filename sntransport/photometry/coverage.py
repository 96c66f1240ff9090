"""In which bands and at which phases a series can be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.synthetic import MIN_COVERAGE, band_matrix, synthetic_flux
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline

BANDS = (
    "bessellb", "bessellv", "bessellr", "besselli", "lsstu", "lsstg", "lsstr", "lssti", "lsstz", "lssty",
    "ztfg", "ztfr", "ztfi", "atlasc", "atlaso",
)  # fmt: skip
"""Bands that a report lists."""


@dataclass(frozen=True, kw_only=True)
class BandCoverage:
    """Where one band is covered at least 98 %.

    ``phase`` first and last phase, as observed through the sightline [rest-frame d]; ``n_phase`` how many. None where
    there is none.

    Examples
    --------
    >>> from sntransport.photometry import band_coverage
    >>> from sntransport.transport.templates import hsiao
    >>> band_coverage(hsiao(), z=0.1, bands=["ztfg"])[0]
    BandCoverage(band='ztfg', phase=(-18.0, 85.0), n_phase=104)
    """

    band: str
    phase: tuple[float, float] | None
    n_phase: int


@answers_mistakes
def band_coverage(series: SpectralSeries, z: float, bands: Sequence[str | Bandpass] = BANDS) -> list[BandCoverage]:
    """Which bands a series covers as it was observed. For other redshifts see `usable_redshifts`.

    Parameters
    ----------
    series : SpectralSeries
    z : float
        Where it was observed.
    bands : sequence of str or Bandpass

    Returns
    -------
    list of BandCoverage
        In the order of ``bands``; a flux with ``origin`` 3 counts as covered.

    Raises
    ------
    ValueError
        Where a band is not known.

    Examples
    --------
    >>> from sntransport.photometry import band_coverage
    >>> wave = np.arange(4000.0, 9000.0, 10.0)
    >>> series = snt.SpectralSeries(phase=[0.0, 10.0], wave=wave, flux=np.ones((2, wave.size)))
    >>> [(one.band, one.n_phase) for one in band_coverage(series, z=0.05, bands=["bessellb", "bessellv"])]
    [('bessellb', 0), ('bessellv', 2)]
    """
    # Many phases cover the same bins: each pattern is looked at once.
    patterns, of_phase = np.unique(series.covered[series.covered.any(axis=1)], axis=0, return_inverse=True)
    flat = np.where(patterns, 1.0, np.nan)
    names = [band if isinstance(band, str) else band.name for band in bands]
    own = _covered(series.wave, flat, bands, z)[of_phase.ravel()]
    phase = series.phase[series.covered.any(axis=1)]
    return [
        BandCoverage(band=name, phase=_range(phase, own[:, j]), n_phase=int(own[:, j].sum()))
        for j, name in enumerate(names)
    ]


def _covered(wave: Array, flat: Array, bands: Sequence[str | Bandpass], z: float) -> NDArray[np.bool_]:
    """Whether each band is covered by each pattern, (n_pattern, n_band)."""
    _, coverage = synthetic_flux(flat, band_matrix(wave, bands, Sightline(z=z, distance_modulus=0.0)))
    return np.asarray(coverage >= MIN_COVERAGE)


def _range(values: Array, where: NDArray[np.bool_]) -> tuple[float, float] | None:
    known = values[where]
    return (float(known[0]), float(known[-1])) if known.size else None
