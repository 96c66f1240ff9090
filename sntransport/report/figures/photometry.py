"""Figures of light and color curves, observed, synthetic and simulated."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._numerics.units import MAG_PER_LN, mag_to_njy, njy_to_mag
from sntransport.photometry.bands import effective_wave, load_bands
from sntransport.photometry.synthetic import band_flux_err, band_matrix, synthetic_flux
from sntransport.report.figures.style import new_figure, style, title
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION, PHOTFLAG_SATURATED, PHOTFLAG_TRIGGER
from sntransport.spectra.observations import LightCurve
from sntransport.spectra.sightline import Sightline, phase_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sntransport._numerics.arrays import Array
    from sntransport.simulation.light_curves import LightCurves
    from sntransport.spectra.series import SpectralSeries

_MAX_BANDS = 10
_MAX_COLORS = 6
_OFFSET = 0.7
_SAME_NIGHT = 0.5
_APART = 0.08


def light_curves(
    series: SpectralSeries, sightline: Sightline, light_curve: LightCurve, bands: tuple[str, ...] | None = None
) -> Figure:
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

    Returns
    -------
    matplotlib.figure.Figure
        Curves are offset from each other by the stated magnitudes; shaded is their error, one standard deviation. The
        panels beside them show, for one band each, observed minus synthetic at the dates of the measurements,
        interpolated between phases of the series no more than 5 d apart, and that error about zero.
    """
    drawn = [
        (name, magnitude, _magnitude_err(series, sightline, name, magnitude))
        for name, magnitude in _drawable(series, sightline, light_curve, bands)
    ]
    figure, panels = new_figure(
        10.0, max(5.0, 1.2 + 0.75 * len(drawn)), max(len(drawn), 1), 2, width_ratios=(1.7, 1.0), squeeze=False,
        sharex=True,
    )  # fmt: skip
    main = _tall(figure, panels)
    for k, (name, magnitude, magnitude_err) in enumerate(drawn):
        offset, look = -_OFFSET * k, style(k)
        phase, observed, error = _points(series, sightline, light_curve, name)
        points = {"color": look["color"], "fmt": look["marker"], "ms": 3.5, "lw": 0.7, "mfc": "none"}
        main.errorbar(phase, observed + offset, error, **points)
        main.plot(series.phase, magnitude + offset, color=look["color"], lw=1.3)
        for axes, middle in ((main, magnitude + offset), (panels[k, 1], np.zeros(magnitude.size))):
            low, high = middle - magnitude_err, middle + magnitude_err
            axes.fill_between(series.phase, low, high, color=look["color"], alpha=0.25, lw=0)
        difference = observed - _interpolate(phase, series.phase, magnitude)
        panels[k, 1].errorbar(phase, difference, error, **points)
        label = f"{name}\n({offset:+.1f} mag)" if offset else name
        panels[k, 1].text(1.03, 0.5, label, transform=panels[k, 1].transAxes, va="center", fontsize=8)
    if not drawn:
        main.text(0.5, 0.5, "no observed band is covered by the series", transform=main.transAxes, ha="center")
    _finish(main, panels[:, 1], series)
    return figure


def color_curves(
    series: SpectralSeries,
    sightline: Sightline,
    light_curve: LightCurve | None = None,
    bands: Sequence[str] | None = None,
) -> Figure:
    """Colors of neighboring bands over phase: curves from the series, points observed.

    Parameters
    ----------
    series : SpectralSeries
    sightline : Sightline
    light_curve : LightCurve, optional
        A point is two measurements no more than 0.5 d apart (the nearest). Needs ``series.mjd_ref``.
    bands : sequence of str, optional
        Two or more; when left out, up to seven of the light curve: those with most points that differ by 8 % or more
        in effective wavelength.

    Returns
    -------
    matplotlib.figure.Figure
        A panel a color, AB magnitudes, as observed (with redshift and dust).

    Raises
    ------
    ValueError
        Where there are fewer than two bands to take colors of, or no light curve and no bands.
    """
    if light_curve is None and bands is None:
        raise ValueError("color_curves needs a light curve or the names of bands")
    nothing = np.empty(0)
    seen = light_curve or LightCurve(mjd=nothing, band=np.empty(0, dtype=str), flux=nothing, flux_err=nothing)
    names = _apart(seen) if bands is None else tuple(bands)
    curves = dict(_drawable(series, sightline, seen, names))
    if len(curves) < 2:
        raise ValueError(f"{series.name or 'series'}: fewer than two bands are covered, there is no color to draw")
    colors = list(pairwise(curves))
    figure, panels = new_figure(7.5, 1.2 + 1.45 * len(colors), len(colors), 1, sharex=True, squeeze=False)
    for k, (axes, (blue, red)) in enumerate(zip(panels[:, 0], colors, strict=True)):
        look = style(k)
        axes.plot(series.phase, curves[blue] - curves[red], color=look["color"], lw=1.3)
        phase, value, error = _observed_color(series, sightline, seen, blue, red)
        axes.errorbar(phase, value, error, color=look["color"], fmt=look["marker"], ms=3.5, lw=0.7, mfc="none")
        axes.text(1.01, 0.5, f"{blue}\n− {red}", transform=axes.transAxes, va="center", fontsize=8)
        axes.set_ylabel("[mag]")
    _limit_phase(panels[0, 0], series)
    panels[-1, 0].set_xlabel("Rest-frame phase [d]")
    panels[0, 0].set_title(
        title(series.name, series.sn_type, "colors (AB), points observed, curves from the series"), fontsize=11
    )
    return figure


def simulated_light_curve(curves: LightCurves, index: int) -> Figure:
    """One simulated light curve, a panel a band, with its detections.

    Parameters
    ----------
    curves : LightCurves
    index : int
        Which object.

    Returns
    -------
    matplotlib.figure.Figure
        Filled: detections; open: the rest; crosses: saturated. The star is the brightest phase without noise, the
        dashed line the date at which the trigger was complete.

    Raises
    ------
    IndexError
        Where there is no such object.
    """
    if not 0 <= index < curves.n_object:
        raise IndexError(f"object {index} of {curves.n_object}: expected 0 to {curves.n_object - 1}")
    rows = slice(int(curves.offset[index]), int(curves.offset[index + 1]))
    mjd, band, flag = curves.mjd[rows], curves.band[rows], curves.photflag[rows]
    shown = sorted(
        set(band.tolist()), key=lambda b: (curves.surveys[b], effective_wave(load_bands([curves.bands[b]])[0]))
    )
    columns = min(max(len(shown), 1), 3)
    lines = -(-max(len(shown), 1) // columns)
    figure, panels = new_figure(3.6 * columns, 1.5 + 2.2 * lines, lines, columns, sharex=True, squeeze=False)
    for k, (axes, b) in enumerate(zip(panels.flat, shown, strict=False)):
        here = band == b
        _draw_simulated(axes, mjd[here], curves.flux[rows][here], curves.flux_err[rows][here], flag=flag[here], k=k)
        axes.plot(curves.truth.peak_mjd[index, b], mag_to_njy(curves.truth.peak_mag[index, b]), "k*", ms=8, mfc="none")
        for date in mjd[(flag & PHOTFLAG_TRIGGER) > 0][:1]:
            axes.axvline(date, color="0.4", ls="--", lw=0.9)
        axes.axhline(0.0, color="0.6", lw=0.6)
        axes.set_title(f"{curves.bands[b]} ({curves.surveys[b]})", fontsize=9)
    for axes in panels.flat[len(shown) :]:
        axes.set_axis_off()
    for k in range(len(shown)):
        # The lowest of its column shows the dates.
        lowest = k + columns >= len(shown)
        panels.flat[k].tick_params(labelbottom=lowest, labelsize=8)
        panels.flat[k].set_xlabel("MJD [d]" if lowest else "")
    _name_simulated(figure, panels[0, 0], curves, index)
    return figure


def _draw_simulated(axes: Axes, mjd: Array, flux: Array, error: Array, *, flag: NDArray[np.int32], k: int) -> None:
    look = style(k)
    detected, saturated = (flag & PHOTFLAG_DETECTION) > 0, (flag & PHOTFLAG_SATURATED) > 0
    for rows, fill in ((~detected & ~saturated, "none"), (detected & ~saturated, look["color"])):
        axes.errorbar(
            mjd[rows], flux[rows], error[rows], color=look["color"], fmt=look["marker"], mfc=fill, ms=3.5, lw=0.7
        )
    # A saturated flux is not known: a cross at the upper edge says when it was.
    axes.plot(mjd[saturated], np.full(int(saturated.sum()), 0.96), "kx", ms=5, transform=axes.get_xaxis_transform())


def _name_simulated(figure: Figure, axes: Axes, curves: LightCurves, index: int) -> None:
    truth = curves.truth
    kind = int(truth.template[index])
    figure.supylabel("Flux [nJy]", fontsize=10)
    figure.suptitle(
        f"object {truth.object_id[index]}: {curves.template_names[kind]} ({curves.template_types[kind]}), "
        f"z = {truth.z[index]:.3f}", fontsize=11,
    )  # fmt: skip
    gray: dict[str, Any] = {"color": "0.35", "marker": "o", "ls": "none", "ms": 4}
    handles = [
        axes.plot([], [], label="detection", **gray)[0],
        axes.plot([], [], mfc="none", label="no detection", **gray)[0],
        axes.plot([], [], "kx", ms=5, label="saturated")[0],
        axes.plot([], [], "k*", ms=8, mfc="none", label="true peak")[0],
        axes.plot([], [], color="0.4", ls="--", label="trigger")[0],
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=8, frameon=False)


def _tall(figure: Figure, panels: Any) -> Axes:
    """The left column as one panel."""
    grid = panels[0, 0].get_gridspec()
    for axes in panels[:, 0]:
        axes.remove()
    return figure.add_subplot(grid[:, 0], sharex=panels[0, 1])


def _points(
    series: SpectralSeries, sightline: Sightline, light_curve: LightCurve, name: str
) -> tuple[Array, Array, Array]:
    """Phase, AB magnitude and its error (0 where not known) of the measurements in a band."""
    rows = light_curve.band == name
    phase = phase_of(light_curve.mjd[rows], series.mjd_ref, sightline.z)
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


def _limit_phase(axes: Axes, series: SpectralSeries) -> None:
    covered = series.phase[series.covered.any(axis=1)]
    if covered.size:
        margin = 0.05 * max(float(np.ptp(covered)), 10.0)
        axes.set_xlim(covered[0] - margin, covered[-1] + margin)


def _finish(main: Axes, strips: Sequence[Axes], series: SpectralSeries) -> None:
    _limit_phase(main, series)
    main.invert_yaxis()
    main.set_ylabel("AB magnitude + offset")
    main.set_xlabel("Rest-frame phase [d]")
    main.set_title(
        title(series.name, series.sn_type, "points observed, curves from the series, error shaded"), fontsize=11
    )
    for axes in strips:
        axes.axhline(0.0, color="black", lw=0.6)
        axes.set_ylim(0.55, -0.55)
        axes.tick_params(labelbottom=axes is strips[-1], labelsize=8)
    strips[0].set_title("Observed − series [mag]", fontsize=9)
    strips[-1].set_xlabel("Rest-frame phase [d]")
