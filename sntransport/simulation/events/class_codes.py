"""Codes of classes and bands: one table for a whole run, whatever its populations, surveys, shards and formats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import set_fields
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.value_object import ValueObject
from sntransport._storage.config_schema import Key, Table
from sntransport._storage.read_error import one_line
from sntransport.spectra.classes import known_class, plain_type
from sntransport.spectra.observations import broad_class

CODES = Table(
    keys={
        "class": Key(
            kind=dict[str, int],
            words="number of each class or type, in every format, such as { Ia = 1, II = 2, IIn = 3 }; a type without "
            "one has that of its class",
            default={},
        ),
        "band": Key(
            kind=dict[str, object],
            words="what the format calls each band: a letter of SNANA and ELAsTiCC, a number of PLAsTiCC",
            default={},
        ),
        "survey": Key(kind=str, words="name of the survey in files of SNANA; those of the surveys unless stated"),
    },
    words="of classes and bands in the files, the same for all populations",
)
"""Of a configuration."""

# SNANA keeps SNTYPE in 32 bits, as PLAsTiCC's target is here.
_LARGEST = 2**31 - 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Codes(ValueObject):
    """What the files of a run call its classes, bands and survey.

    Parameters
    ----------
    classes : mapping of str to int
        Number by class ("Ia", "II", "Ib/c", "other") or type ("II P"); see `code_of`. Empty: the format's own numbers,
        or from 1 in the order of the names of the classes.
    bands : mapping of str to str or int
        Code by band, a name of `sntransport.load_bands`. Empty: those of the format.
    survey : str
        Empty: the names of the surveys.

    Raises
    ------
    ValueError
        Where a number is not from 0 to 2**31 - 1, or a code of a band no text or number.

    Examples
    --------
    >>> from sntransport.simulation.events import Codes
    >>> Codes(classes={"Ia": 90, "II": 42}, survey="ZTF").classes["II"]
    42
    >>> Codes(classes={"Ia": -1})
    Traceback (most recent call last):
        ...
    ValueError: codes: class Ia is -1, expected a whole number from 0 to 2147483647
    """

    classes: Mapping[str, int] = field(default_factory=dict)
    bands: Mapping[str, str | int] = field(default_factory=dict)
    survey: str = ""

    def __post_init__(self) -> None:
        for name, code in self.classes.items():
            if isinstance(code, bool) or not isinstance(code, int) or not 0 <= code <= _LARGEST:
                raise ValueError(f"codes: class {name} is {code!r}, expected a whole number from 0 to {_LARGEST}")
        for name, letter in self.bands.items():
            if isinstance(letter, bool) or not isinstance(letter, (str, int)) or letter == "":
                raise ValueError(f"codes: band {name} is {letter!r}, expected a letter or a number")
        set_fields(self, classes=dict(self.classes), bands=dict(self.bands))

    def told(self) -> dict[str, Any]:
        """As JSON values, for a manifest."""
        return {"class": dict(self.classes), "band": dict(self.bands), "survey": self.survey}


@answers_mistakes
def default_codes(types: Iterable[str], first: int = 1) -> dict[str, int]:
    """Number of each class of some types, from ``first`` in the order of their names.

    Parameters
    ----------
    types : iterable of str
        Of all templates of a run: those of one population alone would begin again with the next.
    first : int

    Returns
    -------
    dict of str to int
        By class, as `sntransport.spectra.observations.broad_class` names it.

    Examples
    --------
    >>> from sntransport.simulation.events import default_codes
    >>> default_codes(["Ia", "II P", "Ic", "IIb"])
    {'II': 1, 'Ia': 2, 'Ib/c': 3}
    """
    return {name: i for i, name in enumerate(sorted({broad_class(one) for one in types}), start=first)}


def code_of(sn_type: str, codes: Mapping[str, int]) -> int | None:
    """Number of a type: its own, that of the longest type of its class that it begins with, or that of its class.

    Parameters
    ----------
    sn_type : str
        In any spelling, see `sntransport.spectra.classes.plain_type`.
    codes : mapping of str to int

    Returns
    -------
    int or None
        None where there is none.
    """
    if sn_type in codes:
        return codes[sn_type]
    own, plain = known_class(sn_type), plain_type(sn_type)
    fitting = [
        name for name in codes if plain_type(name) and plain.startswith(plain_type(name)) and known_class(name) == own
    ]
    if fitting:
        return codes[max(fitting, key=lambda name: len(plain_type(name)))]
    of_class = {plain_type(name): code for name, code in codes.items()}
    return of_class.get(plain_type(broad_class(sn_type)))


def example_type(sn_class: str, codes: Mapping[str, int]) -> str:
    """A type of a class that has a code: the class itself, or where only types have one, the first of its types.

    Where there is none it is the class, for whoever asks for its code to say so.
    """
    if code_of(sn_class, codes) is not None:
        return sn_class
    return next((name for name in codes if broad_class(name) == sn_class), sn_class)


def codes_of_templates(types: Sequence[str], codes: Mapping[str, int], what: str) -> NDArray[np.int32]:
    """Number of each template, (n_template,).

    Parameters
    ----------
    types : sequence of str
    codes : mapping of str to int
    what : str
        For the message: what a type lacks.

    Raises
    ------
    ValueError
        Where a type has none.
    """
    found = [code_of(one, codes) for one in types]
    if None in found:
        lost = types[found.index(None)]
        raise ValueError(
            f"type {lost!r} has no {what} (there are {', '.join(map(str, codes))}); state it under [codes]"
        )
    return np.array(found, dtype=np.int32).reshape(len(types))


def class_columns(
    types: Sequence[str], template: NDArray[np.int32], codes: Mapping[str, int] | None = None
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """What files have of the class of each object: ``class``, ``class_code`` and ``type``, all (n_object,).

    Parameters
    ----------
    types : sequence of str, (n_template,)
    template : ndarray of int, (n_object,)
        Index into ``types``.
    codes : mapping of str to int, optional
        Default: `default_codes` of these types.

    Raises
    ------
    ValueError
        Where a type has no code.
    """
    numbers = codes_of_templates(types, codes or default_codes(types), "code")
    names = [broad_class(one) for one in types]
    return {
        "class": np.array(names, dtype=str)[template], "class_code": numbers[template],
        # Arrays of text end at a NUL, and rows of text files at a new line.
        "type": np.array([one if one.isprintable() else one_line(one) for one in types], dtype=str)[template],
    }  # fmt: skip
