"""A light curve taken to the rest frame comes out as the magnitudes of the series at rest, whatever lies between."""

import dataclasses
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sntransport as snt
from sntransport._numerics.units import njy_to_mag
from sntransport.corrections.rest_light_curve import REST_BANDS, k_correct, rest_bands
from sntransport.photometry.bands import Bandpass, load_bands
from sntransport.photometry.synthetic import CoverageWarning, band_flux
from sntransport.spectra.observations import LightCurve
from sntransport.spectra.observed_series import observe
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline
from tests.support.synthetic import flux_at

HERE = Sightline(z=0.0, distance_modulus=0.0)
WAVE = np.arange(1400.0, 11000.0, 8.0)
PHASES = np.array([0.0, 3.0, 6.0, 9.0])
DUSTY = Sightline(
    z=0.25, distance_modulus=40.5, ebv_mw=0.1, ebv_host=0.2, rv_mw=3.1, rv_host=2.5, law_mw="F99", law_host="O94"
)
BANDS = ["sdssg", "sdssr", "sdssi"]


def series(**changes):
    flux = np.stack([flux_at(phase, WAVE) for phase in PHASES])
    return SpectralSeries(
        phase=PHASES,
        wave=WAVE,
        flux=flux,
        flux_err=0.02 * flux,
        origin=None,
        name="SN X",
        sn_type="II",
        mjd_ref=59000.0,
        **changes,
    )


def observed(sightline, bands=BANDS, relative=0.05, source=None):
    """Noiseless photometry of the series at its own phases."""
    one = source or series()
    flux = band_flux(one, bands, sightline)
    mjd = np.repeat(one.mjd_ref + one.phase * (1 + sightline.z), len(bands))
    return LightCurve(mjd=mjd, band=np.tile(bands, one.n_phase), flux=flux.ravel(), flux_err=relative * flux.ravel())


@given(
    st.floats(0.0, 0.6), st.floats(0, 1), st.floats(0, 1), st.sampled_from(["F99", "O94", "CCM89"]),
    st.sampled_from(["F99", "O94", "CCM89", "G23"]),
)  # fmt: skip
def test_magnitudes_are_those_of_the_series_at_rest(z, ebv_mw, ebv_host, law_mw, law_host):
    sightline = Sightline(
        z=z,
        distance_modulus=41.0,
        ebv_mw=ebv_mw,
        ebv_host=ebv_host,
        rv_mw=3.1,
        rv_host=2.6,
        law_mw=law_mw,
        law_host=law_host,
    )
    result = k_correct(observed(sightline), series(), sightline)
    for i in range(result.n_obs):
        k = int(np.argmin(np.abs(PHASES - result.phase[i])))
        expected = njy_to_mag(band_flux(series(), [str(result.band_rest[i])], HERE))[k, 0]
        assert result.mag[i] == pytest.approx(expected, abs=1e-8)
        assert njy_to_mag(result.flux[i]) == pytest.approx(expected, abs=1e-8)
    total = result.mag_obs - 41.0 - result.k - result.dust_mw - result.dust_host
    np.testing.assert_allclose(result.mag, total, atol=1e-12)


def test_agrees_with_sncosmo_behind_dust_of_host_and_milky_way():
    sncosmo = pytest.importorskip("sncosmo")
    source = sncosmo.get_source("hsiao-subsampled")
    phase = np.array([-10.0, 0.0, 10.0, 25.0])
    wave = np.arange(1500.0, 11000.0, 4.0)
    rebuilt = SpectralSeries(phase=phase, wave=wave, flux=source.flux(phase, wave), mjd_ref=55000.0)
    effects = [sncosmo.CCM89Dust(), sncosmo.F99Dust(3.1)]
    model = sncosmo.Model(source, effects, ["host", "mw"], ["rest", "obs"])
    model.set(z=0.4, t0=55000.0, hostebv=0.25, hostr_v=2.5, mwebv=0.1)
    bands = {name: sncosmo.Bandpass(b.wave, b.throughput, name=name) for name in BANDS for b in load_bands([name])}
    mjd = 55000.0 + phase * 1.4
    flux = np.stack([model.bandflux(bands[name], mjd, 31.4, "ab") for name in BANDS], axis=1)
    seen = LightCurve(mjd=np.repeat(mjd, 3), band=np.tile(BANDS, 4), flux=flux.ravel(), flux_err=0.01 * flux.ravel())
    got = k_correct(
        seen,
        rebuilt,
        Sightline(
            z=0.4,
            distance_modulus=0.0,
            ebv_mw=0.1,
            ebv_host=0.25,
            rv_mw=3.1,
            rv_host=2.5,
            law_mw="F99",
            law_host="CCM89",
        ),
        bands=["bessellb"],
    )
    (rest,) = load_bands(["bessellb"])
    clean = sncosmo.Model(source)
    clean.set(z=0.0, t0=0.0)
    expected = clean.bandmag(sncosmo.Bandpass(rest.wave, rest.throughput, name="B"), "ab", phase)
    # sncosmo integrates in steps of 5 A.
    np.testing.assert_allclose(got.mag, np.repeat(expected, 3), atol=1e-3)


def test_brightness_of_the_series_does_not_matter():
    bright = dataclasses.replace(series(), flux=7.0 * series().flux, flux_err=7.0 * series().flux_err)
    one, other = (k_correct(observed(DUSTY), s, DUSTY) for s in (series(), bright))
    np.testing.assert_allclose(one.mag, other.mag, atol=1e-10)
    np.testing.assert_allclose(one.k_err, other.k_err, rtol=1e-9)


def test_errors_are_those_of_photometry_and_series():
    result = k_correct(observed(DUSTY), series(), DUSTY)
    np.testing.assert_allclose(result.mag_obs_err, 2.5 / np.log(10) * 0.05)
    np.testing.assert_allclose(result.mag_err, np.hypot(result.mag_obs_err, result.k_err))
    np.testing.assert_allclose(result.flux_err / result.flux, result.mag_err / (2.5 / np.log(10)))
    assert np.all(result.k_err > 1e-3)


def test_dust_is_split_as_stated_and_said():
    result = k_correct(observed(DUSTY), series(), DUSTY)
    no_dust = dataclasses.replace(DUSTY, ebv_mw=0.0, ebv_host=0.0)
    plain, host, both = (
        njy_to_mag(band_flux(series(), BANDS, s)).ravel()
        for s in (no_dust, dataclasses.replace(DUSTY, ebv_mw=0.0), DUSTY)
    )
    np.testing.assert_allclose(result.dust_host, host - plain, atol=1e-10)
    np.testing.assert_allclose(result.dust_mw, both - host, atol=1e-10)
    assert np.all(result.dust_host > 0.3)
    assert "dust of the host galaxy: E(B-V) = 0.2 mag, R_V = 2.5, law O94, taken off" in result.notes
    clean = k_correct(observed(no_dust), series(), no_dust)
    assert np.all(clean.dust_mw == 0.0)
    assert "dust of the Milky Way: none, E(B-V) = 0" in clean.notes


def test_nearest_rest_band_is_chosen():
    assert {k: v.name for k, v in rest_bands(["bessellb", "sdssr", "2massj"], 0.0).items()} == {
        "bessellb": "bessellb", "sdssr": "bessellr", "2massj": "2massj"
    }  # fmt: skip
    assert rest_bands(["sdssr"], 0.4)["sdssr"].name == "bessellb"
    assert rest_bands(["sdssr"], 0.4, ["sdssg", "sdssr"])["sdssr"].name == "sdssg"
    assert [band.name for band in load_bands(REST_BANDS)] == list(REST_BANDS)


def test_a_mapping_is_followed_and_may_hold_a_band_of_ones_own():
    mine = Bandpass(name="mine", wave=[4000.0, 4500.0, 5000.0], throughput=[0.0, 1.0, 0.0])
    result = k_correct(observed(DUSTY), series(), DUSTY, bands={"sdssg": mine, "sdssr": mine, "sdssi": "bessellv"})
    assert result.band_rest.tolist() == ["mine", "mine", "bessellv"] * 4
    with pytest.raises(ValueError, match="no rest band given for sdssi, sdssr: add it to bands, or leave its points"):
        k_correct(observed(DUSTY), series(), DUSTY, bands={"sdssg": mine})
    with pytest.raises(ValueError, match="'mine': vega_ab is not known"):
        k_correct(observed(DUSTY), series(), DUSTY, bands=[mine], system="Vega")


def test_vega_magnitudes_differ_by_the_zero_point_and_fluxes_do_not():
    ab, vega = (k_correct(observed(DUSTY), series(), DUSTY, bands=["bessellb"], system=s) for s in ("AB", "Vega"))
    np.testing.assert_allclose(vega.mag, ab.mag - load_bands(["bessellb"])[0].ab_offset, atol=1e-12)
    np.testing.assert_array_equal(vega.flux, ab.flux)


def test_one_single_point():
    one = LightCurve(mjd=[59003.75], band=["sdssr"], flux=[1000.0], flux_err=[10.0])
    result = k_correct(one, series(), DUSTY)
    assert (result.n_obs, result.phase[0]) == (1, 3.0)
    assert np.isfinite([result.mag[0], result.mag_err[0], result.k[0]]).all()
    assert result.coverage[0] == pytest.approx(1.0, abs=1e-6)


def test_one_single_spectrum_serves_only_its_own_date():
    lone = SpectralSeries(phase=[3.0], wave=WAVE, flux=[flux_at(3.0, WAVE)], mjd_ref=59000.0)
    seen = LightCurve(mjd=[59003.75, 59010.0], band=["sdssr"] * 2, flux=[1e3, 1e3], flux_err=[10.0, 10.0])
    with pytest.warns(CoverageWarning, match=r"no value at z = 0.25 for sdssr to bessellv \(1 of 2 points\)"):
        result = k_correct(seen, lone, DUSTY)
    np.testing.assert_array_equal(np.isnan(result.mag), [False, True])
    # The series has no errors: the magnitude is known, its error is not.
    assert np.isnan(result.mag_err).all()


def test_photometry_without_error_or_below_zero():
    seen = LightCurve(mjd=[59003.75] * 3, band=["sdssr"] * 3, flux=[1e3, -50.0, 0.0], flux_err=[np.nan, 10.0, 10.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = k_correct(seen, series(), DUSTY)
    np.testing.assert_array_equal(np.isfinite(result.mag), [True, False, False])
    np.testing.assert_array_equal(np.isfinite(result.mag_err), [False, False, False])
    np.testing.assert_array_equal(np.sign(result.flux), [1, -1, 0])
    np.testing.assert_array_equal(np.isfinite(result.flux_err), [False, True, True])


def test_photometry_that_is_not_a_number_is_refused_before():
    with pytest.raises(ValueError, match="flux has 1 values that are not finite"):
        LightCurve(mjd=[59003.75], band=["sdssr"], flux=[np.nan], flux_err=[1.0])


def test_bands_off_the_series_are_named_once():
    seen = LightCurve(mjd=[59000.0] * 3, band=["sdssr", "2massks", "uvot::uvw2"], flux=[1e3] * 3, flux_err=[10.0] * 3)
    with pytest.warns(CoverageWarning, match=r"2massks to .* \(1 of 1 points\), uvot::uvw2 to .* \(1 of 1") as caught:
        result = k_correct(seen, series(), DUSTY)
    assert len(caught) == 1
    np.testing.assert_array_equal(np.isnan(result.mag), [False, True, True])
    assert any("2massks" in note for note in result.notes)
    assert result.coverage[1] < 0.98


def test_redshift_that_moves_every_band_off():
    far = dataclasses.replace(DUSTY, z=6.0, ebv_host=0.0)
    seen = LightCurve(mjd=[59000.0], band=["sdssg"], flux=[1e3], flux_err=[10.0])
    with pytest.warns(CoverageWarning, match="no value at z = 6 for sdssg"):
        assert np.isnan(k_correct(seen, series(), far).mag).all()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (
            {"light_curve": LightCurve(mjd=[], band=[], flux=[], flux_err=[])},
            "the light curve has no points: supply photometry",
        ),
        ({"series": dataclasses.replace(series(), mjd_ref=np.nan)}, "SN X has no mjd_ref.*dataclasses.replace"),
        ({"bands": []}, "bands is empty: give the rest-frame bands"),
        ({"bands": ["sdssq"]}, "unknown band 'sdssq'"),
        ({"light_curve": LightCurve(mjd=[59000.0], band=["V"], flux=[1.0], flux_err=[1.0])}, "unknown band 'V'"),
        ({"draws": (series(),)}, "draws has 1 series, expected 2 or more"),
        ({"system": "ST"}, "magnitude system 'ST' is not known"),
    ],
)
def test_bad_input_says_what_to_supply(change, match):
    given_ = {"light_curve": observed(DUSTY), "series": series(), "sightline": DUSTY} | change
    with pytest.raises(ValueError, match=match):
        k_correct(**given_)


def test_light_with_dust_on_it_is_refused():
    with pytest.raises(TypeError, match="got an ObservedSeries"):
        k_correct(observed(DUSTY), observe(series(), DUSTY), DUSTY)


def test_error_from_draws():
    rng = np.random.default_rng(1)
    tilts = [(WAVE / 5000.0) ** slope for slope in rng.normal(0.0, 0.2, 60)]
    draws = [dataclasses.replace(series(), flux=series().flux * tilt, flux_err=None) for tilt in tilts]
    result = k_correct(observed(DUSTY), series(), DUSTY, draws=draws)
    # Behind dust the whole correction depends on the spectrum, not K alone.
    each = [k_correct(observed(DUSTY), draw, DUSTY) for draw in draws]
    expected = np.std([one.k + one.dust_mw + one.dust_host for one in each], axis=0, ddof=1)
    np.testing.assert_allclose(result.k_err, expected, rtol=1e-9)
    assert np.all(result.k_err > 0.001)


def test_share_that_was_bridged_or_extrapolated_is_given():
    origin = np.ones(series().flux.shape, dtype=np.uint8)
    origin[:, WAVE > 4000] = 3
    marked = dataclasses.replace(series(), origin=origin)
    result = k_correct(observed(DUSTY), marked, DUSTY)
    assert np.all(k_correct(observed(DUSTY), series(), DUSTY).filled == 0.0)
    by_band = {str(band): result.filled[result.band_obs == band] for band in BANDS}
    assert np.all(by_band["sdssi"] == pytest.approx(1.0, abs=1e-3))
    assert np.all((by_band["sdssg"] > 0.05) & (by_band["sdssg"] < 0.9))


def test_result_is_read_only_and_checked():
    result = k_correct(observed(DUSTY), series(), DUSTY)
    with pytest.raises(ValueError, match="read-only"):
        result.mag[0] = 0.0
    with pytest.raises(ValueError, match=r"RestLightCurve.k has shape \(1,\)"):
        dataclasses.replace(result, k=[0.0])


def test_real_supernova_differs_from_its_series_at_rest_as_it_does_as_observed(osc_dir):
    sn = snt.read_supernova(osc_dir / "SN2013am.json.gz", ebv_host=0.3, law_host="CCM89", rv_host=2.0)
    built = snt.build(sn)
    with pytest.warns(CoverageWarning):
        result = k_correct(sn.light_curve, built.series, sn.sightline)
    known = np.isfinite(result.mag)
    assert known.sum() > 200
    checked = 0
    for obs, rest in sorted(set(zip(result.band_obs[known], result.band_rest[known], strict=True))):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CoverageWarning)
            as_seen = njy_to_mag(band_flux(built.series, [str(obs)], sn.sightline))[:, 0]
            at_rest = njy_to_mag(band_flux(built.series, [str(rest)], HERE))[:, 0]
        here = known & (result.band_obs == obs)
        near = np.searchsorted(built.series.phase, result.phase[here]).clip(1, built.series.n_phase - 1)
        outside = result.mag_obs[here] - as_seen[near]
        inside = result.mag[here] - at_rest[near]
        checked += int(np.isfinite(inside).sum())
        # The series is read at the nearest day here, in both: what is left is a day's change of color.
        assert np.nanmax(np.abs(outside - inside)) < 0.1
    assert checked > 200
