"""A folder is there as a whole or not at all, and the earlier one until then."""

import errno
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sntransport._storage import atomic_folders
from sntransport._storage.atomic_folders import atomic_folder, put_aside, recover
from tests.support.disks import mounted

OLD, NEW = {"list": "old", "a": "1", "b": "2"}, {"list": "new", "c": "3"}


def own(name):
    return name in ("list", "a", "b", "c")


def make(folder, content):
    folder.mkdir(exist_ok=True)
    for name, text in content.items():
        (folder / name).write_text(text)


def content(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def write(folder, what=NEW):
    with atomic_folder(folder, own=own, last=("list",)) as new:
        make(new, what)


@pytest.fixture
def target(tmp_path):
    make(tmp_path / "M", OLD)
    return tmp_path / "M"


def test_replaces_what_is_its_own_and_keeps_the_rest(target):
    (target / "mine.txt").write_text("mine")
    (target / "deeper").mkdir()
    (target / "deeper" / "too").write_text("mine too")
    with atomic_folder(target, own=own) as new:
        make(new, NEW)
        assert content(target) == OLD | {"mine.txt": "mine", "deeper/too": "mine too"}
    assert content(target) == NEW | {"mine.txt": "mine", "deeper/too": "mine too"}
    assert os.listdir(target.parent) == ["M"]


@pytest.mark.parametrize("there", [False, True])
def test_a_new_folder_and_one_that_is_empty(tmp_path, there, monkeypatch):
    target = tmp_path / "above" / "M"
    if there:
        target.mkdir(parents=True)
        monkeypatch.chdir(target)
    write(target)
    assert content(target) == NEW
    assert os.listdir(target.parent) == ["M"]
    assert Path.cwd().exists()


def test_a_link_stays_a_link(tmp_path, target):
    (tmp_path / "link").symlink_to(target)
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert content(target) == NEW


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_failure_leaves_the_earlier_folder(target, error):
    def half():
        with atomic_folder(target, own=own) as new:
            make(new, {"list": "half"})
            raise error

    with pytest.raises(error):
        half()
    assert content(target) == OLD
    assert os.listdir(target.parent) == ["M"]


def test_nothing_written_is_an_error(target):
    with pytest.raises(FileNotFoundError, match="nothing was written"), atomic_folder(target):
        pass
    assert content(target) == OLD


def test_a_second_renaming_that_fails_is_undone(target, monkeypatch):
    rename = os.rename

    def fail(source, to):
        if str(source).endswith(".new"):
            raise OSError(errno.EIO, "broken")
        rename(source, to)

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(OSError, match=r"cannot write: broken.*/M'"):
        write(target)
    assert content(target) == OLD
    assert os.listdir(target.parent) == ["M"]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_kill_around_the_second_renaming_is_repaired(target, swapped):
    (target / "mine.txt").write_text("mine")
    os.rename(target, put_aside(target))
    if swapped:
        make(target, NEW)
    recover(target, own)
    assert content(target) == (NEW if swapped else OLD) | {"mine.txt": "mine"}
    assert os.listdir(target.parent) == ["M"]
    os.rename(target, put_aside(target))
    write(target, {"list": "third"})
    assert content(target) == {"list": "third", "mine.txt": "mine"}
    assert os.listdir(target.parent) == ["M"]


CODE = """
import sys, time
from sntransport._storage.atomic_folders import atomic_folder
own = lambda name: name in ("list", "a", "b", "c")
print("ready", flush=True)
while True:
    for text in ("old", "new"):
        with atomic_folder(sys.argv[1], own=own) as new:
            for name in ("a", "b", "c"):
                (new / name).write_text(text * 1000)
            (new / "list").write_text(text)
"""


def test_kills_at_random_moments_leave_one_whole_folder(tmp_path):
    """Also where it is killed between the renamings: what it put aside is whole then, and comes back."""
    chance = random.Random(1)
    target = tmp_path / "M"
    for text in ("old",):
        make(target, dict.fromkeys(("a", "b", "c"), text * 1000) | {"list": text, "mine": "mine"})
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", CODE, target], stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0.0, 0.05))
            process.send_signal(signal.SIGKILL)
        place = target if target.is_dir() else put_aside(target)
        held = content(place)
        assert {held[name] for name in ("a", "b", "c")} == {held["list"] * 1000}
        recover(target, own)
        assert content(target) == dict.fromkeys("abc", held["list"] * 1000) | {"list": held["list"], "mine": "mine"}
        assert not put_aside(target).exists()


def test_what_a_killed_run_left_is_removed_and_what_a_running_one_has_is_not(target):
    left = target.parent / ".M.0123.new"
    left.mkdir()
    with atomic_folder(target, own=own) as new:
        assert not left.exists()
        make(new, NEW)
        write(target, {"list": "second"})
        assert new.exists()
    assert content(target) == NEW


def test_a_full_disk_leaves_the_earlier_folder(target):
    code = """
import sys
from sntransport._storage.atomic_folders import atomic_folder
with atomic_folder(sys.argv[1]) as new:
    (new / "list").write_text("x" * 100_000)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, target], capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)),
    )  # fmt: skip
    assert "File too large" in done.stderr
    assert str(target) in done.stderr
    assert content(target) == OLD
    assert os.listdir(target.parent) == ["M"]


def test_a_disk_that_begins_at_the_folder(tmp_path):
    """It cannot be renamed; empty, it is filled."""
    target = tmp_path / "M"
    release = mounted(target, "size=1m")
    try:
        write(target)
        assert content(target) == NEW
        with pytest.raises(OSError, match="cannot write"):
            write(target, {"list": "third"})
        assert content(target) == NEW
    finally:
        release()


def test_what_cannot_be_replaced(target, monkeypatch):
    (target.parent / "file").touch()
    with pytest.raises(NotADirectoryError, match="it is a file"):
        write(target.parent / "file")
    monkeypatch.chdir(target)
    with pytest.raises(OSError, match="is the current folder"):
        write(target)
    assert content(target) == OLD


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EXDEV, errno.EEXIST, errno.ENOTEMPTY])
@pytest.mark.parametrize("which", [0, 1])
def test_a_renaming_that_is_refused_leaves_the_earlier_folder(target, monkeypatch, number, which):
    """The first, as of a folder of a container's image, or the second, as NFS may."""
    rename, calls = os.rename, []

    def refuse(source, to):
        calls.append(source)
        if len(calls) == which + 1:
            raise OSError(number, os.strerror(number), str(source))
        rename(source, to)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(OSError, match=rf"cannot write: {re.escape(os.strerror(number))}: '{target}'"):
        write(target)
    assert content(target) == OLD
    assert os.listdir(target.parent) == ["M"]


def test_a_server_that_is_asked_twice_to_rename(target, monkeypatch):
    rename = os.rename

    def again(source, to):
        rename(source, to)
        if str(source).endswith(".new") and to == target:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(source))

    monkeypatch.setattr(os, "rename", again)
    write(target)
    assert content(target) == NEW
    assert os.listdir(target.parent) == ["M"]


def test_a_file_that_somebody_reads_on_nfs(target, monkeypatch):
    """Removed, it stays under another name until it is closed, and so does its folder; it is nobody's result."""
    rmtree = shutil.rmtree

    def silly(path, *, ignore_errors=False):
        for file in Path(path).rglob("list"):
            file.rename(file.with_name(".nfs000000000123"))
        if not ignore_errors:
            raise OSError(errno.ENOTEMPTY, "Directory not empty", str(path))

    monkeypatch.setattr(shutil, "rmtree", silly)
    write(target)
    assert content(target) == NEW
    assert not put_aside(target).exists()
    monkeypatch.setattr(shutil, "rmtree", rmtree)
    write(target, OLD)
    assert content(target) == OLD
    assert os.listdir(target.parent) == ["M"]
    os.rename(target, put_aside(target))
    make(target, NEW)
    (put_aside(target) / ".nfs000000000123").touch()
    recover(target, own)
    assert content(target) == NEW


def test_part_of_an_earlier_folder_does_not_come_back(target, monkeypatch):
    """Killed while it is removed; later somebody removes the new one."""

    class Killed(BaseException):
        pass

    def half(path, **_):
        (Path(path) / "list").unlink(missing_ok=True)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", half)
        with pytest.raises(Killed):
            write(target)
    assert content(target) == NEW
    shutil.rmtree(target)
    recover(target, own)
    assert not target.exists()
    write(target)
    assert os.listdir(target.parent) == ["M"]


def test_a_file_system_that_flushes_nothing(target, monkeypatch):
    def refuse(_):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    write(target)
    assert content(target) == NEW


@pytest.mark.parametrize("there", [False, True])
def test_what_another_has_written_meanwhile_stays(tmp_path, there):
    target = tmp_path / "M"
    if there:
        target.mkdir()

    def run():
        with atomic_folder(target, replace=False) as new:
            make(new, NEW)
            make(target, OLD)

    with pytest.raises(FileExistsError, match="M holds something by now, which another run has written"):
        run()
    assert content(target) == OLD
    assert os.listdir(tmp_path) == ["M"]


def test_without_locks(target, monkeypatch):
    monkeypatch.setattr(atomic_folders, "_lock", lambda _folder, **_: None)
    write(target)
    assert content(target) == NEW
