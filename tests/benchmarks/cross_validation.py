"""Choose the parameters of the default interpolator, each supernova judged by what the others chose.

python tests/benchmarks/cross_validation.py SN.json.gz ... [--record]

Prints the feature residual of every variant relative to log-flux interpolation, by class, and what is left of the gain
when the variant of a supernova is the best of the *other* supernovae of its class.
"""

import sys
from functools import partial
from itertools import product

import numpy as np
from recording import asked_to_record, record

import sntransport as snt
from sntransport._storage.tables import text_table
from sntransport.spectra.observations import broad_class
from sntransport.transport.features import feature_transport
from sntransport.transport.interpolators import Paced
from sntransport.transport.templates.by_class import ClassTransport
from sntransport.transport.templates.sources import hsiao
from sntransport.transport.templates.template_transport import beside_template
from sntransport.validation.leave_out import judge

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
    family = {f"shares {s}, pace {p}": Paced(interpolate=moved[s], pace=p) for s, p in product(SHARES, PACES)}
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
    """Rows (class, what, ratio in all gaps, ratio beyond 20 d), and ln of the chosen ratios by supernova."""
    triplets = judge(supernovae, variants(sn_class))
    every, wide = gains(triplets, 0.0), gains(triplets, 20.0)
    names, members = triplets.interpolators[1:], sorted(supernovae, key=lambda sn: sn.name)
    rows = [(name, np.exp(row.mean()), np.exp(far.mean())) for name, row, far in zip(names, every, wide, strict=True)]
    others = (every.sum(axis=1, keepdims=True) - every) / (every.shape[1] - 1)
    chosen = others.argmin(axis=0)
    columns = np.arange(every.shape[1])
    kept = [x[chosen, columns] for x in (every, wide)]
    rows.append((f"cross-validated, {len(members)} SNe, {triplets.n} triplets", *(np.exp(x.mean()) for x in kept)))
    for k, sn in enumerate(members):
        rows.append((f"{sn.name} ({sn.sn_type}): {names[chosen[k]]}", *(np.exp(x[k]) for x in kept)))
    normal = np.array([sn.sn_type == sn_class for sn in members])
    if 1 < normal.sum() < normal.size:
        rows.append((f"cross-validated, {sn_class} without subtype", *(np.exp(x[normal].mean()) for x in kept)))
    return [(sn_class, *row) for row in rows], kept


def main(arguments):
    paths, recorded = asked_to_record(arguments)
    read = [snt.read_supernova(path) for path in paths]
    groups = {}
    for sn in read:
        groups.setdefault(broad_class(sn.sn_type), []).append(sn)
    parts = [report(sn_class, group) for sn_class, group in sorted(groups.items()) if len(group) > 1]
    rows = [row for found, _ in parts for row in found]
    pooled = [np.exp(np.concatenate(column).mean()) for column in zip(*(kept for _, kept in parts), strict=True)]
    rows.append(("all", "cross-validated", *pooled))
    default = judge(read, {"default": ClassTransport()})
    rows.append(("all", "the default as it ships", *(np.exp(gains(default, low).mean()) for low in (0.0, 20.0))))
    head = ("class", "what", "all gaps", "> 20 d")
    print(text_table([dict(zip(head, (*row[:2], *(f"{x:.3f}" for x in row[2:])), strict=True)) for row in rows]))
    if recorded:
        record(
            "cross_validation",
            head,
            rows,
            about="Parameters of the default, each supernova judged by what the others of its class chose",
            command="python tests/benchmarks/cross_validation.py *.json.gz --record",
            digits={"all gaps": 3, "> 20 d": 3},
        )


if __name__ == "__main__":
    main(sys.argv[1:])
