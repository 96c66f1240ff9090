"""Bands, and what a series shows in them."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.photometry.bands import Bandpass as Bandpass
    from sntransport.photometry.bands import band_names as band_names
    from sntransport.photometry.bands import check_filters as check_filters
    from sntransport.photometry.bands import effective_wave as effective_wave
    from sntransport.photometry.bands import load_bands as load_bands
    from sntransport.photometry.bands import pivot_wave as pivot_wave
    from sntransport.photometry.bands import read_bandpass as read_bandpass
    from sntransport.photometry.coverage import BandCoverage as BandCoverage
    from sntransport.photometry.coverage import band_coverage as band_coverage
    from sntransport.photometry.redshift_range import filter_range as filter_range
    from sntransport.photometry.redshift_range import usable_redshifts as usable_redshifts
    from sntransport.photometry.reference_phase import Maximum as Maximum
    from sntransport.photometry.reference_phase import MaximumError as MaximumError
    from sntransport.photometry.reference_phase import find_maximum as find_maximum
    from sntransport.photometry.reference_phase import rezero as rezero
    from sntransport.photometry.synthetic import CoverageWarning as CoverageWarning
    from sntransport.photometry.synthetic import band_flux as band_flux
    from sntransport.photometry.synthetic import band_flux_err as band_flux_err

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bands": [
            "Bandpass",
            "band_names",
            "check_filters",
            "effective_wave",
            "load_bands",
            "pivot_wave",
            "read_bandpass",
        ],
        "coverage": ["BandCoverage", "band_coverage"],
        "redshift_range": ["filter_range", "usable_redshifts"],
        "reference_phase": ["Maximum", "MaximumError", "find_maximum", "rezero"],
        "synthetic": ["CoverageWarning", "band_flux", "band_flux_err"],
    },
)
