"""The leave-out test on smooth template series instead of real spectra.

python tests/benchmarks/smooth_templates.py DIR

DIR is sncosmo's data directory (what SNCOSMO_DATA_DIR names): models/hsiao and models/vincenzi are read. Templates are
themselves interpolated and smoothed bin by bin, so they flatter every method that works bin by bin. `class_transport`
goes beside the Hsiao template, so its figure on that very template is circular and shows only that the template is
found again.
"""

import sys
from pathlib import Path

import numpy as np
import sncosmo

import sntransport as snt
from sntransport.choice import class_transport
from sntransport.features import feature_transport
from sntransport.interpolators import linear, wasserstein
from sntransport.scores import score, summarize
from sntransport.tables import text_table
from sntransport.validate import judge

TYPES = {"1998bw": "Ic BL", "2004fe": "Ic", "2007Y": "Ib", "2009N": "II P", "2012ap": "Ic BL", "2013fs": "II P"}
FAMILY = {
    "class_transport": class_transport,
    "feature_transport": feature_transport,
    "linear": linear,
    "wasserstein": wasserstein,
}
OPTICAL = (3300.0, 9500.0)
STEP = 2.0
LATEST = 120.0


def series(name, sn_type, phase, wave, flux):
    """Every second day up to 120 d, in the optical; phases are counted as the file does."""
    kept = [0]
    for k in range(1, phase.size):
        if phase[k] - phase[kept[-1]] >= STEP - 1e-6 and phase[k] <= LATEST:
            kept.append(k)
    optical = (wave > OPTICAL[0]) & (wave < OPTICAL[1])
    return snt.SpectralSeries(phase[kept], wave[optical], flux[np.ix_(kept, optical)], name=name, sn_type=sn_type)


def templates(folder):
    yield series("Hsiao", "Ia", *sncosmo.read_griddata_fits(str(folder / "models/hsiao/Hsiao_SED_V3.fits")))
    for path in sorted((folder / "models/vincenzi").glob("*.SED")):
        name = path.name.split("_")[1]
        yield series(name, TYPES[name.removeprefix("SN")], *sncosmo.read_griddata_ascii(str(path)))


def main(folder):
    found = list(templates(Path(folder)))
    triplets = judge(found, FAMILY)
    for metric in ("feature", "flux"):
        print(f"\n{metric} residual over that of log_linear")
        print(text_table(summarize(score(triplets, metric=metric))))
    print("\nfeature residual, every series by itself, all gaps and beyond 20 d")
    ratio = np.log(np.maximum(triplets.feature, 1e-6) / np.maximum(triplets.feature[0], 1e-6))
    for one in found:
        mine = triplets.supernova == one.name
        rows = [np.exp(ratio[1:, mine & (triplets.gap >= low)].mean(axis=1)) for low in (0.0, 20.0)]
        print(f"  {one.name:9s} {one.sn_type:6s} {'  '.join(f'{a:.2f} {b:.2f}' for a, b in zip(*rows, strict=True))}")


if __name__ == "__main__":
    main(sys.argv[1])
