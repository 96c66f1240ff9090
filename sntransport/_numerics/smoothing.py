"""Running means and kernels: how values are smoothed, and how alike neighbors are taken to be."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import uniform_filter1d

from sntransport._numerics.arrays import Array


def bell_mean(values: Array, sigma: float) -> Array:
    """Three running means in a row along the last axis: nearly a Gaussian of this width [bins], in linear time."""
    width = 2 * (int(np.sqrt(4.0 * sigma**2 + 1.0)) // 2) + 1
    for _ in range(3):
        values = uniform_filter1d(values, width, axis=-1, mode="nearest")
    return values


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
