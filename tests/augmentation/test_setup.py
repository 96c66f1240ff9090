"""What a configuration of an augmentation selects by: SNANA's maps, cuts."""

import numpy as np
import pytest

from sntransport._storage.planned_config import ChangedInputError
from sntransport._storage.read_error import ReadError
from sntransport.augmentation.config import read_augmentation
from sntransport.augmentation.run import plan_augmentation
from sntransport.augmentation.setup import events, set_up
from sntransport.augmentation.training_templates import TrainingTemplate
from sntransport.spectra.grid import grid_wave
from sntransport.spectra.series import SpectralSeries

CONFIG = """
series = ["a.fits"]
[[survey]]
source = "ztf"
years = 0.2
[population]
redshift = { uniform = [0.02, 0.08] }
[simulation]
n = 600
[target.train]
Ia = 1
[selection]
"""
MAP = "VARNAMES: REDSHIFT SPECEFF\nSPECEFF: 0.0 1.0\nSPECEFF: 0.08 0.2\n"


def setup_of(tmp_path, more):
    (tmp_path / "spec.dat").write_text(MAP)
    (tmp_path / "config.toml").write_text(CONFIG + more)
    given = read_augmentation(tmp_path / "config.toml")
    survey, population = events(given, tmp_path / "config.toml")
    phase, wave = np.arange(-15.0, 40.0, 4.0), grid_wave(9700, 1000)
    flux = 0.3 * np.exp(-((phase[:, None] / 20.0) ** 2)) * np.ones(wave.size) * 1e-1
    series = SpectralSeries(phase=phase, wave=wave, flux=flux, name="a", sn_type="Ia")
    made = [TrainingTemplate(series=series, parents=("a",), split="train", kind="source")]
    return set_up(given, survey, population, made, tmp_path / "config.toml")


def test_a_map_of_snana_is_the_propensity(tmp_path):
    setup = setup_of(tmp_path, 'file = "spec.dat"\n')
    (curves,) = setup.parts(0, 600)
    np.testing.assert_allclose(setup.rule.propensity(curves), np.interp(curves.truth.z, [0.0, 0.08], [1.0, 0.2]))
    assert "selection" not in setup.options


def test_cuts_leave_what_passes_them(tmp_path):
    plain = setup_of(tmp_path, "")
    assert plain.rule.propensity is None
    (everything,) = plain.parts(0, 600)
    setup = setup_of(tmp_path, '[[cuts]]\nquantity = "z"\nmost = 0.05\n')
    (kept,) = setup.parts(0, 600)
    near = everything.truth.z <= 0.05
    np.testing.assert_array_equal(kept.truth.object_id, everything.truth.object_id[near])
    assert 0 < kept.n_object < everything.n_object


def test_a_map_by_field_has_the_fields_of_objects(tmp_path):
    (tmp_path / "field.dat").write_text("OPT_FIELDMATCH_REQUIRE: 0\nFIELD: 0\n" + MAP)
    setup = setup_of(tmp_path, 'file = "field.dat"\n')
    (curves,) = setup.parts(0, 600)
    chance = setup.rule.propensity(curves)
    assert not chance[curves.truth.more["field"] != "0"].any()


def test_a_changed_map_is_another_input(tmp_path):
    setup_of(tmp_path, 'file = "spec.dat"\n')
    (tmp_path / "a.fits").write_text("a series")
    planned = plan_augmentation(tmp_path / "config.toml")
    assert set(planned.checksums()) == {"a.fits", "spec.dat"}
    planned.require_unchanged()
    (tmp_path / "spec.dat").write_text(MAP.replace("0.2", "0.3"))
    with pytest.raises(ChangedInputError, match=r"the file spec\.dat has changed"):
        planned.require_unchanged()


def test_what_is_wrong_is_named(tmp_path):
    with pytest.raises(ReadError, match=r"selection\.band: no band 'u' among ztfg, ztfr"):
        setup_of(tmp_path, 'band = "u"\nhalf = 20.0\n')
    with pytest.raises(ReadError, match=r"cuts\[0\]\.quantity: least and most"):
        setup_of(tmp_path, '[[cuts]]\nquantity = "z"\nleast = 1\nmost = 0\n')
