"""`Spectrograph`: what wavelengths it sees, how sharply, and how deep.

Its noise is that of a flux density f (per wavelength) in a pixel, ``flux_err**2 = a + b f``. A signal-to-noise ratio
``s`` at the AB magnitude ``m`` makes ``a = (f_m / s)**2`` with b = 0: a sky that outshines everything. A second ratio,
at a brighter magnitude, makes both: the sky, and the Poisson noise of the source, as in SNANA's SPECTROGRAPH tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array, readonly, require_increasing, require_shape, set_fields
from sntransport._numerics.limits import require_memory
from sntransport._numerics.quantities import ANGSTROM
from sntransport._numerics.units import C_AA, NJY_CGS, mag_to_njy
from sntransport._objects.value_object import ValueObject

_SIGMA_PER_FWHM = 1.0 / np.sqrt(8.0 * np.log(2.0))
# Points in a sigma of the line spread and in a pixel; the sum over them is right to 1e-6 for lines of any width.
_POINTS = 4
# The line spread is followed as far as this; 1e-9 of the light is beyond.
_MOST_SIGMA = 6.0
# With a ratio of signal to noise at every brightness, dark pixels have the error of this share of the mean.
_LEAST_SHARE = 0.01
_MOST_PIXELS = 100_000

Curve = float | tuple[ArrayLike, ArrayLike]
"""A number, or a table: wavelengths [A] and values, linear between and held beyond."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Spectrograph(ValueObject):
    """A spectrograph, and how long it looks.

    Parameters
    ----------
    wave_range : tuple of float [observer-frame A, vacuum]
        Edges of the first and the last pixel.
    step : float [A]
        Width of a pixel.
    resolution : float, optional
        Wavelength over the FWHM of a narrow line, the same everywhere; or
    fwhm : float, optional [A]
        FWHM of a narrow line, the same everywhere. Exactly one of these.
    snr : float or table
        Signal-to-noise ratio in a pixel, by wavelength [A].
    mag : float, optional [AB mag]
        Brightness that ``snr`` is at. None: at every brightness, which no instrument does; where a spectrum is below
        1 % of its mean, its error is that of 1 %.
    bright_snr, bright_mag : float or table, and float, optional
        The same at a brighter magnitude.
    name : str

    Raises
    ------
    ValueError
        Where a value is out of its range, or the two ratios contradict each other.

    Examples
    --------
    >>> from sntransport.simulation.spectroscopy import Spectrograph
    >>> Spectrograph(wave_range=(3800.0, 9200.0), step=10.0, snr=5.0, mag=20.0, resolution=100.0).name
    'spectrograph'
    >>> Spectrograph(wave_range=(3800.0, 9200.0), step=10.0, snr=5.0)
    Traceback (most recent call last):
        ...
    ValueError: Spectrograph: give either resolution or fwhm
    """

    wave_range: tuple[float, float]
    step: float
    snr: Curve
    resolution: float | None = None
    fwhm: float | None = None
    mag: float | None = None
    bright_snr: Curve | None = None
    bright_mag: float | None = None
    name: str = "spectrograph"

    def __post_init__(self) -> None:
        low, high = (float(value) for value in self.wave_range)
        if not 0 < low < high < np.inf or not 0 < self.step <= high - low:
            raise ValueError(f"Spectrograph: wave_range {self.wave_range} and step {self.step} make no pixels")
        if (high - low) / self.step > _MOST_PIXELS:
            raise ValueError(f"Spectrograph: more than {_MOST_PIXELS} pixels; make step larger")
        if (self.resolution is None) == (self.fwhm is None):
            raise ValueError("Spectrograph: give either resolution or fwhm")
        if self.resolution is not None and not 1 <= self.resolution <= 1e6:
            raise ValueError(f"Spectrograph.resolution is {self.resolution}, expected 1 to a million")
        if self.fwhm is not None and not 0 < self.fwhm <= high - low:
            raise ValueError(f"Spectrograph.fwhm is {self.fwhm} A, expected above 0 and less than the range")
        if (self.bright_snr is None) != (self.bright_mag is None):
            raise ValueError("Spectrograph: bright_snr and bright_mag go together")
        if self.bright_mag is not None and (self.mag is None or not self.bright_mag < self.mag):
            raise ValueError("Spectrograph.bright_mag is not brighter than mag")
        set_fields(self, wave_range=(low, high))
        for name in ("snr", "bright_snr"):
            if getattr(self, name) is not None:
                set_fields(self, **{name: _curve(getattr(self, name), f"Spectrograph.{name}")})
        if self.mag is not None:
            self._noise()

    def __repr__(self) -> str:
        names = ("wave_range", "step", "resolution", "fwhm", "mag", "bright_mag", "name")
        shown = {name: getattr(self, name) for name in names}
        for name in ("snr", "bright_snr"):
            value = getattr(self, name)
            shown[name] = tuple(one.tolist() for one in value) if isinstance(value, tuple) else value
        return f"Spectrograph({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    @property
    def edges(self) -> Array:
        """Edges of the pixels (n_pixel + 1,) [A]; the last pixel may end before the range does."""
        low, high = self.wave_range
        return np.asarray(low + self.step * np.arange(int(np.floor((high - low) / self.step * (1.0 + 1e-12))) + 1))

    @property
    def wave(self) -> Array:
        """Middles of the pixels (n_pixel,) [A]."""
        return np.asarray(0.5 * (self.edges[1:] + self.edges[:-1]))

    def sigma(self, wave: Array) -> Array:
        """Standard deviation [A] of the line spread at wavelengths (n,)."""
        width = np.full(wave.shape, self.fwhm) if self.resolution is None else wave / self.resolution
        return np.asarray(_SIGMA_PER_FWHM * width)

    def light_paths(self, finest: float = np.inf) -> tuple[Array, Any]:
        """Wavelengths (n,) [A] to know a spectrum at, and the matrix (n_pixel, n) that takes it to the pixels.

        The wavelengths are at most half of ``finest`` [A] apart, the least distance between points of the spectrum.

        A Gaussian line spread, integrated over each pixel: light at wavelength w, in steps of dw, adds
        ``(Phi((e2 - w) / sigma) - Phi((e1 - w) / sigma)) dw / (e2 - e1)`` to the mean flux density of a pixel with the
        edges e1, e2.

        Raises
        ------
        ValueError
            Where that is more than the memory allows.
        """
        from scipy.sparse import csr_array
        from scipy.special import ndtr

        edges = self.edges
        ends = np.array([edges[0], edges[-1]])
        reach = _MOST_SIGMA * self.sigma(ends)
        fine = min(float(self.sigma(ends).min()) / _POINTS, self.step / _POINTS, 0.5 * finest)
        # Light from beyond the last pixel is spread as widely as there.
        low, high = max(ends[0] - reach[0], fine), ends[1] + reach[1] * (1.0 + reach[1] / ends[1])
        most = int(np.ceil(2.0 * _MOST_SIGMA * float(self.sigma(np.array([high]))[0]) / self.step)) + 2
        what = f"Spectrograph: {(high - low) / fine:.0f} points, each spread over {most} pixels"
        require_memory(40.0 * most * (high - low) / fine, what, "let step and line spread be more alike")
        wave = low + fine * np.arange(int(np.ceil((high - low) / fine)) + 1)
        sigma = self.sigma(wave)
        first = np.floor((wave - _MOST_SIGMA * sigma - edges[0]) / self.step).astype(np.int64)
        n_pixel = edges.size - 1
        pixel = first[:, None] + np.arange(most)
        upto = ndtr((edges[0] + self.step * (first[:, None] + np.arange(most + 1)) - wave[:, None]) / sigma[:, None])
        share = np.diff(upto, axis=1) * (fine / self.step)
        used = (pixel >= 0) & (pixel < n_pixel) & (share > 0)
        column = np.broadcast_to(np.arange(wave.size)[:, None], pixel.shape)
        return wave, csr_array((share[used], (pixel[used], column[used])), shape=(n_pixel, wave.size))

    def flux_error(self, flux: Array) -> Array:
        """Error (n_pixel,) of flux densities (n_pixel,) [erg s-1 cm-2 A-1] without noise; NaN stays NaN."""
        if self.mag is None:
            least = _LEAST_SHARE * np.nanmean(np.abs(flux)) if np.isfinite(flux).any() else np.nan
            return np.asarray(np.maximum(np.abs(flux), least) / _values(self.snr, self.wave))
        constant, by_flux = self._noise()
        return np.asarray(np.sqrt(constant + by_flux * np.maximum(flux, 0.0)) + 0.0 * flux)

    def _noise(self) -> tuple[Array, Array]:
        """a and b above, (n_pixel,)."""
        wave = self.wave
        faint = _density(self.mag, wave)
        variance = (faint / _values(self.snr, wave)) ** 2
        if self.bright_snr is None:
            return variance, np.zeros(wave.size)
        bright = _density(self.bright_mag, wave)
        slope = ((bright / _values(self.bright_snr, wave)) ** 2 - variance) / (bright - faint)
        constant = variance - slope * faint
        if np.any((slope < 0) | (constant < 0)):
            i = int(np.flatnonzero((slope < 0) | (constant < 0))[0])
            raise ValueError(
                f"Spectrograph: at {wave[i]:.0f} A no sky and photon noise has both ratios of signal to noise: from "
                "mag to bright_mag the ratio must grow at least as the root of the flux and at most as the flux"
            )
        return constant, slope


def _density(mag: float | None, wave: Array) -> Array:
    """Flux density [erg s-1 cm-2 A-1] of an AB magnitude."""
    return np.asarray(mag_to_njy(np.nan if mag is None else mag) * NJY_CGS * C_AA / wave**2)


def _curve(given: Curve, label: str) -> Curve:
    if isinstance(given, tuple):
        wave, value = readonly(given[0], f"{label}: wavelengths", unit=ANGSTROM), readonly(given[1], label)
        require_increasing(wave, f"{label}: wavelengths", positive=True)
        require_shape(value, label, wave.shape, "(n,)")
        if not value.size or not np.all((value > 0) & np.isfinite(value)):
            raise ValueError(f"{label} has values that are not above 0")
        return wave, value
    if not 0 < float(given) < np.inf:
        raise ValueError(f"{label} is {given}, expected above 0")
    return float(given)


def _values(curve: Curve, wave: Array) -> Array:
    if not isinstance(curve, tuple):
        return np.full(wave.size, float(curve))
    at, value = (np.asarray(one, dtype=np.float64) for one in curve)
    return np.interp(wave, at, value)
