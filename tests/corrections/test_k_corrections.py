"""K- and S-corrections against theory and against sncosmo, their errors, and what has no answer."""

import dataclasses
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport._numerics.units import njy_to_mag
from sntransport.corrections.k_corrections import KCorrection, evaluate_k_correction, k_correction, s_correction
from sntransport.photometry.bands import Bandpass, load_bands
from sntransport.photometry.synthetic import CoverageWarning, band_flux
from sntransport.spectra.correlation import Correlation
from sntransport.spectra.observed_series import observe
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline
from tests.support.synthetic import flux_at

# 75 km/s a bin: what a power law loses by being read as straight lines between them is far below 1e-6 mag.
WAVE = np.exp(np.arange(np.log(1200.0), np.log(13000.0), 75.0 / 299792.458))
PHASES = np.array([0.0, 2.0, 4.0, 20.0])
BANDS = ["bessellb", "bessellv", "sdssg", "sdssr", "lssti", "ztfr"]


def power_law(slope, phases=(0.0,)):
    return SpectralSeries(phase=phases, wave=WAVE, flux=np.tile((WAVE / 5000.0) ** slope, (len(phases), 1)))


def supernova(err=0.02):
    flux = np.stack([flux_at(phase, WAVE) for phase in PHASES])
    return SpectralSeries(phase=PHASES, wave=WAVE, flux=flux, flux_err=None if err is None else err * flux, name="SN X")


@given(st.floats(-4, 3), st.floats(0.0, 0.9), st.sampled_from(BANDS))
def test_power_law_to_the_same_band(slope, z, band):
    # f_lambda ~ lambda**slope is f_nu ~ nu**-(2 + slope).
    expected = -2.5 * (1.0 - (2.0 + slope)) * np.log10(1.0 + z)
    assert k_correction(power_law(slope), band, band, z, 0.0) == pytest.approx(expected, abs=1e-6)


def test_power_law_on_the_packages_own_grid():
    wave, z = np.exp(np.arange(np.log(1200.0), np.log(13000.0), 250.0 / 299792.458)), np.linspace(0.0, 1.0, 50)
    for slope in (-4.0, -1.0, 3.0):
        series = SpectralSeries(phase=[0.0], wave=wave, flux=[(wave / 5000.0) ** slope])
        for band in BANDS:
            expected = 2.5 * (1.0 + slope) * np.log10(1.0 + z)
            np.testing.assert_allclose(k_correction(series, band, band, z, 0.0), expected, atol=1e-9)


@given(st.floats(-4, 3), st.floats(0.0, 0.9))
def test_power_law_across_bands_by_its_moments(slope, z):
    rest, obs = load_bands(["bessellb", "sdssr"])

    def mean_nu(band, stretch):
        # Means over a fine grid of their own, with f_lambda written down instead of sampled.
        x = np.linspace(band.wave[0], band.wave[-1], 50_001)
        t = np.interp(x, band.wave, band.throughput)
        return np.trapezoid((x / stretch / 5000.0) ** slope * t * x, x) / stretch / np.trapezoid(t / x, x)

    expected = -2.5 * np.log10(mean_nu(obs, 1.0 + z) / mean_nu(rest, 1.0))
    assert k_correction(power_law(slope), rest, obs, z, 0.0) == pytest.approx(expected, abs=1e-6)


@given(st.floats(0.0, 0.9), st.sampled_from(BANDS), st.sampled_from([0.0, 4.0, 20.0]))
def test_redshifted_band_is_the_logarithm_of_the_stretch(z, name, phase):
    (rest,) = load_bands([name])
    moved = Bandpass(name="moved", wave=rest.wave * (1.0 + z), throughput=rest.throughput)
    got = k_correction(supernova(), rest, moved, z, phase)
    assert got == pytest.approx(-2.5 * np.log10(1.0 + z), abs=1e-9)


def test_same_band_at_rest_needs_none():
    assert np.all(k_correction(supernova(), "sdssr", "sdssr", 0.0, PHASES) == 0.0)


@given(st.floats(0.0, 0.5), st.floats(-20, 20))
def test_brightness_does_not_matter_and_magnitudes_differ_by_it(z, ln_scale):
    series = supernova()
    scaled = dataclasses.replace(series, flux=series.flux * np.exp(ln_scale), flux_err=None)
    one, other = (k_correction(s, "bessellb", "sdssr", z, PHASES) for s in (series, scaled))
    np.testing.assert_allclose(one, other, atol=1e-10)
    observed = njy_to_mag(band_flux(series, ["sdssr"], Sightline(z=z, distance_modulus=40.0)))[:, 0]
    absolute = njy_to_mag(band_flux(series, ["bessellb"], Sightline(z=0.0, distance_modulus=0.0)))[:, 0]
    np.testing.assert_allclose(observed, absolute + 40.0 + one, atol=1e-10)


def sncosmo_sources(folder):
    import sncosmo

    yield "hsiao (wheel)", sncosmo.get_source("hsiao-subsampled")
    for path in sorted((folder / "models" / "vincenzi").glob("*.SED")):
        phase, wave, flux = sncosmo.read_griddata_ascii(str(path))
        yield path.stem, sncosmo.TimeSeriesSource(phase, wave, flux, zero_before=False, name=path.stem)


# Most of the difference is sncosmo's midpoint rule in its steps of 5 A, at the steep edges of a band.
@pytest.mark.parametrize(("step", "tolerance"), [(5.0, 1e-4), pytest.param(0.5, 3e-5, marks=pytest.mark.slow)])
def test_agrees_with_sncosmo_magnitudes(sncosmo_dir, monkeypatch, step, tolerance):
    sncosmo = pytest.importorskip("sncosmo")
    monkeypatch.setattr(sncosmo.models, "MODEL_BANDFLUX_SPACING", step)
    pairs = [("bessellb", "sdssr"), ("sdssg", "lssti"), ("bessellv", "bessellv"), ("lsstr", "lsstr")]
    worst, compared = {}, 0
    for name, source in sncosmo_sources(sncosmo_dir):
        phase = source._phase[(source._phase > -15) & (source._phase < 60)][::5]
        wave = np.arange(source.minwave(), min(source.maxwave(), 12000.0), 1.0)
        series = SpectralSeries(phase=phase, wave=wave, flux=source.flux(phase, wave))
        model = sncosmo.Model(source)
        for names in pairs:
            rest, obs = (sncosmo.Bandpass(b.wave, b.throughput, name=b.name) for b in load_bands(names))
            z = np.array([z for z in np.linspace(0.0, 1.5, 16) if obs.minwave() / (1 + z) > wave[0] + 1])
            z = z[obs.maxwave() / (1 + z) < wave[-1] - 1]
            if rest.minwave() < wave[0] or rest.maxwave() > wave[-1] or not z.size:
                continue
            ours = k_correction(series, *names, z, phase)
            model.set(z=0.0, t0=0.0, amplitude=1.0)
            absolute = model.bandmag(rest, "ab", phase)
            for row, redshift in zip(ours, z, strict=True):
                model.set(z=redshift)
                theirs = model.bandmag(obs, "ab", phase * (1.0 + redshift)) - absolute
                difference = np.abs(row - theirs)
                np.testing.assert_array_equal(np.isnan(row), np.isnan(theirs))
                compared += int(np.isfinite(difference).sum())
                worst[name, names] = max(worst.get((name, names), 0.0), float(np.nanmax(difference)))
    assert compared > 3000
    assert len({name for name, _ in worst}) == 7
    assert max(worst.values()) < tolerance, worst


def test_vega_zero_points_are_those_of_the_bands():
    series, z = supernova(), np.array([0.0, 0.2])
    rest, obs = load_bands(["bessellb", "bessellr"])
    ab = k_correction(series, rest, obs, z, PHASES)
    vega = k_correction(series, rest, obs, z, PHASES, system_rest="Vega", system_obs="Vega")
    np.testing.assert_allclose(vega, ab - obs.ab_offset + rest.ab_offset, atol=1e-12)
    mixed = k_correction(series, rest, obs, z, PHASES, system_rest="Vega")
    np.testing.assert_allclose(mixed, ab + rest.ab_offset, atol=1e-12)


def test_vega_itself_has_the_same_vega_magnitude_in_every_band(sncosmo_dir):
    from astropy.io import fits

    with fits.open(sncosmo_dir / "spectra" / "alpha_lyr_stis_007.fits") as hdus:
        wave, index = np.unique(hdus[1].data["WAVELENGTH"].astype(float), return_index=True)
        flux = hdus[1].data["FLUX"].astype(float)[index]
    optical = (wave > 2500) & (wave < 12000)
    vega = SpectralSeries(phase=[0.0], wave=wave[optical], flux=[flux[optical]])
    for other in ("bessellv", "bessellr", "besselli"):
        got = k_correction(vega, "bessellb", other, 0.0, 0.0, system_rest="Vega", system_obs="Vega")
        # The zero points are of another calibration of its spectrum.
        assert abs(got) < 0.01
        assert abs(k_correction(vega, "bessellb", other, 0.0, 0.0)) > 0.1


@pytest.mark.parametrize("kwargs", [{"system_rest": "Vega"}, {"system_obs": "Vega"}])
def test_vega_without_zero_point_says_what_to_supply(kwargs):
    mine = Bandpass(name="mine", wave=[5000.0, 5500.0, 6000.0], throughput=[0.0, 1.0, 0.0])
    with pytest.raises(ValueError, match="'mine': vega_ab is not known; give the Bandpass one, or use the AB"):
        k_correction(supernova(), mine, mine, 0.1, 0.0, **kwargs)


def test_shapes_follow_the_input():
    series = supernova()
    for z, phase, shape in [
        (0.1, 0.0, ()), ([0.1], 0.0, (1,)), (0.1, [0.0, 2.0], (2,)), ([0.1, 0.2, 0.3], [0.0, 2.0], (3, 2)),
        ([], [0.0, 2.0], (0, 2)), (0.1, [], (0,)),
    ]:  # fmt: skip
        result = evaluate_k_correction(series, "bessellb", "sdssr", z, phase)
        assert isinstance(result, KCorrection)
        assert k_correction(series, "bessellb", "sdssr", z, phase).shape == shape
        assert s_correction(series, "sdssr", "ztfr", z, phase).shape == shape
        assert {result.value.shape, result.sigma.shape, result.coverage.shape} == {shape}
        assert (result.z.shape, result.phase.shape) == (np.shape(z), np.shape(phase))


def test_many_redshifts_are_each_on_their_own():
    # From 20 on they go through a compiled kernel.
    series, z = supernova(), np.linspace(0.0, 0.6, 60)
    together = k_correction(series, "bessellb", "lsstr", z, PHASES)
    alone = np.stack([k_correction(series, "bessellb", "lsstr", one, PHASES) for one in z])
    np.testing.assert_allclose(together, alone, atol=1e-11)


def test_phases_between_are_linear_in_flux():
    series = supernova()
    middle = dataclasses.replace(
        series, phase=[1.0], flux=[0.5 * (series.flux[0] + series.flux[1])], flux_err=None, origin=None
    )
    got = k_correction(series, "bessellb", "sdssr", 0.2, [3.0, 1.0, 2.0])
    assert got[1] == pytest.approx(k_correction(middle, "bessellb", "sdssr", 0.2, 1.0), abs=1e-12)
    assert got[2] == pytest.approx(k_correction(series, "bessellb", "sdssr", 0.2, 2.0), abs=1e-12)


def test_phases_outside_and_in_gaps_have_no_value_and_one_warning():
    with pytest.warns(CoverageWarning, match="3 of 5 phases are outside the series or in a gap") as caught:
        got = k_correction(supernova(), "bessellb", "sdssr", 0.2, [-1.0, 0.0, 12.0, 20.0, 20.1])
    assert len(caught) == 1
    np.testing.assert_array_equal(np.isnan(got), [True, False, True, False, True])
    bridged = k_correction(supernova(), "bessellb", "sdssr", 0.2, 12.0, max_gap=16.0)
    assert np.isfinite(bridged)


def test_rounding_of_a_phase_does_not_lose_it():
    assert np.isfinite(k_correction(supernova(), "bessellb", "sdssr", 0.2, [-1e-9, 20.0 + 1e-9])).all()


def test_a_single_spectrum_is_enough():
    one = SpectralSeries(phase=[7.0], wave=WAVE, flux=[flux_at(7.0, WAVE)])
    assert np.isfinite(k_correction(one, "bessellb", "sdssr", 0.2, 7.0))
    with pytest.warns(CoverageWarning, match="1 of 1 phases"):
        assert np.isnan(k_correction(one, "bessellb", "sdssr", 0.2, 7.1))


def test_redshift_that_moves_a_band_off_the_series_is_named():
    short = dataclasses.replace(supernova(), **cut(WAVE > 3300.0))
    with pytest.warns(CoverageWarning, match=r"sdssg at z = 0.5, 0.9 is covered less than 98%") as caught:
        got = k_correction(short, "bessellb", "sdssg", [0.0, 0.1, 0.5, 0.9], PHASES)
    assert len(caught) == 1
    np.testing.assert_array_equal(np.isnan(got).all(axis=1), [False, False, True, True])
    np.testing.assert_array_equal(np.isnan(got).any(axis=1), [False, False, True, True])


def cut(keep):
    flux = np.stack([flux_at(phase, WAVE) for phase in PHASES])[:, keep]
    return {"wave": WAVE[keep], "flux": flux, "flux_err": 0.02 * flux, "origin": None}


def test_rest_band_that_does_not_overlap_is_named():
    with pytest.warns(CoverageWarning, match="2massks at z = 0 is covered less than 98%"):
        assert np.isnan(k_correction(supernova(), "2massks", "sdssr", [0.1, 0.2], PHASES)).all()


def test_partial_coverage_of_one_phase():
    series = supernova()
    flux = series.flux.copy()
    flux[1, (WAVE > 4000) & (WAVE < 4300)] = np.nan
    holed = dataclasses.replace(
        series, flux=flux, flux_err=np.where(np.isnan(flux), np.nan, series.flux_err), origin=None
    )
    with pytest.warns(CoverageWarning, match="bessellb at z = 0 is covered less"):
        result = evaluate_k_correction(holed, "bessellb", "sdssr", [0.1, 0.2], PHASES)
    np.testing.assert_array_equal(np.isnan(result.value), [[False, True, False, False]] * 2)
    np.testing.assert_array_equal(np.isnan(result.sigma), np.isnan(result.value))
    assert np.all(result.coverage[:, 1] < 0.98)
    assert np.all(result.coverage[:, [0, 2, 3]] > 0.999)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"z": -1.0}, "z is -1, no redshift: expected more than -1"),
        ({"z": np.nan}, "z has values that are not finite"),
        ({"z": [[0.1]]}, r"z has shape \(1, 1\), expected a number or one axis"),
        ({"phase": [0.0, np.inf]}, "phase has values that are not finite"),
        ({"band_obs": "sdssq"}, "unknown band 'sdssq'"),
        ({"system_rest": "ST"}, "magnitude system 'ST' is not known, expected 'AB' or 'Vega'"),
        (
            {"series": SpectralSeries(phase=[], wave=WAVE, flux=np.empty((0, WAVE.size)))},
            "the series has no phases: supply one",
        ),
        ({"draws": (None,)}, "draws has 1 series, expected 2 or more"),
    ],
)
def test_bad_input_is_named(change, match):
    asked = {"series": supernova(), "band_rest": "bessellb", "band_obs": "sdssr", "z": 0.1, "phase": 0.0} | change
    with pytest.raises(ValueError, match=match):
        evaluate_k_correction(**asked)


def test_light_with_dust_on_it_is_refused():
    dusty = observe(supernova(), Sightline(z=0.1, distance_modulus=30.0, ebv_mw=0.3))
    for work in (k_correction, s_correction):
        with pytest.raises(TypeError, match=r"free of dust\), got an ObservedSeries: sntransport.unobserve"):
            work(dusty, "bessellb", "sdssr", 0.1, 0.0)


def test_flux_that_is_not_positive_has_no_magnitude():
    series = SpectralSeries(phase=[0.0], wave=WAVE, flux=[-np.ones(WAVE.size)])
    with pytest.warns(CoverageWarning, match="the flux in a band is not positive"):
        assert np.isnan(k_correction(series, "bessellb", "sdssr", 0.1, 0.0))


# Errors.


@given(st.floats(0.05, 1.0))
def test_error_scales_with_the_errors(factor):
    base = evaluate_k_correction(supernova(0.02), "bessellb", "sdssr", 0.2, PHASES).sigma
    other = evaluate_k_correction(supernova(0.02 * factor), "bessellb", "sdssr", 0.2, PHASES).sigma
    np.testing.assert_allclose(other, factor * base, rtol=1e-9)


GRAY = Correlation(white=0.0, short=0.0, broad=1.0, short_length=1.0, broad_length=1e15, days_length=1.0)


def test_error_vanishes_where_k_does_not_depend_on_the_spectrum():
    series = supernova()
    (rest,) = load_bands(["bessellb"])
    moved = Bandpass(name="moved", wave=rest.wave * 1.2, throughput=rest.throughput)
    assert evaluate_k_correction(series, "bessellb", moved, 0.2, 0.0).sigma < 1e-12
    assert evaluate_k_correction(series, "bessellb", "sdssr", 0.2, 0.0).sigma > 1e-3
    gray = evaluate_k_correction(series, "bessellb", "sdssr", 0.2, 0.0, correlation=GRAY).sigma
    assert gray < 1e-9


def test_error_is_not_known_where_the_series_has_none():
    assert np.isnan(evaluate_k_correction(supernova(None), "bessellb", "sdssr", 0.2, PHASES).sigma).all()
    series = supernova()
    err = series.flux_err.copy()
    err[1, np.abs(WAVE - 4400) < 20] = np.nan
    partly = dataclasses.replace(series, flux_err=err)
    got = evaluate_k_correction(partly, "bessellb", "sdssr", 0.2, PHASES).sigma
    np.testing.assert_array_equal(np.isnan(got), [False, True, False, False])


def test_result_is_read_only():
    result = evaluate_k_correction(supernova(), "bessellb", "sdssr", [0.1], 0.0)
    with pytest.raises(ValueError, match="read-only"):
        result.value[0] = 1.0


# S-corrections.


def test_s_correction_is_the_difference_of_magnitudes_seen_through_the_same_dust():
    series, sightline = (
        supernova(),
        Sightline(
            z=0.05,
            distance_modulus=36.0,
            ebv_mw=0.2,
            ebv_host=0.3,
            rv_mw=3.1,
            rv_host=2.0,
            law_mw="F99",
            law_host="CCM89",
        ),
    )
    first, second = njy_to_mag(band_flux(series, ["ztfr", "sdssr"], sightline)).T
    got = s_correction(series, "ztfr", "sdssr", 0.05, PHASES, sightline=sightline)
    np.testing.assert_allclose(first + got, second, atol=1e-12)
    clean = s_correction(series, "ztfr", "sdssr", 0.05, PHASES)
    assert np.all(np.abs(clean - got) > 1e-3)


@given(st.floats(0.0, 0.5))
def test_s_corrections_chain_and_turn_around(z):
    series = supernova()
    one, two, both = (
        s_correction(series, a, b, z, PHASES) for a, b in [("ztfr", "sdssr"), ("sdssr", "lsstr"), ("ztfr", "lsstr")]
    )
    np.testing.assert_allclose(one + two, both, atol=1e-12)
    np.testing.assert_allclose(one, -s_correction(series, "sdssr", "ztfr", z, PHASES), atol=1e-12)
    assert np.all(s_correction(series, "ztfr", "ztfr", z, PHASES) == 0.0)


def test_s_correction_off_the_series_is_named():
    short = dataclasses.replace(supernova(), **cut(WAVE < 6000.0))
    with pytest.warns(CoverageWarning, match="s_correction: no value where sdssr at z = 0 is covered") as caught:
        got = s_correction(short, "ztfr", "sdssr", [0.0, 0.3], 0.0)
    assert len(caught) == 1
    np.testing.assert_array_equal(np.isnan(got), [True, False])


def test_no_warning_where_all_is_covered():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluate_k_correction(supernova(), "bessellb", "lsstr", np.linspace(0, 0.5, 40), PHASES)


def test_a_table_that_would_fill_the_memory_is_refused():
    many = np.linspace(0.01, 0.1, 100_000)
    series = SpectralSeries(phase=[0.0, 1.0], wave=[4000.0, 9000.0], flux=np.ones((2, 2)))
    with pytest.raises(
        ValueError, match=r"K-corrections at 100000 redshifts and 100000 phases would take about .* GiB"
    ):
        k_correction(series, "bessellv", "sdssr", many, many)


@pytest.mark.parametrize(("z", "told"), [(2998.0, r"km/s\? then z = 0\.0100"), ([0.1, 31.0], "z is 31, no redshift")])
def test_a_velocity_is_no_redshift(z, told):
    series = SpectralSeries(phase=[0.0, 1.0], wave=[4000.0, 9000.0], flux=np.ones((2, 2)))
    with pytest.raises(ValueError, match=told):
        k_correction(series, "bessellv", "sdssr", z, 0.5)
