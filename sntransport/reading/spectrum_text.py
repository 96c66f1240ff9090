"""A spectrum from columns of text, with or without a line of names, and what its comments say of units and dates."""

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sntransport._storage.read_error import ReadError, one_line
from sntransport.reading.formats.columns import (
    cells_of,
    headings,
    is_comment,
    names_of,
    separator_of,
    uncommented,
)
from sntransport.reading.formats.dates import of_comments
from sntransport.reading.formats.stated_units import stated_unit
from sntransport.reading.formats.text import is_missing, means_number, to_number
from sntransport.reading.raw_spectrum import (
    RawSpectrum,
    is_flux_name,
    is_wave_name,
    medium_of,
    spectrum_of_columns,
)

_MOST_WITHOUT_NAMES = 6
_NAMES_BY_PLACE = ("wave", "flux", "flux_err")
_SNID = re.compile(r"^\s*\d+\s+\d+\s+\d+\.\d*\s+\d+\.\d*\s+\d+\s+\S+\s+[-+\d.]+\s+\S+\s+\d+\s+\d+\s*$")
_OTHER_FLUX = re.compile(r"\bf_?nu\b|\bF_?ν|\b[mnuµμ]?Jy\b|(/|per )\s*Hz\b|\bHz\s*(\^|\*\*)?\s*\(?-1", re.IGNORECASE)


def spectrum_of_text(path: Path, lines: Sequence[str]) -> RawSpectrum:
    """Read a spectrum of text.

    Parameters
    ----------
    path : Path
    lines : sequence of str
        Columns between blanks, commas, semicolons or tabs. Where a line above them, or the comment next to them, has
        their names, they are found by these; else they are wavelength, flux and error, and any after these are left
        out.

    Returns
    -------
    RawSpectrum

    Raises
    ------
    ReadError
        With the line.
    """
    _refuse_snid(path, lines)
    comments = [uncommented(line) for line in lines if is_comment(line)]
    names, rows = _table(path, lines)
    if not rows:
        raise ReadError(path, "no numbers in it", "give two or three columns: wavelength, flux, error")
    values = np.array([row for _, row in rows])
    remarks: tuple[str, ...] = ()
    if names is None:
        if values.shape[1] > _MOST_WITHOUT_NAMES:
            wrong = f"{values.shape[1]} columns without names, no spectrum of wavelength, flux and error"
            raise ReadError(path, wrong, "add a line with their names, such as: wave flux flux_err")
        if values.shape[1] > len(_NAMES_BY_PLACE):
            remarks = (f"{values.shape[1]} columns without names: the first two taken as wavelength and flux",)
            values = values[:, :2]
        names = list(_NAMES_BY_PLACE[: values.shape[1]])
    shown, units = headings(path, names)
    units = _with_stated(shown, units, comments)
    columns = {name: values[:, k].copy() for k, name in enumerate(shown)}
    raw = spectrum_of_columns(path, columns, units, date=of_comments(comments))
    _require_no_other_flux(path, raw, comments)
    medium = raw.medium or medium_of("\n".join(comments))
    return replace(raw, remarks=(*raw.remarks, *remarks), medium=medium)


def _refuse_snid(path: Path, lines: Sequence[str]) -> None:
    first = next((line for line in lines if line.strip() and not is_comment(line)), "")
    if path.name.lower().removesuffix(".gz").endswith(".lnw") or _SNID.match(first):
        wrong = "a template of SNID (.lnw): spectra with their continuum divided out, of many dates, no fluxes"
        raise ReadError(path, wrong, "give the spectrum that it was made of")


def _table(path: Path, lines: Sequence[str]) -> tuple[list[str] | None, list[tuple[int, list[float]]]]:
    """The names, if a line has them, and the rows of numbers with their lines."""
    rows: list[tuple[int, list[float]]] = []
    header, separator, before = "", "", 0
    for i, line in enumerate(lines, start=1):
        if not line.strip() or is_comment(line):
            continue
        if not rows:
            separator, before = separator_of(line), i
        try:
            parts = cells_of(line, separator)
        except csv.Error as error:
            raise ReadError(path, f"line {i}: {error}", "correct it") from None
        if parts and not parts[-1]:
            parts = parts[:-1]  # a separator at the end of the line
        if not rows and not any(map(means_number, parts)):
            header = line
            continue
        rows.append((i, _numbers(path, i, parts, len(rows[0][1]) if rows else 0, bool(header))))
    if not rows:
        return None, rows
    n = len(rows[0][1])
    if header:
        return _names_above(path, header, n), rows
    for line in reversed(lines[: before - 1]):
        if is_comment(line) and (found := _named(uncommented(line), n)):
            return found, rows
    return None, rows


def _names_above(path: Path, header: str, n: int) -> list[str] | None:
    """The names in the line above the numbers; None where it is a title."""
    found = names_of(header, n)
    words = re.findall(r"[^\s,;|()\[\]]+", header)
    if found is None and any(is_wave_name(word) or is_flux_name(word) for word in words):
        wrong = f"the line of names {one_line(header)[:60]!r} does not have one for each of {n} columns"
        raise ReadError(path, wrong, "correct it, or mark it with #")
    return found


def _numbers(path: Path, i: int, parts: Sequence[str], n: int, named: bool) -> list[float]:  # noqa: FBT001
    """The numbers of a line; where columns have names, one that is not used may hold text."""
    values = [to_number(part) for part in parts]
    bad = [part for part, value in zip(parts, values, strict=True) if math.isnan(value) and not is_missing(part)]
    if bad and not named:
        raise ReadError(path, f"line {i}: {bad[0]!r} is not a number", "correct it, or mark the line with #")
    if len(parts) < 2 or (n and len(parts) != n):
        raise ReadError(path, f"line {i}: {len(parts)} columns, expected {n or '2 or 3'}", "correct the line")
    return values


def _named(line: str, n: int) -> list[str] | None:
    """The names in a line, if it has as many as columns and one each of a wavelength and a flux."""
    found = names_of(line, n)
    if not found:
        return None
    try:
        shown, _ = headings(Path(), found)
    except ReadError:
        return None
    has = any(map(is_wave_name, shown)) or any(map(is_flux_name, shown))
    return found if has else None


def _with_stated(names: Sequence[str], units: dict[str, str], comments: Sequence[str]) -> dict[str, str]:
    """The units of the names, and those that comments state of columns that have none there."""
    for kind, belongs in (("wave", is_wave_name), ("flux", is_flux_name)):
        name = next((name for name in names if belongs(name)), "")
        if name and name not in units and (unit := stated_unit(comments, kind)):
            units[name] = unit
    return units


def _require_no_other_flux(path: Path, raw: RawSpectrum, comments: Sequence[str]) -> None:
    """Raise a ReadError where no unit was understood but a comment speaks of fluxes per frequency."""
    said = "" if raw.flux_unit else next((line for line in comments if _OTHER_FLUX.search(line)), "")
    if said:
        wrong = f"a comment speaks of a flux per frequency ({said[:60]!r}), but not as a unit of the column"
        raise ReadError(path, wrong, 'add flux_unit = "mJy" or the like to its [[spectra]] entry in sn.toml')
