"""The checks every value object makes of its arrays: type, shape, order; made once, then read-only."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.quantities import bare, shown

Array = NDArray[np.float64]
Span: TypeAlias = "slice[int, int, int]"
"""Neighboring bins or rows; in quotes, since `slice` takes types for a type checker only."""


def readonly(
    value: ArrayLike,
    name: str,
    ndim: int = 1,
    dtype: Any = np.float64,
    *,
    unit: str | None = None,
    wave: ArrayLike | None = None,
) -> NDArray[Any]:
    """``value`` as a C-ordered, read-only array that nobody else writes to: a copy, or itself if it is one already.

    Parameters
    ----------
    value : array_like
        Anything numpy turns into an array of ``dtype``.
    name : str
        What to call it in an error message.
    ndim : int
        The number of dimensions it must have.
    dtype : dtype
        Its type.
    unit, wave
        What to convert a value to that carries a unit; see `sntransport._numerics.quantities.bare`.

    Returns
    -------
    ndarray
        ``value`` itself only if it owns its memory and is read-only, as the arrays of all value objects are.

    Raises
    ------
    ValueError
        If it cannot be converted, or only with a loss (1.5 or 300 as an 8-bit integer, a unit or a mask), or has
        another number of dimensions.
    """
    value = bare(value, name, unit, wave)
    # Variants of a value object share what they do not change.
    if isinstance(value, np.ndarray) and value.dtype == dtype and value.ndim == ndim:
        frozen = value.base is None and value.flags.c_contiguous and not value.flags.writeable
        if frozen:
            return value
    try:
        array = _converted(value, np.dtype(dtype))
    except (TypeError, ValueError, OverflowError) as error:
        # numpy's own words about a text or a loss are clear, those about another object are not.
        reason = f"got {shown(value)}" if isinstance(error, TypeError) else error
        raise ValueError(f"{name} cannot be read as numbers: {reason}") from None
    if array.ndim != ndim:
        alone = f": write [{shown(value, 40)}]" if (array.ndim, ndim) == (0, 1) else ""
        raise ValueError(f"{name} has {array.ndim} dimensions {array.shape}, expected {ndim}{alone}")
    array.setflags(write=False)
    return array


def borrowed(value: ArrayLike, name: str, ndim: int = 1) -> Array:
    """``value`` as a C-ordered, read-only float64 array for work that ends with the call: a view where one will do.

    Parameters
    ----------
    value, name, ndim
        As in `readonly`.

    Returns
    -------
    ndarray
        Not to be kept: its owner may write to it later.

    Raises
    ------
    ValueError
        As `readonly`.
    """
    if type(value) is np.ndarray and value.dtype == np.float64 and value.ndim == ndim and value.flags.c_contiguous:
        if not value.flags.writeable:
            return value
        view = value.view()
        view.setflags(write=False)
        return view
    return readonly(value, name, ndim)


def _converted(value: ArrayLike, dtype: np.dtype[Any]) -> NDArray[Any]:
    """A copy as ``dtype``; numpy itself would cut fractions and wrap what is too large."""
    if dtype.kind not in "iu":
        return np.array(value, dtype=dtype, order="C")
    given = np.asarray(value)
    if given.dtype.kind == "f":
        limit = np.iinfo(dtype)
        if not np.all((given >= limit.min) & (given <= limit.max) & (given == np.floor(given))):
            raise ValueError(f"not all are whole numbers from {limit.min} to {limit.max}")
    array = np.array(given, dtype=dtype, order="C")
    if given.dtype.kind in "iu" and given.dtype != dtype and not np.array_equal(array, given):
        raise ValueError(f"not all are within {np.iinfo(dtype).min} and {np.iinfo(dtype).max}")
    return array


def set_fields(instance: object, **values: Any) -> None:
    """Store checked values in a frozen dataclass (for ``__post_init__`` only)."""
    for name, value in values.items():
        object.__setattr__(instance, name, value)


def require_shape(array: NDArray[Any], name: str, shape: Sequence[int], meaning: str) -> None:
    """Raise a ValueError that states got and expected unless ``array`` has ``shape``."""
    if array.shape != tuple(shape):
        raise ValueError(f"{name} has shape {array.shape}, expected {meaning} = {tuple(shape)}")


def require_increasing(array: Array, name: str, *, positive: bool = False) -> None:
    """Raise a ValueError that names the first bad element unless finite and strictly increasing."""
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name}[{int(np.flatnonzero(~np.isfinite(array))[0])}] is not finite")
    if positive and array.size and array[0] <= 0:
        raise ValueError(f"{name}[0] is {array[0]:g}, expected positive values")
    steps = np.diff(array)
    if np.any(steps <= 0):
        i = int(np.flatnonzero(steps <= 0)[0])
        raise ValueError(
            f"{name} is not strictly increasing: {name}[{i}] = {array[i]:g}, {name}[{i + 1}] = {array[i + 1]:g}"
        )


def require_finite(array: Array, name: str) -> None:
    """Raise a ValueError that names the first element that is NaN or infinite."""
    bad = np.flatnonzero(~np.isfinite(array.ravel()))
    if bad.size:
        raise ValueError(f"{name} has {bad.size} values that are not finite, the first at index {int(bad[0])}")


def further_columns(
    given: Mapping[str, ArrayLike], label: str, n: int, *, taken: Collection[str] = (), meaning: str = "(n,)"
) -> dict[str, NDArray[Any]]:
    """Columns by name beside the fields of a value object, as read-only copies.

    Parameters
    ----------
    given : mapping of str to array_like, (n,)
        Numbers, truth values or texts.
    label : str
        What to call them in an error message.
    n : int
    taken : collection of str
        Names that are fields already.
    meaning : str
        Of the shape.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        For a name that is taken or no word of small letters, digits and underscores; a column of another type or
        shape.
    """
    held = {}
    for name, values in given.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in taken:
            raise ValueError(f"{label} has {name!r}, expected a name of small letters that no other column has")
        column = np.array(values)
        if column.dtype.kind not in "biufU":
            raise ValueError(f"{label}: {name} has the type {column.dtype}, expected numbers or texts")
        require_shape(column, f"{label}: {name}", (n,), meaning)
        column.setflags(write=False)
        held[name] = column
    return held
