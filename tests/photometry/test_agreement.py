"""Spectra and photometry that do not say the same flux are noted, with the probable cause."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sntransport.photometry.agreement import agreement, doubts
from sntransport.photometry.bands import load_bands
from sntransport.spectra.doubts import DOUBT
from sntransport.spectra.observations import LightCurve
from tests.support.synthetic import photometry, supernova

BANDS = ["bessellv", "sdssr", "bessellr"]
PHASES = [2.0, 9.0, 17.0, 30.0, 52.0]
CURVE = photometry(PHASES, BANDS, error=0.0)
SN = supernova(PHASES, light_curve=CURVE, snr=200.0)


def scaled(sn, *, spectra=1.0, curve=1.0):
    light_curve = replace(sn.light_curve, flux=curve * sn.light_curve.flux, flux_err=curve * sn.light_curve.flux_err)
    return replace(sn, spectra=[replace(s, flux=spectra * s.flux) for s in sn.spectra], light_curve=light_curve)


def test_what_agrees_is_not_doubted():
    np.testing.assert_allclose(agreement(SN).off, 0.0, atol=0.01)
    assert doubts(SN) == ()


@settings(max_examples=20, deadline=None)
@given(st.floats(-9, 9), st.floats(-9, 9))
def test_only_the_ratio_of_the_scales_counts(spectra, curve):
    found = agreement(scaled(SN, spectra=10.0**spectra, curve=10.0**curve))
    np.testing.assert_allclose(found.by_spectrum, 2.5 * (curve - spectra), atol=0.01)
    np.testing.assert_allclose(found.by_band, 2.5 * (curve - spectra), atol=0.01)


@pytest.mark.parametrize(
    ("off", "cause"),
    [
        (-7.5, "7.50 mag brighter than the photometry near their dates (median of 5), a factor 1000: is `flux` of the "
               "photometry in microjansky"),
        (-15.0, "in millijansky"),
        (-22.5, "in Jy instead of nJy"),
        (-6.4, "zero point 25"),
        (-3.9, "FLUXCAL of zero point 27.5"),
        (-8.9, "nanomaggies"),
        (-2.5, "per nm instead of per Angstrom"),
        (-42.5, "in units of 1e-17 erg/s/cm2/A"),
        (2.5, "fainter than the photometry near their dates"),
        (-5.0, "are the units of both right"),
    ],
)  # fmt: skip
def test_the_probable_cause_is_named(off, cause):
    found, *_ = doubts(scaled(SN, curve=10.0 ** (0.4 * off)))
    assert found.startswith(DOUBT)
    assert cause in found


def test_vega_magnitudes_taken_for_ab_are_named():
    spectra = supernova(PHASES, high=26000.0).spectra
    mjd = [one.mjd for one in spectra]
    flat = LightCurve(mjd=mjd, band=["2massks"] * 5, flux=[1e6] * 5, flux_err=[1e4] * 5)
    right = replace(
        flat, flux=1e6 * 10.0 ** (-0.4 * agreement(replace(SN, spectra=spectra, light_curve=flat)).off[:, 0])
    )
    assert doubts(replace(SN, spectra=spectra, light_curve=right)) == ()
    offset = load_bands(["2massks"])[0].ab_offset
    wrong = replace(right, flux=right.flux * 10.0 ** (0.4 * offset), flux_err=0.01 * right.flux)
    (found,) = doubts(replace(SN, spectra=spectra, light_curve=wrong))
    assert f"{offset:.2f} mag fainter" in found
    assert "are Vega magnitudes taken for AB?" in found


def test_spectra_in_arbitrary_units_are_not_compared():
    sn = scaled(SN, spectra=1e15)
    free = replace(sn, spectra=[replace(one, calibrated=False) for one in sn.spectra])
    assert doubts(free) == ()


def test_photometry_of_other_dates_is_not_compared():
    curve = replace(CURVE, mjd=CURVE.mjd + 300.0, flux=10 * CURVE.flux)
    assert np.isnan(agreement(replace(SN, light_curve=curve)).off).all()
    assert doubts(replace(SN, light_curve=curve)) == ()


def test_a_few_spectra_off_are_named_without_alarm():
    spectra = [*SN.spectra[:-1], replace(SN.spectra[-1], flux=10 * SN.spectra[-1].flux)]
    (found,) = doubts(replace(SN, spectra=spectra))
    assert not found.startswith(DOUBT)
    assert f"MJD {SN.spectra[-1].mjd:.2f} -2.5" in found


def test_the_number_of_a_spectrum_that_is_off_is_the_one_that_is_judged():
    # All 0.2 mag off, and the last 1.6 mag from that: 1.4 mag from the photometry, which is less than what is doubted.
    factors = 10 ** (-0.4 * np.array([-0.2, -0.2, -0.2, -0.2, 1.4]))
    spectra = [replace(one, flux=factor * one.flux) for one, factor in zip(SN.spectra, factors, strict=True)]
    (found,) = doubts(replace(SN, spectra=spectra))
    assert "(median -0.20, synthetic minus observed)" in found
    assert f"beside that: MJD {SN.spectra[-1].mjd:.2f} +1.60" in found


def test_noise_and_limits_are_not_compared():
    curve = replace(CURVE, flux=-CURVE.flux)
    assert np.isnan(agreement(replace(SN, light_curve=curve)).off).all()
    curve = replace(CURVE, flux=1e-3 * CURVE.flux, flux_err=CURVE.flux)
    assert np.isnan(agreement(replace(SN, light_curve=curve)).off).all()


@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize(
    ("off", "told"),
    [(-7.5, "is 7.50 mag fainter than the spectra and the other bands say, a factor 1000: is `flux` of the photometry "
            "in microjansky"),
     (6.0, "is 6.00 mag brighter than the spectra and the other bands say, a factor 251: are the units")],
)  # fmt: skip
def test_one_band_in_another_unit_is_named_even_beside_spectra_without_a_scale(off, told, calibrated):
    factor = np.where(SN.light_curve.band == "sdssr", 10.0 ** (0.4 * off), 1.0)
    curve = replace(SN.light_curve, flux=factor * SN.light_curve.flux, flux_err=factor * SN.light_curve.flux_err)
    spectra = [replace(one, calibrated=calibrated) for one in SN.spectra]
    (found,) = doubts(replace(SN, light_curve=curve, spectra=spectra))
    assert found.startswith(f"{DOUBT}photometry of sdssr")
    assert told in found


def test_of_two_bands_either_may_be_wrong():
    keep = SN.light_curve.band != "bessellr"
    columns = {name: getattr(SN.light_curve, name)[keep] for name in ("mjd", "band", "flux", "flux_err")}
    columns["flux"] = np.where(columns["band"] == "sdssr", 1e-3, 1.0) * columns["flux"]
    columns["flux_err"] = 1e-2 * columns["flux"]
    found = doubts(replace(SN, light_curve=LightCurve(**columns)))
    assert "the other band say, or the other is wrong" in found[0]
    assert all(note.startswith(DOUBT) for note in found)


@pytest.mark.parametrize("what", ["photometry", "spectrum"])
@pytest.mark.parametrize(("off", "doubted"), [(-10.0, True), (-5.0, False), (0.0, False), (5.0, False), (10.0, True)])
def test_an_absolute_magnitude_that_no_supernova_has_is_doubted(what, off, doubted):
    sn = scaled(SN, spectra=10.0 ** (-0.4 * off), curve=10.0 ** (-0.4 * off))
    if what == "spectrum":
        sn = replace(sn, light_curve=LightCurve(mjd=[], band=np.empty(0, dtype=str), flux=[], flux_err=[]))
    found = doubts(sn)
    assert bool(found) == doubted
    assert all(f"WARNING: the brightest {what} is of absolute magnitude" in note for note in found)
    # Without a distance nothing is known of it.
    assert doubts(replace(sn, sightline=replace(sn.sightline, distance_modulus=0.0))) == ()
