"""Quotas: exactly as many as wanted, whichever way the objects are cut, and the same objects every time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from sntransport.augmentation.selection import balanced, key_id, keys, limits, make_quota, select
from sntransport.simulation.random_streams import uniform_numbers


def cut(group, key, edges):
    return [(group[a:b], key[a:b]) for a, b in zip([0, *edges], [*edges, group.size], strict=True)]


@given(
    n=st.integers(1, 3000), wanted=st.lists(st.integers(0, 60), min_size=1, max_size=4), seed=st.integers(0, 99),
    cuts=st.lists(st.floats(0, 1), max_size=5),
)  # fmt: skip
def test_as_many_as_wanted_in_any_parts(n, wanted, seed, cuts):
    quota = make_quota({str(i): count for i, count in enumerate(wanted)})
    kind = np.random.default_rng(seed).integers(-1, len(wanted), n)
    group = quota.group(kind, np.full(n, 0.1))
    rows = np.flatnonzero(group >= 0)
    group, key = group[rows], keys(rows, seed)
    parts = cut(group, key, sorted(int(share * group.size) for share in cuts))
    have = [int((kind == i).sum()) for i in range(len(wanted))]
    if any(a < b for a, b in zip(have, wanted, strict=True)):
        with pytest.raises(ValueError, match="asked for; simulate more"):
            limits(lambda: parts, quota)
        return
    found = limits(lambda: parts, quota)
    np.testing.assert_array_equal(found, limits(lambda: [(group, key)], quota))
    chosen = key <= found[group]
    assert np.bincount(group[chosen], minlength=len(wanted)).tolist() == wanted
    for i, count in enumerate(wanted):
        np.testing.assert_array_equal(np.sort(key[chosen & (group == i)]), np.sort(key[group == i])[:count])


def test_numbers_belong_to_objects():
    ids = np.array([5, 2**31 - 1, 1023, 1024, 5_000_000, 0])
    for numbers in (keys, uniform_numbers):
        whole = numbers(ids, 3)
        np.testing.assert_array_equal(whole, [numbers([one], 3)[0] for one in ids])
        assert not np.any(whole == numbers(ids, 4))
        assert numbers([], 3).size == 0
    np.testing.assert_array_equal(key_id(keys(ids, 3)), ids)
    assert np.unique(keys(np.arange(100_000), 1)).size == 100_000


def test_every_object_is_as_likely_as_any_other():
    n = 50_000
    uniform, order = uniform_numbers(np.arange(n), 1), keys(np.arange(n), 1) / 2.0**64
    for numbers in (uniform, order, keys(np.arange(n), 2) / 2.0**64):
        assert kstest(numbers, "uniform").pvalue > 1e-3
        assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 4 / np.sqrt(n)
    assert abs(np.corrcoef(uniform, order)[0, 1]) < 4 / np.sqrt(n)
    drawn = np.mean(
        [np.isin(np.arange(40), balanced(["Ia"] * 40, np.zeros(40), {"Ia": 10}, k)) for k in range(2000)], 0
    )
    # Each is in a quarter of the draws, within five standard deviations of a binomial.
    assert np.all(np.abs(drawn - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 2000))


def test_a_part_of_the_objects_is_selected_as_in_the_whole():
    chance = np.random.default_rng(1).uniform(size=5000)
    whole = select(chance, 7)
    np.testing.assert_array_equal(whole[1500:], select(chance[1500:], 7, np.arange(1500, 5000)))
