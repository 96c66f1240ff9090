"""What an error model is told of the visits."""

import dataclasses

import numpy as np
import pytest

from sntransport.simulation.noise.error_model import SeenVisits
from sntransport.simulation.surveys.survey import Survey


def survey_of(name, n, **more):
    return Survey(
        name=name, bands=(f"lsst{name}",), mjd=60000.0 + np.arange(n), band=np.zeros(n, int), ra=np.zeros(n),
        dec=np.zeros(n), background=np.ones(n), photons_per_njy=None, radius=1.0, more=more,
    )  # fmt: skip


def seen_of(surveys, survey, visit):
    n = len(survey)
    return SeenVisits(
        surveys=surveys, bands=tuple(one.bands[0] for one in surveys), survey=np.array(survey), visit=np.array(visit),
        band=np.array(survey), mjd=np.zeros(n), snr=np.zeros(n),
    )  # fmt: skip


def test_columns_of_several_surveys():
    one = survey_of("g", 3, psf=[1.0, 2.0, 3.0], field_name=["a", "b", "c"])
    two = survey_of("r", 2, psf=[10, 20], field_name=["longer", "x"])
    seen = seen_of((one, two), [0, 1, 1, 0], [2, 0, 1, 0])
    np.testing.assert_array_equal(seen.column("psf"), [3.0, 10.0, 20.0, 1.0])
    assert seen.column("field_name").tolist() == ["c", "longer", "x", "a"]
    np.testing.assert_array_equal(seen_of((one, two), [1, 1], [1, 0]).column("psf"), [20.0, 10.0])
    assert seen_of((one, two), [], []).column("psf").size == 0


def test_fields_have_names_without_a_column_of_their_own():
    one = dataclasses.replace(survey_of("g", 3), field=np.array([7, -1, 9]), field_names={7: "X3"})
    two = survey_of("r", 1, field_name=["own"])
    seen = seen_of((one, two), [0, 1, 0, 0], [0, 0, 2, 1])
    assert seen.column("field_name").tolist() == ["X3", "own", "9", ""]


def test_a_survey_without_the_column():
    with_it, without = survey_of("g", 1, psf=[1.0]), survey_of("r", 1, sky_noise=[1.0])
    with pytest.raises(ValueError, match=r"asks for 'psf', which survey 'r' does not have \(it has sky_noise\)"):
        seen_of((with_it, without), [0, 1], [0, 0]).column("psf")
    np.testing.assert_array_equal(seen_of((with_it, without), [0], [0]).column("psf"), [1.0])
