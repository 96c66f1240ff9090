"""Pages and examples of configuration files say what the schemas say that check the files."""

import dataclasses
import re
import tomllib

import config_tables
import pytest
from click.testing import CliRunner

from sntransport._storage.config_schema import Table, checked
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


@pytest.mark.parametrize("command", config_tables.EXAMPLES)
def test_the_example_is_printed_and_in_a_file(command):
    shown = config_tables.EXAMPLES[command]
    assert config_tables.EXAMPLE_FILES[command].read_text(encoding="utf-8") == shown
    assert CliRunner().invoke(main, [command, "--example-config"]).output == shown


@pytest.mark.parametrize(("command", "schema"), [("simulate", SIMULATION), ("augment", AUGMENTATION)])
def test_every_key_is_shown_and_what_is_no_comment_is_the_example(command, schema):
    text = CliRunner().invoke(main, [command, "--every-key"]).output
    assert tomllib.loads(text) == tomllib.loads(config_tables.EXAMPLES[command])

    def all_keys(table):
        for name, known in table.keys.items():
            yield name
            if isinstance(known, Table) and not known.number:
                yield from all_keys(known)

    named = set(re.findall(r"[\w.]+(?= =)|(?<=\[)[\w.]+(?=\])", text))
    assert set(all_keys(schema)) <= {word for name in named for word in name.split(".")}


@pytest.mark.parametrize(("command", "schema"), [("simulate", SIMULATION), ("augment", AUGMENTATION)])
def test_a_default_that_is_shown_may_be_put_in(command, schema, tmp_path):
    # Each line alone, as a reader would: a default changes nothing.
    lines = CliRunner().invoke(main, [command, "--every-key"]).output.splitlines()
    kept = {i for i, line in enumerate(lines) if not line.startswith("#")}
    before = checked(Section(path=tmp_path, where="", values=tomllib.loads("\n".join(lines))), schema).values
    shown = [i for i, line in enumerate(lines) if re.match(r"# [a-z_]+ = [^ ]", line)]
    assert len(shown) > 5
    for i in shown:
        head = next((k for k in range(i, 0, -1) if re.match(r"(# )?\[", lines[k])), None)
        if head is not None and head not in kept:
            continue
        text = "\n".join(line.removeprefix("# ") if k == i else line for k, line in enumerate(lines))
        assert checked(Section(path=tmp_path, where="", values=tomllib.loads(text)), schema).values == before, lines[i]


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
