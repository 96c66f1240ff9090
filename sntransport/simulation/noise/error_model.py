"""Errors beyond photon statistics: what a function that changes the error of visits is told, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport.simulation.surveys.survey import Survey, field_name


@dataclass(frozen=True, eq=False, kw_only=True)
class SeenVisits:
    """The visits that an error model is asked about, all (n_obs,).

    Parameters
    ----------
    surveys : tuple of Survey
    bands : tuple of str, (n_band,)
        Those of all surveys, one after the other.
    survey : ndarray of int
        Index into ``surveys``.
    visit : ndarray of int
        Row of that survey.
    band : ndarray of int
        Index into ``bands``.
    mjd : ndarray [d]
    snr : ndarray
        True flux over the calculated error, before the model.

    Examples
    --------
    >>> from sntransport.simulation.noise import Errors, NoiseModel, SeenVisits
    >>> def floor(seen: SeenVisits, error):
    ...     more = np.where(seen.snr > 50.0, 1.1 * error, error)
    ...     return Errors(drawn=more, reported=more)
    >>> NoiseModel(errors=floor).errors is floor
    True
    """

    surveys: tuple[Survey, ...]
    bands: tuple[str, ...]
    survey: NDArray[np.int64]
    visit: NDArray[np.int64]
    band: NDArray[np.int16]
    mjd: Array
    snr: Array

    def column(self, name: str, rows: NDArray[np.int64] | None = None) -> NDArray[Any]:
        """A further column of the surveys (``Survey.more``), such as ``psf``; or ``field_name``, which all have.

        Parameters
        ----------
        name : str
        rows : ndarray of int, (n_row,), optional
            The visits it is asked of, all unless given: a survey without the column may have others.

        Returns
        -------
        ndarray, (n_obs,) or (n_row,)

        Raises
        ------
        ValueError
            Where a survey that has visits among them does not have it.
        """
        survey, visit = (self.survey, self.visit) if rows is None else (self.survey[rows], self.visit[rows])
        used = [0] if len(self.surveys) == 1 else np.unique(survey).tolist()
        parts = {index: _columns_of(self.surveys[index], name) for index in used}
        if len(used) == 1:
            return np.asarray(parts[used[0]][visit])
        made = np.empty(visit.size, dtype=np.result_type(*parts.values()) if parts else np.float64)
        for index, values in parts.items():
            here = survey == index
            made[here] = values[visit[here]]
        return made


_FIELDS: WeakKeyDictionary[Survey, NDArray[np.str_]] = WeakKeyDictionary()


def field_names(survey: Survey) -> NDArray[np.str_]:
    """The name of the field of each visit.

    Parameters
    ----------
    survey : Survey

    Returns
    -------
    ndarray of str, (n_visit,)
        Of its further column ``field_name`` where it has one; else of its numbers of fields, empty for visits of none.
    """
    if "field_name" in survey.more:
        return survey.more["field_name"]
    if survey not in _FIELDS:
        numbers, place = np.unique(survey.field, return_inverse=True)
        _FIELDS[survey] = np.array([field_name(survey, number) for number in numbers.tolist()])[place]
    return _FIELDS[survey]


def _columns_of(survey: Survey, name: str) -> NDArray[Any]:
    """A further column (n_visit,) of a survey."""
    if name == "field_name":
        return field_names(survey)
    if name in survey.more:
        return survey.more[name]
    known = ", ".join(survey.more) or "none"
    raise ValueError(
        f"the error model asks for {name!r}, which survey {survey.name!r} does not have (it has {known}); give it in "
        "Survey.more, or leave it out of the model"
    )


class Errors(NamedTuple):
    """What an error model gives; all (n_obs,).

    Examples
    --------
    >>> from sntransport.simulation.noise import Errors
    >>> errors = Errors(drawn=np.array([30.0, 40.0]), reported=np.array([28.0, 38.0]))
    >>> errors.group is None
    True
    """

    drawn: Array
    """Standard deviation that the flux is to scatter with [nJy], without the error of the zero point."""
    reported: Array
    """The error that is reported [nJy]."""
    group: NDArray[np.int64] | None = None
    """Group of visits of an object that scatter together, -1 for none; or None."""
    correlation: Array | None = None
    """Of the scatter beyond the calculated one, between any two visits of a group; 0 to 1."""


ErrorModel = Callable[[Array, SeenVisits], Errors]
"""``errors(flux_err, seen)``: from the calculated errors (n_obs,) [nJy] of visits to those drawn and reported."""
