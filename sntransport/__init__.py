"""Complete spectral time series of supernovae from a few spectra, by optimal transport.

Everything here is imported on first use, so that ``import sntransport`` costs next to nothing.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport import export as export
    from sntransport import transport as transport
    from sntransport._version import __version__ as __version__
    from sntransport.corrections import KCorrection as KCorrection
    from sntransport.corrections import RestLightCurve as RestLightCurve
    from sntransport.corrections import bolometric as bolometric
    from sntransport.corrections import bolometric_correction as bolometric_correction
    from sntransport.corrections import evaluate_k_correction as evaluate_k_correction
    from sntransport.corrections import k_correct as k_correct
    from sntransport.corrections import k_correction as k_correction
    from sntransport.corrections import s_correction as s_correction
    from sntransport.photometry import Bandpass as Bandpass
    from sntransport.photometry import band_flux as band_flux
    from sntransport.photometry import band_flux_err as band_flux_err
    from sntransport.photometry import load_bands as load_bands
    from sntransport.pipeline import BuildResult as BuildResult
    from sntransport.pipeline import build as build
    from sntransport.reading import read_light_curve as read_light_curve
    from sntransport.reading import read_supernova as read_supernova
    from sntransport.simulation import simulate as simulate
    from sntransport.simulation import simulate_chunks as simulate_chunks
    from sntransport.simulation.events import Population as Population
    from sntransport.simulation.surveys import Survey as Survey
    from sntransport.simulation.surveys import load_survey as load_survey
    from sntransport.spectra import LightCurve as LightCurve
    from sntransport.spectra import ObservedSeries as ObservedSeries
    from sntransport.spectra import Sightline as Sightline
    from sntransport.spectra import SpectralSeries as SpectralSeries
    from sntransport.spectra import Spectrum as Spectrum
    from sntransport.spectra import Supernova as Supernova
    from sntransport.spectra import observe as observe
    from sntransport.spectra import read_series as read_series
    from sntransport.spectra import unobserve as unobserve
    from sntransport.spectra import write_series as write_series
    from sntransport.transport import interpolators as interpolators
    from sntransport.transport import weights as weights

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["export", "transport"],
    submod_attrs={
        "_version": ["__version__"],
        "spectra": [
            "LightCurve",
            "ObservedSeries",
            "Sightline",
            "SpectralSeries",
            "Spectrum",
            "Supernova",
            "observe",
            "read_series",
            "unobserve",
            "write_series",
        ],
        "photometry": ["Bandpass", "band_flux", "band_flux_err", "load_bands"],
        "reading": ["read_light_curve", "read_supernova"],
        "corrections": [
            "KCorrection",
            "RestLightCurve",
            "bolometric",
            "bolometric_correction",
            "evaluate_k_correction",
            "k_correct",
            "k_correction",
            "s_correction",
        ],
        "pipeline": ["BuildResult", "build"],
        "simulation": ["simulate", "simulate_chunks"],
        "simulation.events": ["Population"],
        "simulation.surveys": ["Survey", "load_survey"],
        "transport": ["interpolators", "weights"],
    },
)
