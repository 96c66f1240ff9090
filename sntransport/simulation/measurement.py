"""What surveys measure of simulated events: visits, true flux, noise, detections and the trigger."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array, readonly
from sntransport.simulation.events.hosts import HostLight
from sntransport.simulation.flux_lookup import Places, days_per_phase, true_fluxes
from sntransport.simulation.light_curves import LightCurves, Truth
from sntransport.simulation.noise.error_model import SeenVisits
from sntransport.simulation.noise.noise_model import Disturbed, disturb
from sntransport.simulation.plan import SimulationPlan
from sntransport.simulation.random_streams import BLOCK, Purpose, stream
from sntransport.simulation.selection.detection import (
    PHOTFLAG_SATURATED,
    DetectionEfficiency,
    Trigger,
    photflags,
    trigger,
)
from sntransport.simulation.selection.fields import object_fields
from sntransport.simulation.selection.trigger_logic import logic_trigger
from sntransport.simulation.surveys.footprint import measurements_of, visits_of
from sntransport.simulation.surveys.noise import noise_area

if TYPE_CHECKING:
    from sntransport.simulation.selection.trigger_language import Logic


def _dates(plan: SimulationPlan, truth: Truth) -> tuple[Array, Array]:
    """First and last date at which each object is measured, (n_object,) [d]."""
    ends = np.array([(series.phase[0], series.phase[-1]) for series in plan.templates])[truth.template]
    first, last = (truth.mjd_ref + ends[:, side] * days_per_phase(truth) for side in (0, 1))
    return first - plan.how.margin[0], last + plan.how.margin[1]


def _visits(plan: SimulationPlan, truth: Truth, *, more: bool) -> tuple[NDArray[np.int64], Array]:
    """Visits of all surveys that see each object in the order of date, as `measurements_of` gives them."""
    first, last = _dates(plan, truth)
    found, bands = [], 0
    for survey, code in zip(plan.surveys, plan.field_codes, strict=True):
        offset, columns = measurements_of(survey, truth.ra, truth.dec, first, last, code=code, more=more)
        columns[1] += bands
        found.append((offset, columns))
        bands += survey.n_band
    if len(found) == 1:
        return found[0]
    owner = np.concatenate([np.repeat(np.arange(BLOCK), np.diff(offset)) for offset, _ in found])
    columns = np.concatenate([columns for _, columns in found], axis=1)
    order = np.lexsort((columns[0], owner))
    return np.sum([offset for offset, _ in found], axis=0), columns[:, order]


def _rows(rows: Any, **columns: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Some rows of columns."""
    return {name: column[rows] for name, column in columns.items()}


def _of_objects(mine: NDArray[np.bool_], offset: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The measurements of some objects, and their offsets among these."""
    count = np.diff(offset)
    return np.repeat(mine, count), np.concatenate([[0], np.cumsum(count[mine])])


def _shown(made: Disturbed, efficiency: DetectionEfficiency) -> tuple[Array, Array]:
    """Fluxes and errors that a detector sees; a ratio is a flux in units of its error."""
    return (made.snr, np.ones(made.snr.size)) if efficiency.true else (made.flux, made.flux_err)


def _fired(
    plan: SimulationPlan, found: NDArray[np.bool_], mjd: Array, *, band: NDArray[np.int16], offset: NDArray[np.int64]
) -> Trigger:  # fmt: skip
    how = plan.how
    if how.selection is None or not how.selection.trigger:
        return trigger(
            found, mjd, offset, n_epochs=how.n_epochs, epoch_window=how.epoch_window, epochs=how.epochs
        )  # fmt: skip
    logic = cast("Logic", how.selection.trigger)
    return logic_trigger(logic, found, mjd, band=band, offset=offset, bands=plan.bands, epoch_window=how.epoch_window)


def _known(
    plan: SimulationPlan, offset: NDArray[np.int64], band: NDArray[np.int16], *, flux: Array, seen: Places
) -> NDArray[np.bool_]:  # fmt: skip
    """Which measurements are kept."""
    known = np.isfinite(flux) if plan.how.uncovered in ("drop", "drop_for_all") else np.ones(flux.size, dtype=np.bool_)
    if plan.how.uncovered == "drop_for_all":
        # Before and after its phases a template has the flux 0, whether or not the band counts.
        counts = np.isfinite(seen.weights[:, :, 0])
        known &= counts[np.repeat(np.arange(BLOCK), np.diff(offset)), band]
    return known


def _fields(plan: SimulationPlan, truth: Truth) -> NDArray[np.int64]:
    """Number of the field of the first visit that sees each object, -1 where none does or its number is not known."""
    found = np.full(truth.ra.size, -1, dtype=np.int64)
    for survey in plan.surveys:
        if np.any(survey.field >= 0):
            offset, index = visits_of(survey, truth.ra, truth.dec, *_dates(plan, truth))
            new = np.flatnonzero((np.diff(offset) > 0) & (found < 0))
            found[new] = survey.field[index[offset[new]]]
    return found


def _add_host_noise(
    plan: SimulationPlan, columns: Array, offset: NDArray[np.int64], band: NDArray[np.int16], light: HostLight
) -> None:  # fmt: skip
    """Add the Poisson noise of hosts to the background, in place: ``b**2 + F / p`` with F in the noise-equivalent area.

    ``columns`` are date, band, background, photons per nJy and more, (n, n_obs).
    """
    fwhm = np.array([plan.population.hosts.psf[name] for name in plan.bands]) if plan.population.hosts else np.zeros(0)
    owner = np.repeat(np.arange(BLOCK), np.diff(offset))
    flux = light.in_aperture(owner, band, noise_area(fwhm)[band])
    columns[2] = np.sqrt(columns[2] ** 2 + flux / columns[3])


def measure_block(
    plan: SimulationPlan, block: int, truth: Truth, seen: Places, light: HostLight | None = None
) -> tuple[LightCurves, NDArray[np.bool_]]:
    """What the surveys measure of a block, and which objects trigger; the noise of a host's ``light`` is added."""
    offset, columns = _visits(plan, truth, more=plan.noise is not None)
    mjd, band = columns[0].copy(), columns[1].astype(np.int16)
    flux = true_fluxes(plan.tables, offset=offset, mjd=mjd, band=band, truth=truth, seen=seen, max_gap=plan.how.max_gap)
    known = _known(plan, offset, band, flux=flux, seen=seen)
    if not known.all():
        offset = np.concatenate([[0], np.cumsum(known)])[offset]
        columns, mjd, band, flux = np.ascontiguousarray(columns[:, known]), mjd[known], band[known], flux[known]
    if light is not None:
        _add_host_noise(plan, columns, offset, band, light)
    # The noise is added in place.
    true_flux = readonly(flux, "true_flux") if plan.how.true_flux else None
    if plan.how.true_flux:
        truth = replace(truth, more={**truth.more, "field_number": _fields(plan, truth)})
    made = _disturbed(plan, block, flux, offset=offset, columns=columns, band=band)
    uniform = stream(plan.seed, block, Purpose.DETECTION).random(flux.size)
    how = plan.how
    shown, its_err = _shown(made, how.efficiency)
    columns_of = partial(_rows, flux=shown, flux_err=its_err, band=band, mjd=mjd, random=uniform)
    found = how.detector(**columns_of(slice(None)), offset=offset, efficiency=how.efficiency, bands=plan.bands)
    if plan.field_codes[0] is not None:
        own_field = object_fields(plan.field_names, columns[-1], offset)
        truth = replace(truth, more={**truth.more, "field": own_field})
    if how.selection is not None:
        for name, efficiency in how.selection.field_efficiency.items():
            rows, own = _of_objects(truth.more["field"] == name, offset)
            shown, its_err = _shown(made, efficiency)
            columns_of = partial(_rows, flux=shown, flux_err=its_err, band=band, mjd=mjd, random=uniform)
            found[rows] = how.detector(**columns_of(rows), offset=own, efficiency=efficiency, bands=plan.bands)
    found = found & ~made.saturated
    fired = _fired(plan, found, mjd, band=band, offset=offset)
    flags = photflags(found, mjd, offset, fired.mjd)
    flags[made.saturated] |= np.int32(PHOTFLAG_SATURATED)
    for array in (mjd, band, made.flux, made.flux_err, flags):
        array.setflags(write=False)
    curves = LightCurves(
        bands=plan.bands,
        surveys=plan.of_survey,
        offset=offset,
        mjd=mjd,
        band=band,
        flux=made.flux,
        flux_err=made.flux_err,
        photflag=flags,
        truth=truth,
        template_names=tuple(series.name for series in plan.templates),
        template_types=tuple(series.sn_type for series in plan.templates),
        true_flux=true_flux,
        meta=plan.meta,
    )
    return curves, fired.triggered


def _disturbed(
    plan: SimulationPlan, block: int, flux: Array, *, offset: NDArray[np.int64], columns: Array,
    band: NDArray[np.int16],
) -> Disturbed:  # fmt: skip
    """Measured fluxes in place of the true ones, which are changed."""
    from sntransport.simulation import _kernels

    normal = stream(plan.seed, block, Purpose.NOISE).standard_normal(flux.size)
    if plan.noise is not None:
        return disturb(
            plan.noise, _seen(plan, columns, band), flux, offset=offset, columns=columns[2:6], relative=plan.zero_point,
            floor=plan.floor, normal=normal, of_template=stream(plan.seed, block, Purpose.TEMPLATE_NOISE),
            of_excess=stream(plan.seed, block, Purpose.EXCESS_NOISE),
        )  # fmt: skip
    made = Disturbed(flux, np.empty(flux.size), np.empty(flux.size, dtype=np.bool_), np.empty(0))
    _kernels.add_noise(columns[2:], band, plan.zero_point, plan.floor, normal, *made[:3])
    return made


def _seen(plan: SimulationPlan, columns: Array, band: NDArray[np.int16]) -> SeenVisits:
    """The visits as an error model is told them."""
    survey = np.repeat(np.arange(len(plan.surveys)), [one.n_band for one in plan.surveys])
    return SeenVisits(
        surveys=plan.surveys,
        bands=plan.bands,
        survey=survey[band],
        visit=columns[6].astype(np.int64),
        band=band,
        mjd=columns[0],
        snr=np.empty(0),
    )
