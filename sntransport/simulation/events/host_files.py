"""Tables of galaxies from files: ECSV, FITS, CSV, and the text of SNANA's HOSTLIB with its weight map.

A HOSTLIB names its columns after ``VARNAMES:`` and has a galaxy in each line that begins with ``GAL:``; a line such as
``n0_Sersic: 0.5`` is a value of all galaxies. A weight map names its columns after ``VARNAMES_WGTMAP:``, the last two
of them WGT and SNMAGSHIFT, and has a point of a complete grid in each line that begins with ``WGT:``; it is linear
between its points, and galaxies beyond it are an error or held at its edge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._storage.atomic_files import sha256
from sntransport._storage.contents import bulk_content
from sntransport._storage.read_error import ReadError
from sntransport.reading.formats.astropy_tables import data_table
from sntransport.simulation.events.hosts import HostTable

# Our names for those of SNANA (manual, "Simulating the Host Galaxy"), in small letters.
_NAMES = {
    "galid": "id", "ztrue": "z", "zphot": "zphot", "zphoterr": "zphot_err", "zphot_err": "zphot_err", "zerr": "z_err",
    "ra_gal": "ra", "ra_host": "ra", "dec_gal": "dec", "dec_host": "dec", "a0_sersic": "major", "b0_sersic": "minor",
    "n0_sersic": "sersic", "a_rot": "angle", "snmagshift": "mag_shift", "logmass_true": "logmass",
}  # fmt: skip
# SNANA writes these where it knows no magnitude and no photometric redshift.
_NO_MAG, _NO_VALUE = 90.0, -8.0
# An array of texts is as wide as its longest.
_LONGEST = 200
_FEWER = "give fewer galaxies"


def read_hosts(
    path: str | Path, *, bands: Mapping[str, str] | None = None, weight_map: str | Path | None = None,
    hold_weights: bool = False,
) -> HostTable:  # fmt: skip
    """Galaxies of a file.

    Parameters
    ----------
    path : str or Path
        A table that astropy reads, with the columns of `HostTable`; or a HOSTLIB of SNANA.
    bands : mapping of str to str, optional
        Names of bands in the file, such as ``g`` of ``mag_g`` and of ``g_obs``, and those that surveys give them, such
        as ``lsstg``.
    weight_map : str or Path, optional
        SNANA's weight map, in place of one in the HOSTLIB; its columns are those of the file.
    hold_weights : bool
        Hold galaxies beyond the weight map at its edge, as SNANA's HOSTLIB_WGTMAP_EXTRAP does; else they are an error.

    Returns
    -------
    HostTable
        Of a HOSTLIB, columns are named as in `HostTable`, others in small letters; magnitudes of 90 and more and
        photometric redshifts below 0 are NaN, and the angle is counted from north through east.

    Raises
    ------
    ReadError
        Where the file cannot be used; the message says where and why.

    Examples
    --------
    >>> from sntransport.simulation.events.host_files import read_hosts
    >>> lines = ["VARNAMES: GALID ZTRUE LOGMASS_TRUE", "GAL: 1 0.04 9.0", "GAL: 2 0.05 11.0"]
    >>> np.savetxt("galaxies.HOSTLIB", lines, fmt="%s")
    >>> read_hosts("galaxies.HOSTLIB").columns["logmass"].tolist()
    [9.0, 11.0]
    """
    path = Path(path)
    raw, compressed = bulk_content(path, _FEWER)
    lines = _text_lines(raw)
    hostlib = any(line[0] == "VARNAMES:" for line in lines)
    found = _hostlib(path, lines) if hostlib else _table(path, raw, limited=compressed)
    found = {_band_name(name, bands or {}): column for name, column in found.items()}
    maps = lines if weight_map is None else _lines_of(Path(weight_map))
    if any(line[0] == "VARNAMES_WGTMAP:" for line in maps):
        at = path if weight_map is None else Path(weight_map)
        found |= _weights(at, maps, found, hold=hold_weights)
    elif weight_map is not None:
        raise ReadError(weight_map, "has no VARNAMES_WGTMAP", "give a weight map of SNANA")
    try:
        return HostTable(columns=found, source=f"{path.name} sha256 {sha256(path)}")
    except ValueError as error:
        raise ReadError(path, str(error).removeprefix("hosts: "), "correct the table") from None


def _text_lines(raw: bytes) -> list[list[str]]:
    """Words of the lines of a text, without comments; none where it is binary."""
    if b"\0" in raw[:4096]:
        return []
    text = raw.decode("utf-8", errors="replace")
    return [words for line in text.splitlines() if (words := line.partition("#")[0].split())]


def _lines_of(path: Path) -> list[list[str]]:
    return _text_lines(bulk_content(path, "give a map of fewer points")[0])


def _table(path: Path, raw: bytes, *, limited: bool) -> dict[str, NDArray[Any]]:
    try:
        table = data_table(path, raw, limited=limited)
    except ReadError:
        raise
    except ValueError as error:
        raise ReadError(path, f"is no table ({error})", "give ECSV, FITS, CSV or a HOSTLIB") from None
    found: dict[str, NDArray[Any]] = {}
    for name in table.colnames:
        try:
            found[name] = _values(name, table[name])
        except (ValueError, TypeError) as error:
            raise ReadError(path, f"column {name} holds neither numbers nor text ({error})", "correct it") from None
    return found


def _values(name: str, column: Any) -> NDArray[Any]:
    """A column of a table as numbers or text, NaN or empty where masked."""
    if column.dtype.kind in "biuf":
        whole = name == "id" and column.dtype.kind in "iu" and not np.ma.is_masked(column)
        return np.asarray(column) if whole else np.asarray(np.ma.filled(np.ma.asarray(column, float), np.nan))
    return np.asarray(np.ma.filled(np.ma.asarray(column), "")).astype(str)


def _hostlib(path: Path, lines: list[list[str]]) -> dict[str, NDArray[Any]]:
    names = next(line[1:] for line in lines if line[0] == "VARNAMES:")
    rows = [line[1:] for line in lines if line[0] == "GAL:"]
    if bad := [i for i, row in enumerate(rows, start=1) if len(row) < len(names)]:
        raise ReadError(
            path, f"galaxy {bad[0]} has {len(rows[bad[0] - 1])} values for {len(names)} VARNAMES", "correct"
        )
    if not rows:
        raise ReadError(path, "has no line that begins with GAL:", "give a HOSTLIB with galaxies")
    columns = dict(zip(names, zip(*(row[: len(names)] for row in rows), strict=True), strict=True))
    for line in lines:
        # A value of all galaxies, such as Sersic's index.
        if len(line) == 2 and re.fullmatch(r"[nabw]\d_Sersic:", line[0]) and line[0][:-1] not in columns:
            columns[line[0][:-1]] = (line[1],) * len(rows)
    if any(re.fullmatch(r"[abnw][1-9]_Sersic", name) for name in columns):
        raise ReadError(
            path, "has sums of Sersic profiles", "leave only a0, b0 and n0, the profile of most of the light"
        )
    made: dict[str, NDArray[Any]] = {}
    for name, values in columns.items():
        small = name.lower()
        own = f"mag_{name[:-4]}" if small.endswith("_obs") else _NAMES.get(small, small)
        if own in made:
            raise ReadError(path, f"two columns are {own}, one of them {name}", "leave one of them out")
        made[own] = _column(path, name, values, whole=own == "id")
    if "angle" in made and made["angle"].dtype.kind == "f":
        # SNANA counts from east toward south.
        made["angle"] = 90.0 + made["angle"]
    return {name: _known(name, column) for name, column in made.items()}


def _known(name: str, column: NDArray[Any]) -> NDArray[Any]:
    """A column of a HOSTLIB with NaN for what stands for nothing; texts are refused by whoever wants numbers."""
    if column.dtype.kind != "f":
        return column
    if name.startswith("mag_") and name != "mag_shift":
        return np.where(column < _NO_MAG, column, np.nan)
    if name in ("zphot", "zphot_err"):
        return np.where(column >= 0, column, np.nan)
    return np.where(column > _NO_VALUE, column, np.nan) if name == "logmass" else column


def _column(path: Path, name: str, values: tuple[str, ...], *, whole: bool) -> NDArray[Any]:
    try:
        return np.array(values, dtype=np.int64 if whole else np.float64)
    except (ValueError, OverflowError):
        if whole:
            raise ReadError(path, f"{name} has values that are no whole numbers", "correct them") from None
        longest = max(map(len, values))
        if longest > _LONGEST:
            raise ReadError(path, f"{name} has a text of {longest} letters", f"use {_LONGEST} at most") from None
        return np.array(values, dtype=str)


def _band_name(name: str, bands: Mapping[str, str]) -> str:
    return f"mag_{bands[name[4:]]}" if name.startswith("mag_") and name[4:] in bands else name


def _weights(
    path: Path, lines: list[list[str]], columns: Mapping[str, NDArray[Any]], *, hold: bool
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """Columns weight and mag_shift of galaxies by a weight map."""
    names = next(line[1:] for line in lines if line[0] == "VARNAMES_WGTMAP:")
    if len(names) < 3 or names[-2].upper() != "WGT" or names[-1].upper() != "SNMAGSHIFT":
        raise ReadError(path, f"VARNAMES_WGTMAP is {' '.join(names)}", "its last two must be WGT and SNMAGSHIFT")
    try:
        points = np.array([[float(word) for word in line[1 : len(names) + 1]] for line in lines if line[0] == "WGT:"])
    except ValueError as error:
        raise ReadError(path, f"a line WGT: has no {len(names)} numbers ({error})", "correct it") from None
    if points.ndim != 2 or points.shape[1] != len(names) or not np.all(np.isfinite(points)):
        raise ReadError(path, f"the lines WGT: have not all {len(names)} finite numbers", "correct them")
    places = []
    for name in names[:-2]:
        own = _NAMES.get(name.lower(), name.lower())
        own = f"mag_{name[:-4]}" if name.lower().endswith("_obs") else own
        if own not in columns or columns[own].dtype.kind not in "iuf":
            raise ReadError(path, f"the weight map is of {name}, which the galaxies do not have", "give that column")
        places.append(columns[own].astype(np.float64))
    weight, shift = grid_values(path, names[:-2], points, np.stack(places, axis=1), hold=hold)
    return {"weight": weight, "mag_shift": shift}


def grid_values(path: Path, names: list[str], points: Array, places: Array, *, hold: bool) -> tuple[Array, Array]:
    """Both values of a grid at places (n, n_axis), linear between its points (n_point, n_axis + 2).

    Raises
    ------
    ReadError
        Where the points are no complete grid, or a place is beyond it and not held.
    """
    from scipy.interpolate import RegularGridInterpolator

    n_axis = len(names)
    axes = [np.unique(points[:, i]) for i in range(n_axis)]
    shape = tuple(axis.size for axis in axes)
    if np.prod(shape) != len(points) or np.unique(points[:, :n_axis], axis=0).shape[0] != len(points):
        raise ReadError(path, f"{len(points)} points are no complete grid of {shape}", "give each point of it once")
    order = np.lexsort(points[:, :n_axis].T[::-1])
    for i, name in enumerate(names):
        beyond = ~((places[:, i] >= axes[i][0]) & (places[:, i] <= axes[i][-1]))
        if np.any(beyond) and not (hold and np.isfinite(places[:, i]).all()):
            row = int(np.flatnonzero(beyond)[0])
            raise ReadError(
                path,
                f"{name} of galaxy {row + 1} is {places[row, i]:g}, beyond the map ({axes[i][0]:g} to {axes[i][-1]:g})",
                "widen the map, leave such galaxies out, or hold the weights",
            )
    held = np.stack([np.clip(places[:, i], axes[i][0], axes[i][-1]) for i in range(n_axis)], axis=1)
    # An axis of one point has one value; the interpolator wants two.
    many = [i for i in range(n_axis) if axes[i].size > 1]
    made = []
    for column in (n_axis, n_axis + 1):
        values = points[order, column].reshape([axes[i].size for i in many])
        if not many:
            made.append(np.full(len(places), float(values)))
            continue
        linear = RegularGridInterpolator([axes[i] for i in many], values)
        made.append(np.asarray(linear(held[:, many])))
    return made[0], made[1]
