"""`Tabular`: columns of a value object as a table of astropy or pandas, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sntransport._numerics.quantities import MJD
from sntransport._storage.extras import of_extra

if TYPE_CHECKING:
    from astropy.table import QTable, Table
    from pandas import DataFrame

EXTRA = "interop"
"""The extra of ``pyproject.toml`` with the packages that are only needed to talk to others."""


class Tabular:
    """Conversions of an object whose arrays have one length.

    ``_UNITS`` has the unit of every column, empty for texts and plain numbers; ``_HEADER`` names what goes to the
    header of the table: ``meta`` in astropy, ``attrs`` in pandas.
    """

    _UNITS: ClassVar[Mapping[str, str]] = {}
    _HEADER: ClassVar[tuple[str, ...]] = ()

    def to_table(self) -> QTable:
        """An astropy ``QTable`` with units; dates are a ``Time`` column (MJD, UTC)."""
        return quantity_table(self._columns(), self._UNITS, self._header())

    def to_pandas(self) -> DataFrame:
        """A pandas ``DataFrame`` of plain numbers; ``attrs`` has their units and the rest of the object.

        Raises
        ------
        MissingExtraError
            Where pandas is not installed.
        """
        return data_frame(self._columns(), self._UNITS, self._header())

    @classmethod
    def from_table(cls, table: Table, **header: object) -> Self:
        """Read an astropy table with the columns that `to_table` writes; units are converted, others are left out.

        Parameters
        ----------
        table : astropy.table.Table or QTable
        **header
            What the header of the table lacks, or says otherwise.

        Raises
        ------
        ValueError
            Where a column is missing, or the values are not those of such an object.
        """
        return cls(**given(cls, table.colnames, lambda name: table[name], table.meta, header))

    @classmethod
    def from_pandas(cls, frame: DataFrame, **header: object) -> Self:
        """Read a pandas ``DataFrame`` as `from_table` reads a table; numbers are in the units of this class."""
        names = [str(name) for name in frame.columns]
        return cls(**given(cls, names, lambda name: frame[name].to_numpy(), frame.attrs, header))

    def _columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._UNITS}

    def _header(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._HEADER}


def given(
    kind: type[Tabular], names: list[str], column: Any, meta: Mapping[str, Any], header: Mapping[str, object]
) -> Any:
    """Keywords of a `Tabular` from the columns and the header of a table."""
    optional = set(getattr(kind, "__dataclass_fields__", {})) & {"flux_err", "instrument", "origin"}
    missing = [name for name in kind._UNITS if name not in names and name not in optional]
    if missing:
        raise ValueError(
            f"{kind.__name__}: the table has no column {', '.join(missing)} (it has {', '.join(names)}): "
            f"rename its columns to {', '.join(kind._UNITS)}"
        )
    texts = {name for name in kind._UNITS if name in ("band", "instrument")}
    found = {name: column(name) for name in kind._UNITS if name in names}
    found = {name: np.asarray(values).astype(np.str_) if name in texts else values for name, values in found.items()}
    return found | {name: meta[name] for name in kind._HEADER if name in meta} | dict(header)


def quantity_table(columns: Mapping[str, Any], units: Mapping[str, str], header: Mapping[str, Any]) -> QTable:
    """Columns as a QTable."""
    from astropy import units as u
    from astropy.table import QTable
    from astropy.time import Time

    made: dict[str, Any] = {}
    for name, values in columns.items():
        unit = units.get(name, "")
        if unit == MJD:
            made[name] = Time(values, format="mjd", scale="utc")
        else:
            # A copy: a table may be written to, the object may not.
            made[name] = u.Quantity(values, u.Unit(unit)) if unit else np.array(values)
    return QTable(made, meta=dict(header))


def data_frame(columns: Mapping[str, Any], units: Mapping[str, str], header: Mapping[str, Any]) -> DataFrame:
    """Columns as a DataFrame."""
    with of_extra(EXTRA):
        from pandas import DataFrame

    frame = DataFrame({name: np.array(values) for name, values in columns.items()})
    frame.attrs = dict(header) | {"units": {name: unit for name, unit in units.items() if unit and name in columns}}
    return frame
