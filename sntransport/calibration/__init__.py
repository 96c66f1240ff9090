"""From a `Supernova` to its sparse, calibrated series."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.calibration.band_curves import BandCurve as BandCurve
    from sntransport.calibration.band_curves import BandCurves as BandCurves
    from sntransport.calibration.band_curves import evaluate as evaluate
    from sntransport.calibration.band_curves import fit_band_curves as fit_band_curves
    from sntransport.calibration.cleaning import clean as clean
    from sntransport.calibration.continuum import split_continua as split_continua
    from sntransport.calibration.level_surface import Priors as Priors
    from sntransport.calibration.level_surface import fit_surface as fit_surface
    from sntransport.calibration.nights import stitch as stitch
    from sntransport.calibration.preparation import Prepared as Prepared
    from sntransport.calibration.preparation import prepare as prepare

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "band_curves": ["BandCurve", "BandCurves", "evaluate", "fit_band_curves"],
        "cleaning": ["clean"],
        "continuum": ["split_continua"],
        "level_surface": ["Priors", "fit_surface"],
        "nights": ["stitch"],
        "preparation": ["Prepared", "prepare"],
    },
)
