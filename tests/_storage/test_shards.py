"""Work in shards: killed, resumed, shared among workers, refused; always the same bytes in the end."""

import dataclasses
import errno
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sntransport._storage import shards
from sntransport._storage.folder_lock import BusyError
from sntransport._storage.shards import Plan, PlanError, run_shards
from tests.conftest import ROOT
from tests.support.shardwork import PLAN, broken_work, run, work

KILLS = int(os.environ.get("SNTRANSPORT_KILLS", "6"))


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "out"
    run(folder)
    return content(folder)


def test_what_a_finished_folder_holds(whole, tmp_path):
    entries = run(tmp_path)
    assert content(tmp_path) == whole
    names = {str(path) for path in whole}
    assert len(names) == 9 * 2 + 2
    manifest = json.loads(whole[next(path for path in whole if path.name == "manifest.json")])
    assert (manifest["outcome"], manifest["objects"], manifest["rows"]) == ("complete", 85, 190)
    assert [entry["first"] for entry in entries] == list(range(0, 95, 10))
    assert entries[-1]["last"] == 95
    assert entries[4]["files"] == []


def test_killed_at_any_moment_it_ends_in_the_same_bytes(whole, tmp_path):
    rng = np.random.default_rng(KILLS)
    folder = tmp_path / "out"
    killed = 0
    while killed < KILLS:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.shardwork", str(folder), "0.02", "1"], cwd=ROOT
        )
        try:
            process.wait(0.15 + rng.uniform(0.0, 0.5))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
        else:
            assert process.returncode == 0
            assert content(folder) == whole
            # Done before all kills: begin again.
            for path in sorted(folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
    run(folder)
    assert content(folder) == whole


def workers_of(process):
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_of_a_killed_run_end_and_enter_nothing(whole, tmp_path):
    folder = tmp_path / "out"
    for _ in range(max(KILLS // 3, 1)):
        arguments = [sys.executable, "-m", "tests.support.shardwork", str(folder), "0.2", "2"]
        process = subprocess.Popen(arguments, cwd=ROOT)
        deadline = time.monotonic() + 60
        while len(list(folder.glob("_parts/0*.json"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        workers = workers_of(process)
        assert len(workers) >= 2
        process.send_signal(signal.SIGKILL)
        process.wait()
        run(folder)
        while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not any(alive(pid) for pid in workers)
        left = {
            path: data for path, data in content(folder).items() if not re.fullmatch(r"\.[0-9a-f]{16}-.+", path.name)
        }
        assert left == whole
        shutil.rmtree(folder)


def test_when_one_worker_fails_all_have_stopped(tmp_path):
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        with pytest.raises(OSError, match="shard 3 cannot be made"):
            run_shards(tmp_path, PLAN, partial(broken_work, tmp_path, 0.1, PLAN), executor=pool, n_worker=2)
        before = content(tmp_path)
        time.sleep(0.6)
        assert content(tmp_path) == before
    assert Path("_parts/plan.json") in before
    assert Path("_parts/run") not in before


def test_a_run_that_another_has_replaced_enters_nothing(tmp_path):
    def replaced(first, last):
        for number, made in work(tmp_path, 0.0, PLAN, first, last):
            if number == 2:
                (tmp_path / "_parts" / "run").write_text("another")
            yield number, made

    with pytest.raises(BusyError, match="the run that this worker belongs to has ended; start it again to go on"):
        run_shards(tmp_path, PLAN, replaced)
    assert sorted(path.name for path in (tmp_path / "_parts").glob("0*")) == ["0000000.json", "0000001.json"]


def test_a_full_disk_stops_it_and_room_lets_it_go_on(whole, tmp_path, monkeypatch):
    real = shards.atomic_path
    calls = []

    def full(path):
        calls.append(path)
        if len(calls) == 8:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return real(path)

    monkeypatch.setattr(shards, "atomic_path", full)
    with pytest.raises(OSError, match="No space left"):
        run(tmp_path)
    assert not (tmp_path / "_SUCCESS").exists()
    monkeypatch.undo()
    made = []
    run(tmp_path, done=made.append)
    assert sum(made) == 95
    assert content(tmp_path) == whole


def test_space_is_looked_at_first(tmp_path):
    with pytest.raises(OSError, match=r"GB are still to be written and .* GB are free; make room"):
        run(tmp_path, n_byte=10**18)
    assert not list(tmp_path.glob("shard*"))


@pytest.mark.parametrize("n_worker", [1, 2])
def test_processes_give_the_same_bytes(whole, tmp_path, n_worker):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_worker, mp_context=context) as pool:
        made = []
        run(tmp_path, executor=pool, n_worker=n_worker, done=made.append)
    assert content(tmp_path) == whole
    assert sum(made) == 95


def test_dask_workers_give_the_same_bytes(whole, tmp_path):
    distributed = pytest.importorskip("distributed")
    for n_worker in (1, 2, 4):
        options = {"n_workers": n_worker, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
        with distributed.Client(**options) as client:
            run(tmp_path / str(n_worker), executor=client.get_executor(), n_worker=n_worker)
        assert content(tmp_path / str(n_worker)) == whole


def test_damaged_shards_are_made_again(whole, tmp_path):
    run(tmp_path)
    (tmp_path / "_SUCCESS").unlink()
    parts = tmp_path / "_parts"
    parts.mkdir()
    held = json.loads((tmp_path / "manifest.json").read_text())
    (parts / "plan.json").write_text(json.dumps({key: held[key] for key in ("n", "size", "inputs")}))
    for entry in held["shards"]:
        (parts / f"{entry['number']:07d}.json").write_text(json.dumps(entry))
    path = tmp_path / "shard-00002.a"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    (tmp_path / "shard-00003.b").unlink()
    (tmp_path / f".{'0' * 16}-shard-00003.b").write_bytes(b"left by a killed run")
    run(tmp_path)
    assert content(tmp_path) == whole


def test_a_finished_run_is_not_touched_and_its_loss_is_noticed(tmp_path):
    run(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    run(tmp_path)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    (tmp_path / "shard-00001.a").unlink()
    with pytest.raises(PlanError, match="shard 1 of a finished run is missing or has changed; remove _SUCCESS"):
        run(tmp_path)


def test_another_plan_is_refused_by_what_differs(tmp_path):
    run(tmp_path)
    other = dataclasses.replace(PLAN, inputs={"seed": 4})
    with pytest.raises(PlanError, match="seed was 3 and is now 4; choose another folder"):
        run_shards(tmp_path, other, partial(work, tmp_path, 0.0, other))
    with pytest.raises(PlanError, match="size was 10 and is now 20"):
        run_shards(tmp_path, Plan(n=95, size=20, inputs={"seed": 3}), partial(work, tmp_path, 0.0, PLAN))


def test_two_runs_at_once(whole, tmp_path):
    pytest.importorskip("fcntl")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(run, tmp_path, 0.03)
        while not list(tmp_path.glob("shard*")):
            time.sleep(0.01)
        with pytest.raises(BusyError, match=f"written by another run .process {os.getpid()} on"):
            run(tmp_path)
        first.result()
    assert content(tmp_path) == whole


def test_nothing_in_any_shard_is_an_outcome_of_its_own(tmp_path):
    plan = Plan(n=10, size=10, inputs={})

    def empty(first, last):
        yield 0, shards.Made(files=(), objects=0, rows=0, extra={})

    run_shards(tmp_path, plan, empty)
    assert (tmp_path / "_SUCCESS").read_text() == "empty\n"
    with pytest.raises(ValueError, match="n is 0"):
        Plan(n=0, size=10, inputs={})
