"""The command info: every kind of file that is read or written is told by its content, whatever its name."""

import dataclasses
import gzip
import json
import shutil

import numpy as np
import pytest
from astropy.table import Table
from click.testing import CliRunner

import sntransport as snt
from sntransport.cli.inspection.description import Description
from sntransport.cli.main import main
from sntransport.datasets.writers import WRITERS, write_as
from sntransport.export.snana import to_snana
from sntransport.export.text_files import series_table
from sntransport.spectra.series import SpectralSeries
from tests.cli.test_commands import built, folder  # noqa: F401  (fixtures)
from tests.conftest import ROOT
from tests.datasets.test_formats import curves

SIMLIB = """DOCUMENTATION:
DOCUMENTATION_END:
SURVEY: LSST   FILTERS: gr   TELESCOPE: LSST
PIXSIZE: 0.2
NLIBID: 1
BEGIN LIBGEN
LIBID: 1
RA: 10.0 DEC: -20.0 NOBS: 2 MWEBV: 0.02 PIXSIZE: 0.2
S: 60000.1 1 g 1.0 5.0 30.0 2.0 0.0 0.0 32.3 0.005 99.0
S: 60003.1 2 r 1.0 5.0 40.0 2.0 0.0 0.0 32.1 0.005 99.0
END_LIBID: 1
END_OF_SIMLIB:
"""
WAVES = range(4000, 8000, 10)
OSC = {"SN1": {"name": "SN1", "claimedtype": [{"value": "Ia"}], "redshift": [{"value": "0.01"}], "photometry": [],
               "spectra": [{"time": str(60000 + d), "u_time": "MJD", "u_wavelengths": "Angstrom",
                            "u_fluxes": "erg/s/cm^2/Angstrom",
                            "data": [[str(w), str(1e-15 * w)] for w in WAVES]} for d in (0, 5)]}}  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(main, ["info", *map(str, arguments)])


def told(path):
    """The JSON of one file."""
    result = run(path, "--json")
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)["results"]
    return found


def test_a_series_says_name_class_phases_bands_and_origin(built):  # noqa: F811
    found = told(built / "SN_2099a_b.fits")
    series = snt.read_series(built / "SN_2099a_b.fits")
    assert (found["kind"], found["name"], found["class"]) == ("series", "SN 2099a/b", "II")
    assert found["phase"] == [series.phase[0], series.phase[-1]]
    assert found["phases"] == series.phase.size
    assert sum(found["share_of_bins"].values()) == pytest.approx(1.0, abs=1e-3)
    assert set(found["bands"]) == {"bessellb", "bessellv", "bessellr"}
    assert found["observed_spectra"] == 4
    assert found["notes"]
    page = run(built / "SN_2099a_b.fits").stdout.splitlines()
    assert page[0].endswith("SN_2099a_b.fits: spectral series of sntransport")
    assert any(line.split() == ["phase", "zero", "explosion"] for line in page)
    assert len(page) < 40


def test_a_name_does_not_matter(built, tmp_path):  # noqa: F811
    shutil.copy(built / "SN_2099a_b.fits", tmp_path / "a[1].dat")
    assert told(tmp_path / "a[1].dat")["kind"] == "series"


def test_a_folder_and_its_files(folder):  # noqa: F811
    found = told(folder)
    assert (found["kind"], found["name"], found["spectra"], found["measurements"]) == (
        "supernova", "SN 2099a/b", 4, 33,
    )  # fmt: skip
    assert told(folder / "sn.toml")["name"] == found["name"]
    light = told(folder / "photometry.csv")
    assert (light["kind"], light["bands"]) == ("photometry", {"bessellb": 11, "bessellr": 11, "bessellv": 11})
    assert light["mjd"] == found["mjd"]
    assert any("nJy" in note for note in light["notes"])
    spectrum = told(folder / "spectra" / "0002.txt")
    assert (spectrum["kind"], spectrum["mjd"]) == ("spectrum", pytest.approx(59002.04))
    assert spectrum["doubts"] == []


def test_a_supernova_of_the_catalog_compressed_or_not(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(OSC))
    (tmp_path / "b.dat").write_bytes(gzip.compress(json.dumps(OSC).encode()))
    for name in ("a.json", "b.dat"):
        found = told(tmp_path / name)
        assert (found["kind"], found["name"], found["class"], found["spectra"]) == ("supernova", "SN1", "Ia", 2)


@pytest.fixture(scope="module")
def held():
    """A small set in LSST's bands, which all formats take."""
    return curves()


@pytest.mark.parametrize("kind", WRITERS)
def test_every_format_of_light_curves_is_known(held, kind, tmp_path):
    held = dataclasses.replace(held, meta={"cosmology": {"H0": 70.0, "Om0": 0.3}, "seed": 5})
    files = write_as(kind, held, tmp_path / "set")
    for path in files if isinstance(files, tuple) else (files,):
        if "PHOT" in path.name:
            result = run(path)
            assert (result.exit_code, "HEAD" in result.stderr) == (1, True)
            continue
        found = told(path)
        n_with_rows = np.count_nonzero(np.diff(held.offset))
        assert found["objects"] in (held.n_object, n_with_rows), path
        if found.get("measurements"):
            known = np.isfinite(held.flux) & np.isfinite(held.flux_err)
            assert found["measurements"] in (held.n_obs, np.count_nonzero(known))
        if found.get("classes") and found["objects"] == held.n_object:
            assert sorted(found["classes"].values()) == sorted(
                np.unique(np.array(held.template_types)[held.truth.template], return_counts=True)[1].tolist()
            )


def test_a_folder_of_snana_is_told_as_one_set(held, tmp_path):
    for i in range(2):
        write_as("snana", held, tmp_path / f"set-{i}")
    one, all_of_them = told(tmp_path / "set-0_HEAD.FITS"), told(tmp_path)
    assert (all_of_them["kind"], all_of_them["pairs"]) == ("SNANA set", 2)
    for name in ("objects", "measurements"):
        assert all_of_them[name] == 2 * one[name]
    assert all_of_them["classes"] == {name: 2 * n for name, n in one["classes"].items()}
    assert all_of_them["mjd"] == one["mjd"]


@pytest.mark.parametrize("kind", [one for one in WRITERS if one != "snana"])
def test_a_folder_of_a_format_is_told_as_one_set(held, tmp_path, kind):
    for i in range(2):
        write_as(kind, held, tmp_path / f"set-{i}")
    files = {path.name: told(path) for path in sorted(tmp_path.iterdir())}
    found = told(tmp_path)
    first = next(iter(files.values()))
    if found["kind"] == "folder of tables":
        assert found["rows"] == {name: one["rows"] for name, one in files.items()}
    else:
        assert (found["kind"], found["files"]) == (first["kind"], 2)
        assert found["objects"] == 2 * first["objects"]
        assert found["classes"] == {name: 2 * n for name, n in first["classes"].items()}
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "a folder of no kind that is known" in result.stderr


def test_the_folders_of_a_run_say_whether_they_are_whole(tmp_path):
    config = tmp_path / "c.toml"
    config.write_text(
        '[[survey]]\nsource = "ztf"\nyears = 0.3\n[[population]]\nname = "Ia"\ntemplates = ["hsiao"]\nobjects = 60\n'
        'peak_band = "bessellb"\npeak_mag = -19.3\nredshift = { uniform = [0.01, 0.05] }\n'
    )
    done = CliRunner().invoke(main, ["simulate", str(config), "-o", str(tmp_path / "out"), "-q"])
    assert done.exit_code == 0, done.output
    found = told(tmp_path / "out" / "Ia")
    assert (found["kind"], found["finished"], found["simulated"], found["format"]) == ("run", True, 60, "fits")
    assert told(tmp_path / "out")["populations"] == {"Ia": found["objects"]}
    assert told(tmp_path / "out" / "Ia" / "shard-00000.fits")["objects"] == found["objects"]
    assert told(tmp_path / "out" / "summary.ecsv")["kind"] == "table"
    assert told(config)["populations"] == {"Ia": 60}
    (tmp_path / "out" / "Ia" / "shard-00000.fits").write_bytes(b"cut")
    assert "shard-00000.fits" in told(tmp_path / "out" / "Ia")["doubts"][0]
    (tmp_path / "out" / "Ia" / "_SUCCESS").unlink()
    assert "not finished" in told(tmp_path / "out" / "Ia")["doubts"][1]
    (tmp_path / "out" / "Ia" / "manifest.json").write_text("{")
    assert run(tmp_path / "out" / "Ia").exit_code == 1


def test_models_libraries_and_visits(built, tmp_path):  # noqa: F811
    series = snt.read_series(built / "SN_2099a_b.fits")
    to_snana([series], tmp_path / "MODEL", given="explosion", zero="explosion", beyond="allow")
    model = told(tmp_path / "MODEL")
    assert (model["kind"], model["templates"], model["snana_would_stop"]) == ("SNANA model", 1, False)
    (tmp_path / "a.simlib").write_text(SIMLIB)
    library = told(tmp_path / "a.simlib")
    assert (library["kind"], library["visits"], library["mjd"]) == ("SIMLIB", 2, [60000.1, 60003.1])
    (tmp_path / "v.csv").write_text("mjd,band,ra,dec,depth\n60000,ztfg,10,20,20.5\n60001,ztfr,10,20,20.7\n")
    visits = told(tmp_path / "v.csv")
    assert (visits["kind"], visits["bands"], visits["depth"]) == ("visits", {"ztfg": 1, "ztfr": 1}, [20.5, 20.7])
    # What else has to be said before it is a survey.
    assert "pass radius=" in visits["doubts"][0]
    grid = [f"{p} {w} 1e-9" for p in (0, 5) for w in range(4000, 4100, 10)]
    (tmp_path / "t.dat").write_text("\n".join(grid) + "\n")
    assert told(tmp_path / "t.dat")["phase"] == [0.0, 5.0]
    (tmp_path / "t.dat").write_text("\n".join(grid[:-1]) + "\n")
    assert "no grid" in told(tmp_path / "t.dat")["doubts"][0]


@pytest.mark.filterwarnings("default")
def test_tables_that_commands_write(built, tmp_path):  # noqa: F811
    assert told(built / "SN_2099a_b_photometry.ecsv")["kind"] == "table"
    CliRunner().invoke(main, ["bolometric", str(built / "SN_2099a_b.fits"), "-o", str(tmp_path)])
    CliRunner().invoke(main, ["kcorrect", str(built / "SN_2099a_b.fits"), "-o", str(tmp_path)])
    bands = ["--band-rest", "bessellb", "--band-obs", "sdssr"]
    CliRunner().invoke(main, ["kcorrect", str(built / "SN_2099a_b.fits"), *bands, "-o", str(tmp_path)])
    series = SpectralSeries(phase=[0.0, 1.0], wave=np.arange(4000.0, 4100.0), flux=np.ones((2, 100)), name="a")
    series_table(series).write(tmp_path / "series.ecsv")
    first = {path.name: run(path).stdout.splitlines()[0].rpartition(": ")[2] for path in tmp_path.glob("*.ecsv")}
    assert first == {
        "SN_2099a_b_bolometric.ecsv": "bolometric light curve of a series",
        "SN_2099a_b_rest.ecsv": "rest-frame light curve, K-corrected",
        "SN_2099a_b_k_bessellb_sdssr.ecsv": "K-corrections of a series",
        "series.ecsv": "spectral series as a table",
    }


def test_filters(tmp_path):
    found = told(ROOT / "filters" / "lsst" / "lsstg.ecsv")
    assert (found["kind"], found["band"], round(found["pivot"])) == ("filter", "lsstg", 4787)
    wave = np.linspace(4000.0, 5000.0, 50)
    np.savetxt(tmp_path / "mine.dat", np.stack([wave, np.exp(-(((wave - 4500) / 150) ** 2))], axis=1))
    assert told(tmp_path / "mine.dat")["pivot"] == pytest.approx(4500, abs=5)
    # As a curve of nanometers would look that is long enough not to be refused.
    np.savetxt(tmp_path / "nm.dat", np.stack([wave / 4.5, np.exp(-(((wave - 4500) / 150) ** 2))], axis=1))
    assert "nm" in told(tmp_path / "nm.dat")["doubts"][0]
    np.savetxt(tmp_path / "spectrum.dat", np.stack([wave, 1e-15 * (1 + wave / 5000)], axis=1))
    assert told(tmp_path / "spectrum.dat")["kind"] == "spectrum"


def test_configurations_are_checked():
    for name, command in (("simulation.toml", "simulate"), ("augment.toml", "augment")):
        assert told(ROOT / "examples" / name)["command"] == command


def broken(tmp_path, built):  # noqa: F811
    whole = (built / "SN_2099a_b.fits").read_bytes()
    (tmp_path / "dir").mkdir()
    contents = {
        "cut.fits": whole[: len(whole) // 2], "bad.fits": whole[:100_000] + b"x" + whole[100_001:],
        "head.fits": b"SIMPLE  =                    T" + b" " * 2850, "empty": b"", "noise.bin": bytes(range(256)) * 20,
        "cut.json": b'{"SN1": {"name": ', "list.json": b"[1, 2]", "cut.json.gz": gzip.compress(b"x" * 5000)[:20],
        "text.md": b"# A page\n\nwith words.\n", "cut.parquet": b"PAR1" + b"\0" * 50,
        "cut.h5": b"\x89HDF\r\n\x1a\n" + b"\0" * 9,
        "cut.db": b"SQLite format 3\0" + b"\0" * 20, "other.toml": b"a = 1\n", "bad.toml": b"a = \n",
        "typo.toml": b'seed = 1\nsurveys = 2\n[[population]]\nname = "a"\n',
        "page.html": b"<!DOCTYPE html><html></html>",
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return [*(tmp_path / name for name in contents), tmp_path / "dir", tmp_path / "missing"]


def test_what_is_damaged_or_unknown_is_one_line_and_exit_code_1(built, tmp_path):  # noqa: F811
    for path in broken(tmp_path, built):
        result = run(path)
        assert (result.exit_code, result.stdout) == (1, ""), path
        assert len(result.stderr.splitlines()) == 1, result.stderr
        assert path.name in result.stderr
        assert result.exception is None or isinstance(result.exception, SystemExit)


def test_the_others_are_still_told(built, tmp_path):  # noqa: F811
    result = run(tmp_path / "missing", built / "SN_2099a_b.fits", "--json")
    assert result.exit_code == 1
    summary = json.loads(result.stdout)
    assert [one["name"] for one in summary["results"]] == ["SN 2099a/b"]
    assert "missing" in summary["failed"][0]


def test_a_page_leaves_out_what_is_not_known_and_cuts_what_is_long():
    # The last is the one that matters; those before it are of one kind.
    notes = (*(f"file{i}: wavelengths in air" for i in range(19)), "no magnitude system named, Vega taken")
    facts = {"name": "a", "z": float("nan"), "class": "", "wave": [1.0, 2.5], "many": {str(i): i for i in range(30)},
             "whole": True, "none": None}  # fmt: skip
    made = Description(kind="k", told="a thing", facts=facts, notes=notes, doubts=("odd",))
    lines = made.page("f").splitlines()
    assert lines[:3] == ["f: a thing", "  name      a", "  wave [A]  1 to 2.5"]
    assert lines[3].endswith("11 11 and 18 more")
    assert lines[4:6] == ["  whole     yes", "  WARNING: odd"]
    assert lines[6:] == [
        "  note: file18: wavelengths in air (and 18 more of this kind)",
        "  note: no magnitude system named, Vega taken",
        "  (20 notes in all: --verbose)",
    ]
    assert len(made.page("f", every=True).splitlines()) == 6 + 20


def test_table_read_back_is_a_table(tmp_path):
    # A table of the user's own, with phases, is photometry where it says so and no table of ours.
    Table({"mjd": [60000.0], "band": ["ztfg"], "mag": [18.0], "mag_err": [0.1], "phase": [1.0]}).write(
        tmp_path / "own.ecsv"
    )
    assert told(tmp_path / "own.ecsv")["kind"] == "photometry"


def test_a_page_is_for_a_browser(tmp_path):
    (tmp_path / "report.html").write_text('<!doctype html>\n<p class="a">"x</p>')
    result = run("info", tmp_path / "report.html")
    assert (result.exit_code, "an HTML page, " in result.stderr, "quotation" in result.stderr) == (1, True, False)
