"""Spectra completed: what one lacks its neighbors in time have, and what noise hides they show too.

A bin that a spectrum does not cover is rebuilt from the nearest spectra before and after that do, moved to join what
is covered. A bin that it covers is drawn toward what its neighbors predict, in proportion to its noise. Afterwards the
next spectrum on either side is all that is needed at any phase: bin by bin the path through them is continuous,
whatever comes and goes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array, readonly
from sntransport._numerics.smoothing import bell_mean, known_mean
from sntransport.spectra.grid import GRID_STEP
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.transport.feature_mean import CONTINUUM
from sntransport.transport.interpolators import ForPair, Interpolator, for_pair, interpolated
from sntransport.transport.runs import long_runs

WANDER = 1.5e-3
"""Variance of ln flux that the features of a supernova gain in a day beyond what interpolation foresees. Of 4e-4 and
1.5e-3 the latter rebuilds hidden spectra slightly better."""

CALIBRATION = 0.04
"""Error of ln flux over some tens of thousands of km/s that the flux calibration of a spectrum leaves beside its
smooth continuum. It keeps spectra of neighboring nights from differing by their calibration alone."""

# Bins whose median mismatch joins a filled stretch to what is covered: the same 5,000 km/s over which noise is taken.
_JOIN = 20
# How far the mismatch at an end of coverage is carried on, in bins: 9,000 km/s.
_FADE = 36.0
_NOISE_WIDTH = 5000.0
_NOBODY = -1
# As wide as the narrowest broad lines [km/s]. Dead stretches lie at the floor of 3 % of the level, lines do not change
# by a factor of five: of 222 nights of fifteen supernovae it takes 73 bins, at the blue ends of two noisy ones.
_LINE_WIDTH = 3000.0
_IMPOSSIBLE = float(np.log(5.0))
# Around what is impossible, what is off by a factor of two goes with it.
_STILL_OFF = float(np.log(2.0))


@dataclass(frozen=True, eq=False, kw_only=True)
class Completed:
    """Completed spectra, all (n_spec, n_wave).

    ``logs`` is ln flux, NaN where no spectrum covers near enough in time; ``variance`` its photon noise, NaN where that
    is not known; ``origin`` as of a series. ``before`` and ``after`` are the rows that a bin was taken from: the
    spectrum itself where it covers, else its neighbors; -1 where there is none on that side.
    """

    logs: Array
    variance: Array
    origin: NDArray[np.uint8]
    before: NDArray[np.int64]
    after: NDArray[np.int64]


def complete_spectra(
    series: SpectralSeries, *, interpolate: Interpolator | ForPair, max_gap: float = 40.0, wander: float = WANDER
) -> Completed:
    """Complete every spectrum from its neighbors.

    Parameters
    ----------
    series : SpectralSeries
        Positive where covered. Levels and colors should agree from one spectrum to the next, as after
        `sntransport.calibration.continuum.split_continua`.
    interpolate : callable
        See `sntransport.transport.interpolators`.
    max_gap : float [d]
        Widest time between two spectra that are interpolated, and between a spectrum and one that completes it.
    wander : float [1/d]
        See `WANDER`; infinite: noise stays.

    Returns
    -------
    Completed
        Bins with neighbors on both sides have the origin of these, bins with one `Origin.ONE_SIDED`.

    Examples
    --------
    >>> from sntransport.transport.completion import complete_spectra
    >>> from sntransport.transport.interpolators import log_linear
    >>> from sntransport.spectra import grid_wave
    >>> flux = np.ones((3, 800))
    >>> flux[1, 600:] = np.nan
    >>> series = snt.SpectralSeries(phase=[0.0, 5.0, 10.0], wave=grid_wave(10000, 800), flux=flux)
    >>> done = complete_spectra(series, interpolate=log_linear)
    >>> bool(np.isfinite(done.logs).all()), int(done.before[1, -1]), int(done.after[1, -1])
    (True, 0, 2)
    """
    work = _Work(series, interpolate, max_gap)
    for row in range(series.n_phase):
        if np.isfinite(wander):
            work.calm(row, wander)
        work.fill(row)
    return Completed(logs=work.logs, variance=work.variance, origin=work.origin, before=work.before, after=work.after)


def impossible_bins(
    series: SpectralSeries, *, interpolate: Interpolator | ForPair, max_gap: float = 40.0
) -> NDArray[np.bool_]:
    """Bins where a spectrum has nothing to do with its neighbors: dead stretches, a wrong arm, another object.

    Parameters
    ----------
    series : SpectralSeries
        On one continuum, as after `sntransport.calibration.continuum.split_continua`.
    interpolate, max_gap
        As in `complete_spectra`.

    Returns
    -------
    ndarray of bool, (n_spec, n_wave)
        Where the mean of ln flux over 3000 km/s is more than ln 5 off what the two neighbors predict, and what is off
        by more than ln 2 in the same spectrum: no line changes by that between neighbors. The worst spectrum is found
        first, the others are then compared without it. The first and the last are not judged.
    """
    bad, n = np.zeros(series.flux.shape, dtype=bool), series.n_phase
    off, most = np.zeros(series.flux.shape), np.zeros(n)
    # What is taken off a spectrum changes what it and its two neighbors are compared with, and nothing else.
    judged = range(n)
    for _ in range(n):
        for row, found in zip(judged, _mismatches(series, bad, judged, interpolate, max_gap), strict=True):
            off[row], most[row] = found, found.max()
        worst = int(np.argmax(most))
        if most[worst] <= _IMPOSSIBLE:
            break
        bad[worst] |= off[worst] > _STILL_OFF
        judged = range(max(worst - 1, 0), min(worst + 2, n))
    return bad


def _mismatches(
    series: SpectralSeries, bad: NDArray[np.bool_], rows: range, interpolate: Interpolator | ForPair, max_gap: float
) -> list[Array]:
    """How far rows are off what their neighbors predict, without what is ``bad``; see `_Work.mismatch`."""
    first = max(rows.start - 1, 0)
    part = slice(first, rows.stop + 1)
    kept = replace(
        series,
        phase=series.phase[part],
        flux=np.where(bad[part], np.nan, series.flux[part]),
        flux_err=series.flux_err[part],
        origin=np.where(bad[part], Origin.NOT_COVERED, series.origin[part]).astype(np.uint8),
    )
    work = _Work(kept, interpolate, max_gap)
    return [work.mismatch(row - first) for row in rows]


def photon_variance(series: SpectralSeries, row: int, least: float = 1e-4) -> Array:
    """Variance of ln flux that the stated error of a spectrum is, (n_wave,); ``least``: share of the mean flux."""
    flux = series.flux[row]
    level = np.maximum(flux, least * np.nanmean(flux)) if np.isfinite(flux).any() else flux
    return np.asarray(np.log1p((series.flux_err[row] / level) ** 2))


class _Work:
    """The spectra while they are completed: what was observed, and what has been made of it so far."""

    def __init__(self, series: SpectralSeries, interpolate: Interpolator | ForPair, max_gap: float) -> None:
        self.series, self.interpolate, self.max_gap = series, interpolate, max_gap
        self.covered = series.covered
        self.noise = np.stack([photon_variance(series, row) for row in range(series.n_phase)])
        self.before, self.after = _sources(self.covered)
        with np.errstate(invalid="ignore", divide="ignore"):
            self.observed = np.log(series.flux)
        self.logs, self.variance, self.origin = self.observed.copy(), self.noise.copy(), series.origin.copy()

    def calm(self, row: int, wander: float) -> None:
        """Draw a spectrum toward what its two neighbors predict, by its noise and by its calibration."""
        series, i, j = self.series, row - 1, row + 1
        if i < 0 or j >= series.n_phase or series.phase[j] - series.phase[i] > self.max_gap:
            return
        span = series.phase[j] - series.phase[i]
        t = float((series.phase[row] - series.phase[i]) / span)
        drift = wander * t * (1.0 - t) * span
        response = CALIBRATION**2 / (CALIBRATION**2 * (1.0 + (1.0 - t) ** 2 + t**2) + drift)
        predicted = self._between(i, j, float(series.phase[row]))
        expected = (1.0 - t) ** 2 * self.noise[i] + t**2 * self.noise[j]
        for run in long_runs(np.isfinite(predicted) & self.covered[row]):
            off = self.logs[row, run] - predicted[run]
            broad = bell_mean(off[None], CONTINUUM / GRID_STEP)[0]
            own, theirs = _level(self.noise[row, run]), _level(expected[run]) + drift
            share = own / np.maximum(own + theirs, 1e-12)
            self.logs[row, run] -= share * (off - broad) + response * broad
            # A mean of two: the noise of each counts by its share.
            self.variance[row, run] = (1.0 - share) ** 2 * self.variance[row, run] + share**2 * theirs

    def mismatch(self, row: int) -> Array:
        """How far ln flux of a spectrum is off what its neighbors predict, without sign, (n_wave,); 0: not known."""
        series, out = self.series, np.zeros(self.series.n_wave)
        i, j = row - 1, row + 1
        if i < 0 or j >= series.n_phase or series.phase[j] - series.phase[i] > self.max_gap:
            return out
        off = self.observed[row] - self._between(i, j, float(series.phase[row]))
        for run in long_runs(np.isfinite(off)):
            level = off[run] - np.median(off[run])
            out[run] = np.abs(bell_mean(level[None], _LINE_WIDTH / GRID_STEP)[0])
        return out

    def fill(self, row: int) -> None:
        """Rebuild the bins that a row does not cover, stretch by stretch outward from where it does."""
        covered = self.covered[row]
        if covered.all() or not covered.any():
            return
        self.before[row], self.after[row] = self._near(self.before[row], row), self._near(self.after[row], row)
        key = np.stack([self.before[row], self.after[row], covered])
        stretches = np.split(np.arange(covered.size), np.flatnonzero(np.any(np.diff(key) != 0, axis=0)) + 1)
        first, made = int(np.argmax(covered)), {}
        for stretch in sorted(stretches, key=lambda bins: abs(int(bins[0]) - first)):
            sources = int(self.before[row, stretch[0]]), int(self.after[row, stretch[0]])
            if covered[stretch[0]] or max(sources) == _NOBODY:
                continue
            if sources not in made:
                made[sources] = self._made(row, *sources)
            logs, variance, origin = made[sources]
            joined = logs[stretch] + _offset(self.logs[row], logs, stretch)
            self.logs[row, stretch], self.variance[row, stretch] = joined, variance[stretch]
            self.origin[row, stretch] = np.where(np.isfinite(joined), origin[stretch], Origin.NOT_COVERED)

    def _near(self, source: NDArray[np.int64], row: int) -> NDArray[np.int64]:
        """Sources that are not too far away in time; nobody instead of the others."""
        phase = self.series.phase
        near = (source != _NOBODY) & (np.abs(phase[source] - phase[row]) <= self.max_gap)
        return np.where(near, source, _NOBODY)

    def _made(self, row: int, i: int, j: int) -> tuple[Array, Array, NDArray[np.uint8]]:
        """Ln flux, variance and origin (n_wave,) that two sources, or one, give at the phase of a row."""
        phase = self.series.phase
        one_sided = np.full(self.series.n_wave, Origin.ONE_SIDED, dtype=np.uint8)
        if _NOBODY in (i, j):
            return self.observed[max(i, j)], self.noise[max(i, j)], one_sided
        t = (phase[row] - phase[i]) / (phase[j] - phase[i])
        variance = (1.0 - t) ** 2 * self.noise[i] + t**2 * self.noise[j]
        wide = phase[j] - phase[i] > self.max_gap
        origin = one_sided if wide else np.maximum(self.series.origin[i], self.series.origin[j])
        return self._between(i, j, float(phase[row])), variance, origin

    def _between(self, i: int, j: int, phase: float) -> Array:
        """Ln flux between two rows, (n_wave,), NaN where not both cover."""
        series, out = self.series, np.full(self.series.n_wave, np.nan)
        between = for_pair(self.interpolate, float(series.phase[i]), float(series.phase[j]))
        t = readonly([(phase - series.phase[i]) / (series.phase[j] - series.phase[i])], "t")
        for run in long_runs(self.covered[i] & self.covered[j]):
            with np.errstate(divide="ignore"):
                first, last = series.flux[i][run], series.flux[j][run]
                out[run] = np.log(interpolated(between, series.wave[run], first, last, t)[0])
        return np.where(np.isfinite(out), out, np.nan)


def _sources(covered: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nearest covering row at or before, and at or after, each row and bin; -1 for none."""
    rows, last = np.arange(len(covered))[:, None], len(covered)
    before = np.maximum.accumulate(np.where(covered, rows, _NOBODY), axis=0)
    after = np.minimum.accumulate(np.where(covered, rows, last)[::-1], axis=0)[::-1]
    return before, np.where(after == last, _NOBODY, after)


def _level(variance: Array) -> Array:
    """Noise of a stretch without its own scatter; unknown noise counts as none."""
    known = np.isfinite(variance)
    return known_mean(np.where(known, variance, 0.0), np.ones(known.size, dtype=bool), _NOISE_WIDTH / GRID_STEP)


def _offset(own: Array, made: Array, stretch: NDArray[np.int64]) -> Array:
    """What joins a stretch to the known bins beside it: the mismatch at its ends, fading away from them."""
    out = np.zeros(stretch.size)
    for edge, away in ((np.arange(stretch[0] - _JOIN, stretch[0]), stretch - stretch[0]),
                       (np.arange(stretch[-1] + 1, stretch[-1] + 1 + _JOIN), stretch[-1] - stretch)):  # fmt: skip
        edge = edge[(edge >= 0) & (edge < own.size)]
        apart = own[edge] - made[edge] if edge.size else np.empty(0)
        apart = apart[np.isfinite(apart)]
        if apart.size:
            out += np.median(apart) * np.exp(-away / _FADE)
    return out
