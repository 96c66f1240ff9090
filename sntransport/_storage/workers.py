"""What runs the shards of a command: processes here, a Dask cluster, or one that SLURM starts."""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sntransport._storage.config_sections import read_toml
from sntransport._storage.extras import of_extra
from sntransport._storage.slurm import slurm_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor
    from pathlib import Path

_WORTH_A_PROCESS = 50_000


def processes(workers: int | None, n_object: int, n_shard: int) -> int:
    """How many processes to use: those asked for, else as many as there are cores and work for; one a shard at most."""
    # A new process costs as much as some thousand light curves.
    return min(workers or min(os.cpu_count() or 1, n_object // _WORTH_A_PROCESS + 1), n_shard)


@contextmanager
def executor(config: Path, scheduler: str | None, n_worker: int) -> Iterator[tuple[Executor | None, int]]:
    """What runs the shards: a Dask cluster, one that SLURM starts, processes here, or nothing but this process.

    Parameters
    ----------
    config : Path
        A table ``[slurm]`` in it asks for a cluster of its own; see `sntransport._storage.slurm`.
    scheduler : str, optional
        Address of a Dask cluster, such as ``tcp://host:8786``.
    n_worker : int
        Processes where there is no cluster.

    Yields
    ------
    executor, n_worker
        For `sntransport._storage.shards.run_shards`.

    Raises
    ------
    ReadError
        Where ``[slurm]`` has a wrong key or value.
    MissingExtraError
        Where a cluster is asked for and Dask is not installed.
    """
    slurm = read_toml(config).values.get("slurm")
    if scheduler is not None:
        with _distributed("distributed").Client(scheduler) as client:
            client.wait_for_workers(1)
            yield client.get_executor(), len(client.scheduler_info()["workers"])
    elif slurm is not None:
        connect = _distributed("distributed").Client
        # The jobs end with the cluster, not with the client.
        with slurm_cluster(config, slurm) as (cluster, jobs), connect(cluster) as client:
            cluster.scale(jobs=jobs)
            client.wait_for_workers(1)
            # Others may wait in the queue still; the work is cut for all that are to come.
            yield client.get_executor(), len(cluster.plan)
    elif n_worker > 1:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        # Not forked: threads of numerical libraries do not survive that.
        with ProcessPoolExecutor(n_worker, mp_context=get_context("spawn"), initializer=end_with_parent) as pool:
            yield pool, n_worker
    else:
        yield None, 1


def end_with_parent() -> None:
    """Let this process end when the one that started it does, however it does: a killed run leaves no workers.

    Ctrl-C reaches it too; what that means is for the one that started it to say.
    """
    import signal
    from multiprocessing import connection, parent_process
    from threading import Thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _distributed(name: str) -> Any:
    with of_extra("distributed"):
        return import_module(name)
