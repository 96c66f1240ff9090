"""Many inputs of one command, and workers whose run is killed: nothing grows, nothing stays behind."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from sntransport._storage import tables
from sntransport.cli.main import main
from sntransport.spectra.series_file import write_series
from tests.conftest import ROOT
from tests.export.test_exports import bump
from tests.support.commands import visible
from tests.support.sockets import tree

# Of a path that is missing: its message is kept for the summary, once as it is said and once as it is printed.
MOST_BYTES = 3000


def peak_of(n, folder):
    words = ["build", *(str(folder / f"{i:06d}.json") for i in range(n)), "-o", str(folder / "out")]
    tracemalloc.start()
    try:
        done = CliRunner().invoke(main, words)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert done.exit_code == 1
    assert done.stderr.count("sntransport: error: ") == n
    assert not (folder / "out").exists()
    return peak


def test_a_path_that_is_missing_costs_a_message(tmp_path):
    peak_of(10, tmp_path)
    few, many = peak_of(200, tmp_path), peak_of(1200, tmp_path)
    assert (many - few) / 1000 < MOST_BYTES


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_files_do_not_stay_open(tmp_path, monkeypatch):
    series = bump(phase=np.arange(0.0, 4.0, 2.0), wave=np.arange(3000.0, 9000.0, 200.0))
    paths = [tmp_path / f"{i}.fits" for i in range(30)]
    for path in paths:
        write_series(dataclasses.replace(series, name=path.stem), path)
    held, real = [], tables.write_table

    def counting(table, path):
        held.append(len(os.listdir("/proc/self/fd")))
        return real(table, path)

    monkeypatch.setattr(tables, "write_table", counting)
    words = ["photometry", *map(str, paths), "--bands", "bessellv", "--z", "0.01", "--distance-modulus", "33"]
    done = CliRunner().invoke(main, [*words, "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert len(held) == 30
    assert max(held[1:]) <= held[1]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_run_can_begin_where_another_was_killed_a_moment_ago(material, tmp_path):
    """The workers of the first end by themselves, hold nothing, and enter nothing; the bytes are those of one run."""
    words = ["simulate", str(material / "simulation.toml"), "--objects", "4000", "--chunk", "50", "-o"]
    done = CliRunner().invoke(main, [*words, str(tmp_path / "whole"), "--workers", "1"])
    assert done.exit_code == 0, done.output
    out = tmp_path / "out"
    program = [sys.executable, "-m", "sntransport", *words, str(out), "--workers", "2"]
    options = {"env": {**os.environ, "PYTHONPATH": str(ROOT)}, "stdout": subprocess.DEVNULL}
    with subprocess.Popen(program, **options) as first:
        end = time.monotonic() + 120
        while not list(out.glob("*/_parts/0*.json")) and first.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        workers = tree(first.pid)[1:]
        assert first.poll() is None
        first.send_signal(signal.SIGKILL)
    assert len(workers) >= 2
    again = subprocess.run(program, **options, stderr=subprocess.PIPE, timeout=300)
    assert again.returncode == 0, again.stderr
    end = time.monotonic() + 60
    while any(map(alive, workers)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(map(alive, workers))
    assert visible(out) == visible(tmp_path / "whole")
