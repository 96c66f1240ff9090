"""`SpectralSeries`: rest-frame spectra of one supernova over phase, sparse as observed or dense as rebuilt."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_increasing, require_shape, set_fields
from sntransport._numerics.quantities import ANGSTROM, DAY, F_LAMBDA, MJD, bare, bare_number
from sntransport.spectra.phases import Neighbors, neighbors


class Origin(IntEnum):
    """Where a flux value came from."""

    NOT_COVERED = 0
    """Nothing is known here; the flux is NaN."""
    OBSERVED = 1
    """Observed, or interpolated between two spectra that both cover the wavelength."""
    ONE_SIDED = 2
    """Only one of the two neighbors in time covers the wavelength."""
    EXTRAPOLATED = 3
    """No data of its own: a masked stretch inside a spectrum that preparation bridged by a straight line, a bin that
    rests mostly on such, or what lies outside all data, at the caller's explicit request."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SpectralSeries:
    """Spectra of one supernova over phase: rest frame, at 10 pc, free of dust.

    Plain numbers are in the units below; an astropy ``Quantity`` is converted to them or refused, masked values become
    NaN.

    Parameters
    ----------
    phase : array_like, (n_phase,) [rest-frame d from ``mjd_ref``]
        Strictly increasing.
    wave : array_like, (n_wave,) [rest-frame A]
        Strictly increasing, positive.
    flux, flux_err : array_like, (n_phase, n_wave) [erg s-1 cm-2 A-1 at 10 pc]
        NaN exactly where ``origin`` is 0. ``flux_err`` is one standard deviation, not negative, and may be left out
        (None: unknown, NaN everywhere).
    origin : array_like of int, (n_phase, n_wave), or None
        Values of `Origin`. When None: 1 where the flux is finite, 0 elsewhere.
    name, sn_type : str
    mjd_ref : float [d]
        Observer-frame date of phase 0; NaN for a template that has none.

    Raises
    ------
    ValueError
        Where shapes differ, an axis is not strictly increasing, ``origin`` holds another value than 0 to 3, or flux
        is finite where ``origin`` is 0 (or the reverse).
    """

    phase: Array
    wave: Array
    flux: Array
    flux_err: Array = None  # type: ignore[assignment]  # an array after construction
    origin: NDArray[np.uint8] = None  # type: ignore[assignment]
    name: str = ""
    sn_type: str = ""
    mjd_ref: float = np.nan

    def __post_init__(self) -> None:
        phase, wave = readonly(self.phase, "phase", unit=DAY), readonly(self.wave, "wave", unit=ANGSTROM)
        require_increasing(phase, "phase")
        require_increasing(wave, "wave", positive=True)
        shape = (phase.size, wave.size)
        flux = readonly(self.flux, "flux", ndim=2, unit=F_LAMBDA, wave=wave)
        require_shape(flux, "flux", shape, "(n_phase, n_wave)")
        err = np.full(shape, np.nan) if self.flux_err is None else self.flux_err
        flux_err = readonly(err, "flux_err", ndim=2, unit=F_LAMBDA, wave=wave)
        require_shape(flux_err, "flux_err", shape, "(n_phase, n_wave)")
        origin = np.isfinite(flux) if self.origin is None else self.origin
        origin = readonly(origin, "origin", ndim=2, dtype=np.uint8)
        require_shape(origin, "origin", shape, "(n_phase, n_wave)")
        _check_values(flux, flux_err, origin)
        set_fields(self, phase=phase, wave=wave, flux=flux, flux_err=flux_err, origin=origin)
        set_fields(self, mjd_ref=bare_number(self.mjd_ref, "mjd_ref", MJD))

    @property
    def n_phase(self) -> int:
        """Number of phases."""
        return int(self.phase.size)

    @property
    def n_wave(self) -> int:
        """Number of wavelengths."""
        return int(self.wave.size)

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Where the flux is known, (n_phase, n_wave)."""
        return np.isfinite(self.flux)

    def at(self, phase: ArrayLike, max_gap: float = np.inf) -> "SpectraAt":
        """Spectra at any phases, linear in flux between its own.

        Parameters
        ----------
        phase : array_like, (n_phase,) [d]
            In any order.
        max_gap : float [d]
            Widest step between two phases of the series to interpolate over.

        Returns
        -------
        SpectraAt
            NaN outside the series, in wider steps, and in bins where either neighbor is NaN.

        Raises
        ------
        ValueError
            Where the series has no phases.
        """
        if not self.n_phase:
            raise ValueError(f"{self.name or 'the series'} has no phases: supply one spectrum or more")
        asked = np.atleast_1d(np.asarray(bare(phase, "phase", DAY), dtype=np.float64))
        return SpectraAt(series=self, place=neighbors(self.phase, asked, max_gap))


@dataclass(frozen=True, eq=False, kw_only=True)
class SpectraAt:
    """Spectra of a series at the phases asked for, worked out when first looked at; made by `SpectralSeries.at`."""

    series: SpectralSeries
    place: Neighbors

    @cached_property
    def flux(self) -> Array:
        """Flux (n_phase, n_wave), NaN where either neighbor is."""
        return self.place.mean(self.series.flux)

    @cached_property
    def filled(self) -> Array:
        """1 where a value rests on a bin without data of its own (`Origin.EXTRAPOLATED`), else 0."""
        marked = self.series.origin == Origin.EXTRAPOLATED
        known = np.isfinite(self.place.share)[:, None]
        return np.asarray((marked[self.place.left] | marked[self.place.right]) & known, dtype=np.float64)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which phases have any flux, (n_phase,)."""
        return np.asarray(np.isfinite(self.flux).any(axis=1))


def require_series(value: object, caller: str) -> None:
    """Raise a TypeError that says what to do unless ``value`` is a `SpectralSeries`: at rest, 10 pc, free of dust."""
    if not isinstance(value, SpectralSeries):
        raise TypeError(
            f"{caller} takes a SpectralSeries (rest frame, 10 pc, free of dust), got {type(value).__name__}; "
            "an ObservedSeries becomes one through sntransport.unobserve"
        )


def _check_values(flux: Array, flux_err: Array, origin: NDArray[np.uint8]) -> None:
    if origin.size and origin.max() > max(Origin):
        raise ValueError(f"origin has the value {int(origin.max())}, expected 0 to {int(max(Origin))}")
    if np.any(np.isinf(flux)) or np.any(np.isinf(flux_err)):
        raise ValueError("flux or flux_err is infinite somewhere")
    clash = np.isfinite(flux) != (origin != Origin.NOT_COVERED)
    if np.any(clash):
        i, j = (int(k[0]) for k in np.nonzero(clash))
        raise ValueError(
            f"flux[{i}, {j}] is {flux[i, j]:g} but origin[{i}, {j}] is {int(origin[i, j])}: "
            "flux is NaN exactly where origin is 0"
        )
    with np.errstate(invalid="ignore"):
        if np.any(flux_err < 0):
            raise ValueError("flux_err is negative somewhere")
