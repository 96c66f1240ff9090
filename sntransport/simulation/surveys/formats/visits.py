"""What all readers of visits share: which rows are usable, why the others are not, and the names of bands."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._storage.atomic_files import sha256
from sntransport._storage.read_error import ReadError, counted
from sntransport.photometry.bands import band_names, likely_bands

_CHECKSUM_DIGITS = 16


def usable_visits(
    path: object, checks: Mapping[str, NDArray[np.bool_]], row: Callable[[int], str]
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:  # fmt: skip
    """Which visits pass every check, and a note on those that do not.

    Parameters
    ----------
    path : path-like
    checks : mapping
        What is wrong where it is False ("fiveSigmaDepth is not a number") to a mask, (n_visit,). A visit counts under
        the first that it fails.
    row : callable
        Names a visit, such as ``line 17``.

    Returns
    -------
    keep : ndarray of bool, (n_visit,)
    notes : tuple of str
        One line for each reason: how many, and the first.

    Raises
    ------
    ReadError
        Where no visit is left, or there was none.
    """
    n = len(next(iter(checks.values())))
    if n == 0:
        raise ReadError(path, "no visits", "give a table with one row or more")
    keep, notes = np.ones(n, dtype=bool), []
    for wrong, good in checks.items():
        bad = np.flatnonzero(keep & ~good)
        if bad.size:
            notes.append(f"{counted(bad.size, 'visit')} of {n} rejected: {wrong} (first: {row(int(bad[0]))})")
            keep[bad] = False
    if not keep.any():
        raise ReadError(path, f"none of {counted(n, 'visit')} is usable", "; ".join(notes))
    return keep, tuple(notes)


def sky_checks(
    mjd: Array, ra: Array, dec: Array, names: Sequence[str] = ("mjd", "ra", "dec")
) -> dict[str, NDArray[np.bool_]]:
    """Checks of date [d] and position [deg] for `usable_visits`; ``names`` are the file's own."""
    return {
        f"{names[0]} is not a Modified Julian date": (mjd > -200_000) & (mjd < 200_000),
        f"{names[1]} is not within -360 and 360": np.abs(ra) <= 360.0,
        f"{names[2]} is not within -90 and 90": np.abs(dec) <= 90.0,
    }


def sane(values: Array) -> Array:
    """Numbers of a camera, with NaN, which rejects a visit, for sizes that no camera has and no square can hold.

    Those are 1e9 and more, and 1e-9 and less except 0.
    """
    size = np.abs(values)
    return np.where((size < 1e9) & ((size > 1e-9) | (size == 0)), values, np.nan)


def resolve_bands(path: object, found: Sequence[str], given: Mapping[str, str] | None, prefix: str) -> dict[str, str]:
    """A file's names of filters as names of `sntransport.load_bands`.

    Parameters
    ----------
    path : path-like
    found : sequence of str
        Names that occur in the file.
    given : mapping or None
        What the caller says: file's name to band.
    prefix : str
        Put before a name that is not a band itself: ``lsst`` makes ``g`` to ``lsstg``. Upper case is tried in lower.

    Returns
    -------
    dict
        Without the names that are no band.

    Raises
    ------
    ReadError
        Where ``given`` names an unknown band, or no name is one.
    """
    known, given = set(band_names()), dict(given or {})
    for letter, band in given.items():
        if band not in known:
            near = likely_bands(band, 3) or ["a name of band_names()"]
            raise ReadError(path, f"bands maps {letter!r} to {band!r}, which is not known", f"use {' or '.join(near)}")
    bands = dict(given)
    for name in found:
        tries = [name, f"{prefix}{name}", f"{prefix}{name.lower()}"] if prefix else [name]
        if name not in bands and (match := next((item for item in tries if item in known), "")):
            bands[name] = match
    if not any(name in bands for name in found):
        shown = ", ".join(map(repr, list(found)[:8])) or "none"
        raise ReadError(path, f"no filter is known (it has {shown})", "pass bands={'g': 'lsstg', ...}")
    return {name: bands[name] for name in found if name in bands}


def cited(path: Path) -> str:
    """File name and the beginning of its checksum."""
    return f"{path.name} (SHA-256 {sha256(path)[:_CHECKSUM_DIGITS]})"


def require_file(path: str | Path) -> Path:
    """The path, or a ReadError where there is no such file."""
    path = Path(path)
    if not path.is_file():
        raise ReadError(path, "there is no such file", "check its name")
    return path
