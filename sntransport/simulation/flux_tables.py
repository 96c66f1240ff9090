"""Tables of a template's band fluxes over phase, redshift and dust, from which a simulation reads millions of visits.

A band flux is an integral over the spectrum, so everything here is linear in it. The weights of the integral are

    w(wave; z) exp(-k_mw E_mw) exp(-k_host E_host),   k = 0.4 ln 10 A(wave) / E(B-V).

The mean k of the band is taken out as one factor (the *fade*, exact for each object); what is left varies slowly with
E(B-V) and the host's R(V) and is written in a few combinations of polynomials (`photometry.dust_polynomials`), which
are tabulated. Between redshifts the table is cubic in ln(1 + z), between phases linear, as the series is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport.photometry.band_ratio import columns
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.dust_polynomials import (
    Dust,
    bases,
    coefficients,
    corners,
    degrees,
    host_sampled,
    mean_extinction,
    per_excess,
    rv_nodes,
    samples,
)
from sntransport.photometry.synthetic import MIN_COVERAGE, weighted_means
from sntransport.spectra.series import SpectralSeries, require_series

Z_STEP = 0.004
"""Step of the tables in ln(1 + z)."""

# Redshifts that share one matrix product.
_GROUP = 8
_MOST_STEPS = 50_000
# A phase fainter than this share of the brightest, at every corner of dust, cannot be the brightest between them.
_NEAR_PEAK = 0.6


@dataclass(frozen=True, eq=False, kw_only=True)
class FluxTables:
    """Tables of several templates in all bands; made by `flux_tables`.

    ``x`` (n_z,) are the redshifts as ln(1 + z), evenly spaced; ``table`` is flat, that of template t and band b begins
    at ``start[t, b]`` and is [phase][z][term], with ``n_term[b]`` terms, in nJy at a distance modulus of 0; ``phases``
    all phases, those of t from ``phase_offset[t]`` on, found by ``lookup`` (from ``lookup_offset[t]`` on a phase at or
    before each of ``per_day[t]`` steps a day); ``powers`` (n_power, 3) the degrees of the polynomials in Milky Way and
    host E(B-V) and in the host's R(V) and ``basis`` (n_band, n_power, n) their combinations, of which the first
    ``n_term[b]`` are tabulated; ``mean_mw`` (n_band,) the mean k of the bands and ``mean_host`` (n_band, n_rv, n_z) the
    Chebyshev coefficients in R(V) of that of the host; ``near`` (n_template, n_band, n_z, 2) where the brightest phase
    is sought; ``covered`` (n_template, n_band, n_z) whether any phase has a flux.
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
    mean_mw = np.array([mean_extinction(band, np.zeros(1), dust.rv_mw, dust.law_mw)[0] for band in bands])
    rv, by_rv = rv_nodes(dust)
    mean_host = np.array([[mean_extinction(band, x, one, dust.law_host) for one in rv] for band in bands])
    powers, basis, n_term = _polynomials_of(templates, bands, x, dust=dust, mean_mw=mean_mw, mean_host=mean_host)
    size = [series.n_phase * x.size * int(n) for series in templates for n in n_term]
    start = np.concatenate([[0], np.cumsum(size)])
    table, near, covered = np.empty(start[-1], dtype=np.float32), [], []
    for i, series in enumerate(templates):
        for j, band in enumerate(bands):
            used = basis[j, :, : n_term[j]]
            made = _band_table(
                series, band, x, dust=dust, powers=powers, basis=used, mean_mw=mean_mw[j], mean_host=mean_host[j]
            )
            k = i * len(bands) + j
            table[start[k] : start[k + 1]] = made.ravel()
            near.append(_near_peak(made, used, powers))
            covered.append(np.isfinite(made[:, :, 0]).any(axis=0))
    shape = (len(templates), len(bands))
    return FluxTables(
        dust=dust,
        x=x,
        powers=powers,
        basis=basis,
        n_term=n_term,
        mean_mw=mean_mw,
        mean_host=by_rv @ mean_host,
        start=start[:-1].reshape(shape).astype(np.int64),
        phase_offset=np.concatenate([[0], np.cumsum([series.n_phase for series in templates])]).astype(np.int64),
        phases=np.concatenate([series.phase for series in templates]),
        **_lookups(templates),
        table=table,
        near=np.array(near).reshape(*shape, x.size, 2),
        covered=np.array(covered).reshape(*shape, x.size),
    )


def _polynomials_of(
    templates: Sequence[SpectralSeries], bands: Sequence[Bandpass], x: Array, *, dust: Dust, mean_mw: Array,
    mean_host: Array,
) -> tuple[NDArray[np.int64], Array, NDArray[np.int64]]:  # fmt: skip
    """Degrees of the polynomials, their combinations, and how many of these matter in each band."""
    tried = [
        list(samples(templates, band, x, dust=dust, mean_mw=mean_mw[j], mean_host=mean_host[j]))
        for j, band in enumerate(bands)
    ]
    powers = degrees([one for some in tried for one in some], dust)
    return powers, *bases(tried, dust, powers)


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
    most_mw = int(powers[:, 0].max())
    k_host = [per_excess(wave, rv, dust.law_host) if wave.size else wave for rv in rv_nodes(dust)[0]]
    # exp(-(k - mean) E) of bins and redshifts is a product, so its polynomials are a matrix product.
    (host, share), (mean, _) = (host_sampled(k, dust, powers) for k in (np.array(k_host), -mean_host))
    same = [powers[:, 0] == degree for degree in range(most_mw + 1)]
    of_host = np.stack([share[one].T @ basis[one] for one in same], axis=1)
    for first in range(0, x.size, _GROUP):
        group = slice(first, min(first + _GROUP, x.size))
        used = np.flatnonzero(seen.flux_weight[:, group].any(axis=1))
        if not used.size:
            continue
        rows = slice(used[0], used[-1] + 1)
        k_mw = per_excess((wave[rows, None] * np.exp(x[group])).ravel(), dust.rv_mw, dust.law_mw) - mean_mw
        mixed = (mean[:, None, group, None] * of_host[:, :, None]).reshape(len(host), -1)
        terms = _kernels.dusty_terms(
            seen.flux_weight[rows, group], coefficients(k_mw, dust.ebv_mw, most_mw), host[:, rows].T @ mixed, n_term
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
    for value in corners(powers):
        flux = np.nan_to_num(table @ (value @ basis), nan=-np.inf)
        near |= (flux >= _NEAR_PEAK * flux.max(axis=0)) & (flux > 0)
    first = np.where(near.any(axis=0), near.argmax(axis=0), n_phase)
    last = np.where(near.any(axis=0), n_phase - near[::-1].argmax(axis=0), 0)
    return np.stack([first, last], axis=1).astype(np.int64)
