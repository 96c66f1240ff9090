"""What changes with redshift."""

import numpy as np
import pytest
from scipy import stats

from sntransport.simulation.events.distributions import Exponential, Normal, Truncated, Uniform
from sntransport.simulation.events.population import Population
from sntransport.simulation.events.redshift_dependence import (
    Interpolated,
    Polynomial,
    RedshiftDependent,
    as_function,
    values_at,
)

N = 60_000


def test_mean_and_width_follow_their_polynomials():
    mean, width = Polynomial(coefficients=[0.1, -0.5, 0.2]), Polynomial(coefficients=[0.05, 0.1])
    population = Population(
        redshift=Uniform(low=0.1, high=1.1),
        mag_offset=RedshiftDependent(base=Normal(mean=0.0, sigma=1.0), shift=mean, scale=width),
    )
    found = population.draw(np.random.default_rng(1), N, 1)
    z = found.z_cosmology
    standard = (found.mag_offset - (0.1 - 0.5 * z + 0.2 * z**2)) / (0.05 + 0.1 * z)
    assert stats.kstest(standard, "norm").pvalue > 1e-3
    for low in np.arange(0.1, 1.1, 0.2):
        assert stats.kstest(standard[(z > low) & (z < low + 0.2)], "norm").pvalue > 1e-4


def test_a_table_is_linear_between_its_points():
    table = Interpolated(z=[0.0, 0.5, 1.0], value=[1.0, 2.0, 0.0])
    np.testing.assert_allclose(table.at(np.array([0.0, 0.25, 0.75, 1.0])), [1.0, 1.5, 1.0, 0.0])
    with pytest.raises(ValueError, match=r"mean is known from z = 0 to 1, expected 0\.5 to 1\.2"):
        values_at(table, np.array([0.5, 1.2]), "mean")


def test_dust_that_grows_with_redshift_stays_within_its_bounds():
    growing = RedshiftDependent(
        base=Exponential(scale=0.1, high=0.4), shift=Polynomial(coefficients=[0.0]),
        scale=Polynomial(coefficients=[1.0, 1.0]),
    )  # fmt: skip
    population = Population(redshift=Uniform(low=0.1, high=1.0), ebv_host=growing)
    assert population.bounds("ebv_host") == pytest.approx((0.0, 0.8))
    ebv = population.draw(np.random.default_rng(1), N, 1).ebv_host
    assert 0.0 <= ebv.min() <= ebv.max() <= 0.8
    assert ebv.max() > 0.7


def test_what_changes_nothing_draws_the_same():
    base = Uniform(low=0.0, high=0.3)
    same = RedshiftDependent(base=base, shift=as_function(0.0, "shift"), scale=as_function(1.0, "scale"))
    plain, other = (
        Population(redshift=Uniform(low=0.1, high=1.0), ebv_host=one).draw(np.random.default_rng(3), 100, 2)
        for one in (base, same)
    )
    np.testing.assert_array_equal(plain.ebv_host, other.ebv_host)


def test_truncated_is_the_distribution_inside():
    cut = Truncated(base=Normal(mean=3.1, sigma=0.5), low=2.5, high=4.0)
    values = cut.draw(np.random.default_rng(2), N)
    assert cut.support == (2.5, 4.0)
    inside = stats.truncnorm((2.5 - 3.1) / 0.5, (4.0 - 3.1) / 0.5, loc=3.1, scale=0.5)
    assert stats.kstest(values, inside.cdf).pvalue > 1e-3
    with pytest.raises(ValueError, match="almost nothing is within 50 to 60"):
        Truncated(base=Normal(mean=0.0, sigma=1.0), low=50.0, high=60.0).draw(np.random.default_rng(2), 10)


def population(**parts):
    given = {"base": Normal(mean=0.0, sigma=1.0), "shift": Polynomial(coefficients=[0.0]),
             "scale": Polynomial(coefficients=[1.0])} | parts  # fmt: skip
    name = given.pop("name", "mag_offset")
    return Population(redshift=Uniform(low=0.1, high=1.0), **{name: RedshiftDependent(**given)})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Polynomial(coefficients=[]), "one number or more"),
        (lambda: Polynomial(coefficients=[np.nan]), "not finite"),
        (lambda: Interpolated(z=[0.0], value=[1.0]), "two values or more"),
        (lambda: Interpolated(z=[0.0, 0.0], value=[1.0, 2.0]), "not strictly increasing"),
        (lambda: population(scale=Polynomial(coefficients=[1.0, -2.0])), r"mag_offset: scale is -1 at z = 1"),
        (lambda: population(shift=Interpolated(z=[0.2, 1.0], value=[0.0, 1.0])), "shift is known from z = 0.2"),
        (lambda: population(name="ebv_host"), r"ebv_host reaches from -inf"),
        (lambda: population(name="rv_host"), r"rv_host is -inf"),
        (lambda: population(name="stretch", base=Uniform(low=0.5, high=20.0)), r"stretch reaches from 0\.5 to 20"),
    ],
)
def test_impossible_values_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
    with pytest.raises(TypeError, match="shift is 'far', expected a number or something with at"):
        as_function("far", "shift")
