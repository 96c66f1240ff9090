"""Labels, ids and codes of a run of two populations and two surveys, in every format; and what is refused first."""

import csv
import json
import re
import zlib
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from click.testing import CliRunner

import sntransport as snt
from sntransport._storage.extras import MissingExtraError
from sntransport._storage.read_error import ReadError
from sntransport.cli.main import main
from sntransport.datasets import writers
from sntransport.datasets.nested_parquet import read_nested_parquet
from sntransport.datasets.snana_fits import read_snana_fits
from sntransport.datasets.writers import WRITERS, require_format, run_codes
from sntransport.simulation.config import read_simulation
from sntransport.simulation.events.class_codes import Codes
from sntransport.transport.templates.sources import hsiao
from tests.cli.samples.test_augment import CONFIG as AUGMENTATION
from tests.cli.samples.test_augment import folder  # noqa: F401  # a fixture

BANDS = ["ztfg", "ztfr", "atlasc", "atlaso"]
CONFIG = """
keep = "observed"
[[survey]]
source = "ztf"
years = 0.3
[[survey]]
source = "atlas"
years = 0.3
[[population]]
name = "Ia"
templates = ["ia.fits"]
objects = 60
redshift = { uniform = [0.01, 0.1] }
[[population]]
name = "core"
templates = ["ii.fits", "ic.fits"]
objects = 50
redshift = { uniform = [0.01, 0.05] }
"""
NUMBERS = "[codes]\nband = { ztfg = 0, ztfr = 1, atlasc = 2, atlaso = 3 }\n"
GIVEN = NUMBERS + 'class = { Ia = 10, II = 20, "II P" = 21, "Ib/c" = 30 }\n'


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    path = tmp_path_factory.mktemp("templates")
    for name, sn_type in (("ia", "Ia"), ("ii", "II P"), ("ic", "Ic BL")):
        # To be seen at all: a B of -19 or so.
        series = hsiao()
        snt.write_series(replace(series, name=name, sn_type=sn_type, flux=4e-9 / series.flux.max() * series.flux),
                         path / f"{name}.fits")  # fmt: skip
    return path


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    """They take most of the time, and are looked at in tests of their own."""
    for name in ("examples_figure", "population_figure"):
        monkeypatch.setattr(f"sntransport.report.figures.simulation.{name}", lambda *given, **more: None)
    monkeypatch.setattr("sntransport.report.figures.style.write_figure", lambda figure, path, *more: path)


def config(place, text):
    """A file of its own for each text: a process reads one of a name once."""
    path = place / f"{zlib.crc32(text.encode())}.toml"
    path.write_text(text)
    return path


def run(place, out, kind, text=CONFIG, *more):
    command = ["simulate", str(config(place, text)), "-o", str(out), "--format", kind, "--chunk", "25"]
    return CliRunner().invoke(main, [*command, "--workers", "1", *more])


def rows_of(kind, path):
    """Identifier, class, type and code of every object of a shard."""
    import h5py
    import pyarrow.parquet as pq

    if kind == "fits":
        data = fits.getdata(path, "TRUTH")
        return [(int(r["OBJECT_ID"]), r["CLASS"], r["TYPE"], int(r["CLASS_CODE"])) for r in data]
    if kind == "snana":
        data = fits.getdata(path, 1)
        return [(int(r["SNID"]) - 1, r["SIM_CLASS"], r["SIM_TYPE_NAME"], int(r["SNTYPE"])) for r in data]
    if kind == "plasticc":
        with path.open() as file:
            read = list(csv.DictReader(file))
        return [(int(r["object_id"]), r["class"], r["type"], int(r["target"])) for r in read]
    if kind == "atat":
        with h5py.File(path) as file:
            columns = [file[name][:] for name in ("SNID", "class", "type", "labels")]
        return [(int(i), c.decode(), t.decode(), int(k)) for i, c, t, k in zip(*columns, strict=True)]
    if kind == "lcdata":
        table = Table.read(path, path="metadata")
        return [(int(r["object_id"]), str(r["class"]), str(r["type"]), int(r["class_code"])) for r in table]
    columns = pq.read_table(path).to_pydict()
    key = "diaobject_id" if kind == "elasticc" else "object_id"
    names = (key, "class", "type", "class_code")
    return sorted(set(zip(*(columns[name] for name in names), strict=True)))


MARKS = {"fits": "", "snana": "_HEAD.FITS", "plasticc": "_metadata.csv", "elasticc": "_truth.parquet"}
DEFAULT = {"Ia": 2, "II": 1, "Ib/c": 3}
OWN = {"plasticc": {"Ia": 90, "II": 42, "Ib/c": 62}, "atat": {"Ia": 1, "II": 0, "Ib/c": 2}}


@pytest.mark.parametrize("kind", list(WRITERS))
def test_labels_ids_and_codes_of_a_run(place, tmp_path, kind):
    """Two populations had label 0 and SNTYPE 1 both, and identifiers from 0 both."""
    given = kind in ("fits", "snana", "tokens")
    needs_bands = NUMBERS if kind == "plasticc" else ""
    done = run(place, tmp_path / "out", kind, CONFIG + (GIVEN if given else needs_bands))
    assert done.exit_code == 0, done.output
    ids, told = [], []
    for name in ("Ia", "core"):
        found = []
        for path in sorted((tmp_path / "out" / name).glob(f"shard-*{MARKS.get(kind, '')}")):
            found += rows_of(kind, path)
        assert len(found) > 20
        ids += [row[0] for row in found]
        assert {row[1] for row in found} == ({"Ia"} if name == "Ia" else {"II", "Ib/c"})
        assert {row[2].replace(" ", "") for row in found} == ({"Ia"} if name == "Ia" else {"IIP", "IcBL"})
        codes = OWN.get(kind, DEFAULT)
        for _, sn_class, sn_type, code in found:
            own = {"Ia": 10, "IIP": 21, "IcBL": 30}[sn_type.replace(" ", "")]
            assert code == (own if given else codes[sn_class])
        told.append(json.loads((tmp_path / "out" / name / "manifest.json").read_text())["inputs"]["codes"])
    assert len(set(ids)) == len(ids)
    assert 0 <= min(ids) < 60 <= max(ids) < 110
    assert told[0] == told[1]
    for sn_class, code in ({"Ia": 10, "II P": 21} if given else OWN.get(kind, DEFAULT)).items():
        assert told[0]["class"].get(sn_class, told[0]["class"].get("Ibc")) == code


def test_snana_set_of_a_run(place, tmp_path):
    done = run(place, tmp_path / "out", "snana", CONFIG, "--survey-name", "MIXED")
    assert done.exit_code == 0, done.output
    numbers = []
    for name in ("Ia", "core"):
        version = tmp_path / "out" / name
        heads = (version / f"{name}.LIST").read_text().split()
        assert heads == sorted(path.name for path in version.glob("*_HEAD.FITS"))
        assert len(heads) == (3 if name == "Ia" else 2)
        for head in heads:
            header, objects = read_snana_fits(version / head)
            assert (header["SURVEY"], header["FILTERS"]) == ("MIXED", "grco")
            assert fits.getheader(version / head)["VERSION"] == name
            numbers += [int(one["SNID"]) for one in objects]
            assert all(np.isfinite(one["true_flux"]).all() for one in objects)
        readme = (version / f"{name}.README").read_text()
        assert "    SURVEY: MIXED\n" in readme
        assert "    keep: observed\n" in readme
        assert all(f"    {letter}: {band}\n" in readme for letter, band in zip("grco", BANDS, strict=True))
    assert min(numbers) >= 1
    assert len(set(numbers)) == len(numbers)
    # A run that was killed before its last step has it done by the next.
    (tmp_path / "out" / "Ia" / "Ia.LIST").unlink()
    assert run(place, tmp_path / "out", "snana", CONFIG, "--survey-name", "MIXED").exit_code == 0
    assert (tmp_path / "out" / "Ia" / "Ia.LIST").is_file()
    refused = run(place, tmp_path / "out", "snana", CONFIG)
    assert "codes.survey was" in refused.output


def test_light_curves_are_those_of_any_other_format(place, tmp_path):
    """The true flux and the first identifier change no random number."""
    for kind, text in (("parquet", CONFIG), ("snana", CONFIG), ("parquet", "true_flux = true\n" + CONFIG)):
        assert run(place, tmp_path / f"{kind}{len(text)}", kind, text).exit_code == 0
    plain, more = (
        read_nested_parquet(tmp_path / f"parquet{len(text)}" / "core" / "shard-00001.parquet")
        for text in (CONFIG, "true_flux = true\n" + CONFIG)
    )
    _, objects = read_snana_fits(tmp_path / f"snana{len(CONFIG)}" / "core" / "shard-00001_HEAD.FITS")
    np.testing.assert_array_equal(plain.flux, more.flux)
    assert plain.true_flux is None
    np.testing.assert_allclose(np.concatenate([one["flux"] for one in objects]), plain.flux, rtol=1e-6)
    true = np.maximum(more.true_flux, 0)
    np.testing.assert_allclose(np.concatenate([one["true_flux"] for one in objects]), true, rtol=1e-5)
    assert "field_number" in more.truth.more


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("plasticc", "", "band 'ztfg' has no code in this format"),
        (
            "plasticc",
            '[codes]\nband = { ztfg = "g", ztfr = 1, atlasc = 2, atlaso = 3 }',
            "has the code 'g', expected a",
        ),
        ("snana", '[codes]\nband = { ztfg = "g", ztfr = "g", atlasc = "c", atlaso = "o" }', "expected one for each"),
        ("snana", '[codes]\nsurvey = "A B"', "expected one word"),
        ("snana", "[codes]\nclass = { Ia = 1 }", r"type 'II P' has no code \(there are Ia\)"),
        ("atat", "[codes]\nclass = { Ia = 1, II = 2 }", "type 'Ic BL' has no label"),
        ("parquet", "[codes]\nclass = { II = 2 }", "type 'Ia' has no code"),
        ("fits", "[codes]\nband = { ztfg = [1] }", r"codes: band ztfg is \[1\], expected a letter or a number"),
        ("fits", "[codes]\nclasses = { Ia = 1 }", "codes.classes: no such key; did you mean class"),
    ],
)
def test_what_a_format_needs_is_known_before_the_run(place, tmp_path, kind, text, message):
    done = run(place, tmp_path / "out", kind, CONFIG + text)
    assert done.exit_code == 1
    assert re.search(message, done.output), done.output
    assert not (tmp_path / "out").exists()


def test_more_files_than_snana_reads(place, tmp_path):
    text = CONFIG.replace("objects = 60", "objects = 12500")
    done = run(place, tmp_path / "out", "snana", text)
    assert done.exit_code == 1
    assert "500 shards, but SNANA reads at most 499 files of one version; make them larger (--chunk)" in done.output


def test_a_missing_package_is_known_before_the_run(monkeypatch):
    def writer(*arguments, **given):
        raise MissingExtraError("pyarrow is not installed: pip install 'sntransport[parquet]'", name="pyarrow")

    monkeypatch.setattr(writers, "write_as", writer)
    with pytest.raises(MissingExtraError, match="pyarrow is not installed"):
        require_format("parquet", Codes(), bands=["ztfg"], surveys=["ztf"], names=["a"], types=["Ia"])


def test_ids_follow_one_another(place):
    path = config(place, CONFIG)
    jobs = read_simulation(path)
    assert [(job.first_id, job.n) for job in jobs] == [(0, 60), (60, 50)]
    jobs = read_simulation(path, objects=7)
    assert [job.first_id for job in jobs] == [0, 7]
    with pytest.raises(ReadError, match="2200000000 objects in all; ask for 2147483647 at most"):
        read_simulation(path, objects=1_100_000_000)


def test_two_surveys_with_the_same_band():
    names = {"bands": ["lsstg", "lsstr", "lsstg"], "surveys": ["lsst_wfd", "lsst_wfd", "lsst_ddf"]}
    for kind in WRITERS:
        codes = run_codes(kind, Codes(), **names, types=["Ia"])
        require_format(kind, codes, **names, names=["a"], types=["Ia"])
    assert run_codes("snana", Codes(), **names, types=["Ia"]).survey == "LSST"


@pytest.mark.parametrize("kind", ["snana", "atat", "fits"])
def test_augment_has_the_same_table(folder, tmp_path, kind):  # noqa: F811
    (folder / "codes.toml").write_text(AUGMENTATION + '\n[codes]\nclass = { Ia = 7, "II P" = 9 }\n')
    out = tmp_path / "SET"
    command = [
        "augment",
        str(folder / "codes.toml"),
        "-o",
        str(out),
        "--format",
        kind,
        "--chunk",
        "60",
        "--workers",
        "1",
    ]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert json.loads((out / "manifest.json").read_text())["inputs"]["codes"]["class"] == {"Ia": 7, "II P": 9}
    found = []
    marks = {"snana": "*_HEAD.FITS", "atat": "*.h5", "fits": "*.fits"}
    for path in sorted(out.glob(marks[kind])):
        if kind == "fits":
            rows = fits.getdata(path, "OBJECTS")
            found += [(int(r["OBJECT_ID"]), r["CLASS"], r["TYPE"], int(r["CLASS_CODE"])) for r in rows]
        else:
            found += rows_of(kind, path)
    assert len(found) == len({row[0] for row in found}) == 110
    assert {row[1:] for row in found} == {("Ia", "Ia", 7), ("II", "IIP" if kind == "snana" else "II P", 9)}
    if kind == "snana":
        heads = (out / "SET.LIST").read_text().split()
        assert heads == [f"{split}-0000{i}_HEAD.FITS" for i in (0, 1) for split in ("test", "train")]
        assert all("true_flux" in one for one in read_snana_fits(out / heads[0])[1])


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("plasticc", "", "band 'ztfg' has no code in this format"),
        ("atat", "[codes]\nclass = { Ia = 7 }", "type 'II' has no label"),
        ("snana", '[codes]\nband = { ztfg = "gg", ztfr = "r" }', "has the code 'gg'"),
    ],
)
def test_augment_knows_before_it_begins(folder, tmp_path, kind, text, message):  # noqa: F811
    (folder / "bad.toml").write_text(f"{AUGMENTATION}\n{text}\n")
    command = ["augment", str(folder / "bad.toml"), "-o", str(tmp_path / "out"), "--format", kind]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 1
    assert message in done.output, done.output
    assert not (tmp_path / "out").exists()


def test_augment_looks_again_when_types_are_known(folder, tmp_path):  # noqa: F811
    """A class may have codes of some of its types only, which nobody knows before the series are read."""
    (folder / "some.toml").write_text(AUGMENTATION + "\n[codes]\nclass = { Ia = 7, IIn = 8 }\n")
    command = ["augment", str(folder / "some.toml"), "-o", str(tmp_path / "out"), "--format", "atat"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 1
    assert "type 'II P' has no label (there are Ia, IIn)" in done.output
