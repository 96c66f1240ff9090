"""Steps of light curves: smooth ones have none, a jump is found where it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport.transport.interpolators import log_linear
from sntransport.validation.hidden_spectra import BANDS
from sntransport.validation.step_test import PER_DAY, judge_steps, light_curve_steps
from tests.support.synthetic import supernova
from tests.validation.test_delivered import observed

numbers = st.floats(-2.0, 2.0)
DAYS = np.arange(60) / PER_DAY


@given(numbers, numbers, st.floats(-0.2, 0.2), numbers)
def test_a_parabola_is_no_step_and_hides_none(level, rise, bend, jump):
    smooth = (level + rise * DAYS + bend * DAYS**2)[:, None]
    np.testing.assert_allclose(light_curve_steps(smooth), 0.0, atol=1e-10)
    jumping = np.where(DAYS >= 7.0, jump, 0.0)[:, None]
    steps = light_curve_steps(smooth + jumping)
    np.testing.assert_allclose(steps, light_curve_steps(jumping), atol=1e-10)
    np.testing.assert_allclose(steps, light_curve_steps(-jumping), atol=1e-10)
    assert steps.max() == pytest.approx(abs(jump), abs=1e-10)


def test_a_jump_is_in_the_day_that_has_it():
    jumping = np.where(DAYS >= 7.0, 0.3, 0.0)[:, None]
    steps = light_curve_steps(jumping)[:, 0]
    middle = DAYS[3 * PER_DAY // 2 :][: steps.size]
    # From the last phase before it to the first at it: days that begin before 7 and end at 7 or later.
    np.testing.assert_allclose(middle[steps > 0.29], 7.0 + np.array([-0.5, -0.25, 0.0, 0.25]))


def test_too_short_and_not_covered():
    assert light_curve_steps(np.zeros((3 * PER_DAY, 2))).shape == (0, 2)
    magnitude = np.zeros((40, 1))
    magnitude[20] = np.nan
    steps = light_curve_steps(magnitude)[:, 0]
    # Two differences of days share the phase with each of four phases.
    assert set(np.flatnonzero(np.isnan(steps))) == {20 - PER_DAY * k for k in range(4)}


def test_a_smooth_supernova_does_not_step():
    found = judge_steps([observed(snr=200.0)], interpolate=log_linear)
    assert set(found.band) == set(BANDS)
    assert found.step.max() < 0.02
    assert np.all((found.phase > 3.0) & (found.phase < 51.0))
    assert set(found.supernova) == {"synthetic"}
    lone = judge_steps([supernova((5.0,))], interpolate=log_linear)
    assert lone.step.size == 0
    with pytest.raises(ValueError, match="no supernova to judge"):
        judge_steps([])
