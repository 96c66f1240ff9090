"""Training sets in shards: the same objects however they are cut, killed and shared, in memory that stays as it is."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import sntransport as snt
from sntransport._storage.shards import PlanError
from sntransport._storage.workers import executor
from sntransport.augmentation import run
from sntransport.augmentation.config import read_augmentation
from sntransport.augmentation.run import plan_augmentation, run_augmentation
from sntransport.augmentation.setup import events, mixing, set_up, templates
from sntransport.augmentation.splits import LeakError
from sntransport.augmentation.training_set import select_training_set
from sntransport.augmentation.training_templates import TrainingTemplate
from sntransport.cli.samples.simulate import write_as
from sntransport.datasets.nested_parquet import read_nested_parquet
from sntransport.simulation.light_curves import concatenate
from sntransport.spectra.grid import grid_wave
from sntransport.spectra.series import SpectralSeries
from tests.conftest import ROOT

KILLS = int(os.environ.get("SNTRANSPORT_KILLS", "6"))
N = 18_000
CONFIG = """
seed = 5
series = ["*.fits"]
[split]
train = 0.6
test = 0.4
[templates]
mixtures = 1
draws = 1
barycenter = "linear"
[[survey]]
source = "ztf"
years = 0.3
[population]
redshift = { uniform = [0.02, 0.05] }
mag_offset = { normal = [0.0, 0.1] }
[simulation]
n = 18000
[target.train]
Ia = 120
II = 90
[target.test]
Ia = 50
[balance]
z_edges = [0.02, 0.035, 0.05]
z_shares = [1, 2]
[selection]
band = "ztfr"
half = 18.0
undo = true
"""
WAVE = grid_wave(9700, 1000)
PHASE = np.arange(-15.0, 40.0, 4.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("sets")
    for k, (name, sn_type) in enumerate([(f"SN200{i}{c}", t) for i, t in ((1, "Ia"), (2, "II P")) for c in "abcd"]):
        light = 0.1 * (1 + 0.1 * k) * np.exp(-((PHASE[:, None] / (20.0 + k)) ** 2))
        flux = light * (WAVE / 5000.0) ** -1.5
        made = SpectralSeries(phase=PHASE, wave=WAVE, flux=flux, flux_err=0.05 * flux, name=name, sn_type=sn_type)
        snt.write_series(made, path / f"{name}.fits")
    (path / "config.toml").write_text(CONFIG)
    return path


def make(config, out, chunk, *, workers=1, scheduler=None, progress=lambda what, n: int, kind="parquet"):
    with executor(config, scheduler, workers) as (pool, n_worker):
        return run_augmentation(
            plan_augmentation(config), out, partial(write_as, kind), chunk, kind=kind, executor=pool, n_worker=n_worker,
            progress=progress,
        )  # fmt: skip


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def listing(folder):
    """All files there, also while folders come and go."""
    return {Path(where, name) for where, _, files in os.walk(folder) for name in files}


def objects(folder, split):
    return concatenate([read_nested_parquet(path) for path in sorted(folder.glob(f"{split}-*.parquet"))])


@pytest.fixture(scope="module")
def whole(folder):
    make(folder / "config.toml", folder / "whole", 100)
    return content(folder / "whole")


def test_shards_are_as_large_as_asked_for_and_the_manifest_tells_their_splits(whole, folder):
    manifest = json.loads(whole[Path("manifest.json")])
    assert (manifest["n"], manifest["objects"], manifest["outcome"]) == (260, 260, "complete")
    assert [entry["objects"] for entry in manifest["shards"]] == [100, 100, 60]
    splits = [entry["extra"]["splits"] for entry in manifest["shards"]]
    assert sum(one["train"] for one in splits) == 210
    assert [file["name"] for file in manifest["shards"][1]["files"]] == ["test-00001.parquet", "train-00001.parquet"]
    for number, one in enumerate(splits):
        assert read_nested_parquet(folder / "whole" / f"test-{number:05d}.parquet").n_object == one["test"]
    assert not (folder / "whole" / "_work").exists()


def test_the_objects_are_those_of_the_whole_set_made_in_memory(whole, folder):
    config = folder / "config.toml"
    given = read_augmentation(config)
    survey, population = events(given, config)
    made = templates(given, config, mixing("linear"))
    setup = set_up(given, survey, population, made)
    curves = snt.simulate([one.series for one in made], survey, setup.events, n=N, seed=5, **setup.options)
    rule = setup.rule
    want = select_training_set(
        curves, made, given["target"], 5, **given["balance"], propensity=rule.propensity, undo=True
    )
    for split in ("train", "test"):
        mine, got = want.light_curves.take(want.split == split), objects(folder / "whole", split)
        for name in ("offset", "mjd", "band", "flux", "flux_err", "photflag"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(got, name))
        for name in ("object_id", "template", "z", "weight", "peak_mag"):
            np.testing.assert_array_equal(getattr(mine.truth, name), getattr(got.truth, name))
    weight = want.light_curves.truth.weight
    assert np.all(weight[want.split == "test"] == 1.0)
    assert weight[want.split == "train"].mean() == pytest.approx(1.0)
    assert weight[want.split == "train"].std() > 0
    z = want.light_curves.truth.z[want.split == "test"]
    assert np.histogram(z, [0.02, 0.035, 0.05])[0].tolist() == [17, 33]


@pytest.mark.parametrize("chunk", [1000, 37])
def test_shards_of_any_size_hold_the_same_objects(whole, folder, chunk):
    out = folder / f"chunk{chunk}"
    make(folder / "config.toml", out, chunk)
    for split in ("train", "test"):
        one, other = objects(folder / "whole", split), objects(out, split)
        for name in ("mjd", "flux", "photflag"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_array_equal(one.truth.object_id, other.truth.object_id)
        np.testing.assert_array_equal(one.truth.weight, other.truth.weight)


def test_two_processes_give_the_same_bytes(whole, folder):
    counts = {}

    def progress(what, n):
        counts[what] = [n]
        return counts[what].append

    make(folder / "config.toml", folder / "two", 100, workers=2, progress=progress)
    assert content(folder / "two") == whole
    assert {what: (n, sum(done)) for what, (n, *done) in counts.items()} == {
        "simulating": (N, N), "writing": (260, 260),
    }  # fmt: skip


def test_workers_of_a_dask_cluster_give_the_same_bytes(whole, folder):
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**options, scheduler_port=0, protocol="tcp") as cluster:
        make(folder / "config.toml", folder / "dask", 100, scheduler=cluster.scheduler_address)
    assert content(folder / "dask") == whole


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_in_the_same_bytes(folder):
    config, rng = folder / "config.toml", np.random.default_rng(KILLS)
    command = [sys.executable, "-m", "sntransport", "augment", str(config), "--format", "parquet", "--chunk", "20"]
    subprocess.run([*command, "-o", str(folder / "calm")], cwd=ROOT, check=True, capture_output=True)
    calm, out = content(folder / "calm"), folder / "killed"
    killed = 0
    while killed < KILLS:
        # Killed when some files more are there than before, whatever they are: a run that is killed gets on a little.
        before, more = listing(out), rng.integers(1, 12)
        process = subprocess.Popen([*command, "-o", str(out)], cwd=ROOT, stdout=subprocess.DEVNULL)
        while process.poll() is None and len(listing(out) - before) < more:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:
            assert content(out) == calm
            shutil.rmtree(out)
        else:
            killed += 1
    subprocess.run([*command, "-o", str(out)], cwd=ROOT, check=True, capture_output=True)
    assert content(out) == calm


def test_a_full_disk_stops_it_and_room_lets_it_go_on(whole, folder, monkeypatch):
    calls, out = [], folder / "full"

    def full(kind, curves, stem):
        calls.append(stem.name)
        if len(calls) == 4:
            raise OSError(errno.ENOSPC, "No space left on device", str(stem))
        return write_as(kind, curves, stem)

    config = folder / "config.toml"
    with pytest.raises(OSError, match="No space left"):
        run_augmentation(
            plan_augmentation(config), out, partial(full, "parquet"), 100, kind="parquet", progress=lambda what, n: int
        )
    assert (out / "_work" / "candidates" / "_SUCCESS").exists()
    seen = []
    monkeypatch.setattr(run, "_look", lambda *_: seen.append(1))
    make(config, out, 100)
    assert content(out) == whole
    assert not seen


@pytest.mark.slow
def test_memory_stays_as_it_is(folder):
    def peaks(factor, name):
        """Of simulating and settling, and of writing."""
        text = CONFIG.replace("n = 18000", f"n = {factor * N}")
        for count in (120, 90, 50):
            text = text.replace(f" = {count}\n", f" = {factor * count}\n")
        config = folder / f"{name}.toml"
        config.write_text(text)
        found = []

        def progress(what, n):
            found.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()
            return int

        tracemalloc.start()
        try:
            make(config, folder / name, 100, progress=progress)
            return np.array([found[1], tracemalloc.get_traced_memory()[1]])
        finally:
            tracemalloc.stop()

    # The first run also loads what is loaded once.
    peaks(1, "first")
    small, large = peaks(1, "small"), peaks(4, "large")
    assert np.all(large < 1.05 * small)


def test_a_leak_fails_the_run_and_nothing_is_written(folder, monkeypatch):
    real = run.templates

    def leaking(*arguments):
        made = real(*arguments)
        first = next(one for one in made if one.split == "train" and one.sn_class == "Ia")
        return (*made, TrainingTemplate(series=first.series, parents=first.parents, split="test", kind="source"))

    monkeypatch.setattr(run, "templates", leaking)
    with pytest.raises(LeakError, match="in the splits test and train: the test would be blind"):
        make(folder / "config.toml", folder / "leak", 100)
    assert not (folder / "leak").exists()


def test_too_few_objects_are_named_and_nothing_is_written(folder):
    config = folder / "few.toml"
    config.write_text(CONFIG.replace("Ia = 50", "Ia = 50000"))
    with pytest.raises(ValueError, match=r"split 'test': class Ia at z 0.02 to 0.035: \d+ objects, 16667 asked for"):
        make(config, folder / "few", 100)
    assert not (folder / "few").exists()
    config.write_text(CONFIG.replace("= 120", "= 0").replace("= 90", "= 0").replace("Ia = 50", "Ia = 0"))
    with pytest.raises(ValueError, match="asks for no light curve"):
        make(config, folder / "few", 100)


def test_another_configuration_does_not_go_on_with_what_was_begun(folder):
    config, out = folder / "other.toml", folder / "other"
    config.write_text(CONFIG)

    def stop(what, n):
        if what == "writing":
            raise OSError("stopped")
        return int

    with pytest.raises(OSError, match="stopped"):
        make(config, out, 100, progress=stop)
    config.write_text(CONFIG.replace("seed = 5", "seed = 6"))
    with pytest.raises(PlanError, match="holds the output of something else: seed was 5 and is now 6"):
        make(config, out, 100)
    assert (out / "_work" / "candidates" / "_SUCCESS").exists()
