"""The command ``augment``: part of the command line, see `cli`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sntransport._version import __version__
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
from sntransport.datasets.writers import WRITERS, end_folder, needs_true_flux, require_format, run_codes, write_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    fails the run. See docs/augmentation.md for the configuration. A run that was stopped goes on where it was when it
    is started again, to the same bytes; a finished one is left as it is.
    """
    from astropy.table import Table

    from sntransport._storage.workers import executor, processes
    from sntransport.augmentation.config import read_augmentation
    from sntransport.augmentation.run import run_augmentation

    given = read_augmentation(config)
    inputs = {"config": config.name, "sha256": checksum(config, given), "version": __version__, "format": kind}
    finished = (out / "_SUCCESS").is_file()
    n = max(given["simulation"]["n"], 1)
    n_process = processes(workers, n, -(-n // chunk))
    try:
        needs = _needs(config, inputs["sha256"], kind, survey_name, n_shard=-(-_n_chosen(given) // chunk))
        write = None if kind == "fits" else partial(write_as, kind, codes=needs.codes)
        with ExitStack() as stack:
            pool, n_worker = stack.enter_context(executor(config, scheduler, n_process)) if not finished else (None, 1)
            bars = partial(_bar, stack)
            entries = run_augmentation(
                config, inputs, out, write, chunk, needs=needs, executor=pool, n_worker=n_worker, progress=bars
            )
    except ImportError as error:
        fail(error)
        sys.exit(1)
    if finished:
        say(f"{out} is finished already; nothing was written")
    paths = [out / file["name"] for entry in entries for file in entry["files"]]
    names = [str(name) for name in Table.read(out / "templates.ecsv")["name"]]
    end_folder(kind, out, paths, needs.codes, bands=list(needs.codes.bands), templates=names, told=inputs)
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


def _needs(config: Path, sha256: str, kind: str, survey_name: str | None, *, n_shard: int) -> Needs:
    """The codes of the whole set, and what makes sure of the templates once they are made.

    An error where the format cannot hold the bands or the classes of the target.
    """
    from dataclasses import replace

    from sntransport._storage.config_sections import Section
    from sntransport.augmentation.run import Needs, events_of
    from sntransport.simulation.config import read_codes
    from sntransport.simulation.events.class_codes import example_type

    given, survey, _ = events_of(config.resolve(), sha256)
    stated = read_codes(Section(path=config, where="codes", values=given["codes"]))
    classes = sorted({kind for target in given["target"].values() for kind in target})
    bands, surveys = survey.bands, [survey.name] * survey.n_band
    named = replace(stated, survey=survey_name or stated.survey)
    codes = run_codes(kind, named, bands=bands, surveys=surveys, types=classes)
    types = [example_type(one, codes.classes) for one in classes]
    check = partial(require_format, kind, codes, bands=bands, surveys=surveys, n_shard=n_shard)
    check(names=types, types=types)
    return Needs(
        codes=codes, true_flux=needs_true_flux(kind), check=lambda names, types: check(names=names, types=types)
    )


def checksum(config: Path, given: dict[str, Any]) -> str:
    """Of the configuration and of all files that it names, so that a changed input is noticed."""
    import hashlib
    from glob import glob

    from sntransport._storage.atomic_files import sha256

    digest = hashlib.sha256(config.read_bytes())
    for pattern in given[""]["series"]:
        for name in sorted(glob(str(config.parent / pattern))):
            inside = [Path(name)] if Path(name).is_file() else sorted(p for p in Path(name).rglob("*") if p.is_file())
            digest.update("".join(sha256(path) for path in inside).encode())
    for text in (*_texts(given["survey"]), *_texts(given["population"]), *_texts(given["selection"])):
        path = config.parent / text
        try:
            digest.update((sha256(path) if path.is_file() else "").encode())
        except OSError:
            # Too long for a name; whoever reads it says so.
            continue
    return digest.hexdigest()


def _texts(value: Any) -> Iterator[str]:
    """All texts in a table, in its order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)


def _bar(stack: ExitStack, what: str, n: int) -> Callable[[int], object]:
    done: Callable[[int], object] = stack.enter_context(progress_bar(n, "SN", what)).update
    return done
