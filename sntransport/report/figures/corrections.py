"""Figures of K-corrections: over phase, over redshift, and a light curve taken to the rest frame."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport.photometry.bands import AnyBand, effective_wave, load_bands
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.report.figures.style import COLORS, LINES, MARKERS, new_figure
from sntransport.spectra.sightline import Sightline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sntransport._numerics.arrays import Array
    from sntransport.corrections.k_corrections import KCorrection
    from sntransport.corrections.luminosity import Bolometric
    from sntransport.corrections.rest_light_curve import RestLightCurve
    from sntransport.spectra.series import SpectralSeries


_MAX_LINES = 5


def peak_phase(series: SpectralSeries, band: AnyBand) -> float:
    """Phase at which a series is brightest in a rest-frame band [d]; NaN where it never covers the band."""
    matrix = band_matrix(series.wave, [band], Sightline(z=0.0, distance_modulus=0.0))
    flux = synthetic_flux(series.flux, matrix)[0][:, 0]
    return float(series.phase[np.nanargmax(flux)]) if np.isfinite(flux).any() else float("nan")


def k_correction_figure(result: KCorrection, name: str = "", at_phase: float = 0.0) -> Figure:
    """K against phase at up to five of the redshifts, and K against redshift at one phase, with their errors.

    Parameters
    ----------
    result : KCorrection
    name : str
        Of the supernova, for the title.
    at_phase : float [d]
        The phase of the right panel: the nearest of ``result.phase`` that has values. NaN: the first.

    Returns
    -------
    matplotlib.figure.Figure
    """
    z, phase = np.atleast_1d(result.z), np.atleast_1d(result.phase)
    value, sigma = (array.reshape(z.size, phase.size) for array in (result.value, result.sigma))
    figure, (left, right) = new_figure(9.5, 4.6, 1, 2)
    known = np.flatnonzero(np.isfinite(value).any(axis=1))
    drawn = known[np.unique(np.linspace(0, known.size - 1, min(known.size, _MAX_LINES)).astype(int))]
    order = np.argsort(phase)
    for k, row in enumerate(drawn):
        _line(left, phase[order], value[row, order], sigma[row, order], k=k, label=f"z = {z[row]:g}")
    column = _nearest_known(phase, value, at_phase)
    rank = np.argsort(z)
    _line(right, z[rank], value[rank, column], sigma[rank, column], k=0, label="")
    left.set_xlabel("Rest-frame phase [d]")
    right.set_xlabel("Redshift z")
    for axes in (left, right):
        axes.set_ylabel("K [mag]")
    if left.get_legend_handles_labels()[1]:
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False, fontsize=8)
    right.set_title(f"phase {phase[column]:+.1f} d", fontsize=9)
    if not known.size:
        left.text(0.5, 0.5, "no phase and redshift is covered", transform=left.transAxes, ha="center")
    systems = f"({result.system_rest}) to {result.band_obs} ({result.system_obs})"
    figure.suptitle(f"{name} K-correction, rest {result.band_rest} {systems}".strip(), fontsize=11)
    return figure


def rest_light_curve_figure(result: RestLightCurve) -> Figure:
    """Absolute magnitudes over phase by rest band, with the observed band that each came from.

    Parameters
    ----------
    result : RestLightCurve

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = new_figure(8.5, 5.5)
    for rest, obs, style in _styles(result):
        here = (result.band_rest == rest) & (result.band_obs == obs) & np.isfinite(result.mag)
        err = np.nan_to_num(result.mag_err[here])
        axes.errorbar(result.phase[here], result.mag[here], err, mfc="none", label=f"{rest} from {obs}", **style)
    axes.invert_yaxis()
    axes.set_xlabel("Rest-frame phase [d]")
    axes.set_ylabel(f"Absolute magnitude [{result.system}], free of dust")
    axes.set_title(f"{result.name} at rest, z = {result.sightline.z:g}".strip(), fontsize=11)
    if axes.get_legend_handles_labels()[1]:
        figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    else:
        axes.text(0.5, 0.5, "no point has a value", transform=axes.transAxes, ha="center")
    return figure


def _line(axes: Any, x: Array, y: Array, sigma: Array, *, k: int, label: str) -> None:
    color = COLORS[k % len(COLORS)]
    # A point between two gaps has no line to be seen by.
    alone = np.isfinite(y) & ~np.isfinite(np.append(y[1:], np.nan)) & ~np.isfinite(np.append(np.nan, y[:-1]))
    axes.plot(x, y, color=color, ls=LINES[k % len(LINES)], lw=1.4, label=label)
    axes.plot(x[alone], y[alone], color=color, marker=MARKERS[k], ls="none", ms=4)
    if np.isfinite(sigma).any():
        axes.fill_between(x, y - sigma, y + sigma, color=color, alpha=0.15, lw=0)


def _nearest_known(phase: Array, value: Array, wanted: float) -> int:
    """Column of the phase nearest to the wanted one among those with most values."""
    count = np.isfinite(value).sum(axis=0)
    away = np.abs(phase - wanted) if np.isfinite(wanted) else np.zeros_like(phase)
    return int(np.argmin(np.where(count == count.max(), away, np.inf)))


def _styles(result: RestLightCurve) -> list[tuple[str, str, dict[str, Any]]]:
    """Bands at rest and observed that have values, from blue to red: a color for the one, a marker for the other."""
    known = np.isfinite(result.mag)
    pairs = set(zip(result.band_rest[known].tolist(), result.band_obs[known].tolist(), strict=True))
    order = sorted(pairs, key=lambda pair: effective_wave(load_bands([pair[1]])[0]))
    rests = list(dict.fromkeys(rest for rest, _ in order))
    styles: list[tuple[str, str, dict[str, Any]]] = []
    for rest, obs in order:
        k, n = rests.index(rest), [done for done, _, _ in styles].count(rest)
        # Where colors come round again, the markers do not.
        marker = MARKERS[(n + 3 * (k // len(COLORS))) % len(MARKERS)]
        styles.append((rest, obs, {"color": COLORS[k % len(COLORS)], "fmt": marker, "ms": 4.0, "lw": 0.8}))
    return styles


def bolometric_figure(light: Bolometric) -> Figure:
    """Luminosity over phase with its error, and without what was added; below it the shares added or filled.

    Parameters
    ----------
    light : Bolometric

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 5.6), layout="constrained")
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.2))
    known = np.isfinite(light.luminosity) & (light.luminosity > 0)
    phase, value, error = light.phase[known], light.luminosity[known], light.luminosity_err[known]
    added = (light.share_uv + light.share_nir)[known]
    for part in np.split(np.arange(phase.size), np.flatnonzero(np.diff(phase) > 10.0) + 1) if phase.size else ():
        first = part[0] == 0
        marker = "." if part.size < 3 else ""
        name = "with what was added" if first else None
        top.plot(phase[part], value[part], color="#0072B2", marker=marker, label=name)
        if added.any():
            name = "covered wavelengths only" if first else None
            bare = value[part] * (1.0 - added[part])
            top.plot(phase[part], bare, color="#555555", lw=1.0, ls="--", marker=marker, label=name)
        low = np.maximum(value - error, 0.02 * value)
        top.fill_between(phase[part], low[part], (value + error)[part], color="#0072B2", alpha=0.25, lw=0)
        for kind, color, style in (("uv", "#D55E00", "-"), ("nir", "#009E73", "--"), ("filled", "#000000", ":")):
            share = getattr(light, f"share_{kind}")[known]
            label = {"uv": "added in the UV", "nir": "added in the IR", "filled": "filled"}[kind]
            below.plot(phase[part], share[part], color=color, ls=style, label=label if first else None)
    if not phase.size:
        top.text(0.5, 0.5, "no luminosity at any phase", transform=top.transAxes, ha="center")
    top.set(yscale="log", ylabel="Luminosity [erg/s]")
    top.set_title(f"{light.name}\n{fill(light.policy, 80)}", fontsize=10)
    below.set(xlabel="Rest-frame phase [d]", ylabel="Share", ylim=(-0.02, 1.02))
    if phase.size:
        upper = top.get_legend_handles_labels() if added.any() else ([], [])
        handles, labels = (a + b for a, b in zip(upper, below.get_legend_handles_labels(), strict=True))
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure
