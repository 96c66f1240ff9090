"""The card of a value object: what an astronomer wants to know of it, as a few lines of text and as HTML."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._storage.read_error import one_line

# A card is read at a glance: rows beyond these, and letters of a row, are left out with a mark.
_MOST_ROWS, _MOST_LETTERS = 16, 100
_STYLE = "border-collapse:collapse;font-size:90%;text-align:left;background:transparent"
_CELL = "text-align:left;padding:1px 8px 1px 0;vertical-align:top;background:transparent"


@dataclass(frozen=True, kw_only=True)
class Card:
    """A title, rows of label and text, and a picture.

    Parameters
    ----------
    title : str
    rows : sequence of (str, str)
        Label and text; a row whose text is empty is left out.
    picture : callable, optional
        Gives the SVG of `sntransport._objects.sketch`; called only where HTML is asked for.
    """

    title: str
    rows: Sequence[tuple[str, str]] = ()
    picture: Callable[[], str] | None = None

    def text(self) -> str:
        """Lines for a terminal, below 2 kB."""
        rows = self._shown()
        width = max((len(label) for label, _ in rows), default=0)
        return "\n".join([clipped(self.title), *(f"  {label:<{width}}  {text}" for label, text in rows)])

    def html(self) -> str:
        """A piece of HTML for a notebook: rows beside the picture; every text is escaped, nothing is fetched."""
        rows = "".join(
            f'<tr><td style="{_CELL};opacity:0.7">{escape(label)}</td><td style="{_CELL}">{escape(text)}</td></tr>'
            for label, text in self._shown()
        )
        picture = "" if self.picture is None else self.picture()
        table = f'<table style="{_STYLE}"><tbody>{rows}</tbody></table>'
        return (
            f"<div><div><b>{escape(clipped(self.title))}</b></div>"
            f'<div style="display:flex;flex-wrap:wrap;gap:16px;align-items:center">{table}{picture}</div></div>'
        )

    def _shown(self) -> list[tuple[str, str]]:
        kept = [(clipped(label), clipped(text)) for label, text in self.rows if text]
        return kept if len(kept) <= _MOST_ROWS else [*kept[: _MOST_ROWS - 1], ("...", f"{len(kept)} in all")]


def clipped(text: str, most: int = _MOST_LETTERS) -> str:
    """A text on one line, of at most so many letters."""
    line = one_line(str(text))
    return line if len(line) <= most else f"{line[: most - 3]}..."


def enumerated(names: Sequence[object], most: int = 8) -> str:
    """Names, separated by commas; how many there are where not all are shown."""
    shown = [str(name) for name in names]
    return ", ".join(shown) if len(shown) <= most else f"{', '.join(shown[:most])}, ... ({len(shown)} in all)"


def span(values: NDArray[Any], form: str = "g") -> str:
    """Least and most of the finite values: "3 to 40", one number where they are the same, empty without any."""
    known = values[np.isfinite(values)]
    if not known.size:
        return ""
    low, high = f"{known.min():{form}}", f"{known.max():{form}}"
    return low if low == high else f"{low} to {high}"


def heading(kind: str, name: str, sn_type: str = "") -> str:
    """Title of an object that has a name: "SpectralSeries SN 2013am (II P)"."""
    return " ".join(part for part in (kind, name, f"({sn_type})" if sn_type else "") if part)


def brief(value: object) -> str:
    """Any value in a few words: arrays by shape and range, sequences and mappings by length."""
    if isinstance(value, np.ndarray):
        is_number = value.dtype.kind in "biuf"
        return f"{value.shape} {span(value.astype(np.float64)) if is_number else enumerated(list(np.unique(value)), 4)}"
    if isinstance(value, bool | int | str):
        return str(value)
    if isinstance(value, float):
        return f"{value:g}"
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return enumerated(list(value)) if value else ""
    if isinstance(value, tuple | list):
        short = all(isinstance(one, str | int | float) for one in value)
        return enumerated(value, 6) if short else f"{len(value)} of {type(value[0]).__name__}"
    if is_dataclass(value) and not isinstance(value, type):
        return clipped(repr(value))
    return str(getattr(value, "__name__", type(value).__name__))
