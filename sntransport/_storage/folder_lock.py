"""One run at a time on a folder: a file ``_lock`` in it, held by the system and gone when its process ends."""

import os
import re
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sntransport._storage.read_error import one_line

_NAME = "_lock"
# What a lock says; a file that says anything else is not ours to empty.
_HOLDER = re.compile(rb"(process \d+ on [^\x00-\x1f]{1,255})?")
_MOST = 400


class BusyError(OSError):
    """Another run writes to the folder."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the system lets go of it when the process ends, however it ends.

    Raises
    ------
    BusyError
        Where another process holds it; where the file system passes locks on (NFS 4, Lustre with flock), also one on
        another computer.
    OSError
        Where ``_lock`` is something else than our file: a link, a folder, a file with a text of somebody's. It is left
        as it is.
    """
    try:
        import fcntl
    except ImportError:
        # Not there on Windows; two runs on one folder are then not noticed.
        yield
        return
    descriptor = _hold(folder / _NAME, fcntl)
    try:
        yield
    finally:
        # Before it is let go of: whoever opened it meanwhile sees that it is gone, and makes a new one.
        (folder / _NAME).unlink(missing_ok=True)
        os.close(descriptor)


def _hold(path: Path, fcntl: Any) -> int:
    """A descriptor of the locked file."""
    while True:
        descriptor = _open(path)
        try:
            if _lock(path, descriptor, fcntl):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _open(path: Path) -> int:
    # Neither a link is followed nor a pipe waited for.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o644)
    except OSError as error:
        if path.is_symlink() or path.is_dir():
            raise _not_ours(path, "a link" if path.is_symlink() else "a folder") from None
        raise OSError(error.errno, f"cannot be made: {error.strerror}", str(path)) from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(descriptor)
        raise _not_ours(path, "a second name of another file" if found.st_nlink > 1 else "no plain file")
    return descriptor


def _lock(path: Path, descriptor: int, fcntl: Any) -> bool:
    """Lock the file and say in it who holds it; False where it was removed meanwhile."""
    said = os.pread(descriptor, _MOST, 0)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = one_line(said.decode("utf-8", "replace")) or "unknown"
        raise BusyError(
            f"{path.parent} is being written by another run ({holder}); wait for it, or choose another folder"
        ) from None
    try:
        current = os.stat(path, follow_symlinks=False).st_ino
    except FileNotFoundError:
        return False
    if current != os.fstat(descriptor).st_ino:
        return False
    if not _HOLDER.fullmatch(said):
        raise _not_ours(path, "a file of something else")
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
    return True


def _not_ours(path: Path, what: str) -> OSError:
    return OSError(f"{path} is {what}, not the lock of a run; remove it, or choose another folder")
