"""Scatter of color: a random change of magnitude that depends on the rest-frame wavelength, one draw for each object.

The change is a Gaussian at some wavelengths, with a covariance, linear in wavelength between them and held beyond the
first and the last. An object's band is changed by the value at the band's effective wavelength over 1 + z, all its
dates alike; its spectrum by the value at each wavelength.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array, readonly, require_increasing, require_shape, set_fields
from sntransport._numerics.quantities import ANGSTROM
from sntransport._objects.value_object import ValueObject
from sntransport.simulation.events.joint import covariance_root

# Least change of wavelength between the points of a Gaussian process, in its length: with them linear between, the
# variance midway is 1.0 % low.
_POINTS_PER_LENGTH = 5
# [mag]; beyond all scatter, and its square is a number.
_MOST_SIGMA = 100.0


@dataclass(frozen=True, eq=False, kw_only=True)
class ColorScatter(ValueObject):
    """A Gaussian change of magnitude at rest-frame wavelengths.

    Parameters
    ----------
    wave : array_like, (n_wave,) [rest-frame A]
        Strictly increasing, one or more.
    covariance : array_like, (n_wave, n_wave) [mag2]
        Symmetric, of no negative eigenvalue.

    Raises
    ------
    ValueError
        Where an array does not fit.

    Examples
    --------
    >>> from sntransport.simulation.events.color_scatter import ColorScatter
    >>> scatter = ColorScatter(wave=[4000.0, 8000.0], covariance=[[0.01, 0.0], [0.0, 0.04]])
    >>> scatter.draw(np.random.default_rng(1), 10_000).std(axis=0).round(1).tolist()
    [0.1, 0.2]
    """

    wave: Array
    covariance: Array
    _root: Array = field(init=False)

    def __post_init__(self) -> None:
        wave = readonly(self.wave, "ColorScatter.wave", unit=ANGSTROM)
        require_increasing(wave, "ColorScatter.wave", positive=True)
        covariance = readonly(self.covariance, "ColorScatter.covariance", 2)
        require_shape(covariance, "ColorScatter.covariance", (wave.size, wave.size), "(n_wave, n_wave)")
        if not wave.size:
            raise ValueError("ColorScatter.wave is empty")
        root = covariance_root(covariance, "ColorScatter.covariance")
        set_fields(self, wave=wave, covariance=covariance, _root=root)

    def __repr__(self) -> str:
        digest = sha256(self.wave.tobytes() + self.covariance.tobytes()).hexdigest()
        return f"ColorScatter(n_wave={self.wave.size}, sha256={digest})"

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Changes (n, n_wave) [mag] of objects at the wavelengths of the scatter."""
        return np.asarray(rng.standard_normal((n, self.wave.size)) @ self._root.T)

    def at(self, drawn: Array, wave: Array) -> Array:
        """Changes [mag] of objects at rest-frame wavelengths [A] of their own.

        Parameters
        ----------
        drawn : ndarray, (n, n_wave)
            From `draw`.
        wave : ndarray, (n, m)

        Returns
        -------
        ndarray, (n, m)
        """
        if self.wave.size == 1:
            return np.broadcast_to(drawn, wave.shape).copy()
        held = np.clip(wave, self.wave[0], self.wave[-1])
        right = np.clip(np.searchsorted(self.wave, held, side="right"), 1, self.wave.size - 1)
        share = (held - self.wave[right - 1]) / (self.wave[right] - self.wave[right - 1])
        rows = np.arange(drawn.shape[0])[:, None]
        return np.asarray((1.0 - share) * drawn[rows, right - 1] + share * drawn[rows, right])


def smooth_scatter(
    sigma: float | tuple[ArrayLike, ArrayLike], length: float, *, wave_range: tuple[float, float] = (2000.0, 11_000.0)
) -> ColorScatter:  # fmt: skip
    """A Gaussian process in ln wavelength, ``sigma_i sigma_j exp(-(ln wave_i - ln wave_j)**2 / (2 length**2))``.

    Parameters
    ----------
    sigma : float or tuple of array_like [mag]
        The same everywhere, or a table: rest-frame wavelengths [A] and sigmas, linear between and held beyond.
    length : float
        In ln wavelength: 0.1 is 500 A at 5000 A.
    wave_range : tuple of float [rest-frame A]
        Where the scatter is known; held beyond.

    Returns
    -------
    ColorScatter
        On points a fifth of the length apart: linear between them, the variance is at most 1.0 % less than asked for.

    Raises
    ------
    ValueError
        Where a number is not above 0, a sigma is above 100 mag, or that would be more than 1000 points.

    Examples
    --------
    >>> from sntransport.simulation.events.color_scatter import smooth_scatter
    >>> scatter = smooth_scatter(0.05, length=0.1)
    >>> print(f"{np.sqrt(scatter.covariance[0, 0]):.2f} mag from {scatter.wave[0]:.0f} to {scatter.wave[-1]:.0f} A")
    0.05 mag from 2000 to 11000 A
    """
    low, high = wave_range
    if not 0 < low < high < np.inf or not 0 < length < np.inf:
        raise ValueError(f"wave_range is {wave_range} and length {length}, expected 0 < low < high and above 0")
    n = int(np.ceil(np.log(high / low) / length * _POINTS_PER_LENGTH)) + 1
    if n > 1000:
        raise ValueError(f"a length of {length:g} needs {n} points, more than 1000; make it longer")
    wave = np.geomspace(low, high, n)
    if isinstance(sigma, tuple):
        at, value = readonly(sigma[0], "sigma: wavelengths", unit=ANGSTROM), readonly(sigma[1], "sigma")
        require_increasing(at, "sigma: wavelengths", positive=True)
        require_shape(value, "sigma", at.shape, "(n,)")
        width = np.interp(wave, at, value)
    else:
        width = np.full(n, float(sigma))
    if not np.all((width >= 0) & (width <= _MOST_SIGMA)):
        raise ValueError(f"sigma has values that are not within 0 and {_MOST_SIGMA:g} mag")
    lag = np.log(wave)[:, None] - np.log(wave)
    return ColorScatter(wave=wave, covariance=np.outer(width, width) * np.exp(-0.5 * (lag / length) ** 2))
