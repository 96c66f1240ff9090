"""Augmentation: from the series of real supernovae to the templates of a labeled training set.

Every template knows the supernovae it was made of and the one split they are all in. Light curves are made of them by
`sntransport.simulation.engine.simulate` and chosen by `sntransport.augmentation.training_set`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.value_object import ValueObject
from sntransport.augmentation.mixing import Mixture, draw_mixtures, mix
from sntransport.augmentation.splits import designation, require_no_leak, split_of
from sntransport.spectra.observations import broad_class
from sntransport.spectra.realizations import draw
from sntransport.spectra.series import SpectralSeries


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingTemplate(ValueObject):
    """A series to make light curves from, and where it is from.

    ``parents`` are the supernovae it was made of, ``kind`` is "source", "mixture" or "draw"; ``notes`` say how.

    Examples
    --------
    >>> from sntransport.augmentation import make_templates
    >>> from sntransport.transport.templates import hsiao
    >>> (made,) = make_templates([hsiao()], {hsiao().name: "train"}, seed=1)
    >>> made.kind, made.split, made.parents
    ('source', 'train', ('Hsiao et al. (2007)',))
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


@answers_mistakes
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
        Split of every supernova, as `sntransport.augmentation.splits.assign_splits` gives it.
    seed : int
        Not negative.
    mixtures : int
        How many for each class of an augmented split that has at least ``parents`` series.
    draws : int
        How many realizations of every series and mixture of an augmented split whose ``flux_err`` is known.
    augmented : sequence of str
        Which splits get mixtures and draws; the others are for tests, and keep to what was observed.
    parents, concentration, make
        As for `sntransport.augmentation.mixing.draw_mixtures`.

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

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.augmentation import make_templates
    >>> from sntransport.transport.templates import hsiao
    >>> one = hsiao().select(phase=(-5.0, 15.0), wave=(4000.0, 8000.0))
    >>> series = [replace(one, name=name) for name in ("SN2030a", "SN2030b", "SN2030c")]
    >>> splits = {"SN2030a": "train", "SN2030b": "train", "SN2030c": "test"}
    >>> [(made.split, made.kind) for made in make_templates(series, splits, seed=1, mixtures=1)]
    [('test', 'source'), ('train', 'source'), ('train', 'source'), ('train', 'mixture')]
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
    made = [
        TrainingTemplate(series=one, parents=(one.name,), split=split_of([one.name], splits), kind="source")
        for one in series
    ]
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
                group += [
                    TrainingTemplate(series=m.series, parents=m.parents, split=split, kind="mixture", notes=m.notes)
                    for m in mixed
                ]
            group += [drawn for k, one in enumerate(group) for drawn in _draws(one, draws, int(seed_draw) + k)]
        out += group
    require_no_leak([one.parents for one in out], [one.split for one in out])
    return tuple(out)


@answers_mistakes
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

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.augmentation import make_templates, template_weights
    >>> from sntransport.transport.templates import hsiao
    >>> series = [replace(hsiao(), name="SN2030a"), replace(hsiao(), name="SN2030b", sn_type="II")]
    >>> templates = make_templates(series, {"SN2030a": "train", "SN2030b": "train"}, seed=1)
    >>> weight = template_weights(templates, {"train": {"Ia": 300, "II": 100}})
    >>> print(dict(zip([made.series.sn_type for made in templates], (weight / weight.sum()).tolist())))
    {'II': 0.25, 'Ia': 0.75}
    """
    groups = [(one.split, one.sn_class) for one in templates]
    for split, classes in target.items():
        for sn_class, count in classes.items():
            if count > 0 and (split, sn_class) not in groups:
                wrong = f"{count} objects of class {sn_class} in the split {split!r} asked for, but no template"
                raise ValueError(f"{wrong}: {_those_of(templates, sn_class)}")
    return np.array([target.get(split, {}).get(kind, 0) / groups.count((split, kind)) for split, kind in groups])


def _those_of(templates: Sequence[TrainingTemplate], sn_class: str) -> str:
    """The supernovae of a class and where they are: names of one designation, which are one, are not seen otherwise."""
    sources = [one for one in templates if one.sn_class == sn_class and one.kind == "source"]
    if not sources:
        return f"no series is of class {sn_class}"
    found = {designation(one.parents[0]): one.split for one in sources}
    shown = ", ".join(f"{name} in {split!r}" for name, split in list(found.items())[:6])
    more = f" and {len(found) - 6} more" if len(found) > 6 else ""
    named = "one supernova by its name" if len(found) == 1 else f"{len(found)} supernovae by their names"
    return f"the {len(sources)} series of class {sn_class} are {named}, {shown}{more}"


def _draws(template: TrainingTemplate, n: int, seed: int) -> list[TrainingTemplate]:
    series = template.series
    if n == 0 or np.any(series.covered & np.isnan(series.flux_err)):
        return []
    named = [replace(one, name=f"{series.name}~{k}") for k, one in enumerate(draw(series, n, seed))]
    return [replace(template, series=one, kind="draw") for one in named]
