"""The layout as a test: a file imports from its own room or from rooms above it, and no room goes in circles."""

import ast
import re
from graphlib import TopologicalSorter

import pytest

from tests.conftest import ROOT

ROOMS = [
    "_version", "_numerics", "_storage", "_objects", "spectra", "photometry", "reading.formats", "reading",
    "calibration", "transport", "transport.templates", "pipeline", "corrections", "simulation.surveys",
    "simulation.surveys.formats", "simulation.noise", "simulation.selection", "simulation.events", "simulation",
    "simulation.spectroscopy", "augmentation", "export", "datasets", "datasets.conversion", "validation",
    "report.figures", "report", "cli.terminal", "cli.supernovae", "cli.samples", "cli.inspection", "cli", "__main__",
]  # fmt: skip
"""In import order; a room is a folder, or a module that stands alone. docs/architecture.md has the same list."""

PACKAGE = ROOT / "sntransport"
FILES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
FACES = {name for name in FILES if name == "__init__" or name.endswith(".__init__")}


def room_of(module):
    """The room of a module: the longest of `ROOMS` that its dotted name begins with."""
    homes = [room for room in ROOMS if module == room or module.startswith(f"{room}.")]
    return max(homes, key=len, default=None)


def module_of(name):
    """The module that a dotted name, without that of the package, is or lives in; None where it is of neither."""
    while name:
        if name in FILES:
            return name
        if f"{name}.__init__" in FILES:
            return f"{name}.__init__"
        name = name.rpartition(".")[0]
    return None


def imports_of(tree):
    """Dotted names of all imports of a tree, those inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def strings_of(tree):
    """All texts of a tree that are no docstrings: what importlib or a table of names may be given."""
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.value


def uses_importlib(tree):
    return any(name.startswith("importlib") and "resources" not in name and "metadata" not in name
               for name in imports_of(tree))  # fmt: skip


def own_imports(name):
    """Modules of the package that a module imports, by statement or, where it has importlib, by a name in a string."""
    tree = TREES[name]
    named = [full.removeprefix("sntransport.") for full in imports_of(tree) if full.startswith("sntransport.")]
    if uses_importlib(tree):
        texts = [text.removeprefix("sntransport.") for text in strings_of(tree)]
        named += [text for text in texts if re.fullmatch(r"\w+(\.\w+)+", text)]
    return {module for module in map(module_of, named) if module is not None}


def test_every_file_has_a_room_and_every_room_has_files():
    assert all(room_of(name) for name in FILES if name != "__init__")
    assert {room_of(name) for name in FILES if name != "__init__"} == set(ROOMS)


@pytest.mark.parametrize("name", sorted(set(FILES) - FACES))
def test_imports_run_down(name):
    own = ROOMS.index(room_of(name))
    up = {module for module in own_imports(name) if ROOMS.index(room_of(module)) > own}
    assert not up, f"imports {up}, of rooms below its own"
    assert all(full != "sntransport" for full in imports_of(TREES[name])), "imports the package instead of a module"


@pytest.mark.parametrize("name", sorted(FACES - {"__init__"}))
def test_a_face_shows_its_own_room_and_loads_nothing(name):
    room = name.removesuffix(".__init__")
    for module in own_imports(name):
        assert module == name or module.startswith(f"{room}.")
    # What is imported for real, not only for type checkers.
    real = ast.Module([node for node in TREES[name].body if not isinstance(node, ast.If)], [])
    assert set(imports_of(real)) <= {"typing.TYPE_CHECKING", "lazy_loader"}


@pytest.mark.parametrize("name", sorted(FACES - {"__init__"}))
def test_no_file_of_a_room_is_called_like_a_name_of_its_face(name):
    # Importing the file would put it in the place of the function.
    folder = FILES[name].parent
    calls = [node for node in ast.walk(TREES[name]) if isinstance(node, ast.keyword) and node.arg == "submod_attrs"]
    shown = {text for call in calls for values in call.value.values for text in ast.literal_eval(values)}
    assert not shown & {path.stem for path in folder.iterdir()}


def test_no_circle_among_modules():
    graph = {name: own_imports(name) - {name} for name in set(FILES) - FACES}
    # Raises a CycleError that names the circle.
    assert len(list(TopologicalSorter(graph).static_order())) >= len(graph)


@pytest.mark.parametrize("name", sorted(FILES))
def test_house_rules(name):
    tree, text = TREES[name], FILES[name].read_text(encoding="utf-8")
    kernels = name.rpartition(".")[2] == "_kernels" or name == "_numerics.compiled"
    assert kernels or not any(full.split(".")[0] == "numba" for full in imports_of(tree))
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert "print" not in calls
    assert "pickle" not in text
    assert name == "photometry.bands" or not any(re.search(r"(^|/)filters(/|$)", text) for text in strings_of(tree))


def test_private_names_do_not_leave_their_file():
    for name in FILES:
        for full in imports_of(TREES[name]):
            last = full.rpartition(".")[2]
            private = full.startswith("sntransport.") and last.startswith("_") and not last.endswith("__")
            assert not private or module_of(full.removeprefix("sntransport.")).endswith(last), f"{name} imports {full}"


def test_one_thing_a_name():
    # A command is called like what it calls; everything else that is public has a name of its own in the whole package.
    homes = {}
    for name in set(FILES) - FACES:
        if not room_of(name).startswith("cli") or room_of(name) == "cli.terminal":
            for node in TREES[name].body:
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                    homes.setdefault(node.name, []).append(name)
    assert {public: where for public, where in homes.items() if len(where) > 1} == {}


def test_few_enough_to_see():
    assert len([path for path in PACKAGE.iterdir() if path.name != "__pycache__"]) <= 21
    for folder in {path.parent for path in FILES.values()}:
        assert len([path for path in folder.iterdir() if path.is_file()]) <= 15, folder


def test_the_page_says_the_same():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.split("## Rooms, in import order")[1].split("\n## ")[0]
    told = re.findall(r"^\| `([\w/.]+)` \|", table, flags=re.M)
    assert [room.removesuffix(".py").rstrip("/").replace("/", ".") for room in told] == ROOMS
    flow = set(re.findall(r"`(\w+)`", page.split("## Value objects")[1].split("\n## ")[0]))
    classes = {node.name for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assert {name for name in flow if name[0].isupper()} <= classes
