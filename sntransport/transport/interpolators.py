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
from functools import partial
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

# A Gaussian is followed down to 1e-260, since beside faint bins scalings are that large; products of less would be
# subnormal numbers, which are slow.
_REACH = 600.0
# POT's own most numbers of iterations; tens are enough for spectra.
_MOST_STEPS, _FADING_STEPS = 10_000, 1_000

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
    """Debiased entropic barycenter, with distance measured in velocity.

    Parameters
    ----------
    wave, flux_a, flux_b, t
        See the module. On a grid even in ln wavelength the work grows with ``n_wave`` times ``width``, else with the
        square of ``n_wave``.
    width : float [km/s]
        Standard deviation of the Gaussian kernel; the entropic regularization is twice its square.

    Returns
    -------
    ndarray, (n_t, n_wave)
        Integrals as in `wasserstein`; where one flux is zero everywhere, the other fades. Near the ends of ``wave`` and
        at t = 0 and 1 the inputs are returned only approximately. NaN where all light of the two is too far apart.

    Notes
    -----
    Janati et al. 2020 (ICML); ``ot.bregman.barycenter_debiased`` of POT, which is called where a
    grid is not even in ln wavelength, or bins are far from all light; elsewhere convolutions give the same.

    Examples
    --------
    >>> from sntransport.transport.interpolators import sinkhorn
    >>> wave = np.linspace(4000.0, 8000.0, 200)
    >>> line = lambda center: 0.01 + np.exp(-0.5 * ((wave - center) / 150.0) ** 2)
    >>> halfway = sinkhorn(wave, line(5800.0), line(6200.0), 0.5)
    >>> print(f"{wave[halfway[0].argmax()]:.0f} A")
    5990 A
    """
    return _entropic(wave, flux_a, flux_b, t, width=width, solve=_debiased, elsewhere=_debiased_of_pot)


def unbalanced(
    wave: ArrayLike,
    flux_a: ArrayLike,
    flux_b: ArrayLike,
    t: ArrayLike,
    *,
    width: float = 3000.0,
    reach: float = 30000.0,
) -> Array:
    """Entropic unbalanced barycenter: light may fade and brighten in place rather than travel far.

    Parameters
    ----------
    wave, flux_a, flux_b, t, width
        As in `sinkhorn`; the result is blurred by about ``width``.
    reach : float [km/s]
        Distance beyond which fading is cheaper than moving; the marginal relaxation is its square.

    Returns
    -------
    ndarray, (n_t, n_wave)
        Integrals as in `wasserstein`; where one flux is zero everywhere, the other fades.

    Notes
    -----
    Chizat et al. 2018 (Math. Comp. 87, 2563), as ``ot.unbalanced.barycenter_unbalanced`` of POT has it, also where
    bins are out of reach of all light. Where no light of one spectrum is in reach of the other's, each fades in place.

    Examples
    --------
    >>> from sntransport.transport.interpolators import unbalanced
    >>> wave = np.linspace(4000.0, 8000.0, 200)
    >>> line = lambda center: 0.01 + np.exp(-0.5 * ((wave - center) / 150.0) ** 2)
    >>> halfway = unbalanced(wave, line(5800.0), line(6200.0), 0.5)
    >>> print(f"{wave[halfway[0].argmax()]:.0f} A")
    5990 A
    """
    # Of entropy and fading, the share that fading has in the power of a scaling.
    power = reach**2 / (reach**2 + 2.0 * width**2)
    out = _entropic(
        wave, flux_a, flux_b, t, width=width, solve=partial(_fading, power=power),
        elsewhere=partial(_fading_dense, power=power),
    )  # fmt: skip
    apart = np.any(~np.isfinite(out), axis=1, keepdims=True)
    return np.where(apart, linear(wave, flux_a, flux_b, t), out) if apart.any() else out


def _columns(flux_a: ArrayLike, flux_b: ArrayLike, t: ArrayLike) -> tuple[Array, Array, Array]:
    position = np.atleast_1d(np.asarray(t, dtype=np.float64))[:, None]
    return np.asarray(flux_a, dtype=np.float64), np.asarray(flux_b, dtype=np.float64), position


class _Blur:
    """A Gaussian of the distance between bins that are even in ln wavelength, exp(-distance^2 / entropy), to multiply
    columns (n_wave, n) with: a convolution, as far as the Gaussian reaches."""

    def __init__(self, step: float, n_wave: int, entropy: float) -> None:
        distance = step * np.arange(n_wave)
        half = np.exp(-(distance[distance <= np.sqrt(_REACH * entropy)] ** 2) / entropy)
        self._taps = np.concatenate([half[:0:-1], half])

    def __call__(self, columns: Array) -> Array:
        """Each of the columns blurred."""
        from sntransport.transport import _kernels

        out = np.empty(columns.shape[::-1])
        _kernels.convolve_rows(np.ascontiguousarray(columns.T), self._taps, out)
        return np.ascontiguousarray(out.T)


def _debiased(shares: Array, blur: _Blur, weight: Array) -> Array:
    """Debiased Sinkhorn barycenter (n,) of two columns (n, 2) (Janati et al. 2020, algorithm 1), or NaN.

    Iterations end, as those of POT, where in every tenth after twenty no bin changes by more than 1e-4 of all light.
    """
    scaling = blur(shares / blur(np.ones(shares.shape)))
    scaling = np.exp(np.log(scaling).mean(axis=1))[:, None] / scaling
    bias, mean = np.ones((len(shares), 1)), np.ones((len(shares), 1))
    for step in range(1, _MOST_STEPS + 1):
        before = mean
        moved = blur(shares / blur(scaling))
        mean = bias * np.exp(np.log(moved) @ weight)[:, None]
        scaling = mean / moved
        bias = np.sqrt(bias * mean / blur(bias))
        if not np.all(np.isfinite(scaling)):
            # Light so far from a bin that the kernel between them is zero.
            return np.full(len(shares), np.nan)
        if step % 10 == 0 and step > 20 and np.abs(mean - before).max() / max(float(mean.max()), 1.0) < 1e-4:
            break
    return np.asarray(mean[:, 0])


def _fading(shares: Array, blur: Callable[[Array], Array], weight: Array, *, power: float) -> Array:
    """Unbalanced barycenter (n,) of two columns (n, 2) by scaling (Chizat et al. 2018, section 5.2), or NaN.

    Iterations end, as those of POT, where after eleven no bin changes by more than 1e-6 of all light.
    """
    other, mean = np.ones(shares.shape), np.ones(len(shares))
    for step in range(_FADING_STEPS):
        before = mean
        # Bins beyond the reach of all light have none, and take no part.
        moved = blur(np.divide(shares, blur(other), out=np.zeros(shares.shape), where=shares > 0) ** power)
        if step == 0 and not np.any(np.all(moved > 0, axis=1)):
            # No light of one is in reach of the other's, and the weights alone, to a high power, would choose.
            return np.full(len(shares), np.nan)
        mean = (moved ** (1.0 - power) @ weight) ** (1.0 / (1.0 - power))
        other = np.divide(mean[:, None], moved, out=np.zeros(shares.shape), where=moved > 0) ** power
        change = np.abs(mean - before).max() / max(float(mean.max()), float(before.max()), 1.0)
        if change < 1e-6 and step > 10:
            break
    return np.asarray(mean)


def _debiased_of_pot(shares: Array, cost: Array, entropy: float, weight: Array) -> Array:
    from ot.bregman import barycenter_debiased

    return np.asarray(barycenter_debiased(shares, cost, entropy, weights=weight, warn=False))


def _fading_dense(shares: Array, cost: Array, entropy: float, weight: Array, *, power: float) -> Array:
    kernel = np.exp(-np.minimum(cost / entropy, _REACH))
    kernel[cost > _REACH * entropy] = 0.0
    return _fading(shares, lambda columns: np.asarray(kernel @ columns), weight, power=power)


def _entropic(
    wave: ArrayLike, flux_a: ArrayLike, flux_b: ArrayLike, t: ArrayLike, *, width: float,
    solve: Callable[[Array, _Blur, Array], Array], elsewhere: Callable[[Array, Array, float, Array], Array],
) -> Array:  # fmt: skip
    """Barycenters of the two normalized mass vectors at every t, with the total flux put back.

    ``solve`` takes the blur of a grid that is even in ln wavelength, and ``elsewhere`` the cost of any other, or where
    the first finds nothing finite.
    """
    a, b, position = _columns(flux_a, flux_b, t)
    bins = np.diff(bin_edges(wave))
    mass = np.array([a @ bins, b @ bins])
    if np.any(mass == 0):
        return (1.0 - position) * a + position * b
    shares = np.stack([a * bins / mass[0], b * bins / mass[1]], axis=1)
    log_wave = np.log(np.asarray(wave, dtype=np.float64))
    entropy = 2.0 * (width / C_KMS) ** 2
    # Bins that are uneven by rounding alone count as even.
    even = np.abs(log_wave - np.linspace(log_wave[0], log_wave[-1], log_wave.size)).max() <= 1e-12
    blur = _Blur((log_wave[-1] - log_wave[0]) / (log_wave.size - 1), log_wave.size, entropy) if even else None
    out = np.empty((position.size, a.size))
    for row, s in zip(out, position[:, 0], strict=True):
        weight = np.array([1.0 - s, s])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            share = np.full(a.size, np.nan) if blur is None else solve(shares, blur, weight)
            if not np.all(np.isfinite(share)):
                share = elsewhere(shares, (log_wave[:, None] - log_wave) ** 2, entropy, weight)
            row[:] = share / share.sum() / bins * ((1.0 - s) * mass[0] + s * mass[1])
        if s in (0.0, 1.0) and not np.all(np.isfinite(row)):
            row[:] = b if s else a
    return out
