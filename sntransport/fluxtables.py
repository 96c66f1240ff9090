"""Tables of a template's band fluxes over phase, redshift and dust, from which a simulation reads millions of visits.

A band flux is an integral over the spectrum, so everything here is linear in it. The weights of the integral are

    w(wave; z) exp(-k_mw E_mw) exp(-k_host E_host),   k = 0.4 ln 10 A(wave) / E(B-V).

The mean k of the band is taken out as one factor (the *fade*, exact for each object); what is left varies slowly with
E(B-V) and is written as Chebyshev polynomials in both color excesses, of the degree that their range needs. Between
redshifts the table is cubic in ln(1 + z), between phases linear, as the series is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sntransport.bandratio import columns
from sntransport.bands import Bandpass
from sntransport.checks import Array
from sntransport.dust import extinction
from sntransport.photometry import MIN_COVERAGE, weighted_means
from sntransport.series import SpectralSeries, require_series

Z_STEP = 0.005
"""Step of the tables in ln(1 + z)."""

DUST_TOLERANCE = 3e-4
"""Largest relative error of a band flux by the polynomials of dust, at phases brighter than 0.1 % of the peak."""

# Redshifts that share one matrix product, and the highest degree in dust.
_GROUP, _MOST_DEGREE = 8, 12
_FAINT = 1e-3
# A phase fainter than this share of the brightest, at every corner of dust, cannot be the brightest between them.
_NEAR_PEAK = 0.6
_LN_MAG = 0.4 * np.log(10.0)


@dataclass(frozen=True, eq=False)
class Dust:
    """Laws, R(V) and largest E(B-V) that the tables are made for."""

    ebv_mw: float = 0.0
    ebv_host: float = 0.0
    rv_mw: float = 3.1
    rv_host: float = 3.1
    law_mw: str = "F99"
    law_host: str = "F99"


@dataclass(frozen=True, eq=False)
class FluxTables:
    """Tables of several templates in all bands; made by `flux_tables`.

    ``x`` (n_z,) are the redshifts as ln(1 + z), evenly spaced; ``table`` is flat, that of template t begins at
    ``start[t]`` and is [band][phase][z][term] in nJy at a distance modulus of 0; ``size`` (2, n_template) its numbers
    of phases and terms; ``phases`` all phases, those of t from ``phase_offset[t]`` on; ``powers`` (n_term, 2) the
    degrees in Milky Way and host dust; ``mean_mw`` (n_band,) and ``mean_host`` (n_band, n_z) the mean k of the bands;
    ``near`` (n_template, n_band, n_z, 2) where the brightest phase is sought; ``covered`` (n_template, n_band, n_z)
    whether any phase has a flux.
    """

    dust: Dust
    x: Array
    powers: NDArray[np.int64]
    mean_mw: Array
    mean_host: Array
    start: NDArray[np.int64]
    size: NDArray[np.int64]
    phase_offset: NDArray[np.int64]
    phases: Array
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
    mean_mw = np.array([_mean_extinction(band, 0.0, dust.rv_mw, dust.law_mw) for band in bands])
    mean_host = np.array([[_mean_extinction(b, u, dust.rv_host, dust.law_host) for u in x] for b in bands])
    powers = _degrees(templates, bands, x, dust, mean_mw, mean_host)
    parts, near, covered = [], [], []
    for series in templates:
        made = [_band_table(series, band, x, dust, powers, mean_mw[j], mean_host[j]) for j, band in enumerate(bands)]
        parts.append(np.concatenate([one.astype(np.float32).ravel() for one in made]))
        near.append([_near_peak(one, powers) for one in made])
        covered.append([np.isfinite(one[:, :, 0]).any(axis=0) for one in made])
    n_phase = np.array([series.n_phase for series in templates])
    return FluxTables(
        dust, x, powers, mean_mw, mean_host,
        start=np.concatenate([[0], np.cumsum([part.size for part in parts])])[:-1].astype(np.int64),
        size=np.stack([n_phase, np.full_like(n_phase, len(powers))]).astype(np.int64),
        phase_offset=np.concatenate([[0], np.cumsum(n_phase)]).astype(np.int64),
        phases=np.concatenate([series.phase for series in templates]),
        table=np.concatenate(parts), near=np.array(near), covered=np.array(covered),
    )  # fmt: skip


def _redshift_nodes(z_range: tuple[float, float]) -> Array:
    low, high = np.log1p(z_range)
    return np.asarray(low + Z_STEP * np.arange(-1, int(np.ceil((high - low) / Z_STEP)) + 3))


def _per_excess(wave: Array, rv: float, law: str) -> Array:
    """k = 0.4 ln 10 A / E(B-V) at wavelengths [A]."""
    return np.asarray(_LN_MAG * extinction(wave, 1.0, rv, law))


def _mean_extinction(band: Bandpass, x: float, rv: float, law: str) -> float:
    used = band.throughput > 0
    wave = band.wave[used]
    photons = band.throughput[used] * wave
    return float(np.sum(photons * _per_excess(wave * np.exp(-x), rv, law)) / photons.sum())


def chebyshev(ebv: Array, most: float, degree: NDArray[np.int64]) -> Array:
    """Chebyshev polynomials (n, n_term) of E(B-V) from 0 to ``most``."""
    angle = np.arccos(np.clip(2.0 * ebv / most - 1.0, -1.0, 1.0)) if most > 0 else np.zeros(ebv.shape)
    return np.asarray(np.cos(angle[:, None] * degree))


def _coefficients(k: Array, most: float, degree: int) -> Array:
    """Chebyshev coefficients (degree + 1, n) of ``exp(-k E)`` for E from 0 to ``most``."""
    # Sampled at more nodes than coefficients, so that those left out fold back only beyond the tolerance.
    n_node = degree + 4
    angle = np.pi * (np.arange(n_node) + 0.5) / n_node
    sampled = np.exp(-0.5 * most * (1.0 + np.cos(angle))[:, None] * k)
    share = 2.0 / n_node * np.cos(np.arange(degree + 1)[:, None] * angle)
    share[0] *= 0.5
    return np.asarray(share @ sampled)


def _degrees(
    templates: Sequence[SpectralSeries], bands: Sequence[Bandpass], x: Array, dust: Dust, mean_mw: Array,
    mean_host: Array,
) -> NDArray[np.int64]:  # fmt: skip
    """Degrees (n_term, 2) of the polynomials that keep the error of dust within `DUST_TOLERANCE`."""
    samples = list(_samples(templates, bands, x, dust, mean_mw, mean_host))
    most = [0, 0]
    for light, k_mw, k_host in samples:
        most = [_degree(light, k_mw, dust.ebv_mw, most[0]), _degree(light, k_host, dust.ebv_host, most[1])]
    total = max(most)
    for light, k_mw, k_host in samples:
        total = _total_degree(light, k_mw, k_host, dust, most, total)
    pairs = [(a, b) for a in range(most[0] + 1) for b in range(most[1] + 1) if a + b <= total]
    return np.array(pairs, dtype=np.int64)


def _samples(
    templates: Sequence[SpectralSeries], bands: Sequence[Bandpass], x: Array, dust: Dust, mean_mw: Array,
    mean_host: Array,
) -> Iterator[tuple[Array, Array, Array]]:  # fmt: skip
    """What the bins of a template add to a band (n_phase, n), with k of both dusts (n,), at a few redshifts."""
    nodes = np.unique(np.linspace(1, x.size - 2, 4).astype(np.int64))
    for series in templates:
        for j, band in enumerate(bands):
            seen = columns(series.wave, band, np.expm1(x[nodes]))
            wave, flux = series.wave[seen.span], np.nan_to_num(series.flux[:, seen.span])
            for column, node in enumerate(nodes):
                rows = np.flatnonzero(seen.flux_weight[:, column])
                light = flux[:, rows] * seen.flux_weight[rows, column]
                k_mw = _per_excess(wave[rows] * np.exp(x[node]), dust.rv_mw, dust.law_mw) - mean_mw[j]
                k_host = _per_excess(wave[rows], dust.rv_host, dust.law_host) - mean_host[j, node]
                bright = light.sum(axis=1) > _FAINT * light.sum(axis=1).max(initial=0.0)
                yield light[bright], k_mw, k_host


def _degree(light: Array, k: Array, most: float, least: int) -> int:
    """Least degree, from ``least`` up, that gives the sums of ``light`` (n_phase, n) times ``exp(-k E)``."""
    ebv = np.linspace(0.0, most, 9)
    exact = np.exp(-k * ebv[:, None])
    total = light @ exact.T
    if most == 0 or not total.size:
        return least
    for degree in range(least, _MOST_DEGREE):
        made = chebyshev(ebv, most, np.arange(degree + 1)) @ _coefficients(k, most, degree)
        if np.all(np.abs(light @ (made - exact).T) <= DUST_TOLERANCE * np.abs(total)):
            return degree
    return _MOST_DEGREE


def _total_degree(light: Array, k_mw: Array, k_host: Array, dust: Dust, most: Sequence[int], least: int) -> int:
    """Least sum of both degrees, from ``least`` up, that is right where both dusts are at their largest."""
    by_mw, by_host = _coefficients(k_mw, dust.ebv_mw, most[0]), _coefficients(k_host, dust.ebv_host, most[1])
    exact = np.exp(-k_mw * dust.ebv_mw - k_host * dust.ebv_host)
    for total in range(least, sum(most)):
        made = sum(by_mw[a] * by_host[: total - a + 1].sum(axis=0) for a in range(min(most[0], total) + 1))
        if np.all(np.abs(light @ (made - exact)) <= DUST_TOLERANCE * np.abs(light @ exact)):
            return total
    return max(least, sum(most))


def _band_table(
    series: SpectralSeries, band: Bandpass, x: Array, dust: Dust, powers: NDArray[np.int64], mean_mw: float,
    mean_host: Array,
) -> Array:  # fmt: skip
    """Table (n_phase, n_z, n_term) of one template in one band."""
    table = np.empty((series.n_phase, x.size, len(powers)))
    for first in range(0, x.size, _GROUP):
        group = slice(first, first + _GROUP)
        z = np.expm1(x[group])
        seen = columns(series.wave, band, z)
        wave, weight = series.wave[seen.span], seen.flux_weight
        rows = np.flatnonzero(weight.any(axis=1))
        if not rows.size:
            table[:, group] = np.nan
            continue
        terms = weight[rows, :, None] * _dust_terms(wave[rows], z, dust, powers, mean_mw, mean_host[group])
        flux = series.flux[:, seen.span][:, rows]
        cover = seen.cover_weight[rows]
        n_z = z.size
        repeated = np.repeat(cover, len(powers), axis=1)
        if np.all(np.isfinite(flux)):
            share = cover[:, :n_z].sum(axis=0) / seen.photon_total
            norm = np.where(share >= MIN_COVERAGE, cover[:, n_z:].sum(axis=0), np.nan)
            made = (flux @ terms.reshape(rows.size, -1)) / np.repeat(norm, len(powers))
        else:
            total = np.repeat(seen.photon_total, len(powers))
            made, _ = weighted_means(flux, terms.reshape(rows.size, -1), repeated, total)
        table[:, group] = made.reshape(series.n_phase, n_z, len(powers))
    return table


def _dust_terms(
    wave: Array, z: Array, dust: Dust, powers: NDArray[np.int64], mean_mw: float, mean_host: Array
) -> Array:  # fmt: skip
    """Chebyshev coefficients (n_wave, n_z, n_term) of the dust at rest-frame wavelengths and redshifts."""
    most = powers.max(axis=0)
    shape = (wave.size, z.size)
    terms = np.ones((*shape, len(powers)))
    if most[0] > 0:
        seen = (wave[:, None] * (1.0 + z)).ravel()
        k = _per_excess(seen, dust.rv_mw, dust.law_mw).reshape(shape) - mean_mw
        terms *= np.moveaxis(_coefficients(k.ravel(), dust.ebv_mw, most[0]).reshape(-1, *shape)[powers[:, 0]], 0, -1)
    if most[1] > 0:
        k = _per_excess(wave, dust.rv_host, dust.law_host)[:, None] - mean_host
        terms *= np.moveaxis(_coefficients(k.ravel(), dust.ebv_host, most[1]).reshape(-1, *shape)[powers[:, 1]], 0, -1)
    return terms


def _near_peak(table: Array, powers: NDArray[np.int64]) -> NDArray[np.int64]:
    """First and one past the last phase (n_z, 2) that is near the brightest at any corner of dust."""
    n_phase, n_z, _ = table.shape
    near = np.zeros((n_phase, n_z), dtype=bool)
    for corner in ((-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)):
        sign = corner[0] ** powers[:, 0] * corner[1] ** powers[:, 1]
        flux = np.nan_to_num(table @ sign, nan=-np.inf)
        near |= (flux >= _NEAR_PEAK * flux.max(axis=0)) & (flux > 0)
    first = np.where(near.any(axis=0), near.argmax(axis=0), n_phase)
    last = np.where(near.any(axis=0), n_phase - near[::-1].argmax(axis=0), 0)
    return np.stack([first, last], axis=1).astype(np.int64)
