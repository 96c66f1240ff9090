"""Light profiles of galaxies: Sersic's, with elliptical isophotes, to draw places from and to know their brightness.

With the major and minor axis a, b of the half-light isophote and ``rho**2 = (x / a)**2 + (y / b)**2`` along them, the
share of the light per area is

    I(rho) = b_n**(2 n) / (2 pi n a b Gamma(2 n)) exp(-b_n rho**(1 / n)),    P(2 n, b_n) = 1 / 2

and ``P(2 n, b_n rho**(1 / n))`` of it is within rho, P being the regularized incomplete gamma function (Graham & Driver
2005, PASA 22, 118, equations 2 to 5). n = 0.5 is a Gaussian, 1 an exponential disk, 4 a de Vaucouleurs profile.
"""

import numpy as np

from sntransport._numerics.arrays import Array

LEAST_INDEX, MOST_INDEX = 0.3, 10.0
"""Sersic indices that make sense; below 0.5 the middle is a hole."""


def draw_offsets(uniform: Array, index: Array, major: Array, minor: Array, angle: Array) -> tuple[Array, Array]:
    """Places in galaxies, as likely as their light.

    Parameters
    ----------
    uniform : ndarray, (2, n)
        Random numbers from 0 to 1: for the distance and for the direction.
    index : ndarray, (n,)
        Sersic's n.
    major, minor : ndarray, (n,) [arcsec]
        Half axes of the half-light isophote.
    angle : ndarray, (n,) [deg]
        Of the major axis, from north through east.

    Returns
    -------
    east, north : ndarray, (n,) [arcsec]
        From the middle of the galaxy.
    """
    from scipy.special import gammaincinv

    radius = (gammaincinv(2.0 * index, uniform[0]) / half_light_constant(index)) ** index
    direction = 2.0 * np.pi * uniform[1]
    x, y = major * radius * np.cos(direction), minor * radius * np.sin(direction)
    sine, cosine = np.sin(np.radians(angle)), np.cos(np.radians(angle))
    return x * sine - y * cosine, x * cosine + y * sine


def light_per_area(radius: Array, index: Array, major: Array, minor: Array) -> Array:
    """Share of a galaxy's light per area [arcsec-2].

    Parameters
    ----------
    radius : ndarray, (n,)
        In units of the half-light isophote along the same direction (rho above).
    index, major, minor
        As for `draw_offsets`.
    """
    from scipy.special import gammaln

    b = half_light_constant(index)
    log_norm = 2.0 * index * np.log(b) - np.log(2.0 * np.pi * index * major * minor) - gammaln(2.0 * index)
    return np.asarray(np.exp(log_norm - b * radius ** (1.0 / index)))


def isophote(east: Array, north: Array, major: Array, minor: Array, angle: Array) -> Array:
    """Distance of places (n,) [arcsec] from the middle in units of the half-light isophote: rho above."""
    sine, cosine = np.sin(np.radians(angle)), np.cos(np.radians(angle))
    x, y = east * sine + north * cosine, north * sine - east * cosine
    return np.hypot(x / major, y / minor)


def half_light_constant(index: Array) -> Array:
    """Sersic's b_n, exactly: where half of the light is within the half-light radius."""
    from scipy.special import gammaincinv

    return np.asarray(gammaincinv(2.0 * index, 0.5))
