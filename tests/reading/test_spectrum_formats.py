"""Spectra as people have them: units, names, media, dates and files that are none, each with the right value."""

import gzip
import warnings

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.table import Table

from sntransport.reading.formats.medium import air_of
from sntransport.reading.raw_spectrum import medium_of
from sntransport.reading.supernova import ReadError, read_supernova
from tests.support.written import how_written

WAVE = np.arange(3600.0, 9000.0, 30.0)
FLUX = 1e-15 * (WAVE / 6000.0) ** -1.5 * (1.0 - 0.3 * np.exp(-0.5 * ((WAVE - 6629.0) / 60.0) ** 2))
DENSITY = units.Unit("erg / (s cm2 Angstrom)")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "SN" / "spectra").mkdir(parents=True)
    return tmp_path / "SN"


def read(folder, name, content, **entry):
    """The supernova of a folder with one spectrum, of text, bytes or something that writes itself."""
    path = folder / "spectra" / name
    if hasattr(content, "writeto"):
        content.writeto(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    lines = "".join(f"{key} = {str(v).lower() if isinstance(v, bool) else repr(v)}\n" for key, v in entry.items())
    (folder / "sn.toml").write_text(
        f'z = 0.01\ndistance_mpc = 43.0\nebv_mw = 0.0\n[[spectra]]\nfile = "spectra/{name}"\n{lines}'
    )
    return read_supernova(folder)


def rows(wave=WAVE, flux=FLUX, *more, separator=" ", form="{:.17g}"):
    cells = zip(wave, flux, *more, strict=True)
    return "\n".join(separator.join(form.format(cell) for cell in row) for row in cells) + "\n"


def in_unit(unit):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of several slashes
        return (FLUX * DENSITY).to_value(units.Unit(unit), units.spectral_density(WAVE * units.AA))


def noted(sn, *words):
    return [note for note in sn.notes if all(word in note for word in words)]


@pytest.mark.parametrize(
    ("head", "wave", "unit"),
    [
        ("# wavelength [A]  flux [erg/s/cm2/A]\n", 1.0, "erg/s/cm2/AA"),
        ("# wavelength [nm], flux [erg/s/cm2/nm]\n", 0.1, "erg/s/cm2/nm"),
        ("Wavelength (micron) Flux (W m-2 um-1)\n", 1e-4, "W m-2 um-1"),
        ("# wavelength [A], flux [mJy]\n", 1.0, "mJy"),
        ("wave,f_nu [1e-26 erg/s/cm2/Hz]\n", 1.0, "1e-26 erg/s/cm2/Hz"),
        ("# Wavelength Flux\n# [Ang] [10^(-17) erg/cm/s/Ang]\n", 1.0, "1e-17 erg/s/cm2/AA"),
        ("wave flux\nnm mJy\n", 0.1, "mJy"), ("# BUNIT   = 'erg/cm2/s/A'        / Units of data values\n", 1.0,
                                              "erg/s/cm2/AA"),
        ("# wave_nm flux_uJy\n", 0.1, "uJy"), ("# Wavelength/nm  Flux/(erg/s/cm2/nm)\n", 0.1, "erg/s/cm2/nm"),
        ("#lambda(A)  F_lambda(10^-15erg/s/cm^2/A)\n", 1.0, "1e-15 erg/s/cm2/AA"),
        ("# Flux in units of 1e-15 erg/s/cm2/A\n# Wavelength in Angstrom\n", 1.0, "1e-15 erg/s/cm2/AA"),
        ("# BUNIT   = 'erg/s/cm2/Hz' / of the flux\n# WAT1_001= 'wtype=linear label=Wavelength units=nm'\n", 0.1,
         "erg/s/cm2/Hz"),
        ("Wavelength_A Flux\n# flux units are mJy\n", 1.0, "mJy"),
        ("# flux unit: 10^-17 ergs/cm^2/s/Ang\n# wave unit = microns\n", 1e-4, "1e-17 erg/s/cm2/AA"),
    ],
)  # fmt: skip
def test_units_of_text(folder, head, wave, unit):
    separator = "," if head.startswith("wave,") else " "
    sn = read(folder, "a.txt", f"# MJD = 60000.0\n{head}{rows(WAVE * wave, in_unit(unit), separator=separator)}")
    np.testing.assert_allclose(sn.spectra[0].wave, WAVE, rtol=1e-9)
    np.testing.assert_allclose(sn.spectra[0].flux, FLUX, rtol=1e-9)
    assert sn.spectra[0].calibrated
    assert not noted(sn, "no flux unit stated")


def test_without_a_unit_it_is_noted_and_keys_of_the_entry_give_one(folder):
    text = f"# MJD = 60000.0\n{rows(WAVE / 10, in_unit('mJy'), 0.1 * in_unit('Jy'))}"
    with pytest.raises(
        ReadError, match=r"a\.txt: its wavelengths are 360 to .*nanometers or Angstrom; state wave_unit"
    ):
        read(folder, "a.txt", text)
    sn = read(folder, "a.txt", text, wave_unit="nm", flux_unit="mJy", flux_err_unit="Jy")
    np.testing.assert_allclose(sn.spectra[0].flux, FLUX, rtol=1e-9)
    np.testing.assert_allclose(sn.spectra[0].flux_err, 0.1 * FLUX, rtol=1e-9)
    sn = read(folder, "a.txt", f"# MJD = 60000.0\n{rows()}")
    assert noted(sn, "no flux unit stated, erg/s/cm2/A taken for spectra/a.txt")
    assert noted(sn, "no wavelength unit stated, Angstrom taken for spectra/a.txt")


@pytest.mark.parametrize(
    ("head", "values", "words"),
    [
        ("# all fluxes are f_nu\n", (WAVE, FLUX), "a comment speaks of a flux per frequency"),
        ("wave fnu\n", (WAVE, FLUX), "flux per frequency without a unit"),
        ("wave mag\n", (WAVE, FLUX), "no column flux .*wave, mag"),
        ("# wave [A] flux [AB mag]\n", (WAVE, FLUX), r"column flux: magnitudes \(AB mag\)"),
        ("# wave [A] flux [mag]\n", (WAVE, FLUX), "magnitudes"),
        ("# wave [km/s] flux\n", (WAVE, FLUX), "wavelength unit 'km/s' is not known"),
        ("velocity flux\n", (WAVE, FLUX), "no column wave"),
        ("# wave [A] flux [furlongs]\n", (WAVE, FLUX), "'furlongs' is no unit of a flux density"),
        ("wave flux\n4000 1.0e-15x\n", (WAVE, FLUX), "line 3: '1.0e-15x' is not a number"),
        ("wave flux flux_err\n", (WAVE, FLUX), "does not have one for each of 2 columns"),
        ("", (np.arange(1.0, 12001.0), np.ones(12000) + np.arange(12000)), "counts pixels"),
        ("", (np.linspace(950.0, 1650.0, 300), np.arange(300.0)), "nanometers or Angstrom"),
        ("", (WAVE * 1e-4, FLUX), "in micron"),
        ("", (WAVE, *[FLUX] * 8), "9 columns without names"),
    ],
)  # fmt: skip
def test_what_cannot_be_known_is_refused(folder, head, values, words):
    with pytest.raises(ReadError, match=words) as caught:
        read(folder, "a.txt", f"# MJD = 60000.0\n{head}{rows(*values)}")
    assert "a.txt" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_columns_by_name_and_unused_ones_in_a_note(folder):
    pixel = np.arange(WAVE.size)
    head = "pixel,flux,sky,wave,flux_err\n"
    sn = read(folder, "a.csv", f"# MJD = 60000.0\n{head}{rows(pixel, FLUX, FLUX * 3, WAVE, FLUX / 20, separator=',')}")
    np.testing.assert_array_equal(sn.spectra[0].wave, WAVE)
    np.testing.assert_allclose(sn.spectra[0].flux_err, FLUX / 20)
    assert noted(sn, "columns not used: pixel, sky")
    sn = read(folder, "a.csv", f"# MJD = 60000.0\n{rows(WAVE, FLUX, FLUX / 20, FLUX)}")
    assert noted(sn, "4 columns without names: the first two taken")
    assert np.all(np.isnan(sn.spectra[0].flux_err))


def test_a_column_that_is_not_used_may_hold_text(folder):
    text = "\n".join(f"{w} {f!r} good" for w, f in zip(WAVE.tolist(), FLUX.tolist(), strict=True))
    sn = read(folder, "a.txt", f"# MJD = 60000.0\nwave flux quality\n{text}\n")
    np.testing.assert_array_equal(sn.spectra[0].flux, FLUX)
    assert noted(sn, "columns not used: quality")


def test_variances(folder):
    for name, values in (("ivar", (FLUX / 20) ** -2), ("variance", (FLUX / 20) ** 2)):
        sn = read(folder, "a.csv", f"# MJD = 60000.0\nwave flux {name}\n{rows(WAVE, FLUX, values)}")
        np.testing.assert_allclose(sn.spectra[0].flux_err, FLUX / 20)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("", 0.05), ("1e-17 erg/s/cm2/A", 0.05e17), ("percent", None), ("%", None), ("10**-2", None)],
)
def test_the_error_has_a_unit_of_its_own(folder, unit, factor):
    err = np.full(WAVE.size, 5.0) if factor is None else factor * FLUX
    columns = [
        fits.Column("wave", "D", array=WAVE, unit="Angstrom"),
        fits.Column("flux", "D", array=FLUX, unit="erg/s/cm2/Angstrom"),
        fits.Column("err", "D", array=err, unit=unit or None),
    ]
    sn = read(folder, "a.fits", fits.BinTableHDU.from_columns(columns), mjd=60000.0)
    np.testing.assert_allclose(sn.spectra[0].flux_err, 0.05 * FLUX, rtol=1e-12)


def test_errors_in_a_unit_of_something_else_are_refused(folder):
    head = "# wave [A] flux [erg/s/cm2/A] err [K]\n"
    with pytest.raises(ReadError, match=r"its errors are in 'K' and its fluxes in .*state .*flux_err_unit"):
        read(folder, "a.txt", f"# MJD = 60000.0\n{head}{rows(WAVE, FLUX, FLUX)}")


def test_a_unit_that_is_a_number_names_the_file_and_the_column(folder):
    columns = [fits.Column("wave", "D", array=WAVE, unit="Angstrom"), fits.Column("flux", "D", array=FLUX)]
    hdu = fits.BinTableHDU.from_columns(columns)
    hdu.header["TUNIT2"] = 1
    with pytest.raises(ReadError, match=r"a\.fits: column flux: '1' is no unit of a flux density"):
        read(folder, "a.fits", hdu, mjd=60000.0)
    (folder / "spectra" / "a.fits").unlink()
    assert not read(folder, "b.fits", hdu, mjd=60000.0, calibrated=False).spectra[0].calibrated


@pytest.mark.parametrize("say", ["entry", "column", "comment", "card", "word", "truth", "AWAV", "AWAV-LOG"])
def test_air_becomes_vacuum_where_it_is_stated(folder, say):
    air = air_of(WAVE)
    if say.startswith("AWAV"):
        start, step = float(air[0]), 30.0
        offset = np.arange(WAVE.size) * step
        expected_air = start * np.exp(offset / start) if say.endswith("LOG") else start + offset
        header = fits.Header([("CRVAL1", start), ("CDELT1", step), ("CTYPE1", say), ("MJD-OBS", 60000.0)])
        sn = read(folder, "a.fits", fits.PrimaryHDU(FLUX, header))
        np.testing.assert_allclose(air_of(sn.spectra[0].wave), expected_air, rtol=1e-9)
        assert noted(sn, "wavelengths in air converted to vacuum")
        return
    head = {
        "column": "air_wavelength flux\n", "comment": "# wavelengths in air\n", "card": "# CTYPE1  = 'AWAV'\n",
        "word": "# AIRORVAC= 'air     '\n", "truth": "# VACUUM  = F / of the wavelengths\n",
    }.get(say, "")  # fmt: skip
    entry = {"medium": "air"} if say == "entry" else {}
    sn = read(folder, "a.txt", f"# MJD = 60000.0\n{head}{rows(air)}", **entry)
    np.testing.assert_allclose(sn.spectra[0].wave, WAVE, rtol=1e-9)


@pytest.mark.parametrize("say", ["nothing", "vacuum", "WAVE", "VACUUM", "AIRORVAC"])
def test_vacuum_and_what_says_nothing_stay(folder, say):
    entry = {"medium": "vacuum"} if say == "vacuum" else {}
    header = fits.Header([("CRVAL1", 3600.0), ("CDELT1", 30.0), ("MJD-OBS", 60000.0)])
    header.update(
        {"WAVE": {"CTYPE1": "WAVE"}, "VACUUM": {"VACUUM": True}, "AIRORVAC": {"AIRORVAC": "vac"}}.get(say, {})
    )
    sn = read(folder, "a.fits", fits.PrimaryHDU(FLUX, header), **entry)
    np.testing.assert_array_equal(sn.spectra[0].wave, WAVE)


@pytest.mark.parametrize(
    ("words", "medium"),
    [
        ("wavelengths in air", "air"), ("Wavelength (air) flux", "air"), ("air wavelengths", "air"),
        ("wavelengths converted from air to vacuum", "vacuum"), ("vacuum_wave flux", "vacuum"),
        ("wavelengths in vac", "vacuum"), ("wavelength scale put from vacuum to air", "air"),
        ("medium: vacuum", "vacuum"),
        ("extinction in air mass units", ""), ("wavelengths, and extinction in air-mass", ""), ("index of air", ""),
        ("Air temperature", ""), ("airmass 1.2", ""), ("vacuum pump on", ""),
    ],
)  # fmt: skip
def test_what_words_say_of_the_medium(words, medium):
    assert medium_of(words) == medium


def test_a_medium_that_is_none(folder):
    with pytest.raises(ReadError, match=r"entry 1: medium is 'water'; give 'air' or 'vacuum'"):
        read(folder, "a.txt", rows(), mjd=60000.0, medium="water")


@pytest.mark.parametrize(
    "head",
    ["wave flux [counts]\n", "# BUNIT = 'ADU'\n", "# flux in arbitrary units\n", "wave flux (arb. units)\n"],
)
def test_units_without_a_scale(folder, head):
    sn = read(folder, "a.txt", f"# MJD = 60000.0\n{head}{rows()}")
    assert not sn.spectra[0].calibrated
    assert noted(sn, "arbitrary units")


def test_axes_of_images(folder):
    cards = [("CRVAL1", 360.0), ("CDELT1", 3.0), ("MJD-OBS", 60000.0)]
    wat = ("WAT1_001", "wtype=linear label=Wavelength units=nanometers")
    sn = read(folder, "a.fits", fits.PrimaryHDU(FLUX, fits.Header([*cards, wat])))
    np.testing.assert_allclose(sn.spectra[0].wave, WAVE)
    for kind in ("VELO", "VRAD-LSR", "PIXEL"):
        with pytest.raises(ReadError, match=rf"its axis is '{kind}' \(CTYPE1\), not a wavelength"):
            read(folder, f"{kind}.fits", fits.PrimaryHDU(FLUX, fits.Header([*cards, ("CTYPE1", kind)])))
    stack = fits.PrimaryHDU(np.stack([FLUX, FLUX]), fits.Header([("CRVAL1", 3600.0), ("CDELT1", 30.0), cards[2]]))
    for file in (folder / "spectra").glob("*.fits"):
        file.unlink()
    assert noted(read(folder, "s.fits", stack), "rows 2 to 2 of the image not used")


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.replace("e-", "D-"), lambda text: text.replace("e-", "d-"),
        lambda text: gzip.compress(text.encode()), lambda text: text.encode("utf-16"),
        lambda text: "# caf\u00e9 \u00b5\n".encode("latin-1") + text.encode(), lambda text: text.replace(" ", "\t"),
        lambda text: text.replace(".", ",").replace(" ", ";").replace("#;MJD;=;60000,0", "# MJD = 60000.0"),
        lambda text: text.replace("\n", "\r\n"), lambda text: "% made by hand\n; and by IDL\n" + text,
    ],
)  # fmt: skip
def test_text_as_it_is_written(folder, write):
    sn = read(folder, "a.txt", write(f"# MJD = 60000.0\n{rows(form='{:.10e}')}"))
    np.testing.assert_allclose(sn.spectra[0].flux, FLUX, rtol=1e-9)
    assert sn.spectra[0].mjd == 60000.0


@pytest.mark.parametrize("name", ["a.lnw", "a.txt"])
def test_templates_of_snid_are_refused_by_name(folder, name):
    head = "" if name == "a.lnw" else "   2 1024  2500.00 10000.00     13     sn99em      0.00  IIP     3     1\n"
    with pytest.raises(ReadError, match=rf"{name}: a template of SNID"):
        read(folder, name, head + rows(WAVE, *[FLUX] * 11), mjd=60000.0)


def test_backups_and_twins(folder):
    text = f"# MJD = 60000.0\n{rows()}"
    for name in ("a.flm~", "a.flm.bak", "notes.md", "README"):
        (folder / "spectra" / name).write_text(text)
    (folder / "spectra" / "b.txt.gz").write_bytes(gzip.compress(text.encode()))
    sn = read(folder, "a.flm", text)
    assert (len(sn.spectra), sn.n_spectra_rejected) == (1, 1)
    assert noted(sn, "files not used: spectra/a.flm.bak, spectra/a.flm~")
    assert noted(sn, "spectra/b.txt.gz rejected: the same as spectra/a.flm")


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("# MJD-OBS = 0\n", "MJD-OBS is 0, no date; add mjd ="), ("# B maximum: MJD 59990.0\n", "no date"),
        ("# MJD = 60000.0\n# DATE-OBS = '2020-01-01'\n", "MJD is MJD 60000 but DATE-OBS is MJD 58849"),
    ],
)  # fmt: skip
def test_dates_that_cannot_be_told_are_refused_unless_the_entry_says(folder, head, words):
    with pytest.raises(ReadError, match=words):
        read(folder, "a.txt", head + rows())
    assert read(folder, "a.txt", head + rows(), mjd=60001.0).spectra[0].mjd == 60001.0


def test_the_entry_wins_over_another_date_with_a_note(folder):
    sn = read(folder, "a.txt", f"# B maximum: MJD 59990.0\n# MJD-OBS = 6.00015e4\n{rows()}", mjd=60003.0)
    assert sn.spectra[0].mjd == 60003.0
    assert noted(sn, "MJD 60003 of sn.toml taken, its own header says 60001.5")
    with pytest.raises(ReadError, match="mjd is 0, no date"):
        read(folder, "a.txt", rows(), mjd=0.0)


def test_one_medium_among_several(folder):
    (folder / "spectra" / "b.txt").write_text(f"# MJD = 60001.0\n{rows()}")
    sn = read(folder, "a.txt", f"# MJD = 60000.0\n{rows()}", medium="air")
    assert noted(sn, "1 of 2 spectra are stated to be in air")


@pytest.mark.parametrize("form", ["votable", "fits", "ascii.ecsv"])
def test_tables_of_astropy(folder, form):
    table = Table({"Wavelength": WAVE * 0.1, "Flux": in_unit("mJy"), "Error": 50.0 * in_unit("mJy")})
    table["Wavelength"].unit, table["Flux"].unit, table["Error"].unit = "nm", "mJy", "uJy"
    path = folder / "spectra" / "a.dat"
    table.write(path, format=form, **how_written(form))
    content = path.read_bytes()
    sn = read(folder, "a.dat", content, mjd=60000.0)
    np.testing.assert_allclose(sn.spectra[0].flux, FLUX, rtol=1e-9)
    np.testing.assert_allclose(sn.spectra[0].flux_err, 0.05 * FLUX, rtol=1e-9)


def test_no_usable_spectrum_at_all_is_an_error_with_the_reasons(folder):
    with pytest.raises(ReadError, match=r"no usable spectrum; spectra/a\.txt rejected: its flux is 1 everywhere"):
        read(folder, "a.txt", rows(WAVE, np.ones_like(WAVE)), mjd=60000.0)


def test_decimal_commas_that_fall_apart_are_not_taken_for_columns(folder):
    rows = "".join(
        f"{wave:.2f}, {1e15 * flux:.6f}, 0.061849\n".replace(".", ",") for wave, flux in zip(WAVE, FLUX, strict=True)
    )
    with pytest.raises(ReadError, match=r"line 1 has 6 whole numbers between commas: are the commas decimal ones"):
        read(folder, "a.csv", rows, mjd=60000.0)
