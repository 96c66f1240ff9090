"""Laws of the whole program: from a supernova to series, photometry, luminosity and file, on one that is made up.

Each law says how near it must hold and, where that is not to the last bits, why it cannot be nearer.
"""

import dataclasses

import numpy as np
import pytest

import sntransport as snt
from sntransport.cli.supernovae.batch import write_build
from sntransport.spectra.observations import LightCurve
from sntransport.spectra.realizations import draw
from sntransport.spectra.series_file import read_series_file, write_series
from sntransport.spectra.sightline import to_observer, to_rest
from sntransport.transport.interpolators import log_linear
from tests.support.synthetic import MJD_REF, SIGHTLINE, flux_at, photometry, spectrum, supernova

BANDS = ("bessellb", "bessellv", "bessellr")
PHOTOMETRY = photometry(np.arange(0.0, 56.0, 4.0), BANDS)
SN = supernova(light_curve=PHOTOMETRY)
# The Gaussian process of the band curves is fitted by iteration, which stops within this of the best parameters.
FITTED = 1e-6


def changed(sn, *, factor=1.0, days=0.0):
    """The supernova with every flux and error times ``factor`` and every date later by ``days``."""
    spectra = tuple(
        dataclasses.replace(s, mjd=s.mjd + days, flux=factor * s.flux, flux_err=factor * s.flux_err) for s in sn.spectra
    )
    seen = sn.light_curve
    light = dataclasses.replace(seen, mjd=seen.mjd + days, flux=factor * seen.flux, flux_err=factor * seen.flux_err)
    return dataclasses.replace(sn, mjd_ref=sn.mjd_ref + days, spectra=spectra, light_curve=light)


def outputs(sn, **options):
    """All numbers that come out: of series, sparse series, photometry, luminosity."""
    result = snt.build(sn, cadence=5.0, **options)
    light = snt.bolometric(result.series)
    return {
        "flux": result.series.flux, "flux_err": result.series.flux_err, "sparse": result.sparse.flux,
        "bands": snt.band_flux(result.series, BANDS, sn.sightline), "luminosity": light.luminosity,
        "luminosity_err": light.luminosity_err,
    }, {"phase": result.series.phase, "origin": result.series.origin, "pairs": result.pairs, "weight": result.weight,
        "residual": result.residual}  # fmt: skip


@pytest.fixture(scope="module")
def plain():
    return outputs(SN)


@pytest.mark.parametrize("factor", [1e-6, 3.0, 1e5])
def test_scaling_all_input_fluxes_scales_all_outputs(plain, factor):
    scaled, free = outputs(changed(SN, factor=factor))
    for name, values in plain[0].items():
        np.testing.assert_allclose(scaled[name], factor * values, rtol=FITTED, err_msg=name)
    for name, values in plain[1].items():
        np.testing.assert_allclose(free[name], values, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("factor", [4.0, 2.0**-20])
def test_scaling_by_a_power_of_two_without_photometry_is_exact_to_rounding(factor):
    # Nothing is fitted without photometry; what is left are logarithms, which do not scale to the last bit.
    sn = dataclasses.replace(SN, light_curve=supernova().light_curve)
    first, second = (outputs(one, interpolate=log_linear)[0] for one in (sn, changed(sn, factor=factor)))
    for name, values in first.items():
        np.testing.assert_allclose(second[name], factor * values, rtol=1e-11, err_msg=name)


@pytest.mark.parametrize("days", [-5000.25, 512.0])
def test_shifting_all_dates_shifts_all_dates_and_nothing_else(plain, days):
    # A date of 5e4 d has 52 bits, so phases move by up to 1e-11 d, and what depends on them with them.
    later = changed(SN, days=days)
    shifted, free = outputs(later)
    for name, values in (*plain[0].items(), *plain[1].items()):
        np.testing.assert_allclose({**shifted, **free}[name], values, rtol=FITTED, atol=1e-9, err_msg=name)
    result = snt.build(later, cadence=5.0)
    assert result.series.mjd_ref == SN.mjd_ref + days


@pytest.mark.parametrize("seed", [1, 2])
def test_order_of_spectra_bands_and_photometry_does_not_matter(plain, seed):
    rng = np.random.default_rng(seed)
    spectra = tuple(SN.spectra[i] for i in rng.permutation(len(SN.spectra)))
    order = rng.permutation(PHOTOMETRY.n_obs)
    mixed = LightCurve(**{name: getattr(PHOTOMETRY, name)[order] for name in ("mjd", "band", "flux", "flux_err")})
    other, free = outputs(dataclasses.replace(SN, spectra=spectra, light_curve=mixed))
    for name, values in (*plain[0].items(), *plain[1].items()):
        np.testing.assert_allclose({**other, **free}[name], values, rtol=1e-9, atol=1e-9, err_msg=name)
    series = snt.build(SN, cadence=5.0).series
    turned = snt.band_flux(series, BANDS[::-1], SIGHTLINE)
    # Sums of a matrix product may be taken in another order.
    np.testing.assert_allclose(turned[:, ::-1], snt.band_flux(series, BANDS, SIGHTLINE), rtol=1e-12)


def test_a_spectrum_equal_to_the_interpolation_changes_nothing_where_it_is_added():
    # Between the new one and its neighbors it does: half a gap is bridged otherwise than a whole one.
    sn = supernova((10.0, 20.0), snr=1e4)
    kwargs = {"interpolate": log_linear, "calibrate": False}
    middle = snt.build(sn, phases=[15.0], **kwargs).series
    wave = middle.wave * (1 + SIGHTLINE.z)
    there = np.isfinite(middle.flux[0])
    seen_wave, seen = to_observer(middle.wave[there], middle.flux[0, there], SIGHTLINE)
    np.testing.assert_allclose(seen_wave, wave[there])
    added = dataclasses.replace(
        sn.spectra[0], mjd=MJD_REF + 15.0 * (1 + SIGHTLINE.z), wave=seen_wave, flux=seen, flux_err=1e-4 * seen
    )
    result = snt.build(dataclasses.replace(sn, spectra=(*sn.spectra, added)), phases=[15.0], **kwargs).series
    both = np.isfinite(result.flux[0]) & there
    assert both.sum() > 0.95 * there.sum()
    # Its bins are read as lines between their centers and put on the same grid again, which smooths by that much.
    np.testing.assert_allclose(result.flux[0, both], middle.flux[0, both], rtol=5e-3)


def test_without_redshift_distance_and_dust_the_frames_are_one():
    here = snt.Sightline(z=0.0, distance_modulus=0.0)
    wave = np.arange(3500.0, 9000.0, 5.0)
    flux = flux_at(10.0, wave)
    for function in (to_observer, to_rest):
        moved_wave, moved = function(wave, flux, here)
        np.testing.assert_array_equal(moved_wave, wave)
        np.testing.assert_array_equal(moved, flux)
    sn = supernova(sightline=here, snr=1e6)
    sparse = snt.build(sn, calibrate=False).sparse
    np.testing.assert_allclose(sparse.phase, [2.0, 9.0, 17.0, 30.0, 52.0], atol=1e-9)
    truth = np.stack([flux_at(phase, sparse.wave) for phase in sparse.phase])
    # Bins of 250 km/s are means over the bin, the truth is its value at the middle: line cores differ by this.
    np.testing.assert_allclose(sparse.flux[:, 3:-3], truth[:, 3:-3], rtol=5e-3)


def test_draws_are_unbiased():
    series = snt.build(SN, cadence=10.0).series
    drawn = np.stack([one.flux for one in draw(series, 400, 3)])
    known = series.covered & (series.flux_err < 0.3 * series.flux)
    pull = (drawn.mean(axis=0) - series.flux)[known] / (series.flux_err[known] / np.sqrt(400))
    # Bins of a draw are correlated, so that the mean of thousands of bins scatters like that of about ten.
    assert abs(pull.mean()) < 1.0
    assert np.abs(pull).max() < 5.5
    np.testing.assert_allclose(np.median(drawn.std(axis=0)[known] / series.flux_err[known]), 1.0, atol=0.06)


def test_file_and_back_is_exact_to_the_last_bit(tmp_path):
    result = snt.build(SN, cadence=5.0)
    write_series(
        result.series, tmp_path / "a.fits", sightline=SN.sightline, sparse=result.sparse, light_curve=PHOTOMETRY,
        pairs=result.pairs, weight=result.weight, notes=result.notes,
    )  # fmt: skip
    held = read_series_file(tmp_path / "a.fits")
    for mine, theirs in ((held.series, result.series), (held.sparse, result.sparse)):
        for field in dataclasses.fields(theirs):
            np.testing.assert_array_equal(getattr(mine, field.name), getattr(theirs, field.name))
    assert dataclasses.astuple(held.sightline) == dataclasses.astuple(SN.sightline)
    write_series(
        held.series, tmp_path / "b.fits", sightline=held.sightline, sparse=held.sparse, light_curve=held.light_curve,
        pairs=held.pairs, weight=held.weight, notes=held.notes,
    )  # fmt: skip
    assert (tmp_path / "a.fits").read_bytes() == (tmp_path / "b.fits").read_bytes()


def test_the_same_input_gives_the_same_bytes_and_no_place_of_this_machine(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        sn = dataclasses.replace(SN, spectra=tuple(spectrum(p) for p in (2.0, 9.0, 17.0)))
        result = snt.build(sn, cadence=5.0)
        write_build(sn, result, tmp_path / name / "sn", tmp_path / "source.json", figures=True)
    made = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(made) == 4
    for name in made:
        raw = (tmp_path / "a" / name).read_bytes()
        assert raw == (tmp_path / "b" / name).read_bytes(), name
        assert str(tmp_path).encode() not in raw
