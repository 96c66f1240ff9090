"""The command init: a folder that build says what is missing of, step by step until it is a supernova."""

import json
import tomllib

import numpy as np
import pytest
from click.testing import CliRunner

from sntransport.cli.main import main
from tests.support.synthetic import MJD_REF, SIGHTLINE, spectrum


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def said(folder, out):
    result = run("build", folder, "-o", out, "--no-figures")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1), result.output
    return result.stderr


# Brackets and a quotation mark, which patterns and TOML must not stumble over.
@pytest.mark.parametrize("name", ["SN2030abc", 'my [1] "sn"'])
def test_build_says_what_is_missing_until_it_builds(tmp_path, name):
    folder, out = tmp_path / name, tmp_path / "out"
    result = run("init", folder)
    assert result.exit_code == 0, result.output
    assert tomllib.loads((folder / "sn.toml").read_text())["name"] == name
    assert "z is missing" in said(folder, out)
    toml = folder / "sn.toml"
    toml.write_text(toml.read_text().replace("# z = 0.01", f"z = {SIGHTLINE.z}"))
    assert "no spectra" in said(folder, out)
    for phase in (2.0, 12.0):
        one = spectrum(phase)
        path = folder / "spectra" / f"{phase:.0f}.txt"
        np.savetxt(path, np.stack([one.wave, one.flux], axis=1), header=f"MJD = {one.mjd}")
    result = run("build", folder, "-o", out, "--no-figures")
    assert (result.exit_code, "no photometry is used" in result.stderr) == (0, True)
    with (folder / "photometry.csv").open("a") as file:
        file.write(f"{MJD_REF + 3},bessellv,16.1,0.05,Vega\n")
    result = run("build", folder, "-o", out, "--no-figures")
    assert (result.exit_code, "no photometry is used" in result.stderr) == (0, False)
    assert json.loads(run("info", folder, "--json").stdout)["results"][0]["measurements"] == 1


def test_what_is_known_is_filled_in(tmp_path):
    assert run("init", tmp_path / "a", "--name", "SN 2030a", "--type", "Ia", "--z", "0.02").exit_code == 0
    held = tomllib.loads((tmp_path / "a" / "sn.toml").read_text())
    assert held == {"name": "SN 2030a", "type": "Ia", "z": 0.02}
    assert "no spectra" in said(tmp_path / "a", tmp_path / "out")


def test_every_key_that_is_shown_is_one_that_is_read(tmp_path):
    from sntransport.reading.folder_keys import FOLDER_KEYS

    run("init", tmp_path / "a")
    lines = (tmp_path / "a" / "sn.toml").read_text().splitlines()
    shown = {line.removeprefix("# ").split(" = ")[0] for line in lines if " = " in line}
    assert shown - {"file", "mjd", "flux_unit"} - {line for line in shown if " " in line} <= set(FOLDER_KEYS)
    assert len(shown) > 10


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine.txt").write_text("kept")
    result = run("init", tmp_path / "a")
    assert result.exit_code == 1
    assert "holds something already" in result.stderr
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["mine.txt"]
    (tmp_path / "b").mkdir()
    assert run("init", tmp_path / "b").exit_code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "b").rglob("*") if path.is_file()}
    assert run("init", tmp_path / "b").exit_code == 1
    assert before == {path: path.read_bytes() for path in (tmp_path / "b").rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--z", "-2"), "--z is -2, no redshift: expected more than -1\n"),
        (("--type", "foo"), "--type: class 'foo' not known"),
    ],
)
def test_values_that_are_none_are_refused(tmp_path, option, words):
    result = run("init", tmp_path / "a", *option)
    assert (result.exit_code, words in result.stderr, (tmp_path / "a").exists()) == (1, True, False)


@pytest.mark.filterwarnings("default")
def test_an_unusual_redshift_is_a_warning(tmp_path):
    result = run("init", tmp_path / "a", "--z", "-0.5")
    assert (result.exit_code, "a blueshift of" in result.stderr) == (0, True)
