"""Detections and triggers, against a plain loop."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport.simulation.selection.detection import (
    PHOTFLAG_DETECTION,
    PHOTFLAG_TRIGGER,
    DetectionEfficiency,
    detect,
    detection_probability,
    photflags,
    step_efficiency,
    trigger,
)

CURVES = DetectionEfficiency(bands=("lsstr", "*"), snr=[0, 5, 10], probability=[[0, 0.5, 1.0], [0.1, 0.2, 0.3]])
NONE = {"mjd": np.empty(0), "offset": np.array([0])}


def test_default_is_a_step_that_includes_five():
    found = detect([5, 4.999999, np.nan, 50, -50], [1, 1, 1, np.nan, 1], band=np.zeros(5, int), **NONE,
                   efficiency=step_efficiency(), random=np.random.default_rng(1))  # fmt: skip
    np.testing.assert_array_equal(found, [True, False, False, False, False])


def test_probability_is_linear_between_and_constant_beyond_the_ends():
    bands = ("lsstg", "lsstr")
    flux = [-3, 2.5, 5, 7.5, 99, 2.5, 99]
    band = np.array([1, 1, 1, 1, 1, 0, 0])
    got = detection_probability(flux, np.ones(7), band, CURVES, bands=bands)
    np.testing.assert_allclose(got, [0, 0.25, 0.5, 0.75, 1, 0.15, 0.3])


def test_absolute_curves_count_deep_negative_fluxes():
    curve = DetectionEfficiency(bands=("*",), snr=[4, 6], probability=[[0, 1]], absolute=True)
    np.testing.assert_array_equal(detection_probability([-7, 7, 3], [1, 1, 1], np.zeros(3, int), curve), [1, 1, 0])


def test_share_of_detections_is_the_probability():
    n = 200_000
    found = detect(
        np.full(n, 7.5), np.ones(n), band=np.zeros(n, int), **NONE, efficiency=CURVES, random=np.random.default_rng(2)
    )
    assert found.mean() == pytest.approx(0.75, abs=0.004)
    given_numbers = detect([7.5] * 2, [1, 1], band=np.zeros(2, int), **NONE, efficiency=CURVES, random=[0.7499, 0.75])
    np.testing.assert_array_equal(given_numbers, [True, False])


def test_band_without_a_curve():
    only = DetectionEfficiency(bands=("lsstr",), snr=[5], probability=[[1.0]])
    with pytest.raises(ValueError, match="no detection efficiency for band 'ztfg' \\(there is one for lsstr\\)"):
        detection_probability([1], [1], np.array([0]), only, bands=("ztfg",))


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        (([5, 5], [[0, 1]]), "does not strictly increase"),
        (([4, 5], [[0, 1.1]]), "not within 0 and 1"),
        (([4, 5], [[0, np.nan]]), "not within 0 and 1"),
        (([4, 5], [[0, 1, 1]]), r"shape \(1, 3\), expected \(n_band, n_snr\) = \(1, 2\)"),
        (([np.nan], [[1]]), "not finite"),
    ],
)
def test_refuses(fields, match):
    with pytest.raises(ValueError, match=match):
        DetectionEfficiency(bands=("*",), snr=fields[0], probability=fields[1])


def slow_trigger(detected, mjd, offset, n_epochs, window):
    rows = []
    for begin, end in pairwise(offset):
        dates = sorted(mjd[k] for k in range(begin, end) if detected[k])
        epochs = []
        for date in dates:
            if not epochs or date > epochs[-1] + window:
                epochs.append(date)
        done = len(epochs) >= n_epochs
        rows.append((done, dates[0] if dates else np.nan, epochs[n_epochs - 1] if done else np.nan))
    return [np.array(column) for column in zip(*rows, strict=True)]


# On a grid on which sums and differences are exact, so that both sides of a window agree.
objects = st.lists(st.lists(st.tuples(st.booleans(), st.integers(0, 64)), max_size=12), min_size=1, max_size=6)


@given(objects, st.integers(1, 4), st.integers(0, 8))
def test_trigger_against_a_loop(rows, n_epochs, window):
    offset = np.cumsum([0, *map(len, rows)])
    detected = np.array([seen for row in rows for seen, _ in row], dtype=bool)
    mjd = np.array([60000 + date / 64 for row in rows for _, date in row], dtype=float)
    got = trigger(detected, mjd, offset, n_epochs=n_epochs, epoch_window=window / 64)
    for ours, theirs in zip(got, slow_trigger(detected, mjd, offset, n_epochs, window / 64), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    flags = photflags(detected, mjd, offset, got.mjd)
    np.testing.assert_array_equal(flags & PHOTFLAG_DETECTION > 0, detected)
    owner = np.repeat(np.arange(len(rows)), np.diff(offset))
    marked = flags & PHOTFLAG_TRIGGER > 0
    np.testing.assert_array_equal(np.bincount(owner[marked], minlength=len(rows)), got.triggered)
    np.testing.assert_array_equal(mjd[marked], got.mjd[got.triggered])


@given(objects, st.integers(1, 4), st.integers(0, 8))
def test_trigger_of_visits_against_a_loop(rows, n_epochs, window):
    """SNANA's NEWMJD_DIF: windows follow each other from the first visit on, detected or not."""
    offset = np.cumsum([0, *map(len, rows)])
    detected = np.array([seen for row in rows for seen, _ in row], dtype=bool)
    mjd = np.array([60000 + date / 64 for row in rows for _, date in row], dtype=float)
    got = trigger(detected, mjd, offset, n_epochs=n_epochs, epoch_window=window / 64, epochs="visits")
    for i, row in enumerate(rows):
        begin, counted, done = None, [], np.nan
        number = -1
        for date, seen in sorted((60000 + date / 64, not seen) for seen, date in row):
            if begin is None or date - begin > window / 64:
                begin, number = date, number + 1
            if not seen and number not in counted:
                counted.append(number)
                done = date if len(counted) == n_epochs else done
        assert got.triggered[i] == (len(counted) >= n_epochs)
        np.testing.assert_array_equal(got.mjd[i], done)
        dates = [60000 + date / 64 for seen, date in row if seen]
        np.testing.assert_array_equal(got.first_detection[i], min(dates, default=np.nan))


def test_visits_that_are_no_detections_begin_epochs_too():
    mjd, offset = np.array([0.0, 0.6, 1.2]), np.array([0, 3])
    detected = np.array([False, True, True])
    # From the detection on both are one epoch; from the visit before it they are of two.
    for epochs, triggered in (("detections", False), ("visits", True)):
        got = trigger(detected, mjd, offset, epoch_window=1.0, epochs=epochs)
        assert got.triggered[0] == triggered


def test_curves_of_the_true_ratio_need_a_flux():
    curve = DetectionEfficiency(bands=("*",), snr=[-5, 5], probability=[[0.5, 1.0]], true=True)
    got = detection_probability([-1, 0, 1e-9, 5], np.ones(4), np.zeros(4, int), curve)
    np.testing.assert_allclose(got, [0, 0, 0.75, 1.0])
    assert step_efficiency(4.0, true=True).true


def test_visits_of_one_half_hour_count_once_by_default():
    detected, offset = np.ones(4, dtype=bool), np.array([0, 2, 4])
    got = trigger(detected, np.array([100, 100.019, 100, 100.021]), offset)
    np.testing.assert_array_equal(got.triggered, [False, True])
    np.testing.assert_array_equal(got.mjd, [np.nan, 100.021])


def test_trigger_refuses_other_epochs():
    with pytest.raises(ValueError, match="epochs is 'nights', expected one of detections, visits"):
        trigger(np.ones(1, dtype=bool), np.zeros(1), np.array([0, 1]), epochs="nights")


@pytest.mark.parametrize("options", [{"n_epochs": 0}, {"epoch_window": -1}, {"epoch_window": np.nan}])
def test_trigger_refuses(options):
    with pytest.raises(ValueError, match="expected 1 and 0 or more"):
        trigger(np.ones(1, dtype=bool), np.zeros(1), np.array([0, 1]), **options)
