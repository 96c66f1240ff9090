"""The whole chain on a made-up supernova with a known truth."""

import dataclasses

import numpy as np
import pytest

import sntransport as snt
from sntransport.spectra.observations import LightCurve
from sntransport.transport.interpolators import log_linear
from sntransport.transport.weights import epoch_weight, paper_weight
from tests.support.synthetic import MJD_REF, SIGHTLINE, flux_at, photometry, spectrum, supernova

BANDS = ("bessellb", "bessellv", "bessellr", "besselli")
PHOTOMETRY = photometry(np.arange(0.0, 56.0, 3.0), BANDS)


def truth(series):
    return np.stack([flux_at(p, series.wave) for p in series.phase])


def test_badly_calibrated_spectra_come_out_right():
    spectra = tuple(spectrum(p, factor=f) for p, f in zip((2, 9, 17, 30, 52), (1.5, 0.6, 1.0, 2.0, 0.8), strict=True))
    sn = dataclasses.replace(supernova(light_curve=PHOTOMETRY), spectra=spectra)
    result = snt.build(sn, cadence=2.0, interpolate=log_linear)
    ratio = result.series.flux / truth(result.series)
    assert np.nanmedian(np.abs(ratio - 1)) < 0.03
    assert np.nanmedian(np.abs(result.residual)) < 0.02
    assert result.curves.bands == tuple(sorted(BANDS))


def test_photometry_with_a_wrong_zero_point_changes_next_to_nothing_and_is_told():
    more = photometry(np.arange(0.0, 56.0, 3.0), (*BANDS, "sdssg"))
    flux = np.where(more.band == "sdssg", 1.3 * more.flux, more.flux)
    wrong = supernova(light_curve=dataclasses.replace(more, flux=flux))
    kept = more.band != "sdssg"
    rest = LightCurve(mjd=more.mjd[kept], band=more.band[kept], flux=more.flux[kept], flux_err=more.flux_err[kept])
    result, alone = (snt.build(sn, cadence=2.0) for sn in (wrong, supernova(light_curve=rest)))
    np.testing.assert_allclose(result.series.flux, alone.series.flux, rtol=0.02)
    column = result.curves.bands.index("sdssg")
    assert result.rejected[:, column].all()
    assert not np.delete(result.rejected, column, axis=1).any()
    np.testing.assert_allclose(result.residual[:, column], 2.5 * np.log10(1.3), atol=0.05)
    assert any("taken off, not put on the series" in note and "sdssg -0.2" in note for note in result.notes)
    assert not snt.build(wrong, cadence=2.0, calibrate=False).rejected.any()


def test_pairs_are_judged_by_photometry_without_what_a_band_is_off():
    """A band 0.28 mag too bright for good says nothing against a pair: all colors fit as if it were right."""
    more = photometry(np.arange(0.0, 56.0, 3.0), (*BANDS, "sdssg"), error=0.005)
    flux = np.where(more.band == "sdssg", 1.3 * more.flux, more.flux)

    def judged(curve):
        """Color mismatch of every pair at every phase."""
        found = []

        def weight(before, after, mismatch):
            found.append(mismatch)
            return paper_weight(before, after, mismatch)

        snt.build(supernova(light_curve=curve, snr=500.0), cadence=4.0, interpolate=log_linear, weight=weight)
        return np.concatenate(found)

    seen = {name: judged(curve) for name, curve in (("right", more), ("off", dataclasses.replace(more, flux=flux)))}
    assert seen["right"].size > 10
    assert seen["right"].max() < 0.03
    # Left on, or taken off twice over, it would make a mismatch of 0.1 mag in five bands.
    np.testing.assert_allclose(seen["off"], seen["right"], atol=0.02)


def test_the_error_of_the_calibration_counts_once():
    """The dense series is calibrated itself: at the date of a spectrum its error is that of the calibrated spectrum."""
    rough = photometry(np.arange(0.0, 56.0, 3.0), BANDS, error=0.1)
    sn = supernova(light_curve=rough, snr=300.0)
    sparse = snt.build(sn).sparse
    series = snt.build(sn, phases=sparse.phase).series
    # Photometry of 10 % errs far more than these spectra: counted twice it would be a factor of 1.4.
    noise = snt.build(sn, calibrate=False).sparse
    assert np.nanmedian(noise.flux_err / noise.flux) < 0.2 * np.nanmedian(sparse.flux_err / sparse.flux)
    np.testing.assert_allclose(series.flux_err / series.flux, sparse.flux_err / sparse.flux, rtol=0.02)


def test_phases_are_multiples_of_the_cadence_inside_the_observed_span():
    for cadence in (0.5, 1.0, 3.0, 7.0):
        phase = snt.build(supernova(light_curve=PHOTOMETRY), cadence=cadence).series.phase
        np.testing.assert_allclose(phase / cadence, np.round(phase / cadence), atol=1e-6)
        np.testing.assert_allclose(np.diff(phase), cadence, atol=1e-6)
        assert phase[0] >= 2.0 - 1e-6
        assert phase[-1] <= 52.0 + 1e-6
        assert phase[0] - 2.0 < cadence
        assert 52.0 - phase[-1] < cadence


@pytest.mark.parametrize("calibrate", [True, False])
def test_observed_dates_return_the_prepared_spectra(calibrate):
    sn = supernova(light_curve=PHOTOMETRY)
    phases = snt.build(sn, calibrate=calibrate).sparse.phase
    result = snt.build(sn, phases=phases, calibrate=calibrate)
    # Noise is drawn toward the neighbors: by less than itself.
    moved = (result.series.flux - result.sparse.flux) / result.sparse.flux_err
    assert np.nanmax(np.abs(moved)) < 2.0
    assert np.nanmedian(np.abs(moved)) < 0.3
    np.testing.assert_allclose(moved[[0, -1]], 0.0, atol=1e-2)


def test_flux_is_known_where_origin_says_so_and_never_negative():
    series = snt.build(supernova(light_curve=PHOTOMETRY, snr=3.0)).series
    np.testing.assert_array_equal(np.isfinite(series.flux), series.origin != 0)
    assert np.nanmin(series.flux) >= 0
    assert np.all(np.isfinite(series.flux_err[series.origin != 0]))


def test_spectra_in_arbitrary_units_are_scaled_by_photometry():
    sn = supernova(light_curve=PHOTOMETRY, calibrated=False, factor=1e16)
    for calibrate in (True, False):
        result = snt.build(sn, interpolate=log_linear, calibrate=calibrate)
        assert np.nanmedian(result.series.flux / truth(result.series)) == pytest.approx(1, abs=0.03)


def test_arbitrary_units_without_photometry_at_the_date_have_a_level_that_is_not_known():
    early = photometry(np.arange(0.0, 20.0, 3.0), BANDS)
    result = snt.build(supernova(light_curve=early, calibrated=False))
    assert result.sparse.phase[-1] == pytest.approx(52.0)
    error = np.nanmedian(result.series.flux_err / result.series.flux, axis=1)
    assert error[result.series.phase < 18].max() < 0.1 < 0.3 < error[-1]
    assert any("brightness known to no better than" in note for note in result.notes)
    lost = snt.build(supernova(light_curve=early, calibrated=False), calibrate=False)
    assert lost.sparse.phase[-1] < 20
    assert sum("left out: arbitrary flux units" in note for note in lost.notes) == 2


def test_arbitrary_units_without_any_photometry_are_an_error():
    with pytest.raises(ValueError, match="no spectrum has an absolute flux scale"):
        snt.build(supernova(calibrated=False))


def test_without_photometry_the_spectra_are_used_as_they_are_and_it_says_so():
    result = snt.build(supernova(), interpolate=log_linear)
    assert np.nanmedian(np.abs(result.series.flux / truth(result.series) - 1)) < 0.03
    assert any("no photometry" in note for note in result.notes)


def test_dates_without_photometry_are_less_certain_and_noted():
    result = snt.build(supernova(light_curve=photometry(np.arange(0.0, 20.0, 3.0), BANDS)))
    assert any("brightness known to no better than 0.15 mag" in note and "phases 2" in note for note in result.notes)


def test_photometry_that_begins_and_ends_leaves_no_step():
    short = photometry(np.arange(10.0, 24.0, 2.0), BANDS)
    series = snt.build(supernova(light_curve=short, snr=500.0), cadence=0.25).series
    magnitudes = -2.5 * np.log10(snt.band_flux(series, list(BANDS), SIGHTLINE))
    assert np.nanmax(np.abs(np.diff(magnitudes, n=2, axis=0))) < 0.01


def test_one_spectrum_a_hundred_times_too_bright_moves_nothing():
    sn = supernova(light_curve=PHOTOMETRY, snr=300.0)
    wild = list(sn.spectra)
    wild[2] = dataclasses.replace(wild[2], flux=100.0 * wild[2].flux)
    series, other = (snt.build(one).series for one in (sn, dataclasses.replace(sn, spectra=tuple(wild))))
    magnitudes = [-2.5 * np.log10(snt.band_flux(one, list(BANDS), SIGHTLINE)) for one in (series, other)]
    assert np.nanmax(np.abs(magnitudes[1] - magnitudes[0])) < 0.01


@pytest.mark.parametrize("half", ["blue", "red"])
def test_one_spectrum_cut_to_half_its_wavelengths_moves_next_to_nothing(half):
    sn = supernova(light_curve=PHOTOMETRY, snr=300.0)
    cut = list(sn.spectra)
    kept = cut[2].wave < 6300 if half == "blue" else cut[2].wave > 6300
    cut[2] = dataclasses.replace(cut[2], wave=cut[2].wave[kept], flux=cut[2].flux[kept], flux_err=None)
    series, other = (snt.build(one).series for one in (sn, dataclasses.replace(sn, spectra=tuple(cut))))
    magnitudes = [-2.5 * np.log10(snt.band_flux(one, list(BANDS), SIGHTLINE)) for one in (series, other)]
    assert np.nanmax(np.abs(magnitudes[1] - magnitudes[0])) < 0.01


@pytest.mark.parametrize("bands", [("bessellb", "besselli"), ("bessellb", "bessellr", "besselli")])
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_a_slope_that_all_spectra_share_is_taken_off(bands, power):
    """Two bands are enough: the photometry is met as if the spectra were right."""
    few = photometry(np.arange(0.0, 56.0, 3.0), bands)
    sn = supernova(light_curve=few, snr=300.0)
    tilted = tuple(dataclasses.replace(s, flux=s.flux * (s.wave / 6000.0) ** power) for s in sn.spectra)
    right, wrong = (snt.build(one) for one in (sn, dataclasses.replace(sn, spectra=tilted)))
    assert np.nanmax(np.abs(wrong.residual - right.residual)) < 0.02
    (note,) = [note for note in wrong.notes if "share a wrong slope" in note]
    assert float(note.split("power ")[1].split()[0]) == pytest.approx(power, abs=0.2)
    assert not any("share a wrong slope" in note for note in right.notes)


def test_gap_is_named():
    result = snt.build(supernova(light_curve=PHOTOMETRY), max_gap=15.0)
    assert any("gap of 22.0 d between phases 30.0 and 52.0" in note for note in result.notes)
    open_rows = (result.series.phase > 30.5) & (result.series.phase < 51.5)
    assert not result.series.covered[open_rows].any()


@pytest.mark.parametrize("z", [0.003, 0.01, 0.02])
def test_a_gap_as_wide_as_allowed_is_not_lost_to_rounding(z):
    sightline = dataclasses.replace(SIGHTLINE, z=z)
    sn = supernova((10.0, 50.0), sightline=sightline)
    assert snt.build(sn, max_gap=40.0).series.covered.any(axis=1).all()
    assert not snt.build(sn, max_gap=39.99).series.covered.any(axis=1).all()


def test_phases_outside_the_span_are_not_covered_and_noted():
    result = snt.build(supernova(light_curve=PHOTOMETRY), phases=[-10.0, 5.0, 90.0])
    np.testing.assert_array_equal(result.series.covered.any(axis=1), [False, True, False])
    assert any(note.startswith("2 phases outside the observed span") for note in result.notes)


def test_order_of_input_does_not_matter():
    sn = supernova(light_curve=PHOTOMETRY)
    order = np.random.default_rng(1).permutation(PHOTOMETRY.n_obs)
    mixed = LightCurve(**{name: getattr(PHOTOMETRY, name)[order] for name in ("mjd", "band", "flux", "flux_err")})
    other = dataclasses.replace(sn, spectra=sn.spectra[::-1], light_curve=mixed)
    np.testing.assert_allclose(snt.build(other).series.flux, snt.build(sn).series.flux, rtol=1e-9)


def test_scaling_all_input_scales_the_output():
    sn = supernova(light_curve=PHOTOMETRY)
    spectra = tuple(dataclasses.replace(s, flux=5 * s.flux) for s in sn.spectra)
    bright = dataclasses.replace(PHOTOMETRY, flux=5 * PHOTOMETRY.flux, flux_err=5 * PHOTOMETRY.flux_err)
    other = dataclasses.replace(sn, spectra=spectra, light_curve=bright)
    np.testing.assert_allclose(snt.build(other).series.flux, 5 * snt.build(sn).series.flux, rtol=1e-6)


def test_shifting_all_dates_shifts_nothing_but_the_dates():
    sn = supernova(light_curve=PHOTOMETRY)
    other = dataclasses.replace(
        sn,
        mjd_ref=sn.mjd_ref + 500,
        spectra=tuple(dataclasses.replace(s, mjd=s.mjd + 500) for s in sn.spectra),
        light_curve=dataclasses.replace(PHOTOMETRY, mjd=PHOTOMETRY.mjd + 500),
    )
    np.testing.assert_allclose(snt.build(other).series.flux, snt.build(sn).series.flux, rtol=1e-6)


def test_no_redshift_no_dust_no_distance_is_the_identity():
    here = snt.Sightline(z=0.0, distance_modulus=0.0)
    sn = supernova(sightline=here, snr=1e5, light_curve=photometry(np.arange(0, 55, 3.0), BANDS, sightline=here))
    sparse = snt.build(sn, calibrate=False).sparse
    inner = slice(2, -2)
    for row, phase in zip(sparse.flux, sparse.phase, strict=True):
        np.testing.assert_allclose(row[inner], flux_at(phase, sparse.wave)[inner], rtol=0.02)


def test_one_spectrum_one_band_one_point():
    one = LightCurve(mjd=[MJD_REF + 2.0 * (1 + SIGHTLINE.z)], band=["bessellv"], flux=[1e5], flux_err=[1e3])
    result = snt.build(supernova(phases=(2.0,), light_curve=one))
    assert result.series.n_phase == 1
    assert result.residual.shape == (1, 1)
    assert abs(result.residual[0, 0]) < 0.01


def test_interpolator_and_weight_are_functions():
    calls = []

    def mine(wave, a, b, t):
        calls.append(t)
        return log_linear(wave, a, b, t)

    snt.build(supernova(), cadence=10.0, interpolate=mine, weight=epoch_weight)
    assert calls


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cadence": 0.0}, "cadence is 0.0, expected a positive number"),
        ({"cadence": np.nan}, "cadence is nan"),
        ({"cadence": 1e-7}, "more than 20000"),
        ({"max_gap": -1.0}, "max_gap is -1.0"),
        ({"phases": [3.0, 2.0]}, "phases is not strictly increasing"),
        ({"phases": [[1.0]]}, "phases has 2 dimensions"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        snt.build(supernova(), **arguments)


def test_one_wrong_date_makes_no_grid_of_50_000_phases():
    sn = supernova(light_curve=PHOTOMETRY)
    wrong = dataclasses.replace(sn, spectra=[*sn.spectra[1:], dataclasses.replace(sn.spectra[0], mjd=6.03702)])
    with pytest.raises(
        ValueError, match=r"phases from -57837 to 52 d, more than 20000: is the date .* the step from .* wrong"
    ):
        snt.build(wrong)


def test_memory_is_estimated_before_it_is_taken():
    sn = supernova(light_curve=PHOTOMETRY)
    with pytest.raises(ValueError, match=r"synthetic: a series of 50001 phases .*more than 20000: use a cadence above"):
        snt.build(sn, cadence=0.001)
    with pytest.raises(ValueError, match=r"20002 phases .* more than 20000: give fewer phases at once"):
        snt.build(sn, phases=np.linspace(2.0, 52.0, 20_002))


def test_a_doubt_comes_first_among_the_notes():
    sn = supernova(light_curve=PHOTOMETRY)
    loud = [dataclasses.replace(one, flux=1e3 * one.flux) for one in sn.spectra]
    result = snt.build(dataclasses.replace(sn, spectra=loud))
    assert result.notes[0].startswith("WARNING: calibrated spectra are 7.5")
    assert not any(note.startswith("WARNING") for note in snt.build(sn).notes)


def test_a_supernova_with_units_is_the_same_supernova():
    from astropy import units as u
    from astropy.time import Time

    sn, per_angstrom = supernova(light_curve=PHOTOMETRY), u.erg / u.s / u.cm**2 / u.AA
    spectra = []
    for one in sn.spectra:
        f_nu = (one.flux * per_angstrom).to(u.mJy, equivalencies=u.spectral_density(one.wave * u.AA))
        spectra.append(snt.Spectrum(mjd=Time(one.mjd, format="mjd"), wave=one.wave / 1e4 * u.micron, flux=f_nu))
    curve, line = sn.light_curve, sn.sightline
    light_curve = snt.LightCurve(
        mjd=Time(curve.mjd, format="mjd"),
        band=curve.band,
        flux=(curve.flux * u.nJy).to(u.ABmag),
        flux_err=curve.flux_err / 1e3 * u.uJy,
    )
    sightline = snt.Sightline(
        z=line.z * u.dimensionless_unscaled,
        distance_modulus=line.distance_modulus * u.mag,
        ebv_mw=1e3 * line.ebv_mw * u.mmag,
        ebv_host=line.ebv_host,
    )
    there = dataclasses.replace(
        sn, spectra=spectra, light_curve=light_curve, sightline=sightline, mjd_ref=Time(sn.mjd_ref, format="mjd")
    )
    plain, united = snt.build(sn).series, snt.build(there, phases=snt.build(sn).series.phase * 24 * u.hour).series
    for name in ("phase", "wave", "flux", "flux_err"):
        # A fit of band curves ends where steps are small, so the last bits of its input are seen in more than the last.
        np.testing.assert_allclose(getattr(united, name), getattr(plain, name), rtol=1e-5)


def test_a_dead_stretch_of_one_spectrum_does_not_wreck_the_series():
    sn = supernova(light_curve=PHOTOMETRY, snr=300.0)
    spectra = list(sn.spectra)
    flux = spectra[2].flux.copy()
    dead = (spectra[2].wave > 5000) & (spectra[2].wave < 5500)
    flux[dead] = 0.001 * np.median(flux) * np.random.default_rng(0).normal(size=int(dead.sum()))
    spectra[2] = dataclasses.replace(spectra[2], flux=flux)
    result = snt.build(dataclasses.replace(sn, spectra=tuple(spectra)))
    assert np.nanmax(np.abs(result.residual)) < 0.1
    assert any("not used: a factor of up to five" in note and "phase 17" in note for note in result.notes)


def test_spectra_of_another_range_say_nothing_about_wavelengths_they_do_not_cover():
    """Without photometry: a spectrum of the near infrared between two of the visible."""
    visible = supernova(phases=(0.0, 10.0), snr=300.0)
    red = spectrum(5.0, low=8500.0, high=18000.0, step=10.0, snr=300.0)
    both = dataclasses.replace(visible, spectra=(*visible.spectra, red))
    one, other = (snt.build(sn, calibrate=False, phases=[5.0]).series for sn in (visible, both))
    at = [np.interp(5000.0, series.wave, series.flux[0]) for series in (one, other)]
    assert at[1] == pytest.approx(at[0], rel=0.05)


@pytest.mark.parametrize("late", [(57.5, 57.7, 57.9), (58.1, 58.3, 58.5)])
def test_photometry_in_a_gap_that_stays_open_has_its_say_beside_a_spectrum(late):
    phases = np.concatenate([np.arange(0.0, 9.0, 2.0), late])
    sn = supernova(phases=(0.0, 8.0, 58.0), calibrated=False, light_curve=photometry(phases, BANDS))
    result = snt.build(sn, phases=[58.0])
    assert np.nanmax(np.abs(result.residual)) < 0.06


def test_one_wild_night_of_few_is_left_out_alone():
    curve = photometry(np.arange(0.0, 55.0, 9.0), BANDS)
    flux = curve.flux.copy()
    flux[int(np.flatnonzero(curve.band == "bessellv")[2])] *= 10.0
    result = snt.build(supernova(light_curve=dataclasses.replace(curve, flux=flux), snr=300.0))
    alone = snt.build(supernova(light_curve=curve, snr=300.0))
    assert np.nanmedian(np.abs(np.log(result.series.flux / alone.series.flux))) < 0.02
    assert not result.rejected.any()


def test_photometry_has_its_say_up_to_twenty_days_after_the_last_spectrum():
    def error_at_the_end(late):
        curve = photometry(np.concatenate([np.arange(0.0, 12.0, 2.0), late]), BANDS)
        series = snt.build(supernova(phases=(2.0, 9.0, 30.0), calibrated=False, light_curve=curve)).series
        return np.nanmedian(series.flux_err[-1] / series.flux[-1])

    without, near, far = (error_at_the_end(late) for late in ([], [41.0, 43.0, 45.0], [51.0, 53.0, 55.0]))
    assert near < 0.8 * without
    assert far == pytest.approx(without, rel=1e-9)


def test_a_band_that_no_spectrum_covers_does_not_make_the_series_more_certain():
    phases = np.arange(0.0, 56.0, 3.0)
    one, other = (
        snt.build(supernova(light_curve=photometry(phases, bands))).series
        for bands in (("bessellv",), ("bessellv", "lssty"))
    )
    np.testing.assert_allclose(other.flux_err / other.flux, one.flux_err / one.flux, rtol=0.03)
