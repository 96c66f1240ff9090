"""From a sparse series to a dense one: interpolate pairs, weigh, average (Ramirez et al. 2024, arXiv:2409.10701).

A few target phases at a time, so that memory does not grow with the number of phases times pairs; see
`sntransport.transport.candidates`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array, Span
from sntransport._objects.arguments import answers_mistakes
from sntransport.photometry.synthetic import BandMatrix
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.transport.candidates import LEAST_TAPER, Judged, PairSpectra, Said, made_in_order
from sntransport.transport.chain import SAME_PHASE, nearest_rows
from sntransport.transport.interpolation_errors import SHARE_WITH_COLORS, ErrorModel, interpolation_error
from sntransport.transport.interpolators import ForPair, Interpolator
from sntransport.transport.weights import Weight, color_mismatch

# A thousand candidates that weigh less than this, relative to the others, change a mean by less than 1e-13.
_LEAST_SHARE = 1e-16
_NOTHING = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))


@dataclass(frozen=True, eq=False, kw_only=True)
class Photometry:
    """What candidates are judged by: bands on the grid of the series, and photometry at the target phases.

    ``flux``, ``flux_err`` are (n_phase, n_band) [nJy], NaN where there is none. ``continua`` (n_spec, n_wave)
    are ln factors that were taken off the sparse spectra: a candidate is judged with those of its two, a line in time
    between; none: 0.
    """

    matrix: BandMatrix
    flux: Array
    flux_err: Array
    continua: Array | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Synthesis:
    """Result of `synthesize`: dense series, the pairs (n_pair, 2) of rows of the sparse one, their weight.

    ``weight`` (n_phase, n_pair) is the share of each pair in the flux, averaged over the covered bins; a row sums to 1,
    or to 0 where nothing is covered. A row of ``pairs`` with twice the same number is an observed spectrum itself.

    Examples
    --------
    >>> from sntransport.transport import synthesize
    >>> from sntransport.transport.interpolators import log_linear
    >>> from sntransport.transport.weights import epoch_weight
    >>> sparse = snt.SpectralSeries(phase=[0.0, 10.0], wave=np.arange(4000.0, 8000.0, 10.0), flux=np.ones((2, 400)))
    >>> made = synthesize(sparse, np.array([0.0, 5.0]), interpolate=log_linear, weight=epoch_weight)
    >>> made.pairs.tolist(), made.weight.tolist()
    ([[0, 0], [0, 1]], [[1.0, 0.0], [0.0, 1.0]])
    """

    series: SpectralSeries
    pairs: NDArray[np.int64]
    weight: Array


@answers_mistakes
def synthesize(
    sparse: SpectralSeries,
    phase: Array,
    *,
    interpolate: Interpolator | ForPair,
    weight: Weight,
    max_gap: float = 40.0,
    photometry: Photometry | None = None,
    tie: bool = True,
    errors: ErrorModel = interpolation_error,
) -> Synthesis:
    """Rebuild the spectra at the target phases.

    Parameters
    ----------
    sparse : SpectralSeries
        Not negative.
    phase : ndarray, (n_phase,) [rest-frame d]
        Strictly increasing.
    interpolate : callable
        See `sntransport.transport.interpolators`.
    weight : callable
        See `sntransport.transport.weights`.
    max_gap : float [rest-frame d]
        Pairs further apart are not used.
    photometry : Photometry, optional
        Observed band fluxes at the target phases; without it weights follow from the dates alone.
    tie : bool
        Whether candidates are scaled to the photometry by one gray factor before they are averaged (they always are
        before their colors are judged).
    errors : callable
        Error of the interpolation; see `sntransport.transport.interpolation_errors`.

    Returns
    -------
    Synthesis
        At the phase of a spectrum it is that spectrum, to the last bit, where it covers. Elsewhere bins are averaged
        over the pairs that cover them on both sides (origin 1), else on one side (origin 2; the covering spectrum,
        scaled to join the candidate), else NaN (origin 0). A bin that rests mostly on bridged pixels has origin 3.
        ``flux_err`` of a spectrum is its own. Of a rebuilt bin it is the photon noise of the two spectra and the
        error of interpolation, in quadrature. Candidates share spectra, so their errors are taken as wholly
        correlated: the mean of theirs, not less for being many. NaN where the error of a spectrum is unknown. With
        ``tie`` the error of interpolation is `SHARE_WITH_COLORS` of `interpolation_error` of itself at phases with
        photometry in two bands or more, on the understanding that the colors of the result are calibrated by it.

    Examples
    --------
    >>> from sntransport.transport import synthesize
    >>> from sntransport.transport.interpolators import log_linear
    >>> from sntransport.transport.weights import epoch_weight
    >>> wave = np.arange(4000.0, 8000.0, 10.0)
    >>> sparse = snt.SpectralSeries(phase=[0.0, 10.0], wave=wave, flux=[np.full(400, 1.0), np.full(400, 4.0)])
    >>> dense = synthesize(sparse, np.array([0.0, 5.0, 12.0]), interpolate=log_linear, weight=epoch_weight).series
    >>> print(dense.flux[:, 0].round(6))
    [ 1.  2. nan]
    """
    spectra, pairs = PairSpectra(sparse), _pairs(sparse, phase, max_gap)
    shape = (phase.size, sparse.n_wave)
    flux, flux_err = np.full(shape, np.nan), np.full(shape, np.nan)
    origin = np.zeros(shape, dtype=np.uint8)
    calibrated = photometry is not None and photometry.continua is not None
    share = _error_shares(phase, photometry if tie or calibrated else None)
    judged = None if photometry is None else Judged(photometry.matrix, photometry.continua)
    found = []
    for block, said in made_in_order(spectra, pairs, phase, interpolate, judged):
        work = _Block(spectra, pairs, phase[block], said)
        work.judge(weight, None if photometry is None else _rows(photometry, block))
        flux[block], flux_err[block], origin[block], inverse = work.average(tie=tie, errors=errors, share=share[block])
        found.append((block.start + work.row, work.pair, work.shares(inverse)))
    dense = SpectralSeries(
        phase=phase,
        wave=sparse.wave,
        flux=flux,
        flux_err=flux_err,
        origin=origin,
        name=sparse.name,
        sn_type=sparse.sn_type,
        mjd_ref=sparse.mjd_ref,
    )
    # Of thousands of pairs most have no share at most phases: the table is made once, of those that have any.
    row, pair, part = (np.concatenate(columns) for columns in zip(*found, strict=True)) if found else _NOTHING
    used, column = np.unique(pair[part > 0], return_inverse=True)
    table = np.zeros((phase.size, used.size))
    table[row[part > 0], column] = part[part > 0]
    return Synthesis(series=dense, pairs=pairs[used], weight=table)


def _rows(photometry: Photometry, rows: Span) -> Photometry:
    return replace(photometry, flux=photometry.flux[rows], flux_err=photometry.flux_err[rows])


def _error_shares(phase: Array, photometry: Photometry | None) -> Array:
    """Share of the error of interpolation that is left at each phase, (n_phase,), once colors are observed too."""
    if photometry is None:
        return np.ones(phase.size)
    known = np.isfinite(photometry.flux).sum(axis=1) >= 2
    return np.where(known, SHARE_WITH_COLORS, 1.0)


def near_pairs(phase: Array, max_gap: float) -> NDArray[np.int64]:
    """Pairs (n_pair, 2) of rows at most ``max_gap`` apart, the earlier first, of increasing phases.

    The work grows with their number, not with the square of that of the rows.
    """
    row = np.arange(phase.size)
    # A hair more than the gap, then the very condition.
    count = np.searchsorted(phase, phase + max_gap * (1.0 + 1e-9) + SAME_PHASE, side="right") - row - 1
    before = np.repeat(row, count)
    after = np.arange(before.size) - np.repeat(np.cumsum(count) - count, count) + before + 1
    near = phase[after] - phase[before] <= max_gap
    return np.stack([before[near], after[near]], axis=1).astype(np.int64)


def _pairs(sparse: SpectralSeries, phase: Array, max_gap: float) -> NDArray[np.int64]:
    """All pairs of rows up to ``max_gap`` apart, and each row that is itself a target as a pair with itself."""
    hit = nearest_rows(sparse.phase, phase)
    hit = np.unique(hit[np.abs(sparse.phase[hit] - phase) <= SAME_PHASE])
    pairs = np.concatenate([near_pairs(sparse.phase, max_gap), np.stack([hit, hit], axis=1)])
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))], dtype=np.int64)


class _Block:
    """Candidates at a few phases: ``pair``, ``row``, ``value`` have one entry a pair and phase, a pair's together."""

    def __init__(self, spectra: PairSpectra, pairs: NDArray[np.int64], phase: Array, said: Sequence[Said]) -> None:
        self.spectra, self.pairs, self.phase = spectra, pairs, phase
        self.said = {one.number: one for one in said}
        self.pair = np.repeat([one.number for one in said], [one.row.size for one in said]).astype(np.int64)
        self.row = np.concatenate([*(one.row for one in said), np.empty(0, dtype=np.int64)])
        self.value, self.scale = np.zeros(self.pair.size), np.ones(self.pair.size)

    def _groups(self) -> Iterator[tuple[Said, Span]]:
        """What pairs that have candidates say, and the entries of each."""
        starts = np.flatnonzero(np.diff(self.pair, prepend=-1))
        for start, stop in pairwise([*starts, self.pair.size]):
            yield self.said[int(self.pair[start])], slice(int(start), int(stop))

    def judge(self, weight: Weight, photometry: Photometry | None) -> None:
        """Find the weight of every candidate, infinite of an observed spectrum, and the factor that ties it."""
        if not self.pair.size:
            return
        synthetic = np.concatenate([one.synthetic for one in self.said.values()])
        for k in range(self.phase.size):
            mine = np.flatnonzero(self.row == k)
            if mine.size:
                self._judge_one(mine, k, weight, photometry, synthetic[mine])
        if photometry is not None:
            kept = self._matter()
            self.pair, self.row = self.pair[kept], self.row[kept]
            self.value, self.scale = self.value[kept], self.scale[kept]

    def _judge_one(
        self, mine: NDArray[np.int64], k: int, weight: Weight, photometry: Photometry | None, synthetic: Array
    ) -> None:
        """Weights, but for a common factor, and factors of the candidates at one phase."""
        gray, mismatch = np.zeros(mine.size), np.full(mine.size, np.nan)
        if photometry is not None:
            gray, mismatch = color_mismatch(synthetic, photometry.flux[k], photometry.flux_err[k])
        chosen = self.pairs[self.pair[mine]]
        itself = chosen[:, 0] == chosen[:, 1]
        value, own = np.full(mine.size, np.inf), self.spectra.series.phase
        if not itself.all():
            days_before = self.phase[k] - own[chosen[~itself, 0]]
            days_after = own[chosen[~itself, 1]] - self.phase[k]
            given = np.asarray(weight(days_before, days_after, mismatch[~itself]), dtype=np.float64)
            if given.shape != days_before.shape:
                raise ValueError(
                    f"the weight function returned shape {given.shape}, expected (n_pair,) = {days_before.shape}: one "
                    "weight for each pair"
                )
            value[~itself] = given
        if np.any(np.isnan(value)) or np.any(value < 0):
            raise ValueError("the weight function returned NaN or a negative weight")
        total = value[np.isfinite(value)].sum()
        self.value[mine] = value / total if total > 0 else value
        self.scale[mine] = np.where(itself | np.isnan(gray), 1.0, np.exp(np.nan_to_num(gray)))

    def _matter(self) -> NDArray[np.bool_]:
        """Candidates that weigh enough in some bin to change more than the rounding of the mean."""
        from sntransport.transport import _kernels

        out = np.zeros(self.pair.size, dtype=bool)
        for k in range(self.phase.size):
            mine = np.flatnonzero(self.row == k)
            mine = mine[np.argsort(-self.value[mine], kind="stable")]
            made = [self.said[p].made for p in self.pair[mine]]
            # Without an observed spectrum a bin that two spectra cover is enough, where taper and weight are least.
            least = LEAST_TAPER * self.value[mine].min(initial=np.inf)
            if least > _LEAST_SHARE * self.value[mine].sum() and all(one.both for one in made):
                out[mine] = True
            elif mine.size:
                origin, matters = np.stack([one.origin for one in made]), np.zeros(mine.size, dtype=bool)
                rows = self.pairs[self.pair[mine]]
                _kernels.find_what_matters(origin, rows, self.spectra.taper, self.value[mine], _LEAST_SHARE, matters)
                out[mine] = matters
        return out

    def average(self, *, tie: bool, errors: ErrorModel, share: Array) -> tuple[Array, Array, NDArray[np.uint8], Array]:
        """Weighted mean over candidates, bin by bin, from the best tier that covers: itself, both sides, one side.

        Flux, error and origin (n_phase, n_wave); last, (n_phase, 3, n_wave), 1 over the weight of that tier, else 0.
        """
        from sntransport.transport import _kernels

        n, n_wave = self.phase.size, self.spectra.series.n_wave
        total, sums = np.zeros((n, 3, n_wave)), np.zeros((n, 3, 3, n_wave))
        for said, entries in self._groups():
            made, t, row = said.made, said.t, self.row[entries]
            if row.size < said.row.size:
                kept = np.searchsorted(said.row, row)
                made, t = replace(made, flux=made.flux[kept]), t[kept]
            flux_err = said.pair.flux_err(made, t, errors=errors, share=share[row])
            scale = self.scale[entries] if tie else np.ones(row.size)
            _kernels.add_candidates(
                made.flux, flux_err, made.origin, said.pair.taper, self.value[entries], scale, row, total, sums
            )
        best = np.where(total[:, 0] > 0, 0, np.where(total[:, 1] > 0, 1, 2))[:, None]
        weight = np.take_along_axis(total, best, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.take_along_axis(sums, best[:, :, None], axis=1)[:, 0] / weight
        covered, inverse = weight[:, 0] > 0, np.zeros(total.shape)
        np.put_along_axis(inverse, best, np.divide(1.0, weight, where=weight > 0, out=np.zeros(weight.shape)), 1)
        origin = np.where(mean[:, 2] > 0.5, Origin.EXTRAPOLATED, Origin.OBSERVED)
        origin = np.where(covered, np.where(best[:, 0] == 2, Origin.ONE_SIDED, origin), Origin.NOT_COVERED)
        flux, flux_err = (np.where(covered, mean[:, k], np.nan) for k in (0, 1))
        return flux, flux_err, origin.astype(np.uint8), inverse

    def shares(self, inverse: Array) -> Array:
        """Share of each candidate in the flux, averaged over the covered bins; ``inverse`` is from `average`."""
        from sntransport.transport import _kernels

        out = np.zeros(self.pair.size)
        for said, mine in self._groups():
            _kernels.add_shares(said.made.origin, said.pair.taper, self.value[mine], self.row[mine], inverse, out[mine])
        bins = (inverse > 0).any(axis=1).sum(axis=1)
        return np.asarray(out / np.maximum(bins, 1)[self.row])
