"""The one ln-wavelength grid of all spectra, and how a spectrum comes to it."""

from __future__ import annotations

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_KMS
from sntransport._objects.arguments import answers_mistakes

GRID_STEP = 250.0
"""Width of a bin of the common ln-wavelength grid [km/s]; the same grid for every supernova."""


@answers_mistakes
def grid_wave(first: int, n_wave: int) -> Array:
    """Centers of bins of the common grid of 250 km/s a bin.

    Parameters
    ----------
    first : int
        Number of the first bin, of which bin 0 is at 1 A.
    n_wave : int
        How many.

    Returns
    -------
    ndarray, (n_wave,) [A]

    Examples
    --------
    >>> from sntransport.spectra import grid_wave
    >>> wave = grid_wave(0, 3)
    >>> print((299792.458 * np.diff(np.log(wave))).round(1))
    [250. 250.]
    """
    return np.asarray(np.exp((first + np.arange(n_wave)) * GRID_STEP / C_KMS))


def velocity_step(wave: Array) -> float:
    """Step [km/s] of wavelengths even in their logarithm, (n_wave,) [A], two or more: the mean of all."""
    return float(C_KMS * np.log(wave[-1] / wave[0]) / (wave.size - 1))


def rebin(wave: Array, flux: Array, flux_err: Array) -> tuple[int, Array, Array]:
    """Mean flux in the bins of the common grid.

    Parameters
    ----------
    wave, flux, flux_err : ndarray, (n_pix,)
        Good pixels only, at least two.

    Returns
    -------
    first : int
        Index of the first bin on the common grid.
    flux, flux_err : ndarray, (n_bin,)
        NaN where the nearest pixels on both sides are further apart than three pixels and two bins.

    Notes
    -----
    The flux is integrated exactly as a piecewise linear function; the error of a bin is that of a pixel divided by
    the square root of the number of pixels in it, never more than that of a pixel.
    """
    step = GRID_STEP / C_KMS
    log_wave = np.log(wave)
    first, last = int(np.ceil(log_wave[0] / step)), int(np.floor(log_wave[-1] / step))
    edges = np.exp((np.arange(first, last + 2) - 0.5) * step)
    area = np.concatenate([[0.0], np.cumsum(0.5 * (flux[1:] + flux[:-1]) * np.diff(wave))])
    clipped = np.clip(edges, wave[0], wave[-1])
    left = np.clip(np.searchsorted(wave, clipped, side="right") - 1, 0, wave.size - 2)
    ahead = clipped - wave[left]
    slope = (flux[left + 1] - flux[left]) / (wave[left + 1] - wave[left])
    mean = np.diff(area[left] + flux[left] * ahead + 0.5 * slope * ahead**2) / np.diff(clipped)
    centers = np.arange(first, last + 1) * step
    spacing = np.diff(log_wave)
    inside = np.clip(np.searchsorted(log_wave, centers, side="right") - 1, 0, wave.size - 2)
    per_bin = np.maximum(step / spacing[inside], 1.0)
    error = np.interp(centers, log_wave, flux_err) / np.sqrt(per_bin)
    hole = spacing[inside] > max(3.0 * float(np.median(spacing)), 2.0 * step)
    mean[hole] = error[hole] = np.nan
    return first, mean, error
