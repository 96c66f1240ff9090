"""Extrapolation: exact where the truth is known, marked everywhere, refused where nothing can be said."""

import dataclasses

import numpy as np
import pytest

from sntransport._numerics.units import COBALT
from sntransport.corrections.extrapolation import (
    continue_blackbody,
    continue_suppressed_blackbody,
    continue_template,
    extend_decline,
    extend_from_template,
    extend_rise,
    extend_wave,
    hold_color,
)
from sntransport.spectra.series import Origin, SpectralSeries

WAVE = np.exp(np.arange(np.log(2000.0), np.log(11000.0), 2e-3))
PHASE = np.arange(0.0, 20.0, 2.0)


def planck(wave, temperature):
    return wave**-5 / np.expm1(1.438777e8 / (wave * temperature))


def cooling(wave=WAVE, phase=PHASE):
    flux = np.stack([planck(wave, 12000.0 - 300.0 * p) for p in phase])
    return SpectralSeries(
        phase=phase, wave=wave, flux=flux / flux.max(), flux_err=0.1 * flux / flux.max(), name="cooling"
    )


def cut(series, low, high):
    keep = (series.wave >= low) & (series.wave <= high)
    return SpectralSeries(
        phase=series.phase,
        wave=series.wave[keep],
        flux=series.flux[:, keep],
        flux_err=series.flux_err[:, keep],
        name=series.name,
    )


def test_a_blackbody_is_continued_exactly_and_marked():
    truth = cooling()
    made = extend_wave(cut(truth, 3500.0, 9000.0), (2000.0, 11000.0), continue_blackbody)
    inside = (truth.wave > 2100) & (truth.wave < 10900)
    for got, expected in zip(made.series.flux, truth.flux, strict=True):
        known = np.isfinite(got)
        there = np.interp(truth.wave[inside], made.series.wave[known], got[known])
        np.testing.assert_allclose(there, expected[inside], rtol=0.02)
    outside = (made.series.wave < 3500) | (made.series.wave > 9000)
    known = np.isfinite(made.series.flux)
    assert np.all(made.series.origin[:, outside][known[:, outside]] == Origin.EXTRAPOLATED)
    assert np.all(made.series.origin[:, ~outside] == Origin.OBSERVED)
    assert np.isnan(made.series.flux_err[:, outside]).all()
    assert made.share == pytest.approx(np.mean(made.series.origin[known] == 3))
    assert "extrapolated in wavelength to 2000-11000 A" in made.notes[0]


def test_suppression_lowers_the_ultraviolet_alone():
    short = cut(cooling(), 3500.0, 9000.0)
    plain, less = (
        extend_wave(short, (2100.0, 10000.0), p).series for p in (continue_blackbody, continue_suppressed_blackbody)
    )
    blue, red = (plain.wave < 2900) & (plain.wave > 2150), (plain.wave > 9100) & (plain.wave < 9900)
    np.testing.assert_allclose(
        less.flux[:, blue] / plain.flux[:, blue], np.tile(plain.wave[blue] / 3000, (10, 1)), rtol=1e-3
    )
    np.testing.assert_allclose(less.flux[:, red], plain.flux[:, red], rtol=1e-12)


def test_a_template_gives_its_own_shape():
    truth = cooling()
    template = dataclasses.replace(truth, flux=7.0 * truth.flux)
    made = extend_wave(cut(truth, 3500.0, 9000.0), (2500.0, 10500.0), continue_template(template)).series
    inside = (made.wave > 2510) & (made.wave < 10490)
    expected = np.stack([np.interp(made.wave, truth.wave, row) for row in truth.flux])
    np.testing.assert_allclose(made.flux[:, inside], expected[:, inside], rtol=2e-3)
    later = dataclasses.replace(template, phase=template.phase + 100.0)
    none = extend_wave(cut(truth, 3500.0, 9000.0), (2500.0, 10500.0), continue_template(later))
    assert none.share == 0


def test_the_color_of_the_nearest_phase_is_held():
    truth = cooling()
    flux, origin = truth.flux.copy(), truth.origin.copy()
    flux[4, truth.wave < 4000], origin[4, truth.wave < 4000] = np.nan, 0
    flux[:, truth.wave < 2500], origin[:, truth.wave < 2500] = np.nan, 0
    made = extend_wave(dataclasses.replace(truth, flux=flux, origin=origin), (2200.0, 10000.0), hold_color).series
    start = int(np.searchsorted(made.wave, truth.wave[0]))
    got = made.flux[4, start : start + truth.n_wave]
    blue = (truth.wave >= 2500) & (truth.wave < 4000)
    shape = truth.flux[3] / truth.flux[3][truth.wave >= 4000][0] * truth.flux[4][truth.wave >= 4000][0]
    np.testing.assert_allclose(got[blue], shape[blue], rtol=0.01)
    assert np.isnan(made.flux[:, made.wave < 2490]).all()


def test_rise_and_decline_follow_their_laws():
    phase = np.arange(-10.0, 30.0)
    light = np.where(phase < 0, ((phase + 16.0) / 16.0) ** 2, np.exp(-phase / 30.0))
    series = SpectralSeries(phase=phase, wave=WAVE, flux=light[:, None] * np.ones(WAVE.size), name="law")
    rise = extend_rise(series)
    early = rise.series.phase < -10
    expected = np.maximum((rise.series.phase[early] + 16.0) / 16.0, 0) ** 2
    np.testing.assert_allclose(rise.series.flux[early, 0], expected, atol=1e-9)
    assert rise.series.flux[0].max() == 0
    assert np.all(rise.series.origin[early] == Origin.EXTRAPOLATED)
    assert extend_rise(series, explosion=-14.0).series.phase[0] == -15.0
    tail = extend_decline(series, 60.0, mean_life=None).series
    np.testing.assert_allclose(tail.flux[:, 0][tail.phase >= 0], np.exp(-tail.phase[tail.phase >= 0] / 30.0), rtol=1e-9)
    cobalt = extend_decline(series, 129.0).series
    assert cobalt.flux[-1, 0] / series.flux[-1, 0] == pytest.approx(np.exp(-100.0 / COBALT))
    # 0.98 mag in 100 d is the well-known decline of 56Co.
    assert 2.5 * np.log10(np.exp(100.0 / COBALT)) == pytest.approx(0.98, abs=0.01)


def test_what_cannot_be_said_is_refused():
    falling = SpectralSeries(phase=PHASE, wave=WAVE, flux=np.exp(-PHASE / 10)[:, None] * np.ones(WAVE.size))
    with pytest.raises(ValueError, match="does not rise quickly at its beginning"):
        extend_rise(falling)
    with pytest.raises(ValueError, match="expected before the first phase"):
        extend_rise(falling, explosion=5.0)
    rising = dataclasses.replace(falling, flux=falling.flux[::-1])
    with pytest.raises(ValueError, match="does not fade at its end"):
        extend_decline(rising, 50.0, mean_life=None)
    with pytest.raises(ValueError, match="expected after the last phase"):
        extend_decline(falling, 10.0)
    with pytest.raises(ValueError, match="wave_range is"):
        extend_wave(falling, (5000.0, 4000.0), continue_blackbody)


def test_phases_of_a_template_are_as_bright_as_the_series():
    template = dataclasses.replace(cooling(phase=np.arange(-10.0, 40.0)), name="cooling")
    rows = (template.phase >= 0) & (template.phase <= 20)
    short = cut(dataclasses.replace(
        template, phase=template.phase[rows], flux=7.0 * template.flux[rows], flux_err=None, origin=None
    ), 3500.0, 9000.0)  # fmt: skip
    made = extend_from_template(short, template, first=-20.0, last=30.0)
    np.testing.assert_allclose(made.series.phase, np.arange(-10.0, 31.0))
    keep = (template.wave >= 3500) & (template.wave <= 9000)
    np.testing.assert_allclose(made.series.flux, 7.0 * template.flux[:41][:, keep], rtol=1e-9)
    added = (made.series.phase < 0) | (made.series.phase > 20)
    assert np.all(made.series.origin[added] == Origin.EXTRAPOLATED)
    assert "those of the template 'cooling'" in made.notes[0]
    with pytest.raises(ValueError, match="nothing to add: the series has 0 to 20 d"):
        extend_from_template(short, template, first=1.0, last=19.0)
    far = dataclasses.replace(template, wave=template.wave + 20000.0)
    with pytest.raises(ValueError, match="no light in common"):
        extend_from_template(short, far, last=30.0)
