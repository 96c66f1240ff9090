"""Markov chains against the same processes as plain Gaussian regression with full covariances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport._numerics.smoothing import matern
from sntransport.calibration.markov_process import Part, Reading, first_states, smooth_states

PARTS = (
    Part(kind="constant", deviation=2.0),
    Part(kind="matern", deviation=1.0, scale=12.0),
    Part(kind="ornstein_uhlenbeck", deviation=0.5, scale=5.0),
)
FIRST = first_states(PARTS)
N_STATE = sum(part.n_state for part in PARTS)


def kernel(a, b):
    """Covariance of the sum of the parts."""
    lag = np.asarray(a)[:, None] - np.asarray(b)
    return 4.0 + matern(lag, 12.0) + 0.25 * np.exp(-np.abs(lag) / 5.0)


def total():
    row = np.zeros(N_STATE)
    row[FIRST] = 1.0
    return row


def readings(date, value, error):
    return [
        Reading(date=float(d), value=np.array([v]), design=total()[None], covariance=np.array([[e**2]]))
        for d, v, e in zip(date, value, error, strict=True)
    ]


def regression(date, value, error, at):
    inverse = np.linalg.inv(kernel(date, date) + np.diag(np.square(error)))
    cross = kernel(at, date)
    return cross @ inverse @ value, np.diag(kernel(at, at) - cross @ inverse @ cross.T)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 12))
def test_equals_gaussian_regression(seed, n):
    rng = np.random.default_rng(seed)
    date = np.sort(rng.choice([*rng.uniform(0, 60, n), 10.0, 10.0], n))
    value, error = rng.normal(0, 2, n), rng.uniform(0.01, 0.5, n)
    at = np.unique(np.concatenate([rng.uniform(-30, 90, 5), date[:2]]))
    found = smooth_states(PARTS, readings(date, value, error), at, total()[None])
    mean, variance = found.mean, found.variance
    expected, spread = regression(date, value, error, at)
    np.testing.assert_allclose(mean @ total(), expected, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(variance[:, 0], spread, rtol=1e-6, atol=1e-8)


def test_values_of_one_date_may_come_together_and_correlated():
    """A common error of two values, stated as such, is that of one process more."""
    together = Reading(
        date=5.0, value=np.array([1.0, 2.0]), design=np.stack([total(), total()]),
        covariance=np.array([[0.5, 0.4], [0.4, 0.5]]),
    )  # fmt: skip
    found = smooth_states(PARTS, [together], np.array([5.0]), total()[None])
    mean, variance = found.mean, found.variance
    cross, covariance = kernel([5.0], [5.0, 5.0]), kernel([5.0, 5.0], [5.0, 5.0]) + together.covariance
    np.testing.assert_allclose(mean @ total(), cross @ np.linalg.solve(covariance, together.value), rtol=1e-9)
    spread = kernel([5.0], [5.0]) - cross @ np.linalg.solve(covariance, cross.T)
    np.testing.assert_allclose(variance, spread)


def test_far_from_data_a_process_is_as_before_them_and_a_constant_stays_known():
    found = readings([0.0], [3.0], [1e-3])
    reads = np.eye(N_STATE)[FIRST]
    smoothed = smooth_states(PARTS, found, np.array([0.0, 1000.0]), reads)
    variance = smoothed.variance
    assert smoothed.last_covariance[0, 0] == pytest.approx(variance[0, 0])
    np.testing.assert_allclose(variance[1, 1:], [1.0, 0.25], rtol=1e-9)
    assert variance[1, 0] == pytest.approx(variance[0, 0])
    assert variance[0, 0] < 4.0


def test_nothing_measured_leaves_the_prior():
    found = smooth_states(PARTS, [], np.array([1.0, 2.0]), total()[None])
    mean, variance = found.mean, found.variance
    np.testing.assert_array_equal(mean, 0.0)
    np.testing.assert_allclose(variance, 5.25)
    assert smooth_states(PARTS, [], np.empty(0), total()[None]).mean.shape == (0, N_STATE)
