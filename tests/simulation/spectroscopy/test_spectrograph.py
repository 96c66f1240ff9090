"""A spectrograph: how sharply it sees, and how deep."""

import numpy as np
import pytest

from sntransport.simulation.spectroscopy.simulated_spectra import smeared
from sntransport.simulation.spectroscopy.spectrograph import Spectrograph


def moments(wave, flux):
    mean = np.sum(wave * flux) / flux.sum()
    return flux.sum(), mean, np.sqrt(np.sum((wave - mean) ** 2 * flux) / flux.sum())


@pytest.mark.parametrize(
    ("options", "fwhm"),
    [({"resolution": 600.0}, 10.0), ({"resolution": 3000.0}, 2.0), ({"fwhm": 30.0}, 30.0), ({"fwhm": 1.5}, 1.5)],
)
@pytest.mark.parametrize("width", [0.5, 4.0])
def test_a_narrow_line_gets_the_width_of_the_spectrograph(options, fwhm, width):
    """Its own, the line spread and the pixel in quadrature; nothing of its light is lost."""
    step = min(2.0, fwhm / 4)
    spectrograph = Spectrograph(wave_range=(5500.0, 6500.0), step=step, snr=10.0, **options)
    wave, paths = spectrograph.light_paths(finest=0.2)
    at_line = fwhm if "fwhm" in options else fwhm * 6000.3 / 6000.0
    line = np.exp(-0.5 * ((wave - 6000.3) / width) ** 2) / (width * np.sqrt(2 * np.pi))
    total, mean, sigma = moments(spectrograph.wave, smeared(paths, line))
    expected = np.sqrt(width**2 + at_line**2 / (8 * np.log(2)) + step**2 / 12)
    assert total * step == pytest.approx(1.0, abs=1e-5)
    assert mean == pytest.approx(6000.3, abs=0.02)
    assert sigma == pytest.approx(expected, rel=2e-3)


def test_a_continuum_stays_as_it_is():
    spectrograph = Spectrograph(wave_range=(3500.0, 9500.0), step=5.0, snr=10.0, resolution=200.0)
    wave, paths = spectrograph.light_paths()
    np.testing.assert_allclose(smeared(paths, np.ones(wave.size)), 1.0, atol=1e-3)
    slope = smeared(paths, 2.0 + wave / 1e4)
    np.testing.assert_allclose(slope, 2.0 + spectrograph.wave / 1e4, rtol=1e-3)
    hole = np.where(np.abs(wave - 6000.0) < 50.0, np.nan, 1.0)
    known = np.isfinite(smeared(paths, hole))
    assert not known[np.abs(spectrograph.wave - 6000.0) < 50.0].any()
    assert known[np.abs(spectrograph.wave - 6000.0) > 50.0 + 6.0 * 13.0].all()


def density(mag, wave):
    """Flux density per Angstrom of an AB magnitude (Oke & Gunn 1983)."""
    return 10 ** (-0.4 * (mag + 48.6)) * 2.99792458e18 / wave**2


def test_noise_has_both_ratios():
    spectrograph = Spectrograph(
        wave_range=(4000.0, 8000.0), step=10.0, resolution=500.0, snr=([4000.0, 8000.0], [2.0, 6.0]), mag=22.0,
        bright_snr=60.0, bright_mag=18.0,
    )  # fmt: skip
    wave = spectrograph.wave
    for mag, snr in ((22.0, np.interp(wave, [4000.0, 8000.0], [2.0, 6.0])), (18.0, 60.0)):
        flux = density(mag, wave)
        np.testing.assert_allclose(flux / spectrograph.flux_error(flux), snr, rtol=1e-6)
    faint = Spectrograph(wave_range=(4000.0, 8000.0), step=10.0, fwhm=10.0, snr=5.0, mag=21.0)
    np.testing.assert_allclose(faint.flux_error(0.0 * wave), density(21.0, wave) / 5.0, rtol=1e-6)


def test_a_ratio_at_every_brightness():
    spectrograph = Spectrograph(wave_range=(4000.0, 8000.0), step=10.0, fwhm=10.0, snr=8.0)
    flux = np.linspace(1e-18, 1e-15, spectrograph.wave.size)
    flux[3] = np.nan
    err = spectrograph.flux_error(flux)
    assert np.isnan(err[3])
    np.testing.assert_allclose(err[50:], flux[50:] / 8.0)
    assert err[0] == pytest.approx(0.01 * np.nanmean(flux) / 8.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wave_range": (9000.0, 4000.0)}, "make no pixels"),
        ({"step": 1e-3}, "more than 100000 pixels"),
        ({"resolution": None}, "either resolution or fwhm"),
        ({"fwhm": 3.0}, "either resolution or fwhm"),
        ({"resolution": 0.5}, "resolution is 0.5"),
        ({"resolution": None, "fwhm": -1.0}, "fwhm is -1"),
        ({"snr": 0.0}, "snr is 0"),
        ({"snr": ([4000.0, 5000.0], [1.0, -1.0])}, "not above 0"),
        ({"bright_snr": 50.0}, "go together"),
        ({"bright_snr": 50.0, "bright_mag": 18.0}, "not brighter than mag"),
        ({"mag": 20.0, "bright_snr": 6.0, "bright_mag": 15.0}, "at least as the root of the flux"),
        ({"mag": 20.0, "bright_snr": 5000.0, "bright_mag": 15.0}, "at most as the flux"),
    ],
)
def test_impossible_values_are_named(change, message):
    good = {"wave_range": (4000.0, 9000.0), "step": 2.0, "resolution": 1000.0, "snr": 10.0}
    with pytest.raises(ValueError, match=message):
        Spectrograph(**(good | change))
    with pytest.raises(ValueError, match="let step and line spread be more alike"):
        Spectrograph(wave_range=(4000.0, 9000.0), step=0.1, resolution=2.0, snr=10.0).light_paths(0.01)
