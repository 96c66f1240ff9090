"""Kernels of transport against slow twins; run a second time with the JIT off, as all kernels are."""

import subprocess
import sys

import numpy as np
import pytest

from sntransport.transport import _kernels
from tests.support import twins
from tests.support.twins import readonly


@pytest.fixture(params=["smooth", "rough", "gaps", "one bin", "edges empty"])
def pair(request):
    rng = np.random.default_rng(7)
    edges = np.sort(rng.uniform(3000, 9000, 41))
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
    return readonly(edges), readonly(a), readonly(b)


def displaced(edges, a, b, t):
    out = np.empty((len(t), a.size))
    _kernels.displace_pair(edges, readonly(np.diff(edges)), a, b, readonly(t), out)
    return out


def test_cumulative_matches_twin(pair):
    edges, a, _ = pair
    cum = _kernels.normalized_cumulative(a, readonly(np.diff(edges)))
    np.testing.assert_allclose(cum, twins.cumulative(edges, a), rtol=1e-13)
    assert cum[0] == 0.0
    assert cum[-1] == 1.0
    assert np.all(np.diff(cum) >= 0)


def test_displacement_matches_twin(pair):
    edges, a, b = pair
    for t in (0.1, 0.5, 0.83):
        np.testing.assert_allclose(
            displaced(edges, a, b, [t])[0], twins.displace(edges, a, b, t), atol=1e-11 * max(a.max(), b.max())
        )


def test_barycenter_of_three_matches_twin(pair):
    edges, a, b = pair
    rows = np.stack([a, b, 0.5 * (a[::-1] + b)])
    weights = np.array([0.2, 0.5, 0.3])
    cums = np.stack([_kernels.normalized_cumulative(readonly(row), readonly(np.diff(edges))) for row in rows])
    level, position = _kernels.mean_quantile(edges, readonly(cums), readonly(weights))
    out = np.empty(a.size)
    _kernels.deposit(edges, level, position, float(weights @ (rows @ np.diff(edges))), out)
    np.testing.assert_allclose(out, twins.barycenter(edges, rows, weights), atol=1e-11 * rows.max())


@pytest.mark.parametrize("p", [1.0, 2.0, 3.5])
def test_distance_matches_fine_sum(pair, p):
    edges, a, b = pair
    cums = [_kernels.normalized_cumulative(x, readonly(np.diff(edges))) for x in (a, b)]
    got = _kernels.quantile_distance(*_kernels.pair_quantiles(edges, *cums), p)
    mass, ((a0, a1), (b0, b1)) = twins.segments(edges, a, b)
    x = (np.arange(400) + 0.5) / 400
    gap = np.abs((a0 - b0)[:, None] + x * ((a1 - b1) - (a0 - b0))[:, None])
    np.testing.assert_allclose(got, np.sum(mass[:, None] * gap**p / x.size), rtol=1e-5)


def test_many_positions_equal_single_ones(pair):
    edges, a, b = pair
    t = np.linspace(0, 1, 11)
    together = displaced(edges, a, b, t)
    for k, s in enumerate(t):
        np.testing.assert_array_equal(together[k], displaced(edges, a, b, [s])[0])


def test_mass_and_ends(pair):
    edges, a, b = pair
    width = np.diff(edges)
    out = displaced(edges, a, b, [0.0, 0.3, 1.0])
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
        "assert normalized_cumulative(np.ones(2), np.ones(2)).tolist() == [0.0, 0.5, 1.0]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
