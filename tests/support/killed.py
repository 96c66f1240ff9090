"""Run a command that kills itself at one of its renamings: python -m tests.support.killed before|after NUMBER WORDS...

Renamings are what makes a result visible; only those within the current folder count.
"""

import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def at_renamings(act):
    """Within the block ``act(number, what)`` is called before and after each renaming in the current folder, from 1."""
    place, count = Path.cwd(), 0
    real = {name: getattr(os, name) for name in ("rename", "replace")}

    def watched(name):
        def rename(source, to, **options):
            nonlocal count
            ours = Path(os.path.abspath(to)).is_relative_to(place)
            count += ours
            number = count
            if ours:
                act(number, "before")
            real[name](source, to, **options)
            if ours:
                act(number, "after")

        return rename

    try:
        for name in real:
            setattr(os, name, watched(name))
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)


def main():
    from sntransport.cli.main import main as command

    def kill(number, what):
        if (what, number) == (sys.argv[1], int(sys.argv[2])):
            os.kill(os.getpid(), signal.SIGKILL)

    with at_renamings(kill):
        command(sys.argv[3:], prog_name="sntransport")


if __name__ == "__main__":
    main()
