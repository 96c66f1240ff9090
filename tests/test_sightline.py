"""Redshift, distance and dust: both directions, published extinction, limits."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import trapezoid

from sntransport.sightline import Sightline, dimming, to_observer, to_rest, transmission

WAVE = np.linspace(1500.0, 24000.0, 9)

sightlines = st.builds(
    Sightline,
    z=st.floats(-0.01, 3),
    distance_modulus=st.floats(0, 48),
    ebv_mw=st.floats(0, 2),
    ebv_host=st.floats(0, 2),
    rv_mw=st.floats(2.3, 5.6),
    rv_host=st.floats(2.3, 5.6),
)
fluxes = arrays(np.float64, (2, WAVE.size), elements=st.floats(-1e-12, 1e-12, allow_subnormal=False))


@given(sightlines, fluxes)
def test_to_observer_undoes_to_rest(sightline, flux):
    wave, back = to_observer(*to_rest(WAVE, flux, sightline), sightline)
    np.testing.assert_allclose(wave, WAVE, rtol=1e-14)
    np.testing.assert_allclose(back, flux, rtol=1e-11)


def test_without_redshift_distance_and_dust_nothing_changes():
    wave, flux = to_rest(WAVE, WAVE * 1e-15, Sightline(0, 0))
    np.testing.assert_array_equal(wave, WAVE)
    np.testing.assert_array_equal(flux, WAVE * 1e-15)


def test_energy_is_conserved_by_redshift():
    sightline = Sightline(0.5, 40.0)
    rest = np.linspace(3000, 9000, 1000)
    wave, flux = to_observer(rest, np.ones_like(rest), sightline)
    # The bolometric flux knows only the luminosity distance.
    assert trapezoid(flux, wave) == pytest.approx(1e-16 * trapezoid(np.ones_like(rest), rest), rel=1e-12)


def test_nan_passes_through():
    _, flux = to_rest(WAVE, np.where(WAVE > 9000, np.nan, -1.0), Sightline(0.1, 30, 0.1))
    np.testing.assert_array_equal(np.isnan(flux), WAVE > 9000)
    assert np.all(flux[WAVE <= 9000] < 0)


@pytest.mark.parametrize("rv", [2.3, 3.1, 5.6])
def test_color_excess_is_what_it_says(rv):
    # Near the effective wavelengths of B and V the law differs by E(B-V), by construction.
    blue, visual = -2.5 * np.log10(transmission([4400.0, 5500.0], 0.4, rv))
    assert blue - visual == pytest.approx(0.4, rel=0.08)
    assert visual == pytest.approx(0.4 * rv, rel=0.05)


def test_two_screens_of_dust_multiply():
    np.testing.assert_allclose(transmission(WAVE, 0.3), transmission(WAVE, 0.1) * transmission(WAVE, 0.2), rtol=1e-12)


def test_dust_acts_in_its_own_frame():
    milky_way, host = Sightline(1.0, 0.0, ebv_mw=0.3), Sightline(1.0, 0.0, ebv_host=0.3)
    np.testing.assert_allclose(dimming(WAVE, host), transmission(WAVE, 0.3) / 2)
    np.testing.assert_allclose(dimming(WAVE, milky_way), transmission(2 * WAVE, 0.3) / 2)


def test_beyond_the_law_its_end_is_held():
    ends = transmission([912.0, 320_000.0], 0.1)
    np.testing.assert_array_equal(transmission([100.0, 1e6], 0.1), ends)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"z": -1}, "z is -1, expected more than -1"),
        ({"z": np.nan}, "z is not finite"),
        ({"distance_modulus": np.inf}, "distance_modulus is not finite"),
        ({"ebv_mw": -0.1}, "ebv_mw is -0.1, expected 0 or more"),
        ({"ebv_host": -0.1}, "ebv_host is -0.1"),
        ({"rv_mw": 2}, "rv_mw is 2, expected 2.3 to 5.6"),
        ({"rv_host": 6}, "rv_host is 6"),
        ({"z": None}, "every field is a number"),
        ({"ebv_mw": "much"}, "every field is a number"),
    ],
)
def test_values_out_of_range_are_named(fields, match):
    with pytest.raises(ValueError, match=match):
        dataclasses.replace(Sightline(0.1, 30), **fields)


def test_fields_are_floats_and_frozen():
    sightline = Sightline(np.float32(0), 30)
    assert {type(value) for value in dataclasses.astuple(sightline)} == {float}
    with pytest.raises(dataclasses.FrozenInstanceError):
        sightline.z = 1.0


def test_law_has_the_published_values():
    # Fitzpatrick 1999, Table 3: A / E(B-V) at R = 3.1, by wavelength [A].
    table = {26500: 0.265, 12200: 0.829, 6000: 2.688, 5470: 3.055, 4670: 3.806, 4110: 4.315, 2700: 6.265, 2600: 6.591}
    extinction = -2.5 * np.log10(transmission(np.array(list(table), dtype=float), 1.0, 3.1))
    np.testing.assert_allclose(extinction, list(table.values()), atol=1e-3)


def test_law_agrees_with_another_implementation():
    from astropy import units
    from dust_extinction.parameter_averages import F99

    wave = np.exp(np.random.default_rng(0).uniform(np.log(1200.0), np.log(30_000.0), 500))
    for rv in (2.5, 3.1, 5.5):
        other = 10.0 ** (-0.4 * rv * np.asarray(F99(Rv=rv)(1e4 / wave / units.micron)))
        np.testing.assert_allclose(transmission(wave, 1.0, rv), other, rtol=0.03)


def test_law_is_held_beyond_its_ends():
    ends = transmission([912.0, 60_000.0], 0.3)
    np.testing.assert_array_equal(transmission([500.0, 90_000.0], 0.3), ends)
