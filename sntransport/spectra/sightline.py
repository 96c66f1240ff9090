"""What lies between a supernova and the observer: redshift, distance and dust; all of it in one place.

A series is stored in the rest frame, at 10 pc, free of dust. `to_rest` and `to_observer` take one spectrum or a
stack of them from one frame to the other and are each other's inverse; `phase_of` and `mjd_of` do so for time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array, set_fields
from sntransport.spectra.dust import dust_law, extinction, require_rv


@dataclass(frozen=True, eq=False, kw_only=True)
class Sightline:
    """Redshift, distance and dust toward one supernova.

    Parameters
    ----------
    z : float
        Heliocentric redshift; greater than -1. 0 is allowed (no shift).
    distance_modulus : float
        Distance modulus [mag]; 0 means that the observed flux is the flux at 10 pc.
    ebv_mw, ebv_host : float
        Color excess E(B-V) [mag] of the Milky Way (observer frame) and of the host galaxy (rest frame); not negative.
    rv_mw, rv_host : float
        Ratio of total to selective extinction, in the range of the law (2.3 to 5.6 for F99 and G23, 2 to 6 for O94 and
        CCM89).
    law_mw, law_host : {"F99", "O94", "CCM89", "G23"}
        Law of the dust, a name of `sntransport.spectra.dust.LAWS`.

    Raises
    ------
    ValueError
        Where a value is not finite or outside its range, or a law is not known.
    """

    z: float
    distance_modulus: float
    ebv_mw: float = 0.0
    ebv_host: float = 0.0
    rv_mw: float = 3.1
    rv_host: float = 3.1
    law_mw: str = "F99"
    law_host: str = "F99"

    def __post_init__(self) -> None:
        names = ("z", "distance_modulus", "ebv_mw", "ebv_host", "rv_mw", "rv_host")
        try:
            set_fields(self, **{name: float(getattr(self, name)) for name in names})
        except (TypeError, ValueError):
            raise ValueError("Sightline: every field but the laws is a number") from None
        for name in names:
            if not np.isfinite(getattr(self, name)):
                raise ValueError(f"Sightline: {name} is not finite")
        if self.z <= -1:
            raise ValueError(f"Sightline: z is {self.z:g}, expected more than -1")
        for name in ("ebv_mw", "ebv_host"):
            if getattr(self, name) < 0:
                raise ValueError(f"Sightline: {name} is {getattr(self, name):g}, expected 0 or more")
        for place in ("mw", "host"):
            law = str(getattr(self, f"law_{place}"))
            try:
                dust_law(law)
            except ValueError as error:
                raise ValueError(f"Sightline: law_{place}: {error}") from None
            require_rv(getattr(self, f"rv_{place}"), law, f"Sightline: rv_{place}")
            set_fields(self, **{f"law_{place}": law})


def transmission(wave: ArrayLike, ebv: float, rv: float = 3.1, law: str = "F99") -> Array:
    """Share of light that dust lets through.

    Parameters
    ----------
    wave : array_like, (n_wave,) [A]
        Wavelength in the frame of the dust.
    ebv : float [mag]
        Color excess E(B-V). Where it is 0 the law is not looked at.
    rv : float
        Ratio of total to selective extinction.
    law : str
        A name of `sntransport.spectra.dust.LAWS`.

    Returns
    -------
    ndarray, (n_wave,)
        Between 0 and 1.

    Raises
    ------
    ValueError
        Where the law is not known or not defined there; F99 is held at its ends, 912 A and 6 micron.
    """
    wave = np.asarray(wave, dtype=np.float64)
    if ebv == 0:
        return np.ones_like(wave)
    return np.asarray(10.0 ** (-0.4 * extinction(np.atleast_1d(wave), ebv, rv, law))).reshape(wave.shape)


def dimming(wave_rest: ArrayLike, sightline: Sightline) -> Array:
    """Observed flux density per flux density at 10 pc, dust-free, at each rest wavelength.

    Parameters
    ----------
    wave_rest : array_like, (n_wave,) [A]
        Rest-frame wavelength.
    sightline : Sightline
        Redshift, distance and dust.

    Returns
    -------
    ndarray, (n_wave,)
        ``10**(-0.4 * distance_modulus) / (1 + z)`` times both dust transmissions. Luminosity distance already
        carries the two factors of (1+z) of energy and rate; the third is the stretch of the wavelength unit.

    Raises
    ------
    ValueError
        Where a dust law is not defined at a wavelength (see `transmission`).
    """
    wave_rest = np.asarray(wave_rest, dtype=np.float64)
    stretch = 1.0 + sightline.z
    host = transmission(wave_rest, sightline.ebv_host, sightline.rv_host, sightline.law_host)
    milky_way = transmission(wave_rest * stretch, sightline.ebv_mw, sightline.rv_mw, sightline.law_mw)
    return np.asarray(10.0 ** (-0.4 * sightline.distance_modulus) / stretch * host * milky_way)


def to_rest(wave: ArrayLike, flux: ArrayLike, sightline: Sightline) -> tuple[Array, Array]:
    """Observed spectrum to the rest frame, 10 pc, free of dust.

    Parameters
    ----------
    wave : array_like, (n_wave,) [observer-frame A]
    flux : array_like, (..., n_wave) [erg s-1 cm-2 A-1]
        One spectrum or a stack; negative values and NaN pass through.
    sightline : Sightline

    Returns
    -------
    wave_rest : ndarray, (n_wave,) [rest-frame A]
    flux_rest : ndarray, (..., n_wave) [erg s-1 cm-2 A-1 at 10 pc]
    """
    wave_rest = np.asarray(wave, dtype=np.float64) / (1.0 + sightline.z)
    return wave_rest, np.asarray(flux, dtype=np.float64) / dimming(wave_rest, sightline)


def to_observer(wave_rest: ArrayLike, flux_rest: ArrayLike, sightline: Sightline) -> tuple[Array, Array]:
    """Rest-frame spectrum at 10 pc, free of dust, to the observed one; the inverse of `to_rest`.

    Parameters
    ----------
    wave_rest : array_like, (n_wave,) [rest-frame A]
    flux_rest : array_like, (..., n_wave) [erg s-1 cm-2 A-1 at 10 pc]
    sightline : Sightline

    Returns
    -------
    wave : ndarray, (n_wave,) [observer-frame A]
    flux : ndarray, (..., n_wave) [erg s-1 cm-2 A-1]
    """
    wave_rest = np.asarray(wave_rest, dtype=np.float64)
    return wave_rest * (1.0 + sightline.z), np.asarray(flux_rest, dtype=np.float64) * dimming(wave_rest, sightline)


def phase_of(mjd: ArrayLike, mjd_ref: ArrayLike, z: ArrayLike) -> Array:
    """Rest-frame phase of dates.

    Parameters
    ----------
    mjd : array_like [observer-frame d]
    mjd_ref : array_like [observer-frame d]
        Date of phase 0.
    z : array_like
        Heliocentric redshift. All three of shapes that broadcast.

    Returns
    -------
    ndarray [rest-frame d]
        NaN where any of the three is.
    """
    days = np.asarray(mjd, dtype=np.float64) - np.asarray(mjd_ref, dtype=np.float64)
    return np.asarray(days / (1.0 + np.asarray(z, dtype=np.float64)))


def mjd_of(phase: ArrayLike, mjd_ref: ArrayLike, z: ArrayLike) -> Array:
    """Observer-frame date [d] of rest-frame phases [d]; the inverse of `phase_of`, with the same shapes."""
    stretch = 1.0 + np.asarray(z, dtype=np.float64)
    return np.asarray(np.asarray(mjd_ref, dtype=np.float64) + np.asarray(phase, dtype=np.float64) * stretch)
