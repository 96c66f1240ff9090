"""The main job in one call: from what was observed of a supernova to its dense, calibrated spectral series."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_increasing
from sntransport._numerics.limits import MOST_PHASES, require_memory
from sntransport._numerics.quantities import DAY
from sntransport.calibration.band_curves import BandCurves, evaluate, fit_band_curves
from sntransport.calibration.preparation import Prepared, prepare, with_rows
from sntransport.calibration.warp import Calibrated, gray_offset
from sntransport.calibration.warp import calibrate as calibrate_series
from sntransport.photometry.agreement import doubts
from sntransport.photometry.synthetic import BandMatrix, band_matrix, synthetic_flux
from sntransport.spectra.doubts import FARTHEST
from sntransport.spectra.observations import Supernova
from sntransport.spectra.series import SpectralSeries
from sntransport.transport.interpolation_errors import ErrorModel, interpolation_error
from sntransport.transport.interpolators import ForPair, ForSupernova, Interpolator, for_supernova
from sntransport.transport.synthesis import Photometry, synthesize
from sntransport.transport.templates.by_class import class_transport
from sntransport.transport.weights import Weight, paper_weight

# Measured: what a bin of the dense series takes from synthesis to the written file.
_BYTES_PER_BIN = 110.0


@dataclass(frozen=True, eq=False, kw_only=True)
class BuildResult:
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
        Photometry that the calibration takes for wrong; see `sntransport.calibration.warp.Calibrated`.
    notes : tuple of str
        What was rejected, assumed, not covered or not calibrated, from reading to the end.
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


def build(
    sn: Supernova,
    *,
    cadence: float = 1.0,
    phases: ArrayLike | None = None,
    interpolate: Interpolator | ForPair | ForSupernova = class_transport,
    weight: Weight = paper_weight,
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
    weight : callable
        Weight of each pair; see `sntransport.transport.weights`.
    max_gap : float [rest-frame d]
        A phase is rebuilt only from pairs of spectra at most this far apart.
    calibrate : bool
        Whether to warp spectra onto the photometry, before and after interpolation. Without it only spectra in
        arbitrary units are scaled, by one factor each.
    errors : callable
        Error of the interpolation; see `sntransport.transport.interpolation_errors`.

    Returns
    -------
    BuildResult

    Raises
    ------
    ValueError
        Where no spectrum is usable, none has or can be given an absolute scale, or an argument is out of range.
    """
    from threadpoolctl import threadpool_limits

    _check(cadence, max_gap)
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
    weight: Weight,
    max_gap: float,
    calibrate: bool,
    errors: ErrorModel,
) -> BuildResult:
    prepared = prepare(sn)
    curves = fit_band_curves(sn.light_curve)
    matrix = band_matrix(prepared.series.wave, curves.bands, sn.sightline)
    prepared = _with_scale(sn, prepared, curves, matrix)
    sparse, notes = prepared.series, [*doubts(sn), *sn.notes, *prepared.notes, *curves.notes]
    done = None
    if calibrate:
        done = _calibrated(sn, sparse, curves, matrix, notes=notes, what="observed spectra")
        sparse = done.series
    fitted = for_supernova(interpolate, sn, prepared.series)
    notes += getattr(fitted, "notes", ())
    targets = _targets(sparse, cadence, phases)
    flux, flux_err = _without(done, *evaluate(curves, sn.mjd_of(targets)))
    photometry = Photometry(matrix=matrix, flux=flux, flux_err=flux_err)
    result = synthesize(
        # The series is calibrated itself: an error of the warp that came along would count twice.
        _with_noise_alone(sparse, prepared.series),
        targets,
        interpolate=fitted,
        weight=weight,
        max_gap=max_gap,
        photometry=photometry,
        tie=calibrate,
        errors=errors,
    )
    notes += _gap_notes(sparse, targets, max_gap)
    # Neighboring phases share their photometry: what a band is off is known from the dates of the spectra alone.
    final = (
        _calibrated(sn, result.series, curves, matrix, notes=notes, what="series", earlier=done) if calibrate else None
    )
    series = final.series if final else result.series
    residual = final.residual if final else _residual(series, matrix, photometry)
    rejected = final.rejected if final else np.zeros(residual.shape, dtype=bool)
    return BuildResult(
        series=series,
        sparse=sparse,
        pairs=result.pairs,
        weight=result.weight,
        members=prepared.members,
        curves=curves,
        residual=residual,
        rejected=rejected,
        notes=tuple(notes),
    )


def _check(cadence: float, max_gap: float) -> None:
    for name, value in (("cadence", cadence), ("max_gap", max_gap)):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value}, expected a positive number of days")


def _targets(sparse: SpectralSeries, cadence: float, phases: ArrayLike | None) -> Array:
    if phases is not None:
        targets = readonly(phases, "phases", unit=DAY)
        require_increasing(targets, "phases")
        _require_room(sparse, targets.size, "give fewer phases at once")
        return targets
    # A hair of tolerance, so that a spectrum exactly on the grid is in it whatever the rounding.
    first = int(np.ceil(sparse.phase[0] / cadence - 1e-9))
    last = int(np.floor(sparse.phase[-1] / cadence + 1e-9))
    _require_room(sparse, last - first + 1, f"use a cadence above {cadence:g} d, or build parts with phases=")
    targets = np.clip(np.arange(first, last + 1) * cadence, sparse.phase[0], sparse.phase[-1])
    return readonly(targets if targets.size else sparse.phase[:1], "phases")


def _require_room(sparse: SpectralSeries, n_phase: int, remedy: str) -> None:
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
    n_bytes = n_phase * (_BYTES_PER_BIN * sparse.n_wave + 8.0 * sparse.n_phase**2)
    require_memory(n_bytes, f"{sparse.name}: {span} at {sparse.n_wave} wavelengths", remedy)


def _with_scale(sn: Supernova, prepared: Prepared, curves: BandCurves, matrix: BandMatrix) -> Prepared:
    """Spectra in arbitrary units get their scale from the photometry; those that cannot are left out, with a note."""
    arbitrary = ~prepared.calibrated
    if not arbitrary.any():
        return prepared
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
    return with_rows(prepared, ~lost, scale, notes)


def _calibrated(
    sn: Supernova, series: SpectralSeries, curves: BandCurves, matrix: BandMatrix, *, notes: list[str], what: str,
    earlier: Calibrated | None = None,
) -> Calibrated:  # fmt: skip
    result = calibrate_series(series, matrix, *evaluate(curves, sn.mjd_of(series.phase)), earlier=earlier)
    notes += [f"calibration of the {what}: {note}" for note in result.notes]
    return result


def _without(earlier: Calibrated | None, flux: Array, flux_err: Array) -> tuple[Array, Array]:
    """Photometry as it would be without what each band is off."""
    factor = 1.0 if earlier is None else 10.0 ** (0.4 * earlier.offset)
    return flux * factor, flux_err * factor


def _with_noise_alone(calibrated: SpectralSeries, observed: SpectralSeries) -> SpectralSeries:
    """The calibrated spectra with the relative errors of the observed ones."""
    with np.errstate(invalid="ignore", divide="ignore"):
        flux_err = observed.flux_err * np.where(observed.flux > 0, calibrated.flux / observed.flux, 1.0)
    return replace(calibrated, flux_err=flux_err)


def _residual(series: SpectralSeries, matrix: BandMatrix, photometry: Photometry) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(-2.5 * np.log10(synthetic_flux(series.flux, matrix)[0] / photometry.flux))


def _gap_notes(sparse: SpectralSeries, targets: Array, max_gap: float) -> list[str]:
    """Name the gaps that were left open, and targets outside the observed span."""
    notes = []
    for start, stop in zip(sparse.phase[:-1], sparse.phase[1:], strict=True):
        count = int(np.sum((targets > start) & (targets < stop)))
        if stop - start > max_gap and count:
            notes.append(
                f"gap of {stop - start:.1f} d between phases {start:.1f} and {stop:.1f} is wider than {max_gap:g} d: "
                f"{count} phases not covered"
            )
    outside = int(np.sum((targets < sparse.phase[0]) | (targets > sparse.phase[-1])))
    if outside:
        notes.append(
            f"{outside} phases outside the observed span {sparse.phase[0]:.1f} to {sparse.phase[-1]:.1f} d: not covered"
        )
    return notes
