"""One run at a time in a folder of output."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

_NAME = "_lock"


class BusyError(OSError):
    """Another run writes to the folder."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the system lets go of it when the process ends, however it ends.

    Raises
    ------
    BusyError
        Where another process holds it.
    """
    try:
        import fcntl
    except ImportError:
        # Not there on Windows; two runs on one folder are then not noticed.
        yield
        return
    file = _lock_file(folder / _NAME, fcntl)
    try:
        yield
    finally:
        # Before it is let go of: whoever opened it meanwhile sees that it is gone, and makes a new one.
        (folder / _NAME).unlink(missing_ok=True)
        file.close()


def _lock_file(path: Path, fcntl: Any) -> IO[str]:
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise BusyError(
                f"{path.parent} is being written by another run ({holder}); wait for it, or choose another folder"
            ) from None
        if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}")
            file.flush()
            return file
        file.close()
