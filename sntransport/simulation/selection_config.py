"""The tables of a configuration that make a `Selection`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport.simulation.selection.cuts import Cut
from sntransport.simulation.selection.efficiencies import PeakEfficiency
from sntransport.simulation.selection.selection import Prescale, Selection
from sntransport.simulation.selection.snana_efficiency_maps import read_efficiency_maps
from sntransport.simulation.selection.snana_searcheff import read_searcheff
from sntransport.simulation.selection.snana_trigger_logic import read_trigger_logic
from sntransport.simulation.selection.trigger_language import parse_trigger
from sntransport.simulation.selection.trigger_logic import require_bands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sntransport._storage.config_sections import Section
    from sntransport.simulation.selection.selection import Propensity
    from sntransport.simulation.selection.trigger_language import Logic


def read_selection(top: Section, bands: Sequence[str]) -> Selection | None:
    """The selection of a configuration that was `checked`, None where nothing of it is asked.

    Parameters
    ----------
    top : Section
        With the tables of `sntransport.simulation.selection.config_keys`.
    bands : sequence of str
        Of all surveys.

    Raises
    ------
    ReadError
        For a value that cannot be, with the key.
    """
    detection = top.section("detection")
    asked: dict[str, Any] = {
        "trigger": _trigger(detection, bands),
        "field_efficiency": {
            name: replace(
                read_searcheff(detection.section("fields").file(name), field=name),
                true=detection.values["snr"] == "true",
            )
            for name in detection.values["fields"]
        },
        "spectroscopy": read_propensity(top.section("spectroscopy"), bands),
        "host_redshift": read_propensity(top.section("host_redshift"), bands),
        "cuts": read_cuts(top),
        "prescale": tuple(_prescale(section) for section in top.sections("prescale")),
    }
    if not any(asked.values()):
        return None
    try:
        return Selection(**asked)
    except ValueError as error:
        raise top.wrong("cuts", str(error), "correct it") from None


def read_cuts(top: Section) -> tuple[Cut, ...]:
    """The cuts of ``[[cuts]]``.

    Raises
    ------
    ReadError
        For one that cannot be.
    """
    return tuple(_cut(section) for section in top.sections("cuts"))


def read_propensity(section: Section, bands: Sequence[str]) -> Propensity | None:
    """Who gets a spectrum: a file, a logistic in peak magnitude, or None where neither is given.

    Raises
    ------
    ReadError
        Where both are given, half of one is, or the file cannot be read.
    """
    given = section.values
    if given["file"] is not None:
        if given["band"] is not None:
            raise section.wrong("band", "stands beside file", "give one of them")
        return read_efficiency_maps(section.file("file"), columns=given["columns"])
    if given["band"] is None:
        if given["half"] is not None:
            raise section.wrong("half", "stands without band", "name the band")
        return None
    if given["half"] is None:
        raise section.wrong("half", "missing", "give the magnitude where half of them get it")
    try:
        made = PeakEfficiency(band=given["band"], half=given["half"], width=given["width"])
        made.require_band(bands)
    except ValueError as error:
        raise section.wrong("band", str(error), "correct it") from None
    return made


def _trigger(section: Section, bands: Sequence[str]) -> Logic | str:
    given, logic = section.values, section.values["logic"]
    if given["trigger"] is not None and logic is not None:
        raise section.wrong("logic", "stands beside trigger", "give one of them")
    if logic is None and given["logic_survey"] is not None:
        raise section.wrong("logic_survey", "stands without logic", "name the file")
    key = "trigger" if logic is None else "logic"
    if given[key] is None:
        return ""
    try:
        found = (
            parse_trigger(given[key]) if logic is None else read_trigger_logic(section.file(key), given["logic_survey"])
        )
        require_bands(found, bands)
    except ValueError as error:
        raise section.wrong(key, str(error), "correct it") from None
    return found


def _cut(section: Section) -> Cut:
    given = {key: value for key, value in section.values.items() if value is not None}
    try:
        return Cut(**given)
    except ValueError as error:
        raise section.wrong("quantity", str(error).removeprefix("Cut: "), "correct it") from None


def _prescale(section: Section) -> Prescale:
    z = section.values["z"]
    return Prescale(**{**section.values, "z": (-np.inf, np.inf) if z is None else tuple(z)})
