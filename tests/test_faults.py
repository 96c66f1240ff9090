"""What goes wrong around the program: signals, full disks, odd places; nothing half-written is left."""

import dataclasses
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from click.testing import CliRunner

import sntransport as snt
from sntransport.cli import main
from sntransport.seriesfile import read_series
from tests.test_export import bump
from tests.test_read import event, spectrum

ROOT = Path(__file__).resolve().parents[1]
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
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
        "SN_2099.fits", "SN_2099_light_curves.png", "SN_2099_photometry.ecsv", "SN_2099_spectra.png",
    ]  # fmt: skip
    assert sorted(path.name for path in place.iterdir()) == ["aus é", "sn ü.json"]


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
    survey, near = snt.load_survey("ztf", years=0.3), snt.Population(redshift=0.02)
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
