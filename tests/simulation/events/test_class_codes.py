"""Codes of classes: which one a type has, in any spelling, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport.simulation.events.class_codes import (
    Codes,
    class_columns,
    code_of,
    codes_of_templates,
    default_codes,
    example_type,
)
from sntransport.spectra.observations import broad_class
from tests.datasets.test_formats import curves

PLASTICC = {"Ia": 90, "Ia-91bg": 67, "Iax": 52, "II": 42, "Ibc": 62}
TYPES = ["Ia", "SN Ia", "Ia-91bg", "Iax", "II P", "IIb", "IIn", "Ib", "Ic BL", "Ib/c", "SLSN-I", "TDE", ""]


@pytest.mark.parametrize(
    ("sn_type", "code"),
    [
        ("Ia", 90), ("SN Ia", 90), ("1a", 90), ("Ia-91bg", 67), ("SN Ia-91bg-like", 67), ("Iax[02cx]", 52),
        ("II P", 42), ("type II-L", 42), ("IIb", 42), ("Ic", 62), ("Ic BL", 62), ("Ib", 62), ("Ib/c", 62),
        ("SLSN-I", None), ("TDE", None), ("", None), ("I", None),
    ],
)  # fmt: skip
def test_a_type_has_its_own_code_or_that_of_its_class(sn_type, code):
    assert code_of(sn_type, PLASTICC) == code


def test_a_code_of_another_class_never_counts():
    # "II" begins with "I", and "Ib/c" with "I", but neither is of that class.
    assert code_of("II P", {"I": 1}) is None
    assert code_of("Ic", {"Ia": 1, "I": 2}) is None
    assert code_of("II P", {"II": 1, "IIP": 2}) == 2
    assert code_of("SLSN-I", {"other": 5}) == code_of("", {"other": 5}) == 5


@given(st.lists(st.sampled_from(TYPES), min_size=1), st.sampled_from([0, 1]))
def test_default_codes_count_the_classes_of_the_run(types, first):
    codes = default_codes(types, first)
    assert sorted(codes.values()) == list(range(first, first + len({broad_class(one) for one in types})))
    found = codes_of_templates(types, codes, "code")
    # One class, one code: whatever the spelling.
    assert len(set(zip(map(broad_class, types), found.tolist(), strict=True))) == len(codes)
    assert default_codes(types[::-1], first) == codes


def test_columns_of_files():
    held = curves()
    columns = class_columns(held.template_types, held.truth.template, {"Ia": 3, "II P": 7, "Ib/c": 8})
    kinds = [held.template_types[i] for i in held.truth.template]
    assert columns["type"].tolist() == kinds
    assert columns["class"].tolist() == [broad_class(one) for one in kinds]
    assert columns["class_code"].tolist() == [{"Ia": 3, "II P": 7, "Ic": 8}[one] for one in kinds]
    with pytest.raises(ValueError, match=r"type 'Ic' has no code \(there are Ia, II\); state it under \[codes\]"):
        class_columns(held.template_types, held.truth.template, {"Ia": 3, "II": 7})


def test_a_class_that_only_its_types_have_codes_of():
    assert example_type("II", {"Ia": 1, "II P": 2}) == "II P"
    assert example_type("II", {"Ia": 1, "II": 2}) == "II"
    assert example_type("II", {"Ia": 1}) == "II"


@pytest.mark.parametrize(
    ("given_codes", "message"),
    [
        ({"classes": {"Ia": -1}}, "class Ia is -1, expected a whole number from 0"),
        ({"classes": {"Ia": True}}, "class Ia is True"),
        ({"classes": {"Ia": 2**31}}, "class Ia is 2147483648"),
        ({"bands": {"ztfg": ""}}, "band ztfg is ''"),
        ({"bands": {"ztfg": 1.5}}, r"band ztfg is 1\.5, expected a letter or a number"),
    ],
)
def test_what_is_no_code(given_codes, message):
    with pytest.raises(ValueError, match=message):
        Codes(**given_codes)
