"""The numba functions of realizations: a normal field with the correlation of real residuals."""

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array as _F
from sntransport._numerics.compiled import compiled

_I = NDArray[np.int64]


@compiled
def chain_rows(field: _F, step: _F) -> None:
    """In place: white noise (n_row, n) of unit variance becomes a Markov chain from row to row, of unit variance.

    ``step`` (n_row - 1,) is the correlation of each row with the next.
    """
    for i in range(1, field.shape[0]):
        keep = step[i - 1]
        fresh = np.sqrt(1.0 - keep * keep)
        for j in range(field.shape[1]):
            field[i, j] = keep * field[i - 1, j] + fresh * field[i, j]


@compiled
def residual_field(noise: _F, step: _F, mix: _F, nodes: _F, left: _I, join: _F, field: _F) -> None:
    """Every row: a Markov chain along the row plus its own white noise, plus lines between values at nodes.

    ``noise`` (n_row, n) of unit variance; ``step`` (n,) the correlation of each column with the one before; ``mix``
    (2, n) the factors of chain and noise; ``nodes`` (n_row, n_node); column j is ``join[0, j]`` of node ``left[j]``
    and ``join[1, j]`` of the next.
    """
    fresh = np.sqrt(1.0 - step * step)
    for i in range(field.shape[0]):
        chain = 0.0
        for j in range(field.shape[1]):
            chain = step[j] * chain + fresh[j] * noise[i, j]
            smooth = join[0, j] * nodes[i, left[j]] + join[1, j] * nodes[i, left[j] + 1]
            field[i, j] = mix[0, j] * chain + mix[1, j] * noise[i, j] + smooth
