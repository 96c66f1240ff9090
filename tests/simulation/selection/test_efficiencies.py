"""Chances of spectra: maps against scipy and SNANA's rules, variables against the columns they are of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator

from sntransport.simulation.selection.efficiencies import (
    EfficiencyMap,
    EfficiencyMaps,
    PeakEfficiency,
    spectroscopic_propensity,
)
from sntransport.simulation.selection.map_variables import variable
from sntransport.simulation.selection.objects import numbers_of
from tests.simulation.selection.test_cuts import curves_of


def test_propensity_is_a_logistic_in_magnitude():
    chance = spectroscopic_propensity([18.0, 21.0, 21.5, 60.0, np.nan, -1e9], half=21.0, width=0.5)
    np.testing.assert_allclose(chance[:3], [1 / (1 + np.exp(-6)), 0.5, 1 / (1 + np.e)])
    np.testing.assert_allclose(chance[3:], [0, 0, 1], atol=1e-30)
    for half, width in ((np.nan, 1.0), (21.0, 0.0)):
        with pytest.raises(ValueError, match="half"):
            spectroscopic_propensity([20.0], half, width)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_maps_are_linear_between_nodes(seed, n_variable):
    rng = np.random.default_rng(seed)
    nodes = [np.cumsum(rng.uniform(0.1, 2.0, rng.integers(2, 5))) for _ in range(n_variable)]
    table = rng.uniform(size=[one.size for one in nodes])
    one = EfficiencyMap(variables=tuple("gri"[:n_variable]), nodes=nodes, probability=table)
    points = [np.concatenate([rng.uniform(own[0] - 1, own[-1] + 1, 20), own[:2], own[-1:]]) for own in nodes]
    at = np.array(points).T
    judge = RegularGridInterpolator(nodes, table, bounds_error=False, fill_value=0.0)
    np.testing.assert_allclose(one.at(points), judge(at), atol=1e-12)
    inside = np.clip(at, [own[0] for own in nodes], [own[-1] for own in nodes])
    np.testing.assert_allclose(one.at(points, extrapolate=True), judge(inside), atol=1e-12)


def test_one_node_is_a_constant_and_nan_has_no_chance():
    one = EfficiencyMap(variables=("REDSHIFT",), nodes=[[0.5]], probability=[0.7])
    np.testing.assert_array_equal(one.at([np.array([0.5, 0.6, np.nan])]), [0.7, 0, 0])
    np.testing.assert_array_equal(one.at([np.array([0.5, 0.6, np.nan])], extrapolate=True), [0.7, 0.7, 0])


def constant(chance, **more):
    return EfficiencyMap(variables=("REDSHIFT",), nodes=[[0.0, 2.0]], probability=[chance, chance], **more)


def test_maps_together_are_one_less_what_each_leaves_times_what_is_required():
    curves = curves_of([[(60000.0, 0, 9.0, 1.0, 0)]] * 4, field=["DEEP", "WIDE", "DEEP", "WIDE"])
    maps = (constant(0.5), constant(0.2, fields=("DEEP",)))
    np.testing.assert_allclose(numbers_of(EfficiencyMaps(maps=maps), curves, ""), [0.6, 0.5, 0.6, 0.5])
    maps = (constant(0.5), constant(0.2, required=True))
    np.testing.assert_allclose(numbers_of(EfficiencyMaps(maps=maps), curves, ""), 0.6 * 0.2)
    maps = (constant(0.5, dates=(59000.0, 59999.0)), constant(0.4, dates=(59999.0, 61000.0)))
    np.testing.assert_allclose(numbers_of(EfficiencyMaps(maps=maps), curves, ""), 0.4)


def test_objects_that_no_map_is_for():
    curves = curves_of([[(60000.0, 0, 9.0, 1.0, 0)], []], field=["WIDE", ""])
    deep = (constant(0.5, fields=("DEEP",)),)
    with pytest.raises(ValueError, match=r"here: no map for an object in field 'WIDE' with phase 0 at MJD 60000\.0"):
        numbers_of(EfficiencyMaps(maps=deep, source="here"), curves, "")
    np.testing.assert_array_equal(numbers_of(EfficiencyMaps(maps=deep, every_field=False), curves, ""), 0)
    # One without any measurement is no reason to stop.
    unseen = curves.take([1])
    np.testing.assert_array_equal(numbers_of(EfficiencyMaps(maps=deep), unseen, ""), 0)


def test_variables_by_the_names_of_snana():
    rows = [[(59890.0, 0, 1.0, 1.0, 0), (59990.0, 1, 1.0, 1.0, 0), (60004.0, 0, 1.0, 1.0, 0)],
            [(59900.0, 0, 1.0, 1.0, 0), (59950.0, 0, 1.0, 1.0, 0)], []]  # fmt: skip
    peak = np.array([[21.0, 20.5, 20.0], [22.0, np.nan, np.nan], [23.0, 21.0, np.nan]])
    curves = curves_of(rows, z=0.3, peak_mag=peak, host_logmass=[10.0, 11.0, 9.0], host_mag_g=[20.0, 21.0, 22.0],
                       r_obs=[19.0, 20.5, 22.5])  # fmt: skip
    expected = {
        "REDSHIFT": [0.3] * 3,
        "PEAKMJD": [60000.0] * 3,
        "MWEBV": [0.0, 0.1, 0.2],
        "g": [20.0, 22.0, 23.0],  # the brighter of lsstg and ztfg
        "PEAKMAG_lsstg": [21.0, 22.0, 23.0],
        "g-r": [-0.5, np.nan, 2.0],
        "PEAKMAG_r-PEAKMAG_ztfg": [0.5, np.nan, np.nan],
        "g+r": [20.25, 22.0, 22.0],
        "DTPEAK": [4.0, -50.0, np.nan],
        "DTSEASON_PEAK": [4.0, -50.0, np.nan],
        "LOGMASS": [10.0, 11.0, 9.0],
        "HOSTMAG_g": [20.0, 21.0, 22.0],
        "g_obs": [20.0, 21.0, 22.0],
        "g_obs-r_obs": [1.0, 0.5, -0.5],
        "host_logmass": [10.0, 11.0, 9.0],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(variable(name, curves, curves.truth, {}), values, err_msg=name)
    np.testing.assert_array_equal(variable("MASS", curves, curves.truth, {"MASS": "host_logmass"}), [10.0, 11.0, 9.0])
    with pytest.raises(ValueError, match=r"depends on SBMAG, of which the truth has no .*host_logmass.*columns ="):
        variable("SBMAG", curves, curves.truth, {})
    with pytest.raises(ValueError, match=r"depends on g-r\+g, expected a band"):
        variable("g-r+g", curves, curves.truth, {})


def test_peak_efficiency_is_the_logistic_of_the_brightest_of_its_bands():
    curves = curves_of([[], []], peak_mag=[[21.0, 20.0, np.nan], [22.0, 20.0, 20.5]])
    chance = numbers_of(PeakEfficiency(band="g", half=21.0), curves, "")
    np.testing.assert_allclose(chance, [0.5, 1 / (1 + np.exp(-1))])
    with pytest.raises(ValueError, match="width = 0"):
        PeakEfficiency(band="g", half=21.0, width=0.0)


def test_functions_give_one_number_for_each():
    curves = curves_of([[], []])
    np.testing.assert_array_equal(numbers_of(lambda truth: truth.ebv_mw, curves, ""), [0.0, 0.1])
    np.testing.assert_array_equal(numbers_of(lambda truth: 0.5, curves, ""), [0.5, 0.5])
    with pytest.raises(ValueError, match=r"mine gives the shape \(3,\), expected one number for each of 2 objects"):
        numbers_of(lambda truth: np.zeros(3), curves, "mine")


@pytest.mark.parametrize(
    ("nodes", "chance", "message"),
    [
        ([[0, 0]], [0.1, 0.2], "nodes of REDSHIFT do not strictly increase"),
        ([[0, 1]], [0.1], "one for each node"),
        ([[0, 1]], [0.1, 1.2], "probabilities within 0 and 1"),
    ],
)
def test_maps_that_cannot_be(nodes, chance, message):
    with pytest.raises(ValueError, match=message):
        EfficiencyMap(variables=("REDSHIFT",), nodes=nodes, probability=chance)
    with pytest.raises(ValueError, match="one map or more"):
        EfficiencyMaps(maps=())
