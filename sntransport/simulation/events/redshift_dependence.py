"""What changes with redshift: polynomials and tables in z, and distributions that they move and widen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from sntransport._numerics.arrays import Array, readonly, require_finite, require_increasing, require_shape, set_fields
from sntransport.simulation.events.distributions import Distribution

# Bounds of what depends on redshift are sought on this many of them; what is drawn is held within the bounds.
_N_Z = 2001


@runtime_checkable
class OfRedshift(Protocol):
    """A number that depends on redshift; one's own class with these two serves as well."""

    @property
    def z_range(self) -> tuple[float, float]:
        """Redshifts that it is known at."""

    def at(self, z: Array) -> Array:
        """Values at redshifts, both (n,)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Polynomial:
    """``coefficients[0] + coefficients[1] z + coefficients[2] z**2 ...``, at all redshifts.

    Examples
    --------
    >>> from sntransport.simulation.events.redshift_dependence import Polynomial
    >>> Polynomial(coefficients=[1.0, 2.0]).at(np.array([0.0, 0.5]))
    array([1., 2.])
    """

    coefficients: Array

    def __post_init__(self) -> None:
        values = readonly(self.coefficients, "Polynomial.coefficients")
        require_finite(values, "Polynomial.coefficients")
        if not values.size:
            raise ValueError("Polynomial.coefficients is empty, expected one number or more")
        set_fields(self, coefficients=values)

    def __repr__(self) -> str:
        return f"Polynomial(coefficients={self.coefficients.tolist()})"

    @property
    def z_range(self) -> tuple[float, float]:
        """Without bounds."""
        return -np.inf, np.inf

    def at(self, z: Array) -> Array:
        """Values at redshifts, both (n,)."""
        return np.asarray(np.polynomial.polynomial.polyval(z, self.coefficients))


@dataclass(frozen=True, eq=False, kw_only=True)
class Interpolated:
    """A table in redshift, linear between its points; it says nothing beyond the first and the last.

    Parameters
    ----------
    z : array_like, (n,)
        Strictly increasing, two or more.
    value : array_like, (n,)

    Raises
    ------
    ValueError
        Where an array does not fit.

    Examples
    --------
    >>> from sntransport.simulation.events.redshift_dependence import Interpolated
    >>> Interpolated(z=[0.0, 1.0], value=[0.1, 0.3]).at(np.array([0.5])).tolist()
    [0.2]
    """

    z: Array
    value: Array

    def __post_init__(self) -> None:
        z, value = readonly(self.z, "Interpolated.z"), readonly(self.value, "Interpolated.value")
        require_increasing(z, "Interpolated.z")
        require_shape(value, "Interpolated.value", z.shape, "(n,)")
        require_finite(value, "Interpolated.value")
        if z.size < 2:
            raise ValueError("Interpolated.z needs two values or more")
        set_fields(self, z=z, value=value)

    def __repr__(self) -> str:
        return f"Interpolated(z={self.z.tolist()}, value={self.value.tolist()})"

    @property
    def z_range(self) -> tuple[float, float]:
        """The first and the last redshift."""
        return float(self.z[0]), float(self.z[-1])

    def at(self, z: Array) -> Array:
        """Values at redshifts, both (n,)."""
        return np.interp(z, self.z, self.value)


@dataclass(frozen=True, kw_only=True)
class RedshiftDependent:
    """``shift(z) + scale(z) * x``, with ``x`` of a distribution that is the same at all redshifts.

    With ``base`` a normal distribution of mean 0 and width 1, ``shift`` is the mean and ``scale`` the width.

    Parameters
    ----------
    base : Distribution
    shift, scale : OfRedshift
        `Polynomial`, `Interpolated` or one's own; ``scale`` is 0 or more.

    Examples
    --------
    >>> from sntransport.simulation.events.distributions import Normal
    >>> from sntransport.simulation.events.redshift_dependence import Polynomial, RedshiftDependent
    >>> shift, scale = Polynomial(coefficients=[0.0, -0.3]), Polynomial(coefficients=[0.0])
    >>> drift = RedshiftDependent(base=Normal(mean=0.0, sigma=1.0), shift=shift, scale=scale)
    >>> drift.draw_at(np.random.default_rng(1), np.array([0.0, 1.0])).tolist()
    [0.0, -0.3]
    """

    base: Distribution
    shift: OfRedshift
    scale: OfRedshift

    def support_over(self, z_range: tuple[float, float], label: str) -> tuple[float, float]:
        """Least and largest value at any redshift of a range, on 2001 of them.

        Raises
        ------
        ValueError
            Where shift or scale are not known over the range, or a scale is negative; the message begins with
            ``label``.
        """
        z = redshifts_of(z_range)
        shift, scale = values_at(self.shift, z, f"{label}: shift"), values_at(self.scale, z, f"{label}: scale")
        if scale.min() < 0:
            raise ValueError(f"{label}: scale is {scale.min():g} at z = {z[scale.argmin()]:g}, expected 0 or more")
        ends = [np.where(scale > 0, end * np.where(scale > 0, scale, 1.0), 0.0) + shift for end in self.base.support]
        return float(ends[0].min()), float(ends[1].max())

    def draw_at(self, rng: np.random.Generator, z: Array) -> Array:
        """One value for each redshift, both (n,)."""
        return np.asarray(self.shift.at(z) + self.scale.at(z) * self.base.draw(rng, z.size))


def redshifts_of(z_range: tuple[float, float]) -> Array:
    """Redshifts of a range to look for the bounds of something at."""
    return np.linspace(*z_range, _N_Z)


def values_at(function: OfRedshift, z: Array, label: str) -> Array:
    """Values of a function at increasing redshifts, both (n,); a ValueError that names it where it has none."""
    low, high = function.z_range
    if not low <= z[0] <= z[-1] <= high:
        raise ValueError(f"{label} is known from z = {low:g} to {high:g}, expected {z[0]:g} to {z[-1]:g}")
    values = np.asarray(function.at(z), dtype=np.float64)
    if values.shape != z.shape or not np.isfinite(values).all():
        raise ValueError(f"{label} is no finite number at some redshift from {z[0]:g} to {z[-1]:g}")
    return values


def as_function(value: OfRedshift | float, label: str) -> OfRedshift:
    """A number as the polynomial that always has it; a TypeError that names it for anything else than a function."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Polynomial(coefficients=np.array([float(value)]))
    if isinstance(value, OfRedshift):
        return value
    raise TypeError(f"{label} is {value!r}, expected a number or something with at(z) and z_range")
