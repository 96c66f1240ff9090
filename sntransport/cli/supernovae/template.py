"""The commands of class templates: part of the command line, see `cli`."""

from pathlib import Path
from typing import Any

import click

from sntransport._version import __version__
from sntransport.cli.terminal.console import conclude, say, speaking

_existing = click.Path(exists=True, path_type=Path)


def beside(path: Path) -> Any:
    """Return the default interpolator with the template of a series file for its class."""
    from sntransport.spectra.observations import broad_class
    from sntransport.spectra.series_file import read_series
    from sntransport.transport.templates import by_class
    from sntransport.transport.templates.class_template import require_complete

    template = read_series(path)
    require_complete(template, str(path))
    return by_class.ClassTransport(templates={**by_class.TEMPLATES, broad_class(template.sn_type): lambda: template})


def _zeros(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for value in values:
        name, _, phase = value.rpartition("=")
        try:
            found[name] = float(phase)
        except ValueError:
            raise click.BadParameter(f"{value!r}: expected NAME=PHASE, such as SN2013am=4.5") from None
        if not name:
            raise click.BadParameter(f"{value!r}: expected NAME=PHASE, such as SN2013am=4.5")
    return found


@click.group("template")
def template_group() -> None:
    """Templates of a class, to build supernovae beside."""


@template_group.command("build")
@click.argument("files", nargs=-1, required=True, type=_existing, metavar="SERIES.fits...")
@click.option(
    "-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Series file to write."
)
@click.option(
    "--zero",
    "zeros",
    multiple=True,
    callback=_zeros,
    metavar="NAME=PHASE",
    help="Phase zero of a series [rest-frame d], such as its B maximum; 0 for the others. May be given several times.",
)
@click.option("--keep-clocks", is_flag=True, help="Take phase zeros as given instead of fitting zero and stretch.")
@click.option(
    "--mean",
    default="features",
    show_default=True,
    type=click.Choice(["features", "wasserstein"]),
    help="Average color and moved features, or take the Wasserstein barycenter of whole spectra.",
)
@click.option("--smooth", default=0.0, show_default=True, help="Smooth the template over this many days.")
@click.option("--name", default="", help="Name of the template.")
@click.option("--type", "sn_type", default="", help="Class of the template; needed where the series differ in it.")
@speaking
def template_build(
    files: tuple[Path, ...],
    out: Path,
    zeros: dict[str, float],
    keep_clocks: bool,
    mean: str,
    smooth: float,
    name: str,
    sn_type: str,
) -> None:
    """Average dense series of two or more supernovae of a class into a template, on one clock.

    Give it to `sntransport build --template`. Phases of the template count from the mean of the phase zeros given.

    Example: sntransport template build a.fits b.fits c.fits -o class.fits
    """
    from sntransport.spectra.series_file import read_series, write_series
    from sntransport.transport.exact import barycenter
    from sntransport.transport.templates import class_template

    made = class_template.build_template(
        [read_series(path) for path in files],
        zeros=zeros,
        fit_clock=not keep_clocks,
        barycenter=barycenter if mean == "wasserstein" else None,
        smooth=smooth,
        name=name,
        sn_type=sn_type,
    )
    for one, zero, stretch in zip(made.names, made.zero, made.stretch, strict=True):
        say(f"{one}: phase zero {zero:.2f} d, stretch {stretch:.3f}")
    phase, wave = made.series.phase, made.series.wave
    span = f"{phase[0]:g} to {phase[-1]:g} d, {wave[0]:.0f} to {wave[-1]:.0f} A"
    options = {
        "mean": mean,
        "smooth": f"{smooth:g}",
        "keep_clocks": str(keep_clocks),
        "inputs": " ".join(path.name for path in files),
    }
    write_series(made.series, out, notes=made.notes, provenance=options | {"version": __version__})
    say(f"wrote {out}: {span}; {'; '.join(made.notes[1:])}")
    clocks = [
        {"name": one, "zero": float(a), "stretch": float(b)}
        for one, a, b in zip(made.names, made.zero, made.stretch, strict=True)
    ]
    conclude([{"files": [out], "members": clocks, "notes": made.notes}])


@template_group.command("mean")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Series file to write."
)
@click.option("--type", "sn_type", default="", help="Class of the template; needed where no source says it.")
@click.option("--name", default="", help="Name of the template.")
@speaking
def template_mean(sources: tuple[str, ...], out: Path, sn_type: str, name: str) -> None:
    """Average mean series of a class whose phases count alike, such as those of sncosmo, into a template.

    SOURCE is a series file, the name of a source of sncosmo (which fetches it the first time, or finds it where
    SNCOSMO_DATA_DIR says), or hsiao, which needs no network. `sntransport template mean hsiao salt3 -o ia.fits`
    gives what type Ia supernovae are rebuilt beside best: `sntransport build --template ia.fits`.
    """
    from sntransport.spectra.series_file import read_series, write_series
    from sntransport.transport.templates.sources import hsiao, mean_template, sncosmo_template

    def template(source: str) -> Any:
        if source == "hsiao":
            return hsiao()
        if Path(source).suffix.lower() in (".fits", ".fit"):
            return read_series(source)
        return sncosmo_template(source, sn_type=sn_type)

    made = mean_template([template(source) for source in sources], name=name)
    if not made.sn_type:
        raise ValueError(f"{', '.join(sources)}: no source says of which class it is; give it with --type")
    notes = (f"mean of {', '.join(sources)}: {made.name}",)
    write_series(made, out, notes=notes, provenance={"inputs": " ".join(sources), "version": __version__})
    phase, wave = made.phase, made.wave
    say(f"wrote {out}: {phase[0]:g} to {phase[-1]:g} d, {wave[0]:.0f} to {wave[-1]:.0f} A; {notes[0]}")
    conclude([{"files": [out], "sources": sources, "name": made.name, "notes": notes}])
