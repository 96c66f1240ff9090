"""Running means and kernels: how values are smoothed, and how alike neighbors are taken to be."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from sntransport._numerics.arrays import Array


def bell_mean(values: Array, sigma: float) -> Array:
    """Three running means in a row along the last axis: nearly a Gaussian of this width [bins], in linear time."""
    width = bell_width(sigma)
    for _ in range(3):
        values = uniform_filter1d(values, width, axis=-1, mode="nearest")
    return values


def bell_width(sigma: float) -> int:
    """Bins of each of the running means that `bell_mean` consists of: three variances make that of the Gaussian."""
    return 2 * (int(np.sqrt(4.0 * sigma**2 + 1.0)) // 2) + 1


def known_mean(values: Array, known: NDArray[np.bool_], sigma: float) -> Array:
    """Gaussian mean along the last axis, of this width [bins], over the bins that are ``known`` (n,) alone."""
    share = gaussian_filter1d(known.astype(np.float64), sigma, mode="constant")
    filtered = gaussian_filter1d(np.where(known, values, 0.0), sigma, axis=-1, mode="constant")
    return np.asarray(filtered / np.maximum(share, 1e-12))


def matern(lag: ArrayLike, scale: float, variance: float = 1.0) -> Array:
    """Matern-3/2 covariance of values that lie apart (Rasmussen & Williams 2006, eq. 4.17).

    Parameters
    ----------
    lag : array_like
        How far apart; the sign does not matter.
    scale : float
        In the unit of ``lag``, positive.
    variance : float
        At no lag; 1 gives the correlation.

    Returns
    -------
    ndarray, of the shape of ``lag``
    """
    distance = np.sqrt(3.0) * np.abs(lag) / scale
    return np.asarray(variance * (1.0 + distance) * np.exp(-distance))


def matern52(lag: ArrayLike, scale: float) -> Array:
    """Matern-5/2 correlation of values that lie apart: twice differentiable (Rasmussen & Williams 2006, eq. 4.17).

    Parameters
    ----------
    lag : array_like
        How far apart; the sign does not matter.
    scale : float
        In the unit of ``lag``, positive.

    Returns
    -------
    ndarray, of the shape of ``lag``
    """
    distance = np.sqrt(5.0) * np.abs(lag) / scale
    return np.asarray((1.0 + distance + distance**2 / 3.0) * np.exp(-distance))
