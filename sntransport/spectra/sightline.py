"""What lies between a supernova and the observer: redshift, distance and dust; all of it in one place.

A series is stored in the rest frame, at 10 pc, free of dust. `to_rest` and `to_observer` take one spectrum or a
stack of them from one frame to the other and are each other's inverse; `phase_of` and `mjd_of` do so for time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array, set_fields
from sntransport._numerics.quantities import ANGSTROM, DAY, F_LAMBDA, MAGNITUDE, MJD, NUMBER, bare, bare_number
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.mistakes import wrong_kind
from sntransport._objects.value_object import ValueObject
from sntransport.spectra.dust import dust_law, extinction, require_rv
from sntransport.spectra.ranges import require_ebv, require_modulus, require_redshift

_UNITS = {
    "z": NUMBER, "distance_modulus": MAGNITUDE, "ebv_mw": MAGNITUDE, "ebv_host": MAGNITUDE, "rv_mw": NUMBER,
    "rv_host": NUMBER,
}  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class Sightline(ValueObject):
    """Redshift, distance and dust toward one supernova.

    Parameters
    ----------
    z : float
        Heliocentric redshift; greater than -1, at most 30. 0 is allowed (no shift).
    distance_modulus : float
        Distance modulus [mag], -5 to 60; 0 means that the observed flux is the flux at 10 pc.
    ebv_mw, ebv_host : float
        Color excess E(B-V) [mag] of the Milky Way (observer frame) and of the host galaxy (rest frame); 0 to 20.
    rv_mw, rv_host : float
        Ratio of total to selective extinction, in the range of the law (2.3 to 5.6 for F99 and G23, 2 to 6 for O94 and
        CCM89).
    law_mw, law_host : {"F99", "O94", "CCM89", "G23"}
        Law of the dust, a name of `sntransport.spectra.dust.LAWS`.

    Raises
    ------
    ValueError
        Where a value is not finite, has a unit that does not fit or is outside its range, or a law is not known.

    Warns
    -----
    UnusualValueWarning
        (A UserWarning.) Where the source comes nearer faster than any galaxy, 600 km/s.

    Examples
    --------
    >>> there = snt.Sightline(z=0.02, distance_modulus=34.7, ebv_mw=0.05, ebv_host=0.1)
    >>> there.law_mw, there.rv_host
    ('F99', 3.1)
    >>> snt.Sightline(z=0.02, distance_modulus=34.7, ebv_mw=-0.1)
    Traceback (most recent call last):
        ...
    ValueError: Sightline: ebv_mw is -0.1, expected 0 or more
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
        values = {name: bare_number(getattr(self, name), f"Sightline: {name}", unit) for name, unit in _UNITS.items()}
        set_fields(self, **values)
        require_modulus(self.distance_modulus, "Sightline: distance_modulus")
        require_ebv(self.ebv_mw, "Sightline: ebv_mw")
        require_ebv(self.ebv_host, "Sightline: ebv_host")
        require_redshift(self.z, "Sightline: z")
        for place in ("mw", "host"):
            law = str(getattr(self, f"law_{place}"))
            try:
                dust_law(law)
            except ValueError as error:
                raise ValueError(f"Sightline: law_{place}: {error}") from None
            require_rv(getattr(self, f"rv_{place}"), law, f"Sightline: rv_{place}")
            set_fields(self, **{f"law_{place}": law})


def require_sightline(value: object, caller: str) -> None:
    """Raise a TypeError that says what to do unless ``value`` is a `Sightline`."""
    if not isinstance(value, Sightline):
        remedies = {
            "Supernova": "write sn.sightline",
            "int": "write Sightline(z=..., distance_modulus=...)",
            "float": "write Sightline(z=..., distance_modulus=...)",
            "": "its place in the arguments is the last: write sightline=Sightline(z=..., distance_modulus=...)",
        }
        raise wrong_kind(caller, "a Sightline", value, remedies)


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

    Examples
    --------
    >>> from sntransport.spectra.sightline import transmission
    >>> transmission([4400.0, 5500.0], ebv=0.1).round(2).tolist()
    [0.69, 0.76]
    """
    wave = _plain(wave, "wave", ANGSTROM)
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
    wave_rest = _plain(wave_rest, "wave_rest", ANGSTROM)
    stretch = 1.0 + sightline.z
    host = transmission(wave_rest, sightline.ebv_host, sightline.rv_host, sightline.law_host)
    milky_way = transmission(wave_rest * stretch, sightline.ebv_mw, sightline.rv_mw, sightline.law_mw)
    return np.asarray(10.0 ** (-0.4 * sightline.distance_modulus) / stretch * host * milky_way)


@answers_mistakes
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

    Examples
    --------
    >>> from sntransport.spectra import to_rest
    >>> wave, flux = to_rest([5500.0, 6600.0], [1e-15, 1e-15], snt.Sightline(z=0.1, distance_modulus=38.3, ebv_mw=0.05))
    >>> print(wave, flux.round(3))
    [5000. 6000.] [2.643 2.559]
    """
    wave = _plain(wave, "wave", ANGSTROM)
    wave_rest = wave / (1.0 + sightline.z)
    return wave_rest, _plain(flux, "flux", F_LAMBDA, wave) / dimming(wave_rest, sightline)


@answers_mistakes
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

    Examples
    --------
    >>> from sntransport.spectra import to_observer
    >>> wave, flux = to_observer([5000.0, 6000.0], [1.0, 1.0], snt.Sightline(z=0.1, distance_modulus=5.0))
    >>> print(wave, flux.round(5))
    [5500. 6600.] [0.00909 0.00909]
    """
    wave_rest = _plain(wave_rest, "wave_rest", ANGSTROM)
    flux_rest = _plain(flux_rest, "flux_rest", F_LAMBDA, wave_rest)
    return wave_rest * (1.0 + sightline.z), flux_rest * dimming(wave_rest, sightline)


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

    Examples
    --------
    >>> from sntransport.spectra.sightline import phase_of
    >>> phase_of([60000.0, 60011.0], mjd_ref=60000.0, z=0.1).round(6).tolist()
    [0.0, 10.0]
    """
    days = _plain(mjd, "mjd", MJD) - _plain(mjd_ref, "mjd_ref", MJD)
    return np.asarray(days / (1.0 + _plain(z, "z", NUMBER)))


def mjd_of(phase: ArrayLike, mjd_ref: ArrayLike, z: ArrayLike) -> Array:
    """Observer-frame date [d] of rest-frame phases [d]; the inverse of `phase_of`, with the same shapes.

    Examples
    --------
    >>> from sntransport.spectra.sightline import mjd_of
    >>> mjd_of([0.0, 10.0], mjd_ref=60000.0, z=0.1).round(6).tolist()
    [60000.0, 60011.0]
    """
    stretch = 1.0 + _plain(z, "z", NUMBER)
    return np.asarray(_plain(mjd_ref, "mjd_ref", MJD) + _plain(phase, "phase", DAY) * stretch)


def _plain(value: ArrayLike, name: str, unit: str, wave: ArrayLike | None = None) -> Array:
    return np.asarray(bare(value, name, unit, wave), dtype=np.float64)
