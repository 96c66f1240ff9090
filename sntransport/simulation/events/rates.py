"""How many supernovae explode: published rates per comoving volume, and the redshifts and numbers that follow.

A rate is a function of redshift, ``rate(z) -> (n,) [yr-1 Mpc-3]`` in the time of the source; one's own serves as well.
All are for H0 = 70 km/s/Mpc.

Checked against SNANA's inputs and source: the power laws of Dilday and Hounsell, the coefficients of Strolger, the
form of Madau & Dickinson. Checked against the abstract: Frohmaier's local rate of 2.43e-5 at z = 0.07, which the power
law here meets within its error. From memory: Frohmaier's power law, and the 0.0068 supernovae per solar mass of Madau
& Dickinson.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport.simulation.events.distributions import Tabulated

Rate = Callable[[Array], Array]

# Steps of redshift in tables and integrals; linear in between.
_N_Z = 2001
# Beyond it there was nothing to explode, and numbers overflow.
_LARGEST_Z = 1000.0
_SKY = 4.0 * np.pi * np.degrees(1.0) ** 2


@dataclass(frozen=True, kw_only=True)
class Cosmology:
    """Flat, of matter and a cosmological constant: ``h0`` [km/s/Mpc] and ``om0``.

    Examples
    --------
    >>> from sntransport.simulation.events import Cosmology, expected_number
    >>> from sntransport.simulation.events.rates import dilday2008
    >>> for cosmology in (Cosmology(), Cosmology(h0=67.7, om0=0.31)):
    ...     print(f"{expected_number(dilday2008, 0.01, 0.1, area=15000.0, years=1.0, cosmology=cosmology):.0f}")
    3005
    3314
    """

    h0: float = 70.0
    om0: float = 0.3

    def __post_init__(self) -> None:
        if not (1 <= self.h0 <= 1000 and 0.001 <= self.om0 <= 1):
            raise ValueError(f"{self}: expected h0 from 1 to 1000 and om0 from 0.001 to 1")

    def distance_modulus(self, z: ArrayLike) -> Array:
        """Distance modulus [mag] at redshifts (n,) above 0."""
        return np.asarray(self._model().distmod(np.asarray(z, dtype=np.float64)).value)

    def volume_per_redshift(self, z: ArrayLike) -> Array:
        """Comoving volume per redshift of the whole sky [Mpc3] at redshifts (n,)."""
        per_steradian = self._model().differential_comoving_volume(np.asarray(z, dtype=np.float64)).value
        return np.asarray(4.0 * np.pi * per_steradian)

    def _model(self) -> Any:
        from astropy.cosmology import FlatLambdaCDM

        return FlatLambdaCDM(H0=self.h0, Om0=self.om0)


def dilday2008(z: ArrayLike) -> Array:
    """SN Ia, ``2.6e-5 (1 + z)**1.5`` (Dilday et al. 2008, ApJ 682, 262).

    Parameters
    ----------
    z : array_like, (n,)

    Returns
    -------
    ndarray, (n,) [yr-1 Mpc-3]

    Examples
    --------
    >>> from sntransport.simulation.events.rates import dilday2008
    >>> print(dilday2008([0.0, 0.5]))
    [2.600000e-05 4.776505e-05]
    """
    return np.asarray(2.6e-5 * (1.0 + np.asarray(z)) ** 1.5)


def hounsell2018(z: ArrayLike) -> Array:
    """SN Ia to high redshift: ``2.5e-5 (1 + z)**1.5`` to z = 1, ``9.7e-5 (1 + z)**-0.5`` beyond.

    Hounsell et al. 2018, ApJ 867, 23.

    Parameters
    ----------
    z : array_like, (n,)

    Returns
    -------
    ndarray, (n,) [yr-1 Mpc-3]

    Examples
    --------
    >>> from sntransport.simulation.events.rates import hounsell2018
    >>> print(hounsell2018([0.0, 2.0]))
    [2.50000000e-05 5.60029761e-05]
    """
    z = np.asarray(z, dtype=np.float64)
    return np.where(z < 1.0, 2.5e-5 * (1.0 + z) ** 1.5, 9.7e-5 * (1.0 + z) ** -0.5)


def frohmaier2019(z: ArrayLike) -> Array:
    """SN Ia, ``2.27e-5 (1 + z)**1.7`` (Frohmaier et al. 2019, MNRAS 486, 2308).

    Parameters
    ----------
    z : array_like, (n,)

    Returns
    -------
    ndarray, (n,) [yr-1 Mpc-3]

    Examples
    --------
    >>> from sntransport.simulation.events.rates import frohmaier2019
    >>> print(frohmaier2019([0.0, 0.5]))
    [2.27000000e-05 4.52252522e-05]
    """
    return np.asarray(2.27e-5 * (1.0 + np.asarray(z)) ** 1.7)


def strolger2015(z: ArrayLike) -> Array:
    """Core collapse after star formation (Strolger et al. 2015, ApJ 813, 93).

    ``k h**2 A (1 + z)**C / (((1 + z) / B)**D + 1)`` with A = 0.015, B = 1.5, C = 5.0, D = 6.1, k = 0.0091 per solar
    mass and h = 0.7.

    Parameters
    ----------
    z : array_like, (n,)

    Returns
    -------
    ndarray, (n,) [yr-1 Mpc-3]

    Examples
    --------
    >>> from sntransport.simulation.events.rates import strolger2015
    >>> print((1e4 * strolger2015([0.0, 1.0])).round(2))
    [0.62 3.16]
    """
    one = 1.0 + np.asarray(z, dtype=np.float64)
    return np.asarray(0.0091 * 0.7**2 * 0.015 * one**5.0 / ((one / 1.5) ** 6.1 + 1.0))


def madau2014(z: ArrayLike) -> Array:
    """Core collapse after star formation (Madau & Dickinson 2014, ARA&A 52, 415, equations 15 and 16).

    ``0.0068 * 0.015 (1 + z)**2.7 / (1 + ((1 + z) / 2.9)**5.6)``.

    Parameters
    ----------
    z : array_like, (n,)

    Returns
    -------
    ndarray, (n,) [yr-1 Mpc-3]

    Examples
    --------
    >>> from sntransport.simulation.events.rates import madau2014
    >>> print((1e4 * madau2014([0.0, 1.0])).round(2))
    [1.02 5.89]
    """
    one = 1.0 + np.asarray(z, dtype=np.float64)
    return np.asarray(0.0068 * 0.015 * one**2.7 / (1.0 + (one / 2.9) ** 5.6))


RATES = {function.__name__: function for function in (dilday2008, hounsell2018, frohmaier2019, strolger2015, madau2014)}
"""The published rates by name."""


@answers_mistakes
def rate_redshifts(rate: Rate, z_min: float, z_max: float, cosmology: Cosmology | None = None) -> Tabulated:
    """Redshifts of events that explode at a rate per volume, as an observer counts them.

    Parameters
    ----------
    rate : callable
        ``rate(z) -> (n,) [yr-1 Mpc-3]``.
    z_min, z_max : float
    cosmology : Cosmology, optional

    Returns
    -------
    Tabulated
        Density ``rate(z) / (1 + z) dV/dz`` on 2001 points, linear in between: events per year of the observer and
        unit of redshift on the whole sky.

    Raises
    ------
    ValueError
        Where ``z_min`` is not above 0 or not below ``z_max``, or that is above 1000, or a rate is negative, not finite
        or 0 everywhere.

    Examples
    --------
    >>> from sntransport.simulation.events import rate_redshifts
    >>> from sntransport.simulation.events.rates import dilday2008
    >>> redshift = rate_redshifts(dilday2008, 0.01, 0.1)
    >>> z = redshift.draw(np.random.default_rng(1), 1000)
    >>> print(redshift.support, f"{np.mean(z > 0.05):.1f} beyond 0.05")
    (0.01, 0.1) 0.9 beyond 0.05
    """
    if not 0 < z_min < z_max <= _LARGEST_Z:
        raise ValueError(f"z_min is {z_min:g} and z_max {z_max:g}, expected 0 < z_min < z_max <= {_LARGEST_Z:g}")
    z = np.linspace(z_min, z_max, _N_Z)
    volume = (Cosmology() if cosmology is None else cosmology).volume_per_redshift(z)
    return Tabulated(value=z, density=np.asarray(rate(z)) / (1.0 + z) * volume)


@answers_mistakes
def expected_number(
    rate: Rate, z_min: float, z_max: float, *, area: float, years: float, cosmology: Cosmology | None = None
) -> float:  # fmt: skip
    """How many events explode in a part of the sky, seen or not.

    Parameters
    ----------
    rate, z_min, z_max, cosmology
        As for `rate_redshifts`.
    area : float [deg2]
        Such as `sntransport.simulation.surveys.footprint.footprint_area` gives it.
    years : float
        In the time of the observer.

    Returns
    -------
    float

    Examples
    --------
    >>> from sntransport.simulation.events import expected_number
    >>> from sntransport.simulation.events.rates import dilday2008
    >>> print(f"{expected_number(dilday2008, 0.01, 0.1, area=15000.0, years=1.0):.0f}")
    3005
    """
    if not (0 <= area <= _SKY * (1 + 1e-9) and 0 <= years < np.inf):
        raise ValueError(f"area is {area} deg2 and years {years}, expected 0 to {_SKY:.0f} deg2 and 0 years or more")
    table = rate_redshifts(rate, z_min, z_max, cosmology)
    per_year = np.sum(0.5 * (table.density[1:] + table.density[:-1]) * np.diff(table.value))
    return float(per_year * area / _SKY * years)
