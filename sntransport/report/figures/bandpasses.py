"""The figure of filters."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sntransport._objects.drawing import band_looks, label_text
from sntransport.photometry.bands import Bandpass, load_bands, pivot_wave
from sntransport.report.figures.panels import new_figure
from sntransport.report.figures.style import LINES, AnyStyle, in_style, root_of, style_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure, SubFigure


@in_style
def band_figure(
    bands: Sequence[str | Bandpass], *, style: AnyStyle = None, figure: Figure | SubFigure | None = None
) -> Figure:
    """Throughput of filters over wavelength, each scaled to its peak.

    Parameters
    ----------
    bands : sequence of str or Bandpass
        As `sntransport.load_bands` takes them; one or more.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    figure : Figure or SubFigure, optional
        Draw into this.

    Returns
    -------
    matplotlib.figure.Figure
        One row a family of names, such as lsst and ztf.

    Raises
    ------
    ValueError
        Where there are no bands, or a name is not known.
    """
    if not bands:
        raise ValueError("band_figure needs one band or more")
    rows = _families(load_bands(bands))
    drawn = style_of(style, figure)
    height = (1.0 + 1.1 * len(rows)) * drawn.scale
    place, panels = new_figure(drawn, height, len(rows), figure=figure, sharex=True, squeeze=False)
    for panel, family in zip(panels[:, 0], rows, strict=True):
        for k, (band, mine) in enumerate(zip(family, band_looks([band.name for band in family]), strict=True)):
            looks: dict[str, Any] = {"color": mine.color, "ls": LINES[mine.turn % len(LINES)]}
            panel.plot(band.wave, band.throughput / band.throughput.max(), lw=1.2 * drawn.line, **looks)
            # Names stand on two levels, so that neighbors do not touch.
            panel.text(
                pivot_wave(band), 1.06 + 0.22 * (k % 2), label_text(band.name), color=looks["color"], ha="center",
                fontsize=drawn.small,
            )  # fmt: skip
        panel.set_ylim(0.0, 1.55)
        panel.set_yticks([0.0, 1.0])
    panels[-1, 0].set_xlabel("Wavelength [Å]")
    place.supylabel("Throughput / peak", fontsize=drawn.font)
    return root_of(place)


def _families(bands: Sequence[Bandpass]) -> list[list[Bandpass]]:
    """Bands by the beginning that their names have in common with others, each family by wavelength."""
    ordered = sorted(bands, key=lambda band: band.name)
    rows = [ordered[:1]]
    for before, band in pairwise(ordered):
        same = before.name[:3] == band.name[:3]
        rows = [*rows[:-1], [*rows[-1], band]] if same else [*rows, [band]]
    return [sorted(row, key=pivot_wave) for row in rows]
