"""When one or more surveys look: ranges of dates, and dates drawn from them."""

from collections.abc import Sequence

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport.simulation.surveys.footprint import Where
from sntransport.simulation.surveys.survey import Survey

Ranges = tuple[tuple[float, float], ...]
"""First and last date [d] of each of some ranges that do not overlap, in order."""


def date_ranges(surveys: Sequence[Survey], places: Where = "first") -> Ranges:
    """From the first to the last visit of surveys.

    Parameters
    ----------
    surveys : sequence of Survey
    places : {"first", "all", "any"}
        The dates of the first, those that all have in common, or those that any of them has, without the time between
        two that do not overlap.

    Returns
    -------
    tuple of (float, float) [d]

    Raises
    ------
    ValueError
        Where a survey has no visits, or they have no date in common.
    """
    for one in surveys:
        if one.n_visit == 0:
            raise ValueError(f"survey {one.name!r} has no visits, so it has no dates")
    own = [(float(one.mjd[0]), float(one.mjd[-1])) for one in surveys]
    if places == "first":
        return (own[0],)
    if places == "all":
        first, last = max(low for low, _ in own), min(high for _, high in own)
        if first > last:
            spans = zip(surveys, own, strict=True)
            told = ", ".join(f"{one.name} MJD {low:.0f} to {high:.0f}" for one, (low, high) in spans)
            raise ValueError(f"the surveys have no date in common ({told}); state dates, or choose first or any")
        return ((first, last),)
    merged: list[tuple[float, float]] = []
    for low, high in sorted(own):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def draw_dates(ranges: Ranges, n: int, rng: np.random.Generator) -> Array:
    """Dates (n,) [d], all of the ranges equally likely; one number is taken for each."""
    if len(ranges) == 1:
        return rng.uniform(*ranges[0], n)
    first, last = np.array(ranges).T
    end = np.cumsum(last - first)
    at = rng.uniform(0.0, end[-1], n)
    which = np.minimum(np.searchsorted(end, at, side="right"), len(ranges) - 1)
    return np.asarray(last[which] - (end[which] - at))
