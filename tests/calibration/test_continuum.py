"""Continua: what smooth calibration errors change, and nothing else."""

import dataclasses

import numpy as np
import pytest

from sntransport.calibration.continuum import split_continua
from sntransport.spectra.grid import grid_wave
from sntransport.spectra.series import SpectralSeries
from tests.support.synthetic import flux_at

WAVE = grid_wave(9700, 1200)
PHASES = np.array([2.0, 9.0, 17.0, 30.0])


def series(factor=1.0, covered=None):
    flux = np.stack([flux_at(p, WAVE) for p in PHASES]) * factor
    if covered is not None:
        flux = np.where(covered, flux, np.nan)
    return SpectralSeries(phase=PHASES, wave=WAVE, flux=flux, flux_err=0.01 * flux)


def features(one):
    return np.log(one.flux) - split_continua(one).relative


@pytest.mark.parametrize("power", [-2.0, -1.0, 1.0, 2.0])
def test_a_power_of_wavelength_on_one_spectrum_leaves_its_features_alone(power):
    """100 times the flux and a wrong slope: the shape of the features stays; the mean continuum may move."""
    factor = np.ones((PHASES.size, WAVE.size))
    factor[1] = 100.0 * (WAVE / 6000.0) ** power
    before, after = features(series()), features(series(factor))
    moved = after - before
    np.testing.assert_allclose(moved[1] - moved[0], 0.0, atol=2e-3)
    continuum = split_continua(series(factor)).relative - split_continua(series()).relative
    np.testing.assert_allclose((continuum[1] - continuum[0]), np.log(factor[1]), atol=2e-3)


def test_a_slope_on_all_spectra_is_the_mean_continuum():
    slope = (WAVE / 6000.0) ** 1.5
    before, after = (split_continua(one) for one in (series(), series(slope)))
    np.testing.assert_allclose(after.relative, before.relative, atol=2e-3)
    np.testing.assert_allclose(np.ptp(after.mean - before.mean - np.log(slope)), 0.0, atol=5e-3)


def test_coverage_that_ends_leaves_no_trace():
    covered = np.ones((PHASES.size, WAVE.size), dtype=bool)
    covered[2, WAVE > 6000.0] = False
    whole, cut = features(series()), features(series(covered=covered))
    change = (cut - whole)[:, WAVE < 6000.0]
    assert np.abs(change[2] - np.median(change[2])).max() < 0.05
    assert np.isnan(cut[2, WAVE > 6001.0]).all()


def test_lines_stay_in_the_features():
    line = 1.0 - 0.4 * np.exp(-0.5 * ((WAVE - 6100.0) / 50.0) ** 2)
    one = series()
    flux = one.flux.copy()
    flux[1] *= line
    with_line = features(dataclasses.replace(one, flux=flux))
    added = (with_line - features(one))[1]
    depth = np.log(0.6)
    assert added[np.argmin(line)] - np.median(added) == pytest.approx(depth, rel=0.1)
