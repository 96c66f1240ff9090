"""Figures that show at a look whether a simulation is what was meant, and one of its light curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._numerics.units import mag_to_njy
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.drawing import BandLook, band_looks, label_text, picture_labels
from sntransport._objects.short_band_names import short_band_names
from sntransport.photometry.bands import effective_wave, load_bands
from sntransport.report.figures.panels import fit_y, legend_below, new_figure, panel_heading
from sntransport.report.figures.style import (
    COLORS,
    LINES,
    AnyStyle,
    Style,
    in_style,
    number_text,
    root_of,
    style_of,
)
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION, PHOTFLAG_SATURATED, PHOTFLAG_TRIGGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from numpy.typing import NDArray

    from sntransport._numerics.arrays import Array
    from sntransport.simulation.light_curves import LightCurves
    from sntransport.simulation.summary import Tally

_COUNT_TICKS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
_SNR_TICKS = (-10, -1, 0, 1, 10, 100, 1000)
_FEW_OBJECTS = 3
_AROUND = 20.0
"""Observer-frame days shown before the first and after the last detection."""


@answers_mistakes
@in_style
def population_figure(
    tallies: Sequence[Tally], *, style: AnyStyle = None, figure: Figure | SubFigure | None = None
) -> Figure:
    """Four panels: redshifts, peak magnitudes, signal-to-noise ratios and numbers of detections.

    Parameters
    ----------
    tallies : sequence of Tally
        Four panels each: one row, two in a column of a journal.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    figure : Figure or SubFigure, optional
        Draw into this.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.report.figures import population_figure
    >>> from sntransport.simulation.events.distributions import Constant
    >>> from sntransport.simulation.summary import tally
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> figure = population_figure([tally("Ia", curves, (0.01, 0.1))])
    >>> len(figure.axes)
    4
    """
    from matplotlib.ticker import MaxNLocator

    drawn = style_of(style, figure)
    columns = 2 if drawn.narrow else 4
    rows = 4 // columns * len(tallies)
    figure, panels = new_figure(drawn, 3.1 * drawn.scale * rows, rows, columns, figure=figure, squeeze=False)
    for one, four in zip(tallies, panels.reshape(len(tallies), 4), strict=True):
        _draw_redshifts(four[0], one)
        looks = _styles(one)
        for n, (place, (label, mine)) in enumerate(looks.items()):
            line: dict[str, Any] = {"color": mine.color, "label": label, "ls": LINES[n % len(LINES)]}
            line["lw"] = 0.9 * drawn.line
            four[1].stairs(one.peak[place], one.peak_edges, **line)
            four[2].stairs(one.snr[place], one.snr_edges, **line)
        _fit(four[1], one.peak.sum(axis=0), one.peak_edges)
        four[1].invert_xaxis()
        # Magnitudes have many digits, and the panel is narrow.
        four[1].xaxis.set_major_locator(MaxNLocator(3))
        four[1].set_xlabel("True peak of all\ngenerated, AB [mag]")
        four[2].set(xlabel="Flux / error of\nmeasurements", xscale="symlog", yscale="symlog")
        _whole_ticks(four[2], _SNR_TICKS, "x")
        _whole_ticks(four[2], _COUNT_TICKS[:2] + tuple(10**k for k in range(1, 9)), "y")
        four[2].axvline(5.0, color="0.6", lw=0.8 * drawn.line)
        four[2].set_ylim(bottom=0)
        four[3].stairs(one.detections, one.detections_edges, color=COLORS[0], fill=True)
        four[3].set(xlabel="Detections of\nobserved objects", xscale="symlog")
        _fit(four[3], one.detections, one.detections_edges)
        # A logarithmic axis of less than a decade would have no number on it.
        _whole_ticks(four[3], _COUNT_TICKS, "x")
        panel_heading(four[0], one.name)
        panel_heading(four[1], "")
    return root_of(figure)


def _draw_redshifts(panel: Axes, one: Tally) -> None:
    styles = (("generated", "-", "#999999"), ("observed", "--", COLORS[0]), ("triggered", ":", COLORS[1]))
    for name, line, color in styles:
        panel.stairs(getattr(one, name), one.z_edges, label=name, ls=line, color=color)
    panel.set(xlabel="Redshift", ylabel="Objects")
    panel.set_ylim(bottom=0)


def _whole_ticks(panel: Axes, ticks: Sequence[int], axis: str) -> None:
    """Whole numbers at an axis: those of ``ticks`` inside, every second or third where they are many."""
    low, high = sorted(panel.get_xlim() if axis == "x" else panel.get_ylim())
    inside = [tick for tick in ticks if low <= tick <= high]
    inside = inside[:: -(-len(inside) // 6)] if inside else []
    labels = [str(tick).replace("-", "\N{MINUS SIGN}") for tick in inside]
    (panel.set_xticks if axis == "x" else panel.set_yticks)(inside, labels)
    (panel.set_xticks if axis == "x" else panel.set_yticks)([], minor=True)


@answers_mistakes
@in_style
def examples_figure(one: Tally, *, style: AnyStyle = None, figure: Figure | SubFigure | None = None) -> Figure | None:
    """Light curves of the first objects that triggered, filled where detected; None where there are none.

    Up to six objects of one survey; of several surveys three objects, a panel for each survey. Shown is the time from
    20 d before the first to 20 d after the last detection of an object: a survey goes on for years. Measurements
    without a detection are pale.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.report.figures import examples_figure
    >>> from sntransport.simulation.events.distributions import Constant
    >>> from sntransport.simulation.summary import tally
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> examples_figure(tally("Ia", curves, (0.01, 0.1))).savefig("examples.png")
    """
    curves = one.examples
    if not curves.n_object:
        return None
    drawn = style_of(style, figure)
    surveys = list(dict.fromkeys(curves.surveys))
    n_object = min(curves.n_object, _FEW_OBJECTS if len(surveys) > 1 else curves.n_object)
    columns = 1 if drawn.narrow else min(n_object, 3)
    rows = -(-n_object // columns)
    # Panels of one object stand below each other, in a narrow figure side by side.
    down, across = (1, len(surveys)) if drawn.narrow else (len(surveys), 1)
    figure, panels = new_figure(
        drawn, (0.9 + 2.4 * rows * down) * drawn.scale, rows * down, columns * across, figure=figure, squeeze=False,
        sharex="col" if down > 1 else "none",
    )  # fmt: skip
    for panel in panels.flat:
        panel.set_axis_off()
    looks = _styles(one)
    handles: dict[str, Any] = {}
    for i in range(n_object):
        for n, survey in enumerate(surveys):
            place = (i // columns * down + n, i % columns) if down > 1 else (i // columns, i % columns * across + n)
            panel = panels[place]
            panel.set_axis_on()
            mine = {b: look for b, look in looks.items() if curves.surveys[b] == survey}
            _draw_example(panel, curves, i, mine, drawn.line)
            handles |= {handle.get_label(): handle for handle in panel.get_legend_handles_labels()[0]}
            named = f"object {curves.truth.object_id[i]}, z = {curves.truth.z[i]:.3f}"
            panel_heading(panel, f"{named}\n{survey}" if len(surveys) > 1 else named, ())
            if place[1] == 0:
                panel.set_ylabel("Flux [µJy]")
            if (place[0] + down >= rows * down and n == len(surveys) - 1) or (i + columns >= n_object and down == 1):
                panel.set_xlabel("Observer-frame time\nfrom phase 0 [d]")
    # The bands are those of every panel.
    legend_below(figure, list(handles.values()))
    figure.suptitle(label_text(f"{one.name}: filled symbols are detections"))
    return root_of(figure)


def _draw_example(
    panel: Axes, curves: LightCurves, i: int, looks: dict[int, tuple[str, BandLook]], line: float
) -> None:  # fmt: skip
    """One object in some of its bands, at the time of its detections."""
    rows = slice(curves.offset[i], curves.offset[i + 1])
    band, day = curves.band[rows], curves.mjd[rows] - curves.truth.mjd_ref[i]
    found = (curves.photflag[rows] & PHOTFLAG_DETECTION) > 0
    # The window is that of all surveys: panels of an object are compared.
    first, last = np.min(day[found], initial=np.inf), np.max(day[found], initial=-np.inf)
    if not found.any():
        first, last = (float(day.min()), float(day.max())) if day.size else (0.0, 0.0)
    shown = (day >= first - _AROUND) & (day <= last + _AROUND)
    for place, (label, mine) in looks.items():
        for mask, face, alpha in ((~found, "none", 0.3), (found, mine.color, 0.8)):
            here = (band == place) & mask & shown
            flux, error = curves.flux[rows][here] / 1e3, curves.flux_err[rows][here] / 1e3
            panel.errorbar(
                day[here], flux, error, fmt=mine.marker, color=mine.color, mfc=face, alpha=alpha, ms=2.6 * line,
                mew=0.5 * line, elinewidth=0.5 * line, zorder=3 if face == mine.color else 2,
                label=label if face == mine.color else None,
            )  # fmt: skip
    panel.set_xlim(first - 1.1 * _AROUND, last + 1.1 * _AROUND)
    if not (np.isin(band, list(looks)) & shown).any():
        panel.text(0.5, 0.5, "no measurement", transform=panel.transAxes, ha="center")
        panel.set_yticks([])
        return
    panel.axhline(0.0, color="0.6", lw=0.8 * line)
    fit_y(panel)


@answers_mistakes
@in_style
def simulated_light_curve(
    curves: LightCurves, index: int, *, style: AnyStyle = None, figure: Figure | SubFigure | None = None
) -> Figure:
    """One simulated light curve, a panel a band, with its detections.

    Parameters
    ----------
    curves : LightCurves
    index : int
        Which object.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    figure : Figure or SubFigure, optional
        Draw into this.

    Returns
    -------
    matplotlib.figure.Figure
        Filled: detections; open: the rest; crosses: saturated. The star is the brightest phase without noise, the
        dashed line the date at which the trigger was complete.

    Raises
    ------
    IndexError
        Where there is no such object.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.report.figures import simulated_light_curve
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=5, seed=1, keep="triggered", true_flux=True)
    >>> simulated_light_curve(curves, 0).savefig("object.png")
    """
    from matplotlib.ticker import FuncFormatter

    if not 0 <= index < curves.n_object:
        raise IndexError(f"object {index} of {curves.n_object}: expected 0 to {curves.n_object - 1}")
    rows = slice(int(curves.offset[index]), int(curves.offset[index + 1]))
    mjd, band, flag = curves.mjd[rows], curves.band[rows], curves.photflag[rows]
    shown = sorted(
        set(band.tolist()), key=lambda b: (curves.surveys[b], effective_wave(load_bands([curves.bands[b]])[0]))
    )
    drawn = style_of(style, figure)
    columns = min(max(len(shown), 1), 2 if drawn.narrow else 3)
    lines = -(-max(len(shown), 1) // columns)
    figure, panels = new_figure(
        drawn, (1.4 + 2.0 * lines) * drawn.scale, lines, columns, figure=figure, sharex=True, squeeze=False
    )
    names = [curves.bands[b] for b in shown]
    labels, looks = short_band_names(names, [curves.surveys[b] for b in shown]), band_looks(names)
    first = 100.0 * float(np.floor(mjd.min() / 100.0)) if mjd.size else 0.0
    scale, unit = _flux_unit(curves.flux[rows])
    for k, (axes, b) in enumerate(zip(panels.flat, shown, strict=False)):
        here = band == b
        flux, error = curves.flux[rows][here] / scale, curves.flux_err[rows][here] / scale
        _draw_simulated(axes, mjd[here], flux, error, flag=flag[here], mine=looks[k], line=drawn.line)
        peak = mag_to_njy(curves.truth.peak_mag[index, b]) / scale
        axes.plot(curves.truth.peak_mjd[index, b], peak, "k*", ms=8 * drawn.line, mfc="none")
        for date in mjd[(flag & PHOTFLAG_TRIGGER) > 0][:1]:
            axes.axvline(date, color="0.4", ls="--", lw=0.9 * drawn.line)
        axes.axhline(0.0, color="0.6", lw=0.6 * drawn.line)
        fit_y(axes, 0.08)
        panel_heading(axes, labels[k], ())
    for axes in panels.flat[len(shown) :]:
        axes.set_axis_off()
    for k in range(len(shown)):
        # The lowest of its column shows the dates.
        lowest = k + columns >= len(shown)
        panels.flat[k].tick_params(labelbottom=lowest)
        panels.flat[k].xaxis.set_major_formatter(FuncFormatter(lambda date, _: number_text(date - first, "g")))
        panels.flat[k].set_xlabel(f"MJD − {first:.0f} [d]" if lowest else "")
    for axes in panels[:, 0]:
        axes.set_ylabel(f"Flux [{unit}]")
    _name_simulated(figure, curves, index, style=drawn)
    return root_of(figure)


def _flux_unit(flux: Array) -> tuple[float, str]:
    """Nanojansky in a unit, and its name: the largest of which the brightest measurement has one or more."""
    brightest = float(np.nanmax(np.abs(flux), initial=0.0))
    return next(((size, name) for size, name in ((1e6, "mJy"), (1e3, "µJy")) if brightest >= 10.0 * size), (1.0, "nJy"))


def _draw_simulated(
    axes: Axes, mjd: Array, flux: Array, error: Array, *, flag: NDArray[np.int32], mine: BandLook, line: float
) -> None:
    detected, saturated = (flag & PHOTFLAG_DETECTION) > 0, (flag & PHOTFLAG_SATURATED) > 0
    for rows, fill in ((~detected & ~saturated, "none"), (detected & ~saturated, mine.color)):
        axes.errorbar(
            mjd[rows], flux[rows], error[rows], color=mine.color, fmt=mine.marker, mfc=fill, elinewidth=0.7 * line
        )
    # A saturated flux is not known: a cross at the upper edge says when it was.
    axes.plot(mjd[saturated], np.full(int(saturated.sum()), 0.95), "kx", transform=axes.get_xaxis_transform())


def _name_simulated(figure: Figure | SubFigure, curves: LightCurves, index: int, *, style: Style) -> None:
    from matplotlib.lines import Line2D

    truth = curves.truth
    kind = int(truth.template[index])
    named = f"{curves.template_names[kind]} ({curves.template_types[kind]})"
    figure.suptitle(label_text(f"object {truth.object_id[index]}: {named}, z = {truth.z[index]:.3f}"))
    gray: dict[str, Any] = {"color": "0.35", "marker": "o", "ls": "none"}
    handles = [
        Line2D([], [], label="detection", **gray),
        Line2D([], [], mfc="none", label="no detection", **gray),
        Line2D([], [], color="black", marker="x", ls="none", label="saturated"),
        Line2D([], [], color="black", marker="*", ls="none", ms=8 * style.line, mfc="none", label="true peak"),
        Line2D([], [], color="0.4", ls="--", label="trigger"),
    ]
    # They are the same in every panel.
    legend_below(figure, handles)


def _styles(one: Tally) -> dict[int, tuple[str, BandLook]]:
    """Label and look of each band, in the order of wavelength."""
    waves = np.array([effective_wave(band) for band in load_bands(one.bands)])
    labels = picture_labels(one.bands, one.surveys)
    looks = band_looks(one.bands)
    return {int(b): (labels[b], looks[b]) for b in np.argsort(waves, kind="stable")}


def _fit(panel: Any, counts: Any, edges: Any) -> None:
    """The horizontal range that has values, and an empty bin on either side, if there is one."""
    filled = np.flatnonzero(counts)
    if filled.size:
        panel.set_xlim(edges[max(filled[0] - 1, 0)], edges[min(filled[-1] + 2, len(edges) - 1)])
