"""A cluster of SLURM's own, whose commands are stood in for by two scripts: its job script, and who may talk to it."""

import os
import stat
from pathlib import Path

import pytest

from sntransport._storage.extras import MissingExtraError
from sntransport._storage.read_error import ReadError
from sntransport._storage.slurm import slurm_cluster
from tests._storage.test_workers import slurm  # noqa: F401  (a fixture)
from tests.support.slurm import OPTIONS
from tests.support.sockets import listening

pytestmark = pytest.mark.skipif(os.name != "posix", reason="scripts of a shell")


def test_the_job_script_holds_what_the_keys_say(slurm):  # noqa: F811
    with slurm_cluster(Path("config.toml"), {**OPTIONS, "jobs": 7}) as (cluster, jobs):
        lines = cluster.job_script().splitlines()
    assert jobs == 7
    for line in ("-p short", "-A sn", "--cpus-per-task=2", "-t 00:10:00", "--mem=4G"):
        assert f"#SBATCH {line}" in lines
    (command,) = [line for line in lines if "dask_worker" in line]
    assert "--nworkers 2" in command
    assert "--nthreads 1" in command
    assert "--dashboard-address 127.0.0.1:0 --no-dashboard" in command
    assert "tls://" in command
    assert not (slurm / "job.sh").exists()


def test_nobody_else_can_talk_to_it(slurm):  # noqa: F811
    from distributed import Client, Security

    before = listening()
    with slurm_cluster(Path("config.toml"), OPTIONS) as (cluster, _):
        new = listening() - before
        assert len(new) == 2
        assert {host for host, _ in new} == {"127.0.0.1"}
        assert cluster.scheduler_address.startswith("tls://127.0.0.1:")
        # Neither without certificates nor with those of somebody else.
        plain = cluster.scheduler_address.replace("tls://", "tcp://")
        with pytest.raises((OSError, TimeoutError)):
            Client(plain, timeout="2s")
        with pytest.raises((OSError, TimeoutError)):
            Client(cluster.scheduler_address, security=Security.temporary(), timeout="2s")
        with Client(cluster) as client:
            assert client.scheduler_info()["workers"] == {}
        script = cluster.job_script()
        keys = [Path(word) for word in script.split() if word.endswith(".pem")]
        assert len(keys) == 3
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in keys)
        assert stat.S_IMODE(keys[0].parent.stat().st_mode) == 0o700
        assert "PRIVATE KEY" not in script
    assert not keys[0].parent.exists()


def test_two_runs_share_a_login_node(slurm):  # noqa: F811
    # A port that is taken is a warning, and that an error here.
    config = Path("config.toml")
    with slurm_cluster(config, OPTIONS) as (one, _), slurm_cluster(config, OPTIONS) as (other, _):
        assert one.scheduler_address != other.scheduler_address


def test_without_tls_it_is_said_so_and_still_on_one_network(slurm):  # noqa: F811
    with slurm_cluster(Path("config.toml"), {**OPTIONS, "tls": False}) as (cluster, _):
        assert cluster.scheduler_address.startswith("tcp://127.0.0.1:")


# Dask complains of the end of a cluster that was not made.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quue": "short"}, r"config.toml: slurm\.quue: no such key; did you mean queue"),
        ({"memory": "much"}, "Could not interpret 'much' as a byte unit"),
        ({"jobs": 0}, r"slurm\.jobs: is 0; expected 1 or more"),
        ({"jobs": "many"}, r"slurm\.jobs: is 'many'; expected a whole number"),
        ({"cores": "two"}, r"slurm\.cores: is 'two'; expected a whole number"),
        ({"interface": None}, r"slurm\.interface: missing; name the network between this computer and"),
        ({"interface": "ib99"}, "'ib99' is not a valid network interface.*; correct it"),
        ({"queue": "short\n#SBATCH --wrap=x"}, r"slurm\.queue: is .*; expected one word"),
        ({"local_directory": "/tmp; rm -rf ~"}, r"slurm\.local_directory: is .*; expected one word"),
        ({"job_extra_directives": ["-x\nrm -rf ~"]}, r"slurm\.job_extra_directives: has .*; give one line each"),
        ({"scheduler_options": {"host": "0.0.0.0"}}, r"slurm\.scheduler_options: no such key"),
        ({"security": "x"}, r"slurm\.security: no such key"),
    ],
)
def test_wrong_keys_are_named(slurm, change, message):  # noqa: F811
    table = {key: value for key, value in {**OPTIONS, **change}.items() if value is not None}
    with pytest.raises(ReadError, match=message), slurm_cluster(Path("config.toml"), table):
        pass


def test_certificates_need_a_package_of_the_extra(slurm, monkeypatch):  # noqa: F811
    import sys

    monkeypatch.setitem(sys.modules, "cryptography", None)
    match = r"cryptography is not installed: pip install 'sntransport\[distributed"
    with pytest.raises(MissingExtraError, match=match), slurm_cluster(Path("config.toml"), OPTIONS):
        pass
