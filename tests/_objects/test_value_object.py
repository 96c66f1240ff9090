"""Every value object: read-only as a copy too, and shown in a few lines that cannot break a page."""

import copy
import dataclasses
import pickle
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from sntransport._objects.value_object import ValueObject
from tests._objects.examples import examples
from tests.conftest import ROOT
from tests.project.test_value_objects import OBJECTS

NAMES = (
    "Supernova", "Sightline", "Spectrum", "LightCurve", "BuildResult", "SpectralSeries", "SpectraAt", "BandCurves",
    "BandCurve", "ObservedSeries", "Bandpass", "Survey", "Population", "LightCurves", "Truth", "TrainingTemplate",
    "Mixture", "Bolometric", "TrainingSet", "SeriesFile", "KCorrection", "RestLightCurve", "Selection", "NoiseModel",
    "Spectrograph",
    "SimulatedSpectra", "Codes",
)  # fmt: skip


def arrays(value, path=""):
    """All arrays of an object, by where they are."""
    if isinstance(value, np.ndarray):
        yield path, value
    elif dataclasses.is_dataclass(value):
        for key, one in vars(value).items():
            yield from arrays(one, f"{path}.{key}")
    elif isinstance(value, tuple | list):
        for k, one in enumerate(value):
            yield from arrays(one, f"{path}[{k}]")
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from arrays(one, f"{path}[{key!r}]")


def stored(value):
    return pickle.loads(pickle.dumps(value))


def test_the_nouns_of_the_architecture_are_value_objects():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.split("## Value objects")[1].split("\n## ")[0]
    named = {name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", row)}
    kinds = {one.__name__: one for one in OBJECTS}
    assert len(named) > 15
    assert {name for name in named if not issubclass(kinds[name], ValueObject)} == set()
    assert named <= set(NAMES)


def test_there_is_one_of_each():
    assert set(examples()) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", [lambda one: one, copy.copy, copy.deepcopy, stored, dataclasses.replace],
                         ids=["itself", "copy", "deepcopy", "pickle", "replace"])  # fmt: skip
def test_arrays_are_read_only_in_every_copy(name, way):
    one = examples()[name]
    again = way(one)
    held = dict(arrays(again))
    assert {path for path, array in held.items() if array.flags.writeable} == set()
    for path, array in arrays(one):
        if path in held:  # what is worked out when looked at need not be copied
            np.testing.assert_array_equal(held[path], array)


def test_read_only_mappings_stay_so():
    held = copy.deepcopy(examples()["SeriesFile"])
    assert dict(held.provenance) == {"input": "a"}
    with pytest.raises(TypeError, match="item assignment"):
        held.provenance["input"] = "b"


@pytest.mark.parametrize("name", NAMES)
def test_shown_in_a_few_lines(name):
    text = repr(examples()[name])
    assert name in text or name == "SpectraAt"
    assert len(text.encode()) < 2000
    assert len(text.splitlines()) <= 17


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.names = [], set()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.open.append(tag)
        assert not {"src", "href"} & {key for key, value in attrs}

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", NAMES)
def test_html_is_whole_escaped_small_and_fetches_nothing(name):
    html = examples()[name]._repr_html_()
    assert len(html) < 40_000
    parser = _Tags()
    parser.feed(html)
    assert parser.open == []
    # The name of the supernova has markup in it: only the title of the card is bold.
    assert html.count("<b>") == 1
    assert "script" not in parser.names


@pytest.mark.parametrize("name", ["Supernova", "Spectrum", "LightCurve", "SpectralSeries", "SpectraAt", "BuildResult",
                                  "ObservedSeries", "Bandpass", "Survey", "Population", "LightCurves",
                                  "TrainingSet"])  # fmt: skip
def test_thumbnails_are_drawings(name):
    html = examples()[name]._repr_html_()
    picture = ElementTree.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])
    drawn = [one for one in picture if not one.tag.endswith("title")]
    assert drawn
    places = [value for one in drawn for key, value in one.attrib.items() if key not in ("fill", "stroke")]
    numbers = re.findall(r"[\d.]+", " ".join(places))
    assert "nan" not in html
    assert 0 <= min(map(float, numbers)) <= max(map(float, numbers)) <= 240


def test_a_class_without_a_card_lists_its_fields():
    @dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
    class Thing(ValueObject):
        name: str
        flux: np.ndarray
        notes: tuple = ()

    one = Thing(name="x", flux=np.zeros((3, 4)), notes=("a", "b"))
    assert repr(one).splitlines() == ["Thing x", "  flux   (3, 4) 0", "  notes  a, b"]
    with pytest.raises(ValueError, match="read-only"):
        one.flux[0] = 1.0
