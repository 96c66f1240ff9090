"""A package that is missing is named with the extra that has it."""

import sys
import tomllib

import pytest
from click.testing import CliRunner

from sntransport._storage.extras import MissingExtraError, of_extra
from sntransport.cli.main import main
from sntransport.datasets.elasticc_parquet import write_elasticc
from sntransport.datasets.nested_parquet import read_nested_parquet, write_nested_parquet
from sntransport.datasets.plasticc_csv import write_plasticc
from sntransport.datasets.tokens import write_astromer, write_tokens
from tests.conftest import ROOT
from tests.datasets.test_formats import curves

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


def block(monkeypatch, package):
    """Let imports of a package fail as where it is not installed."""
    for name in [name for name in sys.modules if name.split(".")[0] == package] + [package]:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize(
    ("package", "extra", "work"),
    [
        ("pyarrow", "parquet", lambda path: write_nested_parquet(curves(), path)),
        ("pyarrow", "parquet", lambda path: read_nested_parquet(path)),
        ("pyarrow", "parquet", lambda path: write_elasticc(curves(), path)),
        ("pyarrow", "parquet", lambda path: write_tokens(curves(), path)),
        ("pyarrow", "parquet", lambda path: write_astromer(curves(), path, band="lsstr")),
        ("pyarrow", "parquet", lambda path: write_plasticc(curves(), path)),
    ],
)
def test_the_message_names_the_extra(monkeypatch, tmp_path, package, extra, work):
    assert any(one.startswith(f"{package}>=") for one in EXTRAS[extra])
    block(monkeypatch, package)
    with pytest.raises(MissingExtraError, match=rf"{package} is not installed: pip install 'sntransport\[{extra}\]'"):
        work(tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_a_package_that_is_broken_is_not_called_missing():
    with pytest.raises(ImportError, match="no such symbol") as caught, of_extra("parquet"):
        raise ImportError("no such symbol")
    assert not isinstance(caught.value, MissingExtraError)


def test_a_command_says_it_in_one_line(monkeypatch, tmp_path):
    block(monkeypatch, "pyarrow")
    (tmp_path / "visits.parquet").write_bytes(b"PAR1")
    (tmp_path / "config.toml").write_text(
        '[[survey]]\nsource = "visits.parquet"\nradius = 1.0\n[[population]]\nname = "Ia"\ntemplates = ["hsiao"]\n'
        "objects = 3\nredshift = { value = 0.1 }\n"
    )
    done = CliRunner().invoke(main, ["simulate", str(tmp_path / "config.toml"), "-o", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert done.output == "sntransport: error: pyarrow is not installed: pip install 'sntransport[parquet]'\n"
