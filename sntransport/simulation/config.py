"""The configuration of ``sntransport simulate``: from a TOML file to templates, surveys and populations."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._numerics.units import mag_to_njy
from sntransport._storage.atomic_files import file_stem
from sntransport._storage.config_schema import checked
from sntransport._storage.config_sections import Section, read_toml
from sntransport._storage.read_error import ReadError
from sntransport.corrections.extrapolation import WAVE_POLICIES, continue_template, extend_wave
from sntransport.photometry.bands import load_bands
from sntransport.photometry.common_coverage import common_coverage
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.simulation.config_keys import SIMULATION
from sntransport.simulation.events.class_codes import Codes
from sntransport.simulation.events.config import read_population
from sntransport.simulation.events.rates import RATES, Cosmology, expected_number
from sntransport.simulation.light_curves import LARGEST_ID
from sntransport.simulation.noise.noise_model import CHOICES, NoiseModel
from sntransport.simulation.noise.snana_error_maps import missing_columns, read_error_maps
from sntransport.simulation.selection.detection import DetectionEfficiency, step_efficiency
from sntransport.simulation.selection.snana_searcheff import read_searcheff
from sntransport.simulation.selection_config import read_selection
from sntransport.simulation.surveys.footprint import footprint_area
from sntransport.simulation.surveys.formats.load import load_survey
from sntransport.simulation.surveys.survey_dates import date_ranges
from sntransport.spectra.series_file import read_series
from sntransport.spectra.sightline import Sightline
from sntransport.transport.templates.sources import hsiao

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sntransport.simulation.events.population import Population
    from sntransport.simulation.surveys.survey import Survey
    from sntransport.spectra.series import SpectralSeries

_YEAR = 365.25


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """One population to simulate; the arguments of `sntransport.simulate_chunks`, and the codes of its files."""

    name: str
    templates: tuple[SpectralSeries, ...]
    surveys: tuple[Survey, ...]
    population: Population
    n: int
    seed: int
    keep: str
    options: dict[str, Any]
    first_id: int = 0
    codes: Codes = dataclasses.field(default_factory=Codes)


def read_simulation(path: Path, objects: int | None = None, seed: int | None = None) -> tuple[Job, ...]:
    """What a configuration file asks for, one job a population.

    Parameters
    ----------
    path : Path
    objects, seed : int, optional
        In place of those of the file.

    Returns
    -------
    tuple of Job
        Population number i gets the seed made from ``seed`` and i, and identifiers behind those of the populations
        before it.

    Raises
    ------
    ReadError
        For a key that is not known, missing, or of a wrong type or value; the message names it.
    """
    return jobs_of(read_toml(path), objects, seed)


def jobs_of(top: Section, objects: int | None = None, seed: int | None = None) -> tuple[Job, ...]:
    """As `read_simulation`, of the outermost table of a file."""
    top = checked(top, SIMULATION)
    given = top.values
    cosmology = Cosmology(**given["cosmology"])
    surveys = tuple(read_survey(section) for section in top.sections("survey"))
    options = {
        "dates": tuple(given["dates"]) if given["dates"] else None,
        "margin": tuple(given["margin"]),
        "uncovered": given["uncovered"],
        "places": given["places"],
        **_detection(top.section("detection")),
        "noise": _noise(top.section("noise"), surveys),
    }
    selection = read_selection(top, [band for one in surveys for band in one.bands])
    if selection is not None:
        options["selection"] = selection
    keep = given["keep"] or ("selected" if given["cuts"] or given["prescale"] else "triggered")
    if keep == "selected" and selection is None:
        raise top.wrong("keep", "is 'selected', but nothing is selected by", "add [[cuts]] or the like")
    if given["true_flux"]:
        options["true_flux"] = True
    if given["max_gap"] is not None:
        options["max_gap"] = given["max_gap"]
    sections = top.sections("population")
    names = [section.values["name"] for section in sections]
    if len({file_stem(name) for name in names}) != len(names):
        raise top.wrong("population", f"names are {names}", "give each population a name of its own")
    base = given["seed"] if seed is None else seed
    jobs = [
        _job(
            section,
            names[i],
            surveys,
            cosmology=cosmology,
            objects=objects,
            seed=_seed(base, i),
            keep=keep,
            options=options,
        )
        for i, section in enumerate(sections)
    ]
    # No object of another population has the number of one.
    first = np.concatenate([[0], np.cumsum([job.n for job in jobs])])
    if first[-1] > LARGEST_ID:
        raise top.wrong("population", f"{first[-1]} objects in all", f"ask for {LARGEST_ID} at most")
    for i, one in enumerate(getattr(selection, "prescale", ())):
        kinds = sorted({series.sn_type for job in jobs for series in job.templates})
        for name in one.classes:
            if not any(dataclasses.replace(one, classes=(name,)).is_for(kind) for kind in kinds):
                raise top.wrong(
                    f"prescale[{i}].classes", f"no template is of {name!r}", f"there are {', '.join(kinds)}"
                )
    codes = read_codes(top.section("codes"))
    numbered = tuple(
        dataclasses.replace(job, first_id=int(one), codes=codes) for job, one in zip(jobs, first[:-1], strict=True)
    )
    return _with_common_coverage(numbered) if given["uncovered"] == "drop_for_all" else numbered


def _with_common_coverage(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """The jobs, in which a band counts at a redshift where the templates of all of them cover it."""
    templates = [series for job in jobs for series in job.templates]
    bands = list(dict.fromkeys(band for survey in jobs[0].surveys for band in survey.bands))
    z_max = max(job.population.z_range[1] for job in jobs)
    same = common_coverage(templates, load_bands(bands), z_max)
    return tuple(dataclasses.replace(job, options=job.options | {"coverage": same}) for job in jobs)


def read_codes(section: Section) -> Codes:
    """Codes of classes and bands of the table ``[codes]``.

    Raises
    ------
    ReadError
        For a value that is no code.
    """
    given = section.values
    try:
        return Codes(classes=given["class"], bands=given["band"], survey=given["survey"] or "")
    except ValueError as error:
        raise section.wrong("", str(error).removeprefix("codes: "), "correct it") from None


def _seed(base: int, index: int) -> int:
    return int(np.random.SeedSequence([base, index]).generate_state(1)[0])


def _job(
    section: Section, name: str, surveys: tuple[Survey, ...], *, cosmology: Cosmology, objects: int | None, seed: int,
    keep: str, options: dict[str, Any],
) -> Job:  # fmt: skip
    population = read_population(section, cosmology)
    n = section.values["objects"] if objects is None else objects
    if n is None:
        n = _natural_number(section, surveys, cosmology, options)
    if n < 1:
        raise section.wrong("objects", f"is {n}", "expected 1 or more")
    return Job(
        name=name,
        templates=_templates(section),
        surveys=surveys,
        population=population,
        n=n,
        seed=seed,
        keep=keep,
        options=options,
    )


def _natural_number(
    section: Section, surveys: tuple[Survey, ...], cosmology: Cosmology, options: dict[str, Any]
) -> int:  # fmt: skip
    """How many events explode in the footprint while the surveys last."""
    if not isinstance(section.values["redshift"], dict) or "rate" not in section.values["redshift"]:
        raise section.wrong("objects", "missing", "state a number, or let redshift have a rate")
    redshift = section.values["redshift"]
    ranges = (options["dates"],) if options["dates"] else date_ranges(surveys, options["places"])
    low, high = redshift["range"]
    years, area = sum(last - first for first, last in ranges) / _YEAR, footprint_area(surveys, options["places"])
    rate = RATES[redshift["rate"]]
    return round(expected_number(rate, low, high, area=area, years=years, cosmology=cosmology))


def read_survey(section: Section) -> Survey:
    """The survey of a table: ``source``, a name or a file beside the configuration, and options of `load_survey`."""
    values = {key: value for key, value in section.values.items() if value is not None}
    source = values.pop("source")
    path = section.path.parent / source
    try:
        # pathlib raises for a name that is too long; this says that there is no such file.
        return load_survey(path if os.path.isfile(path) else source, **values)
    except ReadError as error:
        wrong, _, remedy = str(error).partition("; ")
        raise section.wrong("source", wrong, remedy) from None
    except (ValueError, TypeError) as error:
        raise section.wrong(
            "source", f"{source} with {values} cannot be made ({error})", "correct the options"
        ) from None


def _detection(section: Section) -> dict[str, Any]:
    threshold, searcheff = section.values["threshold"], section.values["searcheff"]
    if threshold is not None and searcheff is not None:
        raise section.wrong("threshold", "stands beside searcheff", "give one of them")
    true = section.values["snr"] == "true"
    efficiency: DetectionEfficiency = (
        step_efficiency(5.0 if threshold is None else threshold, true=true)
        if searcheff is None
        else dataclasses.replace(read_searcheff(section.file("searcheff")), true=true)
    )
    return {"efficiency": efficiency, **{key: section.values[key] for key in ("n_epochs", "epoch_window", "epochs")}}


def _noise(section: Section, surveys: Sequence[Survey]) -> NoiseModel | None:
    """The noise of a table; None where it asks for nothing."""
    errors, unreported = section.values["errors"], section.values["unreported"]
    if errors is None and unreported:
        raise section.wrong("unreported", "stands without errors", "name the FLUXERRMODEL file")
    choices = {name: section.values[name] for name in CHOICES}
    if errors is None and choices == {name: getattr(NoiseModel(), name) for name in CHOICES}:
        return None
    by_visit = choices["zero_point"] == "visit" and choices["zero_point_in"] != "none"
    for survey in surveys if by_visit else ():
        if "zero_point_error" not in survey.more:
            wrong = f"is 'visit', but survey {survey.name!r} has no zero_point_error for each visit"
            raise section.wrong("zero_point", wrong, "give its visits that column, or take 'band'")
    if errors is None:
        return NoiseModel(**choices)
    model = read_error_maps(section.file("errors"), unreported=tuple(unreported or ()))
    for survey in surveys:
        if missing := missing_columns(model, survey):
            wrong = f"asks for {' and '.join(missing)}, which survey {survey.name!r} does not have"
            raise section.wrong("errors", wrong, "give its visits that column, or take out its bands or those tables")
    return NoiseModel(**choices, errors=model)


def _templates(section: Section) -> tuple[SpectralSeries, ...]:
    """Series files, as patterns relative to the file, or ``hsiao``; scaled to a peak where one is stated."""
    made: list[SpectralSeries] = []
    for pattern in section.values["templates"]:
        if pattern == "hsiao":
            made.append(hsiao())
            continue
        try:
            found = [] if Path(str(pattern)).anchor else sorted(section.path.parent.glob(str(pattern)))
        except (ValueError, IndexError, OSError) as error:
            # A pattern without a name, such as ".", is an IndexError of pathlib in Python 3.12.
            raise section.wrong("templates", f"{pattern!r} is no pattern of files ({error})", "correct it") from None
        found = found or [path for path in (section.path.parent / str(pattern),) if os.path.isfile(path)]
        if not found:
            raise section.wrong("templates", f"no file {pattern}", "paths are relative to the configuration file")
        made += [read_series(path) for path in found]
    if not made:
        raise section.wrong("templates", "is empty", "name one series file or more, or hsiao")
    made = [_extended(section, series) for series in made]
    peak_mag, peak_band = section.values["peak_mag"], section.values["peak_band"]
    if (peak_mag is None) != (peak_band is None):
        raise section.wrong("peak_mag", "peak_mag and peak_band go together", "give both or none")
    if peak_mag is None:
        if "hsiao" in section.values["templates"]:
            raise section.wrong("peak_mag", "missing", "the template hsiao is in relative units: state its peak")
        return tuple(made)
    return tuple(_scaled(section, series) for series in made)


def _extended(section: Section, series: SpectralSeries) -> SpectralSeries:
    """A template extrapolated in wavelength, where the file asks for it."""
    if section.values["extend"] is None:
        return series
    inner = section.section("extend")
    low, high = inner.values["range"]
    name = inner.values["policy"]
    policy = continue_template(hsiao()) if name == "hsiao" else WAVE_POLICIES[name]
    try:
        return extend_wave(series, (low, high), policy).series
    except ValueError as error:
        raise inner.wrong("range", str(error), "correct it") from None


def _scaled(section: Section, series: SpectralSeries) -> SpectralSeries:
    """A template whose peak in a rest-frame band is the absolute AB magnitude asked for."""
    try:
        (band,) = load_bands([section.values["peak_band"]])
    except ValueError as error:
        raise section.wrong("peak_band", str(error), "name a band") from None
    flux = synthetic_flux(series.flux, band_matrix(series.wave, [band], Sightline(z=0.0, distance_modulus=0.0)))[0]
    peak = np.nanmax(flux, initial=0.0)
    if not peak > 0:
        raise section.wrong("peak_band", f"template {series.name!r} does not cover {band.name}", "name another band")
    mag = section.values["peak_mag"]
    if not abs(mag) < 100:
        raise section.wrong("peak_mag", f"is {mag:g}", "give an absolute magnitude, such as -19.3")
    factor = float(mag_to_njy(mag) / peak)
    return dataclasses.replace(series, flux=factor * series.flux, flux_err=factor * series.flux_err)
