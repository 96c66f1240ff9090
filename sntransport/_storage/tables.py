"""Tables as text for the screen and as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sntransport._storage.atomic_files import atomic_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from astropy.table import Table


def text_table(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows with the same keys as an aligned text table; empty for no rows."""
    if not rows:
        return ""
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    padded = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([padded[0], "  ".join("-" * width for width in widths), *padded[1:]])


def write_table(table: Table, path: Path) -> Path:
    """Write a table as ECSV, whole or not at all; return its path."""
    with atomic_path(path) as temporary:
        table.write(temporary, format="ascii.ecsv", overwrite=True)
    return path
