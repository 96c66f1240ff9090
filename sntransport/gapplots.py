"""Figure of the leave-out test of few supernovae: every rebuilt spectrum a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport.plotstyle import new_figure, style, title
from sntransport.validation.leave_out import BASELINE, GAP_EDGES, Triplets, gap_bin

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TICKS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


def triplet_figure(triplets: Triplets, floor: Triplets | None = None) -> Figure:
    """Feature residual of every hidden and rebuilt spectrum against the gap, and medians by gap.

    For many supernovae `sntransport.plots.ratio_figure` says it better: there every supernova counts the same.

    Parameters
    ----------
    triplets : Triplets
        From `sntransport.validation.leave_out.judge`.
    floor : Triplets, optional
        From `sntransport.validation.leave_out.noise_floor`; its median is the dashed line.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        Where no residual is known.
    """
    from matplotlib.ticker import FixedLocator, NullLocator

    if not np.isfinite(triplets.feature).any():
        raise ValueError("no hidden spectrum could be compared: nothing to draw")
    figure, axes = new_figure(7.5, 4.6)
    order = [BASELINE, *(name for name in triplets.interpolators if name != BASELINE)]
    for k, name in enumerate(order):
        error = 100.0 * triplets.feature[triplets.interpolators.index(name)]
        look = style(k)
        axes.plot(triplets.gap, error, ls="none", ms=3, alpha=0.3, mew=0, **look)
        gap, middle = _medians(triplets.gap, error)
        axes.plot(gap, middle, ms=6, lw=1.6, label=f"{name} (median)", **look)
    if floor is not None and np.isfinite(floor.feature).any():
        axes.axhline(
            100.0 * float(np.nanmedian(floor.feature)),
            color="0.3",
            ls="--",
            lw=1,
            label="two spectra of neighboring nights",
        )
    axes.set(xlabel="Gap between the two spectra [rest-frame d]", ylabel="Feature residual [%]", yscale="log")
    axes.yaxis.set_major_locator(FixedLocator(_TICKS))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter("{x:g}")
    names = sorted(set(triplets.supernova.tolist()))
    axes.set_title(
        title(names[0] if len(names) == 1 else f"{len(names)} supernovae", "", "hidden spectra rebuilt"), fontsize=11
    )
    figure.legend(loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    return figure


def _medians(gap: Array, error: Array) -> tuple[Array, Array]:
    """Median gap and error in each bin of gaps that has any."""
    bins = gap_bin(gap)
    filled = [np.isfinite(error) & (bins == b) for b in range(len(GAP_EDGES) - 1)]
    kept = [rows for rows in filled if rows.any()]
    return np.array([np.median(gap[rows]) for rows in kept]), np.array([np.median(error[rows]) for rows in kept])
