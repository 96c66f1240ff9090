"""Offsets of series of measurements, against what is written in textbooks."""

import numpy as np
import pytest

from sntransport.offsets import common_offsets


def test_without_scale_there_are_none():
    offset, error = common_offsets(np.eye(2), np.ones(2), 0.0)
    np.testing.assert_array_equal((offset, error), np.zeros((2, 2)))
    assert common_offsets(np.empty((0, 0)), np.empty(0), 0.1)[0].shape == (0,)


def test_where_nothing_is_known_the_offset_is_zero_and_as_wide_as_the_prior():
    offset, error = common_offsets(np.diag([1e6, 0.0]), np.array([1e5, 0.0]), 0.05)
    assert offset[0] == pytest.approx(0.1, rel=1e-3)
    assert offset[1] == 0.0
    assert error[1] == pytest.approx(0.05, rel=0.01)


@pytest.mark.parametrize("y", [0.01, 0.1, 1.0, 10.0])
def test_mode_of_a_cauchy_prior(y):
    """One datum of error s: the mode of N(y; d, s^2) Cauchy(d; scale) solves a cubic; the mean-field answer is near."""
    s, scale = 0.02, 0.05
    offset, _ = common_offsets(np.array([[s**-2]]), np.array([y / s**2]), scale)
    grid = np.linspace(0.0, 1.2 * y, 200_001)
    posterior = -0.5 * ((y - grid) / s) ** 2 - np.log1p((grid / scale) ** 2)
    assert offset[0] == pytest.approx(grid[posterior.argmax()], abs=0.3 * s)
    # Far out the prior gives way.
    if y >= 1.0:
        assert offset[0] == pytest.approx(y, abs=0.1 * s)


def test_what_else_stays_takes_its_share():
    information, pull = np.eye(3) / 0.01**2, np.array([0.1, 0.1, 0.1]) / 0.01**2
    alone, _ = common_offsets(information, pull, 0.05)
    beside, error = common_offsets(information, pull, 0.05, smooth=np.full((3, 3), 1.0))
    assert np.all(alone > 0.08)
    assert np.all(np.abs(beside) < 0.01)
    assert np.all(error > 0.0)
