"""The numba functions of places on the sky. Arrays in, arrays out; the callers validate.

Visits lie in cells: rings of equal height in declination, each cut in columns of right ascension. The visits of a cell
follow each other, so what sees a place is in a few short pieces of one list.
"""

from math import acos, cos, factorial, floor, inf, radians, sin, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sntransport._kernels import compiled
from sntransport.checks import Array as _F

_I = NDArray[np.int64]
_N = NDArray[np.int32]

_S1, _S2, _S3, _S4, _S5, _S6, _S7, _S8 = (1.0 / factorial(n) for n in range(3, 18, 2))
_C2, _C3, _C4, _C5, _C6, _C7, _C8 = (1.0 / factorial(n) for n in range(4, 17, 2))


class Grid(NamedTuple):
    """Visits in cells.

    Ring i begins at declination ``-90 + i step`` [deg]; ``sine`` and ``cosine`` (n_ring + 1,) are those of its edges.
    Its cells are ``cell[i]`` to ``cell[i + 1]``, of equal width in right ascension. The visits of cell c are
    ``offset[c]`` to ``offset[c + 1]`` of ``rows``, ascending, and ``pointing`` (n_visit, 3) has their unit vectors.
    """

    step: float
    sine: _F
    cosine: _F
    cell: _I
    offset: _I
    rows: _N
    pointing: _F


@compiled
def sine_cosine(angle: float) -> tuple[float, float]:
    """Sine and cosine of an angle [deg], to rounding: Taylor's series from the nearest quarter of a turn.

    Three times as fast as those of the C library, since several run at a time.
    """
    quarter = floor(angle / 90.0 + 0.5)
    x = (angle - 90.0 * quarter) * (np.pi / 180.0)
    y = x * x
    s = x - x * y * (_S1 - y * (_S2 - y * (_S3 - y * (_S4 - y * (_S5 - y * (_S6 - y * (_S7 - y * _S8)))))))
    c = 1.0 - y * (0.5 - y * (_C2 - y * (_C3 - y * (_C4 - y * (_C5 - y * (_C6 - y * (_C7 - y * _C8)))))))
    turn = int(quarter) & 3
    s, c = (c, s) if turn & 1 else (s, c)
    return (-s if turn & 2 else s), (-c if (turn + 1) & 2 else c)


@compiled
def sort_visits(ra: _F, dec: _F, grid: Grid) -> None:
    """Fill ``offset`` (zeros before), ``rows`` and ``pointing`` of a grid with visits at ``ra``, ``dec`` [deg]."""
    key = np.empty(ra.size, np.int64)
    for i in range(ra.size):
        ring = min(int((dec[i] + 90.0) / grid.step), grid.cell.size - 2)
        n = grid.cell[ring + 1] - grid.cell[ring]
        key[i] = grid.cell[ring] + min(int(ra[i] * n / 360.0), n - 1)
        grid.offset[key[i] + 1] += 1
    for c in range(1, grid.offset.size):
        grid.offset[c] += grid.offset[c - 1]
    following = grid.offset[:-1].copy()
    for i in range(ra.size):
        k = following[key[i]]
        following[key[i]] = k + 1
        grid.rows[k] = i
        (sin_ra, cos_ra), (z, cos_dec) = sine_cosine(ra[i]), sine_cosine(dec[i])
        grid.pointing[k, 0], grid.pointing[k, 1], grid.pointing[k, 2] = cos_dec * cos_ra, cos_dec * sin_ra, z


@compiled
def _rings(dec: float, reach: float, grid: Grid) -> tuple[int, int]:
    """First and last ring that is within ``reach`` [rad] of a declination [deg]."""
    away, most = reach * 180.0 / np.pi, grid.cell.size - 2
    low, high = floor((dec - away + 90.0) / grid.step), floor((dec + away + 90.0) / grid.step)
    return min(max(low, 0), most), min(max(high, 0), most)


@compiled
def _columns(ring: int, ra: float, sine: float, cosine: float, reach: float, grid: Grid) -> tuple[int, int]:
    """First column of a ring that is within ``reach`` [rad] of a place, and how many are; too many at most."""
    n = grid.cell[ring + 1] - grid.cell[ring]
    # Beyond, the circle has no widest place between its poles.
    if reach > 1.5:
        return 0, n
    cos_reach, least = cos(reach), inf
    # A circle is widest where the sine of the declination is that of its center over the cosine of its radius.
    for place in range(3):
        if place < 2:
            s, c = grid.sine[ring + place], grid.cosine[ring + place]
        else:
            s = sine / cos_reach
            if not grid.sine[ring] < s < grid.sine[ring + 1]:
                continue
            c = sqrt(1.0 - s * s)
        if cosine * c > 0.0:
            least = min(least, (cos_reach - sine * s) / (cosine * c))
        elif cos_reach <= sine * s:
            least = -1.0
    if least <= -1.0:
        return 0, n
    half = acos(min(least, 1.0)) * 180.0 / np.pi + 1e-5
    first, last = floor((ra - half) * n / 360.0), floor((ra + half) * n / 360.0)
    return (0, n) if last - first + 1 >= n else (first % n, last - first + 1)


@compiled
def _not_before(rows: _N, begin: int, end: int, row: int) -> int:
    """Where in a piece of ``rows``, ascending, the first is that is not below ``row``."""
    while begin < end:
        middle = (begin + end) // 2
        if rows[middle] < row:
            begin = middle + 1
        else:
            end = middle
    return begin


@compiled
def _seen(
    start: int, stop: int, x: float, y: float, z: float, chord2: float, pointing: _F, visit: _N, rows: _I, found: int
) -> int:  # fmt: skip
    """Put the visits of a piece that see a place to the end of ``rows``, and return the new end."""
    for k in range(np.uint64(start), np.uint64(stop)):
        dx, dy, dz = pointing[k, 0] - x, pointing[k, 1] - y, pointing[k, 2] - z
        rows[found] = visit[k]
        found += dx * dx + dy * dy + dz * dz <= chord2
    return found


@compiled
def gather_visits(ra: _F, dec: _F, first: _I, last: _I, chord2: float, reach: float, grid: Grid) -> tuple[_I, _I]:
    """Rows of the visits that see each place [deg], as offsets (n + 1,) and rows, ascending for each place.

    A visit counts if its row is within ``first`` <= row < ``last`` and its squared chord is at most ``chord2``, which
    ``reach`` [rad] must not fall short of.
    """
    offset = np.zeros(ra.size + 1, np.int64)
    rows = np.empty(16 * ra.size + 1024, np.int64)
    for i in range(ra.size):
        a, d = radians(ra[i]), radians(dec[i])
        x, y, z = cos(d) * cos(a), cos(d) * sin(a), sin(d)
        found = offset[i]
        low, high = _rings(dec[i], reach, grid)
        for ring in range(low, high + 1):
            column, count = _columns(ring, ra[i], z, cos(d), reach, grid)
            for c in range(column, column + count):
                cell = grid.cell[ring] + c
                cell = cell if cell < grid.cell[ring + 1] else cell - grid.cell[ring + 1] + grid.cell[ring]
                start = _not_before(grid.rows, grid.offset[cell], grid.offset[cell + 1], first[i])
                stop = _not_before(grid.rows, start, grid.offset[cell + 1], last[i])
                # One more, where a visit that does not count may be put last of all.
                if found + stop - start >= rows.size:
                    longer = np.empty(2 * rows.size + stop - start, np.int64)
                    longer[:found] = rows[:found]
                    rows = longer
                found = _seen(start, stop, x, y, z, chord2, grid.pointing, grid.rows, rows, found)
        rows[offset[i] : found].sort()
        offset[i + 1] = found
    return offset, rows[: offset[ra.size]].copy()


@compiled
def nearness(ra: _F, dec: _F, inner2: _F, outer2: _F, reach: _F, grid: Grid, near: NDArray[np.int8]) -> None:
    """2 where a visit is at most ``inner2`` from a place [deg], else 1 where one is at most ``outer2``, else 0.

    Both (n,) are squared chords, ``inner2`` below 0 for none; ``reach`` (n,) [rad] must not fall short of them.
    """
    for i in range(ra.size):
        near[i] = _nearness(ra[i], dec[i], inner2[i], outer2[i], reach[i], grid)


@compiled
def _nearness(ra: float, dec: float, inner2: float, outer2: float, reach: float, grid: Grid) -> int:
    a, d = radians(ra), radians(dec)
    x, y, z = cos(d) * cos(a), cos(d) * sin(a), sin(d)
    best = 0
    low, high = _rings(dec, reach, grid)
    home = min(int((dec + 90.0) / grid.step), grid.cell.size - 2)
    # From the place outward, since most places are seen by a near visit.
    for turn in range(2 * max(home - low, high - home) + 1):
        ring = home + (turn + 1) // 2 if turn % 2 else home - turn // 2
        if not low <= ring <= high:
            continue
        column, count = _columns(ring, ra, z, cos(d), reach, grid)
        n = grid.cell[ring + 1] - grid.cell[ring]
        for c in range(count):
            cell = grid.cell[ring] + (column + (c + count // 2) % count) % n
            for k in range(grid.offset[cell], grid.offset[cell + 1]):
                dx, dy, dz = grid.pointing[k, 0] - x, grid.pointing[k, 1] - y, grid.pointing[k, 2] - z
                chord2 = dx * dx + dy * dy + dz * dz
                if chord2 <= inner2:
                    return 2
                if chord2 <= outer2:
                    if inner2 < 0.0:
                        return 1
                    best = 1
    return best
