"""What models of SNANA, surveys and configurations hold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport.cli.inspection.description import Description, counts, span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# Columns of tables that commands write, which no other table has together.
_TABLES = (
    ({"mjd", "phase", "band", "flux", "mag"}, "synthetic photometry of a series"),
    ({"phase", "wave", "flux", "origin"}, "spectral series as a table"),
    ({"phase", "k", "sigma", "coverage"}, "K-corrections of a series"),
    ({"mjd", "band_rest", "k", "dust_mw"}, "rest-frame light curve, K-corrected"),
    ({"phase", "luminosity"}, "bolometric light curve of a series"),
    ({"population", "triggered"}, "summary of a simulation"),
)


def describe_model(folder: Path) -> Description:
    """A NON1ASED or SIMSED model of SNANA."""
    from sntransport.export.snana_check import check_folder

    found = check_folder(folder)
    form = "SIMSED" if (folder / "SED.INFO").is_file() else "NON1ASED"
    facts = {
        "templates": len(found.templates), "names": list(found.templates),
        "phase": span([x for one in found.templates.values() for x in (one.phase[0], one.phase[-1])]),
        "wave": span([x for one in found.templates.values() for x in (one.wave[0], one.wave[-1])]),
        "snana_would_stop": found.would_abort,
    }  # fmt: skip
    return Description(
        kind="SNANA model",
        told=f"{form} model of SNANA",
        facts=facts,
        notes=tuple(str(one) for one in found.findings if not one.abort),
        doubts=tuple(str(one) for one in found.findings if one.abort),
    )


def describe_grid(path: Path) -> Description:
    """Phase, wavelength and flux in three columns, as SNANA and sncosmo have templates."""
    try:
        phase, wave, flux = np.loadtxt(path, dtype=float, delimiter=None, comments="#").T
    except ValueError as error:
        raise ValueError(f"{path}: a table of phase, wavelength and flux, but {error}; correct it") from None
    phases, waves = np.unique(phase), np.unique(wave)
    facts = {
        "phases": int(phases.size), "phase": span(phases), "wavelengths": int(waves.size), "wave": span(waves),
        "largest_flux": float(flux.max()), "phase_of_it": float(phase[np.argmax(flux)]),
    }  # fmt: skip
    whole = phases.size * waves.size == flux.size
    doubts = () if whole else (f"{flux.size} rows are no grid of {phases.size} phases and {waves.size} wavelengths",)
    return Description(kind="template", told="template as phase, wavelength and flux", facts=facts, doubts=doubts)


def our_table(columns: set[str]) -> str:
    """What a table of these columns is, of those that commands write; empty for any other."""
    return next((told for needed, told in _TABLES if needed <= columns), "")


def describe_table(path: Path, told: str) -> Description:
    """A table that a command has written."""
    from astropy.table import Table

    try:
        table = Table.read(path, format="ascii.ecsv")
    except Exception as error:  # astropy raises a dozen kinds
        raise ValueError(f"{path}: damaged ECSV ({' '.join(str(error).split())}); make it anew") from None
    held = {name: table[name] for name in table.colnames}
    facts = {
        "rows": len(table), **{name: span(held[name]) for name in ("phase", "wave", "mjd", "z") if name in held},
        "bands": counts(held["band"]) if "band" in held else None,
        "columns": [f"{name} [{column.unit}]" if column.unit else name for name, column in held.items()],
        "name": table.meta.get("series_file") or table.meta.get("name") or table.meta.get("config"),
    }  # fmt: skip
    return Description(kind="table", told=told, facts=facts)


def lists_visits(columns: Iterable[str]) -> bool:
    """Whether a table with such columns lists visits of a survey: dates, bands and places, but no fluxes."""
    names = {name.lower() for name in columns}
    needed = ({"mjd", "obsmjd", "expmjd", "time"}, {"band", "filter"}, {"ra", "fieldra"})
    return all(names & one for one in needed) and not names & {"flux", "mag", "psflux", "object_id"}


def describe_survey(path: Path, kind: str) -> Description:
    """Visits of a survey: an OpSim database or a SIMLIB."""
    from sntransport.simulation.surveys.footprint import footprint_area
    from sntransport.simulation.surveys.formats.load import load_survey
    from sntransport.simulation.surveys.noise import depth_of

    survey = load_survey(path)
    depth = depth_of(survey.background, survey.photons_per_njy)
    visits, depths = {}, {}
    for i, band in enumerate(survey.bands):
        mine = survey.band == i
        visits[band] = int(mine.sum())
        if mine.any():
            depths[band] = round(float(np.median(depth[mine])), 2)
    facts = {
        "name": survey.name, "visits": survey.n_visit, "mjd": span(survey.mjd), "bands": visits,
        "median_depth": depths, "area": round(float(footprint_area(survey)), 1), "radius": float(survey.radius),
        "source": survey.source,
    }  # fmt: skip
    told = {"OpSim": "Rubin OpSim database", "SIMLIB": "SIMLIB of SNANA"}[kind]
    return Description(kind=kind, told=told, facts=facts, notes=tuple(survey.notes))


def describe_visits(path: Path) -> Description:
    """A table of visits; what has to be said besides, before it is a survey, is a doubt."""
    from sntransport._storage.read_error import ReadError
    from sntransport.simulation.surveys.formats.load import load_survey
    from sntransport.simulation.surveys.formats.visit_tables import read_table

    held = read_table(path).columns
    numbers: dict[str, Any] = {
        name: span(held[name]) for name in ("mjd", "ra", "dec", "depth", "zero_point", "fwhm") if name in held
    }
    facts: dict[str, Any] = {
        "visits": len(held["mjd"]), **numbers, "bands": counts(held["band"]), "columns": list(held),
    }  # fmt: skip
    try:
        load_survey(path)
    except ReadError as error:
        doubts: tuple[str, ...] = (str(error).removeprefix(f"{path}: "),)
    else:
        doubts = ()
    return Description(kind="visits", told="table of visits of a survey", facts=facts, doubts=doubts)


def describe_config(path: Path) -> Description:
    """A configuration of ``simulate`` or ``augment``, checked key by key."""
    from sntransport._storage.config_schema import checked
    from sntransport._storage.config_sections import read_toml
    from sntransport.augmentation.config import AUGMENTATION
    from sntransport.simulation.config_keys import SIMULATION

    top = read_toml(path)
    if "population" in top.values and isinstance(top.values["population"], list):
        values = checked(top, SIMULATION).values
        facts: dict[str, Any] = {
            "command": "simulate", "seed": values["seed"], "surveys": [one["source"] for one in values["survey"]],
            "populations": {one["name"]: one["objects"] or "by rate" for one in values["population"]},
            "templates": list(dict.fromkeys(name for one in values["population"] for name in one["templates"])),
        }  # fmt: skip
    elif {"series", "target"} & set(top.values):
        values = checked(top, AUGMENTATION).values
        totals = Counter({name: n for one in values["target"].values() for name, n in one.items()})
        n = sum(number for classes in values["target"].values() for number in classes.values())
        facts = {
            "command": "augment", "seed": values["seed"], "series": values["series"], "splits": list(values["target"]),
            "classes": sorted(totals), "light_curves": n, "chosen_from": values["simulation"]["n"],
        }  # fmt: skip
    else:
        raise ValueError(
            f"{path}: TOML of no kind that is known; a configuration has [[population]], or series and [target]"
        )
    facts["tables"] = [name for name, value in top.values.items() if isinstance(value, dict | list)]
    return Description(kind="configuration", told=f"configuration of sntransport {facts['command']}", facts=facts)
