"""What is common to all blocks of a simulation: options, tables of fluxes, dates, and what is told of it in files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import mag_err_to_relative
from sntransport._version import __version__
from sntransport.photometry.bands import effective_wave, load_bands
from sntransport.photometry.common_coverage import CommonCoverage, common_coverage
from sntransport.photometry.dust_polynomials import Dust
from sntransport.simulation.events.distributions import Constant
from sntransport.simulation.events.population import Population
from sntransport.simulation.flux_lookup import tables_of
from sntransport.simulation.flux_tables import FluxTables
from sntransport.simulation.noise.noise_model import CHOICES, NoiseModel
from sntransport.simulation.selection.detection import (
    DetectionEfficiency,
    Epochs,
)
from sntransport.simulation.selection.fields import field_codes
from sntransport.simulation.selection.selection import Selection
from sntransport.simulation.surveys.footprint import Where, footprint_area
from sntransport.simulation.surveys.survey import Survey
from sntransport.simulation.surveys.survey_dates import Ranges, date_ranges
from sntransport.spectra.ranges import require_date
from sntransport.spectra.series import SpectralSeries

Uncovered = Literal["error", "nan", "drop", "drop_for_all"]
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
    noise: NoiseModel | None = None
    epochs: Epochs = "detections"
    coverage: CommonCoverage | None = None
    true_flux: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulationPlan:
    """What is common to all blocks."""

    templates: tuple[SpectralSeries, ...]
    surveys: tuple[Survey, ...]
    population: Population
    seed: int
    tables: FluxTables
    bands: tuple[str, ...]
    wave: Array
    of_survey: tuple[str, ...]
    zero_point: Array
    floor: Array
    places: Where
    dates: Ranges
    how: How
    meta: dict[str, Any]
    noise: NoiseModel | None
    """None: plain noise, the formulas of `simulation.surveys.noise`."""
    field_names: tuple[str, ...] = ()
    field_codes: tuple[NDArray[Any] | None, ...]
    """Which of the names each visit of each survey is of, where fields are asked for: the last of its columns."""
    first_id: int = 0


def plan_simulation(
    templates: tuple[SpectralSeries, ...], surveys: tuple[Survey, ...], population: Population, how: How, *,
    seed: int, n: int, dates: tuple[float, float] | None, places: Where,
) -> SimulationPlan:  # fmt: skip
    """Check what is asked for, and make what all blocks need."""
    if not templates or not surveys:
        raise ValueError("simulate needs at least one template and one survey")
    for one in surveys:
        if not one.n_visit:
            raise ValueError(f"survey {one.name!r} has no visits, so there is nothing to simulate")
    if len({one.name for one in surveys}) != len(surveys):
        raise ValueError(f"surveys need names of their own, got {[one.name for one in surveys]}")
    bands = [band for one in surveys for band in one.bands]
    dust = Dust(
        ebv_mw=population.ebv_mw_max,
        ebv_host=population.bounds("ebv_host")[1],
        rv_mw=3.1,
        rv_host=population.bounds("rv_host"),
        law_mw=population.law_mw,
        law_host=population.law_host,
    )
    loaded = load_bands(bands)
    tables = tables_of(templates, loaded, population.z_range, dust)
    if how.uncovered == "error":
        _require_coverage(tables, templates, bands)
    if how.uncovered == "drop_for_all":
        same = common_coverage(templates, loaded, population.z_range[1]) if how.coverage is None else how.coverage
        same.counts(np.array(population.z_range), bands)
        how = replace(how, coverage=same)
    if population.hosts is not None:
        population.hosts.require(population.z_range, tuple(bands))
    if places != "first":
        # Made here, where an error is one of the call.
        footprint_area(surveys, places)
    ranges = _dates(surveys, dates, places)
    by_field = how.true_flux or (how.selection is not None and how.selection.fields)
    field_names, codes = field_codes(surveys) if by_field else ((), [None] * len(surveys))
    if how.selection is not None:
        how.selection.require_fields(field_names)
    meta = _meta(population, surveys, how, seed=seed, n=n, dates=(ranges[0][0], ranges[-1][1]))
    if places != "first":
        meta |= {"places": places, "date_ranges": [list(one) for one in ranges]}
    return SimulationPlan(
        templates=templates,
        surveys=surveys,
        population=population,
        seed=seed,
        tables=tables,
        bands=tuple(bands),
        wave=np.array([effective_wave(band) for band in loaded]),
        of_survey=tuple(one.name for one in surveys for _ in one.bands),
        zero_point=mag_err_to_relative(np.concatenate([one.zero_point_error for one in surveys])),
        floor=mag_err_to_relative(np.concatenate([one.calibration_floor for one in surveys])),
        places=places,
        dates=ranges,
        how=how,
        meta=meta,
        field_names=field_names,
        field_codes=tuple(codes),
        noise=_noise_of(how, surveys),
    )


def _dates(surveys: Sequence[Survey], dates: tuple[float, float] | None, places: Where) -> Ranges:
    if dates is None:
        return date_ranges(surveys, places)
    own = float(dates[0]), float(dates[1])
    if not -np.inf < own[0] <= own[1] < np.inf:
        raise ValueError(f"dates is {dates}, expected two dates, the first not after the second")
    for date in own:
        require_date(date, "dates")
    return (own,)


def _noise_of(how: How, surveys: tuple[Survey, ...]) -> NoiseModel | None:
    """The model asked for; the default one where plain noise does not do."""
    curves = [how.efficiency, *(how.selection.field_efficiency.values() if how.selection is not None else ())]
    needed = any(curve.true for curve in curves) or any(survey.template_noise.any() for survey in surveys)
    return NoiseModel() if how.noise is None and needed else how.noise


def _require_coverage(tables: FluxTables, templates: Sequence[SpectralSeries], bands: Sequence[str]) -> None:
    # The nodes that only serve the interpolation lie beyond the redshifts of the population.
    missing = np.argwhere(~tables.covered[:, :, 1:-2])
    if missing.size:
        t, b, q = (int(i) for i in missing[0])
        series, z = templates[t], np.expm1(tables.x[q + 1])
        raise ValueError(
            f"template {series.name!r} ({series.wave[0]:.0f}-{series.wave[-1]:.0f} A at rest) does not cover band "
            f"{bands[b]!r} at z = {z:.3f}; narrow the redshifts, leave the band out, extend the template when "
            "exporting it, or choose uncovered='nan', 'drop' or 'drop_for_all'"
        )


def _meta(
    population: Population, surveys: Sequence[Survey], how: How, *, seed: int, n: int, dates: tuple[float, float]
) -> dict[str, Any]:  # fmt: skip
    kept = ("n_epochs", "epoch_window", "keep", "uncovered", "max_gap")
    rv_host = population.rv_host
    asked = {name: getattr(population, name) for name in ("joint", "hosts", "color_scatter")}
    asked |= {"stretch": None if is_always(population.stretch, 1.0) else population.stretch}
    asked |= {"coverage": how.coverage}
    return {
        **_chosen(how),
        "generator": f"sntransport {__version__}",
        "cosmology": {"model": "flat LambdaCDM", "H0": population.cosmology.h0, "Om0": population.cosmology.om0},
        "seed": seed, "n_generated": n, "dates": list(dates), "margin": [float(value) for value in how.margin],
        "redshift": repr(population.redshift), "mag_offset": repr(population.mag_offset),
        "ebv_host": repr(population.ebv_host), "rv_mw": 3.1,
        "rv_host": rv_host.value if isinstance(rv_host, Constant) else repr(rv_host),
        "law_mw": population.law_mw, "law_host": population.law_host,
        "peculiar_velocity": population.peculiar_velocity,
        **({"solar_motion": True} if population.solar_motion else {}),
        "surveys": {one.name: one.source for one in surveys},
        "outside_phases": "flux 0 before the first and after the last phase of the template",
        **{name: getattr(how, name) for name in kept},
        **({} if how.selection is None else {"selection": how.selection.told()}),
        **{name: repr(value) for name, value in asked.items() if value is not None},
    }  # fmt: skip


def _chosen(how: How) -> dict[str, Any]:
    """What of noise and detection is not as usual."""
    chosen: dict[str, Any] = {"epochs": how.epochs} if how.epochs != "detections" else {}
    if how.efficiency.true:
        chosen["detection_snr"] = "true"
    if how.noise is not None:
        chosen["noise"] = {name: getattr(how.noise, name) for name in CHOICES}
        if how.noise.errors is not None:
            model = how.noise.errors
            kind = getattr(model, "__qualname__", type(model).__qualname__)
            chosen["noise"]["errors"] = f"{kind} {getattr(model, 'source', '')} {getattr(model, 'unreported', '')}"
    return chosen


def is_always(given: object, value: float) -> bool:
    """Whether a distribution gives one value only, this one."""
    return isinstance(given, Constant) and given.value == value
