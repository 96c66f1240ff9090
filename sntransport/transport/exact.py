"""Exact one-dimensional optimal transport of spectra; knows no dates, bands or supernovae.

A spectrum is read as a histogram: flux density constant inside each wavelength bin, bin edges half way between the
grid points. On the line the optimal plan for any convex cost joins equal quantiles, so displacement interpolation
(McCann 1997, Adv. Math. 128, 153) is the linear interpolation of quantile functions and the Wasserstein-2 barycenter
is their weighted mean (Agueh & Carlier 2011, SIAM J. Math. Anal. 43, 904). Both are computed here without sampling
and rebinned onto the grid exactly. The total flux, which the quantiles do not carry, is interpolated linearly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array, borrowed, readonly, require_increasing, require_shape
from sntransport._objects.arguments import answers_mistakes


def bin_edges(wave: ArrayLike) -> Array:
    """Edges of the wavelength bins: half way between grid points, the end bins symmetric about their points.

    Parameters
    ----------
    wave : array_like, (n_wave,) [A]
        Strictly increasing, at least two points.

    Returns
    -------
    ndarray, (n_wave + 1,) [A]

    Raises
    ------
    ValueError
        Where ``wave`` is not one-dimensional, finite and strictly increasing, or has fewer than two points.
    """
    wave = readonly(wave, "wave")
    if wave.size < 2:
        raise ValueError(f"wave has {wave.size} points, expected at least 2")
    require_increasing(wave, "wave")
    middle = 0.5 * (wave[1:] + wave[:-1])
    return readonly(np.concatenate([[1.5 * wave[0] - 0.5 * wave[1]], middle, [1.5 * wave[-1] - 0.5 * wave[-2]]]), "")


@answers_mistakes
def displace(wave: ArrayLike, flux_a: ArrayLike, flux_b: ArrayLike, t: ArrayLike) -> Array:
    """Displacement interpolation between two spectra: the exact Wasserstein-2 geodesic.

    Parameters
    ----------
    wave : array_like, (n_wave,) [A]
        Strictly increasing.
    flux_a, flux_b : array_like, (n_wave,)
        Not negative, finite, each with some flux.
    t : float or array_like, (n_t,)
        Position between the two, 0 to 1.

    Returns
    -------
    ndarray, (n_t, n_wave)
        Not negative; the integral of row k is ``(1 - t[k])`` times that of ``flux_a`` plus ``t[k]`` times that of
        ``flux_b``. ``t = 0`` and ``t = 1`` return the inputs to the last bit; swapping the spectra equals ``1 - t``.

    Raises
    ------
    ValueError
        Where shapes differ, a flux is negative, not finite or zero everywhere, or ``t`` leaves [0, 1].

    Examples
    --------
    >>> wave = np.arange(4000.0, 8001.0)
    >>> line = lambda center: np.exp(-0.5 * ((wave - center) / 100) ** 2)
    >>> halfway = snt.transport.displace(wave, line(5000.0), line(6000.0), 0.5)
    >>> float(wave[halfway[0].argmax()])
    5500.0
    """
    from sntransport.transport import _kernels

    grid, a, b = _alike(wave, flux_a=flux_a, flux_b=flux_b)
    place = borrowed(np.atleast_1d(t) if np.ndim(t) == 0 else t, "t")
    out = np.empty((place.size, grid.size))
    if not _kernels.displace_pair(grid, a, b, place, out):
        _refuse(grid, flux_a=a, flux_b=b)
        raise ValueError("t leaves the range 0 to 1")
    return out


@answers_mistakes
def distance(wave: ArrayLike, flux_a: ArrayLike, flux_b: ArrayLike, p: float = 2.0) -> float:
    """Wasserstein-p distance of two spectra, each normalized to unit integral.

    Parameters
    ----------
    wave, flux_a, flux_b
        As in `displace`.
    p : float
        Order, 1 or more.

    Returns
    -------
    float [A]

    Raises
    ------
    ValueError
        As `displace`, and where ``p`` is below 1.

    Examples
    --------
    >>> wave = np.arange(4000.0, 8001.0)
    >>> line = lambda center: np.exp(-0.5 * ((wave - center) / 100) ** 2)
    >>> print(f"{snt.transport.distance(wave, line(5000.0), 3.0 * line(5800.0)):.0f} A")
    800 A
    """
    from sntransport.transport import _kernels

    if not p >= 1:
        raise ValueError(f"p is {p}, expected 1 or more")
    grid, a, b = _alike(wave, flux_a=flux_a, flux_b=flux_b)
    apart = _kernels.pair_distance(grid, a, b, float(p))
    if np.isnan(apart):
        _refuse(grid, flux_a=a, flux_b=b)
    return float(apart ** (1.0 / p))


@answers_mistakes
def barycenter(wave: ArrayLike, fluxes: ArrayLike, weights: ArrayLike) -> Array:
    """Wasserstein-2 barycenter of any number of spectra.

    Parameters
    ----------
    wave : array_like, (n_wave,) [A]
    fluxes : array_like, (n_spec, n_wave)
        Not negative, finite, each with some flux.
    weights : array_like, (n_spec,)
        Not negative, not all zero; normalized to unit sum here.

    Returns
    -------
    ndarray, (n_wave,)
        Its integral is the weighted mean of the integrals. With two spectra it equals `displace`.

    Raises
    ------
    ValueError
        As `displace`, and where the weights are negative, not finite, all zero, or of another number.

    Examples
    --------
    >>> wave = np.arange(4000.0, 8001.0)
    >>> lines = [np.exp(-0.5 * ((wave - center) / 100.0) ** 2) for center in (5000.0, 5600.0, 6500.0)]
    >>> middle = snt.transport.barycenter(wave, lines, [1.0, 1.0, 1.0])
    >>> float(wave[middle.argmax()])
    5700.0
    """
    from sntransport.transport import _kernels

    rows = borrowed(fluxes, "fluxes", ndim=2)
    share = readonly(weights, "weights")
    require_shape(share, "weights", rows.shape[:1], "(n_spec,)")
    if not np.all(np.isfinite(share)) or np.any(share < 0) or share.sum() <= 0:
        raise ValueError("weights must be finite, not negative and not all zero")
    share = readonly(share / share.sum(), "weights")
    grid, *_ = _alike(wave, **{"fluxes[0]": rows[0]})
    out = np.empty(grid.size)
    if not _kernels.mean_of_many(grid, rows, share, out):
        _refuse(grid, **{f"fluxes[{i}]": row for i, row in enumerate(rows)})
    # One alone is known without rounding.
    return rows[int(share.argmax())].copy() if share.max() == 1.0 else out


def _alike(wave: ArrayLike, **fluxes: ArrayLike) -> list[Array]:
    """Wavelengths and fluxes as read-only arrays of one shape; their values are checked where they are worked on."""
    grid = borrowed(wave, "wave")
    if grid.size < 2:
        raise ValueError(f"wave has {grid.size} points, expected at least 2")
    arrays = [grid]
    for name, value in fluxes.items():
        arrays.append(borrowed(value, name))
        require_shape(arrays[-1], name, grid.shape, "(n_wave,)")
    return arrays


def _refuse(wave: Array, **fluxes: Array) -> None:
    """Raise a ValueError that says what is wrong with values that a kernel refused; none where it is not these."""
    width = np.diff(bin_edges(wave))
    for name, flux in fluxes.items():
        if not np.all(np.isfinite(flux)):
            raise ValueError(f"{name} has NaN or infinite values; cut the spectra to their common coverage first")
        if flux.min() < 0:
            raise ValueError(
                f"{name} is negative somewhere; apply the floor of sntransport.calibration.preparation first"
            )
        if not flux.max() > 0:
            raise ValueError(f"{name} is zero everywhere")
        with np.errstate(over="ignore", under="ignore"):
            mass = float(flux @ width)
        if not 0.0 < mass < np.inf:
            raise ValueError(f"{name} has an integral of {mass:g}: scale the spectra")
