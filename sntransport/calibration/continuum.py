"""The smooth continuum of every spectrum: what calibration may change, and what it must leave alone.

Slit losses, clouds, wrong units, dust and poor flux calibration change a spectrum by a factor that is smooth in
wavelength; so does the temperature of the supernova. Lines are sharper. Each spectrum is split in two: a continuum that
is as smooth as such errors are, and the features, all the rest. A factor that is a power of the wavelength, whatever
its size, goes into the continuum alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._numerics.smoothing import matern52
from sntransport._objects.arguments import answers_mistakes
from sntransport.spectra.series import SpectralSeries

LENGTH = 1.0
"""How smooth continua are: length of the Matern-5/2 kernel in ln wavelength, half the visible and near infrared."""

_BIN = 0.02
_AMPLITUDE = 1.5
# Lines put bin medians off the continuum by as much, in ln flux.
_LINES = 0.25
# The level and the slope of a spectrum say nothing about its lines: they are free.
_FREE = 100.0
_ROUNDS = 12


@dataclass(frozen=True, eq=False, kw_only=True)
class Continua:
    """Continua of spectra, in ln flux relative to ``mean``.

    ``mean`` (n_wave,) is the continuum that the spectra have in common, ``relative`` (n_spec, n_wave) how far each is
    off it, NaN where it is not covered.
    """

    mean: Array
    relative: Array


@answers_mistakes
def split_continua(series: SpectralSeries) -> Continua:
    """Fit the continuum of each spectrum.

    Parameters
    ----------
    series : SpectralSeries
        On a grid even in ln wavelength; positive where covered.

    Returns
    -------
    Continua
        Medians in bins of 2 % of wavelength, a Gaussian process
        through them with a free level and slope (Rasmussen & Williams 2006, eqs. 2.25 and 4.17). All are fitted
        relative to the mean of all spectra, so that where the coverage of one ends leaves no trace.

    Examples
    --------
    >>> from sntransport.calibration import split_continua
    >>> from sntransport.spectra import grid_wave
    >>> wave = grid_wave(10000, 700)
    >>> line = 1.0 - 0.5 * np.exp(-0.5 * ((wave / 6100.0 - 1.0) / 0.005) ** 2)
    >>> series = snt.SpectralSeries(phase=[0.0], wave=wave, flux=[wave**-2.0 * line])
    >>> continua = split_continua(series)
    >>> feature = np.log(series.flux) - continua.mean - continua.relative
    >>> print(f"deepest at {wave[feature[0].argmin()]:.0f} A")
    deepest at 6100 A
    """
    place = np.floor((np.log(series.wave) - np.log(series.wave[0])) / _BIN).astype(np.int64)
    center = np.log(series.wave[0]) + _BIN * (np.arange(place[-1] + 1) + 0.5)
    values = np.stack([_medians(np.log(np.where(row > 0, row, np.nan)), place) for row in series.flux])
    common, x = _common(values), np.log(series.wave)
    mean_at = _smooth(center, common, center)
    relative = np.full(series.flux.shape, np.nan)
    for out, row, covered in zip(relative, values - mean_at, series.covered, strict=True):
        out[covered] = _smooth(center, row, x[covered])
    return Continua(mean=_smooth(center, common, x), relative=relative)


def _medians(logs: Array, place: Array) -> Array:
    """Median of each bin of wavelength, NaN where less than half of it is covered."""
    edges = np.searchsorted(place, np.arange(place[-1] + 2))
    out = np.full(edges.size - 1, np.nan)
    for k, (start, stop) in enumerate(pairwise(edges)):
        known = logs[start:stop][np.isfinite(logs[start:stop])]
        if 2 * known.size > stop - start:
            out[k] = np.median(known)
    return out


def _common(values: Array) -> Array:
    """What rows have in common but for a level each, (n_bin,); NaN where none is known."""
    known = np.isfinite(values)
    held = np.where(known, values, 0.0)
    count, width = np.maximum(known.sum(axis=0), 1), np.maximum(known.sum(axis=1), 1)
    level = held.sum(axis=1) / width
    for _ in range(_ROUNDS):
        mean = np.where(known, held - level[:, None], 0.0).sum(axis=0) / count
        level = np.where(known, held - mean, 0.0).sum(axis=1) / width
    return np.where(known.any(axis=0), mean + level.mean(), np.nan)


def _smooth(center: Array, values: Array, at: Array) -> Array:
    """The Gaussian process through the known values, read elsewhere."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(at.shape)
    x, y = center[known], values[known]
    middle, level = float(x.mean()), float(np.median(y))

    def covariance(a: Array) -> Array:
        free = 1.0 + np.multiply.outer(a - middle, x - middle)
        return np.asarray(_FREE * free + _AMPLITUDE**2 * matern52(a[:, None] - x, LENGTH))

    weights = np.linalg.solve(covariance(x) + _LINES**2 * np.eye(x.size), y - level)
    return np.asarray(level + covariance(at) @ weights)
