"""The one error of everything that reads files, and the words that its messages are made of."""

import math
import re
from collections.abc import Mapping
from typing import Any

# A message may quote what it is about, which may be a line of a million letters.
_LONGEST = 2000


class ReadError(ValueError):
    """Input that cannot be used. One line: the file, what is wrong with it, and what to do."""

    def __init__(self, path: object, wrong: str, remedy: str) -> None:
        shown = wrong if len(wrong) <= _LONGEST else f"{wrong[:_LONGEST]}..."
        super().__init__(one_line(f"{path}: {shown}; {remedy}"))
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


def shallow(entries: Mapping[Any, Any]) -> dict[str, Any]:
    """Entries of a header that are numbers or text, or a list or mapping of such; others are left out.

    A few lines of YAML may stand for lists of lists that are larger than any memory once they are written out.
    """
    return {str(key): value for key, value in entries.items() if _is_flat(key) and (_is_flat(value) or _holds(value))}


def _is_flat(value: object) -> bool:
    return not isinstance(value, (list, tuple, set, Mapping))


def _holds(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(_is_flat(one) for pair in value.items() for one in pair)
    return isinstance(value, (list, tuple, set)) and all(map(_is_flat, value))


def text(value: object) -> str:
    """A JSON or table value as one short line of text without markup; empty where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return ""
    return one_line(re.sub(r"<[^<>]*>", "", str(value)[:1000]))[:120]
