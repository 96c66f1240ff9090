"""`SpectralSeries`: shapes, coverage and what it refuses."""

import dataclasses

import numpy as np
import pytest

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
