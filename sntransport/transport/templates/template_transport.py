"""Interpolation beside a template: what the template does in the same interval that its own interpolation misses.

Two spectra cannot say what happens between them beyond a straight path; a mean series of the class can. The template is
read at the two phases that fit both the photometry and the spectra, interpolated between them by the same interpolator
as the supernova, and what that misses of the template in between is added to the supernova, in ln flux, in proportion
to how much of the template's change of features the two spectra show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._numerics.smoothing import bell_mean
from sntransport._objects.arguments import answers_mistakes
from sntransport.spectra.grid import velocity_step
from sntransport.spectra.observations import Supernova
from sntransport.spectra.phases import Neighbors
from sntransport.spectra.series import SpectralSeries
from sntransport.transport.features import feature_transport
from sntransport.transport.interpolators import Interpolator
from sntransport.transport.templates.photometry_clock import Clock, photometric_clock

_CONTINUUM = 12000.0
_RESOLUTION = 750.0
_COMPARED = (4000.0, 7000.0)
_FEWEST_BINS = 150
_LEAST_FLUX = 1e-4
# Difference of ln features between two supernovae of a class at the same phase (one bin), and of its mean square.
_SCATTER = 0.1
_SHARPNESS = 0.0005
_NO_MATCH = 0.05
_MISMATCH = 0.009
_MOST_GAIN = 1.3
_LEAST_STRENGTH = 0.02
_MOST_MISSED = 1.5
_BEYOND = 3.0


@dataclass(frozen=True, eq=False, kw_only=True)
class TemplateTransport:
    """Interpolation between spectra of one supernova beside a template; made by `beside_template`.

    ``phase`` (n_spec,) [rest-frame d] are the spectra, ``match`` (n_spec, n_phase) the robust mean square difference of
    their features from the template's at each of its phases, NaN where too little of a spectrum can be compared.
    ``full`` [d] is the gap from which the template counts in full; below, in proportion.

    Examples
    --------
    >>> from sntransport.calibration import prepare
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.transport.templates import beside_template, hsiao
    >>> sn = demo_supernova()
    >>> beside = beside_template(hsiao(), sn, prepare(sn).series)
    >>> print(beside.phase.round(1), beside.match.shape)
    [-11.  -7.  -1.   6.  14.  24.  38.  60.] (8, 104)
    """

    template: SpectralSeries
    clock: Clock
    phase: Array
    match: Array
    interpolate: Interpolator = feature_transport
    full: float = 30.0

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed, for the notes of a build."""
        name = f"interpolated beside the template of {self.template.name}"
        if not np.isfinite(self.match).all(axis=1).any():
            low, high = _COMPARED
            return (f"not {name}: no spectrum covers enough of {low:.0f} to {high:.0f} A to be compared with it",)
        if not self.clock.n_points:
            return (f"{name}, its phases from the spectra alone: no photometry between 3900 and 6900 A near maximum",)
        zero, error, stretch = self.clock.summary()
        return (
            f"{name}: its B maximum at phase {zero:.1f} +- {error:.1f} d and a stretch of {stretch:.2f}, "
            f"from {self.clock.n_points} points of photometry",
        )

    def template_phases(self, phase_a: float, phase_b: float) -> tuple[float, float, float]:
        """Template phases of two spectra, and how badly their features match there.

        Parameters
        ----------
        phase_a, phase_b : float [rest-frame d]

        Returns
        -------
        template_a, template_b : float [d]
            Means over all clocks, weighted by how well photometry and the two spectra fit.
        mismatch : float
            Mean square difference of ln features; infinite where neither spectrum can be compared.
        """
        rows = [int(np.abs(self.phase - phase).argmin()) for phase in (phase_a, phase_b)]
        rows = [row for row in rows if np.all(np.isfinite(self.match[row]))]
        known, cost = self.template.phase, self.clock.cost.copy()
        for row in rows:
            at = self.clock.template_phase(self.phase[row])
            inside = (at >= known[0]) & (at <= known[-1])
            apart = np.where(inside, np.interp(at, known, self.match[row]), np.inf)
            cost += np.minimum(apart, _NO_MATCH) / _SHARPNESS
        weight = np.exp(cost.min() - cost)
        weight /= weight.sum()
        zero = float(weight.sum(axis=1) @ self.clock.zero)
        stretch = float(weight.sum(axis=0) @ self.clock.stretch)
        mismatch = [np.interp((self.phase[row] - zero) / stretch, known, self.match[row]) for row in rows]
        return (phase_a - zero) / stretch, (phase_b - zero) / stretch, float(np.mean(mismatch)) if mismatch else np.inf

    def between(self, phase_a: float, phase_b: float) -> Interpolator:
        """Return the interpolator of two spectra at these phases [rest-frame d], the earlier first.

        It returns what ``interpolate`` does where the template does not reach both phases, fits neither spectrum, or
        can be compared with neither: without evidence for it the template has no say.
        """
        first, last, mismatch = self.template_phases(phase_a, phase_b)
        strength = min(1.0, (phase_b - phase_a) / self.full) / (1.0 + (mismatch / _MISMATCH) ** 6)
        known = self.template.phase
        if first < known[0] - _BEYOND or last > known[-1] + _BEYOND or strength <= _LEAST_STRENGTH:
            return self.interpolate

        def beside(wave: Array, flux_a: Array, flux_b: Array, t: Array) -> Array:
            plain = self.interpolate(wave, flux_a, flux_b, t)
            ends = _rows(self.template, np.array([first, last]), wave)
            full = strength * _gain(wave, ends, np.stack([flux_a, flux_b]))
            if full <= _LEAST_STRENGTH:
                return plain
            ends -= ends.mean(axis=1, keepdims=True)
            missed = _rows(self.template, first + t * (last - first), wave)
            missed -= np.log(self.interpolate(wave, np.exp(ends[0]), np.exp(ends[1]), t))
            missed = np.clip(missed - missed.mean(axis=1, keepdims=True), -_MOST_MISSED, _MOST_MISSED)
            out = plain * np.exp(full * missed)
            out[t == 0], out[t == 1] = flux_a, flux_b
            return np.asarray(out)

        return beside


@answers_mistakes
def beside_template(
    template: SpectralSeries,
    sn: Supernova,
    sparse: SpectralSeries,
    *,
    interpolate: Interpolator = feature_transport,
    full: float = 30.0,
) -> TemplateTransport:
    """Fit the clock of a template to a supernova.

    Parameters
    ----------
    template : SpectralSeries
        Phases from B maximum; should cover at least 4000 to 7000 A.
    sn : Supernova
        Its photometry sets the clock.
    sparse : SpectralSeries
        Its prepared spectra, on a grid even in ln wavelength.
    interpolate : callable
        What is corrected, for supernova and template alike.
    full : float [rest-frame d]
        Gap from which the template counts in full; below, in proportion.

    Returns
    -------
    TemplateTransport

    Examples
    --------
    >>> from sntransport.calibration import prepare
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.transport.templates import beside_template, hsiao
    >>> sn = demo_supernova()
    >>> sparse = prepare(sn).series
    >>> between = beside_template(hsiao(), sn, sparse).between(sparse.phase[0], sparse.phase[1])
    >>> bins = np.isfinite(sparse.flux[:2]).all(axis=0)
    >>> between(sparse.wave[bins], *sparse.flux[:2, bins], np.array([0.5])).shape == (1, bins.sum())
    True
    """
    clock = photometric_clock(template, sn, float(sparse.phase[0]))
    match = np.stack([_match(template, sparse.wave, flux) for flux in sparse.flux])
    return TemplateTransport(
        template=template, clock=clock, phase=sparse.phase, match=match, interpolate=interpolate, full=full
    )


def _match(template: SpectralSeries, wave: Array, flux: Array) -> Array:
    """Robust mean square difference of features from the template at each of its phases, (n_phase,)."""
    covered = np.flatnonzero(np.isfinite(flux))
    inside = wave[covered]
    nothing = np.full(template.n_phase, np.nan)
    if covered.size == 0 or np.sum((inside > _COMPARED[0]) & (inside < _COMPARED[1])) < _FEWEST_BINS:
        return nothing
    span = slice(covered[0], covered[-1] + 1)
    whole = wave[span]
    own = _features(whole, _log(np.interp(whole, inside, flux[covered]))[None])
    used = (whole > _COMPARED[0]) & (whole < _COMPARED[1])
    apart = (_features(whole, _rows(template, template.phase, whole)) - own)[:, used] / _SCATTER
    return np.asarray(_SCATTER**2 * np.log1p(apart**2).mean(axis=1))


def _features(wave: Array, logs: Array) -> Array:
    """Ln flux smoothed to the resolution at which it is compared, less its continuum."""
    step = velocity_step(wave)
    fine = bell_mean(logs, _RESOLUTION / step)
    return fine - bell_mean(fine, _CONTINUUM / step)


def _gain(wave: Array, template_ends: Array, fluxes: Array) -> float:
    """How much of the template's change of features two spectra show: a regression, within 0 and 1.3."""
    step = velocity_step(wave)
    changes = [np.diff(x, axis=0)[0] for x in (template_ends, np.stack([_log(flux) for flux in fluxes]))]
    own, real = (change - bell_mean(change, _CONTINUUM / step) for change in changes)
    return float(np.clip(own @ real / max(float(own @ own), 1e-12), 0.0, _MOST_GAIN))


def _log(flux: Array) -> Array:
    return np.asarray(np.log(np.maximum(flux, _LEAST_FLUX * flux.mean())))


def _rows(template: SpectralSeries, phase: Array, wave: Array) -> Array:
    """Ln flux of the template at any phases, (n, n_wave): linear in phase, the end values beyond its ends."""
    place = np.clip(np.interp(phase, template.phase, np.arange(template.n_phase)), 0, template.n_phase - 1.000001)
    low = place.astype(np.int64)
    needed, index = np.unique(np.concatenate([low, low + 1]), return_inverse=True)
    rows = np.stack([_log(np.interp(wave, template.wave, template.flux[k])) for k in needed])
    return Neighbors(left=index[: low.size], right=index[low.size :], share=place - low).mean(rows)
