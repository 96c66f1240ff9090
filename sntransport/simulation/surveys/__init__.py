"""When, where and how deep a survey looked."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.simulation.surveys.built_in import Recipe as Recipe
    from sntransport.simulation.surveys.built_in import make_survey as make_survey
    from sntransport.simulation.surveys.formats.load import load_survey as load_survey
    from sntransport.simulation.surveys.formats.rubin_opsim import read_opsim as read_opsim
    from sntransport.simulation.surveys.formats.simlib_writer import write_simlib as write_simlib
    from sntransport.simulation.surveys.formats.snana_simlib import read_simlib as read_simlib
    from sntransport.simulation.surveys.formats.visit_tables import read_visits as read_visits
    from sntransport.simulation.surveys.survey import Survey as Survey
    from sntransport.simulation.surveys.survey import select_visits as select_visits

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "built_in": ["Recipe", "make_survey"],
        "formats.load": ["load_survey"],
        "formats.rubin_opsim": ["read_opsim"],
        "formats.simlib_writer": ["write_simlib"],
        "formats.snana_simlib": ["read_simlib"],
        "survey": ["Survey", "select_visits"],
        "formats.visit_tables": ["read_visits"],
    },
)
