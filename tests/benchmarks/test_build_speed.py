"""Cost of the main job and of starting up. Run with ``make bench``; nothing here asserts on time."""

import json
import subprocess
import sys

import pytest

import sntransport as snt

SNIPPET = """
import json, resource, sys, time
import sntransport as snt
sn = snt.read_supernova(sys.argv[1])
snt.build(sn)  # warm: compiled kernels loaded, modules imported
start = time.process_time()
sn = snt.read_supernova(sys.argv[1])
middle = time.process_time()
result = snt.build(sn)
end = time.process_time()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([middle - start, end - middle, peak, *result.series.flux.shape]))
"""


def cpu_seconds(arguments, rounds=7):
    """Least CPU time of several runs of a command."""
    import resource

    times = []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(arguments, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def test_build_of_a_real_supernova(benchmark, osc_dir, capsys):
    path = osc_dir / "SN2013am.json.gz"

    def run():
        done = subprocess.run([sys.executable, "-c", SNIPPET, path], check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    runs = [run() for _ in range(3)]
    read, build, peak, n_phase, n_wave = min(runs, key=lambda row: row[1])
    sn = snt.read_supernova(path)
    benchmark.pedantic(snt.build, args=(sn,), rounds=3, warmup_rounds=1)
    benchmark.extra_info |= {"read [s CPU]": read, "build [s CPU]": build, "peak [MB]": peak}
    benchmark.extra_info |= {"phases": n_phase, "bins": n_wave}
    with capsys.disabled():
        print(
            f"\nSN2013am, {n_phase} phases x {n_wave} bins, warm: read {read:.2f} s + build {build:.2f} s of CPU, "
            f"peak {peak:.0f} MB"
        )


@pytest.mark.parametrize("arguments", [["-m", "sntransport", "--help"], ["-c", "import sntransport"], ["-c", "pass"]])
def test_start(benchmark, arguments, capsys):
    seconds = cpu_seconds([sys.executable, *arguments])
    benchmark.pedantic(subprocess.run, args=([sys.executable, *arguments],), kwargs={"capture_output": True}, rounds=3)
    benchmark.extra_info["CPU [s]"] = seconds
    with capsys.disabled():
        print(f"\npython {' '.join(arguments)}: {seconds:.3f} s of CPU")
