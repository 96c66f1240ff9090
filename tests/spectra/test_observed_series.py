"""Light with dust on it is another type, goes back to what it was, and is refused where there must be none."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport.photometry.synthetic import band_flux
from sntransport.spectra.dust import LAWS
from sntransport.spectra.observed_series import ObservedSeries, observe, unobserve
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.series_file import SeriesFile, write_series
from sntransport.spectra.sightline import Sightline, to_observer
from tests.support.synthetic import flux_at

WAVE = np.arange(3000.0, 9000.0, 50.0)
DUSTY = Sightline(
    z=0.1, distance_modulus=35.0, ebv_mw=0.2, ebv_host=0.3, rv_mw=3.1, rv_host=2.6, law_mw="F99", law_host="CCM89"
)


def series():
    flux = np.stack([flux_at(phase, WAVE) for phase in (0.0, 5.0)])
    flux[0, :3] = np.nan
    return SpectralSeries(
        phase=[0.0, 5.0],
        wave=WAVE,
        flux=flux,
        flux_err=0.1 * flux,
        origin=None,
        name="SN X",
        sn_type="II",
        mjd_ref=59000.0,
    )


@given(st.floats(0, 0.5), st.floats(0, 1), st.sampled_from(sorted(LAWS)), st.sampled_from(sorted(LAWS)))
def test_back_and_forth_is_the_same(z, ebv, law_mw, law_host):
    start = series()
    back = unobserve(
        observe(
            start, Sightline(z=z, distance_modulus=36.0, ebv_mw=ebv, ebv_host=ebv / 2, law_mw=law_mw, law_host=law_host)
        )
    )
    for name in ("phase", "wave", "flux", "flux_err"):
        np.testing.assert_allclose(getattr(back, name), getattr(start, name), rtol=1e-12)
    np.testing.assert_array_equal(back.origin, start.origin)
    assert (back.name, back.sn_type, back.mjd_ref) == (start.name, start.sn_type, start.mjd_ref)


def test_it_is_what_arrives():
    seen = observe(series(), DUSTY)
    wave, flux = to_observer(WAVE, series().flux, DUSTY)
    np.testing.assert_array_equal(seen.wave, wave)
    np.testing.assert_array_equal(seen.flux, flux)
    np.testing.assert_allclose(seen.day, [0.0, 5.5])
    assert seen.sightline is DUSTY


@pytest.mark.parametrize(
    "work",
    [
        lambda seen: band_flux(seen, ["sdssr"], DUSTY),
        lambda seen: observe(seen, DUSTY),
        lambda seen: SeriesFile(series=seen),
        lambda seen: SeriesFile(series=series(), sparse=seen),
        lambda seen: write_series(seen, "/nowhere/s.fits"),
    ],
)
def test_where_there_must_be_no_dust_it_is_refused(work):
    with pytest.raises(TypeError, match=r"takes a SpectralSeries .*free of dust.*got an ObservedSeries"):
        work(observe(series(), DUSTY))


def test_what_has_no_dust_has_none_to_take_off():
    with pytest.raises(TypeError, match="unobserve takes an ObservedSeries, got a SpectralSeries"):
        unobserve(series())


def test_the_same_checks_hold():
    seen = observe(series(), DUSTY)
    with pytest.raises(ValueError, match="not strictly increasing"):
        dataclasses.replace(seen, day=[1.0, 0.0])
    with pytest.raises(TypeError, match="sightline is float, expected a Sightline"):
        ObservedSeries(sightline=0.1, day=[0.0], wave=WAVE, flux=[np.ones(WAVE.size)])
    with pytest.raises(ValueError, match="read-only"):
        seen.flux[0, 0] = 1.0
