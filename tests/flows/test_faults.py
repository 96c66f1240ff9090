"""What goes wrong around the program: signals, full disks, odd places; nothing half-written is left."""

import dataclasses
import itertools
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from click.testing import CliRunner

import sntransport as snt
from sntransport._storage import shards
from sntransport._storage.atomic_folders import recover
from sntransport._storage.tables import write_table
from sntransport.cli.main import main
from sntransport.datasets.atat_hdf5 import write_atat
from sntransport.datasets.elasticc_parquet import write_elasticc
from sntransport.datasets.lcdata_hdf5 import write_lcdata
from sntransport.datasets.nested_parquet import write_nested_parquet
from sntransport.datasets.plasticc_csv import write_plasticc
from sntransport.datasets.snana_fits import write_snana_fits
from sntransport.datasets.tokens import write_astromer, write_tokens
from sntransport.export.grid import template_grid
from sntransport.export.snana import to_snana
from sntransport.export.snana_check import check_folder
from sntransport.export.text_files import to_ascii
from sntransport.simulation.run import write_fits
from sntransport.simulation.surveys.formats.simlib_writer import write_simlib
from sntransport.spectra.observations import LightCurve
from sntransport.spectra.series_file import read_series, write_series
from tests.datasets.test_formats import curves
from tests.export.test_exports import bump
from tests.reading.test_osc import event, spectrum
from tests.support.commands import WRITING
from tests.support.disks import mounted, small_disk

ROOT = Path(__file__).resolve().parents[2]
N_INPUT = 12


def write_input(path, name="SN2099zz"):
    spectra = [spectrum(time=date) for date in ("56380.5", "56390", "56400")]
    path.write_text(json.dumps({name: event(name=name, spectra=spectra)}), encoding="utf-8")
    return path


def command(*arguments, **options):
    """The program as a process of its own."""
    words = [sys.executable, "-m", "sntransport", *map(str, arguments)]
    options = {"cwd": ROOT, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(words, **options)


def content(folder):
    """Bytes of all files by their path; a figure or a file in a text format alike."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def require_whole(folder):
    """Every visible file of a folder is complete; return their names."""
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    for name in names:
        path = folder / name
        if path.suffix == ".fits":
            read_series(path)
        elif path.suffix == ".ecsv":
            assert len(Table.read(path)) > 0
        else:
            assert path.read_bytes().endswith(b"IEND\xaeB`\x82"), name
    return names


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, *(pytest.param(one, marks=pytest.mark.slow) for one in (signal.SIGKILL, signal.SIGINT))]
)
def test_stopped_build_leaves_whole_files_only(tmp_path, number):
    inputs = [write_input(tmp_path / f"{i}.json", f"SN2099z{i}") for i in range(N_INPUT)]
    out = tmp_path / "out"
    process = command("build", *inputs, "-o", out)
    end = time.monotonic() + 60.0
    # As soon as the first file is there, in the middle of the work.
    while process.poll() is None and not (out.is_dir() and any(out.iterdir())) and time.monotonic() < end:
        time.sleep(0.005)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    names = require_whole(out)
    assert len(names) < 4 * N_INPUT
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
        return
    # These two leave no temporary file either, and say what is there.
    assert process.returncode == (130 if number == signal.SIGINT else 143)
    assert not [path.name for path in out.iterdir() if path.name.startswith(".")]
    assert b"Traceback" not in said
    assert b"nothing half-written is left" in said


@pytest.mark.slow
def test_a_full_disk_leaves_nothing_half_written(tmp_path):
    # Files of 100 kB at most: figures and the series are larger. Python gets EFBIG instead of ENOSPC.
    out = tmp_path / "out"
    done = command(
        "build", write_input(tmp_path / "a.json"), "-o", out,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )  # fmt: skip
    _, said = done.communicate(timeout=60)
    assert done.returncode == 1
    assert b"sntransport: error: " in said
    assert b"File too large" in said
    assert b"Traceback" not in said
    assert "SN2099zz.fits" not in require_whole(out)
    assert not [path.name for path in out.iterdir() if path.name.startswith(".")]


def model_of(tmp_path, name):
    """The command that writes a model of one series over another."""
    write_series(dataclasses.replace(bump(), name=name), tmp_path / f"{name}.fits")
    return ("export", tmp_path / f"{name}.fits", "--to", "snana", "--overwrite", "-o")


def finished(process):
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_export_that_is_stopped_leaves_a_whole_model(tmp_path, number):
    """The earlier one or the new one, whenever it is stopped."""
    out = tmp_path / "models" / "M"
    finished(command(*model_of(tmp_path, "old"), out))
    words = model_of(tmp_path, "new")
    begun = time.monotonic()
    finished(command(*words, tmp_path / "other"))
    whole = time.monotonic() - begun
    for k in range(6):
        process = command(*words, out)
        time.sleep(whole * (0.4 + 0.1 * k))
        process.send_signal(number)
        process.communicate(timeout=60)
        recover(out)
        found = check_folder(out)
        assert not found.would_abort
        assert [*found.templates] in (["old.SED"], ["new.SED"])
        assert not [path for path in out.iterdir() if path.name.startswith(".")]


@pytest.mark.slow
def test_an_export_to_a_full_disk_leaves_the_earlier_model(tmp_path):
    place = tmp_path / "disk"
    release = mounted(place, "size=1m")
    try:
        finished(command(*model_of(tmp_path, "old"), place / "M", "--wave-step", "50"))
        before = content(place)
        (place / "filler").write_bytes(bytes(700_000))
        done = command(*model_of(tmp_path, "new"), place / "M")
        _, said = done.communicate(timeout=60)
        assert done.returncode == 1
        assert b"No space left" in said
        assert b"Traceback" not in said
        (place / "filler").unlink()
        assert content(place) == before
    finally:
        release()


@pytest.mark.slow
def test_odd_environment_and_odd_names(tmp_path):
    """No home, the C locale, no place for compiled code, another working directory, blanks and other letters."""
    place = tmp_path / "ein Ordner é"
    place.mkdir()
    write_input(place / "sn ü.json", "SN 2099 é")
    (tmp_path / "file").touch()
    environment = {
        "PATH": "/usr/bin:/bin", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT),
        "NUMBA_CACHE_DIR": str(tmp_path / "file" / "cache"), "MPLCONFIGDIR": str(tmp_path / "file" / "config"),
    }  # fmt: skip
    done = command("build", "sn ü.json", "-o", "aus é", cwd=place, env=environment)
    _, said = done.communicate(timeout=60)
    assert done.returncode == 0, said
    assert require_whole(place / "aus é") == [
        "SN_2099-66e257e4.fits", "SN_2099-66e257e4_light_curves.png", "SN_2099-66e257e4_photometry.ecsv",
        "SN_2099-66e257e4_spectra.png",
    ]  # fmt: skip
    assert sorted(path.name for path in place.iterdir()) == ["aus é", "sn ü.json"]


@pytest.mark.slow
def test_a_package_that_cannot_be_written_to(tmp_path):
    """Installed by somebody else, no home: there is no place for compiled code, which is then made anew."""
    site = tmp_path / "site"
    release = mounted(site, "size=64m")
    try:
        shutil.copytree(ROOT / "sntransport", site / "sntransport", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "filters", site / "filters")
        subprocess.run(["mount", "-o", "remount,ro", site], check=True)
        (tmp_path / "file").touch()
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(site), "HOME": str(tmp_path / "file" / "home")}
        out = tmp_path / "out"
        done = command("build", write_input(tmp_path / "a.json"), "-o", out, cwd=tmp_path, env=environment)
        _, said = done.communicate(timeout=300)
        assert done.returncode == 0, said
        assert "SN2099zz.fits" in require_whole(out)
    finally:
        release()


def test_a_file_in_the_place_of_a_folder(tmp_path):
    (tmp_path / "out").write_text("mine")
    for out in (tmp_path / "out", tmp_path / "out" / "deeper"):
        done = CliRunner().invoke(main, ["build", str(write_input(tmp_path / "a.json")), "-o", str(out)])
        assert done.exit_code in (1, 2)
        assert "out" in done.output
        assert "Traceback" not in done.output
    assert (tmp_path / "out").read_text() == "mine"


def test_a_folder_in_the_place_of_a_file(tmp_path):
    (tmp_path / "out" / "SN2099zz.fits").mkdir(parents=True)
    done = CliRunner().invoke(main, ["build", str(write_input(tmp_path / "a.json")), "-o", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "SN2099zz.fits: it is a folder" in done.output


def test_nan_in_the_middle_of_a_template_gives_nan_there_and_nowhere_else():
    series = bump(phase=np.arange(0.0, 40.0, 4.0), wave=np.arange(2500.0, 9500.0, 50.0))
    flux = series.flux.copy()
    flux[4, 60:70] = np.nan
    broken = dataclasses.replace(series, flux=flux, flux_err=None, origin=None)
    survey, near = snt.load_survey("ztf", years=0.3), snt.Population(redshift=0.02, mag_offset=17.5)
    whole, marked = (snt.simulate([one], survey, near, n=50, seed=1) for one in (series, broken))
    owner = np.repeat(np.arange(whole.n_object), np.diff(whole.offset))
    phase = (whole.mjd - whole.truth.mjd_ref[owner]) / (1.0 + whole.truth.z[owner])
    lost = np.isnan(marked.flux)
    # Phase 16 and what is interpolated from it, in the band that has the hole.
    np.testing.assert_array_equal(lost, (whole.band == whole.bands.index("ztfr")) & (np.abs(phase - 16.0) < 4.0))
    assert 0 < lost.sum() < 0.5 * lost.size
    # The other band reaches into the hole with a thousandth of its light.
    np.testing.assert_allclose(marked.flux[~lost], whole.flux[~lost], rtol=1e-3)


def test_nothing_reaches_for_the_network(tmp_path, monkeypatch):
    import socket

    def refuse(*_):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    done = CliRunner().invoke(main, ["build", str(write_input(tmp_path / "a.json")), "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert os.path.getsize(tmp_path / "SN2099zz.fits") > 0


@pytest.fixture(scope="module")
def read_only(tmp_path_factory):
    """A folder that takes nothing, for the superuser neither."""
    folder = tmp_path_factory.mktemp("place") / "read_only"
    if os.geteuid():
        folder.mkdir()
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)
        return
    release = mounted(folder, "ro,size=64k")
    yield folder
    release()


@pytest.mark.parametrize("name", WRITING)
@pytest.mark.parametrize("deeper", ["", pytest.param("/new/folder", marks=pytest.mark.slow)])
def test_a_folder_that_takes_nothing(material, read_only, monkeypatch, name, deeper):
    monkeypatch.chdir(material)
    before = content(material)
    done = CliRunner().invoke(main, WRITING[name].told(material, f"{read_only}{deeper}"))
    assert done.exit_code == 1, done.output
    assert "Traceback" not in done.output
    last = done.output.strip().splitlines()[-1]
    assert last.startswith(("sntransport: error: ", "Error: ")), done.output
    assert str(read_only) in last
    assert content(material) == before
    assert not list(read_only.iterdir())


def fill(folder):
    """Leave no room on the disk of a folder."""
    with (folder / "ballast").open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                break


@pytest.mark.slow
def test_a_disk_that_fills_up_and_gets_room_again(material, tmp_path, monkeypatch):
    """A real one: the run ends with a message and whole files, and goes on to the same bytes."""
    words = ["simulate", str(material / "simulation.toml"), "--objects", "600", "--chunk", "50", "--workers", "1", "-o"]
    assert CliRunner().invoke(main, [*words, str(tmp_path / "whole")]).exit_code == 0
    whole = content(tmp_path / "whole")
    made = {name for name in whole if "shard" in name}
    assert len(made) > 5
    disk = tmp_path / "disk"
    release = mounted(disk, "size=64m")
    try:
        out, real, calls = disk / "out", shards.atomic_path, []

        def filling(path):
            calls.append(path)
            if len(calls) == 8:
                fill(disk)
            return real(path)

        with monkeypatch.context() as patched:
            patched.setattr(shards, "atomic_path", filling)
            done = CliRunner().invoke(main, [*words, str(out)])
        assert done.exit_code == 1
        assert "No space left on device" in done.output
        assert str(out / "II") in done.output
        assert "Traceback" not in done.output
        left = {name: data for name, data in content(out).items() if name.endswith(".fits")}
        assert 0 < len(left) < len(made)
        assert all(whole[name] == data for name, data in left.items())
        assert not list(out.rglob(".*"))
        again = CliRunner().invoke(main, [*words, str(out)])
        assert again.exit_code == 1
        assert str(out) in again.output
        (disk / "ballast").unlink()
        again = CliRunner().invoke(main, [*words, str(out)])
        assert again.exit_code == 0, again.output
        assert content(out) == whole
    finally:
        release()


@pytest.mark.slow
@pytest.mark.parametrize(("step", "date"), [(-3600.0, 5e9), (3600.0, 1e6)])
def test_a_clock_that_jumps_changes_nothing(material, tmp_path, monkeypatch, step, date):
    """Each look finds it an hour earlier, or later; what a first half has made is from the future, or the past."""
    words = ["simulate", str(material / "simulation.toml"), "--chunk", "10", "--workers", "1", "-o"]
    assert CliRunner().invoke(main, [*words, str(tmp_path / "whole")]).exit_code == 0
    now = itertools.count(4e9, step)
    for name in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(time, name, lambda: next(now))
    out = tmp_path / "out"
    with monkeypatch.context() as broken:
        real, calls = shards.atomic_path, []

        def failing(path):
            calls.append(path)
            if len(calls) > 8:
                raise OSError(28, "No space left on device")
            return real(path)

        broken.setattr(shards, "atomic_path", failing)
        assert CliRunner().invoke(main, [*words, str(out)]).exit_code == 1
    for path in out.rglob("*"):
        os.utime(path, (date, date))
    done = CliRunner().invoke(main, [*words, str(out)])
    assert done.exit_code == 0, done.output
    assert content(out) == content(tmp_path / "whole")


def held(seed=1):
    return dataclasses.replace(curves(seed=seed), meta={"seed": seed, "cosmology": {"H0": 70.0, "Om0": 0.3}})


def series(seed=1):
    wave = np.arange(3000.0, 9000.0, 200.0)
    return bump(name=f"bump{seed}", phase=np.arange(0.0, 36.0 + 4.0 * seed, 4.0), wave=wave)


def light_curve():
    return LightCurve(mjd=[59001.0, 59002.0], band=np.array(["lsstg", "lsstr"]), flux=[1.0, 2.0], flux_err=[0.1, 0.2])


def write_model(folder, seed, form):
    to_snana([series(seed)], folder, form=form, overwrite=True)


WRITERS = {
    "series": lambda folder, seed: write_series(
        series(seed), folder / "series.fits", light_curve=light_curve(), notes=["a note"], provenance={"input": "a"}
    ),
    "fits": lambda folder, seed: write_fits(held(seed), folder / "light"),
    "parquet": lambda folder, seed: write_nested_parquet(held(seed), folder / "a.parquet"),
    "snana": lambda folder, seed: write_snana_fits(held(seed), folder / "snana"),
    "lcdata": lambda folder, seed: write_lcdata(held(seed), folder / "lcdata.h5"),
    "plasticc": lambda folder, seed: write_plasticc(held(seed), folder / "plasticc"),
    "elasticc": lambda folder, seed: write_elasticc(held(seed), folder / "elasticc"),
    "atat": lambda folder, seed: write_atat(held(seed), folder / "atat.h5"),
    "tokens": lambda folder, seed: write_tokens(held(seed), folder / "tokens.parquet"),
    "astromer": lambda folder, seed: write_astromer(held(seed), folder / "astromer.parquet", band="lsstr"),
    "table": lambda folder, seed: write_table(Table({"a": [1.0, seed]}, meta={"name": "x"}), folder / "a.ecsv"),
    "ascii": lambda folder, seed: to_ascii(template_grid(series(seed)), folder / "a.dat"),
    "simlib": lambda folder, seed: write_simlib(
        snt.load_survey("ztf", years=0.02 * seed), folder / "a.simlib.gz"
    ),
    "NON1ASED": partial(lambda form, folder, seed: write_model(folder / form, seed, form), "NON1ASED"),
    "SIMSED": partial(lambda form, folder, seed: write_model(folder / form, seed, form), "SIMSED"),
}  # fmt: skip


def write_everything(folder):
    """One file or more in every format that there is."""
    folder.mkdir()
    for write in WRITERS.values():
        write(folder, 1)
    return content(folder)


def test_all_functions_that_write_are_among_those_tried():
    """By name; those that write parts of others, or the files of a run, are tried with their commands."""
    found = set()
    for path in (ROOT / "sntransport").rglob("*.py"):
        if not {"_storage", "cli"} & set(path.parts):
            found |= set(re.findall(r"^def (write_\w+|to_ascii|to_snana)\(", path.read_text(), re.M))
    with_commands = {
        "write_as", "write_figure", "write_report", "write_sed", "write_snana_version", "write_split",
    }  # fmt: skip
    spectra = {"write_folders", "write_simulated_spectra"}
    tried = {"write_atat", "write_astromer", "write_elasticc", "write_fits", "write_lcdata", "write_nested_parquet",
             "write_plasticc", "write_series", "write_simlib", "write_snana_fits", "write_tokens", "to_ascii",
             "to_snana"}  # fmt: skip
    assert found == with_commands | spectra | tried


@pytest.mark.parametrize("name", WRITERS)
def test_a_function_without_room_leaves_what_was_there(tmp_path, name):
    """All files of one call, whether there is no room at all or none for the last."""
    write = WRITERS[name]
    with small_disk(tmp_path / "disk", 4_000_000) as (disk, room):
        write(disk, 1)
        before = content(disk)
        for share in (0.0, 0.6):
            with (
                room(int(share * max(map(len, before.values())))),
                pytest.raises(OSError, match="cannot write") as caught,
            ):
                write(disk, 2)
            assert str(disk) in str(caught.value)
            assert {file: data for file, data in content(disk).items() if file != "ballast"} == before
        write(disk, 2)
        assert content(disk) != before


def test_a_second_later_every_format_has_the_same_bytes(tmp_path):
    first = write_everything(tmp_path / "first")
    # HDF5, gzip and FITS keep times in whole seconds.
    time.sleep(1.1)
    assert write_everything(tmp_path / "again") == first
    assert len(first) > 15
