"""Splits of a training set by the supernovae it was made of, and the check that none is on both sides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport.augmentation.selection import whole_counts
from sntransport.spectra.observations import broad_class


class LeakError(ValueError):
    """A supernova is on both sides of a split.

    Examples
    --------
    >>> from sntransport.augmentation import LeakError, require_no_leak
    >>> try:
    ...     require_no_leak([["SN2030a"], ["SN 2030a"]], ["train", "test"])
    ... except LeakError as error:
    ...     print(error)
    2030a in the splits test and train: the test would be blind
    """


_DESIGNATION = re.compile(r"(?<![0-9])((?:19|20)\d{2})[\s_-]*([A-Za-z]{1,5})(?![A-Za-z])", re.ASCII)
# Without the century only where the name begins so: PTF13dge and ASAS-SN 14lp are names of their own.
_SHORT = re.compile(r"\s*(?:sn|at)[\s_-]*(\d{2})[\s_-]*([a-z]{1,5})(?![a-z0-9])", re.ASCII | re.IGNORECASE)
# Two digits above these are of the last century.
_LAST_YEAR = 35
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")


@answers_mistakes
def designation(name: str) -> str:
    """What tells one supernova from another in the names that catalogs and templates give it.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        The year and letters of an IAU designation where the name holds one, else the name without spaces, hyphens,
        underscores and case: "V19_SN2013fs_HostExtCorr", "SN 2013 - fs", "SN-2013-fs", "sn13fs" and "sn2013fs" are one
        supernova, "2013fs".

    Examples
    --------
    >>> from sntransport.augmentation import designation
    >>> [designation(name) for name in ("SN 2013fs", "V19_SN2013fs_HostExtCorr", "ASASSN-15lh")]
    ['2013fs', '2013fs', 'asassn15lh']
    """
    name = unicodedata.normalize("NFKC", name).translate(_DASHES)
    if found := _DESIGNATION.search(name):
        return (found[1] + found[2]).lower()
    if found := _SHORT.match(name):
        return f"{20 if int(found[1]) <= _LAST_YEAR else 19}{found[1]}{found[2].lower()}"
    return re.sub(r"[\s_-]", "", name).lower()


def identities(marks: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Which names are of one supernova, by whatever they have in common.

    Parameters
    ----------
    marks : mapping of str to iterable of str
        By name, what else identifies that supernova: designations of its other names, a checksum of its data.

    Returns
    -------
    dict of str to str
        By name, the first `designation` among all names that are of the same supernova: those of one designation, those
        that share a mark, and those that are linked through others.
    """
    group = {name: {name} for name in marks}
    by_mark: dict[str, str] = {}
    for name, own in marks.items():
        for mark in {designation(name), *own}:
            other = by_mark.setdefault(mark, name)
            if group[other] is not group[name]:
                group[other] |= group[name]
                for member in group[name]:
                    group[member] = group[other]
    return {name: min(map(designation, members)) for name, members in group.items()}


@answers_mistakes
def assign_splits(
    supernovae: Mapping[str, str],
    shares: Mapping[str, float],
    seed: int,
    *,
    identity: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Assign supernovae to splits, class by class.

    Parameters
    ----------
    supernovae : mapping of str to str
        Type by name. Names of one `designation` go to one split.
    shares : mapping of str to float
        Share of each split by its name, such as ``{"train": 0.7, "test": 0.3}``; normalized to unit sum here.
    seed : int
        Not negative. The same seed gives the same splits, in whatever order the supernovae come.
    identity : mapping of str to str, optional
        By name, what stands for the supernova in place of the `designation`; from `identities`.

    Returns
    -------
    dict of str to str
        Split by name. In each class as many as the shares ask for, rounded so that the sum is kept; a class of as many
        supernovae as there are splits, or more, is in every split of a share above 0.

    Raises
    ------
    ValueError
        Where shares are negative, not finite or all zero, one supernova has two classes, or the seed is negative.

    Examples
    --------
    >>> from sntransport.augmentation import assign_splits
    >>> splits = assign_splits({f"SN2030{letter}": "Ia" for letter in "abcd"}, {"train": 0.5, "test": 0.5}, seed=1)
    >>> sorted(splits.values())
    ['test', 'test', 'train', 'train']
    """
    wanted = np.array(list(shares.values()), dtype=np.float64)
    if wanted.size == 0 or not np.all(np.isfinite(wanted)) or wanted.min() < 0 or wanted.sum() <= 0 or seed < 0:
        raise ValueError(f"shares {dict(shares)}, seed {seed}: expected finite, not negative, not all zero")
    classes: dict[str, str] = {}
    keys = {name: designation(name) if identity is None else identity[name] for name in supernovae}
    for name, sn_type in supernovae.items():
        key = keys[name]
        if classes.setdefault(key, broad_class(sn_type)) != broad_class(sn_type):
            raise ValueError(f"{name} is of class {broad_class(sn_type)} here and {classes[key]} under another name")
    rng, names = np.random.default_rng(seed), list(shares)
    split: dict[str, str] = {}
    for sn_class in sorted(set(classes.values())):
        members = sorted(key for key, own in classes.items() if own == sn_class)
        counts = _counts(len(members), wanted / wanted.sum())
        order = rng.permutation(len(members))
        split |= {members[i]: names[k] for i, k in zip(order, np.repeat(np.arange(len(names)), counts), strict=True)}
    return {name: split[keys[name]] for name in supernovae}


def split_of(parents: Sequence[str], splits: Mapping[str, str]) -> str:
    """The one split that all parents of a template are in.

    Raises
    ------
    LeakError
        Where they are in several, or a supernova of ``splits`` is in two under two names.
    ValueError
        Where one is in none, or there are no parents.
    """
    by_supernova: dict[str, str] = {}
    for name, split in splits.items():
        if by_supernova.setdefault(designation(name), split) != split:
            raise LeakError(f"{name} is in the split {split} here and in another under another name")
    lost = [name for name in parents if designation(name) not in by_supernova]
    if lost or not parents:
        raise ValueError(f"{lost[0] if lost else 'a template without parents'} is in no split; assign every supernova")
    found = sorted({by_supernova[designation(name)] for name in parents})
    if len(found) > 1:
        raise LeakError(f"{' + '.join(parents)}: its parents are in the splits {' and '.join(found)}; mix within one")
    return found[0]


@answers_mistakes
def require_no_leak(parents: Sequence[Sequence[str]], splits: Sequence[str]) -> None:
    """Check that no supernova is in two splits, by any of its names and through any template made of it.

    Parameters
    ----------
    parents : sequence of sequence of str, (n,)
        The supernovae each template, or light curve, was made of.
    splits : sequence of str, (n,)

    Raises
    ------
    LeakError
        Where one is; the message names it, the splits and how many others there are.
    ValueError
        Where an entry has no parents, or lengths differ.

    Examples
    --------
    >>> from sntransport.augmentation import require_no_leak
    >>> require_no_leak([["SN2030a", "SN2030b"], ["SN2030c"]], ["train", "test"])
    >>> require_no_leak([["SN2030a", "SN2030b"], ["SN2030b"]], ["train", "test"])
    Traceback (most recent call last):
        ...
    sntransport.augmentation.splits.LeakError: 2030b in the splits test and train: the test would be blind
    """
    seen: dict[str, set[str]] = {}
    for names, split in zip(parents, splits, strict=True):
        if not names:
            raise ValueError("an entry names no supernova it was made of, so nothing can be said of leaks")
        for name in names:
            seen.setdefault(designation(name), set()).add(split)
    leaks = sorted(key for key, found in seen.items() if len(found) > 1)
    if leaks:
        more = f" and {len(leaks) - 1} more" if len(leaks) > 1 else ""
        raise LeakError(
            f"{leaks[0]}{more} in the splits {' and '.join(sorted(seen[leaks[0]]))}: the test would be blind"
        )


def _counts(n: int, share: Array) -> NDArray[np.int64]:
    """`whole_counts`, none 0 where there are enough for all."""
    counts, used = whole_counts(n, share), np.flatnonzero(share > 0)
    while n >= used.size and (counts[used] == 0).any():
        counts[np.argmax(counts)] -= 1
        counts[used[np.argmin(counts[used])]] += 1
    return counts
