"""What holds for every command that writes: no room, a kill at the worst moment, two at once, no open socket."""

import functools
import os
import socket
import subprocess
import sys
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from sntransport._storage.atomic_folders import put_aside
from sntransport.cli.main import main
from tests.conftest import ROOT
from tests.support.commands import READING, WRITING, leaves, visible
from tests.support.disks import small_disk
from tests.support.killed import at_renamings
from tests.support.sockets import listening

PAGE = 4096

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and limits of posix")


def invoke(words):
    return CliRunner().invoke(main, words)


def finished(words):
    done = invoke(words)
    assert done.exit_code == 0, done.output


@dataclass(frozen=True)
class Expected:
    """Files before a command and after it, how often it renames, and addresses on which anything listened meanwhile."""

    before: dict[str, bytes]
    whole: dict[str, bytes]
    count: int
    heard: frozenset


@pytest.fixture(scope="module")
def expected(material, tmp_path_factory):
    """What a command of a name makes where nothing disturbs it, in a folder of its own."""

    @functools.cache
    def run(name):
        one, count, heard = WRITING[name], [], set(listening())
        silent = frozenset(heard)
        with pytest.MonkeyPatch.context() as patched:
            patched.chdir(tmp_path_factory.mktemp("whole"))
            if one.earlier:
                finished(one.told(material, "out", earlier=True))
            before = visible("out")

            def look(number, _):
                count.append(number)
                heard.update(listening())

            listen = socket.socket.listen
            patched.setattr(
                socket.socket, "listen",
                lambda self, *rest: (heard.add(self.getsockname()), listen(self, *rest))[1],
            )  # fmt: skip
            with at_renamings(look):
                finished(one.told(material, "out"))
            whole = visible("out")
        assert whole
        assert whole != before
        return Expected(before, whole, max(count), frozenset(heard) - silent)

    return run


def require_kept(one, left, before, whole):
    """Each file is the old one or the new one; where the folder is one thing, it is."""
    lost = [name for name in before if name not in left]
    broken = [name for name, data in left.items() if data not in (before.get(name), whole.get(name))]
    assert not broken
    assert not lost or one.whole
    assert not one.whole or left in (before, whole)


def test_every_command_is_among_those_that_write_or_read():
    assert sorted(leaves(main)) == sorted([*WRITING, *READING])


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITING)
def test_without_room_what_was_there_is_kept(material, expected, tmp_path, monkeypatch, name):
    one, told = WRITING[name], expected(name)
    before, whole = told.before, told.whole
    monkeypatch.chdir(tmp_path)
    largest, total = max(map(len, whole.values())), sum(map(len, whole.values()))
    with small_disk(tmp_path / "disk", 1_000_000 + 8 * total) as (disk, room):
        os.chdir(disk)
        if one.earlier:
            finished(one.told(material, "out", earlier=True))
        # In whole pages, which a small file has one of.
        for n_byte in {0, largest // 2 // PAGE * PAGE}:
            with room(n_byte):
                done = invoke(one.told(material, "out"))
            assert done.exit_code == 1, done.output
            assert "Traceback" not in done.output
            assert "error: " in done.output
            assert not list(disk.rglob(".*"))
            require_kept(one, visible("out"), before, whole)
            assert not one.whole or visible("out") == before
        finished(one.told(material, "out"))
        assert visible("out") == whole
        # Unmounted, it is nobody's folder.
        os.chdir(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITING)
def test_killed_as_it_renames_what_was_there_is_kept(material, expected, tmp_path, monkeypatch, name):
    """In the middle of its renamings, and before the last; then it is started again."""
    one, told = WRITING[name], expected(name)
    before, whole, count = told.before, told.whole, told.count
    monkeypatch.chdir(tmp_path)
    for when, number in {("after", max(count // 2, 1)), ("before", count)}:
        place = tmp_path / f"{when}-{number}"
        place.mkdir()
        os.chdir(place)
        if one.earlier:
            finished(one.told(material, "out", earlier=True))
        words = [sys.executable, "-m", "tests.support.killed", when, str(number), *one.told(material, "out")]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == -9, done.stderr
        out = place / "out"
        left = visible(out if out.is_dir() or not one.whole else put_aside(out))
        require_kept(one, left, before, whole)
        if not (one.once and left == whole):
            finished(one.told(material, "out"))
        assert visible("out") == whole


# Of two runs that write to one folder at the same time: which is refused, and by what words. Of all others, neither.
REFUSED = {
    "augment": ("second", "is being written by another run"),
    "convert": ("first", "holds something by now"),
    "init": ("second", "holds something"),
    "simulate": ("second", "is being written by another run"),
}


# Their first renaming is under the lock of the folder above: another run waits for it, and needs a process of its own.
WAITS = ("init",)


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITING)
def test_two_at_once(material, expected, tmp_path, monkeypatch, name):
    """The second begins in the middle of the first, as that makes its first file visible, and ends there or waits."""
    one, told = WRITING[name], expected(name)
    monkeypatch.chdir(tmp_path)
    second = []

    def beside(words):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        words = [sys.executable, "-m", "sntransport", *words]
        return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def between(_number, _what):
        if not second:
            second.append(None)
            second[0] = (beside if name in WAITS else invoke)(one.told(material, "out", earlier=bool(one.earlier)))

    with at_renamings(between):
        first = invoke(one.told(material, "out"))
    (other,) = second
    if name in WAITS:
        output = other.communicate(timeout=300)[0]
        codes, outputs = (first.exit_code, other.returncode), (first.output, output)
    else:
        codes, outputs = (first.exit_code, other.exit_code), (first.output, other.output)
    which, words = REFUSED.get(name, ("neither", ""))
    for order, code, output in zip(("first", "second"), codes, outputs, strict=True):
        assert "Traceback" not in output
        assert code == (1 if order == which else 0), output
        assert order != which or words in output
    left = visible("out")
    assert not [file for file, data in left.items() if data not in (told.before.get(file), told.whole.get(file))]
    assert not list(tmp_path.rglob(".*"))
    if not one.once:
        finished(one.told(material, "out"))
    assert set(told.whole.items()) <= set(visible("out").items())


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITING)
def test_nothing_listens(expected, name):
    assert expected(name).heard == frozenset()
