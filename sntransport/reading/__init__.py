"""From files to a `Supernova`."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.reading.supernova import read_light_curve as read_light_curve
    from sntransport.reading.supernova import read_supernova as read_supernova

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "supernova": ["read_light_curve", "read_supernova"],
    },
)
