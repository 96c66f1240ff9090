"""Speed of transport as users call it, as ratios to familiar work on the same arrays in the same run.

Run with ``make bench``. Nothing here asserts on time.
"""

import time

import numpy as np
import pytest

import sntransport as snt
from sntransport.transport import exact


def least(works, rounds=60, number=10):
    """Least seconds of CPU of each of several works that take turns, so that what disturbs one disturbs all."""
    best = dict.fromkeys(works, np.inf)
    for work in works.values():
        work()
    for _ in range(rounds):
        for name, work in works.items():
            start = time.process_time()
            for _ in range(number):
                work()
            best[name] = min(best[name], (time.process_time() - start) / number)
    return best


@pytest.fixture
def spectra():
    rng = np.random.default_rng(1)
    n = 2000
    wave = np.linspace(3000.0, 10000.0, n)
    a = np.exp(-(((wave - 4500) / 1500) ** 2)) + 0.2 + 0.1 * np.sin(wave / 40) + 0.02 * rng.random(n)
    b = np.exp(-(((wave - 5500) / 1800) ** 2)) + 0.2 + 0.1 * np.sin(wave / 43) + 0.02 * rng.random(n)
    return wave, a, b


class Pot:
    """POT's plan between two histograms, and the points on their way put back into bins: two ways to do that."""

    def __init__(self, wave, a, b):
        self.wave, self.edges = wave, exact.bin_edges(wave)
        self.width = np.diff(self.edges)
        self.masses = [x * self.width / (x @ self.width) for x in (a, b)]

    def plan(self):
        import ot

        plan = ot.emd_1d(self.wave, self.wave, *self.masses, dense=False, check_marginals=False)
        return self.wave[plan.row], self.wave[plan.col], plan.data

    def by_histogram(self, positions):
        start, stop, mass = self.plan()
        return [np.histogram((1 - t) * start + t * stop, self.edges, weights=mass)[0] / self.width for t in positions]

    def by_interpolation(self, positions):
        """Of the cumulative mass, since the points are in order: the fastest that numpy offers, but not exact."""
        start, stop, mass = self.plan()
        below = np.cumsum(mass)
        return [np.diff(np.interp(self.edges, (1 - t) * start + t * stop, below)) / self.width for t in positions]


def test_one_pair_at_one_position(benchmark, spectra, capsys):
    wave, a, b = spectra
    cumulative, pot = np.cumsum(a), Pot(wave, a, b)

    def numpy_work():
        np.cumsum(a)
        np.cumsum(b)
        np.interp(cumulative, cumulative, wave)

    def ours():
        snt.transport.displace(wave, a, b, 0.3)

    best = least(
        {
            "ours": ours,
            "numpy": numpy_work,
            "histogram": lambda: pot.by_histogram([0.3]),
            "interpolation": lambda: pot.by_interpolation([0.3]),
        }
    )
    benchmark.pedantic(ours, rounds=200, iterations=20, warmup_rounds=5)
    benchmark.extra_info |= {
        "microseconds": 1e6 * best["ours"],
        "to two cumsum and one interp": best["ours"] / best["numpy"],
        "faster than POT": best["histogram"] / best["ours"],
        "faster than POT, interpolated": best["interpolation"] / best["ours"],
    }
    with capsys.disabled():
        print(f"\none pair, one position, {wave.size} bins [us]: { {k: round(1e6 * v, 1) for k, v in best.items()} }")


def test_one_pair_at_many_positions(benchmark, spectra, capsys):
    wave, a, b = spectra
    positions, pot = np.linspace(0.0, 1.0, 102)[1:-1], Pot(wave, a, b)
    rows = np.ones((positions.size, wave.size))

    def ours():
        snt.transport.displace(wave, a, b, positions)

    best = least(
        {
            "ours": ours,
            "copy": rows.copy,
            "histogram": lambda: pot.by_histogram(positions),
            "interpolation": lambda: pot.by_interpolation(positions),
        },
        number=1,
    )
    benchmark.pedantic(ours, rounds=50, warmup_rounds=2)
    benchmark.extra_info |= {
        "microseconds a position": 1e6 * best["ours"] / positions.size,
        "to a copy of the result": best["ours"] / best["copy"],
        "faster than POT": best["histogram"] / best["ours"],
        "faster than POT, interpolated": best["interpolation"] / best["ours"],
    }
    with capsys.disabled():
        print(f"\none pair, 100 positions [us]: { {k: round(1e6 * v, 1) for k, v in best.items()} }")


def test_barycenter_of_five(benchmark, spectra, capsys):
    wave, a, b = spectra
    rows = np.stack([a, b, np.roll(a, 30) + 0.1, np.roll(b, 50) + 0.2, np.sqrt(a * b)])
    weights, edges = np.array([0.1, 0.2, 0.3, 0.2, 0.2]), exact.bin_edges(wave)
    width = np.diff(edges)

    def numpy_work():
        """The same, exactly: the mean of the quantile functions on the union of their levels."""
        cumulative = np.zeros((5, wave.size + 1))
        np.cumsum(rows * width, axis=1, out=cumulative[:, 1:])
        mass = cumulative[:, -1].copy()
        cumulative /= mass[:, None]
        level = np.sort(cumulative.ravel())
        position = sum(w * np.interp(level, one, edges) for w, one in zip(weights, cumulative, strict=True))
        return np.diff(np.interp(edges, position, level)) / width * (weights @ mass)

    def ours():
        return snt.transport.barycenter(wave, rows, weights)

    np.testing.assert_allclose(ours(), numpy_work(), rtol=1e-10)
    best = least({"ours": ours, "numpy": numpy_work})
    benchmark.pedantic(ours, rounds=100, iterations=5, warmup_rounds=2)
    benchmark.extra_info |= {"microseconds": 1e6 * best["ours"], "to numpy": best["ours"] / best["numpy"]}
    with capsys.disabled():
        print(f"\nbarycenter of five [us]: { {k: round(1e6 * v, 1) for k, v in best.items()} }")


def test_feature_transport_at_many_positions(benchmark, capsys):
    from sntransport.transport.features import feature_transport

    wave = np.exp(np.arange(np.log(3300.0), np.log(11500.0), 250.0 / 299792.458))
    a, b = (1.0 + 0.3 * np.sin(np.log(wave) * 40 + shift) + 0.1 * np.sin(wave / 60) for shift in (0.0, 0.3))
    one, many = np.array([0.5]), np.linspace(0.0, 1.0, 100)
    works = {"one": lambda: feature_transport(wave, a, b, one), "many": lambda: feature_transport(wave, a, b, many)}
    best = least(works, number=5)
    alone, together = best["one"], best["many"]
    benchmark.pedantic(feature_transport, args=(wave, a, b, many), rounds=50, warmup_rounds=2)
    benchmark.extra_info |= {"milliseconds at 100 positions": 1e3 * together, "milliseconds at one": 1e3 * alone}
    with capsys.disabled():
        print(
            f"\nfeature_transport of one pair, {wave.size} bins: {1e3 * together:.1f} ms at 100 positions, "
            f"{1e3 * alone:.2f} ms at one"
        )
