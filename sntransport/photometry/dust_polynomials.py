"""Dust as polynomials: what both dusts do to a band, in Chebyshev polynomials of E(B-V) and of the host's R(V).

Of ``exp(-(k - mean) E)``, with the mean k of the band taken out, at E(B-V) of the Milky Way and of the host and at R(V)
of the host: each axis has the degree that its range needs, and few combinations of the polynomials matter in a band
(singular value decomposition). A host R(V) that is always the same is an axis of one point.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import LN_PER_MAG
from sntransport.photometry.band_ratio import columns
from sntransport.photometry.bands import Bandpass
from sntransport.spectra.dust import extinction
from sntransport.spectra.series import SpectralSeries

DUST_TOLERANCE = 2e-4
"""Largest relative error of a band flux by the polynomials of dust, at phases brighter than 0.1 % of the peak."""

_MOST_DEGREE = 12
# R(V) that a law is sampled at. The laws are smooth in R(V) with a pole at 0, far from their range, so that the degree
# of 8 is right to 1e-5 over the widest of them, 2 to 6.
_N_RV = 9
# Redshifts that the polynomials are tried on, and every which phase of templates that have many.
_N_SAMPLE, _SAMPLE_STEP, _MANY_PHASES = 5, 2, 20
_FAINT = 1e-3
# Rows that are looked at together at all dust: some tens of MB.
_PART = 16_384


@dataclass(frozen=True, kw_only=True)
class Dust:
    """Laws, largest E(B-V), R(V) of the Milky Way and least and largest R(V) of hosts that tables are made for."""

    ebv_mw: float = 0.0
    ebv_host: float = 0.0
    rv_mw: float = 3.1
    rv_host: tuple[float, float] = (3.1, 3.1)
    law_mw: str = "F99"
    law_host: str = "F99"


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample:
    """What the bins of a template add to a band at one redshift, and their k less the band's mean.

    ``flux`` (n_phase, n) is the template's own, ``weight`` (n,) that of its bins; ``k_mw`` is (n,) and ``k_host``
    (n_rv, n), at the R(V) of `rv_nodes`.
    """

    flux: Array
    rows: NDArray[np.int64]
    weight: Array
    k_mw: Array
    k_host: Array

    def light(self) -> Array:
        """What the bins add (n_bright, n), at the phases that are not faint; made anew, since many would be large."""
        light = np.nan_to_num(self.flux[:, self.rows]) * self.weight
        total = light.sum(axis=1)
        return np.asarray(light[total > _FAINT * total.max(initial=0.0)])


def per_excess(wave: Array, rv: float, law: str) -> Array:
    """k = 0.4 ln 10 A / E(B-V) at wavelengths [A]."""
    return np.asarray(LN_PER_MAG * extinction(wave, 1.0, rv, law))


def mean_extinction(band: Bandpass, x: Array, rv: float, law: str) -> Array:
    """Mean k of a band at redshifts x = ln(1 + z)."""
    used = band.throughput > 0
    wave = band.wave[used]
    photons = band.throughput[used] * wave
    k = per_excess((wave * np.exp(-x)[:, None]).ravel(), rv, law).reshape(x.size, wave.size)
    return np.asarray(k @ photons / photons.sum())


def chebyshev(value: Array, most: float, degree: NDArray[np.int64], least: float = 0.0) -> Array:
    """Chebyshev polynomials (n, n_term) of values from ``least`` to ``most``."""
    if not most > least:
        return np.ones((value.size, degree.size))
    angle = np.arccos(np.clip(2.0 * (value - least) / (most - least) - 1.0, -1.0, 1.0))
    return np.take(np.cos(angle[:, None] * np.arange(degree.max(initial=0) + 1)), degree, axis=1)


def rv_nodes(dust: Dust) -> tuple[Array, Array]:
    """R(V) of the host (n_rv,) to sample at, and what makes Chebyshev coefficients (n_rv, n_rv) of values there."""
    low, high = dust.rv_host
    if low == high:
        return np.array([low]), np.ones((1, 1))
    angle, share = _nodes(_N_RV, _N_RV)
    return low + 0.5 * (high - low) * (1.0 + np.cos(angle)), share


def _nodes(n_node: int, n: int) -> tuple[Array, Array]:
    """Chebyshev nodes as angles (n_node,), and what makes the first ``n`` coefficients (n, n_node) of values there."""
    angle = np.pi * (np.arange(n_node) + 0.5) / n_node
    share = 2.0 / n_node * np.cos(np.arange(n)[:, None] * angle)
    share[0] *= 0.5
    return angle, share


def sampled(k: Array, most: float, degree: int) -> tuple[Array, Array]:
    """``exp(-k E)`` (n_node, n) at some E from 0 to ``most``, and what makes Chebyshev coefficients of it.

    The second, (degree + 1, n_node), times the first are the coefficients.
    """
    # Sampled at more nodes than coefficients, so that those left out fold back only beyond the tolerance.
    angle, share = _nodes(degree + 4, degree + 1)
    return np.exp(-0.5 * most * (1.0 + np.cos(angle))[:, None] * k), share


def coefficients(k: Array, most: float, degree: int) -> Array:
    """Chebyshev coefficients (degree + 1, n) of ``exp(-k E)`` for E from 0 to ``most``."""
    made, share = sampled(k, most, degree)
    return np.asarray(share @ made)


def host_sampled(k: Array, dust: Dust, powers: NDArray[np.int64]) -> tuple[Array, Array]:
    """As `sampled` for the host: ``exp(-k E)`` (n_node, n) at some E and R(V), and what makes coefficients of it.

    ``k`` (n_rv, n) is at the R(V) of `rv_nodes`; the second, (n_power, n_node), has a row for each of ``powers``.
    """
    made = [sampled(one, dust.ebv_host, int(powers[:, 1].max())) for one in k]
    by_rv = rv_nodes(dust)[1]
    share = by_rv[powers[:, 2], :, None] * made[0][1][powers[:, 1], None, :]
    return np.concatenate([one for one, _ in made]), share.reshape(len(powers), -1)


def samples(
    templates: Sequence[SpectralSeries], band: Bandpass, x: Array, *, dust: Dust, mean_mw: float, mean_host: Array
) -> Iterator[Sample]:  # fmt: skip
    """Samples of templates in a band at a few of the redshifts x; ``mean_host`` (n_rv, n_z) is at the `rv_nodes`."""
    nodes = np.unique(np.linspace(1, x.size - 2, _N_SAMPLE).astype(np.int64))
    rv, last = rv_nodes(dust)[0], None
    shared: list[tuple[NDArray[np.int64], Array, Array, Array]] = []
    for series in templates:
        # Templates of one grid share what does not depend on their flux.
        if last is None or not np.array_equal(series.wave, last):
            last, shared = series.wave, []
            seen = columns(last, band, np.expm1(x[nodes]))
            wave = last[seen.span]
            for column, node in enumerate(nodes):
                rows = np.flatnonzero(seen.flux_weight[:, column])
                k_mw = per_excess(wave[rows] * np.exp(x[node]), dust.rv_mw, dust.law_mw) - mean_mw
                k_host = np.array([per_excess(wave[rows], one, dust.law_host) for one in rv]) - mean_host[:, node, None]
                shared.append((rows, seen.flux_weight[rows, column], k_mw, k_host))
        step = _SAMPLE_STEP if series.n_phase > _MANY_PHASES else 1
        flux = series.flux[::step, seen.span]
        for rows, weight, k_mw, k_host in shared:
            found = Sample(flux=flux, rows=rows, weight=weight, k_mw=k_mw, k_host=k_host)
            if len(found.light()):
                yield found


def degrees(found: Sequence[Sample], dust: Dust) -> NDArray[np.int64]:
    """Degrees (n_power, 3) in E(B-V) of Milky Way and host and in R(V) that keep the error in `DUST_TOLERANCE`."""
    mw, host, by_rv = 0, 0, 0
    for one in found:
        light = one.light()
        mw = _degree(light, one.k_mw, dust.ebv_mw, mw)
        for k_host in one.k_host:
            host = _degree(light, k_host, dust.ebv_host, host)
        by_rv = _rv_degree(light, one.k_host, dust, by_rv)
    total = max(mw, host)
    for one in found:
        light = one.light()
        for k_host in one.k_host:
            total = _total_degree(light, one.k_mw, k_host, dust=dust, most=(mw, host), least=total)
    pairs = [(a, b) for a in range(mw + 1) for b in range(host + 1) if a + b <= total]
    return np.array([(a, b, c) for a, b in pairs for c in range(by_rv + 1)], dtype=np.int64)


def _degree(light: Array, k: Array, most: float, least: int) -> int:
    """Least degree, from ``least`` up, that gives the sums of ``light`` (n_phase, n) times ``exp(-k E)``."""
    ebv = np.linspace(0.0, most, 9)
    exact = np.exp(-k * ebv[:, None])
    total = light @ exact.T
    if most == 0:
        return least
    for degree in range(least, _MOST_DEGREE):
        made = chebyshev(ebv, most, np.arange(degree + 1)) @ coefficients(k, most, degree)
        if np.all(np.abs(light @ (made - exact).T) <= DUST_TOLERANCE * np.abs(total)):
            return degree
    return _MOST_DEGREE


def _rv_degree(light: Array, k_host: Array, dust: Dust, least: int) -> int:
    """Least degree in R(V), from ``least`` up, where the host's E(B-V) is at its largest."""
    n_rv = len(k_host)
    if n_rv == 1 or dust.ebv_host == 0:
        return 0
    share, (low, high) = rv_nodes(dust)[1], dust.rv_host
    values = chebyshev(np.linspace(low, high, 2 * _N_RV + 1), high, np.arange(n_rv), low)
    at_nodes = np.exp(-k_host * dust.ebv_host)
    exact = np.exp(-(values @ share @ k_host) * dust.ebv_host)
    total = light @ exact.T
    for degree in range(least, n_rv - 1):
        made = values[:, : degree + 1] @ share[: degree + 1] @ at_nodes
        if np.all(np.abs(light @ (made - exact).T) <= DUST_TOLERANCE * np.abs(total)):
            return degree
    return n_rv - 1


def _total_degree(light: Array, k_mw: Array, k_host: Array, *, dust: Dust, most: Sequence[int], least: int) -> int:
    """Least sum of both degrees, from ``least`` up, that is right where both dusts are at their largest."""
    by_mw, by_host = coefficients(k_mw, dust.ebv_mw, most[0]), coefficients(k_host, dust.ebv_host, most[1])
    exact = np.exp(-k_mw * dust.ebv_mw - k_host * dust.ebv_host)
    for total in range(least, sum(most)):
        made = sum(by_mw[a] * by_host[: total - a + 1].sum(axis=0) for a in range(min(most[0], total) + 1))
        if np.all(np.abs(light @ (made - exact)) <= DUST_TOLERANCE * np.abs(light @ exact)):
            return total
    return max(least, sum(most))


def bases(
    found: Sequence[Sequence[Sample]], dust: Dust, powers: NDArray[np.int64]
) -> tuple[Array, NDArray[np.int64]]:  # fmt: skip
    """Combinations (n_band, n_power, n) of the polynomials, and how many of them matter in each band."""
    steps = np.linspace(0.0, 1.0, 7)
    low, high = dust.rv_host
    rv_steps = low + (high - low) * steps if high > low else np.array([low])
    axes = np.meshgrid(dust.ebv_mw * steps, dust.ebv_host * steps, rv_steps)
    values = polynomials(*(axis.ravel() for axis in axes), dust=dust, powers=powers)
    made, n_term = [], []
    for some in found:
        terms = [one.light() @ _expanded(one, dust, powers) for one in some]
        rows = np.concatenate(terms or [np.zeros((1, len(powers)))])
        scale = np.concatenate([(part @ values.T).min(axis=1, keepdims=True) for part in _parts(rows)])
        scale = np.maximum(scale, 1e-300)
        # Of the triangle: that of the rows themselves, with a square of their number, would not fit many templates.
        _, _, right = np.linalg.svd(np.linalg.qr(rows / scale, mode="r"), full_matrices=True)
        n = 1
        while n < len(powers) and not all(_within(part, right[n:], values) for part in _parts(rows)):
            n += 1
        made.append(right)
        # Even, so that four redshifts are a multiple of eight numbers; the last may be a row of zeros.
        n_term.append(n + n % 2)
    basis = np.zeros((len(made), len(powers), max(n_term)))
    for b, right in enumerate(made):
        used = min(n_term[b], len(powers))
        basis[b, :, :used] = right[:used].T
    return basis, np.array(n_term, dtype=np.int64)


def _parts(rows: Array) -> Iterator[Array]:
    """Rows a part at a time, since each is needed at every corner of dust."""
    return (rows[first : first + _PART] for first in range(0, len(rows), _PART))


def _within(rows: Array, left_out: Array, values: Array) -> bool:
    """Whether rows (n, n_power) without some combinations of polynomials are right at all dust."""
    missing = np.abs((rows @ left_out.T) @ (left_out @ values.T))
    return bool(np.all(missing <= DUST_TOLERANCE * np.abs(rows @ values.T)))


def polynomials(ebv_mw: Array, ebv_host: Array, rv_host: Array, *, dust: Dust, powers: NDArray[np.int64]) -> Array:
    """The polynomials (n, n_power) at dust (n,) within the bounds."""
    low, high = dust.rv_host
    by_excess = chebyshev(ebv_mw, dust.ebv_mw, powers[:, 0]) * chebyshev(ebv_host, dust.ebv_host, powers[:, 1])
    return by_excess if high == low else np.asarray(by_excess * chebyshev(rv_host, high, powers[:, 2], low))


def corners(powers: NDArray[np.int64]) -> Iterator[Array]:
    """The polynomials (n_power,) at each corner of the bounds."""
    # What has no polynomial but the constant one has the same value at both of its ends.
    for ends in product(*((-1.0, 1.0) if most else (1.0,) for most in powers.max(axis=0))):
        yield np.prod(np.array(ends) ** powers, axis=1)


def _expanded(sample: Sample, dust: Dust, powers: NDArray[np.int64]) -> Array:
    """Chebyshev coefficients (n, n_power) of the dust of a sample's bins."""
    by_mw = coefficients(sample.k_mw, dust.ebv_mw, int(powers[:, 0].max()))[powers[:, 0]]
    host, share = host_sampled(sample.k_host, dust, powers)
    return np.asarray((by_mw * (share @ host)).T)
