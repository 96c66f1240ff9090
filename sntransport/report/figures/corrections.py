"""Figures of K-corrections: over phase, over redshift, and a light curve taken to the rest frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.drawing import band_looks, picture_labels
from sntransport._objects.short_band_names import short_band_names
from sntransport.corrections.rest_light_curve import band_pairs
from sntransport.photometry.bands import AnyBand, load_bands
from sntransport.photometry.reference_phase import find_maximum
from sntransport.report.figures.panels import fit_y, new_figure, one_panel, panel_heading
from sntransport.report.figures.style import (
    COLORS,
    LINES,
    MARKERS,
    AnyStyle,
    in_style,
    number_text,
    root_of,
    style_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from sntransport._numerics.arrays import Array
    from sntransport.corrections.k_corrections import KCorrection
    from sntransport.corrections.luminosity import Bolometric
    from sntransport.corrections.rest_light_curve import RestLightCurve
    from sntransport.spectra.series import SpectralSeries


_MAX_LINES = 5
_SHARES = (
    ("share_uv", "added in the UV", COLORS[1], "-"), ("share_nir", "added in the IR", COLORS[2], "--"),
    ("share_filled", "filled", "#000000", ":"),
)  # fmt: skip
"""Shares of a luminosity: name of the array, label, color and line."""


def peak_phase(series: SpectralSeries, band: AnyBand) -> float:
    """Phase at which a series is brightest in a rest-frame band [d], by `find_maximum`; NaN where it has no flux."""
    (known,) = load_bands([band])
    try:
        return find_maximum(series, known).phase
    except ValueError:
        return float("nan")


@answers_mistakes
@in_style
def k_correction_figure(
    result: KCorrection, name: str = "", at_phase: float = 0.0, *, style: AnyStyle = None,
    figure: Figure | SubFigure | None = None,
) -> Figure:  # fmt: skip
    """K against phase at up to five of the redshifts, and K against redshift at one phase, with their errors.

    Parameters
    ----------
    result : KCorrection
    name : str
        Of the supernova, for the title.
    at_phase : float [d]
        The phase of the second panel: the nearest of ``result.phase`` that has values. NaN: the first.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    figure : Figure or SubFigure, optional
        Draw into this.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from sntransport.report.figures import k_correction_figure
    >>> from sntransport.transport.templates import hsiao
    >>> k = snt.evaluate_k_correction(hsiao(), "bessellb", "sdssr", z=[0.3, 0.4, 0.5], phase=np.arange(-10.0, 30.0))
    >>> k_correction_figure(k, "SN 2030a").savefig("k.png")
    """
    z, phase = np.atleast_1d(result.z), np.atleast_1d(result.phase)
    value, sigma = (array.reshape(z.size, phase.size) for array in (result.value, result.sigma))
    drawn = style_of(style, figure)
    shape = (2, 1) if drawn.narrow else (1, 2)
    figure, (left, right) = new_figure(drawn, (1.0 + 3.2 * shape[0]) * drawn.scale, *shape, figure=figure)
    known = np.flatnonzero(np.isfinite(value).any(axis=1))
    shown = known[np.unique(np.linspace(0, known.size - 1, min(known.size, _MAX_LINES)).astype(int))]
    order = np.argsort(phase)
    for k, row in enumerate(shown):
        _line(left, phase[order], value[row, order], sigma[row, order], k=k, label=f"z = {z[row]:g}")
    column = _nearest_known(phase, value, at_phase)
    rank = np.argsort(z)
    _line(right, z[rank], value[rank, column], sigma[rank, column], k=None, label="")
    left.set_xlabel("Rest-frame phase [d]")
    right.set_xlabel("Redshift z")
    for axes in (left, right):
        axes.set_ylabel("K [mag]")
        fit_y(axes)
    rest, obs = short_band_names([result.band_rest, result.band_obs])
    systems = f"rest {rest} ({result.system_rest}) to {obs} ({result.system_obs})"
    panel_heading(left, f"{name} K-correction, {systems}".strip())
    panel_heading(right, f"phase {number_text(phase[column], '+.1f')} d", ())
    if not known.size:
        left.text(0.5, 0.5, "no phase and redshift is covered", transform=left.transAxes, ha="center")
    return root_of(figure)


@answers_mistakes
@in_style
def rest_light_curve_figure(result: RestLightCurve, *, style: AnyStyle = None, ax: Axes | None = None) -> Figure:
    """Absolute magnitudes over phase by rest band, with the observed band that each came from.

    Parameters
    ----------
    result : RestLightCurve
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    ax : matplotlib.axes.Axes, optional
        Draw into these.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova, template
    >>> from sntransport.report.figures import rest_light_curve_figure
    >>> sn = demo_supernova()
    >>> series = template(np.arange(-15.0, 65.0), np.arange(2500.0, 11000.0, 10.0))
    >>> rest_light_curve_figure(snt.k_correct(sn.light_curve, series, sn.sightline)).savefig("rest.png")
    """
    drawn = style_of(style, ax)
    axes = one_panel(drawn, 4.8 * drawn.scale, ax)
    styles = _styles(result)
    labels = dict(zip(names := [band for pair in styles for band in pair[:2]], picture_labels(names), strict=True))
    for rest, obs, look in styles:
        here = (result.band_rest == rest) & (result.band_obs == obs) & np.isfinite(result.mag)
        err = np.nan_to_num(result.mag_err[here])
        label = labels[rest] if rest == obs else f"{labels[rest]} from {labels[obs]}"
        axes.errorbar(
            result.phase[here], result.mag[here], err, mfc="none", elinewidth=0.8 * drawn.line, label=label, **look
        )
    axes.invert_yaxis()
    axes.set_xlabel("Rest-frame phase [d]")
    axes.set_ylabel(f"Absolute magnitude [{result.system}], free of dust")
    fit_y(axes)
    panel_heading(axes, f"{result.name} at rest, z = {result.sightline.z:g}".strip())
    if not styles:
        axes.text(0.5, 0.5, "no point has a value", transform=axes.transAxes, ha="center")
    return root_of(axes)


def _line(axes: Any, x: Array, y: Array, sigma: Array, *, k: int | None, label: str) -> None:
    """Number ``k`` of several lines; None: the only one, black as none of several is."""
    color, line, marker = ("black", "-", "o") if k is None else (COLORS[k], LINES[k], MARKERS[k])
    # A point between two gaps has no line to be seen by.
    x, y, sigma = _broken(x, y, sigma)
    alone = np.isfinite(y) & ~np.isfinite(np.append(y[1:], np.nan)) & ~np.isfinite(np.append(np.nan, y[:-1]))
    axes.plot(x, y, color=color, ls=line, label=label)
    axes.plot(x[alone], y[alone], color=color, marker=marker, ls="none")
    if np.isfinite(sigma).any():
        axes.fill_between(x, y - sigma, y + sigma, color=color, alpha=0.15, lw=0)


def _broken(x: Array, *values: Array) -> tuple[Array, ...]:
    """Values with NaN between two x much farther apart than most, where nothing is known between."""
    step = np.diff(x)
    if step.size < 2:
        return (x, *values)
    wide = np.flatnonzero(step > max(5.0 * float(np.median(step)), 10.0 * float(step.min())))
    return tuple(np.insert(one, wide + 1, np.nan) for one in (x, *values))


def _nearest_known(phase: Array, value: Array, wanted: float) -> int:
    """Column of the phase nearest to the wanted one among those with most values."""
    count = np.isfinite(value).sum(axis=0)
    away = np.abs(phase - wanted) if np.isfinite(wanted) else np.zeros_like(phase)
    return int(np.argmin(np.where(count == count.max(), away, np.inf)))


def _styles(result: RestLightCurve) -> list[tuple[str, str, dict[str, Any]]]:
    """Bands at rest and observed that have values, from blue to red: the color of the one, a marker for the pair."""
    order = band_pairs(result)
    looks = band_looks([rest for rest, _ in order])
    return [
        (rest, obs, {"color": look.color, "fmt": look.marker})
        for (rest, obs), look in zip(order, looks, strict=True)
    ]  # fmt: skip


@answers_mistakes
@in_style
def bolometric_figure(light: Bolometric, *, style: AnyStyle = None, figure: Figure | SubFigure | None = None) -> Figure:
    """Luminosity over phase with its error, and without what was added; below it the shares added or filled, if any.

    Parameters
    ----------
    light : Bolometric
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    figure : Figure or SubFigure, optional
        Draw into this.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from sntransport.report.figures import bolometric_figure
    >>> from sntransport.transport.templates import hsiao
    >>> bolometric_figure(snt.bolometric(hsiao()), style="column").savefig("bolometric.png")
    """
    drawn = style_of(style, figure)
    known = np.isfinite(light.luminosity) & (light.luminosity > 0)
    phase, value, error = light.phase[known], light.luminosity[known], light.luminosity_err[known]
    added = (light.share_uv + light.share_nir)[known]
    kinds = [one for one in _SHARES if np.nan_to_num(getattr(light, one[0])[known]).any()]
    ratios = (3, 1.2) if kinds else (3,)
    figure, panels = new_figure(
        drawn, (1.3 + 4.5 / 4.2 * sum(ratios)) * drawn.scale, len(ratios), 1, figure=figure, sharex=True, squeeze=False,
        height_ratios=ratios,
    )  # fmt: skip
    top, below = panels[0, 0], panels[-1, 0]
    for part in np.split(np.arange(phase.size), np.flatnonzero(np.diff(phase) > 10.0) + 1) if phase.size else ():
        first = part[0] == 0
        marker = "." if part.size < 3 else ""
        name = "with what was added" if first and added.any() else None
        top.plot(phase[part], value[part], color=COLORS[0], marker=marker, label=name)
        if added.any():
            name = "covered wavelengths only" if first else None
            bare = value[part] * (1.0 - added[part])
            top.plot(phase[part], bare, color="#555555", lw=drawn.line, ls="--", marker=marker, label=name)
        low = np.maximum(value - error, 0.02 * value)
        top.fill_between(phase[part], low[part], (value + error)[part], color=COLORS[0], alpha=0.25, lw=0)
        for field, label, color, line in kinds:
            share = getattr(light, field)[known]
            below.plot(phase[part], share[part], color=color, ls=line, label=label if first else None)
    if not phase.size:
        top.text(0.5, 0.5, "no luminosity at any phase", transform=top.transAxes, ha="center")
    top.set(yscale="log", ylabel="Luminosity [erg/s]")
    fit_y(top)
    _label_decades(top)
    panel_heading(top, "\n".join(line for line in (light.name, light.policy) if line))
    below.set_xlabel("Rest-frame phase [d]")
    if kinds:
        below.set(ylabel="Share", ylim=(-0.05, 1.05))
        panel_heading(below, "")
    return root_of(figure)


def _label_decades(axes: Axes) -> None:
    """Label 1, 2 and 5 of every decade; 1 alone where there are more than two, and all where there is less than one."""
    from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter

    low, high = axes.get_ylim()
    decades = np.log10(high / low)
    subs: Any = (1.0,) if decades > 2.5 else (1.0, 2.0, 5.0) if decades > 0.7 else tuple(float(k) for k in range(1, 10))
    axes.yaxis.set_major_locator(LogLocator(subs=subs))
    axes.yaxis.set_major_formatter(LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=(np.inf, np.inf)))
    axes.yaxis.set_minor_locator(LogLocator(subs=tuple(float(k) for k in range(2, 10))))
    axes.yaxis.set_minor_formatter(NullFormatter())
