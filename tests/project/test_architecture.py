"""The layout as a test: a file imports only from its own room or from rooms above it, and rooms have no circles."""

import ast
import re
from pathlib import Path

import pytest

ROOMS = [
    "_version", "_numerics", "_storage", "spectra", "photometry", "reading", "calibration", "transport",
    "transport.templates", "pipeline", "corrections", "simulation.surveys", "simulation", "augmentation", "export",
    "datasets", "validation", "report.figures", "report", "cli", "__main__",
]  # fmt: skip
"""In import order; a room is a folder, or a module that stands alone."""

PACKAGE = Path(__file__).resolve().parents[2] / "sntransport"
FILES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
FILES.pop("__init__")


def room_of(module):
    """The room of a module: the longest of `ROOMS` that its dotted name begins with."""
    homes = [room for room in ROOMS if module.startswith(f"{room}.") or (module == room and module[0] == "_")]
    return max(homes, key=len, default=None)


def imported(tree):
    """Dotted names of all imports, those inside functions too; the package's own without its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix("sntransport.") for name in names)


def module_of(name):
    """The module that an imported name is or lives in; None where it is not of the package."""
    while name and name not in FILES and f"{name}.__init__" not in FILES:
        name = name.rpartition(".")[0]
    return name if name in FILES else f"{name}.__init__" if name else None


@pytest.mark.parametrize("name", sorted(FILES))
def test_module_keeps_to_the_layout(name):
    text = FILES[name].read_text(encoding="utf-8")
    tree = ast.parse(text)
    imports = set(imported(tree))
    own = room_of(name)
    if own is not None and not name.endswith("__init__"):
        for module in filter(None, map(module_of, imports)):
            room = room_of(module)
            assert room is None or ROOMS.index(room) <= ROOMS.index(own), f"imports {module}, of a room below its own"
    assert name.endswith(("_kernels", "_kernels_light", "_kernels_sky", "_numerics.compiled")) or not any(
        module.split(".")[0] == "numba" for module in imports
    )
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert "print" not in calls
    assert "pickle" not in text
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert name.endswith("bands") or not any(re.search(r"(^|/)filters(/|$)", value) for value in strings)
