"""Figures of a spectral series. Every function returns a matplotlib Figure and draws nothing on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport.bands import effective_wave, load_bands
from sntransport.checks import Array
from sntransport.observations import LightCurve
from sntransport.photometry import band_matrix, synthetic_flux
from sntransport.series import Origin, SpectralSeries
from sntransport.sightline import Sightline
from sntransport.units import njy_to_mag

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito (2008): told apart by color-blind readers and in gray print.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_MAX_CURVES = 30
_MAX_BANDS = 10
_ROW_HEIGHT = 1.7
_FAINT = 0.35


def waterfall(series: SpectralSeries, sparse: SpectralSeries | None = None) -> Figure:
    """Spectra of a series one below the other in order of phase, the observed ones among them in black.

    Parameters
    ----------
    series : SpectralSeries
        The rebuilt series; at most 30 of its covered phases are drawn, evenly spaced.
    sparse : SpectralSeries, optional
        The observed spectra it was made from; all are drawn.

    Returns
    -------
    matplotlib.figure.Figure
        Each spectrum is scaled to the same height. Bins that rest on one spectrum only are drawn fainter, extrapolated
        or bridged ones dotted.

    Raises
    ------
    ValueError
        Where no phase is covered and there is no observed spectrum either.
    """
    rows = _waterfall_rows(series, sparse)
    if not rows:
        raise ValueError(f"{series.name or 'series'}: no phase is covered, there is nothing to draw")
    figure, axes = _figure(8.5, 2.0 + 0.19 * max(len(rows), 12))
    phases = np.array([phase for phase, _, _ in rows])
    colors = _phase_colors(phases)
    for y, (_, source, k) in enumerate(rows):
        if source is series:
            _draw_row(axes, source, k, y, colors[y])
        else:
            axes.plot(source.wave, y - _ROW_HEIGHT * (_unit(source.flux[k]) - 1.0), color="black", lw=0.9, zorder=3)
    axes.set_yticks(range(len(rows)), [f"{phase:.1f}" for phase in phases], fontsize=7)
    for label, (_, source, _) in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_fontweight("normal" if source is series else "bold")
    axes.set_ylim(len(rows) + 0.5, -5.0)
    axes.set_xscale("log")
    _wave_ticks(axes, series.wave)
    axes.set_xlabel("Rest-frame wavelength [Å]")
    axes.set_ylabel("Rest-frame phase [d]; flux density of each spectrum, scaled")
    handles = [axes.plot([], [], color="black", lw=1.2, label="observed")[0]] if sparse is not None else []
    handles += [
        axes.plot([], [], color=_COLORS[0], lw=1.0, label="rebuilt")[0],
        axes.plot([], [], color=_COLORS[0], lw=1.0, alpha=_FAINT, label="covered by one spectrum only")[0],
        axes.plot([], [], color=_COLORS[0], lw=1.0, ls=":", label="bridged or extrapolated")[0],
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), fontsize=8, frameon=False)
    axes.set_title(_title(series), fontsize=11)
    return figure


def light_curves(
    series: SpectralSeries, sightline: Sightline, light_curve: LightCurve, bands: tuple[str, ...] | None = None
) -> Figure:
    """Observed photometry, the synthetic photometry of a series, and their difference.

    Parameters
    ----------
    series : SpectralSeries
        With a known ``mjd_ref``.
    sightline : Sightline
    light_curve : LightCurve
    bands : tuple of str, optional
        Which bands to draw; all of the light curve that the series covers at some phase when left out, the ones with
        most points if there are more than ten.

    Returns
    -------
    matplotlib.figure.Figure
        Curves are offset from each other by the stated magnitudes. The residual panel shows observed minus synthetic
        at the dates of the measurements, interpolated between phases of the series no more than 5 d apart.
    """
    drawn = _drawable(series, sightline, light_curve, bands)
    figure, axes = _figure(8.5, 8.0, rows=2, ratios=(3.0, 1.0))
    main, below = axes
    offset = 0.0
    for k, (name, magnitude) in enumerate(drawn):
        rows = light_curve.band == name
        phase = (light_curve.mjd[rows] - series.mjd_ref) / (1.0 + sightline.z)
        observed = njy_to_mag(light_curve.flux[rows])
        error = 2.5 / np.log(10.0) * light_curve.flux_err[rows] / np.abs(light_curve.flux[rows])
        style = {"color": _COLORS[k % len(_COLORS)], "fmt": _MARKERS[k % len(_MARKERS)], "ms": 3.5, "lw": 0.7}
        main.errorbar(phase, observed + offset, np.nan_to_num(error), mfc="none", **style)
        label = f"{name} {offset:+.1f}" if offset else name
        main.plot(series.phase, magnitude + offset, color=style["color"], lw=1.3, label=label)
        difference = observed - _interpolate(phase, series.phase, magnitude)
        below.errorbar(phase, difference, np.nan_to_num(error), mfc="none", **style)
        offset -= 0.7
    if not drawn:
        main.text(0.5, 0.5, "no observed band is covered by the series", transform=main.transAxes, ha="center")
    _finish_light_curves(figure, main, below, series)
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
    figure, axes = _figure(9.0, 7.5, columns=2)
    left, right = axes
    away = np.abs(rebuilt.phase[:, None] - observed.phase).min(axis=1)
    candidates = np.flatnonzero(rebuilt.covered.any(axis=1) & (away > 1.0))
    shown = candidates[np.linspace(0, candidates.size - 1, 7).astype(int)]
    for step, k in enumerate(shown):
        scale = 1.0 / np.nanmedian(truth.flux[k][rebuilt.covered[k]])
        left.plot(rebuilt.wave, truth.flux[k] * scale - 1.3 * step, color="black", lw=1.6)
        left.plot(rebuilt.wave, rebuilt.flux[k] * scale - 1.3 * step, color=_COLORS[1], lw=1.0)
        left.text(1.01, -1.3 * step + 0.7, f"{rebuilt.phase[k]:+.0f} d", transform=_beside(left), fontsize=8)
        difference = 100.0 * (rebuilt.flux[k] / truth.flux[k] - 1.0)
        right.plot(rebuilt.wave, difference - 60.0 * step, color=_COLORS[1], lw=0.9)
        right.axhline(-60.0 * step, color="black", lw=0.5)
    left.plot([], [], color="black", lw=1.6, label="truth")
    left.plot([], [], color=_COLORS[1], lw=1.0, label=f"rebuilt ({interpolator})")
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    left.set_ylabel("Flux density over median, offset")
    right.set_ylabel("Rebuilt minus truth [% of truth], offset by 60 each")
    right.yaxis.tick_right()
    right.yaxis.set_label_position("right")
    for panel in axes:
        panel.set_xlabel("Rest-frame wavelength [Å]")
    left.set_yticks([])
    return figure


def _figure(
    width: float, height: float, rows: int = 1, columns: int = 1, ratios: tuple[float, ...] | None = None
) -> tuple[Figure, Any]:
    """A figure that belongs to no window, so that nothing opens and nothing leaks."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, sharex=True, height_ratios=ratios)


def _waterfall_rows(series: SpectralSeries, sparse: SpectralSeries | None) -> list[tuple[float, SpectralSeries, int]]:
    """Phase, series and row of every spectrum to draw, in order of phase."""
    covered = np.flatnonzero(series.covered.any(axis=1))
    chosen = covered[np.unique(np.linspace(0, covered.size - 1, min(covered.size, _MAX_CURVES)).astype(int))]
    rows = [(float(series.phase[k]), series, int(k)) for k in chosen]
    if sparse is not None:
        rows += [(float(phase), sparse, i) for i, phase in enumerate(sparse.phase)]
    return sorted(rows, key=lambda row: row[0])


def _phase_colors(phase: Array) -> Array:
    from matplotlib import colormaps

    return np.asarray(colormaps["viridis"](0.85 * (phase - phase[0]) / max(float(np.ptp(phase)), 1.0)))


def _unit(flux: Array) -> Array:
    """Flux scaled to about 1, so that neither its median nor its brightest bins tower over the neighbors."""
    known = flux[np.isfinite(flux)]
    scale = max(float(np.median(known)), 0.4 * float(np.quantile(known, 0.98)), np.finfo(float).tiny)
    return np.asarray(np.clip(flux / scale, -0.5, 4.0))


def _draw_row(axes: Axes, series: SpectralSeries, k: int, y: float, color: Array) -> None:
    line = y - _ROW_HEIGHT * (_unit(series.flux[k]) - 1.0)
    styles: tuple[tuple[Origin, dict[str, Any]], ...] = (
        (Origin.OBSERVED, {}),
        (Origin.ONE_SIDED, {"alpha": _FAINT}),
        (Origin.EXTRAPOLATED, {"ls": ":"}),
    )
    for origin, style in styles:
        here = series.origin[k] == origin
        if here.any():
            axes.plot(series.wave, np.where(here, line, np.nan), color=tuple(color), lw=0.8, **style)


def _title(series: SpectralSeries) -> str:
    return " ".join(part for part in (series.name, f"({series.sn_type})" if series.sn_type else "") if part)


def _wave_ticks(axes: Axes, wave: Array) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    wanted = np.array([1500, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 10000, 13000, 17000, 22000], dtype=float)
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in wanted if wave[0] <= tick <= wave[-1]]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _drawable(
    series: SpectralSeries, sightline: Sightline, light_curve: LightCurve, bands: tuple[str, ...] | None
) -> list[tuple[str, Array]]:
    """Band names and synthetic magnitudes (n_phase,) that can be drawn, from blue to red."""
    names = sorted(light_curve.bands if bands is None else bands, key=lambda n: effective_wave(load_bands([n])[0]))
    flux, _ = synthetic_flux(series.flux, band_matrix(series.wave, names, sightline))
    known = [k for k in range(len(names)) if np.isfinite(flux[:, k]).any()]
    most = sorted(known, key=lambda k: -int(np.sum(light_curve.band == names[k])))[
        : _MAX_BANDS if bands is None else None
    ]
    return [(names[k], njy_to_mag(flux[:, k])) for k in known if k in most]


def _interpolate(at: Array, phase: Array, magnitude: Array, widest: float = 5.0) -> Array:
    """Magnitude at given phases; NaN unless two known phases at most ``widest`` days apart enclose them."""
    known = np.isfinite(magnitude)
    if known.sum() < 2:
        return np.full(at.shape, np.nan)
    x, y = phase[known], magnitude[known]
    right = np.clip(np.searchsorted(x, at), 1, x.size - 1)
    value = np.interp(at, x, y, left=np.nan, right=np.nan)
    return np.where(x[right] - x[right - 1] <= widest, value, np.nan)


def _finish_light_curves(figure: Figure, main: Axes, below: Axes, series: SpectralSeries) -> None:
    covered = series.phase[series.covered.any(axis=1)]
    if covered.size:
        margin = 0.05 * max(float(np.ptp(covered)), 10.0)
        main.set_xlim(covered[0] - margin, covered[-1] + margin)
    main.invert_yaxis()
    main.set_ylabel("AB magnitude + offset")
    main.set_title(_title(series) + ": points observed, curves from the series", fontsize=11)
    below.axhline(0.0, color="black", lw=0.6)
    below.set_ylim(0.55, -0.55)
    below.set_ylabel("Observed − series [mag]")
    below.set_xlabel("Rest-frame phase [d]")
    if any(not str(line.get_label()).startswith("_") for line in main.lines):
        figure.legend(loc="outside right upper", fontsize=8, frameon=False)


def _beside(axes: Axes) -> Any:
    from matplotlib.transforms import blended_transform_factory

    return blended_transform_factory(axes.transAxes, axes.transData)
