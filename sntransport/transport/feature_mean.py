"""Barycenters of spectral features: of any number of spectra, and of series whose coverage comes and goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array, readonly, require_increasing, require_shape
from sntransport._numerics.smoothing import bell_mean
from sntransport._objects.arguments import answers_mistakes
from sntransport.spectra.grid import GRID_STEP, velocity_step
from sntransport.transport.features import feature_shift

CONTINUUM = 12000.0
"""Standard deviation of the running mean of ln flux that is the continuum [km/s], as in `feature_transport`."""

_ROUNDS = 4
_SOLVES = 12
_FADE = 20
_FEWEST_BINS = 100


@answers_mistakes
def feature_barycenter(wave: ArrayLike, fluxes: ArrayLike, weights: ArrayLike) -> Array:
    """Mean of spectra whose features are first moved to their common place.

    Parameters
    ----------
    wave : array_like, (n_wave,) [A]
        Even in ln wavelength, at least 100 points.
    fluxes : array_like, (n_spec, n_wave)
        Positive, finite.
    weights : array_like, (n_spec,)
        Not negative, not all zero; normalized to unit sum here.

    Returns
    -------
    ndarray, (n_wave,)
        Continuum: the weighted mean of ln flux over 12,000 km/s. Features, the rest: the spectra are registered to
        their running mean by `feature_shift` of `sntransport.transport.features`, the weighted mean is taken out, and
        the square roots of flux over continuum are averaged in place, four times. With two spectra it is close to
        `feature_transport` with ``shares=(1.0,)``.

    Raises
    ------
    ValueError
        Where shapes differ, a flux is not positive, ``wave`` is not even in its logarithm or too short, or the
        weights are negative or all zero.

    Notes
    -----
    A Frechet mean by repeated registration (compare Agueh & Carlier 2011 for optimal transport maps).

    Examples
    --------
    >>> wave = np.exp(np.linspace(np.log(4000.0), np.log(8000.0), 800))
    >>> dip = lambda center: 1.0 - 0.3 * np.exp(-0.5 * ((wave - center) / 50.0) ** 2)
    >>> mean = snt.transport.feature_barycenter(wave, [dip(5980.0), dip(6020.0)], [1.0, 1.0])
    >>> print(f"{wave[mean.argmin()]:.0f} A, {mean.min():.1f}")
    5998 A, 0.7
    """
    wave, fluxes = readonly(wave, "wave"), readonly(fluxes, "fluxes", ndim=2)
    weights = readonly(weights, "weights")
    require_increasing(wave, "wave", positive=True)
    require_shape(fluxes, "fluxes", (weights.size, wave.size), "(n_spec, n_wave)")
    if not np.all(np.isfinite(weights)) or np.any(weights < 0) or weights.sum() <= 0:
        raise ValueError("weights must be finite, not negative and not all zero")
    if not np.all(np.isfinite(fluxes)) or not np.all(fluxes > 0):
        raise ValueError("fluxes must be finite and positive")
    step = np.diff(np.log(wave))
    if wave.size < _FEWEST_BINS or not np.allclose(step, step[0], rtol=1e-3):
        raise ValueError(f"wave must be even in its logarithm, with at least {_FEWEST_BINS} points")
    used = weights > 0
    logs, share = np.log(fluxes[used]), (weights[used] / weights.sum())[:, None, None]
    smooth = bell_mean(logs, CONTINUUM / velocity_step(wave))
    weight = np.broadcast_to(share, (share.size, 1, wave.size))
    mean, _ = moved_mean(wave, (logs - smooth)[:, None], weight)
    return np.asarray(np.exp(share[:, 0, 0] @ smooth + mean[0]))


def split_rows(logs: Array) -> tuple[Array, Array, Array]:
    """Continuum, features and weight of ln fluxes with NaN, each of their shape, on bins of 250 km/s.

    Weights rise from 0 over 5000 km/s from the ends of each spectrum, where its continuum is poorly known; they are 0
    where it is not covered, and in spectra too short to have a continuum.
    """
    continuum, weight = np.full(logs.shape, np.nan), np.zeros(logs.shape)
    for index in np.ndindex(logs.shape[:-1]):
        known = np.flatnonzero(np.isfinite(logs[index]))
        if known.size < _FEWEST_BINS:
            continue
        span = np.arange(known[0], known[-1] + 1)
        whole = np.interp(span, known, logs[index][known])
        continuum[index][known] = bell_mean(whole[None], CONTINUUM / GRID_STEP)[0, known - known[0]]
        inside = np.minimum(known - known[0], known[-1] - known) + 1
        weight[index][known] = np.minimum(1.0, inside / _FADE)
    return continuum, logs - continuum, weight


def two_way(values: Array, weight: Array, *, roots: bool = False) -> tuple[Array, Array]:
    """What series have in common at each phase, and what tells each from the others at all of them.

    Parameters
    ----------
    values, weight : ndarray, (n_series, n_phase, n_wave)
        Where the weight is 0 the value does not count and may be NaN.
    roots : bool
        Average the square root of the exponential instead of the value.

    Returns
    -------
    common : ndarray, (n_phase, n_wave)
        NaN where no series counts. With complete coverage the plain weighted mean.
    own : ndarray, (n_series, n_wave)
        Mean zero over series, so that one that comes or goes leaves no step in ``common``.
    """
    held = np.where(weight > 0, values, 0.0)
    total, of_series = weight.sum(axis=0), weight.sum(axis=1)
    own = np.zeros(of_series.shape)
    for _ in range(_SOLVES if len(values) > 1 and values.shape[1] > 1 else 1):
        rest = held - own[:, None]
        mean = (weight * (np.exp(0.5 * rest) if roots else rest)).sum(axis=0) / np.maximum(total, 1e-12)
        common = 2.0 * np.log(np.maximum(mean, 1e-12)) if roots else mean
        if values.shape[1] > 1:
            own = (weight * (held - common)).sum(axis=1) / np.maximum(of_series, 1e-12)
            counted = (of_series > 0).sum(axis=0)
            own -= np.where(of_series > 0, own.sum(axis=0) / np.maximum(counted, 1), 0.0)
    return np.where(total > 0, common, np.nan), own


def moved_mean(wave: Array, features: Array, weight: Array) -> tuple[Array, Array]:
    """Mean of features after moving them to their common place, and its error, each (n_phase, n_wave).

    Parameters
    ----------
    wave : ndarray, (n_wave,) [A]
        Even in ln wavelength.
    features, weight : ndarray, (n_series, n_phase, n_wave)
        Ln flux less continuum; where the weight is 0 they may be NaN.

    Returns
    -------
    mean, error : ndarray, (n_phase, n_wave)
        NaN where no series counts, the error also where only one does.
    """
    step = velocity_step(wave)
    bins = np.arange(wave.size, dtype=np.float64)
    mean, own = two_way(features, weight, roots=True)
    placed, counted = features, weight
    for _ in range(_ROUNDS):
        shift = np.stack([_shifts(wave, mean, rows, w) for rows, w in zip(features, weight, strict=True)]) / step
        placed, counted = _moved(features, weight, bins + shift)
        mean, own = two_way(placed, counted, roots=True)
        drift = np.nan_to_num(two_way(shift, weight)[0])
        # What was averaged at a bin belongs where the mean of its displaced positions lies.
        place = np.maximum.accumulate(bins + drift, axis=1) + 1e-9 * bins
        mean = np.stack([_relocated(bins, p, row) for p, row in zip(place, mean, strict=True)])
    number = np.maximum((counted > 0).sum(axis=0), 1)
    spread = (counted * (placed - own[:, None] - mean) ** 2) if len(features) > 1 else np.zeros(features.shape)
    total = np.maximum(counted.sum(axis=0), 1e-12)
    error = np.sqrt(np.nansum(spread, axis=0) / total / np.maximum(number - 1, 1))
    return mean, np.where((counted > 0).sum(axis=0) > 1, error, np.nan)


def _shifts(wave: Array, mean: Array, rows: Array, weight: Array) -> Array:
    """Displacement [km/s] from places in the mean to those in every row, (n_phase, n_wave); 0 where not known."""
    out = np.zeros(rows.shape)
    for target, common, own, counts in zip(out, mean, rows, weight, strict=True):
        known = np.flatnonzero((counts > 0) & np.isfinite(common))
        if known.size < _FEWEST_BINS:
            continue
        span = slice(known[0], known[-1] + 1)
        inside = np.arange(span.start, span.stop)
        pair = [np.exp(np.interp(inside, known, line[known])) for line in (common, own)]
        half = feature_shift(wave[span], pair[0], pair[1])
        step = velocity_step(wave)
        target[:] = np.interp(np.arange(wave.size), inside - 0.5 * half / step, half)
    return out


def _moved(features: Array, weight: Array, at: Array) -> tuple[Array, Array]:
    """Features and weights read at other places [bins]."""
    placed, counted = np.full(features.shape, np.nan), np.zeros(features.shape)
    for index in np.ndindex(features.shape[:-1]):
        known = np.flatnonzero(weight[index] > 0)
        if known.size:
            # The last bins stand for those just beyond, so that a shift of a bin leaves no hole at the ends.
            inside = (at[index] > known[0] - _FADE) & (at[index] < known[-1] + _FADE)
            placed[index] = np.interp(at[index], known, features[index][known])
            counted[index] = np.where(inside, np.interp(at[index], known, weight[index][known]), 0.0)
    return placed, counted


def _relocated(bins: Array, place: Array, row: Array) -> Array:
    known = np.isfinite(row)
    # The places differ from the bins by a few at most: the ends keep their value.
    return np.where(known, np.interp(bins, place[known], row[known]), np.nan) if known.any() else row
