"""Templates of a class: families of series whose mean is known, ragged coverage, clocks, and what is refused."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sntransport as snt
from sntransport._numerics.units import C_KMS
from sntransport.spectra.grid import grid_wave
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.transport.exact import barycenter
from sntransport.transport.feature_mean import feature_barycenter, two_way
from sntransport.transport.features import feature_shift, feature_transport
from sntransport.transport.templates.class_template import build_template, require_complete

WAVE = grid_wave(9850, 1000)
PHASE = np.arange(0.0, 50.0)


def flux_at(phase, *, speed=1.0, zero=0.0, stretch=1.0, color=0.0):
    """A cooling continuum with four lines that slow down and deepen; ``speed`` scales their velocities."""
    p = np.atleast_1d((np.asarray(phase) - zero) / stretch)[:, None]
    dips = 1.0
    for rest, depth, width in ((4861.0, 0.3, 60.0), (5169.0, 0.2, 50.0), (5890.0, 0.25, 60.0), (6563.0, 0.4, 90.0)):
        center = rest * (1.0 - speed * (9000.0 - 60.0 * p) / C_KMS)
        dips = dips - depth * (0.5 + p / 100.0) * np.exp(-0.5 * ((WAVE - center) / width) ** 2)
    continuum = (WAVE / 5000.0) ** -5 / np.expm1(1.4388e8 / (WAVE * (12000.0 - 60.0 * p)))
    return np.exp(-p / 40.0) * continuum * dips * (WAVE / 5500.0) ** color


def series(name, *, phase=PHASE, sn_type="II P", **family):
    return SpectralSeries(phase=phase, wave=WAVE, flux=flux_at(phase, **family), name=name, sn_type=sn_type)


def error(template, **family):
    """Rms of ln template over the truth, blind to brightness, away from the ends."""
    truth = np.stack([np.interp(template.wave, WAVE, row) for row in flux_at(template.phase, **family)])
    ratio = np.log(template.flux / truth)[:, 30:-30]
    return np.sqrt(np.mean((ratio - ratio.mean()) ** 2))


def test_mean_of_fast_and_slow_is_the_one_in_the_middle():
    speeds = (0.8, 1.0, 1.2)
    family = [series(f"at {speed}", speed=speed) for speed in speeds]
    made = build_template(family, fit_clock=False)
    in_place = np.exp(np.mean([np.log(one.flux) for one in family], axis=0))
    assert error(made.series) < 0.0015
    assert error(made.series) < 0.2 * error(SpectralSeries(phase=PHASE, wave=WAVE, flux=in_place))
    at = np.searchsorted(made.series.phase, 30.0)
    truth = np.interp(made.series.wave, WAVE, flux_at(30.0)[0])
    shift = feature_shift(made.series.wave, truth, made.series.flux[at])
    lines = np.abs(made.series.wave - 6563.0 * (1.0 - 7200.0 / C_KMS)) < 100.0
    assert np.abs(shift[lines]).max() < 60.0


def test_color_is_averaged_in_log_flux():
    made = build_template([series("blue", color=-2.0), series("red", color=3.0)], fit_clock=False)
    assert error(made.series, color=0.5) < 1e-3


def test_clocks_are_found_and_the_mean_clock_kept():
    family = [series("late", zero=5.0, stretch=1.1), series("early", zero=-5.0, stretch=1.0 / 1.1), series("middle")]
    made = build_template(family)
    assert made.names == ("late", "early", "middle")
    np.testing.assert_allclose(made.zero, [5.0, -5.0, 0.0], atol=0.8)
    np.testing.assert_allclose(made.stretch, [1.1, 1.0 / 1.1, 1.0], atol=0.02)
    assert abs(made.zero.mean()) < 1e-9
    assert abs(np.log(made.stretch).mean()) < 1e-9
    assert error(made.series) < 0.5 * error(build_template(family, fit_clock=False).series)


def test_given_zeros_are_taken_as_they_are():
    family = [series("late", zero=6.0), series("early", zero=-4.0)]
    made = build_template(family, zeros={"late": 6.0, "early": -4.0}, fit_clock=False)
    np.testing.assert_array_equal(made.zero, [6.0, -4.0])
    assert made.series.phase[0] == 4.0
    assert made.series.phase[-1] == 43.0
    assert error(made.series) < 1e-3


def test_series_that_end_early_leave_no_step():
    short = series("short", color=4.0, phase=PHASE[:30])
    made = build_template([series("one"), series("two", color=1.0), short], fit_clock=False)
    change = np.diff(np.log(made.series.flux), axis=0)
    # Where the short one ends the color would jump by a third of its difference, 0.5 at the ends of the range.
    assert np.abs(np.diff(change, axis=0)).max() < 0.01


def test_what_rests_on_one_series_or_none_is_marked():
    early, late = (PHASE < 25.0) | (PHASE > 40.0), PHASE < 33.0
    holes = [np.where(keep[:, None] | (WAVE < 6000.0), flux_at(PHASE), np.nan) for keep in (early, late)]
    family = [
        SpectralSeries(phase=PHASE, wave=WAVE, flux=flux, name=f"{k}", sn_type="II") for k, flux in enumerate(holes)
    ]
    made = build_template(family, fit_clock=False, phases=np.arange(0.0, 41.0))
    assert np.all(np.isfinite(made.series.flux))
    red = made.series.wave > 6200.0
    if red.any():
        assert set(np.unique(made.series.origin[:, red])) <= {Origin.OBSERVED, Origin.ONE_SIDED, Origin.EXTRAPOLATED}
    assert np.all(made.series.origin[:, made.series.wave < 5900.0] == Origin.OBSERVED)
    single = made.series.origin != Origin.OBSERVED
    assert np.all(np.isnan(made.series.flux_err[single]))


def test_hole_in_a_single_series_is_joined_over_phase_and_marked():
    flux = flux_at(PHASE)
    flux[20:26] = np.nan
    other = flux_at(PHASE, speed=1.02)
    other[23:30] = np.nan
    family = [
        SpectralSeries(phase=PHASE, wave=WAVE, flux=rows, name=n, sn_type="II")
        for n, rows in (("a", flux), ("b", other))
    ]
    made = build_template(family, fit_clock=False).series
    origin = made.origin[:, made.n_wave // 2]
    assert [origin[k] for k in (10, 21, 24, 27)] == [Origin.OBSERVED, Origin.ONE_SIDED, 3, Origin.ONE_SIDED]
    require_complete(made, "made")


def test_phases_beyond_a_wide_hole_are_left_out():
    flux = flux_at(PHASE)
    flux[(PHASE > 30.0) & (PHASE < 44.0)] = np.nan
    family = [SpectralSeries(phase=PHASE, wave=WAVE, flux=flux, name=name, sn_type="II") for name in ("a", "b")]
    made = build_template(family, fit_clock=False)
    assert made.series.phase[-1] == 30.0
    assert any("44 to 49 d left out" in note for note in made.notes)


def test_wasserstein_mean_is_the_barycenter_of_each_phase():
    family = [series("slow", speed=0.8), series("fast", speed=1.2)]
    made = build_template(family, fit_clock=False, barycenter=barycenter).series
    rows = np.stack([one.flux[20] for one in family])
    expected = barycenter(WAVE, rows, [0.5, 0.5])
    ratio = np.log(made.flux[20] / np.interp(made.wave, WAVE, expected))[5:-5]
    assert np.ptp(ratio) < 0.02


def test_smoothing_keeps_straight_change_and_takes_kinks_out():
    family = [series("one"), series("two")]
    plain, smooth = (build_template(family, fit_clock=False, smooth=days).series for days in (0.0, 6.0))
    assert np.abs(np.log(smooth.flux / plain.flux))[5:-5].max() < 0.03
    kinked = [
        dataclasses.replace(one, flux=one.flux * np.exp(0.1 * (-1.0) ** np.arange(PHASE.size))[:, None])
        for one in family
    ]
    smooth = build_template(kinked, fit_clock=False, smooth=6.0).series
    assert np.abs(np.diff(np.log(smooth.flux), 2, axis=0))[5:-5].max() < 0.01


@settings(max_examples=5)
@given(st.integers(0, 1000), st.floats(1e-20, 1e20))
def test_laws(seed, factor):
    rng = np.random.default_rng(seed)
    phase = np.arange(0.0, 8.0)
    family = [series(f"{k}", phase=phase, speed=rng.uniform(0.7, 1.3), color=rng.uniform(-2, 2)) for k in range(3)]
    made = build_template(family, fit_clock=False).series
    turned = [dataclasses.replace(one, flux=factor * one.flux) for one in family[::-1]]
    np.testing.assert_allclose(build_template(turned, fit_clock=False).series.flux, made.flux, rtol=1e-6)
    same = [dataclasses.replace(family[0], name=name) for name in ("a", "b")]
    ratio = np.log(build_template(same, fit_clock=False).series.flux / family[0].flux)
    assert np.ptp(ratio) < 1e-3
    assert np.all(made.flux > 0)


def test_barycenter_of_two_is_on_the_path_between_them():
    a, b = flux_at(20.0, speed=0.85)[0], flux_at(20.0, speed=1.15)[0]
    got = feature_barycenter(WAVE, [a, b], [0.7, 0.3])
    path = feature_transport(WAVE, a, b, 0.3, shares=(1.0,))[0]
    inner = slice(30, -30)
    assert np.abs(np.log(got / path))[inner].max() < 0.1 * np.abs(np.log(a / b)).max()
    np.testing.assert_allclose(feature_barycenter(WAVE, [a, b], [2.0, 0.0]), a, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": [-1.0, 2.0]}, "weights"),
        ({"fluxes": np.zeros((2, WAVE.size))}, "positive"),
        ({"wave": np.linspace(4000.0, 8000.0, WAVE.size)}, "even in its logarithm"),
    ],
)
def test_barycenter_refuses(change, message):
    given = {"wave": WAVE, "fluxes": np.ones((2, WAVE.size)), "weights": [1.0, 1.0]} | change
    with pytest.raises(ValueError, match=message):
        feature_barycenter(**given)


def test_two_way_separates_what_is_common_from_what_is_own():
    rng = np.random.default_rng(2)
    common, own = rng.normal(size=(9, 5)), rng.normal(size=(3, 5))
    own -= own.mean(axis=0)
    weight = np.ones((3, 9, 5))
    weight[0, 6:] = 0.0
    weight[2, :2] = 0.0
    values = np.where(weight > 0, common + own[:, None], np.nan)
    found, offset = two_way(values, weight)
    np.testing.assert_allclose(found, common, atol=0.02)
    np.testing.assert_allclose(offset, own, atol=0.02)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: build_template([series("one")]), "1 given"),
        (lambda: build_template([]), "0 given"),
        (lambda: build_template([series("one"), series("one")]), "one is given more than once"),
        (lambda: build_template([series("one"), series("two", sn_type="Ic")]), "different classes"),
        (lambda: build_template([series("one"), series("two")], zeros={"three": 1.0}), "none of the series"),
        (lambda: build_template([series("one"), series("two")], zeros={"two": np.nan}), "finite"),
        (lambda: build_template([series("one"), series("two")], zeros={"two": 500.0}, fit_clock=False), "in phase"),
        (lambda: build_template([series("one"), series("two")], smooth=-1.0), "smooth"),
        (lambda: build_template([series("one"), series("two")], phases=[0.0, 1.0, 5.0], smooth=3.0), "uneven"),
        (
            lambda: build_template(
                [
                    series("one"),
                    SpectralSeries(phase=PHASE, wave=WAVE + 9000.0, flux=flux_at(PHASE), name="two", sn_type="II"),
                ]
            ),
            "in wavelength",
        ),
    ],
)
def test_refused_with_a_reason(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_incomplete_series_is_no_template():
    whole = series("whole")
    require_complete(whole, "file")
    flux = np.array(whole.flux)
    flux[3, 4] = np.nan
    for broken in (
        dataclasses.replace(whole, flux=flux, origin=None),
        dataclasses.replace(whole, flux=np.where(PHASE[:, None] == 5.0, 0.0, whole.flux), flux_err=None),
        SpectralSeries(phase=PHASE, wave=WAVE[500:], flux=whole.flux[:, 500:]),
        SpectralSeries(phase=PHASE[:1], wave=WAVE, flux=whole.flux[:1]),
    ):
        with pytest.raises(ValueError, match="file: "):
            require_complete(broken, "file")


@pytest.mark.study
def test_template_of_real_supernovae_lies_between_them(osc_dir):
    built = [snt.build(snt.read_supernova(osc_dir / f"{n}.json.gz")).series for n in ("SN2013am", "SN2012ec")]
    made = build_template(built, fit_clock=False).series
    require_complete(made, "made")

    def trough(one):
        at = int(np.abs(one.phase - 45.0).argmin())
        near = (one.wave > 6562.8 * (1 - 11000 / C_KMS)) & (one.wave < 6562.8 * (1 - 2000 / C_KMS))
        flux = np.convolve(one.flux[at][near], np.ones(5) / 5, mode="same")[3:-3]
        return C_KMS * (1.0 - one.wave[near][3:-3][flux.argmin()] / 6562.8)

    slow, fast = sorted(trough(one) for one in built)
    assert fast - slow > 500.0
    assert slow + 0.2 * (fast - slow) < trough(made) < fast - 0.2 * (fast - slow)
