"""The main job in one call: from what was observed of a supernova to its dense, calibrated spectral series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_increasing
from sntransport._numerics.limits import MOST_PHASES, require_memory
from sntransport._numerics.quantities import DAY, bare_number
from sntransport._numerics.units import LN_PER_MAG, MAG_PER_LN
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.card import Card, enumerated, heading, span
from sntransport._objects.drawing import axes_or_new, chosen_rows, draw_stack, stack_places
from sntransport._objects.mistakes import require_function, wrong_kind
from sntransport._objects.value_object import ValueObject
from sntransport._storage.read_error import counted
from sntransport.calibration.band_curves import BandCurves, evaluate, fit_band_curves
from sntransport.calibration.gray import gray_offset
from sntransport.calibration.level_surface import LevelSurface
from sntransport.calibration.preparation import Prepared, prepare, with_rows
from sntransport.photometry.agreement import doubts
from sntransport.photometry.synthetic import BandMatrix, band_matrix, synthetic_flux
from sntransport.spectra.doubts import DOUBT, FARTHEST
from sntransport.spectra.observations import Supernova
from sntransport.spectra.series import SpectralSeries
from sntransport.transport.calibrated_series import (
    Features,
    Level,
    calibrated_spectra,
    dense_series,
    fitted_level,
    neighbor_shares,
    observed_level,
    on_level,
    split_features,
)
from sntransport.transport.chain import SAME_PHASE
from sntransport.transport.interpolation_errors import ErrorModel, interpolation_error
from sntransport.transport.interpolators import ForPair, ForSupernova, Interpolator, for_supernova
from sntransport.transport.synthesis import Photometry, near_pairs, synthesize
from sntransport.transport.templates.by_class import class_transport
from sntransport.transport.weights import Weight

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POORLY_KNOWN = 0.15
# Slopes of 0.2 are common: real spectra of one telescope share that much.
_WORTH_A_NOTE = 0.3
# Times what colors of spectra are off: three of 222 nights of fifteen supernovae, all of one.
_DOUBTED_COLOR = 2.0
# No flux calibration and no dust is that wrong: typical photometry missed by this [mag], or this power of wavelength.
_ABSURD, _ABSURD_SLOPE = 0.5, 3.0
# Measured: what a bin of the dense series takes from synthesis to the written file.
_BYTES_PER_BIN = 110.0


@dataclass(frozen=True, eq=False, kw_only=True)
class BuildResult(ValueObject):
    """Result of `build`.

    Parameters
    ----------
    series : SpectralSeries
        The dense series.
    sparse : SpectralSeries
        The observed spectra it was made from: prepared, and calibrated if that was asked for.
    pairs : ndarray of int, (n_pair, 2)
        Rows of ``sparse``; twice the same row is that spectrum itself.
    weight : ndarray, (n_phase, n_pair)
        Share of each pair in each spectrum of ``series``.
    members : tuple of tuple of int
        For each row of ``sparse`` the indices of the supernova's spectra in it.
    curves : BandCurves
        The smooth photometry.
    residual : ndarray, (n_phase, n_band) [mag]
        Synthetic minus smooth observed photometry of ``series`` in ``curves.bands``; NaN where either is missing.
    rejected : ndarray of bool, (n_phase, n_band)
        Photometry in a band that is off what the spectra and the other bands say, at all phases alike, by more than
        0.1 mag and twice its error: the series does not follow it.
    notes : tuple of str
        What was rejected, assumed, not covered or not calibrated, from reading to the end.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> result = snt.build(demo_supernova(), phases=[0.0, 10.0], calibrate=False)
    >>> print(result.series.phase, "between spectra at", result.sparse.phase[result.pairs].round(1).tolist())
    [ 0. 10.] between spectra at [[-1.0, 6.0], [6.0, 14.0]]
    >>> print(result.weight)
    [[1. 0.]
     [0. 1.]]
    """

    series: SpectralSeries
    sparse: SpectralSeries
    pairs: NDArray[np.int64]
    weight: Array
    members: tuple[tuple[int, ...], ...]
    curves: BandCurves
    residual: Array
    rejected: NDArray[np.bool_]
    notes: tuple[str, ...]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the rebuilt spectra and, black, the observed ones; on axes of matplotlib or of a new figure."""
        axes = axes_or_new(ax, "BuildResult.plot")
        dense, sparse = self.series, self.sparse
        rows = [(float(dense.phase[k]), dense.wave, dense.flux[k], False) for k in chosen_rows(dense.covered)]
        rows += [(float(phase), sparse.wave, flux, True) for phase, flux in zip(sparse.phase, sparse.flux, strict=True)]
        rows.sort(key=lambda row: row[0])
        there = dense.covered.any(axis=1)
        known = np.append(dense.phase[there], sparse.phase)
        draw_stack(axes, rows, stack_places(np.array([row[0] for row in rows]), known, dense.phase[~there]))
        axes.set_xlabel("Rest-frame wavelength [Å]")
        axes.set_ylabel("Rest-frame phase [d]")
        axes.set_title(heading(dense.name, "", dense.sn_type))
        return axes

    def _card(self) -> Card:
        size = np.abs(self.residual[np.isfinite(self.residual) & ~self.rejected])
        doubted = sum(note.startswith(DOUBT) for note in self.notes)
        return replace(
            self.series._card(),
            title=heading("BuildResult", self.series.name, self.series.sn_type),
            rows=[
                *self.series._card().rows[:5],
                ("spectra", f"{self.sparse.n_phase} used, phases {span(self.sparse.phase, '.1f')} d"),
                ("photometry", enumerated(self.curves.bands) or "none"),
                ("residual", f"{np.median(size):.3f} mag (median of synthetic minus photometry)" if size.size else ""),
                ("notes", f"{len(self.notes)}, of which doubts: {doubted}; result.notes has them"),
            ],
        )


@answers_mistakes
def build(
    sn: Supernova,
    *,
    cadence: float = 1.0,
    phases: ArrayLike | None = None,
    interpolate: Interpolator | ForPair | ForSupernova = class_transport,
    weight: Weight | None = None,
    max_gap: float = 40.0,
    calibrate: bool = True,
    errors: ErrorModel = interpolation_error,
) -> BuildResult:
    """Build the dense spectral series of a supernova.

    Parameters
    ----------
    sn : Supernova
    cadence : float [rest-frame d]
        Step of the phases: all its whole multiples from the first to the last spectrum.
    phases : array_like, (n_phase,) [rest-frame d], optional
        Target phases instead; strictly increasing. Those outside the observed span are not covered (NaN).
    interpolate : callable
        From two spectra to the one in between; see `sntransport.transport.interpolators`. The default knows the class
        of the supernova: see `sntransport.transport.templates.by_class.ClassTransport`.
    weight : callable, optional
        Average all pairs of spectra around a phase with these weights, as Ramirez et al. 2024 (arXiv:2409.10701) do;
        see `sntransport.transport.weights`, and `sntransport.transport.paper_recipe` for all of theirs. None, which
        rebuilds hidden spectra better: the two neighbors alone, each completed and relieved of noise by its own
        neighbors (`sntransport.transport.completion`).
    max_gap : float [rest-frame d]
        A phase is rebuilt only from pairs of spectra at most this far apart.
    calibrate : bool
        Whether level and color come from photometry and spectra together, as one smooth surface over phase and
        wavelength (`sntransport.calibration.level_surface`). Without it, and where there is no photometry that the
        spectra cover, they are those of the spectra; only spectra in arbitrary units are scaled, by one factor each.
    errors : callable
        Error of the interpolation; see `sntransport.transport.interpolation_errors`.

    Returns
    -------
    BuildResult

    Raises
    ------
    ValueError
        Where no spectrum is usable, none has or can be given an absolute scale, or an argument is out of range.
    TypeError
        Where ``sn`` is no `Supernova`, or ``interpolate``, ``weight`` or ``errors`` no function of the form they have.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> sn = demo_supernova()
    >>> result = snt.build(sn, cadence=10.0)
    >>> print(result.series.phase)
    [-10.   0.  10.  20.  30.  40.  50.  60.]
    >>> print(f"{np.isfinite(result.series.flux).mean():.0%} covered, {len(result.notes)} notes")
    100% covered, 4 notes
    """
    from threadpoolctl import threadpool_limits

    if not isinstance(sn, Supernova):
        raise wrong_kind("build", "a Supernova", sn, _REMEDIES)
    _check_functions(interpolate, weight, errors)
    # A gap just as wide is inside: two dates and a redshift make it longer or shorter by rounding.
    cadence, max_gap = _days(cadence, "cadence"), _days(max_gap, "max_gap") + SAME_PHASE
    # The matrices are small: threads would cost more than they bring, and processes beside this one their cores.
    with threadpool_limits(limits=1, user_api="blas"):
        return _build(
            sn,
            cadence=cadence,
            phases=phases,
            interpolate=interpolate,
            weight=weight,
            max_gap=max_gap,
            calibrate=calibrate,
            errors=errors,
        )


def _build(
    sn: Supernova,
    *,
    cadence: float,
    phases: ArrayLike | None,
    interpolate: Interpolator | ForPair | ForSupernova,
    weight: Weight | None,
    max_gap: float,
    calibrate: bool,
    errors: ErrorModel,
) -> BuildResult:
    prepared = prepare(sn)
    curves = fit_band_curves(sn.light_curve)
    matrix = band_matrix(prepared.series.wave, curves.bands, sn.sightline)
    fitted = for_supernova(interpolate, sn, prepared.series)
    notes = [*doubts(sn), *sn.notes, *prepared.notes, *curves.notes, *getattr(fitted, "notes", ())]
    targets = _targets(prepared.series, cadence, phases, max_gap=None if weight is None else max_gap)
    features = split_features(prepared.series, interpolate=fitted, max_gap=max_gap)
    notes += _impossible_notes(prepared.series, features)
    found = _level(sn, features, prepared, curves, matrix, phase=targets) if calibrate else None
    if found is None:
        # Without a level of its own a spectrum has that of its photometry, or is of no use.
        prepared, more = _with_scale(sn, prepared, curves, matrix)
        notes += more
        targets = _targets(prepared.series, cadence, phases, max_gap=None if weight is None else max_gap)
        features = split_features(prepared.series, interpolate=fitted, max_gap=max_gap)
        level = observed_level(features, targets)
        if calibrate:
            notes.append(
                "no photometry in a band and at a date that the spectra cover: flux as observed, not calibrated"
            )
    else:
        level, surface = found
    sparse = calibrated_spectra(features, level)
    flux, flux_err = evaluate(curves, sn.mjd_of(targets))
    # Pairs are judged by the photometry without what each band is off, in the colors that their spectra have: on the
    # level all would have the right ones.
    right = np.exp(-surface.offset) if found else np.ones(len(curves.bands))
    own = observed_level(features, targets).spectrum
    photometry = Photometry(matrix=matrix, flux=flux * right, flux_err=flux_err * right, continua=own)
    known = np.zeros(targets.size, dtype=bool)
    if found:
        known = _colors_known(features, matrix, flux, surface.off)
    series = dense_series(features, targets, level, errors=errors, known=known)
    covered = np.asarray(series.covered.any(axis=1))
    if found:
        notes += _color_notes(surface, sparse.phase)
        notes += _level_notes(surface, level, targets, curves, covered=covered)
    pairs, shares = neighbor_shares(features.observed.phase, targets, covered)
    if weight is not None:
        made = synthesize(
            features.flat, targets, interpolate=fitted, weight=weight, max_gap=max_gap, photometry=photometry,
            tie=False, errors=errors,
        )  # fmt: skip
        series, pairs, shares = on_level(made.series, level), made.pairs, made.weight
    notes += _gap_notes(prepared.series, targets, max_gap)
    notes += _nothing_covered(series, max_gap)
    residual = _residual(series, matrix, flux)
    return BuildResult(
        series=series,
        sparse=sparse,
        pairs=pairs,
        weight=shares,
        members=prepared.members,
        curves=curves,
        residual=residual,
        rejected=np.isfinite(flux) & surface.off if found else np.zeros(flux.shape, dtype=bool),
        notes=tuple(notes),
    )


def _impossible_notes(series: SpectralSeries, features: Features) -> list[str]:
    """Name what was taken off spectra because their neighbors cannot differ from them so much."""
    lost = series.covered & ~features.observed.covered
    return [
        f"spectrum of phase {series.phase[row]:.1f}: {counted(int(lost[row].sum()), 'bin')} between "
        f"{series.wave[lost[row]].min():.0f} and {series.wave[lost[row]].max():.0f} A not used: a factor of up to five "
        "or more off both neighboring spectra"
        for row in np.flatnonzero(lost.any(axis=1))
    ]


def _colors_known(features: Features, matrix: BandMatrix, flux: Array, off: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Phases (n_phase,) with photometry in two bands or more that some spectrum covers and that are not off."""
    seen = np.isfinite(synthetic_flux(np.exp(features.done.logs), matrix)[0]).any(axis=0) & ~off
    return np.asarray((np.isfinite(flux) & seen).sum(axis=1) >= 2)


def _level(
    sn: Supernova, features: Features, prepared: Prepared, curves: BandCurves, matrix: BandMatrix, *, phase: Array
) -> tuple[Level, LevelSurface] | None:
    return fitted_level(
        features,
        phase,
        curves=curves,
        curve_phase=[sn.phase_of(curve.mjd) for curve in curves.curves],
        matrix=matrix,
        calibrated=prepared.calibrated,
    )


_REMEDIES = {
    "path": "write build(read_supernova({}))",
    "text": "write build(read_supernova(path))",
    "SpectralSeries": "a series is what build makes; it is made of the spectra that were observed",
    "BuildResult": "it is built already: its series is result.series",
    "LightCurve": "without spectra there is no series; a Supernova holds both",
    "Spectrum": "write Supernova(..., spectra=[spectrum], light_curve=...)",
    "list": "build them one by one: [build(sn) for sn in supernovae]",
    "tuple": "build them one by one: [build(sn) for sn in supernovae]",
}
_FAMILY = {
    name: f"sntransport.interpolators.{name}"
    for name in ("log_linear", "linear", "feature_transport", "wasserstein", "sinkhorn", "unbalanced")
}


def _check_functions(interpolate: object, weight: object, errors: object) -> None:
    """Refuse names and results in place of functions, and functions of another form."""
    if not isinstance(interpolate, ForPair | ForSupernova):
        form = "f(wave, flux_a, flux_b, t)"
        require_function(interpolate, "interpolate", form, _FAMILY, n_argument=4)
    if weight is not None:
        known = {"paper_weight": "sntransport.weights.paper_weight"}
        form = "f(days_before, days_after, mismatch)"
        require_function(weight, "weight", form, known, n_argument=3)
    known = {"interpolation_error": "sntransport.transport.interpolation_errors.interpolation_error"}
    require_function(errors, "errors", "as interpolation_error", known)


def _days(value: object, name: str) -> float:
    """A positive number of days, of a number or a quantity."""
    number = np.nan if isinstance(value, str) else bare_number(value, name, DAY)
    if not (np.isfinite(number) and number > 0):
        raise ValueError(f"{name} is {value!r}, expected a positive number of days")
    return number


def _targets(sparse: SpectralSeries, cadence: float, phases: ArrayLike | None, *, max_gap: float | None) -> Array:
    """Target phases; ``max_gap`` is that of all pairs, or none where neighbors alone are used."""
    n_pair = sparse.n_phase if max_gap is None else near_pairs(sparse.phase, max_gap).shape[0] + sparse.n_phase
    if phases is not None:
        targets = readonly(phases, "phases", unit=DAY)
        require_increasing(targets, "phases")
        _require_room(sparse, targets.size, n_pair, "give fewer phases at once")
        return targets
    # A hair of tolerance, so that a spectrum exactly on the grid is in it whatever the rounding.
    first = int(np.ceil(sparse.phase[0] / cadence - 1e-9))
    last = int(np.floor(sparse.phase[-1] / cadence + 1e-9))
    remedy = f"use a cadence above {cadence:g} d, or build parts with phases="
    _require_room(sparse, last - first + 1, n_pair, remedy)
    targets = np.clip(np.arange(first, last + 1) * cadence, sparse.phase[0], sparse.phase[-1])
    return readonly(targets if targets.size else sparse.phase[:1], "phases")


def _require_room(sparse: SpectralSeries, n_phase: int, n_pair: int, remedy: str) -> None:
    """Refuse more phases than the limits of `sntransport._numerics.limits`, with the step that may be a wrong date."""
    span = f"a series of {n_phase} phases from {sparse.phase[0]:.0f} to {sparse.phase[-1]:.0f} d"
    step = np.diff(sparse.phase, append=sparse.phase[-1])
    wide = int(np.argmax(step))
    if step[wide] > FARTHEST:
        low, high = sparse.phase[wide : wide + 2]
        remedy = (
            f"is the date of the spectrum before or after the step from {low:.1f} to {high:.1f} d wrong? Else {remedy}"
        )
    if n_phase > MOST_PHASES:
        raise ValueError(f"{sparse.name}: {span}, more than {MOST_PHASES}: {remedy}")
    n_bytes = n_phase * (_BYTES_PER_BIN * sparse.n_wave + 8.0 * n_pair)
    require_memory(n_bytes, f"{sparse.name}: {span} at {sparse.n_wave} wavelengths", remedy)


def _with_scale(
    sn: Supernova, prepared: Prepared, curves: BandCurves, matrix: BandMatrix
) -> tuple[Prepared, list[str]]:
    """Spectra in arbitrary units get their scale from the photometry; those that cannot are left out, with a note."""
    arbitrary = ~prepared.calibrated
    if not arbitrary.any():
        return prepared, []
    flux, flux_err = evaluate(curves, sn.mjd_of(prepared.series.phase))
    gray = gray_offset(synthetic_flux(prepared.series.flux, matrix)[0], flux, flux_err)
    lost = arbitrary & np.isnan(gray)
    if lost.all():
        raise ValueError(
            f"{sn.name}: no spectrum has an absolute flux scale and no photometry gives one; "
            "supply photometry at the dates of the spectra"
        )
    scale = np.where(arbitrary & ~lost, np.exp(np.nan_to_num(gray)), 1.0)
    notes = [
        f"spectrum of phase {prepared.series.phase[i]:.1f} left out: arbitrary flux units and no photometry at its date"
        for i in np.flatnonzero(lost)
    ]
    return with_rows(prepared, ~lost, scale), notes


def _color_notes(surface: LevelSurface, phase: Array) -> list[str]:
    """Spectra whose color neither the photometry nor the others share."""
    return [
        f"spectrum of phase {phase[row]:.1f}: its color is off the photometry and the other spectra by "
        f"{np.sqrt(surface.doubt[row]):.1f} times what colors of spectra are, so it has little say: is its date right, "
        "is it free of light of the host, of the sky and of another object?"
        for row in np.flatnonzero(surface.doubt > _DOUBTED_COLOR**2)
    ]


def _level_notes(
    surface: LevelSurface, level: Level, targets: Array, curves: BandCurves, *, covered: NDArray[np.bool_]
) -> list[str]:
    """What photometry was not followed, and where the level is not well known."""
    notes = []
    if surface.off.any():
        named = [f"{curves.bands[k]} {-surface.offset[k] * MAG_PER_LN:+.2f}" for k in np.flatnonzero(surface.off)]
        notes.append(
            "photometry off what the spectra and the other bands say at all phases alike, taken off, not put on the "
            f"series [mag]: {', '.join(named)}"
        )
    used = surface.residual[surface.used]
    odd = used.size > 0 and float(np.median(np.abs(used))) > _ABSURD * LN_PER_MAG
    if odd or abs(surface.slope) > _ABSURD_SLOPE:
        notes.append(
            f"{DOUBT}spectra and photometry contradict each other so much that the series may be wrong by magnitudes: "
            "is a spectrum broken, of another object, or not in its units? Leave it out, or build with calibrate=False"
        )
    if abs(surface.slope) > max(3.0 * surface.slope_err, _WORTH_A_NOTE):
        notes.append(
            f"all spectra share a wrong slope, wavelength to the power {surface.slope:+.2f} +- {surface.slope_err:.2f} "
            "(flux calibration, dust, or units?): taken off by the photometry"
        )
    left_out = np.isfinite(surface.residual) & ~surface.used
    if left_out.any():
        notes.append(
            f"{int(left_out.sum())} nights of photometry left out: too far off the series and all other nights"
        )
    error = np.where(covered, np.median(level.target_err, axis=1), 0.0)
    poor = np.flatnonzero(error > _POORLY_KNOWN * LN_PER_MAG)
    if poor.size:
        stretches = np.split(poor, np.flatnonzero(np.diff(poor) > 1) + 1)
        where = ", ".join(
            f"{targets[run[0]]:.1f}" + (f" to {targets[run[-1]]:.1f}" if run.size > 1 else "") for run in stretches
        )
        notes.append(
            f"brightness known to no better than {_POORLY_KNOWN:g} mag (worst {float(error.max()) * MAG_PER_LN:.2f}, "
            f"in flux_err) far from photometry that the spectra cover: phases {where} d"
        )
    return notes


def _residual(series: SpectralSeries, matrix: BandMatrix, flux: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(-2.5 * np.log10(synthetic_flux(series.flux, matrix)[0] / flux))


def _gap_notes(sparse: SpectralSeries, targets: Array, max_gap: float) -> list[str]:
    """Name the gaps that were left open, and targets outside the observed span."""
    notes = []
    for start, stop in zip(sparse.phase[:-1], sparse.phase[1:], strict=True):
        count = int(np.sum((targets > start) & (targets < stop)))
        if stop - start > max_gap and count:
            notes.append(
                f"gap of {stop - start:.1f} d between phases {start:.1f} and {stop:.1f} is wider than {max_gap:g} d: "
                f"{counted(count, 'phase')} not covered"
            )
    outside = int(np.sum((targets < sparse.phase[0]) | (targets > sparse.phase[-1])))
    if outside:
        notes.append(
            f"{counted(outside, 'phase')} outside the observed span {sparse.phase[0]:.1f} to {sparse.phase[-1]:.1f} d: "
            "not covered"
        )
    return notes


def _nothing_covered(series: SpectralSeries, max_gap: float) -> list[str]:
    """The doubt about a series without a single covered phase: it is written, and of no use."""
    if series.covered.any():
        return []
    return [
        f"{DOUBT}no phase of the series is covered: every one lies in a gap wider than max_gap = {max_gap:g} d or "
        "outside the observed span; allow wider gaps, or ask for other phases"
    ]
