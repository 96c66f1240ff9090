"""Transport of spectral features: a smooth, bounded Monge map between two continuum-normalized spectra.

A spectrum is a pedestal with dips. Balanced transport of all its light lets a change of color drag every line along;
here color is interpolated in place, in log flux, and only the features move. The map is not the optimal plan but a
regularized one (compare the smooth and strongly convex potentials of Paty, d'Aspremont & Cuturi 2020, AISTATS): the
smoothest displacement, in velocity, that makes the features of both spectra agree. Where they say nothing it is zero.

Moved features are averaged as the square root of flux over continuum: half way between averaging flux, as optically
thin light would, and averaging its logarithm. Of the powers tried it rebuilds real spectra best.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array, borrowed, readonly, require_increasing, require_shape
from sntransport._numerics.smoothing import bell_width
from sntransport._numerics.units import C_KMS
from sntransport._objects.arguments import answers_mistakes

_STEPS = 5


_COARSE_TO_FINE = (4.0, 2.0, 1.0)


_STEEPEST = 0.5


_LEAST_FLUX = 1e-4


# Rows of continua that a processor's nearest cache holds.
_CLOSE = 8


@answers_mistakes
def feature_transport(
    wave: ArrayLike,
    flux_a: ArrayLike,
    flux_b: ArrayLike,
    t: ArrayLike,
    *,
    continuum: float = 12000.0,
    resolution: float = 700.0,
    scatter: float = 0.05,
    stiffness: float = 0.02,
    reach: float = 6000.0,
    shares: tuple[float, ...] = (0.3, 1.3),
) -> Array:
    """Interpolate color in log flux and move the features along a smooth map.

    Parameters
    ----------
    wave : array_like, (n_wave,) [A]
        Strictly increasing, positive; at least four points.
    flux_a, flux_b : array_like, (n_wave,)
        Not negative, finite, each with some flux. Below 1e-4 of its mean a flux counts as that.
    t : float or array_like, (n_t,)
        Position between the two, 0 to 1.
    continuum, resolution, scatter, stiffness, reach
        See `feature_shift`.
    shares : tuple of float
        The features are moved by each of these shares of the shift, and the results averaged: the shift of a feature
        is uncertain, and a mean over what it may be errs less than any one of them. ``(1.0,)`` moves every feature
        by just the shift. From 0 to 3, where the map stays monotone.

    Returns
    -------
    ndarray, (n_t, n_wave)
        Positive. ``t = 0`` and ``t = 1`` return the inputs; swapping the spectra equals ``1 - t``.

    Raises
    ------
    ValueError
        Where shapes differ, a flux is negative, not finite or zero everywhere, ``t`` leaves [0, 1] or a share [0, 3].

    Examples
    --------
    >>> wave = np.exp(np.linspace(np.log(4000.0), np.log(8000.0), 800))
    >>> dip = lambda center: 1.0 - 0.3 * np.exp(-0.5 * ((wave - center) / 50.0) ** 2)
    >>> halfway = snt.transport.feature_transport(wave, dip(5980.0), dip(6020.0), 0.5)
    >>> print(f"{wave[halfway[0].argmin()]:.0f} A, {halfway.min():.1f}")
    5998 A, 0.7
    """
    from sntransport.transport import _kernels

    wave, a, b = _checked(wave, flux_a, flux_b)
    t = readonly(np.atleast_1d(np.asarray(t, dtype=np.float64)), "t")
    if not np.all((t >= 0) & (t <= 1)):
        raise ValueError("t leaves the range 0 to 1")
    moved_by = readonly(shares, "shares")
    if moved_by.size == 0 or not np.all((moved_by >= 0) & (moved_by <= 3)):
        raise ValueError(f"shares are {shares}, expected at least one, from 0 to 3")
    grid, step, smooth, features = _split(wave, a, b, continuum)
    shift = _register(step, features, resolution=resolution, scatter=scatter, stiffness=stiffness, reach=reach)
    roots, out = np.exp(0.5 * features), np.empty((t.size, wave.size))
    _kernels.blend_features(roots[0], roots[1], shift, moved_by, t, out)
    # Here, since numpy takes several exponentials at a time; a few rows at once, so that they stay close at hand.
    for few in (slice(k, k + _CLOSE) for k in range(0, t.size, _CLOSE)):
        logs = t[few, None] * (smooth[1] - smooth[0])
        logs += smooth[0]
        out[few] *= np.exp(logs, out=logs)
    if grid is not None:
        out = np.exp(np.stack([np.interp(np.log(wave), grid, row) for row in np.log(out)]))
    out[t == 0], out[t == 1] = a, b
    return out


@answers_mistakes
def feature_shift(
    wave: ArrayLike,
    flux_a: ArrayLike,
    flux_b: ArrayLike,
    *,
    continuum: float = 12000.0,
    resolution: float = 700.0,
    scatter: float = 0.05,
    stiffness: float = 0.02,
    reach: float = 6000.0,
) -> Array:
    """How far the features of one spectrum lie from those of another.

    Parameters
    ----------
    wave, flux_a, flux_b
        As in `feature_transport`.
    continuum : float [km/s]
        Standard deviation of the bell-shaped running mean of ln flux that is the continuum; features are the rest.
    resolution : float [km/s]
        Features are compared after smoothing by this (standard deviation), at first by four and two times it.
    scatter : float
        Difference of ln flux that the features of the two spectra show besides their shift. A larger one trusts the
        smoothness of the map more.
    stiffness : float
        Change of the shift per distance along the spectrum that costs as much, a bin, as one ``scatter``.
    reach : float [km/s]
        Shift that costs as much; it is never more than three times it.

    Returns
    -------
    ndarray, (n_wave,) [km/s]
        Redward from ``flux_a`` to ``flux_b``, at wavelengths half way between.

    Raises
    ------
    ValueError
        As `feature_transport`.

    Examples
    --------
    >>> wave = np.exp(np.linspace(np.log(4000.0), np.log(8000.0), 800))
    >>> dip = lambda center: 1.0 - 0.3 * np.exp(-0.5 * ((wave - center) / 50.0) ** 2)
    >>> shift = snt.transport.feature_shift(wave, dip(6000.0), dip(6040.0))
    >>> print(f"{shift[np.abs(wave - 6020.0).argmin()]:.0f} of {299792.458 * 40.0 / 6020.0:.0f} km/s")
    1459 of 1992 km/s
    """
    wave, a, b = _checked(wave, flux_a, flux_b)
    grid, step, _, features = _split(wave, a, b, continuum)
    shift = step * _register(step, features, resolution=resolution, scatter=scatter, stiffness=stiffness, reach=reach)
    return shift if grid is None else np.asarray(np.interp(np.log(wave), grid, shift))


def _checked(wave: ArrayLike, flux_a: ArrayLike, flux_b: ArrayLike) -> tuple[Array, Array, Array]:
    wave = borrowed(wave, "wave")
    if wave.size < 4:
        raise ValueError(f"wave has {wave.size} points, expected at least 4")
    require_increasing(wave, "wave", positive=True)
    fluxes = []
    for name, value in (("flux_a", flux_a), ("flux_b", flux_b)):
        flux = borrowed(value, name)
        require_shape(flux, name, wave.shape, "(n_wave,)")
        if not np.all(np.isfinite(flux)) or flux.min() < 0 or not flux.max() > 0:
            raise ValueError(f"{name} must be finite, not negative and not zero everywhere")
        fluxes.append(flux)
    return wave, fluxes[0], fluxes[1]


def _split(wave: Array, a: Array, b: Array, continuum: float) -> tuple[Array | None, float, Array, Array]:
    """Grid (None if ``wave`` is itself even in its logarithm), its step [km/s], continua and features (2, n_wave)."""
    from sntransport.transport import _kernels

    log_wave = np.log(wave)
    even = np.linspace(log_wave[0], log_wave[-1], wave.size)
    step = (even[1] - even[0]) * C_KMS
    logs = np.stack([np.log(np.maximum(flux, _LEAST_FLUX * flux.mean())) for flux in (a, b)])
    grid = None if np.abs(log_wave - even).max() <= 1e-3 * (even[1] - even[0]) else even
    if grid is not None:
        logs = np.stack([np.interp(grid, log_wave, row) for row in logs])
    smooth = np.empty(logs.shape)
    _kernels.bell_means(logs, bell_width(continuum / step), smooth)
    return grid, step, smooth, logs - smooth


def _register(
    step: float, features: Array, *, resolution: float, scatter: float, stiffness: float, reach: float
) -> Array:
    """Shift in bins, (n_wave,): bounded, and so gentle that both halves of the map stay monotone."""
    from sntransport.transport import _kernels

    shift = np.zeros(features.shape[1])
    widths = np.array([bell_width(factor * resolution / step) for factor in _COARSE_TO_FINE])
    _kernels.find_shift(
        features, widths, scatter, stiffness**-2, (step / reach) ** 2, _STEPS, 3.0 * reach / step, _STEEPEST, shift
    )
    return readonly(shift, "")
