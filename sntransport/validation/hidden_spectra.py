"""Hidden spectra: which are hidden, what is rebuilt from the two around them, and how both are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_KMS
from sntransport.calibration.preparation import prepare
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.synthetic import BandMatrix, band_matrix
from sntransport.spectra.grid import GRID_STEP, grid_wave, rebin
from sntransport.spectra.observations import Supernova, broad_class
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.spectra.sightline import Sightline
from sntransport.transport.interpolators import ForPair, Interpolator, for_pair
from sntransport.transport.runs import long_runs
from sntransport.validation.metrics import (
    LINES,
    color_residuals,
    feature_residual,
    line_velocities,
    relative_noise,
    relative_residual,
    smooth,
)

GAP_EDGES = (0.0, 6.0, 12.0, 20.0, 30.0, 45.0, 70.0)
"""Edges of the gap bins [rest-frame d]; a gap on an edge belongs to the wider bin, one of 70 d to the last."""

BANDS = ("bessellb", "bessellv", "bessellr", "besselli", "sdssg", "sdssr", "sdssi")
"""Bands of the color residual, unless others are asked for."""

TELLURIC = ((6855.0, 6945.0), (7580.0, 7715.0))
"""The O2 B and A bands, not compared [observer-frame A]."""

LINE_NAMES = tuple(line.name for lines in LINES.values() for line in lines)
"""Lines of the velocity error, in the order of its last axis."""

Metrics = tuple[int, Array, Array, Array, Array]
"""Of one triplet: bins compared, then flux, feature, velocity and color of every interpolator, as in `Triplets`."""


@dataclass(frozen=True, eq=False, kw_only=True)
class HiddenCase:
    """One supernova ready to be judged.

    ``usable`` (n_phase, n_wave): bins of ``series`` that can serve as truth. ``matrix``: bands of the color residual.
    ``members``: for each row the indices of the spectra of the supernova in it; none of a template.
    """

    sn_class: str
    series: SpectralSeries
    usable: NDArray[np.bool_]
    matrix: BandMatrix
    members: tuple[tuple[int, ...], ...]


def gap_bin(gap: Array) -> NDArray[np.intp]:
    """Index of the bin of `GAP_EDGES` that each gap is in; the number of bins for a gap beyond the last edge."""
    return np.asarray(np.digitize(gap, GAP_EDGES[1:-1]) + (gap > GAP_EDGES[-1]))


def hidden_case(item: Supernova | SpectralSeries, bands: Sequence[str | Bandpass]) -> HiddenCase:
    """Spectra of a supernova, or of a series taken as it is, ready to be hidden.

    Parameters
    ----------
    item : Supernova or SpectralSeries
    bands : sequence of str or Bandpass
        Of the color residual.

    Returns
    -------
    HiddenCase

    Raises
    ------
    ValueError
        Where there is no usable spectrum.
    """
    members: tuple[tuple[int, ...], ...] = ()
    if isinstance(item, SpectralSeries):
        series, sightline = _on_grid(item), Sightline(z=0.0, distance_modulus=0.0)
        usable = series.origin == Origin.OBSERVED
    else:
        prepared = prepare(item)
        series, members, sightline = prepared.series, prepared.members, item.sightline
        observed = series.wave * (1.0 + sightline.z)
        telluric = np.any([(observed > low) & (observed < high) for low, high in TELLURIC], axis=0)
        # Bridged pixels are no truth; an interpolator has to live with them.
        usable = (series.origin == Origin.OBSERVED) & ~telluric
    return HiddenCase(
        sn_class=broad_class(item.sn_type),
        series=series,
        usable=usable,
        matrix=band_matrix(series.wave, bands, sightline),
        members=members,
    )


def _on_grid(series: SpectralSeries) -> SpectralSeries:
    """A series on the common grid, with NaN where the flux is not positive; as it is if it is there already."""
    step = np.diff(np.log(series.wave)) * C_KMS / GRID_STEP
    if np.allclose(step, 1.0, atol=1e-6) and not np.any(series.flux <= 0):
        return series
    rows, first, stop = [], np.inf, -np.inf
    for flux in series.flux:
        good = flux > 0
        rows.append(rebin(series.wave[good], flux[good], np.zeros(int(good.sum()))) if good.sum() > 1 else None)
        if rows[-1] is not None:
            first, stop = min(first, rows[-1][0]), max(stop, rows[-1][0] + rows[-1][1].size)
    if not np.isfinite(first):
        raise ValueError(f"{series.name or 'series'}: no positive flux")
    out = np.full((series.n_phase, int(stop - first)), np.nan)
    for target, row in zip(out, rows, strict=True):
        if row is not None:
            target[row[0] - int(first) : row[0] - int(first) + row[1].size] = row[1]
    wave = grid_wave(int(first), out.shape[1])
    return SpectralSeries(
        phase=series.phase, wave=wave, flux=out, name=series.name, sn_type=series.sn_type, mjd_ref=series.mjd_ref
    )


def hidden_triplets(case: HiddenCase, max_gap: float, min_bins: int) -> NDArray[np.int64]:
    """Every spectrum that can be hidden, with every two that can rebuild it.

    Parameters
    ----------
    case : HiddenCase
    max_gap : float [rest-frame d]
        Between the two.
    min_bins : int
        Fewest bins that all three share.

    Returns
    -------
    ndarray of int, (n, 3)
        Rows (before, hidden, after), sorted by the hidden one, then the others.
    """
    phase, covered = case.series.phase, case.series.covered.astype(np.float64)
    found = [np.empty((0, 3), dtype=np.int64)]
    for k in range(1, phase.size - 1):
        shared = (covered[:k] * case.usable[k]) @ covered[k + 1 :].T
        near = phase[None, k + 1 :] - phase[:k, None] <= max_gap
        before, after = np.nonzero((shared >= min_bins) & near)
        found.append(np.stack([before, np.full(before.size, k), after + k + 1], axis=1))
    return np.concatenate(found)


def thinned_triplets(phase: Array, triplets: NDArray[np.int64], per_bin: int) -> NDArray[np.int64]:
    """At most some triplets of every gap bin, evenly spaced in their order.

    Parameters
    ----------
    phase : ndarray, (n_phase,) [rest-frame d]
    triplets : ndarray of int, (n, 3)
        From `hidden_triplets`.
    per_bin : int

    Returns
    -------
    ndarray of int, (n_kept, 3)
    """
    bin_of = gap_bin(phase[triplets[:, 2]] - phase[triplets[:, 0]])
    kept = []
    for b in range(len(GAP_EDGES)):
        rows = np.flatnonzero(bin_of == b)
        kept.append(rows[np.linspace(0, rows.size - 1, min(rows.size, per_bin)).round().astype(int)])
    return np.asarray(triplets[np.sort(np.concatenate(kept))])


def rebuilt_between(
    series: SpectralSeries, i: int, j: int, t: Array, family: Mapping[str, Interpolator | ForPair]
) -> Array:
    """Spectra rebuilt from rows ``i`` and ``j`` of a series alone.

    Parameters
    ----------
    series : SpectralSeries
    i, j : int
    t : ndarray, (n_t,)
        Positions between the two, 0 to 1.
    family : mapping of str to callable
        Interpolators.

    Returns
    -------
    ndarray, (n_interp, n_t, n_wave)
        Of spectra at unit mean; NaN where not both cover.

    Raises
    ------
    ValueError
        Where an interpolator returns the wrong shape or NaN.
    """
    both = series.covered[i] & series.covered[j]
    a, b = (series.flux[row] / series.flux[row][both].mean() for row in (i, j))
    out = np.full((len(family), t.size, series.n_wave), np.nan)
    ready = {name: for_pair(interpolate, series.phase[i], series.phase[j]) for name, interpolate in family.items()}
    for run in long_runs(both):
        for rebuilt, (name, interpolate) in zip(out, ready.items(), strict=True):
            value = interpolate(series.wave[run], a[run], b[run], t)
            if value.shape != (t.size, run.stop - run.start) or not np.all(np.isfinite(value)):
                expected = (t.size, run.stop - run.start)
                raise ValueError(f"interpolator {name!r} returned {value.shape}, expected finite flux {expected}")
            rebuilt[:, run] = value
    return out


def compare_hidden(case: HiddenCase, k: int, rebuilt: Array, min_bins: int) -> Metrics | None:
    """How far rebuilt spectra are from a hidden one.

    Parameters
    ----------
    case : HiddenCase
    k : int
        Row of the hidden spectrum.
    rebuilt : ndarray, (n_interp, n_wave)
        NaN where not rebuilt; only bins that all have are compared.
    min_bins : int

    Returns
    -------
    Metrics or None
        None where fewer bins than ``min_bins`` can be compared.
    """
    series, known = case.series, np.isfinite(rebuilt).all(axis=0)
    used = case.usable[k] & known
    if used.sum() < min_bins:
        return None
    every = np.concatenate([series.flux[k][None], rebuilt])
    sharp, wave = smooth(every, used), series.wave[used]
    noise = relative_noise(series.flux[k][used])
    velocity = np.full((len(rebuilt), len(LINE_NAMES)), np.nan)
    for line in LINES.get(case.sn_class, ()):
        if series.phase[k] <= line.latest:
            found = line_velocities(wave, sharp, line, noise)
            velocity[:, LINE_NAMES.index(line.name)] = found[1:] - found[0]
    return (
        int(used.sum()),
        relative_residual(sharp[1:], sharp[0]),
        feature_residual(wave, sharp[1:], sharp[0]),
        velocity,
        color_residuals(np.where(known, every, np.nan), case.matrix),
    )
