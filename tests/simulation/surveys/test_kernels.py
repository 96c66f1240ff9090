"""Kernels of places on the sky against a search of all; run a second time with the JIT off."""

import numpy as np
import pytest

from sntransport.simulation.surveys import _kernels
from sntransport.simulation.surveys.footprint import unit_vectors
from tests.support.twins import readonly


def sky_grid(ra, dec):
    """Rings of 30 degrees, each cut in as many columns as its number and one more; the columns of visits tell them."""
    edges = np.radians(np.arange(-90.0, 91.0, 30.0))
    cell = np.concatenate([[0], np.cumsum(np.arange(1, 7))])
    near = np.empty((ra.size, 4), np.float32)
    grid = _kernels.Grid(
        30.0, np.sin(edges), np.abs(np.cos(edges)), cell, np.zeros(22, np.int64), near, near.view(np.int32),
        np.empty((ra.size, 6)), readonly(ra), readonly(dec),
    )  # fmt: skip
    columns = [readonly(factor * np.arange(ra.size)) for factor in (1.0, 2.0, 3.0, 4.0, 5.0)]
    _kernels.sort_visits(columns[0], np.arange(ra.size).astype(np.int16), *columns[1:], grid)
    return grid


def test_sines_and_cosines_to_rounding():
    angle = np.r_[np.random.default_rng(3).uniform(-360, 360, 500), np.arange(-360.0, 361.0, 45.0)]
    got = np.array([_kernels.sine_cosine(one) for one in angle]).T
    np.testing.assert_allclose(got, [np.sin(np.radians(angle)), np.cos(np.radians(angle))], rtol=0, atol=1e-15)


def test_the_edge_of_a_field_is_as_sharp_as_double_precision():
    """Places a thousandth of the step of single precision inside and outside, where it alone could not tell."""
    rng = np.random.default_rng(6)
    ra, dec = rng.uniform(0, 360, 40), np.degrees(np.arcsin(rng.uniform(-0.9, 0.9, 40)))
    grid = sky_grid(ra, dec)
    for away, inside in ((-6e-11, True), (6e-11, False)):
        places = ra.copy(), dec + 2.0 + np.degrees(away)
        limit = (2.0 * np.sin(np.radians(1.0))) ** 2
        offset, _ = _kernels.gather_visits(
            *places, np.arange(40), np.arange(1, 41), limit, np.radians(2.0) + 1e-6, grid
        )
        assert np.all(np.diff(offset) == inside)
        near = np.empty(40, np.int8)
        _kernels.nearness(*places, np.full(40, limit), np.full(40, limit), np.full(40, 0.0349067), grid, near)
        assert np.all((near == 2)[np.diff(offset) == 1])


@pytest.mark.parametrize("crowd", [1, 20, 40, 400])
def test_keys_are_sorted_however_they_crowd(crowd):
    rng = np.random.default_rng(crowd)
    low, high = 1000, 2_000_000_000
    upper = np.concatenate([rng.integers(low, high, 50), rng.integers(5000, 5000 + 3 * crowd, crowd), [low, high - 1]])
    keys = upper.astype(np.int64) << 32 | np.arange(upper.size)
    rng.shuffle(keys)
    expected = np.sort(keys)
    _kernels._put_in_order(keys, low, high, np.empty(258, np.int32), np.empty(keys.size, np.int64))
    np.testing.assert_array_equal(keys, expected)


@pytest.mark.parametrize("n", [1, 2, 300, 3000])
def test_visits_of_a_place_come_in_order(n):
    """Crowded in one night of many, and more than there is room for at first."""
    rng = np.random.default_rng(n)
    ra, dec = rng.uniform(9, 11, n), rng.uniform(-1, 1, n)
    grid = sky_grid(ra, dec)
    one = (np.array([10.0]), np.array([0.0]), np.array([0]), np.array([100_000]))
    _, keys = _kernels.gather_visits(*one, 4.0, np.pi, grid)
    np.testing.assert_array_equal(keys >> 32, np.arange(n))


def test_visits_on_the_sky_against_a_search_of_all():
    rng = np.random.default_rng(8)
    ra, dec = rng.uniform(0, 360, 60), np.degrees(np.arcsin(rng.uniform(-1, 1, 60)))
    grid, pointing = sky_grid(ra, dec), unit_vectors(ra, dec)
    number = grid.number[:, 3]
    assert sorted(number) == list(range(60))
    np.testing.assert_allclose(grid.near[:, :3], pointing[number], atol=1e-7)
    np.testing.assert_array_equal(grid.columns, number[:, None] * np.array([1.0, 1.0, 2.0, 3.0, 4.0, 5.0]))
    places = np.r_[ra[:7], 0.0, 359.99], np.r_[dec[:7], 90.0, -89.0]
    first, last = rng.integers(0, 30, 9), rng.integers(30, 61, 9)
    chord2 = np.sum((pointing - unit_vectors(*places)[:, None]) ** 2, axis=2)
    for limit in (0.02, 0.5, 1.5, 3.9):
        reach = 2 * np.arcsin(0.5 * np.sqrt(limit)) + 1e-6
        got = _kernels.gather_visits(*places, first, last, limit, reach, grid)
        for i in range(9):
            near = np.flatnonzero(chord2[i] <= limit)
            expected = [row for row in near if first[i] <= row < last[i]]
            keys = got[1][got[0][i] : got[0][i + 1]]
            np.testing.assert_array_equal(keys >> 32, expected)
            out = np.empty((7, keys.size))
            _kernels.take_columns(keys, grid.columns, out)
            np.testing.assert_array_equal(out[1], expected)
            np.testing.assert_array_equal(out[5], 5.0 * out[1])
            fewer = np.empty((5, keys.size))
            _kernels.take_columns(keys, grid.columns, fewer)
            np.testing.assert_array_equal(fewer, out[:5])
        known = np.empty(9, np.int8)
        for inner in (-1.0, 0.3 * limit):
            _kernels.nearness(*places, np.full(9, inner), np.full(9, limit), np.full(9, reach), grid, known)
            nearest = chord2.min(axis=1)
            np.testing.assert_array_equal(known, np.where(nearest <= inner, 2, nearest <= limit))
