"""The lock of a folder: one run at a time, and nothing of anybody else's is touched."""

import errno
import fcntl
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


def test_a_lock_from_the_future_or_the_past_is_taken_over(tmp_path):
    for date in (5e9, 0):
        (tmp_path / "_lock").write_text("process 17 on a-node-that-is-gone.example")
        os.utime(tmp_path / "_lock", (date, date))
        with locked(tmp_path):
            pass
        assert not list(tmp_path.iterdir())


def test_a_lock_that_somebody_removed_is_not_that_of_the_next(tmp_path):
    with locked(tmp_path):
        (tmp_path / "_lock").unlink()
        (tmp_path / "_lock").write_text("process 17 on another.example")
    assert (tmp_path / "_lock").read_text() == "process 17 on another.example"


def test_a_full_disk_leaves_no_lock_and_names_it(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match=f"cannot be written: No space left on device: '{tmp_path / '_lock'}'"), \
            locked(tmp_path):  # fmt: skip
        pass
    assert not list(tmp_path.iterdir())


@pytest.fixture(params=[errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def no_locks(request, monkeypatch):
    """A file system without locks: NFS without its daemon, Lustre without ``flock``."""

    def refuse(*_):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", refuse)


def gone():
    """The number of a process that is not there any more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def test_without_locks_one_at_a_time(tmp_path, no_locks):
    with locked(tmp_path):
        held = (tmp_path / "_lock").read_text()
        assert held == f"process {os.getpid()} on {socket.gethostname()}"
        match = (
            rf"written by another run \({held}\); wait for it, or, as the file system has no locks .* remove .*_lock"
        )
        with pytest.raises(BusyError, match=match), locked(tmp_path):
            pass
        assert (tmp_path / "_lock").read_text() == held
    assert not list(tmp_path.iterdir())


def test_without_locks_a_killed_run_of_this_computer_is_taken_over(tmp_path, no_locks):
    (tmp_path / "_lock").write_text(f"process {gone()} on {socket.gethostname()}")
    with locked(tmp_path):
        assert (tmp_path / "_lock").read_text().startswith(f"process {os.getpid()} on")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("said", ["process 17 on a-node-that-is-gone.example", ""])
def test_without_locks_what_cannot_be_known_stays(tmp_path, no_locks, said):
    (tmp_path / "_lock").write_text(said)
    with pytest.raises(BusyError, match=r"remove .*_lock if that run is gone"), locked(tmp_path):
        pass
    assert (tmp_path / "_lock").read_text() == said


def test_without_locks_a_file_of_somebody_else_is_left_as_it_is(tmp_path, no_locks):
    (tmp_path / "_lock").write_text("my notes")
    with pytest.raises(OSError, match="a file of something else"), locked(tmp_path):
        pass
    assert (tmp_path / "_lock").read_text() == "my notes"


def test_without_locks_of_two_that_take_over_one_does(tmp_path, no_locks, monkeypatch):
    """Between the look at what is left and its removal another has taken over: its lock stays."""
    path, rename, other = tmp_path / "_lock", os.rename, f"process {os.getpid()} on {socket.gethostname()}"
    path.write_text(f"process {gone()} on {socket.gethostname()}")

    def late(source, to):
        path.write_text(other)
        rename(source, to)

    monkeypatch.setattr(os, "rename", late)
    with pytest.raises(BusyError, match="written by another run"), locked(tmp_path):
        pass
    assert path.read_text() == other
    assert [found.name for found in tmp_path.iterdir()] == ["_lock"]


def test_a_lock_that_cannot_be_made_is_no_other_run(tmp_path, monkeypatch):
    def broken(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "flock", broken)
    with pytest.raises(OSError, match="cannot be locked: Input/output error") as caught, locked(tmp_path):
        pass
    assert not isinstance(caught.value, BusyError)
    assert not list(tmp_path.iterdir())
