"""Places and visits, against analytic areas and a search of everything."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sntransport.simulation.surveys import footprint
from sntransport.simulation.surveys.survey import Survey


def survey_at(ra, dec, radius, mjd=None):
    n = len(ra)
    mjd = np.arange(n) + 60000.0 if mjd is None else mjd
    ones = np.ones(n)
    return Survey(
        name="made up",
        bands=("lsstr",),
        mjd=mjd,
        band=np.zeros(n, dtype=int),
        ra=ra,
        dec=dec,
        background=ones,
        photons_per_njy=ones,
        radius=radius,
    )


def separation(ra_1, dec_1, ra_2, dec_2):
    """Vincenty's formula [deg], good at all distances."""
    ra_1, dec_1, ra_2, dec_2 = map(np.radians, (ra_1, dec_1, ra_2, dec_2))
    along = np.cos(dec_1) * np.sin(dec_2) - np.sin(dec_1) * np.cos(dec_2) * np.cos(ra_1 - ra_2)
    across = np.cos(dec_2) * np.sin(ra_1 - ra_2)
    ahead = np.sin(dec_1) * np.sin(dec_2) + np.cos(dec_1) * np.cos(dec_2) * np.cos(ra_1 - ra_2)
    return np.degrees(np.arctan2(np.hypot(along, across), ahead))


def cap_area(radius):
    return 2 * np.pi * (1 - np.cos(np.radians(radius))) * np.degrees(1) ** 2


# One at each pole, one across ra = 0, one small, one larger than the first cells.
CAPS = [(200.0, 90.0, 2.0), (10.0, -90.0, 1.0), (359.9, 20.0, 1.75), (120.0, -30.0, 0.05), (45.0, 60.0, 25.0)]


@pytest.mark.parametrize(("ra", "dec", "radius"), CAPS)
def test_places_in_one_cap_are_uniform(ra, dec, radius):
    survey = survey_at([ra], [dec], radius)
    got_ra, got_dec = footprint.draw_positions(survey, 20_000, np.random.default_rng(1))
    distance = separation(got_ra, got_dec, ra, dec)
    assert distance.max() <= radius * (1 + 1e-9)
    area = (1 - np.cos(np.radians(distance))) / (1 - np.cos(np.radians(radius)))
    assert stats.kstest(area, "uniform").pvalue > 1e-3
    # The angle around the center, in the frame in which the center is the pole.
    center, east = footprint.unit_vectors(ra, dec), np.array([-np.sin(np.radians(ra)), np.cos(np.radians(ra)), 0])
    direction = footprint.unit_vectors(got_ra, got_dec)
    angle = np.arctan2(direction @ np.cross(center, east), direction @ east)
    assert stats.kstest(angle / (2 * np.pi) + 0.5, "uniform").pvalue > 1e-3
    assert footprint.footprint_area(survey) == pytest.approx(cap_area(radius), rel=2e-3)


def test_overlap_of_two_caps_is_not_drawn_twice():
    radius, apart = 5.0, 6.0
    survey = survey_at([0.0, apart, apart], [0.0, 0.0, 0.0], radius)
    ra, dec = footprint.draw_positions(survey, 200_000, np.random.default_rng(2))
    first, second = separation(ra, dec, 0.0, 0.0) <= radius, separation(ra, dec, apart, 0.0) <= radius
    assert np.all(first | second)
    # Area of the lens of two equal caps on the sphere, integrated over the distance from the first center.
    grid = np.radians(np.linspace(apart - radius, radius, 20_001))
    cosine = (np.cos(np.radians(radius)) - np.cos(grid) * np.cos(np.radians(apart))) / (
        np.sin(grid) * np.sin(np.radians(apart))
    )
    lens = np.trapezoid(2 * np.arccos(np.clip(cosine, -1, 1)) * np.sin(grid), grid) * np.degrees(1) ** 2
    union = 2 * cap_area(radius) - lens
    expected, n = lens / union, ra.size
    assert np.mean(first & second) == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / n))
    assert footprint.footprint_area(survey) == pytest.approx(union, rel=2e-3)
    # Within the first cap, the overlap included, places are uniform too.
    area = (1 - np.cos(np.radians(separation(ra[first], dec[first], 0, 0)))) / (1 - np.cos(np.radians(radius)))
    assert stats.kstest(area, "uniform").pvalue > 1e-3


def lens_area(radius_1, radius_2, apart):
    """Area [deg2] that two caps have in common, integrated over the distance from the center of the first."""
    grid = np.radians(np.linspace(1e-6, radius_1, 200_001))
    cosine = (np.cos(np.radians(radius_2)) - np.cos(grid) * np.cos(np.radians(apart))) / (
        np.sin(grid) * np.sin(np.radians(apart))
    )
    return np.trapezoid(2 * np.arccos(np.clip(cosine, -1, 1)) * np.sin(grid), grid) * np.degrees(1) ** 2


@pytest.mark.parametrize(
    ("radius_1", "radius_2", "apart"), [(5.0, 5.0, 6.0), (8.0, 1.0, 8.5), (1.0, 20.0, 3.0), (3.0, 2.0, 4.9)]
)
def test_what_two_surveys_have_in_common_and_together(radius_1, radius_2, apart):
    one, other = survey_at([358.0], [10.0], radius_1), survey_at([358.0], [10.0 + apart], radius_2)
    shared = lens_area(radius_1, radius_2, apart)
    union = cap_area(radius_1) + cap_area(radius_2) - shared
    assert footprint.footprint_area([one, other], "all") == pytest.approx(shared, rel=2e-3)
    assert footprint.footprint_area([one, other], "any") == pytest.approx(union, rel=2e-3)
    assert footprint.footprint_area([one, other]) == footprint.footprint_area(one)
    for places, combine, share in (("all", np.logical_and, 1.0), ("any", np.logical_or, shared / union)):
        ra, dec = footprint.draw_positions([one, other], 20_000, np.random.default_rng(1), places)
        inside = [separation(ra, dec, s.ra[0], s.dec[0]) <= s.radius * (1 + 1e-9) for s in (one, other)]
        assert np.all(combine(*inside))
        assert np.mean(inside[0] & inside[1]) == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 20_000))
    # The slow way: places of the first that the second sees too have the same distances from its center.
    ra, dec = footprint.draw_positions(one, 100_000, np.random.default_rng(2))
    kept = separation(ra, dec, other.ra[0], other.dec[0]) <= radius_2
    slow = separation(ra[kept], dec[kept], other.ra[0], other.dec[0])
    ra, dec = footprint.draw_positions([one, other], 5_000, np.random.default_rng(3), "all")
    assert stats.ks_2samp(separation(ra, dec, other.ra[0], other.dec[0]), slow).pvalue > 1e-3


def test_three_surveys_are_all_counted_and_their_cells_kept_apart():
    three = [survey_at([ra], [0.0], 5.0) for ra in (0.0, 4.0, 8.0)]
    all_three, first_two = footprint.footprint_area(three, "all"), footprint.footprint_area(three[:2], "all")
    assert all_three == pytest.approx(footprint.footprint_area([three[0], three[2]], "all"), rel=2e-3)
    assert all_three < first_two
    assert footprint.footprint_area(three, "all") == all_three
    assert footprint.footprint_area(three, "any") > cap_area(5.0)


@pytest.mark.parametrize("apart", [10.0, 4.01])
def test_surveys_without_a_common_place_are_an_error(apart):
    both = [survey_at([0.0], [0.0], 2.0), survey_at([apart], [0.0], 2.0)]
    with pytest.raises(ValueError, match="made up, made up have no place on the sky in common"):
        footprint.footprint_area(both, "all")
    assert footprint.footprint_area(both, "any") == pytest.approx(2 * cap_area(2.0), rel=2e-3)
    with pytest.raises(ValueError, match="places is 'both', expected first, all, any"):
        footprint.footprint_area(both, "both")


def test_the_same_numbers_give_the_same_places_in_every_version():
    ra, dec = footprint.draw_positions(survey_at([10.0, 13.0], [5.0, 5.0], 1.75), 3, np.random.default_rng(7))
    np.testing.assert_allclose(ra, [12.360868313031773, 11.445340267348358, 12.460847051604837], rtol=1e-14)
    np.testing.assert_allclose(dec, [6.625678321303619, 4.628277155549514, 5.196882462480331], rtol=1e-14)


def test_declinations_of_the_whole_sky_are_uniform_in_their_sine():
    ra, dec = np.meshgrid(np.arange(0, 360, 20.0), np.arange(-80, 81, 20.0))
    survey = survey_at(ra.ravel(), dec.ravel(), 40.0)
    assert footprint.footprint_area(survey) == pytest.approx(4 * np.pi * np.degrees(1) ** 2, rel=1e-6)
    got_ra, got_dec = footprint.draw_positions(survey, 50_000, np.random.default_rng(3))
    assert stats.kstest(0.5 * (1 + np.sin(np.radians(got_dec))), "uniform").pvalue > 1e-3
    assert stats.kstest(got_ra / 360, "uniform").pvalue > 1e-3


def test_same_numbers_give_the_same_places():
    survey = survey_at([10.0, 12.0], [5.0, 5.0], 1.75)
    draws = [footprint.draw_positions(survey, 50, np.random.default_rng(seed)) for seed in (7, 7, 8)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.any(draws[0][0] == draws[2][0])
    assert footprint.draw_positions(survey, 0, np.random.default_rng(7))[0].shape == (0,)


def test_survey_without_visits_has_no_footprint():
    survey = survey_at([], [], 1.0)
    for call in (
        lambda: footprint.draw_positions(survey, 3, np.random.default_rng(1)),
        lambda: footprint.footprint_area(survey),
    ):
        with pytest.raises(ValueError, match="survey 'made up' has no visits"):
            call()
    offset, index = footprint.visits_of(survey, [1.0, 2.0], [0.0, 0.0], 0, 1e6)
    np.testing.assert_array_equal(offset, [0, 0, 0])
    assert index.size == 0


def brute_force(survey, ra, dec, first, last):
    near = separation(ra[:, None], dec[:, None], survey.ra, survey.dec) <= survey.radius
    near &= (survey.mjd >= first[:, None]) & (survey.mjd <= last[:, None])
    return np.concatenate([[0], np.cumsum(near.sum(axis=1))]), np.nonzero(near)[1]


def test_visits_against_a_search_of_everything():
    rng = np.random.default_rng(4)
    n, m = 3000, 400
    poles = np.where(rng.random(n) < 0.2, np.sign(rng.normal(size=n)) * rng.uniform(87, 90, n), rng.uniform(-90, 90, n))
    survey = survey_at(rng.uniform(-4, 4, n) % 360, poles, 3.0, rng.uniform(60000, 60100, n))
    ra, dec = rng.uniform(-6, 6, m) % 360, np.clip(rng.normal(0, 60, m), -90, 90)
    ra[:5], dec[:5] = 0.0, [90, -90, 0, 89.999, -89.999]
    first = rng.uniform(59990, 60090, m)
    last = first + rng.uniform(0, 60, m)
    offset, index = footprint.visits_of(survey, ra, dec, first, last)
    expected = brute_force(survey, ra, dec, first, last)
    assert index.size > 5000
    np.testing.assert_array_equal(offset, expected[0])
    np.testing.assert_array_equal(index, expected[1])


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.floats(0.02, 60), st.integers(1, 60))
def test_visits_of_any_survey(seed, radius, n):
    rng = np.random.default_rng(seed)
    dec = np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    survey = survey_at(rng.uniform(0, 360, n), dec, radius, np.round(rng.uniform(0, 10, n)))
    ra, dec = footprint.draw_positions(survey, 30, rng)
    offset, index = footprint.visits_of(survey, ra, dec, np.full(30, 2.0), np.full(30, 8.0))
    expected = brute_force(survey, ra, dec, np.full(30, 2.0), np.full(30, 8.0))
    np.testing.assert_array_equal(offset, expected[0])
    np.testing.assert_array_equal(index, expected[1])


def test_both_ends_of_the_dates_and_the_edge_of_the_field_are_included():
    survey = survey_at([10.0] * 3, [0.0] * 3, 2.0)
    offset, index = footprint.visits_of(survey, [10.0, 12.0, 12.0000001], [0.0] * 3, 60000.0, 60001.0)
    np.testing.assert_array_equal(offset, [0, 2, 4, 4])
    np.testing.assert_array_equal(index, [0, 1, 0, 1])


def test_a_place_with_more_visits_than_expected():
    survey = survey_at([10.0] * 5000, [0.0] * 5000, 2.0)
    offset, index = footprint.visits_of(survey, [10.0, 80.0, 10.5], [0.0, 0.0, 0.5], 60001.0, 1e6)
    np.testing.assert_array_equal(offset, [0, 4999, 4999, 9998])
    np.testing.assert_array_equal(index, [*range(1, 5000)] * 2)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (([1.0], [0.0, 1.0], 0, 1), r"dec has shape \(2,\), expected \(n,\)"),
        (([np.nan], [0.0], 0, 1), "ra has 1 values that are not finite"),
        (([1.0], [0.0], 0, np.nan), "mjd_last has 1 values"),
    ],
)
def test_visits_refuse(arguments, match):
    with pytest.raises(ValueError, match=match):
        footprint.visits_of(survey_at([1.0], [0.0], 1.0), *arguments)


def test_index_goes_with_its_survey():
    survey = survey_at([1.0], [0.0], 1.0)
    first = footprint.visits_of(survey, [1.0], [0.0], 0, 1e6)
    footprint.draw_positions(survey, 1, np.random.default_rng(1))
    footprint.forget(survey)
    for again, before in zip(footprint.visits_of(survey, [1.0], [0.0], 0, 1e6), first, strict=True):
        np.testing.assert_array_equal(again, before)
    alive = weakref.ref(survey)
    del survey
    gc.collect()
    # What is kept for a survey does not keep the survey.
    assert alive() is None
