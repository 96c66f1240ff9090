"""Pages and examples of configuration files say what the schemas say that check the files."""

import dataclasses
import tomllib

import config_tables
import pytest
from click.testing import CliRunner

from sntransport._storage.config_schema import checked
from sntransport._storage.config_sections import Section
from sntransport.augmentation.config import AUGMENTATION
from sntransport.augmentation.setup import mixing
from sntransport.cli.main import main
from sntransport.simulation.config_keys import POPULATION, SIMULATION
from sntransport.simulation.events.config_keys import EVENTS
from sntransport.simulation.events.population import Population


@pytest.mark.parametrize("page", config_tables.PAGES, ids=lambda page: page.name)
def test_page_is_what_the_schema_says(page):
    # Where this fails: python docs/config_tables.py
    text = page.read_text(encoding="utf-8")
    assert config_tables.MARKED.findall(text)
    assert config_tables.filled(text) == text


def test_every_table_is_in_a_page():
    texts = [page.read_text(encoding="utf-8") for page in config_tables.PAGES]
    assert sorted(name for text in texts for _, name, _ in config_tables.MARKED.findall(text)) == sorted(
        config_tables.TEXTS
    )


def test_the_example_is_printed_and_in_a_file():
    assert config_tables.EXAMPLE_FILE.read_text(encoding="utf-8") == config_tables.EXAMPLE
    assert CliRunner().invoke(main, ["simulate", "--example-config"]).output == config_tables.EXAMPLE


@pytest.mark.parametrize(("command", "schema"), [("simulate", SIMULATION), ("augment", AUGMENTATION)])
def test_an_example_is_good_and_says_no_more_than_120_letters_a_line(command, schema, tmp_path):
    text = CliRunner().invoke(main, [command, "--example-config"]).output
    values = checked(Section(path=tmp_path / "c.toml", where="", values=tomllib.loads(text)), schema).values
    assert set(values) == set(schema.keys)
    assert max(map(len, text.splitlines())) <= 120


def test_keys_of_a_population_are_its_fields():
    fields = {field.name for field in dataclasses.fields(Population) if field.init}
    # The cosmology has a table of its own, and the largest dust follows from the map.
    assert {*EVENTS, "template_weight"} == fields - {"cosmology", "ebv_mw_max"}
    assert set(POPULATION.keys) > set(EVENTS)


def test_every_barycenter_can_be_asked_for():
    for name in AUGMENTATION.keys["templates"].keys["barycenter"].choices:
        assert callable(mixing(name))
