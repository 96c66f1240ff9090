"""A spectrum from columns of text, with or without a line of names, and what its comments say of units and dates."""

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._storage.read_error import ReadError, one_line
from sntransport.reading.formats.columns import (
    cells_of,
    headings,
    is_comment,
    names_of,
    separator_of,
    uncommented,
    units_of,
)
from sntransport.reading.formats.dates import of_comments
from sntransport.reading.formats.stated_units import cards_of, stated_unit
from sntransport.reading.formats.text import is_missing, means_number, to_number
from sntransport.reading.formats.units import to_angstrom
from sntransport.reading.raw_spectrum import (
    RawSpectrum,
    is_flux_name,
    is_wave_name,
    medium_of,
    medium_of_header,
    spectrum_of_columns,
)

# Wavelength and flux, each cut in two.
_FEWEST_SPLIT = 4
_MOST_WITHOUT_NAMES = 6
_Row = tuple[int, list[str]]
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
    rows = _rows(path, lines)
    if not rows:
        raise ReadError(path, "no numbers in it", "give two or three columns: wavelength, flux, error")
    n, remarks = len(rows[0][1]), tuple[str, ...]()
    names, units_below = _names_above(path, lines[: rows[0][0] - 1], n)
    if names is None:
        _refuse_split_decimals(path, rows)
        names, remarks = _names_by_place(path, n)
    shown, units = headings(path, names)
    units = _with_stated(shown, units_below | units, comments)
    columns = {name: np.array([to_number(cells[k]) for _, cells in rows]) for k, name in enumerate(shown)}
    raw = spectrum_of_columns(path, columns, units, date=of_comments(comments))
    for name in filter(None, raw.names):
        _require_numbers(path, columns[name], rows, shown.index(name))
    _require_no_other_flux(path, raw, comments)
    medium = raw.medium or medium_of_header(cards_of(comments)) or medium_of("\n".join(comments))
    return replace(raw, remarks=(*raw.remarks, *remarks), medium=medium)


def _names_by_place(path: Path, n: int) -> tuple[list[str], tuple[str, ...]]:
    """Names of columns that have none, and what deserves a note: wavelength, flux and, of three, the error."""
    if n > _MOST_WITHOUT_NAMES:
        wrong = f"{n} columns without names, no spectrum of wavelength, flux and error"
        raise ReadError(path, wrong, "add a line with their names, such as: wave flux flux_err")
    if n > len(_NAMES_BY_PLACE):
        return list(_NAMES_BY_PLACE[:2]), (f"{n} columns without names: the first two taken as wavelength and flux",)
    return list(_NAMES_BY_PLACE[:n]), ()


def _refuse_split_decimals(path: Path, rows: Sequence[_Row]) -> None:
    """Raise a ReadError where commas that separate columns look like decimal commas: pairs of whole numbers."""
    cells = rows[0][1]
    if (
        len(cells) >= _FEWEST_SPLIT
        and len(cells) % 2 == 0
        and all(cell.strip().lstrip("+-").isdigit() for cell in cells)
    ):
        line = rows[0][0]
        wrong = f"line {line} has {len(cells)} whole numbers between commas: are the commas decimal ones?"
        raise ReadError(path, wrong, "write decimal points, separate the columns otherwise, or give the columns names")


def _require_numbers(path: Path, values: Array, rows: Sequence[_Row], k: int) -> None:
    """Raise a ReadError for the first cell of column ``k`` that is neither a number nor says that there is none."""
    for at in np.flatnonzero(np.isnan(values)).tolist():
        line, cells = rows[at]
        if not is_missing(cells[k]):
            raise ReadError(path, f"line {line}: {cells[k]!r} is not a number", "correct it, or mark the line with #")


def _refuse_snid(path: Path, lines: Sequence[str]) -> None:
    first = next((line for line in lines if line.strip() and not is_comment(line)), "")
    if path.name.lower().removesuffix(".gz").endswith(".lnw") or _SNID.match(first):
        wrong = "a template of SNID (.lnw): spectra with their continuum divided out, of many dates, no fluxes"
        raise ReadError(path, wrong, "give the spectrum that it was made of")


def _rows(path: Path, lines: Sequence[str]) -> list[_Row]:
    """The rows of cells with their lines: from the first line on that has a number and is no comment."""
    rows: list[_Row] = []
    separator = ""
    for i, line in enumerate(lines, start=1):
        if not line.strip() or is_comment(line):
            continue
        separator = separator if rows else separator_of(line)
        cells = _cells(path, i, line, separator)
        if not rows and not any(map(means_number, cells)):
            continue
        n = len(rows[0][1]) if rows else 0
        if len(cells) < 2 or (n and len(cells) != n):
            raise ReadError(path, f"line {i}: {len(cells)} columns, expected {n or '2 or 3'}", "correct the line")
        rows.append((i, cells))
    return rows


def _cells(path: Path, i: int, line: str, separator: str) -> list[str]:
    try:
        cells = cells_of(line, separator)
    except csv.Error as error:
        raise ReadError(path, f"line {i}: {error}", "correct it") from None
    return cells[:-1] if cells and not cells[-1] else cells  # a separator at the end of the line


def _names_above(path: Path, above: Sequence[str], n: int) -> tuple[list[str] | None, dict[str, str]]:
    """The names of ``n`` columns, None where no line has them, and the units in the line below it."""
    heads = [line for line in above if line.strip() and not is_comment(line)]
    # A line of its own counts before any comment, and one with both a wavelength and a flux before others.
    places = [at for at in range(len(above) - 1, -1, -1) if is_comment(above[at]) != bool(heads)]
    for least in (2, 1):
        for at in places:
            if found := _named(uncommented(above[at]), n, least):
                units = next(filter(None, (_units_below(uncommented(line), found) for line in above[at + 1 :])), {})
                return found, units
    return (_names_in_title(path, heads[-1], n) if heads else None), {}


def _units_below(line: str, names: Sequence[str]) -> dict[str, str]:
    """The units in a line below the names, if that of the wavelength is one."""
    units = dict(zip(names, units_of(line, len(names)) or (), strict=False))
    if any(is_wave_name(name) and to_angstrom(np.ones(1), unit) is not None for name, unit in units.items()):
        return {name: unit for name, unit in units.items() if not is_missing(unit)}
    return {}


def _names_in_title(path: Path, header: str, n: int) -> list[str] | None:
    """The names in a line of which none is known; None where it is a title."""
    found = names_of(header, n)
    words = re.findall(r"[^\s,;|()\[\]]+", header)
    if found is None and any(is_wave_name(word) or is_flux_name(word) for word in words):
        wrong = f"the line of names {one_line(header)[:60]!r} does not have one for each of {n} columns"
        raise ReadError(path, wrong, "correct it, or mark it with #")
    return found


def _named(line: str, n: int, least: int) -> list[str] | None:
    """The names in a line, if it has as many as columns and ``least`` (1 or 2) of a wavelength and a flux."""
    found = names_of(line, n)
    if not found:
        return None
    try:
        shown, _ = headings(Path(), found)
    except ReadError:
        return None
    return found if any(map(is_wave_name, shown)) + any(map(is_flux_name, shown)) >= least else None


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
