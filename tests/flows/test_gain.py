"""The parts of the study of augmentation: scores against scikit-learn, features of light curves of known shape."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))

from gain import features, scores

metrics = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn: pip install sntransport[examples]")


def test_scores_are_those_of_scikit_learn_with_equal_weight_for_every_class():
    rng = np.random.default_rng(2)
    truth = rng.choice(3, 400, p=[0.7, 0.2, 0.1])
    chance = rng.dirichlet([1.0, 1.0, 1.0], 400)
    chance[np.arange(400), truth] += 0.5
    chance /= chance.sum(axis=1, keepdims=True)
    weight = 1.0 / np.bincount(truth)[truth]
    got, told = scores.score(truth, chance), chance.argmax(axis=1)
    assert got.f1 == pytest.approx(metrics.f1_score(truth, told, average="macro", sample_weight=weight))
    assert got.log_loss == pytest.approx(metrics.log_loss(truth, chance, sample_weight=weight))
    np.testing.assert_allclose(got.recall, metrics.recall_score(truth, told, average=None))


def test_calibration_is_zero_when_confidence_is_accuracy():
    truth = np.repeat([0, 1, 2], 100)
    right = np.tile(np.arange(100) < 65, 3)
    told = np.where(right, truth, (truth + 1) % 3)
    chance = np.full((300, 3), 0.175)
    chance[np.arange(300), told] = 0.65
    assert scores.score(truth, chance).calibration == pytest.approx(0.0, abs=1e-12)
    chance = np.full((300, 3), 0.05)
    chance[np.arange(300), told] = 0.9
    assert scores.score(truth, chance).calibration == pytest.approx(0.25)


def test_intervals_cover_the_mean_as_often_as_they_say():
    rng = np.random.default_rng(3)
    inside = [low <= 0.3 <= high for _, low, high in (scores.over_splits(rng.normal(0.3, 1.0, 60)) for _ in range(300))]
    assert 0.90 <= np.mean(inside) <= 0.98
    value, low, high = scores.over_supernovae([5.0, *np.linspace(0.0, 1.0, 401)])
    assert (value, low, high) == (5.0, pytest.approx(0.025), pytest.approx(0.975))


def test_features_of_a_light_curve_of_known_shape():
    mjd = np.repeat(np.arange(60000.0, 60080.0, 2.0), 3)
    band = np.tile([0, 1, 2], 40)
    flux = 1e4 * np.exp(-0.5 * ((mjd - 60020.0) / 15.0) ** 2) * np.array([0.5, 1.0, 2.0])[band]
    row = features.row(mjd, band, flux, np.full(mjd.size, 10.0), 3)
    shape = row[:24].reshape(3, 8)
    np.testing.assert_allclose(shape[1] / shape[0], 2.0)
    np.testing.assert_allclose(shape[2] / shape[1], 2.0)
    assert shape[1].argmax() == 2
    assert row[24] == pytest.approx(31.4 - 10.0, abs=0.02)
    assert row[25] == pytest.approx(np.log(2e3), abs=1e-6)
    # A factor of flux and error changes the magnitude alone.
    again = features.row(mjd, band, 100 * flux, np.full(mjd.size, 1000.0), 3)
    np.testing.assert_allclose(np.delete(again, 24), np.delete(row, 24))
    assert again[24] == pytest.approx(row[24] - 5.0)
    # Too few detections, and measurements without flux.
    assert np.isnan(features.row(mjd[:3], band[:3], flux[:3], np.full(3, 10.0), 3)).all()
    flux[::7] = np.nan
    assert np.isfinite(features.row(mjd, band, flux, np.full(mjd.size, 10.0), 3)[24:]).all()
