"""Figures of the leave-out test, by rebuilt spectrum or by class and gap, and of the photometric test."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport.report.figures.panels import fit_y, legend_below, new_figure, one_panel, panel_heading
from sntransport.report.figures.style import (
    COLORS,
    MARKERS,
    AnyStyle,
    in_style,
    look,
    root_of,
    style_of,
    title,
)
from sntransport.validation.hidden_spectra import GAP_EDGES, gap_bin
from sntransport.validation.leave_out import BASELINE, Triplets
from sntransport.validation.leave_out_scores import GAPS, HEADINGS, Score
from sntransport.validation.photometric_scores import shares
from sntransport.validation.photometric_test import LETTERS, METHODS, PAPER, WITHIN, BandPoints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from sntransport._numerics.arrays import Array


_TICKS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


@answers_mistakes
@in_style
def triplet_figure(
    triplets: Triplets, floor: Triplets | None = None, *, style: AnyStyle = None, ax: Axes | None = None
) -> Figure:
    """Feature residual of every hidden and rebuilt spectrum against the gap, and medians by gap.

    For many supernovae `sntransport.report.figures.ratio_figure` says it better: there every supernova counts the same.

    Parameters
    ----------
    triplets : Triplets
        From `sntransport.validation.leave_out.judge`.
    floor : Triplets, optional
        From `sntransport.validation.leave_out.noise_floor`; its median is the dashed line.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    ax : matplotlib.axes.Axes, optional
        Draw into these.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        Where no residual is known.

    Examples
    --------
    >>> from sntransport.report.figures import triplet_figure
    >>> from sntransport.transport.interpolators import linear
    >>> from sntransport.transport.templates import hsiao
    >>> from sntransport.validation import judge
    >>> series = hsiao().select(phase=(0.0, 30.0), wave=(4000.0, 8000.0))
    >>> triplet_figure(judge([series[::5]], {"linear": linear})).savefig("triplets.png")
    """
    if not np.isfinite(triplets.feature).any():
        raise ValueError("no hidden spectrum could be compared: nothing to draw")
    drawn = style_of(style, ax)
    axes = one_panel(drawn, 4.8 * drawn.scale, ax)
    order = [BASELINE, *(name for name in triplets.interpolators if name != BASELINE)]
    for k, name in enumerate(order):
        error = 100.0 * triplets.feature[triplets.interpolators.index(name)]
        mine = look(k)
        axes.plot(triplets.gap, error, ls="none", ms=3 * drawn.line, alpha=0.3, mew=0, **mine)
        gap, middle = _medians(triplets.gap, error)
        axes.plot(gap, middle, ms=6 * drawn.line, label=f"{name} (median)", **mine)
    axes.set(xlabel="Gap between the two spectra [rest-frame d]", ylabel="Feature residual [%]", yscale="log")
    if floor is not None and np.isfinite(floor.feature).any():
        lowest = 100.0 * float(np.nanmedian(floor.feature))
        # A line from end to end that the vertical range takes in.
        axes.plot(
            axes.get_xlim(), [lowest, lowest], color="0.3", ls="--", lw=drawn.line, scalex=False,
            label="two spectra of neighboring nights",
        )  # fmt: skip
    fit_y(axes)
    _label_values(axes, _TICKS, "{:g}")
    names = sorted(set(triplets.supernova.tolist()))
    panel_heading(
        axes, title(names[0] if len(names) == 1 else f"{len(names)} supernovae", "", "hidden spectra rebuilt")
    )
    return root_of(axes)


def _label_values(axes: Axes, ticks: Sequence[float], form: str) -> None:
    """Numbers at a logarithmic vertical axis: those of ``ticks`` inside, or where they are few, finer ones."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = axes.get_ylim()
    kept = [tick for tick in ticks if low <= tick <= high]
    if len(kept) < 3:
        step = 10.0 ** np.floor(np.log10((high - low) / 2.0))
        size = next((k * step for k in (1.0, 2.0, 5.0) if (high - low) / (k * step) <= 6.0), 10.0 * step)
        kept = [k * size for k in range(int(np.ceil(low / size)), int(np.floor(high / size)) + 1)]
    axes.yaxis.set_major_locator(FixedLocator(kept))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: form.format(round(tick, 10))))


def _medians(gap: Array, error: Array) -> tuple[Array, Array]:
    """Median gap and error in each bin of gaps that has any."""
    bins = gap_bin(gap)
    filled = [np.isfinite(error) & (bins == b) for b in range(len(GAP_EDGES) - 1)]
    kept = [rows for rows in filled if rows.any()]
    return np.array([np.median(gap[rows]) for rows in kept]), np.array([np.median(error[rows]) for rows in kept])


_STYLES = ((COLORS[6], "x"), (COLORS[4], "o"), (COLORS[0], "s"), (COLORS[2], "D"), (COLORS[3], "^"), (COLORS[5], "v"))
_FEWEST = 5


@answers_mistakes
@in_style
def share_figure(points: BandPoints, *, style: AnyStyle = None, figure: Figure | SubFigure | None = None) -> Figure:
    """Draw the share of points within 10 %, one panel a class.

    Parameters
    ----------
    points : BandPoints
        A band with fewer than five points of a class is not drawn.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    figure : Figure or SubFigure, optional
        Draw into this.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.report.figures import share_figure
    >>> from sntransport.validation import judge_bands
    >>> sn = demo_supernova()
    >>> sn = replace(sn, spectra=sn.spectra[2:5])
    >>> share_figure(judge_bands([sn])).savefig("shares.png")
    """
    from matplotlib.patches import Patch

    classes = [name for name in ("Ia", "II", "Ib/c", "other") if np.any(points.sn_class == name)]
    drawn = style_of(style, figure)
    columns = min(len(classes), 1 if drawn.narrow else 4)
    rows = -(-len(classes) // columns)
    figure, panels = new_figure(
        drawn, (1.0 + 2.8 * rows) * drawn.scale, rows, columns, figure=figure, sharey=True, squeeze=False
    )
    for axes, sn_class in zip(panels.flat, classes, strict=False):
        for k, (method, (color, marker)) in enumerate(zip(METHODS, _STYLES, strict=True)):
            found = [_share(points, sn_class, letter, k) for letter in LETTERS]
            place = np.arange(len(LETTERS)) + 0.13 * (k - 2.5)
            axes.plot(place, found, ls="none", marker=marker, color=color, label=method)
        for x, letter in enumerate(LETTERS):
            if (sn_class, letter) in PAPER:
                low, _, high = PAPER[sn_class, letter].partition("-")
                axes.fill_between([x - 0.4, x + 0.4], float(low) - 0.5, float(high or low) + 0.5, color="0.85", lw=0)
        axes.set(xticks=range(len(LETTERS)), xticklabels=list(LETTERS), xlabel="Band", ylim=(0, 103))
        axes.set_xlim(-0.6, len(LETTERS) - 0.4)
        axes.grid(axis="y", color="0.9", lw=0.8 * drawn.line)
        axes.set_axisbelow(True)
        panel_heading(axes, sn_class, ())
    for axes in panels.flat[len(classes) :]:
        axes.set_axis_off()
    for axes in panels[:, 0]:
        axes.set_ylabel(f"Photometry within\n{WITHIN:.0%} [%]")
    handles = panels.flat[0].get_legend_handles_labels()[0]
    shade = Patch(facecolor="0.85", label="Ramirez et al. 2024, V only")
    # The methods are those of every panel.
    legend_below(figure, [*handles, shade])
    return root_of(figure)


def _share(points: BandPoints, sn_class: str, letter: str, method: int) -> float:
    """Share in percent, NaN with too few points."""
    mine = (points.sn_class == sn_class) & (points.letter == letter) & np.isfinite(points.ratio[1:]).all(axis=0)
    mine &= np.isfinite(points.ratio[method])
    if mine.sum() < _FEWEST:
        return np.nan
    return 100.0 * shares(points.supernova[mine], points.ratio[method, mine])[0]


_RATIO_TICKS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0)
_CLASSES = dict(zip(("Ia", "II", "Ib/c", "other", "all"), (0, 1, 2, 3, 6), strict=True))
"""Number of color and marker of each class."""


@answers_mistakes
@in_style
def ratio_figure(
    scores: Sequence[Score], *, style: AnyStyle = None, figure: Figure | SubFigure | None = None
) -> Figure:
    """Ratio to the baseline against gap, a panel for every other interpolator.

    Parameters
    ----------
    scores : sequence of Score
        Of one metric.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    figure : Figure or SubFigure, optional
        Draw into this.

    Returns
    -------
    matplotlib.figure.Figure
        Points: classes, with the 68 % interval over supernovae. Dashes: noise floor over baseline, where it is known.

    Raises
    ------
    ValueError
        Where there is no interpolator but the baseline.

    Examples
    --------
    >>> from sntransport.report.figures import ratio_figure
    >>> from sntransport.transport.interpolators import linear
    >>> from sntransport.transport.templates import hsiao
    >>> from sntransport.validation import judge, score
    >>> series = hsiao().select(phase=(0.0, 30.0), wave=(4000.0, 8000.0))
    >>> ratio_figure(score(judge([series[::5]], {"linear": linear}), samples=10)).savefig("ratio.png")
    """
    names = list(dict.fromkeys(one.interpolator for one in scores if one.interpolator != BASELINE))
    if not names:
        raise ValueError(f"no interpolator to compare with {BASELINE}")
    drawn = style_of(style, figure)
    columns = min(len(names), 1 if drawn.narrow else 3)
    rows = -(-len(names) // columns)
    figure, panels = new_figure(
        drawn, (1.4 + 3.0 * rows) * drawn.scale, rows, columns, figure=figure, sharex=True, sharey=True, squeeze=False
    )
    for panel, name in zip(panels.flat, names, strict=False):
        _draw(panel, [one for one in scores if one.interpolator == name], drawn.line)
        panel_heading(panel, name, ())
    for k in range(len(names), panels.size):
        panels.flat[k].set_axis_off()
        # The panel above is the lowest of its column now.
        panels.flat[k - columns].tick_params(labelbottom=True)
    for k in range(len(names)):
        panels.flat[k].set_xlabel("Gap between spectra\n[rest-frame d]" if k + columns >= len(names) else "")
    low, high = zip(*(_range(panel) for panel in panels.flat[: len(names)]), strict=True)
    panels[0, 0].set_ylim(min(low), max(high))
    _label_values(panels[0, 0], _RATIO_TICKS, "{:g}")
    for panel in panels[:, 0]:
        panel.set_ylabel(f"Error over that of {BASELINE}")
    text = HEADINGS.get(scores[0].metric, scores[0].metric + " blueshift error")
    figure.suptitle("\n".join(wrap(text, int(drawn.width * 72.0 / (0.56 * drawn.font)))))
    handles = {h.get_label(): h for panel in panels.flat for h in panel.get_legend_handles_labels()[0]}
    if "noise floor" in handles:
        handles["noise floor"] = handles.pop("noise floor")
    # The classes are those of every panel.
    legend_below(figure, list(handles.values()))
    return root_of(figure)


def _range(panel: Axes) -> tuple[float, float]:
    fit_y(panel)
    return panel.get_ylim()


def _draw(axes: Axes, scores: Sequence[Score], line: float) -> None:
    classes = list(dict.fromkeys(one.sn_class for one in scores))
    for shift, sn_class in zip(0.16 * (np.arange(len(classes)) - 0.5 * (len(classes) - 1)), classes, strict=True):
        mine = [one for one in scores if one.sn_class == sn_class]
        x = np.array([GAPS.index(one.gap) for one in mine]) + shift
        keys = ("ratio", "low", "high", "floor", "baseline")
        y, low, high, limit, base = (np.array([getattr(one, key) for one in mine]) for key in keys)
        error, color = np.nan_to_num(np.stack([y - low, high - y])), COLORS[_CLASSES[sn_class]]
        marker = MARKERS[_CLASSES[sn_class]]
        axes.errorbar(x, y, np.maximum(error, 0.0), fmt=marker, color=color, elinewidth=1.2 * line, label=sn_class)
        # Lines, which the vertical range holds as a whole: a floor in the legend is one that is seen.
        dashes = np.stack([limit / base, limit / base, np.full(x.size, np.nan)], axis=1).ravel()
        axes.plot(np.stack([x - 0.08, x + 0.08, x], axis=1).ravel(), dashes, color=color, lw=1.2 * line)
    if any(np.isfinite(one.floor) for one in scores):
        axes.plot([], [], color="gray", lw=1.2 * line, label="noise floor")
    axes.axhline(1.0, color="black", lw=0.7 * line)
    axes.axvline(len(GAPS) - 2.5, color="gray", lw=0.6 * line, ls=":")
    axes.set_xticks(range(len(GAPS)), [gap.replace("-", "–") for gap in GAPS], rotation=45)
    axes.set_xlim(-0.5, len(GAPS) - 0.5)
    axes.set_yscale("log")
