"""The paper: optimal transport between spectra, features, weights of pairs, synthesis, error of interpolation."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.transport import interpolators as interpolators
    from sntransport.transport import weights as weights
    from sntransport.transport.exact import barycenter as barycenter
    from sntransport.transport.exact import displace as displace
    from sntransport.transport.exact import distance as distance

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["interpolators", "weights"], submod_attrs={"exact": ["barycenter", "displace", "distance"]}
)
