"""The command ``survey``: what a survey is, and its visits as a library of SNANA."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sntransport.cli.terminal.console import conclude, say, speaking, warn

if TYPE_CHECKING:
    from sntransport.simulation.surveys.survey import Survey

# Fewer visits than these at a pointing are no light curve.
_FEW = 10


def _options(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    """Callback: options of `load_survey`, each as TOML."""
    found: dict[str, Any] = {}
    for value in values:
        try:
            found |= tomllib.loads(value)
        except tomllib.TOMLDecodeError:
            raise click.BadParameter(f"{value!r}: expected KEY=VALUE as TOML, such as years=2.0") from None
    return found


def _letters(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Callback: letters of bands."""
    pairs = [value.rpartition("=") for value in values]
    if wrong := [value for value, (band, _, _) in zip(values, pairs, strict=True) if not band]:
        raise click.BadParameter(f"{wrong[0]!r}: expected BAND=LETTER, such as lsstg=g")
    return {band: letter for band, _, letter in pairs}


@click.command()
@click.argument("source", metavar="SOURCE")
@click.option(
    "--option", "options", multiple=True, callback=_options, metavar="KEY=VALUE",
    help="Of `load_survey` for this kind of survey, as TOML: years=2.0. May be given several times.",
)  # fmt: skip
@click.option(
    "--to-simlib", "simlib", type=click.Path(dir_okay=False, path_type=Path),
    help="Write the visits as a SIMLIB file of SNANA; .gz: compressed.",
)  # fmt: skip
@click.option(
    "--cell", type=click.FloatRange(min=0, min_open=True, max=90),
    help="A block of the SIMLIB at places about so far apart [deg], with all visits that see it; else one a pointing.",
)  # fmt: skip
@click.option("--name", help="Of SURVEY in the SIMLIB, which SNANA must know; that of the survey unless stated.")
@click.option(
    "--letter", "letters", multiple=True, callback=_letters, metavar="BAND=LETTER",
    help="What stands for a band in the SIMLIB; the last letter of its name unless stated.",
)  # fmt: skip
@speaking
def survey(
    source: str, options: dict[str, Any], simlib: Path | None, cell: float | None, name: str | None,
    letters: dict[str, str],
) -> None:  # fmt: skip
    """What a survey is: dates, area and, by band, visits and depth; and its visits for SNANA.

    SOURCE is lsst_wfd, lsst_ddf, ztf or atlas, or a file: a Rubin OpSim database, a SIMLIB file of SNANA, a table of
    visits.

    Example: sntransport survey ztf --option years=0.5 --to-simlib ztf.simlib --cell 2
    """
    from sntransport._storage.tables import text_table
    from sntransport.simulation.surveys.footprint import footprint_area
    from sntransport.simulation.surveys.formats.load import load_survey
    from sntransport.simulation.surveys.formats.simlib_writer import band_letters, write_simlib

    found = load_survey(source, **options)
    rows = _rows(found)
    told = {
        "name": found.name, "visits": found.n_visit, "mjd_first": float(found.mjd[0]), "mjd_last": float(found.mjd[-1]),
        "area": round(footprint_area(found), 1), "radius": found.radius, "source": found.source,
        "notes": list(found.notes), "bands": rows,
    }  # fmt: skip
    say(
        f"{found.name}: {found.n_visit} visits, MJD {found.mjd[0]:.1f} to {found.mjd[-1]:.1f}, {told['area']:g} deg2, "
        f"fields of {found.radius:g} deg radius; {found.source}"
    )
    for note in found.notes:
        say(note)
    say(text_table([{key: str(value) for key, value in row.items()} for row in rows]))
    if simlib is not None:
        told["output"] = str(write_simlib(found, simlib, name=name, letters=letters, cell=cell))
        codes = ", ".join(f"{letter} {band}" for band, letter in band_letters(found.bands, letters).items())
        say(f"wrote {told['output']} ({codes})")
        if cell is None and _few_visits(found):
            warn(
                f"{simlib}: most blocks have fewer than {_FEW} visits, as the survey's pointings move, and SNANA gives "
                "an object those of one block; --cell 2 makes blocks of all visits that see a place"
            )
    conclude([told])


def _few_visits(found: Survey) -> bool:
    import numpy as np

    _, counts = np.unique(np.stack([found.ra, found.dec]), axis=1, return_counts=True)
    return bool(np.median(counts) < _FEW)


def _rows(found: Survey) -> list[dict[str, Any]]:
    """Of each band its visits and their median depth."""
    import numpy as np

    from sntransport.simulation.surveys.noise import depth_of

    depth = depth_of(found.background, found.photons_per_njy)
    rows = []
    for i, band in enumerate(found.bands):
        mine = found.band == i
        median = round(float(np.median(depth[mine])), 2) if mine.any() else None
        rows.append({"band": band, "visits": int(mine.sum()), "depth": median})
    return rows
