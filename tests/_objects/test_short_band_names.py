"""Names of bands in pictures: short, never two bands by one name, and no band unnamed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport._objects.short_band_names import short_band_names
from sntransport.photometry.bands import band_names

ALL = band_names()


def test_names_are_those_of_astronomers():
    assert short_band_names(["bessellb", "bessellv", "sdssg", "sdssr", "2massks"]) == ["B", "V", "g", "r", "Ks"]
    assert short_band_names(["uvot::uvw2", "bessellux", "gaia::gbp", "atlaso"]) == ["UVW2", "U", "BP", "o"]


def test_the_survey_is_told_where_two_would_be_one():
    assert short_band_names(["sdssg", "ztfg", "ztfr"]) == ["SDSS g", "ZTF g", "r"]
    assert short_band_names(["bessellb", "uvot::b", "bessellv"]) == ["Bessell B", "UVOT B", "V"]
    assert short_band_names(["cspv3009", "cspv9844", "bessellv"]) == ["CSP V3009", "CSP V9844", "Bessell V"]
    assert short_band_names(["cspjd", "cspjs"]) == ["CSP J du Pont", "CSP J Swope"]
    assert short_band_names(["cspjd", "2massj"]) == ["CSP J", "2MASS J"]
    assert short_band_names(["cspjd", "cspjs", "2massj"]) == ["CSP J du Pont", "CSP J Swope", "2MASS J"]


def test_the_survey_of_a_light_curve_is_told_where_one_band_has_two():
    assert short_band_names(["lsstg", "lsstg", "lsstr"], ["wfd", "ddf", "wfd"]) == ["g (wfd)", "g (ddf)", "r"]


@pytest.mark.parametrize("name", ["mybandg", "desert", "lssto2", "sdss", "", "::g", "csp"])
def test_other_names_stay(name):
    assert short_band_names([name]) == [name]


def test_every_band_that_ships_has_a_label_of_its_own():
    labels = short_band_names(ALL)
    assert len(set(labels)) == len(ALL)
    # None is a name that loads a band: those are for tables and files.
    assert not set(labels) & set(ALL)


@given(st.lists(st.sampled_from([*ALL, "mine", "g"]), max_size=12))
def test_bands_of_one_picture_differ_as_their_names_do(names):
    labels = short_band_names(names)
    assert len(labels) == len(names)
    assert len(set(labels)) == len(set(names))
    # Once the same, always the same: the order of a picture does not matter.
    assert dict(zip(names, labels, strict=True)) == dict(zip(names[::-1], short_band_names(names[::-1]), strict=True))
