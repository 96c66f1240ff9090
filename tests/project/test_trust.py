"""Licenses as the documentation has them, and code that runs nothing it reads."""

import ast
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What a package's own words must have for a license of the page.
WORDS = {
    "BSD-3-Clause": "BSD", "BSD-2-Clause": "BSD", "MIT": "MIT", "Apache-2.0": "Apache",
    "Apache-2.0 OR BSD-3-Clause": "Apache-2.0 OR BSD", "MIT-CMU": "MIT-CMU|HPND",
    "PSF-2.0": "Python Software Foundation|PSF", "MPL-2.0": "MPL-2.0|Mozilla", "MPL-2.0 AND MIT": "MPL-2.0.*MIT",
}  # fmt: skip


def rows(path, header):
    """Cells of the table under a header line, by their first cell."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = {}
    for line in lines[lines.index(header) + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        found[cells[0]] = cells[1:]
    return found


def declared():
    """Names of all direct dependencies."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return {re.split(r"[<>=!~\[; ]", one)[0] for group in groups for one in group}


def own_words(name):
    """What an installed package says of its license."""
    about = metadata.metadata(name)
    said = [about.get("License-Expression") or "", (about.get("License") or "")[:400]]
    return " ".join([*said, *(one for one in about.get_all("Classifier") or [] if one.startswith("License"))])


PACKAGES = rows(ROOT / "docs" / "reference" / "licenses.md", "| package | license | needed for |")


def test_every_direct_dependency_is_listed_and_no_other():
    assert set(PACKAGES) == declared()


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_license_is_what_the_package_says(name):
    license_ = PACKAGES[name][0]
    try:
        said = own_words(name)
    except metadata.PackageNotFoundError:
        pytest.skip("not installed")
    assert re.search(WORDS[license_], said), said
    assert not re.match(r"\W*(GNU|[AL]?GPL)", said)


def test_filters_have_permitted_licenses_only():
    header = next(
        line for line in (ROOT / "filters" / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| name | file |")
    )  # fmt: skip
    curves = rows(ROOT / "filters" / "README.md", header)
    assert len(curves) > 40
    assert {cells[2] for cells in curves.values()} == {"BSD-3-Clause", "MIT"}
    sources = {cells[1].split()[0] for cells in curves.values()}
    page = (ROOT / "docs" / "reference" / "licenses.md").read_text(encoding="utf-8")
    assert all(source in page for source in sources), sources


def calls(tree):
    """Dotted names of all that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@pytest.mark.parametrize("path", sorted((ROOT / "sntransport").rglob("*.py")), ids=lambda path: path.name)
def test_nothing_that_is_read_is_run(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = set(calls(tree))
    assert not named & {"eval", "exec", "compile", "__import__", "os.system", "yaml.load", "yaml.unsafe_load"}
    assert not any(name.startswith(("pickle.", "marshal.", "shelve.", "subprocess.")) for name in named)
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not modules & {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "requests",
                          "urllib.request", "http.client"}  # fmt: skip
    assert {name for name in named if name.startswith("socket.")} <= {"socket.gethostname"}
    loads = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.load"]
    assert not any(word.arg == "allow_pickle" for node in loads for word in node.keywords)


@pytest.mark.parametrize("path", sorted((ROOT / "sntransport").rglob("*.py")), ids=lambda path: path.name)
def test_no_clock_is_read(path):
    """So neither a date nor a clock that jumps can get into output."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not {name.rsplit(".", 1)[-1] for name in calls(tree)} & {
        "now", "utcnow", "today", "time_ns", "monotonic", "perf_counter", "gmtime", "localtime", "ctime", "strftime",
    }  # fmt: skip
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert "time" not in modules


def versions(text):
    """Versions of a list of packages by their names in one spelling."""
    found = {}
    for line in text:
        if match := re.match(r"([\w.-]+)\s*(?:==|>=)\s*([\w.]+)$", line.strip()):
            found[re.sub("[-_.]+", "-", match[1]).lower()] = match[2]
    return found


def as_numbers(version):
    return tuple(int(part) for part in re.findall(r"\d+", version.split("post")[0]))


def test_lowest_versions_are_those_that_are_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared_ = versions([*project["dependencies"], *extras["distributed"], *extras["examples"]])
    lowest = versions((ROOT / "constraints" / "lowest.txt").read_text(encoding="utf-8").splitlines())
    for name, version in declared_.items():
        given, known = as_numbers(lowest[name]), as_numbers(version)
        assert given[: len(known)] == known, f"{name}: {lowest[name]} for >={version}"


@pytest.mark.parametrize("name", ["lowest", "newest"])
def test_versions_that_checks_use_are_exact_and_allowed(name):
    lines = (ROOT / "constraints" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    held = versions(listed)
    assert len(held) == len(listed)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = project["optional-dependencies"]
    if name == "lowest":
        del groups["lightcurvelynx"], groups["docs"]
    for package, least in versions(
        [*project["dependencies"], *(one for group in groups.values() for one in group)]
    ).items():
        assert as_numbers(held[package]) >= as_numbers(least), package
