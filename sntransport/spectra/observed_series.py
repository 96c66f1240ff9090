"""`ObservedSeries`: the spectra of a supernova as they arrive, redshifted, dimmed and with all dust on them.

A type of its own, so that light with dust on it is never taken for light without: whatever works on a `SpectralSeries`
refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array, set_fields
from sntransport._numerics.quantities import ANGSTROM, DAY
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.axis_selection import rows_between
from sntransport._objects.card import Card
from sntransport._objects.mistakes import wrong_kind
from sntransport._objects.series_card import series_card
from sntransport._objects.value_object import ValueObject
from sntransport.spectra.series import SpectralSeries, require_series
from sntransport.spectra.sightline import Sightline, require_sightline, to_observer, to_rest


@dataclass(frozen=True, eq=False, kw_only=True)
class ObservedSeries(ValueObject):
    """Spectra in the observer frame, at the distance and behind the dust of ``sightline``.

    Parameters
    ----------
    sightline : Sightline
        What lies between; the dust laws and values are here.
    day : array_like, (n_phase,) [observer-frame d from ``mjd_ref``]
    wave : array_like, (n_wave,) [observer-frame A]
    flux, flux_err : array_like, (n_phase, n_wave) [erg s-1 cm-2 A-1]
    origin, name, sn_type, mjd_ref
        As in `SpectralSeries`, and with the same checks.

    Raises
    ------
    ValueError
        As `SpectralSeries` does.
    TypeError
        Where ``sightline`` is none.

    Examples
    --------
    >>> there = snt.Sightline(z=0.1, distance_modulus=38.3)
    >>> seen = snt.ObservedSeries(sightline=there, day=[0.0, 11.0], wave=[4400.0, 5500.0], flux=np.full((2, 2), 1e-16))
    >>> rest = snt.unobserve(seen)
    >>> print(rest.phase, rest.wave)
    [ 0. 10.] [4000. 5000.]
    """

    sightline: Sightline
    day: Array
    wave: Array
    flux: Array
    flux_err: Array = None  # type: ignore[assignment]  # an array after construction
    origin: NDArray[np.uint8] = None  # type: ignore[assignment]
    name: str = ""
    sn_type: str = ""
    mjd_ref: float = np.nan

    def __post_init__(self) -> None:
        if not isinstance(self.sightline, Sightline):
            raise TypeError(f"ObservedSeries: sightline is {type(self.sightline).__name__}, expected a Sightline")
        # The same rules hold for both kinds; only the meaning of the numbers differs.
        checked = SpectralSeries(
            phase=self.day,
            wave=self.wave,
            flux=self.flux,
            flux_err=self.flux_err,
            origin=self.origin,
            mjd_ref=self.mjd_ref,
        )
        set_fields(self, day=checked.phase, wave=checked.wave, flux=checked.flux, flux_err=checked.flux_err)
        set_fields(self, origin=checked.origin, mjd_ref=checked.mjd_ref)

    def __len__(self) -> int:
        return int(self.day.size)

    def select(self, *, day: object = None, wave: object = None) -> ObservedSeries:
        """The part within ranges of days and wavelengths [A], as `SpectralSeries.select`."""
        rows = np.arange(self.day.size) if day is None else rows_between(self.day, day, "day", DAY)
        bins = np.arange(self.wave.size) if wave is None else rows_between(self.wave, wave, "wave", ANGSTROM)
        grids = {name: getattr(self, name)[rows][:, bins] for name in ("flux", "flux_err", "origin")}
        return replace(self, day=self.day[rows], wave=self.wave[bins], **grids)

    def _card(self) -> Card:
        return series_card(self, self.day, "day", f"as observed at z = {self.sightline.z:g}, with dust")


@answers_mistakes
def observe(series: SpectralSeries, sightline: Sightline) -> ObservedSeries:
    """A series as it arrives through a sightline; `unobserve` undoes it.

    Parameters
    ----------
    series : SpectralSeries
    sightline : Sightline

    Returns
    -------
    ObservedSeries
        ``day = phase (1 + z)``; NaN and ``origin`` stay where they are.

    Raises
    ------
    TypeError
        For a series that is observed already.
    ValueError
        Where a dust law is not defined at a wavelength of the series.

    Examples
    --------
    >>> wave = np.array([4000.0, 5000.0])
    >>> series = snt.SpectralSeries(phase=[0.0, 10.0], wave=wave, flux=np.ones((2, 2)))
    >>> seen = snt.observe(series, snt.Sightline(z=0.1, distance_modulus=38.3, ebv_mw=0.1))
    >>> print(seen.day, seen.wave)
    [ 0. 11.] [4400. 5500.]
    >>> bool(np.allclose(snt.unobserve(seen).flux, series.flux))
    True
    """
    require_series(series, "observe")
    require_sightline(sightline, "observe")
    wave, flux = to_observer(series.wave, series.flux, sightline)
    _, flux_err = to_observer(series.wave, series.flux_err, sightline)
    day = series.phase * (1.0 + sightline.z)
    return ObservedSeries(
        sightline=sightline,
        day=day,
        wave=wave,
        flux=flux,
        flux_err=flux_err,
        origin=series.origin,
        name=series.name,
        sn_type=series.sn_type,
        mjd_ref=series.mjd_ref,
    )


@answers_mistakes
def unobserve(observed: ObservedSeries) -> SpectralSeries:
    """The rest-frame series at 10 pc, free of dust, of an observed one; the inverse of `observe`.

    Parameters
    ----------
    observed : ObservedSeries

    Returns
    -------
    SpectralSeries
        ``phase = day / (1 + z)``; NaN and ``origin`` stay where they are.

    Raises
    ------
    TypeError
        For anything but an `ObservedSeries`: a `SpectralSeries` has no dust to take off.
    ValueError
        Where a dust law is not defined at a wavelength of the series.

    Examples
    --------
    >>> there = snt.Sightline(z=0.1, distance_modulus=5.0)
    >>> seen = snt.ObservedSeries(sightline=there, day=[0.0], wave=[4400.0, 5500.0], flux=[[1.0, 2.0]])
    >>> snt.unobserve(seen).flux.round(6).tolist()
    [[110.0, 220.0]]
    """
    if not isinstance(observed, ObservedSeries):
        raise wrong_kind("unobserve", "an ObservedSeries", observed)
    wave, flux = to_rest(observed.wave, observed.flux, observed.sightline)
    _, flux_err = to_rest(observed.wave, observed.flux_err, observed.sightline)
    phase = observed.day / (1.0 + observed.sightline.z)
    return SpectralSeries(
        phase=phase,
        wave=wave,
        flux=flux,
        flux_err=flux_err,
        origin=observed.origin,
        name=observed.name,
        sn_type=observed.sn_type,
        mjd_ref=observed.mjd_ref,
    )
