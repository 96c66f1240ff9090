"""The field of an object is that of most of its visits."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sntransport.simulation.selection.fields import field_codes, object_fields
from sntransport.simulation.surveys.survey import Survey, field_name

NAMES = ("a", "b", "c")


@given(st.lists(st.lists(st.integers(-1, 2), max_size=9), min_size=1, max_size=5))
def test_the_field_is_that_of_most_visits(objects):
    code = np.array([one for each in objects for one in each], dtype=np.int64)
    offset = np.concatenate([[0], np.cumsum([len(each) for each in objects])])
    got = object_fields(NAMES, code, offset)
    for each, name in zip(objects, got, strict=True):
        count = Counter(one for one in each if one >= 0)
        expected = min(count, key=lambda one: (-count[one], one), default=None)
        assert name == ("" if expected is None else NAMES[expected])


def survey_of(field, names):
    n = len(field)
    return Survey(name="s", bands=("lsstg",), mjd=60000.0 + np.arange(n), band=np.zeros(n, int), ra=np.zeros(n),
                  dec=np.zeros(n), background=np.ones(n), photons_per_njy=np.ones(n), radius=1.0,
                  field=np.array(field), field_names=names)  # fmt: skip


def test_fields_of_two_surveys_share_their_names():
    one, other = survey_of([7, -1, 3, 7], {7: "DEEP"}), survey_of([0, 1], {0: "WIDE", 1: "DEEP"})
    names, codes = field_codes([one, other])
    assert names == ("3", "DEEP", "WIDE")
    np.testing.assert_array_equal(codes[0], [1, -1, 0, 1])
    np.testing.assert_array_equal(codes[1], [2, 1])
    assert (field_name(one, 7), field_name(one, 3), field_name(one, -1)) == ("DEEP", "3", "")


def test_without_fields_there_are_no_names():
    names, codes = field_codes([survey_of([-1, -1], {})])
    assert (names, codes[0].tolist()) == ((), [-1, -1])
    np.testing.assert_array_equal(object_fields(names, np.array([-1, -1]), np.array([0, 1, 2])), ["", ""])
