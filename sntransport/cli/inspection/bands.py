"""The command ``bands``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sntransport.cli.terminal.console import asked_for, conclude, figure_style, say, speaking, styled
from sntransport.cli.terminal.options import complete_bands, names_in


@click.command()
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...", shell_complete=complete_bands)
@click.option(
    "--plot",
    "figure",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the curves to this .png, .pdf, .svg.",
)
@styled
@speaking
def bands(patterns: tuple[str, ...], figure: Path | None) -> None:
    """The filters that there are: names, pivot wavelengths, widths and sources.

    PATTERN is a name or has wildcards of the shell, in quotes: sntransport bands 'lsst*' '*g' --plot bands.png. The
    width is that of a rectangle as high as the peak; vega is the AB magnitude of Vega. --verbose tells whole sources.
    """
    from sntransport._storage.tables import text_table
    from sntransport.photometry.band_properties import band_rows, matching_bands

    names = matching_bands(names_in(*patterns))
    rows = band_rows(names)
    say(text_table([_shown(row, whole=asked_for("verbose")) for row in rows]))
    files = []
    if figure is not None:
        from sntransport.report.figures.bandpasses import band_figure
        from sntransport.report.figures.style import write_figure

        style = figure_style()
        files.append(write_figure(band_figure(names, style=style), figure, style))
        say(f"wrote {figure}")
    conclude([{"bands": rows, "files": files}])


def _shown(row: dict[str, Any], *, whole: bool) -> dict[str, str]:
    """A row as text; of the source the publication alone, which is behind the file that was taken."""
    known = row["vega_ab"] == row["vega_ab"]
    return {
        "band": row["band"], "pivot [A]": f"{row['pivot']:.0f}", "width [A]": f"{row['width']:.0f}",
        "vega [mag]": f"{row['vega_ab']:.3f}" if known else "-",
        "source": row["source"] if whole else row["source"].partition("; ")[2] or row["source"],
    }  # fmt: skip
