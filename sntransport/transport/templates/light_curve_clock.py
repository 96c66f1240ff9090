"""Series of several supernovae on one clock, by their light curves: phase zero and stretch of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport.transport.templates.feature_clock import STRETCH_PRIOR, ZERO_PRIOR

_COMPARED = (4000.0, 7000.0)
_COVERED = 0.9
# Steps of zero [d] and ln stretch, from coarse to fine, even about the last best: swapping two series swaps the result.
_GRIDS = ((2.0, 0.06, 13), (0.5, 0.015, 9), (0.125, 0.004, 9))
_MOST_ZERO = 12.0
_MOST_STRETCH = 0.36
# Clock phases compared [d]: later all light curves fall in a line that knows no clock.
_COMPARED_PHASES = np.arange(-25.0, 101.0)
# Neighboring phases share what tells one light curve from another: all together count as this many.
_INDEPENDENT = 8.0
_LEAST = 1e-3
_FEWEST_PHASES = 5
_LEAST_OVERLAP = 0.4


@answers_mistakes
def light_clock(phases: Sequence[Array], logs: Sequence[Array], wave: Array, zero: Array) -> tuple[Array, Array]:
    """Fit the clocks of series to each other by the shape of their light curves.

    Parameters
    ----------
    phases : sequence of ndarray, (n_phase,) [rest-frame d]
    logs : sequence of ndarray, (n_phase, n_wave)
        Ln flux, NaN where not covered.
    wave : ndarray, (n_wave,) [A]
    zero : ndarray, (n_series,) [rest-frame d]
        Phase zero to begin with, such as maximum light.

    Returns
    -------
    zero, stretch : ndarray, (n_series,)
        Clock phase is ``(phase - zero) / stretch``. Every two series are compared in ln flux between 4000 and 7000 A,
        blind to brightness, from 25 d before to 100 d after zero: zeros within 12 d (prior 6 d) of those given and
        stretches within a factor of 1.43 (prior 12 %). The clocks are those that agree best with all comparisons; the
        means of the changes of zero and of ln stretch are 0. Two series with too little in common, under five phases or
        40 % of the shorter, count as alike.

    Examples
    --------
    >>> from sntransport.transport.templates import hsiao, light_clock
    >>> series = hsiao().select(phase=(-10.0, 40.0), wave=(3500.0, 7500.0))
    >>> logs = np.log(series.flux)
    >>> zero, stretch = light_clock([series.phase, series.phase + 4.0], [logs, logs], series.wave, np.zeros(2))
    >>> print((zero[1] - zero[0]).round(1), stretch.round(2))
    4.0 [1. 1.]
    """
    light = [light_curve(rows, wave) for rows in logs]
    apart = np.zeros((zero.size, zero.size, 2))
    for i in range(zero.size):
        for j in range(i + 1, zero.size):
            apart[i, j] = _apart(phases[i] - zero[i], light[i], phases[j] - zero[j], light[j])
            apart[j, i] = -apart[i, j]
    late, slow = apart.mean(axis=1).T
    return zero + late, np.exp(slow)


@answers_mistakes
def plain_clock(phases: Sequence[Array], logs: Sequence[Array], wave: Array, zero: Array) -> tuple[Array, Array]:
    """Keep the zeros given, with stretch 1: series one beside the other, day by day.

    Examples
    --------
    >>> from sntransport.transport.templates import plain_clock
    >>> plain_clock([np.arange(3.0)] * 2, [np.zeros((3, 4))] * 2, np.arange(4.0), np.array([0.0, 2.0]))
    (array([0., 2.]), array([1., 1.]))
    """
    return zero, np.ones(zero.size)


def light_curve(logs: Array, wave: Array) -> Array:
    """Ln of the mean flux between 4000 and 7000 A at every phase, (n_phase,).

    NaN where less than 90 % of it is known. Of spectra that cover less from the start, over what any of them covers.
    """
    window = (wave > _COMPARED[0]) & (wave < _COMPARED[1]) & np.isfinite(logs).any(axis=0)
    part = logs[:, window] if window.any() else logs
    known = np.isfinite(part)
    total = np.where(known, np.exp(np.where(known, part, 0.0)), 0.0).sum(axis=1)
    good = known.mean(axis=1) >= _COVERED
    return np.where(good, np.log(np.where(good, total, 1.0) / np.maximum(known.sum(axis=1), 1)), np.nan)


def maximum(phase: Array, light: Array) -> tuple[float, bool]:
    """Phase of the brightest value, and whether fainter ones are known on both sides.

    Raises
    ------
    ValueError
        Where no value is known.
    """
    known = np.flatnonzero(np.isfinite(light))
    if known.size == 0:
        raise ValueError("no phase covers 90 % of what is known between 4000 and 7000 A; give its zero")
    best = int(np.nanargmax(light))
    return float(phase[best]), bool(known[0] < best < known[-1])


def _apart(phase_a: Array, light_a: Array, phase_b: Array, light_b: Array) -> tuple[float, float]:
    """By how much zero [d] and ln stretch of the first exceed those of the second."""
    known = [np.isfinite(light_a), np.isfinite(light_b)]
    if min(known[0].sum(), known[1].sum()) < _FEWEST_PHASES:
        return 0.0, 0.0
    a = phase_a[known[0]], light_a[known[0]]
    b = phase_b[known[1]], light_b[known[1]]
    within = [np.count_nonzero(np.clip(_COMPARED_PHASES, p[0], p[-1]) == _COMPARED_PHASES) for p, _ in (a, b)]
    least = max(_FEWEST_PHASES, _LEAST_OVERLAP * min(within))
    best = (np.inf, 0.0, 0.0)
    for zero_step, stretch_step, count in _GRIDS:
        about = np.arange(count) - count // 2
        middle = best
        for late in np.clip(middle[1] + zero_step * about, -_MOST_ZERO, _MOST_ZERO):
            for slow in np.clip(middle[2] + stretch_step * about, -_MOST_STRETCH, _MOST_STRETCH):
                cost = _cost(a, b, float(late), float(slow), least)
                best = min(best, (cost, float(late), float(slow)))
    return best[1], best[2]


def _cost(a: tuple[Array, Array], b: tuple[Array, Array], late: float, slow: float, least: float) -> float:
    at_a = 0.5 * late + np.exp(0.5 * slow) * _COMPARED_PHASES
    at_b = -0.5 * late + np.exp(-0.5 * slow) * _COMPARED_PHASES
    miss = np.interp(at_a, *a, left=np.nan, right=np.nan) - np.interp(at_b, *b, left=np.nan, right=np.nan)
    miss = miss[np.isfinite(miss)]
    if miss.size < least:
        return np.inf
    # The scatter among supernovae is not known beforehand; the best match itself tells it.
    shape = 0.5 * _INDEPENDENT * np.log(miss.var() + _LEAST)
    return float(shape + 0.5 * (slow / STRETCH_PRIOR) ** 2 + 0.5 * (late / ZERO_PRIOR) ** 2)
