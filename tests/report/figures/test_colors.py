"""Colors are told apart by readers with each of the three color-vision deficiencies, and not by color alone.

Simulation: Machado, Oliveira & Fernandes (2009, IEEE Trans. Vis. Comput. Graph. 15, 1291), the matrices of their
table for a severity of 1.0, on linear sRGB. Distance: Euclidean in OKLab (Ottosson 2020), times 100, where a step that
is just noticed is about 2.
"""

import json
import re
from itertools import combinations

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sntransport._objects.drawing import BAND_COLORS
from sntransport.report.figures import spectra, validation
from sntransport.report.figures.style import COLORS, DIVERGING, LINES, MARKERS, look
from tests.conftest import ROOT

VISIONS = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
LMS = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
LAB = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]
LEAST = 7.0
"""More than three steps that are just noticed."""


def seen(colors, vision):
    """OKLab, (n, 3), of colors as somebody sees them."""
    rgb = matplotlib.colors.to_rgba_array(colors)[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.transpose(VISIONS[vision]), 0.0, 1.0)
    return np.cbrt(linear @ np.transpose(LMS)) @ np.transpose(LAB)


def closest(colors, vision):
    lab = seen(colors, vision)
    return min(100 * np.linalg.norm(lab[i] - lab[j]) for i, j in combinations(range(len(lab)), 2))


def test_the_simulation_knows_what_is_confused():
    """Red and green of one brightness are near each other to two of three; blue and yellow to nobody but them apart."""
    assert closest(["#D62728", "#7A6A00"], "deutan") < 0.5 * closest(["#D62728", "#7A6A00"], "normal")
    assert closest(["#0000FF", "#FFFF00"], "deutan") > 50
    np.testing.assert_allclose(seen(["white"], "normal"), [[1.0, 0.0, 0.0]], atol=1e-4)
    # Gray has no color to lose.
    for vision in VISIONS:
        np.testing.assert_allclose(seen(["0.5"], vision)[0, 1:], 0.0, atol=5e-3)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize(
    "colors",
    [
        COLORS,
        BAND_COLORS,
        [color for color, _ in validation._STYLES],
        ["white", *(color for color, _ in spectra._SHADES.values())],
    ],
    ids=["palette", "bands", "methods", "strips"],
)
def test_colors_are_told_apart(colors, vision):
    # Shades behind curves are pale, and the strips they fill are large.
    assert closest(colors, vision) > (LEAST if "white" not in colors else 0.8 * LEAST)


@pytest.mark.parametrize("vision", VISIONS)
def test_colors_of_bands_are_told_apart_on_a_dark_page(vision):
    """The darkest are replaced by the script of the page."""
    script = (ROOT / "sntransport" / "report" / "assets" / "report.js").read_text(encoding="utf-8")
    table = json.loads(re.search(r"ON_DARK = (\{.*?\});", script)[1].replace(", }", "}"))
    assert set(table) < set(BAND_COLORS)
    shown = [table.get(color, color) for color in BAND_COLORS]
    assert closest(shown, vision) > LEAST
    paper = re.search(
        r"color-scheme: dark; --paper: (#\w+)", (ROOT / "sntransport/report/assets/report.css").read_text()
    )
    assert min(closest([paper[1], color], vision) for color in shown) > 3 * LEAST


@pytest.mark.parametrize("vision", VISIONS)
def test_both_ends_of_the_signed_map_are_told_apart(vision):
    ends = matplotlib.colormaps[DIVERGING](np.array([0.1, 0.5, 0.9]))
    assert closest(ends, vision) > 3 * LEAST


@given(st.integers(0, 34), st.integers(0, 34))
def test_color_is_never_alone(i, j):
    """Two things of one panel differ in marker and in line style where their colors differ, and always in something."""
    if i != j:
        assert look(i) != look(j)
        assert look(i, lines=True) != look(j, lines=True)
    if i < len(COLORS) and j < len(COLORS) and i != j:
        assert look(i)["marker"] != look(j)["marker"]
        assert look(i, lines=True)["ls"] != look(j, lines=True)["ls"]


def test_there_is_a_marker_and_a_line_for_every_color():
    assert len(set(MARKERS)) >= len(COLORS)
    assert len({str(line) for line in LINES}) >= len(COLORS)
