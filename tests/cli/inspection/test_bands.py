"""The command bands: the filters that there are, by pattern."""

import json

import pytest
from click.testing import CliRunner

from sntransport.cli.main import main
from sntransport.photometry.bands import band_names


def run(*arguments):
    return CliRunner().invoke(main, ["bands", *map(str, arguments)])


def test_all_bands_are_listed_once():
    lines = run().stdout.splitlines()
    assert lines[0].split() == ["band", "pivot", "[A]", "width", "[A]", "vega", "[mag]", "source"]
    assert [line.split()[0] for line in lines[2:]] == list(band_names())


def test_patterns_choose_and_sources_are_cited():
    lines = run("LSST[gr]", "ztf*").stdout.splitlines()[2:]
    assert [line.split()[0] for line in lines] == ["lsstg", "lsstr", "ztfg", "ztfi", "ztfr"]
    assert "Ivezic et al. 2019" in lines[0]
    assert "speclite" not in lines[0]
    assert "speclite" in run("lsstg", "--verbose").stdout


def test_json_has_the_numbers(tmp_path):
    result = run("uvot::*", "--json", "--plot", tmp_path / "bands.png")
    (told,) = json.loads(result.stdout)["results"]
    assert {row["band"] for row in told["bands"]} == {name for name in band_names() if name.startswith("uvot::")}
    assert told["files"] == [str(tmp_path / "bands.png")]
    assert (tmp_path / "bands.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("pattern", "hint"), [("lsst", "did you mean lsst*?"), ("lsstq", "lsst"), ("zz*", "sntransport bands")]
)
def test_what_no_band_matches_is_one_line(pattern, hint):
    result = run(pattern)
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert hint in result.stderr


def test_commas_and_single_letters():
    runner = CliRunner()
    told = [json.loads(runner.invoke(main, ["bands", *words, "--json"]).stdout)["results"][0]["bands"]
            for words in (["lsstg,lsstr"], ["lsstg", "lsstr"], ["lsstg lsstr"])]  # fmt: skip
    assert [[row["band"] for row in rows] for rows in told] == [["lsstg", "lsstr"]] * 3
    assert "no band 'B'; did you mean bessellb, " in runner.invoke(main, ["bands", "B"]).stderr
