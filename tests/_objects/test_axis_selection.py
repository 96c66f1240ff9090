"""Parts of a series by value and by place, with and without units."""

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given
from hypothesis import strategies as st

from sntransport.spectra.observed_series import observe
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline

WAVE = np.arange(4000.0, 5000.0, 100.0)
PHASE = np.array([-5.0, 0.0, 2.0, 7.0, 20.0])
FLUX = PHASE[:, None] + WAVE + 100.0
SERIES = SpectralSeries(phase=PHASE, wave=WAVE, flux=FLUX, flux_err=0.1 * FLUX, name="a", sn_type="Ia", mjd_ref=6e4)


@given(low=st.floats(-6, 21), high=st.floats(-6, 21), blue=st.floats(3900, 5000), red=st.floats(3900, 5000))
def test_select_is_a_mask_of_both_axes(low, high, blue, red):
    rows, bins = (low <= PHASE) & (high >= PHASE), (blue <= WAVE) & (red >= WAVE)
    if not rows.any() or not bins.any():
        with pytest.raises(ValueError, match=r"no phase lies|no wave lies|smaller bound first"):
            SERIES.select(phase=(low, high), wave=(blue, red))
        return
    part = SERIES.select(phase=(low, high), wave=(blue, red))
    np.testing.assert_array_equal(part.flux, FLUX[rows][:, bins])
    np.testing.assert_array_equal(part.flux_err, SERIES.flux_err[rows][:, bins])
    assert (part.name, part.sn_type, part.mjd_ref) == ("a", "Ia", 6e4)


@pytest.mark.parametrize(
    "part",
    [
        SERIES.select(phase=(0 * u.day, 168 * u.hour), wave=(420 * u.nm, 0.45 * u.um)),
        SERIES.select(phase=(0, 7), wave=(4200, 4500)),
        SERIES[0 * u.day : 7 * u.day, 420 * u.nm : 450 * u.nm],
        SERIES[1:4, 2:6],
        SERIES[[1, 2, 3], [2, 3, 4, 5]],
        SERIES[1:4, (WAVE >= 4200) & (WAVE <= 4500)],
        SERIES[3:0:-1, 2:6],
        SERIES.select(phase=(0, 7)).select(wave=(4200, 4500)),
    ],
)
def test_many_ways_one_part(part):
    np.testing.assert_array_equal(part.phase, PHASE[1:4])
    np.testing.assert_array_equal(part.wave, WAVE[2:6])
    np.testing.assert_array_equal(part.flux, FLUX[1:4, 2:6])


def test_open_ends():
    assert list(SERIES.select(phase=(None, 0)).phase) == [-5.0, 0.0]
    assert list(SERIES[7 * u.day :].phase) == [7.0, 20.0]


def test_one_place_is_one_spectrum_and_iteration_gives_all():
    assert len(SERIES) == 5
    for k, (phase, spectrum) in enumerate(SERIES):
        assert phase == PHASE[k] == float(spectrum.phase)
        np.testing.assert_array_equal(spectrum.flux, FLUX[k])
        np.testing.assert_array_equal(spectrum.flux, SERIES[k].flux)
        np.testing.assert_array_equal(SERIES.at(phase).flux_err, SERIES.flux_err[k])
    np.testing.assert_array_equal(SERIES[-1, 3:5].flux, FLUX[-1, 3:5])


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: SERIES[0.0:5.0], IndexError, r"counts places: for values write select\(phase=\(0\.0, 5\.0\)\)"),
        (lambda: SERIES[9], IndexError, "phase 9 of 5"),
        (lambda: SERIES[0, 0, 0], IndexError, "two axes"),
        (lambda: SERIES["a"], IndexError, "cannot be selected by 'a'"),
        (lambda: SERIES[0 * u.AA : 5 * u.AA], ValueError, "has the unit Angstrom, expected d"),
        (lambda: SERIES[0 * u.day : 5 * u.day : 2], IndexError, "has no step"),
        (lambda: SERIES.select(phase=5), ValueError, r"phase is 5, expected two bounds: phase=\(low, high\)"),
        (lambda: SERIES.select(phase=(5, 1)), ValueError, "smaller bound first"),
        (lambda: SERIES.select(wave=(1, 2)), ValueError, "no wave lies within 1 to 2 Angstrom: it has 4000 to 4900"),
        (lambda: SERIES[2:2], ValueError, "no phase is left of 5"),
    ],
)
def test_what_cannot_be_selected_says_what_can(wrong, error, message):
    with pytest.raises(error, match=message) as found:
        wrong()
    assert "\n" not in str(found.value)


def test_an_observed_series_is_cut_alike():
    observed = observe(SERIES, Sightline(z=1.0, distance_modulus=0.0))
    part = observed.select(day=(0, 14), wave=(8400, 9000))
    np.testing.assert_allclose(part.day, [0.0, 4.0, 14.0])
    np.testing.assert_allclose(part.wave, 2 * WAVE[2:6])
    assert len(observed) == 5
