"""Speed of the exact kernel, as ratios to familiar work on the same arrays in the same run.

Run with ``make bench``. Nothing here asserts on time.
"""

import timeit

import numpy as np
import pytest

from sntransport.transport import _kernels, exact


def seconds(work, number):
    """Least of several repeats: what the work costs when nothing disturbs it."""
    work()
    return min(timeit.repeat(work, number=number, repeat=9)) / number


@pytest.fixture
def spectra():
    rng = np.random.default_rng(1)
    n = 2000
    wave = np.linspace(3000.0, 10000.0, n)
    a = np.exp(-(((wave - 4500) / 1500) ** 2)) + 0.2 + 0.1 * np.sin(wave / 40) + 0.02 * rng.random(n)
    b = np.exp(-(((wave - 5500) / 1800) ** 2)) + 0.2 + 0.1 * np.sin(wave / 43) + 0.02 * rng.random(n)
    edges = exact.bin_edges(wave)
    t = np.array([0.3])
    width = np.diff(edges)
    for array in (wave, a, b, t, width):
        array.setflags(write=False)
    return wave, edges, width, a, b, t


def test_one_pair_at_one_position(benchmark, spectra, capsys):
    import ot

    wave, edges, width, a, b, t = spectra
    out = np.empty((1, wave.size))

    def kernel():
        _kernels.displace_pair(edges, width, a, b, t, out)

    cumulative = np.cumsum(a)

    def numpy_work():
        np.cumsum(a)
        np.cumsum(b)
        np.interp(cumulative, cumulative, wave)

    mass_a, mass_b = a * width / (a @ width), b * width / (b @ width)

    def pot():
        plan = ot.emd_1d(wave, wave, mass_a, mass_b, dense=False, check_marginals=False)
        place = 0.7 * wave[plan.row] + 0.3 * wave[plan.col]
        np.histogram(place, bins=edges, weights=plan.data)

    ours, theirs, plain = seconds(kernel, 500), seconds(pot, 20), seconds(numpy_work, 500)
    benchmark.pedantic(kernel, rounds=200, iterations=20, warmup_rounds=5)
    benchmark.extra_info |= {
        "microseconds": 1e6 * ours, "to two cumsum and one interp": ours / plain, "faster than POT": theirs / ours,
    }  # fmt: skip
    with capsys.disabled():
        print(
            f"\none pair, one position, {wave.size} bins: {1e6 * ours:.1f} us\n"
            f"  {ours / plain:.2f} x the time of two np.cumsum and one np.interp ({1e6 * plain:.1f} us)\n"
            f"  {theirs / ours:.0f} x faster than POT's emd_1d and a histogram ({1e6 * theirs:.0f} us)"
        )


def test_feature_transport_at_many_positions(benchmark, capsys):
    from sntransport.transport.features import feature_transport

    wave = np.exp(np.arange(np.log(3300.0), np.log(11500.0), 250.0 / 299792.458))
    a, b = (1.0 + 0.3 * np.sin(np.log(wave) * 40 + shift) + 0.1 * np.sin(wave / 60) for shift in (0.0, 0.3))
    one, many = np.array([0.5]), np.linspace(0.0, 1.0, 100)
    alone = seconds(lambda: feature_transport(wave, a, b, one), 100)
    together = seconds(lambda: feature_transport(wave, a, b, many), 20)
    benchmark.pedantic(feature_transport, args=(wave, a, b, many), rounds=50, warmup_rounds=2)
    benchmark.extra_info |= {"milliseconds at 100 positions": 1e3 * together, "milliseconds at one": 1e3 * alone}
    with capsys.disabled():
        print(
            f"\nfeature_transport of one pair, {wave.size} bins: {1e3 * together:.1f} ms at 100 positions, "
            f"{1e3 * alone:.2f} ms at one"
        )
