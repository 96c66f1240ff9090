"""Noise by choice, through whole simulations: SNANA's formulas on the lines of a SIMLIB, and the law of each choice."""

import dataclasses

import numpy as np
import pytest

from sntransport._numerics.units import AB_ZERO_NJY
from sntransport.simulation.engine import simulate, simulate_chunks
from sntransport.simulation.events.distributions import Uniform
from sntransport.simulation.events.population import Population
from sntransport.simulation.light_curves import concatenate
from sntransport.simulation.noise.error_model import Errors
from sntransport.simulation.noise.noise_model import CHOICES, SATURATED_ERR, SNANA_NOISE, NoiseModel
from sntransport.simulation.selection.detection import (
    PHOTFLAG_DETECTION,
    PHOTFLAG_SATURATED,
    DetectionEfficiency,
    step_efficiency,
)
from sntransport.simulation.selection.selection import Selection
from sntransport.simulation.surveys.formats.snana_simlib import read_simlib
from sntransport.simulation.surveys.survey import Survey
from sntransport.spectra.series import SpectralSeries

BANDS = "gri"
POPULATION = Population(redshift=Uniform(low=0.05, high=0.4))
PIXEL, FULL = 0.2, 30_000


@pytest.fixture(scope="module")
def template():
    """As bright as a type Ia supernova, the same at all wavelengths."""
    wave, phase = np.linspace(2000.0, 12000.0, 400), np.linspace(-20.0, 60.0, 41)
    flux = 0.1 * np.exp(-((phase[:, None] / 20.0) ** 2)) * np.ones(wave.size)
    return SpectralSeries(phase=phase, wave=wave, flux=flux, name="flat")


def survey_of(n=300, **fields):
    """Two pointings with every band every night that together see the whole sky."""
    size = 2 * n * len(BANDS)
    columns = {"background": np.full(size, 100.0), "photons_per_njy": np.full(size, 10.0)} | fields
    return Survey(
        name="s", bands=[f"lsst{letter}" for letter in BANDS], mjd=60000.0 + np.arange(size) / (2 * len(BANDS)),
        band=np.tile(np.repeat(np.arange(len(BANDS)), 2), n), ra=np.zeros(size), dec=np.tile([-90.0, 90.0], size // 2),
        radius=90.0, **columns,
    )  # fmt: skip


def quiet(survey):
    """The same visits without noise."""
    tiny = np.full(survey.n_visit, 1e-9)
    none = dict.fromkeys(("photons_per_njy", "saturation", "zero_point_error", "calibration_floor", "template_noise"))
    return dataclasses.replace(survey, background=tiny, **none)


def both(template, survey, *, n=60, seed=2, **options):
    """Measured light curves, and the true fluxes of the same visits."""
    made = simulate([template], survey, POPULATION, n=n, seed=seed, **options)
    return made, simulate([template], quiet(survey), POPULATION, n=n, seed=seed).flux


@pytest.fixture(scope="module")
def simlib(tmp_path_factory):
    """A SIMLIB in which every visit is another, as text: the path, and the numbers as they are written."""
    rng, lines, visits = np.random.default_rng(3), [], []
    fixed = {
        "TEMPLATE_ZPT": (33.1, 33.6, 32.2),
        "TEMPLATE_SKYSIG": (40.0, 60.0, 0.0),
        "TEMPLATE_CCDSIG": (9.0, 12.0, 0.0),
    }
    for i in range(900):
        row = {
            "MJD": 60000.0 + 0.31 * i, "N": int(rng.integers(1, 4)), "BAND": BANDS[i % 3], "GAIN": rng.uniform(0.8, 4),
            "NOISE": rng.uniform(3, 12), "SKYSIG": rng.uniform(10, 70), "PSF1": rng.uniform(1.2, 3.0),
            "PSF2": rng.uniform(2.0, 4.0), "RATIO": rng.choice([0.0, 0.1]), "ZPT": rng.uniform(31.0, 33.0),
            "ZPTERR": rng.uniform(0.002, 0.03),
        }  # fmt: skip
        visits.append(row)
        names = ("GAIN", "NOISE", "SKYSIG", "PSF1", "PSF2", "RATIO", "ZPT", "ZPTERR")
        numbers = " ".join(repr(float(row[name])) for name in names)
        lines.append(f"S: {row['MJD']!r} {i}*{row['N']} {row['BAND']} {numbers} 99")
    header = [
        "DOCUMENTATION:", "  PURPOSE: a test", "DOCUMENTATION_END:", "SURVEY: LSST  FILTERS: gri", f"PIXSIZE: {PIXEL}",
        f"NPE_PIXEL_SATURATE: {FULL}", "BEGIN LIBGEN", "LIBID: 1", "RA: 30 DEC: -20 NOBS: 900", "FIELD: DEEP",
        *(f"{key}: {' '.join(map(str, values))}" for key, values in fixed.items()),
    ]  # fmt: skip
    path = tmp_path_factory.mktemp("simlib") / "a.simlib"
    path.write_text("\n".join([*header, *lines, "END_LIBID: 1", ""]))
    return path, visits, fixed


def manual(visit, fixed, flux):
    """SNANA's manual, eq. (noise), "Correlated Template Noise" and "Saturation Option": all in photo-electrons.

    Gives the photo-electrons of a true flux [nJy], its variance with its parts, and whether it saturates.
    """
    mag = -2.5 * np.log10(flux / AB_ZERO_NJY)
    electrons = visit["GAIN"] * 10 ** (0.4 * (visit["ZPT"] - mag))
    one, two, ratio = visit["PSF1"] ** 2, visit["PSF2"] ** 2, visit["RATIO"]
    # 1 / int PSF**2 of a PSF of two Gaussians, each normalized, with weights from their heights.
    share = 1.0 / (1.0 + ratio * two / one)
    square = share**2 / (4 * np.pi * one) + (1 - share) ** 2 / (4 * np.pi * two)
    square += 2 * share * (1 - share) / (2 * np.pi * (one + two))
    area = 1.0 / square
    sky = (visit["SKYSIG"] * visit["GAIN"]) ** 2
    search = electrons + area * (sky + visit["NOISE"] ** 2)
    t = {key: values[BANDS.index(visit["BAND"])] for key, values in fixed.items()}
    own = (t["TEMPLATE_SKYSIG"] * visit["GAIN"]) ** 2 + t["TEMPLATE_CCDSIG"] ** 2
    template = area * own * 10 ** (0.8 * (visit["ZPT"] - t["TEMPLATE_ZPT"]))
    zero_point = (electrons * (10 ** (0.4 * visit["ZPTERR"]) - 1)) ** 2
    central = 1 / (2 * np.pi * one) * (1 - 1 / (4 * np.pi * one))
    full = (electrons * central + sky) / visit["N"] > FULL
    return electrons, search, template, zero_point, full


@pytest.mark.parametrize(("part", "drawn", "shown"), [("both", 1, 1), ("flux", 1, 0), ("error", 0, 1), ("none", 0, 0)])
def test_simlib_cases_equal_the_formulas_of_the_manual(template, simlib, part, drawn, shown):
    path, visits, fixed = simlib
    survey = read_simlib(path)
    model = dataclasses.replace(SNANA_NOISE, zero_point_in=part)
    made, true = both(template, survey, noise=model, efficiency=step_efficiency(5.0, true=True), n=40)
    rows = np.searchsorted(survey.mjd, made.mjd)
    n_full, ratios = 0, []
    for j in np.flatnonzero(true > 0):
        visit = visits[rows[j]]
        electrons, search, t, zero_point, full = manual(visit, fixed, true[j])
        njy = true[j] / electrons
        snr = electrons / np.sqrt(search + t + shown * zero_point)
        saturated = bool(made.photflag[j] & PHOTFLAG_SATURATED)
        assert saturated == full
        assert bool(made.photflag[j] & PHOTFLAG_DETECTION) == (snr >= 5 and not full)
        if full:
            assert (made.flux[j], made.flux_err[j]) == (0.0, 1e8)
            n_full += 1
            continue
        measured = made.flux[j] / njy
        expected = np.sqrt(search + t + shown * zero_point + max(measured, 0.0) - electrons)
        assert made.flux_err[j] == pytest.approx(expected * njy, rel=1e-6)
        ratios.append((measured - electrons) / np.sqrt(search + t + drawn * zero_point))
    # All cases occur: full pixels, and scatter of the variance that is drawn.
    assert n_full > 20
    assert len(ratios) > 3000
    assert np.std(ratios) == pytest.approx(1.0, abs=0.06)


def residuals(template, choice, **fields):
    """Deviations of visits in units of the template's noise, (n_object, n_band) lists."""
    survey = survey_of(template_noise=np.random.default_rng(4).uniform(50.0, 200.0, 1800), **fields)
    calm = dataclasses.replace(survey, background=np.full(survey.n_visit, 1e-6), photons_per_njy=None)
    made, true = both(template, calm, noise=NoiseModel(template=choice))
    noise = survey.template_noise[np.searchsorted(survey.mjd, made.mjd)]
    deviation = (made.flux - true) / noise
    owner = np.repeat(np.arange(made.n_object), np.diff(made.offset))
    lists = [
        [deviation[(owner == i) & (made.band == b) & (true > 0)] for b in range(len(BANDS))]
        for i in range(made.n_object)
    ]
    return made, noise, true, lists


def test_noise_of_the_template_is_common_to_the_visits_of_an_object_in_a_band(template):
    made, noise, true, lists = residuals(template, "common")
    means = np.array([[one.mean() for one in row] for row in lists])
    spread = np.array([[np.ptp(one) for one in row] for row in lists])
    assert spread.max() < 1e-4
    # One standard normal number for each, and none like another's.
    assert means.std() == pytest.approx(1.0, abs=0.2)
    assert np.abs(np.corrcoef(means.T) - np.eye(3)).max() < 0.4
    np.testing.assert_allclose(made.flux_err[true > 0], noise[true > 0], rtol=1e-6)


def test_noise_of_the_template_drawn_anew_or_left_out(template):
    _, _, _, lists = residuals(template, "each")
    every = np.concatenate([one for row in lists for one in row])
    assert every.std() == pytest.approx(1.0, abs=0.05)
    means = np.array([[one.mean() for one in row] for row in lists])
    assert means.std() < 0.4
    made, _, true, lists = residuals(template, "none")
    assert np.abs(np.concatenate([one for row in lists for one in row])).max() < 1e-4
    assert made.flux_err[true > 0].max() < 1e-3


def test_template_noise_is_common_without_a_choice(template):
    survey = survey_of(template_noise=np.full(1800, 80.0))
    made = simulate([template], survey, POPULATION, n=20, seed=2)
    chosen = simulate([template], survey, POPULATION, n=20, seed=2, noise=NoiseModel())
    np.testing.assert_array_equal(made.flux, chosen.flux)
    # It adds to errors and not to what is drawn for each visit.
    plain = simulate([template], survey_of(), POPULATION, n=20, seed=2)
    np.testing.assert_allclose(made.flux_err**2 - plain.flux_err**2, 80.0**2, rtol=1e-6)
    owner = np.repeat(np.arange(20), np.diff(made.offset))
    shift = (made.flux - plain.flux)[(owner == 3) & (made.band == 1)]
    np.testing.assert_allclose(shift, shift[0], rtol=1e-6)


def test_the_default_model_gives_the_bytes_of_plain_noise(template):
    fields = {"zero_point_error": [0.01] * 3, "calibration_floor": [0.005] * 3, "saturation": np.full(1800, 20_000.0)}
    plain = simulate([template], survey_of(**fields), POPULATION, n=60, seed=2)
    chosen = simulate([template], survey_of(**fields), POPULATION, n=60, seed=2, noise=NoiseModel())
    assert np.isnan(plain.flux).any()
    for name in ("flux", "flux_err", "photflag", "mjd", "band"):
        assert getattr(plain, name).tobytes() == getattr(chosen, name).tobytes()


def test_saturated_measurements_are_no_detections_with_any_ratio(template):
    survey = survey_of(saturation=np.full(1800, 20_000.0))
    for model, true in ((NoiseModel(), True), (NoiseModel(saturated="zero"), False), (SNANA_NOISE, True)):
        efficiency = DetectionEfficiency(bands=("*",), snr=[0.0], probability=[[1.0]], absolute=True, true=true)
        noise = dataclasses.replace(model, zero_point="band")
        made = simulate([template], survey, POPULATION, n=60, seed=2, noise=noise, efficiency=efficiency)
        full = made.photflag & PHOTFLAG_SATURATED > 0
        assert 50 < full.sum() < full.size
        np.testing.assert_array_equal(made.photflag & PHOTFLAG_DETECTION > 0, ~full)
        zero = noise.saturated == "zero"
        np.testing.assert_array_equal(made.flux[full], 0.0 if zero else np.nan)
        np.testing.assert_array_equal(made.flux_err[full], SATURATED_ERR if zero else np.nan)


def test_detection_at_the_true_ratio_needs_a_flux(template):
    always = {"bands": ("*",), "snr": [-1e9], "probability": [[1.0]]}
    survey, options = survey_of(), {"n": 40, "seed": 2, "margin": (40.0, 0.0)}
    true = simulate([template], survey, POPULATION, efficiency=DetectionEfficiency(**always, true=True), **options)
    measured = simulate([template], survey, POPULATION, efficiency=DetectionEfficiency(**always), **options)
    assert np.all(measured.photflag & PHOTFLAG_DETECTION)
    flux = simulate([template], quiet(survey), POPULATION, **options).flux
    np.testing.assert_array_equal(true.photflag & PHOTFLAG_DETECTION > 0, flux > 1e-6)
    np.testing.assert_array_equal(true.flux, measured.flux)


def test_efficiencies_of_fields_may_be_of_the_true_ratio(template):
    survey = dataclasses.replace(survey_of(), field=np.tile([0, 1], 900), field_names={0: "S", 1: "N"})
    selection = Selection(field_efficiency={"N": step_efficiency(5.0, true=True)})
    made, true = both(template, survey, efficiency=step_efficiency(5.0), selection=selection, n=200)
    owner = np.repeat(np.arange(200), np.diff(made.offset))
    north = made.truth.more["field"][owner] == "N"
    assert 0.2 < north.mean() < 0.8
    plain = np.sqrt(100.0**2 + true / 10.0)
    expected = np.where(north, true >= 5 * plain, made.flux >= 5 * made.flux_err)
    np.testing.assert_array_equal(made.photflag & PHOTFLAG_DETECTION > 0, expected)


def test_epochs_of_visits_go_with_their_own_trigger(template):
    with pytest.raises(ValueError, match="epochs='visits' goes with n_epochs"):
        simulate([template], survey_of(), POPULATION, n=5, epochs="visits", selection=Selection(trigger="2 of g, r"))


def test_errors_of_a_function_are_drawn_and_reported(template):
    survey = survey_of(more={"psf": np.linspace(0.5, 1.5, 1800)}, template_noise=np.full(1800, 50.0))
    scale = {}

    def larger(flux_err, seen):
        scale["psf"], scale["snr"] = seen.column("psf"), seen.snr
        return Errors(drawn=(1.0 + scale["psf"]) * flux_err, reported=1.2 * flux_err)

    made, true = both(template, survey, noise=NoiseModel(errors=larger, template="each"), n=200)
    plain, _ = both(template, survey, noise=NoiseModel(template="each"), n=200)
    np.testing.assert_allclose(made.flux_err, 1.2 * plain.flux_err, rtol=1e-12)
    np.testing.assert_allclose(scale["snr"][: true.size], true / plain.flux_err, rtol=1e-5)
    psf = survey.more["psf"][np.searchsorted(survey.mjd, made.mjd)]
    pull = (made.flux - true) / ((1.0 + psf) * plain.flux_err)
    for part in (psf < 0.9, psf > 1.1):
        assert pull[part].std() == pytest.approx(1.0, abs=0.03)


def test_noise_of_the_template_is_scaled_with_the_errors(template):
    survey = survey_of(template_noise=np.full(1800, 80.0), background=np.full(1800, 1e-6), photons_per_njy=None)
    plain, true = both(template, survey)
    scaled = NoiseModel(errors=lambda flux_err, seen: Errors(2.5 * flux_err, flux_err))
    made, _ = both(template, survey, noise=scaled)
    np.testing.assert_allclose(made.flux - true, 2.5 * (plain.flux - true), atol=1e-3)


def test_errors_may_be_made_smaller(template):
    half = NoiseModel(errors=lambda flux_err, seen: Errors(0.5 * flux_err, 0.5 * flux_err), reported_at="measured")
    made, true = both(template, survey_of(), noise=half, n=200)
    plain, _ = both(template, survey_of(), n=200)
    assert ((made.flux - true) / plain.flux_err).std() == pytest.approx(0.5, abs=0.01)
    assert np.all(made.flux_err >= 0.5 * 100.0 * (1 - 1e-12))


def test_scatter_beyond_the_calculated_one_is_correlated_within_a_group(template):
    share = 0.6

    def together(flux_err, seen):
        group = np.where(seen.band < 2, 0, -1)
        return Errors(10.0 * flux_err, flux_err, group, np.full(flux_err.size, share))

    survey = survey_of(background=np.full(1800, 10.0))
    made, true = both(template, survey, noise=NoiseModel(errors=together), n=600)
    plain, _ = both(template, survey, n=600)
    excess = (made.flux - plain.flux) / (np.sqrt(99.0) * plain.flux_err)
    owner = np.repeat(np.arange(600), np.diff(made.offset))
    seen = true / plain.flux_err > 2
    pairs = []
    for i in range(600):
        first = [excess[(owner == i) & seen & (made.band == b)][:1] for b in range(3)]
        if all(one.size for one in first):
            pairs.append(np.concatenate(first))
    matrix = np.cov(np.array(pairs).T)
    expected = np.eye(3) + share * np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    assert len(pairs) > 400
    np.testing.assert_allclose(matrix, expected, atol=0.15)


def test_bytes_do_not_depend_on_the_chunk(template):
    survey = survey_of(60, template_noise=np.full(360, 80.0))
    noise = NoiseModel(reported_at="measured", errors=lambda flux_err, seen: Errors(2.0 * flux_err, flux_err))
    options = {"n": 2500, "seed": 5, "noise": noise}
    whole = simulate([template], survey, POPULATION, **options)
    parts = concatenate(list(simulate_chunks([template], survey, POPULATION, chunk=700, **options)))
    for name in ("flux", "flux_err", "photflag"):
        assert getattr(whole, name).tobytes() == getattr(parts, name).tobytes()


def test_two_surveys_each_have_their_own_columns(template):
    one = survey_of(more={"psf": np.full(1800, 1.0), "zero_point_error": np.full(1800, 0.1)})
    two = dataclasses.replace(
        one, name="t", template_noise=np.full(1800, 300.0),
        more={"psf": np.full(1800, 3.0), "zero_point_error": np.zeros(1800)},
    )  # fmt: skip

    def by_psf(flux_err, seen):
        return Errors(flux_err, seen.column("psf") * flux_err)

    noise = NoiseModel(errors=by_psf, zero_point="visit")
    made = simulate([template], [one, two], POPULATION, n=20, seed=2, noise=noise)
    true = simulate([template], [quiet(one), quiet(two)], POPULATION, n=20, seed=2).flux
    known = true > 0
    own = 100.0**2 + true / 10.0
    first = np.sqrt(own + (true * (10**0.04 - 1)) ** 2)
    second = 3.0 * np.sqrt(own + 300.0**2)
    np.testing.assert_allclose(made.flux_err[known], np.where(made.band < 3, first, second)[known], rtol=1e-5)


@pytest.mark.parametrize(
    ("errors", "match"),
    [
        (lambda flux_err, seen: Errors(flux_err[:3], flux_err), "gives drawn of shape"),
        (lambda flux_err, seen: Errors(flux_err, 0.0 * flux_err), "gives reported 0 nJy at MJD"),
        (lambda flux_err, seen: Errors(seen.column("psf"), flux_err), "asks for 'psf', which survey 's' does not have"),
        (
            lambda flux_err, seen: Errors(
                flux_err, flux_err, np.zeros(len(flux_err), int), np.full(len(flux_err), 2.0)
            ),
            "correlation that is not within 0 and 1",
        ),
    ],
)
def test_refuses_what_is_no_error(template, errors, match):
    with pytest.raises(ValueError, match=match):
        simulate([template], survey_of(), POPULATION, n=20, noise=NoiseModel(errors=errors))


def test_refuses_choices_that_are_not_known():
    for name in CHOICES:
        with pytest.raises(ValueError, match=f"NoiseModel.{name} is 'other', expected one of"):
            NoiseModel(**{name: "other"})
    with pytest.raises(TypeError, match=r"NoiseModel\.errors is 3"):
        NoiseModel(errors=3)


def test_visits_without_an_error_of_the_zero_point(template):
    with pytest.raises(ValueError, match="asks for 'zero_point_error'"):
        simulate([template], survey_of(), POPULATION, n=20, noise=NoiseModel(zero_point="visit"))


def test_the_choices_are_in_the_metadata(template):
    made = simulate([template], survey_of(), POPULATION, n=5, noise=NoiseModel(template="each"), epochs="visits")
    assert made.meta["noise"]["template"] == "each"
    assert made.meta["epochs"] == "visits"
    assert "noise" not in simulate([template], survey_of(), POPULATION, n=5).meta
