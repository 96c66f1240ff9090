"""Splits by supernova: every parent on one side, under whatever name; leaks are found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport.augmentation.splits import (
    LeakError,
    assign_splits,
    designation,
    identities,
    require_no_leak,
    split_of,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SN2013fs", "2013fs"),
        ("V19_SN2013fs_HostExtCorr", "2013fs"),
        ("v19-2013fs-corr", "2013fs"),
        ("SN 2013fs", "2013fs"),
        ("AT2018cow", "2018cow"),
        ("SN1987A", "1987a"),
        ("v19-2007y-corr", "2007y"),
        ("SN1972E", "1972e"),
        ("iPTF13dge", "iptf13dge"),
        ("iPTF 13dge", "iptf13dge"),
        ("LSQ12gpw", "lsq12gpw"),
        ("Hsiao", "hsiao"),
    ],
)
def test_one_supernova_has_one_designation(name, expected):
    assert designation(name) == expected


def test_different_supernovae_differ():
    names = ["SN2013fs", "SN2013am", "SN2012ap", "SN2012aw", "SN1972E", "iPTF13dge", "iPTF13ebh", "LSQ12gpw"]
    assert len({designation(name) for name in names}) == len(names)


counts = st.integers(1, 12)


@given(n_a=counts, n_b=counts, seed=st.integers(0, 1000), test=st.floats(0.05, 0.95))
def test_shares_are_kept_class_by_class_whatever_the_order(n_a, n_b, seed, test):
    types = {f"A{i}": "Ia" for i in range(n_a)} | {f"B{i}": "II P" for i in range(n_b)}
    shares = {"train": 1 - test, "test": test}
    made = assign_splits(types, shares, seed)
    assert assign_splits(dict(reversed(types.items())), shares, seed) == made
    for letter, n in (("A", n_a), ("B", n_b)):
        found = [split for name, split in made.items() if name[0] == letter].count("test")
        assert abs(found - n * test) <= 1
        assert n == 1 or 0 < found < n


def test_both_names_of_a_supernova_go_together():
    types = {f"SN2013{a}{b}": "II" for a in "fgh" for b in "stu"} | {"V19_SN2013fs_HostExtCorr": "II P"}
    for seed in range(20):
        made = assign_splits(types, {"train": 0.5, "test": 0.5}, seed)
        assert made["SN2013fs"] == made["V19_SN2013fs_HostExtCorr"]


def test_all_parents_must_be_on_one_side():
    splits = {"SN2013fs": "train", "SN2012ec": "train", "SN2013am": "test"}
    assert split_of(["V19_SN2013fs", "SN2012ec"], splits) == "train"
    with pytest.raises(LeakError, match="in the splits test and train"):
        split_of(["SN2013fs", "SN2013am"], splits)
    with pytest.raises(ValueError, match="SN2014dt is in no split"):
        split_of(["SN2014dt"], splits)
    with pytest.raises(ValueError, match="without parents"):
        split_of([], splits)


def test_a_leak_is_found_through_a_mixture_and_another_name():
    clean = [["SN2013fs", "SN2012ec"], ["SN2013am"], ["SN2012ec"]]
    require_no_leak(clean, ["train", "test", "train"])
    with pytest.raises(LeakError, match=r"^2012ec in the splits test and train"):
        require_no_leak(clean, ["train", "test", "test"])
    with pytest.raises(LeakError, match=r"^2013fs"):
        require_no_leak([["SN2013fs"], ["V19_SN2013fs_HostExtCorr"]], ["train", "test"])
    with pytest.raises(LeakError, match=r"^a and 1 more"):
        require_no_leak([["a", "b"], ["b", "a"]], ["train", "test"])
    with pytest.raises(ValueError, match="names no supernova"):
        require_no_leak([[]], ["train"])


@pytest.mark.parametrize("shares", [{}, {"train": -1.0, "test": 2.0}, {"train": 0.0}, {"train": np.nan}])
def test_shares_must_be_shares(shares):
    with pytest.raises(ValueError, match="shares"):
        assign_splits({"A": "Ia"}, shares, 1)


def test_one_supernova_of_two_classes_is_refused():
    with pytest.raises(ValueError, match="under another name"):
        assign_splits({"SN2013fs": "II", "V19_SN2013fs": "Ia"}, {"train": 1.0}, 1)


@pytest.mark.parametrize(
    "name",
    ["SN2013fs", "SN-2013-fs", "SN 2013 - fs", "sn13fs", "SN 13fs", "2013fs", "AT2013fs", "at 2013 fs", "sn_2013_fs",
     "SN\u20132013\u2013fs", "SN 2013 fs HostExtCorr", "SN2013fs.json", "sn13fs_corr"],
)  # fmt: skip
def test_all_spellings_are_one(name):
    assert designation(name) == "2013fs"


@pytest.mark.parametrize(
    ("name", "other"),
    [("iPTF13dge", "SN2013dge"), ("ASAS-SN 14lp", "SN2014lp"), ("SNLS-04D3gx", "SN2004d"), ("sn87a", "SN2087a")],
)
def test_names_of_surveys_are_not_those_of_the_iau(name, other):
    assert designation(name) != designation(other)


def test_short_years_are_of_the_century_that_had_them():
    assert (designation("sn87a"), designation("SN 94D"), designation("sn99em")) == ("1987a", "1994d", "1999em")


def test_names_are_one_through_aliases_and_data():
    marks = {"PTF11bov": [], "SN2011bm": ["ptf11bov"], "mine": ["data 1"], "yours": ["data 1"], "SN2013fs": ["data 2"]}
    made = identities(marks)
    assert made["PTF11bov"] == made["SN2011bm"]
    assert made["mine"] == made["yours"]
    assert len(set(made.values())) == 3


@given(st.permutations(["a", "b", "c", "d", "e"]))
def test_identities_do_not_depend_on_the_order_and_chain(order):
    marks = {"a": ["1"], "b": ["1", "2"], "c": ["2"], "d": [], "e": ["x"]}
    made = identities({name: marks[name] for name in order})
    assert made == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "e"}


def test_without_marks_an_identity_is_the_designation():
    names = ["SN2013fs", "sn13fs", "V19_SN2013fs", "SN 2012ec", "iPTF13dge"]
    assert identities({name: [] for name in names}) == {name: designation(name) for name in names}


def test_aliases_go_to_one_split():
    types = {f"SN2013{a}{b}": "II" for a in "fgh" for b in "stu"} | {"iPTF13dqy": "II P"}
    identity = identities({name: ["iptf13dqy"] if name == "SN2013fs" else [] for name in types})
    for seed in range(20):
        made = assign_splits(types, {"train": 0.5, "test": 0.5}, seed, identity=identity)
        assert made["SN2013fs"] == made["iPTF13dqy"]
