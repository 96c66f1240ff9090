"""What runs shards: how many processes, and a cluster of SLURM's, whose commands are stood in for by two scripts."""

import time
from functools import partial
from pathlib import Path

import pytest

from sntransport._storage import workers
from sntransport._storage.shards import run_shards
from sntransport._storage.workers import executor, processes
from tests.support.shardwork import PLAN, run, work
from tests.support.slurm import stand_in, table


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    pytest.importorskip("dask_jobqueue")
    return stand_in(tmp_path / "bin", monkeypatch)


def test_processes_are_as_many_as_there_is_work_for(monkeypatch):
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 8)
    assert processes(None, 1000, 100) == 1
    assert processes(None, 120_000, 100) == 3
    assert processes(None, 10**9, 100) == 8
    assert processes(None, 10**9, 5) == 5
    assert processes(20, 1000, 100) == 20
    assert processes(20, 1000, 3) == 3


def test_jobs_of_slurm_give_the_same_bytes_and_end_with_the_run(slurm, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(table())
    run(tmp_path / "here")
    out = tmp_path / "there"
    with executor(config, None, 1) as (pool, n_worker):
        assert n_worker == 2
        run_shards(out, PLAN, partial(work, out, 0.0, PLAN), executor=pool, n_worker=n_worker)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()
    }
    job = int((slurm / "canceled").read_text())
    deadline = time.monotonic() + 60
    while Path(f"/proc/{job}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{job}").exists()


def test_without_dask_the_command_says_what_to_install(tmp_path, monkeypatch):
    def absent(name):
        raise ImportError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(workers, "import_module", absent)
    config = tmp_path / "config.toml"
    config.write_text("[slurm]\njobs = 2\n")
    for scheduler in ("tcp://127.0.0.1:1", None):
        with pytest.raises(ImportError, match=r"is not installed: pip install 'sntransport\[distributed\]'"):
            executor(config, scheduler, 1).__enter__()
