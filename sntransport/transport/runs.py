"""Stretches of wavelength that two spectra share."""

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Span

MIN_OVERLAP = 20
"""Fewest neighboring bins that two spectra must share to be interpolated."""


def long_runs(both: NDArray[np.bool_]) -> list[Span]:
    """Stretches of at least `MIN_OVERLAP` bins that both spectra cover."""
    step = np.diff(np.concatenate([[False], both, [False]]).astype(np.int8))
    starts, stops = np.flatnonzero(step == 1), np.flatnonzero(step == -1)
    return [slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True) if b - a >= MIN_OVERLAP]
