"""Every figure. Each function returns a matplotlib Figure and opens no window; sizes are those of a `Style`."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.report.figures.construction import transport_map as transport_map
    from sntransport.report.figures.construction import warp_map as warp_map
    from sntransport.report.figures.construction import weights_map as weights_map
    from sntransport.report.figures.corrections import bolometric_figure as bolometric_figure
    from sntransport.report.figures.corrections import k_correction_figure as k_correction_figure
    from sntransport.report.figures.corrections import rest_light_curve_figure as rest_light_curve_figure
    from sntransport.report.figures.photometry import color_curves as color_curves
    from sntransport.report.figures.photometry import light_curves as light_curves
    from sntransport.report.figures.simulation import examples_figure as examples_figure
    from sntransport.report.figures.simulation import population_figure as population_figure
    from sntransport.report.figures.simulation import simulated_light_curve as simulated_light_curve
    from sntransport.report.figures.spectra import comparison as comparison
    from sntransport.report.figures.spectra import waterfall as waterfall
    from sntransport.report.figures.style import STYLES as STYLES
    from sntransport.report.figures.style import Style as Style
    from sntransport.report.figures.style import write_figure as write_figure
    from sntransport.report.figures.validation import ratio_figure as ratio_figure
    from sntransport.report.figures.validation import share_figure as share_figure
    from sntransport.report.figures.validation import triplet_figure as triplet_figure

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "construction": ["transport_map", "warp_map", "weights_map"],
        "corrections": ["bolometric_figure", "k_correction_figure", "rest_light_curve_figure"],
        "photometry": ["color_curves", "light_curves"],
        "simulation": ["examples_figure", "population_figure", "simulated_light_curve"],
        "spectra": ["comparison", "waterfall"],
        "style": ["STYLES", "Style", "write_figure"],
        "validation": ["ratio_figure", "share_figure", "triplet_figure"],
    },
)
