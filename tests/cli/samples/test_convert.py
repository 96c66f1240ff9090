"""The command convert: a run in one format is the run in another, and what would be lost is said first."""

import json

import pytest
from astropy.table import Table
from click.testing import CliRunner

from sntransport.cli.main import main
from sntransport.datasets.conversion.set_files import parquet_class_codes
from sntransport.datasets.nested_parquet import write_nested_parquet
from tests.datasets.conversion.test_set_files import curves, read_light_curves, require_same

CONFIG = """
seed = 2
[[survey]]
source = "lsst_ddf"
years = 0.2
[[population]]
name = "Ia"
templates = ["hsiao"]
peak_band = "bessellb"
peak_mag = -19.3
objects = 60
redshift = { uniform = [0.05, 0.3] }
"""


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The same simulation in three formats, two shards each."""
    folder = tmp_path_factory.mktemp("convert") / "in [1]"
    folder.mkdir()
    (folder / "c.toml").write_text(CONFIG)
    for kind in ("fits", "parquet", "snana"):
        words = ("-o", folder / kind, "--format", kind, "--chunk", "40", "--workers", "1", "-q")
        result = run("simulate", folder / "c.toml", *words)
        assert result.exit_code == 0, result.output
    return folder


@pytest.mark.parametrize(("before", "after"), [("fits", "parquet"), ("parquet", "fits")])
def test_a_converted_run_is_the_run_in_the_other_format(runs, tmp_path, before, after):
    result = run("convert", runs / before / "Ia", "--to", after, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    end = {"fits": ".fits", "parquet": ".parquet"}[after]
    files = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in files] == [f"shard-00000{end}", f"shard-00001{end}"]
    for path in files:
        require_same(read_light_curves(path), read_light_curves(runs / after / "Ia" / path.name))


def test_what_would_be_lost_is_said_and_nothing_is_written(runs, tmp_path):
    result = run("convert", runs / "fits" / "Ia", "--to", "snana", "-o", tmp_path / "out")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "has no place for" in result.stderr
    assert "--lossy" in result.stderr
    assert not (tmp_path / "out").exists()
    result = run("convert", runs / "fits" / "Ia", "--to", "snana", "-o", tmp_path / "out", "--lossy")
    assert result.exit_code == 0, result.output
    assert "lost in snana" in result.stderr
    names = [path.name for path in sorted((tmp_path / "out").iterdir())]
    shards = [f"shard-0000{i}_{part}.FITS" for i in (0, 1) for part in ("HEAD", "PHOT")]
    assert names == ["out.LIST", "out.README", *shards]


def test_from_snana(runs, tmp_path):
    result = run("convert", runs / "snana" / "Ia", "--to", "parquet", "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    (told,) = json.loads(result.stdout)["results"]
    made = [read_light_curves(path) for path in sorted((tmp_path / "out").iterdir())]
    whole = [read_light_curves(path) for path in sorted((runs / "parquet" / "Ia").glob("*.parquet"))]
    assert told["objects"] == sum(one.n_object for one in whole) == sum(one.n_object for one in made)
    assert {band for one in made for band in one.bands} <= set(whole[0].bands)


def test_numbers_of_classes_stay_what_they_were(tmp_path):
    # As of one population of a run of several, which alone would be numbered anew.
    numbers = {"Ia": 7, "II": 9, "Ib/c": 3}
    write_nested_parquet(curves(), tmp_path / "set.parquet", class_codes=numbers)
    result = run("convert", tmp_path / "set.parquet", "--to", "fits", "-o", tmp_path / "fits")
    assert result.exit_code == 0, result.output
    truth = Table.read(tmp_path / "fits" / "set.fits", "TRUTH")
    assert {(str(row["CLASS"]), int(row["CLASS_CODE"])) for row in truth} <= set(numbers.items())
    result = run("convert", tmp_path / "fits" / "set.fits", "--to", "snana", "-o", tmp_path / "snana", "--lossy")
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (tmp_path / "snana").iterdir()) == [
        "set_HEAD.FITS", "set_PHOT.FITS", "snana.LIST", "snana.README",
    ]  # fmt: skip
    head = Table.read(tmp_path / "snana" / "set_HEAD.FITS", 1)
    assert head["SNTYPE"].tolist() == truth["CLASS_CODE"].tolist()
    result = run("convert", tmp_path / "snana", "--to", "parquet", "-o", tmp_path / "again")
    assert result.exit_code == 0, result.output
    assert parquet_class_codes(tmp_path / "again" / "set.parquet").items() >= {("Ia", 7)}


def test_wrong_sets_are_one_line(runs, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    good = runs / "fits" / "Ia"
    for source, out, remedy in (
        (runs / "fits", tmp_path / "out", "give one of its sets: Ia"),
        (tmp_path / "a.csv", tmp_path / "out", "no light curves that are read"),
        (good, tmp_path / "full", "holds something already"),
        (good / "manifest.json", tmp_path / "out", "no light curves that are read"),
    ):
        result = run("convert", source, "--to", "parquet", "-o", out)
        assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1), result.output
        assert remedy in result.stderr
    assert run("convert", good, "--to", "magic", "-o", tmp_path / "out").exit_code == 2
    assert run("convert", good, "--to", "fits", "-o", tmp_path / "out", "--band", "g").exit_code == 2


def test_a_series_has_a_command_of_its_own(tmp_path):
    import numpy as np

    import sntransport as snt

    series = snt.SpectralSeries(phase=[0.0, 1.0], wave=[4000.0, 5000.0], flux=np.ones((2, 2)), name="a")
    snt.write_series(series, tmp_path / "a.fits")
    result = run("convert", tmp_path / "a.fits", "--to", "parquet", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "sntransport export" in result.stderr
