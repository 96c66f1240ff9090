"""From completed spectra to any phase: the two neighbors, interpolated.

Every pair of neighbors has its own stretch of phases, and at a spectrum two stretches meet in it: the series has no
step in any bin, and its cost grows with the number of spectra, not with that of pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array, Span, readonly
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.transport.completion import Completed
from sntransport.transport.interpolation_errors import ErrorModel, log_change
from sntransport.transport.interpolators import ForPair, Interpolator, for_pair, interpolated
from sntransport.transport.runs import long_runs

SAME_PHASE = 1e-9
"""A phase this close to that of a spectrum is that one [d]."""

_BLOCK = 32
# Over so many bins (10,000 km/s) the one passes into the other.
_BLEND = 40.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Rebuilt:
    """Spectra at some phases, (n, n_wave), and ``row`` (n,) into these.

    ``logs`` is ln flux; its variance is ``noise``, of photons, and ``drift``, of interpolation.
    """

    row: NDArray[np.int64]
    logs: Array
    noise: Array
    drift: Array
    origin: NDArray[np.uint8]


def nearest_rows(own: Array, phase: Array) -> NDArray[np.int64]:
    """Rows of increasing phases ``own`` that lie nearest to others, (n_phase,); of two the earlier."""
    if own.size < 2:
        return np.zeros(phase.size, dtype=np.int64)
    right = np.clip(np.searchsorted(own, phase), 1, own.size - 1)
    return right - (phase - own[right - 1] <= own[right] - phase)


def along_chain(
    series: SpectralSeries,
    done: Completed,
    phase: Array,
    *,
    interpolate: Interpolator | ForPair,
    max_gap: float = 40.0,
    errors: ErrorModel | None = None,
) -> Iterator[Rebuilt]:
    """Rebuild spectra, a few at a time so that memory does not grow with their number.

    Parameters
    ----------
    series : SpectralSeries
        What was completed.
    done : Completed
    phase : ndarray, (n_phase,) [rest-frame d]
        In any order. Those outside the span of ``series``, and in wider steps than ``max_gap``, do not come.
    interpolate : callable
        See `sntransport.transport.interpolators`.
    max_gap : float [rest-frame d]
    errors : callable, optional
        See `sntransport.transport.interpolation_errors`; none: the drift is 0.

    Yields
    ------
    Rebuilt
        At the phase of a spectrum it is that one, completed; only bins that its neighbors filled have a drift there.

    Examples
    --------
    >>> from sntransport.transport.chain import along_chain
    >>> from sntransport.transport.completion import complete_spectra
    >>> from sntransport.transport.interpolators import log_linear
    >>> from sntransport.spectra import grid_wave
    >>> wave = grid_wave(10000, 800)
    >>> series = snt.SpectralSeries(phase=[0.0, 10.0], wave=wave, flux=[np.full(800, 1.0), np.full(800, 4.0)])
    >>> done = complete_spectra(series, interpolate=log_linear)
    >>> (rebuilt,) = along_chain(series, done, np.array([5.0]), interpolate=log_linear)
    >>> print(np.exp(rebuilt.logs[0, :2]).round(6))
    [2. 2.]
    """
    own = series.phase
    nearest = nearest_rows(own, phase)
    exact = np.abs(own[nearest] - phase) <= SAME_PHASE
    for row in np.unique(nearest[exact]):
        at = np.flatnonzero(exact & (nearest == row))
        kept = (np.repeat(x[row][None], at.size, axis=0) for x in (done.logs, done.variance, done.origin))
        logs, noise, origin = kept
        drift = np.zeros(series.n_wave) if errors is None else _drift_of_filled(series, done, int(row), errors)
        yield Rebuilt(row=at, logs=logs, noise=noise, drift=np.repeat(drift[None], at.size, axis=0), origin=origin)
    place = np.searchsorted(own, phase) - 1
    inside = ~exact & (phase > own[0]) & (phase < own[-1])
    for i in np.unique(place[inside]):
        if own[i + 1] - own[i] > max_gap:
            continue
        at = np.flatnonzero(inside & (place == i))
        pair = _Pair(series, done, int(i), interpolate, errors)
        for block in np.split(at, range(_BLOCK, at.size, _BLOCK)):
            yield pair.at(block, phase[block])


def _ramp(run: Span, runs: list[Span]) -> Array:
    """Weight of a stretch inside a longer one, (n_run,): it rises from each end that is not one of the longer too."""
    weight, bins = np.ones(run.stop - run.start), np.arange(run.start, run.stop)
    if all(run.start != whole.start for whole in runs):
        weight = np.minimum(weight, (bins - run.start) / _BLEND)
    if all(run.stop != whole.stop for whole in runs):
        weight = np.minimum(weight, (run.stop - 1 - bins) / _BLEND)
    return weight


def _stretches(before: NDArray[np.int64], after: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Bins that come from the same two spectra, in order."""
    edges = np.flatnonzero((np.diff(before) != 0) | (np.diff(after) != 0)) + 1
    return np.split(np.arange(before.size), edges)


def _change_between(series: SpectralSeries, i: int, j: int) -> Array:
    """How much two spectra differ, (n_wave,); 0 where not both cover."""
    out = np.zeros(series.n_wave)
    for run in long_runs(np.isfinite(series.flux[i]) & np.isfinite(series.flux[j])):
        out[run] = log_change(series.wave[run], series.flux[i][run], series.flux[j][run])
    return out


def _drift_of_filled(series: SpectralSeries, done: Completed, row: int, errors: ErrorModel) -> Array:
    """Variance of interpolation, at the phase of a spectrum, of the bins that its neighbors filled, (n_wave,)."""
    out, phase = np.zeros(series.n_wave), series.phase
    for bins in _stretches(done.before[row], done.after[row]):
        i, j = int(done.before[row, bins[0]]), int(done.after[row, bins[0]])
        if row in (i, j) or max(i, j) < 0:
            continue
        if min(i, j) < 0:
            # From one side: a random walk away from that spectrum.
            gap, bridge, change = abs(float(phase[row] - phase[max(i, j)])), 4.0, np.zeros(series.n_wave)
        else:
            gap, change = float(phase[j] - phase[i]), _change_between(series, i, j)
            w = float(phase[row] - phase[i]) / gap
            bridge = 4.0 * w * (1.0 - w)
        out[bins] = errors(series.sn_type, series.wave[bins], change[bins], gap, np.array([bridge]))[0] ** 2
    return out


class _Pair:
    """Two neighbors: what does not depend on the position between them is found once."""

    def __init__(
        self, series: SpectralSeries, done: Completed, i: int, interpolate: Interpolator | ForPair,
        errors: ErrorModel | None,
    ) -> None:  # fmt: skip
        j = i + 1
        self.series, self.errors = series, errors
        self.ends = series.phase[i], series.phase[j]
        with np.errstate(invalid="ignore"):
            self.flux = np.exp(done.logs[i]), np.exp(done.logs[j])
        self.variance = done.variance[i], done.variance[j]
        self.runs = long_runs(np.isfinite(done.logs[i]) & np.isfinite(done.logs[j]))
        # What neighbors filled must not draw the lines where both spectra have their own.
        own = (done.before[i] == i) & (done.after[j] == j) & np.isfinite(done.logs[i]) & np.isfinite(done.logs[j])
        self.own = [] if own.sum() == sum(run.stop - run.start for run in self.runs) else long_runs(own)
        self.between = for_pair(interpolate, float(series.phase[i]), float(series.phase[j]))
        origin = np.maximum(done.origin[i], done.origin[j])
        one = (done.origin[i] == Origin.ONE_SIDED) | (done.origin[j] == Origin.ONE_SIDED)
        before, after = done.before[i], done.after[j]
        gap = np.where((before >= 0) & (after >= 0), series.phase[after] - series.phase[before], np.inf)
        # Where two sides cover, completed ends do not matter: what counts is what the bin was interpolated between.
        both = (before >= 0) & (after >= 0) & ~one
        self.origin = np.where(both, origin, Origin.ONE_SIDED).astype(np.uint8)
        self.before, self.after, self.gap = before, after, gap
        self.change = self._changes(i, j) if errors is not None else np.zeros(series.n_wave)

    def _changes(self, i: int, j: int) -> Array:
        """How much the spectra that each bin comes from differ, (n_wave,)."""
        series, out = self.series, np.zeros(self.series.n_wave)
        for run in self.runs:
            out[run] = log_change(series.wave[run], self.flux[0][run], self.flux[1][run])
        filled = (self.before >= 0) & (self.after >= 0) & ((self.before != i) | (self.after != j))
        for first, last in np.unique(np.stack([self.before, self.after], axis=1)[filled], axis=0):
            mine = filled & (self.before == first) & (self.after == last)
            out[mine] = _change_between(series, int(first), int(last))[mine]
        return out

    def at(self, row: NDArray[np.int64], phase: Array) -> Rebuilt:
        series, (first, last) = self.series, self.ends
        t = readonly((phase - first) / (last - first), "t")
        shape = (phase.size, series.n_wave)
        logs = np.full(shape, np.nan)
        for run in self.runs:
            logs[:, run] = self._logs(run, t)
        for run in self.own:
            share = _ramp(run, self.runs)
            logs[:, run] += share * (self._logs(run, t) - logs[:, run])
        logs[~np.isfinite(logs)] = np.nan
        known = np.isfinite(logs)
        return Rebuilt(
            row=row,
            logs=logs,
            noise=np.outer((1.0 - t) ** 2, self.variance[0]) + np.outer(t**2, self.variance[1]),
            drift=np.zeros(shape) if self.errors is None else self._model(phase) ** 2,
            origin=np.where(known, self.origin, Origin.NOT_COVERED).astype(np.uint8),
        )

    def _logs(self, run: Span, t: Array) -> Array:
        """Ln flux of the two, interpolated over one stretch of wavelength, (n_t, n_run)."""
        flux_a, flux_b = self.flux[0][run], self.flux[1][run]
        value = interpolated(self.between, self.series.wave[run], flux_a, flux_b, t)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(value)

    def _model(self, phase: Array) -> Array:
        """Error of interpolation, (n_phase, n_wave), between the spectra that each bin comes from."""
        assert self.errors is not None
        series, out = self.series, np.zeros((phase.size, self.series.n_wave))
        for bins in _stretches(self.before, self.after):
            i, j = int(self.before[bins[0]]), int(self.after[bins[0]])
            if i < 0 and j < 0:
                continue
            if i >= 0 and j >= 0:
                gap = float(series.phase[j] - series.phase[i])
                w = (phase - series.phase[i]) / gap
                bridge = 4.0 * w * (1.0 - w)
            else:
                # Seen from one side only a random walk drifts without end: 4 w in place of 4 w (1 - w).
                gap = float(self.ends[1] - self.ends[0])
                bridge = 4.0 * np.abs(phase - series.phase[max(i, j)]) / gap
            out[:, bins] = self.errors(series.sn_type, series.wave[bins], self.change[bins], gap, bridge)
        return out
