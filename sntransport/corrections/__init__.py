"""From a series to K- and S-corrections, rest-frame light curves, luminosity, and what lies beyond the data."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.corrections.bolometric_corrections import BolometricCorrection as BolometricCorrection
    from sntransport.corrections.bolometric_corrections import ColorRelation as ColorRelation
    from sntransport.corrections.bolometric_corrections import bolometric_correction as bolometric_correction
    from sntransport.corrections.bolometric_corrections import color_relation as color_relation
    from sntransport.corrections.bolometric_corrections import luminosity_from_color as luminosity_from_color
    from sntransport.corrections.bolometric_corrections import luminosity_of_photometry as luminosity_of_photometry
    from sntransport.corrections.extrapolation import Extrapolated as Extrapolated
    from sntransport.corrections.extrapolation import extend_decline as extend_decline
    from sntransport.corrections.extrapolation import extend_from_template as extend_from_template
    from sntransport.corrections.extrapolation import extend_rise as extend_rise
    from sntransport.corrections.extrapolation import extend_wave as extend_wave
    from sntransport.corrections.k_corrections import KCorrection as KCorrection
    from sntransport.corrections.k_corrections import evaluate_k_correction as evaluate_k_correction
    from sntransport.corrections.k_corrections import k_correction as k_correction
    from sntransport.corrections.k_corrections import s_correction as s_correction
    from sntransport.corrections.luminosity import Bolometric as Bolometric
    from sntransport.corrections.luminosity import LightShape as LightShape
    from sntransport.corrections.luminosity import absolute_magnitude as absolute_magnitude
    from sntransport.corrections.luminosity import bolometric as bolometric
    from sntransport.corrections.luminosity import light_shape as light_shape
    from sntransport.corrections.rest_light_curve import RestLightCurve as RestLightCurve
    from sntransport.corrections.rest_light_curve import k_correct as k_correct
    from sntransport.corrections.rest_light_curve import rest_bands as rest_bands

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bolometric_corrections": [
            "BolometricCorrection",
            "ColorRelation",
            "bolometric_correction",
            "color_relation",
            "luminosity_from_color",
            "luminosity_of_photometry",
        ],
        "extrapolation": ["Extrapolated", "extend_decline", "extend_from_template", "extend_rise", "extend_wave"],
        "k_corrections": ["KCorrection", "evaluate_k_correction", "k_correction", "s_correction"],
        "luminosity": ["Bolometric", "LightShape", "absolute_magnitude", "bolometric", "light_shape"],
        "rest_light_curve": ["RestLightCurve", "k_correct", "rest_bands"],
    },
)
