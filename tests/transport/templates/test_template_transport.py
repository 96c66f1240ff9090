"""Templates, their clock, interpolation beside them, and the choice by class."""

import dataclasses
import inspect
import re

import numpy as np
import pytest

from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.reading.supernova import read_supernova
from sntransport.spectra.grid import grid_wave
from sntransport.spectra.observations import LightCurve, Supernova
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline
from sntransport.transport.features import feature_transport
from sntransport.transport.interpolators import ForPair, ForSupernova, Paced, for_pair, for_supernova, log_linear
from sntransport.transport.templates import sources
from sntransport.transport.templates.by_class import ClassTransport, class_transport
from sntransport.transport.templates.photometry_clock import Clock, photometric_clock
from sntransport.transport.templates.sources import hsiao
from sntransport.transport.templates.template_transport import TemplateTransport, beside_template

SIGHTLINE = Sightline(z=0.03, distance_modulus=35.5, ebv_mw=0.1, ebv_host=0.2)
WAVE = grid_wave(9720, 1200)
MJD_REF = 59000.0
BANDS = ("bessellb", "bessellv", "sdssr")
PHASES = np.array([0.0, 9.0, 20.0, 31.0, 45.0, 70.0])


def flux_of(phase, zero, stretch):
    """Template flux on WAVE at phases of a supernova."""
    template = hsiao()
    rows = [np.interp((p - zero) / stretch, template.phase, np.arange(template.n_phase)) for p in np.atleast_1d(phase)]
    low = np.minimum(np.floor(rows).astype(int), template.n_phase - 2)
    up = (np.array(rows) - low)[:, None]
    flux = (1 - up) * template.flux[low] + up * template.flux[low + 1]
    return np.stack([np.interp(WAVE, template.wave, row) for row in flux])


def observed(zero=12.0, stretch=0.9, *, until=60.0, error=0.03, offset=0.0, sn_type="Ia"):
    """A supernova that is the template on another clock, behind dust, with three bands of photometry."""
    phase = np.arange(0.0, until, 2.0)
    matrix = band_matrix(WAVE, BANDS, SIGHTLINE)
    flux = synthetic_flux(flux_of(phase, zero, stretch), matrix)[0] * np.exp(offset * np.arange(len(BANDS)))
    flux = flux * np.exp(error * np.random.default_rng(3).normal(size=flux.shape))
    keep = np.isfinite(flux) & (flux > 0)
    mjd, band = np.repeat(MJD_REF + phase * 1.03, len(BANDS)), np.tile(BANDS, phase.size)
    curve = LightCurve(mjd=mjd[keep.ravel()], band=band[keep.ravel()], flux=flux[keep], flux_err=error * flux[keep])
    return Supernova(
        name="template",
        sn_type=sn_type,
        sightline=SIGHTLINE,
        mjd_ref=MJD_REF,
        mjd_ref_meaning="discovery",
        spectra=(),
        light_curve=curve,
    )


def spectra(zero=12.0, stretch=0.9, phases=PHASES):
    return SpectralSeries(phase=phases, wave=WAVE, flux=flux_of(phases, zero, stretch), name="template", sn_type="Ia")


def best(clock):
    i, j = np.unravel_index(clock.cost.argmin(), clock.cost.shape)
    return clock.zero[i], clock.stretch[j]


def error(rebuilt, truth):
    ratio = np.log(rebuilt / truth)
    return np.median(np.abs(ratio - np.median(ratio, axis=1, keepdims=True)))


def test_hsiao_is_what_sncosmo_evaluates():
    import sncosmo

    series = hsiao()
    assert (series.phase[0], series.phase[-1]) == (-18.0, 85.0)
    expected = sncosmo.get_source("hsiao-subsampled").flux(series.phase, series.wave)
    np.testing.assert_allclose(series.flux, np.maximum(expected, 0.0), atol=1e-6 * series.flux.max(), rtol=1e-5)
    assert np.all(series.flux[3:, (series.wave > 3300) & (series.wave < 9500)] > 0)


def test_a_missing_template_file_is_named(monkeypatch):
    monkeypatch.setattr(sources, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="install sncosmo"):
        inspect.unwrap(hsiao)()


@pytest.mark.parametrize(("zero", "stretch"), [(12.0, 0.9), (18.0, 1.15), (-3.0, 1.0)])
@pytest.mark.parametrize("offset", [0.0, 0.8])
def test_clock_is_found_from_photometry_whatever_the_colors(zero, stretch, offset):
    found = photometric_clock(hsiao(), observed(zero, stretch, offset=offset), 0.0)
    assert found.n_points > 30
    got = best(found)
    assert got[0] == pytest.approx(zero, abs=1.0)
    assert got[1] == pytest.approx(stretch, abs=0.06)


def test_published_maximum_of_a_real_supernova(osc_dir):
    # B maximum of SN 2012ht on MJD 56295.6 +- 0.6 (Yamanaka et al. 2014, ApJ 782, L35); a fast decliner.
    sn = read_supernova(osc_dir / "SN2012ht.json.gz")
    zero, error, stretch = photometric_clock(hsiao(), sn, 2.0).summary()
    assert sn.mjd_ref + zero * (1 + sn.sightline.z) == pytest.approx(56295.6, abs=1.5)
    assert error < 2.0
    assert 0.8 < stretch < 0.95


def test_clock_survives_outliers_and_what_lies_outside():
    sn = observed()
    curve = sn.light_curve
    flux = curve.flux.copy()
    flux[::9] *= 4.0
    late = np.full(20, MJD_REF + 300.0), np.full(20, "bessellv"), np.full(20, flux.max()), np.full(20, 1.0)
    columns = {"mjd": curve.mjd, "band": curve.band, "flux": flux, "flux_err": curve.flux_err}
    joined = {name: np.concatenate([x, y]) for (name, x), y in zip(columns.items(), late, strict=True)}
    got = best(photometric_clock(hsiao(), dataclasses.replace(sn, light_curve=LightCurve(**joined)), 0.0))
    assert got[0] == pytest.approx(12.0, abs=1.5)
    assert got[1] == pytest.approx(0.9, abs=0.11)


def test_without_photometry_only_the_stretch_is_known():
    none = LightCurve(mjd=np.empty(0), band=np.empty(0, dtype=str), flux=np.empty(0), flux_err=np.empty(0))
    clock = photometric_clock(hsiao(), dataclasses.replace(observed(), light_curve=none), 5.0)
    assert clock.n_points == 0
    assert clock.zero[0] == -35.0
    assert np.ptp(clock.cost, axis=0).max() == 0
    assert clock.stretch[clock.cost[0].argmin()] == pytest.approx(1.0)


@pytest.mark.parametrize("with_photometry", [True, False])
def test_the_template_is_rebuilt_far_better_than_without_it(with_photometry):
    sn, sparse = observed(), spectra()
    if not with_photometry:
        sn = dataclasses.replace(
            sn, light_curve=LightCurve(**{name: x[:0] for name, x in dataclasses.asdict(sn.light_curve).items()})
        )
    fitted = beside_template(hsiao(), sn, sparse)
    i, j = 1, 3
    first, last, mismatch = fitted.template_phases(PHASES[i], PHASES[j])
    assert first == pytest.approx((PHASES[i] - 12.0) / 0.9, abs=1.5)
    assert last == pytest.approx((PHASES[j] - 12.0) / 0.9, abs=1.5)
    assert mismatch < 2e-3
    t = np.array([0.25, 0.5, 0.75])
    truth = flux_of(PHASES[i] + t * (PHASES[j] - PHASES[i]), 12.0, 0.9)
    a, b = sparse.flux[i], sparse.flux[j]
    beside = fitted.between(PHASES[i], PHASES[j])(WAVE, a, b, t)
    assert error(beside, truth) < 0.5 * error(feature_transport(WAVE, a, b, t), truth)


def test_laws_of_interpolation_beside_a_template():
    fitted = beside_template(hsiao(), observed(), spectra())
    a, b = spectra().flux[[1, 3]]
    between = for_pair(fitted, PHASES[1], PHASES[3])
    t = np.array([0.0, 0.4, 1.0])
    out = between(WAVE, a, b, t)
    np.testing.assert_array_equal(out[[0, 2]], [a, b])
    assert np.all(np.isfinite(out) & (out > 0))
    np.testing.assert_allclose(between(WAVE, 1e30 * a, 1e30 * b, t), 1e30 * out, rtol=1e-9)
    near = between(WAVE, a, b, np.array([1e-9, 1 - 1e-9]))
    np.testing.assert_allclose(near, [a, b], rtol=1e-6)
    # A stretch of the wavelengths alone is enough.
    part = slice(300, 900)
    assert between(WAVE[part], a[part], b[part], t).shape == (3, 600)


def test_a_template_that_fits_nothing_is_not_used():
    """Spectra of no type Ia, and phases that the template does not reach."""
    sn = observed()
    x = np.log(WAVE)
    strange = np.stack([np.exp(0.6 * np.sin(90 * x + p)) for p in PHASES])
    fitted = beside_template(hsiao(), sn, SpectralSeries(phase=PHASES, wave=WAVE, flux=strange, sn_type="Ia"))
    a, b = strange[1], strange[3]
    t = np.array([0.5])
    np.testing.assert_array_equal(
        for_pair(fitted, PHASES[1], PHASES[3])(WAVE, a, b, t), feature_transport(WAVE, a, b, t)
    )
    late = spectra(phases=np.array([150.0, 200.0]), zero=100.0, stretch=1.0)
    fitted = beside_template(hsiao(), sn, late)
    assert fitted.between(150.0, 200.0) is feature_transport


def correction(mismatch, full=30.0):
    """What the template adds in ln flux where both spectra match it by ``mismatch``, in a gap of 22 d."""
    template = hsiao()
    match = np.full((2, template.n_phase), mismatch)
    clock = Clock(zero=np.array([12.0]), stretch=np.array([0.9]), cost=np.zeros((1, 1)), n_points=30)
    fitted = TemplateTransport(
        template=template, clock=clock, phase=PHASES[[1, 3]], match=match, interpolate=feature_transport, full=full
    )
    a, b = flux_of(PHASES[[1, 3]], 12.0, 0.9)
    half = np.array([0.5])
    plain = feature_transport(WAVE, a, b, half)
    return np.log(fitted.between(PHASES[1], PHASES[3])(WAVE, a, b, half) / plain)[0]


def test_strength_of_a_template_falls_with_the_sixth_power_of_its_mismatch_and_grows_with_the_gap():
    perfect = correction(0.0)
    assert np.abs(perfect).max() > 0.1
    for mismatch in (0.003, 0.007, 0.009, 0.012):
        expected = perfect / (1.0 + (mismatch / 0.009) ** 6)
        np.testing.assert_allclose(correction(mismatch), expected, rtol=1e-9, atol=1e-12)
    # In a gap of 22 d: in full from 20 d on, half of it where full strength takes 44 d.
    np.testing.assert_allclose(correction(0.0, 20.0), 30.0 / 22.0 * perfect, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(correction(0.0, 44.0), 0.5 * correction(0.0, 20.0), rtol=1e-9, atol=1e-12)
    # What is left below 2 % is not worth the work: exactly none.
    np.testing.assert_array_equal(correction(0.02), 0.0)


def cut_short(rows):
    """The spectra, those in ``rows`` too short to compare."""
    flux = spectra().flux.copy()
    flux[rows, 150:] = np.nan
    return beside_template(hsiao(), observed(), SpectralSeries(phase=PHASES, wave=WAVE, flux=flux, sn_type="Ia"))


def test_two_spectra_too_short_to_compare_are_interpolated_without_the_template():
    fitted = cut_short([1, 3])
    np.testing.assert_array_equal(np.isnan(fitted.match).all(axis=1), np.isin(np.arange(PHASES.size), [1, 3]))
    # The clock is that of photometry; nothing says that the features are those of the template.
    first, _, mismatch = fitted.template_phases(9.0, 31.0)
    assert first == pytest.approx(-3.0 / 0.9, abs=1.5)
    assert mismatch == np.inf
    assert fitted.between(9.0, 31.0) is feature_transport
    # One that can be compared is evidence enough, and so are others elsewhere for their own pairs.
    for pair in ((0.0, 31.0), (9.0, 45.0), (20.0, 45.0)):
        assert fitted.between(*pair) is not feature_transport
    assert "not interpolated beside" not in fitted.notes[0]


def test_a_template_that_nothing_can_be_compared_with_is_said_not_to_be_used():
    fitted = cut_short(slice(None))
    assert fitted.between(9.0, 31.0) is feature_transport
    (note,) = fitted.notes
    assert note.startswith("not interpolated beside the template of Hsiao et al. (2007): no spectrum covers enough")


def test_notes_say_what_was_assumed():
    sn, sparse = observed(), spectra()
    (note,) = beside_template(hsiao(), sn, sparse).notes
    assert re.search(r"B maximum at phase 1[12]\.\d \+- 0\.\d d and a stretch of 0\.(8|9)\d, from \d+ points", note)
    none = LightCurve(**{name: x[:0] for name, x in dataclasses.asdict(sn.light_curve).items()})
    (note,) = beside_template(hsiao(), dataclasses.replace(sn, light_curve=none), sparse).notes
    assert "from the spectra alone" in note
    assert Paced(interpolate=log_linear, pace=0.2).notes == (
        "interpolated at the pace of the class: half of the time is 55% of the way",
    )


def test_paced_is_ahead_in_the_middle_and_true_at_the_ends():
    paced = Paced(interpolate=lambda wave, a, b, t: t[:, None] * np.ones(wave.size), pace=0.2)
    t = np.array([0.0, 0.5, 1.0])
    np.testing.assert_allclose(paced.between(1.0, 9.0)(WAVE, WAVE, WAVE, t)[:, 0], [0.0, 0.55, 1.0])
    # Told that the first is the later, it runs the other way: the same epochs, whatever the order.
    np.testing.assert_allclose(paced.between(9.0, 1.0)(WAVE, WAVE, WAVE, t)[:, 0], [0.0, 0.45, 1.0])
    with pytest.raises(ValueError, match="pace is 2"):
        Paced(interpolate=log_linear, pace=2.0)


def test_plain_interpolators_pass_through_unchanged():
    assert for_supernova(log_linear, observed(), spectra()) is log_linear
    assert for_pair(log_linear, 0.0, 1.0) is log_linear
    assert isinstance(class_transport, ForSupernova)
    assert isinstance(Paced(interpolate=log_linear, pace=0.1), ForPair)


def test_choice_by_class():
    sparse = spectra()
    chosen = {name: class_transport.for_supernova(observed(sn_type=name), sparse) for name in ("II P", "Ic", "SLSN-I")}
    assert chosen["II P"] == Paced(interpolate=feature_transport, pace=0.2)
    assert chosen["Ic"] == Paced(interpolate=feature_transport, pace=0.2)
    assert chosen["SLSN-I"] is feature_transport
    beside = class_transport.for_supernova(observed(), sparse)
    assert beside.template is hsiao()
    other = ClassTransport(templates={}, paces={"Ia": 0.1}, interpolate=log_linear)
    assert other.for_supernova(observed(), sparse) == Paced(interpolate=log_linear, pace=0.1)
