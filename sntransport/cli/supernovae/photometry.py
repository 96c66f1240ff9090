"""The commands ``photometry`` and ``bolometric``, on series files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sntransport.cli.terminal.console import drawing, save_figure, say, speaking, table_shown
from sntransport.cli.terminal.options import EXISTING, FOLDER, complete_bands
from sntransport.cli.terminal.series_files import bands_asked, for_each, free_stem, sightline_asked

if TYPE_CHECKING:
    from pathlib import Path

    from sntransport.corrections.extension_policies import Policy
    from sntransport.spectra.series_file import SeriesFile


@click.command()
@click.argument("files", nargs=-1, required=True, type=EXISTING, metavar="SERIES.fits...")
@click.option(
    "--bands",
    shell_complete=complete_bands,
    help="Comma-separated bands, such as lsstg,lsstr; the observed bands when left out.",
)
@click.option("--z", type=float, help="Place the supernova at this redshift.")
@click.option("--distance-modulus", type=float, help="Place it at this distance modulus [mag]; needed with --z.")
@click.option("-o", "--out", type=FOLDER, help="Folder for NAME_photometry.ecsv; standard output when left out.")
@speaking
def photometry(
    files: tuple[Path, ...], bands: str | None, z: float | None, distance_modulus: float | None, out: Path | None
) -> None:
    """Synthetic photometry of series, as ECSV: mjd, phase, band, flux [nJy], AB magnitude.

    Example: sntransport photometry out/SN2013am.fits --bands lsstg,lsstr,ztfr; the names are those of `bands`.
    """
    from sntransport._storage.tables import write_table
    from sntransport.report import build_tables

    taken: dict[str, Path] = {}

    def one(path: Path, held: SeriesFile) -> dict[str, Any]:
        names = bands_asked(bands, held, path)
        table = build_tables.photometry_table(held.series, names, sightline_asked(held, path, z, distance_modulus))
        if out is None:
            return table_shown(table)
        written = write_table(table, out / f"{free_stem(held.series.name, path, taken)}_photometry.ecsv")
        say(f"wrote {written}")
        return {"files": [written], "rows": len(table), "bands": names}

    for_each(files, one)


@click.command()
@click.argument("files", nargs=-1, required=True, type=EXISTING, metavar="SERIES.fits...")
@click.option(
    "--policy", default="none", show_default=True,
    type=click.Choice(["none", "blackbody", "suppressed_blackbody", "template"]),
    help="What lies beyond the covered wavelengths.",
)  # fmt: skip
@click.option(
    "--template", "template_file", type=EXISTING, help="Series for --policy template; Hsiao's Ia if left out."
)
@click.option("--maximum", type=float, help="Phase [d] of the series at which the template has phase 0.")
@click.option("--range", "wave_range", nargs=2, type=float, help="Only light between these two wavelengths [A].")
@click.option(
    "--most-extrapolated",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0.0, 1.0),
    help="No luminosity where a policy adds more than this share of it.",
)
@click.option(
    "--draws", default=0, show_default=True, help="Draws of the series that the error is taken from; 0: none."
)
@click.option("--seed", default=1, show_default=True, help="Of the draws.")
@click.option("-o", "--out", type=FOLDER, help="Folder for table and figure; only the table, printed, when left out.")
@drawing
@speaking
def bolometric(
    files: tuple[Path, ...], policy: str, template_file: Path | None, maximum: float | None,
    wave_range: tuple[float, float] | None, most_extrapolated: float, draws: int, seed: int, out: Path | None,
) -> None:  # fmt: skip
    """Bolometric light curves of series, with the share that was extrapolated; ECSV and a figure.

    Example: sntransport bolometric out/SN2013am.fits --policy blackbody -o out/
    """
    from dataclasses import asdict

    from sntransport._storage.atomic_files import ending
    from sntransport._storage.tables import write_table
    from sntransport.corrections import luminosity
    from sntransport.report import correction_tables
    from sntransport.report.figures.corrections import bolometric_figure
    from sntransport.spectra.realizations import draw

    if (policy == "template") != (maximum is not None) or (template_file and policy != "template"):
        raise click.UsageError("--policy template needs --maximum, and --maximum and --template need that policy")
    taken: dict[str, Path] = {}

    def one(path: Path, held: SeriesFile) -> dict[str, Any]:
        chosen = policy if maximum is None else _template_policy(template_file, maximum)
        drawn = draw(held.series, draws, seed) if draws else ()
        light = luminosity.bolometric(
            held.series, policy=chosen, wave_range=wave_range or None, most_extrapolated=most_extrapolated, draws=drawn
        )
        meta = {"series_file": path.name, "draws": draws, "seed": seed, "wave_range": list(wave_range or ())}
        if held.sightline is not None:
            meta["series_sightline"] = asdict(held.sightline)
        table = correction_tables.bolometric_table(light, meta)
        if out is None:
            return table_shown(table)
        stem = out / free_stem(f"{held.series.name}_bolometric", path, taken)
        files = [
            write_table(table, ending(stem, ".ecsv")),
            save_figure(bolometric_figure, stem, light),
        ]
        for file in files:
            say(f"wrote {file}")
        return {"files": files, "rows": len(table), "policy": light.policy, "notes": light.notes}

    for_each(files, one)


def _template_policy(path: Path | None, maximum: float) -> Policy:
    from sntransport.corrections.extension_policies import from_template
    from sntransport.spectra.series_file import read_series_file
    from sntransport.transport.templates.sources import hsiao

    return from_template(hsiao() if path is None else read_series_file(path).series, maximum)
