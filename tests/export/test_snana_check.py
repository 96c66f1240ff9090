"""Model folders that are wrong in many ways, each with the finding it must give."""

import gzip

import numpy as np
import pytest

import sntransport as snt
from sntransport.export.snana import to_snana
from sntransport.export.snana_check import check_folder, coverage_table
from sntransport.photometry.redshift_range import range_text
from tests.export.test_exports import bump

PHASE = np.arange(-16.0, 92.0, 4.0)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Two small templates, NON1ASED, which begin and end faint."""
    folder = tmp_path_factory.mktemp("good") / "M"
    to_snana([bump("a", "II", PHASE), bump("b", "Ia", PHASE)], folder, wave_step=200.0, phase_step=4.0)
    return folder


@pytest.fixture(scope="module")
def good_simsed(tmp_path_factory):
    """Two small templates of one class, SIMSED."""
    folder = tmp_path_factory.mktemp("good") / "SIMSED.S"
    series = [bump("a", "II", PHASE), bump("b", "II", PHASE)]
    to_snana(series, folder, form="SIMSED", weights=[1.0, 3.0], wave_step=200.0, phase_step=4.0)
    return folder


@pytest.fixture
def folder(good, tmp_path):
    """A copy to break."""
    return copy(good, tmp_path / "M")


def copy(good, place):
    place.mkdir(parents=True)
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


def head(place, text, name="a.SED.gz"):
    """Write a line before a file of spectra."""
    path = place / name
    path.write_bytes(gzip.compress(text.encode() + b"\n" + gzip.decompress(path.read_bytes())))


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
    "index too large": (lambda p: edit(p, LIST, "NON1A:    1", "NON1A: 1200"), LIST_5, "index 1200 is not", True),
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
        lambda p: respectra(p, lambda d: d[len(d) // 27 :] + d[: len(d) // 27]), "a.SED.gz", "comes after", True),
    "wavelengths fall": (lambda p: respectra(p, lambda d: d[::-1]), "a.SED.gz", "comes after", True),
    "one phase": (lambda p: respectra(p, lambda d: d[: len(d) // 27]), "a.SED.gz", "1 phases and", True),
    "steps of wavelength": (
        lambda p: respectra(p, lambda d: column(d, 1, lambda x: round(x * x / 5000.0, 2))), "a.SED.gz",
        "wavelength steps from", True),
    "steps of phase": (
        lambda p: respectra(p, lambda d: column(d, 0, lambda x: x if x < 8 else x + 5.0)), "a.SED.gz",
        "phase steps from 4 to 9", False),
    "nanometers": (lambda p: respectra(p, lambda d: column(d, 1, lambda x: x / 10)), "a.SED.gz", "not nm", False),
    "negative flux": (
        lambda p: respectra(p, lambda d: [d[0].rsplit(" ", 1)[0] + " -1e-9", *d[1:]]), "a.SED.gz", "1 negative", False),
    "no flux": (lambda p: respectra(p, lambda d: column(d, 2, lambda x: 0.0)), "a.SED.gz", "no positive flux", True),
    "phase 0 elsewhere": (
        lambda p: respectra(p, lambda d: column(d, 0, lambda x: x + 16.0)), "a.SED.gz",
        "brightest at phase 16 d", False),
    "maximum not there": (
        lambda p: respectra(p, lambda d: d[14 * (len(d) // 27) :]), "a.SED.gz", "brightest at its first phase", False),
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
    "other model": (
        lambda p: edit(p, INCLUDE, "GENMODEL: NON1ASED", "GENMODEL: SALT2"), f"{INCLUDE}:2",
        "GENMODEL: SALT2, and the folder has NON1A.LIST", True),
    "no path": (lambda p: edit(p, INCLUDE, "PATH_NON1ASED:", "# PATH:"), INCLUDE, "no PATH_NON1ASED: line", True),
    "path of another": (
        lambda p: edit(p, INCLUDE, "PATH_NON1ASED: M", "PATH_NON1ASED: N"), f"{INCLUDE}:3", "another folder", True),
    "keys after rows": (
        lambda p: edit(p, INCLUDE, "NON1A_KEYS: 5 INDEX WGT MAGOFF MAGSMEAR SNTYPE\n", "")
        or (p / INCLUDE).write_text(
            (p / INCLUDE).read_text() + "NON1A_KEYS: 5 INDEX WGT MAGOFF MAGSMEAR SNTYPE\n"),
        f"{INCLUDE}:5", "come after lines that need them", True),
    "unknown column": (
        lambda p: edit(p, INCLUDE, "MAGSMEAR SNTYPE", "SMEAR SNTYPE"), ROW_5, "others of MAGOFF MAGSMEAR", True),
    "code too large": (lambda p: edit(p, INCLUDE, "    2  # a", " 1200  # a"), ROW_6, "room for 0 to 1199", True),
    "redshifts of every simulation": (
        lambda p: edit(p, INCLUDE, "# GENRANGE_REDSHIFT:", "GENRANGE_REDSHIFT:"), f"{INCLUDE}:12",
        "which has the key too", True),
    "phases of every simulation": (
        lambda p: edit(p, INCLUDE, "# GENRANGE_TREST:", "GENRANGE_TREST:"), f"{INCLUDE}:11",
        "which has the key too", True),
    "key twice": (
        lambda p: edit(p, INCLUDE, "GENMODEL: NON1ASED", "GENMODEL: NON1ASED\nGENMODEL: NON1ASED"), f"{INCLUDE}:3",
        "comes again, after line 2", True),
    "redshift too low": (
        lambda p: (p / INCLUDE).write_text((p / INCLUDE).read_text() + "GENRANGE_REDSHIFT: 0.001 0.1\n"),
        f"{INCLUDE}:13", "SNANA stops unless it is above 0.00123", True),
    "redshift too low in a comment": (
        lambda p: edit(p, INCLUDE, "# GENRANGE_REDSHIFT: 0.0020", "# GENRANGE_REDSHIFT: 0.0012"), f"{INCLUDE}:12",
        "SNANA stops unless it is above 0.00123", False),
    "redshifts reversed": (
        lambda p: (p / INCLUDE).write_text((p / INCLUDE).read_text() + "GENRANGE_REDSHIFT: 0.2 0.1\n"),
        f"{INCLUDE}:13", "GENRANGE_REDSHIFT from 0.2 to 0.1", True),
    "tab in the include": (
        lambda p: edit(p, INCLUDE, "GENMODEL: ", "GENMODEL:\t"), f"{INCLUDE}:2", "a tab, at which", True),
    "line of the include too long": (
        lambda p: edit(p, INCLUDE, "GENMODEL:", "GENMODEL: NON1ASED" + " # x" * 600 + "\nX:"), f"{INCLUDE}:2",
        "a line of more than", False),
    "comment of a file too long": (
        lambda p: head(p, "# " + "x" * 118), "a.SED.gz:1", "a line of 120 letters, SNANA stops above 119", True),
    "comment not in the first column": (
        lambda p: head(p, " # late"), "a.SED.gz:1", "does not begin in the first column", True),
    "tab in a file": (
        lambda p: respectra(p, lambda d: ["\t".join(x.split()) for x in d]), "a.SED.gz:5", "a tab, which", True),
    "words after the numbers": (
        lambda p: respectra(p, lambda d: [x + " # and so on and on and on and on, far" for x in d]), "a.SED.gz:5",
        "more than 10 words", True),
    "comment of the list too long": (
        lambda p: edit(p, LIST, "# templates", "# " + "and " * 25 + "NON1A: 3 II a.SED\n# templates"), f"{LIST}:1",
        "'NON1A:' in a comment, which SNANA reads as a key", True),
    "type too long": (lambda p: edit(p, LIST, "II ", "I" * 20 + " "), LIST_5, "more than 19 letters", True),
    "word too long": (
        lambda p: edit(p, LIST, "FLUX_SCALE: 1.0", "# " + "x" * 80), LIST_2, "a word of 80 letters", True),
    "range cuts the templates": (
        lambda p: edit(p, LIST, "RESTLAMBDA_RANGE: 2", "RESTLAMBDA_RANGE: 3"), "a.SED.gz", "cuts it", False),
    "range leaves nothing": (
        lambda p: edit(p, LIST, "RESTLAMBDA_RANGE: ", "RESTLAMBDA_RANGE: 10 20 "), "a.SED.gz", "leaves 0 of", True),
    "phases that are not read": (
        lambda p: respectra(p, lambda d: column(d, 0, lambda x: x + 450.0)), "a.SED.gz",
        "SNANA reads -150 to 500 d only", False),
    "bright at the end": (
        lambda p: respectra(p, lambda d: d[: 10 * (len(d) // 27)]), "a.SED.gz", "at its last phase", False),
    "bright at the beginning": (
        lambda p: respectra(p, lambda d: d[5 * (len(d) // 27) :]), "a.SED.gz", "at its first phase", False),
    "file that SNANA does not find": (
        lambda p: edit(p, LIST, "a.SED", "a"), LIST_5, "no file 'a', with or without .gz, or with .SED", True),
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


INFO, OF_S = "SED.INFO", "SIMGEN_INCLUDE_SIMSED.S.INPUT"

BROKEN_SIMSED = {
    "NPAR": (lambda p: edit(p, INFO, "NPAR: 2", "NPAR: 3"), INFO, "NPAR is 3 and PARNAMES has 2 names", True),
    "parameter missing": (lambda p: edit(p, INFO, " 1 0.25", " 1"), f"{INFO}:7", "1 parameters, PARNAMES has 2", True),
    "parameter that is none": (lambda p: edit(p, INFO, "0.250000", "x"), f"{INFO}:7", "'x' is no number", True),
    "no names": (lambda p: edit(p, INFO, "PARNAMES: TEMPLATE_INDEX WGT", ""), INFO, "no PARNAMES: line", True),
    "no range": (lambda p: edit(p, INFO, "RESTLAMBDA_RANGE:", "# RANGE"), INFO, "no RESTLAMBDA_RANGE: line", True),
    "names too late": (
        lambda p: (p / INFO).write_text(
            (p / INFO).read_text().replace("PARNAMES: TEMPLATE_INDEX WGT\n", "")
            + "PARNAMES: TEMPLATE_INDEX WGT\n"), f"{INFO}:6", "SED: before PARNAMES", True),
    "two indices": (
        lambda p: edit(p, INFO, "TEMPLATE_INDEX WGT", "TEMPLATE_INDEX INDX"), f"{INFO}:5", "several names with", True),
    "comment after the names": (
        lambda p: edit(p, INFO, "TEMPLATE_INDEX WGT", "TEMPLATE_INDEX WGT # these"), f"{INFO}:5", "no comment", True),
    "key in a comment": (
        lambda p: edit(p, INFO, "see README.md", "each line SED: is one"), f"{INFO}:1",
        "'SED:' in a comment, which SNANA reads", True),
    "name too long": (
        lambda p: edit(p, INFO, "SED: a.SED", f"SED: {'a' * 57}.SED"), f"{INFO}:7", "a word of 61 letters", True),
    "SED left out": (lambda p: edit(p, INFO, "a.SED", "a"), f"{INFO}:7", "no file 'a', with or without .gz;", True),
    "weights all 0": (
        lambda p: edit(p, INFO, "0.250000", "0") or edit(p, INFO, "0.750000", "0"), INFO, "all weights are 0", True),
    "negative weight": (lambda p: edit(p, INFO, "0.250000", "-1"), f"{INFO}:7", "weight -1 is not a number", True),
    "sum of weights": (lambda p: edit(p, INFO, "0.250000", "0.5"), INFO, "the sum of the weights is 1.25", False),
    "weights not used": (
        lambda p: edit(p, OF_S, "GRIDONLY: WGT", "GRIDONLY: TEMPLATE_INDEX"), f"{OF_S}:4", "are not used", False),
    "parameter of nothing": (
        lambda p: edit(p, OF_S, "GRIDONLY: WGT", "GRIDONLY: WEIGHT"), f"{OF_S}:4", "no parameter of SED.INFO", True),
    "no choice": (lambda p: edit(p, OF_S, "SIMSED_GRIDONLY:", "# "), OF_S, "no SIMSED_GRIDONLY: line", False),
    "model without a path": (
        lambda p: edit(p, OF_S, "./SIMSED.S", "SIMSED.S"), f"{OF_S}:2", "no path: SNANA looks for it in", True),
    "model of another name": (
        lambda p: edit(p, OF_S, "./SIMSED.S", "./S"), f"{OF_S}:2", "not known as a SIMSED model", True),
    "no type": (lambda p: edit(p, OF_S, "GENTYPE:", "# "), OF_S, "make a folder for each class", False),
    "type too large": (lambda p: edit(p, OF_S, "GENTYPE: 2", "GENTYPE: 2000"), f"{OF_S}:5", "room for 0 to", True),
    "no include": (lambda p: (p / OF_S).unlink(), "SIMSED.S", "no include file", False),
}  # fmt: skip


def test_the_good_simsed_folder_has_no_findings(good_simsed):
    assert [str(one) for one in check_folder(good_simsed).findings] == []


@pytest.mark.parametrize("case", list(BROKEN_SIMSED))
def test_each_fault_of_simsed_has_its_finding(good_simsed, tmp_path, case):
    breaks, place, words, abort = BROKEN_SIMSED[case]
    folder = copy(good_simsed, tmp_path / "SIMSED.S")
    breaks(folder)
    matching = [one for one in check_folder(folder).findings if words in str(one)]
    assert matching, [str(one) for one in check_folder(folder).findings]
    assert str(matching[0]).startswith(place)
    assert matching[0].abort is abort


def test_folder_of_another_name_is_for_lightcurvelynx_alone(good_simsed, tmp_path):
    folder = copy(good_simsed, tmp_path / "S")
    assert "let its name begin with SIMSED." in str(check_folder(folder).findings[0])
    model = to_snana([bump("a", "II", PHASE)], tmp_path / "T", form="SIMSED", phase_step=4.0, wave_step=200.0)
    assert sorted(path.name for path in model.folder.iterdir()) == ["README.md", "SED.INFO", "a.SED.gz"]
    assert not check_folder(model.folder).would_abort


def test_more_phases_than_the_largest_file_has(tmp_path):
    """SNANA counts the phases of the largest file; the longest template has to be it."""
    wide = bump("wide", "II", np.arange(0.0, 30.0, 3.0))
    narrow = (wide.wave > 4000) & (wide.wave < 5000)
    long = bump("long", "II", PHASE)
    long = snt.SpectralSeries(
        phase=np.arange(-15.0, 93.0, 3.0), wave=long.wave[narrow], name="long", sn_type="II",
        flux=bump(phase=np.arange(-15.0, 93.0, 3.0)).flux[:, narrow],
    )  # fmt: skip
    folder = tmp_path / "SIMSED.L"
    model = to_snana([wide, long], folder, form="SIMSED", phase_step=3.0, bands=[])
    assert model.grids[1].phase.size > model.grids[0].phase.size + 5
    assert (folder / "long.SED.gz").stat().st_size > (folder / "wide.SED.gz").stat().st_size
    assert not check_folder(folder).would_abort
    data = gzip.decompress((folder / "long.SED.gz").read_bytes())
    assert max(map(len, data.split(b"\n"))) <= 119
    (folder / "long.SED.gz").write_bytes(gzip.compress(data))
    (folder / "wide.SED.gz").write_bytes(
        gzip.compress(gzip.decompress((folder / "wide.SED.gz").read_bytes()), compresslevel=0)
    )
    assert any("36 phases, SNANA has room for 15" in one.text for one in check_folder(folder).findings)


def test_redshifts_of_the_check_are_those_of_the_export(good, good_simsed):
    for folder in (good, good_simsed):
        limits = to_snana([bump("a", "II", PHASE)], folder.parent / "again", wave_step=200.0, phase_step=4.0,
                          overwrite=True, leakage_cut=0.01).z_range  # fmt: skip
        table = coverage_table(check_folder(folder), list(limits), leakage_cut=0.01)
        for band, limit in limits.items():
            for name in ("a.SED", "all templates"):
                assert f"{name:30s} {band:12s} {range_text(limit)}" in table
    assert "LEAKAGE_CUT" in coverage_table(check_folder(good), ["lsstg"])
    assert "LEAKAGE_CUT" not in coverage_table(check_folder(good), ["lsstr"])


def test_no_folder(tmp_path):
    with pytest.raises(NotADirectoryError, match="is no folder"):
        check_folder(tmp_path / "none")
