"""Parts of an axis by its values or by place, with or without units: what ``select`` and ``[...]`` of a series mean."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.quantities import bare_number, shown

# Share of a bound by which rounding of units may miss a value of the axis.
_ROUNDING = 1e-12

Rows = NDArray[np.int64]


def rows_between(axis: Array, bounds: Any, name: str, unit: str) -> Rows:
    """Places of an increasing axis within bounds, both ends included.

    Parameters
    ----------
    axis : ndarray, (n,)
    bounds : (low, high)
        Numbers in ``unit`` or quantities; None for an open end.
    name, unit : str
        Of the axis.

    Raises
    ------
    ValueError
        Where the bounds are not two, are the wrong way round or hold no value of the axis.
    """
    try:
        low, high = bounds
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} is {shown(bounds)}, expected two bounds: {name}=(low, high), None for an open end"
        ) from None
    ends = (_end(low, name, unit, -np.inf), _end(high, name, unit, np.inf))
    if ends[0] > ends[1]:
        raise ValueError(f"{name} goes from {ends[0]:g} to {ends[1]:g}, expected the smaller bound first")
    # 0.45 um is a hair below 4500 A.
    near = [
        end + sign * _ROUNDING * abs(end) if np.isfinite(end) else end for end, sign in zip(ends, (-1, 1), strict=True)
    ]
    rows = np.flatnonzero((axis >= near[0]) & (axis <= near[1]))
    if not rows.size:
        there = f"it has {axis[0]:g} to {axis[-1]:g}" if axis.size else "it has none"
        raise ValueError(f"no {name} lies within {ends[0]:g} to {ends[1]:g} {unit}: {there}")
    return rows


def rows_of_key(axis: Array, key: Any, name: str, unit: str) -> Rows | int:
    """Places of an axis that stand in square brackets.

    Parameters
    ----------
    axis : ndarray, (n,)
    key : int, slice, or array of bool or int
        A slice counts places where its ends are whole numbers, and takes values, both ends included, where they are
        quantities.
    name, unit : str
        Of the axis.

    Returns
    -------
    int or ndarray
        One place for an int.

    Raises
    ------
    IndexError
        For a place that is not there, and for plain numbers with a fraction, which may be meant as values.
    ValueError
        For a selection that is empty.
    """
    if isinstance(key, int | np.integer) and not isinstance(key, bool):
        if not -axis.size <= key < axis.size:
            raise IndexError(f"{name} {key} of {axis.size}")
        return int(key) % axis.size
    if isinstance(key, slice):
        ends = (key.start, key.stop)
        if any(hasattr(end, "unit") for end in ends):
            if key.step is not None:
                raise IndexError(f"a slice of {name} by quantities has no step")
            return rows_between(axis, ends, name, unit)
        if any(isinstance(end, float | np.floating) for end in ends):
            raise IndexError(
                f"a slice of {name} counts places: for values write select({name}=({ends[0]}, {ends[1]})), "
                "or give quantities"
            )
        rows = np.arange(axis.size)[key]
        rows = rows if key.step is None or key.step > 0 else np.sort(rows)
    else:
        index = np.asarray(key)
        if index.dtype.kind not in "bi" or index.ndim != 1:
            raise IndexError(f"{name} cannot be selected by {shown(key)}: use a number, a slice or an array of places")
        rows = np.sort(np.arange(axis.size)[index])
    if not rows.size:
        raise ValueError(f"no {name} is left of {axis.size}")
    return np.asarray(rows, dtype=np.int64)


def _end(end: object, name: str, unit: str, open_end: float) -> float:
    return open_end if end is None else bare_number(end, f"the bound of {name}", unit)
