"""The command simulate: what it writes, and what it says of a broken configuration."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from click.testing import CliRunner
from matplotlib.image import imread

from sntransport._storage.read_error import ReadError
from sntransport.cli.main import main
from sntransport.simulation import summary
from sntransport.simulation.config import read_simulation
from sntransport.simulation.events.distributions import Exponential, Normal, Tabulated, TwoSidedNormal
from sntransport.simulation.run import plan_jobs, run_job, write_fits

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "simulation.toml"
POPULATION = """
[[population]]
name = "Ia"
templates = ["hsiao"]
peak_band = "bessellb"
peak_mag = -19.3
objects = 300
redshift = { uniform = [0.01, 0.1] }
"""
SURVEY = '[[survey]]\nsource = "ztf"\nyears = 0.5\n'


# Each has tests of its own in tests/datasets; here it is whether the command writes it.
MORE_FORMATS = ("lcdata", "elasticc", "atat", "tokens")


def config(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def run(*arguments):
    return CliRunner().invoke(main, ["simulate", *map(str, arguments)])


def test_example_writes_light_curves_summary_and_figures(tmp_path):
    done = run(EXAMPLE, "-o", tmp_path / "out", "--objects", "400", "--chunk", "150")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "Ia", "Ia_examples.png", "summary.ecsv", "summary.png",
    ]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "out" / "Ia").iterdir()) == [
        "_SUCCESS", "manifest.json", "shard-00000.fits", "shard-00001.fits", "shard-00002.fits",
    ]  # fmt: skip
    table = Table.read(tmp_path / "out" / "summary.ecsv")
    whole = table[-1]
    assert whole["generated"] == 400 == sum(table["generated"][:-1])
    assert 400 > whole["observed"] > whole["triggered"] > 0
    with fits.open(tmp_path / "out" / "Ia" / "shard-00001.fits") as hdus:
        truth, measured = hdus["TRUTH"].data, hdus["MEASUREMENTS"].data
        assert json.loads(hdus[0].header["METADATA"])["cosmology"]["H0"] == 70.0 == hdus[0].header["H0"]
        assert truth["OBJECT_ID"].min() >= 150
        assert truth["OBJECT_ID"].max() < 300
        assert truth["COUNT"].sum() == len(measured)
        np.testing.assert_array_equal(truth["FIRST"][1:], np.cumsum(truth["COUNT"])[:-1])
        flagged = np.add.reduceat((measured["PHOTFLAG"] & 2048) > 0, truth["FIRST"])
        assert np.all(flagged == 1)
        assert [text.strip() for text in hdus["BANDS"].data["SURVEY"]] == ["ztf", "ztf", "atlas", "atlas"]
    assert f"{whole['triggered']}" in done.output
    assert "Ia  " in done.output


def test_figures_for_one_column_of_a_journal(tmp_path):
    done = run(config(tmp_path, SURVEY + POPULATION), "-o", tmp_path / "out", "--objects", "100", "--style", "column")
    assert done.exit_code == 0, done.output
    for name in ("Ia_examples.png", "summary.png"):
        width = imread(tmp_path / "out" / name).shape[1]
        # At most a pixel, which matplotlib rounds away or not.
        assert width == pytest.approx(8.8 / 2.54 * 300, abs=1), name


def test_json_has_the_counts_and_the_files(tmp_path):
    done = run(config(tmp_path, SURVEY + POPULATION), "-o", tmp_path / "out", "--json")
    (result,) = json.loads(done.stdout)["results"]
    assert result["generated"] == 300 >= result["observed"] >= result["triggered"] > 0
    assert result["files"] == [str(tmp_path / "out" / "Ia" / "shard-00000.fits")]


def test_chunks_add_up_to_the_whole(tmp_path):
    (source,) = plan_jobs(config(tmp_path, SURVEY + POPULATION))
    whole, _ = run_job(source, tmp_path / "whole", write_fits, 1000)
    parts, _ = run_job(source, tmp_path / "parts", write_fits, 70)
    for name in ("generated", "observed", "triggered", "peak", "snr", "detections"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))
    assert whole.generated.sum() == 300
    assert summary.summary_rows([whole]) == summary.summary_rows([parts])


def test_nothing_left_is_said_and_fails(tmp_path):
    text = SURVEY + POPULATION.replace("-19.3", "-5.0")
    done = run(config(tmp_path, text), "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "population 'Ia': none of 300 objects is triggered, so no light curve was written" in done.output
    assert not list((tmp_path / "out").rglob("*.fits"))


def test_numbers_follow_from_a_rate(tmp_path):
    text = SURVEY + POPULATION.replace("objects = 300\n", "").replace(
        "uniform = [0.01, 0.1]", 'rate = "frohmaier2019", range = [0.005, 0.05]'
    )
    (job,) = read_simulation(config(tmp_path, text))
    # About 24,000 deg2, half a year, 0.038 Gpc3 of the whole sky to z = 0.05, 2.4e-5 per year and Mpc3.
    assert 150 < job.n < 350


def test_distributions_of_a_file(tmp_path):
    Table({"value": [0.01, 0.2], "density": [1.0, 3.0]}).write(tmp_path / "z.ecsv")
    Table({"ra": [10.0], "dec": [5.0], "ebv": [0.07]}).write(tmp_path / "dust.ecsv")
    text = SURVEY + POPULATION.replace("{ uniform = [0.01, 0.1] }", '{ table = "z.ecsv" }')
    text += "mag_offset = { two_sided = [0.0, 0.1, 0.2] }\nebv_host = { exponential = 0.1, max = 0.5 }\n"
    text += 'ebv_mw = { table = "dust.ecsv" }\n'
    (job,) = read_simulation(config(tmp_path, text), seed=3)
    assert isinstance(job.population.redshift, Tabulated)
    assert job.population.mag_offset == TwoSidedNormal(mode=0.0, sigma_low=0.1, sigma_high=0.2)
    assert job.population.ebv_host == Exponential(scale=0.1, high=0.5)
    assert job.population.milky_way(np.array([1.0]), np.array([2.0])) == [0.07]


def test_populations_have_their_own_random_numbers(tmp_path):
    second = POPULATION.replace('"Ia"', '"dim"') + "mag_offset = { normal = [1.0, 0.2] }\n"
    one, two = read_simulation(config(tmp_path, SURVEY + POPULATION + second))
    assert one.seed != two.seed
    assert two.population.mag_offset == Normal(mean=1.0, sigma=0.2)
    assert read_simulation(config(tmp_path, "seed = 5\n" + SURVEY + POPULATION))[0].seed != one.seed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace("templates", "tempaltes"), r"\[0\]\.tempaltes: no such key; did you mean template"),
        (lambda t: t.replace("[[survey]]", "[[surveys]]"), r"surveys: no such key; did you mean survey"),
        (lambda t: t.replace("uniform", "unifrom"), r"redshift\.unifrom: no such key; did you mean uniform"),
        (lambda t: t.replace("[0.01, 0.1]", "[0.01]"), r"uniform: is \[0\.01\]; expected a list of 2 numbers"),
        (lambda t: t.replace("[0.01, 0.1]", "[0.1, 0.01]"), r"redshift\.uniform: .*low < high"),
        (lambda t: t.replace("{ uniform = [0.01, 0.1] }", "{}"), r"redshift: has nothing; give one of value"),
        (lambda t: t.replace("redshift = {", "mag_offset = {"), r"redshift: missing; give it a number or a"),
        (lambda t: t.replace("{ uniform", "{ value = 0.1, uniform"), r"has value and uniform; give one of"),
        (lambda t: t.replace("{ uniform", "{ max = 1.0, uniform"), r"redshift\.max: does not belong to uniform"),
        (lambda t: t.replace("uniform = [0.01, 0.1]", 'rate = "dilday"'), r"rate: is 'dilday'; expected dilday2008"),
        (lambda t: t.replace("uniform = [0.01, 0.1]", 'rate = "dilday2008"'), r"redshift\.range: missing"),
        (lambda t: t.replace("objects = 300", "objects = 0"), r"population\[0\]\.objects: is 0; expected 1 or more"),
        (lambda t: t.replace("objects = 300", 'objects = "many"'), r"objects: is 'many'; expected a whole number"),
        (lambda t: t.replace("objects = 300\n", ""), r"objects: missing; state a number, or let redshift have a rate"),
        (lambda t: t.replace('name = "Ia"\n', ""), r"population\[0\]\.name: missing; give it a text"),
        (lambda t: t.replace("peak_mag = -19.3\n", ""), r"peak_mag and peak_band go together"),
        (lambda t: t.replace('"bessellb"', '"bessel"'), r"peak_band: unknown band 'bessel'; did you mean bessell"),
        (lambda t: t.replace('"hsiao"', '"none.fits"'), r"templates: no file none\.fits"),
        (lambda t: t.replace('"ztf"', '"ztff"'), "ztff: no survey of that name and no such file; use ztf"),
        (lambda t: t.replace("years", "year"), "ztf: no option 'year' for this kind of survey"),
        (lambda t: t + "ebv_host = { normal = [0.1, 0.1] }\n", r"population\[0\].*ebv_host reaches from -inf"),
        (lambda t: "keep = 'some'\n" + t, "keep: is 'some'; expected triggered, selected, observed, all"),
        (lambda t: t + "[cosmology]\nh0 = -1\n", "cosmology.h0: is -1; expected 1 to 1000"),
        (lambda t: t + "[detection]\nthreshhold = 5\n", r"detection\.threshhold: no such key; did you mean threshold"),
        (lambda t: t + "[detection]\nsearcheff = 'x'\n", r"detection\.searcheff: no file"),
        (lambda t: t + POPULATION, "give each population a name of its own"),
        # Two names, but one folder.
        (lambda t: t.replace('"Ia"', '"I a"') + POPULATION.replace('"Ia"', '"I_a"'), "give each population a name of"),
        (lambda t: t.replace("[[survey]]", "[survey"), "is not TOML: .*line 1"),
        (lambda t: POPULATION, r"survey: missing or not a list of tables; add one or more \[\[survey\]\]"),
    ],
)  # fmt: skip
def test_broken_configurations_are_named(tmp_path, change, message):
    with pytest.raises(ReadError, match=message):
        read_simulation(config(tmp_path, change(SURVEY + POPULATION)))


def test_errors_reach_the_command_line_in_one_line(tmp_path):
    done = run(config(tmp_path, SURVEY + POPULATION.replace("templates", "template")), "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert done.output.startswith("sntransport: error: ")
    assert len(done.output.splitlines()) == 1
    assert run(tmp_path / "absent.toml", "-o", tmp_path).exit_code == 2
    assert run(EXAMPLE).exit_code == 2


def test_bands_the_template_does_not_cover(tmp_path):
    """Hsiao's template begins at 1000 A: only far beyond is a band out of its reach."""
    text = SURVEY + POPULATION.replace("[0.01, 0.1]", "[3.5, 4.0]")
    done = run(config(tmp_path, text), "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "does not cover band 'ztfg' at z = 3.5" in done.output
    shutil.rmtree(tmp_path / "out", ignore_errors=True)


@pytest.mark.parametrize(
    "kind",
    ["parquet", "snana", *(pytest.param(one, marks=pytest.mark.slow) for one in MORE_FORMATS)],
)
def test_every_format_is_written(tmp_path, kind):
    text = config(tmp_path, SURVEY + POPULATION)
    done = run(text, "-o", tmp_path / "out", "--format", kind, "--objects", "200")
    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "out" / "Ia" / "manifest.json").read_text())
    assert manifest["outcome"] == "complete"
    assert manifest["inputs"]["format"] == kind
    for file in manifest["shards"][0]["files"]:
        assert (tmp_path / "out" / "Ia" / file["name"]).stat().st_size == file["bytes"]


def test_a_format_without_a_code_for_a_band_says_so(tmp_path):
    done = run(config(tmp_path, SURVEY + POPULATION), "-o", tmp_path / "out", "--format", "plasticc")
    assert done.exit_code == 1
    assert "has no code in this format" in done.output


def test_a_finished_run_is_left_alone_and_another_is_refused(tmp_path):
    text = config(tmp_path, SURVEY + POPULATION)
    assert run(text, "-o", tmp_path / "out").exit_code == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()}
    again = run(text, "-o", tmp_path / "out")
    assert again.exit_code == 0
    assert "is finished already" in again.output
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()}
    other = run(text, "-o", tmp_path / "out", "--seed", "2")
    assert other.exit_code == 1
    assert "holds the output of something else: seed was" in other.output


def test_a_chunk_that_would_fill_the_memory_is_refused(tmp_path):
    path = config(tmp_path, SURVEY + POPULATION)
    done = run(path, "-o", tmp_path / "out", "--objects", "100000000", "--chunk", "100000000")
    assert done.exit_code == 1
    assert "Ia: 100000000 objects at once would take about" in done.stderr
    assert "more than 4 GiB; make the chunks smaller (--chunk)" in done.stderr
    assert len(done.stderr.splitlines()) == 1
