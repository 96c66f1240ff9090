"""World coordinates of an image of spectra, for programs that read headers: specutils, DS9, astropy."""

from typing import TypeAlias

import numpy as np

from sntransport._numerics.arrays import Array

_Card: TypeAlias = tuple[str | float, str]
# An axis is called even where it stays within this share of a step of an even one.
_EVEN = 1e-6


def axis_cards(wave: Array, phase: Array) -> dict[str, _Card]:
    """Header cards of an image (n_phase, n_wave): value and comment by keyword.

    Parameters
    ----------
    wave : ndarray, (n_wave,) [rest-frame A]
        Even in ln wavelength it is ``WAVE-LOG`` (Greisen et al. 2006, A&A 446, 747, Paper III, eq. 5:
        ``wave = CRVAL1 exp(CDELT1 (pixel - CRPIX1) / CRVAL1)``), even in wavelength ``WAVE``. Any other axis has no
        world coordinates: they would be wrong.
    phase : ndarray, (n_phase,) [rest-frame d]
        A linear axis where it is even; otherwise the axis counts rows of the table PHASE.

    Returns
    -------
    dict
    """
    cards: dict[str, _Card] = {}
    log_step = _step(np.log(wave))
    step = _step(wave)
    if log_step is not None:
        cards |= _axis(1, "WAVE-LOG", "Angstrom", float(wave[0]), float(wave[0]) * log_step)
    elif step is not None:
        cards |= _axis(1, "WAVE", "Angstrom", float(wave[0]), step)
    if cards:
        cards["SPECSYS"] = ("SOURCE", "rest frame of the supernova")
    step = _step(phase)
    if step is not None:
        cards |= _axis(2, "LINEAR", "d", float(phase[0]), step)
    cards["CNAME2"] = ("phase" if step is not None else "row of PHASE", "rest frame")
    return cards


def _axis(number: int, kind: str, unit: str, first: float, step: float) -> dict[str, _Card]:
    return {
        f"CTYPE{number}": (kind, ""),
        f"CUNIT{number}": (unit, ""),
        f"CRPIX{number}": (1.0, ""),
        f"CRVAL{number}": (first, ""),
        f"CDELT{number}": (step, ""),
    }


def _step(values: Array) -> float | None:
    """The step of an even axis; None where it is not even, or has no step."""
    if values.size < 2:
        return None
    step = float(values[-1] - values[0]) / (values.size - 1)
    off = np.abs(values - (values[0] + step * np.arange(values.size)))
    return step if float(off.max()) <= _EVEN * step else None
