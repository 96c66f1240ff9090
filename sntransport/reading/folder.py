"""Reader of a folder of one's own data: ``sn.toml``, spectra and photometry."""

import math
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._storage.contents import MAX_CONFIG_BYTES, opened_content
from sntransport._storage.read_error import ReadError, number
from sntransport.reading.account import NO_PHOTOMETRY, Account, Facts, assemble, distance_from_z, require_mjd
from sntransport.reading.folder_keys import (
    FOLDER_KEYS,
    check_spectrum_entry,
    facts_of_keys,
    require_known_keys,
    stated_of_photometry,
)
from sntransport.reading.formats.text import is_backup
from sntransport.reading.formats.units import is_arbitrary, is_magnitude
from sntransport.reading.photometry_files import read_photometry_file
from sntransport.reading.photometry_tables import Stated
from sntransport.reading.raw_spectrum import RawSpectrum
from sntransport.reading.spectrum_columns import Unusable, WrongUnit, is_calibrated, make_spectrum
from sntransport.reading.spectrum_files import read_spectrum_file
from sntransport.spectra.doubts import DOUBT
from sntransport.spectra.observations import LightCurve, Spectrum, Supernova

# What lies beside data without being data, by its ending or by how its name begins.
_NOT_DATA = (
    ".md", ".rst", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".eps", ".html", ".bib", ".tex", ".py", ".ipynb",
    ".log",
)  # fmt: skip
_NOT_READ = (*_NOT_DATA, ".toml")
_ABOUT_DATA = ("readme", "license", "licence", "notes", "copying", "citation", "changelog")
_DATES_AGREE = 0.5
_SAY_UNIT = "state wave_unit, flux_unit or flux_err_unit in its [[spectra]] entry in sn.toml"


def read_folder(folder: Path, caller: Facts) -> Supernova:
    """Read one supernova from a folder.

    Parameters
    ----------
    folder : Path
        Holds ``sn.toml`` with the keys ``name``, ``aliases`` (a list), ``type``, ``z``, ``distance_modulus`` or
        ``distance_mpc``, ``ebv_mw``, ``ebv_host``, ``rv_mw``, ``rv_host``, ``law_mw``, ``law_host``, ``mjd_ref``,
        ``mjd_ref_meaning``, ``default_system``, ``photometry`` (a file, a list or tables with units; an empty list
        where there is none; default: every file called photometry, as photometry.csv) and tables ``[[spectra]]`` with
        ``file``, ``mjd``, ``calibrated``, ``instrument``, ``wave_unit``, ``flux_unit``, ``flux_err_unit``, ``medium``.
        Every file in ``spectra/`` is read, listed or not.
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
    facts = caller.over(facts_of_keys(where, toml, folder))
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
        content = opened_content(_inside(folder, "sn.toml"), MAX_CONFIG_BYTES, "leave out what is not known")
        toml = tomllib.loads(content.decode("utf-8-sig"))
    except ReadError:
        raise
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReadError(path, f"not valid TOML ({error})", "correct it") from None
    except OSError as error:
        raise ReadError(path, f"cannot be read ({error.strerror or error})", "check its permissions") from None
    require_known_keys(path, toml, FOLDER_KEYS, "")
    return toml


def _spectrum_entries(folder: Path, toml: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The [[spectra]] tables, and one for each further file in spectra/: no file is passed over in silence."""
    path, entries = folder / "sn.toml", toml.get("spectra", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ReadError(path, "spectra is not a list of tables", "write [[spectra]] above each entry")
    for i, entry in enumerate(entries):
        check_spectrum_entry(path, entry, f"[[spectra]] entry {i + 1}: ")
    inside = _inside(folder, "spectra") if (folder / "spectra").exists() else None
    if inside is None or not inside.is_dir():
        return entries
    listed = {os.path.normpath(entry["file"]) for entry in entries}
    files = sorted(file.name for file in inside.iterdir() if _may_be_read(file.name) and not file.is_dir())
    found = [f"spectra/{name}" for name in files]
    return [*entries, *({"file": name} for name in found if os.path.normpath(name) not in listed)]


def _spectra(folder: Path, toml: Mapping[str, Any], account: Account) -> list[Spectrum]:
    """All usable spectra, each once."""
    spectra: dict[tuple[float, bytes, bytes], Spectrum] = {}
    media: list[str] = []
    for entry in _spectrum_entries(folder, toml):
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
    files = _photometry_files(folder, toml)
    if unused := _unused(folder, toml, [name for name, _ in files]):
        account.note(f"files not used: {', '.join(unused[:8])}{' and more' if len(unused) > 8 else ''}")
    curves = [read_photometry_file(_file_inside(folder, name), facts.default_system, account, stated)
              for name, stated in files]  # fmt: skip
    columns = {
        field.name: np.concatenate([np.empty(0, dtype), *(getattr(curve, field.name) for curve in curves)])
        for field, dtype in zip(fields(LightCurve), (float, np.str_, float, float, np.str_), strict=True)
    }
    curve = _once(LightCurve(**columns), account)
    if files and not curve.n_obs:
        _answer_empty(folder, toml, [name for name, _ in files], account)
    return curve


def _answer_empty(folder: Path, toml: Mapping[str, Any], names: Sequence[str], account: Account) -> None:
    """A doubt about photometry without a row; a ReadError where it lies beside a file that may be the photometry."""
    empty = " and ".join(names)
    likely = _likely_photometry(folder, toml, names)
    if likely and "photometry" not in toml:
        wrong = f"{empty} has no row, but {', '.join(likely[:5])} beside it is not read"
        name = _file_of(likely[0])
        remedy = f'name the photometry in sn.toml, photometry = "{name}", and delete {empty}; or say there is none, []'
        raise ReadError(folder, wrong, remedy)
    account.note(
        f"{DOUBT}{empty} has no row: {NO_PHOTOMETRY}; fill it in, or say in sn.toml that there is none, photometry = []"
    )


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


def _photometry_files(folder: Path, toml: Mapping[str, Any]) -> list[tuple[str, Stated]]:
    """The photometry files, and what ``sn.toml`` says of each."""
    path, given = folder / "sn.toml", toml.get("photometry")
    tables = [given] if isinstance(given, dict) else given
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        return [(name, Stated()) for name in _names_of_files(folder, toml, given)]
    files = []
    for i, table in enumerate(tables):
        where = f"[[photometry]] entry {i + 1}: " if isinstance(given, list) else "[photometry]: "
        stated = stated_of_photometry(path, table, where)
        files += [(name, stated) for name in _names_of_files(folder, toml, table.get("file"))]
    return files


def _names_of_files(folder: Path, toml: Mapping[str, Any], named: Any) -> list[str]:
    """The files as named; where none is, every file called photometry."""
    if named is not None:
        names = [named] if isinstance(named, str) else named
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ReadError(folder / "sn.toml", f"photometry is {named!r}", "give a file name or a list of them")
        return names
    found = [path.name for path in folder.iterdir() if path.name.split(".")[0] == "photometry" and not path.is_dir()]
    # The order in which they were always read comes first.
    order = {"photometry.ecsv": 0, "photometry.csv": 1}
    names = sorted(filter(_may_be_read, found), key=lambda name: (order.get(name, 2), name))
    if not names:
        _require_no_photometry(folder, toml)
    return names


def _require_no_photometry(folder: Path, toml: Mapping[str, Any]) -> None:
    """Raise a ReadError where ``sn.toml`` says something of photometry, or a file may be it under another name."""
    unused = _likely_photometry(folder, toml, ())
    stated = "photometry" in toml
    if not unused and not stated:
        return
    wrong = f"no file called photometry, such as photometry.csv, but {', '.join(unused[:5]) or 'nothing else'}"
    likely = _file_of(unused[0] if unused else "lc.csv")
    remedy = f'name the photometry, photometry = "{likely}", or say there is none, photometry = []'
    if stated:
        remedy = f'add file = "{likely}" to [photometry]'
    raise ReadError(folder, wrong, f"in sn.toml {remedy}")


def _likely_photometry(folder: Path, toml: Mapping[str, Any], photometry: Sequence[str]) -> list[str]:
    """Files and folders that nothing reads and that may be the photometry; folders end in a slash."""
    # What in spectra/ is not read is no photometry either.
    unused = [name for name in _unused(folder, toml, photometry) if not name.startswith("spectra/")]
    return [f"{name}/" if (folder / name).is_dir() else name for name in unused]


def _file_of(name: str) -> str:
    """What to write in ``sn.toml`` of a file, or of one in a folder."""
    return f"{name}lc.csv" if name.endswith("/") else name


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
                  if path.is_dir() or not _may_be_read(path.name)]  # fmt: skip
    return sorted(name for name in found if name not in used and _may_be_data(name))


def _may_be_data(name: str) -> bool:
    last = name.rpartition("/")[2].lower()
    return not last.startswith((".", "_", *_ABOUT_DATA)) and not last.endswith(_NOT_DATA)


def _may_be_read(name: str) -> bool:
    """Whether a file may be read for its name alone: neither a copy of another nor without data."""
    lower = name.lower()
    return not is_backup(name) and lower.split(".")[0] not in _ABOUT_DATA and not lower.endswith(_NOT_READ)


def _inside(folder: Path, name: str) -> Path:
    """The file or folder by the path that the user knows; after symbolic links it must lie inside ``folder``."""
    path = folder / name
    try:
        resolved, root = path.resolve(), folder.resolve()
    except (OSError, RuntimeError, ValueError):
        raise ReadError(path, "cannot be resolved", "give a plain file name") from None
    if Path(name).is_absolute() or not resolved.is_relative_to(root):
        raise ReadError(path, "lies outside the folder of the supernova", "copy it into the folder")
    if not resolved.exists():
        raise ReadError(path, "no such file", "correct its name in sn.toml")
    return path


def _file_inside(folder: Path, name: str) -> Path:
    path = _inside(folder, name)
    if not path.is_file():
        raise ReadError(folder / name, "a folder, not a file", "correct its name in sn.toml")
    return path
