"""The command ``augment``: part of the command line, see `cli`."""

from __future__ import annotations

from pathlib import Path

import click

from sntransport import __version__
from sntransport.cli_parts import EXISTING, FOLDER


@click.command()
@click.argument("config", type=EXISTING, metavar="CONFIG.toml")
@click.option("-o", "--out", required=True, type=FOLDER, help="Folder for one FITS file a split.")
def augment(config: Path, out: Path) -> None:
    """Make a labeled training set from series of real supernovae.

    Every series is seen again at other redshifts, cadences and depths; new supernovae are mixed between those of a
    class; classes and redshifts are balanced. Splits are by supernova: one whose light curves would be on both sides
    fails the run. See docs/augmentation.md for the configuration.
    """
    from sntransport.augmentconfig import read_config
    from sntransport.augmentrun import mixing, run
    from sntransport.files import sha256
    from sntransport.trainingfile import write_training_set

    given = read_config(config)
    made = run(given, config.parent, mixing(given["templates"]["barycenter"]))
    paths = write_training_set(made, out, {"config": config.name, "sha256": sha256(config), "version": __version__})
    kinds = [one.kind for one in made.templates]
    click.echo(", ".join(f"{kinds.count(kind)} {kind} templates" for kind in ("source", "mixture", "draw")))
    for note in made.notes:
        click.echo(note)
    for path in paths:
        click.echo(f"wrote {path}")
