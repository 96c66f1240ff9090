"""What figures share: panels that belong to no window, their axes, legends and ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._objects.drawing import label_text
from sntransport.report.figures.style import Style, root_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.ticker import Locator

    from sntransport._numerics.arrays import Array

_WAVE_TICKS: tuple[tuple[int, ...], ...] = (
    (1000, 1500, 2000, 2500, *range(3000, 11000, 1000), 12000, 15000, 20000, 25000, 30000),
    (1000, 1500, 2000, 3000, 4000, 5000, 6000, 8000, 10000, 15000, 20000, 30000),
    (1000, 2000, 4000, 6000, 10000, 20000, 30000),
    (1000, 2000, 5000, 10000, 20000),
)
"""Wavelengths [A] to label, the densest first: the first that has room, as a whole, so that none is left out."""

_GROWS = 1.1
"""A panel becomes at least that much wider when the layout takes away the margins of `subplots`, by measure."""

# Width of a digit over the size of its letters, as in DejaVu Sans; and what stands between two labels.
_DIGIT, _BETWEEN = 0.64, 0.7


def new_figure(
    style: Style, height: float, rows: int = 1, columns: int = 1, *, figure: Figure | SubFigure | None = None,
    **more: Any,
) -> tuple[Figure | SubFigure, Any]:  # fmt: skip
    """A figure as wide as the style and its panels, as ``Figure.subplots`` gives them; nothing opens, nothing leaks.

    Parameters
    ----------
    style : Style
    height : float [inch]
        At most the tallest of the style.
    rows, columns : int
    figure : Figure or SubFigure, optional
        Draw into this instead, at its own size.
    **more
        For ``Figure.subplots``.
    """
    from matplotlib.figure import Figure

    if figure is None:
        figure = Figure(figsize=(style.width, min(height, style.tallest)), layout="constrained")
    elif root_of(figure).get_layout_engine() is None:
        root_of(figure).set_layout_engine("constrained")
    panels = figure.subplots(rows, columns, **more)
    for axes in np.atleast_1d(panels).flat:
        _set_ticks(axes, style)
    return figure, panels


def one_panel(style: Style, height: float, ax: Axes | None) -> Axes:
    """The axes given, or those of a new figure.

    Raises
    ------
    TypeError
        For anything else than axes, such as a figure or an array of axes.
    """
    if ax is None:
        axes: Axes = new_figure(style, height)[1]
        return axes
    if not hasattr(ax, "errorbar"):
        raise TypeError(f"ax is a {type(ax).__name__}, expected the axes of one panel: figure, ax = pyplot.subplots()")
    _set_ticks(ax, style)
    # Made before the settings of the style hold, as ticks are made after.
    ax.title.set_fontsize(style.font)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_fontsize(style.font)
        axis.labelpad = style.settings()["axes.labelpad"]
    for spine in ax.spines.values():
        spine.set_linewidth(style.settings()["axes.linewidth"])
    return ax


def _set_ticks(axes: Axes, style: Style) -> None:
    # Ticks are made when a figure is saved, when the settings of its style no longer hold.
    made = style.settings()
    for axis in ("x", "y"):
        for which in ("major", "minor"):
            sizes = {"length": made[f"{axis}tick.{which}.size"], "width": made[f"{axis}tick.{which}.width"]}
            axes.tick_params(axis=axis, which=which, labelsize=style.small, **sizes)


def wave_axis(axes: Axes, wave: Array, style: Style, label: str = "Rest-frame wavelength [Å]") -> None:
    """Logarithmic wavelengths of all of ``wave``, with as many round numbers at the ticks as fit, in a regular row."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    axes.set_xscale("log")
    low, high = sorted((float(wave[0]), float(wave[-1])))
    if high > low:
        axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(_wave_locator(style.small))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:.0f}"))
    axes.xaxis.set_minor_locator(FixedLocator(list(_WAVE_TICKS[0])))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(label)


def _wave_locator(size: float) -> Locator:
    """Ticks that are chosen when the figure is drawn, and its layout known."""
    from matplotlib.ticker import AutoLocator, Locator

    class WaveLocator(Locator):
        def __call__(self) -> Any:
            axis: Any = self.axis
            low, high = sorted(axis.get_view_interval())
            inside = [[tick for tick in ticks if low <= tick <= high] for ticks in _WAVE_TICKS]
            if len(inside[0]) < 2:
                return AutoLocator().tick_values(low, high)
            axes = axis.axes
            room = axes.get_window_extent().width / root_of(axes).dpi * 72.0 / np.log(high / low)
            return next((ticks for ticks in inside if _fit(ticks, room, size)), inside[-1])

        def tick_values(self, vmin: float, vmax: float) -> Any:
            return [tick for tick in _WAVE_TICKS[0] if vmin <= tick <= vmax]

    return WaveLocator()


def _fit(ticks: Sequence[int], room: float, size: float) -> bool:
    """Whether labels of a size [pt] fit beside each other, with ``room`` points for a step of e in wavelength."""
    half = [0.5 * _DIGIT * size * len(str(tick)) for tick in ticks]
    gaps = room * np.diff(np.log(ticks))
    return bool(np.all(gaps >= np.add(half[:-1], half[1:]) + _BETWEEN * size)) if len(ticks) else True


def row_labels(
    axes: Axes, labels: Sequence[str], style: Style, bold: Sequence[bool] = (), first: Sequence[int] = ()
) -> None:  # fmt: skip
    """Label the rows 0, 1, ... of a picture, where there is no room for all some of them.

    These are the rows ``first``, the first and the last of all, bold ones, and then every second, third. The range of
    the axis must be set; ``bold`` is one for each row, or empty; a row without a label has no tick.
    """
    height = axes.get_window_extent().height / root_of(axes).dpi * 72.0
    pitch = height / max(abs(np.diff(axes.get_ylim())[0]), 1.0)
    size = max(min(style.small, 0.85 * pitch), 0.85 * style.small, 6.0)
    step = max(int(np.ceil(1.15 * size / pitch)), 1)
    strong = list(bold) or [False] * len(labels)
    kept: list[int] = []
    for rows in (first, (0, len(labels) - 1), np.flatnonzero(strong), np.arange(0, len(labels), step)):
        for k in map(int, rows):
            if labels[k] and all(abs(k - other) >= step for other in kept):
                kept.append(k)
    kept.sort()
    axes.set_yticks(kept, [labels[k] for k in kept], fontsize=size)
    for k, label in zip(kept, axes.get_yticklabels(), strict=True):
        label.set_fontweight("bold" if strong[k] else "normal")


def color_bar(mesh: Any, axes: Axes | Sequence[Axes], style: Style, label: str) -> Colorbar:
    """A color bar beside a panel."""
    first = axes if hasattr(axes, "figure") else axes[0]
    bar = first.figure.colorbar(mesh, ax=axes, label=label, aspect=30, pad=0.02)
    _set_ticks(bar.ax, style)
    return bar


def panel_heading(axes: Axes, text: str, handles: Sequence[Any] | None = None, *, columns: int | None = None) -> None:
    """Title and legend of a panel above it, where they cover no data: the legend in as many columns as fit.

    Parameters
    ----------
    axes
    text : str
        Empty: no title.
    handles : sequence of artists, optional
        What the legend explains; what has a label when left out. No legend without any.
    columns : int, optional
        Of the legend.
    """
    handles = axes.get_legend_handles_labels()[0] if handles is None else list(handles)
    points = 72.0 / root_of(axes).dpi
    pad = None
    if handles:
        legend = _legend(axes, handles, columns, loc="lower center", bbox_to_anchor=(0.5, 1.0), borderaxespad=0.2)
        pad = points * legend.get_window_extent().height + 0.6 * _size(axes.title)
    if text:
        axes.set_title("\n".join(_broken(line, axes) for line in text.split("\n")), pad=pad)


def _broken(text: str, axes: Axes) -> str:
    """A title on as few lines as the width of its panel has room for, by measure: letters differ in width."""
    from textwrap import wrap

    axes.set_title(label_text(text))
    wide = float(axes.title.get_window_extent().width)
    room = _GROWS * float(axes.get_window_extent().width)
    if wide <= room:
        return label_text(text)
    # Broken first: what keeps $ a letter takes no room.
    return "\n".join(map(label_text, wrap(text, max(int(len(text) * room / wide), 8))))


def _size(text: Any) -> float:
    """Of letters [pt]."""
    return float(text.get_fontsize())


def legend_below(figure: Figure | SubFigure, handles: Sequence[Any]) -> None:
    """Legend of all panels of a figure, below them, in as many columns as fit."""
    _legend(figure, handles, None, loc="outside lower center")


def _legend(place: Any, handles: Sequence[Any], columns: int | None, **where: Any) -> Any:
    """Legend of axes or of a figure, in so many columns or in as many as fit."""
    shared: dict[str, Any] = {
        "handlelength": 1.8, "columnspacing": 1.2, "handletextpad": 0.5, "labelspacing": 0.3, "borderpad": 0.2, **where
    }  # fmt: skip
    most = len(handles) if columns is None else columns
    room = (_GROWS if hasattr(place, "get_xlim") else 0.98) * place.get_window_extent().width
    for n in range(most, 0, -1):
        legend = place.legend(handles=handles, ncols=n, **shared)
        if n == 1 or columns is not None or legend.get_window_extent().width <= room:
            break
        legend.remove()
    return legend


def fit_y(axes: Axes, margin: float = 0.05) -> None:
    """Vertical range of what is shown between the limits of x, and not of what lies beyond them.

    Lines and points are inside as a whole; of bars and shaded errors at most a quarter more on either side. An inverted
    axis stays inverted. Nothing happens where nothing is shown.
    """
    low, high = sorted(axes.get_xlim())
    x, y = _vertices(axes, bars=False)
    inside = (x >= low) & (x <= high)
    logarithmic = axes.get_yscale() == "log"
    known = inside & np.isfinite(y) & ((y > 0) | (not logarithmic))
    if not known.any():
        return
    to, back = (np.log10, lambda v: 10.0**v) if logarithmic else (np.asarray, np.asarray)
    bottom, top = float(to(y[known].min())), float(to(y[known].max()))
    more = 0.25 * (top - bottom)
    x, y = _vertices(axes, bars=True)
    known = (x >= low) & (x <= high) & np.isfinite(y) & ((y > 0) | (not logarithmic))
    if known.any():
        bottom = max(min(float(to(y[known].min())), bottom), bottom - more)
        top = min(max(float(to(y[known].max())), top), top + more)
    span = (top - bottom) or max(abs(top), 1.0) * 0.1
    limits = [float(back(bottom - margin * span)), float(back(top + margin * span))]
    axes.set_ylim(*(limits[::-1] if axes.yaxis_inverted() else limits))


def _vertices(axes: Axes, *, bars: bool) -> tuple[Array, Array]:
    """x and y of all lines of a panel in data coordinates, or of its bars and shaded regions."""
    parts = [np.empty((0, 2))]
    if bars:
        for one in axes.collections:
            if one.get_visible() and one.get_transform() == axes.transData:
                parts += [np.asarray(path.vertices, dtype=float) for path in one.get_paths()]
    else:
        for line in axes.lines:
            if line.get_visible() and line.get_transform() == axes.transData and np.size(line.get_xdata(orig=False)):
                x, y = line.get_data(orig=False)
                parts.append(np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)]))
    both = np.concatenate(parts)
    return both[:, 0], both[:, 1]


def edges(centers: Array) -> Array:
    """Edges of cells around ascending centers, half way between them; (n + 1,)."""
    if centers.size == 1:
        return np.array([centers[0] - 0.5, centers[0] + 0.5])
    middle = 0.5 * (centers[1:] + centers[:-1])
    return np.concatenate([[2 * centers[0] - middle[0]], middle, [2 * centers[-1] - middle[-1]]])


def limit(values: Array, least: float) -> float:
    """The size that 98 % of the finite values stay below, at least ``least``: the end of a color scale."""
    known = np.abs(values[np.isfinite(values)])
    return max(float(np.quantile(known, 0.98)) if known.size else 0.0, least)
