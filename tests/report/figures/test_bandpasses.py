"""The figure of filters: a row a family, every filter drawn and named."""

import pytest
from matplotlib.figure import Figure

from sntransport.photometry.bands import Bandpass
from sntransport.report.figures.bandpasses import band_figure
from sntransport.report.figures.style import STYLES


def test_a_row_a_family_and_a_line_a_filter():
    figure = band_figure(["lsstr", "ztfg", "lsstg", Bandpass(name="mine", wave=[4000, 5000], throughput=[1, 1])])
    rows = [[text.get_text() for text in panel.texts] for panel in figure.axes]
    assert rows == [["lsstg", "lsstr"], ["mine"], ["ztfg"]]
    assert [len(panel.lines) for panel in figure.axes] == [2, 1, 1]
    for panel in figure.axes:
        assert all(line.get_ydata().max() == pytest.approx(1.0) for line in panel.lines)
        assert len({(line.get_color(), line.get_linestyle()) for line in panel.lines}) == len(panel.lines)


@pytest.mark.parametrize("style", ["column", "talk"])
def test_size_and_letters_follow_the_style(style):
    figure = band_figure(["lsstg", "ztfr"], style=style)
    assert figure.get_size_inches()[0] == pytest.approx(STYLES[style].width)
    names = [text.get_fontsize() for panel in figure.axes for text in panel.texts]
    assert names == [STYLES[style].small] * 2


def test_filters_are_drawn_into_a_figure_that_is_there():
    own = Figure(figsize=(4.0, 3.0))
    assert band_figure(["lsstg", "ztfr"], figure=own) is own
    assert len(own.axes) == 2


def test_no_bands_no_figure():
    with pytest.raises(ValueError, match="one band or more"):
        band_figure([])
