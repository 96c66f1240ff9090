"""What pairs of spectra say of the spectra between them: candidates for `sntransport.transport.synthesis`.

To make a pair is dear, and what it says at one phase can be weighed only beside all others there. So a pair is made
once, at all its phases, when the first of them comes, and what it says at the later ones waits.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from sntransport._numerics.arrays import Array, Span, readonly
from sntransport.photometry.synthetic import MIN_COVERAGE, BandMatrix
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.transport.chain import SAME_PHASE
from sntransport.transport.completion import photon_variance
from sntransport.transport.interpolation_errors import ErrorModel, log_change
from sntransport.transport.interpolators import ForPair, Interpolator, for_pair, interpolated
from sntransport.transport.runs import MIN_OVERLAP, long_runs

LEAST_TAPER = 0.01
"""Weight of a bin at the end of the coverage of a spectrum."""

_TAPER = 20
_NOBODY, _BOTH = -1, 2
# Phases that are worked on together. What is said at more of them takes more memory, at fewer more calls.
_TOGETHER = 10
# Where pairs are made again for each block of phases these are many, so that it happens seldom.
_MADE_AGAIN = 128
# With it a thousand spectra, one a night and all pairs within 40 d, stay below a gigabyte.
_MOST_WAITING = 400e6


class PairSpectra:
    """Sparse spectra, with what all pairs need of each: coverage, noise, and the weight of each bin.

    ``covered`` (n_spec, n_wave); ``noise`` (n_spec, n_wave), variance of ln flux that the stated errors are; ``taper``
    (n_spec, n_wave), which falls toward the ends of coverage so that no step shows there.
    """

    def __init__(self, series: SpectralSeries) -> None:
        self.series = series
        self.covered = series.covered
        self.noise = np.stack([photon_variance(series, row) for row in range(series.n_phase)])
        self.taper = np.stack(
            [np.clip(distance_transform_edt(np.pad(row, 1))[1:-1] / _TAPER, LEAST_TAPER, 1.0) for row in self.covered]
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidates:
    """Spectra between two others: ``flux`` (n_t, n_wave), NaN where not covered, and ``origin`` (n_wave,).

    ``source`` (n_wave,) says which of the two a bin comes from: 0 or 1 alone, 2 both, -1 none.
    """

    flux: Array
    origin: NDArray[np.uint8]
    source: NDArray[np.int64]

    @cached_property
    def both(self) -> bool:
        """Whether two spectra cover some bin."""
        return bool(np.any((self.origin != Origin.NOT_COVERED) & (self.origin != Origin.ONE_SIDED)))


class Pair:
    """Two spectra, or one as a pair with itself: what does not depend on the position between them is found once.

    ``exists`` says whether they overlap: if not there is no candidate.
    """

    def __init__(self, spectra: PairSpectra, i: int, j: int, interpolate: Interpolator | ForPair) -> None:
        series = spectra.series
        self.spectra, self.rows = spectra, (i, j)
        self.start, self.span = float(series.phase[i]), float(series.phase[j] - series.phase[i])
        self.runs = [] if i == j else long_runs(spectra.covered[i] & spectra.covered[j])
        self.exists = i == j or bool(self.runs)
        self.taper = np.minimum(spectra.taper[i], spectra.taper[j])
        self._between = for_pair(interpolate, self.start, float(series.phase[j])) if self.runs else None

    def positions(self, phase: Array) -> Array:
        """Positions of phases between the two, 0 to 1."""
        return readonly((phase - self.start) / self.span if self.span else np.zeros(phase.size), "t")

    def at(self, t: Array) -> Candidates:
        """Candidates at positions between, without errors.

        Interpolated where both spectra cover; one spectrum, scaled, where only it does; the spectrum itself where they
        are the same.
        """
        series, (i, j) = self.spectra.series, self.rows
        if self._between is None:
            flux, origin = np.repeat(series.flux[i][None], t.size, axis=0), series.origin[i]
            return Candidates(flux=flux, origin=origin, source=np.where(origin > 0, _BOTH, _NOBODY))
        a, b = series.flux[i], series.flux[j]
        flux, origin = np.full((t.size, a.size), np.nan), np.zeros(a.size, dtype=np.uint8)
        for run in self.runs:
            flux[:, run] = interpolated(self._between, series.wave[run], a[run], b[run], t)
        done = np.zeros(a.size, dtype=bool)
        for run in self.runs:
            done[run] = True
        origin[done] = np.maximum(series.origin[i], series.origin[j])[done]
        made = Candidates(flux=flux, origin=origin, source=np.where(done, _BOTH, _NOBODY))
        for side in (0, 1):
            self._extend(made, side, done)
        return made

    def _extend(self, made: Candidates, side: int, done: NDArray[np.bool_]) -> None:
        """Fill bins that only one spectrum covers with it, scaled to meet the candidate at the nearest end."""
        flux, row = made.flux, self.rows[side]
        only = self.spectra.covered[row] & ~np.isfinite(flux[0])
        if not only.any():
            return
        alone = self.spectra.series.flux[row]
        known, index = np.flatnonzero(done), np.arange(done.size)
        below, above = known[: 2 * MIN_OVERLAP], known[-2 * MIN_OVERLAP :]
        for bins, edge in ((only & (index < known[0]), below), (only & (index > known[-1]), above)):
            if bins.any() and alone[edge].sum() > 0:
                factor = flux[:, edge].sum(axis=1) / alone[edge].sum()
                flux[:, bins] = np.outer(factor, alone[bins])
                made.origin[bins], made.source[bins] = Origin.ONE_SIDED, side

    def flux_err(self, made: Candidates, t: Array, *, errors: ErrorModel, share: Array) -> Array:
        """Error of candidates, (n_t, n_wave); ``share`` (n_t,) of the error of interpolation is left."""
        series, noise, (i, j) = self.spectra.series, self.spectra.noise, self.rows
        if i == j:
            return np.repeat(series.flux_err[i][None], t.size, axis=0)
        done, change = made.source == _BOTH, self._change
        model = errors(series.sn_type, series.wave[done], change[done], self.span, 4.0 * t * (1.0 - t))
        variance = np.outer((1.0 - t) ** 2, noise[i])
        variance += np.outer(t**2, noise[j])
        model = model * share[:, None]
        model *= model
        if done.all():
            variance += model
        else:
            variance[:, done] += model
            variance[:, made.source == _NOBODY] = np.nan
        for side, away in enumerate((t, 1.0 - t)):
            only = made.source == side
            if only.any():
                # Seen from one side only a random walk drifts without end: 4 w in place of 4 w (1 - w).
                model = errors(series.sn_type, series.wave[only], change[only], self.span, 4.0 * away)
                variance[:, only] = noise[self.rows[side]][only] + (model * share[:, None]) ** 2
        np.sqrt(variance, out=variance)
        variance *= made.flux
        return variance

    @cached_property
    def _change(self) -> Array:
        """How much the two differ, (n_wave,); where not both cover, what they differ by on the whole."""
        series, (i, j) = self.spectra.series, self.rows
        change, both = np.zeros(series.n_wave), np.zeros(series.n_wave, dtype=bool)
        for run in self.runs:
            change[run] = log_change(series.wave[run], series.flux[i][run], series.flux[j][run])
            both[run] = True
        change[~both] = np.sqrt(np.mean(change[both] ** 2))
        return change


@dataclass(frozen=True, eq=False, kw_only=True)
class Said:
    """What one pair says at some phases of a block.

    Parameters
    ----------
    number : int
        Of the pair.
    pair : Pair
    row : ndarray of int, (n,)
        Phases, counted from the first of the block.
    t : ndarray, (n,)
        Positions of these between the two spectra.
    made : Candidates
    synthetic : ndarray, (n, n_band) [nJy]
        Band fluxes of the candidates; NaN where a band is not covered.
    """

    number: int
    pair: Pair
    row: NDArray[np.int64]
    t: Array
    made: Candidates
    synthetic: Array


def made_in_order(
    spectra: PairSpectra,
    pairs: NDArray[np.int64],
    phase: Array,
    interpolate: Interpolator | ForPair,
    judged: "Judged | None",
) -> Iterator[tuple[Span, list[Said]]]:
    """Make all candidates, a block of phases after the other.

    Parameters
    ----------
    spectra : PairSpectra
    pairs : ndarray of int, (n_pair, 2)
        Rows, in order; twice the same is that spectrum itself, at its own phase.
    phase : ndarray, (n_phase,) [rest-frame d]
        Increasing.
    interpolate : callable
        See `sntransport.transport.interpolators`.
    judged : Judged, optional
        Which band fluxes are wanted; None: none.

    Yields
    ------
    block : slice
        Of the phases; together they are all.
    said : list of Said
        In the order of the pairs, of those whose two spectra overlap.

    Notes
    -----
    Where what waits would take more than 400 MB, pairs are made again for each block.
    """
    first, stop = _spans(spectra.series.phase[pairs], pairs[:, 0] == pairs[:, 1], phase)
    waits = 8.0 * spectra.series.n_wave * _most_waiting(first, stop, phase.size) <= _MOST_WAITING
    together = _TOGETHER if waits else _MADE_AGAIN

    def said(p: int, low: int, high: int) -> Said | None:
        i, j = pairs[p]
        pair = Pair(spectra, int(i), int(j), interpolate)
        if not pair.exists:
            return None
        t = pair.positions(phase[low:high])
        made = pair.at(t)
        synthetic = np.full((t.size, 0), np.nan) if judged is None else judged.band_fluxes(made, pair, t)
        return Said(number=p, pair=pair, row=np.arange(low, high), t=t, made=made, synthetic=synthetic)

    waiting: dict[int, list[Said]] = {}
    for start in range(0, phase.size, together):
        block = slice(start, min(start + together, phase.size))
        if waits:
            for p in np.flatnonzero((first >= block.start) & (first < block.stop) & (stop > first)):
                whole = said(int(p), int(first[p]), int(stop[p]))
                for part in [] if whole is None else _by_block(whole, together):
                    waiting.setdefault(int(part.row[0]) // together, []).append(part)
            found = waiting.pop(start // together, [])
        else:
            here = np.flatnonzero((first < block.stop) & (stop > block.start) & (stop > first))
            again = (said(int(p), max(start, int(first[p])), min(block.stop, int(stop[p]))) for p in here)
            found = [one for one in again if one is not None]
        yield block, [replace(one, row=one.row - start) for one in found]


def _spans(own: Array, itself: NDArray[np.bool_], phase: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First of the phases between the two of each pair (n_pair, 2), and the one after the last of them."""
    before, after = own.T
    first = np.where(
        itself,
        np.searchsorted(phase, before - SAME_PHASE, side="left"),
        np.searchsorted(phase, before + SAME_PHASE, side="right"),
    )
    stop = np.where(
        itself,
        np.searchsorted(phase, after + SAME_PHASE, side="right"),
        np.searchsorted(phase, after - SAME_PHASE, side="left"),
    )
    return first, stop


def _most_waiting(first: NDArray[np.int64], stop: NDArray[np.int64], n_phase: int) -> int:
    """Most candidates that are held at a time: of pairs that have begun, at the phases of a block and later ones."""
    some = stop > first
    begun = np.cumsum(np.bincount(first[some], (stop - first)[some], minlength=n_phase + 1))
    alive = np.cumsum(np.bincount(first[some], minlength=n_phase + 1) - np.bincount(stop[some], minlength=n_phase + 1))
    done = np.cumsum(alive) - alive
    start = np.arange(0, n_phase, _TOGETHER)
    return int((begun[np.minimum(start + _TOGETHER - 1, n_phase)] - done[start]).max(initial=0))


def _by_block(whole: Said, together: int) -> Iterator[Said]:
    """What a pair says, cut where blocks of phases end."""
    edges = np.flatnonzero(np.diff(whole.row // together)) + 1
    for low, high in zip([0, *edges], [*edges, whole.row.size], strict=True):
        # Copies, so that what is done with can go.
        made = replace(whole.made, flux=whole.made.flux[low:high].copy()) if edges.size else whole.made
        yield replace(
            whole, row=whole.row[low:high], t=whole.t[low:high], made=made, synthetic=whole.synthetic[low:high]
        )


class Judged:
    """What candidates show in bands.

    Parameters
    ----------
    matrix : BandMatrix
        On the grid of the spectra.
    continua : ndarray, (n_spec, n_wave), optional
        Ln factors to be put back on what lies between two spectra, a line in time between theirs.
    """

    def __init__(self, matrix: BandMatrix, continua: Array | None) -> None:
        self.matrix, self.continua = matrix, continua
        self._seen = matrix.cover_weight.any(axis=1)
        # Most pairs cover the same bins.
        self._sums: dict[bytes, tuple[Span | NDArray[np.int64], Array]] = {}

    def band_fluxes(self, made: Candidates, pair: Pair, t: Array) -> Array:
        """Band fluxes (n_t, n_band) of candidates; NaN of spectra themselves, which are not judged."""
        matrix, (i, j) = self.matrix, pair.rows
        n_band = len(matrix.bands)
        if not pair.runs:
            return np.full((t.size, n_band), np.nan)
        known = made.origin != Origin.NOT_COVERED
        key = known.tobytes()
        if key not in self._sums:
            self._sums[key] = _neighboring(np.flatnonzero(self._seen & known)), known @ matrix.cover_weight
        bins, sums = self._sums[key]
        # Only bins that some band sees: most of the time goes into the exponential.
        light = made.flux[:, bins]
        if self.continua is not None:
            own = np.outer(1.0 - t, self.continua[i, bins])
            own += np.outer(t, self.continua[j, bins])
            light = light * np.exp(own, out=own)
        covered = sums[:n_band] >= MIN_COVERAGE * matrix.photon_total
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(covered, light @ matrix.flux_weight[bins] / sums[n_band:], np.nan)


def _neighboring(bins: NDArray[np.int64]) -> "Span | NDArray[np.int64]":
    """Bins as a slice, of which no copy is made, where there is no other between them."""
    if bins.size and bins[-1] - bins[0] + 1 == bins.size:
        return slice(int(bins[0]), int(bins[-1]) + 1)
    return bins
