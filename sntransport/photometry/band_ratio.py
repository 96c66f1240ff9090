"""One spectrum through two bands: the difference of its magnitudes, and how much of the bands it covers.

K- and S-corrections are both such differences. A band at redshift z is one column of weights over the rest-frame grid,
so all redshifts and phases together are one matrix product. The error of such a difference comes from the errors of the
spectrum and their correlation, or from draws.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, Span
from sntransport._numerics.quantities import bare
from sntransport._numerics.units import C_AA, MAG_PER_LN, NJY_CGS
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.synthetic import hat_integrals, photon_count, weighted_means
from sntransport.spectra.correlation import (
    CORRELATION,
    Blocks,
    Correlation,
    blocks_of,
    phase_correlation,
    smooth_variance,
)
from sntransport.spectra.series import SpectraAt, SpectralSeries
from sntransport.spectra.sightline import Sightline, dimming

# From here on the compiled kernel is worth the half second that numba takes to import.
_MANY = 20


@dataclass(frozen=True, eq=False, kw_only=True)
class Columns:
    """A band at many redshifts: weights as in `BandMatrix`, one column a redshift, on the bins ``span`` of the grid."""

    span: Span
    flux_weight: Array
    cover_weight: Array
    photon_total: Array

    @property
    def n_z(self) -> int:
        """Number of redshifts."""
        return int(self.photon_total.size)


def columns(wave: Array, band: Bandpass, z: Array, dust: Sightline | None = None) -> Columns:
    """Weights of a band at redshifts.

    Parameters
    ----------
    wave : ndarray, (n_wave,) [rest-frame A]
    band : Bandpass
    z : ndarray, (n_z,)
    dust : Sightline, optional
        Whose dust lies between, the host's in the rest frame and the Milky Way's in the observer frame; its redshift
        and distance do not matter. None: no dust.

    Returns
    -------
    Columns
        Of the mean flux density [nJy] at a distance modulus of 0, as in `band_flux`.
    """
    stretch = 1.0 + z
    if not z.size:
        return Columns(
            span=slice(0, 0), flux_weight=np.zeros((0, 0)), cover_weight=np.zeros((0, 0)), photon_total=np.zeros(0)
        )
    first = max(int(np.searchsorted(wave, band.wave[0] / stretch.max())) - 1, 0)
    span = slice(first, max(int(np.searchsorted(wave, band.wave[-1] / stretch.min(), side="right")) + 1, first))
    cover = np.zeros((2 * z.size, wave[span].size))
    photons, norms = cover[: z.size], cover[z.size :]
    if wave[span].size > 1:
        _integrate(wave[span], stretch, band, photons, norms)
    flux_weight = photons * (1.0 / (stretch * C_AA * NJY_CGS))[:, None]
    if dust is not None:
        for weights, redshift in zip(flux_weight, z, strict=True):
            used = weights > 0
            here = dataclasses.replace(dust, z=float(redshift), distance_modulus=0.0)
            weights[used] *= dimming(wave[span][used], here) * (1.0 + redshift)
    return Columns(
        span=span, flux_weight=flux_weight.T, cover_weight=cover.T, photon_total=np.full(z.size, photon_count(band))
    )


def _integrate(wave: Array, stretch: Array, band: Bandpass, photons: Array, norms: Array) -> None:
    """Fill in the weights (n_z, n_wave) of `hat_integrals` at every stretch of the grid."""
    if stretch.size < _MANY:
        for k, factor in enumerate(stretch):
            photons[k], norms[k] = hat_integrals(wave * factor, band)
        return
    from sntransport.photometry import _kernels

    grid = wave.copy()
    grid.setflags(write=False)
    _kernels.band_weights(grid, stretch, band.wave, band.throughput, photons, norms)


def means(rows: SpectraAt, band: Columns) -> tuple[Array, Array]:
    """Mean flux density [nJy] (n_phase, n_z), NaN where a band is covered less than 98 %, and coverage."""
    return weighted_means(rows.flux[:, band.span], band.flux_weight, band.cover_weight, band.photon_total)


def filled_share(rows: SpectraAt, band: Columns) -> Array:
    """Share of a band (n_phase, n_z), by photons, on bins that were bridged or extrapolated."""
    photons = band.cover_weight[:, : band.n_z]
    return np.asarray(rows.filled[:, band.span] @ photons / band.photon_total)


def magnitude_difference(first: Array, second: Array) -> Array:
    """AB magnitude of ``first`` minus that of ``second``; NaN where either flux is not positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((first > 0) & (second > 0), -2.5 * np.log10(first / second), np.nan)


def zero_point(band: Bandpass, system: str) -> float:
    """What to add to a magnitude of the system to get the AB magnitude; a ValueError where that is not known."""
    if system not in ("AB", "Vega"):
        raise ValueError(f"magnitude system {system!r} is not known, expected 'AB' or 'Vega'")
    if system == "Vega" and not np.isfinite(band.ab_offset):
        raise ValueError(f"band {band.name!r}: vega_ab is not known; give the Bandpass one, or use the AB system")
    return band.ab_offset if system == "Vega" else 0.0


def as_axis(values: ArrayLike, name: str) -> tuple[Array, tuple[int, ...]]:
    """A scalar or one axis as (n,), and the shape it stands for in a result: () for a scalar."""
    array = np.asarray(bare(values, name), dtype=np.float64)
    if array.ndim > 1:
        raise ValueError(f"{name} has shape {array.shape}, expected a number or one axis")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} has values that are not finite")
    return np.atleast_1d(array), array.shape


# Of the parts that cancel in a variance: below it is rounding.
_ROUNDING = 1e-13
# Numbers held at a time: more would not stay in the fast memory.
_AT_A_TIME = 2_000_000


def ratio_error(rows: SpectraAt, first: Columns, second: Columns, correlation: Correlation = CORRELATION) -> Array:
    """Error of the magnitude difference from the errors of the spectra.

    Parameters
    ----------
    rows : SpectraAt
        Between two phases of the series their errors are those of the phases, which correlate as they are apart.
    first, second : Columns
        With as many redshifts, or one of them with one.
    correlation : Correlation

    Returns
    -------
    ndarray, (n_phase, n_z) [mag]
        First order. NaN where the error of a bin with flux is not known, or a band is not covered. An error common
        to both bands (a gray one) cancels, and that of a band against itself is 0.
    """
    n_row, n_z = rows.flux.shape[0], first.n_z if second.n_z == 1 else second.n_z
    ends = [(view.span.start, view.span.start + view.flux_weight.shape[0]) for view in (first, second)]
    # A band that is off the series has no bins.
    if not n_row or not n_z or any(a == b for a, b in ends) or np.isnan(rows.series.flux_err).all():
        return np.full((n_row, n_z), np.nan)
    span = slice(min(a for a, _ in ends), max(b for _, b in ends))
    weights = [_on(span, view) for view in (first, second)]
    scales = [_scale(rows, view) for view in (first, second)]
    blocks = blocks_of(rows.series.wave[span], correlation)
    err, variance = _errors(rows, span, correlation), np.empty((n_row, n_z))
    many = max(_AT_A_TIME // (blocks.starts.size * n_z), 1)
    for start in range(0, n_row, many):
        here = slice(start, start + many)
        variance[here] = _variance(err[here], weights, [scale[here] for scale in scales], blocks, correlation.white)
    return np.asarray(MAG_PER_LN * np.sqrt(variance))


def _errors(rows: SpectraAt, span: Span, correlation: Correlation) -> Array:
    """Errors of the rows, (n_phase, n_span); 0 where there is no flux.

    A spectrum between two others is (1 - s) left + s right, of two errors that correlate as their phases are apart.
    That is the error of every bin; that bins go together as they do at either phase is exact where the two errors are
    in one ratio at all wavelengths, and else a little too much.
    """
    series, known = rows.series, np.isfinite(rows.flux[:, span])
    err = np.nan_to_num(series.flux_err[:, span])
    out = np.where(known, err[rows.place.left], 0.0)
    mixed = np.flatnonzero(rows.place.share > 0)
    share = rows.place.share[mixed, None]
    left, right = (1.0 - share) * out[mixed], share * np.where(known[mixed], err[rows.place.right[mixed]], 0.0)
    days = series.phase[rows.place.right[mixed]] - series.phase[rows.place.left[mixed]]
    together = phase_correlation(days, correlation)[:, None]
    out[mixed] = np.sqrt(left**2 + right**2 + 2.0 * together * left * right)
    return np.asarray(out)


def _scale(rows: SpectraAt, band: Columns) -> Array:
    """From sums with the weights of a band to shares of its flux (n_phase, n_z); NaN where they are not known."""
    known = np.isfinite(rows.flux[:, band.span])
    err = rows.series.flux_err[:, band.span]
    lost = np.isnan(err[rows.place.left]) | (np.isnan(err[rows.place.right]) & (rows.place.share > 0)[:, None])
    missing = (known & lost).astype(np.float64)
    flux, _ = means(rows, band)
    norm = known.astype(np.float64) @ band.cover_weight[:, band.n_z :]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((flux > 0) & (missing @ band.flux_weight == 0), 1.0 / (flux * norm), np.nan)


def _on(span: Span, band: Columns) -> Array:
    """Weights of a band on another run of bins, (n_span, n_z)."""
    out = np.zeros((span.stop - span.start, band.n_z))
    start = band.span.start - span.start
    out[start : start + band.flux_weight.shape[0]] = band.flux_weight
    return out


def _variance(err: Array, weights: list[Array], scales: list[Array], blocks: Blocks, white: float) -> Array:
    """Variance of the ln of a ratio (n, n_z), from errors (n, n_span) that correlate in wavelength alone."""
    square = err**2
    # The white part of the difference of two sums, without a difference for every bin, redshift and phase.
    (first, second), (one, two) = weights, scales
    own = (square @ first**2) * one**2 + (square @ second**2) * two**2
    white_part = own - 2.0 * (square @ (first * second)) * one * two
    white_part = np.where(white_part > _ROUNDING * own, white_part, 0.0 * own)
    pull = _by_block(err, first, blocks.starts) * one - _by_block(err, second, blocks.starts) * two
    return np.asarray(white * white_part + smooth_variance(pull, blocks))


def _by_block(err: Array, weight: Array, starts: NDArray[np.int64]) -> Array:
    """Sums of errors times weights over blocks of bins, (n_block, n, n_z)."""
    count = np.diff(np.append(starts, weight.shape[0]))
    inside = np.arange(count.max()) < count[:, None]
    index = np.where(inside, starts[:, None] + np.arange(count.max()), 0)
    return np.asarray(np.matmul(err[:, index].transpose(1, 0, 2), np.where(inside[:, :, None], weight[index], 0.0)))


def scatter(differences: Sequence[Array]) -> Array:
    """Standard deviation over draws, element by element; NaN where any draw is NaN."""
    return np.asarray(np.std(np.stack(differences), axis=0, ddof=1))


def require_draws(draws: Sequence[SpectralSeries]) -> None:
    """Raise a ValueError for a single draw; none at all is fine."""
    if len(draws) == 1:
        raise ValueError("draws has 1 series, expected 2 or more: one draw has no scatter")
