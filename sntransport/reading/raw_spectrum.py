"""A spectrum as its file has it: columns by their names, each with its unit, before anything is converted."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._storage.read_error import ReadError
from sntransport.reading.formats.columns import plain
from sntransport.reading.formats.dates import Date

_WAVE = (
    "wave", "wavelength", "lambda", "lam", "wl", "wav", "wvl", "w", "wavelengths", "waves", "λ", "loglam", "log_wave",
    "log_lambda", "log_wavelength", "wave_air", "air_wave", "air_wavelength", "wavelength_air", "lambda_air", "awav",
    "wave_vac", "vac_wave", "wavelength_vac", "wave_vacuum", "wavelength_vacuum", "vacuum_wavelength", "lambda_vac",
    "obs_wavelength", "wavelength_obs", "wave_obs", "lambda_obs", "observed_wavelength", "angstrom", "angstroms", "nm",
    "micron", "frequency", "freq", "nu",
)  # fmt: skip
_FLUX = (
    "flux", "flam", "f_lambda", "flambda", "flux_reduced", "fluxdensity", "flux_density", "flux_lambda", "fluxes", "f",
    "flx", "f_λ", "fλ", "spec", "spectrum", "intensity", "fnu", "f_nu", "flux_nu",
)  # fmt: skip
_ERROR = (
    "flux_err", "fluxerr", "flux_error", "error", "err", "sigma", "uncertainty", "err_reduced", "eflux", "e_flux",
    "flux_unc", "flux_uncertainty", "fluxerror", "flux_sigma", "err_flux", "error_flux", "errflux", "unc", "errors",
    "dflux", "std", "stdev", "flux_std", "sig", "noise", "eflx", "flux_errors", "flam_err", "e_flam",
)  # fmt: skip
_VARIANCE = ("ivar", "inverse_variance", "flux_ivar", "var", "variance", "flux_var")
_PER_FREQUENCY = ("fnu", "f_nu", "flux_nu")
# "in air mass units" and "refractive index of air" say nothing of the wavelengths.
_SAID = (
    r"\b(?:wave\w*|lambda)\b[^\n]{{0,40}}\b(?:in|to)\s+{0}\b(?![\s-]*mass)|\b{0}[-_ ]wave|\bwavelengths? \(?{0}\b"
    r"|\bmedium\s*[:=]\s*'?{0}\b"
)
_AIR = re.compile(_SAID.format("air"), re.IGNORECASE)
_VACUUM = re.compile(_SAID.format("vac(?:uum)?"), re.IGNORECASE)
_UNIT_OF_NAME = {"angstrom": "Angstrom", "angstroms": "Angstrom", "nm": "nm", "micron": "micron"}


@dataclass(frozen=True, eq=False, kw_only=True)
class RawSpectrum:
    """Columns of a file, as they are.

    ``wave``, ``flux``, ``flux_err`` (n_pix,) in the units named, ``flux_err`` None where there is none, in the unit of
    the flux where ``err_unit`` is empty; ``names`` of the three in the file; ``date``; ``instrument`` and ``medium``
    ("air" or "vacuum") empty where the file does not say; ``remarks``, what deserves a note.
    """

    wave: Array
    flux: Array
    flux_err: Array | None = None
    wave_unit: str = ""
    flux_unit: str = ""
    err_unit: str = ""
    names: tuple[str, str, str] = ("wavelength", "flux", "error")
    date: Date = field(default_factory=Date)
    instrument: str = ""
    medium: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def mjd(self) -> float:
        """MJD [d] of the observation, NaN where the file does not say."""
        return self.date.mjd


def spectrum_of_columns(
    path: Path, columns: Mapping[str, Any], units: Mapping[str, str], *, date: Date, instrument: str = ""
) -> RawSpectrum:
    """A spectrum of named columns.

    Parameters
    ----------
    path : Path
        For messages.
    columns : mapping of str to array_like
        By name, as the file has them; masked values become NaN.
    units : mapping of str to str
        Of the columns that state one.
    date : Date
    instrument : str

    Returns
    -------
    RawSpectrum
        The columns that were not used are named in its remarks.

    Raises
    ------
    ReadError
        Where there is no column of wavelengths or fluxes, or one does not hold numbers.
    """
    by_name = {plain(name): name for name in columns}
    wave_name, flux_name = _required(path, by_name, _WAVE, "wave"), _required(path, by_name, _FLUX, "flux")
    error_name = next((name for name in (*_ERROR, *_VARIANCE) if name in by_name), "")
    used = {by_name[name] for name in (wave_name, flux_name, error_name) if name}
    unused = [name for name in columns if name not in used]
    wave, wave_unit = _wave(path, by_name[wave_name], columns, units)
    flux_unit = units.get(by_name[flux_name], "")
    if not flux_unit and flux_name in _PER_FREQUENCY:
        wrong = f"column {by_name[flux_name]} is a flux per frequency without a unit"
        raise ReadError(path, wrong, 'add flux_unit = "erg/s/cm2/Hz" or the like to its [[spectra]] entry in sn.toml')
    err, err_unit = None, ""
    if error_name:
        err, err_unit = _error(path, by_name[error_name], columns, units)
    return RawSpectrum(
        wave=wave, flux=values_of(path, by_name[flux_name], columns[by_name[flux_name]]), flux_err=err,
        wave_unit=wave_unit, flux_unit=flux_unit, err_unit=err_unit,
        names=(by_name[wave_name], by_name[flux_name], by_name.get(error_name, "")), date=date, instrument=instrument,
        medium=_medium(wave_name), remarks=(f"columns not used: {', '.join(unused)}",) if unused else (),
    )  # fmt: skip


def is_wave_name(name: str) -> bool:
    """Whether a column of this name holds wavelengths."""
    return plain(name) in _WAVE


def is_flux_name(name: str) -> bool:
    """Whether a column of this name holds fluxes."""
    return plain(name) in _FLUX


def values_of(path: Path, name: str, column: Any) -> Array:
    """A column as floats, NaN where masked; a table of one row may hold the whole spectrum in a cell."""
    try:
        filled = np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan)
    except (TypeError, ValueError):
        raise ReadError(path, f"column {name} does not hold numbers", "correct it") from None
    return np.array(filled, dtype=np.float64).ravel()


def medium_of(words: str) -> str:
    """Whether words of a header say that wavelengths are in "air" or "vacuum"; empty where they say neither or both."""
    air, vacuum = _AIR.search(words), _VACUUM.search(words)
    return "" if bool(air) == bool(vacuum) else "air" if air else "vacuum"


def medium_of_header(header: Mapping[str, Any]) -> str:
    """What a header says of air and vacuum, "air", "vacuum" or nothing; keys in lower case.

    CTYPE1 is AWAV or WAVE (Greisen et al. 2006, A&A 446, 747, table 1), MEDIUM and AIRORVAC a word, VACUUM true or
    false; else words of COMMENT, HISTORY and WAT1 tell.
    """
    said = {key: str(header.get(key, "")).strip().lower() for key in ("ctype1", "medium", "airorvac", "vacuum")}
    by_key = (
        {"awav": "air", "wave": "vacuum"}.get(said["ctype1"].split("-")[0], ""),
        *(medium_of(f"medium: {said[key]}") for key in ("medium", "airorvac")),
        {"true": "vacuum", "t": "vacuum", "false": "air", "f": "air"}.get(said["vacuum"], ""),
    )
    words = " ".join(str(header.get(key, "") or "") for key in ("comment", "history", "wat1_001", "ctype1"))
    return next(filter(None, by_key), "") or medium_of(words)


def _required(path: Path, by_name: Mapping[str, str], names: Sequence[str], ours: str) -> str:
    found = next((name for name in names if name in by_name), None)
    if found is None:
        has = ", ".join(by_name.values())
        raise ReadError(path, f"no column {ours} (it has {has})", f"rename one to {ours}")
    return found


def _wave(path: Path, name: str, columns: Mapping[str, Any], units: Mapping[str, str]) -> tuple[Array, str]:
    wave, unit = values_of(path, name, columns[name]), units.get(name, "")
    if plain(name).startswith("log"):
        with np.errstate(over="ignore"):
            wave = np.asarray(10.0**wave)
        inside = re.search(r"[(\[](.*)[)\]]", unit) if "log" in unit.lower() else None
        unit = inside[1] if inside else "" if "log" in unit.lower() else unit
    return wave, unit or _UNIT_OF_NAME.get(plain(name), "")


def _error(path: Path, name: str, columns: Mapping[str, Any], units: Mapping[str, str]) -> tuple[Array, str]:
    """Standard deviations, also where a column holds variances or their inverse, which then have the flux's unit."""
    err = values_of(path, name, columns[name])
    if plain(name) not in _VARIANCE:
        return err, units.get(name, "")
    if units.get(name, ""):
        wrong = f"column {name} has the unit {units[name]!r}"
        raise ReadError(path, wrong, "give standard deviations, flux_err, instead of variances with a unit")
    with np.errstate(all="ignore"):
        variance = 1.0 / err if "i" in plain(name).replace("variance", "").replace("flux", "") else err
        return np.sqrt(np.where((variance > 0) & np.isfinite(variance), variance, math.nan)), ""


def _medium(name: str) -> str:
    parts = name.split("_")
    return "air" if "air" in parts or name == "awav" else "vacuum" if any(p.startswith("vac") for p in parts) else ""
