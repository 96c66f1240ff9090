"""Slow, obvious versions of the fast code, written from the definitions."""

import numpy as np


def readonly(array):
    """As arrays of our value objects are; a kernel takes them so."""
    array = np.ascontiguousarray(array, dtype=np.float64)
    array.setflags(write=False)
    return array


def cumulative(edges, density):
    mass = density * np.diff(edges)
    return np.concatenate([[0.0], np.cumsum(mass) / mass.sum()])


def quantile(edges, cum, level):
    """Smallest-position quantile at levels strictly inside (0, 1), for a constant density in each bin."""
    level = np.atleast_1d(level)
    out = np.empty(level.size)
    for k, u in enumerate(level):
        i = max(int(np.searchsorted(cum, u, side="left")) - 1, 0)
        out[k] = edges[i] + (u - cum[i]) / (cum[i + 1] - cum[i]) * (edges[i + 1] - edges[i])
    return out


def segments(edges, *densities):
    """Levels between which every quantile function is linear, and its two end positions on each stretch."""
    cums = [cumulative(edges, density) for density in densities]
    levels = np.unique(np.concatenate(cums))
    low, high = levels[:-1], levels[1:]
    thin = high - low > 1e-15
    low, high = low[thin], high[thin]
    a, b = low + (high - low) / 3, high - (high - low) / 3
    ends = []
    for cum in cums:
        qa, qb = quantile(edges, cum, a), quantile(edges, cum, b)
        ends.append((2 * qa - qb, 2 * qb - qa))  # a line through the two inner points, extended to the ends
    return high - low, ends


def spread(edges, mass, start, stop):
    """Histogram of masses each spread evenly over [start, stop]."""
    out = np.zeros(edges.size - 1)
    for m, x0, x1 in zip(mass, start, stop, strict=True):
        if x1 - x0 < 1e-12 * abs(x1):
            out[np.clip(np.searchsorted(edges, 0.5 * (x0 + x1), side="right") - 1, 0, out.size - 1)] += m
            continue
        inside = np.clip(np.minimum(edges[1:], x1) - np.maximum(edges[:-1], x0), 0.0, None)
        out += m * inside / (x1 - x0)
    return out / np.diff(edges)


def displace(edges, a, b, t):
    """Displacement interpolation by cutting both spectra into stretches of equal mass."""
    mass, ((a0, a1), (b0, b1)) = segments(edges, a, b)
    total = (1 - t) * np.sum(a * np.diff(edges)) + t * np.sum(b * np.diff(edges))
    return spread(edges, mass * total, (1 - t) * a0 + t * b0, (1 - t) * a1 + t * b1)


def barycenter(edges, rows, weights):
    mass, ends = segments(edges, *rows)
    start = sum(w * q[0] for w, q in zip(weights, ends, strict=True))
    stop = sum(w * q[1] for w, q in zip(weights, ends, strict=True))
    total = sum(w * np.sum(row * np.diff(edges)) for w, row in zip(weights, rows, strict=True))
    return spread(edges, mass * total, start, stop)


def residual_field(noise, step, mix, *, nodes, left, join):
    """A chain along every row, the noise that drives it, and lines between nodes."""
    chain = np.zeros(noise.shape)
    for j in range(noise.shape[1]):
        before = chain[:, j - 1] if j else 0.0
        chain[:, j] = step[j] * before + np.sqrt(1 - step[j] ** 2) * noise[:, j]
    return mix[0] * chain + mix[1] * noise + join[0] * nodes[:, left] + join[1] * nodes[:, left + 1]


def chain_rows(field, step):
    rows = [field[0]]
    for keep, fresh in zip(step, field[1:], strict=True):
        rows.append(keep * rows[-1] + np.sqrt(1 - keep**2) * fresh)
    return np.stack(rows)


def tier_mean(flux, flux_err, origin, taper, value):
    """Mean over candidates (n, n_wave), bin by bin, from the best tier that covers: itself, both sides, one side.

    ``value`` (n,) is infinite of an observed spectrum itself. Mean, error, origin, and the share of each candidate.
    """
    n_wave = flux.shape[1]
    mean, error, kind, shares = np.full(n_wave, np.nan), np.full(n_wave, np.nan), np.zeros(n_wave, dtype=int), []
    for w in range(n_wave):
        for wanted in ("itself", "both", "one"):
            weight = np.zeros(value.size)
            for c, o in enumerate(origin[:, w]):
                tier = {0: None, 2: "one"}.get(int(o), "itself" if np.isinf(value[c]) else "both")
                if tier == wanted:
                    weight[c] = 1.0 if np.isinf(value[c]) else value[c] * taper[c, w]
            if weight.sum() > 0:
                some = weight > 0
                share = weight / weight.sum()
                mean[w], error[w] = share[some] @ flux[some, w], share[some] @ flux_err[some, w]
                bridged = share[origin[:, w] == 3].sum() > 0.5
                kind[w] = 2 if wanted == "one" else 3 if bridged else 1
                shares.append(share)
                break
    return mean, error, kind, np.mean(shares, axis=0) if shares else np.zeros(value.size)
