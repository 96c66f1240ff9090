"""Realizations of a series that scatter by its errors, correlated in wavelength and phase as real residuals are.

The correlation is that of `spectra.correlation`. All three parts of it are Markov chains in phase, so there is no
jump of correlation anywhere; ``flux_err`` shrinks toward observed spectra and the draws with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_KMS
from sntransport._objects.arguments import answers_mistakes
from sntransport.spectra.correlation import CORRELATION, Correlation, phase_correlation
from sntransport.spectra.series import SpectralSeries

_NODES_PER_LENGTH = 2.5


@answers_mistakes
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

    Examples
    --------
    >>> from sntransport.spectra import draw
    >>> flux = np.ones((1, 400))
    >>> series = snt.SpectralSeries(phase=[0.0], wave=np.linspace(4000.0, 8000.0, 400), flux=flux, flux_err=0.1 * flux)
    >>> draws = draw(series, n=500, seed=1)
    >>> print(f"{np.std([one.flux[0, 100] for one in draws]):.2f}")
    0.10
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
    half = 0.5 * sigma
    noise, field, made = np.empty(positive.shape), np.empty(positive.shape), []
    for child in np.random.SeedSequence(seed).spawn(n):
        _fill(np.random.default_rng(child), chains, noise, field)
        # The middle of a log-normal variable is below its mean by sigma**2 / 2.
        np.multiply(sigma, np.subtract(field, half, out=noise), out=noise)
        flux = series.flux * np.exp(noise, out=noise)
        flux[odd] = series.flux[odd] + series.flux_err[odd] * field[odd]
        flux.setflags(write=False)
        made.append(replace(series, flux=flux))
    return tuple(made)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Chains:
    """What all draws of a series share; see `sntransport.spectra._kernels.residual_field` and `chain_rows`."""

    days: Array
    step: Array
    mix: Array
    root: Array
    left: NDArray[np.int64]
    join: Array


def _chains(series: SpectralSeries, c: Correlation) -> _Chains:
    x = C_KMS * np.log(series.wave)
    step = np.concatenate([[0.0], np.exp(-np.diff(x) / c.short_length)])
    # The broad part is smooth: normal numbers at a few nodes, joined by lines, are enough.
    nodes = np.linspace(x[0] - 1.0, x[-1] + 1.0, 2 + int(_NODES_PER_LENGTH * np.ptp(x) / c.broad_length))
    covariance = np.exp(-0.5 * ((nodes[:, None] - nodes) / c.broad_length) ** 2)
    left = np.asarray(np.searchsorted(nodes, x, side="right") - 1, dtype=np.int64)
    up = (x - nodes[left]) / (nodes[1] - nodes[0])
    # Between two nodes a line has a little less variance than they have.
    variance = (1.0 - up) ** 2 + up**2 + 2.0 * up * (1.0 - up) * covariance[0, 1]
    join = np.asarray(np.sqrt(c.broad / variance) * np.stack([1.0 - up, up]))
    root = np.asarray(np.linalg.cholesky(covariance + 1e-9 * np.eye(nodes.size)), dtype=np.float64)
    return _Chains(
        days=phase_correlation(np.diff(series.phase), c), step=step, mix=_mix(step, c), root=root, left=left, join=join
    )


def _mix(step: Array, c: Correlation) -> Array:
    """Factors a, b (2, n_wave) with which a chain and the very noise that drives it make a short and a white part.

    With r the share of fresh noise in the chain, a chain + b noise has the covariance (a**2 + a b r) step**lag, and
    b**2 + a b r more at no lag.
    """
    fresh, short = np.sqrt(1.0 - step**2), max(c.short, 1e-12)
    unlike = (short - c.white) * fresh
    ratio = (np.sqrt(unlike**2 + 4.0 * short * c.white) - unlike) / (2.0 * short)
    chain = np.sqrt(short / (1.0 + ratio * fresh))
    return np.asarray(np.stack([chain, ratio * chain]))


def _fill(rng: np.random.Generator, chains: _Chains, noise: Array, field: Array) -> None:
    """Fill ``field`` (n_phase, n_wave) with a normal field of unit variance; ``noise`` is room to work in."""
    from sntransport.spectra import _kernels

    nodes = rng.standard_normal((field.shape[0], chains.root.shape[0])) @ chains.root.T
    rng.standard_normal(out=noise)
    _kernels.residual_field(noise, chains.step, chains.mix, nodes, chains.left, chains.join, field)
    _kernels.chain_rows(field, chains.days)
