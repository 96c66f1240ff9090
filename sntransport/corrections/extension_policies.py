"""What lies beyond the covered wavelengths of a spectrum: nothing, a blackbody, or a template series.

A policy is a function ``(wave, flux, phase) -> Extension``. Blackbodies are fitted to many spectra at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport.spectra.series import SpectralSeries, require_series

BLANKETED = 3000.0
"""Where line blanketing sets in [A] in `suppressed_blackbody` (Nicholl, Guillochon & Berger 2017, ApJ 850, 55)."""

_BLUEST, _REDDEST = 200.0, 1e6
_EDGE, _TEMPLATE_EDGE = 0.05, 0.03


@dataclass(frozen=True, eq=False, kw_only=True)
class Extension:
    """What a policy says beyond a spectrum: flux at ``uv_wave`` and ``nir_wave`` (n_phase, n) each, and where from.

    Wavelengths [A] ascend and end or begin at the edge of each spectrum. ``temperature`` (n_phase,) [K] and ``scale``
    of the blackbody, NaN without one. ``words`` describes the policy in one line.
    """

    uv_wave: Array
    uv_flux: Array
    nir_wave: Array
    nir_flux: Array
    temperature: Array
    scale: Array
    words: str


Policy = Callable[[Array, Array, Array], Extension]
"""``f(wave, flux, phase) -> Extension``, with flux (n_phase, n_wave), NaN where not covered, and phase (n_phase,)."""


def none(wave: Array, flux: Array, phase: Array) -> Extension:
    """Add nothing: the luminosity is that of the covered wavelengths.

    Examples
    --------
    >>> from sntransport.corrections.extension_policies import none
    >>> wave = np.arange(4000.0, 8000.0, 10.0)
    >>> none(wave, np.ones((1, 400)), np.zeros(1)).uv_wave.size
    0
    """
    empty, nan = np.empty((flux.shape[0], 0)), np.full(flux.shape[0], np.nan)
    return Extension(
        uv_wave=empty,
        uv_flux=empty,
        nir_wave=empty,
        nir_flux=empty,
        temperature=nan,
        scale=nan,
        words="covered wavelengths only",
    )


def blackbody(wave: Array, flux: Array, phase: Array) -> Extension:
    """Add the blackbody fitted to the whole spectrum, scaled to meet it at either edge.

    Examples
    --------
    >>> from sntransport.corrections.extension_policies import blackbody
    >>> wave = np.arange(4000.0, 8000.0, 10.0)
    >>> flux = (wave / 5000.0) ** -5 / np.expm1(1.4388e8 / (wave * 9000.0))
    >>> print(blackbody(wave, flux[None], np.zeros(1)).temperature.round(-1))
    [9000.]
    """
    return _blackbody(wave, flux, 0.0)


def suppressed_blackbody(wave: Array, flux: Array, phase: Array) -> Extension:
    """As `blackbody`, but below 3000 A times wavelength over 3000 A, as line blanketing suppresses it.

    The form of Nicholl, Guillochon & Berger (2017, ApJ 850, 55). Where the spectrum itself begins below 3000 A the
    suppression begins there.

    Examples
    --------
    >>> from sntransport.corrections.extension_policies import blackbody, suppressed_blackbody
    >>> wave = np.arange(4000.0, 8000.0, 10.0)
    >>> flux = ((wave / 5000.0) ** -5 / np.expm1(1.4388e8 / (wave * 9000.0)))[None]
    >>> one, other = (policy(wave, flux, np.zeros(1)) for policy in (blackbody, suppressed_blackbody))
    >>> near = np.abs(one.uv_wave - 2000.0).argmin()
    >>> print((other.uv_flux / one.uv_flux)[0, near].round(2))
    0.67
    """
    return _blackbody(wave, flux, 1.0)


def from_template(template: SpectralSeries, maximum: float = 0.0) -> Policy:
    """Return a policy: the template at the same phase, scaled to meet the spectrum at either edge.

    Parameters
    ----------
    template : SpectralSeries
        Such as `sntransport.transport.templates.sources.hsiao`; its absolute flux is not used.
    maximum : float [rest-frame d]
        Phase of the supernova's series at which the template has phase 0: the B maximum for `hsiao`, whereas a series
        built from a supernova usually counts from discovery.

    Returns
    -------
    callable
        The scale at an edge is the ratio of the flux within 0.03 in ln wavelength. Nothing is added beyond the
        wavelengths of the template. Flux is NaN at phases that the template does not have (linear between its own)
        and where it does not reach the edge of a spectrum.

    Raises
    ------
    TypeError
        Where ``template`` is no `SpectralSeries`.
    ValueError
        Where ``maximum`` is not finite.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.corrections.extension_policies import from_template
    >>> from sntransport.transport.templates import hsiao
    >>> series = template(np.array([0.0]), np.arange(3300.0, 9600.0, 10.0))
    >>> light = snt.bolometric(series, policy=from_template(hsiao()))
    >>> print((light.share_uv + light.share_nir).round(2))
    [0.2]
    """
    require_series(template, "from_template")
    if not np.isfinite(maximum):
        raise ValueError(f"maximum is {maximum}, expected the phase [d] at which the template has phase 0")

    def policy(wave: Array, flux: Array, phase: Array) -> Extension:
        blue, red = (_template_side(template, wave, flux, phase - maximum, red=red) for red in (False, True))
        nan = np.full(phase.size, np.nan)
        name = template.name or "a series without a name"
        words = f"template {name}, its phase 0 at {maximum:+.1f} d, scaled to meet the spectrum at either edge"
        return Extension(
            uv_wave=blue[0], uv_flux=blue[1], nir_wave=red[0], nir_flux=red[1], temperature=nan, scale=nan, words=words
        )

    return policy


def _template_side(
    template: SpectralSeries, wave: Array, flux: Array, phase: Array, *, red: bool
) -> tuple[Array, Array]:
    """Wavelengths and scaled flux of a template on one side of every spectrum, (n_phase, n) each."""
    edge = covered_edges(wave, flux)[int(red)]
    u = np.linspace(0.0, 1.0, 2000)
    x, y = np.full((phase.size, u.size), np.nan), np.full((phase.size, u.size), np.nan)
    spectra = template.at(phase).flux
    for i in np.flatnonzero(np.isfinite(edge)):
        theirs = spectra[i]
        known = np.isfinite(theirs)
        ends = template.wave[known][[0, -1]] if known.any() else np.full(2, edge[i])
        low, high = (edge[i], max(ends[1], edge[i])) if red else (min(ends[0], edge[i]), edge[i])
        x[i] = np.exp(np.log(low) + u * (np.log(high) - np.log(low)))
        x[i, -1 if not red else 0] = edge[i]
        if known.any():
            own = np.interp(wave, template.wave[known], theirs[known], left=np.nan, right=np.nan)
            factor = meeting_factor(wave, flux[i], own, edge[i])
            y[i] = np.interp(x[i], template.wave[known], theirs[known]) * factor
    return x, y


def meeting_factor(wave: Array, flux: Array, other: Array, edge: float) -> float:
    """Factor that brings another spectrum to this one near an edge; NaN where they have nothing in common there."""
    near = (np.abs(np.log(wave / edge)) < _TEMPLATE_EDGE) & np.isfinite(flux) & np.isfinite(other)
    total = other[near].sum()
    return float(max(flux[near].sum(), 0.0) / total) if total > 0 else np.nan


POLICIES: dict[str, Policy] = {"none": none, "blackbody": blackbody, "suppressed_blackbody": suppressed_blackbody}
"""Policies by name that need no template."""


def _blackbody(wave: Array, flux: Array, power: float) -> Extension:
    fitted = fit_blackbody(wave, flux)
    blue, red = covered_edges(wave, flux)
    u = np.linspace(0.0, 1.0, 400)
    with np.errstate(invalid="ignore"):
        uv = np.exp(np.log(_BLUEST) + u * (np.log(blue) - np.log(_BLUEST))[:, None])
        nir = np.exp(np.log(red)[:, None] + u * (np.log(_REDDEST) - np.log(red))[:, None])
        near = np.abs(np.log(wave) - np.log(np.stack([blue, red]))[:, :, None]) < _EDGE
        model = fitted.flux(wave)
    joined = []
    for side in near:
        used = side & np.isfinite(flux) & np.isfinite(model)
        ratio = np.where(used, flux, 0.0).sum(axis=1) / np.maximum(np.where(used, model, 0.0).sum(axis=1), 1e-300)
        joined.append(np.clip(ratio, 0.1, 10.0))
    start = np.minimum(BLANKETED, blue)[:, None]
    suppressed = np.minimum(uv / start, 1.0) ** power
    shape = [fitted.scale[:, None] * _planck_rows(side, fitted.temperature) for side in (uv, nir)]
    words = "blackbody fitted to the spectrum" + (f", times wavelength / {BLANKETED:.0f} A below it" if power else "")
    return Extension(
        uv_wave=uv,
        uv_flux=shape[0] * suppressed * joined[0][:, None],
        nir_wave=nir,
        nir_flux=shape[1] * joined[1][:, None],
        temperature=fitted.temperature,
        scale=fitted.scale,
        words=words,
    )


def _planck_rows(wave: Array, temperature: Array) -> Array:
    return planck(wave, temperature[:, None])


def covered_edges(wave: Array, flux: Array) -> tuple[Array, Array]:
    """First and last covered wavelength of every spectrum; NaN where nothing is covered."""
    known = np.isfinite(flux)
    some = known.any(axis=1)
    first, last = known.argmax(axis=1), known.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    return np.where(some, wave[first], np.nan), np.where(some, wave[last], np.nan)


HC_OVER_K = 1.438776877e8
"""h c / k [A K] (exact, SI)."""

SIGMA_SB = 5.670374419e-5
"""Stefan-Boltzmann constant [erg s-1 cm-2 K-4] (exact, SI)."""

COOLEST, HOTTEST = 1500.0, 60000.0
"""Range of temperatures that are fitted [K]."""

_NODES = 160
_ROUNDS = 3
_LOCAL = 21
_CHUNK = 16


@dataclass(frozen=True, eq=False, kw_only=True)
class Blackbody:
    """Blackbodies, one a spectrum: ``temperature`` (n_phase,) [K] and ``scale`` (n_phase,), flux = scale x `planck`.

    NaN where nothing could be fitted; ``at_edge`` (n_phase,) says where the best temperature is an end of the range.
    """

    temperature: Array
    scale: Array
    at_edge: Array

    def flux(self, wave: Array) -> Array:
        """Flux at wavelengths [A], (n_phase, n_wave), in the unit of the spectra."""
        return self.scale[:, None] * planck(wave, self.temperature[:, None])


def planck(wave: Array, temperature: Array) -> Array:
    """Shape of a blackbody, ``(wave / 5000 A)**-5 / (exp(hc / (wave k T)) - 1)``; broadcasts."""
    return np.asarray((wave / 5000.0) ** -5 / np.expm1(np.minimum(HC_OVER_K / (wave * temperature), 700.0)))


def fit_blackbody(wave: Array, flux: Array) -> Blackbody:
    """Fit a blackbody to every spectrum, by least squares in flux with equal weight for every Angstrom.

    Parameters
    ----------
    wave : ndarray, (n_wave,) [A]
    flux : ndarray, (n_phase, n_wave)
        NaN where not covered; negative values take part.

    Returns
    -------
    Blackbody
        Temperatures from 1500 to 60000 K; NaN for a spectrum with fewer than three bins or no positive best scale.

    Notes
    -----
    For a given temperature the best scale is linear: only the temperature is searched, on a grid for all spectra in
    two matrix products, then three times around the best node, each ten times finer.
    """
    width = np.gradient(wave)
    known = np.isfinite(flux)
    weight, filled = known * width, np.where(known, flux, 0.0)
    grid = np.geomspace(COOLEST, HOTTEST, _NODES)
    shape = planck(wave, grid[:, None])
    by_flux, by_shape = (filled * weight) @ shape.T, weight @ (shape**2).T
    best = _explained(by_flux, by_shape).argmax(axis=1)
    temperature, step = grid[best], np.log(grid[1] / grid[0])
    for _ in range(_ROUNDS):
        temperature = _refined(wave, filled, weight, temperature, step)
        step *= 2.0 / (_LOCAL - 1)
    shape = planck(wave, temperature[:, None])
    total = (weight * shape**2).sum(axis=1)
    scale = (filled * weight * shape).sum(axis=1) / np.where(total > 0, total, np.nan)
    fitted = (known.sum(axis=1) >= 3) & (scale > 0)
    at_edge = fitted & ((best == 0) | (best == _NODES - 1))
    return Blackbody(
        temperature=np.where(fitted, temperature, np.nan), scale=np.where(fitted, scale, np.nan), at_edge=at_edge
    )


def _explained(by_flux: Array, by_shape: Array) -> Array:
    """Sum of squares that the best positive scale explains."""
    return np.asarray(np.maximum(by_flux, 0.0) ** 2 / np.maximum(by_shape, 1e-300))


def _refined(wave: Array, flux: Array, weight: Array, temperature: Array, step: float) -> Array:
    """Best of temperatures within ``step`` in ln of those given."""
    offset = np.exp(np.linspace(-step, step, _LOCAL))
    out = temperature.copy()
    for start in range(0, temperature.size, _CHUNK):
        rows = slice(start, start + _CHUNK)
        tried = np.clip(temperature[rows, None] * offset, COOLEST, HOTTEST)
        shape = planck(wave, tried[:, :, None])
        by_flux = np.einsum("pw,ptw->pt", flux[rows] * weight[rows], shape)
        by_shape = np.einsum("pw,ptw->pt", weight[rows], shape**2)
        out[rows] = np.take_along_axis(tried, _explained(by_flux, by_shape).argmax(axis=1)[:, None], axis=1)[:, 0]
    return out
