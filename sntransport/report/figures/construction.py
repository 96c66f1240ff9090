"""Figures of how a series was made: pairs of spectra, shifts of features, what calibration did to the spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sntransport.report.figures.style import DIVERGING, edges, limit, new_figure, row_labels, style, title, wave_axis
from sntransport.transport.features import feature_shift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sntransport._numerics.arrays import Array
    from sntransport.spectra.series import SpectralSeries

_MAX_PAIRS = 40
_MAX_LINES = 5
# Over less than 0.15 in ln wavelength a shift is a guess.
_LEAST_RANGE = 0.15


def weights_map(series: SpectralSeries, sparse: SpectralSeries, pairs: NDArray[np.int64], weight: Array) -> Figure:
    """Which pair of observed spectra made which phase: the two neighbors, or with ``build(weight=...)`` many.

    Parameters
    ----------
    series, sparse : SpectralSeries
        Rebuilt, and the observed spectra.
    pairs : ndarray of int, (n_pair, 2)
        Rows of ``sparse``.
    weight : ndarray, (n_phase, n_pair)
        Share of each pair in each phase.

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
    """
    if not len(pairs):
        raise ValueError(f"{series.name or 'series'}: there is no pair of spectra, and no weight to draw")
    share = np.nan_to_num(weight)
    strongest = np.argsort(-share.sum(axis=0), kind="stable")[:_MAX_PAIRS]
    middle = sparse.phase[pairs].mean(axis=1)
    rows = strongest[np.lexsort((np.ptp(sparse.phase[pairs[strongest]], axis=1), middle[strongest]))]
    rest = share.sum(axis=1) - share[:, rows].sum(axis=1)
    labels = [" – ".join(f"{phase:.1f}" for phase in sorted(set(sparse.phase[pairs[k]]))) for k in rows]
    picture = share[:, rows].T
    if len(pairs) > rows.size:
        labels.append(f"{len(pairs) - rows.size} others")
        picture = np.vstack([picture, rest])
    figure, (top, below) = new_figure(8.5, 2.6 + 0.15 * max(len(labels), 12), 2, 1, sharex=True, height_ratios=(5, 1))
    mesh = top.pcolormesh(
        edges(series.phase), np.arange(len(labels) + 1) - 0.5, np.where(picture > 0.005, picture, np.nan),
        cmap="viridis_r", vmin=0.0, vmax=max(float(picture.max()), 0.01), rasterized=True,
    )  # fmt: skip
    top.invert_yaxis()
    row_labels(top, labels)
    top.set_ylabel("Pair of observed spectra [rest-frame d]")
    top.set_title(title(series.name, series.sn_type, "which pair made which phase"), fontsize=11)
    figure.colorbar(mesh, ax=top, label="Share of the pair", aspect=30)
    below.plot(series.phase, _effective_spectra(series.phase, sparse.phase, pairs, share), color="black", lw=1)
    made = series.phase[share.any(axis=1)]
    if made.size > 1:
        top.set_xlim(made[0] - 0.02 * np.ptp(made), made[-1] + 0.02 * np.ptp(made))
    left, right = top.get_xlim()
    drawn = sparse.phase[(sparse.phase >= left) & (sparse.phase <= right)]
    below.plot(drawn, np.zeros(drawn.size), "k|", ms=8, clip_on=False)
    top.set_xlim(left, right)
    below.set_ylim(bottom=0.0)
    below.set(xlabel="Rest-frame phase [d] (ticks: observed spectra)", ylabel="Effective\nspectra")
    return figure


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


def transport_map(sparse: SpectralSeries, *, max_gap: float = 40.0) -> Figure:
    """How far features move from each observed spectrum to the next, in km/s against wavelength.

    Parameters
    ----------
    sparse : SpectralSeries
        Observed spectra.
    max_gap : float [rest-frame d]
        Neighbors further apart are left out, and those that share less than 15 % in wavelength.

    Returns
    -------
    matplotlib.figure.Figure
        Above: up to five pairs as curves; below: all. Positive: redward with time. See
        `sntransport.transport.interpolators.feature_shift`.

    Raises
    ------
    ValueError
        Where no two neighbors are left.
    """
    labels, shifts = [], []
    for k in range(sparse.n_phase - 1):
        shift = _shift(sparse, k)
        if sparse.phase[k + 1] - sparse.phase[k] <= max_gap and np.isfinite(shift).any():
            labels.append(f"{sparse.phase[k]:.1f} – {sparse.phase[k + 1]:.1f}")
            shifts.append(shift)
    if not shifts:
        raise ValueError(f"{sparse.name or 'series'}: no two neighboring spectra to draw a transport map of")
    picture = np.stack(shifts)
    figure, (top, below) = new_figure(8.5, 4.6 + 0.14 * max(len(labels), 8), 2, 1, sharex=True, height_ratios=(1, 1.6))
    for n, k in enumerate(np.unique(np.linspace(0, len(labels) - 1, min(len(labels), _MAX_LINES)).astype(int))):
        top.plot(sparse.wave, picture[k], lw=1.3, label=f"{labels[k]} d", **style(n, lines=True))
    top.axhline(0.0, color="0.6", lw=0.6)
    top.set_ylabel("Shift of features [km/s]")
    top.set_title(title(sparse.name, sparse.sn_type, "transport from each spectrum to the next"), fontsize=11)
    mesh = _signed_map(below, sparse.wave, picture, labels, least=100.0)
    below.set_ylabel("From – to [rest-frame d]")
    wave_axis(below, sparse.wave)
    figure.colorbar(mesh, ax=below, label="Shift [km/s], redward positive", aspect=30)
    figure.legend(loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    return figure


def warp_map(observed: SpectralSeries, calibrated: SpectralSeries) -> Figure:
    """What the calibration did to every observed spectrum: it took its continuum to the level surface.

    Parameters
    ----------
    observed, calibrated : SpectralSeries
        The same spectra before and after, on one wavelength grid. Phases that only one of them has are left out.

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
    figure, (left, right) = new_figure(9.0, 2.2 + 0.17 * max(phase.size, 12), 1, 2, sharey=True, width_ratios=(3, 1))
    mesh = _signed_map(left, observed.wave, color, [f"{value:.1f}" for value in phase], least=0.05)
    wave_axis(left, observed.wave)
    left.set_ylabel("Observed spectrum, rest-frame phase [d]")
    left.set_title(title(observed.name, observed.sn_type, "warp of color"), fontsize=11)
    figure.colorbar(mesh, ax=left, label="Calibrated − observed [mag]", aspect=30)
    far = np.abs(gray) > 5.0
    right.barh(np.flatnonzero(~far), gray[~far], color=style(0)["color"], height=0.7)
    for k in np.flatnonzero(far):
        right.plot(0.0, k, color=style(1)["color"], marker=">" if gray[k] > 0 else "<", ms=5)
    right.axvline(0.0, color="black", lw=0.6)
    right.set_xlabel("Gray offset [mag]")
    right.locator_params(axis="x", nbins=3)
    right.set_title("arrows: arbitrary units" if far.any() else "gray offset", fontsize=9)
    return figure


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


def _signed_map(axes: Axes, wave: Array, picture: Array, labels: Sequence[str], *, least: float) -> QuadMesh:
    """Rows (n_row, n_wave) as colors that diverge from 0, the first at the top; ``least`` is the smallest range."""
    size = limit(picture, least)
    rows = np.arange(len(labels) + 1) - 0.5
    mesh = axes.pcolormesh(edges(wave), rows, picture, cmap=DIVERGING, vmin=-size, vmax=size, rasterized=True)
    axes.set_facecolor("0.9")
    axes.invert_yaxis()
    row_labels(axes, labels)
    return mesh
