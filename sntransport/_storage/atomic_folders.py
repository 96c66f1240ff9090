"""A folder of files that is either there as a whole or not at all, in place of an earlier one that stays until then."""

import os
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sntransport._storage.atomic_files import flush

# What NFS calls a file that was removed while somebody had it open; it goes when it is closed.
_REMOVED_WHILE_OPEN = ".nfs"


@contextmanager
def atomic_folder(
    path: str | os.PathLike[str], *, own: Callable[[str], bool] = lambda _: True, last: Collection[str] = (),
    replace: bool = True,
) -> Iterator[Path]:  # fmt: skip
    """Write a folder under a temporary name and put it in its place when it is complete.

    Parameters
    ----------
    path : path-like
        The folder to make or replace. Folders above it are created; a symbolic link is followed.
    own : callable
        Whether an entry of the earlier folder, by its name, is part of what is replaced. Others are moved to the new
        folder.
    last : collection of str
        Names of files without which the folder is no result. Into an empty folder the files are moved one by one, these
        last.
    replace : bool
        Whether an earlier folder with anything in it is replaced. The caller looks before the work; another process may
        have filled the folder since.

    Yields
    ------
    Path
        A new empty folder beside ``path``. When the block ends, all in it is flushed to disk, the earlier folder is
        renamed to `put_aside`, the new one takes its name, and the earlier one is removed; into an empty folder the
        files are moved. Where the block raises (KeyboardInterrupt included), the new one is removed and the earlier one
        stays as it was.

    Raises
    ------
    OSError
        Where ``path`` is a file, cannot be written, is the current folder or above it and not empty, or the block wrote
        nothing. One that the block raises for want of room names ``path``.
    FileExistsError
        Where the folder is not empty when the block ends, and may not be replaced.

    Notes
    -----
    A process that is killed between the two renamings leaves the earlier folder under the name of `put_aside`; the next
    call puts it back first.
    """
    target = Path(os.path.realpath(path))
    _require_folder(target)
    held: int | None = None
    new = target
    try:
        with _alone(target.parent):
            _recover(target, own)
            _sweep(target)
            empty = target.is_dir() and not any(target.iterdir())
            new = _hidden(_place(target, empty=empty), target)
            new.mkdir()
            held = _lock(new, wait=False)
        yield new
        if not any(new.iterdir()):
            raise FileNotFoundError(f"cannot write {target}: nothing was written")
        _flush_all(new)
        with _alone(target.parent):
            if not replace and _filled(target, new):
                raise FileExistsError(f"{target} holds something by now, which another run has written; nothing was")
            if empty:
                _move_in(new, target, last)
            else:
                _swap(new, target, own)
    except OSError as error:
        # The system's own message names a file that nobody knows, or none.
        named = str(error.filename or new)
        if error.errno is None or not (named.startswith(str(new)) or named == str(target)):
            raise
        raise OSError(error.errno, f"cannot write: {error.strerror}", str(target)) from error
    finally:
        if new != target:
            shutil.rmtree(new, ignore_errors=True)
        if held is not None:
            os.close(held)


def recover(path: str | os.PathLike[str], own: Callable[[str], bool] = lambda _: True) -> None:
    """Put back the earlier folder that a killed `atomic_folder` has put aside, where there is one."""
    target = Path(os.path.realpath(path))
    if put_aside(target).is_dir():
        with _alone(target.parent):
            _recover(target, own)


def put_aside(path: str | os.PathLike[str]) -> Path:
    """Where the earlier folder is while a new one takes its place, and after a kill at that moment."""
    target = Path(os.path.realpath(path))
    return target.with_name(f".{target.name[-200:]}.earlier")


def _swap(new: Path, target: Path, own: Callable[[str], bool]) -> None:
    aside, number = put_aside(target), new.stat().st_ino
    if target.is_dir():
        os.rename(target, aside)
    try:
        _rename(new, target, number)
    except BaseException:
        if aside.is_dir():
            os.rename(aside, target)
        raise
    flush(target.parent)
    _recover(target, own)


def _recover(target: Path, own: Callable[[str], bool]) -> None:
    """Put back what a killed run has put aside; or, where the new folder is there, take over what is not its own."""
    aside = put_aside(target)
    if not aside.is_dir():
        return
    if not target.is_dir():
        os.rename(aside, target)
        return
    for entry in sorted(aside.iterdir()):
        removed = entry.name.startswith(_REMOVED_WHILE_OPEN)
        if not removed and not own(entry.name) and not os.path.lexists(target / entry.name):
            os.rename(entry, target / entry.name)
    # Under its name nothing of a model is ever missing: a part of one must not come back.
    waste = _hidden(target.parent, target)
    os.rename(aside, waste)
    # What stays, as somebody has it open on NFS, goes at the next call.
    shutil.rmtree(waste, ignore_errors=True)


def _filled(target: Path, new: Path) -> bool:
    """Whether the folder has anything in it but what is being made."""
    return target.is_dir() and any(entry != new for entry in target.iterdir())


def _hidden(place: Path, target: Path) -> Path:
    """A new name for what `_sweep` may remove where nobody holds it."""
    return place / f".{target.name[-64:]}.{secrets.token_hex(8)}.new"


def _rename(new: Path, target: Path, number: int) -> None:
    """Rename in one step; a server of NFS that has done it may be asked again, and then finds no folder."""
    try:
        os.rename(new, target)
    except FileNotFoundError:
        if not target.is_dir() or target.stat().st_ino != number:
            raise


def _place(target: Path, *, empty: bool) -> Path:
    """Where to make the new folder: above, or within an empty one that is on another disk or below a locked folder."""
    above = target.parent
    other = empty and (target.stat().st_dev != above.stat().st_dev or not os.access(above, os.W_OK))
    return target if other else above


def _move_in(new: Path, target: Path, last: Collection[str]) -> None:
    for entry in sorted(new.iterdir(), key=lambda one: (one.name in last, one.name)):
        os.rename(entry, target / entry.name)
    flush(target)


def _require_folder(target: Path) -> None:
    """Make the folders above and raise an OSError that says why where the folder cannot be replaced."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise type(error)(f"cannot write {target}: cannot create the folder above ({error.strerror})") from None
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(f"cannot write {target}: it is a file")
    if not target.is_dir() or any(target.iterdir()):
        if Path.cwd().is_relative_to(target):
            raise OSError(f"cannot replace {target}: it is the current folder, or above it; run it from elsewhere")
        if not os.access(target.parent, os.W_OK | os.X_OK):
            raise PermissionError(f"cannot write {target}: no permission to write in the folder above")


def _sweep(target: Path) -> None:
    """Remove what killed runs left: folders that nobody holds."""
    for place in (target.parent, target):
        for left in place.glob(f".{_escaped(target.name[-64:])}.*.new") if place.is_dir() else ():
            with suppress(OSError):
                if _free(left):
                    shutil.rmtree(left)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process at a time renames in a folder, where the system has locks."""
    descriptor = _lock(folder, wait=True)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _free(folder: Path) -> bool:
    """Whether no process holds it; False where that cannot be known."""
    descriptor = _lock(folder, wait=False)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


def _lock(folder: Path, *, wait: bool) -> int | None:
    try:
        import fcntl
    except ImportError:
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        # Held by another, or a file system without locks.
        os.close(descriptor)
        return None
    return descriptor


def _flush_all(folder: Path) -> None:
    for path in [*sorted(folder.rglob("*")), folder]:
        flush(path)
