"""The nouns: supernovae and what was observed of them, sightlines and dust, spectral series and their file."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.spectra.dust import extinction as extinction
    from sntransport.spectra.grid import grid_wave as grid_wave
    from sntransport.spectra.observations import LightCurve as LightCurve
    from sntransport.spectra.observations import Spectrum as Spectrum
    from sntransport.spectra.observations import Supernova as Supernova
    from sntransport.spectra.observations import broad_class as broad_class
    from sntransport.spectra.observed_series import ObservedSeries as ObservedSeries
    from sntransport.spectra.observed_series import observe as observe
    from sntransport.spectra.observed_series import unobserve as unobserve
    from sntransport.spectra.realizations import draw as draw
    from sntransport.spectra.series import Origin as Origin
    from sntransport.spectra.series import SpectralSeries as SpectralSeries
    from sntransport.spectra.series_file import SeriesFile as SeriesFile
    from sntransport.spectra.series_file import read_series as read_series
    from sntransport.spectra.series_file import read_series_file as read_series_file
    from sntransport.spectra.series_file import write_series as write_series
    from sntransport.spectra.sightline import Sightline as Sightline
    from sntransport.spectra.sightline import to_observer as to_observer
    from sntransport.spectra.sightline import to_rest as to_rest

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "dust": ["extinction"],
        "grid": ["grid_wave"],
        "observations": ["LightCurve", "Spectrum", "Supernova", "broad_class"],
        "observed_series": ["ObservedSeries", "observe", "unobserve"],
        "realizations": ["draw"],
        "series": ["Origin", "SpectralSeries"],
        "series_file": ["SeriesFile", "read_series", "read_series_file", "write_series"],
        "sightline": ["Sightline", "to_observer", "to_rest"],
    },
)
