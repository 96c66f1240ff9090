"""What phase 0 of a series means, and where the maximum is; moving one to the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._numerics.quantities import shown
from sntransport._objects.arguments import answers_mistakes
from sntransport.photometry.bands import Bandpass
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.spectra.series import SpectralSeries, require_series
from sntransport.spectra.sightline import Sightline, mjd_of

Meaning = Literal["bolometric maximum", "B maximum", "V maximum", "explosion", "discovery"]
"""What may have happened at phase 0."""

_BANDS: dict[str, str] = {"B maximum": "bessellb", "V maximum": "bessellv"}
_AT_REST = Sightline(z=0.0, distance_modulus=0.0)


class MaximumError(ValueError):
    """The maximum is not bracketed by data.

    Examples
    --------
    >>> from sntransport.photometry import MaximumError, rezero
    >>> from sntransport.transport.templates import hsiao
    >>> try:
    ...     rezero(hsiao().select(phase=(5.0, 40.0)), "B maximum")
    ... except MaximumError as error:
    ...     print(str(error).partition(",")[0])
    Hsiao et al. (2007): the B maximum is not bracketed by data
    """


@dataclass(frozen=True, kw_only=True)
class Maximum:
    """Where a light curve is brightest: ``phase`` [d], and whether fainter phases on both sides ``bracketed`` it.

    Examples
    --------
    >>> from sntransport.photometry import find_maximum
    >>> from sntransport.transport.templates import hsiao
    >>> find_maximum(hsiao().select(phase=(5.0, 40.0)), "B maximum")
    Maximum(phase=5.0, bracketed=False)
    """

    phase: float
    bracketed: bool


@answers_mistakes
def find_maximum(series: SpectralSeries, meaning: Meaning | Bandpass = "bolometric maximum") -> Maximum:
    """Phase of the maximum.

    Parameters
    ----------
    series : SpectralSeries
    meaning : str or Bandpass
        "bolometric maximum": of the flux integrated over the wavelengths that all phases with any flux cover, as SNANA
        defines it for its templates. "B maximum", "V maximum": in the rest-frame Bessell band; or any band.

    Returns
    -------
    Maximum
        From a parabola through the brightest phase and its neighbors. Where the brightest phase is the first or the
        last with a flux it is that phase, not bracketed.

    Raises
    ------
    ValueError
        Where the meaning is not that of a maximum, or the band is covered at no phase.

    Examples
    --------
    >>> from sntransport.photometry import find_maximum
    >>> from sntransport.transport.templates import hsiao
    >>> for meaning in ("B maximum", "V maximum"):
    ...     print(meaning, f"{find_maximum(hsiao(), meaning).phase:+.1f} d")
    B maximum +0.1 d
    V maximum +1.8 d
    """
    require_series(series, "find_maximum")
    light = _bolometric(series) if meaning == "bolometric maximum" else _in_band(series, meaning)
    known = np.flatnonzero(np.isfinite(light))
    if not known.size:
        raise ValueError(f"{series.name or 'the series'} covers what {shown(meaning)} needs at no phase")
    k = int(known[np.argmax(light[known])])
    place = int(np.searchsorted(known, k))
    if place in (0, known.size - 1):
        return Maximum(phase=float(series.phase[k]), bracketed=False)
    around = known[place - 1 : place + 2]
    return Maximum(phase=_vertex(series.phase[around], light[around]), bracketed=True)


@answers_mistakes
def rezero(
    series: SpectralSeries, meaning: Meaning, *, z: float = np.nan, unbracketed: Literal["error", "edge"] = "error"
) -> tuple[SpectralSeries, float]:
    """The same series with phase 0 at its maximum.

    Parameters
    ----------
    series : SpectralSeries
    meaning : str
        Of phase 0 in the result; a maximum.
    z : float
        Redshift, which moves ``mjd_ref`` too; NaN: ``mjd_ref`` of the result is not known.
    unbracketed : {"error", "edge"}
        Where the brightest phase is the first or the last: refuse, or take that phase as the maximum.

    Returns
    -------
    series : SpectralSeries
    shift : float [d]
        Phase of the maximum in the series given.

    Raises
    ------
    MaximumError
        Where the maximum is not bracketed by data, unless ``unbracketed`` is "edge".
    ValueError
        As for `find_maximum`.

    Examples
    --------
    >>> from sntransport.photometry import find_maximum, rezero
    >>> from sntransport.transport.templates import hsiao
    >>> moved, shift = rezero(hsiao(), "V maximum")
    >>> print(f"{shift:.1f} d, now at {abs(find_maximum(moved, 'V maximum').phase):.1f} d")
    1.8 d, now at 0.0 d
    """
    found = find_maximum(series, meaning)
    if not found.bracketed and unbracketed == "error":
        raise MaximumError(
            f"{series.name or 'the series'}: the {meaning} is not bracketed by data, the brightest phase is the "
            f"first or the last ({found.phase:.1f} d); extend the phases, state what phase 0 means yourself, or ask "
            "for the brightest phase to be taken (unbracketed='edge', or --brightest)"
        )
    moved = replace(
        series, phase=series.phase - found.phase, mjd_ref=float(mjd_of(found.phase, series.mjd_ref, z))
    )  # fmt: skip
    return moved, found.phase


def is_maximum(meaning: str) -> bool:
    """Whether a meaning is one of a maximum.

    Raises
    ------
    ValueError
        For a meaning that is not known.
    """
    if meaning not in get_args(Meaning):
        raise ValueError(f"phase 0 means {shown(meaning)}, expected one of: {', '.join(get_args(Meaning))}")
    return meaning.endswith("maximum")


def _bolometric(series: SpectralSeries) -> Array:
    """Integral over the wavelengths that all phases with any flux cover; NaN for phases without flux."""
    some = series.covered.any(axis=1)
    common = series.covered[some].all(axis=0)
    if np.count_nonzero(common) < 2:
        return np.full(series.n_phase, np.nan)
    width = np.gradient(series.wave[common])
    return np.where(some, np.where(series.covered[:, common], series.flux[:, common], 0.0) @ width, np.nan)


def _in_band(series: SpectralSeries, meaning: str | Bandpass) -> Array:
    if not isinstance(meaning, Bandpass) and meaning not in _BANDS:
        raise ValueError(f"{shown(meaning)} is not a maximum that a series shows")
    band = meaning if isinstance(meaning, Bandpass) else _BANDS[meaning]
    flux, _ = synthetic_flux(series.flux, band_matrix(series.wave, [band], _AT_REST))
    return np.asarray(flux[:, 0])


def _vertex(x: Array, y: Array) -> float:
    curvature, slope, _ = np.polyfit(x - x[1], y, 2)
    if curvature >= 0:
        return float(x[1])
    return float(np.clip(x[1] - 0.5 * slope / curvature, x[0], x[2]))
