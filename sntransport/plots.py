"""All figures, in one place to look. Every function returns a matplotlib Figure and draws nothing on a screen."""

from sntransport.bandplots import share_figure
from sntransport.boloutput import bolometric_figure
from sntransport.gapplots import triplet_figure
from sntransport.kplots import k_correction_figure, rest_light_curve_figure
from sntransport.lightplots import color_curves, light_curves, simulated_light_curve
from sntransport.makingplots import transport_map, warp_map, weights_map
from sntransport.seriesplots import comparison, waterfall
from sntransport.simplots import examples_figure, population_figure
from sntransport.validation.leave_out_scores import ratio_figure

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
