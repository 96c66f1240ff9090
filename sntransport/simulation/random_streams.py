"""Random numbers of simulations: one stream for every seed, block of objects and purpose, whoever asks first.

Objects come in blocks of `BLOCK`; each block has random numbers of its own for each purpose, made from seed, purpose
and number of the block alone, so what is drawn is the same to the byte for any size of a chunk and number of workers.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

BLOCK = 1024
"""Objects that share random numbers."""

OWN_BITS = 33
"""Random bits of an object: with its identifier of 31 they fill a number of 64."""


class Purpose(IntEnum):
    """What random numbers are for; changing a number changes every simulation or selection."""

    OBJECTS = 0
    POSITIONS = 1
    DATES = 2
    NOISE = 3
    DETECTION = 4
    SELECTION = 5
    """Which objects get a spectrum."""
    BALANCE = 6
    """Which objects of a kind are taken."""
    TEMPLATE_NOISE = 10
    """What all visits of an object in a band share."""
    EXCESS_NOISE = 11
    """Scatter beyond photon statistics."""
    HOST_REDSHIFT = 20
    """Which hosts have a redshift."""
    PRESCALE = 21
    """Which of many objects are kept for all of them."""
    HOSTS = 30
    COLOR_SCATTER = 31
    SPECTRA = 32


def stream(seed: int, block: int, purpose: Purpose) -> np.random.Generator:
    """The random numbers of a block of objects for one purpose, from their first."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block, int(purpose))))


def own_numbers(object_id: ArrayLike, seed: int, purpose: Purpose) -> NDArray[np.uint64]:
    """33 random bits of each object, (n_object,): the same for the same seed, identifier and purpose.

    Parameters
    ----------
    object_id : array_like of int, (n_object,)
        In any order.
    seed : int
    purpose : Purpose
    """
    number = np.asarray(object_id, dtype=np.int64)
    out = np.empty(number.size, dtype=np.uint64)
    order = np.argsort(number, kind="stable")
    blocks, starts = np.unique(number[order] // BLOCK, return_index=True)
    for block, start, end in zip(blocks, starts, [*starts[1:], number.size], strict=False):
        rows = order[start:end]
        rng = stream(seed, int(block), purpose)
        out[rows] = rng.integers(2**OWN_BITS, size=BLOCK, dtype=np.uint64)[number[rows] % BLOCK]
    return out


def uniform_numbers(object_id: ArrayLike, seed: int, purpose: Purpose = Purpose.SELECTION) -> NDArray[np.float64]:
    """Numbers from 0 to 1 that belong to objects, (n_object,): the same for the same seed and identifier."""
    return np.asarray(own_numbers(object_id, seed, purpose) / 2.0**OWN_BITS)


def object_stream(seed: int, object_id: int, purpose: Purpose) -> np.random.Generator:
    """The random numbers of one object for one purpose, from their first; whatever other objects there are."""
    block, place = divmod(object_id, BLOCK)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block, int(purpose), place)))
