"""From two spectra to the ones in between: a family of functions with one signature.

Every function here is called as ``f(wave, flux_a, flux_b, t) -> (n_t, n_wave)`` with ``t`` in [0, 1] (0 is
``flux_a``), fluxes that are not negative, and both spectra covering all of ``wave``. Pass any of them, or your own, as
``interpolate=`` to `sntransport.build`. `feature_transport` has a module of its own: `features`.

An interpolator that needs more than two spectra says so by a method instead: `ForPair` is told the phases of the two,
`ForSupernova` first sees the supernova. The default of `build`, `class_transport` of
`sntransport.transport.templates`, is one of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_KMS
from sntransport.spectra.observations import Supernova
from sntransport.spectra.series import SpectralSeries
from sntransport.transport.exact import bin_edges, displace
from sntransport.transport.features import feature_transport

__all__ = [
    "ForPair", "ForSupernova", "Interpolator", "Paced", "feature_transport", "for_pair", "for_supernova", "linear",
    "log_linear", "sinkhorn", "unbalanced", "wasserstein",
]  # fmt: skip

Interpolator = Callable[[Array, Array, Array, Array], Array]
"""``f(wave, flux_a, flux_b, t) -> (n_t, n_wave)``."""


@runtime_checkable
class ForPair(Protocol):
    """An interpolation that depends on when the two spectra were taken.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from sntransport.transport.interpolators import ForPair, linear, log_linear
    >>> @dataclass
    ... class ByGap:
    ...     widest: float
    ...     def between(self, phase_a, phase_b):
    ...         return linear if phase_b - phase_a < self.widest else log_linear
    >>> isinstance(ByGap(5.0), ForPair)
    True
    """

    def between(self, phase_a: float, phase_b: float) -> Interpolator:
        """Return the interpolator of two spectra at these phases [rest-frame d], the earlier first."""
        ...


@runtime_checkable
class ForSupernova(Protocol):
    """An interpolation that depends on the supernova: its class, its photometry, its spectra.

    Examples
    --------
    >>> from sntransport.transport.interpolators import ForSupernova, linear, log_linear
    >>> class ByClass:
    ...     def for_supernova(self, sn, sparse):
    ...         return linear if sn.sn_type == "II" else log_linear
    >>> isinstance(ByClass(), ForSupernova)
    True
    """

    def for_supernova(self, sn: Supernova, sparse: SpectralSeries) -> Interpolator | ForPair:
        """Return what interpolates between the rows of ``sparse``, the prepared spectra of ``sn``."""
        ...


def for_supernova(
    interpolate: Interpolator | ForPair | ForSupernova, sn: Supernova, sparse: SpectralSeries
) -> Interpolator | ForPair:
    """Return what interpolates between spectra of one supernova; a plain interpolator is that itself."""
    return interpolate.for_supernova(sn, sparse) if isinstance(interpolate, ForSupernova) else interpolate


def for_pair(interpolate: Interpolator | ForPair, phase_a: float, phase_b: float) -> Interpolator:
    """Return the interpolator of one pair of spectra; a plain interpolator is that itself."""
    return interpolate.between(phase_a, phase_b) if isinstance(interpolate, ForPair) else interpolate


def interpolated(between: Interpolator, wave: Array, flux_a: Array, flux_b: Array, t: Array) -> Array:
    """What an interpolator gives, (n_t, n_wave), once it is found to be what one has to give.

    Raises
    ------
    ValueError
        Where it gives another shape, or something that is not finite between two spectra that are.
    """
    value = np.asarray(between(wave, flux_a, flux_b, t))
    name = getattr(between, "__name__", type(between).__name__)
    expected = (t.size, wave.size)
    if value.shape != expected:
        raise ValueError(
            f"the interpolator {name} returned {'None' if value.dtype == object else f'shape {value.shape}'}, expected "
            f"(n_t, n_wave) = {expected}: one row for each t"
        )
    if not np.all(np.isfinite(value)):
        raise ValueError(
            f"the interpolator {name} returned NaN or infinity in {int(np.sum(~np.isfinite(value)))} of {value.size} "
            f"values from {wave[0]:.0f} to {wave[-1]:.0f} A, expected finite fluxes: both spectra it got are finite"
        )
    return value


@dataclass(frozen=True, kw_only=True)
class Paced:
    """An interpolator on a path that is walked faster at first: a supernova changes more in the first half of a gap.

    The position along the path is ``t + pace t (1 - t)`` (``pace`` from -1 to 1: the position stays monotone and
    within 0 to 1). It is an interpolation for a pair because it must know which spectrum is the earlier.

    Examples
    --------
    >>> from sntransport.transport.interpolators import Paced, linear
    >>> early = Paced(interpolate=linear, pace=0.2).between(0.0, 10.0)
    >>> float(early(None, [1.0], [2.0], np.array([0.5]))[0, 0])
    1.55
    """

    interpolate: Interpolator
    pace: float

    def __post_init__(self) -> None:
        if not -1.0 <= self.pace <= 1.0:
            raise ValueError(f"pace is {self.pace}, expected -1 to 1")

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed, for the notes of a build."""
        return (f"interpolated at the pace of the class: half of the time is {0.5 + 0.25 * self.pace:.0%} of the way",)

    def between(self, phase_a: float, phase_b: float) -> Interpolator:
        """Return the interpolator of two spectra at these phases."""
        pace = self.pace if phase_a <= phase_b else -self.pace

        def paced(wave: Array, flux_a: Array, flux_b: Array, t: Array) -> Array:
            return self.interpolate(wave, flux_a, flux_b, t + pace * t * (1.0 - t))

        return paced


def wasserstein(wave: ArrayLike, flux_a: ArrayLike, flux_b: ArrayLike, t: ArrayLike) -> Array:
    """Exact Wasserstein-2 displacement, `sntransport.transport.displace` (Ramirez et al. 2024, arXiv:2409.10701).

    Examples
    --------
    >>> from sntransport.transport.interpolators import wasserstein
    >>> wave = np.arange(4000.0, 8001.0)
    >>> line = lambda center: np.exp(-0.5 * ((wave - center) / 100.0) ** 2)
    >>> float(wave[wasserstein(wave, line(5000.0), line(6000.0), 0.25)[0].argmax()])
    5250.0
    """
    return displace(wave, flux_a, flux_b, t)


def linear(wave: ArrayLike, flux_a: ArrayLike, flux_b: ArrayLike, t: ArrayLike) -> Array:
    """Linear interpolation of flux, bin by bin, (n_t, n_wave).

    Examples
    --------
    >>> from sntransport.transport.interpolators import linear
    >>> linear([5000.0, 6000.0], [1.0, 4.0], [4.0, 4.0], [0.0, 0.5])
    array([[1. , 4. ],
           [2.5, 4. ]])
    """
    a, b, s = _columns(flux_a, flux_b, t)
    return (1.0 - s) * a + s * b


def log_linear(wave: ArrayLike, flux_a: ArrayLike, flux_b: ArrayLike, t: ArrayLike) -> Array:
    """Linear interpolation of log flux, bin by bin, (n_t, n_wave); 0 strictly between where either flux is 0.

    Examples
    --------
    >>> from sntransport.transport.interpolators import log_linear
    >>> log_linear([5000.0, 6000.0], [1.0, 4.0], [4.0, 4.0], [0.0, 0.5])
    array([[1., 4.],
           [2., 4.]])
    """
    a, b, s = _columns(flux_a, flux_b, t)
    return np.asarray(a ** (1.0 - s) * b**s)


def sinkhorn(wave: ArrayLike, flux_a: ArrayLike, flux_b: ArrayLike, t: ArrayLike, *, width: float = 3000.0) -> Array:
    """Debiased entropic barycenter of POT, with distance measured in velocity.

    Parameters
    ----------
    wave, flux_a, flux_b, t
        See the module. The work grows with the square of ``n_wave``.
    width : float [km/s]
        Standard deviation of the Gaussian kernel; the entropic regularization is twice its square.

    Returns
    -------
    ndarray, (n_t, n_wave)
        Integrals as in `wasserstein`. Near the ends of ``wave`` and at t = 0 and 1 the inputs are returned only
        approximately.

    Notes
    -----
    Janati et al. 2020 (ICML), ``ot.bregman.barycenter_debiased``.

    Examples
    --------
    >>> from sntransport.transport.interpolators import sinkhorn
    >>> wave = np.linspace(4000.0, 8000.0, 200)
    >>> line = lambda center: 0.01 + np.exp(-0.5 * ((wave - center) / 150.0) ** 2)
    >>> halfway = sinkhorn(wave, line(5800.0), line(6200.0), 0.5)
    >>> print(f"{wave[halfway[0].argmax()]:.0f} A")
    5990 A
    """
    from ot.bregman import barycenter_debiased

    return _entropic(
        wave,
        flux_a,
        flux_b,
        t,
        width=width,
        solve=lambda a, m, reg, w: barycenter_debiased(a, m, reg, weights=w, warn=False),
    )


def unbalanced(
    wave: ArrayLike,
    flux_a: ArrayLike,
    flux_b: ArrayLike,
    t: ArrayLike,
    *,
    width: float = 3000.0,
    reach: float = 30000.0,
) -> Array:
    """Entropic unbalanced barycenter of POT: light may fade and brighten in place rather than travel far.

    Parameters
    ----------
    wave, flux_a, flux_b, t, width
        As in `sinkhorn`; the result is blurred by about ``width``.
    reach : float [km/s]
        Distance beyond which fading is cheaper than moving; the marginal relaxation is its square.

    Returns
    -------
    ndarray, (n_t, n_wave)
        Integrals as in `wasserstein`.

    Notes
    -----
    Chizat et al. 2018 (Math. Comp. 87, 2563), ``ot.unbalanced.barycenter_unbalanced``.

    Examples
    --------
    >>> from sntransport.transport.interpolators import unbalanced
    >>> wave = np.linspace(4000.0, 8000.0, 200)
    >>> line = lambda center: 0.01 + np.exp(-0.5 * ((wave - center) / 150.0) ** 2)
    >>> halfway = unbalanced(wave, line(5800.0), line(6200.0), 0.5)
    >>> print(f"{wave[halfway[0].argmax()]:.0f} A")
    5990 A
    """
    from ot.unbalanced import barycenter_unbalanced

    reg_m = (reach / C_KMS) ** 2
    return _entropic(
        wave,
        flux_a,
        flux_b,
        t,
        width=width,
        solve=lambda a, m, reg, w: barycenter_unbalanced(a, m, reg, reg_m, weights=w),
    )


def _columns(flux_a: ArrayLike, flux_b: ArrayLike, t: ArrayLike) -> tuple[Array, Array, Array]:
    position = np.atleast_1d(np.asarray(t, dtype=np.float64))[:, None]
    return np.asarray(flux_a, dtype=np.float64), np.asarray(flux_b, dtype=np.float64), position


def _entropic(
    wave: ArrayLike,
    flux_a: ArrayLike,
    flux_b: ArrayLike,
    t: ArrayLike,
    *,
    width: float,
    solve: Callable[[Array, Array, float, Array], Array],
) -> Array:
    """Barycenters of the two normalized mass vectors at every t, with the total flux put back."""
    a, b, position = _columns(flux_a, flux_b, t)
    bins = np.diff(bin_edges(wave))
    mass = np.array([a @ bins, b @ bins])
    shares = np.stack([a * bins / mass[0], b * bins / mass[1]], axis=1)
    log_wave = np.log(np.asarray(wave, dtype=np.float64))
    cost = (log_wave[:, None] - log_wave[None, :]) ** 2
    out = np.empty((position.size, a.size))
    for row, s in zip(out, position[:, 0], strict=True):
        share = solve(shares, cost, 2.0 * (width / C_KMS) ** 2, np.array([1.0 - s, s]))
        row[:] = share / share.sum() / bins * ((1.0 - s) * mass[0] + s * mass[1])
    return out
