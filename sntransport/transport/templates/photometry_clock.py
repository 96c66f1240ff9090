"""When a supernova was at the phases of a template, and how fast it went: a clock from photometry.

Template time runs as ``(phase - zero) / stretch``. On a grid of both, the light curve of the template in every blue and
visual band, at the best brightness in each, is compared with the photometry; colors play no part, so that dust and the
calibration of the bands do not either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sntransport._numerics.arrays import Array, readonly
from sntransport._objects.arguments import answers_mistakes
from sntransport.photometry.bands import effective_wave, load_bands
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.spectra.observations import LightCurve, Supernova
from sntransport.spectra.series import SpectralSeries

STRETCH = 0.12
"""Standard deviation of ln stretch among supernovae of a class."""

# Rest-frame effective wavelengths [A] of the bands used: redward the second maximum differs from object to object.
_BANDS = (3900.0, 6900.0)
# Template phases [d] where light curves of one class are alike.
_ALIKE = (-15.0, 35.0)
# How far supernovae of one stretch differ from the template, ln flux.
_DIVERSITY = 0.08
# Neighboring points share the differences from the template: all together count at most as this many.
_INDEPENDENT = 15.0
_FEWEST = 4
_MOST = 80
_OUTSIDE = 3.0
_ZERO_STEP = 0.5
# Maximum this long before or after what was seen first [rest-frame d].
_BEFORE, _AFTER = 40.0, 60.0
_WINDOW = 120.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Clock:
    """What is known of the template's time: minus ln probability ``cost`` (n_zero, n_stretch), up to a constant.

    ``zero`` (n_zero,) [rest-frame d] is the phase of the supernova at template phase 0, ``stretch`` (n_stretch,) how
    much slower than the template it is. ``n_points`` of photometry count; with 0 the cost is that of the stretch alone.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.transport.templates import hsiao, photometric_clock
    >>> clock = photometric_clock(hsiao(), demo_supernova(), first_spectrum=-11.0)
    >>> zero, stretch = np.unravel_index(clock.cost.argmin(), clock.cost.shape)
    >>> print(f"{clock.zero[zero]:.0f} d, stretch {clock.stretch[stretch]:.2f}, {clock.n_points} points")
    0 d, stretch 1.00, 96 points
    """

    zero: Array
    stretch: Array
    cost: Array
    n_points: int

    def summary(self) -> tuple[float, float, float]:
        """Mean and standard deviation of the zero [rest-frame d], and mean stretch."""
        weight = np.exp(self.cost.min() - self.cost)
        weight /= weight.sum()
        by_zero = weight.sum(axis=1)
        zero = float(by_zero @ self.zero)
        return zero, float(np.sqrt(by_zero @ (self.zero - zero) ** 2)), float(weight.sum(axis=0) @ self.stretch)

    def template_phase(self, phase: float) -> Array:
        """Template phase at a phase of the supernova, for every zero and stretch, (n_zero, n_stretch)."""
        return np.asarray((phase - self.zero[:, None]) / self.stretch)


@answers_mistakes
def photometric_clock(template: SpectralSeries, sn: Supernova, first_spectrum: float) -> Clock:
    """Compare the light curves of a template with photometry.

    Parameters
    ----------
    template : SpectralSeries
        Phases from B maximum.
    sn : Supernova
        Its light curve may be empty; bands that the template does not cover are left out.
    first_spectrum : float [rest-frame d]
        Phase of the earliest spectrum.

    Returns
    -------
    Clock
        Zero from 40 d before to 60 d after what was seen first, a point of photometry above three standard deviations
        or the first spectrum; stretch 0.7 to 1.3.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.transport.templates import hsiao, photometric_clock
    >>> clock = photometric_clock(hsiao(), demo_supernova(), first_spectrum=-11.0)
    >>> print(f"B maximum at {abs(clock.zero[clock.cost.min(axis=1).argmin()]):.1f} d")
    B maximum at 0.0 d
    """
    curves = _usable(sn.light_curve, 1.0 + sn.sightline.z)
    phases = [sn.phase_of(curve.mjd) for curve in curves]
    first = min([first_spectrum, *(float(phase[0]) for phase in phases)])
    zero = np.arange(first - _BEFORE, first + _AFTER + 0.5 * _ZERO_STEP, _ZERO_STEP)
    stretch = np.linspace(0.7, 1.3, 13)
    cost, n_points = np.zeros((zero.size, stretch.size)), 0
    for curve, phase in zip(curves, phases, strict=True):
        early = phase <= first + _WINDOW
        light = synthetic_flux(template.flux, band_matrix(template.wave, curve.bands, sn.sightline))[0][:, 0]
        if early.sum() < _FEWEST or not np.all(np.isfinite(light)) or light.max() <= 0:
            continue
        model = np.log(np.maximum(light, 1e-4 * light.max()))
        kept = np.flatnonzero(early)
        kept = kept[np.unique(np.linspace(0, kept.size - 1, min(kept.size, _MOST)).round().astype(int))]
        value, error = np.log(curve.flux[kept]), curve.flux_err[kept] / curve.flux[kept]
        cost += _band_cost((phase[kept, None, None] - zero[:, None]) / stretch, value, error, template.phase, model)
        n_points += kept.size
    cost *= min(1.0, _INDEPENDENT / max(n_points, 1))
    cost += 0.5 * (np.log(stretch) / STRETCH) ** 2
    return Clock(
        zero=readonly(zero, "zero"),
        stretch=readonly(stretch, "stretch"),
        cost=readonly(cost, "cost", ndim=2),
        n_points=n_points,
    )


def _usable(light_curve: LightCurve, redshift_factor: float) -> list[LightCurve]:
    """Good points of every band used, one light curve a band."""
    good = np.isfinite(light_curve.flux_err) & (light_curve.flux > 3.0 * light_curve.flux_err)
    found = []
    for name in light_curve.bands:
        effective = effective_wave(load_bands([name])[0]) / redshift_factor
        rows = good & (light_curve.band == name)
        if _BANDS[0] < effective < _BANDS[1] and rows.any():
            found.append(
                LightCurve(
                    mjd=light_curve.mjd[rows],
                    band=light_curve.band[rows],
                    flux=light_curve.flux[rows],
                    flux_err=light_curve.flux_err[rows],
                )
            )
    return found


def _band_cost(at: Array, value: Array, error: Array, phase: Array, model: Array) -> Array:
    """Half the robust chi-square of one band, (n_zero, n_stretch); ``at`` (n_obs, n_zero, n_stretch) [template d].

    Cauchy, with a scale of sqrt(3) standard deviations; the brightness of the band is found by one reweighted mean. A
    point outside the phases compared costs as much as one at two and a half standard deviations, so that no clock is
    preferred because it explains less.
    """
    inside = (at >= max(_ALIKE[0], phase[0])) & (at <= min(_ALIKE[1], phase[-1]))
    apart = value[:, None, None] - np.interp(at, phase, model)
    weight = np.where(inside, 1.0 / (error**2 + _DIVERSITY**2)[:, None, None], 0.0)
    robust = weight
    for _ in range(2):
        mean = (robust * apart).sum(axis=0) / np.maximum(robust.sum(axis=0), 1e-9)
        pull = weight * (apart - mean) ** 2
        robust = weight / (1.0 + pull / 3.0)
    return np.asarray(0.5 * np.where(inside, 3.0 * np.log1p(pull / 3.0), _OUTSIDE).sum(axis=0))
