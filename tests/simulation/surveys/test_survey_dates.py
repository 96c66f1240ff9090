"""Ranges of dates of several surveys, and dates drawn from them."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sntransport.simulation.surveys.survey_dates import date_ranges, draw_dates
from tests.simulation.surveys.test_footprint import survey_at

SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 15)), min_size=1, max_size=5)


def surveys_of(spans):
    return [survey_at([0.0, 0.0], [0.0, 0.0], 1.0, mjd=60000.0 + np.array([low, low + n])) for low, n in spans]


@given(SPANS)
def test_dates_of_all_and_of_any(spans):
    """Against a look at every tenth of a day."""
    surveys = surveys_of(spans)
    grid = 60000.0 + 0.1 * np.arange(-5, 600) + 0.05
    inside = np.array([(grid >= one.mjd[0]) & (grid <= one.mjd[-1]) for one in surveys])

    def length(ranges):
        return sum(high - low for low, high in ranges)

    assert date_ranges(surveys) == ((surveys[0].mjd[0], surveys[0].mjd[-1]),)
    together = date_ranges(surveys, "any")
    assert length(together) == pytest.approx(0.1 * inside.any(axis=0).sum(), abs=1e-6)
    assert all(a[1] < b[0] for a, b in pairwise(together))
    low, high = max(one.mjd[0] for one in surveys), min(one.mjd[-1] for one in surveys)
    if low <= high:
        assert date_ranges(surveys, "all") == ((low, high),)
    else:
        with pytest.raises(ValueError, match="no date in common"):
            date_ranges(surveys, "all")


def test_every_date_of_any_range_is_as_likely():
    ranges = ((0.0, 1.0), (5.0, 8.0), (9.0, 9.5))
    drawn = draw_dates(ranges, 50_000, np.random.default_rng(1))
    inside = [(drawn >= low) & (drawn <= high) for low, high in ranges]
    assert np.all(np.sum(inside, axis=0) == 1)
    position = np.select(inside, [drawn, drawn - 4.0, drawn - 5.0])
    assert stats.kstest(position / 4.5, "uniform").pvalue > 1e-3
    one = np.random.default_rng(2).uniform(3.0, 4.0, 9)
    np.testing.assert_array_equal(draw_dates(((3.0, 4.0),), 9, np.random.default_rng(2)), one)


def test_a_survey_without_visits_has_no_dates():
    empty = dataclasses.replace(survey_at([], [], 1.0), name="none")
    with pytest.raises(ValueError, match="survey 'none' has no visits, so it has no dates"):
        date_ranges([*surveys_of([(0, 1)]), empty], "any")
