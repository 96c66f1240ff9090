"""All figures, in one place to look. Every function returns a matplotlib Figure and draws nothing on a screen."""

from sntransport.report.figures.construction import transport_map, warp_map, weights_map
from sntransport.report.figures.corrections import bolometric_figure, k_correction_figure, rest_light_curve_figure
from sntransport.report.figures.light_curves import color_curves, light_curves, simulated_light_curve
from sntransport.report.figures.simulation import examples_figure, population_figure
from sntransport.report.figures.spectra import comparison, waterfall
from sntransport.report.figures.validation import ratio_figure, share_figure, triplet_figure

__all__ = [
    "bolometric_figure",
    "color_curves",
    "comparison",
    "examples_figure",
    "k_correction_figure",
    "light_curves",
    "population_figure",
    "ratio_figure",
    "rest_light_curve_figure",
    "share_figure",
    "simulated_light_curve",
    "transport_map",
    "triplet_figure",
    "warp_map",
    "waterfall",
    "weights_map",
]
