"""Physical constants and the few unit converters; inside the package every number has one fixed unit.

Wavelength is in Angstrom, time in days, spectral flux density per wavelength in erg s-1 cm-2 A-1, band flux in
nanojansky on the AB scale, velocity in km/s.
"""

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array

C_KMS = 299792.458
"""Speed of light [km/s] (exact, SI)."""

C_AA = 2.99792458e18
"""Speed of light [A/s] (exact, SI)."""

H_ERG = 6.62607015e-27
"""Planck constant [erg s] (exact, SI)."""

COBALT = 77.236 / np.log(2.0)
"""Mean life of 56Co [d], from its half-life of 77.236 d (Nuclear Data Sheets)."""

MAG_PER_LN = 2.5 / np.log(10.0)
"""Magnitudes in one unit of ln flux: a small relative error times this is an error in magnitudes."""

LN_PER_MAG = 0.4 * np.log(10.0)
"""Units of ln flux in one magnitude, the inverse of `MAG_PER_LN`."""

AB_ZERO_CGS = 10.0 ** (-48.6 / 2.5)
"""Flux density of AB magnitude 0 [erg s-1 cm-2 Hz-1] (Oke & Gunn 1983, ApJ 266, 713)."""

NJY_CGS = 1e-32
"""One nanojansky [erg s-1 cm-2 Hz-1]."""

AB_ZERO_NJY = AB_ZERO_CGS / NJY_CGS
"""Flux density of AB magnitude 0 [nJy]; magnitude 31.4 is 1 nJy to 0.0001 mag."""

JD_MINUS_MJD = 2400000.5
"""What a Julian date is more than a Modified Julian date [d]."""

MJD_OF_ORDINAL_0 = -678576
"""MJD of day 0 of `datetime.date.toordinal` [d]."""


def mag_to_njy(mag: ArrayLike) -> Array:
    """AB magnitude to flux density [nJy]; NaN stays NaN."""
    return np.asarray(AB_ZERO_NJY * 10.0 ** (-0.4 * np.asarray(mag, dtype=np.float64)))


def njy_to_mag(flux: ArrayLike) -> Array:
    """Flux density [nJy] to AB magnitude; NaN where the flux is not positive."""
    flux = np.asarray(flux, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(flux > 0, -2.5 * np.log10(flux / AB_ZERO_NJY), np.nan)


def mag_err_to_relative(mag_err: ArrayLike) -> Array:
    """First-order relative flux error of a magnitude error: 0.4 ln(10) times it."""
    return np.asarray(LN_PER_MAG * np.asarray(mag_err, dtype=np.float64))


def njy_at_zero_point(zero_point: float) -> float:
    """What a flux [nJy] is multiplied by to become one in which a source of magnitude ``zero_point`` [AB] has 1.

    SNANA's FLUXCAL had the zero point 27.5 until 2026 and has 31.4 since; ParSNIP uses 25.
    """
    return float(10.0 ** (0.4 * zero_point) / AB_ZERO_NJY)
