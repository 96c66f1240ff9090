"""From the bytes of a file to lines, and from words to numbers, as instruments, spreadsheets and people write them."""

import math
import re
from pathlib import Path

from sntransport._storage.contents import require_parsable
from sntransport._storage.read_error import ReadError

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_FORTRAN = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))[dDqQ]([+-]?\d+)")
_FORTRAN_WITHOUT_LETTER = re.compile(r"([+-]?\d*\.\d+)([+-]\d{2,3})")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d*")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d*(?:[eEdD][+-]?\d+)?")
_BACKUP = re.compile(r"(~|\.bak|\.orig|\.swp|\.swo|\.tmp)$|^#.*#$|^\.", re.IGNORECASE)


def lines_of(path: Path, content: bytes) -> list[str]:
    """The lines of a text: UTF-8, UTF-16, or where it is neither, Windows' Latin (as in comments).

    Raises
    ------
    ReadError
        Where it is not text, or more of it than `require_parsable` allows.
    """
    require_parsable(path, content)
    if encoding := _utf_16(content):
        try:
            return content.decode(encoding).lstrip("\ufeff").splitlines()
        except UnicodeDecodeError:
            pass
    try:
        return content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        if _CONTROL.search(content):
            wrong = f"neither text nor FITS (byte {error.start})"
            raise ReadError(path, wrong, "give ASCII, ECSV or FITS") from None
    return content.decode("cp1252", "replace").splitlines()


def _utf_16(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = content[:200]
    if len(start) > 3 and set(start[1::2]) == {0} and 0 not in start[::2]:
        return "utf-16-le"
    return "utf-16-be" if len(start) > 3 and set(start[::2]) == {0} and 0 not in start[1::2] else ""


def is_backup(name: str) -> bool:
    """Whether a file of this name is an editor's copy of another, or hidden."""
    return _BACKUP.search(name) is not None


def to_number(word: str) -> float:
    """A word as a finite number, NaN where it is none.

    Beside what Python reads: exponents of Fortran ("1.0D-15", "1.234-101"), thousands ("60,370.2") and the decimal
    comma ("16,41"). Python's own "1_000" is not a number in a table.
    """
    try:
        value = float(word)
    except ValueError:
        return _written_otherwise(word)
    return value if math.isfinite(value) and word.isascii() and "_" not in word else math.nan


def _written_otherwise(word: str) -> float:
    word = word.strip().replace("\u2212", "-")
    if "," in word:
        if _THOUSANDS.fullmatch(word):
            word = word.replace(",", "")
        elif _DECIMAL_COMMA.fullmatch(word):
            word = word.replace(",", ".")
    if match := _FORTRAN.fullmatch(word) or _FORTRAN_WITHOUT_LETTER.fullmatch(word):
        word = f"{match[1]}e{match[2]}"
    try:
        value = float(word) if word.isascii() and "_" not in word else math.nan
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def is_missing(word: str) -> bool:
    """Whether a cell says that there is no value: empty, "nan", "null", dashes."""
    return word.strip().lower().strip("+-.") in ("", "nan", "null", "none", "n/a", "na", "indef", "inf", "infinity")


def means_number(word: str) -> bool:
    """Whether a word stands for a number, NaN and infinity among them."""
    if math.isfinite(to_number(word)):
        return True
    return word.strip().lower().lstrip("+-") in ("nan", "inf", "infinity")
