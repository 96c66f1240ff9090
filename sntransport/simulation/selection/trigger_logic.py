"""Which objects fulfil a trigger, and when.

Every part of `trigger_language` is a demand on a set of detections that more detections can only fulfil, so one number
says all of it: the *latest start* at a detection is the last date such that the detections from there to this one
fulfil the part (minus infinity where not even all up to it do). "and" is the earlier of two latest starts, "or" the
later one, "within" leaves out those that are too early and keeps the last of what went before. A trigger is complete
at the first detection with a latest start.

- A band: the last detection in it. ``n of`` bands: the n-th latest of theirs.
- ``n detections``: the n-th last. ``on m nights``: m of them are pairwise more than `NIGHT` apart.
- ``n epochs``: n dates of detections, pairwise more than ``epoch_window`` apart, each of which begins a stretch of
  ``epoch_window`` in which the detections do what each epoch must. With nothing asked of each, this is
  `sntransport.simulation.selection.detection.trigger`.

(SNANA's pipeline logic counts stretches that begin with a visit, whether or not it detects anything, so an epoch may
be cut there in the middle of a night that is longer than ``TIME_SINGLE_DETECT``.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport.simulation.selection.detection import Trigger
from sntransport.simulation.selection.trigger_language import (
    Both,
    Detections,
    Either,
    Epochs,
    InBand,
    Logic,
    Several,
    Within,
    bands_of,
)

NIGHT = 0.5
"""Detections farther apart than this are of different nights [d]: no night is longer, no day between two shorter, at
the latitudes of observatories."""

_Mask = NDArray[np.bool_]
_Index = NDArray[np.int64]


@answers_mistakes
def logic_trigger(
    logic: Logic, detected: _Mask, mjd: Array, *, band: NDArray[np.integer], offset: NDArray[np.integer],
    bands: Sequence[str], epoch_window: float = 0.02,
) -> Trigger:  # fmt: skip
    """Which objects fulfil a trigger.

    Parameters
    ----------
    logic : Logic
        From `sntransport.simulation.selection.trigger_language.parse_trigger`.
    detected : ndarray of bool, (n_obs,)
    mjd : ndarray, (n_obs,) [d]
        In any order within an object.
    band : ndarray of int, (n_obs,)
        Index into ``bands``.
    offset : ndarray of int, (n_object + 1,)
        The measurements of object i are ``offset[i]`` to ``offset[i + 1]``.
    bands : sequence of str, (n_band,)
    epoch_window : float [d]
        Detections up to this long after the first of an epoch are of that epoch.

    Returns
    -------
    Trigger
        ``mjd`` is the date of the detection that completes it.

    Raises
    ------
    ValueError
        For a band that is not among ``bands``, or an ``epoch_window`` that is negative.

    Examples
    --------
    >>> from sntransport.simulation.selection import logic_trigger, parse_trigger
    >>> found = logic_trigger(
    ...     parse_trigger("g and r"),
    ...     np.array([True, True, True, False]),
    ...     np.array([60000.0, 60003.0, 60000.0, 60003.0]),
    ...     band=np.array([0, 1, 0, 1]),
    ...     offset=np.array([0, 2, 4]),
    ...     bands=["ztfg", "ztfr"],
    ... )
    >>> found.triggered.tolist()
    [True, False]
    """
    if not epoch_window >= 0:
        raise ValueError(f"epoch_window is {epoch_window}, expected 0 or more")
    require_bands(logic, bands)
    n_object = len(offset) - 1
    rows = np.flatnonzero(detected)
    owner = np.repeat(np.arange(n_object), np.diff(offset))[rows]
    date, kind = np.asarray(mjd, dtype=np.float64)[rows], np.asarray(band)[rows]
    if np.any((date[1:] < date[:-1]) & (owner[1:] == owner[:-1])):
        order = np.lexsort((date, owner))
        date, kind, owner = date[order], kind[order], owner[order]
    first, complete = np.full(n_object, np.nan), np.full(n_object, np.nan)
    if rows.size:
        start = _latest_start(logic, _Found(owner, date, kind, bands, epoch_window))
        done = np.flatnonzero(start > -np.inf)
        # The earliest is written last.
        complete[owner[done[::-1]]] = date[done[::-1]]
        first[owner[::-1]] = date[::-1]
    return Trigger(np.isfinite(complete), first, complete)


def require_bands(logic: Logic, bands: Sequence[str]) -> None:
    """Raise a ValueError for a band of a trigger that is not among ``bands``."""
    if isinstance(logic, InBand):
        bands_of(logic.band, bands)
    elif isinstance(logic, Several | Detections):
        for name in logic.bands:
            bands_of(name, bands)
    elif isinstance(logic, Both | Either):
        for part in logic.parts:
            require_bands(part, bands)
    elif isinstance(logic, Within):
        require_bands(logic.what, bands)
    elif logic.each is not None:
        require_bands(logic.each, bands)


class _Found:
    """Detections in the order of object and date, and where each object and each date begins and ends."""

    def __init__(
        self, owner: _Index, date: Array, band: NDArray[np.integer], bands: Sequence[str], epoch_window: float
    ) -> None:
        self.date, self.band, self.bands, self.epoch_window = date, band, bands, epoch_window
        place = np.arange(date.size)
        new = np.concatenate([[True], owner[1:] > owner[:-1]])
        later = new | np.concatenate([[True], date[1:] > date[:-1]])
        self.begin = np.maximum.accumulate(np.where(new, place, 0))
        ends = np.flatnonzero(np.concatenate([later[1:], [True]]))
        self.last = np.repeat(ends, np.diff(ends, prepend=-1))

    def inside(self, names: Sequence[str]) -> _Mask:
        """Detections in any of the bands; of all bands where none is named."""
        if not names:
            return np.ones(self.date.size, dtype=bool)
        wanted = np.zeros(len(self.bands), dtype=bool)
        for name in names:
            wanted[list(bands_of(name, self.bands))] = True
        return np.asarray(wanted[self.band])

    def nth_last(self, some: _Mask, n: int) -> Array:
        """Date of the n-th last of ``some`` up to each date, (n_detection,)."""
        places = np.flatnonzero(some)
        count = np.cumsum(some)[self.last] - n
        place = places[np.maximum(count, 0)] if places.size else np.full(self.date.size, -1)
        return np.where((count >= 0) & (place >= self.begin), self.date[place], -np.inf)

    def apart(self, some: _Mask, newest: Array, n: int, days: float) -> Array:
        """See `_kernels.dates_apart`."""
        from sntransport.simulation.selection import _kernels

        if n == 1:
            return newest
        out = np.empty(newest.size)
        _kernels.dates_apart(self.begin, self.date, some, newest, n, days, out)
        return out

    def until(self, days: float) -> _Index:
        """See `_kernels.last_until`."""
        from sntransport.simulation.selection import _kernels

        out = np.empty(self.date.size, dtype=np.int64)
        _kernels.last_until(self.begin, self.date, days, out)
        return out

    def kept(self, start: Array, days: float) -> Array:
        """The latest of the starts so far that were at most ``days`` before their end."""
        near = (start > -np.inf) & (start + days >= self.date)
        place = np.maximum.accumulate(np.where(near, np.arange(start.size), -1))
        return np.where(place >= self.begin, start[place], -np.inf)


def _latest_start(logic: Logic, found: _Found) -> Array:
    """The latest start at each detection, (n_detection,): the same for all of one object and date."""
    if isinstance(logic, InBand):
        return found.nth_last(found.inside([logic.band]), 1)
    if isinstance(logic, Several):
        each = np.array([found.nth_last(found.inside([name]), 1) for name in logic.bands])
        return np.asarray(np.sort(each, axis=0)[-logic.n])
    if isinstance(logic, Detections):
        some = found.inside(logic.bands)
        start = found.nth_last(some, logic.n)
        if logic.nights == 1:
            return start
        return np.minimum(start, found.apart(some, found.nth_last(some, 1), logic.nights, NIGHT))
    if isinstance(logic, Both):
        return np.asarray(np.min([_latest_start(part, found) for part in logic.parts], axis=0))
    if isinstance(logic, Either):
        return np.asarray(np.max([_latest_start(part, found) for part in logic.parts], axis=0))
    if isinstance(logic, Within):
        return found.kept(_latest_start(logic.what, found), logic.days)
    return _epochs(logic, found)


def _epochs(logic: Epochs, found: _Found) -> Array:
    window = found.epoch_window
    everything = found.inside(())
    if logic.each is None:
        return found.apart(everything, found.date, logic.n, window)
    start = _latest_start(logic.each, found)
    # A detection begins an epoch where those up to one window later need nothing from before it.
    until = found.until(window)
    begins = start[until] >= found.date
    return found.apart(begins, found.kept(start, window), logic.n, window)
