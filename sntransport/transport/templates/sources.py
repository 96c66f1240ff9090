"""Template series: what a supernova of a class usually does between two phases.

A template is a `SpectralSeries` whose phases count from the B maximum; its absolute flux is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.mistakes import wrong_kind
from sntransport.spectra.series import SpectralSeries, require_series

# The first node, -20 d, is without light, and the spline swings below zero after it.
_FIRST_PHASE = -18.0
_PHASE_STEP = 1.0
_WAVE_STEP = 10.0
# Where one of several series ends and others go on, its share falls to 0 over these.
_PHASE_RAMP, _WAVE_RAMP = 15.0, 500.0
# Spectra are not darker than this share of their mean, so that their logarithm is finite.
_LEAST_FLUX = 1e-4
# Share of the bins of a phase that must be above 0.
_LIT = 0.98


@answers_mistakes
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

    Examples
    --------
    >>> from sntransport.transport.templates import hsiao
    >>> series = hsiao()
    >>> series.sn_type, series.phase[[0, -1]].tolist(), series.wave[[0, -1]].tolist()
    ('Ia', [-18.0, 85.0], [1000.0, 25000.0])
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
    return SpectralSeries(phase=phase, wave=wave, flux=flux, name="Hsiao et al. (2007)", sn_type="Ia")


@answers_mistakes
def sncosmo_template(name: str, version: str | None = None, *, sn_type: str = "") -> SpectralSeries:
    """Return a source of sncosmo at its mean parameters (amplitude 1, ``x1`` and ``c`` 0), every day and 10 A.

    Parameters
    ----------
    name : str
        Such as "salt3". sncosmo fetches what its data directory does not hold; without a network, copy it there first
        (``SNCOSMO_DATA_DIR``).
    version : str, optional
        Default: the latest that this sncosmo knows.
    sn_type : str
        Class that the template is for; sncosmo's sources do not tell theirs.

    Returns
    -------
    SpectralSeries
        Phases as sncosmo counts them, which for type Ia is from the B maximum. Phases at the ends with more than 2 % of
        their bins not above 0 are left out.

    Raises
    ------
    ValueError
        Where sncosmo knows no such source, or it has no light.
    OSError
        Where its files are neither in the data directory nor to be fetched.

    Examples
    --------
    >>> from sntransport.transport.templates import sncosmo_template
    >>> series = sncosmo_template("hsiao-subsampled", sn_type="Ia")
    >>> series.phase[[0, -1]].tolist()
    [-15.0, 84.0]
    """
    import sncosmo

    if not isinstance(name, str | sncosmo.Source):
        raise wrong_kind("sncosmo_template", "the name of a source of sncosmo", name)
    try:
        source = sncosmo.get_source(name, version=version)
    except OSError as error:
        raise OSError(
            f"source {name!r} of sncosmo: not in its data directory, and could not be fetched ({error}); without a "
            "network, copy its files there or set SNCOSMO_DATA_DIR"
        ) from error
    except Exception as error:
        # sncosmo raises Exception itself for a name that is not registered.
        raise ValueError(f"source {name!r} of sncosmo: {' '.join(str(error).split())[:120]} ...") from error
    phase = np.arange(np.ceil(source.minphase()), source.maxphase() + 1e-6, _PHASE_STEP)
    wave = np.arange(source.minwave(), source.maxwave() + 1e-6, _WAVE_STEP)
    flux = source.flux(phase, wave)
    lit = np.flatnonzero(np.mean(flux > 0, axis=1) >= _LIT)
    if not lit.size:
        raise ValueError(f"source {name!r} of sncosmo has no light at its mean parameters")
    used = slice(lit[0], lit[-1] + 1)
    label = f"sncosmo {source.name} {source.version or ''}".strip()
    return SpectralSeries(phase=phase[used], wave=wave, flux=np.maximum(flux[used], 0.0), name=label, sn_type=sn_type)


@answers_mistakes
def mean_template(templates: Sequence[SpectralSeries], *, name: str = "") -> SpectralSeries:
    """Return the mean of templates of one class that count their phases alike, in ln flux.

    Two mean series of a class err differently: beside their mean, supernovae are rebuilt better than beside either.

    Parameters
    ----------
    templates : sequence of SpectralSeries
        Without gaps; each must share phases and wavelengths with the first. One without a class takes that of the
        others.
    name : str
        Default: the names joined by "+".

    Returns
    -------
    SpectralSeries
        Every day and 10 A that any covers. Brought to the level of the first where both reach. Where one ends and
        others go on, its share falls to 0 over 15 d or 500 A, so that there is no step. Bins darker than 1e-4 of the
        mean of their spectrum are raised to that.

    Raises
    ------
    ValueError
        Where there is none, a flux is not finite, phase 0 is a date (as of a supernova, whose phases need not count as
        those of the others), classes differ, or some phases and wavelengths are covered by none.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.transport.templates import hsiao, mean_template
    >>> one = hsiao().select(phase=(-5.0, 20.0), wave=(4000.0, 8000.0))
    >>> other = replace(one, flux=4.0 * one.flux, name="other")
    >>> mean = mean_template([one, other])
    >>> mean.name, bool(np.allclose(mean.flux, one.flux))
    ('Hsiao et al. (2007) + other', True)
    """
    if not templates:
        raise ValueError("no templates to average")
    for one in templates:
        require_series(one, "mean_template")
        if not one.n_phase or not np.isfinite(one.flux).all():
            raise ValueError(f"template {one.name!r} has no phases or a flux that is not finite; leave these bins out")
        if np.isfinite(one.mjd_ref):
            raise ValueError(
                f"phase 0 of {one.name!r} is a date, MJD {one.mjd_ref:.2f}: a supernova, no template; build_template "
                "fits clocks of supernovae"
            )
    classes = sorted({one.sn_type for one in templates} - {""})
    if len(classes) > 1:
        raise ValueError(f"templates of one class expected, got {', '.join(classes)}")
    phase, phase_share = _union([one.phase for one in templates], _PHASE_STEP, _PHASE_RAMP)
    wave, wave_share = _union([one.wave for one in templates], _WAVE_STEP, _WAVE_RAMP)
    logs = np.stack([_ln_flux(one, phase, wave) for one in templates])
    covered = (phase_share > 0)[:, :, None] & (wave_share > 0)[:, None, :]
    for k in range(1, len(templates)):
        both = covered[0] & covered[k]
        if not both.any():
            raise ValueError(f"templates {templates[0].name!r} and {templates[k].name!r} share no phase and wavelength")
        logs[k] -= np.mean((logs[k] - logs[0])[both])
    share = phase_share[:, :, None] * wave_share[:, None, :]
    total = share.sum(axis=0)
    if not total.all():
        p, w = (int(index[0]) for index in np.nonzero(total == 0))
        raise ValueError(
            f"no template covers {wave[w]:.0f} A at phase {phase[p]:g} d, though some reach each; cut them"
        )
    mean = np.exp(np.sum(share * logs, axis=0) / total)
    label = name or " + ".join(one.name for one in templates)
    return SpectralSeries(phase=phase, wave=wave, flux=mean, name=label, sn_type="".join(classes))


def _union(axes: Sequence[Array], step: float, ramp: float) -> tuple[Array, Array]:
    """Even values (n,) from the first to the last end of the axes, and the share (n_axis, n) of each there."""
    ends = np.array([axis[[0, -1]] for axis in axes])
    low, high = np.ceil(ends[:, 0].min() / step), np.floor(ends[:, 1].max() / step)
    at = step * np.arange(low, high + 1)
    share = ((at >= ends[:, :1]) & (at <= ends[:, 1:])).astype(np.float64)
    for k, (first, last) in enumerate(ends):
        # A hair above 0 at the very end, where it still counts if it is alone.
        if first - step >= at[0]:
            share[k] *= np.clip((at - first) / ramp, 1e-6, 1.0)
        if last + step <= at[-1]:
            share[k] *= np.clip((last - at) / ramp, 1e-6, 1.0)
    return at, share


def _ln_flux(series: SpectralSeries, phase: Array, wave: Array) -> Array:
    """Ln flux (n_phase, n_wave), linear between bins and phases; the end values beyond."""
    least = _LEAST_FLUX * series.flux.mean(axis=1, keepdims=True)
    logs = np.log(np.maximum(series.flux, np.maximum(least, 1e-300)))
    rows = np.stack([np.interp(wave, series.wave, row) for row in logs])
    return np.stack([np.interp(phase, series.phase, column) for column in rows.T], axis=1)
