"""Nothing heavy is loaded before it is needed."""

import json
import subprocess
import sys

import pytest

HEAVY = {"ot", "sncosmo", "speclite", "numba", "astropy.units", "matplotlib", "pandas", "pyarrow", "dust_extinction",
         "numpy", "pydantic"}  # fmt: skip
HELP = "from sntransport.cli.main import main; main(['--help'], standalone_mode=False)"


@pytest.mark.parametrize("statement", ["import sntransport", HELP], ids=["import", "help"])
def test_nothing_heavy_is_loaded(statement):
    report = "import json, sys; sys.stderr.write(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", f"{statement}; {report}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(json.loads(done.stderr))
