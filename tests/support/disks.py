"""Small disks of their own, to fill them."""

import os
import resource
import shutil
import subprocess
from contextlib import contextmanager, suppress
from functools import partial

import pytest


def mounted(place, options):
    """Mount a small file system of its own, or skip where that is not allowed; returns how to let go of it."""
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("only the superuser mounts")
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    return lambda: subprocess.run(["umount", "--lazy", place], check=True)


@contextmanager
def small_disk(place, n_byte):
    """A folder on a disk of its own, and what lets it have so much room; elsewhere files are limited to that size.

    Yields the folder and a context ``room(n_byte)``.
    """
    if not os.geteuid() and shutil.which("mount"):
        try:
            release = mounted(place, f"size={n_byte}")
        except pytest.skip.Exception:
            pass
        else:
            try:
                yield place, partial(_filled, place)
            finally:
                release()
            return
    place.mkdir(exist_ok=True)
    yield place, _limited


@contextmanager
def _filled(place, room):
    """A disk with a file on it that leaves so much room."""
    ballast = place / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, max(shutil.disk_usage(place).free - room, 1))
        yield
    finally:
        ballast.unlink()


@contextmanager
def _limited(room):
    """Files of this process that cannot grow beyond a size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
