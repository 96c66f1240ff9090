"""Reading Open Supernova Catalog files: every known trap, on events made here, and the real files where present."""

import copy
import csv
import gzip
import json
import math
import string
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sntransport._numerics.units import njy_to_mag
from sntransport._storage.contents import json_memory
from sntransport._storage.read_error import ReadError as SameError
from sntransport.photometry.bands import load_bands
from sntransport.reading.account import Facts
from sntransport.reading.osc_event import calendar_date, load_event
from sntransport.reading.photometry_rows import NoSystem, identify
from sntransport.reading.supernova import ReadError, read_light_curve, read_supernova
from sntransport.spectra.sightline import transmission


def table(n=60, first=4000.0, step=60.0, columns=2, scale=1e-15):
    """A spectrum's data as the catalog has it: rows of strings."""
    wave = first + step * np.arange(n)
    flux = scale * (2.0 + np.sin(wave / 300.0))
    rows = [[f"{w:.3f}", f"{f:.6e}"] for w, f in zip(wave, flux, strict=True)]
    return [[*row, f"{0.05 * scale:.6e}"] for row in rows] if columns == 3 else rows


def spectrum(**changes):
    raw = {"time": "56380.5", "u_time": "MJD", "instrument": "EFOSC", "telescope": "NTT"}
    raw |= {"u_wavelengths": "Angstrom", "u_fluxes": "erg/s/cm^2/Angstrom", "data": table()}
    return {key: value for key, value in (raw | changes).items() if value is not None}


def row(**changes):
    raw = {"time": "56380.25", "u_time": "MJD", "band": "V", "magnitude": "16.50", "e_magnitude": "0.02"}
    return {key: value for key, value in (raw | changes).items() if value is not None}


def event(**changes):
    raw = {
        "name": "SN2099zz",
        "claimedtype": [{"value": "II P"}],
        "discoverdate": [{"value": "2013/03/21"}],
        "ebv": [{"value": "0.05"}],
        "lumdist": [{"value": "20", "u_value": "Mpc"}],
        "redshift": [{"value": "0.01", "kind": "heliocentric"}],
        "photometry": [row(), row(time="56390.1", magnitude="16.7")],
        "spectra": [spectrum(), spectrum(time="56390")],
    }
    return {key: value for key, value in (raw | changes).items() if value is not None}


@pytest.fixture
def read(tmp_path):
    def write_and_read(raw, **known):
        path = tmp_path / "sn.json"
        path.write_text(json.dumps({raw.get("name", "SN2099zz"): raw}), encoding="utf-8")
        return read_supernova(path, **known)

    return write_and_read


def noted(sn, *words):
    """The notes that have all these words."""
    return [note for note in sn.notes if all(word in note for word in words)]


def bands_of(read, *rows, **known):
    return read(event(photometry=list(rows)), **known).light_curve


def test_a_plain_event(read):
    sn = read(event())
    assert (sn.name, sn.sn_type, sn.mjd_ref, sn.mjd_ref_meaning) == ("SN2099zz", "II P", 56372.0, "discovery")
    assert (sn.sightline.z, sn.sightline.ebv_mw, sn.sightline.ebv_host) == (0.01, 0.05, 0.0)
    assert sn.sightline.distance_modulus == pytest.approx(5 * math.log10(20) + 25)
    assert [s.mjd for s in sn.spectra] == [56380.5, 56390.0]
    assert all(s.calibrated and s.wave.size == 60 for s in sn.spectra)
    assert "NTT/EFOSC" in sn.spectra[0].source
    assert sn.light_curve.bands == ("bessellv",)
    assert (sn.n_spectra_rejected, sn.n_photometry_rejected) == (0, 0)
    assert noted(sn, "known to the day only")


def test_gzip_and_plain_are_the_same(tmp_path):
    text = json.dumps({"SN2099zz": event()}).encode()
    plain, zipped, unmarked = tmp_path / "a.json", tmp_path / "b.json.gz", tmp_path / "c.json"
    plain.write_bytes(b"\xef\xbb\xbf" + text)
    zipped.write_bytes(gzip.compress(text, mtime=0))
    unmarked.write_bytes(gzip.compress(text, mtime=0))
    a, b, c = (read_supernova(path) for path in (str(plain), zipped, unmarked))
    assert a.notes == b.notes == c.notes
    np.testing.assert_array_equal(a.spectra[0].flux, b.spectra[0].flux)


def test_the_users_word_wins(read):
    sn = read(
        event(), name="mine", sn_type="Ia", z=np.float32(0.5), distance_modulus=42, ebv_mw=0.1, ebv_host=0.2,
        rv_mw=3.0, rv_host=2.5, law_mw="G23", law_host="O94", mjd_ref=np.int64(56400), mjd_ref_meaning="B maximum",
    )  # fmt: skip
    assert (sn.name, sn.sn_type, sn.mjd_ref, sn.mjd_ref_meaning) == ("mine", "Ia", 56400.0, "B maximum")
    line = sn.sightline
    values = (line.z, line.distance_modulus, line.ebv_mw, line.ebv_host, line.rv_mw, line.rv_host)
    assert values == (0.5, 42.0, 0.1, 0.2, 3.0, 2.5)
    assert (line.law_mw, line.law_host) == ("G23", "O94")


def test_an_unknown_dust_law_is_named(read):
    with pytest.raises(ReadError, match="law_host is 'F98'; give one of F99, O94, CCM89, G23"):
        read(event(), law_host="F98")


def test_a_light_curve_alone_is_read_from_a_table_or_a_supernova(tmp_path):
    (tmp_path / "p.csv").write_text("mjd,band,mag,mag_err,system\n60000,sdssr,18,0.1,AB\n")
    assert read_light_curve(tmp_path / "p.csv").band.tolist() == ["sdssr"]
    path = tmp_path / "sn.json"
    path.write_text(json.dumps({"SN2099zz": event()}))
    np.testing.assert_array_equal(read_light_curve(path).flux, read_supernova(path).light_curve.flux)
    with pytest.raises(ReadError, match="no such file"):
        read_light_curve(tmp_path / "missing.csv")
    (tmp_path / "p.csv").write_text("mjd,band,mag,mag_err,system\n60000,sdssr,nan,0.1,AB\n")
    with pytest.raises(ReadError, match="mag is 'nan', not a number"):
        read_light_curve(tmp_path / "p.csv")
    (tmp_path / "p.csv").write_text("mjd,band,mag,mag_err\n60000,bessellv,18,0.1\n")
    with pytest.warns(UserWarning, match="no magnitude system named, Vega taken for 1 row"):
        read_light_curve(tmp_path / "p.csv")
    with pytest.raises(ReadError, match="default_system is 'ST'"):
        read_light_curve(tmp_path / "p.csv", default_system="ST")


# Trap 1: everything is text; fields may be missing; time may be a list; names carry markup.


def test_spectrum_fields_may_be_missing(read):
    bare = {"time": "56380", "data": table()}
    sn = read(event(spectra=[bare, spectrum(data=None), spectrum(data="?"), "text", spectrum(u_fluxes=None)]))
    assert (len(sn.spectra), sn.n_spectra_rejected) == (2, 3)
    assert not any(s.calibrated for s in sn.spectra)
    assert noted(sn, "2 of 2 spectra are in arbitrary units")
    assert noted(sn, "spectra[1]", "NTT/EFOSC", "no data")


def test_photometry_fields_may_be_missing(read):
    rows = [row(band=None), row(magnitude=None), row(time=None), row(e_magnitude=None), 7, {}]
    sn = read(event(photometry=rows))
    assert (sn.light_curve.n_obs, sn.n_photometry_rejected) == (1, 5)
    for reason in ("no band named", "no magnitude", "no single date"):
        assert noted(sn, "rejected", reason)
    assert read(event(photometry=None)).light_curve.n_obs == 0


@pytest.mark.parametrize(("time", "mjd"), [(["56380.0", "56380.4"], 56380.2), (["56380"], 56380.0), (56380.5, 56380.5)])
def test_time_may_be_a_list_or_a_number(read, time, mjd):
    sn = read(event(spectra=[spectrum(time=time)], photometry=[row(time=time)]))
    assert sn.spectra[0].mjd == sn.light_curve.mjd[0] == pytest.approx(mjd)


def test_a_range_of_days_is_no_date(read):
    times = ["57834", "57842"]
    sn = read(event(spectra=[spectrum(), spectrum(time=times)], photometry=[row(time=times)]))
    assert noted(sn, "spectra[1]", "range of 8 d")
    assert noted(sn, "no single date")


def test_julian_dates_are_converted_and_other_units_rejected(read):
    spectra = [spectrum(time="2456380.5", u_time="JD"), spectrum(u_time="s"), spectrum(time="2456380.5")]
    sn = read(event(spectra=spectra))
    assert [s.mjd for s in sn.spectra] == [56380.0]
    assert sn.n_spectra_rejected == 2


def test_markup_and_colons_in_names(read):
    assert read(event(name='<a id="X">CSS131009:231945+101105</a>')).name == "CSS131009:231945+101105"
    assert "\n" not in read(event(name="a\nb\u2028c")).name


def test_the_first_format_of_the_catalog(read):
    raw = {"timeunit": "MJD", "time": "55505.7", "waveunit": "Angstrom", "fluxunit": "Uncalibrated"}
    sn = read(event(spectra=[raw | {"data": table(scale=1.0)}], redshift=None, hvel=[{"value": "3300"}], ebv=None))
    assert not sn.spectra[0].calibrated
    assert sn.sightline.z == pytest.approx(3300 / 299792.458)
    assert noted(sn, "field hvel")


# Trap 2: columns that are no wavelengths, spectra without time, spectra of a few pixels.


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data": table(first=-1.0, step=0.45)}, "not a wavelength"),
        ({"data": table(first=0.35, step=0.01)}, "not a wavelength"),
        ({"data": [["x", "1"]] * 30}, "not a wavelength"),
        ({"time": None}, "no date"),
        ({"time": "unknown"}, "no date"),
        ({"data": table(n=12)}, "only 12 pixels"),
        ({"data": [[r[0], "NaN" if i > 5 else r[1]] for i, r in enumerate(table())]}, "only 6 usable"),
        ({"data": [[r[0], "0.0"] for r in table()]}, "everywhere"),
        ({"data": [[r[0], "0.0"] for r in table()], "u_fluxes": "Uncalibrated"}, "0 everywhere"),
        ({"data": [[r[0]] for r in table()]}, "no columns"),
        ({"data": {"a": 1}}, "no data"),
        ({"data": [1, 2]}, "no columns"),
        ({"u_wavelengths": "parsec"}, "wavelength unit"),
    ],
)
def test_useless_spectra_are_rejected_with_the_reason(read, changes, reason):
    sn = read(event(spectra=[spectrum(time="56379"), spectrum(**changes)]))
    assert (len(sn.spectra), sn.n_spectra_rejected) == (1, 1)
    assert noted(sn, "spectra[1]", "rejected", reason)


@pytest.mark.parametrize(("unit", "factor"), [("nm", 10.0), ("micron", 1e4), ("Angstrom", 1.0)])
def test_wavelength_units_are_converted_where_named(read, unit, factor):
    data = table(first=4000 / factor, step=60 / factor)
    sn = read(event(spectra=[spectrum(data=data, u_wavelengths=unit)]))
    assert sn.spectra[0].wave[0] == pytest.approx(4000.0, abs=10)


# Trap 3: the third column.


def test_error_column(read):
    good = table(columns=3)
    same = [[*r[:2], r[1]] for r in good]
    mixed = [[*r[:2], "-1" if i % 2 else "nan" if i % 4 else r[2]] for i, r in enumerate(good)]
    short = [r if i % 2 else r[:2] for i, r in enumerate(good)]
    long = [[*r, "7", "8"] for r in good]
    sn = read(
        event(spectra=[spectrum(data=d, time=str(56380 + i)) for i, d in enumerate((good, same, mixed, short, long))])
    )
    given, copied, some, ragged, more = (s.flux_err for s in sn.spectra)
    np.testing.assert_allclose(given, 5e-17)
    np.testing.assert_allclose(more, 5e-17)
    assert np.isnan(copied).all()
    assert np.isfinite(some).sum() == 15
    assert np.nanmin(some) > 0
    assert np.isfinite(ragged).sum() in (0, 30)
    assert noted(sn, "1 spectrum: error column is a copy of the flux")


# Trap 4: negative flux, padding, unsorted and repeated wavelengths, NaN.


def test_values_are_kept_and_wavelengths_put_in_order(read):
    rows = table()
    rows[3][1], rows[4][1], rows[5][1], rows[6][1] = "-1e-15", "nan", "", "INDEF"
    rows[7] = [rows[7][0], None]
    shuffled = [rows[i] for i in np.random.default_rng(1).permutation(len(rows))]
    sn = read(event(spectra=[spectrum(data=shuffled)]))
    flux = sn.spectra[0].flux
    assert np.all(np.diff(sn.spectra[0].wave) > 0)
    assert flux[3] == -1e-15
    assert np.flatnonzero(np.isnan(flux)).tolist() == [4, 5, 6, 7]
    assert noted(sn, "sorted")


def test_repeated_wavelengths_are_averaged(read):
    rows = table(columns=3)
    twice = [rows[0], [rows[0][0], "9e-15", "5e-17"], *rows[1:]]
    got = read(event(spectra=[spectrum(data=twice)])).spectra[0]
    assert got.wave.size == 60
    assert got.flux[0] == pytest.approx((float(rows[0][1]) + 9e-15) / 2)
    assert got.flux_err[0] == pytest.approx(5e-17 / math.sqrt(2))


def test_from_red_to_blue(read):
    got = read(event(spectra=[spectrum(data=table()[::-1])]))
    np.testing.assert_array_equal(got.spectra[0].flux, read(event(spectra=[spectrum()])).spectra[0].flux)
    assert not noted(got, "sorted")


# Trap 5: arms of one exposure stay two spectra; joining them is judgment, not reading.


def test_same_night_spectra_stay_apart(read):
    assert len(read(event(spectra=[spectrum(), spectrum(data=table(first=5000.0))])).spectra) == 2


# Trap 6: flux units.


@pytest.mark.parametrize(
    ("unit", "calibrated"),
    [
        ("erg/s/cm^2/Angstrom", True), ("ergs/s/cm^2/Angstrom", True), ("erg s-1 cm-2 A-1", True),
        ("Uncalibrated", False), ("Counts", False), ("furlong", False), (None, False),
    ],
)  # fmt: skip
def test_flux_units(read, unit, calibrated):
    sn = read(event(spectra=[spectrum(u_fluxes=unit)]))
    assert sn.spectra[0].calibrated is calibrated


def test_flux_per_hertz_is_converted(read):
    sn = read(event(spectra=[spectrum(u_fluxes="erg/s/cm^2/Hz", data=table(scale=1e-26, columns=3))]))
    got = sn.spectra[0]
    wave = got.wave
    assert got.calibrated
    np.testing.assert_allclose(got.flux, 1e-26 * (2 + np.sin(wave / 300)) * 2.99792458e18 / wave**2, rtol=1e-5)
    np.testing.assert_allclose(got.flux_err, 5e-28 * 2.99792458e18 / wave**2, rtol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e300])
def test_a_unit_that_cannot_be_true(read, scale):
    sn = read(event(spectra=[spectrum(data=table(scale=scale))]))
    assert not sn.spectra[0].calibrated
    assert noted(sn, "too large or small")


# Trap 7: photometry.


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": "SALT2"}, "a model"),
        ({"realization": "1"}, "a model"),
        ({"upperlimit": True}, "upper limit"),
        ({"upperlimit": "true"}, "upper limit"),
        ({"upperlimitsigma": "5.0", "e_magnitude": None}, "upper limit"),
        ({"band": None, "magnitude": None, "fluxdensity": "4.0", "frequency": "5.9"}, "radio"),
        ({"band": None, "magnitude": None, "energy": "2", "countrate": "1"}, "radio"),
        ({"band": "clear"}, "no filter curve"),
        ({"band": "pg"}, "no filter curve"),
        ({"band": "F350LP", "telescope": "HST"}, "no filter curve"),
        ({"band": "I1", "telescope": "Spitzer", "instrument": "IRAC"}, "no filter curve"),
        ({"band": "W1", "telescope": "WISE"}, "no filter curve"),
        ({"band": "gr", "instrument": "LSQ"}, "no filter curve"),
        ({"magnitude": "99.9"}, "absurd"),
        ({"magnitude": "bright"}, "absurd"),
        ({"e_magnitude": "1.4"}, "no detection"),
        ({"kcorrected": True}, "corrected"),
        ({"host": True}, "host"),
        ({"includeshost": True}, "host"),
    ],
)
def test_rows_that_are_no_measurements(read, changes, reason):
    sn = read(event(photometry=[row(), row(**{"time": "56381", **changes})]))
    assert (sn.light_curve.n_obs, sn.n_photometry_rejected) == (1, 1)
    assert noted(sn, "1 row rejected", reason)


def test_flags_that_are_not_set_do_not_reject(read):
    assert bands_of(read, row(upperlimit=False, host="false", kcorrected="0", model="")).n_obs == 1


def vega_to_ab(name):
    return load_bands([name])[0].ab_offset


@pytest.mark.parametrize(
    ("changes", "name", "system"),
    [
        ({"band": "B"}, "bessellb", "Vega"),
        ({"band": "U"}, "bessellux", "Vega"),
        ({"band": "R"}, "bessellr", "Vega"),
        ({"band": "R", "system": "Vega"}, "bessellr", "Vega"),
        ({"band": "R", "system": "AB"}, "sdssr", "AB"),
        ({"band": "R", "system": "AB", "telescope": "NTT", "bandset": "Johnson"}, "sdssr", "AB"),
        ({"band": "G", "system": "AB"}, "sdssg", "AB"),
        ({"band": "U", "system": "AB"}, "sdssu", "AB"),
        ({"band": "Z", "system": "AB"}, "sdssz", "AB"),
        ({"band": "Rc", "system": "AB"}, "bessellr", "AB"),
        ({"band": "R_c"}, "bessellr", "Vega"),
        ({"band": "Ic", "system": "Vega"}, "besselli", "Vega"),
        ({"band": "B", "system": "AB", "telescope": "LCO"}, "bessellb", "AB"),
        ({"band": "V", "telescope": "1m0-08"}, "bessellv", "Vega"),
        ({"band": "g'", "system": "SDSS", "bandset": "SDSS"}, "sdssg", "AB"),
        ({"band": "r'"}, "sdssr", "AB"),
        ({"band": "i", "telescope": "LCOGT"}, "sdssi", "AB"),
        ({"band": "r", "system": "Vega"}, "sdssr", "Vega"),
        ({"band": "J"}, "2massj", "Vega"),
        ({"band": "KS", "system": "Vega"}, "2massks", "Vega"),
        ({"band": "Ks"}, "2massks", "Vega"),
        ({"band": "K"}, "2massks", "Vega"),
        ({"band": "R", "telescope": "PTF48"}, "ptf48r", "AB"),
        ({"band": "R", "telescope": "P48", "system": "AB"}, "ptf48r", "AB"),
        ({"band": "g", "telescope": "P48"}, "ptf48g", "AB"),
        ({"band": "r", "telescope": "P48", "instrument": "ZTF"}, "ztfr", "AB"),
        ({"band": "r", "telescope": "P60", "survey": "PTF"}, "sdssr", "AB"),
        ({"band": "V", "system": "Vega", "telescope": "Swift", "instrument": "UVOT"}, "uvot::v", "Vega"),
        ({"band": "UVW1", "telescope": "Swift", "instrument": "UVOT"}, "uvot::uvw1", "Vega"),
        ({"band": "UVM2", "system": "AB", "instrument": "UVOT"}, "uvot::uvm2", "AB"),
        ({"band": "u", "instrument": "UVOT"}, "uvot::u", "Vega"),
        ({"band": "g", "telescope": "Pan-STARRS1", "instrument": "GPC"}, "ps1::g", "AB"),
        ({"band": "w", "telescope": "Pan-STARRS1", "instrument": "GPC"}, "ps1::w", "AB"),
        ({"band": "y", "telescope": "Pan-STARRS1", "instrument": "GPC"}, "ps1::y", "AB"),
        ({"band": "B", "telescope": "Swope", "instrument": "Site2", "survey": "CSP"}, "cspb", "Vega"),
        ({"band": "V-9844", "telescope": "Swope", "instrument": "Site2"}, "cspv9844", "Vega"),
        ({"band": "V", "system": "Swope", "telescope": "ESO Schmidt"}, "cspv9844", "Vega"),
        ({"band": "V", "system": "CSP", "time": "53755"}, "cspv3009", "Vega"),
        ({"band": "V", "system": "CSP", "time": "53000"}, "cspv3014", "Vega"),
        ({"band": "r", "system": "Swope"}, "cspr", "AB"),
        ({"band": "u", "telescope": "Swope", "instrument": "Site2"}, "cspu", "AB"),
        ({"band": "Y", "telescope": "DuPont", "instrument": "RetroCam"}, "cspys", "Vega"),
        ({"band": "H", "telescope": "du Pont", "instrument": "WIRC", "survey": "CSP"}, "csphd", "Vega"),
        ({"band": "G", "telescope": "Gaia"}, "gaia::g", "Vega"),
        ({"band": "orange", "telescope": "ATLAS1"}, "atlaso", "AB"),
        ({"band": "z", "instrument": "DECam"}, "desz", "AB"),
    ],
)  # fmt: skip
def test_identity_of_a_band(read, changes, name, system):
    curve = bands_of(read, row(**changes))
    assert curve.band.tolist() == [name]
    expected = 16.5 + (vega_to_ab(name) if system == "Vega" else 0.0)
    assert njy_to_mag(curve.flux)[0] == pytest.approx(expected, abs=1e-9)
    assert curve.flux_err[0] == pytest.approx(curve.flux[0] * 0.02 * 0.4 * math.log(10))


def test_what_was_assumed_is_noted(read):
    sn = read(event(photometry=[row(), row(band="r"), row(band="B", system="AB"), row(band="R", telescope="PTF48")]))
    assert noted(sn, "no magnitude system named, Vega taken for 1 row: bessellv")
    assert noted(sn, "no magnitude system named, AB taken for 1 row: sdssr")
    assert noted(sn, "labeled AB", "bessellb")
    assert noted(sn, "AB of the instrument taken", "ptf48r PTF48")


@pytest.mark.parametrize("changes", [{"band": "R", "system": "Natural"}, {"band": "G"}, {"band": "Z"}])
def test_a_row_whose_system_has_no_sound_default_is_rejected_and_the_others_stay(read, changes):
    raw = event(photometry=[row(), row(telescope="KAIT", **changes)])
    sn = read(raw)
    assert (sn.light_curve.bands, sn.n_photometry_rejected) == (("bessellv",), 1)
    assert noted(sn, "1 row rejected", "magnitude system", "default_system=", "KAIT")
    assert read(raw, default_system="ab").light_curve.n_obs == 2


@pytest.mark.parametrize("key", ["KAIT", "R KAIT", "r kait"])
def test_default_system_by_band_and_instrument_touches_no_other(read, key):
    raw = event(photometry=[row(band="R", telescope="KAIT", system="Natural"), row(band="V"), row(band="r")])
    mags = dict(zip((curve := bands_of(read, *raw["photometry"], default_system={key: "Vega"})).band.tolist(),
                    njy_to_mag(curve.flux), strict=True))  # fmt: skip
    assert mags["bessellr"] == pytest.approx(16.5 + vega_to_ab("bessellr"))
    assert mags["bessellv"] == pytest.approx(16.5 + vega_to_ab("bessellv"))
    assert mags["sdssr"] == pytest.approx(16.5)


def test_default_system(read):
    rows = [row(band="r"), row(band="R"), row(band="B"), row(band="V", system="Vega"), row(band="R", telescope="PTF48")]
    vega = bands_of(read, *rows, default_system="Vega")
    assert vega.bands == ("bessellb", "bessellr", "bessellv", "ptf48r", "sdssr")
    mags = dict(zip(vega.band.tolist(), njy_to_mag(vega.flux), strict=True))
    assert mags["sdssr"] == pytest.approx(16.5 + vega_to_ab("sdssr"))
    assert mags["ptf48r"] == pytest.approx(16.5)
    ab = bands_of(read, *rows, default_system="AB")
    assert ab.bands == ("bessellb", "bessellv", "ptf48r", "sdssr")


def test_identify_alone():
    assert identify("Stroemgren").band == ""
    assert identify("Y").band == ""
    with pytest.raises(NoSystem, match="neither AB nor Vega"):
        identify("R", "Natural", telescope="CTIO 4m")


def test_instrument_is_kept(read):
    curve = bands_of(read, row(telescope="Swift", instrument="UVOT"), row(time="56400", instrument="KEP2"))
    assert curve.instrument.tolist() == ["Swift/UVOT", "KEP2"]


def test_repeated_rows(read):
    rows = [
        row(),
        row(),  # exact
        row(time="56380.252", magnitude="16.5", e_magnitude=None),  # the coarser of the two, without error
        row(time="56380.254", magnitude="16.504", telescope="KAIT"),  # rounds to the same, one unnamed
        row(time="56380.252", magnitude="16.8"),  # another value
        row(time="56380.27"),  # another time
        row(band="B"),  # another band
    ]
    sn = read(event(photometry=rows))
    assert (sn.light_curve.n_obs, sn.n_photometry_rejected) == (4, 3)
    assert noted(sn, "3 rows rejected, repeats another row")
    kept = sn.light_curve
    assert "KAIT" in kept.instrument.tolist()
    other = [row(telescope="KAIT"), row(telescope="Nickel")]
    assert bands_of(read, *other).n_obs == 2


def test_missing_errors(read):
    rows = [row(time=str(56380 + i), e_magnitude=f"0.0{i + 2}", telescope="A") for i in range(3)]
    rows += [row(time="56390", e_magnitude=None, telescope="A"), row(time="56391", e_magnitude="0", telescope="B")]
    rows += [row(time="56392", e_magnitude=None, e_lower_magnitude="0.1", e_upper_magnitude="0.3", telescope="C")]
    sn = read(event(photometry=rows))
    relative = sn.light_curve.flux_err / sn.light_curve.flux / (0.4 * math.log(10))
    np.testing.assert_allclose(relative, [0.02, 0.03, 0.04, 0.03, 0.1, 0.2])
    assert noted(sn, "median of the same band and instrument", "bessellv A (1)")
    assert noted(sn, "0.1 mag taken", "bessellv B (1)")


# Trap 8: what is known of the supernova.


def test_missing_dust_is_zero_with_a_note(read):
    sn = read(event(ebv=None))
    assert sn.sightline.ebv_mw == 0
    assert noted(sn, "ebv_mw=")


def test_claims_disagree(read):
    sn = read(event(claimedtype=[{"value": "IIn"}, {"value": "II L"}, {"value": "IIn"}]))
    assert sn.sn_type == "IIn"
    assert noted(sn, "'IIn' taken", "'II L'")
    assert read(event(claimedtype=None)).sn_type == ""


def test_deredshifted_spectra_are_shifted_back(read):
    sn = read(event(spectra=[spectrum(deredshifted=True, redshift="0.1"), spectrum(time="56390", deredshifted="true")]))
    plain = read(event(spectra=[spectrum()])).spectra[0]
    for got, z in zip(sn.spectra, (0.1, 0.01), strict=True):
        np.testing.assert_allclose(got.wave, plain.wave * (1 + z))
        np.testing.assert_allclose(got.flux, plain.flux / (1 + z))
    assert noted(sn, "2 spectra: stored in the rest frame")


def test_dereddened_spectra_get_their_dust_back(read):
    sn = read(event(spectra=[spectrum(dereddened=True)]), ebv_mw=0.3)
    plain = read(event(spectra=[spectrum()])).spectra[0]
    np.testing.assert_allclose(sn.spectra[0].flux, plain.flux * transmission(plain.wave, 0.3))
    assert noted(sn, "free of dust")


def test_a_spectrum_may_have_its_own_redshift(read):
    sn = read(event(spectra=[spectrum(redshift="0.02")]))
    assert sn.sightline.z == 0.01
    assert noted(sn, "redshift of their own", "0.02 (1)")


@pytest.mark.parametrize(
    ("values", "z", "words"),
    [
        ([{"value": "0.0212"}, {"value": "0.0218"}, {"value": "0.0206"}], 0.0212, "also listed: 0.0206, 0.0218"),
        ([{"value": "0.03", "kind": "cmb"}, {"value": "0.029", "kind": "heliocentric"}], 0.029, "also listed"),
        ([{"value": "0.03", "kind": "cmb"}], 0.03, "marked cmb"),
        ([{"value": "?"}, {"value": "0.04"}], 0.04, ""),
        ("0.05", 0.05, ""),
    ],
)
def test_which_redshift(read, values, z, words):
    sn = read(event(redshift=values))
    assert sn.sightline.z == z
    assert noted(sn, words)


def test_redshift_from_a_velocity_or_not_at_all(read):
    sn = read(event(redshift=None, velocity=[{"value": "3000", "u_value": "km/s"}]))
    assert sn.sightline.z == pytest.approx(0.010007, abs=1e-6)
    assert noted(sn, "field velocity")
    with pytest.raises(ReadError, match=r"sn\.json.*redshift.*z="):
        read(event(redshift=None))
    assert read(event(redshift=None), z=0.01).sightline.z == 0.01


@pytest.mark.parametrize(
    ("lumdist", "mpc", "words"),
    [
        ([{"value": "10"}, {"value": "20"}, {"value": "90"}, {"value": "1", "derived": True}], 20, "median of 3"),
        ([{"value": "49", "source": "D"}], 49, "derived"),
        ([{"value": "20000", "u_value": "kpc"}], 20, "median of 1"),
    ],
)
def test_which_distance(read, lumdist, mpc, words):
    sn = read(event(lumdist=lumdist))
    assert sn.sightline.distance_modulus == pytest.approx(5 * math.log10(mpc) + 25)
    assert noted(sn, "distance", words)


def test_distance_of_the_host_from_redshift_or_not_at_all(read):
    derived = [{"value": "6.4", "derived": True}]
    sn = read(event(lumdist=derived, hostlumdist=[{"value": "15"}]))
    assert sn.sightline.distance_modulus == pytest.approx(5 * math.log10(15) + 25)
    sn = read(event(lumdist=derived), z=0.001)
    assert noted(sn, "tells little of the distance")
    sn = read(event(lumdist=None), z=0.1)
    assert sn.sightline.distance_modulus == pytest.approx(38.4, abs=0.1)
    assert noted(sn, "Planck 2018")
    with pytest.raises(ReadError, match=r"lumdist.*distance_modulus="):
        read(event(lumdist=None), z=0.001)


@pytest.mark.parametrize(
    ("text", "mjd"),
    [("2013/03/21", 56372.0), ("2013-03-21", 56372.0), ("2013/3/21.25", 56372.25), ("1858/11/17", 0.0)],
)
def test_calendar_dates(text, mjd):
    assert calendar_date(text)[0] == pytest.approx(mjd)


@pytest.mark.parametrize("text", ["2013", "2013/03", "2013/13/45", "", None, "soon"])
def test_incomplete_dates_are_no_dates(text):
    assert calendar_date(text) is None


def test_phase_zero(read):
    sn = read(event(discoverdate=[{"value": "2013"}]))
    assert (sn.mjd_ref, sn.mjd_ref_meaning) == (56380.25, "first observation")
    sn = read(event(discoverdate=[{"value": "2013/03/21.5"}, {"value": "2013/03/20.25"}]))
    assert sn.mjd_ref == 56371.25
    assert not noted(sn, "day only")
    with pytest.raises(ReadError, match="no usable spectrum"):
        read(event(discoverdate=None, photometry=[], spectra=[spectrum(time=None)]))


# Files that cannot be read.


def _deep():
    return b"[" * 200_000


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.json.gz", gzip.compress(json.dumps({"SN": event()}).encode(), mtime=0)[:-200], "truncated"),
        ("m.json.gz", b"\x1f\x8b\x08\x00" + b"\x99" * 400, "damaged"),
        ("p.json.gz", b'{"SN": {}}', "not gzip"),
        ("j.json", b'{"SN": {"spectra": [', "not valid JSON"),
        ("h.json", b"<!DOCTYPE html><html><body>404</body></html>", "HTML"),
        ("h.json.gz", b"\n <html>404</html>", "HTML"),
        ("e.json", b"", "empty"),
        ("e.json.gz", gzip.compress(b" \n", mtime=0), "empty"),
        ("l.json", b"[1, 2]", "list"),
        ("n.json", b"42", "int"),
        ("o.json", b'{"a": 1}', "no event"),
        ("s.json", b'{"SN1": {"name": "SN1"}}', "no spectra"),
        ("z.json", b'{"SN1": {"spectra": []}}', "no spectra"),
        ("b.json", b"\xff\xfe\x00\x01", "UTF-8"),
        ("d.json", _deep(), "nested"),
        ("i.json", b'{"a": ' + b"1" * 5000 + b"}", "not valid JSON"),
    ],
)
def test_bad_files_are_one_clear_line(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ReadError, match=words) as caught:
        read_supernova(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)


def test_missing_files_and_folders(tmp_path):
    assert ReadError is SameError
    assert issubclass(ReadError, ValueError)
    with pytest.raises(ReadError, match="no such file"):
        read_supernova(tmp_path / "none.json")
    with pytest.raises(ReadError, match=r"without sn\.toml"):
        read_supernova(tmp_path)


def test_too_large_after_decompression(tmp_path):
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b" " * 10_000 + b"1", mtime=0))
    with pytest.raises(ReadError, match="more than"):
        load_event(path, max_bytes=5000)


@pytest.mark.parametrize("piece", [b"[],", b"{},", b"1,", b'{"":0},', b'"",'])
def test_a_small_gzip_of_much_json_is_refused_before_it_is_parsed(tmp_path, piece, monkeypatch):
    monkeypatch.setattr("sntransport.reading.osc_event.MAX_JSON_BYTES", 20_000_000)
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b'{"a":[' + piece * 400_000 + b"0]}"))
    assert path.stat().st_size < 20_000
    with pytest.raises(ReadError, match=r"MiB of JSON would take about .* GiB of memory; at most"):
        load_event(path)


@pytest.mark.parametrize("piece", [b"[],", b"{},", b"1.5,", b'{"a":0},', b'"ab",', b"[1.5],", b'{"a":[]},'])
def test_the_estimate_of_memory_is_not_below_what_is_taken(piece):
    content = b"[" + piece * 50_000 + b"0]"
    tracemalloc.start()
    held = json.loads(content)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(held) == 50_001
    assert taken < json_memory(content) < 6 * taken


def test_several_events(tmp_path):
    path = tmp_path / "two.json"
    first, second = event(name="SN1", alias=[{"value": "PTF1"}]), event(name="SN2")
    path.write_text(json.dumps({"SN1": first, "SN2": second}))
    with pytest.raises(ReadError, match=r"2 events \(SN1, SN2\); pick one with name="):
        read_supernova(path)
    assert read_supernova(path, name="PTF1").n_spectra_rejected == 0
    assert read_supernova(path, name="SN2").name == "SN2"
    with pytest.raises(ReadError, match="no event 'SN3'"):
        read_supernova(path, name="SN3")


def test_a_bare_event_is_read_too(tmp_path):
    path = tmp_path / "bare.json"
    path.write_text(json.dumps({"SN2099zz": event()}))
    assert read_supernova(path).name == "SN2099zz"


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"z": "0.1"}, "z is '0.1'"),
        ({"z": math.nan}, "z is 'nan'"),
        ({"z": 10**400}, "z is '1000"),
        ({"z": True}, "z is 'True'"),
        ({"ebv_mw": -1}, "ebv_mw is -1"),
        ({"mjd_ref": 2456372.5}, "Julian date"),
        ({"mjd_ref": 1e7}, "Julian date"),
        ({"default_system": "Natural"}, "'AB' or 'Vega'"),
    ],
)
def test_wrong_keywords(read, known, words):
    with pytest.raises(ReadError, match=words):
        read(event(), **known)


def test_known_over():
    assert Facts(z=1.0).over(Facts(z=2.0, name="a")) == Facts(z=1.0, name="a")


# Whatever happens to an event, it is read or refused in one line.

_JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-10, 10**400), st.floats(), st.text(string.printable, max_size=8),
    st.sampled_from(["", "nan", "-1", "1e400", "1e308", "\ud800", "AB", "Natural", "R", "56380", "0"]),
    st.lists(st.sampled_from(["1", 2, None, [], ["4000", "1e-15"]]), max_size=3),
    st.dictionaries(st.sampled_from(["value", "a"]), st.sampled_from(["1", None, "x", []]), max_size=2),
)  # fmt: skip


def _places(node, trail=()):
    yield trail
    items = node.items() if isinstance(node, dict) else enumerate(node[:4]) if isinstance(node, list) else ()
    for key, value in items:
        yield from _places(value, (*trail, key))


_PLACES = [place for place in _places(event()) if place]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(_PLACES), st.booleans(), _JUNK), min_size=1, max_size=4))
def test_mutated_events_never_raise_anything_else(tmp_path, changes):
    raw = copy.deepcopy(event())
    for trail, delete, junk in changes:
        node = raw
        try:
            for key in trail[:-1]:
                node = node[key]
            if delete:
                del node[trail[-1]]
            else:
                node[trail[-1]] = junk
        except (KeyError, IndexError, TypeError):
            continue
    path = tmp_path / "mutated.json"
    path.write_text(json.dumps({"SN2099zz": raw}))
    try:
        sn = read_supernova(path)
    except ReadError:
        return
    assert np.all(np.isfinite(sn.light_curve.flux))
    assert all("\n" not in note for note in sn.notes)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.sampled_from(["x.json", "x.json.gz"]))
def test_random_bytes_never_raise_anything_else(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ReadError):
        read_supernova(path)


# Real supernovae.


def test_all_real_files_read_and_agree_with_their_index(osc_dir):
    with (osc_dir / "index.csv").open(newline="") as file:
        index = {line["name"]: line for line in csv.DictReader(file)}
    for name, expected in index.items():
        sn = read_supernova(osc_dir / f"{name}.json.gz")
        assert sn.name == name
        assert len(sn.spectra) + sn.n_spectra_rejected == int(expected["n_spec"])
        assert len(sn.spectra) == int(expected["n_spec_usable"])
        assert sn.light_curve.n_obs <= int(expected["n_phot"])
        assert sn.light_curve.n_obs > 0.5 * int(expected["n_phot"])
        assert sn.sightline.z == float(expected["z"])
        assert len(sn.light_curve.bands) >= 3
        assert np.all(sn.light_curve.flux_err > 0)
        rejected = [note for note in sn.notes if note.startswith("spectra[") and "rejected" in note]
        assert len(rejected) == sn.n_spectra_rejected


def test_real_garbage_wavelengths_are_rejected(osc_dir):
    sn = read_supernova(osc_dir / "SN2012cg.json.gz")
    assert (len(sn.spectra), sn.n_spectra_rejected) == (21, 8)
    assert len(noted(sn, "HST/STIS/CCD", "not a wavelength")) == 8


def test_real_event_without_dust(osc_dir):
    sn = read_supernova(osc_dir / "SN2010jl.json.gz")
    assert sn.sightline.ebv_mw == 0
    assert noted(sn, "ebv_mw=")
    assert read_supernova(osc_dir / "SN2010jl.json.gz", ebv_mw=0.0238).sightline.ebv_mw == 0.0238


def test_real_letters_that_mean_two_bands(osc_dir):
    curve = read_supernova(osc_dir / "SN2012ec.json.gz").light_curve
    counts = {name: int((curve.band == name).sum()) for name in curve.bands}
    assert (counts["sdssr"], counts["bessellr"], counts["sdssi"], counts["besselli"]) == (38, 33, 37, 31)


def test_real_photographic_photometry(osc_dir):
    sn = read_supernova(osc_dir / "SN1972E.json.gz")
    relative = sn.light_curve.flux_err / sn.light_curve.flux / (0.4 * math.log(10))
    np.testing.assert_allclose(relative, 0.1)
    assert noted(sn, "no filter curve", "pg (22)")
