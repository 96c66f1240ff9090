"""Offsets of series of measurements, against what is written in textbooks."""

import numpy as np
import pytest

from sntransport.calibration.gaussian_process import common_offsets


def test_without_scale_there_are_none():
    offset, error = common_offsets(np.eye(2), np.ones(2), np.zeros(2))
    np.testing.assert_array_equal((offset, error), np.zeros((2, 2)))
    assert common_offsets(np.empty((0, 0)), np.empty(0), np.empty(0))[0].shape == (0,)


def test_where_nothing_is_known_the_offset_is_zero_and_as_wide_as_the_prior():
    offset, error = common_offsets(np.diag([1e6, 0.0]), np.array([1e5, 0.0]), np.full(2, 0.05))
    assert offset[0] == pytest.approx(0.1, rel=1e-3)
    assert offset[1] == 0.0
    assert error[1] == pytest.approx(0.05, rel=0.01)


@pytest.mark.parametrize("y", [0.01, 0.1, 1.0, 10.0])
def test_mode_of_a_cauchy_prior(y):
    """One datum of error s: the mode of N(y; d, s^2) Cauchy(d; scale) solves a cubic; the mean-field answer is near."""
    s, scale = 0.02, 0.05
    offset, _ = common_offsets(np.array([[s**-2]]), np.array([y / s**2]), np.array([scale]))
    grid = np.linspace(0.0, 1.2 * y, 200_001)
    posterior = -0.5 * ((y - grid) / s) ** 2 - np.log1p((grid / scale) ** 2)
    assert offset[0] == pytest.approx(grid[posterior.argmax()], abs=0.3 * s)
    # Far out the prior gives way.
    if y >= 1.0:
        assert offset[0] == pytest.approx(y, abs=0.1 * s)


def test_what_all_share_is_told_from_what_one_has():
    """Three data with an offset each and one that all have: a common shift is the one, a single one is its own."""
    parts = np.column_stack([np.eye(3), np.ones(3)])
    scale = np.full(4, 0.05)
    weight = 1.0 / 0.01**2
    for y, own, shared in (([0.3, 0.3, 0.3], [0.0, 0.0, 0.0], 0.3), ([0.3, 0.0, 0.0], [0.3, 0.0, 0.0], 0.0)):
        offset, error = common_offsets(parts.T @ parts * weight, parts.T @ np.array(y) * weight, scale)
        np.testing.assert_allclose(offset, [*own, shared], atol=0.06)
        assert np.all(error > 0.0)


def test_an_offset_of_scale_zero_is_not_there():
    offset, error = common_offsets(np.eye(2) * 1e4, np.array([1e3, 1e3]), np.array([0.0, 0.05]))
    assert (offset[0], error[0]) == (0.0, 0.0)
    assert offset[1] == pytest.approx(0.1, abs=0.01)
