"""Series as models of simulators: SNANA (NON1ASED and SIMSED), sncosmo, LightCurveLynx; and a check of such folders."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.export.lightcurvelynx_model import to_lightcurvelynx as to_lightcurvelynx
    from sntransport.export.snana import to_snana as to_snana
    from sntransport.export.snana_check import check_folder as check_folder
    from sntransport.export.sncosmo_source import to_sncosmo as to_sncosmo

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "lightcurvelynx_model": ["to_lightcurvelynx"],
        "snana": ["to_snana"],
        "snana_check": ["check_folder"],
        "sncosmo_source": ["to_sncosmo"],
    },
)
