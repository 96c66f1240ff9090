"""`simulate_spectra`: spectra of simulated objects, beside their light curves, as a spectrograph would take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_finite, set_fields
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.value_object import ValueObject
from sntransport.photometry.bands import effective_wave, load_bands
from sntransport.simulation.events.hosts import band_column
from sntransport.simulation.events.population import Population
from sntransport.simulation.flux_lookup import days_per_phase
from sntransport.simulation.light_curves import LightCurves, Truth
from sntransport.simulation.random_streams import BLOCK, Purpose, object_stream, stream
from sntransport.simulation.spectroscopy.spectrograph import Spectrograph
from sntransport.spectra.observations import Spectrum
from sntransport.spectra.ranges import require_date
from sntransport.spectra.series import SpectralSeries
from sntransport.spectra.sightline import Sightline, dimming

# A pixel of which more of the light path than this is not known has no flux.
_KNOWN = 1e-6


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulatedSpectra(ValueObject):
    """Spectra of simulated objects.

    Parameters
    ----------
    object_id : array_like of int, (n_spec,)
    phase : array_like, (n_spec,) [rest-frame d of the template]
    spectra : sequence of Spectrum, (n_spec,)
        Observer frame, vacuum, with dust and noise; pixels that the template does not cover are left out.

    Raises
    ------
    ValueError
        Where lengths differ.

    Examples
    --------
    >>> from sntransport.simulation.spectroscopy import SimulatedSpectra
    >>> spectrum = snt.Spectrum(mjd=60000.0, wave=[5000.0, 5010.0], flux=[1e-16, 2e-16], flux_err=[1e-17, 1e-17])
    >>> made = SimulatedSpectra(object_id=[7], phase=[0.0], spectra=[spectrum])
    >>> made.object_id.tolist(), made.spectra[0].wave.size
    ([7], 2)
    """

    object_id: NDArray[np.int64]
    phase: Array
    spectra: tuple[Spectrum, ...]

    def __post_init__(self) -> None:
        object_id = readonly(self.object_id, "SimulatedSpectra.object_id", dtype=np.int64)
        phase = readonly(self.phase, "SimulatedSpectra.phase")
        if not object_id.size == phase.size == len(self.spectra):
            raise ValueError(
                f"SimulatedSpectra has {object_id.size} objects, {phase.size} phases and {len(self.spectra)} spectra"
            )
        set_fields(self, object_id=object_id, phase=phase, spectra=tuple(self.spectra))

    def of(self, object_id: int) -> tuple[Spectrum, ...]:
        """The spectra of one object."""
        return tuple(self.spectra[i] for i in np.flatnonzero(self.object_id == object_id))


@answers_mistakes
def simulate_spectra(
    curves: LightCurves, templates: Sequence[SpectralSeries], population: Population, spectrograph: Spectrograph, *,
    phases: ArrayLike = (0.0,), dates: ArrayLike | None = None, objects: ArrayLike | None = None,
) -> SimulatedSpectra:  # fmt: skip
    """Spectra of objects that `sntransport.simulate` made.

    Parameters
    ----------
    curves : LightCurves
        From `sntransport.simulate` or a part of it, with its ``meta``; object numbers as they were.
    templates, population
        Those that the light curves were made of.
    spectrograph : Spectrograph
    phases : array_like, (n,) [rest-frame d]
        When each object is looked at, in phases of its template.
    dates : array_like, (n,) [MJD], optional
        In place of phases: when all are looked at. What is not within the phases of the template gets no spectrum.
    objects : array_like of int or bool, optional
        Rows of ``curves``. Default: those whose truth has ``has_spectrum``, or all where there is no such column.

    Returns
    -------
    SimulatedSpectra
        The same for the same seed, whatever other objects are asked for. The template's spectrum, linear between its
        phases, with color scatter and gray offset, dust of host and Milky Way and distance; smeared, binned and with
        Gaussian noise, whose size is that of the spectrum without noise.

    Raises
    ------
    ValueError
        Where templates, population or object numbers are not those of the light curves, or a date or phase is no
        number.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.simulation.events.distributions import Constant
    >>> from sntransport.simulation.spectroscopy import Spectrograph, simulate_spectra
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=2, seed=1)
    >>> camera = Spectrograph(wave_range=(4000.0, 9000.0), step=10.0, snr=20.0, mag=18.0, resolution=100.0)
    >>> spectra = simulate_spectra(curves, [series], population, camera, phases=[0.0, 10.0])
    >>> spectra.object_id.tolist(), spectra.phase.tolist()
    ([0, 0, 1, 1], [0.0, 10.0, 0.0, 10.0])
    """
    truth = curves.truth
    if tuple(series.name for series in templates) != curves.template_names:
        raise ValueError(f"templates are {[one.name for one in templates]}, expected {list(curves.template_names)}")
    if "seed" not in curves.meta:
        raise ValueError("the light curves have no seed in meta; give those that simulate returns")
    rows = _rows(truth, objects)
    wave, paths = spectrograph.light_paths(min(float(np.diff(series.wave).min()) for series in templates))
    scatter = _scatter(curves, population, rows)
    days = days_per_phase(truth)
    asked = readonly(phases if dates is None else dates, "phases" if dates is None else "dates")
    require_finite(asked, "phases" if dates is None else "dates")
    for date in () if dates is None else asked:
        require_date(float(date), "dates")
    # What is drawn for an object is drawn by its number in the population.
    first = curves.meta.get("first_id", 0)
    found: list[tuple[int, float, Spectrum]] = []
    for k, i in enumerate(rows):
        series, number = templates[truth.template[i]], int(truth.object_id[i])
        at = asked if dates is None else (asked - truth.mjd_ref[i]) / days[i]
        at = at[(at >= series.phase[0]) & (at <= series.phase[-1])]
        rest = wave / (1.0 + truth.z[i])
        change = dimming(rest, _sightline(truth, population, int(i)))
        if scatter is not None and population.color_scatter is not None:
            change = change * 10.0 ** (-0.4 * population.color_scatter.at(scatter[k : k + 1], rest[None])[0])
        rng = object_stream(curves.meta["seed"], number - first, Purpose.SPECTRA)
        for phase in at:
            flux = np.interp(rest, series.wave, series.at(phase).flux, left=np.nan, right=np.nan) * change
            light = smeared(paths, flux)
            mjd = float(truth.mjd_ref[i] + days[i] * phase)
            made = _measured(spectrograph, light, mjd, rng.standard_normal(light.size))
            if made is not None:
                found.append((number, float(phase), made))
    ids, at_phase, spectra = zip(*found, strict=True) if found else ((), (), ())
    return SimulatedSpectra(object_id=np.array(ids, dtype=np.int64), phase=np.array(at_phase), spectra=spectra)


def smeared(paths: Any, flux: Array) -> Array:
    """A spectrum (n,) at the wavelengths of `Spectrograph.light_paths` in its pixels; NaN where it is not known."""
    known = np.isfinite(flux)
    light = np.asarray(paths @ np.where(known, flux, 0.0))
    light[(paths @ (~known).astype(np.float64)) > _KNOWN] = np.nan
    return light


def _measured(spectrograph: Spectrograph, light: Array, mjd: float, normal: Array) -> Spectrum | None:
    """A spectrum with noise; None where nothing of it is known."""
    err = spectrograph.flux_error(light)
    flux = light + err * normal
    kept = np.isfinite(flux)
    if not kept.any():
        return None
    wave = spectrograph.wave[kept]
    return Spectrum(mjd=mjd, wave=wave, flux=flux[kept], flux_err=err[kept], source=spectrograph.name)


def _rows(truth: Truth, objects: ArrayLike | None) -> NDArray[np.int64]:
    if objects is None:
        chosen = truth.more.get("has_spectrum")
        return np.arange(truth.object_id.size) if chosen is None else np.flatnonzero(chosen)
    rows = np.asarray(objects)
    rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
    if rows.size and not 0 <= rows.min() <= rows.max() < truth.object_id.size:
        raise ValueError(f"objects has values outside 0 to {truth.object_id.size - 1}")
    return rows


def _sightline(truth: Truth, population: Population, i: int) -> Sightline:
    """Of one object, with what makes it fainter than the template as part of the distance."""
    return Sightline(
        z=truth.z[i],
        distance_modulus=truth.distance_modulus[i] + truth.mag_offset[i],
        ebv_mw=truth.ebv_mw[i],
        ebv_host=truth.ebv_host[i],
        rv_host=truth.rv_host[i],
        law_mw=population.law_mw,
        law_host=population.law_host,
    )


def _scatter(curves: LightCurves, population: Population, rows: NDArray[np.int64]) -> Array | None:
    """Color scatter (n, n_wave) of objects, drawn again from the numbers that their light curves had."""
    scatter, truth = population.color_scatter, curves.truth
    column = band_column("color_scatter", curves.bands[0])
    if scatter is None or column not in truth.more:
        if (scatter is None) != (column not in truth.more):
            raise ValueError("population has another color_scatter than that of the light curves")
        return None
    made = np.empty((rows.size, scatter.wave.size))
    block, place = np.divmod(truth.object_id[rows] - curves.meta.get("first_id", 0), BLOCK)
    for number in np.unique(block):
        drawn = scatter.draw(stream(curves.meta["seed"], int(number), Purpose.COLOR_SCATTER), BLOCK)
        made[block == number] = drawn[place[block == number]]
    rest = effective_wave(load_bands([curves.bands[0]])[0]) / (1.0 + truth.z[rows])
    if not np.allclose(scatter.at(made, rest[:, None])[:, 0], truth.more[column][rows], rtol=0, atol=1e-9):
        raise ValueError(
            "the color scatter is not that of the light curves; give their own population and object numbers"
        )
    return made
