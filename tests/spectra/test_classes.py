"""One class in all spellings, and none where it is not known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport.spectra.classes import class_note, known_class, plain_type
from sntransport.spectra.observations import broad_class

SPELLINGS = {
    "Ia": ["Ia", "SN Ia", "ia", "SNIa", "SNIa-norm", "SN Ia-91T-like", "Type Ia", "type ia", "Ia Pec", "Ia-02cx", "IA",
           "1a", "SN 1a", "Ia?", "SN_Ia", "Iax", "SN Iax[02cx-like]", "supernova type Ia", "Ia-CSM", "SN Type Ia"],
    "II": ["II", "SN II", "IIP", "II P", "II-P", "SNIIP", "iip", "II L", "IIn", "SN IIn", "IIb", "II Pec", "Type II-P",
           "IIn?", "II/IIb", "IIP/IIL", "SNe II", "2p", "2"],
    "Ib/c": ["Ib", "Ic", "Ib/c", "SN Ib/c", "Ibc", "ib/c", "Ic BL", "Ic-BL", "SNIc", "Ibn", "Icn", "Ib-Ca-rich", "1b",
             "1c", "Ib or Ic", "SN Ib/c-BL", "b/c"],
    "other": ["SLSN-I", "SLSN", "SLSN-II", "TDE", "AGN", "LBV", "ILRT", "other", "kilonova", "SN impostor", "Ca-rich"],
    None: ["I", "Type I", "SN", "unclear", "Ia/Ic", "Ia or II", "III", "XYZ", "", "nonIa"],
}  # fmt: skip


@pytest.mark.parametrize(("expected", "spelling"), [(name, one) for name, every in SPELLINGS.items() for one in every])
def test_spellings(expected, spelling):
    assert known_class(spelling) == expected
    assert broad_class(spelling) == (expected or "other")


@given(
    st.sampled_from(["Ia", "II P", "IIn", "Ib/c", "Ic BL"]),
    st.sampled_from(["", "SN ", "SN", "sn ", "Type ", "SN type ", "supernova "]),
    st.sampled_from([str, str.lower, str.upper]),
    st.sampled_from([" ", "-", "_", ""]),
)
def test_case_separators_and_words_around_do_not_matter(name, before, case, between):
    assert known_class(case(before + name.replace(" ", between))) == known_class(name) is not None


@given(st.text(max_size=12))
def test_any_text_has_a_class_or_a_note(text):
    assert (known_class(text) is None) == (class_note(text) != "") or not text
    assert known_class(plain_type(text)) in ("Ia", "II", "Ib/c", "other", None)


def test_the_note_says_what_to_do():
    assert class_note("Ia") == class_note("") == ""
    assert "class 'XYZ' not known" in class_note("XYZ")
