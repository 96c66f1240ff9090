"""What a training set is of: spectroscopic selection, its weights, balance, and how many of each kind and redshift.

Every object has random numbers made from the seed and its identifier alone, so what is chosen does not depend on how
the objects are cut into parts, and choosing needs only a few counts in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_increasing, require_shape
from sntransport._objects.arguments import answers_mistakes
from sntransport.simulation.random_streams import Purpose, own_numbers, uniform_numbers


@answers_mistakes
def select(propensity: ArrayLike, seed: int, object_id: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Draw who is selected, (n_object,): each by its own probability.

    Parameters
    ----------
    propensity : array_like, (n_object,)
    seed : int
        Not negative.
    object_id : array_like of int, (n_object,), optional
        What the random numbers belong to: the same for the same seed and identifier. Default: 0, 1, 2 and so on.

    Raises
    ------
    ValueError
        Where a propensity is not from 0 to 1.

    Examples
    --------
    >>> from sntransport.augmentation import select
    >>> select([0.0, 1.0, 1.0], seed=1).tolist()
    [False, True, True]
    """
    chance = _propensity(propensity)
    return np.asarray(uniform_numbers(np.arange(chance.size) if object_id is None else object_id, seed) < chance)


@answers_mistakes
def inverse_propensity_weights(propensity: ArrayLike, *, floor: float = 0.01, mean: float | None = None) -> Array:
    """Weights that undo a selection: those selected stand for all that were not (Horvitz & Thompson 1952).

    Parameters
    ----------
    propensity : array_like, (n_object,)
        Of the objects that were selected, 0 to 1.
    floor : float
        A smaller propensity counts as this, above 0: a bias that is accepted so that no object rules the sum.
    mean : float, optional
        Of ``1 / propensity`` of all objects, where these are some of them.

    Returns
    -------
    ndarray, (n_object,)
        ``1 / propensity``, scaled to a mean of 1.

    Raises
    ------
    ValueError
        Where a propensity is not from 0 to 1, or ``floor`` is not above 0 and at most 1.

    Examples
    --------
    >>> from sntransport.augmentation import inverse_propensity_weights
    >>> inverse_propensity_weights([1.0, 0.5, 0.25]).round(3).tolist()
    [0.429, 0.857, 1.714]
    """
    if not 0 < floor <= 1:
        raise ValueError(f"floor is {floor}, expected above 0, at most 1")
    weights = 1.0 / np.maximum(_propensity(propensity), floor)
    return np.asarray(weights / (weights.mean() if mean is None else mean)) if weights.size else weights


@answers_mistakes
def effective_number(weights: ArrayLike) -> float:
    """How many objects of equal weight are worth as much: ``sum(w)**2 / sum(w**2)`` (Kish 1965); 0 of none.

    Examples
    --------
    >>> from sntransport.augmentation import effective_number
    >>> effective_number([1.0, 1.0, 1.0]), round(effective_number([10.0, 1.0, 1.0]), 2)
    (3.0, 1.41)
    """
    w = np.asarray(weights, dtype=np.float64)
    return float(w.sum() ** 2 / (w**2).sum()) if w.size and w.any() else 0.0


@answers_mistakes
def balanced(
    classes: Sequence[str] | NDArray[np.str_],
    z: ArrayLike,
    target: Mapping[str, int],
    seed: int,
    *,
    z_edges: ArrayLike = (),
    z_shares: ArrayLike = (),
    object_id: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Choose objects so that classes and redshifts are as a target states.

    Parameters
    ----------
    classes : sequence of str, (n_object,)
    z : array_like, (n_object,)
    target : mapping of str to int
        How many of each class. Classes it does not name are left out.
    seed : int
        Not negative.
    z_edges : array_like, (n_bin + 1,), optional
        Edges of redshift bins; objects outside are left out. Without it redshifts stay as they are.
    z_shares : array_like, (n_bin,), optional
        Share of each bin, the same in all classes; equal where not given.
    object_id : array_like of int, (n_object,), optional
        What the random numbers belong to, each once. Default: 0, 1, 2 and so on.

    Returns
    -------
    ndarray of int, (n_chosen,)
        Ascending indices, none twice.

    Raises
    ------
    ValueError
        Where a class or one of its redshift bins has fewer objects than asked for: no object is repeated to fill it. Or
        where the target is negative, shares do not fit the edges, or shapes differ.

    Examples
    --------
    >>> from sntransport.augmentation import balanced
    >>> classes = ["Ia"] * 6 + ["II"] * 4
    >>> chosen = balanced(classes, np.linspace(0.01, 0.1, 10), {"Ia": 2, "II": 2}, seed=1)
    >>> [classes[k] for k in chosen]
    ['Ia', 'Ia', 'II', 'II']
    """
    z, kinds = readonly(z, "z"), np.asarray(classes, dtype=str)
    require_shape(z, "z", kinds.shape, "(n_object,)")
    names = sorted(target)
    quota = make_quota({f"class {name}": target[name] for name in names}, z_edges, z_shares)
    group = quota.group(_places(kinds, names), z)
    rows = np.flatnonzero(group >= 0)
    key = keys(np.arange(z.size) if object_id is None else object_id, seed)[rows]
    return np.asarray(rows[key <= limits(lambda: [(group[rows], key)], quota)[group[rows]]])


def _places(kinds: NDArray[np.str_], names: Sequence[str]) -> NDArray[np.int64]:
    """Place of each among the names, -1 where it is not there."""
    out = np.full(kinds.size, -1, dtype=np.int64)
    for i, name in enumerate(names):
        out[kinds == name] = i
    return out


def _propensity(value: ArrayLike) -> Array:
    chance = readonly(value, "propensity")
    if not np.all((chance >= 0) & (chance <= 1)):
        raise ValueError("propensity has values outside 0 to 1")
    return chance


_ID_BITS = 31
_DIGIT_BITS = 12

Part = tuple[NDArray[np.int64], NDArray[np.uint64]]
"""Group and key of objects, both (n_object,)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Quota:
    """How many objects are wanted: ``counts`` (n_kind, n_bin) by kind and bin of redshift between ``edges``.

    ``names`` are of the kinds, for messages. Group ``kind * n_bin + bin`` counts them all.
    """

    names: tuple[str, ...]
    edges: Array
    counts: NDArray[np.int64]

    def group(self, kind: NDArray[np.int64], z: Array) -> NDArray[np.int64]:
        """Group of every object, (n_object,), by the number of its kind; -1 where none of it are wanted."""
        n_bin = self.counts.shape[1]
        place = np.searchsorted(self.edges, z, side="right") - 1
        inside = (kind >= 0) & (place >= 0) & (place < n_bin)
        group = np.where(inside, kind * n_bin + place, -1)
        group[inside] = np.where(self.counts.ravel()[group[inside]] > 0, group[inside], -1)
        return group

    def label(self, group: int) -> str:
        """Name of a group for messages."""
        kind, place = divmod(group, self.counts.shape[1])
        low, high = self.edges[place : place + 2]
        where = f" at z {low:g} to {high:g}" if np.isfinite(low) else ""
        return f"{self.names[kind]}{where}"


def make_quota(target: Mapping[str, int], z_edges: ArrayLike = (), z_shares: ArrayLike = ()) -> Quota:
    """A quota of some of each kind, shared among bins of redshift.

    Parameters
    ----------
    target : mapping of str to int
        How many of each kind, by its name; the number of a kind is its place here.
    z_edges : array_like, (n_bin + 1,), optional
        Edges of redshift bins; objects outside are not wanted. Without it all redshifts are one bin.
    z_shares : array_like, (n_bin,), optional
        Share of each bin, the same for all kinds; equal where not given.

    Raises
    ------
    ValueError
        Where the target is negative or shares do not fit the edges.
    """
    edges = np.array([-np.inf, np.inf])
    if np.size(z_edges):
        edges = readonly(z_edges, "z_edges")
        require_increasing(edges, "z_edges")
    shares = np.ones(edges.size - 1) if not np.size(z_shares) else np.array(z_shares, dtype=np.float64)
    if edges.size < 2 or shares.shape != (edges.size - 1,) or not np.all(shares >= 0) or shares.sum() <= 0:
        raise ValueError(f"z_shares {shares} for {edges.size - 1} redshift bins: expected one each, not negative")
    for name, count in target.items():
        if count < 0:
            raise ValueError(f"{name}: {count} objects asked for, expected 0 or more")
    counts = np.array([whole_counts(count, shares) for count in target.values()], dtype=np.int64)
    return Quota(names=tuple(target), edges=edges, counts=counts.reshape(len(target), shares.size))


def keys(object_id: ArrayLike, seed: int) -> NDArray[np.uint64]:
    """The order in which objects are chosen, (n_object,): random, then the identifier, so that no two are equal."""
    number = np.asarray(object_id, dtype=np.uint64)
    return np.asarray(own_numbers(object_id, seed, Purpose.BALANCE) << np.uint64(_ID_BITS) | number)


def key_id(key: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The identifiers of objects by their `keys`."""
    return (key & np.uint64(2**_ID_BITS - 1)).astype(np.int64)


def limits(parts: Callable[[], Iterable[Part]], quota: Quota) -> NDArray[np.uint64]:
    """The last key of each group that is chosen, (n_group,): those up to it are as many as are wanted.

    Parameters
    ----------
    parts : callable
        Gives groups and `keys` of all objects, part by part; called twice. Memory grows with the largest part only.
    quota : Quota

    Raises
    ------
    ValueError
        Where there are fewer objects than wanted; no object is repeated to fill it.
    """
    wanted, n_digit = quota.counts.ravel(), 2**_DIGIT_BITS
    # How many begin with each digit says with which digit the last one that is chosen begins.
    found = np.zeros(wanted.size * n_digit, dtype=np.int64)
    for group, key in parts():
        found += np.bincount(group * n_digit + _digit(key), minlength=found.size)
    up_to = found.reshape(-1, n_digit).cumsum(axis=1)
    for k in np.flatnonzero(up_to[:, -1] < wanted):
        raise ValueError(
            f"{quota.label(int(k))}: {up_to[k, -1]} objects, {wanted[k]} asked for; simulate more or ask for fewer"
        )
    last = (up_to < wanted[:, None]).sum(axis=1)
    same: list[Part] = []
    for group, key in parts():
        rows = _digit(key) == last[group]
        same.append((group[rows], key[rows]))
    out = np.zeros(wanted.size, dtype=np.uint64)
    groups, close = (np.concatenate([part[i] for part in same]) if same else np.empty(0) for i in (0, 1))
    for k in np.flatnonzero(wanted):
        before = up_to[k, last[k] - 1] if last[k] else 0
        out[k] = np.sort(close[groups == k])[wanted[k] - before - 1]
    return out


def whole_counts(n: int, shares: ArrayLike) -> NDArray[np.int64]:
    """Whole numbers of sum n nearest to n times the normalized shares; of equal remainders the first gains."""
    exact = n * np.asarray(shares, dtype=np.float64) / np.sum(shares)
    counts = np.floor(exact + 1e-9).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: n - int(counts.sum())]] += 1
    return np.asarray(counts)


def _digit(key: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (key >> np.uint64(64 - _DIGIT_BITS)).astype(np.int64)
