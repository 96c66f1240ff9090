"""Features of a light curve as anybody would write them: shape and colors about maximum, and how well it was seen."""

import numpy as np

EDGES = (-25.0, -12.0, -5.0, 5.0, 12.0, 20.0, 30.0, 45.0, 65.0)
"""Edges of bins of days from maximum, in the observer frame."""

_FEWEST = 4


def features(curves) -> np.ndarray:
    """`row` of each object of `sntransport.simulation.light_curves.LightCurves`, (n_object, n_feature)."""
    spans = [slice(int(a), int(b)) for a, b in zip(curves.offset[:-1], curves.offset[1:], strict=True)]
    columns = curves.mjd, curves.band, curves.flux, curves.flux_err
    return np.stack([row(*(column[span] for column in columns), len(curves.bands)) for span in spans])


def row(mjd, band, flux, flux_err, n_band: int) -> np.ndarray:
    """Features of one light curve, NaN for what was not seen.

    Mean flux of every band in bins of days about the brightest detection, over the flux of that; its magnitude; ln of
    the largest signal to noise; detections above five standard deviations in each band. An object with fewer than four
    of these is NaN throughout.
    """
    n_bin = len(EDGES) - 1
    out = np.full(n_bin * n_band + 2 + n_band, np.nan)
    known = np.isfinite(flux) & (flux_err > 0)
    mjd, band, flux, flux_err = mjd[known], band[known], flux[known], flux_err[known]
    seen = flux > 5.0 * flux_err
    if seen.sum() < _FEWEST:
        return out
    # The second brightest of the detections in the middle band, so that one outlier does not set the scale.
    middle = seen & (band == n_band // 2) if (seen & (band == n_band // 2)).sum() > 1 else seen
    order = np.flatnonzero(middle)[np.argsort(-flux[middle])]
    top = order[min(1, order.size - 1)]
    place = np.searchsorted(EDGES, mjd - mjd[top]) - 1
    inside = (place >= 0) & (place < n_bin)
    index, weight = (place + n_bin * band)[inside], flux_err[inside] ** -2
    total = np.bincount(index, weight, n_bin * n_band)
    mean = np.bincount(index, weight * flux[inside], n_bin * n_band)
    shape = np.where(total > 0, mean / np.where(total > 0, total, 1.0) / flux[top], np.nan)
    out[: n_bin * n_band] = shape.clip(-1, 4)
    out[n_bin * n_band] = 31.4 - 2.5 * np.log10(flux[top])
    out[n_bin * n_band + 1] = np.log((flux / flux_err).max())
    out[n_bin * n_band + 2 :] = np.bincount(band[seen], minlength=n_band)
    return out
