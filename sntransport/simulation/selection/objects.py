"""What selection needs of simulated objects: the shape of `sntransport.simulation.light_curves.LightCurves`."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array


class TrueValues(Protocol):
    """What `sntransport.simulation.light_curves.Truth` has, all (n_object,) but the peak, (n_object, n_band)."""

    @property
    def z(self) -> Array:
        """Heliocentric redshift."""

    @property
    def mjd_ref(self) -> Array:
        """Date of phase 0 [d]."""

    @property
    def peak_mag(self) -> Array:
        """Of the brightest phase [AB mag]."""

    @property
    def more(self) -> Mapping[str, NDArray[Any]]:
        """Further columns by name."""

    def columns(self) -> dict[str, NDArray[Any]]:
        """All columns by name."""


class Objects(Protocol):
    """What `sntransport.simulation.light_curves.LightCurves` has; its measurements are (n_obs,)."""

    @property
    def bands(self) -> tuple[str, ...]:
        """Names, (n_band,)."""

    @property
    def offset(self) -> NDArray[np.int64]:
        """The measurements of object i are ``offset[i]`` to ``offset[i + 1]``."""

    @property
    def mjd(self) -> Array:
        """Dates [d]."""

    @property
    def band(self) -> NDArray[np.int16]:
        """Index into ``bands``."""

    @property
    def flux(self) -> Array:
        """Measured [nJy]; NaN where there is none."""

    @property
    def flux_err(self) -> Array:
        """Its error [nJy]."""

    @property
    def photflag(self) -> NDArray[np.int32]:
        """Bits of `sntransport.simulation.selection.detection`."""

    @property
    def truth(self) -> TrueValues:
        """What is true of the objects."""

    @property
    def template_types(self) -> tuple[str, ...]:
        """Classes of the templates."""


OfTruth: TypeAlias = Callable[[Any], ArrayLike]
"""A number for each object, (n_object,), by its truth: ``f(truth)``."""


@runtime_checkable
class OfObjects(Protocol):
    """Something that needs more than the truth, such as the names of bands: it gives a function of the truth."""

    def for_objects(self, objects: Objects) -> OfTruth:
        """The function for these light curves."""


def numbers_of(given: "OfTruth | OfObjects", objects: Objects, name: str) -> Array:
    """What a function gives for each object, (n_object,).

    Raises
    ------
    ValueError
        Where it does not give one number for each.
    """
    work = given.for_objects(objects) if isinstance(given, OfObjects) else given
    values = np.asarray(work(objects.truth), dtype=np.float64)
    n_object = objects.offset.size - 1
    if values.shape not in ((), (n_object,)):
        raise ValueError(f"{name} gives the shape {values.shape}, expected one number for each of {n_object} objects")
    return np.broadcast_to(values, (n_object,))


def named(given: Any) -> Any:
    """What a function, or an object that has ``told()``, is called in a manifest; a JSON value."""
    if hasattr(given, "told"):
        return given.told()
    return f"{given.__module__}.{given.__qualname__}" if hasattr(given, "__qualname__") else repr(given)
