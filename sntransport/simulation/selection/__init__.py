"""What of it a survey notices and keeps."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.simulation.selection.cuts import Cut as Cut
    from sntransport.simulation.selection.detection import DetectionEfficiency as DetectionEfficiency
    from sntransport.simulation.selection.detection import Trigger as Trigger
    from sntransport.simulation.selection.efficiencies import EfficiencyMap as EfficiencyMap
    from sntransport.simulation.selection.efficiencies import EfficiencyMaps as EfficiencyMaps
    from sntransport.simulation.selection.efficiencies import PeakEfficiency as PeakEfficiency
    from sntransport.simulation.selection.efficiencies import spectroscopic_propensity as spectroscopic_propensity
    from sntransport.simulation.selection.selection import Prescale as Prescale
    from sntransport.simulation.selection.selection import Selection as Selection
    from sntransport.simulation.selection.snana_efficiency_maps import read_efficiency_maps as read_efficiency_maps
    from sntransport.simulation.selection.snana_searcheff import read_searcheff as read_searcheff
    from sntransport.simulation.selection.snana_trigger_logic import read_trigger_logic as read_trigger_logic
    from sntransport.simulation.selection.trigger_language import parse_trigger as parse_trigger
    from sntransport.simulation.selection.trigger_logic import logic_trigger as logic_trigger

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cuts": ["Cut"],
        "detection": ["DetectionEfficiency", "Trigger"],
        "efficiencies": ["EfficiencyMap", "EfficiencyMaps", "PeakEfficiency", "spectroscopic_propensity"],
        "selection": ["Prescale", "Selection"],
        "snana_efficiency_maps": ["read_efficiency_maps"],
        "snana_searcheff": ["read_searcheff"],
        "snana_trigger_logic": ["read_trigger_logic"],
        "trigger_language": ["parse_trigger"],
        "trigger_logic": ["logic_trigger"],
    },
)
