"""Every error that a product of a series states is the scatter of that product over draws of the series."""

import dataclasses

import numpy as np
import pytest

import sntransport as snt
from sntransport.photometry.synthetic import band_flux, band_flux_err
from sntransport.spectra.correlation import CORRELATION, Correlation
from sntransport.spectra.grid import grid_wave
from sntransport.spectra.realizations import draw
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline
from tests.support.synthetic import flux_at

WAVE = grid_wave(9740, 1230)
PHASE = np.array([0.0, 1.0, 3.0, 7.0, 12.0])
DUSTY = Sightline(z=0.1, distance_modulus=37.0, ebv_mw=0.1, ebv_host=0.2)
NEAR = Sightline(z=0.0, distance_modulus=0.0)
BANDS = ("bessellb", "bessellv", "sdssr", "ztfi")
N = 2000
# N draws know a standard deviation to 1.6 %: four of those, for the worst of dozens.
SAMPLING = 0.06


def errors():
    """Relative errors that differ from bin to bin and from phase to phase, as those of a built series do."""
    slope = 1.0 + 0.8 * np.log(WAVE / 5500.0)
    bumps = 1.0 + 0.3 * np.sin(np.log(WAVE) * 25.0 + PHASE[:, None])
    return np.array([0.02, 0.03, 0.05, 0.02, 0.04])[:, None] * slope * bumps


@pytest.fixture(scope="module")
def series():
    flux = np.stack([flux_at(phase, WAVE) for phase in PHASE])
    return SpectralSeries(phase=PHASE, wave=WAVE, flux=flux, flux_err=errors() * flux, mjd_ref=59000.0)


@pytest.fixture(scope="module")
def drawn(series):
    """All draws as one series, fifty days apart, that a product is worked out in one call; and where each is."""
    days = 50.0 * np.arange(N)
    flux = np.concatenate([one.flux for one in draw(series, N, 7)])
    return SpectralSeries(phase=(days[:, None] + PHASE).ravel(), wave=WAVE, flux=flux, mjd_ref=59000.0), days


# Products: values and stated errors of a series at phases that are the same for every draw, (n_draw, n).


def photometry(one, days):
    return [f(one, BANDS, DUSTY).reshape(days.size, -1) for f in (band_flux, band_flux_err)]


def correction(band_rest, band_obs, phase):
    def product(one, days):
        at = (days[:, None] + np.atleast_1d(phase)).ravel()
        found = snt.evaluate_k_correction(one, band_rest, band_obs, np.array([0.05, 0.2, 0.4]), at)
        return [array.T.reshape(days.size, -1) for array in (found.value, found.sigma)]

    return product


def rest_light_curve(one, days):
    phase = (days[:, None] + np.array([0.0, 0.5, 2.0, 5.5, 9.0, 12.0])).ravel()
    bands = np.tile(["sdssg", "sdssr"], phase.size)
    seen = snt.LightCurve(
        mjd=59000.0 + np.repeat(phase, 2) * (1.0 + DUSTY.z),
        band=bands,
        flux=np.ones(bands.size),
        flux_err=np.ones(bands.size),
    )
    found = snt.k_correct(seen, one, DUSTY)
    whole = found.k + found.dust_mw + found.dust_host
    return [array.reshape(days.size, -1) for array in (whole, found.k_err)]


def luminosity(wave_range):
    def product(one, days):
        found = snt.bolometric(one, wave_range=wave_range)
        return [array.reshape(days.size, -1) for array in (found.luminosity, found.luminosity_err)]

    return product


def bolometric_correction(wave_range):
    def product(one, days):
        found = snt.bolometric_correction(one, BANDS[:3], wave_range=wave_range)
        return [array.reshape(days.size, -1) for array in (found.value, found.sigma)]

    return product


@pytest.mark.parametrize(
    "product",
    [
        pytest.param(photometry, id="photometry"),
        pytest.param(correction("bessellb", "sdssr", PHASE), id="K at the phases of the series"),
        pytest.param(correction("bessellb", "sdssr", [0.5, 2.0, 5.0, 10.0]), id="K between phases"),
        pytest.param(correction("bessellv", "bessellv", 5.0), id="K of one band"),
        pytest.param(rest_light_curve, id="a light curve at rest"),
        pytest.param(luminosity(None), id="luminosity"),
        pytest.param(luminosity((4000.0, 7005.0)), id="luminosity between two wavelengths"),
        pytest.param(bolometric_correction(None), id="bolometric correction"),
        pytest.param(bolometric_correction((4000.0, 8000.0)), id="bolometric correction between two wavelengths"),
    ],
)
def test_stated_error_is_the_scatter_of_draws(series, drawn, product):
    stated = product(series, np.zeros(1))[1][0]
    assert np.all(stated > 0)
    scatter = np.std(product(*drawn)[0], axis=0, ddof=1)
    np.testing.assert_allclose(stated / scatter, 1.0, atol=SAMPLING)
    # No bias hides in the worst: over all values together the error is right to what draws know of one.
    assert np.mean(stated / scatter) == pytest.approx(1.0, abs=0.03)


def test_light_that_is_added_is_uncertain_by_thirty_percent_besides(series):
    most = {"most_extrapolated": 1.0}
    plain, more = (snt.bolometric(series, policy=policy, **most) for policy in ("none", "blackbody"))
    relative = [light.luminosity_err / light.luminosity for light in (plain, more)]
    added = 0.3 * np.hypot(more.share_uv, more.share_nir)
    np.testing.assert_allclose(relative[1], np.hypot(relative[0], added), rtol=1e-9)
    both = [snt.bolometric_correction(series, ["bessellv"], policy=p, **most) for p in ("none", "blackbody")]
    bolometric = [one.sigma[:, 0] for one in both]
    np.testing.assert_allclose(bolometric[1], np.hypot(bolometric[0], 2.5 / np.log(10.0) * added), rtol=1e-9)


def test_an_error_that_is_not_known_makes_none(series):
    err = series.flux_err.copy()
    err[1, np.abs(WAVE - 5500.0) < 20.0] = np.nan
    partly = dataclasses.replace(series, flux_err=err)
    expected = np.arange(PHASE.size) == 1
    for product in (photometry, luminosity(None), bolometric_correction(None)):
        stated = product(partly, np.zeros(1))[1].reshape(PHASE.size, -1)
        np.testing.assert_array_equal(np.isnan(stated).any(axis=1), expected)
    assert np.isnan(snt.bolometric_correction(dataclasses.replace(series, flux_err=None), ["bessellv"]).sigma).all()


def test_between_two_phases_errors_average_out_as_far_as_they_differ(series):
    """Half way between two phases with the same errors: the root of the mean of 1 and their correlation."""
    same = dataclasses.replace(
        series, phase=PHASE[:2], flux=series.flux[[0, 0]], flux_err=series.flux_err[[0, 0]], origin=series.origin[:2]
    )
    for days in (0.5, 5.0, 25.0):
        apart = dataclasses.replace(same, phase=[0.0, days])
        asked = {"band_rest": "bessellb", "band_obs": "sdssr", "z": 0.3, "phase": [0.0, days / 2.0], "max_gap": 30.0}
        at, between = snt.evaluate_k_correction(apart, **asked).sigma
        together = np.exp(-days / CORRELATION.days_length)
        assert between / at == pytest.approx(np.sqrt(0.5 + 0.5 * together), rel=1e-9)


def test_band_error_without_and_with_full_correlation(series):
    even = dataclasses.replace(series, flux_err=0.1 * series.flux)
    white = band_flux_err(
        even,
        ["bessellv"],
        NEAR,
        correlation=Correlation(white=1.0, short=0.0, broad=0.0, short_length=5e3, broad_length=3e4, days_length=30.0),
    )
    full = band_flux_err(
        even,
        ["bessellv"],
        NEAR,
        correlation=Correlation(white=0.0, short=0.0, broad=1.0, short_length=5e3, broad_length=1e12, days_length=30.0),
    )
    np.testing.assert_allclose(full / band_flux(even, ["bessellv"], NEAR), 0.1, rtol=1e-6)
    assert np.all(white < 0.2 * full)
    assert np.isnan(band_flux_err(even, ["2massj"], NEAR)).all()
    assert band_flux_err(even, [], NEAR).shape == (PHASE.size, 0)
