"""Bolometric light curves of a spectral series: what is covered, and beyond it what a stated policy says.

    L = 4 pi (10 pc)**2 int f_lambda d lambda

What lies beyond, a policy of `sntransport.corrections.extension_policies` says. `light_shape` is
what such a light curve looks like in a few numbers, free of any model of its energy source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array, readonly, set_fields
from sntransport._numerics.quantities import bare
from sntransport._numerics.units import MAG_PER_LN
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.drawing import axes_or_new, label_text
from sntransport._objects.mistakes import warn_caller
from sntransport._objects.value_object import ValueObject
from sntransport.corrections.extension_policies import HC_OVER_K, POLICIES, SIGMA_SB, Extension, Policy, covered_edges
from sntransport.photometry.band_ratio import require_draws, scatter
from sntransport.photometry.synthetic import CoverageWarning
from sntransport.spectra.correlation import CORRELATION, Correlation, variance
from sntransport.spectra.series import Origin, SpectralSeries, require_series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AREA = 4.0 * np.pi * (10.0 * 3.0856775814913673e18) ** 2
"""Of the sphere of 10 pc [cm2]."""

MOST_EXTRAPOLATED = 0.5
"""Most of the luminosity that a policy may add: beyond it the number says more of the policy than of the supernova.

A blackbody at a nebular spectrum of the optical alone adds 70 to 99 %, and made that the brightest phase.
"""

EXTRAPOLATION_ERROR = 0.3
"""Relative error given to light that a policy adds, where no draws are given."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Bolometric(ValueObject):
    """A bolometric light curve; all (n_phase,).

    ``luminosity`` and ``luminosity_err`` [erg/s], NaN where nothing is covered. Shares of the luminosity: ``share_uv``
    and ``share_nir`` that the policy added, ``share_filled`` from bins without data of their own (``origin`` 3, and
    holes bridged by a line). ``wave_blue``, ``wave_red`` [rest-frame A]: what the series covers. ``temperature`` [K]
    and ``radius`` [cm] of the blackbody, NaN without one. ``policy`` and ``notes`` say what was done.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> series = template(np.array([-10.0, 0.0, 10.0]), np.arange(3300.0, 9600.0, 10.0))
    >>> light = snt.bolometric(series)
    >>> print(light.wave_blue, (light.luminosity / 1e43).round(2))
    [3300. 3300. 3300.] [0.45 1.12 0.72]
    """

    phase: Array
    luminosity: Array
    luminosity_err: Array
    share_uv: Array
    share_nir: Array
    share_filled: Array
    wave_blue: Array
    wave_red: Array
    temperature: Array
    radius: Array
    name: str
    policy: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self)[:10]:
            set_fields(self, **{field.name: readonly(getattr(self, field.name), field.name)})

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw luminosity and error over phase, on axes of matplotlib or of a new figure.

        `sntransport.report.figures.bolometric_figure` is the whole figure, with what was added.
        """
        axes = axes_or_new(ax, "Bolometric.plot")
        value, err = self.luminosity, np.nan_to_num(self.luminosity_err)
        (line,) = axes.plot(self.phase, value, marker=".", lw=0.9, label=label_text(self.policy))
        # A logarithmic axis has no room below zero.
        low = np.maximum(value - err, 0.02 * value)
        axes.fill_between(self.phase, low, value + err, color=line.get_color(), alpha=0.25, lw=0)
        axes.set_yscale("log")
        axes.legend(fontsize=8)
        axes.set_xlabel("Rest-frame phase [d]")
        axes.set_ylabel("Luminosity [erg/s]")
        axes.set_title(label_text(self.name))
        return axes


@answers_mistakes
def bolometric(
    series: SpectralSeries,
    *,
    policy: str | Policy = "none",
    wave_range: tuple[float, float] | None = None,
    most_extrapolated: float = MOST_EXTRAPOLATED,
    draws: Sequence[SpectralSeries] = (),
    correlation: Correlation = CORRELATION,
) -> Bolometric:
    """Luminosity over phase.

    Parameters
    ----------
    series : SpectralSeries
        Rest frame, 10 pc, free of dust.
    policy : str or callable
        What lies beyond the covered wavelengths: a name in `POLICIES` of `extension_policies` or a function, such as
        ``from_template(hsiao(), maximum=16.0)``.
    wave_range : tuple of float [rest-frame A], optional
        Only the light between these two: a pseudo-bolometric luminosity. The policy fills what is not covered of it;
        a phase where spectrum and policy together do not reach both ends is NaN.
    most_extrapolated : float
        Share of the luminosity, from 0 to 1: where the policy adds more of it the luminosity is NaN, with a note.
    draws : sequence of SpectralSeries
        Of `spectra.realizations.draw`, two or more: the error is their scatter, with the policy fitted to each.
    correlation : Correlation
        Without draws: how the errors of two bins go together. Light that is added is taken to have a relative error of
        30 % besides that of the covered light.

    Returns
    -------
    Bolometric

    Raises
    ------
    TypeError
        Where ``series`` is no `SpectralSeries` (light with dust on it has no luminosity).
    ValueError
        For an unknown policy, a range that is not ascending and positive, a share that is none, or a single draw.

    Warns
    -----
    CoverageWarning
        Where no phase has a luminosity whatever share may be added, with the reason.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> series = template(np.array([-10.0, 0.0, 10.0]), np.arange(3300.0, 9600.0, 10.0))
    >>> light = snt.bolometric(series, policy="blackbody")
    >>> print(light.phase, (light.luminosity / 1e43).round(2))
    [-10.   0.  10.] [0.89 1.75 0.93]
    >>> print((light.share_uv + light.share_nir).round(2))
    [0.49 0.36 0.22]
    """
    require_series(series, "bolometric")
    if not 0.0 <= most_extrapolated <= 1.0:
        raise ValueError(f"most_extrapolated is {most_extrapolated}, expected a share from 0 to 1")
    require_draws(draws)
    chosen = _policy(policy)
    low, high = _range(wave_range)
    whole = _integrated(series, chosen, low, high)
    if series.covered.any() and not np.isfinite(whole.luminosity).any():
        warn_caller(_nowhere(series, whole, wave_range), CoverageWarning)
    made = _limited(whole, most_extrapolated)
    if draws:
        error = scatter([_integrated(one, chosen, low, high).luminosity for one in draws])
    else:
        covered = np.sqrt(variance(series.wave, relative_pull(series, made, (low, high)), correlation))
        error = np.abs(made.luminosity) * np.hypot(
            covered, EXTRAPOLATION_ERROR * np.hypot(made.share_uv, made.share_nir)
        )
    return replace(made, luminosity_err=np.where(np.isfinite(made.luminosity), error, np.nan))


def _nowhere(series: SpectralSeries, light: Bolometric, wave_range: tuple[float, float] | None) -> str:
    """Why there is no luminosity at any phase."""
    why = "; ".join(note for note in light.notes if "no luminosity" in note) or "no phase is covered"
    blue, red = series.wave[[0, -1]]
    hint = ""
    if wave_range is not None and wave_range[1] < blue < 10.0 * wave_range[1]:
        hint = "; is wave_range in nanometers? it is in A"
    return f"bolometric: {why} (the series has rest frame {blue:.0f}-{red:.0f} A){hint}"


def _limited(light: Bolometric, most: float) -> Bolometric:
    """The light curve without the phases at which more than a share was added; the shares stay to be seen."""
    with np.errstate(invalid="ignore"):
        # Rounding makes a policy that adds nothing add 1e-16.
        far = np.isfinite(light.luminosity) & (light.share_uv + light.share_nir > most + 1e-9)
    if not far.any():
        return light
    phases = light.phase[far]
    note = (
        f"more than {most:.0%} of the light would be extrapolated at {int(far.sum())} phases "
        f"({phases[0]:.1f} to {phases[-1]:.1f} d): no luminosity there"
    )
    return replace(light, luminosity=np.where(far, np.nan, light.luminosity), notes=(*light.notes, note))


def _policy(policy: str | Policy) -> Policy:
    if callable(policy):
        return policy
    if policy not in POLICIES:
        raise ValueError(f"policy is {policy!r}, expected one of {', '.join(POLICIES)} or a function")
    return POLICIES[policy]


def _range(wave_range: tuple[float, float] | None) -> tuple[float, float]:
    if wave_range is None:
        return 0.0, np.inf
    low, high = (float(edge) for edge in wave_range)
    if not (0.0 < low < high < np.inf):
        raise ValueError(f"wave_range is {wave_range}, expected two ascending positive wavelengths [A]")
    return low, high


def _integrated(series: SpectralSeries, policy: Policy, low: float, high: float) -> Bolometric:
    """The light curve without errors."""
    extension = policy(series.wave, series.flux, series.phase)
    blue, red = covered_edges(series.wave, series.flux)
    covered, filled = _inside(series, low, high)
    uv = _between(extension.uv_wave, extension.uv_flux, low, high)
    nir = _between(extension.nir_wave, extension.nir_flux, low, high)
    total = np.where(np.isfinite(blue), covered + uv + nir, np.nan)
    notes = [f"beyond the covered wavelengths: {extension.words}"]
    reach = _reach(extension, blue, red)
    short = np.isfinite(total) & (((reach[0] > low) & (low > 0)) | ((reach[1] < high) & np.isfinite(high)))
    if short.any():
        total[short] = np.nan
        notes.append(f"{int(short.sum())} phases do not cover {low:.0f} to {high:.0f} A: no luminosity there")
    if np.isfinite(high):
        notes.append(f"light between {low:.0f} and {high:.0f} A only")
    lost = int(np.sum(np.isfinite(blue) & np.isnan(total) & ~short))
    if lost:
        notes.append(f"the policy has nothing to add at {lost} phases: no luminosity there")
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [part / total for part in (uv, nir, filled)]
        flux = SIGMA_SB * extension.temperature**4
        luminosity = AREA * extension.scale * _planck_integral(extension.temperature)
        radius = np.sqrt(luminosity / (4.0 * np.pi * flux))
    return Bolometric(
        phase=series.phase,
        luminosity=AREA * total,
        luminosity_err=np.full(series.n_phase, np.nan),
        share_uv=shares[0],
        share_nir=shares[1],
        share_filled=shares[2],
        wave_blue=blue,
        wave_red=red,
        temperature=extension.temperature,
        radius=radius,
        name=series.name,
        policy=extension.words,
        notes=tuple(notes),
    )


def _reach(extension: Extension, blue: Array, red: Array) -> tuple[Array, Array]:
    """First and last wavelength of every spectrum with what the policy added."""
    first = extension.uv_wave[:, 0] if extension.uv_wave.shape[1] else blue
    last = extension.nir_wave[:, -1] if extension.nir_wave.shape[1] else red
    return first, last


def _planck_integral(temperature: Array) -> Array:
    """Integral of `planck` over all wavelengths [A]: pi**4 / 15 (5000 A)**5 (k T / h c)**4."""
    return np.asarray(np.pi**4 / 15.0 * 5000.0**5 * (temperature / HC_OVER_K) ** 4)


def _inside(series: SpectralSeries, low: float, high: float) -> tuple[Array, Array]:
    """Integral of every spectrum over its own range within the limits, holes bridged by a line; and of filled bins."""
    covered, filled = np.zeros(series.n_phase), np.zeros(series.n_phase)
    for k, (flux, origin) in enumerate(zip(series.flux, series.origin, strict=True)):
        known = np.flatnonzero(np.isfinite(flux))
        if known.size < 2:
            continue
        span = slice(known[0], known[-1] + 1)
        wave = series.wave[span]
        whole = np.interp(wave, series.wave[known], flux[known])
        own = np.isfinite(flux[span]) & (origin[span] != Origin.EXTRAPOLATED)
        covered[k] = _between(wave[None], whole[None], low, high)[0]
        filled[k] = _between(wave[None], np.where(own, 0.0, whole)[None], low, high)[0]
    return covered, filled


def _between(wave: Array, flux: Array, low: float, high: float) -> Array:
    """Integral of piecewise linear flux (n_phase, n) between two wavelengths; NaN flux gives NaN."""
    if wave.shape[1] < 2:
        return np.zeros(wave.shape[0])
    left, right = wave[:, :-1], wave[:, 1:]
    start, stop = np.clip(left, low, high), np.clip(right, low, high)
    slope = np.diff(flux, axis=1) / np.where(right > left, right - left, 1.0)
    middle = flux[:, :-1] + slope * (0.5 * (start + stop) - left)
    return np.asarray(np.where(stop > start, middle * (stop - start), 0.0 * middle).sum(axis=1))


def relative_pull(series: SpectralSeries, light: Bolometric, limits: tuple[float, float]) -> Array:
    """What one standard deviation of each bin changes in ln luminosity, (n_phase, n_wave).

    Parameters
    ----------
    series : SpectralSeries
    light : Bolometric
        Its luminosity; what was added to the covered light grows and shrinks with it.
    limits : tuple of float [rest-frame A]
        Wavelengths between which light counts, 0 and infinity where all does.

    Returns
    -------
    ndarray, (n_phase, n_wave)
        NaN where the error of a covered bin is not known; 0 where a phase has no luminosity.
    """
    widths = np.zeros(series.flux.shape)
    covered = series.covered
    for k, known in enumerate(covered):
        # Many phases cover the same bins as the one before.
        same = k > 0 and np.array_equal(known, covered[k - 1])
        widths[k, known] = widths[k - 1, known] if same else _widths(series.wave[known], *limits)
    inside = light.luminosity * (1.0 - light.share_uv - light.share_nir) / AREA
    some = np.isfinite(inside) & (inside != 0)
    error = np.where(covered & some[:, None], series.flux_err, 0.0)
    return np.asarray(error * widths / np.where(some, inside, 1.0)[:, None])


def _widths(wave: Array, low: float, high: float) -> Array:
    """What each point of a piecewise linear flux counts in its integral between two wavelengths [A], (n_wave,)."""
    left, right = wave[:-1], wave[1:]
    start, stop = np.clip(left, low, high), np.clip(right, low, high)
    up = (0.5 * (start + stop) - left) / (right - left)
    width = np.zeros(wave.size)
    width[:-1] += (stop - start) * (1.0 - up)
    width[1:] += (stop - start) * up
    return width


@answers_mistakes
def absolute_magnitude(luminosity: ArrayLike) -> Array:
    """Bolometric magnitude, 0 at 3.0128e35 erg/s (IAU 2015 resolution B2).

    Parameters
    ----------
    luminosity : array_like [erg/s]
        Of any shape.

    Returns
    -------
    ndarray [mag]
        NaN where the luminosity is not positive.

    Examples
    --------
    >>> from sntransport.corrections import absolute_magnitude
    >>> absolute_magnitude([1e43, -1.0]).round(2)
    array([-18.8,   nan])
    """
    value = np.asarray(bare(luminosity, "luminosity", "erg / s"), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(value > 0, -2.5 * np.log10(value / 3.0128e35), np.nan)


_DAY = 86400.0


@dataclass(frozen=True, kw_only=True)
class LightShape:
    """Summary of a bolometric light curve; NaN for what the data do not bracket.

    ``peak_luminosity`` [erg/s] and ``peak_phase`` [d]; ``bracketed``: whether there is a fainter phase on both sides of
    the peak (without it both are NaN); ``rise`` and ``decline`` [d] between half of the peak and the peak; ``dm15``
    [mag] that it fades in the 15 d after; ``energy`` [erg] radiated from ``first_phase`` to ``last_phase`` [d].

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.corrections import light_shape
    >>> series = template(np.arange(-15.0, 40.0), np.arange(2000.0, 20000.0, 10.0))
    >>> shape = light_shape(snt.bolometric(series))
    >>> print(f"rises in {shape.rise:.0f} d, fades {shape.dm15:.1f} mag in 15 d")
    rises in 8 d, fades 0.9 mag in 15 d
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


@answers_mistakes
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

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.corrections import light_shape
    >>> series = template(np.arange(-15.0, 40.0), np.arange(2000.0, 20000.0, 10.0))
    >>> shape = light_shape(snt.bolometric(series))
    >>> print(f"{shape.peak_luminosity:.1e} erg/s at {shape.peak_phase:+.1f} d, {shape.energy:.1e} erg in all")
    1.4e+43 erg/s at -1.4 d, 3.2e+49 erg in all
    """
    known = np.isfinite(light.luminosity) & (light.luminosity > 0)
    phase, value = light.phase[known], light.luminosity[known]
    if phase.size == 0:
        nan = np.nan
        return LightShape(
            peak_luminosity=nan,
            peak_phase=nan,
            bracketed=False,
            rise=nan,
            decline=nan,
            dm15=nan,
            energy=nan,
            first_phase=nan,
            last_phase=nan,
        )
    step = np.diff(phase)
    near = step <= max_gap
    energy = float(np.sum((0.5 * (value[1:] + value[:-1]) * step)[near]) * _DAY)
    k = int(value.argmax())
    bracketed = 0 < k < phase.size - 1 and bool(near[k - 1] and near[k])
    if not bracketed:
        return LightShape(
            peak_luminosity=np.nan,
            peak_phase=np.nan,
            bracketed=False,
            rise=np.nan,
            decline=np.nan,
            dm15=np.nan,
            energy=energy,
            first_phase=float(phase[0]),
            last_phase=float(phase[-1]),
        )
    peak_phase, peak = _vertex(phase[k - 1 : k + 2], np.log(value[k - 1 : k + 2]))
    log_value = np.log(value) - peak
    rise = peak_phase - _crossing(phase[k::-1], log_value[k::-1], np.log(0.5), max_gap)
    decline = _crossing(phase[k:], log_value[k:], np.log(0.5), max_gap) - peak_phase
    later = _at(phase, log_value, peak_phase + 15.0, max_gap)
    return LightShape(
        peak_luminosity=float(np.exp(peak)),
        peak_phase=peak_phase,
        bracketed=True,
        rise=rise,
        decline=decline,
        dm15=-MAG_PER_LN * later,
        energy=energy,
        first_phase=float(phase[0]),
        last_phase=float(phase[-1]),
    )


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
