"""Whether calibrated spectra and photometry of a supernova say the same flux, and if not, what may be the cause."""

from dataclasses import dataclass

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._storage.read_error import counted
from sntransport.photometry.bands import Bandpass, load_bands
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.spectra.classes import class_note
from sntransport.spectra.doubts import DOUBT, doubts_of_facts
from sntransport.spectra.observations import LightCurve, Supernova
from sntransport.spectra.sightline import Sightline

MOST_OFF = 1.5
"""Spectra that claim an absolute scale are asked about beyond this [mag]: slits and clouds seldom lose more."""

_NEAR = 5.0
_LEAST_SNR = 3.0
_CLOSE = 0.3
_AS_OBSERVED = Sightline(z=0.0, distance_modulus=0.0)

# Synthetic minus observed magnitudes, and what would make them.
_CAUSES = (
    (-22.5, "is `flux` of the photometry in Jy instead of nJy?"),
    (-15.0, "is `flux` of the photometry in millijansky instead of nJy?"),
    (-7.5, "is `flux` of the photometry in microjansky instead of nJy?"),
    (-8.9, "is `flux` of the photometry in nanomaggies (zero point 22.5)?"),
    (-6.4, "has `flux` of the photometry the zero point 25?"),
    (-3.9, "is `flux` of the photometry a FLUXCAL of zero point 27.5?"),
    (-2.5, "is the flux of the spectra per nm instead of per Angstrom?"),
    (7.5, "is a factor 1000 missing in the spectra, or is the photometry in pJy?"),
    (2.5, "is a power of ten missing in the spectra?"),
)  # fmt: skip
# Spectra in units of 1e-12 to 1e-20, written without that power.
_SCALED = range(12, 21)


@dataclass(frozen=True, eq=False, kw_only=True)
class Agreement:
    """How far calibrated spectra are from the photometry near their dates.

    ``off`` (n_spec, n_band) [mag] is synthetic minus observed, NaN where a spectrum is not calibrated, does not cover
    the band, or has no photometry within five days; ``bands`` are the columns.
    """

    off: Array
    bands: tuple[Bandpass, ...]

    @property
    def by_spectrum(self) -> Array:
        """Median over the bands, (n_spec,); NaN where there is none."""
        return _median(self.off.T)

    @property
    def by_band(self) -> Array:
        """Median over the spectra, (n_band,); NaN where there is none."""
        return _median(self.off)


def doubts(sn: Supernova) -> tuple[str, ...]:
    """All that contradicts itself in what is known of a supernova, as notes; those that begin with "WARNING" are grave.

    Parameters
    ----------
    sn : Supernova

    Returns
    -------
    tuple of str
        Doubts about redshift, distance, dust and dates (`sntransport.spectra.doubts`), and about the flux of calibrated
        spectra that are further than `MOST_OFF` from the photometry, each with its probable cause; a class that is not
        known.
    """
    unknown = class_note(sn.sn_type)
    return (*doubts_of_facts(sn), *_of_flux(agreement(sn), sn), *([unknown] if unknown else []))


def agreement(sn: Supernova) -> Agreement:
    """Compare calibrated spectra with the photometry within five days, band by band.

    Parameters
    ----------
    sn : Supernova

    Returns
    -------
    Agreement
        One row a spectrum of ``sn``.
    """
    bands = load_bands(sn.light_curve.bands)
    off = np.full((len(sn.spectra), len(bands)), np.nan)
    for i, spectrum in enumerate(sn.spectra):
        observed = _observed(sn.light_curve, spectrum.mjd, bands)
        seen = np.flatnonzero(np.isfinite(observed))
        if not spectrum.calibrated or not seen.size or spectrum.wave.size < 2:
            continue
        matrix = band_matrix(spectrum.wave, [bands[j] for j in seen], _AS_OBSERVED)
        flux = synthetic_flux(np.where(np.isfinite(spectrum.flux), spectrum.flux, np.nan)[None], matrix)[0][0]
        with np.errstate(invalid="ignore", divide="ignore"):
            off[i, seen] = np.where(flux > 0, -2.5 * np.log10(flux / observed[seen]), np.nan)
    return Agreement(off=off, bands=bands)


def _observed(curve: LightCurve, mjd: float, bands: tuple[Bandpass, ...]) -> Array:
    """Median flux [nJy] near a date in each band, (n_band,); NaN where nothing was detected."""
    with np.errstate(invalid="ignore"):
        noisy = curve.flux < _LEAST_SNR * curve.flux_err
    good = (np.abs(curve.mjd - mjd) < _NEAR) & (curve.flux > 0) & ~noisy
    names, flux = curve.band[good], curve.flux[good]
    return np.array([np.median(flux[names == band.name]) if np.any(names == band.name) else np.nan for band in bands])


def _of_flux(found: Agreement, sn: Supernova) -> list[str]:
    off = found.by_spectrum
    known = np.isfinite(off)
    if not known.any():
        return []
    middle = float(np.median(off[known]))
    notes = []
    if abs(middle) > MOST_OFF:
        side = "fainter" if middle > 0 else "brighter"
        notes.append(
            f"{DOUBT}calibrated spectra are {abs(middle):.2f} mag {side} than the photometry near their dates (median "
            f"of {int(known.sum())}), a factor {_factor(abs(middle))}: {_cause(middle, found)} The series has the "
            "scale of the photometry; if only the shape of the spectra counts, say calibrated = false"
        )
    apart = np.flatnonzero(known & (np.abs(off - middle) > MOST_OFF))
    if apart.size:
        which = ", ".join(f"MJD {sn.spectra[i].mjd:.2f} {off[i]:+.1f}" for i in apart[:5])
        more = f" and {apart.size - 5} more" if apart.size > 5 else ""
        notes.append(
            f"{counted(int(apart.size), 'spectrum')} more than {MOST_OFF:g} mag from what the other calibrated spectra "
            f"are off the photometry [synthetic minus observed, mag]: {which}{more}"
        )
    return notes


def _cause(middle: float, found: Agreement) -> str:
    """The probable cause of an offset [mag]."""
    for off, told in _CAUSES:
        if abs(middle - off) < _CLOSE:
            return told
    for power in _SCALED:
        if abs(middle + 2.5 * power) < _CLOSE * 2:
            return f"are the spectra in units of 1e-{power} erg/s/cm2/A?"
    vega = np.array([band.ab_offset for band in found.bands])
    for sign, told in ((1.0, "are Vega magnitudes taken for AB?"), (-1.0, "are AB magnitudes taken for Vega?")):
        apart = np.abs(found.by_band - sign * vega)[np.isfinite(found.by_band)]
        if apart.size and apart.max() < _CLOSE:
            return told
    return "are the units of both right, and are the spectra in arbitrary units?"


def _factor(mag: float) -> str:
    factor = 10.0 ** (0.4 * mag)
    return f"{factor:.0e}" if factor > 1e5 else f"{factor:.0f}" if factor > 10.0 else f"{factor:.1f}"


def _median(values: Array) -> Array:
    """Median of each column that has a value, NaN elsewhere."""
    out = np.full(values.shape[1], np.nan)
    known = np.isfinite(values).any(axis=0)
    out[known] = np.nanmedian(values[:, known], axis=0)
    return out
