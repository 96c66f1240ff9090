"""The numba functions of what a survey notices. Arrays in, arrays out, unchecked."""

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array as _F
from sntransport._numerics.compiled import compiled

_I = NDArray[np.int64]


@compiled
def trigger_of_visits(
    detected: NDArray[np.bool_], mjd: _F, offset: _I, window: float, n_epochs: int, first: _F, found: _F
) -> None:  # fmt: skip
    """Fill the dates (n_object,) of the first detection and of the one that completes the trigger, where there are.

    The visits of object i are ``offset[i]`` to ``offset[i + 1]``, in any order of date. An epoch begins with the first
    visit more than ``window`` after the last one began, and counts at its first detection.
    """
    for i in range(offset.size - 1):
        begin, end = offset[i], offset[i + 1]
        ascending = True
        for j in range(begin + 1, end):
            ascending &= mjd[j - 1] <= mjd[j]
        order = np.empty(0, np.int64) if ascending else np.argsort(mjd[begin:end])
        start, counts, n = -np.inf, False, 0
        for place in range(end - begin):
            j = begin + (place if ascending else order[place])
            if mjd[j] - start > window:
                start, counts = mjd[j], False
            if not detected[j]:
                continue
            if np.isnan(first[i]):
                first[i] = mjd[j]
            if not counts:
                counts = True
                n += 1
                if n == n_epochs:
                    found[i] = mjd[j]
