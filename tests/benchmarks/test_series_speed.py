"""Cost of what is made of finished series. Run with ``make bench``; nothing here asserts on time."""

import dataclasses
import time

import numpy as np

import sntransport as snt
from sntransport.augmentation.mixing import mix, mix_linear
from sntransport.corrections.extension_policies import from_template
from sntransport.spectra.series import SpectralSeries
from sntransport.transport.exact import barycenter
from sntransport.transport.templates.sources import hsiao


def cpu(work, rounds=3):
    """Least CPU time of several calls [s], the first one left out: it compiles."""
    work()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def test_bolometric(benchmark):
    wave = np.linspace(3000.0, 9500.0, 2400)
    mean = hsiao()
    flux = np.stack([np.interp(wave, mean.wave, row) for row in mean.flux])
    phase = np.linspace(-10.0, 60.0, 300)
    rows = np.stack([np.interp(phase, mean.phase, column) for column in flux.T], axis=1)
    series = SpectralSeries(phase=phase, wave=wave, flux=0.3 * rows / rows.max(), flux_err=0.01 * rows / rows.max())
    within = (float(wave[0]), float(wave[-1]))
    for name, options in {
        "none": {"policy": "none", "wave_range": within},
        "template": {"policy": from_template(mean)},
        "blackbody": {"policy": "blackbody"},
    }.items():
        benchmark.extra_info[f"{name} [s CPU]"] = cpu(lambda o=options: snt.bolometric(series, **o))
    benchmark.pedantic(snt.bolometric, (series,), {"policy": "blackbody"}, rounds=2)


def test_mix(benchmark):
    mean = hsiao()
    optical = (mean.wave > 3000.0) & (mean.wave < 9500.0)
    wave = np.exp(np.arange(np.log(3100.0), np.log(9400.0), 250.0 / 299792.458))
    flux = np.stack([np.interp(wave, mean.wave[optical], row[optical]) for row in mean.flux])[10:61]
    one = SpectralSeries(phase=mean.phase[10:61], wave=wave, flux=flux, name="one", sn_type="Ia")
    other = dataclasses.replace(one, phase=1.1 * one.phase, name="other")
    weights = [0.5, 0.5]
    benchmark.extra_info |= {
        "bins": wave.size,
        "features [s CPU]": cpu(lambda: mix([one, other], weights=weights)),
        "wasserstein [s CPU]": cpu(lambda: mix([one, other], weights=weights, barycenter=barycenter)),
        "linear [s CPU]": cpu(lambda: mix_linear([one, other], weights=weights)),
    }
    benchmark.pedantic(mix, ([one, other],), {"weights": weights}, rounds=2)
