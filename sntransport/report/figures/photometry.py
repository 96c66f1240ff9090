"""Figures of light and color curves, observed and synthetic."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._numerics.units import MAG_PER_LN, mag_to_njy, njy_to_mag
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.drawing import band_looks, picture_labels
from sntransport.photometry.bands import effective_wave, load_bands
from sntransport.photometry.synthetic import band_flux_err, band_matrix, synthetic_flux
from sntransport.report.figures.panels import fit_y, new_figure, panel_heading
from sntransport.report.figures.style import AnyStyle, Style, in_style, number_text, root_of, style_of, title
from sntransport.spectra.observations import LightCurve
from sntransport.spectra.series import require_series
from sntransport.spectra.sightline import Sightline, phase_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from sntransport._numerics.arrays import Array
    from sntransport.spectra.series import SpectralSeries

_MAX_BANDS = 10
_MAX_COLORS = 6
_OFFSET = 0.7
_SAME_NIGHT = 0.5
_APART = 0.08
_LEAST_RESIDUAL, _MOST_RESIDUAL = 0.15, 1.0
"""Range of the residual panels [mag]: as far as the residuals, within these."""


@answers_mistakes
@in_style
def light_curves(
    series: SpectralSeries, sightline: Sightline, light_curve: LightCurve, bands: tuple[str, ...] | None = None, *,
    style: AnyStyle = None, figure: Figure | SubFigure | None = None,
) -> Figure:  # fmt: skip
    """Observed photometry, the synthetic photometry of a series, and their difference in every band.

    Parameters
    ----------
    series : SpectralSeries
        With a known ``mjd_ref``.
    sightline : Sightline
    light_curve : LightCurve
    bands : tuple of str, optional
        Which bands to draw; all of the light curve that the series covers at some phase when left out, the ones with
        most points if there are more than ten.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    figure : Figure or SubFigure, optional
        Draw into this.

    Returns
    -------
    matplotlib.figure.Figure
        Curves are offset from each other by the stated magnitudes; shaded is their error, one standard deviation. The
        panels beside them (below them in a column) show, for one band each, observed minus synthetic at the dates of
        the measurements, interpolated between phases of the series no more than 5 d apart, and that error about zero.
        A difference above 1 mag is an arrow at the edge. The vertical range is that of the phases shown.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.report.figures import light_curves
    >>> sn = demo_supernova()
    >>> series = snt.build(sn, cadence=3.0).series
    >>> light_curves(series, sn.sightline, sn.light_curve, style="page").savefig("light_curves.png")
    """
    shown = [
        (name, magnitude, _magnitude_err(series, sightline, name, magnitude))
        for name, magnitude in _drawable(series, sightline, light_curve, bands)
    ]
    drawn = style_of(style, figure)
    figure, main, strips = _light_curve_panels(drawn, len(shown), figure)
    span = _phase_span(series)
    names, residuals = [name for name, _, _ in shown], []
    labels, looks = picture_labels(names), band_looks(names)
    for k, (name, magnitude, magnitude_err) in enumerate(shown):
        offset, mine = -_OFFSET * k, looks[k]
        phase, observed, error = _points(series, sightline, light_curve, name)
        label = f"{labels[k]} {number_text(offset, '+.1f')}" if offset else labels[k]
        points: dict[str, Any] = {
            "color": mine.color,
            "fmt": mine.marker,
            "mfc": "none",
            "elinewidth": 0.7 * drawn.line,
        }
        main.errorbar(phase, observed + offset, error, label=label, **points)
        main.plot(series.phase, magnitude + offset, color=mine.color)
        for axes, middle in ((main, magnitude + offset), (strips[k], np.zeros(magnitude.size))):
            low, high = middle - magnitude_err, middle + magnitude_err
            axes.fill_between(series.phase, low, high, color=mine.color, alpha=0.25, lw=0)
        difference = observed - _interpolate(phase, series.phase, magnitude)
        inside = (phase >= span[0]) & (phase <= span[1]) & np.isfinite(difference)
        residuals.append((phase[inside], difference[inside], error[inside], points))
        strips[k].set_ylabel(labels[k])
    if not shown:
        main.text(0.5, 0.5, "no observed band is covered by the series", transform=main.transAxes, ha="center")
    main.set_xlim(*span)
    main.invert_yaxis()
    fit_y(main)
    main.set_ylabel("AB magnitude + offset")
    main.set_xlabel("Rest-frame phase [d]")
    panel_heading(main, title(series.name, series.sn_type, "points observed, curves of the series"))
    _draw_residuals(strips, residuals, drawn)
    return root_of(figure)


def _light_curve_panels(
    style: Style, n_band: int, figure: Figure | SubFigure | None
) -> tuple[Figure | SubFigure, Axes, list[Axes]]:
    """One large panel, and a small one for each band: on its right, in a narrow figure below it."""
    n = max(n_band, 1)
    if style.narrow:
        height = (4.6 + 0.62 * n) * style.scale
        figure, panels = new_figure(
            style, height, n + 1, 1, figure=figure, sharex=True, height_ratios=[3.4, *[0.62] * n]
        )
        return figure, panels[0], list(panels[1:])
    height = max(5.0, 1.4 + 0.75 * n) * style.scale
    figure, panels = new_figure(style, height, n, 2, figure=figure, sharex=True, squeeze=False, width_ratios=(1.7, 1.0))
    strips = list(panels[:, 1])
    # The left column is one panel, made anew: the first keeps its ticks.
    grid = panels[0, 0].get_gridspec()
    for axes in panels[1:, 0]:
        axes.remove()
    main: Axes = panels[0, 0]
    main.set_subplotspec(grid[:, 0])
    main.tick_params(labelbottom=True)
    return figure, main, strips


def _draw_residuals(strips: Sequence[Axes], residuals: Sequence[tuple[Array, Array, Array, Any]], style: Style) -> None:
    """Differences by band on one scale; those beyond it as arrows at its edge."""
    largest = max((float(np.abs(one[1]).max()) for one in residuals if one[1].size), default=0.0)
    end = float(np.clip(1.15 * largest, _LEAST_RESIDUAL, _MOST_RESIDUAL))
    for axes, (phase, difference, error, points) in zip(strips, residuals, strict=False):
        beyond = np.abs(difference) > end
        axes.errorbar(phase[~beyond], difference[~beyond], error[~beyond], **points)
        for marker, sign in (("v", 1.0), ("^", -1.0)):
            out = beyond & (sign * difference > 0)
            axes.plot(
                phase[out], np.full(int(out.sum()), 0.92 * sign * end), color=points["color"], marker=marker, ls="none"
            )
    for axes in strips:
        axes.axhline(0.0, color="black", lw=0.6 * style.line)
        axes.set_ylim(end, -end)
        axes.tick_params(labelbottom=axes is strips[-1])
        axes.yaxis.label.set_rotation(0)
        axes.yaxis.label.set(ha="right", va="center")
    panel_heading(strips[0], "Observed − series [mag]", ())
    strips[-1].set_xlabel("Rest-frame phase [d]")


@answers_mistakes
@in_style
def color_curves(
    series: SpectralSeries,
    sightline: Sightline,
    light_curve: LightCurve | None = None,
    bands: Sequence[str] | None = None,
    *,
    style: AnyStyle = None,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Colors of neighboring bands over phase: curves of the series, points observed.

    Parameters
    ----------
    series : SpectralSeries
    sightline : Sightline
    light_curve : LightCurve, optional
        A point is two measurements no more than 0.5 d apart (the nearest). Needs ``series.mjd_ref``.
    bands : sequence of str, optional
        Two or more; when left out, up to seven of the light curve: those with most points that differ by 8 % or more
        in effective wavelength.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    figure : Figure or SubFigure, optional
        Draw into this.

    Returns
    -------
    matplotlib.figure.Figure
        A panel a color, AB magnitudes, as observed (with redshift and dust), in the look of its bluer band.

    Raises
    ------
    ValueError
        Where there are fewer than two bands to take colors of, or no light curve and no bands.

    Examples
    --------
    >>> from sntransport.report.figures import color_curves
    >>> from sntransport.transport.templates import hsiao
    >>> there = snt.Sightline(z=0.02, distance_modulus=34.7)
    >>> figure = color_curves(hsiao(), there, bands=["bessellb", "bessellv", "bessellr"])
    >>> len(figure.axes)
    2
    """
    require_series(series, "color_curves")
    if light_curve is None and bands is None:
        raise ValueError("color_curves needs a light curve or the names of bands")
    nothing = np.empty(0)
    seen = light_curve or LightCurve(mjd=nothing, band=np.empty(0, dtype=str), flux=nothing, flux_err=nothing)
    names = _apart(seen) if bands is None else tuple(bands)
    curves = dict(_drawable(series, sightline, seen, names))
    if len(curves) < 2:
        raise ValueError(f"{series.name or 'series'}: fewer than two bands are covered, there is no color to draw")
    colors = list(pairwise(curves))
    drawn = style_of(style, figure)
    figure, panels = new_figure(
        drawn, (1.3 + 1.45 * len(colors)) * drawn.scale, len(colors), 1, figure=figure, sharex=True, squeeze=False
    )
    labels = dict(zip(curves, picture_labels(list(curves)), strict=True))
    looks = dict(zip(curves, band_looks(list(curves)), strict=True))
    span = _phase_span(series)
    for axes, (blue, red) in zip(panels[:, 0], colors, strict=True):
        mine = looks[blue]
        axes.plot(series.phase, curves[blue] - curves[red], color=mine.color)
        phase, value, error = _observed_color(series, sightline, seen, blue, red)
        axes.errorbar(phase, value, error, color=mine.color, fmt=mine.marker, mfc="none", elinewidth=0.7 * drawn.line)
        axes.set_ylabel(f"{labels[blue]} − {labels[red]}\n[mag]")
        axes.set_xlim(*span)
        fit_y(axes)
    panels[-1, 0].set_xlabel("Rest-frame phase [d]")
    panel_heading(
        panels[0, 0], title(series.name, series.sn_type, "colors (AB), points observed, curves of the series"), ()
    )
    return root_of(figure)


def _points(
    series: SpectralSeries, sightline: Sightline, light_curve: LightCurve, name: str
) -> tuple[Array, Array, Array]:
    """Phase, AB magnitude and its error (0 where not known) of the measurements in a band at the phases shown."""
    rows = light_curve.band == name
    phase = phase_of(light_curve.mjd[rows], series.mjd_ref, sightline.z)
    low, high = _phase_span(series)
    # None that the frame would cut: a marker is about 1 % as wide as a panel.
    away = 0.015 * (high - low)
    rows = np.flatnonzero(rows)[(phase >= low + away) & (phase <= high - away)]
    phase = phase[(phase >= low + away) & (phase <= high - away)]
    with np.errstate(divide="ignore", invalid="ignore"):
        error = MAG_PER_LN * light_curve.flux_err[rows] / np.abs(light_curve.flux[rows])
    return phase, njy_to_mag(light_curve.flux[rows]), np.nan_to_num(error, posinf=0.0)


def _observed_color(
    series: SpectralSeries, sightline: Sightline, light_curve: LightCurve, blue: str, red: str
) -> tuple[Array, Array, Array]:
    """Phase, color and error of measurements in two bands on one night."""
    one, other = (_points(series, sightline, light_curve, name) for name in (blue, red))
    if not one[0].size or not other[0].size:
        return np.empty(0), np.empty(0), np.empty(0)
    nearest = np.abs(one[0][:, None] - other[0]).argmin(axis=1)
    near = np.abs(one[0] - other[0][nearest]) * (1.0 + sightline.z) <= _SAME_NIGHT
    value = one[1] - other[1][nearest]
    return one[0][near], value[near], np.hypot(one[2], other[2][nearest])[near]


def _apart(light_curve: LightCurve) -> tuple[str, ...]:
    """Bands with most points, each far enough from the others that their difference is a color."""
    kept: dict[str, float] = {}
    for name in sorted(light_curve.bands, key=lambda n: -int(np.sum(light_curve.band == n))):
        wave = effective_wave(load_bands([name])[0])
        if len(kept) <= _MAX_COLORS and all(abs(np.log(wave / other)) > _APART for other in kept.values()):
            kept[name] = wave
    return tuple(kept)


def _drawable(
    series: SpectralSeries, sightline: Sightline, light_curve: LightCurve, bands: tuple[str, ...] | None
) -> list[tuple[str, Array]]:
    """Band names and synthetic magnitudes (n_phase,) that can be drawn, from blue to red."""
    names = sorted(light_curve.bands if bands is None else bands, key=lambda n: effective_wave(load_bands([n])[0]))
    flux, _ = synthetic_flux(series.flux, band_matrix(series.wave, names, sightline))
    known = [k for k in range(len(names)) if np.isfinite(flux[:, k]).any()]
    ranked = sorted(known, key=lambda k: -int(np.sum(light_curve.band == names[k])))
    kept = ranked[: _MAX_BANDS if bands is None else None]
    return [(names[k], njy_to_mag(flux[:, k])) for k in known if k in kept]


def _magnitude_err(series: SpectralSeries, sightline: Sightline, name: str, magnitude: Array) -> Array:
    """Error of synthetic magnitudes, (n_phase,)."""
    return np.asarray(MAG_PER_LN * band_flux_err(series, [name], sightline)[:, 0] / mag_to_njy(magnitude))


def _interpolate(at: Array, phase: Array, magnitude: Array, widest: float = 5.0) -> Array:
    """Magnitude at given phases; NaN unless two known phases at most ``widest`` days apart enclose them."""
    known = np.isfinite(magnitude)
    if known.sum() < 2:
        return np.full(at.shape, np.nan)
    x, y = phase[known], magnitude[known]
    right = np.clip(np.searchsorted(x, at), 1, x.size - 1)
    value = np.interp(at, x, y, left=np.nan, right=np.nan)
    return np.where(x[right] - x[right - 1] <= widest, value, np.nan)


def _phase_span(series: SpectralSeries) -> tuple[float, float]:
    """Phases to show [d]: those covered, and a little more."""
    covered = series.phase[series.covered.any(axis=1)]
    if not covered.size:
        return float(series.phase[0]) - 1.0, float(series.phase[-1]) + 1.0
    margin = 0.05 * max(float(np.ptp(covered)), 10.0)
    return float(covered[0]) - margin, float(covered[-1]) + margin
