"""Extrapolation of a series in wavelength and in phase: only when asked for, by a stated policy, marked in `origin`.

A wavelength policy is a function ``(wave, flux, phase, target) -> flux`` at the target wavelengths; values where the
spectrum itself is known are not looked at. `hold_color`, `blackbody` and `from_template` are here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import COBALT
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.value_object import ValueObject
from sntransport.corrections.extension_policies import Policy, meeting_factor
from sntransport.corrections.extension_policies import blackbody as _blackbody
from sntransport.corrections.extension_policies import suppressed_blackbody as _suppressed_blackbody
from sntransport.spectra.series import Origin, SpectralSeries, require_series

WavePolicy = Callable[[Array, Array, Array, Array], Array]
"""``f(wave, flux, phase, target) -> (n_phase, n_target)``; NaN where the policy has nothing to say."""

_LONGEST_RISE = 40.0
_TAIL = 20.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Extrapolated(ValueObject):
    """An extrapolated series, the ``share`` of its bins that are extrapolated, and ``notes`` on what was done.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.corrections import extend_decline
    >>> series = template(np.arange(-10.0, 50.0, 5.0), np.arange(3300.0, 9600.0, 10.0))
    >>> longer = extend_decline(series, 60.0, step=5.0)
    >>> print(longer.series.phase[-4:], f"{longer.share:.0%}")
    [45. 50. 55. 60.] 20%
    """

    series: SpectralSeries
    share: float
    notes: tuple[str, ...]


def hold_color(wave: Array, flux: Array, phase: Array, target: Array) -> Array:
    """The shape of the nearest phase that covers the wavelength, scaled to meet this phase at its own edge.

    NaN where no phase covers the wavelength together with the edge.
    """
    out = np.full((phase.size, target.size), np.nan)
    known = np.isfinite(flux)
    inside = [np.interp(target, wave, row, left=np.nan, right=np.nan) for row in flux]
    for i in np.flatnonzero(known.any(axis=1)):
        first, last = np.flatnonzero(known[i])[[0, -1]]
        for side, edge in ((target < wave[first], first), (target > wave[last], last)):
            for j in np.argsort(np.abs(phase - phase[i]), kind="stable"):
                missing = side & np.isnan(out[i])
                if not missing.any():
                    break
                factor = meeting_factor(wave, flux[i], flux[j], wave[edge])
                if j != i and np.isfinite(factor):
                    out[i, missing] = factor * inside[j][missing]
    return out


def continue_blackbody(wave: Array, flux: Array, phase: Array, target: Array) -> Array:
    """A blackbody fitted to each spectrum and scaled to meet it at either edge."""
    return _from_extension(_blackbody, wave, flux, phase, target)


def continue_suppressed_blackbody(wave: Array, flux: Array, phase: Array, target: Array) -> Array:
    """As `blackbody`, but below 3000 A suppressed by line blanketing (see `corrections.extension_policies`)."""
    return _from_extension(_suppressed_blackbody, wave, flux, phase, target)


def continue_template(template: SpectralSeries) -> WavePolicy:
    """Return a policy: the spectrum of a template at the same phase, scaled to meet the spectrum at either edge.

    Parameters
    ----------
    template : SpectralSeries
        With the same meaning of phase 0.
    """
    require_series(template, "from_template")

    def policy(wave: Array, flux: Array, phase: Array, target: Array) -> Array:
        out = np.full((phase.size, target.size), np.nan)
        spectra = template.at(phase).flux
        for i in np.flatnonzero(np.isfinite(flux).any(axis=1)):
            theirs = spectra[i]
            first, last = np.flatnonzero(np.isfinite(flux[i]))[[0, -1]]
            own = np.interp(wave, template.wave, theirs, left=np.nan, right=np.nan)
            values = np.interp(target, template.wave, theirs, left=np.nan, right=np.nan)
            for side, edge in ((target < wave[first], first), (target > wave[last], last)):
                out[i, side] = values[side] * meeting_factor(wave, flux[i], own, wave[edge])
        return out

    return policy


WAVE_POLICIES: dict[str, WavePolicy] = {
    "hold_color": hold_color, "blackbody": continue_blackbody, "suppressed_blackbody": continue_suppressed_blackbody,
}  # fmt: skip
"""Policies by name."""


@answers_mistakes
def extend_wave(series: SpectralSeries, wave_range: tuple[float, float], policy: WavePolicy) -> Extrapolated:
    """Fill every phase to a range of wavelengths.

    Parameters
    ----------
    series : SpectralSeries
    wave_range : tuple of float [rest-frame A]
        The grid is continued with the steps of its ends where it is shorter.
    policy : callable
        Such as `hold_color`.

    Returns
    -------
    Extrapolated
        Known bins stay as they are; bins within the range that the policy has a value for have `Origin.EXTRAPOLATED`
        and an error that is not known (NaN). Negative values of the policy are taken as 0. Phases without any flux
        stay empty.

    Raises
    ------
    ValueError
        Where the range does not ascend or is not positive.

    Examples
    --------
    >>> from sntransport.corrections import extend_wave
    >>> from sntransport.corrections.extrapolation import continue_blackbody
    >>> wave = np.arange(4000.0, 8000.0, 10.0)
    >>> flux = (wave / 5000.0) ** -5 / np.expm1(1.4388e8 / (wave * 9000.0))
    >>> series = snt.SpectralSeries(phase=[0.0], wave=wave, flux=[flux])
    >>> wider = extend_wave(series, (3500.0, 9000.0), continue_blackbody)
    >>> wider.series.wave[[0, -1]].round().tolist(), int(wider.series.origin[0, 0])
    ([3495.0, 9011.0], 3)
    """
    require_series(series, "extend_wave")
    low, high = wave_range
    if not 0 < low < high < np.inf:
        raise ValueError(f"wave_range is {wave_range}, expected two ascending positive wavelengths [A]")
    wave = _continued(series.wave, low, high)
    start = int(np.searchsorted(wave, series.wave[0] * (1.0 - 1e-12)))
    place = slice(start, start + series.n_wave)
    shape = (series.n_phase, wave.size)
    flux, flux_err, origin = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, np.uint8)
    flux[:, place], flux_err[:, place], origin[:, place] = series.flux, series.flux_err, series.origin
    made = policy(series.wave, series.flux, series.phase, wave)
    # The bins around the limits too, so that the whole range is between bins.
    first, last = int(np.searchsorted(wave, low, side="right")) - 1, int(np.searchsorted(wave, high))
    bins = np.arange(wave.size)
    fill = np.isnan(flux) & np.isfinite(made) & (bins >= first) & (bins <= last)
    flux[fill], origin[fill] = np.maximum(made[fill], 0.0), Origin.EXTRAPOLATED
    share = float(np.count_nonzero(fill)) / max(int(np.count_nonzero(origin)), 1)
    notes = (f"{np.count_nonzero(fill)} bins ({share:.1%}) extrapolated in wavelength to {low:.0f}-{high:.0f} A",)
    return Extrapolated(
        series=replace(series, wave=wave, flux=flux, flux_err=flux_err, origin=origin), share=share, notes=notes
    )


@answers_mistakes
def extend_rise(series: SpectralSeries, *, explosion: float | None = None, step: float = 1.0) -> Extrapolated:
    """Add phases before the first spectrum: its shape, with luminosity growing as time since explosion squared.

    Parameters
    ----------
    series : SpectralSeries
    explosion : float, optional [d]
        Phase of explosion. Default: from the slope of the square root of luminosity over the first 3 d of the series
        or its first three phases.
    step : float [d]

    Returns
    -------
    Extrapolated
        From one step before explosion (flux 0) on.

    Raises
    ------
    ValueError
        Where the explosion is not before the first phase; where it is to be estimated and the light curve does not
        rise at its beginning, or so slowly that explosion would be more than 40 d earlier.

    Examples
    --------
    >>> from sntransport.corrections import extend_rise
    >>> wave = np.arange(4000.0, 8000.0, 10.0)
    >>> series = snt.SpectralSeries(phase=[10.0, 11.0, 12.0], wave=wave, flux=np.outer([1.0, 1.21, 1.44], np.ones(400)))
    >>> longer = extend_rise(series, explosion=0.0, step=5.0).series
    >>> print(longer.phase, longer.flux[:, 0].round(2))
    [-5.  0.  5. 10. 11. 12.] [0.   0.   0.25 1.   1.21 1.44]
    """
    require_series(series, "extend_rise")
    first = float(series.phase[np.flatnonzero(series.covered.any(axis=1))[0]])
    start = _explosion(series, first) if explosion is None else float(explosion)
    if not start < first:
        raise ValueError(f"explosion is at {start:g} d, expected before the first phase, {first:g} d")
    added = np.arange(first - step, start - 1.5 * step, -step)[::-1]
    factor = (np.maximum(added - start, 0.0) / (first - start)) ** 2
    return _with_phases(series, added, factor, first, f"rise from explosion at {start:.1f} d as time squared")


@answers_mistakes
def extend_decline(
    series: SpectralSeries, last: float, *, mean_life: float | None = COBALT, step: float = 1.0
) -> Extrapolated:
    """Add phases after the last spectrum: its shape, fading exponentially.

    Parameters
    ----------
    series : SpectralSeries
    last : float [d]
        Last phase to add.
    mean_life : float or None [d]
        Of the decline; the default is that of 56Co. None: the slope of ln luminosity over the last 20 d.
    step : float [d]

    Returns
    -------
    Extrapolated

    Raises
    ------
    ValueError
        Where there is nothing to add, or the light curve does not fade at its end.

    Examples
    --------
    >>> from sntransport.corrections import extend_decline
    >>> wave = np.arange(4000.0, 8000.0, 10.0)
    >>> series = snt.SpectralSeries(phase=[40.0, 60.0], wave=wave, flux=[np.full(400, 2.0), np.full(400, 1.0)])
    >>> longer = extend_decline(series, 80.0, mean_life=None, step=10.0).series
    >>> print(longer.phase, longer.flux[:, 0].round(3))
    [40. 60. 70. 80.] [2.    1.    0.707 0.5  ]
    """
    require_series(series, "extend_decline")
    end = float(series.phase[np.flatnonzero(series.covered.any(axis=1))[-1]])
    if not last > end:
        raise ValueError(f"last is {last:g} d, expected after the last phase, {end:g} d")
    life = _tail(series, end) if mean_life is None else float(mean_life)
    if not life > 0:
        raise ValueError(f"mean_life is {life:g} d, expected above 0: the light curve does not fade at its end")
    added = np.arange(end + step, last + 0.5 * step, step)
    words = f"decline to {added[-1]:.0f} d with a mean life of {life:.1f} d"
    return _with_phases(series, added, np.exp(-(added - end) / life), end, words)


@answers_mistakes
def extend_from_template(
    series: SpectralSeries, template: SpectralSeries, *, first: float | None = None, last: float | None = None,
    step: float = 1.0,
) -> Extrapolated:  # fmt: skip
    """Add phases before the first and after the last spectrum: those of a template, as bright as the series is there.

    Parameters
    ----------
    series : SpectralSeries
    template : SpectralSeries
        With the same meaning of phase 0.
    first, last : float, optional [d]
        First and last phase wanted; what lies within the series already is not changed.
    step : float [d]

    Returns
    -------
    Extrapolated
        The template is brought to the series by one factor at either end, over the wavelengths that both cover;
        where it has no flux, or no such phase, nothing is added.

    Raises
    ------
    ValueError
        Where there is nothing to add, or the two have no wavelength in common at an end.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.corrections import extend_from_template
    >>> from sntransport.transport.templates import hsiao
    >>> series = template(np.arange(0.0, 30.0, 5.0), np.arange(4000.0, 8000.0, 10.0))
    >>> longer = extend_from_template(series, hsiao(), first=-10.0, last=40.0, step=5.0)
    >>> print(longer.series.phase)
    [-10.  -5.   0.   5.  10.  15.  20.  25.  30.  35.  40.]
    """
    require_series(series, "extend_from_template")
    require_series(template, "extend_from_template")
    kept = np.flatnonzero(series.covered.any(axis=1))
    begin, end = float(series.phase[kept[0]]), float(series.phase[kept[-1]])
    low, high = begin if first is None else first, end if last is None else last
    phases, rows = [], []
    for added, at in (
        (np.arange(begin - step, low - 0.5 * step, -step)[::-1], kept[0]),
        (np.arange(end + step, high + 0.5 * step, step), kept[-1]),
    ):
        inside = added[(added >= template.phase[0]) & (added <= template.phase[-1])]
        if not inside.size:
            continue
        theirs = np.interp(series.wave, template.wave, template.at(series.phase[at]).flux, np.nan, np.nan)
        both = np.isfinite(theirs) & series.covered[at]
        if not np.sum(theirs[both]) > 0:
            raise ValueError(f"the template has no light in common with the series at {series.phase[at]:g} d")
        factor = np.sum(series.flux[at][both]) / np.sum(theirs[both])
        phases.append(inside)
        spectra = template.at(inside).flux
        rows.append([factor * np.interp(series.wave, template.wave, one, np.nan, np.nan) for one in spectra])
    if not phases:
        raise ValueError(
            f"nothing to add: the series has {begin:g} to {end:g} d, the template {template.phase[0]:g} to "
            f"{template.phase[-1]:g} d, and {low:g} to {high:g} d are wanted"
        )
    new, flux = np.concatenate(phases), np.concatenate(rows)
    filled = np.isfinite(flux)
    order = np.argsort(np.concatenate([series.phase[kept], new]))
    made = replace(
        series,
        phase=np.concatenate([series.phase[kept], new])[order],
        flux=np.concatenate([series.flux[kept], np.where(filled, np.maximum(flux, 0.0), np.nan)])[order],
        flux_err=np.concatenate([series.flux_err[kept], np.full(flux.shape, np.nan)])[order],
        origin=np.concatenate([series.origin[kept], filled * np.uint8(Origin.EXTRAPOLATED)])[order],
    )
    share = float(np.count_nonzero(filled)) / max(int(np.count_nonzero(made.origin)), 1)
    words = f"{new.size} phases ({share:.1%} of the bins) extrapolated: those of the template {template.name!r}"
    return Extrapolated(series=made, share=share, notes=(words,))


def _with_phases(series: SpectralSeries, added: Array, factor: Array, like: float, words: str) -> Extrapolated:
    """Add phases with the spectrum of phase ``like`` times factors."""
    k = int(np.searchsorted(series.phase, like - 1e-9))
    kept = np.flatnonzero(series.covered.any(axis=1))
    flux = np.concatenate([series.flux[kept], factor[:, None] * series.flux[k]])
    filled = np.isfinite(series.flux[k])
    origin = np.concatenate([series.origin[kept], np.tile(filled * np.uint8(Origin.EXTRAPOLATED), (added.size, 1))])
    flux_err = np.concatenate([series.flux_err[kept], np.full((added.size, series.n_wave), np.nan)])
    phase = np.concatenate([series.phase[kept], added])
    order = np.argsort(phase)
    made = replace(series, phase=phase[order], flux=flux[order], flux_err=flux_err[order], origin=origin[order])
    share = float(added.size * np.count_nonzero(filled)) / max(int(np.count_nonzero(origin)), 1)
    return Extrapolated(
        series=made, share=share, notes=(f"{added.size} phases ({share:.1%} of the bins) extrapolated: {words}",)
    )


def _light(series: SpectralSeries) -> tuple[Array, Array]:
    """Phases with any flux, and their flux summed over the wavelengths that all of them cover."""
    some = np.flatnonzero(series.covered.any(axis=1))
    common = series.covered[some].all(axis=0)
    if np.count_nonzero(common) < 2:
        raise ValueError("no wavelength is covered at all phases, so there is no light curve to extrapolate")
    return series.phase[some], series.flux[some][:, common] @ np.gradient(series.wave[common])


def _explosion(series: SpectralSeries, first: float) -> float:
    phase, light = _light(series)
    use = np.flatnonzero((phase <= first + 3.0) & (light > 0))
    use = np.flatnonzero(light > 0)[:3] if use.size < 3 else use
    slope, level = np.polyfit(phase[use] - first, np.sqrt(light[use]), 1) if use.size > 1 else (0.0, 1.0)
    if slope <= 0 or level <= 0 or level / slope > _LONGEST_RISE:
        raise ValueError(
            "the light curve does not rise quickly at its beginning, so the explosion cannot be estimated; "
            "state its phase (explosion=)"
        )
    return float(first - level / slope)


def _tail(series: SpectralSeries, end: float) -> float:
    phase, light = _light(series)
    use = (phase >= end - _TAIL) & (light > 0)
    slope = np.polyfit(phase[use] - end, np.log(light[use]), 1)[0] if np.count_nonzero(use) > 1 else 0.0
    return float(-1.0 / slope) if slope < 0 else 0.0


def _from_extension(policy: Policy, wave: Array, flux: Array, phase: Array, target: Array) -> Array:
    made = policy(wave, flux, phase)
    out = np.full((phase.size, target.size), np.nan)
    for i in range(phase.size):
        for x, y in ((made.uv_wave[i], made.uv_flux[i]), (made.nir_wave[i], made.nir_flux[i])):
            if np.isfinite(x).all() and np.isfinite(y).all():
                # Logarithms: a blackbody falls by orders of magnitude between two points.
                inside = (target >= x[0]) & (target <= x[-1])
                out[i, inside] = np.exp(np.interp(np.log(target[inside]), np.log(x), np.log(np.maximum(y, 1e-300))))
    return out


def _continued(wave: Array, low: float, high: float) -> Array:
    """The grid with its first and last ratio of neighbors repeated to the limits."""
    before, after = np.log(wave[1] / wave[0]), np.log(wave[-1] / wave[-2])
    n_before = max(int(np.ceil(np.log(wave[0] / low) / before - 1e-9)), 0)
    n_after = max(int(np.ceil(np.log(high / wave[-1]) / after - 1e-9)), 0)
    blue = wave[0] * np.exp(-before * np.arange(n_before, 0, -1))
    red = wave[-1] * np.exp(after * np.arange(1, n_after + 1))
    return np.concatenate([blue, wave, red])
