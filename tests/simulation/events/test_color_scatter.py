"""Scatter by wavelength."""

import numpy as np
import pytest

from sntransport.simulation.events.color_scatter import ColorScatter, smooth_scatter

N = 40_000


def test_a_covariance_comes_back_and_is_linear_between():
    wave = [3000.0, 4000.0, 6000.0]
    covariance = np.array([[0.04, 0.02, 0.0], [0.02, 0.03, -0.01], [0.0, -0.01, 0.02]])
    scatter = ColorScatter(wave=wave, covariance=covariance)
    drawn = scatter.draw(np.random.default_rng(1), N)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.001)
    at = scatter.at(drawn, np.tile([2000.0, 3000.0, 3250.0, 4000.0, 5000.0, 9000.0], (N, 1)))
    np.testing.assert_allclose(at[:, [0, 1, 3, 5]], drawn[:, [0, 0, 1, 2]], atol=1e-12)
    np.testing.assert_allclose(at[:, 2], 0.75 * drawn[:, 0] + 0.25 * drawn[:, 1], atol=1e-12)
    np.testing.assert_allclose(at[:, 4], 0.5 * drawn[:, 1] + 0.5 * drawn[:, 2], atol=1e-12)


def test_a_smooth_scatter_has_its_width_and_length():
    scatter = smooth_scatter(([3000.0, 8000.0], [0.1, 0.02]), 0.2, wave_range=(2500.0, 9000.0))
    drawn = scatter.draw(np.random.default_rng(2), N)
    wave = np.array([3000.0, 3300.0, 4500.0, 8000.0])
    at = scatter.at(drawn, np.tile(wave, (N, 1)))
    sigma = np.interp(wave, [3000.0, 8000.0], [0.1, 0.02])
    np.testing.assert_allclose(at.std(axis=0), sigma, rtol=0.02)
    lag = np.log(wave)[:, None] - np.log(wave)
    np.testing.assert_allclose(np.corrcoef(at.T), np.exp(-0.5 * (lag / 0.2) ** 2), atol=0.02)


def test_one_wavelength_is_gray():
    scatter = ColorScatter(wave=[5000.0], covariance=[[0.04]])
    drawn = scatter.draw(np.random.default_rng(1), 5)
    np.testing.assert_array_equal(scatter.at(drawn, np.ones((5, 3))), np.repeat(drawn, 3, axis=1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ColorScatter(wave=[3000.0], covariance=[[-1.0]]), "has the eigenvalue -1"),
        (lambda: ColorScatter(wave=[3000.0, 2000.0], covariance=np.eye(2)), "not strictly increasing"),
        (lambda: ColorScatter(wave=[3000.0], covariance=np.eye(2)), "covariance has shape"),
        (lambda: ColorScatter(wave=[], covariance=np.zeros((0, 0))), "wave is empty"),
        (lambda: smooth_scatter(0.1, 0.0), "above 0"),
        (lambda: smooth_scatter(-0.1, 0.1), "not within 0 and 100 mag"),
        (lambda: smooth_scatter(0.1, 1e-4), "more than 1000; make it longer"),
    ],
)
def test_impossible_values_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
