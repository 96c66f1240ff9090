"""Triggers against a plain search through sets of detections, and against the trigger that counts epochs."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sntransport.simulation.selection.detection import trigger
from sntransport.simulation.selection.trigger_language import (
    Both,
    Detections,
    Either,
    Epochs,
    InBand,
    Several,
    Within,
    parse_trigger,
)
from sntransport.simulation.selection.trigger_logic import NIGHT, logic_trigger

BANDS = ("lsstg", "lsstr", "lssti", "ztfg")
# Dates on a coarse grid, so that ties and exact distances occur.
DATES = st.integers(0, 24).map(lambda step: 60000.0 + 0.25 * step)
NAMES = st.lists(st.sampled_from(["g", "r", "i", "ztfg"]), min_size=1, max_size=3, unique=True).map(tuple)
COUNTS = st.integers(1, 3)
WINDOW = 1.0


def logics(leaves):
    days = st.sampled_from([0.0, 0.25, 1.0, 2.0, 5.0])
    parts = st.lists(leaves, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(lambda p: Both(parts=p), parts),
        st.builds(lambda p: Either(parts=p), parts),
        st.builds(lambda w, d: Within(what=w, days=d), leaves, days),
        st.builds(lambda n, e: Epochs(n=n, each=e), COUNTS, leaves),
    )


LEAVES = st.one_of(
    st.builds(lambda b: InBand(band=b), st.sampled_from(["g", "r", "i", "ztfg"])),
    st.builds(lambda b, n: Several(n=min(n, len(b)), bands=b), NAMES, COUNTS),
    st.builds(lambda n, b, m: Detections(n=n, bands=b, nights=m), COUNTS, st.one_of(st.just(()), NAMES), COUNTS),
    st.builds(lambda n: Epochs(n=n), COUNTS),
)
LOGIC = st.recursive(LEAVES, logics, max_leaves=5)


def named(name):
    """Bands of a name."""
    return {b for b, band in enumerate(BANDS) if band == name} or {b for b, band in enumerate(BANDS)
                                                                    if band.endswith(name)}  # fmt: skip


def apart(dates, n, days):
    """Whether n of the dates are pairwise more than so many days apart."""
    return any(all(b > a + days for a, b in combinations(sorted(some), 2)) for some in combinations(sorted(dates), n))


def fulfilled(logic, found):
    """Whether detections, pairs of date and band, do what a part of a trigger says, by trying everything."""
    if isinstance(logic, InBand):
        return any(band in named(logic.band) for _, band in found)
    if isinstance(logic, Several):
        return sum(any(band in named(name) for _, band in found) for name in logic.bands) >= logic.n
    if isinstance(logic, Detections):
        wanted = set().union(*map(named, logic.bands)) if logic.bands else set(range(len(BANDS)))
        dates = [date for date, band in found if band in wanted]
        return len(dates) >= logic.n and apart(set(dates), logic.nights, NIGHT)
    if isinstance(logic, Both):
        return all(fulfilled(part, found) for part in logic.parts)
    if isinstance(logic, Either):
        return any(fulfilled(part, found) for part in logic.parts)
    dates = sorted({date for date, _ in found})
    if isinstance(logic, Within):
        stretches = [
            [one for one in found if a <= one[0] <= b] for a in dates for b in dates if a <= b <= a + logic.days
        ]
        return any(fulfilled(logic.what, stretch) for stretch in stretches)
    begins = [date for date in dates if logic.each is None
              or fulfilled(logic.each, [one for one in found if date <= one[0] <= date + WINDOW])]  # fmt: skip
    return apart(begins, logic.n, WINDOW)


def completed(logic, found):
    """The date at which it is first fulfilled, NaN where never."""
    for date in sorted({date for date, _ in found}):
        if fulfilled(logic, [one for one in found if one[0] <= date]):
            return date
    return np.nan


@settings(max_examples=300, deadline=None)
@given(
    LOGIC,
    st.lists(st.lists(st.tuples(DATES, st.integers(0, 3), st.booleans()), max_size=7), min_size=1, max_size=3),
    st.randoms(use_true_random=False),
)
def test_triggers_are_those_of_a_plain_search(logic, objects, shuffle):
    rows = [one for each in objects for one in shuffle.sample(each, len(each))]
    mjd, band, detected = (np.array([row[k] for row in rows], kind) for k, kind in enumerate((float, int, bool)))
    offset = np.concatenate([[0], np.cumsum([len(each) for each in objects])])
    got = logic_trigger(logic, detected, mjd, band=band, offset=offset, bands=BANDS, epoch_window=WINDOW)
    found = [[(date, kind) for date, kind, seen in each if seen] for each in objects]
    np.testing.assert_array_equal(got.mjd, [completed(logic, each) for each in found])
    np.testing.assert_array_equal(got.triggered, np.isfinite(got.mjd))
    first = [min((date for date, _ in each), default=np.nan) for each in found]
    np.testing.assert_array_equal(got.first_detection, first)


@given(
    st.integers(1, 4), st.sampled_from([0.0, 0.02, 0.5, 3.0]),
    st.lists(st.lists(st.tuples(st.floats(50000.0, 50010.0), st.booleans()), max_size=12), min_size=1, max_size=4),
)  # fmt: skip
def test_epochs_alone_are_the_trigger_that_counts_epochs(n, window, objects):
    mjd = np.array([date for each in objects for date, _ in each])
    detected = np.array([seen for each in objects for _, seen in each], dtype=bool)
    offset = np.concatenate([[0], np.cumsum([len(each) for each in objects])])
    expected = trigger(detected, mjd, offset, n_epochs=n, epoch_window=window)
    got = logic_trigger(
        Epochs(n=n), detected, mjd, band=np.zeros(mjd.size, int), offset=offset, bands=BANDS, epoch_window=window
    )
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("g and r", 3.0),
        ("g or r", 0.0),
        ("2 of g, r, i within 1 d", 10.5),
        ("2 of g, r, i within 3 d", 3.0),
        ("3 detections in any band", 10.0),
        ("2 detections in g on 2 nights", 10.0),
        ("3 detections in any band on 3 nights", 10.0),
        ("2 detections in r, i on 2 nights within 2 d", np.nan),
        ("2 epochs with (g and i)", np.nan),
        ("1 epoch with (g and i)", 10.5),
        ("(lsstg and (i or r)) within 1 d", 10.5),
        ("lsstg and (i or r) within 1 d", 3.0),
    ],
)
def test_a_light_curve_by_hand(text, complete):
    # g on day 0, r on day 3, g and i on day 10; a measurement of r on day 1 that is no detection.
    mjd, band = np.array([0.0, 1.0, 3.0, 10.0, 10.5]), np.array([0, 1, 1, 0, 2])
    detected = np.array([True, False, True, True, True])
    got = logic_trigger(
        parse_trigger(text), detected, mjd, band=band, offset=np.array([0, 5]), bands=BANDS[:3], epoch_window=0.5
    )
    np.testing.assert_array_equal(got.mjd, [complete])


def test_what_cannot_be_is_refused_also_where_nothing_is_detected():
    nothing = {"detected": np.zeros(0, bool), "mjd": np.zeros(0), "band": np.zeros(0, int), "offset": np.array([0, 0])}
    with pytest.raises(ValueError, match="no band 'u' among lsstg, lsstr; name one of them"):
        logic_trigger(parse_trigger("2 epochs with (g or u)"), **nothing, bands=("lsstg", "lsstr"))
    with pytest.raises(ValueError, match="epoch_window is -1, expected 0 or more"):
        logic_trigger(parse_trigger("g"), **nothing, bands=BANDS, epoch_window=-1)
    assert not logic_trigger(parse_trigger("g"), **nothing, bands=BANDS).triggered.any()
