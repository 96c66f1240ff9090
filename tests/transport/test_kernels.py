"""Kernels against slow twins; run a second time with the JIT off."""

import subprocess
import sys

import numpy as np
import pytest

from sntransport.photometry import _kernels as _kernels_of_bands
from sntransport.simulation.surveys import _kernels as _kernels_of_sky
from sntransport.simulation.surveys.footprint import unit_vectors
from sntransport.spectra import _kernels as _kernels_of_draws
from sntransport.transport import _kernels
from tests.support import twins


def readonly(array):
    array = np.ascontiguousarray(array, dtype=np.float64)
    array.setflags(write=False)
    return array


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
        "from sntransport import transport\n"
        "out = transport.displace(np.arange(5.0), np.eye(5)[0] + 0.1, np.eye(5)[4] + 0.1, 0.5)\n"
        "assert np.isclose(out.sum(), 1.5)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("case", ["fine", "coarse", "own points", "two points"])
@pytest.mark.parametrize("name", ["sdssr", "ztfr", "bessellb", "rough"])
def test_band_weights_are_those_of_numpy(case, name):
    from sntransport.photometry.bands import Bandpass, load_bands
    from sntransport.photometry.synthetic import hat_integrals

    rng = np.random.default_rng(3)
    rough = Bandpass(name="rough", wave=np.sort(rng.uniform(3000, 7000, 40)), throughput=rng.random(40))
    band = rough if name == "rough" else load_bands([name])[0]
    wave = {
        "fine": np.exp(np.linspace(np.log(1500.0), np.log(12000.0), 300)),
        "coarse": np.linspace(3500.0, 6000.0, 7),
        "own points": band.wave[::2],
        "two points": np.array([2000.0, 20000.0]),
    }[case]
    stretch = np.array([0.95, 1.0, 1.013, 1.7, 3.5, 10.0])
    photons, norms = np.zeros((2, stretch.size, wave.size))
    _kernels_of_bands.band_weights(readonly(wave), stretch, band.wave, band.throughput, photons, norms)
    for k, factor in enumerate(stretch):
        for got, expected in zip((photons[k], norms[k]), hat_integrals(wave * factor, band), strict=True):
            np.testing.assert_allclose(got, expected, atol=1e-11 * max(expected.max(), 1e-300))


def test_residual_field_and_chain_of_rows():
    rng = np.random.default_rng(5)
    noise, nodes, step = rng.normal(size=(4, 30)), rng.normal(size=(4, 6)), rng.uniform(0.0, 1.0, 30)
    mix, join, left = rng.normal(size=(2, 30)), rng.normal(size=(2, 30)), np.sort(rng.integers(0, 5, 30))
    field = np.empty(noise.shape)
    _kernels_of_draws.residual_field(noise, step, mix, nodes, left, join, field)
    np.testing.assert_allclose(
        field, twins.residual_field(noise, step, mix, nodes=nodes, left=left, join=join), rtol=1e-12, atol=1e-12
    )
    expected = twins.chain_rows(field.copy(), step[:3])
    _kernels_of_draws.chain_rows(field, step[:3])
    np.testing.assert_allclose(field, expected, rtol=1e-12, atol=1e-12)


def sky_grid(ra, dec):
    """Rings of 30 degrees, each cut in as many columns as its number and one more; the columns of visits tell them."""
    edges = np.radians(np.arange(-90.0, 91.0, 30.0))
    cell = np.concatenate([[0], np.cumsum(np.arange(1, 7))])
    near = np.empty((ra.size, 4), np.float32)
    grid = _kernels_of_sky.Grid(
        30.0, np.sin(edges), np.abs(np.cos(edges)), cell, np.zeros(22, np.int64), near, near.view(np.int32),
        np.empty((ra.size, 5)), readonly(ra), readonly(dec),
    )  # fmt: skip
    columns = [readonly(factor * np.arange(ra.size)) for factor in (1.0, 2.0, 3.0, 4.0)]
    _kernels_of_sky.sort_visits(columns[0], np.arange(ra.size).astype(np.int16), *columns[1:], grid)
    return grid


def test_sines_and_cosines_to_rounding():
    angle = np.r_[np.random.default_rng(3).uniform(-360, 360, 500), np.arange(-360.0, 361.0, 45.0)]
    got = np.array([_kernels_of_sky.sine_cosine(one) for one in angle]).T
    np.testing.assert_allclose(got, [np.sin(np.radians(angle)), np.cos(np.radians(angle))], rtol=0, atol=1e-15)


def test_the_edge_of_a_field_is_as_sharp_as_double_precision():
    """Places a thousandth of the step of single precision inside and outside, where it alone could not tell."""
    rng = np.random.default_rng(6)
    ra, dec = rng.uniform(0, 360, 40), np.degrees(np.arcsin(rng.uniform(-0.9, 0.9, 40)))
    grid = sky_grid(ra, dec)
    for away, inside in ((-6e-11, True), (6e-11, False)):
        places = ra.copy(), dec + 2.0 + np.degrees(away)
        limit = (2.0 * np.sin(np.radians(1.0))) ** 2
        offset, _ = _kernels_of_sky.gather_visits(
            *places, np.arange(40), np.arange(1, 41), limit, np.radians(2.0) + 1e-6, grid
        )
        assert np.all(np.diff(offset) == inside)
        near = np.empty(40, np.int8)
        _kernels_of_sky.nearness(*places, np.full(40, limit), np.full(40, limit), np.full(40, 0.0349067), grid, near)
        assert np.all((near == 2)[np.diff(offset) == 1])


@pytest.mark.parametrize("crowd", [1, 20, 40, 400])
def test_keys_are_sorted_however_they_crowd(crowd):
    rng = np.random.default_rng(crowd)
    low, high = 1000, 2_000_000_000
    upper = np.concatenate([rng.integers(low, high, 50), rng.integers(5000, 5000 + 3 * crowd, crowd), [low, high - 1]])
    keys = upper.astype(np.int64) << 32 | np.arange(upper.size)
    rng.shuffle(keys)
    expected = np.sort(keys)
    _kernels_of_sky._put_in_order(keys, low, high, np.empty(258, np.int32), np.empty(keys.size, np.int64))
    np.testing.assert_array_equal(keys, expected)


@pytest.mark.parametrize("n", [1, 2, 300, 3000])
def test_visits_of_a_place_come_in_order(n):
    """Crowded in one night of many, and more than there is room for at first."""
    rng = np.random.default_rng(n)
    ra, dec = rng.uniform(9, 11, n), rng.uniform(-1, 1, n)
    grid = sky_grid(ra, dec)
    one = (np.array([10.0]), np.array([0.0]), np.array([0]), np.array([100_000]))
    _, keys = _kernels_of_sky.gather_visits(*one, 4.0, np.pi, grid)
    np.testing.assert_array_equal(keys >> 32, np.arange(n))


def test_visits_on_the_sky_against_a_search_of_all():
    rng = np.random.default_rng(8)
    ra, dec = rng.uniform(0, 360, 60), np.degrees(np.arcsin(rng.uniform(-1, 1, 60)))
    grid, pointing = sky_grid(ra, dec), unit_vectors(ra, dec)
    number = grid.number[:, 3]
    assert sorted(number) == list(range(60))
    np.testing.assert_allclose(grid.near[:, :3], pointing[number], atol=1e-7)
    np.testing.assert_array_equal(grid.columns, number[:, None] * np.array([1.0, 1.0, 2.0, 3.0, 4.0]))
    places = np.r_[ra[:7], 0.0, 359.99], np.r_[dec[:7], 90.0, -89.0]
    first, last = rng.integers(0, 30, 9), rng.integers(30, 61, 9)
    chord2 = np.sum((pointing - unit_vectors(*places)[:, None]) ** 2, axis=2)
    for limit in (0.02, 0.5, 1.5, 3.9):
        reach = 2 * np.arcsin(0.5 * np.sqrt(limit)) + 1e-6
        got = _kernels_of_sky.gather_visits(*places, first, last, limit, reach, grid)
        for i in range(9):
            near = np.flatnonzero(chord2[i] <= limit)
            expected = [row for row in near if first[i] <= row < last[i]]
            keys = got[1][got[0][i] : got[0][i + 1]]
            np.testing.assert_array_equal(keys >> 32, expected)
            out = np.empty((5, keys.size))
            _kernels_of_sky.take_columns(keys, grid.columns, out)
            np.testing.assert_array_equal(out[1], expected)
        known = np.empty(9, np.int8)
        for inner in (-1.0, 0.3 * limit):
            _kernels_of_sky.nearness(*places, np.full(9, inner), np.full(9, limit), np.full(9, reach), grid, known)
            nearest = chord2.min(axis=1)
            np.testing.assert_array_equal(known, np.where(nearest <= inner, 2, nearest <= limit))
