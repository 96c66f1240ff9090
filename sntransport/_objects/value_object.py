"""`ValueObject`: what all value objects have in common: read-only also as copies, and short when shown."""

import difflib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np

from sntransport._objects.card import Card, brief, heading
from sntransport._objects.mistakes import told


class _Frozen(dict[Any, Any]):
    """A read-only mapping on its way through a copy: a mapping proxy itself can be neither copied deep nor stored."""


class ValueObject:
    """Base of the frozen dataclasses that hold arrays.

    Copies (``copy``, ``deepcopy``, to another process and back) are as read-only as the original; numpy alone makes the
    arrays of a copy writable. A class says in ``_card`` what is shown of it; others list their fields.
    """

    _INSTEAD: ClassVar[Mapping[str, str]] = {}
    """What to write in place of a name that is none of a field, where that is known."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __new__(cls, *values: object, **fields_: object) -> Self:
        """Refuse values without names, names that are none of a field, and fields left out."""
        names = [item.name for item in fields(cls) if item.init] if values or fields_ else []
        if values:
            needed = ", ".join(f"{name}=..." for name in names[:3])
            raise TypeError(
                f"{cls.__name__} takes keywords alone, got {told(values[0])}: write {cls.__name__}({needed})"
            )
        for name in fields_:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(names)}"
                raise TypeError(f"{cls.__name__} has no {name}: {cls._INSTEAD.get(name, hint)}")
        # Without any value Python itself names what is missing: copies are made so, and filled afterwards.
        needed_names = [item.name for item in fields(cls) if item.init and _is_needed(item)] if fields_ else []
        lost = [name for name in needed_names if name not in fields_]
        if lost:
            needed = ", ".join(f"{name}=..." for name in needed_names)
            raise TypeError(f"{cls.__name__} lacks {', '.join(lost)}: write {cls.__name__}({needed})")
        return super().__new__(cls)

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        # A dataclass writes a repr of every digit into its class unless there is one already.
        if "__repr__" not in vars(cls):
            cls.__repr__ = ValueObject.__repr__  # type: ignore[method-assign]

    def __post_init__(self) -> None:
        """Take arrays that nobody else writes to; classes that check theirs have their own."""
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray) and value.flags.writeable:
                value = value.copy()
                value.setflags(write=False)
                object.__setattr__(self, item.name, value)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(vars(self))
        return {key: _Frozen(value) if isinstance(value, MappingProxyType) else value for key, value in state.items()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        for key, value in state.items():
            whole = MappingProxyType(dict(value)) if isinstance(value, _Frozen) else value
            _freeze(whole)
            self.__dict__[key] = whole

    def __repr__(self) -> str:
        return self._card().text()

    def _repr_html_(self) -> str:
        return self._card().html()

    def _card(self) -> Card:
        values = {item.name: getattr(self, item.name) for item in fields(self) if not item.name.startswith("_")}
        name = values.pop("name", "")
        return Card(
            title=heading(type(self).__name__, str(name)),
            rows=[
                (key, value._card().title if isinstance(value, ValueObject) else brief(value))
                for key, value in values.items()
            ],
        )


def _is_needed(item: Field[Any]) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _freeze(value: object) -> None:
    """Make arrays read-only, those in tuples and mappings too."""
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif isinstance(value, tuple | list):
        for one in value:
            _freeze(one)
    elif isinstance(value, Mapping):
        for one in value.values():
            _freeze(one)
