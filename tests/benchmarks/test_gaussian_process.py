"""The Gaussian process of the benchmark against plain algebra."""

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from sntransport._numerics.smoothing import matern
from tests.benchmarks import gaussian_process
from tests.benchmarks.gaussian_process import between


def test_process_is_that_of_the_full_covariance_matrix(monkeypatch):
    for name, value in (("SPEEDS", (2000.0,)), ("DAYS", (20.0,)), ("NOISES", (0.15,))):
        monkeypatch.setattr(gaussian_process, name, value)
    phase, step, targets = np.array([0.0, 11.0, 20.0, 45.0]), 750.0, np.array([3.0, 15.0, 30.0])
    values = 0.1 * np.cumsum(np.random.default_rng(1).normal(size=(4, 40)), axis=1)
    at = step * np.arange(40)
    bins = matern(at[:, None] - at, 2000.0)
    seen = np.kron(matern(phase[:, None] - phase, 20.0), bins) + 0.15**2 * np.eye(160)
    expected = np.kron(matern(targets[:, None] - phase, 20.0), bins) @ cho_solve(cho_factor(seen), values.ravel())
    np.testing.assert_allclose(between(phase, values, targets, step).ravel(), expected, atol=1e-12)


def test_process_finds_the_scales_that_the_data_were_drawn_with():
    rng = np.random.default_rng(3)
    phase, step, at = np.arange(0.0, 80.0, 4.0), 750.0, 750.0 * np.arange(120)
    root = np.kron(
        np.linalg.cholesky(matern(phase[:, None] - phase, 40.0) + 1e-9 * np.eye(20)),
        np.linalg.cholesky(matern(at[:, None] - at, 4000.0) + 1e-9 * np.eye(120)),
    )
    truth = (root @ rng.normal(size=2400)).reshape(20, 120)
    kept = np.arange(20) != 9
    found = between(phase[kept], truth[kept] + 0.05 * rng.normal(size=(19, 120)), phase[9:10], step)[0]
    straight = 0.5 * (truth[8] + truth[10])
    assert np.sqrt(np.mean((found - truth[9]) ** 2)) < 1.1 * np.sqrt(np.mean((straight - truth[9]) ** 2))
