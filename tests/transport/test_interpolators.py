import numpy as np
import pytest

from sntransport.transport import interpolators
from sntransport.transport.exact import bin_edges, distance
from tests.support.synthetic import flux_at

WAVE = np.exp(np.arange(np.log(3500.0), np.log(9000.0), 1200 / 299792.458))
A, B = (flux_at(p, WAVE) / 1e-8 for p in (5.0, 40.0))
T = np.array([0.0, 0.25, 0.5, 1.0])
EXACT = [interpolators.wasserstein, interpolators.linear, interpolators.log_linear, interpolators.feature_transport]
ENTROPIC = [interpolators.sinkhorn, interpolators.unbalanced]
ALL = [*EXACT, *ENTROPIC]


@pytest.mark.parametrize("interpolate", ALL)
def test_one_signature(interpolate):
    out = interpolate(WAVE, A, B, T)
    assert out.shape == (T.size, WAVE.size)
    assert np.all(np.isfinite(out))
    assert np.all(out >= 0)
    assert interpolate(WAVE, A, B, 0.5).shape == (1, WAVE.size)


@pytest.mark.parametrize("interpolate", ALL)
def test_ends_are_the_inputs(interpolate):
    exact = interpolate in EXACT
    out = interpolate(WAVE, A, B, T)
    # The entropic ones blur by their kernel, most at the ends of the grid.
    inner = slice(20, -20)
    np.testing.assert_allclose(out[0][inner], A[inner], rtol=1e-12 if exact else 0.12)
    np.testing.assert_allclose(out[-1][inner], B[inner], rtol=1e-12 if exact else 0.12)


@pytest.mark.parametrize("interpolate", ALL)
def test_reversal(interpolate):
    np.testing.assert_allclose(interpolate(WAVE, A, B, [0.3]), interpolate(WAVE, B, A, [0.7]), rtol=1e-6)


@pytest.mark.parametrize("interpolate", [*EXACT[:2], *ENTROPIC])
def test_total_flux_is_linear(interpolate):
    width = np.diff(bin_edges(WAVE))
    expected = (1 - T) * (A @ width) + T * (B @ width)
    np.testing.assert_allclose(interpolate(WAVE, A, B, T) @ width, expected, rtol=1e-10)


def test_log_linear_is_geometric_and_survives_zeros():
    np.testing.assert_allclose(interpolators.log_linear(WAVE, A, B, 0.5)[0], np.sqrt(A * B))
    zero = np.where(WAVE > 5000, 0.0, A)
    out = interpolators.log_linear(WAVE, zero, B, [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(out[0], zero)
    assert np.all(out[1][WAVE > 5000] == 0)
    np.testing.assert_array_equal(out[2], B)


def test_entropic_barycenter_approaches_the_exact_one_for_a_shifted_line():
    lines = [np.exp(-0.5 * ((WAVE - c) / 150) ** 2) + 1e-3 for c in (5500.0, 5900.0)]
    exact = interpolators.wasserstein(WAVE, *lines, [0.5])[0]
    entropic = interpolators.sinkhorn(WAVE, *lines, [0.5], width=1500.0)[0]
    assert distance(WAVE, exact, entropic, 1) < 0.15 * distance(WAVE, *lines, 1)
