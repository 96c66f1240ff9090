"""The motion of the Sun against the cosmic microwave background: redshifts as seen from the Sun and in its frame."""

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_KMS

SOLAR_SPEED = 369.82
"""Of the Sun in the frame of the microwave background [km/s] (Planck 2018 results I, A&A 641, A1, table 3)."""

SOLAR_APEX = (167.942, -6.944)
"""Right ascension and declination (J2000) that the Sun moves to [deg]; from the same table."""


def solar_velocity(ra: ArrayLike, dec: ArrayLike) -> Array:
    """Component of the Sun's velocity toward a direction [km/s].

    Parameters
    ----------
    ra, dec : array_like [deg]
        J2000.

    Returns
    -------
    ndarray
        Of the shape of both; positive toward the apex.
    """
    alpha, delta = np.deg2rad(np.asarray(ra, dtype=np.float64)), np.deg2rad(np.asarray(dec, dtype=np.float64))
    alpha_0, delta_0 = np.deg2rad(SOLAR_APEX)
    cosine = np.sin(delta) * np.sin(delta_0) + np.cos(delta) * np.cos(delta_0) * np.cos(alpha - alpha_0)
    return np.asarray(SOLAR_SPEED * cosine)


def cmb_redshift(z_helio: ArrayLike, ra: ArrayLike, dec: ArrayLike) -> Array:
    """Redshift in the frame of the microwave background of what has a heliocentric redshift.

    Parameters
    ----------
    z_helio : array_like
    ra, dec : array_like [deg]
        J2000.

    Returns
    -------
    ndarray
        ``(1 + z_helio) / (1 - v / c) - 1`` with `solar_velocity` v, the formula of SNANA (sntools_cosmology.c).
    """
    return np.asarray((1.0 + np.asarray(z_helio, dtype=np.float64)) / (1.0 - solar_velocity(ra, dec) / C_KMS) - 1.0)


def helio_redshift(z_cmb: ArrayLike, ra: ArrayLike, dec: ArrayLike) -> Array:
    """Heliocentric redshift of what has a redshift in the frame of the microwave background.

    Parameters
    ----------
    z_cmb : array_like
    ra, dec : array_like [deg]
        J2000.

    Returns
    -------
    ndarray
        ``(1 + z_cmb) (1 - v / c) - 1``, the inverse of `cmb_redshift`.
    """
    return np.asarray((1.0 + np.asarray(z_cmb, dtype=np.float64)) * (1.0 - solar_velocity(ra, dec) / C_KMS) - 1.0)
