"""The numba functions of what a survey notices. Arrays in, arrays out, unchecked."""

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array as _F
from sntransport._numerics.compiled import compiled

_I = NDArray[np.int64]


@compiled
def number_epochs(mjd: _F, offset: _I, window: float, epoch: _I) -> None:
    """Fill the number of the epoch (n_obs,) of each visit: one begins more than ``window`` after the last began.

    The visits of object i are ``offset[i]`` to ``offset[i + 1]``, in any order of date.
    """
    for i in range(offset.size - 1):
        order = offset[i] + np.argsort(mjd[offset[i] : offset[i + 1]])
        begin, number = -np.inf, -1
        for j in order:
            if mjd[j] - begin > window:
                begin = mjd[j]
                number += 1
            epoch[j] = number
