"""The footprint of a survey: places drawn from it, its area, and the visits that see a place."""

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport.checks import Array, readonly, require_finite, require_shape
from sntransport.survey import Survey

# Positions of one batch of `visits_of`; bounds its memory, not its result.
_BATCH = 20_000
# Cells of the footprint are cut in four until this share of their area is certain, or there are this many.
_CERTAIN, _MOST_CELLS = 0.95, 200_000


@dataclass(frozen=True, eq=False)
class _Index:
    """Visits of a survey in groups of near pointings, so that the tree stays small where every visit is dithered.

    ``tree`` is of the groups' centers, all visits of a group are within ``slack`` of its center, ``rows`` are the
    visits in the order of the groups, ascending within each, which begins at its ``offset``; ``pointing`` has their
    unit vectors in that order.
    """

    tree: Any
    slack: float
    offset: NDArray[np.int64]
    rows: NDArray[np.int64]
    pointing: Array


@dataclass(frozen=True, eq=False)
class _Cells:
    """The footprint in cells of equal area: ranges of sine of declination and of right ascension.

    Every place of the footprint is in a cell; where ``inside``, every place of the cell is in the footprint.
    """

    low: Array
    size: Array
    inside: NDArray[np.bool_]
    pointings: Any
    radius: float


_INDEXES: "WeakKeyDictionary[Survey, _Index]" = WeakKeyDictionary()
_CELLS: "WeakKeyDictionary[Survey, _Cells]" = WeakKeyDictionary()


def unit_vectors(ra: ArrayLike, dec: ArrayLike) -> Array:
    """Directions (n, 3) of positions (n,) [deg]."""
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def draw_positions(survey: Survey, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Random places of the footprint, the union of all fields of view, with equal chance for equal area.

    Parameters
    ----------
    survey : Survey
    n : int
    rng : numpy.random.Generator
        How many numbers are taken depends on the places rejected.

    Returns
    -------
    ra, dec : ndarray, (n,) [deg]
        A place seen by many fields is as likely as one seen by one.

    Raises
    ------
    ValueError
        Where the survey has no visits.
    """
    cells = _cells(survey)
    accepted: list[Array] = []
    missing = n
    while missing > 0:
        share = max(float(np.mean(cells.inside)), 0.1)
        m = int(missing / share * 1.05) + 16
        cell = rng.integers(cells.inside.size, size=m)
        place = cells.low[cell] + rng.random((m, 2)) * cells.size
        keep = cells.inside[cell]
        unsure = np.flatnonzero(~keep)
        keep[unsure] = _covered(cells, _direction(place[unsure]))
        accepted.append(place[keep][:missing])
        missing -= accepted[-1].shape[0]
    sine, ra = np.concatenate(accepted or [np.empty((0, 2))]).T
    return np.degrees(ra), np.degrees(np.arcsin(sine))


def footprint_area(survey: Survey) -> float:
    """Area of the union of all fields of view [deg2], to about 0.1 %.

    Parameters
    ----------
    survey : Survey

    Returns
    -------
    float
        The cells at its edges count by the share of 8 x 8 points that are covered.

    Raises
    ------
    ValueError
        Where the survey has no visits.
    """
    cells = _cells(survey)
    edge = cells.low[~cells.inside]
    steps = (np.arange(8) + 0.5) / 8
    points = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) * cells.size
    covered = _covered(cells, _direction((edge[:, None, :] + points).reshape(-1, 2)))
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
    ra, dec = readonly(ra, "ra"), readonly(dec, "dec")
    require_shape(dec, "dec", ra.shape, "(n,)")
    ranges = [np.broadcast_to(np.asarray(value, dtype=np.float64), ra.shape) for value in (mjd_first, mjd_last)]
    for values, name in zip((ra, dec, *ranges), ("ra", "dec", "mjd_first", "mjd_last"), strict=True):
        require_finite(values, name)
    if survey.n_visit == 0:
        return np.zeros(ra.size + 1, np.int64), np.empty(0, np.int64)
    first = np.searchsorted(survey.mjd, ranges[0], side="left")
    last = np.searchsorted(survey.mjd, ranges[1], side="right")
    place = unit_vectors(ra, dec)
    parts = [
        _gather(_index(survey), survey.radius, place[i : i + _BATCH], first[i : i + _BATCH], last[i : i + _BATCH])
        for i in range(0, ra.size, _BATCH)
    ]
    counts = [np.diff(offset) for offset, _ in parts]
    offset = np.concatenate([[0], *counts]).cumsum().astype(np.int64)
    return offset, np.concatenate([np.empty(0, np.int64), *(rows for _, rows in parts)])


def _gather(
    index: _Index, radius: float, place: Array, first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    from scipy.spatial import cKDTree

    from sntransport import _kernels_light

    reach = _chord(radius) * (1 + 1e-12) + index.slack
    near = cKDTree(place).sparse_distance_matrix(index.tree, reach, output_type="ndarray")
    order = np.argsort(near["i"], kind="stable")
    pair_offset = np.searchsorted(near["i"][order], np.arange(place.shape[0] + 1))
    # The edge belongs to the field; rounding must not take it away.
    chord2 = _chord(radius) ** 2 * (1 + 1e-12)
    offset, rows = _kernels_light.gather_visits(
        place, pair_offset, near["j"][order], index.offset, index.rows, index.pointing, chord2, first, last
    )
    return offset, rows


def _chord(angle: float) -> float:
    """Straight distance of two directions that are ``angle`` [deg] apart."""
    return float(2.0 * np.sin(0.5 * np.radians(angle)))


def _index(survey: Survey) -> _Index:
    """The survey's groups of pointings, made once: half a radius wide, in rings of declination."""
    from scipy.spatial import cKDTree

    if survey in _INDEXES:
        return _INDEXES[survey]
    step = 0.5 * survey.radius
    ring = np.floor((survey.dec + 90.0) / step).astype(np.int64)
    shrink = np.cos(np.radians(np.clip((ring + 0.5) * step - 90.0, -90.0, 90.0)))
    column = np.floor(survey.ra * shrink / step).astype(np.int64)
    key = ring * (int(360.0 / step) + 2) + column
    rows = np.argsort(key, kind="stable")
    key, pointing = key[rows], unit_vectors(survey.ra, survey.dec)[rows]
    offset = np.concatenate([[0], np.flatnonzero(np.diff(key)) + 1, [key.size]]).astype(np.int64)
    center = np.add.reduceat(pointing, offset[:-1], axis=0)
    center = center / np.linalg.norm(center, axis=1, keepdims=True)
    away = pointing - np.repeat(center, np.diff(offset), axis=0)
    slack = float(np.sqrt(np.einsum("ij,ij->i", away, away).max()))
    index = _Index(cKDTree(center), slack, offset, rows, pointing)
    _INDEXES[survey] = index
    return index


def _cells(survey: Survey) -> _Cells:
    """The survey's footprint in cells, made once: the sphere cut in four again and again near the edges."""
    from scipy.spatial import cKDTree

    if survey.n_visit == 0:
        raise ValueError(f"survey {survey.name!r} has no visits, so there is no place in its footprint")
    if survey in _CELLS:
        return _CELLS[survey]
    ra, dec = _distinct(survey.ra, survey.dec)
    # Splitting at the middle of a box instead of the median makes the tree in half the time.
    pointings = cKDTree(unit_vectors(ra, dec), balanced_tree=False, compact_nodes=False)
    size = np.array([1.0 / 8.0, np.pi / 16.0])
    sine, ra = np.meshgrid(-1.0 + size[0] * np.arange(16), size[1] * np.arange(32))
    low = np.stack([sine.ravel(), ra.ravel()], axis=1)
    while True:
        low, inside = _sorted_out(low, size, pointings, survey.radius)
        if np.mean(inside) >= _CERTAIN or 4 * low.shape[0] > _MOST_CELLS:
            break
        size = 0.5 * size
        low = (low[:, None, :] + np.array([[0, 0], [0, 1], [1, 0], [1, 1]]) * size).reshape(-1, 2)
    cells = _Cells(low, size, inside, pointings, survey.radius)
    _CELLS[survey] = cells
    return cells


def _distinct(ra: Array, dec: Array) -> tuple[Array, Array]:
    """Every position once, in any order; one that many visits share would weigh on the tree."""
    # Equal positions become neighbors; that others have the same sum by chance only costs a repeated position.
    order = np.argsort(ra + np.pi * dec)
    ra, dec = ra[order], dec[order]
    new = np.concatenate([[True], (np.diff(ra) != 0) | (np.diff(dec) != 0)])
    return ra[new], dec[new]


def _sorted_out(low: Array, size: Array, pointings: Any, radius: float) -> tuple[Array, NDArray[np.bool_]]:
    """Without the cells beyond all fields; and which of the others are all inside one."""
    middle = _direction(low + 0.5 * size)
    corners = [_direction(low + np.array(corner) * size) for corner in ((0, 0), (0, 1), (1, 0), (1, 1))]
    # The corners are a cell's farthest points from its middle, since no cell is wider than 90 deg.
    reach = np.max([_angle(np.linalg.norm(corner - middle, axis=1)) for corner in corners], axis=0)
    distance = _angle(pointings.query(middle)[0])
    near = distance - reach <= np.radians(radius)
    return low[near], (distance + reach <= np.radians(radius))[near]


def _angle(chord: Array) -> Array:
    return 2.0 * np.arcsin(np.minimum(0.5 * chord, 1.0))


def _direction(place: Array) -> Array:
    """Unit vectors (n, 3) of places (n, 2): sine of declination and right ascension [rad]."""
    sine = np.clip(place[:, 0], -1.0, 1.0)
    cosine = np.sqrt(1.0 - sine**2)
    return np.stack([cosine * np.cos(place[:, 1]), cosine * np.sin(place[:, 1]), sine], axis=1)


def _covered(cells: _Cells, direction: Array) -> NDArray[np.bool_]:
    reach = _chord(cells.radius)
    distance, _ = cells.pointings.query(direction, distance_upper_bound=reach * (1 + 1e-9))
    return np.asarray(distance <= reach)
