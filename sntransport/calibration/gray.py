"""The one factor that ties spectra to photometry."""

import numpy as np

from sntransport._numerics.arrays import Array


def gray_offset(synthetic: Array, observed: Array, observed_err: Array, floor: float = 0.03) -> Array:
    """Ln of the one factor that best ties spectra to photometry.

    Parameters
    ----------
    synthetic, observed, observed_err : ndarray, (n_phase, n_band) [nJy]
        NaN where not known.
    floor : float
        Relative error added in quadrature to every band.

    Returns
    -------
    ndarray, (n_phase,)
        Inverse-variance mean of ln(observed / synthetic); NaN where no band has both.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        good = (synthetic > 0) & (observed > 0) & np.isfinite(observed_err)
        ratio = np.where(good, np.log(observed / synthetic), 0.0)
        weight = np.where(good, 1.0 / ((observed_err / observed) ** 2 + floor**2), 0.0)
        total = weight.sum(axis=1)
        return np.where(total > 0, (weight * ratio).sum(axis=1) / total, np.nan)
