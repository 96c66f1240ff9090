"""The report: one small file that says all, escapes what it was given, and works in a browser without a network."""

import dataclasses
import json
import re
import warnings
from html.parser import HTMLParser

import numpy as np
import pytest

import sntransport as snt
from sntransport._storage.atomic_files import sha256
from sntransport.photometry.coverage import BANDS, band_coverage
from sntransport.photometry.redshift_range import range_text
from sntransport.photometry.synthetic import CoverageWarning
from sntransport.report import contents, page_data
from sntransport.report import page as pages
from sntransport.spectra.series import SpectralSeries
from sntransport.transport.interpolators import wasserstein
from sntransport.validation.leave_out import judge
from tests.support import figures
from tests.support.browser import chromium
from tests.support.figures import SIGHTLINE

WAVE = np.arange(4000.0, 8000.0, 4.0)
EVIL = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def full():
    """All there is to show, with a name that nobody should trust."""
    sn = dataclasses.replace(figures.observed(), name=f"SN {EVIL}", notes=(f"2 rows rejected, {EVIL}", "a note"))
    made = contents.from_supernova(sn, snt.build(sn, cadence=2.0), figures.REFERENCE / "README.md", "cadence=2")
    return dataclasses.replace(made, triplets=judge([sn], {"wasserstein": wasserstein}))


@pytest.fixture(scope="module")
def page(full):
    return pages.render([full], "sntransport report 'SN x.json' -o report.html")


class Parser(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.resources, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.resources += [value for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]

    def handle_data(self, data):
        self.text.append(data)


def test_page_holds_everything(full, page):
    text = " ".join(Parser(page).text)
    for expected in (
        "What was rejected", "Leave-out test", "Coverage by band", "Please cite", "arXiv:2409.10701",
        "sntransport report 'SN x.json' -o report.html", snt.__version__, sha256(full.source), "cadence=2", "a note",
        "2 rows rejected", "bessellv", "log_linear", "Copyright (c) 2022 Leon Sorokin",
    ):  # fmt: skip
        assert expected in text, expected
    names = re.findall(r'<figure id="sn0-(\w+)"', page)
    assert names == [
        "spectra", "light_curves", "colors", "weights", "transport", "warp", "gap_test", "bolometric", "k_correction"
    ]  # fmt: skip


def test_page_needs_no_network_and_is_small(page):
    parsed = Parser(page)
    assert all(value.startswith(("data:image/png;base64,", "#")) for value in parsed.resources)
    assert "link" not in parsed.tags
    assert not re.search(r"@import|url\(", page)
    assert "default-src 'none'" in page
    assert len(page.encode()) < 1_500_000


def test_names_and_notes_are_escaped(page):
    assert EVIL not in page
    assert "<script>alert" not in page
    assert Parser(page).tags.count("script") == 3


def only_one_figure(monkeypatch):
    drawn = pages.figures
    monkeypatch.setattr(pages, "figures", lambda one: {"transport": drawn(one)["transport"]})


def test_same_input_same_page(full, monkeypatch):
    only_one_figure(monkeypatch)
    assert pages.render([full]) == pages.render([full])


def test_series_file_shows_what_it_has(tmp_path):
    phase = np.arange(0.0, 10.0)
    flux = np.ones((10, WAVE.size))
    snt.write_series(SpectralSeries(phase=phase, wave=WAVE, flux=flux, name="mine"), tmp_path / "mine.fits")
    page = pages.render([contents.from_series_file(tmp_path / "mine.fits")])
    assert re.findall(r'<figure id="sn0-(\w+)"', page)[0] == "spectra"
    assert "sn0-warp" not in page
    assert "a series file does not hold the spectra before it" in page
    assert sha256(tmp_path / "mine.fits") in page


def test_too_large_is_an_error_that_says_what_to_do(full, monkeypatch, tmp_path):
    only_one_figure(monkeypatch)
    monkeypatch.setattr(pages, "LARGEST", 100_000)
    with pytest.raises(ValueError, match="write several reports"):
        pages.write_report([full], tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def test_spectra_of_the_page_are_those_of_the_series():
    series = figures.built().series
    data = json.loads(json.dumps(page_data.spectra(series, figures.built().sparse), allow_nan=False))
    group = -(-series.n_wave // 450)
    k = data["phase"].index(12.0)
    row = series.flux[series.phase == 12.0][0][: series.n_wave - series.n_wave % group].reshape(-1, group).mean(axis=1)
    shown = np.array([np.nan if v is None else v for v in data["flux"][k]], dtype=float) * data["scale"][k]
    np.testing.assert_allclose(shown, row, atol=1e-3 * np.nanmax(row))
    observed = [phase for phase, one in zip(data["phase"], data["observed"], strict=True) if one is not None]
    assert all(np.abs(figures.built().sparse.phase - phase).min() <= 0.5 for phase in observed)
    assert observed


def test_light_curves_of_the_page_are_those_observed():
    data = page_data.light_curve_panels(figures.built().series, SIGHTLINE, figures.observed().light_curve)
    assert [band["name"] for band in data["bands"]] == sorted(figures.BANDS)
    assert all(
        len(band["curve"]) == len(data["phase"]) and len(band["at"]) == len(band["mag"]) for band in data["bands"]
    )


def test_phases_of_a_band_agree_with_band_flux():
    wide, narrow = np.ones(WAVE.size), np.where(WAVE < 6500.0, 1.0, np.nan)
    series = SpectralSeries(
        phase=np.arange(4.0), wave=WAVE, flux=np.stack([wide, wide, narrow, np.full(WAVE.size, np.nan)])
    )
    for one in band_coverage(series, 0.1, ("bessellv", "sdssr", "lsstz", "lsstu")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CoverageWarning)
            own = np.isfinite(snt.band_flux(series, [one.band], snt.Sightline(z=0.1, distance_modulus=30.0))[:, 0])
        assert one.n_phase == own.sum()
        assert one.phase == (None if not own.any() else (series.phase[own][0], series.phase[own][-1]))


def test_usable_redshifts_of_the_page_are_those_of_an_export(page, tmp_path):
    model = snt.export.to_snana([figures.built().series], tmp_path / "M", unbracketed="edge", sntype=[1], bands=BANDS)
    for band, limit in model.z_range.items():
        row = re.search(rf'<th scope="row">{re.escape(band)}</th>(.*?)</tr>', page)
        assert row is not None
        assert row[1].endswith(f"<td>{range_text(limit)}</td>")
    assert any(limit is not None for limit in model.z_range.values())


def test_page_in_a_browser(page, tmp_path):
    """From disk, without a network: the slider changes the picture, values are shown, nothing errs."""
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    with chromium(tmp_path) as browser:
        browser.get(path.as_uri())
        viewer = browser.find_element("css selector", ".viewer")
        assert viewer.is_displayed()
        plot = browser.find_element("css selector", ".spectrum")
        before, label = plot.screenshot_as_png, browser.find_element("css selector", ".phase-now").text
        slider = browser.find_element("css selector", ".phase")
        for _ in range(8):
            slider.send_keys("\ue014")  # the right arrow key
        assert browser.find_element("css selector", ".phase-now").text != label
        assert plot.screenshot_as_png != before
        canvas = plot.find_element("css selector", ".u-over")
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
        webdriver = pytest.importorskip("selenium.webdriver")
        webdriver.ActionChains(browser).move_to_element(canvas).perform()
        assert re.search(r"rebuilt:?\s*\d\.\d{3}e", plot.text), plot.text
        wide = browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
        assert wide
        assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
        asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
        sent = [one["params"] for one in asked if one["method"] == "Network.requestWillBeSent"]
        urls = {one["request"]["url"] for one in sent if one["documentURL"] == path.as_uri()}
        assert path.as_uri() in urls
        assert all(url.startswith(("file:", "data:")) for url in urls), urls
        assert browser.execute_script("return document.title").startswith("SN <script>")


def test_page_without_javascript(page, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    with chromium(tmp_path, size=(500, 900), javascript=False) as browser:
        browser.get(path.as_uri())
        assert not browser.find_element("css selector", ".viewer").is_displayed()
        assert "needs JavaScript" in browser.find_element("css selector", "body").text
        pictures = browser.find_elements("css selector", "figure img")
        assert len(pictures) == 9
        assert all(picture.is_displayed() and picture.size["width"] > 300 for picture in pictures)
