"""Figures of the spectra of a series: all over phase, and beside the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.drawing import StackRows, chosen_rows, draw_stack, phase_colors, stack_places
from sntransport.report.figures.panels import edges, new_figure, one_panel, panel_heading, row_labels, wave_axis
from sntransport.report.figures.style import COLORS, AnyStyle, in_style, number_text, root_of, style_of, title
from sntransport.spectra.series import Origin, SpectralSeries

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from sntransport._numerics.arrays import Array

_AVERAGED = 4
_SHADES = {
    Origin.OBSERVED: ("#DCEBF5", "observed or between"),
    Origin.ONE_SIDED: ("#F6D98F", "one side only"),
    Origin.EXTRAPOLATED: ("#BDBDBD", "bridged or extrapolated"),
}


@answers_mistakes
@in_style
def waterfall(
    series: SpectralSeries, sparse: SpectralSeries | None = None, *, style: AnyStyle = None, ax: Axes | None = None
) -> Figure:
    """Spectra of a series one below the other in order of phase, the observed ones among them bold and black.

    Parameters
    ----------
    series : SpectralSeries
        The rebuilt series; at most 30 of its covered phases are drawn, evenly spaced.
    sparse : SpectralSeries, optional
        The observed spectra it was made from; all are drawn.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    ax : matplotlib.axes.Axes, optional
        Draw into these.

    Returns
    -------
    matplotlib.figure.Figure
        Each spectrum is scaled to the same height and averaged over four bins, for the eye. The strip behind each says
        where its bins come from (`Origin`). Where phases between two spectra are not covered there is none, and the
        length of the gap beside it.

    Raises
    ------
    ValueError
        Where no phase is covered and there is no observed spectrum either.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.report.figures import waterfall
    >>> result = snt.build(demo_supernova(), cadence=5.0)
    >>> figure = waterfall(result.series, result.sparse, style="column")
    >>> print(f"{figure.get_figwidth():.2f} inch")
    3.46 inch
    """
    rows = _rows(series, sparse)
    if not rows:
        raise ValueError(f"{series.name or 'series'}: no phase is covered, there is nothing to draw")
    drawn = style_of(style, ax)
    there = series.covered.any(axis=1)
    known = np.concatenate([series.phase[there], *([] if sparse is None else [sparse.phase])])
    places = stack_places(np.array([phase for phase, _, _ in rows]), known, series.phase[~there])
    axes = one_panel(drawn, 1.6 * drawn.scale + (0.12 + 0.07 * drawn.scale) * max(places.n_row, 12), ax)
    _shade(axes, rows, places)
    stacked = [(phase, source.wave, source.flux[k], source is not series) for phase, source, k in rows]
    draw_stack(axes, stacked, places, drawn.line)
    _fit_rows(axes, places.n_row)
    labels = {int(y): number_text(phase) for y, (phase, _, _) in zip(places.row, rows, strict=True)} | places.gaps
    bold = {int(y) for y, (_, source, _) in zip(places.row, rows, strict=True) if source is not series}
    whole = range(places.n_row)
    row_labels(axes, [labels.get(y, "") for y in whole], drawn, [y in bold for y in whole], tuple(places.gaps))
    wave_axis(axes, series.wave, drawn)
    axes.set_ylabel("Rest-frame phase [d]; flux density, scaled")
    panel_heading(axes, title(series.name, series.sn_type), _handles(drawn.line, observed=sparse is not None))
    return root_of(axes)


@answers_mistakes
@in_style
def comparison(
    truth: SpectralSeries,
    rebuilt: SpectralSeries,
    observed: SpectralSeries,
    interpolator: str,
    *,
    style: AnyStyle = None,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Rebuilt spectra over the truth at phases that were not observed, and the relative difference.

    Parameters
    ----------
    truth, rebuilt : SpectralSeries
        On the same phases and wavelengths.
    observed : SpectralSeries
        The sparse spectra that ``rebuilt`` was made from.
    interpolator : str
        Its name, for the legend.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    figure : Figure or SubFigure, optional
        Draw into this.

    Returns
    -------
    matplotlib.figure.Figure
        At up to seven phases. Left: truth and rebuilt, each over the median of the truth. Right: the difference in
        percent of the truth; labeled ticks are 0, those between them stand for a quarter of a row.

    Raises
    ------
    ValueError
        Where no rebuilt phase is more than a day from an observed spectrum.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova, template
    >>> from sntransport.report.figures import comparison
    >>> sn = demo_supernova()
    >>> result = snt.build(sn, cadence=5.0)
    >>> truth = template(result.series.phase, result.series.wave)
    >>> comparison(truth, result.series, result.sparse, "class transport").savefig("comparison.png")
    """
    drawn = style_of(style, figure)
    away = np.abs(rebuilt.phase[:, None] - observed.phase).min(axis=1)
    candidates = np.flatnonzero(rebuilt.covered.any(axis=1) & (away > 1.0))
    if not candidates.size:
        raise ValueError(f"{rebuilt.name or 'series'}: every rebuilt phase is within a day of an observed spectrum")
    shown = candidates[np.linspace(0, candidates.size - 1, min(candidates.size, 7)).astype(int)]
    figure, (left, right) = new_figure(
        drawn, 1.2 * drawn.scale + 0.85 * drawn.scale**0.5 * len(shown), columns=2, sharex=True, figure=figure
    )
    differences = [100.0 * (rebuilt.flux[k] / truth.flux[k] - 1.0) for k in shown]
    step = _percent_step(differences)
    for row, (k, difference) in enumerate(zip(shown, differences, strict=True)):
        scale = 1.0 / np.nanmedian(truth.flux[k][rebuilt.covered[k]])
        left.plot(rebuilt.wave, truth.flux[k] * scale - 1.3 * row, color="black", lw=1.6 * drawn.line)
        left.plot(rebuilt.wave, rebuilt.flux[k] * scale - 1.3 * row, color=COLORS[1], lw=drawn.line)
        right.axhline(-step * row, color="black", lw=0.5 * drawn.line)
        right.plot(rebuilt.wave, difference - step * row, color=COLORS[1], lw=0.9 * drawn.line)
    for panel in (left, right):
        wave_axis(panel, rebuilt.wave, drawn)
    left.set_ylabel("Flux density over median, offset")
    left.set_yticks([])
    right.set_ylabel(f"Rebuilt − truth [% of truth], offset by {step:g}")
    ticks = [-step * row for row in range(len(shown))]
    right.set_yticks(ticks, [f"{number_text(float(rebuilt.phase[k]), '+.0f')} d" for k in shown])
    right.set_yticks([y + side * step / 4.0 for y in ticks for side in (-1, 1)], minor=True)
    right.yaxis.tick_right()
    panel_heading(right, f"0 % at each phase; ticks ±{step / 4.0:g} %", ())
    panel_heading(left, "", _compared(interpolator, drawn.line))
    return root_of(figure)


def _percent_step(differences: list[Array]) -> float:
    """Round distance of rows [%] at which neither the first nor the last curve comes near another row."""
    known = np.concatenate([np.abs(row[np.isfinite(row)]) for row in differences])
    largest = float(np.quantile(known, 0.99)) if known.size else 1.0
    return next((step for step in (4.0, 8.0, 20.0, 40.0, 80.0, 200.0, 400.0) if step >= 1.5 * largest), 1000.0)


def _compared(interpolator: str, line: float) -> list[Any]:
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color="black", lw=1.6 * line, label="truth"),
        Line2D([], [], color=COLORS[1], lw=line, label=f"rebuilt ({interpolator})"),
    ]


def _rows(series: SpectralSeries, sparse: SpectralSeries | None) -> list[tuple[float, SpectralSeries, int]]:
    """Phase, series and row of every spectrum to draw, in order of phase."""
    rows = [(float(series.phase[k]), series, int(k)) for k in chosen_rows(series.covered)]
    if sparse is not None:
        # Of two with the same number beside them, the observed one: the same row twice would only read as an error.
        seen = {number_text(float(phase)) for phase in sparse.phase}
        rows = [row for row in rows if number_text(row[0]) not in seen]
        rows += [(float(phase), sparse, i) for i, phase in enumerate(sparse.phase)]
    return sorted(rows, key=lambda row: row[0])


def _shade(axes: Axes, rows: list[tuple[float, SpectralSeries, int]], places: StackRows) -> None:
    """A strip behind every spectrum, its color by the origin of the bins; none in a gap."""
    from matplotlib.colors import BoundaryNorm, ListedColormap

    colors = ListedColormap(["white", *(color for color, _ in _SHADES.values())])
    wave = rows[0][1].wave[::_AVERAGED]
    # Observed and rebuilt spectra share a grid, unless somebody made the series by hand.
    nearest = {id(source): np.abs(source.wave - wave[:, None]).argmin(axis=1) for _, source, _ in rows}
    picture = np.zeros((places.n_row, wave.size))
    picture[places.row] = [source.origin[k][nearest[id(source)]] for _, source, k in rows]
    axes.pcolormesh(
        edges(wave), np.arange(places.n_row + 1) - 0.5, picture,
        cmap=colors, norm=BoundaryNorm(np.arange(-0.5, 4.0), 4), zorder=0, rasterized=True,
    )  # fmt: skip


def _handles(line: float, *, observed: bool) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Line2D([], [], color="black", lw=1.6 * line, label="observed")] if observed else []
    handles.append(Line2D([], [], color=phase_colors(np.array([0.0, 1.0]))[0], lw=line, label="rebuilt"))
    return handles + [Patch(facecolor=color, edgecolor="0.6", lw=0.4, label=text) for color, text in _SHADES.values()]


def _fit_rows(axes: Axes, n_row: int) -> None:
    """Vertical range that holds the strips and every curve."""
    y = np.concatenate([np.asarray(line.get_ydata(), dtype=float) for line in axes.lines])
    known = y[np.isfinite(y)]
    lowest, highest = (float(known.max()), float(known.min())) if known.size else (n_row - 0.5, -0.5)
    axes.set_ylim(max(lowest + 0.2, n_row - 0.5), min(highest - 0.2, -0.5))
