"""Small pictures for notebooks, as SVG written by hand: no package to import, nothing to fetch, a few kB each."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._objects.drawing import COLORS, band_looks

_Numbers = NDArray[Any]
# Pixels; and the most points of one line and of one cloud, so that a sketch stays below about 20 kB.
_WIDTH, _HEIGHT, _MARGIN = 240, 120, 4
_MOST_POINTS, _MOST_DOTS = 110, 400


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Linear scales from data to pixels: ``low`` and ``high`` of x and y; y grows upward."""

    x: tuple[float, float]
    y: tuple[float, float]

    def place(self, x: _Numbers, y: _Numbers) -> tuple[_Numbers, _Numbers]:
        """Pixels of points."""
        spans = [high - low if high > low else 1.0 for low, high in (self.x, self.y)]
        across = _MARGIN + (_WIDTH - 2 * _MARGIN) * (x - self.x[0]) / spans[0]
        down = _HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * (y - self.y[0]) / spans[1]
        return across, down


def frame_of(x: _Numbers, y: _Numbers) -> Frame | None:
    """The frame that holds all finite points; None without any."""
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return None
    return Frame(x=(float(x[known].min()), float(x[known].max())), y=(float(y[known].min()), float(y[known].max())))


def lines(x: _Numbers, rows: _Numbers, colors: Sequence[str], label: str) -> str:
    """Curves over one axis.

    Parameters
    ----------
    x : ndarray, (n,)
    rows : ndarray, (n_row, n)
        NaN leaves a gap.
    colors : sequence of str, (n_row,)
    label : str
        What is to be seen, for those who cannot see it.

    Returns
    -------
    str
        SVG; empty where no value is finite.
    """
    step = max(-(-x.size // _MOST_POINTS), 1)
    x, rows = x[::step], rows[:, ::step]
    frame = frame_of(np.broadcast_to(x, rows.shape), rows)
    if frame is None:
        return ""
    drawn = []
    for row, color in zip(rows, colors, strict=True):
        across, down = frame.place(x, row)
        known = np.flatnonzero(np.isfinite(row))
        # Runs of neighbors, one line each.
        for run in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
            points = " ".join(f"{across[k]:.0f},{down[k]:.1f}" for k in run)
            drawn.append(f'<polyline points="{points}" fill="none" stroke="{_ink(color)}" stroke-width="1.1"/>')
    return _svg(drawn, label)


def dots(
    x: _Numbers, y: _Numbers, band: _Numbers, names: Sequence[str], *, label: str, ticks: _Numbers | None = None
) -> str:  # fmt: skip
    """Points in the colors of their bands; ``ticks`` are marked at the lower edge.

    Parameters
    ----------
    x, y : ndarray, (n,)
    band : ndarray of int, (n,)
        The place of each point's band in ``names``.
    names : sequence of str
        Of bands.
    label : str
    ticks : ndarray, optional
        In units of x.

    Returns
    -------
    str
        SVG; empty where there is neither point nor tick.
    """
    ticks = np.empty(0) if ticks is None else ticks
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    known = known[:: max(-(-known.size // _MOST_DOTS), 1)]
    low = float(np.min(y[known])) if known.size else 0.0
    frame = frame_of(np.concatenate([x[known], ticks]), np.concatenate([y[known], np.full(ticks.size, low)]))
    if frame is None:
        return ""
    across, down = frame.place(x[known], y[known])
    colors = [_ink(look.color) for look in band_looks(names)]
    drawn = [
        f'<circle cx="{a:.0f}" cy="{d:.0f}" r="1.6" fill="{colors[int(b)]}"/>'
        for a, d, b in zip(across, down, band[known], strict=True)
    ]
    places, _ = frame.place(ticks, ticks)
    drawn += [
        f'<line x1="{a:.0f}" x2="{a:.0f}" y1="{_HEIGHT - 12}" y2="{_HEIGHT}" stroke="currentColor"/>' for a in places
    ]
    return _svg(drawn, label)


def bars(heights: _Numbers, label: str) -> str:
    """Bars side by side, (n,), from 0; empty where none is above it."""
    if not heights.size or not np.max(heights) > 0:
        return ""
    wide = (_WIDTH - 2 * _MARGIN) / heights.size
    tall = (_HEIGHT - 2 * _MARGIN) * heights / float(np.max(heights))
    drawn = [
        f'<rect x="{_MARGIN + k * wide:.1f}" y="{_HEIGHT - _MARGIN - h:.1f}" width="{0.9 * wide:.1f}" '
        f'height="{h:.1f}" fill="{COLORS[0]}"/>'
        for k, h in enumerate(tall)
    ]
    return _svg(drawn, label)


def _ink(color: str) -> str:
    """Black would not be seen on the dark page of a notebook."""
    return "currentColor" if color == "#000000" else color


def _svg(drawn: Sequence[str], label: str) -> str:
    text = escape(label)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{text}">'
        f"<title>{text}</title>{''.join(drawn)}</svg>"
    )
