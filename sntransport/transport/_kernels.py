"""The numba functions of transport (other rooms have their own). float64 arrays in, arrays out.

The callers validate, the kernels assume. A spectrum is a histogram here: a constant density inside each bin, so its
cumulative mass is piecewise linear and so is its quantile function. Everything below is exact for that reading;
nothing is sampled.
"""

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array as _F
from sntransport._numerics.compiled import compiled, compiled_sums

_I = NDArray[np.int64]
_U = NDArray[np.uint8]
_B = NDArray[np.bool_]


@compiled
def bin_bounds(wave: _F, edges: _F, width: _F) -> bool:
    """Fill edges (n + 1) and widths (n) of bins around points (n > 1); whether these are finite and increasing."""
    n = wave.size
    if not (np.isfinite(wave[0]) and np.isfinite(wave[n - 1])):
        return False
    fine = True
    edges[0], edges[n] = 1.5 * wave[0] - 0.5 * wave[1], 1.5 * wave[n - 1] - 0.5 * wave[n - 2]
    for i in range(1, n):
        fine &= wave[i] > wave[i - 1]
        edges[i] = 0.5 * (wave[i] + wave[i - 1])
    for i in range(n):
        width[i] = edges[i + 1] - edges[i]
    return fine


@compiled
def normalized_cumulative(density: _F, width: _F) -> tuple[_F, float]:
    """Cumulative mass at the n + 1 bin edges, from 0 to exactly 1, and the mass itself.

    The mass is NaN where ``density`` is negative or NaN somewhere, 0 or infinite where it has no normal integral; the
    cumulative mass is then of no use.
    """
    n = density.size
    cumulative = np.empty(n + 1)
    total = 0.0
    cumulative[0] = 0.0
    fine = True
    for i in range(n):
        fine &= density[i] >= 0.0
        total += density[i] * width[i]
        cumulative[i + 1] = total
    if not (fine and 0.0 < total < np.inf):
        return cumulative, total if fine else np.nan
    # Dividing (not multiplying by the inverse) makes every edge beyond the last light exactly 1.
    for i in range(1, n):
        cumulative[i] /= total
    cumulative[n] = 1.0
    return cumulative, float(np.dot(density, width))


@compiled
def common_levels(level_a: _F, at_a: _F, level_b: _F, at_b: _F) -> tuple[_F, _F, _F]:
    """Two quantile functions, linear between points (level, position), on the union of their levels.

    Levels rise from 0 to 1; an empty bin shows as a jump at constant level. Two entries of level 1 at infinity follow
    the last one, so that a search may look ahead.
    """
    one, i, j, s = np.uintp(1), np.uintp(0), np.uintp(0), np.uintp(0)  # unsigned: no test for a negative index
    last_a, last_b = np.uintp(level_a.size - 1), np.uintp(level_b.size - 1)
    most = level_a.size + level_b.size + 1
    level, q_a, q_b = np.empty(most), np.empty(most), np.empty(most)
    level[0], q_a[0], q_b[0] = 0.0, at_a[0], at_b[0]
    a0, a1, b0, b1 = level_a[0], level_a[1], level_b[0], level_b[1]
    while True:
        s += one
        if a1 < b1:
            level[s] = a1
            q_a[s] = at_a[i + one]
            q_b[s] = at_b[j] + (a1 - b0) / (b1 - b0) * (at_b[j + one] - at_b[j])
            i += one
            a0, a1 = a1, level_a[i + one]
        elif b1 < a1:
            level[s] = b1
            q_b[s] = at_b[j + one]
            q_a[s] = at_a[i] + (b1 - a0) / (a1 - a0) * (at_a[i + one] - at_a[i])
            j += one
            b0, b1 = b1, level_b[j + one]
        else:
            level[s], q_a[s], q_b[s] = a1, at_a[i + one], at_b[j + one]
            i += one
            j += one
            if i == last_a or j == last_b:
                break
            a0, a1, b0, b1 = a1, level_a[i + one], b1, level_b[j + one]
    stop = int(s) + 1
    level[stop : stop + 2] = 1.0
    q_a[stop : stop + 2] = np.inf
    q_b[stop : stop + 2] = np.inf
    return level[: stop + 2], q_a[: stop + 2], q_b[: stop + 2]


@compiled
def ahead(position: _F, edge: float, at: np.uintp) -> np.uintp:
    """Last index, not before ``at``, of a position below ``edge``; two infinite ones end the positions."""
    # The first two steps have no branch: a processor cannot foresee them.
    at += np.uintp(2) * np.uintp(position[at + np.uintp(2)] < edge)
    at += np.uintp(position[at + np.uintp(1)] < edge)
    while position[at + np.uintp(1)] < edge:
        at += np.uintp(1)
    return at


@compiled
def first_ahead(position: _F, edge: float) -> np.uintp:
    """As `ahead`, from the beginning, by bisection."""
    return np.uintp(max(int(np.searchsorted(position, edge)), 1) - 1)


@compiled
def share_below(level: _F, position: _F, edge: float, at: np.uintp) -> float:
    """Level at an edge that lies between a position and the next."""
    u0, u1, y0 = level[at], level[at + np.uintp(1)], position[at]
    return float(min(u0 + (edge - y0) * ((u1 - u0) / (position[at + np.uintp(1)] - y0)), u1))


@compiled
def deposit(edges: _F, width: _F, level: _F, position: _F, mass: float, out: _F) -> None:
    """Density on the bins of a measure whose quantile function is linear between (level, position) points.

    Points end as those of `common_levels`. Four stretches of bins are
    worked on side by side: a search that waits for its comparison leaves time for the others.
    """
    n = edges.size - 1
    quarter = np.uintp(n // 4)
    half, three = np.uintp(2) * quarter, np.uintp(3) * quarter
    below = np.empty(n + 1)
    below[0], below[n] = 0.0, 1.0
    a = np.uintp(0)
    b, c = first_ahead(position, edges[quarter]), first_ahead(position, edges[half])
    d = first_ahead(position, edges[three])
    for k in range(np.uintp(1), quarter + np.uintp(1)):
        a, b = ahead(position, edges[k], a), ahead(position, edges[k + quarter], b)
        c, d = ahead(position, edges[k + half], c), ahead(position, edges[k + three], d)
        below[k] = share_below(level, position, edges[k], a)
        below[k + quarter] = share_below(level, position, edges[k + quarter], b)
        below[k + half] = share_below(level, position, edges[k + half], c)
        below[k + three] = share_below(level, position, edges[k + three], d)
    for k in range(np.uintp(4) * quarter + np.uintp(1), np.uintp(n)):
        d = ahead(position, edges[k], d)
        below[k] = share_below(level, position, edges[k], d)
    # Rounding may leave the outermost position short of the last edge: then all mass lies below it.
    if edges[n] <= position[position.size - 3]:
        below[n] = share_below(level, position, edges[n], ahead(position, edges[n], d))
    for k in range(n):
        out[k] = mass * (below[k + 1] - below[k]) / width[k]


@compiled
def displace_pair(wave: _F, a: _F, b: _F, t: _F, out: _F) -> bool:
    """Fill ``out`` (n_t, n) with the exact W2 displacement of density ``a`` toward ``b`` at each ``t``.

    Whether the arguments allow it: if not, ``out`` is of no use.
    """
    n = wave.size
    edges, width = np.empty(n + 1), np.empty(n)
    if not bin_bounds(wave, edges, width):
        return False
    cum_a, mass_a = normalized_cumulative(a, width)
    cum_b, mass_b = normalized_cumulative(b, width)
    if not (0.0 < mass_a < np.inf and 0.0 < mass_b < np.inf):
        return False
    level, q_a, q_b = common_levels(cum_a, edges, cum_b, edges)
    position = np.empty(level.size)
    for k in range(t.size):
        s = t[k]
        # At the ends the answer is known without rounding.
        if s == 0.0:
            out[k] = a
        elif s == 1.0:
            out[k] = b
        elif 0.0 < s < 1.0:
            for i in range(level.size):
                position[i] = (1.0 - s) * q_a[i] + s * q_b[i]
            deposit(edges, width, level, position, (1.0 - s) * mass_a + s * mass_b, out[k])
        else:
            return False
    return True


@compiled
def mean_quantile(edges: _F, cumulative: _F, weight: _F) -> tuple[_F, _F]:
    """Weighted mean of the quantile functions of many histograms, on the union of their levels.

    ``cumulative`` is (n_spec, n + 1), ``weight`` sums to 1. Ends as `common_levels` does.
    """
    level, position = cumulative[0].copy(), weight[0] * edges
    for m in range(1, weight.size):
        level, position, own = common_levels(level, position, cumulative[m], edges)
        position[:-2] += weight[m] * own[:-2]
        if m < weight.size - 1:
            level, position = level[:-2], position[:-2]
    return level, position


@compiled
def mean_of_many(wave: _F, densities: _F, weight: _F, out: _F) -> bool:
    """Fill ``out`` (n) with the W2 barycenter of ``densities`` (n_spec, n); whether the arguments allow it."""
    n_spec, n = densities.shape
    edges, width = np.empty(n + 1), np.empty(n)
    if not bin_bounds(wave, edges, width):
        return False
    cumulative, mean_mass = np.empty((n_spec, n + 1)), 0.0
    for m in range(n_spec):
        cumulative[m], mass = normalized_cumulative(densities[m], width)
        if not 0.0 < mass < np.inf:
            return False
        mean_mass += weight[m] * mass
    level, position = mean_quantile(edges, cumulative, weight)
    deposit(edges, width, level, position, mean_mass, out)
    return True


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
def pair_distance(wave: _F, a: _F, b: _F, p: float) -> float:
    """Wasserstein-p distance to the power of p of two densities, each of mass 1; NaN where they do not allow it."""
    n = wave.size
    edges, width = np.empty(n + 1), np.empty(n)
    fine = bin_bounds(wave, edges, width)
    cum_a, mass_a = normalized_cumulative(a, width)
    cum_b, mass_b = normalized_cumulative(b, width)
    if not (fine and 0.0 < mass_a < np.inf and 0.0 < mass_b < np.inf):
        return np.nan
    level, q_a, q_b = common_levels(cum_a, edges, cum_b, edges)
    return float(quantile_distance(level[:-2], q_a[:-2], q_b[:-2], p))


@compiled
def running_mean(values: _F, width: int, out: _F) -> None:
    """Fill ``out`` (n) with means over an odd ``width`` of bins, the end values beyond the ends.

    Step by step what ``scipy.ndimage.uniform_filter1d`` does, which for one or two spectra costs more to call than to
    run.
    """
    n, half = values.size, width // 2
    total = 0.0
    for k in range(-half, half + 1):
        total += values[min(max(k, 0), n - 1)]
    out[0] = total / width
    for i in range(1, n):
        total += values[min(i + half, n - 1)] - values[max(i - half - 1, 0)]
        out[i] = total / width


@compiled
def bell_means(rows: _F, width: int, out: _F) -> None:
    """Three running means of this ``width`` along each of the rows, both (n_row, n)."""
    first, second = np.empty(rows.shape[1]), np.empty(rows.shape[1])
    for k in range(rows.shape[0]):
        running_mean(rows[k], width, first)
        running_mean(first, width, second)
        running_mean(second, width, out[k])


@compiled
def find_shift(
    features: _F, widths: _I, scatter: float, stiffness: float, ridge: float, steps: int, most: float, steepest: float,
    shift: _F,
) -> None:  # fmt: skip
    """Refine ``shift`` (n) [bins] of features (2, n) seen through running means of these widths, one after the other.

    See `register_features`; after each the shift is at most ``most``, and no steeper than ``steepest``.
    """
    n, seen = features.shape[1], np.empty(features.shape)
    for width in widths:
        bell_means(features, width, seen)
        register_features(seen[0], seen[1], shift, scatter, stiffness, ridge, steps)
        for i in range(n):
            shift[i] = min(max(shift[i], -most), most)
        step = 0.0
        for i in range(n - 1):
            step = max(step, abs(shift[i + 1] - shift[i]))
        too_steep = max(1.0, step / steepest)
        for i in range(n):
            shift[i] /= too_steep


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
    one = np.uintp(1)  # unsigned: no test for a negative index
    for _ in range(steps):
        for i in range(n):
            at_a, at_b = i - 0.5 * shift[i], i + 0.5 * shift[i]
            if min(at_a, at_b) > 0.0 and max(at_a, at_b) < n - 1:
                # By way of a signed integer, to which a processor converts in one step.
                whole_a, whole_b = np.int64(at_a), np.int64(at_b)
                u, v = at_a - whole_a, at_b - whole_b
                k, m = np.uintp(whole_a), np.uintp(whole_b)
                residual = a[k] + u * (a[k + one] - a[k]) - (b[m] + v * (b[m + one] - b[m]))
                rise_a = slope_a[k] + u * (slope_a[k + one] - slope_a[k])
                rise_b = slope_b[m] + v * (slope_b[m + one] - slope_b[m])
                weight = 1.0 / (scatter**2 + (residual / 3.0) ** 2)
                slope = -0.5 * (rise_a + rise_b)
                diagonal[i] = weight * slope**2 + ridge
                right[i] = weight * slope * (slope * shift[i] - residual)
            else:
                diagonal[i], right[i] = ridge, 0.0
        solve_smooth(diagonal, stiffness, right, shift)


@compiled
def solve_smooth(diagonal: _F, stiffness: float, right: _F, out: _F) -> None:
    """Solve (diag + stiffness times the second-difference matrix) out = right by elimination (Thomas).

    From both ends to the middle and back: each step waits for the one before it, so that two chains side by side take
    half the time.
    """
    n = diagonal.size
    if n == 1:
        out[0] = right[0] / diagonal[0]
        return
    toward = np.empty(n)
    half = (n + 1) // 2
    up, left, down, rest = 0.0, 0.0, 0.0, 0.0
    for i in range(half):
        # At an end there is one neighbor; the middle row of an odd number is done from below alone.
        neighbors = 1.0 if i == 0 else 2.0
        pivot = diagonal[i] + stiffness * (neighbors - up)
        left = (right[i] + stiffness * left) / pivot
        up = stiffness / pivot
        toward[i], out[i] = up, left
        j = n - 1 - i
        if j > i:
            pivot = diagonal[j] + stiffness * (neighbors - down)
            rest = (right[j] + stiffness * rest) / pivot
            down = stiffness / pivot
            toward[j], out[j] = down, rest
    # Rows half - 1 and half: each is what it is plus its share of the other.
    i, j = half - 1, half
    out[i] = (out[i] + toward[i] * out[j]) / (1.0 - toward[i] * toward[j])
    out[j] += toward[j] * out[i]
    for k in range(1, half):
        i, j = half - 1 - k, half + k
        out[i] += toward[i] * out[i + 1]
        if j < n:
            out[j] += toward[j] * out[j - 1]


@compiled
def blend_features(a: _F, b: _F, shift: _F, share: _F, t: _F, out: _F) -> None:
    """Fill ``out`` (n_t, n) with flux over continuum: features on their way along ``shift``.

    ``a``, ``b`` are square roots of flux over continuum. The midpoint grid m carries the map: a is at m - shift/2, b at
    m + shift/2, the blend at m + (t - 1/2) shift. Averaged over moving by each ``share`` of the shift.
    """
    n = a.size
    top = n - 1.0
    rise, rise_a, rise_b = np.zeros(n), np.zeros(n), np.zeros(n)
    for i in range(n - 1):
        rise[i], rise_a[i], rise_b[i] = shift[i + 1] - shift[i], a[i + 1] - a[i], b[i + 1] - b[i]
    one, last = np.uintp(1), np.uintp(n - 2)  # unsigned: no test for a negative index
    for k in range(t.size):
        s = t[k]
        row = out[k]
        row[:] = 0.0
        weight_a, weight_b = (1.0 - s) / share.size, s / share.size
        for f in share:
            ahead = (s - 0.5) * f
            m, start, here, there = np.uintp(0), 0.0, ahead * shift[0], 1.0 + ahead * shift[1]
            per_bin = 1.0 / (there - here)
            for i in range(n):
                while m < last and there < i:
                    m += one
                    start += 1.0
                    here, there = there, start + 1.0 + ahead * shift[m + one]
                    per_bin = 1.0 / (there - here)
                u = (i - here) * per_bin
                half = 0.5 * f * (shift[m] + u * rise[m])
                at_a = min(max(start + u - half, 0.0), top)
                at_b = min(max(start + u + half, 0.0), top)
                # By way of signed integers, to which a processor converts in one step.
                whole_a, whole_b = np.int64(at_a), np.int64(at_b)
                i_a, i_b = np.uintp(whole_a), np.uintp(whole_b)
                moved_a = weight_a * (a[i_a] + (at_a - whole_a) * rise_a[i_a])
                row[i] += moved_a + weight_b * (b[i_b] + (at_b - whole_b) * rise_b[i_b])
        for i in range(n):
            row[i] *= row[i]


@compiled_sums
def convolve_rows(rows: _F, taps: _F, out: _F) -> None:
    """Convolution of rows with an odd number of ``taps`` that are symmetric; beyond the ends there is nothing."""
    n, reach = rows.shape[1], taps.size // 2
    padded = np.zeros(n + 2 * reach)
    for k in range(rows.shape[0]):
        padded[reach : reach + n] = rows[k]
        for i in range(n):
            near = padded[i : i + taps.size]
            total = 0.0
            for j in range(taps.size):
                total += taps[j] * near[j]
            out[k, i] = total


@compiled
def tier_of(origin: int, value: float) -> int:
    """How good a candidate is in a bin: 0 an observed spectrum itself, 1 from both sides, 2 from one."""
    if origin == 2:
        return 2
    return 0 if np.isinf(value) else 1


@compiled
def add_candidates(
    flux: _F, flux_err: _F, origin: _U, taper: _F, value: _F, scale: _F, row: _I, total: _F, sums: _F
) -> None:  # fmt: skip
    """Add candidates of one pair, (n, n_wave), to weighted sums of their phases ``row`` (n).

    ``total`` is (n_phase, 3, n_wave), by `tier_of`; ``sums`` (n_phase, 3, 3, n_wave), of flux, error and of what is
    bridged. A candidate of infinite ``value`` has a weight of 1, another ``value`` times ``taper``.
    """
    for m in range(row.size):
        k = row[m]
        for w in range(origin.size):
            weight = 1.0 if np.isinf(value[m]) else value[m] * taper[w]
            if origin[w] == 0 or weight == 0.0:
                continue
            tier = tier_of(origin[w], value[m])
            total[k, tier, w] += weight
            sums[k, tier, 0, w] += weight * (scale[m] * flux[m, w])
            sums[k, tier, 1, w] += weight * (scale[m] * flux_err[m, w])
            if origin[w] == 3:
                sums[k, tier, 2, w] += weight


@compiled
def add_shares(origin: _U, taper: _F, value: _F, row: _I, inverse: _F, out: _F) -> None:
    """Add up the shares of candidates over all bins, (n); ``inverse`` is 1 over the total of the best tier, else 0."""
    for m in range(row.size):
        for w in range(origin.size):
            if origin[w] != 0:
                weight = 1.0 if np.isinf(value[m]) else value[m] * taper[w]
                out[m] += weight * inverse[row[m], tier_of(origin[w], value[m]), w]


@compiled
def find_what_matters(origin: _U, rows: _I, taper: _F, value: _F, least: float, matters: _B) -> None:
    """Which candidates of one phase, the heaviest first, weigh more than ``least`` of the others in some bin.

    ``origin`` is (n, n_wave), ``rows`` (n, 2) the spectra of each, ``taper`` (n_spec, n_wave).
    """
    total = np.zeros((3, taper.shape[1]))
    for m in range(value.size):
        a, b = taper[rows[m, 0]], taper[rows[m, 1]]
        for w in range(taper.shape[1]):
            weight = 1.0 if np.isinf(value[m]) else value[m] * min(a[w], b[w])
            if origin[m, w] == 0 or weight == 0.0:
                continue
            tier = tier_of(origin[m, w], value[m])
            better = (tier > 0 and total[0, w] > 0.0) or (tier > 1 and total[1, w] > 0.0)
            matters[m] |= not better and weight > least * total[tier, w]
            total[tier, w] += weight
