"""Drawing on axes of matplotlib: what the ``plot`` of value objects and the figures of the report share, and colors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._objects.short_band_names import short_band_names
from sntransport._storage.read_error import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sntransport._numerics.arrays import Array

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe & Ito (2008): told apart by color-blind readers; markers and line styles say it again in gray print."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")

_MAX_CURVES = 30
_ROW_HEIGHT = 1.6
_HIGHEST = 3.0
_AVERAGED = 4


def axes_or_new(ax: Axes | None, caller: str) -> Axes:
    """The axes given, or those of a new figure of pyplot, which notebooks show and ``pyplot.show`` opens.

    Raises
    ------
    TypeError
        For anything else than axes, such as a figure or an array of axes.
    """
    if ax is None:
        from matplotlib import pyplot

        return pyplot.subplots(layout="constrained")[1]
    if not hasattr(ax, "errorbar"):
        raise TypeError(
            f"{caller}: ax is a {type(ax).__name__}, expected the axes of one panel: figure, ax = pyplot.subplots()"
        )
    return ax


def label_text(text: str) -> str:
    """A text of somebody else's as a label: on one line, letter by letter, where $ does not begin a formula."""
    return one_line(text).replace("$", r"\$")


def picture_labels(names: Sequence[str], surveys: Sequence[str] = ()) -> list[str]:
    """`short_band_names` as labels."""
    return [label_text(one) for one in short_band_names(names, surveys)]


def chosen_rows(covered: NDArray[np.bool_]) -> NDArray[np.int64]:
    """At most 30 of the rows (n_phase, n_wave) with any data, evenly spaced."""
    rows = np.flatnonzero(covered.any(axis=1))
    return np.asarray(rows[np.unique(np.linspace(0, rows.size - 1, min(rows.size, _MAX_CURVES)).astype(int))])


def stacked_line(wave: Array, flux: Array, y: float) -> tuple[Array, Array]:
    """One spectrum as a line at height ``y``: about 1 high, so that it does not tower over its neighbors."""
    whole = max(wave.size - wave.size % _AVERAGED, 1)
    groups = (-1, min(_AVERAGED, whole))
    wave, flux = wave[:whole].reshape(groups).mean(axis=1), flux[:whole].reshape(groups).mean(axis=1)
    known = flux[np.isfinite(flux)] if np.isfinite(flux).any() else np.zeros(1)
    scale = max(float(np.median(known)), 0.4 * float(np.quantile(known, 0.98)), np.finfo(float).tiny)
    return wave, y - _ROW_HEIGHT * (np.clip(flux / scale, -0.5, _HIGHEST) - 1.0)


def phase_colors(phase: Array) -> Array:
    """Colors (n_phase, 4) from the first phase to the last."""
    from matplotlib import colormaps

    return np.asarray(colormaps["viridis"](0.85 * (phase - phase[0]) / max(float(np.ptp(phase)), 1.0)))


def draw_stack(axes: Axes, rows: Sequence[tuple[float, Array, Array, bool]], line: float = 1.0) -> None:
    """Spectra one below the other, the first on top.

    Parameters
    ----------
    axes
    rows : sequence of (phase, wave, flux, bold)
        In order of phase; bold ones are black, as observed spectra are.
    line : float
        Factor of the widths of lines.
    """
    phases = np.array([phase for phase, _, _, _ in rows])
    colors = phase_colors(phases)
    for y, (_, wave, flux, bold) in enumerate(rows):
        look: dict[str, Any] = {"color": "black", "lw": 1.3} if bold else {"color": tuple(colors[y]), "lw": 0.8}
        look["lw"] *= line
        axes.plot(*stacked_line(wave, flux, y), zorder=3, **look)
    labels = [f"{phase:.1f}".replace("-", "\N{MINUS SIGN}") for phase in phases]
    axes.set_yticks(range(len(rows)), labels, fontsize=7)
    for label, (_, _, _, bold) in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_fontweight("bold" if bold else "normal")
    axes.set_ylim(len(rows) + 0.5, -4.0)


def draw_spectrum(axes: Axes, wave: Array, flux: Array, flux_err: Array, label: str) -> None:
    """One spectrum with its error shaded."""
    (line,) = axes.plot(wave, flux, lw=0.9, label=label_text(label) or None)
    if np.isfinite(flux_err).any():
        axes.fill_between(wave, flux - flux_err, flux + flux_err, color=line.get_color(), alpha=0.25, lw=0)


def draw_photometry(axes: Axes, mjd: Array, flux: Array, flux_err: Array, band: NDArray[np.str_]) -> None:
    """Points with errors, a color and a marker for each band, and their legend."""
    names = sorted({str(one) for one in band})
    for k, (name, short) in enumerate(zip(names, picture_labels(names), strict=True)):
        rows = band == name
        error = np.nan_to_num(flux_err[rows])
        look: dict[str, Any] = {
            "color": COLORS[k % len(COLORS)],
            "fmt": MARKERS[(k + 3 * (k // len(COLORS))) % len(MARKERS)],
        }
        axes.errorbar(mjd[rows], flux[rows], error, label=short, ms=3.5, lw=0.7, mfc="none", **look)
    if mjd.size:
        axes.legend(fontsize=8, ncols=2)
    axes.set_xlabel("MJD [d]")
    axes.set_ylabel("Flux [nJy]")


def blend(share: float) -> str:
    """A color on the way from the first of `COLORS` (share 0: early, blue) to the second (share 1: late, red)."""
    ends = [[int(color[k : k + 2], 16) for k in (1, 3, 5)] for color in COLORS[:2]]
    mixed = [round((1.0 - share) * first + share * last) for first, last in zip(*ends, strict=True)]
    return "#" + "".join(f"{value:02X}" for value in mixed)
