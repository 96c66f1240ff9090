"""Where the maximum of a series is, and series moved to it."""

import numpy as np
import pytest

from sntransport.photometry.bands import load_bands
from sntransport.photometry.reference_phase import MaximumError, find_maximum, is_maximum, rezero
from sntransport.spectra.series import SpectralSeries

WAVE = np.linspace(3000.0, 10000.0, 300)


def bumps(phase, blue_peak, red_peak):
    """Blue light peaks at one phase and red light at another, both as parabolas."""
    blue = 1.0 - ((phase - blue_peak) / 40.0) ** 2
    red = 1.0 - ((phase - red_peak) / 40.0) ** 2
    share = 1.0 / (1.0 + np.exp((WAVE - 5600.0) / 20.0))
    flux = np.maximum(blue[:, None] * share + red[:, None] * (1.0 - share), 0.0)
    return SpectralSeries(phase=phase, wave=WAVE, flux=1e-3 * flux, name="bumps", mjd_ref=60000.0)


def test_each_maximum_is_found_between_phases():
    series = bumps(np.arange(-12.0, 25.0, 2.0), 0.6, 7.3)
    assert find_maximum(series, "B maximum").phase == pytest.approx(0.6, abs=0.1)
    red = find_maximum(series, load_bands(["bessellr"])[0])
    assert (red.phase, red.bracketed) == (pytest.approx(7.3, abs=0.2), True)
    share = 2600.0 / 7000.0
    assert find_maximum(series).phase == pytest.approx(share * 0.6 + (1 - share) * 7.3, abs=0.1)


def test_moving_keeps_light_and_date():
    series = bumps(np.arange(-12.0, 25.0, 2.0), 3.0, 3.0)
    moved, shift = rezero(series, "V maximum", z=0.1)
    assert shift == pytest.approx(3.0, abs=1e-6)
    np.testing.assert_array_equal(moved.flux, series.flux)
    np.testing.assert_allclose(moved.mjd_ref + 1.1 * moved.phase, 60000.0 + 1.1 * series.phase, rtol=1e-14)
    assert np.isnan(rezero(series, "V maximum")[0].mjd_ref)
    assert find_maximum(moved, "V maximum").phase == pytest.approx(0.0, abs=1e-9)


def test_a_maximum_at_an_end_is_refused_unless_told():
    series = bumps(np.arange(4.0, 25.0), 0.0, 0.0)
    assert not find_maximum(series).bracketed
    with pytest.raises(MaximumError, match=r"bumps: the B maximum is not bracketed by data.*unbracketed='edge'"):
        rezero(series, "B maximum")
    assert rezero(series, "B maximum", unbracketed="edge")[1] == 4.0


def test_phases_without_flux_do_not_hide_a_maximum_and_bracket_none():
    series = bumps(np.arange(-12.0, 25.0, 2.0), 3.0, 3.0)
    flux = series.flux.copy()
    flux[6:8] = np.nan
    assert find_maximum(SpectralSeries(phase=series.phase, wave=WAVE, flux=flux)).phase == pytest.approx(3.0, abs=0.2)
    flux[:8] = np.nan
    assert not find_maximum(SpectralSeries(phase=series.phase, wave=WAVE, flux=flux)).bracketed


def test_what_is_no_maximum_or_not_covered():
    series = bumps(np.arange(-5.0, 6.0), 0.0, 0.0)
    assert is_maximum("B maximum")
    assert not is_maximum("discovery")
    with pytest.raises(ValueError, match="phase 0 means 'max', expected one of: bolometric maximum"):
        is_maximum("max")
    with pytest.raises(ValueError, match="not a maximum that a series shows"):
        find_maximum(series, "explosion")
    red = SpectralSeries(phase=series.phase, wave=WAVE[150:], flux=series.flux[:, 150:], name="red")
    with pytest.raises(ValueError, match="red covers what 'B maximum' needs at no phase"):
        find_maximum(red, "B maximum")
    with pytest.raises(TypeError, match="find_maximum takes a SpectralSeries"):
        find_maximum("series")
