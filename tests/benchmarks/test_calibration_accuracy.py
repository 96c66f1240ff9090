"""How well calibration predicts a band it has not seen, on real supernovae. Run with ``make bench``."""

import numpy as np

import sntransport as snt
from sntransport.bandcurves import evaluate, fit_band_curves
from sntransport.calibrate import calibrate
from sntransport.photometry import band_matrix, synthetic_flux
from sntransport.pipeline import _with_scale
from sntransport.prepare import prepare


def prepared(path):
    """Observed spectra of one supernova and the smooth photometry at their dates."""
    sn = snt.read_supernova(path)
    curves = fit_band_curves(sn.light_curve)
    ready = prepare(sn)
    matrix = band_matrix(ready.series.wave, curves.bands, sn.sightline)
    series = _with_scale(sn, ready, curves, matrix).series
    return series, matrix, *evaluate(curves, sn.mjd_ref + series.phase * (1 + sn.sightline.z))


def left_out(cases, **options):
    """|ln(synthetic / observed)| of every band left out in turn, where two others take part."""
    misses = []
    for series, matrix, flux, flux_err in cases:
        for j in range(flux.shape[1]):
            others = flux.copy()
            others[:, j] = np.nan
            done = calibrate(series, matrix, others, flux_err, **options)
            synthetic = synthetic_flux(done.series.flux, matrix)[0][:, j]
            misses.append(np.abs(np.log(synthetic / flux[:, j]))[done.used.sum(axis=1) >= 2])
    together = np.concatenate(misses)
    return together[np.isfinite(together)]


def test_band_left_out(benchmark, osc_dir, capsys):
    cases = [prepared(path) for path in sorted(osc_dir.glob("*.json.gz"))]
    variants = {
        "default": {},
        "one factor only": {"color_scatter": 1e-3},
        "color_scatter 0.1": {"color_scatter": 0.1},
        "color_scatter 0.4": {"color_scatter": 0.4},
        "color_scale 0.15": {"color_scale": 0.15},
        "color_scale 0.4": {"color_scale": 0.4},
    }
    found = {name: left_out(cases, **options) for name, options in variants.items()}
    benchmark.pedantic(left_out, args=(cases,), rounds=1)
    benchmark.extra_info |= {f"{name}, within 10 % [%]": 100 * np.mean(x < 0.1) for name, x in found.items()}
    with capsys.disabled():
        print("\nbands left out of the calibration of observed spectra, 15 supernovae:")
        for name, miss in found.items():
            print(f"  {name:18s} median {np.median(miss):.1%}  within 10 %: {np.mean(miss < 0.1):.1%}  n = {miss.size}")
