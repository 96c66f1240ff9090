import numpy as np
import pytest

from sntransport.calibration.band_curves import evaluate, fit_band_curves, instrument_offsets
from sntransport.spectra.observations import LightCurve


def curve(mjd, flux, error=0.02, band="bessellv", seed=3):
    mjd = np.asarray(mjd, dtype=float)
    seen = flux(mjd) * np.exp(error * np.random.default_rng(seed).normal(size=mjd.size))
    return LightCurve(mjd=mjd, band=np.full(mjd.size, band), flux=seen, flux_err=max(error, 1e-3) * seen)


def decline(mjd):
    return 1e5 * np.exp(-(mjd - 100.0) / 40.0)


def rise(mjd):
    return 1e5 * np.minimum(((mjd - 95.0) / 10.0) ** 2, 1.0)


@pytest.mark.parametrize("truth", [decline, rise])
def test_smooth_curve_is_recovered_within_its_errors(truth):
    light_curve = curve(np.arange(97.0, 160.0, 1.5), truth)
    when = np.arange(98.0, 159.0, 0.5)
    flux, error = evaluate(fit_band_curves(light_curve), when)
    pull = (flux[:, 0] - truth(when)) / error[:, 0]
    assert np.abs(flux[:, 0] / truth(when) - 1).max() < 0.08
    assert np.mean(np.abs(pull) < 2) > 0.9


def test_nothing_outside_the_support_nor_in_wide_gaps():
    light_curve = curve(np.concatenate([np.arange(100.0, 120, 2), np.arange(180.0, 200, 2)]), decline)
    flux, error = evaluate(
        fit_band_curves(light_curve, extend=2.0, max_gap=30.0), [97.9, 98.1, 119, 121, 150, 177, 179, 201, 203]
    )
    np.testing.assert_array_equal(np.isfinite(flux[:, 0]), [0, 1, 1, 0, 0, 0, 1, 0, 0])
    np.testing.assert_array_equal(np.isnan(flux), np.isnan(error))


def test_outlier_is_left_out_and_counted():
    mjd = np.arange(100.0, 160.0, 2.0)
    base = curve(mjd, decline)
    flux = base.flux.copy()
    flux[10] *= 3.0
    curves = fit_band_curves(LightCurve(mjd=mjd, band=base.band, flux=flux, flux_err=base.flux_err))
    assert any("bessellv 1" in note for note in curves.notes)
    got, _ = evaluate(curves, mjd)
    assert abs(got[10, 0] / decline(mjd[10]) - 1) < 0.05


def test_disagreeing_instruments_on_one_night_widen_the_error():
    mjd = np.arange(100.0, 130.0, 2.0)
    one = evaluate(fit_band_curves(curve(mjd, decline, 0.01)), [114.0])[1][0, 0]
    flux = np.concatenate([decline(mjd) * 1.1, decline(mjd) * 0.9])
    both = LightCurve(mjd=np.tile(mjd, 2), band=np.full(2 * mjd.size, "bessellv"), flux=flux, flux_err=0.01 * flux)
    assert evaluate(fit_band_curves(both), [114.0])[1][0, 0] > one


def two_instruments(offset=0.15, noise=(0.01, 0.06)):
    """The same band from two telescopes on different nights, the second fainter by ``offset`` [mag] and noisier."""
    rng = np.random.default_rng(12)
    mjd = np.arange(100.0, 160.0, 1.0)
    second = np.arange(mjd.size) % 3 == 0
    scatter = np.where(second, noise[1], noise[0])
    flux = decline(mjd) * 10.0 ** (-0.4 * offset * second) * np.exp(scatter * rng.normal(size=mjd.size))
    names = np.where(second, "B", "A")
    return LightCurve(
        mjd=mjd, band=np.full(mjd.size, "bessellv"), flux=flux, flux_err=0.005 * flux, instrument=names
    ), second


def test_offset_and_scatter_of_instruments_are_found():
    light_curve, second = two_instruments()
    curves = fit_band_curves(light_curve)
    (only,) = curves.curves
    assert only.instruments == ("A", "B")
    assert only.offset[1] - only.offset[0] == pytest.approx(0.15, abs=0.03)
    # The level is the mean over nights.
    assert np.mean(only.offset[second.astype(int)]) == pytest.approx(0.0, abs=1e-12)
    assert only.scatter[0] == pytest.approx(0.01, abs=0.006)
    assert only.scatter[1] == pytest.approx(0.06, abs=0.025)
    np.testing.assert_array_equal(instrument_offsets(curves, light_curve), only.offset[second.astype(int)])
    assert any(
        "instruments off the others of their band, taken off [mag]: bessellv B +0.09" in note for note in curves.notes
    )
    # Smooth, although every third night is 15 % fainter.
    when = np.arange(105.0, 155.0, 0.5)
    flux = evaluate(curves, when)[0][:, 0] / decline(when)
    assert np.ptp(flux) < 0.05


def test_offsets_follow_the_law_of_scaling_one_instrument():
    light_curve, second = two_instruments(offset=0.0)
    factor = np.where(second, 1.07, 1.0)
    scaled = LightCurve(
        mjd=light_curve.mjd,
        band=light_curve.band,
        flux=light_curve.flux * factor,
        flux_err=light_curve.flux_err * factor,
        instrument=light_curve.instrument,
    )
    before, after = (np.diff(fit_band_curves(one).curves[0].offset)[0] for one in (light_curve, scaled))
    # Some of it is kept back by the prior.
    assert after - before == pytest.approx(-2.5 * np.log10(1.07), abs=0.01)


def test_which_points_took_part():
    light_curve, _ = two_instruments()
    flux, flux_err = light_curve.flux.copy(), light_curve.flux_err.copy()
    flux[7] *= 4.0
    flux_err[20] = flux[20]
    changed = LightCurve(
        mjd=light_curve.mjd, band=light_curve.band, flux=flux, flux_err=flux_err, instrument=light_curve.instrument
    )
    used = fit_band_curves(changed).used
    assert np.flatnonzero(~used).tolist() == [7, 20]


@pytest.mark.parametrize("n", [40, 300])
def test_all_points_of_a_night_that_is_left_out_are_and_no_others(n):
    """Two instruments a night with two and three points, in any order; beyond 250 nights they are sought in parts."""
    rng = np.random.default_rng(5)
    night = np.repeat(np.arange(2 * n), np.tile([2, 3], n))
    mjd = 100.0 + night // 2 + 0.01 * rng.random(night.size) + 0.2 * (night % 2)
    flux = 1e5 * (1.5 + np.sin(mjd / 60.0)) * np.exp(0.02 * rng.normal(size=mjd.size))
    wrong = np.isin(night, [9, 2 * n - 14, 2 * n - 7])
    flux[wrong] *= 2.5
    order = rng.permutation(mjd.size)
    names = np.where(night % 2, "B", "A")
    columns = {"mjd": mjd, "flux": flux, "flux_err": 0.02 * flux, "instrument": names}
    light_curve = LightCurve(band=["bessellv"] * mjd.size, **{key: column[order] for key, column in columns.items()})
    used = fit_band_curves(light_curve).used
    np.testing.assert_array_equal(used, ~np.isin(light_curve.mjd, mjd[wrong]))


def test_faint_and_errorless_points_are_counted():
    light_curve = LightCurve(
        mjd=[1, 2, 3, 4], band=["lsstr"] * 4, flux=[10.0, -5.0, 100.0, 50.0], flux_err=[8.0, 5.0, 1.0, np.nan]
    )
    curves = fit_band_curves(light_curve)
    assert curves.bands == ("lsstr",)
    assert any(note.startswith("3 photometric points") for note in curves.notes)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_points_still_give_a_curve(n):
    mjd = 100.0 + np.arange(n)
    flux, error = evaluate(fit_band_curves(curve(mjd, decline)), mjd)
    assert np.abs(flux[:, 0] / decline(mjd) - 1).max() < 0.15
    assert np.all(error > 0)


def test_no_photometry_gives_no_curves():
    curves = fit_band_curves(LightCurve(mjd=[], band=np.empty(0, dtype=str), flux=[], flux_err=[]))
    assert curves.bands == ()
    assert evaluate(curves, [1.0, 2.0])[0].shape == (2, 0)


def test_many_nights_keep_the_work_small_and_the_outliers_out():
    mjd = np.arange(100.0, 1000.0, 1.0)
    truth = lambda t: 1e5 * (1.5 + np.sin(t / 60.0))  # noqa: E731
    base = curve(mjd, truth)
    flux = base.flux.copy()
    flux[[50, 300, 777]] *= 2.5
    curves = fit_band_curves(LightCurve(mjd=mjd, band=base.band, flux=flux, flux_err=base.flux_err))
    assert any("bessellv 3" in note for note in curves.notes)
    got, _ = evaluate(curves, mjd)
    assert np.abs(got[:, 0] / truth(mjd) - 1).max() < 0.06


def test_order_and_date_shift_do_not_matter():
    base = curve(np.arange(100.0, 140.0, 3.0), decline)
    order = np.random.default_rng(0).permutation(base.n_obs)
    mixed = LightCurve(mjd=base.mjd[order], band=base.band[order], flux=base.flux[order], flux_err=base.flux_err[order])
    shifted = LightCurve(mjd=base.mjd + 1000.0, band=base.band, flux=base.flux, flux_err=base.flux_err)
    expected = evaluate(fit_band_curves(base), [117.3])
    np.testing.assert_allclose(evaluate(fit_band_curves(mixed), [117.3]), expected)
    np.testing.assert_allclose(evaluate(fit_band_curves(shifted), [1117.3]), expected, rtol=1e-6)
