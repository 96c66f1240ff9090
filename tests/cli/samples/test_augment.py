"""The command `augment`: from a configuration to files, the same bytes again, and messages that say what to do."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from click.testing import CliRunner

import sntransport as snt
from sntransport._storage.read_error import ReadError
from sntransport.augmentation.config import read_augmentation
from sntransport.augmentation.setup import mixing, read_all, templates
from sntransport.cli.main import main
from sntransport.spectra.grid import grid_wave
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.series_file import with_aliases
from tests.conftest import ROOT

CONFIG = """
seed = 3
series = ["*.fits"]
[split]
train = 0.6
test = 0.4
[templates]
mixtures = 2
draws = 1
barycenter = "linear"
[[survey]]
source = "ztf"
years = 0.5
[population]
redshift = { uniform = [0.02, 0.05] }
ebv_host = { exponential = 0.05, max = 0.5 }
mag_offset = { normal = [0.0, 0.1] }
[simulation]
n = 1500
[target.train]
Ia = 60
II = 40
[target.test]
Ia = 10
[balance]
z_edges = [0.02, 0.035, 0.05]
[selection]
band = "ztfr"
half = 18.0
undo = true
"""

WAVE = grid_wave(9700, 1000)
PHASE = np.arange(-15.0, 40.0, 2.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("augment")
    for k, (name, sn_type) in enumerate([(f"SN200{i}{c}", t) for i, t in ((1, "Ia"), (2, "II P")) for c in "abcd"]):
        light = 0.1 * (1 + 0.1 * k) * np.exp(-((PHASE[:, None] / (20.0 + k)) ** 2))
        flux = light * (WAVE / 5000.0) ** -1.5
        made = SpectralSeries(phase=PHASE, wave=WAVE, flux=flux, flux_err=0.05 * flux, name=name, sn_type=sn_type)
        snt.write_series(made, path / f"{name}.fits")
    return path


def run(folder, text, out):
    config = folder / "config.toml"
    config.write_text(text)
    return CliRunner().invoke(main, ["augment", str(config), "-o", str(folder / out)])


@pytest.fixture(scope="module")
def done(folder):
    return run(folder, CONFIG, "out")


def test_files_hold_what_the_target_asks_for(folder, done):
    assert done.exit_code == 0, done.output
    assert "8 source templates, 4 mixture templates, 8 draw templates" in done.output
    with fits.open(folder / "out" / "train-00000.fits", checksum=True) as hdus:
        objects, photometry = hdus["OBJECTS"].data, hdus["PHOTOMETRY"].data
        assert [int((objects["CLASS"] == name).sum()) for name in ("Ia", "II")] == [60, 40]
        assert np.histogram(objects["Z"][objects["CLASS"] == "Ia"], [0.02, 0.035, 0.05])[0].tolist() == [30, 30]
        assert objects["FIRST"][-1] + objects["N_OBS"][-1] == len(photometry)
        assert objects["WEIGHT"].std() > 0
        one = objects[3]
        rows = slice(one["FIRST"], one["FIRST"] + one["N_OBS"])
        assert np.all(np.diff(photometry["MJD"][rows]) >= 0)
        assert hdus["PHOTOMETRY"].columns["FLUX"].unit == "nJy"
        assert list(hdus["BANDS"].data["NAME"]) == ["ztfg", "ztfr"]
        train = {name for parents in objects["PARENTS"] for name in parents.split("+")}
        templates = hdus["TEMPLATES"].data
        assert set(templates["KIND"]) == {"source", "mixture", "draw"}
        assert any("weights undo" in note for note in hdus["NOTES"].data["NOTE"])
    with fits.open(folder / "out" / "test-00000.fits") as hdus:
        test = set(hdus["OBJECTS"].data["PARENTS"])
        assert len(hdus["OBJECTS"].data) == 10
    assert test
    assert not train & test


def test_the_same_configuration_gives_the_same_bytes(folder, done):
    assert run(folder, CONFIG, "again").exit_code == 0
    for name in ("train-00000.fits", "test-00000.fits"):
        assert (folder / "again" / name).read_bytes() == (folder / "out" / name).read_bytes()


def test_other_formats_hold_the_same_objects(folder, done):
    from sntransport.datasets.nested_parquet import read_nested_parquet

    config = folder / "config.toml"
    config.write_text(CONFIG)
    made = CliRunner().invoke(main, ["augment", str(config), "-o", str(folder / "pq"), "--format", "parquet", "--json"])
    assert made.exit_code == 0, made.output
    results = json.loads(made.output)["results"]
    assert [Path(one["output"]).name for one in results] == [
        "test-00000.parquet",
        "train-00000.parquet",
        "templates.ecsv",
    ]
    curves = read_nested_parquet(folder / "pq" / "train-00000.parquet")
    templates = Table.read(folder / "pq" / "templates.ecsv")
    with fits.open(folder / "out" / "train-00000.fits") as hdus:
        objects = hdus["OBJECTS"].data
        np.testing.assert_array_equal(objects["OBJECT_ID"], curves.truth.object_id)
        np.testing.assert_array_equal(objects["WEIGHT"], curves.truth.weight)
        parents = dict(zip(templates["name"], templates["parents"], strict=True))
        names = [curves.template_names[i] for i in curves.truth.template]
        assert [parents[name] for name in names] == list(objects["PARENTS"])


def test_a_finished_set_is_left_alone_and_a_changed_input_refused(folder, done):
    config = folder / "config.toml"
    config.write_text(CONFIG)
    before = {path: path.stat().st_mtime_ns for path in (folder / "pq").iterdir()}
    again = CliRunner().invoke(main, ["augment", str(config), "-o", str(folder / "pq"), "--format", "parquet"])
    assert again.exit_code == 0, again.output
    assert "is finished already" in again.output
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "pq").iterdir()}
    config.write_text(CONFIG.replace("years = 0.5", "years = 0.4") + "# changed\n")
    other = CliRunner().invoke(main, ["augment", str(config), "-o", str(folder / "pq"), "--format", "parquet"])
    assert other.exit_code == 1
    assert "holds the output of something else: survey[0].years was 0.5 and is now 0.4" in other.output
    config.write_text(CONFIG + "# changed\n")
    assert (
        CliRunner().invoke(main, ["augment", str(config), "-o", str(folder / "pq"), "--format", "parquet"]).exit_code
        == 0
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mixtures = 2", "mixture = 2", "templates.mixture: no such key; did you mean mixtures?"),
        ("[balance]", "[balans]", "balans: no such key; did you mean balance?"),
        ("seed = 3", "seed = true", "seed: is True; expected a whole number"),
        ("seed = 3", "seeds = 3", "seeds: no such key; did you mean seed"),
        ("n = 1500", "", "simulation.n: missing; give it a whole number"),
        ("n = 1500", "n = '9'", "expected a whole number"),
        (
            "[target.train]\nIa = 60\nII = 40\n[target.test]\nIa = 10\n",
            "",
            "target: missing or empty; give it a table",
        ),
        ("Ia = 60", "Ia = 6.5", "target.train: is {'Ia': 6.5, 'II': 40}; expected a table of whole numbers"),
        ("[target.test]\nIa = 10", "[target]\ntest = 3", "target.test: is 3; expected a table of whole numbers"),
        ('"*.fits"', "3", "series: is [3]; expected a list of texts"),
        ("[0.02, 0.035, 0.05]", "['a']", "balance.z_edges: is ['a']; expected a list of numbers"),
        ("seed = 3", "seed = -1", "seed: is -1; expected 0 or more"),
        ("train = 0.6", "train = nan", "split.train: is nan; expected a finite number"),
        ("train = 0.6", f"train = 1{'0' * 400}", "split.train: is a number of 401 digits"),
        ("half = 18.0", "half = inf", "selection.half: is inf; expected a finite number"),
        ("[[survey]]", "[survey]", "survey: missing or not a list of tables; add one or more [[survey]]"),
        ("years = 0.5", "year = 0.5", "no option 'year' for this kind of survey"),
        ("Ia = 60", "Ia = 60000", "asked for; simulate more or ask for fewer"),
        ("Ia = 60", "'Ib/c' = 6", "in the split 'train' asked for, but no template: no series is of class Ib/c"),
        ("[target.test]", "[target.tset]", "in the split 'tset' asked for, but no template"),
        ('"linear"', '"mean"', "templates.barycenter: is 'mean'; expected features, wasserstein, linear"),
        ('"ztfr"', '"lsstr"', "no band 'lsstr' among ztfg, ztfr"),
        ("[0.02, 0.05]", "[0.02]", "population.redshift.uniform: is [0.02]; expected a list of 2 numbers"),
        ("mag_offset", "mag_ofset", "population.mag_ofset: no such key; did you mean mag_offset"),
        ('"*.fits"', '"*.fit"', "*.fit: no such file"),
        ("seed = 3", "seed = = 3", "is not TOML"),
        ("[split]", "[x]", "x: no such key; expected seed, series, split"),
        ("[split]\ntrain = 0.6\ntest = 0.4", "split = 3", "split: is 3; make it a table, [split]"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder, old, new, message):
    assert old in CONFIG
    made = run(folder, CONFIG.replace(old, new), "bad")
    assert made.exit_code == 1
    assert message in made.output
    assert len(made.output.strip().splitlines()) == 1
    assert not (folder / "bad").exists()


def test_events_seen_by_two_surveys(folder):
    text = CONFIG.replace("[population]", '[[survey]]\nsource = "atlas"\nyears = 0.4\n[population]')
    text = text.replace("n = 1500", 'n = 1500\nplaces = "all"')
    made = run(folder, text, "two")
    assert made.exit_code == 0, made.output
    with fits.open(folder / "two" / "train-00000.fits") as hdus:
        bands = list(zip(hdus["BANDS"].data["NAME"], hdus["BANDS"].data["SURVEY"], strict=True))
        objects, photometry = hdus["OBJECTS"].data, hdus["PHOTOMETRY"].data
    assert bands == [("ztfg", "ztf"), ("ztfr", "ztf"), ("atlasc", "atlas"), ("atlaso", "atlas")]
    owner = np.repeat(np.arange(len(objects)), objects["N_OBS"])
    seen = [np.isin(np.arange(len(objects)), owner[np.isin(photometry["BAND"], of)]) for of in ((0, 1), (2, 3))]
    assert np.mean(seen[0] & seen[1]) > 0.5
    years = [snt.load_survey(name, years=length) for name, length in (("ztf", 0.5), ("atlas", 0.4))]
    assert objects["MJD_REF"].max() <= min(one.mjd[-1] for one in years)
    manifest = json.loads((folder / "two" / "manifest.json").read_text())
    assert manifest["shards"][0]["extra"]["bands"] == [list(pair) for pair in bands]
    alone = run(folder, text.replace('"all"', '"first"'), "first")
    assert alone.exit_code == 0, alone.output
    with fits.open(folder / "first" / "train-00000.fits") as hdus:
        assert hdus["OBJECTS"].data["MJD_REF"].max() > min(one.mjd[-1] for one in years)
    wrong = run(folder, text.replace('"all"', '"both"'), "bad")
    assert "simulation.places: is 'both'; expected first, all, any" in wrong.output


def test_one_supernova_under_two_names_is_in_one_split(folder, tmp_path):
    made = snt.read_series(folder / "SN2001a.fits")
    snt.write_series(dataclasses.replace(made, name="V19_SN2001a_corr"), tmp_path / "twin.fits")
    text = CONFIG.replace('["*.fits"]', f'["*.fits", "{tmp_path}/twin.fits"]').replace("draws = 1", "draws = 0")
    made = run(folder, text, "twins")
    assert made.exit_code == 0, made.output
    with fits.open(folder / "twins" / "train-00000.fits") as hdus:
        templates = hdus["TEMPLATES"].data
        split = {name: split for name, split, kind in zip(templates["NAME"], templates["SPLIT"], templates["KIND"],
                                                          strict=True) if kind == "source"}  # fmt: skip
    assert split["SN2001a"] == split["V19_SN2001a_corr"]


def test_what_is_left_out_has_its_default(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('series = ["a"]\n[[survey]]\nsource = "ztf"\n[population]\nredshift = 0.1\n'
                    "[simulation]\nn = 1\n[target.train]\nIa = 1\n")  # fmt: skip
    config = read_augmentation(path)
    assert config["split"] == {"train": 0.7, "test": 0.3}
    assert config["templates"]["augmented"] == ["train"]
    assert config["simulation"] == {
        "n": 1, "keep": "triggered", "uncovered": "drop", "true_flux": False, "places": "first",
    }  # fmt: skip
    assert config["selection"]["band"] is None
    with pytest.raises(ReadError, match="cannot be read"):
        read_augmentation(tmp_path / "absent.toml")


def test_mixing_by_name():
    assert mixing("linear") is not mixing("features")
    assert callable(mixing("wasserstein"))


def test_supernovae_are_built_on_the_way(osc_dir):
    (source,) = read_all(["LSQ12gpw.json.*"], osc_dir)
    assert source.series.name == "LSQ12gpw"
    assert source.series.n_phase > 5


def test_aliases_and_identical_data_are_in_one_split(tmp_path):
    """By the aliases in a series file, and where two files hold the same data."""
    flux = np.exp(-((PHASE[:, None] / 20.0) ** 2)) * (WAVE / 5000.0) ** -1.5

    def write(name, k, **more):
        made = SpectralSeries(phase=PHASE, wave=WAVE, flux=(1.0 + k) * flux, name=name, sn_type="Ia")
        snt.write_series(made, tmp_path / f"{name}.fits", **more)

    for k in range(6):
        write(f"SN200{k}a", k)
    write("PTF11x", 7, provenance=with_aliases({}, ["SN 2001a", "NGC 1"]))
    write("PTF12y", 8, provenance=with_aliases({}, ["NGC 1"]))
    write("copied", 3)
    config = AUGMENT | {"": {"seed": 1, "series": ["*.fits"]}, "split": {"a": 0.5, "b": 0.5}}
    apart = False
    for seed in range(12):
        config[""]["seed"] = seed
        split = {one.series.name: one.split for one in templates(config, tmp_path / "c.toml")}
        assert split["PTF11x"] == split["SN2001a"]
        assert split["copied"] == split["SN2003a"]
        # A galaxy that both are in does not make one of them.
        apart |= split["PTF11x"] != split["PTF12y"]
    assert apart


AUGMENT = {
    "templates": {"mixtures": 0, "draws": 0, "augmented": [], "parents": 2, "concentration": 1.0},
    "target": {"a": {"Ia": 1}, "b": {"Ia": 1}},
}


def test_the_example_runs_in_a_folder_of_any_name(folder, tmp_path):
    # As it is in examples/, but for its size and for the supernova of the catalog, which is not at hand.
    text = (ROOT / "examples" / "augment.toml").read_text(encoding="utf-8")
    for before, after in (
        (', "SN2013am.json.gz"]', "]"), ("n = 100000", "n = 600"), ("{ Ia = 1000, II = 1000 }", "{ Ia = 5, II = 5 }"),
        ("{ Ia = 200, II = 200 }", "{ Ia = 1, II = 1 }"), ("mixtures = 20", "mixtures = 2"),
        ('biased = ["train"]', "biased = []"),
    ):  # fmt: skip
        assert before in text, before
        text = text.replace(before, after)
    place = tmp_path / "my [1] set"
    (place / "series").mkdir(parents=True)
    for path in folder.glob("SN*.fits"):
        (place / "series" / path.name).write_bytes(path.read_bytes())
    result = run(place, text, "out")
    assert result.exit_code == 0, result.output
    assert [path.name for path in sorted((place / "out").glob("*.fits"))] == ["test-00000.fits", "train-00000.fits"]
    # A changed input is noticed in such a folder, too.
    (place / "series" / "SN2001a.fits").write_bytes((place / "series" / "SN2001b.fits").read_bytes())
    result = run(place, text, "out")
    assert result.exit_code != 0
    assert "SN2001a.fits" in result.stderr
