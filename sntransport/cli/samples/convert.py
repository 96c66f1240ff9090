"""The command ``convert``."""

from __future__ import annotations

from pathlib import Path

import click

from sntransport.cli.terminal.console import conclude, progress, say, speaking, warn
from sntransport.cli.terminal.options import EXISTING, FOLDER
from sntransport.datasets.writers import WRITERS, end_folder, require_format, run_codes, write_as


def _names(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Callback: names of bands, each as THEIRS=OURS."""
    pairs = [value.partition("=") for value in values]
    if wrong := [value for value, (theirs, _, ours) in zip(values, pairs, strict=True) if not theirs or not ours]:
        raise click.BadParameter(f"{wrong[0]!r}: expected THEIRS=OURS, such as g=ztfg")
    return {theirs: ours for theirs, _, ours in pairs}


@click.command()
@click.argument("source", type=EXISTING, metavar="SET")
@click.option(
    "--to", "kind", required=True, type=click.Choice(list(WRITERS)), help="Format, as of `simulate --format`."
)
@click.option("-o", "--out", required=True, type=FOLDER, help="Folder for the files; new or empty.")
@click.option("--lossy", is_flag=True, help="Convert although the format has no place for something.")
@click.option(
    "--band", "bands", multiple=True, callback=_names, metavar="THEIRS=OURS",
    help="Name of a band of a SNANA set, such as g=ztfg; may be given several times.",
)  # fmt: skip
@speaking
def convert(source: Path, kind: str, out: Path, lossy: bool, bands: dict[str, str]) -> None:
    """Simulated light curves and training sets from one format to another.

    SET is a file, or the folder that `simulate` or `augment` wrote: nested Parquet or FITS of sntransport, or SNANA's
    FITS pairs: sntransport convert sim/Ia --to parquet -o sim-parquet. Where the format has no place for something,
    that is said and nothing is written, unless --lossy. The folder is there when all of it is. For series there is
    `export`.
    """
    from sntransport._storage.atomic_folders import atomic_folder
    from sntransport.datasets.conversion import set_files
    from sntransport.simulation.events.class_codes import Codes

    _require_a_set(source)
    if out.is_dir() and any(out.iterdir()):
        raise FileExistsError(f"{out} holds something already; nothing was written: name a new or an empty folder")
    paths = set_files.files_of_set(source)
    # Before what may take long.
    set_files.require_light_curves(paths)
    lost = set_files.LOST[kind]
    if lost and not lossy:
        raise ValueError(f"{source}: {kind} has no place for {lost}; convert all the same with --lossy")
    shared = set_files.shared_by(paths, bands)
    bands_held, surveys = zip(*shared.bands, strict=True)
    names, types = zip(*shared.templates, strict=True)
    # Formats with numbers of their own keep to them.
    given = Codes(classes={} if kind in ("plasticc", "atat") else set_files.class_codes(paths, types))
    codes = run_codes(kind, given, bands=bands_held, surveys=surveys, types=types)
    require_format(kind, codes, bands=bands_held, surveys=surveys, names=names, types=types, n_shard=len(paths))
    if lost:
        warn(f"lost in {kind}: {lost}")
    made: list[Path] = []
    objects, version = 0, out.resolve().name
    with atomic_folder(out, last=(f"{version}.LIST",), replace=False) as new:
        for path in progress(paths, len(paths), "files"):
            curves = set_files.numbered_alike(set_files.read_light_curves(path, bands), shared)
            files = write_as(kind, curves, new / set_files.stem_of(path), codes=codes, version=version)
            made += [files] if isinstance(files, Path) else [*files]
            objects += curves.n_object
        told = {"SOURCE": source.name}
        made += end_folder(kind, new, made, codes, bands=bands_held, templates=names, told=told, version=version)
    written = [out / file.relative_to(new) for file in made]
    say(f"wrote {objects} light curves as {kind}: {len(written)} file{'s' if len(written) != 1 else ''} in {out}")
    conclude([{"input": source, "format": kind, "objects": objects, "files": written}])


def _require_a_set(path: Path) -> None:
    """Raise a ValueError for a series file, which has a command of its own."""
    if path.is_file() and path.suffix.lower() in (".fits", ".fit"):
        from sntransport.spectra.series_file import FORMAT

        with path.open("rb") as file:
            begin = file.read(2880)
        if FORMAT.encode() in begin:
            raise ValueError(f"{path}: a spectral series, not a set; sntransport export {path} --to ... converts it")
