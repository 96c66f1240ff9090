"""Spectra of simulated objects, as a spectrograph would take them."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.simulation.spectroscopy.simulated_spectra import SimulatedSpectra as SimulatedSpectra
    from sntransport.simulation.spectroscopy.simulated_spectra import simulate_spectra as simulate_spectra
    from sntransport.simulation.spectroscopy.spectrograph import Spectrograph as Spectrograph
    from sntransport.simulation.spectroscopy.spectrum_files import read_simulated_spectra as read_simulated_spectra
    from sntransport.simulation.spectroscopy.spectrum_files import write_folders as write_folders
    from sntransport.simulation.spectroscopy.spectrum_files import write_simulated_spectra as write_simulated_spectra

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "simulated_spectra": ["SimulatedSpectra", "simulate_spectra"],
        "spectrograph": ["Spectrograph"],
        "spectrum_files": ["read_simulated_spectra", "write_folders", "write_simulated_spectra"],
    },
)
