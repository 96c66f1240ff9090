"""Names and notes that try to be more than text, into everything that is written: it parses back, and it is text.

Of each writer the file is read by a parser of its format: as many rows as of a harmless name, and the very text, or the
text on one line of printable letters (`one_line`), which is what text formats without quotes hold.
"""

import csv
import dataclasses
import gzip
import io
import json
import tomllib
import warnings
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy as np
import pytest
from astropy.table import Table
from click.testing import CliRunner
from matplotlib import cbook
from matplotlib.figure import Figure

from sntransport._objects.card import Card
from sntransport._storage.config_sections import toml_text
from sntransport._storage.read_error import one_line
from sntransport._storage.tables import text_table, write_table
from sntransport.cli.main import main
from sntransport.cli.terminal.console import printable
from sntransport.datasets.atat_hdf5 import write_atat
from sntransport.datasets.conversion.own_fits import read_own_fits
from sntransport.datasets.conversion.snana_light_curves import snana_class_codes
from sntransport.datasets.elasticc_parquet import write_elasticc
from sntransport.datasets.lcdata_hdf5 import write_lcdata
from sntransport.datasets.nested_parquet import read_nested_parquet, write_nested_parquet
from sntransport.datasets.plasticc_csv import write_plasticc
from sntransport.datasets.snana_fits import read_snana_fits, write_snana_fits
from sntransport.datasets.snana_version import write_snana_version
from sntransport.datasets.tokens import write_tokens
from sntransport.export.snana import to_snana
from sntransport.export.snana_check import check_folder
from sntransport.export.text_files import series_table
from sntransport.photometry.bands import Bandpass
from sntransport.report import contents
from sntransport.report import page as pages
from sntransport.report.figures import simulation as simulation_figures
from sntransport.report.figures.style import title
from sntransport.simulation.run import write_fits
from sntransport.simulation.spectroscopy.simulated_spectra import SimulatedSpectra
from sntransport.simulation.spectroscopy.spectrum_files import read_simulated_spectra, write_simulated_spectra
from sntransport.simulation.surveys.formats.simlib_writer import write_simlib
from sntransport.simulation.surveys.formats.snana_simlib import read_simlib
from sntransport.simulation.surveys.survey import Survey
from sntransport.spectra.observations import LightCurve, Spectrum
from sntransport.spectra.series_file import SeriesFile, read_series_file, write_series
from tests.datasets.test_formats import curves
from tests.export.test_snana_check import bump
from tests.support.synthetic import SIGHTLINE

HOSTILE = (
    "two\nNON1A: 9 Ia evil", "two\r\nlines", "a\rb", "line\u2028separator", "nul\x00byte", "</script><script>alert(1)",
    '"><img src=x onerror=alert(1)>', r"\input{/etc/passwd}", "$", "$x$", r"$\frac{$", r"\$a$b$", "100 % of it",
    "a & b", "# a comment", "S: 1 2 3", "=cmd|' /C calc'!A0", "@SUM(1,2)", "!!python/object/apply:os.system [id]",
    "a: {b: [",
    'a"b\'c"""', "x = 1\n[table]", "\x1b[31mred\x1b]0;title\x07", "../../etc/passwd", "a/b\\c", "abc\u202eexe.txt",
    "a,b;c\td", "|a|b|", "END_LIBID: 1", "DOCUMENTATION_END:", "é \N{SNOWMAN} 中", "\x7f", "",
)  # fmt: skip
PHASE, WAVE = np.arange(0.0, 30.0, 3.0), np.arange(2000.0, 11000.0, 200.0)
CLEAN = "SN 2099zz"


def series(text, sn_type="Ia"):
    return dataclasses.replace(bump("a", "Ia", PHASE), name=text, sn_type=sn_type)


def in_text(lines):
    """None of the lines has a character that a terminal or an editor would obey."""
    for line in lines:
        assert line.replace("\t", " ").isprintable(), line


def model_lines(folder):
    """The lines of all text files of a model folder, by name."""
    found = {}
    for path in sorted(folder.iterdir()):
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
        found[path.name if path.suffix != ".gz" else path.suffix] = text.split("\n")
    return found


def snana(texts, place, form):
    folder = place / ("SIMSED.M" if form == "SIMSED" else "M")
    to_snana(
        [series(text, text) for text in texts], folder, form=form, wave_step=800.0, phase_step=9.0,
        sntype=[20] * len(texts), notes=[(text,) for text in texts],
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("form", ["NON1ASED", "SIMSED"])
def test_models_of_snana(tmp_path, form):
    plain = model_lines(snana([CLEAN] * len(HOSTILE), tmp_path / "plain", form))
    folder = snana(HOSTILE, tmp_path / "hostile", form)
    assert [one.text for one in check_folder(folder).findings if one.abort] == []
    found = model_lines(folder)
    assert len(list(folder.iterdir())) == len(HOSTILE) + 3
    assert found.keys() == plain.keys()
    for name, lines in found.items():
        in_text(lines)
        if name != ".gz":
            assert len(lines) == len(plain[name]), name
    for path in folder.glob("*.gz"):
        lines = gzip.decompress(path.read_bytes()).decode().split("\n")
        in_text(lines)
        rows = [line for line in lines if line and not line.startswith("#")]
        assert len(rows) == sum(not line.startswith("#") for line in plain[".gz"] if line)
        assert np.loadtxt(rows).shape[1] == 3


@pytest.mark.parametrize("text", HOSTILE)
def test_series_files(tmp_path, text):
    light = LightCurve(mjd=[59001.0], band=["lsstg"], flux=[1.0], flux_err=[0.1], instrument=[text])
    write_series(
        series(text, text), tmp_path / "a.fits", sightline=SIGHTLINE, light_curve=light, notes=[text, "b"],
        provenance={"input": text}, mjd_ref_meaning=text,
    )  # fmt: skip
    back = read_series_file(tmp_path / "a.fits")
    assert (back.series.name, back.series.sn_type, back.notes) == (text, text, (text, "b"))
    assert (back.provenance["input"], back.mjd_ref_meaning) == (text, text)
    assert list(back.light_curve.instrument) == [text]


@pytest.mark.parametrize("text", HOSTILE)
def test_tables(tmp_path, text):
    path = write_table(Table({"name": [text, "b"], "z": [1.0, 2.0]}, meta={"note": text}), tmp_path / "a.ecsv")
    back = Table.read(path, format="ascii.ecsv")
    assert [str(one) for one in np.ma.filled(back["name"], "")] in ([text, "b"], [one_line(text), "b"])
    assert len(back) == 2
    # A new line in YAML that is a comment is a blank.
    assert back.meta["note"] in (text, one_line(text))
    made = series_table(series(text, text))
    back = Table.read(write_table(made, tmp_path / "b.ecsv"), format="ascii.ecsv")
    assert len(back) == len(made)
    assert {back.meta["name"], back.meta["sn_type"]} <= {text, one_line(text)}
    shown = text_table([{"name": text, "z": "1"}, {"name": "b", "z": "2"}])
    assert len(shown.split("\n")) == 4
    in_text(shown.split("\n"))


TYPES = tuple(text for text in HOSTILE if text)


def hostile_curves(text=""):
    """Light curves of as many templates as there are texts, each of its own name and type."""
    plain = curves(n_object=len(TYPES))
    truth = dataclasses.replace(plain.truth, template=np.arange(len(TYPES), dtype=np.int32))
    named = (text, *TYPES[1:]) if text else TYPES
    return dataclasses.replace(
        plain, truth=truth, template_names=named, template_types=named, meta={"seed": 1, "note": text}
    )


def test_light_curves(tmp_path):
    import h5py
    import pyarrow.parquet as pq

    made = hostile_curves()
    back = read_nested_parquet(write_nested_parquet(made, tmp_path / "a.parquet"))
    assert (back.template_names, back.template_types) == (TYPES, TYPES)
    codes = {text: k for k, text in enumerate(TYPES)}
    shown = [text if text.isprintable() else one_line(text) for text in TYPES]
    metadata, measured = write_plasticc(made, tmp_path / "p", targets=codes)
    with metadata.open(newline="", encoding="utf-8") as file:
        assert [row["type"] for row in csv.DictReader(file)] == shown
    with measured.open(newline="", encoding="utf-8") as file:
        assert len(list(csv.reader(file))) > made.n_object
    paths = write_elasticc(made, tmp_path / "e", class_codes=codes)
    assert shown in [pq.read_table(path).to_pydict().get("type") for path in paths]
    assert pq.read_table(write_tokens(made, tmp_path / "t.parquet", class_codes=codes)).num_rows > 0
    for path in (
        write_lcdata(made, tmp_path / "l.h5", class_codes=codes),
        write_atat(made, tmp_path / "a.h5", labels=codes),
    ):
        with h5py.File(path) as file:
            assert len(file) > 0
    noted = dataclasses.replace(made, meta={text: text for text in HOSTILE})
    assert read_own_fits(write_fits(noted, tmp_path / "own")).meta == noted.meta
    head, _ = write_snana_fits(made, tmp_path / "s", type_codes=codes)
    assert len(read_snana_fits(head)[1]) == made.n_object
    assert snana_class_codes(head) == codes


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_a_version(tmp_path, text):
    told = {"SURVEY": text}
    _, readme = write_snana_version(
        tmp_path, ["a_HEAD.FITS"], bands={text: "g"}, classes={text: 1}, templates=[text, "b"], told=told
    )  # fmt: skip
    lines = readme.read_text(encoding="utf-8").split("\n")
    in_text(lines)
    assert len(lines) == 12
    assert [line.strip() for line in lines].count("DOCUMENTATION_END:") == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_observation_libraries(tmp_path, text):
    survey = Survey(
        name=text or "x", bands=("lsstg", "lsstr"), mjd=[60000.0, 60001.0, 60002.0], band=[0, 1, 0],
        ra=[1.0, 1.0, 9.0], dec=[2.0, 2.0, 2.0], background=[10.0, 11.0, 12.0], photons_per_njy=[1.0, 1.0, 1.0],
        radius=1.0, field=[1, 1, 2], field_names={1: text or "x", 2: "wide"},
    )  # fmt: skip
    path = write_simlib(survey, tmp_path / "a.simlib", name="LSST")
    in_text(path.read_text(encoding="utf-8").split("\n"))
    back = read_simlib(path, radius=1.0)
    assert back.n_visit == 3
    assert path.read_text(encoding="utf-8").count("\nLIBID:") == 2
    if any(not c.isprintable() or c in " #" for c in text):
        with pytest.raises(ValueError, match="expected one word"):
            write_simlib(survey, tmp_path / "b.simlib")
    else:
        write_simlib(survey, tmp_path / "b.simlib")
        assert read_simlib(tmp_path / "b.simlib", radius=1.0, bands={"g": "lsstg", "r": "lsstr"}).n_visit == 3


@pytest.mark.parametrize("text", HOSTILE)
def test_configurations(tmp_path, text):
    assert tomllib.loads(f"name = {toml_text(text)}\nz = 1") == {"name": text, "z": 1}
    runner = CliRunner()
    # A class must be one that is known.
    refused = runner.invoke(main, ["init", str(tmp_path / "SN"), "--type", text or "x"])
    assert refused.exit_code == 1
    assert len(refused.output.splitlines()) == 1
    assert not (tmp_path / "SN").exists()
    result = runner.invoke(main, ["init", str(tmp_path / "SN"), "--name", text or "x", "--type", "Ia"])
    assert result.exit_code == 0, result.output
    held = tomllib.loads((tmp_path / "SN" / "sn.toml").read_text(encoding="utf-8"))
    assert (held["name"], held["type"]) == (text or "x", "Ia")


@pytest.mark.parametrize("text", HOSTILE)
def test_simulated_spectra(tmp_path, text):
    wave = np.arange(4000.0, 5000.0, 100.0)
    one = Spectrum(mjd=60000.0, wave=wave, flux=wave, flux_err=wave, source=text)
    made = SimulatedSpectra(object_id=np.array([1]), phase=np.array([0.0]), spectra=(one,))
    back = read_simulated_spectra(write_simulated_spectra(made, tmp_path / "a.fits"))
    assert back.spectra[0].source == text


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.attributes = [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def no_figures(monkeypatch):
    monkeypatch.setattr(pages, "figures", lambda material: {})


def page_of(text, place):
    held = SeriesFile(
        series=series(text, text), sightline=SIGHTLINE, sparse=None, light_curve=None, pairs=None, weight=None,
        notes=(text, f"1 row rejected: {text}"), provenance={"input": text, "options": text}, mjd_ref_meaning=text,
    )  # fmt: skip
    return pages.render([contents.Material(source=place / "a.fits", held=held)], text)


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("text", [one for one in HOSTILE if one])
def test_pages(tmp_path, text):
    plain, found = Tags(page_of(CLEAN, tmp_path)), Tags(page_of(text, tmp_path))
    assert found.tags == plain.tags
    assert one_line(text) in found.text
    assert "\x00" not in found.text
    assert "\u202e" not in found.text
    assert "\x1b" not in found.text


@pytest.mark.parametrize("text", HOSTILE)
def test_cards(text):
    def card(name):
        return Card(title=name, rows=[("name", name), ("b", "c")])

    in_text(card(text).text().split("\n"))
    plain, found = Tags(card(CLEAN).html()), Tags(card(text).html())
    assert found.tags[: len(plain.tags)] == plain.tags or not text
    assert set(found.tags) <= set(plain.tags)


def drawn_texts(figure):
    from matplotlib.text import Text

    return [one.get_text() for one in figure.findobj(Text)]


@pytest.mark.parametrize("text", [one for one in HOSTILE if one])
def test_figures(text):
    figure = Figure()
    figure.canvas.draw = lambda: None
    left, right = figure.subplots(1, 2)
    band = Bandpass(name=text, wave=WAVE, throughput=np.ones(WAVE.size))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # letters that the font does not have
        series(text, text).plot(ax=left)
        band.plot(ax=right)
        right.legend()
        panels = simulation_figures.simulated_light_curve(hostile_curves(text), 0)
        for one in (figure, panels):
            raw = io.BytesIO()
            one.savefig(raw, format="svg")
            ElementTree.fromstring(raw.getvalue())
    shown = [*drawn_texts(figure), *drawn_texts(panels)]
    mine = [one for one in shown if one_line(text) in one.replace(r"\$", "$").replace("\n", " ")]
    assert len(mine) >= 2
    assert not any(cbook.is_math_text(one) for one in mine)
    in_text(line for one in mine for line in one.split("\n"))


def test_a_title_of_a_figure_stays_what_it_says():
    assert title("SN $1$", "Ia", "x") == "SN $1$ (Ia): x"


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_terminal_is_told(text):
    shown = printable(f"{text}\nsecond")
    assert all(c == "\n" or c.isprintable() for c in shown)
    assert len(shown) == len(f"{text}\nsecond")


@pytest.mark.parametrize("text", [text for text in HOSTILE if not text.isprintable()])
def test_terminals(tmp_path, text):
    runner = CliRunner()
    place = tmp_path / "SN"
    (place / "spectra").mkdir(parents=True)
    (place / "sn.toml").write_text(f"name = {toml_text(text)}\ntype = {toml_text(text)}\nz = 0.02\n", encoding="utf-8")
    rows = "".join(f"{wave} 1 0.1\n" for wave in range(4000, 8000, 50))
    (place / "spectra" / "a.txt").write_text(f"# MJD = 60000\n{rows}")
    build = ["build", place, "-o", tmp_path / "out", "--no-figures", "-v"]
    for words in (["info", place], ["info", text], build, [text], ["build", place, f"--{text}"], ["--", text]):
        if any("\0" in str(word) for word in words):
            continue
        result = runner.invoke(main, list(map(str, words)))
        assert isinstance(result.exception, SystemExit | None)
        assert all(c == "\n" or c.isprintable() for c in result.output), (words, result.output)
    result = runner.invoke(main, ["info", str(place), "--json"])
    assert isinstance(json.loads(result.stdout), dict)
