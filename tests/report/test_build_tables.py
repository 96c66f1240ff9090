import dataclasses

import numpy as np
import pytest

import sntransport as snt
from sntransport._storage.tables import text_table, write_table
from sntransport.photometry.synthetic import CoverageWarning
from sntransport.report.build_tables import build_row, photometry_table, residual_text, table_row
from tests.support.synthetic import SIGHTLINE, photometry, supernova

SN = supernova(light_curve=photometry(np.arange(0.0, 56.0, 3.0), ("bessellb", "bessellv")))
RESULT = snt.build(SN, cadence=5.0)


def test_summary_counts_spectra_and_names_bands():
    told = build_row(SN, RESULT)
    assert (told["n_spectra_used"], told["n_spectra_rejected"], told["n_nights"]) == (5, 0, 5)
    assert told["largest_gap"] == pytest.approx(22.0, abs=0.01)
    assert (told["phase_range"], told["phase_share"]) == ([5.0, 50.0], 1.0)
    assert told["bands"] == ["bessellb", "bessellv"]
    assert 0 <= told["residual"]["bessellv"] < 0.1
    assert told["rejected_bands"] == []


def test_row_of_text():
    row = table_row(build_row(SN, RESULT))
    assert row["spectra used/rejected"] == "5/0"
    assert row["largest gap [d]"] == "22"
    assert row["phases [d]"] == "5 to 50 (100%)"
    assert row["bands"] == "2"
    nothing = {"phase_range": None, "wave_range": None, "largest_gap": None, "sn_type": None, "residual": {}}
    row = table_row(build_row(SN, RESULT) | nothing)
    assert [row[name] for name in ("type", "phases [d]", "wavelength [A]", "largest gap [d]", "residual [mag]")] == [
        "?", "none", "none", "-", "-"
    ]  # fmt: skip


def test_summary_marks_a_band_that_was_taken_for_wrong():
    wrong = np.zeros(RESULT.residual.shape, dtype=bool)
    wrong[:, RESULT.curves.bands.index("bessellb")] = True
    result = dataclasses.replace(RESULT, rejected=wrong)
    assert build_row(SN, result)["rejected_bands"] == ["bessellb"]
    assert "bessellb(rejected) 0.0" in residual_text(result)
    assert "bessellv 0.0" in residual_text(result)
    # At single phases it is still a band.
    wrong[0] = False
    assert build_row(SN, dataclasses.replace(RESULT, rejected=wrong))["rejected_bands"] == []


def test_text_table_is_aligned():
    lines = text_table([{"a": "1", "b": "long one"}, {"a": "333", "b": "x"}]).splitlines()
    assert lines == ["a    b", "---  --------", "1    long one", "333  x"]
    assert text_table([]) == ""


def test_photometry_table_round_trip(tmp_path):
    from astropy.table import Table

    table = photometry_table(RESULT.series, ["bessellb", "bessellv"], SIGHTLINE, {"input": "x"})
    write_table(table, tmp_path / "p.ecsv")
    back = Table.read(tmp_path / "p.ecsv")
    assert back.colnames == ["mjd", "phase", "band", "flux", "mag"]
    assert str(back["flux"].unit) == "nJy"
    assert back.meta["input"] == "x"
    assert {name: back.meta[name] for name in ("ebv_mw", "rv_mw", "law_mw", "law_host")} == {
        "ebv_mw": SIGHTLINE.ebv_mw, "rv_mw": 3.1, "law_mw": "F99", "law_host": "F99"
    }  # fmt: skip
    flux = snt.band_flux(RESULT.series, ["bessellb", "bessellv"], SIGHTLINE)
    np.testing.assert_allclose(back["flux"], flux.ravel())
    np.testing.assert_allclose(back["mjd"][::2], RESULT.series.mjd_ref + RESULT.series.phase * 1.02)


def test_uncovered_band_warns_and_is_nan():
    with pytest.warns(CoverageWarning, match="lssty"):
        table = photometry_table(RESULT.series, ["lssty"], SIGHTLINE)
    assert np.isnan(table["mag"]).all()


@pytest.mark.parametrize(
    ("residual", "rejected", "text"),
    [
        ({"bessellb": 0.13, "besselli": 0.05, "sdssr": 0.02}, [], "0.05, worst bessellb 0.13"),
        ({"bessellb": 0.13, "besselli": 0.05}, ["bessellb"], "0.09, worst bessellb(rejected) 0.13"),
        ({"bessellb": 0.13}, [], "bessellb 0.13"),
        ({}, [], "-"),
    ],
)
def test_long_residuals_are_told_in_short(residual, rejected, text):
    summary = build_row(SN, RESULT) | {"residual": residual, "rejected_bands": rejected}
    assert table_row(summary)["residual [mag]"] == text
