"""What a survey notices: the chance that a measurement is a detection, and the detections that make a trigger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_finite, require_shape, set_fields

PHOTFLAG_SATURATED = 1024
"""Bit of a saturated measurement, as SNANA's public simulations (ELAsTiCC) use it."""

PHOTFLAG_TRIGGER = 2048
"""Bit of the one measurement that completes the trigger."""

PHOTFLAG_DETECTION = 4096
"""Bit of every detection."""


Epochs = Literal["detections", "visits"]
"""What begins an epoch of a trigger: the next detection, or the next visit, detected or not."""


@dataclass(frozen=True, eq=False, kw_only=True)
class DetectionEfficiency:
    """Probability of detection against signal-to-noise ratio, for each band.

    Parameters
    ----------
    bands : sequence of str, (n_band,)
        Names of `sntransport.load_bands`; ``"*"`` is every band that is not listed.
    snr : array_like, (n_snr,)
        Flux over its error, strictly increasing.
    probability : array_like, (n_band, n_snr)
        From 0 to 1; linear in between, constant beyond the ends.
    absolute : bool
        Whether the curve is of the absolute value of the ratio, so that a deep negative flux counts too.
    true : bool
        Whether the ratio is that of the true flux to its calculated error, as SNANA has it, and not the measured one.
        Where it is 0 or less there is then no detection, unless ``absolute``.
    source : str

    Raises
    ------
    ValueError
        Where shapes differ, ``snr`` does not increase or a probability is not within 0 and 1.

    Examples
    --------
    >>> from sntransport.simulation.selection import DetectionEfficiency
    >>> DetectionEfficiency(bands=["*"], snr=[3.0, 5.0, 8.0], probability=[[0.0, 0.5, 1.0]]).probability[0, 1].item()
    0.5
    """

    bands: tuple[str, ...]
    snr: Array
    probability: Array
    absolute: bool = False
    true: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        snr = readonly(self.snr, "DetectionEfficiency.snr")
        require_finite(snr, "DetectionEfficiency.snr")
        if snr.size < 1 or np.any(np.diff(snr) <= 0):
            raise ValueError("DetectionEfficiency.snr does not strictly increase")
        probability = readonly(self.probability, "DetectionEfficiency.probability", ndim=2)
        shape = (len(self.bands), snr.size)
        require_shape(probability, "DetectionEfficiency.probability", shape, "(n_band, n_snr)")
        if not np.all((probability >= 0) & (probability <= 1)):
            raise ValueError("DetectionEfficiency.probability has values that are not within 0 and 1")
        if len(set(self.bands)) != len(self.bands):
            raise ValueError(f"DetectionEfficiency.bands is {self.bands}, expected each band once")
        set_fields(self, bands=tuple(self.bands), snr=snr, probability=probability)


def step_efficiency(threshold: float = 5.0, *, true: bool = False) -> DetectionEfficiency:
    """Every band: a detection at or above ``threshold``, none below it; of the true ratio where ``true``.

    Examples
    --------
    >>> from sntransport.simulation.selection.detection import step_efficiency
    >>> step_efficiency(3.0).bands
    ('*',)
    """
    snr = np.array([np.nextafter(threshold, -np.inf), threshold])
    return DetectionEfficiency(bands=("*",), snr=snr, probability=np.array([[0.0, 1.0]]), true=true)


def detection_probability(
    flux: ArrayLike, flux_err: ArrayLike, band: NDArray[np.integer], efficiency: DetectionEfficiency, *,
    bands: Sequence[str] | None = None,
) -> Array:  # fmt: skip
    """Chance of each measurement to be a detection.

    Parameters
    ----------
    flux, flux_err : array_like, (n_obs,) [nJy]
        Measured, or for a curve of the true ratio the true flux and its calculated error (or the ratio and 1). Where
        either is NaN or the error is not positive the chance is 0.
    band : ndarray of int, (n_obs,)
        Index into ``bands``.
    efficiency : DetectionEfficiency
    bands : sequence of str, optional
        Default: ``efficiency.bands``; they need not be given where there is one curve for all.

    Returns
    -------
    ndarray, (n_obs,)

    Raises
    ------
    ValueError
        For a band that occurs and has no curve.
    """
    flux, flux_err = np.asarray(flux, dtype=np.float64), np.asarray(flux_err, dtype=np.float64)
    usable = np.isfinite(flux) & (flux_err > 0)
    snr = np.divide(flux, flux_err, out=np.zeros(flux.shape), where=usable)
    snr = np.abs(snr) if efficiency.absolute else snr
    if efficiency.true and not efficiency.absolute:
        usable &= snr > 0
    probability = np.zeros(flux.shape)
    if efficiency.bands == ("*",):
        probability[usable] = np.interp(snr[usable], efficiency.snr, efficiency.probability[0])
        return probability
    for index in np.unique(band):
        rows = np.flatnonzero((band == index) & usable)
        curve = _curve(efficiency, (efficiency.bands if bands is None else bands)[index])
        probability[rows] = np.interp(snr[rows], efficiency.snr, curve)
    return probability


def detect(
    flux: ArrayLike, flux_err: ArrayLike, *, band: NDArray[np.integer], mjd: Array, offset: NDArray[np.integer],
    efficiency: DetectionEfficiency, random: np.random.Generator | ArrayLike, bands: Sequence[str] | None = None,
) -> NDArray[np.bool_]:  # fmt: skip
    """Which measurements are detections, each for itself.

    Parameters
    ----------
    flux, flux_err, band, efficiency, bands
        As for `detection_probability`.
    mjd : ndarray, (n_obs,) [d]
    offset : ndarray of int, (n_object + 1,)
        Dates and the objects they belong to, for a function of one's own in place of this one; not used here.
    random : numpy.random.Generator or array_like, (n_obs,)
        Uniform numbers from 0 to 1 (1 excluded), or what to draw them with, one for each measurement.

    Returns
    -------
    ndarray of bool, (n_obs,)

    Examples
    --------
    >>> from sntransport.simulation.selection.detection import detect, step_efficiency
    >>> found = detect(
    ...     [100.0, 20.0],
    ...     [10.0, 10.0],
    ...     band=np.array([0, 0]),
    ...     mjd=np.array([60000.0, 60003.0]),
    ...     offset=np.array([0, 2]),
    ...     efficiency=step_efficiency(5.0),
    ...     random=np.random.default_rng(1),
    ... )
    >>> found.tolist()
    [True, False]
    """
    probability = detection_probability(flux, flux_err, band, efficiency, bands=bands)
    uniform = random.random(probability.shape) if isinstance(random, np.random.Generator) else np.asarray(random)
    return np.asarray(uniform < probability)


class Trigger(NamedTuple):
    """What `trigger` finds, one row an object.

    Examples
    --------
    >>> from sntransport.simulation.selection import logic_trigger, parse_trigger
    >>> found = logic_trigger(
    ...     parse_trigger("2 epochs"),
    ...     np.array([True, True]),
    ...     np.array([60000.0, 60003.0]),
    ...     band=np.array([0, 1]),
    ...     offset=np.array([0, 2]),
    ...     bands=["ztfg", "ztfr"],
    ... )
    >>> found.triggered.tolist(), found.mjd.tolist()
    ([True], [60003.0])
    """

    triggered: NDArray[np.bool_]
    first_detection: Array
    """Date of the first detection [d], NaN where there is none."""
    mjd: Array
    """Date of the detection that completes the trigger [d], NaN where there is none."""


def trigger(
    detected: NDArray[np.bool_], mjd: Array, offset: NDArray[np.integer], *,
    n_epochs: int = 2, epoch_window: float = 0.02, epochs: Epochs = "detections",
) -> Trigger:  # fmt: skip
    """Which objects have detections at enough epochs.

    An epoch begins with a detection and takes in all detections up to ``epoch_window`` later; the first one after that
    begins the next. With ``epochs="visits"`` it is the next visit, detected or not, that begins an epoch, and an epoch
    counts if it has a detection: SNANA's NEWMJD_DIF. A trigger is the first detection of epoch number ``n_epochs``
    that counts.

    Parameters
    ----------
    detected : ndarray of bool, (n_obs,)
    mjd : ndarray, (n_obs,) [d]
        In any order within an object.
    offset : ndarray of int, (n_object + 1,)
        The measurements of object i are ``offset[i]`` to ``offset[i + 1]``.
    n_epochs : int
    epoch_window : float [d]
        0: every distinct date is an epoch.
    epochs : {"detections", "visits"}

    Returns
    -------
    Trigger

    Raises
    ------
    ValueError
        Where ``n_epochs`` is below 1 or ``epoch_window`` is negative.
    """
    if epochs not in get_args(Epochs):
        raise ValueError(f"epochs is {epochs!r}, expected one of {', '.join(get_args(Epochs))}")
    if n_epochs < 1 or not epoch_window >= 0:
        raise ValueError(f"n_epochs is {n_epochs} and epoch_window {epoch_window}, expected 1 and 0 or more")
    if epochs == "visits":
        return _trigger_of_visits(detected, mjd, offset, epoch_window, n_epochs)
    n_object = len(offset) - 1
    rows = np.flatnonzero(detected)
    owner, dates = np.searchsorted(offset, rows, side="right") - 1, np.asarray(mjd, dtype=np.float64)[rows]
    end = np.full(n_object, -np.inf)
    for epoch in range(n_epochs):
        begin = np.full(n_object, np.inf)
        later = dates > end[owner]
        np.minimum.at(begin, owner[later], dates[later])
        if epoch == 0:
            first = begin
        end = begin + epoch_window
    triggered = np.isfinite(begin)
    return Trigger(triggered, np.where(np.isfinite(first), first, np.nan), np.where(triggered, begin, np.nan))


def _trigger_of_visits(
    detected: NDArray[np.bool_], mjd: Array, offset: NDArray[np.integer], window: float, n_epochs: int
) -> Trigger:  # fmt: skip
    """The trigger whose epochs begin with visits, detected or not."""
    from sntransport.simulation.selection import _kernels

    first, found = np.full((2, len(offset) - 1), np.nan)
    dates, bounds = np.asarray(mjd, dtype=np.float64), np.asarray(offset, dtype=np.int64)
    _kernels.trigger_of_visits(np.asarray(detected), dates, bounds, window, n_epochs, first, found)
    return Trigger(np.isfinite(found), first, found)


def photflags(
    detected: NDArray[np.bool_], mjd: Array, offset: NDArray[np.integer], mjd_trigger: Array
) -> NDArray[np.int32]:  # fmt: skip
    """SNANA's PHOTFLAG bits of each measurement: 4096 a detection, 2048 the one that completes the trigger.

    Parameters
    ----------
    detected, mjd, offset
        As for `trigger`.
    mjd_trigger : ndarray, (n_object,) [d]
        ``Trigger.mjd``.

    Returns
    -------
    ndarray of int32, (n_obs,)
        Of several detections at the date of the trigger the first in the table has its bit.
    """
    flags = np.where(detected, np.int32(PHOTFLAG_DETECTION), np.int32(0))
    owner = np.repeat(np.arange(len(offset) - 1), np.diff(offset))
    candidates = np.flatnonzero(np.asarray(detected) & (np.asarray(mjd) == np.asarray(mjd_trigger)[owner]))
    _, first = np.unique(owner[candidates], return_index=True)
    flags[candidates[first]] |= np.int32(PHOTFLAG_TRIGGER)
    return flags


def _curve(efficiency: DetectionEfficiency, band: str) -> Array:
    for name in (band, "*"):
        if name in efficiency.bands:
            return np.asarray(efficiency.probability[efficiency.bands.index(name)])
    known = ", ".join(efficiency.bands)
    raise ValueError(f"no detection efficiency for band {band!r} (there is one for {known}); add it, or one for '*'")
