"""`NoiseModel`: which parts of the noise are drawn together, and at which flux an error is reported.

A visit of background ``b`` [nJy], ``p`` photo-electrons per nJy, template noise ``t`` [nJy] and relative error ``r`` of
its zero point measures a true flux ``f``. With independent standard normal numbers ``n`` of the visit and ``m`` of
object and band,

    S**2     = b**2 + max(f, 0) / p
    error**2 = S**2 + t**2 + (r f)**2 + (floor f)**2          the calculated error
    measured = f + n sqrt(S**2 + (r f)**2) + m t
    snr      = f / error                                      the true signal-to-noise ratio

An error model gives the scatter ``s error`` and the reported error ``q error``. Then ``S`` and ``t`` are drawn ``s``
times as large (what is beyond the calculated scatter with a normal number of its own, so that it may be common to
visits), and what is reported is ``q error``. Reported at the measured flux it is ``(q error)**2 + (max(measured, 0) -
max(f, 0)) / p``, but no less than ``(q b)**2``. These are the formulas of SNANA (manual, sections "Overview of Model
Magnitudes and Noise Calculation", "Correlated Template Noise" and "Noise Corrections"; snlc_sim.c, gen_fluxNoise).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.value_object import ValueObject
from sntransport.simulation.noise.error_model import ErrorModel, Errors, SeenVisits

SATURATED_ERR = 1e8
"""Error of a saturated flux of 0 [nJy]: SNANA's FLUXCALERR_SATURATE, in FLUXCAL of zero point 31.4."""

LEAST_CORRELATED_SNR = 2.0
"""Visits below do not scatter together: SNANA's FLUXERRMODEL_SNRMIN_REDCOV."""

At = Literal["true", "measured"]
Template = Literal["common", "each", "none"]
ZeroPoint = Literal["band", "visit"]
Part = Literal["both", "flux", "error", "none"]
Saturated = Literal["nan", "zero"]


@dataclass(frozen=True, eq=False, kw_only=True)
class NoiseModel(ValueObject):
    """How fluxes are disturbed and errors are reported; the defaults are those of a simulation without one.

    Parameters
    ----------
    reported_at : {"true", "measured"}
        Which flux the reported error has the Poisson noise of. What is drawn has that of the true flux.
    template : {"common", "each", "none"}
        Noise of the template: one draw for all visits of an object in a band, a draw for each visit, or left out of
        fluxes and errors.
    zero_point : {"band", "visit"}
        Error of the zero point: that of the band (``Survey.zero_point_error``), times 0.4 ln 10; or that of each visit
        (``Survey.more["zero_point_error"]``), as ``10**(0.4 error) - 1``.
    zero_point_in : {"both", "flux", "error", "none"}
        Whether it is drawn and reported, only drawn, only reported, or left out (SNANA's SMEARFLAG_ZEROPT 3, 1, 2 and
        0).
    saturated : {"nan", "zero"}
        A saturated measurement has no flux, or 0 with an error of 1e8 nJy; it has the flag 1024 and is no detection
        either way.
    errors : callable, optional
        An `ErrorModel`, such as `read_error_maps` makes.

    Raises
    ------
    ValueError, TypeError
        For a choice that is not known, or ``errors`` that cannot be called.

    Examples
    --------
    >>> from sntransport.simulation.noise import SNANA_NOISE, NoiseModel
    >>> NoiseModel().saturated, SNANA_NOISE.saturated
    ('nan', 'zero')
    >>> NoiseModel(template="twice")
    Traceback (most recent call last):
        ...
    ValueError: NoiseModel.template is 'twice', expected one of common, each, none
    """

    reported_at: At = "true"
    template: Template = "common"
    zero_point: ZeroPoint = "band"
    zero_point_in: Part = "both"
    saturated: Saturated = "nan"
    errors: ErrorModel | None = None

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(f"NoiseModel.{name} is {getattr(self, name)!r}, expected one of {', '.join(known)}")
        if self.errors is not None and not callable(self.errors):
            raise TypeError(f"NoiseModel.errors is {self.errors!r}, expected a function or what read_error_maps gives")


CHOICES: dict[str, tuple[str, ...]] = {
    "reported_at": get_args(At),
    "template": get_args(Template),
    "zero_point": get_args(ZeroPoint),
    "zero_point_in": get_args(Part),
    "saturated": get_args(Saturated),
}
"""What each field of `NoiseModel` may be."""

SNANA_NOISE = NoiseModel(reported_at="measured", zero_point="visit", zero_point_in="none", saturated="zero")
"""SNANA's own defaults. With SMEARFLAG_ZEROPT use `dataclasses.replace` for ``zero_point_in``."""


class Disturbed(NamedTuple):
    """What `disturb` makes; all (n_obs,)."""

    flux: Array
    flux_err: Array
    saturated: NDArray[np.bool_]
    snr: Array


def disturb(
    model: NoiseModel, seen: SeenVisits, flux: Array, *, offset: NDArray[np.int64], columns: Array, relative: Array,
    floor: Array, normal: Array, of_template: np.random.Generator, of_excess: np.random.Generator,
) -> Disturbed:  # fmt: skip
    """Measured fluxes and their errors, from true ones.

    Parameters
    ----------
    model : NoiseModel
    seen : SeenVisits
        With anything for ``snr``, which is found here.
    flux : ndarray, (n_obs,) [nJy]
        True; becomes the measured one in place.
    offset : ndarray of int, (n_object + 1,)
        The visits of object i are ``offset[i]`` to ``offset[i + 1]``.
    columns : ndarray, (4, n_obs)
        Background [nJy], photons per nJy, saturation [nJy], noise of the template [nJy]; the last is changed where
        the model leaves it out.
    relative, floor : ndarray, (n_band,)
        Relative errors of the bands: of the zero point, and what is reported and never drawn.
    normal : ndarray, (n_obs,)
        Standard normal numbers.
    of_template, of_excess : numpy.random.Generator
        Drawn from only where there is noise of a template, or an error model.

    Returns
    -------
    Disturbed
        ``snr`` is the true flux over the calculated error. A flux of NaN stays so.

    Raises
    ------
    ValueError
        Where a survey lacks a column that the model needs, or an error model gives what is no error.
    """
    from sntransport.simulation.noise import _kernels

    relative = _relative_errors(model, seen, relative)
    if model.template == "none":
        columns[3] = 0.0
    n_object, common = offset.size - 1, np.zeros((0, 0))
    if model.template == "common":
        shape = (n_object, floor.size)
        common = of_template.standard_normal(shape) if columns[3].any() else np.zeros(shape)
    saturated = (np.nan, np.nan) if model.saturated == "nan" else (0.0, SATURATED_ERR)
    how = _kernels.Choices(
        float(model.zero_point_in in ("both", "flux")), float(model.zero_point_in in ("both", "error")),
        model.template == "common", model.reported_at == "measured", *saturated,
    )  # fmt: skip
    drawn = reported = excess = np.empty(0)
    if model.errors is not None:
        error = np.empty(flux.size)
        _kernels.calculated_errors(columns, seen.band, relative, floor, flux, how.zero_point_reported, error)
        told = _with_snr(seen, np.divide(flux, error))
        drawn, reported, excess = _modeled(model.errors, told, error, offset=offset, rng=of_excess)
    made = Disturbed(flux, np.empty(flux.size), np.empty(flux.size, dtype=np.bool_), np.empty(flux.size))
    _kernels.disturb_fluxes(
        offset, columns, seen.band, relative, floor, normal, common, drawn, reported, excess, how, *made
    )
    return made


def _relative_errors(model: NoiseModel, seen: SeenVisits, relative: Array) -> Array:
    """Relative error (n_obs,) of the zero point of each visit."""
    if model.zero_point_in == "none":
        return np.zeros(seen.band.size)
    if model.zero_point == "band":
        return relative[seen.band]
    return np.asarray(10.0 ** (0.4 * seen.column("zero_point_error")) - 1.0)


def _with_snr(seen: SeenVisits, snr: Array) -> SeenVisits:
    return SeenVisits(
        surveys=seen.surveys, bands=seen.bands, survey=seen.survey, visit=seen.visit, band=seen.band, mjd=seen.mjd,
        snr=snr,
    )  # fmt: skip


def _modeled(
    model: ErrorModel, seen: SeenVisits, error: Array, *, offset: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Array, Array, Array]:  # fmt: skip
    """What errors are multiplied by to be drawn and reported, and normal numbers of what is beyond; all (n_obs,)."""
    made = model(error, seen)
    known = np.isfinite(seen.snr)
    for name, values in (("drawn", made.drawn), ("reported", made.reported)):
        if np.shape(values) != error.shape:
            raise ValueError(f"the error model gives {name} of shape {np.shape(values)}, expected {error.shape}")
        if np.any(bad := known & ~(np.isfinite(values) & (np.asarray(values) > 0))):
            first = int(np.flatnonzero(bad)[0])
            raise ValueError(
                f"the error model gives {name} {np.asarray(values)[first]:g} nJy at MJD {seen.mjd[first]:.4f} in "
                f"{seen.bands[seen.band[first]]}, expected an error above 0"
            )
    return made.drawn / error, made.reported / error, _excess(made, seen, offset, rng)


def _excess(made: Errors, seen: SeenVisits, offset: NDArray[np.int64], rng: np.random.Generator) -> Array:
    """Standard normal numbers (n_obs,), correlated within the groups of an object."""
    own = rng.standard_normal(seen.band.size)
    if made.group is None or made.correlation is None:
        return own
    owner = np.repeat(np.arange(offset.size - 1), np.diff(offset))
    together = rng.standard_normal((offset.size - 1, max(int(made.group.max(initial=-1)) + 1, 1)))
    share = np.where((made.group >= 0) & (seen.snr >= LEAST_CORRELATED_SNR), made.correlation, 0.0)
    if not np.all((share >= 0) & (share <= 1)):
        raise ValueError("the error model gives a correlation that is not within 0 and 1")
    # Of one variance, and any two of a group have the correlation asked for.
    return np.asarray(np.sqrt(share) * together[owner, made.group] + np.sqrt(1.0 - share) * own)
