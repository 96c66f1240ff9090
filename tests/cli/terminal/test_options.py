"""The choices of commands, which must not load what they stand for, against what there is."""

import inspect
from importlib import import_module

import click
import pytest

from sntransport.cli.terminal.options import DUST_LAWS, FAMILY, INTERPOLATORS, default_systems, interpolator_named
from sntransport.datasets.writers import WRITERS
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


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), None), (("ab",), "AB"), (("UVOT=AB", "V KAIT=vega"), {"UVOT": "AB", "V KAIT": "Vega"}),
        (("a=b=AB",), {"a=b": "AB"}),
    ],
)  # fmt: skip
def test_default_systems_of_the_command_line(given, expected):
    assert default_systems(None, None, given) == expected


@pytest.mark.parametrize("given", [("ST",), ("UVOT=",), ("AB", "UVOT=AB"), ("UVOT",)])
def test_default_systems_that_are_none(given):
    with pytest.raises(click.BadParameter):
        default_systems(None, None, given)
