"""What of it a survey notices and keeps."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.simulation.selection.detection import DetectionEfficiency as DetectionEfficiency
    from sntransport.simulation.selection.detection import Trigger as Trigger
    from sntransport.simulation.selection.snana_searcheff import read_searcheff as read_searcheff

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "detection": ["DetectionEfficiency", "Trigger"],
        "snana_searcheff": ["read_searcheff"],
    },
)
