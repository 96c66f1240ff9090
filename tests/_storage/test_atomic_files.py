"""A file is there as a whole or not at all."""

import errno
import hashlib
import os
import signal
import stat
import subprocess
import sys

import pytest

from sntransport._storage.atomic_files import atomic_path, atomic_paths, file_stem, sha256


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


def write(path, text="new"):
    with atomic_path(path) as temporary:
        temporary.write_text(text)


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EXDEV, errno.EEXIST, errno.EACCES, errno.EIO])
def test_a_renaming_that_is_refused_leaves_the_old_file(target, monkeypatch, number):
    def refuse(source, _):
        raise OSError(number, os.strerror(number), str(source))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match=f"cannot write: {os.strerror(number)}: '{target}'") as caught:
        write(target)
    assert caught.value.errno == number
    assert only(target, "old")


@pytest.mark.parametrize("done", [True, False])
def test_a_server_that_is_asked_twice_to_rename(target, monkeypatch, done):
    """NFS: the answer is lost, the question repeated, and the second answer is that there is no such file."""
    replace = os.replace

    def again(source, to):
        if done:
            replace(source, to)
        else:
            os.unlink(source)
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(source))

    monkeypatch.setattr(os, "replace", again)
    if done:
        write(target)
    else:
        with pytest.raises(FileNotFoundError, match=f"cannot write.*'{target}'"):
            write(target)
    assert only(target, "new" if done else "old")


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_file_system_that_flushes_nothing_takes_files(target, monkeypatch, number):
    def refuse(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    write(target)
    assert only(target, "new")


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fails_as_it_flushes_is_an_error(target, monkeypatch, number):
    """Where room runs out only now, as on NFS."""

    def fail(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=f"cannot write: {os.strerror(number)}: '{target}'"):
        write(target)
    assert only(target, "old")


def test_a_folder_that_fails_as_it_is_flushed_is_named(target, monkeypatch):
    fsync = os.fsync

    def fail(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "broken")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=f"broken: '{target.parent}'"):
        write(target)


def test_files_that_belong_together_change_together(tmp_path):
    paths = [tmp_path / name for name in ("a.fits", "b.fits", "c.fits")]
    for path in paths[:2]:
        path.write_text("old")

    def run(texts):
        with atomic_paths(paths) as temporary:
            for path, text in zip(temporary, texts, strict=False):
                assert not paths[2].exists()
                path.write_text(text)

    with pytest.raises(FileNotFoundError, match=r"c\.fits: nothing was written"):
        run(["new", "new"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.fits", "b.fits"]
    assert [path.read_text() for path in paths[:2]] == ["old", "old"]
    run(["new", "new", "new"])
    assert sorted(tmp_path.iterdir()) == paths
    assert [path.read_text() for path in paths] == ["new", "new", "new"]


def test_no_room_for_the_second_leaves_the_first(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_text("old")

    def full():
        with atomic_paths(paths) as (one, other):
            one.write_text("new")
            raise OSError(errno.ENOSPC, "No space left on device", str(other))

    with pytest.raises(OSError, match=f"cannot write: No space left on device: '{paths[1]}'"):
        full()
    assert sorted(tmp_path.iterdir()) == paths
    assert [path.read_text() for path in paths] == ["old", "old"]


def test_names_as_file_names():
    assert file_stem("SN 2099a/b") == "SN_2099a_b"
    assert [file_stem(name) for name in ("", "..", ".")] == ["unnamed"] * 3
    assert file_stem(".hidden") == "hidden"


@pytest.mark.parametrize(
    ("one", "other"), [("\u03b1 Ori", "\u03b2 Ori"), ("\u65e5\u672c", "\u8d85\u65b0"), ("x" * 101, "x" * 102),
                       ("\u03b1 Ori", "Ori"), ("\u03b1" + "x" * 200, "\u03b2" + "x" * 200), ("SN\u0660", "SN\u0661")],
)  # fmt: skip
def test_names_that_lose_letters_stay_different(one, other):
    stems = [file_stem(name) for name in (one, other)]
    assert stems[0] != stems[1]
    for name, stem in zip((one, other), stems, strict=True):
        assert stem == file_stem(name)
        assert len(stem) <= 100
        assert stem.isascii()
        # The stem of a stem is itself: names are put together from stems.
        assert file_stem(stem) == stem
