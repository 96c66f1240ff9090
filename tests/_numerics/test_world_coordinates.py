"""World coordinates of a series file, against astropy's WCS and specutils."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from sntransport.spectra.grid import grid_wave
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.series_file import read_series, write_series


def made(wave, phase):
    flux = np.add.outer(np.asarray(phase) ** 2, np.asarray(wave))
    return SpectralSeries(phase=phase, wave=wave, flux=flux)


@pytest.mark.parametrize(
    ("wave", "kind"),
    [(grid_wave(9800, 900), "WAVE-LOG"), (np.exp(np.linspace(8.0, 9.5, 50)), "WAVE-LOG"),
     (np.arange(3000.0, 9000.0, 12.5), "WAVE")],
)  # fmt: skip
def test_the_header_gives_the_wavelengths(wave, kind, tmp_path):
    write_series(made(wave, [-3.0, -1.0, 1.0]), tmp_path / "a.fits")
    with fits.open(tmp_path / "a.fits") as hdus:
        for name in ("FLUX", "FLUX_ERR", "ORIGIN"):
            header = hdus[name].header
            assert header["CTYPE1"] == kind
            found, phase = WCS(header).pixel_to_world_values(np.arange(wave.size), 2)
            # astropy gives meters.
            np.testing.assert_allclose(1e10 * found, wave, rtol=1e-12)
            np.testing.assert_allclose(phase, 1.0, rtol=1e-12)


def test_uneven_axes_have_no_world_coordinates(tmp_path):
    series = made([4000.0, 4100.0, 4900.0], [0.0, 1.0, 5.0])
    write_series(series, tmp_path / "a.fits")
    with fits.open(tmp_path / "a.fits") as hdus:
        header = hdus["FLUX"].header
        assert not {"CTYPE1", "CRVAL1", "CTYPE2", "CRVAL2"} & set(header)
        assert header["CNAME2"] == "row of PHASE"
    np.testing.assert_array_equal(read_series(tmp_path / "a.fits").wave, series.wave)


def test_a_file_without_them_is_still_read(tmp_path):
    # As files were before: the tables PHASE and WAVE alone say where the bins are.
    from sntransport._storage.fits_tables import to_bytes

    series = made(grid_wave(9800, 30), [0.0, 1.0])
    write_series(series, tmp_path / "a.fits")
    with fits.open(tmp_path / "a.fits") as hdus:
        for hdu in hdus:
            for keyword in [k for k in hdu.header if k.rstrip("12") in ("CTYPE", "CUNIT", "CRPIX", "CRVAL", "CDELT",
                                                                        "CNAME")] + ["SPECSYS"]:  # fmt: skip
                hdu.header.remove(keyword, ignore_missing=True)
        (tmp_path / "b.fits").write_bytes(to_bytes(hdus))
    assert (tmp_path / "b.fits").read_bytes() != (tmp_path / "a.fits").read_bytes()
    np.testing.assert_array_equal(read_series(tmp_path / "b.fits").flux, series.flux)


@pytest.mark.filterwarnings("ignore")
def test_specutils_reads_the_file(tmp_path):
    specutils = pytest.importorskip("specutils")
    series = made(grid_wave(9800, 300), [0.0, 1.0, 4.0])
    write_series(series, tmp_path / "a.fits")
    kind = getattr(specutils, "Spectrum", None) or specutils.Spectrum1D
    read = kind.read(str(tmp_path / "a.fits"), format="wcs1d-fits", hdu="FLUX")
    np.testing.assert_array_equal(read.flux.value, series.flux)
    assert read.flux.unit == "erg / (s cm2 Angstrom)"
    np.testing.assert_allclose(read.spectral_axis.to_value("Angstrom"), series.wave, rtol=1e-12)
