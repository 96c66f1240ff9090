"""Small disks of their own, to fill them."""

import os
import shutil
import subprocess

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
