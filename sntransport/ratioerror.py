"""The error of a magnitude difference of one spectrum: from its errors and a stated correlation, or from draws."""

from collections.abc import Sequence

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport.bandratio import Columns, Rows, means
from sntransport.spectra.series import SpectralSeries

ERROR_SCALE = 0.1
"""Distance in ln wavelength over which errors of a spectrum are taken to be correlated (to 1/e)."""

_TO_MAG = 2.5 / np.log(10.0)


def ratio_error(rows: Rows, first: Columns, second: Columns, scale: float = ERROR_SCALE) -> Array:
    """Error of the magnitude difference from the errors of the spectra.

    Parameters
    ----------
    rows : Rows
    first, second : Columns
        With as many redshifts, or one of them with one.
    scale : float
        Errors of two bins are taken to correlate as ``exp(-|d ln wavelength| / scale)``.

    Returns
    -------
    ndarray, (n_phase, n_z) [mag]
        First order. NaN where the error of a bin with flux is not known, or a band is not covered. An error common
        to both bands (a gray one) cancels, and that of a band against itself is 0.

    Raises
    ------
    ValueError
        Where ``scale`` is not positive.
    """
    if not scale > 0:
        raise ValueError(f"error_scale is {scale:g}, expected a positive distance in ln wavelength")
    if np.isnan(rows.flux_err).all():
        return np.full((rows.flux.shape[0], max(first.n_z, second.n_z)), np.nan)
    blocks = _blocks(rows.series.wave, scale)
    pull = _pull(rows, first, blocks) - _pull(rows, second, blocks)
    center = np.array([np.log(rows.series.wave[block]).mean() for block in blocks])
    factor = np.linalg.cholesky(np.exp(-np.abs(center[:, None] - center) / scale))
    with np.errstate(invalid="ignore"):
        variance = np.square(np.tensordot(factor.T, pull, axes=1)).sum(axis=0)
    return np.asarray(_TO_MAG * np.sqrt(variance))


def scatter(differences: Sequence[Array]) -> Array:
    """Standard deviation over draws, element by element; NaN where any draw is NaN."""
    return np.asarray(np.std(np.stack(differences), axis=0, ddof=1))


def require_draws(draws: Sequence[SpectralSeries]) -> None:
    """Raise a ValueError for a single draw; none at all is fine."""
    if len(draws) == 1:
        raise ValueError("draws has 1 series, expected 2 or more: one draw has no scatter")


def _blocks(wave: Array, scale: float) -> list[slice]:
    """Runs of bins much narrower than ``scale``: inside one of them errors are the same."""
    index = np.floor(np.log(wave / wave[0]) / (0.2 * scale)).astype(int)
    starts = np.flatnonzero(np.diff(index, prepend=-1))
    return [slice(int(a), int(b)) for a, b in zip(starts, [*starts[1:], wave.size], strict=True)]


def _pull(rows: Rows, seen: Columns, blocks: Sequence[slice]) -> Array:
    """What one standard deviation of each block changes in ln of the band flux, (n_block, n_phase, n_z)."""
    known, err = np.isfinite(rows.flux[:, seen.span]), rows.flux_err[:, seen.span]
    missing = (known & np.isnan(err)).astype(np.float64)
    err = np.where(known & np.isfinite(err), err, 0.0)
    flux, _ = means(rows, seen)
    norm = known.astype(np.float64) @ seen.cover_weight[:, seen.n_z :]
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where((flux > 0) & (missing @ seen.flux_weight == 0), 1.0 / (flux * norm), np.nan)
    pull = np.zeros((len(blocks), *flux.shape))
    for k, block in enumerate(blocks):
        # The same bins, counted from the first of the span.
        here = slice(max(block.start - seen.span.start, 0), max(block.stop - seen.span.start, 0))
        pull[k] = err[:, here] @ seen.flux_weight[here]
    return pull * scaled
