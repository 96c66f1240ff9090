"""The one error of everything that reads files, and the words that its messages are made of."""

import math
import re
from collections.abc import Mapping

MAX_BYTES = 512 * 2**20
"""Largest input that is read, after decompression [bytes]; far beyond any supernova, well within memory."""

MAX_TEXT_BYTES = 64 * 2**20
"""Largest text that is read as a table [bytes]: two million rows. Each byte of it takes about 12 of memory."""

MAX_JSON_BYTES = 2 * 2**30
"""Most memory that what a JSON text says may take [bytes], by `json_memory`."""

# Of CPython 3.11 to 3.14 on 64 bits, by sys.getsizeof and the head of the garbage collector: an object with one entry,
# a list with one, and a value with its place in either; a name or text beyond its letters is counted as a value.
_OBJECT_BYTES, _LIST_BYTES, _VALUE_BYTES = 250, 90, 72


def json_memory(content: bytes) -> int:
    """About how many bytes of memory the values of a JSON text take, without making them; never much too few.

    Compressed text may be a thousandth of that, which the size of the file does not say.
    """
    objects, lists, values = (content.count(mark) for mark in (b"{", b"[", b","))
    return len(content) + _OBJECT_BYTES * objects + _LIST_BYTES * lists + _VALUE_BYTES * (values + objects + lists)


class ReadError(ValueError):
    """Input that cannot be used. One line: the file, what is wrong with it, and what to do."""

    def __init__(self, path: object, wrong: str, remedy: str) -> None:
        super().__init__(one_line(f"{path}: {wrong}; {remedy}"))
        self._parts = (str(path), wrong, remedy)

    def __reduce__(self) -> tuple[type["ReadError"], tuple[str, str, str]]:
        # Another process sends it here as its arguments, which are not the one text that ValueError keeps.
        return type(self), self._parts


def listed(counts: Mapping[str, int], most: int = 12) -> str:
    """Labels with their counts, the frequent ones first, as one phrase."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{label or 'unnamed'} ({count})" for label, count in ordered[:most]]
    return ", ".join(shown) + (f" and {len(ordered) - most} more kinds" if len(ordered) > most else "")


def counted(n: int, noun: str) -> str:
    """A number and its noun: "1 row", "2 rows", "2 spectra"."""
    if n == 1:
        return f"1 {noun}"
    return f"{n} {noun.removesuffix('um')}a" if noun.endswith("um") else f"{n} {noun}s"


def one_line(text: str) -> str:
    """Printable text without line breaks, tabs, control characters or broken Unicode."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(c if c.isprintable() else " " for c in clean).split())


def number(value: object) -> float:
    """A JSON or table value as a finite float; NaN where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return math.nan
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return math.nan
    return result if math.isfinite(result) else math.nan


def text(value: object) -> str:
    """A JSON or table value as one short line of text without markup; empty where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return ""
    return one_line(re.sub(r"<[^<>]*>", "", str(value)[:1000]))[:120]
