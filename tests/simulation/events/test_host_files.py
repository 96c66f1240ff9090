"""Tables of galaxies from files; a HOSTLIB and a weight map are written out here by hand."""

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

from sntransport._storage.read_error import ReadError
from sntransport.simulation.events.host_files import grid_values, read_hosts

HOSTLIB = """# a comment
DOCUMENTATION:
VARNAMES: GALID RA_GAL DEC_GAL ZTRUE ZPHOT ZPHOTERR g_obs r_obs a0_Sersic b0_Sersic a_rot LOGMASS SURVEY
n0_Sersic: 0.5

GAL: 101 52.1 -27.1 0.30 0.32 0.05 22.5 21.0 0.99 0.73 10.0 10.5 DEEP
GAL: 102 52.2 -27.2 0.40 -9.0 -9.0 99 24.0 1.20 0.50 80.0 -9 WIDE   # trailing
GAL: 103 52.3 -27.3 0.50 0.45 0.10 25.5 24.5 0.50 0.40 0.0 9.25 DEEP
"""
WEIGHTS = """VARNAMES_WGTMAP: LOGMASS WGT SNMAGSHIFT
WGT: 8.0 0.1 0.0
WGT: 10.0 0.5 0.0
WGT: 12.0 0.9 -0.1
"""


def write(path, text):
    path.write_text(text)
    return path


def test_a_hostlib_has_the_names_of_a_table(tmp_path):
    hosts = read_hosts(write(tmp_path / "a.HOSTLIB", HOSTLIB), bands={"g": "lsstg", "r": "lsstr"})
    columns = hosts.columns
    assert set(columns) == {
        "id", "ra", "dec", "z", "zphot", "zphot_err", "mag_lsstg", "mag_lsstr", "major", "minor", "angle", "logmass",
        "survey", "sersic",
    }  # fmt: skip
    np.testing.assert_array_equal(columns["id"], [101, 102, 103])
    np.testing.assert_array_equal(columns["zphot"], [0.32, np.nan, 0.45])
    np.testing.assert_array_equal(columns["mag_lsstg"], [22.5, np.nan, 25.5])
    np.testing.assert_array_equal(columns["logmass"], [10.5, np.nan, 9.25])
    np.testing.assert_array_equal(columns["sersic"], 0.5)
    # From east toward south: 0 is east, which is 90 from north.
    np.testing.assert_array_equal(columns["angle"], [100.0, 170.0, 90.0])
    assert list(columns["survey"]) == ["DEEP", "WIDE", "DEEP"]
    assert hosts.has_profile
    assert "a.HOSTLIB sha256" in hosts.source


def test_a_weight_map_is_linear_between_its_points(tmp_path):
    text = HOSTLIB.replace(" -9 WIDE", " 11.0 WIDE")
    inside = read_hosts(write(tmp_path / "in.HOSTLIB", WEIGHTS + text)).columns
    beside = read_hosts(
        write(tmp_path / "a.HOSTLIB", text), weight_map=write(tmp_path / "w.txt", WEIGHTS)
    ).columns  # fmt: skip
    for columns in (inside, beside):
        np.testing.assert_allclose(columns["weight"], [0.6, 0.7, 0.35])
        np.testing.assert_allclose(columns["mag_shift"], [-0.025, -0.05, 0.0])


def test_a_grid_of_two_axes_in_any_order(tmp_path):
    x, y = np.meshgrid([0.0, 1.0, 3.0], [10.0, 20.0])
    rng = np.random.default_rng(1)
    points = np.stack([x.ravel(), y.ravel(), 2.0 + x.ravel() + 0.1 * y.ravel(), x.ravel() - 1.0], axis=1)
    places = np.array([[0.5, 12.0], [2.9, 20.0], [0.0, 10.0]])
    weight, shift = grid_values(tmp_path, ["x", "y"], rng.permutation(points), places, hold=False)
    np.testing.assert_allclose(weight, 2.0 + places[:, 0] + 0.1 * places[:, 1])
    np.testing.assert_allclose(shift, places[:, 0] - 1.0)
    held, _ = grid_values(tmp_path, ["x", "y"], points, np.array([[9.0, 15.0]]), hold=True)
    np.testing.assert_allclose(held, 2.0 + 3.0 + 1.5)
    with pytest.raises(ReadError, match="no complete grid"):
        grid_values(tmp_path, ["x", "y"], points[1:], places, hold=False)


@pytest.mark.parametrize("name", ["hosts.ecsv", "hosts.fits", "hosts.csv"])
def test_tables_are_the_same_in_every_format(tmp_path, name):
    table = Table({"id": [5, 6], "z": [0.1, 0.2], "mag_g": [20.0, 21.0], "kind": ["red", "blue"]})
    if name != "hosts.csv":
        table["logmass"] = MaskedColumn([10.0, 11.0], mask=[False, True])
    table.write(tmp_path / name)
    columns = read_hosts(tmp_path / name, bands={"g": "lsstg"}).columns
    np.testing.assert_array_equal(columns["z"], [0.1, 0.2])
    np.testing.assert_array_equal(columns["mag_lsstg"], [20.0, 21.0])
    assert columns["id"].dtype.kind == "i"
    assert [str(one).strip() for one in columns["kind"]] == ["red", "blue"]
    if name != "hosts.csv":
        np.testing.assert_array_equal(columns["logmass"], [10.0, np.nan])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HOSTLIB.replace("GAL: 103", "GAL: 103.5"), "GALID has values that are no whole numbers"),
        (HOSTLIB.replace(" 9.25 DEEP", ""), "galaxy 3 has 11 values for 13 VARNAMES"),
        (HOSTLIB.replace("GAL:", "GAL"), "has no line that begins with GAL:"),
        (HOSTLIB.replace("SURVEY", "a1_Sersic"), "sums of Sersic profiles"),
        (HOSTLIB.replace("SURVEY", "ZPHOT_ERR"), "two columns are zphot_err"),
        (HOSTLIB.replace("0.40 -9.0", "far -9.0"), "z holds texts"),
        (WEIGHTS.replace("SNMAGSHIFT", "SHIFT") + HOSTLIB, "its last two must be WGT and SNMAGSHIFT"),
        (WEIGHTS.replace("LOGMASS", "SFR") + HOSTLIB, "map is of SFR, which the galaxies do not have"),
        (WEIGHTS.replace("0.5 0.0", "0.5") + HOSTLIB, "has no 3 numbers"),
        (WEIGHTS.replace("0.5 0.0", "half 0.0") + HOSTLIB, "has no 3 numbers"),
        (WEIGHTS + HOSTLIB, r"LOGMASS of galaxy 2 is nan, beyond the map \(8 to 12\)"),
        ("nothing here", "is no table"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    with pytest.raises(ReadError, match=message):
        read_hosts(write(tmp_path / "a.txt", text))


def test_missing_files_are_named(tmp_path):
    with pytest.raises(ReadError, match="cannot be read"):
        read_hosts(tmp_path / "none.fits")
    with pytest.raises(ReadError, match="cannot be read"):
        read_hosts(write(tmp_path / "a.HOSTLIB", HOSTLIB), weight_map=tmp_path / "none.txt")
    with pytest.raises(ReadError, match="has no VARNAMES_WGTMAP"):
        read_hosts(write(tmp_path / "b.HOSTLIB", HOSTLIB), weight_map=write(tmp_path / "c.txt", "WGT: 1 2 3"))
