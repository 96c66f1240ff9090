"""Ctrl-C and SIGTERM: the work unwinds, temporary files go, and the exit code says which of the two it was."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Signals of the block that runs now, in the order they came.
_came: list[int] = []


class Stopped(KeyboardInterrupt):
    """The user, or another process such as a scheduler whose time is up, asked this one to end.

    Parameters
    ----------
    number : int
        Of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.exit_code = 128 + number
        """What a shell makes of such an end: 130 or 143."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Within the block SIGINT and SIGTERM raise `Stopped`, and whatever comes of that leaves the block as `Stopped`.

    Compiled code turns an interrupt into errors of its own (a SystemError of numba, an OperationalError of SQLite), and
    code that goes on after any error would go on after this one: the signal is remembered. Outside of the main thread,
    and for a signal that is ignored on purpose (nohup), nothing is changed.

    Raises
    ------
    Stopped
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        _came.append(number)
        raise Stopped(number)

    before = {one: signal.getsignal(one) for one in _SIGNALS if signal.getsignal(one) is not signal.SIG_IGN}
    _came.clear()
    try:
        for one in before:
            signal.signal(one, stop)
        yield
        require_no_stop()
    except BaseException as error:
        if _came and not isinstance(error, Stopped):
            raise Stopped(_came[0]) from error
        raise
    finally:
        _came.clear()
        for one, handler in before.items():
            signal.signal(one, handler)


def require_no_stop() -> None:
    """Raise `Stopped` where a signal came and was swallowed; between pieces of work that go on after an error."""
    if _came:
        raise Stopped(_came[0])
