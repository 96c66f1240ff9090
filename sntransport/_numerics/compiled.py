"""How a kernel is compiled: on first use, kept on disk."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile on first use and keep the result on disk; where no folder can be written, compile in every process."""
    try:
        return cast("_Function", njit(cache=True)(function))
    except RuntimeError:
        return cast("_Function", njit(function))


def compiled_sums(function: _Function) -> _Function:
    """As `compiled`, with leave to add up a sum in any order, so that several terms are added at a time."""
    options = {"reassoc", "contract"}
    try:
        return cast("_Function", njit(cache=True, fastmath=options)(function))
    except RuntimeError:
        return cast("_Function", njit(fastmath=options)(function))
