"""Model folders that are wrong in many ways, each with the finding it must give."""

import gzip

import numpy as np
import pytest

from sntransport.export.snana import to_snana
from sntransport.export.snana_check import check_folder, coverage_table
from tests.export.test_exports import bump

WAVE = np.arange(3000.0, 9000.0, 100.0)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Two small templates, NON1ASED."""
    folder = tmp_path_factory.mktemp("good") / "M"
    phase = np.arange(0.0, 30.0, 3.0)
    to_snana([bump("a", "II", phase), bump("b", "Ia", phase)], folder, wave_step=50.0, phase_step=3.0)
    return folder


@pytest.fixture
def folder(good, tmp_path):
    """A copy to break."""
    place = tmp_path / "M"
    place.mkdir()
    for path in good.iterdir():
        (place / path.name).write_bytes(path.read_bytes())
    return place


def edit(place, name, old, new, count=1):
    path = place / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))


def respectra(place, change, name="a.SED.gz"):
    """Change the lines of a file of spectra."""
    path = place / name
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    header = [line for line in lines if line.startswith("#")]
    data = [line for line in lines if not line.startswith("#")]
    path.write_bytes(gzip.compress("\n".join(header + change(data)).encode() + b"\n"))


def column(data, index, function):
    rows = [line.split() for line in data]
    for row in rows:
        row[index] = repr(function(float(row[index])))
    return [" ".join(row) for row in rows]


LIST, INCLUDE = "NON1A.LIST", "SIMGEN_INCLUDE_M.INPUT"
LIST_2, LIST_3, LIST_5, LIST_6 = (f"{LIST}:{line}" for line in (2, 3, 5, 6))
ROW_5, ROW_6, ROW_7 = (f"{INCLUDE}:{line}" for line in (5, 6, 7))

# What is done to the good folder; file and line of the finding; words in it; whether SNANA would stop.
BROKEN = {
    "no list": (lambda p: (p / LIST).unlink(), "M", "neither NON1A.LIST nor SED.INFO", True),
    "list in lower case": (
        lambda p: (p / LIST).rename(p / "non1a.list"), "M", "rename it: upper case counts", True),
    "empty list": (lambda p: (p / LIST).write_text("# none\n"), LIST, "no template in it", True),
    "list is binary": (lambda p: (p / LIST).write_bytes(b"\xff\xfe\x00"), LIST, "cannot be read", True),
    "misspelled key": (lambda p: edit(p, LIST, "NON1A:    2", "NONA:    2"), LIST_6, "'NONA:' is no key", False),
    "index 0": (lambda p: edit(p, LIST, "NON1A:    1", "NON1A:    0"), LIST_5, "index 0 is not between 1 and", True),
    "index too large": (lambda p: edit(p, LIST, "NON1A:    1", "NON1A: 1000"), LIST_5, "index 1000 is not", True),
    "index no number": (lambda p: edit(p, LIST, "NON1A:    1", "NON1A: one"), LIST_5, "no whole number", True),
    "index twice": (lambda p: edit(p, LIST, "NON1A:    2", "NON1A:    1"), LIST_6, "that of line 5 too", True),
    "file twice": (lambda p: edit(p, LIST, "b.SED", "a.SED"), LIST_6, "is listed twice", False),
    "no file name": (lambda p: edit(p, LIST, "a.SED", ""), LIST_5, "expected INDEX TYPE FILE", True),
    "blank in type": (lambda p: edit(p, LIST, "II ", "II P "), LIST_5, "no file 'P'", True),
    "misspelled file": (lambda p: edit(p, LIST, "a.SED", "A.SED"), LIST_5, "did you mean 'a.SED.gz'?", True),
    "missing file": (lambda p: (p / "a.SED.gz").unlink(), LIST_5, "no file 'a.SED'", True),
    "file elsewhere": (lambda p: edit(p, LIST, "a.SED", "/tmp/a.SED"), LIST_5, "outside of the folder", True),
    "file above": (lambda p: edit(p, LIST, "a.SED", "../a.SED"), LIST_5, "outside of the folder", True),
    "scale 0": (lambda p: edit(p, LIST, "FLUX_SCALE: 1.0", "FLUX_SCALE: 0"), LIST_2, "FLUX_SCALE is '0'", True),
    "range reversed": (
        lambda p: edit(p, LIST, "RESTLAMBDA_RANGE:", "RESTLAMBDA_RANGE: 9000"), LIST_3, "RESTLAMBDA_RANGE is", True),
    "gz that is none": (lambda p: (p / "a.SED.gz").write_bytes(b"1 2 3\n"), "a.SED.gz", "named .gz and not gzip", True),
    "gzip not named so": (lambda p: (p / "a.SED.gz").rename(p / "a.SED"), "a.SED", "gzip and not named .gz", True),
    "truncated": (
        lambda p: (p / "a.SED.gz").write_bytes((p / "a.SED.gz").read_bytes()[:-200]), "a.SED.gz",
        "cannot be decompressed", True),
    "no data": (lambda p: respectra(p, lambda d: []), "a.SED.gz", "expected three numbers", True),
    "words": (lambda p: respectra(p, lambda d: [*d[:3], "one two three", *d[3:]]), "a.SED.gz:8",
        "'one two three'", True),
    "two columns": (
        lambda p: respectra(p, lambda d: [" ".join(x.split()[:2]) for x in d]), "a.SED.gz:5", "expected three", True),
    "NaN": (
        lambda p: respectra(p, lambda d: [*d[:2], d[2].rsplit(" ", 1)[0] + " nan", *d[3:]]), "a.SED.gz:7",
        "NaN or infinite", True),
    "grid differs": (
        lambda p: respectra(p, lambda d: d[:-1]), "a.SED.gz", "differ from those of the first phase", True),
    "phases not sorted": (
        lambda p: respectra(p, lambda d: d[len(d) // 10 :] + d[: len(d) // 10]), "a.SED.gz", "comes after", True),
    "wavelengths fall": (lambda p: respectra(p, lambda d: d[::-1]), "a.SED.gz", "comes after", True),
    "one phase": (lambda p: respectra(p, lambda d: d[: len(d) // 10]), "a.SED.gz", "1 phases and", True),
    "steps of wavelength": (
        lambda p: respectra(p, lambda d: column(d, 1, lambda x: round(x * x / 5000.0, 2))), "a.SED.gz",
        "wavelength steps from", True),
    "steps of phase": (
        lambda p: respectra(p, lambda d: column(d, 0, lambda x: x if x < 8 else x + 5.0)), "a.SED.gz",
        "phase steps from 3 to 8", False),
    "nanometers": (lambda p: respectra(p, lambda d: column(d, 1, lambda x: x / 10)), "a.SED.gz", "not nm", False),
    "negative flux": (
        lambda p: respectra(p, lambda d: [d[0].rsplit(" ", 1)[0] + " -1e-9", *d[1:]]), "a.SED.gz", "1 negative", False),
    "no flux": (lambda p: respectra(p, lambda d: column(d, 2, lambda x: 0.0)), "a.SED.gz", "no positive flux", True),
    "phase 0 elsewhere": (
        lambda p: respectra(p, lambda d: column(d, 0, lambda x: x + 16.0)), "a.SED.gz",
        "brightest at phase 16 d", False),
    "maximum not there": (
        lambda p: respectra(p, lambda d: d[len(d) // 2 :]), "a.SED.gz", "brightest at its first phase", False),
    "flux as observed": (
        lambda p: respectra(p, lambda d: column(d, 2, lambda x: x * 1e-12)), "a.SED.gz",
        "no supernova at 10 pc", False),
    "flux too small to square": (
        lambda p: respectra(p, lambda d: column(d, 2, lambda x: x * 1e-300 * 1e-12)), "a.SED.gz",
        "no supernova at 10 pc", False),
    "scale beyond all numbers": (
        lambda p: (edit(p, LIST, "FLUX_SCALE: 1.0", "FLUX_SCALE: 1e308"),
                   respectra(p, lambda d: column(d, 2, lambda x: 1e10 * x))), "a.SED.gz", "beyond all numbers", True),
    "no include": (lambda p: (p / INCLUDE).unlink(), "M", "no include file", False),
    "no model": (lambda p: edit(p, INCLUDE, "GENMODEL:", "MODEL:"), INCLUDE, "no GENMODEL: line", True),
    "no keys": (lambda p: edit(p, INCLUDE, "NON1A_KEYS:", "KEYS:"), INCLUDE, "no NON1A_KEYS: line", True),
    "keys miscounted": (lambda p: edit(p, INCLUDE, "KEYS: 5", "KEYS: 4"), ROW_5, "write their number", True),
    "too few numbers": (lambda p: edit(p, INCLUDE, "0.0000 0.0000    2", "2"), ROW_6, "3 numbers for", True),
    "weight no number": (lambda p: edit(p, INCLUDE, "0.500000", "half"), ROW_6, "are no numbers", True),
    "negative weight": (lambda p: edit(p, INCLUDE, "0.500000", "-0.5"), ROW_6, "not a number of 0 or", True),
    "sum of weights": (lambda p: edit(p, INCLUDE, "0.500000", "0.4"), INCLUDE, "the sum of the weights is 0.9", False),
    "weights all 0": (
        lambda p: edit(p, INCLUDE, "0.500000", "0.0", 2), INCLUDE, "all weights are 0", True),
    "unknown index": (lambda p: edit(p, INCLUDE, "NON1A:    2", "NON1A:    7"), ROW_7, "not in NON1A.LIST", True),
    "weight missing": (
        lambda p: edit(p, INCLUDE, "NON1A:    2", "# NON1A:    2"), INCLUDE,
        "template 2 of the list has no weight", False),
    "weight twice": (lambda p: edit(p, INCLUDE, "NON1A:    2", "NON1A:    1"), ROW_7, "a weight already", True),
    "code no number": (lambda p: edit(p, INCLUDE, "    2  # a", " IIP  # a"), ROW_6, "are no numbers", True),
    "code not whole": (lambda p: edit(p, INCLUDE, "    2  # a", " 3.5  # a"), ROW_6, "SNTYPE '3.5'", True),
}  # fmt: skip


def test_the_good_folder_has_no_findings(good):
    found = check_folder(good)
    assert [str(one) for one in found.findings] == []
    assert sorted(found.templates) == ["a.SED", "b.SED"]
    assert "a.SED" in coverage_table(found, ["lsstr"])


@pytest.mark.parametrize("case", list(BROKEN))
def test_each_fault_has_its_finding(folder, case):
    breaks, place, words, abort = BROKEN[case]
    breaks(folder)
    found = check_folder(folder)
    matching = [one for one in found.findings if words in str(one)]
    assert matching, [str(one) for one in found.findings]
    assert str(matching[0]).startswith(place)
    assert matching[0].abort is abort
    assert matching[0].remedy
    assert found.would_abort is (abort or any(one.abort for one in found.findings))


def test_faults_of_sed_info(tmp_path):
    phase = np.arange(0.0, 30.0, 3.0)
    place = tmp_path / "SIMSED.S"
    to_snana([bump("a", "II", phase)], place, form="SIMSED", wave_step=50.0, phase_step=3.0)
    assert check_folder(place).findings == ()
    other = place.rename(tmp_path / "S")
    assert "let its name begin with SIMSED" in str(check_folder(other).findings[0])
    place = other.rename(tmp_path / "SIMSED.S")
    edit(place, "SED.INFO", "NPAR: 2", "NPAR: 3")
    found = [str(one) for one in check_folder(place).findings]
    assert any("2 parameters, NPAR is 3" in one for one in found)
    assert any("NPAR is 3 and PARNAMES has 2 names" in one for one in found)


def test_no_folder(tmp_path):
    with pytest.raises(NotADirectoryError, match="is no folder"):
        check_folder(tmp_path / "none")
