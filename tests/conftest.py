"""Where the real data are, and how hypothesis runs."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# A shell that puts the tests into the background lets them ignore Ctrl-C, and so the programs they start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run; a loaded machine is not a failure.
# As plain Python kernels take a hundred times as long; a quarter of the examples walks all their lines.
EXAMPLES = 15 if os.environ.get("NUMBA_DISABLE_JIT") == "1" else 60
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=EXAMPLES, database=None)
settings.load_profile("repeatable")


def real_data(*parts):
    """A folder of the real data; SNTRANSPORT_TEST_DATA names another place for them."""
    data = Path(os.environ.get("SNTRANSPORT_TEST_DATA", ROOT.parent / "shared" / "data"))
    folder = data.joinpath(*parts)
    if not folder.is_dir():
        pytest.skip(f"real data not found: {folder} (set SNTRANSPORT_TEST_DATA to where they are)")
    return folder


@pytest.fixture(scope="session")
def material(tmp_path_factory):
    """What every command is given; see `tests.support.commands`."""
    from tests.support.commands import write_material

    return write_material(tmp_path_factory.mktemp("material"))


@pytest.fixture(scope="session")
def osc_dir():
    """Raw files of real supernovae."""
    return real_data("osc")


@pytest.fixture(scope="session")
def sncosmo_dir():
    """Bandpasses, models and spectra as sncosmo has them."""
    return real_data("sncosmo")
