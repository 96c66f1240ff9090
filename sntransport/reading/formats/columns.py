"""Tables of text: what separates their cells, which line holds the names, and units that stand in a name."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sntransport._storage.read_error import ReadError
from sntransport.reading.formats.text import means_number

_COMMENT = re.compile(r"^\s*[#%!@]|^\s*\\(?![a-zA-Z]*\{)|^\s*//|^\s*;+\s*[A-Za-z=#]")
# A name with its unit behind it, in brackets of any kind; one level of brackets inside.
_NAME = r"[^\s,;\[\](){}]+"
_BRACKETED = r"\[[^\]]*\]|\((?:[^()]|\([^()]*\))*\)"
_WORD_AND_UNIT = re.compile(rf"(?:{_NAME})(?:\s*(?:{_BRACKETED}))?|(?:{_BRACKETED})")
_WITH_UNIT = re.compile(rf"^\s*(?P<name>.*?)\s*(?P<unit>{_BRACKETED})\s*$")
# As tables of papers have it: "wavelength/nm", "flux / (erg/s/cm2/A)".
_WITH_SLASH = re.compile(r"^(?P<name>(?:wave|lambda|flux|mag|mjd)\w*)\s*/\s*(?P<unit>.+)$", re.IGNORECASE)
# A number with a decimal comma, or a word without any comma.
_WITH_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eEdD][+-]?\d+)?|[^,]+")
_ANGSTROM, _WAVES = ("A", "a", "Å"), ("wave", "lambda", "lam", "wl")
_UNIT_ENDINGS = (
    "nm", "um", "micron", "microns", "angstrom", "angstroms", "ang", "aa", "njy", "ujy", "mjy", "jy", "mmag",
)  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class TextTable:
    """A table as text.

    ``columns`` by name as the file has them, ``units`` of those that state one; ``lines``, the number of every row's
    line in the file, empty where rows are what counts; ``comments``, the lines of comment; ``meta``, entries of a
    header by lower-case key; ``form``, the format where it is one with a name; ``unused``, columns of the file that
    have no meaning here.
    """

    path: Path
    columns: Mapping[str, Sequence[str]]
    units: Mapping[str, str] = field(default_factory=dict)
    lines: Sequence[int] = ()
    comments: Sequence[str] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    form: str = ""
    unused: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def where(self, i: int) -> str:
        """How a message names row ``i``."""
        return f"line {self.lines[i]}" if self.lines else f"row {i + 1}"


def is_comment(line: str) -> bool:
    """Whether a line is a comment: behind #, %, !, @, a backslash, // or, with words, a semicolon."""
    return _COMMENT.match(line) is not None


def uncommented(line: str) -> str:
    """A comment without the characters that make it one."""
    return line.strip().lstrip("#%!@;\\/").strip()


def plain(name: str) -> str:
    """A name in lower case, its words joined by underscores: "Mag Error" is mag_error."""
    return re.sub(r"[^0-9a-zµμλ']+", "_", name.strip().lower()).strip("_")


def name_and_unit(header: str) -> tuple[str, str]:
    """A name and the unit that it states: "Flux (mJy)", "wavelength [nm]", "flux_uJy"; empty where there is none."""
    if match := _WITH_UNIT.match(header):
        return match["name"], match["unit"][1:-1].strip()
    if match := _WITH_SLASH.match(header.strip()):
        return match["name"].strip(), match["unit"].strip().strip("()[]")
    name, _, ending = header.strip().rpartition("_")
    if name and (ending.lower() in _UNIT_ENDINGS or (ending in _ANGSTROM and name.lower().startswith(_WAVES))):
        return name, ending
    return header.strip(), ""


def separator_of(line: str) -> str:
    """What separates the cells of a line: a tab, semicolon, bar or comma; empty for blanks."""
    if "\t" in line.strip():
        return "\t"
    for separator in (";", "|"):
        if separator in line:
            return separator
    # "3600,5 1,2e-15": a comma without a blank behind it in every word is a decimal comma.
    words = line.split()
    if len(words) > 1 and any("," in word for word in words) and all(map(_WITH_COMMA.fullmatch, words)):
        return ""
    return "," if "," in line else ""


def cells_of(line: str, separator: str) -> list[str]:
    """The cells of one line.

    Raises
    ------
    csv.Error
        Where a quotation mark is not closed.
    """
    if not separator:
        words = line.split()
        return next(csv.reader([" ".join(words)], delimiter=" ", strict=True), []) if '"' in line else words
    if separator == ",":
        return [cell.strip() for cell in next(csv.reader([line], strict=True, skipinitialspace=True), [])]
    inside = line.strip().strip("|") if separator == "|" else line.strip("\r\n")
    return [cell.strip().strip('"') for cell in inside.split(separator)]


def names_of(line: str, n: int) -> list[str] | None:
    """The names in a header of a table with ``n`` columns, with their units; None where there are not as many."""
    for separator in ("\t", ";", "|", ","):
        if separator in line:
            made = [cell.strip().strip('"') for cell in line.split(separator)]
            if len(made) == n + 1 and not made[-1]:
                made = made[:-1]
            if len(made) == n:
                return made
    words: list[str] = []
    for word in _WORD_AND_UNIT.findall(line):
        if word[0] in "[(" and words:
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words if len(words) == n else (line.split() if len(line.split()) == n else None)


def units_of(line: str, n: int) -> list[str] | None:
    """The units in a line below the names, one for each of ``n`` columns; None where there are not as many."""
    found = [unit[1:-1].strip() for unit in re.findall(_BRACKETED, line)]
    if len(found) == n:
        return found
    separator = next((one for one in ("\t", ";", "|", ",") if one in line), None)
    words = [word.strip() for word in line.split(separator)]
    return words if len(words) == n else None


def table_with_names(path: Path, lines: Sequence[str]) -> TextTable:
    """A table with a line of names, which may be a comment.

    Raises
    ------
    ReadError
        Where no line holds names, or one has another number of cells.
    """
    kept = [(i, line) for i, line in enumerate(lines, start=1) if line.strip() and not is_comment(line)]
    if not kept:
        raise ReadError(path, "the file is empty", "give columns mjd, band, mag, mag_err")
    comments = [line for line in lines if is_comment(line)]
    try:
        names, rows = _named_rows(path, lines, kept)
    except csv.Error as error:
        raise ReadError(path, f"not a CSV file ({error})", "close the quotation marks") from None
    for line, row in rows:
        if len(row) != len(names):
            raise ReadError(path, f"line {line}: {len(row)} fields, expected {len(names)}", "correct the line")
    shown, units = headings(path, names)
    return TextTable(
        path=path, columns={name: [row[k] for _, row in rows] for k, name in enumerate(shown)}, units=units,
        lines=[line for line, _ in rows], comments=comments,
    )  # fmt: skip


def _named_rows(
    path: Path, lines: Sequence[str], kept: Sequence[tuple[int, str]]
) -> tuple[Sequence[str], list[tuple[int, list[str]]]]:
    """The names and the rows with the numbers of their lines."""
    first_line, first = kept[0]
    separator = separator_of(first)
    cells = cells_of(first, separator)
    if not any(map(means_number, cells)):
        data = kept[1:]
        if data and not separator_of(data[0][1]):
            separator = ""  # the forced photometry of ZTF: names between commas above columns of blanks
        rows = [(i, cells_of(line, separator)) for i, line in data]
        n = len(rows[0][1]) if rows else len(cells)
        return names_of(first, n) or cells, rows
    rows = [(i, cells_of(line, separator)) for i, line in kept]
    for line in reversed(lines[: first_line - 1]):
        found = names_of(uncommented(line), len(cells)) if is_comment(line) else None
        if found and not any(map(means_number, found)):
            return found, rows
    wrong = f"line {first_line}: no names of columns above the first row"
    raise ReadError(path, wrong, "add a line such as mjd,band,mag,mag_err,system")


def headings(path: Path, names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Names without units, and the units that they state; a ReadError where two are the same."""
    split = [name_and_unit(name) for name in names]
    shown = [name for name, _ in split]
    lower = [plain(name) for name in shown]
    if repeated := sorted({name for name in lower if lower.count(name) > 1}):
        # "flux_mJy" beside "flux_uJy" are two columns; then their names stay whole.
        shown, split = list(map(str.strip, names)), [(name.strip(), "") for name in names]
        if len({plain(name) for name in shown}) < len(shown):
            raise ReadError(path, f"two columns {repeated[0]!r}", "leave one")
    return shown, {name: unit for name, unit in split if unit}
