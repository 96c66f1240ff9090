"""First and last nights of the photometry: off the smooth curve of one band, and right where other bands show the same.

A supernova may rise by two magnitudes within its first day. To the later nights of a band such a night is an outlier:
they cannot tell a steep end from a wrong point, since nothing lies beyond it. Other bands can.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array

WITNESS_WITHIN = 0.5
"""Points of two bands within so many days [d] are of one night: any two nights of one place are further apart."""

WITNESS_PULL = 2.0
"""Standard deviations another band must be off in the same direction to confirm a night (one in 44 is by chance)."""


def confirmed_ends(
    mjd: Sequence[Array], pull: Sequence[Array], kept: Sequence[NDArray[np.bool_]]
) -> list[NDArray[np.bool_]]:  # fmt: skip
    """Take back the first and last nights of a band that most other bands of these nights confirm.

    Parameters
    ----------
    mjd : sequence of ndarray, (n_night,) [d]
        Of each band, in order.
    pull : sequence of ndarray, (n_night,)
        How many standard deviations, with its sign, each night is off what the kept ones predict.
    kept : sequence of ndarray of bool, (n_night,)
        Nights that a band by itself calls no outliers.

    Returns
    -------
    list of ndarray of bool, (n_night,)
        The same with nights before the first and behind the last kept one that more than half of the other bands with
        a point within half a day show as well, in the same direction. Nights that no other band has are as they were.
    """
    out = [one.copy() for one in kept]
    for j, own in enumerate(kept):
        for night in _ends(own):
            sign = np.sign(pull[j][night])
            witnesses = [
                sign * pull[k][int(np.argmin(np.abs(mjd[k] - mjd[j][night])))]
                for k in range(len(mjd))
                if k != j and np.abs(mjd[k] - mjd[j][night]).min() <= WITNESS_WITHIN
            ]
            confirming = sum(witness >= WITNESS_PULL for witness in witnesses)
            out[j][night] = 2 * confirming > len(witnesses)
    return out


def _ends(kept: NDArray[np.bool_]) -> list[int]:
    """Nights before the first and behind the last that is kept."""
    inside = np.flatnonzero(kept)
    return [] if not inside.size else [*range(inside[0]), *range(inside[-1] + 1, kept.size)]
