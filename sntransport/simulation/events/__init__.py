"""What explodes: where, how often, how bright, behind how much dust."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.simulation.events.class_codes import Codes as Codes
    from sntransport.simulation.events.class_codes import default_codes as default_codes
    from sntransport.simulation.events.population import Population as Population
    from sntransport.simulation.events.rates import Cosmology as Cosmology
    from sntransport.simulation.events.rates import expected_number as expected_number
    from sntransport.simulation.events.rates import rate_redshifts as rate_redshifts

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "class_codes": ["Codes", "default_codes"],
        "population": ["Population"],
        "rates": ["Cosmology", "expected_number", "rate_redshifts"],
    },
)
