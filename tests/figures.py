"""One figure of every type, always the same, and how two pictures of a figure are compared."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from sntransport.detection import PHOTFLAG_DETECTION, PHOTFLAG_SATURATED, PHOTFLAG_TRIGGER
from sntransport.lightcurves import LightCurves, Truth
from sntransport.photometry import band_matrix, synthetic_flux
from tests.synthetic import MJD_REF, SIGHTLINE, flux_at

REFERENCE = Path(__file__).resolve().parent / "data"
SIZE = (64, 48)
"""Pixels (width, height) of a reference picture: coarse enough that no letter survives."""

BANDS = ("bessellb", "bessellv", "bessellr")


def simulated():
    """Three objects in six bands, as a survey would see the made-up supernova."""
    rng = np.random.default_rng(5)
    bands, wave = ("lsstg", "lsstr", "lssti", "lsstz", "ztfg", "ztfr"), np.arange(2500.0, 11500.0, 5.0)
    surveys = ("lsst_wfd",) * 4 + ("ztf",) * 2
    n = 120
    parts = {"mjd": [], "band": [], "flux": [], "flux_err": [], "photflag": []}
    for _ in range(3):
        mjd = np.sort(MJD_REF + rng.uniform(-20.0, 90.0, n))
        band = rng.integers(0, 6, n)
        phase = (mjd - MJD_REF) / (1 + SIGHTLINE.z)
        flux, _ = synthetic_flux(
            np.stack([flux_at(max(p, 0.0), wave) * (p > 0) for p in phase]), band_matrix(wave, bands, SIGHTLINE)
        )
        true = flux[np.arange(n), band]
        error = 0.02 * np.nanmax(flux) * np.ones(n) * rng.uniform(0.7, 1.5, n)
        seen = true + error * rng.normal(size=n)
        flag = np.where(seen > 5 * error, PHOTFLAG_DETECTION, 0)
        flag[np.flatnonzero(flag)[1]] |= PHOTFLAG_TRIGGER
        flag[n // 2] = PHOTFLAG_SATURATED
        seen[n // 2] = np.nan
        for key, value in zip(parts, (mjd, band, seen, error, flag), strict=True):
            parts[key].append(value)
    peak = np.tile(synthetic_flux(flux_at(0.0, wave)[None], band_matrix(wave, bands, SIGHTLINE))[0], (3, 1))
    zero = np.zeros(3)
    truth = Truth(
        object_id=[7, 8, 9], template=[0, 0, 0], z=zero + SIGHTLINE.z, z_cosmology=zero + SIGHTLINE.z,
        distance_modulus=zero + 34, mag_offset=zero, ebv_mw=zero, ebv_host=zero, rv_host=zero + 3.1, ra=zero, dec=zero,
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


def luminance(figure):
    """A figure as a small gray picture, (height, width) of 0 to 255."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=60)
    return np.asarray(Image.open(buffer).convert("L").resize(SIZE, Image.Resampling.BOX), dtype=float)


def difference(one, other):
    """How far two pictures differ: mean absolute difference of blocks of 4 by 4 pixels, in units of 255, in percent."""
    height, width = one.shape
    blocks = (one - other).reshape(height // 4, 4, width // 4, 4).mean(axis=(1, 3))
    return 100.0 * float(np.abs(blocks).mean()) / 255.0
