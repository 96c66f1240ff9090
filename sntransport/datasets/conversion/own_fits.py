"""Light curves from our own FITS files: those of a simulation, and those of a training set's splits."""

import json
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._storage.contents import require_countable
from sntransport._storage.fits_tables import column, part, require_intact
from sntransport.simulation.light_curves import TRUTH_FIELDS, LightCurves, Truth

# Columns that are made of the templates, or say where the measurements are.
_MADE = ("class", "class_code", "type", "template_name", "first", "count", "n_obs")
_UNITS = {"mjd": "d", "flux": "nJy", "flux_err": "nJy", "true_flux": "nJy"}
_OF_A_RUN = ("TRUTH", "MEASUREMENTS", "count", "band")
_OF_A_SPLIT = ("OBJECTS", "PHOTOMETRY", "n_obs", "name")


def read_own_fits(path: str | os.PathLike[str]) -> LightCurves:
    """Read what `sntransport simulate` and `augment` write as FITS.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    LightCurves
        Of a training set, the parents of each object are a further column of the truth.

    Raises
    ------
    ValueError
        With the file: where it is no such file, damaged, or a part is missing or of another unit.
    OSError
        Where it cannot be opened.
    """
    raw = Path(path).read_bytes()
    try:
        require_intact(raw)
        return _light_curves(_parts(raw))
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError, OSError, ValueError) as error:
        message = " ".join(str(error).split())
        raise ValueError(f"{path}: not a set of light curves of sntransport in FITS ({message})") from None


def own_class_codes(path: str | os.PathLike[str]) -> dict[str, int]:
    """Numbers of the types in a file; none where it does not have them. Errors are those of `read_own_fits`."""
    raw = Path(path).read_bytes()
    try:
        parts = _parts(raw)
        table = "TRUTH" if "TRUTH" in parts else "OBJECTS"
        if not {"TYPE", "CLASS_CODE"} <= set(part(parts, table).columns.names):
            return {}
        numbers = np.asarray(column(parts, table, "class_code")).tolist()
        return dict(zip(column(parts, table, "type"), numbers, strict=True))
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError, OSError, ValueError) as error:
        raise ValueError(f"{path}: no numbers of classes ({' '.join(str(error).split())})") from None


def _parts(raw: bytes) -> dict[str, Any]:
    from astropy.io import fits

    require_countable(raw)
    with fits.HDUList.fromstring(raw) as hdus:
        return {hdu.name: hdu.copy() for hdu in hdus}


def _light_curves(parts: Mapping[str, Any]) -> LightCurves:
    objects, measured, count, band = _OF_A_RUN if "TRUTH" in parts else _OF_A_SPLIT
    names = [name.lower() for name in part(parts, objects).columns.names]
    rows = [name.lower() for name in part(parts, measured).columns.names]
    truth = {item.name: _any_unit(parts, objects, item.name) for item in TRUTH_FIELDS}
    known = (*truth, *_MADE)
    more = {name: _native(_any_unit(parts, objects, name)) for name in names if name not in known}
    counts = np.asarray(column(parts, objects, count), dtype=np.int64)
    offset = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    if not np.array_equal(column(parts, objects, "first"), offset[:-1]):
        raise ValueError("FIRST does not count the measurements of the objects before")
    kept = [item.name for item in fields(LightCurves) if item.name in rows]
    return LightCurves(
        bands=column(parts, "BANDS", band),
        surveys=column(parts, "BANDS", "survey"),
        offset=offset,
        truth=Truth(**truth, more=more),
        template_names=column(parts, "TEMPLATES", "name"),
        template_types=column(parts, "TEMPLATES", "type"),
        meta=_meta(parts),
        **{name: column(parts, measured, name, _UNITS.get(name, "")) for name in kept},
    )


def _native(values: Any) -> Any:
    """An array in the byte order of this computer; FITS has the other."""
    array = np.array(values)
    return array.astype(array.dtype.newbyteorder("="))


def _any_unit(parts: Mapping[str, Any], table: str, name: str) -> Any:
    """A column of the truth, whose units are always the same and not always stated."""
    columns = part(parts, table).columns
    if name.upper() not in columns.names:
        raise ValueError(f"the table {table} has no column {name.upper()}")
    return column(parts, table, name, columns[name.upper()].unit or "")


def _meta(parts: Mapping[str, Any]) -> dict[str, Any]:
    """What made them: METADATA of a run, the note that begins with "simulation" of a training set."""
    header = parts["PRIMARY"].header
    notes = column(parts, "NOTES", "note") if "NOTES" in parts else []
    told = [note.removeprefix("simulation ") for note in notes if note.startswith("simulation {")]
    found: dict[str, Any] = json.loads(header["METADATA"] if "METADATA" in header else [*told, "{}"][0])
    return found
