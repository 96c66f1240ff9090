"""The kernels of noise against plain sums."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator

from sntransport.simulation.noise import _kernels


@given(st.integers(0, 10**6))
def test_interpolation_against_scipy(seed):
    rng = np.random.default_rng(seed)
    axes = [np.sort(rng.uniform(-5, 5, n)) for n in rng.integers(2, 6, rng.integers(1, 4))]
    values = rng.normal(size=[axis.size for axis in axes])
    places = rng.uniform(-8, 8, (len(axes), 20))
    places[:, :3] = [[axis[0], axis[-1], axis[1]] for axis in axes]
    clipped = [np.clip(place, axis[0], axis[-1]) for place, axis in zip(places, axes, strict=True)]
    expected = RegularGridInterpolator(axes, values)(np.stack(clipped, axis=1))
    found, bounds = np.empty(20), np.cumsum([0, *(axis.size for axis in axes)])
    _kernels.interpolate(np.concatenate(axes), bounds, values.ravel(), places, found)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_a_variable_of_one_value_counts_nothing():
    axes, bounds = np.array([3.0, 0.0, 2.0]), np.array([0, 1, 3])
    found = np.empty(2)
    _kernels.interpolate(axes, bounds, np.array([5.0, 7.0]), np.array([[1.0, 9.0], [1.0, 2.0]]), found)
    np.testing.assert_array_equal(found, [6.0, 7.0])


def test_calculated_errors_are_the_errors_without_a_model():
    rng = np.random.default_rng(1)
    n = 40
    columns = np.stack([rng.uniform(1, 9, n), rng.uniform(1, 9, n), np.full(n, np.inf), rng.uniform(0, 5, n)])
    band, flux = rng.integers(0, 2, n).astype(np.int16), rng.uniform(-50, 900, n)
    relative, floor = rng.uniform(0, 0.1, n), np.array([0.0, 0.02])
    error = np.empty(n)
    _kernels.calculated_errors(columns, band, relative, floor, flux, 1.0, error)
    plain = columns[0] ** 2 + columns[3] ** 2 + np.maximum(flux, 0) / columns[1]
    np.testing.assert_allclose(error, np.sqrt(plain + (relative**2 + floor[band] ** 2) * flux**2), rtol=1e-12)
    made = flux.copy(), np.empty(n), np.empty(n, dtype=bool), np.empty(n)
    none, how = (
        np.empty(0),
        _kernels.Choices(1.0, 1.0, template_common=True, at_measured=False, saturated_flux=0.0, saturated_err=1.0),
    )
    _kernels.disturb_fluxes(
        np.array([0, n]), columns, band, relative, floor, np.zeros(n), np.zeros((1, 2)), none, none, none, how, *made
    )  # fmt: skip
    np.testing.assert_array_equal(made[0], flux)
    np.testing.assert_allclose(made[1], error, rtol=1e-12)
    np.testing.assert_allclose(made[3], flux / error, rtol=1e-12)
