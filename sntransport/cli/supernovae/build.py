"""The commands ``build`` and ``demo``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from sntransport.cli.supernovae.template import beside
from sntransport.cli.terminal.console import (
    advise,
    aside,
    asked_for,
    command_line,
    conclude,
    fail,
    figure_style,
    progress,
    say,
    speaking,
    styled,
    warn_of_doubts,
)
from sntransport.cli.terminal.options import (
    DUST_LAWS,
    EXISTING,
    FAMILY,
    FOLDER,
    INTERPOLATORS,
    default_systems,
    interpolator_named,
    positive,
)


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SN...")
@click.option("-o", "--out", required=True, type=FOLDER, help="Folder for the results; made if missing.")
@click.option("--cadence", default=1.0, show_default=True, callback=positive, help="Step of the phases [rest-frame d].")
@click.option("--interpolator", default="class_transport", show_default=True, type=click.Choice(INTERPOLATORS))
@click.option(
    "--template",
    type=EXISTING,
    help="Series file of a class template, such as `template build` writes: supernovae of its class go beside it.",
)
@click.option(
    "--paper",
    is_flag=True,
    help="The recipe of Ramirez et al. (2024), to compare with: wasserstein, all pairs of spectra averaged.",
)
@click.option(
    "--max-gap", default=40.0, show_default=True, callback=positive, help="Widest gap to bridge [rest-frame d]."
)
@click.option("--no-calibrate", is_flag=True, help="Leave the spectra as they are instead of tying them to photometry.")
@click.option("--no-figures", is_flag=True, help="Write no figures.")
@click.option(
    "--notes", is_flag=True, help="Print every note, not only what changes the result (all are in the series file)."
)
@click.option("--type", "sn_type", help="Class, instead of the one claimed in the input.")
@click.option("--z", type=float, help="Redshift, instead of the input's.")
@click.option("--distance-modulus", type=float, help="Distance modulus [mag], instead of the input's.")
@click.option("--ebv-mw", type=float, help="Milky Way E(B-V) [mag], instead of the input's.")
@click.option("--ebv-host", type=float, help="E(B-V) of the host galaxy [mag], instead of the input's.")
@click.option("--law-mw", type=click.Choice(DUST_LAWS), help="Dust law of the Milky Way; F99 when left out.")
@click.option("--law-host", type=click.Choice(DUST_LAWS), help="Dust law of the host galaxy; F99 when left out.")
@click.option("--mjd-ref", type=float, help="MJD of phase 0, instead of the input's.")
@click.option("--mjd-ref-meaning", help='What happened then, such as "B maximum".')
@click.option(
    "--default-system", multiple=True, callback=default_systems, metavar="[NAME=]AB|Vega",
    help="Magnitude system where none is named; of one band or instrument, or both, as UVOT=AB, which may be repeated.",
)  # fmt: skip
@styled
@speaking
def build(
    inputs: tuple[Path, ...], out: Path, cadence: float, interpolator: str, template: Path | None, paper: bool,
    max_gap: float, no_calibrate: bool, no_figures: bool, notes: bool, **known: Any,
) -> None:  # fmt: skip
    """Build the dense, calibrated spectral series of each supernova.

    SN is an Open Supernova Catalog file (.json, .json.gz) or a folder with sn.toml, spectra and photometry. For
    each, OUT receives NAME.fits (the series), NAME_photometry.ecsv, NAME_spectra.png and NAME_light_curves.png.

    Example: sntransport build SN2013am.json.gz my_supernova/ -o out/
    """
    from sntransport._storage.tables import text_table
    from sntransport.cli.supernovae import batch
    from sntransport.pipeline import build as build_series
    from sntransport.reading import supernova
    from sntransport.report import build_tables
    from sntransport.spectra.doubts import doubts_among
    from sntransport.transport.paper import paper_recipe

    given = {name: value for name, value in known.items() if value is not None}
    if template is not None and interpolator != "class_transport":
        raise click.UsageError("--template belongs to --interpolator class_transport")
    named = click.get_current_context().get_parameter_source("interpolator") != ParameterSource.DEFAULT
    if paper and (named or template is not None):
        raise click.UsageError("--paper has its own interpolator: leave --interpolator and --template out")
    chosen = interpolator_named(interpolator) if template is None else beside(template)
    recipe: dict[str, Any] = {**paper_recipe()} if paper else {"interpolate": chosen}
    options = {"cadence": cadence, "interpolator": interpolator, "max_gap": max_gap, "calibrate": not no_calibrate}
    options |= {} if template is None else {"template": template.name}
    options |= {"interpolator": "wasserstein", "weight": "paper"} if paper else {}
    outcomes = batch.build_files(
        inputs,
        out,
        lambda path: supernova.read_supernova(path, **given),
        lambda sn: build_series(
            sn,
            cadence=cadence,
            max_gap=max_gap,
            calibrate=not no_calibrate,
            **recipe,
        ),
        figures=not no_figures,
        style=figure_style(),
        options=" ".join(f"{name}={value}" for name, value in (options | given).items()),
    )
    failed, left_out = 0, False
    rows: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for outcome in progress(outcomes, len(inputs), "supernovae"):
        if outcome.error is not None:
            failed += 1
            fail(outcome.error)
        else:
            rows.append(outcome.summary or {})
            warned = doubts_among(outcome.notes)
            results.append(
                {
                    "input": outcome.path,
                    **rows[-1],
                    "files": outcome.written,
                    "notes": outcome.notes,
                    "warnings": warned,
                }
            )
            left_out |= _tell(rows[-1]["name"], outcome.notes, every=notes or asked_for("verbose"))
    if left_out:
        aside("(only what changes a result; every note: --notes, or in the series files)")
    if rows:
        say(text_table([build_tables.table_row(row) for row in rows]))
        say(f"{len(rows)} of {len(inputs)} built, in {out}")
        series = results[0]["files"][-1]
        advise(
            f"next: sntransport report {series} -o report.html, or sntransport photometry {series} --bands lsstg,lsstr"
        )
    conclude(results)
    if failed:
        sys.exit(1)


def _tell(name: str, notes: Sequence[str], *, every: bool) -> bool:
    """Print every note of a supernova, or those that change its result; doubts first, as warnings.

    Returns whether some were printed and others were not.
    """
    from sntransport.report.main_notes import main_notes
    from sntransport.spectra.doubts import doubts_among

    if asked_for("quiet"):
        return False
    warn_of_doubts(name, notes)
    if every:
        chosen = [note for note in notes if not doubts_among([note])]
    else:
        chosen = [] if asked_for("json") else [*main_notes(notes)]
    for note in chosen:
        aside(f"{name}: {note}")
    return bool(chosen) and not every


@click.command()
@click.option("-o", "--out", default="demo", show_default=True, type=FOLDER, help="Folder for the results.")
@click.option("--interpolator", default="feature_transport", show_default=True, type=click.Choice(FAMILY))
@click.option("--seed", default=1, show_default=True, help="Of the noise of the simulated observations.")
@styled
@speaking
def demo(out: Path, interpolator: str, seed: int) -> None:
    """Rebuild a known series from eight noisy spectra and compare it with the truth.

    Example: sntransport demo -o demo
    """
    from sntransport.cli.supernovae import demo as demonstration

    say("The Hsiao et al. (2007) mean type Ia template, observed at eight dates (not a real supernova).")
    names = list(dict.fromkeys((interpolator, "log_linear", "wasserstein")))
    compared = {
        name: demonstration.compare(interpolator_named(name), seed)
        for name in progress(names, len(names), "interpolators")
    }
    say(demonstration.comparison_table(compared))
    written = demonstration.write(compared[interpolator], interpolator, out, command_line(), style=figure_style())
    for path in written:
        say(f"wrote {path}")
    say(f"open {written[-1].absolute()} in a browser to see it all")
    conclude([{"files": written, "rows": demonstration.rows(compared)}])
