"""What series of measurements are off for good: offsets from one another, found with what they measure."""

import numpy as np

from sntransport.checks import Array

_STEPS = 12


def common_offsets(information: Array, pull: Array, scale: float, smooth: Array | None = None) -> tuple[Array, Array]:
    """Offsets with a Cauchy prior, and their errors.

    Parameters
    ----------
    information : ndarray, (n, n)
        ``Z.T @ inv(C) @ Z`` for data of covariance ``C``, where ``Z`` (n_obs, n) says which offset a datum has.
    pull : ndarray, (n,)
        ``Z.T @ inv(C) @ y`` for data ``y`` that have mean zero but for the offsets.
    scale : float
        Scale of the prior, whose long tails let one offset be large without a say in the others; 0: no offsets.
    smooth : ndarray, (n, n), optional
        Prior covariance of what else stays for good and is no offset; none: there is nothing else.

    Returns
    -------
    offset, offset_err : ndarray, (n,)
        Where there is no information, 0 and about the scale of the prior.

    Notes
    -----
    A Cauchy distribution is a Gaussian of unknown variance; mean and variance are found in turn (expectation
    maximization for the t distribution of one degree of freedom; Liu & Rubin 1995, Statistica Sinica 5, 19).
    """
    n = pull.size
    if scale == 0.0 or n == 0:
        return np.zeros(n), np.zeros(n)
    width = np.full(n, scale**2)
    other = np.zeros((n, n)) if smooth is None else smooth
    for _ in range(_STEPS):
        # What the data know is the sum of offsets and the rest: of covariance `total` before, `both` after.
        total = np.diag(width) + other
        share = width[:, None] * np.linalg.inv(total)
        both = np.linalg.inv(np.linalg.inv(total) + information)
        mean = share @ both @ pull
        variance = width - np.einsum("ij,ij->i", share, np.diag(width)) + np.einsum("ij,jk,ik->i", share, both, share)
        width = 0.5 * (scale**2 + mean**2 + variance)
    return mean, np.sqrt(variance)
