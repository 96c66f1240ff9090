"""Kernels of transport against slow twins; run a second time with the JIT off, as all kernels are."""

import subprocess
import sys

import numpy as np
import pytest

from sntransport.transport import _kernels
from sntransport.transport.exact import bin_edges
from tests.support import twins
from tests.support.twins import readonly


@pytest.fixture(params=["smooth", "rough", "gaps", "one bin", "edges empty"])
def pair(request):
    rng = np.random.default_rng(7)
    wave = np.sort(rng.uniform(3000, 9000, 40))
    a, b = rng.uniform(0.5, 1.5, (2, 40))
    if request.param == "rough":
        a, b = a**8, b**8
    elif request.param == "gaps":
        a[rng.random(40) < 0.5] = 0.0
        b[rng.random(40) < 0.5] = 0.0
    elif request.param == "one bin":
        a, b = np.zeros(40), np.zeros(40)
        a[3], b[30] = 2.0, 5.0
    elif request.param == "edges empty":
        a[:7] = a[-4:] = b[:2] = b[-9:] = 0.0
    return readonly(wave), readonly(a), readonly(b)


def cumulative(edges, density):
    return _kernels.normalized_cumulative(density, readonly(np.diff(edges)))[0]


def displaced(wave, a, b, t):
    out = np.empty((len(t), a.size))
    assert _kernels.displace_pair(wave, a, b, readonly(t), out)
    return out


def test_bounds_are_half_way(pair):
    wave = pair[0]
    edges, width = np.empty(41), np.empty(40)
    assert _kernels.bin_bounds(wave, edges, width)
    np.testing.assert_array_equal(edges, bin_edges(wave))
    np.testing.assert_array_equal(width, np.diff(edges))


@pytest.mark.parametrize("wave", [[1.0, 1.0], [2.0, 1.0], [1.0, np.nan], [np.nan, 1.0], [1.0, 2.0, np.inf]])
def test_bounds_refuse_what_does_not_increase(wave):
    assert not _kernels.bin_bounds(readonly(wave), np.empty(len(wave) + 1), np.empty(len(wave)))


def test_cumulative_matches_twin(pair):
    wave, a, _ = pair
    edges = bin_edges(wave)
    cum, mass = _kernels.normalized_cumulative(a, readonly(np.diff(edges)))
    np.testing.assert_allclose(cum, twins.cumulative(edges, a), rtol=1e-13)
    assert mass == pytest.approx(a @ np.diff(edges), rel=1e-13)
    assert cum[0] == 0.0
    assert cum[-1] == 1.0
    assert np.all(np.diff(cum) >= 0)


@pytest.mark.parametrize(
    ("density", "mass"),
    [([1.0, -1e-9], np.nan), ([1.0, np.nan], np.nan), ([0.0, 0.0], 0.0), ([np.inf, 1.0], np.inf)],
)
def test_mass_says_what_is_no_density(density, mass):
    np.testing.assert_equal(_kernels.normalized_cumulative(readonly(density), readonly([1.0, 1.0]))[1], mass)


def test_displacement_matches_twin(pair):
    wave, a, b = pair
    for t in (0.1, 0.5, 0.83):
        np.testing.assert_allclose(
            displaced(wave, a, b, [t])[0], twins.displace(bin_edges(wave), a, b, t), atol=1e-11 * max(a.max(), b.max())
        )


@pytest.mark.parametrize("n", range(2, 12))
def test_displacement_of_few_bins_matches_twin(n):
    # Fewer bins than are worked on side by side, and what is left over after these.
    rng = np.random.default_rng(n)
    wave, a, b = readonly(np.arange(n) + 1.0), *(readonly(row) for row in rng.uniform(0.0, 1.0, (2, n)) ** 4)
    np.testing.assert_allclose(displaced(wave, a, b, [0.4])[0], twins.displace(bin_edges(wave), a, b, 0.4), atol=1e-13)


def test_search_ahead_is_a_bisection():
    rng = np.random.default_rng(2)
    position = np.sort(rng.uniform(0, 1, 50)).round(2)  # with ties
    padded = readonly(np.concatenate([position, [np.inf, np.inf]]))
    at = np.uintp(0)
    for edge in np.sort(np.concatenate([position[position > position[0]], rng.uniform(position[0], 1.1, 30)])):
        at = np.uintp(_kernels.ahead(padded, edge, at))
        assert at == np.searchsorted(position, edge) - 1
        assert at == _kernels.first_ahead(padded, edge)


def test_barycenter_of_three_matches_twin(pair):
    wave, a, b = pair
    edges, rows = bin_edges(wave), np.stack([a, b, 0.5 * (a[::-1] + b)])
    weights = np.array([0.2, 0.5, 0.3])
    out = np.empty(a.size)
    assert _kernels.mean_of_many(wave, readonly(rows), readonly(weights), out)
    np.testing.assert_allclose(out, twins.barycenter(edges, rows, weights), atol=1e-11 * rows.max())


def test_mean_quantile_is_the_mean_of_quantiles(pair):
    wave, a, b = pair
    edges = bin_edges(wave)
    cums = np.stack([cumulative(edges, row) for row in (a, b, readonly(0.5 * (a[::-1] + b)))])
    weights = np.array([0.2, 0.0, 0.8])
    level, position = _kernels.mean_quantile(edges, cums, readonly(weights))
    assert np.all(np.diff(level) >= 0)
    assert np.all(np.diff(position[:-2]) >= 0)
    rising = np.flatnonzero(np.diff(level) > 1e-12)
    u, expected = 0.5 * (level[rising] + level[rising + 1]), 0.5 * (position[rising] + position[rising + 1])
    twin = sum(w * twins.quantile(edges, cum, u) for w, cum in zip(weights, cums, strict=True))
    np.testing.assert_allclose(expected, twin, rtol=1e-9)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.5])
def test_distance_matches_fine_sum(pair, p):
    wave, a, b = pair
    edges = bin_edges(wave)
    got = _kernels.pair_distance(wave, a, b, p)
    mass, ((a0, a1), (b0, b1)) = twins.segments(edges, a, b)
    x = (np.arange(400) + 0.5) / 400
    gap = np.abs((a0 - b0)[:, None] + x * ((a1 - b1) - (a0 - b0))[:, None])
    np.testing.assert_allclose(got, np.sum(mass[:, None] * gap**p / x.size), rtol=1e-5)


def test_many_positions_equal_single_ones(pair):
    wave, a, b = pair
    t = np.linspace(0, 1, 11)
    together = displaced(wave, a, b, t)
    for k, s in enumerate(t):
        np.testing.assert_array_equal(together[k], displaced(wave, a, b, [s])[0])


def test_mass_and_ends(pair):
    wave, a, b = pair
    width = np.diff(bin_edges(wave))
    out = displaced(wave, a, b, [0.0, 0.3, 1.0])
    np.testing.assert_array_equal(out[0], a)
    np.testing.assert_array_equal(out[2], b)
    expected = 0.7 * a @ width + 0.3 * b @ width
    assert abs(out[1] @ width / expected - 1) < 1e-12
    assert out.min() >= 0


def test_kernels_work_where_nothing_can_be_cached():
    code = (
        "import numba.core.caching as caching; caching.CacheImpl._locator_classes = []\n"
        "import numpy as np\n"
        "from sntransport.transport._kernels import normalized_cumulative\n"
        "assert normalized_cumulative(np.ones(2), np.ones(2))[0].tolist() == [0.0, 0.5, 1.0]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
