"""Whether a template built from the other supernovae of a class helps one that it has not seen.

python tests/benchmarks/class_templates.py SN.json.gz ... [--series DIR]

Each supernova of types II, Ib, Ic and their kin is judged beside templates built by `build_template` from the series
that `build` makes of the *others*, in several forms; DIR holds further series (*.SED, as in sncosmo's
models/vincenzi), of which those that are among the supernovae given are not used. Prints the feature residual
relative to log-flux interpolation, and relative to `Paced(feature_transport, 0.2)`, the default for these classes.
"""

import sys
from functools import cache
from pathlib import Path

import numpy as np
import sncosmo

import sntransport as snt
from sntransport.spectra.observations import broad_class
from sntransport.transport.features import feature_transport
from sntransport.transport.interpolators import Paced
from sntransport.transport.templates.class_template import build_template
from sntransport.transport.templates.photometry_clock import STRETCH, Clock
from sntransport.transport.templates.template_transport import TemplateTransport, beside_template
from sntransport.validation.leave_out import judge

PACE = 0.2
LATEST = 200.0
TYPES = {"SN1998bw": "Ic", "SN2004fe": "Ic", "SN2007Y": "Ib", "SN2009N": "II", "SN2012ap": "Ic", "SN2013fs": "II"}


def paced(wave, a, b, t):
    """Feature transport at the pace of core-collapse supernovae, the earlier spectrum first."""
    return feature_transport(wave, a, b, t + PACE * t * (1.0 - t))


class Beside:
    """A template of the other supernovae, on a clock set by photometry, discovery or spectra."""

    def __init__(self, held, *, fitted=True, mean="features", clock="spectra", full=30.0, smooth=0.0, only=None):
        self.held, self.fitted, self.mean, self.clock, self.full = held, fitted, mean, clock, full
        self.smooth, self.only = smooth, only

    def for_supernova(self, sn, sparse):
        template = self.held.template(
            sn.name, broad_class(sn.sn_type), fitted=self.fitted, mean=self.mean, smooth=self.smooth, only=self.only
        )
        if template is None:
            return Paced(interpolate=feature_transport, pace=PACE)
        found = beside_template(template, sn, sparse, interpolate=paced, full=self.full)
        return TemplateTransport(
            template=template,
            clock=self.set(found.clock),
            phase=found.phase,
            match=found.match,
            interpolate=paced,
            full=self.full,
        )

    def set(self, clock):
        if self.clock == "photometry":
            return clock
        stretch = clock.stretch if self.clock == "spectra" else np.array([1.0])
        zero = np.arange(-25.0, 25.5, 0.5) if self.clock == "spectra" else np.array([0.0])
        width = 8.0
        cost = 0.5 * (np.log(stretch) / STRETCH) ** 2 + 0.5 * (zero[:, None] / width) ** 2
        return Clock(zero=zero, stretch=stretch, cost=cost, n_points=0)


class Held:
    """Series of all supernovae, from which the templates of the others are built when they are needed."""

    def __init__(self, series, zeros):
        self.series, self.zeros = series, zeros

    @cache  # noqa: B019
    def template(self, left_out, sn_class, *, fitted, mean, smooth, only):
        used = [one for one in self.series if one.name != left_out and broad_class(one.sn_type) == sn_class]
        if only == "without IIn and IIb":
            used = [one for one in used if one.sn_type not in ("IIn", "IIb")]
        if len(used) < 2:
            return None
        zeros = {one.name: self.zeros[one.name] for one in used}
        average = snt.transport.barycenter if mean == "wasserstein" else None
        made = build_template(used, zeros=zeros, fit_clock=fitted, barycenter=average, smooth=smooth)
        clocks = ", ".join(f"{n} {z:.1f} {s:.2f}" for n, z, s in zip(made.names, made.zero, made.stretch, strict=True))
        span = f"{made.series.phase[0]:.0f} to {made.series.phase[-1]:.0f} d"
        edges = f"{made.series.wave[0]:.0f}-{made.series.wave[-1]:.0f} A"
        print(f"  for {left_out}: {mean}, {'fitted' if fitted else 'given'} clocks ({clocks}); {span}, {edges}")
        return made.series


def further(folder):
    for path in sorted(Path(folder).glob("*.SED")):
        phase, wave, flux = sncosmo.read_griddata_ascii(str(path))
        name = path.name.split("_")[1]
        optical = (wave > 3000.0) & (wave < 10000.0)
        yield snt.SpectralSeries(phase=phase, wave=wave[optical], flux=flux[:, optical], name=name, sn_type=TYPES[name])


def variants(held):
    family = {"feature_transport": feature_transport, "paced": Paced(interpolate=feature_transport, pace=PACE)}
    for fitted, clock in ((True, "spectra"), (True, "photometry"), (False, "spectra"), (False, "discovery")):
        told = f"clocks {'fitted' if fitted else 'given'}, its own from {clock}"
        family[f"features, {told}"] = Beside(held, fitted=fitted, clock=clock)
        family[f"wasserstein, {told}"] = Beside(held, fitted=fitted, clock=clock, mean="wasserstein")
    for smooth in (5.0, 10.0, 20.0):
        for fitted in (True, False):
            told = f"clocks {'fitted' if fitted else 'given'}, its own from spectra, smoothed {smooth:g} d"
            family[f"features, {told}"] = Beside(held, fitted=fitted, smooth=smooth)
    for full in (60.0, 120.0):
        told = f"clocks given, its own from spectra, smoothed 10 d, full at {full:g} d"
        family[f"features, {told}"] = Beside(held, fitted=False, smooth=10.0, full=full)
    only = "without IIn and IIb"
    family[f"features, clocks given, its own from spectra, smoothed 10 d, {only}"] = Beside(
        held, fitted=False, smooth=10.0, only=only
    )
    return family


def report(triplets):
    names = triplets.interpolators
    logs = np.log(triplets.feature)
    base = names.index("paced")
    for sn_class in np.unique(triplets.sn_class):
        mine = [
            sn
            for sn in np.unique(triplets.supernova)
            if np.any((triplets.supernova == sn) & (triplets.sn_class == sn_class))
        ]
        print(f"\n{sn_class}: over log_linear, all gaps and beyond 20 d; over paced, the same; over paced by supernova")
        print("  " + " ".join(mine))
        for k, name in enumerate(names[1:], 1):
            told = []
            for reference in (0, base):
                for low in (0.0, 20.0):
                    rows = [(triplets.supernova == sn) & (triplets.gap >= low) for sn in mine]
                    each = np.array([(logs[k] - logs[reference])[row].mean() for row in rows if row.any()])
                    told.append(np.exp(each.mean()))
            each = [np.exp((logs[k] - logs[base])[triplets.supernova == sn].mean()) for sn in mine]
            print(f"  {name:85s} {' '.join(f'{x:.3f}' for x in told)}   {' '.join(f'{x:.2f}' for x in each)}")
        if len(mine) > 1:
            cross_validated(logs, names, mine, triplets)


def cross_validated(logs, names, mine, triplets):
    """What the choice among all variants, each supernova's by the others of its class, deserves over paced."""
    base = names.index("paced")
    each = np.array([(logs[1:] - logs[base])[:, triplets.supernova == sn].mean(axis=1) for sn in mine]).T
    others = (each.sum(axis=1, keepdims=True) - each) / (len(mine) - 1)
    chosen = others.argmin(axis=0)
    print(f"  chosen by the others: {np.exp(each[chosen, np.arange(len(mine))].mean()):.3f} of paced, by supernova")
    for k, sn in enumerate(mine):
        print(f"    {sn}: {np.exp(each[chosen[k], k]):.3f}, {names[1 + chosen[k]]}")


def main(arguments):
    folder = arguments[arguments.index("--series") + 1] if "--series" in arguments else None
    paths = [path for path in arguments if path.endswith((".json", ".json.gz"))]
    read = [snt.read_supernova(path) for path in paths]
    chosen = [sn for sn in read if broad_class(sn.sn_type) in ("II", "Ib/c")]
    series = [snt.build(sn).series for sn in chosen]
    zeros = {one.name: 0.0 for one in series}
    if folder:
        more = [one for one in further(folder) if one.name not in zeros]
        # These count from maximum: their first day stands for discovery.
        zeros |= {one.name: float(one.phase[0]) for one in more}
        series += more
    report(judge(chosen, variants(Held(series, zeros))))


if __name__ == "__main__":
    main(sys.argv[1:])
