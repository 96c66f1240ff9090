"""The error of interpolation: how far a rebuilt spectrum is from one that was observed but hidden.

The variance of ln(observed / rebuilt) in a bin, besides photon noise, is

    sigma**2 = c * (n**2 + q**p (k**2 D**2 + s**2 (g / 20 d)**r)) * exp(a x + b x**2)

with D the rms of ln(flux_b / flux_a), gray factor taken out, over 5000 km/s around the bin; g the gap [rest-frame d];
q = 4 w (1 - w) the variance of a Brownian bridge at position w in the gap, over that in its middle; x the ln of the
wavelength over 5500 A; and c = scale * (g / 20 d)**steeper a factor of the class of the supernova. The coefficients
are fitted to hidden spectra of real supernovae by ``tests/benchmarks/fit_error_model.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import stdtrit

from sntransport._numerics.arrays import Array
from sntransport._numerics.smoothing import bell_mean
from sntransport._objects.arguments import answers_mistakes
from sntransport.spectra.grid import velocity_step
from sntransport.spectra.observations import broad_class

ErrorModel = Callable[[str, Array, Array, float, Array], Array]
"""``f(sn_type, wave, change, gap, bridge) -> sigma`` of ln flux, (n_t, n_wave).

``wave`` [A] and ``change`` (from `log_change`) are (n_wave,), ``gap`` is in rest-frame days and ``bridge`` (n_t,) is
4 w (1 - w) at positions w in the gap.
"""

CHANGE_WIDTH = 5000.0
"""Standard deviation of the running mean that `log_change` takes [km/s]."""

SHARE_WITH_COLORS = 0.45
"""What is left of the error of interpolation after a calibration on photometry, beside the error of the latter."""

_PIVOT_WAVE = 5500.0
_PIVOT_GAP = 20.0
_CENTRAL = 0.6827
# A longer extrapolation in wavelength or gap than the data had would be a guess.
_REDDEST, _BLUEST, _WIDEST, _NARROWEST = 10500.0, 3000.0, 70.0, 1.0


@dataclass(frozen=True, kw_only=True)
class Coefficients:
    """Coefficients of the model in the module's docstring.

    ``repeat`` n, ``change`` k, ``drift`` s, ``bridge_power`` p, ``gap_power`` r, ``slope`` a, ``curve`` b; by class
    ``scale`` and ``steeper`` (1 and 0 for a class that is not listed). ``freedom``: degrees of freedom of the Student
    distribution that has the tails of the residuals.
    """

    repeat: float
    change: float
    drift: float
    bridge_power: float
    gap_power: float
    slope: float
    curve: float
    freedom: float
    scale: Mapping[str, float] = field(default_factory=dict)
    steeper: Mapping[str, float] = field(default_factory=dict)


FITTED = Coefficients(
    repeat=0.0409,
    change=0.1741,
    drift=0.0459,
    bridge_power=0.7066,
    gap_power=-0.061,
    slope=0.6327,
    curve=2.2887,
    freedom=2.8272,
    scale={"Ia": 1.1678, "II": 0.8377, "Ib/c": 1.0211},
    steeper={"Ia": -0.0615, "II": 0.0464, "Ib/c": 0.0752},
)
"""Fitted to `class_transport` on 2,294 hidden spectra of 15 supernovae (``fit_error_model.py``). Nearly right for
`log_linear` and `linear`; raw-flux transport (`wasserstein`) errs more than this says."""


def log_change(wave: Array, flux_a: Array, flux_b: Array) -> Array:
    """How much a spectrum changes between two dates: rms of ln(flux_b / flux_a) around each bin.

    Parameters
    ----------
    wave : ndarray, (n_wave,) [A]
        Even in its logarithm.
    flux_a, flux_b : ndarray, (n_wave,)
        Positive; a bin where one is not counts as no change.

    Returns
    -------
    ndarray, (n_wave,)
        The median ratio is taken out first, so that brightness has no say; symmetric in the two.
    """
    good = (flux_a > 0) & (flux_b > 0)
    if not good.any():
        return np.zeros(wave.size)
    ratio = np.log(np.where(good, flux_b, 1.0) / np.where(good, flux_a, 1.0))
    square = np.where(good, ratio - np.median(ratio[good]), 0.0) ** 2
    return np.asarray(np.sqrt(np.maximum(bell_mean(square, CHANGE_WIDTH / velocity_step(wave)), 0.0)))


@answers_mistakes
def interpolation_error(
    sn_type: str, wave: Array, change: Array, gap: float, bridge: Array, *, coefficients: Coefficients = FITTED
) -> Array:
    """Standard error of ln flux of a rebuilt spectrum besides photon noise, at one gray factor.

    Parameters
    ----------
    sn_type : str
        Its broad class chooses the coefficients; those of all classes together for another type.
    wave : ndarray, (n_wave,) [rest-frame A]
        Beyond 3000 and 10500 A as there.
    change : ndarray, (n_wave,)
        From `log_change`.
    gap : float [rest-frame d]
        Between the two spectra. Below 1 and above 70 d as there.
    bridge : ndarray, (n_t,)
        4 w (1 - w) at positions w in the gap; 4 w for a prediction from one side, w in units of the gap.
    coefficients : Coefficients

    Returns
    -------
    ndarray, (n_t, n_wave)
        At ``bridge`` 0 it is not zero: two real spectra of one night differ by more than their noise.

    Examples
    --------
    >>> wave = np.array([4000.0, 6000.0])
    >>> change = np.array([0.1, 0.1])
    >>> sigma = snt.transport.interpolation_error("Ia", wave, change, 10.0, np.array([0.0, 1.0]))
    >>> print(sigma.round(2))
    [[0.05 0.05]
     [0.07 0.07]]
    """
    c, days = coefficients, float(np.clip(gap, _NARROWEST, _WIDEST)) / _PIVOT_GAP
    x = np.log(np.clip(wave, _BLUEST, _REDDEST) / _PIVOT_WAVE)
    sn_class = broad_class(sn_type)
    factor = c.scale.get(sn_class, 1.0) * days ** c.steeper.get(sn_class, 0.0) * np.exp(c.slope * x + c.curve * x**2)
    moved = c.change**2 * change**2 + c.drift**2 * days**c.gap_power
    return np.asarray(np.sqrt(factor * (c.repeat**2 + np.outer(bridge**c.bridge_power, moved))))


@answers_mistakes
def interval_factor(level: float, coefficients: Coefficients = FITTED) -> float:
    """Half the width of a central interval, in units of ``flux_err``.

    Parameters
    ----------
    level : float
        Share of the truth inside, above 0 and below 1.

    Returns
    -------
    float
        1 at 68.27 %. More than a Gaussian's beyond: the tails of interpolation errors are those of a Student
        distribution.

    Raises
    ------
    ValueError
        Where ``level`` is out of range.

    Examples
    --------
    >>> print(f"{snt.transport.interval_factor(0.6827):.2f} {snt.transport.interval_factor(0.95):.2f}")
    1.00 2.72
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level is {level}, expected a share above 0 and below 1")
    wide, unit = (float(stdtrit(coefficients.freedom, 0.5 + 0.5 * share)) for share in (level, _CENTRAL))
    return wide / unit
