"""Units that a line of comment states: in a sentence ("flux in units of mJy") or as a card ("BUNIT = 'mJy'")."""

import re
from collections.abc import Iterable

import numpy as np

from sntransport.reading.formats.units import is_arbitrary, is_magnitude, to_angstrom, to_per_angstrom

_STATED = r"(?:\bunits?\b(?:\s+of)?|\bin units of|\bin\b)"
_UNIT = rf".{{0,20}}?{_STATED}\s*(?:is|are)?\s*[:=]?\s*(?P<unit>[^,;]+)"
_SENTENCES = {
    "wave": re.compile(rf"\b(?:wave\w*|lambda)\b{_UNIT}", re.IGNORECASE),
    "flux": re.compile(rf"\b(?:flux\w*|f_?lambda|flam|f_?nu)\b{_UNIT}", re.IGNORECASE),
}
_CARD = re.compile(r"^(?P<key>[A-Z0-9_-]{2,8})\s*=\s*(?:'(?P<text>[^']*)'|(?P<bare>[^/]*))")
_CARDS = {"wave": ("CUNIT1", "TUNIT1"), "flux": ("BUNIT", "TUNIT2")}
_IRAF_UNITS = re.compile(r"\bunits\s*=\s*\"?([A-Za-z.]+)", re.IGNORECASE)


def stated_unit(lines: Iterable[str], kind: str) -> str:
    """The unit of wavelengths or fluxes that lines of comment state.

    Parameters
    ----------
    lines : iterable of str
        Without the characters that make them comments.
    kind : {"wave", "flux"}

    Returns
    -------
    str
        The first that is stated; empty where none is. What a card states is taken as it is, a sentence only where it
        is a unit of wavelength, or one of flux (also one that is refused later).
    """
    return next(filter(None, (_of_card(line, kind) or _of_sentence(line, kind) for line in lines)), "")


def cards_of(lines: Iterable[str]) -> dict[str, str]:
    """The cards of FITS among lines of comment, by lower-case key."""
    found = (match for line in lines if (match := _CARD.match(line)))
    return {match["key"].lower(): (match["text"] or match["bare"] or "").strip() for match in found}


def iraf_unit(words: str) -> str:
    """The unit in a WAT card of IRAF, such as "wtype=linear label=Wavelength units=angstroms"; empty where none is."""
    found = _IRAF_UNITS.search(words)
    return found[1] if found else ""


def _of_card(line: str, kind: str) -> str:
    match = _CARD.match(line)
    if match is None:
        return ""
    value = (match["text"] or match["bare"] or "").strip()
    if match["key"] in _CARDS[kind]:
        return value
    return iraf_unit(value) if kind == "wave" and match["key"].startswith("WAT1") else ""


def _of_sentence(line: str, kind: str) -> str:
    """The longest unit that follows; words behind it do not matter."""
    match = _SENTENCES[kind].search(line)
    if match is None:
        return ""
    text = re.sub(r"\s+", " ", match["unit"]).strip().strip(".)]").lstrip("([").strip()
    words = text.split(" ")
    shortened = (" ".join(words[:n]).strip(".") for n in range(len(words), 0, -1))
    return next((unit for unit in shortened if _is_unit(unit, kind)), "")


def _is_unit(unit: str, kind: str) -> bool:
    one = np.ones(1)
    if kind == "wave":
        return to_angstrom(one, unit) is not None
    return is_arbitrary(unit) or is_magnitude(unit) or to_per_angstrom(one, unit, one * 5000.0) is not None
