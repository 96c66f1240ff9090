"""The command ``augment``: part of the command line, see `cli`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sntransport.cli.terminal.console import asked_for, conclude, detail, fail, progress_bar, say, speaking
from sntransport.cli.terminal.options import EXISTING, FOLDER, example_option
from sntransport.datasets.writers import WRITERS, end_folder, needs_true_flux, require_format, run_codes, write_as

if TYPE_CHECKING:
    from collections.abc import Callable

    from sntransport._storage.planned_config import PlannedConfig
    from sntransport.augmentation.run import Needs


@click.command()
@click.argument("config", type=EXISTING, metavar="CONFIG.toml")
@example_option("augmentation.config", "AUGMENTATION")
@click.option("-o", "--out", required=True, type=FOLDER, help="Folder for the files of each split and their manifest.")
@click.option("--format", "kind", type=click.Choice(list(WRITERS)), default="fits", show_default=True)
@click.option("--survey-name", metavar="NAME", help="Of SURVEY in files of SNANA, not that of the survey.")
@click.option("--chunk", type=click.IntRange(min=1), default=8192, show_default=True, help="Objects a shard.")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Processes; when left out as many as there are cores and work for."
)
@click.option("--scheduler", metavar="ADDRESS", help="Of a Dask cluster, such as tcp://host:8786, to work on instead.")
@speaking
def augment(
    config: Path, out: Path, kind: str, survey_name: str | None, chunk: int, workers: int | None, scheduler: str | None
) -> None:
    """Make a labeled training set from series of real supernovae.

    Every series is seen again at other redshifts, cadences and depths; new supernovae are mixed between those of a
    class; classes and redshifts are balanced. Splits are by supernova: one whose light curves would be on both sides
    fails the run. See docs/howto/augmentation.md for the configuration, of which examples/augment.toml is one. A run
    that was stopped goes on where it was when it is started again, to the same bytes; a finished one is left as it is.

    Example: sntransport augment --example-config > config.toml; put your own series or supernovae into `series` of it;
    then sntransport augment config.toml -o training/
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
    try:
        needs = _needs(planned, kind, survey_name, n_shard=-(-_n_chosen(given) // chunk))
        write = None if kind == "fits" else partial(write_as, kind, codes=needs.codes)
        with ExitStack() as stack:
            pool, n_worker = stack.enter_context(executor(config, scheduler, n_process)) if not finished else (None, 1)
            bars = partial(_bar, stack)
            entries = run_augmentation(
                planned, out, write, chunk, kind=kind, needs=needs, executor=pool, n_worker=n_worker, progress=bars
            )
    except ImportError as error:
        fail(error)
        sys.exit(1)
    if finished:
        say(f"{out} is finished already; nothing was written")
    paths = [out / file["name"] for entry in entries for file in entry["files"]]
    names = [str(name) for name in Table.read(out / "templates.ecsv")["name"]]
    end_folder(
        kind, out, paths, needs.codes, bands=list(needs.codes.bands), templates=names, told={"config": config.name}
    )
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


def _n_chosen(given: dict[str, Any]) -> int:
    counts: list[int] = [count for classes in given["target"].values() for count in classes.values()]
    return max(sum(counts), 1)


def _needs(planned: PlannedConfig, kind: str, survey_name: str | None, *, n_shard: int) -> Needs:
    """The codes of the whole set, and what makes sure of the templates once they are made.

    An error where the format cannot hold the bands or the classes of the target.
    """
    from dataclasses import replace

    from sntransport._storage.config_sections import Section
    from sntransport.augmentation.run import Needs, events_of
    from sntransport.simulation.config import read_codes
    from sntransport.simulation.events.class_codes import example_type

    given, surveys, _ = events_of(planned)
    stated = read_codes(Section(path=planned.path, where="codes", values=given["codes"]))
    classes = sorted({kind for target in given["target"].values() for kind in target})
    bands, names = [band for one in surveys for band in one.bands], [one.name for one in surveys for _ in one.bands]
    named = replace(stated, survey=survey_name or stated.survey)
    codes = run_codes(kind, named, bands=bands, surveys=names, types=classes)
    types = [example_type(one, codes.classes) for one in classes]
    check = partial(require_format, kind, codes, bands=bands, surveys=names, n_shard=n_shard)
    check(names=types, types=types)
    return Needs(
        codes=codes, true_flux=needs_true_flux(kind), check=lambda names, types: check(names=names, types=types)
    )


def _bar(stack: ExitStack, what: str, n: int) -> Callable[[int], object]:
    done: Callable[[int], object] = stack.enter_context(progress_bar(n, "SN", what)).update
    return done
