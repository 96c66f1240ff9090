"""Where phases lie between those of a series, and what is there: a line between the two neighbors, or nothing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.value_object import ValueObject

MAX_GAP = 5.0
"""Widest step between two phases of a dense series that is interpolated over [rest-frame d], unless told otherwise."""

# Rounding of dates to phases must not push a point off the first spectrum [d].
_SAME_PHASE = 1e-6


@dataclass(frozen=True, eq=False, kw_only=True)
class Neighbors(ValueObject):
    """Rows before and after each phase, ``left`` and ``right`` (n_phase,), and the ``share`` of the right one.

    At a phase that is there both are its row; ``share`` is NaN where nothing is known.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    share: Array

    def mean(self, rows: Array) -> Array:
        """Any rows (n_own, n) at the phases, (n_phase, n): NaN where either neighbor is, or nothing is known."""
        out = rows[self.left]
        # A row that has no share must not spread its NaN.
        mixed = np.flatnonzero(self.share > 0)
        if mixed.size:
            share = self.share[mixed, None]
            out[mixed] = (1.0 - share) * out[mixed] + share * rows[self.right[mixed]]
        out[np.isnan(self.share)] = np.nan
        return np.asarray(out)

    def error(self, errors: Array, together: Array) -> Array:
        """Errors of what `mean` gives (n_phase, n), from those of the rows (n_own, n).

        ``together`` (n_phase,) is the correlation of the errors at the two neighbors.
        """
        left = (1.0 - self.share[:, None]) * errors[self.left]
        # A row that has no share must not spread its NaN.
        right = np.where(self.share[:, None] > 0, self.share[:, None] * errors[self.right], 0.0)
        return np.asarray(np.sqrt(left**2 + right**2 + 2.0 * together[:, None] * left * right))


def neighbors(own: Array, phase: Array, max_gap: float = np.inf) -> Neighbors:
    """Neighbors of phases among those of a series.

    Parameters
    ----------
    own : ndarray, (n_own,) [d]
        Increasing, at least one.
    phase : ndarray, (n_phase,) [d]
        In any order. Within 1e-6 d of one of ``own`` it is that one. Clip it first to hold the ends.
    max_gap : float [d]
        Widest step of ``own`` to interpolate over.

    Returns
    -------
    Neighbors
        Nothing is known before the first, after the last, and in wider steps.
    """
    right = np.clip(np.searchsorted(own, phase), 0, own.size - 1)
    left = np.maximum(right - 1, 0)
    nearest = np.where(np.abs(own[left] - phase) < np.abs(own[right] - phase), left, right)
    exact = np.abs(own[nearest] - phase) <= _SAME_PHASE
    left, right = np.where(exact, nearest, left), np.where(exact, nearest, right)
    step = own[right] - own[left]
    inside = exact | ((phase > own[left]) & (phase < own[right]) & (step <= max_gap + _SAME_PHASE))
    share = np.divide(phase - own[left], step, out=np.zeros_like(step), where=step > 0)
    share[~inside] = np.nan
    return Neighbors(left=left, right=right, share=share)
