"""Steep first nights that several bands show are taken; one that only one band shows is an outlier still."""

import dataclasses

import numpy as np
import pytest

import sntransport as snt
from sntransport.calibration.band_curves import fit_band_curves
from sntransport.calibration.end_nights import confirmed_ends
from sntransport.photometry.agreement import agreement
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.spectra.observations import LightCurve, Spectrum, Supernova
from tests.support.synthetic import MJD_REF, SIGHTLINE

BANDS = ("sdssg", "sdssr", "sdssi")
WAVE = np.arange(3600.0, 9400.0, 5.0)
DATES = np.arange(1.0, 40.0, 3.0)


def rising(day):
    """Observed flux of a fireball that has begun at day 0 and fades after weeks, [erg s-1 cm-2 A-1]."""
    level = 1e-15 * (day / 15.0) ** 2 / (1.0 + (day / 15.0) ** 2) * np.exp(-day / 60.0)
    lines = 1.0 - 0.3 * np.exp(-0.5 * ((WAVE - 6300.0) / 70.0) ** 2)
    return level * (WAVE / 5500.0) ** (-2.0 + 2.0 * np.tanh(day / 60.0)) * lines


def photometry(change=()):
    """1 % photometry of the truth; ``change`` are (band, row, factor)."""
    rng = np.random.default_rng(3)
    matrix = band_matrix(WAVE, snt.load_bands(BANDS), snt.Sightline(z=0.0, distance_modulus=0.0))
    flux = synthetic_flux(np.array([rising(day) for day in DATES]), matrix)[0]
    for band, row, factor in change:
        flux[row, BANDS.index(band)] *= factor
    flux = flux * rng.normal(1.0, 0.01, flux.shape)
    days, bands = np.repeat(DATES, len(BANDS)), np.tile(BANDS, DATES.size)
    return LightCurve(mjd=MJD_REF + days, band=bands, flux=flux.ravel(), flux_err=0.01 * flux.ravel())


def supernova(curve):
    spectra = tuple(
        Spectrum(mjd=MJD_REF + day, wave=WAVE, flux=rising(day), flux_err=0.01 * rising(day))
        for day in (1.0, 4.0, 8.0, 15.0, 30.0)
    )
    plain = dataclasses.replace(SIGHTLINE, z=0.0, ebv_mw=0.0, ebv_host=0.0)
    return Supernova(
        name="rising", sn_type="II", sightline=plain, mjd_ref=MJD_REF, mjd_ref_meaning="explosion", spectra=spectra,
        light_curve=curve,
    )  # fmt: skip


def test_a_steep_rise_that_all_bands_show_is_used():
    found = fit_band_curves(photometry())
    assert found.used.all()
    assert "steep first or last nights, which several bands show, used: " in " ".join(found.notes)


def test_the_series_rises_with_it():
    result = snt.build(supernova(photometry()), phases=[1.0, 2.5, 15.0])
    shown = snt.band_flux(result.series, BANDS, supernova(photometry()).sightline)
    matrix = band_matrix(WAVE, snt.load_bands(BANDS), snt.Sightline(z=0.0, distance_modulus=0.0))
    truth = synthetic_flux(np.array([rising(day) for day in (1.0, 2.5, 15.0)]), matrix)[0]
    # Before, the first night was left out and the series a factor 4 to 7 too bright there.
    np.testing.assert_allclose(np.log(shown[0] / truth[0]), 0.0, atol=0.25)
    np.testing.assert_allclose(np.log(shown[2] / truth[2]), 0.0, atol=0.05)


@pytest.mark.parametrize("row", [0, -1, 5])
def test_a_wrong_point_of_one_band_is_left_out(row):
    flat = photometry()
    level = np.array([np.median(flat.flux[flat.band == band]) for band in flat.band])
    wrong = np.flatnonzero(flat.band == "sdssr")[row]
    flux = level * np.where(np.arange(level.size) == wrong, 0.1, 1.0)
    used = fit_band_curves(dataclasses.replace(flat, flux=flux, flux_err=0.01 * flux)).used
    assert np.flatnonzero(~used).tolist() == [wrong]


def test_nights_within_are_not_taken_back():
    mjd = [np.arange(10.0)] * 3
    kept = np.ones(10, bool)
    kept[4] = False
    out = confirmed_ends(mjd, [np.where(kept, 0.0, -9.0)] * 3, [kept] * 3)
    assert all(not one[4] for one in out)


def test_most_of_the_other_bands_of_the_night_decide():
    mjd = [np.arange(10.0)] * 4
    kept = np.ones(10, bool)
    kept[:2] = False
    pulls = [np.zeros(10) for _ in mjd]
    pulls[0][:2] = -9.0
    pulls[1][:2], pulls[2][:2], pulls[3][:2] = (-3.0, -3.0), (-2.5, 1.0), (0.0, 0.0)
    out = confirmed_ends(mjd, pulls, [kept, *[np.ones(10, bool)] * 3])
    assert out[0].tolist() == [True, False, *[True] * 8]
    # No other band has that night.
    alone = confirmed_ends([mjd[0], mjd[0] + 5.0], pulls[:2], [kept, np.ones(10, bool)])
    assert alone[0].tolist() == kept.tolist()


def test_spectra_of_a_steep_rise_are_compared_with_their_own_night():
    off = agreement(supernova(photometry())).off
    np.testing.assert_allclose(off[0], 0.0, atol=0.05)


def test_a_steep_rise_before_hundreds_of_nights_is_used():
    """Beyond 250 nights a band is judged in pieces: its ends as well."""
    days = np.append(np.array([0.1]), 1.0 + 0.35 * np.arange(600))
    flux = (
        np.where(days < 0.5, 0.02, np.exp(-days / 60.0)) * np.random.default_rng(2).normal(1.0, 0.01, days.size) * 1e5
    )
    mjd = MJD_REF + np.tile(days, 2)
    curve = LightCurve(
        mjd=mjd, band=np.repeat(["sdssg", "sdssr"], days.size), flux=np.tile(flux, 2), flux_err=0.01 * np.tile(flux, 2)
    )
    assert fit_band_curves(curve).used[curve.mjd < MJD_REF + 0.5].all()
    one = LightCurve(mjd=mjd[: days.size], band=["sdssg"] * days.size, flux=flux, flux_err=0.01 * flux)
    assert not fit_band_curves(one).used[0]
