"""Random numbers of simulations: one stream for every seed, block of objects and purpose, whoever asks first.

Objects come in blocks of `BLOCK`; each block has random numbers of its own for each purpose, made from seed, purpose
and number of the block alone, so what is drawn is the same to the byte for any size of a chunk and number of workers.
"""

from enum import IntEnum

import numpy as np

BLOCK = 1024
"""Objects that share random numbers."""


class Purpose(IntEnum):
    """What random numbers are for; changing a number changes every simulation or selection."""

    OBJECTS = 0
    POSITIONS = 1
    DATES = 2
    NOISE = 3
    DETECTION = 4
    SELECTION = 5
    """Which objects of a training set get a spectrum."""
    BALANCE = 6
    """Which objects of a kind are taken."""
    TEMPLATE_NOISE = 10
    """What all visits of an object in a band share."""
    EXCESS_NOISE = 11
    """Scatter beyond photon statistics."""


def stream(seed: int, block: int, purpose: Purpose) -> np.random.Generator:
    """The random numbers of a block of objects for one purpose, from their first."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block, int(purpose))))
