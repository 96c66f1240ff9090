"""Feature transport: what it moves, what it leaves alone, and its laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport._numerics.smoothing import bell_mean, bell_width
from sntransport._numerics.units import C_KMS
from sntransport.transport import _kernels
from sntransport.transport.features import feature_shift, feature_transport
from sntransport.transport.interpolators import log_linear

WAVE = np.exp(np.arange(np.log(3500.0), np.log(9000.0), 250.0 / C_KMS))


def lines(velocity, depth=0.4, rests=(4000.0, 4861.0, 5500.0, 6563.0, 7700.0)):
    """Absorption lines at a blueshift [km/s], 2500 km/s wide, in a flat continuum."""
    flux = np.ones_like(WAVE)
    for rest in rests:
        offset = C_KMS * np.log(WAVE / rest) + velocity
        flux = flux - depth * np.exp(-0.5 * (offset / 2500.0) ** 2)
    return flux


def color(slope):
    return (WAVE / 5500.0) ** slope


def minimum(flux, near):
    window = np.abs(C_KMS * np.log(WAVE / near)) < 8000
    k = np.flatnonzero(window)[np.argmin(flux[window])]
    return C_KMS * np.log(near / WAVE[k])


def test_shift_of_lines_is_found():
    shift = feature_shift(WAVE, lines(10000.0), lines(7500.0))
    inner = (WAVE > 4000) & (WAVE < 7300)
    np.testing.assert_allclose(shift[inner], 2500.0, atol=500.0)


def test_lines_move_and_keep_their_depth():
    a, b = lines(10000.0), lines(7000.0)
    inner = (WAVE > 4000) & (WAVE < 7300)
    truth = lines(8500.0)
    naive = np.abs(log_linear(WAVE, a, b, 0.5)[0] / truth - 1)[inner]
    just = feature_transport(WAVE, a, b, 0.5, shares=(1.0,))[0]
    assert minimum(just, 4861.0) == pytest.approx(8500.0, abs=600)
    assert np.abs(just / truth - 1)[inner].max() < 0.5 * naive.max()
    # Averaged over what the shift may be, a line is blurred a little, and still much closer than without moving it.
    default = feature_transport(WAVE, a, b, 0.5)[0]
    assert minimum(default, 4861.0) == pytest.approx(8500.0, abs=600)
    assert np.abs(default / truth - 1)[inner].max() < 0.7 * naive.max()


def test_shares_average_the_results_of_each():
    a, b = lines(10000.0) * color(-1.0), lines(7000.0)
    each = [feature_transport(WAVE, a, b, 0.4, shares=(share,)) for share in (0.0, 0.9)]
    together = feature_transport(WAVE, a, b, 0.4, shares=(0.0, 0.9))
    np.testing.assert_allclose(np.sqrt(together), 0.5 * (np.sqrt(each[0]) + np.sqrt(each[1])), rtol=1e-10)


def test_color_change_alone_moves_nothing():
    a, b = lines(9000.0) * color(-2.0), lines(9000.0) * color(2.0)
    assert np.abs(feature_shift(WAVE, a, b)).max() < 60.0
    got = feature_transport(WAVE, a, b, [0.3, 0.7])
    np.testing.assert_allclose(got, log_linear(WAVE, a, b, [0.3, 0.7]), rtol=2e-3)


def test_without_features_it_is_log_linear():
    a, b = color(-3.0), 5.0 * color(1.0)
    np.testing.assert_allclose(feature_transport(WAVE, a, b, 0.4), log_linear(WAVE, a, b, 0.4), rtol=1e-3)


def test_noise_does_not_make_a_map():
    rng = np.random.default_rng(4)
    a, b = (1.0 + 0.03 * rng.normal(size=WAVE.size) for _ in range(2))
    assert np.abs(feature_shift(WAVE, a, b)).max() < 1000.0


@given(st.integers(0, 10_000), st.floats(0.01, 0.99))
def test_laws(seed, t):
    rng = np.random.default_rng(seed)
    a = lines(rng.uniform(3000, 12000), rng.uniform(0, 0.6)) * color(rng.uniform(-3, 3)) * 10 ** rng.uniform(-20, 3)
    b = lines(rng.uniform(3000, 12000), rng.uniform(0, 0.6)) * color(rng.uniform(-3, 3))
    b = b * (1 + 0.05 * rng.normal(size=b.size)).clip(0.5)
    out = feature_transport(WAVE, a, b, t)
    assert np.all(np.isfinite(out))
    assert np.all(out > 0)
    np.testing.assert_allclose(feature_transport(WAVE, b, a, 1.0 - t), out, rtol=1e-8)
    np.testing.assert_allclose(feature_transport(WAVE, 7.0 * a, 7.0 * b, t), 7.0 * out, rtol=1e-9)
    shift = feature_shift(WAVE, a, b)
    np.testing.assert_allclose(feature_shift(WAVE, b, a), -shift, atol=1e-6)
    # Both halves of the map are monotone: features never cross.
    assert np.abs(np.diff(shift)).max() <= 0.5 * 250.0 * 1.001
    assert np.abs(shift).max() <= 18000.0


def test_ends_are_the_inputs_and_limits():
    a, b = lines(10000.0) * color(-1.0), lines(7000.0)
    got = feature_transport(WAVE, a, b, [0.0, 1.0])
    np.testing.assert_array_equal(got, [a, b])
    near = feature_transport(WAVE, a, b, [1e-9, 1.0 - 1e-9])
    np.testing.assert_allclose(near, [a, b], rtol=1e-5)


def test_zeros_are_survived():
    a = np.where(WAVE > 6000, 0.0, lines(9000.0))
    out = feature_transport(WAVE, a, lines(9000.0), [0.0, 0.5])
    np.testing.assert_array_equal(out[0], a)
    assert np.all(np.isfinite(out))


@pytest.mark.parametrize("n", [4, 5, 20])
def test_few_bins(n):
    wave = WAVE[:n]
    assert feature_transport(wave, np.ones(n), 2 * np.ones(n), 0.5) == pytest.approx(np.sqrt(2.0))


def test_another_grid_gives_the_same_spectrum():
    a, b = lines(10000.0) * color(-1.0), lines(7500.0)
    even = np.arange(3500.0, 8999.0, 3.0)
    one = feature_transport(WAVE, a, b, 0.5)[0]
    other = feature_transport(even, np.interp(even, WAVE, a), np.interp(even, WAVE, b), 0.5)[0]
    inner = slice(100, -100)
    np.testing.assert_allclose(np.interp(WAVE, even, other)[inner], one[inner], rtol=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flux_a": -WAVE}, "flux_a must be finite"),
        ({"flux_b": 0 * WAVE}, "flux_b must be finite"),
        ({"flux_b": WAVE[1:]}, "flux_b has shape"),
        ({"wave": WAVE[:3]}, "wave has 3 points"),
        ({"wave": WAVE - 5000.0}, "expected positive"),
        ({"t": -0.1}, "t leaves the range"),
        ({"shares": ()}, "shares are"),
        ({"shares": (3.5,)}, "shares are"),
    ],
)
def test_errors_name_the_argument(change, message):
    arguments = {"wave": WAVE, "flux_a": np.ones_like(WAVE), "flux_b": np.ones_like(WAVE), "t": 0.5} | change
    with pytest.raises(ValueError, match=message):
        feature_transport(**arguments)


def test_tridiagonal_solver_against_dense_algebra():
    rng = np.random.default_rng(1)
    diagonal, right = rng.uniform(0.1, 2.0, 30), rng.normal(size=30)
    smooth = 2 * np.eye(30) - np.eye(30, k=1) - np.eye(30, k=-1)
    smooth[0, 0] = smooth[-1, -1] = 1
    out = np.empty(30)
    _kernels.solve_smooth(diagonal, 3.0, right, out)
    np.testing.assert_allclose(out, np.linalg.solve(np.diag(diagonal) + 3.0 * smooth, right), rtol=1e-10)


def test_registration_step_against_dense_algebra():
    rng = np.random.default_rng(2)
    x = np.arange(60.0)
    a, b = np.sin(x / 5), np.sin((x - 1.5) / 5)
    shift = 0.1 * rng.normal(size=60)
    start = shift.copy()
    _kernels.register_features(a, b, shift, 0.1, 50.0, 0.02, 1)
    at_a, at_b = x - start / 2, x + start / 2
    residual = np.interp(at_a, x, a) - np.interp(at_b, x, b)
    slope = -0.5 * (np.interp(at_a, x, np.gradient(a)) + np.interp(at_b, x, np.gradient(b)))
    inside = (np.minimum(at_a, at_b) > 0) & (np.maximum(at_a, at_b) < 59)
    weight = inside / (0.01 + (residual / 3) ** 2)
    smooth = 2 * np.eye(60) - np.eye(60, k=1) - np.eye(60, k=-1)
    smooth[0, 0] = smooth[-1, -1] = 1
    matrix = np.diag(weight * slope**2 + 0.02) + 50.0 * smooth
    expected = np.linalg.solve(matrix, weight * slope * (slope * start - residual))
    np.testing.assert_allclose(shift, expected, rtol=1e-8, atol=1e-10)


def test_blend_against_interpolation_of_the_inverse_map():
    rng = np.random.default_rng(3)
    x = np.arange(80.0)
    a, b = np.exp(0.3 * rng.normal(size=(2, 80)))
    shift = 3.0 * np.sin(x / 15.0)
    t = np.array([0.2, 0.5, 0.9])
    share = np.array([0.4, 1.2])
    out = np.empty((3, 80))
    _kernels.blend_features(a, b, shift, share, t, out)
    for row, s in zip(out, t, strict=True):
        root = np.zeros(80)
        for f in share:
            middle = np.interp(x, x + (s - 0.5) * f * shift, x)
            moved = f * np.interp(middle, x, shift)
            root += (1 - s) * np.interp(middle - moved / 2, x, a) + s * np.interp(middle + moved / 2, x, b)
        expected = (root / share.size) ** 2
        inner = slice(6, -6)
        np.testing.assert_allclose(row[inner], expected[inner], rtol=1e-9)


@pytest.mark.parametrize("sigma", [0.3, 2.0, 40.0, 500.0])
def test_running_means_are_those_of_scipy(sigma):
    rows = np.random.default_rng(5).normal(size=(2, 300))
    out = np.empty(rows.shape)
    _kernels.bell_means(rows, bell_width(sigma), out)
    np.testing.assert_allclose(out, bell_mean(rows, sigma), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_smooth_solutions_of_few_rows(n):
    rng = np.random.default_rng(n)
    diagonal, right, out = rng.uniform(0.1, 2.0, n), rng.normal(size=n), np.empty(n)
    smooth = np.diff(np.eye(n), axis=0).T @ np.diff(np.eye(n), axis=0)
    _kernels.solve_smooth(diagonal, 3.0, right, out)
    np.testing.assert_allclose(out, np.linalg.solve(np.diag(diagonal) + 3.0 * smooth, right), rtol=1e-10)
