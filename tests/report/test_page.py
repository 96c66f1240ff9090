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


def test_every_step_of_the_slider_shows_something():
    """A spectrum of two bins is covered, and gone after averaging four: its phase is no step."""
    wave = np.arange(3000.0, 9000.0, 5.0)
    flux = np.full((4, wave.size), np.nan)
    flux[0, :2], flux[1], flux[3, 100:400] = 1.0, 1.0, 1.0
    data = page_data.spectra(SpectralSeries(phase=[-4.0, -1.0, 2.0, 3.0], wave=wave, flux=flux), None)
    assert data["phase"] == [-1.0, 3.0]
    assert all(any(value is not None for value in row) for row in data["flux"])
    assert data["phase"][data["start"]] == -1.0
    nothing = page_data.spectra(SpectralSeries(phase=[0.0], wave=wave, flux=np.full((1, wave.size), np.nan)), None)
    assert (nothing["phase"], nothing["flux"], nothing["start"]) == ([], [], 0)


def test_the_slider_begins_at_an_observed_spectrum():
    result = figures.built()
    data = page_data.spectra(result.series, result.sparse)
    first = data["phase"][data["start"]]
    assert np.abs(result.sparse.phase - first).min() <= 0.5
    assert abs(first) == min(abs(p) for p, one in zip(data["phase"], data["observed"], strict=True) if one is not None)


def test_a_page_without_data_has_no_empty_plot(tmp_path):
    phase = np.arange(0.0, 3.0)
    empty = SpectralSeries(phase=phase, wave=WAVE, flux=np.full((3, WAVE.size), np.nan), name="void")
    snt.write_series(empty, tmp_path / "void.fits")
    page = pages.render([contents.from_series_file(tmp_path / "void.fits")])
    assert 'class="plot' not in page
    assert "Through the phases" not in page


def test_contents_lead_to_every_part(page):
    parsed = Parser(page)
    targets = [value[1:] for value in parsed.resources if value.startswith("#")]
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(set(ids)) == len(ids)
    assert set(targets) <= set(ids)
    headings = re.findall(r'<(?:h2|h3|figure) id="([\w-]+)"', page)
    assert headings
    nav = page[page.index("<nav") : page.index("</nav>")]
    assert [one for one in headings if f'href="#{one.removesuffix("-name")}"' not in nav] == []


def test_errors_of_the_page_are_those_of_the_magnitudes():
    data = page_data.light_curve_panels(figures.built().series, SIGHTLINE, figures.observed().light_curve)
    seen = figures.observed().light_curve
    for band in data["bands"]:
        rows = (seen.band == band["name"]) & (seen.flux > 0)
        expected = 2.5 / np.log(10) * seen.flux_err[rows] / seen.flux[rows]
        np.testing.assert_allclose(band["err"], expected, atol=6e-4)
    assert [band["label"] for band in data["bands"]] == ["B", "V", "R"]


def test_light_curves_of_the_page_are_those_observed():
    data = page_data.light_curve_panels(figures.built().series, SIGHTLINE, figures.observed().light_curve)
    # From blue to red, as everywhere.
    assert [band["name"] for band in data["bands"]] == list(figures.BANDS)
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
