import dataclasses
from functools import partial

import numpy as np
import pytest

from sntransport.calibration.preparation import prepare
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.spectra.series import Origin, SpectralSeries
from sntransport.transport.candidates import Pair, PairSpectra
from sntransport.transport.chain import nearest_rows
from sntransport.transport.interpolation_errors import SHARE_WITH_COLORS, interpolation_error, log_change
from sntransport.transport.interpolators import linear, log_linear, wasserstein
from sntransport.transport.synthesis import Photometry, near_pairs, synthesize
from sntransport.transport.weights import PAPER_POWER, color_mismatch, epoch_weight, paper_weight
from tests.support import twins
from tests.support.synthetic import SIGHTLINE, flux_at, supernova

SPARSE = prepare(supernova(snr=200.0)).series


def run(phase, sparse=SPARSE, **more):
    arguments = {"interpolate": log_linear, "weight": epoch_weight} | more
    return synthesize(sparse, np.asarray(phase, dtype=float), **arguments)


@pytest.mark.parametrize("interpolate", [wasserstein, log_linear, linear])
def test_observed_phases_return_the_observed_spectra(interpolate):
    got = run(SPARSE.phase, interpolate=interpolate)
    np.testing.assert_array_equal(got.series.flux, SPARSE.flux)
    np.testing.assert_array_equal(got.series.flux_err, SPARSE.flux_err)
    np.testing.assert_array_equal(got.series.origin, SPARSE.origin)


def test_continuous_at_observed_phases():
    near = run([9.0 - 1e-5, 9.0 + 1e-5])
    for row in near.series.flux:
        np.testing.assert_allclose(row, SPARSE.flux[1], rtol=1e-4)


def test_smooth_evolution_is_recovered():
    phase = np.array([5.0, 13.0, 24.0])
    got = run(phase).series
    truth = np.stack([flux_at(p, got.wave) for p in phase])
    assert np.nanmedian(np.abs(got.flux / truth - 1)) < 0.02


def test_weights_are_shares_and_pairs_bracket():
    phase = np.arange(3.0, 50.0, 1.0)
    got = run(phase)
    np.testing.assert_allclose(got.weight.sum(axis=1), 1.0)
    for k, i in zip(*np.nonzero(got.weight), strict=True):
        first, second = SPARSE.phase[got.pairs[i]]
        assert first <= phase[k] + 1e-9
        assert second >= phase[k] - 1e-9
        assert second - first <= 40.0


def test_gaps_and_the_outside_are_not_covered():
    got = run([-5.0, 20.0, 40.0, 60.0], max_gap=15.0)
    np.testing.assert_array_equal(got.series.covered.any(axis=1), [False, True, False, False])
    np.testing.assert_array_equal(got.weight.sum(axis=1), [0, 1, 0, 0])


def cut(series, row, low, high):
    flux, err, origin = series.flux.copy(), series.flux_err.copy(), series.origin.copy()
    out = (series.wave < low) | (series.wave > high)
    flux[row, out], err[row, out], origin[row, out] = np.nan, np.nan, 0
    return dataclasses.replace(series, flux=flux, flux_err=err, origin=origin)


def test_one_sided_coverage_is_marked_and_joins_smoothly():
    two = SpectralSeries(
        phase=SPARSE.phase[:2],
        wave=SPARSE.wave,
        flux=SPARSE.flux[:2],
        flux_err=SPARSE.flux_err[:2],
        origin=SPARSE.origin[:2],
    )
    short = cut(two, 1, 4500.0, 7500.0)
    got = run([5.0], short).series
    full = run([5.0], two).series
    inside = (got.wave >= 4500) & (got.wave <= 7500)
    assert np.all(got.origin[0, inside] == Origin.OBSERVED)
    assert np.all(got.origin[0, ~inside] == Origin.ONE_SIDED)
    np.testing.assert_allclose(got.flux[0], full.flux[0], rtol=0.2)
    edge = np.searchsorted(got.wave, 7500)
    assert got.flux[0, edge + 2] / got.flux[0, edge - 2] == pytest.approx(1.0, abs=0.05)


def test_wider_pair_fills_what_the_near_one_lacks():
    got = run([13.0], cut(SPARSE, 1, 4500.0, 7500.0)).series
    assert np.all(got.origin[0][np.isfinite(SPARSE.flux[0])] == Origin.OBSERVED)


def test_observed_phase_is_filled_beyond_its_own_coverage():
    short = cut(SPARSE, 1, 4500.0, 7500.0)
    got = run([SPARSE.phase[1]], short).series
    inside = np.isfinite(short.flux[1])
    np.testing.assert_array_equal(got.flux[0, inside], short.flux[1, inside])
    assert np.isfinite(got.flux[0]).all()


def test_spectra_without_overlap_make_no_candidate():
    two = SpectralSeries(
        phase=SPARSE.phase[:2],
        wave=SPARSE.wave,
        flux=SPARSE.flux[:2],
        flux_err=SPARSE.flux_err[:2],
        origin=SPARSE.origin[:2],
    )
    apart = cut(cut(two, 0, 3000.0, 5000.0), 1, 6000.0, 9500.0)
    assert not run([5.0], apart).series.covered.any()


def test_bridged_bins_stay_marked():
    origin = SPARSE.origin.copy()
    origin[:, 300:310] = Origin.EXTRAPOLATED
    got = run([5.0, 9.0, 20.0], dataclasses.replace(SPARSE, origin=origin)).series
    assert np.all(got.origin[:, 300:310] == Origin.EXTRAPOLATED)


def levels(*level, **changes):
    """Spectra at phases 0, 10, 20, ... that are flat, each at its level."""
    flux = np.array(level, dtype=float)[:, None] * np.ones(SPARSE.n_wave)
    return SpectralSeries(
        phase=10.0 * np.arange(len(level)), wave=SPARSE.wave, flux=flux, flux_err=0.01 * flux, **changes
    )


def test_a_pair_fades_out_over_twenty_bins_where_one_of_its_spectra_ends():
    three = levels(1.0, 2.0, 4.0)
    short = cut(three, 1, 0.0, SPARSE.wave[600])
    got = run([5.0], short, interpolate=linear, weight=lambda before, after, mismatch: np.ones(before.size))
    near, wide = 1.5, 1.75
    depth = np.clip(np.arange(601, 0, -1)[500:] / 20.0, 0.0, 1.0)
    np.testing.assert_allclose(got.series.flux[0, 500:601], (depth * near + wide) / (depth + 1.0), rtol=1e-12)
    np.testing.assert_allclose(got.series.flux[0, 601:1000], wide, rtol=1e-12)


@pytest.mark.parametrize(("share", "expected"), [(0.49, Origin.OBSERVED), (0.51, Origin.EXTRAPOLATED)])
def test_a_bin_is_bridged_where_most_of_its_weight_is(share, expected):
    three = levels(1.0, 2.0, 4.0)
    origin = three.origin.copy()
    origin[1, 300:310] = Origin.EXTRAPOLATED
    marked = dataclasses.replace(three, origin=origin)
    # At 5 d the pair with the spectrum at 10 d rests on bridged pixels, that with the one at 20 d does not.
    got = run([5.0], marked, weight=lambda before, after, mismatch: np.where(after < 10.0, share, 1.0 - share))
    np.testing.assert_array_equal(got.series.origin[0, 300:310], expected)
    np.testing.assert_array_equal(np.delete(got.series.origin[0], np.arange(300, 310)), Origin.OBSERVED)


def test_a_bin_is_one_sided_only_where_no_pair_covers_it_on_both_sides():
    """However much the one-sided pair weighs."""
    short = cut(levels(1.0, 2.0, 4.0), 1, 0.0, SPARSE.wave[600])
    for weight in (1e-6, 1e6):
        got = run([5.0], short, weight=lambda before, after, mismatch, w=weight: np.where(after < 10.0, w, 1.0))
        np.testing.assert_array_equal(got.series.origin[0], Origin.OBSERVED)
    alone = run([5.0, 15.0], short, max_gap=15.0).series.origin
    np.testing.assert_array_equal(alone[:, :601], Origin.OBSERVED)
    np.testing.assert_array_equal(alone[:, 601:], Origin.ONE_SIDED)


def photometry_for(phase, sparse=SPARSE, bands=("bessellb", "bessellv", "bessellr")):
    matrix = band_matrix(sparse.wave, bands, SIGHTLINE)
    fine = np.arange(2500.0, 11000.0, 5.0)
    flux, _ = synthetic_flux(np.stack([flux_at(p, fine) for p in phase]), band_matrix(fine, bands, SIGHTLINE))
    return Photometry(matrix=matrix, flux=flux, flux_err=0.02 * flux)


def test_tie_corrects_brightness():
    # Linear interpolation of an exponential decline over 22 d is too bright in the middle.
    phase = np.array([41.0])
    loose, tied = (
        run(phase, interpolate=linear, photometry=photometry_for(phase), tie=tie).series for tie in (False, True)
    )
    truth = flux_at(41.0, SPARSE.wave)
    assert np.nanmedian(tied.flux[0] / truth) == pytest.approx(1.0, abs=0.02)
    assert abs(np.nanmedian(loose.flux[0] / truth) - 1) > 0.02


def test_pair_of_wrong_color_loses_weight():
    flux = SPARSE.flux.copy()
    flux[2] *= (SPARSE.wave / 6000.0) ** 1.5  # a spectrum with wrong colors at 17 d
    spoiled = dataclasses.replace(SPARSE, flux=flux)
    phase = np.array([13.0])
    weight = partial(paper_weight, epoch_power=PAPER_POWER)
    with_photometry = run(phase, spoiled, weight=weight, photometry=photometry_for(phase))
    without = run(phase, spoiled, weight=weight)

    def share(result):
        return result.weight[0, (result.pairs == 2).any(axis=1)].sum()

    assert share(with_photometry) < 0.75 * share(without)


def test_scaling_and_shifting():
    phase = np.array([5.0, 20.0])
    base = run(phase, interpolate=wasserstein)
    scaled = dataclasses.replace(SPARSE, flux=7 * SPARSE.flux, flux_err=7 * SPARSE.flux_err)
    np.testing.assert_allclose(run(phase, scaled, interpolate=wasserstein).series.flux, 7 * base.series.flux, rtol=1e-9)
    shifted = dataclasses.replace(SPARSE, phase=SPARSE.phase + 100.0)
    np.testing.assert_allclose(
        run(phase + 100, shifted, interpolate=wasserstein).series.flux, base.series.flux, rtol=1e-9
    )


def test_time_reversal():
    back = SpectralSeries(
        phase=-SPARSE.phase[::-1],
        wave=SPARSE.wave,
        flux=SPARSE.flux[::-1],
        flux_err=SPARSE.flux_err[::-1],
        origin=SPARSE.origin[::-1],
    )
    forth = run([13.0], interpolate=wasserstein).series.flux
    np.testing.assert_allclose(run([-13.0], back, interpolate=wasserstein).series.flux, forth, rtol=1e-8)


def test_bad_weight_function_is_an_error():
    with pytest.raises(ValueError, match="weight function returned NaN"):
        run([5.0], weight=lambda before, after, mismatch: before * np.nan)


def test_single_spectrum_covers_only_its_own_phase():
    one = SpectralSeries(
        phase=SPARSE.phase[:1],
        wave=SPARSE.wave,
        flux=SPARSE.flux[:1],
        flux_err=SPARSE.flux_err[:1],
        origin=SPARSE.origin[:1],
    )
    got = run([1.0, 2.0, 3.0], one)
    np.testing.assert_array_equal(got.series.covered.any(axis=1), [False, True, False])
    np.testing.assert_array_equal(got.pairs, [[0, 0]])


def test_interpolator_of_another_shape_is_an_error():
    with pytest.raises(ValueError, match=r"the interpolator .* returned shape \(2,\), expected .* = \(1, \d+\)"):
        run([5.0], interpolate=lambda wave, a, b, t: np.ones(2))


def test_targets_do_not_depend_on_each_other():
    phase = np.arange(3.0, 50.0, 0.9)
    together = run(phase, interpolate=wasserstein).series.flux
    for k in (0, 15, 16, 17, phase.size - 1):
        np.testing.assert_allclose(
            run(phase[k : k + 1], interpolate=wasserstein).series.flux[0], together[k], rtol=1e-12
        )


def relative(series):
    return series.flux_err / series.flux


def test_error_of_a_pair_is_noise_and_interpolation_in_quadrature():
    two = SpectralSeries(
        phase=SPARSE.phase[:2], wave=SPARSE.wave, flux=SPARSE.flux[:2], flux_err=SPARSE.flux_err[:2], sn_type="Ia"
    )
    got = run([4.0], two).series
    w = (4.0 - SPARSE.phase[0]) / (SPARSE.phase[1] - SPARSE.phase[0])
    change = log_change(SPARSE.wave, SPARSE.flux[0], SPARSE.flux[1])
    model = interpolation_error("Ia", SPARSE.wave, change=change, gap=7.0, bridge=np.array([4 * w * (1 - w)]))[0]
    noise = [np.log1p((SPARSE.flux_err[row] / SPARSE.flux[row]) ** 2) for row in (0, 1)]
    expected = np.sqrt((1 - w) ** 2 * noise[0] + w**2 * noise[1] + model**2)
    np.testing.assert_allclose(relative(got)[0], expected, rtol=1e-6)


def test_error_grows_into_a_gap_and_many_pairs_do_not_divide_it():
    pair = SpectralSeries(
        phase=SPARSE.phase[[1, 3]],
        wave=SPARSE.wave,
        flux=SPARSE.flux[[1, 3]],
        flux_err=SPARSE.flux_err[[1, 3]],
        sn_type="II",
    )
    edge, middle = np.median(relative(run([9.1, 19.0], pair).series), axis=1)
    assert middle > 1.2 * edge
    crowd = dataclasses.replace(
        SPARSE,
        phase=np.array([9.0, 9.001, 9.002, 30.0, 30.001]),
        flux=SPARSE.flux[[1, 1, 1, 3, 3]],
        flux_err=SPARSE.flux_err[[1, 1, 1, 3, 3]],
        origin=SPARSE.origin[[1, 1, 1, 3, 3]],
    )
    np.testing.assert_allclose(relative(run([19.0], crowd).series), relative(run([19.0], pair).series), rtol=2e-3)


def test_error_model_is_a_function():
    def flat(sn_type, wave, change, gap, bridge):
        return np.full((bridge.size, wave.size), 0.5)

    sharp = dataclasses.replace(SPARSE, flux_err=np.zeros(SPARSE.flux.shape))
    got = run([5.0, 20.0, 30.0], sharp, errors=flat).series
    np.testing.assert_allclose(relative(got)[:2], 0.5, rtol=1e-12)
    np.testing.assert_array_equal(got.flux_err[2], 0.0)


def test_unknown_errors_stay_unknown():
    got = run([5.0], SpectralSeries(phase=SPARSE.phase, wave=SPARSE.wave, flux=SPARSE.flux)).series
    assert np.isfinite(got.flux).all()
    assert np.isnan(got.flux_err).all()


def test_one_sided_bins_are_less_certain_the_further_the_spectrum_is_away():
    two = SpectralSeries(
        phase=SPARSE.phase[:2],
        wave=SPARSE.wave,
        flux=SPARSE.flux[:2],
        flux_err=SPARSE.flux_err[:2],
        origin=SPARSE.origin[:2],
    )
    got = run([2.5, 8.5], cut(two, 1, 4500.0, 7500.0)).series
    red = got.origin[0] == Origin.ONE_SIDED
    near, far = np.median(relative(got)[:, red], axis=1)
    assert far > 1.1 * near


def test_photometry_settles_part_of_the_error():
    phase = np.array([13.0])
    two = dataclasses.replace(SPARSE, flux_err=np.zeros(SPARSE.flux.shape))
    one_band = photometry_for(phase, bands=("bessellv",))
    loose, tied, alone = (
        relative(run(phase, two, photometry=p, tie=t, weight=epoch_weight).series)
        for p, t in ((photometry_for(phase), False), (photometry_for(phase), True), (one_band, True))
    )
    np.testing.assert_allclose(tied, SHARE_WITH_COLORS * loose, rtol=0.02)
    np.testing.assert_allclose(alone, loose, rtol=0.02)


def patchy():
    """Spectra with different ends, a hole, bridged bins and some without errors."""
    short = cut(cut(cut(SPARSE, 1, 4500.0, 7500.0), 3, 3000.0, 6000.0), 2, 5000.0, 9500.0)
    flux, err, origin = short.flux.copy(), short.flux_err.copy(), short.origin.copy()
    origin[0, 300:330] = Origin.EXTRAPOLATED
    flux[4, 500:560], err[4, 500:560], origin[4, 500:560] = np.nan, np.nan, 0
    err[2, 700:720] = np.nan
    return dataclasses.replace(short, flux=flux, flux_err=err, origin=origin)


def by_twin(sparse, phase, weight, photometry):
    """Every candidate of every pair at one phase, all held at once, judged with `synthetic_flux` and averaged."""
    spectra, made = PairSpectra(sparse), []
    for i in range(sparse.n_phase):
        for j in range(i, sparse.n_phase):
            before, after = phase - sparse.phase[i], sparse.phase[j] - phase
            itself = i == j and abs(before) <= 1e-9
            if not itself and not (before > 1e-9 and after > 1e-9 and before + after <= 40.0):
                continue
            pair = Pair(spectra, i, j, wasserstein)
            if pair.exists:
                t = pair.positions(np.array([phase]))
                found = pair.at(t)
                err = pair.flux_err(found, t, errors=interpolation_error, share=np.ones(1))
                made.append(((i, j), before, after, found.flux[0], err[0], found.origin, pair.taper))
    pairs, before, after, flux, err, origin, taper = (np.array(column) for column in zip(*made, strict=True))
    mismatch = np.full(len(made), np.nan)
    if photometry is not None:
        synthetic, _ = synthetic_flux(flux, photometry.matrix)
        mismatch = color_mismatch(synthetic, photometry.flux[0], photometry.flux_err[0])[1]
    itself = pairs[:, 0] == pairs[:, 1]
    value = np.full(len(made), np.inf)
    value[~itself] = weight(before[~itself], after[~itself], mismatch[~itself])
    return pairs, twins.tier_mean(flux, err, origin, taper, value)


@pytest.mark.parametrize("seen", [False, True])
def test_averages_match_a_twin_that_holds_all_candidates(seen):
    sparse = patchy()
    phase = np.array([5.0, sparse.phase[1], 13.0, 25.0, sparse.phase[-1]])
    photometry = photometry_for(phase, sparse) if seen else None
    weight = partial(paper_weight, epoch_power=PAPER_POWER)
    got = run(phase, sparse, interpolate=wasserstein, weight=weight, photometry=photometry, tie=False)
    for k, target in enumerate(phase):
        pairs, (mean, err, origin, shares) = by_twin(
            sparse, target, weight, photometry_for(phase[k : k + 1]) if seen else None
        )
        np.testing.assert_allclose(got.series.flux[k], mean, rtol=1e-11)
        np.testing.assert_allclose(got.series.flux_err[k], err, rtol=1e-11)
        np.testing.assert_array_equal(got.series.origin[k], origin)
        table = {tuple(pair): share for pair, share in zip(got.pairs, got.weight[k], strict=True) if share > 0}
        assert table == pytest.approx(
            {tuple(pair): share for pair, share in zip(pairs, shares, strict=True) if share > 0}, abs=1e-12
        )


def test_pairs_that_cannot_matter_are_judged_but_not_averaged():
    """A pair whose weight is below the rounding of the others', in every bin that it covers, is left out."""

    def light(before, after, mismatch, least=1e-18):
        return np.where(before + after > 15.0, least, 1.0)

    phase = np.array([5.0])
    photometry = photometry_for(phase)
    alone = run(phase, SPARSE, interpolate=linear, weight=light, photometry=photometry, max_gap=15.0)
    few = run(phase, SPARSE, interpolate=linear, weight=light, photometry=photometry)
    many = run(phase, SPARSE, interpolate=linear, weight=partial(light, least=1e-9), photometry=photometry)
    assert len(few.pairs) < len(many.pairs)
    np.testing.assert_array_equal(few.series.flux, alone.series.flux)
    # Where only that pair covers, it counts whatever it weighs.
    holes = run(phase, cut(SPARSE, 1, 4500.0, 7500.0), weight=light, photometry=photometry).series
    assert np.all(holes.origin == Origin.OBSERVED)


@pytest.mark.parametrize("max_gap", [0.5, 1.0, 7.0, 1e9])
def test_near_pairs_are_all_pairs_within_the_gap(max_gap):
    rng = np.random.default_rng(8)
    phase = np.unique(np.concatenate([np.arange(10.0), rng.uniform(0, 10, 10)]))
    before, after = np.triu_indices(phase.size, 1)
    near = phase[after] - phase[before] <= max_gap
    np.testing.assert_array_equal(near_pairs(phase, max_gap), np.stack([before[near], after[near]], axis=1))
    assert near_pairs(phase[:1], max_gap).shape == (0, 2)


def test_nearest_rows_are_a_search_of_all():
    rng = np.random.default_rng(9)
    own = np.sort(rng.uniform(0, 10, 12).round(1))
    own = np.unique(own)
    phase = np.concatenate([rng.uniform(-2, 12, 50), own, 0.5 * (own[1:] + own[:-1])])
    np.testing.assert_array_equal(nearest_rows(own, phase), np.abs(own[:, None] - phase).argmin(axis=0))
    np.testing.assert_array_equal(nearest_rows(own[:1], phase), np.zeros(phase.size))
