"""Plain tables of text, quickly: the same as cell by cell, or left to whoever reads it so."""

import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

from sntransport._storage.plain_rows import plain_rows
from sntransport._storage.read_error import ReadError
from sntransport.simulation.surveys import visit_tables
from sntransport.simulation.surveys.visit_tables import read_visits

NUMBERS = (
    st.floats(allow_nan=False).map(repr) | st.integers(-(10**9), 10**9).map(str) | st.sampled_from(["nan", "1e400"])
)
NAMES = st.text("abgrz_:1", min_size=1, max_size=9)


def kind(name):
    return {"b": "text", "u": "unused"}.get(name[0], "number")


@given(
    st.lists(st.tuples(NUMBERS, NAMES, NAMES, NUMBERS), min_size=1, max_size=6),
    st.sampled_from([",", " "]),
    st.booleans(),
)
def test_as_cell_by_cell(rows, delimiter, returns):
    text = "\n".join(delimiter.join(row) for row in [("x", "b", "u", "y"), *rows]) + "\n"
    found = plain_rows(text.replace("\n", "\r\n" if returns else "\n").encode(), delimiter, kind)
    _, *cells = csv.reader(io.StringIO(text), delimiter=delimiter)
    assert list(found.columns) == ["x", "b", "u", "y"]
    for name in "xby":
        want = [row["xbuy".index(name)] for row in cells]
        np.testing.assert_array_equal(found.columns[name], want if name == "b" else np.array(want, float), strict=False)
    assert found.columns["u"].shape == found.columns["x"].shape


@pytest.mark.parametrize(
    "text",
    [
        "x,b\n", "", "x,b\n1,a\n2\n3,a,4\n", "x,b\n1,a,2\n3\n", "x,b\n1,\n", "x,b\n,a\n", 'x,b\n1,"a"\n', "x,b\n#1,a\n",
        "x,b\n1,a\n\n2,a\n", "x,b\n1, a\n", "x,x\n1,2\n", "x,b\none,a\n", "x,b\n1,é\n", "x,b\n1,a\x0b\n", "x,\n1,a\n",
        f"x,b\n1,{'a' * 100}\n", "x,b\n1_0,a\n",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_others(text):
    assert plain_rows(text.encode(), ",", kind) is None


@pytest.fixture
def table():
    n = 50
    rng = np.random.default_rng(1)
    return Table({
        "expMJD": rng.uniform(60000, 61000, n), "filter": np.array(["lsstg", "ztfr"])[rng.integers(0, 2, n)],
        "fieldRA": rng.uniform(0, 360, n), "dec": rng.uniform(-90, 90, n), "m5": rng.uniform(20, 24, n),
        "fieldID": rng.integers(0, 9, n), "note": ["x y"] * n,
    })  # fmt: skip


@pytest.mark.parametrize("ending", ["csv", "ecsv"])
@pytest.mark.parametrize("note", [True, False])
def test_surveys_are_the_same_both_ways(tmp_path, monkeypatch, table, ending, note):
    if not note:
        del table["note"]
    if ending == "ecsv":
        table["fieldRA"].unit = "deg"
        table["dec"] = np.radians(table["dec"])
        table["dec"].unit = "rad"
        table.meta["radius"] = 1.5
    table.write(tmp_path / f"v.{ending}")
    radius = None if ending == "ecsv" else 1.5
    fast = read_visits(tmp_path / f"v.{ending}", radius=radius)
    monkeypatch.setattr(visit_tables, "plain_rows", lambda *_: None)
    slow = read_visits(tmp_path / f"v.{ending}", radius=radius)
    assert (fast.bands, fast.radius, fast.notes) == (slow.bands, slow.radius, slow.notes)
    for name in ("mjd", "band", "ra", "dec", "background", "photons_per_njy", "saturation", "field"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name))


def test_plain_tables_are_read_the_quick_way(tmp_path, monkeypatch, table):
    del table["note"]
    for ending in ("csv", "ecsv"):
        table.write(tmp_path / f"v.{ending}")

    def never(*_, **__):
        raise AssertionError

    real = Table.read

    def of_a_text(source, **more):
        return real(source, **more) if isinstance(source, str) else never()

    monkeypatch.setattr(visit_tables, "csv", SimpleNamespace(reader=never, Error=csv.Error))
    monkeypatch.setattr(Table, "read", of_a_text)
    for ending in ("csv", "ecsv"):
        assert read_visits(tmp_path / f"v.{ending}", radius=1.0).n_visit == len(table)


def test_rows_are_named_as_ever(tmp_path, table):
    table["m5"][3] = 50.0
    table[["expMJD", "filter", "fieldRA", "dec", "m5"]].write(tmp_path / "v.csv")
    notes = read_visits(tmp_path / "v.csv", radius=1.0).notes
    assert any("depth is not within 0 and 40 (first: line 5)" in note for note in notes)
    text = (tmp_path / "v.csv").read_text().splitlines()
    text[7] = text[7].replace(",", ",x", 2)
    (tmp_path / "v.csv").write_text("\n".join(text))
    with pytest.raises(ReadError, match=r"line 8: fieldRA is .* not a number"):
        read_visits(tmp_path / "v.csv", radius=1.0)
