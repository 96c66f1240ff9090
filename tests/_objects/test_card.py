"""Cards and sketches: clipped, escaped, and empty where there is nothing."""

import numpy as np

from sntransport._objects.card import Card, brief, enumerated, span
from sntransport._objects.sketch import bars, dots, lines


def test_long_texts_and_many_rows_are_cut():
    card = Card(title="x\n" * 900, rows=[(f"row {k}", "word " * 200) for k in range(90)])
    assert len(card.text()) < 2000
    assert "..." in card.text()
    assert "90 in all" in card.text()
    assert card.text().splitlines()[0].startswith("x x x")


def test_rows_without_text_are_left_out():
    assert Card(title="a", rows=[("b", ""), ("c", "d")]).text() == "a\n  c  d"


def test_markup_is_text():
    html = Card(title="<script>", rows=[("<i>", '"a" & b')], picture=lambda: lines(
        np.arange(3.0), np.ones((1, 3)), ["red"], "<b>")).html()  # fmt: skip
    assert "<script>" not in html
    assert "<i>" not in html
    assert "&lt;b&gt;" in html


def test_words_for_values():
    assert span(np.array([np.nan, 1.0, 3.0])) == "1 to 3"
    assert span(np.array([2.0])) == "2"
    assert span(np.array([np.nan])) == ""
    assert enumerated(range(20), 2) == "0, 1, ... (20 in all)"
    assert brief(np.array(["a", "b"])) == "(2,) a, b"
    assert brief((object(), object())) == "2 of object"
    assert brief({"a": 1}) == "a"
    assert brief(0.123456789) == "0.123457"
    assert brief(len) == "len"


def test_nothing_to_draw_is_no_picture():
    nothing = np.empty(0)
    assert lines(np.arange(4.0), np.full((1, 4), np.nan), ["red"], "") == ""
    assert dots(nothing, nothing, nothing, (), label="") == ""
    assert bars(np.zeros(3), "") == ""
    assert bars(nothing, "") == ""


def test_a_gap_parts_a_line():
    row = np.array([[1.0, 2.0, np.nan, 3.0, 4.0]])
    assert lines(np.arange(5.0), row, ["red"], "").count("<polyline") == 2


def test_ticks_alone_are_drawn():
    nothing = np.empty(0)
    assert dots(nothing, nothing, nothing, (), label="", ticks=np.array([1.0, 2.0])).count("<line") == 2
