"""Schemas of configurations as JSON Schema (draft 2020-12), which editors complete and check files by."""

from __future__ import annotations

from typing import Any

from sntransport._storage.config_schema import Key, Table

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_KINDS: dict[Any, dict[str, Any]] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    list[str]: {"type": "array", "items": {"type": "string"}},
    list[float]: {"type": "array", "items": {"type": "number"}},
    dict[str, int]: {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
    dict[str, object]: {"type": "object"},
    object: {},
}


def json_schema(table: Table, title: str) -> dict[str, Any]:
    """A whole file as JSON Schema.

    Parameters
    ----------
    table : Table
        Of the outermost keys.
    title : str
        What the file is of.

    Returns
    -------
    dict
        JSON values. It takes every file that `sntransport._storage.config_schema.checked` takes, and refuses unknown
        keys, values of another kind or out of their range, missing keys and those that exclude each other. What
        depends on files or on several values, such as an increasing list, it does not know.
    """
    return {"$schema": DRAFT, "title": title, **_object(table)}


def _object(table: Table) -> dict[str, Any]:
    """The inside of a table, whatever holds it."""
    out: dict[str, Any] = {
        "type": "object",
        "properties": {name: _known(known) for name, known in table.keys.items()},
        "additionalProperties": False if table.others is None else _key(table.others),
    }
    if table.one_of:
        out["oneOf"] = [{"required": [key]} for key in table.one_of]
        needs: dict[str, list[str]] = {key: [owner] for key, owner in table.beside.items()}
        for key, owner in table.beside.items():
            known = table.keys[key]
            if isinstance(known, Key) and known.required:
                needs[owner] = [*needs.get(owner, []), key]
        if needs:
            out["dependentRequired"] = needs
        return out
    required = [name for name, known in table.keys.items() if known.required]
    return out | ({"required": required} if required else {})


def _known(known: Key | Table) -> dict[str, Any]:
    return _key(known) if isinstance(known, Key) else _table(known)


def _table(table: Table) -> dict[str, Any]:
    told = {"description": table.words} if table.words else {}
    inside = _object(table)
    if table.several:
        return {**told, "type": "array", "minItems": 1, "items": inside}
    if table.number:
        return {**told, "anyOf": [{"type": "number"}, inside]}
    # An empty table says nothing, and one that is needed must.
    return {**told, **inside} | ({"minProperties": 1} if table.required else {})


def _key(key: Key) -> dict[str, Any]:
    out = dict(_KINDS[key.kind])
    if key.words:
        out["description"] = key.words
    if key.choices:
        out["enum"] = list(key.choices)
    least = 0 if key.kind is int and key.least is None else key.least
    limits = {"minimum": least, "maximum": key.most, "minItems": key.n, "maxItems": key.n, "default": key.default}
    return out | {name: value for name, value in limits.items() if value is not None}
