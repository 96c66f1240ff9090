"""Reader of a folder of one's own data: ``sn.toml``, spectra and photometry."""

import difflib
import math
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._storage.read_error import ReadError, number
from sntransport.reading.account import (
    Account,
    Facts,
    assemble,
    distance_from_z,
    modulus_of,
    require_mjd,
    require_ranges,
)
from sntransport.reading.folder_keys import instead_of
from sntransport.reading.photometry_files import read_photometry_file
from sntransport.reading.spectrum_columns import Unusable, is_calibrated, make_spectrum
from sntransport.reading.spectrum_files import RawSpectrum, read_spectrum_file
from sntransport.spectra.observations import LightCurve, Spectrum, Supernova

_TEXT = ("name", "type", "mjd_ref_meaning", "default_system", "law_mw", "law_host")
_NUMBERS = ("z", "distance_modulus", "distance_mpc", "ebv_mw", "ebv_host", "rv_mw", "rv_host", "mjd_ref")
_KEYS = (*_TEXT, *_NUMBERS, "aliases", "photometry", "spectra")
_SPECTRUM_KEYS: dict[str, tuple[Any, str]] = {
    "file": (str, "a file name in quotes"),
    "mjd": ((int, float), "a number"),
    "calibrated": (bool, "true or false"),
    "instrument": (str, "text in quotes"),
}
_PHOTOMETRY = ("photometry.ecsv", "photometry.csv")
# What lies beside data without being data, by its ending or by how its name begins.
_NOT_DATA = (
    ".md",
    ".rst",
    ".pdf",
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".svg",
    ".html",
    ".bib",
    ".tex",
    ".py",
    ".ipynb",
    ".log",
)
_ABOUT_DATA = ("readme", "license", "licence", "notes", "copying", "citation", "changelog")
_NOT_SPECTRA = (".md", ".txt~", ".bak", ".png", ".pdf", ".toml")


def read_folder(folder: Path, caller: Facts) -> Supernova:
    """Read one supernova from a folder.

    Parameters
    ----------
    folder : Path
        Holds ``sn.toml`` with the keys ``name``, ``aliases`` (a list), ``type``, ``z``, ``distance_modulus`` or
        ``distance_mpc``, ``ebv_mw``, ``ebv_host``, ``rv_mw``, ``rv_host``, ``law_mw``, ``law_host``, ``mjd_ref``,
        ``mjd_ref_meaning``, ``default_system``, ``photometry`` (a file or a list; default: photometry.ecsv and
        photometry.csv) and tables ``[[spectra]]`` with ``file``, ``mjd``, ``calibrated``, ``instrument``. Every file in
        ``spectra/`` is read, listed or not.
    caller : Facts
        What the caller knows; it wins over the file.

    Returns
    -------
    Supernova

    Raises
    ------
    ReadError
        Where a file is wrong, or lies outside the folder.
    """
    toml = _load_toml(folder)
    where = folder / "sn.toml"
    account = Account()
    facts = caller.over(_facts(where, toml, folder))
    if facts.z is None:
        raise ReadError(where, "z is missing", "add z = ... or pass z=")
    if facts.distance_modulus is None:
        facts = replace(facts, distance_modulus=distance_from_z(where, facts.z, account))
    if facts.ebv_mw is None:
        account.note("Milky Way dust: E(B-V) = 0 assumed, sn.toml has no ebv_mw; pass ebv_mw=")
    spectra = [
        spectrum
        for entry in _spectrum_entries(folder, toml)
        if (spectrum := _spectrum(folder, entry, account)) is not None
    ]
    if not spectra and not account.n_spectra:
        raise ReadError(folder, "no spectra", "put them into spectra/ or list them as [[spectra]] in sn.toml")
    return assemble(folder, facts, spectra, _light_curve(folder, toml, facts, account), account)


def _load_toml(folder: Path) -> Mapping[str, Any]:
    path = folder / "sn.toml"
    if not path.is_file():
        raise ReadError(folder, "a folder without sn.toml", "add sn.toml with at least z = ..., or give a .json file")
    try:
        toml = tomllib.loads(_inside(folder, "sn.toml").read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReadError(path, f"not valid TOML ({error})", "correct it") from None
    except OSError as error:
        raise ReadError(path, f"cannot be read ({error.strerror or error})", "check its permissions") from None
    _require_known(path, toml, _KEYS, "")
    return toml


def _require_known(path: Path, table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    for key in table:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1, cutoff=0.5)
            remedy = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(keys)}"
            raise ReadError(path, f"{where}unknown key {key!r}", instead_of(key) or remedy)


def _facts(path: Path, toml: Mapping[str, Any], folder: Path) -> Facts:
    for key in _TEXT:
        if not isinstance(toml.get(key, ""), str):
            raise ReadError(path, f"{key} is {toml[key]!r}", "give text in quotes")
    for key in _NUMBERS:
        value = toml.get(key, 0.0)
        if isinstance(value, str) or math.isnan(number(value)):
            raise ReadError(path, f"{key} is {str(value)[:40]!r}", "give a number")
    if "distance_modulus" in toml and "distance_mpc" in toml:
        raise ReadError(path, "both distance_modulus and distance_mpc", "leave one")
    require_ranges(path, toml)
    system = toml.get("default_system")
    if system is not None and system.lower() not in ("ab", "vega"):
        raise ReadError(path, f"default_system is {system!r}", "give 'AB' or 'Vega'")
    values = {key: toml[key] for key in (field.name for field in fields(Facts)) if key in toml}
    values |= {key: float(toml[key]) for key in values if key in _NUMBERS}
    aliases = toml.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(name, str) for name in aliases):
        raise ReadError(path, f"aliases is {aliases!r}", 'give a list of names, ["AT 2024xyz", "ZTF24abc"]')
    values["aliases"] = tuple(aliases)
    values |= {"sn_type": toml.get("type"), "name": toml.get("name", folder.resolve().name)}
    if "distance_mpc" in toml:
        values["distance_modulus"] = modulus_of(float(toml["distance_mpc"]))
    if system is not None:
        values["default_system"] = {"ab": "AB", "vega": "Vega"}[system.lower()]
    return Facts(**values)


def _spectrum_entries(folder: Path, toml: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The [[spectra]] tables, and one for each further file in spectra/: no file is passed over in silence."""
    path, entries = folder / "sn.toml", toml.get("spectra", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ReadError(path, "spectra is not a list of tables", "write [[spectra]] above each entry")
    for i, entry in enumerate(entries):
        _check_entry(path, entry, f"[[spectra]] entry {i + 1}: ")
    inside = _inside(folder, "spectra") if (folder / "spectra").exists() else None
    if inside is None or not inside.is_dir():
        return entries
    listed = {os.path.normpath(entry["file"]) for entry in entries}
    files = sorted(file.name for file in inside.iterdir() if not file.name.startswith(".") and not file.is_dir())
    found = [f"spectra/{name}" for name in files if not name.lower().endswith(_NOT_SPECTRA)]
    return [*entries, *({"file": name} for name in found if os.path.normpath(name) not in listed)]


def _check_entry(path: Path, entry: Mapping[str, Any], where: str) -> None:
    """Raise a ReadError where a [[spectra]] table has an unknown key, the wrong type or no file."""
    _require_known(path, entry, tuple(_SPECTRUM_KEYS), where)
    if "file" not in entry:
        raise ReadError(path, f"{where}no file", "add file = ...")
    for key, (kinds, wanted) in _SPECTRUM_KEYS.items():
        value = entry.get(key)
        # In Python a bool is an int too.
        if value is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool)):
            raise ReadError(path, f"{where}{key} is {value!r}", f"give {wanted}")


def _spectrum(folder: Path, entry: Mapping[str, Any], account: Account) -> Spectrum | None:
    """One spectrum; None, with the reason, where its content is of no use."""
    name = entry["file"]
    path = folder / name
    raw = read_spectrum_file(_file_inside(folder, name))
    mjd = number(entry.get("mjd", raw.mjd))
    if not math.isfinite(mjd):
        raise ReadError(path, "no date", "add mjd = ... to its [[spectra]] entry in sn.toml, or a line # MJD = ...")
    try:
        return _calibrated(raw, require_mjd(path, "mjd", mjd), entry, account)
    except Unusable as reason:
        account.reject_spectrum(name, str(reason))
        return None


def _calibrated(raw: RawSpectrum, mjd: float, entry: Mapping[str, Any], account: Account) -> Spectrum:
    """The spectrum, with ``calibrated`` as the entry says, else as the unit says, else taken to be."""
    # A column or image without a unit is taken at its word: most ASCII files have none.
    unit = raw.flux_unit or "erg/s/cm2/A"
    source = " ".join(part for part in (entry["file"], entry.get("instrument", raw.instrument)) if part)
    if raw.wave.shape != raw.flux.shape:
        raise Unusable(f"{raw.wave.size} wavelengths but {raw.flux.size} fluxes")
    spectrum, remarks = make_spectrum(
        mjd, raw.wave, raw.flux, raw.flux_err, wave_unit=raw.wave_unit, flux_unit=unit, source=source
    )
    if not is_calibrated(unit):
        remarks = (*remarks, f"flux unit {unit!r} not known: arbitrary units")
    for remark in remarks:
        account.note(f"{entry['file']}: {remark}")
    if entry.get("calibrated") is False:
        return replace(spectrum, calibrated=False)
    return spectrum


def _light_curve(folder: Path, toml: Mapping[str, Any], facts: Facts, account: Account) -> LightCurve:
    path = folder / "sn.toml"
    named = toml.get("photometry")
    names = [named] if isinstance(named, str) else named
    if names is None:
        names = [name for name in _PHOTOMETRY if (folder / name).exists()]
        unused = _unused(folder, toml, names)
        if unused and not names:
            wrong = f"no {' or '.join(_PHOTOMETRY)}, but {', '.join(unused[:5])}"
            remedy = (
                f'name the photometry in sn.toml, photometry = "{unused[0]}", or say there is none, photometry = []'
            )
            raise ReadError(folder, wrong, remedy)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ReadError(path, f"photometry is {named!r}", "give a file name or a list of them")
    if unused := _unused(folder, toml, names):
        account.note(f"files not used: {', '.join(unused[:8])}{' and more' if len(unused) > 8 else ''}")
    curves = [read_photometry_file(_file_inside(folder, name), facts.default_system, account) for name in names]
    columns = {
        field.name: np.concatenate([np.empty(0, dtype), *(getattr(curve, field.name) for curve in curves)])
        for field, dtype in zip(fields(LightCurve), (float, np.str_, float, float, np.str_), strict=True)
    }
    return LightCurve(**columns)


def _unused(folder: Path, toml: Mapping[str, Any], photometry: Sequence[str]) -> list[str]:
    """Files of the folder that may be data and that nothing reads."""
    entries = toml.get("spectra", [])
    used = {os.path.normpath(name) for name in ("sn.toml", "spectra", *photometry, *(one["file"] for one in entries))}
    # A folder that holds what is used is used.
    used |= {os.path.dirname(name) for name in used}
    found = [path.name for path in folder.iterdir()]
    if (folder / "spectra").is_dir():
        # The others were read as spectra.
        found += [f"spectra/{path.name}" for path in (folder / "spectra").iterdir()
                  if path.is_dir() or path.name.lower().endswith(_NOT_SPECTRA)]  # fmt: skip
    return sorted(name for name in found if name not in used and _may_be_data(name))


def _may_be_data(name: str) -> bool:
    last = name.rpartition("/")[2].lower()
    return not last.startswith((".", "_", *_ABOUT_DATA)) and not last.endswith(_NOT_DATA)


def _inside(folder: Path, name: str) -> Path:
    """The file or folder, after symbolic links, which must lie inside ``folder``."""
    path = folder / name
    try:
        resolved, root = path.resolve(), folder.resolve()
    except (OSError, RuntimeError, ValueError):
        raise ReadError(path, "cannot be resolved", "give a plain file name") from None
    if Path(name).is_absolute() or not resolved.is_relative_to(root):
        raise ReadError(path, "lies outside the folder of the supernova", "copy it into the folder")
    if not resolved.exists():
        raise ReadError(path, "no such file", "correct its name in sn.toml")
    return resolved


def _file_inside(folder: Path, name: str) -> Path:
    path = _inside(folder, name)
    if not path.is_file():
        raise ReadError(folder / name, "a folder, not a file", "correct its name in sn.toml")
    return path
