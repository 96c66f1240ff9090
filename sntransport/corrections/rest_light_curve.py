"""A whole observed light curve to rest-frame absolute magnitudes: distance, K-correction and dust taken off.

    M_rest = m_obs - distance modulus - K - A_mw - A_host

K is that of the series without dust; A_host and A_mw are what the dust of the host and then that of the Milky Way take
from the series in the observed band. The four parts add up exactly, and each is given.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array, require_shape, set_fields
from sntransport._numerics.units import MAG_PER_LN, njy_to_mag
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.drawing import axes_or_new, draw_points, label_text
from sntransport._objects.mistakes import warn_caller, wrong_kind
from sntransport._objects.value_object import ValueObject
from sntransport.photometry.band_ratio import (
    columns,
    filled_share,
    magnitude_difference,
    means,
    ratio_error,
    require_draws,
    scatter,
    zero_point,
)
from sntransport.photometry.bands import AnyBand, Bandpass, effective_wave, load_bands, pivot_wave
from sntransport.photometry.synthetic import CoverageWarning
from sntransport.spectra.correlation import CORRELATION, Correlation
from sntransport.spectra.observations import LightCurve
from sntransport.spectra.phases import MAX_GAP
from sntransport.spectra.series import SpectralSeries, require_series
from sntransport.spectra.sightline import Sightline, phase_of, require_sightline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REST_BANDS = (
    "uvot::uvw2", "uvot::uvm2", "uvot::uvw1", "bessellux", "bessellb", "bessellv", "bessellr", "besselli", "2massj",
    "2massh", "2massks",
)  # fmt: skip
"""The rest-frame bands that `k_correct` chooses from unless told otherwise."""

_REMEDIES = {
    "Supernova": "write k_correct(sn.light_curve, series, sn.sightline)",
    "SpectralSeries": "the light curve comes first: k_correct(light_curve, series, sightline)",
    "path": "write read_light_curve({})",
}
_PARTS = ("k", "k_err", "dust_mw", "dust_host", "coverage", "filled")


@dataclass(frozen=True, eq=False, kw_only=True)
class RestLightCurve(ValueObject):
    """Rest-frame absolute magnitudes of observed points, and each part of the correction; all arrays (n_obs,).

    Parameters
    ----------
    mjd, phase : array_like [d]
        Observer-frame date, and rest-frame phase of the series.
    band_obs, band_rest : array_like of str
    mag_obs, mag_obs_err : array_like [AB mag]
        As observed, with distance and dust; NaN where the flux is not positive.
    k, k_err : array_like [mag]
        K-correction, AB to AB, without dust, and its error from the series.
    dust_mw, dust_host : array_like [mag]
        Extinction of the Milky Way and of the host in the observed band.
    mag, mag_err : array_like [mag]
        Absolute magnitude in the rest band, free of dust, in ``system``; the error is that of photometry and K,
        without distance and E(B-V). NaN where the photometry has no error.
    flux, flux_err : array_like [nJy AB at 10 pc]
        The same as a flux density, which also keeps negative values.
    coverage, filled : array_like
        The smaller share of the two bands that the series covers, and the larger that it has no data of its own for
        (bridged or extrapolated, ``origin`` 3).
    sightline : Sightline
        Redshift, distance and dust that were taken off.
    system : {"AB", "Vega"}
    name : str
    notes : sequence of str
        What was taken off, and which points have no value and why.

    Raises
    ------
    ValueError
        Where shapes differ.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova, template
    >>> sn = demo_supernova()
    >>> series = template(np.arange(-15.0, 65.0), np.arange(2500.0, 11000.0, 10.0))
    >>> rest = snt.k_correct(sn.light_curve, series, sn.sightline)
    >>> k = np.nanargmin(rest.mag)
    >>> parts = rest.mag_obs[k] - sn.sightline.distance_modulus - rest.dust_mw[k] - rest.dust_host[k] - rest.k[k]
    >>> bool(np.isclose(parts, rest.mag[k]))
    True
    """

    mjd: Array
    phase: Array
    band_obs: NDArray[np.str_]
    band_rest: NDArray[np.str_]
    mag_obs: Array
    mag_obs_err: Array
    k: Array
    k_err: Array
    dust_mw: Array
    dust_host: Array
    mag: Array
    mag_err: Array
    flux: Array
    flux_err: Array
    coverage: Array
    filled: Array
    sightline: Sightline
    system: str = "AB"
    name: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (*_COLUMNS, "band_obs", "band_rest"):
            array = np.array(getattr(self, name), dtype=np.str_ if name.startswith("band") else np.float64)
            require_shape(array, f"RestLightCurve.{name}", np.shape(self.mjd), "(n_obs,)")
            array.setflags(write=False)
            set_fields(self, **{name: array})
        set_fields(self, notes=tuple(self.notes))

    @property
    def n_obs(self) -> int:
        """Number of points."""
        return int(self.mjd.size)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw absolute magnitudes over phase by rest band, on axes of matplotlib or of a new figure.

        `sntransport.report.figures.rest_light_curve_figure` is the figure for print.
        """
        axes = axes_or_new(ax, "RestLightCurve.plot")
        pairs, known = band_pairs(self), np.isfinite(self.mag)
        rows = [known & (self.band_rest == rest) & (self.band_obs == obs) for rest, obs in pairs]
        draw_points(axes, self.phase, self.mag, self.mag_err, names=pairs, rows=rows)
        if not axes.yaxis_inverted():
            axes.invert_yaxis()
        axes.set_xlabel("Rest-frame phase [d]")
        axes.set_ylabel(f"Absolute magnitude [{self.system}], free of dust")
        axes.set_title(label_text(f"{self.name} at rest, z = {self.sightline.z:g}".strip()))
        return axes


def band_pairs(result: RestLightCurve) -> list[tuple[str, str]]:
    """Bands at rest and observed of the points that have a value, in order of the observed wavelength."""
    known = np.isfinite(result.mag)
    pairs = set(zip(result.band_rest[known].tolist(), result.band_obs[known].tolist(), strict=True))
    return sorted(pairs, key=lambda pair: (effective_wave(load_bands([pair[1]])[0]), pair))


@answers_mistakes
def rest_bands(
    bands_obs: Sequence[str], z: float, bands: Sequence[AnyBand] | Mapping[str, AnyBand] = REST_BANDS
) -> dict[str, Bandpass]:
    """The rest-frame band for each observed one.

    Parameters
    ----------
    bands_obs : sequence of str
    z : float
    bands : sequence or mapping
        Bands to choose from, by nearest pivot wavelength (as a ratio) after the redshift; or the choice itself, by
        observed band.

    Returns
    -------
    dict of str to Bandpass

    Raises
    ------
    ValueError
        For an unknown band, no band to choose from, or a mapping that lacks an observed band.

    Examples
    --------
    >>> from sntransport.corrections import rest_bands
    >>> {band: rest.name for band, rest in rest_bands(["sdssr", "sdssi"], z=0.3).items()}
    {'sdssr': 'bessellb', 'sdssi': 'bessellv'}
    """
    if isinstance(bands, Mapping):
        missing = [name for name in bands_obs if name not in bands]
        if missing:
            raise ValueError(f"no rest band given for {', '.join(missing)}: add it to bands, or leave its points out")
        return dict(zip(bands_obs, load_bands([bands[name] for name in bands_obs]), strict=True))
    choice = load_bands(bands)
    if not choice:
        raise ValueError("bands is empty: give the rest-frame bands to choose from")
    ln_rest = np.log([pivot_wave(band) for band in choice])
    chosen = {}
    for band in load_bands(bands_obs):
        chosen[band.name] = choice[int(np.argmin(np.abs(np.log(pivot_wave(band) / (1.0 + z)) - ln_rest)))]
    return chosen


@answers_mistakes
def k_correct(
    light_curve: LightCurve,
    series: SpectralSeries,
    sightline: Sightline,
    *,
    bands: Sequence[AnyBand] | Mapping[str, AnyBand] = REST_BANDS,
    system: str = "AB",
    max_gap: float = MAX_GAP,
    correlation: Correlation = CORRELATION,
    draws: Sequence[SpectralSeries] = (),
) -> RestLightCurve:
    """Observed photometry to rest-frame absolute magnitudes, free of dust.

    Parameters
    ----------
    light_curve : LightCurve
        One point or many, in one band or many.
    series : SpectralSeries
        With a known ``mjd_ref``. Only its colors matter, not its brightness.
    sightline : Sightline
        Redshift, distance and dust of the supernova.
    bands : sequence or mapping
        The rest-frame bands to choose from, for each observed band the nearest, or a mapping from observed to rest
        band.
    system : {"AB", "Vega"}
        Of the absolute magnitudes.
    max_gap, correlation, draws
        As in `evaluate_k_correction`.

    Returns
    -------
    RestLightCurve
        In the order of the light curve. NaN, with one `CoverageWarning` that names bands and redshift, at phases that
        the series does not have and where it covers less than 98 % of the observed or the rest band.

    Raises
    ------
    ValueError
        For a light curve without points, a series without ``mjd_ref``, an unknown band, a mapping that lacks one, a
        single draw, or a Vega magnitude in a band whose ``vega_ab`` is not known.
    TypeError
        For anything but a `SpectralSeries`.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import demo_supernova, template
    >>> sn = demo_supernova()
    >>> series = template(np.arange(-15.0, 65.0), np.arange(2500.0, 11000.0, 10.0))
    >>> rest = snt.k_correct(sn.light_curve, series, sn.sightline)
    >>> v = rest.band_rest == "bessellv"
    >>> print(f"M_V = {np.nanmin(rest.mag[v]):.1f} mag at best, {rest.dust_mw[v].mean():.2f} mag of dust taken off")
    M_V = -19.3 mag at best, 0.15 mag of dust taken off
    """
    if not isinstance(light_curve, LightCurve):
        raise wrong_kind("k_correct", "a LightCurve", light_curve, _REMEDIES)
    require_series(series, "k_correct")
    require_sightline(sightline, "k_correct")
    _require_input(light_curve, series, draws)
    chosen = rest_bands(light_curve.bands, sightline.z, bands)
    phase = phase_of(light_curve.mjd, series.mjd_ref, sightline.z)
    parts = {name: np.full(light_curve.n_obs, np.nan) for name in _PARTS}
    zero = np.zeros(light_curve.n_obs)
    for name, rest in chosen.items():
        here = light_curve.band == name
        for part, value in _band_parts(
            series, sightline, name, rest, phase=phase[here], max_gap=max_gap, correlation=correlation
        ).items():
            parts[part][here] = value
        if draws:
            drawn = [_view(draw, sightline, name, rest, phase=phase[here], max_gap=max_gap) for draw in draws]
            parts["k_err"][here] = scatter([magnitude_difference(*fluxes)[:, 0] for fluxes in drawn])
        zero[here] = zero_point(rest, system)
    band_rest = np.array([chosen[str(name)].name for name in light_curve.band])
    notes = (*_dust_notes(sightline), *_missing_notes(light_curve, band_rest, parts["k"], sightline.z))
    if np.isnan(parts["k"]).any():
        warn_caller(f"k_correct: {notes[-1]}", CoverageWarning)
    values = _magnitudes(light_curve, sightline, parts, zero)
    return RestLightCurve(
        mjd=light_curve.mjd, phase=phase, band_obs=light_curve.band, band_rest=band_rest, **parts, **values,
        sightline=sightline, system=system, name=series.name, notes=notes,
    )  # fmt: skip


def _require_input(light_curve: LightCurve, series: SpectralSeries, draws: Sequence[SpectralSeries]) -> None:
    if not light_curve.n_obs:
        raise ValueError("the light curve has no points: supply photometry, one point is enough")
    if not np.isfinite(series.mjd_ref):
        raise ValueError(
            f"{series.name or 'the series'} has no mjd_ref, so dates have no phase: "
            "set it with dataclasses.replace(series, mjd_ref=...)"
        )
    require_draws(draws)


def _band_parts(
    series: SpectralSeries,
    sightline: Sightline,
    name: str,
    rest: Bandpass,
    *,
    phase: Array,
    max_gap: float,
    correlation: Correlation,
) -> dict[str, Array]:
    """The parts of the correction of one observed band at phases, (n_phase,) each."""
    (band,), z = load_bands([name]), np.array([sightline.z])
    rows = series.at(phase, max_gap)
    at_rest = columns(series.wave, rest, np.zeros(1))
    clean, behind_host, behind_all = (
        columns(series.wave, band, z, dust) for dust in (None, dataclasses.replace(sightline, ebv_mw=0.0), sightline)
    )
    (bare, cover_obs), (target, cover_rest) = means(rows, clean), means(rows, at_rest)
    host, both = means(rows, behind_host)[0], means(rows, behind_all)[0]
    return {
        "k": magnitude_difference(bare, target)[:, 0],
        "k_err": ratio_error(rows, behind_all, at_rest, correlation)[:, 0],
        "dust_host": magnitude_difference(host, bare)[:, 0],
        "dust_mw": magnitude_difference(both, host)[:, 0],
        "coverage": np.minimum(cover_obs, cover_rest)[:, 0],
        "filled": np.maximum(filled_share(rows, clean), filled_share(rows, at_rest))[:, 0],
    }


def _view(
    series: SpectralSeries, sightline: Sightline, name: str, rest: Bandpass, *, phase: Array, max_gap: float
) -> tuple[Array, Array]:
    """Flux in the observed band, behind all dust, and in the rest band, (n_phase, 1) each."""
    rows, (band,) = series.at(phase, max_gap), load_bands([name])
    seen = columns(series.wave, band, np.array([sightline.z]), sightline)
    return means(rows, seen)[0], means(rows, columns(series.wave, rest, np.zeros(1)))[0]


def _magnitudes(
    light_curve: LightCurve, sightline: Sightline, parts: Mapping[str, Array], zero: Array
) -> dict[str, Array]:
    """Observed and absolute magnitudes and fluxes with their errors."""
    flux, flux_err = light_curve.flux, light_curve.flux_err
    total = sightline.distance_modulus + parts["k"] + parts["dust_mw"] + parts["dust_host"]
    brighter = 10.0 ** (0.4 * total)
    mag_obs = njy_to_mag(flux)
    relative = MAG_PER_LN * flux_err / np.abs(np.where(flux == 0, np.nan, flux))
    mag_obs_err = np.where(np.isfinite(mag_obs), relative, np.nan)
    return {
        "mag_obs": mag_obs,
        "mag_obs_err": mag_obs_err,
        "mag": mag_obs - total - zero,
        "mag_err": np.hypot(mag_obs_err, parts["k_err"]),
        "flux": flux * brighter,
        "flux_err": brighter * np.hypot(flux_err, flux * parts["k_err"] / MAG_PER_LN),
    }


def _dust_notes(sightline: Sightline) -> tuple[str, ...]:
    return tuple(
        f"dust of the {where}: E(B-V) = {ebv:g} mag, R_V = {rv:g}, law {law}, taken off" if ebv else
        f"dust of the {where}: none, E(B-V) = 0"
        for where, ebv, rv, law in (
            ("Milky Way", sightline.ebv_mw, sightline.rv_mw, sightline.law_mw),
            ("host galaxy", sightline.ebv_host, sightline.rv_host, sightline.law_host),
        )
    )  # fmt: skip


def _missing_notes(light_curve: LightCurve, band_rest: NDArray[np.str_], k: Array, z: float) -> tuple[str, ...]:
    """Which points have no value, by observed and rest band; empty where all have one."""
    lost = []
    for name in light_curve.bands:
        here = light_curve.band == name
        gone = int(np.isnan(k[here]).sum())
        if gone:
            lost.append(f"{name} to {band_rest[here][0]} ({gone} of {int(here.sum())} points)")
    if not lost:
        return ()
    return (
        f"no value at z = {z:g} for {', '.join(lost)}: the series has no spectrum near that phase or does not cover "
        "98 % of the observed and of the rest band",
    )


_COLUMNS = (
    "mjd", "phase", "mag_obs", "mag_obs_err", "k", "k_err", "dust_mw", "dust_host", "mag", "mag_err", "flux",
    "flux_err", "coverage", "filled",
)  # fmt: skip
