import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport.spectra.correlation import CORRELATION, Correlation, wave_correlation
from sntransport.spectra.grid import grid_wave
from sntransport.spectra.realizations import draw
from sntransport.spectra.series import SpectralSeries

WAVE = grid_wave(9900, 700)
PHASE = np.array([0.0, 1.0, 2.0, 5.0, 9.0, 30.0])


def series(relative=0.2, phase=PHASE, wave=WAVE, level=3.0, **more):
    flux = np.outer(1.0 + 0.1 * phase, level * (wave / 5000.0) ** -1.0)
    return SpectralSeries(phase=phase, wave=wave, flux=flux, flux_err=relative * np.abs(flux), **more)


def drawn(base, n, seed=1):
    return np.stack([one.flux for one in draw(base, n, seed)])


def test_mean_is_the_flux_and_scatter_is_flux_err():
    base = series()
    flux = drawn(base, 3000)
    assert np.all(flux > 0)
    # 3000 draws: the mean to 0.2 / sqrt(3000) = 0.4 %, the scatter to 1.3 %; the worst of 4200 bins at 4 sigma.
    np.testing.assert_allclose(flux.mean(axis=0) / base.flux, 1.0, atol=0.017)
    np.testing.assert_allclose(flux.std(axis=0) / base.flux_err, 1.0, atol=0.07)
    assert np.mean(flux.std(axis=0) / base.flux_err) == pytest.approx(1.0, abs=0.01)


def test_large_errors_keep_the_mean_and_stay_positive():
    flux = drawn(series(relative=0.8), 4000)
    assert np.all(flux > 0)
    np.testing.assert_allclose(np.mean(flux.mean(axis=0) / series().flux), 1.0, atol=0.02)


def correlation_of(flux, a, b):
    x, y = np.log(flux[:, a[0], a[1]]), np.log(flux[:, b[0], b[1]])
    return np.corrcoef(x, y)[0, 1]


def test_correlation_in_wavelength_is_the_formula():
    flux, expected = drawn(series(), 4000), wave_correlation(WAVE, CORRELATION)
    for lag in (1, 5, 20, 80, 300):
        got = np.mean([correlation_of(flux, (2, k), (2, k + lag)) for k in range(50, 390, 20)])
        assert got == pytest.approx(expected[100, 100 + lag], abs=0.02)


def test_correlation_on_another_grid_is_nearly_the_formula():
    wave = np.arange(4000.0, 9000.0, 10.0)
    flux, expected = drawn(series(wave=wave), 4000), wave_correlation(wave, CORRELATION)
    for first, second in ((20, 21), (20, 60), (300, 310), (400, 499), (0, 1), (0, 499)):
        assert correlation_of(flux, (0, first), (0, second)) == pytest.approx(expected[first, second], abs=0.05)


def test_correlation_in_phase_falls_with_days_and_nowhere_jumps():
    flux = drawn(series(), 4000)
    for k in range(1, PHASE.size):
        got = np.mean([correlation_of(flux, (0, j), (k, j)) for j in range(0, 700, 50)])
        assert got == pytest.approx(np.exp(-PHASE[k] / CORRELATION.days_length), abs=0.03)


def test_nothing_jumps_where_the_error_shrinks_to_that_of_an_observed_spectrum():
    phase = np.linspace(0.0, 2.0, 5)
    base = series(phase=phase)
    err = base.flux_err * np.array([1.0, 0.5, 0.0, 0.5, 1.0])[:, None]
    base = dataclasses.replace(base, flux_err=err)
    flux = drawn(base, 300)
    np.testing.assert_allclose(flux[:, 2], np.broadcast_to(base.flux[2], flux[:, 2].shape), rtol=1e-12)
    assert correlation_of(flux, (1, 100), (3, 100)) > 0.9


def test_same_seed_same_bytes_and_the_first_draws_do_not_depend_on_how_many():
    base = series()
    np.testing.assert_array_equal(drawn(base, 3), drawn(base, 5)[:3])
    assert drawn(base, 2).tobytes() == drawn(base, 2).tobytes()
    assert not np.array_equal(drawn(base, 1, seed=1), drawn(base, 1, seed=2))
    first, second = drawn(base, 2)
    assert not np.array_equal(first, second)


def test_a_draw_keeps_what_the_series_is():
    base = series(name="x", sn_type="Ia", mjd_ref=5.0)
    one = draw(base, 1, 3)[0]
    assert (one.name, one.sn_type, one.mjd_ref) == ("x", "Ia", 5.0)
    assert draw(base, 0, 3) == ()


def test_holes_and_origin_stay():
    base = series()
    flux, err, origin = base.flux.copy(), base.flux_err.copy(), base.origin.copy()
    flux[1, 100:200], err[1, 100:200], origin[1, 100:200] = np.nan, np.nan, 0
    origin[2] = 2
    holed = dataclasses.replace(base, flux=flux, flux_err=err, origin=origin)
    for one in draw(holed, 2, 1):
        np.testing.assert_array_equal(one.origin, origin)
        np.testing.assert_array_equal(np.isnan(one.flux), np.isnan(flux))
        np.testing.assert_array_equal(one.flux_err, err)


@given(st.floats(-2.0, 0.0), st.integers(0, 10**6))
def test_flux_that_is_not_positive_scatters_evenly(level, seed):
    base = series(phase=PHASE[:1], wave=WAVE[:50], level=level)
    base = dataclasses.replace(base, flux_err=np.full(base.flux.shape, 0.1))
    flux = drawn(base, 1, seed)
    assert np.all(np.isfinite(flux))
    assert np.all(np.abs(flux - base.flux) < 0.1 * 7)


def test_what_cannot_be_drawn_is_an_error():
    base = series()
    with pytest.raises(ValueError, match="flux_err is unknown"):
        draw(SpectralSeries(phase=base.phase, wave=base.wave, flux=base.flux), 1, 1)
    for n, seed in ((-1, 1), (1, -1)):
        with pytest.raises(ValueError, match="not negative"):
            draw(base, n, seed)


def test_one_bin_and_no_phase():
    assert draw(series(wave=WAVE[:1], phase=PHASE[:1]), 2, 1)[1].flux.shape == (1, 1)
    empty = SpectralSeries(phase=[], wave=WAVE, flux=np.empty((0, WAVE.size)))
    assert len(draw(empty, 2, 1)) == 2


@pytest.mark.parametrize("shares", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.4, 0.6, 0.0)])
def test_any_shares_give_unit_variance_and_their_correlation(shares):
    white, short, broad = shares
    c = Correlation(white=white, short=short, broad=broad, short_length=5000.0, broad_length=30000.0, days_length=30.0)
    base = series(phase=PHASE[:1])
    flux = np.stack([one.flux for one in draw(base, 3000, 2, correlation=c)])
    assert np.mean(flux.std(axis=0) / base.flux_err) == pytest.approx(1.0, abs=0.02)
    expected = wave_correlation(WAVE, c)
    got = np.mean([correlation_of(flux, (0, k), (0, k + 8)) for k in range(0, 690, 15)])
    assert got == pytest.approx(expected[0, 8], abs=0.03)
