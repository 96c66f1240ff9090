"""A `Selection` applied: further columns of the truth, which objects are left, and what the others failed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport.simulation.light_curves import LightCurves
from sntransport.simulation.random_streams import Purpose, uniform_numbers
from sntransport.simulation.selection.selection import Selection

REJECTED_BY = "rejected_by"
"""Column of the truth: the first stage that an object does not pass, empty where it passes all."""

_DRAWN_BY = {"spectrum": Purpose.SELECTION, "host_redshift": Purpose.HOST_REDSHIFT}


def with_selection(curves: LightCurves, triggered: NDArray[np.bool_], selection: Selection, seed: int) -> LightCurves:
    """Light curves whose truth says who has a spectrum or a host redshift, and what each object was rejected by.

    Parameters
    ----------
    curves : LightCurves
    triggered : ndarray of bool, (n_object,)
    selection : Selection
    seed : int
        Of the random numbers, which belong to the objects by their identifier.

    Returns
    -------
    LightCurves
        With the columns of ``truth.more`` that `Selection` names and ``rejected_by``.

    Raises
    ------
    ValueError
        As the functions of the selection; where a column is there already.
    """
    number = curves.truth.object_id
    more: dict[str, NDArray[Any]] = {}
    for name, chance in selection.chances(curves).items():
        more[f"{name}_probability"] = chance
        more[f"has_{name}"] = triggered & (uniform_numbers(number, seed, _DRAWN_BY[name]) < chance)
    curves = _with(curves, more)
    passes = [np.diff(curves.offset) > 0, triggered, *(cut.passes(curves) for cut in selection.cuts)]
    if selection.prescale:
        factor = selection.prescales(curves)
        curves = _with(curves, {"prescale": factor})
        passes.append(uniform_numbers(number, seed, Purpose.PRESCALE) < 1.0 / factor)
    stage = np.argmin([*passes, np.zeros(number.size, dtype=bool)], axis=0)
    return _with(curves, {REJECTED_BY: np.array([*selection.stages, ""])[stage]})


def selected(curves: LightCurves) -> LightCurves:
    """The objects that pass all, each with the weight of those that its prescale leaves out."""
    kept = curves.take(curves.truth.more[REJECTED_BY] == "")
    more = {name: column for name, column in kept.truth.more.items() if name != REJECTED_BY}
    weight = kept.truth.weight * more["prescale"] if "prescale" in more else kept.truth.weight
    return replace(kept, truth=replace(kept.truth, weight=weight, more=more))


def rejections(curves: LightCurves, selection: Selection) -> dict[str, int]:
    """How many objects each stage rejects, in the order of the stages."""
    by = curves.truth.more[REJECTED_BY]
    return {name: int(np.count_nonzero(by == name)) for name in selection.stages}


def waterfall(rejected: Mapping[str, int], n: int) -> list[dict[str, Any]]:
    """Rows of a table: of each stage how many objects it rejects, how many are left, and the share of those before.

    Parameters
    ----------
    rejected : mapping of str to int
        As ``curves.meta["rejected"]`` has it.
    n : int
        How many there were at first.
    """
    rows, left = [{"stage": "generated", "rejected": 0, "left": n, "share": 1.0}], n
    for name, count in rejected.items():
        share = (left - count) / left if left else 0.0
        left -= count
        rows.append({"stage": name, "rejected": count, "left": left, "share": round(share, 4)})
    return rows


def _with(curves: LightCurves, columns: Mapping[str, NDArray[Any]]) -> LightCurves:
    """With further columns of the truth."""
    truth = curves.truth
    if twice := sorted(columns.keys() & truth.columns().keys()):
        raise ValueError(f"the truth has a column {twice[0]!r} already, which selection makes; call that one otherwise")
    return replace(curves, truth=replace(truth, more={**truth.more, **columns})) if columns else curves
