"""``plot`` of value objects: on the axes given, or on a new figure that a notebook shows; looks of bands; gaps."""

from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from sntransport._objects.drawing import BAND_COLORS, band_looks, stack_places
from sntransport._objects.sketch import dots
from sntransport.photometry.bands import band_names, effective_wave, load_bands
from tests._objects.examples import examples

PLOTS = (
    "Supernova", "Spectrum", "LightCurve", "SpectralSeries", "SpectraAt", "BuildResult", "Bandpass", "RestLightCurve",
    "Bolometric",
)  # fmt: skip


@pytest.fixture(autouse=True)
def closed():
    pyplot.switch_backend("Agg")
    yield
    pyplot.close("all")


@pytest.mark.parametrize("name", PLOTS)
def test_on_axes_given(name):
    axes = Figure().subplots()
    assert examples()[name].plot(axes) is axes
    assert examples()[name].plot(ax=axes) is axes
    assert axes.lines or axes.containers
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("name", PLOTS)
def test_without_axes_a_figure_of_its_own(name):
    axes = examples()[name].plot()
    assert pyplot.get_fignums() == [axes.figure.number]
    axes.figure.canvas.draw()


@pytest.mark.parametrize("name", PLOTS)
def test_a_figure_is_no_axes(name):
    with pytest.raises(TypeError, match=r"plot: ax is a (Figure|ndarray), expected the axes of one panel"):
        examples()[name].plot(Figure() if name != "Spectrum" else Figure().subplots(2))


def test_what_is_drawn_is_the_data():
    spectrum = examples()["Spectrum"]
    (line,) = spectrum.plot(Figure().subplots()).lines
    np.testing.assert_array_equal(line.get_xydata(), np.stack([spectrum.wave, spectrum.flux], axis=1))
    result = examples()["BuildResult"]
    axes = result.plot(Figure().subplots())
    bold = [label for label in axes.get_yticklabels() if label.get_fontweight() == "bold"]
    assert [label.get_text() for label in bold] == [f"{phase:.1f}" for phase in result.sparse.phase]
    curves = examples()["LightCurves"]
    assert f"z = {curves.truth.z[1]:.3f}" in curves.plot(1, Figure().subplots()).get_title()


def test_a_rest_light_curve_and_a_luminosity_are_drawn_as_they_are():
    rest, light = examples()["RestLightCurve"], examples()["Bolometric"]
    axes = rest.plot(Figure().subplots())
    assert axes.yaxis_inverted()
    assert rest.plot(axes).yaxis_inverted()
    drawn = np.sort(np.concatenate([line.get_ydata() for line in rest.plot(Figure().subplots()).lines]))
    np.testing.assert_array_equal(drawn, np.sort(rest.mag[np.isfinite(rest.mag)]))
    (line,) = light.plot(Figure().subplots()).lines
    np.testing.assert_array_equal(line.get_xydata(), np.stack([light.phase, light.luminosity], axis=1))


def test_colors_of_all_bands_go_by_effective_wavelength():
    """No band of a survey has a bluer color than one of shorter wavelength, and known letters say the wavelength."""
    bands = load_bands(band_names())
    waves = np.array([effective_wave(band) for band in bands])
    looks = [band_looks([band.name])[0] for band in bands]
    np.testing.assert_allclose([look.wave for look in looks], waves, rtol=0.05)
    place = np.array([BAND_COLORS.index(look.color) for look in looks])[np.argsort(waves)]
    assert (np.diff(place) >= 0).all()
    assert set(place) == set(range(len(BAND_COLORS)))
    of = {name: band_looks([name])[0].color for name in ("ztfg", "lsstg", "ztfr", "bessellr", "sdssi", "bessellb")}
    assert of["ztfg"] == of["lsstg"] == "#009E73"
    assert of["ztfr"] == of["bessellr"] == "#D55E00"
    assert len(set(of.values())) == 4


NAMES = st.lists(st.sampled_from([*band_names(), "mine", "F606W", "other"]), unique=True)


@given(NAMES)
def test_no_two_bands_of_a_picture_look_the_same(names):
    looks = band_looks(names)
    assert len(looks) == len(names)
    for one, other in combinations(looks, 2):
        assert (one.color, one.marker) != (other.color, other.marker)
        assert (one.color, one.turn) != (other.color, other.turn)
    for name, look in zip(names, looks, strict=True):
        if np.isfinite(look.wave):
            # Whatever else is shown.
            assert look.color == band_looks([name])[0].color
    if len({look.color for look in looks}) == len(looks):
        assert len({look.marker for look in looks}) == len(looks)


def test_bands_of_ones_own_have_the_color_of_their_letter_or_one_that_is_left():
    mine, green, red = band_looks(["mine", "ztfg", "my_r"])
    assert (green.color, red.color) == ("#009E73", "#D55E00")
    assert mine.color not in (green.color, red.color)
    assert mine.wave == np.inf


def test_plots_and_sketches_color_a_band_alike():
    """In whatever order the bands come, and whichever others there are."""
    curve = examples()["LightCurve"]
    axes = curve.plot(Figure().subplots())
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["B", "V", "R"]
    drawn = {name: to_hex(one.lines[0].get_color()).upper() for name, one in zip("BVR", axes.containers, strict=True)}
    wanted = {name: band_looks([f"bessell{name.lower()}"])[0].color for name in "BVR"}
    assert drawn == wanted
    sketch = curve._repr_html_()
    assert all(f'fill="{color}"' in sketch for color in wanted.values())
    x = np.arange(2.0)
    assert 'fill="#009E73"' in dots(x, x, np.array([1, 1]), ("bessellb", "ztfg"), label="")
    # z is drawn in the ink of the page: black is not seen on a dark one.
    assert 'fill="currentColor"' in dots(x, x, np.array([0, 0]), ("lsstz",), label="")


def test_gaps_of_a_stack_are_open_and_say_how_long_they_are():
    phases = np.array([0.0, 2.0, 30.0, 32.0])
    places = stack_places(phases, np.array([0.0, 1.0, 2.0, 4.0, 29.0, 30.0, 32.0]), np.array([5.0, 10.0, 28.0]))
    assert places.row.tolist() == [0, 1, 5, 6]
    assert places.gaps == {3: "25 d gap"}
    assert places.n_row == 7
    whole = stack_places(phases, phases, np.empty(0))
    assert whole.row.tolist() == [0, 1, 2, 3]
    assert not whole.gaps


def test_series_and_results_show_their_gaps():
    result = examples()["BuildResult"]
    flux = result.series.flux.copy()
    away = (result.series.phase > 20.0) & (result.series.phase < 40.0)
    flux[away] = np.nan
    known = result.series.phase[~away]
    days = known[known >= 40.0].min() - known[known <= 20.0].max()
    series = replace(result.series, flux=flux, origin=np.where(np.isnan(flux), 0, result.series.origin))
    for one in (series, replace(result, series=series, sparse=result.sparse[:1])):
        axes = one.plot(Figure().subplots())
        ticks = {text.get_text(): y for text, y in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)}
        assert f"{days:.0f} d gap" in ticks
        places = np.sort([y for name, y in ticks.items() if "gap" not in name])
        assert [round(b - a) for a, b in pairwise(places)].count(4) == 1


def test_filters_have_the_color_of_their_band():
    axes = Figure().subplots()
    for band in load_bands(["ztfg", "lsstg", "ztfr"]):
        band.plot(axes)
        assert f'stroke="{band_looks([band.name])[0].color}"' in band._repr_html_()
    assert [line.get_color() for line in axes.lines] == ["#009E73", "#009E73", "#D55E00"]
    assert [line.get_linestyle() for line in axes.lines] == ["-", "--", "-"]
    assert 'stroke="currentColor"' in load_bands(["lsstz"])[0]._repr_html_()
