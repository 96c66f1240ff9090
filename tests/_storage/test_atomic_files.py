"""A file is there as a whole or not at all."""

import hashlib
import os
import signal
import stat
import subprocess
import sys

import pytest

from sntransport._storage.atomic_files import atomic_path, sha256


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "series.old.fits"
    path.write_text("old")
    return path


def only(target, content):
    """Whether the folder holds this file with this content and nothing else."""
    return os.listdir(target.parent) == [target.name] and target.read_text() == content


def test_writes_replaces_and_leaves_nothing_else(target):
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffixes == target.suffixes
        assert temporary.name.startswith(".")
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert only(target, "new")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_failure_leaves_the_old_file(target, error):
    def half():
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        half()
    assert only(target, "old")


def test_block_that_writes_nothing_is_an_error(target):
    with pytest.raises(FileNotFoundError, match="nothing was written"), atomic_path(target):
        pass
    assert only(target, "old")


def test_killed_process_leaves_the_old_file(target):
    code = """
import sys, time
from sntransport._storage.atomic_files import atomic_path
with atomic_path(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print("ready", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGKILL)
    assert target.read_text() == "old"
    assert [name for name in os.listdir(target.parent) if not name.startswith(".")] == [target.name]


def test_two_writers_do_not_meet(target):
    with atomic_path(target) as first, atomic_path(target) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert only(target, "first")


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640)])
def test_permissions_follow_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        with atomic_path(tmp_path / "file") as temporary:
            temporary.write_text("new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


def test_missing_folder_is_created(tmp_path):
    with atomic_path(tmp_path / "a" / "b" / "file") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "a" / "b" / "file").read_text() == "new"


def test_link_is_followed(target, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(target)
    with atomic_path(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_long_name(tmp_path):
    path = tmp_path / ("x" * 250 + ".fits")
    with atomic_path(path) as temporary:
        assert temporary.suffix == ".fits"
        temporary.write_text("new")
    assert only(path, "new")


def refused(path, error, match):
    with pytest.raises(error, match=match), atomic_path(path):
        pytest.fail("the block must not run")


def test_what_cannot_be_written_is_said_before_the_work(target, tmp_path):
    refused(tmp_path, IsADirectoryError, "is a folder")
    refused(target / "file", OSError, "cannot create its folder")
    refused("/dev/null", OSError, "not a regular file")


def test_write_protection_is_respected(target, monkeypatch):
    # Asked through os.access, which a superuser always passes.
    monkeypatch.setattr(os, "access", lambda path, mode: os.fspath(path) != os.fspath(target))
    refused(target, PermissionError, "write-protected")
    monkeypatch.setattr(os, "access", lambda path, mode: os.fspath(path) == os.fspath(target))
    refused(target, PermissionError, "no permission to write in its folder")
    assert only(target, "old")


def test_sha256(tmp_path):
    (tmp_path / "file").write_bytes(b"abc" * 100_000)
    assert sha256(tmp_path / "file") == hashlib.sha256(b"abc" * 100_000).hexdigest()
