"""Configurations as they were planned: which files count, and how differences are told."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport._storage.planned_config import ChangedInputError, differences, json_values, plan_config, unchanged
from sntransport._storage.read_error import ReadError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


def planned(tmp_path, text, *, folders=()):
    (tmp_path / "c.toml").write_text(text)
    return plan_config(tmp_path / "c.toml", folders)


@pytest.fixture
def files(tmp_path):
    for name in ("a.fits", "b.fits", ".hidden.fits", "one/x.txt", "one/deep/y.txt", "un[1]named.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('a = "a.fits"', {"a.fits"}),
        ('[[t]]\na = ["*.fits"]', {"a.fits", "b.fits", ".hidden.fits"}),
        ('a = "un[1]named.txt"', {"un[1]named.txt"}),
        ('a = "one"', set()),
        ('series = ["one"]', {"one/x.txt", "one/deep/y.txt"}),
        ('a = "one/**/*.txt"', {"one/x.txt", "one/deep/y.txt"}),
        ('a = "ztf"\\nb = 3\\nc = 2020-01-01', set()),
        ('a = "' + "x" * 5000 + '"', set()),
        ('a = "x\\\\u0000"', set()),
    ],
)
def test_every_text_that_names_files_counts(files, text, names):
    found = planned(files, text.replace("\\n", "\n").replace("\\\\", "\\"), folders=("series",))
    assert set(found.checksums()) == names


def test_files_are_those_of_the_part_asked_for(files):
    found = planned(files, 'a = "a.fits"\nb = "b.fits"')
    (files / "b.fits").write_text("changed")
    found.require_unchanged({"a": "a.fits"})
    with pytest.raises(ChangedInputError, match=r"the file b\.fits has changed; nothing was made of them: put them"):
        found.require_unchanged()
    (files / "b.fits").unlink()
    with pytest.raises(ChangedInputError, match=r"the file b\.fits has gone"):
        found.require_unchanged({"b": "b.fits"})


def test_a_name_that_becomes_a_file_is_a_change(files):
    found = planned(files, 'source = "ztf"')
    (files / "ztf").write_text("a table that would now be read")
    with pytest.raises(ChangedInputError, match="the file ztf is new"):
        found.require_unchanged()


def test_the_text_is_that_of_the_plan(files):
    found = planned(files, "seed = 1")
    (files / "c.toml").write_text("seed = 2")
    assert found.section().values == {"seed": 1}
    assert pickle.loads(pickle.dumps(found)) == found


def test_an_error_of_reading_is_told_as_the_change_that_caused_it(files):
    found = planned(files, 'a = "a.fits"')
    with pytest.raises(KeyError), unchanged(found):
        raise KeyError
    with pytest.raises(ReadError), unchanged(found):
        raise ReadError("a.fits", "is cut short", "mend it")
    (files / "a.fits").write_text("")
    with pytest.raises(ChangedInputError), unchanged(found):
        raise ReadError("a.fits", "is cut short", "mend it")
    with pytest.raises(ChangedInputError), unchanged(found):
        pass


def test_errors_of_workers_come_back_as_they_were():
    error = pickle.loads(pickle.dumps(ReadError("a.fits", "is cut\nshort", "mend it")))
    assert type(error) is ReadError
    assert str(error) == "a.fits: is cut short; mend it"


@given(JSON, JSON)
def test_what_differs_is_told_and_nothing_else(one, other):
    assert bool(differences({"a": one}, {"a": other})) == (json_values(one) != json_values(other))
    assert not differences({"a": one}, {"a": one})


def test_differences_in_words():
    before = {"seed": 1, "configuration": {"p": [{"z": 0.1}], "q": 1}, "derived": {"sha": "a"}, "files": {"x": "1"}}
    now = {"seed": 2, "configuration": {"p": [{"z": 0.2}], "n": 1}, "derived": {"sha": "b"}, "files": {"y": "1"}}
    assert differences(before, now) == (
        "seed was 1 and is now 2, n is now 1 and was not given, q was 1 and is no longer given and 3 more"
    )
    assert differences({"derived": {"sha": "a"}}, {"derived": {"sha": "b"}}) == "derived.sha was 'a' and is now 'b'"


def test_numbers_that_are_none_are_equal_to_themselves():
    assert json_values({"a": [float("nan"), float("inf"), 1.5, True, None]}) == {"a": ["nan", "inf", 1.5, True, None]}
