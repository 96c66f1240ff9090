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

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "engine": ["SelectionWarning", "simulate", "simulate_chunks"],
        "light_curves": ["LightCurves", "Truth", "concatenate"],
    },
)
