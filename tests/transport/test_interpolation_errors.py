from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

import sntransport as snt
from sntransport.spectra.grid import grid_wave
from sntransport.transport.interpolation_errors import (
    FITTED,
    Coefficients,
    interpolation_error,
    interval_factor,
    log_change,
)
from sntransport.transport.templates.by_class import class_transport
from tests.benchmarks import fit_error_model

WAVE = grid_wave(9770, 1200)


def error(sn_type="Ia", change=0.3, gap=20.0, bridge=1.0, coefficients=FITTED):
    full = np.full(WAVE.size, change)
    return interpolation_error(
        sn_type, WAVE, change=full, gap=gap, bridge=np.atleast_1d(bridge), coefficients=coefficients
    )


def test_brightness_is_no_change_and_the_order_does_not_matter():
    rng = np.random.default_rng(1)
    a, b = rng.uniform(0.5, 2.0, (2, WAVE.size))
    np.testing.assert_allclose(log_change(WAVE, a, 7.0 * a), 0.0, atol=1e-7)
    np.testing.assert_allclose(log_change(WAVE, a, b), log_change(WAVE, b, 3.0 * a), rtol=1e-9)


def test_change_of_a_square_wave_is_its_height():
    ratio = np.where(np.arange(WAVE.size) // 3 % 2 == 0, 0.2, -0.2)
    # The median of as many plus as minus is one of the two or between them: take it as it is.
    expected = np.sqrt(np.mean((ratio - np.median(ratio)) ** 2))
    np.testing.assert_allclose(log_change(WAVE, np.ones(WAVE.size), np.exp(ratio))[100:-100], expected, rtol=0.02)


def test_flux_that_is_not_positive_is_no_change():
    a = np.ones(WAVE.size)
    hole = a.copy()
    hole[300:400] = 0.0
    np.testing.assert_array_equal(log_change(WAVE, a, hole), 0.0)
    np.testing.assert_array_equal(log_change(WAVE, 0.0 * a, a), 0.0)


def test_formula():
    c = Coefficients(
        repeat=0.05,
        change=0.3,
        drift=0.1,
        bridge_power=0.8,
        gap_power=0.5,
        slope=0.7,
        curve=1.5,
        freedom=4.0,
        scale={"II": 1.5},
        steeper={"II": 0.2},
    )
    got = error("II P", 0.2, 10.0, [0.0, 0.64], c)
    x = np.log(WAVE / 5500.0)
    moved = 0.3**2 * 0.2**2 + 0.1**2 * 0.5**0.5
    factor = 1.5 * 0.5**0.2 * np.exp(0.7 * x + 1.5 * x**2)
    for row, bridge in zip(got, (0.0, 0.64**0.8), strict=True):
        inside = (WAVE > 3000) & (WAVE < 10500)
        np.testing.assert_allclose(row[inside], np.sqrt(factor * (0.05**2 + bridge * moved))[inside], rtol=1e-12)


def test_error_grows_with_change_and_distance_from_the_spectra():
    assert np.all(error(change=0.6) > error(change=0.3))
    # The change itself carries the gap: at the same change a wider one is no worse, and hardly better.
    assert np.all(np.abs(error(gap=40.0) / error(gap=10.0) - 1.0) < 0.15)
    assert np.all(error(bridge=1.0) > error(bridge=0.3))
    assert np.all(error(bridge=0.0) > 0)


def test_edges_are_held_and_an_unknown_class_has_the_common_coefficients():
    np.testing.assert_array_equal(error(gap=70.0), error(gap=500.0))
    np.testing.assert_array_equal(error(gap=1.0), error(gap=0.0))
    common = replace(FITTED, scale={}, steeper={})
    np.testing.assert_array_equal(error("SLSN"), error("Ia", coefficients=common))
    assert not np.array_equal(error("SLSN"), error("Ia"))


def test_intervals_are_those_of_a_student_distribution():
    assert interval_factor(0.6827) == pytest.approx(1.0)
    for level in (0.5, 0.9, 0.95):
        expected = student.interval(level, FITTED.freedom)[1] / student.interval(0.6827, FITTED.freedom)[1]
        assert interval_factor(level) == pytest.approx(expected, rel=1e-9)
    for level in (0.0, 1.0, np.nan):
        with pytest.raises(ValueError, match="expected a share"):
            interval_factor(level)


@pytest.mark.study
def test_fit_finds_the_coefficients_that_residuals_were_drawn_with():
    rng = np.random.default_rng(3)
    n = 40000
    blank = fit_error_model.Residuals(
        np.zeros(n),
        np.full(n, 1e-4),
        rng.uniform(0.0, 1.0, n),
        rng.uniform(2.0, 70.0, n),
        rng.uniform(0.1, 1.0, n),
        rng.uniform(3500.0, 9500.0, n),
        rng.choice(["A", "B", "C"], n),
        rng.choice(["Ia", "II", "Ib/c"], n),
        np.ones(n),
    )
    truth = replace(FITTED, scale=dict.fromkeys(FITTED.scale, 1.0), steeper=dict.fromkeys(FITTED.steeper, 0.0))
    drawn = rng.standard_normal(n) * fit_error_model.sigma(blank, truth)
    data = replace(blank, residual=drawn)
    found = fit_error_model.unpacked(fit_error_model.fit(data))
    ratio = fit_error_model.sigma(data, found) / fit_error_model.sigma(data, truth)
    assert np.quantile(np.abs(ratio - 1), 0.9) < 0.08
    assert interval_factor(0.95, found) == pytest.approx(1.96, abs=0.08)


@pytest.mark.study
def test_intervals_cover_what_they_claim(osc_dir):
    # Cross-validated by supernova. Pinned, so that no later change loses it unnoticed; the tolerance is far below
    # the scatter among supernovae and far above what another version of a dependency changes.
    real = [snt.read_supernova(path) for path in sorted(osc_dir.glob("*.json.gz"))]
    data = fit_error_model.collect(real, class_transport, every=8)
    found, spread, width, each = fit_error_model.cross_validated(data, thin=2)
    assert len(each) == 15
    of = {row[:2]: row[3:5] for row in fit_error_model.coverage(data, spread, width)}
    for name in ("all", "Ia", "II", "Ib/c"):
        # An eighth of the bins; all of them are within 66 to 71 % and 93 to 97 %.
        assert 0.655 <= of[name, "all"][0] <= 0.715
        assert 0.93 <= of[name, "all"][1] <= 0.97
    assert all(0.60 <= inside <= 0.76 for (name, _), (inside, _) in of.items() if name == "all")
    pinned = {"all": (0.687, 0.945), "Ia": (0.673, 0.949), "II": (0.711, 0.939), "Ib/c": (0.666, 0.951)}
    for name, expected in pinned.items():
        assert of[name, "all"] == pytest.approx(expected, abs=0.01)
    # What ships is what the fit gives; half of the bins move a few coefficients that make up for each other.
    ratio = fit_error_model.sigma(data, found) / fit_error_model.sigma(data, FITTED)
    assert np.quantile(np.abs(ratio - 1), 0.95) < 0.08
