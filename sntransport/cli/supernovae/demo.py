"""The main job on data that ships with the package's dependencies, compared with the truth.

The mean type Ia series of Hsiao et al. (2007, ApJ 663, 1187), in the version that the sncosmo wheel carries, is
"observed" at eight dates with noise and wrong flux calibration, and in four bands; rebuilt; and compared with itself at
all other dates. It is a mean template: smoother than any real supernova, which flatters every interpolator and
pointwise ones most.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._storage.tables import text_table
from sntransport.cli.supernovae.batch import write_build
from sntransport.photometry.synthetic import band_matrix, synthetic_flux
from sntransport.pipeline import BuildResult, build
from sntransport.report.contents import from_supernova
from sntransport.report.figures.spectra import comparison as plot_comparison
from sntransport.report.figures.style import AnyStyle, write_figure
from sntransport.report.page import write_report
from sntransport.spectra.observations import LightCurve, Spectrum, Supernova
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline, mjd_of, to_observer
from sntransport.transport.interpolators import Interpolator

OBSERVED_PHASES = (-11.0, -7.0, -1.0, 6.0, 14.0, 24.0, 38.0, 60.0)
"""Dates of the eight spectra [rest-frame d from B maximum]."""

BANDS = ("bessellb", "bessellv", "bessellr", "besselli")

_SIGHTLINE = Sightline(z=0.01, distance_modulus=33.2, ebv_mw=0.05)
_MJD_MAX = 60000.0
_SNR = 30.0
_PHOTOMETRIC_ERROR = 0.02


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison:
    """How well a rebuilt series matches the truth at the phases that were not observed.

    ``sn`` is what was observed, ``result`` what came of it; ``days`` (n_phase,) is the distance to the nearest observed
    phase, ``residual`` (n_phase,) the median absolute relative difference over wavelength, ``magnitude``
    (n_phase, n_band) the difference in `BANDS` [mag].
    """

    sn: Supernova
    result: BuildResult
    truth: SpectralSeries
    days: Array
    residual: Array
    magnitude: Array


def template(phase: Array, wave: Array) -> SpectralSeries:
    """Return the Hsiao series at given phases [d] and wavelengths [A], at B = -19.4 mag (AB) when brightest."""
    import sncosmo

    source = sncosmo.get_source("hsiao-subsampled")
    source.set_peakmag(-19.4, "bessellb", "ab")
    return SpectralSeries(
        phase=phase, wave=wave, flux=source.flux(phase, wave), name="Hsiao template", sn_type="Ia", mjd_ref=_MJD_MAX
    )


def demo_supernova(seed: int = 1) -> Supernova:
    """Return the template as a supernova with eight noisy, badly calibrated spectra and photometry in four bands."""
    rng = np.random.default_rng(seed)
    truth = template(np.array(OBSERVED_PHASES), np.arange(3300.0, 9600.0, 5.0) / (1.0 + _SIGHTLINE.z))
    wave, flux = to_observer(truth.wave, truth.flux, _SIGHTLINE)
    spectra = []
    for phase, row in zip(OBSERVED_PHASES, flux, strict=True):
        # Slit losses: a factor of 1.3, and a slope of 10 % over the range.
        warp = np.exp(0.25 * rng.normal() + 0.1 * rng.normal() * np.linspace(-1.0, 1.0, wave.size))
        noise = np.abs(row) / _SNR + 0.02 * np.median(row)
        mjd = float(mjd_of(phase, _MJD_MAX, _SIGHTLINE.z))
        spectra.append(
            Spectrum(mjd=mjd, wave=wave, flux=(row + noise * rng.normal(size=wave.size)) * warp, source="template")
        )
    return Supernova(
        name="Hsiao template",
        sn_type="Ia",
        sightline=_SIGHTLINE,
        mjd_ref=_MJD_MAX,
        mjd_ref_meaning="B maximum",
        spectra=tuple(spectra),
        light_curve=_photometry(rng),
        notes=("not a supernova: a mean template observed at eight dates",),
    )


def compare(interpolate: Interpolator, seed: int = 1) -> Comparison:
    """Rebuild the observed template and compare it with the truth.

    Parameters
    ----------
    interpolate : callable
        See `sntransport.transport.interpolators`.
    seed : int
        Of the noise.

    Returns
    -------
    Comparison
    """
    sn = demo_supernova(seed)
    result = build(sn, cadence=1.0, interpolate=interpolate)
    truth = template(result.series.phase, result.series.wave)
    away = np.abs(result.series.phase[:, None] - np.array(OBSERVED_PHASES)).min(axis=1)
    unseen = away > 0.5
    ratio = np.abs(result.series.flux / truth.flux - 1.0)[unseen]
    matrix = band_matrix(result.series.wave, BANDS, _SIGHTLINE)
    with np.errstate(invalid="ignore"):
        magnitude = -2.5 * np.log10(
            synthetic_flux(result.series.flux, matrix)[0] / synthetic_flux(truth.flux, matrix)[0]
        )
    return Comparison(
        sn=sn,
        result=result,
        truth=truth,
        days=away[unseen],
        residual=np.nanmedian(ratio, axis=1),
        magnitude=magnitude[unseen],
    )


def rows(compared: Mapping[str, Comparison]) -> list[dict[str, Any]]:
    """Comparisons by interpolator and by distance in time from the nearest spectrum, as values.

    Each has ``interpolator``; ``days``, least and largest distance [d], the largest None where there is none;
    ``n_phases``; ``residual``, the median of abs(rebuilt / truth - 1); ``magnitude``, by band the median absolute error
    [mag].
    """
    made: list[dict[str, Any]] = []
    for name, comparison in compared.items():
        for low, high in ((0.5, 2.5), (2.5, 6.5), (6.5, np.inf)):
            here = (comparison.days > low) & (comparison.days <= high) & np.isfinite(comparison.residual)
            if not here.any():
                continue
            miss = np.nanmedian(np.abs(comparison.magnitude[here]), axis=0)
            made.append(
                {
                    "interpolator": name,
                    "days": [low + 0.5, None if np.isinf(high) else high - 0.5],
                    "n_phases": int(here.sum()),
                    "residual": float(np.median(comparison.residual[here])),
                    "magnitude": {band: float(value) for band, value in zip(BANDS, miss, strict=True)},
                }
            )
    return made


def comparison_table(compared: Mapping[str, Comparison]) -> str:
    """The same as a text table."""
    return text_table([_table_row(one) for one in rows(compared)])


def _table_row(one: Mapping[str, Any]) -> dict[str, str]:
    low, high = one["days"]
    return {
        "interpolator": one["interpolator"],
        "days from a spectrum": f"{low:.0f} or more" if high is None else f"{low:.0f} to {high:.0f}",
        "phases": str(one["n_phases"]),
        "median |rebuilt / truth - 1|": f"{one['residual']:.1%}",
        **{f"|{band}| [mag]": f"{value:.3f}" for band, value in one["magnitude"].items()},
    }


def write(
    comparison: Comparison, interpolator: str, out: Path, command: str = "", *, style: AnyStyle = None
) -> list[Path]:
    """Write series, figures, the comparison with the truth and the report into ``out``; return the paths."""
    stem, options = out / "demo", f"interpolator={interpolator}"
    paths = write_build(comparison.sn, comparison.result, stem, Path("demo"), style=style, options=options)
    sparse = comparison.result.sparse
    figure = plot_comparison(comparison.truth, comparison.result.series, sparse, interpolator, style=style)
    paths.append(write_figure(figure, out / "demo_truth.png", style))
    material = from_supernova(comparison.sn, comparison.result, Path("demo"), options)
    return [*paths, write_report([material], out / "demo_report.html", command)]


def _photometry(rng: np.random.Generator) -> LightCurve:
    phase = np.arange(-14.0, 66.0, 2.5)
    series = template(phase, np.arange(2500.0, 11000.0, 10.0))
    flux, _ = synthetic_flux(series.flux, band_matrix(series.wave, BANDS, _SIGHTLINE))
    seen = flux * np.exp(_PHOTOMETRIC_ERROR * rng.normal(size=flux.shape))
    return LightCurve(
        mjd=np.repeat(mjd_of(phase, _MJD_MAX, _SIGHTLINE.z), len(BANDS)),
        band=np.tile(np.array(BANDS), phase.size),
        flux=seen.ravel(),
        flux_err=_PHOTOMETRIC_ERROR * seen.ravel(),
    )
