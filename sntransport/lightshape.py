"""What a bolometric light curve looks like in a few numbers, free of any model of its energy source."""

from dataclasses import dataclass

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport.luminosity import Bolometric

_DAY = 86400.0


@dataclass(frozen=True)
class LightShape:
    """Summary of a bolometric light curve; NaN for what the data do not bracket.

    ``peak_luminosity`` [erg/s] and ``peak_phase`` [d]; ``bracketed``: whether there is a fainter phase on both sides of
    the peak (without it both are NaN); ``rise`` and ``decline`` [d] between half of the peak and the peak; ``dm15``
    [mag] that it fades in the 15 d after; ``energy`` [erg] radiated from ``first_phase`` to ``last_phase`` [d].
    """

    peak_luminosity: float
    peak_phase: float
    bracketed: bool
    rise: float
    decline: float
    dm15: float
    energy: float
    first_phase: float
    last_phase: float


def light_shape(light: Bolometric, *, max_gap: float = 10.0) -> LightShape:
    """Measure peak, rise, decline and energy.

    Parameters
    ----------
    light : Bolometric
    max_gap : float [d]
        Nothing is read off, and no energy added, in a gap between phases longer than this.

    Returns
    -------
    LightShape
        The peak is that of a parabola through the brightest phase and its neighbors, in ln luminosity.
    """
    known = np.isfinite(light.luminosity) & (light.luminosity > 0)
    phase, value = light.phase[known], light.luminosity[known]
    if phase.size == 0:
        nan = np.nan
        return LightShape(nan, nan, False, nan, nan, nan, nan, nan, nan)
    step = np.diff(phase)
    near = step <= max_gap
    energy = float(np.sum((0.5 * (value[1:] + value[:-1]) * step)[near]) * _DAY)
    k = int(value.argmax())
    bracketed = 0 < k < phase.size - 1 and bool(near[k - 1] and near[k])
    if not bracketed:
        return LightShape(np.nan, np.nan, False, np.nan, np.nan, np.nan, energy, float(phase[0]), float(phase[-1]))
    peak_phase, peak = _vertex(phase[k - 1 : k + 2], np.log(value[k - 1 : k + 2]))
    log_value = np.log(value) - peak
    rise = peak_phase - _crossing(phase[k::-1], log_value[k::-1], np.log(0.5), max_gap)
    decline = _crossing(phase[k:], log_value[k:], np.log(0.5), max_gap) - peak_phase
    later = _at(phase, log_value, peak_phase + 15.0, max_gap)
    return LightShape(
        float(np.exp(peak)), peak_phase, True, rise, decline, -2.5 / np.log(10.0) * later, energy,
        float(phase[0]), float(phase[-1]),
    )  # fmt: skip


def _vertex(x: Array, y: Array) -> tuple[float, float]:
    """Place and height of the top of the parabola through three points, the middle one the highest."""
    curvature, slope, height = np.polyfit(x - x[1], y, 2)
    if curvature >= 0:
        return float(x[1]), float(y[1])
    at = float(np.clip(-0.5 * slope / curvature, x[0] - x[1], x[2] - x[1]))
    return float(x[1] + at), float(height + at * (slope + at * curvature))


def _crossing(x: Array, y: Array, level: float, max_gap: float) -> float:
    """First place from the start at which y falls to the level; NaN if it never does, or does so in a gap."""
    below = np.flatnonzero(y <= level)
    if below.size == 0 or below[0] == 0:
        return np.nan
    i = int(below[0])
    if np.any(np.abs(np.diff(x[: i + 1])) > max_gap):
        return np.nan
    return float(x[i - 1] + (level - y[i - 1]) / (y[i] - y[i - 1]) * (x[i] - x[i - 1]))


def _at(x: Array, y: Array, place: float, max_gap: float) -> float:
    i = int(np.searchsorted(x, place))
    if i == 0 or i == x.size or x[i] - x[i - 1] > max_gap:
        return np.nan
    return float(np.interp(place, x[i - 1 : i + 1], y[i - 1 : i + 1]))
