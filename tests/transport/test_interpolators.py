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


EVEN, UNEVEN = np.geomspace(3500.0, 9500.0, 240), np.linspace(3500.0, 9500.0, 240)


@pytest.mark.parametrize("wave", [EVEN, UNEVEN])
@pytest.mark.parametrize("s", [0.0, 0.3, 1.0])
def test_bins_without_flux_far_from_all_light(wave, s):
    a, b = (flux_at(p, wave) / 1e-8 for p in (5.0, 40.0))
    a = np.where(wave < 5000.0, 0.0, a)
    width = np.diff(bin_edges(wave))
    mass = np.array([a @ width, b @ width])
    weight = np.array([1.0 - s, s])
    shares = np.stack([a * width / mass[0], b * width / mass[1]], axis=1)
    cost, entropy = np.subtract.outer(np.log(wave), np.log(wave)) ** 2, 2.0 * (3000.0 / C_KMS) ** 2
    with np.errstate(all="ignore"):
        debiased = barycenter_debiased(shares, cost, entropy, weights=weight, warn=False)
    out = interpolators.sinkhorn(wave, a, b, [s])[0]
    if s == 0.3:
        np.testing.assert_allclose(out, debiased / debiased.sum() / width * (weight @ mass), rtol=1e-9)
    else:
        # POT itself may find none here. The input comes back, but for the edge of its light.
        expected = b if s else a
        inner = (np.abs(wave - 5000.0) > 150.0) & (wave > 3700.0) & (wave < 9000.0)
        np.testing.assert_allclose(out[inner], expected[inner], rtol=0.12, atol=1e-3 * expected.max())
    out = interpolators.unbalanced(wave, a, b, [s])[0]
    assert np.all(np.isfinite(out))
    assert out @ width == pytest.approx(weight @ mass)
    # Far below 5000 A only one spectrum has light.
    low = (wave > 3800.0) & (wave < 4300.0)
    assert np.all(out[low] > 0) if s else np.all(out[low] < 1e-30 * out.max())


@pytest.mark.parametrize("wave", [EVEN, UNEVEN])
def test_light_out_of_reach_of_all_other_fades_in_place(wave):
    line = np.exp(-0.5 * ((wave - 3900.0) / 50.0) ** 2)
    first, second = np.where(wave < 4300.0, line, 0.0), np.where(wave > 8700.0, 1.0, 0.0)
    for s in (0.0, 0.2, 0.5, 1.0):
        out = interpolators.unbalanced(wave, first, second, [s], width=1000.0)[0]
        np.testing.assert_allclose(out, (1 - s) * first + s * second)


@pytest.mark.parametrize("interpolate", ENTROPIC)
@pytest.mark.parametrize("wave", [EVEN, UNEVEN])
def test_a_flux_that_is_zero_everywhere(wave, interpolate):
    flux, none = flux_at(5.0, wave), np.zeros(wave.size)
    np.testing.assert_array_equal(interpolate(wave, none, none, [0.0, 0.5]), np.zeros((2, wave.size)))
    np.testing.assert_allclose(interpolate(wave, flux, none, [0.25])[0], 0.75 * flux)
    np.testing.assert_allclose(interpolate(wave, none, flux, [0.25])[0], 0.25 * flux)


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
