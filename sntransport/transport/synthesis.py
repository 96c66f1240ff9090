"""From a sparse series to a dense one: interpolate pairs, weigh, average (Ramirez et al. 2024, arXiv:2409.10701).

A few target phases at a time, so that memory does not grow with the number of phases times pairs, and a pair's work
is not repeated for each of them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from sntransport._numerics.arrays import Array, readonly
from sntransport.photometry.synthetic import BandMatrix, synthetic_flux
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.transport.interpolation_errors import SHARE_WITH_COLORS, ErrorModel, interpolation_error, log_change
from sntransport.transport.interpolators import ForPair, Interpolator, for_pair
from sntransport.transport.runs import MIN_OVERLAP, long_runs
from sntransport.transport.weights import Weight, color_mismatch

_TAPER = 20
# Below this share of its mean a flux counts as that where its error is taken relative to it.
_LEAST_FLUX = 1e-4
_SAME = 1e-9
_BLOCK = 16


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
    """

    series: SpectralSeries
    pairs: NDArray[np.int64]
    weight: Array


# Of one candidate: flux, error and origin (n_wave,), taper, and the index of its pair.
_Row = tuple[Array, Array, NDArray[np.uint8], Array, np.intp]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Candidates:
    """Candidates at one phase: arrays (n_candidate, n_wave), and the index of the pair of each."""

    flux: Array
    flux_err: Array
    origin: NDArray[np.uint8]
    taper: Array
    pair: NDArray[np.int64]


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
    """
    pairs = _pairs(sparse, phase, max_gap)
    shape = (phase.size, sparse.n_wave)
    flux, flux_err = np.full(shape, np.nan), np.full(shape, np.nan)
    origin = np.zeros(shape, dtype=np.uint8)
    shares = np.zeros((phase.size, len(pairs)))
    taper = _tapers(sparse)
    calibrated = photometry is not None and photometry.continua is not None
    share = _error_shares(phase, photometry if tie or calibrated else None)
    for start in range(0, phase.size, _BLOCK):
        block = phase[start : start + _BLOCK]
        for k, found in enumerate(
            _candidates(
                sparse,
                pairs,
                block,
                interpolate=interpolate,
                taper=taper,
                errors=errors,
                share=share[start : start + _BLOCK],
            ),
            start,
        ):
            if found.pair.size == 0:
                continue
            value, scale = _judge(
                sparse, pairs, found, target=float(phase[k]), weight=weight, photometry=photometry, k=k
            )
            if tie:
                found = _tied(found, scale)
            flux[k], flux_err[k], origin[k], shares[k, found.pair] = _average(found, value)
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
    used = shares.any(axis=0)
    return Synthesis(series=dense, pairs=pairs[used], weight=shares[:, used])


def _error_shares(phase: Array, photometry: Photometry | None) -> Array:
    """Share of the error of interpolation that is left at each phase, (n_phase,), once colors are observed too."""
    if photometry is None:
        return np.ones(phase.size)
    known = np.isfinite(photometry.flux).sum(axis=1) >= 2
    return np.where(known, SHARE_WITH_COLORS, 1.0)


def _pairs(sparse: SpectralSeries, phase: Array, max_gap: float) -> NDArray[np.int64]:
    """All pairs of rows up to ``max_gap`` apart, and each row that is itself a target as a pair with itself."""
    n = sparse.n_phase
    before, after = np.triu_indices(n, 1)
    near = sparse.phase[after] - sparse.phase[before] <= max_gap
    hit = np.flatnonzero(np.abs(sparse.phase[:, None] - phase).min(axis=1, initial=np.inf) <= _SAME)
    pairs = np.concatenate([np.stack([before[near], after[near]], axis=1), np.stack([hit, hit], axis=1)])
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))], dtype=np.int64)


def _candidates(
    sparse: SpectralSeries,
    pairs: NDArray[np.int64],
    targets: Array,
    *,
    interpolate: Interpolator | ForPair,
    taper: Array,
    errors: ErrorModel,
    share: Array,
) -> list[_Candidates]:
    """For each target, the candidate of every pair that brackets it, and the spectrum itself where it is one."""
    before, after = (sparse.phase[pairs[:, side], None] for side in (0, 1))
    itself = (pairs[:, :1] == pairs[:, 1:]) & (np.abs(before - targets) <= _SAME)
    hits = itself | ((before < targets - _SAME) & (after > targets + _SAME))
    rows: list[list[_Row]] = [[] for _ in targets]
    for p in np.flatnonzero(hits.any(axis=1)):
        i, j = (int(row) for row in pairs[p])
        wanted = np.flatnonzero(hits[p])
        span = sparse.phase[j] - sparse.phase[i]
        t = (targets[wanted] - sparse.phase[i]) / span if span else np.zeros(wanted.size)
        made = _between(sparse, i, j, t, interpolate=interpolate, errors=errors, share=share[wanted])
        if made is None:
            continue
        edge = np.minimum(taper[i], taper[j])
        for k, flux, flux_err in zip(wanted, made[0], made[1], strict=True):
            rows[k].append((flux, flux_err, made[2], edge, p))
    return [_stacked(found, sparse.n_wave) for found in rows]


def _stacked(rows: list[_Row], n_wave: int) -> _Candidates:
    if not rows:
        empty = np.empty((0, n_wave))
        return _Candidates(
            flux=empty, flux_err=empty, origin=empty.astype(np.uint8), taper=empty, pair=np.empty(0, dtype=np.int64)
        )
    flux, flux_err, origin, edge, pair = zip(*rows, strict=True)
    return _Candidates(
        flux=np.stack(flux),
        flux_err=np.stack(flux_err),
        origin=np.stack(origin),
        taper=np.stack(edge),
        pair=np.array(pair),
    )


def _between(
    sparse: SpectralSeries,
    i: int,
    j: int,
    t: Array,
    *,
    interpolate: Interpolator | ForPair,
    errors: ErrorModel,
    share: Array,
) -> tuple[Array, Array, NDArray[np.uint8]] | None:
    """Flux and error (n_t, n_wave) and origin (n_wave,) of a pair at several positions.

    Interpolated where both spectra cover; one spectrum, scaled, where only it does; the spectrum itself where they are
    the same. None without overlap.
    """
    a, b = sparse.flux[i], sparse.flux[j]
    if i == j:
        return a[None], sparse.flux_err[i][None], sparse.origin[i]
    runs = long_runs(np.isfinite(a) & np.isfinite(b))
    if not runs:
        return None
    flux, variance = np.full((t.size, a.size), np.nan), np.full((t.size, a.size), np.nan)
    origin, change = np.zeros(a.size, dtype=np.uint8), np.zeros(a.size)
    between = for_pair(interpolate, float(sparse.phase[i]), float(sparse.phase[j]))
    for run in runs:
        value = between(sparse.wave[run], a[run], b[run], readonly(t, "t"))
        if np.shape(value) != flux[:, run].shape:
            raise ValueError(f"the interpolator returned shape {np.shape(value)}, expected {flux[:, run].shape}")
        flux[:, run], change[run] = value, log_change(sparse.wave[run], a[run], b[run])
    done = np.asarray(np.isfinite(flux).any(axis=0))
    noise = [_photon_variance(sparse, row) for row in (i, j)]
    gap = float(sparse.phase[j] - sparse.phase[i])
    model = errors(sparse.sn_type, sparse.wave[done], change[done], gap, 4.0 * t * (1.0 - t))
    model = model * share[:, None]
    variance[:, done] = np.outer((1.0 - t) ** 2, noise[0][done]) + np.outer(t**2, noise[1][done]) + model**2
    origin[done] = np.maximum(sparse.origin[i], sparse.origin[j])[done]
    change[~done] = np.sqrt(np.mean(change[done] ** 2))
    for row, away in ((i, t), (j, 1.0 - t)):
        only = _extend(flux, origin, sparse.flux[row], done)
        # Seen from one side only a random walk drifts without end: 4 w in place of 4 w (1 - w).
        model = errors(sparse.sn_type, sparse.wave[only], change[only], gap, 4.0 * away) * share[:, None]
        variance[:, only] = noise[(i, j).index(row)][only] + model**2
    return flux, flux * np.sqrt(variance), origin


def _photon_variance(sparse: SpectralSeries, row: int) -> Array:
    """Variance of ln flux that the stated error of a spectrum is, (n_wave,)."""
    flux = sparse.flux[row]
    return np.asarray(np.log1p((sparse.flux_err[row] / np.maximum(flux, _LEAST_FLUX * np.nanmean(flux))) ** 2))


def _extend(flux: Array, origin: NDArray[np.uint8], alone: Array, done: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill bins that only one spectrum covers with it, scaled to meet the candidate at the nearest end; which ones."""
    only = np.isfinite(alone) & ~np.isfinite(flux[0])
    filled = np.zeros(only.size, dtype=bool)
    if not only.any():
        return filled
    known, index = np.flatnonzero(done), np.arange(done.size)
    below, above = known[: 2 * MIN_OVERLAP], known[-2 * MIN_OVERLAP :]
    for bins, edge in ((only & (index < known[0]), below), (only & (index > known[-1]), above)):
        if bins.any() and alone[edge].sum() > 0:
            factor = flux[:, edge].sum(axis=1) / alone[edge].sum()
            flux[:, bins] = np.outer(factor, alone[bins])
            origin[bins] = Origin.ONE_SIDED
            filled |= bins
    return filled


def _tapers(sparse: SpectralSeries) -> Array:
    """Weight of each bin of each spectrum: falls toward the ends of its coverage so that no step shows there."""
    return np.stack(
        [np.clip(distance_transform_edt(np.pad(row, 1))[1:-1] / _TAPER, 0.01, 1.0) for row in sparse.covered]
    )


def _judge(
    sparse: SpectralSeries,
    pairs: NDArray[np.int64],
    candidates: _Candidates,
    *,
    target: float,
    weight: Weight,
    photometry: Photometry | None,
    k: int,
) -> tuple[Array, Array]:
    """Weight and tying factor of every candidate; an observed spectrum has infinite weight and stays as it is."""
    gray, mismatch = np.zeros(candidates.pair.size), np.full(candidates.pair.size, np.nan)
    if photometry is not None:
        own = _own_continua(sparse.phase, pairs[candidates.pair], target, photometry.continua)
        synthetic, _ = synthetic_flux(candidates.flux * np.exp(own), photometry.matrix)
        gray, mismatch = color_mismatch(synthetic, photometry.flux[k], photometry.flux_err[k])
    chosen = pairs[candidates.pair]
    itself = chosen[:, 0] == chosen[:, 1]
    value = np.full(candidates.pair.size, np.inf)
    if not itself.all():
        days_before = target - sparse.phase[chosen[~itself, 0]]
        days_after = sparse.phase[chosen[~itself, 1]] - target
        value[~itself] = weight(days_before, days_after, mismatch[~itself])
    if np.any(np.isnan(value)) or np.any(value < 0):
        raise ValueError("the weight function returned NaN or a negative weight")
    return value, np.where(itself | np.isnan(gray), 1.0, np.exp(np.nan_to_num(gray)))


def _own_continua(phase: Array, chosen: NDArray[np.int64], target: float, continua: Array | None) -> Array | float:
    """Ln factors that candidates of some pairs are judged with, (n_candidate, n_wave)."""
    if continua is None:
        return 0.0
    before, after = phase[chosen].T
    span = after - before
    t = np.divide(target - before, span, out=np.zeros(span.size), where=span > 0)[:, None]
    return np.asarray((1.0 - t) * continua[chosen[:, 0]] + t * continua[chosen[:, 1]])


def _tied(candidates: _Candidates, scale: Array) -> _Candidates:
    column = scale[:, None]
    return _Candidates(
        flux=candidates.flux * column,
        flux_err=candidates.flux_err * column,
        origin=candidates.origin,
        taper=candidates.taper,
        pair=candidates.pair,
    )


def _average(candidates: _Candidates, value: Array) -> tuple[Array, Array, NDArray[np.uint8], Array]:
    """Weighted mean over candidates, bin by bin, from the best tier that covers: itself, both sides, one side."""
    two_sided = (candidates.origin == Origin.OBSERVED) | (candidates.origin == Origin.EXTRAPOLATED)
    itself = np.isinf(value)
    finite = np.where(itself, 0.0, value)
    total = finite.sum()
    base = (finite / total if total > 0 else finite)[:, None] * candidates.taper
    share = np.zeros_like(candidates.flux)
    for tier in (itself[:, None] & two_sided, ~itself[:, None] & two_sided, candidates.origin == Origin.ONE_SIDED):
        weights = np.where(tier, np.where(itself[:, None], 1.0, base), 0.0)
        open_bins = share.sum(axis=0) == 0
        share[:, open_bins] = weights[:, open_bins]
    total_share = share.sum(axis=0)
    covered = total_share > 0
    share[:, covered] /= total_share[covered]
    values = np.where(share > 0, candidates.flux, 0.0)
    mean = (share * values).sum(axis=0)
    error = (share * np.where(share > 0, candidates.flux_err, 0.0)).sum(axis=0)
    bridged = (share * (candidates.origin == Origin.EXTRAPOLATED)).sum(axis=0) > 0.5
    one_sided = (share * (candidates.origin == Origin.ONE_SIDED)).sum(axis=0) > 0.5
    origin = np.where(bridged, Origin.EXTRAPOLATED, np.where(one_sided, Origin.ONE_SIDED, Origin.OBSERVED))
    origin = np.where(covered, origin, Origin.NOT_COVERED).astype(np.uint8)
    per_pair = share[:, covered].mean(axis=1) if covered.any() else np.zeros(value.size)
    return np.where(covered, mean, np.nan), np.where(covered, error, np.nan), origin, per_pair
