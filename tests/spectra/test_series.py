"""`SpectralSeries`: shapes, coverage and what it refuses."""

import dataclasses

import numpy as np
import pytest
from astropy import units as u

from sntransport.spectra.realizations import draw
from sntransport.spectra.series import Origin, SpectralSeries

FLUX = np.array([[1.0, 2.0, np.nan], [3.0, 4.0, 5.0]])
SERIES = SpectralSeries(phase=[-1, 2], wave=[4000, 5000, 6000], flux=FLUX, name="SN 2013am")


def test_coverage_is_taken_from_the_flux():
    np.testing.assert_array_equal(SERIES.origin, [[1, 1, 0], [1, 1, 1]])
    np.testing.assert_array_equal(SERIES.covered, np.isfinite(FLUX))
    assert SERIES.origin.dtype == np.uint8
    assert np.all(np.isnan(SERIES.flux_err))
    assert (SERIES.n_phase, SERIES.n_wave) == (2, 3)
    assert np.isnan(SERIES.mjd_ref)


def test_origin_is_kept():
    origin = [[Origin.ONE_SIDED, Origin.EXTRAPOLATED, Origin.NOT_COVERED], [1, 1, 1]]
    np.testing.assert_array_equal(dataclasses.replace(SERIES, origin=origin).origin, origin)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"flux": np.ones((3, 3))}, r"flux has shape \(3, 3\), expected \(n_phase, n_wave\) = \(2, 3\)"),
        ({"flux": np.ones(3)}, r"flux has 1 dimensions \(3,\), expected 2"),
        ({"flux_err": np.ones((2, 2))}, r"flux_err has shape \(2, 2\), expected \(n_phase, n_wave\) = \(2, 3\)"),
        ({"flux_err": -np.ones((2, 3))}, "flux_err is negative"),
        ({"flux_err": np.full((2, 3), np.inf)}, "infinite"),
        ({"flux": np.full((2, 3), np.inf), "origin": None}, "infinite"),
        ({"origin": np.ones((2, 2))}, r"origin has shape \(2, 2\)"),
        ({"origin": np.full((2, 3), 4)}, "origin has the value 4, expected 0 to 3"),
        ({"origin": np.ones((2, 3))}, r"flux\[0, 2\] is nan but origin\[0, 2\] is 1"),
        ({"origin": [[0, 1, 0], [1, 1, 1]]}, r"flux\[0, 0\] is 1 but origin\[0, 0\] is 0"),
        ({"phase": [2, 2]}, r"phase is not strictly increasing: phase\[0\] = 2"),
        ({"phase": [1, 2, 3]}, r"flux has shape \(2, 3\), expected \(n_phase, n_wave\) = \(3, 3\)"),
        ({"wave": [-1, 5000, 6000]}, r"wave\[0\] is -1, expected positive"),
        ({"wave": [1, np.nan, 3]}, r"wave\[1\] is not finite"),
    ],
)
def test_replace_checks_again(fields, match):
    with pytest.raises(ValueError, match=match):
        dataclasses.replace(SERIES, **fields)


@pytest.mark.parametrize("name", ["phase", "wave", "flux", "flux_err", "origin"])
def test_arrays_are_read_only_copies(name):
    array = getattr(SERIES, name)
    assert array is not FLUX
    with pytest.raises(ValueError, match="read-only"):
        array[:] = 1


def test_a_series_keeps_units():
    from astropy import units as u

    wave, flux = np.array([3000.0, 4000.0]), np.array([[0.1, 0.2], [0.3, np.nan]])
    f_nu = (flux * u.erg / u.s / u.cm**2 / u.AA).to("Jy", equivalencies=u.spectral_density(wave * u.AA))
    there = SpectralSeries(phase=[24, 48] * u.hour, wave=wave * 1e-4 * u.micron, flux=f_nu, flux_err=0.1 * f_nu)
    plain = SpectralSeries(phase=[1, 2], wave=wave, flux=flux, flux_err=0.1 * flux)
    for name in ("phase", "wave", "flux", "flux_err"):
        np.testing.assert_allclose(getattr(there, name), getattr(plain, name), rtol=1e-12)
    assert there.origin.tolist() == plain.origin.tolist()
    np.testing.assert_allclose(there.at(36 * u.hour).flux, plain.at(1.5).flux)
    masked = SpectralSeries(phase=[1, 2], wave=wave, flux=np.ma.masked_invalid(flux))
    assert masked.origin.tolist() == plain.origin.tolist()
    with pytest.raises(ValueError, match=r"flux has the unit erg / .*expected erg"):
        SpectralSeries(phase=[1], wave=wave, flux=np.ones((1, 2)) * u.erg / u.s / u.AA)


def test_spectra_at_any_phase_have_the_error_of_a_mean_of_draws():
    wave = np.exp(np.linspace(8.3, 9.1, 60))
    flux = np.ones((2, 60))
    series = SpectralSeries(phase=[0.0, 5.0], wave=wave, flux=flux, flux_err=[[0.05] * 60, [0.1] * 60])
    made = draw(series, 4000, seed=3)
    for phase in (0.0, 1.0, 2.5, 4.0):
        drawn = np.array([one.at(phase).flux for one in made])
        # The scatter of 4000 draws is itself known to 1.1 %; the mean over bins, which go together, to about as much.
        assert np.mean(drawn.std(axis=0) / series.at(phase).flux_err) == pytest.approx(1.0, abs=0.02)


def test_spectra_at_phases_know_where_they_come_from():
    flux = np.array([[1.0, 2.0, np.nan], [2.0, 4.0, 3.0], [4.0, 2.0, 1.0]])
    origin = np.array([[1, 2, 0], [1, 1, 3], [3, 1, 2]])
    series = SpectralSeries(phase=[0.0, 1.0, 3.0], wave=[1e3, 2e3, 3e3], flux=flux, flux_err=0.1 * flux, origin=origin)
    found = series.at([0.5, 1.0, 2.0, 9.0])
    np.testing.assert_array_equal(found.origin, [[1, 2, 0], [1, 1, 3], [3, 1, 3], [0, 0, 0]])
    assert np.isnan(found.flux_err[3]).all()
    assert np.isnan(found.flux_err[0, 2])
    np.testing.assert_array_equal(found.wave, series.wave)
    np.testing.assert_array_equal(found.known, [True, True, True, False])
    one = series.at(2.0)
    np.testing.assert_array_equal(one.flux, found.flux[2])
    assert one.flux.shape == one.origin.shape == one.filled.shape == (3,)
    assert not one.flux.flags.writeable
    np.testing.assert_array_equal(series.at(48 * u.hour).flux, one.flux)


def test_a_word_is_no_phase():
    wave = np.arange(4000.0, 5000.0, 10.0)
    series = SpectralSeries(phase=[0.0, 5.0], wave=wave, flux=np.ones((2, wave.size)))
    with pytest.raises(ValueError, match=r"^phase is 'peak', expected days from phase 0; .*find_maximum"):
        series.at("peak")
