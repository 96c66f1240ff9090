"""Series of several supernovae on one clock: phase zero and stretch of each, from their spectral features alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.smoothing import bell_mean
from sntransport._objects.arguments import answers_mistakes
from sntransport.spectra.grid import GRID_STEP
from sntransport.transport.feature_mean import split_rows

STRETCH_PRIOR = 0.12
"""Standard deviation of ln stretch among supernovae of a class."""

ZERO_PRIOR = 6.0
"""Standard deviation of the phase zero given for a series [rest-frame d]."""

_MOST_ZERO = 20.0
_MOST_STRETCH = 1.4
# Steps of zero [d] and ln stretch, from coarse to fine.
_GRIDS = ((2.0, 0.06, 21), (0.5, 0.015, 9), (0.125, 0.004, 9))
_COMPARED = (4000.0, 7000.0)
_RESOLUTION = 750.0
_THIN = 6
# All bins and phases together count as this many: neighbors share what tells one supernova from another.
_INDEPENDENT = 15.0
# Mean square differences of ln flux: one phase counts at most as the first, and no match is better than the second.
_MOST, _LEAST = 0.05, 1e-5
_LEAST_OVERLAP = 0.4
_FEWEST_PHASES = 5
_ROUNDS = 3


@answers_mistakes
def align(phases: Sequence[Array], logs: Sequence[Array], wave: Array, zero: Array) -> tuple[Array, Array]:
    """Fit the clocks of series to each other.

    Parameters
    ----------
    phases : sequence of ndarray, (n_phase,) [rest-frame d]
    logs : sequence of ndarray, (n_phase, n_wave)
        Ln flux on bins of 250 km/s, NaN where not covered.
    wave : ndarray, (n_wave,) [A]
    zero : ndarray, (n_series,) [rest-frame d]
        Phase zero to begin with.

    Returns
    -------
    zero, stretch : ndarray, (n_series,)
        Template phase is ``(phase - zero) / stretch``. The mean of ``zero`` and of ln stretch are as at the start. A
        series with too little in common with the others keeps the zero it began with, and stretch 1.

    Examples
    --------
    >>> from sntransport.spectra import grid_wave
    >>> from sntransport.transport.templates import align, hsiao
    >>> wave = grid_wave(10000, 500)
    >>> series, phase = hsiao(), np.arange(-10.0, 40.0)
    >>> logs = np.log([np.interp(wave, series.wave, row) for row in series.at(phase).flux])
    >>> zero, stretch = align([phase, phase + 4.0], [logs, logs], wave, np.zeros(2))
    >>> print((zero[1] - zero[0]).round(1), stretch.round(2))
    4.0 [1. 1.]
    """
    window = (wave > _COMPARED[0]) & (wave < _COMPARED[1])
    features = [_compared(rows, window) for rows in logs]
    order = np.argsort([-np.isfinite(rows).all(axis=1).sum() for rows in features], kind="stable")
    found, stretch = zero.astype(np.float64), np.ones(zero.size)
    grid = _grid(phases, zero)
    placed = {int(order[0]): _clocked(phases[order[0]], features[order[0]], found[order[0]], 1.0, grid)}
    for turn in range(1 + _ROUNDS):
        for k in (int(index) for index in (order[1:] if turn == 0 else order)):
            others = np.stack([rows for index, rows in placed.items() if index != k])
            found[k], stretch[k] = _best(phases[k], features[k], _mean(others), grid, zero[k])
            placed[k] = _clocked(phases[k], features[k], found[k], stretch[k], grid)
    # Only differences of clocks are known: the mean supernova keeps the clock that was given.
    stretch /= np.exp(np.log(stretch).mean())
    # A shift of template time moves the zero of each by its stretch.
    return found - stretch * (found - zero).mean() / stretch.mean(), stretch


def _compared(logs: Array, window: NDArray[np.bool_]) -> Array:
    """Features in the range compared, smoothed and thinned, (n_phase, n); rows that do not cover it all are NaN."""
    features = split_rows(logs)[1][:, window]
    whole = np.isfinite(features).all(axis=1, keepdims=True)
    smoothed = bell_mean(np.where(whole, features, 0.0), _RESOLUTION / GRID_STEP)[:, ::_THIN]
    return np.where(whole, smoothed, np.nan)


def _grid(phases: Sequence[Array], zero: Array) -> Array:
    first = min(float(p[0]) - z for p, z in zip(phases, zero, strict=True))
    last = max(float(p[-1]) - z for p, z in zip(phases, zero, strict=True))
    return np.arange(np.floor(first / 0.7) - 20.0, np.ceil(last / 0.7) + 21.0)


def _clocked(phase: Array, rows: Array, zero: float, stretch: float, grid: Array) -> Array:
    """Features at template phases, linear between rows, NaN outside."""
    at = zero + stretch * grid
    place = np.interp(at, phase, np.arange(phase.size))
    low = np.minimum(place.astype(np.int64), max(phase.size - 2, 0))
    up = (place - low)[:, None]
    value = (1.0 - up) * rows[low] + up * rows[np.minimum(low + 1, phase.size - 1)]
    return np.where(((at >= phase[0]) & (at <= phase[-1]))[:, None], value, np.nan)


def _mean(rows: Array) -> Array:
    known = np.isfinite(rows)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, rows, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _best(phase: Array, rows: Array, mean: Array, grid: Array, given: float) -> tuple[float, float]:
    """Clock of highest probability, on grids from coarse to fine; the one given where too little overlaps."""
    known = np.isfinite(mean).all(axis=1)
    if phase.size < _FEWEST_PHASES:
        return given, 1.0
    reach = min(float(known.sum()), np.isfinite(rows).all(axis=1).sum() * float(np.median(np.diff(phase))))
    least = max(_FEWEST_PHASES, _LEAST_OVERLAP * reach)
    best = (np.inf, 0.0, 0.0)
    for zero_step, stretch_step, count in _GRIDS:
        about = np.arange(count) - count // 2
        for late in np.clip(best[1] + zero_step * about, -_MOST_ZERO, _MOST_ZERO):
            for slow in np.clip(best[2] + stretch_step * about, -np.log(_MOST_STRETCH), np.log(_MOST_STRETCH)):
                apart = _clocked(phase, rows, given + late, np.exp(slow), grid[known]) - mean[known]
                unlike = np.minimum((apart**2).mean(axis=1), _MOST)
                both = np.isfinite(unlike)
                if both.sum() >= least:
                    # The scatter among supernovae is not known beforehand; the best match itself tells it.
                    cost = 0.5 * _INDEPENDENT * np.log(unlike[both].mean() + _LEAST)
                    cost += 0.5 * (slow / STRETCH_PRIOR) ** 2 + 0.5 * (late / ZERO_PRIOR) ** 2
                    best = min(best, (float(cost), float(late), float(slow)))
    return given + best[1], float(np.exp(best[2]))
