"""Filters of other packages wherever a band is asked for, against what these packages integrate themselves."""

import numpy as np
import pytest

from sntransport.corrections.k_corrections import k_correction
from sntransport.photometry.bands import effective_wave, load_bands
from sntransport.photometry.synthetic import band_flux
from sntransport.spectra.sightline import Sightline
from sntransport.transport.templates.sources import hsiao

SIGHTLINE = Sightline(z=0.05, distance_modulus=35.0)


def test_a_bandpass_of_sncosmo_is_a_band():
    import sncosmo

    for name in ("lsstr", "bessellv", "ztfg"):
        (ours,) = load_bands([name])
        theirs = sncosmo.Bandpass(ours.wave / 10.0, 3.0 * ours.throughput, wave_unit="nm", name=name)
        (band,) = load_bands([theirs])
        assert band.name == name
        assert effective_wave(band) == pytest.approx(effective_wave(ours), rel=1e-12)
        np.testing.assert_allclose(
            band_flux(hsiao(), [theirs], SIGHTLINE), band_flux(hsiao(), [name], SIGHTLINE), rtol=1e-12
        )


def test_real_bands_of_sncosmo_integrate_as_there(monkeypatch, sncosmo_dir):
    import sncosmo

    monkeypatch.setattr(sncosmo.builtins, "DATADIR", sncosmo.builtins.DataMirror(lambda: str(sncosmo_dir), "/nowhere"))
    for name in ("bessellv", "sdssr"):
        theirs = sncosmo.get_bandpass(name)
        # It sums in steps of 5 A.
        assert effective_wave(load_bands([theirs])[0]) == pytest.approx(theirs.wave_eff, rel=1e-4)


def test_an_aggregate_of_sncosmo_is_its_product():
    import sncosmo

    wave = np.arange(4000.0, 6000.0, 50.0)
    bell = np.exp(-0.5 * ((wave - 5000.0) / 300.0) ** 2)
    theirs = sncosmo.AggregateBandpass([(wave, bell), (wave + 20.0, np.linspace(0.2, 1.0, wave.size))], name="two")
    (band,) = load_bands([theirs])
    at = np.linspace(4020.0, 5950.0, 997)
    np.testing.assert_allclose(np.interp(at, band.wave, band.throughput), theirs(at), atol=2e-6)


@pytest.mark.filterwarnings("ignore")
def test_elements_of_synphot():
    synphot = pytest.importorskip("synphot")
    from synphot.models import Box1D, Empirical1D, Gaussian1D

    (ours,) = load_bands(["lsstr"])
    theirs = synphot.SpectralElement(Empirical1D, points=ours.wave, lookup_table=ours.throughput)
    (band,) = load_bands([theirs])
    np.testing.assert_allclose(band.throughput, ours.throughput, rtol=1e-12)
    np.testing.assert_allclose(band_flux(hsiao(), [theirs], SIGHTLINE), band_flux(hsiao(), [ours], SIGHTLINE))
    for model in (
        synphot.SpectralElement(Box1D, amplitude=1, x_0=5000, width=800),
        synphot.SpectralElement(Gaussian1D, amplitude=1, mean=5500, stddev=300),
    ):
        (band,) = load_bands([model])
        assert effective_wave(band) == pytest.approx(model.avgwave().value, rel=1e-4)


def test_a_filter_of_speclite_in_a_k_correction():
    from speclite.filters import load_filter

    theirs = load_filter("sdss2010-r")
    value = k_correction(hsiao(), "bessellv", theirs, 0.05, [0.0, 10.0])
    assert np.all(np.isfinite(value))


@pytest.mark.parametrize("wrong", [5, object(), b"lsstr", np.arange(3.0)])
def test_what_is_no_band_is_named(wrong):
    with pytest.raises(TypeError, match="is no band: expected a name, a Bandpass or a filter of sncosmo, speclite"):
        load_bands([wrong])


def test_one_filter_alone_is_asked_for_as_a_list():
    import sncosmo

    with pytest.raises(TypeError, match=r"write \['lsstr'\]"):
        load_bands(sncosmo.Bandpass([4000.0, 5000.0], [1.0, 1.0], name="lsstr"))
