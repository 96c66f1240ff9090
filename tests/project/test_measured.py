"""The tables of measurements in the pages come from the files in docs/measured, and what the prose quotes agrees."""

import json
import re

import measured
import offline
import pytest
import recording

from tests.conftest import ROOT

PAGES = [page for page in measured.PAGES if page.name != "README.md"]


def text_of(page):
    return page.read_text(encoding="utf-8")


def headline(what, column):
    found = measured.load("cross_validation")
    (row,) = [row for row in found["rows"] if row[:2] == ["all", what]]
    return row[found["columns"].index(column)]


@pytest.mark.parametrize("page", measured.PAGES, ids=lambda page: page.name)
def test_pages_hold_what_the_files_say(page):
    # Where this fails: python docs/measured.py
    assert measured.filled(text_of(page)) == text_of(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_table_is_copied_by_hand(page):
    # Tables of Markdown, and aligned ones under a line of dashes.
    outside = measured.MARKED.sub("", text_of(page))
    assert not re.findall(r"^\|.*|^-{3,} .*", outside, flags=re.MULTILINE)
    assert len(measured.MARKED.findall(text_of(page))) >= 4


def test_every_table_is_on_a_page_and_every_file_is_in_a_table():
    named = [name for page in measured.PAGES for _, name, _ in measured.MARKED.findall(text_of(page))]
    assert sorted(named) == sorted(measured.TABLES)
    files = {path.stem for path in measured.FOLDER.iterdir()}
    assert files == {source for source, _ in measured.TABLES.values()}


@pytest.mark.parametrize("path", sorted(measured.FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_files_say_where_they_come_from(path):
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["source"] in ("run", "transcribed")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", found["date"])
    if found["source"] == "run":
        assert found["command"]
        assert {"python", "sntransport", "numpy"} <= set(found["versions"])
        assert {"cpu", "cores", "system"} <= set(found["machine"])
    assert found["rows"]
    assert {len(row) for row in found["rows"]} == {len(found["columns"])}
    assert set(found["digits"]) <= set(found["columns"])


@pytest.mark.parametrize("source", sorted({source for source, _ in measured.TABLES.values()}))
def test_another_number_in_a_file_is_another_page(source, tmp_path):
    found = measured.load(source)

    def doubled(cell):
        if isinstance(cell, list):
            return [doubled(one) for one in cell]
        if isinstance(cell, bool):
            return cell
        return 2 * cell if isinstance(cell, float) else cell + 1 if isinstance(cell, int) else cell

    for row in found["rows"]:
        # Figures written down with their unit are text.
        row[:] = [*row[:-1], f"{row[-1]}!"] if all(isinstance(one, str) for one in row) else map(doubled, row)
    (tmp_path / f"{source}.json").write_text(json.dumps(found), encoding="utf-8")
    names = [name for name, (of, _) in measured.TABLES.items() if of == source]
    assert all(measured.table(name, tmp_path) != measured.table(name) for name in names)


def test_readme_quotes_the_files():
    readme = text_of(ROOT / "README.md")
    quoted = re.search(r"cross-validated by supernova it is at ([\d.]+), beyond 20 d at ([\d.]+)", readme)
    assert quoted[1] == f"{headline('cross-validated', 'all gaps'):.2f}"
    assert quoted[2] == f"{headline('cross-validated', '> 20 d'):.2f}"


def test_the_page_on_interpolators_quotes_the_files():
    ratio = {
        (one.interpolator, one.gap): one.ratio
        for one in measured.scores(measured.load("leave_out"))
        if (one.metric, one.sn_class) == ("feature", "all")
    }
    quoted = re.findall(
        r"^\| `(\w+)` \| ([\d.]+) \| ([\d.]+) \|", text_of(ROOT / "docs" / "howto" / "interpolators.md"), re.MULTILINE
    )
    assert {name for name, _, _ in quoted} == {name for name, _ in ratio}
    for name, every, wide in quoted:
        assert float(every) == pytest.approx(ratio[name, "all"], abs=0.0051), name
        assert float(wide) == pytest.approx(ratio[name, "> 20"], abs=0.0051), name


def test_the_records_quote_the_files():
    page = "".join(text_of(ROOT / "docs" / "records" / f"{name}.md") for name in ("interpolation", "delivered"))
    quoted = re.search(r"So the default deserves ([\d.]+) \(([\d.]+) beyond 20 d\)", page)
    assert quoted[1] == f"{headline('cross-validated', 'all gaps'):.3f}"
    assert quoted[2] == f"{headline('cross-validated', '> 20 d'):.3f}"
    shares = measured.load("error_intervals")
    (overall,) = [row for row in shares["rows"] if row[:2] == ["all", "all"]]
    assert f"Within 1.96 `flux_err` lie {overall[-1]:.1f} %" in page
    points = measured.load("bandtest")
    column = points["columns"].index
    b = {
        row[column("method")]: row[column("share")]
        for row in points["rows"]
        if [row[column(name)] for name in ("sn_class", "letter", "judged")] == ["all", "B", "one system"]
    }
    assert f"a left-out B at {100 * b['left out']:.0f} %, against {100 * b['V only']:.0f} %" in " ".join(page.split())


def test_a_table_that_nobody_makes_is_named():
    with pytest.raises(KeyError, match="no table is called 'nothing'"):
        measured.filled("<!-- measured: nothing -->\n<!-- /measured -->")


def test_what_is_recorded_comes_back(tmp_path):
    rows = [["a", 1.23456789, None, (0.5, 0.25, 0.75)], ["b", 2, 3.0, (1.0, float("nan"), float("nan"))]]
    about = {"about": "two rows", "command": "none", "digits": {"x": 2, "ratio": 2}}
    recording.record("two", ("name", "x", "y", "ratio"), rows, folder=tmp_path, **about)
    found = measured.load("two", tmp_path)
    assert found["rows"][0] == ["a", 1.2346, None, [0.5, 0.25, 0.75]]
    assert measured.plain(found).splitlines()[2:] == [
        "| a | 1.23 |  | 0.50 [0.25, 0.75] |",
        "| b | 2.00 | 3.0 | 1.00 |",
    ]


PAGE = """<html><head><link rel="canonical" href="https://example.org/"><link rel="stylesheet" href="style.css">
{}</head><body><a href="https://example.org">a link</a><p>https://example.org</p></body></html>"""


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ("", None),
        ('<script src="_static/own.js"></script>', None),
        ('<script src="https://cdn.example.org/a.js"></script>', "https://cdn.example.org/a.js"),
        ('<script src="//cdn.example.org/a.js"></script>', "//cdn.example.org/a.js"),
        ('<link rel="stylesheet" href="https://fonts.example.org/b.css">', "https://fonts.example.org/b.css"),
        ('<link rel="preload" href="https://fonts.example.org/c.woff2">', "https://fonts.example.org/c.woff2"),
        ("<style>@import 'https://fonts.example.org/d.css';</style>", "https://fonts.example.org/d.css"),
        ('<img src="http://example.org/e.png">', "http://example.org/e.png"),
        ("<script>import('https://cdn.example.org/f.js')</script>", "https://cdn.example.org/f.js"),
    ],
)
def test_what_a_page_fetches_is_found(more, address, tmp_path, capsys):
    (tmp_path / "index.html").write_text(PAGE.format(more), encoding="utf-8")
    assert offline.main(str(tmp_path)) == (0 if address is None else 1)
    assert (address or "") in capsys.readouterr().err


def test_fonts_of_styles_are_found_and_no_pages_are_no_success(tmp_path):
    assert offline.main(str(tmp_path)) == 2
    (tmp_path / "index.html").write_text(PAGE.format(""), encoding="utf-8")
    (tmp_path / "style.css").write_text("@font-face { src: url('https://fonts.example.org/x.woff2') }")
    assert list(offline.check(tmp_path)) == ["style.css fetches https://fonts.example.org/x.woff2"]


def hidden():
    """Errors of delivered spectra by what is judged, of the class that has most of it."""
    rows = measured.hidden_rows(measured.scores(measured.load("delivered_spectra")))
    return {(row["error"].split(" [")[0], row["class"]): row for row in rows}


def share_of(judged, method, letter="all"):
    found = measured.load("bandtest")
    column = found["columns"].index
    (row,) = [
        row
        for row in found["rows"]
        if [row[column(name)] for name in ("sn_class", "letter", "at_least", "judged", "method")]
        == ["all", letter, 0.0, judged, method]
    ]
    return f"{100 * row[column('share')]:.0f}"


def of_nights(judged, column):
    found = measured.load("delivered_nights")
    (row,) = [row for row in found["rows"] if row[:3] == ["all", judged, "series"]]
    return row[found["columns"].index(column)]


def ratio_of(sn_class, gap):
    scores = measured.scores(measured.load("leave_out"))
    (one,) = [
        one for one in scores
        if (one.metric, one.interpolator, one.sn_class, one.gap) == ("feature", "class_transport", sn_class, gap)
    ]  # fmt: skip
    return f"{one.ratio:.2f}"


def inside(sn_class, gap):
    found = measured.load("error_intervals")
    (row,) = [row for row in found["rows"] if row[:2] == [sn_class, gap]]
    return f"{row[3]:.0f}"


def quotes():
    """What the pages of the guide say, with {} for a figure, and the figures that the files have."""
    seen = hidden()
    feature, flux = seen["feature", "all"], seen["flux", "all"]
    lines = [seen[line, sn]["delivered"] for line, sn in (("Si II 6355", "Ia"), ("H-beta", "II"), ("H-alpha", "II"))]
    absolute = measured.load("delivered_intervals")["rows"][1][2]
    nights = [f"{100 * of_nights('one system', 'share'):.1f}", f"{of_nights('one system', 'rms'):.3f}"]
    good = [f"{100 * of_nights('accepted', 'share'):.1f}", f"{of_nights('accepted', 'rms'):.3f}"]
    used, left = share_of("all", "all bands"), share_of("all", "left out")
    by_letter = [share_of("all", "left out", letter) for letter in "BgVrRiI"]
    bare = share_of("all", "as is")
    classes = [ratio_of(sn_class, gap) for sn_class in ("II", "Ib/c") for gap in ("all", "> 20")]
    by_class = [100 * row[3] for row in measured.load("delivered_level")["rows"] if row[0] != "all"]
    steps = measured.load("delivered_steps")
    largest = max(row[steps["columns"].index("step")] for row in steps["rows"])
    return {
        "accuracy": [
            ("features by {} % (median; log-flux interpolation: {} %), flux at unit mean by {} %",
             [feature["delivered"], feature["log_linear"], flux["delivered"]]),
            ("{} km/s for Si II 6355, {} for H-beta, {} for H-alpha", lines),
            ("{} % of the points within 10 %, rms {} mag; without", nights),
            ("off at all phases {} % and {} mag", good),
            ("used? | {} % of the points within 10 %; {} % of those", [used, share_of("accepted", "all bands")]),
            ("left out? | {} %; {} % of those", [left, share_of("accepted", "left out")]),
            ("without any photometry? | {} %", [bare]),
            ("within a day is {} mag", [f"{largest:.2f}"]),
            ("{} % in absolute flux, where 68 would be right; {} % within", [f"{one:.0f}" for one in absolute]),
            ("has {} times the error of log-flux interpolation, {} times",
             [ratio_of("all", "all"), ratio_of("all", "> 20")]),
            ("is {} ({}). It depends",
             [f"{headline('cross-validated', gap):.3f}" for gap in ("all gaps", "> 20 d")]),
            ("class: {}, beyond 20 d {};", [ratio_of("Ia", "all"), ratio_of("Ia", "> 20")]),
            ("**II**: {} and {}; **Ib/c**: {} and {}", classes),
            ("the default at {} of that", [ratio_of("all", "45-70")]),
        ],
        "README": [
            ("{} % of all photometry that was used, {} % of what agrees", [used, share_of("accepted", "all bands")]),
            ("{} % of the photometry of bands that were left out, {} %", [left, share_of("accepted", "left out")]),
            ("{} % of the points of nights that were hidden in all bands (30 % of the nights), rms {} mag;", nights),
            ("without bands that are off at all phases {} % and {} mag.", good),
            ("{} to {} % lie within `flux_err`, by class. No step is above {} mag",
             [*(f"{one:.0f}" for one in (min(by_class), max(by_class))), f"{largest:.2f}"]),
        ],
        "trust": [
            ("features {} % off, flux at unit mean {} %", [feature["delivered"], flux["delivered"]]),
            ("the default {} of it, for type Ia {}", [ratio_of("all", "45-70"), ratio_of("Ia", "45-70")]),
            ("{} km/s for Si II 6355, {} for H-beta, {} for H-alpha", lines),
            ("rms {} mag, {} % within 10 %", nights[::-1]),
            ("spectrum*<br>{} % of the points within 10 %", [bare]),
            ("without B {} % of its points", [by_letter[0]]),
            ("{} % inside in absolute flux", [f"{absolute[0]:.0f}"]),
            ("type Ia beyond 30 d {} to {} %", [inside("Ia", "45-70"), inside("Ia", "30-45")[:2]]),
            ("contradictions*<br>{} % within 10 %; {} % of what agrees", [used, share_of("accepted", "all bands")]),
            ("bands that were*<br>{} % within 10 %, of B {}, g {}, V {}, r {}, R {}, i {}, I {} %", [left, *by_letter]),
            ("uneven: {} % of the bins within", [inside("Ib/c", "45-70")]),
        ],
    }  # fmt: skip


@pytest.mark.parametrize("page", ["accuracy", "trust", "README"])
def test_the_guide_quotes_the_files(page):
    path = ROOT / "README.md" if page == "README" else ROOT / "docs" / "background" / f"{page}.md"
    words = " ".join(text_of(path).split())
    for said, figures in quotes()[page]:
        assert said.format(*figures) in words
