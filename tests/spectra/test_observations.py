"""Value objects of what was observed."""

import dataclasses

import numpy as np
import pytest
from astropy import units

from sntransport.spectra.observations import LightCurve, Spectrum, Supernova
from sntransport.spectra.sightline import Sightline

SPECTRUM = Spectrum(mjd=56372.0, wave=[4000, 5000, 6000], flux=[1, -2, np.nan])
LIGHT_CURVE = LightCurve(
    mjd=[3, 1, 2], band=["r", "g", "lsstg"], flux=[30, -10, 20], flux_err=[3, 1, np.nan], instrument=["c", "a", ""]
)


def test_spectrum_without_errors_has_unknown_errors():
    assert np.all(np.isnan(SPECTRUM.flux_err))
    np.testing.assert_array_equal(SPECTRUM.flux, [1, -2, np.nan])


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"wave": [1, 2]}, r"Spectrum.flux has shape \(3,\), expected \(n_wave,\) = \(2,\)"),
        ({"flux_err": [1]}, r"Spectrum.flux_err has shape \(1,\), expected \(n_wave,\) = \(3,\)"),
        ({"wave": [5000, 4000, 6000]}, r"Spectrum.wave is not strictly increasing: Spectrum.wave\[0\] = 5000"),
        ({"wave": [0, 1, 2]}, r"Spectrum.wave\[0\] is 0, expected positive"),
        ({"mjd": np.nan}, "Spectrum.mjd is not finite"),
    ],
)
def test_spectrum_refuses(fields, match):
    with pytest.raises(ValueError, match=match):
        dataclasses.replace(SPECTRUM, **fields)


def test_light_curve_is_sorted_by_date():
    np.testing.assert_array_equal(LIGHT_CURVE.mjd, [1, 2, 3])
    np.testing.assert_array_equal(LIGHT_CURVE.flux, [-10, 20, 30])
    np.testing.assert_array_equal(LIGHT_CURVE.flux_err, [1, np.nan, 3])
    assert list(LIGHT_CURVE.band) == ["g", "lsstg", "r"]
    assert list(LIGHT_CURVE.instrument) == ["a", "", "c"]
    assert LIGHT_CURVE.bands == ("g", "lsstg", "r")
    assert LIGHT_CURVE.n_obs == 3


def test_points_of_one_date_keep_their_order():
    assert list(LightCurve(mjd=[1, 1, 1], band=["c", "a", "b"], flux=[1, 1, 1], flux_err=[1, 1, 1]).band) == [
        "c",
        "a",
        "b",
    ]


def test_light_curve_may_be_empty_and_needs_no_instrument():
    empty = LightCurve(mjd=[], band=[], flux=[], flux_err=[])
    assert empty.bands == ()
    assert empty.instrument.shape == (0,)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"mjd": [1, np.nan, 2]}, "LightCurve.mjd has 1 values that are not finite, the first at index 1"),
        ({"flux": [1, np.inf, 2]}, "LightCurve.flux has 1 values"),
        ({"flux": [1, 2]}, r"LightCurve.flux has shape \(2,\), expected \(n_obs,\) = \(3,\)"),
        ({"band": ["g"]}, r"LightCurve.band has shape \(1,\)"),
        ({"flux_err": [1, 0, 1]}, "LightCurve.flux_err has values that are zero, negative or infinite"),
        ({"flux_err": [1, np.inf, 1]}, "LightCurve.flux_err has values"),
    ],
)
def test_light_curve_refuses(fields, match):
    with pytest.raises(ValueError, match=match):
        dataclasses.replace(LIGHT_CURVE, **fields)


def a_supernova(**fields):
    later = dataclasses.replace(SPECTRUM, mjd=56380.0)
    values = {"spectra": [later, SPECTRUM], "light_curve": LIGHT_CURVE, "mjd_ref": 56371, **fields}
    return Supernova(
        name="SN 2013am",
        sn_type="II P",
        sightline=Sightline(z=0.002, distance_modulus=30.5),
        mjd_ref_meaning="discovery",
        **values,
    )


def test_supernova_sorts_its_spectra():
    sn = a_supernova(notes=["one"])
    assert [spectrum.mjd for spectrum in sn.spectra] == [56372.0, 56380.0]
    assert sn.notes == ("one",)
    assert dataclasses.replace(sn, spectra=sn.spectra[::2]).spectra == (SPECTRUM,)


def test_supernova_needs_a_reference_date():
    with pytest.raises(ValueError, match="SN 2013am: mjd_ref is not finite"):
        a_supernova(mjd_ref=np.nan)


@pytest.mark.parametrize("array", [SPECTRUM.wave, SPECTRUM.flux, SPECTRUM.flux_err, LIGHT_CURVE.flux, LIGHT_CURVE.mjd])
def test_arrays_are_read_only(array):
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_observations_keep_units():
    from astropy import units as u
    from astropy.time import Time

    wave, flux = np.array([3000.0, 4000.0]), np.array([1e-15, 2e-15])
    f_nu = (flux * u.erg / u.s / u.cm**2 / u.AA).to("mJy", equivalencies=u.spectral_density(wave * u.AA))
    plain = Spectrum(mjd=60000.25, wave=wave, flux=flux, flux_err=0.1 * flux)
    there = Spectrum(mjd=Time(60000.25, format="mjd"), wave=wave / 10 * u.nm, flux=f_nu, flux_err=0.1 * f_nu)
    for name in ("mjd", "wave", "flux", "flux_err"):
        np.testing.assert_allclose(getattr(there, name), getattr(plain, name), rtol=1e-12)
    curve = LightCurve(
        mjd=Time([60001.0, 60000.0], format="mjd"),
        band=["lsstg", "lsstr"],
        flux=[1, 2] * u.mJy,
        flux_err=[1, 2] * u.uJy,
    )
    np.testing.assert_allclose(curve.mjd, [60000.0, 60001.0], rtol=1e-12)
    np.testing.assert_allclose(curve.flux, [2e6, 1e6], rtol=1e-12)
    np.testing.assert_allclose(curve.flux_err, [2e3, 1e3], rtol=1e-12)


def test_masked_observations_are_missing():
    wave, masked = [3000.0, 4000.0], np.ma.array([1e-15, -999.0], mask=[False, True])
    assert np.isnan(Spectrum(mjd=60000.0, wave=wave, flux=masked).flux).tolist() == [False, True]
    good = {"mjd": [60000.0, 60001.0], "band": ["lsstg", "lsstg"], "flux": [1.0, 2.0], "flux_err": [0.1, 0.1]}
    assert np.isnan(LightCurve(**(good | {"flux_err": np.ma.array([0.1, 0.1], mask=[0, 1])})).flux_err[1])
    for name in ("mjd", "flux"):
        with pytest.raises(ValueError, match=f"LightCurve.{name} has 1 values that are not finite"):
            LightCurve(**(good | {name: np.ma.array(good[name], mask=[0, 1])}))
    with pytest.raises(ValueError, match="band has 1 masked values"):
        LightCurve(**(good | {"band": np.ma.array(good["band"], mask=[0, 1])}))


def test_a_julian_date_is_refused_by_every_object():
    with pytest.raises(ValueError, match=r"Spectrum.mjd is 2460000.5, a Julian date"):
        Spectrum(mjd=2460000.5, wave=[1, 2], flux=[1, 2])
    with pytest.raises(ValueError, match=r"LightCurve.mjd is 2460000.5, a Julian date"):
        LightCurve(mjd=[60000.0, 2460000.5], band=["lsstg"] * 2, flux=[1, 2], flux_err=[1, 2])


@pytest.mark.parametrize(("low", "high"), [(400.0, 900.0), (350.0, 1050.0), (91.0, 500.0)])
def test_wavelengths_in_nanometers_are_refused_with_what_to_do(low, high):
    wave = np.arange(low, high)
    with pytest.raises(ValueError, match=r"^Spectrum\.wave is .* A, .*nanometers\? then multiply by 10"):
        Spectrum(mjd=59000.0, wave=wave, flux=np.ones(wave.size))
    assert Spectrum(mjd=59000.0, wave=wave * units.nm, flux=np.ones(wave.size)).wave[0] == pytest.approx(10 * low)


def test_the_far_ultraviolet_is_no_mistake():
    wave = np.arange(1150.0, 1980.0)
    assert Spectrum(mjd=59000.0, wave=wave, flux=np.ones(wave.size)).wave.size == wave.size


def test_magnitudes_are_answered_with_how_to_come_from_them():
    with pytest.raises(TypeError, match=r"^LightCurve has no mag: write flux=10 \*\* \(\(31.4 - mag\) / 2.5\)"):
        LightCurve(mjd=[60000.0], band=["bessellv"], mag=[17.0], mag_err=[0.1])
