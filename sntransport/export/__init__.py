"""Series as models of simulators: SNANA (NON1ASED and SIMSED), sncosmo, LightCurveLynx; and a check of such folders."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sntransport.export.lightcurvelynx_model import to_lightcurvelynx as to_lightcurvelynx
    from sntransport.export.snana import to_snana as to_snana
    from sntransport.export.snana_check import check_folder as check_folder
    from sntransport.export.sncosmo_source import to_sncosmo as to_sncosmo

_HOME = {
    "check_folder": "check", "to_lightcurvelynx": "lightcurvelynx_model", "to_snana": "snana",
    "to_sncosmo": "sncosmo_source",
}  # fmt: skip

__all__ = [*_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sntransport.export' has no attribute {name!r}")
    value = getattr(import_module(f"sntransport.export.{_HOME[name]}"), name)
    globals()[name] = value
    return value
