"""The built wheel, installed into an environment of its own, has all it needs."""

import subprocess
import sys
import sysconfig
import zipfile

import pytest

from tests.conftest import ROOT


def run(*command, cwd):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run([str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Interpreter of a new environment with the wheel in it; it sees the dependencies of this one."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    site = next(folder.glob("lib/python*/site-packages"))
    # A path file is not read in folders that another path file adds, so an editable install here stays unseen.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel, cwd=folder)
    return python


def test_wheel_has_the_curves_and_the_type_marker_and_no_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "sntransport/py.typed" in names
    assert any(name.startswith("sntransport/filters/") and name.endswith(".ecsv") for name in names)
    assert {"sntransport/report/assets/report.html", "sntransport/report/assets/uPlot.LICENSE.txt"} <= set(names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"sntransport"}
    assert not any("/tests/" in name or "/test_" in name or name.endswith(".pyc") for name in names)


def test_installed_package_finds_its_curves(installed, tmp_path):
    code = """
import sntransport as snt
print(snt.__file__)
print(*(band.name for band in snt.load_bands(["lsstg", "ztfr"])))
"""
    file, bands = run(installed, "-W", "error", "-c", code, cwd=tmp_path).splitlines()
    assert file.startswith(str(installed.parents[1]))
    assert bands == "lsstg ztfr"


def test_installed_command_states_its_version(installed, tmp_path):
    import sntransport

    for command in ([installed, "-m", "sntransport"], [installed.parent / "sntransport"]):
        assert sntransport.__version__ in run(*command, "--version", cwd=tmp_path)
