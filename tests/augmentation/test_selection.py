"""Selection and the weights that undo it; balance to a target."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport.augmentation.selection import (
    balanced,
    effective_number,
    inverse_propensity_weights,
    select,
    whole_counts,
)
from sntransport.simulation.selection.efficiencies import spectroscopic_propensity


def test_weights_undo_the_selection():
    rng = np.random.default_rng(5)
    mag = rng.normal(21.0, 1.0, 200_000)
    chance = spectroscopic_propensity(mag, half=21.0, width=0.4)
    kept = select(chance, seed=3)
    assert kept.mean() == pytest.approx(chance.mean(), abs=0.003)
    assert np.average(mag[kept]) < 20.5
    weights = inverse_propensity_weights(chance[kept], floor=1e-4)
    assert weights.mean() == pytest.approx(1.0)
    assert np.average(mag[kept], weights=weights) == pytest.approx(21.0, abs=0.05)
    np.testing.assert_array_equal(select(chance, seed=3), kept)
    assert effective_number(weights) < kept.sum()


def test_effective_number():
    assert effective_number(np.full(7, 3.0)) == pytest.approx(7.0)
    assert effective_number([1.0, 0.0, 0.0]) == pytest.approx(1.0)
    assert effective_number([]) == 0.0


def test_floor_bounds_the_weights():
    weights = inverse_propensity_weights([0.0, 0.001, 1.0], floor=0.1)
    np.testing.assert_allclose(weights / weights[2], [10.0, 10.0, 1.0])
    assert inverse_propensity_weights([]).size == 0
    with pytest.raises(ValueError, match="floor"):
        inverse_propensity_weights([0.5], floor=0.0)
    with pytest.raises(ValueError, match="outside 0 to 1"):
        inverse_propensity_weights([1.5])


@given(n=st.integers(0, 500), shares=st.lists(st.floats(0.01, 10), min_size=1, max_size=6))
def test_whole_counts_keep_the_sum_and_are_nearest(n, shares):
    counts = whole_counts(n, shares)
    assert counts.sum() == n
    assert np.all(np.abs(counts - n * np.array(shares) / sum(shares)) < 1 + 1e-6)


def test_balance_meets_the_target():
    rng = np.random.default_rng(1)
    classes = np.repeat(["Ia", "II", "Ib/c"], [900, 500, 200])
    z = rng.uniform(0, 0.4, classes.size)
    edges, shares = [0.05, 0.15, 0.35], [1.0, 3.0]
    chosen = balanced(classes, z, {"Ia": 100, "II": 60}, seed=2, z_edges=edges, z_shares=shares)
    assert np.all(np.diff(chosen) > 0)
    for sn_class, counts in (("Ia", [25, 75]), ("II", [15, 45]), ("Ib/c", [0, 0])):
        assert np.histogram(z[chosen][classes[chosen] == sn_class], edges)[0].tolist() == counts
    np.testing.assert_array_equal(
        chosen, balanced(classes, z, {"II": 60, "Ia": 100}, seed=2, z_edges=edges, z_shares=shares)
    )
    every = balanced(classes, z, {"Ib/c": 200}, seed=2)
    np.testing.assert_array_equal(every, np.flatnonzero(classes == "Ib/c"))


@pytest.mark.parametrize(
    ("target", "more", "message"),
    [
        ({"Ia": 4}, {}, "class Ia: 3 objects, 4 asked for"),
        ({"Ia": 2}, {"z_edges": [0.0, 0.15, 0.25], "z_shares": [0, 1]}, "z 0.15 to 0.25: 1 objects, 2 asked"),
        ({"Ia": -1}, {}, "expected 0 or more"),
        ({"Ia": 1}, {"z_edges": [0.0, 1.0], "z_shares": [0.5, 0.5]}, "for 1 redshift bins"),
        ({"Ia": 1}, {"z_edges": [1.0, 0.0]}, "z_edges"),
    ],
)
def test_what_cannot_be_balanced_is_refused(target, more, message):
    with pytest.raises(ValueError, match=message):
        balanced(["Ia"] * 3, [0.1, 0.1, 0.2], target, 1, **more)
