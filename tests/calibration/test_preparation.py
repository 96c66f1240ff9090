import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport._numerics.units import C_KMS
from sntransport.calibration.preparation import apply_floor, bridge_gaps, prepare
from sntransport.spectra.grid import GRID_STEP, grid_wave, rebin, velocity_step
from sntransport.spectra.observations import Spectrum
from sntransport.spectra.series import Origin
from tests.support.synthetic import MJD_REF, SIGHTLINE, flux_at, spectrum, supernova


def test_prepared_series_is_the_truth_in_the_rest_frame():
    series = prepare(supernova(snr=1e4)).series
    np.testing.assert_allclose(series.phase, [2.0, 9.0, 17.0, 30.0, 52.0], atol=1e-9)
    truth = np.stack([flux_at(p, series.wave) for p in series.phase])
    assert np.nanmax(np.abs(series.flux / truth - 1)) < 0.02
    assert np.nanmedian(np.abs(series.flux / truth - 1)) < 1e-3


def test_grid_is_the_same_for_every_redshift_and_fine_enough():
    one = prepare(supernova()).series.wave
    other = prepare(supernova(sightline=dataclasses.replace(SIGHTLINE, z=0.05))).series.wave
    step = np.log(one) / (GRID_STEP / C_KMS)
    np.testing.assert_allclose(step, np.round(step), atol=1e-6)
    assert np.intersect1d(np.round(one, 6), np.round(other, 6)).size > 500
    assert np.diff(np.log(one)).max() * C_KMS <= 450
    assert velocity_step(one) == pytest.approx(GRID_STEP)


def test_error_bars_are_true_after_rebinning():
    fine = prepare(supernova(phases=(10.0,), step=1.0, snr=10.0)).series
    pull = (fine.flux[0] - flux_at(10.0, fine.wave)) / fine.flux_err[0]
    assert np.nanstd(pull) == pytest.approx(1.0, abs=0.15)


@given(st.integers(30, 400), st.floats(0.5, 12.0), st.floats(-1, 1))
def test_rebinning_keeps_the_integral_of_a_line_and_a_constant(n, step, slope):
    wave = 4000.0 + step * np.arange(n)
    flux = 1.0 + slope * (wave - 4000.0) / (wave[-1] - 4000.0)
    first, mean, error = rebin(wave, flux, np.full(n, 0.1))
    if mean.size < 3:
        return
    centers = grid_wave(first, mean.size)
    inner = slice(1, -1)
    edges = np.exp((first + np.arange(mean.size + 1) - 0.5) * GRID_STEP / C_KMS)
    middle = 0.5 * (edges[1:] + edges[:-1])
    np.testing.assert_allclose(mean[inner], np.interp(middle, wave, flux)[inner], rtol=1e-9)
    assert np.all(error[inner] <= 0.1 + 1e-12)
    assert centers[0] >= wave[0] - 1e-6


def test_rebinning_leaves_holes_open():
    wave = np.concatenate([np.arange(4000.0, 5000, 3), np.arange(5300.0, 6000, 3)])
    first, mean, _ = rebin(wave, np.ones(wave.size), np.ones(wave.size))
    hole = np.isnan(mean)
    centers = grid_wave(first, mean.size)
    assert hole[(centers > 5010) & (centers < 5290)].all()
    assert not hole[(centers < 4995) | (centers > 5305)].any()


def arms(**more):
    blue = spectrum(10.0, low=3300.0, high=6000.0, seed=1)
    red = spectrum(10.0, low=5600.0, high=9400.0, seed=2, **more)
    return dataclasses.replace(supernova(), spectra=(blue, dataclasses.replace(red, mjd=blue.mjd + 0.02)))


def test_two_arms_become_one_spectrum():
    prepared = prepare(arms(factor=1.7))
    assert prepared.series.n_phase == 1
    assert prepared.members == ((0, 1),)
    ratio = prepared.series.flux[0] / flux_at(10.0, prepared.series.wave)
    # The red arm was 1.7 times too bright; the join is smooth, at the level of the wider one.
    assert np.nanstd(ratio) / np.nanmean(ratio) < 0.04
    assert any("joined" in note for note in prepared.notes)


def test_arm_in_arbitrary_units_takes_the_scale_of_the_other():
    prepared = prepare(arms(factor=1e15, calibrated=False))
    assert prepared.calibrated.all()
    np.testing.assert_allclose(
        np.nanmedian(prepared.series.flux[0] / flux_at(10.0, prepared.series.wave)), 1, atol=0.05
    )


def test_same_night_spectrum_of_another_shape_is_rejected():
    good = spectrum(10.0)
    bad = dataclasses.replace(spectrum(10.0, snr=15.0), flux=spectrum(10.0).flux * (good.wave / 6000.0) ** 3)
    prepared = prepare(dataclasses.replace(supernova(), spectra=(good, bad)))
    assert prepared.series.n_phase == 1
    assert any("shape disagrees" in note for note in prepared.notes)


def test_duplicates_are_merged():
    same = spectrum(10.0)
    prepared = prepare(dataclasses.replace(supernova(), spectra=(same, same)))
    assert prepared.members == ((0, 1),)
    single = prepare(dataclasses.replace(supernova(), spectra=(same,)))
    np.testing.assert_allclose(prepared.series.flux, single.series.flux, rtol=1e-12)


def test_noise_and_short_spectra_are_rejected_with_the_reason():
    rng = np.random.default_rng(0)
    wave = np.arange(3500.0, 9000.0, 4.0)
    noise = Spectrum(mjd=MJD_REF + 3, wave=wave, flux=1e-16 * rng.normal(size=wave.size), source="bad night")
    short = spectrum(10.0, low=5000.0, high=5400.0)
    good = spectrum(20.0)
    prepared = prepare(dataclasses.replace(supernova(), spectra=(noise, short, good)))
    assert prepared.members == ((2,),)
    assert any("spectrum 0" in note and "bad night" in note and "rejected" in note for note in prepared.notes)
    assert any("spectrum 1" in note and "less than 600 A" in note for note in prepared.notes)


def test_no_usable_spectrum_is_an_error_with_the_reasons():
    short = spectrum(10.0, low=5000.0, high=5400.0)
    with pytest.raises(ValueError, match=r"synthetic: no usable spectrum .*less than 600 A"):
        prepare(dataclasses.replace(supernova(), spectra=(short,)))
    with pytest.raises(ValueError, match="it has none"):
        prepare(dataclasses.replace(supernova(), spectra=()))


def test_bridged_bins_are_marked_and_noted():
    base = spectrum(10.0)
    flux = base.flux * np.where((base.wave > 7590) & (base.wave < 7690), 0.5, 1.0)
    prepared = prepare(dataclasses.replace(supernova(), spectra=(dataclasses.replace(base, flux=flux),)))
    series = prepared.series
    bridged = series.origin[0] == Origin.EXTRAPOLATED
    assert bridged.any()
    assert np.isfinite(series.flux[0, bridged]).all()
    assert np.all((series.wave[bridged] * 1.02 > 7500) & (series.wave[bridged] * 1.02 < 7800))
    assert any("bridged" in note for note in prepared.notes)
    ratio = series.flux[0, bridged] / flux_at(10.0, series.wave[bridged])
    assert np.abs(ratio - 1).max() < 0.1


def test_bridge_gaps_respects_the_limit_and_the_ends():
    flux = np.array([np.nan, 1.0, np.nan, 3.0, np.nan, np.nan, np.nan, 7.0, np.nan])
    got, _ = bridge_gaps(flux, np.ones(9), 2)
    np.testing.assert_array_equal(got, [np.nan, 1, 2, 3, np.nan, np.nan, np.nan, 7, np.nan])


def test_a_bridged_bin_errs_as_its_sides_and_a_tenth_of_their_level():
    _, error = bridge_gaps(np.array([2.0, np.nan, np.nan, 4.0]), np.array([0.3, np.nan, np.nan, 0.6]), 2)
    np.testing.assert_allclose(error, [0.3, np.hypot(0.4, 0.3), np.hypot(0.5, 0.3), 0.6], rtol=1e-12)
    # The same in a prepared spectrum: a telluric band, masked and bridged.
    base = spectrum(10.0)
    flux = base.flux * np.where((base.wave > 7590) & (base.wave < 7690), 0.5, 1.0)
    series = prepare(dataclasses.replace(supernova(), spectra=(dataclasses.replace(base, flux=flux),))).series
    bridged = np.flatnonzero(series.origin[0] == Origin.EXTRAPOLATED)
    assert np.all(np.diff(bridged) == 1)
    sides = [bridged[0] - 1, bridged[-1] + 1]
    line = np.interp(bridged, sides, series.flux_err[0, sides])
    expected = np.hypot(line, 0.1 * series.flux[0, sides].mean())
    np.testing.assert_allclose(series.flux_err[0, bridged], expected, rtol=1e-12)


@given(st.lists(st.floats(-1e3, 1e3), min_size=5, max_size=60).filter(lambda x: max(x) > 1e-3))
def test_floor_never_lowers_and_leaves_nothing_negative(values):
    flux = np.array(values)
    got, count = apply_floor(flux)
    assert np.all(got > 0)
    assert np.all(got >= flux)
    assert count == np.sum(got > flux)


def test_floor_is_three_percent_of_the_level_over_5000_kms():
    flux = np.ones(400)
    flux[200] = -5.0
    got, count = apply_floor(flux)
    assert count == 1
    # 5000 km/s are 20 bins, and the mean is cut at four times that.
    bell = np.exp(-0.5 * (np.arange(-80, 81) / 20.0) ** 2)
    level = (bell * flux[120:281]).sum() / bell.sum()
    assert got[200] == pytest.approx(0.03 * level, rel=1e-9)
    np.testing.assert_array_equal(np.delete(got, 200), 1.0)
    # A bin that is just above stays, one just below does not.
    for share, raised in ((0.031, 0), (0.029, 1)):
        flux[200] = 0.0
        flux[200] = share * ((bell * flux[120:281]).sum() / bell.sum())
        assert apply_floor(flux)[1] == raised


def test_arbitrary_units_are_noted():
    prepared = prepare(supernova(calibrated=False))
    assert not prepared.calibrated.any()
    assert sum("arbitrary units" in note for note in prepared.notes) == 5


@pytest.mark.parametrize("unit", [1e-290, 1e-280, 1e290])
def test_any_arbitrary_unit_makes_the_same_series(unit):
    sn = supernova(calibrated=False)
    flux = [one.flux / np.median(one.flux) for one in sn.spectra]
    same, other = (
        prepare(dataclasses.replace(sn, spectra=[
            dataclasses.replace(one, flux=shape * scale, flux_err=None)
            for one, shape in zip(sn.spectra, flux, strict=True)
        ]))
        for scale in (1.0, unit)
    )  # fmt: skip
    np.testing.assert_allclose(other.series.flux, same.series.flux, rtol=1e-9)
    np.testing.assert_allclose(other.series.flux_err, same.series.flux_err, rtol=1e-6)
