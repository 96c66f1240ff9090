"""JSON Schemas of configurations: what our own check takes they take, and what is broken they refuse."""

import copy
import json
import tomllib

import pytest
from click.testing import CliRunner

from sntransport._storage.config_schema import checked
from sntransport._storage.config_sections import Section
from sntransport._storage.read_error import ReadError
from sntransport.augmentation.config import AUGMENTATION
from sntransport.cli.inspection.json_schema import DRAFT, json_schema
from sntransport.cli.main import main
from sntransport.simulation.config_keys import SIMULATION
from tests.conftest import ROOT

SCHEMAS = {"simulate": (SIMULATION, "simulation.toml"), "augment": (AUGMENTATION, "augment.toml")}


def values_of(command):
    return tomllib.loads((ROOT / "examples" / SCHEMAS[command][1]).read_text(encoding="utf-8"))


def ours_takes(command, values, path):
    try:
        checked(Section(path=path, where="", values=values), SCHEMAS[command][0])
    except ReadError:
        return False
    return True


def changed(values, path, value):
    """A copy with another value at a path of keys; None removes it."""
    out = copy.deepcopy(values)
    inside = out
    for key in path[:-1]:
        inside = inside[key]
    if value is None:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return out


BROKEN = {
    "simulate": [
        (("sed",), 1), (("seed",), -1), (("seed",), "one"), (("keep",), "some"), (("survey",), []),
        (("survey",), None), (("survey", 0, "source"), None), (("population",), None),
        (("population", 0, "name"), None), (("population", 0, "objects"), 0), (("population", 0, "templates"), "hsiao"),
        (("population", 0, "redshift"), {"uniform": [0.1]}), (("population", 0, "redshift"), {}),
        (("population", 0, "redshift"), {"uniform": [0.1, 0.2], "value": 0.1}),
        (("population", 0, "redshift"), {"rate": "frohmaier2019"}),
        (("population", 0, "redshift"), {"uniform": [0.1, 0.2], "range": [0.1, 0.2]}),
        (("population", 0, "mag_offset"), {"normal": [0.0, 0.1], "max": 1.0}),
        (("population", 0, "mag_offset"), "0.1"), (("dates",), [61000.0]), (("cosmology",), {"omega": 0.3}),
    ],
    "augment": [
        (("series",), None), (("series",), "a.fits"), (("target",), {}), (("target", "train"), {"Ia": -1}),
        (("target", "train", "Ia"), "ten"), (("templates", "barycenter"), "mean"), (("survey", 0, "years"), "one"),
        (("simulation", "n"), None), (("split", "train"), "most"), (("population",), None), (("cut",), []),
    ],
}  # fmt: skip
"""Places in the examples, and what does not belong there."""

GOOD = {
    "simulate": [
        (("seed",), 7), (("population", 0, "redshift"), 0.1), (("population", 0, "ebv_host"), {"value": 0.0}),
        (("survey", 0, "part"), "ddf"), (("population", 0, "mag_offset"), {"normal": [0.0, 0.1], "shift": [0.1]}),
        (("cosmology",), {}), (("slurm",), {"jobs": 2}),
        (("population", 0, "redshift"), {"exponential": 0.1, "max": 1}),
    ],
    "augment": [(("split",), {}), (("balance",), {"z_edges": [0, 1]}), (("population", "rv_host"), 3)],
}  # fmt: skip


@pytest.mark.parametrize("command", SCHEMAS)
def test_it_is_a_schema_of_the_draft_that_it_names(command):
    jsonschema = pytest.importorskip("jsonschema")
    result = CliRunner().invoke(main, ["schema", command])
    made = json.loads(result.stdout)
    assert made["$schema"] == DRAFT
    jsonschema.Draft202012Validator.check_schema(made)
    jsonschema.validate(values_of(command), made, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("command", "path", "value"), [(command, *case) for command, cases in BROKEN.items() for case in cases]
)
def test_what_is_broken_is_refused_by_both(command, path, value, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    values = changed(values_of(command), path, value)
    assert not ours_takes(command, values, tmp_path)
    validator = jsonschema.Draft202012Validator(json_schema(SCHEMAS[command][0], "t"))
    assert not validator.is_valid(values)


@pytest.mark.parametrize(
    ("command", "path", "value"), [(command, *case) for command, cases in GOOD.items() for case in cases]
)
def test_what_is_good_is_taken_by_both(command, path, value, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    values = changed(values_of(command), path, value)
    assert ours_takes(command, values, tmp_path)
    jsonschema.Draft202012Validator(json_schema(SCHEMAS[command][0], "t")).validate(values)


@pytest.mark.parametrize("command", SCHEMAS)
def test_every_key_is_a_property_with_its_meaning(command):
    # Holds without any judge: names, words and defaults are those of the table.
    def compare(table, made):
        assert set(made["properties"]) == set(table.keys)
        for name, known in table.keys.items():
            inside = made["properties"][name]
            if known.words:
                assert inside["description"] == known.words
            if hasattr(known, "keys"):
                compare(known, inside["items"] if known.several else inside["anyOf"][1] if known.number else inside)
            else:
                assert inside.get("default") == known.default

    compare(SCHEMAS[command][0], json_schema(SCHEMAS[command][0], "t"))


def test_a_file_is_written_whole(tmp_path):
    result = CliRunner().invoke(main, ["schema", "simulate", "-o", str(tmp_path / "s.json")])
    assert result.exit_code == 0
    shown = CliRunner().invoke(main, ["schema", "simulate"]).stdout
    assert (tmp_path / "s.json").read_text() == shown
    told = json.loads(CliRunner().invoke(main, ["schema", "simulate", "--json"]).stdout)
    assert told["results"][0]["schema"] == json.loads(shown)
