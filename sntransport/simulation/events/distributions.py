"""Distributions of one number, each with ``draw(rng, n)`` and its ``support``: redshift, dust, luminosity scatter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from sntransport._numerics.arrays import Array, readonly, require_finite, require_increasing, require_shape, set_fields

# Values outside of bounds are drawn again; where so few are inside, the bounds contradict the rest.
_MOST_ROUNDS = 1000


@runtime_checkable
class Distribution(Protocol):
    """What can be drawn from; one's own class with these two serves as well."""

    @property
    def support(self) -> tuple[float, float]:
        """Least and largest value; infinite where there is none."""

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """``n`` values, (n,)."""


@dataclass(frozen=True, kw_only=True)
class Constant:
    """Always the same value.

    Examples
    --------
    >>> from sntransport.simulation.events.distributions import Constant
    >>> Constant(value=0.1).draw(np.random.default_rng(1), 2)
    array([0.1, 0.1])
    """

    value: float

    def __post_init__(self) -> None:
        _require(self, "a finite value", good=np.isfinite(self.value))

    @property
    def support(self) -> tuple[float, float]:
        """The value twice."""
        return self.value, self.value

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """``n`` times the value; takes no random numbers."""
        return np.full(n, float(self.value))


@dataclass(frozen=True, kw_only=True)
class Uniform:
    """Equal chance everywhere from ``low`` to ``high``.

    Examples
    --------
    >>> from sntransport.simulation.events.distributions import Uniform
    >>> Uniform(low=0.01, high=0.1).support
    (0.01, 0.1)
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _require(self, "finite low < high", good=-np.inf < self.low < self.high < np.inf)

    @property
    def support(self) -> tuple[float, float]:
        """``low`` and ``high``."""
        return self.low, self.high

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """``n`` values."""
        return np.asarray(rng.uniform(self.low, self.high, n))


@dataclass(frozen=True, kw_only=True)
class LogUniform:
    """Equal chance for equal ratios, from ``low`` (above 0) to ``high``.

    Examples
    --------
    >>> from sntransport.simulation.events.distributions import LogUniform
    >>> values = LogUniform(low=0.01, high=1.0).draw(np.random.default_rng(1), 10_000)
    >>> print(f"{np.mean(values < 0.1):.1f} below a tenth")
    0.5 below a tenth
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _require(self, "finite 0 < low < high", good=0 < self.low < self.high < np.inf)

    @property
    def support(self) -> tuple[float, float]:
        """``low`` and ``high``."""
        return self.low, self.high

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """``n`` values."""
        share = rng.random(n)
        return np.asarray(np.clip(self.low * (self.high / self.low) ** share, self.low, self.high))


@dataclass(frozen=True, eq=False, kw_only=True)
class Tabulated:
    """A density that is linear between its points, drawn exactly.

    Parameters
    ----------
    value : array_like, (n,)
        Strictly increasing.
    density : array_like, (n,)
        On any scale, not negative, not 0 everywhere.

    Raises
    ------
    ValueError
        Where an array does not fit.

    Examples
    --------
    >>> from sntransport.simulation.events.distributions import Tabulated
    >>> values = Tabulated(value=[0.0, 1.0], density=[0.0, 1.0]).draw(np.random.default_rng(1), 10_000)
    >>> print(f"mean {values.mean():.2f}")
    mean 0.67
    """

    value: Array
    density: Array

    def __post_init__(self) -> None:
        value, density = readonly(self.value, "Tabulated.value"), readonly(self.density, "Tabulated.density")
        require_shape(density, "Tabulated.density", value.shape, "(n,)")
        require_increasing(value, "Tabulated.value")
        require_finite(density, "Tabulated.density")
        if value.size < 2 or density.min() < 0 or not density.max() > 0:
            raise ValueError("Tabulated.density needs two values or more, none negative and not all 0")
        set_fields(self, value=value, density=density)

    @property
    def support(self) -> tuple[float, float]:
        """The first and last value."""
        return float(self.value[0]), float(self.value[-1])

    def cdf(self, x: Array) -> Array:
        """Share of the values up to ``x``."""
        mass = self._cumulative()
        x = np.clip(x, *self.support)
        i = np.clip(np.searchsorted(self.value, x, side="right") - 1, 0, self.value.size - 2)
        density = self._scaled()
        step, left = x - self.value[i], density[i]
        slope = (density[i + 1] - left) / (self.value[i + 1] - self.value[i])
        return np.asarray((mass[i] + step * (left + 0.5 * slope * step)) / mass[-1])

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """``n`` values, by inverting the integral, which is quadratic between two points."""
        mass = self._cumulative()
        target = rng.random(n) * mass[-1]
        i = np.clip(np.searchsorted(mass, target, side="right") - 1, 0, self.value.size - 2)
        density = self._scaled()
        left, width = density[i], self.value[i + 1] - self.value[i]
        slope, rest = (density[i + 1] - left) / width, target - mass[i]
        # This form of the root is stable for a slope of 0.
        bottom = left + np.sqrt(np.maximum(left**2 + 2.0 * slope * rest, 0.0))
        step = np.divide(2.0 * rest, bottom, out=np.zeros(n), where=bottom > 0)
        return np.asarray(self.value[i] + np.minimum(step, width))

    def _scaled(self) -> Array:
        """Densities up to 1 at most, whatever their scale: by a power of two, which changes no digit."""
        return np.asarray(np.ldexp(self.density, -int(np.frexp(self.density.max())[1])))

    def _cumulative(self) -> Array:
        density = self._scaled()
        area = 0.5 * (density[1:] + density[:-1]) * np.diff(self.value)
        return np.concatenate([[0.0], np.cumsum(area)])


@dataclass(frozen=True, kw_only=True)
class Normal:
    """A Gaussian.

    Examples
    --------
    >>> from sntransport.simulation.events.distributions import Normal
    >>> values = Normal(mean=-0.1, sigma=0.2).draw(np.random.default_rng(1), 10_000)
    >>> print(f"{values.mean():.1f} +- {values.std():.1f}")
    -0.1 +- 0.2
    """

    mean: float
    sigma: float

    def __post_init__(self) -> None:
        _require(self, "finite mean, sigma 0 or more", good=np.isfinite(self.mean) and 0 <= self.sigma < np.inf)

    @property
    def support(self) -> tuple[float, float]:
        """Without bounds."""
        return -np.inf, np.inf

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """``n`` values."""
        return np.asarray(rng.normal(self.mean, self.sigma, n))


@dataclass(frozen=True, kw_only=True)
class TwoSidedNormal:
    """Half a Gaussian on each side of ``mode``, of different widths and equal height there.

    The density is continuous, so the share of the values below ``mode`` is ``sigma_low / (sigma_low + sigma_high)``.

    Examples
    --------
    >>> from sntransport.simulation.events.distributions import TwoSidedNormal
    >>> values = TwoSidedNormal(mode=0.0, sigma_low=0.1, sigma_high=0.3).draw(np.random.default_rng(1), 10_000)
    >>> print(f"{np.mean(values > 0.0):.2f} above the mode")
    0.75 above the mode
    """

    mode: float
    sigma_low: float
    sigma_high: float

    def __post_init__(self) -> None:
        good = np.isfinite(self.mode) and min(self.sigma_low, self.sigma_high) >= 0
        _require(self, "sigmas of 0 or more, not both 0", good=good and 0 < self.sigma_low + self.sigma_high < np.inf)

    @property
    def support(self) -> tuple[float, float]:
        """Without bounds."""
        return -np.inf, np.inf

    def cdf(self, x: Array) -> Array:
        """Share of the values up to ``x``."""
        from scipy.special import ndtr

        below = self.sigma_low / (self.sigma_low + self.sigma_high)
        step = np.asarray(x, dtype=np.float64) - self.mode
        # A side without width has no values, so what it is divided by does not matter.
        low, high = (2.0 * ndtr(step / (sigma or 1.0)) for sigma in (self.sigma_low, self.sigma_high))
        return np.asarray(np.where(step < 0, below * low, below + (1.0 - below) * (high - 1.0)))

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """``n`` values."""
        size = np.abs(rng.standard_normal(n))
        low = rng.random(n) * (self.sigma_low + self.sigma_high) < self.sigma_low
        return np.asarray(self.mode + size * np.where(low, -self.sigma_low, self.sigma_high))


@dataclass(frozen=True, kw_only=True)
class Exponential:
    """A density that falls by e in ``scale``, from 0 to ``high``.

    ``high`` cuts the tail off; None is ten times ``scale``, beyond which one in 22,000 would be.

    Examples
    --------
    >>> from sntransport.simulation.events.distributions import Exponential
    >>> values = Exponential(scale=0.1, high=2.0).draw(np.random.default_rng(1), 10_000)
    >>> print(f"mean {values.mean():.1f}")
    mean 0.1
    """

    scale: float
    high: float | None = None

    def __post_init__(self) -> None:
        good = 0 < self.scale < np.inf and (self.high is None or 0 < self.high < np.inf)
        _require(self, "scale and high above 0 and finite", good=good)

    @property
    def support(self) -> tuple[float, float]:
        """0 and ``high``."""
        return 0.0, 10.0 * self.scale if self.high is None else float(self.high)

    def cdf(self, x: Array) -> Array:
        """Share of the values up to ``x``."""
        high = self.support[1]
        return np.asarray(np.expm1(-np.clip(x, 0.0, high) / self.scale) / np.expm1(-high / self.scale))

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """``n`` values."""
        share = rng.random(n) * np.expm1(-self.support[1] / self.scale)
        return np.asarray(-self.scale * np.log1p(share))


@dataclass(frozen=True, kw_only=True)
class Truncated:
    """Another distribution, of which what is below ``low`` or above ``high`` is drawn again.

    Examples
    --------
    >>> from sntransport.simulation.events.distributions import Normal, Truncated
    >>> values = Truncated(base=Normal(mean=0.0, sigma=1.0), low=0.0, high=2.0).draw(np.random.default_rng(1), 1000)
    >>> bool(values.min() >= 0.0 and values.max() <= 2.0)
    True
    """

    base: Distribution
    low: float
    high: float

    def __post_init__(self) -> None:
        _require(self, "finite low < high", good=-np.inf < self.low < self.high < np.inf)

    @property
    def support(self) -> tuple[float, float]:
        """``low`` and ``high``, or where the other ends before."""
        low, high = self.base.support
        return max(low, self.low), min(high, self.high)

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """``n`` values; a ValueError where almost none of the other's is within the bounds."""
        values = np.array(self.base.draw(rng, n))
        for _ in range(_MOST_ROUNDS):
            outside = np.flatnonzero((values < self.low) | (values > self.high))
            if not outside.size:
                return values
            values[outside] = self.base.draw(rng, outside.size)
        raise ValueError(f"{self}: almost nothing is within {self.low:g} to {self.high:g}")


def as_distribution(value: Distribution | float, name: str) -> Distribution:
    """A number as the distribution that always gives it.

    Parameters
    ----------
    value : Distribution or float
    name : str
        What to call it in an error.

    Raises
    ------
    TypeError
        Where it is neither.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Constant(value=float(value))
    if isinstance(value, Distribution):
        return value
    raise TypeError(f"{name} is {value!r}, expected a number or something with draw(rng, n) and support")


def _require(instance: object, expected: str, *, good: bool) -> None:
    if not good:
        raise ValueError(f"{instance}: expected {expected}")
