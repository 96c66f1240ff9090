"""Reading a folder of one's own data: every format, and errors that say what to do."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from astropy.time import Time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sntransport._numerics.units import njy_to_mag
from sntransport.photometry.bands import load_bands
from sntransport.reading.formats.medium import air_of
from sntransport.reading.supernova import ReadError, read_supernova
from tests.conftest import ROOT

WAVE = np.arange(4000.0, 8000.0, 20.0)
FLUX = 1e-15 * (2.0 + np.sin(WAVE / 300.0))
TOML = 'name = "SN2099zz"\ntype = "Ia"\nz = 0.02\ndistance_mpc = 86.0\nebv_mw = 0.03\n'


@pytest.fixture
def folder(tmp_path):
    """A folder with sn.toml, one ASCII spectrum and photometry in CSV."""
    path = tmp_path / "SN2099zz"
    (path / "spectra").mkdir(parents=True)
    (path / "sn.toml").write_text(TOML)
    write_ascii(path / "spectra" / "a.txt", "# MJD = 60001.5\n")
    (path / "photometry.csv").write_text(
        "mjd,band,mag,mag_err,system,instrument\n60000.5,bessellv,16.5,0.02,Vega,KAIT\n60001.5,sdssr,16.7,0.03,AB,\n"
    )
    return path


def write_ascii(path, head="", columns=2):
    err = np.full(WAVE.size, 5e-17)
    np.savetxt(path, np.column_stack([WAVE, FLUX, err])[:, :columns], fmt="%.8g", header=head.strip("# \n"))


def noted(sn, *words):
    return [note for note in sn.notes if all(word in note for word in words)]


def only(folder, name, content=None, **entry):
    """Make ``name`` the only spectrum of the folder; return what reading gives."""
    path = folder / name
    for other in (folder / "spectra").glob("*.txt"):
        if other != path:
            other.unlink()
    if content is not None:
        path.write_text(content)
    lines = "".join(
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}\n" for key, value in entry.items()
    )
    (folder / "sn.toml").write_text(f'{TOML}[[spectra]]\nfile = "{name}"\n{lines}')
    return read_supernova(folder)


def photometry(folder, text, **known):
    (folder / "photometry.csv").write_text(text)
    return read_supernova(folder, **known)


def test_a_plain_folder(folder):
    sn = read_supernova(folder)
    assert (sn.name, sn.sn_type, sn.sightline.z, sn.sightline.ebv_mw) == ("SN2099zz", "Ia", 0.02, 0.03)
    assert sn.sightline.distance_modulus == pytest.approx(34.6725, abs=1e-4)
    assert (sn.mjd_ref, sn.mjd_ref_meaning) == (60000.5, "first observation")
    assert len(sn.spectra) == 1
    np.testing.assert_allclose(sn.spectra[0].flux, FLUX, rtol=1e-6)
    assert sn.spectra[0].calibrated
    assert "a.txt" in sn.spectra[0].source
    curve = sn.light_curve
    assert curve.band.tolist() == ["bessellv", "sdssr"]
    assert curve.instrument.tolist() == ["KAIT", ""]
    expected = [16.5 + load_bands(["bessellv"])[0].ab_offset, 16.7]
    np.testing.assert_allclose(njy_to_mag(curve.flux), expected)


def test_keywords_win_over_the_file(folder):
    sn = read_supernova(folder, z=0.5, name="other", distance_modulus=40, mjd_ref=60000, mjd_ref_meaning="explosion")
    assert (sn.name, sn.sightline.z, sn.sightline.distance_modulus) == ("other", 0.5, 40.0)
    assert (sn.mjd_ref, sn.mjd_ref_meaning) == (60000.0, "explosion")


def test_the_least_sn_toml(folder):
    (folder / "sn.toml").write_text("z = 0.05\n")
    sn = read_supernova(folder)
    assert sn.name == "SN2099zz"
    assert sn.sightline.distance_modulus == pytest.approx(36.9, abs=0.1)
    assert noted(sn, "Planck 2018")
    assert noted(sn, "ebv_mw=")


def test_every_key(folder):
    (folder / "sn.toml").write_text(
        'z = 1\ndistance_modulus = 44\nebv_host = 0.1\nrv_mw = 3\nrv_host = 2.5\nmjd_ref = 60010\n'
        'law_mw = "O94"\nlaw_host = "CCM89"\n'
        'mjd_ref_meaning = "B maximum"\ndefault_system = "vega"\nphotometry = ["photometry.csv"]\n'
    )  # fmt: skip
    sn = read_supernova(folder)
    line = sn.sightline
    assert (line.z, line.distance_modulus, line.ebv_host, line.rv_mw, line.rv_host) == (1.0, 44.0, 0.1, 3.0, 2.5)
    assert (line.law_mw, line.law_host) == ("O94", "CCM89")
    assert (sn.mjd_ref, sn.mjd_ref_meaning) == (60010.0, "B maximum")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("z = ", "not valid TOML"),
        ('name = "x"', "z is missing; add z = "),
        ("z = 0.001", "lumdist.*distance_modulus="),
        ("z = '0.1'", "z is '0.1'; give a number"),
        ("z = true", "z is 'True'"),
        ("z = inf", "z is 'inf'"),
        ("z = 1" + "0" * 400, "z is '1000"),
        ("z = 0.1\nname = 3", "give text in quotes"),
        ("z = 0.1\nebv_wm = 0.1", "unknown key 'ebv_wm'; did you mean 'ebv_mw'"),
        ("z = 0.1\nfoobarbaz = 1", "known are name"),
        ("z = 0.1\ndistance_mpc = -3", "positive"),
        ("z = 0.1\ndistance_mpc = 3\ndistance_modulus = 30", "leave one"),
        ("z = 0.1\nebv_mw = -0.3", "ebv_mw is -0.3"),
        ("z = 0.1\nmjd_ref = 2456000.5", "subtract 2400000.5"),
        ("z = 0.1\ndefault_system = 'ST'", "'AB' or 'Vega'"),
        ("z = 0.1\nphotometry = 3", "file name"),
        ("z = 0.1\nphotometry = 'none.csv'", "none.csv: no such file"),
        ("z = 0.1\nspectra = 'a.txt'", r"\[\[spectra\]\]"),
        ("z = 0.1\n[[spectra]]\nmjd = 60000", "entry 1: no file"),
        ("z = 0.1\n[[spectra]]\nfile = 'spectra/a.txt'\nmjdd = 3", "unknown key 'mjdd'; did you mean 'mjd'"),
        ("z = 0.1\n[[spectra]]\nfile = 'spectra/a.txt'\nmjd = '3'", "mjd is '3'"),
        ("z = 0.1\n[[spectra]]\nfile = 'spectra/a.txt'\nmjd = 2459000.5", "Julian date"),
        ("z = 0.1\n[[spectra]]\nfile = 'spectra/b.txt'", "b.txt: no such file"),
        ("z = 0.1\n[[spectra]]\nfile = 'spectra/a.txt'\ncalibrated = 'no'", "give true or false"),
    ],
)
def test_errors_in_sn_toml(folder, text, words):
    (folder / "sn.toml").write_text(text)
    with pytest.raises(ReadError, match=words) as caught:
        read_supernova(folder)
    assert "\n" not in str(caught.value)
    assert "sn.toml" in str(caught.value) or "SN2099zz" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["../out.txt", "/etc/hostname", "spectra/../../out.txt", "link.txt", "spectra/link.txt"]
)
def test_no_path_leaves_the_folder(folder, name):
    outside = folder.parent / "out.txt"
    write_ascii(outside, "MJD = 60000")
    for link in ("link.txt", "spectra/link.txt"):
        (folder / link).symlink_to(outside)
    (folder / "sn.toml").write_text(f'{TOML}[[spectra]]\nfile = "{name}"\n')
    with pytest.raises(ReadError, match="outside the folder"):
        read_supernova(folder)


def test_links_out_of_the_folder_are_refused_where_nothing_is_listed(folder):
    outside = folder.parent / "out.txt"
    write_ascii(outside, "MJD = 60000")
    (folder / "spectra" / "link.txt").symlink_to(outside)
    with pytest.raises(ReadError, match="outside the folder"):
        read_supernova(folder)
    (folder / "spectra" / "link.txt").unlink()
    (folder / "photometry.csv").unlink()
    (folder / "photometry.csv").symlink_to(outside)
    with pytest.raises(ReadError, match="outside the folder"):
        read_supernova(folder)


# Spectra.


def test_ascii_with_errors_commas_and_names(folder):
    rows = "\n".join(f"{w:.2f}, {f:.6e}, 5e-17" for w, f in zip(WAVE, FLUX, strict=True))
    sn = only(folder, "b.csv", f"wave, flux, flux_err\n# mjd-obs: 60002.25 (UT)\n\n{rows}\n")
    np.testing.assert_allclose(sn.spectra[0].flux_err, 5e-17)
    assert sn.spectra[0].mjd == 60002.25


def test_files_that_are_not_listed_are_read_too(folder):
    write_ascii(folder / "spectra" / "b.txt")
    (folder / "sn.toml").write_text(f"{TOML}[[spectra]]\nfile = './spectra/b.txt'\nmjd = 60009\n")
    assert [s.mjd for s in read_supernova(folder).spectra] == [60001.5, 60009.0]


def test_a_folder_without_spectra(folder):
    (folder / "spectra" / "a.txt").unlink()
    with pytest.raises(ReadError, match="no spectra; put them into spectra/"):
        read_supernova(folder)
    (folder / "spectra").rmdir()
    with pytest.raises(ReadError, match="no spectra"):
        read_supernova(folder)


def test_the_entry_wins_over_the_file(folder):
    sn = only(folder, "spectra/a.txt", mjd=60007, calibrated=False, instrument="KAST")
    assert (sn.spectra[0].mjd, sn.spectra[0].calibrated) == (60007.0, False)
    assert "KAST" in sn.spectra[0].source


def test_flux_without_a_scale_is_found_out(folder):
    rows = "\n".join(f"{w} {f * 1e15}" for w, f in zip(WAVE, FLUX, strict=True))
    sn = only(folder, "b.txt", rows, mjd=60000)
    assert not sn.spectra[0].calibrated
    assert noted(sn, "b.txt", "arbitrary units")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("# only comments\n", "no numbers"),
        ("4000 1\n4010 x\n", "line 2: 'x' is not a number"),
        ("4000 1\n4010\n", "line 2: 1 columns, expected 2"),
        ("4000 1 2\n4010 1\n", "line 2: 2 columns, expected 3"),
        ("4000\n4010\n", "line 1: 1 columns, expected 2 or 3"),
        ("# %ECSV 1.0\nnonsense", "not a valid ECSV"),
        ("SIMPLE  = what", "not a valid FITS"),
    ],
)
def test_errors_in_a_spectrum_file(folder, content, words):
    with pytest.raises(ReadError, match=words) as caught:
        only(folder, "b.txt", content, mjd=60000)
    assert "b.txt" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_binary_junk_and_missing_dates(folder):
    (folder / "junk").write_bytes(bytes(range(256)))
    with pytest.raises(ReadError, match="neither text nor FITS"):
        only(folder, "junk")
    write_ascii(folder / "b.txt")
    with pytest.raises(ReadError, match=r"b\.txt: no date; add mjd ="):
        only(folder, "b.txt")


def test_a_useless_spectrum_is_rejected_with_the_reason(folder):
    (folder / "spectra" / "b.txt").write_text("# MJD 60000\n" + "4000 1\n" * 5)
    (folder / "spectra" / "c.txt").write_text("# MJD 60000\n" + "".join(f"{0.4 + i / 100} {i}\n" for i in range(50)))
    sn = read_supernova(folder)
    assert (len(sn.spectra), sn.n_spectra_rejected) == (1, 2)
    assert noted(sn, "spectra/b.txt rejected: only 5 pixels")
    assert noted(sn, "spectra/c.txt rejected", "not a wavelength")


def test_ecsv_units_are_respected(folder):
    micron = Table({"wavelength": WAVE * 1e-4 * units.um, "flux": FLUX * units.Unit("erg / (s cm2 Angstrom)")})
    micron.meta = {"mjd": 60003.0, "instrument": "X-shooter"}
    micron.write(folder / "b.ecsv", format="ascii.ecsv")
    sn = only(folder, "b.ecsv")
    np.testing.assert_allclose(sn.spectra[0].wave, WAVE)
    assert sn.spectra[0].calibrated
    assert sn.spectra[0].mjd == 60003.0
    assert "X-shooter" in sn.spectra[0].source


@pytest.mark.parametrize(
    ("unit", "scale"),
    [
        ("W / (m2 um)", 10.0), ("W / (m2 nm)", 0.01), ("1e-17 erg / (s cm2 Angstrom)", 1e17), ("mJy", None),
        ("erg / (s cm2 Angstrom)", 1.0), ("erg / (s cm2 Hz)", None),
    ],
)  # fmt: skip
def test_ecsv_flux_units(folder, unit, scale):
    density = units.Unit("erg / (s cm2 Angstrom)")
    values = (FLUX * density).to(units.Unit(unit), units.spectral_density(WAVE * units.AA)).value
    if scale is not None:
        np.testing.assert_allclose(values, FLUX * scale)
    table = Table({"wave": WAVE, "flux": values, "flux_err": 0.05 * values})
    table["wave"].unit, table["flux"].unit = "Angstrom", unit
    table.write(folder / "b.ecsv", format="ascii.ecsv")
    got = only(folder, "b.ecsv", mjd=60000).spectra[0]
    assert got.calibrated
    np.testing.assert_allclose(got.flux, FLUX, rtol=1e-5)
    np.testing.assert_allclose(got.flux_err, 0.05 * FLUX, rtol=1e-5)


def test_ecsv_masked_values_and_odd_units(folder):
    table = Table({"wave": WAVE, "flux": MaskedColumn(FLUX, mask=np.arange(WAVE.size) == 3, unit="adu")})
    table.write(folder / "b.ecsv", format="ascii.ecsv")
    sn = only(folder, "b.ecsv", mjd=60000)
    assert np.flatnonzero(np.isnan(sn.spectra[0].flux)).tolist() == [3]
    assert not sn.spectra[0].calibrated
    assert noted(sn, "b.ecsv", "'adu'", "arbitrary")


def test_ecsv_without_the_columns(folder):
    Table({"x": WAVE, "flux": FLUX}).write(folder / "b.ecsv", format="ascii.ecsv")
    with pytest.raises(ReadError, match=r"b\.ecsv: no column wave \(it has x, flux\)"):
        only(folder, "b.ecsv", mjd=60000)
    Table({"wave": ["a"] * 30, "flux": [1.0] * 30}).write(folder / "c.ecsv", format="ascii.ecsv")
    with pytest.raises(ReadError, match="wave does not hold numbers"):
        only(folder, "c.ecsv", mjd=60000)


LN = 4000.0 * np.exp(np.arange(200) * 20.0 / 4000.0)


@pytest.mark.parametrize(
    ("cards", "wave"),
    [
        ({"CRVAL1": 4000.0, "CDELT1": 20.0}, WAVE),
        ({"CRVAL1": 4100.0, "CD1_1": 20.0, "CRPIX1": 6.0}, WAVE),
        ({"CRVAL1": 400.0, "CDELT1": 2.0, "CUNIT1": "nm"}, WAVE),
        ({"CRVAL1": np.log10(4000.0), "CDELT1": 20 / 4000 / np.log(10), "DC-FLAG": 1}, LN),
        ({"CRVAL1": 4000.0, "CDELT1": 20.0, "CTYPE1": "WAVE-LOG"}, LN),
    ],
)
def test_fits_images(folder, cards, wave):
    header = fits.Header([*cards.items(), ("MJD-OBS", 60004.5), ("INSTRUME", "EFOSC")])
    stack = np.stack([FLUX, FLUX * 2])[:, None] if "CD1_1" in cards else FLUX
    fits.PrimaryHDU(stack.astype(">f4"), header).writeto(folder / "b.fits")
    got = only(folder, "b.fits").spectra[0]
    np.testing.assert_allclose(got.wave, wave, rtol=1e-9)
    np.testing.assert_allclose(got.flux, FLUX, rtol=1e-6)
    assert (got.mjd, got.calibrated) == (60004.5, True)
    assert "EFOSC" in got.source


def test_fits_flux_unit(folder):
    cards = [("CRVAL1", 4000.0), ("CDELT1", 20.0), ("BUNIT", "counts")]
    fits.PrimaryHDU(FLUX, fits.Header(cards)).writeto(folder / "b.fits")
    assert not only(folder, "b.fits", mjd=60000).spectra[0].calibrated


@pytest.mark.parametrize("one_row", [False, True])
def test_fits_tables(folder, one_row):
    shape, code = ((1, -1), f"{WAVE.size}D") if one_row else ((-1,), "D")
    density = "erg/s/cm**2/Angstrom"
    columns = [
        fits.Column(name, code, array=values.reshape(shape), unit=unit)
        for name, values, unit in (("WAVE", WAVE / 10, "nm"), ("FLUX", FLUX, density), ("ERR", FLUX * 0.1, density))
    ]
    hdu = fits.BinTableHDU.from_columns(columns)
    primary = fits.PrimaryHDU(header=fits.Header([("DATE-OBS", "2023-02-25T12:00:00.5")]))
    fits.HDUList([primary, hdu]).writeto(folder / "b.fits")
    got = only(folder, "b.fits").spectra[0]
    np.testing.assert_allclose(got.wave, WAVE)
    np.testing.assert_allclose(got.flux_err, FLUX * 0.1)
    assert got.mjd == pytest.approx(Time("2023-02-25T12:00:00.5").mjd, abs=1e-9)


def test_fits_log_lambda_and_date_with_time_apart(folder):
    table = Table({"loglam": np.log10(WAVE), "flux": FLUX})
    hdu = fits.table_to_hdu(table)
    hdu.header["DATE-OBS"], hdu.header["UT"] = "2023-02-25", "06:00:00"
    hdu.writeto(folder / "b.fits")
    got = only(folder, "b.fits").spectra[0]
    np.testing.assert_allclose(got.wave, WAVE)
    assert got.mjd == 60000.25


@pytest.mark.parametrize(
    ("hdu", "words"),
    [
        (fits.PrimaryHDU(), "no image and no table"),
        (fits.PrimaryHDU(FLUX), "CRVAL1"),
        (fits.PrimaryHDU(np.ones((50, 50))), "not a spectrum"),
        (fits.PrimaryHDU(FLUX, fits.Header([("CRVAL1", 1.0), ("CDELT1", 1.0), ("DATE-OBS", "25/02/23")])), "ISO date"),
    ],
)
def test_fits_errors(folder, hdu, words):
    hdu.writeto(folder / "b.fits")
    with pytest.raises(ReadError, match=words) as caught:
        only(folder, "b.fits")
    assert "b.fits" in str(caught.value)


def test_errors_name_a_file_as_the_user_does(folder, monkeypatch):
    """Relative where the folder was; not the place on the disk that links and the working directory lead to."""
    monkeypatch.chdir(folder.parent)
    for name, text in (("photometry.csv", "mjd,band,mag\n60000.5,B,16.5\n"), ("spectra/b.txt", "# MJD = 60002\n1 x\n")):
        (folder / name).write_text(text)
        with pytest.raises(ReadError, match=rf"^{folder.name}/{name}: "):
            read_supernova(folder.name)
        (folder / name).unlink()


def test_truncated_fits(folder):
    fits.PrimaryHDU(FLUX, fits.Header([("CRVAL1", 4000.0), ("CDELT1", 20.0)])).writeto(folder / "whole.fits")
    (folder / "b.fits").write_bytes((folder / "whole.fits").read_bytes()[:3000])
    with pytest.raises(ReadError, match=r"b\.fits: not a valid FITS"):
        only(folder, "b.fits", mjd=60000)


# Photometry.


def test_systems(folder):
    text = "mjd,band,mag,mag_err\n60000,bessellv,16,0.02\n60000,lsstg,16,0.02\n60000,ptf48r,16,0.02\n"
    sn = photometry(folder, text)
    offset = load_bands(["bessellv"])[0].ab_offset
    np.testing.assert_allclose(njy_to_mag(sn.light_curve.flux), [16 + offset, 16, 16])
    assert noted(sn, "Vega taken", "bessellv")
    assert noted(sn, "AB taken", "lsstg")
    sn = photometry(folder, text, default_system="AB")
    np.testing.assert_allclose(njy_to_mag(sn.light_curve.flux), 16)
    with pytest.raises(ReadError, match=r"line 2: no magnitude system for uvot::v.*column system.*default_system="):
        photometry(folder, "mjd,band,mag,mag_err\n60000,uvot::v,16,0.02\n")


def test_missing_magnitude_errors(folder):
    rows = "".join(f"{60000 + i},sdssr,16,{'' if i == 3 else 0.04}\n" for i in range(4))
    sn = photometry(folder, f"mjd,band,mag,mag_err\n{rows}60005,sdssg,16,\n")
    relative = sn.light_curve.flux_err / sn.light_curve.flux / (0.4 * np.log(10))
    np.testing.assert_allclose(relative, [0.04, 0.04, 0.04, 0.04, 0.1])
    assert noted(sn, "median of the same band")


def test_fluxes(folder):
    sn = photometry(folder, "mjd,band,flux,flux_err\n60000,sdssr,-5,2\n")
    assert (sn.light_curve.flux[0], sn.light_curve.flux_err[0]) == (-5, 2)
    assert noted(sn, "taken as nJy")
    # sncosmo's names and scale
    sn = photometry(
        folder, "time,band,flux,fluxerr,zp,zpsys\n60000,bessellv,100,1,25,ab\n60001,bessellv,100,1,25,vega\n"
    )
    offset = load_bands(["bessellv"])[0].ab_offset
    np.testing.assert_allclose(njy_to_mag(sn.light_curve.flux), [20, 20 + offset])


def test_ecsv_photometry(folder):
    (folder / "photometry.csv").unlink()
    table = Table({
        "time": Time([60000.0, 60001.0], format="mjd"), "band": ["lsstg", "lsstr"], "flux": [1.0, 2.0] * units.uJy,
        "flux_err": [0.1, 0.1] * units.uJy, "comment": ["a", "b"],
    })  # fmt: skip
    table.write(folder / "photometry.ecsv", format="ascii.ecsv")
    sn = read_supernova(folder)
    np.testing.assert_allclose(sn.light_curve.flux, [1000, 2000])
    np.testing.assert_allclose(sn.light_curve.mjd, [60000, 60001])
    assert noted(sn, "columns not used: comment")


def test_ecsv_magnitudes(folder):
    (folder / "photometry.csv").unlink()
    table = Table({"mjd": [60000.0, 60001.0], "band": ["uvot::v"] * 2, "mag": [15.0, 16.0]})
    table["mag_err"] = MaskedColumn([0.1, 0.1], mask=[False, True])
    table["mag"].unit = "mag(AB)"
    table.write(folder / "photometry.ecsv", format="ascii.ecsv")
    sn = read_supernova(folder)
    np.testing.assert_allclose(njy_to_mag(sn.light_curve.flux), [15, 16])


def test_no_photometry_is_allowed_and_noted(folder):
    (folder / "photometry.csv").unlink()
    sn = read_supernova(folder)
    assert sn.light_curve.n_obs == 0
    assert noted(sn, "no photometry")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("mjd,mag,mag_err\n1,2,3\n", "no column 'band'"),
        ("mdj,band,mag,mag_err\n1,sdssr,3,1\n", "rename 'mdj' to 'mjd'"),
        ("mjd,band\n1,sdssr\n", "no column 'mag'"),
        ("mjd,band,flux\n60000,sdssr,3\n", "no column 'flux_err'"),
        ("mjd,band,mag,mag_err\n60000,V,16,0.1\n", "line 2: band 'V' is not known; use .*bessellv"),
        ("mjd,band,mag,mag_err\n60000,ssdsr,16,0.1\n", "use sdssr"),
        ("mjd,band,mag,mag_err\n60000,,16,0.1\n", "line 2: band '' is not known"),
        ("# c\nmjd,band,mag,mag_err\n60000,sdssr,16,0.1\n6000x,sdssr,16,0.1\n", "line 4: mjd is '6000x', not a number"),
        ("mjd,band,mag,mag_err\n60000,sdssr,16,0.1\n# c\n60000,sdssr,,0.1\n", "line 4: mag is ''"),
        ("mjd,band,mag,mag_err\n2459000,sdssr,16,0.1\n", "line 2: mjd is 2459000, a Julian date"),
        ("mjd,band,mag,mag_err\n60000,sdssr,99,0.1\n", "mag is 99; leave out"),
        ("mjd,band,mag,mag_err\n60000,sdssr,16,-1\n", "mag_err is -1"),
        ("mjd,band,mag,mag_err\n60000,sdssr,16\n", "line 2: 3 fields, expected 4"),
        ("mjd,band,mag,mag_err,system\n60000,sdssr,16,1,ST\n", "system is 'ST'; write AB or Vega"),
        ("mjd,band,flux,flux_err\n60000,sdssr,16,0\n", "flux_err is 0"),
        ("mjd,band,flux,flux_err,zp\n60000,sdssr,16,1,1000\n", "zp is 1000"),
        ("mjd,band,mag,mag_err,magnitude,mag\n", "two columns 'mag'"),
        ('mjd,band,mag,mag_err\n60000,"sdssr,16,0.1\n', "not a CSV"),
    ],
)
def test_errors_in_photometry(folder, text, words):
    with pytest.raises(ReadError, match=words) as caught:
        photometry(folder, text)
    assert "photometry.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_errors_in_ecsv_photometry(folder):
    (folder / "photometry.csv").unlink()
    path = folder / "photometry.ecsv"
    path.write_text("# %ECSV 1.0\n# ---\n# nonsense: [\n")
    with pytest.raises(ReadError, match="not a valid ECSV"):
        read_supernova(folder)
    table = Table({"mjd": [60000.0], "band": ["lsstg"], "flux": [1.0] * units.m, "flux_err": [1.0]})
    table.write(path, format="ascii.ecsv", overwrite=True)
    with pytest.raises(ReadError, match=r"flux is in 'm'; give nJy"):
        read_supernova(folder)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["sn.toml", "photometry.csv", "spectra/a.txt"]),
    st.integers(0, 400),
    st.integers(0, 20),
    st.one_of(st.binary(max_size=8), st.sampled_from([b"nan", b"1e999", b"\n", b",", b"\x00", b"-", b"[[", b"#"])),
)
def test_damaged_files_never_raise_anything_else(folder, name, start, length, junk):
    path = folder / name
    before = path.read_bytes()
    path.write_bytes(before[:start] + junk + before[start + length :])
    try:
        sn = read_supernova(folder)
    except ReadError as error:
        message = str(error)
    else:
        message = "; ".join(sn.notes)
    finally:
        path.write_bytes(before)
    assert "\n" not in message


def test_folders_in_the_place_of_files(folder):
    (folder / "spectra" / "old").mkdir()
    assert len(read_supernova(folder).spectra) == 1
    (folder / "sn.toml").write_text(f'{TOML}photometry = "spectra"\n')
    with pytest.raises(ReadError, match=r"spectra: .*folder"):
        read_supernova(folder)
    with pytest.raises(ReadError, match=r"old: .*folder"):
        only(folder, "spectra/old", mjd=60000)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may read everything")
def test_unreadable_files(folder):
    path = Path(folder / "photometry.csv")
    path.chmod(0)
    with pytest.raises(ReadError, match=r"photometry\.csv"):
        read_supernova(folder)


def test_the_page_shows_a_file_that_is_read(folder):
    page = (ROOT / "docs" / "howto" / "own-data.md").read_text(encoding="utf-8")
    (folder / "sn.toml").write_text(re.search(r"```toml\n(.*?)```", page, flags=re.DOTALL)[1])
    (folder / "mine.txt").write_text("mjd band flux flux_err\n60370.2 V 300 3\n")
    (folder / "spectra" / "a.txt").unlink()
    np.savetxt(folder / "spectra" / "2024-03-01.txt", np.column_stack([WAVE / 10, FLUX]))
    sn = read_supernova(folder)
    assert (sn.name, sn.sightline.ebv_mw, sn.mjd_ref_meaning) == ("SN 2024xyz", 0.031, "explosion")
    np.testing.assert_allclose(sn.light_curve.flux, [3e5])
    assert (sn.spectra[0].mjd, sn.spectra[0].calibrated) == (60370.2, False)
    np.testing.assert_allclose(air_of(sn.spectra[0].wave), WAVE, rtol=1e-9)


def test_a_key_below_the_table_it_does_not_belong_to(folder):
    (folder / "sn.toml").write_text("z = 0.02\n[photometry]\nfile = 'photometry.csv'\nebv_mw = 0.1\n")
    with pytest.raises(
        ReadError, match=r"\[photometry\]: ebv_mw .*; move it to the top of sn.toml, above \[photometry\]"
    ):
        read_supernova(folder)
    (folder / "sn.toml").write_text(f"{TOML}[[spectra]]\nfile = 'spectra/a.txt'\nmjd_ref = 60000\n")
    with pytest.raises(
        ReadError, match=r"mjd_ref is no key of it; move it to the top of sn.toml, above \[\[spectra\]\]"
    ):
        read_supernova(folder)
