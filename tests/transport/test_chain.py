"""The chain of neighbors: continuous, one pair at a time, as wide as its gap allows."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport.calibration.preparation import prepare
from sntransport.spectra.series import Origin
from sntransport.transport.chain import along_chain
from sntransport.transport.completion import complete_spectra
from sntransport.transport.interpolation_errors import interpolation_error
from sntransport.transport.interpolators import log_linear
from tests.support.synthetic import flux_at, supernova

SERIES = prepare(supernova(snr=500.0)).series


def cut(series, row, hidden):
    flux, flux_err, origin = series.flux.copy(), series.flux_err.copy(), series.origin.copy()
    flux[row, hidden], flux_err[row, hidden], origin[row, hidden] = np.nan, np.nan, 0
    return dataclasses.replace(series, flux=flux, flux_err=flux_err, origin=origin)


def rebuilt(phase, series=SERIES, interpolate=log_linear, **more):
    """Everything at the phases as whole arrays; NaN and 0 where nothing came."""
    phase = np.asarray(phase, dtype=float)
    gap = more.get("max_gap", 40.0)
    done = complete_spectra(series, interpolate=interpolate, max_gap=gap)
    out = {name: np.full((phase.size, series.n_wave), np.nan) for name in ("logs", "noise", "drift")}
    out["origin"] = np.zeros((phase.size, series.n_wave), dtype=np.uint8)
    for block in along_chain(series, done, phase, interpolate=interpolate, **more):
        for name, values in out.items():
            values[block.row] = getattr(block, name)
    return done, out


def test_at_a_spectrum_it_is_that_one_completed():
    done, out = rebuilt(SERIES.phase)
    np.testing.assert_array_equal(out["logs"], done.logs)
    np.testing.assert_array_equal(out["origin"], done.origin)
    assert np.all(out["drift"] == 0)


@given(hidden=st.tuples(st.floats(3300, 9000), st.floats(3300, 9000)), row=st.integers(0, 4))
def test_no_step_in_any_bin_whatever_a_spectrum_lacks(hidden, row):
    low, high = sorted(hidden)
    series = cut(SERIES, row, (SERIES.wave > low) & (SERIES.wave < high))
    if np.sum(series.covered[row]) < 40:
        return
    eps = 1e-4
    inner = SERIES.phase[1:-1]
    _, out = rebuilt(np.sort(np.concatenate([inner - eps, inner + eps])), series)
    before, after = out["logs"][::2], out["logs"][1::2]
    np.testing.assert_array_equal(np.isfinite(before), np.isfinite(after))
    assert np.nanmax(np.abs(after - before)) < 1e-3


def test_smooth_evolution_is_recovered():
    phase = np.array([5.0, 13.0, 24.0])
    _, out = rebuilt(phase)
    truth = np.stack([flux_at(p, SERIES.wave) for p in phase])
    assert np.nanmedian(np.abs(out["logs"] - np.log(truth))) < 0.02


def test_the_outside_and_wide_gaps_do_not_come():
    _, out = rebuilt([-5.0, 1.0, 40.0, 60.0], max_gap=15.0)
    assert np.isnan(out["logs"]).all()
    assert np.all(out["origin"] == Origin.NOT_COVERED)


def test_targets_do_not_depend_on_each_other_nor_on_their_order():
    phase = np.linspace(2.0, 52.0, 101)
    _, together = rebuilt(phase)
    order = np.random.default_rng(0).permutation(phase.size)
    _, mixed = rebuilt(phase[order])
    np.testing.assert_array_equal(mixed["logs"], together["logs"][order])
    _, alone = rebuilt(phase[50:51])
    np.testing.assert_array_equal(alone["logs"][0], together["logs"][50])


def test_the_error_is_that_of_the_gap_a_bin_was_bridged_over():
    def errors(sn_type, wave, change, gap, bridge):
        return np.outer(bridge, gap * np.ones(wave.size))

    hidden = SERIES.wave < 4500
    _, out = rebuilt([12.0], cut(SERIES, 1, hidden), errors=errors)
    found = np.sqrt(out["drift"][0])
    # The bins that the spectrum of 9 d lacks come from 2 and 17 d.
    np.testing.assert_allclose(found[hidden], 15.0 * 4.0 * (10.0 / 15.0) * (5.0 / 15.0), rtol=1e-9)
    np.testing.assert_allclose(found[~hidden], 8.0 * 4.0 * (3.0 / 8.0) * (5.0 / 8.0), rtol=1e-9)


def test_bins_that_neighbors_filled_are_not_observed_at_the_date_of_a_spectrum():
    hidden = SERIES.wave < 4500
    series = cut(cut(SERIES, 2, hidden), 4, hidden)
    _, out = rebuilt(SERIES.phase, series, errors=interpolation_error)
    assert np.all(out["drift"][2, hidden] > 0.02**2)
    assert np.all(out["drift"][4, hidden] > out["drift"][2, hidden])
    assert np.all(out["drift"][:, ~hidden] == 0)
    # Hours away it is the same to a few percent.
    _, near = rebuilt(SERIES.phase[2:3] + 0.01, series, errors=interpolation_error)
    np.testing.assert_allclose(near["drift"][0, hidden], out["drift"][2, hidden], rtol=0.1)


def test_one_sided_bins_are_marked_and_less_certain_the_further_away():
    hidden = SERIES.wave < 4500
    series = cut(SERIES, 0, hidden)
    _, out = rebuilt([3.0, 5.0, 8.0], series, errors=interpolation_error)
    assert np.all(out["origin"][:, hidden] == Origin.ONE_SIDED)
    assert np.all(np.diff(np.median(out["drift"][:, hidden], axis=1)) < 0)


def test_unknown_errors_stay_unknown():
    unknown = dataclasses.replace(SERIES, flux_err=np.full(SERIES.flux.shape, np.nan))
    _, out = rebuilt([5.0], unknown)
    assert np.isnan(out["noise"]).all()
    assert np.isfinite(out["logs"]).all()


def test_interpolator_of_another_shape_is_an_error():
    def wrong(wave, flux_a, flux_b, t):
        return np.ones((t.size + 1, wave.size))

    done = complete_spectra(SERIES, interpolate=log_linear)
    with pytest.raises(ValueError, match=r"the interpolator .* returned shape \(2, \d+\), expected .* = \(1, \d+\)"):
        list(along_chain(SERIES, done, np.array([5.0]), interpolate=wrong))


def test_time_reversal():
    back = dataclasses.replace(
        SERIES, phase=-SERIES.phase[::-1], flux=SERIES.flux[::-1], flux_err=SERIES.flux_err[::-1],
        origin=SERIES.origin[::-1],
    )  # fmt: skip
    _, out = rebuilt([5.0, 24.0])
    _, mirrored = rebuilt([-24.0, -5.0], back)
    np.testing.assert_allclose(mirrored["logs"][::-1], out["logs"], atol=1e-9)
