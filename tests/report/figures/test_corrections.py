"""Figures of K-corrections are drawn, say what they show, and survive values that are missing."""

import io
import warnings
from dataclasses import replace

import numpy as np
import pytest

from sntransport.corrections.k_corrections import evaluate_k_correction
from sntransport.corrections.luminosity import bolometric
from sntransport.corrections.rest_light_curve import k_correct
from sntransport.photometry.reference_phase import find_maximum
from sntransport.photometry.synthetic import CoverageWarning
from sntransport.report.figures.corrections import (
    bolometric_figure,
    k_correction_figure,
    peak_phase,
    rest_light_curve_figure,
)
from sntransport.spectra.observations import LightCurve
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline
from sntransport.transport.templates import hsiao
from tests.support.synthetic import flux_at

WAVE = np.arange(2500.0, 9000.0, 10.0)
PHASES = np.array([0.0, 2.0, 4.0, 6.0])


def series():
    flux = np.stack([flux_at(p, WAVE) * np.exp(-(((p - 4.0) / 3.0) ** 2)) for p in PHASES])
    return SpectralSeries(phase=PHASES, wave=WAVE, flux=flux, flux_err=0.05 * flux, name="SN X", mjd_ref=59000.0)


def drawn(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return len(buffer.getvalue()) > 5_000


def legend(axes):
    return axes.get_legend_handles_labels()[1]


def test_up_to_five_redshifts_over_phase_and_one_phase_over_redshift():
    result = evaluate_k_correction(series(), "bessellb", "sdssr", np.linspace(0.0, 0.4, 9), PHASES)
    figure = k_correction_figure(result, "SN X", 4.0)
    left, right = figure.axes
    assert legend(left) == ["z = 0", "z = 0.1", "z = 0.2", "z = 0.3", "z = 0.4"]
    assert right.get_title() == "phase +4.0 d"
    assert "[d]" in left.get_xlabel()
    assert all("[mag]" in axes.get_ylabel() for axes in (left, right))
    np.testing.assert_allclose(left.lines[0].get_ydata(orig=True), result.value[0])
    np.testing.assert_allclose(right.lines[0].get_ydata(orig=True), result.value[:, 2])
    assert left.get_title().startswith("SN X K-correction, rest B (AB) to r (AB)")
    assert drawn(figure)


@pytest.mark.parametrize(("z", "phase"), [(0.1, 0.0), ([0.1], PHASES), ([0.0, 0.2], 2.0)])
def test_single_values_are_drawn_as_points(z, phase):
    figure = k_correction_figure(evaluate_k_correction(series(), "bessellb", "sdssr", z, phase))
    markers = [line.get_marker() for axes in figure.axes for line in axes.lines if len(line.get_xdata(orig=True))]
    assert "o" in markers
    assert drawn(figure)


def test_nothing_covered_says_so():
    with pytest.warns(CoverageWarning):
        result = evaluate_k_correction(series(), "bessellb", "2massks", [0.0, 0.1], PHASES)
    figure = k_correction_figure(result)
    assert [text.get_text() for text in figure.axes[0].texts] == ["no phase and redshift is covered"]
    assert drawn(figure)


def test_right_panel_takes_a_phase_that_has_values():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoverageWarning)
        result = evaluate_k_correction(series(), "bessellb", "sdssr", [0.0, 0.1], [4.0, 50.0])
    assert k_correction_figure(result, at_phase=49.0).axes[1].get_title() == "phase +4.0 d"
    assert k_correction_figure(result, at_phase=np.nan).axes[1].get_title() == "phase +4.0 d"


def test_peak_is_where_the_rest_band_is_brightest():
    # Between phases, by the one rule that there is; the figure takes the phase next to it.
    assert (
        peak_phase(series(), "bessellb") == find_maximum(series(), "B maximum").phase == pytest.approx(3.85, abs=0.01)
    )
    assert np.isnan(peak_phase(series(), "2massks"))


def test_light_curve_at_rest_names_both_bands():
    seen = LightCurve(
        mjd=[59001.0, 59003.0, 59003.0],
        band=["sdssr", "sdssr", "sdssg"],
        flux=[1e4, 1e4, 1e4],
        flux_err=[100.0, np.nan, 100.0],
    )
    figure = rest_light_curve_figure(k_correct(seen, series(), Sightline(z=0.1, distance_modulus=38.0)))
    (axes,) = figure.axes
    assert sorted(legend(axes)) == ["B from g", "V from r"]
    assert axes.yaxis_inverted()
    assert "[AB]" in axes.get_ylabel()
    assert drawn(figure)


def looks(result):
    """Rest band, color and marker of every pair of bands in the figure, by its label."""
    (axes,) = rest_light_curve_figure(result).axes
    return [
        (one.get_label().split()[0], one.lines[0].get_color(), one.lines[0].get_marker()) for one in axes.containers
    ]


def test_every_pair_of_bands_has_a_style_of_its_own():
    bands = [band for pair in (("sdssg", "ztfg", "lsstg", "bessellb"), ("sdssr", "ztfr"), ("lssti",)) for band in pair]
    seen = LightCurve(
        mjd=np.full(len(bands), 59002.0), band=bands, flux=np.full(len(bands), 1e4), flux_err=np.full(len(bands), 100.0)
    )
    result = k_correct(seen, series(), Sightline(z=0.0, distance_modulus=38.0), bands={band: band for band in bands})
    assert len({look[1:] for look in looks(result)}) == len(bands)
    nearest = looks(k_correct(seen, series(), Sightline(z=0.0, distance_modulus=38.0)))
    assert len({look[1:] for look in nearest}) == len(bands)
    blue = [color for rest, color, _ in nearest if rest == "B"]
    assert len(blue) > 1
    assert len(set(blue)) == 1


def test_light_curve_without_values_says_so():
    with pytest.warns(CoverageWarning):
        result = k_correct(
            LightCurve(mjd=[60000.0], band=["sdssr"], flux=[1.0], flux_err=[1.0]),
            series(),
            Sightline(z=0.1, distance_modulus=38.0),
        )
    figure = rest_light_curve_figure(result)
    assert [text.get_text() for text in figure.axes[0].texts] == ["no point has a value"]
    assert drawn(figure)


def test_a_luminosity_to_which_nothing_was_added_has_no_panel_of_shares():
    light = bolometric(hsiao().select(wave=(3500.0, 9000.0)))
    bare = replace(light, share_filled=0.0 * light.phase)
    (only,) = bolometric_figure(bare).axes
    assert only.get_xlabel() == "Rest-frame phase [d]"
    np.testing.assert_array_equal(only.lines[0].get_ydata(), light.luminosity)
    filled = bolometric_figure(replace(light, share_filled=0.1 + 0.0 * light.phase)).axes
    assert [line.get_label() for line in filled[1].lines] == ["filled"]
    added = bolometric_figure(replace(bare, share_uv=0.1 + 0.0 * light.phase)).axes
    assert [line.get_label() for line in added[1].lines] == ["added in the UV"]
