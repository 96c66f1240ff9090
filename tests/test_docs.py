"""The Python of the documentation pages runs as printed."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.parametrize(
    ("page", "printed"), [("kcorrections.md", "(3, 3)"), ("bolometric.md", "erg/s"), ("augmentation.md", "fast+slow")]
)
def test_examples_run(page, printed, capsys):
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks
    # One after the other, as a reader would: each builds on those before.
    exec(compile("\n".join(blocks), page, "exec"), {})
    assert printed in capsys.readouterr().out
