import dataclasses

import numpy as np
import pytest

from sntransport.calibration.warp import calibrate, gray_offset
from sntransport.photometry.bands import effective_wave
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.spectra.series import SpectralSeries
from tests.support.synthetic import SIGHTLINE, flux_at

BANDS = ("bessellb", "bessellv", "bessellr", "besselli")
WAVE = np.exp(np.arange(np.log(3300.0), np.log(9300.0), 250 / 299792.458))
PHASE = np.array([5.0, 20.0, 35.0])
TRUTH = np.stack([flux_at(p, WAVE) for p in PHASE])
MATRIX = band_matrix(WAVE, BANDS, SIGHTLINE)
OBSERVED = synthetic_flux(TRUTH, MATRIX)[0]
ERROR = 0.02 * OBSERVED


def series(flux):
    return SpectralSeries(phase=PHASE, wave=WAVE, flux=flux, flux_err=0.05 * np.abs(flux))


def test_right_spectra_are_left_alone():
    got = calibrate(series(TRUTH), MATRIX, OBSERVED, ERROR)
    np.testing.assert_allclose(got.series.flux, TRUTH, rtol=1e-4)
    assert np.nanmax(np.abs(got.residual)) < 1e-3
    assert not any("at all phases alike" in note for note in got.notes)


@pytest.mark.parametrize("factor", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("tilt", [-0.15, 0.0, 0.15])
def test_wrong_flux_calibration_is_undone(factor, tilt):
    warp = factor * np.exp(tilt * np.linspace(-1, 1, WAVE.size))
    got = calibrate(series(TRUTH * warp), MATRIX, OBSERVED, ERROR)
    inner = (WAVE > 4300) & (WAVE < 8000)
    assert np.abs(got.series.flux / TRUTH - 1)[:, inner].max() < 0.05
    # A tilt of all spectra could be the photometry's: a share of it is taken for that.
    assert np.nanmax(np.abs(got.residual)) < 0.03
    assert np.nanmax(np.abs(calibrate(series(TRUTH * warp), MATRIX, OBSERVED, ERROR, offset_scatter=0).residual)) < 0.01


def test_epoch_without_photometry_keeps_its_flux_and_is_noted():
    observed = OBSERVED.copy()
    observed[1] = np.nan
    got = calibrate(series(2 * TRUTH), MATRIX, observed, ERROR)
    np.testing.assert_array_equal(got.series.flux[1], 2 * TRUTH[1])
    assert not got.used[1].any()
    assert any("1 phases between 20.0 and 20.0 d have no photometry" in note for note in got.notes)


def test_far_from_the_bands_the_warp_is_the_constant():
    only_v = np.full_like(OBSERVED, np.nan)
    only_v[:, 1] = OBSERVED[:, 1]
    got = calibrate(series(2 * TRUTH), MATRIX, only_v, ERROR)
    ratio = got.series.flux / (2 * TRUTH)
    np.testing.assert_allclose(ratio, 0.5, rtol=0.03)


def test_contradicting_band_is_left_out_and_named():
    bands = (*BANDS, "sdssg")
    matrix = band_matrix(WAVE, bands, SIGHTLINE)
    truth = synthetic_flux(TRUTH, matrix)[0]
    truth[0, 2] *= 2.0
    got = calibrate(series(TRUTH), matrix, truth, 0.02 * truth)
    assert not got.used[0, 2]
    assert got.used[1:].all()
    assert any("bessellr left out" in note for note in got.notes)
    inner = (WAVE > 4300) & (WAVE < 8000)
    assert np.abs(got.series.flux / TRUTH - 1)[:, inner].max() < 0.05


def test_flux_error_grows_by_the_error_of_the_warp():
    got = calibrate(series(TRUTH), MATRIX, OBSERVED, 0.1 * OBSERVED)
    relative = got.series.flux_err / got.series.flux
    assert np.all(relative > 0.05)
    inside, outside = np.searchsorted(WAVE, 5500), WAVE.size - 1
    assert relative[0, outside] > relative[0, inside]


def test_gray_offset_is_the_inverse_variance_mean():
    synthetic = np.array([[1.0, 1.0], [1.0, np.nan], [np.nan, np.nan]])
    observed = np.array([[2.0, 4.0], [3.0, 1.0], [1.0, 1.0]])
    error = np.array([[0.02, 4.0], [0.1, 0.1], [0.1, 0.1]])
    got = gray_offset(synthetic, observed, error, floor=0.0)
    assert got[0] == pytest.approx(np.log(2), abs=1e-3)
    assert got[1] == pytest.approx(np.log(3))
    assert np.isnan(got[2])


def test_no_bands_at_all_changes_nothing():
    matrix = band_matrix(WAVE, (), SIGHTLINE)
    empty = np.empty((3, 0))
    got = calibrate(series(TRUTH), matrix, empty, empty)
    np.testing.assert_array_equal(got.series.flux, TRUTH)
    assert any("no photometry" in note for note in got.notes)


def matern(distance, scale):
    x = np.sqrt(3.0) * abs(distance) / scale
    return (1.0 + x) * np.exp(-x)


def twin(flux, flux_err, matrix, observed, error, *, gray=10.0, color=0.25, scale=1.0, floor=0.03):
    """One spectrum, as Gaussian-process regression is written in a textbook; every band has both fluxes."""
    z = matrix.sightline.z
    x_band = np.log([effective_wave(band) / (1.0 + z) for band in matrix.bands])
    x_wave = np.log(WAVE)

    def prior(a, b):
        return np.array([[gray**2 + color**2 * matern(p - q, scale) for q in b] for p in a])

    data = prior(x_band, x_band) + np.diag((error / observed) ** 2 + floor**2)
    across = prior(x_wave, x_band)
    log_warp_band = log_warp = 0.0
    for _ in range(3):
        synthetic = synthetic_flux((flux * np.exp(log_warp))[None], matrix)[0][0]
        share = np.linalg.solve(data, np.log(observed / synthetic) + log_warp_band)
        log_warp, log_warp_band = across @ share, prior(x_band, x_band) @ share
    explained = np.einsum("ij,ij->i", across, np.linalg.solve(data, across.T).T)
    log_err = np.sqrt(gray**2 + color**2 - explained)
    warped = flux * np.exp(log_warp)
    return warped, np.hypot(flux_err * np.exp(log_warp), warped * log_err)


def test_agrees_with_regression_written_out():
    matrix = band_matrix(WAVE, BANDS[:3], dataclasses.replace(SIGHTLINE, z=0.1))
    warp = np.exp(0.3 * np.sin(6.0 * np.log(WAVE / 3300.0)))
    observed = 3.0 * synthetic_flux(TRUTH * warp, matrix)[0]
    error = observed * np.array([0.02, 0.15, 0.05])
    got = calibrate(series(TRUTH), matrix, observed, error, offset_scatter=0.0)
    for i in range(PHASE.size):
        flux, flux_err = twin(TRUTH[i], 0.05 * TRUTH[i], matrix, observed[i], error[i])
        np.testing.assert_allclose(got.series.flux[i], flux, rtol=1e-9)
        # The error is worked out at every twentieth bin.
        np.testing.assert_allclose(got.series.flux_err[i], flux_err, rtol=2e-3)
    left = 2.5 * np.log10(observed / synthetic_flux(got.series.flux, matrix)[0])
    np.testing.assert_allclose(got.residual, left, atol=1e-12)


def off_band(n_phase=12, off=-0.25):
    """Spectra with color errors of their own, and photometry of which one band is too bright for good."""
    rng = np.random.default_rng(8)
    phase = np.linspace(5.0, 40.0, n_phase)
    truth = np.stack([flux_at(p, WAVE) for p in phase])
    wrong = truth * np.exp(rng.normal(0.0, 0.08, (n_phase, 1)) * np.linspace(-1, 1, WAVE.size))
    matrix = band_matrix(WAVE, (*BANDS, "sdssg"), SIGHTLINE)
    observed = synthetic_flux(truth, matrix)[0] * np.exp(rng.normal(0.0, 0.01, (n_phase, 5)))
    observed[:, 4] *= 10.0 ** (-0.4 * off)
    return SpectralSeries(phase=phase, wave=WAVE, flux=wrong), truth, matrix, observed


def test_a_band_that_is_off_for_good_does_not_poison_the_others():
    wrong, truth, matrix, observed = off_band()
    kept, without = (
        calibrate(wrong, matrix, observed, 0.02 * observed, outlier=np.inf, band_outlier=np.inf, offset_scatter=scatter)
        for scatter in (0.05, 0.0)
    )
    assert kept.offset[4] == pytest.approx(-0.25, abs=3.0 * kept.offset_err[4])
    assert kept.offset_err[4] < 0.05
    np.testing.assert_allclose(kept.offset[:4], 0.0, atol=0.03)
    np.testing.assert_allclose(kept.residual[:, 4], 0.25, atol=0.05)
    assert any("sdssg -0.2" in note for note in kept.notes)
    inner = (WAVE > 4300) & (WAVE < 8000)
    miss = [np.abs(np.log(got.series.flux / truth))[:, inner].max() for got in (kept, without)]
    assert miss[0] < 0.06
    assert miss[1] > 2.0 * miss[0]


def test_offsets_agree_with_regression_written_out():
    """All phases at once: one covariance matrix of every datum, offsets among the unknowns."""
    wrong, _, matrix, observed = off_band()
    got = calibrate(wrong, matrix, observed, 0.02 * observed, outlier=np.inf, band_outlier=np.inf, iterations=1)
    x = np.log([effective_wave(band) / (1.0 + matrix.sightline.z) for band in matrix.bands])
    y = np.log(observed / synthetic_flux(wrong.flux, matrix)[0]).ravel()
    phase, band = (index.ravel() for index in np.indices(observed.shape))
    color = np.array([[matern(x[i] - x[j], 1.0) for j in band] for i in band])
    same = phase[:, None] == phase
    rest = same * (100.0 + 0.25**2 * color) + np.diag(np.full(y.size, 0.02**2 + 0.03**2))
    member = np.column_stack([band[:, None] == np.arange(5), x[band] - np.log(5500.0)])
    scale = np.array([0.05] * 5 + [0.1])
    width = scale**2
    for _ in range(12):
        inverse = np.linalg.inv(rest + member @ np.diag(width) @ member.T)
        mean = np.diag(width) @ member.T @ inverse @ y
        variance = np.diag(np.diag(width) - np.diag(width) @ member.T @ inverse @ member @ np.diag(width))
        width = 0.5 * (scale**2 + mean**2 + variance)
    np.testing.assert_allclose(got.offset, -2.5 / np.log(10.0) * mean[:5], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(got.offset_err, 2.5 / np.log(10.0) * np.sqrt(variance[:5]), rtol=1e-6)


def test_a_band_that_is_far_off_for_good_has_no_say():
    """As if it had not been observed, but for its offset."""
    wrong, _, matrix, observed = off_band()
    got = calibrate(wrong, matrix, observed, 0.02 * observed)
    without = observed.copy()
    without[:, 4] = np.nan
    alone = calibrate(wrong, matrix, without, 0.02 * observed)
    assert got.contradicted.tolist() == [False] * 4 + [True]
    np.testing.assert_array_equal(got.used, np.isfinite(without))
    np.testing.assert_array_equal(got.rejected, np.isnan(without))
    np.testing.assert_allclose(got.series.flux, alone.series.flux, rtol=1e-12)
    assert got.offset[4] == pytest.approx(-0.25, abs=3.0 * got.offset_err[4])
    assert any("not used at any phase" in note and "sdssg -0.2" in note for note in got.notes)
    assert not alone.contradicted.any()
    # Half as far is an offset, which is taken off; and a band with two or three wild nights is not off for good.
    near, _, _, observed = off_band(off=-0.1)
    got = calibrate(near, matrix, observed, 0.02 * observed)
    assert not got.contradicted.any()
    assert got.used.all()
    assert got.rejected[:, 4].all() == any("taken off" in note for note in got.notes)
    observed[:, 4] *= 10.0 ** (0.4 * -0.1)
    observed[:3, 4] *= 2.5
    got = calibrate(near, matrix, observed, 0.02 * observed)
    assert not got.contradicted.any()
    assert got.rejected[:3, 4].all()
    assert got.used[3:].all()


def test_four_bands_always_have_a_say():
    wrong, _, matrix, observed = off_band()
    observed[:, 3] *= 3.0
    observed[:, 2] *= 0.3
    got = calibrate(wrong, matrix, observed, 0.02 * observed, outlier=np.inf)
    assert got.contradicted.sum() == 1
    assert got.used.sum(axis=1).min() == 4


def test_offsets_found_before_are_taken_off():
    wrong, _, matrix, observed = off_band()
    before = calibrate(wrong, matrix, observed, 0.02 * observed)
    again = calibrate(wrong, matrix, observed, 0.02 * observed, earlier=before)
    np.testing.assert_array_equal(again.offset, before.offset)
    np.testing.assert_allclose(again.offset_err, before.offset_err, rtol=1e-12)
    np.testing.assert_array_equal(again.contradicted, before.contradicted)
    np.testing.assert_array_equal(again.rejected, before.rejected)
    np.testing.assert_allclose(again.series.flux, before.series.flux, rtol=1e-3)
    assert not any("at all phases alike" in note for note in again.notes)


def test_a_band_is_ruled_out_by_three_others_and_never_by_two():
    bands = ("bessellb", "bessellv", "bessellr", "besselli")
    for n_band, expected in ((4, False), (3, True)):
        matrix = band_matrix(WAVE, bands[:n_band], SIGHTLINE)
        observed = synthetic_flux(TRUTH, matrix)[0]
        observed[0, 1] *= 2.0
        got = calibrate(series(TRUTH), matrix, observed, 0.02 * observed)
        assert bool(got.used[0, 1]) is expected
    # Nor by two that are left at its phase.
    matrix = band_matrix(WAVE, bands, SIGHTLINE)
    observed = synthetic_flux(TRUTH, matrix)[0]
    observed[0, 1] *= 2.0
    observed[0, 3] = np.nan
    assert calibrate(series(TRUTH), matrix, observed, 0.02 * observed).used[0].tolist() == [True, True, True, False]
    # A band that is only as far as the limit allows stays.
    matrix = band_matrix(WAVE, bands, SIGHTLINE)
    observed = synthetic_flux(TRUTH, matrix)[0]
    observed[0, 1] *= 1.05
    assert calibrate(series(TRUTH), matrix, observed, 0.02 * observed).used.all()
    assert not calibrate(series(TRUTH), matrix, observed, 0.001 * observed, floor=0.001, outlier=1.0).used[0].all()


def test_gray_offset_has_the_stated_floor_and_ignores_what_is_not_positive():
    synthetic, observed = np.array([[1.0, 1.0, 1.0]]), np.array([[2.0, 4.0, 0.0]])
    error = np.array([[0.02, 0.4, 0.1]])
    weight = 1.0 / (np.array([0.01, 0.1]) ** 2 + 0.03**2)
    expected = (weight * np.log([2.0, 4.0])).sum() / weight.sum()
    assert gray_offset(synthetic, observed, error)[0] == pytest.approx(expected, rel=1e-12)
    assert gray_offset(-synthetic, observed, error, 0.03)[0] != expected
    assert np.isnan(gray_offset(-synthetic, observed, error)[0])


LONG = np.arange(5.0, 40.0, 5.0)
MANY = np.stack([flux_at(p, WAVE) for p in LONG])
SEEN = synthetic_flux(MANY, MATRIX)[0]


def long_series(flux):
    return SpectralSeries(phase=LONG, wave=WAVE, flux=flux, flux_err=0.05 * np.abs(flux))


def test_five_percent_errors_in_the_bands_do_not_make_it_worse_than_one_factor():
    rng = np.random.default_rng(4)
    tilted = long_series(MANY * np.exp(rng.normal(0.0, 0.1, (LONG.size, 1)) * np.linspace(-1, 1, WAVE.size)))
    noisy = SEEN * np.exp(rng.normal(0.0, 0.05, SEEN.shape))
    warped = calibrate(tilted, MATRIX, noisy, 0.05 * noisy).series.flux
    gray = calibrate(tilted, MATRIX, noisy, 0.05 * noisy, color_scatter=1e-3).series.flux
    miss = [np.median(np.abs(np.log(synthetic_flux(flux, MATRIX)[0] / SEEN))) for flux in (warped, gray)]
    assert miss[0] < miss[1] + 0.01


@pytest.mark.parametrize("band", ["uvot::uvw2", "sdssz", "2massj"])
def test_a_band_the_series_does_not_cover_has_no_say(band):
    """Off the series, or only partly on it: the answer is that of the other bands alone."""
    wider = band_matrix(WAVE, (*BANDS, band), SIGHTLINE)
    observed = np.column_stack([SEEN, np.full(LONG.size, 1e9)])
    got = calibrate(long_series(2.0 * MANY), wider, observed, 0.02 * observed)
    alone = calibrate(long_series(2.0 * MANY), MATRIX, SEEN, 0.02 * SEEN)
    assert not got.used[:, -1].any()
    assert np.isnan(got.residual[:, -1]).all()
    np.testing.assert_allclose(got.series.flux, alone.series.flux, rtol=1e-6)


def test_photometry_that_is_not_a_number_or_not_positive_has_no_say():
    observed = SEEN.copy()
    observed[:, 1], observed[:, 2] = np.nan, -1.0
    got = calibrate(long_series(2.0 * MANY), MATRIX, observed, 0.02 * np.abs(observed))
    assert got.used.any(axis=0).tolist() == [True, False, False, True]
    assert np.isfinite(got.series.flux).all()


def test_one_point_in_one_band_sets_the_scale_of_its_own_phase_alone():
    observed = np.full_like(SEEN, np.nan)
    observed[2, 1] = SEEN[2, 1]
    got = calibrate(long_series(2.0 * MANY), MATRIX, observed, 0.02 * SEEN)
    np.testing.assert_allclose(got.series.flux[2] / MANY[2], 1.0, rtol=0.03)
    np.testing.assert_array_equal(got.series.flux[[0, 1, 3]], 2.0 * MANY[[0, 1, 3]])
    assert any("6 phases" in note for note in got.notes)
