"""The command survey: a table of bands, and a SIMLIB file."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from sntransport.cli.main import main
from sntransport.simulation.surveys.formats.load import load_survey


def run(*arguments):
    return CliRunner().invoke(main, ["survey", *map(str, arguments)])


def test_a_survey_is_told_by_its_bands():
    done = run("ztf", "--option", "years=0.2", "--json")
    assert done.exit_code == 0, done.output
    (told,) = json.loads(done.stdout)["results"]
    survey = load_survey("ztf", years=0.2)
    assert told["visits"] == survey.n_visit == sum(row["visits"] for row in told["bands"])
    assert [row["band"] for row in told["bands"]] == ["ztfg", "ztfr"]
    assert [row["depth"] for row in told["bands"]] == pytest.approx([20.8, 20.6], abs=0.3)
    assert "ztfg" in run("ztf", "--option", "years=0.2").output


def test_visits_for_snana(tmp_path):
    path = tmp_path / "z.simlib.gz"
    done = run("ztf", "--option", "years=0.1", "--to-simlib", path, "--name", "ZTF", "--letter", "ztfr=R")
    assert done.exit_code == 0, done.output
    assert f"wrote {path} (g ztfg, R ztfr)" in done.output.replace("\n", " ")
    back = load_survey(path, radius=3.868)
    assert np.bincount(back.band).tolist() == np.bincount(load_survey("ztf", years=0.1).band).tolist()
    moving = run("lsst_wfd", "--option", "years=0.1", "--to-simlib", tmp_path / "w.simlib")
    assert "--cell 2 makes blocks of all visits" in moving.output
    cells = run("lsst_wfd", "--option", "years=0.1", "--to-simlib", tmp_path / "w.simlib", "--cell", "10")
    assert "--cell 2" not in cells.output


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["nothing"], "no survey of that name and no such file", 1),
        (["ztf", "--option", "years"], "expected KEY=VALUE as TOML", 2),
        (["ztf", "--option", "year=1"], "no option 'year' for this kind of survey", 1),
        (["ztf", "--letter", "g"], "expected BAND=LETTER", 2),
        (["ztf", "--option", "years=0.1", "--to-simlib", "s", "--name", "a b"], "expected one word", 1),
    ],
)
def test_what_is_wrong_is_said(tmp_path, monkeypatch, arguments, message, code):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == code
    assert message in done.output
    assert not list(tmp_path.iterdir())
