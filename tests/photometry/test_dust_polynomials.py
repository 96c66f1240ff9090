"""Dust of many R(V) in one table, against the integral over the dusty spectrum."""

import numpy as np
import pytest

import sntransport as snt
from sntransport.photometry.bands import load_bands
from sntransport.photometry.dust_polynomials import Dust, chebyshev, corners
from sntransport.simulation.flux_lookup import peaks, places
from sntransport.simulation.flux_tables import flux_tables
from sntransport.spectra.dust import LAWS
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline

BANDS = ["lsstg", "lsstr", "atlaso"]


def series():
    """A blue and a red spectrum with lines."""
    wave = np.linspace(1800.0, 11000.0, 700)
    color = np.array([-3.0, 1.0])[:, None] * np.log(wave / 5000.0)
    lines = 1.0 - 0.4 * np.exp(-(((wave - 4000.0) / 120.0) ** 2)) + 0.5 * np.exp(-(((wave - 6500.0) / 80.0) ** 2))
    return SpectralSeries(phase=[0.0, 10.0], wave=wave, flux=1e-9 * np.exp(color) * lines, name="two")


@pytest.mark.parametrize(("law", "most"), [("F99", 0.6), ("CCM89", 1.5), ("F99", 2.0)])
def test_band_fluxes_at_any_rv_are_those_of_the_dusty_spectrum(law, most):
    """Within 1.6 mmag, the accuracy of tables of one R(V), at both ends of the law's R(V) and at the most dust."""
    known = LAWS[law]
    dust = Dust(ebv_mw=0.3, ebv_host=most, rv_host=(known.rv_low, known.rv_high), law_host=law)
    template = series()
    tables = flux_tables([template], load_bands(BANDS), (0.05, 0.3), dust)
    rng = np.random.default_rng(1)
    n = 40
    z, mw = rng.uniform(0.05, 0.3, n), rng.uniform(0.0, 0.3, n)
    host, rv = rng.uniform(0.0, most, n), rng.uniform(known.rv_low, known.rv_high, n)
    host[:4], rv[:4] = most, (known.rv_low, known.rv_high, 3.1, 0.5 * (known.rv_low + known.rv_high))
    seen = places(tables, z, mw, host, np.ones(n), rv_host=rv)
    flux = np.full((n, len(BANDS)), np.nan)
    for i in range(n):
        line = Sightline(
            z=z[i], distance_modulus=0.0, ebv_mw=mw[i], ebv_host=host[i], rv_host=rv[i], law_host=law
        )  # fmt: skip
        flux[i] = snt.band_flux(template, BANDS, line).max(axis=0)
    mag, _ = peaks(tables, np.zeros(n, np.int32), seen, np.zeros(n), z)
    np.testing.assert_allclose(mag, 31.4 - 2.5 * np.log10(flux), atol=1.6e-3)
    # The test sees R(V): another one is far off.
    wrong, _ = peaks(
        tables, np.zeros(4, np.int32), places(tables, z[:4], mw[:4], host[:4], np.ones(4)), np.zeros(4), z[:4]
    )
    assert np.abs(wrong[1] - mag[1]).max() > 0.3


def test_one_rv_has_no_axis_of_its_own():
    template, bands = series(), load_bands(BANDS)
    tables = flux_tables([template], bands, (0.1, 0.2), Dust(ebv_host=0.5, rv_host=(2.5, 2.5)))
    assert tables.powers[:, 2].max() == 0
    assert tables.mean_host.shape[1] == 1
    assert flux_tables([template], bands, (0.1, 0.2), Dust(rv_host=(2.5, 4.5))).powers.max() == 0


def test_polynomials_at_corners_are_those_of_chebyshev():
    powers = np.array([[0, 0, 0], [2, 1, 0], [1, 3, 0], [0, 2, 0]])
    made = sorted(tuple(corner) for corner in corners(powers))
    ends = np.array([0.0, 0.7])
    by_hand = [
        chebyshev(ends[[i]], 0.7, powers[:, 0])[0] * chebyshev(ends[[j]], 0.7, powers[:, 1])[0]
        for i in range(2) for j in range(2)
    ]  # fmt: skip
    np.testing.assert_allclose(made, sorted(tuple(np.round(one)) for one in by_hand), atol=1e-12)
