"""What was observed of one supernova: spectra, photometry, and what is known of its place on the sky."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_finite, require_increasing, require_shape, set_fields
from sntransport._numerics.quantities import ANGSTROM, F_LAMBDA, MJD, NANOJANSKY, bare_number
from sntransport.spectra.classes import known_class
from sntransport.spectra.ranges import require_date
from sntransport.spectra.sightline import Sightline, mjd_of, phase_of


@dataclass(frozen=True, eq=False, kw_only=True)
class Spectrum:
    """One observed spectrum, as it came, in the observer frame, with all dust still on it.

    Plain numbers are in the units below; an astropy ``Quantity`` is converted to them, a ``Time`` to MJD (UTC), and
    masked values become NaN. A unit that cannot be converted is refused.

    Parameters
    ----------
    mjd : float [d]
        Modified Julian date of the observation.
    wave : array_like, (n_wave,) [A]
        Strictly increasing, positive.
    flux : array_like, (n_wave,) [erg s-1 cm-2 A-1]
        Negative values are allowed; NaN marks a bad pixel. In arbitrary units where ``calibrated`` is False.
    flux_err : array_like, (n_wave,), same unit, or None
        One standard deviation; NaN where it is not known (all of it when None).
    calibrated : bool
        Whether the flux claims an absolute scale.
    source : str
        Where it came from (instrument, file), for messages.

    Raises
    ------
    ValueError
        Where shapes differ, wavelengths are not positive, finite and strictly increasing, the date is no MJD, or a unit
        does not fit.
    """

    mjd: float
    wave: Array
    flux: Array
    flux_err: Array = None  # type: ignore[assignment]  # an array after construction
    calibrated: bool = True
    source: str = ""

    def __post_init__(self) -> None:
        wave = readonly(self.wave, "Spectrum.wave", unit=ANGSTROM)
        require_increasing(wave, "Spectrum.wave", positive=True)
        flux = readonly(self.flux, "Spectrum.flux", unit=F_LAMBDA, wave=wave)
        require_shape(flux, "Spectrum.flux", wave.shape, "(n_wave,)")
        err = np.full(wave.shape, np.nan) if self.flux_err is None else self.flux_err
        flux_err = readonly(err, "Spectrum.flux_err", unit=F_LAMBDA, wave=wave)
        require_shape(flux_err, "Spectrum.flux_err", wave.shape, "(n_wave,)")
        mjd = require_date(bare_number(self.mjd, "Spectrum.mjd", MJD), "Spectrum.mjd")
        set_fields(self, mjd=mjd, wave=wave, flux=flux, flux_err=flux_err)


@dataclass(frozen=True, eq=False, kw_only=True)
class LightCurve:
    """Multi-band photometry, sorted by date on construction; units and masks as for `Spectrum`.

    Parameters
    ----------
    mjd : array_like, (n_obs,) [d]
    band : array_like of str, (n_obs,)
        Names that `sntransport.load_bands` knows.
    flux, flux_err : array_like, (n_obs,) [nJy on the AB scale]
        Negative fluxes are allowed. NaN in ``flux_err`` means that no error was given.
    instrument : array_like of str, (n_obs,), or None
        Telescope and instrument; empty where not known.

    Raises
    ------
    ValueError
        Where shapes differ, dates or fluxes are not finite, a date is no MJD, an error is not positive, or a unit does
        not fit.
    """

    mjd: Array
    band: NDArray[np.str_]
    flux: Array
    flux_err: Array
    instrument: NDArray[np.str_] = None  # type: ignore[assignment]  # an array after construction

    def __post_init__(self) -> None:
        mjd = readonly(self.mjd, "LightCurve.mjd", unit=MJD)
        require_finite(mjd, "LightCurve.mjd")
        for date in (mjd.min(), mjd.max()) if mjd.size else ():
            require_date(float(date), "LightCurve.mjd")
        order = np.argsort(mjd, kind="stable")
        instrument = np.full(mjd.shape, "") if self.instrument is None else self.instrument
        columns: dict[str, ArrayLike] = {"band": self.band, "instrument": instrument}
        columns |= {"flux": self.flux, "flux_err": self.flux_err}
        checked = {"mjd": readonly(mjd[order], "LightCurve.mjd")}
        for name, value in columns.items():
            dtype = np.str_ if name in ("band", "instrument") else np.float64
            column = readonly(
                value, f"LightCurve.{name}", dtype=dtype, unit=NANOJANSKY if dtype is np.float64 else None
            )
            require_shape(column, f"LightCurve.{name}", mjd.shape, "(n_obs,)")
            checked[name] = readonly(column[order], name, dtype=dtype)
        require_finite(checked["flux"], "LightCurve.flux")
        if np.any(checked["flux_err"] <= 0) or np.any(np.isinf(checked["flux_err"])):
            raise ValueError("LightCurve.flux_err has values that are zero, negative or infinite")
        set_fields(self, **checked)

    @property
    def n_obs(self) -> int:
        """Number of measurements."""
        return int(self.mjd.size)

    @property
    def bands(self) -> tuple[str, ...]:
        """The band names that occur, sorted."""
        return tuple(sorted({str(name) for name in self.band}))


@dataclass(frozen=True, eq=False, kw_only=True)
class Supernova:
    """All that was observed of one supernova.

    Parameters
    ----------
    name : str
    sn_type : str
        Class, as claimed or as the user says: "Ia", "II P", "Ic", ...; empty where not known.
    sightline : Sightline
    mjd_ref : float [d]
        Date of phase 0.
    mjd_ref_meaning : str
        What happened then: "discovery", "B maximum", "explosion", ...
    spectra : sequence of Spectrum
        Kept sorted by date.
    light_curve : LightCurve
    notes : sequence of str
        What the reader assumed or rejected, and why.
    n_spectra_rejected, n_photometry_rejected : int
        How many spectra and photometry rows the reader rejected.
    aliases : sequence of str
        Other names of the same supernova, so that it is recognized under them.

    Raises
    ------
    ValueError
        Where ``mjd_ref`` is no MJD.
    """

    name: str
    sn_type: str
    sightline: Sightline
    mjd_ref: float
    mjd_ref_meaning: str
    spectra: tuple[Spectrum, ...]
    light_curve: LightCurve
    notes: tuple[str, ...] = ()
    n_spectra_rejected: int = 0
    n_photometry_rejected: int = 0
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        mjd_ref = require_date(bare_number(self.mjd_ref, f"{self.name}: mjd_ref", MJD), f"{self.name}: mjd_ref")
        spectra = tuple(sorted(self.spectra, key=lambda spectrum: spectrum.mjd))
        set_fields(self, mjd_ref=mjd_ref, spectra=spectra, notes=tuple(self.notes))
        set_fields(self, aliases=tuple(str(name) for name in self.aliases))

    def phase_of(self, mjd: ArrayLike) -> Array:
        """Rest-frame phase [d] of dates [d]; see `sntransport.spectra.sightline.phase_of`."""
        return phase_of(mjd, self.mjd_ref, self.sightline.z)

    def mjd_of(self, phase: ArrayLike) -> Array:
        """Date [d] of rest-frame phases [d]; the inverse of `phase_of`."""
        return mjd_of(phase, self.mjd_ref, self.sightline.z)


def broad_class(sn_type: str) -> str:
    """Class of a supernova type: "Ia", "II", "Ib/c" or "other".

    In any spelling, see `sntransport.spectra.classes.known_class`; "other" also where it is not known.
    """
    return known_class(sn_type) or "other"
