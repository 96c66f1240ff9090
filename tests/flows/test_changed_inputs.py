"""A run makes what was planned or stops: inputs that change after the start are never mixed into what was begun."""

import dataclasses
import json
from contextlib import contextmanager

import numpy as np
import pytest
from astropy.table import Table
from click.testing import CliRunner

import sntransport as snt
from sntransport._storage import workers
from sntransport.augmentation.run import plan_augmentation, run_augmentation
from sntransport.cli.main import main
from sntransport.simulation.run import plan_jobs, run_job, write_fits
from sntransport.spectra.grid import grid_wave
from sntransport.spectra.series import SpectralSeries
from tests.support.slurm import stand_in, table

SIMULATE = """
seed = 2
keep = "all"
[[survey]]
source = "visits.ecsv"
radius = 3.0
[detection]
searcheff = "efficiency.txt"
[[population]]
name = "Ia"
templates = ["templates/*.fits"]
objects = 3000
redshift = { table = "z.ecsv" }
ebv_mw = { table = "dust.ecsv" }
"""
AUGMENT = """
seed = 2
series = ["templates/*.fits"]
[split]
train = 1.0
[templates]
barycenter = "linear"
[[survey]]
source = "visits.ecsv"
radius = 3.0
[population]
redshift = { table = "z.ecsv" }
ebv_mw = { table = "dust.ecsv" }
[simulation]
n = 10000
keep = "all"
[target.train]
Ia = 100
"""
TEXTS = {"simulate": SIMULATE, "augment": AUGMENT}
WAVE, PHASE = grid_wave(9700, 1000), np.arange(-15.0, 40.0, 5.0)


def visits(depth):
    n = 60
    made = {"mjd": 61000.0 + np.arange(n), "band": ["ztfr"] * n, "ra": [150.0] * n, "dec": [2.0] * n}
    return Table({**made, "depth": [depth] * n})


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "inputs"
    (place / "templates").mkdir(parents=True)
    for i in range(3):
        flux = (0.1 + 0.01 * i) * np.exp(-((PHASE[:, None] / 20.0) ** 2)) * (WAVE / 5000.0) ** -1.5
        made = SpectralSeries(phase=PHASE, wave=WAVE, flux=flux, flux_err=0.1 * flux, name=f"SN200{i}a", sn_type="Ia")
        snt.write_series(made, place / "templates" / f"{i}.fits")
    visits(21.0).write(place / "visits.ecsv")
    Table({"value": [0.02, 0.05], "density": [1.0, 2.0]}).write(place / "z.ecsv")
    Table({"ra": [150.0], "dec": [2.0], "ebv": [0.05]}).write(place / "dust.ecsv")
    (place / "efficiency.txt").write_text("FILTER: ALL\nSNR: 4 0\nSNR: 6 1\n")
    for command, text in TEXTS.items():
        (place / f"{command}.toml").write_text(text)
    return place


def fainter(path):
    """A template 3 mag fainter."""
    made = snt.read_series(path)
    made = dataclasses.replace(made, flux=made.flux / 16.0, flux_err=made.flux_err / 16.0)
    snt.write_series(made, path)


CHANGES = {
    "templates/1.fits": lambda folder: fainter(folder / "templates" / "1.fits"),
    "visits.ecsv": lambda folder: visits(18.0).write(folder / "visits.ecsv", overwrite=True),
    "z.ecsv": lambda folder: Table({"value": [0.02, 0.05], "density": [9.0, 2.0]}).write(
        folder / "z.ecsv", overwrite=True
    ),
    "dust.ecsv": lambda folder: Table({"ra": [150.0], "dec": [2.0], "ebv": [0.9]}).write(
        folder / "dust.ecsv", overwrite=True
    ),
    "efficiency.txt": lambda folder: (folder / "efficiency.txt").write_text("FILTER: ALL\nSNR: 9 0\nSNR: 30 1\n"),
}
CONFIG_CHANGES = {"simulate": ("keep", '"all"', '"triggered"'), "augment": ("seed", "2", "3")}


def change_config(folder, command):
    """Another seed or selection in the file itself."""
    path = folder / f"{command}.toml"
    name, old, new = CONFIG_CHANGES[command]
    path.write_text(path.read_text().replace(f"{name} = {old}", f"{name} = {new}", 1))


def run(folder, command, out, *options):
    return CliRunner().invoke(main, [command, str(folder / f"{command}.toml"), "-o", str(out), "--chunk", "1500",
                                     *options])  # fmt: skip


def content(folder):
    """All that light curves are in."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix == ".fits"
    }


@pytest.fixture
def meanwhile(monkeypatch):
    """Do something when a command has planned its run and before any worker has begun."""

    def set_to(change):
        real = workers.executor

        @contextmanager
        def late(*arguments):
            with real(*arguments) as found:
                change()
                yield found

        monkeypatch.setattr(workers, "executor", late)

    return set_to


@pytest.mark.parametrize("command", ["simulate", "augment"])
@pytest.mark.parametrize("n_worker", ["1", "2"])
def test_a_configuration_that_changes_has_no_effect(folder, tmp_path, meanwhile, command, n_worker):
    assert run(folder, command, tmp_path / "before").exit_code == 0
    meanwhile(lambda: change_config(folder, command))
    done = run(folder, command, tmp_path / "out", "--workers", n_worker)
    assert done.exit_code == 0, done.output
    assert content(tmp_path / "out") == content(tmp_path / "before") != {}
    # What is there now is another run.
    again = run(folder, command, tmp_path / "out")
    assert again.exit_code == 1
    name, old, new = (text.strip('"') for text in CONFIG_CHANGES[command])
    assert "holds the output of something else" in again.output
    assert f"{name} was {old} and is now {new}" in again.output.replace("'", "")


@pytest.mark.parametrize("name", CHANGES)
def test_no_worker_of_simulate_takes_a_changed_file(folder, tmp_path, meanwhile, name):
    meanwhile(lambda: CHANGES[name](folder))
    out = tmp_path / "out"
    done = run(folder, "simulate", out, "--workers", "2")
    assert done.exit_code == 2, done.output
    assert f"the file {name} has changed; nothing was made of them" in done.output
    assert len(done.output.strip().splitlines()) == 1
    assert content(out) == {}
    assert not list(out.rglob("manifest.json"))


@pytest.mark.parametrize("name", ["visits.ecsv", "z.ecsv", "dust.ecsv"])
def test_no_worker_of_augment_takes_a_changed_file(folder, tmp_path, meanwhile, name):
    meanwhile(lambda: CHANGES[name](folder))
    done = run(folder, "augment", tmp_path / "out", "--workers", "2")
    assert done.exit_code == 2, done.output
    assert f"the file {name} has changed; nothing was made of them" in done.output
    assert not list((tmp_path / "out").glob("train*"))


def test_series_that_change_before_templates_are_made_of_them_stop_augment(folder, tmp_path, meanwhile):
    meanwhile(lambda: CHANGES["templates/1.fits"](folder))
    done = run(folder, "augment", tmp_path / "out", "--workers", "1")
    assert done.exit_code == 2, done.output
    assert "the file templates/1.fits has changed" in done.output
    assert not list((tmp_path / "out").glob("train*"))


@pytest.mark.parametrize("name", CHANGES)
def test_in_one_process_the_job_is_that_of_the_plan(folder, tmp_path, name):
    assert run(folder, "simulate", tmp_path / "before").exit_code == 0
    changed = []

    def write(curves, stem):
        if not changed:
            changed.append(CHANGES[name](folder))
        return write_fits(curves, stem)

    (source,) = plan_jobs(folder / "simulate.toml")
    run_job(source, tmp_path / "out" / "Ia", write, 1500)
    assert content(tmp_path / "out") == content(tmp_path / "before")
    # Planned anew in the same process it is the new job, and not the one that is remembered.
    (again,) = plan_jobs(folder / "simulate.toml")
    assert again.planned.files != source.planned.files
    run_job(again, tmp_path / "other" / "Ia", write_fits, 1500)
    assert content(tmp_path / "other") != content(tmp_path / "before")


@pytest.mark.parametrize("command", ["simulate", "augment"])
@pytest.mark.parametrize("change", ["new", "gone"])
def test_files_that_come_and_go_are_changes(folder, tmp_path, meanwhile, command, change):
    def do():
        if change == "new":
            (folder / "templates" / "9.fits").write_bytes((folder / "templates" / "1.fits").read_bytes())
        else:
            (folder / "templates" / "1.fits").unlink()

    meanwhile(do)
    done = run(folder, command, tmp_path / "out", "--workers", "2")
    assert done.exit_code == 2, done.output
    assert ("templates/9.fits is new" if change == "new" else "templates/1.fits has gone") in done.output
    assert content(tmp_path / "out") == {} or command == "augment"


@pytest.mark.parametrize("command", ["simulate", "augment"])
def test_a_folder_begun_with_other_files_is_refused_by_their_names(folder, tmp_path, command):
    assert run(folder, command, tmp_path / "out").exit_code == 0
    for name in ("dust.ecsv", "templates/1.fits"):
        CHANGES[name](folder)
    done = run(folder, command, tmp_path / "out")
    assert done.exit_code == 1
    assert "the file dust.ecsv has changed, the file templates/1.fits has changed; choose another" in done.output
    (manifest,) = (tmp_path / "out").rglob("manifest.json")
    named = {"dust.ecsv", "visits.ecsv", "z.ecsv", *(f"templates/{i}.fits" for i in range(3))}
    assert set(json.loads(manifest.read_text())["inputs"]["files"]) >= named


def test_workers_of_a_dask_cluster_stop_too(folder, tmp_path):
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    (source,) = plan_jobs(folder / "simulate.toml")
    source.job()
    planned = plan_augmentation(folder / "augment.toml")
    CHANGES["dust.ecsv"](folder)
    with distributed.Client(**options) as client:
        pool = client.get_executor()
        with pytest.raises(ValueError, match=r"the file dust\.ecsv has changed"):
            run_job(source, tmp_path / "out", write_fits, 1500, executor=pool)
        with pytest.raises(ValueError, match=r"the file dust\.ecsv has changed"):
            run_augmentation(planned, tmp_path / "set", None, 50, executor=pool, progress=lambda what, n: int)
    assert content(tmp_path / "out") == {}


def test_jobs_of_slurm_stop_too(folder, tmp_path, meanwhile, monkeypatch):
    pytest.importorskip("dask_jobqueue")
    stand_in(tmp_path / "bin", monkeypatch)
    config = folder / "simulate.toml"
    config.write_text(SIMULATE + table())
    meanwhile(lambda: CHANGES["dust.ecsv"](folder))
    done = run(folder, "simulate", tmp_path / "out")
    assert done.exit_code == 2, done.output
    assert "the file dust.ecsv has changed; nothing was made of them" in done.output
    assert content(tmp_path / "out") == {}
    assert (tmp_path / "bin" / "canceled").is_file()


def test_another_version_of_the_package_is_no_worker(folder, tmp_path):
    (source,) = plan_jobs(folder / "simulate.toml")
    other = dataclasses.replace(source, planned=dataclasses.replace(source.planned, version="0.0.1"))
    with pytest.raises(ValueError, match=r"planned with sntransport 0\.0\.1 and this worker has"):
        run_job(other, tmp_path / "out", write_fits, 1500)
