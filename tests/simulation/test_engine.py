"""Simulated light curves: true to the spectra, to the noise, and the same for any chunk."""

import dataclasses
import hashlib
import subprocess
import sys
import warnings

import numpy as np
import pytest

import sntransport as snt
from sntransport._numerics.units import njy_to_mag
from sntransport.photometry.bands import load_bands
from sntransport.photometry.dust_polynomials import Dust
from sntransport.simulation.engine import SelectionWarning, simulate, simulate_chunks
from sntransport.simulation.events.distributions import Constant, Exponential, Normal, Uniform
from sntransport.simulation.events.population import Population
from sntransport.simulation.events.solar_motion import cmb_redshift
from sntransport.simulation.flux_lookup import places
from sntransport.simulation.flux_tables import flux_tables
from sntransport.simulation.light_curves import concatenate
from sntransport.simulation.random_streams import BLOCK
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION, PHOTFLAG_SATURATED, PHOTFLAG_TRIGGER, trigger
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.footprint import unit_vectors
from sntransport.simulation.surveys.survey import Survey, select_visits
from sntransport.spectra.sightline import Sightline
from sntransport.transport.templates.sources import hsiao
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def template():
    """Hsiao's SN Ia, as bright as one is."""
    series = hsiao()
    return dataclasses.replace(series, flux=0.3 * series.flux / series.flux.max(), flux_err=None, sn_type="Ia")


def survey_of(bands, *, name="every night", nights=400, radius=90.0, **more):
    """Two pointings with every band every night that together see the whole sky."""
    mjd = np.repeat(60000.0 + np.arange(nights), 2 * len(bands)) + np.tile(0.01 * np.arange(2 * len(bands)), nights)
    band = np.tile(np.repeat(np.arange(len(bands)), 2), nights)
    dec = np.tile([-90.0, 90.0], nights * len(bands))
    columns = {"background": np.full(mjd.size, 100.0), "photons_per_njy": np.full(mjd.size, 10.0)} | more
    return Survey(
        name=name, bands=tuple(bands), mjd=mjd, band=band, ra=np.zeros(mjd.size), dec=dec, radius=radius, **columns
    )


POPULATION = Population(
    redshift=Uniform(low=0.02, high=0.3),
    mag_offset=Normal(mean=0.0, sigma=0.2),
    ebv_host=Exponential(scale=0.1, high=0.6),
    ebv_mw=lambda ra, dec: 0.001 * ra,
    peculiar_velocity=300.0,
)
BANDS = ("lsstg", "lsstr", "ztfr", "atlaso")


@pytest.fixture(scope="module")
def light_curves(template):
    return simulate([template], survey_of(BANDS), POPULATION, n=300, seed=4)


def exact(series, truth, i, bands):
    """Band fluxes of one object at the phases of its template, by the package's own integral."""
    line = Sightline(
        z=truth.z[i],
        distance_modulus=truth.distance_modulus[i] + truth.mag_offset[i],
        ebv_mw=truth.ebv_mw[i],
        ebv_host=truth.ebv_host[i],
        rv_host=truth.rv_host[i],
    )
    return snt.band_flux(series, bands, line)


def without_noise(survey):
    tiny = np.full(survey.n_visit, 1e-6)
    none = {"photons_per_njy": None, "saturation": None, "zero_point_error": None, "calibration_floor": None}
    return dataclasses.replace(survey, background=tiny, **none)


def test_fluxes_are_those_of_the_spectra(template):
    survey = without_noise(survey_of(BANDS))
    found = simulate([template], survey, POPULATION, n=200, seed=2)
    for i in range(0, 200, 5):
        rows = slice(found.offset[i], found.offset[i + 1])
        flux = exact(template, found.truth, i, BANDS)
        phase = (found.mjd[rows] - found.truth.mjd_ref[i]) / (1 + found.truth.z[i])
        for b in range(len(BANDS)):
            here = found.band[rows] == b
            expected = np.interp(phase[here], template.phase, flux[:, b])
            peak = flux[:, b].max()
            error = -2.5 * np.log10(found.flux[rows][here] / expected)
            assert np.abs(error[expected > 0.01 * peak]).max(initial=0) < 1e-3
            assert np.abs(error[expected > 0.001 * peak]).max(initial=0) < 5e-3


def test_peaks_are_of_the_series_and_not_of_the_visits(template, light_curves):
    truth = light_curves.truth
    for i in range(0, 300, 10):
        flux = exact(template, truth, i, BANDS)
        np.testing.assert_allclose(truth.peak_mag[i], njy_to_mag(flux.max(axis=0)), atol=1e-3)
        at = template.phase[flux.argmax(axis=0)]
        # Two neighbors that are equal within the error of the table may change places.
        late = np.abs(truth.peak_mjd[i] - truth.mjd_ref[i] - (1 + truth.z[i]) * at)
        assert np.all(late < 1.5 * (1 + truth.z[i]))


def test_noise_is_that_of_the_formula(template):
    survey = survey_of(BANDS, zero_point_error=np.full(4, 0.02), calibration_floor=np.full(4, 0.01))
    quiet = simulate([template], without_noise(survey), POPULATION, n=50, seed=3)
    found = simulate([template], survey, POPULATION, n=50, seed=3)
    for i in range(50):
        rows = slice(found.offset[i], found.offset[i + 1])
        visit = np.searchsorted(survey.mjd, found.mjd[rows])
        expected = noise.flux_error(survey, visit, quiet.flux[rows])
        np.testing.assert_allclose(found.flux_err[rows], expected, rtol=1e-6)


def test_the_true_flux_is_that_without_noise(template):
    """Kept or not, it changes nothing else; and the fluxes scatter about it as their errors say."""
    given = [template], survey_of(BANDS, field=np.arange(2 * 4 * 400) % 2), POPULATION
    plain, kept = (simulate(*given, n=40, seed=4, true_flux=true) for true in (False, True))
    assert plain.true_flux is None
    np.testing.assert_array_equal(plain.flux, kept.flux)
    pull = (kept.flux - kept.true_flux) / kept.flux_err
    assert abs(pull.mean()) < 4 / np.sqrt(pull.size)
    assert pull.std() == pytest.approx(1.0, abs=4 / np.sqrt(2 * pull.size))
    # A survey without noise to speak of measures it.
    quiet = survey_of(BANDS, background=np.full(3200, 1e-9), photons_per_njy=np.full(3200, np.inf))
    exact = simulate([template], quiet, POPULATION, n=40, seed=4)
    np.testing.assert_allclose(kept.true_flux, exact.flux, atol=1e-7)
    assert "field_number" not in plain.truth.more
    # One pointing sees the north, the other the south.
    np.testing.assert_array_equal(kept.truth.more["field_number"], (kept.truth.dec > 0).astype(int))
    assert simulate([template], survey_of(BANDS), POPULATION, n=3, true_flux=True).truth.more[
        "field_number"
    ].tolist() == [-1, -1, -1]


def test_identifiers_begin_where_they_are_told_to(template):
    given = {"survey": survey_of(BANDS), "population": POPULATION, "n": 30, "seed": 4}
    plain, later = (simulate([template], first_id=first, **given) for first in (0, 1000))
    np.testing.assert_array_equal(later.truth.object_id, plain.truth.object_id + 1000)
    np.testing.assert_array_equal(later.flux, plain.flux)
    last = simulate([template], first_id=2**31 - 30, **given)
    assert last.truth.object_id[-1] == 2**31 - 1
    with pytest.raises(ValueError, match="first_id is 2147483619 for 30 objects, expected identifiers from 0 to"):
        simulate([template], first_id=2**31 - 29, **given)


def test_pulls_are_standard_normal(template):
    survey = survey_of(BANDS, zero_point_error=np.full(4, 0.02))
    quiet = simulate([template], without_noise(survey), POPULATION, n=500, seed=3)
    found = simulate([template], survey, POPULATION, n=500, seed=3)
    pull = (found.flux - quiet.flux) / found.flux_err
    assert pull.size > 100_000
    assert abs(pull.mean()) < 0.01
    assert abs(pull.std() - 1.0) < 0.01


def test_the_truth_has_the_frame_of_the_microwave_background(template):
    still = dataclasses.replace(POPULATION, ebv_mw=0.0)
    population = dataclasses.replace(still, solar_motion=True)
    found = simulate([template], without_noise(survey_of(BANDS)), population, n=50, seed=4)
    truth = found.truth
    np.testing.assert_allclose(cmb_redshift(truth.z, truth.ra, truth.dec), truth.more["z_cmb"], rtol=0, atol=1e-12)
    shift = (1 + truth.more["z_cmb"]) / (1 + truth.z_cosmology)
    np.testing.assert_allclose(truth.more["peculiar_velocity"], 299792.458 * (shift - 1), atol=1e-6)
    plain = simulate([template], without_noise(survey_of(BANDS)), still, n=50, seed=4).truth
    assert not plain.more
    assert plain.z.tolist() == truth.more["z_cmb"].tolist()
    # The light is that of the redshift and the distance as seen from the Sun.
    for i in range(0, 50, 10):
        flux = exact(template, truth, i, BANDS)
        np.testing.assert_allclose(truth.peak_mag[i], njy_to_mag(flux.max(axis=0)), atol=1e-3)


@pytest.mark.parametrize("chunk", [100, BLOCK, 1500])
def test_bytes_do_not_depend_on_the_chunk(template, chunk):
    survey, n = survey_of(("ztfr",), nights=100), 2 * BLOCK + 300
    whole = simulate([template], survey, POPULATION, n=n, seed=5)
    parts = concatenate(list(simulate_chunks([template], survey, POPULATION, n=n, seed=5, chunk=chunk)))
    same(whole, parts)
    low, high = 700, 2 * BLOCK + 10
    part = concatenate(list(simulate_chunks([template], survey, POPULATION, n=n, seed=5, objects=(low, high))))
    same(whole.take(np.arange(low, high)), part)


WORKER = """
import hashlib, sys
from tests.simulation.test_engine import POPULATION, hsiao, simulate_chunks, survey_of
first, last = int(sys.argv[1]), int(sys.argv[2])
for part in simulate_chunks([hsiao()], survey_of(("ztfr",), nights=100), POPULATION, n=1500, seed=5,
                            objects=(first, last)):
    print(hashlib.sha256(part.flux.tobytes() + part.truth.peak_mag.tobytes()).hexdigest())
"""


def test_bytes_do_not_depend_on_the_worker():
    whole = simulate([hsiao()], survey_of(("ztfr",), nights=100), POPULATION, n=1500, seed=5)
    part = whole.take(np.arange(900, 1500))
    expected = hashlib.sha256(part.flux.tobytes() + part.truth.peak_mag.tobytes()).hexdigest()
    done = subprocess.run(
        [sys.executable, "-c", WORKER, "900", "1500"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == [expected]


def same(one, other):
    for name in ("offset", "mjd", "band", "flux", "flux_err", "photflag"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    for name, column in one.truth.columns().items():
        assert column.tobytes() == other.truth.columns()[name].tobytes()


def test_another_seed_differs_everywhere(template, light_curves):
    other = simulate([template], survey_of(BANDS), POPULATION, n=300, seed=6)
    for name in ("z", "ra", "dec", "mjd_ref", "ebv_host", "mag_offset"):
        assert not np.any(getattr(other.truth, name) == getattr(light_curves.truth, name))


def test_two_surveys_see_the_same_event(template):
    lsst = without_noise(survey_of(("lsstr",), name="lsst"))
    ztf = without_noise(survey_of(("ztfr", "lsstr"), name="ztf"))
    both = simulate([template], [lsst, ztf], POPULATION, n=40, seed=7)
    alone = simulate([template], lsst, POPULATION, n=40, seed=7)
    assert both.surveys == ("lsst", "ztf", "ztf")
    np.testing.assert_array_equal(both.truth.z, alone.truth.z)
    np.testing.assert_allclose(both.flux[both.band == 0], alone.flux, rtol=1e-5, atol=1e-3)
    for i in range(40):
        rows = slice(both.offset[i], both.offset[i + 1])
        assert np.all(np.diff(both.mjd[rows]) >= 0)
    np.testing.assert_allclose(both.truth.peak_mag[:, 0], both.truth.peak_mag[:, 2], atol=1e-5)


def test_places_and_dates_of_several_surveys(template):
    """Two that see half of the sky each, and a little of the other's, one year after the other."""
    one = survey_of(BANDS[:1], name="early", nights=30)
    one = select_visits(one, one.dec < 0)
    other = survey_of(BANDS[1:2], name="late", nights=30)
    other = select_visits(other, other.dec > 0)
    other = dataclasses.replace(other, mjd=other.mjd + 20.0, radius=100.0 * 0.9)
    south, north = dataclasses.replace(one, radius=60.0), dataclasses.replace(other, dec=np.full(other.n_visit, -60.0))
    made = {
        places: simulate([template], [south, north], POPULATION, n=400, seed=3, places=places)
        for places in ("first", "all", "any")
    }
    np.testing.assert_array_equal(
        made["first"].truth.ra, simulate([template], south, POPULATION, n=400, seed=3).truth.ra
    )
    inside = {
        name: [
            np.degrees(np.arccos(unit_vectors(t.ra, t.dec) @ unit_vectors(s.ra[0], s.dec[0]))) <= s.radius + 1e-6
            for s in (south, north)
        ]
        for name, t in ((name, curves.truth) for name, curves in made.items())
    }
    assert inside["first"][0].all()
    assert inside["all"][0].all() & inside["all"][1].all()
    assert (inside["any"][0] | inside["any"][1]).all()
    assert not inside["any"][0].all()
    first, last = south.mjd[0], north.mjd[-1]
    for name, low, high in (
        ("first", first, south.mjd[-1]), ("all", north.mjd[0], south.mjd[-1]), ("any", first, last)
    ):  # fmt: skip
        mjd_ref = made[name].truth.mjd_ref
        assert low <= mjd_ref.min() < low + 1 < high - 1 < mjd_ref.max() <= high
        assert made[name].meta["dates"] == [low, high]
    assert "places" not in made["first"].meta
    assert made["all"].meta["places"] == "all"
    assert set(made["all"].surveys) == {"early", "late"}
    later = dataclasses.replace(north, mjd=north.mjd + 80.0)
    with pytest.raises(ValueError, match=r"have no date in common \(early MJD 60000 to 60029, late MJD 60100"):
        simulate([template], [south, later], POPULATION, n=4, places="all")


def test_saturated_measurements_have_no_flux(template):
    survey = survey_of(("ztfr",), nights=200)
    limit = np.full(survey.n_visit, 3e4)
    found = simulate([template], dataclasses.replace(survey, saturation=limit), POPULATION, n=100, seed=8)
    quiet = simulate([template], without_noise(survey), POPULATION, n=100, seed=8)
    saturated = (found.photflag & PHOTFLAG_SATURATED) > 0
    assert 0 < saturated.sum() < saturated.size
    np.testing.assert_array_equal(saturated, quiet.flux > 3e4)
    np.testing.assert_array_equal(saturated, np.isnan(found.flux))
    assert not np.any(found.photflag[saturated] & PHOTFLAG_DETECTION)


def test_flags_are_those_of_the_trigger(light_curves):
    found = light_curves
    detected = (found.photflag & PHOTFLAG_DETECTION) > 0
    np.testing.assert_array_equal(detected, found.flux / found.flux_err >= 5)
    fired = trigger(detected, found.mjd, found.offset)
    marked = np.add.reduceat((found.photflag & PHOTFLAG_TRIGGER) > 0, found.offset[:-1])
    counts = np.diff(found.offset)
    np.testing.assert_array_equal(marked[counts > 0], fired.triggered[counts > 0])


def test_keep_selects_objects(template):
    survey = survey_of(("ztfr",), nights=30, background=np.full(60, 1e5))
    options = {"n": 500, "seed": 9, "dates": (59900.0, 60100.0)}
    every = simulate([template], survey, POPULATION, **options)
    observed = simulate([template], survey, POPULATION, keep="observed", **options)
    triggered = simulate([template], survey, POPULATION, keep="triggered", **options)
    assert every.n_object == 500 > observed.n_object > triggered.n_object > 0
    np.testing.assert_array_equal(observed.truth.object_id, np.flatnonzero(np.diff(every.offset)))


def test_nothing_left_is_an_empty_result_and_a_warning(template):
    survey = survey_of(("ztfr",), nights=30)
    with pytest.warns(SelectionWarning, match="none of 50 objects is left by keep='observed'"):
        found = simulate([template], survey, POPULATION, n=50, keep="observed", dates=(70000.0, 70100.0))
    assert found.n_object == 0
    assert found.bands == ("ztfr",)
    with warnings.catch_warnings(record=True), pytest.warns(SelectionWarning):
        assert simulate([template], survey, POPULATION, n=0).n_object == 0


def test_margin_adds_visits_without_light(template):
    survey = without_noise(survey_of(("ztfr",), nights=400))
    plain = simulate([template], survey, POPULATION, n=30, seed=1, dates=(60150.0, 60200.0))
    wide = simulate([template], survey, POPULATION, n=30, seed=1, dates=(60150.0, 60200.0), margin=(10.0, 20.0))
    extra = np.diff(wide.offset) - np.diff(plain.offset)
    assert np.all((extra >= 28) & (extra <= 62))
    i = 3
    rows = slice(wide.offset[i], wide.offset[i + 1])
    phase = (wide.mjd[rows] - wide.truth.mjd_ref[i]) / (1 + wide.truth.z[i])
    outside = (phase < template.phase[0]) | (phase > template.phase[-1])
    assert np.abs(wide.flux[rows][outside]).max() < 1e-4


def short(template, low, high):
    keep = (template.wave >= low) & (template.wave <= high)
    return dataclasses.replace(
        template, wave=template.wave[keep], flux=template.flux[:, keep], flux_err=None, origin=None, name="short"
    )


def test_a_template_that_does_not_cover_a_band(template):
    survey = without_noise(survey_of(("lsstg", "lsstr")))
    series = short(template, 4000.0, 9000.0)
    with pytest.raises(ValueError, match=r"template 'short' .* does not cover band 'lsstg' at z = 0\.\d+"):
        simulate([series], survey, POPULATION, n=10)
    marked = simulate([series], survey, POPULATION, n=100, uncovered="nan")
    dropped = simulate([series], survey, POPULATION, n=100, uncovered="drop")
    missing = np.isnan(marked.flux)
    assert missing.any()
    assert set(marked.band[missing]) == {0}
    assert dropped.n_obs == marked.n_obs - missing.sum()
    np.testing.assert_allclose(dropped.flux, marked.flux[~missing], rtol=1e-6, atol=1e-3)
    assert np.isnan(marked.truth.peak_mag[:, 0]).any()
    assert np.isfinite(marked.truth.peak_mag[:, 1]).all()


def test_wide_steps_of_phase_are_not_interpolated(template):
    rows = np.r_[0:30, 60:104]
    series = dataclasses.replace(
        template, phase=template.phase[rows], flux=template.flux[rows], flux_err=None, origin=None
    )
    survey = without_noise(survey_of(("ztfr",)))
    found = simulate([series], survey, POPULATION, n=20, dates=(60150.0, 60200.0))
    joined = simulate([series], survey, POPULATION, n=20, dates=(60150.0, 60200.0), max_gap=40.0)
    for i in range(20):
        at = slice(found.offset[i], found.offset[i + 1])
        phase = (found.mjd[at] - found.truth.mjd_ref[i]) / (1 + found.truth.z[i])
        inside = (phase > series.phase[29]) & (phase < series.phase[30])
        np.testing.assert_array_equal(np.isnan(found.flux[at]), inside)
    assert np.isfinite(joined.flux).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": -1}, "n is -1"),
        ({"chunk": 0}, "chunk 0"),
        ({"objects": (5, 20)}, r"objects is \(5, 20\), expected a range within 0 to 10"),
        ({"keep": "some"}, "keep is 'some'"),
        ({"dates": (60100.0, 60000.0)}, "expected two dates"),
        ({"margin": (-1.0, 0.0)}, "margin"),
    ],
)
def test_impossible_arguments_are_named(template, change, message):
    with pytest.raises(ValueError, match=message):
        simulate_chunks([template], survey_of(("ztfr",), nights=10), POPULATION, **({"n": 10} | change))


def test_impossible_inputs_are_named(template):
    survey = survey_of(("ztfr",), nights=10)
    with pytest.raises(ValueError, match="at least one template"):
        simulate([], survey, POPULATION)
    with pytest.raises(ValueError, match="survey 'every night' has no visits"):
        simulate([template], select_visits(survey, []), POPULATION)
    with pytest.raises(ValueError, match="unknown band 'nosuch'"):
        simulate([template], survey_of(("nosuch",), nights=10), POPULATION)
    with pytest.raises(ValueError, match="surveys need names of their own"):
        simulate([template], [survey, survey], POPULATION)
    with pytest.raises(ValueError, match="template_weight has 2 values for 1 templates"):
        simulate([template], survey, dataclasses.replace(POPULATION, template_weight=[1.0, 2.0]))
    dusty = dataclasses.replace(POPULATION, ebv_mw=lambda ra, dec: np.full(ra.shape, 7.0))
    with pytest.raises(ValueError, match="ebv_mw is 7 at ra"):
        simulate([template], survey, dusty)


def test_template_weights_are_met(template):
    names = [dataclasses.replace(template, name=str(i)) for i in range(3)]
    population = dataclasses.replace(POPULATION, template_weight=[1.0, 0.0, 3.0])
    found = simulate(names, survey_of(("ztfr",), nights=10), population, n=4000)
    counts = np.bincount(found.truth.template, minlength=3)
    assert counts[1] == 0
    assert abs(counts[0] / 4000 - 0.25) < 0.03


def test_signal_to_noise_at_the_depth_is_five(template):
    """A source of the stated depth, many times."""
    depth, photons = 24.0, 50.0
    flat = dataclasses.replace(template, flux=np.ones_like(template.flux), flux_err=None)
    population = Population(redshift=Constant(value=0.1))
    survey = survey_of(("lsstr",), nights=300)
    bright = simulate([flat], without_noise(survey), population, n=1, seed=1)
    offset = depth - njy_to_mag(np.median(bright.flux))
    background = np.full(survey.n_visit, noise.background_from_depth(depth, photons))
    visits = dataclasses.replace(survey, background=background, photons_per_njy=np.full(survey.n_visit, photons))
    found = simulate([flat], visits, dataclasses.replace(population, mag_offset=float(offset)), n=1000, seed=2)
    snr = found.flux / found.flux_err
    assert snr.mean() == pytest.approx(5.0, rel=0.01)


def test_tables_are_checked_by_hand_at_a_corner_of_dust(template):
    """The largest dust of both kinds at once, in the bluest band."""
    bands = load_bands(["lsstu", "lsstg"])
    tables = flux_tables([template], bands, (0.1, 0.2), Dust(ebv_mw=0.8, ebv_host=1.0))
    z, mw, host = np.array([0.15]), np.array([0.8]), np.array([1.0])
    seen = places(tables, z, mw, host, np.ones(1))
    flux = []
    for b, n in enumerate(tables.n_term):
        made = tables.table[tables.start[0, b] :][: template.n_phase * tables.x.size * n]
        made = made.reshape(template.n_phase, tables.x.size, n)[:, seen.cell[0] : seen.cell[0] + 4]
        flux.append(made.reshape(template.n_phase, -1) @ seen.weights[0, b, : 4 * n])
    flux = np.array(flux)
    expected = snt.band_flux(template, bands, Sightline(z=0.15, distance_modulus=0.0, ebv_mw=0.8, ebv_host=1.0))
    bright = expected > 0.01 * expected.max(axis=0)
    np.testing.assert_allclose(flux.T[bright], expected[bright], rtol=9e-4)
    faint = expected > 0.001 * expected.max(axis=0)
    np.testing.assert_allclose(flux.T[faint], expected[faint], rtol=4e-3)


@pytest.mark.parametrize("option", [{"noise": "snana"}, {"efficiency": 5.0}, {"selection": {"trigger": "g"}}])
def test_options_of_another_type_say_the_call(option):
    ((name, value),) = option.items()
    with pytest.raises(TypeError, match=rf"^{name} is .*, expected a \w+: simulate\(\.\.\., {name}=\w+\(\.\.\.\)\)$"):
        simulate([hsiao()], survey_of(("lsstg",)), POPULATION, n=2, **{name: value})
