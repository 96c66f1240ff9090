"""One spectrum through two bands: the difference of its magnitudes, and how much of the bands it covers.

K- and S-corrections are both such differences. A band at redshift z is one column of weights over the rest-frame grid,
so all redshifts and phases together are one matrix product.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, Span
from sntransport._numerics.units import C_AA, NJY_CGS
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.synthetic import hat_integrals, photon_count, weighted_means
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.spectra.sightline import Sightline, dimming

MAX_GAP = 5.0
"""Widest step between two phases of a series that is interpolated over [rest-frame d]."""

# Rounding of dates to phases must not push a point off the first spectrum [d].
_SAME_PHASE = 1e-6
# From here on the compiled kernel is worth the half second that numba takes to import.
_MANY = 20


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows:
    """Spectra of a series at the phases asked for, each a mean of two neighbors; worked out when first looked at.

    ``left``, ``right`` (n_phase,) are rows of the series and ``share`` that of the right one, NaN where there is no
    spectrum.
    """

    series: SpectralSeries
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    share: Array

    @cached_property
    def flux(self) -> Array:
        """Flux (n_phase, n_wave), NaN where either neighbor is."""
        return self._between(self.series.flux)

    @cached_property
    def flux_err(self) -> Array:
        """Errors, interpolated like fluxes, that is, fully correlated between neighbors."""
        return self._between(self.series.flux_err)

    @cached_property
    def filled(self) -> Array:
        """1 where a value rests on a bin without data of its own (`Origin.EXTRAPOLATED`), else 0."""
        marked = self.series.origin == Origin.EXTRAPOLATED
        known = np.isfinite(self.share)[:, None]
        return np.asarray((marked[self.left] | marked[self.right]) & known, dtype=np.float64)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which phases have any flux, (n_phase,)."""
        return np.asarray(np.isfinite(self.flux).any(axis=1))

    def _between(self, values: Array) -> Array:
        out = values[self.left]
        mixed = np.flatnonzero(self.share > 0)
        if mixed.size:
            out[mixed] += self.share[mixed, None] * (values[self.right[mixed]] - out[mixed])
        out[np.isnan(self.share)] = np.nan
        return np.asarray(out)


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


def rows_at(series: SpectralSeries, phase: Array, max_gap: float = MAX_GAP) -> Rows:
    """Spectra of a series at any phases, linear in flux between its own.

    Parameters
    ----------
    series : SpectralSeries
    phase : ndarray, (n_phase,) [d]
        In any order.
    max_gap : float [d]
        Widest step between two phases of the series to interpolate over.

    Returns
    -------
    Rows
        NaN outside the series, in wider steps, and in bins where either neighbor is NaN.

    Raises
    ------
    ValueError
        Where the series has no phases.
    """
    own = series.phase
    if not own.size:
        raise ValueError(f"{series.name or 'the series'} has no phases: supply one spectrum or more")
    right = np.clip(np.searchsorted(own, phase), 0, own.size - 1)
    left = np.maximum(right - 1, 0)
    nearest = np.where(np.abs(own[left] - phase) < np.abs(own[right] - phase), left, right)
    exact = np.abs(own[nearest] - phase) <= _SAME_PHASE
    left, right = np.where(exact, nearest, left), np.where(exact, nearest, right)
    step = own[right] - own[left]
    inside = exact | ((phase > own[left]) & (phase < own[right]) & (step <= max_gap))
    share = np.divide(phase - own[left], step, out=np.zeros_like(step), where=step > 0)
    share[~inside] = np.nan
    return Rows(series=series, left=left, right=right, share=share)


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


def means(rows: Rows, seen: Columns) -> tuple[Array, Array]:
    """Mean flux density [nJy] (n_phase, n_z), NaN where a band is covered less than 98 %, and coverage."""
    return weighted_means(rows.flux[:, seen.span], seen.flux_weight, seen.cover_weight, seen.photon_total)


def filled_share(rows: Rows, seen: Columns) -> Array:
    """Share of a band (n_phase, n_z), by photons, on bins that were bridged or extrapolated."""
    photons = seen.cover_weight[:, : seen.n_z]
    return np.asarray(rows.filled[:, seen.span] @ photons / seen.photon_total)


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
    array = np.asarray(values, dtype=np.float64)
    if array.ndim > 1:
        raise ValueError(f"{name} has shape {array.shape}, expected a number or one axis")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} has values that are not finite")
    return np.atleast_1d(array), array.shape


ERROR_SCALE = 0.1
"""Distance in ln wavelength over which errors of a spectrum are taken to be correlated (to 1/e)."""

_TO_MAG = 2.5 / np.log(10.0)


def ratio_error(rows: Rows, first: Columns, second: Columns, scale: float = ERROR_SCALE) -> Array:
    """Error of the magnitude difference from the errors of the spectra.

    Parameters
    ----------
    rows : Rows
    first, second : Columns
        With as many redshifts, or one of them with one.
    scale : float
        Errors of two bins are taken to correlate as ``exp(-|d ln wavelength| / scale)``.

    Returns
    -------
    ndarray, (n_phase, n_z) [mag]
        First order. NaN where the error of a bin with flux is not known, or a band is not covered. An error common
        to both bands (a gray one) cancels, and that of a band against itself is 0.

    Raises
    ------
    ValueError
        Where ``scale`` is not positive.
    """
    if not scale > 0:
        raise ValueError(f"error_scale is {scale:g}, expected a positive distance in ln wavelength")
    if np.isnan(rows.flux_err).all():
        return np.full((rows.flux.shape[0], max(first.n_z, second.n_z)), np.nan)
    blocks = _blocks(rows.series.wave, scale)
    pull = _pull(rows, first, blocks) - _pull(rows, second, blocks)
    center = np.array([np.log(rows.series.wave[block]).mean() for block in blocks])
    factor = np.linalg.cholesky(np.exp(-np.abs(center[:, None] - center) / scale))
    with np.errstate(invalid="ignore"):
        variance = np.square(np.tensordot(factor.T, pull, axes=1)).sum(axis=0)
    return np.asarray(_TO_MAG * np.sqrt(variance))


def scatter(differences: Sequence[Array]) -> Array:
    """Standard deviation over draws, element by element; NaN where any draw is NaN."""
    return np.asarray(np.std(np.stack(differences), axis=0, ddof=1))


def require_draws(draws: Sequence[SpectralSeries]) -> None:
    """Raise a ValueError for a single draw; none at all is fine."""
    if len(draws) == 1:
        raise ValueError("draws has 1 series, expected 2 or more: one draw has no scatter")


def _blocks(wave: Array, scale: float) -> list[Span]:
    """Runs of bins much narrower than ``scale``: inside one of them errors are the same."""
    index = np.floor(np.log(wave / wave[0]) / (0.2 * scale)).astype(int)
    starts = np.flatnonzero(np.diff(index, prepend=-1))
    return [slice(int(a), int(b)) for a, b in zip(starts, [*starts[1:], wave.size], strict=True)]


def _pull(rows: Rows, seen: Columns, blocks: Sequence[Span]) -> Array:
    """What one standard deviation of each block changes in ln of the band flux, (n_block, n_phase, n_z)."""
    known, err = np.isfinite(rows.flux[:, seen.span]), rows.flux_err[:, seen.span]
    missing = (known & np.isnan(err)).astype(np.float64)
    err = np.where(known & np.isfinite(err), err, 0.0)
    flux, _ = means(rows, seen)
    norm = known.astype(np.float64) @ seen.cover_weight[:, seen.n_z :]
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where((flux > 0) & (missing @ seen.flux_weight == 0), 1.0 / (flux * norm), np.nan)
    pull = np.zeros((len(blocks), *flux.shape))
    for k, block in enumerate(blocks):
        # The same bins, counted from the first of the span.
        here = slice(max(block.start - seen.span.start, 0), max(block.stop - seen.span.start, 0))
        pull[k] = err[:, here] @ seen.flux_weight[here]
    return pull * scaled
