"""What a progress bar leaves on a terminal, which is a pseudo-terminal here."""

import os
import re
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")

WORK = """
import time, warnings
import click
from sntransport.cli.main import main
from sntransport.cli.terminal.console import fail, progress, progress_bar, say, speaking

@main.command("work")
@speaking
def work():
    for k in progress(range(3), 3, "things"):
        time.sleep({step})
        if k == 1:
            fail(ValueError("the second is bad"))
            warnings.warn("take care")
    say("done")

main(["work", *{options}], prog_name="sntransport")
"""


def on_terminal(options=(), step=0.2, columns=100):
    """What came, and what is left to see of it: lines, with what carriage returns overwrote gone."""
    import fcntl
    import struct
    import termios

    inside, outside = pty.openpty()
    fcntl.ioctl(outside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    child = subprocess.Popen(
        [sys.executable, "-c", WORK.format(step=step, options=list(options))],
        stdin=outside, stdout=outside, stderr=outside, env=os.environ | {"NO_COLOR": "1", "COLUMNS": ""},
    )  # fmt: skip
    os.close(outside)
    parts = []
    while True:
        try:
            part = os.read(inside, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(inside)
    assert child.wait(60) == 0
    came = b"".join(parts).decode()
    return came, [seen for line in came.replace("\r\n", "\n").split("\n") if (seen := overwritten(line))]


def overwritten(line):
    """One line as a terminal shows it at the end."""
    cells = []
    for part in line.split("\r"):
        cells[: len(part)] = part
    return "".join(cells).rstrip()


def test_a_bar_counts_and_is_gone_at_the_end():
    came, left = on_terminal()
    assert re.search(r" 33 % \|\S+ +\| 1 of 3 things, \d\d:\d\d gone, \d\d:\d\d left", came)
    assert left == ["sntransport: error: the second is bad", "sntransport: warning: take care", "done"]


def test_the_clock_goes_on_while_a_step_takes_long():
    came, _ = on_terminal(step=1.3)
    assert "0 of 3 things, 00:01 gone, ? left" in came


@pytest.mark.parametrize("option", ["--quiet", "--json"])
def test_no_bar_where_it_is_not_wanted(option):
    came, _ = on_terminal([option], step=0.01)
    assert "things" not in came
    assert "the second is bad" in came


def test_a_terminal_of_few_columns_is_not_overrun():
    came, left = on_terminal(columns=40, step=0.05)
    pieces = [piece for line in came.split("\n") for piece in line.split("\r") if " of 3" in piece]
    assert pieces
    assert max(map(len, pieces)) <= 40
    assert left[-1] == "done"
