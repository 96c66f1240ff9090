"""Wavelengths in air and in vacuum. Inside the package they are those of vacuum."""

import numpy as np

from sntransport._numerics.arrays import Array

MEDIA = ("air", "vacuum")
"""What a file or ``sn.toml`` may say of its wavelengths."""

# Below this the wavelengths of spectra are always given in vacuum [A].
_LEAST_IN_AIR = 2000.0


def vacuum_of(air: Array) -> Array:
    """Vacuum wavelengths [A] of wavelengths in air [A], to 1e-10 of them.

    Parameters
    ----------
    air : ndarray, (n_wave,) [A]

    Returns
    -------
    ndarray, (n_wave,) [A]
        Below 2000 A the same: there wavelengths are given in vacuum.
    """
    vacuum = air
    for _ in range(4):  # each step gains three digits
        vacuum = air * _index(vacuum)
    return np.where(air < _LEAST_IN_AIR, air, vacuum)


def air_of(vacuum: Array) -> Array:
    """Wavelengths in air [A] of vacuum wavelengths [A]; the inverse of `vacuum_of`."""
    return np.asarray(np.where(vacuum < _LEAST_IN_AIR, vacuum, vacuum / _index(vacuum)))


def _index(vacuum: Array) -> Array:
    """Refractive index of standard air (15 C, 101325 Pa, 450 ppm CO2) at vacuum wavelengths [A].

    Ciddor 1996, Applied Optics 35, 1566, eq. 1, with wavenumbers in 1/micron; the formula that Morton 2000, ApJS 130,
    403 and the IAU recommend agrees with it to 1e-8 in the optical.
    """
    with np.errstate(all="ignore"):  # absurd wavelengths are refused later
        wavenumber_2 = (1e4 / vacuum) ** 2
        return np.asarray(1.0 + 0.05792105 / (238.0185 - wavenumber_2) + 0.00167917 / (57.362 - wavenumber_2))
