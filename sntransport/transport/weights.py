"""How much each pair of spectra counts at a phase.

Every pair that brackets the phase gives a candidate. A weight function says how much it counts, from how far in time
its two spectra are and how badly its synthetic colors miss the observed ones (Ramirez et al. 2024, arXiv:2409.10701).
Pass your own as ``weight=`` to `sntransport.build`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import MAG_PER_LN
from sntransport.calibration.gray import gray_offset

PAPER_POWER = 2.0
"""Power of the days in the recipe of the paper: an inverse variance, with which far pairs still have a say."""

CLOSEST_POWER = 8.0
"""Power with which the closest pairs dominate: hidden spectra are rebuilt better than with `PAPER_POWER`."""

Weight = Callable[[Array, Array, Array], Array]
"""``f(days_before, days_after, mismatch) -> weight``, all (n_pair,); only ratios of weights matter."""


def paper_weight(
    days_before: Array,
    days_after: Array,
    mismatch: Array,
    *,
    epoch_power: float = CLOSEST_POWER,
    mismatch_scale: float = 0.1,
    mismatch_unknown: float = 0.1,
) -> Array:
    """Inverse variance of a candidate: ``1 / sigma**2``.

    Parameters
    ----------
    days_before, days_after : ndarray, (n_pair,) [rest-frame d]
        From the earlier spectrum to the phase, and from the phase to the later one; positive.
    mismatch : ndarray, (n_pair,) [mag]
        From `color_mismatch`; NaN where there is no photometry to judge by.
    epoch_power : float
        The larger, the more the closest pairs dominate. `sntransport.transport.paper_recipe` has `PAPER_POWER`.
    mismatch_scale : float [mag]
        A mismatch of this size doubles ``sigma**2``.
    mismatch_unknown : float [mag]
        Stands in for a mismatch that is not known, so that covering fewer bands is no advantage.

    Returns
    -------
    ndarray, (n_pair,)
        ``sigma**2 = B**epoch_power * (1 + (mismatch / mismatch_scale)**2)`` with
        ``B = days_before * days_after / (days_before + days_after)``, the variance of a Brownian bridge [d].
        The product (rather than a sum) lets a pair take over completely as the phase nears one of its spectra,
        so that the series passes through every observed spectrum.

    Examples
    --------
    >>> from sntransport.transport.weights import paper_weight
    >>> days_before, days_after = np.array([2.0, 4.0]), np.array([3.0, 6.0])
    >>> weight = paper_weight(days_before, days_after, np.zeros(2))
    >>> print((weight / weight.sum()).round(3))
    [0.996 0.004]
    """
    bridge = days_before * days_after / (days_before + days_after)
    miss = np.where(np.isfinite(mismatch), mismatch, mismatch_unknown)
    return np.asarray(1.0 / (bridge**epoch_power * (1.0 + (miss / mismatch_scale) ** 2)))


def epoch_weight(
    days_before: Array, days_after: Array, mismatch: Array, *, epoch_power: float = CLOSEST_POWER
) -> Array:
    """`paper_weight` without the photometric penalty, (n_pair,).

    Examples
    --------
    >>> from sntransport.transport.weights import epoch_weight
    >>> days_before, days_after = np.array([2.0, 2.2]), np.array([3.0, 3.3])
    >>> weight = epoch_weight(days_before, days_after, np.zeros(2))
    >>> print((weight / weight.sum()).round(3))
    [0.682 0.318]
    """
    return paper_weight(days_before, days_after, np.zeros_like(days_before), epoch_power=epoch_power)


def color_mismatch(synthetic: Array, observed: Array, observed_err: Array, floor: float = 0.03) -> tuple[Array, Array]:
    """How badly candidates miss the observed colors, after one gray factor each.

    Parameters
    ----------
    synthetic : ndarray, (n_pair, n_band) [nJy]
        NaN where the candidate does not cover the band.
    observed, observed_err : ndarray, (n_band,) [nJy]
        NaN where there is no photometry.
    floor : float
        Relative error added in quadrature to every band.

    Returns
    -------
    gray : ndarray, (n_pair,)
        ln of the factor that ties the candidate to the photometry; NaN without any common band.
    mismatch : ndarray, (n_pair,) [mag]
        Weighted rms of the remaining magnitude differences; NaN with fewer than two common bands.

    Examples
    --------
    >>> from sntransport.transport.weights import color_mismatch
    >>> synthetic = np.array([[1.0, 2.0], [1.0, 1.0]])
    >>> gray, mismatch = color_mismatch(synthetic, observed=np.array([2.0, 4.0]), observed_err=np.array([0.1, 0.1]))
    >>> print(np.exp(gray).round(2), mismatch.round(2))
    [2.   3.23] [0.   0.35]
    """
    shape = synthetic.shape
    seen, seen_err = np.broadcast_to(observed, shape), np.broadcast_to(observed_err, shape)
    gray = gray_offset(synthetic, seen, seen_err, floor)
    with np.errstate(invalid="ignore", divide="ignore"):
        miss = MAG_PER_LN * (np.log(seen / synthetic) - gray[:, None])
        weight = np.where(np.isfinite(miss), 1.0 / ((seen_err / seen) ** 2 + floor**2), 0.0)
        rms = np.sqrt((weight * np.nan_to_num(miss) ** 2).sum(axis=1) / weight.sum(axis=1))
    return gray, np.where((weight > 0).sum(axis=1) >= 2, rms, np.nan)
