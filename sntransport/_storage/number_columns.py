"""Columns of numbers from a table of astropy: every one complete, and in the unit that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astropy.table import Table

    from sntransport._numerics.arrays import Array

# Right ascension is given in hours too, and hours of time are then meant as such.
_HOURS = ("h", "hr", "hour", "hourangle")
_DEGREES_AN_HOUR = 15.0


def number_columns(table: Table, wanted: Mapping[str, str]) -> dict[str, Array]:
    """Columns as floats in the units that are wanted.

    Parameters
    ----------
    table : astropy.table.Table
    wanted : mapping of str to str
        Units by name of column, as astropy writes them; empty for a pure number or a magnitude. A column that states
        none is taken to be in it.

    Returns
    -------
    dict of str to ndarray, (n_row,)

    Raises
    ------
    ValueError
        Where a column is missing, a value is missing (masked) or no number, or a unit measures something else; the
        message has the column and the row.
    """
    return {name: _column(table, name, unit) for name, unit in wanted.items()}


def _column(table: Table, name: str, unit: str) -> Array:
    if name not in table.colnames:
        raise ValueError(f"no column {name} (it has {', '.join(table.colnames)})")
    column = table[name]
    missing = np.ma.getmaskarray(np.ma.asarray(column))
    if np.any(missing):
        raise ValueError(f"column {name}, row {int(np.flatnonzero(missing)[0]) + 1}: no value")
    values = np.asarray(column, dtype=np.float64)
    stated = getattr(column, "unit", None)
    return values if stated is None or str(stated) in ("", unit) else values * _factor(name, stated, unit)


def _factor(name: str, stated: Any, unit: str) -> float:
    """What a value in the stated unit is multiplied by."""
    from astropy import units

    if unit == "deg" and str(stated) in _HOURS:
        return _DEGREES_AN_HOUR
    try:
        found = units.Unit(str(stated))
        # A pure number may be a magnitude.
        return float(found.to(units.mag if unit == "" and found.is_equivalent(units.mag) else units.Unit(unit)))
    except (ValueError, TypeError, units.UnitConversionError):
        raise ValueError(f"column {name} has the unit {str(stated)!r}, expected {unit or 'a number'!r}") from None
