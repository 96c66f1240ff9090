"""Speed of simulations, as ratios to other ways of doing the same in the same run, on one core.

Run with ``make bench``. Nothing here asserts on time. sncosmo and LightCurveLynx (where it is installed) simulate a
few of the objects, with the same template, bands, dust, visits and noise; they are timed by the object. sncosmo's
visits are found for it, LightCurveLynx finds its own, and both get model, bands and table of visits ready made. Ours
is timed with tables of band fluxes made anew, and twice: with the survey's spatial index made anew, and with it ready
made as theirs is.
"""

import dataclasses
import time
import timeit
import tracemalloc
from functools import partial

import numpy as np
import pytest
import sncosmo
from astropy.table import Table

from sntransport.datasets.nested_parquet import write_nested_parquet
from sntransport.photometry.bands import load_bands
from sntransport.simulation import engine, flux_lookup
from sntransport.simulation.events.color_scatter import smooth_scatter
from sntransport.simulation.events.distributions import Exponential, Uniform
from sntransport.simulation.events.hosts import Hosts, HostStep, HostTable
from sntransport.simulation.events.population import Population
from sntransport.simulation.noise import SNANA_NOISE, NoiseModel, read_error_maps
from sntransport.simulation.random_streams import BLOCK
from sntransport.simulation.selection.cuts import Cut
from sntransport.simulation.selection.detection import DetectionEfficiency
from sntransport.simulation.selection.efficiencies import EfficiencyMap, EfficiencyMaps
from sntransport.simulation.selection.selection import Prescale, Selection
from sntransport.simulation.surveys import built_in, footprint
from sntransport.simulation.surveys.noise import add_template_noise, depth_of
from sntransport.transport.templates.sources import hsiao

BANDS = built_in.LSST_WFD.camera.bands
POPULATION = Population(redshift=Uniform(low=0.05, high=0.6), ebv_host=Exponential(scale=0.1, high=0.6), ebv_mw=0.05)
N = 10_000


def seconds(work, repeat=3):
    """Least of several repeats: what the work costs when nothing disturbs it."""
    return min(timeit.repeat(work, number=1, repeat=repeat))


def processor_seconds(work):
    return timeit.timeit(work, number=1, timer=time.process_time)


@pytest.fixture(scope="module")
def template():
    return dataclasses.replace(hsiao(), flux=0.3 * hsiao().flux / hsiao().flux.max(), flux_err=None)


@pytest.fixture(scope="module")
def survey():
    """LSST's wide survey, visited four times as often: about 100 visits of an object in six bands."""
    often = dataclasses.replace(built_in.LSST_WFD, nights=lambda season: 4.0 * built_in.LSST_WFD.nights(season))
    return built_in.make_survey(often, years=1.5)


@pytest.fixture(scope="module")
def ours(template, survey):
    """Ours with the same objects, for the others to repeat; compiles, so that what follows is timed without that."""
    return engine.simulate([template], survey, POPULATION, n=1000, seed=1, keep="observed")


def sncosmo_model(template):
    for band in load_bands(BANDS):
        sncosmo.register(sncosmo.Bandpass(band.wave, band.throughput, name=band.name), force=True)
    source = sncosmo.TimeSeriesSource(template.phase, template.wave, template.flux, name="bench")
    sncosmo.register(source, name="bench", force=True)
    dust = [sncosmo.F99Dust(), sncosmo.F99Dust()]
    return sncosmo.Model(source, effects=dust, effect_names=["host", "mw"], effect_frames=["rest", "obs"])


def with_sncosmo(template, survey, ours, n):
    """Realize the light curves of the first objects."""
    model = sncosmo_model(template)
    tables, params = [], []
    for i in range(n):
        rows = slice(ours.offset[i], ours.offset[i + 1])
        size, truth = rows.stop - rows.start, ours.truth
        visit = np.searchsorted(survey.mjd, ours.mjd[rows])
        tables.append(
            Table(
                {
                    "time": ours.mjd[rows], "band": np.array(BANDS)[ours.band[rows]], "zp": np.full(size, 31.4),
                    "zpsys": np.full(size, "ab"), "gain": survey.photons_per_njy[visit],
                    "skynoise": survey.background[visit],
                }
            )
        )  # fmt: skip
        amplitude = 10.0 ** (-0.4 * (truth.distance_modulus[i] + truth.mag_offset[i]))
        values = {"z": truth.z[i], "t0": truth.mjd_ref[i], "amplitude": amplitude}
        params.append(values | {"hostebv": truth.ebv_host[i], "mwebv": truth.ebv_mw[i]})
    for table, values in zip(tables, params, strict=True):
        sncosmo.realize_lcs(table, model, [values])


def lightcurvelynx_parts(template, survey, ours, n):
    """Model, visits and bands for LightCurveLynx, with the parameters of the first objects."""
    import pandas as pd
    from lightcurvelynx.astro_utils.passbands import Passband, PassbandGroup
    from lightcurvelynx.effects.extinction import ExtinctionEffect
    from lightcurvelynx.math_nodes.given_sampler import GivenValueList
    from lightcurvelynx.models.sncosmo_models import SncosmoWrapperModel
    from lightcurvelynx.obstable.opsim import OpSim

    sncosmo_model(template)
    truth = ours.truth
    amplitude = 10.0 ** (-0.4 * (truth.distance_modulus + truth.mag_offset))
    given = {
        "ra": truth.ra, "dec": truth.dec, "redshift": truth.z, "t0": truth.mjd_ref, "amplitude": amplitude,
    }  # fmt: skip
    model = SncosmoWrapperModel(
        "bench", node_label="sn", **{k: GivenValueList(v[:n], stateful=True) for k, v in given.items()}
    )
    for frame, ebv in (("rest", truth.ebv_host), ("observer", truth.ebv_mw)):
        model.add_effect(
            ExtinctionEffect(
                "fitzpatrick99", ebv=GivenValueList(ebv[:n], stateful=True), r_v=3.1, frame=frame, backend="extinction",
                ebv_param_name=f"ebv_{frame}",
            )
        )  # fmt: skip
    size = survey.n_visit
    visits = OpSim(
        pd.DataFrame(
            {
                "observationStartMJD": survey.mjd, "fieldRA": survey.ra, "fieldDec": survey.dec,
                "filter": np.array(BANDS)[survey.band], "zp_nJy": 1.0 / survey.photons_per_njy,
                "fiveSigmaDepth": depth_of(survey.background, survey.photons_per_njy),
                "visitExposureTime": np.full(size, 30.0), "numExposures": np.ones(size, int),
                "seeingFwhmEff": np.full(size, 0.9), "skyBrightness": np.full(size, 21.0),
            }
        ),
        saturation_mags=dict.fromkeys(BANDS, 15.0),
    )  # fmt: skip
    bands = PassbandGroup(
        [
            Passband(np.stack([band.wave, band.throughput], axis=1), "LSST", band.name, delta_wave=5.0)
            for band in load_bands(BANDS)
        ]
    )
    return model, visits, bands


def index_ready(template, survey, n=N):
    """Ours with the survey's index and footprint kept from before, and nothing else."""
    flux_lookup.forget_tables()
    return engine.simulate([template], survey, POPULATION, n=n, seed=2)


def anew(template, survey, n=N):
    """Ours with nothing kept from before."""
    footprint.forget(survey)
    return index_ready(template, survey, n)


def test_against_others(benchmark, template, survey, ours):
    made = benchmark.pedantic(anew, (template, survey), rounds=2)
    spent = seconds(lambda: anew(template, survey)) / N
    ready = seconds(lambda: index_ready(template, survey)) / N
    few = 30
    by_sncosmo = seconds(lambda: with_sncosmo(template, survey, ours, few), 2) / few
    benchmark.extra_info |= {
        "microseconds an object": spent * 1e6,
        "microseconds an object, index ready": ready * 1e6,
        "measurements an object": made.n_obs / N,
        "milliseconds an object, sncosmo.realize_lcs": by_sncosmo * 1e3,
        "faster than sncosmo.realize_lcs": by_sncosmo / spent,
        "faster than sncosmo.realize_lcs, index ready": by_sncosmo / ready,
    }


@pytest.mark.filterwarnings("ignore")
def test_against_lightcurvelynx(benchmark, template, survey, ours, tmp_path):
    pytest.importorskip("lightcurvelynx")
    from lightcurvelynx.simulate import simulate_lightcurves

    window = (template.phase[0], template.phase[-1])

    def theirs(n):
        model, visits, bands = lightcurvelynx_parts(template, survey, ours, n)
        start = timeit.default_timer()
        found = simulate_lightcurves(model, n, visits, bands, rest_time_window_offset=window, progress_bar=False)
        return found, timeit.default_timer() - start

    # The difference leaves out what they spend once for all objects.
    few, fewer = 100, 20
    _, before = theirs(fewer)
    found, after = theirs(few)
    by_lynx = (after - before) / (few - fewer)
    sizes = [len(table) for table in found["lightcurve"]]
    np.testing.assert_allclose(sizes, np.diff(ours.offset)[:few], atol=2)
    perfect = np.array([np.sum(table["flux_perfect"]) for table in found["lightcurve"]])
    quiet = np.full(survey.n_visit, 1e-6)
    silent = dataclasses.replace(
        survey, background=quiet, photons_per_njy=None, saturation=None, zero_point_error=None, calibration_floor=None
    )
    true = engine.simulate([template], silent, POPULATION, n=1000, seed=1, keep="observed")
    sums = np.add.reduceat(true.flux, true.offset[:-1])[:few]
    np.testing.assert_allclose(np.median(perfect / sums), 1.0, atol=0.01)
    benchmark.pedantic(anew, (template, survey), rounds=2)
    spent = seconds(lambda: anew(template, survey)) / N
    ready = seconds(lambda: index_ready(template, survey)) / N
    # Both as nested Parquet: theirs by its own method.
    made = anew(template, survey)
    writes = seconds(lambda: write_nested_parquet(made, tmp_path / "ours.parquet")) / N
    lynx_writes = seconds(lambda: found.to_parquet(tmp_path / "theirs.parquet")) / few
    benchmark.extra_info |= {
        "microseconds an object to write nested Parquet": writes * 1e6,
        "microseconds an object, LightCurveLynx writing its own": lynx_writes * 1e6,
        "light curves a second, written, index ready": 1.0 / (ready + writes),
        "faster than LightCurveLynx, both written, index ready": (by_lynx + lynx_writes) / (ready + writes),
        "microseconds an object": spent * 1e6,
        "milliseconds an object, LightCurveLynx": by_lynx * 1e3,
        "faster than LightCurveLynx": by_lynx / spent,
        "faster than LightCurveLynx, index ready": by_lynx / ready,
        "their light to ours, median object": float(np.median(perfect / sums)),
    }


def test_cost_of_noise_by_choice(benchmark, template, survey, ours, tmp_path):
    """Template noise, SNANA's noise, its true ratio and efficiencies, and an error model, each beside plain noise."""
    shallow = add_template_noise(survey, np.full(survey.n_band, 26.0))
    visits = {"zero_point_error": np.full(survey.n_visit, 0.005), "zero_point": np.full(survey.n_visit, 32.0)}
    known = dataclasses.replace(shallow, more=visits)
    snr = np.linspace(0.0, 20.0, 41)
    curves = DetectionEfficiency(bands=BANDS, snr=snr, probability=np.tile(1 / (1 + np.exp(5 - snr)), (len(BANDS), 1)))
    rows = "".join(f"ROW: {r} {z} {1.1 + 0.01 * r * z}\n" for r in (-1, 0, 1, 2, 3) for z in (31, 33))
    (tmp_path / "err.dat").write_text(f"MAPNAME: A\nVARNAMES: LOGSNR ZP ERRSCALE\n{rows}ENDMAP:\n")
    cases = {
        "template noise": (shallow, {}),
        "template noise and efficiencies": (shallow, {"efficiency": curves}),
        "SNANA's noise and efficiencies": (
            known, {"noise": SNANA_NOISE, "efficiency": dataclasses.replace(curves, true=True), "epochs": "visits"},
        ),
        "an error model of two variables": (known, {"noise": NoiseModel(errors=read_error_maps(tmp_path / "err.dat"))}),
    }  # fmt: skip

    def run(one, options):
        flux_lookup.forget_tables()
        return engine.simulate([template], one, POPULATION, n=N, seed=2, **options)

    for one, options in ((survey, {}), *cases.values()):
        run(one, options)
    # In turns, so that what else the machine does disturbs all alike.
    spent = {name: [] for name in ("plain", *cases)}
    for _ in range(5):
        for name, (one, options) in {"plain": (survey, {}), **cases}.items():
            spent[name].append(seconds(lambda one=one, options=options: run(one, options), 1))
    benchmark.pedantic(run, cases["template noise"], rounds=1)
    for name in cases:
        benchmark.extra_info[f"{name}, to plain noise"] = min(spent[name]) / min(spent["plain"])


def hosts_for(bands, n=100_000):
    rng = np.random.default_rng(1)
    columns = {
        "id": np.arange(n), "z": rng.uniform(0.0, 0.7, n), "zphot": rng.uniform(0.0, 0.7, n),
        "zphot_err": np.full(n, 0.05), "major": rng.uniform(0.3, 2.0, n), "minor": rng.uniform(0.2, 0.3, n),
        "sersic": rng.uniform(0.5, 4.0, n), "angle": rng.uniform(0.0, 180.0, n), "logmass": rng.normal(10.0, 1.0, n),
    }  # fmt: skip
    columns |= {f"mag_{band}": rng.uniform(20.0, 25.0, n) for band in bands}
    step = HostStep(column="logmass", at=10.0, mag=-0.05)
    return Hosts(table=HostTable(columns=columns), steps=(step,), noise=True, psf=dict.fromkeys(bands, 0.8))


def test_hosts_scatter_and_dust_against_without(benchmark, template, survey, ours):
    """Each option alone and all at once, to the same without, with tables kept; the least of ratios taken in turn."""
    options = {
        "hosts": {"hosts": hosts_for(survey.bands)},
        "color scatter": {"color_scatter": smooth_scatter(0.05, 0.1)},
        "R(V) of each": {"rv_host": Uniform(low=2.4, high=4.5)},
        "stretch": {"stretch": Uniform(low=0.8, high=1.2)},
    }
    options["all"] = {name: value for one in options.values() for name, value in one.items()}

    def run(population):
        return engine.simulate([template], survey, population, n=N, seed=2)

    for name, more in options.items():
        other = dataclasses.replace(POPULATION, **more)
        ratios = []
        for _ in range(3):
            run(POPULATION)
            plain = seconds(lambda: run(POPULATION))
            run(other)
            ratios.append(seconds(lambda other=other: run(other)) / plain)
        benchmark.extra_info[f"{name}, to without"] = min(ratios)
    benchmark.pedantic(run, (POPULATION,), rounds=1)


def test_evaluation_kernel(benchmark, template, survey):
    """Fluxes of visits from the tables, against drawing one normal number for each."""
    plan = _plan(template, survey)
    blocks = [_block(plan, number) for number in range(8)]
    total = sum(mjd.size for _, _, _, mjd, _ in blocks)

    def evaluate():
        for truth, seen, offset, mjd, band in blocks:
            flux_lookup.true_fluxes(
                plan.tables, offset=offset, mjd=mjd, band=band, truth=truth, seen=seen, max_gap=plan.how.max_gap
            )

    def normal():
        rng = np.random.default_rng(1)
        for _, _, _, mjd, _ in blocks:
            rng.standard_normal(mjd.size)

    evaluate()
    ratios = [seconds(evaluate, 5) / seconds(normal, 5) for _ in range(3)]
    benchmark.pedantic(evaluate, rounds=5)
    benchmark.extra_info |= {
        "nanoseconds a visit": seconds(evaluate, 5) / total * 1e9,
        "to drawing its normal numbers": min(ratios),
    }


def _plan(template, survey):
    made = []
    original = engine._chunk
    try:
        engine._chunk = lambda plan, low, high: made.append(plan) or original(plan, low, low + 1)
        next(engine.simulate_chunks([template], survey, POPULATION, n=N))
    finally:
        engine._chunk = original
    return made[0]


def _block(plan, number):
    part = engine._chunk(plan, number * BLOCK, (number + 1) * BLOCK)
    truth = part.truth
    seen = flux_lookup.places(
        plan.tables, truth.z, truth.ebv_mw, truth.ebv_host, 10.0 ** (-0.4 * truth.distance_modulus)
    )
    return truth, seen, part.offset, part.mjd, part.band


def test_cost_and_memory_do_not_grow(benchmark, template, survey):
    """Time an object, and peak of the memory that numpy holds, for more and more objects."""

    def run(n):
        for _ in engine.simulate_chunks([template], survey, POPULATION, n=n, chunk=8 * BLOCK):
            pass

    run(1000)
    footprint.visits_of(survey, [0.0], [0.0], 0.0, 1.0)
    for n in (1_000, 10_000, 100_000):
        flux_lookup.forget_tables()
        for name in (f"microseconds an object of {n}", f"microseconds an object of {n}, tables kept"):
            benchmark.extra_info[name] = seconds(lambda n=n: run(n), 1) / n * 1e6
    tracemalloc.start()
    for n in (10_000, 50_000):
        tracemalloc.reset_peak()
        run(n)
        benchmark.extra_info[f"megabytes at {n} objects"] = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    benchmark.pedantic(run, (10_000,), rounds=1)


PARTS = {
    "trigger": {"trigger": "2 of g, r, i within 30 d and 3 detections in any band on 2 nights"},
    "chances": {
        "spectroscopy": EfficiencyMaps(
            maps=(
                EfficiencyMap(
                    variables=("REDSHIFT", "r"), nodes=[[0.0, 1.0], [18.0, 22.0, 25.0]],
                    probability=[[1.0, 0.8, 0.0], [1.0, 0.4, 0.0]],
                ),
            ),
            extrapolate=True,
        ),
        "host_redshift": lambda truth: 1.0 / (1.0 + truth.z),
    },
    "five cuts": {
        "cuts": (
            Cut(quantity="snr_max", least=10.0, bands=("g", "r", "i"), n_bands=2),
            Cut(quantity="n_nights", least=3.0, phase=(-20.0, 0.0)),
            Cut(quantity="last_phase", least=10.0),
            Cut(quantity="z", most=0.5),
            Cut(quantity="ebv_mw", most=0.1),
        )
    },
    "prescale": {"prescale": (Prescale(factor=3.0, z=(0.2, 1.0)),)},
    "fields": {"fields": True},
}  # fmt: skip


def test_selection(benchmark, template, survey, ours):
    """What each part of a selection costs, and all of them together, as shares of the time without."""

    def run(selection=None):
        engine.simulate([template], survey, POPULATION, n=N, seed=1, keep="triggered", selection=selection)

    together = {key: value for given in PARTS.values() for key, value in given.items()}
    without = {key: value for key, value in together.items() if key != "fields"}
    asked = {**PARTS, "all but fields": without, "all": together}
    for name, given in asked.items():
        selection = Selection(**given)
        run(selection)
        # In turns, and in time of the processor, so that what else the machine does falls on both.
        pairs = [(processor_seconds(run), processor_seconds(partial(run, selection))) for _ in range(9)]
        benchmark.extra_info[f"{name}: time to that without"] = min(b for _, b in pairs) / min(a for a, _ in pairs)
    benchmark.pedantic(run, (Selection(**together),), rounds=3)
