"""The command ``info``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from sntransport.cli.terminal.console import FAILURES, asked_for, conclude, fail, say, speaking


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@speaking
def info(files: tuple[Path, ...]) -> None:
    """What files are and what is in them: names, classes, redshifts, phases, bands, counts, notes and doubts.

    FILE is anything that is read or written here: a series, a supernova (a file of the Open Supernova Catalog, or a
    folder), a spectrum, photometry, the curve of a filter, light curves or a training set in any format, the folder of
    a run, a model or SIMLIB of SNANA, an OpSim database, a table of visits, a configuration. Its content tells, not its
    name: sntransport info out/*.fits config.toml. What is damaged or of no kind that is known gets one line.
    """
    from sntransport.cli.inspection.files import describe

    failed = False
    results: list[dict[str, Any]] = []
    for path in files:
        try:
            if not path.exists():
                raise FileNotFoundError(f"{path}: no such file or folder; check the path")
            found = describe(path)
        except FAILURES as error:
            failed = True
            fail(error)
            continue
        results.append({"file": path, **found.values()})
        say(found.page(str(path), every=asked_for("verbose")))
    conclude(results)
    if failed:
        sys.exit(1)
