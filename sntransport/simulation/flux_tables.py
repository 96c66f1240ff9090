"""Tables of a template's band fluxes over phase, redshift and dust, from which a simulation reads millions of visits.

A band flux is an integral over the spectrum, so everything here is linear in it. The weights of the integral are

    w(wave; z) exp(-k_mw E_mw) exp(-k_host E_host),   k = 0.4 ln 10 A(wave) / E(B-V).

The mean k of the band is taken out as one factor (the *fade*, exact for each object); what is left varies slowly with
E(B-V) and is written as Chebyshev polynomials in both color excesses, of the degree that their range needs. Only a few
combinations of these polynomials matter in a band (singular value decomposition), and those are tabulated. Between
redshifts the table is cubic in ln(1 + z), between phases linear, as the series is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import LN_PER_MAG
from sntransport.photometry.band_ratio import columns
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.synthetic import MIN_COVERAGE, weighted_means
from sntransport.spectra.dust import extinction
from sntransport.spectra.series import SpectralSeries, require_series

Z_STEP = 0.004
"""Step of the tables in ln(1 + z)."""

DUST_TOLERANCE = 2e-4
"""Largest relative error of a band flux by the polynomials of dust, at phases brighter than 0.1 % of the peak."""

# Redshifts that share one matrix product, and the highest degree in dust.
_GROUP, _MOST_DEGREE = 8, 12
_MOST_STEPS = 50_000
# Redshifts and phases that the polynomials of dust are tried on.
_N_SAMPLE, _SAMPLE_STEP = 5, 2
_FAINT = 1e-3
# A phase fainter than this share of the brightest, at every corner of dust, cannot be the brightest between them.
_NEAR_PEAK = 0.6


@dataclass(frozen=True, kw_only=True)
class Dust:
    """Laws, R(V) and largest E(B-V) that the tables are made for."""

    ebv_mw: float = 0.0
    ebv_host: float = 0.0
    rv_mw: float = 3.1
    rv_host: float = 3.1
    law_mw: str = "F99"
    law_host: str = "F99"


@dataclass(frozen=True, eq=False, kw_only=True)
class FluxTables:
    """Tables of several templates in all bands; made by `flux_tables`.

    ``x`` (n_z,) are the redshifts as ln(1 + z), evenly spaced; ``table`` is flat, that of template t and band b begins
    at ``start[t, b]`` and is [phase][z][term], with ``n_term[b]`` terms, in nJy at a distance modulus of 0; ``phases``
    all phases, those of t from ``phase_offset[t]`` on, found by ``lookup`` (from ``lookup_offset[t]`` on a phase at or
    before each of ``per_day[t]`` steps a day); ``powers`` (n_power, 2) the degrees of the polynomials in Milky Way and
    host dust and ``basis`` (n_band, n_power, n) their combinations, of which the first ``n_term[b]`` are tabulated;
    ``mean_mw`` (n_band,) and ``mean_host`` (n_band, n_z) the mean k of the bands; ``near`` (n_template, n_band, n_z, 2)
    where the brightest phase is sought; ``covered`` (n_template, n_band, n_z) whether any phase has a flux.
    """

    dust: Dust
    x: Array
    powers: NDArray[np.int64]
    basis: Array
    n_term: NDArray[np.int64]
    mean_mw: Array
    mean_host: Array
    start: NDArray[np.int64]
    phase_offset: NDArray[np.int64]
    phases: Array
    lookup_offset: NDArray[np.int64]
    lookup: NDArray[np.int32]
    per_day: Array
    table: NDArray[np.float32]
    near: NDArray[np.int64]
    covered: NDArray[np.bool_]


def flux_tables(
    templates: Sequence[SpectralSeries], bands: Sequence[Bandpass], z_range: tuple[float, float], dust: Dust
) -> FluxTables:
    """Tables for all redshifts and dust within bounds.

    Parameters
    ----------
    templates : sequence of SpectralSeries
    bands : sequence of Bandpass
    z_range : tuple of float
        Least and largest redshift.
    dust : Dust

    Returns
    -------
    FluxTables
        A phase, band and redshift that the template covers less than 98 % is NaN; so is a place between redshifts
        where any of its four neighbors is.

    Raises
    ------
    ValueError
        Where a template has no phases, or a dust law is not defined at some wavelength of a band.
    """
    for series in templates:
        require_series(series, "simulate")
        if not series.n_phase:
            raise ValueError(f"template {series.name!r} has no phases")
    x = _redshift_nodes(z_range)
    mean_mw = np.array([_mean_extinction(band, np.zeros(1), dust.rv_mw, dust.law_mw)[0] for band in bands])
    mean_host = np.array([_mean_extinction(band, x, dust.rv_host, dust.law_host) for band in bands])
    samples = [
        list(_samples(templates, band, x, dust=dust, mean_mw=mean_mw[j], mean_host=mean_host[j]))
        for j, band in enumerate(bands)
    ]
    powers = _degrees([one for some in samples for one in some], dust)
    basis, n_term = _bases(samples, dust, powers)
    parts, near, covered = [], [], []
    for series in templates:
        for j, band in enumerate(bands):
            used = basis[j, :, : n_term[j]]
            made = _band_table(
                series, band, x, dust=dust, powers=powers, basis=used, mean_mw=mean_mw[j], mean_host=mean_host[j]
            )
            parts.append(made.astype(np.float32).ravel())
            near.append(_near_peak(made, used, powers))
            covered.append(np.isfinite(made[:, :, 0]).any(axis=0))
    shape = (len(templates), len(bands))
    start = np.concatenate([[0], np.cumsum([part.size for part in parts])])[:-1]
    return FluxTables(
        dust=dust,
        x=x,
        powers=powers,
        basis=basis,
        n_term=n_term,
        mean_mw=mean_mw,
        mean_host=mean_host,
        start=start.reshape(shape).astype(np.int64),
        phase_offset=np.concatenate([[0], np.cumsum([series.n_phase for series in templates])]).astype(np.int64),
        phases=np.concatenate([series.phase for series in templates]),
        **_lookups(templates),
        table=np.concatenate(parts),
        near=np.array(near).reshape(*shape, x.size, 2),
        covered=np.array(covered).reshape(*shape, x.size),
    )


def _lookups(templates: Sequence[SpectralSeries]) -> dict[str, Any]:
    """Where in its phases a template is at fine steps of time."""
    found, per_day = [], []
    for series in templates:
        span = float(np.ptp(series.phase))
        smallest = float(np.diff(series.phase).min(initial=np.inf))
        n = int(np.clip(4.0 * span / smallest, 1, _MOST_STEPS)) if span > 0 else 1
        per_day.append(n / span if span > 0 else 0.0)
        # Two more, for the last phase and for rounding; a step back makes sure that none is too late.
        steps = series.phase[0] + (np.arange(n + 2) - 1e-6) * (span / n)
        found.append(np.clip(np.searchsorted(series.phase, steps, side="right") - 1, 0, max(series.n_phase - 2, 0)))
    offset = np.concatenate([[0], np.cumsum([one.size for one in found])]).astype(np.int64)
    return {"lookup_offset": offset, "lookup": np.concatenate(found).astype(np.int32), "per_day": np.array(per_day)}


def _redshift_nodes(z_range: tuple[float, float]) -> Array:
    low, high = np.log1p(z_range)
    return np.asarray(low + Z_STEP * np.arange(-1, int(np.ceil((high - low) / Z_STEP)) + 3))


def _per_excess(wave: Array, rv: float, law: str) -> Array:
    """k = 0.4 ln 10 A / E(B-V) at wavelengths [A]."""
    return np.asarray(LN_PER_MAG * extinction(wave, 1.0, rv, law))


def _mean_extinction(band: Bandpass, x: Array, rv: float, law: str) -> Array:
    """Mean k of a band at redshifts x = ln(1 + z)."""
    used = band.throughput > 0
    wave = band.wave[used]
    photons = band.throughput[used] * wave
    k = _per_excess((wave * np.exp(-x)[:, None]).ravel(), rv, law).reshape(x.size, wave.size)
    return np.asarray(k @ photons / photons.sum())


def chebyshev(ebv: Array, most: float, degree: NDArray[np.int64]) -> Array:
    """Chebyshev polynomials (n, n_term) of E(B-V) from 0 to ``most``."""
    angle = np.arccos(np.clip(2.0 * ebv / most - 1.0, -1.0, 1.0)) if most > 0 else np.zeros(ebv.shape)
    return np.asarray(np.cos(angle[:, None] * degree))


def _sampled(k: Array, most: float, degree: int) -> tuple[Array, Array]:
    """``exp(-k E)`` (n_node, n) at some E from 0 to ``most``, and what makes Chebyshev coefficients of it.

    The second, (degree + 1, n_node), times the first are the coefficients.
    """
    # Sampled at more nodes than coefficients, so that those left out fold back only beyond the tolerance.
    n_node = degree + 4
    angle = np.pi * (np.arange(n_node) + 0.5) / n_node
    share = 2.0 / n_node * np.cos(np.arange(degree + 1)[:, None] * angle)
    share[0] *= 0.5
    return np.exp(-0.5 * most * (1.0 + np.cos(angle))[:, None] * k), share


def _coefficients(k: Array, most: float, degree: int) -> Array:
    """Chebyshev coefficients (degree + 1, n) of ``exp(-k E)`` for E from 0 to ``most``."""
    sampled, share = _sampled(k, most, degree)
    return np.asarray(share @ sampled)


def _samples(
    templates: Sequence[SpectralSeries], band: Bandpass, x: Array, *, dust: Dust, mean_mw: float, mean_host: Array
) -> Iterator[tuple[Array, Array, Array]]:  # fmt: skip
    """What the bins of a template add to a band (n_phase, n), with k of both dusts (n,), at a few redshifts."""
    nodes = np.unique(np.linspace(1, x.size - 2, _N_SAMPLE).astype(np.int64))
    for series in templates:
        seen = columns(series.wave, band, np.expm1(x[nodes]))
        wave, flux = series.wave[seen.span], np.nan_to_num(series.flux[::_SAMPLE_STEP, seen.span])
        for column, node in enumerate(nodes):
            rows = np.flatnonzero(seen.flux_weight[:, column])
            light = flux[:, rows] * seen.flux_weight[rows, column]
            bright = light.sum(axis=1) > _FAINT * light.sum(axis=1).max(initial=0.0)
            k_mw = _per_excess(wave[rows] * np.exp(x[node]), dust.rv_mw, dust.law_mw) - mean_mw
            k_host = _per_excess(wave[rows], dust.rv_host, dust.law_host) - mean_host[node]
            if np.any(bright):
                yield light[bright], k_mw, k_host


def _degrees(samples: Sequence[tuple[Array, Array, Array]], dust: Dust) -> NDArray[np.int64]:
    """Degrees (n_power, 2) of the polynomials that keep the error of dust within `DUST_TOLERANCE`."""
    most = [0, 0]
    for light, k_mw, k_host in samples:
        most = [_degree(light, k_mw, dust.ebv_mw, most[0]), _degree(light, k_host, dust.ebv_host, most[1])]
    total = max(most)
    for light, k_mw, k_host in samples:
        total = _total_degree(light, k_mw, k_host, dust=dust, most=most, least=total)
    pairs = [(a, b) for a in range(most[0] + 1) for b in range(most[1] + 1) if a + b <= total]
    return np.array(pairs, dtype=np.int64)


def _degree(light: Array, k: Array, most: float, least: int) -> int:
    """Least degree, from ``least`` up, that gives the sums of ``light`` (n_phase, n) times ``exp(-k E)``."""
    ebv = np.linspace(0.0, most, 9)
    exact = np.exp(-k * ebv[:, None])
    total = light @ exact.T
    if most == 0:
        return least
    for degree in range(least, _MOST_DEGREE):
        made = chebyshev(ebv, most, np.arange(degree + 1)) @ _coefficients(k, most, degree)
        if np.all(np.abs(light @ (made - exact).T) <= DUST_TOLERANCE * np.abs(total)):
            return degree
    return _MOST_DEGREE


def _total_degree(light: Array, k_mw: Array, k_host: Array, *, dust: Dust, most: Sequence[int], least: int) -> int:
    """Least sum of both degrees, from ``least`` up, that is right where both dusts are at their largest."""
    by_mw, by_host = _coefficients(k_mw, dust.ebv_mw, most[0]), _coefficients(k_host, dust.ebv_host, most[1])
    exact = np.exp(-k_mw * dust.ebv_mw - k_host * dust.ebv_host)
    for total in range(least, sum(most)):
        made = sum(by_mw[a] * by_host[: total - a + 1].sum(axis=0) for a in range(min(most[0], total) + 1))
        if np.all(np.abs(light @ (made - exact)) <= DUST_TOLERANCE * np.abs(light @ exact)):
            return total
    return max(least, sum(most))


def _bases(
    samples: Sequence[Sequence[tuple[Array, Array, Array]]], dust: Dust, powers: NDArray[np.int64]
) -> tuple[Array, NDArray[np.int64]]:  # fmt: skip
    """Combinations (n_band, n_power, n) of the polynomials, and how many of them matter in each band."""
    steps = np.linspace(0.0, 1.0, 7)
    ebv_mw, ebv_host = (axis.ravel() for axis in np.meshgrid(dust.ebv_mw * steps, dust.ebv_host * steps))
    values = chebyshev(ebv_mw, dust.ebv_mw, powers[:, 0]) * chebyshev(ebv_host, dust.ebv_host, powers[:, 1])
    found, n_term = [], []
    for some in samples:
        made = [light @ _polynomials(k_mw, k_host, dust, powers) for light, k_mw, k_host in some]
        rows = np.concatenate(made or [np.zeros((1, len(powers)))])
        whole = rows @ values.T
        scale = np.maximum(whole.min(axis=1, keepdims=True), 1e-300)
        # Of the triangle: that of the rows themselves, with a square of their number, would not fit many templates.
        _, _, right = np.linalg.svd(np.linalg.qr(rows / scale, mode="r"), full_matrices=True)
        n = 1
        while n < len(powers):
            left_out = np.abs((rows @ right[n:].T) @ (right[n:] @ values.T))
            if np.all(left_out <= DUST_TOLERANCE * np.abs(whole)):
                break
            n += 1
        found.append(right)
        # Even, so that four redshifts are a multiple of eight numbers; the last may be a row of zeros.
        n_term.append(n + n % 2)
    basis = np.zeros((len(found), len(powers), max(n_term)))
    for b, right in enumerate(found):
        used = min(n_term[b], len(powers))
        basis[b, :, :used] = right[:used].T
    return basis, np.array(n_term, dtype=np.int64)


def _polynomials(k_mw: Array, k_host: Array, dust: Dust, powers: NDArray[np.int64]) -> Array:
    """Chebyshev coefficients (n, n_power) of the dust at k (n,)."""
    most = powers.max(axis=0)
    by_mw = _coefficients(k_mw, dust.ebv_mw, int(most[0]))[powers[:, 0]]
    by_host = _coefficients(k_host, dust.ebv_host, int(most[1]))[powers[:, 1]]
    return np.asarray((by_mw * by_host).T)


def _band_table(
    series: SpectralSeries, band: Bandpass, x: Array, *, dust: Dust, powers: NDArray[np.int64], basis: Array,
    mean_mw: float, mean_host: Array,
) -> Array:  # fmt: skip
    """Table (n_phase, n_z, n_term) of one template in one band."""
    from sntransport.simulation import _kernels

    n_term = basis.shape[1]
    table = np.full((series.n_phase, x.size, n_term), np.nan)
    seen = columns(series.wave, band, np.expm1(x))
    wave, flux = series.wave[seen.span], series.flux[:, seen.span]
    whole = bool(np.isfinite(flux).all())
    most_mw, most_host = (int(degree) for degree in powers.max(axis=0))
    k_host = _per_excess(wave, dust.rv_host, dust.law_host) if wave.size else wave
    # exp(-(k - mean) E) of bins and redshifts is a product, so its polynomials are a matrix product.
    (host, share), (mean, _) = (_sampled(k, dust.ebv_host, most_host) for k in (k_host, -mean_host))
    same = [powers[:, 0] == degree for degree in range(most_mw + 1)]
    of_host = np.stack([share[powers[one, 1]].T @ basis[one] for one in same], axis=1)
    for first in range(0, x.size, _GROUP):
        group = slice(first, min(first + _GROUP, x.size))
        used = np.flatnonzero(seen.flux_weight[:, group].any(axis=1))
        if not used.size:
            continue
        rows = slice(used[0], used[-1] + 1)
        k_mw = _per_excess((wave[rows, None] * np.exp(x[group])).ravel(), dust.rv_mw, dust.law_mw) - mean_mw
        mixed = (mean[:, None, group, None] * of_host[:, :, None]).reshape(len(host), -1)
        terms = _kernels.dusty_terms(
            seen.flux_weight[rows, group], _coefficients(k_mw, dust.ebv_mw, most_mw), host[:, rows].T @ mixed, n_term
        )
        cover = seen.cover_weight[rows].reshape(used[-1] + 1 - used[0], 2, x.size)[:, :, group]
        made = _means(flux[:, rows], terms, cover, seen.photon_total[group], n_term=n_term, whole=whole)
        table[:, group] = made.reshape(series.n_phase, -1, n_term)
    return table


def _means(flux: Array, terms: Array, cover: Array, photon_total: Array, *, n_term: int, whole: bool) -> Array:
    """As `weighted_means` for ``n_term`` terms at each redshift; where no bin is NaN, all phases are covered alike."""
    if not whole:
        repeated = np.repeat(cover.reshape(len(cover), -1), n_term, axis=1)
        return weighted_means(flux, terms, repeated, np.repeat(photon_total, n_term))[0]
    seen, norm = cover.sum(axis=0)
    norm = np.where(seen / photon_total >= MIN_COVERAGE, norm, np.nan)
    return np.asarray(flux @ terms / np.repeat(norm, n_term))


def _near_peak(table: Array, basis: Array, powers: NDArray[np.int64]) -> NDArray[np.int64]:
    """First and one past the last phase (n_z, 2) that is near the brightest at any corner of dust."""
    n_phase, n_z, _ = table.shape
    near = np.zeros((n_phase, n_z), dtype=bool)
    for corner in ((-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)):
        sign = corner[0] ** powers[:, 0] * corner[1] ** powers[:, 1]
        flux = np.nan_to_num(table @ (sign @ basis), nan=-np.inf)
        near |= (flux >= _NEAR_PEAK * flux.max(axis=0)) & (flux > 0)
    first = np.where(near.any(axis=0), near.argmax(axis=0), n_phase)
    last = np.where(near.any(axis=0), n_phase - near[::-1].argmax(axis=0), 0)
    return np.stack([first, last], axis=1).astype(np.int64)
