import dataclasses

import numpy as np
import pytest

import sntransport as snt
from sntransport._storage.tables import text_table, write_table
from sntransport.photometry.synthetic import CoverageWarning
from sntransport.report.build_tables import photometry_table, summarize, worst_residual
from tests.support.synthetic import SIGHTLINE, photometry, supernova

SN = supernova(light_curve=photometry(np.arange(0.0, 56.0, 3.0), ("bessellb", "bessellv")))
RESULT = snt.build(SN, cadence=5.0)


def test_summary_counts_spectra_and_names_bands():
    row = summarize(SN, RESULT)
    assert row["spectra used/rejected"] == "5/0"
    assert row["largest gap [d]"] == "22"
    assert row["phases [d]"] == "5 to 50 (100%)"
    assert row["bands"] == "2"
    assert "bessellv 0.0" in row["residual [mag]"]


def test_summary_marks_a_band_that_was_taken_for_wrong():
    wrong = np.zeros(RESULT.residual.shape, dtype=bool)
    wrong[:, RESULT.curves.bands.index("bessellb")] = True
    text = summarize(SN, dataclasses.replace(RESULT, rejected=wrong))["residual [mag]"]
    assert "bessellb(rejected) 0.0" in text
    assert "bessellv 0.0" in text
    # At single phases it is still a band.
    wrong[0] = False
    assert "rejected" not in summarize(SN, dataclasses.replace(RESULT, rejected=wrong))["residual [mag]"]


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


def test_long_residuals_are_told_in_short():
    assert worst_residual("bessellb 0.13 besselli 0.05 sdssr 0.02") == "0.05, worst bessellb 0.13"
    assert worst_residual("bessellb 0.13") == "bessellb 0.13"
    assert worst_residual("-") == "-"
