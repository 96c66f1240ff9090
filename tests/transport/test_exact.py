"""Laws of one-dimensional optimal transport, and POT as the independent judge."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sntransport.transport import exact
from tests.support import twins

WAVE = np.sort(np.random.default_rng(3).uniform(3000, 9000, 60))
EDGES = exact.bin_edges(WAVE)
WIDTH = np.diff(EDGES)

spectra = arrays(np.float64, WAVE.size, elements=st.floats(0.0, 1e3).map(lambda x: 0.0 if x < 1e-6 else x)).filter(
    lambda flux: flux.max() > 1e-3
)
positions = st.floats(0.0, 1.0)


def gaussian(center, sigma=120.0, wave=WAVE):
    return np.exp(-0.5 * ((wave - center) / sigma) ** 2)


@given(spectra, spectra, positions)
def test_mass_is_interpolated_and_nothing_is_negative(a, b, t):
    out = exact.displace(WAVE, a, b, t)[0]
    expected = (1 - t) * (a @ WIDTH) + t * (b @ WIDTH)
    assert abs(out @ WIDTH - expected) <= 1e-12 * expected
    assert out.min() >= 0


@given(spectra, spectra)
def test_ends_are_the_inputs(a, b):
    out = exact.displace(WAVE, a, b, [0.0, 1.0])
    np.testing.assert_array_equal(out, [a, b])


@given(spectra, spectra)
def test_ends_are_limits(a, b):
    # Not a special case of the code: positions next to the ends come from the general path.
    near = exact.displace(WAVE, a, b, [1e-13, 1.0 - 1e-13])
    scale = max((a * WIDTH).max(), (b * WIDTH).max(), a @ WIDTH, b @ WIDTH)
    np.testing.assert_allclose(near * WIDTH, np.array([a, b]) * WIDTH, atol=1e-8 * scale)


@given(spectra, spectra, positions)
def test_reversal(a, b, t):
    forth, back = exact.displace(WAVE, a, b, t), exact.displace(WAVE, b, a, 1.0 - t)
    # Compared as cumulative flux: where the path is a spike, a rounding of t may cross a bin edge.
    scale = max(a @ WIDTH, b @ WIDTH)
    difference = np.cumsum((forth - back)[0] * WIDTH)
    assert np.abs(difference).sum() * WIDTH.max() <= 1e-8 * scale * (EDGES[-1] - EDGES[0])


@given(spectra, spectra, positions, st.floats(1e-20, 1e20))
def test_scaling(a, b, t, factor):
    one = exact.displace(WAVE, a, b, t)
    np.testing.assert_allclose(
        exact.displace(WAVE, a * factor, b * factor, t), one * factor, rtol=1e-9, atol=1e-9 * factor * one.max()
    )


@given(spectra, spectra, positions)
def test_two_spectra_barycenter_is_the_displacement(a, b, t):
    both = exact.barycenter(WAVE, [a, b], [1 - t, t])
    np.testing.assert_allclose(np.cumsum(both * WIDTH), np.cumsum(exact.displace(WAVE, a, b, t)[0] * WIDTH),
                               atol=1e-9 * max(a @ WIDTH, b @ WIDTH))  # fmt: skip


@given(spectra, spectra, spectra)
def test_barycenter_does_not_depend_on_order(a, b, c):
    one = exact.barycenter(WAVE, [a, b, c], [1.0, 2.0, 3.0])
    other = exact.barycenter(WAVE, [c, a, b], [3.0, 1.0, 2.0])
    np.testing.assert_allclose(
        np.cumsum(one * WIDTH), np.cumsum(other * WIDTH), atol=1e-9 * max(x @ WIDTH for x in (a, b, c))
    )


@given(spectra, spectra, positions)
def test_geodesic_has_constant_speed(a, b, t):
    wave = np.linspace(3000, 9000, 400)
    fine = [np.interp(wave, WAVE, x) + 0.01 * x.max() for x in (a, b)]
    whole = exact.distance(wave, *fine)
    part = exact.distance(wave, fine[0], exact.displace(wave, *fine, t)[0])
    # Rebinning moves light by less than a bin.
    assert abs(part - t * whole) <= wave[1] - wave[0]


def test_shifted_line_moves_linearly():
    wave = np.arange(3000.0, 9000.0, 2.0)
    a, b = gaussian(5000, wave=wave), gaussian(5600, wave=wave)
    for t in (0.2, 0.5, 0.9):
        np.testing.assert_allclose(exact.displace(wave, a, b, t)[0], gaussian(5000 + 600 * t, wave=wave), atol=2e-4)
    assert exact.distance(wave, a, b) == pytest.approx(600, rel=1e-9)


def test_gaussian_widths_interpolate_linearly():
    # W2 geodesic between Gaussians: McCann 1997, example 1.7.
    wave = np.arange(3000.0, 9000.0, 1.0)
    a, b = gaussian(5500, 100, wave), gaussian(6000, 300, wave)
    mid = exact.displace(wave, a / a.sum(), b / b.sum(), 0.5)[0]
    expected = gaussian(5750, 200, wave)
    np.testing.assert_allclose(mid, expected / expected.sum(), atol=2e-3 * mid.max())
    assert exact.distance(wave, a, b) == pytest.approx(np.hypot(500, 200), rel=1e-4)


def test_pot_finds_the_same_plan():
    ot = pytest.importorskip("ot")
    rng = np.random.default_rng(5)
    a, b = rng.uniform(0.1, 1.0, (2, WAVE.size))
    mass, ((a0, a1), (b0, b1)) = twins.segments(EDGES, a, b)
    plan = ot.emd_1d(0.5 * (a0 + a1), 0.5 * (b0 + b1), mass / mass.sum(), mass / mass.sum())
    i, j = np.nonzero(plan > 1e-15)
    t = 0.37
    start, stop = (1 - t) * a0[i] + t * b0[j], (1 - t) * a1[i] + t * b1[j]
    total = (1 - t) * (a @ WIDTH) + t * (b @ WIDTH)
    rebinned = twins.spread(EDGES, plan[i, j] * total, start, stop)
    ours = exact.displace(WAVE, a, b, t)[0]
    difference = np.abs(np.cumsum((ours - rebinned) * WIDTH)) @ WIDTH
    assert difference <= 1e-8 * exact.distance(WAVE, a, b, 1) * total


@pytest.mark.parametrize("p", [1, 2])
def test_distance_converges_to_pot(p):
    ot = pytest.importorskip("ot")
    rng = np.random.default_rng(6)
    a, b = rng.uniform(0.1, 1.0, (2, WAVE.size))
    pieces = 200
    fine = np.concatenate([np.linspace(lo, hi, pieces, endpoint=False) + 0.5 * (hi - lo) / pieces
                           for lo, hi in itertools.pairwise(EDGES)])  # fmt: skip
    points = [np.repeat(x * WIDTH / (x @ WIDTH) / pieces, pieces) for x in (a, b)]
    cost = ot.wasserstein_1d(fine, fine, *points, p=p)
    assert exact.distance(WAVE, a, b, p) == pytest.approx(cost ** (1 / p), rel=1e-4)


def test_barycenter_against_pot_linear_program():
    ot = pytest.importorskip("ot")
    # The LP lives on grid points; with all moves a whole even number of bins both are exact.
    n = 24
    wave = np.arange(n, dtype=float)
    a, b = np.zeros(n), np.zeros(n)
    a[4:8], b[14:18] = [1, 2, 2, 1], [1, 2, 2, 1]
    cost = ot.dist(wave[:, None], wave[:, None])
    lp = ot.lp.barycenter(np.stack([a / a.sum(), b / b.sum()], axis=1), cost, np.array([0.5, 0.5]), solver="highs")
    np.testing.assert_allclose(exact.barycenter(wave, [a / 6, b / 6], [1, 1]), lp, atol=1e-9)


def test_barycenter_minimizes_among_its_neighbors():
    wave = np.linspace(4000, 7000, 300)
    rows = [gaussian(c, s, wave) + 0.05 for c, s in ((5000, 100), (5400, 200), (6000, 150))]
    weights = np.array([0.5, 0.3, 0.2])

    def objective(flux):
        return sum(w * exact.distance(wave, flux, row) ** 2 for w, row in zip(weights, rows, strict=True))

    best = exact.barycenter(wave, rows, weights)
    for shift in (-15.0, 15.0):
        assert objective(best) < objective(np.interp(wave - shift, wave, best))
    assert objective(best) < min(objective(row) for row in rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flux_a": -np.ones(60)}, "flux_a is negative"),
        ({"flux_a": np.zeros(60)}, "flux_a is zero everywhere"),
        ({"flux_b": np.full(60, np.nan)}, "flux_b has NaN"),
        ({"flux_b": np.ones(59)}, r"flux_b has shape \(59,\), expected \(n_wave,\) = \(60,\)"),
        ({"wave": WAVE[::-1]}, "wave is not strictly increasing"),
        ({"wave": WAVE[:1]}, "wave has 1 points"),
        ({"t": 1.5}, "t leaves the range"),
        ({"t": np.nan}, "t leaves the range"),
        ({"flux_b": np.full(60, np.inf)}, "flux_b has NaN or infinite"),
        ({"flux_a": np.full(60, 1e308)}, "flux_a has an integral of inf: scale"),
        ({"wave": np.full(60, np.nan)}, r"wave\[0\] is not finite"),
    ],
)
def test_errors_name_the_argument(change, message):
    arguments = {"wave": WAVE, "flux_a": np.ones(60), "flux_b": np.ones(60), "t": 0.5} | change
    with np.errstate(over="ignore"), pytest.raises(ValueError, match=message):
        exact.displace(**arguments)


@pytest.mark.parametrize("weights", [[0, 0], [-1, 2], [np.nan, 1], [1, 1, 1]])
def test_bad_weights(weights):
    with pytest.raises(ValueError, match="weights"):
        exact.barycenter(WAVE, np.ones((2, 60)), weights)


def test_order_of_distance_must_be_at_least_one():
    with pytest.raises(ValueError, match=r"p is 0\.5"):
        exact.distance(WAVE, np.ones(60), np.ones(60), 0.5)


def test_single_weight_returns_that_spectrum():
    rows = np.random.default_rng(0).uniform(1, 2, (3, 60))
    np.testing.assert_array_equal(exact.barycenter(WAVE, rows, [0, 5, 0]), rows[1])


def test_inputs_are_not_changed():
    a, b = np.ones(60), np.arange(1.0, 61.0)
    before = a.copy(), b.copy()
    exact.displace(WAVE, a, b, 0.5)
    np.testing.assert_array_equal(a, before[0])
    np.testing.assert_array_equal(b, before[1])


def test_inputs_are_left_as_they_were_and_later_changes_do_not_matter():
    wave, a, b = WAVE.copy(), gaussian(5000), gaussian(6000)
    out = exact.displace(wave, a, b, [0.0, 0.5])
    before = out.copy()
    assert all(array.flags.writeable for array in (wave, a, b, out))
    a[:] = 0.0
    np.testing.assert_array_equal(out, before)


def test_positions_as_one_number_a_list_or_whole_numbers():
    a, b = gaussian(5000), gaussian(6000)
    for t in (1, np.int64(1), [1], np.array(1), np.array([1]), True):
        np.testing.assert_array_equal(exact.displace(WAVE, a, b, t), b[None])
