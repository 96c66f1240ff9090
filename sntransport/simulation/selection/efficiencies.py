"""Chances that an object gets a spectrum, or its host a redshift: functions of what is true of it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_finite, require_shape, set_fields
from sntransport._objects.arguments import answers_mistakes
from sntransport.simulation.selection.map_variables import variable
from sntransport.simulation.selection.objects import Objects, OfTruth
from sntransport.simulation.selection.trigger_language import bands_of


@answers_mistakes
def spectroscopic_propensity(peak_mag: ArrayLike, half: float, width: float) -> Array:
    """Probability that an object of some peak brightness gets a spectrum.

    Parameters
    ----------
    peak_mag : array_like, (n_object,) [mag]
        NaN, for a band that is not covered, has the propensity 0.
    half : float [mag]
        Where half of them do.
    width : float [mag]
        Scale of the logistic fall toward faint ones, above 0.

    Returns
    -------
    ndarray, (n_object,)
        ``1 / (1 + exp((peak_mag - half) / width))``.

    Raises
    ------
    ValueError
        Where ``half`` is not finite or ``width`` is not above 0.

    Examples
    --------
    >>> from sntransport.simulation.selection import spectroscopic_propensity
    >>> spectroscopic_propensity([17.0, 19.0, np.nan], half=19.0, width=0.5).round(2).tolist()
    [0.98, 0.5, 0.0]
    """
    if not np.isfinite(half) or not width > 0:
        raise ValueError(f"half = {half}, width = {width}: expected a magnitude and a width above 0")
    x = np.clip((readonly(peak_mag, "peak_mag") - half) / width, -700.0, 700.0)
    return np.where(np.isfinite(x), 1.0 / (1.0 + np.exp(x)), 0.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class PeakEfficiency:
    """`spectroscopic_propensity` of the peak in a band.

    Parameters
    ----------
    band : str
        A name of `sntransport.load_bands`, or its end; of several that it means the brightest counts.
    half, width : float [mag]

    Examples
    --------
    >>> from sntransport.simulation.selection import PeakEfficiency, Selection
    >>> Selection(spectroscopy=PeakEfficiency(band="r", half=19.0)).spectroscopy.half
    19.0
    """

    band: str
    half: float
    width: float = 0.5

    def __post_init__(self) -> None:
        spectroscopic_propensity([], self.half, self.width)

    def require_band(self, bands: Sequence[str]) -> None:
        """Raise a ValueError where the band is not among ``bands``."""
        bands_of(self.band, bands)

    def told(self) -> dict[str, Any]:
        """What it is, for a manifest."""
        return {"band": self.band, "half": self.half, "width": self.width}

    def for_objects(self, objects: Objects) -> OfTruth:
        """The chance by truth."""
        columns = list(bands_of(self.band, objects.bands))
        return lambda truth: spectroscopic_propensity(
            np.fmin.reduce(truth.peak_mag[:, columns], axis=1), self.half, self.width
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class EfficiencyMap:
    """A chance on a grid of variables, linear between its nodes.

    Parameters
    ----------
    variables : sequence of str, (n_variable,)
        As SNANA calls them; see `sntransport.simulation.selection.map_variables`.
    nodes : sequence of array_like, (n_node,) each
        Strictly increasing.
    probability : array_like, (n_node of the first, of the second, ...)
        From 0 to 1.
    fields : sequence of str
        Only objects of these fields; none: of all.
    dates : tuple of float [d]
        Only objects whose phase 0 is from the first to the second.
    required : bool
        Whether an object must pass this one too.

    Raises
    ------
    ValueError
        Where shapes differ, nodes do not increase or a probability is not within 0 and 1.

    Examples
    --------
    >>> from sntransport.simulation.selection import EfficiencyMap
    >>> bright = EfficiencyMap(variables=["PEAKMAG_r"], nodes=[[18.0, 22.0]], probability=[1.0, 0.0])
    >>> bright.at([np.array([18.0, 19.0, 23.0])]).tolist()
    [1.0, 0.75, 0.0]
    """

    variables: tuple[str, ...]
    nodes: tuple[Array, ...]
    probability: NDArray[np.float64]
    fields: tuple[str, ...] = ()
    dates: tuple[float, float] = (-np.inf, np.inf)
    required: bool = False

    def __post_init__(self) -> None:
        variables, fields = tuple(self.variables), tuple(self.fields)
        nodes = tuple(
            readonly(one, f"EfficiencyMap.nodes of {name}") for one, name in zip(self.nodes, variables, strict=True)
        )
        for one, name in zip(nodes, variables, strict=True):
            require_finite(one, f"EfficiencyMap.nodes of {name}")
            if not one.size or np.any(np.diff(one) <= 0):
                raise ValueError(f"EfficiencyMap.nodes of {name} do not strictly increase")
        chance = readonly(self.probability, "EfficiencyMap.probability", ndim=max(len(variables), 1))
        require_shape(chance, "EfficiencyMap.probability", [one.size for one in nodes], "one for each node")
        if not variables or not np.all((chance >= 0) & (chance <= 1)):
            raise ValueError("EfficiencyMap needs one variable or more, and probabilities within 0 and 1")
        set_fields(self, variables=variables, nodes=nodes, probability=chance, fields=fields)

    def at(self, values: Sequence[Array], *, extrapolate: bool = False) -> Array:
        """The chance at values of each variable, (n,).

        Outside of the nodes 0, or with ``extrapolate`` that at the edge; NaN has the chance 0.
        """
        outside = np.zeros(np.shape(values[0]), dtype=bool)
        place: list[NDArray[np.int64]] = []
        share: list[Array] = []
        for value, nodes in zip(values, self.nodes, strict=True):
            beyond = (value < nodes[0]) | (value > nodes[-1])
            outside |= np.isnan(value) | (beyond & (not extrapolate))
            inside = np.clip(np.where(np.isnan(value), nodes[0], value), nodes[0], nodes[-1])
            low = np.clip(np.searchsorted(nodes, inside, side="right") - 1, 0, max(nodes.size - 2, 0))
            step = nodes[np.minimum(low + 1, nodes.size - 1)] - nodes[low]
            place.append(low)
            share.append(np.divide(inside - nodes[low], step, out=np.zeros(inside.shape), where=step > 0))
        total = np.zeros(outside.shape)
        for corner in np.ndindex(*(min(one.size, 2) for one in self.nodes)):
            weight = math.prod(part if up else 1.0 - part for up, part in zip(corner, share, strict=True))
            total += weight * self.probability[tuple(low + up for up, low in zip(corner, place, strict=True))]
        # A sum of four products rounds to a little more than 1.
        return np.where(outside, 0.0, np.clip(total, 0.0, 1.0))


@dataclass(frozen=True, eq=False, kw_only=True)
class EfficiencyMaps:
    """Several maps, any of which may give an object its spectrum: SNANA's SEARCHEFF_SPEC and SEARCHEFF_zHOST files.

    The chance is one less the product of what each map leaves, times that of each map that is required. (A required map
    counts among the others too, as SNANA's does; alone it stands for all of them.)

    Parameters
    ----------
    maps : sequence of EfficiencyMap
        Of each the objects of its fields and dates.
    extrapolate : bool
        Beyond a map: the chance at its edge, not 0 (``OPT_EXTRAP``).
    every_field : bool
        Whether each object must be in a field of some map; else the others have the chance 0
        (``OPT_FIELDMATCH_REQUIRE``).
    columns : mapping of str to str
        Variables of the maps to columns of the truth, where they are not called alike.
    source : str

    Raises
    ------
    ValueError
        Where there are no maps.

    Examples
    --------
    >>> from sntransport.simulation.selection import EfficiencyMap, EfficiencyMaps, Selection
    >>> bright = EfficiencyMap(variables=["PEAKMAG_r"], nodes=[[18.0, 22.0]], probability=[1.0, 0.0])
    >>> Selection(spectroscopy=EfficiencyMaps(maps=[bright])).spectroscopy.extrapolate
    False
    """

    maps: tuple[EfficiencyMap, ...]
    extrapolate: bool = False
    every_field: bool = True
    columns: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    def __post_init__(self) -> None:
        set_fields(self, maps=tuple(self.maps), columns=dict(self.columns))
        if not self.maps:
            raise ValueError("EfficiencyMaps needs one map or more")

    @property
    def by_field(self) -> bool:
        """Whether a map is of some fields only."""
        return any(one.fields for one in self.maps)

    def told(self) -> dict[str, Any]:
        """What they are, for a manifest: where they are from, and a checksum of their numbers."""
        digest = hashlib.sha256()
        for one in self.maps:
            digest.update(repr((one.variables, one.fields, one.dates, one.required, one.probability.shape)).encode())
            for array in (*one.nodes, one.probability):
                digest.update(array.tobytes())
        return {"source": self.source, "sha256": digest.hexdigest(), "extrapolate": self.extrapolate,
                "every_field": self.every_field, "columns": dict(self.columns)}  # fmt: skip

    def for_objects(self, objects: Objects) -> OfTruth:
        """The chance by truth.

        Raises
        ------
        ValueError
            At the call: for an object in no field of any map (with ``every_field``), or a variable that is not known.
        """
        return lambda truth: self._chance(objects, truth)

    def _chance(self, objects: Objects, truth: Any) -> Array:
        n_object = truth.z.size
        left, needed, matched = np.ones(n_object), np.ones(n_object), np.zeros(n_object, dtype=bool)
        for one in self.maps:
            mine = (truth.mjd_ref >= one.dates[0]) & (truth.mjd_ref <= one.dates[1])
            if one.fields:
                mine = mine & np.isin(truth.more["field"], one.fields)
            matched |= mine
            if mine.any():
                values = [variable(name, objects, truth, self.columns) for name in one.variables]
                chance = np.where(mine, one.at(values, extrapolate=self.extrapolate), 0.0)
                left *= 1.0 - chance
                needed *= np.where(mine & one.required, chance, 1.0)
        # One without measurements is of no field, and of no interest.
        lost = ~matched & (np.diff(objects.offset) > 0)
        if self.every_field and lost.any():
            i = int(np.flatnonzero(lost)[0])
            where = f"in field {str(truth.more['field'][i])!r} " if "field" in truth.more else ""
            raise ValueError(
                f"{self.source or 'efficiency maps'}: no map for an object {where}with phase 0 at MJD "
                f"{truth.mjd_ref[i]:.1f}; add a map for all fields, or set OPT_FIELDMATCH_REQUIRE: 0"
            )
        return (1.0 - left) * needed
