"""From the columns of a file to a valid `Spectrum`: units, order, duplicates; nothing that is a matter of judgment."""

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_AA
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


class Unusable(ValueError):
    """Why a spectrum is rejected."""


def make_spectrum(
    mjd: float,
    wave: Array,
    flux: Array,
    flux_err: Array | None,
    *,
    wave_unit: str = "",
    flux_unit: str = "",
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
    wave_unit, flux_unit : str
        As files name them; an empty wavelength unit is Angstrom. Anything that is not a flux density makes a
        spectrum in arbitrary units.
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
        Where no spectrum can be made, with the reason.
    """
    if not np.isfinite(mjd):
        raise Unusable("no date")
    remarks: list[str] = []
    factor = _WAVE_UNITS.get(wave_unit.lower().replace(" ", ""))
    if factor is None:
        raise Unusable(f"wavelength unit {wave_unit!r} is not known")
    with np.errstate(all="ignore"):  # absurd numbers overflow; they become NaN
        wave, flux, err = _usable_columns(wave * factor, flux, flux_err, remarks)
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
    return name in _PER_ANGSTROM or name in _PER_HERTZ


def _plain(unit: str) -> str:
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
        raise Unusable(f"its wavelength column is not a wavelength in Angstrom ({span})")
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
        return flux, err, False
    remarks.append(f"flux converted from {unit} to a density per Angstrom")
    factor = _PER_HERTZ[name] * C_AA / wave**2
    return flux * factor, err * factor, True


def _require_content(flux: Array) -> None:
    known = flux[np.isfinite(flux)]
    if known.size < MIN_PIXELS:
        raise Unusable(f"only {known.size} usable pixels")
    if np.all(known == known[0]):
        raise Unusable(f"its flux is {known[0]:g} everywhere")
