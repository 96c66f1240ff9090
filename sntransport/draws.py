"""Realizations of a series that scatter by its errors, correlated in wavelength and phase as real residuals are.

The residuals of hidden spectra of real supernovae, over their sigma, have at a distance of v km/s the correlation

    white * [v = 0] + short * exp(-v / short_length) + broad * exp(-(v / broad_length)**2 / 2)

and fall as exp(-days / days_length) from one phase to another of the same gap. All three parts are Markov chains in
phase, so there is no jump of correlation anywhere; ``flux_err`` shrinks toward observed spectra and the draws with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sntransport.bands import Bandpass
from sntransport.checks import Array
from sntransport.photometry import band_matrix, synthetic_flux
from sntransport.series import SpectralSeries
from sntransport.sightline import Sightline
from sntransport.units import C_KMS

_NODES_PER_LENGTH = 2.5


@dataclass(frozen=True)
class Correlation:
    """Shares of the variance (together 1) and lengths [km/s] and [rest-frame d] of the formula above."""

    white: float
    short: float
    broad: float
    short_length: float
    broad_length: float
    days_length: float


CORRELATION = Correlation(0.23, 0.41, 0.36, 6000.0, 35000.0, 25.0)
"""Fitted to the hidden spectra of 15 supernovae (``tests/benchmarks/fit_error_model.py``)."""


def draw(
    series: SpectralSeries, n: int, seed: int, *, correlation: Correlation = CORRELATION
) -> tuple[SpectralSeries, ...]:
    """Draw possible series.

    Parameters
    ----------
    series : SpectralSeries
        With ``flux_err`` wherever it is covered.
    n : int
        How many.
    seed : int
        Not negative. The same seed gives the same bytes, and the first draws do not depend on ``n``.
    correlation : Correlation

    Returns
    -------
    tuple of SpectralSeries, (n,)
        As ``series`` but for ``flux``: log-normal, so positive where the flux is, with mean ``flux`` and standard
        deviation ``flux_err`` in every bin; normal where the flux is not positive. NaN stays NaN.

    Raises
    ------
    ValueError
        Where ``n`` or ``seed`` is negative, or a covered bin has no ``flux_err``.

    Notes
    -----
    The level of a spectrum, which photometry gives, was taken out of the residuals that the correlation was measured
    on; a gray error common to a whole spectrum is not drawn.
    """
    if n < 0 or seed < 0:
        raise ValueError(f"n = {n}, seed = {seed}: expected numbers that are not negative")
    lost = int(np.sum(series.covered & np.isnan(series.flux_err)))
    if lost:
        raise ValueError(f"flux_err is unknown (NaN) in {lost} covered bins: nothing says how far they may scatter")
    if n == 0 or series.flux.size == 0:
        return (series,) * n
    positive = series.flux > 0
    sigma = np.sqrt(np.log1p((series.flux_err / np.where(positive, series.flux, 1.0)) ** 2))
    odd = series.covered & ~positive
    chains = _chains(series, correlation)
    made = []
    for child in np.random.SeedSequence(seed).spawn(n):
        field = _field(np.random.default_rng(child), series, correlation, chains)
        # Every draw of a log-normal variable is below its mean by sigma**2 / 2 in the middle.
        flux = np.subtract(field, 0.5 * sigma)
        flux *= sigma
        np.exp(flux, out=flux)
        flux *= series.flux
        flux[odd] = series.flux[odd] + series.flux_err[odd] * field[odd]
        made.append(replace(series, flux=flux))
    return tuple(made)


def band_flux_err(
    series: SpectralSeries,
    bands: Sequence[Bandpass | str],
    sightline: Sightline,
    *,
    correlation: Correlation = CORRELATION,
) -> Array:
    """Error of synthetic photometry: what `sntransport.band_flux` of many draws scatters by.

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
    """
    matrix = band_matrix(series.wave, bands, sightline)
    known = np.isfinite(synthetic_flux(series.flux, matrix)[0])
    norm = series.covered.astype(np.float64) @ matrix.cover_weight[:, len(matrix.bands) :]
    error = np.where(series.covered, series.flux_err, 0.0)
    between = _wave_correlation(series.wave, correlation)
    variance = np.empty(known.shape)
    for j, weight in enumerate(matrix.flux_weight.T):
        seen = np.flatnonzero(weight)
        part = error[:, seen] * weight[seen]
        variance[:, j] = np.sum((part @ between[np.ix_(seen, seen)]) * part, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, np.sqrt(variance) / norm, np.nan)


def _wave_correlation(wave: Array, c: Correlation) -> Array:
    """(n_wave, n_wave)."""
    x = C_KMS * np.log(wave)
    away = np.abs(x[:, None] - x)
    smooth = c.short * np.exp(-away / c.short_length) + c.broad * np.exp(-0.5 * (away / c.broad_length) ** 2)
    return np.asarray(smooth + c.white * np.eye(wave.size))


def _chains(series: SpectralSeries, c: Correlation) -> tuple[Array, Array, Array]:
    """Correlation of each phase, and of the short part of each bin, with the next; the broad part as (n_wave, n_node).

    The broad part is smooth: normal numbers at a few nodes, joined by lines, are enough.
    """
    x = C_KMS * np.log(series.wave)
    days = np.exp(-np.diff(series.phase) / c.days_length)
    near = np.exp(-np.diff(x) / c.short_length)
    nodes = np.linspace(x[0], x[-1], 2 + int(_NODES_PER_LENGTH * (x[-1] - x[0]) / c.broad_length))
    covariance = np.exp(-0.5 * ((nodes[:, None] - nodes) / c.broad_length) ** 2)
    root = np.linalg.cholesky(covariance + 1e-9 * np.eye(nodes.size))
    broad = np.stack([np.interp(x, nodes, column) for column in root.T], axis=1)
    # Between two nodes a line has a little less variance than they have.
    return days, near, broad / np.sqrt(np.sum(broad**2, axis=1, keepdims=True))


def _field(
    rng: np.random.Generator, series: SpectralSeries, c: Correlation, chains: tuple[Array, Array, Array]
) -> Array:
    """Normal field of unit variance, (n_phase, n_wave)."""
    from sntransport import _kernels

    days, near, broad = chains
    # Single precision is finer than any error by far, and twice as fast to draw.
    noise = rng.standard_normal((2, *series.flux.shape), dtype=np.float32)
    field = np.sqrt(c.broad) * rng.standard_normal((series.n_phase, broad.shape[1])) @ broad.T
    _kernels.add_chains(field, noise, near, c.short, c.white)
    _kernels.chain_rows(field, days)
    return np.asarray(field)
