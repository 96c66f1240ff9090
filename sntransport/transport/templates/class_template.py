"""A template of a class: the mean of dense series of several supernovae, in time, color and position of features.

Each series is put on a common clock (phase zero and stretch) by its features. At every phase of the template, color is
the mean in ln flux and features are moved to their common place before they are averaged: the barycenter of which
`feature_transport` is the path between two. A series that does not reach a phase or a wavelength
leaves no step there: what tells it from the others on the whole is taken out before averaging.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, Span, readonly, require_increasing
from sntransport._numerics.smoothing import bell_mean
from sntransport._numerics.units import C_KMS
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.value_object import ValueObject
from sntransport.spectra.grid import GRID_STEP, grid_wave
from sntransport.spectra.observations import broad_class
from sntransport.spectra.phases import MAX_GAP, neighbors
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.transport.feature_mean import moved_mean, split_rows, two_way
from sntransport.transport.templates.feature_clock import align

Barycenter = Callable[[Array, Array, Array], Array]
"""``f(wave, fluxes, weights) -> (n_wave,)``, such as `sntransport.transport.barycenter`."""

_COMPLETE = 0.8
_WIDEST_HOLE = 10.0
_FEWEST_BINS = 100
# Where spectra are compared with a template.
_NEEDED = (4000.0, 7000.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassTemplate(ValueObject):
    """A template and how its series were put on one clock; made by `build_template`.

    ``series`` has no NaN: its ``origin`` is 1 where two or more series were averaged, 2 where there was only one, 3
    where none and the phases before and after were joined by a line. ``zero`` [rest-frame d] and ``stretch`` (n,) are
    those of the series given, whose names are ``names``: template phase is ``(phase - zero) / stretch``.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.transport.templates import build_template, hsiao
    >>> series = hsiao().select(phase=(-10.0, 30.0), wave=(4000.0, 8000.0))
    >>> late = replace(series, phase=series.phase + 3.0, name="late")
    >>> made = build_template([series, late])
    >>> print(made.names, made.zero.round(1))
    ('Hsiao et al. (2007)', 'late') [-1.5  1.5]
    """

    series: SpectralSeries
    names: tuple[str, ...]
    zero: Array
    stretch: Array
    notes: tuple[str, ...]


@answers_mistakes
def build_template(
    series: Sequence[SpectralSeries],
    *,
    zeros: Mapping[str, float] | None = None,
    fit_clock: bool = True,
    phases: ArrayLike | None = None,
    barycenter: Barycenter | None = None,
    smooth: float = 0.0,
    name: str = "",
    sn_type: str = "",
) -> ClassTemplate:
    """Average dense series of two or more supernovae of one class.

    Parameters
    ----------
    series : sequence of SpectralSeries
        Dense: between phases more than 5 d apart nothing is interpolated. Brightness and units do not matter.
    zeros : mapping of str to float [rest-frame d], optional
        Phase zero of a series by its name, such as B maximum; 0 for the others.
    fit_clock : bool
        Whether to fit zero and stretch to the features: zero within 20 d (prior 6 d) of the one given, stretch within a
        factor of 1.4 (prior 12 %); mean zero and mean ln stretch stay as they are. Else ``zeros`` hold, stretch is 1.
    phases : array_like [rest-frame d], optional
        Phases of the template. Default: every day from the first to the last at which two series are there.
    barycenter : callable, optional
        Averages whole spectra, where all that reach a phase overlap, instead of their color and features.
    smooth : float [d]
        Standard deviation of a running mean of the template's ln flux over its phases; it needs phases in even steps.
        A series that was rebuilt has kinks at its observed spectra, which fewer than a dozen series do not average out.
    name, sn_type : str
        Of the template. Default type: the class of the series.

    Returns
    -------
    ClassTemplate
        On bins of 250 km/s, over the wavelengths that two series cover in 80 % of the phases; no hole is wider than
        10 d, phases beyond one are left out with a note. Flux is relative, with a mean logarithm of 0. ``flux_err`` is
        the scatter among series over the root of their number, NaN where fewer than two are averaged or ``barycenter``
        is given; it does not know of ``smooth``.

    Raises
    ------
    ValueError
        Where there are fewer than two series, two have one name, classes differ and ``sn_type`` is not given,
        ``zeros`` names a series that is not there, ``smooth`` is negative or ``phases`` are uneven with it, or
        wavelengths or phases do not overlap.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.transport.templates import build_template, hsiao
    >>> series = hsiao().select(phase=(-10.0, 30.0), wave=(4000.0, 8000.0))
    >>> twin = replace(series, flux=3.0 * series.flux, name="twin")
    >>> template = build_template([series, twin], fit_clock=False).series
    >>> template.sn_type, template.phase[[0, -1]].tolist()
    ('Ia', [-10.0, 30.0])
    """
    names, sn_type = _checked(series, zeros or {}, sn_type)
    wave = _common_wave(series)
    logs = [on_grid(one, wave) for one in series]
    given = np.array([float((zeros or {}).get(one, 0.0)) for one in names])
    zero, stretch = given, np.ones(given.size)
    if fit_clock:
        zero, stretch = align([one.phase for one in series], logs, wave, given)
    at = _phases(series, zero, stretch, phases)
    clocked = np.stack(
        [
            neighbors(one.phase, z + s * at, MAX_GAP).mean(rows)
            for one, rows, z, s in zip(series, logs, zero, stretch, strict=True)
        ]
    )
    mean, error = _features_mean(wave, clocked) if barycenter is None else _spectra_mean(wave, clocked, barycenter)
    template, notes = _rectangle(at, wave, mean, error, count=np.isfinite(clocked).sum(axis=0), smooth=smooth)
    template = replace(template, name=name or f"mean of {len(names)} {sn_type}", sn_type=sn_type)
    notes = (f"mean of {', '.join(names)}", *notes)
    return ClassTemplate(
        series=template, names=names, zero=readonly(zero, "zero"), stretch=readonly(stretch, "stretch"), notes=notes
    )


def require_complete(template: SpectralSeries, name: str) -> None:
    """Refuse a series that cannot serve as a template.

    Raises
    ------
    ValueError
        Where it has fewer than two phases, holes, a phase without light, or does not cover 4000 to 7000 A.
    """
    if template.n_phase < 2 or not np.all(np.isfinite(template.flux)) or template.flux.min() < 0:
        raise ValueError(f"{name}: a template needs flux at every phase and wavelength; make one with `template build`")
    if not np.all((template.flux > 0).any(axis=1)):
        raise ValueError(f"{name}: a phase of the template has no light; leave it out")
    if template.wave[0] > _NEEDED[0] or template.wave[-1] < _NEEDED[1]:
        covered = f"{template.wave[0]:.0f} to {template.wave[-1]:.0f} A"
        raise ValueError(f"{name}: the template covers {covered}, needed are {_NEEDED[0]:g} to {_NEEDED[1]:g} A")


def _checked(series: Sequence[SpectralSeries], zeros: Mapping[str, float], sn_type: str) -> tuple[tuple[str, ...], str]:
    if len(series) < 2:
        raise ValueError(f"a template is the mean of several supernovae, {len(series)} given; give two series or more")
    names = tuple(one.name for one in series)
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise ValueError(f"{twice[0] or 'a series without a name'} is given more than once; each supernova counts once")
    unknown = sorted(set(zeros) - set(names))
    if unknown:
        raise ValueError(f"zero given for {unknown[0]}, which is none of the series: {', '.join(names)}")
    for one, zero in zeros.items():
        if not np.isfinite(zero):
            raise ValueError(f"zero of {one} is {zero}, expected a finite phase")
    classes = {one.name: broad_class(one.sn_type) for one in series}
    if not sn_type and len(set(classes.values())) > 1:
        told = ", ".join(f"{one} {sn_class}" for one, sn_class in classes.items())
        raise ValueError(f"series of different classes ({told}); state the type of the template to mix them")
    return names, sn_type or classes[names[0]]


def lit_spans(series: Sequence[SpectralSeries]) -> Array:
    """First and last wavelength of each series with light at some phase, (n_series, 2), in bins of `prepare`'s grid.

    Raises
    ------
    ValueError
        Where a series has no positive flux.
    """
    spans = []
    for one in series:
        used = np.flatnonzero((one.flux > 0).any(axis=0))
        if used.size == 0:
            raise ValueError(f"{one.name}: no positive flux")
        spans.append(np.log(one.wave[used[[0, -1]]]) * C_KMS / GRID_STEP)
    return np.array(spans)


def _common_wave(series: Sequence[SpectralSeries]) -> Array:
    """The grid of 250 km/s that `prepare` uses, over what at least two series cover."""
    spans = lit_spans(series)
    low, high = sorted(span[0] for span in spans)[1], sorted(span[1] for span in spans)[-2]
    first, last = int(np.ceil(low - 1e-6)), int(np.floor(high + 1e-6))
    if last - first + 1 < _FEWEST_BINS:
        raise ValueError("the series do not overlap in wavelength; give series that share at least 25,000 km/s")
    return grid_wave(first, last - first + 1)


def on_grid(series: SpectralSeries, wave: Array) -> Array:
    """Ln flux of a series at ``wave``, (n_phase, n_wave); NaN where it is not covered or not positive."""
    out = np.full((series.n_phase, wave.size), np.nan)
    middle = np.sqrt(series.wave[:-1] * series.wave[1:])
    nearest = np.searchsorted(middle, wave)
    for row, flux in zip(out, series.flux, strict=True):
        good = flux > 0
        if good.sum() > 1:
            value = np.interp(wave, series.wave[good], np.log(flux[good]), left=np.nan, right=np.nan)
            row[:] = np.where(good[nearest], value, np.nan)
    return out


def _phases(series: Sequence[SpectralSeries], zero: Array, stretch: Array, phases: ArrayLike | None) -> Array:
    if phases is not None:
        asked = readonly(phases, "phases")
        require_increasing(asked, "phases")
        return asked
    lit = [one.phase[(one.flux > 0).any(axis=1)] for one in series]
    first = sorted((p[0] - z) / s for p, z, s in zip(lit, zero, stretch, strict=True))[1]
    last = sorted((p[-1] - z) / s for p, z, s in zip(lit, zero, stretch, strict=True))[-2]
    if last - first < 1.0:
        raise ValueError("the series do not overlap in phase; give series, or zeros, that do")
    return np.arange(np.ceil(first), np.floor(last) + 0.5) + 0.0


def _features_mean(wave: Array, logs: Array) -> tuple[Array, Array]:
    continuum, features, weight = split_rows(logs)
    smooth, _ = two_way(continuum, weight)
    mean, error = moved_mean(wave, features, weight)
    return smooth + mean, error


def _spectra_mean(wave: Array, logs: Array, barycenter: Barycenter) -> tuple[Array, Array]:
    level = two_way(logs, np.isfinite(logs).astype(np.float64))[1].mean(axis=1)
    out = np.full(logs.shape[1:], np.nan)
    for row, spectra in zip(out, logs.swapaxes(0, 1), strict=True):
        there = np.isfinite(spectra).sum(axis=1) >= _FEWEST_BINS
        used = np.flatnonzero(np.isfinite(spectra[there]).all(axis=0)) if there.any() else np.empty(0, dtype=int)
        if used.size >= _FEWEST_BINS:
            span = slice(used[0], used[-1] + 1)
            if used.size == span.stop - span.start:
                fluxes = np.exp(spectra[there, span] - level[there, None])
                row[span] = np.log(barycenter(wave[span], fluxes, np.ones(len(fluxes))))
    return out, np.full(out.shape, np.nan)


def _smoothed(phase: Array, logs: Array, smooth: float) -> Array:
    if smooth == 0.0 or phase.size < 2:
        return logs
    step = np.diff(phase)
    if not (np.isfinite(smooth) and smooth > 0):
        raise ValueError(f"smooth is {smooth}, expected days, not negative")
    if not np.allclose(step, step[0]):
        raise ValueError("phases in uneven steps cannot be smoothed; give even ones or smooth=0")
    # A line through the ends first: the mean of a slope must not be bent where the data stop.
    line = np.linspace(0.0, 1.0, phase.size)[:, None]
    slope = (1.0 - line) * logs[0] + line * logs[-1]
    return np.asarray(slope + bell_mean((logs - slope).T, smooth / step[0]).T)


def _longest(phase: Array, there: NDArray[np.bool_], joined: NDArray[np.bool_]) -> tuple[Span, tuple[str, ...]]:
    """Of the stretches of phases without a wide hole the one with most phases of two series; what was left out."""
    seen = np.flatnonzero(there)
    seen = seen[(seen >= np.argmax(joined)) & (seen < joined.size - np.argmax(joined[::-1]))]
    step = float(np.median(np.diff(phase))) if phase.size > 1 else 0.0
    ends = np.flatnonzero(np.diff(phase[seen]) > max(_WIDEST_HOLE, 1.5 * step))
    firsts, lasts = seen[np.r_[0, ends + 1]], seen[np.r_[ends, seen.size - 1]]
    best = int(np.argmax([joined[first : last + 1].sum() for first, last in zip(firsts, lasts, strict=True)]))
    others = [k for k in range(firsts.size) if k != best]
    notes = tuple(f"phases {phase[firsts[k]]:g} to {phase[lasts[k]]:g} d left out, beyond a hole" for k in others)
    return slice(int(firsts[best]), int(lasts[best]) + 1), notes


def _rectangle(
    phase: Array, wave: Array, mean: Array, error: Array, *, count: NDArray[np.intp], smooth: float
) -> tuple[SpectralSeries, tuple[str, ...]]:
    """Phases and wavelengths that are covered enough, the holes among them joined over phase and marked."""
    known = np.isfinite(mean)
    joined = known & (count >= 2)
    lit = joined.sum(axis=1) >= _FEWEST_BINS
    if not lit.any():
        raise ValueError("the series do not overlap in phase; give series, or zeros, that do")
    rows, notes = _longest(phase, known.sum(axis=1) >= _FEWEST_BINS, lit)
    often = np.flatnonzero(joined[rows][lit[rows]].mean(axis=0) >= _COMPLETE)
    if often.size < _FEWEST_BINS:
        raise ValueError("no wavelength range is covered by two series at most phases; give series that share one")
    columns = slice(often[0], often[-1] + 1)
    logs, known = mean[rows, columns].copy(), known[rows, columns]
    phase, wave = phase[rows], wave[columns]
    for column, seen in zip(logs.T, known.T, strict=True):
        if not seen.any():
            raise ValueError("a wavelength within the template is covered at no phase; give series without that gap")
        column[~seen] = np.interp(phase[~seen], phase[seen], column[seen])
    logs = _smoothed(phase, logs, smooth)
    several = known & (count[rows, columns] >= 2)
    origin = np.where(several, Origin.OBSERVED, np.where(known, Origin.ONE_SIDED, Origin.EXTRAPOLATED))
    flux = np.exp(logs - logs.mean())
    flux_err = np.where(several, flux * error[rows, columns], np.nan)
    notes += (
        f"{(origin == Origin.ONE_SIDED).mean():.1%} of the bins come from a single series",
        f"{(origin == Origin.EXTRAPOLATED).mean():.1%} come from none and are joined over phase",
    )
    return SpectralSeries(phase=phase, wave=wave, flux=flux, flux_err=flux_err, origin=origin.astype(np.uint8)), notes
