"""Synthetic photometry: the flux of a series in any band, as one matrix product.

The mean flux density of a photon-counting AB system (Bessell & Murphy 2012, PASP 124, 140, eq. A11) is

    <f_nu> = int f_lambda T lambda d lambda / (c int T / lambda d lambda).

Spectrum and throughput are piecewise linear between their points; the integrals over the union of both sets of
points are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_AA, NJY_CGS
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.mistakes import warn_caller
from sntransport.photometry.bands import AnyBand, Bandpass, load_bands
from sntransport.spectra.correlation import CORRELATION, Correlation, variance
from sntransport.spectra.series import SpectralSeries, require_series
from sntransport.spectra.sightline import Sightline, dimming, require_sightline

MIN_COVERAGE = 0.98
"""Least share of a band (photon-weighted) that the series must cover for a number to be given."""


class CoverageWarning(UserWarning):
    """A band is not covered by the series at some phases.

    Examples
    --------
    >>> import warnings
    >>> from sntransport.photometry import CoverageWarning
    >>> red = snt.SpectralSeries(phase=[0.0], wave=np.arange(6000.0, 9000.0, 10.0), flux=np.ones((1, 300)))
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", CoverageWarning)
    ...     try:
    ...         snt.band_flux(red, ["bessellb"], snt.Sightline(z=0.0, distance_modulus=0.0))
    ...     except CoverageWarning as warning:
    ...         print(str(warning)[:45])
    bands covered less than 98% by the series (ob
    """


@dataclass(frozen=True, eq=False, kw_only=True)
class BandMatrix:
    """Everything needed to integrate rest-frame spectra on one grid through bands; see `band_matrix`.

    ``wave`` is the rest-frame grid (n_wave,); ``flux_weight`` (n_wave, n_band) integrates flux;
    ``cover_weight`` (n_wave, 2 n_band) integrates, where the flux is known, photons and the norm of the mean, side by
    side for one matrix product; ``photon_total`` (n_band,) is the photons of the whole bands.
    """

    bands: tuple[Bandpass, ...]
    sightline: Sightline
    wave: Array
    flux_weight: Array
    cover_weight: Array
    photon_total: Array


def band_matrix(wave: Array, bands: Sequence[AnyBand], sightline: Sightline) -> BandMatrix:
    """Prepare the band integrals of spectra on a rest-frame grid, seen through a sightline.

    Parameters
    ----------
    wave : ndarray, (n_wave,) [rest-frame A]
    bands : sequence of Bandpass or str, (n_band,)
    sightline : Sightline
        Its redshift, distance and dust are folded into the weights.

    Returns
    -------
    BandMatrix

    Raises
    ------
    ValueError
        Where a band is not known, or a dust law is not defined at some wavelength of a band.
    """
    loaded = load_bands(bands)
    wave_obs = wave * (1.0 + sightline.z)
    shape = (wave.size, len(loaded))
    photon_weight, norm_weight = np.zeros(shape), np.zeros(shape)
    photon_total = np.empty(shape[1])
    for j, band in enumerate(loaded):
        photon_weight[:, j], norm_weight[:, j] = hat_integrals(wave_obs, band)
        photon_total[j] = photon_count(band)
    # Only where a band is: a dust law need not reach the ends of the grid.
    used = photon_weight.any(axis=1)
    flux_weight = np.zeros(shape)
    flux_weight[used] = photon_weight[used] * dimming(wave[used], sightline)[:, None] / (C_AA * NJY_CGS)
    cover_weight = np.concatenate([photon_weight, norm_weight], axis=1)
    return BandMatrix(
        bands=loaded,
        sightline=sightline,
        wave=wave,
        flux_weight=flux_weight,
        cover_weight=cover_weight,
        photon_total=photon_total,
    )


def synthetic_flux(flux: Array, matrix: BandMatrix) -> tuple[Array, Array]:
    """Band fluxes of spectra and how much of each band they cover.

    Parameters
    ----------
    flux : ndarray, (n_phase, n_wave) [erg s-1 cm-2 A-1 at 10 pc]
        NaN where not covered.
    matrix : BandMatrix

    Returns
    -------
    band_flux : ndarray, (n_phase, n_band) [nJy AB]
        Mean over the covered part; NaN where less than `MIN_COVERAGE` of the band is covered.
    coverage : ndarray, (n_phase, n_band)
        Share of the band covered, weighted by photons of a flat spectrum.
    """
    return weighted_means(flux, matrix.flux_weight, matrix.cover_weight, matrix.photon_total)


def weighted_means(flux: Array, flux_weight: Array, cover_weight: Array, photon_total: Array) -> tuple[Array, Array]:
    """The matrix products of `synthetic_flux`, for weights as in `BandMatrix`."""
    n_band = flux_weight.shape[1]
    # What is not known anywhere in a spectrum is not known of its products: they say for nothing that there are gaps.
    light = flux @ flux_weight if np.isfinite(flux[:1]).all() else None
    if light is not None and np.isfinite(light).all():
        mask = np.ones((1, flux.shape[1]))
    else:
        known = np.isfinite(flux)
        mask, light = known.astype(np.float64), np.where(known, flux, 0.0) @ flux_weight
    sums = mask @ cover_weight
    coverage = np.broadcast_to(sums[:, :n_band] / photon_total, (flux.shape[0], n_band))
    norm = sums[:, n_band:]
    with np.errstate(divide="ignore", invalid="ignore"):
        band_flux = np.where(coverage >= MIN_COVERAGE, light / norm, np.nan)
    return band_flux, coverage


@answers_mistakes
def band_flux(series: SpectralSeries, bands: Sequence[AnyBand], sightline: Sightline) -> Array:
    """Synthetic photometry of a series as observed through a sightline.

    Parameters
    ----------
    series : SpectralSeries
    bands : sequence of str or Bandpass, (n_band,)
    sightline : Sightline

    Returns
    -------
    ndarray, (n_phase, n_band) [nJy AB]
        NaN, with a `CoverageWarning` that names the bands, where the series covers less than 98 % of a band.

    Raises
    ------
    ValueError
        Where a band is not known, or a dust law is not defined at some wavelength of a band.
    TypeError
        For anything but a `SpectralSeries`: an `ObservedSeries` has the dust on already.

    Notes
    -----
    A part of up to 2 % that is not covered is taken to have the mean flux density of the rest of the band.

    Examples
    --------
    >>> wave = np.arange(3000.0, 11000.0, 10.0)
    >>> flat = snt.SpectralSeries(phase=[0.0], wave=wave, flux=[0.1089 * wave**-2.0])  # AB magnitude 0
    >>> here = snt.Sightline(z=0.0, distance_modulus=0.0)
    >>> flux = snt.band_flux(flat, ["bessellv", "sdssr"], here)
    >>> print((flux / 3.631e12).round(3))
    [[1. 1.]]
    """
    require_series(series, "band_flux")
    require_sightline(sightline, "band_flux")
    matrix = band_matrix(series.wave, bands, sightline)
    flux, _ = synthetic_flux(series.flux, matrix)
    # Few series have gaps: only there the whole flux is looked at once more.
    known = series.covered.any(axis=1) if np.isnan(flux).any() else np.ones(series.n_phase, dtype=bool)
    short = [
        f"{band.name} ({int(np.sum(missing))} of {int(np.sum(known))} phases)"
        for band, missing in zip(matrix.bands, np.isnan(flux[known]).T, strict=True)
        if missing.any()
    ]
    if short:
        low, high = (edge * (1.0 + sightline.z) for edge in (series.wave[0], series.wave[-1]))
        warn_caller(
            f"bands covered less than {MIN_COVERAGE:.0%} by {series.name or 'the series'} "
            f"(observer frame {low:.0f}-{high:.0f} A) have no flux: {', '.join(short)}",
            CoverageWarning,
        )
    return flux


@answers_mistakes
def band_flux_err(
    series: SpectralSeries,
    bands: Sequence[AnyBand],
    sightline: Sightline,
    *,
    correlation: Correlation = CORRELATION,
) -> Array:
    """Error of synthetic photometry: what `band_flux` of many draws scatters by.

    Parameters
    ----------
    series : SpectralSeries
    bands : sequence of str or Bandpass, (n_band,)
    sightline : Sightline
    correlation : Correlation

    Returns
    -------
    ndarray, (n_phase, n_band) [nJy AB]
        One standard deviation, to first order in ``flux_err``, at one gray factor; NaN where the band is not covered.

    Raises
    ------
    ValueError
        Where a band is not known.

    Examples
    --------
    >>> wave = np.arange(3000.0, 11000.0, 10.0)
    >>> flat = snt.SpectralSeries(phase=[0.0], wave=wave, flux=[wave**-2.0], flux_err=[0.1 * wave**-2.0])
    >>> here = snt.Sightline(z=0.0, distance_modulus=0.0)
    >>> share = snt.band_flux_err(flat, ["bessellv"], here) / snt.band_flux(flat, ["bessellv"], here)
    >>> print(share.round(3))
    [[0.059]]
    """
    matrix = band_matrix(series.wave, bands, sightline)
    known = np.isfinite(synthetic_flux(series.flux, matrix)[0])
    error = np.where(series.covered, series.flux_err, 0.0)
    pulls = [error * weight for weight in mean_weights(series.covered, matrix)]
    found = [np.sqrt(variance(series.wave, pull, correlation)) for pull in pulls]
    return np.where(known, np.stack(found, axis=1), np.nan) if found else np.empty(known.shape)


def mean_weights(covered: NDArray[np.bool_], matrix: BandMatrix) -> Iterator[Array]:
    """What each bin adds to the mean flux of `synthetic_flux`, band by band.

    Parameters
    ----------
    covered : ndarray of bool, (n_phase, n_wave)
    matrix : BandMatrix

    Yields
    ------
    ndarray, (n_phase, n_wave) [nJy AB for a flux of 1]
        0 where the flux is not known.
    """
    norm = covered.astype(np.float64) @ matrix.cover_weight[:, len(matrix.bands) :]
    for weight, one in zip(matrix.flux_weight.T, norm.T, strict=True):
        yield np.divide(weight, one[:, None], out=np.zeros(covered.shape), where=covered & (one > 0)[:, None])


def hat_integrals(wave: Array, band: Bandpass) -> tuple[Array, Array]:
    """Weights (n_wave,) of ``int f T lambda`` and ``int f T / lambda`` for f linear between points at ``wave`` [A]."""
    low, high = max(wave[0], band.wave[0]), min(wave[-1], band.wave[-1])
    by_flux, by_norm = np.zeros(wave.size), np.zeros(wave.size)
    if low >= high:
        return by_flux, by_norm
    nodes = np.unique(np.concatenate([_between(wave, low, high), _between(band.wave, low, high)]))
    half, middle = 0.5 * np.diff(nodes), 0.5 * (nodes[1:] + nodes[:-1])
    # hat_i is 1 at point i and 0 at its neighbors. Two-point Gauss-Legendre is exact for the cubic T lambda hat.
    points = (middle[:, None] + half[:, None] * np.array([-1.0, 1.0]) / np.sqrt(3.0)).ravel()
    weight = np.repeat(half, 2) * np.interp(points, band.wave, band.throughput)
    left = np.clip(np.searchsorted(wave, points, side="right") - 1, 0, wave.size - 2)
    up = (points - wave[left]) / (wave[left + 1] - wave[left])
    for out, value in ((by_flux, weight * points), (by_norm, weight / points)):
        out += np.bincount(left, value * (1.0 - up), wave.size) + np.bincount(left + 1, value * up, wave.size)
    return by_flux, by_norm


def _between(points: Array, low: float, high: float) -> Array:
    """The sorted points from ``low`` to ``high``, both included."""
    return points[np.searchsorted(points, low) : np.searchsorted(points, high, side="right")]


def photon_count(band: Bandpass) -> float:
    """``int T lambda d lambda`` over the whole band."""
    return float(hat_integrals(band.wave, band)[0].sum())
