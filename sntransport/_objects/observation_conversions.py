"""Observed spectra and light curves as objects of specutils, sncosmo and astropy's time series, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sntransport._numerics.quantities import MJD, NANOJANSKY
from sntransport._objects.specutils_spectra import from_specutils_spectrum, specutils_spectrum
from sntransport._objects.tables import Tabular, quantity_table

if TYPE_CHECKING:
    from astropy.table import Table
    from astropy.timeseries import TimeSeries
    from numpy.typing import NDArray
    from specutils import Spectrum

    from sntransport._numerics.arrays import Array

_AB_ZERO = 3631e9
"""Flux density of magnitude 0 in sncosmo's AB system [nJy], its ``ABMagSystem``: 0.07 mmag off 10**(-48.6 / 2.5)."""
_ZERO_POINT = 25.0
"""Of the fluxes of a table for sncosmo; its own examples have it, and any is converted back."""


class SpectrumConversions(Tabular):
    """What an observed spectrum becomes."""

    if TYPE_CHECKING:
        wave: Array
        flux: Array
        flux_err: Array

    def to_specutils(self) -> Spectrum:
        """A specutils ``Spectrum`` in the observer frame; ``meta`` has ``mjd``, ``calibrated`` and ``source``.

        Raises
        ------
        MissingExtraError
            Where specutils is not installed.
        """
        return specutils_spectrum(self.wave, self.flux, self.flux_err, self._header())

    @classmethod
    def from_specutils(cls, spectrum: Spectrum, **header: object) -> Self:
        """Read a specutils ``Spectrum``; any spectral axis and any flux density are converted, masked fluxes are NaN.

        Parameters
        ----------
        spectrum : specutils.Spectrum
        **header
            ``mjd``, ``calibrated``, ``source`` where its ``meta`` lacks them.

        Raises
        ------
        ValueError
            Where the date is missing, or the flux is no flux density.
        """
        known = {name: spectrum.meta[name] for name in cls._HEADER if name in spectrum.meta} | dict(header)
        if "mjd" not in known:
            raise ValueError("the spectrum has no mjd in its meta: give mjd=...")
        return cls(**from_specutils_spectrum(spectrum, "Spectrum.from_specutils"), **known)


class LightCurveConversions(Tabular):
    """What a light curve becomes."""

    if TYPE_CHECKING:
        mjd: Array
        band: NDArray[np.str_]
        flux: Array
        flux_err: Array

        def __init__(self, **fields: Any) -> None: ...

    def to_sncosmo(self) -> Table:
        """The photometry table of sncosmo: time (MJD), band, flux, fluxerr, zp = 25, zpsys = "ab".

        Bands are sncosmo's own names already; measurements without an error, which sncosmo cannot fit, are kept as
        NaN.
        """
        from astropy.table import Table

        per_njy = 10.0 ** (0.4 * _ZERO_POINT) / _AB_ZERO
        return Table(
            {
                "time": np.array(self.mjd),
                "band": np.array(self.band),
                "flux": self.flux * per_njy,
                "fluxerr": self.flux_err * per_njy,
                "zp": np.full(self.mjd.shape, _ZERO_POINT),
                "zpsys": np.full(self.mjd.shape, "ab"),
            }
        )

    @classmethod
    def from_sncosmo(cls, table: Table) -> Self:
        """Read a photometry table of sncosmo in AB, with any zero points.

        Parameters
        ----------
        table : astropy.table.Table
            With sncosmo's columns, under any of the names that it takes; times are MJD. Bands are names, or filters of
            sncosmo with names that `sntransport.load_bands` knows.

        Raises
        ------
        ValueError
            Where a column is missing, a magnitude system is not "ab", or the times are no MJD.
        """
        from sncosmo.photdata import PHOTDATA_ALIASES, PHOTDATA_REQUIRED_ALIASES, alias_map

        try:
            names = alias_map(table.colnames, PHOTDATA_ALIASES, required=PHOTDATA_REQUIRED_ALIASES)
        except ValueError as error:
            raise ValueError(f"no photometry table of sncosmo: {error}") from None
        other = sorted({str(system) for system in table[names["zpsys"]] if str(system).lower() != "ab"})
        if other:
            raise ValueError(
                f"zpsys is {', '.join(other)}, expected ab: sncosmo itself converts the table, "
                'sncosmo.photdata.PhotometricData(table).normalized(zp=25, zpsys="ab")'
            )
        scale = _AB_ZERO * 10.0 ** (-0.4 * np.asarray(table[names["zp"]], dtype=np.float64))
        bands = [band if isinstance(band, str) else band.name for band in table[names["band"]]]
        return cls(
            mjd=table[names["time"]],
            band=np.array(bands, dtype=np.str_),
            flux=np.asarray(table[names["flux"]]) * scale,
            flux_err=np.asarray(table[names["fluxerr"]]) * scale,
        )

    def to_time_series(self, band: str) -> TimeSeries:
        """One band as an astropy ``TimeSeries``: time, flux and flux_err [nJy]; lightkurve takes it as it is.

        Raises
        ------
        ValueError
            Where there is no measurement in the band.
        """
        from astropy.timeseries import TimeSeries

        rows = self.band == band
        if not rows.any():
            raise ValueError(f"no measurement in {band!r}: the bands are {', '.join(np.unique(self.band))}")
        table = quantity_table(
            {"time": self.mjd[rows], "flux": self.flux[rows], "flux_err": self.flux_err[rows]},
            {"time": MJD, "flux": NANOJANSKY, "flux_err": NANOJANSKY},
            {"band": band},
        )
        return TimeSeries(table)

    @classmethod
    def from_time_series(cls, series: TimeSeries, band: str | None = None) -> Self:
        """Read one band from an astropy ``TimeSeries`` or a light curve of lightkurve.

        Parameters
        ----------
        series : astropy.timeseries.TimeSeries
            Columns time, flux and flux_err; flux densities or AB magnitudes with their units.
        band : str, optional
            Default: ``band`` in its ``meta``.

        Raises
        ------
        ValueError
            Where the band or a column is missing, or a unit is no flux density.
        """
        band = series.meta.get("band") if band is None else band
        if band is None:
            raise ValueError("the time series does not say its band: give band=...")
        lost = [name for name in ("flux", "flux_err") if name not in series.colnames]
        if lost:
            raise ValueError(f"the time series has no column {', '.join(lost)} (it has {', '.join(series.colnames)})")
        flux: Any = series["flux"]
        if getattr(flux, "unit", None) is None:
            raise ValueError("flux of the time series has no unit, expected a flux density such as nJy")
        return cls(mjd=series.time, band=[str(band)] * len(series), flux=flux, flux_err=series["flux_err"])
