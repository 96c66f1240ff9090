"""Figures are drawn, say what they show, and do not depend on a screen."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_hex

import sntransport as snt
from sntransport._objects.drawing import band_looks
from sntransport.report import figures
from sntransport.report.page_data import light_curve_panels
from sntransport.spectra.observations import LightCurve
from sntransport.spectra.series import SpectralSeries
from tests.support.synthetic import MJD_REF, SIGHTLINE, flux_at, photometry, supernova

BANDS = ("bessellb", "bessellv", "bessellr", "lssty")
PHOTOMETRY = photometry(np.arange(0.0, 56.0, 3.0), BANDS[:3])


@pytest.fixture(scope="module")
def result():
    return snt.build(supernova(light_curve=PHOTOMETRY), cadence=2.0)


def texts(figure):
    found = [text.get_text() for axes in figure.axes for text in axes.texts]
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_legend())]
    return found + [text.get_text() for legend in legends for text in legend.get_texts()]


def drawn(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def test_waterfall_draws_observed_over_rebuilt(result):
    figure = figures.waterfall(result.series, result.sparse)
    (axes,) = figure.axes
    black = [line for line in axes.lines if line.get_color() == "black" and np.size(line.get_xdata(orig=True))]
    assert len(black) == 5
    assert "observed" in texts(figure)
    assert "[Å]" in axes.get_xlabel()
    assert "[d]" in axes.get_ylabel()
    assert len(drawn(figure)) > 10_000
    phases = [label.get_text() for label in axes.texts if label.get_text().removeprefix("−").replace(".", "").isdigit()]
    phases += [label.get_text() for label in axes.get_yticklabels()]
    assert len(phases) > 10
    assert len(phases) == len(set(phases))


def test_waterfall_without_observed_spectra(result):
    assert "observed" not in texts(figures.waterfall(result.series))


def test_waterfall_of_nothing_is_an_error():
    empty = SpectralSeries(phase=[0.0], wave=[4000.0, 5000.0], flux=np.full((1, 2), np.nan), name="void")
    with pytest.raises(ValueError, match="void: no phase is covered"):
        figures.waterfall(empty)


def test_waterfall_of_one_phase():
    wave = np.arange(4000.0, 8000.0, 10.0)
    assert figures.waterfall(SpectralSeries(phase=[3.0], wave=wave, flux=[flux_at(3.0, wave)])).axes


def test_light_curves_show_each_covered_band_and_its_residual(result):
    figure = figures.light_curves(result.series, SIGHTLINE, PHOTOMETRY)
    main, *strips = figure.axes
    assert [label.split()[0] for label in texts(figure)] == ["B", "V", "R"]
    assert [strip.get_ylabel() for strip in strips] == ["B", "V", "R"]
    assert "mag" in strips[0].get_title()
    shown = np.concatenate([np.asarray(strip.lines[0].get_ydata(orig=True)) for strip in strips])
    assert np.nanmedian(np.abs(shown)) < 0.1
    assert main.yaxis_inverted()


def test_the_error_of_the_series_is_shaded_about_its_curve(result):
    main = figures.light_curves(result.series, SIGHTLINE, PHOTOMETRY, ("bessellv",)).axes[0]
    flux, error = (of(result.series, ["bessellv"], SIGHTLINE)[:, 0] for of in (snt.band_flux, snt.band_flux_err))
    (shade,) = [one for one in main.collections if one.get_alpha()]
    corners = shade.get_paths()[0].vertices
    for phase, wanted in zip(result.series.phase[1:-1:7], (error / flux)[1:-1:7], strict=True):
        here = corners[np.isclose(corners[:, 0], phase), 1]
        assert np.ptp(here) == pytest.approx(2.0 * 2.5 / np.log(10.0) * wanted, rel=1e-6)
    curve = next(line for line in main.lines if len(line.get_xdata()) == result.series.n_phase)
    np.testing.assert_allclose(curve.get_ydata(), 31.4 - 2.5 * np.log10(flux), atol=0.01)


def test_light_curves_of_uncovered_bands_say_so(result):
    far = LightCurve(mjd=[MJD_REF + 10], band=["lssty"], flux=[100.0], flux_err=[10.0])
    assert any(
        "no observed band is covered" in text for text in texts(figures.light_curves(result.series, SIGHTLINE, far))
    )


def test_at_most_ten_bands_unless_named(result):
    names = [
        "bessellb",
        "bessellv",
        "bessellr",
        "sdssg",
        "sdssr",
        "ztfg",
        "ztfr",
        "lsstg",
        "lsstr",
        "ps1::g",
        "ps1::r",
        "cspb",
    ]
    many = photometry([10.0, 20.0], names)
    assert len(texts(figures.light_curves(result.series, SIGHTLINE, many))) == 10
    named = figures.light_curves(result.series, SIGHTLINE, many, tuple(names))
    assert len(texts(named)) == 12


def test_a_point_in_a_gap_of_the_series_has_no_residual():
    wave, phase = np.arange(4000.0, 9000.0, 10.0), np.array([0.0, 1.0, 5.0, 8.0, 12.0])
    flux = np.stack([flux_at(0.0, wave) * 10.0 ** (-0.4 * m) for m in (0.0, 1.0, np.nan, np.nan, 2.0)])
    series = SpectralSeries(phase=phase, wave=wave, flux=flux, mjd_ref=MJD_REF)
    at = np.array([0.5, 2.0, 11.0, 20.0])
    brightest = snt.band_flux(series, ["bessellv"], SIGHTLINE)[0, 0]
    seen = LightCurve(
        mjd=MJD_REF + at * (1.0 + SIGHTLINE.z), band=["bessellv"] * 4, flux=np.full(4, brightest), flux_err=np.ones(4)
    )
    figure = figures.light_curves(series, SIGHTLINE, seen)
    residual = np.asarray(figure.axes[1].lines[0].get_ydata(orig=True))
    # Half way between two known phases the curve is half a magnitude below the first.
    np.testing.assert_allclose(residual, [-0.5], atol=1e-9)


def colors(figure):
    """Colors of all lines with markers, by the label of the legend they have or the title or label of their panel."""
    found = {}
    for axes in figure.axes:
        for bars in axes.containers:
            name = str(bars.get_label() or "_")
            home = axes.get_ylabel() if name.startswith("_") else name
            found.setdefault(home.split()[0], set()).add(to_hex(bars.lines[0].get_color()).upper())
    return found


def test_a_band_has_one_color_in_every_figure(result):
    """Also where it is beside others, and on the page of a report."""
    wanted = {look[-1].upper(): {band_looks([look])[0].color} for look in BANDS[:3]}
    assert colors(figures.light_curves(result.series, SIGHTLINE, PHOTOMETRY)) == wanted
    alone = figures.light_curves(result.series, SIGHTLINE, PHOTOMETRY, ("bessellr",))
    assert colors(alone) == {"R": wanted["R"]}
    rest = snt.k_correct(photometry(np.arange(3.0, 50.0, 3.0), BANDS[:3]), result.series, SIGHTLINE)
    at_rest = figures.rest_light_curve_figure(rest)
    assert {name: color for name, color in colors(at_rest).items() if name in wanted} == wanted
    markers = [bars.lines[0].get_marker() for bars in at_rest.axes[0].containers]
    assert len(set(markers)) == len(markers)
    page = light_curve_panels(result.series, SIGHTLINE, PHOTOMETRY)["bands"]
    assert {band["label"]: {band["color"]} for band in page} == wanted
    assert [band["label"] for band in page] == ["B", "V", "R"]
    assert [band["turn"] for band in page] == [0, 0, 0]


def test_gaps_of_a_waterfall_are_open(result):
    """No strip, and the length of the gap instead of a phase; the first and the last phase are always labeled."""
    flux = result.series.flux.copy()
    away = (result.series.phase > 20.0) & (result.series.phase < 40.0)
    flux[away] = np.nan
    series = SpectralSeries(phase=result.series.phase, wave=result.series.wave, flux=flux)
    figure = figures.waterfall(series)
    (axes,) = figure.axes
    ticks = {label.get_text(): y for label, y in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)}
    (gap,) = [name for name in ticks if "gap" in name]
    known = series.phase[~away]
    assert gap == f"{known[known >= 40.0].min() - known[known <= 20.0].max():.0f} d gap"
    strips = np.asarray(axes.collections[0].get_array()).reshape(-1, axes.collections[0].get_array().shape[-1])
    middle = int(ticks[gap])
    assert (strips[middle - 1 : middle + 2] == 0).all()
    assert (strips[middle - 2] > 0).any()
    assert (strips[middle + 2] > 0).any()
    for end in (known[0], known[-1]):
        assert f"{end:.1f}" in ticks


def test_the_ends_of_a_waterfall_have_labels_where_there_is_no_room_for_all(result):
    series = result.series
    many = SpectralSeries(phase=np.arange(100.0), wave=series.wave, flux=np.repeat(series.flux[5:6], 100, axis=0))
    labels = [one.get_text() for one in figures.waterfall(many, many, style="column").axes[0].get_yticklabels()]
    assert len(labels) < 100
    assert labels[0] == "0.0"
    assert labels[-1] == "99.0"


@pytest.mark.parametrize("style", ["screen", "page", "talk", "column"])
def test_no_point_is_cut_by_the_frame(result, style):
    """Photometry goes on beyond the spectra; what is shown of it is shown whole."""
    seen = photometry(np.arange(-9.0, 90.0, 0.5), BANDS[:3])
    figure = figures.light_curves(result.series, SIGHTLINE, seen, style=style)
    figure.draw_without_rendering()
    n_inside = 0
    for axes in figure.axes:
        frame = axes.get_window_extent()
        for bars in axes.containers:
            line = bars.lines[0]
            half = 0.5 * line.get_markersize() * figure.dpi / 72.0
            x = axes.transData.transform(line.get_xydata())[:, 0]
            assert ((x > frame.x0 + half) & (x < frame.x1 - half)).all()
            n_inside += x.size
    assert n_inside > 100


@pytest.mark.parametrize("style", ["screen", "page"])
def test_titles_are_on_one_line_where_there_is_room(result, style):
    figure = figures.light_curves(result.series, SIGHTLINE, PHOTOMETRY, style=style)
    assert figure.axes[0].get_title() == "synthetic (II): points observed, curves of the series"
    k = snt.evaluate_k_correction(result.series, "bessellv", "bessellr", [0.0, 0.01], result.series.phase)
    title = figures.k_correction_figure(k, "SN 2099a", style=style).axes[0].get_title()
    assert title == "SN 2099a K-correction, rest V (AB) to R (AB)"
    long = figures.k_correction_figure(k, "a name that is much too long for one line of the panel", style=style)
    assert "\n" in long.axes[0].get_title()
