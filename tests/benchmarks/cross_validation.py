"""Choose the parameters of the default interpolator, each supernova judged by what the others chose.

python tests/benchmarks/cross_validation.py SN.json.gz ...

Prints the feature residual of every variant relative to log-flux interpolation, by class, and what is left of the gain
when the variant of a supernova is the best of the *other* supernovae of its class.
"""

import sys
from functools import partial
from itertools import product

import numpy as np

import sntransport as snt
from sntransport.choice import ClassTransport
from sntransport.features import feature_transport
from sntransport.interpolators import Paced
from sntransport.observations import broad_class
from sntransport.template_transport import beside_template
from sntransport.templates import hsiao
from sntransport.validate import judge

PACES = (0.0, 0.1, 0.2, 0.3)
SHARES = ((1.0,), (0.3, 1.3))
FULL = (15.0, 20.0, 30.0, 45.0)


class Beside:
    """The Hsiao template with another gap from which it counts in full."""

    def __init__(self, full, shares):
        self.full, self.shares = full, shares

    def for_supernova(self, sn, sparse):
        moved = partial(feature_transport, shares=self.shares)
        return beside_template(hsiao(), sn, sparse, interpolate=moved, full=self.full)


def variants(sn_class):
    moved = {shares: partial(feature_transport, shares=shares) for shares in SHARES}
    family = {f"shares {s}, pace {p}": Paced(moved[s], p) for s, p in product(SHARES, PACES)}
    if sn_class == "Ia":
        family |= {f"shares {s}, Hsiao from {full:g} d": Beside(full, s) for s, full in product(SHARES, FULL)}
    return family


def gains(triplets, beyond):
    """Mean ln ratio to the baseline of every variant and supernova, (n_variant, n_supernova)."""
    ratio = np.log(triplets.feature[1:] / triplets.feature[0])
    used = triplets.gap >= beyond
    names = np.unique(triplets.supernova)
    return np.array([ratio[:, used & (triplets.supernova == name)].mean(axis=1) for name in names]).T


def report(sn_class, supernovae):
    triplets = judge(supernovae, variants(sn_class))
    every, wide = gains(triplets, 0.0), gains(triplets, 20.0)
    names = triplets.interpolators[1:]
    print(f"\n{sn_class}: {every.shape[1]} supernovae, {triplets.n} triplets; ratio in all gaps, and beyond 20 d")
    for name, row, far in zip(names, every, wide, strict=True):
        print(f"  {name:34s} {np.exp(row.mean()):.3f}  {np.exp(far.mean()):.3f}")
    others = (every.sum(axis=1, keepdims=True) - every) / (every.shape[1] - 1)
    chosen = others.argmin(axis=0)
    columns = np.arange(every.shape[1])
    found = np.exp([x[chosen, columns].mean() for x in (every, wide)])
    print(f"  {'cross-validated':34s} {found[0]:.3f}  {found[1]:.3f}")
    print("  chosen: " + "; ".join(sorted({names[k] for k in chosen})))
    for k, sn in enumerate(sorted(supernovae, key=lambda sn: sn.name)):
        values = np.exp([x[chosen[k], k] for x in (every, wide)])
        print(f"    {sn.name + ' (' + sn.sn_type + ')':32s} {values[0]:.3f}  {values[1]:.3f}")
    normal = np.array([sn.sn_type == sn_class for sn in sorted(supernovae, key=lambda sn: sn.name)])
    if 1 < normal.sum() < normal.size:
        kept = np.exp([x[chosen, columns][normal].mean() for x in (every, wide)])
        print(f"  {f'cross-validated, {sn_class} without subtype':34s} {kept[0]:.3f}  {kept[1]:.3f}")
    return every[chosen, columns], wide[chosen, columns]


def main(paths):
    read = [snt.read_supernova(path) for path in paths]
    groups = {}
    for sn in read:
        groups.setdefault(broad_class(sn.sn_type), []).append(sn)
    parts = [report(sn_class, group) for sn_class, group in sorted(groups.items()) if len(group) > 1]
    pooled = [np.exp(np.concatenate(column).mean()) for column in zip(*parts, strict=True)]
    print(f"\nall supernovae, cross-validated      {pooled[0]:.3f}  {pooled[1]:.3f}")
    default = judge(read, {"default": ClassTransport()})
    print(f"the default as it ships              {np.exp(gains(default, 0.0).mean()):.3f}  ", end="")
    print(f"{np.exp(gains(default, 20.0).mean()):.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])
