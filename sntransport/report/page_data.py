"""What the pages of a report draw themselves: spectra over phase and light curves, as small JSON values."""

from typing import Any

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import MAG_PER_LN, njy_to_mag
from sntransport._objects.drawing import band_looks
from sntransport._objects.short_band_names import short_band_names
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.spectra.observations import LightCurve
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline, phase_of

_MOST_PHASES = 120
_MOST_WAVES = 450
_LEVELS = 9999
_MOST_BANDS = 10


def spectra(series: SpectralSeries, sparse: SpectralSeries | None) -> dict[str, Any]:
    """Spectra for a browser, at most 120 phases, averaged to at most 450 wavelengths.

    Parameters
    ----------
    series : SpectralSeries
    sparse : SpectralSeries or None
        Observed spectra; one is added to the phases within half a day.

    Returns
    -------
    dict
        ``wave`` [rest A]; ``phase`` [d], those at which something is left; ``start``, the place in it to begin at; for
        each phase ``scale`` [erg s-1 cm-2 A-1 at 10 pc] and ``flux`` and ``err`` in units of it (whole numbers, None
        where not covered); ``observed``: the same of observed spectra, None at phases without.
    """
    covered = np.flatnonzero(series.covered.any(axis=1))
    # A spectrum of a few bins may have none left after averaging: every step of the slider shows something.
    covered = covered[np.isfinite(_averaged(series.flux[covered], series.n_wave)).any(axis=1)]
    rows = covered[np.unique(np.linspace(0, covered.size - 1, min(covered.size, _MOST_PHASES)).astype(int))]
    wave = _averaged(series.wave[None], series.n_wave)[0]
    flux, err = (_averaged(array[rows], series.n_wave) for array in (series.flux, series.flux_err))
    scale = np.array([_scale(row) for row in flux])
    observed = [_observed(series, sparse, float(series.phase[k])) for k in rows]
    return {
        "wave": [round(float(one), 1) for one in wave],
        "phase": [round(float(series.phase[k]), 2) for k in rows],
        "start": _start(series.phase[rows], [row is not None for row in observed]),
        "scale": [float(f"{one:.6g}") for one in scale],
        "flux": [_whole(row, one) for row, one in zip(flux, scale, strict=True)],
        "err": [_whole(row, one) for row, one in zip(err, scale, strict=True)],
        "observed": [None if row is None else _whole(row, one) for row, one in zip(observed, scale, strict=True)],
    }


def light_curve_panels(series: SpectralSeries, sightline: Sightline, seen: LightCurve) -> dict[str, Any]:
    """Light curves for a browser: the ten bands with most points that the series covers.

    Returns
    -------
    dict
        ``phase`` [rest-frame d] of the curves, and ``bands``, from blue to red: for each ``name``, the short ``label``,
        ``color``, ``turn`` (how many bands before it have that color), ``curve`` and, of the measurements, ``at``
        [rest-frame d], ``mag`` [AB] and ``err`` [mag]; None where not known.
    """
    flux, _ = synthetic_flux(series.flux, band_matrix(series.wave, seen.bands, sightline))
    known = [k for k in range(len(seen.bands)) if np.isfinite(flux[:, k]).any()]
    known = sorted(known, key=lambda k: -int(np.sum(seen.band == seen.bands[k])))[:_MOST_BANDS]
    bands = []
    names = [seen.bands[k] for k in known]
    shown = zip(known, short_band_names(names), band_looks(names), strict=True)
    for k, label, look in sorted(shown, key=lambda one: (one[2].wave, seen.bands[one[0]])):
        rows = (seen.band == seen.bands[k]) & (seen.flux > 0)
        at = phase_of(seen.mjd[rows], series.mjd_ref, sightline.z)
        bands.append(
            {
                "name": seen.bands[k],
                "label": label,
                "color": look.color,
                "turn": look.turn,
                "curve": _rounded(njy_to_mag(flux[:, k])),
                "at": _rounded(at),
                "mag": _rounded(njy_to_mag(seen.flux[rows])),
                "err": _rounded(MAG_PER_LN * seen.flux_err[rows] / seen.flux[rows]),
            }
        )
    return {"phase": _rounded(series.phase), "bands": bands}


def _start(phase: Array, observed: list[bool]) -> int:
    """Where to begin: at the observed spectrum nearest to phase 0, or the rebuilt one where none is."""
    if not phase.size:
        return 0
    away = np.abs(phase)
    return int(np.argmin(np.where(observed, away, np.inf) if any(observed) else away))


def _averaged(rows: Array, n_wave: int) -> Array:
    """Means of neighboring bins, NaN where one of them is."""
    group = -(-n_wave // _MOST_WAVES)
    whole = n_wave // group
    return np.asarray(rows[:, : whole * group].reshape(len(rows), whole, group).mean(axis=2))


def _scale(row: Array) -> float:
    """What one unit of a spectrum stands for; a few bins may be beyond."""
    known = np.abs(row[np.isfinite(row)])
    largest = float(known.max()) if known.size else 1.0
    return (largest or 1.0) / _LEVELS


def _whole(row: Array, scale: float) -> list[int | None]:
    return [round(float(value)) if np.isfinite(value) else None for value in row / scale]


def _rounded(values: Array) -> list[float | None]:
    return [round(float(value), 3) if np.isfinite(value) else None for value in values]


def _observed(series: SpectralSeries, sparse: SpectralSeries | None, phase: float) -> Array | None:
    if sparse is None or sparse.n_wave != series.n_wave:
        return None
    nearest = int(np.abs(sparse.phase - phase).argmin())
    if abs(sparse.phase[nearest] - phase) > 0.5:
        return None
    return np.asarray(_averaged(sparse.flux[nearest : nearest + 1], series.n_wave)[0])
