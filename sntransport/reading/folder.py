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
from sntransport.reading.account import Account, Facts, assemble, distance_from_z, modulus_of, require_mjd
from sntransport.reading.formats.medium import MEDIA
from sntransport.reading.formats.text import is_backup
from sntransport.reading.formats.units import is_arbitrary, is_magnitude
from sntransport.reading.photometry_files import read_photometry_file
from sntransport.reading.photometry_tables import Stated
from sntransport.reading.raw_spectrum import RawSpectrum
from sntransport.reading.spectrum_columns import Unusable, WrongUnit, is_calibrated, make_spectrum
from sntransport.reading.spectrum_files import read_spectrum_file
from sntransport.spectra.observations import LightCurve, Spectrum, Supernova

_TEXT = ("name", "type", "mjd_ref_meaning", "law_mw", "law_host")
_NUMBERS = ("z", "distance_modulus", "distance_mpc", "ebv_mw", "ebv_host", "rv_mw", "rv_host", "mjd_ref")
_KEYS = (*_TEXT, *_NUMBERS, "default_system", "photometry", "spectra")
_PHOTOMETRY_UNITS = {"time_unit": "mjd", "mag_unit": "mag", "mag_err_unit": "mag_err", "flux_unit": "flux",
                     "flux_err_unit": "flux_err"}  # fmt: skip
_PHOTOMETRY_KEYS = ("file", *_PHOTOMETRY_UNITS, "system", "instrument", "bands")
_SPECTRUM_KEYS: dict[str, tuple[Any, str]] = {
    "file": (str, "a file name in quotes"),
    "mjd": ((int, float), "a number"),
    "calibrated": (bool, "true or false"),
    "instrument": (str, "text in quotes"),
    "wave_unit": (str, "a unit in quotes, such as 'nm'"),
    "flux_unit": (str, "a unit in quotes, such as 'erg/s/cm2/A'"),
    "flux_err_unit": (str, "a unit in quotes, such as 'percent'"),
    "medium": (str, "'air' or 'vacuum'"),
}
_NOT_SPECTRA = (".md", ".png", ".pdf", ".toml", ".jpg", ".html", ".py")
_DATES_AGREE = 0.5
_SAY_UNIT = "state wave_unit, flux_unit or flux_err_unit in its [[spectra]] entry in sn.toml"


def read_folder(folder: Path, caller: Facts) -> Supernova:
    """Read one supernova from a folder.

    Parameters
    ----------
    folder : Path
        Holds ``sn.toml`` with the keys ``name``, ``type``, ``z``, ``distance_modulus`` or ``distance_mpc``, ``ebv_mw``,
        ``ebv_host``, ``rv_mw``, ``rv_host``, ``law_mw``, ``law_host``, ``mjd_ref``, ``mjd_ref_meaning``,
        ``default_system``, ``photometry`` (a file, a list or tables with units; default: every file called
        photometry, as photometry.csv) and tables
        ``[[spectra]]`` with ``file``, ``mjd``, ``calibrated``, ``instrument``, ``wave_unit``, ``flux_unit``,
        ``flux_err_unit``, ``medium``. Every file in ``spectra/`` is read, listed or not.
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
    spectra = _spectra(folder, toml, account)
    if not spectra and not account.n_spectra:
        raise ReadError(folder, "no spectra", "put them into spectra/ or list them as [[spectra]] in sn.toml")
    if not spectra:
        raise ReadError(folder, "no usable spectrum", account.why_no_spectra)
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
            raise ReadError(path, f"{where}unknown key {key!r}", remedy)


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
    if not toml.get("distance_mpc", 1.0) > 0:
        raise ReadError(path, f"distance_mpc is {toml['distance_mpc']!r}", "give a positive number")
    values = {key: toml[key] for key in (field.name for field in fields(Facts)) if key in toml}
    values |= {key: float(toml[key]) for key in values if key in _NUMBERS}
    values |= {"sn_type": toml.get("type"), "name": toml.get("name", folder.resolve().name)}
    if "distance_mpc" in toml:
        values["distance_modulus"] = modulus_of(float(toml["distance_mpc"]))
    if "default_system" in toml:
        values["default_system"] = checked_system(path, toml["default_system"])
    return Facts(**values)


def checked_system(path: object, given: Any) -> str | dict[str, str]:
    """A default system, or one by band and instrument, as "AB" and "Vega"; a ReadError where it is neither."""
    if isinstance(given, Mapping):
        return {str(key): str(checked_system(f"{path}: {key}", one)) for key, one in given.items()}
    system = {"ab": "AB", "vega": "Vega"}.get(str(given).lower())
    if system is None:
        raise ReadError(path, f"default_system is {given!r}", "give 'AB' or 'Vega'")
    return system


def _spectrum_entries(folder: Path, toml: Mapping[str, Any], account: Account) -> list[Mapping[str, Any]]:
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
    passed_over = [name for name in files if name.lower().endswith(_NOT_SPECTRA) or is_backup(name)]
    if passed_over:
        account.note(f"spectra/: no spectra by their names, not read: {', '.join(passed_over)}")
    found = [f"spectra/{name}" for name in files if name not in passed_over]
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
    if entry.get("medium", MEDIA[0]) not in MEDIA:
        raise ReadError(path, f"{where}medium is {entry['medium']!r}", f"give {_SPECTRUM_KEYS['medium'][1]}")


def _spectra(folder: Path, toml: Mapping[str, Any], account: Account) -> list[Spectrum]:
    """All usable spectra, each once."""
    spectra: dict[tuple[float, bytes, bytes], Spectrum] = {}
    media: list[str] = []
    for entry in _spectrum_entries(folder, toml, account):
        spectrum, medium = _spectrum(folder, entry, account)
        if spectrum is None:
            continue
        same = spectra.setdefault((spectrum.mjd, spectrum.wave.tobytes(), spectrum.flux.tobytes()), spectrum)
        if same is not spectrum:
            account.reject_spectrum(entry["file"], f"the same as {same.source}")
            continue
        media.append(medium)
    if "" in media and "air" in media:
        n, most = media.count("air"), len(media)
        account.note(
            f"wavelengths of {n} of {most} spectra are stated to be in air; where nothing is stated, vacuum taken"
        )
    return list(spectra.values())


def _spectrum(folder: Path, entry: Mapping[str, Any], account: Account) -> tuple[Spectrum | None, str]:
    """One spectrum and what is stated of its medium; None, with the reason, where its content is of no use."""
    name = entry["file"]
    path = folder / name
    raw = read_spectrum_file(_file_inside(folder, name))
    mjd = number(entry.get("mjd", raw.mjd))
    if "mjd" not in entry and raw.date.problem:
        raise ReadError(path, raw.date.problem, "add mjd = ... to its [[spectra]] entry in sn.toml")
    if not math.isfinite(mjd):
        raise ReadError(path, "no date", "add mjd = ... to its [[spectra]] entry in sn.toml, or a line # MJD = ...")
    if mjd == 0:
        raise ReadError(path, "mjd is 0, no date", "correct it in sn.toml")
    if "mjd" in entry and abs(mjd - raw.mjd) > _DATES_AGREE:
        account.note(f"{name}: MJD {mjd:.10g} of sn.toml taken, its own header says {raw.mjd:.10g}")
    raw = _with_stated(raw, entry)
    try:
        return _calibrated(path, raw, require_mjd(path, "mjd", mjd), entry, account), raw.medium
    except WrongUnit as error:
        raise ReadError(path, str(error), _SAY_UNIT) from None
    except Unusable as reason:
        account.reject_spectrum(name, str(reason))
        return None, raw.medium


def _with_stated(raw: RawSpectrum, entry: Mapping[str, Any]) -> RawSpectrum:
    """The spectrum with units and medium as the entry says."""
    return replace(
        raw,
        wave_unit=entry.get("wave_unit", raw.wave_unit),
        flux_unit=entry.get("flux_unit", raw.flux_unit),
        err_unit=entry.get("flux_err_unit", raw.err_unit),
        medium=entry.get("medium", raw.medium),
        instrument=entry.get("instrument", raw.instrument),
    )


def _calibrated(path: Path, raw: RawSpectrum, mjd: float, entry: Mapping[str, Any], account: Account) -> Spectrum:
    """The spectrum, with ``calibrated`` as the entry says, else as the unit says, else taken to be."""
    name, scaled = entry["file"], entry.get("calibrated") is not False
    # A column or image without a unit is taken at its word: most ASCII files have none.
    unit = raw.flux_unit or "erg/s/cm2/A"
    if not raw.flux_unit and scaled:
        account.assume_of_spectrum("no flux unit stated, erg/s/cm2/A taken", name)
    if not raw.wave_unit:
        account.assume_of_spectrum("no wavelength unit stated, Angstrom taken", name)
    _require_flux_unit(path, raw, unit, scaled=scaled)
    source = " ".join(part for part in (name, raw.instrument) if part)
    if raw.wave.shape != raw.flux.shape:
        raise Unusable(f"{raw.wave.size} wavelengths but {raw.flux.size} fluxes")
    spectrum, remarks = make_spectrum(
        mjd, raw.wave, raw.flux, raw.flux_err, wave_unit=raw.wave_unit, flux_unit=unit, err_unit=raw.err_unit,
        medium=raw.medium, source=source,
    )  # fmt: skip
    if not is_calibrated(unit):
        remarks = (*remarks, f"flux unit {unit!r} not known: arbitrary units")
    for remark in (*raw.remarks, *remarks):
        account.note(f"{name}: {remark}")
    return spectrum if scaled else replace(spectrum, calibrated=False)


def _require_flux_unit(path: Path, raw: RawSpectrum, unit: str, *, scaled: bool) -> None:
    """Raise a ReadError where the unit of the flux is neither a flux density nor plainly arbitrary."""
    column = raw.names[1]
    if is_magnitude(unit):
        raise ReadError(path, f"column {column}: magnitudes ({unit})", "give flux densities")
    if scaled and not is_calibrated(unit) and not is_arbitrary(unit):
        remedy = "state flux_unit, or calibrated = false, in its [[spectra]] entry in sn.toml"
        raise ReadError(path, f"column {column}: {unit!r} is no unit of a flux density", remedy)


def _light_curve(folder: Path, toml: Mapping[str, Any], facts: Facts, account: Account) -> LightCurve:
    curves = [
        read_photometry_file(_file_inside(folder, name), facts.default_system, account, stated)
        for name, stated in _photometry_files(folder, toml, account)
    ]
    if not curves:
        account.note("no photometry (photometry.ecsv or photometry.csv): spectra cannot be calibrated to it")
    columns = {
        field.name: np.concatenate([np.empty(0, dtype), *(getattr(curve, field.name) for curve in curves)])
        for field, dtype in zip(fields(LightCurve), (float, np.str_, float, float, np.str_), strict=True)
    }
    return _once(LightCurve(**columns), account)


def _once(curve: LightCurve, account: Account) -> LightCurve:
    """Every measurement once, also where two files hold it."""
    rows = list(zip(*(getattr(curve, field.name).tolist() for field in fields(LightCurve)), strict=True))
    first = {row: i for i, row in reversed(list(enumerate(rows)))}
    if len(first) == len(rows):
        return curve
    kept = sorted(first.values())
    for i in set(range(len(rows))) - set(kept):
        account.reject_row("repeats another row", f"{curve.band[i]} {curve.instrument[i]}".strip())
    return LightCurve(**{field.name: getattr(curve, field.name)[kept] for field in fields(LightCurve)})


def _photometry_files(folder: Path, toml: Mapping[str, Any], account: Account) -> list[tuple[str, Stated]]:
    """The photometry files, and what ``sn.toml`` says of each."""
    path, given = folder / "sn.toml", toml.get("photometry")
    tables = [given] if isinstance(given, dict) else given
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        return [(name, Stated()) for name in _names_of_files(path, folder, given, account)]
    files = []
    for i, table in enumerate(tables):
        where = f"[[photometry]] entry {i + 1}: " if isinstance(given, list) else "[photometry]: "
        stated = _stated(path, table, where)
        files += [(name, stated) for name in _names_of_files(path, folder, table.get("file"), account)]
    return files


def _names_of_files(path: Path, folder: Path, named: Any, account: Account) -> list[str]:
    """The files as named; where none is, every file called photometry."""
    if named is None:
        found = sorted(file.name for file in folder.glob("photometry.*") if file.is_file() or file.is_symlink())
        if backups := [name for name in found if is_backup(name)]:
            account.note(f"backups, not read: {', '.join(backups)}")
        found = [name for name in found if not is_backup(name) and not name.lower().endswith(_NOT_SPECTRA)]
        # The order in which they were always read comes first.
        order = {"photometry.ecsv": 0, "photometry.csv": 1}
        return sorted(found, key=lambda name: (order.get(name, 2), name))
    names = [named] if isinstance(named, str) else named
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ReadError(path, f"photometry is {named!r}", "give a file name or a list of them")
    return names


def _stated(path: Path, table: Mapping[str, Any], where: str) -> Stated:
    """What a table [photometry] says besides the name of its file."""
    _require_known(path, table, _PHOTOMETRY_KEYS, where)
    for key in (*_PHOTOMETRY_UNITS, "system", "instrument"):
        if not isinstance(table.get(key, ""), str):
            raise ReadError(path, f"{where}{key} is {table[key]!r}", "give text in quotes")
    bands = table.get("bands", {})
    if not isinstance(bands, dict) or not all(isinstance(name, str) for name in bands.values()):
        raise ReadError(path, f"{where}bands is {bands!r}", 'give a table such as { V = "bessellv" }')
    return Stated(
        units={ours: table[key] for key, ours in _PHOTOMETRY_UNITS.items() if key in table},
        system=str(checked_system(path, table["system"])) if "system" in table else "",
        instrument=table.get("instrument", ""),
        bands=bands,
    )


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
