"""The door to all surveys: the built-in ones by name, others by the kind of their file."""

from __future__ import annotations

import difflib
import inspect
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypedDict, Unpack

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.read_error import ReadError
from sntransport.simulation.surveys.built_in import RECIPES, Recipe, make_survey
from sntransport.simulation.surveys.formats.rubin_opsim import Part, is_sqlite, read_opsim
from sntransport.simulation.surveys.formats.simlib_lines import is_simlib
from sntransport.simulation.surveys.formats.snana_simlib import read_simlib
from sntransport.simulation.surveys.formats.visit_tables import read_visits
from sntransport.simulation.surveys.survey import Survey


class SurveyOptions(TypedDict, total=False):
    """Options of any kind of survey; which kind has which, the functions named in `load_survey` say."""

    years: float
    mjd_first: float
    mjd_last: float
    seed: int
    part: Part
    table: str
    name: str
    bands: Mapping[str, str]
    radius: float
    pixel_scale: float
    zero_point_error: float | Mapping[str, float]
    calibration_floor: float | Mapping[str, float]


@answers_mistakes
def load_survey(source: str | Path, **options: Unpack[SurveyOptions]) -> Survey:
    """A survey by name or from a file.

    Parameters
    ----------
    source : str or path-like
        ``"lsst_wfd"``, ``"lsst_ddf"``, ``"ztf"`` or ``"atlas"``; or a file: Rubin OpSim (SQLite), SNANA SIMLIB, or a
        table of visits (ECSV, CSV, Parquet), told apart by their content.
    **options
        Of `simulation.surveys.built_in.make_survey`, `simulation.surveys.formats.rubin_opsim.read_opsim`,
        `simulation.surveys.formats.snana_simlib.read_simlib` or `simulation.surveys.formats.visit_tables.read_visits`.

    Returns
    -------
    Survey

    Raises
    ------
    ReadError
        Where it is neither a name nor a file, the file cannot be used, or this kind of survey does not have an option.

    Examples
    --------
    >>> survey = snt.load_survey("ztf", years=0.5)
    >>> survey.bands
    ('ztfg', 'ztfr')
    """
    if str(source) in RECIPES:
        return _made(source, make_survey, RECIPES[str(source)], options)
    path = Path(source)
    if not os.path.isfile(path):
        near = difflib.get_close_matches(str(source), list(RECIPES), n=2)
        names = " or ".join(near) or f"one of {', '.join(RECIPES)}"
        raise ReadError(source, "no survey of that name and no such file", f"use {names}, or a file")
    reader = read_opsim if is_sqlite(path) else read_simlib if is_simlib(path) else read_visits
    return _made(source, reader, path, options)


def _made(
    source: str | Path, make: Callable[..., Survey], first: Recipe | Path, options: SurveyOptions
) -> Survey:  # fmt: skip
    """A survey from a function that may not know all options."""
    known = list(inspect.signature(make).parameters)[1:]
    if unknown := [name for name in options if name not in known]:
        raise ReadError(source, f"no option {unknown[0]!r} for this kind of survey", f"use {', '.join(known)}")
    return make(first, **options)
