"""One figure of every type, always the same, and how two pictures of a figure are compared."""

import io
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.text import Text
from PIL import Image
from scipy.ndimage import uniform_filter

from sntransport.calibration.preparation import prepare
from sntransport.corrections.k_corrections import evaluate_k_correction
from sntransport.corrections.luminosity import bolometric
from sntransport.corrections.rest_light_curve import k_correct
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.pipeline import build
from sntransport.report import figures
from sntransport.simulation.light_curves import LightCurves, Truth
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION, PHOTFLAG_SATURATED, PHOTFLAG_TRIGGER
from sntransport.simulation.summary import tally
from sntransport.transport.interpolators import wasserstein
from sntransport.validation.leave_out import judge
from sntransport.validation.leave_out_scores import score
from sntransport.validation.photometric_test import METHODS, BandPoints
from tests.support.synthetic import MJD_REF, SIGHTLINE, flux_at, photometry, supernova

REFERENCE = Path(__file__).resolve().parents[1] / "data"
SIZE = (96, 72)
"""Pixels (width, height) of a reference picture."""

DRAWN_WITH = (3, 11)
"""Version of matplotlib that the references are of; older ones place panels a few pixels elsewhere."""

BANDS = ("bessellb", "bessellv", "bessellr")

BRIGHTNESS = np.array([1.0, 0.3, 0.08])
"""Of the simulated objects, times the made-up supernova."""


@cache
def simulated():
    """Three objects in six bands, as a survey would see the made-up supernova."""
    rng = np.random.default_rng(5)
    bands, wave = ("lsstg", "lsstr", "lssti", "lsstz", "ztfg", "ztfr"), np.arange(2500.0, 11500.0, 5.0)
    surveys = ("lsst_wfd",) * 4 + ("ztf",) * 2
    n = 120
    parts = {"mjd": [], "band": [], "flux": [], "flux_err": [], "photflag": []}
    # The same noise for all: the fainter, the fewer detections.
    at_peak = synthetic_flux(flux_at(0.0, wave)[None], band_matrix(wave, bands, SIGHTLINE))[0]
    level = 0.01 * BRIGHTNESS[0] * np.nanmax(at_peak)
    for brightness in BRIGHTNESS:
        mjd = np.sort(MJD_REF + rng.uniform(-20.0, 90.0, n))
        band = rng.integers(0, 6, n)
        phase = (mjd - MJD_REF) / (1 + SIGHTLINE.z)
        flux, _ = synthetic_flux(
            np.stack([flux_at(max(p, 0.0), wave) * (p > 0) for p in phase]), band_matrix(wave, bands, SIGHTLINE)
        )
        true = brightness * flux[np.arange(n), band]
        error = level * rng.uniform(0.7, 1.5, n)
        seen = true + error * rng.normal(size=n)
        flag = np.where(seen > 5 * error, PHOTFLAG_DETECTION, 0)
        flag[np.flatnonzero(flag)[1]] |= PHOTFLAG_TRIGGER
        flag[n // 2] = PHOTFLAG_SATURATED
        seen[n // 2] = np.nan
        for key, value in zip(parts, (mjd, band, seen, error, flag), strict=True):
            parts[key].append(value)
    peak = BRIGHTNESS[:, None] * at_peak
    zero = np.zeros(3)
    truth = Truth(
        object_id=[7, 8, 9], template=[0, 0, 0], z=zero + SIGHTLINE.z, z_cosmology=zero + SIGHTLINE.z,
        distance_modulus=zero + 34, mag_offset=-2.5 * np.log10(BRIGHTNESS), ebv_mw=zero, ebv_host=zero,
        rv_host=zero + 3.1, ra=zero, dec=zero,
        mjd_ref=zero + MJD_REF, weight=zero + 1, peak_mag=31.4 - 2.5 * np.log10(peak),
        peak_mjd=zero[:, None] + MJD_REF + np.zeros((3, 6)),
    )  # fmt: skip
    columns = {key: np.concatenate(value) for key, value in parts.items()}
    return LightCurves(
        bands=bands,
        surveys=surveys,
        offset=[0, n, 2 * n, 3 * n],
        truth=truth,
        template_names=("made up",),
        template_types=("II",),
        **columns,
    )


@cache
def observed():
    return supernova(light_curve=photometry(np.arange(0.0, 56.0, 3.0), BANDS))


@cache
def built():
    return build(observed(), cadence=2.0)


@cache
def tested():
    return judge([observed()], {"wasserstein": wasserstein})


def band_points():
    n = 24
    ratio = 1.0 + 0.25 * np.random.default_rng(2).normal(size=(len(METHODS), n))
    names = np.array(["a", "b", "c", "d"] * (n // 4))
    letters = np.repeat(["B", "V"], n // 2)
    days = np.arange(n) * 1.0
    return BandPoints(
        supernova=names,
        sn_class=np.full(n, "II"),
        band=np.char.add("bessell", np.char.lower(letters)),
        letter=letters,
        phase=days,
        distance=days,
        ratio=ratio,
        mjd=days,
        offset=0.0 * days,
        outlier=np.zeros(n, dtype=bool),
        rejected=np.zeros(n, dtype=bool),
        n_faint=0,
    )


@cache
def corrected():
    """K-corrections of the built series, and a light curve at rest."""
    series = built().series
    k = evaluate_k_correction(series, "bessellv", "bessellr", np.linspace(0.0, 0.1, 6), series.phase)
    return k, k_correct(photometry(np.arange(3.0, 50.0, 3.0), BANDS), series, SIGHTLINE)


def makers(style="screen"):
    """Every public figure of `sntransport.report.figures` by name."""
    return {name: partial(draw, style=style) for name, draw in _makers().items()}


def _makers():
    result, seen = built(), observed().light_curve
    k, rest = corrected()
    return {
        "bolometric_figure": partial(
            figures.bolometric_figure, bolometric(result.series, policy="blackbody", most_extrapolated=1.0)
        ),
        "color_curves": partial(figures.color_curves, result.series, SIGHTLINE, seen),
        "comparison": partial(figures.comparison, result.series, result.series, result.sparse, "itself"),
        "examples_figure": partial(figures.examples_figure, tally("II", simulated(), (0.0, 0.1))),
        "k_correction_figure": partial(figures.k_correction_figure, k, "synthetic", 10.0),
        "light_curves": partial(figures.light_curves, result.series, SIGHTLINE, seen),
        "population_figure": partial(figures.population_figure, [tally("II", simulated(), (0.0, 0.1))]),
        "ratio_figure": partial(
            figures.ratio_figure, [replace(one, floor=0.5 * one.baseline) for one in score(tested())]
        ),
        "rest_light_curve_figure": partial(figures.rest_light_curve_figure, rest),
        "share_figure": partial(figures.share_figure, band_points()),
        "simulated_light_curve": partial(figures.simulated_light_curve, simulated(), 0),
        "transport_map": partial(figures.transport_map, result.sparse),
        "triplet_figure": partial(figures.triplet_figure, tested()),
        "warp_map": partial(figures.warp_map, prepare(observed()).series, result.sparse),
        "waterfall": partial(figures.waterfall, result.series, result.sparse),
        "weights_map": partial(figures.weights_map, result.series, result.sparse, result.pairs, result.weight),
    }


def picture(figure, dpi=60):
    """What is drawn, as a small gray picture (height, width) of 0 to 255; no letters and frames: no font matters."""
    for legend in list(figure.legends):
        legend.remove()
    for axes in figure.axes:
        if axes.get_legend():
            axes.get_legend().remove()
        axes.set_axis_off()
    for text in figure.findobj(Text):
        text.set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return np.asarray(Image.open(buffer).convert("L").resize(SIZE, Image.Resampling.BOX), dtype=float)


def difference(one, other):
    """Root mean square difference of two pictures over that of the second from white, after a blur of three pixels."""
    apart, ink = (uniform_filter(one - other, size=3), uniform_filter(255.0 - other, size=3))
    return float(np.sqrt(np.mean(apart**2) / np.mean(ink**2)))


def same_matplotlib():
    """Whether this matplotlib draws as the one of the references does."""
    return tuple(int(part) for part in matplotlib.__version__.split(".")[:2]) >= DRAWN_WITH


def reference(name):
    return np.asarray(Image.open(REFERENCE / f"{name}.png"), dtype=float)


def spoil(figure):
    """Take away what a broken plot would lack: in every panel one drawn thing out of two, or the only one."""
    for axes in figure.axes:
        drawn = [*axes.lines, *axes.collections, *axes.patches]
        for artist in drawn[1::2] or drawn:
            artist.set_visible(False)
    return figure


if __name__ == "__main__":
    # `python -m tests.support.figures` draws the references anew: look at the figures first.
    REFERENCE.mkdir(exist_ok=True)
    for key, draw in makers().items():
        Image.fromarray(picture(draw()).astype(np.uint8)).save(REFERENCE / f"{key}.png", optimize=True)
