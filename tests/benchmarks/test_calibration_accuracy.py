"""How well calibration predicts a band it has not seen, on real supernovae. Run with ``make bench``."""

from dataclasses import replace

import numpy as np

import sntransport as snt
from sntransport.calibration import band_curves
from sntransport.calibration.band_curves import evaluate, fit_band_curves
from sntransport.calibration.preparation import prepare
from sntransport.calibration.warp import calibrate
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.pipeline import _with_scale
from sntransport.spectra.observations import broad_class
from sntransport.transport.templates.by_class import class_transport
from sntransport.validation.photometric_test import _ratios, _scaled_by


def prepared(path):
    """Observed spectra of one supernova and the smooth photometry at their dates."""
    sn = snt.read_supernova(path)
    curves = fit_band_curves(sn.light_curve)
    ready = prepare(sn)
    matrix = band_matrix(ready.series.wave, curves.bands, sn.sightline)
    series = _with_scale(sn, ready, curves, matrix).series
    return series, matrix, *evaluate(curves, sn.mjd_of(series.phase))


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
        "color_scatter 0.15": {"color_scatter": 0.15},
        "color_scatter 0.4": {"color_scatter": 0.4},
        "color_scale 0.5": {"color_scale": 0.5},
        "color_scale 2": {"color_scale": 2.0},
        "no offsets": {"offset_scatter": 0.0},
        "offset_scatter 0.1": {"offset_scatter": 0.1},
        "common_slope 0": {"common_slope": 0.0},
        "common_slope 0.3": {"common_slope": 0.3},
    }
    found = {name: left_out(cases, **options) for name, options in variants.items()}
    benchmark.pedantic(left_out, args=(cases,), rounds=1)
    benchmark.extra_info |= {f"{name}, within 10 % [%]": 100 * np.mean(x < 0.1) for name, x in found.items()}
    with capsys.disabled():
        print("\nbands left out of the calibration of observed spectra, 15 supernovae:")
        for name, miss in found.items():
            print(f"  {name:18s} median {np.median(miss):.1%}  within 10 %: {np.mean(miss < 0.1):.1%}  n = {miss.size}")


def noisy(sn, rng, share=0.05):
    """The same supernova with random errors of its photometry, which it knows of."""
    curve = sn.light_curve
    factor = np.maximum(1.0 + share * rng.standard_normal(curve.flux.size), 0.5)
    flux, flux_err = curve.flux * factor, np.hypot(curve.flux_err, share * curve.flux) * factor
    return replace(sn, light_curve=replace(curve, flux=flux, flux_err=flux_err))


def test_random_errors_of_bands_do_not_hurt(benchmark, osc_dir, capsys):
    """Median error against the photometry before 5 % were added: calibrated, and with one factor from all bands."""
    rng = np.random.default_rng(5)
    misses = {}
    for path in sorted(osc_dir.glob("*.json.gz")):
        sn = snt.read_supernova(path)
        false = noisy(sn, rng)
        sparse = prepare(sn).series
        phase = sn.phase_of(sn.light_curve.mjd)
        targets = np.unique(phase)
        warped = snt.build(false, phases=targets).series
        factor = _scaled_by(false.light_curve, sn, sparse, targets=targets, interpolate=class_transport, max_gap=40.0)
        for name, series in (("calibrated", warped), ("one factor", factor)):
            ratio = _ratios(series, sn, sn.light_curve, phase)
            misses.setdefault((broad_class(sn.sn_type), name), []).append(np.abs(ratio[np.isfinite(ratio)] - 1.0))
    benchmark.pedantic(lambda: None, rounds=1)
    with capsys.disabled():
        print("\nmedian error of synthetic photometry with 5 % random errors added to every point:")
        for (sn_class, name), parts in sorted(misses.items()):
            print(f"  {sn_class:5s} {name:11s} {np.median(np.concatenate(parts)):.1%}")


def test_nights_left_out(benchmark, osc_dir, capsys, monkeypatch):
    """Leave-one-out residuals of bands that instruments share, with their offsets and without."""
    misses = {"offsets": [], "none": []}
    n_band = 0
    for path in sorted(osc_dir.glob("*.json.gz")):
        curve = snt.read_supernova(path).light_curve
        for band in curve.bands:
            rows = np.flatnonzero((curve.band == band) & (curve.flux > 3.0 * curve.flux_err))
            nights = band_curves._nights(curve, rows)[0] if rows.size >= 8 else None
            if nights is None or len(nights.names) < 2:
                continue
            n_band += 1
            nights = nights.only(band_curves._without_outliers(nights, 5.0))
            for name, scatter in (("offsets", 0.05), ("none", 0.0)):
                with monkeypatch.context() as changed:
                    changed.setattr(band_curves, "_OFFSET_SCATTER", scatter)
                    fit = band_curves._fit(band, nights, 2.0, 30.0)
                misses[name].append((nights.mjd.size, np.median(np.abs(fit.weights / np.diag(fit.inverse)))))
    benchmark.pedantic(lambda: None, rounds=1)
    with capsys.disabled():
        print(f"\nnights left out of {n_band} bands that instruments share, mean over nights of each band's median:")
        for name, rows in misses.items():
            size, miss = np.array(rows).T
            print(f"  {name:8s} {np.average(miss, weights=size):.1%}")
