"""Simulated light curves in the formats that classifiers read, one module a format."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.datasets.atat_hdf5 import write_atat as write_atat
    from sntransport.datasets.elasticc_parquet import write_elasticc as write_elasticc
    from sntransport.datasets.images import light_curve_image as light_curve_image
    from sntransport.datasets.images import series_image as series_image
    from sntransport.datasets.images import spectrum_image as spectrum_image
    from sntransport.datasets.lcdata_hdf5 import write_lcdata as write_lcdata
    from sntransport.datasets.nested_parquet import read_nested_parquet as read_nested_parquet
    from sntransport.datasets.nested_parquet import write_nested_parquet as write_nested_parquet
    from sntransport.datasets.plasticc_csv import write_plasticc as write_plasticc
    from sntransport.datasets.snana_fits import read_snana_fits as read_snana_fits
    from sntransport.datasets.snana_fits import write_snana_fits as write_snana_fits
    from sntransport.datasets.snana_version import write_snana_version as write_snana_version
    from sntransport.datasets.tokens import astromer_windows as astromer_windows
    from sntransport.datasets.tokens import write_astromer as write_astromer
    from sntransport.datasets.tokens import write_tokens as write_tokens

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "atat_hdf5": ["write_atat"],
        "elasticc_parquet": ["write_elasticc"],
        "images": ["light_curve_image", "series_image", "spectrum_image"],
        "lcdata_hdf5": ["write_lcdata"],
        "nested_parquet": ["read_nested_parquet", "write_nested_parquet"],
        "plasticc_csv": ["write_plasticc"],
        "snana_fits": ["read_snana_fits", "write_snana_fits"],
        "snana_version": ["write_snana_version"],
        "tokens": ["astromer_windows", "write_astromer", "write_tokens"],
    },
)
