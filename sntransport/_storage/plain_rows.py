"""Columns of a table of text that is as plain as programs write them: quickly, or not at all.

Anything that is not plain (quotes, comments among the rows, empty cells, rows of another length) gives None, and
whoever asks reads the text line by line, with messages that name the line. What is plain gives the very same values.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["number", "text", "unused"]

# What csv, or a division into lines, would take for more than a character: quotes, comments, other ends of lines, NUL.
_SPECIAL = re.compile(rb'["#\0\r\x0b\x0c\x1c-\x1f]')
# Longer cells are no name of a band.
_MOST_TEXT = 64


@dataclass(frozen=True, eq=False, kw_only=True)
class PlainRows:
    """Columns by name, (n_row,): numbers, texts, or empty texts where they are not used."""

    columns: dict[str, NDArray[Any]]


def plain_rows(raw: bytes, delimiter: str, kind: Callable[[str], Kind]) -> PlainRows | None:
    """Columns of a text with the names in its first line.

    Parameters
    ----------
    raw : bytes
        Without what comes before that line.
    delimiter : str
        One character, of which each occurrence counts.
    kind : callable
        What a column of a name is; those that are unused are not looked at.

    Returns
    -------
    PlainRows or None
        None where the text is not plain, or a number cannot be read.
    """
    text = raw.replace(b"\r\n", b"\n")
    head, _, body = text.rstrip(b"\n").partition(b"\n")
    if not body or not text.isascii() or _SPECIAL.search(text) or b"\n\n" in body:
        return None
    names = [name.strip() for name in head.decode().split(delimiter)]
    edges = _edges(body, delimiter, len(names))
    if edges is None or len(set(names)) != len(names) or not all(names):
        return None
    kinds = [kind(name) for name in names]
    columns: dict[str, NDArray[Any]] = {name: np.full(len(edges), "") for name in names}
    numbers = [j for j, one in enumerate(kinds) if one == "number"]
    if numbers and not _read_numbers(body, delimiter, names, numbers, columns):
        return None
    for j in (j for j, one in enumerate(kinds) if one == "text"):
        found = _texts(body, edges[:, j] + 1, edges[:, j + 1])
        if found is None:
            return None
        columns[names[j]] = found
    return PlainRows(columns=columns)


def _edges(body: bytes, delimiter: str, n_column: int) -> NDArray[np.int64] | None:
    """Delimiters before and behind each cell (n_row, n_column + 1); None where a row has another number of them."""
    letters = np.frombuffer(body, np.uint8)
    ends = np.append(np.flatnonzero(letters == ord("\n")), letters.size)
    inside = np.flatnonzero(letters == ord(delimiter))
    if inside.size != ends.size * (n_column - 1):
        return None
    edges = np.empty((ends.size, n_column + 1), np.int64)
    edges[0, 0], edges[1:, 0], edges[:, -1] = -1, ends[:-1], ends
    edges[:, 1:-1] = inside.reshape(ends.size, n_column - 1)
    # As many as rows need may still be in other rows.
    if n_column > 1 and not (np.all(edges[:, 1] > edges[:, 0]) and np.all(edges[:, -2] < edges[:, -1])):
        return None
    return edges


def _read_numbers(
    body: bytes, delimiter: str, names: Sequence[str], numbers: Sequence[int], columns: dict[str, NDArray[Any]]
) -> bool:  # fmt: skip
    try:
        read = np.loadtxt(BytesIO(body), delimiter=delimiter, usecols=numbers, ndmin=2, comments=None)
    except ValueError:
        return False
    for j, values in zip(numbers, read.T, strict=True):
        columns[names[j]] = np.ascontiguousarray(values)
    return True


def _texts(body: bytes, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.str_] | None:
    """Cells as text; None where one is long, or has blanks, which readers may cut off."""
    width = int((last - first).max())
    if not 0 < width <= _MOST_TEXT or np.any(last == first):
        return None
    letters = np.frombuffer(body, np.uint8)
    cells = np.zeros((first.size, width), np.uint8)
    for k in range(width):
        inside = first + k < last
        cells[inside, k] = letters[(first + k)[inside]]
    if np.any(cells == ord(" ")):
        return None
    return np.asarray(cells.view(f"S{width}").ravel().astype(np.str_))
