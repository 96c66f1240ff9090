"""Judging what build delivers: nothing hidden is seen, it is compared as in the leave-out test, errors are counted."""

import dataclasses
import functools

import numpy as np
import pytest

from sntransport.calibration.preparation import prepare
from sntransport.pipeline import build
from sntransport.reading import read_supernova
from sntransport.spectra.series import SpectralSeries
from sntransport.transport.interpolators import log_linear, wasserstein
from sntransport.transport.paper import paper_recipe
from sntransport.validation import delivered
from sntransport.validation.delivered import BARE, DELIVERED, judge_delivered, on_wavelengths, without_spectra
from sntransport.validation.delivered_scores import hidden_scores, level_scores
from sntransport.validation.leave_out import BASELINE, judge
from tests.support.synthetic import MJD_REF, SIGHTLINE, photometry, supernova

PHASES = (2.0, 9.0, 17.0, 30.0, 41.0, 52.0)
BANDS = ("bessellb", "bessellv", "bessellr", "besselli")
PHOTOMETRY = photometry(np.arange(0.0, 56.0, 3.0), BANDS, error=0.01)


def observed(**more):
    return supernova(PHASES, light_curve=PHOTOMETRY, **more)


@functools.cache
def found():
    return judge_delivered([observed()], interpolate=log_linear)


def test_the_bare_interpolator_has_the_errors_of_the_leave_out_test():
    bare = judge([observed()], {"wasserstein": wasserstein}, max_gap=40.0, per_bin=60)
    here = judge_delivered([observed()], interpolate=wasserstein, per_bin=60).triplets
    assert here.interpolators == (BASELINE, BARE, DELIVERED)
    np.testing.assert_array_equal(here.phase, bare.phase)
    np.testing.assert_allclose(here.feature[:2], bare.feature, rtol=1e-12)
    np.testing.assert_allclose(here.velocity[:2], bare.velocity, rtol=1e-12)


def test_no_build_sees_a_hidden_spectrum(monkeypatch):
    asked = []

    def spy(sn, **options):
        asked.append((sorted(one.mjd for one in sn.spectra), options["phases"]))
        return build(sn, **options)

    monkeypatch.setattr(delivered, "build", spy)
    judge_delivered([observed()], interpolate=log_linear)
    dates = [MJD_REF + phase * (1.0 + SIGHTLINE.z) for phase in PHASES]
    (first, *others) = asked
    assert first[0] == dates  # the truth
    for seen, phases in others:
        hidden = sorted(set(dates) - set(seen))
        # All between two spectra, and at least those that are asked for.
        assert hidden == dates[dates.index(hidden[0]) : dates.index(hidden[-1]) + 1]
        asked_for = MJD_REF + phases * (1.0 + SIGHTLINE.z)
        assert all(min(abs(date - one) for one in hidden) < 1e-6 for date in asked_for)


def test_what_photometry_knows_is_delivered_though_spectra_do_not():
    """Spectra of wrong color and level, hidden ones too: delivered is right, and says how right."""
    sn = observed(snr=100.0)
    tilted = [dataclasses.replace(one, flux=one.flux * (k % 3 + 1) * (one.wave / 5500.0) ** 0.8)
              for k, one in enumerate(sn.spectra)]  # fmt: skip
    right, wrong = (
        judge_delivered([one], interpolate=log_linear) for one in (sn, dataclasses.replace(sn, spectra=tuple(tilted)))
    )
    for one in (right, wrong):
        assert np.all(np.abs(one.level) < 0.02)
        assert np.all(one.color < 0.02)
        assert np.all(one.within[0] > 0.5)
        assert np.all(one.within[1] >= one.within[0])
    np.testing.assert_allclose(wrong.triplets.feature, right.triplets.feature, atol=3e-3)


def test_without_photometry_there_is_no_level_to_judge():
    one = judge_delivered([supernova(PHASES)], interpolate=log_linear)
    assert one.triplets.n == found().triplets.n
    assert np.isfinite(one.triplets.feature).all()
    assert np.isnan(one.within).all()
    assert np.isnan(one.level).all()
    assert level_scores(one) == []


def test_other_weights_can_be_judged():
    recipe = paper_recipe()
    paper = judge_delivered([observed()], **recipe).triplets
    alone = judge_delivered([observed()], interpolate=recipe["interpolate"]).triplets
    np.testing.assert_array_equal(paper.feature[:2], alone.feature[:2])
    assert not np.allclose(paper.feature[2], alone.feature[2], rtol=0.01)


def test_nothing_to_hide_is_nothing_judged():
    two = judge_delivered([supernova((2.0, 9.0), light_curve=PHOTOMETRY)], interpolate=log_linear)
    assert (two.triplets.n, two.within.shape, two.level.size) == (0, (2, 0), 0)
    assert hidden_scores(two) == []
    with pytest.raises(ValueError, match="no supernova to judge"):
        judge_delivered([])


def test_spectra_are_taken_away_by_index():
    sn = observed()
    assert without_spectra(sn, [1, 4]).spectra == tuple(sn.spectra[k] for k in (0, 2, 3, 5))
    assert without_spectra(sn, ()).spectra == sn.spectra


def test_a_piece_of_the_grid_goes_back_to_its_place():
    series = prepare(observed()).series
    part = SpectralSeries(phase=series.phase, wave=series.wave[40:-7], flux=series.flux[:, 40:-7])
    put = on_wavelengths(part, part.flux, series.wave)
    np.testing.assert_array_equal(put[:, 40:-7], part.flux)
    assert np.isnan(put[:, :40]).all()
    assert np.isnan(put[:, -7:]).all()


@pytest.mark.study
def test_real_spectra_are_delivered_better_than_by_log_flux(osc_dir):
    real = judge_delivered(read_supernova(osc_dir / f"{name}.json.gz") for name in ("SN2012cg", "SN2012ht"))
    ratios = {(one.metric, one.interpolator, one.over): one.ratio for one in hidden_scores(real)}
    assert ratios["feature", DELIVERED, BASELINE] < 0.9
    assert ratios["feature", DELIVERED, BARE] < 1.1
