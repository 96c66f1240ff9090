"""The value object of a survey."""

import dataclasses

import numpy as np
import pytest

from sntransport.simulation.surveys.survey import Survey, select_visits


def a_survey(**fields):
    values = {
        "name": "made up", "bands": ("lsstg", "lsstr"), "mjd": [60002.0, 60000.0, 60001.0], "band": [0, 1, 0],
        "ra": [-1.0, 0.0, 361.0], "dec": [-90.0, 0.0, 90.0], "background": [3.0, 1.0, 2.0],
        "photons_per_njy": [1.0, np.inf, 2.0], "radius": 1.75, **fields,
    }  # fmt: skip
    return Survey(**values)


def test_visits_are_sorted_by_date_together():
    survey = a_survey(field=[30, 10, 20], saturation=[3e5, 1e5, 2e5])
    np.testing.assert_array_equal(survey.mjd, [60000, 60001, 60002])
    np.testing.assert_array_equal(survey.band, [1, 0, 0])
    np.testing.assert_array_equal(survey.ra, [0, 1, 359])
    np.testing.assert_array_equal(survey.dec, [0, 90, -90])
    np.testing.assert_array_equal(survey.background, [1, 2, 3])
    np.testing.assert_array_equal(survey.photons_per_njy, [np.inf, 2, 1])
    np.testing.assert_array_equal(survey.field, [10, 20, 30])
    np.testing.assert_array_equal(survey.saturation, [1e5, 2e5, 3e5])
    assert (survey.n_visit, survey.n_band, survey.band.dtype, survey.field.dtype) == (3, 2, np.int16, np.int64)


def test_what_is_not_given_is_without_effect():
    survey = a_survey()
    np.testing.assert_array_equal(survey.zero_point_error, [0, 0])
    np.testing.assert_array_equal(survey.calibration_floor, [0, 0])
    np.testing.assert_array_equal(survey.saturation, [np.inf] * 3)
    np.testing.assert_array_equal(survey.field, [-1] * 3)


@pytest.mark.parametrize("name", ["mjd", "band", "ra", "background", "saturation", "field", "zero_point_error"])
def test_arrays_are_read_only(name):
    with pytest.raises(ValueError, match="read-only"):
        getattr(a_survey(), name)[0] = 1


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"ra": [0, 1]}, r"survey 'made up': ra has shape \(2,\), expected \(n_visit,\) = \(3,\)"),
        ({"mjd": [1, np.nan, 2]}, r"mjd\[1\] is nan, expected a date"),
        ({"dec": [0, 91, 0]}, r"dec\[1\] is 91, expected -90 to 90"),
        ({"ra": [0, np.inf, 0]}, r"ra\[1\] is inf"),
        ({"background": [1, 1, 0]}, r"background\[2\] is 0, expected a finite number above 0"),
        ({"background": [1, 1, np.nan]}, r"background\[2\] is nan"),
        ({"background": [np.inf, 1, 1]}, r"background\[0\] is inf"),
        ({"photons_per_njy": [1, -1, 1]}, r"photons_per_njy\[1\] is -1"),
        ({"saturation": [1, np.nan, 1]}, r"saturation\[1\] is nan"),
        ({"band": [0, 2, 1]}, r"band\[1\] is 2, expected 0 to 1"),
        ({"band": [0, -1, 1]}, r"band\[1\] is -1"),
        ({"band": [0.0, 1.0, 0.0]}, "band has the type float64, expected integers"),
        ({"band": [0, 70000, 0]}, "band has values beyond 32767"),
        ({"bands": "lsstg"}, "bands is 'lsstg', expected a sequence"),
        ({"bands": ()}, "expected one name or more"),
        ({"bands": ("lsstg", "lsstg")}, "each once"),
        ({"radius": 0.0}, "radius is 0.0 deg"),
        ({"radius": np.nan}, "radius is nan deg"),
        ({"zero_point_error": [0.01, -0.01]}, "zero_point_error of lsstr is -0.01"),
        ({"calibration_floor": [0.01]}, r"calibration_floor has shape \(1,\), expected \(n_band,\)"),
        ({"calibration_floor": [0.01, np.nan]}, "calibration_floor has 1 values that are not finite"),
    ],
)
def test_refuses(fields, match):
    with pytest.raises(ValueError, match=match):
        a_survey(**fields)


def test_selection_keeps_the_bands_and_may_be_empty():
    survey = a_survey()
    late = select_visits(survey, survey.mjd > 60000.5)
    np.testing.assert_array_equal(late.mjd, [60001, 60002])
    assert late.bands == survey.bands
    assert select_visits(survey, []).n_visit == 0
    assert select_visits(survey, np.zeros(3, dtype=bool)).n_visit == 0


def test_right_ascension_stays_below_a_full_turn():
    assert a_survey(ra=[-1e-20, 720.0, 359.5]).ra.max() == 359.5
    assert dataclasses.replace(a_survey(), ra=[-90.0, 0.0, 0.0]).ra[0] == 270.0


def test_a_survey_keeps_units_and_refuses_julian_dates():
    from astropy import units as u
    from astropy.time import Time

    there = a_survey(mjd=Time([60002.0, 60000.0, 60001.0], format="mjd"), ra=[1.0, 0.0, 2.0] * u.hourangle)
    np.testing.assert_allclose(there.mjd, [60000.0, 60001.0, 60002.0])
    np.testing.assert_allclose(there.ra, [0.0, 30.0, 15.0])
    with pytest.raises(ValueError, match=r"mjd is 2460000\.5, a Julian date"):
        a_survey(mjd=[60000.0, 60001.0, 2460000.5])
    there = a_survey(mjd=[60000.0, 60001.0, 60002.0], background=[1, 2, 3] * u.uJy)
    np.testing.assert_allclose(there.background, [1e3, 2e3, 3e3])
    with pytest.raises(ValueError, match="background has the unit s, expected nJy"):
        a_survey(background=[1, 2, 3] * u.s)
    with pytest.raises(ValueError, match="band has"):
        a_survey(band=np.ma.array([0, 1, 0], mask=[0, 1, 0]))
