"""Parameters of events that are drawn together: normal with a covariance, or rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array, readonly, require_finite, require_shape, set_fields
from sntransport._objects.value_object import ValueObject
from sntransport.simulation.events.near_redshift import NearRedshift
from sntransport.simulation.events.redshift_dependence import OfRedshift, Polynomial, as_function, values_at

PARAMETERS = ("mag_offset", "ebv_host", "rv_host", "stretch")
"""What may be drawn together."""

# Rows outside the bounds are drawn again; where so few are inside, the bounds contradict the rest.
_MOST_ROUNDS = 1000


@runtime_checkable
class Joint(Protocol):
    """A joint distribution of some of `PARAMETERS`; one's own class with these three serves as well."""

    @property
    def names(self) -> tuple[str, ...]:
        """Which parameters it draws."""

    def bounds(self, z: Array) -> dict[str, tuple[float, float]]:
        """Least and largest value of each at increasing redshifts (n,); a ValueError where it cannot be drawn there."""

    def draw(self, rng: np.random.Generator, z: Array) -> dict[str, Array]:
        """Values (n,) of each at redshifts (n,)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class JointNormal(ValueObject):
    """A normal distribution of several parameters, cut at bounds by drawing again what is outside of one.

    Parameters
    ----------
    names : sequence of str, (n,)
        Of `PARAMETERS`.
    mean : sequence of float or OfRedshift, (n,)
    sigma : sequence of float or OfRedshift, (n,)
        Standard deviations.
    correlation : array_like, (n, n)
        Symmetric, 1 on its diagonal, of no negative eigenvalue.
    low, high : array_like, (n,), or None
        Bounds of each; None: without.

    Raises
    ------
    ValueError, TypeError
        Where one does not fit; the message names it.

    Examples
    --------
    >>> from sntransport.simulation.events.joint import JointNormal
    >>> correlation = [[1.0, -0.5], [-0.5, 1.0]]
    >>> names, bounds = ["mag_offset", "stretch"], {"low": [-1.0, 0.7], "high": [1.0, 1.3]}
    >>> joint = JointNormal(names=names, mean=[0.0, 1.0], sigma=[0.2, 0.1], correlation=correlation, **bounds)
    >>> snt.Population(redshift=0.05, joint=joint).joint.names
    ('mag_offset', 'stretch')
    """

    names: tuple[str, ...]
    mean: tuple[OfRedshift, ...]
    sigma: tuple[OfRedshift, ...]
    correlation: Array
    low: Array = None  # type: ignore[assignment]  # arrays after construction
    high: Array = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        names = _names(self.names, "JointNormal.names")
        n = len(names)
        for name in ("mean", "sigma"):
            given = getattr(self, name)
            if isinstance(given, str) or len(given) != n:
                raise ValueError(f"JointNormal.{name} has {len(given)} entries for {n} names")
            set_fields(self, **{name: tuple(as_function(one, f"JointNormal.{name}") for one in given)})
        correlation = readonly(self.correlation, "JointNormal.correlation", 2)
        require_shape(correlation, "JointNormal.correlation", (n, n), "(n, n)")
        covariance_root(correlation, "JointNormal.correlation")
        if not np.allclose(np.diag(correlation), 1.0, rtol=0, atol=1e-9):
            raise ValueError("JointNormal.correlation is not 1 on its diagonal")
        for name, value in (("low", -np.inf), ("high", np.inf)):
            given = getattr(self, name)
            bound = readonly(np.full(n, value) if given is None else given, f"JointNormal.{name}")
            require_shape(bound, f"JointNormal.{name}", (n,), "(n,)")
            set_fields(self, **{name: bound})
        if not np.all(self.low < self.high):
            raise ValueError(f"JointNormal: low {self.low.tolist()} is not below high {self.high.tolist()}")
        set_fields(self, names=names, correlation=correlation)

    def __repr__(self) -> str:
        parts = {name: getattr(self, name) for name in ("names", "mean", "sigma")}
        parts |= {name: getattr(self, name).tolist() for name in ("correlation", "low", "high")}
        return f"JointNormal({', '.join(f'{name}={value!r}' for name, value in parts.items())})"

    def bounds(self, z: Array) -> dict[str, tuple[float, float]]:
        """Low and high of each; a ValueError where a mean or sigma is not known at increasing redshifts (n,)."""
        for name, mean, sigma in zip(self.names, self.mean, self.sigma, strict=True):
            values_at(mean, z, f"JointNormal.mean of {name}")
            width = values_at(sigma, z, f"JointNormal.sigma of {name}")
            if width.min() < 0:
                raise ValueError(f"JointNormal.sigma of {name} is {width.min():g}, expected 0 or more")
        return {name: (float(self.low[i]), float(self.high[i])) for i, name in enumerate(self.names)}

    def draw(self, rng: np.random.Generator, z: Array) -> dict[str, Array]:
        """Values (n,) of each at redshifts (n,).

        Raises
        ------
        ValueError
            Where almost nothing is within the bounds at some redshift.
        """
        mean = np.stack([one.at(z) for one in self.mean], axis=1)
        sigma = np.stack([one.at(z) for one in self.sigma], axis=1)
        root = covariance_root(self.correlation, "JointNormal.correlation")
        made = np.empty(mean.shape)
        left = np.arange(z.size)
        for _ in range(_MOST_ROUNDS):
            made[left] = mean[left] + sigma[left] * (rng.standard_normal((left.size, len(self.names))) @ root.T)
            outside = np.any((made[left] < self.low) | (made[left] > self.high), axis=1)
            left = left[outside]
            if not left.size:
                return dict(zip(self.names, np.ascontiguousarray(made.T), strict=True))
        raise ValueError(
            f"JointNormal: at z = {z[left[0]]:.4f} almost nothing of {', '.join(self.names)} is within low and high; "
            "widen them, or move the mean"
        )


def joint_normal(
    names: tuple[str, ...], mean: ArrayLike, covariance: ArrayLike, *, low: ArrayLike | None = None,
    high: ArrayLike | None = None,
) -> JointNormal:  # fmt: skip
    """The `JointNormal` of a covariance that is the same at all redshifts.

    Parameters
    ----------
    names : tuple of str, (n,)
    mean : array_like, (n,)
    covariance : array_like, (n, n)
        In the units of the parameters; no variance is 0.
    low, high
        As for `JointNormal`.

    Raises
    ------
    ValueError
        Where one does not fit.

    Examples
    --------
    >>> from sntransport.simulation.events.joint import joint_normal
    >>> joint = joint_normal(("mag_offset", "stretch"), [0.0, 1.0], [[0.04, -0.01], [-0.01, 0.01]])
    >>> joint.correlation.round(2).tolist()
    [[1.0, -0.5], [-0.5, 1.0]]
    """
    matrix = readonly(covariance, "covariance", 2)
    require_shape(matrix, "covariance", (len(names), len(names)), "(n, n)")
    require_finite(matrix, "covariance")
    if np.diag(matrix).min() <= 0:
        raise ValueError("covariance has a variance that is not above 0; leave that parameter out")
    sigma = np.sqrt(np.diag(matrix))
    return JointNormal(
        names=names,
        mean=tuple(Polynomial(coefficients=np.array([one])) for one in np.asarray(mean, dtype=np.float64)),
        sigma=tuple(Polynomial(coefficients=np.array([one])) for one in sigma),
        correlation=matrix / np.outer(sigma, sigma),
        low=low,  # type: ignore[arg-type]
        high=high,  # type: ignore[arg-type]
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class JointSamples(ValueObject):
    """Rows of a table, each with values of all parameters, drawn as they are.

    Parameters
    ----------
    columns : mapping of str to array_like, (n,)
        By the names of `PARAMETERS`.
    weight : array_like, (n,), or None
        How often each row is drawn. None: all alike.
    z : array_like, (n,), or None
        Redshift of each row: events draw among the rows within the tolerance of their own. None: among all.
    tolerance : float or OfRedshift
        Of the redshift.

    Raises
    ------
    ValueError, TypeError
        Where one does not fit; the message names it.

    Examples
    --------
    >>> from sntransport.simulation.events.joint import JointSamples
    >>> joint = JointSamples(columns={"mag_offset": [-0.1, 0.2], "ebv_host": [0.0, 0.3]})
    >>> snt.Population(redshift=0.05, joint=joint).joint.names
    ('mag_offset', 'ebv_host')
    """

    columns: Mapping[str, Array]
    weight: Array | None = None
    z: Array | None = None
    tolerance: OfRedshift | float = 0.01
    _rows: NearRedshift = field(init=False)

    def __post_init__(self) -> None:
        names = _names(tuple(self.columns), "JointSamples.columns")
        held = {name: readonly(self.columns[name], f"JointSamples.columns: {name}") for name in names}
        size = held[names[0]].size
        for name, column in held.items():
            require_shape(column, f"JointSamples.columns: {name}", (size,), "(n,)")
            require_finite(column, f"JointSamples.columns: {name}")
        for name in ("weight", "z"):
            if getattr(self, name) is not None:
                column = readonly(getattr(self, name), f"JointSamples.{name}")
                require_shape(column, f"JointSamples.{name}", (size,), "(n,)")
                set_fields(self, **{name: column})
        # Without redshifts all rows are at 0, and so are the events that draw among them.
        rows = NearRedshift(
            z=np.zeros(size) if self.z is None else self.z,
            weight=self.weight,
            tolerance=as_function(self.tolerance, "JointSamples.tolerance"),
            label="JointSamples",
        )
        set_fields(self, columns=held, _rows=rows)

    def __repr__(self) -> str:
        digest = self._rows.digest(*self.columns.values())
        return f"JointSamples(names={self.names}, tolerance={self.tolerance!r}, sha256={digest})"

    @property
    def names(self) -> tuple[str, ...]:
        """Which parameters it draws."""
        return tuple(self.columns)

    def bounds(self, z: Array) -> dict[str, tuple[float, float]]:
        """Least and largest of each column; a ValueError where no row is near one of the redshifts (n,)."""
        self._rows.require(z if self.z is not None else np.zeros(1))
        return {name: (float(column.min()), float(column.max())) for name, column in self.columns.items()}

    def draw(self, rng: np.random.Generator, z: Array) -> dict[str, Array]:
        """Values (n,) of each at redshifts (n,)."""
        rows = self._rows.draw(rng.random(z.size), z if self.z is not None else np.zeros(z.size))
        return {name: column[rows] for name, column in self.columns.items()}


def covariance_root(matrix: Array, label: str) -> Array:
    """A matrix (n, n) whose square, times its transpose, is a covariance.

    Raises
    ------
    ValueError
        Where ``matrix`` is not finite, not symmetric, or has an eigenvalue below 0 by more than rounding.
    """
    require_finite(matrix, label)
    if not np.allclose(matrix, matrix.T, rtol=1e-9, atol=1e-12):
        raise ValueError(f"{label} is not symmetric")
    value, vector = np.linalg.eigh(0.5 * (matrix + matrix.T))
    if value.min(initial=0.0) < -1e-8 * max(value.max(initial=0.0), 1e-300):
        raise ValueError(
            f"{label} has the eigenvalue {value.min():g}, expected none below 0: no covariance is like that"
        )
    return np.asarray(vector * np.sqrt(np.maximum(value, 0.0)))


def _names(given: Sequence[str], label: str) -> tuple[str, ...]:
    names = tuple(given)
    if isinstance(given, str) or not names or len(set(names)) != len(names) or not set(names) <= set(PARAMETERS):
        raise ValueError(f"{label} is {given!r}, expected some of {', '.join(PARAMETERS)}, each once")
    return names
