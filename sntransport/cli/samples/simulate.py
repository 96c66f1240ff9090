"""The command ``simulate``."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from sntransport.cli.terminal.console import conclude, fail, figure_style, progress_bar, say, speaking, styled
from sntransport.cli.terminal.options import EXISTING, FOLDER, example_option
from sntransport.datasets.writers import WRITERS, end_folder, needs_true_flux, require_format, run_codes, write_as

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from sntransport.simulation.config import Job
    from sntransport.simulation.events.class_codes import Codes
    from sntransport.simulation.run import JobSource


@click.command()
@click.argument("config", type=EXISTING, metavar="CONFIG.toml")
@example_option("simulation.config_keys", "SIMULATION")
@click.option("-o", "--out", required=True, type=FOLDER, help="Folder for light curves, summary and figures.")
@click.option("--format", "kind", type=click.Choice(list(WRITERS)), default="fits", show_default=True)
@click.option("--survey-name", metavar="NAME", help="Of SURVEY in files of SNANA, not those of the surveys.")
@click.option("--objects", type=click.IntRange(min=1), help="Number of objects of each population, not the file's.")
@click.option("--seed", type=click.IntRange(min=0), help="In place of the file's.")
@click.option("--chunk", type=click.IntRange(min=1), default=8192, show_default=True, help="Objects a shard.")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Processes; when left out as many as there are cores and work for."
)
@click.option("--scheduler", metavar="ADDRESS", help="Of a Dask cluster, such as tcp://host:8786, to work on instead.")
@styled
@speaking
def simulate(
    config: Path, out: Path, kind: str, survey_name: str | None, objects: int | None, seed: int | None, chunk: int,
    workers: int | None, scheduler: str | None,
) -> None:  # fmt: skip
    """Light curves of populations as surveys would measure them.

    CONFIG.toml says which surveys, templates, redshifts, dust and detections; docs/reference/simulation-keys.md lists
    its keys and examples/simulation.toml is one. Writes a folder of shards for each population, with a manifest, and
    summary.ecsv and figures. A run that was stopped goes on where it was when it is started again; a finished one is
    left as it is.

    Example: sntransport simulate --example-config > config.toml, then sntransport simulate config.toml -o sim/
    """
    from sntransport._storage.workers import executor, processes
    from sntransport.simulation.run import plan_jobs

    sources = plan_jobs(config, objects, seed)
    most = max(source.job().n for source in sources)
    try:
        jobs = [source.job() for source in sources]
        codes = _codes(kind, jobs, survey_name, -(-most // chunk))
        with executor(config, scheduler, processes(workers, most, -(-most // chunk))) as (pool, n_worker):
            _simulate(sources, out, kind, codes, chunk=chunk, executor=pool, n_worker=n_worker)
    except ImportError as error:
        fail(error)
        sys.exit(1)


def _codes(kind: str, jobs: Sequence[Job], survey_name: str | None, n_shard: int) -> Codes:
    """The codes of the whole run; an error where the format cannot hold what comes of it."""
    from dataclasses import replace

    surveys = jobs[0].surveys
    bands, names = [band for one in surveys for band in one.bands], [one.name for one in surveys for _ in one.bands]
    series = [one for job in jobs for one in job.templates]
    types = [one.sn_type for one in series]
    given = replace(jobs[0].codes, survey=survey_name or jobs[0].codes.survey)
    codes = run_codes(kind, given, bands=bands, surveys=names, types=types)
    require_format(
        kind, codes, bands=bands, surveys=names, names=[one.name for one in series], types=types, n_shard=n_shard
    )
    return codes


def _simulate(
    sources: tuple[JobSource, ...], out: Path, kind: str, codes: Codes, *, chunk: int, executor: Executor | None,
    n_worker: int,
) -> None:  # fmt: skip
    from dataclasses import replace

    from astropy.table import Table

    from sntransport._storage.atomic_files import file_stem
    from sntransport._storage.tables import text_table, write_table
    from sntransport.report.figures import simulation
    from sntransport.report.figures.style import write_figure
    from sntransport.simulation.run import first_objects, run_job
    from sntransport.simulation.spectroscopy.run import with_spectra
    from sntransport.simulation.summary import kept_number, selection_rows, summary_rows, summary_table

    jobs, told, style = [one.job() for one in sources], {"config": sources[0].planned.path.name}, figure_style()
    folders = [out / file_stem(job.name) for job in jobs]
    finished = all((folder / "_SUCCESS").is_file() for folder in folders) and (out / "summary.ecsv").is_file()
    if not finished and len(jobs) > 1:
        # What one population cannot do is said before another is written.
        for job in jobs:
            first_objects(job)
    tallies, results, n_file = [], [], 0
    for planned, job, folder in zip(sources, jobs, folders, strict=True):
        source = replace(planned, true_flux=needs_true_flux(kind))
        with progress_bar(job.n, "objects", job.name) as bar:
            write, also = with_spectra(source, partial(write_as, kind, codes=codes))
            made, paths = run_job(
                source, folder, write, chunk, bar.update, kind=kind, also={**also, "codes": codes.told()},
                executor=executor, n_worker=n_worker,
            )  # fmt: skip
        end_folder(
            kind, folder, paths, codes, bands=made.bands, templates=[one.name for one in job.templates],
            told={"POPULATION": job.name, **made.examples.meta, "keep": job.keep},
        )  # fmt: skip
        tallies.append(made)
        n_file += len(paths)
        results.append({**summary_rows([made])[-1], "files": [str(path) for path in paths]})
        figure = None if finished else simulation.examples_figure(made, style=style)
        if figure is not None:
            say(f"wrote {write_figure(figure, out / f'{file_stem(job.name)}_examples.png', style)}")
    if finished:
        say(f"{out} is finished already; nothing was written")
    else:
        figure = simulation.population_figure(tallies, style=style)
        say(f"wrote {write_figure(figure, out / 'summary.png', style)}")
        say(f"wrote {write_table(summary_table(tallies, told), out / 'summary.ecsv')}")
        say(f"wrote {n_file} file{'s' if n_file != 1 else ''} of light curves to {out}")
    say(text_table([{key: str(value) for key, value in row.items()} for row in summary_rows(tallies)]))
    stages = selection_rows(tallies)
    if stages:
        if not finished:
            say(f"wrote {write_table(Table(rows=stages, meta=told), out / 'selection.ecsv')}")
        say(text_table([{key: str(value) for key, value in row.items()} for row in stages]))
    conclude(results)
    for job, made in zip(jobs, tallies, strict=True):
        if not kept_number(made, job.keep):
            raise ValueError(
                f"population {job.name!r}: none of {job.n} objects is {job.keep}, so no light curve was written; look "
                "at summary.png, narrow the redshifts, or set keep = 'all'"
            )
