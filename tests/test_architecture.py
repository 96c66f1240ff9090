"""The layout as a test: a module imports only from modules above it in this list."""

import ast
import re
from pathlib import Path

import pytest

# fmt: off
MODULES = [
    "checks", "units", "files", "hdus", "plotstyle", "_kernels", "_kernels_light", "_kernels_sky",
    "bands", "dust", "sightline", "observations", "errormodel", "series", "observedseries", "lightcurves",
    "photometry", "draws",
    "bandratio", "ratioerror", "kcorrection", "restlightcurve", "restframe",
    "blackbody", "lightpolicy", "luminosity", "lightshape", "bolcorrection", "boloutput",
    "transport", "features", "interpolators", "templates", "alignment", "template_transport", "choice",
    "photosystems", "reading", "rawspectra", "rawphotometry", "osc_facts", "osc_file", "read_osc",
    "spectrum_files", "photometry_file", "read_folder", "read",
    "clean", "stitch", "prepare", "metrics", "feature_mean", "class_clock", "class_template",
    "lightclock", "mixing", "mixtures", "quotas", "selection", "splits", "augmentation", "trainingset",
    "offsets", "bandcurves", "calibrate", "weights", "synthesis", "pipeline", "validate",
    "survey", "noise", "sky", "detection", "cameras", "nominal",
    "visits", "read_opsim", "simlib_file", "read_simlib", "visit_table", "read_visits", "read_searcheff", "surveys",
    "distributions", "rates", "population", "fluxtables", "tablefluxes", "engine",
    "seriesfile", "tables", "coverage", "refphase", "extrapolate",
    "export.grid", "export.sedtext", "export.classes", "export.snana", "export.sncosmo_source",
    "export.lightcurvelynx_model", "export.snana_reader", "export.check", "export.tables", "export.__init__",
    "datasets.columns", "datasets.nested_parquet", "datasets.snana_fits", "datasets.lcdata_hdf5",
    "datasets.plasticc_csv", "datasets.elasticc_parquet", "datasets.atat_hdf5", "datasets.tokens", "datasets.images",
    "datasets.__init__",
    "folderlock", "shards", "configkeys", "executors", "simconfig", "simsummary", "simoutput",
    "augmentconfig", "augmentrun", "trainingfile", "augmentoutput",
    "bandtest", "bandshares", "bandplots", "scores", "ktables", "kplots",
    "seriesplots", "lightplots", "makingplots", "gapplots", "simplots", "plots", "batch", "kcommand",
    "material", "payload", "report", "demo",
    "cli_parts", "cli_template", "cli_build", "cli_series", "cli_validate", "cli_export", "cli_report",
    "cli_simulate", "cli_augment", "cli", "__main__",
]
# fmt: on

PACKAGE = Path(__file__).resolve().parents[1] / "sntransport"
FILES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
FILES.pop("__init__")


def imported(tree):
    """Dotted names of all imports, those inside functions too; of the package's own, without its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            own = node.module == "sntransport"
            names = [f"{node.module}.{alias.name}" for alias in node.names] if own else [node.module]
        else:
            continue
        yield from (name.removeprefix("sntransport.") for name in names if name != "sntransport.__version__")


def test_every_module_is_listed_and_every_listed_module_exists():
    assert sorted(MODULES) == sorted(FILES)


@pytest.mark.parametrize("name", sorted(FILES))
def test_module_keeps_to_the_layout(name):
    text = FILES[name].read_text(encoding="utf-8")
    tree = ast.parse(text)
    imports = set(imported(tree))
    allowed = set(MODULES[: MODULES.index(name)])
    assert "sntransport" not in imports, "imports the package instead of a module"
    assert imports & set(MODULES) <= allowed, "imports from a module below it, or from itself"
    assert name.startswith("_kernels") or not any(module.split(".")[0] == "numba" for module in imports)
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert name == "bands" or not any(re.search(r"(^|/)filters(/|$)", value) for value in strings)
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert "print" not in calls
    assert "pickle" not in text
    assert len(text.splitlines()) <= 350
