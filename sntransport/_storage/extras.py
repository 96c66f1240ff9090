"""Packages that only some formats need, and what is said where one is missing."""

from collections.abc import Iterator
from contextlib import contextmanager


class MissingExtraError(ImportError):
    """A package of an extra is not installed; the message names the extra to install."""


@contextmanager
def of_extra(extra: str) -> Iterator[None]:
    """Within the block, a failing import says what to install.

    Parameters
    ----------
    extra : str
        Name of the extra in ``pyproject.toml`` that has the package.

    Raises
    ------
    MissingExtraError
        In place of the ImportError.
    """
    try:
        yield
    except ImportError as error:
        # Without a name it is not one that is missing, but one that is broken.
        if error.name is None:
            raise
        raise MissingExtraError(
            f"{error.name.partition('.')[0]} is not installed: pip install 'sntransport[{extra}]'", name=error.name
        ) from error
