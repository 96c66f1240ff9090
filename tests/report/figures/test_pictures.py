"""Every type of figure looks as it did when it was last looked at."""

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
import pytest
from matplotlib.text import Text

from sntransport.report import figures as plots
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION
from sntransport.simulation.summary import tally
from sntransport.spectra.series import SpectralSeries
from sntransport.validation.leave_out_scores import score
from tests.conftest import ROOT
from tests.support import figures

if TYPE_CHECKING:
    from sntransport.simulation.light_curves import LightCurves

TOLERANCE = 0.08
NAMES = sorted(figures.makers())


def test_every_figure_has_a_reference_and_they_are_small():
    # Beside the figures, their styles and how one is written.
    assert sorted(set(plots.__all__) - {"STYLES", "Style", "write_figure"}) == NAMES
    files = sorted(figures.REFERENCE.glob("*.png"))
    assert [path.stem for path in files] == NAMES
    assert all(path.stat().st_size <= 10_000 for path in files)


def test_every_figure_is_in_the_gallery():
    page = (ROOT / "docs" / "howto" / "figures.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"figures.{name}(" not in page] == []


@pytest.mark.parametrize("name", NAMES)
def test_figure_looks_as_it_did(name):
    drawn = figures.picture(figures.makers()[name]())
    spoiled = figures.picture(figures.spoil(figures.makers()[name]()))
    # With any matplotlib, what is drawn is seen: half of it missing is another picture.
    assert figures.difference(spoiled, drawn) > TOLERANCE
    if not figures.same_matplotlib():
        pytest.skip(f"matplotlib {matplotlib.__version__} places panels elsewhere than {figures.DRAWN_WITH}")
    reference = figures.reference(name)
    assert figures.difference(drawn, reference) < TOLERANCE
    # The same comparison notices when half of what is drawn is missing.
    assert figures.difference(spoiled, reference) > 1.5 * TOLERANCE


def test_fonts_do_not_matter_to_the_comparison():
    with matplotlib.rc_context({"font.family": "serif", "font.size": 14}):
        picture = figures.picture(figures.makers()["waterfall"]())
    usual = figures.picture(figures.makers()["waterfall"]())
    assert figures.difference(picture, usual) < TOLERANCE


@pytest.mark.parametrize("name", NAMES)
def test_axes_have_units_and_labels_do_not_overlap(name):
    figure = figures.makers()[name]()
    figure.canvas.draw()
    labels = [axes.get_xlabel() + axes.get_ylabel() + axes.get_title() for axes in figure.axes]
    words = " ".join([*labels, *(text.get_text() for text in figure.findobj(Text))])
    assert any(unit in words for unit in ("[d]", "[mag]", "[Å]", "[%]", "rest-frame d]", "[nJy]")), words
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            boxes = [
                one.label1.get_window_extent()
                for one in axis.get_major_ticks()
                if one.label1.get_visible() and one.label1.get_text()
            ]
            inside = [box for box in boxes if box.width and axes.get_visible()]
            pairs = [(a, b) for i, a in enumerate(inside) for b in inside[i + 1 :]]
            assert not any(
                a.overlaps(b) and min(a.y1, b.y1) - max(a.y0, b.y0) > 1.5 and min(a.x1, b.x1) - max(a.x0, b.x0) > 1
                for a, b in pairs
            ), axis


def test_weights_map_shows_each_share_at_its_phase_and_pair():
    wave = np.arange(4000.0, 8000.0, 10.0)
    sparse = SpectralSeries(phase=[0.0, 10.0, 20.0], wave=wave, flux=np.ones((3, wave.size)))
    series = SpectralSeries(phase=[2.0, 12.0], wave=wave, flux=np.ones((2, wave.size)))
    figure = plots.weights_map(
        series, sparse, np.array([[0, 1], [1, 2], [0, 2]]), np.array([[0.7, 0.0, 0.3], [0.0, 1.0, 0.0]])
    )
    mesh = figure.axes[0].collections[0].get_array()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["0.0 – 10.0", "0.0 – 20.0", "10.0 – 20.0"]
    np.testing.assert_allclose(np.ma.filled(mesh, 0.0), [[0.7, 0.0], [0.3, 0.0], [0.0, 1.0]])
    effective = figure.axes[1].lines[0].get_ydata()
    # A fifth of the way from the first spectrum to the second, a tenth to the third.
    shares = np.array([0.7 * 0.8 + 0.3 * 0.9, 0.7 * 0.2, 0.3 * 0.1])
    np.testing.assert_allclose(effective, [1.0 / (shares**2).sum(), 1.0 / (0.8**2 + 0.2**2)])


def test_pairs_beyond_the_first_forty_are_summed_up():
    wave = np.arange(4000.0, 8000.0, 10.0)
    sparse = SpectralSeries(phase=np.arange(12.0), wave=wave, flux=np.ones((12, wave.size)))
    pairs = np.array([(i, j) for i in range(12) for j in range(i + 1, 12)])
    weight = np.full((1, len(pairs)), 1.0 / len(pairs))
    figure = plots.weights_map(
        SpectralSeries(phase=[5.5], wave=wave, flux=np.ones((1, wave.size))), sparse, pairs, weight
    )
    mesh = figure.axes[0].collections[0].get_array()
    assert mesh.shape == (41, 1)
    assert mesh[-1, 0] == pytest.approx(26 / 66)


def test_warp_map_takes_the_gray_part_out():
    wave = np.arange(4000.0, 8000.0, 10.0)
    flux = np.ones((2, wave.size))
    warp = np.stack([np.full(wave.size, 2.0), 10 ** (-0.4 * np.linspace(-0.1, 0.1, wave.size))])
    figure = plots.warp_map(
        SpectralSeries(phase=[0.0, 5.0], wave=wave, flux=flux),
        SpectralSeries(phase=[0.0, 5.0], wave=wave, flux=flux * warp),
    )
    color = figure.axes[0].collections[0].get_array()
    np.testing.assert_allclose(color[0], 0.0, atol=1e-12)
    np.testing.assert_allclose(color[1], np.linspace(-0.1, 0.1, wave.size), atol=1e-9)
    widths = [bar.get_width() for bar in figure.axes[1].patches]
    np.testing.assert_allclose(widths, [-2.5 * np.log10(2.0), 0.0], atol=1e-9)


def test_transport_map_shows_the_shift_of_moved_lines():
    wave = np.exp(np.arange(np.log(4000.0), np.log(8000.0), 250.0 / 299792.458))
    flux = [
        1.0
        - sum(
            0.5 * np.exp(-0.5 * ((wave / line / (1 + v / 299792.458) - 1) / 0.008) ** 2)
            for line in np.linspace(4300, 7600, 14)
        )
        for v in (0.0, 800.0)
    ]
    figure = plots.transport_map(SpectralSeries(phase=[0.0, 5.0], wave=wave, flux=flux))
    shift = figure.axes[1].collections[0].get_array()
    assert np.median(np.asarray(shift)) == pytest.approx(800.0, rel=0.1)


def test_colors_are_of_one_night_and_of_bands_that_differ():
    result, seen = figures.built(), figures.observed().light_curve
    figure = plots.color_curves(result.series, figures.SIGHTLINE, seen)
    assert len(figure.axes) == 2
    curve, points = figure.axes[0].lines[0], figure.axes[0].lines[1]
    expected = np.interp(points.get_xdata(), *(curve.get_xdata()[1:-1], curve.get_ydata()[1:-1]))
    inside = (points.get_xdata() > 4) & (points.get_xdata() < 50)
    assert np.nanmedian(np.abs(points.get_ydata() - expected)[inside]) < 0.06
    far = figures.photometry([5.0, 15.0], ("bessellb",))
    with pytest.raises(ValueError, match="fewer than two bands"):
        plots.color_curves(result.series, figures.SIGHTLINE, far)
    with pytest.raises(ValueError, match="names of bands"):
        plots.color_curves(result.series, figures.SIGHTLINE)


def test_figures_of_nothing_say_so():
    wave = np.arange(4000.0, 8000.0, 10.0)
    one = SpectralSeries(phase=[0.0], wave=wave, flux=np.ones((1, wave.size)), name="lone")
    with pytest.raises(ValueError, match="lone: there is no pair"):
        plots.weights_map(one, one, np.empty((0, 2), dtype=int), np.empty((1, 0)))
    with pytest.raises(ValueError, match="no two neighboring"):
        plots.transport_map(one)
    with pytest.raises(ValueError, match="different wavelengths"):
        plots.warp_map(one, SpectralSeries(phase=[0.0], wave=wave[1:], flux=np.ones((1, wave.size - 1))))
    with pytest.raises(ValueError, match="both observed and calibrated"):
        plots.warp_map(one, SpectralSeries(phase=[1.0], wave=wave, flux=np.ones((1, wave.size))))
    with pytest.raises(IndexError, match="expected 0 to 2"):
        plots.simulated_light_curve(figures.simulated(), 3)


def test_detections_are_filled_and_the_rest_is_open():
    curves: LightCurves = figures.simulated()
    axes = plots.simulated_light_curve(curves, 1).axes[0]
    rows = slice(int(curves.offset[1]), int(curves.offset[2]))
    here = curves.band[rows] == 0
    detected = (curves.photflag[rows] & figures.PHOTFLAG_DETECTION) > 0
    markers = [line for line in axes.lines if line.get_marker() == "s" and np.size(line.get_xdata(orig=True)) > 0]
    filled = next(line for line in markers if line.get_markerfacecolor() != "none")
    np.testing.assert_array_equal(filled.get_xdata(), curves.mjd[rows][here & detected])


def test_every_spectrum_that_was_used_has_its_tick():
    """The last one is later than the last phase."""
    result = figures.built()
    early = result.series.phase < result.sparse.phase[-1] - 1.0
    series = result.series[np.flatnonzero(early)]
    below = plots.weights_map(series, result.sparse, result.pairs, result.weight[early]).axes[1]
    ticks = next(one for one in below.collections if len(one.get_segments()) > 1)
    places = [segment[0][0] for segment in ticks.get_segments()]
    np.testing.assert_allclose(places, result.sparse.phase)
    assert below.get_xlim()[1] > result.sparse.phase[-1]


def test_transport_map_draws_all_pairs_or_says_how_many():
    sparse = figures.built().sparse
    few = plots.transport_map(sparse).axes[0]
    assert len(few.get_legend_handles_labels()[1]) == sparse.n_phase - 1
    assert "curves" not in few.get_title()
    many = type(sparse)(
        phase=np.arange(12.0), wave=sparse.wave, flux=np.repeat(sparse.flux[:2], 6, axis=0), name="many"
    )  # fmt: skip
    top = plots.transport_map(many).axes[0]
    assert "(curves: 7 of 11 pairs)" in top.get_title().replace("\n", " ")
    assert len(top.get_legend_handles_labels()[1]) == 7


def test_a_noise_floor_that_is_not_known_is_not_in_the_legend():
    scores = score(figures.tested())
    assert not any(np.isfinite(one.floor) for one in scores)

    def named(figure):
        return [text.get_text() for text in figure.legends[0].get_texts()]

    assert "noise floor" not in named(plots.ratio_figure(scores))
    known = [replace(one, floor=0.2 * one.baseline) for one in scores]
    figure = plots.ratio_figure(known)
    assert named(figure)[-1] == "noise floor"
    # What the legend names is seen, however far below the points.
    assert figure.axes[0].get_ylim()[0] < 0.2


def test_examples_of_several_surveys_have_a_panel_each_and_pale_upper_limits():
    curves = figures.simulated()
    figure = plots.examples_figure(tally("II", curves, (0.0, 0.1)))
    panels = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title().split("\n")[1] for axes in panels] == ["lsst_wfd"] * 3 + ["ztf"] * 3
    named = {text.get_text() for text in figure.legends[0].get_texts()}
    assert named == {"LSST g", "LSST r", "i", "z", "ZTF g", "ZTF r"}
    for axes, survey in zip(panels, ["lsst_wfd"] * 3 + ["ztf"] * 3, strict=True):
        points = [bars.lines[0] for bars in axes.containers]
        pale = [line for line in points if line.get_markerfacecolor() == "none"]
        assert {line.get_alpha() for line in pale} == {0.3}
        assert all(line.get_alpha() > 0.7 for line in points if line not in pale)
        i = int(axes.get_title().split(",")[0].removeprefix("object ")) - 7
        rows = slice(curves.offset[i], curves.offset[i + 1])
        day = curves.mjd[rows] - curves.truth.mjd_ref[i]
        found = (curves.photflag[rows] & PHOTFLAG_DETECTION) > 0
        near = (day >= day[found].min() - 20.0) & (day <= day[found].max() + 20.0)
        mine = np.array(curves.surveys)[curves.band[rows]] == survey
        assert sum(len(line.get_xdata()) for line in points) == int((near & mine).sum())


def test_a_survey_that_did_not_look_says_so():
    curves = figures.simulated()
    one = replace(curves, band=np.where(curves.band < 4, curves.band, 0))
    panels = plots.examples_figure(tally("II", one, (0.0, 0.1))).axes
    assert [text.get_text() for axes in panels for text in axes.texts] == ["no measurement"] * 3


@pytest.mark.parametrize("style", ["column", "page", "screen", "talk"])
def test_numbers_below_the_peaks_do_not_touch(style):
    """All objects of one redshift: magnitudes of a narrow range, with two decimals."""
    counted = tally("Ia", figures.simulated(), (0.0, 0.1))
    peak = np.zeros((len(counted.bands), 5))
    peak[:, 2] = 60.0
    one = replace(counted, peak=peak, peak_edges=np.linspace(17.0, 18.25, 6))
    figure = plots.population_figure([one], style=style)
    figure.draw_without_rendering()
    axes = figure.axes[1]
    low, high = sorted(axes.get_xlim())
    ticks = [tick for tick in axes.xaxis.get_major_ticks() if low <= tick.get_loc() <= high]
    boxes = sorted((tick.label1.get_window_extent() for tick in ticks), key=lambda box: box.x0)
    assert len(boxes) > 1
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
