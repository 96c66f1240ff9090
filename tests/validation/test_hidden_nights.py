"""Hidden nights: they are hidden in all bands, and what is predicted is judged in one system."""

import dataclasses

import numpy as np
import pytest

from sntransport.pipeline import build
from sntransport.spectra.observations import LightCurve
from sntransport.transport.interpolators import log_linear
from sntransport.validation import hidden_nights
from sntransport.validation.hidden_nights import PREDICTIONS, judge_nights
from tests.support.synthetic import MJD_REF, photometry, supernova
from tests.validation.test_delivered import BANDS, PHASES, observed


def test_hidden_nights_are_in_no_build_and_all_of_their_points_are_judged(monkeypatch):
    seen = []

    def spy(sn, **options):
        seen.append(set(np.floor(sn.light_curve.mjd)))
        return build(sn, **options)

    monkeypatch.setattr(hidden_nights, "build", spy)
    sn = observed()
    found = judge_nights([sn], seeds=(1, 2), interpolate=log_linear)
    everything = set(np.floor(sn.light_curve.mjd))
    whole, *rest = seen
    assert whole == everything
    assert len(rest) == 2
    for seed, left in zip((1, 2), rest, strict=True):
        mine = found.mjd[found.seed == seed]
        assert set(np.floor(mine)) == everything - left
        assert mine.size == len(BANDS) * len(everything - left)
    assert rest[0] != rest[1]


def test_a_smooth_supernova_is_predicted_by_both():
    found = judge_nights([observed()], interpolate=log_linear)
    # Beyond the first and the last spectrum there is no series.
    inside = (found.mjd > MJD_REF + 3.0) & (found.mjd < MJD_REF + 50.0)
    assert len(PREDICTIONS) == len(found.ratio)
    assert inside.sum() > 20
    assert np.isfinite(found.ratio[0, inside]).all()
    # A band curve ends two days after the last of its nights that is not hidden.
    known = np.isfinite(found.ratio[1])
    assert known.mean() > 0.7
    assert np.all(np.abs(found.ratio[0, inside] - 1.0) < 0.1)
    assert np.all(np.abs(found.ratio[1, known] - 1.0) < 0.1)
    assert not found.rejected.any()
    assert set(found.letter) == {"B", "V", "R", "I"}


def test_instruments_are_judged_in_one_system_and_bands_that_are_off_are_marked():
    curve = photometry(np.arange(0.0, 56.0, 1.5), (*BANDS, "sdssg"), error=0.01)
    second = np.isin(curve.mjd, np.unique(curve.mjd)[::2])
    flux = curve.flux * np.where(second, 1.15, 1.0) * np.where(curve.band == "sdssg", 1.4, 1.0)
    two = dataclasses.replace(curve, flux=flux, instrument=np.where(second, "one", "other"))
    found = judge_nights([supernova(PHASES, light_curve=two)], seeds=(1,), interpolate=log_linear)
    np.testing.assert_array_equal(found.rejected, found.band == "sdssg")
    known = np.isfinite(found.ratio[0]) & ~found.rejected
    assert np.all(np.abs(found.ratio[0, known] / np.median(found.ratio[0, known]) - 1.0) < 0.06)


def test_a_draw_that_leaves_nothing_judges_nothing():
    curve = photometry([10.0], BANDS, error=0.01)
    found = judge_nights([supernova(PHASES, light_curve=curve)], share=0.9, seeds=(1, 2, 3), interpolate=log_linear)
    assert found.mjd.size == 0
    assert found.ratio.shape == (2, 0)


def test_what_cannot_be_judged_says_so():
    none = LightCurve(mjd=[], band=np.empty(0, dtype=str), flux=[], flux_err=[])
    with pytest.raises(ValueError, match="no photometry in B, g, V"):
        judge_nights([supernova(PHASES, light_curve=none)])
    with pytest.raises(ValueError, match=r"share is 1\.5, expected a number between 0 and 1"):
        judge_nights([observed()], share=1.5)
