"""Figures of the leave-out test, by rebuilt spectrum or by class and gap, and of the photometric test."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from sntransport.report.figures.style import new_figure, style, title
from sntransport.validation.hidden_spectra import GAP_EDGES, gap_bin
from sntransport.validation.leave_out import BASELINE, Triplets
from sntransport.validation.leave_out_scores import GAPS, HEADINGS, Score
from sntransport.validation.photometric_scores import shares
from sntransport.validation.photometric_test import LETTERS, METHODS, PAPER, WITHIN, BandPoints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sntransport._numerics.arrays import Array


_TICKS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


def triplet_figure(triplets: Triplets, floor: Triplets | None = None) -> Figure:
    """Feature residual of every hidden and rebuilt spectrum against the gap, and medians by gap.

    For many supernovae `sntransport.report.figures.ratio_figure` says it better: there every supernova counts the same.

    Parameters
    ----------
    triplets : Triplets
        From `sntransport.validation.leave_out.judge`.
    floor : Triplets, optional
        From `sntransport.validation.leave_out.noise_floor`; its median is the dashed line.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        Where no residual is known.
    """
    from matplotlib.ticker import FixedLocator, NullLocator

    if not np.isfinite(triplets.feature).any():
        raise ValueError("no hidden spectrum could be compared: nothing to draw")
    figure, axes = new_figure(7.5, 4.6)
    order = [BASELINE, *(name for name in triplets.interpolators if name != BASELINE)]
    for k, name in enumerate(order):
        error = 100.0 * triplets.feature[triplets.interpolators.index(name)]
        look = style(k)
        axes.plot(triplets.gap, error, ls="none", ms=3, alpha=0.3, mew=0, **look)
        gap, middle = _medians(triplets.gap, error)
        axes.plot(gap, middle, ms=6, lw=1.6, label=f"{name} (median)", **look)
    if floor is not None and np.isfinite(floor.feature).any():
        axes.axhline(
            100.0 * float(np.nanmedian(floor.feature)),
            color="0.3",
            ls="--",
            lw=1,
            label="two spectra of neighboring nights",
        )
    axes.set(xlabel="Gap between the two spectra [rest-frame d]", ylabel="Feature residual [%]", yscale="log")
    axes.yaxis.set_major_locator(FixedLocator(_TICKS))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter("{x:g}")
    names = sorted(set(triplets.supernova.tolist()))
    axes.set_title(
        title(names[0] if len(names) == 1 else f"{len(names)} supernovae", "", "hidden spectra rebuilt"), fontsize=11
    )
    figure.legend(loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    return figure


def _medians(gap: Array, error: Array) -> tuple[Array, Array]:
    """Median gap and error in each bin of gaps that has any."""
    bins = gap_bin(gap)
    filled = [np.isfinite(error) & (bins == b) for b in range(len(GAP_EDGES) - 1)]
    kept = [rows for rows in filled if rows.any()]
    return np.array([np.median(gap[rows]) for rows in kept]), np.array([np.median(error[rows]) for rows in kept])


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


_RATIO_TICKS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0)
_COLORS = {"Ia": "#0072B2", "II": "#D55E00", "Ib/c": "#009E73", "other": "#CC79A7", "all": "#000000"}
_MARKERS = {"Ia": "o", "II": "s", "Ib/c": "^", "other": "D", "all": "X"}


def ratio_figure(scores: Sequence[Score]) -> Figure:
    """Ratio to the baseline against gap, a panel for every other interpolator.

    Parameters
    ----------
    scores : sequence of Score
        Of one metric.

    Returns
    -------
    matplotlib.figure.Figure
        Points: classes, with the 68 % interval over supernovae. Dashes: noise floor over baseline.

    Raises
    ------
    ValueError
        Where there is no interpolator but the baseline.
    """
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(one.interpolator for one in scores if one.interpolator != BASELINE))
    if not names:
        raise ValueError(f"no interpolator to compare with {BASELINE}")
    columns = min(len(names), 3)
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(1.5 + 4.2 * columns, 1.2 + 3.4 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for panel, name in zip(panels.flat, names, strict=False):
        _draw(panel, [one for one in scores if one.interpolator == name])
        panel.set_title(name, fontsize=11)
    for k in range(len(names), panels.size):
        panels.flat[k].set_axis_off()
        # The panel above is the lowest of its column now.
        panels.flat[k - columns].tick_params(labelbottom=True)
    for panel in panels[:, 0]:
        panel.set_ylabel(f"Error over that of {BASELINE}")
    figure.supxlabel("Gap between the two spectra [rest-frame d]", fontsize=10)
    heading = HEADINGS.get(scores[0].metric, scores[0].metric + " blueshift error")
    figure.suptitle("\n".join(wrap(heading, 42 * columns)), fontsize=11)
    handles = {h.get_label(): h for panel in panels.flat for h in panel.get_legend_handles_labels()[0]}
    handles["noise floor"] = handles.pop("noise floor")
    figure.legend(handles=list(handles.values()), loc="outside right center", fontsize=9, frameon=False)
    return figure


def _draw(axes: Axes, scores: Sequence[Score]) -> None:
    from matplotlib.ticker import FixedLocator, FormatStrFormatter, NullLocator

    classes = list(dict.fromkeys(one.sn_class for one in scores))
    for shift, sn_class in zip(0.16 * (np.arange(len(classes)) - 0.5 * (len(classes) - 1)), classes, strict=True):
        mine = [one for one in scores if one.sn_class == sn_class]
        x = np.array([GAPS.index(one.gap) for one in mine]) + shift
        keys = ("ratio", "low", "high", "floor", "baseline")
        y, low, high, limit, base = (np.array([getattr(one, key) for one in mine]) for key in keys)
        error, color = np.nan_to_num(np.stack([y - low, high - y])), _COLORS[sn_class]
        axes.errorbar(x, y, np.maximum(error, 0.0), fmt=_MARKERS[sn_class], color=color, ms=4.5, lw=1.2, label=sn_class)
        axes.hlines(limit / base, x - 0.08, x + 0.08, color=color, lw=1.2)
    axes.plot([], [], color="gray", lw=1.2, label="noise floor")
    axes.axhline(1.0, color="black", lw=0.7)
    axes.axvline(len(GAPS) - 2.5, color="gray", lw=0.6, ls=":")
    axes.set_xticks(range(len(GAPS)), GAPS, rotation=45, fontsize=8)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(FixedLocator(_RATIO_TICKS))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
