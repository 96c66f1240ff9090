"""Selection from a configuration, through a run and back from its manifest."""

import json
import re

import pytest
from click.testing import CliRunner

from sntransport._storage.read_error import ReadError
from sntransport.cli.main import main
from sntransport.simulation.config import read_simulation
from sntransport.simulation.selection.efficiencies import EfficiencyMaps, PeakEfficiency
from tests.simulation.selection.test_snana_efficiency_maps import SPEC
from tests.simulation.selection.test_snana_trigger_logic import TEXT

POPULATION = """
[[population]]
name = "a"
templates = ["hsiao"]
redshift = { uniform = [0.02, 0.1] }
objects = 300
peak_band = "bessellb"
peak_mag = -19.3
"""
SURVEY = '[[survey]]\nsource = "ztf"\nyears = 0.3\n'
SELECTION = """
[detection]
trigger = "g and r within 10 d"
[spectroscopy]
file = "spec.dat"
[host_redshift]
band = "r"
half = 17.5
[[cuts]]
quantity = "snr_max"
least = 8
bands = ["g", "r"]
n_bands = 2
phase = [-20, 60]
[[cuts]]
quantity = "has_redshift"
least = 1
name = "redshift known"
[[prescale]]
factor = 2
z = [0.05, 1]
"""


def written(tmp_path, selection, top=""):
    (tmp_path / "spec.dat").write_text(re.sub(r"FIELD:.*\n", "", SPEC))
    (tmp_path / "logic.dat").write_text(TEXT)
    (tmp_path / "c.toml").write_text(top + SURVEY + selection + POPULATION)
    return tmp_path / "c.toml"


def test_tables_make_the_selection(tmp_path):
    (job,) = read_simulation(written(tmp_path, SELECTION))
    selection = job.options["selection"]
    assert job.keep == "selected"
    assert str(selection.trigger) == "g and r within 10.0 d"
    assert isinstance(selection.spectroscopy, EfficiencyMaps)
    assert isinstance(selection.host_redshift, PeakEfficiency)
    assert selection.stages[2:] == (
        "8 <= snr_max; phase -20 to 60; in 2 of g, r", "redshift known", "prescaled",
    )  # fmt: skip
    assert selection.prescale[0].told() == {"factor": 2.0, "z": [0.05, 1.0]}


def test_nothing_asked_is_no_selection(tmp_path):
    (job,) = read_simulation(written(tmp_path, ""))
    assert (job.keep, "selection" in job.options) == ("triggered", False)
    (job,) = read_simulation(written(tmp_path, '[detection]\nlogic = "logic.dat"\nlogic_survey = "HST"\n'))
    assert (job.keep, str(job.options["selection"].trigger)) == ("triggered", "1 epochs with (g)")


def test_efficiencies_by_field(tmp_path):
    (tmp_path / "deep.dat").write_text("FILTER: ALL\nSNR: 0 0\nSNR: 9 1\n")
    (job,) = read_simulation(written(tmp_path, '[detection.fields]\n"17" = "deep.dat"\n'))
    assert job.options["selection"].field_efficiency["17"].snr.tolist() == [0, 9]
    assert job.options["selection"].fields


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[detection]\ntrigger = "g and"\n', r"detection\.trigger: trigger 'g and': 'the end' at character 6"),
        ('[detection]\ntrigger = "u"\n', r"detection\.trigger: no band 'u' among ztfg, ztfr"),
        ('[detection]\ntrigger = "g"\nlogic = "logic.dat"\n', r"detection\.logic: stands beside trigger"),
        ('[detection]\nlogic_survey = "DES"\n', r"detection\.logic_survey: stands without logic"),
        ('[detection]\nlogic = "none.dat"\n', r"detection\.logic: no file"),
        ('[detection]\nlogic = "logic.dat"\nlogic_survey = "SDSS"\n', r"detection\.logic: no band 'i'"),
        ('[spectroscopy]\nfile = "spec.dat"\nband = "g"\n', r"spectroscopy\.band: stands beside file"),
        ('[spectroscopy]\nband = "u"\nhalf = 20\n', r"spectroscopy\.band: no band 'u'"),
        ('[spectroscopy]\nband = "g"\n', r"spectroscopy\.half: missing"),
        ("[host_redshift]\nhalf = 20\n", r"host_redshift\.half: stands without band"),
        ("[[cuts]]\nleast = 3\n", r"cuts\[0\]\.quantity: missing"),
        ('[[cuts]]\nquantity = "z"\nleast = 3\nmost = 2\n', r"cuts\[0\]\.quantity: least and most are 3 and 2"),
        ('[[cuts]]\nquantity = "z"\n[[cuts]]\nquantity = "z"\n', r"cuts: Selection.cuts have the names"),
        ("[[prescale]]\nfactor = 0.5\n", r"prescale\[0\]\.factor: is 0\.5; expected 1 or more"),
        (
            '[[prescale]]\nfactor = 2\nclasses = ["Foo"]\n',
            r"prescale\[0\]\.classes: no template is of 'Foo'; there are ",
        ),
        ("[prescale]\nfactor = 2\n", r"prescale: missing or not a list of tables"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    with pytest.raises(ReadError, match=message):
        read_simulation(written(tmp_path, text))


def test_selected_needs_something_to_select_by(tmp_path):
    with pytest.raises(ReadError, match="keep: is 'selected', but nothing is selected by"):
        read_simulation(written(tmp_path, "", top='keep = "selected"\n'))


def test_a_run_counts_what_it_rejects_and_tells_it_again(tmp_path):
    config = written(tmp_path, SELECTION)
    arguments = ["simulate", str(config), "-o", str(tmp_path / "out"), "--chunk", "128", "--workers", "1"]
    first = CliRunner().invoke(main, arguments)
    assert first.exit_code == 0, first.output
    manifest = json.loads((tmp_path / "out" / "a" / "manifest.json").read_text())
    stages = manifest["inputs"]["derived"]["simulation"]["selection"]
    assert list(stages["cuts"]) == ["8 <= snr_max; phase -20 to 60; in 2 of g, r", "redshift known"]
    rejected = [sum(column) for column in zip(*(one["extra"]["rejected"] for one in manifest["shards"]), strict=True)]
    kept = sum(one["objects"] for one in manifest["shards"])
    assert sum(rejected) + kept == 300
    assert 0 < kept < 200
    table = (tmp_path / "out" / "selection.ecsv").read_text().splitlines()
    rows = [line for line in table if line.startswith("a ")]
    assert len(rows) == 6
    assert rows[-1].endswith(f"{rejected[-1]} {kept} {rows[-1].split()[-1]}")
    # A finished run reads the counts from its manifest.
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 0
    shown = [line for line in first.output.splitlines() if "redshift known" in line]
    assert shown
    assert shown == [line for line in again.output.splitlines() if "redshift known" in line]
    # Another cut is another run.
    other = tmp_path / "other.toml"
    other.write_text(config.read_text().replace("least = 8", "least = 9"))
    refused = CliRunner().invoke(main, [arguments[0], str(other), *arguments[2:]])
    assert refused.exit_code == 1
    assert "cuts[0].least was 8.0 and is now 9.0" in refused.output


def test_what_one_population_cannot_answer_is_said_before_another_is_written(tmp_path):
    config = written(tmp_path, '[[cuts]]\nquantity = "host_logmass"\nleast = 9\n')
    text = config.read_text()
    second = text[text.index("[[population]]") :].replace('name = "a"', 'name = "b"')
    config.write_text(f"{text}\n{second}")
    done = CliRunner().invoke(main, ["simulate", str(config), "-o", str(tmp_path / "out"), "--workers", "1"])
    assert done.exit_code == 1
    assert "population 'a': " in done.output
    assert "host_logmass" in done.output
    assert not list((tmp_path / "out").rglob("_SUCCESS"))
