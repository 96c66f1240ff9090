"""The command ``augment``: part of the command line, see `cli`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sntransport import __version__
from sntransport.cli_parts import EXISTING, FOLDER, conclude, detail, progress_bar, say, speaking
from sntransport.cli_simulate import WRITERS, write_as

if TYPE_CHECKING:
    from sntransport.shards import Made


@click.command()
@click.argument("config", type=EXISTING, metavar="CONFIG.toml")
@click.option("-o", "--out", required=True, type=FOLDER, help="Folder for the files of each split and their manifest.")
@click.option("--format", "kind", type=click.Choice(list(WRITERS)), default="fits", show_default=True)
@speaking
def augment(config: Path, out: Path, kind: str) -> None:
    """Make a labeled training set from series of real supernovae.

    Every series is seen again at other redshifts, cadences and depths; new supernovae are mixed between those of a
    class; classes and redshifts are balanced. Splits are by supernova: one whose light curves would be on both sides
    fails the run. See docs/augmentation.md for the configuration. A run that was stopped is made anew from the splits
    that are missing, to the same bytes; a finished one is left as it is.
    """
    from sntransport.augmentconfig import read_config
    from sntransport.shards import Plan, run_shards

    given = read_config(config)
    splits = sorted(given["split"])
    inputs = {"config": config.name, "sha256": checksum(config, given), "version": __version__, "format": kind}
    finished = (out / "_SUCCESS").is_file()
    work = partial(_make, config, out, kind, inputs, splits)
    with progress_bar(len(splits), "splits") as shown:

        def counted(first: int, last: int) -> Iterator[tuple[int, Made]]:
            for made in work(first, last):
                shown.update()
                yield made

        entries = run_shards(out, Plan(len(splits), 1, inputs), counted)
    if finished:
        say(f"{out} is finished already; nothing was written")
    paths = [out / file["name"] for entry in entries for file in entry["files"]]
    for note in dict.fromkeys(note for entry in entries for note in entry["extra"]["notes"]):
        say(note)
    for entry in entries:
        if not entry["objects"]:
            say(f"no light curve in {splits[entry['number']]!r}")
    for path in paths if not finished else ():
        say(f"wrote {path}")
    conclude([{"output": str(path)} for path in paths])


def checksum(config: Path, given: dict[str, Any]) -> str:
    """Of the configuration and of all series that it names, so that a changed input is noticed."""
    import hashlib
    from glob import glob

    from sntransport.files import sha256

    digest = hashlib.sha256(config.read_bytes())
    for pattern in given[""]["series"]:
        for name in sorted(glob(str(config.parent / pattern))):
            inside = [Path(name)] if Path(name).is_file() else sorted(p for p in Path(name).rglob("*") if p.is_file())
            digest.update("".join(sha256(path) for path in inside).encode())
    return digest.hexdigest()


def _make(
    config: Path, out: Path, kind: str, inputs: dict[str, str], splits: list[str], first: int, last: int
) -> Iterator[tuple[int, Made]]:  # fmt: skip
    """Make the set and write some of its splits; the templates go with the first."""
    from astropy.table import Table

    from sntransport.augmentconfig import read_config
    from sntransport.augmentrun import mixing, run
    from sntransport.shards import Made
    from sntransport.tables import write_table
    from sntransport.trainingfile import template_columns, write_split

    given = read_config(config)
    made = run(given, config, mixing(given["templates"]["barycenter"]))
    kinds = [one.kind for one in made.templates]
    told = ", ".join(f"{kinds.count(one)} {one} templates" for one in ("source", "mixture", "draw"))
    for note in (note for one in made.templates for note in one.notes):
        detail(note)
    for number in range(first, last):
        split = splits[number]
        curves = made.light_curves.take(made.split == split)
        if not curves.n_object:
            files: tuple[Path, ...] = ()
        elif kind == "fits":
            files = (write_split(made, split, out / f"{split}.fits", inputs),)
        else:
            written = write_as(kind, curves, out / split)
            files = (written,) if isinstance(written, Path) else written
        if number == 0:
            files += (write_table(Table(template_columns(made), meta=inputs), out / "templates.ecsv"),)
        yield number, Made(files, curves.n_object, curves.n_obs, {"split": split, "notes": [told, *made.notes]})
