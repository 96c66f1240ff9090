"""Tables that astropy reads (ECSV, VOTable, FITS, IPAC) as columns of text with units, empty where masked."""

import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._storage.atomic_files import require_countable
from sntransport._storage.read_error import ReadError
from sntransport.reading.formats.columns import TextTable, headings

FORMS = {"ascii.ecsv": "ECSV", "votable": "VOTable", "fits": "FITS", "ascii.ipac": "IPAC"}
"""astropy's names of the formats, and how they are called in messages."""


def astropy_table(path: Path, content: bytes, form: str) -> TextTable:
    """A table in one of `FORMS`.

    Raises
    ------
    ReadError
        Where astropy cannot read it.
    """
    from astropy.table import Table

    try:
        if form == "fits":
            require_countable(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = content.decode("utf-8") if form == "ascii.ipac" else BytesIO(content)
            table = Table.read(source, format=form)
        cells = [_cells(column) for column in table.itercols()]
        given = [_unit(column) for column in table.itercols()]
    except Exception as error:  # astropy raises a dozen kinds
        wrong = f"not a valid {FORMS[form]} file ({error})"
        raise ReadError(path, wrong, "write it with astropy's Table.write") from None
    names, stated = headings(path, table.colnames)
    units = stated | {name: unit for name, unit in zip(names, given, strict=True) if unit}
    meta = {str(key).lower(): value for key, value in table.meta.items()}
    return TextTable(path=path, columns=dict(zip(names, cells, strict=True)), units=units, meta=meta)


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
