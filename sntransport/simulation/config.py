"""The configuration of ``sntransport simulate``: from a TOML file to templates, surveys and populations."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._numerics.units import mag_to_njy
from sntransport._storage.atomic_files import require_countable
from sntransport._storage.config_sections import Section, read_toml
from sntransport._storage.read_error import ReadError
from sntransport.photometry.bands import load_bands
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.simulation.distributions import (
    Constant,
    Distribution,
    Exponential,
    LogUniform,
    Normal,
    Tabulated,
    TwoSidedNormal,
    Uniform,
)
from sntransport.simulation.population import Population, nearest_position
from sntransport.simulation.rates import RATES, Cosmology, expected_number, rate_redshifts
from sntransport.simulation.surveys.detection import DetectionEfficiency, step_efficiency
from sntransport.simulation.surveys.footprint import footprint_area
from sntransport.simulation.surveys.load import load_survey
from sntransport.simulation.surveys.snana_searcheff import read_searcheff
from sntransport.simulation.surveys.survey import Survey
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.series_file import read_series
from sntransport.spectra.sightline import Sightline
from sntransport.transport.templates.sources import hsiao

_TOP = (
    "seed",
    "keep",
    "uncovered",
    "dates",
    "margin",
    "max_gap",
    "survey",
    "population",
    "cosmology",
    "detection",
    "slurm",
)
_POPULATION = (
    "name", "templates", "template_weight", "peak_band", "peak_mag", "objects", "redshift", "mag_offset", "ebv_host",
    "rv_host", "law_host", "ebv_mw", "law_mw", "peculiar_velocity",
)  # fmt: skip
_YEAR = 365.25


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """One population to simulate; the arguments of `sntransport.simulate_chunks`."""

    name: str
    templates: tuple[SpectralSeries, ...]
    surveys: tuple[Survey, ...]
    population: Population
    n: int
    seed: int
    keep: str
    options: dict[str, Any]


def read_config(path: Path, objects: int | None = None, seed: int | None = None) -> tuple[Job, ...]:
    """What a configuration file asks for, one job a population.

    Parameters
    ----------
    path : Path
    objects, seed : int, optional
        In place of those of the file.

    Returns
    -------
    tuple of Job
        Population number i gets the seed made from ``seed`` and i.

    Raises
    ------
    ReadError
        For a key that is not known, missing, or of a wrong type or value; the message names it.
    """
    top = read_toml(path)
    top.only(*_TOP)
    cosmology = _cosmology(top.section("cosmology"))
    surveys = tuple(read_survey(section) for section in top.sections("survey"))
    dates = top.numbers("dates", 2)
    options = {
        "dates": tuple(dates) if dates else None, "margin": tuple(top.numbers("margin", 2, [0.0, 0.0])),
        "uncovered": _one_of(top, "uncovered", ("error", "nan", "drop")), **_detection(top.section("detection")),
    }  # fmt: skip
    if "max_gap" in top.values:
        options["max_gap"] = top.get("max_gap", float)
    keep = _one_of(top, "keep", ("triggered", "observed", "all"))
    sections = top.sections("population")
    names = [section.get("name", str, required=True) for section in sections]
    if len(set(names)) != len(names):
        raise top.wrong("population", f"names are {names}", "give each population a name of its own")
    base = top.get("seed", int, 1) if seed is None else seed
    return tuple(
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
    )


def _seed(base: int, index: int) -> int:
    return int(np.random.SeedSequence([base, index]).generate_state(1)[0])


def _job(
    section: Section, name: str, surveys: tuple[Survey, ...], *, cosmology: Cosmology, objects: int | None, seed: int,
    keep: str, options: dict[str, Any],
) -> Job:  # fmt: skip
    section.only(*_POPULATION)
    population = read_population(section, cosmology)
    n = section.get("objects", int) if objects is None else objects
    if n is None:
        n = _natural_number(section, surveys[0], cosmology, options["dates"])
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


def _natural_number(section: Section, survey: Survey, cosmology: Cosmology, dates: Any) -> int:
    """How many events explode in the footprint while the survey lasts."""
    if not isinstance(section.values["redshift"], dict) or "rate" not in section.values["redshift"]:
        raise section.wrong("objects", "missing", "state a number, or let redshift have a rate")
    redshift = section.section("redshift")
    first, last = dates or (survey.mjd[0], survey.mjd[-1])
    low, high = redshift.numbers("range", 2)
    years, area = (last - first) / _YEAR, footprint_area(survey)
    rate = RATES[redshift.get("rate", str)]
    return round(expected_number(rate, low, high, area=area, years=years, cosmology=cosmology))


def read_population(section: Section, cosmology: Cosmology) -> Population:
    """The population of a table: redshift, luminosity scatter and dust, each a number or a distribution.

    Raises
    ------
    ReadError
        For a key that is missing or has a wrong type or value; keys that are not known are the caller's to refuse.
    """
    values: dict[str, Any] = {"cosmology": cosmology, "redshift": _distribution(section, "redshift", cosmology)}
    for key in ("mag_offset", "ebv_host"):
        if key in section.values:
            values[key] = _distribution(section, key, cosmology)
    for key in ("rv_host", "peculiar_velocity"):
        if key in section.values:
            values[key] = section.get(key, float)
    for key in ("law_host", "law_mw"):
        if key in section.values:
            values[key] = section.get(key, str)
    if isinstance(section.values.get("ebv_mw"), dict):
        values |= _dust_table(section.section("ebv_mw"))
    elif "ebv_mw" in section.values:
        values["ebv_mw"] = section.get("ebv_mw", float)
    values["template_weight"] = section.numbers("template_weight")
    try:
        return Population(**values)
    except (ValueError, TypeError) as error:
        # The message begins with the field; the file has it under the same name.
        raise section.wrong("", str(error).replace("Population.", ""), "correct it") from None


def _dust_table(section: Section) -> dict[str, Any]:
    section.only("table")
    table = _columns(section, "table", ("ra", "dec", "ebv"))
    return {"ebv_mw": nearest_position(**table), "ebv_mw_max": float(table["ebv"].max())}


def _listed(kind: Callable[..., Distribution], *names: str) -> Callable[[Section, str], Distribution]:
    """Distribution whose parameters ``names`` are a list in the file, in this order."""
    return lambda section, key: kind(**dict(zip(names, section.numbers(key, len(names)), strict=True)))


_KINDS: dict[str, Callable[[Section, str], Distribution]] = {
    "value": lambda section, key: Constant(value=section.get(key, float)),
    "uniform": _listed(Uniform, "low", "high"),
    "log_uniform": _listed(LogUniform, "low", "high"),
    "normal": _listed(Normal, "mean", "sigma"),
    "two_sided": _listed(TwoSidedNormal, "mode", "sigma_low", "sigma_high"),
    "exponential": lambda section, key: Exponential(scale=section.get(key, float), high=section.get("max", float)),
    "table": lambda section, key: Tabulated(**_columns(section, key, ("value", "density"))),
}


def _distribution(section: Section, key: str, cosmology: Cosmology) -> Distribution:
    """A number, or a table with one key that says what kind of distribution."""
    value = section.values.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Constant(value=float(value))
    inner = section.section(key)
    kinds = (*_KINDS, "rate") if key == "redshift" else tuple(_KINDS)
    inner.only(*kinds, "max", "range")
    chosen = [kind for kind in kinds if kind in inner.values]
    if len(chosen) != 1:
        raise section.wrong(key, f"has {' and '.join(chosen) or 'nothing'}", f"give one of {', '.join(kinds)}")
    for extra, owner in (("max", "exponential"), ("range", "rate")):
        if extra in inner.values and chosen[0] != owner:
            raise inner.wrong(extra, f"does not belong to {chosen[0]}", f"only {owner} has it")
    try:
        if chosen[0] == "rate":
            rate = RATES[_one_of(inner, "rate", tuple(RATES))]
            if "range" not in inner.values:
                raise inner.wrong("range", "missing", "give it the least and largest redshift")
            low, high = inner.numbers("range", 2)
            return rate_redshifts(rate, low, high, cosmology)
        return _KINDS[chosen[0]](inner, chosen[0])
    except ReadError:
        raise
    except ValueError as error:
        raise inner.wrong(chosen[0], str(error), "correct it") from None


def _columns(section: Section, key: str, names: tuple[str, ...]) -> dict[str, np.ndarray[Any, Any]]:
    from astropy.table import Table

    path = section.file(key)
    try:
        require_countable(path.read_bytes())
        table = Table.read(path)
        return {name: np.asarray(table[name], dtype=np.float64) for name in names}
    except Exception as error:
        reason = " ".join(str(error).split())
        raise section.wrong(key, f"{path} has no columns {', '.join(names)} ({reason})", "give ECSV or FITS") from None


def read_survey(section: Section) -> Survey:
    """The survey of a table: ``source``, a name or a file beside the configuration, and options of `load_survey`."""
    values = dict(section.values)
    source = section.get("source", str, required=True)
    values.pop("source")
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


def _cosmology(section: Section) -> Cosmology:
    section.only("h0", "om0")
    try:
        return Cosmology(h0=section.get("h0", float, 70.0), om0=section.get("om0", float, 0.3))
    except ValueError as error:
        raise section.wrong("h0", str(error), "correct it") from None


def _detection(section: Section) -> dict[str, Any]:
    section.only("threshold", "searcheff", "n_epochs", "epoch_window")
    if {"threshold", "searcheff"} <= set(section.values):
        raise section.wrong("threshold", "stands beside searcheff", "give one of them")
    efficiency: DetectionEfficiency = (
        read_searcheff(section.file("searcheff"))
        if "searcheff" in section.values
        else step_efficiency(section.get("threshold", float, 5.0))
    )
    n_epochs, window = section.get("n_epochs", int, 2), section.get("epoch_window", float, 0.02)
    if n_epochs < 1 or window < 0:
        raise section.wrong("n_epochs", f"is {n_epochs} with epoch_window {window:g}", "expected 1 and 0 or more")
    return {"efficiency": efficiency, "n_epochs": n_epochs, "epoch_window": window}


def _templates(section: Section) -> tuple[SpectralSeries, ...]:
    """Series files, as patterns relative to the file, or ``hsiao``; scaled to a peak where one is stated."""
    made: list[SpectralSeries] = []
    for pattern in section.get("templates", list, required=True):
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
    if ("peak_mag" in section.values) != ("peak_band" in section.values):
        raise section.wrong("peak_mag", "peak_mag and peak_band go together", "give both or none")
    if "peak_mag" not in section.values:
        if "hsiao" in section.get("templates", list):
            raise section.wrong("peak_mag", "missing", "the template hsiao is in relative units: state its peak")
        return tuple(made)
    return tuple(_scaled(section, series) for series in made)


def _scaled(section: Section, series: SpectralSeries) -> SpectralSeries:
    """A template whose peak in a rest-frame band is the absolute AB magnitude asked for."""
    try:
        (band,) = load_bands([section.get("peak_band", str)])
    except ValueError as error:
        raise section.wrong("peak_band", str(error), "name a band") from None
    flux = synthetic_flux(series.flux, band_matrix(series.wave, [band], Sightline(z=0.0, distance_modulus=0.0)))[0]
    peak = np.nanmax(flux, initial=0.0)
    if not peak > 0:
        raise section.wrong("peak_band", f"template {series.name!r} does not cover {band.name}", "name another band")
    mag = section.get("peak_mag", float)
    if not abs(mag) < 100:
        raise section.wrong("peak_mag", f"is {mag:g}", "give an absolute magnitude, such as -19.3")
    factor = float(mag_to_njy(mag) / peak)
    return dataclasses.replace(series, flux=factor * series.flux, flux_err=factor * series.flux_err)


def _one_of(section: Section, key: str, known: tuple[str, ...]) -> str:
    value: str = section.get(key, str, known[0])
    if value not in known:
        raise section.wrong(key, f"is {value!r}", f"expected {', '.join(known)}")
    return value
