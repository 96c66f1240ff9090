"""The numba functions of places on the sky. Arrays in, arrays out; the callers validate.

Visits lie in cells: rings of equal height in declination, each cut in columns of right ascension. The visits of a cell
follow each other, so what sees a place is in a few short pieces of one list.
"""

from math import acos, cos, factorial, floor, inf, radians, sin, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array as _F
from sntransport._numerics.compiled import compiled

_I = NDArray[np.int64]
_N = NDArray[np.int32]

# How far a squared chord in single precision may be off, for a chord of 1.
_SINGLE = 1e-6
# Buckets that the visits of a place are brought into order with.
_BUCKETS, _CROWD = 256, 32
_LOW = 0xFFFFFFFF

_S1, _S2, _S3, _S4, _S5, _S6, _S7, _S8 = (1.0 / factorial(n) for n in range(3, 18, 2))
_C2, _C3, _C4, _C5, _C6, _C7, _C8 = (1.0 / factorial(n) for n in range(4, 17, 2))


class Grid(NamedTuple):
    """Visits in cells.

    Ring i begins at declination ``-90 + i step`` [deg]; ``sine`` and ``cosine`` (n_ring + 1,) are those of its edges.
    Its cells are ``cell[i]`` to ``cell[i + 1]``, of equal width in right ascension. The visits of cell c are at
    ``offset[c]`` to ``offset[c + 1]``, ascending in their number: ``near`` (n_visit, 4) has their unit vectors, in
    single precision, since what is read most should be short, and in the last place of each row, of which ``number``
    is another view, the number of the visit; ``columns`` (n_visit, 5 or 6) has date, band, background, photons per nJy,
    saturation and, where a survey has some, template noise. ``ra`` and ``dec`` (n_visit,) [deg] are in the order of
    numbers.
    """

    step: float
    sine: _F
    cosine: _F
    cell: _I
    offset: _I
    near: NDArray[np.float32]
    number: _N
    columns: _F
    ra: _F
    dec: _F


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
def sort_visits(
    mjd: _F, band: NDArray[np.int16], background: _F, photons: _F, saturation: _F, template: _F, grid: Grid
) -> None:  # fmt: skip
    """Fill ``offset`` (zeros before), ``near``, ``number`` and ``columns`` of a grid."""
    key = np.empty(grid.ra.size, np.int64)
    for i in range(key.size):
        ring = min(int((grid.dec[i] + 90.0) / grid.step), grid.cell.size - 2)
        n = grid.cell[ring + 1] - grid.cell[ring]
        key[i] = grid.cell[ring] + min(int(grid.ra[i] * n / 360.0), n - 1)
        grid.offset[key[i] + 1] += 1
    for c in range(1, grid.offset.size):
        grid.offset[c] += grid.offset[c - 1]
    following = grid.offset[:-1].copy()
    for i in range(key.size):
        k = following[key[i]]
        following[key[i]] = k + 1
        (sin_ra, cos_ra), (z, cos_dec) = sine_cosine(grid.ra[i]), sine_cosine(grid.dec[i])
        grid.near[k, 0], grid.near[k, 1], grid.near[k, 2] = cos_dec * cos_ra, cos_dec * sin_ra, z
        grid.number[k, 3] = i
        row = grid.columns[k]
        row[0], row[1], row[2], row[3], row[4] = mjd[i], band[i], background[i], photons[i], saturation[i]
        if row.size > 5:
            row[5] = template[i]


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
def _not_before(number: _N, begin: int, end: int, row: int) -> int:
    """Where in a piece of the visits the first is whose number is not below ``row``."""
    while begin < end:
        middle = (begin + end) // 2
        if number[middle, 3] < row:
            begin = middle + 1
        else:
            end = middle
    return begin


@compiled
def _exact_chord2(ra: float, dec: float, x: float, y: float, z: float) -> float:
    """Squared chord from a unit vector to a place [deg]."""
    (sin_ra, cos_ra), (w, cos_dec) = sine_cosine(ra), sine_cosine(dec)
    return (cos_dec * cos_ra - x) ** 2 + (cos_dec * sin_ra - y) ** 2 + (w - z) ** 2


@compiled
def _slack(limit2: float) -> np.float32:
    """How near to a limit a squared chord in single precision cannot be told from it."""
    return np.float32(_SINGLE * sqrt(max(limit2, 0.0)))


@compiled
def _put_in_order(keys: _I, low: int, high: int, count: _N, spare: _I) -> None:
    """Sort keys whose upper halves are spread over ``low`` to ``high``: into buckets by them, then one by one.

    Where many crowd in one bucket, one by one would take the square of their number.
    """
    count[:] = 0
    scale = _BUCKETS / (high - low)
    for j in range(keys.size):
        count[int(((keys[j] >> 32) - low) * scale) + 1] += 1
    if count.max() > _CROWD:
        keys.sort()
        return
    for b in range(_BUCKETS):
        count[b + 1] += count[b]
    for j in range(keys.size):
        b = int(((keys[j] >> 32) - low) * scale)
        spare[count[b]] = keys[j]
        count[b] += 1
    for j in range(keys.size):
        key, k = spare[j], j
        while k > 0 and keys[k - 1] > key:
            keys[k] = keys[k - 1]
            k -= 1
        keys[k] = key


@compiled
def gather_visits(ra: _F, dec: _F, first: _I, last: _I, chord2: float, reach: float, grid: Grid) -> tuple[_I, _I]:
    """Visits that see each place [deg], as offsets (n + 1,) and keys, ascending for each place.

    A visit counts if its number is within ``first`` <= number < ``last`` and its squared chord is at most ``chord2``,
    which ``reach`` [rad] must not fall short of. A key has the number of the visit in its upper half, and in its lower
    where in the grid it is.
    """
    offset = np.zeros(ra.size + 1, np.int64)
    keys, spare = np.empty(16 * ra.size + 1024, np.int64), np.empty(1024, np.int64)
    count, near, number = np.empty(_BUCKETS + 2, np.int32), grid.near, grid.number
    limit, slack = np.float32(chord2), _slack(chord2)
    for i in range(ra.size):
        a, d = radians(ra[i]), radians(dec[i])
        x, y, z = cos(d) * cos(a), cos(d) * sin(a), sin(d)
        x32, y32, z32 = np.float32(x), np.float32(y), np.float32(z)
        found = offset[i]
        low, high = _rings(dec[i], reach, grid)
        for ring in range(low, high + 1):
            column, width = _columns(ring, ra[i], z, cos(d), reach, grid)
            for c in range(column, column + width):
                cell = grid.cell[ring] + c
                cell = cell if cell < grid.cell[ring + 1] else cell - grid.cell[ring + 1] + grid.cell[ring]
                start = _not_before(number, grid.offset[cell], grid.offset[cell + 1], first[i])
                stop = _not_before(number, start, grid.offset[cell + 1], last[i])
                # One more, where a visit that does not count may be put last of all.
                if found + stop - start >= keys.size:
                    longer = np.empty(2 * keys.size + stop - start, np.int64)
                    longer[:found] = keys[:found]
                    keys = longer
                for k in range(np.uint64(start), np.uint64(stop)):
                    dx, dy, dz = near[k, 0] - x32, near[k, 1] - y32, near[k, 2] - z32
                    single = dx * dx + dy * dy + dz * dz
                    row = number[k, 3]
                    keys[found] = np.int64(row) << 32 | np.int64(k)
                    if abs(single - limit) <= slack:
                        found += _exact_chord2(grid.ra[row], grid.dec[row], x, y, z) <= chord2
                    else:
                        found += single < limit
        offset[i + 1] = found
        if found - offset[i] > spare.size:
            spare = np.empty(2 * (found - offset[i]), np.int64)
        if found > offset[i]:
            _put_in_order(keys[offset[i] : found], first[i], last[i], count, spare)
    return offset, keys[: offset[ra.size]].copy()


@compiled
def take_columns(keys: _I, columns: _F, out: _F) -> None:
    """Columns (5 or 6, n_obs) of the visits of `gather_visits`. Several rows are on their way at a time."""
    n = min(columns.shape[1], out.shape[0])
    for j in range(keys.size):
        k = np.uint64(keys[j] & _LOW)
        for c in range(n):
            out[c, j] = columns[k, c]


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
    x32, y32, z32 = np.float32(x), np.float32(y), np.float32(z)
    near, number, best = grid.near, grid.number, 0
    in_low, in_high = np.float32(inner2) - _slack(inner2), np.float32(inner2) + _slack(inner2)
    out_low, out_high = np.float32(outer2) - _slack(outer2), np.float32(outer2) + _slack(outer2)
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
            for k in range(np.uint64(grid.offset[cell]), np.uint64(grid.offset[cell + 1])):
                dx, dy, dz = near[k, 0] - x32, near[k, 1] - y32, near[k, 2] - z32
                single = dx * dx + dy * dy + dz * dz
                if single > out_high:
                    continue
                if single < in_high:
                    row = number[k, 3]
                    if single < in_low or _exact_chord2(grid.ra[row], grid.dec[row], x, y, z) <= inner2:
                        return 2
                if best == 0:
                    row = number[k, 3]
                    if single < out_low or _exact_chord2(grid.ra[row], grid.dec[row], x, y, z) <= outer2:
                        if inner2 < 0.0:
                            return 1
                        best = 1
    return best
