"""Output that is either there as a whole or not at all, and checksums of input."""

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

# What fsync(2) says where a file system has no such promise to give (FUSE, CIFS, some servers of NFS), and open(2) of a
# folder that one may write to but not list.
_NO_PROMISE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.EACCES, errno.EPERM}


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
    with atomic_paths([path]) as (temporary,):
        yield temporary


@contextmanager
def atomic_paths(paths: Sequence[str | os.PathLike[str]]) -> Iterator[tuple[Path, ...]]:
    """Write files that belong together as `atomic_path` does: none takes its name before all are complete.

    Parameters
    ----------
    paths : sequence of path-like
        In the order in which they take their names: last the one without which the others mean nothing.

    Yields
    ------
    tuple of Path
        A temporary name for each.

    Raises
    ------
    OSError
        As `atomic_path`. Where the block raises, or the disk is full, all earlier files stay as they were.

    Notes
    -----
    No system renames several files in one step: a process that is killed between two of the renamings, which follow
    one another without anything between them, leaves some new files beside earlier ones. A folder that is replaced as a
    whole is `sntransport._storage.atomic_folders.atomic_folder`.
    """
    targets = [Path(os.path.realpath(path)) for path in paths]
    with ExitStack() as stack:
        pairs = []
        for target in targets:
            _require_writable(target)
            # Only the end of the name is kept: it has the suffixes, and a long name would grow beyond the limit.
            temporary = target.with_name(f".{secrets.token_hex(8)}-{target.name[-64:]}")
            stack.callback(_remove, temporary)
            pairs.append((temporary, target))
        try:
            yield tuple(temporary for temporary, _ in pairs)
            for temporary, target in pairs:
                if not temporary.is_file():
                    raise FileNotFoundError(f"cannot write {target}: nothing was written")
            numbers = [_flushed(temporary) for temporary, _ in pairs]
            for (temporary, target), number in zip(pairs, numbers, strict=True):
                _rename(temporary, target, number)
        except OSError as error:
            # A full disk, above all: the system's own message names no file, or one that nobody knows.
            named = {str(temporary): target for temporary, target in pairs}
            if error.errno is None or error.filename not in (None, *named):
                raise
            target = named.get(str(error.filename), targets[0])
            raise OSError(error.errno, f"cannot write: {error.strerror}", str(target)) from error
    # Until the folder is on disk, a power cut can undo the renaming.
    for folder in dict.fromkeys(target.parent for target in targets):
        flush(folder)


@contextmanager
def atomic_hdf5(path: str | os.PathLike[str]) -> Iterator[Any]:
    """Write an HDF5 file, in memory first: on a disk that is full the library ends the process as it closes a file.

    Parameters
    ----------
    path : path-like

    Yields
    ------
    h5py.File
        Empty; where the block ends, it is written as `atomic_path` does.

    Raises
    ------
    OSError
        As `atomic_path`.
    """
    import h5py

    held = BytesIO()
    with atomic_path(path) as temporary:
        with h5py.File(held, "w") as file:
            yield file
        temporary.write_bytes(held.getbuffer())


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


def flush(path: Path) -> None:
    """Have the system put a file or a folder on disk, where its file system does that.

    Raises
    ------
    OSError
        Where it was tried and failed, such as on a disk that is full or broken; with the path.
    """
    posix = os.name == "posix"
    # Elsewhere folders cannot be opened, and reading rights do not flush.
    if not posix and path.is_dir():
        return
    try:
        descriptor = os.open(path, os.O_RDONLY if posix else os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _NO_PROMISE:
            raise OSError(error.errno, error.strerror, str(path)) from error


def _flushed(path: Path) -> int:
    """Flush a file; its number in the file system."""
    flush(path)
    return path.stat().st_ino


def _rename(temporary: Path, target: Path, number: int) -> None:
    """Rename in one step; on NFS a server that has done it may be asked again, and then says that there is no file."""
    try:
        os.replace(temporary, target)
    except FileNotFoundError:
        if not target.is_file() or target.stat().st_ino != number:
            raise


def _remove(temporary: Path) -> None:
    """Remove a file that may be gone; what cannot be removed is no reason to hide why the work failed."""
    with suppress(OSError):
        temporary.unlink()


def file_stem(name: str) -> str:
    """A supernova's name as a safe file name: letters, digits and ``. _ + -``; never hidden, never empty.

    Where letters or digits are lost ("α Ori", a name of more than 100), eight digits of a checksum of the name tell it
    from others of which the same is left.
    """
    whole = re.sub(r"[^A-Za-z0-9._+-]+", "_", name).strip("._")
    stem = whole[:100] or "unnamed"
    if len(whole) <= 100 and not any(sign.isalnum() and not sign.isascii() for sign in name):
        return stem
    return f"{stem[:91]}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def ending(stem: Path, suffix: str) -> Path:
    """``stem`` with ``suffix`` appended; dots in the stem stay."""
    return stem.with_name(stem.name + suffix)


def write_text(text: str, path: Path) -> Path:
    """Write a text whole or not at all; return its path."""
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    return path
