"""Augmentation: from the series of real supernovae to templates, and from those to a labeled training set.

Every template knows the supernovae it was made of and the one split they are all in. Light curves are made by
`sntransport.engine.simulate`, chosen to a stated balance, and carry the weights that undo a selection.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sntransport.checks import Array
from sntransport.lightcurves import LightCurves
from sntransport.mixing import Mixture, mix
from sntransport.mixtures import draw_mixtures
from sntransport.observations import broad_class
from sntransport.selection import balanced, inverse_propensity_weights, select
from sntransport.series import SpectralSeries
from sntransport.splits import require_no_leak, split_of


@dataclass(frozen=True, eq=False)
class TrainingTemplate:
    """A series to make light curves from, and where it is from.

    ``parents`` are the supernovae it was made of, ``kind`` is "source", "mixture" or "draw"; ``notes`` say how.
    """

    series: SpectralSeries
    parents: tuple[str, ...]
    split: str
    kind: str
    notes: tuple[str, ...] = ()

    @property
    def sn_class(self) -> str:
        """Class of the light curves: "Ia", "II", "Ib/c" or "other"."""
        return broad_class(self.series.sn_type)


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Labeled light curves with the split and the parents of each template.

    ``templates`` are those that ``light_curves.truth.template`` counts; ``notes`` say what was chosen and why.
    """

    light_curves: LightCurves
    templates: tuple[TrainingTemplate, ...]
    notes: tuple[str, ...]

    @property
    def split(self) -> NDArray[np.str_]:
        """Split of every object, (n_object,)."""
        return np.array([one.split for one in self.templates])[self.light_curves.truth.template]

    @property
    def sn_class(self) -> NDArray[np.str_]:
        """Class of every object, (n_object,)."""
        return np.array([one.sn_class for one in self.templates])[self.light_curves.truth.template]


def make_templates(
    series: Sequence[SpectralSeries],
    splits: Mapping[str, str],
    seed: int,
    *,
    mixtures: int = 0,
    draws: int = 0,
    augmented: Sequence[str] = ("train",),
    parents: int = 2,
    concentration: float = 1.0,
    make: Callable[[Sequence[SpectralSeries], Array], Mixture] = mix,
) -> tuple[TrainingTemplate, ...]:
    """Templates of a training set: the series themselves, mixtures of them, and draws from the errors of both.

    Parameters
    ----------
    series : sequence of SpectralSeries
        Dense, one a supernova, named after it.
    splits : mapping of str to str
        Split of every supernova, as `sntransport.splits.assign_splits` gives it.
    seed : int
        Not negative.
    mixtures : int
        How many for each class of an augmented split that has at least ``parents`` series.
    draws : int
        How many realizations of every series and mixture of an augmented split whose ``flux_err`` is known.
    augmented : sequence of str
        Which splits get mixtures and draws; the others are for tests, and keep to what was observed.
    parents, concentration, make
        As for `sntransport.mixtures.draw_mixtures`.

    Returns
    -------
    tuple of TrainingTemplate
        In the order of splits and classes. Names are unique: a draw adds "~" and its number.

    Raises
    ------
    LeakError
        Where a supernova would be in two splits.
    ValueError
        Where a series is in no split, two have one name, ``augmented`` names a split that is not there, a number is
        negative, or nothing of a class can be mixed.
    """
    if mixtures < 0 or draws < 0:
        raise ValueError(f"mixtures = {mixtures}, draws = {draws}: expected numbers that are not negative")
    if unknown := sorted(set(augmented) - set(splits.values())):
        raise ValueError(
            f"split {unknown[0]!r} is to be augmented, but no supernova is in it: {sorted(set(splits.values()))}"
        )
    names = [one.name for one in series]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{twice[0]!r} is given more than once; each supernova counts once")
    made = [TrainingTemplate(one, (one.name,), split_of([one.name], splits), "source") for one in series]
    groups = sorted({(one.split, one.sn_class) for one in made})
    seeds = np.random.SeedSequence(seed).generate_state(2 * len(groups))
    out: list[TrainingTemplate] = []
    for (split, sn_class), seed_mix, seed_draw in zip(groups, seeds[::2], seeds[1::2], strict=True):
        group = [one for one in made if (one.split, one.sn_class) == (split, sn_class)]
        if split in augmented:
            own = [one.series for one in group]
            if mixtures and len(own) >= parents:
                mixed = draw_mixtures(
                    own, mixtures, int(seed_mix), parents=parents, concentration=concentration, make=make
                )  # fmt: skip
                group += [TrainingTemplate(m.series, m.parents, split, "mixture", m.notes) for m in mixed]
            group += [drawn for k, one in enumerate(group) for drawn in _draws(one, draws, int(seed_draw) + k)]
        out += group
    require_no_leak([one.parents for one in out], [one.split for one in out])
    return tuple(out)


def template_weights(templates: Sequence[TrainingTemplate], target: Mapping[str, Mapping[str, int]]) -> Array:
    """How often to simulate each template so that splits and classes come as often as a target wants, (n_template,).

    Parameters
    ----------
    templates : sequence of TrainingTemplate
    target : mapping of str to mapping of str to int
        Objects by split and class. Templates of what it does not name get 0.

    Raises
    ------
    ValueError
        Where it wants a class of a split that has no template.
    """
    groups = [(one.split, one.sn_class) for one in templates]
    for split, classes in target.items():
        for sn_class, count in classes.items():
            if count > 0 and (split, sn_class) not in groups:
                raise ValueError(
                    f"{count} objects of class {sn_class} in the split {split!r} asked for, but no template"
                )
    return np.array([target.get(split, {}).get(kind, 0) / groups.count((split, kind)) for split, kind in groups])


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
        Redshift bins and their shares, in every class; see `sntransport.selection.balanced`.
    propensity : callable, optional
        ``f(light_curves) -> (n_object,)``: the chance of each object to get a spectrum, and so to be in a split that is
        ``biased``.
    biased : sequence of str
        Splits that only hold what got a spectrum.
    undo : bool
        Whether ``truth.weight`` is multiplied by the inverse of the propensity, so that a biased split stands for all.

    Returns
    -------
    TrainingSet

    Raises
    ------
    LeakError
        Where a supernova is in two splits: the set is not made.
    ValueError
        Where there are fewer objects than asked for; the message names split, class and redshift.
    """
    made = TrainingSet(light_curves, tuple(templates), ())
    if len(templates) != len(light_curves.template_names):
        raise ValueError(f"{len(templates)} templates for light curves of {len(light_curves.template_names)}")
    used = np.unique(light_curves.truth.template)
    require_no_leak([templates[i].parents for i in used], [templates[i].split for i in used])
    split, sn_class = made.split, made.sn_class
    chance = np.ones(split.size) if propensity is None else propensity(light_curves)
    free = ~np.isin(split, list(biased)) | (propensity is None)
    candidate = free | select(chance, seed)
    chosen, notes = [], []
    for number, name in enumerate(sorted(target)):
        rows = np.flatnonzero(candidate & (split == name))
        z = light_curves.truth.z[rows]
        try:
            own = balanced(sn_class[rows], z, target[name], seed + 1 + number, z_edges=z_edges, z_shares=z_shares)
        except ValueError as error:
            raise ValueError(f"split {name!r}: {error}") from None
        chosen.append(rows[own])
        notes.append(f"{name}: {own.size} of {int((split == name).sum())} light curves, {rows.size} of them selectable")
    kept = np.sort(np.concatenate(chosen)) if chosen else np.empty(0, dtype=np.int64)
    picked = light_curves.take(kept)
    if undo and propensity is not None:
        weight = picked.truth.weight.copy()
        inside = ~free[kept]
        weight[inside] *= inverse_propensity_weights(chance[kept][inside])
        picked = replace(picked, truth=replace(picked.truth, weight=weight))
        notes.append("weights undo the selection of spectra")
    return TrainingSet(picked, tuple(templates), tuple(notes))


def _draws(template: TrainingTemplate, n: int, seed: int) -> list[TrainingTemplate]:
    series = template.series
    if n == 0 or np.any(series.covered & np.isnan(series.flux_err)):
        return []
    named = [replace(one, name=f"{series.name}~{k}") for k, one in enumerate(series.draw(n, seed))]
    return [replace(template, series=one, kind="draw") for one in named]
