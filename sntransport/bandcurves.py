"""Smooth observed photometry: the flux of each band, with its error, at any date that the data support.

Each band is a Gaussian process in ln flux with a Matern-3/2 kernel (Rasmussen & Williams 2006, eq. 4.17): rough
enough for a sharp rise, smooth enough not to follow noise. Amplitude, time scale and an extra scatter term are those
of highest marginal likelihood on a fixed grid, so that the result does not depend on an optimizer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport.checks import Array, readonly
from sntransport.observations import LightCurve

_TIME_SCALES = np.geomspace(4.0, 256.0, 9)
_AMPLITUDES = np.array([0.15, 0.4, 1.0, 2.5])
_SCATTERS = np.array([0.01, 0.03, 0.08, 0.2])
_FIRST_SCATTER = 0.05
_MAX_REJECTED = 0.15

# The work grows with the cube of the number of nights: beyond this many, outliers are sought piece by piece and the
# three parameters of the process are found from evenly thinned nights.
_MOST_NIGHTS = 250


@dataclass(frozen=True, eq=False)
class BandCurve:
    """Gaussian process of one band: nights used, and what predicts ln flux from them (see `evaluate`)."""

    band: str
    mjd: Array
    mean: float
    amplitude: float
    time_scale: float
    scatter: float
    inverse: Array
    weights: Array
    support: Array


@dataclass(frozen=True, eq=False)
class BandCurves:
    """Smooth photometry of one supernova in ``bands`` (n_band,); see `evaluate`."""

    curves: tuple[BandCurve, ...]
    notes: tuple[str, ...] = ()

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands."""
        return tuple(curve.band for curve in self.curves)


def fit_band_curves(
    light_curve: LightCurve, *, extend: float = 2.0, max_gap: float = 30.0, min_snr: float = 3.0, outlier: float = 5.0
) -> BandCurves:
    """Smooth the photometry of every band.

    Parameters
    ----------
    light_curve : LightCurve
    extend : float [d]
        How far the support of a band reaches beyond its first and last night (and into its gaps).
    max_gap : float [d]
        A longer gap between nights is not supported.
    min_snr : float
        Points below it are left out: their logarithm is not Gaussian.
    outlier : float
        Nights further than this many standard deviations from what the others predict are left out, the worst
        first, at most 15 % of a band.

    Returns
    -------
    BandCurves
        Its notes count what was left out. Bands without a usable point are absent.
    """
    curves, faint, rejected = [], 0, []
    for band in light_curve.bands:
        rows = light_curve.band == band
        flux, flux_err = light_curve.flux[rows], light_curve.flux_err[rows]
        usable = flux > min_snr * np.where(np.isfinite(flux_err), flux_err, np.inf)
        faint += int(np.sum(~usable))
        if not usable.any():
            continue
        nights = _nights(light_curve.mjd[rows][usable], flux[usable], flux_err[usable])
        kept = _without_outliers(*nights, outlier)
        if not kept.all():
            rejected.append(f"{band} {int(np.sum(~kept))}")
        mjd, value, error = (column[kept] for column in nights)
        curves.append(_fit(band, mjd, value, error, extend, max_gap))
    notes = []
    if faint:
        notes.append(f"{faint} photometric points below signal to noise {min_snr:g} not used for band curves")
    if rejected:
        notes.append(f"nights left out as outliers of their band curve: {', '.join(rejected)}")
    return BandCurves(tuple(curves), tuple(notes))


def evaluate(curves: BandCurves, mjd: ArrayLike) -> tuple[Array, Array]:
    """Flux and error of every band at any dates.

    Parameters
    ----------
    curves : BandCurves
    mjd : array_like, (n_mjd,) [d]

    Returns
    -------
    flux, flux_err : ndarray, (n_mjd, n_band) [nJy AB]
        NaN outside the support of the band. The error includes the fitted extra scatter.
    """
    mjd = np.atleast_1d(np.asarray(mjd, dtype=np.float64))
    flux = np.full((mjd.size, len(curves.curves)), np.nan)
    flux_err = flux.copy()
    for j, curve in enumerate(curves.curves):
        inside = np.any((mjd[:, None] >= curve.support[:, 0]) & (mjd[:, None] <= curve.support[:, 1]), axis=1)
        if not inside.any():
            continue
        cross = curve.amplitude**2 * _matern(mjd[inside, None] - curve.mjd, curve.time_scale)
        variance = curve.amplitude**2 - np.einsum("ij,jk,ik->i", cross, curve.inverse, cross)
        flux[inside, j] = np.exp(curve.mean + cross @ curve.weights)
        flux_err[inside, j] = flux[inside, j] * np.sqrt(np.maximum(variance, 0.0) + curve.scatter**2)
    return flux, flux_err


def _matern(lag: Array, scale: float) -> Array:
    distance = np.sqrt(3.0) * np.abs(lag) / scale
    return np.asarray((1.0 + distance) * np.exp(-distance))


def _nights(mjd: Array, flux: Array, flux_err: Array, width: float = 0.3) -> tuple[Array, Array, Array]:
    """Weighted means of points within ``width`` days: date, ln flux and its error.

    The error of a mean is at least its own scatter, so that instruments that disagree do not make a precise night.
    """
    starts = [0]
    for i in range(1, mjd.size):
        if mjd[i] - mjd[starts[-1]] > width:
            starts.append(i)
    rows = []
    for group in np.split(np.arange(mjd.size), starts[1:]):
        value, error = np.log(flux[group]), flux_err[group] / flux[group]
        weight = 1.0 / (error**2 + 0.01**2)
        mean = np.average(value, weights=weight)
        scatter = np.average((value - mean) ** 2, weights=weight) / max(group.size - 1, 1)
        rows.append((np.average(mjd[group], weights=weight), mean, np.sqrt(1.0 / weight.sum() + scatter)))
    columns = np.array(rows).T
    return columns[0], columns[1], columns[2]


def _covariances(mjd: Array, error: Array, scale: float, amplitude: Array, scatter: Array) -> Array:
    """Covariance matrices of the data for a batch of amplitudes and scatters, (n_batch, n, n)."""
    shape = _matern(mjd[:, None] - mjd, scale)
    noise = error**2 + scatter[:, None] ** 2
    return amplitude[:, None, None] ** 2 * shape + noise[:, :, None] * np.eye(mjd.size)


def _without_outliers(mjd: Array, value: Array, error: Array, limit: float) -> NDArray[np.bool_]:
    """Which nights agree with what the others around them predict."""
    if mjd.size > _MOST_NIGHTS:
        half = mjd.size // 2
        sides = (slice(None, half), slice(half, None))
        return np.concatenate([_without_outliers(mjd[side], value[side], error[side], limit) for side in sides])
    kept = np.ones(mjd.size, dtype=bool)
    for _ in range(int(_MAX_REJECTED * mjd.size)):
        used = np.flatnonzero(kept)
        covariance = _covariances(mjd[used], error[used], 20.0, np.array([1.0]), np.array([_FIRST_SCATTER]))[0]
        inverse = np.linalg.inv(covariance)
        # Leave-one-out residual over its standard deviation (Rasmussen & Williams 2006, eq. 5.12).
        pull = np.abs(inverse @ (value[used] - np.median(value[used]))) / np.sqrt(np.diag(inverse))
        worst = int(np.argmax(pull))
        if pull[worst] <= limit:
            break
        kept[used[worst]] = False
    return kept


def _fit(band: str, mjd: Array, value: Array, error: Array, extend: float, max_gap: float) -> BandCurve:
    mean = float(np.average(value, weights=1.0 / (error**2 + 0.05**2)))
    amplitude, scale, scatter = _best(mjd, value - mean, error)
    covariance = _covariances(mjd, error, scale, np.array([amplitude]), np.array([scatter]))[0]
    inverse = np.linalg.inv(covariance)
    breaks = np.flatnonzero(np.diff(mjd) > max_gap)
    starts, stops = np.append(0, breaks + 1), np.append(breaks, mjd.size - 1)
    support = np.stack([mjd[starts] - extend, mjd[stops] + extend], axis=1)
    return BandCurve(
        band, readonly(mjd, "mjd"), mean, amplitude, scale, scatter, inverse, inverse @ (value - mean), support
    )


def _best(mjd: Array, value: Array, error: Array) -> tuple[float, float, float]:
    """Amplitude, time scale and scatter of highest marginal likelihood; sane fixed values for very few nights."""
    if mjd.size < 4:
        return 1.0, 20.0, 0.05
    thin = slice(None, None, -(-mjd.size // _MOST_NIGHTS))
    mjd, value, error = mjd[thin], value[thin], error[thin]
    amplitude, scatter = (grid.ravel() for grid in np.meshgrid(_AMPLITUDES, _SCATTERS))
    best, chosen = -np.inf, (1.0, 20.0, 0.05)
    for scale in _TIME_SCALES:
        covariance = _covariances(mjd, error, scale, amplitude, scatter)
        factor = np.linalg.cholesky(covariance)
        white = np.linalg.solve(factor, np.broadcast_to(value[:, None], (amplitude.size, mjd.size, 1)))[..., 0]
        determinant = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
        likelihood = -0.5 * (white**2).sum(axis=1) - determinant
        k = int(np.argmax(likelihood))
        if likelihood[k] > best:
            best, chosen = float(likelihood[k]), (float(amplitude[k]), float(scale), float(scatter[k]))
    return chosen
