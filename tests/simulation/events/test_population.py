"""Populations: what is drawn follows its analytic form."""

import dataclasses
import pickle

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from sntransport.simulation.events import rates
from sntransport.simulation.events.distributions import (
    Constant,
    Exponential,
    LogUniform,
    Normal,
    Tabulated,
    TwoSidedNormal,
    Uniform,
    as_distribution,
)
from sntransport.simulation.events.population import Population, nearest_position

N = 50_000


def drawn(distribution, seed=1):
    return distribution.draw(np.random.default_rng(seed), N)


@pytest.mark.parametrize(
    ("distribution", "cdf"),
    [
        (Uniform(low=0.1, high=0.5), stats.uniform(0.1, 0.4).cdf),
        (LogUniform(low=0.01, high=1.0), stats.loguniform(0.01, 1.0).cdf),
        (Normal(mean=1.0, sigma=0.3), stats.norm(1.0, 0.3).cdf),
        (Exponential(scale=0.1, high=0.4), lambda x: (1 - np.exp(-x / 0.1)) / (1 - np.exp(-4.0))),
        (Tabulated(value=[0.0, 1.0, 3.0], density=[0.0, 1.0, 0.0]), stats.triang(1 / 3, 0, 3).cdf),
    ],
)
def test_draws_follow_the_analytic_form(distribution, cdf):
    values = drawn(distribution)
    assert stats.kstest(values, cdf).pvalue > 1e-3
    low, high = distribution.support
    assert low <= values.min() <= values.max() <= high


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.1), (0.3, 0.05), (0.02, 0.5), (0.0, 0.2), (0.2, 0.0)])
def test_two_sided_normal_integrates_on_both_sides(low, high):
    values = drawn(TwoSidedNormal(mode=-0.5, sigma_low=low, sigma_high=high))
    height = np.sqrt(2 / np.pi) / (low + high)

    def density(x):
        width = low if x < -0.5 else high
        return height * np.exp(-0.5 * ((x + 0.5) / width) ** 2) if width > 0 else 0.0

    assert quad(density, -8, -0.5, points=[-1.0])[0] + quad(density, -0.5, 8, points=[0.0])[0] == pytest.approx(1.0)
    grid = np.linspace(-4.0, 4.0, 8001)
    mass = np.concatenate([[0.0], np.cumsum([density(x) for x in 0.5 * (grid[1:] + grid[:-1])]) * 1e-3])
    assert stats.kstest(values, lambda x: np.interp(x, grid, mass)).pvalue > 1e-3
    assert np.mean(values < -0.5) == pytest.approx(low / (low + high), abs=0.01)
    np.testing.assert_allclose(
        TwoSidedNormal(mode=-0.5, sigma_low=low, sigma_high=high).cdf(grid), np.interp(grid, grid, mass), atol=1e-5
    )


@pytest.mark.parametrize("rate", rates.RATES.values(), ids=rates.RATES)
def test_redshifts_of_a_rate_follow_it(rate):
    from astropy.cosmology import FlatLambdaCDM

    cosmology = FlatLambdaCDM(H0=70.0, Om0=0.3)
    z = np.linspace(0.05, 1.2, 4001)
    density = rate(z) / (1 + z) * cosmology.differential_comoving_volume(z).value
    mass = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(z))])
    values = drawn(rates.rate_redshifts(rate, 0.05, 1.2))
    assert stats.kstest(values, lambda x: np.interp(x, z, mass / mass[-1])).pvalue > 1e-3


def test_number_of_events_of_a_constant_rate_is_volume_times_time():
    """At low redshift: 4/3 pi (c z / H0)**3, less the time dilation."""
    number = rates.expected_number(lambda z: np.full(z.shape, 1e-4), 1e-4, 0.01, area=41252.96, years=2.0)
    volume = 4 / 3 * np.pi * (299792.458 * 0.01 / 70.0) ** 3
    assert number == pytest.approx(2.0 * 1e-4 * volume, rel=0.02)
    half = rates.expected_number(lambda z: np.full(z.shape, 1e-4), 1e-4, 0.01, area=41252.96 / 2, years=2.0)
    assert half == pytest.approx(number / 2)


def test_published_rates_today():
    """Local rates in 1e-4 per year and Mpc3: about 0.25 for SN Ia, about 0.7 for core collapse (Li et al. 2011)."""
    for name in ("dilday2008", "hounsell2018", "frohmaier2019"):
        assert 0.2e-4 < rates.RATES[name](np.array([0.0]))[0] < 0.3e-4
    for name in ("strolger2015", "madau2014"):
        assert 0.4e-4 < rates.RATES[name](np.array([0.0]))[0] < 1.2e-4
    # Star formation was at its height between z = 0.9 (Strolger) and 1.9 (Madau & Dickinson).
    z = np.linspace(0, 5, 501)
    for name in ("strolger2015", "madau2014"):
        assert 0.9 < z[np.argmax(rates.RATES[name](z))] < 1.9


def test_objects_of_a_population():
    population = Population(
        redshift=Uniform(low=0.01, high=0.1),
        mag_offset=Normal(mean=0.1, sigma=0.2),
        ebv_host=Exponential(scale=0.1),
        peculiar_velocity=300.0,
    )
    found = population.draw(np.random.default_rng(1), N, 3)
    low, high = population.z_range
    assert low <= found.z.min() <= found.z.max() <= high
    velocity = 299792.458 * ((1 + found.z) / (1 + found.z_cosmology) - 1)
    assert stats.kstest(velocity, stats.norm(0, 300).cdf).pvalue > 1e-3
    from astropy.cosmology import FlatLambdaCDM

    exact = FlatLambdaCDM(H0=70.0, Om0=0.3).distmod(found.z_cosmology[:200]).value
    doppler = 10 * np.log10((1 + found.z) / (1 + found.z_cosmology))[:200]
    np.testing.assert_allclose(found.distance_modulus[:200], exact + doppler, atol=1e-6)
    assert stats.kstest(found.mag_offset, stats.norm(0.1, 0.2).cdf).pvalue > 1e-3
    np.testing.assert_allclose(np.bincount(found.template) / N, 1 / 3, atol=0.01)


def test_the_motion_of_the_sun_is_in_redshifts_and_distances():
    """Against astropy's frames and SNANA's D_L = (1 + z_helio) r(z_cosmology) (1 + v / c)."""
    from astropy import units as u
    from astropy.coordinates import Galactic, SkyCoord
    from astropy.cosmology import FlatLambdaCDM

    still = Population(redshift=Uniform(low=0.01, high=0.2), peculiar_velocity=300.0)
    moving = dataclasses.replace(still, solar_motion=True)
    ra, dec = (
        np.random.default_rng(2).uniform(0, 360, N),
        np.degrees(np.arcsin(np.random.default_rng(3).uniform(-1, 1, N))),
    )
    drawn = moving.draw(np.random.default_rng(1), N, 1)
    found = moving.seen_from_sun(drawn, ra, dec)
    low, high = moving.z_range
    assert low <= found.z.min() <= found.z.max() <= high
    apex = SkyCoord(264.021 * u.deg, 48.253 * u.deg, frame=Galactic)
    toward = 369.82 * np.cos(SkyCoord(ra * u.deg, dec * u.deg).separation(apex).rad)
    # The position in equatorial coordinates is given to 0.001 deg.
    np.testing.assert_allclose((1 + found.z) / (1 + drawn.z), 1 - toward / 299792.458, atol=1e-7)
    np.testing.assert_allclose(1 + drawn.z, (1 + drawn.z_cosmology) * (1 + drawn.velocity / 299792.458), rtol=1e-12)
    comoving = FlatLambdaCDM(H0=70.0, Om0=0.3).comoving_distance(found.z_cosmology[:200]).to_value(u.pc) / 10.0
    luminosity = (1 + found.z[:200]) * comoving * (1 + found.velocity[:200] / 299792.458)
    np.testing.assert_allclose(found.distance_modulus[:200], 5 * np.log10(luminosity), atol=1e-6)
    assert still.seen_from_sun(drawn, ra, dec) is drawn


def test_milky_way_dust_by_value_table_and_function():
    ra, dec = np.array([10.0, 200.0]), np.array([-5.0, 40.0])
    base = Population(redshift=0.1)
    assert dataclasses.replace(base, ebv_mw=0.2).milky_way(ra, dec).tolist() == [0.2, 0.2]
    table = nearest_position([11.0, 199.0, 90.0], [-5.0, 41.0, 80.0], [0.1, 0.3, 0.9])
    assert dataclasses.replace(base, ebv_mw=table, ebv_mw_max=1.0).milky_way(ra, dec).tolist() == [0.1, 0.3]
    steep = dataclasses.replace(base, ebv_mw=lambda ra, dec: ra / 100, ebv_mw_max=1.0)
    with pytest.raises(ValueError, match=r"ebv_mw is 2 at ra 200\.0000, dec 40\.0000, expected 0 to 1"):
        steep.milky_way(ra, dec)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uniform(low=1.0, high=0.5), "low < high"),
        (lambda: LogUniform(low=0.0, high=0.5), "0 < low < high"),
        (lambda: Constant(value=np.nan), "finite"),
        (lambda: TwoSidedNormal(mode=0.0, sigma_low=0.0, sigma_high=0.0), "not both 0"),
        (lambda: TwoSidedNormal(mode=0.0, sigma_low=-0.1, sigma_high=0.2), "0 or more"),
        (lambda: Exponential(scale=0.0), "above 0"),
        (lambda: Tabulated(value=[0.0, 1.0], density=[0.0, 0.0]), "not all 0"),
        (lambda: Tabulated(value=[0.0, 0.0], density=[0.0, 1.0]), "not strictly increasing"),
        (lambda: rates.rate_redshifts(rates.dilday2008, 0.5, 0.1), "z_min < z_max"),
        (lambda: rates.rate_redshifts(lambda z: -z, 0.1, 0.5), "none negative"),
        (lambda: rates.expected_number(rates.dilday2008, 0.1, 0.5, area=1e6, years=1), "area is"),
        (lambda: rates.Cosmology(h0=0.0), "h0 from 1 to 1000"),
        (lambda: Population(redshift=Uniform(low=-0.1, high=0.5)), r"Population\.redshift reaches from -0\.1"),
        (
            lambda: Population(redshift=0.1, ebv_host=Normal(mean=0.1, sigma=0.1)),
            r"Population\.ebv_host reaches from -inf",
        ),
        (lambda: Population(redshift=0.1, ebv_mw=-0.1), r"Population\.ebv_mw is -0\.1"),
        (lambda: Population(redshift=0.1, ebv_mw=31.0), r"Population\.ebv_mw is 31, .*mmag"),
        (lambda: Population(redshift=2998.0), r"Population\.redshift: .* is 2998, no redshift: .*then z = 0\.0100"),
        (lambda: Population(redshift=Uniform(low=0.1, high=3e3)), r"upper bound is 3000, no redshift"),
        (lambda: Population(redshift=0.1, ebv_host=Uniform(low=0.1, high=31.0)), r"ebv_host: its upper bound is 31"),
        (lambda: Population(redshift=0.1, rv_host=20.0), r"Population\.rv_host is 20"),
        (lambda: Population(redshift=0.1, law_mw="F98"), "'F98' is not known"),
        (lambda: Population(redshift=0.1, template_weight=[0.0]), "not all 0"),
        (lambda: Population(redshift=0.1, peculiar_velocity=-1.0), "peculiar_velocity"),
        (lambda: nearest_position([1.0], [2.0, 3.0], [0.1]), "same length"),
    ],
)
def test_impossible_values_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_what_is_not_a_distribution():
    with pytest.raises(TypeError, match=r"Population\.redshift is 'far', expected a number or something with draw"):
        Population(redshift="far")
    assert as_distribution(1, "x") == Constant(value=1.0)


def test_a_table_of_dust_goes_to_other_processes():
    dust = nearest_position([10.0, 20.0], [0.0, 5.0], [0.1, 0.4])
    again = pickle.loads(pickle.dumps(dust))
    np.testing.assert_array_equal(again(np.array([11.0, 19.0]), np.array([0.5, 5.0])), [0.1, 0.4])
