"""How the errors of a series go together, over wavelength and phase: as the residuals of real supernovae do.

The residuals of hidden spectra of real supernovae, over their sigma, have at a distance of v km/s the correlation

    white * [v = 0] + short * exp(-v / short_length) + broad * exp(-(v / broad_length)**2 / 2)

and fall as exp(-days / days_length) from one phase to another of the same gap. Whatever states the error of a sum over
bins (band fluxes, K-corrections, luminosities) takes it from this one correlation, and so do the draws of a series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_KMS

# Bins within these shares of the short and of the broad length are summed before they are correlated: the sigma of
# any band is right to 0.3 %.
_SHORT_BLOCK, _BROAD_BLOCK = 1.0 / 3.0, 1.0 / 6.0


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """Shares of the variance and lengths [km/s] and [rest-frame d] of the formula above.

    Raises
    ------
    ValueError
        Where the shares are not between 0 and 1 and together 1 (to 0.002), or a length is not positive.

    Examples
    --------
    >>> from sntransport.spectra.correlation import CORRELATION, Correlation
    >>> CORRELATION.days_length
    25.0
    >>> one = {"short_length": 4000.0, "broad_length": 30000.0, "days_length": 25.0}
    >>> Correlation(white=0.5, short=0.2, broad=0.1, **one)
    Traceback (most recent call last):
        ...
    ValueError: shares (0.5, 0.2, 0.1) of the variance, expected three from 0 to 1 that are 1 together
    """

    white: float
    short: float
    broad: float
    short_length: float
    broad_length: float
    days_length: float

    def __post_init__(self) -> None:
        shares = (self.white, self.short, self.broad)
        if not (min(shares) >= 0 and abs(sum(shares) - 1.0) <= 0.002):
            raise ValueError(f"shares {shares} of the variance, expected three from 0 to 1 that are 1 together")
        lengths = (self.short_length, self.broad_length, self.days_length)
        if not min(lengths) > 0:
            raise ValueError(f"lengths {lengths}, expected positive ones")


CORRELATION = Correlation(
    white=0.198, short=0.41, broad=0.392, short_length=4318.0, broad_length=31272.0, days_length=25.0
)
"""Fitted to the hidden spectra of 15 supernovae (``tests/benchmarks/fit_error_model.py``)."""


def wave_correlation(wave: ArrayLike, correlation: Correlation = CORRELATION) -> Array:
    """Correlation of the errors of every two bins of one spectrum.

    Parameters
    ----------
    wave : array_like, (n_wave,) [A]
    correlation : Correlation

    Returns
    -------
    ndarray, (n_wave, n_wave)

    Examples
    --------
    >>> from sntransport.spectra.correlation import wave_correlation
    >>> wave_correlation([5000.0, 5010.0, 8000.0]).round(2)
    array([[1.  , 0.75, 0.  ],
           [0.75, 1.  , 0.  ],
           [0.  , 0.  , 1.  ]])
    """
    x = C_KMS * np.log(np.asarray(wave, dtype=np.float64))
    away = np.abs(x[:, None] - x)
    c = correlation
    smooth = c.short * np.exp(-away / c.short_length) + c.broad * np.exp(-0.5 * (away / c.broad_length) ** 2)
    return np.asarray(smooth + c.white * np.eye(x.size))


def phase_correlation(days: ArrayLike, correlation: Correlation = CORRELATION) -> Array:
    """Correlation of the errors of one bin at two phases ``days`` [rest-frame d] apart, of the shape of ``days``.

    Examples
    --------
    >>> from sntransport.spectra.correlation import phase_correlation
    >>> phase_correlation([0.0, 25.0]).round(2)
    array([1.  , 0.37])
    """
    return np.asarray(np.exp(-np.abs(np.asarray(days, dtype=np.float64)) / correlation.days_length))


def variance(wave: Array, pull: Array, correlation: Correlation = CORRELATION) -> Array:
    """Variance of sums over the bins of a spectrum.

    Parameters
    ----------
    wave : ndarray, (n_wave,) [A]
        Increasing.
    pull : ndarray, (..., n_wave)
        What one standard deviation of each bin changes in the sum.
    correlation : Correlation

    Returns
    -------
    ndarray, (...)
        ``sum_ij pull_i pull_j correlation_ij`` in the squared unit of ``pull``, to 3 % for sums over 200 A or more,
        to 0.5 % over a broad band; 0 without bins.
    """
    used = np.flatnonzero((pull != 0).reshape(-1, wave.size).any(axis=0))
    if not used.size:
        return np.zeros(pull.shape[:-1])
    span = slice(int(used[0]), int(used[-1]) + 1)
    some = pull[..., span]
    blocks = blocks_of(wave[span], correlation)
    summed = np.moveaxis(np.add.reduceat(some, blocks.starts, axis=-1), -1, 0)
    return np.asarray(smooth_variance(summed, blocks) + correlation.white * np.square(some).sum(axis=-1))


@dataclass(frozen=True, eq=False, kw_only=True)
class Blocks:
    """Neighboring bins in blocks much narrower than any length of a correlation, for `smooth_variance`.

    ``starts`` (n_block,) is the first bin of each; ``within`` (n_block,) the short part inside a block, ``fall``
    (n_block,) its factor from the block before. ``wide`` (n_wide, n_block) is 1 where a block is in a wider one, on
    which the broad part is ``broad`` (n_wide, n_wide).
    """

    starts: NDArray[np.int64]
    short: float
    within: Array
    fall: Array
    wide: Array
    broad: Array


def blocks_of(wave: Array, correlation: Correlation) -> Blocks:
    """Cut the bins of a spectrum into blocks.

    Parameters
    ----------
    wave : ndarray, (n_wave,) [A]
        Increasing, one bin or more.
    correlation : Correlation

    Returns
    -------
    Blocks
    """
    c, x = correlation, C_KMS * np.log(wave)
    starts = _starts(x, _SHORT_BLOCK * (c.short_length if c.short > 0 else np.inf), _BROAD_BLOCK * c.broad_length)
    count = np.diff(np.append(starts, x.size))
    center = np.add.reduceat(x, starts) / count
    # Two bins of one block, of m evenly spaced ones, are (m + 1) / 3 m of its width apart in the mean.
    width = x[starts + count - 1] - x[starts]
    within = np.exp(-width * (count + 1.0) / (3.0 * count) / c.short_length)
    fall = np.exp(-np.diff(center, prepend=center[0]) / c.short_length)
    first = _starts(center, _BROAD_BLOCK * c.broad_length)
    wide = np.repeat(np.eye(first.size), np.diff(np.append(first, center.size)), axis=1)
    middle = wide @ (center * count) / (wide @ count)
    broad = c.broad * np.exp(-0.5 * ((middle[:, None] - middle) / c.broad_length) ** 2)
    return Blocks(starts=starts, short=c.short, within=within, fall=fall, wide=wide, broad=broad)


def smooth_variance(pull: Array, blocks: Blocks) -> Array:
    """Variance that the short and the broad part give to sums; the white part is not in it.

    Parameters
    ----------
    pull : ndarray, (n_block, ...)
        Summed over the bins of each block.
    blocks : Blocks

    Returns
    -------
    ndarray, (...)

    Notes
    -----
    An exponential is a Markov chain: what all blocks before have in common with the next falls by one factor from block
    to block, so that the work grows with their number and not with its square.
    """
    if blocks.short > 0:
        before, cross = np.zeros(pull.shape[1:]), np.zeros(pull.shape[1:])
        own, room = np.zeros(pull.shape[1:]), np.empty(pull.shape[1:])
        for one, factor, within in zip(pull, blocks.fall, blocks.within, strict=True):
            before *= factor
            cross += np.multiply(one, before, out=room)
            before += one
            own += np.multiply(np.multiply(one, one, out=room), within, out=room)
        short = blocks.short * (own + 2.0 * cross)
    else:
        short = np.zeros(pull.shape[1:])
    wide = np.tensordot(blocks.wide, pull, axes=1)
    broad = (np.tensordot(blocks.broad, wide, axes=1) * wide).sum(axis=0)
    return np.asarray(np.maximum(short, 0.0) + np.maximum(broad, 0.0))


def _starts(x: Array, *steps: float) -> NDArray[np.int64]:
    """First of each run of ``x`` within the smallest of the steps."""
    return np.flatnonzero(np.diff(np.floor((x - x[0]) / min(steps)), prepend=-1.0)).astype(np.int64)
