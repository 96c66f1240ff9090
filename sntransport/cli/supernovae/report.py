"""The commands ``report`` and ``plot``."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sntransport.cli.terminal.console import (
    FAILURES,
    advise,
    command_line,
    conclude,
    detail,
    drawing,
    fail,
    progress,
    save_figure,
    say,
    speaking,
    warn_of_doubts,
)
from sntransport.cli.terminal.options import EXISTING, FOLDER, INTERPOLATORS, interpolator_named
from sntransport.cli.terminal.series_files import free_stem, is_series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sntransport.report.contents import Material

_FIGURES = ("spectra", "light_curves", "colors", "weights", "transport", "warp", "bolometric", "k_correction")
_METAVAR = "SERIES.fits|SN..."


def _html_name(ctx: click.Context, param: click.Parameter, value: Path) -> Path:
    if value.suffix.lower() not in ("", ".html", ".htm"):
        raise click.BadParameter(f"the page is HTML, not {value.suffix}; choose a name that ends in .html")
    return value if value.suffix else value.with_name(f"{value.name}.html")


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=EXISTING, metavar=_METAVAR)
@click.option(
    "-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), callback=_html_name,
    help="HTML file to write; .html is added to a name without an ending.",
)  # fmt: skip
@click.option("--interpolator", default="class_transport", show_default=True, type=click.Choice(INTERPOLATORS))
@click.option("--no-gap-test", is_flag=True, help="Report without the leave-out test.")
@speaking
def report(inputs: tuple[Path, ...], out: Path, interpolator: str, no_gap_test: bool) -> None:
    """Report on series or supernovae: one HTML file that needs no network.

    A supernova (an Open Supernova Catalog file or a folder) is built first, with default options but the interpolator,
    and shown with all that was rejected and how it was calibrated; of a series file what it holds is shown.

    Example: sntransport report SN2013am.json.gz -o report.html
    """
    from sntransport.report import page as pages

    names: list[str] = []
    steps = (2 if no_gap_test else 3) * len(inputs)
    bar = progress(range(steps), steps, "steps")

    def made() -> Iterator[Material]:
        for path in inputs:
            try:
                next(bar)
                material = _material(path, interpolator)
                for note in material.held.notes:
                    detail(f"{material.name}: {note}")
                if not no_gap_test:
                    next(bar)
                    material = _tested(material, interpolator)
            except FAILURES as error:
                fail(error)
            else:
                names.append(material.name)
                next(bar)
                yield material

    try:
        pages.write_report(made(), out, command_line())
    except ValueError:
        # Where every input was bad, that has been said.
        if names:
            raise
    finally:
        bar.close()
    results = []
    if names:
        say(f"wrote {out} ({out.stat().st_size / 1e6:.1f} MB)")
        results = [{"files": [out], "bytes": out.stat().st_size, "names": names}]
        advise(f"next: open {out.absolute()} in a browser")
    conclude(results)
    if len(names) < len(inputs):
        sys.exit(1)


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=EXISTING, metavar=_METAVAR)
@click.option("-o", "--out", required=True, type=FOLDER, help="Folder for NAME_FIGURE.FORMAT.")
@click.option(
    "--only", multiple=True, type=click.Choice(_FIGURES), help="Only this figure; may be given several times."
)
@click.option("--interpolator", default="class_transport", show_default=True, type=click.Choice(INTERPOLATORS))
@drawing
@speaking
def plot(inputs: tuple[Path, ...], out: Path, only: tuple[str, ...], interpolator: str) -> None:
    """Draw series: spectra over phase, light curves and colors, and how the series was made.

    A supernova is built first. The figure `warp`, what calibration did, needs one: a series file does not hold it.

    Example: sntransport plot out/*.fits -o figures/ --only spectra
    """
    from sntransport.report.contents import figures

    failed, results = False, []
    taken: dict[str, Path] = {}
    for path in inputs:
        try:
            material, files = _material(path, interpolator), []
            stem = free_stem(material.name, path, taken)
            drawable = figures(material)
            lacking = [name for name in only if name not in drawable]
            if lacking:
                raise ValueError(f"{path}: has no data for {', '.join(lacking)}; it has {', '.join(drawable)}")
            for name in progress(only or drawable, len(only or drawable), "figures"):
                try:
                    files.append(save_figure(drawable[name], out / f"{stem}_{name}"))
                except ValueError as error:
                    if name in only:
                        raise
                    detail(f"{path}: {name} not drawn: {error}")
            for file in files:
                say(f"wrote {file}")
            results.append({"file": path, "files": files})
        except FAILURES as error:
            failed = True
            fail(error)
    conclude(results)
    if failed:
        sys.exit(1)


def _material(path: Path, interpolator: str) -> Material:
    from sntransport.pipeline import build
    from sntransport.reading import supernova
    from sntransport.report import contents

    if is_series(path):
        return contents.from_series_file(path)
    sn = supernova.read_supernova(path)
    built = build(sn, interpolate=interpolator_named(interpolator))
    warn_of_doubts(sn.name, built.notes)
    return contents.from_supernova(sn, built, path, f"interpolator={interpolator}")


def _tested(material: Material, interpolator: str) -> Material:
    """With the leave-out test, of the observations if they are there, else of the observed spectra in the file."""
    from sntransport.validation import leave_out as judge

    known = material.supernova or material.held.sparse
    if known is None:
        return material
    family = {name: interpolator_named(name) for name in dict.fromkeys((interpolator, "wasserstein"))}
    triplets = judge.judge([known], family)
    floor = None if material.supernova is None else judge.noise_floor([material.supernova])
    return dataclasses.replace(material, triplets=triplets, floor=floor)
