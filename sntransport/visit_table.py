"""A table of visits as columns with our names: ECSV, CSV or Parquet."""

import csv
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._storage.read_error import ReadError

# Other programs' names for our columns, in lower case.
_ALIASES = {
    "time": "mjd", "obsmjd": "mjd", "expmjd": "mjd", "filter": "band", "fieldra": "ra", "fielddec": "dec",
    "decl": "dec", "m5": "depth", "maglim": "depth", "fivesigmadepth": "depth", "five_sigma_depth": "depth",
    "zp": "zero_point", "zeropoint": "zero_point", "seeing": "fwhm", "psf_fwhm": "fwhm", "skybrightness": "sky_mag",
    "sky_brightness": "sky_mag", "readnoise": "read_noise", "fieldid": "field", "field_id": "field",
}  # fmt: skip
_UNITS = {"ra": "deg", "dec": "deg", "fwhm": "arcsec", "background": "nJy", "saturation": "nJy"}
_NUMBERS = (
    "mjd", "ra", "dec", "depth", "zero_point", "gain", "sky_noise", "sky_mag", "read_noise", "fwhm", "background",
    "photons_per_njy", "saturation", "field",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class VisitTable:
    """Columns by our names (numbers where they are), header entries, and how to name a row."""

    path: Path
    columns: dict[str, Any]
    meta: dict[str, Any]
    row: Callable[[int], str]


def read_table(path: Path) -> VisitTable:
    """Read a table by the kind of its file; numbers that are empty are NaN.

    Raises
    ------
    ReadError
        With the row and the field, for text where a number belongs; or where it is no such file.
    """
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PAR1"):
        return _named(path, *_read_parquet(path), lambda i: f"row {i + 1}")
    if start.startswith(b"# %ECSV"):
        return _named(path, *_read_ecsv(path), lambda i: f"row {i + 1}")
    columns, lines = _read_csv(path)
    return _named(path, columns, {}, lambda i: f"line {lines[i]}")


def require_column(table: VisitTable, column: str) -> None:
    """Raise a ReadError that offers the nearest name unless the table has ``column``."""
    if column not in table.columns:
        near = difflib.get_close_matches(column, list(table.columns), n=1)
        remedy = f"rename {near[0]!r} to {column!r}" if near else "add it"
        raise ReadError(table.path, f"no column {column!r} (it has {', '.join(table.columns) or 'none'})", remedy)


def _named(path: Path, columns: Mapping[str, Any], meta: Mapping[str, Any], row: Callable[[int], str]) -> VisitTable:
    """The table in our names, its numbers as numbers; what is empty is NaN."""
    ours: dict[str, Any] = {}
    for theirs, values in columns.items():
        lower = theirs.strip().lower()
        name = _ALIASES.get(lower, lower)
        if name in ours:
            raise ReadError(path, f"two columns for {name!r}", "leave one")
        ours[name] = _as_numbers(path, theirs, values, row) if name in _NUMBERS else values
    return VisitTable(path, ours, dict(meta), row)


def _as_numbers(path: Path, name: str, values: Any, row: Callable[[int], str]) -> Array:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        pass
    numbers = np.full(len(values), np.nan)
    for i, value in enumerate(values):
        try:
            numbers[i] = float(value) if str(value).strip() not in ("", "None") else np.nan
        except (TypeError, ValueError):
            raise ReadError(path, f"{row(i)}: {name} is {str(value)!r}, not a number", "correct it") from None
    return numbers


def _read_csv(path: Path) -> tuple[dict[str, list[str]], list[int]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        kept = [(i, line) for i, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]
        cells = list(csv.reader((line for _, line in kept), strict=True, skipinitialspace=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReadError(path, f"not a CSV file ({error})", "give comma-separated text, ECSV or Parquet") from None
    if not cells:
        raise ReadError(path, "the file is empty", "give columns mjd, band, ra, dec, depth")
    for (line, _), values in zip(kept, cells, strict=False):
        if len(values) != len(cells[0]):
            raise ReadError(path, f"line {line}: {len(values)} fields, expected {len(cells[0])}", "correct the line")
    columns = dict(zip(cells[0], (list(column) for column in zip(*cells[1:], strict=True)), strict=False))
    return columns or {name: [] for name in cells[0]}, [line for line, _ in kept[1:]]


def _read_ecsv(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    from astropy.table import QTable, Table

    try:
        table = Table.read(path, format="ascii.ecsv")
        columns = {}
        for name in table.colnames:
            unit = _UNITS.get(_ALIASES.get(name.lower(), name.lower()))
            column = table[name]
            if unit and getattr(column, "unit", None) is not None:
                column = QTable(table[[name]])[name].to(unit).value
            columns[name] = _without_mask(getattr(column, "mjd", column))
    except Exception as error:  # astropy raises a dozen kinds
        raise ReadError(path, f"not a valid ECSV file ({error})", "write it with astropy's Table.write") from None
    return columns, dict(table.meta)


def _without_mask(values: Any) -> Any:
    """An array with NaN or empty text where it is masked."""
    array = np.ma.asarray(values)
    if array.dtype.kind in "fiu":
        return np.ma.filled(np.ma.asarray(array, dtype=np.float64), np.nan)
    return np.ma.filled(array, "")


def _read_parquet(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        import pyarrow.parquet
    except ImportError:
        raise ReadError(path, "Parquet files need pyarrow", "install it: pip install pyarrow; or give CSV") from None
    try:
        table = pyarrow.parquet.read_table(path)
    except pyarrow.ArrowException as error:
        raise ReadError(path, f"not a valid Parquet file ({error})", "write it again") from None
    return {name: table[name].to_numpy() for name in table.column_names}, {}
