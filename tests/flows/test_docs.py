"""The Python of the documentation pages runs as printed."""

import re

import pytest

from tests.conftest import ROOT

DOCS = ROOT / "docs"
# Lines that only a notebook knows: its commands, and the options of a cell.
MAGIC = re.compile(r"^(?:%|:[a-z-]+:).*\n", flags=re.MULTILINE)
# Pages, and notebooks without their machinery. A block whose first line is "# not run: why" is left out.
BLOCK = re.compile(r"^```(?:python|\{code-cell\}[^\n]*)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
# So is a cell that is for the page alone: it puts a figure to its top, and readers do not see it.
NOT_RUN = re.compile(r"# not run: \S.*\n|:tags: \[remove-cell\]\n")


def blocks(page):
    found = BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))
    return [MAGIC.sub("", block) for block in found if not NOT_RUN.match(block)]


PAGES = sorted(
    str(path.relative_to(DOCS))
    for path in DOCS.rglob("*.md")
    if "_build" not in path.parts and blocks(path.relative_to(DOCS))
)
# What a reader of each page sees: a pattern that only a right answer meets.
PRINTED = {
    "howto/augmentation.md": r"fast\+slow \('fast', 'slow'\) \[0\.5 0\.5\]",
    "howto/bolometric.md": r"peak at -0\.3 d: 2\.\d+e\+35 erg/s, fades 0\.8\d mag",
    "howto/coming-from.md": r"^1000\.0 25000\.0$",
    "howto/exports.md": r"'NON1A\.LIST', 'README\.md'.*\n\(0\.0, 3\.9\d+\)",
    "howto/extending.md": r"^\(2, 2\)$(.*\n)*.*noise of the sky\n1200$",
    "reference/formats.md": r"^True$",
    "reference/inputs.md": r"^\(104, 2401\)$",
    "howto/interpolators.md": r"^feature_transport \(2, 300\)\nnearest \(2, 300\)$",
    "howto/kcorrections.md": r"^\(3, 3\)\nK = -0\.36\d \+- 0\.0\d+ mag, 100% covered\nbessellb\n-5\.3",
    "howto/figures.md": r"^\d+ phases from 8 observed spectra\n8\.8 and 14\.0 cm wide$",
    "tutorials/bolometric.md": r"^ 40 d: \(1\.8\de\+42 \+- 4e\+40\) erg/s, \+0\.\d% off(.*\n)*"
    r"blackbody +over truth: 0\.7\d at 4 d, 1\.0\d at 66 d\n(.*\n)*truth +peak 5\.6\de\+42 erg/s at 4\.\d d(.*\n)*"
    r"distance, 0\.1 mag +9\.\d% +9\.\d% +9\.\d%\ndust, .* 14\.\d% +7\.\d% +5\.\d%\n"
    r"added light, as stated +11\.\d% +7\.\d% +11\.\d%$",
    "tutorials/k_corrections.md": r"^a = \+2: -0\.310445, by hand -0\.310445 mag$(.*\n)*"
    r"^largest difference 0\.\d mmag$(.*\n)*^bessellb: 16 points, mean [+-]0\.00\d mag(.*\n)*"
    r"^phase outside the series: nan$(.*\n)*^from -0\.0\d+ to \+0\.1[34]\d mag$(.*\n)*^wrote out/SN_2030ia_rest\.ecsv$",
    "tutorials/own_supernova.md": r"^sntransport: error: sn2024abc/spectra/2024-01-17\.dat: no date; (.*\n)*"
    r"^sntransport: error: sn2024abc/spectra/jan10_efosc\.csv: .*\n.* nanometers or Angstrom(.*\n)*"
    r"^1 of 1 built, in out$(.*\n)*^photometry off .*\n.* atlaso \+0\.2\d$(.*\n)*"
    r"^bessellv  off by [+-]0\.0[01]\d mag(.*\n)*^figure1\.pdf$(.*\n)*\(56, \d+\) ",
    "tutorials/training_set.md": r"^on light curves kept back: [78]\d% right\non supernovae never seen:  [567]\d%"
    r" right$(.*\n)*^True$(.*\n)*^train-00000_truth\.parquet$",
    "tutorials/gap_experiment.md": r"^class_transport \(default\) +1\.\d +2\.\d .*\nfeature_transport +1\.\d .* 9\.\d\n"
    r"log_linear .* 1[01]\.\d$",
    "reference/noise.md": r"'saturated': 'zero'\} 0\.0500",
    "howto/populations.md": r"'host_id', 'host_logmass'.*\nphoto-z off by 0\.0(19|2\d*)\n2 spectra to build from$",
    "howto/objects.md": r"^BuildResult demo \(II\)$(.*\n)*\(30, \d+\) -> \(11, \d+\)(.*\n)*^True True$",
    "tutorials/quickstart.md": r"^\[ 4\. 32\.\] \(29, \d+\)$(.*\n)*^\[3\.4 4\.  5\. \] first of the series$",
    "howto/report.md": r"^3 panels\nTrue$",
    "howto/simulation.md": r"^3\d\d of 500 trigger; .* 0\.07\d+\n4\d\d\d\.\d+ explode\n"
    r"generated 0 500\nmeasured \d+ \d+\n(.*\n){4}prescaled [1-9]\d* [1-9]\d*$",
    "howto/surveys.md": r"nominal survey, not a pointing history: 3 years",
}


@pytest.mark.parametrize("page", PAGES)
def test_examples_run(page, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    if "specutils.Spectrum." in "".join(blocks(page)) and not hasattr(pytest.importorskip("specutils"), "Spectrum"):
        pytest.skip("specutils below 2 calls it Spectrum1D")
    # One after the other, as a reader would: each builds on those before.
    exec(compile("\n".join(blocks(page)), page, "exec"), {"__name__": "__main__"})
    assert re.search(PRINTED[page], capsys.readouterr().out, flags=re.MULTILINE)
