"""``plot`` of value objects: on the axes given, or on a new figure that a notebook shows."""

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from tests._objects.examples import examples

PLOTS = ("Supernova", "Spectrum", "LightCurve", "SpectralSeries", "SpectraAt", "BuildResult", "Bandpass")


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
