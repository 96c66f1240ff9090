"""The command ``simulate``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sntransport.cli_parts import EXISTING, FOLDER, asked_for, conclude, fail, say, speaking


@click.command()
@click.argument("config", type=EXISTING, metavar="CONFIG.toml")
@click.option("-o", "--out", required=True, type=FOLDER, help="Folder for light curves, summary and figures.")
@click.option("--objects", type=click.IntRange(min=1), help="Number of objects of each population, not the file's.")
@click.option("--seed", type=click.IntRange(min=0), help="In place of the file's.")
@click.option("--chunk", type=click.IntRange(min=1), default=8192, show_default=True, help="Objects a file.")
@speaking
def simulate(config: Path, out: Path, objects: int | None, seed: int | None, chunk: int) -> None:
    """Light curves of populations as surveys would measure them.

    CONFIG.toml says which surveys, templates, redshifts, dust and detections; docs/simulation.md lists its keys and
    examples/simulation.toml is one. Writes FITS files of light curves with their truth, summary.ecsv and figures.
    """
    from tqdm import tqdm

    from sntransport import simplots
    from sntransport.batch import file_stem, write_figure
    from sntransport.simconfig import read_config
    from sntransport.simoutput import run_job, write_fits
    from sntransport.simsummary import summary_rows, summary_table
    from sntransport.tables import text_table, write_table

    jobs = read_config(config, objects, seed)
    silent = True if asked_for("json") or asked_for("quiet") else None
    tallies, results, empty = [], [], []
    for job in jobs:
        with tqdm(total=job.n, unit="SN", desc=job.name, disable=silent, leave=False) as bar:
            made, paths = run_job(job, out, write_fits, chunk, bar.update)
        tallies.append(made)
        results.append({**summary_rows([made])[-1], "files": [str(path) for path in paths]})
        if not paths:
            empty.append(job)
        figure = simplots.examples_figure(made)
        if figure is not None:
            say(f"wrote {write_figure(figure, out / f'{file_stem(job.name)}_examples.png')}")
    say(f"wrote {write_figure(simplots.population_figure(tallies), out / 'summary.png')}")
    say(f"wrote {write_table(summary_table(tallies, {'config': config.name}), out / 'summary.ecsv')}")
    n_file = sum(len(result["files"]) for result in results)
    say(f"wrote {n_file} file{'s' if n_file != 1 else ''} of light curves to {out}")
    say(text_table([{key: str(value) for key, value in row.items()} for row in summary_rows(tallies)]))
    for job in empty:
        fail(
            ValueError(
                f"population {job.name!r}: none of {job.n} objects is {job.keep}, so no light curve was written; look "
                "at summary.png, narrow the redshifts, or set keep = 'all'"
            )
        )
    conclude(results)
    if empty:
        sys.exit(1)
