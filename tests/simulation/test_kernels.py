"""The compiled parts of a simulation against slow, obvious versions."""

import gc
import weakref

import numpy as np
import pytest

from sntransport.photometry.bands import load_bands
from sntransport.photometry.dust_polynomials import Dust
from sntransport.simulation import _kernels
from sntransport.simulation.flux_lookup import peaks, places, tables_of, true_fluxes
from sntransport.simulation.flux_tables import flux_tables
from sntransport.simulation.light_curves import Truth
from sntransport.simulation.surveys import noise
from sntransport.simulation.surveys.survey import Survey
from sntransport.spectra.series import SpectralSeries

rng = np.random.default_rng(3)
PHASES = (np.array([-9.0, -7.5, -2.0, 0.0, 1.0, 4.0, 9.5, 11.0]), np.array([0.0, 2.0, 3.0]), np.array([5.0]))


@pytest.fixture(scope="module")
def tables():
    wave = np.linspace(3000.0, 10000.0, 300)
    templates = [
        SpectralSeries(phase=p, wave=wave, flux=rng.uniform(0.5, 2.0, (p.size, 300)), name=str(p.size)) for p in PHASES
    ]
    return flux_tables(templates, load_bands(["lsstr", "ztfg"]), (0.05, 0.15), Dust(ebv_mw=0.3, ebv_host=0.5))


@pytest.fixture(scope="module")
def truth():
    n, z = 30, rng.uniform(0.05, 0.15, 30)
    blank, ebv = np.zeros(n), rng.uniform(0.0, 0.3, n)
    dates = rng.uniform(0.0, 5.0, n)
    return Truth(
        object_id=np.arange(n),
        template=np.arange(n) % 3,
        z=z,
        z_cosmology=z,
        distance_modulus=blank,
        mag_offset=blank,
        ebv_mw=ebv,
        ebv_host=ebv,
        rv_host=blank,
        ra=blank,
        dec=blank,
        mjd_ref=dates,
        weight=blank,
        peak_mag=np.zeros((n, 2)),
        peak_mjd=np.zeros((n, 2)),
    )


@pytest.fixture(scope="module")
def seen(tables, truth):
    return places(tables, truth.z, truth.ebv_mw, truth.ebv_host, np.full(truth.z.size, 2.0))


def rows_of(tables, truth, seen, i):
    """Fluxes (n_phase, n_band) of one object at the phases of its template."""
    t, n_z = truth.template[i], tables.x.size
    made = []
    for b, n in enumerate(tables.n_term):
        size = PHASES[t].size * n_z * n
        table = tables.table[tables.start[t, b] :][:size].reshape(PHASES[t].size, n_z, n).astype(float)
        used = table[:, seen.cell[i] : seen.cell[i] + 4].reshape(PHASES[t].size, -1)
        made.append(used @ seen.weights[i, b, : 4 * n].astype(float))
    return np.stack(made, axis=1)


def test_fluxes_of_visits(tables, truth, seen):
    counts = rng.integers(0, 40, 30)
    offset = np.concatenate([[0], np.cumsum(counts)])
    mjd, band = rng.uniform(-12.0, 20.0, offset[-1]), rng.integers(0, 2, offset[-1]).astype(np.int16)
    # Some exactly at a phase of the template, one of them at its end.
    for i in range(0, 30, 3):
        mjd[offset[i] : offset[i] + 2] = truth.mjd_ref[i]
    flux = true_fluxes(tables, offset=offset, mjd=mjd, band=band, truth=truth, seen=seen, max_gap=5.0)
    for i in range(30):
        own, made = PHASES[truth.template[i]], rows_of(tables, truth, seen, i)
        for j in range(offset[i], offset[i + 1]):
            phase = (mjd[j] - truth.mjd_ref[i]) / (1.0 + truth.z[i])
            expected = np.interp(phase, own, made[:, band[j]], left=0.0, right=0.0)
            k = np.searchsorted(own, phase)
            wide = 0 < k < own.size and own[k] - own[k - 1] > 5.0 and phase not in own
            np.testing.assert_allclose(flux[j], np.nan if wide else expected, rtol=2e-6)
    assert np.isnan(flux).any()
    assert (flux == 0).any()


def test_peaks(tables, truth, seen):
    magnitude, date = peaks(tables, truth.template, seen, truth.mjd_ref, truth.z)
    for i in range(30):
        made = rows_of(tables, truth, seen, i)
        np.testing.assert_allclose(magnitude[i], 31.4 - 2.5 * np.log10(made.max(axis=0)), atol=1e-5)
        at = PHASES[truth.template[i]][made.argmax(axis=0)]
        np.testing.assert_allclose(date[i], truth.mjd_ref[i] + (1.0 + truth.z[i]) * at)


def test_noise_is_that_of_observe():
    n = 500
    background, photons = rng.uniform(10.0, 100.0, n), rng.uniform(0.1, 10.0, n)
    band = rng.integers(0, 2, n)
    survey = Survey(
        name="s",
        bands=("lsstr", "ztfg"),
        mjd=np.arange(n),
        band=band,
        ra=np.zeros(n),
        dec=np.zeros(n),
        background=background,
        photons_per_njy=photons,
        radius=1.0,
        zero_point_error=[0.01, 0.02],
        calibration_floor=[0.03, 0.0],
        saturation=np.full(n, 4000.0),
    )
    flux = rng.uniform(-50.0, 5000.0, n)
    flux[7] = np.nan
    expected = noise.measure(survey, np.arange(n), flux, np.random.default_rng(5))
    normal = np.random.default_rng(5).standard_normal(n)
    relative = [noise.mag_err_to_relative(values) for values in (survey.zero_point_error, survey.calibration_floor)]
    got, error, saturated = flux.copy(), np.empty(n), np.empty(n, dtype=bool)
    columns = np.stack([background, photons, survey.saturation])
    _kernels.add_noise(columns, band.astype(np.int16), *relative, normal, got, error, saturated)
    np.testing.assert_array_equal(saturated, flux > 4000.0)
    for found, wanted in zip((got, error), expected, strict=True):
        np.testing.assert_allclose(found, np.where(saturated, np.nan, wanted), rtol=1e-12)
    assert np.isnan(got[7])
    assert np.isnan(error[7])


def test_tables_do_not_depend_on_what_else_is_simulated():
    """A template with holes among whole ones: its bins that are not known stay its own."""
    wave = np.linspace(3000.0, 10000.0, 300)
    flux = rng.uniform(0.5, 2.0, (4, 300))
    holes = flux.copy()
    holes[1, 100:180] = np.nan
    whole, broken = (SpectralSeries(phase=np.arange(4.0), wave=wave, flux=one, name="t") for one in (flux, holes))
    made = flux_tables([whole, broken], load_bands(["lsstr", "ztfg"]), (0.05, 0.15), Dust())
    one, other = made.table.reshape(2, 2, 4, -1)
    np.testing.assert_allclose(other[:, [0, 2, 3]], one[:, [0, 2, 3]], rtol=1e-6)
    assert np.isnan(other[0, 1]).all()


def test_tables_are_kept_as_long_as_what_they_were_made_of():
    wave = np.linspace(3000.0, 10000.0, 300)
    one, other = (
        SpectralSeries(phase=np.arange(4.0), wave=wave, flux=rng.uniform(0.5, 2.0, (4, 300)), name=n) for n in "ab"
    )
    bands, bounds = load_bands(["lsstr", "ztfg"]), ((0.05, 0.15), Dust())
    made = tables_of([one, other], bands, *bounds)
    assert tables_of((one, other), bands, (0.05, 0.15), Dust()) is made
    differs = [
        tables_of([one], bands, *bounds),
        tables_of([other, one], bands, *bounds),
        tables_of([one, other], bands[::-1], *bounds),
        tables_of([one, other], bands, (0.05, 0.16), Dust()),
        tables_of([one, other], bands, (0.05, 0.15), Dust(ebv_mw=0.1)),
    ]
    assert all(tables is not made for tables in differs)
    last = weakref.ref(differs.pop())
    differs.clear()
    assert last() is not None
    del one
    gc.collect()
    assert last() is None
