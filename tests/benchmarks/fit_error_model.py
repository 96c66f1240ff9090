"""Fit the coefficients of `sntransport.transport.interpolation_errors`; print how true its intervals are.

    python tests/benchmarks/fit_error_model.py [INTERPOLATOR] [FOLDER of OSC files] [--record]

The residual judged is ln(observed / rebuilt) of a bin of a hidden spectrum, as prepared and not smoothed, all spectra
in the gap hidden, telluric and bridged bins left out, less its median over the spectrum (the gray factor, which
photometry gives). Its variance is that of the model plus the photon noise of the three spectra. Every supernova
counts the same, and in it every triplet. The intervals of a supernova come from coefficients fitted to the others.
"""

import sys
import warnings
from dataclasses import dataclass, fields, replace
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
from recording import asked_to_record, record
from scipy.optimize import least_squares, minimize

import sntransport as snt
from sntransport._storage.tables import text_table
from sntransport.photometry.synthetic import CoverageWarning, band_flux, band_flux_err
from sntransport.spectra.correlation import Correlation
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline
from sntransport.transport.interpolation_errors import (
    FITTED,
    Coefficients,
    interpolation_error,
    interval_factor,
    log_change,
)
from sntransport.transport.interpolators import for_supernova
from sntransport.transport.templates.by_class import class_transport
from sntransport.validation.hidden_spectra import (
    BANDS,
    GAP_EDGES,
    gap_bin,
    hidden_case,
    hidden_triplets,
    rebuilt_between,
    thinned_triplets,
)

CLASSES = ("Ia", "II", "Ib/c")
LEVELS = (0.6827, 0.95)
GAUSS = 1.96
EVERY = 4
LAGS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
FLAT = Sightline(z=0.0, distance_modulus=0.0)
_SOFT = 0.1


@dataclass(frozen=True)
class Residuals:
    """Bins of hidden spectra, (n_bin,) each; ``noise`` is the photon variance of ln(observed / rebuilt)."""

    residual: np.ndarray
    noise: np.ndarray
    change: np.ndarray
    gap: np.ndarray
    bridge: np.ndarray
    wave: np.ndarray
    supernova: np.ndarray
    sn_class: np.ndarray
    weight: np.ndarray

    def where(self, rows):
        return Residuals(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def hidden(item, interpolate, *, max_gap=70.0, per_bin=60, min_bins=300):
    """For every triplet of a supernova: rows (i, k, j), position, bins used, residual, noise, change."""
    case = hidden_case(item, BANDS)
    series, phase = case.series, case.series.phase
    fitted = for_supernova(interpolate, item, series)
    variance = np.log1p((series.flux_err / series.flux) ** 2)
    chosen = thinned_triplets(phase, hidden_triplets(case, max_gap, min_bins), per_bin)
    for i, j in np.unique(chosen[:, ::2], axis=0).tolist():
        rows = chosen[(chosen[:, 0] == i) & (chosen[:, 2] == j), 1]
        t = (phase[rows] - phase[i]) / (phase[j] - phase[i])
        rebuilt = rebuilt_between(series, i, j, t, {"this": fitted})[0]
        both = series.covered[i] & series.covered[j]
        change = np.full(series.n_wave, np.nan)
        change[both] = log_change(series.wave[both], series.flux[i, both], series.flux[j, both])
        for k, w, spectrum in zip(rows.tolist(), t, rebuilt, strict=True):
            used = case.usable[k] & np.isfinite(spectrum)
            if used.sum() >= min_bins:
                residual = np.log(series.flux[k, used] / spectrum[used])
                noise = variance[k] + (1 - w) ** 2 * variance[i] + w**2 * variance[j]
                yield case, (i, k, j), w, used, residual - np.median(residual), noise[used], change[used]


def collect(supernovae, interpolate, every=EVERY, **options):
    """Every fourth bin of all triplets of all supernovae."""
    parts = []
    for item in supernovae:
        found = list(hidden(item, interpolate, **options))
        for count, (case, (i, _, j), w, used, residual, noise, change) in enumerate(found):
            pick = slice(count % every, None, every)
            one = np.ones(residual[pick].size)
            gap = float(case.series.phase[j] - case.series.phase[i])
            wave = case.series.wave[used][pick]
            columns = (residual[pick], noise[pick], change[pick], gap * one, 4 * w * (1 - w) * one, wave)
            names = (np.full(one.size, case.series.name), np.full(one.size, case.sn_class))
            parts.append((*columns, *names, one / (one.size * len(found))))
    return Residuals(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def sigma(data, c):
    """Standard deviation of the residuals; the same formula as `interpolation_error`, bin by bin."""
    days, x = np.clip(data.gap, 1.0, 70.0) / 20.0, np.log(np.clip(data.wave, 3000.0, 10500.0) / 5500.0)
    scale, steeper = (np.ones(data.gap.size) * start for start in (1.0, 0.0))
    for name in c.scale:
        scale[data.sn_class == name], steeper[data.sn_class == name] = c.scale[name], c.steeper[name]
    moved = c.change**2 * data.change**2 + c.drift**2 * days**c.gap_power
    factor = scale * days**steeper * np.exp(c.slope * x + c.curve * x**2)
    return np.sqrt(data.noise + factor * (c.repeat**2 + data.bridge**c.bridge_power * moved))


def unpacked(theta):
    """Coefficients from the vector that is fitted; its last number is the ln of the width of 95 % intervals."""
    repeat, change, drift = np.exp(0.5 * theta[:3])
    scale, steeper = (dict(zip(CLASSES, part, strict=True)) for part in (np.exp(theta[7:10]), theta[10:13]))
    powers = ("bridge_power", "gap_power", "slope", "curve")
    found = {"repeat": repeat, "change": change, "drift": drift, **dict(zip(powers, theta[3:7], strict=True))}
    found |= {"freedom": freedom(np.exp(theta[13])), "scale": scale, "steeper": steeper}
    return Coefficients(**{name: _rounded(value) for name, value in found.items()})


def _rounded(value):
    return {k: round(float(v), 4) for k, v in value.items()} if isinstance(value, dict) else round(float(value), 4)


def freedom(width):
    """Degrees of freedom of the Student distribution whose 95 % interval is ``width`` times the 68 % one."""
    grid = np.geomspace(1.5, 200.0, 2000)
    widths = [interval_factor(0.95, replace(FITTED, freedom=nu)) for nu in grid]
    return float(np.interp(-width, -np.array(widths), grid))


def fit(data, start=None):
    """The coefficients whose 68 and 95 % intervals have the least quantile loss of ln |residual|.

    A quantile of ln |residual| does not care how far off the worst bins are; class factors are held near 1 by a small
    penalty, so that a class of few supernovae follows the others.
    """
    log_size = np.log(np.maximum(np.abs(data.residual), 3e-4))
    weight = data.weight / data.weight.sum()
    days, x = np.clip(data.gap, 1.0, 70.0) / 20.0, np.log(np.clip(data.wave, 3000.0, 10500.0) / 5500.0)
    member = [(data.sn_class == name).astype(float) for name in CLASSES]
    log_days, log_bridge = np.log(days), np.log(np.maximum(data.bridge, 1e-6))

    def missed(theta):
        n, k, s = np.exp(theta[:3])
        log_class = sum(m * (theta[7 + c] + theta[10 + c] * log_days) for c, m in enumerate(member))
        moved = k * data.change**2 + s * np.exp(theta[4] * log_days)
        model = np.exp(log_class + theta[5] * x + theta[6] * x**2) * (n + np.exp(theta[3] * log_bridge) * moved)
        return log_size - 0.5 * np.log(data.noise + model)

    def loss(theta):
        miss = missed(theta)
        total = _pinball(miss, LEVELS[0]) + _pinball(miss - theta[13], LEVELS[1])
        penalty = 0.004 * np.sum(theta[7:10] ** 2) + 0.01 * np.sum(theta[10:13] ** 2)
        return float(weight @ total) + penalty + 1e-4 * np.sum(np.clip(-theta[:3] - 9.0, 0.0, None) ** 2)

    first = np.array([-5.9, -2.5, -6.0, 1.0, 0.5, 0.8, 1.5, 0.3, -0.3, 0.0, 0.0, 0.0, 0.0, 0.9])
    found = minimize(loss, first if start is None else start, method="L-BFGS-B", options={"maxiter": 100}).x
    # The rounded corner of the loss leaves both intervals a little narrow: one factor each makes them true in sum.
    for _ in range(5):
        found[:3] += 2.0 * _quantile(missed(found), weight, LEVELS[0])
    found[13] = _quantile(missed(found), weight, LEVELS[1])
    return found


def _quantile(values, weight, level):
    order = np.argsort(values)
    return float(np.interp(level, np.cumsum(weight[order]), values[order]))


def _pinball(miss, level):
    """Quantile loss, rounded at its corner so that a gradient exists."""
    size = np.abs(miss)
    soft = np.where(size < _SOFT, 0.5 * miss**2 / _SOFT + 0.5 * _SOFT, size)
    return 0.5 * soft + (level - 0.5) * miss


def cross_validated(data, thin=4):
    """Coefficients from all supernovae, and of every residual its sigma and 95 % width from the other supernovae."""
    part = data.where(slice(None, None, thin))
    start = fit(part)
    spread, width, each = np.empty(data.gap.size), np.empty(data.gap.size), {}
    for name in np.unique(data.supernova):
        c = unpacked(fit(part.where(part.supernova != name), start))
        rows = data.supernova == name
        spread[rows], width[rows], each[str(name)] = sigma(data.where(rows), c), interval_factor(0.95, c), c
    return unpacked(start), spread, width, each


def share(data, inside, rows):
    """Mean over supernovae of the mean over triplets of the share of bins inside."""
    _, owner = np.unique(data.supernova[rows], return_inverse=True)
    hits = np.bincount(owner, (inside * data.weight)[rows]) / np.bincount(owner, data.weight[rows])
    return float(hits.mean()), hits.size


def coverage(data, spread, width):
    """Rows (class, gap, number of supernovae, share in 68 %, share in 95 %, share in 1.96 sigma)."""
    every = np.ones(data.gap.size, dtype=bool)
    gaps = gap_bin(data.gap)
    labels = [f"{a:.0f}-{b:.0f}" for a, b in pairwise(GAP_EDGES)]
    size, rows = np.abs(data.residual) / spread, []
    for sn_class in ("all", *CLASSES):
        of_class = every if sn_class == "all" else data.sn_class == sn_class
        for label, in_gap in [("all", every), *((text, gaps == b) for b, text in enumerate(labels))]:
            chosen = of_class & in_gap
            if chosen.any():
                shares = [share(data, size < k, chosen) for k in (1.0, width, GAUSS)]
                rows.append((sn_class, label, shares[0][1], *(value for value, _ in shares)))
    return rows


HEAD = ("class", "gap [d]", "SNe", "in 68 %", "in 95 %", "in 1.96 flux_err")


def table(rows):
    return text_table(
        [dict(zip(HEAD, (*row[:2], str(row[2]), *(f"{100 * v:.1f}" for v in row[3:])), strict=True)) for row in rows]
    )


def scaled(supernova, interpolate, c, per_bin=20):
    """Residuals over sigma on the whole grid (NaN where not compared), and what they were made of, by pair."""
    pairs = {}
    for case, (i, k, j), w, used, residual, noise, change in hidden(supernova, interpolate, per_bin=per_bin):
        gap = float(case.series.phase[j] - case.series.phase[i])
        wave = case.series.wave[used]
        model = interpolation_error(
            case.sn_class, wave, change=change, gap=gap, bridge=np.array([4 * w * (1 - w)]), coefficients=c
        )[0]
        total = np.sqrt(model**2 + noise)
        z = np.full(case.series.n_wave, np.nan)
        # Outliers would decide a mean of products.
        z[used] = np.clip(residual / total, -3.0, 3.0)
        pairs.setdefault((i, j), []).append((case.series.phase[k], z, used, residual, total, case, k))
    return pairs


def autocorrelation(pairs):
    """Mean over spectra of the correlation at the lags of `LAGS`."""
    rows = []
    for _, z, *_ in (one for group in pairs.values() for one in group):
        found = [np.nanmean(z[lag:] * z[: z.size - lag]) if _shared(z, lag) else np.nan for lag in LAGS]
        rows.append(np.array(found) / found[0])
    return np.nanmean(rows, axis=0)


def _shared(z, lag):
    return np.isfinite(z[lag:] * z[: z.size - lag]).sum() > 50


def over_days(pairs):
    """Days between two hidden spectra of one gap, and the correlation of their residuals: (n, 2)."""
    rows = []
    for group in pairs.values():
        for a, b in combinations(group, 2):
            both = np.isfinite(a[1] * b[1])
            if both.sum() > 50:
                x, y = a[1][both], b[1][both]
                rows.append((abs(b[0] - a[0]), float(x @ y / np.sqrt((x @ x) * (y @ y)))))
    return np.array(rows).reshape(-1, 2)


def fit_correlation(curves, days):
    """`Correlation` of the mean over supernovae of their curves, (n_sn, n_lag), and of their `over_days`.

    What two hidden spectra of one date would not share, their own calibration, has no say in the length in days.
    """
    distance, seen = 250.0 * np.array(LAGS), np.nanmean(curves, axis=0)

    def parts(p):
        white, short = p[0], (1 - p[0]) * p[1]
        return white, short, 1 - white - short, np.exp(p[2]), np.exp(p[3])

    def miss(p):
        white, short, broad, near, far = parts(p)
        model = short * np.exp(-distance / near) + broad * np.exp(-0.5 * (distance / far) ** 2)
        return (model + white * (distance == 0) - seen) * (distance < 60000.0)

    bounds = ([0.01, 0.05, np.log(1000.0), np.log(10000.0)], [0.9, 0.95, np.log(15000.0), np.log(90000.0)])
    found = parts(least_squares(miss, [0.25, 0.5, np.log(5000.0), np.log(35000.0)], bounds=bounds).x)
    edges = np.array([0.5, 1.5, 2.5, 4.0, 6.0, 9.0, 13.0, 20.0, 30.0, 50.0])
    means = [
        [np.mean(d[inside, 1]) if (inside := (d[:, 0] >= a) & (d[:, 0] < b)).any() else np.nan for d in days]
        for a, b in pairwise(edges)
    ]
    height = np.array([np.nanmean(row) for row in means])
    middle = 0.5 * (edges[1:] + edges[:-1])
    last = least_squares(lambda p: p[0] * np.exp(-middle / p[1]) - height, [0.6, 25.0]).x
    return Correlation(
        white=round(float(found[0]), 3),
        short=round(float(found[1]), 3),
        broad=round(float(found[2]), 3),
        short_length=round(found[3]),
        broad_length=round(found[4]),
        days_length=round(float(last[1]), 1),
    )


def band_pulls(pairs, correlation, bands=BANDS):
    """ln of observed over rebuilt band flux, over the error that sigma and the correlation say; (n,)."""
    pulls = []
    for _, _, used, residual, total, case, k in (one for group in pairs.values() for one in group):
        series = case.series
        flux = np.where(used, series.flux[k], np.nan)
        rebuilt, err = flux.copy(), np.zeros(flux.size)
        rebuilt[used] /= np.exp(residual)
        err[used] = total * rebuilt[used]
        one = SpectralSeries(
            phase=[0.0], wave=series.wave, flux=rebuilt[None], flux_err=np.where(used, err, np.nan)[None]
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CoverageWarning)
            made, seen = (band_flux(s, bands, FLAT) for s in (one, replace(one, flux=flux[None])))
        expected = band_flux_err(one, bands, FLAT, correlation=correlation)
        pull = (np.log(seen / made) / (expected / made))[0]
        pulls.append(np.where(np.isfinite(pull), pull, np.nan))
    return np.array(pulls)


def correlations(supernovae, interpolate, each):
    """Correlation of all, and the pulls of band fluxes of each supernova with the correlation of the others."""
    found = {sn.name: scaled(sn, interpolate, each[sn.name]) for sn in supernovae}
    curves = {name: autocorrelation(pairs) for name, pairs in found.items()}
    days = {name: over_days(pairs) for name, pairs in found.items()}
    pulls = {}
    for name, pairs in found.items():
        rest = [other for other in found if other != name]
        pulls[name] = band_pulls(pairs, fit_correlation([curves[o] for o in rest], [days[o] for o in rest]))
    return fit_correlation(list(curves.values()), list(days.values())), pulls


def main(arguments):
    given, recorded = asked_to_record(arguments)
    name, folder = (*given, *("class_transport", "../shared/data/osc")[len(given) :])
    interpolate = class_transport if name == "class_transport" else getattr(snt.interpolators, name)
    supernovae = [snt.read_supernova(path) for path in sorted(Path(folder).glob("*.json.gz"))]
    data = collect(supernovae, interpolate)
    found, spread, width, each = cross_validated(data)
    print(f"FITTED = {found}\n95 % interval: {interval_factor(0.95, found):.3f} flux_err")
    for one, c in each.items():
        print(f"  without {one}: 95 % at {interval_factor(0.95, c):.3f}, {c}")
    shares = coverage(data, spread, width)
    print(table(shares))
    if recorded:
        record(
            "error_intervals",
            HEAD,
            [(*row[:3], *(100 * v for v in row[3:])) for row in shares],
            about="Shares [%] of the bins of hidden spectra inside the intervals that the other supernovae give",
            command="python tests/benchmarks/fit_error_model.py --record",
            digits=dict.fromkeys(HEAD[3:], 1),
        )
    correlation, pulls = correlations(supernovae, interpolate, each)
    print(f"CORRELATION = {correlation}\nbands: |ln observed / rebuilt| over its error, the others' coefficients:")
    for label, rows in (("within 1", 1.0), ("within 1.96", GAUSS)):
        shares = {n: np.nanmean(np.where(np.isfinite(p), np.abs(p) < rows, np.nan)) for n, p in pulls.items()}
        print(f"  {label}: {np.nanmean(list(shares.values())):.3f}", {n: round(float(v), 2) for n, v in shares.items()})
    check = interpolation_error(
        data.sn_class[0],
        data.wave[:1],
        change=data.change[:1],
        gap=data.gap[0],
        bridge=data.bridge[:1],
        coefficients=found,
    )
    mine = sigma(data.where(slice(0, 1)), found)
    assert np.allclose(np.sqrt(check[0] ** 2 + data.noise[:1]), mine), "formula here and in the package differ"


if __name__ == "__main__":
    main(sys.argv[1:])
