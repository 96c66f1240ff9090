"""Transport mixing: a possible supernova between real ones of the same class.

Dense series are put on one clock, their time axes are mixed along it, and at every phase their spectra become one by a
barycenter: features move to their place in between, color and luminosity are mixed in ln flux. What covers a bin in one
parent only is left out, so a mixture claims nothing that its parents do not show. `draw_mixtures` draws parents
and weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_increasing
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.value_object import ValueObject
from sntransport.spectra.grid import grid_wave
from sntransport.spectra.observations import broad_class
from sntransport.spectra.phases import MAX_GAP, neighbors
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.transport.feature_mean import feature_barycenter
from sntransport.transport.features import feature_transport
from sntransport.transport.templates.class_template import Barycenter, lit_spans, on_grid
from sntransport.transport.templates.light_curve_clock import light_clock, light_curve, maximum, plain_clock

SeriesClock = Callable[[Sequence[Array], Sequence[Array], Array, Array], tuple[Array, Array]]
"""``f(phases, logs, wave, zero) -> (zero, stretch)``, such as `light_clock` or `align` of
`sntransport.transport.templates.feature_clock`."""

_FEWEST_BINS = 100


@dataclass(frozen=True, eq=False, kw_only=True)
class Mixture(ValueObject):
    """A mixed series and what it was made of.

    ``parents`` are the names of the series mixed, those of weight 0 too: a training set split by supernova must keep
    all of them on one side. ``weights`` (n,) sum to 1; ``zero`` [rest-frame d] and ``stretch`` (n,) are the clock
    of each parent: clock phase is ``(phase - zero) / stretch``.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.augmentation import mix
    >>> from sntransport.transport.templates import hsiao
    >>> one = hsiao().select(phase=(-5.0, 15.0), wave=(4000.0, 8000.0))
    >>> mixture = mix([replace(one, name="a"), replace(one, name="b", flux=4.0 * one.flux)], [1.0, 3.0])
    >>> mixture.parents, mixture.weights.tolist()
    (('a', 'b'), [0.25, 0.75])
    """

    series: SpectralSeries
    parents: tuple[str, ...]
    weights: Array
    zero: Array
    stretch: Array
    notes: tuple[str, ...]


@answers_mistakes
def feature_mix(wave: ArrayLike, fluxes: ArrayLike, weights: ArrayLike) -> Array:
    """Barycenter of features and color, (n_wave,): the path between two spectra, or the mean of any number.

    Two spectra go by `sntransport.transport.features.feature_transport` with ``shares=(1.0,)``, ten times as fast as
    `sntransport.transport.feature_mean.feature_barycenter`, which three or more need.

    Examples
    --------
    >>> from sntransport.augmentation import feature_mix
    >>> wave = np.exp(np.linspace(np.log(4000.0), np.log(8000.0), 800))
    >>> dip = lambda center: 1.0 - 0.3 * np.exp(-0.5 * ((wave - center) / 50.0) ** 2)
    >>> mean = feature_mix(wave, [dip(5980.0), dip(6020.0)], [1.0, 1.0])
    >>> print(f"{wave[mean.argmin()]:.0f} A")
    5998 A
    """
    fluxes, weights = np.asarray(fluxes, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if len(fluxes) != 2:
        return feature_barycenter(wave, fluxes, weights)
    return np.asarray(feature_transport(wave, fluxes[0], fluxes[1], weights[1] / weights.sum(), shares=(1.0,))[0])


@answers_mistakes
def linear_mix(wave: ArrayLike, fluxes: ArrayLike, weights: ArrayLike) -> Array:
    """Weighted mean of flux, bin by bin, (n_wave,).

    Examples
    --------
    >>> from sntransport.augmentation import linear_mix
    >>> linear_mix([5000.0, 6000.0], [[1.0, 2.0], [3.0, 4.0]], [1.0, 3.0])
    array([2.5, 3.5])
    """
    weights = np.asarray(weights, dtype=np.float64)
    return np.asarray(weights / weights.sum() @ np.asarray(fluxes, dtype=np.float64))


@answers_mistakes
def mix(
    series: Sequence[SpectralSeries],
    weights: ArrayLike,
    *,
    barycenter: Barycenter = feature_mix,
    clock: SeriesClock = light_clock,
    log_level: bool = True,
    zeros: Mapping[str, float] | None = None,
    phases: ArrayLike | None = None,
) -> Mixture:
    """Mix dense series of two or more supernovae of one class.

    Parameters
    ----------
    series : sequence of SpectralSeries
        Dense: between phases more than 5 d apart nothing is interpolated. Each with a name of its own.
    weights : array_like, (n_series,)
        Not negative, not all zero; normalized to unit sum here.
    barycenter : callable
        ``f(wave, fluxes, weights)``: `feature_mix`, `sntransport.transport.barycenter` (Wasserstein) or `linear_mix`.
    clock : callable
        ``f(phases, logs, wave, zero) -> (zero, stretch)``: `light_clock`, `plain_clock` or
        `sntransport.transport.templates.feature_clock.align`.
    log_level : bool
        Whether spectra are brought to unit mean flux first and the result to the weighted mean of ln mean flux. Else
        the barycenter takes the spectra as they are, and its result counts as it is.
    zeros : mapping of str to float [rest-frame d], optional
        Phase zero of a series by its name; the others begin with their maximum light between 4000 and 7000 A.
    phases : array_like [rest-frame d], optional
        Phases of the mixture. Default: every day.

    Returns
    -------
    Mixture
        Its phase at a clock phase is the weighted mean of those of the parents: with weights (1, 0) the first series
        comes back on what both cover. Bins of 250 km/s, where all parents have positive flux; a spectrum that fewer
        than 100 of them cover is left out. Holes inside a spectrum are bridged for the barycenter and left out after.
        ``origin`` is the worst of the parents'. ``flux_err`` is that of independent parents, to first order and in
        place; NaN where one of them has none.

    Raises
    ------
    ValueError
        Where there are fewer than two series, two have one name or a name holds "+", classes differ, weights are of
        another number, negative or all zero, ``zeros`` names a series that is not there, or the series have no phases
        and wavelengths in common.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.augmentation import mix
    >>> from sntransport.transport.templates import hsiao
    >>> one = hsiao().select(phase=(-5.0, 15.0), wave=(4000.0, 8000.0))
    >>> mixture = mix([replace(one, name="faint"), replace(one, name="bright", flux=4.0 * one.flux)], [0.5, 0.5])
    >>> at = lambda series: np.interp(6000.0, series.wave, series.at(5.0).flux)
    >>> mixture.series.name, f"{at(mixture.series) / at(one):.1f}"
    ('faint+bright', '2.0')
    """
    share = checked_weights(series, weights, zeros or {})
    wave = _shared_wave(series)
    logs = [on_grid(one, wave) for one in series]
    given, notes = _zeros(series, logs, wave, zeros or {})
    zero, stretch = clock([one.phase for one in series], logs, wave, given)
    phase = _phases(series, share, zero, stretch, phases)
    at = zero[:, None] + np.multiply.outer(stretch, (phase - share @ zero) / (share @ stretch))
    clocked = np.stack(
        [neighbors(one.phase, own, MAX_GAP).mean(rows) for one, rows, own in zip(series, logs, at, strict=True)]
    )
    flux = np.stack(
        [_mixed(wave, clocked[:, k], share, barycenter=barycenter, log_level=log_level) for k in range(phase.size)]
    )
    if not np.isfinite(flux).any():
        raise ValueError(f"{_label(series)}: no spectrum in common; mix series that overlap in phase and wavelength")
    origin = np.where(np.isfinite(flux), _worst_origin(series, at, wave), Origin.NOT_COVERED).astype(np.uint8)
    flux_err = np.where(np.isfinite(flux), flux * _relative_error(series, at, wave, share), np.nan)
    mixed = SpectralSeries(
        phase=phase, wave=wave, flux=flux, flux_err=flux_err, origin=origin, name=_label(series), sn_type=_type(series)
    )
    told = " + ".join(f"{w:.3f} {one.name}" for w, one in zip(share, series, strict=True))
    names = tuple(one.name for one in series)
    zero, stretch = readonly(zero, "zero"), readonly(stretch, "stretch")
    return Mixture(
        series=mixed,
        parents=names,
        weights=readonly(share, "weights"),
        zero=zero,
        stretch=stretch,
        notes=(f"mixture of {told}", *notes),
    )


@answers_mistakes
def mix_linear(series: Sequence[SpectralSeries], weights: ArrayLike, *, phases: ArrayLike | None = None) -> Mixture:
    """Mix by the mean of flux, bin by bin and day by day from maximum: the baseline of `mix`, with its arguments.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.augmentation import mix_linear
    >>> from sntransport.transport.templates import hsiao
    >>> one = hsiao().select(phase=(-5.0, 15.0), wave=(4000.0, 8000.0))
    >>> mixture = mix_linear([replace(one, name="faint"), replace(one, name="bright", flux=4.0 * one.flux)], [0.5, 0.5])
    >>> at = lambda series: np.interp(6000.0, series.wave, series.at(5.0).flux)
    >>> print(f"{at(mixture.series) / at(one):.1f}")
    2.5
    """
    return mix(series, weights, barycenter=linear_mix, clock=plain_clock, log_level=False, phases=phases)


def checked_weights(series: Sequence[SpectralSeries], weights: ArrayLike, zeros: Mapping[str, float]) -> Array:
    """Weights of unit sum, (n_series,); raise the ValueError of `mix` for series that cannot be mixed."""
    if len(series) < 2:
        raise ValueError(f"a mixture is of several supernovae, {len(series)} given; give two series or more")
    names = [one.name for one in series]
    for name in names:
        if names.count(name) > 1 or not name or "+" in name:
            raise ValueError(f"name {name!r}: each parent needs a name of its own without '+'")
    classes = {one.name: broad_class(one.sn_type) for one in series}
    if len(set(classes.values())) > 1:
        told = ", ".join(f"{name} {sn_class}" for name, sn_class in classes.items())
        raise ValueError(f"series of different classes ({told}); mix within one class")
    unknown = sorted(set(zeros) - set(names))
    if unknown:
        raise ValueError(f"zero given for {unknown[0]}, which is none of the series: {', '.join(names)}")
    share = np.array(readonly(weights, "weights"))
    if share.size != len(series) or not np.all(np.isfinite(share)) or share.min() < 0 or share.sum() <= 0:
        raise ValueError(f"weights {share}: expected {len(series)}, finite, not negative and not all zero")
    return np.asarray(share / share.sum())


def _label(series: Sequence[SpectralSeries]) -> str:
    return "+".join(one.name for one in series)


def _type(series: Sequence[SpectralSeries]) -> str:
    types = {one.sn_type for one in series}
    return types.pop() if len(types) == 1 else broad_class(series[0].sn_type)


def _shared_wave(series: Sequence[SpectralSeries]) -> Array:
    """The grid of 250 km/s that `prepare` uses, over what every series covers at some phase."""
    spans = lit_spans(series)
    first, last = int(np.ceil(spans[:, 0].max() - 1e-6)), int(np.floor(spans[:, 1].min() + 1e-6))
    if last - first + 1 < _FEWEST_BINS:
        raise ValueError(f"{_label(series)}: less than 25,000 km/s of wavelengths in common")
    return grid_wave(first, last - first + 1)


def _zeros(
    series: Sequence[SpectralSeries], logs: Sequence[Array], wave: Array, zeros: Mapping[str, float]
) -> tuple[Array, tuple[str, ...]]:
    given, notes = [], []
    for one, rows in zip(series, logs, strict=True):
        if one.name in zeros:
            given.append(float(zeros[one.name]))
            continue
        try:
            zero, bracketed = maximum(one.phase, light_curve(rows, wave))
        except ValueError as error:
            raise ValueError(f"{one.name}: {error}") from None
        if not bracketed:
            notes.append(f"{one.name}: no maximum within its phases; its brightest, {zero:g} d, stands for it")
        given.append(zero)
    if not np.all(np.isfinite(given)):
        raise ValueError(f"zeros {given}: expected finite phases")
    return np.array(given), tuple(notes)


def _phases(
    series: Sequence[SpectralSeries], share: Array, zero: Array, stretch: Array, phases: ArrayLike | None
) -> Array:
    first, last = ([float(one.phase[end]) for one in series] for end in (0, -1))
    middle, pace = float(share @ zero), float(share @ stretch)
    low = middle + pace * float(np.max((np.array(first) - zero) / stretch))
    high = middle + pace * float(np.min((np.array(last) - zero) / stretch))
    if phases is None:
        if not high - low >= 1.0:
            raise ValueError(f"{_label(series)}: no phases in common; mix series, or give zeros, that share some")
        return np.arange(np.ceil(low - 1e-9), np.floor(high + 1e-9) + 0.5) + 0.0
    asked = readonly(phases, "phases")
    require_increasing(asked, "phases")
    return asked


def _mixed(wave: Array, logs: Array, share: Array, *, barycenter: Barycenter, log_level: bool) -> Array:
    """One spectrum from those of the parents, (n_series, n_wave) ln flux; NaN where not all are known."""
    shared = np.isfinite(logs).all(axis=0)
    out = np.full(wave.size, np.nan)
    if shared.sum() < _FEWEST_BINS:
        return out
    known = np.flatnonzero(shared)
    if share.max() == 1.0:
        out[known] = np.exp(logs[int(share.argmax()), known])
        return out
    span = slice(int(known[0]), int(known[-1]) + 1)
    whole = np.stack([np.interp(np.arange(span.start, span.stop), known, row[known]) for row in logs])
    fluxes = np.exp(whole)
    level = fluxes.mean(axis=1) if log_level else np.ones(len(logs))
    made = barycenter(wave[span], fluxes / level[:, None], share) * np.exp(share @ np.log(level))
    out[known] = made[known - span.start]
    return out


def _worst_origin(series: Sequence[SpectralSeries], at: Array, wave: Array) -> NDArray[np.uint8]:
    """The worst origin among parents and the two phases that bracket each, (n_phase, n_wave)."""
    worst = np.zeros((at.shape[1], wave.size), dtype=np.uint8)
    for one, own in zip(series, at, strict=True):
        near = neighbors(one.phase, own)
        both = np.maximum(one.origin[near.left], one.origin[near.right])
        worst = np.maximum(worst, both[:, _nearest_bins(one, wave)])
    return worst


def _relative_error(series: Sequence[SpectralSeries], at: Array, wave: Array, share: Array) -> Array:
    total = np.zeros((at.shape[1], wave.size))
    for one, own, w in zip(series, at, share, strict=True):
        if w > 0:
            relative = one.flux_err / np.where(one.flux > 0, one.flux, np.nan)
            total += (w * neighbors(one.phase, own).mean(relative)[:, _nearest_bins(one, wave)]) ** 2
    return np.asarray(np.sqrt(total))


def _nearest_bins(one: SpectralSeries, wave: Array) -> NDArray[np.intp]:
    """The bin of a series nearest each wavelength."""
    return np.searchsorted(np.sqrt(one.wave[:-1] * one.wave[1:]), wave)


_MOST_TRIES = 50


@answers_mistakes
def draw_mixtures(
    series: Sequence[SpectralSeries],
    n: int,
    seed: int,
    *,
    parents: int = 2,
    concentration: float = 1.0,
    make: Callable[[Sequence[SpectralSeries], Array], Mixture] = mix,
) -> tuple[Mixture, ...]:
    """Mix drawn series of one class with drawn weights.

    Parameters
    ----------
    series : sequence of SpectralSeries
        Of one class, each with a name of its own.
    n : int
        How many.
    seed : int
        Not negative. The same seed gives the same bytes, and the first mixtures do not depend on ``n``.
    parents : int
        How many are mixed each time, 2 or more.
    concentration : float
        Of the Dirichlet distribution of weights: 1 draws them evenly, less favors one parent.
    make : callable
        ``f(series, weights) -> Mixture``: `mix`, `mix_linear` or one with other arguments.

    Returns
    -------
    tuple of Mixture, (n,)
        The name of the k-th is that of its parents, "#" and k. Parents that have too little in common are drawn again,
        and a note says so.

    Raises
    ------
    ValueError
        Where there are fewer series than ``parents``, a number is out of its range, or 50 draws in a row have nothing
        in common.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.augmentation import draw_mixtures
    >>> from sntransport.transport.templates import hsiao
    >>> one = hsiao().select(phase=(-5.0, 15.0), wave=(4000.0, 8000.0))
    >>> series = [replace(one, name=name) for name in ("a", "b", "c")]
    >>> [mixture.series.name.partition("#")[2] for mixture in draw_mixtures(series, 2, seed=1)]
    ['0', '1']
    """
    if n < 0 or seed < 0 or not concentration > 0:
        raise ValueError(f"n = {n}, seed = {seed}, concentration = {concentration}: expected none negative, no 0 last")
    if not 2 <= parents <= len(series):
        raise ValueError(f"{parents} parents of {len(series)} series; expected 2 up to the number of series")
    checked_weights(series, np.ones(len(series)), {})
    children = np.random.SeedSequence(seed).spawn(n)
    return tuple(
        _drawn(series, k, child=child, parents=parents, concentration=concentration, make=make)
        for k, child in enumerate(children)
    )


def _drawn(
    series: Sequence[SpectralSeries],
    k: int,
    *,
    child: np.random.SeedSequence,
    parents: int,
    concentration: float,
    make: Callable[[Sequence[SpectralSeries], Array], Mixture],
) -> Mixture:
    rng = np.random.default_rng(child)
    notes: list[str] = []
    for _ in range(_MOST_TRIES):
        chosen = [series[i] for i in np.sort(rng.choice(len(series), parents, replace=False))]
        weights = rng.dirichlet(np.full(parents, concentration))
        try:
            made = make(chosen, weights)
        except ValueError as error:
            notes.append(f"drawn again: {error}")
            continue
        named = replace(made.series, name=f"{made.series.name}#{k}")
        return replace(made, series=named, notes=(*made.notes, *notes))
    raise ValueError(f"{_MOST_TRIES} draws in a row could not be mixed, the last: {notes[-1]}")
