"""Light curves and spectra as images for vision transformers: rasters by numpy alone, the same everywhere."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport.simulation.light_curves import LightCurves
from sntransport.spectra.series import SpectralSeries

COLORS = np.array(
    [(86, 180, 233), (0, 158, 115), (230, 159, 0), (213, 94, 0), (204, 121, 167), (0, 114, 178), (240, 228, 66)],
    dtype=np.uint8,
)
"""Colors of the bands (Okabe & Ito), by their order; they repeat."""

_MARGIN = 0.05


@answers_mistakes
def light_curve_image(
    light_curves: LightCurves, i: int, *, style: Literal["overlay", "grid"] = "overlay", size: int = 224,
    dot: int = 1,
) -> NDArray[np.uint8]:  # fmt: skip
    """Draw one object on black.

    Parameters
    ----------
    light_curves : LightCurves
    i : int
        Which object.
    style : {"overlay", "grid"}
        All bands on one panel, or a panel for each band, in rows of up to three.
    size : int [pixel]
        Of each side.
    dot : int [pixel]
        A measurement is a square of ``2 dot + 1`` pixels with a line of its error.

    Returns
    -------
    ndarray of uint8, (size, size, 3)
        Time to the right over the object's own range, flux upward over that of all its bands; black where an object
        has no measurements.

    Raises
    ------
    ValueError
        For another style, or a size below 16.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.datasets import light_curve_image
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> light_curve_image(curves, 0, size=64).shape
    (64, 64, 3)
    """
    if style not in ("overlay", "grid") or size < 16:
        raise ValueError(f"style is {style!r} and size {size}, expected 'overlay' or 'grid' and 16 or more")
    rows = slice(int(light_curves.offset[i]), int(light_curves.offset[i + 1]))
    flux, error = light_curves.flux[rows], light_curves.flux_err[rows]
    known = np.isfinite(flux) & np.isfinite(error)
    flux, error, band = flux[known], error[known], light_curves.band[rows][known].astype(np.int64)
    image = np.zeros((size, size, 3), dtype=np.uint8)
    if not flux.size:
        return image
    x, y = _scaled(light_curves.mjd[rows][known]), _scaled(flux)
    half = error / max(float(np.ptp(flux)), 1e-300) * (1.0 - 2.0 * _MARGIN)
    n_band = len(light_curves.bands)
    across = 1 if style == "overlay" else min(n_band, 3)
    down = 1 if style == "overlay" else -(-n_band // across)
    panel = band if style == "grid" else np.zeros_like(band)
    width, height = size // across, size // down
    left, top = (panel % across) * width, (panel // across) * height
    column = left + np.minimum((x * width).astype(np.int64), width - 1)
    color = COLORS[band % len(COLORS)]
    _bars(image, column, top=top, height=height, y=y, half=half, color=color // 2)
    center = top + np.minimum(((1.0 - y) * height).astype(np.int64), height - 1)
    for dx in range(-dot, dot + 1):
        for dy in range(-dot, dot + 1):
            at_x = np.clip(column + dx, left, left + width - 1)
            image[np.clip(center + dy, top, top + height - 1), at_x] = color
    return image


@answers_mistakes
def spectrum_image(wave: Array, flux: Array, *, size: int = 224) -> NDArray[np.uint8]:
    """Draw one spectrum as a white line on black: wavelength to the right, flux upward.

    Parameters
    ----------
    wave, flux : ndarray, (n_wave,)
        Bins with NaN are left out.
    size : int [pixel]

    Returns
    -------
    ndarray of uint8, (size, size)

    Examples
    --------
    >>> from sntransport.datasets import spectrum_image
    >>> wave = np.linspace(4000.0, 8000.0, 500)
    >>> image = spectrum_image(wave, np.sin(wave / 300.0), size=64)
    >>> image.shape, int(image.max())
    ((64, 64), 255)
    """
    image = np.zeros((size, size), dtype=np.uint8)
    known = np.isfinite(flux)
    if np.count_nonzero(known) < 2:
        return image
    grid = np.linspace(wave[0], wave[-1], size)
    line = np.interp(grid, wave[known], flux[known], left=np.nan, right=np.nan)
    inside = np.flatnonzero(np.isfinite(line))
    row = ((1.0 - _scaled(line[inside])) * (size - 1)).astype(np.int64)
    for column, here, before in zip(inside, row, np.concatenate([row[:1], row[:-1]]), strict=True):
        image[min(here, before) : max(here, before) + 1, column] = 255
    return image


@answers_mistakes
def series_image(series: SpectralSeries, *, size: int = 224) -> NDArray[np.uint8]:
    """Map a series: wavelength to the right, phase downward, brightness by flux over that of each phase's maximum.

    Returns
    -------
    ndarray of uint8, (size, size)
        0 where not covered, 1 to 255 where it is.

    Examples
    --------
    >>> from sntransport.datasets import series_image
    >>> from sntransport.transport.templates import hsiao
    >>> image = series_image(hsiao(), size=64)
    >>> image.shape, int(image.max())
    ((64, 64), 255)
    """
    wave = np.linspace(series.wave[0], series.wave[-1], size)
    phase = np.linspace(series.phase[0], series.phase[-1], size)
    column = np.abs(series.wave[:, None] - wave).argmin(axis=0)
    row = np.abs(series.phase[:, None] - phase).argmin(axis=0)
    flux = series.flux[row][:, column]
    known = np.isfinite(flux)
    top = np.maximum(np.where(known, flux, -np.inf).max(axis=1, initial=-np.inf, keepdims=True), 1e-300)
    share = np.clip(np.where(known, flux, 0.0) / top, 0.0, 1.0)
    return np.where(known, 1 + np.rint(254 * share), 0).astype(np.uint8)


def _scaled(values: Array) -> Array:
    """Bring values to a range from the margin to one minus the margin; the middle where all are equal."""
    low, span = values.min(), np.ptp(values)
    share = (values - low) / span if span > 0 else np.full(values.shape, 0.5)
    return np.asarray(_MARGIN + (1.0 - 2.0 * _MARGIN) * share)


def _bars(
    image: NDArray[np.uint8], column: NDArray[np.int64], *, top: NDArray[np.int64], height: int, y: Array, half: Array,
    color: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Draw vertical lines of one pixel, within the panel."""
    low, high = (np.clip(((1.0 - edge) * height).astype(np.int64), 0, height - 1) for edge in (y + half, y - half))
    n = high - low + 1
    at = np.repeat(top + low, n) + np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    image[at, np.repeat(column, n)] = np.repeat(color, n, axis=0)
