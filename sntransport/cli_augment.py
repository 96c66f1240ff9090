"""The command ``augment``: part of the command line, see `cli`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sntransport import __version__
from sntransport.cli_parts import EXISTING, FOLDER, conclude, detail, say, speaking
from sntransport.cli_simulate import WRITERS, write_as

if TYPE_CHECKING:
    from sntransport.augmentation import TrainingSet


@click.command()
@click.argument("config", type=EXISTING, metavar="CONFIG.toml")
@click.option("-o", "--out", required=True, type=FOLDER, help="Folder for one file a split, and templates.ecsv.")
@click.option("--format", "kind", type=click.Choice(list(WRITERS)), default="fits", show_default=True)
@speaking
def augment(config: Path, out: Path, kind: str) -> None:
    """Make a labeled training set from series of real supernovae.

    Every series is seen again at other redshifts, cadences and depths; new supernovae are mixed between those of a
    class; classes and redshifts are balanced. Splits are by supernova: one whose light curves would be on both sides
    fails the run. See docs/augmentation.md for the configuration.
    """
    from sntransport.augmentconfig import read_config
    from sntransport.augmentrun import mixing, run
    from sntransport.files import sha256

    given = read_config(config)
    made = run(given, config, mixing(given["templates"]["barycenter"]))
    paths = _write(made, out, kind, {"config": config.name, "sha256": sha256(config), "version": __version__})
    kinds = [one.kind for one in made.templates]
    say(", ".join(f"{kinds.count(kind)} {kind} templates" for kind in ("source", "mixture", "draw")))
    for note in made.notes:
        say(note)
    for note in (note for one in made.templates for note in one.notes):
        detail(note)
    for path in paths:
        say(f"wrote {path}")
    conclude([{"output": str(path)} for path in paths])


def _write(made: TrainingSet, out: Path, kind: str, provenance: dict[str, str]) -> list[Path]:
    from astropy.table import Table

    from sntransport.tables import write_table
    from sntransport.trainingfile import template_columns, write_training_set

    if kind == "fits":
        paths = write_training_set(made, out, provenance)
    else:
        out.mkdir(parents=True, exist_ok=True)
        paths = []
        for split in sorted(set(made.split)):
            written = write_as(kind, made.light_curves.take(made.split == split), out / split)
            paths += [written] if isinstance(written, Path) else list(written)
    return [*paths, write_table(Table(template_columns(made), meta=provenance), out / "templates.ecsv")]
