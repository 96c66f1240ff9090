import numpy as np
import pytest

from sntransport._storage.tables import write_table
from sntransport.corrections.k_corrections import evaluate_k_correction
from sntransport.corrections.rest_light_curve import k_correct
from sntransport.report.correction_tables import k_correction_table, rest_light_curve_table
from sntransport.spectra.observations import LightCurve
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline
from tests.support.synthetic import flux_at

WAVE = np.arange(2000.0, 10000.0, 10.0)
SERIES = SpectralSeries(
    phase=[0.0, 4.0],
    wave=WAVE,
    flux=[flux_at(p, WAVE) for p in (0.0, 4.0)],
    flux_err=None,
    origin=None,
    name="SN X",
    sn_type="II",
    mjd_ref=59000.0,
)


def back(table, tmp_path):
    from astropy.table import Table

    return Table.read(write_table(table, tmp_path / "t.ecsv"))


@pytest.mark.parametrize(("z", "phase"), [([0.1, 0.2], [0.0, 4.0]), (0.1, [0.0, 4.0]), ([0.1], 0.0), (0.1, 0.0)])
def test_k_corrections_come_back_from_their_table(tmp_path, z, phase):
    result = evaluate_k_correction(SERIES, "bessellb", "sdssr", z, phase, system_rest="Vega")
    table = back(k_correction_table(result, SERIES, {"input": "x"}), tmp_path)
    assert table.colnames == ["z", "phase", "k", "sigma", "coverage", "filled"]
    assert len(table) == np.size(z) * np.size(phase)
    np.testing.assert_array_equal(table["k"], result.value.ravel())
    assert set(table["z"]) == set(np.ravel(z))
    assert str(table["k"].unit) == "mag"
    assert (table.meta["name"], table.meta["system_rest"], table.meta["input"]) == ("SN X", "Vega", "x")


def test_rows_are_in_order_of_redshift_then_phase():
    result = evaluate_k_correction(SERIES, "bessellb", "sdssr", [0.3, 0.1], [4.0, 0.0])
    table = k_correction_table(result, SERIES)
    np.testing.assert_array_equal(table["z"], [0.3, 0.3, 0.1, 0.1])
    np.testing.assert_array_equal(table["phase"], [4.0, 0.0, 4.0, 0.0])
    one = evaluate_k_correction(SERIES, "bessellb", "sdssr", 0.1, 4.0)
    assert table["k"][2] == pytest.approx(float(one.value), abs=1e-12)


def test_rest_light_curve_comes_back_with_units_dust_and_notes(tmp_path):
    sightline = Sightline(
        z=0.1, distance_modulus=38.0, ebv_mw=0.1, ebv_host=0.2, rv_mw=3.1, rv_host=2.5, law_mw="CCM89", law_host="G23"
    )
    result = k_correct(
        LightCurve(mjd=[59001.0, 59002.0], band=["sdssr", "sdssg"], flux=[1e4, -5.0], flux_err=[1e2, 1e2]),
        SERIES,
        sightline,
    )
    table = back(rest_light_curve_table(result), tmp_path)
    for name in ("mjd", "mag", "k", "dust_host", "flux", "flux_err", "filled"):
        np.testing.assert_array_equal(table[name], getattr(result, name))
    assert table["band_rest"].tolist() == result.band_rest.tolist()
    assert {str(table[name].unit) for name in ("mag", "mag_err", "k", "k_err", "dust_mw")} == {"mag"}
    dust = ("ebv_mw", "ebv_host", "rv_mw", "rv_host", "law_mw", "law_host")
    assert [table.meta[name] for name in dust] == [0.1, 0.2, 3.1, 2.5, "CCM89", "G23"]
    assert table.meta["notes"] == list(result.notes)
