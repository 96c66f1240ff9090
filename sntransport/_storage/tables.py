"""Tables as text for the screen and as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sntransport._storage.atomic_files import atomic_path
from sntransport._storage.read_error import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from astropy.table import Table


def text_table(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows with the same keys as an aligned text table; empty for no rows."""
    if not rows:
        return ""
    lines = [[one if one.isprintable() else one_line(one) for one in line]
             for line in (list(rows[0]), *(list(row.values()) for row in rows))]  # fmt: skip
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    padded = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([padded[0], "  ".join("-" * width for width in widths), *padded[1:]])


def write_table(table: Table, path: Path) -> Path:
    """Write a table as ECSV, whole or not at all; return its path.

    Texts in its cells are on one line of printable letters: astropy takes some, such as U+2028, for the end of a row
    when it reads them. Numbers of its header are those of Python: astropy 6 writes others so that nobody can read them.
    """
    plain = printable_cells(table).copy(copy_data=False)
    plain.meta = _plain(dict(table.meta))
    with atomic_path(path) as temporary:
        plain.write(temporary, format="ascii.ecsv", overwrite=True)
    return path


def _plain(value: Any) -> Any:
    """The same with numbers and texts of numpy as those of Python, inside too."""
    import numpy as np

    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def printable_cells(table: Table) -> Table:
    """The table with its texts on one line; itself where they are."""
    import numpy as np

    odd = {}
    for name in table.colnames:
        column = table[name]
        if getattr(column, "dtype", None) is not None and column.dtype.kind in "UO":
            cells = [one_line(one) if isinstance(one, str) and not one.isprintable() else one for one in column]
            if any(a is not b for a, b in zip(cells, column, strict=True)):
                odd[name] = cells
    if not odd:
        return table
    made = table.copy()
    for name, cells in odd.items():
        made[name] = np.array(cells)
    return made
