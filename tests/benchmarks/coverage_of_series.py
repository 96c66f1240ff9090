"""Do the errors of a rebuilt series cover? Hidden spectra against `synthesize` from all pairs, and against `build`.

    python tests/benchmarks/coverage_of_series.py [FOLDER of OSC files] [--record]

Gaps up to 40 d, all spectra in the gap hidden. `synthesize` knows no photometry and is judged at one gray factor;
`build` is judged as it comes, in absolute flux, against the spectrum as `build` calibrates it when it is not hidden.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from recording import asked_to_record, record

import sntransport as snt
from sntransport.spectra.series import SpectralSeries
from sntransport.transport.interpolation_errors import interval_factor
from sntransport.transport.interpolators import for_supernova
from sntransport.transport.synthesis import synthesize
from sntransport.transport.templates.by_class import class_transport
from sntransport.transport.weights import epoch_weight
from sntransport.validation.hidden_spectra import BANDS, hidden_case, hidden_triplets, thinned_triplets

CLASSES = ("Ia", "II", "Ib/c")


def inside(observed, noise, rebuilt, used, gray):
    """Shares of bins within 68 % and 95 % of the quadratic sum of both errors; ``noise`` is relative."""
    miss = np.log(observed[used] / rebuilt.flux[0, used])
    total = np.sqrt((rebuilt.flux_err[0, used] / rebuilt.flux[0, used]) ** 2 + np.log1p(noise[used] ** 2))
    size = np.abs(miss - np.median(miss) if gray else miss) / total
    return [np.mean(size < 1.0), np.mean(size < interval_factor(0.95))]


def by_synthesize(sn, per_bin=6):
    """Rows (68 %, 95 %), one a hidden spectrum, rebuilt from all pairs that are left."""
    case = hidden_case(sn, BANDS)
    level = np.array([[np.nanmedian(row)] for row in case.series.flux])
    s = replace(case.series, flux=case.series.flux / level, flux_err=case.series.flux_err / level)
    for i, k, j in thinned_triplets(s.phase, hidden_triplets(case, 40.0, 300), per_bin).tolist():
        keep = [row for row in range(s.n_phase) if not i < row < j]
        rest = SpectralSeries(
            phase=s.phase[keep],
            wave=s.wave,
            flux=s.flux[keep],
            flux_err=s.flux_err[keep],
            origin=s.origin[keep],
            name="",
            sn_type=s.sn_type,
        )
        fitted = for_supernova(class_transport, sn, rest)
        made = synthesize(rest, s.phase[k : k + 1], interpolate=fitted, weight=epoch_weight).series
        used = case.usable[k] & (made.origin[0] == 1)
        if used.sum() >= 300:
            yield inside(s.flux[k], s.flux_err[k] / s.flux[k], made, used, gray=True)


def by_build(sn, per_bin=3):
    """Rows (68 %, 95 %), one a hidden spectrum, of what `build` delivers."""
    case, whole = hidden_case(sn, BANDS), snt.build(sn, phases=[0.0])
    s, noise = whole.sparse, case.series.flux_err / case.series.flux
    if s.n_wave != case.series.n_wave:
        return
    for i, k, j in thinned_triplets(case.series.phase, hidden_triplets(case, 40.0, 300), per_bin).tolist():
        first, phase, last = case.series.phase[[i, k, j]]
        row = np.flatnonzero(np.abs(s.phase - phase) < 1e-6)
        if row.size == 0:
            continue
        gone = {m for r in np.flatnonzero((s.phase > first + 1e-6) & (s.phase < last - 1e-6)) for m in whole.members[r]}
        rest = replace(sn, spectra=tuple(one for m, one in enumerate(sn.spectra) if m not in gone))
        made = snt.build(rest, phases=[phase]).series
        # Without the hidden spectra the grid may begin or end elsewhere; its points are the same.
        at = np.round((np.log(made.wave) - np.log(s.wave[0])) / np.log(s.wave[1] / s.wave[0])).astype(int)
        used = (made.origin[0] == 1) & case.usable[k, at] & (s.origin[row[0], at] == 1)
        if used.sum() >= 300:
            yield inside(s.flux[row[0], at], noise[k, at], made, used, gray=False)


def main(arguments):
    given, recorded = asked_to_record(arguments)
    folder = given[0] if given else "../shared/data/osc"
    supernovae = [snt.read_supernova(path) for path in sorted(Path(folder).glob("*.json.gz"))]
    table = []
    for label, judge in (
        ("`synthesize`, all pairs, no photometry, gray factor out", by_synthesize),
        ("`build`, calibrated, absolute flux", by_build),
    ):
        found = {sn.name: np.array(rows) for sn in supernovae if (rows := list(judge(sn)))}
        kind = {sn.name: hidden_case(sn, BANDS).sn_class for sn in supernovae if sn.name in found}
        print(f"{label}: 68 % and 95 % of {len(found)} supernovae, {sum(map(len, found.values()))} hidden spectra")
        cells = []
        for name in ("all", *CLASSES):
            means = [rows.mean(axis=0) for sn, rows in found.items() if name in ("all", kind[sn])]
            cells.append(tuple(100 * share for share in np.mean(means, axis=0)))
            print(f"  {name:5s}", *(f"{share:.1f}" for share in cells[-1]))
        print("  ", {sn: [round(float(100 * v)) for v in rows.mean(axis=0)] for sn, rows in found.items()})
        table.append((label, len(found), *cells))
    if recorded:
        head = ("all, in 68, 95 %", *CLASSES)
        record(
            "delivered_intervals",
            ("", "supernovae", *head),
            table,
            about="Shares [%] of the bins of hidden spectra inside the 68 and the 95 % interval, gaps to 40 d",
            command="python tests/benchmarks/coverage_of_series.py --record",
            digits=dict.fromkeys(head, 1),
        )


if __name__ == "__main__":
    main(sys.argv[1:])
