"""Constants and converters against published values and each other."""

import numpy as np
import pytest
from astropy import constants
from astropy import units as u
from hypothesis import given
from hypothesis import strategies as st

from sntransport._numerics import units


def test_constants_against_astropy():
    assert constants.c.to_value("km/s") == pytest.approx(units.C_KMS, rel=1e-15)
    assert constants.c.to_value("AA/s") == pytest.approx(units.C_AA, rel=1e-15)
    assert constants.h.to_value("erg s") == pytest.approx(units.H_ERG, rel=1e-15)
    assert u.nJy.to("erg s-1 cm-2 Hz-1") == pytest.approx(units.NJY_CGS)


def test_ab_zero_point():
    # 3631 Jy to four digits (Oke & Gunn 1983); magnitude 31.4 is 1 nJy.
    assert units.mag_to_njy(0.0) == pytest.approx(3631e9, rel=1e-4)
    assert units.mag_to_njy(31.4) == pytest.approx(1.0, rel=1e-4)


@given(st.floats(-30, 40))
def test_magnitude_and_flux_are_inverses(mag):
    assert units.njy_to_mag(units.mag_to_njy(mag)) == pytest.approx(mag, abs=1e-12)


def test_flux_that_is_not_positive_has_no_magnitude():
    mag = units.njy_to_mag([0.0, -1.0, np.nan, units.AB_ZERO_NJY])
    np.testing.assert_array_equal(mag, [np.nan, np.nan, np.nan, 0.0])
    assert np.isnan(units.mag_to_njy(np.nan))


def test_magnitude_error():
    # The familiar 1.0857 mag for an error as large as the flux, to first order.
    assert units.mag_err_to_relative(1.0857362) == pytest.approx(1.0, rel=1e-6)


def test_a_small_change_of_ln_flux_in_magnitudes():
    fainter = units.njy_to_mag(np.exp(-0.001)) - units.njy_to_mag(1.0)
    assert fainter == pytest.approx(0.001 * units.MAG_PER_LN, rel=1e-9)
    np.testing.assert_allclose(units.MAG_PER_LN * units.LN_PER_MAG, 1.0, rtol=1e-15)
