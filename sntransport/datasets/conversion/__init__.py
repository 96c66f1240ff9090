"""Sets of light curves read back, and from one format to another."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.datasets.conversion.set_files import read_light_curves as read_light_curves

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "set_files": ["read_light_curves"],
    },
)
