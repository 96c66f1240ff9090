"""The leave-out test on smooth template series instead of real spectra.

python tests/benchmarks/smooth_templates.py DIR [--record]

DIR is sncosmo's data directory (what SNCOSMO_DATA_DIR names): models/hsiao and models/vincenzi are read. Templates are
themselves interpolated and smoothed bin by bin, so they flatter every method that works bin by bin. `class_transport`
goes beside the Hsiao template, so its figure on that very template is circular and shows only that the template is
found again.
"""

import sys
from pathlib import Path

import numpy as np
import sncosmo
from recording import asked_to_record, record

import sntransport as snt
from sntransport._storage.tables import text_table
from sntransport.transport.features import feature_transport
from sntransport.transport.interpolators import linear, wasserstein
from sntransport.transport.templates.by_class import class_transport
from sntransport.validation.leave_out import judge
from sntransport.validation.leave_out_scores import score, score_rows

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
    return snt.SpectralSeries(
        phase=phase[kept], wave=wave[optical], flux=flux[np.ix_(kept, optical)], name=name, sn_type=sn_type
    )


def templates(folder):
    yield series("Hsiao", "Ia", *sncosmo.read_griddata_fits(str(folder / "models/hsiao/Hsiao_SED_V3.fits")))
    for path in sorted((folder / "models/vincenzi").glob("*.SED")):
        name = path.name.split("_")[1]
        yield series(name, TYPES[name.removeprefix("SN")], *sncosmo.read_griddata_ascii(str(path)))


def main(arguments):
    (folder,), recorded = asked_to_record(arguments)
    found = list(templates(Path(folder)))
    triplets = judge(found, FAMILY)
    for metric in ("feature", "flux"):
        print(f"\n{metric} residual over that of log_linear")
        print(text_table(score_rows(score(triplets, metric=metric))))
    ratio = np.log(np.maximum(triplets.feature, 1e-6) / np.maximum(triplets.feature[0], 1e-6))
    rows = []
    for one in found:
        mine = triplets.supernova == one.name
        means = [np.exp(ratio[1:, mine & (triplets.gap >= low)].mean(axis=1)) for low in (0.0, 20.0)]
        rows.append((one.name, one.sn_type, *zip(*means, strict=True)))
    scores = {(one.sn_class, one.gap, one.interpolator): one for one in score(triplets)}
    for sn_class in ("Ib/c", "II"):
        both = [[scores[sn_class, gap, name] for gap in ("all", "> 20")] for name in FAMILY]
        count = f"{sn_class}, {both[0][0].n_supernovae} series"
        rows.append((count, "", *((a.ratio, a.low, a.high, b.ratio) for a, b in both)))
    print("\nfeature residual, every series by itself, all gaps and beyond 20 d")
    for row in rows:
        print(f"  {row[0]:16s} {row[1]:6s} {'  '.join(' '.join(f'{x:.2f}' for x in cell) for cell in row[2:])}")
    if recorded:
        record(
            "smooth_templates",
            ("series", "type", *FAMILY),
            rows,
            about="The leave-out test on smooth template series; cells: all gaps [interval], beyond 20 d",
            command="python tests/benchmarks/smooth_templates.py DIR --record",
            digits=dict.fromkeys(FAMILY, 2),
        )


if __name__ == "__main__":
    main(sys.argv[1:])
