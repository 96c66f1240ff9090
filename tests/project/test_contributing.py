"""What CONTRIBUTING.md says is so: files and targets that it names are there, and tests reach what they are said to."""

import ast
import re
import tomllib

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TABLE = re.findall(r"^\| ([^|]+) \| \[[^]]+\]\(([^)]+)\)[^|]* \| \[[^]]+\]\(([^)]+)\) \|$", PAGE, flags=re.M)


def test_the_six_questions_are_answered():
    assert [question for question, _, _ in TABLE] == [
        "a band's zero point", "the weight of a pair", "the reader of OSC files", "the noise of a simulated visit",
        "the SNANA include file", "a figure of the report",
    ]  # fmt: skip


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https:)([^)]+)\)", PAGE))))
def test_what_is_linked_is_there(link):
    assert (ROOT / link).is_file()


@pytest.mark.parametrize(("file", "test"), [row[1:] for row in TABLE if row[1].startswith("sntransport/")])
def test_a_test_imports_the_file_it_is_named_for(file, test):
    tree = ast.parse((ROOT / test).read_text(encoding="utf-8"))
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules = {name for node in froms for name in (node.module, *(f"{node.module}.{one.name}" for one in node.names))}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    # A reader is reached by the door of its room, and a writer by the face of its own.
    face = module.rpartition(".")[0]
    assert any(one == module or one.startswith((f"{module}.", f"{face}.")) for one in modules)


def test_commands_are_targets_of_the_makefile_and_rooms_are_folders():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([\w-]+)", PAGE, flags=re.M):
        assert re.search(rf"^{target}:", makefile, flags=re.M), target
    words = PAGE.split("## Where things are")[1].split("\n| ")[0]
    for name in re.findall(r"`(\w+(?:\.py)?)`", words):
        path = ROOT / "sntransport" / name
        assert path.exists() or name == "Supernova", name


def test_marks_of_the_makefile_are_registered():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    marks = {line.split(":")[0] for line in told["markers"]}
    assert set(re.search(r"^DESELECT \?= (.+)$", (ROOT / "Makefile").read_text(), flags=re.M)[1].split()) - {
        "not", "and",
    } == marks  # fmt: skip
