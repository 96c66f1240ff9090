"""Work in shards for the tests, also as a script that is killed: python -m tests.shardwork FOLDER PAUSE."""

import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from sntransport.files import atomic_path
from sntransport.shards import Made, Plan, run_shards

PLAN = Plan(95, 10, {"seed": 3})


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
        yield number, Made(tuple(files), (high - low) * (number != 4), 2 * (high - low), {"sum": number})


def run(folder, pause=0.0, **options):
    return run_shards(folder, PLAN, partial(work, folder, pause, PLAN), **options)


if __name__ == "__main__":
    run(Path(sys.argv[1]), float(sys.argv[2]))
