import dataclasses
import itertools
import warnings

import numpy as np
import pytest

from sntransport._numerics.units import AB_ZERO_NJY, C_AA, njy_to_mag
from sntransport.photometry.bands import Bandpass, load_bands
from sntransport.photometry.synthetic import (
    CoverageWarning,
    band_flux,
    band_matrix,
    hat_integrals,
    synthetic_flux,
    weighted_means,
)
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline, transmission
from tests.support.synthetic import SIGHTLINE, flux_at

HERE = Sightline(z=0.0, distance_modulus=0.0)
BANDS = ["lsstu", "lsstg", "lsstr", "lssti", "ztfg", "ztfr", "bessellb", "bessellv", "ps1::z", "atlasc"]


def series(flux, wave, phase=(0.0,)):
    return SpectralSeries(phase=phase, wave=wave, flux=np.atleast_2d(flux))


def test_flat_fnu_is_zero_point():
    wave = np.arange(2500.0, 12000.0, 1.0)
    flux = band_flux(series(3631e-23 * C_AA / wave**2, wave), BANDS, HERE)
    np.testing.assert_allclose(flux, 3631e9, rtol=1e-6)
    assert pytest.approx(3631e9, rel=1e-4) == AB_ZERO_NJY


@pytest.mark.parametrize("step", [5.0, 20.0])
def test_agrees_with_sncosmo_integrating_the_same_points_finely(step):
    sncosmo = pytest.importorskip("sncosmo")
    wave = np.arange(2600.0, 11500.0, step)
    flux = flux_at(20.0, wave)
    ours = band_flux(series(flux, wave), BANDS, HERE)[0]
    for name, value in zip(BANDS, ours, strict=True):
        band = load_bands([name])[0]
        theirs = sncosmo.Bandpass(band.wave, band.throughput, name=name)
        # sncosmo steps in 5 A by default; the same integral on 0.5 A.
        fine = np.arange(theirs.minwave(), theirs.maxwave(), 0.5) + 0.25
        photons = np.sum(np.interp(fine, wave, flux) * fine * theirs(fine)) * 0.5 / 6.62607015e-27 / C_AA
        expected = photons / sncosmo.get_magsystem("ab").zpbandflux(theirs)
        assert abs(-2.5 * np.log10(value / AB_ZERO_NJY / expected)) < 1e-4 * (1 if step == 5.0 else 2)


def test_agrees_with_sncosmo_model_through_redshift_and_dust():
    sncosmo = pytest.importorskip("sncosmo")
    source = sncosmo.get_source("hsiao-subsampled")
    phase, wave = np.array([-5.0, 0.0, 20.0]), np.arange(1500.0, 11000.0, 4.0)
    ours = band_flux(
        SpectralSeries(phase=phase, wave=wave, flux=source.flux(phase, wave)),
        ["lsstg", "lsstr"],
        Sightline(z=0.3, distance_modulus=0.0),
    )
    model = sncosmo.Model(source)
    model.set(z=0.3, t0=0.0, amplitude=1.0)
    for j, name in enumerate(["lsstg", "lsstr"]):
        band = load_bands([name])[0]
        theirs = model.bandflux(sncosmo.Bandpass(band.wave, band.throughput, name=name), phase * 1.3, 31.4, "ab")
        # The template scales by (1+z) in sncosmo (flux at amplitude 1 is the observed one at the source's scale).
        factor = ours[:, j] / theirs
        np.testing.assert_allclose(factor / factor[0], 1.0, atol=5e-4)


def test_dust_dims_by_the_law():
    wave = np.arange(3000.0, 11000.0, 2.0)
    narrow = Bandpass(name="line", wave=[5490.0, 5500.0, 5510.0], throughput=[0.0, 1.0, 0.0], vega_ab=0.0)
    flux = flux_at(5.0, wave)
    clean_, dusty = (
        band_flux(series(flux, wave), [narrow], dataclasses.replace(HERE, ebv_mw=e))[0, 0] for e in (0, 0.3)
    )
    assert dusty / clean_ == pytest.approx(float(transmission([5500.0], 0.3)[0]), rel=1e-4)


def test_redshift_and_distance():
    wave = np.arange(2500.0, 12000.0, 2.0)
    flat = series(3631e-23 * C_AA / wave**2, wave)
    for z, mu in ((0.0, 5.0), (0.1, 0.0), (0.5, 40.0)):
        got = njy_to_mag(band_flux(flat, ["lsstr"], Sightline(z=z, distance_modulus=mu)))[0, 0]
        # f_nu flat stays flat; luminosity distance leaves one factor (1+z) in f_nu.
        assert got == pytest.approx(njy_to_mag(3631e9) + mu - 2.5 * np.log10(1 + z), abs=1e-6)


def test_uncovered_band_is_nan_with_a_warning_that_names_it():
    wave = np.arange(4000.0, 7000.0, 2.0)
    with pytest.warns(CoverageWarning, match=r"lsstz \(1 of 1 phases\)"):
        flux = band_flux(series(np.ones(wave.size), wave), ["lsstr", "lsstz"], HERE)
    assert np.isfinite(flux[0, 0])
    assert np.isnan(flux[0, 1])


def test_warning_of_coverage_says_what_is_covered_as_observed():
    wave = np.arange(3000.0, 6001.0, 10.0)
    with pytest.warns(CoverageWarning, match=r"\(observer frame 4500-9000 A\)"):
        band_flux(series(np.ones_like(wave), wave), ["lsstu"], Sightline(z=0.5, distance_modulus=0.0))


def test_band_covered_by_99_percent_uses_the_covered_mean():
    band = Bandpass(name="top hat", wave=[5000.0, 5001.0, 5999.0, 6000.0], throughput=[0.0, 1.0, 1.0, 0.0], vega_ab=0.0)
    wave = np.arange(4500.0, 5991.0, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = band_flux(series(3631e-23 * C_AA / wave**2, wave), [band], HERE)
    np.testing.assert_allclose(got, 3631e9, rtol=1e-4)
    cut = wave[wave < 5975.0]
    with pytest.warns(CoverageWarning):
        assert np.isnan(band_flux(series(np.ones(cut.size), cut), [band], HERE)[0, 0])


@pytest.mark.parametrize("whole", [[0, 1, 2, 3], [0, 2], [3], []])
def test_gaps_of_one_spectrum_do_not_touch_the_others(whole):
    # The first spectrum decides what is tried first: both ways must agree with one spectrum at a time.
    wave = np.arange(3000.0, 11000.0, 5.0)
    flux = np.random.default_rng(4).uniform(0.5, 1.5, (4, wave.size))
    for k in set(range(4)) - set(whole):
        flux[k, 200 + 300 * k : 210 + 300 * k] = np.nan
        flux[k, -100:] = np.nan
    matrix = band_matrix(wave, ["lsstg", "lsstr", "lssti", "lsstz"], HERE)
    got, coverage = synthetic_flux(flux, matrix)
    for k, row in enumerate(flux):
        known = np.isfinite(row)
        photons, norms = matrix.cover_weight[:, :4], matrix.cover_weight[:, 4:]
        np.testing.assert_allclose(coverage[k], known @ photons / matrix.photon_total, rtol=1e-12)
        mean = np.where(known, row, 0.0) @ matrix.flux_weight / (known @ norms)
        np.testing.assert_allclose(got[k], np.where(coverage[k] >= 0.98, mean, np.nan), rtol=1e-12)
    assert np.isnan(got).any() == (len(whole) < 4)


def test_coverage_counts_holes():
    wave = np.arange(3000.0, 8000.0, 5.0)
    flux = np.ones((1, wave.size))
    flux[:, (wave > 6100) & (wave < 6300)] = np.nan
    _, coverage = synthetic_flux(flux, band_matrix(wave, ["lsstr", "lsstg"], HERE))
    assert 0.7 < coverage[0, 0] < 0.95
    assert coverage[0, 1] == pytest.approx(1.0, abs=1e-3)


def test_linear_in_flux_and_order_of_bands():
    wave = np.arange(2500.0, 12000.0, 10.0)
    rows = np.stack([flux_at(p, wave) for p in (0.0, 10.0)])
    base = band_flux(SpectralSeries(phase=[0, 10], wave=wave, flux=rows), BANDS, SIGHTLINE)
    np.testing.assert_allclose(
        band_flux(SpectralSeries(phase=[0, 10], wave=wave, flux=3 * rows), BANDS, SIGHTLINE), 3 * base
    )
    other = band_flux(SpectralSeries(phase=[0, 10], wave=wave, flux=rows), BANDS[::-1], SIGHTLINE)
    np.testing.assert_allclose(other, base[:, ::-1], rtol=1e-13)


def test_band_outside_the_series_has_no_coverage():
    wave = np.arange(4000.0, 5000.0, 5.0)
    flux, coverage = synthetic_flux(np.ones((2, wave.size)), band_matrix(wave, ["lssty"], HERE))
    assert np.isnan(flux).all()
    assert np.all(coverage < 1e-3)


def hat_twin(wave, band):
    """Five-point Gauss-Legendre between all points of grid and band, hat by hat."""
    nodes, weights = np.polynomial.legendre.leggauss(5)
    knots = np.unique(np.concatenate([wave, band.wave]))
    knots = knots[(knots >= max(wave[0], band.wave[0])) & (knots <= min(wave[-1], band.wave[-1]))]
    found = np.zeros((2, wave.size))
    for low, high in itertools.pairwise(knots):
        x = 0.5 * (low + high) + 0.5 * (high - low) * nodes
        light = 0.5 * (high - low) * weights * np.interp(x, band.wave, band.throughput)
        for i in range(wave.size):
            hat = np.interp(x, wave, np.eye(wave.size)[i])
            found[:, i] += (light * hat * x).sum(), (light * hat / x).sum()
    return found


@pytest.mark.parametrize("ends", [(4000.0, 8000.0), (5200.0, 8000.0), (4000.0, 5900.0), (5300.0, 5800.0)])
def test_weights_of_single_bins(ends):
    """Grids that reach beyond the band, and that end inside it on one side or both."""
    rng = np.random.default_rng(11)
    band = Bandpass(
        name="b",
        wave=np.array([5000.0, 5100.0, 5400.0, 5950.0, 6100.0]),
        throughput=np.array([0.0, 0.7, 0.9, 0.4, 0.0]),
    )
    wave = np.unique(np.r_[ends, rng.uniform(*ends, 25)])
    by_flux, by_norm = hat_integrals(wave, band)
    expected = hat_twin(wave, band)
    np.testing.assert_allclose(by_flux, expected[0], rtol=1e-12, atol=1e-12 * expected[0].max())
    np.testing.assert_allclose(by_norm, expected[1], rtol=1e-4, atol=1e-6 * expected[1].max())
    for beside in (np.array([4000.0, 4500.0, 5000.0]), np.array([6100.0, 6500.0])):
        assert not np.any(hat_integrals(beside, band))


def test_what_is_not_known_does_not_count():
    """Coverage of exactly the least counts; a bin that is NaN has no weight, in mean and coverage alike."""
    weight, cover = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0, 10.0], [48.0, 20.0], [1.0, 30.0]])
    flux = np.array([[5.0, 7.0, 9.0], [np.nan, 7.0, 9.0], [5.0, np.nan, 9.0]])
    found, share = weighted_means(flux, weight, cover, np.array([50.0]))
    np.testing.assert_allclose(share[:, 0], [1.0, 0.98, 0.04])
    np.testing.assert_allclose(found[:2, 0], [46.0 / 60.0, 41.0 / 50.0])
    assert np.isnan(found[2, 0])
