"""Speed of synthetic photometry against one product of matrices. Run with ``make bench``; nothing asserts on time."""

import numpy as np
from threadpoolctl import threadpool_limits

import sntransport as snt
from sntransport.photometry.synthetic import band_matrix
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline
from tests.benchmarks.test_transport_speed import least

BANDS = ["lsstu", "lsstg", "lsstr", "lssti", "lsstz", "lssty", "ztfg", "ztfr", "ztfi", "atlasc", "atlaso", "bessellb"]


def test_ten_thousand_spectra_in_twelve_bands(benchmark, capsys):
    wave = np.exp(np.linspace(np.log(2600.0), np.log(11200.0), 2000))
    flux = np.random.default_rng(0).uniform(0.5, 1.5, (10_000, wave.size))
    series = SpectralSeries(phase=0.01 * np.arange(10_000), wave=wave, flux=flux)
    sightline = Sightline(z=0.02, distance_modulus=35.0, ebv_mw=0.02)
    weights = np.ascontiguousarray(band_matrix(series.wave, BANDS, sightline).flux_weight)

    def ours():
        return snt.band_flux(series, BANDS, sightline)

    # One thread, as the machines that share their cores have it.
    with threadpool_limits(1):
        best = least({"ours": ours, "product": lambda: series.flux @ weights}, rounds=60, number=1)
        benchmark.pedantic(ours, rounds=3)
    benchmark.extra_info |= {"milliseconds": 1e3 * best["ours"], "to one product": best["ours"] / best["product"]}
    with capsys.disabled():
        print(f"\n10,000 spectra in 12 bands [ms]: { {k: round(1e3 * v, 1) for k, v in best.items()} }")
