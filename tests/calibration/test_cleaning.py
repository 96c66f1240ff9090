import dataclasses

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from sntransport.calibration.cleaning import clean, estimate_noise, smooth_snr
from sntransport.spectra.observations import Spectrum
from tests.support.synthetic import spectrum


def altered(base, **changes):
    return dataclasses.replace(base, **changes)


def test_clean_spectrum_is_kept_whole():
    base = spectrum(10.0)
    got = clean(base)
    assert got.removed == {}
    np.testing.assert_array_equal(got.wave, base.wave)


def test_noise_estimate_matches_the_noise_put_in():
    rng = np.random.default_rng(2)
    truth = np.sin(np.arange(4000) / 80.0) + 3.0
    sigma = np.where(np.arange(4000) < 2000, 0.05, 0.2)
    noise = estimate_noise(truth + sigma * rng.normal(size=4000))
    assert np.median(noise[:1900]) == pytest.approx(0.05, rel=0.1)
    assert np.median(noise[2100:]) == pytest.approx(0.2, rel=0.1)


def test_noise_at_the_ends_is_that_of_the_pixels_there():
    # A lucky first pixel, repeated beyond the end, would make the end look free of noise.
    ratios = []
    for seed in range(40):
        noise = estimate_noise(3.0 + 0.05 * np.random.default_rng(seed).normal(size=500))
        ratios += [noise[0] / 0.05, noise[-1] / 0.05]
    assert min(ratios) > 0.6
    assert max(ratios) < 1.6


@pytest.mark.parametrize("seed", range(5))
def test_gaussian_noise_has_no_spikes(seed):
    for phase in (3.0, 12.0, 25.0, 40.0):
        assert clean(spectrum(phase, seed=seed)).removed == {}


@pytest.mark.parametrize("size", [1, 3, 4, 5, 6, 30])
def test_noise_of_short_spectra_is_positive(size):
    assert np.all(estimate_noise(np.ones(size)) > 0)


def test_zero_padding_nan_and_spikes_are_removed_and_counted():
    base = spectrum(10.0)
    flux = base.flux.copy()
    flux[:40] = 0.0
    flux[500] = np.nan
    flux[700] += 50 * np.median(base.flux)
    flux[900:902] -= 20 * np.median(base.flux)
    got = clean(altered(base, flux=flux))
    assert got.removed == {"not finite": 1, "zero or constant padding": 40, "spikes": 3}
    assert not np.isin(base.wave[[500, 700, 900, 901]], got.wave).any()


def test_narrow_emission_line_of_several_pixels_stays():
    base = spectrum(10.0)
    line = 3.0 * np.median(base.flux) * np.exp(-0.5 * ((base.wave - 6700.0) / 8.0) ** 2)
    got = clean(altered(base, flux=base.flux + line))
    assert got.removed == {}


def test_noisy_blue_edge_is_cut():
    base = spectrum(10.0)
    rng = np.random.default_rng(0)
    flux = base.flux.copy()
    flux[:120] = 3 * np.median(flux) * rng.normal(size=120)
    got = clean(altered(base, flux=flux))
    assert got.removed["noisy edges"] >= 100
    assert got.wave[0] > base.wave[95]


@pytest.mark.parametrize("side", ["blue", "red"])
def test_end_divided_by_almost_no_response_is_cut(side):
    base = spectrum(10.0, low=4000.0)
    x = np.log(base.wave / (4600.0 if side == "blue" else 8600.0)) * (-1 if side == "blue" else 1)
    got = clean(altered(base, flux=base.flux * np.exp(80.0 * np.maximum(x, 0.0))))
    level = got.flux / np.interp(got.wave, base.wave, base.flux)
    assert np.median(level[:30] if side == "blue" else level[-30:]) < 8.0
    assert got.wave.size > 0.7 * base.wave.size


def test_steep_but_real_ends_stay():
    # The near ultraviolet of a young, hot supernova, and a nebular line at the end.
    base = spectrum(10.0)
    hot = altered(base, flux=base.flux * (base.wave / 6000.0) ** -4)
    assert clean(hot).wave.size == base.wave.size
    line = 8.0 * np.median(base.flux) * np.exp(-0.5 * ((base.wave - 9380.0) / 60.0) ** 2)
    assert clean(altered(base, flux=base.flux + line)).wave[-1] > 9100.0


def test_flare_at_the_red_end_is_cut():
    base = spectrum(10.0)
    flux = base.flux.copy()
    flux[-6:] *= np.linspace(2, 6, 6)
    got = clean(altered(base, flux=flux))
    assert got.wave[-1] < base.wave[-5]


@pytest.mark.parametrize("absorbed", [True, False])
def test_telluric_band_is_masked_only_where_it_shows(absorbed):
    base = spectrum(10.0)
    flux = base.flux * np.where((base.wave > 7590) & (base.wave < 7690) & absorbed, 0.6, 1.0)
    got = clean(altered(base, flux=flux))
    inside = (got.wave > 7595) & (got.wave < 7645)
    assert inside.any() != absorbed
    assert ("telluric absorption" in got.removed) == absorbed


@pytest.mark.parametrize("opaque", [True, False])
def test_opaque_atmosphere_is_dropped_only_where_it_is_noisy(opaque):
    rng = np.random.default_rng(2)
    wave = np.arange(9500.0, 24000.0, 10.0)
    dark = (wave > 13450) & (wave < 14250)
    flux = (wave / 1e4) ** -3 * (1.0 + np.where(dark & opaque, 0.5, 0.01) * rng.normal(size=wave.size))
    got = clean(Spectrum(mjd=59000.0, wave=wave, flux=flux))
    assert ("opaque atmosphere" in got.removed) == opaque
    assert np.any((got.wave > 13450) & (got.wave < 14250)) != opaque
    # The other region is quiet, and stays.
    assert np.sum((got.wave > 18000) & (got.wave < 19500)) > 140


@pytest.mark.parametrize(
    ("factor", "source", "taken"),
    [
        (1.0, "error column", 1.0),
        (50.0, "error column, 5", 50.0),
        (150.0, "scatter of the flux (error column disagrees", 1.0),
        (0.2, "scatter of the flux (error column disagrees", 1.0),
        (None, "scatter of the flux", 1.0),
    ],
)
def test_error_column_is_used_unless_the_scatter_says_that_it_is_none(factor, source, taken):
    base = spectrum(10.0)
    err = None if factor is None else np.full(base.wave.size, factor * np.median(base.flux) / 50)
    got = clean(altered(base, flux_err=err))
    assert got.noise_from.startswith(source)
    assert np.median(got.flux_err) == pytest.approx(taken * np.median(base.flux) / 50, rel=0.2)


@pytest.mark.parametrize("fwhm", [0.0, 8.0, 20.0])
def test_stated_errors_of_smoothed_noise_are_kept(fwhm):
    base, rng = spectrum(10.0, snr=1e9), np.random.default_rng(1)
    noise = (
        gaussian_filter1d(rng.normal(size=base.wave.size), fwhm / 2.3548) if fwhm else rng.normal(size=base.wave.size)
    )
    noise *= 0.05 / noise.std()
    got = clean(altered(base, flux=base.flux * (1.0 + noise), flux_err=0.05 * base.flux))
    assert got.noise_from.startswith("error column")
    assert np.median(got.flux_err / got.flux) == pytest.approx(0.05, rel=0.05)


def test_nothing_left_is_an_answer_not_an_error():
    base = spectrum(10.0)
    assert clean(altered(base, flux=np.zeros_like(base.flux))).wave.size == 0


def test_signal_to_noise_is_per_1000_kms():
    base = spectrum(10.0, snr=20.0)
    pixels = 1000.0 / (299792.458 * np.median(np.diff(np.log(base.wave))))
    got = clean(base)
    assert smooth_snr(got.wave, got.flux, got.flux_err) == pytest.approx(20 * np.sqrt(pixels), rel=0.25)


@pytest.mark.parametrize("factor", [1e-290, 1e-30, 1e200])
def test_result_scales_with_the_flux_however_large(factor):
    base = spectrum(10.0)
    unit = altered(base, flux=base.flux / np.median(base.flux))
    one, scaled = clean(unit), clean(altered(unit, flux=unit.flux * factor))
    np.testing.assert_allclose(scaled.flux, one.flux * factor, rtol=1e-12)
    np.testing.assert_allclose(scaled.flux_err, one.flux_err * factor, rtol=1e-9)


def test_absurd_values_are_removed():
    base = spectrum(10.0)
    flux = base.flux.copy()
    flux[100:140] = 1e8 * np.median(flux)
    flux[200] = 1e300
    got = clean(altered(base, flux=flux))
    assert got.removed == {"absurd": 40, "not finite": 1}
