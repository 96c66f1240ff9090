"""Photometry that is no plain table: SNANA's text files and the files of SNooPy and the Carnegie Supernova Project."""

import re
from collections.abc import Sequence
from pathlib import Path

from sntransport._storage.read_error import ReadError
from sntransport.reading.formats.columns import TextTable
from sntransport.reading.formats.text import means_number

_SNOOPY_FILTER = re.compile(r"^\s*filter\s+(\S+)\s*$", re.IGNORECASE)


def is_snana(lines: Sequence[str]) -> bool:
    """Whether this is a text file of SNANA: a line VARLIST: and rows that begin with OBS:."""
    return any(line.lstrip().startswith(("VARLIST:", "VARNAMES:")) for line in lines) and any(
        line.lstrip().startswith("OBS:") for line in lines
    )


def snana_table(path: Path, lines: Sequence[str]) -> TextTable:
    """The observations of a text file of SNANA, its other keys in ``meta``.

    Raises
    ------
    ReadError
        Where a row has another number of values than VARLIST.
    """
    names: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    meta: dict[str, str] = {}
    for i, line in enumerate(lines, start=1):
        key, _, rest = line.split("#")[0].strip().partition(":")
        if key in ("VARLIST", "VARNAMES") and not names:
            names = rest.split()
        elif key == "OBS":
            rows.append((i, rest.split()))
        elif key and rest:
            meta.setdefault(key.lower(), rest.strip())
    for i, row in rows:
        if len(row) != len(names):
            raise ReadError(path, f"line {i}: {len(row)} values, VARLIST names {len(names)}", "correct the line")
    return TextTable(
        path=path, columns={name: [row[k] for _, row in rows] for k, name in enumerate(names)},
        lines=[i for i, _ in rows], meta=meta, form="SNANA",
    )  # fmt: skip


def is_snoopy(lines: Sequence[str]) -> bool:
    """Whether this is a file of SNooPy: name, redshift and position, then blocks below lines "filter B"."""
    first = next((line.split() for line in lines if line.strip() and not line.startswith("#")), [])
    return len(first) == 4 and all(map(means_number, first[1:])) and any(map(_SNOOPY_FILTER.match, lines))


def snoopy_table(path: Path, lines: Sequence[str]) -> TextTable:
    """The rows of all blocks of a file of SNooPy, with the name of their filter.

    Raises
    ------
    ReadError
        Where a row is not date, magnitude and error.
    """
    rows: list[tuple[int, list[str]]] = []
    band, header = "", True
    for i, line in enumerate(lines, start=1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if header:
            header = False
        elif match := _SNOOPY_FILTER.match(line):
            band = match[1]
        elif len(words) != 3 or not band or not all(map(means_number, words)):
            raise ReadError(path, f"line {i}: not a date, a magnitude and an error below a filter", "correct the line")
        else:
            rows.append((i, [words[0], band, *words[1:]]))
    names = ("mjd", "band", "mag", "mag_err")
    return TextTable(
        path=path, columns={name: [row[k] for _, row in rows] for k, name in enumerate(names)},
        lines=[i for i, _ in rows], form="SNooPy",
    )  # fmt: skip
