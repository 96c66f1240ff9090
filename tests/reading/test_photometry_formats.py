"""Photometry as people have it: units and names of columns, limits, systems, dates and rows that are none."""

import math

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

from sntransport._numerics.units import mag_to_njy, njy_to_mag
from sntransport.photometry.bands import load_bands, pivot_wave
from sntransport.reading.supernova import ReadError, read_light_curve, read_supernova

WAVE = np.arange(4000.0, 8000.0, 40.0)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "SN"
    (path / "spectra").mkdir(parents=True)
    (path / "sn.toml").write_text("z = 0.02\ndistance_mpc = 86.0\nebv_mw = 0.03\n")
    np.savetxt(path / "spectra" / "a.txt", np.column_stack([WAVE, 1e-15 * WAVE / 6000.0]), header="MJD = 60001.5")
    return path


def read(folder, text, name="photometry.csv", toml="", **known):
    (folder / name).write_text(text)
    with (folder / "sn.toml").open("a") as file:
        file.write(toml)
    return read_supernova(folder, **known)


def noted(sn, *words):
    return [note for note in sn.notes if all(word in note for word in words)]


def vega(band):
    return load_bands([band])[0].ab_offset


@pytest.mark.parametrize(
    "name",
    ["mag_err", "magerr", "emag", "e_mag", "mag_error", "dmag", "MagErr", "Mag Error", "sigma_mag", "mag_unc", "err",
     "uncertainty", "magnitude_error", "mag_sigma", "sigmag"],
)  # fmt: skip
def test_names_of_the_error(folder, name):
    curve = read(folder, f"mjd,band,mag,{name}\n60000.5,sdssr,16,0.03\n").light_curve
    assert curve.flux_err[0] / curve.flux[0] == pytest.approx(0.03 * 0.4 * np.log(10))


@pytest.mark.parametrize("name", ["flux_err", "fluxerr", "eflux", "e_flux", "dflux", "flux_error", "Flux Error", "err"])
def test_names_of_the_error_of_a_flux(folder, name):
    curve = read(folder, f"mjd,band,flux [nJy],{name}\n60000.5,sdssr,16,3\n").light_curve
    assert curve.flux_err.tolist() == [3.0]


@pytest.mark.parametrize("name", ["my_mag_errors_tot", "phot_unc", "sig_tot", "e_tot"])
def test_a_column_that_may_be_the_error_is_not_passed_over(folder, name):
    with pytest.raises(ReadError, match=rf"no column 'mag_err' \(it has .*\); rename '{name}' to 'mag_err'"):
        read(folder, f"mjd,band,mag,{name}\n60000.5,sdssr,16,0.03\n")


def test_no_error_at_all_is_assumed_with_a_note(folder):
    sn = read(folder, "mjd,band,mag,airmass\n60000.5,sdssr,16,1.2\n")
    assert noted(sn, "no error given, 0.1 mag taken for 1 row: sdssr")
    assert noted(sn, "columns not used: airmass")


@pytest.mark.parametrize("words", [("mag", "magnitude"), ("mjd", "time"), ("band", "filter"), ("zpsys", "magsys")])
def test_two_columns_of_one_meaning_are_refused(folder, words):
    head = ",".join(dict.fromkeys(["mjd", "band", "mag", "mag_err", *words]))
    with pytest.raises(ReadError, match="two columns"):
        read(folder, f"{head}\n{','.join(['60000'] * len(head.split(',')))}\n")


@pytest.mark.parametrize(
    ("unit", "err_unit", "value", "err"),
    [
        ("nJy", "nJy", 3e5, 3e3), ("uJy", "nJy", 300.0, 3e3), ("mJy", "uJy", 0.3, 3.0), ("uJy", "", 300.0, 3.0),
        ("uJy", "percent", 300.0, 1.0), ("erg/s/cm2/Hz", "uJy", 3e-27, 3.0), ("microJy", "%", 300.0, 1.0),
    ],
)  # fmt: skip
def test_units_of_fluxes(folder, unit, err_unit, value, err):
    error = f"flux_err [{err_unit}]" if err_unit else "flux_err"
    sn = read(folder, f"mjd,band,flux [{unit}],{error}\n60000.5,lsstg,{value!r},{err!r}\n")
    np.testing.assert_allclose(sn.light_curve.flux, 3e5, rtol=1e-12)
    np.testing.assert_allclose(sn.light_curve.flux_err, 3e3, rtol=1e-12)
    assert not noted(sn, "taken as nJy")


@pytest.mark.parametrize("line", ["# flux in microjansky", "# flux unit: uJy", "# BUNIT = 'uJy'"])
def test_a_comment_that_states_the_unit_of_fluxes(folder, line):
    sn = read(folder, f"{line}\nmjd,band,flux,flux_err\n60000.5,LSSTg,300,3\n")
    assert sn.light_curve.band.tolist() == ["lsstg"]
    np.testing.assert_allclose(sn.light_curve.flux, [3e5], rtol=1e-12)
    assert not noted(sn, "taken as nJy")


def test_fluxes_per_wavelength_at_the_pivot_of_their_band(folder):
    curve = read(folder, "mjd,band,flux [1e-15 erg/s/cm2/A],flux_err\n60000.5,lsstg,2.0,0.1\n").light_curve
    expected = 2e-15 * pivot_wave(load_bands(["lsstg"])[0]) ** 2 / 2.99792458e18 / 1e-32
    np.testing.assert_allclose(curve.flux, expected)
    np.testing.assert_allclose(curve.flux_err, 0.05 * expected)


@pytest.mark.parametrize(
    ("unit", "err"), [("mag", 0.02), ("mmag", 20.0), ("percent", 2.0 * 0.4 * math.log(10)), ("", 0.02)]
)
def test_units_of_errors_of_magnitudes(folder, unit, err):
    error = f"mag_err [{unit}]" if unit else "mag_err"
    curve = read(folder, f"mjd,band,mag,{error}\n60000.5,lsstg,18.0,{err!r}\n").light_curve
    np.testing.assert_allclose(curve.flux_err / curve.flux, 0.02 * 0.4 * np.log(10), rtol=1e-12)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("mjd,band,flux [m],flux_err", "flux is in 'm'; give nJy"),
        ("mjd,band,flux [uJy],flux_err [m]", "flux_err is in 'm'"),
        ("mjd,band,flux,flux_err [uJy]", "flux has no unit but flux_err is in 'uJy'; state both"),
        ("mjd,band,mag [ST],mag_err", "mag is in 'ST'"), ("mjd,band,mag [Jy],mag_err", "mag is in 'Jy'"),
        ("mjd,band,mag,mag_err [Jy]", "mag_err is in 'Jy'"), ("mjd [s],band,mag,mag_err", "mjd is 60000.5 s"),
        ("mjd [m],band,mag,mag_err", "mjd has the unit 'm'; give Modified Julian dates"),
    ],
)  # fmt: skip
def test_units_of_something_else_are_refused(folder, head, words):
    with pytest.raises(ReadError, match=words) as caught:
        read(folder, f"{head}\n60000.5,lsstg,18.0,0.1\n")
    assert "photometry.csv" in str(caught.value)


def test_a_unit_beside_a_zero_point_is_refused(folder):
    with pytest.raises(ReadError, match="both the unit 'uJy' and a zero point"):
        read(folder, "mjd,band,flux [uJy],flux_err,zp,zpsys\n60000.5,lsstg,18.0,0.1,23.9,ab\n")
    curve = read(folder, "mjd,band,flux [adu],flux_err,zp,zpsys\n60000.5,lsstg,18.0,0.1,25,ab\n").light_curve
    np.testing.assert_allclose(curve.flux, 18.0 * mag_to_njy(25.0))


def test_dates_in_seconds_are_converted_where_they_are_dates(folder):
    curve = read(folder, f"mjd [s],band,mag,mag_err\n{60000.5 * 86400!r},lsstg,18.0,0.1\n").light_curve
    assert curve.mjd[0] == pytest.approx(60000.5, abs=1e-8)
    with pytest.raises(ReadError, match="line 2: mjd is 0, no date"):
        read(folder, "mjd,band,mag,mag_err\n0,lsstg,18.0,0.1\n")


@pytest.mark.parametrize("flag", ["upperlimit", "upper_limit", "is_limit", "limit", "nondetection", "l_mag", "UL"])
@pytest.mark.parametrize("words", [("True", "False"), ("1", "0"), ("yes", ""), (">", ""), ("t", "f")])
def test_flags_make_limits(folder, flag, words):
    yes, no = words
    sn = read(folder, f"mjd,band,mag,mag_err,{flag}\n60000.5,sdssr,16,0.03,{no}\n60001.5,sdssr,19,,{yes}\n")
    assert sn.light_curve.mjd.tolist() == [60000.5]
    assert sn.n_photometry_rejected == 1
    assert noted(sn, "1 row rejected, upper limit: sdssr")
    assert not noted(sn, "no error given")


@pytest.mark.parametrize(
    "text",
    [
        "mjd,band,mag,mag_err\n60000.5,sdssr,16,0.03\n60001.5,sdssr,>19,\n",
        "mjd,band,mag,mag_err,detected\n60000.5,sdssr,16,0.03,1\n60001.5,sdssr,19,,0\n",
        "mjd,band,mag,mag_err,limit\n60000.5,sdssr,16,0.03,18.9\n60001.5,sdssr,>19,,19\n",
    ],
)
def test_limits_otherwise(folder, text):
    sn = read(folder, text)
    assert sn.light_curve.mjd.tolist() == [60000.5]
    assert noted(sn, "1 row rejected, upper limit")


def test_an_error_that_is_no_number_is_refused(folder):
    with pytest.raises(ReadError, match=r"line 2: mag_err is '0\.1x', not a number"):
        read(folder, "mjd,band,mag,mag_err\n60000.5,sdssr,16,0.1x\n")


def test_a_row_without_a_magnitude_but_a_limiting_one_is_a_limit(folder):
    sn = read(folder, "mjd,band,mag,mag_err,maglim\n60000.5,sdssr,16,0.03,19.5\n60001.5,sdssr,,,19.6\n")
    assert (sn.light_curve.mjd.tolist(), sn.n_photometry_rejected) == ([60000.5], 1)
    assert noted(sn, "1 row rejected, upper limit")


def test_the_text_tables_of_sncosmo(folder):
    text = "@z 0.02\n@salt2 no\ntime band flux fluxerr zp zpsys\n60000.5 sdssr 100.0 2.0 25.0 ab\n"
    np.testing.assert_allclose(njy_to_mag(read(folder, text, "photometry.txt").light_curve.flux), [20.0])


def test_a_flag_that_is_none(folder):
    with pytest.raises(ReadError, match="line 2: upperlimit is 'perhaps', neither true nor false"):
        read(folder, "mjd,band,mag,mag_err,upperlimit\n60000.5,sdssr,16,0.03,perhaps\n")


@pytest.mark.parametrize(
    "head", ["mjd,band,flux,flux_err,zp,zpsys\n60000,2massks,1000,20,25,{}",
             "mjd,band,mag,mag_err,system\n60000,2massks,16,1,{}"]
)  # fmt: skip
def test_an_unknown_system_is_refused_in_every_path_or_the_row_is_rejected(folder, head):
    with pytest.raises(ReadError, match=r"line 2: system.* is 'vega2'; write AB or Vega in the column system"):
        read(folder, head.format("vega2") + "\n")
    sn = read(folder, head.format("vega2") + "\n" + head.format("vega").splitlines()[1] + "\n")
    assert (sn.light_curve.n_obs, sn.n_photometry_rejected) == (1, 1)
    assert noted(sn, "1 row rejected", "is 'vega2'")


def test_a_missing_system_of_a_zero_point_is_treated_as_one_of_a_magnitude_is(folder):
    text = "mjd,band,flux,flux_err,zp\n60000.5,bessellv,100,1,25\n60000.5,uvot::v,100,1,25\n"
    sn = read(folder, text)
    np.testing.assert_allclose(njy_to_mag(sn.light_curve.flux), [20.0 + vega("bessellv")])
    assert noted(sn, "no system of the zero point named, Vega taken for 1 row: bessellv")
    assert noted(sn, "1 row rejected, no magnitude system: uvot::v")
    assert read_supernova(folder, default_system="AB").light_curve.n_obs == 2


def test_defaults_by_band_and_instrument(folder):
    rows = "60000.5,uvot::v,15,0.1,UVOT\n60000.5,sdssr,16,0.1,KAIT\n60000.5,gaia::g,17,0.1,Gaia\n"
    text = f"mjd,band,mag,mag_err,instrument\n{rows}"
    sn = read(folder, text)
    assert (sn.light_curve.band.tolist(), sn.n_photometry_rejected) == (["sdssr"], 2)
    toml = 'default_system = { UVOT = "AB", "gaia::g Gaia" = "Vega" }\n'
    sn = read(folder, text, toml=toml)
    mags = dict(zip(sn.light_curve.band.tolist(), njy_to_mag(sn.light_curve.flux), strict=True))
    assert mags == pytest.approx({"uvot::v": 15.0, "sdssr": 16.0, "gaia::g": 17.0 + vega("gaia::g")})
    with pytest.raises(ReadError, match="KAIT: default_system is 'ST'; give 'AB' or 'Vega'"):
        read_supernova(folder, default_system={"KAIT": "ST"})


def test_units_bands_and_system_in_sn_toml(folder):
    sn = read(
        folder, "JD;Filter;flux;eflux\n2460001,0;V;300,0;3000,0\n", "mine.txt",
        toml='[photometry]\nfile = "mine.txt"\nflux_unit = "uJy"\nflux_err_unit = "nJy"\ninstrument = "T50"\n'
        'bands = { V = "bessellv" }\n',
    )  # fmt: skip
    curve = sn.light_curve
    assert (curve.mjd.tolist(), curve.band.tolist(), curve.instrument.tolist()) == ([60000.5], ["bessellv"], ["T50"])
    assert (curve.flux.tolist(), curve.flux_err.tolist()) == ([3e5], [3e3])


def test_several_tables_in_sn_toml(folder):
    (folder / "a.csv").write_text("mjd,band,mag,mag_err\n60000.5,uvot::v,15,0.1\n")
    toml = '[[photometry]]\nfile = "a.csv"\nsystem = "AB"\n[[photometry]]\nfile = ["b.csv"]\nmag_err_unit = "mmag"\n'
    sn = read(folder, "mjd,band,mag,mag_err\n60000.5,sdssr,16,30\n", "b.csv", toml=toml)
    np.testing.assert_allclose(njy_to_mag(sn.light_curve.flux), [15.0, 16.0])
    np.testing.assert_allclose(sn.light_curve.flux_err / sn.light_curve.flux, np.array([0.1, 0.03]) * 0.4 * np.log(10))


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('[photometry]\nfile = "photometry.csv"\nfluxunit = "uJy"\n',
         "unknown key 'fluxunit'; did you mean 'flux_unit'"),
        ('[photometry]\nflux_unit = 3\n', "flux_unit is 3; give text in quotes"),
        ('[photometry]\ntime_unit = "Gyr"\n', "mjd is 60000.5 Gyr, which is no Modified Julian date"),
        ('[photometry]\ntime_unit = "1e305 d"\n', "which is no Modified Julian date"),
        ('[photometry]\nbands = ["a"]\n', "bands is"), ('[photometry]\nsystem = "ST"\n', "'AB' or 'Vega'"),
        ('[photometry]\nflux_unit = "furlong"\n', "flux is in 'furlong'"),
    ],
)  # fmt: skip
def test_errors_in_the_table_photometry(folder, toml, words):
    with pytest.raises(ReadError, match=words):
        read(folder, "mjd,band,flux,flux_err\n60000.5,sdssr,16,0.1\n", toml=toml)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lc.csv", r'no file called photometry, .*, but lc\.csv; in sn\.toml add file = "lc\.csv" to \[photometry\]'),
        ("lc/a.csv", r'but lc/; in sn\.toml add file = "lc/lc\.csv"'),
        (".hidden", r'but nothing else; in sn\.toml add file = "lc\.csv"'),
    ],
)
def test_units_of_a_file_that_is_not_there_are_an_error(folder, name, words):
    (folder / name).parent.mkdir(exist_ok=True)
    with pytest.raises(ReadError, match=words):
        read(folder, "mjd,band,flux,flux_err\n60000.5,sdssr,16,0.1\n", name, toml='[photometry]\nflux_unit = "uJy"\n')


def test_a_key_of_another_program_is_told_what_it_is_here(folder):
    with pytest.raises(ReadError, match=r"\[photometry\]: unknown key 'zpsys'; write system ="):
        read(folder, "mjd,band,mag,mag_err\n60000.5,sdssr,16,0.1\n", toml='[photometry]\nzpsys = "AB"\n')


def test_the_same_row_twice_counts_once(folder):
    row = "60000.5,sdssr,16,0.03\n"
    text = f"mjd,band,mag,mag_err\n{row}{row}60001.5,sdssr,16,0.03\n"
    (folder / "photometry.txt").write_text("mjd band mag mag_err\n60001.5 sdssr 16 0.03\n")
    sn = read(folder, text)
    assert sn.light_curve.mjd.tolist() == [60000.5, 60001.5]
    assert sn.n_photometry_rejected == 2
    assert noted(sn, "2 rows rejected, repeats another row")


def test_backups_and_pictures_are_no_photometry(folder):
    for name in ("photometry.csv~", "photometry.csv.bak", "photometry.png"):
        (folder / name).write_text("junk")
    sn = read(folder, "mjd,band,mag,mag_err\n60000.5,sdssr,16,0.03\n")
    assert sn.light_curve.n_obs == 1
    assert noted(sn, "files not used: photometry.csv.bak, photometry.csv~")


def test_not_one_usable_row_is_an_error(folder):
    with pytest.raises(
        ReadError, match=r"no row of it is a measurement; what was rejected: upper limit \(sdssr \(1\)\)"
    ):
        read(folder, "mjd,band,mag,mag_err\n60000.5,sdssr,>16,\n")


def test_masked_values_of_a_table_are_missing_ones(tmp_path):
    table = Table(
        {"mjd": [60000.5, 60001.5], "band": ["sdssr"] * 2, "mag": MaskedColumn([16.0, 0.0], mask=[False, True])}
    )
    table["mag_err"], table["upperlimit"] = [0.1, 0.1], [False, True]
    table.write(tmp_path / "a.ecsv")
    with pytest.warns(UserWarning, match="upper limit"):
        assert read_light_curve(tmp_path / "a.ecsv").n_obs == 1
    table.remove_column("upperlimit")
    table.write(tmp_path / "a.ecsv", overwrite=True)
    with pytest.raises(ReadError, match="row 2: mag is ''"):
        read_light_curve(tmp_path / "a.ecsv")


@pytest.mark.parametrize(
    "text",
    ["mjd,band,flux,flux_err,zp,zpsys\n60000,sdssr,1e300,1,-99,ab\n", "mjd,band,mag,err\n60000,sdssr,-4,1e308\n"],
)
def test_numbers_beyond_all_measure_are_refused(folder, text):
    with pytest.raises(ReadError, match=r"photometry\.csv: sdssr at MJD 60000: .*leave out the row"):
        read(folder, text)


def test_a_warning_names_the_file_once(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("mjd,band,flux,flux_err\n60000.2,ztfg,1500.0,40.0\n", encoding="utf-8")
    with pytest.warns(UserWarning, match="flux without unit") as told:
        read_light_curve(path)
    assert [str(one.message) for one in told] == [f"{path}: flux without unit or zp taken as nJy"]
