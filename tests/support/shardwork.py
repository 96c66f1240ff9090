"""Work in shards for the tests, also as a script to kill: python -m tests.support.shardwork FOLDER PAUSE WORKERS."""

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from sntransport._storage.atomic_files import atomic_path
from sntransport._storage.shards import Made, Plan, run_shards
from sntransport._storage.workers import end_with_parent

PLAN = Plan(n=95, size=10, inputs={"seed": 3})


def work(folder, pause, plan, first, last):
    """Two files a shard, none for shard 4."""
    for number in range(first, last):
        low, high = plan.objects(number)
        files = []
        for name in ("a", "b") if number != 4 else ():
            path = folder / f"shard-{number:05d}.{name}"
            with atomic_path(path) as temporary:
                data = np.random.default_rng([number, ord(name)]).bytes(20_000)
                temporary.write_bytes(data[:9000])
                time.sleep(pause)
                temporary.write_bytes(data)
            files.append(path)
        time.sleep(pause)
        yield (
            number,
            Made(
                files=tuple(files), objects=(high - low) * (number != 4), rows=2 * (high - low), extra={"sum": number}
            ),
        )


def run(folder, pause=0.0, **options):
    return run_shards(folder, PLAN, partial(work, folder, pause, PLAN), **options)


def broken_work(folder, pause, plan, first, last):
    """All is well until shard 3."""
    for number, made in work(folder, pause, plan, first, last):
        if number == 3:
            raise OSError(f"shard {number} cannot be made")
        yield number, made


if __name__ == "__main__":
    n_worker = int(sys.argv[3])
    if n_worker == 1:
        run(Path(sys.argv[1]), float(sys.argv[2]))
    else:
        context = get_context("spawn")
        with ProcessPoolExecutor(n_worker, mp_context=context, initializer=end_with_parent) as pool:
            run(Path(sys.argv[1]), float(sys.argv[2]), executor=pool, n_worker=n_worker)
