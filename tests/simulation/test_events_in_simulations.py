"""Hosts, scatter, stretch and dust of many kinds in light curves: by formulas worked out here, from the truth alone."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import gamma, gammainc

import sntransport as snt
from sntransport._numerics.units import njy_to_mag
from sntransport.photometry.bands import effective_wave, load_bands
from sntransport.photometry.common_coverage import common_coverage
from sntransport.simulation.engine import simulate, simulate_chunks
from sntransport.simulation.events.color_scatter import ColorScatter
from sntransport.simulation.events.distributions import Constant, Exponential, Uniform
from sntransport.simulation.events.hosts import Hosts, HostStep, HostTable
from sntransport.simulation.events.joint import joint_normal
from sntransport.simulation.events.population import Population
from sntransport.simulation.light_curves import concatenate
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.survey import Survey
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline

BANDS = ("lsstg", "lsstr", "lssti")
POPULATION = Population(redshift=Uniform(low=0.05, high=0.4), ebv_host=Exponential(scale=0.1, high=0.5), ebv_mw=0.03)


def template(low=1800.0, high=12000.0, name="bump"):
    wave = np.arange(low, high, 20.0)
    phase = np.linspace(-15.0, 40.0, 12)
    color = (wave / 5000.0) ** (-1.5 + 0.03 * phase[:, None])
    flux = 0.3 * np.exp(-((phase[:, None] / 20.0) ** 2)) * color
    return SpectralSeries(phase=phase, wave=wave, flux=flux, name=name, sn_type=name)


def survey(bands=BANDS, *, background=100.0, photons=5.0):
    """Every band every night, everywhere."""
    nights = 150
    mjd = np.repeat(60000.0 + np.arange(nights), 2 * len(bands)) + np.tile(0.01 * np.arange(2 * len(bands)), nights)
    band = np.tile(np.repeat(np.arange(len(bands)), 2), nights)
    return Survey(
        name="all", bands=bands, mjd=mjd, band=band, ra=np.zeros(mjd.size), radius=90.0,
        dec=np.tile([-90.0, 90.0], nights * len(bands)), background=np.full(mjd.size, background),
        photons_per_njy=np.full(mjd.size, photons),
    )  # fmt: skip


QUIET = survey(background=1e-6, photons=np.inf)


def hosts(**options):
    rng = np.random.default_rng(5)
    n = 3000
    columns = {
        "id": np.arange(n), "z": rng.uniform(0.03, 0.45, n), "logmass": rng.uniform(8, 12, n),
        "major": rng.uniform(0.5, 3.0, n), "minor": rng.uniform(0.3, 0.5, n), "sersic": rng.uniform(0.5, 4.0, n),
        "angle": rng.uniform(0, 180, n), "zphot": rng.uniform(0.05, 0.4, n), "zphot_err": np.full(n, 0.03),
    }  # fmt: skip
    columns |= {f"mag_{band}": rng.uniform(17.0, 24.0, n) for band in BANDS}
    return Hosts(table=HostTable(columns=columns), **options)


def owner_of(curves):
    return np.repeat(np.arange(curves.n_object), np.diff(curves.offset))


def test_noise_of_hosts_is_that_of_the_formula():
    """Recomputed from the truth: the brightness at the event times 4 pi sigma**2, at most the galaxy's own light."""
    psf = {"lsstg": 1.1, "lsstr": 0.8, "lssti": 0.7}
    with_noise = dataclasses.replace(POPULATION, hosts=hosts(noise=True, psf=psf))
    quiet = simulate([template()], QUIET, dataclasses.replace(with_noise, hosts=hosts()), n=60, seed=3)
    found = simulate([template()], survey(), with_noise, n=60, seed=3)
    truth, owner = found.truth.more, owner_of(found)
    names = np.array(BANDS)[found.band]
    brightness = np.stack([truth[f"host_brightness_{band}"] for band in BANDS], axis=1)[owner, found.band]
    total = np.stack([truth[f"host_mag_{band}"] for band in BANDS], axis=1)[owner, found.band]
    fwhm = np.array([psf[name] for name in names])
    area = 4 * np.pi * (fwhm / np.sqrt(8 * np.log(2))) ** 2
    in_psf = np.minimum(10 ** (-0.4 * (brightness - 31.4)) * area, 10 ** (-0.4 * (total - 31.4)))
    variance = 100.0**2 + in_psf / 5.0 + np.maximum(quiet.flux, 0.0) / 5.0
    np.testing.assert_allclose(found.flux_err, np.sqrt(variance), rtol=1e-6)
    assert np.median(in_psf / 5.0) > 100.0
    assert np.any(in_psf < 0.999 * 10 ** (-0.4 * (total - 31.4)))
    pull = (found.flux - quiet.flux) / found.flux_err
    assert abs(pull.std() - 1.0) < 0.02


def test_brightness_at_an_event_is_that_of_sersic():
    """Round galaxies, from their table and the separation: b_n by a root of the incomplete gamma function."""
    columns = dict(hosts().table.columns) | {"minor": hosts().table.columns["major"]}
    round_ones = dataclasses.replace(hosts(), table=HostTable(columns=columns))
    made = simulate([template()], QUIET, dataclasses.replace(POPULATION, hosts=round_ones), n=60, seed=3)
    truth = made.truth.more
    for i in range(60):
        row = truth["host_id"][i]
        n, half = columns["sersic"][row], columns["major"][row]
        b = brentq(lambda value, n=n: gammainc(2 * n, value) - 0.5, 1e-3, 100.0, xtol=1e-14)
        share = b ** (2 * n) / (2 * np.pi * n * half**2 * gamma(2 * n))
        share *= np.exp(-b * (truth["host_separation"][i] / half) ** (1 / n))
        expected = columns["mag_lsstr"][row] - 2.5 * np.log10(share)
        assert truth["host_brightness_lsstr"][i] == pytest.approx(expected, abs=1e-6)
        assert truth["host_mag_lsstr"][i] == columns["mag_lsstr"][row]


def test_hosts_leave_the_events_as_they_are_and_steps_move_them():
    plain = simulate([template()], QUIET, POPULATION, n=200, seed=3)
    hosted = simulate([template()], QUIET, dataclasses.replace(POPULATION, hosts=hosts()), n=200, seed=3)
    np.testing.assert_array_equal(hosted.flux, plain.flux)
    stepped = dataclasses.replace(POPULATION, hosts=hosts(steps=(HostStep(column="logmass", at=10.0, mag=-0.1),)))
    moved = simulate([template()], QUIET, stepped, n=200, seed=3).truth
    heavy = moved.more["host_logmass"] >= 10.0
    np.testing.assert_allclose(moved.mag_offset - plain.truth.mag_offset, np.where(heavy, -0.1, 0.0))
    np.testing.assert_allclose(
        moved.peak_mag - plain.truth.peak_mag, np.where(heavy, -0.1, 0.0)[:, None] * np.ones(3), atol=1e-5
    )


def test_events_in_hosts_with_places():
    placed = hosts()
    columns = {**placed.table.columns, "ra": np.full(3000, 150.0), "dec": np.linspace(-5.0, 5.0, 3000)}
    there = dataclasses.replace(placed, table=HostTable(columns=columns), positions="host")
    truth = simulate([template()], QUIET, dataclasses.replace(POPULATION, hosts=there), n=100, seed=3).truth
    near = np.hypot((truth.ra - 150.0) * np.cos(np.radians(truth.dec)), truth.dec - truth.more["host_dec"]) * 3600.0
    np.testing.assert_allclose(near, truth.more["host_separation"], rtol=1e-3, atol=1e-4)


def test_color_scatter_moves_each_band_by_what_the_truth_says():
    rng = np.random.default_rng(2)
    made = rng.normal(size=(4, 4))
    scatter = ColorScatter(wave=[3000.0, 4500.0, 6000.0, 8000.0], covariance=0.01 * made @ made.T)
    plain = simulate([template()], QUIET, POPULATION, n=300, seed=3)
    found = simulate([template()], QUIET, dataclasses.replace(POPULATION, color_scatter=scatter), n=300, seed=3)
    shift = np.stack([found.truth.more[f"color_scatter_{band}"] for band in BANDS], axis=1)
    np.testing.assert_allclose(found.truth.peak_mag - plain.truth.peak_mag, shift, atol=1e-5)
    bright = plain.flux > 1.0
    change = -2.5 * np.log10(found.flux[bright] / plain.flux[bright])
    np.testing.assert_allclose(change, shift[owner_of(plain), plain.band][bright], atol=1e-4)
    # The covariance of two bands, where the redshifts are all alike.
    same = dataclasses.replace(POPULATION, redshift=Constant(value=0.2), color_scatter=scatter)
    many = simulate([template()], QUIET, same, n=3000, seed=3, dates=(61000.0, 61001.0)).truth.more
    drawn = np.stack([many[f"color_scatter_{band}"] for band in BANDS])
    rest = np.array([effective_wave(band) for band in load_bands(BANDS)]) / 1.2
    hat = np.array([np.interp(rest, scatter.wave, row) for row in np.eye(4)])
    np.testing.assert_allclose(np.cov(drawn), hat.T @ scatter.covariance @ hat, atol=0.08 * np.var(drawn))


def test_rv_and_stretch_of_each_object():
    population = dataclasses.replace(
        POPULATION, ebv_host=Constant(value=0.0), stretch=Uniform(low=0.7, high=1.4),
    )  # fmt: skip
    joint = joint_normal(
        ("ebv_host", "rv_host"), [0.2, 3.0], [[0.01, 0.01], [0.01, 0.25]], low=[0.0, 2.4], high=[0.6, 4.5]
    )
    found = simulate([template()], QUIET, dataclasses.replace(population, joint=joint), n=40, seed=4)
    truth = found.truth
    assert np.unique(truth.rv_host).size == 40
    series = template()
    for i in range(0, 40, 4):
        line = Sightline(
            z=truth.z[i], distance_modulus=truth.distance_modulus[i], ebv_mw=0.03, ebv_host=truth.ebv_host[i],
            rv_host=truth.rv_host[i],
        )  # fmt: skip
        flux = snt.band_flux(series, BANDS, line)
        np.testing.assert_allclose(truth.peak_mag[i], njy_to_mag(flux.max(axis=0)), atol=1.6e-3)
        rows = slice(found.offset[i], found.offset[i + 1])
        days = (1 + truth.z[i]) * truth.more["stretch"][i]
        phase = (found.mjd[rows] - truth.mjd_ref[i]) / days
        assert series.phase[0] - 1e-9 <= phase.min() <= phase.max() <= series.phase[-1] + 1e-9
        for b in range(len(BANDS)):
            here = found.band[rows] == b
            expected = np.interp(phase[here], series.phase, flux[:, b])
            bright = expected > 0.01 * flux[:, b].max()
            np.testing.assert_allclose(found.flux[rows][here][bright], expected[bright], rtol=2e-3)
        at = series.phase[flux.argmax(axis=0)]
        np.testing.assert_allclose(truth.peak_mjd[i], truth.mjd_ref[i] + days * at, atol=1e-6)


def test_everything_at_once_does_not_depend_on_the_chunk():
    population = dataclasses.replace(
        POPULATION, hosts=hosts(noise=True, psf=dict.fromkeys(BANDS, 0.8)), rv_host=Uniform(low=2.5, high=4.0),
        color_scatter=ColorScatter(wave=[3000.0, 8000.0], covariance=np.diag([0.01, 0.02])),
    )  # fmt: skip
    whole = simulate([template()], survey(), population, n=1500, seed=3, dates=(60140.0, 60150.0))
    parts = list(
        simulate_chunks([template()], survey(), population, n=1500, seed=3, chunk=400, dates=(60140.0, 60150.0))
    )
    joined = concatenate(parts)
    for name in ("flux", "flux_err", "mjd"):
        assert getattr(whole, name).tobytes() == getattr(joined, name).tobytes()
    for name, column in whole.truth.columns().items():
        assert column.tobytes() == joined.truth.columns()[name].tobytes()
    assert {"hosts", "color_scatter"} < set(whole.meta)
    plain = simulate([template()], survey(), POPULATION, n=10, seed=3)
    assert not {"hosts", "color_scatter", "joint", "stretch", "coverage"} & set(plain.meta)
    assert plain.meta["rv_host"] == 3.1


def test_missing_bands_tell_nothing_of_the_class():
    """Two classes, one of which ends in the blue: which bands an object has follows its redshift alone."""
    classes = {"blue": template(), "cut": template(3000.0, 9000.0, "cut")}
    population = dataclasses.replace(POPULATION, redshift=Uniform(low=0.05, high=0.6))
    same = common_coverage(list(classes.values()), load_bands(BANDS), population.z_range[1])
    options = {"n": 600, "dates": (60060.0, 60090.0)}
    have = {}
    for k, (name, series) in enumerate(classes.items()):
        for uncovered, coverage in (("drop", None), ("drop_for_all", same)):
            margin = (30.0, 30.0) if coverage else (0.0, 0.0)
            made = simulate(
                [series], survey(), population, seed=k, uncovered=uncovered, coverage=coverage, margin=margin, **options
            )
            seen = np.zeros((made.n_object, len(BANDS)), dtype=bool)
            seen[owner_of(made), made.band] = True
            have[name, uncovered] = made.truth.z, seen
            if coverage:
                np.testing.assert_array_equal(np.isnan(made.truth.peak_mag), ~seen)
    edges = np.arange(0.05, 0.61, 0.05)

    def shares(name, uncovered):
        z, seen = have[name, uncovered]
        return np.array([seen[(z >= a) & (z < b)].mean(axis=0) for a, b in pairwise(edges)])

    assert np.abs(shares("blue", "drop") - shares("cut", "drop")).max() > 0.9
    for name in classes:
        z, seen = have[name, "drop_for_all"]
        np.testing.assert_array_equal(seen, same.counts(z, BANDS))
    assert np.abs(shares("blue", "drop_for_all") - shares("cut", "drop_for_all")).max() < 0.35
    with pytest.raises(ValueError, match="coverage is for uncovered='drop_for_all'"):
        simulate([template()], survey(), population, uncovered="drop", coverage=same, n=1)
    with pytest.raises(ValueError, match="common coverage is known to z"):
        simulate([template()], survey(), population, uncovered="drop_for_all", n=1,
                 coverage=common_coverage([template()], load_bands(BANDS), 0.1))  # fmt: skip


def test_what_hosts_lack_is_said_before_anything_is_simulated():
    far = dataclasses.replace(POPULATION, redshift=Uniform(low=0.05, high=0.9), hosts=hosts())
    with pytest.raises(ValueError, match="hosts: no row within"):
        simulate_chunks([template()], QUIET, far, n=10)
    noisy = dataclasses.replace(POPULATION, hosts=hosts(noise=True, psf={"lsstg": 1.0}))
    with pytest.raises(ValueError, match=r"Hosts\.noise: psf has no lsstr"):
        simulate_chunks([template()], QUIET, noisy, n=10)
    assert noise.noise_area(1.0) == pytest.approx(2.266, abs=1e-3)


@pytest.mark.parametrize("positions", ["event", "host"])
def test_a_host_has_the_redshift_of_its_event_with_the_sun_in_it(positions):
    placed = hosts(steps=(HostStep(column="logmass", at=10.0, mag=0.1),))
    columns = {**placed.table.columns, "ra": np.linspace(0.0, 359.0, 3000), "dec": np.linspace(-60.0, 60.0, 3000)}
    there = dataclasses.replace(placed, table=HostTable(columns=columns), positions=positions)
    population = dataclasses.replace(POPULATION, hosts=there, solar_motion=True)
    truth = simulate([template()], QUIET, population, n=200, seed=4).truth
    np.testing.assert_array_equal(truth.more["host_z"], truth.z)
    assert 1e-4 < np.abs(truth.more["z_cmb"] - truth.z).max() < 2e-3
