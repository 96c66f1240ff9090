"""What a training set is of: spectroscopic selection, its weights, and balance to a stated target."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_shape
from sntransport.quotas import keys, limits, make_quota, uniform_numbers


def spectroscopic_propensity(peak_mag: ArrayLike, half: float, width: float) -> Array:
    """Probability that an object of some peak brightness gets a spectrum.

    Parameters
    ----------
    peak_mag : array_like, (n_object,) [mag]
        NaN, for a band that is not covered, has the propensity 0.
    half : float [mag]
        Where half of them do.
    width : float [mag]
        Scale of the logistic fall toward faint ones, above 0.

    Returns
    -------
    ndarray, (n_object,)
        ``1 / (1 + exp((peak_mag - half) / width))``.

    Raises
    ------
    ValueError
        Where ``half`` is not finite or ``width`` is not above 0.
    """
    if not np.isfinite(half) or not width > 0:
        raise ValueError(f"half = {half}, width = {width}: expected a magnitude and a width above 0")
    x = np.clip((readonly(peak_mag, "peak_mag") - half) / width, -700.0, 700.0)
    return np.where(np.isfinite(x), 1.0 / (1.0 + np.exp(x)), 0.0)


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
    """
    chance = _propensity(propensity)
    return np.asarray(uniform_numbers(np.arange(chance.size) if object_id is None else object_id, seed) < chance)


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
    """
    if not 0 < floor <= 1:
        raise ValueError(f"floor is {floor}, expected above 0, at most 1")
    weights = 1.0 / np.maximum(_propensity(propensity), floor)
    return np.asarray(weights / (weights.mean() if mean is None else mean)) if weights.size else weights


def effective_number(weights: ArrayLike) -> float:
    """How many objects of equal weight are worth as much: ``sum(w)**2 / sum(w**2)`` (Kish 1965); 0 of none."""
    w = np.asarray(weights, dtype=np.float64)
    return float(w.sum() ** 2 / (w**2).sum()) if w.size and w.any() else 0.0


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
