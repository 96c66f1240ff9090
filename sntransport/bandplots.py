"""Figure of the photometric test: share of observed photometry that a series meets, by band and class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sntransport.validation.photometric_scores import shares
from sntransport.validation.photometric_test import LETTERS, METHODS, PAPER, WITHIN, BandPoints

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito (2008): told apart by everybody, and in print by their markers.
_STYLES = (("#999999", "x"), ("#E69F00", "o"), ("#0072B2", "s"), ("#009E73", "D"), ("#CC79A7", "^"), ("#56B4E9", "v"))
_FEWEST = 5


def share_figure(points: BandPoints) -> Figure:
    """Draw the share of points within 10 %, one panel a class.

    Parameters
    ----------
    points : BandPoints
        A band with fewer than five points of a class is not drawn.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    classes = [name for name in ("Ia", "II", "Ib/c", "other") if np.any(points.sn_class == name)]
    figure = Figure(figsize=(3.6 * len(classes) + 1.8, 4.2), layout="constrained")
    panels = figure.subplots(1, len(classes), sharey=True, squeeze=False)[0]
    for axes, sn_class in zip(panels, classes, strict=True):
        for k, (method, (color, marker)) in enumerate(zip(METHODS, _STYLES, strict=True)):
            found = [_share(points, sn_class, letter, k) for letter in LETTERS]
            place = np.arange(len(LETTERS)) + 0.13 * (k - 2.5)
            axes.plot(place, found, ls="none", marker=marker, color=color, label=method)
        for x, letter in enumerate(LETTERS):
            if (sn_class, letter) in PAPER:
                low, _, high = PAPER[sn_class, letter].partition("-")
                axes.fill_between([x - 0.4, x + 0.4], float(low) - 0.5, float(high or low) + 0.5, color="0.85", lw=0)
        axes.set(title=sn_class, xticks=range(len(LETTERS)), xticklabels=list(LETTERS), xlabel="Band", ylim=(0, 103))
        axes.grid(axis="y", color="0.9")
        axes.set_axisbelow(True)
    panels[0].set_ylabel(f"Share of observed photometry within {WITHIN:.0%} [%]")
    handles, names = panels[0].get_legend_handles_labels()
    shade = panels[0].fill_between([], [], [], color="0.85", lw=0)
    figure.legend([*handles, shade], [*names, "Ramirez et al.\n2024, V only"], loc="outside right upper", frameon=False)
    return figure


def _share(points: BandPoints, sn_class: str, letter: str, method: int) -> float:
    """Share in percent, NaN with too few points."""
    mine = (points.sn_class == sn_class) & (points.letter == letter) & np.isfinite(points.ratio[1:]).all(axis=0)
    mine &= np.isfinite(points.ratio[method])
    if mine.sum() < _FEWEST:
        return np.nan
    return 100.0 * shares(points.supernova[mine], points.ratio[method, mine])[0]
