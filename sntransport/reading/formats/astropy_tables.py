"""Tables that astropy reads (ECSV, VOTable, FITS, IPAC): as they are, or as columns of text with units.

astropy decompresses what it is given by its first bytes, and by path guesses formats: it only gets bytes whose size and
kind are known.
"""

import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._storage.contents import MAX_CELLS, MAX_TEXT_BYTES, content_of, require_countable, require_parsable
from sntransport._storage.read_error import ReadError, shallow
from sntransport.reading.formats.columns import TextTable, headings

FORMS = {"ascii.ecsv": "ECSV", "votable": "VOTable", "fits": "FITS", "ascii.ipac": "IPAC"}
"""astropy's names of the formats, and how they are called in messages."""


_FEWER = "give a table with fewer rows"


def astropy_table(path: Path, content: bytes, form: str) -> TextTable:
    """A table in one of `FORMS`.

    Raises
    ------
    ReadError
        Where astropy cannot read it.
    """
    try:
        table = _read(content, form)
        require_few_values(table)
        cells = [_cells(column) for column in table.itercols()]
        given = [_unit(column) for column in table.itercols()]
    except Exception as error:  # astropy raises a dozen kinds
        wrong = f"not a valid {FORMS[form]} file ({error})"
        raise ReadError(path, wrong, "write it with astropy's Table.write") from None
    names, stated = headings(path, table.colnames)
    units = stated | {name: unit for name, unit in zip(names, given, strict=True) if unit}
    meta = {key.lower(): value for key, value in shallow(table.meta).items()}
    return TextTable(path=path, columns=dict(zip(names, cells, strict=True)), units=units, meta=meta)


def data_table(path: Path, content: bytes | None = None, *, limited: bool = True) -> Any:
    """A table of numbers, such as of dust or of galaxies: astropy's of an ECSV, VOTable, FITS or CSV file.

    Parameters
    ----------
    path : Path
    content : bytes, optional
        Of the file. Default: what is in it, up to `MAX_TEXT_BYTES` and the limits of `require_parsable`.
    limited : bool
        Whether it may have `MAX_CELLS` values at most.

    Raises
    ------
    ReadError
        Where the file cannot be read or is too large.
    ValueError
        Where it is none of these, or damaged.
    """
    if content is None:
        content = content_of(path, MAX_TEXT_BYTES, _FEWER)
        if not content.startswith(b"SIMPLE"):
            require_parsable(path, content, _FEWER)
    form = _form_of(path, content)
    try:
        table = _read(content, form)
        if limited:
            require_few_values(table)
    except Exception as error:  # astropy raises a dozen kinds
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from None
    return table


def _form_of(path: Path, content: bytes) -> str:
    begin = content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if content.startswith(b"SIMPLE"):
        return "fits"
    if begin.startswith(b"# %ECSV"):
        return "ascii.ecsv"
    if b"<VOTABLE" in begin.upper():
        return "votable"
    if ".csv" in (suffix.lower() for suffix in path.suffixes[-2:]):
        return "ascii.csv"
    raise ValueError("neither FITS nor ECSV, nor named .csv")


def _read(content: bytes, form: str) -> Any:
    from astropy.table import Table

    if form == "fits":
        require_countable(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Table.read(content.decode("utf-8") if form == "ascii.ipac" else BytesIO(content), format=form)


def require_few_values(table: Any) -> None:
    """Raise a ValueError where a table has more values than `MAX_CELLS`, as few bytes of a FITS file may."""
    n = len(table) * max(1, sum(int(np.prod(column.shape[1:], dtype=np.float64)) or 1 for column in table.itercols()))
    if n > MAX_CELLS:
        raise ValueError(f"{n} values, more than {MAX_CELLS}; give a table with fewer rows")


def _unit(column: Any) -> str:
    # A unit of a table file may be a number, such as 1.
    unit = getattr(column, "unit", None)
    return "" if unit is None else str(unit)


def _cells(column: Any) -> list[str]:
    """A column as text, empty where masked; a column of times as MJD."""
    values = np.ma.asarray(getattr(column, "mjd", column))
    missing = np.ma.getmaskarray(values)
    if values.ndim != 1:
        raise ValueError(f"column {getattr(column, 'name', '')} has several values a row")
    return ["" if gone else _text(value) for value, gone in zip(values.data, missing, strict=True)]


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace").strip() if isinstance(value, bytes) else str(value)
