"""From a population and a survey to light curves."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.simulation.engine import SelectionWarning as SelectionWarning
    from sntransport.simulation.engine import simulate as simulate
    from sntransport.simulation.engine import simulate_chunks as simulate_chunks
    from sntransport.simulation.light_curves import LightCurves as LightCurves
    from sntransport.simulation.light_curves import Truth as Truth
    from sntransport.simulation.light_curves import concatenate as concatenate
    from sntransport.simulation.population import Population as Population
    from sntransport.simulation.rates import Cosmology as Cosmology
    from sntransport.simulation.rates import expected_number as expected_number
    from sntransport.simulation.rates import rate_redshifts as rate_redshifts

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "engine": ["SelectionWarning", "simulate", "simulate_chunks"],
        "light_curves": ["LightCurves", "Truth", "concatenate"],
        "population": ["Population"],
        "rates": ["Cosmology", "expected_number", "rate_redshifts"],
    },
)
