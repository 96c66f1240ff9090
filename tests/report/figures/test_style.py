"""Every figure in every style: letters large enough, in its size, nothing over anything else, all curves inside."""

import io
import re
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.text import Text

from sntransport.report import figures as plots
from sntransport.report.figures import style as styles
from sntransport.report.figures.style import STYLES, Style, number_text, style_of, write_figure
from tests.support import figures

NAMES = sorted(figures.makers())
INTO_AXES = ("rest_light_curve_figure", "triplet_figure", "waterfall")
CASES = [(name, style) for name in NAMES for style in ("column", "talk")] + [
    ("waterfall", "page"),
    ("light_curves", "page"),
]


@pytest.fixture(scope="module")
def drawn():
    """Figures after the layout is known, each drawn once."""
    made = {}

    def draw(name, style):
        if (name, style) not in made:
            made[name, style] = figures.makers(style)[name]()
            made[name, style].draw_without_rendering()
        return made[name, style]

    return draw


def texts(figure):
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def shown(figure):
    """Texts that are drawn: axes that are off, and ticks outside of the range, draw none."""
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            span = 1e-9 * (high - low)
            for tick in ticks:
                for label, on in ((tick.label1, tick.label1.get_visible()), (tick.label2, tick.label2.get_visible())):
                    if not axes.axison or not on or not low - span <= tick.get_loc() <= high + span:
                        hidden.add(label)
    return [text for text in texts(figure) if text not in hidden]


@pytest.mark.parametrize(("name", "style"), CASES)
def test_size_and_letters(drawn, name, style):
    figure = drawn(name, style)
    assert figure.get_size_inches()[0] == pytest.approx(STYLES[style].width)
    assert min(text.get_fontsize() for text in shown(figure)) >= 6.0
    # A column of a journal is 24 cm high.
    assert figure.get_size_inches()[1] < (24 / 2.54 if style == "column" else 14)


@pytest.mark.parametrize(("name", "style"), CASES)
def test_no_text_over_another_or_outside(drawn, name, style):
    figure = drawn(name, style)
    edge = figure.bbox
    # Older versions measure letters a little differently from how they draw them.
    beyond = 1.5 if figures.same_matplotlib() else 6.0
    boxes = [(text, text.get_window_extent()) for text in shown(figure)]
    for text, box in boxes:
        assert box.x0 > edge.x0 - beyond, text
        assert box.x1 < edge.x1 + beyond, text
        assert box.y0 > edge.y0 - beyond, text
        assert box.y1 < edge.y1 + beyond, text
    for i, (one, a) in enumerate(boxes):
        for other, b in boxes[i + 1 :]:
            wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
            # Boxes of letters hold room above and below them.
            limit = 0.3 * min(a.height, b.height)
            assert wide < 1.0 or high < limit, (one.get_text(), other.get_text())


@pytest.mark.parametrize(("name", "style"), CASES)
def test_legends_cover_no_data_and_stand_by_their_panel(drawn, name, style):
    figure = drawn(name, style)
    panels = [axes for axes in figure.axes if axes.axison]
    legends = [(axes.get_legend(), axes) for axes in panels if axes.get_legend()] + [
        (one, None) for one in figure.legends
    ]
    for legend, home in legends:
        box = legend.get_window_extent()
        assert not any(box.padded(-1.0).overlaps(axes.get_window_extent()) for axes in panels)
        if home is not None:
            mine = home.get_window_extent()
            assert abs(box.y0 - mine.y1) < 8.0
            # What it explains is drawn there.
            own = {str(handle.get_label()) for handle in home.get_legend_handles_labels()[0]}
            named = {text.get_text() for text in legend.get_texts()}
            assert not own or own == named
    # A panel with curves of several labels has a legend, its own or that of the figure.
    for axes in panels:
        labels = axes.get_legend_handles_labels()[1]
        assert not labels or legends


@pytest.mark.parametrize(("name", "style"), CASES)
def test_no_curve_leaves_its_panel(drawn, name, style):
    for axes in drawn(name, style).axes:
        low, high = sorted(axes.get_xlim())
        bottom, top = sorted(axes.get_ylim())
        for line in axes.lines:
            if line.get_transform() != axes.transData or not np.size(line.get_xdata(orig=False)):
                continue
            x, y = np.asarray(line.get_xdata(orig=False), float), np.asarray(line.get_ydata(orig=False), float)
            inside = (x >= low) & (x <= high) & np.isfinite(y)
            slack = 1e-6 * (top - bottom)
            assert ((y[inside] >= bottom - slack) & (y[inside] <= top + slack)).all(), (line, y[inside].min(), bottom)


@pytest.mark.parametrize(("name", "style"), CASES)
def test_minus_signs_are_true_and_bands_have_short_names(drawn, name, style):
    for text in shown(drawn(name, style)):
        words = text.get_text()
        assert not re.search(r"(^|[\s(])-\d", words), words
        assert not re.search(r"bessell[a-z]\b|sdss[a-z]\b|lsst[a-z]\b|ztf[a-z]\b", words), words


def test_vertical_range_is_that_of_what_is_shown(drawn):
    """Photometry goes on for a year after the last spectrum; the panel does not make room for it."""
    seen = figures.photometry([0.0, 10.0, 20.0, 50.0], figures.BANDS)
    far = plots.light_curves(
        figures.built().series, figures.SIGHTLINE,
        type(seen)(
            mjd=[*seen.mjd, seen.mjd[-1] + 400.0], band=[*seen.band, "bessellb"], flux=[*seen.flux, 1e-3],
            flux_err=[*seen.flux_err, 1e-4],
        ),
    )  # fmt: skip
    near = plots.light_curves(figures.built().series, figures.SIGHTLINE, seen)
    np.testing.assert_allclose(far.axes[0].get_ylim(), near.axes[0].get_ylim())
    assert np.ptp(near.axes[0].get_ylim()) < 8


def test_wavelengths_are_labeled_without_a_gap(drawn):
    """The axis from 3200 to 9200 A has every thousand, 8000 among them; where there is less room, a regular choice."""
    for style in ("screen", "page", "talk"):
        figure = drawn("waterfall", style)
        labels = [one.get_text() for one in figure.axes[0].get_xticklabels()]
        assert labels == ["4000", "5000", "6000", "7000", "8000", "9000"], style
    narrow = [one.get_text() for one in drawn("waterfall", "column").axes[0].get_xticklabels()]
    assert narrow in (["4000", "5000", "6000", "7000", "8000", "9000"], ["4000", "5000", "6000", "8000"])


@pytest.mark.parametrize("name", INTO_AXES)
def test_one_panel_goes_into_given_axes(name):
    figure = Figure(figsize=(8.0, 4.0))
    one, other = figure.subplots(1, 2)
    assert figures.makers(None)[name](ax=one) is figure
    assert one.lines or one.collections
    assert not other.lines
    assert len(figure.axes) == 2
    with pytest.raises(TypeError, match="expected the axes of one panel"):
        figures.makers(None)[name](ax=[one])


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(INTO_AXES)))
def test_several_panels_go_into_part_of_a_figure(name):
    figure = Figure(figsize=(12.0, 6.0), layout="constrained")
    left, right = figure.subfigures(1, 2)
    assert figures.makers(None)[name](figure=left) is figure
    assert left.axes
    assert not right.axes


def test_given_axes_keep_the_settings_of_matplotlib():
    with matplotlib.rc_context({"font.size": 13.0, "axes.labelsize": 14.0, "ytick.labelsize": 11.0}):
        axes = Figure().subplots()
        figures.makers(None)["triplet_figure"](ax=axes)
        assert axes.xaxis.label.get_fontsize() == 14.0
    own = figures.makers("talk")["triplet_figure"]().axes[0]
    assert own.xaxis.label.get_fontsize() == STYLES["talk"].font
    # Nothing stays behind.
    assert matplotlib.rcParams["font.size"] == matplotlib.rcParamsDefault["font.size"]


@pytest.mark.parametrize("name", INTO_AXES)
def test_given_axes_take_the_style_that_is_asked_for(name):
    """Axes are made before: what matplotlib was set to then must not stay in a figure for print."""
    style = STYLES["column"]
    axes = Figure(figsize=(style.width, 4.0), layout="constrained").subplots()
    figure = figures.makers("column")[name](ax=axes)
    own = figures.makers("column")[name]().axes[0]
    figure.draw_without_rendering()
    for mine, expected in ((axes.xaxis, own.xaxis), (axes.yaxis, own.yaxis)):
        assert mine.label.get_fontsize() == expected.label.get_fontsize() == style.font
        assert mine.labelpad == expected.labelpad
    assert axes.spines["left"].get_linewidth() == own.spines["left"].get_linewidth()
    assert max(text.get_fontsize() for text in shown(figure)) == style.font
    # Broken into lines by its own size.
    assert axes.get_title() == own.get_title()


def test_styles_of_ones_own_and_wrong_ones():
    wide = Style(width=5.0, font=9.0, small=7.0)
    assert figures.makers(wide)["triplet_figure"]().get_size_inches()[0] == 5.0
    with pytest.raises(ValueError, match="style is 'poster', expected column, page, screen, talk"):
        figures.makers("poster")["waterfall"]()
    with pytest.raises(ValueError, match="small is 5 pt, expected 6 or more"):
        Style(width=5.0, font=9.0, small=5.0)
    with pytest.raises(ValueError, match="width is 0, expected more than 0"):
        Style(width=0.0, font=9.0, small=7.0)
    assert style_of(None) is STYLES["screen"]
    assert style_of(wide) is wide


def test_the_printed_page_is_as_wide_as_stated(tmp_path):
    """PDF counts in points of 1/72 inch; letters are embedded as TrueType."""
    figure = figures.makers("column")["triplet_figure"]()
    pdf = plots.write_figure(figure, str(tmp_path / "x.pdf"), "column").read_bytes()
    (width,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ", pdf)
    assert float(width) / 72 * 2.54 == pytest.approx(8.8, abs=0.01)
    assert b"/FontFile2" in pdf
    assert b"/Subtype /Type3" not in pdf
    svg = write_figure(figure, tmp_path / "x.svg", "column").read_text(encoding="utf-8")
    assert re.search(r'width="249\.\d+pt"', svg)
    png = matplotlib.image.imread(write_figure(figure, tmp_path / "x.png", "column"))
    assert png.shape[1] == int(8.8 / 2.54 * 300)


@pytest.mark.parametrize(
    ("value", "form", "text"), [(-5.04, ".1f", "−5.0"), (-0.7, "+.1f", "−0.7"), (2.0, "+.0f", "+2")]
)
def test_numbers_have_true_minus_signs(value, form, text):
    assert number_text(value, form) == text


def test_meshes_are_pictures_in_vector_files():
    """A map of ten thousand cells as vectors would be slow to open and show seams."""
    meshes = figures.makers("page")["weights_map"]().findobj(QuadMesh)
    assert meshes
    assert all(mesh.get_rasterized() for mesh in meshes)
    buffer = io.BytesIO()
    figures.makers("page")["warp_map"]().savefig(buffer, format="svg")
    assert b"<image" in buffer.getvalue()


def test_drawing_twice_gives_the_same_file(tmp_path):
    for kind in ("png", "pdf", "svg"):
        one, other = (
            write_figure(figures.makers("column")["weights_map"](), tmp_path / f"{k}.{kind}", "column") for k in (1, 2)
        )
        assert one.read_bytes() == other.read_bytes()


def test_a_figure_of_many_rows_stays_on_the_page():
    """Sixty spectra in a column: as high as a page, and no label over another."""
    series = figures.built().series
    many = type(series)(
        phase=np.arange(60.0), wave=series.wave, flux=np.repeat(series.flux[:1], 60, axis=0), name="many"
    )  # fmt: skip
    figure = plots.waterfall(many, many, style="column")
    figure.draw_without_rendering()
    assert figure.get_size_inches()[1] == pytest.approx(22 / 2.54)
    boxes = [one.get_window_extent() for one in figure.axes[0].get_yticklabels()]
    assert len(boxes) > 20
    for low, high in pairwise(sorted(boxes, key=lambda box: box.y0)):
        assert high.y0 - low.y0 > 0.7 * low.height


def test_the_smallest_letters_hold_in_every_style():
    assert all(style.small >= styles.SMALLEST for style in STYLES.values())
    assert STYLES["column"].width * 2.54 == pytest.approx(8.8)
    assert STYLES["page"].width * 2.54 == pytest.approx(18.0)
