"""The built-in surveys, against the numbers they are made from."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import AltAz, EarthLocation, SkyCoord
from astropy.time import Time
from astropy.utils import iers

from sntransport._numerics.units import mag_to_njy, njy_to_mag
from sntransport.photometry.bands import load_bands
from sntransport.simulation.surveys import footprint, noise
from sntransport.simulation.surveys.built_in import RECIPES, make_survey, tiling

SURVEYS = {name: make_survey(recipe) for name, recipe in RECIPES.items()}


@pytest.fixture(params=SURVEYS)
def survey(request):
    return SURVEYS[request.param]


def depths(survey):
    return noise.depth_of(survey.background, survey.photons_per_njy)


def test_is_complete(survey):
    assert survey.n_visit > 5000
    assert len(load_bands(survey.bands)) == survey.n_band
    np.testing.assert_array_equal(np.unique(survey.band), np.arange(survey.n_band))
    assert np.all(np.isfinite(survey.photons_per_njy))
    assert np.all(np.isfinite(survey.saturation))
    assert "not a pointing history" in survey.notes[0]
    assert "et al." in survey.source


def test_same_seed_same_visits(survey):
    recipe = RECIPES[survey.name]
    again, other = make_survey(recipe), make_survey(recipe, seed=2)
    for name in ("mjd", "band", "ra", "background", "saturation"):
        np.testing.assert_array_equal(getattr(survey, name), getattr(again, name))
    assert not np.any(np.isin(other.mjd, survey.mjd))


def test_ratio_at_the_depth_is_five(survey):
    flux = mag_to_njy(depths(survey))
    visit = np.arange(survey.n_visit)
    np.testing.assert_allclose(flux / noise.flux_error(survey, visit, flux), 5.0, rtol=0.01)


@pytest.mark.parametrize("name", RECIPES)
def test_visits_are_at_night_and_high(name):
    # Dates for which the rotation of the Earth is known to astropy.
    survey, camera = make_survey(RECIPES[name], years=1.0, mjd_first=60000), RECIPES[name].camera
    site = EarthLocation.from_geodetic(camera.longitude, camera.latitude)
    rows = np.random.default_rng(1).integers(0, survey.n_visit, 300)
    with iers.conf.set_temp("auto_download", value=False), iers.conf.set_temp("iers_degraded_accuracy", "ignore"):
        time = Time(survey.mjd[rows], format="mjd")
        frame = AltAz(obstime=time, location=site)
        altitude = SkyCoord(survey.ra[rows], survey.dec[rows], unit="deg").transform_to(frame).alt.deg
    airmass = 1 / np.sin(np.radians(np.maximum(altitude, 1.0)))
    assert np.mean(airmass < RECIPES[survey.name].airmass + 0.1) > 0.97
    hour = 24 * ((survey.mjd[rows] + camera.longitude / 360) % 1.0)
    assert np.mean((hour < 6.5) | (hour > 17.5)) > 0.99


def visits_a_year(survey, n=1500, years=2.0):
    ra, dec = footprint.draw_positions(survey, n, np.random.default_rng(2))
    offset, index = footprint.visits_of(survey, ra, dec, 0.0, 1e6)
    return np.diff(offset) / years, survey.band[index]


def test_wide_survey_of_lsst_has_its_published_visits():
    survey = SURVEYS["lsst_wfd"]
    number, band = visits_a_year(survey)
    assert number.mean() == pytest.approx(82.4, rel=0.12)
    assert footprint.footprint_area(survey) == pytest.approx(18_000, rel=0.10)
    published = np.array([56, 80, 184, 184, 160, 160]) / 824
    np.testing.assert_allclose(np.bincount(survey.band) / survey.n_visit, published, atol=0.002)
    np.testing.assert_allclose(np.bincount(band) / band.size, published, atol=0.01)


def test_pairs_of_lsst_are_half_an_hour_apart():
    survey = SURVEYS["lsst_wfd"]
    rows = np.flatnonzero(survey.field == survey.field[0])
    gaps = np.diff(survey.mjd[rows])
    pairs = gaps[gaps < 0.1] * 24 * 60
    np.testing.assert_allclose(pairs, 33.12, atol=0.1)
    assert pairs.size == rows.size / 2
    nights = gaps[(gaps > 0.5) & (gaps < 100)]
    assert 2 < np.median(nights) < 10


def test_deep_fields_are_deeper_by_their_stacks():
    deep, wide = SURVEYS["lsst_ddf"], SURVEYS["lsst_wfd"]
    gain = [np.median(depths(deep)[deep.band == i]) - np.median(depths(wide)[wide.band == i]) for i in range(6)]
    np.testing.assert_allclose(gain, 1.25 * np.log10([8, 10, 20, 20, 26, 20]), atol=0.01)
    # A star saturates in one exposure, whatever the stack.
    full = [[np.median(survey.saturation[survey.band == i]) for i in range(6)] for survey in (deep, wide)]
    np.testing.assert_allclose(full[0], full[1], rtol=0.05)
    assert np.unique(deep.field).size == 6


@pytest.mark.parametrize(
    ("name", "published"), [("ztf", [20.8, 20.6]), ("lsst_wfd", [23.5, 24.4, 23.9, 23.3, 22.7, 21.9])]
)
def test_median_depths(name, published):
    survey = SURVEYS[name]
    medians = [np.median(depths(survey)[survey.band == i]) for i in range(survey.n_band)]
    np.testing.assert_allclose(medians, published, atol=0.01)


def test_cadence_of_ztf_and_atlas():
    for name, per_night, cadence in (("ztf", 2, 3), ("atlas", 4, 2)):
        survey = SURVEYS[name]
        rows = np.flatnonzero(survey.field == survey.field[survey.n_visit // 2])
        nights = np.unique(np.floor(survey.mjd[rows] + 0.1))
        gaps = np.diff(nights)
        assert np.median(gaps[gaps < 60]) == pytest.approx(cadence, abs=1)
        assert rows.size / nights.size == pytest.approx(per_night, rel=0.02)
    # Published saturation: 12.5 to 13.2 mag for ZTF, about 12.5 mag for ATLAS.
    for name in ("ztf", "atlas"):
        assert 11.5 < np.median(njy_to_mag(SURVEYS[name].saturation)) < 13.2


def test_cyan_is_for_dark_nights():
    """By the moon as astropy has it."""
    survey = make_survey(RECIPES["atlas"], years=1.0, mjd_first=60000)
    rows = np.random.default_rng(4).integers(0, survey.n_visit, 2000)
    with iers.conf.set_temp("auto_download", value=False), iers.conf.set_temp("iers_degraded_accuracy", "ignore"):
        from astropy.coordinates import get_body

        times = Time(survey.mjd[rows], format="mjd")
        moon, sun = get_body("moon", times), get_body("sun", times)
        lit = 0.5 * (1 - np.cos(moon.separation(sun).rad))
    assert np.median(lit[survey.band[rows] == 0]) < 0.3 < np.median(lit[survey.band[rows] == 1])


@pytest.mark.parametrize("least", [10.0, 25.0])
def test_fields_keep_away_from_the_galactic_plane_of_astropy(least):
    def latitude(ra, dec):
        return np.abs(SkyCoord(ra, dec, unit=u.deg).galactic.b.deg)

    every, kept = tiling(3.0, -60.0, 60.0, 0.0), tiling(3.0, -60.0, 60.0, least)
    assert latitude(*kept).min() >= least - 1e-3
    # And none is left out that is far enough.
    assert kept[0].size == np.sum(latitude(*every) >= least)


def test_length_and_dates():
    short = make_survey(RECIPES["ztf"], years=0.5, mjd_first=60500)
    assert short.mjd.min() > 60499.9
    assert 60500 + 150 < short.mjd.max() < 60500 + 184
    assert short.n_visit == pytest.approx(SURVEYS["ztf"].n_visit / 4, rel=0.25)


@pytest.mark.parametrize("options", [{"years": 0}, {"years": 1000}, {"mjd_first": np.nan}])
def test_refuses(options):
    with pytest.raises(ValueError, match="expected 0 to 50 and a date"):
        make_survey(RECIPES["ztf"], **options)


def test_two_surveys_see_the_same_place():
    ra, dec = [150.1], [2.2]
    for name in ("ztf", "atlas", "lsst_wfd", "lsst_ddf"):
        offset, _ = footprint.visits_of(SURVEYS[name], ra, dec, 61000.0, 61365.0)
        assert offset[1] > 20
