"""SEARCHEFF_PIPELINE_LOGIC files, and what a survey's pipeline makes of them by a plain loop over epochs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport._storage.read_error import ReadError
from sntransport.simulation.selection.snana_trigger_logic import read_trigger_logic
from sntransport.simulation.selection.trigger_logic import logic_trigger

TEXT = """\
DOCUMENTATION:
  NOTES: SDSS: 9 u
DOCUMENTATION_END:
SDSS: 3 gr+ri+gi  # three epochs in two bands each
DES: 2 g+r+i+z
HST:  1 g
"""


def written(tmp_path, text=TEXT):
    path = tmp_path / "logic.dat"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("survey", "expected"),
    [
        ("SDSS", "3 epochs with (g and r or r and i or g and i)"),
        ("DES", "2 epochs with (g or r or i or z)"),
        ("HST", "1 epochs with (g)"),
    ],
)
def test_lines_by_survey(tmp_path, survey, expected):
    assert str(read_trigger_logic(written(tmp_path), survey)) == expected


def test_one_line_needs_no_name(tmp_path):
    assert str(read_trigger_logic(written(tmp_path, "LSST: 2 gr\n"))) == "2 epochs with (g and r)"


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("gri"), st.floats(0.0, 0.3)), max_size=14))
def test_epochs_are_nights_where_nights_are_apart(tmp_path_factory, rows):
    """Where all epochs are apart, as nights are, SNANA's masks of bands say the same."""
    logic = read_trigger_logic(written(tmp_path_factory.mktemp("logic")), "SDSS")
    rows = sorted(rows, key=lambda row: row[0] + row[2])
    got = logic_trigger(
        logic, np.ones(len(rows), bool), np.array([row[0] + row[2] for row in rows]),
        band=np.array(["gri".index(row[1]) for row in rows], int), offset=np.array([0, len(rows)]),
        bands=("sdssg", "sdssr", "sdssi"), epoch_window=0.4,
    )  # fmt: skip
    nights = {}
    for night, band, _ in rows:
        nights.setdefault(night, set()).add(band)
    assert got.triggered[0] == (sum(len(bands) >= 2 for bands in nights.values()) >= 3)


@pytest.mark.parametrize(
    ("text", "survey", "message"),
    [
        (TEXT, None, "no logic of one survey alone; name one of SDSS, DES, HST"),
        (TEXT, "LSST", "no logic of LSST; name one of SDSS, DES, HST"),
        ("", None, "no logic of one survey alone; name one of none"),
        ("DES 2 g+r\n", None, "line 1: 'DES 2 g.r' is no logic"),
        ("DES: 2 +\n", None, "line 1: .* is no logic"),
        ("DES: 2 g\nDES: 1 r\n", "DES", "line 2: a second line of DES"),
        ("DES: 0 g\n", None, "line 1: n is 0 in a trigger"),
    ],
)
def test_files_that_are_wrong(tmp_path, text, survey, message):
    with pytest.raises(ReadError, match=message):
        read_trigger_logic(written(tmp_path, text), survey)
