"""How large a figure is and what tells things apart in it: for one column of a journal, a page, a screen, a slide."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.drawing import COLORS as COLORS
from sntransport._objects.drawing import MARKERS as MARKERS
from sntransport._storage.atomic_files import atomic_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

LINES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (6, 2, 2, 2)), (0, (2, 1)))

DIVERGING = "PuOr"
"""Color map of values with a sign."""

_CM = 1.0 / 2.54
# The text of a page of that journal is 24 cm high; the rest is for the caption.
_PAGE = 22.0 * _CM


@dataclass(frozen=True, eq=False, kw_only=True)
class Style:
    """Sizes of a figure, as it is printed or shown.

    Parameters
    ----------
    name : str
    width : float [inch]
        Of the whole figure.
    tallest : float [inch]
        Heights follow from what is in a figure, up to this.
    font : float [pt]
        Labels of axes and titles.
    small : float [pt]
        Numbers at the axes, legends and notes; 6 is the least that journals print.
    line : float
        Factor of the widths of lines and the sizes of markers.
    dpi : int
        Of PNG files.

    Raises
    ------
    ValueError
        Where a size is not positive, or ``small`` below 6 pt.

    Examples
    --------
    >>> from sntransport.report.figures import Style, waterfall
    >>> from sntransport.transport.templates import hsiao
    >>> poster = Style(width=12.0, font=24.0, small=18.0, line=2.0)
    >>> figure = waterfall(hsiao().select(wave=(3500.0, 8000.0)), style=poster)
    >>> print(figure.get_figwidth())
    12.0
    """

    name: str = "own"
    width: float
    tallest: float = 30.0
    font: float
    small: float
    line: float = 1.0
    dpi: int = 130

    def __post_init__(self) -> None:
        sizes = {"width": self.width, "tallest": self.tallest, "font": self.font, "line": self.line, "dpi": self.dpi}
        for name, value in sizes.items():
            if not value > 0:
                raise ValueError(f"style {self.name!r}: {name} is {value:g}, expected more than 0")
        if not self.small >= SMALLEST:
            raise ValueError(f"style {self.name!r}: small is {self.small:g} pt, expected {SMALLEST:g} or more")

    @property
    def scale(self) -> float:
        """Size of letters over that of the style "screen"; heights of rows and gaps follow it."""
        return self.font / 10.0

    @property
    def narrow(self) -> bool:
        """Whether panels go below each other that stand side by side where there is room."""
        return self.width < 44.0 * self.font / 72.0

    def settings(self) -> dict[str, Any]:
        """Settings of matplotlib (``rcParams``) while a figure is drawn."""
        line = self.line
        made: dict[str, Any] = {
            "font.size": self.font, "axes.labelsize": self.font, "axes.titlesize": self.font,
            "figure.titlesize": self.font, "legend.fontsize": self.small, "legend.title_fontsize": self.small,
            "legend.frameon": False, "lines.linewidth": 1.3 * line, "lines.markersize": 4.0 * line,
            "lines.markeredgewidth": 0.8 * line, "axes.linewidth": 0.8 * line, "axes.unicode_minus": True,
            "axes.titlepad": 0.5 * self.font, "axes.labelpad": 0.35 * self.font, "patch.linewidth": 0.8 * line,
        }  # fmt: skip
        for axis in ("xtick", "ytick"):
            made |= {
                f"{axis}.labelsize": self.small, f"{axis}.major.width": 0.8 * line, f"{axis}.minor.width": 0.6 * line,
                f"{axis}.major.size": 3.5 * line, f"{axis}.minor.size": 2.0 * line,
            }  # fmt: skip
        return made


SMALLEST = 6.0
"""Smallest letters [pt] at the final size."""

STYLES = {
    # Widths of one and of two columns of Astronomy & Astrophysics, by its guide for authors; others are near.
    "column": Style(name="column", width=8.8 * _CM, tallest=_PAGE, font=7.5, small=6.5, line=0.7, dpi=300),
    "page": Style(name="page", width=18.0 * _CM, tallest=_PAGE, font=8.0, small=7.0, line=0.8, dpi=300),
    "screen": Style(name="screen", width=9.0, font=10.0, small=8.5),
    # As wide as a slide of 4:3 is (PowerPoint, Beamer: 10 inch), in letters of the last row.
    "talk": Style(name="talk", width=10.0, font=16.0, small=13.0, line=1.6, dpi=150),
}
"""The styles that have a name."""

AnyStyle: TypeAlias = Style | str | None
"""A style, the name of one, or None: "screen", or what matplotlib is set to where axes or a figure are given."""


def style_of(style: AnyStyle, place: Axes | Figure | SubFigure | None = None) -> Style:
    """The style that is meant.

    Parameters
    ----------
    style : Style or str or None
    place : Axes or Figure or SubFigure, optional
        Where it is drawn. Without ``style`` letters are as large there as matplotlib is set to.

    Raises
    ------
    ValueError
        For a name that no style has.
    """
    if isinstance(style, Style):
        return style
    # What is no place to draw is refused where it is drawn.
    if style is None and hasattr(place, "get_window_extent"):
        assert place is not None
        return _surroundings(place)
    name = "screen" if style is None else style
    if name not in STYLES:
        raise ValueError(f"style is {style!r}, expected {', '.join(STYLES)}, or a Style of your own")
    return STYLES[name]


def _surroundings(place: Axes | Figure | SubFigure) -> Style:
    """A style after the settings of matplotlib and the width of the place."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties

    def points(size: Any) -> float:
        return float(FontProperties(size=size).get_size_in_points())

    figure = root_of(place)
    share = place.get_window_extent().width / figure.get_window_extent().width
    if hasattr(place, "get_xlim"):
        # Axes are about that part of a figure with one panel.
        share = min(share / 0.775, 1.0)
    return Style(
        name="surroundings", width=max(float(share * figure.get_size_inches()[0]), 0.1),
        font=points(rcParams["axes.labelsize"]), small=max(points(rcParams["xtick.labelsize"]), SMALLEST),
        line=rcParams["lines.linewidth"] / 1.5,
    )  # fmt: skip


def root_of(place: Axes | Figure | SubFigure) -> Figure:
    """The whole figure that axes or a part of a figure belong to."""
    figure: Any = place
    while getattr(figure, "figure", None) not in (None, figure):
        figure = figure.figure
    root: Figure = figure
    return root


def in_style(draw: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Let a function that draws (keywords ``style`` and ``ax`` or ``figure``) do so with the settings of its style."""

    @wraps(draw)
    def drawn(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        from matplotlib import rc_context

        style: Any = kwargs.get("style")
        place: Any = kwargs.get("figure") if kwargs.get("ax") is None else kwargs["ax"]
        settings: Any = style_of(style, place).settings()
        with rc_context(settings):
            return draw(*args, **kwargs)

    return drawn


def look(k: int, *, lines: bool = False) -> dict[str, Any]:
    """Color and marker (or line style) number ``k``; where colors come round again, the others do not."""
    turn = k // len(COLORS)
    if lines:
        return {"color": COLORS[k % len(COLORS)], "ls": LINES[(k + turn) % len(LINES)]}
    return {"color": COLORS[k % len(COLORS)], "marker": MARKERS[(k + 3 * turn) % len(MARKERS)]}


def number_text(value: float, form: str = ".1f") -> str:
    """A number as text with a true minus sign, which matplotlib sets at its axes too."""
    return format(value, form).replace("-", "\N{MINUS SIGN}")


def title(name: str, sn_type: str, more: str = "") -> str:
    """Name and type of a supernova, and what is shown."""
    named = " ".join(part for part in (name, f"({sn_type})" if sn_type else "") if part)
    return ": ".join(part for part in (named, more) if part)


@answers_mistakes
def write_figure(figure: Figure, path: str | os.PathLike[str], style: AnyStyle = None) -> Path:
    """Write a figure whole or not at all, without the date and version that would change its bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path-like
        Its ending says the kind: ``.pdf`` holds letters as TrueType, which journals ask for.
    style : Style or str, optional
        How fine PNG and rasterized parts are; sizes are those the figure was drawn with.

    Returns
    -------
    Path
        That of the file.

    Raises
    ------
    ValueError
        Where matplotlib knows no such ending, or for a name that no style has.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sntransport.report import figures
    >>> figures.write_figure(Figure(figsize=(3.5, 2.5)), "figure1.pdf", "column").name
    'figure1.pdf'
    """
    from matplotlib import rc_context

    path = Path(path)
    dates = {".png": {"Software": None}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
    settings: Any = {"svg.hashsalt": "sntransport", "pdf.fonttype": 42}
    with atomic_path(path) as temporary, rc_context(settings):
        figure.savefig(temporary, dpi=style_of(style).dpi, metadata=dates.get(path.suffix))
    return path
