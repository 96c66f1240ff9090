"""`Description`: what a file is and what is in it, as values for machines and as one page for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sntransport.report.main_notes import main_notes

# Units of facts by their name; the others have none.
_UNITS = {
    "phase": "rest-frame d", "wave": "A", "mjd": "d", "mjd_ref": "d", "distance_modulus": "mag", "ebv_mw": "mag",
    "ebv_host": "mag", "pivot": "A", "width": "A", "vega_ab": "mag", "area": "deg2", "radius": "deg",
    "ra": "deg", "dec": "deg", "depth": "mag",
}  # fmt: skip
_MOST_NOTES, _MOST_ITEMS = 8, 12


@dataclass(frozen=True, eq=False, kw_only=True)
class Description:
    """What a file is.

    Parameters
    ----------
    kind : str
        One word or two, the same for all files of a kind: "series", "supernova", "SIMLIB".
    told : str
        What that is, in words.
    facts : mapping
        What is in it, by name; lists of two numbers are ranges. What is None or empty is not known and not shown.
    notes, doubts : sequence of str
        What was assumed or rejected, and what is possible but hardly meant.
    """

    kind: str
    told: str
    facts: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = field(default=())

    def values(self) -> dict[str, Any]:
        """Everything, for a summary for machines."""
        return {"kind": self.kind, **self.facts, "notes": self.notes, "doubts": self.doubts}

    def page(self, name: str, *, every: bool = False) -> str:
        """Lines for people; of many notes those that change a result, as `build` shows them, unless ``every``."""
        known = {key: value for key, value in self.facts.items() if value is not None and not _is_empty(value)}
        labels = {key: f"{key.replace('_', ' ')}{f' [{_UNITS[key]}]' if key in _UNITS else ''}" for key in known}
        wide = max([len(label) for label in labels.values()], default=0)
        lines = [f"{name}: {self.told}", *(f"  {labels[key]:{wide}}  {_shown(value)}" for key, value in known.items())]
        lines += [f"  WARNING: {doubt}" for doubt in self.doubts]
        few = every or len(self.notes) <= _MOST_NOTES
        lines += [f"  note: {note}" for note in (self.notes if few else main_notes(self.notes)[:_MOST_NOTES])]
        if not few:
            lines.append(f"  ({len(self.notes)} notes in all: --verbose)")
        return "\n".join(lines)


def span(values: Any) -> list[float] | None:
    """The least and the largest of some numbers that are finite; None where there are none."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    return [float(known.min()), float(known.max())] if known.size else None


def counts(values: Any) -> dict[str, int]:
    """How often each of some texts occurs, the frequent ones first."""
    names, number = np.unique(np.asarray(values, dtype=str), return_counts=True)
    found = sorted(zip(names.tolist(), number.tolist(), strict=True), key=lambda item: (-item[1], item[0]))
    return {name or "unknown": int(n) for name, n in found}


def _is_empty(value: Any) -> bool:
    return value != value if isinstance(value, float) else isinstance(value, str | list | tuple | dict) and not value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}" if value == round(value, 4) else f"{value:.6g}"
    if isinstance(value, list) and len(value) == 2 and all(isinstance(one, float) for one in value):
        return f"{_shown(value[0])} to {_shown(value[1])}"
    if isinstance(value, Mapping):
        return _cut([f"{key} {_shown(one)}" for key, one in value.items()])
    return _cut([_shown(one) for one in value]) if isinstance(value, list | tuple) else str(value)


def _cut(items: list[str]) -> str:
    more = len(items) - _MOST_ITEMS
    return ", ".join(items[:_MOST_ITEMS]) + (f" and {more} more" if more > 0 else "")
