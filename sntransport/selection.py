"""What a training set is of: spectroscopic selection, its weights, and balance to a stated target."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport.checks import Array, readonly, require_increasing, require_shape


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


def select(propensity: ArrayLike, seed: int) -> NDArray[np.bool_]:
    """Draw who is selected, (n_object,): each by its own probability, the same for the same seed.

    Raises
    ------
    ValueError
        Where a propensity is not from 0 to 1.
    """
    chance = _propensity(propensity)
    return np.asarray(np.random.default_rng(seed).random(chance.size) < chance)


def inverse_propensity_weights(propensity: ArrayLike, *, floor: float = 0.01) -> Array:
    """Weights that undo a selection: those selected stand for all that were not (Horvitz & Thompson 1952).

    Parameters
    ----------
    propensity : array_like, (n_object,)
        Of the objects that were selected, 0 to 1.
    floor : float
        A smaller propensity counts as this, above 0: a bias that is accepted so that no object rules the sum.

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
    return np.asarray(weights / weights.mean()) if weights.size else weights


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
    edges = np.array([-np.inf, np.inf])
    if np.size(z_edges):
        edges = readonly(z_edges, "z_edges")
        require_increasing(edges, "z_edges")
    shares = np.ones(edges.size - 1) if not np.size(z_shares) else np.array(z_shares, dtype=np.float64)
    if edges.size < 2 or shares.shape != (edges.size - 1,) or not np.all(shares >= 0) or shares.sum() <= 0:
        raise ValueError(f"z_shares {shares} for {edges.size - 1} redshift bins: expected one each, not negative")
    rng, chosen = np.random.default_rng(seed), []
    for sn_class in sorted(target):
        if target[sn_class] < 0:
            raise ValueError(f"target of {sn_class} is {target[sn_class]}, expected 0 or more")
        for low, high, count in zip(edges[:-1], edges[1:], whole_counts(target[sn_class], shares), strict=True):
            rows = np.flatnonzero((kinds == sn_class) & (z >= low) & (z < high))
            if rows.size < count:
                where = f"class {sn_class}" + (f" at z {low:g} to {high:g}" if np.isfinite(low) else "")
                raise ValueError(f"{where}: {rows.size} objects, {count} asked for; simulate more or ask for fewer")
            chosen.append(rng.choice(rows, count, replace=False))
    return np.sort(np.concatenate(chosen)).astype(np.int64) if chosen else np.empty(0, dtype=np.int64)


def whole_counts(n: int, shares: ArrayLike) -> NDArray[np.int64]:
    """Whole numbers of sum n nearest to n times the normalized shares; of equal remainders the first gains."""
    exact = n * np.asarray(shares, dtype=np.float64) / np.sum(shares)
    counts = np.floor(exact + 1e-9).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: n - int(counts.sum())]] += 1
    return np.asarray(counts)


def _propensity(value: ArrayLike) -> Array:
    chance = readonly(value, "propensity")
    if not np.all((chance >= 0) & (chance <= 1)):
        raise ValueError("propensity has values outside 0 to 1")
    return chance
