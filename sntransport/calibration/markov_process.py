"""Gaussian processes over time as Markov chains: values at many dates from many readings, in linear time.

A Matern-3/2 process is the first component of a chain of two states, an Ornstein-Uhlenbeck process a chain of one and a
constant a state that never changes (Hartikainen & Sarkka 2010, IEEE MLSP, 379). Readings are linear in the states:
a Kalman filter forward, a smoother backward (the one of Bierman 1973, Automatica 9, 121, which inverts no covariance of
states) give mean and covariance of all states at all dates given all readings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from sntransport._numerics.arrays import Array


@dataclass(frozen=True, kw_only=True)
class Part:
    """One process: ``kind`` is "constant", "ornstein_uhlenbeck" or "matern"; ``scale`` [d], infinite for none."""

    kind: str
    deviation: float
    scale: float = np.inf

    @property
    def n_state(self) -> int:
        """Number of its states; the first is its value."""
        return 2 if self.kind == "matern" else 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Reading:
    """What was measured at one date: ``value`` (n,), linear in the states by ``design`` (n, n_state)."""

    date: float
    value: Array
    design: Array
    covariance: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Smoothed:
    """What all readings say.

    ``mean`` (n_date, n_state) is of the states, ``variance`` (n_date, n_read) of what is read of them; ``last`` and
    ``last_covariance`` are of the states at the end of all dates and readings: of constants, at any date.
    """

    mean: Array
    variance: Array
    last: Array
    last_covariance: Array


def first_states(parts: Sequence[Part]) -> list[int]:
    """Index of the first state of each part."""
    return [int(k) for k in np.cumsum([0, *(part.n_state for part in parts)])[:-1]]


def smooth_states(parts: Sequence[Part], readings: Sequence[Reading], dates: Array, read: Array) -> Smoothed:
    """Mean of all states at ``dates``, and the variance of what is read of them, given all readings.

    Parameters
    ----------
    parts : sequence of Part
        Independent of one another, of mean zero.
    readings : sequence of Reading
        In any order; several may share a date.
    dates : ndarray, (n_date,) [d]
        Increasing; may lie beyond the readings, where the processes return to their mean.
    read : ndarray, (n_read, n_state)
        Linear combinations of the states.

    Returns
    -------
    Smoothed
    """
    # At equal dates readings come first; the smoother makes the order immaterial.
    events = sorted([(m.date, 0, k) for k, m in enumerate(readings)] + [(float(d), 1, k) for k, d in enumerate(dates)])
    state, covariance = np.zeros(sum(part.n_state for part in parts)), _stationary(parts)
    noise_free = covariance.copy()
    steps = []
    before = events[0][0] if events else 0.0
    for date, kind, k in events:
        move = _transition(parts, date - before) if date > before else None
        if move is not None:
            state = move @ state
            covariance = move @ (covariance - noise_free) @ move.T + noise_free
            before = date
        predicted = (state, covariance)
        gain = None
        if kind == 0:
            measured = readings[k]
            cross = covariance @ measured.design.T
            factor = cho_factor(measured.design @ cross + measured.covariance, lower=True)
            surprise = measured.value - measured.design @ state
            state = state + cross @ cho_solve(factor, surprise)
            covariance = covariance - cross @ cho_solve(factor, cross.T)
            covariance = 0.5 * (covariance + covariance.T)
            gain = (measured.design, cross, factor, surprise)
        steps.append((move, predicted, gain))
    mean, variance = _backward(events, steps, len(dates), read)
    return Smoothed(mean=mean, variance=variance, last=state, last_covariance=covariance)


_Gain = tuple[Array, Array, tuple[Array, bool], Array]
_Step = tuple[Array | None, tuple[Array, Array], _Gain | None]


def _backward(
    events: Sequence[tuple[float, int, int]], steps: Sequence[_Step], n_date: int, read: Array
) -> tuple[Array, Array]:
    """The backward pass: what later readings add to each prediction."""
    n_state = read.shape[1]
    mean, variance = np.empty((n_date, n_state)), np.empty((n_date, read.shape[0]))
    pull, information = np.zeros(n_state), np.zeros((n_state, n_state))
    for (_, kind, k), (move, (state, covariance), gain) in zip(reversed(events), reversed(steps), strict=True):
        if gain is not None:
            design, cross, factor, surprise = gain
            weighted = cho_solve(factor, design)
            keep = np.eye(n_state) - cross @ weighted
            pull = keep.T @ pull - design.T @ cho_solve(factor, surprise)
            information = keep.T @ information @ keep + design.T @ weighted
        if kind == 1:
            mean[k] = state - covariance @ pull
            seen = read @ covariance
            spread = np.einsum("ij,ij->i", seen, read) - np.einsum("ij,ij->i", seen @ information, seen)
            variance[k] = np.maximum(spread, 0.0)
        if move is not None:
            pull, information = move.T @ pull, move.T @ information @ move
    return mean, variance


def _stationary(parts: Sequence[Part]) -> Array:
    """Covariance of the states before anything is measured."""
    diagonal: list[float] = []
    for part in parts:
        diagonal.append(part.deviation**2)
        if part.kind == "matern":
            diagonal.append(3.0 * (part.deviation / part.scale) ** 2)
    return np.diag(diagonal)


def _transition(parts: Sequence[Part], days: float) -> Array:
    """What becomes of the states in mean after ``days``."""
    out = np.zeros((sum(part.n_state for part in parts),) * 2)
    for part, k in zip(parts, first_states(parts), strict=True):
        if part.kind == "matern":
            rate = np.sqrt(3.0) / part.scale
            fade = np.exp(-rate * days)
            out[k : k + 2, k : k + 2] = fade * np.array(
                [[1.0 + rate * days, days], [-(rate**2) * days, 1.0 - rate * days]]
            )
        else:
            out[k, k] = 1.0 if part.kind == "constant" else np.exp(-days / part.scale)
    return out
