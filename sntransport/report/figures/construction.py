"""Figures of how a series was made: pairs of spectra, shifts of features, what calibration did to the spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport.report.figures.panels import (
    color_bar,
    edges,
    fit_y,
    limit,
    new_figure,
    panel_heading,
    row_labels,
    wave_axis,
)
from sntransport.report.figures.style import (
    COLORS,
    DIVERGING,
    AnyStyle,
    Style,
    in_style,
    look,
    number_text,
    root_of,
    style_of,
    title,
)
from sntransport.transport.features import feature_shift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure, SubFigure
    from numpy.typing import NDArray

    from sntransport._numerics.arrays import Array
    from sntransport.spectra.series import SpectralSeries

_MAX_PAIRS = 40
_MAX_LINES = len(COLORS)
# Over less than 0.15 in ln wavelength a shift is a guess.
_LEAST_RANGE = 0.15


@answers_mistakes
@in_style
def weights_map(
    series: SpectralSeries, sparse: SpectralSeries, pairs: NDArray[np.int64], weight: Array, *,
    style: AnyStyle = None, figure: Figure | SubFigure | None = None,
) -> Figure:  # fmt: skip
    """Which pair of observed spectra made which phase: the two neighbors, or with ``build(weight=...)`` many.

    Parameters
    ----------
    series, sparse : SpectralSeries
        Rebuilt, and the observed spectra.
    pairs : ndarray of int, (n_pair, 2)
        Rows of ``sparse``.
    weight : ndarray, (n_phase, n_pair)
        Share of each pair in each phase.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    figure : Figure or SubFigure, optional
        Draw into this.

    Returns
    -------
    matplotlib.figure.Figure
        The 40 pairs that count most, in order of their middle, labeled by their phases; the lowest row is the sum of
        all others. Below: how many spectra share the work, ``1 / sum(share**2)`` with the share of a spectrum in its
        pairs by how near it is in time: 1 at a spectrum, 2 halfway between two alone. What a spectrum that does not
        cover a wavelength, or is noisy, has from its own neighbors is not counted.

    Raises
    ------
    ValueError
        Where there is no pair.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.report.figures import weights_map
    >>> result = snt.build(demo_supernova(), cadence=5.0)
    >>> weights_map(result.series, result.sparse, result.pairs, result.weight).savefig("weights.png")
    """
    if not len(pairs):
        raise ValueError(f"{series.name or 'series'}: there is no pair of spectra, and no weight to draw")
    share = np.nan_to_num(weight)
    strongest = np.argsort(-share.sum(axis=0), kind="stable")[:_MAX_PAIRS]
    middle = sparse.phase[pairs].mean(axis=1)
    rows = strongest[np.lexsort((np.ptp(sparse.phase[pairs[strongest]], axis=1), middle[strongest]))]
    rest = share.sum(axis=1) - share[:, rows].sum(axis=1)
    labels = [" – ".join(number_text(phase) for phase in sorted(set(sparse.phase[pairs[k]]))) for k in rows]
    picture = share[:, rows].T
    if len(pairs) > rows.size:
        labels.append(f"{len(pairs) - rows.size} others")
        picture = np.vstack([picture, rest])
    drawn = style_of(style, figure)
    figure, (top, below) = new_figure(
        drawn, 2.0 * drawn.scale + 0.16 * drawn.scale * max(len(labels), 12), 2, 1, figure=figure, sharex=True,
        height_ratios=(5, 1),
    )  # fmt: skip
    mesh = top.pcolormesh(
        edges(series.phase), np.arange(len(labels) + 1) - 0.5, np.where(picture > 0.005, picture, np.nan),
        cmap="viridis_r", vmin=0.0, vmax=max(float(picture.max()), 0.01), rasterized=True,
    )  # fmt: skip
    top.set_ylim(len(labels) - 0.5, -0.5)
    row_labels(top, labels, drawn)
    top.set_ylabel("Pair of observed spectra [rest-frame d]")
    panel_heading(top, title(series.name, series.sn_type, "which pair made which phase"), ())
    color_bar(mesh, top, drawn, "Share of the pair")
    effective = _effective_spectra(series.phase, sparse.phase, pairs, share)
    below.plot(series.phase, effective, color="black", lw=drawn.line)
    # The spectra that were used too: the last one may be later than the last phase.
    used = sparse.phase[pairs[share.any(axis=0)]].ravel()
    made = np.sort(np.concatenate([series.phase[share.any(axis=1)], used]))
    if made.size and np.ptp(made):
        top.set_xlim(made[0] - 0.02 * np.ptp(made), made[-1] + 0.02 * np.ptp(made))
    below.set_ylim(0.0, 1.12 * max(float(np.nanmax(effective, initial=1.0)), 1.0))
    left, right = top.get_xlim()
    seen = sparse.phase[(sparse.phase >= left) & (sparse.phase <= right)]
    # Inside the panel: a tick for each observed spectrum, from the lower edge up.
    below.vlines(seen, 0.0, 0.14, color="black", lw=drawn.line, transform=below.get_xaxis_transform())
    top.set_xlim(left, right)
    below.set(xlabel="Rest-frame phase [d] (ticks: observed spectra)", ylabel="Effective\nspectra")
    return root_of(figure)


def _effective_spectra(phase: Array, own: Array, pairs: NDArray[np.int64], share: Array) -> Array:
    """How many spectra at phases ``own`` share the work at each phase; NaN where none does."""
    before, after = own[pairs].T
    t = np.divide(phase[:, None] - before, after - before, out=np.zeros(share.shape), where=after > before)
    of_spectrum = np.zeros((phase.size, own.size))
    for column, (i, j) in enumerate(pairs):
        of_spectrum[:, i] += share[:, column] * (1.0 - t[:, column])
        of_spectrum[:, j] += share[:, column] * t[:, column]
    total = of_spectrum.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, total**2 / (of_spectrum**2).sum(axis=1), np.nan)


@answers_mistakes
@in_style
def transport_map(
    sparse: SpectralSeries, *, max_gap: float = 40.0, style: AnyStyle = None, figure: Figure | SubFigure | None = None
) -> Figure:
    """How far features move from each observed spectrum to the next, in km/s against wavelength.

    Parameters
    ----------
    sparse : SpectralSeries
        Observed spectra.
    max_gap : float [rest-frame d]
        Neighbors further apart are left out, and those that share less than 15 % in wavelength.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    figure : Figure or SubFigure, optional
        Draw into this.

    Returns
    -------
    matplotlib.figure.Figure
        Above: up to seven pairs as curves, the title says of how many; below: all. Positive: redward with time. See
        `sntransport.transport.interpolators.feature_shift`.

    Raises
    ------
    ValueError
        Where no two neighbors are left.

    Examples
    --------
    >>> from sntransport.calibration import prepare
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.report.figures import transport_map
    >>> transport_map(prepare(demo_supernova()).series).savefig("transport.png")
    """
    labels, shifts = [], []
    for k in range(sparse.n_phase - 1):
        shift = _shift(sparse, k)
        if sparse.phase[k + 1] - sparse.phase[k] <= max_gap and np.isfinite(shift).any():
            labels.append(f"{number_text(sparse.phase[k])} – {number_text(sparse.phase[k + 1])}")
            shifts.append(shift)
    if not shifts:
        raise ValueError(f"{sparse.name or 'series'}: no two neighboring spectra to draw a transport map of")
    picture = np.stack(shifts)
    drawn = style_of(style, figure)
    figure, (top, below) = new_figure(
        drawn, 3.6 * drawn.scale + 0.16 * drawn.scale * max(len(labels), 8), 2, 1, figure=figure, sharex=True,
        height_ratios=(1, 1.6),
    )  # fmt: skip
    lines = np.unique(np.linspace(0, len(labels) - 1, min(len(labels), _MAX_LINES)).astype(int))
    for n, k in enumerate(lines):
        top.plot(sparse.wave, picture[k], label=f"{labels[k]} d", **look(n, lines=True))
    top.axhline(0.0, color="0.6", lw=0.6 * drawn.line)
    top.set_ylabel("Shift [km/s]")
    mesh = _signed_map(below, sparse.wave, picture, labels, least=100.0, style=drawn)
    below.set_ylabel("From – to [rest-frame d]")
    wave_axis(below, _known_part(sparse.wave, picture), drawn)
    fit_y(top)
    color_bar(mesh, below, drawn, "Shift [km/s], redward positive")
    some = f" (curves: {lines.size} of {len(labels)} pairs)" if lines.size < len(labels) else ""
    panel_heading(top, title(sparse.name, sparse.sn_type, f"transport from each spectrum to the next{some}"))
    return root_of(figure)


@answers_mistakes
@in_style
def warp_map(
    observed: SpectralSeries, calibrated: SpectralSeries, *, style: AnyStyle = None,
    figure: Figure | SubFigure | None = None,
) -> Figure:  # fmt: skip
    """What the calibration did to every observed spectrum: it took its continuum to the level surface.

    Parameters
    ----------
    observed, calibrated : SpectralSeries
        The same spectra before and after, on one wavelength grid. Phases that only one of them has are left out.
    style : Style or str, optional
        "column", "page", "screen" or "talk".
    figure : Figure or SubFigure, optional
        Draw into this.

    Returns
    -------
    matplotlib.figure.Figure
        Left: calibrated minus observed in magnitudes against wavelength, its median over wavelength taken out: as
        smooth as a continuum (`sntransport.calibration.continuum`), so that no line is touched. Right: that median;
        beyond 5 mag (spectra in arbitrary units) an arrow stands for it.

    Raises
    ------
    ValueError
        Where they have no phase in common, or differ in wavelengths.

    Examples
    --------
    >>> from sntransport.calibration import prepare
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.report.figures import warp_map
    >>> sn = demo_supernova()
    >>> warp_map(prepare(sn).series, snt.build(sn, cadence=10.0).sparse).savefig("warp.png")
    """
    if not np.array_equal(observed.wave, calibrated.wave):
        raise ValueError("observed and calibrated spectra are on different wavelengths")
    phase, one, other = np.intersect1d(observed.phase, calibrated.phase, return_indices=True)
    if not phase.size:
        raise ValueError(f"{observed.name or 'series'}: no spectrum is both observed and calibrated")
    with np.errstate(divide="ignore", invalid="ignore"):
        warp = -2.5 * np.log10(calibrated.flux[other] / observed.flux[one])
    gray = np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in warp])
    color = warp - gray[:, None]
    drawn = style_of(style, figure)
    figure, (left, right) = new_figure(
        drawn, 1.8 * drawn.scale + 0.17 * drawn.scale * max(phase.size, 12), 1, 2, figure=figure, sharey=True,
        width_ratios=(3, 1),
    )  # fmt: skip
    mesh = _signed_map(left, observed.wave, color, [number_text(value) for value in phase], least=0.05, style=drawn)
    wave_axis(left, _known_part(observed.wave, color), drawn)
    left.set_ylabel("Observed spectrum, rest-frame phase [d]")
    panel_heading(left, title(observed.name, observed.sn_type, "warp of color"), ())
    color_bar(mesh, left, drawn, "Calibrated − observed [mag]")
    far = np.abs(gray) > 5.0
    right.barh(np.flatnonzero(~far), gray[~far], color=COLORS[0], height=0.7)
    for k in np.flatnonzero(far):
        right.plot(0.0, k, color=COLORS[1], marker=">" if gray[k] > 0 else "<")
    right.axvline(0.0, color="black", lw=0.6 * drawn.line)
    right.set_xlabel("Gray [mag]" if drawn.narrow else "Gray offset [mag]")
    _label_offset(right, gray[~far])
    if far.any():
        panel_heading(right, "arrows: arbitrary units", ())
    return root_of(figure)


def _label_offset(axes: Axes, gray: Array) -> None:
    """Zero and one round number at an axis too short for more."""
    known = gray[np.isfinite(gray)]
    largest = float(known[np.argmax(np.abs(known))]) if known.size else 0.0
    if not largest:
        axes.set_xticks([0.0], ["0"])
        return
    power = 10.0 ** np.floor(np.log10(abs(largest)))
    size = float(np.sign(largest) * power * max(k for k in (1, 2, 5) if k * power <= abs(largest)))
    axes.set_xticks([0.0, size], ["0", number_text(size, "g")])


def _shift(sparse: SpectralSeries, k: int) -> Array:
    """`feature_shift` of two neighboring spectra on their common wavelengths, NaN elsewhere."""
    shift = np.full(sparse.n_wave, np.nan)
    both = np.flatnonzero(sparse.covered[k : k + 2].all(axis=0))
    if both.size > 3 and np.log(sparse.wave[both[-1]] / sparse.wave[both[0]]) >= _LEAST_RANGE:
        # Features are of one run of wavelengths; holes between the first and the last are bridged by a line.
        span = slice(both[0], both[-1] + 1)
        wave = sparse.wave[span]
        fluxes = [np.maximum(np.interp(wave, sparse.wave[both], sparse.flux[row][both]), 0.0) for row in (k, k + 1)]
        if all(flux.max() > 0 for flux in fluxes):
            shift[span] = feature_shift(wave, *fluxes)
    return shift


def _known_part(wave: Array, picture: Array) -> Array:
    """Wavelengths from the first to the last at which any row has a value."""
    known = np.flatnonzero(np.isfinite(picture).any(axis=0))
    return wave[known[0] : known[-1] + 1] if known.size else wave


def _signed_map(
    axes: Axes, wave: Array, picture: Array, labels: Sequence[str], *, least: float, style: Style
) -> QuadMesh:
    """Rows (n_row, n_wave) as colors that diverge from 0, the first at the top; ``least`` is the smallest range."""
    size = limit(picture, least)
    rows = np.arange(len(labels) + 1) - 0.5
    mesh = axes.pcolormesh(edges(wave), rows, picture, cmap=DIVERGING, vmin=-size, vmax=size, rasterized=True)
    axes.set_facecolor("0.9")
    axes.set_ylim(len(labels) - 0.5, -0.5)
    row_labels(axes, labels, style)
    return mesh
