"""Mixtures of series: one parent back, symmetry, scaling, lines and light curves in between, coverage, real data."""

import dataclasses
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sntransport as snt
from sntransport._numerics.units import C_KMS
from sntransport.augmentation.mixing import Mixture, draw_mixtures, feature_mix, linear_mix, mix, mix_linear
from sntransport.spectra.grid import grid_wave
from sntransport.spectra.realizations import draw
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.transport.exact import barycenter
from sntransport.transport.features import feature_shift
from sntransport.transport.templates.feature_clock import align
from sntransport.transport.templates.light_curve_clock import light_clock, light_curve, maximum, plain_clock

WAVE = grid_wave(9850, 900)
PHASE = np.arange(-15.0, 61.0)
BARYCENTERS = (feature_mix, barycenter, linear_mix)


def light(clock):
    """Ln of a rise and a slower decline, maximum at 0."""
    return -np.log(0.5 * np.exp(-clock / 6.0) + 0.5 * np.exp(clock / 30.0) + 1.0)


ZERO = float(np.arange(-30, 60, 0.001)[light(np.arange(-30, 60, 0.001)).argmax()])


def flux_at(phase, *, speed=1.0, zero=0.0, stretch=1.0, color=0.0, bright=1.0):
    """Four lines that slow down on a sloping continuum; ``speed`` scales velocities, ``zero`` is maximum light."""
    clock = (np.atleast_1d(phase)[:, None] - zero) / stretch
    dips = 1.0
    for rest, depth, width in ((4861.0, 0.3, 60.0), (5169.0, 0.2, 50.0), (5890.0, 0.25, 60.0), (6563.0, 0.4, 90.0)):
        center = rest * (1.0 - speed * (9000.0 - 50.0 * clock) / C_KMS)
        dips = dips - depth * np.exp(-0.5 * ((WAVE - center) / width) ** 2)
    return bright * np.exp(light(clock + ZERO)) * (WAVE / 5500.0) ** (color - 2.0) * dips


def series(name, *, phase=PHASE, sn_type="Ia", relative=0.1, **family):
    flux = flux_at(phase, **family)
    return SpectralSeries(phase=phase, wave=WAVE, flux=flux, flux_err=relative * flux, name=name, sn_type=sn_type)


A = series("A", speed=0.9, zero=1.0, stretch=0.9, color=-1.0, bright=2.0, relative=0.1)
B = series("B", speed=1.1, zero=4.0, stretch=1.1, color=1.0, bright=0.5, relative=0.2)
C = series("C", speed=1.0, zero=0.0, stretch=1.05, color=0.5, bright=1.0)


@cache
def half():
    return mix([A, B], [1.0, 1.0])


@pytest.mark.parametrize("average", BARYCENTERS)
@pytest.mark.parametrize("clock", [light_clock, plain_clock, align])
def test_all_the_weight_on_one_parent_gives_it_back(average, clock):
    for weights, parent in (([2.0, 0.0], A), ([0.0, 0.3], B)):
        made = mix([A, B], weights, barycenter=average, clock=clock).series
        rows = np.searchsorted(parent.phase, made.phase)
        np.testing.assert_array_equal(parent.phase[rows], made.phase)
        np.testing.assert_allclose(made.flux, parent.flux[rows], rtol=1e-9)
        np.testing.assert_allclose(made.flux_err, parent.flux_err[rows], rtol=1e-9)


@pytest.mark.parametrize("average", BARYCENTERS)
@pytest.mark.parametrize("clock", [light_clock, plain_clock])
def test_the_order_of_two_parents_does_not_matter(average, clock):
    phases = [-5.0, 3.0, 20.0, 41.5]
    one = mix([A, B], [0.3, 0.7], barycenter=average, clock=clock, phases=phases)
    other = mix([B, A], [0.7, 0.3], barycenter=average, clock=clock, phases=phases)
    np.testing.assert_allclose(one.series.flux, other.series.flux, rtol=1e-6)
    np.testing.assert_allclose(one.zero, other.zero[::-1], atol=1e-9)
    assert (one.series.name, other.series.name) == ("A+B", "B+A")


def test_the_order_of_three_parents_does_not_matter():
    one = mix([A, B, C], [0.2, 0.3, 0.5], phases=[0.0, 20.0])
    other = mix([C, A, B], [0.5, 0.2, 0.3], phases=[0.0, 20.0])
    np.testing.assert_allclose(one.series.flux, other.series.flux, rtol=1e-6)


@settings(max_examples=15)
@given(w=st.floats(0.02, 0.98), factor=st.floats(1e-3, 1e3))
def test_brightness_is_mixed_in_log(w, factor):
    brighter = dataclasses.replace(A, flux=factor * A.flux, flux_err=factor * A.flux_err)
    for average in BARYCENTERS:
        made, before = (mix([one, B], [w, 1 - w], barycenter=average, phases=[10.0]) for one in (brighter, A))
        np.testing.assert_allclose(made.series.flux, factor**w * before.series.flux, rtol=1e-9)


@settings(max_examples=15)
@given(w=st.floats(0.02, 0.98))
def test_a_series_mixed_with_itself_is_itself(w):
    twin = dataclasses.replace(A, name="twin")
    for average in BARYCENTERS:
        made = mix([A, twin], [w, 1 - w], barycenter=average).series
        np.testing.assert_allclose(made.flux, A.flux[np.searchsorted(A.phase, made.phase)], rtol=1e-9)


def test_lines_color_light_curve_and_brightness_all_end_in_between():
    made = half()
    np.testing.assert_allclose(made.zero - made.zero.mean(), [-1.5, 1.5], atol=0.15)
    assert made.stretch[1] / made.stretch[0] == pytest.approx(1.1 / 0.9, rel=0.02)
    truth = flux_at(made.series.phase, speed=1.0, zero=2.5, stretch=1.0, color=0.0, bright=1.0)
    inside = slice(40, -40)
    miss = np.log(made.series.flux / truth[:, np.searchsorted(WAVE, made.series.wave)])[:, inside]
    plain = mix_linear([A, B], [1.0, 1.0], phases=made.series.phase).series.flux
    plain_miss = np.log(plain / truth)[:, inside]
    assert np.sqrt((miss**2).mean()) < 0.03
    assert np.sqrt((miss**2).mean()) < 0.2 * np.sqrt(np.nanmean(plain_miss**2))


@pytest.mark.parametrize("w", [0.25, 0.5, 0.8])
def test_a_shifted_line_goes_its_share_of_the_way(w):
    fast, slow = series("fast", speed=1.3), series("slow", speed=0.9)
    made = mix([fast, slow], [w, 1 - w], phases=[10.0]).series
    truth = flux_at(10.0, speed=1.3 * w + 0.9 * (1 - w))[0]
    shift = feature_shift(WAVE, truth, made.flux[0])
    near = np.abs(WAVE - 6563.0 * (1 - 8500.0 * (1.3 * w + 0.9 * (1 - w)) / C_KMS)) < 100.0
    assert np.abs(shift[near]).max() < 100.0


def test_linear_mixing_is_the_mean_of_flux_at_the_same_day_from_maximum():
    tops = [maximum(one.phase, light_curve(np.log(one.flux), WAVE))[0] for one in (A, B)]
    middle = 0.25 * tops[0] + 0.75 * tops[1]
    shared = mix_linear([A, B], [1.0, 3.0], phases=middle + np.arange(0.0, 30.0)).series
    rows = [np.searchsorted(one.phase, top + np.arange(30.0)) for one, top in zip((A, B), tops, strict=True)]
    np.testing.assert_allclose(shared.flux, 0.25 * A.flux[rows[0]] + 0.75 * B.flux[rows[1]], rtol=1e-9)


def test_errors_are_those_of_independent_parents():
    made = half().series
    np.testing.assert_allclose(made.flux_err / made.flux, np.hypot(0.05, 0.1), rtol=1e-6)
    unknown = mix([A, dataclasses.replace(B, flux_err=None)], [1, 1], phases=[5.0]).series
    assert np.isnan(unknown.flux_err).all()
    assert np.isfinite(unknown.flux).all()
    assert len(draw(made, 2, seed=1)) == 2


def test_only_what_all_parents_cover_is_there_with_the_worst_origin():
    origin = np.ones(A.flux.shape, dtype=np.uint8)
    origin[20:30, 300:320] = Origin.EXTRAPOLATED
    flux, flux_err = np.array(B.flux), np.array(B.flux_err)
    flux[:, 700:] = np.nan
    flux[30, 400:410] = np.nan
    other = SpectralSeries(phase=PHASE, wave=WAVE, flux=flux, flux_err=flux_err, name="B", sn_type="Ia")
    made = mix([dataclasses.replace(A, origin=origin), other], [1, 1], clock=plain_clock, zeros={"A": 0.0, "B": 0.0})
    np.testing.assert_array_equal(made.series.phase, PHASE)
    assert made.series.wave[-1] == pytest.approx(WAVE[699])
    assert (made.series.origin[20:30, 300:320] == Origin.EXTRAPOLATED).all()
    hole = np.zeros(made.series.flux.shape, dtype=bool)
    hole[30, 400:410] = True
    np.testing.assert_array_equal(np.isnan(made.series.flux), hole)
    assert (made.series.origin[~hole] != 0).all()
    assert np.sum(made.series.origin == Origin.EXTRAPOLATED) == 200
    # What is covered beside the hole is what it would be without it, but for the features within reach of it.
    whole = mix([A, B], [1, 1], clock=plain_clock, zeros={"A": 0.0, "B": 0.0}, barycenter=linear_mix).series
    holed = mix([A, other], [1, 1], clock=plain_clock, zeros={"A": 0.0, "B": 0.0}, barycenter=linear_mix).series
    np.testing.assert_allclose(holed.flux[29], whole.flux[29, :700], rtol=0.2)


def test_phases_that_one_parent_lacks_are_not_covered():
    early = series("early", phase=np.arange(-15.0, 21.0))
    made = mix([early, C], [1, 1], zeros={"early": 0.0, "C": 0.0}, clock=plain_clock)
    assert made.series.phase[[0, -1]].tolist() == [-15.0, 20.0]
    asked = mix([early, C], [1, 1], zeros={"early": 0.0, "C": 0.0}, clock=plain_clock, phases=[10.0, 20.0, 20.5])
    assert np.isfinite(asked.series.flux).all(axis=1).tolist() == [True, True, False]
    gap = series("gap", phase=np.r_[-15.0:10.0, 20.0:60.0])
    made = mix([gap, C], [1, 1], zeros={"gap": 0.0, "C": 0.0}, clock=plain_clock, phases=[9.0, 12.0, 20.0])
    assert np.isfinite(made.series.flux).all(axis=1).tolist() == [True, False, True]


def test_a_maximum_that_was_not_seen_is_named():
    late = series("late", phase=np.arange(20.0, 60.0))
    made = mix([late, C], [1, 1])
    assert any("late: no maximum within its phases" in note for note in made.notes)
    assert made.notes[0] == "mixture of 0.500 late + 0.500 C"


def test_light_clock_leaves_the_mean_and_series_with_nothing_in_common():
    parents = [A, B, C]
    logs = [np.log(one.flux) for one in parents]
    given_zero = np.array([1.0, 4.0, 0.0])
    zero, stretch = light_clock([one.phase for one in parents], logs, WAVE, given_zero)
    assert (zero - given_zero).mean() == pytest.approx(0.0, abs=1e-12)
    assert np.log(stretch).mean() == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(stretch / stretch[0], np.array([0.9, 1.1, 1.05]) / 0.9, rtol=0.02)
    few = light_clock([PHASE, PHASE[:3]], [logs[0], logs[1][:3]], WAVE, np.zeros(2))
    assert few[0].tolist() == [0.0, 0.0]
    assert few[1].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"series": [A]}, "two series or more"),
        ({"series": [A, A]}, "name 'A': each parent needs a name of its own"),
        ({"series": [A, dataclasses.replace(B, name="x+y")]}, "without '\\+'"),
        ({"series": [A, dataclasses.replace(B, sn_type="II P")]}, "different classes \\(A Ia, B II\\)"),
        ({"weights": [1.0]}, "expected 2, finite"),
        ({"weights": [1.0, -0.1]}, "not negative"),
        ({"weights": [0.0, 0.0]}, "not all zero"),
        ({"zeros": {"D": 1.0}}, "zero given for D"),
        ({"zeros": {"A": np.nan}}, "expected finite phases"),
        ({"phases": [3.0, 2.0]}, "phases"),
        ({"phases": [500.0]}, "no spectrum in common"),
        ({"zeros": {"A": -200.0}, "clock": plain_clock}, "no phases in common"),
        (
            {"series": [A, SpectralSeries(phase=PHASE, wave=WAVE + 9000.0, flux=B.flux, name="B", sn_type="Ia")]},
            "less than 25,000 km/s",
        ),
    ],
)
def test_what_cannot_be_mixed_is_refused_with_a_reason(change, message):
    arguments = {"series": [A, B], "weights": [1.0, 1.0]} | change
    with pytest.raises(ValueError, match=message):
        mix(arguments.pop("series"), arguments.pop("weights"), **arguments)


def quick(parents, weights):
    return mix(parents, weights, clock=plain_clock, phases=[0.0, 5.0])


def test_drawn_mixtures_repeat_and_do_not_depend_on_their_number():
    few, many = (draw_mixtures([A, B, C], n, seed=7, make=quick) for n in (3, 6))
    for one, other in zip(few, many, strict=False):
        assert one.parents == other.parents
        assert one.series.name == other.series.name
        np.testing.assert_array_equal(one.series.flux, other.series.flux)
    assert len({one.parents for one in many}) > 1
    assert not np.array_equal(draw_mixtures([A, B, C], 1, seed=8, make=quick)[0].weights, few[0].weights)
    assert few[2].series.name == "+".join(few[2].parents) + "#2"


def test_weights_follow_the_concentration():
    def weigh(parents, weights):
        return Mixture(
            series=A,
            parents=tuple(one.name for one in parents),
            weights=weights,
            zero=np.zeros(2),
            stretch=np.ones(2),
            notes=(),
        )

    even = np.array([made.weights[0] for made in draw_mixtures([A, B], 4000, seed=1, make=weigh)])
    # Dirichlet(1, 1) is uniform: variance 1/12; Dirichlet(0.3, 0.3) has 1 / (4 (2 * 0.3 + 1)).
    assert even.var() == pytest.approx(1 / 12, rel=0.05)
    apart = [made.weights[0] for made in draw_mixtures([A, B], 4000, seed=1, make=weigh, concentration=0.3)]
    assert np.var(apart) == pytest.approx(1 / 6.4, rel=0.05)


def test_parents_with_nothing_in_common_are_drawn_again_or_refused():
    blue = SpectralSeries(phase=PHASE, wave=WAVE - 2500.0, flux=C.flux, name="blue", sn_type="Ia")
    far = SpectralSeries(phase=PHASE, wave=WAVE + 9000.0, flux=C.flux, name="far", sn_type="Ia")
    made = draw_mixtures([A, B, far], 8, seed=3, make=quick)
    assert all(one.parents == ("A", "B") for one in made)
    assert any("drawn again" in note for one in made for note in one.notes)
    with pytest.raises(ValueError, match="50 draws in a row"):
        draw_mixtures([blue, far], 1, seed=3, make=quick)
    for arguments, message in (
        ({"n": -1}, "n = -1"),
        ({"parents": 3}, "3 parents of 2"),
        ({"concentration": 0}, "conc"),
    ):
        with pytest.raises(ValueError, match=message):
            draw_mixtures([A, B], **({"n": 1, "seed": 1} | arguments))


@pytest.fixture(scope="module")
def real_pair(osc_dir):
    return tuple(snt.build(snt.read_supernova(osc_dir / f"{n}.json.gz")).series for n in ("SN2012cg", "SN2012ht"))


def test_real_supernovae_mix_to_one_in_between(real_pair):
    made = mix(real_pair, [0.5, 0.5])
    assert made.series.sn_type == "Ia"
    assert made.series.n_phase > 30
    bands = ["bessellb", "bessellv"]
    nearby = snt.Sightline(z=0.0, distance_modulus=30.0)
    flux = snt.band_flux(made.series, bands, nearby)
    middle, pace = made.weights @ made.zero, made.weights @ made.stretch
    for band in range(2):
        between = 0
        for k in np.flatnonzero(np.isfinite(flux[:, band])):
            clock = (made.series.phase[k] - middle) / pace
            ends = [
                np.interp(zero + stretch * clock, one.phase, snt.band_flux(one, bands, nearby)[:, band])
                for one, zero, stretch in zip(real_pair, made.zero, made.stretch, strict=True)
            ]
            between += min(ends) * 0.97 <= flux[k, band] <= max(ends) * 1.03
        assert between >= 0.95 * np.isfinite(flux[:, band]).sum() > 20
    assert set(np.unique(made.series.origin)) <= {0, 1, 2, 3}
    assert (np.isfinite(made.series.flux_err) == made.series.covered).all()
