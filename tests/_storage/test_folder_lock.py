"""The lock of a folder: one run at a time, and nothing of anybody else's is touched."""

import os
import re
import socket
import subprocess
import sys

import pytest

from sntransport._storage.folder_lock import BusyError, locked

pytestmark = pytest.mark.skipif(os.name != "posix", reason="locks of posix")

HOLD = """
import sys, time
from pathlib import Path
from sntransport._storage.folder_lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_one_at_a_time(tmp_path, holder):
    with (
        pytest.raises(BusyError, match=rf"process {holder.pid} on {re.escape(socket.gethostname())}"),
        locked(tmp_path),
    ):
        pass
    assert (tmp_path / "_lock").exists()


def test_what_a_killed_process_leaves_is_taken_over(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert (tmp_path / "_lock").exists()
    with locked(tmp_path):
        assert f"process {os.getpid()} on" in (tmp_path / "_lock").read_text()
    assert not (tmp_path / "_lock").exists()


def test_a_lock_of_another_computer_that_nobody_holds_is_taken_over(tmp_path):
    (tmp_path / "_lock").write_text("process 17 on a-node-that-is-gone.example")
    with locked(tmp_path):
        pass


def test_odd_bytes_of_a_holder_are_told_as_one_line(tmp_path, holder):
    (tmp_path / "_lock").write_bytes(b"\xff\xfe\x1b[31m\nprocess\0 of \xe9")
    with pytest.raises(BusyError) as caught, locked(tmp_path):
        pass
    assert "being written by another run" in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("content", [b"my notes\n", b"\xff\xfe\x00", b"process 1 on host\nand more"])
def test_a_file_of_somebody_else_is_left_as_it_is(tmp_path, content):
    (tmp_path / "_lock").write_bytes(content)
    with pytest.raises(OSError, match="_lock is a file of something else, not the lock of a run; remove it"), \
            locked(tmp_path):  # fmt: skip
        pass
    assert (tmp_path / "_lock").read_bytes() == content


@pytest.mark.parametrize("kind", ["link", "dangling link", "second name", "folder", "pipe"])
def test_what_is_no_file_of_ours_is_refused_and_its_target_stays(tmp_path, kind):
    target, folder = tmp_path / "precious", tmp_path / "out"
    folder.mkdir()
    if kind != "dangling link":
        target.write_text("years of work")
    lock = folder / "_lock"
    {"link": lambda: lock.symlink_to(target), "dangling link": lambda: lock.symlink_to(target),
     "second name": lambda: lock.hardlink_to(target), "folder": lock.mkdir,
     "pipe": lambda: os.mkfifo(lock)}[kind]()  # fmt: skip
    with pytest.raises(OSError, match="not the lock of a run"), locked(folder):
        pass
    assert os.path.lexists(lock)
    assert target.exists() is (kind != "dangling link")
    assert kind == "dangling link" or target.read_text() == "years of work"
