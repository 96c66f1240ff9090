"""Mean series of a class: sources of sncosmo, and the mean of several templates."""

import dataclasses
import json

import numpy as np
import pytest
import sncosmo
from click.testing import CliRunner

import sntransport as snt
from sntransport.cli.main import main
from sntransport.spectra.series import SpectralSeries
from sntransport.transport.templates.by_class import ClassTransport
from sntransport.transport.templates.sources import hsiao, mean_template, sncosmo_template
from sntransport.validation.leave_out import judge

PHASE = np.arange(-10.0, 41.0)
WAVE = np.arange(3000.0, 9000.1, 10.0)


def template(slope=0.0, *, phase=PHASE, wave=WAVE, level=1.0, name="t", sn_type="Ia"):
    fade = np.exp(-0.5 * (phase[:, None] / 20.0) ** 2)
    return SpectralSeries(
        phase=phase, wave=wave, flux=level * fade * (wave / 5500.0) ** slope, name=name, sn_type=sn_type
    )


@pytest.fixture
def own_data(monkeypatch, sncosmo_dir):
    """As on a machine whose sncosmo has its files and no network."""
    monkeypatch.setattr(sncosmo.builtins, "DATADIR", sncosmo.builtins.DataMirror(lambda: str(sncosmo_dir), "/nowhere"))


def test_a_source_of_sncosmo_is_what_sncosmo_evaluates(own_data):
    series = sncosmo_template("salt3")
    source = sncosmo.get_source("salt3", copy=True)
    expected = source.flux(series.phase.copy(), series.wave.copy())
    np.testing.assert_allclose(series.flux, np.maximum(expected, 0.0), rtol=1e-12)
    assert (series.wave[0], series.wave[-1]) == (2000.0, 11000.0)
    assert series.phase[-1] == 50.0
    assert series.phase[0] < -9.0
    assert (series.name, series.sn_type) == ("sncosmo salt3 2.0", "")
    # The brightest B is at phase 0, as templates have it.
    light = snt.band_flux(series, ["bessellb"], snt.Sightline(z=0.0, distance_modulus=0.0))[:, 0]
    assert abs(series.phase[np.argmax(light)]) <= 1.0


def test_a_source_that_is_not_there(monkeypatch, own_data):
    with pytest.raises(ValueError, match="source 'nosuch' of sncosmo"):
        sncosmo_template("nosuch")

    def offline(*args, **kwargs):
        raise OSError("no route")

    monkeypatch.setattr(sncosmo, "get_source", offline)
    with pytest.raises(OSError, match="'salt3' of sncosmo: not in its data directory, and could not be fetched"):
        sncosmo_template("salt3")


def test_the_mean_is_that_of_the_logarithms():
    got = mean_template([template(-2.0, name="blue"), template(1.0, level=40.0, name="red")])
    expected = template(-0.5)
    ratio = np.log(got.flux / expected.flux)
    np.testing.assert_allclose(ratio, ratio[0, 0], atol=1e-9)
    # At the level of the first: in ln flux, over all phases and wavelengths.
    assert np.mean(np.log(got.flux / template(-2.0).flux)) == pytest.approx(0.0, abs=1e-9)
    assert (got.name, got.sn_type) == ("blue + red", "Ia")
    np.testing.assert_array_equal(got.phase, PHASE)
    np.testing.assert_allclose(got.wave, WAVE)
    assert mean_template([template()], name="one").name == "one"


def test_the_mean_of_one_template_twice_is_that_template():
    series = hsiao()
    got = mean_template([series, dataclasses.replace(series, flux=3.0 * series.flux)])
    lit = series.flux > 1e-3 * series.flux.mean(axis=1, keepdims=True)
    # At the level of the first.
    np.testing.assert_allclose(got.flux[lit], series.flux[lit], rtol=1e-9)


def test_where_one_ends_the_other_goes_on_without_a_step():
    short = template(2.0, phase=np.arange(0.0, 21.0), wave=np.arange(4000.0, 7000.1, 10.0))
    got = mean_template([template(0.0), short])
    np.testing.assert_array_equal(got.phase, PHASE)
    change = np.log(got.flux / template(0.0).flux)
    outside = (got.phase < -0.5) | (got.phase > 20.5)
    # Alone, the first is itself; and shares change by 1/15 a day and by 1/50 a bin at most.
    np.testing.assert_allclose(change[outside], 0.0, atol=1e-4)
    np.testing.assert_allclose(change[:, (WAVE < 3995) | (WAVE > 7005)], 0.0, atol=1e-4)
    largest = np.abs(change).max()
    assert 0.05 < largest < 0.3
    assert np.abs(np.diff(change, axis=0)).max() < 0.08
    assert np.abs(np.diff(change, axis=1)).max() < 0.02


def test_templates_that_do_not_go_together():
    with pytest.raises(ValueError, match="no templates"):
        mean_template([])
    with pytest.raises(ValueError, match="templates of one class expected"):
        mean_template([template(), template(sn_type="II")])
    with pytest.raises(ValueError, match="phase 0 of 'sn' is a date, MJD 59000"):
        mean_template([template(), dataclasses.replace(template(name="sn"), mjd_ref=59000.0)])
    assert mean_template([template(sn_type=""), template()]).sn_type == "Ia"
    late = template(phase=PHASE + 100.0, name="late")
    with pytest.raises(ValueError, match="'t' and 'late' share no phase"):
        mean_template([template(), late])
    holes = template().flux.copy()
    holes[3, 5] = np.nan
    with pytest.raises(ValueError, match="'holes' has no phases or a flux that is not finite"):
        mean_template([SpectralSeries(phase=PHASE, wave=WAVE, flux=holes, name="holes", sn_type="Ia")])
    early_red = template(phase=np.arange(-10.0, 11.0), wave=np.arange(5000.0, 9000.1, 10.0))
    late_blue = template(phase=np.arange(0.0, 41.0), wave=np.arange(3000.0, 6000.1, 10.0))
    with pytest.raises(ValueError, match="no template covers 3000 A at phase -10 d"):
        mean_template([early_red, late_blue])


@pytest.mark.study
def test_beside_the_mean_of_two_templates_supernovae_are_rebuilt_better(own_data, osc_dir):
    """Pinned: normal type Ia beyond 20 d, from the same supernovae as docs/records/interpolation.md."""
    both = mean_template([hsiao(), sncosmo_template("salt3")])
    names = ("SN2012cg", "SN2012ht", "iPTF13dge")
    real = [snt.read_supernova(osc_dir / f"{name}.json.gz") for name in names]
    family = {"one": ClassTransport(), "both": ClassTransport(templates={"Ia": lambda: both})}
    triplets = judge(real, family)
    wide = triplets.gap > 20.0
    ratio = {
        name: np.exp(
            np.mean(
                [
                    np.mean(np.log(triplets.feature[k, mine] / triplets.feature[0, mine]))
                    for mine in (wide & (triplets.supernova == one) for one in names)
                ]
            )
        )
        for k, name in enumerate(triplets.interpolators)
    }
    assert triplets.interpolators[0] == "log_linear"
    assert ratio["both"] == pytest.approx(0.60, abs=0.02)
    assert ratio["both"] < ratio["one"] - 0.02


def test_command(own_data, tmp_path, osc_dir):
    out = tmp_path / "ia.fits"
    done = CliRunner().invoke(main, ["template", "mean", "hsiao", "salt3", "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert "mean of hsiao, salt3: Hsiao et al. (2007) + sncosmo salt3 2.0" in done.output
    made = snt.read_series(out)
    assert (made.phase[0], made.phase[-1], made.sn_type) == (-18.0, 85.0, "Ia")
    again = CliRunner().invoke(main, ["template", "mean", str(out), "-o", str(tmp_path / "again.fits"), "--name", "x"])
    assert again.exit_code == 0, again.output
    lit = made.flux > 1e-3 * made.flux.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(snt.read_series(tmp_path / "again.fits").flux[lit], made.flux[lit], rtol=1e-9)
    sn = str(osc_dir / "iPTF13dge.json.gz")
    judged = CliRunner().invoke(main, ["validate", sn, "--interpolator", "class_transport", "--template", str(out)])
    assert judged.exit_code == 0, judged.output
    assert "beside_template" in judged.output
    narrow = CliRunner().invoke(main, ["validate", sn, "--max-gap", "2", "--json"])
    assert narrow.exit_code == 1
    assert "at most 2 d apart: nothing to judge" in narrow.output
    (told,) = json.loads(CliRunner().invoke(main, ["validate", sn, "--max-gap", "25", "--json"]).stdout)["results"]
    assert {one["gap"] for one in told["scores"]}.isdisjoint({"30-45", "45-70"})
    alone = CliRunner().invoke(main, ["template", "mean", "salt3", "-o", str(tmp_path / "x.fits")])
    assert alone.exit_code == 1
    assert "salt3: no source says of which class it is; give it with --type" in alone.output
    unknown = CliRunner().invoke(main, ["template", "mean", "nosuch", "-o", str(tmp_path / "x.fits")])
    assert unknown.exit_code == 1
    assert "source 'nosuch' of sncosmo" in unknown.output
    assert not (tmp_path / "x.fits").exists()
