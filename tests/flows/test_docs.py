"""The Python of the documentation pages runs as printed."""

import re

import pytest

from tests.conftest import ROOT

DOCS = ROOT / "docs"
# Pages, and notebooks without their machinery. A block whose first line is "# not run: why" is left out.
BLOCK = re.compile(r"^```(?:python|\{code-cell\}[^\n]*)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
NOT_RUN = re.compile(r"# not run: \S.*\n")


def blocks(page):
    found = BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))
    return [block for block in found if not NOT_RUN.match(block)]


PAGES = sorted(
    str(path.relative_to(DOCS))
    for path in DOCS.rglob("*.md")
    if "_build" not in path.parts and blocks(path.relative_to(DOCS))
)
PRINTED = {
    "kcorrections.md": "(3, 3)",
    "bolometric.md": "erg/s",
    "report.md": "True",
    "quickstart.md": "phase",
    "extending.md": "12",
    "augmentation.md": "fast+slow",
    "exports.md": "NON1A.LIST",
    "simulation.md": "explode",
}


@pytest.mark.parametrize("page", PAGES)
def test_examples_run(page, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    # One after the other, as a reader would: each builds on those before.
    exec(compile("\n".join(blocks(page)), page, "exec"), {"__name__": "__main__"})
    assert PRINTED.get(page, "") in capsys.readouterr().out
