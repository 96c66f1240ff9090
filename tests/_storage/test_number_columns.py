"""Columns of numbers: complete, and in the unit that is wanted."""

import numpy as np
import pytest
from astropy import units
from astropy.table import MaskedColumn, Table

from sntransport._storage.number_columns import number_columns


@pytest.mark.parametrize(
    ("unit", "wanted", "factor"),
    [
        (None, "deg", 1.0), ("deg", "deg", 1.0), ("hourangle", "deg", 15.0), ("h", "deg", 15.0),
        ("rad", "deg", 180 / np.pi),
        ("mag", "mag", 1.0), ("mmag", "mag", 1e-3), ("", "", 1.0), ("mag", "", 1.0), ("mmag", "", 1e-3),
        ("percent", "", 0.01),
    ],
)  # fmt: skip
def test_units_convert(unit, wanted, factor):
    table = Table({"x": [1.0, 2.5]})
    table["x"].unit = unit
    np.testing.assert_allclose(number_columns(table, {"x": wanted})["x"], [factor, 2.5 * factor], rtol=1e-12)


@pytest.mark.parametrize(("unit", "wanted"), [("s", "deg"), ("deg", "mag"), ("km / s", ""), ("Jy", "mag")])
def test_a_unit_of_something_else_is_refused(unit, wanted):
    table = Table({"x": [1.0]}, units={"x": units.Unit(unit)})
    with pytest.raises(ValueError, match="column x has the unit"):
        number_columns(table, {"x": wanted})


def test_a_masked_value_is_a_missing_value():
    table = Table({"x": MaskedColumn([1.0, 0.0, 3.0], mask=[False, True, False])})
    with pytest.raises(ValueError, match="column x, row 2: no value"):
        number_columns(table, {"x": ""})


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match=r"no column y \(it has x\)"):
        number_columns(Table({"x": [1.0]}), {"y": ""})
