"""Features of a light curve as anybody would write them: its shape and colors about maximum, and how well it was seen."""

import numpy as np

EDGES = (-25.0, -12.0, -5.0, 5.0, 12.0, 20.0, 30.0, 45.0, 65.0)
"""Edges of bins of days from maximum, in the observer frame."""

_FEWEST = 4


def features(curves) -> np.ndarray:
    """One row for each object of `sntransport.lightcurves.LightCurves`, NaN for what was not seen.

    Mean flux of every band in bins of days about the brightest detection, over the flux of that; its magnitude; ln of
    the largest signal to noise; detections above five standard deviations in each band. An object with fewer than four
    of these is NaN throughout.
    """
    n_bin, n_band = len(EDGES) - 1, len(curves.bands)
    out = np.full((curves.n_object, n_bin * n_band + 2 + n_band), np.nan)
    for row, start, stop in zip(out, curves.offset[:-1], curves.offset[1:], strict=True):
        span = slice(int(start), int(stop))
        _fill(row, curves.mjd[span], curves.band[span], curves.flux[span], curves.flux_err[span], n_band)
    return out


def _fill(row, mjd, band, flux, flux_err, n_band):
    known = np.isfinite(flux) & (flux_err > 0)
    mjd, band, flux, flux_err = mjd[known], band[known], flux[known], flux_err[known]
    seen = flux > 5.0 * flux_err
    if seen.sum() < _FEWEST:
        return
    # The second brightest of the detections in the middle band, so that one outlier does not set the scale.
    middle = seen & (band == n_band // 2) if (seen & (band == n_band // 2)).sum() > 1 else seen
    order = np.flatnonzero(middle)[np.argsort(-flux[middle])]
    top = order[min(1, order.size - 1)]
    place = np.searchsorted(EDGES, mjd - mjd[top]) - 1
    n_bin = len(EDGES) - 1
    inside = (place >= 0) & (place < n_bin)
    index, weight = (place + n_bin * band)[inside], flux_err[inside] ** -2
    total = np.bincount(index, weight, n_bin * n_band)
    mean = np.bincount(index, weight * flux[inside], n_bin * n_band)
    row[: n_bin * n_band] = np.where(total > 0, mean / np.where(total > 0, total, 1.0) / flux[top], np.nan).clip(-1, 4)
    row[n_bin * n_band] = 31.4 - 2.5 * np.log10(flux[top])
    row[n_bin * n_band + 1] = np.log((flux / flux_err).max())
    row[n_bin * n_band + 2 :] = np.bincount(band[seen], minlength=n_band)
