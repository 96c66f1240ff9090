"""Completed spectra: what neighbors fill, and what they calm."""

import dataclasses

import numpy as np
import pytest

from sntransport._numerics.smoothing import bell_mean
from sntransport.calibration.preparation import prepare
from sntransport.spectra.grid import GRID_STEP
from sntransport.spectra.series import Origin
from sntransport.transport.completion import CALIBRATION, complete_spectra, impossible_bins, photon_variance
from sntransport.transport.interpolators import log_linear
from sntransport.transport.runs import long_runs
from tests.support.synthetic import supernova

CLEAN = prepare(supernova(snr=2000.0)).series


def cut(series, row, hidden):
    """The series without some bins of one row."""
    flux, flux_err, origin = series.flux.copy(), series.flux_err.copy(), series.origin.copy()
    flux[row, hidden], flux_err[row, hidden], origin[row, hidden] = np.nan, np.nan, 0
    return dataclasses.replace(series, flux=flux, flux_err=flux_err, origin=origin)


def completed(series, **more):
    return complete_spectra(series, interpolate=log_linear, **more)


def test_covered_bins_of_precise_spectra_stay():
    done = completed(CLEAN, wander=np.inf)
    np.testing.assert_array_equal(done.logs, np.log(CLEAN.flux))
    np.testing.assert_array_equal(done.origin, CLEAN.origin)
    assert np.abs(completed(CLEAN).logs - np.log(CLEAN.flux)).max() < 0.02


@pytest.mark.parametrize("where", ["blue", "red", "inside"])
def test_missing_bins_come_from_both_neighbors_and_join(where):
    wave = CLEAN.wave
    hidden = {"blue": wave < 4200, "red": wave > 7500, "inside": (wave > 5000) & (wave < 5400)}[where]
    done = completed(cut(CLEAN, 2, hidden), wander=np.inf)
    assert np.all(done.origin[2, hidden] == Origin.OBSERVED)
    assert np.abs(done.logs[2] - np.log(CLEAN.flux[2]))[hidden].max() < 0.15
    assert np.abs(np.diff(done.logs[2])).max() < 0.1
    assert set(np.unique(done.before[2, hidden])) == {1}
    assert set(np.unique(done.after[2, hidden])) == {3}
    assert set(np.unique(done.before[2, ~hidden])) == {2}


def test_a_level_of_its_own_does_not_make_an_edge():
    hidden = CLEAN.wave > 7000
    part = cut(CLEAN, 2, hidden)
    flux = part.flux.copy()
    flux[2] *= 1.3
    done = completed(dataclasses.replace(part, flux=flux), wander=np.inf)
    edge = int(np.argmax(hidden))
    assert abs(done.logs[2, edge] - done.logs[2, edge - 1]) < 0.03
    # Far from its coverage the spectrum has nothing to say.
    assert abs(done.logs[2, -1] - np.log(CLEAN.flux[2, -1])) < 0.05


def test_the_first_spectrum_is_filled_from_one_side_and_marked():
    hidden = CLEAN.wave < 4500
    done = completed(cut(CLEAN, 0, hidden))
    assert np.all(done.origin[0, hidden] == Origin.ONE_SIDED)
    assert np.all(done.before[0, hidden] == -1)
    assert np.all(np.isfinite(done.logs[0]))


def test_nothing_near_enough_stays_open():
    hidden = CLEAN.wave < 4500
    series = CLEAN
    for row in (0, 1, 2, 3):
        series = cut(series, row, hidden)
    done = completed(series, max_gap=30.0)
    assert np.isnan(done.logs[0, hidden]).all()
    assert np.all(done.origin[0, hidden] == Origin.NOT_COVERED)
    assert np.all(done.origin[3, hidden] == Origin.ONE_SIDED)


def test_a_noisy_spectrum_is_drawn_to_its_neighbors_by_its_noise():
    rng = np.random.default_rng(0)
    noise = 0.3 * rng.normal(size=CLEAN.n_wave)
    flux, flux_err = CLEAN.flux.copy(), CLEAN.flux_err.copy()
    flux[2], flux_err[2] = flux[2] * np.exp(noise), 0.3 * flux[2]
    noisy = dataclasses.replace(CLEAN, flux=flux, flux_err=flux_err)
    before, after = (np.std(logs[2] - np.log(CLEAN.flux[2])) for logs in (np.log(flux), completed(noisy).logs))
    assert after < 0.5 * before
    assert np.nanmedian(completed(noisy).variance[2]) < np.nanmedian(photon_variance(noisy, 2))


def test_calibration_of_neighboring_nights_is_shared():
    """Nights apart by hours differ by their calibration: a broad bump of one is halved, or more."""
    near = prepare(supernova(phases=(10.0, 10.8, 11.6), snr=2000.0)).series
    bump = CALIBRATION * np.exp(-0.5 * (np.log(near.wave / 6000.0) / 0.08) ** 2)
    flux = near.flux.copy()
    flux[1] *= np.exp(bump)
    done = completed(dataclasses.replace(near, flux=flux))
    middle = np.argmin(np.abs(near.wave - 6000.0))
    left = (done.logs[1] - np.log(near.flux[1]))[middle]
    assert 0.2 * CALIBRATION < left < 0.65 * CALIBRATION


def test_time_reversal():
    hidden = CLEAN.wave < 4500
    part = cut(CLEAN, 2, hidden)
    back = dataclasses.replace(
        part, phase=-part.phase[::-1], flux=part.flux[::-1], flux_err=part.flux_err[::-1], origin=part.origin[::-1]
    )
    np.testing.assert_allclose(completed(back).logs[::-1], completed(part).logs, atol=1e-9)


def test_scaling():
    bright = dataclasses.replace(CLEAN, flux=7.0 * CLEAN.flux, flux_err=7.0 * CLEAN.flux_err)
    np.testing.assert_allclose(completed(bright).logs, completed(CLEAN).logs + np.log(7.0), atol=1e-9)


def test_a_single_spectrum_is_itself():
    one = prepare(supernova(phases=(2.0,))).series
    np.testing.assert_array_equal(completed(one).logs, np.log(one.flux))


@pytest.mark.parametrize("factor", [0.02, 50.0])
@pytest.mark.parametrize("row", [1, 2, 3])
def test_a_stretch_that_has_nothing_to_do_with_its_neighbors_is_found(factor, row):
    dead = (CLEAN.wave > 5000) & (CLEAN.wave < 5600)
    flux = CLEAN.flux.copy()
    flux[row, dead] *= factor
    bad = impossible_bins(dataclasses.replace(CLEAN, flux=flux), interpolate=log_linear)
    assert np.flatnonzero(bad.any(axis=1)).tolist() == [row]
    assert np.mean(bad[row, dead]) > 0.95
    assert bad[row, (CLEAN.wave < 4800) | (CLEAN.wave > 5800)].sum() == 0


def test_real_changes_and_levels_are_possible():
    flux = CLEAN.flux * np.array([1.0, 100.0, 0.01, 3.0, 1.0])[:, None]
    line = 1.0 - 0.7 * np.exp(-0.5 * ((CLEAN.wave - 6100.0) / 60.0) ** 2)
    flux[2] *= line
    assert not impossible_bins(dataclasses.replace(CLEAN, flux=flux), interpolate=log_linear).any()


def all_again(series, max_gap=40.0):
    """`impossible_bins` with every spectrum compared again after each find."""
    bad = np.zeros(series.flux.shape, dtype=bool)
    for _ in range(series.n_phase):
        kept = dataclasses.replace(
            series,
            flux=np.where(bad, np.nan, series.flux),
            origin=np.where(bad, Origin.NOT_COVERED, series.origin).astype(np.uint8),
        )
        off = np.zeros(bad.shape)
        for row in range(1, series.n_phase - 1):
            if series.phase[row + 1] - series.phase[row - 1] > max_gap:
                continue
            t = (series.phase[row] - series.phase[row - 1]) / (series.phase[row + 1] - series.phase[row - 1])
            between = (1 - t) * np.log(kept.flux[row - 1]) + t * np.log(kept.flux[row + 1])
            apart = np.log(kept.flux[row]) - between
            for run in long_runs(np.isfinite(apart)):
                level = apart[run] - np.median(apart[run])
                off[row, run] = np.abs(bell_mean(level[None], 3000.0 / GRID_STEP)[0])
        worst = int(np.argmax(off.max(axis=1)))
        if off[worst].max() <= np.log(5.0):
            return bad
        bad[worst] |= off[worst] > np.log(2.0)
    return bad


@pytest.mark.parametrize("seed", range(4))
def test_impossible_bins_do_not_depend_on_who_is_compared_again(seed):
    rng = np.random.default_rng(seed)
    n = 14
    rows = CLEAN.flux[np.zeros(n, dtype=int)].copy()
    for row in rng.choice(n, 7, replace=False):
        start = int(rng.integers(0, CLEAN.n_wave - 300))
        rows[row, start : start + int(rng.integers(60, 300))] *= 10.0 ** rng.choice([-1.5, -1.0, 1.0, 1.5])
    series = dataclasses.replace(
        CLEAN, phase=3.0 * np.arange(n), flux=rows, flux_err=0.01 * rows, origin=np.ones(rows.shape, dtype=np.uint8)
    )
    found = impossible_bins(series, interpolate=log_linear)
    assert found.any(axis=1).sum() >= 2
    np.testing.assert_array_equal(found, all_again(series))
