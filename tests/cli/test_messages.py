"""What the commands say: to people, to machines, when interrupted; and the commands report, plot and completion."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from click.shell_completion import ShellComplete

from sntransport.cli.main import main
from sntransport.report import contents
from sntransport.report import page as pages
from tests.cli.test_commands import built, folder, run  # noqa: F401  (fixtures)
from tests.conftest import ROOT


def summary(*arguments):
    result = run(*arguments)
    assert len(result.stdout.splitlines()) == 1, result.output
    return result, json.loads(result.stdout, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_build_speaks_json(folder, tmp_path):  # noqa: F811
    (tmp_path / "bad.json").write_text("{")
    result, told = summary("build", tmp_path / "bad.json", folder, "-o", tmp_path, "--no-figures", "--json")
    assert result.exit_code == 1
    assert told["command"] == "build"
    (one,) = told["results"]
    assert one["name"] == "SN 2099a/b"
    assert one["files"][-1] == str(tmp_path / "SN_2099a_b.fits")
    assert one["notes"]
    assert (one["n_spectra_used"], one["n_spectra_rejected"], one["n_nights"]) == (4, 0, 4)
    assert set(one["residual"]) == {"bessellb", "bessellv", "bessellr"}
    assert "bad.json" in told["failed"][0]


@pytest.mark.parametrize(
    ("arguments", "unknown"),
    [
        (("photometry", "--bands", "bessellv,lssty"), True),
        (("photometry", "--bands", "bessellv"), False),
        (("kcorrect", "--band-rest", "bessellb", "--band-obs", "bessellv", "--z", "0.1", "--phases", "10,90"), True),
        (("bolometric",), True),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_tables_become_columns_or_files(built, tmp_path, arguments, unknown):  # noqa: F811
    series = built / "SN_2099a_b.fits"
    _, told = summary(*arguments, series, "--json")
    (one,) = told["results"]
    lengths = {len(column) for column in one["columns"].values()}
    assert len(lengths) == 1
    assert set(one["units"]) == set(one["columns"])
    # What is not known is null: JSON has no NaN.
    assert (None in [value for column in one["columns"].values() for value in column]) is unknown
    _, told = summary(*arguments, series, "-o", tmp_path, "--json")
    (one,) = told["results"]
    assert one["rows"] in lengths
    assert all(os.path.getsize(path) for path in one["files"])


SENTENCES = ("notes", "failed", "gap", "command", "version", "file", "files", "input", "inputs", "text", "remedy")
"""Keys below which text is for people, or a name that may hold digits; ``gap`` names a bin of gaps."""

FORMATTED = re.compile(
    r"[-+]?\d[\d.,]*(e[-+]?\d+)?\s*"  # a number
    r"(%|mag|d|A|km/s|nJy|MB|s)?"  # its unit
    r"(\s*(/|\+/?-|±|-|to|\()\s*[-+]?\d.*)?"  # a ratio, an error, a range
)


def formatted(value, path=""):
    """Paths of all texts of a JSON value that are numbers written out."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key not in SENTENCES:
                yield from formatted(one, f"{path}.{key}")
    elif isinstance(value, list):
        for k, one in enumerate(value):
            yield from formatted(one, f"{path}[{k}]")
    elif isinstance(value, str) and (FORMATTED.fullmatch(value) or re.search(r"\d\.\d", value)):
        yield f"{path}: {value!r}"


@pytest.mark.parametrize(
    "text", ["21/8", "0.05", "12", "3 +- 1", "5 to 50 (100%)", "13 %", "0.2 mag", "3300-9000", "b 0.1"]
)
def test_numbers_written_out_are_found(text):
    assert list(formatted({"a": [{"b": text}]})) == [f".a[0].b: {text!r}"]


@pytest.mark.parametrize("text", ["SN 2099a/b", "bessellb", "II", "2mass::j", "uvot::w1", "gp 11", "[d]"])
def test_names_are_not_taken_for_numbers(text):
    assert not list(formatted({"a": text}))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "FOLDER", "-o", "OUT", "--no-figures"),
        ("photometry", "SERIES", "--bands", "bessellv,lsstr"),
        ("photometry", "SERIES", "-o", "OUT"),
        ("kcorrect", "SERIES", "--band-rest", "bessellb", "--band-obs", "bessellv", "--z", "0.1", "--phases", "10,20"),
        ("bolometric", "SERIES"),
        ("build", "FOLDER", "-o", "OUT", "--no-figures", "--paper"),
        ("validate", "FOLDER", "--interpolator", "linear"),
        ("validate", "FOLDER", "--delivered", "--interpolator", "linear"),
        ("bandtest", "FOLDER"),
        ("export", "SERIES", "--to", "sncosmo", "-o", "OUT", "--brightest"),
        ("plot", "SERIES", "-o", "OUT", "--only", "spectra"),
        ("report", "SERIES", "-o", "OUT/report.html", "--no-gap-test"),
        ("template", "mean", "hsiao", "hsiao", "-o", "OUT/mean.fits"),
        ("demo", "-o", "OUT", "--interpolator", "log_linear"),
    ],
    ids="-".join,
)
def test_json_has_numbers_as_numbers(arguments, built, folder, tmp_path):  # noqa: F811
    places = {
        "SERIES": built / "SN_2099a_b.fits",
        "FOLDER": folder,
        "OUT": tmp_path,
        "OUT/mean.fits": tmp_path / "m.fits",
    }
    places["OUT/report.html"] = tmp_path / "report.html"
    result, told = summary(*(places.get(one, one) for one in arguments), "--json")
    assert result.exit_code == 0, result.output
    assert told["results"]
    assert list(formatted(told["results"])) == []


def test_quiet_and_verbose(built, folder, tmp_path):  # noqa: F811
    result = run("build", folder, "-o", tmp_path, "--no-figures", "-q")
    assert (result.exit_code, result.output) == (0, "")
    result = run("build", folder, "-o", tmp_path, "--no-figures", "--verbose")
    assert "SN 2099a/b: " in result.stderr
    result = run("photometry", tmp_path / "SN_2099a_b.fits", "-o", tmp_path)
    assert result.stdout == f"wrote {tmp_path / 'SN_2099a_b_photometry.ecsv'}\n"


def test_no_colors_unless_on_a_terminal(tmp_path):
    result = run("build", tmp_path / "none", "-o", tmp_path)
    assert result.stderr.startswith("sntransport: error: ")
    assert "\x1b" not in result.output


def test_mistyped_command_is_guessed():
    result = run("biuld")
    assert result.exit_code == 2
    assert "Did you mean 'build'?" in result.stderr
    assert "No such command 'zzz'" in run("zzz").stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_asks_the_command_itself(shell):
    result = run("completion", shell)
    assert result.exit_code == 0
    assert f"_SNTRANSPORT_COMPLETE={shell}_complete" in result.stdout


def all_commands(group=main, words=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from all_commands(command, (*words, name))
        else:
            yield " ".join((*words, name))


@pytest.mark.parametrize("command", sorted(all_commands()))
def test_every_help_has_an_example(command):
    text = " ".join(run(*command.split(), "--help").output.split("Options:")[0].split())
    assert f"sntransport {command} " in text.partition(command)[2]


def test_the_page_of_commands_has_all_of_them():
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z ]+)` \|", page, flags=re.MULTILINE)) == set(all_commands())


@pytest.mark.parametrize(
    ("words", "begun", "wanted"),
    [
        (["photometry", "--bands"], "lsstg,ztf", {"lsstg,ztfg", "lsstg,ztfr", "lsstg,ztfi"}),
        (["kcorrect", "--band-obs"], "sdssr", {"sdssr"}),
        (["bands"], "ptf48", {"ptf48g", "ptf48r"}),
        (["build", "--interpolator"], "class", {"class_transport"}),
        (["simulate", "--format"], "el", {"elasticc"}),
        (["convert", "--to"], "pa", {"parquet"}),
        (["schema"], "s", {"simulate"}),
    ],
)
def test_names_of_bands_interpolators_and_formats_are_completed(words, begun, wanted):
    found = ShellComplete(main, {}, "sntransport", "_SNTRANSPORT_COMPLETE").get_completions(words, begun)
    assert {item.value for item in found} == wanted


def test_completion_knows_the_commands():
    asked = {"COMP_WORDS": "sntransport bu", "COMP_CWORD": "1", "_SNTRANSPORT_COMPLETE": "bash_complete"}
    call = (
        "import sys; sys.argv[0] = 'sntransport'; from sntransport.cli.main import main; main(prog_name='sntransport')"
    )
    done = subprocess.run([sys.executable, "-c", call], env={**os.environ, **asked}, capture_output=True, text=True)
    assert done.stdout.split() == ["plain,build"]


def test_report_of_series_and_supernova(built, folder, tmp_path, monkeypatch):  # noqa: F811
    path = tmp_path / "new" / "report.html"
    drawn = contents.figures
    monkeypatch.setattr(
        pages, "figures", lambda one: {k: v for k, v in drawn(one).items() if k in ("warp", "transport")}
    )
    result, told = summary("report", built / "SN_2099a_b.fits", folder, "-o", path, "--no-gap-test", "--json")
    assert result.exit_code == 0
    page = path.read_text(encoding="utf-8")
    assert told["results"][0]["bytes"] == path.stat().st_size < 5_000_000
    assert 'id="sn1-warp"' in page
    assert 'id="sn0-warp"' not in page
    assert "sntransport report" in page
    assert "--no-gap-test" in page


def test_report_goes_on_after_a_bad_input(built, tmp_path):  # noqa: F811
    (tmp_path / "bad.fits").write_text("no")
    series, out = built / "SN_2099a_b.fits", tmp_path / "report.html"
    result = run("report", tmp_path / "bad.fits", series, "-o", out)
    assert result.exit_code == 1
    assert "bad.fits" in result.stderr
    assert 'id="sn0-gap_test"' in out.read_text(encoding="utf-8")
    result = run("report", tmp_path / "bad.fits", "-o", tmp_path / "none.html")
    assert result.exit_code == 1
    assert not (tmp_path / "none.html").exists()


def test_plot_draws_all_that_a_file_holds(built, tmp_path):  # noqa: F811
    result, told = summary("plot", built / "SN_2099a_b.fits", "-o", tmp_path, "--json")
    assert result.exit_code == 0
    names = ("spectra", "light_curves", "colors", "weights", "transport", "bolometric", "k_correction")
    assert told["results"][0]["files"] == [str(tmp_path / f"SN_2099a_b_{name}.png") for name in names]


def test_plot_of_what_the_file_does_not_hold(built, folder, tmp_path):  # noqa: F811
    result = run("plot", built / "SN_2099a_b.fits", "-o", tmp_path, "--only", "warp")
    assert result.exit_code == 1
    assert "has no data for warp" in result.stderr
    assert run("plot", folder, "-o", tmp_path, "--only", "warp").exit_code == 0
    assert (tmp_path / "SN_2099a_b_warp.png").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals of posix")
def test_interrupt_is_one_line_and_leaves_nothing_half_written(folder, tmp_path):  # noqa: F811
    # Hold the build in the middle of writing a file, where an interrupt hurts most.
    held = """
import sys, time
from sntransport.cli.supernovae import batch
from sntransport._storage.atomic_files import atomic_path
from sntransport.cli.main import main
def write(series, path, **_):
    with atomic_path(path) as temporary:
        temporary.write_text("half")
        sys.stderr.write("writing\\n"); sys.stderr.flush()
        time.sleep(60)
batch.write_series = write
main()
"""
    command = [sys.executable, "-c", held, "build", str(folder), "-o", str(tmp_path / "out"), "--no-figures"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "writing\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("sntransport: interrupted")
    assert len(err.splitlines()) == 1
    assert out == ""
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".") or path.suffix == ".fits"]


def test_report_adds_the_ending(built, tmp_path):  # noqa: F811
    result = run("report", built / "SN_2099a_b.fits", "-o", tmp_path / "rep", "--no-gap-test")
    assert (result.exit_code, [path.name for path in tmp_path.iterdir()]) == (0, ["rep.html"]), result.output


def test_numbers_for_people_have_no_rounding_errors(built):  # noqa: F811
    lines = run("photometry", built / "SN_2099a_b.fits", "--bands", "bessellv bessellb").stdout.splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")][1:]
    assert {row[2] for row in rows} == {"bessellv", "bessellb"}
    assert (
        max(len(cell.replace(".", "").lstrip("-0")) for row in rows for cell in row if cell[0] in "-0123456789") <= 12
    )
