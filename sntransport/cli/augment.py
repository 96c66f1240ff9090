"""The command ``augment``: part of the command line, see `cli`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sntransport.cli.console import (
    EXISTING,
    FOLDER,
    asked_for,
    conclude,
    detail,
    example_option,
    fail,
    progress_bar,
    say,
    speaking,
)
from sntransport.cli.simulate import WRITERS, write_as

if TYPE_CHECKING:
    from collections.abc import Callable


@click.command()
@click.argument("config", type=EXISTING, metavar="CONFIG.toml")
@example_option("augmentation.config", "AUGMENTATION")
@click.option("-o", "--out", required=True, type=FOLDER, help="Folder for the files of each split and their manifest.")
@click.option("--format", "kind", type=click.Choice(list(WRITERS)), default="fits", show_default=True)
@click.option("--chunk", type=click.IntRange(min=1), default=8192, show_default=True, help="Objects a shard.")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Processes; when left out as many as there are cores and work for."
)
@click.option("--scheduler", metavar="ADDRESS", help="Of a Dask cluster, such as tcp://host:8786, to work on instead.")
@speaking
def augment(config: Path, out: Path, kind: str, chunk: int, workers: int | None, scheduler: str | None) -> None:
    """Make a labeled training set from series of real supernovae.

    Every series is seen again at other redshifts, cadences and depths; new supernovae are mixed between those of a
    class; classes and redshifts are balanced. Splits are by supernova: one whose light curves would be on both sides
    fails the run. See docs/augmentation.md for the configuration. A run that was stopped goes on where it was when it
    is started again, to the same bytes; a finished one is left as it is.
    """
    from astropy.table import Table

    from sntransport._storage.workers import executor, processes
    from sntransport.augmentation.config import augmentation_of
    from sntransport.augmentation.run import plan_augmentation, run_augmentation

    planned = plan_augmentation(config)
    given = augmentation_of(planned.section())
    finished = (out / "_SUCCESS").is_file()
    n = max(given["simulation"]["n"], 1)
    n_process = processes(workers, n, -(-n // chunk))
    write = None if kind == "fits" else partial(write_as, kind)
    try:
        with ExitStack() as stack:
            pool, n_worker = stack.enter_context(executor(config, scheduler, n_process)) if not finished else (None, 1)
            bars = partial(_bar, stack)
            entries = run_augmentation(
                planned, out, write, chunk, kind=kind, executor=pool, n_worker=n_worker, progress=bars
            )
    except ImportError as error:
        fail(error)
        sys.exit(1)
    if finished:
        say(f"{out} is finished already; nothing was written")
    paths = [out / file["name"] for entry in entries for file in entry["files"]]
    for note in entries[0]["extra"]["notes"]:
        say(note)
    if asked_for("verbose"):
        for note in Table.read(out / "templates.ecsv")["notes"]:
            detail(str(note))
    for split in given["target"]:
        if not any(entry["extra"]["splits"][split] for entry in entries):
            say(f"no light curve in {split!r}")
    if not finished:
        say(f"wrote {len(paths)} files to {out}")
    conclude([{"output": str(path)} for path in paths])


def _bar(stack: ExitStack, what: str, n: int) -> Callable[[int], object]:
    done: Callable[[int], object] = stack.enter_context(progress_bar(n, "SN", what)).update
    return done
