"""The field of an object: that of most of its visits."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from sntransport.simulation.surveys.survey import Survey, field_name

_CODES: "WeakKeyDictionary[Survey, tuple[tuple[str, ...], NDArray[np.int64]]]" = WeakKeyDictionary()


def field_codes(surveys: Sequence[Survey]) -> tuple[tuple[str, ...], list[NDArray[Any]]]:
    """Names of the fields of all surveys, sorted, and which of them each visit of each survey is of; -1: of none.

    ``field_names`` of the survey count; a field without a name is called by its number.
    """
    coded = [_coded(survey) for survey in surveys]
    names = tuple(sorted({name for own, _ in coded for name in own}))
    number = {name: i for i, name in enumerate(names)}
    place = [np.array([*map(number.__getitem__, own), -1], dtype=np.int64) for own, _ in coded]
    # Small numbers, of which more are near the one that is read.
    kind = np.min_scalar_type(-max(len(names), 1))
    return names, [to.astype(kind)[code] for to, (_, code) in zip(place, coded, strict=True)]


def object_fields(names: Sequence[str], code: NDArray[Any], offset: NDArray[np.int64]) -> NDArray[np.str_]:
    """The field that each object is in, by name, (n_object,).

    Parameters
    ----------
    names : sequence of str
    code : ndarray, (n_obs,)
        The field of each measurement, an index into ``names``; -1: of none.
    offset : ndarray of int, (n_object + 1,)

    Returns
    -------
    ndarray of str, (n_object,)
        The field with most measurements, of equal ones the first by name; empty where none is of a known field.
    """
    from sntransport.simulation.selection import _kernels

    best = np.empty(len(offset) - 1, dtype=np.int64)
    _kernels.most_common(offset, np.ascontiguousarray(code, dtype=np.float64), len(names), best)
    return np.asarray(np.array([*names, ""])[best])


def _coded(survey: Survey) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names of the fields of a survey, and which of them each visit is of, -1 where not known; kept with the survey."""
    if survey not in _CODES:
        numbers, which = np.unique(survey.field, return_inverse=True)
        given = [field_name(survey, int(number)) for number in numbers]
        names = tuple(sorted({name for name in given if name}))
        place = {name: i for i, name in enumerate(names)}
        code = np.array([place.get(name, -1) for name in given], dtype=np.int64)
        _CODES[survey] = names, code[which]
    return _CODES[survey]
