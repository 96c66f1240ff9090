"""What runs shards: how many processes, and a cluster of SLURM's, whose commands are stood in for by two scripts."""

import time
from functools import partial
from pathlib import Path

import pytest

from sntransport._storage import workers
from sntransport._storage.read_error import ReadError
from sntransport._storage.shards import run_shards
from sntransport._storage.workers import executor, processes, slurm_cluster
from tests.support.shardwork import PLAN, run, work
from tests.support.slurm import OPTIONS, stand_in, table


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


def test_the_job_script_holds_what_the_keys_say(slurm):
    made, jobs = slurm_cluster(Path("config.toml"), {**OPTIONS, "jobs": 7})
    with made as cluster:
        lines = cluster.job_script().splitlines()
    assert jobs == 7
    for line in ("-p short", "-A sn", "--cpus-per-task=2", "-t 00:10:00", "--mem=4G"):
        assert f"#SBATCH {line}" in lines
    (command,) = [line for line in lines if "dask_worker" in line]
    assert "--nworkers 2" in command
    assert "--nthreads 1" in command
    assert not (slurm / "job.sh").exists()


def test_two_runs_share_a_login_node(slurm):
    # A port that is taken is a warning, and that an error here.
    with slurm_cluster(Path("config.toml"), OPTIONS)[0] as one, slurm_cluster(Path("config.toml"), OPTIONS)[0] as other:
        assert one.scheduler_address != other.scheduler_address


def test_options_of_the_scheduler_are_those_given(slurm):
    table = {**OPTIONS, "scheduler_options": {"dashboard_address": "127.0.0.1:0"}}
    with slurm_cluster(Path("config.toml"), table)[0] as made:
        assert made.scheduler_spec["options"]["dashboard_address"] == "127.0.0.1:0"


# Dask complains of the end of a cluster that was not made.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quue": "short"}, "config.toml: slurm.*unexpected keyword argument 'quue'.*; give jobs and the options of"),
        ({"memory": "much"}, "Could not interpret 'much' as a byte unit; give jobs"),
        ({"jobs": 0}, r"slurm\.jobs: is 0; expected 1 or more"),
        ({"jobs": "many"}, r"slurm\.jobs: is 'many'; expected a whole number"),
        ({"cores": "two"}, "slurm.*; give jobs and the options"),
    ],
)
def test_wrong_keys_are_named(slurm, change, message):
    with pytest.raises(ReadError, match=message):
        slurm_cluster(Path("config.toml"), {**OPTIONS, **change})


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
