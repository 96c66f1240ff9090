"""Redshift, distance and dust: both directions, published extinction, limits."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import trapezoid

from sntransport.photometry.synthetic import band_flux
from sntransport.spectra.dust import LAWS, extinction
from sntransport.spectra.observed_series import observe
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline, dimming, mjd_of, phase_of, to_observer, to_rest, transmission

WAVE = np.linspace(1500.0, 24000.0, 9)

sightlines = st.builds(
    Sightline,
    z=st.floats(-0.002, 3),
    distance_modulus=st.floats(0, 48),
    ebv_mw=st.floats(0, 2),
    ebv_host=st.floats(0, 2),
    rv_mw=st.floats(2.3, 5.6),
    rv_host=st.floats(2.3, 5.6),
)
# The other laws end where F99 is held: the spectra below stay inside all of them.
other_laws = st.builds(
    Sightline,
    z=st.floats(-0.002, 0.4),
    distance_modulus=st.floats(0, 48),
    ebv_mw=st.floats(0, 2),
    ebv_host=st.floats(0, 2),
    rv_mw=st.floats(2.3, 5.6),
    rv_host=st.floats(2.3, 5.6),
    law_mw=st.sampled_from(sorted(LAWS)),
    law_host=st.sampled_from(sorted(LAWS)),
)
fluxes = arrays(np.float64, (2, WAVE.size), elements=st.floats(-1e-12, 1e-12, allow_subnormal=False))


@given(sightlines, fluxes)
def test_to_observer_undoes_to_rest(sightline, flux):
    wave, back = to_observer(*to_rest(WAVE, flux, sightline), sightline)
    np.testing.assert_allclose(wave, WAVE, rtol=1e-14)
    np.testing.assert_allclose(back, flux, rtol=1e-11)


@given(other_laws, fluxes)
def test_the_two_ways_are_inverse_for_every_law(sightline, flux):
    wave, back = to_observer(*to_rest(WAVE, flux, sightline), sightline)
    np.testing.assert_allclose(wave, WAVE, rtol=1e-14)
    np.testing.assert_allclose(back, flux, rtol=1e-11)


def test_without_redshift_distance_and_dust_nothing_changes():
    wave, flux = to_rest(WAVE, WAVE * 1e-15, Sightline(z=0, distance_modulus=0))
    np.testing.assert_array_equal(wave, WAVE)
    np.testing.assert_array_equal(flux, WAVE * 1e-15)


def test_energy_is_conserved_by_redshift():
    sightline = Sightline(z=0.5, distance_modulus=40.0)
    rest = np.linspace(3000, 9000, 1000)
    wave, flux = to_observer(rest, np.ones_like(rest), sightline)
    # The bolometric flux knows only the luminosity distance.
    assert trapezoid(flux, wave) == pytest.approx(1e-16 * trapezoid(np.ones_like(rest), rest), rel=1e-12)


def test_nan_passes_through():
    _, flux = to_rest(WAVE, np.where(WAVE > 9000, np.nan, -1.0), Sightline(z=0.1, distance_modulus=30, ebv_mw=0.1))
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
    milky_way, host = (
        Sightline(z=1.0, distance_modulus=0.0, ebv_mw=0.3),
        Sightline(z=1.0, distance_modulus=0.0, ebv_host=0.3),
    )
    np.testing.assert_allclose(dimming(WAVE, host), transmission(WAVE, 0.3) / 2)
    np.testing.assert_allclose(dimming(WAVE, milky_way), transmission(2 * WAVE, 0.3) / 2)


def test_beyond_the_law_its_end_is_held():
    ends = transmission([912.0, 320_000.0], 0.1)
    np.testing.assert_array_equal(transmission([100.0, 1e6], 0.1), ends)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"z": -1}, "z is -1, no redshift: expected more than -1$"),
        ({"z": np.nan}, "z is not finite"),
        ({"distance_modulus": np.inf}, "distance_modulus is not finite"),
        ({"ebv_mw": -0.1}, "ebv_mw is -0.1, expected 0 or more"),
        ({"ebv_host": -0.1}, "ebv_host is -0.1"),
        ({"rv_mw": 2}, "rv_mw is 2, expected 2.3 to 5.6"),
        ({"rv_host": 6}, "rv_host is 6"),
        ({"rv_mw": 1.9, "law_mw": "CCM89"}, "rv_mw is 1.9, expected 2 to 6 for CCM89"),
        ({"rv_host": 2.1, "law_host": "G23"}, "rv_host is 2.1, expected 2.3 to 5.6 for G23; O94 and CCM89 reach"),
        ({"law_mw": "F98"}, "law_mw: dust law 'F98' is not known, expected one of F99, O94, CCM89, G23"),
        ({"law_host": None}, "law_host: dust law 'None' is not known"),
        ({"z": None}, "z is None, expected a number"),
        ({"ebv_mw": "much"}, "ebv_mw is 'much', expected a number"),
    ],
)
def test_values_out_of_range_are_named(fields, match):
    with pytest.raises(ValueError, match=match):
        dataclasses.replace(Sightline(z=0.1, distance_modulus=30), **fields)


def test_fields_are_floats_and_frozen():
    sightline = Sightline(z=np.float32(0), distance_modulus=30)
    assert {type(value) for value in dataclasses.astuple(sightline)} == {float, str}
    with pytest.raises(dataclasses.FrozenInstanceError):
        sightline.z = 1.0


def test_law_has_the_published_values():
    # Fitzpatrick 1999, Table 3: A / E(B-V) at R = 3.1, by wavelength [A].
    table = {26500: 0.265, 12200: 0.829, 6000: 2.688, 5470: 3.055, 4670: 3.806, 4110: 4.315, 2700: 6.265, 2600: 6.591}
    extinction = -2.5 * np.log10(transmission(np.array(list(table), dtype=float), 1.0, 3.1))
    np.testing.assert_allclose(extinction, list(table.values()), atol=1e-3)


# The largest relative difference of A(wave), by law: F99's spline has its red anchor points elsewhere (0.15 % at 3
# micron), CCM89 and O94 are the same polynomials but at their joints, G23 is dust_extinction's own.
@pytest.mark.parametrize(("law", "tolerance"), [("F99", 2e-3), ("O94", 1e-4), ("CCM89", 1e-4), ("G23", 1e-12)])
def test_law_agrees_with_another_implementation(law, tolerance):
    from astropy import units
    from dust_extinction import parameter_averages

    wave = np.exp(np.random.default_rng(0).uniform(np.log(1200.0), np.log(30_000.0), 500))
    for rv in (2.5, 3.1, 5.5):
        other = rv * np.asarray(getattr(parameter_averages, law)(Rv=rv)(1e4 / wave / units.micron))
        np.testing.assert_allclose(extinction(wave, 1.0, rv, law), other, rtol=tolerance)


def test_ccm_has_its_published_form_in_the_infrared():
    # Cardelli, Clayton & Mathis 1989, eq. 2: A/A_V = (0.574 - 0.527 / R_V) x**1.61 for x = 0.3 to 1.1 per micron.
    wave = np.linspace(9100.0, 33_000.0, 20)
    for rv in (2.0, 3.1, 5.0):
        expected = (0.574 - 0.527 / rv) * (1e4 / wave) ** 1.61 * rv
        np.testing.assert_allclose(extinction(wave, 1.0, rv, "CCM89"), expected, rtol=1e-12)


@pytest.mark.parametrize("law", sorted(LAWS))
def test_every_law_is_smooth_falling_and_of_the_stated_color(law):
    wave = np.linspace(3300.0, 20_000.0, 500)
    for rv in (2.5, 3.1, 4.5):
        curve = extinction(wave, 0.5, rv, law)
        assert np.all(np.diff(curve) < 0)
        assert np.interp(5500.0, wave, curve) == pytest.approx(0.5 * rv, rel=0.03)
        blue, visual = extinction(np.array([4400.0, 5500.0]), 0.5, rv, law)
        assert blue - visual == pytest.approx(0.5, rel=0.1)


def test_the_laws_differ():
    curves = [extinction(WAVE[:5], 1.0, 3.1, law) for law in LAWS]
    for i, one in enumerate(curves):
        assert all(np.max(np.abs(one - other)) > 0.01 for other in curves[:i])


@pytest.mark.parametrize(("law", "low", "high"), [("O94", 1000, 33333), ("CCM89", 1000, 33333), ("G23", 912, 320000)])
def test_outside_its_range_a_law_is_an_error(law, low, high):
    assert np.isfinite(transmission([low, high], 0.1, 3.1, law)).all()
    for wave in ([low * 0.99, 5000.0], [5000.0, high * 1.01]):
        with pytest.raises(ValueError, match=f"{law} is defined from {low} to {high} A in the frame of the dust, got"):
            transmission(wave, 0.1, 3.1, law)
        # Without dust there is nothing to be defined.
        np.testing.assert_array_equal(transmission(wave, 0.0, 3.1, law), 1.0)


def test_only_where_a_band_is_must_the_law_be_defined():
    wave = np.linspace(500.0, 60_000.0, 5000)
    series = SpectralSeries(phase=[0.0], wave=wave, flux=[np.ones(wave.size)])
    assert np.isfinite(
        band_flux(
            series,
            ["sdssr"],
            Sightline(z=0.1, distance_modulus=30, ebv_mw=0.1, ebv_host=0.1, law_mw="CCM89", law_host="O94"),
        )
    ).all()
    with pytest.raises(ValueError, match="O94 is defined from 1000"):
        observe(series, Sightline(z=0.1, distance_modulus=30, ebv_mw=0.1, ebv_host=0.1, law_host="O94"))


def test_each_law_acts_where_it_is_named():
    mixed = Sightline(
        z=0.2, distance_modulus=0.0, ebv_mw=0.3, ebv_host=0.4, rv_mw=3.1, rv_host=2.5, law_mw="CCM89", law_host="G23"
    )
    wave = WAVE[1:5]
    expected = transmission(wave, 0.4, 2.5, "G23") * transmission(wave * 1.2, 0.3, 3.1, "CCM89") / 1.2
    np.testing.assert_allclose(dimming(wave, mixed), expected)


def test_law_is_held_beyond_its_ends():
    ends = transmission([912.0, 60_000.0], 0.3)
    np.testing.assert_array_equal(transmission([500.0, 90_000.0], 0.3), ends)


@given(st.floats(-100.0, 1000.0), st.floats(-0.01, 5.0), st.floats(45_000.0, 65_000.0))
def test_a_phase_is_the_time_at_rest_since_its_date_0(phase, z, mjd_ref):
    mjd = mjd_of(phase, mjd_ref, z)
    assert float(mjd) - mjd_ref == pytest.approx(phase * (1.0 + z), abs=1e-9)
    assert float(phase_of(mjd, mjd_ref, z)) == pytest.approx(phase, abs=1e-9)


def test_a_phase_for_each_redshift():
    # Seen at z = 1 everything takes twice as long.
    np.testing.assert_array_equal(mjd_of([[10.0], [20.0]], 100.0, [0.0, 1.0]), [[110.0, 120.0], [120.0, 140.0]])
    np.testing.assert_array_equal(phase_of([110.0, 120.0], [100.0, np.nan], 1.0), [5.0, np.nan])
