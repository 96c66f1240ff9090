"""Which interpolator for which supernova: the default of `build`, chosen by class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sntransport.spectra.observations import Supernova, broad_class
from sntransport.spectra.series import SpectralSeries
from sntransport.transport.features import feature_transport
from sntransport.transport.interpolators import ForPair, Interpolator, Paced
from sntransport.transport.templates.sources import hsiao
from sntransport.transport.templates.template_transport import beside_template

TEMPLATES: Mapping[str, Callable[[], SpectralSeries]] = MappingProxyType({"Ia": hsiao})
"""Template of each class (see `sntransport.spectra.observations.broad_class`), read when it is needed."""

PACES: Mapping[str, float] = MappingProxyType({"II": 0.2, "Ib/c": 0.2})
"""How much faster than time core-collapse supernovae change at first; see `Paced` of `interpolators`."""


@dataclass(frozen=True, kw_only=True)
class ClassTransport:
    """Feature transport with what is known of the class of a supernova.

    Beside a template where there is one for the class (type Ia: Hsiao et al. 2007), else at the pace of the class
    (types II, Ib, Ic and their kin), else as it is. Both were chosen by what rebuilds hidden spectra of *other*
    supernovae best; see ``docs/records/interpolation.md``.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova
    >>> from sntransport.transport.templates import ClassTransport
    >>> plain = ClassTransport(templates={}, paces={"Ia": 0.1})
    >>> _, *notes = snt.build(demo_supernova(), phases=[0.0], interpolate=plain).notes
    >>> [note for note in notes if "pace" in note]
    ['interpolated at the pace of the class: half of the time is 52% of the way']
    """

    templates: Mapping[str, Callable[[], SpectralSeries]] = field(default_factory=lambda: TEMPLATES)
    paces: Mapping[str, float] = field(default_factory=lambda: PACES)
    interpolate: Interpolator = feature_transport

    def __repr__(self) -> str:
        # As it stands in the signature of build: functions by their names, not their addresses.
        named = ", ".join(f"{name!r}: {getattr(value, '__name__', value)}" for name, value in self.templates.items())
        interpolate = getattr(self.interpolate, "__name__", self.interpolate)
        return f"ClassTransport(templates={{{named}}}, paces={dict(self.paces)}, interpolate={interpolate})"

    def for_supernova(self, sn: Supernova, sparse: SpectralSeries) -> Interpolator | ForPair:
        """Return what interpolates between the rows of ``sparse``, the prepared spectra of ``sn``."""
        sn_class = broad_class(sn.sn_type)
        if sn_class in self.templates:
            return beside_template(self.templates[sn_class](), sn, sparse, interpolate=self.interpolate)
        if sn_class in self.paces:
            return Paced(interpolate=self.interpolate, pace=self.paces[sn_class])
        return self.interpolate


class_transport = ClassTransport()
"""The default of `build`."""
