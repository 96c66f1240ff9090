"""Units as people write them, and what one of them is in ours.

A text becomes a unit of astropy after the spellings of headers and papers are brought to astropy's. Nothing is guessed:
what is not understood is None, and the reader that asked says so.
"""

import re
import warnings
from functools import lru_cache
from typing import Any

import numpy as np

from sntransport._numerics.arrays import Array

_CHARACTERS = str.maketrans(
    {"µ": "u", "μ": "u", "Å": "A", "\u212b": "A", "·": " ", "×": "*", "−": "-", "–": "-", "⁻": "-", "⁰": "0",
     "¹": "1", "²": "2", "³": "3", "⁵": "5", "⁶": "6", "⁷": "7", "⁸": "8", "{": "(", "}": ")", "$": " "}
)  # fmt: skip

_ANGSTROM = ("a", "aa", "ang", "angs", "angstrom", "angstroms", "angstroem")
_WORDS = dict.fromkeys(_ANGSTROM, "Angstrom") | {
    "ergs": "erg", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "hz": "Hz", "hertz": "Hz", "watt": "W",
    "watts": "W", "w": "W", "microns": "micron", "nanometer": "nm", "nanometers": "nm", "nanometre": "nm",
    "nanometres": "nm", "micrometer": "um", "micrometers": "um", "micrometre": "um", "micrometres": "um",
    "njy": "nJy", "ujy": "uJy", "mjy": "mJy", "jy": "Jy", "nanojansky": "nJy", "nanojy": "nJy", "microjansky": "uJy",
    "microjy": "uJy", "millijansky": "mJy", "millijy": "mJy", "jansky": "Jy", "janskys": "Jy", "days": "d", "day": "d",
    "erg": "erg", "s": "s",
    "cm": "cm", "nm": "nm", "um": "um", "micron": "micron", "mags": "mag", "magnitude": "mag", "magnitudes": "mag",
    "millimag": "mmag", "degree": "deg", "degrees": "deg",
    "hours": "h", "hour": "h", "minutes": "min", "percent": "%", "per": "/",
}  # fmt: skip
_WHOLE = {
    "flam": "erg / (s cm2 Angstrom)", "f_lambda": "erg / (s cm2 Angstrom)", "cgs": "erg / (s cm2 Angstrom)",
    "fnu": "erg / (s cm2 Hz)", "f_nu": "erg / (s cm2 Hz)", "kev": "keV", "ev": "eV", "%": "%", "mjd": "d", "jd": "d",
}  # fmt: skip
_MAGNITUDES = (
    "mag", "mag(ab)", "abmag", "mag(st)", "stmag", "vegamag", "mag(vega)", "ab", "vega", "mag_ab", "magab", "magvega",
)  # fmt: skip

_POWER_OF_TEN = (
    (re.compile(r"\b10\s*(?:\*\*|\^)\s*\(?\s*([+-]?\d+)\s*\)?"), r"1e\1"),
    (re.compile(r"\b10\s*\(\s*([+-]\d+)\s*\)"), r"1e\1"),
    (re.compile(r"^10\s?([+-]\d+)\b"), r"1e\1"),
)
_SCALE = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?)\s*(?:\*(?!\*)|x(?=\s))?\s*(?=[A-Za-z(/])")

_LARGEST_UNIT = 1e10
"""One meter [A]: who measures light in longer units has another column."""

_NO_DENSITY = (
    "adu", "count", "counts", "ct", "cts", "dn", "electron", "electrons", "photon", "photons", "arbitrary", "arb",
    "arb.", "relative", "rel", "normalized", "normalised", "uncalibrated", "unitless", "counts/s", "ct/s", "electron/s",
    "adu/s", "electrons/s", "counts/sec", "e-", "e-/s", "arbitraryunits", "arb.units", "arbunits", "a.u.",
    "normalizedflux", "relativeflux",
)  # fmt: skip


@lru_cache(maxsize=512)
def unit_of(text: str) -> Any:
    """The unit that a text means.

    Parameters
    ----------
    text : str
        Such as "erg/s/cm2/A", "10^-17 ergs/cm^2/s/Ang", "uJy", "micron" or "W m-2 um-1".

    Returns
    -------
    astropy.units.UnitBase or None
        None where it is not understood, or is a magnitude.
    """
    from astropy import units

    plain = text.translate(_CHARACTERS).strip().strip("'\"[]").strip()
    plain = _WHOLE.get(plain.lower(), plain)
    if not plain or plain.lower() in _MAGNITUDES[1:]:
        return None
    for pattern, replacement in _POWER_OF_TEN:
        plain = pattern.sub(replacement, plain)
    scale = 1.0
    if match := _SCALE.match(plain):
        scale, plain = float(re.sub("[dD]", "e", match[1])), plain[match.end() :]
    plain = re.sub(r"[A-Za-z]+", lambda word: _word(word[0]), plain)
    plain = re.sub(r"(?<=[A-Za-z])\s*(?:\^|\*\*)?\s*\(\s*([+-]?\d+)\s*\)", r"**(\1)", plain)
    plain = re.sub(r"\^\s*([+-]?\d+)", r"**(\1)", plain).strip()
    if plain == "erg/cm/s/Angstrom":
        plain = "erg/cm2/s/Angstrom"  # the header of every spectrum of the SDSS until 2012 lacks the square
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            unit = units.Unit(plain)
            return units.Unit(scale * unit) if scale != 1.0 else unit
    except (ValueError, TypeError, OverflowError, AttributeError):
        return None


def _word(word: str) -> str:
    """A word as astropy spells it; a megajansky is no millijansky."""
    return word if word == "MJy" else _WORDS.get(word.lower(), word)


def is_arbitrary(text: str) -> bool:
    """Whether a unit says that fluxes have no scale: counts, electrons, normalized, or nothing."""
    return text.replace(" ", "").strip("[]()").lower() in ("", *_NO_DENSITY)


def is_magnitude(text: str) -> bool:
    """Whether a text is a unit of magnitudes, of whatever system."""
    return text.strip().strip("[]").replace(" ", "").lower() in _MAGNITUDES


def is_percent(text: str) -> bool:
    """Whether a unit is percent, also as FITS writes it ("10**-2")."""
    return text.replace(" ", "").lower() in ("%", "percent", "pct", "10**-2", "1e-2", "0.01")


def to_angstrom(values: Array, unit: str) -> Array | None:
    """Wavelengths [A] of wavelengths, frequencies or photon energies in ``unit``; None where it is none of these."""
    from astropy import units

    found = unit_of(unit)
    if found is None or (found.is_equivalent(units.AA) and found.to(units.AA) > _LARGEST_UNIT):
        return None
    return _converted(values, found, units.AA, units.spectral())


def to_per_angstrom(values: Array, unit: str, wave: Array) -> Array | None:
    """Flux densities [erg s-1 cm-2 A-1] at wavelengths [A] of those in ``unit``; None where it is no flux density."""
    from astropy import units

    found, target = unit_of(unit), units.Unit("erg / (s cm2 Angstrom)")
    if found is None or not (found.is_equivalent(target) or found.is_equivalent(units.Jy)):
        return None
    return _converted(values, found, target, units.spectral_density(wave * units.AA))


def to_njy(value: float, unit: str, wave: float) -> float | None:
    """Flux density [nJy] of one in ``unit`` per frequency, or per wavelength at ``wave`` [A]; None where it is none."""
    from astropy import units

    found = unit_of(unit)
    if found is None or not (found.is_equivalent(units.Jy) or found.is_equivalent("erg / (s cm2 Angstrom)")):
        return None
    made = _converted(np.array([value]), found, units.nJy, units.spectral_density(np.array([wave]) * units.AA))
    return None if made is None else float(made[0])


def factor(unit: str, target: str) -> float | None:
    """What a number in ``unit`` is multiplied by to be one in ``target``; None where they do not measure the same."""
    found, wanted = unit_of(unit), unit_of(target)
    if found is None:
        return None
    made = _converted(np.array([1.0]), found, wanted, ())
    return None if made is None else float(made[0])


def _converted(values: Array, unit: Any, target: Any, equivalencies: Any) -> Array | None:
    from astropy import units

    try:
        with np.errstate(all="ignore"):  # absurd numbers overflow; what is not finite is looked at later
            return np.asarray(unit.to(target, values, equivalencies), dtype=np.float64)
    except (ValueError, TypeError, units.UnitsError):
        return None
