"""The surface of level and color against truths that are known."""

import dataclasses

import numpy as np
import pytest

from sntransport._numerics.units import COBALT
from sntransport.calibration.level_surface import (
    BandData,
    Priors,
    SpectrumData,
    fit_surface,
    model_time,
    surface_nodes,
)

WAVE = np.geomspace(3300.0, 9300.0, 800)
NODE, _ = surface_nodes(WAVE)
CENTERS = np.log([4400.0, 5500.0, 6500.0, 8000.0])
PHASE = np.arange(0.0, 60.0, 3.0)
SPECTRA = np.array([2.0, 15.0, 31.0, 50.0])


def truth(phase, node=NODE):
    """A fading, reddening surface, (n_phase, n_node)."""
    return -20.0 - np.asarray(phase)[:, None] / 30.0 + 0.01 * np.asarray(phase)[:, None] * (node - np.log(5500.0))


def shares():
    """Four bands of 10 % width on a flat spectrum, (n_band, n_node)."""
    weight = np.exp(-0.5 * ((NODE - CENTERS[:, None]) / 0.05) ** 2)
    return weight / weight.sum(axis=1, keepdims=True)


def points(phase=PHASE, bands=(0, 1, 2, 3), noise=0.0, offset=0.0, seed=0):
    at = np.repeat(phase, len(bands))
    band = np.tile(np.arange(len(bands)), len(phase))
    share = shares()[np.asarray(bands)][band]
    value = np.log((share * np.exp(truth(at))).sum(axis=1))
    value = value + noise * np.random.default_rng(seed).normal(size=value.size) + np.where(band == 1, offset, 0.0)
    return BandData(phase=at, band=band, value=value, error=np.full(at.size, 0.01), share=share, n_band=len(bands))


def spectra(slope=0.0, bend=0.0, level=(0.0, 0.0, 0.0, 0.0), phase=SPECTRA):
    x = NODE - np.log(5500.0)
    value = truth(phase) + slope * x + bend * x**2 + np.asarray(level)[:, None]
    return SpectrumData(phase=phase, value=value, calibrated=np.ones(phase.size, dtype=bool))


INSIDE = (np.exp(NODE) > 4200.0) & (np.exp(NODE) < 8400.0)


def test_truth_is_found_between_dates_too():
    at = np.arange(0.0, 57.5, 0.5)
    found = fit_surface(NODE, points(), spectra(), at)
    assert np.abs(found.value - truth(at))[:, INSIDE].max() < 0.02
    assert np.abs(found.offset).max() < 0.02
    assert found.used.all()


@pytest.mark.parametrize("bands", [(0, 3), (1, 2), (0, 1, 3)])
@pytest.mark.parametrize("slope", [-2.0, 1.0, 2.0])
def test_a_slope_that_all_spectra_share_is_left_to_photometry(bands, slope):
    """Two bands are enough: they meet the photometry to 0.02 mag whatever the slope."""
    plain, tilted = (fit_surface(NODE, points(bands=bands), spectra(slope=s), PHASE) for s in (0.0, slope))
    assert np.abs(tilted.residual - plain.residual).max() < 0.02
    assert tilted.slope - plain.slope == pytest.approx(slope, abs=0.4)


def test_an_offset_of_one_band_is_found_as_its_own():
    found = fit_surface(NODE, points(offset=0.28, noise=0.01), spectra(), PHASE)
    np.testing.assert_allclose(found.offset, [0.0, 0.28, 0.0, 0.0], atol=0.03)
    assert np.abs(found.value - truth(PHASE))[:, INSIDE].max() < 0.04
    assert found.offset_err[1] < 0.05
    assert found.off.tolist() == [False, True, False, False]


def test_the_level_of_a_spectrum_has_no_say_where_there_is_photometry():
    plain, wild = (fit_surface(NODE, points(), spectra(level=v), PHASE) for v in ((0, 0, 0, 0), (0, 4.6, -1, 0)))
    assert np.abs(wild.value - plain.value)[:, INSIDE].max() < 0.02


def test_one_wild_night_is_left_out_and_counted():
    data = points(noise=0.01)
    value = data.value.copy()
    value[40] += 0.5
    found = fit_surface(NODE, dataclasses.replace(data, value=value), spectra(), PHASE)
    assert np.flatnonzero(~found.used).tolist() == [40]
    assert found.residual[40] == pytest.approx(0.5, abs=0.05)


def test_never_more_than_three_in_a_hundred_points_are_left_out():
    data = points(noise=0.01)
    value = data.value.copy()
    value[::4] += np.random.default_rng(3).normal(0, 2.0, value[::4].size)
    found = fit_surface(NODE, dataclasses.replace(data, value=value), spectra(), PHASE)
    assert 0 < np.sum(~found.used) <= 0.03 * value.size


def test_away_from_photometry_the_error_grows_and_covers_the_truth():
    at = np.arange(20.0, 50.0, 1.0)
    early = points(phase=PHASE[PHASE < 20.0])
    found = fit_surface(NODE, early, spectra(phase=SPECTRA[:2], level=(0.0, 0.0)), at)
    error = np.median(found.error, axis=1)
    assert np.all(np.diff(error) > 0)
    assert np.all(np.abs(found.value - truth(at))[:, INSIDE] < 3.0 * found.error[:, INSIDE])


def test_photometry_that_ends_leaves_no_step():
    at = np.arange(0.0, 50.0, 0.25)
    found = fit_surface(NODE, points(phase=PHASE[PHASE < 20.0]), spectra(level=(0, 0, 0.4, -0.4)), at)
    assert np.abs(np.diff(found.value, n=2, axis=0)).max() < 0.01


def test_scaling_everything_shifts_the_surface():
    data, known = points(noise=0.02), spectra()
    brighter = dataclasses.replace(data, value=data.value + 7.0)
    other = fit_surface(NODE, brighter, dataclasses.replace(known, value=known.value + 7.0), PHASE)
    one = fit_surface(NODE, data, known, PHASE)
    np.testing.assert_allclose(other.value, one.value + 7.0, atol=1e-6)
    np.testing.assert_allclose(other.error, one.error, atol=1e-6)


def test_the_order_of_points_is_immaterial():
    data = points(noise=0.02)
    order = np.random.default_rng(5).permutation(data.phase.size)
    names = ("phase", "band", "value", "error", "share")
    mixed = dataclasses.replace(data, **{name: getattr(data, name)[order] for name in names})
    one, other = (fit_surface(NODE, each, spectra(), PHASE) for each in (data, mixed))
    np.testing.assert_allclose(other.value, one.value, atol=1e-8)
    np.testing.assert_array_equal(other.used, one.used[order])


def test_bands_that_no_spectrum_covers_have_no_say():
    data = points()
    share = np.where(data.band[:, None] == 2, 0.0, data.share)
    value = np.where(data.band == 2, 99.0, data.value)
    found = fit_surface(NODE, dataclasses.replace(data, share=share, value=value), spectra(), PHASE)
    assert np.isnan(found.residual[data.band == 2]).all()
    assert not found.used[data.band == 2].any()
    assert np.abs(found.value - truth(PHASE))[:, INSIDE].max() < 0.02


def test_spectra_in_arbitrary_units_give_color_alone():
    known = spectra(level=(30.0, -12.0, 5.0, 0.0))
    free = dataclasses.replace(known, calibrated=np.zeros(SPECTRA.size, dtype=bool))
    found = fit_surface(NODE, points(bands=(1,)), free, PHASE, priors=Priors())
    assert np.abs(found.residual).max() < 0.02
    color = found.value[:, np.argmin(np.abs(NODE - CENTERS[2]))] - found.value[:, np.argmin(np.abs(NODE - CENTERS[1]))]
    expected = 0.01 * PHASE * (CENTERS[2] - CENTERS[1])
    assert np.abs(color - expected).max() < 0.1


def test_a_band_that_is_off_hardly_bends_the_surface():
    data = points(offset=0.28, noise=0.01)
    kept = data.band != 1
    names = ("phase", "band", "value", "error", "share")
    rest = dataclasses.replace(data, **{name: getattr(data, name)[kept] for name in names})
    whole, without = (fit_surface(NODE, each, spectra(), PHASE) for each in (data, rest))
    # With the say that its offset's own width would leave it, it would be 0.028.
    assert np.abs(whole.value - without.value)[:, INSIDE].max() < 0.02


@pytest.mark.parametrize("unit", [-40.0, 40.0])
def test_the_unit_of_spectra_in_arbitrary_units_has_no_say(unit):
    """Beyond the photometry too, where nothing else says how bright it is."""
    at, early = np.arange(20.0, 50.0, 1.0), points(phase=PHASE[PHASE < 20.0])
    known = dataclasses.replace(spectra(), calibrated=np.array([True, True, False, False]))
    other = dataclasses.replace(known, value=known.value + unit * ~known.calibrated[:, None])
    plain, moved = (fit_surface(NODE, early, s, at) for s in (known, other))
    np.testing.assert_allclose(moved.value, plain.value, atol=1e-6)
    off = plain.value - truth(at)
    assert np.all(np.abs(off)[:, INSIDE] < 2.0 * plain.error[:, INSIDE])


def test_without_data_a_supernova_fades_as_cobalt():
    at = np.array([300.0, 350.0])
    still = dataclasses.replace(points(), value=points().value + points().phase / 30.0)
    found = fit_surface(
        NODE, still, dataclasses.replace(spectra(), value=spectra().value + SPECTRA[:, None] / 30.0), at
    )
    fall = (found.value[0] - found.value[1])[INSIDE]
    np.testing.assert_allclose(fall, 50.0 / COBALT, atol=0.15)


def test_one_spectrum_of_a_wrong_color_between_nights_has_little_say():
    """Late, between nights of photometry 40 d apart, where else its color would be that of the surface."""
    late = 200.0
    nights = np.array([late, late + 5.0, late + 40.0, late + 45.0])
    fade = dataclasses.replace(points(phase=nights), value=points(phase=nights - late).value)
    at = late + np.array([20.0, 40.0])
    value = truth(at - late)
    value[0] += -2.0 * (NODE - np.log(5500.0)) + 1.0
    wrong = SpectrumData(phase=at, value=value, calibrated=np.ones(2, dtype=bool))
    found = fit_surface(NODE, fade, wrong, at[:1])
    off = (found.value - truth(at[:1] - late))[0, INSIDE]
    assert np.abs(off).max() < 0.15
    assert np.all(np.abs(off) < 2.0 * found.error[0, INSIDE])


def test_the_spectrum_whose_color_the_photometry_contradicts_is_found():
    right, wrong = spectra(), spectra()
    value = wrong.value.copy()
    value[1] -= 3.0 * (NODE - np.log(5500.0))
    plain, found = (
        fit_surface(NODE, points(noise=0.01), each, PHASE) for each in (right, dataclasses.replace(wrong, value=value))
    )
    assert plain.doubt.max() < 2.0
    assert found.doubt[1] > 4.0
    assert np.delete(found.doubt, 1).max() < 2.0
    assert np.abs(found.value - plain.value)[:, INSIDE].max() < 0.02


def test_time_of_the_model():
    phase = np.array([-20.0, 0.0, 100.0, 200.0, 500.0, 1000.0])
    expected = [-20.0, 0.0, 100.0, 100.0 * (1.0 + np.log(2.0)), 100.0 * (1.0 + np.log(5.0))]
    found = model_time(phase)
    np.testing.assert_allclose(found[:5], expected)
    assert found[5] - found[4] == pytest.approx(100.0)
