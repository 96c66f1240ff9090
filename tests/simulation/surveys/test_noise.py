"""Photon statistics, against published depths, integrals and counts of drawn photons."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import dblquad, quad

from sntransport._numerics.units import mag_to_njy
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.survey import Survey

# Rubin's syseng_throughputs v1.9 for 30 s in two exposures at the zenith, as Rubin's own pipeline tests quote it: zero
# point of one electron a second, FWHM_eff [arcsec], electrons of the sky in a pixel of 0.2 arcsec, five-sigma depth.
# Read noise and dark current of both exposures are 12.73 electrons.
LSST = {
    "g": (28.508375, 0.87, 463.634122, 24.90),
    "r": (28.360838, 0.83, 988.626863, 24.48),
    "i": (28.171396, 0.80, 1588.280513, 24.10),
}

depths = st.floats(15, 27)
zero_points = st.floats(24, 36)


@pytest.mark.parametrize("band", LSST)
def test_published_depths_of_lsst_follow_from_its_photons(band):
    zero_point, fwhm, sky, published = LSST[band]
    photons = noise.photons_per_njy(zero_point + 2.5 * np.log10(30))
    background = noise.sky_background(photons, np.sqrt(sky), noise.noise_area(fwhm / 0.2), 12.73)
    assert noise.depth_of(background, photons) == pytest.approx(published, abs=0.01)


def test_sky_brightness_to_electrons():
    # 22 mag/arcsec2 in pixels of 2 arcsec: 4 arcsec2, each as bright as a star of magnitude 22.
    assert noise.sky_electrons(noise.photons_per_njy(28.0), 22.0, 2.0) == pytest.approx(4 * 10 ** (0.4 * 6), rel=1e-12)


def one_visit(background, photons, **fields):
    values = {"zero_point_error": [0.0], "calibration_floor": [0.0], **fields}
    return Survey(
        name="one",
        bands=("lsstr",),
        mjd=[60000.0],
        band=[0],
        ra=[0.0],
        dec=[0.0],
        background=[background],
        photons_per_njy=[photons],
        radius=1.0,
        **values,
    )


def ratio_at(depth, background, photons):
    flux = mag_to_njy([depth])
    return float((flux / noise.flux_error(one_visit(background, photons), np.array([0]), flux))[0])


@given(depths, zero_points)
def test_ratio_at_the_depth_is_five(depth, zero_point):
    photons = noise.photons_per_njy(zero_point)
    background = noise.background_from_depth(depth, photons)
    # Within 26 photons the depth and the photons contradict each other.
    if mag_to_njy(depth) * photons > 26:
        assert ratio_at(depth, background, photons) == pytest.approx(5.0, rel=1e-9)
        assert noise.depth_of(background, photons) == pytest.approx(depth, abs=1e-9)


@given(st.floats(0.1, 1e4), zero_points)
def test_depth_of_a_background_has_the_ratio_five(background, zero_point):
    photons = noise.photons_per_njy(zero_point)
    assert ratio_at(float(noise.depth_of(background, photons)), background, photons) == pytest.approx(5.0, rel=1e-9)


def test_zero_point_error_of_ten_millimagnitudes_keeps_five_within_a_percent():
    photons = noise.photons_per_njy(31.0)
    background = noise.background_from_depth(24.0, photons)
    survey = one_visit(background, photons, zero_point_error=[0.01], calibration_floor=[0.005])
    flux = mag_to_njy([24.0])
    assert flux / noise.flux_error(survey, np.array([0]), flux) == pytest.approx(5.0, rel=0.01)


def test_depth_fainter_than_its_own_photons_allow_is_unknown():
    photons = noise.photons_per_njy(25.0)  # 25 photo-electrons at magnitude 21.505
    assert np.isnan(noise.background_from_depth(21.51, photons))
    assert np.isfinite(noise.background_from_depth(21.50, photons))
    assert np.isnan(noise.background_from_depth(np.nan, photons))
    assert noise.background_from_depth(24.0) == pytest.approx(mag_to_njy(24.0) / 5)


def test_areas_are_integrals_of_the_squared_psf():
    sigma = 1.7
    squared = quad(lambda r: 2 * np.pi * r * (np.exp(-0.5 * (r / sigma) ** 2) / (2 * np.pi * sigma**2)) ** 2, 0, 40)[0]
    assert noise.noise_area(sigma * np.sqrt(8 * np.log(2))) == pytest.approx(1 / squared, rel=1e-9)
    assert noise.double_gaussian_area(sigma) == pytest.approx(4 * np.pi * sigma**2, rel=1e-12)
    assert noise.noise_area(1.0) == pytest.approx(2.266, abs=1e-3)


@pytest.mark.parametrize(("one", "two", "ratio"), [(1.5, 3.0, 0.1), (1.2, 5.0, 0.3), (2.0, 0.0, 0.0), (2.0, 2.0, 1.0)])
def test_double_gaussian_area_against_integration(one, two, ratio):
    def psf(r):
        return np.exp(-0.5 * (r / one) ** 2) + (ratio * np.exp(-0.5 * (r / two) ** 2) if two else 0.0)

    total = quad(lambda r: 2 * np.pi * r * psf(r), 0, 60)[0]
    squared = quad(lambda r: 2 * np.pi * r * psf(r) ** 2, 0, 60)[0]
    assert noise.double_gaussian_area(one, two, ratio) == pytest.approx(total**2 / squared, rel=1e-8)


def test_brightest_pixel_at_saturation_is_full():
    photons, fwhm, well, sky = 40.0, 3.2, 90_000.0, 1500.0
    flux = float(noise.saturation_flux(photons, fwhm, well, sky=sky))
    sigma = fwhm / np.sqrt(8 * np.log(2))

    def density(y, x):
        return np.exp(-0.5 * (x * x + y * y) / sigma**2) / (2 * np.pi * sigma**2)

    share = dblquad(density, -0.5, 0.5, -0.5, 0.5)[0]
    assert flux * photons * share + sky == pytest.approx(well, rel=1e-8)
    two = noise.saturation_flux(photons, fwhm, well, sky=sky, n_exposure=2)
    assert two * photons * share + sky == pytest.approx(2 * well, rel=1e-8)
    # A sky that fills the pixel leaves less than nothing for the source.
    below = noise.saturation_flux(photons, fwhm, well, sky=2 * well)
    assert below * photons * share == pytest.approx(-well, rel=1e-8)


def test_sky_noise_is_that_of_drawn_photons():
    rng = np.random.default_rng(3)
    photons, sky, read_noise, flux, n = 2.0, 50.0, 7.0, 400.0, 40_000
    x = np.arange(21) - 10.0
    profile = np.exp(-0.5 * (x / 1.6) ** 2)
    psf = np.outer(profile, profile) / profile.sum() ** 2
    background = noise.sky_background(photons, np.sqrt(sky), 1 / np.sum(psf**2), read_noise)
    # Optimal weights of a faint source in a flat background are the PSF itself.
    image = rng.poisson(sky, (n, 21, 21)) + read_noise * rng.standard_normal((n, 21, 21)) - sky
    measured = np.tensordot(image, psf, 2) / np.sum(psf**2) / photons
    assert measured.std() == pytest.approx(background, rel=0.01)
    source = rng.poisson(flux * photons, 400_000) / photons
    survey = one_visit(1e-9, photons)
    assert source.std() == pytest.approx(noise.flux_error(survey, np.array([0]), [flux])[0], rel=0.01)


def wide_survey(n=2000, **fields):
    rng = np.random.default_rng(4)
    values = {"zero_point_error": [0.01, 0.02], **fields}
    return Survey(
        name="wide",
        bands=("lsstg", "lsstr"),
        mjd=np.sort(rng.uniform(0, 100, n)),
        band=rng.integers(0, 2, n),
        ra=np.zeros(n),
        dec=np.zeros(n),
        background=rng.uniform(5, 200, n),
        photons_per_njy=rng.uniform(0.01, 50, n),
        radius=1.0,
        **values,
    )


def test_pulls_are_standard_normal():
    survey, rng = wide_survey(), np.random.default_rng(5)
    visit = rng.integers(0, survey.n_visit, 500_000)
    flux = 10 ** rng.uniform(0, 6, visit.size)
    measured, flux_err = noise.measure(survey, visit, flux, rng)
    pull = (measured - flux) / flux_err
    assert abs(pull.mean()) < 0.01
    assert abs(pull.std() - 1) < 0.01
    assert stats.kstest(pull[:100_000], "norm").pvalue > 1e-3
    assert np.any(measured < 0)


def test_calibration_floor_is_in_the_error_and_not_drawn():
    survey = wide_survey(calibration_floor=[0.05, 0.05])
    visit, flux = np.zeros(100_000, dtype=int), np.full(100_000, 1e7)
    plain = dataclasses.replace(survey, calibration_floor=[0.0, 0.0])
    measured, flux_err = noise.measure(survey, visit, flux, np.random.default_rng(6))
    without, smaller = noise.measure(plain, visit, flux, np.random.default_rng(6))
    np.testing.assert_array_equal(measured, without)
    added = np.sqrt(flux_err[0] ** 2 - smaller[0] ** 2)
    assert added == pytest.approx(0.05 * 0.4 * np.log(10) * 1e7, rel=1e-9)


def test_negative_and_unknown_fluxes():
    survey = wide_survey()
    flux_err = noise.flux_error(survey, np.array([0, 0]), [-50.0, np.nan])
    band = survey.band[0]
    zero_point = 0.4 * np.log(10) * survey.zero_point_error[band] * 50
    assert flux_err[0] == pytest.approx(np.hypot(survey.background[0], zero_point))
    assert np.isnan(flux_err[1])


def test_template_of_equal_depth_makes_the_noise_larger_by_root_two():
    survey = wide_survey()
    per_visit = noise.add_template_noise(survey, noise.depth_of(survey.background))
    every, nothing = np.arange(survey.n_visit), np.zeros(survey.n_visit)
    np.testing.assert_array_equal(per_visit.background, survey.background)
    np.testing.assert_allclose(noise.flux_error(per_visit, every, nothing), np.sqrt(2) * survey.background)
    per_band = noise.add_template_noise(survey, [20.0, 21.0])
    added = mag_to_njy(np.array([20.0, 21.0])[survey.band]) / 5
    np.testing.assert_allclose(per_band.template_noise, added, rtol=1e-9)
    np.testing.assert_allclose(noise.add_template_noise(per_band, [20.0, 21.0]).template_noise, np.sqrt(2) * added)
    with pytest.raises(ValueError, match=r"depth of the template has shape \(3,\)"):
        noise.add_template_noise(survey, [20, 21, 22])
