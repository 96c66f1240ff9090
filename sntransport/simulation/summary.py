"""What became of simulated objects: counts by class and redshift, and histograms, added up chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport.simulation.selected import rejection_rows
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION, PHOTFLAG_TRIGGER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from astropy.table import Table

    from sntransport._numerics.arrays import Array
    from sntransport.simulation.light_curves import LightCurves

N_Z = 10
"""Number of redshift bins."""

_PEAK_EDGES = np.arange(10.0, 34.01, 0.25)
# Even steps of arcsinh and of the logarithm, so that no step of width shows as a step of counts.
_SNR_EDGES = np.sinh(np.linspace(np.arcsinh(-6.0), np.arcsinh(2000.0), 61))
_COUNT_EDGES = np.concatenate([[0.0], np.unique(np.round(np.geomspace(1.0, 3000.0, 28)))])
_EXAMPLES = 6
_COUNTS = ("generated", "observed", "triggered", "peak", "snr", "detections")


@dataclass(frozen=True, eq=False, kw_only=True)
class Tally:
    """Counts of one population.

    ``generated``, ``observed`` and ``triggered`` (n_z,) in bins of ``z_edges``; ``peak`` (n_band, n), ``snr``
    (n_band, n) and ``detections`` (n,) are histograms with their ``*_edges``, the last two of observed objects only;
    ``examples`` the first light curves that triggered. ``rejected`` (n_stage,) of the ``stages`` of a selection.
    """

    name: str
    bands: tuple[str, ...]
    surveys: tuple[str, ...]
    z_edges: Array
    generated: Array
    observed: Array
    triggered: Array
    peak: Array
    snr: Array
    detections: Array
    examples: LightCurves
    peak_edges: Array
    snr_edges: Array
    detections_edges: Array
    stages: tuple[str, ...] = ()
    rejected: Array = field(default_factory=lambda: np.zeros(0))


def is_triggered(curves: LightCurves) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which objects trigger, (n_object,)."""
    return _per_object(curves, PHOTFLAG_TRIGGER) > 0


def tally(name: str, curves: LightCurves, z_range: tuple[float, float]) -> Tally:
    """Counts of a chunk that has all objects, also those not observed.

    Parameters
    ----------
    name : str
        Of the population.
    curves : LightCurves
    z_range : tuple of float
        Of the bins, the same for all chunks; what peculiar velocities carry beyond counts in the outermost.

    Returns
    -------
    Tally
    """
    edges = np.linspace(*z_range, N_Z + 1) if z_range[1] > z_range[0] else z_range[0] + np.array([-1e-6, 1e-6])
    observed, triggered = np.diff(curves.offset) > 0, is_triggered(curves)
    rejected = curves.meta.get("rejected", {})
    z = np.clip(curves.truth.z, edges[0], edges[-1])
    ratio = np.divide(curves.flux, curves.flux_err)
    bands = range(len(curves.bands))
    counts = _per_object(curves, PHOTFLAG_DETECTION)[observed]
    by_z = [_counts(z[mask], edges) for mask in (np.ones(z.size, dtype=bool), observed, triggered)]
    return Tally(
        name=name,
        bands=curves.bands,
        surveys=curves.surveys,
        z_edges=edges,
        generated=by_z[0],
        observed=by_z[1],
        triggered=by_z[2],
        peak=np.array([_counts(curves.truth.peak_mag[:, b], _PEAK_EDGES) for b in bands]),
        snr=np.array([_counts(ratio[curves.band == b], _SNR_EDGES) for b in bands]),
        detections=_counts(counts.astype(np.float64), _COUNT_EDGES),
        examples=curves.take(np.flatnonzero(triggered)[:_EXAMPLES]),
        peak_edges=_PEAK_EDGES,
        snr_edges=_SNR_EDGES,
        detections_edges=_COUNT_EDGES,
        stages=tuple(rejected),
        rejected=np.array(list(rejected.values()), dtype=np.float64),
    )


def counts_of(one: Tally) -> dict[str, Any]:
    """Counts of a tally as lists, without its examples."""
    return {name: getattr(one, name).astype(np.int64).tolist() for name in _counted(one)}


def from_numbers(like: Tally, values: Mapping[str, Any]) -> Tally:
    """The tally of counts from `numbers`, with the edges and names of another of the same population; no examples."""
    arrays: dict[str, Any] = {name: np.array(values[name], dtype=np.float64) for name in _counted(like)}
    return replace(like, examples=like.examples.take(np.empty(0, dtype=np.int64)), **arrays)


def _counted(one: Tally) -> tuple[str, ...]:
    return (*_COUNTS, "rejected") if one.stages else _COUNTS


def add(one: Tally, other: Tally) -> Tally:
    """Counts of two chunks of the same population."""
    examples = one.examples if one.examples.n_object >= other.examples.n_object else other.examples
    return replace(
        one, examples=examples, **{name: getattr(one, name) + getattr(other, name) for name in _counted(one)}
    )


def summary_rows(tallies: Sequence[Tally]) -> list[dict[str, Any]]:
    """One row for each population and redshift bin, and one for each population as a whole."""
    rows = []
    for one in tallies:
        edges = one.z_edges
        rows += [_row(one, edges[k], edges[k + 1], slice(k, k + 1)) for k in range(edges.size - 1)]
        rows.append(_row(one, one.z_edges[0], one.z_edges[-1], slice(None)))
    return rows


def summary_table(tallies: Sequence[Tally], meta: Mapping[str, Any]) -> Table:
    """The rows of `summary_rows` as a table."""
    from astropy.table import Table

    rows = summary_rows(tallies)
    return Table({key: [row[key] for row in rows] for key in rows[0]}, meta=dict(meta))


def kept_number(one: Tally, keep: str) -> int:
    """How many objects ``keep`` leaves."""
    if keep == "selected":
        return int(one.generated.sum() - one.rejected.sum())
    return int(getattr(one, "generated" if keep == "all" else keep).sum())


def selection_rows(tallies: Sequence[Tally]) -> list[dict[str, Any]]:
    """One row for each population and stage of its selection; none where nothing was selected."""
    rows = []
    for one in tallies:
        if one.stages:
            counts = dict(zip(one.stages, one.rejected.astype(int).tolist(), strict=True))
            rows += [{"population": one.name, **row} for row in rejection_rows(counts, int(one.generated.sum()))]
    return rows


def _row(one: Tally, low: float, high: float, bins: slice) -> dict[str, Any]:
    counts = {name: int(getattr(one, name)[bins].sum()) for name in ("generated", "observed", "triggered")}
    return {"population": one.name, "z_min": round(float(low), 4), "z_max": round(float(high), 4), **counts}


def _per_object(curves: LightCurves, bit: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Number of measurements with a bit, (n_object,)."""
    return np.diff(np.concatenate([[0], np.cumsum((curves.photflag & bit) > 0)])[curves.offset])


def _counts(values: Array, edges: Array) -> Array:
    return np.histogram(values[np.isfinite(values)], edges)[0].astype(np.float64)
