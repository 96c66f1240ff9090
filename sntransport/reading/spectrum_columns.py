"""From the columns of a file to a valid `Spectrum`: units, order, duplicates; nothing that is a matter of judgment."""

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_AA
from sntransport.reading.formats import units
from sntransport.reading.formats.medium import vacuum_of
from sntransport.spectra.observations import Spectrum

MIN_PIXELS = 20
"""A spectrum with fewer usable pixels is rejected."""

# The Lyman limit and 30 micron; a column that leaves this range is not a wavelength in Angstrom.
_WAVE_RANGE = (900.0, 300000.0)
_LEAST_GOOD_SHARE = 0.9

# Median flux density [erg s-1 cm-2 A-1] of any supernova spectrum ever taken, with a wide margin: SN 1987A at 3 mag
# is 2e-10, a 30th-magnitude source 4e-21 in V.
_CREDIBLE_FLUX = (1e-23, 1e-8)

_WAVE_UNITS = {
    "": 1.0, "a": 1.0, "aa": 1.0, "ang": 1.0, "angstrom": 1.0, "angstroms": 1.0, "0.1nm": 1.0, "å": 1.0,
    "nm": 10.0, "nanometer": 10.0, "nanometers": 10.0,
    "um": 1e4, "μm": 1e4, "µm": 1e4, "micron": 1e4, "microns": 1e4, "micrometer": 1e4, "micrometers": 1e4,
    "m": 1e10,
}  # fmt: skip

_PER_ANGSTROM = {
    f"erg/{first}/{second}/{ang}" for first, second in (("s", "cm2"), ("cm2", "s"))
    for ang in ("angstrom", "angstroms", "ang", "a", "aa")
} | {"erg-1cm-2a-1", "ergcm-2s-1a-1", "erg-1cm-2angstrom-1", "ergcm-2s-1angstrom-1", "flam"}  # fmt: skip
_PER_HERTZ = {"erg/s/cm2/hz": 1.0, "erg/cm2/s/hz": 1.0, "erg-1cm-2hz-1": 1.0, "jy": 1e-23, "mjy": 1e-26, "ujy": 1e-29}


# A range without a unit that may be nanometers of the near infrared as well as Angstrom of the far ultraviolet.
_NM_OR_ANGSTROM = (200.0, 2600.0)


class Unusable(ValueError):
    """Why a spectrum is rejected."""


class WrongUnit(Unusable):
    """A unit that must be stated, or stated otherwise."""


def make_spectrum(
    mjd: float,
    wave: Array,
    flux: Array,
    flux_err: Array | None,
    *,
    wave_unit: str = "",
    flux_unit: str = "",
    err_unit: str = "",
    medium: str = "",
    source: str = "",
) -> tuple[Spectrum, tuple[str, ...]]:
    """Make a `Spectrum` of raw columns.

    Parameters
    ----------
    mjd : float [d]
    wave, flux : ndarray, (n_pix,)
        In any order, with NaN, in the units named.
    flux_err : ndarray, or None
        Left out unless it can be an error: as long as ``flux``, not a copy of it. NaN where it is not positive.
    wave_unit, flux_unit, err_unit : str
        As files name them; an empty wavelength unit is Angstrom, one of the error is that of the flux, and it may be
        percent. Anything that is not a flux density makes a spectrum in arbitrary units.
    medium : {"", "air", "vacuum"}
        What the wavelengths are measured in; those in air are converted to vacuum, and where nothing is stated they
        are taken as they are.
    source : str

    Returns
    -------
    spectrum : Spectrum
        Wavelengths increasing, repeated ones averaged; NaN in the flux stays.
    remarks : tuple of str
        What was done that is worth a note.

    Raises
    ------
    Unusable
        Where no spectrum can be made, with the reason; a `WrongUnit` where a unit must be stated.
    """
    if not np.isfinite(mjd):
        raise Unusable("no date")
    remarks: list[str] = []
    wave = _to_angstrom(wave, wave_unit)
    if medium == "air":
        wave = vacuum_of(wave)
        remarks.append("wavelengths in air converted to vacuum")
    with np.errstate(all="ignore"):  # absurd numbers overflow; they become NaN
        flux_err = _in_unit_of_flux(wave, flux, flux_err, err_unit=err_unit, flux_unit=flux_unit)
        wave, flux, err = _usable_columns(wave, flux, flux_err, remarks)
        wave, flux, err = _increasing(wave, flux, err, remarks)
        flux, err, calibrated = _to_per_angstrom(wave, flux, err, flux_unit, remarks)
    _require_content(flux)
    if calibrated and not _CREDIBLE_FLUX[0] < float(np.nanmedian(np.abs(flux))) < _CREDIBLE_FLUX[1]:
        calibrated = False
        remarks.append("flux too large or small for its unit: treated as arbitrary units")
    return Spectrum(mjd=mjd, wave=wave, flux=flux, flux_err=err, calibrated=calibrated, source=source), tuple(remarks)


def is_calibrated(flux_unit: str) -> bool:
    """Whether a unit is a flux density that is understood."""
    name = _plain(flux_unit)
    if name in _PER_ANGSTROM or name in _PER_HERTZ:
        return True
    one = np.ones(1)
    return not units.is_arbitrary(flux_unit) and units.to_per_angstrom(one, flux_unit, one * 5000.0) is not None


def _to_angstrom(wave: Array, unit: str) -> Array:
    """Wavelengths [A]; a WrongUnit where the unit is of something else, or missing where it must be known."""
    factor = _WAVE_UNITS.get(unit.lower().replace(" ", ""))
    if factor is None:
        converted = units.to_angstrom(wave, unit)
        if converted is None:
            raise WrongUnit(f"wavelength unit {unit!r} is not known")
        return converted
    if not unit.strip():
        _require_angstrom(wave)
    with np.errstate(all="ignore"):
        return wave * factor


def _require_angstrom(wave: Array) -> None:
    """Raise a WrongUnit where numbers without a unit count pixels or may be nanometers."""
    known = wave[np.isfinite(wave)]
    if known.size < MIN_PIXELS:
        return
    if known[0] in (0.0, 1.0) and np.all(np.diff(known) == 1.0):
        raise WrongUnit("its wavelength column counts pixels")
    low, high = float(known.min()), float(known.max())
    if _NM_OR_ANGSTROM[0] < low and high < _NM_OR_ANGSTROM[1]:
        raise WrongUnit(f"its wavelengths are {low:g} to {high:g} without a unit, nanometers or Angstrom")


def _in_unit_of_flux(
    wave: Array, flux: Array, flux_err: Array | None, *, err_unit: str, flux_unit: str
) -> Array | None:
    """The errors in the unit of the flux; a WrongUnit where theirs is neither a flux density nor percent."""
    if flux_err is None or flux_err.shape != flux.shape or _plain(err_unit) in ("", _plain(flux_unit)):
        return flux_err
    if units.is_percent(err_unit):
        return np.asarray(np.abs(flux) * flux_err / 100.0)
    mine = _density(flux_err, err_unit, wave)
    if flux_unit and not is_calibrated(flux_unit):
        mine = None
    theirs = _density(np.ones_like(wave), flux_unit or "erg/s/cm2/A", wave)
    if mine is None or theirs is None:
        raise WrongUnit(f"its errors are in {err_unit!r} and its fluxes in {flux_unit or 'no unit'!r}")
    return np.asarray(mine / theirs)


def _density(values: Array, unit: str, wave: Array) -> Array | None:
    name = _plain(unit)
    if name in _PER_ANGSTROM:
        return values
    if name in _PER_HERTZ:
        return np.asarray(values * (_PER_HERTZ[name] * C_AA / wave**2))
    return None if units.is_arbitrary(unit) else units.to_per_angstrom(values, unit, wave)


def _plain(unit: str) -> str:
    if "MJy" in unit:
        return unit  # a megajansky is no millijansky
    name = unit.lower().replace(" ", "").replace("^", "").replace("**", "").replace("sec", "s")
    return name.replace("ergs", "erg").replace("(", "").replace(")", "")


def _usable_columns(wave: Array, flux: Array, flux_err: Array | None, remarks: list[str]) -> tuple[Array, Array, Array]:
    """Pixels with a credible wavelength, and errors that can be errors."""
    if wave.size < MIN_PIXELS:
        raise Unusable(f"only {wave.size} pixels")
    good = (wave >= _WAVE_RANGE[0]) & (wave <= _WAVE_RANGE[1])
    if good.sum() < _LEAST_GOOD_SHARE * wave.size:
        known = wave[np.isfinite(wave)]
        span = f"{known.min():g} to {known.max():g}" if known.size else "no number in it"
        hint = ", in micron?" if known.size and float(known.min()) > 0.05 and float(known.max()) < 35.0 else ""
        raise Unusable(f"its wavelength column is not a wavelength in Angstrom ({span}{hint})")
    if not good.all():
        remarks.append("pixels without a credible wavelength left out")
    flux = np.where(np.isfinite(flux), flux, np.nan)
    return wave[good], flux[good], _errors(flux, flux_err, remarks)[good]


def _errors(flux: Array, flux_err: Array | None, remarks: list[str]) -> Array:
    unknown = np.full(flux.shape, np.nan)
    if flux_err is None or flux_err.shape != flux.shape:
        return unknown
    if np.mean(np.isclose(np.abs(flux_err), np.abs(flux), rtol=1e-6, atol=0.0)) > 0.5:
        remarks.append("error column is a copy of the flux, not used")
        return unknown
    return np.where(np.isfinite(flux_err) & (flux_err > 0), flux_err, np.nan)


def _increasing(wave: Array, flux: Array, err: Array, remarks: list[str]) -> tuple[Array, Array, Array]:
    """Sorted by wavelength; pixels of the same wavelength averaged."""
    step = np.diff(wave)
    if np.all(step > 0):
        return wave, flux, err
    order = np.argsort(wave, kind="stable")
    wave, flux, err = wave[order], flux[order], err[order]
    if not np.all(step < 0):  # a spectrum stored from red to blue deserves no note
        remarks.append("wavelengths sorted or repeated ones averaged")
    unique, which = np.unique(wave, return_inverse=True)
    if unique.size == wave.size:
        return wave, flux, err
    known = np.isfinite(flux)
    count = _sum_by(which, known.astype(np.float64), unique.size)
    mean = _sum_by(which, np.where(known, flux, 0.0), unique.size) / count
    variance = _sum_by(which, np.where(known, err, 0.0) ** 2, unique.size) / count**2
    return unique, mean, np.where(variance > 0, np.sqrt(variance), np.nan)


def _sum_by(which: NDArray[np.intp], values: Array, size: int) -> Array:
    return np.asarray(np.bincount(which.ravel(), weights=values, minlength=size), dtype=np.float64)


def _to_per_angstrom(wave: Array, flux: Array, err: Array, unit: str, remarks: list[str]) -> tuple[Array, Array, bool]:
    name = _plain(unit)
    if name in _PER_ANGSTROM:
        return flux, err, True
    if name not in _PER_HERTZ:
        factor = None if units.is_arbitrary(unit) else units.to_per_angstrom(np.ones_like(wave), unit, wave)
    else:
        factor = np.asarray(_PER_HERTZ[name] * C_AA / wave**2)
    if factor is None:
        return flux, err, False
    if np.allclose(factor, 1.0, rtol=1e-12, atol=0.0):
        # The same unit in other words.
        return flux, err, True
    remarks.append(f"flux converted from {unit} to a density per Angstrom")
    return flux * factor, err * factor, True


def _require_content(flux: Array) -> None:
    known = flux[np.isfinite(flux)]
    if known.size < MIN_PIXELS:
        raise Unusable(f"only {known.size} usable pixels")
    if np.all(known == known[0]):
        raise Unusable(f"its flux is {known[0]:g} everywhere")
