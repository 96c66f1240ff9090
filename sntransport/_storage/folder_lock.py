"""One run at a time on a folder: a file ``_lock`` in it, held by the system and gone when its process ends.

Where the file system has no locks (Lustre without ``flock``, NFS without its daemon), the file itself is the lock. What
a killed run left is then known by its process, on the same computer; a process of another cannot be looked at.
"""

import errno
import os
import re
import secrets
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sntransport._storage.read_error import one_line

_NAME = "_lock"
# What a lock says; a file that says anything else is not ours to empty.
_HOLDER = re.compile(rb"(process (?P<process>\d{1,18}) on (?P<host>[^\x00-\x1f]{1,255}))?")
_MOST = 400
# What flock(2) says of a lock that another has; of old NFS the second.
_HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
# What it says where there are no locks.
_WITHOUT = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL)


class BusyError(OSError):
    """Another run writes to the folder."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the system lets go of it when the process ends, however it ends.

    Raises
    ------
    BusyError
        Where another process holds it; where the file system passes locks on (NFS 4, Lustre with flock), also one on
        another computer. Where it has no locks, also where ``_lock`` is what is left of a run that was killed on
        another computer: it stays until somebody removes it.
    OSError
        Where ``_lock`` is something else than our file: a link, a folder, a file with a text of somebody's. It is left
        as it is.

    Notes
    -----
    No clock is read and no date of a file: a lock does not grow old. A child of this process that is forked, and not
    spawned, while the folder is held holds it too, for as long as it lives.
    """
    try:
        import fcntl
    except ImportError:
        # Not there on Windows; two runs on one folder are then not noticed.
        yield
        return
    path = folder / _NAME
    descriptor = _hold(path, fcntl)
    try:
        yield
    finally:
        # Before it is let go of: whoever opened it meanwhile sees that it is gone, and makes a new one. Where somebody
        # removed it by hand, what is there now is the lock of another run.
        if _is(path, descriptor):
            path.unlink(missing_ok=True)
        os.close(descriptor)


def _hold(path: Path, fcntl: Any) -> int:
    """A descriptor of the file that is ours."""
    while True:
        descriptor, made = _open(path)
        try:
            if _lock(path, descriptor, fcntl, made=made):
                return descriptor
        except BaseException:
            if made and _is(path, descriptor):
                path.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        os.close(descriptor)


def _open(path: Path) -> tuple[int, bool]:
    """A descriptor of the file, and whether it was made."""
    # Neither a link is followed nor a pipe waited for.
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    made = False
    try:
        try:
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o644)
            made = True
        except FileExistsError:
            descriptor = os.open(path, flags | os.O_CREAT, 0o644)
    except OSError as error:
        if path.is_symlink() or path.is_dir():
            raise _not_ours(path, "a link" if path.is_symlink() else "a folder") from None
        raise OSError(error.errno, f"cannot be made: {error.strerror}", str(path)) from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(descriptor)
        raise _not_ours(path, "a second name of another file" if found.st_nlink > 1 else "no plain file")
    return descriptor, made


def _lock(path: Path, descriptor: int, fcntl: Any, *, made: bool) -> bool:
    """Lock the file and say in it who holds it; False where it was removed meanwhile."""
    said = os.pread(descriptor, _MOST, 0)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            raise _busy(path, said, "wait for it, or choose another folder") from None
        if error.errno not in _WITHOUT:
            raise OSError(error.errno, f"cannot be locked: {error.strerror}", str(path)) from None
        if not made:
            _take_away(path, said)
            return False
    if not _is(path, descriptor):
        return False
    if not _HOLDER.fullmatch(said):
        raise _not_ours(path, "a file of something else")
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
    except OSError as error:
        raise OSError(error.errno, f"cannot be written: {error.strerror}", str(path)) from None
    return True


def _is(path: Path, descriptor: int) -> bool:
    """Whether that is the file which has the name."""
    try:
        found = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(found, os.fstat(descriptor))


def _take_away(path: Path, said: bytes) -> None:
    """Where there are no locks, remove what a process of this computer left that is gone; else raise a BusyError."""
    if not (found := _HOLDER.fullmatch(said)):
        raise _not_ours(path, "a file of something else")
    # Empty: of a run that begins right now, or was killed as it began.
    if found["host"].decode("utf-8", "replace") != socket.gethostname() or _alive(int(found["process"])):
        remedy = f"wait for it, or, as the file system has no locks and cannot tell, remove {path} if that run is gone"
        raise _busy(path, said, remedy)
    waste = path.with_name(f".{secrets.token_hex(8)}-{_NAME}")
    with suppress(FileNotFoundError):
        # Of two that see the same, one moves it. Should it be that of a third by now, it goes back.
        os.rename(path, waste)
        if waste.read_bytes()[:_MOST] != said:
            with suppress(OSError):
                os.link(waste, path)
        waste.unlink()


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def _busy(path: Path, said: bytes, remedy: str) -> BusyError:
    holder = one_line(said.decode("utf-8", "replace")) or "unknown"
    return BusyError(f"{path.parent} is being written by another run ({holder}); {remedy}")


def _not_ours(path: Path, what: str) -> OSError:
    return OSError(f"{path} is {what}, not the lock of a run; remove it, or choose another folder")
