"""How files write when, where and how deep a survey looked."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.simulation.surveys.formats.load import load_survey as load_survey
    from sntransport.simulation.surveys.formats.rubin_opsim import read_opsim as read_opsim
    from sntransport.simulation.surveys.formats.simlib_writer import write_simlib as write_simlib
    from sntransport.simulation.surveys.formats.snana_simlib import read_simlib as read_simlib
    from sntransport.simulation.surveys.formats.visit_tables import read_visits as read_visits

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "load": ["load_survey"],
        "rubin_opsim": ["read_opsim"],
        "simlib_writer": ["write_simlib"],
        "snana_simlib": ["read_simlib"],
        "visit_tables": ["read_visits"],
    },
)
