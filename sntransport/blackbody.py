"""Blackbodies fitted to spectra, many at once, and what they say outside the wavelengths that are covered."""

from dataclasses import dataclass

import numpy as np

from sntransport._numerics.arrays import Array

HC_OVER_K = 1.438776877e8
"""h c / k [A K] (exact, SI)."""

SIGMA_SB = 5.670374419e-5
"""Stefan-Boltzmann constant [erg s-1 cm-2 K-4] (exact, SI)."""

COOLEST, HOTTEST = 1500.0, 60000.0
"""Range of temperatures that are fitted [K]."""

_NODES = 160
_ROUNDS = 3
_LOCAL = 21
_CHUNK = 16


@dataclass(frozen=True, eq=False)
class Blackbody:
    """Blackbodies, one a spectrum: ``temperature`` (n_phase,) [K] and ``scale`` (n_phase,), flux = scale x `planck`.

    NaN where nothing could be fitted; ``at_edge`` (n_phase,) says where the best temperature is an end of the range.
    """

    temperature: Array
    scale: Array
    at_edge: Array

    def flux(self, wave: Array) -> Array:
        """Flux at wavelengths [A], (n_phase, n_wave), in the unit of the spectra."""
        return self.scale[:, None] * planck(wave, self.temperature[:, None])


def planck(wave: Array, temperature: Array) -> Array:
    """Shape of a blackbody, ``(wave / 5000 A)**-5 / (exp(hc / (wave k T)) - 1)``; broadcasts."""
    return np.asarray((wave / 5000.0) ** -5 / np.expm1(np.minimum(HC_OVER_K / (wave * temperature), 700.0)))


def fit_blackbody(wave: Array, flux: Array) -> Blackbody:
    """Fit a blackbody to every spectrum, by least squares in flux with equal weight for every Angstrom.

    Parameters
    ----------
    wave : ndarray, (n_wave,) [A]
    flux : ndarray, (n_phase, n_wave)
        NaN where not covered; negative values take part.

    Returns
    -------
    Blackbody
        Temperatures from 1500 to 60000 K; NaN for a spectrum with fewer than three bins or no positive best scale.

    Notes
    -----
    For a given temperature the best scale is linear: only the temperature is searched, on a grid for all spectra in
    two matrix products, then three times around the best node, each ten times finer.
    """
    width = np.gradient(wave)
    known = np.isfinite(flux)
    weight, filled = known * width, np.where(known, flux, 0.0)
    grid = np.geomspace(COOLEST, HOTTEST, _NODES)
    shape = planck(wave, grid[:, None])
    by_flux, by_shape = (filled * weight) @ shape.T, weight @ (shape**2).T
    best = _explained(by_flux, by_shape).argmax(axis=1)
    temperature, step = grid[best], np.log(grid[1] / grid[0])
    for _ in range(_ROUNDS):
        temperature = _refined(wave, filled, weight, temperature, step)
        step *= 2.0 / (_LOCAL - 1)
    shape = planck(wave, temperature[:, None])
    total = (weight * shape**2).sum(axis=1)
    scale = (filled * weight * shape).sum(axis=1) / np.where(total > 0, total, np.nan)
    fitted = (known.sum(axis=1) >= 3) & (scale > 0)
    at_edge = fitted & ((best == 0) | (best == _NODES - 1))
    return Blackbody(np.where(fitted, temperature, np.nan), np.where(fitted, scale, np.nan), at_edge)


def _explained(by_flux: Array, by_shape: Array) -> Array:
    """Sum of squares that the best positive scale explains."""
    return np.asarray(np.maximum(by_flux, 0.0) ** 2 / np.maximum(by_shape, 1e-300))


def _refined(wave: Array, flux: Array, weight: Array, temperature: Array, step: float) -> Array:
    """Best of temperatures within ``step`` in ln of those given."""
    offset = np.exp(np.linspace(-step, step, _LOCAL))
    out = temperature.copy()
    for start in range(0, temperature.size, _CHUNK):
        rows = slice(start, start + _CHUNK)
        tried = np.clip(temperature[rows, None] * offset, COOLEST, HOTTEST)
        shape = planck(wave, tried[:, :, None])
        by_flux = np.einsum("pw,ptw->pt", flux[rows] * weight[rows], shape)
        by_shape = np.einsum("pw,ptw->pt", weight[rows], shape**2)
        out[rows] = np.take_along_axis(tried, _explained(by_flux, by_shape).argmax(axis=1)[:, None], axis=1)[:, 0]
    return out
