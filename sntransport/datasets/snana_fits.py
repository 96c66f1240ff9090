"""SNANA's FITS pair: HEAD with one row an object, PHOT with all measurements.

PTROBS_MIN and PTROBS_MAX count rows of PHOT from 1, both included; after every object there is one row with MJD = -777.
FLUXCAL had the zero point 27.5 until 2026 and has 31.4 since, so the header says which, as ZP_FLUXCAL.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._numerics.units import njy_at_zero_point
from sntransport._storage.atomic_files import atomic_path, require_countable
from sntransport._storage.fits_tables import texts, to_bytes
from sntransport.datasets.columns import codes, fluxes, id_texts, known_rows, types
from sntransport.simulation.light_curves import LightCurves

ZP_FLUXCAL = 27.5
"""Zero point of FLUXCAL when none is asked for, and of files that do not state theirs."""

SEPARATOR = -777.0
"""MJD of the row after every object."""

_HEAD_COLUMNS = {"PTROBS_MIN": "iu", "PTROBS_MAX": "iu"}
_PHOT_COLUMNS = {"MJD": "f", "BAND|FLT": "SU", "FLUXCAL": "f", "FLUXCALERR": "f", "PHOTFLAG": "iu"}

BAND_CODES: dict[str, str] = {
    "lsstu": "u", "lsstg": "g", "lsstr": "r", "lssti": "i", "lsstz": "z", "lssty": "Y",
}  # fmt: skip
"""SNANA's letters of LSST's bands; other bands keep their names."""


def write_snana_fits(
    light_curves: LightCurves, stem: str | os.PathLike[str], *, zero_point: float = ZP_FLUXCAL,
    band_codes: Mapping[str, str] | None = None, type_codes: Mapping[str, int] | None = None, survey: str = "",
) -> tuple[Path, Path]:  # fmt: skip
    """Write ``STEM_HEAD.FITS`` and ``STEM_PHOT.FITS``.

    Parameters
    ----------
    light_curves : LightCurves
    stem : path-like
        Path without the endings.
    zero_point : float
        Of FLUXCAL; fluxes are converted to it.
    band_codes : mapping of str to str, optional
        Default: `BAND_CODES` for LSST, other bands by their own name.
    type_codes : mapping of str to int, optional
        SNTYPE of each type; default: numbers in the order of the types' names, which the header lists.
    survey : str
        Default: the surveys of the bands.

    Returns
    -------
    head, phot : Path

    Raises
    ------
    ValueError
        Where two bands have one code, or a type has none.

    Notes
    -----
    Lost: fluxes that are not known (their rows are left out), peak magnitudes, and the names of templates.
    """
    from astropy.io import fits

    place = Path(stem)
    letters = codes(light_curves, band_codes, {band: BAND_CODES.get(band, band) for band in light_curves.bands})
    kinds = types(light_curves)
    known = sorted(set(light_curves.template_types))
    numbers = {name: i for i, name in enumerate(known, start=1)} if type_codes is None else dict(type_codes)
    if lost := [name for name in known if name not in numbers]:
        raise ValueError(f"type {lost[0]!r} has no code; type_codes has {sorted(numbers)}")
    rows, offset = known_rows(light_curves)
    counts = np.diff(offset)
    begin = offset[:-1] + np.arange(counts.size)
    head = _head(light_curves, kinds, numbers, begin, counts)
    phot = _phot(light_curves, letters, rows, offset, zero_point)
    paths = place.with_name(f"{place.name}_HEAD.FITS"), place.with_name(f"{place.name}_PHOT.FITS")
    shared = {"SURVEY": survey or "+".join(dict.fromkeys(light_curves.surveys)), "FILTERS": " ".join(letters),
              "DATATYPE": "SIM_SNANA", "PHOTFILE": paths[1].name}  # fmt: skip
    for path, name, columns in ((paths[1], "PHOT", phot), (paths[0], "HEAD", head)):
        table = fits.BinTableHDU(_record(columns), name=name)
        primary = fits.PrimaryHDU()
        for key, value in shared.items():
            primary.header[key] = table.header[key] = value
        # Nine letters are too long for a plain card.
        for header in (primary.header, table.header):
            header["HIERARCH ZP_FLUXCAL"] = zero_point
            for kind in known:
                header[f"HIERARCH SNTYPE {numbers[kind]}"] = kind or "unknown"
        with atomic_path(path) as temporary:
            temporary.write_bytes(to_bytes(fits.HDUList([primary, table])))
    return paths


def read_snana_fits(head: str | os.PathLike[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Read a pair by its HEAD file, ours or anybody's.

    Returns
    -------
    header : dict
        SURVEY, FILTERS and ZP_FLUXCAL (27.5 where the file does not say).
    objects : list of dict
        Columns of HEAD, and ``mjd``, ``band`` (from BAND or FLT), ``flux``, ``flux_err`` [nJy] and ``photflag``.

    Raises
    ------
    ValueError
        With the file: where it is no FITS file, a column is missing or of another type, PHOTFILE is not in the same
        folder, a pointer leads out of PHOT, the row after an object does not have MJD = -777, or a flux is infinite
        (NaN is kept).
    OSError
        Where a file cannot be opened.
    """
    path = Path(head)
    rows, header = _table(path, _HEAD_COLUMNS)
    name = str(header.get("PHOTFILE", "")).strip()
    if name != Path(name).name or name in ("", ".", "..") or not name.isprintable():
        raise ValueError(f"{path}: PHOTFILE is {name!r}, not the name of a file in the same folder")
    if not path.with_name(name).is_file():
        raise ValueError(f"{path}: PHOTFILE is {name!r}, which is not in the same folder")
    phot, _ = _table(path.with_name(name), _PHOT_COLUMNS)
    zero_point = header.get("ZP_FLUXCAL", ZP_FLUXCAL)
    if not isinstance(zero_point, (int, float)) or not 0 < zero_point < 100:
        raise ValueError(f"{path}: ZP_FLUXCAL is {zero_point!r}, no zero point in magnitudes")
    scale = 1.0 / njy_at_zero_point(float(zero_point))
    objects = []
    for i, row in enumerate(rows):
        first, last = int(row["PTROBS_MIN"]) - 1, int(row["PTROBS_MAX"])
        if not 0 <= first <= last < phot.size or phot["MJD"][last] != SEPARATOR:
            raise ValueError(f"{path}: row {i + 1}: PTROBS_MIN {first + 1} and PTROBS_MAX {last} do not fit PHOT")
        measured = _measurements(phot[first:last], scale)
        if np.isinf(measured["flux"]).any() or np.isinf(measured["flux_err"]).any():
            raise ValueError(f"{path}: row {i + 1}: a FLUXCAL or FLUXCALERR of PHOT is infinite or beyond all numbers")
        objects.append({name: row[name] for name in rows.dtype.names or ()} | measured)
    held = {key: header.get(key) for key in ("SURVEY", "FILTERS")}
    return held | {"ZP_FLUXCAL": float(zero_point)}, objects


def _measurements(part: Any, scale: float) -> dict[str, Any]:
    band = "BAND" if "BAND" in part.dtype.names else "FLT"
    # Some NaN raise a warning when they are touched; what overflows is for the caller to refuse.
    with np.errstate(invalid="ignore", over="ignore"):
        flux, flux_err = (part[name].astype(float) * scale for name in ("FLUXCAL", "FLUXCALERR"))
    return {
        "mjd": part["MJD"].astype(float), "band": np.char.strip(part[band].astype(str)), "flux": flux,
        "flux_err": flux_err, "photflag": part["PHOTFLAG"],
    }  # fmt: skip


def _table(path: Path, needed: Mapping[str, str]) -> tuple[Any, Any]:
    """The first table of a file, with its header; a ValueError with the file unless it has the columns needed."""
    from astropy.io import fits

    raw = path.read_bytes()
    try:
        require_countable(raw)
        with fits.HDUList.fromstring(raw) as file:
            rows, header = np.array(file[1].data), dict(file[1].header)
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


def _head(
    light_curves: LightCurves, kinds: Any, numbers: Mapping[str, int], begin: Any, counts: Any
) -> dict[str, Any]:  # fmt: skip
    truth = light_curves.truth
    trigger = np.full(light_curves.n_object, np.nan)
    fired = np.flatnonzero(light_curves.photflag & 2048)
    trigger[np.searchsorted(light_curves.offset, fired, side="right") - 1] = light_curves.mjd[fired]
    f4 = np.float32
    return {
        "SNID": texts(id_texts(light_curves)), "FAKE": np.full(counts.size, 2, np.int16), "RA": truth.ra,
        "DEC": truth.dec,
        "SNTYPE": np.array([numbers[kind] for kind in kinds], dtype=np.int32), "NOBS": counts.astype(np.int32),
        "PTROBS_MIN": (begin + 1).astype(np.int32), "PTROBS_MAX": (begin + counts).astype(np.int32),
        "MWEBV": truth.ebv_mw.astype(f4), "MWEBV_ERR": np.zeros(counts.size, f4),
        "REDSHIFT_HELIO": truth.z.astype(f4), "REDSHIFT_HELIO_ERR": np.zeros(counts.size, f4),
        "REDSHIFT_FINAL": truth.z_cosmology.astype(f4), "REDSHIFT_FINAL_ERR": np.zeros(counts.size, f4),
        "PEAKMJD": truth.mjd_ref, "MJD_TRIGGER": trigger, "SIM_TEMPLATE_INDEX": truth.template + np.int32(1),
        "SIM_REDSHIFT_HELIO": truth.z, "SIM_REDSHIFT_CMB": truth.z_cosmology, "SIM_DLMU": truth.distance_modulus,
        "SIM_MWEBV": truth.ebv_mw, "SIM_AV": truth.ebv_host * truth.rv_host, "SIM_RV": truth.rv_host,
        "SIM_MAGSMEAR_COH": truth.mag_offset, "SIM_PEAKMJD": truth.mjd_ref, "SIM_WEIGHT": truth.weight,
    }  # fmt: skip


def _phot(light_curves: LightCurves, letters: list[str], rows: Any, offset: Any, zero_point: float) -> dict[str, Any]:
    flux, flux_err = fluxes(light_curves, zero_point)
    n_object = offset.size - 1
    owner = np.repeat(np.arange(n_object), np.diff(offset))
    place = np.arange(rows.size) + owner
    total = rows.size + n_object
    last = offset[1:] + np.arange(n_object)

    def spread(values: Any, dtype: Any, between: Any) -> Any:
        out = np.empty(total, dtype)
        out[place], out[last] = values, between
        return out

    band = texts(letters)[light_curves.band[rows]]
    return {
        "MJD": spread(light_curves.mjd[rows], np.float64, SEPARATOR), "BAND": spread(band, band.dtype, b"-"),
        "FIELD": np.full(total, b"VOID", "S4"), "PHOTFLAG": spread(light_curves.photflag[rows], np.int32, 0),
        "PHOTPROB": spread(0.0, np.float32, 0.0), "FLUXCAL": spread(flux[rows], np.float32, SEPARATOR),
        "FLUXCALERR": spread(flux_err[rows], np.float32, SEPARATOR),
    }  # fmt: skip


def _record(columns: Mapping[str, Any]) -> Any:
    out = np.empty(len(next(iter(columns.values()))), dtype=[(name, value.dtype) for name, value in columns.items()])
    for name, value in columns.items():
        out[name] = value
    return out
