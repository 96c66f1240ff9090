"""Tables of results, and the page that shows all of them."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.report import figures as figures
    from sntransport.report.contents import Material as Material
    from sntransport.report.contents import from_series_file as from_series_file
    from sntransport.report.contents import from_supernova as from_supernova
    from sntransport.report.page import render as render
    from sntransport.report.page import write_report as write_report

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["figures"],
    submod_attrs={
        "contents": ["Material", "from_series_file", "from_supernova"],
        "page": ["render", "write_report"],
    },
)
