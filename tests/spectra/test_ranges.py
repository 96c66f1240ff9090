"""What a redshift, a distance, dust and a date can be, and what else they may be meant to be."""

import math
import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from sntransport._numerics.limits import MOST_BYTES, MOST_PHASES
from sntransport._numerics.units import C_KMS
from sntransport.photometry.agreement import MOST_OFF
from sntransport.spectra import ranges
from sntransport.spectra.doubts import FARTHEST
from sntransport.spectra.sightline import Sightline
from tests.conftest import ROOT


@given(st.floats(31.0, 290_000.0))
def test_a_velocity_is_refused_and_the_redshift_it_means_is_named(velocity):
    with pytest.raises(ValueError, match=r"km/s\? then z = ") as error:
        ranges.require_redshift(velocity, "z")
    assert float(str(error.value).rpartition("= ")[2]) == pytest.approx(velocity / C_KMS, abs=5.1e-5)


def test_the_message_of_a_velocity():
    with pytest.raises(ValueError, match=r"^Sightline: z is 2998, no redshift: .*; km/s\? then z = 0\.0100$"):
        Sightline(z=2998, distance_modulus=33.0)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (ranges.require_redshift, (-0.002, 0.0, 1e-3, 8.0, 30.0), (-1.0, -350.0, 30.1, 3e7, math.nan, math.inf)),
        (ranges.require_modulus, (-5.0, 0.0, 33.2, 60.0), (-5.1, 60.1, 86.0, math.nan, -math.inf)),
        (ranges.require_mpc, (1e-6, 0.05, 43.0, 3e5), (0.0, -4.0, 8.6e7, math.nan, math.inf)),
        (ranges.require_ebv, (0.0, 0.03, 20.0), (-1e-9, 20.1, 31.0, math.nan)),
        (ranges.require_date, (-2e4, 0.0, 60000.0), (2460000.5, 2e5, -3e6, 1e9, math.nan, math.inf)),
    ],
)
def test_bounds(check, good, bad):
    for value in good:
        assert check(value, "x") == value
    for value in bad:
        with pytest.raises(ValueError, match=r"^x is "):
            check(value, "x")


@pytest.mark.parametrize(
    ("check", "value", "hint"),
    [
        (ranges.require_modulus, 86.0, r"Mpc\? then it is 34\.67 mag"),
        (ranges.require_mpc, 4.3e7, r"pc\? then divide it by 1e6"),
        (ranges.require_ebv, 31.0, r"is it in mmag\?"),
        (ranges.require_date, 2460000.75, r"x is 2460000\.75, a Julian date: subtract 2400000\.5"),
    ],
)
def test_the_probable_cause_is_named(check, value, hint):
    with pytest.raises(ValueError, match=hint):
        check(value, "x")


@pytest.mark.parametrize(
    ("mjd", "hint"),
    [
        (12.5, "days since an event"),
        (-20.0, "days since an event"),
        (10370.2, r"year 1887: JD - 2450000\? then the MJD is 60369\.7; MJD - 50000\? then 60370\.2"),
        (6356.9, r"the MJD is 56356\.4"),
        (1e5, "year 2132: give a Modified Julian date"),
    ],
)
def test_a_date_of_another_time_axis_is_named(mjd, hint):
    assert ranges.unusual_date(mjd) != ""
    with pytest.raises(AssertionError, match=hint):
        raise AssertionError(ranges.unusual_date(mjd))


@given(st.floats(15020.0, 88069.0))
def test_dates_of_observations_are_not_unusual(mjd):
    assert ranges.unusual_date(mjd) == ""


def test_a_blueshift_warns_only_beyond_those_of_galaxies():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Sightline(z=-0.001, distance_modulus=24.4)
    with pytest.warns(ranges.UnusualValueWarning, match=r"z is -0\.01: a blueshift of 2998 km/s"):
        Sightline(z=-0.01, distance_modulus=33.0)


def test_the_warning_points_to_who_made_the_sightline():
    with pytest.warns(ranges.UnusualValueWarning) as caught:
        Sightline(z=-0.5, distance_modulus=33.0)
    assert caught[0].filename == __file__


def test_a_sightline_keeps_units():
    there = Sightline(z=1 * u.percent, distance_modulus=33 * u.mag, ebv_mw=30 * u.mmag, ebv_host=0.1)
    np.testing.assert_allclose((there.z, there.distance_modulus, there.ebv_mw), (0.01, 33.0, 0.03), rtol=1e-12)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"z": 3000 * u.km / u.s}, "Sightline: z has the unit km / s"),
        ({"distance_modulus": 43 * u.Mpc}, "Sightline: distance_modulus has the unit Mpc, expected mag"),
        ({"z": np.ma.masked}, "Sightline: z is masked"),
        ({"ebv_mw": Time(60000.0, format="mjd")}, r"Sightline: ebv_mw is a date \(astropy Time\), expected mag"),
        ({"distance_modulus": 86.0}, r"Sightline: distance_modulus is 86, .* then it is 34\.67 mag"),
        ({"ebv_host": 25.0}, "Sightline: ebv_host is 25, "),
    ],
)
def test_a_sightline_refuses(fields, match):
    with pytest.raises(ValueError, match=match):
        Sightline(**({"z": 0.01, "distance_modulus": 33.0} | fields))


def test_the_page_says_the_same_bounds():
    page = (ROOT / "docs" / "reference" / "inputs.md").read_text(encoding="utf-8")
    for told in (
        f"at most {ranges.LARGEST_Z:g}",
        f"{ranges.LEAST_MODULUS:g} to {ranges.LARGEST_MODULUS:g}, 1e-6 to 1e7",
        f"0 to {ranges.LARGEST_EBV:g}",
        f"{ranges.FIRST_MJD:g} to {ranges.LAST_MJD:g}",
        f"more than {MOST_OFF:g} mag",
        f"more than {FARTHEST:g} d apart",
        f"an E(B-V) above {ranges.UNUSUAL_EBV:g} mag",
        f"More than {MOST_PHASES:,} phases",
        f"more than {MOST_BYTES / 2**30:g} GiB",
    ):
        assert told in page
    assert (ranges.LEAST_MPC, ranges.LARGEST_MPC) == (1e-6, 1e7)


@pytest.mark.parametrize(("z", "velocity"), [(-2.0, False), (-1500.0, True), (1500.0, True)])
def test_only_what_may_be_a_velocity_is_called_one(z, velocity):
    with pytest.raises(ValueError, match="no redshift") as caught:
        ranges.require_redshift(z, "z")
    assert ("km/s? then z = " in str(caught.value)) is velocity
