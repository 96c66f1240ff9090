"""Variables of SNANA's efficiency maps, by the names that it gives them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport.simulation.selection.objects import Objects
from sntransport.simulation.selection.trigger_language import bands_of

_PEAK = re.compile(r"PEAKMAG_(\w+)|(\w)")
_HOST = re.compile(r"(?:HOSTMAG_(\w+)|(\w)_obs)")
_SEASON_GAP = 90.0
"""A season ends with a longer stretch without visits [d]: SNANA manual, section on spectroscopic efficiencies."""


def variable(name: str, objects: Objects, truth: Any, columns: Mapping[str, str]) -> Array:
    """Values of a variable, (n_object,).

    Parameters
    ----------
    name : str
        ``REDSHIFT`` (heliocentric); ``PEAKMJD`` (date of phase 0); ``g`` or ``PEAKMAG_g``, the peak magnitude in the
        band whose name ends so (``g+r``: the mean of those covered); ``g-r``, a color at peak; ``DTPEAK``, of the
        measurement nearest to phase 0 its days after it; ``DTSEASON_PEAK``, days of phase 0 from the edge of a season,
        negative outside of it, by the measurements of the object; ``MWEBV``. Any other is the column of the truth that
        ``columns`` names, or that is called alike, in small letters, also behind ``host_`` (``HOSTMAG_g`` and
        ``g_obs`` also ``host_mag_g``); or a difference of two.
    objects : Objects
    truth : Truth
        Of these objects.
    columns : mapping of str to str

    Raises
    ------
    ValueError
        Where it is none of them.
    """
    if name in columns:
        return _column(name, truth, (columns[name],))
    if name == "REDSHIFT":
        return np.asarray(truth.z)
    if name == "PEAKMJD":
        return np.asarray(truth.mjd_ref)
    if name == "MWEBV":
        return np.asarray(truth.ebv_mw)
    if name in ("DTPEAK", "DTSEASON_PEAK"):
        return (_nearest if name == "DTPEAK" else _in_season)(objects, truth)
    parts = re.split(r"([+-])", name)
    letters = [found[1] or found[2] for part in parts[::2] if (found := _PEAK.fullmatch(part))]
    if len(letters) == len(parts[::2]):
        return _peak(letters, parts[1::2], name, objects, truth)
    if len(parts) == 3 and parts[1] == "-":
        first, second = (_column(part, truth, _tries(part)) for part in parts[::2])
        return np.asarray(first - second)
    return _column(name, truth, _tries(name))


def _tries(name: str) -> tuple[str, ...]:
    small = name.lower()
    band = _HOST.fullmatch(name)
    of_host = (f"host_mag_{band[1] or band[2]}",) if band else ()
    return (name, small, f"host_{small}", *of_host)


def _column(name: str, truth: Any, tries: Sequence[str]) -> Array:
    held = truth.columns()
    for one in tries:
        if one in held and held[one].ndim == 1 and held[one].dtype.kind in "biuf":
            return np.asarray(held[one], dtype=np.float64)
    known = ", ".join(truth.more) or "none"
    raise ValueError(
        f"the efficiency depends on {name}, of which the truth has no column (further ones: {known}); name one with "
        f"columns = {{ {name} = ... }}, or leave the map out"
    )


def _peak(letters: Sequence[str], signs: Sequence[str], name: str, objects: Objects, truth: Any) -> Array:
    """A peak magnitude, the mean of several, or a color."""
    each = [np.fmin.reduce(truth.peak_mag[:, list(bands_of(letter, objects.bands))], axis=1) for letter in letters]
    if set(signs) <= {"+"}:
        covered = np.isfinite(each)
        total = np.where(covered, each, 0.0).sum(axis=0)
        n = covered.sum(axis=0)
        return np.asarray(np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0))
    if list(signs) != ["-"]:
        raise ValueError(f"the efficiency depends on {name}, expected a band, bands joined by +, or two joined by -")
    return np.asarray(each[0] - each[1])


def _nearest(objects: Objects, truth: Any) -> Array:
    """Days from phase 0 to the measurement nearest to it, NaN where there is none."""
    n_object = truth.mjd_ref.size
    owner = np.repeat(np.arange(n_object), np.diff(objects.offset))
    after = objects.mjd - truth.mjd_ref[owner]
    order = np.lexsort((np.abs(after), owner))
    out = np.full(n_object, np.nan)
    first = np.unique(owner[order], return_index=True)[1]
    out[owner[order][first]] = after[order][first]
    return out


def _in_season(objects: Objects, truth: Any) -> Array:
    """Days of phase 0 from the nearest edge of a season, NaN where there is no measurement."""
    n_object = truth.mjd_ref.size
    owner = np.repeat(np.arange(n_object), np.diff(objects.offset))
    if not owner.size:
        return np.full(n_object, np.nan)
    new = (np.diff(owner) > 0) | (np.diff(objects.mjd) > _SEASON_GAP)
    begins, ends = np.flatnonzero(np.concatenate([[True], new])), np.flatnonzero(np.concatenate([new, [True]]))
    of = np.concatenate([owner[begins], owner[ends]])
    margin = np.concatenate(
        [truth.mjd_ref[owner[begins]] - objects.mjd[begins], objects.mjd[ends] - truth.mjd_ref[owner[ends]]]
    )
    order = np.lexsort((np.abs(margin), of))
    out = np.full(n_object, np.nan)
    nearest, first = np.unique(of[order], return_index=True)
    out[nearest] = margin[order][first]
    return out
