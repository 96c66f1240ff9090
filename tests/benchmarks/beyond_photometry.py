"""How far off is the level where the photometry has ended, and does its error say so?

    python tests/benchmarks/beyond_photometry.py SN.json.gz ... [--record]

All spectra are taken to be in arbitrary units, and all photometry from 20, 40 and 80 d after the brightest night on is
hidden. The series is built of the rest and compared with the hidden nights, the median over the bands of a night: mean
error (negative: too bright), its size, the stated error and the shares of nights within one and two of it, each
supernova counting the same.
"""

import sys
from dataclasses import fields, replace

import numpy as np
from recording import asked_to_record, record

import sntransport as snt
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.spectra.observations import broad_class

AFTER = (20.0, 40.0, 80.0)
BEYOND = ((0, 10), (10, 25), (25, 50), (50, 100))
# Photometry is judged where it is better than this, and the rest is enough to build from.
LEAST_SNR, FEWEST, FEWEST_HIDDEN = 5.0, 8, 3
MAG_PER_LN = 2.5 / np.log(10.0)


def rows_of(sn):
    """Name, class, days beyond the photometry, error [mag] and stated error [mag] of each hidden night."""
    curve = sn.light_curve
    phase, own = sn.phase_of(curve.mjd), np.array([float(sn.phase_of(s.mjd)) for s in sn.spectra])
    spectra = tuple(replace(s, calibrated=False) for s in sn.spectra)
    for after in AFTER:
        end = phase[np.argmax(curve.flux)] + after
        kept = phase <= end
        hidden = ~kept & (phase <= own.max()) & (curve.flux > LEAST_SNR * curve.flux_err)
        if kept.sum() < FEWEST or hidden.sum() < FEWEST_HIDDEN or not np.any(own > end):
            continue
        night = np.round(phase, 1)
        nights = np.unique(night[hidden])
        series = snt.build(replace(sn, spectra=spectra, light_curve=chosen(curve, kept)), phases=nights).series
        bands = sorted(set(curve.band[hidden]))
        flux, _ = synthetic_flux(series.flux, band_matrix(series.wave, snt.load_bands(bands), sn.sightline))
        with np.errstate(invalid="ignore"):
            stated = MAG_PER_LN * np.nanmedian(np.where(series.covered, series.flux_err / series.flux, np.nan), axis=1)
        for k, date in enumerate(nights):
            mine = np.flatnonzero(hidden & (night == date))
            off = -2.5 * np.log10(flux[k, [bands.index(curve.band[i]) for i in mine]] / curve.flux[mine])
            if np.isfinite(off).any():
                name, sn_class = sn.name, broad_class(sn.sn_type)
                yield name, sn_class, date - phase[kept].max(), float(np.nanmedian(off)), float(stated[k])


def chosen(curve, kept):
    """Some rows of a light curve."""
    columns = {field.name: getattr(curve, field.name) for field in fields(curve)}
    return replace(curve, **{name: column[kept] for name, column in columns.items() if np.shape(column) == kept.shape})


def summary(rows):
    """One row a class and range of days."""
    for sn_class in ("Ia", "II", "Ib/c", "all"):
        for low, high in BEYOND:
            some = [row for row in rows if sn_class in (row[1], "all") and low < row[2] <= high]
            if not some:
                continue
            by_name = [np.array([row[3:] for row in some if row[0] == name]) for name in sorted({r[0] for r in some})]
            off, stated = (np.array([np.median(one[:, k]) for one in by_name]) for k in (0, 1))
            size = [np.median(np.abs(one[:, 0])) for one in by_name]
            within = [
                100.0 * np.mean([np.mean(np.abs(one[:, 0]) < times * one[:, 1]) for one in by_name]) for times in (1, 2)
            ]
            counts = len(by_name), len(some)
            yield [f"{sn_class}, {low} to {high} d", *counts, off.mean(), np.mean(size), np.median(stated), within]


def main(arguments):
    paths, recorded = asked_to_record(arguments)
    rows = [row for path in paths for row in rows_of(snt.read_supernova(path))]
    columns = ["class, days beyond", "SNe", "nights", "error [mag]", "size [mag]", "stated [mag]", "within 1, 2 [%]"]
    table = list(summary(rows))
    for row in [columns, *table]:
        print(*row, sep="\t")
    if recorded:
        digits = dict.fromkeys(columns[3:6], 2) | {columns[6]: 0}
        about = "Level beyond the photometry, all spectra in arbitrary units, against hidden nights of 15 supernovae"
        command = "python tests/benchmarks/beyond_photometry.py *.json.gz --record"
        record("beyond_photometry", columns, table, about=about, command=command, digits=digits)


if __name__ == "__main__":
    main(sys.argv[1:])
