"""The figure of filters: a row a family, every filter drawn and named."""

import pytest

from sntransport.photometry.bands import Bandpass
from sntransport.report.figures.bandpasses import band_figure


def test_a_row_a_family_and_a_line_a_filter():
    figure = band_figure(["lsstr", "ztfg", "lsstg", Bandpass(name="mine", wave=[4000, 5000], throughput=[1, 1])])
    rows = [[text.get_text() for text in panel.texts] for panel in figure.axes]
    assert rows == [["lsstg", "lsstr"], ["mine"], ["ztfg"]]
    assert [len(panel.lines) for panel in figure.axes] == [2, 1, 1]
    for panel in figure.axes:
        assert all(line.get_ydata().max() == pytest.approx(1.0) for line in panel.lines)
        assert len({(line.get_color(), line.get_linestyle()) for line in panel.lines}) == len(panel.lines)


def test_no_bands_no_figure():
    with pytest.raises(ValueError, match="one band or more"):
        band_figure([])
