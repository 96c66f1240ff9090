"""Filters as the SVO Filter Profile Service hands them out."""

import numpy as np
import pytest

from sntransport.photometry import pivot_wave, read_bandpass

WAVE, CURVE = np.array([5000.0, 5100.0, 5300.0, 5600.0]), np.array([0.0, 0.5, 0.25, 0.0])


def votable(path, detector="1", unit="Angstrom", zero='<PARAM name="MagSys" value="AB" datatype="char" arraysize="*"/>',
            scale=1.0):  # fmt: skip
    stated = f'<PARAM name="DetectorType" value="{detector}" datatype="char" arraysize="*"/>' if detector else ""
    rows = "".join(f"<TR><TD>{w * scale:.6f}</TD><TD>{t}</TD></TR>" for w, t in zip(WAVE, CURVE, strict=True))
    path.write_text(
        f"""<?xml version="1.0"?>
<VOTABLE version="1.1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <RESOURCE type="results"><TABLE utype="photdm:PhotometryFilter.transmissionCurve.spectrum">
  <PARAM name="filterID" value="Mine/Camera.g" datatype="char" arraysize="*"/>
  <PARAM name="Description" value="a made-up filter" datatype="char" arraysize="*"/>{stated}{zero}
  <FIELD name="Wavelength" ucd="em.wl" unit="{unit}" datatype="double"/>
  <FIELD name="Transmission" ucd="phys.transmission" unit="" datatype="double"/>
  <DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""
    )
    return path


def test_curve_name_and_source(tmp_path):
    band = read_bandpass(votable(tmp_path / "g.xml"))
    assert (band.name, band.source) == ("Mine/Camera.g", "SVO Filter Profile Service, Mine/Camera.g")
    np.testing.assert_array_equal(band.wave, WAVE)
    np.testing.assert_array_equal(band.throughput, CURVE)
    assert np.isnan(band.vega_ab)
    assert read_bandpass(tmp_path / "g.xml", name="g").name == "g"


def test_a_response_per_energy_is_divided_by_wavelength(tmp_path):
    (text := tmp_path / "g.dat").write_text("\n".join(f"{w} {t}" for w, t in zip(WAVE, CURVE, strict=True)))
    twin = read_bandpass(text, detector="energy")
    band = read_bandpass(votable(tmp_path / "g.xml", detector="0"))
    np.testing.assert_allclose(band.throughput, twin.throughput, rtol=1e-15)
    assert pivot_wave(band) < pivot_wave(read_bandpass(votable(tmp_path / "g.xml")))
    # What is stated by the caller wins.
    np.testing.assert_array_equal(read_bandpass(votable(tmp_path / "g.xml", "0"), detector="photon").throughput, CURVE)


def test_a_detector_that_is_not_stated_is_not_guessed(tmp_path):
    path = votable(tmp_path / "g.xml", detector="")
    with pytest.raises(ValueError, match=r"g\.xml: does not state its detector: write detector='photon' or"):
        read_bandpass(path)
    np.testing.assert_array_equal(read_bandpass(path, detector="photon").throughput, CURVE)


def test_other_units_are_converted(tmp_path):
    np.testing.assert_allclose(read_bandpass(votable(tmp_path / "g.xml", unit="um", scale=1e-4)).wave, WAVE, rtol=1e-9)
    with pytest.raises(ValueError, match=r"g\.xml: Wavelength has the unit s, expected Angstrom"):
        read_bandpass(votable(tmp_path / "g.xml", unit="s"))
    with pytest.raises(ValueError, match=r"g\.xml: the column Wavelength has no unit"):
        read_bandpass(votable(tmp_path / "g.xml", unit=""))
    path = votable(tmp_path / "g.xml")
    path.write_text(path.read_text().replace(' unit="Angstrom"', ""))
    with pytest.raises(ValueError, match=r"g\.xml: the column Wavelength has no unit"):
        read_bandpass(path)


def test_the_zero_point_of_the_vega_system_is_vega(tmp_path):
    zero = ('<PARAM name="MagSys" value="Vega" datatype="char" arraysize="*"/>'
            '<PARAM name="ZeroPoint" value="363.078" unit="Jy" datatype="double"/>'
            '<PARAM name="ZeroPointUnit" value="Jy" datatype="char" arraysize="*"/>')  # fmt: skip
    # A tenth of the flux density of AB = 0, 3630.78 Jy.
    assert read_bandpass(votable(tmp_path / "g.xml", zero=zero)).vega_ab == pytest.approx(2.5, abs=1e-5)


def test_other_votables_are_refused(tmp_path):
    path = tmp_path / "g.xml"
    path.write_text(votable(path).read_text().replace("Transmission", "Flux"))
    with pytest.raises(ValueError, match=r"g\.xml: has no column Transmission, expected a file of the SVO"):
        read_bandpass(path)
    path.write_text("<VOTABLE><RESOURCE>")
    with pytest.raises(ValueError, match=r"g\.xml: the VOTable cannot be read"):
        read_bandpass(path)


@pytest.mark.parametrize("stated", ["Angstrom", "AA", "nm", "um"])
def test_the_unit_of_a_parameter_counts_where_the_column_has_none(tmp_path, stated):
    scale = {"nm": 0.1, "um": 1e-4}.get(stated, 1.0)
    said = f'<PARAM name="WavelengthUnit" value="{stated}" datatype="char" arraysize="*"/>'
    path = votable(tmp_path / "g.xml", unit="", zero=said, scale=scale)
    np.testing.assert_allclose(read_bandpass(path).wave, WAVE, rtol=1e-9)
    path.write_text(path.read_text().replace(' ucd="em.wl" unit=""', ' ucd="em.wl"'))
    np.testing.assert_allclose(read_bandpass(path).wave, WAVE, rtol=1e-9)
    # The column's own unit wins.
    np.testing.assert_allclose(read_bandpass(votable(tmp_path / "h.xml", zero=said)).wave, WAVE, rtol=1e-9)
    wrong = votable(tmp_path / "i.xml", unit="", zero=said.replace(stated, "parsnips"))
    with pytest.raises(ValueError, match=r"i\.xml: .*parsnips"):
        read_bandpass(wrong)
