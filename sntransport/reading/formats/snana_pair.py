"""SNANA's FITS pair: HEAD with one row an object, PHOT with all measurements; written by SNANA, by us or by anybody.

SNANA has SURVEY, FILTERS, PHOTFILE and ZP_FLUXCAL in the primary header of HEAD; others have them with the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._storage.contents import opened_content, require_countable

ZP_FLUXCAL = 27.5
"""Zero point of FLUXCAL of files that do not state theirs: SNANA's until 2025."""

SEPARATOR = -777.0
"""MJD of the row after every object."""

_HEAD_COLUMNS = {"PTROBS_MIN": "iu", "PTROBS_MAX": "iu"}
_PHOT_COLUMNS = {"MJD": "f", "BAND|FLT": "SU", "FLUXCAL": "f", "FLUXCALERR": "f"}


@dataclass(frozen=True, eq=False, kw_only=True)
class SnanaPair:
    """One pair: ``header`` of HEAD, its ``rows``, and those of PHOT.

    ``zero_point`` is that of FLUXCAL, ``stated`` whether a file says it; ``bands`` our names of the letters where the
    file has them.
    """

    path: Path
    header: Mapping[str, Any]
    rows: NDArray[Any]
    phot: NDArray[Any]
    zero_point: float
    stated: bool

    @property
    def bands(self) -> dict[str, str]:
        """Our name of each letter, empty where another program wrote the file."""
        found = {}
        for i in range(1, 100):
            letter, _, band = str(self.header.get(f"BAND{i}", "")).partition(" ")
            if not band:
                break
            found[letter] = band.strip()
        return found

    def names(self) -> list[str]:
        """SNID of every object; its row, from 1, where there is no such column."""
        if "SNID" not in (self.rows.dtype.names or ()):
            return [str(i + 1) for i in range(self.rows.size)]
        return [str(name).strip() for name in self.rows["SNID"].astype(str)]

    def place(self, i: int) -> "slice[int, int, None]":
        """Where in PHOT the measurements of object ``i`` are.

        Raises
        ------
        ValueError
            Where a pointer leads out of PHOT, or the row after the object does not have MJD = -777.
        """
        first, last = int(self.rows["PTROBS_MIN"][i]) - 1, int(self.rows["PTROBS_MAX"][i])
        if not 0 <= first <= last < self.phot.size or self.phot["MJD"][last] != SEPARATOR:
            raise ValueError(f"{self.path}: row {i + 1}: PTROBS_MIN {first + 1} and PTROBS_MAX {last} do not fit PHOT")
        return slice(first, last)

    def band_column(self) -> str:
        """The name of the column of bands: BAND, and FLT in files before 2024."""
        return "BAND" if "BAND" in (self.phot.dtype.names or ()) else "FLT"


def read_pair(head: Path) -> SnanaPair:
    """Read a pair by its HEAD file; each of both may be compressed with gzip.

    Raises
    ------
    ValueError
        With the file: where it is no FITS file, a column is missing or of another type, PHOTFILE is not in the same
        folder, or a zero point is none or two.
    OSError
        Where a file cannot be opened.
    """
    rows, header = _table(head, _HEAD_COLUMNS)
    name = str(header.get("PHOTFILE", "")).strip()
    if name != Path(name).name or name in ("", ".", "..") or not name.isprintable():
        raise ValueError(f"{head}: PHOTFILE is {name!r}, not the name of a file in the same folder")
    # SNANA's own files are compressed after they were written, so that the name has no ending.
    found = [path for path in (head.with_name(name), head.with_name(f"{name}.gz")) if path.is_file()]
    if not found:
        raise ValueError(f"{head}: PHOTFILE is {name!r}, which is not in the same folder")
    phot, told = _table(found[0], _PHOT_COLUMNS)
    stated = {float(_zero_point(path, one["ZP_FLUXCAL"])) for path, one in ((head, header), (found[0], told))
              if "ZP_FLUXCAL" in one}  # fmt: skip
    if len(stated) > 1:
        raise ValueError(f"{head}: ZP_FLUXCAL is {' and '.join(f'{one:g}' for one in sorted(stated))} in the two files")
    zero_point = stated.pop() if (known := bool(stated)) else ZP_FLUXCAL
    return SnanaPair(path=head, header=header, rows=rows, phot=phot, zero_point=zero_point, stated=known)


def is_head(content: bytes) -> bool:
    """Whether a FITS file is a HEAD: it has the column of pointers into PHOT."""
    return content.startswith(b"SIMPLE") and b"= 'PTROBS_MIN'" in content


def _zero_point(path: Path, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 100:
        raise ValueError(f"{path}: ZP_FLUXCAL is {value!r}, no zero point in magnitudes")
    return float(value)


def _table(path: Path, needed: Mapping[str, str]) -> tuple[Any, dict[str, Any]]:
    """The first table of a file, with both headers; a ValueError with the file unless it has the columns needed."""
    from astropy.io import fits

    raw = opened_content(path, None, "decompress it")
    try:
        require_countable(raw)
        with fits.HDUList.fromstring(raw) as file:
            rows, header = np.array(file[1].data), dict(file[0].header) | dict(file[1].header)
    except Exception as error:  # astropy raises a dozen kinds
        message = " ".join(str(error).split())
        raise ValueError(f"{path}: not a FITS file with a table ({message})") from None
    columns: Mapping[str, Any] = rows.dtype.fields or {}
    for name, kinds in needed.items():
        there = [one for one in name.split("|") if one in columns]
        if not there:
            raise ValueError(f"{path}: no column {' or '.join(name.split('|'))}")
        if columns[there[0]][0].kind not in kinds or columns[there[0]][0].shape:
            raise ValueError(f"{path}: column {there[0]} is of type {columns[there[0]][0]}")
    return np.atleast_1d(rows), header
