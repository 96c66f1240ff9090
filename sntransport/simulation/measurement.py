"""What surveys measure of simulated events: visits, true flux, noise, detections and the trigger."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport.simulation.events.population import Population
from sntransport.simulation.flux_lookup import Places, true_fluxes
from sntransport.simulation.flux_tables import FluxTables
from sntransport.simulation.light_curves import LightCurves, Truth
from sntransport.simulation.random_streams import BLOCK, Purpose, stream
from sntransport.simulation.selection.detection import (
    PHOTFLAG_SATURATED,
    DetectionEfficiency,
    Trigger,
    photflags,
    trigger,
)
from sntransport.simulation.selection.fields import object_fields
from sntransport.simulation.selection.selection import Selection
from sntransport.simulation.selection.trigger_logic import logic_trigger
from sntransport.simulation.surveys.footprint import Where, measurements_of
from sntransport.simulation.surveys.survey import Survey
from sntransport.simulation.surveys.survey_dates import Ranges
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import mjd_of

if TYPE_CHECKING:
    from sntransport.simulation.selection.trigger_language import Logic

Uncovered = Literal["nan", "drop", "error"]
Keep = Literal["all", "observed", "triggered", "selected"]


@dataclass(frozen=True, eq=False, kw_only=True)
class How:
    """How objects are measured and which are kept; as the arguments of `simulate_chunks`."""

    efficiency: DetectionEfficiency
    detector: Callable[..., NDArray[np.bool_]]
    n_epochs: int
    epoch_window: float
    keep: Keep
    uncovered: Uncovered
    margin: tuple[float, float]
    max_gap: float
    selection: Selection | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulationPlan:
    """What is common to all blocks."""

    templates: tuple[SpectralSeries, ...]
    surveys: tuple[Survey, ...]
    population: Population
    seed: int
    tables: FluxTables
    bands: tuple[str, ...]
    of_survey: tuple[str, ...]
    zero_point: Array
    floor: Array
    places: Where
    dates: Ranges
    how: How
    meta: dict[str, Any]
    field_names: tuple[str, ...] = ()
    field_codes: tuple[NDArray[Any] | None, ...]
    """Which of the names each visit of each survey is of, where fields are asked for: the last of its columns."""


def _dates(plan: SimulationPlan, truth: Truth) -> tuple[Array, Array]:
    """First and last date at which each object is measured, (n_object,) [d]."""
    ends = np.array([(series.phase[0], series.phase[-1]) for series in plan.templates])[truth.template]
    first, last = (mjd_of(ends[:, side], truth.mjd_ref, truth.z) for side in (0, 1))
    return first - plan.how.margin[0], last + plan.how.margin[1]


def _visits(plan: SimulationPlan, truth: Truth) -> tuple[NDArray[np.int64], Array]:
    """Visits of all surveys that see each object in the order of date, as `measurements_of` gives them."""
    first, last = _dates(plan, truth)
    found, bands = [], 0
    for survey, code in zip(plan.surveys, plan.field_codes, strict=True):
        offset, columns = measurements_of(survey, truth.ra, truth.dec, first, last, code=code)
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


def _fired(
    plan: SimulationPlan, found: NDArray[np.bool_], mjd: Array, *, band: NDArray[np.int16], offset: NDArray[np.int64]
) -> Trigger:  # fmt: skip
    how = plan.how
    if how.selection is None or not how.selection.trigger:
        return trigger(found, mjd, offset, n_epochs=how.n_epochs, epoch_window=how.epoch_window)
    logic = cast("Logic", how.selection.trigger)
    return logic_trigger(logic, found, mjd, band=band, offset=offset, bands=plan.bands, epoch_window=how.epoch_window)


def measure_block(
    plan: SimulationPlan, block: int, truth: Truth, seen: Places
) -> tuple[LightCurves, NDArray[np.bool_]]:
    """What the surveys measure of a block, and which objects trigger."""
    from sntransport.simulation import _kernels

    offset, columns = _visits(plan, truth)
    mjd, band = columns[0].copy(), columns[1].astype(np.int16)
    flux = true_fluxes(plan.tables, offset=offset, mjd=mjd, band=band, truth=truth, seen=seen, max_gap=plan.how.max_gap)
    if plan.how.uncovered == "drop" and np.isnan(flux).any():
        known = np.isfinite(flux)
        offset = np.concatenate([[0], np.cumsum(known)])[offset]
        columns, mjd, band, flux = np.ascontiguousarray(columns[:, known]), mjd[known], band[known], flux[known]
    flux_err, saturated = np.empty(flux.size), np.empty(flux.size, dtype=np.bool_)
    normal = stream(plan.seed, block, Purpose.NOISE).standard_normal(flux.size)
    _kernels.add_noise(columns[2:], band, plan.zero_point, plan.floor, normal, flux, flux_err, saturated)
    uniform = stream(plan.seed, block, Purpose.DETECTION).random(flux.size)
    how = plan.how
    columns_of = partial(_rows, flux=flux, flux_err=flux_err, band=band, mjd=mjd, random=uniform)
    found = how.detector(**columns_of(slice(None)), offset=offset, efficiency=how.efficiency, bands=plan.bands)
    if how.selection is not None and how.selection.fields:
        own_field = object_fields(plan.field_names, columns[5], offset)
        truth = replace(truth, more={**truth.more, "field": own_field})
        for name, efficiency in how.selection.field_efficiency.items():
            rows, own = _of_objects(truth.more["field"] == name, offset)
            found[rows] = how.detector(**columns_of(rows), offset=own, efficiency=efficiency, bands=plan.bands)
    fired = _fired(plan, found, mjd, band=band, offset=offset)
    flags = photflags(found, mjd, offset, fired.mjd)
    flags[saturated] |= np.int32(PHOTFLAG_SATURATED)
    for array in (mjd, band, flux, flux_err, flags):
        array.setflags(write=False)
    made = LightCurves(
        bands=plan.bands,
        surveys=plan.of_survey,
        offset=offset,
        mjd=mjd,
        band=band,
        flux=flux,
        flux_err=flux_err,
        photflag=flags,
        truth=truth,
        template_names=tuple(series.name for series in plan.templates),
        template_types=tuple(series.sn_type for series in plan.templates),
        meta=plan.meta,
    )
    return made, fired.triggered
