"""How far a rebuilt spectrum is from the true one: continuum, features, line velocities, colors.

All functions take spectra on the common ln-wavelength grid of `prepare` and the bins ``used`` that are compared; none
of them depends on the scale of a spectrum.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from sntransport._numerics.arrays import Array
from sntransport._numerics.smoothing import known_mean
from sntransport._numerics.units import C_KMS
from sntransport.photometry.synthetic import BandMatrix, synthetic_flux
from sntransport.spectra.grid import GRID_STEP

RESOLUTION = 1000.0
"""Resolution at which spectra are compared, full width at half maximum [km/s]."""

DEGREE = 4
"""Degree of the polynomial in ln wavelength that takes continuum and flux calibration out."""

# A ratio further from 1 counts as this: one bin without light must not decide the polynomial.
_WORST_RATIO = 100.0
_FWHM = 2.0 * np.sqrt(2.0 * np.log(2.0))
# Further smoothing [km/s, standard deviation] of lines, which are thousands of km/s wide, before a minimum is sought.
_LINE_SIGMA = 750.0
_SHOULDER = 5000.0
_PARABOLA = 1500.0
_WIDEST_HOLE = 1500.0
_LEAST_DEPTH = 0.03
_SIGNIFICANCE = 5.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """An absorption line: rest wavelength [A], range of blueshifts [km/s] and last phase [d] at which it is sought."""

    name: str
    rest: float
    slowest: float
    fastest: float
    latest: float


LINES = {
    "Ia": (Line(name="Si II 6355", rest=6355.0, slowest=3000.0, fastest=20000.0, latest=35.0),),
    "II": (
        Line(name="H-beta", rest=4861.3, slowest=1500.0, fastest=15000.0, latest=100.0),
        Line(name="H-alpha", rest=6562.8, slowest=1500.0, fastest=18000.0, latest=150.0),
    ),
}
"""Lines whose velocity is judged, by broad class; wavelengths in air. Later the troughs there are of other elements."""


def smooth(flux: Array, used: NDArray[np.bool_]) -> Array:
    """Spectra at `RESOLUTION`, from the used bins alone.

    Parameters
    ----------
    flux : ndarray, (..., n_wave)
    used : ndarray of bool, (n_wave,)

    Returns
    -------
    ndarray, (..., n_used)
    """
    return known_mean(flux, used, RESOLUTION / _FWHM / GRID_STEP)[..., used]


def relative_residual(predicted: Array, truth: Array) -> Array:
    """Median of ``|predicted / truth - 1|``, each spectrum divided by its mean.

    Parameters
    ----------
    predicted : ndarray, (n_spec, n_used)
    truth : ndarray, (n_used,)
        Positive.

    Returns
    -------
    ndarray, (n_spec,)
    """
    return np.asarray(np.median(np.abs(_ratio(predicted, truth) - 1.0), axis=1))


def feature_residual(wave: Array, predicted: Array, truth: Array) -> Array:
    """Median of ``|ln(predicted / truth)|`` after a polynomial in ln wavelength is taken out: blind to calibration.

    Parameters
    ----------
    wave : ndarray, (n_used,) [A]
    predicted : ndarray, (n_spec, n_used)
    truth : ndarray, (n_used,)
        Positive.

    Returns
    -------
    ndarray, (n_spec,)
    """
    return np.asarray(np.median(np.abs(_flattened(wave, np.log(_ratio(predicted, truth)))), axis=1))


def _ratio(predicted: Array, truth: Array) -> Array:
    """Predicted over true flux, each at unit mean."""
    ratio = predicted / truth * (truth.mean() / predicted.mean(axis=1, keepdims=True))
    return np.asarray(np.clip(ratio, 1.0 / _WORST_RATIO, _WORST_RATIO))


def _flattened(wave: Array, values: Array) -> Array:
    """Values (n_spec, n_used) less their least-squares polynomial."""
    x = np.log(wave)
    basis = np.polynomial.legendre.legvander(2.0 * (x - x[0]) / (x[-1] - x[0]) - 1.0, DEGREE)
    q, _ = np.linalg.qr(basis)
    return np.asarray(values - (values @ q) @ q.T)


def line_velocities(wave: Array, flux: Array, line: Line, noise: float) -> Array:
    """Blueshift of the deepest absorption minimum of a line in each spectrum.

    Parameters
    ----------
    wave : ndarray, (n_used,) [rest-frame A]
    flux : ndarray, (n_spec, n_used)
        Smoothed by `smooth`; the first row is the truth.
    line : Line
    noise : float
        Relative noise of one bin of the truth before smoothing; see `relative_noise`.

    Returns
    -------
    ndarray, (n_spec,) [km/s]
        All NaN where the line is not covered, or in the truth less deep than 3 % of the continuum or five times the
        noise; NaN for a spectrum that has no minimum in the window.

    Notes
    -----
    ln flux less the polynomial of `feature_residual`, smoothed once more; of the minima in the window the one of
    largest prominence, refined by a parabola through the bins up to 1500 km/s away.
    """
    velocity = C_KMS * (1.0 - wave / line.rest)
    window = (velocity > line.slowest - _SHOULDER) & (velocity < line.fastest + _SHOULDER)
    if not _covered(velocity[window], line):
        return np.full(len(flux), np.nan)
    least = flux.mean(axis=1, keepdims=True) / _WORST_RATIO
    flat = gaussian_filter1d(_flattened(wave, np.log(np.maximum(flux, least)))[:, window], _LINE_SIGMA / GRID_STEP)
    # Ascending in velocity; a spectrum with holes is put back on the whole grid.
    grid = np.arange(velocity[window][-1], velocity[window][0], GRID_STEP)
    curves = np.stack([np.interp(grid, velocity[window][::-1], row[::-1]) for row in flat])
    total = np.hypot(RESOLUTION / _FWHM, _LINE_SIGMA) / GRID_STEP
    depth = max(_LEAST_DEPTH, _SIGNIFICANCE * noise / np.sqrt(2.0 * np.sqrt(np.pi) * total))
    found = _minimum(grid, curves[0], line, depth)
    if np.isnan(found):
        return np.full(len(flux), np.nan)
    return np.array([found, *(_minimum(grid, curve, line, 0.3 * depth) for curve in curves[1:])])


def _covered(velocity: Array, line: Line) -> bool:
    """Whether the window (descending velocities) is covered, but for narrow holes, with part of the shoulders."""
    if velocity.size < 2:
        return False
    ends = velocity[-1] < line.slowest - 0.4 * _SHOULDER and velocity[0] > line.fastest + 0.4 * _SHOULDER
    return bool(ends and np.max(-np.diff(velocity)) < _WIDEST_HOLE)


def _minimum(velocity: Array, curve: Array, line: Line, depth: float) -> float:
    """Position of the most prominent minimum at least ``depth`` deep; NaN if there is none."""
    places, properties = find_peaks(-curve, prominence=depth)
    inside = (velocity[places] >= line.slowest) & (velocity[places] <= line.fastest)
    if not inside.any():
        return np.nan
    center = int(places[inside][np.argmax(properties["prominences"][inside])])
    near = np.abs(velocity - velocity[center]) <= _PARABOLA
    x = (velocity[near] - velocity[center]) / _PARABOLA
    curvature, slope, _ = np.polyfit(x, curve[near], 2)
    if curvature <= 0:
        return float(velocity[center])
    return float(velocity[center] + _PARABOLA * np.clip(-0.5 * slope / curvature, -1.0, 1.0))


def relative_noise(flux: Array) -> float:
    """Robust relative noise of one bin, from differences of neighbors, of a spectrum (n_used,) before smoothing."""
    step = np.diff(flux) / np.maximum(0.5 * (flux[1:] + flux[:-1]), np.finfo(float).tiny)
    return float(1.4826 * np.median(np.abs(step)) / np.sqrt(2.0))


def color_residuals(flux: Array, matrix: BandMatrix) -> Array:
    """Magnitude differences of synthetic photometry after one gray factor.

    Parameters
    ----------
    flux : ndarray, (1 + n_spec, n_wave)
        The first row is the truth; NaN where not compared.
    matrix : BandMatrix

    Returns
    -------
    ndarray, (n_spec, n_band) [mag]
        Predicted minus true, less the mean over bands; NaN for a band that is not covered, and for all if only one is.
    """
    band_flux, _ = synthetic_flux(flux, matrix)
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = -2.5 * np.log10(band_flux[1:] / band_flux[0])
    known = np.isfinite(difference)
    count = known.sum(axis=1, keepdims=True)
    gray = np.where(known, difference, 0.0).sum(axis=1, keepdims=True) / np.maximum(count, 1)
    return np.where(known & (count > 1), difference - gray, np.nan)
