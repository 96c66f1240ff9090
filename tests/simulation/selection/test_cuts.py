"""Cuts against plain loops over the measurements of each object."""

from itertools import pairwise

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from sntransport.photometry.bands import load_bands
from sntransport.simulation.light_curves import LightCurves, Truth
from sntransport.simulation.selection.cuts import MEASURED, Cut, band_groups
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION, PHOTFLAG_SATURATED
from sntransport.simulation.surveys.footprint import galactic_latitude

BANDS = ("lsstg", "lsstr", "ztfg")


def curves_of(objects, z=0.25, **more):
    """Light curves of (mjd, band, flux, flux_err, photflag) by object, with phase 0 at MJD 60000."""
    objects = [sorted(one, key=lambda row: row[0]) for one in objects]
    columns = {name: [row[k] for one in objects for row in one] for k, name in enumerate(
        ("mjd", "band", "flux", "flux_err", "photflag"))}  # fmt: skip
    n = len(objects)
    ones = np.ones(n)
    truth = Truth(
        object_id=np.arange(n), template=np.zeros(n), z=z * ones, z_cosmology=z * ones, distance_modulus=40 * ones,
        mag_offset=0 * ones, ebv_mw=0.1 * np.arange(n), ebv_host=0 * ones, rv_host=3.1 * ones, ra=10 * ones,
        dec=-5 * ones, mjd_ref=60000 * ones, weight=ones, peak_mag=more.pop("peak_mag", np.full((n, 3), 20.0)),
        peak_mjd=np.full((n, 3), 60000.0), more=more,
    )  # fmt: skip
    return LightCurves(
        bands=BANDS, surveys=("a", "a", "b"), offset=np.concatenate([[0], np.cumsum([len(one) for one in objects])]),
        truth=truth, template_names=("t",), template_types=("Ia",), **columns,
    )  # fmt: skip


FLAGS = st.sampled_from([0, PHOTFLAG_DETECTION, PHOTFLAG_SATURATED])
ROW = st.tuples(
    st.integers(-80, 80).map(lambda k: 60000.0 + 0.3 * k), st.integers(0, 2),
    st.one_of(st.floats(-50, 200), st.just(float("nan"))), st.sampled_from([1.0, 2.5, float("nan")]), FLAGS,
)  # fmt: skip


def slow(cut, rows, group):
    """A quantity of the measurements of one object in a group of bands."""

    def counts(row):
        mjd, band, flux, err, flag = row
        phase = (mjd - 60000.0) / 1.25
        (curve,) = load_bands([BANDS[band]])
        wave = np.trapezoid(curve.wave * curve.throughput, curve.wave) / np.trapezoid(curve.throughput, curve.wave)
        known = cut.quantity == "n_saturated" or (np.isfinite(flux) and err > 0 and flux / err >= cut.snr)
        return (known and group[band] and cut.phase[0] <= phase <= cut.phase[1]
                and (not cut.detected or flag == PHOTFLAG_DETECTION)
                and cut.rest_wave[0] <= wave / 1.25 <= cut.rest_wave[1])  # fmt: skip

    rows = sorted(filter(counts, rows), key=lambda row: row[0])
    phases = [(row[0] - 60000.0) / 1.25 for row in rows]
    if cut.quantity == "n_nights":
        nights, end = 0, -np.inf
        for row in rows:
            if row[0] > end:
                nights, end = nights + 1, row[0] + 0.5
        return nights
    return {
        "n_obs": lambda: len(rows),
        "n_detections": lambda: sum(row[4] == PHOTFLAG_DETECTION for row in rows),
        "n_saturated": lambda: sum(row[4] == PHOTFLAG_SATURATED for row in rows),
        "snr_max": lambda: max((row[2] / row[3] for row in rows), default=np.nan),
        "first_phase": lambda: min(phases, default=np.nan),
        "last_phase": lambda: max(phases, default=np.nan),
        "largest_gap": lambda: max((b - a for a, b in pairwise(phases)), default=np.nan),
    }[cut.quantity]()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(ROW, max_size=8), min_size=1, max_size=4), st.sampled_from(MEASURED), st.data(),
)  # fmt: skip
def test_measured_quantities_are_those_of_a_plain_loop(objects, quantity, data):
    names = data.draw(st.sampled_from([(), ("g",), ("g", "r"), ("ztfg", "lsstr")]))
    n_bands = data.draw(st.integers(0, len(names)))
    filters = {}
    if data.draw(st.booleans()):
        filters["phase"] = (-10.0, 12.0)
    if quantity != "n_saturated" and data.draw(st.booleans()):
        filters["snr"] = 5.0
    if data.draw(st.booleans()):
        filters["rest_wave"] = (3000.0, 4500.0)
    if data.draw(st.booleans()):
        filters["detected"] = True
    least = data.draw(st.sampled_from([-5.0, 0.0, 1.0, 2.0, 6.0]))
    most = data.draw(st.sampled_from([np.inf, 6.0, 20.0]))
    cut = Cut(quantity=quantity, least=least, most=most, bands=names, n_bands=n_bands, **filters)
    groups = band_groups(names, BANDS)
    each = [groups == g for g in range(groups.max() + 1)] if n_bands else [groups >= 0]
    expected = [sum(bool(least <= slow(cut, rows, group) <= most) for group in each) >= max(n_bands, 1)
                for rows in objects]  # fmt: skip
    np.testing.assert_array_equal(cut.passes(curves_of(objects)), expected)


def test_truth_is_cut_by_its_columns():
    curves = curves_of([[], [], []], has_spectrum=[True, False, False], has_host_redshift=[False, True, False],
                       name=["a", "b", "c"])  # fmt: skip
    for cut, expected in (
        (Cut(quantity="ebv_mw", most=0.1), [True, True, False]),
        (Cut(quantity="has_spectrum", least=1), [True, False, False]),
        (Cut(quantity="has_redshift", least=1), [True, True, False]),
        (Cut(quantity=lambda them: them.truth.ebv_mw * 10, least=1, most=1), [False, True, False]),
        (Cut(quantity=lambda them: them.truth.ebv_mw > 0.05, least=1), [False, True, True]),
        (Cut(quantity="first_phase"), [False] * 3),
    ):
        np.testing.assert_array_equal(cut.passes(curves), expected)
    with pytest.raises(ValueError, match="no quantity 'zz' to cut on; use one of n_obs, n_nights"):
        Cut(quantity="zz").passes(curves)
    with pytest.raises(ValueError, match="no quantity 'name'"):
        Cut(quantity="name").passes(curves)


def test_peaks_are_the_brightest_of_the_bands_named():
    curves = curves_of([[], [], []], peak_mag=[[21.0, 19.0, np.nan], [20.0, 23.0, 18.0], [np.nan] * 3])
    for cut, expected in (
        (Cut(quantity="peak_mag", most=19.5), [True, True, False]),
        (Cut(quantity="peak_mag", most=19.5, bands=("r",)), [True, False, False]),
        (Cut(quantity="peak_mag", most=21.5, bands=("g", "r"), n_bands=2), [True, False, False]),
        (Cut(quantity="peak_mag", most=20.5, n_bands=2), [False, True, False]),
    ):
        np.testing.assert_array_equal(cut.passes(curves), expected)


def test_galactic_latitude_is_that_of_astropy():
    rng = np.random.default_rng(1)
    ra, dec = rng.uniform(0, 360, 200), np.degrees(np.arcsin(rng.uniform(-1, 1, 200)))
    np.testing.assert_allclose(galactic_latitude(ra, dec), SkyCoord(ra, dec, unit="deg").galactic.b.deg, atol=1e-3)
    # ra 10, dec -5 is at b = -67.7.
    assert Cut(quantity="abs_galactic_latitude", least=60).passes(curves_of([[]]))[0]
    assert not Cut(quantity="abs_galactic_latitude", least=70).passes(curves_of([[]]))[0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"quantity": "z", "least": 2, "most": 1}, "least and most are 2 and 1, expected the first not above"),
        ({"quantity": "n_obs", "phase": (3, -3)}, "phase are 3 and -3"),
        ({"quantity": "z", "phase": (-3, 3)}, "phase choose measurements, but z is of none"),
        ({"quantity": "z", "bands": ["g"]}, "z is of no band"),
        ({"quantity": "z", "n_bands": 1}, "n_bands is 1 for z"),
        ({"quantity": "n_obs", "bands": ["g"], "n_bands": 2}, "n_bands is 2 for n_obs in 1 bands"),
    ],
)
def test_cuts_that_cannot_be(given, message):
    with pytest.raises(ValueError, match=message):
        Cut(**given)


def test_names_say_what_is_asked():
    cut = Cut(quantity="snr_max", least=5, bands=("g", "r", "i"), n_bands=2, phase=(-20, 60))
    assert cut.name == "5 <= snr_max; phase -20 to 60; in 2 of g, r, i"
    assert Cut(quantity="z", most=0.1, name="near").name == "near"
    with pytest.raises(ValueError, match="no band 'u'"):
        Cut(quantity="n_obs", bands=("u",)).passes(curves_of([[]]))
