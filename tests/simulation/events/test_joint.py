"""Parameters that are drawn together."""

import numpy as np
import pytest
from scipy import stats

from sntransport.simulation.events.distributions import Uniform
from sntransport.simulation.events.joint import JointNormal, JointSamples, covariance_root, joint_normal
from sntransport.simulation.events.population import Population
from sntransport.simulation.events.redshift_dependence import Polynomial

N = 60_000
Z = np.full(N, 0.3)


def test_a_covariance_comes_back():
    covariance = np.array([[0.04, 0.01, -0.003], [0.01, 0.09, 0.0], [-0.003, 0.0, 0.0025]])
    joint = joint_normal(("mag_offset", "ebv_host", "stretch"), [0.1, 0.2, 1.0], covariance)
    found = joint.draw(np.random.default_rng(1), Z)
    values = np.stack([found[name] for name in joint.names])
    np.testing.assert_allclose(values.mean(axis=1), [0.1, 0.2, 1.0], atol=0.005)
    np.testing.assert_allclose(np.cov(values), covariance, atol=0.0015)
    # Any combination is normal, as the whole can only be then.
    mixed = np.array([1.0, -0.5, 2.0]) @ values
    width = np.sqrt(np.array([1.0, -0.5, 2.0]) @ covariance @ [1.0, -0.5, 2.0])
    assert stats.kstest((mixed - (0.1 - 0.1 + 2.0)) / width, "norm").pvalue > 1e-3


def test_bounds_cut_and_keep_the_shape():
    """Of two that go together, the mean of one where the other is cut: that of a cut normal times the correlation."""
    joint = joint_normal(
        ("mag_offset", "ebv_host"), [0.0, 0.1], [[1.0, 0.06], [0.06, 0.01]], low=[-np.inf, 0.1], high=[np.inf, 1.0]
    )
    found = joint.draw(np.random.default_rng(2), Z)
    assert found["ebv_host"].min() >= 0.1
    assert found["mag_offset"].mean() == pytest.approx(0.6 * np.sqrt(2 / np.pi), abs=0.015)


def test_means_and_widths_change_with_redshift():
    joint = JointNormal(
        names=("mag_offset", "stretch"), mean=(Polynomial(coefficients=[0.0, 1.0]), 1.0),
        sigma=(Polynomial(coefficients=[0.1, 0.5]), 0.05), correlation=[[1.0, -0.7], [-0.7, 1.0]],
    )  # fmt: skip
    z = np.random.default_rng(1).uniform(0.0, 1.0, N)
    found = joint.draw(np.random.default_rng(2), z)
    standard = (found["mag_offset"] - z) / (0.1 + 0.5 * z)
    assert stats.kstest(standard, "norm").pvalue > 1e-3
    np.testing.assert_allclose(np.corrcoef(standard, found["stretch"])[0, 1], -0.7, atol=0.01)


def test_rows_of_a_table_stay_together():
    columns = {"ebv_host": [0.0, 0.1, 0.2, 0.3], "rv_host": [3.1, 2.5, 2.8, 4.0]}
    samples = JointSamples(columns=columns, weight=[1.0, 0.0, 2.0, 1.0])
    found = samples.draw(np.random.default_rng(1), Z)
    row = np.searchsorted(columns["ebv_host"], found["ebv_host"])
    np.testing.assert_array_equal(np.array(columns["rv_host"])[row], found["rv_host"])
    np.testing.assert_allclose(np.bincount(row, minlength=4) / N, [0.25, 0.0, 0.5, 0.25], atol=0.01)


def test_rows_near_in_redshift_are_drawn():
    columns = {"mag_offset": np.linspace(0.0, 1.0, 1001)}
    samples = JointSamples(columns=columns, z=np.linspace(0.0, 1.0, 1001), tolerance=0.05)
    z = np.random.default_rng(1).uniform(0.1, 0.9, N)
    away = samples.draw(np.random.default_rng(2), z)["mag_offset"] - z
    assert np.abs(away).max() <= 0.05
    assert stats.kstest(away, stats.uniform(-0.05, 0.1).cdf).pvalue > 1e-4
    with pytest.raises(ValueError, match=r"JointSamples: no row within 0\.05 of z = 1\.0\d+"):
        samples.bounds(np.linspace(0.1, 1.2, 100))


def test_a_population_draws_them_and_knows_their_bounds():
    joint = joint_normal(
        ("ebv_host", "rv_host"), [0.1, 3.0], [[0.01, 0.02], [0.02, 0.25]], low=[0.0, 2.4], high=[0.5, 5.0]
    )
    population = Population(redshift=Uniform(low=0.1, high=0.5), joint=joint)
    assert population.bounds("ebv_host") == (0.0, 0.5)
    assert population.bounds("rv_host") == (2.4, 5.0)
    found = population.draw(np.random.default_rng(1), N, 1)
    assert np.corrcoef(found.ebv_host, found.rv_host)[0, 1] > 0.2
    plain = Population(redshift=Uniform(low=0.1, high=0.5)).draw(np.random.default_rng(1), N, 1)
    np.testing.assert_array_equal(found.z, plain.z)
    with pytest.raises(ValueError, match=r"Population\.joint has ebv_host, which is given for itself, too"):
        Population(redshift=0.1, ebv_host=0.2, joint=joint)
    with pytest.raises(ValueError, match=r"ebv_host reaches from -inf"):
        Population(redshift=0.1, joint=joint_normal(("ebv_host",), [0.1], [[0.01]]))
    with pytest.raises(TypeError, match=r"Population\.joint is 'both'"):
        Population(redshift=0.1, joint="both")


def test_a_root_of_a_covariance_that_is_singular():
    matrix = np.array([[1.0, 1.0], [1.0, 1.0]])
    root = covariance_root(matrix, "m")
    np.testing.assert_allclose(root @ root.T, matrix, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: joint_normal(("mag_offset", "x1"), [0, 0], np.eye(2)), "expected some of mag_offset, ebv_host"),
        (lambda: joint_normal(("mag_offset", "mag_offset"), [0, 0], np.eye(2)), "each once"),
        (lambda: joint_normal(("mag_offset",), [0], [[0.0]]), "not above 0"),
        (lambda: joint_normal(("mag_offset", "stretch"), [0, 0], [[1, 2], [2, 1]]), "has the eigenvalue -1"),
        (lambda: joint_normal(("mag_offset", "stretch"), [0, 0], [[1, 0], [0.5, 1]]), "is not symmetric"),
        (lambda: joint_normal(("mag_offset", "stretch"), [0, 0], [[1, 0]]), r"covariance has shape \(1, 2\)"),
        (lambda: joint_normal(("mag_offset",), [0], [[1.0]], low=[1.0], high=[0.0]), "is not below high"),
        (lambda: JointNormal(names=("stretch",), mean=(1.0, 2.0), sigma=(0.1,), correlation=[[1.0]]), "mean has 2"),
        (lambda: JointNormal(names=("stretch",), mean=(1.0,), sigma=(0.1,), correlation=[[2.0]]), "not 1 on its diag"),
        (
            lambda: JointNormal(names=("stretch",), mean=(1.0,), sigma=(-0.1,), correlation=[[1.0]]).bounds(Z[:2]),
            "sigma of stretch is -0.1",
        ),
        (
            lambda: joint_normal(("stretch",), [0.0], [[1.0]], low=[50.0], high=[51.0]).draw(
                np.random.default_rng(1), Z[:3]
            ),
            "almost nothing of stretch is within",
        ),
        (lambda: JointSamples(columns={}), "expected some of"),
        (lambda: JointSamples(columns={"stretch": [1.0]}, weight=[1.0, 2.0]), "weight has shape"),
        (lambda: JointSamples(columns={"stretch": [1.0]}, weight=[-1.0]), "weights of 0 or more"),
        (lambda: JointSamples(columns={"stretch": [np.nan]}), "not finite"),
    ],
)
def test_impossible_values_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_what_they_are_made_of_is_in_their_names():
    made = [JointSamples(columns={"stretch": [1.0, value]}) for value in (1.1, 1.2)]
    made.append(JointSamples(columns={"stretch": [1.0, 1.1]}, weight=[1.0, 2.0]))
    assert len({repr(one) for one in made}) == 3
