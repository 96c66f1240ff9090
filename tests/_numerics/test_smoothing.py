"""Running means and kernels against what they are defined to be."""

import numpy as np
import pytest
from scipy.special import gamma, kv

from sntransport._numerics.smoothing import bell_mean, known_mean, matern


@pytest.mark.parametrize("sigma", [2.0, 7.5, 40.0])
def test_a_bell_of_the_width_asked_for(sigma):
    spike = np.zeros(1001)
    spike[500] = 1.0
    bell, at = bell_mean(spike, sigma), np.arange(1001) - 500
    assert bell.sum() == pytest.approx(1.0)
    # The means are over whole bins, so to half a bin.
    found = np.sqrt(bell @ at**2)
    assert found == pytest.approx(sigma, abs=0.5)
    np.testing.assert_allclose(bell, np.exp(-0.5 * (at / found) ** 2) / found / np.sqrt(2 * np.pi), atol=0.03 / found)


def test_matern_is_the_general_one_of_order_3_2():
    # Rasmussen & Williams 2006, eq. 4.14.
    lag, nu = np.linspace(0.1, 30.0, 50), 1.5
    x = np.sqrt(2.0 * nu) * lag / 4.0
    np.testing.assert_allclose(matern(-lag, 4.0), 2.0 ** (1 - nu) / gamma(nu) * x**nu * kv(nu, x), rtol=1e-12)
    assert float(matern(0.0, 4.0, 0.3)) == 0.3


def test_a_mean_over_known_bins_knows_of_no_others():
    known = np.ones(60, dtype=bool)
    known[20:30] = False
    values = np.where(known, np.random.default_rng(1).normal(5.0, 1.0, (2, 60)), np.nan)
    at = np.arange(60)
    weight = np.exp(-0.5 * ((at[:, None] - at) / 3.0) ** 2) * known
    expected = np.nan_to_num(values) @ weight.T / weight.sum(axis=1)
    # scipy's kernel ends at four standard deviations.
    np.testing.assert_allclose(known_mean(values, known, 3.0)[:, known], expected[:, known], rtol=1e-3)
