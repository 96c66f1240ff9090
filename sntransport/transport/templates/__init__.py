"""What the class of a supernova adds: mean series, their clocks, interpolation beside them."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.transport.templates.by_class import ClassTransport as ClassTransport
    from sntransport.transport.templates.by_class import class_transport as class_transport
    from sntransport.transport.templates.class_template import ClassTemplate as ClassTemplate
    from sntransport.transport.templates.class_template import build_template as build_template
    from sntransport.transport.templates.feature_clock import align as align
    from sntransport.transport.templates.light_curve_clock import light_clock as light_clock
    from sntransport.transport.templates.light_curve_clock import plain_clock as plain_clock
    from sntransport.transport.templates.photometry_clock import Clock as Clock
    from sntransport.transport.templates.photometry_clock import photometric_clock as photometric_clock
    from sntransport.transport.templates.sources import hsiao as hsiao
    from sntransport.transport.templates.sources import mean_template as mean_template
    from sntransport.transport.templates.sources import sncosmo_template as sncosmo_template
    from sntransport.transport.templates.template_transport import TemplateTransport as TemplateTransport
    from sntransport.transport.templates.template_transport import beside_template as beside_template

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "by_class": ["ClassTransport", "class_transport"],
        "class_template": ["ClassTemplate", "build_template"],
        "feature_clock": ["align"],
        "light_curve_clock": ["light_clock", "plain_clock"],
        "photometry_clock": ["Clock", "photometric_clock"],
        "sources": ["hsiao", "mean_template", "sncosmo_template"],
        "template_transport": ["TemplateTransport", "beside_template"],
    },
)
