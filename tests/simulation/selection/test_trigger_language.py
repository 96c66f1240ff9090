"""The language of triggers: what it reads, what it writes, what it refuses."""

import pytest
from hypothesis import given

from sntransport.simulation.selection.trigger_language import (
    Both,
    Detections,
    Either,
    Epochs,
    InBand,
    Several,
    Within,
    bands_of,
    parse_trigger,
)
from tests.simulation.selection.test_trigger_logic import LOGIC

G, R, J = (InBand(band=name) for name in "gri")


@given(LOGIC)
def test_what_is_written_is_read_back(logic):
    again = parse_trigger(str(logic))
    # Brackets that bind no closer are not kept apart, so it is the text that must come back.
    assert str(again) == str(logic)


@pytest.mark.parametrize(
    ("text", "logic"),
    [
        ("g", G),
        ("g and r", Both(parts=(G, R))),
        ("g or r and i", Either(parts=(G, Both(parts=(R, J))))),
        ("(g or r) and i", Both(parts=(Either(parts=(G, R)), J))),
        ("2 of g,r , i within 30 d", Within(what=Several(n=2, bands=("g", "r", "i")), days=30.0)),
        ("g and r within 1.5 days", Both(parts=(G, Within(what=R, days=1.5)))),
        ("(g and r) within 1e1 day", Within(what=Both(parts=(G, R)), days=10.0)),
        ("2 detections in any band on 2 nights", Detections(n=2, nights=2)),
        ("1 detection in lsst::g, r on 1 night", Detections(n=1, bands=("lsst::g", "r"))),
        ("3 detections", Detections(n=3)),
        ("2 epochs", Epochs(n=2)),
        ("2 epochs in g, r", Epochs(n=2, each=Either(parts=(G, R)))),
        ("1 epoch in g", Epochs(n=1, each=G)),
        ("2 epochs with g within 9 d", Within(what=Epochs(n=2, each=G), days=9.0)),
        ("3 epochs with (g and r or i)", Epochs(n=3, each=Either(parts=(Both(parts=(G, R)), J)))),
    ],
)  # fmt: skip
def test_what_it_reads(text, logic):
    assert parse_trigger(text) == logic


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'the end' at character 1, expected the name of a band"),
        ("g and", "'the end' at character 6, expected the name of a band"),
        ("g r", "'r' at character 3, expected and, or, within or the end"),
        ("(g or r", "'the end' at character 8, expected and, or, within or"),
        ("2 g", "'g' at character 3, expected of, detections or epochs"),
        ("2.5 of g, r", "'2.5 of g, r' at character 1, expected a whole number"),
        ("2 of g, or", "'or' at character 9, expected the name of a band"),
        ("g within 30", "'the end' at character 12, expected d, for days"),
        ("g within long", "'long' at character 10, expected a number of days"),
        ("2 detections in any color", "'color' at character 21, expected band"),
        ("2 detections on 2 days", "'days' at character 19, expected nights"),
        ("g & r", "'& r' at character 3, expected a word, a number or a bracket"),
        ("3 of g, r", "3 of g, r: expected 3 bands or more, each once"),
        ("1 of g, g", "1 of g, g: expected 1 bands or more, each once"),
        ("0 epochs", "n is 0 in a trigger, expected 1 or more"),
        ("2 detections on 0 nights", "nights is 0 in a trigger, expected 1 or more"),
        ("(" * 51 + "g" + ")" * 51, "expected at most 50 brackets inside each other"),
    ],
)
def test_what_it_refuses(text, message):
    with pytest.raises(ValueError, match=message):
        parse_trigger(text)


def test_infinite_stretches_are_no_number_of_the_language():
    with pytest.raises(ValueError, match="within inf d: expected 0 or more days"):
        Within(what=G, days=float("inf"))


def test_names_are_whole_names_or_their_ends():
    bands = ("lsstg", "ztfg", "lsstr")
    assert bands_of("g", bands) == (0, 1)
    assert bands_of("ztfg", bands) == (1,)
    # A whole name is that band alone, though others end with it.
    assert bands_of("g", ("g", "lsstg")) == (0,)
