"""The training set: which simulated light curves are chosen, and what they count for, part by part or all at once.

A first look at all light curves gives the few numbers of `Settled`; with these, each part of them is chosen from by
itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.card import Card, enumerated
from sntransport._objects.value_object import ValueObject
from sntransport.augmentation.selection import (
    Quota,
    inverse_propensity_weights,
    key_id,
    keys,
    limits,
    make_quota,
    select,
)
from sntransport.augmentation.splits import require_no_leak
from sntransport.augmentation.training_templates import TrainingTemplate
from sntransport.simulation.light_curves import LightCurves

Candidates = NDArray[Any]
"""One row a light curve that may be chosen, in the order of identifiers: fields of `CANDIDATE`."""
CANDIDATE = np.dtype([("key", "<u8"), ("group", "<i4"), ("inverse", "<f8")])
"""Key and group of `sntransport.augmentation.selection`; one over the propensity, NaN where nothing was selected."""
Parts = Callable[[], Iterable[Candidates]]
"""Gives all candidates, part by part, as often as it is called."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingSet(ValueObject):
    """Labeled light curves with the split and the parents of each template.

    ``templates`` are those that ``light_curves.truth.template`` counts; ``notes`` say what was chosen and why.

    Examples
    --------
    >>> from sntransport.augmentation import make_templates, select_training_set
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> templates = make_templates([series], {series.name: "train"}, seed=1)
    >>> population = snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([one.series for one in templates], snt.load_survey("ztf", years=0.5), population, n=20)
    >>> made = select_training_set(curves, templates, {"train": {"Ia": 5}}, seed=1)
    >>> made.light_curves.n_object, made.templates[0].split
    (5, 'train')
    """

    light_curves: LightCurves
    templates: tuple[TrainingTemplate, ...]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return self.light_curves.n_object

    def _card(self) -> Card:
        held = self.light_curves._card()
        parents = {parent for one in self.templates for parent in one.parents}
        return replace(
            held,
            title=f"TrainingSet: {self.light_curves.n_object} labeled light curves",
            rows=[
                ("splits", _counted(self.split)),
                ("classes", _counted(self.sn_class)),
                ("templates", f"{len(self.templates)} of {len(parents)} supernovae"),
                *held.rows[:2],
                *held.rows[4:7],
                ("notes", f"{len(self.notes)}, the first: {self.notes[0]}" if self.notes else ""),
            ],
        )

    @property
    def split(self) -> NDArray[np.str_]:
        """Split of every object, (n_object,)."""
        return np.array([one.split for one in self.templates])[self.light_curves.truth.template]

    @property
    def sn_class(self) -> NDArray[np.str_]:
        """Class of every object, (n_object,)."""
        return np.array([one.sn_class for one in self.templates])[self.light_curves.truth.template]


def _counted(labels: NDArray[np.str_]) -> str:
    return enumerated([f"{label} {n}" for label, n in zip(*np.unique(labels, return_counts=True), strict=True)])


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What all candidates together say: the last key of each group that is chosen, and the mean of one over the
    propensity of the chosen ones; ``first`` and ``last`` are the outermost identifiers of each shard."""

    limits: tuple[int, ...]
    mean_inverse: float
    first: tuple[int, ...]
    last: tuple[int, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Rule:
    """What may be chosen, how much of it, and what it counts for; see `make_rule`."""

    templates: tuple[TrainingTemplate, ...]
    target: Mapping[str, Mapping[str, int]]
    quota: Quota
    kind: NDArray[np.int64]
    seed: int
    propensity: Callable[[LightCurves], Array] | None
    biased: tuple[str, ...]
    undo: bool

    def look(self, light_curves: LightCurves) -> tuple[Candidates, dict[str, tuple[int, int]]]:
        """Candidates among some light curves; of each split, how many there are and how many are selectable."""
        _, out, counts = self._candidates(light_curves)
        return out, counts

    def take(self, light_curves: LightCurves, settled: Settled) -> LightCurves:
        """Choose from some light curves, and weigh them."""
        rows, found, _ = self._candidates(light_curves)
        chosen = _chosen(found, settled.limits)
        picked = light_curves.take(rows[chosen])
        inverse = found["inverse"][chosen]
        if not (self.undo and np.isfinite(inverse).any()):
            return picked
        weight = picked.truth.weight * np.where(np.isfinite(inverse), inverse / settled.mean_inverse, 1.0)
        return replace(picked, truth=replace(picked.truth, weight=weight))

    def notes(self, counts: Mapping[str, tuple[int, int]]) -> tuple[str, ...]:
        """What was chosen of how many, by the counts of `look` of all light curves."""
        lines = [
            f"{name}: {sum(self.target[name].values())} of {counts[name][0]} light curves, {counts[name][1]} of them "
            "selectable"
            for name in sorted(self.target)
        ]
        undone = self.undo and self.propensity is not None
        return (*lines, *(["weights undo the selection of spectra"] if undone else []))

    def _candidates(
        self, light_curves: LightCurves
    ) -> tuple[NDArray[np.int64], Candidates, dict[str, tuple[int, int]]]:  # fmt: skip
        truth = light_curves.truth
        used = [self.templates[i] for i in np.unique(truth.template)]
        require_no_leak([one.parents for one in used], [one.split for one in used])
        split = np.array([one.split for one in self.templates])[truth.template]
        free = ~np.isin(split, self.biased) | (self.propensity is None)
        chance = np.ones(split.size) if self.propensity is None else self.propensity(light_curves)
        candidate = free | select(chance, self.seed, truth.object_id)
        counts = {
            name: (int((split == name).sum()), int((candidate & (split == name)).sum())) for name in sorted(self.target)
        }
        group = self.quota.group(self.kind[truth.template], truth.z)
        rows = np.flatnonzero(candidate & (group >= 0))
        rows = rows[np.argsort(truth.object_id[rows])]
        out = np.empty(rows.size, dtype=CANDIDATE)
        out["key"], out["group"] = keys(truth.object_id[rows], self.seed), group[rows]
        out["inverse"] = np.where(free[rows], np.nan, inverse_propensity_weights(chance[rows], mean=1.0))
        return rows, out, counts


def make_rule(
    templates: Sequence[TrainingTemplate],
    target: Mapping[str, Mapping[str, int]],
    seed: int,
    *,
    z_edges: Sequence[float] = (),
    z_shares: Sequence[float] = (),
    propensity: Callable[[LightCurves], Array] | None = None,
    biased: Sequence[str] = ("train",),
    undo: bool = False,
) -> Rule:
    """Rule of a training set; parameters as for `select_training_set`."""
    wanted = {(split, kind): n for split in sorted(target) for kind, n in sorted(target[split].items())}
    named = {f"split {split!r}: class {kind}": n for (split, kind), n in wanted.items()}
    place = {pair: i for i, pair in enumerate(wanted)}
    kind = np.array([place.get((one.split, one.sn_class), -1) for one in templates], dtype=np.int64)
    quota = make_quota(named, z_edges, z_shares)
    return Rule(
        templates=tuple(templates),
        target=target,
        quota=quota,
        kind=kind,
        seed=seed,
        propensity=propensity,
        biased=tuple(biased),
        undo=undo,
    )


def settle(parts: Parts, quota: Quota, shard: int) -> Settled:
    """Which candidates are chosen.

    Parameters
    ----------
    parts : callable
        See `Parts`; in the order of identifiers. Only one part is in memory.
    quota : Quota
    shard : int
        Chosen objects of a shard.

    Returns
    -------
    Settled

    Raises
    ------
    ValueError
        Where there are fewer candidates than wanted; the message names split, class and redshift.
    """
    found = limits(lambda: ((one["group"].astype(np.int64), one["key"]) for one in parts()), quota)
    held = tuple(int(key) for key in found)
    count, n, first, last = 0, 0, list[int](), list[int]()

    def inverses() -> Iterator[float]:
        nonlocal count, n
        for one in parts():
            chosen = one[_chosen(one, held)]
            ids = key_id(chosen["key"])
            first.extend(ids[-n % shard :: shard].tolist())
            last.extend(ids[shard - 1 - n % shard :: shard].tolist())
            n += ids.size
            inverse = chosen["inverse"][np.isfinite(chosen["inverse"])]
            count += inverse.size
            yield from inverse.tolist()
            if ids.size:
                final[0] = int(ids[-1])

    final = [0]
    # The exact sum, the same however the candidates are cut into parts.
    total = math.fsum(inverses())
    if n % shard:
        last.append(final[0])
    return Settled(limits=held, mean_inverse=total / count if count else math.nan, first=tuple(first), last=tuple(last))


@answers_mistakes
def select_training_set(
    light_curves: LightCurves,
    templates: Sequence[TrainingTemplate],
    target: Mapping[str, Mapping[str, int]],
    seed: int,
    *,
    z_edges: Sequence[float] = (),
    z_shares: Sequence[float] = (),
    propensity: Callable[[LightCurves], Array] | None = None,
    biased: Sequence[str] = ("train",),
    undo: bool = False,
) -> TrainingSet:
    """Choose simulated light curves to a target.

    Parameters
    ----------
    light_curves : LightCurves
        Of ``templates``, in their order; more than the target asks for.
    templates : sequence of TrainingTemplate
    target : mapping of str to mapping of str to int
        Objects by split and class.
    seed : int
        Not negative.
    z_edges, z_shares
        Redshift bins and their shares, in every class; see `sntransport.augmentation.selection.balanced`.
    propensity : callable, optional
        ``f(light_curves) -> (n_object,)``: the chance of each object to get a spectrum, and so to be in a split that is
        ``biased``; of each by itself.
    biased : sequence of str
        Splits that only hold what got a spectrum.
    undo : bool
        Whether ``truth.weight`` is multiplied by the inverse of the propensity, so that a biased split stands for all.

    Returns
    -------
    TrainingSet
        In the order of identifiers.

    Raises
    ------
    LeakError
        Where a supernova is in two splits: the set is not made.
    ValueError
        Where there are fewer objects than asked for; the message names split, class and redshift.

    Examples
    --------
    >>> from sntransport.augmentation import make_templates, select_training_set
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.simulation.events.distributions import Uniform
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> templates = make_templates([series], {series.name: "train"}, seed=1)
    >>> population = snt.Population(redshift=Uniform(low=0.02, high=0.1))
    >>> curves = snt.simulate([one.series for one in templates], snt.load_survey("ztf", years=0.5), population, n=50)
    >>> made = select_training_set(curves, templates, {"train": {"Ia": 6}}, seed=1, z_edges=[0.02, 0.06, 0.1])
    >>> int(np.sum(made.light_curves.truth.z < 0.06))
    3
    """
    if len(templates) != len(light_curves.template_names):
        raise ValueError(f"{len(templates)} templates for light curves of {len(light_curves.template_names)}")
    rule = make_rule(
        templates, target, seed, z_edges=z_edges, z_shares=z_shares, propensity=propensity, biased=biased, undo=undo
    )  # fmt: skip
    found, counts = rule.look(light_curves)
    settled = settle(lambda: [found], rule.quota, max(found.size, 1))
    return TrainingSet(
        light_curves=rule.take(light_curves, settled), templates=rule.templates, notes=rule.notes(counts)
    )


def _chosen(found: Candidates, upper: Sequence[int]) -> NDArray[np.bool_]:
    return np.asarray(found["key"] <= np.array(upper, dtype=np.uint64)[found["group"]])
