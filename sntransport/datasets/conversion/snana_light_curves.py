"""SNANA's simulated sets as `LightCurves`: what a pair of FITS files says of each object, in our names."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._storage.fits_tables import unescaped
from sntransport.datasets.snana_fits import read_snana_fits
from sntransport.datasets.snana_header import BAND_CODES
from sntransport.photometry.bands import band_names
from sntransport.simulation.light_curves import LightCurves, Truth

# Columns of HEAD that have what a field of the truth is; the first that there is.
_OF_HEAD = {
    "z": ("SIM_REDSHIFT_HELIO", "REDSHIFT_HELIO"), "z_cosmology": ("SIM_REDSHIFT_CMB", "REDSHIFT_FINAL"),
    "distance_modulus": ("SIM_DLMU",), "mag_offset": ("SIM_MAGSMEAR_COH",), "ebv_mw": ("SIM_MWEBV", "MWEBV"),
    "rv_host": ("SIM_RV",), "ra": ("RA",), "dec": ("DEC", "DECL"), "mjd_ref": ("SIM_PEAKMJD", "PEAKMJD"),
}  # fmt: skip
_LARGEST_ID = 2**31 - 1


def read_snana_light_curves(head: str | os.PathLike[str], bands: Mapping[str, str] | None = None) -> LightCurves:
    """Read a pair of FITS files as light curves with their truth.

    Parameters
    ----------
    head : path-like
        Path of the HEAD file.
    bands : mapping of str to str, optional
        Our name of each band of the file; default: those of LSST by their letters where SURVEY is LSST, and names that
        are ours already.

    Returns
    -------
    LightCurves
        ``object_id`` is SNID where all are whole numbers, else the number of the row, and SNID is in ``truth.more``.
        What the file does not have is NaN, weights are then 1. One template stands for each SIM_TEMPLATE_INDEX and
        type.

    Raises
    ------
    ValueError
        With the file: where a band has no name of ours, two have the same, or as `read_snana_fits`.
    OSError
        Where a file cannot be opened.
    """
    path = Path(head)
    header, objects = read_snana_fits(path)
    if not objects:
        raise ValueError(f"{path}: no objects in it")
    survey = str(header.get("SURVEY") or "").strip()
    letters = list(dict.fromkeys(str(band) for one in objects for band in np.unique(one["band"])))
    named = _band_names(path, letters, survey, bands)
    counts = np.array([one["mjd"].size for one in objects], dtype=np.int64)
    names_of_rows = [name for name in ("mjd", "flux", "flux_err", "photflag", "true_flux") if name in objects[0]]
    flat = {name: np.concatenate([one[name] for one in objects]) for name in names_of_rows}
    index = {letter: i for i, letter in enumerate(letters)}
    band = np.array([index[str(one)] for one in np.concatenate([one["band"] for one in objects])], dtype=np.int16)
    # SNANA's rows are in the order of the library, ours in that of time.
    order = np.lexsort((flat["mjd"], np.repeat(np.arange(counts.size), counts)))
    template, names, types = _templates(path, objects)
    return LightCurves(
        bands=tuple(named[letter] for letter in letters),
        surveys=(survey,) * len(letters),
        offset=np.concatenate([[0], np.cumsum(counts)]),
        band=band[order],
        truth=_truth(objects, template, len(letters)),
        template_names=names,
        template_types=types,
        meta={"source": path.name, "survey": survey},
        **{name: values[order] for name, values in flat.items()},
    )


def snana_class_codes(head: str | os.PathLike[str]) -> dict[str, int]:
    """SNTYPE of each class that our own header names; none in files of others."""
    from astropy.io import fits

    keys = [(key.split(), value) for key, value in fits.getheader(head, 1).items() if key.startswith("SNTYPE ")]
    return {_type_name(name): int(words[1]) for words, name in keys}


def _type_name(value: Any) -> str:
    """A type as our header has it, which is ASCII; as it stands where another program wrote it."""
    try:
        return unescaped(str(value))
    except ValueError:
        return str(value)


def _band_names(
    path: Path, letters: Sequence[str], survey: str, given: Mapping[str, str] | None
) -> dict[str, str]:  # fmt: skip
    lsst = {letter: band for band, letter in BAND_CODES.items()} if survey.upper().startswith("LSST") else {}
    known = {**{name: name for name in band_names()}, **lsst, **(given or {})}
    if lost := [letter for letter in letters if letter not in known]:
        raise ValueError(f"{path}: band {lost[0]!r} of survey {survey!r} has no name of ours; give it: {lost[0]}=NAME")
    named = {letter: known[letter] for letter in letters}
    if len(set(named.values())) < len(named):
        raise ValueError(f"{path}: bands {', '.join(letters)} would be {', '.join(named.values())}: two are the same")
    return named


def _templates(
    path: Path, objects: Sequence[Mapping[str, Any]]
) -> tuple[NDArray[np.int32], tuple[str, ...], tuple[str, ...]]:
    """Index of each object's template, and names and types of all."""
    types = _types(path, objects)
    keys = [(int(one.get("SIM_TEMPLATE_INDEX", 0)), kind) for one, kind in zip(objects, types, strict=True)]
    ordered = sorted(set(keys))
    place = {key: i for i, key in enumerate(ordered)}
    names = tuple(f"template {number}" if number > 0 else kind or "unknown" for number, kind in ordered)
    return np.array([place[key] for key in keys], dtype=np.int32), names, tuple(kind for _, kind in ordered)


def _types(path: Path, objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Type of each object: SIM_TYPE_NAME, else the name of its SNTYPE in our header, else the number itself."""
    from astropy.io import fits

    header = fits.getheader(path, 1)
    names = {key.split()[1]: _type_name(value) for key, value in header.items() if key.startswith("SNTYPE ")}
    names = {code: "" if name == "unknown" else name for code, name in names.items()}
    found = []
    for one in objects:
        code, stated = _text(one.get("SNTYPE", "")), _text(one.get("SIM_TYPE_NAME", ""))
        found.append(stated or names.get(code, code))
    return found


def _truth(objects: Sequence[Mapping[str, Any]], template: NDArray[np.int32], n_band: int) -> Truth:
    n = len(objects)
    values = {name: _column(objects, columns) for name, columns in _OF_HEAD.items()}
    a_v = _column(objects, ("SIM_AV",))
    with np.errstate(divide="ignore", invalid="ignore"):
        values["ebv_host"] = np.where(a_v == 0.0, 0.0, a_v / values["rv_host"])
    weight = _column(objects, ("SIM_WGT_POPULATION", "SIM_WEIGHT"))
    names = [_text(one.get("SNID", "")) for one in objects]
    whole = all(name.isdigit() and int(name) <= _LARGEST_ID for name in names) and len(set(map(int, names))) == n
    unknown = np.full((n, n_band), np.nan)
    return Truth(
        object_id=np.array([int(name) for name in names] if whole else range(n), dtype=np.int64),
        template=template,
        weight=np.where(np.isfinite(weight), weight, 1.0),
        peak_mag=unknown,
        peak_mjd=unknown,
        more={} if whole else {"snid": np.array(names)},
        **values,
    )


def _text(value: Any) -> str:
    """A value of a table as text; FITS has bytes."""
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)).strip()


def _column(objects: Sequence[Mapping[str, Any]], names: Sequence[str]) -> NDArray[np.float64]:
    """The first of some columns that there is, NaN where there is none."""
    name = next((one for one in names if one in objects[0]), None)
    return np.array([np.nan if name is None else float(one[name]) for one in objects])
