"""Value objects take keywords: two arrays of one shape, or two numbers of one unit, cannot be mixed up."""

import dataclasses
import importlib
import inspect
import pkgutil

import pytest

import sntransport

MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(sntransport.__path__, "sntransport.")
    if not found.name.endswith("__main__")
]
OBJECTS = sorted(
    {
        value
        for module in MODULES
        for value in vars(module).values()
        if inspect.isclass(value) and dataclasses.is_dataclass(value) and value.__module__ == module.__name__
    },
    key=lambda one: (one.__module__, one.__qualname__),
)


def positional(one):
    """Fields of a dataclass that can be given by position."""
    return [field.name for field in dataclasses.fields(one) if field.init and not field.kw_only]


def is_tiny(one):
    """Private, of one or two fields: it never leaves its file, where all of its calls are in sight."""
    return one.__name__.startswith("_") and len(dataclasses.fields(one)) <= 2


def test_the_walk_finds_the_value_objects():
    assert {"SpectralSeries", "Supernova", "BuildResult", "LightCurves", "SimulationPlan"} <= {
        one.__name__ for one in OBJECTS
    }


@pytest.mark.parametrize("one", OBJECTS, ids=lambda one: f"{one.__module__}.{one.__qualname__}")
def test_fields_are_keywords(one):
    assert is_tiny(one) or not positional(one)


def test_a_positional_field_is_seen():
    @dataclasses.dataclass(frozen=True)
    class Loose:
        wave: float
        flux: float = dataclasses.field(kw_only=True)

    assert positional(Loose) == ["wave"]
