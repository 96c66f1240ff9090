"""`Tabular`: columns of a value object as a table of astropy or pandas, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sntransport._numerics.quantities import MJD, bare
from sntransport._storage.extras import of_extra

if TYPE_CHECKING:
    from astropy.table import QTable, Table
    from pandas import DataFrame

EXTRA = "interop"
"""The extra of ``pyproject.toml`` with the packages that are only needed to talk to others."""


class Tabular:
    """Conversions of an object whose arrays have one length.

    ``_UNITS`` has the unit of every column, empty for texts and plain numbers; ``_HEADER`` names what goes to the
    header of the table: ``meta`` in astropy, ``attrs`` in pandas. Where ``_MORE_UNITS`` is a mapping, all columns of
    the field ``more`` are columns too, and it has the units of those that have one.
    """

    _UNITS: ClassVar[Mapping[str, str]] = {}
    _HEADER: ClassVar[tuple[str, ...]] = ()
    _MORE_UNITS: ClassVar[Mapping[str, str] | None] = None

    def to_table(self) -> QTable:
        """An astropy ``QTable`` with units; dates are a ``Time`` column (MJD, UTC), masked where there is none."""
        return quantity_table(self._columns(), self._all_units(), self._header())

    def to_pandas(self) -> DataFrame:
        """A pandas ``DataFrame`` of plain numbers; ``attrs`` has their units and the rest of the object.

        What has two dimensions is a column for each place in the second, its number behind the name: ``peak_mag_0``.

        Raises
        ------
        MissingExtraError
            Where pandas is not installed.
        """
        return data_frame(self._columns(), self._all_units(), self._header())

    @classmethod
    def from_table(cls, table: Table, **header: object) -> Self:
        """Read an astropy table with the columns that `to_table` writes; units are converted.

        Other columns become ``more`` where the object has that, and are left out otherwise.

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
        return cls(**cls._given(table.colnames, lambda name: table[name], table.meta, header))

    @classmethod
    def from_pandas(cls, frame: DataFrame, **header: object) -> Self:
        """Read a pandas ``DataFrame`` as `from_table` reads a table; numbers are in the units of this class."""
        columns = _deep({str(name): frame[name].to_numpy() for name in frame.columns}, cls._UNITS)
        return cls(**cls._given(list(columns), columns.__getitem__, frame.attrs, header))

    def _columns(self) -> dict[str, Any]:
        columns = {name: getattr(self, name) for name in self._UNITS}
        return columns if self._MORE_UNITS is None else columns | dict(self.more)  # type: ignore[attr-defined]

    def _header(self) -> dict[str, Any]:
        return {name: _plain(getattr(self, name)) for name in self._HEADER}

    @classmethod
    def _all_units(cls) -> Mapping[str, str]:
        return {**(cls._MORE_UNITS or {}), **cls._UNITS}

    @classmethod
    def _given(
        cls, names: list[str], column: Callable[[str], Any], meta: Mapping[str, Any], header: Mapping[str, object]
    ) -> dict[str, Any]:
        """Keywords of the object from the columns and the header of a table."""
        optional = {
            item.name
            for item in fields(cls)  # type: ignore[arg-type]  # a dataclass is made of each of its heirs
            if item.default is not MISSING or item.default_factory is not MISSING
        }
        missing = [name for name in cls._UNITS if name not in names and name not in optional]
        if missing:
            raise ValueError(
                f"{cls.__name__}: the table has no column {', '.join(missing)} (it has {', '.join(names)}): "
                f"rename its columns to {', '.join(cls._UNITS)}"
            )
        found = {name: _texts(column(name)) for name in cls._UNITS if name in names}
        # Texts whatever a table makes of them, so also where it is empty.
        found |= {name: np.asarray(found[name]).astype(np.str_) for name in _TEXTS if name in found}
        found |= {name: meta[name] for name in cls._HEADER if name in meta}
        if cls._MORE_UNITS is not None:
            more = {}
            for name in (one for one in names if one not in cls._UNITS):
                # A unit that is not known here is refused and not dropped.
                label = f"{cls.__name__}.more: {name}"
                more[name] = bare(_texts(column(name)), label, cls._MORE_UNITS.get(name))
            found["more"] = more
        return found | dict(header)


_TEXTS = ("band", "instrument")


def _texts(values: Any) -> Any:
    """Texts as those of numpy: pandas has them as objects, and a file of astropy an empty one as masked."""
    if getattr(getattr(values, "dtype", None), "kind", "") not in ("O", "T", "S", "U"):
        return values
    filled = values.filled("") if isinstance(values, np.ma.MaskedArray) else values
    return np.asarray(filled).astype(np.str_)


def _plain(value: Any) -> Any:
    """What the header of any kind of table can hold."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _deep(columns: dict[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    """Numbered columns, ``name_0``, ``name_1``, as one of two dimensions."""
    for name in units:
        parts: list[Any] = []
        while name not in columns and f"{name}_{len(parts)}" in columns:
            parts.append(columns.pop(f"{name}_{len(parts)}"))
        if parts:
            columns[name] = np.stack(parts, axis=1)
    return columns


def quantity_table(columns: Mapping[str, Any], units: Mapping[str, str], header: Mapping[str, Any]) -> QTable:
    """Columns as a QTable."""
    from astropy import units as u
    from astropy.table import QTable
    from astropy.time import Time
    from astropy.utils.masked import Masked

    made: dict[str, Any] = {}
    for name, values in columns.items():
        unit = units.get(name, "")
        if unit == MJD:
            # A Time takes no NaN: where there is no date it is masked, at J2000.0, whatever the date.
            none = ~np.isfinite(values)
            dates = Masked(np.where(none, 51544.5, values), mask=none) if none.any() else values
            made[name] = Time(dates, format="mjd", scale="utc")
        else:
            # A copy: a table may be written to, the object may not.
            made[name] = u.Quantity(values, u.Unit(unit)) if unit else np.array(values)
    return QTable(made, meta=dict(header))


def data_frame(columns: Mapping[str, Any], units: Mapping[str, str], header: Mapping[str, Any]) -> DataFrame:
    """Columns as a DataFrame."""
    with of_extra(EXTRA):
        from pandas import DataFrame

    flat: dict[str, Any] = {}
    of: dict[str, str] = {}
    for name, values in columns.items():
        if np.ndim(values) == 2:
            parts = {f"{name}_{k}": np.array(part) for k, part in enumerate(np.transpose(values))}
        else:
            parts = {name: np.array(values)}
        flat |= parts
        of |= dict.fromkeys(parts, units.get(name, ""))
    frame = DataFrame(flat)
    frame.attrs = dict(header) | {"units": {name: unit for name, unit in of.items() if unit}}
    return frame
