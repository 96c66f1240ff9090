"""What all figures share: colors, markers, and a figure that belongs to no window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._objects.colors import COLORS as COLORS
from sntransport._objects.colors import MARKERS as MARKERS
from sntransport._storage.atomic_files import atomic_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sntransport._numerics.arrays import Array


LINES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))

DIVERGING = "PuOr"
"""Color map of values with a sign."""

_WAVE_TICKS = (1500, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 10000, 13000, 17000, 22000)


def new_figure(width: float, height: float, rows: int = 1, columns: int = 1, **more: Any) -> tuple[Figure, Any]:
    """Figure [inch] and its panels as `matplotlib.figure.Figure.subplots` gives them; nothing opens, nothing leaks."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **more)


def style(k: int, *, lines: bool = False) -> dict[str, Any]:
    """Color and marker (or line style) number ``k``; where colors come round again, the others do not."""
    turn = k // len(COLORS)
    if lines:
        return {"color": COLORS[k % len(COLORS)], "ls": LINES[(k + turn) % len(LINES)]}
    return {"color": COLORS[k % len(COLORS)], "marker": MARKERS[(k + 3 * turn) % len(MARKERS)]}


def wave_axis(axes: Axes, wave: Array, label: str = "Rest-frame wavelength [Å]") -> None:
    """Logarithmic wavelengths with round numbers at the ticks."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_xscale("log")
    inside = [float(tick) for tick in _WAVE_TICKS if wave[0] <= tick <= wave[-1]]
    # Two numbers of five digits less than a fifth apart would touch.
    kept = [tick for k, tick in enumerate(inside) if not k or tick < 7500 or tick > 1.2 * inside[k - 1]]
    axes.xaxis.set_major_locator(FixedLocator(kept))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(label)


def row_labels(axes: Axes, labels: Sequence[str], most: int = 45) -> None:
    """Label the rows of a picture, every second, third, ... one where there are more than fit."""
    step = -(-len(labels) // most)
    axes.set_yticks(range(0, len(labels), step), list(labels)[::step], fontsize=7)


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


def title(name: str, sn_type: str, more: str = "") -> str:
    """Name and type of a supernova, and what is shown."""
    named = " ".join(part for part in (name, f"({sn_type})" if sn_type else "") if part)
    return ": ".join(part for part in (named, more) if part)


def write_figure(figure: Figure, path: Path) -> Path:
    """Write a figure whole or not at all, without the date and version that would change its bytes; return its path."""
    from matplotlib import rc_context

    dates = {".png": {"Software": None}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
    with atomic_path(path) as temporary, rc_context({"svg.hashsalt": "sntransport"}):
        figure.savefig(temporary, dpi=130, metadata=dates.get(path.suffix))
    return path
