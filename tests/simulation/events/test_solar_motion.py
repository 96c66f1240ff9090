"""Redshifts in the frame of the microwave background, against astropy's coordinates and published conversions."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from sntransport.simulation.events.solar_motion import SOLAR_SPEED, cmb_redshift, helio_redshift, solar_velocity

# Of the same dipole as it is published in galactic coordinates (Planck 2018 results I, table 3).
GALACTIC_APEX = SkyCoord(l=264.021 * u.deg, b=48.253 * u.deg, frame="galactic")


def places(n=200):
    rng = np.random.default_rng(3)
    return rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))


def test_speed_is_that_of_the_dipole_in_galactic_coordinates():
    ra, dec = places()
    separation = SkyCoord(ra, dec, unit="deg").separation(GALACTIC_APEX).rad
    np.testing.assert_allclose(solar_velocity(ra, dec), 369.82 * np.cos(separation), atol=0.01)


def test_formula_of_snana():
    """1 + z_cmb = (1 + z_helio) / (1 - V.n/c), V of galactic coordinates; its apex is 0.01 deg off, 2e-7 in z."""
    ra, dec = places()
    sky = SkyCoord(ra, dec, unit="deg").galactic
    b, b_0 = sky.b.rad, np.radians(48.253)
    vdotn = (
        369.82
        / 299792.458
        * (np.sin(b) * np.sin(b_0) + np.cos(b) * np.cos(b_0) * np.cos(sky.l.rad - np.radians(264.031)))
    )
    np.testing.assert_allclose(cmb_redshift(0.3, ra, dec), 1.3 / (1 - vdotn) - 1, atol=4e-7)


@pytest.mark.parametrize("z", [0.001, 0.05, 1.2])
def test_there_and_back(z):
    ra, dec = places()
    np.testing.assert_allclose(helio_redshift(cmb_redshift(z, ra, dec), ra, dec), z, rtol=1e-12)


def test_toward_the_apex_the_heliocentric_redshift_is_the_smaller():
    assert cmb_redshift(0.01, 167.942, -6.944) == pytest.approx(1.01 / (1 - SOLAR_SPEED / 299792.458) - 1, rel=1e-12)
    assert cmb_redshift(0.01, 347.942, 6.944) < 0.01 < cmb_redshift(0.01, 167.942, -6.944)
