"""Warnings show the line of the user, and none of this package."""

import warnings

import numpy as np
import pytest

import sntransport as snt

WAVE = np.arange(4000.0, 7000.0, 10.0)
SERIES = snt.SpectralSeries(phase=[0.0, 5.0], wave=WAVE, flux=np.ones((2, WAVE.size)), mjd_ref=60000.0)
NEAR = snt.Sightline(z=0.0, distance_modulus=0.0)
CURVE = snt.LightCurve(mjd=[60000.0], band=["uvot::u"], flux=[10.0], flux_err=[1.0])


@pytest.mark.parametrize(
    "call",
    [
        lambda: snt.band_flux(SERIES, ["lssty"], NEAR),
        lambda: snt.k_correction(SERIES, "lssty", "lssty", 0.1, 0.0),
        lambda: snt.k_correct(CURVE, SERIES, snt.Sightline(z=0.1, distance_modulus=38.0)),
        lambda: snt.Sightline(z=-0.01, distance_modulus=0.0),
        lambda: snt.Supernova(
            name="a", sn_type="", sightline=snt.Sightline(z=-0.01, distance_modulus=0.0), mjd_ref=60000.0,
            mjd_ref_meaning="", spectra=[], light_curve=CURVE,
        ),
    ],
    ids=["band_flux", "k_correction", "k_correct", "Sightline", "Supernova"],
)  # fmt: skip
def test_a_warning_shows_the_line_that_called(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert caught
    assert {one.filename for one in caught} == {__file__}
