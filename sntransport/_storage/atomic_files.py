"""Output that is either there as a whole or not at all, and checksums of input."""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Write a file under a temporary name and rename it when it is complete.

    Parameters
    ----------
    path : path-like
        The file to make or replace. A missing folder is created; a symbolic link is followed.

    Yields
    ------
    Path
        A new hidden name in the same folder with the same suffixes, different at every call; nothing exists there
        yet, so the file that the caller makes has the usual permissions. When the block ends, the file is flushed
        to disk and takes its final name in one step. Where the block raises (KeyboardInterrupt included), it is
        removed and the earlier file stays as it was.

    Raises
    ------
    OSError
        Where ``path`` is a folder or cannot be written (before the block runs), or the block made no file. One that the
        block raises for want of room names ``path``.

    Examples
    --------
    >>> with atomic_path("series.txt") as temporary:  # doctest: +SKIP
    ...     temporary.write_text("all of it")
    """
    target = Path(os.path.realpath(path))
    _require_writable(target)
    # Only the end of the name is kept: it has the suffixes, and a long name would grow beyond the limit.
    temporary = target.with_name(f".{secrets.token_hex(8)}-{target.name[-64:]}")
    try:
        yield temporary
        if not temporary.is_file():
            raise FileNotFoundError(f"cannot write {target}: nothing was written")
        _flush(temporary, os.O_RDWR)
        os.replace(temporary, target)
    except OSError as error:
        # A full disk, above all: the system's own message names no file, or one that nobody knows.
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise
        raise OSError(error.errno, f"cannot write: {error.strerror}", str(target)) from error
    finally:
        temporary.unlink(missing_ok=True)
    if os.name == "posix":
        # Elsewhere folders cannot be opened. Until the folder is on disk, a power cut can undo the renaming.
        _flush(target.parent, os.O_RDONLY)


def sha256(path: str | os.PathLike[str]) -> str:
    """Checksum of a file's bytes, as 64 hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_writable(target: Path) -> None:
    """Create the folder of ``target`` and raise an OSError that says why where the file cannot be written."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise type(error)(f"cannot write {target}: cannot create its folder ({error.strerror})") from None
    if target.is_dir():
        raise IsADirectoryError(f"cannot write {target}: it is a folder")
    if target.exists() and not target.is_file():
        raise OSError(f"cannot write {target}: it is not a regular file")
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(f"cannot write {target}: the file is write-protected")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise PermissionError(f"cannot write {target}: no permission to write in its folder")


def _flush(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_stem(name: str) -> str:
    """A supernova's name as a safe file name: letters, digits and ``. _ + -``; never hidden, never empty."""
    return re.sub(r"[^A-Za-z0-9._+-]+", "_", name).strip("._")[:100] or "unnamed"


def ending(stem: Path, suffix: str) -> Path:
    """``stem`` with ``suffix`` appended; dots in the stem stay."""
    return stem.with_name(stem.name + suffix)


def write_text(text: str, path: Path) -> Path:
    """Write a text whole or not at all; return its path."""
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    return path
