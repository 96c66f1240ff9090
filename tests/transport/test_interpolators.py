import numpy as np
import pytest
from ot.bregman import barycenter_debiased
from ot.unbalanced import barycenter_unbalanced

from sntransport._numerics.units import C_KMS
from sntransport.transport import _kernels, interpolators
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


@pytest.mark.parametrize("wave", [WAVE, np.linspace(3500.0, 9000.0, 240)])
def test_entropic_barycenters_are_those_of_pot(wave):
    """On a grid even in ln wavelength, where they are convolutions, and on another; faint next to bright bins too."""
    a, b = (flux_at(p, wave) / 1e-8 for p in (5.0, 40.0))
    a = a * np.where(wave > 7000.0, 1e-9, 1.0)
    width = np.diff(bin_edges(wave))
    mass = np.array([a @ width, b @ width])
    shares = np.stack([a * width / mass[0], b * width / mass[1]], axis=1)
    cost, entropy = np.subtract.outer(np.log(wave), np.log(wave)) ** 2, 2.0 * (3000.0 / C_KMS) ** 2
    for s in (0.0, 0.3, 0.5):
        weight = np.array([1.0 - s, s])
        debiased = barycenter_debiased(shares, cost, entropy, weights=weight, warn=False)
        fading = barycenter_unbalanced(shares, cost, entropy, (30000.0 / C_KMS) ** 2, weights=weight)
        for expected, interpolate in ((debiased, interpolators.sinkhorn), (fading, interpolators.unbalanced)):
            flux = expected / expected.sum() / width * (weight @ mass)
            np.testing.assert_allclose(interpolate(wave, a, b, [s])[0], flux, rtol=1e-9)


def test_light_out_of_reach_of_all_other_ends_the_iterations():
    first, second = np.zeros(WAVE.size), np.zeros(WAVE.size)
    first[:3], second[-3:] = 1.0, 1.0
    assert interpolators.unbalanced(WAVE, first, second, [0.5], width=100.0).shape == (1, WAVE.size)


@pytest.mark.parametrize("n_tap", [1, 5, 41, 99])
def test_convolution_of_rows(n_tap):
    rng = np.random.default_rng(n_tap)
    rows, taps = rng.uniform(size=(2, 50)), rng.uniform(size=n_tap)
    taps = taps + taps[::-1]
    out = np.empty(rows.shape)
    _kernels.convolve_rows(rows, taps, out)
    for row, got in zip(rows, out, strict=True):
        whole = np.convolve(row, taps)
        np.testing.assert_allclose(got, whole[n_tap // 2 : n_tap // 2 + row.size], rtol=1e-12)
