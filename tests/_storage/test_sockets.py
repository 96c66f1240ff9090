"""On what the workers of a run listen: nothing, or what this computer alone reaches."""

import os
import socket
import subprocess
import sys
import time

import pytest

from sntransport._storage.workers import executor
from tests._storage.test_workers import slurm  # noqa: F401  (a fixture)
from tests.conftest import ROOT
from tests.support.slurm import table
from tests.support.sockets import beyond_loopback, listening, tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.mark.parametrize(
    ("family", "address", "beyond"),
    [
        ("AF_INET", "127.0.0.1", False),
        ("AF_INET", "0.0.0.0", True),
        ("AF_INET6", "::1", False),
        ("AF_INET6", "::", True),
    ],
)
def test_a_socket_is_found_with_its_address(family, address, beyond):
    before = listening()
    with socket.socket(getattr(socket, family)) as one:
        try:
            one.bind((address, 0))
        except OSError as error:
            pytest.skip(f"no such address here: {error}")
        one.listen()
        found = listening() - before
        assert found == {(address, one.getsockname()[1])}
        assert listening(os.getpid()) >= found
        assert bool(beyond_loopback(found)) is beyond
    assert not listening() & found


def test_children_are_found():
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        end = time.monotonic() + 60
        while len(tree(process.pid)) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        assert len(tree(process.pid)) == 2
        assert set(tree(process.pid)) < set(tree(os.getpid()))
        process.communicate(b"\n")
    assert listening(process.pid) == set()


def heard(process):
    """Processes of a command while it runs, and where they listened."""
    seen, found = set(), set()
    while process.poll() is None:
        for pid in tree(process.pid):
            seen.add(pid)
            found |= listening(pid)
        time.sleep(0.02)
    return seen, found


def simulate(material, out, *more):
    words = ["simulate", "simulation.toml", "--objects", "200", "--chunk", "50", "-o", out, *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "sntransport", *map(str, words)], cwd=material, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.slow
def test_processes_of_a_run_listen_on_nothing(material, tmp_path):
    with simulate(material, tmp_path / "out", "--workers", "2") as process:
        seen, found = heard(process)
        assert process.returncode == 0, process.stderr.read()
    assert len(seen) >= 3
    assert found == set()


@pytest.mark.slow
def test_a_run_on_a_cluster_of_dask_listens_on_nothing(material, tmp_path):
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with (
        distributed.LocalCluster(protocol="tcp://", host="127.0.0.1", **options) as cluster,
        simulate(material, tmp_path / "out", "--scheduler", cluster.scheduler_address) as process,
    ):
        _, found = heard(process)
        assert process.returncode == 0, process.stderr.read()
    assert found == set()


def test_a_cluster_on_slurm_listens_where_it_was_asked_to(slurm, tmp_path):  # noqa: F811
    """The interface asked for is that of this computer alone; so are the pages of status of scheduler and workers."""
    config = tmp_path / "config.toml"
    config.write_text(table())
    before = listening()
    with executor(config, None, 1) as (pool, _):
        assert pool.submit(abs, -1).result() == 1
        job = int((slurm / "jobs").read_text().split()[-1])
        ours = listening() - before
        theirs = set().union(*(listening(pid) for pid in tree(job)))
    assert ours
    assert theirs
    assert beyond_loopback(ours | theirs) == set()
