"""The numba functions of transport (other rooms have their own). float64 arrays in, arrays out.

The callers validate, the kernels assume. A spectrum is a histogram here: a constant density inside each bin, so its
cumulative mass is piecewise linear and so is its quantile function. Everything below is exact for that reading;
nothing is sampled.
"""

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array as _F
from sntransport._numerics.compiled import compiled

_I = NDArray[np.int64]


@compiled
def normalized_cumulative(density: _F, width: _F) -> _F:
    """Cumulative mass at the n + 1 bin edges, from 0 to exactly 1. ``density`` is not negative, its mass not 0."""
    n = density.size
    cumulative = np.empty(n + 1)
    total = 0.0
    cumulative[0] = 0.0
    for i in range(n):
        total += density[i] * width[i]
        cumulative[i + 1] = total
    # Dividing (not multiplying by the inverse) makes every edge beyond the last light exactly 1.
    for i in range(1, n):
        cumulative[i] /= total
    cumulative[n] = 1.0
    return cumulative


@compiled
def pair_quantiles(edges: _F, cum_a: _F, cum_b: _F) -> tuple[_F, _F, _F]:
    """Both quantile functions on the union of their breakpoints: level u and positions q_a(u), q_b(u).

    Between consecutive entries all three are linear; an empty bin shows as a jump at constant level.
    """
    n = cum_a.size - 1
    level = np.empty(2 * n + 1)
    q_a = np.empty(2 * n + 1)
    q_b = np.empty(2 * n + 1)
    level[0], q_a[0], q_b[0] = 0.0, edges[0], edges[0]
    i, j, s = 0, 0, 0
    a0, a1, b0, b1 = 0.0, cum_a[1], 0.0, cum_b[1]
    while True:
        s += 1
        if a1 < b1:
            level[s] = a1
            q_a[s] = edges[i + 1]
            q_b[s] = edges[j] + (a1 - b0) / (b1 - b0) * (edges[j + 1] - edges[j])
            i += 1
            a0, a1 = a1, cum_a[i + 1]
        elif b1 < a1:
            level[s] = b1
            q_b[s] = edges[j + 1]
            q_a[s] = edges[i] + (b1 - a0) / (a1 - a0) * (edges[i + 1] - edges[i])
            j += 1
            b0, b1 = b1, cum_b[j + 1]
        else:
            level[s], q_a[s], q_b[s] = a1, edges[i + 1], edges[j + 1]
            i += 1
            j += 1
            if i == n or j == n:
                break
            a0, a1, b0, b1 = a1, cum_a[i + 1], b1, cum_b[j + 1]
    return level[: s + 1], q_a[: s + 1], q_b[: s + 1]


@compiled
def deposit(edges: _F, level: _F, position: _F, mass: float, out: _F) -> None:
    """Density on the bins of a measure whose quantile function is linear between (level, position) points."""
    n = edges.size - 1
    last = level.size - 1
    k = 0
    below = 0.0
    u0, y0 = level[0], position[0]
    for s in range(1, last + 1):
        u1, y1 = level[s], position[s]
        if k < n and y1 >= edges[k + 1]:
            slope = (u1 - u0) / (y1 - y0)
            while k < n and edges[k + 1] <= y1:
                here = min(u0 + (edges[k + 1] - y0) * slope, u1)
                out[k] = mass * (here - below) / (edges[k + 1] - edges[k])
                below = here
                k += 1
        u0, y0 = u1, y1
    if k < n:
        out[k] = mass * (1.0 - below) / (edges[k + 1] - edges[k])
        out[k + 1 :] = 0.0


@compiled
def displace_pair(edges: _F, width: _F, a: _F, b: _F, t: _F, out: _F) -> None:
    """Fill ``out`` (n_t, n) with the exact W2 displacement of density ``a`` toward ``b`` at each ``t``."""
    cum_a, cum_b = normalized_cumulative(a, width), normalized_cumulative(b, width)
    level, q_a, q_b = pair_quantiles(edges, cum_a, cum_b)
    mass_a, mass_b = np.dot(a, width), np.dot(b, width)
    for k in range(t.size):
        s = t[k]
        # At the ends the answer is known without rounding.
        if s == 0.0:
            out[k] = a
        elif s == 1.0:
            out[k] = b
        else:
            deposit(edges, level, (1.0 - s) * q_a + s * q_b, (1.0 - s) * mass_a + s * mass_b, out[k])


@compiled
def mean_quantile(edges: _F, cumulative: _F, weight: _F) -> tuple[_F, _F]:
    """Weighted mean of the quantile functions of many histograms, on the union of their breakpoints.

    ``cumulative`` is (n_spec, n + 1), ``weight`` sums to 1. Linear in the number of bins.
    """
    n_spec, n = cumulative.shape[0], cumulative.shape[1] - 1
    at = np.zeros(n_spec, dtype=np.int64)
    level = np.empty(n_spec * n + 1)
    position = np.empty(n_spec * n + 1)
    level[0], position[0] = 0.0, edges[0]
    s = 0
    while True:
        u = 2.0
        for m in range(n_spec):
            u = min(u, cumulative[m, at[m] + 1])
        s += 1
        level[s], position[s] = u, 0.0
        finished = False
        for m in range(n_spec):
            i = at[m]
            c0, c1 = cumulative[m, i], cumulative[m, i + 1]
            if c1 == u:
                position[s] += weight[m] * edges[i + 1]
                at[m] = i + 1
                finished = finished or i + 1 == n
            else:
                position[s] += weight[m] * (edges[i] + (u - c0) / (c1 - c0) * (edges[i + 1] - edges[i]))
        if finished:
            break
    return level[: s + 1], position[: s + 1]


@compiled
def quantile_distance(level: _F, q_a: _F, q_b: _F, p: float) -> float:
    """Integral over the level of ``|q_a - q_b|**p``, exact for piecewise linear quantile functions."""
    total = 0.0
    d0 = q_a[0] - q_b[0]
    for s in range(1, level.size):
        d1 = q_a[s] - q_b[s]
        du = level[s] - level[s - 1]
        if du > 0.0:
            small, large = min(abs(d0), abs(d1)), max(abs(d0), abs(d1))
            if large > 0.0:
                if d0 * d1 < 0.0:
                    mean = (large ** (p + 1.0) + small ** (p + 1.0)) / ((p + 1.0) * (large + small))
                elif large - small > 1e-6 * large:
                    mean = (large ** (p + 1.0) - small ** (p + 1.0)) / ((p + 1.0) * (large - small))
                else:
                    # The difference quotient cancels here; the midpoint is exact to second order.
                    mean = (0.5 * (large + small)) ** p
                total += du * mean
        d0 = d1
    return total


@compiled
def at_index(values: _F, position: float) -> float:
    """Linear interpolation at a fractional index, the end values beyond the ends."""
    last = values.size - 1
    i = min(max(int(position), 0), last - 1)
    u = min(max(position - i, 0.0), 1.0)
    return float(values[i] + u * (values[i + 1] - values[i]))


@compiled
def register_features(a: _F, b: _F, shift: _F, scatter: float, stiffness: float, ridge: float, steps: int) -> None:
    """Refine ``shift`` (n) [bins], in place: feature at i - shift/2 in ``a`` is the one at i + shift/2 in ``b``.

    Gauss-Newton on (residual / scatter)^2 + stiffness (difference of neighbors)^2 + ridge shift^2, summed over bins,
    with Cauchy weights on the residual (scale 3 scatter); each step solves one tridiagonal system.
    """
    n = a.size
    slope_a, slope_b = np.empty(n), np.empty(n)
    for i in range(n):
        low, high = max(i - 1, 0), min(i + 1, n - 1)
        slope_a[i] = (a[high] - a[low]) / (high - low)
        slope_b[i] = (b[high] - b[low]) / (high - low)
    diagonal, right = np.empty(n), np.empty(n)
    for _ in range(steps):
        for i in range(n):
            at_a, at_b = i - 0.5 * shift[i], i + 0.5 * shift[i]
            if min(at_a, at_b) > 0.0 and max(at_a, at_b) < n - 1:
                residual = at_index(a, at_a) - at_index(b, at_b)
                weight = 1.0 / (scatter**2 + (residual / 3.0) ** 2)
                slope = -0.5 * (at_index(slope_a, at_a) + at_index(slope_b, at_b))
                diagonal[i] = weight * slope**2 + ridge
                right[i] = weight * slope * (slope * shift[i] - residual)
            else:
                diagonal[i], right[i] = ridge, 0.0
        solve_smooth(diagonal, stiffness, right, shift)


@compiled
def solve_smooth(diagonal: _F, stiffness: float, right: _F, out: _F) -> None:
    """Solve (diag + stiffness times the second-difference matrix) out = right by elimination (Thomas)."""
    n = diagonal.size
    upper = np.empty(n)
    for i in range(n):
        neighbors = (i > 0) + (i < n - 1)
        pivot = diagonal[i] + neighbors * stiffness
        value = right[i]
        if i > 0:
            pivot += stiffness * upper[i - 1]
            value += stiffness * out[i - 1]
        upper[i] = -stiffness / pivot
        out[i] = value / pivot
    for i in range(n - 2, -1, -1):
        out[i] -= upper[i] * out[i + 1]


@compiled
def blend_features(smooth_a: _F, smooth_b: _F, a: _F, b: _F, shift: _F, share: _F, t: _F, out: _F) -> None:
    """Fill ``out`` (n_t, n) with flux: continua (logarithms) blended in place, features on their way along ``shift``.

    ``a``, ``b`` are square roots of flux over continuum. The midpoint grid m carries the map: a is at m - shift/2, b at
    m + shift/2, the blend at m + (t - 1/2) shift. Averaged over moving by each ``share`` of the shift.
    """
    n = a.size
    top = n - 1.0
    rise, rise_a, rise_b = np.zeros(n), np.zeros(n), np.zeros(n)
    for i in range(n - 1):
        rise[i], rise_a[i], rise_b[i] = shift[i + 1] - shift[i], a[i + 1] - a[i], b[i + 1] - b[i]
    for k in range(t.size):
        s = t[k]
        row = out[k]
        row[:] = 0.0
        weight_a, weight_b = (1.0 - s) / share.size, s / share.size
        for f in share:
            ahead = (s - 0.5) * f
            m, here, there = 0, ahead * shift[0], 1.0 + ahead * shift[1]
            per_bin = 1.0 / (there - here)
            for i in range(n):
                while m < n - 2 and there < i:
                    m += 1
                    here, there = there, m + 1 + ahead * shift[m + 1]
                    per_bin = 1.0 / (there - here)
                u = (i - here) * per_bin
                half = 0.5 * f * (shift[m] + u * rise[m])
                at_a = min(max(m + u - half, 0.0), top)
                at_b = min(max(m + u + half, 0.0), top)
                # Unsigned: no test for a negative index in the innermost loop.
                i_a, i_b = np.uintp(at_a), np.uintp(at_b)
                row[i] += weight_a * (a[i_a] + (at_a - i_a) * rise_a[i_a])
                row[i] += weight_b * (b[i_b] + (at_b - i_b) * rise_b[i_b])
        for i in range(n):
            row[i] *= row[i] * np.exp((1.0 - s) * smooth_a[i] + s * smooth_b[i])
