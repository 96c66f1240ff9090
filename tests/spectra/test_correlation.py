import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport.spectra.correlation import CORRELATION, Correlation, phase_correlation, variance, wave_correlation
from sntransport.spectra.grid import grid_wave

GRIDS = {"ln": grid_wave(9600, 1300), "10 A": np.arange(3000.0, 9500.0, 10.0), "60 A": np.arange(3000.0, 9500.0, 60.0)}


MATRICES = {name: wave_correlation(wave) for name, wave in GRIDS.items()}


def _correlation(*numbers):
    return Correlation(**dict(zip((field.name for field in dataclasses.fields(Correlation)), numbers, strict=True)))


def test_correlation_is_the_formula():
    wave, c = (
        np.array([5000.0, 5010.0, 7000.0]),
        Correlation(white=0.2, short=0.5, broad=0.3, short_length=4000.0, broad_length=30000.0, days_length=20.0),
    )
    got = wave_correlation(wave, c)
    for i, a in enumerate(wave):
        for j, b in enumerate(wave):
            v = 299792.458 * abs(np.log(a / b))
            expected = 0.2 * (i == j) + 0.5 * np.exp(-v / 4000.0) + 0.3 * np.exp(-((v / 30000.0) ** 2) / 2.0)
            assert got[i, j] == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(phase_correlation([0.0, -20.0, 40.0], c), np.exp([0.0, -1.0, -2.0]))


@pytest.mark.parametrize("grid", GRIDS)
@given(st.floats(3200.0, 8700.0), st.floats(100.0, 3000.0), st.floats(3200.0, 8700.0), st.floats(-1.0, 1.0))
def test_variance_is_the_double_sum(grid, center, width, other, minus):
    """Of one band or of the difference of two, wide or narrow."""
    wave = GRIDS[grid]
    bell = np.exp(-0.5 * ((wave - center) / width) ** 2) + minus * (np.abs(wave - other) < 400.0)
    box = (np.abs(wave - center) < width) * np.linspace(1.0, 2.0, wave.size)
    pull = np.stack([bell, box])
    expected = ((pull @ MATRICES[grid]) * pull).sum(axis=1)
    own = ((np.abs(pull) @ MATRICES[grid]) * np.abs(pull)).sum(axis=1)
    assert np.all(np.abs(variance(wave, pull) - expected) < 0.03 * own)


@pytest.mark.parametrize("shares", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)])
def test_each_part_alone(shares):
    wave, c = GRIDS["ln"], _correlation(*shares, 5000.0, 30000.0, 30.0)
    pull = np.exp(-0.5 * ((wave - 5500.0) / 300.0) ** 2)
    assert variance(wave, pull, c) == pytest.approx(pull @ wave_correlation(wave, c) @ pull, rel=0.01)


def test_nothing_has_no_variance_and_a_single_bin_its_own():
    wave = GRIDS["ln"]
    np.testing.assert_array_equal(variance(wave, np.zeros((2, wave.size))), 0.0)
    one = np.zeros(wave.size)
    one[300] = 3.0
    assert variance(wave, one) == pytest.approx(9.0 * (CORRELATION.white + CORRELATION.short + CORRELATION.broad))


@pytest.mark.parametrize(
    "numbers", [(0.5, 0.5, 0.5, 1.0, 1.0, 1.0), (-0.5, 1.0, 0.5, 1.0, 1.0, 1.0), (1, 0, 0, 0, 1, 1)]
)
def test_a_correlation_that_is_none_is_an_error(numbers):
    with pytest.raises(ValueError, match="expected"):
        _correlation(*numbers)
