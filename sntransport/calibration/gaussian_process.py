"""What series of measurements are off for good: offsets from one another, found with what they measure."""

import numpy as np

from sntransport._numerics.arrays import Array


def common_offsets(information: Array, pull: Array, scale: Array, *, steps: int = 12) -> tuple[Array, Array]:
    """Offsets with a Cauchy prior each, and their errors.

    Parameters
    ----------
    information : ndarray, (n, n)
        ``Z.T @ inv(C) @ Z`` for data of covariance ``C``, where ``Z`` (n_obs, n) says which offsets a datum has.
    pull : ndarray, (n,)
        ``Z.T @ inv(C) @ y`` for data ``y`` that have mean zero but for the offsets.
    scale : ndarray, (n,)
        Scales of the priors, whose long tails let one offset be large without a say in the others; 0: no offset.
    steps : int
        Rounds of expectation maximization, from narrow to wide. Two explanations that compete need more of them.

    Returns
    -------
    offset, offset_err : ndarray, (n,)
        Where there is no information, 0 and the scale of the prior.

    Notes
    -----
    A Cauchy distribution is a Gaussian of unknown variance; mean and variance are found in turn (expectation
    maximization for the t distribution of one degree of freedom; Liu & Rubin 1995, Statistica Sinica 5, 19).
    """
    offset, offset_err = np.zeros(pull.size), np.zeros(pull.size)
    some = np.flatnonzero(scale > 0)
    if some.size == 0:
        return offset, offset_err
    information, pull, least = information[np.ix_(some, some)], pull[some], scale[some] ** 2
    width = least
    for _ in range(steps):
        covariance = np.linalg.inv(information + np.diag(1.0 / width))
        mean = covariance @ pull
        width = 0.5 * (least + mean**2 + np.diag(covariance))
    offset[some], offset_err[some] = mean, np.sqrt(np.diag(covariance))
    return offset, offset_err
