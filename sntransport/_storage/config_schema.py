"""What a configuration file may hold, as data: it checks a file, prints an example and makes the table of the pages.

A value of the wrong kind is refused, never converted, except that a whole number serves as a number.
"""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args, get_origin

from sntransport._storage.config_sections import Section

# Far beyond any number that is meant; NaN and infinity are not below it.
_LARGEST = 1e300
# Where comments begin in an example: behind most keys with their value.
_COLUMN = 28

_TOLD: dict[Any, str] = {
    int: "a whole number", float: "a finite number", str: "a text", bool: "true or false", list[str]: "a list of texts",
    list[float]: "a list of numbers", dict[str, int]: "a table of whole numbers, 0 or more",
    dict[str, object]: "a table", object: "a value",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Key:
    """One value: its kind (a key of `_TOLD`), what it means, its range and default.

    ``least`` and ``most`` include their value; whole numbers are not negative. ``n`` is the length of a list.
    ``example``: the value as TOML in the first, second, ... table of the example; empty: it is not there. A key of a
    table with ``one_of`` that is required is so beside its owner.
    """

    kind: Any
    words: str
    default: Any = None
    required: bool = False
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    n: int | None = None
    example: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The kind in words."""
        return f"a list of {self.n} numbers" if self.n else _TOLD[self.kind]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: its keys, and what any ``others`` are (None: there are none).

    ``several``: a list of tables, one or more, or where it is not required none. ``optional``: it may be left out, and
    is then None. ``number``: a number may stand in its place, and it may be left out. ``one_of``: exactly one of these
    keys is given, and the keys of ``beside`` only with the one that each names.
    ``default``: in place of a table that is empty or missing. ``example``: the table in one line, else its keys are
    shown; ``example_others`` are those without a name of their own.
    """

    keys: Mapping[str, "Key | Table"] = field(default_factory=dict)
    words: str = ""
    others: Key | None = None
    required: bool = False
    several: bool = False
    optional: bool = False
    number: bool = False
    one_of: tuple[str, ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    default: Mapping[str, Any] = field(default_factory=dict)
    example: tuple[str, ...] = ()
    example_others: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """The kind in words."""
        if not self.number:
            return "a list of tables" if self.several else "a table"
        keys = ", ".join(f"`{key}`" for key in self.keys)
        return f"a number or {'a distribution' if self.one_of else keys}"


def checked(section: Section, table: Table) -> Section:
    """The values of a table, those inside it too, with the defaults of all keys that are left out.

    Raises
    ------
    ReadError
        For the first key that is not known (with those most like it), missing, of another kind or out of its range.
    """
    values = {}
    for key, value in section.values.items():
        known = table.keys.get(key, table.others)
        if known is None:
            near = difflib.get_close_matches(key, table.keys, n=2, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else f"expected {', '.join(table.keys)}"
            raise section.wrong(key, "no such key", hint)
        values[key] = _table(section, key, known) if isinstance(known, Table) else _value(section, key, known, value)
    if table.one_of:
        _require_one(section, table)
        return Section(path=section.path, where=section.where, values=values)
    for key, known in table.keys.items():
        if key not in values:
            values[key] = _table(section, key, known) if isinstance(known, Table) else _default(section, key, known)
    return Section(path=section.path, where=section.where, values=values or dict(table.default))


def _default(section: Section, key: str, known: Key) -> Any:
    if known.required:
        raise section.wrong(key, "missing", f"give it {known.told}")
    return known.default


def _table(section: Section, key: str, known: Table) -> Any:
    """The values of a table inside another: a mapping, a list of them, or a number or None in place of one."""
    value = section.values.get(key)
    if known.several:
        if not known.required and key not in section.values:
            return []
        if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
            raise section.wrong(key, "missing or not a list of tables", f"add one or more [[{section.name(key)}]]")
        return [
            checked(one, known).values
            for one in Section(path=section.path, where=section.where, values={key: value}).sections(key)
        ]
    if (known.number or known.optional) and key not in section.values:
        if known.required:
            raise section.wrong(key, "missing", f"give it {known.told}")
        return None
    if known.number and _is_number(value):
        return _value(section, key, Key(kind=float, words=known.words), value)
    if known.required and not value and not (known.one_of and key in section.values):
        raise section.wrong(key, "missing or empty", f"give it a table, [{section.name(key)}]")
    if key in section.values and not isinstance(value, dict):
        remedy = "expected a number or a table" if known.number else f"make it a table, [{section.name(key)}]"
        raise section.wrong(key, f"is {value!r}", remedy)
    return checked(section.section(key), known).values


def _require_one(section: Section, table: Table) -> None:
    chosen = [key for key in table.one_of if key in section.values]
    if len(chosen) != 1:
        raise section.wrong("", f"has {' and '.join(chosen) or 'nothing'}", f"give one of {', '.join(table.one_of)}")
    for key, owner in table.beside.items():
        known = table.keys[key]
        if key in section.values and chosen[0] != owner:
            raise section.wrong(key, f"does not belong to {chosen[0]}", f"only {owner} has it")
        if isinstance(known, Key) and known.required and chosen[0] == owner and key not in section.values:
            raise section.wrong(key, "missing", f"give it {known.words}")


def _value(section: Section, key: str, known: Key, value: Any) -> Any:
    if known.kind is float or known.kind == list[float]:
        for one in value if isinstance(value, list) else [value]:
            if _is_number(one) and abs(one) > _LARGEST and isinstance(one, int):
                raise section.wrong(key, f"is a number of {len(str(abs(one)))} digits", "write it as 1e30")
    if not _fits(value, known.kind) or (known.n is not None and len(value) != known.n):
        raise section.wrong(key, f"is {value!r}", f"expected {known.told}")
    if known.choices and value not in known.choices:
        raise section.wrong(key, f"is {value!r}", f"expected {', '.join(known.choices)}")
    least = 0 if known.kind is int and known.least is None else known.least
    if (least is not None and value < least) or (known.most is not None and value > known.most):
        bounds = f"{least:g} or more" if known.most is None else f"{least:g} to {known.most:g}"
        raise section.wrong(key, f"is {value:g}", f"expected {bounds}")
    if known.kind is float:
        return float(value)
    return [float(one) for one in value] if known.kind == list[float] else value


def _is_number(value: Any) -> bool:
    # A truth value is an integer to Python, not to whoever writes a configuration.
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fits(value: Any, kind: Any) -> bool:
    if kind is object:
        return True
    if kind is float:
        return _is_number(value) and -_LARGEST < value < _LARGEST
    if kind is int:
        return _is_number(value) and isinstance(value, int) and abs(value) < 2**63
    if get_origin(kind) is None:
        return isinstance(value, kind)
    if not isinstance(value, get_origin(kind)):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return all(_fits(one, get_args(kind)[-1]) and (kind != dict[str, int] or one >= 0) for one in inside)


def example(table: Table, title: str, *, every: bool = False) -> str:
    """An example of a file, as TOML: the keys that have one, each with what it means.

    With ``every`` all other keys and tables too, as comments, each with its default or kind.
    """
    lines = [f"# {title}", *_example_keys(table, 0), *(_other_keys(table, "", "") if every else [])]
    for name, known in table.keys.items():
        if isinstance(known, Table) and not known.example:
            head = f"[[{name}]]" if known.several else f"[{name}]"
            n = _n_example(known)
            for i in range(n):
                lines += ["", *_commented(head, known.words if i == 0 else ""), *_example_keys(known, i)]
                lines += _other_keys(known, "", name) if every and i == 0 else []
            if every and not n:
                lines += ["", *(f"# {line}" for line in _commented(head, known.words)), *_other_keys(known, "", name)]
    return "\n".join(lines) + "\n"


def _other_keys(table: Table, prefix: str, path: str) -> list[str]:
    """Keys without an example as comments, those of tables inside as ``table.key``; outermost tables are not in it."""
    lines: list[str] = []
    for name, known in table.keys.items():
        if known.example or (not path and isinstance(known, Table)):
            continue
        if isinstance(known, Table) and not known.number and known.keys:
            lines += _other_keys(known, f"{prefix}{name}.", path)
            continue
        default = known.default if isinstance(known, Key) else None
        value = "" if default is None else json.dumps(default)
        told = _meaning(known) if value else ": ".join(part for part in (known.told, _meaning(known)) if part)
        lines += [f"# {line}" for line in _commented(f"{prefix}{name} = {value}".rstrip(), told)]
    if table.others is not None and not table.example_others:
        lines.append(f"# {prefix}...: {table.others.words}")
    return lines


def _n_example(table: Table) -> int:
    most = max([len(known.example) for known in table.keys.values()] + [int(bool(table.example_others))])
    return most if table.several else min(most, 1)


def _example_keys(table: Table, i: int) -> list[str]:
    lines = []
    for name, known in table.keys.items():
        if len(known.example) > i:
            lines += _commented(f"{name} = {known.example[i]}", _meaning(known) if i == 0 else "")
    return lines + [f"{name} = {value}" for name, value in table.example_others.items()]


def _commented(line: str, words: str) -> list[str]:
    """A line with a comment behind it, or before it where it is long."""
    if not words:
        return [line]
    return [f"{line:<{_COLUMN}}# {words}"] if len(line) < _COLUMN else [f"# {words}", line]


def _meaning(known: Key | Table) -> str:
    choices = known.choices if isinstance(known, Key) else ()
    return ": ".join(part for part in (known.words, ", ".join(choices)) if part)


def key_table(table: Table) -> str:
    """All keys as a Markdown table: name, kind, default and meaning."""
    rows = ["| key | kind | unless stated | |", "|---|---|---|---|", *_rows(table, "")]
    return "\n".join(rows)


def key_sections(table: Table, *, level: int = 2, path: str = "") -> str:
    """The same under a heading for each table of the file, so that a page of many keys can be looked through.

    Parameters
    ----------
    table : Table
        Of the whole file, or of one table in it.
    level : int
        Of the headings for its tables; those in them are one lower.
    path : str
        Where the table is in the file, with a dot at its end; empty for the file.
    """
    inner = {
        name: known
        for name, known in table.keys.items()
        if isinstance(known, Table) and known.keys and not known.number
    }
    own = replace(table, keys={name: known for name, known in table.keys.items() if name not in inner})
    rows = _rows(own, "", path)
    if path and table.others is not None:
        rows.append(_row("others", table.others.told, None, table.others.words))
    parts = ["\n".join(["| key | kind | unless stated | |", "|---|---|---|---|", *rows])] if rows else []
    for name, known in inner.items():
        head = f"[[{path}{name}]]" if known.several else f"[{path}{name}]"
        parts.append(f"{'#' * level} `{head}`")
        about = [known.words] if known.words else []
        about += ["one or more" if known.several else "needed"] if known.required else []
        about += [f"`{json.dumps(known.default)}` unless stated"] if known.default else []
        if about:
            text = "; ".join(about)
            parts.append(f"{text[0].upper()}{text[1:]}.")
        parts.append(key_sections(known, level=level + 1, path=f"{path}{name}."))
    return "\n\n".join(part for part in parts if part)


def _rows(table: Table, prefix: str, path: str = "") -> list[str]:
    rows = []
    for name, known in table.keys.items():
        if isinstance(known, Table) and not known.number:
            head = f"`[[{path}{name}]]` " if known.several else f"`[{path}{name}]` "
            if known.words or not known.keys:
                rows.append(_row(head.strip(), known.told, known.default or known.required, known.words))
            rows += _rows(known, head, f"{path}{name}.")
            if known.keys and known.others is not None:
                rows.append(_row(f"{head}others", known.others.told, None, known.others.words))
        else:
            default = known.required or (known.default if isinstance(known, Key) else None)
            rows.append(_row(f"{prefix}`{name}`", known.told, default, _meaning(known)))
    return rows


def _row(name: str, told: str, default: Any, words: str) -> str:
    if default is True:
        shown = "needed"
    elif default is None or default is False or default in ([], {}):
        shown = ""
    else:
        shown = f"`{json.dumps(default)}`"
    return f"| {name} | {told.removeprefix('a ')} | {shown} | {words} |"
