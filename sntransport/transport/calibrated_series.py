"""One model of the whole series: features from the spectra, level and color from one surface.

The spectra are split into continua and features. The features are completed and interpolated; the continua and the
photometry are data for the surface (`sntransport.calibration.level_surface`) that the features are put back on.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport.calibration.band_curves import BandCurves
from sntransport.calibration.continuum import Continua, split_continua
from sntransport.calibration.level_surface import (
    FITTED,
    BandData,
    LevelSurface,
    Priors,
    SpectrumData,
    fit_surface,
    model_time,
    surface_nodes,
)
from sntransport.photometry.synthetic import MIN_COVERAGE, BandMatrix
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.transport.chain import SAME_PHASE, along_chain, nearest_rows
from sntransport.transport.completion import Completed, complete_spectra, impossible_bins
from sntransport.transport.interpolation_errors import SHARE_WITH_COLORS, ErrorModel
from sntransport.transport.interpolators import ForPair, Interpolator

HELD = 20.0
"""Photometry this long before the first and after the last spectrum, and from the ends of a gap that stays open, has a
say: the nearest spectrum stands in [rest-frame d, from 100 d on in proportion to the phase, as the model's time]."""

# Photometric points this close together are compared with one rebuilt spectrum [rest-frame d].
_SAME_NIGHT = 0.1


@dataclass(frozen=True, eq=False, kw_only=True)
class Features:
    """Spectra without their continua, ready to be interpolated.

    ``observed`` is the sparse series as it was; ``flat`` the same on the mean continuum of all, ``continua`` what was
    taken off; ``done`` the completed ``flat``. ``between`` interpolates, over at most ``max_gap`` [rest-frame d].
    """

    observed: SpectralSeries
    flat: SpectralSeries
    continua: Continua
    done: Completed
    between: Interpolator | ForPair
    max_gap: float


def split_features(series: SpectralSeries, *, interpolate: Interpolator | ForPair, max_gap: float) -> Features:
    """Take the continua off sparse spectra and complete what remains.

    Parameters
    ----------
    series : SpectralSeries
        Prepared; rows in arbitrary units are welcome.
    interpolate : callable
        See `sntransport.transport.interpolators`.
    max_gap : float [rest-frame d]
        See `sntransport.transport.completion.complete_spectra`.

    Returns
    -------
    Features
        Without what `sntransport.transport.completion.impossible_bins` finds; ``observed`` does not cover it.
    """
    continua = split_continua(series)
    flat = _divided(series, continua)
    bad = impossible_bins(flat, interpolate=interpolate, max_gap=max_gap)
    if bad.any():
        series = replace(
            series,
            flux=np.where(bad, np.nan, series.flux),
            flux_err=np.where(bad, np.nan, series.flux_err),
            origin=np.where(bad, Origin.NOT_COVERED, series.origin).astype(np.uint8),
        )
        continua = split_continua(series)
        flat = _divided(series, continua)
    done = complete_spectra(flat, interpolate=interpolate, max_gap=max_gap)
    return Features(observed=series, flat=flat, continua=continua, done=done, between=interpolate, max_gap=max_gap)


def _divided(series: SpectralSeries, continua: Continua) -> SpectralSeries:
    """The spectra on the mean continuum of all."""
    light = np.exp(-continua.relative)
    return replace(series, flux=series.flux * light, flux_err=series.flux_err * light)


@dataclass(frozen=True, eq=False, kw_only=True)
class Level:
    """What the features are multiplied by, on the grid of the series.

    Ln factors ``target`` (n_phase, n_wave) at the target phases, ``spectrum`` (n_spec, n_wave) at the spectra, and
    their errors.
    """

    target: Array
    target_err: Array
    spectrum: Array
    spectrum_err: Array


def fitted_level(
    features: Features,
    phase: Array,
    *,
    curves: BandCurves,
    curve_phase: list[Array],
    matrix: BandMatrix,
    calibrated: NDArray[np.bool_],
    priors: Priors = FITTED,
) -> tuple[Level, LevelSurface] | None:
    """Level and color from photometry and spectra together.

    Parameters
    ----------
    features : Features
    phase : ndarray, (n_phase,) [rest-frame d]
        Increasing.
    curves : BandCurves
        Their nights are the photometric data.
    curve_phase : list of ndarray
        Phases of the nights of each curve.
    matrix : BandMatrix
        Of the bands of ``curves`` on the grid of the series.
    calibrated : ndarray of bool, (n_spec,)
        Which spectra have an absolute scale.
    priors : Priors

    Returns
    -------
    tuple of Level and LevelSurface, or None
        None where no photometry lies in a band and at a date that the spectra cover.
    """
    wave = features.observed.wave
    node, edges = surface_nodes(wave)
    points = _band_data(features, curves, curve_phase, matrix, edges)
    if not np.any(points.share):
        return None
    own = features.observed.phase
    phases, back = np.unique(np.concatenate([phase, own]), return_inverse=True)
    surface = fit_surface(node, points, _spectrum_data(features, node, calibrated), phases, priors=priors)
    value, error = (_on_grid(node, rows[back], wave) for rows in (surface.value, surface.error))
    n = phase.size
    return Level(target=value[:n], target_err=error[:n], spectrum=value[n:], spectrum_err=error[n:]), surface


def observed_level(features: Features, phase: Array) -> Level:
    """Level and color as the spectra have them, a line in time between: nothing is calibrated.

    Where a spectrum is not covered its continuum lies between those of its neighbors in time that are; where none is,
    it keeps the distance from the mean continuum that it has at its end.
    """
    own, relative = features.observed.phase, features.continua.relative
    held = np.stack([_held(row) for row in _between_rows(own, relative)])
    place = np.clip(np.interp(phase, own, np.arange(own.size)), 0, max(own.size - 1.000001, 0.0))
    low = place.astype(np.int64)
    high, share = np.minimum(low + 1, own.size - 1), (place - low)[:, None]
    target = (1.0 - share) * held[low] + share * held[high]
    return Level(target=target, target_err=np.zeros(target.shape), spectrum=held, spectrum_err=np.zeros(held.shape))


def _between_rows(phase: Array, rows: Array) -> Array:
    """Rows (n_phase, n_wave) with their NaN filled, bin by bin, from a line in time between, or the nearest, others."""
    out = rows.copy()
    known = np.isfinite(rows)
    for column in np.flatnonzero(~known.all(axis=0) & known.any(axis=0)):
        mine = known[:, column]
        out[~mine, column] = np.interp(phase[~mine], phase[mine], rows[mine, column])
    return out


def _held(row: Array) -> Array:
    known = np.flatnonzero(np.isfinite(row))
    return np.interp(np.arange(row.size), known, row[known]) if known.size else np.zeros(row.size)


def calibrated_spectra(features: Features, level: Level) -> SpectralSeries:
    """The observed spectra on the level; their errors include that of the level."""
    series = features.observed
    warp = np.exp(level.spectrum - features.continua.relative)
    flux = series.flux * warp
    return replace(series, flux=flux, flux_err=np.hypot(series.flux_err * warp, flux * level.spectrum_err))


def dense_series(
    features: Features, phase: Array, level: Level, *, errors: ErrorModel, known: NDArray[np.bool_]
) -> SpectralSeries:
    """The series: at every phase the two neighboring spectra interpolated, on the level.

    Parameters
    ----------
    features : Features
    phase : ndarray, (n_phase,) [rest-frame d]
    level : Level
    errors : callable
        Error of interpolation; see `sntransport.transport.interpolation_errors`.
    known : ndarray of bool, (n_phase,)
        Phases whose colors are observed: of the error of interpolation `SHARE_WITH_COLORS` remains there.

    Returns
    -------
    SpectralSeries
        ``flux_err`` is photon noise, error of interpolation and error of the level, in quadrature; NaN where the error
        of a spectrum is not known.
    """
    series = features.observed
    flux, flux_err = np.full((phase.size, series.n_wave), np.nan), np.full((phase.size, series.n_wave), np.nan)
    origin = np.zeros(flux.shape, dtype=np.uint8)
    share = np.where(known, SHARE_WITH_COLORS, 1.0)
    for block in along_chain(
        features.flat, features.done, phase, interpolate=features.between, max_gap=features.max_gap, errors=errors
    ):
        at = block.row
        made = np.exp(block.logs + level.target[at])
        variance = block.noise + share[at, None] ** 2 * block.drift + level.target_err[at] ** 2
        flux[at], flux_err[at], origin[at] = made, made * np.sqrt(variance), block.origin
    return replace(series, phase=phase, flux=flux, flux_err=flux_err, origin=origin)


def on_level(series: SpectralSeries, level: Level) -> SpectralSeries:
    """Spectra rebuilt from flat ones by other means, on the level; its error is added in quadrature."""
    flux = series.flux * np.exp(level.target)
    flux_err = np.hypot(series.flux_err * np.exp(level.target), flux * level.target_err)
    return replace(series, flux=flux, flux_err=flux_err)


def neighbor_shares(own: Array, phase: Array, covered: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Array]:
    """Pairs (n_pair, 2) of neighboring rows that phases are rebuilt from, and the share (n_phase, n_pair) of each.

    A phase at a spectrum has that alone, as a pair with itself; one that is not covered has none.
    """
    nearest = nearest_rows(own, phase)
    left = np.clip(np.searchsorted(own, phase) - 1, 0, max(own.size - 2, 0))
    exact = np.abs(own[nearest] - phase) <= SAME_PHASE
    first = np.where(exact, nearest, left)
    second = np.where(exact, nearest, np.minimum(left + 1, own.size - 1))
    pairs, column = np.unique(np.stack([first, second], axis=1)[covered], axis=0, return_inverse=True)
    share = np.zeros((phase.size, len(pairs)))
    share[np.flatnonzero(covered), column.ravel()] = 1.0
    return pairs.astype(np.int64), share


def _band_data(
    features: Features, curves: BandCurves, curve_phase: list[Array], matrix: BandMatrix, edges: Array
) -> BandData:
    """Nights of all bands, with what the features have in them."""
    empty = [np.empty(0)]
    phase = np.concatenate([*curve_phase, *empty])
    value = np.concatenate([*(curve.value for curve in curves.curves), *empty])
    error = np.concatenate([*(curve.error for curve in curves.curves), *empty])
    band = np.repeat(np.arange(len(curves.curves)), [curve.mjd.size for curve in curves.curves])
    near = np.abs(model_time(_seen_at(phase, features)) - model_time(phase)) < HELD
    phase, value, error, band = phase[near], value[near], error[near], band[near]
    share = np.zeros((phase.size, edges.size - 1))
    tick, tick_of = np.unique(_seen_at(np.round(phase / _SAME_NIGHT) * _SAME_NIGHT, features), return_inverse=True)
    for block in along_chain(
        features.flat, features.done, tick, interpolate=features.between, max_gap=features.max_gap
    ):
        for row, per_band in zip(block.row, _shares(block.logs, matrix, edges), strict=True):
            mine = np.flatnonzero(tick_of == row)
            share[mine] = per_band[band[mine]]
    return BandData(phase=phase, band=band, value=value, error=error, share=share, n_band=len(curves.curves))


def _seen_at(phase: Array, features: Features) -> Array:
    """Phases at which features are known: as they are, or those of the nearest spectrum outside and in open gaps."""
    own = features.observed.phase
    right = np.clip(np.searchsorted(own, phase), 1, max(own.size - 1, 1))
    before, after = own[right - 1], own[np.minimum(right, own.size - 1)]
    nearest = np.where(phase - before <= after - phase, before, after)
    return np.clip(np.where(after - before > features.max_gap, nearest, phase), own[0], own[-1])


def _shares(logs: Array, matrix: BandMatrix, edges: Array) -> Array:
    """Flux of spectra in every band, gathered at the nodes, (n, n_band, n_node); 0 where a band is not covered."""
    known, n_band = np.isfinite(logs), len(matrix.bands)
    sums = known @ matrix.cover_weight
    with np.errstate(divide="ignore"):
        norm = np.where(sums[:, :n_band] >= MIN_COVERAGE * matrix.photon_total, 1.0 / sums[:, n_band:], 0.0)
    flux = np.exp(np.where(known, logs, -np.inf))
    starts = np.searchsorted(np.log(matrix.wave), edges)
    out = np.zeros((len(logs), n_band, edges.size - 1))
    for k, (start, stop) in enumerate(pairwise(starts)):
        out[:, :, k] = flux[:, start:stop] @ matrix.flux_weight[start:stop]
    return out * norm[:, :, None]


def _spectrum_data(features: Features, node: Array, calibrated: NDArray[np.bool_]) -> SpectrumData:
    """Continua of the spectra, read at the nodes that each covers."""
    x = np.log(features.observed.wave)
    value = np.full((features.observed.n_phase, node.size), np.nan)
    for row, relative in zip(value, features.continua.relative, strict=True):
        known = np.flatnonzero(np.isfinite(relative))
        inside = (node >= x[known[0]]) & (node <= x[known[-1]])
        row[inside] = np.interp(node[inside], x[known], relative[known])
    return SpectrumData(phase=features.observed.phase, value=value, calibrated=calibrated)


def _on_grid(node: Array, rows: Array, wave: Array) -> Array:
    """Rows (n, n_node) on a grid of wavelengths, (n, n_wave): linear in ln wavelength, held beyond the nodes."""
    x = np.log(wave)
    return np.stack([np.interp(x, node, row) for row in rows])
