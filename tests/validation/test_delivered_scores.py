"""Scores of delivered series: laws of the ratios, every supernova counts the same, and the tables say it all."""

import functools

import numpy as np
import pytest

from sntransport.transport.interpolators import log_linear
from sntransport.validation.delivered import BARE, DELIVERED, DeliveredTriplets, judge_delivered
from sntransport.validation.delivered_scores import (
    delivered_report,
    hidden_scores,
    largest_steps,
    left_out_shares,
    level_scores,
    night_scores,
)
from sntransport.validation.hidden_nights import NightPoints, judge_nights
from sntransport.validation.leave_out import BASELINE
from sntransport.validation.photometric_test import judge_bands
from sntransport.validation.step_test import StepPoints, judge_steps
from tests.validation.test_delivered import observed


@functools.cache
def found():
    return judge_delivered([observed()], interpolate=log_linear)


def with_columns(names, within, level, color):
    """Made-up shares, level and color of as many triplets as there are names."""
    base = found().triplets
    rows = np.zeros(len(names), dtype=int)
    columns = {key: getattr(base, key)[rows] for key in ("phase", "gap", "position", "n_bins", "sn_class")}
    columns |= {key: getattr(base, key)[:, rows] for key in ("flux", "feature", "velocity", "color")}
    triplets = type(base)(interpolators=base.interpolators, bands=base.bands, supernova=np.array(names), **columns)
    return DeliveredTriplets(triplets=triplets, within=np.array(within), level=np.array(level), color=np.array(color))


def test_delivered_over_bare_is_the_ratio_of_their_ratios():
    for metric in ("feature", "flux", "H-alpha"):
        mine = {(one.interpolator, one.over): one for one in hidden_scores(found()) if one.metric == metric}
        assert set(mine) == {(BARE, BASELINE), (DELIVERED, BASELINE), (DELIVERED, BARE)}
        both = mine[DELIVERED, BASELINE].ratio / mine[BARE, BASELINE].ratio
        assert mine[DELIVERED, BARE].ratio == pytest.approx(both, rel=1e-9)
        assert mine[DELIVERED, BARE].baseline == pytest.approx(mine[BARE, BASELINE].value)


def test_level_and_color_count_every_supernova_once_and_skips_what_is_not_known():
    one = with_columns(
        ["a", "a", "a", "b", "b"],
        [[0.6, 0.6, 0.6, 1.0, np.nan], [0.9, 0.9, 0.9, 1.0, np.nan]],
        [-0.1, 0.1, 0.3, 0.02, np.nan],
        [0.2, 0.1, np.nan, 0.04, np.nan],
    )
    (score,) = level_scores(one)
    assert (score.sn_class, score.n_supernovae, score.n_spectra) == ("II", 2, 4)
    assert score.within_one == pytest.approx(0.8)
    assert score.within_two == pytest.approx(0.95)
    assert score.level == pytest.approx(0.5 * (0.1 + 0.02))
    assert score.color == pytest.approx(0.5 * (0.15 + 0.04))


def nights(ratio, outlier=(), rejected=()):
    n = len(ratio[0])
    flags = [np.isin(np.arange(n), rows) for rows in (outlier, rejected)]
    return NightPoints(
        supernova=np.full(n, "a"),
        sn_class=np.full(n, "Ia"),
        band=np.full(n, "bessellv"),
        letter=np.full(n, "V"),
        mjd=np.arange(n, dtype=float),
        seed=np.ones(n, dtype=int),
        ratio=np.array(ratio),
        outlier=flags[0],
        rejected=flags[1],
    )


def test_nights_count_what_both_predict_and_say_what_is_left_out():
    points = nights([[1.0, 1.2, 100.0, np.nan, 1.0], [1.05, 1.05, 1.05, 1.0, np.nan]], outlier=[1], rejected=[2])
    one, other = ({one.method: one for one in night_scores(points) if one.judged == judged}
                  for judged in ("one system", "accepted"))  # fmt: skip
    assert (one["series"].n_points, one["series"].share) == (2, 0.5)
    # 5 mag off counts as one.
    assert one["series"].rms == pytest.approx(np.sqrt(0.5))
    assert one["band curves"].share == 1.0
    assert one["band curves"].rms == pytest.approx(2.5 * np.log10(1.05))
    assert one["series"].left_out == pytest.approx(1 / 3)
    assert (other["series"].n_points, other["series"].share, other["series"].rms) == (1, 1.0, 0.0)
    assert other["series"].left_out == pytest.approx(2 / 3)


def test_steps_are_sorted_and_summed_up():
    steps = StepPoints(
        supernova=np.array(["a", "a", "b", "b"]),
        sn_class=np.array(["Ia", "Ia", "II", "II"]),
        band=np.array(["bessellb", "bessellv", "sdssr", "sdssi"]),
        phase=np.array([1.0, 2.0, 3.0, 4.0]),
        step=np.array([0.01, 0.02, 0.2, 0.03]),
    )
    first, second, everything = largest_steps(steps)
    assert (first.supernova, first.step, first.phase, first.band, first.large) == ("b", 0.2, 3.0, "sdssr", 0.5)
    assert (second.supernova, second.step, second.sn_class) == ("a", 0.02, "Ia")
    assert (everything.supernova, everything.sn_class, everything.n_phases, everything.large) == ("all", "all", 4, 0.25)


def test_the_report_has_a_table_for_every_test_that_was_run():
    points, steps, bands = judge_nights([observed()]), judge_steps([observed()]), judge_bands([observed()])
    scores = hidden_scores(found()), level_scores(found()), night_scores(points)
    text = delivered_report(*scores, bands, largest_steps(steps))
    for words in ("Hidden spectra", "Level and color", "Hidden nights", "Bands left out", "Steps"):
        assert text.count(words) == (2 if words == "Bands left out" else 1)
    assert "delivered / bare" in text
    assert "without bands that are off; 0 of 76 points left out (0.0 %)" in text
    assert delivered_report(scores[0]).startswith("Hidden spectra")
    assert "Steps" not in delivered_report(scores[0])
    assert delivered_report() == ""
    assert {one.judged for one in left_out_shares(bands)} == {"one system", "accepted"}
