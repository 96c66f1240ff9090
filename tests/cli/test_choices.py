"""The choices of commands, which must not load what they stand for, against what there is."""

import inspect
from importlib import import_module

from sntransport.cli.console import DUST_LAWS, FAMILY, INTERPOLATORS, interpolator_named
from sntransport.cli.simulate import WRITERS
from sntransport.spectra.dust import LAWS
from sntransport.transport import interpolators
from sntransport.transport.templates.by_class import class_transport


def test_dust_laws_are_all_there_are():
    assert tuple(LAWS) == DUST_LAWS


def test_the_family_is_every_interpolator_between_two_spectra():
    shown = {name: getattr(interpolators, name) for name in interpolators.__all__}
    signed = {name for name, value in shown.items() if inspect.isfunction(value)
              and [*inspect.signature(value).parameters][:4] == ["wave", "flux_a", "flux_b", "t"]}  # fmt: skip
    assert signed == set(FAMILY)


def test_a_name_gives_its_interpolator():
    assert [interpolator_named(name).__name__ for name in FAMILY] == list(FAMILY)
    assert interpolator_named("class_transport") is class_transport
    assert set(INTERPOLATORS) == {*FAMILY, "class_transport"}


def test_every_format_has_its_writer():
    found = {kind: getattr(import_module(f"sntransport.{module}"), name) for kind, (module, name, _) in WRITERS.items()}
    assert {kind for kind, write in found.items() if not inspect.isfunction(write)} == set()
