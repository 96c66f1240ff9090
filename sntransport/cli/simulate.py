"""The command ``simulate``."""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import click

from sntransport.cli.console import EXISTING, FOLDER, conclude, example_option, fail, progress_bar, say, speaking

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path

    from sntransport.simulation.light_curves import LightCurves
    from sntransport.simulation.run import JobSource

# Module, function, and what is appended to the name of a shard; functions that write several files append their own.
WRITERS = {
    "fits": ("simulation.run", "write_fits", ""),
    "parquet": ("datasets.nested_parquet", "write_nested_parquet", ".parquet"),
    "snana": ("datasets.snana_fits", "write_snana_fits", ""),
    "lcdata": ("datasets.lcdata_hdf5", "write_lcdata", ".h5"),
    "plasticc": ("datasets.plasticc_csv", "write_plasticc", ""),
    "elasticc": ("datasets.elasticc_parquet", "write_elasticc", ""),
    "atat": ("datasets.atat_hdf5", "write_atat", ".h5"),
    "tokens": ("datasets.tokens", "write_tokens", ".parquet"),
}


@click.command()
@click.argument("config", type=EXISTING, metavar="CONFIG.toml")
@example_option("simulation.config_keys", "SIMULATION")
@click.option("-o", "--out", required=True, type=FOLDER, help="Folder for light curves, summary and figures.")
@click.option("--format", "kind", type=click.Choice(list(WRITERS)), default="fits", show_default=True)
@click.option("--objects", type=click.IntRange(min=1), help="Number of objects of each population, not the file's.")
@click.option("--seed", type=click.IntRange(min=0), help="In place of the file's.")
@click.option("--chunk", type=click.IntRange(min=1), default=8192, show_default=True, help="Objects a shard.")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Processes; when left out as many as there are cores and work for."
)
@click.option("--scheduler", metavar="ADDRESS", help="Of a Dask cluster, such as tcp://host:8786, to work on instead.")
@speaking
def simulate(
    config: Path, out: Path, kind: str, objects: int | None, seed: int | None, chunk: int, workers: int | None,
    scheduler: str | None,
) -> None:  # fmt: skip
    """Light curves of populations as surveys would measure them.

    CONFIG.toml says which surveys, templates, redshifts, dust and detections; docs/simulation.md lists its keys and
    examples/simulation.toml is one. Writes a folder of shards for each population, with a manifest, and summary.ecsv
    and figures. A run that was stopped goes on where it was when it is started again; a finished one is left as it is.
    """
    from sntransport._storage.workers import executor, processes
    from sntransport.simulation.run import plan_jobs

    sources = plan_jobs(config, objects, seed)
    most = max(source.job().n for source in sources)
    try:
        with executor(config, scheduler, processes(workers, most, -(-most // chunk))) as (pool, n_worker):
            _simulate(sources, out, kind, chunk=chunk, executor=pool, n_worker=n_worker)
    except ImportError as error:
        fail(error)
        sys.exit(1)


def _simulate(
    sources: tuple[JobSource, ...], out: Path, kind: str, *, chunk: int, executor: Executor | None, n_worker: int
) -> None:  # fmt: skip
    from sntransport._storage.atomic_files import file_stem
    from sntransport._storage.tables import text_table, write_table
    from sntransport.report.figures import simulation
    from sntransport.report.figures.style import write_figure
    from sntransport.simulation.run import run_job
    from sntransport.simulation.summary import summary_rows, summary_table

    jobs = [source.job() for source in sources]
    folders = [out / file_stem(job.name) for job in jobs]
    finished = all((folder / "_SUCCESS").is_file() for folder in folders) and (out / "summary.ecsv").is_file()
    tallies, results, n_file = [], [], 0
    for source, job, folder in zip(sources, jobs, folders, strict=True):
        with progress_bar(job.n, "objects", job.name) as bar:
            made, paths = run_job(
                source, folder, partial(write_as, kind), chunk, bar.update, kind=kind, executor=executor,
                n_worker=n_worker,
            )  # fmt: skip
        tallies.append(made)
        n_file += len(paths)
        results.append({**summary_rows([made])[-1], "files": [str(path) for path in paths]})
        figure = None if finished else simulation.examples_figure(made)
        if figure is not None:
            say(f"wrote {write_figure(figure, out / f'{file_stem(job.name)}_examples.png')}")
    if finished:
        say(f"{out} is finished already; nothing was written")
    else:
        say(f"wrote {write_figure(simulation.population_figure(tallies), out / 'summary.png')}")
        table = summary_table(tallies, {"config": sources[0].planned.path.name})
        say(f"wrote {write_table(table, out / 'summary.ecsv')}")
        say(f"wrote {n_file} file{'s' if n_file != 1 else ''} of light curves to {out}")
    say(text_table([{key: str(value) for key, value in row.items()} for row in summary_rows(tallies)]))
    conclude(results)
    for job, made in zip(jobs, tallies, strict=True):
        if not getattr(made, "generated" if job.keep == "all" else job.keep).sum():
            raise ValueError(
                f"population {job.name!r}: none of {job.n} objects is {job.keep}, so no light curve was written; look "
                "at summary.png, narrow the redshifts, or set keep = 'all'"
            )


def write_as(kind: str, curves: LightCurves, stem: Path) -> Path | tuple[Path, ...]:
    """Write one shard in a format of `WRITERS`."""
    module, name, ending = WRITERS[kind]
    write = getattr(import_module(f"sntransport.{module}"), name)
    written: Path | tuple[Path, ...] = write(curves, stem.with_name(f"{stem.name}{ending}"))
    return written
