"""The footprint of one or more surveys: places drawn from it, its area, and the visits that see a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_finite, require_shape
from sntransport.simulation.surveys.survey import Survey

# Cells of the footprint are cut in four until this share of their area is certain, or there are this many.
_CERTAIN, _MOST_CELLS = 0.95, 200_000
# Added to a reach [rad], so that rounding never leaves out a cell of the grid.
_SLACK = 1e-6
# A footprint of which none of so many places is found has no area to speak of.
_MOST_TRIES = 50_000_000

Where = Literal["first", "all", "any"]
"""Of several surveys: where the first looks, where all of them do, or where any of them does."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Cells:
    """The footprint in cells of equal area: ranges of sine of declination and of right ascension.

    Every place of the footprint is in a cell; where ``inside``, every place of the cell is in the footprint.
    """

    low: Array
    size: Array
    inside: NDArray[np.bool_]


_GRIDS: WeakKeyDictionary[Survey, Any] = WeakKeyDictionary()
# By the first survey: the others and how they count, with the cells.
_CELLS: WeakKeyDictionary[Survey, list[tuple[tuple[Any, ...], Where, _Cells]]] = WeakKeyDictionary()


def unit_vectors(ra: ArrayLike, dec: ArrayLike) -> Array:
    """Directions (n, 3) of positions (n,) [deg]."""
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def galactic_latitude(ra: ArrayLike, dec: ArrayLike) -> Array:
    """Galactic latitudes (n,) [deg] of positions (n,) [deg]; pole at 192.85948, 27.12825 deg (J2000)."""
    pole, dec = np.radians(27.12825), np.radians(dec)
    sine = np.sin(dec) * np.sin(pole) + np.cos(dec) * np.cos(pole) * np.cos(np.radians(np.subtract(ra, 192.85948)))
    return np.asarray(np.degrees(np.arcsin(sine)))


def draw_positions(
    survey: Survey | Sequence[Survey], n: int, rng: np.random.Generator, places: Where = "first"
) -> tuple[Array, Array]:  # fmt: skip
    """Random places of the footprint, the union of all fields of view, with equal chance for equal area.

    Parameters
    ----------
    survey : Survey or sequence of Survey
    n : int
    rng : numpy.random.Generator
        How many numbers are taken depends on the places rejected.
    places : {"first", "all", "any"}
        Of several surveys: the footprint of the first, what all have in common, or what any of them has.

    Returns
    -------
    ra, dec : ndarray, (n,) [deg]
        A place seen by many fields is as likely as one seen by one.

    Raises
    ------
    ValueError
        Where a survey has no visits, or they have no place in common.

    Examples
    --------
    >>> from sntransport.simulation.surveys.footprint import draw_positions
    >>> visit = {"mjd": [60000.0], "band": [0], "ra": [10.0], "dec": [0.0]}
    >>> noise = {"background": [600.0], "photons_per_njy": [0.05]}
    >>> survey = snt.Survey(name="one field", bands=["ztfr"], radius=2.0, **visit, **noise)
    >>> ra, dec = draw_positions(survey, 1000, np.random.default_rng(1))[:2]
    >>> bool(np.hypot(ra - 10.0, dec).max() < 2.01)
    True
    """
    surveys = _counted(survey, places)
    cells = _cells(surveys, places)
    accepted: list[Array] = []
    missing, tries = n, 0
    while missing > 0:
        if tries > _MOST_TRIES and missing == n:
            raise _apart(surveys)
        share = max(float(np.mean(cells.inside)), 0.1)
        m = int(missing / share * 1.05) + 16
        cell = rng.integers(cells.inside.size, size=m)
        place = cells.low[cell] + rng.random((m, 2)) * cells.size
        keep = cells.inside[cell]
        unsure = np.flatnonzero(~keep)
        keep[unsure] = _covered(surveys, places, place[unsure])
        accepted.append(place[keep][:missing])
        missing, tries = missing - accepted[-1].shape[0], tries + m
    return _degrees(np.concatenate(accepted or [np.empty((0, 2))]))


def footprint_area(survey: Survey | Sequence[Survey], places: Where = "first") -> float:
    """Area of the union of all fields of view [deg2], to about 0.1 %.

    Parameters
    ----------
    survey, places
        As for `draw_positions`.

    Returns
    -------
    float
        The cells at its edges count by the share of 8 x 8 points that are covered.

    Raises
    ------
    ValueError
        Where a survey has no visits, or they have no place in common.

    Examples
    --------
    >>> from sntransport.simulation.surveys.footprint import footprint_area
    >>> visit = {"mjd": [60000.0], "band": [0], "ra": [10.0], "dec": [5.0]}
    >>> noise = {"background": [600.0], "photons_per_njy": [0.05]}
    >>> survey = snt.Survey(name="one field", bands=["ztfr"], radius=2.0, **visit, **noise)
    >>> print(f"{footprint_area(survey):.1f} deg2")
    12.6 deg2
    """
    surveys = _counted(survey, places)
    cells = _cells(surveys, places)
    edge = cells.low[~cells.inside]
    steps = (np.arange(8) + 0.5) / 8
    points = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) * cells.size
    covered = _covered(surveys, places, (edge[:, None, :] + points).reshape(-1, 2))
    n_cells = np.count_nonzero(cells.inside) + covered.sum() / points.shape[0]
    return float(n_cells * np.prod(cells.size) * np.degrees(1.0) ** 2)


def visits_of(
    survey: Survey, ra: ArrayLike, dec: ArrayLike, mjd_first: ArrayLike, mjd_last: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Visits that see each position within its range of dates.

    Parameters
    ----------
    survey : Survey
        Its spatial index is made at the first call and kept as long as the survey.
    ra, dec : array_like, (n,) [deg]
    mjd_first, mjd_last : array_like, (n,) or scalar [d]
        Both included.

    Returns
    -------
    offset : ndarray of int, (n + 1,)
        The visits of position i are ``index[offset[i]:offset[i + 1]]``.
    index : ndarray of int, (n_total,)
        Rows of the survey, in the order of date for each position. A place exactly at the edge of the field is seen.

    Raises
    ------
    ValueError
        Where shapes differ or a value is not finite.
    """
    offset, keys = _keys(survey, ra, dec, mjd_first, mjd_last)
    return offset, keys >> 32


def measurements_of(
    survey: Survey, ra: ArrayLike, dec: ArrayLike, mjd_first: ArrayLike, mjd_last: ArrayLike, *,
    code: NDArray[Any] | None = None, more: bool = False,
) -> tuple[NDArray[np.int64], Array]:  # fmt: skip
    """What is needed of the visits of `visits_of` to simulate them, without a look at the survey's own columns.

    Parameters
    ----------
    survey, ra, dec, mjd_first, mjd_last
        As for `visits_of`.
    code : ndarray of int, (n_visit,), optional
        A number of each visit of the survey, such as that of its field.
    more : bool
        Whether template noise and the number of the visit are needed, too.

    Returns
    -------
    offset : ndarray of int, (n + 1,)
    columns : ndarray, (5 to 8, n_total)
        Date [d], band, background [nJy], photons per nJy, saturation [nJy]; with ``more`` template noise [nJy] and row
        of the survey; with ``code`` that, as the last.

    Raises
    ------
    ValueError
        As `visits_of`.
    """
    from sntransport.simulation.surveys import _kernels

    offset, keys = _keys(survey, ra, dec, mjd_first, mjd_last)
    columns = np.empty((5 + 2 * more + (code is not None), keys.size))
    columns[5:] = 0.0
    if keys.size:
        _kernels.take_columns(keys, _grid(survey).columns, columns[: 6 if more else 5])
    if more:
        columns[6] = keys >> 32
    if code is not None:
        columns[-1] = code[keys >> 32]
    return offset, columns


def _keys(
    survey: Survey, ra: ArrayLike, dec: ArrayLike, mjd_first: ArrayLike, mjd_last: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Visits as `_kernels.gather_visits` has them."""
    ra, dec = readonly(ra, "ra"), readonly(dec, "dec")
    require_shape(dec, "dec", ra.shape, "(n,)")
    ranges = [np.broadcast_to(np.asarray(value, dtype=np.float64), ra.shape) for value in (mjd_first, mjd_last)]
    for values, name in zip((ra, dec, *ranges), ("ra", "dec", "mjd_first", "mjd_last"), strict=True):
        require_finite(values, name)
    if survey.n_visit == 0:
        return np.zeros(ra.size + 1, np.int64), np.empty(0, np.int64)
    # numpy goes on from where the number before was, which is near only in their order.
    order = np.argsort(ranges[0])
    first, last = np.empty((2, ra.size), np.int64)
    first[order] = np.searchsorted(survey.mjd, ranges[0][order], side="left")
    last[order] = np.searchsorted(survey.mjd, ranges[1][order], side="right")
    from sntransport.simulation.surveys import _kernels

    # The edge belongs to the field; rounding must not take it away.
    chord2 = _chord(survey.radius) ** 2 * (1 + 1e-12)
    return _kernels.gather_visits(ra, dec, first, last, chord2, np.radians(survey.radius) + _SLACK, _grid(survey))


def forget(survey: Survey) -> None:
    """Drop the spatial index and the footprint that are kept with a survey; the next call makes them again."""
    _GRIDS.pop(survey, None)
    _CELLS.pop(survey, None)


def _chord(angle: ArrayLike) -> Any:
    """Straight distance of two directions that are ``angle`` [deg] apart."""
    return 2.0 * np.sin(0.5 * np.radians(angle))


def _grid(survey: Survey) -> Any:
    """The survey's visits in cells 0.7 radii wide, made once; wider where there would be more cells than visits."""
    from sntransport.simulation.surveys import _kernels

    if survey in _GRIDS:
        return _GRIDS[survey]
    n = survey.n_visit
    step = max(0.7 * survey.radius, float(np.degrees(np.sqrt(np.pi / max(n, 1)))))
    edges = np.minimum(-90.0 + step * np.arange(int(np.ceil(180.0 / step)) + 1), 90.0)
    sine, cosine = np.sin(np.radians(edges)), np.maximum(np.cos(np.radians(edges)), 0.0)
    widest = np.where((edges[:-1] < 0) & (edges[1:] > 0), 1.0, np.maximum(cosine[:-1], cosine[1:]))
    cell = np.concatenate([[0], np.cumsum(np.maximum(360.0 * widest / step, 1.0).astype(np.int64))])
    near = np.empty((n, 4), np.float32)
    grid = _kernels.Grid(
        step, sine, cosine, cell, np.zeros(cell[-1] + 1, np.int64), near, near.view(np.int32),
        np.empty((n, 6 if survey.template_noise.any() else 5)), survey.ra, survey.dec,
    )  # fmt: skip
    _kernels.sort_visits(
        survey.mjd, survey.band, survey.background, survey.photons_per_njy, survey.saturation, survey.template_noise,
        grid,
    )  # fmt: skip
    _GRIDS[survey] = grid
    return grid


def _counted(survey: Survey | Sequence[Survey], places: Where) -> tuple[Survey, ...]:
    """The surveys that count; those without visits are an error."""
    surveys = (survey,) if isinstance(survey, Survey) else tuple(survey)
    if places not in get_args(Where):
        raise ValueError(f"places is {places!r}, expected {', '.join(get_args(Where))}")
    surveys = surveys[:1] if places == "first" else surveys
    for one in surveys:
        if one.n_visit == 0:
            raise ValueError(f"survey {one.name!r} has no visits, so there is no place in its footprint")
    return surveys


def _apart(surveys: Sequence[Survey]) -> ValueError:
    return ValueError(f"the surveys {', '.join(one.name for one in surveys)} have no place on the sky in common")


def _cells(surveys: tuple[Survey, ...], places: Where) -> _Cells:
    """The footprint in cells, made once: the sphere cut in four again and again near the edges."""
    made = _CELLS.setdefault(surveys[0], [])
    for others, same, cells in made:
        if same == places and len(others) == len(surveys) - 1 and all(
            one() is other for one, other in zip(others, surveys[1:], strict=True)
        ):  # fmt: skip
            return cells
    cells = _cut(surveys, places)
    made.append((tuple(ref(one) for one in surveys[1:]), places, cells))
    return cells


def _cut(surveys: tuple[Survey, ...], places: Where) -> _Cells:
    size = np.array([1.0 / 8.0, np.pi / 16.0])
    sine, ra = np.meshgrid(-1.0 + size[0] * np.arange(16), size[1] * np.arange(32))
    low = np.stack([sine.ravel(), ra.ravel()], axis=1)
    known = np.zeros(low.shape[0], dtype=np.int8)
    while True:
        # What is all inside stays so when it is cut.
        unsure = known < 2
        known[unsure] = _combined([_known(one, low[unsure], size) for one in surveys], places)
        low, known = low[known > 0], known[known > 0]
        if not known.size:
            raise _apart(surveys)
        if np.mean(known == 2) >= _CERTAIN or 4 * low.shape[0] > _MOST_CELLS:
            break
        size = 0.5 * size
        low = (low[:, None, :] + np.array([[0, 0], [0, 1], [1, 0], [1, 1]]) * size).reshape(-1, 2)
        known = np.repeat(known, 4)
    return _Cells(low=low, size=size, inside=known == 2)


def _combined(known: Sequence[NDArray[Any]], places: Where) -> NDArray[Any]:
    """Of each survey (n,): the least where all must see a place, the largest where one is enough."""
    return np.asarray(np.min(known, axis=0) if places == "all" else np.max(known, axis=0))


def _known(survey: Survey, low: Array, size: Array) -> NDArray[np.int8]:
    """0 for cells beyond all fields, 2 for those all inside one, else 1."""
    middle = _direction(low + 0.5 * size)
    corners = [_direction(low + np.array(corner) * size) for corner in ((0, 0), (0, 1), (1, 0), (1, 1))]
    # The corners are a cell's farthest points from its middle, since no cell is wider than 90 deg.
    chord = np.max([np.linalg.norm(corner - middle, axis=1) for corner in corners], axis=0)
    reach = np.degrees(2.0 * np.arcsin(np.minimum(0.5 * chord, 1.0)))
    inner = survey.radius - reach
    inner2 = np.where(inner >= 0, _chord(inner) ** 2, -1.0)
    return _nearness(survey, low + 0.5 * size, inner2, np.minimum(survey.radius + reach, 180.0))


def _nearness(survey: Survey, place: Array, inner2: Array, outer: Array) -> NDArray[np.int8]:
    from sntransport.simulation.surveys import _kernels

    ra, dec = _degrees(place)
    near = np.empty(ra.size, dtype=np.int8)
    _kernels.nearness(ra, dec, inner2, _chord(outer) ** 2, np.radians(outer) + _SLACK, _grid(survey), near)
    return near


def _covered(surveys: Sequence[Survey], places: Where, place: Array) -> NDArray[np.bool_]:
    each = []
    for survey in surveys:
        outer = np.full(place.shape[0], survey.radius)
        each.append(_nearness(survey, place, _chord(outer) ** 2, outer) == 2)
    return _combined(each, places)


def _degrees(place: Array) -> tuple[Array, Array]:
    """Right ascension and declination [deg] of places (n, 2): sine of declination and right ascension [rad]."""
    return np.degrees(place[:, 1]), np.degrees(np.arcsin(np.clip(place[:, 0], -1.0, 1.0)))


def _direction(place: Array) -> Array:
    """Unit vectors (n, 3) of places (n, 2): sine of declination and right ascension [rad]."""
    sine = np.clip(place[:, 0], -1.0, 1.0)
    cosine = np.sqrt(1.0 - sine**2)
    return np.stack([cosine * np.cos(place[:, 1]), cosine * np.sin(place[:, 1]), sine], axis=1)
