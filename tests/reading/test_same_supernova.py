"""The law of all readers: one supernova, however it is written, is the same `Supernova`, to 1e-9."""

import shutil

import numpy as np
import pytest
from astropy import units
from astropy.time import Time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sntransport.photometry.agreement import doubts
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.reading.supernova import ReadError, read_supernova
from sntransport.report.main_notes import main_notes
from sntransport.spectra.sightline import Sightline
from tests.support import written
from tests.support.written import Style


def styles(forms):
    """Styles that a file can have."""
    return st.builds(
        Style, form=st.sampled_from(forms), wave_unit=st.sampled_from(list(written.WAVE_UNITS)),
        flux_unit=st.sampled_from(list(written.FLUX_UNITS)),
        err_unit=st.sampled_from(["", "percent", *written.FLUX_UNITS]), separator=st.sampled_from(written.SEPARATORS),
        head=st.sampled_from(written.HEADS), comma=st.booleans(), fortran=st.booleans(),
        medium=st.sampled_from(["", "air", "vacuum"]), reverse=st.booleans(), extra=st.booleans(),
    )  # fmt: skip


def read(folder, spectrum_style, photometry_style, quantity):
    """The supernova written in these styles."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "spectra").mkdir(parents=True)
    entry = written.spectrum(folder, spectrum_style)
    table = written.photometry(folder, photometry_style, quantity)
    lines = [
        "[photometry]",
        *(f"{key} = {value!r}" for key, value in table.items()),
        "[[spectra]]",
        'file = "spectra/s.dat"',
    ]
    lines += [f"{key} = {value!r}" for key, value in entry.items()]
    (folder / "sn.toml").write_text(written.TOML + "\n".join(lines) + "\n")
    return read_supernova(folder)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(styles(written.SPECTRUM_FORMS), styles(written.PHOTOMETRY_FORMS), st.sampled_from(["mag", "flux", "zp"]))
def test_however_it_is_written_it_is_the_same(tmp_path, spectrum_style, photometry_style, quantity):
    sn = read(tmp_path / "SN", spectrum_style, photometry_style, quantity)
    (spectrum,), curve = sn.spectra, sn.light_curve
    assert (spectrum.mjd, spectrum.calibrated) == (written.MJD, True)
    np.testing.assert_allclose(spectrum.wave, written.WAVE, rtol=1e-9)
    np.testing.assert_allclose(spectrum.flux, written.FLUX, rtol=1e-9)
    np.testing.assert_allclose(spectrum.flux_err, written.ERR, rtol=1e-9)
    assert (tuple(curve.mjd), tuple(curve.band)) == (written.DATES, written.BANDS)
    np.testing.assert_allclose(curve.flux, written.POINTS, rtol=1e-9)
    np.testing.assert_allclose(curve.flux_err, written.POINT_ERRS, rtol=1e-9)
    assert (sn.n_spectra_rejected, sn.n_photometry_rejected) == (0, 0)


@pytest.mark.parametrize("wave_unit", list(written.WAVE_UNITS))
@pytest.mark.parametrize("flux_unit", list(written.FLUX_UNITS))
def test_with_its_units_left_out_it_is_refused_or_noted(tmp_path, wave_unit, flux_unit):
    style = Style(wave_unit=wave_unit, flux_unit=flux_unit)
    (tmp_path / "spectra").mkdir()
    written.spectrum(tmp_path, style)
    path = tmp_path / "spectra" / "s.dat"
    rows = path.read_text().splitlines()[1:]
    path.write_text("\n".join(["wavelength flux flux_err", *rows]))
    (tmp_path / "sn.toml").write_text(written.TOML + '[[spectra]]\nfile = "spectra/s.dat"\nmjd = 60010.25\n')
    if written.WAVE_UNITS[wave_unit] != 1.0:
        with pytest.raises(ReadError, match=r"nanometers or Angstrom|wavelength in Angstrom"):
            read_supernova(tmp_path)
        return
    notes = read_supernova(tmp_path).notes
    assert any("no flux unit stated, erg/s/cm2/A taken" in note for note in notes)
    assert any("no wavelength unit stated, Angstrom taken" in note for note in notes)


@pytest.mark.parametrize("unit", ["uJy", "mJy", "erg/s/cm2/Hz"])
def test_photometry_with_its_unit_left_out_is_noted(tmp_path, unit):
    (tmp_path / "spectra").mkdir()
    written.spectrum(tmp_path, Style())
    written.photometry(tmp_path, Style(flux_unit=unit, separator=","), "flux")
    path = tmp_path / "phot.dat"
    path.write_text("\n".join(["mjd,band,flux,flux_err", *path.read_text().splitlines()[1:]]))
    (tmp_path / "sn.toml").write_text(
        written.TOML + 'photometry = "phot.dat"\n[[spectra]]\nfile = "spectra/s.dat"\nmjd = 60010.25\n'
    )
    assert any("flux without unit or zp taken as nJy" in note for note in read_supernova(tmp_path).notes)


def test_other_names_of_files_units_and_quantities_are_the_same_supernova(tmp_path):
    matrix = band_matrix(written.WAVE, ["sdssr"], Sightline(z=0.0, distance_modulus=0.0))
    flux = synthetic_flux(written.FLUX[None], matrix)[0][0, 0]
    rows = {name: f"mjd band flux flux_err\n{written.MJD} sdssr {flux / scale:.17g} {flux / scale / 50:.17g}\n"
            for name, scale in (("nJy", 1.0), ("uJy", 1e3))}  # fmt: skip
    folder = tmp_path / "SN"
    entry = f'[[spectra]]\nfile = "spectra/s.dat"\nmjd = {written.MJD}\n'
    (folder / "spectra").mkdir(parents=True)
    np.savetxt(folder / "spectra" / "s.dat", np.column_stack([written.WAVE, written.FLUX]))

    def read(name, text, photometry="", **known):
        for path in folder.glob("*.txt"):
            path.unlink()
        (folder / name).write_text(text)
        (folder / "sn.toml").write_text(f"{written.TOML}{photometry}\n{entry}")
        return read_supernova(folder, **known)

    plain = read("photometry.txt", rows["nJy"], mjd_ref=60000.0, ebv_mw=0.1)
    other = read(
        "mine.txt", rows["uJy"], '[photometry]\nfile = "mine.txt"\nflux_unit = "uJy"', ebv_mw=100.0 * units.mmag,
        mjd_ref=Time(60000.0, format="mjd"),
    )  # fmt: skip
    assert other.mjd_ref == plain.mjd_ref
    np.testing.assert_allclose(other.sightline.ebv_mw, plain.sightline.ebv_mw, rtol=1e-12)
    np.testing.assert_allclose(other.light_curve.flux, plain.light_curve.flux, rtol=1e-12)
    np.testing.assert_allclose(other.light_curve.flux_err, plain.light_curve.flux_err, rtol=1e-12)
    assert doubts(plain) == doubts(other) == ()
    with pytest.raises(
        ReadError, match=r"no file called photometry, .* but mine\.txt; in sn\.toml name the photometry"
    ):
        read("mine.txt", rows["uJy"])
    unsaid = read("mine.txt", rows["uJy"], 'photometry = "mine.txt"')
    assert "mine.txt: flux without unit or zp taken as nJy" in main_notes(unsaid.notes)
    assert "7.50 mag brighter than the photometry" in doubts(unsaid)[0]
    assert "in microjansky instead of nJy?" in doubts(unsaid)[0]
