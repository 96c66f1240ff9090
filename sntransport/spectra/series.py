"""`SpectralSeries`: rest-frame spectra of one supernova over phase, sparse as observed or dense as rebuilt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_increasing, require_shape, set_fields
from sntransport._numerics.quantities import ANGSTROM, DAY, F_LAMBDA, MJD, bare, bare_number, shown
from sntransport._objects.arguments import REMEDIES
from sntransport._objects.axis_selection import rows_between, rows_of_key
from sntransport._objects.card import Card, heading, span
from sntransport._objects.drawing import axes_or_new, chosen_rows, draw_spectrum, draw_stack, label_text, stack_places
from sntransport._objects.mistakes import wrong_kind
from sntransport._objects.series_card import series_card, spectra_sketch
from sntransport._objects.series_conversions import SeriesConversions
from sntransport._objects.value_object import ValueObject
from sntransport.spectra.correlation import phase_correlation
from sntransport.spectra.phases import Neighbors, neighbors

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Origin(IntEnum):
    """Where a flux value came from.

    Examples
    --------
    >>> from sntransport.spectra import Origin
    >>> series = snt.SpectralSeries(phase=[0.0], wave=[4000.0, 5000.0], flux=[[1.0, np.nan]])
    >>> [Origin(value).name for value in series.origin[0]]
    ['OBSERVED', 'NOT_COVERED']
    """

    NOT_COVERED = 0
    """Nothing is known here; the flux is NaN."""
    OBSERVED = 1
    """Observed, or interpolated between two spectra that both cover the wavelength."""
    ONE_SIDED = 2
    """Only one of the two neighbors in time covers the wavelength."""
    EXTRAPOLATED = 3
    """No data of its own: a masked stretch inside a spectrum that preparation bridged by a straight line, a bin that
    rests mostly on such, or what lies outside all data, at the caller's explicit request."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SpectralSeries(ValueObject, SeriesConversions):
    """Spectra of one supernova over phase: rest frame, at 10 pc, free of dust.

    Plain numbers are in the units below; an astropy ``Quantity`` is converted to them or refused, masked values become
    NaN.

    ``len`` is the number of phases; iteration gives pairs of phase and spectrum; ``series[rows, bins]`` is the series
    of some phases and wavelengths: by place, or by value where the ends of a slice are quantities. One place of a phase
    is one spectrum, as `at` gives it.

    Parameters
    ----------
    phase : array_like, (n_phase,) [rest-frame d from ``mjd_ref``]
        Strictly increasing.
    wave : array_like, (n_wave,) [rest-frame A]
        Strictly increasing, positive.
    flux, flux_err : array_like, (n_phase, n_wave) [erg s-1 cm-2 A-1 at 10 pc]
        NaN exactly where ``origin`` is 0. ``flux_err`` is one standard deviation, not negative, and may be left out
        (None: unknown, NaN everywhere).
    origin : array_like of int, (n_phase, n_wave), or None
        Values of `Origin`. When None: 1 where the flux is finite, 0 elsewhere.
    name, sn_type : str
    mjd_ref : float [d]
        Observer-frame date of phase 0; NaN for a template that has none.

    Raises
    ------
    ValueError
        Where shapes differ, an axis is not strictly increasing, ``origin`` holds another value than 0 to 3, or flux
        is finite where ``origin`` is 0 (or the reverse).

    Examples
    --------
    >>> wave = np.arange(4000.0, 8000.0, 10.0)
    >>> series = snt.SpectralSeries(phase=[0.0, 10.0], wave=wave, flux=[wave**-2.0, 0.5 * wave**-2.0], name="fading")
    >>> len(series), series.n_wave
    (2, 400)
    >>> half = series.at(5.0)
    >>> float(half.flux[0] / series.flux[0, 0])
    0.75
    >>> series.select(wave=(5000.0, 6000.0)).flux.shape
    (2, 101)
    """

    phase: Array
    wave: Array
    flux: Array
    flux_err: Array = None  # type: ignore[assignment]  # an array after construction
    origin: NDArray[np.uint8] = None  # type: ignore[assignment]
    name: str = ""
    sn_type: str = ""
    mjd_ref: float = np.nan

    def __post_init__(self) -> None:
        phase, wave = readonly(self.phase, "phase", unit=DAY), readonly(self.wave, "wave", unit=ANGSTROM)
        require_increasing(phase, "phase")
        require_increasing(wave, "wave", positive=True)
        shape = (phase.size, wave.size)
        flux = readonly(self.flux, "flux", ndim=2, unit=F_LAMBDA, wave=wave)
        require_shape(flux, "flux", shape, "(n_phase, n_wave)")
        err = np.full(shape, np.nan) if self.flux_err is None else self.flux_err
        flux_err = readonly(err, "flux_err", ndim=2, unit=F_LAMBDA, wave=wave)
        require_shape(flux_err, "flux_err", shape, "(n_phase, n_wave)")
        origin = np.isfinite(flux) if self.origin is None else self.origin
        origin = readonly(origin, "origin", ndim=2, dtype=np.uint8)
        require_shape(origin, "origin", shape, "(n_phase, n_wave)")
        _check_values(flux, flux_err, origin)
        set_fields(self, phase=phase, wave=wave, flux=flux, flux_err=flux_err, origin=origin)
        set_fields(self, mjd_ref=bare_number(self.mjd_ref, "mjd_ref", MJD))

    @property
    def n_phase(self) -> int:
        """Number of phases."""
        return int(self.phase.size)

    @property
    def n_wave(self) -> int:
        """Number of wavelengths."""
        return int(self.wave.size)

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Where the flux is known, (n_phase, n_wave)."""
        return np.isfinite(self.flux)

    def __len__(self) -> int:
        return self.n_phase

    def __iter__(self) -> Iterator[tuple[float, SpectraAt]]:
        for row, phase in enumerate(self.phase):
            yield float(phase), self._spectrum(row)

    def __getitem__(self, key: object) -> SpectralSeries | SpectraAt:
        keys = key if isinstance(key, tuple) else (key,)
        if len(keys) > 2:
            raise IndexError(f"a series has the two axes phase and wave, got {len(keys)} keys")
        series = self
        if len(keys) == 2:
            bins = rows_of_key(self.wave, keys[1], "wave", ANGSTROM)
            series = self._part(np.arange(self.n_phase), np.atleast_1d(bins))
        rows = rows_of_key(self.phase, keys[0], "phase", DAY)
        return series._spectrum(rows) if isinstance(rows, int) else series._part(rows, np.arange(series.n_wave))

    def select(self, *, phase: object = None, wave: object = None) -> SpectralSeries:
        """The part of the series within ranges, both ends included; nothing is interpolated.

        Parameters
        ----------
        phase : (low, high) [d], optional
            Numbers or quantities; None for an open end.
        wave : (low, high) [A], optional

        Returns
        -------
        SpectralSeries

        Raises
        ------
        ValueError
            Where nothing lies within, or the bounds are not two or the wrong way round.
        """
        rows = np.arange(self.n_phase) if phase is None else rows_between(self.phase, phase, "phase", DAY)
        bins = np.arange(self.n_wave) if wave is None else rows_between(self.wave, wave, "wave", ANGSTROM)
        return self._part(rows, bins)

    def at(self, phase: ArrayLike, max_gap: float = np.inf) -> SpectraAt:
        """Spectra at any phases, linear in flux between its own.

        Parameters
        ----------
        phase : float or array_like, (n_phase,) [d]
            In any order; a number or a ``Quantity``.
        max_gap : float [d]
            Widest step between two phases of the series to interpolate over.

        Returns
        -------
        SpectraAt
            One spectrum, (n_wave,), for a number; else (n_phase, n_wave). NaN outside the series, in wider steps, and
            in bins where either neighbor is NaN.

        Raises
        ------
        ValueError
            Where the series has no phases, or ``phase`` is no number of days.
        """
        if not self.n_phase:
            raise ValueError(f"{self.name or 'the series'} has no phases: supply one spectrum or more")
        asked = _days_asked(phase)
        place = neighbors(self.phase, np.atleast_1d(asked), max_gap)
        return SpectraAt(series=self, place=place, phase=readonly(asked, "phase", asked.ndim))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the spectra one below the other in order of phase, scaled to one height; at most 30 of them.

        Phases that are not covered are an open place between them with the length of the gap.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure of pyplot when left out. `sntransport.report.figures.waterfall` is the whole
            figure, with where each bin comes from.

        Returns
        -------
        matplotlib.axes.Axes
        """
        axes = axes_or_new(ax, "SpectralSeries.plot")
        rows = chosen_rows(self.covered)
        if not rows.size:
            raise ValueError(f"{self.name or 'series'}: no phase is covered, there is nothing to draw")
        there = self.covered.any(axis=1)
        places = stack_places(self.phase[rows], self.phase[there], self.phase[~there])
        draw_stack(axes, [(float(self.phase[k]), self.wave, self.flux[k], False) for k in rows], places)
        axes.set_xlabel("Rest-frame wavelength [Å]")
        axes.set_ylabel("Rest-frame phase [d]")
        axes.set_title(label_text(heading(self.name, "", self.sn_type)))
        return axes

    def _part(self, rows: NDArray[np.int64], bins: NDArray[np.int64]) -> SpectralSeries:
        grids = {name: getattr(self, name)[rows][:, bins] for name in ("flux", "flux_err", "origin")}
        return replace(self, phase=self.phase[rows], wave=self.wave[bins], **grids)

    def _spectrum(self, row: int) -> SpectraAt:
        here = np.array([row])
        place = Neighbors(left=here, right=here, share=np.zeros(1))
        return SpectraAt(series=self, place=place, phase=readonly(self.phase[row], "phase", 0))

    def _card(self) -> Card:
        return series_card(self, self.phase, "phase", "rest frame, at 10 pc, free of dust")


@dataclass(frozen=True, eq=False, kw_only=True)
class SpectraAt(ValueObject):
    """Spectra of a series at the phases asked for, worked out when first looked at; made by `SpectralSeries.at`.

    One spectrum, without the axis of phases, where one number was asked for.

    Examples
    --------
    >>> series = snt.SpectralSeries(phase=[0.0, 10.0], wave=[4000.0, 5000.0], flux=[[1.0, 2.0], [3.0, 4.0]])
    >>> series.at(5.0).flux
    array([2., 3.])
    >>> series.at([2.5, 12.0]).flux
    array([[1.5, 2.5],
           [nan, nan]])
    """

    series: SpectralSeries
    place: Neighbors
    phase: Array

    @property
    def wave(self) -> Array:
        """Wavelengths of the series, (n_wave,) [rest-frame A]."""
        return self.series.wave

    @cached_property
    def flux(self) -> Array:
        """Flux (n_phase, n_wave) [erg s-1 cm-2 A-1 at 10 pc], NaN where either neighbor is."""
        return self._frozen(self.place.mean(self.series.flux))

    @cached_property
    def flux_err(self) -> Array:
        """Standard deviation of the flux, (n_phase, n_wave): of two errors that correlate as their phases are apart.

        See `sntransport.spectra.correlation`; NaN where the flux is not known, or its error.
        """
        days = self.series.phase[self.place.right] - self.series.phase[self.place.left]
        return self._frozen(self.place.error(self.series.flux_err, phase_correlation(days)))

    @cached_property
    def origin(self) -> NDArray[np.uint8]:
        """Where each value comes from, (n_phase, n_wave): the less certain `Origin` of the two neighbors."""
        worst = np.maximum(
            self.series.origin[self.place.left],
            np.where(self.place.share[:, None] > 0, self.series.origin[self.place.right], 0),
        )
        known = np.isfinite(self.flux.reshape(worst.shape))
        return readonly(np.where(known, worst, 0).reshape(self._shape), "origin", len(self._shape), np.uint8)

    @cached_property
    def filled(self) -> Array:
        """1 where a value rests on a bin without data of its own (`Origin.EXTRAPOLATED`), else 0; (n_phase, n_wave)."""
        marked = self.series.origin == Origin.EXTRAPOLATED
        known = np.isfinite(self.place.share)[:, None]
        filled = (marked[self.place.left] | marked[self.place.right]) & known
        return self._frozen(np.asarray(filled, dtype=np.float64))

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which phases have any flux, (n_phase,)."""
        return np.asarray(np.isfinite(self.flux).any(axis=-1))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the spectra with their errors over one another, on axes of matplotlib or of a new figure."""
        axes = axes_or_new(ax, "plot")
        shape = (-1, self.wave.size)
        for phase, flux, flux_err in zip(
            np.atleast_1d(self.phase), self.flux.reshape(shape), self.flux_err.reshape(shape), strict=True
        ):
            draw_spectrum(axes, self.wave, flux, flux_err, f"{phase:+.1f} d")
        axes.legend(fontsize=8)
        axes.set_xlabel("Rest-frame wavelength [Å]")
        axes.set_ylabel("Flux at 10 pc [erg s$^{-1}$ cm$^{-2}$ Å$^{-1}$]")
        return axes

    def _frozen(self, rows: Array) -> Array:
        # No copy: these are as large as the series, and made for each call of a correction.
        shaped = rows.reshape(self._shape)
        shaped.setflags(write=False)
        return shaped

    @property
    def _shape(self) -> tuple[int, ...]:
        return (*self.phase.shape, self.wave.size)

    def _card(self) -> Card:
        phases, shape = np.atleast_1d(self.phase), (-1, self.wave.size)
        what = "1 spectrum" if self.phase.ndim == 0 else f"{phases.size} spectra"
        return Card(
            title=heading(f"{what} of", self.series.name or "a series", self.series.sn_type),
            rows=[
                ("phase", f"{span(phases)} d" if phases.size else ""),
                ("wave", f"{self.wave.size} from {span(self.wave, '.0f')} A"),
                ("flux", f"{np.isfinite(self.flux).mean() if self.flux.size else 0.0:.0%} known"),
            ],
            picture=lambda: spectra_sketch(self.wave, self.flux.reshape(shape), f"spectra of {self.series.name}"),
        )


def require_series(value: object, caller: str) -> None:
    """Raise a TypeError that says what to do unless ``value`` is a `SpectralSeries`: at rest, 10 pc, free of dust."""
    if not isinstance(value, SpectralSeries):
        remedies = REMEDIES["SpectralSeries"]
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], SpectraAt):
            raise TypeError(
                f"{caller} takes a SpectralSeries, got a phase with its spectrum, which iteration over a series gives: "
                "where several series are taken, write [series] for one"
            )
        raise wrong_kind(caller, "a SpectralSeries (rest frame, 10 pc, free of dust)", value, remedies)


def _days_asked(phase: ArrayLike) -> Array:
    """Phases that were asked for [d], of a number or many."""
    try:
        return np.asarray(bare(phase, "phase", DAY), dtype=np.float64)
    except (TypeError, ValueError) as error:
        if hasattr(phase, "unit"):
            raise
        remedy = "that of the maximum is sntransport.photometry.find_maximum(series).phase"
        raise ValueError(f"phase is {shown(phase)}, expected days from phase 0; {remedy}") from error


def _check_values(flux: Array, flux_err: Array, origin: NDArray[np.uint8]) -> None:
    if origin.size and origin.max() > max(Origin):
        raise ValueError(f"origin has the value {int(origin.max())}, expected 0 to {int(max(Origin))}")
    if np.any(np.isinf(flux)) or np.any(np.isinf(flux_err)):
        raise ValueError("flux or flux_err is infinite somewhere")
    clash = np.isfinite(flux) != (origin != Origin.NOT_COVERED)
    if np.any(clash):
        i, j = (int(k[0]) for k in np.nonzero(clash))
        raise ValueError(
            f"flux[{i}, {j}] is {flux[i, j]:g} but origin[{i}, {j}] is {int(origin[i, j])}: "
            "flux is NaN exactly where origin is 0"
        )
    with np.errstate(invalid="ignore"):
        if np.any(flux_err < 0):
            raise ValueError("flux_err is negative somewhere")
