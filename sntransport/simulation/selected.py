"""A `Selection` applied: further columns of the truth, which objects are left, and what the others failed."""

from __future__ import annotations

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
        With the columns of ``truth.more`` that `Selection` names and ``rejected_by``; ``meta["rejected"]`` counts how
        many objects each stage rejects.

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
    # Cuts may be of these columns.
    curves = _with(curves, more, {})
    passes = [np.diff(curves.offset) > 0, triggered]
    left = passes[0] & passes[1]
    for cut in selection.cuts:
        passes.append(cut.passes(curves, left))
        left = left & passes[-1]
    more = {}
    if selection.prescale:
        more["prescale"] = selection.prescales(curves)
        passes.append(uniform_numbers(number, seed, Purpose.PRESCALE) < 1.0 / more["prescale"])
    stage = np.argmin([*passes, np.zeros(number.size, dtype=bool)], axis=0)
    more[REJECTED_BY] = np.array([*selection.stages, ""])[stage]
    count = np.bincount(stage, minlength=len(passes) + 1).tolist()
    return _with(curves, more, {"rejected": dict(zip(selection.stages, count, strict=False))})


def selected(curves: LightCurves) -> LightCurves:
    """The objects that pass all, each with the weight of those that its prescale leaves out.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.simulation.events.distributions import Constant
    >>> from sntransport.simulation.selected import selected
    >>> from sntransport.simulation.selection import Cut, Selection
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> population, cuts = snt.Population(redshift=Constant(value=0.05)), [Cut(quantity="n_obs", least=20)]
    >>> survey = snt.load_survey("ztf", years=0.5)
    >>> curves = snt.simulate([series], survey, population, n=30, selection=Selection(cuts=cuts))
    >>> kept = selected(curves)
    >>> bool(np.diff(kept.offset).min() >= 20), kept.n_object < curves.n_object
    (True, True)
    """
    kept = curves.take(curves.truth.more[REJECTED_BY] == "")
    more = {name: column for name, column in kept.truth.more.items() if name != REJECTED_BY}
    weight = kept.truth.weight * more["prescale"] if "prescale" in more else kept.truth.weight
    return replace(kept, truth=replace(kept.truth, weight=weight, more=more))


def rejection_rows(rejected: Mapping[str, int], n: int) -> list[dict[str, Any]]:
    """Rows of a table: of each stage how many objects it rejects, how many are left, and the share of those before.

    Parameters
    ----------
    rejected : mapping of str to int
        As ``curves.meta["rejected"]`` has it.
    n : int
        How many there were at first.

    Examples
    --------
    >>> from sntransport.simulation.selected import rejection_rows
    >>> for row in rejection_rows({"measured": 20, "triggered": 40}, 100):
    ...     print(row)
    {'stage': 'generated', 'rejected': 0, 'left': 100, 'share': 1.0}
    {'stage': 'measured', 'rejected': 20, 'left': 80, 'share': 0.8}
    {'stage': 'triggered', 'rejected': 40, 'left': 40, 'share': 0.5}
    """
    rows, left = [{"stage": "generated", "rejected": 0, "left": n, "share": 1.0}], n
    for name, count in rejected.items():
        share = (left - count) / left if left else 0.0
        left -= count
        rows.append({"stage": name, "rejected": count, "left": left, "share": round(share, 4)})
    return rows


def _with(curves: LightCurves, columns: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> LightCurves:
    """With further columns of the truth and entries of ``meta``."""
    truth = curves.truth
    if twice := sorted(columns.keys() & truth.columns().keys()):
        raise ValueError(f"the truth has a column {twice[0]!r} already, which selection makes; call that one otherwise")
    if not columns:
        return curves
    return replace(curves, truth=replace(truth, more={**truth.more, **columns}), meta={**curves.meta, **meta})
