"""Cost of every way to call `build`, on made-up spectra, one a night: CPU seconds and memory at its peak.

    python tests/benchmarks/build_ways.py [N ...] [--record]

The numbers of spectra are 30, 100, 300 and 1,000 unless given. With ``--record`` the table is written after each, so
that what was measured is kept.
"""

import json
import subprocess
import sys

from recording import asked_to_record, record

from tests.benchmarks.test_build_speed import MADE_UP, WAYS
from tests.conftest import ROOT

ABOUT = "Cost of build on made-up spectra, one a night, by the way it is called: s of CPU, peak MB"
COMMAND = "PYTHONPATH=. python tests/benchmarks/build_ways.py --record"


def measured(n, way):
    """CPU seconds and megabytes of one build in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MADE_UP, str(n), way], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return json.loads(done.stdout)


def main(arguments):
    arguments, recorded = asked_to_record(arguments)
    sizes = [int(word) for word in arguments] or [30, 100, 300, 1000]
    found = {way: {} for way in WAYS}
    columns = ["call", *(f"{n:,} spectra" for n in sizes)]
    for n in sizes:
        for way in WAYS:
            found[way][n] = measured(n, way)
            seconds, peak = found[way][n]
            print(f"{n} spectra, {way}: {seconds:.1f} s, {peak:.0f} MB", flush=True)
        if recorded:
            rows = [
                [f"`build(sn{way and ', '}{way})`", *(_cell(found[way].get(size)) for size in sizes)] for way in WAYS
            ]
            record("build_ways", columns, rows, about=ABOUT, command=COMMAND)


def _cell(pair):
    return "" if pair is None else f"{pair[0]:.1f} s, {pair[1]:.0f} MB"


if __name__ == "__main__":
    main(sys.argv[1:])
