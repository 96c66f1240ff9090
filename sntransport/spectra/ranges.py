"""What a redshift, a distance, dust and a date can be: values outside are another quantity, or in another unit.

Every door (files, keywords, options, configurations, objects) asks here, so that all of them refuse the same values
with the same hint. Messages name the value and what it may be meant to be.
"""

from __future__ import annotations

import datetime
import math

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_KMS, JD_MINUS_MJD, MJD_OF_ORDINAL_0
from sntransport._objects.mistakes import warn_caller

LARGEST_Z = 30.0
"""Beyond the first stars (Klessen & Glover 2023, ARA&A 61, 65); no velocity of a supernova in km/s is below it."""

BLUESHIFT = -0.002
"""No galaxy is known to come nearer faster than 600 km/s (NED); a supernova below this has another redshift."""

LEAST_MODULUS, LARGEST_MODULUS = -5.0, 60.0
"""Distance modulus [mag] of 1 pc, and more than that of `LARGEST_Z`."""

LEAST_MPC, LARGEST_MPC = 1e-6, 1e7
"""The same as distances [Mpc]."""

LARGEST_EBV = 20.0
"""E(B-V) [mag]: more than in the center of the Galaxy or of the dustiest galaxies with supernovae."""

UNUSUAL_EBV = 3.0
"""E(B-V) [mag] above which one should look twice: R_V is 3.1, and A_V three times as large."""

FIRST_MJD, LAST_MJD = 15020.0, 88069.0
"""Dates of observations: the years 1900 to 2100. What is 1865 to 1900 is JD - 2450000 or MJD - 50000 of today."""

LYMAN_LIMIT = 911.75
"""Observed wavelength [A] below which the neutral hydrogen of the Milky Way absorbs all light of other galaxies."""

# Beyond these a number is no MJD, even of a simulation with years of its own; a Julian date is.
_LARGEST_NUMBER = 200_000.0
# Below this, JD - 2450000 would be a date before 1999, when nobody wrote it so; light curves of phases end before it.
_FIRST_TRUNCATED = 1000.0


class UnusualValueWarning(UserWarning):
    """A value that is possible but was hardly ever seen.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     there = snt.Sightline(z=-0.005, distance_modulus=24.5)
    >>> print(caught[0].category.__name__)
    UnusualValueWarning
    """


def require_redshift(z: float, label: str) -> float:
    """Return ``z``, or raise a ValueError where it is no redshift; warn where it is a large blueshift."""
    if not math.isfinite(z):
        raise ValueError(f"{label} is not finite")
    if z <= -1:
        raise ValueError(f"{label} is {z:g}, no redshift: expected more than -1{_as_velocity(z)}")
    if z > LARGEST_Z:
        raise ValueError(f"{label} is {z:g}, no redshift: expected at most {LARGEST_Z:g}{_as_velocity(z)}")
    if remark := unusual_redshift(z):
        warn_caller(f"{label} {remark}", UnusualValueWarning)
    return z


def unusual_redshift(z: float) -> str:
    """What is unusual about a redshift, empty where nothing is."""
    if z >= BLUESHIFT:
        return ""
    return f"is {z:g}: a blueshift of {-z * C_KMS:.0f} km/s, more than of any galaxy; is its sign right?"


def require_modulus(modulus: float, label: str) -> float:
    """Return a distance modulus [mag], or raise a ValueError where it is none."""
    if not math.isfinite(modulus):
        raise ValueError(f"{label} is not finite")
    if not LEAST_MODULUS <= modulus <= LARGEST_MODULUS:
        hint = f"; Mpc? then it is {5.0 * math.log10(modulus) + 25.0:.2f} mag" if modulus > LARGEST_MODULUS else ""
        raise ValueError(f"{label} is {modulus:g}, expected {LEAST_MODULUS:g} to {LARGEST_MODULUS:g} mag{hint}")
    return modulus


def require_mpc(mpc: float, label: str) -> float:
    """Return a distance [Mpc], or raise a ValueError where it is none."""
    if not LEAST_MPC <= mpc <= LARGEST_MPC:
        hint = "; pc? then divide it by 1e6" if LARGEST_MPC < mpc < math.inf else ""
        raise ValueError(
            f"{label} is {mpc:g}, expected a positive number of Mpc, {LEAST_MPC:g} to {LARGEST_MPC:g}{hint}"
        )
    return mpc


def require_ebv(ebv: float, label: str) -> float:
    """Return a color excess E(B-V) [mag], or raise a ValueError where it is none."""
    if not math.isfinite(ebv):
        raise ValueError(f"{label} is not finite")
    if ebv < 0:
        raise ValueError(f"{label} is {ebv:g}, expected 0 or more")
    if ebv > LARGEST_EBV:
        raise ValueError(f"{label} is {ebv:g}, expected E(B-V) of at most {LARGEST_EBV:g} mag; is it in mmag?")
    return ebv


def unusual_ebv(ebv: float) -> str:
    """What is unusual about a color excess [mag], empty where nothing is."""
    return f"is {ebv:g} mag: is that A_V or R_V instead of E(B-V)?" if ebv > UNUSUAL_EBV else ""


def require_angstrom(wave: Array, label: str) -> None:
    """Raise a ValueError where most of some increasing wavelengths are none of observed light in A; nm?"""
    if wave.size and float(wave[wave.size // 2]) < LYMAN_LIMIT:
        low, high = wave[[0, -1]]
        raise ValueError(
            f"{label} is {low:g} to {high:g} A, where hydrogen lets no light through: nanometers? then multiply by 10, "
            "or give a Quantity in nm"
        )


def require_date(mjd: float, label: str) -> float:
    """Return a date, or raise a ValueError where it is no MJD of any time axis: not finite, or a Julian date."""
    if not math.isfinite(mjd):
        raise ValueError(f"{label} is not finite")
    if abs(mjd - JD_MINUS_MJD) < _LARGEST_NUMBER:
        raise ValueError(f"{label} is {mjd:.10g}, a Julian date: subtract {JD_MINUS_MJD} to get an MJD")
    if abs(mjd) >= _LARGEST_NUMBER:
        raise ValueError(f"{label} is {mjd:g}, expected a Modified Julian date, such as 56372.5")
    return mjd


def unusual_date(mjd: float) -> str:
    """Why a date is hardly one that a supernova was observed at, with what it may be; empty where it may be one."""
    if FIRST_MJD <= mjd <= LAST_MJD:
        return ""
    if mjd < _FIRST_TRUNCATED:
        told = "days since an event? then add its MJD"
    elif mjd < FIRST_MJD:
        told = f"JD - 2450000? then the MJD is {mjd + 49999.5:.10g}; MJD - 50000? then {mjd + 50000.0:.10g}"
    else:
        told = "give a Modified Julian date, such as 56372.5"
    return f"in the year {_year_of(mjd)}: {told}"


def _year_of(mjd: float) -> int:
    """Year of a date, from 1 to 9999."""
    ordinal = min(max(mjd - MJD_OF_ORDINAL_0, 1), datetime.date.max.toordinal())
    return datetime.date.fromordinal(math.floor(ordinal)).year


def _as_velocity(z: float) -> str:
    """What a number that is no redshift would be as a velocity, empty where it would be beyond that of light."""
    return f"; km/s? then z = {z / C_KMS:.4f}" if LARGEST_Z < abs(z) < C_KMS else ""
