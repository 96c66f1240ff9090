"""Spectra of simulated objects: true to the template, and read and built again."""

import dataclasses

import numpy as np
import pytest

import sntransport as snt
from sntransport._storage.read_error import ReadError
from sntransport.simulation.engine import simulate
from sntransport.simulation.events.color_scatter import smooth_scatter
from sntransport.simulation.events.distributions import Normal, Uniform
from sntransport.simulation.events.population import Population
from sntransport.simulation.spectroscopy.simulated_spectra import simulate_spectra
from sntransport.simulation.spectroscopy.spectrograph import Spectrograph
from sntransport.simulation.spectroscopy.spectrum_files import (
    read_simulated_spectra,
    write_folders,
    write_simulated_spectra,
)
from sntransport.spectra.sightline import Sightline, to_observer, to_rest
from tests.simulation.test_events_in_simulations import survey, template

POPULATION = Population(
    redshift=Uniform(low=0.02, high=0.05), mag_offset=Normal(mean=0.0, sigma=0.1), ebv_host=0.15, rv_host=2.6,
    ebv_mw=0.05, law_host="CCM89", color_scatter=smooth_scatter(0.05, 0.2), stretch=Uniform(low=0.9, high=1.1),
)  # fmt: skip
SPECTROGRAPH = Spectrograph(wave_range=(3600.0, 9200.0), step=4.0, resolution=800.0, snr=30.0)
SHARP = Spectrograph(wave_range=(3600.0, 9200.0), step=4.0, resolution=800.0, snr=1e9)


@pytest.fixture(scope="module")
def curves():
    return simulate([template()], survey(), POPULATION, n=1100, seed=3, objects=(1000, 1100))


def sightline(truth, i):
    return Sightline(
        z=truth.z[i], distance_modulus=truth.distance_modulus[i] + truth.mag_offset[i], ebv_mw=0.05, ebv_host=0.15,
        rv_host=2.6, law_host="CCM89",
    )  # fmt: skip


def test_a_spectrum_is_the_template_seen_through_its_dust(curves):
    found = simulate_spectra(curves, [template()], POPULATION, SHARP, phases=[0.0, 12.5], objects=[2, 40])
    truth = curves.truth
    assert list(found.object_id) == [1002, 1002, 1040, 1040]
    for k, spectrum in enumerate(found.spectra):
        i = (2, 40)[k // 2]
        flux = template().at(found.phase[k]).flux
        wave, seen = to_observer(template().wave, flux, sightline(truth, i))
        scatter = -2.5 * np.log10(spectrum.flux / np.interp(spectrum.wave, wave, seen))
        # Slow in wavelength, and at each band what the light curve has.
        assert np.abs(np.diff(scatter)).max() < 2e-3
        for band, middle in (("lsstg", 4808.0), ("lsstr", 6214.0)):
            there = np.interp(middle, spectrum.wave, scatter)
            assert there == pytest.approx(truth.more[f"color_scatter_{band}"][i], abs=3e-3)
        days = (1 + truth.z[i]) * truth.more["stretch"][i]
        assert spectrum.mjd == pytest.approx(truth.mjd_ref[i] + days * found.phase[k], abs=1e-9)


def test_noise_is_what_it_says_and_the_same_whatever_else_is_asked_for(curves):
    true = simulate_spectra(curves, [template()], POPULATION, SHARP, objects=np.arange(30))
    noisy = simulate_spectra(curves, [template()], POPULATION, SPECTROGRAPH, objects=np.arange(30))
    pull = np.concatenate([(a.flux - b.flux) / a.flux_err for a, b in zip(noisy.spectra, true.spectra, strict=True)])
    assert pull.size > 30_000
    assert abs(pull.mean()) < 0.02
    assert abs(pull.std() - 1.0) < 0.02
    np.testing.assert_allclose(noisy.spectra[4].flux_err, true.spectra[4].flux / 30.0, rtol=1e-6)
    one = simulate_spectra(curves, [template()], POPULATION, SPECTROGRAPH, objects=[7])
    np.testing.assert_array_equal(one.spectra[0].flux, noisy.spectra[7].flux)
    whole = simulate([template()], survey(), POPULATION, n=1100, seed=3)
    again = simulate_spectra(whole, [template()], POPULATION, SPECTROGRAPH, objects=[1007])
    np.testing.assert_array_equal(again.spectra[0].flux, one.spectra[0].flux)
    # A population whose identifiers begin elsewhere has the same events.
    given = {"survey": survey(), "population": POPULATION, "n": 1100, "seed": 3, "objects": (1000, 1100)}
    later = simulate([template()], first_id=5000, **given)
    moved = simulate_spectra(later, [template()], POPULATION, SPECTROGRAPH, objects=[7])
    assert moved.object_id.tolist() == [6007]
    np.testing.assert_array_equal(moved.spectra[0].flux, one.spectra[0].flux)


def test_those_that_have_a_spectrum_and_dates(curves):
    has = np.zeros(curves.n_object, dtype=bool)
    has[[3, 8]] = True
    marked = dataclasses.replace(
        curves, truth=dataclasses.replace(curves.truth, more={**curves.truth.more, "has_spectrum": has})
    )
    found = simulate_spectra(marked, [template()], POPULATION, SPECTROGRAPH)
    assert list(found.object_id) == [1003, 1008]
    assert len(found.of(1003)) == 1
    date = float(curves.truth.mjd_ref[3] + 5.0)
    by_date = simulate_spectra(marked, [template()], POPULATION, SPECTROGRAPH, dates=[date, date + 5000.0])
    assert all(one.mjd == pytest.approx(date, abs=1e-6) for one in by_date.spectra)
    assert 1003 in by_date.object_id


def test_files_come_back(curves, tmp_path):
    found = simulate_spectra(curves, [template()], POPULATION, SPECTROGRAPH, phases=[-5.0, 5.0], objects=[0, 1])
    back = read_simulated_spectra(write_simulated_spectra(found, tmp_path / "s.fits"))
    np.testing.assert_array_equal(back.object_id, found.object_id)
    np.testing.assert_array_equal(back.phase, found.phase)
    for one, other in zip(back.spectra, found.spectra, strict=True):
        for name in ("wave", "flux", "flux_err"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert (one.mjd, one.source) == (other.mjd, other.source)
    none = simulate_spectra(curves, [template()], POPULATION, SPECTROGRAPH, objects=[])
    assert read_simulated_spectra(write_simulated_spectra(none, tmp_path / "none.fits")).spectra == ()
    (tmp_path / "x.fits").write_bytes(b"nothing")
    with pytest.raises(ReadError, match="holds no simulated spectra"):
        read_simulated_spectra(tmp_path / "x.fits")


def test_a_folder_is_read_and_built_to_the_template(tmp_path):
    """Back through reading, cleaning and synthesis: the template's own spectra at its phases, within the noise."""
    plain = dataclasses.replace(POPULATION, color_scatter=None, stretch=1.0)
    curves = simulate([template()], survey(), plain, n=2, seed=5, dates=(60060.0, 60080.0))
    phases = np.arange(-10.0, 31.0, 5.0)
    found = simulate_spectra(curves, [template()], plain, SPECTROGRAPH, phases=phases)
    folders = write_folders(found, curves, plain, tmp_path)
    assert [folder.name for folder in folders] == ["SIM00000000", "SIM00000001"]
    sn = snt.read_supernova(folders[0])
    truth = curves.truth
    assert (sn.sightline.law_host, sn.sightline.rv_host, sn.sn_type) == ("CCM89", 2.6, "bump")
    assert sn.sightline.z == truth.z[0]
    assert sn.mjd_ref == truth.mjd_ref[0]
    assert sn.light_curve.mjd.size == np.isfinite(curves.light_curve(0).flux).sum()
    np.testing.assert_allclose([one.mjd for one in sn.spectra], truth.mjd_ref[0] + (1 + truth.z[0]) * phases)
    one = sn.spectra[4]
    rest, flux = to_rest(one.wave, one.flux, dataclasses.replace(sn.sightline))
    expected = np.interp(rest, template().wave, template().at(10.0).flux) * 10 ** (-0.4 * truth.mag_offset[0])
    pull = (flux / expected - 1.0) * 30.0
    assert abs(pull.mean()) < 0.1
    assert abs(pull.std() - 1.0) < 0.05
    series = snt.build(sn, phases=[-9.0, 0.0, 10.0, 20.0], interpolate=snt.interpolators.log_linear).series
    inside = (series.wave > 3900.0) & (series.wave < 8300.0)
    for k, phase in enumerate(series.phase):
        own = np.interp(series.wave, template().wave, template().at(phase).flux) * 10 ** (-0.4 * truth.mag_offset[0])
        ratio = (series.flux[k] / own)[inside & (series.origin[k] == 1)]
        assert np.median(ratio) == pytest.approx(1.0, abs=0.05)
        assert np.std(ratio / np.median(ratio)) < 0.05
    (folders[0] / "mine.md").write_text("mine")
    write_folders(simulate_spectra(curves, [template()], plain, SPECTROGRAPH, phases=[0.0]), curves, plain, tmp_path)
    assert len(snt.read_supernova(folders[0]).spectra) == 1
    assert (folders[0] / "mine.md").read_text() == "mine"
    with pytest.raises(ValueError, match="object 1 has spectra and is not among the light curves"):
        write_folders(found, curves.take([0]), plain, tmp_path / "other")


def test_what_does_not_belong_together_is_an_error(curves):
    with pytest.raises(ValueError, match=r"templates are \['other'\], expected \['bump'\]"):
        simulate_spectra(curves, [template(name="other")], POPULATION, SPECTROGRAPH)
    with pytest.raises(ValueError, match="have no seed in meta"):
        simulate_spectra(dataclasses.replace(curves, meta={}), [template()], POPULATION, SPECTROGRAPH)
    other = dataclasses.replace(POPULATION, color_scatter=smooth_scatter(0.06, 0.2))
    with pytest.raises(ValueError, match="color scatter is not that of the light curves"):
        simulate_spectra(curves, [template()], other, SPECTROGRAPH, objects=[0])
    with pytest.raises(ValueError, match="another color_scatter"):
        simulate_spectra(curves, [template()], dataclasses.replace(POPULATION, color_scatter=None), SPECTROGRAPH)
    with pytest.raises(ValueError, match="objects has values outside 0 to 99"):
        simulate_spectra(curves, [template()], POPULATION, SPECTROGRAPH, objects=[100])
    with pytest.raises(ValueError, match="dates"):
        simulate_spectra(curves, [template()], POPULATION, SPECTROGRAPH, dates=[np.nan])
