"""Figures that show at a look whether a simulation is what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport.photometry.bands import effective_wave, load_bands
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from sntransport.simulation.summary import Tally

# Okabe & Ito (2008), from short to long wavelength; markers say it again in gray print.
_COLORS = ("#CC79A7", "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_COUNT_TICKS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


def population_figure(tallies: Sequence[Tally]) -> Figure:
    """Four panels: redshifts, peak magnitudes, signal-to-noise ratios and numbers of detections.

    Parameters
    ----------
    tallies : sequence of Tally
        One row of panels each.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 3.4 * len(tallies)), layout="constrained")
    for one, panels in zip(tallies, figure.subplots(len(tallies), 4, squeeze=False), strict=True):
        styles = (("generated", "-", "#999999"), ("observed", "--", "#0072B2"), ("triggered", "-", "#D55E00"))
        for name, line, color in styles:
            panels[0].stairs(getattr(one, name), one.z_edges, label=name, linestyle=line, color=color, linewidth=1.6)
        panels[0].set(xlabel="redshift", ylabel=f"{one.name}\nobjects", title="redshift")
        panels[0].set_ylim(bottom=0)
        for place, (label, color, _) in _styles(one).items():
            panels[1].stairs(one.peak[place], one.peak_edges, color=color, label=label, linewidth=1.3)
            panels[2].stairs(one.snr[place], one.snr_edges, color=color, label=label, linewidth=1.3)
        _fit(panels[1], one.peak.sum(axis=0), one.peak_edges)
        panels[1].invert_xaxis()
        panels[1].set(xlabel="AB magnitude [mag]", title="true peak of all generated")
        panels[2].set(xlabel="flux / error", title="measurements", xscale="symlog", yscale="symlog")
        panels[2].axvline(5.0, color="0.6", linewidth=0.8)
        panels[2].set_ylim(bottom=0)
        panels[3].stairs(one.detections, one.detections_edges, color="#0072B2", fill=True)
        panels[3].set(xlabel="detections", title="of observed objects", xscale="symlog")
        _fit(panels[3], one.detections, one.detections_edges)
        # A logarithmic axis of less than a decade would have no number on it.
        low, high = panels[3].get_xlim()
        panels[3].set_xticks(ticks := [t for t in _COUNT_TICKS if low <= t <= high], [str(t) for t in ticks])
        panels[3].set_xticks([], minor=True)
    # The bands may differ from row to row; their names do not repeat.
    named: dict[str, Any] = {}
    for panel in figure.axes:
        named |= dict(zip(*reversed(panel.get_legend_handles_labels()), strict=True))
    figure.legend(list(named.values()), list(named), loc="outside lower center", ncols=10, frameon=False, fontsize=9)
    return figure


def examples_figure(one: Tally) -> Figure | None:
    """Light curves of the first objects that triggered; None where there are none."""
    from matplotlib.figure import Figure

    curves = one.examples
    if not curves.n_object:
        return None
    n_row = 1 if curves.n_object <= 3 else 2
    figure = Figure(figsize=(14, 0.6 + 3.6 * n_row), layout="constrained")
    panels = figure.subplots(n_row, 3, squeeze=False).ravel()
    for panel in panels[curves.n_object :]:
        panel.set_axis_off()
    for i, panel in zip(range(curves.n_object), panels, strict=False):
        rows = slice(curves.offset[i], curves.offset[i + 1])
        day = curves.mjd[rows] - curves.truth.mjd_ref[i]
        found = (curves.photflag[rows] & PHOTFLAG_DETECTION) > 0
        for place, (label, color, marker) in _styles(one).items():
            for mask, face in ((~found, "none"), (found, color)):
                here = (curves.band[rows] == place) & mask
                flux, error = curves.flux[rows][here] / 1e3, curves.flux_err[rows][here] / 1e3
                panel.errorbar(
                    day[here], flux, error, fmt=marker, color=color, markerfacecolor=face, markersize=4,
                    linewidth=0.8, label=label if face == color else None,
                )  # fmt: skip
        panel.axhline(0.0, color="0.6", linewidth=0.8)
        truth = curves.truth
        panel.set_title(f"object {truth.object_id[i]}, z = {truth.z[i]:.3f}", fontsize=10)
        panel.set(xlabel="observer-frame time from phase 0 [d]", ylabel="flux [µJy]")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=10, frameon=False, fontsize=9
    )
    figure.suptitle(f"{one.name}: filled symbols are detections")
    return figure


def _styles(one: Tally) -> dict[int, tuple[str, str, str]]:
    """Label, color and marker of each band, colors in the order of wavelength."""
    waves = np.array([effective_wave(band) for band in load_bands(one.bands)])
    several = len(set(one.surveys)) > 1
    labels = [f"{s} {b}" if several else b for s, b in zip(one.surveys, one.bands, strict=True)]
    order = np.argsort(waves, kind="stable")
    span = max(len(order) - 1, 1)
    steps = len(_COLORS) - 1
    return {
        int(b): (labels[b], _COLORS[round(k * steps / span)], _MARKERS[k % len(_MARKERS)])
        for k, b in enumerate(order)
    }  # fmt: skip


def _fit(panel: Any, counts: Any, edges: Any) -> None:
    """The horizontal range that has values, and an empty bin on either side, if there is one."""
    filled = np.flatnonzero(counts)
    if filled.size:
        panel.set_xlim(edges[max(filled[0] - 1, 0)], edges[min(filled[-1] + 2, len(edges) - 1)])
