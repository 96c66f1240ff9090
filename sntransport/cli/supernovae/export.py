"""The command ``export``: series as models of simulators, and the check of such folders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sntransport.cli.terminal.console import FAILURES, asked_for, conclude, fail, say, speaking
from sntransport.cli.terminal.options import EXISTING, FOLDER, complete_bands, names_in
from sntransport.cli.terminal.series_files import free_stem

if TYPE_CHECKING:
    from sntransport.spectra.series import SpectralSeries
    from sntransport.spectra.series_file import SeriesFile

MEANINGS = ("bolometric maximum", "B maximum", "V maximum", "explosion", "discovery")
SURVEY_BANDS = "lsstu,lsstg,lsstr,lssti,lsstz,lssty"


@click.command()
@click.argument("files", nargs=-1, type=EXISTING, metavar="SERIES.fits...")
@click.option(
    "--to", "form", type=click.Choice(["snana", "simsed", "lightcurvelynx", "sncosmo", "ecsv"]),
    help="SNANA's NON1ASED or SIMSED folder; LightCurveLynx reads the latter; text for sncosmo; a table.",
)  # fmt: skip
@click.option("-o", "--out", type=FOLDER, help="Folder to write; for snana and simsed the folder of the model.")
@click.option("--check", "checked", type=FOLDER, help="Check a model folder instead; exit 1 if SNANA would stop.")
@click.option("--zero", type=click.Choice(MEANINGS),
              help="What phase 0 shall mean; default: bolometric maximum, for sncosmo B maximum.")  # fmt: skip
@click.option("--given", type=click.Choice(MEANINGS), help="What phase 0 of the series means, where it stays.")
@click.option("--brightest", is_flag=True, help="Take the brightest phase as the maximum where data do not bracket it.")
@click.option("--wave-step", default=5.0, show_default=True, help="[A]")
@click.option("--phase-step", default=1.0, show_default=True, help="[d]")
@click.option("--wave-range", nargs=2, type=float, help="Rest-frame range [A]; default: what most phases cover.")
@click.option(
    "--extrapolate", type=click.Choice(["hold_color", "blackbody", "suppressed_blackbody", "template"]),
    help="Fill --wave-range by this policy.",
)  # fmt: skip
@click.option("--template", metavar="hsiao|SERIES.fits", help="For --extrapolate template and --template-phases.")
@click.option("--template-phases", nargs=2, type=float, help="Add the template's phases down to and up to these [d].")
@click.option("--rise", is_flag=True, help="Add a rise from explosion, as time squared.")
@click.option("--decline", type=float, metavar="PHASE", help="Add a decline of 56Co to this phase [d].")
@click.option(
    "--bands",
    shell_complete=complete_bands,
    default=SURVEY_BANDS,
    show_default=True,
    help="Of the survey, for the usable redshifts.",
)
@click.option("--leakage-cut", default=0.0, show_default=True,
              help="LEAKAGE_CUT of the survey's calibration file, which makes its filters narrower.")  # fmt: skip
@click.option("--redshifts", nargs=2, type=float, help="Range to simulate; refused where a band is not covered.")
@click.option("--allow-beyond", is_flag=True, help="Write it all the same.")
@click.option("--overwrite", is_flag=True, help="Write to a folder that is not empty.")
@speaking
def export(files: tuple[Path, ...], form: str | None, out: Path | None, checked: Path | None, **options: Any) -> None:
    """Series as templates for SNANA, sncosmo and LightCurveLynx; or check such a folder (--check).

    Example: sntransport export out/*.fits --to snana -o MYMODEL
    """
    if checked is not None:
        _check(checked, options["bands"], options["leakage_cut"])
        return
    if not files or form is None or out is None:
        raise click.UsageError("name series files, --to and -o OUT; or --check DIR")
    try:
        held = [_read(path) for path in files]
        if options["template"] is None and (options["extrapolate"] == "template" or options["template_phases"]):
            raise click.UsageError("name the template: --template hsiao, or a series file")
        made = [_extended(one.series, options) for one in held]
        _write(
            form, out, files, [one for one, _ in made], notes=[notes for _, notes in made], held=held, options=options
        )
    except FAILURES as error:
        fail(error)
        sys.exit(1)


def _read(path: Path) -> SeriesFile:
    from sntransport.spectra.series_file import read_series_file

    return read_series_file(path)


def _extended(series: SpectralSeries, options: dict[str, Any]) -> tuple[SpectralSeries, tuple[str, ...]]:
    """The series with what was asked to be extrapolated, and what was done."""
    from sntransport.corrections import extrapolation

    template = _template(options["template"])
    notes: tuple[str, ...] = ()
    if options["extrapolate"]:
        if not options["wave_range"]:
            raise ValueError("--extrapolate needs --wave-range LOW HIGH")
        if options["extrapolate"] == "template":
            policy = extrapolation.continue_template(template)
        else:
            policy = extrapolation.WAVE_POLICIES[options["extrapolate"]]
        made = extrapolation.extend_wave(series, options["wave_range"], policy)
        series, notes = made.series, (*notes, f"{made.notes[0]} by {options['extrapolate']}")
    if options["template_phases"]:
        first, last = options["template_phases"]
        made = extrapolation.extend_from_template(series, template, first=first, last=last)
        series, notes = made.series, (*notes, *made.notes)
    if options["rise"]:
        made = extrapolation.extend_rise(series)
        series, notes = made.series, (*notes, *made.notes)
    if options["decline"] is not None:
        made = extrapolation.extend_decline(series, options["decline"])
        series, notes = made.series, (*notes, *made.notes)
    return series, notes


def _note(text: str) -> None:
    """Say on standard error what was cut, moved or extrapolated."""
    if not (asked_for("json") or asked_for("quiet")):
        click.echo(text, err=True)


def _template(name: str | None) -> Any:
    """The template of ``--template``; None without one, which the policies refuse by name."""
    from sntransport.spectra.series_file import read_series
    from sntransport.transport.templates.sources import hsiao

    return None if name is None else hsiao() if name == "hsiao" else read_series(Path(name))


def _write(
    form: str, out: Path, paths: tuple[Path, ...], made: list[SpectralSeries], *, notes: list[tuple[str, ...]],
    held: list[SeriesFile], options: dict[str, Any],
) -> None:  # fmt: skip
    shared = {
        "zero": options["zero"] or ("B maximum" if form == "sncosmo" else "bolometric maximum"),
        "given": options["given"], "unbracketed": "edge" if options["brightest"] else "error",
        "wave_step": options["wave_step"], "phase_step": options["phase_step"],
        "wave_range": options["wave_range"] or None,
    }  # fmt: skip
    if form in ("sncosmo", "ecsv"):
        taken: dict[str, Path] = {}
        named = {free_stem(one.name, path, taken): one for path, one in zip(paths, made, strict=True)}
        for series, told in zip(made, notes, strict=True):
            for note in told:
                _note(f"{series.name}: {note}")
        _write_tables(form, out, named, shared)
        return
    from sntransport.export.snana import to_snana
    from sntransport.photometry.redshift_range import coverage_text

    z = [float("nan") if one.sightline is None else one.sightline.z for one in held]
    bands = names_in(options["bands"])
    model = to_snana(
        made, out, form="NON1ASED" if form == "snana" else "SIMSED", z=z, bands=bands,
        leakage_cut=options["leakage_cut"], redshifts=options["redshifts"] or None,
        beyond="allow" if options["allow_beyond"] else "error", overwrite=options["overwrite"], notes=notes,
        announce=lambda limits: say(f"usable redshifts:\n{coverage_text(limits)}"), **shared,
    )  # fmt: skip
    for note in model.notes:
        _note(note)
    say(f"wrote {out} ({len(model.grids)} templates); check it with: sntransport export --check {out}")
    conclude([{"folder": str(out), "templates": len(model.grids), "usable_redshifts": dict(model.z_range),
               "notes": list(model.notes)}])  # fmt: skip


def _write_tables(form: str, out: Path, named: dict[str, SpectralSeries], shared: dict[str, Any]) -> None:
    from sntransport._storage.atomic_files import ending
    from sntransport._storage.tables import write_table
    from sntransport.export.grid import template_grid
    from sntransport.export.text_files import series_table, to_ascii

    results = []
    for name, series in named.items():
        stem = out / name
        if form == "sncosmo":
            grid = template_grid(series, **shared)
            for note in grid.notes:
                _note(f"{series.name}: {note}")
            file = to_ascii(grid, ending(stem, ".dat"))
        else:
            file = write_table(series_table(series), ending(stem, "_series.ecsv"))
        say(f"wrote {file}")
        results.append({"name": series.name, "files": [file]})
    conclude(results)


def _check(folder: Path, bands: str, leakage_cut: float) -> None:
    from dataclasses import asdict

    from sntransport.export.snana_check import check_folder, coverage_table

    try:
        found = check_folder(folder)
        names = names_in(bands)
        table = coverage_table(found, names, leakage_cut=leakage_cut)
    except FAILURES as error:
        fail(error)
        sys.exit(1)
    for one in found.findings:
        say(str(one))
    if table:
        say(table)
    errors = sum(one.abort for one in found.findings)
    say(f"{len(found.templates)} templates, {errors} errors, {len(found.findings) - errors} warnings")
    conclude([{"folder": str(folder), "templates": len(found.templates), "errors": errors,
               "findings": [asdict(one) for one in found.findings]}])  # fmt: skip
    if found.would_abort:
        sys.exit(1)
