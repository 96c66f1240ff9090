"""Spectra between the phases of a series: lines between neighbors, nothing beyond."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport.spectra.phases import neighbors
from sntransport.spectra.series import Origin, SpectralSeries

OWN = np.array([-3.0, 0.0, 1.0, 9.0])
WAVE = np.array([4000.0, 5000.0, 6000.0])


def series():
    flux = np.arange(12.0).reshape(4, 3) ** 2 + 1.0
    flux[1, 2] = np.nan
    origin = np.where(np.isfinite(flux), Origin.OBSERVED, Origin.NOT_COVERED)
    origin[3, 0] = Origin.EXTRAPOLATED
    return SpectralSeries(phase=OWN, wave=WAVE, flux=flux, flux_err=0.1 * flux, origin=origin)


@given(st.lists(st.floats(-3.0, 9.0), min_size=1, max_size=5))
def test_a_line_between_neighbors(phase):
    rows = np.stack([OWN**2, np.sin(OWN)], axis=1)
    expected = np.stack([np.interp(phase, OWN, column) for column in rows.T], axis=1)
    np.testing.assert_allclose(neighbors(OWN, np.array(phase)).mean(rows), expected, rtol=1e-5, atol=2e-5)


def test_nothing_beyond_the_ends_or_in_a_wide_step():
    place = neighbors(OWN, np.array([-3.1, -3.0, 0.5, 1.0, 5.0, 9.0, 9.1, np.nan]), max_gap=5.0)
    # A phase that is there needs no step.
    np.testing.assert_array_equal(np.isfinite(place.share), [False, True, True, True, False, True, False, False])
    np.testing.assert_array_equal(OWN[place.left[[1, 3, 5]]], [-3.0, 1.0, 9.0])
    np.testing.assert_array_equal(place.left[[1, 3, 5]], place.right[[1, 3, 5]])


def test_a_rounding_of_the_phase_does_not_matter():
    found = neighbors(OWN, np.array([-3.0 - 1e-9, 1.0 + 1e-9, 9.0 + 1e-9])).mean(OWN[:, None])
    np.testing.assert_array_equal(found[:, 0], [-3.0, 1.0, 9.0])


def test_a_hole_stays_one_and_does_not_spread():
    found = series().at([0.5, 1.0, -3.0, 0.0])
    np.testing.assert_array_equal(np.isnan(found.flux), [[False, False, True], [False] * 3, [False] * 3, [0, 0, True]])
    assert found.known.all()


def test_one_phase_alone_and_none():
    one = SpectralSeries(phase=[2.0], wave=WAVE, flux=[[1.0, 2.0, 3.0]])
    np.testing.assert_array_equal(one.at([2.0, 2.1]).flux, [[1.0, 2.0, 3.0], [np.nan] * 3])
    np.testing.assert_array_equal(one.at(2.0).flux, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="the series has no phases: supply one spectrum or more"):
        SpectralSeries(phase=[], wave=WAVE, flux=np.empty((0, 3))).at([1.0])


def test_what_rests_on_extrapolated_bins_is_told():
    np.testing.assert_array_equal(series().at([0.5, 5.0, 20.0]).filled, [[0.0] * 3, [1.0, 0.0, 0.0], [0.0] * 3])
    np.testing.assert_array_equal(series().at([0.5, 5.0], max_gap=5.0).filled, np.zeros((2, 3)))
