"""Files of SEARCHEFF_SPEC and SEARCHEFF_zHOST: what is read is what is written there."""

import numpy as np
import pytest

from sntransport._storage.read_error import ReadError
from sntransport.simulation.selection.objects import numbers_of
from sntransport.simulation.selection.snana_efficiency_maps import read_efficiency_maps
from tests.simulation.selection.test_cuts import curves_of

SPEC = """\
DOCUMENTATION:
  PURPOSE: spectra of a test
  NOTES:
  - VARNAMES: of this line are none
DOCUMENTATION_END:

OPT_EXTRAP: 0   # 0 outside

# all that are near
NVAR: 2
VARNAMES:  REDSHIFT  SPECEFF
SPECEFF:   0.0  1.0
SPECEFF:   0.1  1.0

VARNAMES:  g-r  r  SPECEFF     # a small telescope
SPECEFF:  -0.5  18.0  1.0
SPECEFF:  -0.5  22.0  0.3
SPECEFF:  +0.5  18.0  0.2      # red ones are not liked
SPECEFF:  +0.5  22.0  0.02
FIELD: X1+X2,X3
PEAKMJD_RANGE: 59000 61000
REQUIRE: 0
VARNAMES: REDSHIFT PEAKMAG_r SPECEFF
SPECEFF: 0.0 20.0 0.8
SPECEFF: 0.0 26.0 0.4
SPECEFF: 1.0 20.0 0.6
SPECEFF: 1.0 26.0 0.0
"""


def written(tmp_path, text):
    path = tmp_path / "eff.dat"
    path.write_text(text)
    return path


def test_maps_with_all_their_keys(tmp_path):
    maps = read_efficiency_maps(written(tmp_path, SPEC))
    near, small, large = maps.maps
    assert [one.variables for one in maps.maps] == [("REDSHIFT",), ("g-r", "r"), ("REDSHIFT", "PEAKMAG_r")]
    np.testing.assert_array_equal(small.probability, [[1.0, 0.3], [0.2, 0.02]])
    assert (near.fields, large.fields, large.dates, large.required) == ((), ("X1", "X2", "X3"), (59000, 61000), False)
    assert (maps.extrapolate, maps.every_field, maps.by_field) == (False, True, True)
    assert maps.source.startswith("eff.dat (SHA-256 ")


def test_chances_by_hand(tmp_path):
    curves = curves_of([[(60000.0, 0, 9.0, 1.0, 0)]] * 3, z=0.5, field=["X2", "C1", "X1"],
                       peak_mag=[[20.0, 20.0, 20.0], [20.0, 20.0, 20.0], [24.0, 23.0, 24.0]])  # fmt: skip
    chance = numbers_of(read_efficiency_maps(written(tmp_path, SPEC)), curves, "")
    # The small telescope, at color 0 and r = 20: the mean of its four numbers. The large one at z = 0.5: 0.7 at r = 20,
    # halfway between 0.7 and 0.2 at r = 23. The last is beyond the small one.
    small = (1.0 + 0.3 + 0.2 + 0.02) / 4
    np.testing.assert_allclose(chance, [1 - (1 - small) * (1 - 0.7), small, 0.45])
    beyond = SPEC.replace("OPT_EXTRAP: 0", "OPT_EXTRAP: 1")
    chance = numbers_of(read_efficiency_maps(written(tmp_path, beyond)), curves, "")
    # All are near then, as the edge of the first map is.
    np.testing.assert_allclose(chance, 1.0)


def test_host_redshifts_have_the_same_form(tmp_path):
    text = "OPT_FIELDMATCH_REQUIRE: 0\nFIELDLIST: C3\nREQUIRE: 1\nVARNAMES: g_obs HOSTEFF\n"
    text += "HOSTEFF: 18 1\nHOSTEFF: 22 0.5\n"
    curves = curves_of([[(60000.0, 0, 9.0, 1.0, 0)]] * 3, field=["C3", "C3", "C1"], mag_of_host=[18.0, 20.0, 18.0])
    maps = read_efficiency_maps(written(tmp_path, text), columns={"g_obs": "mag_of_host"})
    # A required map counts twice, as in SNANA: once among all, once on its own.
    np.testing.assert_allclose(numbers_of(maps, curves, ""), [1.0, 0.75**2, 0.0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no map"),
        ("SPECEFF: 0.1 1", "line 1: SPECEFF: before VARNAMES:"),
        ("VARNAMES: z SPECEFF\n", "line 1: a map without rows"),
        ("VARNAMES: z SPECEFF\nVARNAMES: r SPECEFF\nSPECEFF: 1 1\n", "line 1: a map without rows"),
        ("VARNAMES: SPECEFF z\n", "line 1: VARNAMES are SPECEFF z; name variables, each once, and SPECEFF or"),
        ("VARNAMES: z z SPECEFF\n", "line 1: VARNAMES are z z SPECEFF"),
        ("VARNAMES: z SPECEFF\nSPECEFF: 0.1 1.2\n", "line 2: efficiency is 1.2; give 0 to 1"),
        ("VARNAMES: z SPECEFF\nSPECEFF: 0.1 x\n", "line 2: SPECEFF: has '0.1 x', expected 2 numbers"),
        ("VARNAMES: z SPECEFF\nSPECEFF: 0.1\n", "line 2: SPECEFF: has '0.1', expected 2 numbers"),
        ("VARNAMES: z SPECEFF\nHOSTEFF: 0.1 1\n", "line 2: HOSTEFF: in a map of SPECEFF"),
        ("VARNAMES: z r SPECEFF\nSPECEFF: 0 20 1\nSPECEFF: 1 21 1\n", "line 1: 2 rows for a grid of 2 x 2"),
        ("VARNAMES: z SPECEFF\nSPECEFF: 0 1\nSPECEFF: 0 1\n", "line 1: 2 rows for a grid of 1"),
        ("OPT_EXTRAP: yes\n", "line 1: OPT_EXTRAP: has 'yes', expected 1 numbers"),
        ("PEAKMJD_RANGE: 1\n", "line 1: PEAKMJD_RANGE: has '1', expected 2 numbers"),
    ],
)
def test_files_that_are_wrong(tmp_path, text, message):
    with pytest.raises(ReadError, match=message):
        read_efficiency_maps(written(tmp_path, text))


def test_what_is_no_text(tmp_path):
    path = tmp_path / "eff.dat"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ReadError, match="is not text"):
        read_efficiency_maps(path)
