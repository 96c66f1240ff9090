"""The examples run as a reader would run them."""

import subprocess
import sys
from pathlib import Path

import pytest

SIZE = {"augmentation_gain.py": ("--size", "test")}
# Experiments, in minutes rather than seconds.
LONG = {"augmentation_gain.py", "gap_experiment.py", "training_set.py"}
EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))


def test_there_are_examples():
    assert EXAMPLES


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.slow] * (path.name in LONG)) for path in EXAMPLES],
    ids=lambda path: path.name,
)
def test_example_runs(path, tmp_path, request):
    if path.name in SIZE:
        pytest.importorskip("sklearn", reason="needs scikit-learn: pip install sntransport[examples]")
        request.getfixturevalue("osc_dir")
    done = subprocess.run(
        [sys.executable, "-W", "error", path, *SIZE.get(path.name, ())],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
