"""Figures of the spectra of a series: all over phase, and beside the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._objects.drawing import chosen_rows, draw_stack
from sntransport.report.figures.style import COLORS, edges, new_figure, title, wave_axis
from sntransport.spectra.series import Origin, SpectralSeries

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_AVERAGED = 4
_SHADES = {
    Origin.OBSERVED: ("#DCEBF5", "observed or between two spectra"),
    Origin.ONE_SIDED: ("#F8E3B8", "one spectrum only"),
    Origin.EXTRAPOLATED: ("#DDDDDD", "bridged or extrapolated"),
}


def waterfall(series: SpectralSeries, sparse: SpectralSeries | None = None) -> Figure:
    """Spectra of a series one below the other in order of phase, the observed ones among them bold and black.

    Parameters
    ----------
    series : SpectralSeries
        The rebuilt series; at most 30 of its covered phases are drawn, evenly spaced.
    sparse : SpectralSeries, optional
        The observed spectra it was made from; all are drawn.

    Returns
    -------
    matplotlib.figure.Figure
        Each spectrum is scaled to the same height and averaged over four bins, for the eye. The strip behind each says
        where its bins come from (`Origin`).

    Raises
    ------
    ValueError
        Where no phase is covered and there is no observed spectrum either.
    """
    rows = _rows(series, sparse)
    if not rows:
        raise ValueError(f"{series.name or 'series'}: no phase is covered, there is nothing to draw")
    figure, axes = new_figure(8.5, 2.2 + 0.19 * max(len(rows), 12))
    _shade(axes, rows)
    draw_stack(axes, [(phase, source.wave, source.flux[k], source is not series) for phase, source, k in rows])
    wave_axis(axes, series.wave)
    axes.set_ylabel("Rest-frame phase [d]; flux density of each spectrum, scaled")
    _legend(figure, axes, observed=sparse is not None)
    axes.set_title(title(series.name, series.sn_type), fontsize=11)
    return figure


def comparison(truth: SpectralSeries, rebuilt: SpectralSeries, observed: SpectralSeries, interpolator: str) -> Figure:
    """Rebuilt spectra over the truth at phases that were not observed, and the relative difference.

    Parameters
    ----------
    truth, rebuilt : SpectralSeries
        On the same phases and wavelengths.
    observed : SpectralSeries
        The sparse spectra that ``rebuilt`` was made from.
    interpolator : str
        Its name, for the legend.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = new_figure(9.0, 7.5, columns=2, sharex=True)
    left, right = axes
    away = np.abs(rebuilt.phase[:, None] - observed.phase).min(axis=1)
    candidates = np.flatnonzero(rebuilt.covered.any(axis=1) & (away > 1.0))
    shown = candidates[np.linspace(0, candidates.size - 1, 7).astype(int)]
    for step, k in enumerate(shown):
        scale = 1.0 / np.nanmedian(truth.flux[k][rebuilt.covered[k]])
        left.plot(rebuilt.wave, truth.flux[k] * scale - 1.3 * step, color="black", lw=1.6)
        left.plot(rebuilt.wave, rebuilt.flux[k] * scale - 1.3 * step, color=COLORS[1], lw=1.0)
        left.text(1.01, -1.3 * step + 0.7, f"{rebuilt.phase[k]:+.0f} d", transform=_beside(left), fontsize=8)
        difference = 100.0 * (rebuilt.flux[k] / truth.flux[k] - 1.0)
        right.plot(rebuilt.wave, difference - 60.0 * step, color=COLORS[1], lw=0.9)
        right.axhline(-60.0 * step, color="black", lw=0.5)
    left.plot([], [], color="black", lw=1.6, label="truth")
    left.plot([], [], color=COLORS[1], lw=1.0, label=f"rebuilt ({interpolator})")
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    left.set_ylabel("Flux density over median, offset")
    right.set_ylabel("Rebuilt minus truth [% of truth], offset by 60 each")
    right.yaxis.tick_right()
    right.yaxis.set_label_position("right")
    for panel in axes:
        panel.set_xlabel("Rest-frame wavelength [Å]")
    left.set_yticks([])
    return figure


def _rows(series: SpectralSeries, sparse: SpectralSeries | None) -> list[tuple[float, SpectralSeries, int]]:
    """Phase, series and row of every spectrum to draw, in order of phase."""
    rows = [(float(series.phase[k]), series, int(k)) for k in chosen_rows(series.covered)]
    if sparse is not None:
        rows += [(float(phase), sparse, i) for i, phase in enumerate(sparse.phase)]
    return sorted(rows, key=lambda row: row[0])


def _shade(axes: Axes, rows: list[tuple[float, SpectralSeries, int]]) -> None:
    """A strip behind every spectrum, its color by the origin of the bins."""
    from matplotlib.colors import BoundaryNorm, ListedColormap

    colors = ListedColormap(["white", *(color for color, _ in _SHADES.values())])
    wave = rows[0][1].wave[::_AVERAGED]
    # Observed and rebuilt spectra share a grid, unless somebody made the series by hand.
    nearest = {id(source): np.abs(source.wave - wave[:, None]).argmin(axis=1) for _, source, _ in rows}
    picture = np.stack([source.origin[k][nearest[id(source)]] for _, source, k in rows])
    axes.pcolormesh(
        edges(wave), np.arange(len(rows) + 1) - 0.5, picture,
        cmap=colors, norm=BoundaryNorm(np.arange(-0.5, 4.0), 4), zorder=0, rasterized=True,
    )  # fmt: skip


def _legend(figure: Figure, axes: Axes, *, observed: bool) -> None:
    from matplotlib.patches import Patch

    handles: list[Any] = [axes.plot([], [], color="black", lw=1.6, label="observed")[0]] if observed else []
    handles += [axes.plot([], [], color=COLORS[0], lw=1.0, label="rebuilt")[0]]
    handles += [Patch(facecolor=color, edgecolor="0.6", lw=0.4, label=text) for color, text in _SHADES.values()]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), fontsize=8, frameon=False)


def _beside(axes: Axes) -> Any:
    from matplotlib.transforms import blended_transform_factory

    return blended_transform_factory(axes.transAxes, axes.transData)
