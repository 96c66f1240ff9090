"""Triggers as text: "2 of g, r, i within 30 d", "g and r", "3 detections in any band on 2 nights".

The grammar::

    trigger = all { "or" all }
    all     = one { "and" one }
    one     = what [ "within" DAYS "d" ]
    what    = "(" trigger ")" | BAND | N "of" bands | N "detections" [where] [ "on" N "nights" ]
            | N "epochs" [ where | "with" what ]
    where   = "in" ( "any band" | bands )
    bands   = BAND { "," BAND }

A band is a name of `sntransport.load_bands` that the survey has, or the end of one: ``g`` is every band of the surveys
whose name ends with it. `sntransport.simulation.selection.trigger_logic` says what each part means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sntransport._objects.arguments import answers_mistakes


@dataclass(frozen=True, kw_only=True)
class InBand:
    """A detection in a band."""

    band: str

    def __str__(self) -> str:
        return self.band


@dataclass(frozen=True, kw_only=True)
class Several:
    """Detections in ``n`` of the bands."""

    n: int
    bands: tuple[str, ...]

    def __post_init__(self) -> None:
        _require_counts(n=self.n)
        if not self.n <= len(self.bands) or len(set(self.bands)) != len(self.bands):
            raise ValueError(f"{self}: expected {self.n} bands or more, each once")

    def __str__(self) -> str:
        return f"{self.n} of {', '.join(self.bands)}"


@dataclass(frozen=True, kw_only=True)
class Detections:
    """``n`` detections in any of the bands (none named: in any) on ``nights`` nights."""

    n: int
    bands: tuple[str, ...] = ()
    nights: int = 1

    def __post_init__(self) -> None:
        _require_counts(n=self.n, nights=self.nights)

    def __str__(self) -> str:
        nights = f" on {self.nights} nights" if self.nights > 1 else ""
        return f"{self.n} detections in {', '.join(self.bands) or 'any band'}{nights}"


@dataclass(frozen=True, kw_only=True)
class Epochs:
    """``n`` epochs, ``each`` of which does something; None: has a detection in any band."""

    n: int
    each: Logic | None = None

    def __post_init__(self) -> None:
        _require_counts(n=self.n)

    def __str__(self) -> str:
        return f"{self.n} epochs" + ("" if self.each is None else f" with ({self.each})")


@dataclass(frozen=True, kw_only=True)
class Both:
    """All ``parts``."""

    parts: tuple[Logic, ...]

    def __str__(self) -> str:
        return " and ".join(f"({one})" if isinstance(one, Both | Either) else str(one) for one in self.parts)


@dataclass(frozen=True, kw_only=True)
class Either:
    """One of the ``parts``."""

    parts: tuple[Logic, ...]

    def __str__(self) -> str:
        return " or ".join(f"({one})" if isinstance(one, Either) else str(one) for one in self.parts)


@dataclass(frozen=True, kw_only=True)
class Within:
    """``what``, by detections that are at most so many days apart."""

    what: Logic
    days: float

    def __post_init__(self) -> None:
        if not 0 <= self.days < float("inf"):
            raise ValueError(f"within {self.days:g} d: expected 0 or more days")

    def __str__(self) -> str:
        inner = f"({self.what})" if isinstance(self.what, Both | Either | Within) else str(self.what)
        return f"{inner} within {self.days!r} d"


Logic: TypeAlias = InBand | Several | Detections | Epochs | Both | Either | Within
"""What makes a trigger; its text, ``str(logic)``, is read back by `parse_trigger`."""

_WORD = re.compile(r"\s*(?:(?P<mark>[(),])|(?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?(?![\w:]))"
                   r"|(?P<name>[\w:.\-]+))")  # fmt: skip
_KEYWORDS = frozenset(
    {"and", "or", "of", "in", "on", "any", "band", "within", "with", "d", "day", "days", "detection", "detections",
     "night", "nights", "epoch", "epochs"}
)  # fmt: skip
# Deeper ones are no trigger that anyone means, and would overflow the stack.
_DEEPEST = 50


@answers_mistakes
def parse_trigger(text: str) -> Logic:
    """Read a trigger.

    Parameters
    ----------
    text : str
        In the language at the head of this file. ``and`` binds closer than ``or``, ``within`` closer than both.

    Raises
    ------
    ValueError
        Where it is none; the message has the place.

    Examples
    --------
    >>> from sntransport.simulation.selection import parse_trigger
    >>> print(parse_trigger("g and r or 2 of g,r,i within 30 d"))
    g and r or 2 of g, r, i within 30.0 d
    >>> parse_trigger("g and")
    Traceback (most recent call last):
        ...
    ValueError: trigger 'g and': 'the end' at character 6, expected the name of a band
    """
    parser = _Parser(text)
    logic = parser.either()
    parser.require("", "and, or, within or the end")
    return logic


def bands_of(name: str, bands: Sequence[str]) -> tuple[int, ...]:
    """Which bands a name means, as indices: that band, or all whose names end with it.

    Raises
    ------
    ValueError
        Where there is none.
    """
    exact = tuple(i for i, band in enumerate(bands) if band == name)
    found = exact or tuple(i for i, band in enumerate(bands) if band.endswith(name))
    if not found:
        raise ValueError(f"no band {name!r} among {', '.join(dict.fromkeys(bands))}; name one of them, or its end")
    return found


def _require_counts(**counts: int) -> None:
    for name, value in counts.items():
        if value < 1:
            raise ValueError(f"{name} is {value} in a trigger, expected 1 or more")


class _Parser:
    """The words of a text, read from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.place, self.depth = text, 0, 0
        self.words: list[tuple[str, str, int]] = []
        at = 0
        while text[at:].strip():
            found = _WORD.match(text, at)
            if found is None or found.lastgroup is None:
                raise self._wrong(at + len(text[at:]) - len(text[at:].lstrip()), "a word, a number or a bracket")
            self.words.append((found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
            at = found.end()

    def either(self) -> Logic:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(parts=tuple(parts))

    def require(self, word: str, expected: str) -> None:
        """Take a word, the end where it is empty."""
        if word == "" and self.place == len(self.words):
            return
        if not word or not self._take(word):
            raise self._wrong(self._at(), expected)

    def _both(self) -> Logic:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Both(parts=tuple(parts))

    def _one(self) -> Logic:
        what = self._what()
        if not self._take("within"):
            return what
        days = float(self._kind("number", "a number of days"))
        if not (self._take("d") or self._take("days") or self._take("day")):
            raise self._wrong(self._at(), "d, for days")
        return Within(what=what, days=days)

    def _what(self) -> Logic:
        if self._take("("):
            self.depth += 1
            if self.depth > _DEEPEST:
                raise self._wrong(self._at(), f"at most {_DEEPEST} brackets inside each other")
            logic = self.either()
            self.require(")", "and, or, within or )")
            self.depth -= 1
            return logic
        if self._next()[0] != "number":
            return InBand(band=self._band())
        n = self._count()
        if self._take("of"):
            return Several(n=n, bands=self._bands())
        if self._take("detections") or self._take("detection"):
            bands, nights = self._where(), 1
            if self._take("on"):
                nights = self._count()
                if not (self._take("nights") or self._take("night")):
                    raise self._wrong(self._at(), "nights")
            return Detections(n=n, bands=bands, nights=nights)
        if self._take("epochs") or self._take("epoch"):
            if self._take("with"):
                return Epochs(n=n, each=self._what())
            bands = self._where()
            each: tuple[Logic, ...] = tuple(InBand(band=band) for band in bands)
            return Epochs(n=n, each=None if not each else each[0] if len(each) == 1 else Either(parts=each))
        raise self._wrong(self._at(), "of, detections or epochs")

    def _where(self) -> tuple[str, ...]:
        if not self._take("in"):
            return ()
        if self._take("any"):
            self.require("band", "band")
            return ()
        return self._bands()

    def _bands(self) -> tuple[str, ...]:
        names = [self._band()]
        while self._take(","):
            names.append(self._band())
        return tuple(names)

    def _band(self) -> str:
        if self._next()[1] in _KEYWORDS:
            raise self._wrong(self._at(), "the name of a band")
        return self._kind("name", "the name of a band")

    def _count(self) -> int:
        at = self._at()
        word = self._kind("number", "a whole number")
        if not word.isdecimal() or len(word) > 9:
            raise self._wrong(at, "a whole number")
        return int(word)

    def _kind(self, kind: str, expected: str) -> str:
        found, word, _ = self._next()
        if found != kind:
            raise self._wrong(self._at(), expected)
        self.place += 1
        return word

    def _take(self, word: str) -> bool:
        if self._next()[1] != word:
            return False
        self.place += 1
        return True

    def _next(self) -> tuple[str, str, int]:
        return self.words[self.place] if self.place < len(self.words) else ("end", "", len(self.text))

    def _at(self) -> int:
        return self._next()[2]

    def _wrong(self, at: int, expected: str) -> ValueError:
        found = self.text[at : at + 20] or "the end"
        return ValueError(f"trigger {self.text!r}: {found!r} at character {at + 1}, expected {expected}")
