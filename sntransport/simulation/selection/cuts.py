"""Cuts: what an object must be, or a survey have measured of it, to be kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, set_fields
from sntransport.photometry.bands import load_bands
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION, PHOTFLAG_SATURATED
from sntransport.simulation.selection.objects import Objects, named
from sntransport.simulation.selection.trigger_language import bands_of
from sntransport.simulation.selection.trigger_logic import NIGHT
from sntransport.simulation.surveys.footprint import galactic_latitude

# In the order of the numbers of the kernel.
MEASURED = ("n_obs", "n_nights", "n_detections", "n_saturated", "snr_max", "first_phase", "last_phase", "largest_gap")
"""Quantities of measurements."""

OF_PLACE = ("abs_galactic_latitude", "has_redshift")
"""Quantities of the truth that are no columns of it."""

_ALL_WAVES = (0.0, np.inf)


@dataclass(frozen=True, eq=False, kw_only=True)
class Cut:
    """A range within which a quantity of an object must be; SNANA's ``CUTWIN``.

    Parameters
    ----------
    quantity : str or callable
        Of measurements: ``n_obs``; ``n_nights`` (dates of measurements more than half a day apart); ``n_detections``;
        ``n_saturated``; ``snr_max`` (flux over its error); ``first_phase``, ``last_phase`` and ``largest_gap`` (between
        neighbors) [rest-frame d]. Of the truth: ``peak_mag``, the brightest of the bands; any column of
        numbers, such as ``z``, ``ebv_mw``, ``dec`` or ``has_spectrum``; ``abs_galactic_latitude`` [deg];
        ``has_redshift``, whether it has a spectrum or a host redshift. Or a function of the light curves that gives
        numbers or truth values, (n_object,).
    least, most : float
        Both included; NaN, as of an object without measurements, is not within. Of truth values True is 1.
    bands : sequence of str
        Only measurements, or peaks, in these: names of bands or their ends, such as ``g``. None: all.
    n_bands : int
        In how many of the bands, each for itself, the quantity must be within the range; 0: that of all together.
    phase : tuple of float [rest-frame d]
        Only measurements from the first to the second.
    snr : float
        Only measurements with this signal-to-noise ratio or more.
    rest_wave : tuple of float [A]
        Only measurements in bands whose mean wavelength, over 1 + z, is within.
    detected : bool
        Only detections.
    name : str
        What rejections are counted under. Default: made of the others.

    Raises
    ------
    ValueError
        Where ``least`` is above ``most``, or ``n_bands`` is not for this quantity.

    Examples
    --------
    >>> from sntransport.simulation.selection import Cut
    >>> Cut(quantity="snr_max", least=5.0, bands=["g", "r"], n_bands=2).name
    '5 <= snr_max; in 2 of g, r'
    """

    quantity: str | Callable[[Any], ArrayLike]
    least: float = -np.inf
    most: float = np.inf
    bands: tuple[str, ...] = ()
    n_bands: int = 0
    phase: tuple[float, float] = (-np.inf, np.inf)
    snr: float = -np.inf
    rest_wave: tuple[float, float] = _ALL_WAVES
    detected: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        pairs = {key: tuple(map(float, getattr(self, key))) for key in ("phase", "rest_wave")}
        set_fields(self, bands=tuple(self.bands), least=float(self.least), most=float(self.most), **pairs)
        for key, (low, high) in {"least and most": (self.least, self.most), **pairs}.items():
            if not low <= high:
                raise ValueError(f"Cut: {key} are {low:g} and {high:g}, expected the first not above the second")
        of_bands = self.quantity in MEASURED or self.quantity == "peak_mag"
        if self.n_bands < 0 or (self.n_bands and not of_bands) or (self.bands and self.n_bands > len(self.bands)):
            raise ValueError(f"Cut: n_bands is {self.n_bands} for {self.quantity} in {len(self.bands) or 'all'} bands")
        if self._filters() and self.quantity not in MEASURED:
            raise ValueError(f"Cut: {', '.join(self._filters())} choose measurements, but {self.quantity} is of none")
        if self.bands and not of_bands:
            raise ValueError(f"Cut: {self.quantity} is of no band, so bands choose nothing")
        set_fields(self, name=self.name or self.told())

    def passes(self, objects: Objects, among: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        """Which objects are within, (n_object,); with ``among`` only some of these need be looked at.

        Raises
        ------
        ValueError
            For a band or a quantity that there is not.
        """
        if callable(self.quantity):
            return self._within(np.asarray(self.quantity(objects), dtype=np.float64))
        if self.quantity in MEASURED or self.quantity == "peak_mag":
            groups = band_groups(self.bands, objects.bands)
            groups = groups if self.n_bands else np.where(groups >= 0, 0, -1)
            values = _measured(self, objects, groups, among) if self.quantity in MEASURED else _peaks(objects, groups)
            return np.asarray(self._within(values).sum(axis=1) >= max(self.n_bands, 1))
        return self._within(_true(self.quantity, objects))

    def _within(self, values: Array) -> NDArray[np.bool_]:
        return np.asarray((values >= self.least) & (values <= self.most))

    def _filters(self) -> list[str]:
        unset = {"phase": (-np.inf, np.inf), "snr": -np.inf, "rest_wave": _ALL_WAVES, "detected": False}
        return [key for key, value in unset.items() if getattr(self, key) != value]

    def told(self) -> str:
        """All that it asks, in one line."""
        name = named(self.quantity) if callable(self.quantity) else self.quantity
        low = "" if self.least == -np.inf else f"{self.least:.12g} <= "
        high = "" if self.most == np.inf else f" <= {self.most:.12g}"
        own = [f"{key} {_shown(getattr(self, key))}" for key in self._filters()]
        own += [f"in {self.n_bands} of {', '.join(self.bands) or 'all bands'}"] if self.n_bands else []
        own += [f"in {', '.join(self.bands)}"] if self.bands and not self.n_bands else []
        return "; ".join([f"{low}{name}{high}", *own])


def band_groups(names: Sequence[str], bands: Sequence[str]) -> NDArray[np.int64]:
    """Which of the names each band has, (n_band,), -1 for none; without names each band is one of its own."""
    if not names:
        return np.arange(len(bands))
    groups = np.full(len(bands), -1, dtype=np.int64)
    for number, name in enumerate(names):
        groups[list(bands_of(name, bands))] = number
    return groups


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " to ".join(f"{one:.12g}" for one in value)
    return "only" if value is True else f"{value:.12g}"


def _measured(
    cut: Cut, objects: Objects, groups: NDArray[np.int64], among: NDArray[np.bool_] | None
) -> Array:  # fmt: skip
    """A quantity of the measurements in each group of bands, (n_object, n_group)."""
    from sntransport.simulation.selection import _kernels

    out = np.empty((objects.offset.size - 1, int(groups.max(initial=0)) + 1))
    waves = cut.rest_wave if cut.rest_wave != _ALL_WAVES else (-np.inf, np.inf)
    mean = [0.0 if cut.rest_wave == _ALL_WAVES else _mean_wave(name) for name in objects.bands]
    bits = np.array([PHOTFLAG_DETECTION, PHOTFLAG_SATURATED])
    _kernels.measured(
        MEASURED.index(str(cut.quantity)), objects.offset, objects.mjd, objects.flux, objects.flux_err, groups,
        objects.photflag, objects.band, objects.truth.mjd_ref, objects.truth.z, np.array(cut.phase),
        cut.snr, np.array(mean), np.array(waves), bits, PHOTFLAG_DETECTION if cut.detected else 0,
        NIGHT, np.ones(out.shape[0], dtype=bool) if among is None else among, out,
    )  # fmt: skip
    return out


@cache
def _mean_wave(name: str) -> float:
    (band,) = load_bands([name])
    return float(np.trapezoid(band.wave * band.throughput, band.wave) / np.trapezoid(band.throughput, band.wave))


def _peaks(objects: Objects, groups: NDArray[np.int64]) -> Array:
    """The brightest peak in each group of bands, (n_object, n_group); NaN where none is covered."""
    mag = np.where(np.isnan(objects.truth.peak_mag), np.inf, objects.truth.peak_mag)
    each = [mag[:, groups == g].min(axis=1, initial=np.inf) for g in range(int(groups.max(initial=0)) + 1)]
    brightest = np.stack(each, axis=1)
    return np.where(brightest < np.inf, brightest, np.nan)


def _true(quantity: str, objects: Objects) -> Array:
    columns = objects.truth.columns()
    if quantity == "abs_galactic_latitude":
        return np.abs(galactic_latitude(columns["ra"], columns["dec"]))
    wanted = ("has_spectrum", "has_host_redshift") if quantity == "has_redshift" else (quantity,)
    found = [columns[name] for name in wanted if name in columns]
    if not found or any(column.ndim != 1 or column.dtype.kind not in "biuf" for column in found):
        known = [name for name, column in columns.items() if column.ndim == 1 and column.dtype.kind in "biuf"]
        raise ValueError(f"no quantity {quantity!r} to cut on; use one of {', '.join((*MEASURED, *OF_PLACE, *known))}")
    return np.asarray(np.max(np.asarray(found, dtype=np.float64), axis=0))
