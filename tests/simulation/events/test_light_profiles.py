"""Sersic's profiles: places and brightness against each other and against the literature."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from sntransport.simulation.events.light_profiles import (
    draw_offsets,
    half_light_constant,
    isophote,
    light_per_area,
)

N = 40_000


def shapes(index, major, minor, angle, n=N):
    return [np.full(n, value) for value in (index, major, minor, angle)]


@pytest.mark.parametrize("index", [0.5, 1.0, 2.5, 4.0])
def test_places_are_as_likely_as_the_light(index):
    """Half of the light is within the half-light isophote, and the rest follows the integral of the brightness."""
    shape = shapes(index, 2.0, 0.7, 30.0)
    east, north = draw_offsets(np.random.default_rng(1).random((2, N)), *shape)
    rho = isophote(east, north, *shape[1:])
    assert np.mean(rho < 1.0) == pytest.approx(0.5, abs=0.01)
    one = [np.array([value]) for value in (index, 2.0, 0.7)]

    def ring(radius):
        return 2 * np.pi * 2.0 * 0.7 * radius * light_per_area(np.array([radius]), *one)[0]

    edges = np.array([0.0, 0.2, 0.5, 1.0, 2.0, 3.0])
    share = np.array([quad(ring, a, b)[0] for a, b in pairwise(edges)])
    np.testing.assert_allclose(np.histogram(rho, edges)[0] / N, share, atol=0.01)
    assert quad(ring, 0.0, 30.0 if index < 3 else 2000.0, limit=400)[0] == pytest.approx(1.0, abs=2e-3)


def test_a_gaussian_is_a_gaussian():
    """Index 0.5: each axis is normal with sigma = R / sqrt(2 ln 2), and the brightness in the middle 1 / (2 pi s s)."""
    shape = shapes(0.5, 1.5, 0.5, 0.0)
    east, north = draw_offsets(np.random.default_rng(3).random((2, N)), *shape)
    major, minor = 1.5 / np.sqrt(2 * np.log(2)), 0.5 / np.sqrt(2 * np.log(2))
    # At angle 0 the major axis points north.
    assert stats.kstest(north / major, "norm").pvalue > 1e-3
    assert stats.kstest(east / minor, "norm").pvalue > 1e-3
    middle = light_per_area(np.zeros(1), *[values[:1] for values in shape[:3]])[0]
    assert middle == pytest.approx(1 / (2 * np.pi * major * minor), rel=1e-10)


def test_the_major_axis_is_counted_from_north_through_east():
    shape = shapes(1.0, 5.0, 0.01, 60.0)
    east, north = draw_offsets(np.random.default_rng(3).random((2, N)), *shape)
    far = np.hypot(east, north) > 1.0
    angle = np.degrees(np.arctan2(east, north))[far] % 180.0
    assert np.abs(angle - 60.0).max() < 3.0


def test_constants_of_the_literature():
    """b_n of 1 and 4, and Ciotti & Bertin 1999 (A&A 352, 447): 2 n - 1/3 + 4 / (405 n)."""
    np.testing.assert_allclose(half_light_constant(np.array([1.0, 4.0])), [1.67834699, 7.66924944], rtol=1e-8)
    index = np.array([2.0, 3.0, 6.0, 10.0])
    np.testing.assert_allclose(half_light_constant(index), 2 * index - 1 / 3 + 4 / (405 * index), atol=5e-4)
