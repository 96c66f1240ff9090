"""The program: ``sntransport``, or ``python -m sntransport``."""

import os
import signal
from types import FrameType


def run() -> None:
    """Run the command line; a signal before its work begins ends the process without a traceback."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    # After the handlers: this import takes most of the time before the work.
    from sntransport.cli.main import main

    main()


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a handler
    # Nothing is written yet, and an exception would come out of the middle of an import.
    os._exit(128 + number)


if __name__ == "__main__":
    run()
