"""Drawing on axes of matplotlib: what the ``plot`` of value objects and the figures of the report share, and colors."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

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

BAND_COLORS = (
    "#332288", "#CC79A7", "#0072B2", "#009E73", "#56B4E9", "#D55E00", "#E69F00", "#000000", "#780000", "#8C510A",
)  # fmt: skip
"""Of bands from short to long wavelength, one for each range of `_RANGES`: `COLORS` and, for the ultraviolet, y and the
infrared, three that readers with each color-vision deficiency tell from these (by measure, as the tests have it)."""

_BAND_MARKERS = ("*", "v", "o", "s", "^", "D", "P", "X", "<", ">")
_RANGES = (3000.0, 4000.0, 4600.0, 5250.0, 5900.0, 6700.0, 8400.0, 9400.0, 11500.0)
"""Ends [A] of the ranges of one color: UVW2 to UVW1 | u, U | B | g | V, c | r, R | i, I, o | z | y, Y | J, H, Ks."""

_WAVES = {
    "UVW2": 2080, "UVM2": 2250, "UVW1": 2620, "U": 3520, "u": 3650, "B": 4390, "g": 4800, "BP": 5180, "V": 5450,
    "c": 5410, "r": 6250, "w": 6390, "G": 6390, "R": 6550, "o": 6870, "open": 7130, "i": 7600, "RP": 7830, "I": 8030,
    "z": 8900, "y": 9750, "Y": 10400, "J": 12400, "H": 16300, "K": 21900, "Ks": 21620,
}  # fmt: skip
"""About the effective wavelength [A] of a band of that short name, within 5 % of those in `filters/` of all surveys."""

_MAX_CURVES = 30
_GAP_ROWS = 3
"""Rows left free where phases are not covered; odd, so that there is one in the middle."""
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


class BandLook(NamedTuple):
    """How a band is drawn.

    ``turn`` is the number of bands of the same picture before it that have its color: 0 for most, and what tells lines
    of one color apart, as ``marker`` tells points. ``wave`` orders bands from blue to red.
    """

    color: str
    marker: str
    turn: int
    wave: float


def band_looks(names: Sequence[str]) -> list[BandLook]:
    """Color and marker of the bands of one picture: the one rule for figures, plots, sketches and pages.

    The color is that of the range of wavelength, so that g is green and r is red in every picture, whatever else it
    shows; so is the marker, as long as no two bands of a picture have one color. Up to ten bands of one color differ in
    marker.

    Parameters
    ----------
    names : sequence of str
        Names as `load_bands` takes them; one that occurs twice (in two surveys) gets two looks.

    Returns
    -------
    list of BandLook
        In the order of ``names``. A name that ends in no letter of a known band takes a color that the others leave,
        and comes last from blue to red.
    """
    waves = [_nominal_wave(name) for name in names]
    order = sorted(range(len(names)), key=lambda k: (waves[k], names[k], k))
    # Known bands come first: infinity sorts last.
    places, n_range = {k: sum(waves[k] >= end for end in _RANGES) for k in order if waves[k] < np.inf}, len(BAND_COLORS)
    for k in order:
        if k not in places:
            taken = list(places.values())
            places[k] = min(range(n_range), key=lambda place: (taken.count(place), (place - 2) % n_range))
    own = {_BAND_MARKERS[place] for place in places.values()}
    looks: dict[int, BandLook] = {}
    for k in order:
        place = places[k]
        mine = [look.marker for look in looks.values() if look.color == BAND_COLORS[place]]
        used = own | {look.marker for look in looks.values()}
        free = [marker for marker in _BAND_MARKERS if marker not in used]
        left = [marker for marker in _BAND_MARKERS if marker not in mine] or list(_BAND_MARKERS)
        marker = (free or left)[0] if mine else _BAND_MARKERS[place]
        looks[k] = BandLook(color=BAND_COLORS[place], marker=marker, turn=len(mine), wave=waves[k])
    return [looks[k] for k in range(len(names))]


def _nominal_wave(name: str) -> float:
    """About the effective wavelength of a band [A] by the letter it is called; infinite where that is not known."""
    (short,) = short_band_names([name])
    letter = short if short in _WAVES else re.split(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z]$)", short)[-1]
    return float(_WAVES.get(letter, np.inf))


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


class StackRows(NamedTuple):
    """Where spectra stand one below the other: ``row`` of each, (n_row,), and by row what the gaps between them say."""

    row: NDArray[np.int64]
    gaps: dict[int, str]

    @property
    def n_row(self) -> int:
        """Rows in all, those left free too."""
        return int(self.row[-1]) + 1 if self.row.size else 0


def stack_places(phases: Array, covered: Array, uncovered: Array) -> StackRows:
    """Rows of spectra in order of phase, with some left free where phases between two of them are not covered.

    Parameters
    ----------
    phases : ndarray, (n,) [d]
        Of the spectra drawn, ascending.
    covered, uncovered : ndarray [d]
        All phases with and without data: a gap is as long as it is from one of the first to the next around the second.
    """
    gaps: dict[int, str] = {}
    row = np.arange(phases.size)
    for k, (before, after) in enumerate(pairwise(phases)):
        open_at = uncovered[(uncovered > before) & (uncovered < after)]
        if open_at.size:
            row[k + 1 :] += _GAP_ROWS
            known = np.append(covered, [before, after])
            days = known[known > open_at.max()].min() - known[known < open_at.min()].max()
            gaps[int(row[k]) + (_GAP_ROWS + 1) // 2] = f"{days:.0f} d gap"
    return StackRows(row=row, gaps=gaps)


def draw_stack(
    axes: Axes, rows: Sequence[tuple[float, Array, Array, bool]], places: StackRows, line: float = 1.0
) -> None:  # fmt: skip
    """Spectra one below the other, the first on top.

    Parameters
    ----------
    axes
    rows : sequence of (phase, wave, flux, bold)
        In order of phase; bold ones are black, as observed spectra are.
    places : StackRows
        From `stack_places`.
    line : float
        Factor of the widths of lines.
    """
    phases = np.array([phase for phase, _, _, _ in rows])
    colors = phase_colors(phases)
    for y, color, (_, wave, flux, bold) in zip(places.row.tolist(), colors, rows, strict=True):
        look: dict[str, Any] = {"color": "black", "lw": 1.3} if bold else {"color": tuple(color), "lw": 0.8}
        look["lw"] *= line
        axes.plot(*stacked_line(wave, flux, y), zorder=3, **look)
    labels = [f"{phase:.1f}".replace("-", "\N{MINUS SIGN}") for phase in phases]
    axes.set_yticks([*places.row, *places.gaps], [*labels, *places.gaps.values()], fontsize=7)
    for label, (_, _, _, bold) in zip(axes.get_yticklabels(), rows, strict=False):
        label.set_fontweight("bold" if bold else "normal")
    axes.set_ylim(places.n_row + 0.5, -4.0)


def draw_spectrum(axes: Axes, wave: Array, flux: Array, flux_err: Array, label: str) -> None:
    """One spectrum with its error shaded."""
    (line,) = axes.plot(wave, flux, lw=0.9, label=label_text(label) or None)
    if np.isfinite(flux_err).any():
        axes.fill_between(wave, flux - flux_err, flux + flux_err, color=line.get_color(), alpha=0.25, lw=0)


def draw_points(
    axes: Axes, x: Array, y: Array, err: Array, *, names: Sequence[tuple[str, ...]], rows: Sequence[NDArray[np.bool_]]
) -> None:  # fmt: skip
    """Points with errors in sets of their own look, and their legend from blue to red.

    Parameters
    ----------
    axes
    x, y, err : ndarray, (n,)
        An error that is not known is not drawn.
    names : sequence of tuple of str
        The bands of each set: the first says the look; the second, if it is another one, where it came from.
    rows : sequence of ndarray of bool, (n,)
        Which points are of each set.
    """
    looks = band_looks([one[0] for one in names])
    labels = iter(picture_labels([band for one in names for band in one]))
    texts = [" from ".join(dict.fromkeys(next(labels) for _ in one)) for one in names]
    for k in sorted(range(len(names)), key=lambda k: looks[k].wave):
        here, look = rows[k], looks[k]
        axes.errorbar(
            x[here], y[here], np.nan_to_num(err[here]), label=texts[k], ms=3.5, lw=0.7, mfc="none", color=look.color,
            fmt=look.marker,
        )  # fmt: skip
    if names:
        axes.legend(fontsize=8, ncols=2)


def draw_photometry(axes: Axes, mjd: Array, flux: Array, flux_err: Array, band: NDArray[np.str_]) -> None:
    """Points with errors, in the looks of `band_looks`, and their legend from blue to red."""
    names = sorted({str(one) for one in band})
    draw_points(axes, mjd, flux, flux_err, names=[(one,) for one in names], rows=[band == one for one in names])
    axes.set_xlabel("MJD [d]")
    axes.set_ylabel("Flux [nJy]")


def blend(share: float) -> str:
    """A color on the way from the first of `COLORS` (share 0: early, blue) to the second (share 1: late, red)."""
    ends = [[int(color[k : k + 2], 16) for k in (1, 3, 5)] for color in COLORS[:2]]
    mixed = [round((1.0 - share) * first + share * last) for first, last in zip(*ends, strict=True)]
    return "#" + "".join(f"{value:02X}" for value in mixed)
