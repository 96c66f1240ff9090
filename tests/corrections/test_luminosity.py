"""Bolometric light curves: blackbodies with known answers, corrections, shapes, and what is not covered."""

import dataclasses

import numpy as np
import pytest
from astropy import units
from astropy.modeling.physical_models import BlackBody
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import sntransport as snt
from sntransport.cli.main import main
from sntransport.corrections.bolometric_corrections import (
    bolometric_correction,
    color_relation,
    luminosity_from_color,
    luminosity_of_photometry,
)
from sntransport.corrections.extension_policies import Extension, from_template
from sntransport.corrections.luminosity import absolute_magnitude, bolometric, light_shape
from sntransport.photometry.synthetic import CoverageWarning
from sntransport.report.figures.corrections import bolometric_figure
from sntransport.spectra.realizations import draw
from sntransport.spectra.series import SpectralSeries

RADIUS = 1e15
TEMPERATURES = np.array([4000.0, 5000.0, 6500.0, 8000.0, 10000.0, 14000.0, 20000.0])
SIGMA_SB = 5.670374419e-5
TRUTH = 4.0 * np.pi * RADIUS**2 * SIGMA_SB * TEMPERATURES**4
FULL, OPTICAL = (300.0, 2e6), (3300.0, 9300.0)


def grid(low, high, step=250.0):
    return np.exp(np.arange(np.log(low), np.log(high), step / 299792.458))


def blackbodies(low, high, *, error=0.05, temperatures=TEMPERATURES, phase=None):
    """Spectra at 10 pc as astropy has them."""
    wave = grid(low, high)
    scale = np.pi * units.sr * (RADIUS / 3.0856775814913673e19) ** 2
    unit = units.erg / units.s / units.cm**2 / units.AA
    flux = [
        (BlackBody(t * units.K, scale=1.0 * unit / units.sr)(wave * units.AA) * scale).to_value(unit)
        for t in temperatures
    ]
    phase = np.arange(len(temperatures), dtype=float) if phase is None else phase
    return SpectralSeries(
        phase=phase, wave=wave, flux=np.stack(flux), flux_err=error * np.stack(flux), name="blackbody"
    )


def test_blackbodies_with_full_coverage():
    found = bolometric(blackbodies(*FULL))
    np.testing.assert_allclose(found.luminosity, TRUTH, rtol=1e-3)
    np.testing.assert_array_equal(found.share_uv + found.share_nir + found.share_filled, 0.0)
    assert np.isnan(found.temperature).all()


def test_blackbodies_from_the_optical_alone():
    found = bolometric(blackbodies(*OPTICAL), policy="blackbody", most_extrapolated=1.0)
    np.testing.assert_allclose(found.luminosity, TRUTH, rtol=2e-3)
    np.testing.assert_allclose(found.temperature, TEMPERATURES, rtol=1e-3)
    np.testing.assert_allclose(found.radius, RADIUS, rtol=1e-3)
    covered = bolometric(blackbodies(*OPTICAL)).luminosity
    np.testing.assert_allclose(1.0 - found.share_uv - found.share_nir, covered / found.luminosity, rtol=1e-6)
    assert found.share_uv[-1] > 0.7
    assert found.share_nir[0] > 0.4


@given(st.integers(0, 10_000))
def test_noisy_blackbodies_stay_close(seed):
    rng = np.random.default_rng(seed)
    series = blackbodies(*OPTICAL, temperatures=rng.uniform(4000.0, 12000.0, 3))
    noisy = dataclasses.replace(series, flux=series.flux * (1.0 + 0.05 * rng.normal(size=series.flux.shape)))
    exact, found = (bolometric(one, policy="blackbody", most_extrapolated=1.0).luminosity for one in (series, noisy))
    np.testing.assert_allclose(found, exact, rtol=0.1)


def test_suppression_takes_light_away_in_the_ultraviolet_only():
    series = blackbodies(*OPTICAL)
    both = ("blackbody", "suppressed_blackbody")
    plain, less = (bolometric(series, policy=p, most_extrapolated=1.0) for p in both)
    assert np.all(less.luminosity < plain.luminosity)
    np.testing.assert_allclose(less.share_nir * less.luminosity, plain.share_nir * plain.luminosity, rtol=1e-9)
    wave, cut = grid(200.0, 3300.0, 100.0), 3000.0
    body = BlackBody(TEMPERATURES[-1] * units.K)(wave * units.AA).value / wave**2
    expected = np.trapezoid(body * np.minimum(wave / cut, 1.0), wave) / np.trapezoid(body, wave)
    got = less.share_uv[-1] * less.luminosity[-1] / (plain.share_uv[-1] * plain.luminosity[-1])
    assert got == pytest.approx(expected, rel=0.01)


def test_a_range_is_a_part_of_the_whole():
    series = blackbodies(*FULL)
    whole = bolometric(series).luminosity
    parts = [bolometric(series, wave_range=r).luminosity for r in ((301.0, 4000.0), (4000.0, 1.9e6))]
    np.testing.assert_allclose(sum(parts), whole, rtol=1e-5)
    optical = blackbodies(*OPTICAL)
    with pytest.warns(CoverageWarning, match="do not cover 3000 to 9000 A"):
        short = bolometric(optical, wave_range=(3000.0, 9000.0))
    assert np.isnan(short.luminosity).all()
    assert any("do not cover 3000 to 9000 A" in note for note in short.notes)
    filled = bolometric(optical, wave_range=(3000.0, 9000.0), policy="blackbody")
    np.testing.assert_allclose(filled.luminosity, bolometric(series, wave_range=(3000.0, 9000.0)).luminosity, rtol=5e-3)


def test_holes_are_bridged_and_counted_and_nothing_stays_nothing():
    series = blackbodies(*OPTICAL)
    flux, origin = series.flux.copy(), series.origin.copy()
    hole = (series.wave > 6000) & (series.wave < 6300)
    flux[1, hole], origin[1, hole] = np.nan, 0
    flux[2], origin[2] = np.nan, 0
    origin[3, hole] = 3
    found = bolometric(SpectralSeries(phase=series.phase, wave=series.wave, flux=flux, flux_err=None, origin=origin))
    whole = bolometric(series)
    assert found.luminosity[1] == pytest.approx(whole.luminosity[1], rel=2e-3)
    assert found.share_filled[1] == pytest.approx(found.share_filled[3], rel=0.5)
    assert found.share_filled[1] > 0.03
    assert np.isnan([found.luminosity[2], found.wave_blue[2], found.share_uv[2]]).all()
    assert np.isnan(found.luminosity_err).all() or np.isfinite(found.luminosity_err[0])
    empty = SpectralSeries(phase=[0.0], wave=series.wave, flux=np.full((1, series.n_wave), np.nan))
    assert np.isnan(bolometric(empty, policy="suppressed_blackbody").luminosity).all()


def test_a_policy_of_ones_own():
    def half_again(wave, flux, phase):
        zero = np.zeros((flux.shape[0], 2))
        nan = np.full(flux.shape[0], np.nan)
        ends = np.tile([10000.0, 20000.0], (flux.shape[0], 1))
        return Extension(
            uv_wave=zero[:, :0],
            uv_flux=zero[:, :0],
            nir_wave=ends,
            nir_flux=zero + 1e-10,
            temperature=nan,
            scale=nan,
            words="a box",
        )

    series = blackbodies(*OPTICAL)
    found = bolometric(series, policy=half_again)
    added = found.luminosity - bolometric(series).luminosity
    np.testing.assert_allclose(added, 4 * np.pi * (3.0856775814913673e19) ** 2 * 1e-6, rtol=1e-6)
    assert found.policy == "a box"


def test_a_template_gives_back_what_was_cut_away():
    truth = blackbodies(1000.0, 25000.0)
    template = dataclasses.replace(truth, flux=1e7 * truth.flux, phase=truth.phase - 2.0, name="its own")
    cut = (truth.wave > 3300) & (truth.wave < 9300)
    seen = SpectralSeries(
        phase=truth.phase, wave=truth.wave[cut], flux=truth.flux[:, cut], flux_err=truth.flux_err[:, cut]
    )
    found = bolometric(seen, policy=from_template(template, maximum=2.0), most_extrapolated=1.0)
    np.testing.assert_allclose(found.luminosity, bolometric(truth).luminosity, rtol=2e-3)
    np.testing.assert_allclose(
        1.0 - found.share_uv - found.share_nir, bolometric(seen).luminosity / found.luminosity, rtol=1e-9
    )
    assert "template its own, its phase 0 at +2.0 d" in found.policy
    assert np.isnan(found.temperature).all()


def test_a_template_says_nothing_where_it_has_nothing():
    truth = blackbodies(1000.0, 25000.0)
    seen = SpectralSeries(phase=truth.phase + 4.0, wave=truth.wave[::3], flux=truth.flux[:, ::3])
    cut = dataclasses.replace(truth, name="")
    late = bolometric(seen, policy=from_template(cut))
    np.testing.assert_array_equal(np.isnan(late.luminosity), truth.phase + 4.0 > truth.phase[-1])
    assert any("nothing to add at 4 phases" in note for note in late.notes)
    narrow = (truth.wave > 5000) & (truth.wave < 6000)
    short = SpectralSeries(phase=truth.phase, wave=truth.wave[narrow], flux=truth.flux[:, narrow])
    with pytest.warns(CoverageWarning, match="nothing to add at 7 phases"):
        assert np.isnan(bolometric(seen, policy=from_template(short)).luminosity).all()
    optical = blackbodies(*OPTICAL)
    with pytest.warns(CoverageWarning, match="do not cover 900 to 9000 A"):
        beyond = bolometric(optical, policy=from_template(truth), wave_range=(900.0, 9000.0))
    assert np.isnan(beyond.luminosity).all()
    assert any("do not cover 900 to 9000 A" in note for note in beyond.notes)
    with pytest.raises(ValueError, match="maximum is nan"):
        from_template(truth, np.nan)
    with pytest.raises(TypeError, match="from_template takes a SpectralSeries"):
        from_template("hsiao")


def observed(series, bands, sightline):
    """Photometry of a series without noise, with errors of 1 %."""
    flux = snt.band_flux(series, bands, sightline)
    mjd = np.repeat(series.mjd_ref + series.phase * (1.0 + sightline.z), len(bands))
    return snt.LightCurve(mjd=mjd, band=np.tile(bands, series.n_phase), flux=flux.ravel(), flux_err=0.01 * flux.ravel())


def test_photometry_to_the_rest_frame_to_luminosity():
    """Redshifted, reddened photometry of a known series comes back as its luminosity."""
    made = blackbodies(*FULL, temperatures=np.geomspace(12000.0, 4500.0, 20))
    series = dataclasses.replace(made, mjd_ref=60000.0)
    sightline = snt.Sightline(z=0.1, distance_modulus=38.0, ebv_mw=0.05, ebv_host=0.1)
    points = observed(series, ["sdssg", "sdssr"], sightline)
    pairs = {"sdssg": "bessellb", "sdssr": "bessellv"}
    rest = snt.k_correct(points, series, sightline, bands=pairs)
    relation = color_relation([series], "bessellv", "bessellb", "bessellv", degree=4)
    phase, light, error = luminosity_of_photometry(rest, relation)
    np.testing.assert_allclose(phase, series.phase, atol=1e-9)
    np.testing.assert_allclose(light, bolometric(series).luminosity, rtol=0.03)
    assert np.all(error > 0.01 * light)
    red = snt.LightCurve(
        mjd=points.mjd[1::2], band=points.band[1::2], flux=points.flux[1::2], flux_err=points.flux_err[1::2]
    )
    single_band = snt.k_correct(red, series, sightline, bands={"sdssr": "bessellv"})
    with pytest.raises(ValueError, match="no point with a magnitude in bessellb, only in bessellv"):
        luminosity_of_photometry(single_band, relation)
    with pytest.raises(ValueError, match="in AB magnitudes, the light curve in Vega"):
        luminosity_of_photometry(dataclasses.replace(rest, system="Vega"), relation)
    apart = dataclasses.replace(rest, phase=np.where(rest.band_rest == "bessellb", 0.4, 0.0) + rest.phase)
    assert luminosity_of_photometry(apart, relation, max_apart=0.3)[0].size == 0
    one = snt.LightCurve(mjd=points.mjd[:2], band=points.band[:2], flux=points.flux[:2], flux_err=points.flux_err[:2])
    assert luminosity_of_photometry(snt.k_correct(one, series, sightline, bands=pairs), relation)[1].shape == (1,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"policy": "magic"}, "policy is 'magic'"),
        ({"wave_range": (5000.0, 4000.0)}, "wave_range is"),
        ({"draws": ("one",)}, "draws has 1 series"),
    ],
)
def test_errors_say_what_was_wrong(options, message):
    with pytest.raises(ValueError, match=message):
        bolometric(blackbodies(*OPTICAL), **options)
    with pytest.raises(TypeError, match="bolometric takes a SpectralSeries"):
        bolometric("series")


def test_correction_is_zero_for_the_sun_by_definition_of_its_scale():
    assert absolute_magnitude(3.828e33) == pytest.approx(4.74, abs=0.001)
    assert np.isnan(absolute_magnitude(-1.0))


def test_corrections_relation_and_photometry_agree():
    series = blackbodies(*FULL, temperatures=np.geomspace(4500.0, 12000.0, 20))
    found = bolometric_correction(series, ["bessellb", "bessellv", "uvot::uvw2"])
    np.testing.assert_allclose(
        found.value, absolute_magnitude(found.luminosity.luminosity)[:, None] - found.magnitude, rtol=1e-12
    )
    vega = bolometric_correction(series, ["bessellv"], system="Vega")
    assert np.ptp(vega.value[:, 0] - found.value[:, 1]) < 1e-12
    relation = color_relation([series], "bessellv", "bessellb", "bessellv", degree=4)
    assert relation.scatter < 0.01
    color = found.magnitude[:, 0] - found.magnitude[:, 1]
    light, error = luminosity_from_color(relation, found.magnitude[:, 1], color)
    np.testing.assert_allclose(light, found.luminosity.luminosity, rtol=0.03)
    assert np.all(error > 0)
    outside, _ = luminosity_from_color(relation, [-18.0, -18.0, np.nan], [color.max() + 0.1, color.min() - 0.1, 0.5])
    assert np.isnan(outside).all()


def test_partial_coverage_of_bands():
    series = blackbodies(*OPTICAL)
    found = bolometric_correction(series, ["bessellv", "uvot::uvw2", "2massks"])
    assert np.isfinite(found.value[:, 0]).all()
    assert np.isnan(found.value[:, 1:]).all()
    with pytest.raises(ValueError, match="do not cover these bands"):
        color_relation([series], "bessellv", "uvot::uvw2", "bessellv")


def test_tables_of_published_series_are_reproduced_from_their_own_photometry(sncosmo_dir):
    """Vincenzi et al. (2019): BC(color) of each series, applied to its magnitudes, within the stated error."""
    inside, total = 0, 0
    for path in sorted((sncosmo_dir / "models" / "vincenzi").glob("*.SED")):
        phase, wave, flux = np.loadtxt(path).T
        phase, wave = np.unique(phase), np.unique(wave)
        keep = (wave > 3300) & (wave < 9300)
        series = SpectralSeries(
            phase=phase, wave=wave[keep], flux=np.maximum(flux.reshape(phase.size, -1)[:, keep], 0.0)
        )
        relation = color_relation([series], "bessellv", "bessellb", "bessellr", degree=3)
        found = bolometric_correction(series, ["bessellb", "bessellv", "bessellr"])
        color = found.magnitude[:, 0] - found.magnitude[:, 2]
        light, error = luminosity_from_color(relation, found.magnitude[:, 1], color)
        known = np.isfinite(light)
        inside += int(np.sum(np.abs(light - found.luminosity.luminosity)[known] < error[known]))
        total += int(known.sum())
    assert total > 300
    assert 0.68 <= inside / total < 0.95


def curve(phase, luminosity):
    flat = bolometric(blackbodies(*OPTICAL, temperatures=np.full(len(phase), 6000.0), phase=np.asarray(phase)))
    return dataclasses.replace(flat, luminosity=np.asarray(luminosity))


def test_shape_of_a_known_curve():
    phase = np.arange(-30.0, 61.0, 1.0)
    value = 1e43 * np.exp(-0.5 * ((phase - 0.3) / np.where(phase < 0.3, 10.0, 20.0)) ** 2)
    found = light_shape(curve(phase, value))
    half = np.sqrt(2.0 * np.log(2.0))
    assert found.bracketed
    assert found.peak_luminosity == pytest.approx(1e43, rel=1e-3)
    assert found.peak_phase == pytest.approx(0.3, abs=0.2)
    assert (found.rise, found.decline) == (pytest.approx(10 * half, abs=0.3), pytest.approx(20 * half, abs=0.3))
    assert found.dm15 == pytest.approx(2.5 / np.log(10) * 0.5 * (15 / 20) ** 2, abs=0.02)
    assert found.energy == pytest.approx(1e43 * 86400 * np.sqrt(2 * np.pi) * 15.0, rel=0.01)


def test_a_peak_that_is_not_bracketed_is_not_given():
    falling = light_shape(curve([0.0, 5.0, 10.0], [3e42, 2e42, 1e42]))
    assert not falling.bracketed
    assert np.isnan([falling.peak_luminosity, falling.peak_phase, falling.rise, falling.dm15]).all()
    assert falling.energy > 0
    gap = light_shape(curve([0.0, 30.0, 31.0], [1e42, 3e42, 2e42]))
    assert not gap.bracketed
    single = light_shape(curve([0.0], [1e42]))
    assert single.energy == 0
    assert np.isnan(light_shape(curve([0.0, 1.0], [np.nan, np.nan])).energy)


def test_real_supernovae(osc_dir, tmp_path):
    """Orders of magnitude: a type Ia reaches about 1e43 erg/s, a faint type II plateau a few times 1e41."""
    for name, low, high in (("SN2012ht", 2e42, 2e43), ("SN2013am", 5e40, 1e42)):
        series = snt.build(snt.read_supernova(osc_dir / f"{name}.json.gz")).series
        light = bolometric(series, policy="suppressed_blackbody", draws=draw(series, 5, seed=1))
        near = np.isfinite(light.luminosity) & (light.phase > 10) & (light.phase < 30)
        assert low < np.median(light.luminosity[near]) < high
        assert np.all(light.luminosity_err[near] > 0)
        assert bolometric_figure(light).axes
    assert light_shape(light).energy > 0


def test_command(osc_dir, tmp_path):
    series = blackbodies(*OPTICAL)
    snt.write_series(series, tmp_path / "a.fits", sightline=snt.Sightline(z=0.01, distance_modulus=33.0))
    policy = ["--policy", "suppressed_blackbody"]
    run = CliRunner().invoke(
        main, ["bolometric", str(tmp_path / "a.fits"), "-o", str(tmp_path), "--draws", "3", *policy]
    )
    assert run.exit_code == 0, run.output
    text = (tmp_path / "blackbody_bolometric.ecsv").read_text(encoding="utf-8")
    assert "below it" in text
    assert "unit: erg / s" in text
    assert (tmp_path / "blackbody_bolometric.png").stat().st_size > 10_000
    bare = CliRunner().invoke(
        main, ["bolometric", str(tmp_path / "a.fits"), "--policy", "none", "--range", "4000", "9000"]
    )
    assert bare.exit_code == 0
    assert "light between 4000 and 9000 A only" in bare.output
    assert "free of dust" in bare.output
    assert "law_mw: F99" in bare.output
    bad = CliRunner().invoke(main, ["bolometric", str(tmp_path / "a.fits"), "--range", "9000", "4000"])
    assert bad.exit_code == 1
    assert "wave_range is" in bad.output


def test_command_with_a_template(tmp_path):
    snt.write_series(blackbodies(*OPTICAL), tmp_path / "a.fits")
    command = ["bolometric", str(tmp_path / "a.fits"), "--policy", "template"]
    run = CliRunner().invoke(main, [*command, "--maximum", "3"])
    assert run.exit_code == 0, run.output
    assert "template Hsiao et al. (2007), its phase 0 at +3.0 d" in run.output
    own = CliRunner().invoke(main, [*command, "--maximum", "0", "--template", str(tmp_path / "a.fits")])
    assert own.exit_code == 0, own.output
    assert "template blackbody" in own.output
    assert CliRunner().invoke(main, command).exit_code == 2
    assert CliRunner().invoke(main, [*command[:2], "--maximum", "3"]).exit_code == 2


def test_a_phase_that_is_mostly_extrapolated_is_no_maximum():
    # A line in the red alone at a late phase: a blackbody through it is mostly infrared light that nobody saw.
    series = blackbodies(*OPTICAL)
    flux = np.array(series.flux)
    flux[-1] = np.where(series.wave > 0.97 * series.wave[-1], flux.max(), 1e-3 * flux.max())
    late = dataclasses.replace(series, flux=flux)
    everything = bolometric(late, policy="blackbody", most_extrapolated=1.0)
    share = everything.share_uv + everything.share_nir
    assert np.nanargmax(everything.luminosity) == series.n_phase - 1
    assert share[-1] > 0.9
    light = bolometric(late, policy="blackbody")
    assert np.isnan(light.luminosity[-1])
    assert np.isnan(light.luminosity_err[-1])
    np.testing.assert_array_equal(np.isnan(light.luminosity), share > 0.5)
    assert "more than 50% of the light would be extrapolated at" in light.notes[-1]
    np.testing.assert_array_equal(light.share_nir, everything.share_nir)
    assert np.isfinite(bolometric(late).luminosity).all()
    with pytest.raises(ValueError, match=r"most_extrapolated is 1\.5, expected a share from 0 to 1"):
        bolometric(late, most_extrapolated=1.5)


def test_a_range_in_nanometers_is_answered_with_that():
    wave = np.arange(3300.0, 9600.0, 10.0)
    series = SpectralSeries(phase=[0.0, 5.0], wave=wave, flux=np.ones((2, wave.size)))
    with pytest.warns(CoverageWarning, match=r"2 phases do not cover 330 to 920 A.*nanometers\?"):
        light = bolometric(series, wave_range=(330.0, 920.0))
    assert np.isnan(light.luminosity).all()
    with pytest.warns(CoverageWarning, match=r"2 phases do not cover 3000 to 9200 A.*3300-9590 A\)$"):
        bolometric(series, wave_range=(3000.0, 9200.0))
