"""Whether calibrated spectra and photometry of a supernova say the same flux, and if not, what may be the cause."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_AA, NJY_CGS, njy_to_mag
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
# Where a supernova rises by magnitudes within days, only the same night tells [d].
_SAME_NIGHT = 0.5
_LEAST_SNR = 3.0
_CLOSE = 0.3
# Of superluminous supernovae, with a magnitude to spare (Gal-Yam 2019, ARA&A 57, 305), and of the faintest transients
# that are followed up with spectra.
_BRIGHTEST, _FAINTEST = -24.0, -9.5
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
    """How far spectra are from the photometry near their dates.

    ``off`` (n_spec, n_band) [mag] is synthetic minus observed, NaN where a spectrum does not cover the band or has no
    photometry within five days; ``bands`` are the columns; ``calibrated`` (n_spec,) says which rows claim a scale.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.photometry.agreement import agreement
    >>> bool(np.nanmax(np.abs(agreement(demo_supernova()).beside_others)) < 0.2)
    True
    """

    off: Array
    bands: tuple[Bandpass, ...]
    calibrated: NDArray[np.bool_]

    @property
    def by_spectrum(self) -> Array:
        """Median over the bands, (n_spec,); NaN where there is none or the spectrum is not calibrated."""
        return np.where(self.calibrated, _median(self.off.T), np.nan)

    @property
    def by_band(self) -> Array:
        """Median over the calibrated spectra, (n_band,); NaN where there is none."""
        return _median(self.off[self.calibrated])

    @property
    def beside_others(self) -> Array:
        """How far each band is from the others in the same spectra, whatever their scale, (n_band,) [mag].

        NaN where fewer than two spectra tell, or fewer than all that have two bands.
        """
        apart = np.full(self.off.shape, np.nan)
        for j in range(len(self.bands)):
            apart[:, j] = self.off[:, j] - _median(np.delete(self.off, j, axis=1).T)
        count = np.isfinite(apart).sum(axis=0)
        return np.where(count >= min(2, int(np.isfinite(apart).any(axis=1).sum())), _median(apart), np.nan)


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

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.photometry.agreement import doubts
    >>> sn = demo_supernova()
    >>> doubts(sn)
    ()
    >>> note, *_ = doubts(replace(sn, sightline=replace(sn.sightline, distance_modulus=40.0)))
    >>> note[:40]
    'WARNING: distance modulus 40.00 mag, but'
    """
    unknown = class_note(sn.sn_type)
    flux = [*_of_flux(agreement(sn), sn), *_of_brightness(sn)]
    return (*doubts_of_facts(sn), *flux, *([unknown] if unknown else []))


def agreement(sn: Supernova) -> Agreement:
    """Compare calibrated spectra with the photometry within five days, band by band.

    Parameters
    ----------
    sn : Supernova

    Returns
    -------
    Agreement
        One row a spectrum of ``sn``.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.photometry.agreement import agreement
    >>> found = agreement(demo_supernova())
    >>> print([band.name for band in found.bands], found.off.shape)
    ['bessellb', 'besselli', 'bessellr', 'bessellv'] (8, 4)
    """
    bands = load_bands(sn.light_curve.bands)
    off = np.full((len(sn.spectra), len(bands)), np.nan)
    for i, spectrum in enumerate(sn.spectra):
        observed = _observed(sn.light_curve, spectrum.mjd, bands)
        seen = np.flatnonzero(np.isfinite(observed))
        if not seen.size or spectrum.wave.size < 2:
            continue
        matrix = band_matrix(spectrum.wave, [bands[j] for j in seen], _AS_OBSERVED)
        flux = synthetic_flux(np.where(np.isfinite(spectrum.flux), spectrum.flux, np.nan)[None], matrix)[0][0]
        with np.errstate(invalid="ignore", divide="ignore"):
            off[i, seen] = np.where(flux > 0, -2.5 * np.log10(flux / observed[seen]), np.nan)
    return Agreement(off=off, bands=bands, calibrated=np.array([one.calibrated for one in sn.spectra], dtype=bool))


def _of_brightness(sn: Supernova) -> list[str]:
    """An absolute magnitude that no supernova has: of the brightest photometry, else of the brightest spectrum."""
    modulus = sn.sightline.distance_modulus
    curve = sn.light_curve
    with np.errstate(invalid="ignore"):
        seen = curve.flux[(curve.flux > 0) & ~(curve.flux < _LEAST_SNR * curve.flux_err)]
    what = "photometry"
    if not curve.n_obs:
        what = "spectrum"
        # Flux density per frequency [nJy] from that per wavelength.
        every = [np.nanmedian(one.flux * one.wave**2) / (C_AA * NJY_CGS) for one in sn.spectra
                 if one.calibrated and np.isfinite(one.flux).any()]  # fmt: skip
        seen = np.array([flux for flux in every if flux > 0])
    if modulus == 0.0 or not seen.size:
        return []
    brightest = float(njy_to_mag(seen.max())) - modulus
    if _BRIGHTEST <= brightest <= _FAINTEST:
        return []
    found = (
        f"the brightest {what} is of absolute magnitude {brightest:.1f} (AB, with its dust, modulus {modulus:.2f} mag)"
    )
    usual = f"supernovae are of {_BRIGHTEST:g} to {_FAINTEST:g}; are the unit of the flux and the distance right?"
    return [f"{DOUBT}{found}, {usual}"]


def _observed(curve: LightCurve, mjd: float, bands: tuple[Bandpass, ...]) -> Array:
    """Median flux [nJy] of the night of a date, else near it, in each band (n_band,); NaN where nothing was seen."""
    with np.errstate(invalid="ignore"):
        good = (curve.flux > 0) & ~(curve.flux < _LEAST_SNR * curve.flux_err)
    found = np.full(len(bands), np.nan)
    for j, band in enumerate(bands):
        mine = good & (curve.band == band.name)
        away, flux = np.abs(curve.mjd[mine] - mjd), curve.flux[mine]
        near = flux[away < (_SAME_NIGHT if np.any(away < _SAME_NIGHT) else _NEAR)]
        if near.size:
            found[j] = np.median(near)
    return found


def _of_bands(found: Agreement) -> list[str]:
    """Bands that the others contradict: one of them has another unit, zero point or system."""
    apart = found.beside_others
    far = np.flatnonzero(np.abs(np.nan_to_num(apart)) > MOST_OFF)
    if not far.size:
        return []
    # The median of few bands is pulled by the one that is off: that one is the farthest.
    worst = int(far[np.argmax(np.abs(apart[far]))])
    name, off = found.bands[worst].name, float(apart[worst])
    side = "brighter" if off > 0 else "fainter"
    alone = len(np.flatnonzero(np.isfinite(apart))) > 2
    than = (
        "the spectra and the other bands say" if alone else "the spectra and the other band say, or the other is wrong"
    )
    return [
        f"{DOUBT}photometry of {name} is {abs(off):.2f} mag {side} than {than}, a factor {_factor(abs(off))}: "
        f"{_cause(off, off - found.bands[worst].ab_offset, off + found.bands[worst].ab_offset)}"
    ]


def _of_flux(found: Agreement, sn: Supernova) -> list[str]:
    off = found.by_spectrum
    known = np.isfinite(off)
    notes = _of_bands(found)
    if not known.any():
        return notes
    middle = float(np.median(off[known]))
    if abs(middle) > MOST_OFF:
        side = "fainter" if middle > 0 else "brighter"
        notes.append(
            f"{DOUBT}calibrated spectra are {abs(middle):.2f} mag {side} than the photometry near their dates (median "
            f"of {int(known.sum())}), a factor {_factor(abs(middle))}: {_cause(middle, *_vega(found))} Calibrated, a "
            "series has the scale of the photometry; if only the shape of the spectra counts, say calibrated = false"
        )
    apart = np.flatnonzero(known & (np.abs(off - middle) > MOST_OFF))
    if apart.size:
        which = ", ".join(f"MJD {sn.spectra[i].mjd:.2f} {off[i] - middle:+.2f}" for i in apart[:5])
        more = f" and {apart.size - 5} more" if apart.size > 5 else ""
        notes.append(
            f"{counted(int(apart.size), 'spectrum')} more than {MOST_OFF:g} mag from what the other calibrated spectra "
            f"are off the photometry (median {middle:+.2f}, synthetic minus observed), beside that: {which}{more}"
        )
    return notes


def _vega(found: Agreement) -> tuple[float, float]:
    """How far the bands are from Vega magnitudes taken for AB, and AB ones taken for Vega, at most [mag]."""
    known = np.isfinite(found.by_band)
    vega = np.array([band.ab_offset for band in found.bands])
    as_ab, as_vega = (np.abs(found.by_band - sign * vega)[known] for sign in (1.0, -1.0))
    return float(as_ab.max(initial=0.0)), float(as_vega.max(initial=0.0))


def _cause(middle: float, as_ab: float, as_vega: float) -> str:
    """The probable cause of an offset [mag]; the others are what is left of it if systems were confused."""
    for off, told in _CAUSES:
        if abs(middle - off) < _CLOSE:
            return told
    for power in _SCALED:
        if abs(middle + 2.5 * power) < _CLOSE * 2:
            return f"are the spectra in units of 1e-{power} erg/s/cm2/A?"
    if abs(as_ab) < _CLOSE:
        return "are Vega magnitudes taken for AB?"
    if abs(as_vega) < _CLOSE:
        return "are AB magnitudes taken for Vega?"
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
