"""Simulated fluxes without noise against direct integration of the same spectra by sncosmo, 1,000 objects.

Run with ``make bench``. The judge is sncosmo's model of the same series with dust at rest and in the observer frame.
It is linear between phases (``time_spline_degree=1``), as the engine is. Between wavelengths sncosmo has a cubic
spline where a `SpectralSeries` is linear, which alone is up to 5 mmag in u for spectra in steps of 10 A; so the judge
gets the series on a grid four times as fine, with the same lines between its points.
"""

import dataclasses
import warnings

import numpy as np
import sncosmo

from sntransport.photometry.bands import load_bands
from sntransport.simulation.engine import simulate
from sntransport.simulation.events.distributions import Exponential, Uniform
from sntransport.simulation.events.population import Population
from sntransport.simulation.surveys.survey import Survey
from sntransport.transport.templates.sources import hsiao

BANDS = (*(f"lsst{band}" for band in "ugrizy"), "ztfg", "ztfr", "ztfi", "atlasc", "atlaso")
N = 1000


def test_fluxes_agree_with_sncosmo(benchmark):
    series = dataclasses.replace(hsiao(), flux=0.3 * hsiao().flux / hsiao().flux.max(), flux_err=None)
    nights = 400
    mjd = np.repeat(60000.0 + 2.0 * np.arange(nights), 2 * len(BANDS))
    band, dec = np.tile(np.repeat(np.arange(len(BANDS)), 2), nights), np.tile([-90.0, 90.0], nights * len(BANDS))
    tiny = np.full(mjd.size, 1e-9)
    survey = Survey(
        name="all bands",
        bands=BANDS,
        mjd=mjd,
        band=band,
        ra=np.zeros(mjd.size),
        dec=dec,
        background=tiny,
        photons_per_njy=np.full(mjd.size, np.inf),
        radius=90.0,
    )
    population = Population(
        redshift=Uniform(low=0.01, high=0.9),
        ebv_host=Exponential(scale=0.1, high=0.6),
        ebv_mw=lambda ra, dec: ra / 1000.0,
        ebv_mw_max=0.36,
    )
    found = benchmark.pedantic(
        simulate, ([series], survey, population), {"n": N, "seed": 1, "dates": (60200.0, 60500.0)}, rounds=1
    )
    worst = compare(series, found)
    benchmark.extra_info |= worst
    assert worst["brighter than 1 % of the peak [mag]"] < 1e-3
    assert worst["brighter than 0.1 % of the peak [mag]"] < 5e-3


def compare(series, found):
    for band in load_bands(BANDS):
        sncosmo.register(sncosmo.Bandpass(band.wave, band.throughput, name=band.name), force=True)
    fine = np.linspace(series.wave[0], series.wave[-1], 4 * (series.n_wave - 1) + 1)
    flux = np.stack([np.interp(fine, series.wave, row) for row in series.flux])
    source = sncosmo.TimeSeriesSource(series.phase, fine, flux, time_spline_degree=1)
    dust = [sncosmo.F99Dust(), sncosmo.F99Dust()]
    model = sncosmo.Model(source, effects=dust, effect_names=["host", "mw"], effect_frames=["rest", "obs"])
    truth, names = found.truth, np.array(found.bands)
    bright, faint, n_bright, n_faint = 0.0, 0.0, 0, 0
    for i in range(found.n_object):
        rows = slice(found.offset[i], found.offset[i + 1])
        amplitude = 10.0 ** (-0.4 * (truth.distance_modulus[i] + truth.mag_offset[i])) / (1.0 + truth.z[i])
        # sncosmo divides the model's flux by 1 + z itself, as the series does here.
        model.set(
            z=truth.z[i], t0=truth.mjd_ref[i], amplitude=amplitude * (1.0 + truth.z[i]), hostebv=truth.ebv_host[i],
            mwebv=truth.ebv_mw[i],
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            judged = model.bandflux(names[found.band[rows]], found.mjd[rows], zp=31.4, zpsys="ab")
        peak = 10.0 ** (-0.4 * (truth.peak_mag[i] - 31.4))[found.band[rows]]
        # The ends of the template are a matter of rounding.
        phase = (found.mjd[rows] - truth.mjd_ref[i]) / (1.0 + truth.z[i])
        inside = (phase > series.phase[0] + 1e-6) & (phase < series.phase[-1] - 1e-6)
        share = judged / peak
        with np.errstate(invalid="ignore", divide="ignore"):
            error = np.abs(-2.5 * np.log10(found.flux[rows] / judged))
        bright = max(bright, error[inside & (share > 0.01)].max(initial=0.0))
        faint = max(faint, error[inside & (share > 0.001)].max(initial=0.0))
        n_bright += int(np.sum(inside & (share > 0.01)))
        n_faint += int(np.sum(inside & (share > 0.001)))
    return {
        "brighter than 1 % of the peak [mag]": bright, "brighter than 0.1 % of the peak [mag]": faint,
        "visits brighter than 1 %": n_bright, "visits brighter than 0.1 %": n_faint,
    }  # fmt: skip
