"""One object of SNANA's FITS pair or text as a table of measurements, with what the header says of it."""

import difflib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sntransport._storage.contents import content_of
from sntransport._storage.read_error import ReadError
from sntransport.reading.formats.blocks import is_snana, snana_table
from sntransport.reading.formats.columns import TextTable
from sntransport.reading.formats.snana_pair import SnanaPair, is_head, read_pair
from sntransport.reading.formats.text import lines_of, to_number

_COLUMNS = ("MJD", "FLUXCAL", "FLUXCALERR", "PHOTFLAG")
_SHOWN = 8
_OF_TEXT = (b"VARLIST:", b"VARNAMES:")


def object_table(path: Path, name: str = "") -> TextTable:
    """Measurements of one object of a pair, in the form of SNANA's text.

    Parameters
    ----------
    path : Path
        Of HEAD.
    name : str
        Its SNID; may be left out where there is only one object.

    Returns
    -------
    TextTable
        ``meta`` has the row of HEAD, SURVEY, ZP_FLUXCAL where a file states it, and ``bands``, our names of the letters
        where the file has them.

    Raises
    ------
    ReadError
        Where the pair cannot be read, has no such object, or several and none is named.
    """
    try:
        pair = read_pair(path)
        i = _row(pair, name)
        part = pair.phot[pair.place(i)]
    except ReadError:
        raise
    except (ValueError, OSError) as error:
        raise ReadError(path, str(error).removeprefix(f"{path}: "), "give the pair as SNANA writes it") from None
    there = [column for column in _COLUMNS if column in (part.dtype.names or ())]
    columns: dict[str, Sequence[str]] = {column: [repr(value) for value in part[column].tolist()] for column in there}
    columns["BAND"] = [str(value).strip() for value in part[pair.band_column()].astype(str)]
    meta: dict[str, Any] = {
        key.lower(): value.item() if hasattr(value, "item") else str(value).strip()
        for key, value in ((key, pair.rows[key][i]) for key in pair.rows.dtype.names or ())
        if getattr(value, "ndim", 0) == 0
    }
    meta |= {"survey": str(pair.header.get("SURVEY", "")), "bands": pair.bands}
    if pair.stated:
        meta["zp_fluxcal"] = pair.zero_point
    return TextTable(path=path, columns=columns, meta=meta, form="SNANA")


def _row(pair: SnanaPair, name: str) -> int:
    names = pair.names()
    if name in names:
        return names.index(name)
    shown = f"{', '.join(names[:_SHOWN])}{' and more' if len(names) > _SHOWN else ''}"
    if name:
        near = difflib.get_close_matches(name, names, n=3) or names[:3]
        raise ReadError(
            pair.path, f"no object {name!r} among {len(names)}", f"give one of it, such as {', '.join(near)}"
        )
    if len(names) != 1:
        raise ReadError(pair.path, f"holds {len(names)} objects", f"say which with name=: {shown}")
    return 0


def object_facts(path: Path, name: str = "") -> Mapping[str, Any] | None:
    """What a file of SNANA says of an object, by the names of `sntransport.read_supernova`; None for any other file.

    Parameters
    ----------
    path : Path
        HEAD of a pair, or SNANA's text.
    name : str
        As for `object_table`.

    Returns
    -------
    mapping or None
        ``name``, and where they are known ``z``, ``ebv_mw``, ``mjd_ref`` with its meaning.

    Raises
    ------
    ReadError
        As `object_table`.
    """
    if path.name.lower().endswith((".json", ".json.gz")):
        return None
    content = content_of(path)
    if is_head(content):
        meta = object_table(path, name).meta
    elif any(word in content for word in _OF_TEXT) and is_snana(lines := lines_of(path, content)):
        meta = snana_table(path, lines).meta
    else:
        return None
    peak = "PEAKMJD" if _number(meta, "peakmjd", 1e4, 1e5) is not None else "SEARCH_PEAKMJD"
    found = {
        "name": str(meta.get("snid", "")).split("#")[0].strip() or name or None,
        "z": _number(meta, "redshift_helio", 1e-9, 20.0), "ebv_mw": _number(meta, "mwebv", 0.0, 20.0),
        "mjd_ref": _number(meta, peak.lower(), 1e4, 1e5), "mjd_ref_meaning": f"peak ({peak} of SNANA)",
    }  # fmt: skip
    if found["mjd_ref"] is None:
        del found["mjd_ref_meaning"]
    return {key: value for key, value in found.items() if value is not None}


def _number(meta: Mapping[str, Any], key: str, least: float, most: float) -> float | None:
    """The number that a key begins with ("0.02 +- 0.001"); None where SNANA has none (-9) or it is out of range."""
    words = str(meta.get(key, "")).split()
    value = to_number(words[0]) if words else math.nan
    return value if least <= value <= most else None
