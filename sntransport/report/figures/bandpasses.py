"""The figure of filters."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from sntransport.photometry.bands import Bandpass, load_bands, pivot_wave
from sntransport.report.figures.style import COLORS, LINES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure


def band_figure(bands: Sequence[str | Bandpass]) -> Figure:
    """Throughput of filters over wavelength, each scaled to its peak.

    Parameters
    ----------
    bands : sequence of str or Bandpass
        As `sntransport.load_bands` takes them; one or more.

    Returns
    -------
    matplotlib.figure.Figure
        One row a family of names, such as lsst and ztf.

    Raises
    ------
    ValueError
        Where there are no bands, or a name is not known.
    """
    from matplotlib.figure import Figure

    if not bands:
        raise ValueError("band_figure needs one band or more")
    rows = _families(load_bands(bands))
    figure = Figure(figsize=(9.0, 1.0 + 1.1 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0]
    for panel, family in zip(panels, rows, strict=True):
        for k, band in enumerate(family):
            looks = {"color": COLORS[k % len(COLORS)], "ls": LINES[k // len(COLORS) % len(LINES)]}
            panel.plot(band.wave, band.throughput / band.throughput.max(), lw=1.2, **looks)
            # Names stand on two levels, so that neighbors do not touch.
            panel.text(
                pivot_wave(band), 1.06 + 0.22 * (k % 2), band.name, color=looks["color"], ha="center", fontsize=7
            )
        panel.set_ylim(0.0, 1.55)
        panel.set_yticks([0.0, 1.0])
    panels[-1].set_xlabel("Wavelength [Å]")
    figure.supylabel("Throughput / peak", fontsize=10)
    return figure


def _families(bands: Sequence[Bandpass]) -> list[list[Bandpass]]:
    """Bands by the beginning that their names have in common with others, each family by wavelength."""
    ordered = sorted(bands, key=lambda band: band.name)
    rows = [ordered[:1]]
    for before, band in pairwise(ordered):
        same = before.name[:3] == band.name[:3]
        rows = [*rows[:-1], [*rows[-1], band]] if same else [*rows, [band]]
    return [sorted(row, key=pivot_wave) for row in rows]
