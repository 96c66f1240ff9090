"""The command line: names to functions, messages, exit codes; no logic of its own.

Exit code 0: done. 1: an input or an output failed (one line says what, where, and what to do). 2: wrong usage.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sntransport import __version__
from sntransport.cli_template import beside, template_group

if TYPE_CHECKING:
    from sntransport.seriesfile import SeriesFile
    from sntransport.sightline import Sightline

_FAMILY = ("feature_transport", "wasserstein", "sinkhorn", "unbalanced", "log_linear", "linear")
INTERPOLATORS = ("class_transport", *_FAMILY)

_existing = click.Path(exists=True, path_type=Path)
_folder = click.Path(file_okay=False, path_type=Path)


class _Group(click.Group):
    """Turns expected errors into one line and exit code 1; everything else is a bug and says so."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.showwarning = lambda message, *_: click.echo(f"sntransport: warning: {message}", err=True)
                return super().invoke(ctx)
        except BrokenPipeError:
            # Whoever read our output has seen enough; click ends quietly.
            raise
        except (ValueError, OSError) as error:
            _fail(error, ctx)
            ctx.exit(1)


def _fail(error: Exception, ctx: click.Context | None = None) -> None:
    """Say in one line what went wrong; before it the traceback, if that was asked for."""
    if (ctx or click.get_current_context().find_root()).params.get("debug"):
        click.echo("".join(traceback.format_exception(error)), err=True)
    click.echo(f"sntransport: error: {' '.join(str(error).split())}", err=True)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sntransport")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Turn a few spectra of a supernova into a complete spectral time series, by optimal transport."""
    # Before numpy is imported: starting linear-algebra threads costs more than our small matrices gain from them.
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


main.add_command(template_group)


def _positive(ctx: click.Context, param: click.Parameter, value: float) -> float:
    if not 0 < value < float("inf"):
        raise click.BadParameter("expected a positive number")
    return value


@main.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SN...")
@click.option("-o", "--out", required=True, type=_folder, help="Folder for the results; made if missing.")
@click.option(
    "--cadence", default=1.0, show_default=True, callback=_positive, help="Step of the phases [rest-frame d]."
)
@click.option("--interpolator", default="class_transport", show_default=True, type=click.Choice(INTERPOLATORS))
@click.option(
    "--template",
    type=_existing,
    help="Series file of a class template, such as `template build` writes: supernovae of its class go beside it.",
)
@click.option(
    "--max-gap", default=40.0, show_default=True, callback=_positive, help="Widest gap to bridge [rest-frame d]."
)
@click.option(
    "--no-calibrate", is_flag=True, help="Leave the spectra as they are instead of warping them to photometry."
)
@click.option("--no-figures", is_flag=True, help="Write no figures.")
@click.option(
    "--notes", is_flag=True, help="Print every note, not only the table (they are in the series file anyway)."
)
@click.option("--type", "sn_type", help="Class, instead of the one claimed in the input.")
@click.option("--z", type=float, help="Redshift, instead of the input's.")
@click.option("--distance-modulus", type=float, help="Distance modulus [mag], instead of the input's.")
@click.option("--ebv-mw", type=float, help="Milky Way E(B-V) [mag], instead of the input's.")
@click.option("--mjd-ref", type=float, help="MJD of phase 0, instead of the input's.")
@click.option("--mjd-ref-meaning", help='What happened then, such as "B maximum".')
@click.option("--default-system", type=click.Choice(["AB", "Vega"]), help="Magnitude system where none is named.")
def build(
    inputs: tuple[Path, ...], out: Path, cadence: float, interpolator: str, template: Path | None, max_gap: float,
    no_calibrate: bool, no_figures: bool, notes: bool, **known: Any,
) -> None:  # fmt: skip
    """Build the dense, calibrated spectral series of each supernova.

    SN is an Open Supernova Catalog file (.json, .json.gz) or a folder with sn.toml, spectra and photometry. For
    each, OUT receives NAME.fits (the series), NAME_photometry.ecsv, NAME_spectra.png and NAME_light_curves.png.
    """
    from tqdm import tqdm

    from sntransport import batch, read, tables
    from sntransport.pipeline import build as build_series

    given = {name: value for name, value in known.items() if value is not None}
    if template is not None and interpolator != "class_transport":
        raise click.UsageError("--template belongs to --interpolator class_transport")
    chosen = _interpolator(interpolator) if template is None else beside(template)
    options = {"cadence": cadence, "interpolator": interpolator, "max_gap": max_gap, "calibrate": not no_calibrate}
    options |= {} if template is None else {"template": template.name}
    outcomes = batch.build_files(
        inputs,
        out,
        lambda path: read.read_supernova(path, **given),
        lambda sn: build_series(
            sn,
            cadence=cadence,
            interpolate=chosen,
            max_gap=max_gap,
            calibrate=not no_calibrate,
        ),
        figures=not no_figures,
        options=" ".join(f"{name}={value}" for name, value in (options | given).items()),
    )
    rows, failed = [], 0
    for outcome in tqdm(outcomes, total=len(inputs), unit="SN", disable=None if len(inputs) > 1 else True, leave=False):
        if outcome.error is not None:
            failed += 1
            _fail(outcome.error)
        else:
            rows.append(outcome.summary or {})
            for note in outcome.notes if notes else ():
                click.echo(f"{rows[-1]['name']}: {note}", err=True)
    if rows:
        click.echo(tables.text_table(rows))
        click.echo(f"{len(rows)} of {len(inputs)} built, in {out}")
    if failed:
        sys.exit(1)


@main.command()
@click.argument("files", nargs=-1, required=True, type=_existing, metavar="SERIES.fits...")
@click.option("--bands", help="Comma-separated bands, such as lsstg,lsstr; the observed bands when left out.")
@click.option("--z", type=float, help="Place the supernova at this redshift.")
@click.option("--distance-modulus", type=float, help="Place it at this distance modulus [mag]; needed with --z.")
@click.option("-o", "--out", type=_folder, help="Folder for NAME_photometry.ecsv; standard output when left out.")
def photometry(
    files: tuple[Path, ...], bands: str | None, z: float | None, distance_modulus: float | None, out: Path | None
) -> None:
    """Synthetic photometry of series, as ECSV: mjd, phase, band, flux [nJy], AB magnitude."""
    from sntransport import batch, tables

    def one(path: Path, held: SeriesFile) -> None:
        names = _bands(bands, held, path)
        table = tables.photometry_table(held.series, names, _sightline(held, path, z, distance_modulus))
        if out is None:
            table.write(sys.stdout, format="ascii.ecsv")
        else:
            tables.write_table(table, out / f"{batch.file_stem(held.series.name)}_photometry.ecsv")

    _for_each(files, one)


@main.command()
@click.argument("files", nargs=-1, required=True, type=_existing, metavar="SERIES.fits...")
@click.option("-o", "--out", required=True, type=_folder, help="Folder for NAME_spectra.png and NAME_light_curves.png.")
@click.option("--format", "kind", default="png", show_default=True, type=click.Choice(["png", "pdf", "svg"]))
def plot(files: tuple[Path, ...], out: Path, kind: str) -> None:
    """Draw series: all spectra over phase, and light curves against the observed photometry."""
    from sntransport import batch, plots

    def one(path: Path, held: SeriesFile) -> None:
        stem = out / batch.file_stem(held.series.name)
        batch.write_figure(plots.waterfall(held.series, held.sparse), batch.ending(stem, f"_spectra.{kind}"))
        if held.light_curve is not None and held.sightline is not None:
            figure = plots.light_curves(held.series, held.sightline, held.light_curve)
            batch.write_figure(figure, batch.ending(stem, f"_light_curves.{kind}"))

    _for_each(files, one)


@main.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SN...")
@click.option(
    "--interpolator",
    "names",
    multiple=True,
    default=("class_transport", "feature_transport", "wasserstein"),
    show_default=True,
    type=click.Choice(INTERPOLATORS),
    help="Which to judge, beside log_linear; may be given several times.",
)
@click.option(
    "-o", "--out", type=_folder, help="Folder for validation.txt and validation.png; only printed when left out."
)
def validate(inputs: tuple[Path, ...], names: tuple[str, ...], out: Path | None) -> None:
    """Leave-out test: hide the spectra in every gap, rebuild them, compare.

    Errors are given as a ratio to those of log-flux interpolation on the same spectra, by class and gap, with the noise
    floor (two spectra of neighboring nights) beside them. Every supernova counts the same.
    """
    from tqdm import tqdm

    from sntransport import batch, read, scores
    from sntransport import validate as judge
    from sntransport.seriesfile import read_series

    family = {name: _interpolator(name) for name in names}
    supernovae = [read_series(path) if _is_series(path) else read.read_supernova(path) for path in inputs]
    shown = tqdm(supernovae, unit="SN", disable=None if len(inputs) > 1 else True, leave=False)
    triplets, floor = judge.judge(shown, family), judge.noise_floor(supernovae)
    if not triplets.n:
        raise ValueError("no spectrum lies between two others that cover it, at most 70 d apart: nothing to judge")
    text = scores.report(triplets, floor)
    click.echo(text)
    if out is not None:
        click.echo(f"wrote {batch.write_text(text, out / 'validation.txt')}")
        figure = scores.ratio_figure(scores.score(triplets, floor))
        click.echo(f"wrote {batch.write_figure(figure, out / 'validation.png')}")


@main.command()
@click.option("-o", "--out", default="demo", show_default=True, type=_folder, help="Folder for the results.")
@click.option("--interpolator", default="feature_transport", show_default=True, type=click.Choice(_FAMILY))
@click.option("--seed", default=1, show_default=True, help="Of the noise of the simulated observations.")
def demo(out: Path, interpolator: str, seed: int) -> None:
    """Rebuild a known series from eight noisy spectra and compare it with the truth."""
    from sntransport import demo as demonstration

    click.echo("The Hsiao et al. (2007) mean type Ia template, observed at eight dates (not a real supernova).")
    compared = {
        name: demonstration.compare(_interpolator(name), seed)
        for name in dict.fromkeys((interpolator, "log_linear", "wasserstein"))
    }
    click.echo(demonstration.table(compared))
    for path in demonstration.write(compared[interpolator], interpolator, out):
        click.echo(f"wrote {path}")


def _is_series(path: Path) -> bool:
    return path.suffix.lower() in (".fits", ".fit") and path.is_file()


def _interpolator(name: str) -> Any:
    from sntransport import choice, interpolators

    return choice.class_transport if name == "class_transport" else getattr(interpolators, name)


def _for_each(files: tuple[Path, ...], work: Callable[[Path, SeriesFile], None]) -> None:
    """Do the work on every series file; go on after a bad one, and exit 1 at the end."""
    from sntransport.seriesfile import read_series_file

    failed = False
    for path in files:
        try:
            work(path, read_series_file(path))
        except BrokenPipeError:
            raise
        except (ValueError, OSError) as error:
            failed = True
            _fail(error)
    if failed:
        sys.exit(1)


def _bands(bands: str | None, held: SeriesFile, path: Path) -> list[str]:
    if bands:
        return [name.strip() for name in bands.split(",") if name.strip()]
    if held.light_curve is None:
        raise ValueError(f"{path}: no observed photometry in the file; name the bands with --bands")
    return list(held.light_curve.bands)


def _sightline(held: SeriesFile, path: Path, z: float | None, distance_modulus: float | None) -> Sightline:
    import dataclasses

    from sntransport.sightline import Sightline

    if z is not None and distance_modulus is None:
        raise ValueError("--z moves the supernova: state its distance too, with --distance-modulus")
    asked = {name: v for name, v in (("z", z), ("distance_modulus", distance_modulus)) if v is not None}
    if held.sightline is not None:
        return dataclasses.replace(held.sightline, **asked)
    if len(asked) < 2:
        raise ValueError(f"{path}: no redshift and distance in the file; give --z and --distance-modulus")
    return Sightline(**asked)
