"""Signals: whatever a library makes of them, the program ends as one that was stopped."""

import os
import signal
import subprocess
import sys
import time

import pytest

from sntransport.cli.terminal.interrupts import Stopped, interruptible, require_no_stop
from tests.cli.test_commands import folder, run  # noqa: F401  (a fixture)


def swallowed(number):
    """What a library that goes on after any error makes of a signal."""
    try:
        os.kill(os.getpid(), number)
        time.sleep(1.0)
    except BaseException:
        return


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("error", [SystemError, ValueError, OSError, None])
def test_a_signal_is_a_stop_whatever_is_raised(number, code, error):
    before = signal.getsignal(number)

    def work():
        with interruptible():
            swallowed(number)
            if error is not None:
                raise error("what compiled code says")

    with pytest.raises(Stopped) as caught:
        work()
    assert caught.value.exit_code == code
    assert signal.getsignal(number) is before
    require_no_stop()


def test_work_that_goes_on_after_errors_does_not_go_on_after_a_signal():
    done = []

    def work():
        with interruptible():
            for i in range(2):
                swallowed(signal.SIGTERM)
                require_no_stop()
                done.append(i)

    with pytest.raises(Stopped):
        work()
    assert done == []


def test_an_error_without_a_signal_stays_what_it_is():
    with pytest.raises(ValueError, match="plain"), interruptible():
        raise ValueError("plain")


def test_a_command_ends_with_the_code_of_its_signal(folder, tmp_path, monkeypatch):  # noqa: F811
    def broken(*_, **__):
        swallowed(signal.SIGTERM)
        raise SystemError("a function returned a result with an exception set")

    monkeypatch.setattr("sntransport.cli.supernovae.batch.write_series", broken)
    done = run("build", folder, "-o", tmp_path / "out", "--no-figures")
    assert done.exit_code == 143
    assert "nothing half-written is left" in done.stderr


def test_without_memory_the_others_are_still_built(folder, tmp_path, monkeypatch):  # noqa: F811
    def large(*_, **__):
        raise MemoryError

    monkeypatch.setattr("sntransport.cli.supernovae.batch.write_build", large)
    done = run("build", folder, "-o", tmp_path / "out", "--no-figures")
    assert done.exit_code == 1
    assert "not enough memory" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("wait", [0.0, 0.03, 0.1])
def test_a_signal_while_it_is_imported_prints_no_traceback(number, wait):
    held = "import signal, sys; import sntransport.__main__ as m; sys.argv = ['sntransport', '--help']\n"
    held += "signal.signal(signal.SIGINT, m._end); signal.signal(signal.SIGTERM, m._end)\n"
    held += "sys.stderr.write('begun\\n'); sys.stderr.flush(); m.run()"
    with subprocess.Popen([sys.executable, "-c", held], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stderr.readline() == b"begun\n"
        time.sleep(wait)
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
    # Where it was faster than the signal it is done, or no longer has a handler.
    assert process.returncode in (0, 128 + number, -number)
    assert said == b""
