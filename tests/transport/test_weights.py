import numpy as np
import pytest

from sntransport.transport.weights import color_mismatch, epoch_weight, paper_weight


def test_formula():
    days = np.array([4.0]), np.array([12.0]), np.array([0.2])
    assert paper_weight(*days)[0] == pytest.approx(1 / (3.0**8 * (1 + 4)))
    assert paper_weight(*days, epoch_power=2.0)[0] == pytest.approx(1 / (3.0**2 * (1 + 4)))


def test_weight_falls_with_gap_and_with_mismatch():
    days = np.array([2.0, 5.0, 10.0])
    assert np.all(np.diff(paper_weight(days, days, np.zeros(3))) < 0)
    assert np.all(np.diff(paper_weight(days, days[:1], days * 0.05)) < 0)


def test_a_pair_takes_over_near_its_spectrum():
    days = np.array([1e-6, 3.0])
    weight = paper_weight(days, np.array([5.0, 3.0]), np.array([0.5, 0.0]))
    assert weight[0] / weight.sum() > 1 - 1e-9


def test_unknown_mismatch_counts_as_the_stated_one():
    one = np.ones(1)
    known = paper_weight(one, one, np.array([0.1]))
    np.testing.assert_array_equal(paper_weight(one, one, np.array([np.nan])), known)


def test_symmetric_in_time():
    a, b = np.array([1.0, 4.0]), np.array([6.0, 2.0])
    np.testing.assert_allclose(paper_weight(a, b, a * 0), paper_weight(b, a, a * 0))


def test_epoch_weight_ignores_the_mismatch():
    days = np.array([1.0, 2.0])
    np.testing.assert_array_equal(epoch_weight(days, days, np.array([9.0, 0.0])), epoch_weight(days, days, np.zeros(2)))


def test_mismatch_is_of_color_not_brightness():
    observed = np.array([1.0, 2.0, 3.0])
    synthetic = np.stack([observed, 7.0 * observed, observed * np.array([1.0, 1.0, 10 ** (0.4 * 0.3)])])
    gray, mismatch = color_mismatch(synthetic, observed, 0.02 * observed)
    np.testing.assert_allclose(gray[:2], [0.0, -np.log(7.0)], atol=1e-12)
    np.testing.assert_allclose(mismatch[:2], 0.0, atol=1e-12)
    # One of three equal bands off by 0.3 mag: rms about the mean is 0.3 sqrt(2) / 3.
    assert mismatch[2] == pytest.approx(0.3 * np.sqrt(2) / 3, rel=1e-6)


def test_fewer_than_two_bands_is_no_color():
    gray, mismatch = color_mismatch(np.array([[1.0, np.nan]]), np.array([2.0, 1.0]), np.array([0.1, 0.1]))
    assert gray[0] == pytest.approx(np.log(2))
    assert np.isnan(mismatch[0])
    gray, mismatch = color_mismatch(np.array([[1.0, 1.0]]), np.full(2, np.nan), np.full(2, np.nan))
    assert np.isnan(gray[0])
    assert np.isnan(mismatch[0])


def test_mismatch_agrees_with_its_definition_band_by_band():
    rng = np.random.default_rng(3)
    observed, synthetic = rng.uniform(1.0, 3.0, 5), rng.uniform(1.0, 3.0, (4, 5))
    error, floor = observed * np.array([0.01, 0.5, 0.03, 0.2, 0.1]), 0.05
    observed[4], synthetic[1, 2] = np.nan, np.nan
    gray, mismatch = color_mismatch(synthetic, observed, error, floor)
    for i in range(4):
        bands = [j for j in range(4) if np.isfinite(synthetic[i, j])]
        weight = [1.0 / ((error[j] / observed[j]) ** 2 + floor**2) for j in bands]
        ratio = [np.log(observed[j] / synthetic[i, j]) for j in bands]
        mean = sum(w * r for w, r in zip(weight, ratio, strict=True)) / sum(weight)
        square = sum(w * (1.0857362047581296 * (r - mean)) ** 2 for w, r in zip(weight, ratio, strict=True))
        assert gray[i] == pytest.approx(mean, rel=1e-12)
        assert mismatch[i] == pytest.approx(np.sqrt(square / sum(weight)), rel=1e-12)


def test_two_bands_make_a_color_and_defaults_are_those_stated():
    synthetic, observed = np.array([[1.0, 1.3]]), np.array([1.0, 1.0])
    _, mismatch = color_mismatch(synthetic, observed, np.array([0.0, 0.0]))
    assert mismatch[0] == pytest.approx(0.5 * 2.5 * np.log10(1.3), rel=1e-12)
    by_default = color_mismatch(synthetic, observed, np.array([0.01, 0.1]))[0]
    np.testing.assert_array_equal(by_default, color_mismatch(synthetic, observed, np.array([0.01, 0.1]), 0.03)[0])
    days = np.array([4.0])
    assert epoch_weight(days, np.array([12.0]), days)[0] == pytest.approx(1.0 / 3.0**8)
    # A power of the Brownian bridge, and a mismatch in the square.
    assert paper_weight(days, np.array([12.0]), np.array([0.3]))[0] == pytest.approx(1.0 / (3.0**8 * 10.0))


def test_bands_whose_errors_exceed_their_flux_still_make_a_color():
    observed = np.array([1.0, 1.0])
    _, mismatch = color_mismatch(np.array([[1.0, 1.3]]), observed, 3.0 * observed)
    assert mismatch[0] == pytest.approx(0.5 * 2.5 * np.log10(1.3), rel=1e-12)
