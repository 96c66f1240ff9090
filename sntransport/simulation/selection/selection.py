"""`Selection`: what a survey and those who follow it up keep of what it measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, set_fields
from sntransport._objects.value_object import ValueObject
from sntransport.simulation.selection.cuts import Cut
from sntransport.simulation.selection.detection import DetectionEfficiency
from sntransport.simulation.selection.efficiencies import EfficiencyMaps
from sntransport.simulation.selection.objects import Objects, OfObjects, OfTruth, named, numbers_of
from sntransport.simulation.selection.trigger_language import Logic, parse_trigger
from sntransport.spectra.observations import broad_class

Propensity = OfTruth | OfObjects
"""A chance for each object: ``f(truth) -> (n_object,)`` from 0 to 1, or `objects.OfObjects`."""

STAGES = ("measured", "triggered")
"""What an object must be before it comes to cuts; after them comes ``prescaled``."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Prescale:
    """Of these objects only one in ``factor`` is kept, and stands for all of them.

    Parameters
    ----------
    factor : float
        1 or more.
    fields, classes : sequence of str
        Only objects in these fields, of templates of these types or classes ("II" has "II P"); none: of all.
    z : tuple of float
        Only objects of redshifts from the first up to, but not at, the second.

    Raises
    ------
    ValueError
        Where ``factor`` is below 1 or not finite, or one text stands in place of several.

    Examples
    --------
    >>> from sntransport.simulation.selection import Prescale, Selection
    >>> rules = [Prescale(factor=10.0, classes=["Ia"], z=(0.0, 0.5)), Prescale(factor=2.0)]
    >>> selection = Selection(prescale=rules)
    >>> [rule.is_for("II P") for rule in selection.prescale]
    [False, True]
    >>> Prescale(factor=0.5)
    Traceback (most recent call last):
        ...
    ValueError: Prescale.factor is 0.5, expected 1 or more
    """

    factor: float
    fields: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    z: tuple[float, float] = (-np.inf, np.inf)

    def __post_init__(self) -> None:
        if not 1 <= self.factor < np.inf:
            raise ValueError(f"Prescale.factor is {self.factor}, expected 1 or more")
        for name in ("fields", "classes"):
            if isinstance(getattr(self, name), str):
                raise ValueError(f"Prescale.{name} is the text {getattr(self, name)!r}, expected a list of texts")
        set_fields(self, factor=float(self.factor), fields=tuple(self.fields), classes=tuple(self.classes))

    def of(self, objects: Objects) -> NDArray[np.bool_]:
        """Which objects it is for, (n_object,)."""
        truth = objects.truth
        mine = (truth.z >= self.z[0]) & (truth.z < self.z[1])
        if self.fields:
            mine &= np.isin(truth.more["field"], self.fields)
        if self.classes:
            own = [self.is_for(kind) for kind in objects.template_types]
            mine &= np.array(own, dtype=bool)[truth.columns()["template"]]
        return np.asarray(mine)

    def is_for(self, sn_type: str) -> bool:
        """Whether it is for templates of a type: it, or its class, is among ``classes``, or there are none."""
        return not self.classes or sn_type in self.classes or broad_class(sn_type) in self.classes

    def told(self) -> dict[str, Any]:
        """Its values for a manifest."""
        own = {"fields": list(self.fields), "classes": list(self.classes)}
        return {"factor": self.factor, **{key: value for key, value in own.items() if value}, **_range("z", self.z)}


@dataclass(frozen=True, eq=False, kw_only=True)
class Selection(ValueObject):
    """What is noticed of the measurements, who gets a spectrum or a host redshift, and which objects are kept.

    Parameters
    ----------
    trigger : str or Logic
        In place of ``n_epochs``; see `sntransport.simulation.selection.trigger_language`. Empty: that.
    field_efficiency : mapping of str to DetectionEfficiency
        In place of ``efficiency``, for the objects of a field.
    spectroscopy, host_redshift : callable, optional
        Chance of an object to get a spectrum, and of its host to have a redshift: ``f(truth) -> (n_object,)``, or
        `sntransport.simulation.selection.efficiencies.PeakEfficiency` or ``EfficiencyMaps``. The truth then has
        ``spectrum_probability`` and ``has_spectrum``, ``host_redshift_probability`` and ``has_host_redshift``. The two
        are drawn apart from each other; who does not trigger gets neither, whatever the chance.
    cuts : sequence of Cut
        In this order.
    prescale : sequence of Prescale, or callable
        Of several the first that is for the object; or ``f(truth) -> (n_object,)``, factors of 1 or more. The truth
        has ``prescale``, the factor; where ``keep`` is ``selected``, one in so many is kept and ``weight`` is that of
        all.
    fields : bool
        Whether the truth has a column ``field``, the name of that of most visits, for functions; so it has, too, where
        one of the others asks for fields.

    Raises
    ------
    ValueError
        Where the trigger is none, or two cuts have one name.

    Examples
    --------
    >>> from sntransport.simulation.selection import Cut, Selection
    >>> selection = Selection(trigger="g and r", cuts=[Cut(quantity="z", most=0.1), Cut(quantity="n_nights", least=3)])
    >>> print(selection.trigger, len(selection.cuts))
    g and r 2
    """

    trigger: str | Logic = ""
    field_efficiency: Mapping[str, DetectionEfficiency] = field(default_factory=dict)
    spectroscopy: Propensity | None = None
    host_redshift: Propensity | None = None
    cuts: tuple[Cut, ...] = ()
    prescale: tuple[Prescale, ...] | Callable[[Any], ArrayLike] = ()
    fields: bool = False

    def __post_init__(self) -> None:
        trigger = parse_trigger(self.trigger) if isinstance(self.trigger, str) and self.trigger else self.trigger
        prescale = self.prescale if callable(self.prescale) else tuple(self.prescale)
        set_fields(self, trigger=trigger, cuts=tuple(self.cuts), prescale=prescale)
        set_fields(self, field_efficiency=dict(self.field_efficiency), fields=bool(self.fields or self._by_field()))
        names = [*STAGES, *(cut.name for cut in self.cuts), "prescaled"]
        if len(set(names)) != len(names):
            raise ValueError(f"Selection.cuts have the names {names[2:-1]}, expected others than {STAGES}, each once")

    def _by_field(self) -> bool:
        maps = [one for one in (self.spectroscopy, self.host_redshift) if isinstance(one, EfficiencyMaps)]
        prescales = () if callable(self.prescale) else self.prescale
        return bool(self.field_efficiency) or any(one.by_field for one in maps) or any(one.fields for one in prescales)

    def require_fields(self, known: Sequence[str]) -> None:
        """Raise a ValueError unless the fields of efficiencies and prescales are among those of the surveys."""
        prescales = () if callable(self.prescale) else self.prescale
        asked = [*self.field_efficiency, *(name for one in prescales for name in one.fields)]
        if lost := [name for name in asked if name not in known]:
            told = ", ".join(known) or "none"
            raise ValueError(f"selection: no survey has a field {lost[0]!r}; there are {told}")

    @property
    def stages(self) -> tuple[str, ...]:
        """What an object must pass to be kept, in this order."""
        return (*STAGES, *(cut.name for cut in self.cuts), *(("prescaled",) if self.prescale else ()))

    def chances(self, objects: Objects) -> dict[str, Array]:
        """The chance of a spectrum and of a host redshift, by their names in the truth; each (n_object,).

        Raises
        ------
        ValueError
            Where one is not from 0 to 1.
        """
        found = {}
        for name, given in {"spectrum": self.spectroscopy, "host_redshift": self.host_redshift}.items():
            if given is not None:
                found[name] = numbers_of(given, objects, f"the efficiency of {name}")
                if not np.all((found[name] >= 0) & (found[name] <= 1)):
                    raise ValueError(f"the efficiency of {name} has values outside 0 to 1")
        return found

    def prescales(self, objects: Objects) -> Array:
        """How many objects each stands for if it is kept, (n_object,).

        Raises
        ------
        ValueError
            Where a function gives a number below 1.
        """
        n_object = objects.offset.size - 1
        if callable(self.prescale):
            factor = np.array(numbers_of(self.prescale, objects, "the prescale"))
            if not np.all((factor >= 1) & np.isfinite(factor)):
                raise ValueError("the prescale has values below 1")
            return factor
        factor = np.ones(n_object)
        for one in reversed(self.prescale):
            factor[one.of(objects)] = one.factor
        return factor

    def told(self) -> dict[str, Any]:
        """What it is, as JSON values for a manifest."""
        own: dict[str, Any] = {"fields": self.fields} if self.fields else {}
        if self.cuts:
            own["cuts"] = {cut.name: cut.told() for cut in self.cuts}
        if self.trigger:
            own["trigger"] = str(self.trigger)
        for name in ("spectroscopy", "host_redshift"):
            given = getattr(self, name)
            if given is not None:
                own[name] = named(given)
        if callable(self.prescale):
            own["prescale"] = named(self.prescale)
        elif self.prescale:
            own["prescale"] = [one.told() for one in self.prescale]
        if self.field_efficiency:
            own["field_efficiency"] = {
                name: {"source": one.source, "bands": list(one.bands), "snr": one.snr.tolist(),
                       "probability": one.probability.tolist()} for name, one in self.field_efficiency.items()
            }  # fmt: skip
        return own


def _range(name: str, value: tuple[float, float]) -> dict[str, list[float | None]]:
    """A range for JSON, which has no infinity."""
    if value == (-np.inf, np.inf):
        return {}
    return {name: [one if np.isfinite(one) else None for one in value]}
