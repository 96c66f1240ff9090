import numpy as np
import pytest

from sntransport.calibrate import calibrate, grey_offset
from sntransport.photometry import band_matrix, synthetic_flux
from sntransport.series import SpectralSeries
from tests.synthetic import SIGHTLINE, flux_at

BANDS = ("bessellb", "bessellv", "bessellr", "besselli")
WAVE = np.exp(np.arange(np.log(3300.0), np.log(9300.0), 250 / 299792.458))
PHASE = np.array([5.0, 20.0, 35.0])
TRUTH = np.stack([flux_at(p, WAVE) for p in PHASE])
MATRIX = band_matrix(WAVE, BANDS, SIGHTLINE)
OBSERVED = synthetic_flux(TRUTH, MATRIX)[0]
ERROR = 0.02 * OBSERVED


def series(flux):
    return SpectralSeries(PHASE, WAVE, flux, 0.05 * np.abs(flux))


def test_right_spectra_are_left_alone():
    got = calibrate(series(TRUTH), MATRIX, OBSERVED, ERROR)
    np.testing.assert_allclose(got.series.flux, TRUTH, rtol=1e-4)
    assert np.nanmax(np.abs(got.residual)) < 1e-3


@pytest.mark.parametrize("factor", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("tilt", [-0.15, 0.0, 0.15])
def test_wrong_flux_calibration_is_undone(factor, tilt):
    warp = factor * np.exp(tilt * np.linspace(-1, 1, WAVE.size))
    got = calibrate(series(TRUTH * warp), MATRIX, OBSERVED, ERROR)
    inner = (WAVE > 4300) & (WAVE < 8000)
    assert np.abs(got.series.flux / TRUTH - 1)[:, inner].max() < 0.05
    assert np.nanmax(np.abs(got.residual)) < 0.02


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
    observed = OBSERVED.copy()
    observed[0, 2] *= 2.0
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


def test_grey_offset_is_the_inverse_variance_mean():
    synthetic = np.array([[1.0, 1.0], [1.0, np.nan], [np.nan, np.nan]])
    observed = np.array([[2.0, 4.0], [3.0, 1.0], [1.0, 1.0]])
    error = np.array([[0.02, 4.0], [0.1, 0.1], [0.1, 0.1]])
    got = grey_offset(synthetic, observed, error, floor=0.0)
    assert got[0] == pytest.approx(np.log(2), abs=1e-3)
    assert got[1] == pytest.approx(np.log(3))
    assert np.isnan(got[2])


def test_no_bands_at_all_changes_nothing():
    matrix = band_matrix(WAVE, (), SIGHTLINE)
    empty = np.empty((3, 0))
    got = calibrate(series(TRUTH), matrix, empty, empty)
    np.testing.assert_array_equal(got.series.flux, TRUTH)
    assert any("no photometry" in note for note in got.notes)
