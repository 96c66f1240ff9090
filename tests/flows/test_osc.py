"""The main job on real supernovae, end to end."""

import dataclasses
import itertools

import numpy as np
import pytest

import sntransport as snt
from sntransport.transport.interpolators import log_linear

NAMES = [
    *("LSQ12gpw", "SN1972E", "SN2010aj", "SN2010jl", "SN2011bm", "SN2011hs", "SN2012ap", "SN2012cg"),
    *("SN2012ec", "SN2012ht", "SN2013aa", "SN2013am", "SN2013fs", "SN2014dt", "iPTF13dge"),
]


# One of each class, and the one with the widest gap, at every run; the others are a study of all real supernovae.
FEW = {"SN2012cg", "SN2013am", "SN2011bm"}


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=[pytest.mark.study] * (name not in FEW)) for name in NAMES]
)
def built(request, osc_dir):
    sn = snt.read_supernova(osc_dir / f"{request.param}.json.gz")
    return sn, snt.build(sn)


def test_series_is_what_it_says(built):
    _, result = built
    series = result.series
    assert np.all(np.isfinite(series.flux[series.origin == 1]))
    np.testing.assert_array_equal(np.isfinite(series.flux), series.origin != 0)
    assert np.nanmin(series.flux) >= 0
    assert np.all(np.isfinite(series.flux_err[series.origin != 0]))
    assert series.covered.any()
    np.testing.assert_allclose(result.weight.sum(axis=1), series.covered.any(axis=1), atol=1e-9)


def test_phases_are_at_the_cadence_inside_the_observed_span(built):
    sn, result = built
    phase = result.series.phase
    np.testing.assert_allclose(phase, np.round(phase), atol=1e-6)
    np.testing.assert_allclose(np.diff(phase), 1.0, atol=1e-6)
    dates = np.array([spectrum.mjd for spectrum in sn.spectra])
    assert sn.mjd_ref + phase[0] * (1 + sn.sightline.z) >= dates.min() - 1e-6
    assert sn.mjd_ref + phase[-1] * (1 + sn.sightline.z) <= dates.max() + 1e-6


def test_gaps_wider_than_the_limit_stay_open(built):
    _, result = built
    sparse, series = result.sparse.phase, result.series
    for low, high in itertools.pairwise(sparse):
        inside = (series.phase > low + 1e-6) & (series.phase < high - 1e-6)
        if high - low > 40.0 and inside.any():
            assert not series.covered[inside].any()
            assert any(f"between phases {low:.1f} and {high:.1f}" in note for note in result.notes)


def test_observed_dates_return_the_prepared_spectra_but_for_noise(built):
    sn, _ = built
    phases = snt.build(sn, calibrate=False).sparse.phase
    again = snt.build(sn, phases=phases, calibrate=False)
    covered = again.sparse.covered
    assert np.all(again.series.covered[covered])
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.abs(np.log(again.series.flux / again.sparse.flux))[covered]
    assert np.nanmedian(moved) < 0.03
    np.testing.assert_allclose(again.series.flux[0][covered[0]], again.sparse.flux[0][covered[0]], rtol=1e-9)


def test_series_matches_the_photometry_it_was_calibrated_to(built):
    _, result = built
    known = np.abs(result.residual[np.isfinite(result.residual) & ~result.rejected])
    assert np.median(known) < 0.06


def test_every_spectrum_is_used_or_its_loss_explained(built):
    sn, result = built
    used = {i for rows in result.members for i in rows}
    for i in set(range(len(sn.spectra))) - used:
        explained = [note for note in result.notes if note.startswith(f"spectrum {i} (") and "rejected" in note]
        assert explained or any("left out: arbitrary flux units" in note for note in result.notes), i


@pytest.mark.study
def test_left_out_spectra_are_rebuilt_better_than_nothing(osc_dir):
    # Every second spectrum of a well-covered, well-calibrated supernova, rebuilt from the others.
    sn = snt.read_supernova(osc_dir / "SN2011bm.json.gz")
    early = tuple(s for s in sn.spectra if s.mjd - sn.mjd_ref < 70)
    whole = snt.build(dataclasses.replace(sn, spectra=early)).sparse
    half = dataclasses.replace(sn, spectra=early[::2])
    target = [p for p in whole.phase if not np.any(np.abs(snt.build(half).sparse.phase - p) < 0.5)]
    target = [p for p in target if p < whole.phase[-1] - 1]
    rebuilt = snt.build(half, phases=target, interpolate=log_linear).series
    rows = [int(np.argmin(np.abs(whole.phase - p))) for p in target]
    common = np.intersect1d(whole.wave, rebuilt.wave)
    a = whole.flux[rows][:, np.isin(whole.wave, common)]
    b = rebuilt.flux[:, np.isin(rebuilt.wave, common)]
    optical = (common > 4000) & (common < 8000)
    assert np.nanmedian(np.abs(b / a - 1)[:, optical]) < 0.08
