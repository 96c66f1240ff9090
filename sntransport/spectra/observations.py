"""What was observed of one supernova: spectra, photometry, and what is known of its place on the sky."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_finite, require_increasing, require_shape, set_fields
from sntransport._numerics.quantities import ANGSTROM, F_LAMBDA, MJD, NANOJANSKY, bare_number
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.card import Card, clipped, enumerated, heading, span
from sntransport._objects.drawing import COLORS, axes_or_new, draw_photometry, draw_spectrum, label_text
from sntransport._objects.mistakes import wrong_kind
from sntransport._objects.observation_conversions import LightCurveConversions, SpectrumConversions
from sntransport._objects.sketch import dots, lines
from sntransport._objects.value_object import ValueObject
from sntransport.spectra.classes import known_class
from sntransport.spectra.ranges import require_angstrom, require_date
from sntransport.spectra.sightline import Sightline, mjd_of, phase_of, require_sightline

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_FOR_LIGHT_CURVE = {
    "path": "write read_light_curve({})",
    "NoneType": "without photometry it is LightCurve(mjd=[], band=[], flux=[], flux_err=[])",
    "Table": "write LightCurve.from_table(table)",
    "DataFrame": "write LightCurve.from_pandas(frame)",
}
_FROM_MAGNITUDES = (
    "write flux=10 ** ((31.4 - mag) / 2.5) and flux_err=flux * mag_err / 1.0857 of AB magnitudes; read_light_curve "
    "takes a table of magnitudes, Vega too"
)
_FOR_SPECTRA = {
    "Spectrum": "write spectra=[spectrum]",
    "ndarray": "write Spectrum(mjd=..., wave=..., flux=...) for each",
    "path": "read_supernova reads a folder of spectra",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Spectrum(ValueObject, SpectrumConversions):
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
        Where shapes differ, wavelengths are not positive, finite and strictly increasing, or most of them below 912 A
        (nanometers?), the date is no MJD, or a unit does not fit.

    Examples
    --------
    >>> spectrum = snt.Spectrum(mjd=60000.0, wave=[4000.0, 4010.0, 4020.0], flux=[1e-15, np.nan, 2e-15])
    >>> spectrum.flux.flags.writeable
    False
    >>> spectrum.flux_err
    array([nan, nan, nan])
    >>> snt.Spectrum(mjd=2460000.5, wave=[4000.0, 4010.0], flux=[1e-15, 1e-15])
    Traceback (most recent call last):
        ...
    ValueError: Spectrum.mjd is 2460000.5, a Julian date: subtract 2400000.5 to get an MJD
    """

    mjd: float
    wave: Array
    flux: Array
    flux_err: Array = None  # type: ignore[assignment]  # an array after construction
    calibrated: bool = True
    source: str = ""

    _UNITS: ClassVar = {"wave": ANGSTROM, "flux": F_LAMBDA, "flux_err": F_LAMBDA}
    _HEADER: ClassVar = ("mjd", "calibrated", "source")

    def __post_init__(self) -> None:
        wave = readonly(self.wave, "Spectrum.wave", unit=ANGSTROM)
        require_increasing(wave, "Spectrum.wave", positive=True)
        flux = readonly(self.flux, "Spectrum.flux", unit=F_LAMBDA, wave=wave)
        require_shape(flux, "Spectrum.flux", wave.shape, "(n_wave,)")
        err = np.full(wave.shape, np.nan) if self.flux_err is None else self.flux_err
        flux_err = readonly(err, "Spectrum.flux_err", unit=F_LAMBDA, wave=wave)
        require_shape(flux_err, "Spectrum.flux_err", wave.shape, "(n_wave,)")
        mjd = require_date(bare_number(self.mjd, "Spectrum.mjd", MJD), "Spectrum.mjd")
        require_angstrom(wave, "Spectrum.wave")
        set_fields(self, mjd=mjd, wave=wave, flux=flux, flux_err=flux_err)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw flux and error over observed wavelength, on axes of matplotlib or of a new figure."""
        axes = axes_or_new(ax, "Spectrum.plot")
        draw_spectrum(axes, self.wave, self.flux, self.flux_err, f"MJD {self.mjd:.2f}")
        axes.legend(fontsize=8)
        axes.set_xlabel("Observed wavelength [Å]")
        unit = "[erg s$^{-1}$ cm$^{-2}$ Å$^{-1}$]"
        axes.set_ylabel(f"Flux {unit if self.calibrated else '[arbitrary units]'}")
        return axes

    def _card(self) -> Card:
        known = np.isfinite(self.flux)
        return Card(
            title=f"Spectrum of MJD {self.mjd:.3f}: observer frame, as it came",
            rows=[
                ("wave", f"{self.wave.size} from {span(self.wave, '.0f')} A" if self.wave.size else "none"),
                ("flux", f"{span(self.flux, '.3g')} {'erg s-1 cm-2 A-1' if self.calibrated else '(arbitrary units)'}"),
                ("bad", f"{int(np.sum(~known))} pixels" if not known.all() else ""),
                ("error", "known" if np.isfinite(self.flux_err).any() else "not known"),
                ("source", self.source),
            ],
            picture=lambda: lines(self.wave, self.flux[None], COLORS[:1], f"spectrum of MJD {self.mjd:.2f}"),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class LightCurve(ValueObject, LightCurveConversions):
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

    Examples
    --------
    >>> curve = snt.LightCurve(mjd=[60002.0, 60001.0], band=["ztfr", "ztfg"], flux=[900.0, 700.0], flux_err=[20, 30])
    >>> curve.mjd
    array([60001., 60002.])
    >>> curve.bands
    ('ztfg', 'ztfr')
    """

    mjd: Array
    band: NDArray[np.str_]
    flux: Array
    flux_err: Array
    instrument: NDArray[np.str_] = None  # type: ignore[assignment]  # an array after construction

    _INSTEAD: ClassVar = dict.fromkeys(("mag", "mags", "magnitude", "mag_err", "magerr"), _FROM_MAGNITUDES)
    _UNITS: ClassVar = {"mjd": MJD, "band": "", "flux": NANOJANSKY, "flux_err": NANOJANSKY, "instrument": ""}

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

    def __len__(self) -> int:
        return self.n_obs

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw flux over date, a color and a marker for each band, on axes of matplotlib or of a new figure."""
        axes = axes_or_new(ax, "LightCurve.plot")
        draw_photometry(axes, self.mjd, self.flux, self.flux_err, self.band)
        return axes

    def _card(self) -> Card:
        counts = [f"{band} {int(np.sum(self.band == band))}" for band in self.bands]
        with np.errstate(invalid="ignore"):
            signal = self.flux / self.flux_err
        return Card(
            title=f"LightCurve: {self.n_obs} measurements in {len(self.bands)} bands",
            rows=[
                ("mjd", f"{span(self.mjd, '.2f')}, {np.ptp(self.mjd):.1f} d" if self.n_obs else ""),
                ("bands", enumerated(counts)),
                ("flux", f"{span(self.flux, '.4g')} nJy" if self.n_obs else ""),
                ("S/N", f"{np.nanmedian(signal):.3g} (median)" if np.isfinite(signal).any() else ""),
                ("from", enumerated([name for name in np.unique(self.instrument) if name], 6)),
            ],
            picture=self._sketch,
        )

    def _sketch(self, ticks: Array | None = None) -> str:
        group = np.searchsorted(np.array(self.bands), self.band) if self.n_obs else np.empty(0)
        return dots(self.mjd, self.flux, group, self.bands, label="flux over date, a color a band", ticks=ticks)


@dataclass(frozen=True, eq=False, kw_only=True)
class Supernova(ValueObject):
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

    Examples
    --------
    >>> wave = np.arange(4000.0, 8000.0, 10.0)
    >>> sn = snt.Supernova(
    ...     name="SN 2030a",
    ...     sn_type="II",
    ...     sightline=snt.Sightline(z=0.02, distance_modulus=34.7),
    ...     mjd_ref=60000.0,
    ...     mjd_ref_meaning="explosion",
    ...     spectra=[snt.Spectrum(mjd=60010.2, wave=wave, flux=1e-15 * (wave / 5000.0) ** -2)],
    ...     light_curve=snt.LightCurve(mjd=[], band=[], flux=[], flux_err=[]),
    ... )
    >>> sn.phase_of(60010.2).round(6).tolist()
    10.0
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
        self._check_kinds()
        spectra = tuple(sorted(self.spectra, key=lambda spectrum: spectrum.mjd))
        set_fields(self, mjd_ref=mjd_ref, spectra=spectra, notes=tuple(self.notes))
        set_fields(self, aliases=tuple(str(name) for name in self.aliases))

    def _check_kinds(self) -> None:
        require_sightline(self.sightline, f"Supernova {self.name}: sightline")
        if not isinstance(self.light_curve, LightCurve):
            raise wrong_kind(f"Supernova {self.name}: light_curve", "a LightCurve", self.light_curve, _FOR_LIGHT_CURVE)
        if isinstance(self.spectra, Spectrum | str) or not isinstance(self.spectra, Iterable):
            raise wrong_kind(f"Supernova {self.name}: spectra", "a sequence of Spectrum", self.spectra, _FOR_SPECTRA)
        for one in (held := tuple(self.spectra)):
            if not isinstance(one, Spectrum):
                raise wrong_kind(f"Supernova {self.name}: spectra", "a sequence of Spectrum", one, _FOR_SPECTRA)
        set_fields(self, spectra=held)

    def phase_of(self, mjd: ArrayLike) -> Array:
        """Rest-frame phase [d] of dates [d]; see `sntransport.spectra.sightline.phase_of`."""
        return phase_of(mjd, self.mjd_ref, self.sightline.z)

    def mjd_of(self, phase: ArrayLike) -> Array:
        """Date [d] of rest-frame phases [d]; the inverse of `phase_of`."""
        return mjd_of(phase, self.mjd_ref, self.sightline.z)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the photometry and, as lines, the dates of the spectra; on axes of matplotlib or of a new figure."""
        axes = self.light_curve.plot(axes_or_new(ax, "Supernova.plot"))
        for k, spectrum in enumerate(self.spectra):
            axes.axvline(spectrum.mjd, color="0.6", lw=0.7, zorder=0, label="spectra" if not k else None)
        axes.legend(fontsize=8, ncols=2)
        axes.set_title(label_text(heading(self.name, "", self.sn_type)))
        return axes

    def _card(self) -> Card:
        dates = np.array([spectrum.mjd for spectrum in self.spectra])
        phases = self.phase_of(dates)
        there = self.sightline
        wave = [end for spectrum in self.spectra if spectrum.wave.size for end in spectrum.wave[[0, -1]]]
        photometry = self.light_curve
        nights = f", phases {span(self.phase_of(photometry.mjd), '.1f')} d" if photometry.n_obs else ""
        rejected = [(self.n_spectra_rejected, "spectra"), (self.n_photometry_rejected, "rows of photometry")]
        return Card(
            title=heading("Supernova", self.name, self.sn_type),
            rows=[
                ("also", enumerated(self.aliases, 4)),
                ("spectra", f"{dates.size}, phases {span(phases, '.1f')} d" if dates.size else "none"),
                ("wave", f"{span(np.array(wave), '.0f')} A, observed" if wave else ""),
                (
                    "photometry",
                    f"{photometry.n_obs} in {enumerated(photometry.bands)}{nights}" if photometry.n_obs else "none",
                ),
                ("redshift", f"{there.z:g}, distance modulus {there.distance_modulus:.2f} mag"),
                ("E(B-V)", f"Milky Way {there.ebv_mw:g}, host {there.ebv_host:g} mag"),
                ("phase 0", f"MJD {self.mjd_ref:.2f} ({self.mjd_ref_meaning})"),
                ("rejected", ", ".join(f"{n} {what}" for n, what in rejected if n)),
                ("notes", f"{len(self.notes)}, the first: {clipped(self.notes[0], 90)}" if self.notes else ""),
            ],
            picture=lambda: photometry._sketch(dates),
        )


@answers_mistakes
def broad_class(sn_type: str) -> str:
    """Class of a supernova type: "Ia", "II", "Ib/c" or "other".

    In any spelling, see `sntransport.spectra.classes.known_class`; "other" also where it is not known.

    Examples
    --------
    >>> from sntransport.spectra import broad_class
    >>> [broad_class(name) for name in ("SN Ia-91T", "II P", "Ic-BL", "SLSN", "")]
    ['Ia', 'II', 'Ib/c', 'other', 'other']
    """
    return known_class(sn_type) or "other"
