"""The card of a series of spectra, in either frame."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_KMS
from sntransport._objects.card import Card, heading, span
from sntransport._objects.drawing import blend
from sntransport._objects.sketch import lines

# Spectra of a sketch: more would hide one another.
_SKETCHED = 6
_ORIGINS = ("not covered", "observed or between two spectra", "one spectrum only", "bridged or extrapolated")


class HasSpectra(Protocol):
    """What the card needs of a series."""

    @property
    def name(self) -> str:
        """Of the supernova."""
        ...

    @property
    def sn_type(self) -> str:
        """Its class."""
        ...

    @property
    def mjd_ref(self) -> float:
        """Date of phase 0 [d]."""
        ...

    @property
    def wave(self) -> Array:
        """Wavelengths (n_wave,) [A]."""
        ...

    @property
    def flux(self) -> Array:
        """Flux (n_phase, n_wave)."""
        ...

    @property
    def flux_err(self) -> Array:
        """Its error."""
        ...

    @property
    def origin(self) -> NDArray[np.uint8]:
        """Where each value comes from, 0 to 3."""
        ...


def series_card(series: HasSpectra, times: Array, axis: str, frame: str) -> Card:
    """The card of a series: ``times`` [d] are its phases or days, called ``axis``; ``frame`` is of its fluxes."""
    flux = series.flux
    known = flux[np.isfinite(flux)]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.abs(series.flux_err / flux)
    relative = relative[np.isfinite(relative)]
    shares = np.bincount(series.origin.ravel(), minlength=len(_ORIGINS)) / max(series.origin.size, 1)
    return Card(
        title=f"{heading(type(series).__name__, series.name, series.sn_type)}: {frame}",
        rows=[
            (axis, _times(times)),
            ("wave", _bins(series.wave)),
            ("flux", f"{span(known, '.3g')} erg s-1 cm-2 A-1" if known.size else "none is known"),
            ("error", f"{np.median(relative):.1%} of the flux (median)" if relative.size else "not known"),
            ("origin", ", ".join(f"{word} {share:.0%}" for word, share in zip(_ORIGINS, shares, strict=True) if share)),
            (f"{axis} 0", f"MJD {series.mjd_ref:.2f}" if np.isfinite(series.mjd_ref) else ""),
        ],
        picture=lambda: spectra_sketch(series.wave, flux, f"spectra of {series.name or 'a series'}"),
    )


def _times(times: Array) -> str:
    if not times.size:
        return "none"
    step = np.diff(times)
    even = step.size > 0 and float(np.ptp(step)) <= 1e-6 * step[0]
    return f"{times.size} from {span(times)} d{f', every {step[0]:g} d' if even else ''}"


def _bins(wave: Array) -> str:
    if not wave.size:
        return "none"
    width = C_KMS * np.log(wave[-1] / wave[0]) / max(wave.size - 1, 1)
    return f"{wave.size} from {span(wave, '.0f')} A" + (f", {width:.0f} km/s a bin on average" if wave.size > 1 else "")


def spectra_sketch(wave: Array, flux: Array, label: str) -> str:
    """SVG of a few spectra (n_phase, n_wave), each over its own largest flux, from blue (early) to red (late)."""
    rows = np.flatnonzero(np.isfinite(flux).any(axis=1))
    if not rows.size:
        return ""
    rows = rows[np.unique(np.linspace(0, rows.size - 1, min(rows.size, _SKETCHED)).astype(int))]
    # A single wild bin must not flatten the others.
    scale = np.nanquantile(np.abs(flux[rows]), 0.99, axis=1, keepdims=True)
    shares = np.clip(flux[rows] / np.where(scale > 0, scale, 1.0), -0.3, 1.3)
    colors = [blend(k / max(rows.size - 1, 1)) for k in range(rows.size)]
    return lines(wave, shares - 0.25 * np.arange(rows.size)[:, None], colors, f"{label}, blue early, red late")
