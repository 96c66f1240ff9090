"""The paper: optimal transport between spectra, features, weights of pairs, synthesis, error of interpolation."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.transport import interpolators as interpolators
    from sntransport.transport import weights as weights
    from sntransport.transport.exact import barycenter as barycenter
    from sntransport.transport.exact import displace as displace
    from sntransport.transport.exact import distance as distance
    from sntransport.transport.feature_mean import feature_barycenter as feature_barycenter
    from sntransport.transport.features import feature_shift as feature_shift
    from sntransport.transport.features import feature_transport as feature_transport
    from sntransport.transport.interpolation_errors import interpolation_error as interpolation_error
    from sntransport.transport.interpolation_errors import interval_factor as interval_factor
    from sntransport.transport.paper import paper_recipe as paper_recipe
    from sntransport.transport.synthesis import Synthesis as Synthesis
    from sntransport.transport.synthesis import synthesize as synthesize

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["interpolators", "weights"],
    submod_attrs={
        "exact": ["barycenter", "displace", "distance"],
        "feature_mean": ["feature_barycenter"],
        "features": ["feature_shift", "feature_transport"],
        "interpolation_errors": ["interpolation_error", "interval_factor"],
        "paper": ["paper_recipe"],
        "synthesis": ["Synthesis", "synthesize"],
    },
)
