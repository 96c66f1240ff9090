"""Mixtures of drawn supernovae with drawn weights."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport.mixing import Mixture, checked_weights, mix
from sntransport.spectra.series import SpectralSeries

_MOST_TRIES = 50


def draw_mixtures(
    series: Sequence[SpectralSeries],
    n: int,
    seed: int,
    *,
    parents: int = 2,
    concentration: float = 1.0,
    make: Callable[[Sequence[SpectralSeries], Array], Mixture] = mix,
) -> tuple[Mixture, ...]:
    """Mix drawn series of one class with drawn weights.

    Parameters
    ----------
    series : sequence of SpectralSeries
        Of one class, each with a name of its own.
    n : int
        How many.
    seed : int
        Not negative. The same seed gives the same bytes, and the first mixtures do not depend on ``n``.
    parents : int
        How many are mixed each time, 2 or more.
    concentration : float
        Of the Dirichlet distribution of weights: 1 draws them evenly, less favors one parent.
    make : callable
        ``f(series, weights) -> Mixture``: `mix`, `mix_linear` or one with other arguments.

    Returns
    -------
    tuple of Mixture, (n,)
        The name of the k-th is that of its parents, "#" and k. Parents that have too little in common are drawn again,
        and a note says so.

    Raises
    ------
    ValueError
        Where there are fewer series than ``parents``, a number is out of its range, or 50 draws in a row have nothing
        in common.
    """
    if n < 0 or seed < 0 or not concentration > 0:
        raise ValueError(f"n = {n}, seed = {seed}, concentration = {concentration}: expected none negative, no 0 last")
    if not 2 <= parents <= len(series):
        raise ValueError(f"{parents} parents of {len(series)} series; expected 2 up to the number of series")
    checked_weights(series, np.ones(len(series)), {})
    children = np.random.SeedSequence(seed).spawn(n)
    return tuple(_drawn(series, k, child, parents, concentration, make) for k, child in enumerate(children))


def _drawn(
    series: Sequence[SpectralSeries],
    k: int,
    child: np.random.SeedSequence,
    parents: int,
    concentration: float,
    make: Callable[[Sequence[SpectralSeries], Array], Mixture],
) -> Mixture:
    rng = np.random.default_rng(child)
    notes: list[str] = []
    for _ in range(_MOST_TRIES):
        chosen = [series[i] for i in np.sort(rng.choice(len(series), parents, replace=False))]
        weights = rng.dirichlet(np.full(parents, concentration))
        try:
            made = make(chosen, weights)
        except ValueError as error:
            notes.append(f"drawn again: {error}")
            continue
        named = replace(made.series, name=f"{made.series.name}#{k}")
        return replace(made, series=named, notes=(*made.notes, *notes))
    raise ValueError(f"{_MOST_TRIES} draws in a row could not be mixed, the last: {notes[-1]}")
