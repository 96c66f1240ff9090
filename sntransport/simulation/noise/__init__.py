"""How fluxes are disturbed, and which errors are reported."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.simulation.noise.error_model import ErrorModel as ErrorModel
    from sntransport.simulation.noise.error_model import Errors as Errors
    from sntransport.simulation.noise.error_model import SeenVisits as SeenVisits
    from sntransport.simulation.noise.noise_model import SNANA_NOISE as SNANA_NOISE
    from sntransport.simulation.noise.noise_model import NoiseModel as NoiseModel
    from sntransport.simulation.noise.snana_error_maps import read_error_maps as read_error_maps

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "error_model": ["ErrorModel", "Errors", "SeenVisits"],
        "noise_model": ["NoiseModel", "SNANA_NOISE"],
        "snana_error_maps": ["read_error_maps"],
    },
)
