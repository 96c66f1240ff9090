"""What series files need of FITS: tables with units and any text, required parts, and checksums over it all."""

import re
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._storage.contents import require_countable

_ALL_ONES = 0xFFFFFFFF
_BLOCK = 2880
_ENDS = re.compile(r"' */")


def table_hdu(name: str, columns: Mapping[str, ArrayLike], units: Mapping[str, str] | None = None) -> Any:
    """Binary table HDU.

    Parameters
    ----------
    name : str
    columns : mapping of str to array_like, (n_row, ...)
        Names are made upper case. Text of any kind is kept, see `texts`.
    units : mapping of str to str, or None
        Unit of the columns that have one.
    """
    from astropy.io import fits

    arrays = {key.upper(): np.asarray(values) for key, values in columns.items()}
    arrays = {key: texts(values) if values.dtype.kind == "U" else values for key, values in arrays.items()}
    dtype = [(key, values.dtype, values.shape[1:]) for key, values in arrays.items()]
    rows = np.empty(len(next(iter(arrays.values()))), dtype=dtype)
    for key, values in arrays.items():
        rows[key] = values
    hdu = fits.BinTableHDU(rows, name=name)
    for key, unit in (units or {}).items():
        if unit:
            hdu.columns[key.upper()].unit = unit
    return hdu


def column(parts: Mapping[str, Any], name: str, key: str, unit: str = "") -> Any:
    """Column ``key`` of the table ``name``, (n_row, ...); text as a list of str.

    Raises
    ------
    ValueError
        Where the table or the column is missing or has another unit.
    """
    hdu = part(parts, name)
    key = key.upper()
    if key not in hdu.columns.names:
        raise ValueError(f"the table {name} has no column {key}")
    require_unit(f"{name}.{key}", hdu.columns[key].unit, unit)
    values = np.asarray(hdu.data[key])
    return [unescaped(text) for text in values.tolist()] if values.dtype.kind in "SU" else values


def part(parts: Mapping[str, Any], name: str) -> Any:
    """The HDU ``name``; a ValueError that names it where it is missing."""
    if name not in parts:
        raise ValueError(f"the part {name} is missing")
    return parts[name]


def require_unit(name: str, found: str | None, expected: str) -> None:
    """Raise a ValueError that states found and expected unless the units are the same."""
    if (found or "") != expected:
        raise ValueError(f"{name} has the unit '{found or ''}', expected '{expected}'")


def texts(values: Iterable[str]) -> NDArray[np.bytes_]:
    """Text of any kind as a FITS column, which holds ASCII only; see `escaped`."""
    encoded = [escaped(str(value)).encode("ascii") for value in values]
    return np.array(encoded, dtype=f"S{max(1, 1, *map(len, encoded))}")


def escaped(text: str) -> str:
    """Text in printable ASCII: the rest as in a Python literal, and so a last space, which FITS does not keep."""
    ascii_text = text.encode("unicode_escape").decode("ascii")
    return ascii_text[:-1] + r"\x20" if ascii_text.endswith(" ") else ascii_text


def card_text(text: str) -> str:
    """As `escaped`, for a value of a header, where astropy takes a quote and a slash for the end of it."""
    plain = escaped(text)
    return plain.replace("'", r"\x27") if _ENDS.search(plain) else plain


def unescaped(text: str) -> str:
    """The inverse of `escaped`."""
    return text.encode("ascii").decode("unicode_escape")


def to_bytes(hdus: Any) -> bytes:
    """A FITS file with CHECKSUM and DATASUM in every HDU and no date, so that equal content gives equal bytes."""
    # Writing completes the headers, which must not change once their checksum is in them.
    hdus.writeto(BytesIO())
    for hdu in hdus:
        # The default comment is the time of day.
        hdu.add_checksum(when="of this HDU")
    buffer = BytesIO()
    hdus.writeto(buffer)
    return buffer.getvalue()


def require_intact(raw: bytes) -> None:
    """Raise a ValueError unless ``raw`` is a FITS file whose checksums match; nothing of it is parsed before.

    The CHECKSUM card makes the 32-bit one's complement sum of its HDU all ones (FITS standard 4.0, section 4.4.2.7),
    so the sum over a whole file is all ones too.
    """
    if not raw:
        raise ValueError("the file is empty")
    if not raw.startswith(b"SIMPLE  ="):
        raise ValueError("not a FITS file, so no series; one is made of observations by sntransport build")
    require_countable(raw)
    if len(raw) % _BLOCK:
        raise ValueError(f"the file is truncated or damaged: {len(raw)} bytes are no whole number of FITS blocks")
    total = int(np.frombuffer(raw, dtype=">u4").sum(dtype=np.uint64))
    while total > _ALL_ONES:
        total = (total & _ALL_ONES) + (total >> 32)
    if total != _ALL_ONES:
        raise ValueError("the file is damaged or was changed by another program: its checksum does not match")
