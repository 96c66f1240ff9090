"""Facts of a supernova that contradict each other are noted, with what they may be meant to be."""

from dataclasses import replace

import numpy as np
import pytest
from astropy.cosmology import Planck18

from sntransport.spectra.doubts import DOUBT, doubts_of_facts, nearest, rough_modulus
from sntransport.spectra.ranges import UnusualValueWarning
from sntransport.spectra.sightline import Sightline
from tests.support.synthetic import MJD_REF, photometry, supernova


def moved(curve, days):
    return replace(curve, mjd=curve.mjd + days)


@pytest.fixture(scope="module")
def sn():
    return supernova(light_curve=photometry([2.0, 10.0, 30.0], ["bessellv", "sdssr"]))


def test_nothing_is_doubtful_of_a_plain_supernova(sn):
    assert doubts_of_facts(sn) == ()
    assert doubts_of_facts(replace(sn, spectra=())) == ()
    assert doubts_of_facts(replace(sn, light_curve=moved(sn.light_curve, 400.0))) == ()


@pytest.mark.parametrize(
    ("days", "cause"),
    [
        (-49999.5, "are the dates of the photometry JD - 2450000 instead of MJD"),
        (-50000.0, "instead of MJD"),
        (2000.0, "is one of them no MJD"),
    ],
)
def test_photometry_on_another_time_axis(sn, days, cause):
    found = doubts_of_facts(replace(sn, light_curve=moved(sn.light_curve, days)))
    assert all(note.startswith(DOUBT) for note in found)
    assert cause in " ".join(found)


def test_spectra_on_another_time_axis_are_named(sn):
    spectra = [replace(one, mjd=one.mjd - 49999.5) for one in sn.spectra]
    found = " ".join(doubts_of_facts(replace(sn, spectra=spectra)))
    assert "are the dates of the spectra JD - 2450000 instead of MJD" in found


def test_days_since_an_event_are_named(sn):
    spectra = [replace(one, mjd=one.mjd - MJD_REF) for one in sn.spectra]
    found = doubts_of_facts(replace(sn, spectra=spectra, light_curve=moved(sn.light_curve, -MJD_REF), mjd_ref=0.0))
    assert len(found) == 2
    assert "days since an event? then add its MJD" in found[0]


def test_one_wrong_date_is_named(sn):
    spectra = [*sn.spectra[:-1], replace(sn.spectra[-1], mjd=sn.spectra[-1].mjd - 10_000.0)]
    (found,) = doubts_of_facts(replace(sn, spectra=spectra))
    assert f"the spectrum of MJD {spectra[-1].mjd:.10g} is 9949 d from all other data" in found


def test_phase_0_far_from_all_data_is_named(sn):
    (found,) = doubts_of_facts(replace(sn, mjd_ref=MJD_REF - 5000.0))
    assert f"phase 0, MJD {MJD_REF - 5000:g}, is 5002 d from all data; is mjd_ref right?" in found


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"distance_modulus": 43.0}, "distance modulus 43.00 mag, but z = 0.02 makes about 34.7 by Hubble's law"),
        ({"z": 0.4}, "distance modulus 34.00 mag, but z = 0.4 makes about 41.6"),
        ({"ebv_mw": 3.3}, "ebv_mw is 3.3 mag: is that A_V or R_V instead of E(B-V)?"),
    ],
)
def test_facts_that_contradict_each_other(sn, fields, told):
    (found,) = doubts_of_facts(replace(sn, sightline=replace(sn.sightline, **fields)))
    assert found.startswith(DOUBT)
    assert told in found


@pytest.mark.parametrize(("z", "modulus"), [(1e-4, 27.0), (0.0, 34.0), (0.5, 42.27), (2.0, 45.9), (0.3, 0.0)])
def test_distances_that_fit_are_not_doubted(sn, z, modulus):
    assert doubts_of_facts(replace(sn, sightline=Sightline(z=z, distance_modulus=modulus))) == ()


def test_the_rough_distance_is_near_the_exact_one():
    z = np.geomspace(0.005, 30.0, 50)
    exact = Planck18.distmod(z).value
    np.testing.assert_allclose([rough_modulus(one) for one in z], exact, atol=0.2)


def test_a_blueshift_is_doubted(sn):
    with pytest.warns(UnusualValueWarning):
        sightline = replace(sn.sightline, z=-0.01)
    assert "a blueshift of 2998 km/s" in doubts_of_facts(replace(sn, sightline=sightline))[0]


def test_nearest():
    np.testing.assert_allclose(nearest([1.0, 8.0], np.array([9.0, 3.0])), [2.0, 1.0])
