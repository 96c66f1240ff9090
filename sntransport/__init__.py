"""Complete spectral time series of supernovae from a few spectra, by optimal transport.

Everything here is imported on first use, so that ``import sntransport`` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sntransport._version import __version__

if TYPE_CHECKING:
    from sntransport import export as export
    from sntransport import transport as transport
    from sntransport.corrections.bolometric_corrections import bolometric_correction as bolometric_correction
    from sntransport.corrections.k_corrections import KCorrection as KCorrection
    from sntransport.corrections.k_corrections import evaluate_k_correction as evaluate_k_correction
    from sntransport.corrections.k_corrections import k_correction as k_correction
    from sntransport.corrections.k_corrections import s_correction as s_correction
    from sntransport.corrections.luminosity import bolometric as bolometric
    from sntransport.corrections.rest_light_curve import RestLightCurve as RestLightCurve
    from sntransport.corrections.rest_light_curve import k_correct as k_correct
    from sntransport.photometry.bands import Bandpass as Bandpass
    from sntransport.photometry.bands import load_bands as load_bands
    from sntransport.photometry.synthetic import band_flux as band_flux
    from sntransport.photometry.synthetic import band_flux_err as band_flux_err
    from sntransport.pipeline import BuildResult as BuildResult
    from sntransport.pipeline import build as build
    from sntransport.reading.supernova import read_light_curve as read_light_curve
    from sntransport.reading.supernova import read_supernova as read_supernova
    from sntransport.simulation.engine import simulate as simulate
    from sntransport.simulation.engine import simulate_chunks as simulate_chunks
    from sntransport.simulation.population import Population as Population
    from sntransport.simulation.surveys.load import load_survey as load_survey
    from sntransport.simulation.surveys.survey import Survey as Survey
    from sntransport.spectra.observations import LightCurve as LightCurve
    from sntransport.spectra.observations import Spectrum as Spectrum
    from sntransport.spectra.observations import Supernova as Supernova
    from sntransport.spectra.observed_series import ObservedSeries as ObservedSeries
    from sntransport.spectra.observed_series import observe as observe
    from sntransport.spectra.observed_series import unobserve as unobserve
    from sntransport.spectra.series import SpectralSeries as SpectralSeries
    from sntransport.spectra.series_file import read_series as read_series
    from sntransport.spectra.series_file import write_series as write_series
    from sntransport.spectra.sightline import Sightline as Sightline
    from sntransport.transport import interpolators as interpolators
    from sntransport.transport import weights as weights


# Each public name and the module it comes from; a module's own name stands for itself.
_HOME = {
    "Bandpass": "photometry.bands",
    "BuildResult": "pipeline",
    "KCorrection": "corrections.k_corrections",
    "LightCurve": "spectra.observations",
    "ObservedSeries": "spectra.observed_series",
    "Population": "simulation.population",
    "RestLightCurve": "corrections.rest_light_curve",
    "Sightline": "spectra.sightline",
    "SpectralSeries": "spectra.series",
    "Spectrum": "spectra.observations",
    "Supernova": "spectra.observations",
    "Survey": "simulation.surveys.survey",
    "band_flux": "photometry.synthetic",
    "band_flux_err": "photometry.synthetic",
    "bolometric": "corrections.luminosity",
    "bolometric_correction": "corrections.bolometric_corrections",
    "build": "pipeline",
    "evaluate_k_correction": "corrections.k_corrections",
    "export": "",
    "interpolators": "transport",
    "k_correct": "corrections.rest_light_curve",
    "k_correction": "corrections.k_corrections",
    "load_bands": "photometry.bands",
    "load_survey": "simulation.surveys.load",
    "observe": "spectra.observed_series",
    "read_light_curve": "reading.supernova",
    "read_series": "spectra.series_file",
    "read_supernova": "reading.supernova",
    "s_correction": "corrections.k_corrections",
    "simulate": "simulation.engine",
    "simulate_chunks": "simulation.engine",
    "transport": "",
    "unobserve": "spectra.observed_series",
    "weights": "transport",
    "write_series": "spectra.series_file",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sntransport' has no attribute {name!r}")
    module = import_module(f"sntransport.{_HOME[name] or name}")
    value = getattr(module, name) if _HOME[name] else module
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
