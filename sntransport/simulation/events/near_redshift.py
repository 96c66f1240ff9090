"""Rows of a table that are near an event in redshift, and a draw among them by weight."""

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array, require_finite, set_fields
from sntransport.simulation.events.redshift_dependence import OfRedshift, redshifts_of


@dataclass(frozen=True, eq=False, kw_only=True)
class NearRedshift:
    """Rows by redshift; an event at z draws among those with ``|z_row - z| <= tolerance(z)``, each by its weight.

    Parameters
    ----------
    z : ndarray, (n,)
        Of each row.
    weight : ndarray, (n,), or None
        0 or more; None: all alike.
    tolerance : OfRedshift
        Of the event's redshift; 0 or more.
    label : str
        What to call the table in an error.

    Raises
    ------
    ValueError
        Where there are no rows, a redshift is not finite, or a weight is negative or not finite.
    """

    z: Array
    weight: Array | None
    tolerance: OfRedshift
    label: str
    _order: NDArray[np.int64] = field(init=False)
    _sorted: Array = field(init=False)
    _mass: Array = field(init=False)

    def __post_init__(self) -> None:
        require_finite(self.z, f"{self.label}: z")
        weight = np.ones(self.z.size) if self.weight is None else self.weight
        require_finite(weight, f"{self.label}: weight")
        if not self.z.size or weight.min() < 0:
            raise ValueError(f"{self.label}: expected one row or more, and weights of 0 or more")
        # Rows that are never drawn must not make a redshift look served.
        order = np.argsort(self.z, kind="stable")
        order = order[weight[order] > 0]
        set_fields(self, _order=order, _sorted=self.z[order])
        set_fields(self, _mass=np.concatenate([[0.0], np.cumsum(weight[order])]))

    def digest(self, *columns: Array) -> str:
        """Of the table and of more of its columns, for what depends on them."""
        found = hashlib.sha256()
        for column in (self.z[self._order], self._order, self._mass, *columns):
            found.update(np.ascontiguousarray(column).tobytes())
        return found.hexdigest()

    def require(self, z: Array) -> None:
        """Raise a ValueError that names the first of some redshifts (n,) that no row with a weight is near."""
        first, last = self._near(z)
        if np.any(first == last):
            raise ValueError(self._missing(z[int(np.flatnonzero(first == last)[0])]))

    def require_over(self, z_range: tuple[float, float]) -> None:
        """As `require`, for 2001 redshifts of a range."""
        self.require(redshifts_of(z_range))

    def draw(self, uniform: Array, z: Array) -> NDArray[np.int64]:
        """Rows (n,) of events at redshifts (n,), by uniform numbers (n,) from 0 to 1.

        Raises
        ------
        ValueError
            Where no row is near one of them.
        """
        self.require(z)
        first, last = self._near(z)
        target = self._mass[first] + uniform * (self._mass[last] - self._mass[first])
        found = np.searchsorted(self._mass, target, side="right") - 1
        # Rounding at the ends of a range must not leave it.
        return np.asarray(self._order[np.clip(found, first, last - 1)])

    def _near(self, z: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        tolerance = self.tolerance.at(z)
        first = np.searchsorted(self._sorted, z - tolerance, side="left")
        return first, np.searchsorted(self._sorted, z + tolerance, side="right")

    def _missing(self, z: float) -> str:
        held = self._sorted
        within = self.tolerance.at(np.array([z]))[0]
        told = f"from {held[0]:g} to {held[-1]:g}" if held.size else "without any row of a weight above 0"
        return (
            f"{self.label}: no row within {within:g} of z = {z:.5g} (the table is {told}); widen the tolerance, give "
            "more rows, or narrow the redshifts"
        )
