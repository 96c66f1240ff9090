"""The same values are refused at every door, with the file and the probable cause."""

import json

import pytest
from astropy import units as u
from astropy.time import Time

from sntransport.reading.supernova import ReadError, read_supernova
from tests.reading.test_folder import TOML, write_ascii
from tests.reading.test_osc import event, row, spectrum

WRONG = [
    ("z", 2998.0, r"z is 2998, no redshift: .*km/s\? then z = 0\.0100"),
    ("z", -350.0, r"z is -350, no redshift: .*km/s\? then z = -0\.0012"),
    ("distance_modulus", 86.0, r"distance_modulus is 86, .*Mpc\? then it is 34\.67 mag"),
    ("ebv_mw", 31.0, r"ebv_mw is 31, .*mmag"),
    ("ebv_host", -0.1, r"ebv_host is -0\.1, expected 0 or more"),
    ("rv_host", 31.0, r"rv_host is 31"),
    ("mjd_ref", 2460000.5, r"mjd_ref is 2460000\.5, a Julian date: subtract 2400000\.5"),
    ("mjd_ref", 10370.2, r"mjd_ref is 10370\.2, in the year 1887: JD - 2450000\? then the MJD is 60369\.7"),
    ("mjd_ref", 12.0, "days since an event"),
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "spectra").mkdir()
    (tmp_path / "sn.toml").write_text(TOML)
    write_ascii(tmp_path / "spectra" / "a.txt", "# MJD = 60001.5\n")
    (tmp_path / "photometry.csv").write_text("mjd,band,mag,mag_err\n60001,sdssr,16,0.1\n")
    return tmp_path


@pytest.mark.parametrize(("key", "value", "match"), WRONG)
def test_sn_toml(folder, key, value, match):
    values = {"z": 0.02, "distance_modulus": 34.7} | {key: value}
    (folder / "sn.toml").write_text("".join(f"{name} = {one}\n" for name, one in values.items()))
    with pytest.raises(ReadError, match=match) as caught:
        read_supernova(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("key", "value", "match"), WRONG)
def test_keywords(folder, key, value, match):
    with pytest.raises(ReadError, match=match):
        read_supernova(folder, **{key: value})


@pytest.mark.parametrize("distance", ["", "distance_mpc = 43.0\n", "distance_modulus = 33.2\n"])
def test_a_velocity_is_refused_with_and_without_a_distance(folder, distance):
    (folder / "sn.toml").write_text(f"z = 2998.0\n{distance}")
    with pytest.raises(ReadError, match=r"sn\.toml: z is 2998, no redshift"):
        read_supernova(folder)


def test_a_distance_in_parsec(folder):
    (folder / "sn.toml").write_text("z = 0.01\ndistance_mpc = 4.3e7\n")
    with pytest.raises(ReadError, match=r"distance_mpc is 4\.3e\+07, .*pc\? then divide it by 1e6"):
        read_supernova(folder)


def test_keywords_keep_units(folder):
    sn = read_supernova(
        folder, z=2 * u.percent, ebv_mw=30 * u.mmag, mjd_ref=Time("2023-02-25"), distance_modulus=34 * u.mag
    )
    assert (sn.sightline.z, sn.mjd_ref) == (pytest.approx(0.02), 60000.0)
    with pytest.raises(ReadError, match="z has the unit km / s"):
        read_supernova(folder, z=3000 * u.km / u.s)
    with pytest.raises(ReadError, match="distance_modulus has the unit Mpc, expected mag"):
        read_supernova(folder, distance_modulus=43 * u.Mpc)


@pytest.mark.parametrize("date", ["10370.2", "5.5", "2460370.7", "6.03702"])
def test_dates_of_files(folder, date):
    write_ascii(folder / "spectra" / "a.txt", f"# MJD = {date}\n")
    with pytest.raises(ReadError, match=r"a\.txt: mjd is .*(JD - 2450000|days since an event|Julian date)"):
        read_supernova(folder)
    write_ascii(folder / "spectra" / "a.txt", "# MJD = 60001.5\n")
    (folder / "photometry.csv").write_text(f"mjd,band,mag,mag_err\n{date},sdssr,16,0.1\n")
    with pytest.raises(ReadError, match=r"photometry\.csv: .*mjd is"):
        read_supernova(folder)


def read_event(tmp_path, **changes):
    path = tmp_path / "SN.json"
    path.write_text(json.dumps({"SN2099zz": event(**changes)}))
    return read_supernova(path)


def test_what_a_catalog_has_out_of_range_is_not_used_and_noted(tmp_path):
    redshifts, dust = [{"value": "2998"}, {"value": "0.01"}], [{"value": "31"}, {"value": "0.05"}]
    sn = read_event(tmp_path, redshift=redshifts, ebv=dust)
    assert (sn.sightline.z, sn.sightline.ebv_mw) == (0.01, 0.05)
    assert "redshift 2998 not used: out of range (field redshift)" in sn.notes
    assert "ebv 31 not used: out of range (field ebv)" in sn.notes


def test_a_spectrum_of_a_catalog_with_another_time_axis_is_rejected(tmp_path):
    sn = read_event(tmp_path, spectra=[spectrum(), spectrum(time="6380.5")], photometry=[row()])
    assert (len(sn.spectra), sn.n_spectra_rejected) == (1, 1)
    assert any("its date 6380.5 is in the year 1876: JD - 2450000?" in note for note in sn.notes)


def test_a_blueshift_is_no_python_warning_but_a_doubt(folder):
    from sntransport.spectra.doubts import doubts_of_facts

    sn = read_supernova(folder, z=-0.01)
    assert "a blueshift of 2998 km/s" in doubts_of_facts(sn)[0]


@pytest.mark.parametrize("name", ["lc.dat", "Photometry_SN2099zz.csv", "phot.txt", "photometry.csv.bak", "phot"])
def test_a_misnamed_photometry_file_is_no_uncalibrated_series(folder, name):
    (folder / "photometry.csv").rename(folder / name)
    with pytest.raises(ReadError, match=r"no photometry\.ecsv or photometry\.csv, but .*name the photometry") as caught:
        read_supernova(folder)
    assert f'photometry = "{name}"' in str(caught.value)
    (folder / "sn.toml").write_text(f"photometry = []\n{TOML}")
    sn = read_supernova(folder)
    assert f"files not used: {name}" in sn.notes
    assert "no photometry is used: the spectra are not calibrated to it" in sn.notes


def test_photometry_in_a_folder_of_its_own_is_not_passed_over(folder):
    (folder / "lc").mkdir()
    (folder / "photometry.csv").rename(folder / "lc" / "a.csv")
    with pytest.raises(ReadError, match="but lc; name"):
        read_supernova(folder)
    (folder / "sn.toml").write_text(f'photometry = "lc/a.csv"\n{TOML}')
    sn = read_supernova(folder)
    assert sn.light_curve.n_obs == 1
    assert not any("not used" in note for note in sn.notes)


def test_files_that_nothing_reads_are_named(folder):
    for name in ("other.csv", "README.md", "readme.txt", "plot.png", ".hidden", "spectra/old.bak", "spectra/.x"):
        (folder / name).write_text("mjd,band\n")
    (folder / "spectra" / "more").mkdir()
    assert "files not used: other.csv, spectra/more, spectra/old.bak" in read_supernova(folder).notes


def test_no_photometry_is_said_of_a_catalog_too(tmp_path):
    assert "no photometry is used: the spectra are not calibrated to it" in read_event(tmp_path, photometry=[]).notes


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("av_mw = 0.1", "write ebv_mw = A_V / R_V"),
        ("A_V = 0.1", "write ebv_mw = A_V / R_V"),
        ("redshift = 0.01", "write z = "),
        ("distmod = 33", "write distance_modulus"),
        ("ebv = 0.1", "write ebv_mw"),
        ("t_max = 60000", "write mjd_ref"),
        ("sn_type = 'Ia'", "write type = "),
        ("nmae = 'x'", "did you mean 'name'"),
    ],
)
def test_hints_name_the_key_that_was_meant(folder, key, told):
    (folder / "sn.toml").write_text(f"{key}\n{TOML}")
    with pytest.raises(ReadError, match=told):
        read_supernova(folder)


def test_a_julian_date_of_a_spectrum_is_explained(folder):
    (folder / "sn.toml").write_text(f'{TOML}[[spectra]]\nfile = "spectra/a.txt"\njd = 2460002.0\n')
    with pytest.raises(ReadError, match=r"unknown key 'jd'; write mjd = .* minus 2400000\.5"):
        read_supernova(folder)


def test_a_band_that_is_only_a_letter_is_explained(folder):
    (folder / "photometry.csv").write_text("mjd,band,mag,mag_err\n60001,g,16,0.1\n")
    with pytest.raises(ReadError, match="band 'g' is not known; use sdssg or ztfg or"):
        read_supernova(folder)


def test_aliases_of_a_folder_and_of_a_catalog(folder, tmp_path):
    (folder / "sn.toml").write_text(f'aliases = ["ZTF99abc", "SN2099zz"]\n{TOML}')
    assert read_supernova(folder).aliases == ("ZTF99abc",)
    marked = [{"value": "SN2099zz"}, {"value": '<a id="x">PTF99x</a>'}, {"value": "PTF99x"}]
    assert read_event(tmp_path, alias=marked).aliases == ("PTF99x",)
    (folder / "sn.toml").write_text(f'aliases = "ZTF99abc"\n{TOML}')
    with pytest.raises(ReadError, match="aliases is 'ZTF99abc'; give a list of names"):
        read_supernova(folder)


@pytest.mark.parametrize("name", ["SN2099zz", "sn 2099zz", "SN-2099-zz", "PTF99x", "ptf 99x"])
def test_an_event_is_picked_by_any_spelling(tmp_path, name):
    path = tmp_path / "two.json"
    path.write_text(json.dumps({"SN2099zz": event(alias=[{"value": "PTF99x"}]), "SN2098a": event(name="SN2098a")}))
    assert read_supernova(path, name=name).sn_type == "II P"


def test_a_class_that_is_not_known_is_noted_by_a_build(folder):
    from sntransport.photometry.agreement import doubts

    assert any("class 'peculiar' not known" in note for note in doubts(read_supernova(folder, sn_type="peculiar")))
    assert not any("class" in note for note in doubts(read_supernova(folder, sn_type="SN Ia-norm")))
