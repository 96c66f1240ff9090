"""SNANA's files of detection efficiency, written here after its conventions."""

import numpy as np
import pytest

from sntransport._storage.read_error import ReadError
from sntransport.simulation.selection.detection import detection_probability
from sntransport.simulation.selection.snana_searcheff import read_searcheff

OLD = """# comment
PHOTFLAG_DETECT: 4096
FILTER: g
SNR: 0 0.0
SNR: 5.0 0.5   # half
SNR: 10 1.0
FILTER: ri  SNR: 4 0.0
SNR: 6 0.8
"""
NEW = """DOCUMENTATION: none
MAPNAME_DETECT: EFF_g_DEEP
FILTER: g
FIELD: X3+C3
SNR:   5.000   0.2
SNR: 100.000   1.0
ENDMAP:
MAPNAME_DETECT: EFF_g_SHALLOW
FILTER: g
FIELD: X1
SNR:   5.000   0.6
ENDMAP:
MAPNAME_PHOTPROB: P
FILTER: g
NVAR: 2
SNR: not ours
ENDMAP:
MAPNAME_DETECT: EFF_r
BAND: r
SNR:   5.000   0.7
ENDMAP:
"""


def write(path, text):
    path.write_text(text)
    return path


def at(efficiency, band, snr):
    snr = np.asarray(snr, dtype=float)
    return detection_probability(snr, np.ones(snr.size), np.zeros(snr.size, int), efficiency, bands=(band,))


def test_curves_of_each_filter(tmp_path):
    efficiency = read_searcheff(write(tmp_path / "a.dat", OLD), prefix="lsst")
    assert efficiency.bands == ("lsstg", "lsstr", "lssti")
    np.testing.assert_allclose(at(efficiency, "lsstg", [-1, 0, 2.5, 5, 7.5, 99]), [0, 0, 0.25, 0.5, 0.75, 1])
    for band in ("lsstr", "lssti"):
        np.testing.assert_allclose(at(efficiency, band, [3, 4, 5, 6, 99]), [0, 0, 0.4, 0.8, 0.8])
    assert not efficiency.absolute
    assert efficiency.source == "a.dat"


def test_block_of_documentation_is_passed_over(tmp_path):
    block = "DOCUMENTATION:\n  PURPOSE: SNR: none\n  NOTES:\n  - FILTER: z has MAG: maps\nDOCUMENTATION_END:\n"
    plain, documented = (read_searcheff(write(tmp_path / "a.dat", text), prefix="des") for text in (OLD, block + OLD))
    assert documented.bands == plain.bands
    np.testing.assert_array_equal(documented.probability, plain.probability)
    with pytest.raises(ReadError, match="line 8: efficiency against magnitude"):
        read_searcheff(write(tmp_path / "b.dat", block + "# \nFILTER: g\nMAG: 20 1\n"))


def test_maps_of_fields_and_of_other_kinds(tmp_path):
    path = write(tmp_path / "a.dat", NEW)
    for field, expected in (("C3", 0.2), ("X1", 0.6)):
        efficiency = read_searcheff(path, prefix="des", field=field)
        assert at(efficiency, "desg", [5])[0] == expected
        assert at(efficiency, "desr", [5])[0] == 0.7
    with pytest.raises(ReadError, match="line 8: a second map for 'g'; pass field= to choose"):
        read_searcheff(path, prefix="des")


def test_one_map_for_all_and_absolute_ratios(tmp_path):
    efficiency = read_searcheff(write(tmp_path / "a.dat", "FILTER: ALL\nABS(SNR): 4 0\nABS(SNR): 6 1\n"))
    np.testing.assert_allclose(at(efficiency, "anything", [-6, 5]), [1.0, 0.5])


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "no map of efficiency against SNR"),
        ("SNR: 5 1\n", "line 1: SNR: before FILTER:"),
        ("FILTER: g\nSNR: 5\n", "line 2: SNR: has '5', expected two numbers"),
        ("FILTER: g\nSNR: 5 high\n", "line 2: SNR: has '5 high'"),
        ("FILTER: g\nSNR: 5 1.5\n", "line 2: efficiency is 1.5; give 0 to 1"),
        ("FILTER: g\nSNR: 5 nan\n", "line 2: efficiency is nan"),
        ("FILTER: g\nSNR: 5 1\nSNR: 5 1\n", "line 3: SNR: 5 is not above the one before"),
        ("FILTER: g\nMAG: 20 1\n", "line 2: efficiency against magnitude"),
        ("FILTER: g\nSNR: 5 1\nFILTER: g\nSNR: 5 1\n", "line 3: a second map for 'g'; leave one"),
        ("FILTER: g\nFILTER: r\nSNR: 5 1\n", "line 1: a map without SNR: lines"),
        ("FILTER: g\nSNR: 5 1\nABS(SNR): 6 1\n", "maps against SNR and ABS.SNR. together"),
        ("FILTER: gQ\nSNR: 5 1\n", "filter 'Q' is not known; pass prefix="),
    ],
)
def test_broken_files(tmp_path, text, match):
    with pytest.raises(ReadError, match=match):
        read_searcheff(write(tmp_path / "a.dat", text), prefix="lsst")


def test_not_text(tmp_path):
    (tmp_path / "a.dat").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ReadError, match="is not text"):
        read_searcheff(tmp_path / "a.dat")
