"""Cost of the main job and of starting up. Run with ``make bench``; nothing here asserts on time."""

import json
import subprocess
import sys

import pytest

import sntransport as snt
from tests.conftest import ROOT

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


MADE_UP = """
import json, resource, sys, time
import numpy as np
import sntransport as snt
from sntransport.transport.weights import paper_weight
from tests.support.synthetic import photometry, supernova
n, way = int(sys.argv[1]), sys.argv[2]
def made_up(n):
    phases = 1.0 * np.arange(n)
    curve = photometry(phases[::2] / n * 90.0, ["bessellb", "bessellv", "sdssr", "sdssi"])
    sn = supernova(phases / n * 90.0, light_curve=curve)
    # Stretched in time: a night each.
    late = lambda mjd: 59000.0 + (np.asarray(mjd) - 59000.0) * n / 90.0
    import dataclasses
    spectra = tuple(dataclasses.replace(s, mjd=float(late(s.mjd))) for s in sn.spectra)
    return dataclasses.replace(sn, spectra=spectra, light_curve=dataclasses.replace(curve, mjd=late(curve.mjd)))
options = eval(f"dict({way})", {**vars(snt.interpolators), "paper_weight": paper_weight, "snt": snt})
snt.build(made_up(6), **options)
sn = made_up(n)
start = time.process_time()
snt.build(sn, **options)
end = time.process_time()
print(json.dumps([end - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


WAYS = (
    "",
    "interpolate=log_linear",
    "interpolate=linear",
    "interpolate=wasserstein",
    "interpolate=sinkhorn",
    "interpolate=unbalanced",
    "weight=paper_weight",
    "weight=paper_weight, interpolate=log_linear",
    "weight=paper_weight, interpolate=wasserstein",
    "**snt.transport.paper_recipe()",
)
"""Arguments of `build` whose cost is measured."""


@pytest.mark.parametrize("way", ["default", "paper"])
def test_cost_grows_with_the_spectra(benchmark, way, capsys):
    """A spectrum a night, a phase a day; all pairs within 40 d where they are averaged."""
    found, arguments = {}, {"default": "", "paper": "**snt.transport.paper_recipe()"}[way]
    for n in (10, 100, 1000):
        done = subprocess.run(
            [sys.executable, "-c", MADE_UP, str(n), arguments], check=True, capture_output=True, text=True, cwd=ROOT
        )
        found[n] = json.loads(done.stdout)
    benchmark.pedantic(lambda: None, rounds=1)
    for n, (seconds, peak) in found.items():
        benchmark.extra_info |= {f"{n} spectra [s CPU]": seconds, f"{n} spectra [MB]": peak}
    with capsys.disabled():
        print(f"\n{way}: {found} (spectra: s of CPU, peak MB)")


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
