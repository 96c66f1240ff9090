"""Spectra of specutils from arrays, and arrays from them; the class is named `Spectrum` since specutils 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._numerics.quantities import ANGSTROM, F_LAMBDA
from sntransport._objects.tables import EXTRA
from sntransport._storage.extras import of_extra

if TYPE_CHECKING:
    from specutils import Spectrum, SpectrumList

    from sntransport._numerics.arrays import Array


def specutils_spectrum(wave: Array, flux: Array, flux_err: Array, meta: Mapping[str, Any]) -> Spectrum:
    """One spectrum (n_wave,) of specutils: standard deviations where any is known, NaN fluxes masked.

    Raises
    ------
    MissingExtraError
        Where specutils is not installed.
    """
    from astropy import units as u
    from astropy.nddata import StdDevUncertainty

    with of_extra(EXTRA):
        import specutils
    # Until version 2 the class was Spectrum1D, which warns since.
    kind = specutils.Spectrum if hasattr(specutils, "Spectrum") else specutils.Spectrum1D
    unit = u.Unit(F_LAMBDA)
    known = np.isfinite(flux_err).any()
    return kind(
        flux=u.Quantity(flux, unit),
        spectral_axis=u.Quantity(wave, ANGSTROM),
        uncertainty=StdDevUncertainty(np.array(flux_err), unit=unit) if known else None,
        mask=~np.isfinite(flux),
        meta=dict(meta),
    )


def specutils_list(spectra: list[Any]) -> SpectrumList:
    """Spectra as a ``SpectrumList``."""
    with of_extra(EXTRA):
        from specutils import SpectrumList
    return SpectrumList(spectra)


def from_specutils_spectrum(spectrum: Spectrum, what: str) -> dict[str, Any]:
    """Wavelengths, fluxes and errors of a spectrum of specutils as quantities, wavelengths increasing.

    Parameters
    ----------
    spectrum : specutils.Spectrum
    what : str
        Who asks, for messages.

    Returns
    -------
    dict
        ``wave``, ``flux`` and ``flux_err`` (None where it has no uncertainty); masked fluxes are NaN.

    Raises
    ------
    TypeError
        For anything else.
    ValueError
        For more than one spectrum.
    """
    from astropy import units as u
    from astropy.nddata import StdDevUncertainty

    if not hasattr(spectrum, "spectral_axis") or not hasattr(spectrum, "flux"):
        raise TypeError(f"{what} takes spectra of specutils, got {type(spectrum).__name__}")
    wave = u.Quantity(spectrum.spectral_axis).to(ANGSTROM, u.spectral())
    flux = u.Quantity(spectrum.flux)
    if flux.ndim != 1:
        raise ValueError(f"{what}: flux has the shape {flux.shape}, expected one spectrum: give them one by one")
    flux_err = None
    if spectrum.uncertainty is not None:
        spread = spectrum.uncertainty.represent_as(StdDevUncertainty)
        flux_err = u.Quantity(np.array(spread.array), spread.unit or flux.unit)
    if spectrum.mask is not None and np.any(spectrum.mask):
        flux = np.where(spectrum.mask, np.nan, flux.value) * flux.unit
    order = np.argsort(wave.value, kind="stable")
    return {"wave": wave[order], "flux": flux[order], "flux_err": None if flux_err is None else flux_err[order]}
