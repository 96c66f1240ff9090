"""What a file of input holds, decompressed, as far as limits of its size allow.

A compressed file may hold a thousand times what its size says, and a text that is parsed takes more than its bytes.
Both are looked at before anything is made of them, so that no input takes more than `MOST_MEMORY` before it is refused.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from sntransport._storage.read_error import ReadError

# `sntransport --help` comes by this file: numpy is loaded where it is needed.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_BYTES = 512 * 2**20
"""Largest input that is read, after decompression [bytes]; far beyond any supernova, well within memory."""

MAX_SINGLE_BYTES = 128 * 2**20
"""Largest FITS file of one spectrum or light curve, after decompression [bytes]."""

MAX_TEXT_BYTES = 64 * 2**20
"""Largest text that is read as a table [bytes]: two million rows."""

MAX_LINES = 2**21
"""Most lines of a text that is read as a table: an empty one takes 60 bytes too."""

MAX_CELLS = 2**23
"""Most words of a text, or values of a table, that are read as a table: each takes about 60 bytes of memory or more."""

MAX_CONFIG_BYTES = 16 * 2**20
"""Largest configuration [bytes]; each byte of TOML takes some 50 of memory."""

MOST_MEMORY = 2 * 2**30
"""Most memory that is taken before an input is refused [bytes]."""

MAX_JSON_BYTES = MOST_MEMORY
"""Most memory that what a JSON text says may take [bytes], by `json_memory`."""

_Letters: TypeAlias = "NDArray[np.uint8]"
# Smaller texts cannot take much, whatever they say.
_HARMLESS = 8 * 2**20
_STEP = 2**20
# Of a table with columns of its own; light curves in nested Parquet have 2 to 6.
_MOST_FOLD = 100
_GZIP = b"\x1f\x8b"
_OTHER = (
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), "bzip2"), (re.compile(rb"\xfd7zXZ\0"), "xz"),
    (re.compile(rb"PK(?:\x03\x04|\x05\x06)"), "zip"), (re.compile(rb"\x1f\x9d"), "compress"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "zstd"),
)  # fmt: skip

# Of CPython 3.11 to 3.14 on 64 bits, by sys.getsizeof and the head of the garbage collector: an object with one entry,
# a list with one, and a value with its place in either; a name or text beyond its letters is counted as a value.
_OBJECT_BYTES, _LIST_BYTES, _VALUE_BYTES = 250, 90, 72

_CARD = 80
# Keywords in any case, since astropy takes them so, also behind HIERARCH.
_COUNT = re.compile(rb"(?:HIERARCH +)?(GCOUNT|PCOUNT|TFIELDS|NAXIS\d{0,3}) *= *([+-]?\d+)", re.IGNORECASE)
# The FITS standard (4.0, section 4.4.1) allows so many axes and columns.
_MOST_AXES = 999


def content_of(
    path: Path, max_bytes: int = MAX_BYTES, remedy: str = "give one spectrum or light curve a file"
) -> bytes:  # fmt: skip
    """The bytes of a file, decompressed where it is gzip.

    Parameters
    ----------
    path : Path
    max_bytes : int
        Most of them, decompressed.
    remedy : str
        What to do about more.

    Raises
    ------
    ReadError
        Where it cannot be read, is damaged, compressed otherwise, or is larger than ``max_bytes``.
    """
    try:
        return opened_content(path, max_bytes, remedy)
    except OSError as error:
        raise ReadError(path, f"cannot be read ({error.strerror or error})", "check its permissions") from None


def opened_content(path: str | os.PathLike[str], max_bytes: int | None, remedy: str) -> bytes:
    """As `content_of`, for functions whose callers hear of a file that is not there by an OSError.

    Parameters
    ----------
    path : path-like
    max_bytes : int or None
        None: a file that is not compressed may be of any size, one that is may hold `MAX_BYTES`.
    remedy : str

    Raises
    ------
    ReadError
        Where it is damaged, compressed otherwise, or too large.
    OSError
        Where it cannot be opened.
    """
    most = max_bytes
    with open(path, "rb") as file:
        begin = file.read(10)
        file.seek(0)
        for mark, name in _OTHER:
            if mark.match(begin):
                raise ReadError(path, f"compressed with {name}", "decompress it, or compress it with gzip")
        if begin.startswith(_GZIP):
            most = MAX_BYTES if most is None else most
            content = _decompressed(path, file, most)
        else:
            content = file.read() if most is None else file.read(most + 1)
    if most is not None and len(content) > most:
        raise ReadError(path, f"larger than {most / 2**20:g} MiB", remedy)
    return content


def _decompressed(path: str | os.PathLike[str], file: BinaryIO, most: int) -> bytes:
    """What is in a gzip file, of which no more than a step beyond ``most`` is looked at."""
    pieces, size = [], 0
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            while size <= most and (piece := stream.read(_STEP)):
                pieces.append(piece)
                size += len(piece)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ReadError(path, f"not a valid gzip file ({error})", "compress it again") from None
    # What is too large is not put together.
    return b"".join(pieces) if size <= most else bytes(most + 1)


def bulk_content(path: Path, remedy: str) -> tuple[bytes, bool]:
    """The bytes of a file that may be of any size, and whether it is compressed, which is held to limits.

    Those are `MAX_BYTES`, and for text the limits of `require_parsable`: nothing else says how large it is.

    Raises
    ------
    ReadError
        Where it cannot be read or is too large; the remedy is to decompress it, or that given.
    """
    remedy = f"decompress it, or {remedy}"
    try:
        content = opened_content(path, None, remedy)
        compressed = path.stat().st_size < len(content)
    except OSError as error:
        raise ReadError(path, f"cannot be read ({error.strerror or error})", "check its permissions") from None
    if compressed and not content.startswith(b"SIMPLE"):
        require_parsable(path, content, remedy)
    return content, compressed


def text_of(path: Path, remedy: str) -> str:
    """A text in UTF-8, as `content_of`, within the limits of `require_parsable`.

    Parameters
    ----------
    path : Path
    remedy : str
        What to give: "give a SEARCHEFF file".

    Raises
    ------
    ReadError
        Also where it is not text.
    """
    content = content_of(path, MAX_TEXT_BYTES, remedy)
    require_parsable(path, content, remedy)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ReadError(path, "is not text", remedy) from None


def require_parsable(path: Path, content: bytes, remedy: str = "give one spectrum or light curve a file") -> None:
    """Raise a ReadError where a text has more bytes, lines, words or width than are read as a table."""
    import numpy as np

    if len(content) > MAX_TEXT_BYTES:
        raise ReadError(
            path, f"{len(content) / 2**20:.0f} MiB of text, more than {MAX_TEXT_BYTES / 2**20:g}", remedy
        )  # fmt: skip
    letters = np.frombuffer(content, np.uint8)
    if (width := _width(content, letters)) * 4 * _lines(letters) > MOST_MEMORY:
        # An array of text is as wide as its longest, in every row.
        raise ReadError(path, f"a line of {width} letters among {_lines(letters)} lines", "shorten it")
    if len(content) <= _HARMLESS:
        return
    for what, most, found in (("lines", MAX_LINES, _lines), ("words", MAX_CELLS, _words)):
        if (n := found(letters)) > most:
            raise ReadError(path, f"{n} {what} of text, more than {most}", remedy)


def _width(content: bytes, letters: _Letters) -> int:
    """Letters of the longest line that is no comment, looked for where it may matter."""
    import numpy as np

    ends = np.flatnonzero(letters == 10)
    longest = int(np.diff(ends, prepend=-1, append=letters.size).max())
    if longest * 4 * (ends.size + 1) <= MOST_MEMORY:
        return longest
    return max((len(line) for line in content.split(b"\n") if not line.startswith(b"#")), default=0)


def _lines(letters: _Letters) -> int:
    import numpy as np

    # What str.splitlines takes for an end of a line, of one byte.
    return int(sum(np.count_nonzero(letters == end) for end in (10, 11, 12, 13, 28, 29, 30)))


def _words(letters: _Letters) -> int:
    """Words between blanks, and cells between other marks, of which two make an empty cell; at most."""
    import numpy as np

    blank = (letters == 32) | ((letters >= 9) & (letters <= 13))
    begins = int(np.count_nonzero(~blank[1:] & blank[:-1])) + 1
    return begins + int(sum(np.count_nonzero(letters == ord(mark)) for mark in ",;|\t<"))


def require_unfoldable(size: int, metadata: Any) -> None:
    """Raise a ValueError where a Parquet file holds much more than its size: it may repeat a value for ever.

    Parameters
    ----------
    size : int
        Of the file [bytes].
    metadata : pyarrow.parquet.FileMetaData
    """
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    chunks = [group.column(j) for group in groups for j in range(group.num_columns)]
    needed = sum(max(chunk.total_uncompressed_size, 8 * chunk.num_values) for chunk in chunks)
    if needed > MAX_BYTES and needed > _MOST_FOLD * size:
        raise ValueError(f"its {size} bytes would take {needed / 2**20:.0f} MiB; write it again as several files")


def json_memory(content: bytes) -> int:
    """About how many bytes of memory the values of a JSON text take, without making them; never much too few.

    Compressed text may be a thousandth of that, which the size of the file does not say.
    """
    objects, lists, values = (content.count(mark) for mark in (b"{", b"[", b","))
    return len(content) + _OBJECT_BYTES * objects + _LIST_BYTES * lists + _VALUE_BYTES * (values + objects + lists)


def require_countable(raw: bytes) -> None:
    """Raise a ValueError where a FITS header counts what cannot be: astropy would read for ever, or fill the memory.

    That is below zero, more than 999 axes or columns, or more of anything than the file has bits.
    """
    import numpy as np

    n = len(raw) // _CARD
    first = np.frombuffer(raw, np.uint8, count=n * _CARD)[::_CARD] & 0xDF  # in capitals
    for i in np.flatnonzero(np.isin(first, np.frombuffer(b"GPNTH", np.uint8))):
        if found := _COUNT.match(raw, int(i) * _CARD, int(i + 1) * _CARD):
            told, value = " ".join(found.group().decode().split()), int(found[2])
            if value < 0:
                raise ValueError(f"a FITS header counts below zero ({told})")
            if value > (_MOST_AXES if found[1].upper() in (b"NAXIS", b"TFIELDS") else 8 * len(raw)):
                raise ValueError(f"a FITS header counts more than there can be ({told})")
