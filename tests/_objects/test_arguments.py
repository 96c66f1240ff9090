"""What a public function says of wrong arguments: only what the annotations rule out is blamed."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array
from sntransport._objects.arguments import answers_mistakes
from sntransport.photometry.bands import AnyBand, load_bands
from sntransport.spectra import observe, to_rest
from sntransport.spectra.series import SpectralSeries
from sntransport.transport.interpolators import Interpolator
from tests._objects.examples import examples

SERIES, BAND, SIGHTLINE = (examples()[name] for name in ("SpectralSeries", "Bandpass", "Sightline"))
# Values that may be what is annotated, and values that cannot be.
KINDS = {
    "SpectralSeries": ([SERIES], ["a", None, [SERIES], 1.0, examples()["ObservedSeries"]]),
    "SpectralSeries | None": ([SERIES, None], ["a", 1.0]),
    "Sequence[SpectralSeries]": ([[SERIES], (SERIES,), [], iter([SERIES])], [SERIES, "a", [1.0], None, Path("a")]),
    "Sequence[str | Bandpass]": ([["a", BAND]], ["a", BAND, [1.0]]),
    "Iterable[AnyBand]": ([["a", BAND]], ["a", 1.0]),
    "tuple[float, float]": ([(1.0, 2), [1.0, 2.0]], [(1.0,), 1.0, "ab", {}]),
    "float": ([1, 1.0, np.float32(1.0), True, np.array(1.0), 1.0 * u.mag], ["1", None, [1.0], np.ones(2)]),
    "int": ([1, np.int8(1), True], ["1", 1.5, None, [1]]),
    "ArrayLike": ([1.0, [1.0], np.ones(3), [1.0] * u.nm, Table({"a": [1.0]})["a"]], ["a", None, Path("a"), {}, SERIES]),
    "ArrayLike | None": ([1.0, None], ["a", SERIES]),
    "Array": ([np.ones(3), [1.0]], ["a", None]),
    "NDArray[np.str_]": ([np.array(["a"])], [None]),
    "str": (["a", np.str_("a")], [1.0, None, Path("a"), ["a"]]),
    "str | Path": (["a", Path("a")], [None, 1.0]),
    "Path": ([Path("a")], ["a", None]),
    "bool": ([True, np.True_, np.array([False])[0]], ["a", 1.0, None, np.float64(1.0)]),
    "bytes": ([b"a", np.bytes_(b"a")], ["a"]),
    "Sequence[bool]": ([[True, np.False_]], [["a"], "a"]),
    "Mapping[str, float]": ([{}, Table()], ["a", 1.0, None]),
    "Callable[[float], float]": ([abs, float], ["abs", 1.0]),
    "Interpolator": ([abs], ["log_linear"]),
    "Literal['a', 'b']": (["a", np.str_("a"), np.int64(1)], [[1.0], None]),
    "Something[of, others]": (["a", 1.0], []),
}


def failing(kind):
    def outside(value):
        return {}["of another kind"]

    outside.__annotations__ = {"value": kind}
    return answers_mistakes(outside)


@pytest.mark.parametrize("kind", KINDS)
def test_what_fits_is_not_blamed_and_what_does_not_is(kind):
    function = failing(kind)
    for value in KINDS[kind][0]:
        with pytest.raises(KeyError, match="of another kind"):
            function(value)
    for value in KINDS[kind][1]:
        with pytest.raises(TypeError, match=r"^outside: value takes .*, got .*: .+") as answer:
            function(value)
        assert len(str(answer.value).splitlines()) == 1


def test_annotations_that_are_evaluated_say_the_same():
    texts = {}
    for text, kind in {"ArrayLike | None": ArrayLike | None, "Sequence[SpectralSeries]": Sequence[SpectralSeries],
                       "Interpolator": Interpolator, "AnyBand": AnyBand, "NDArray[np.str_]": NDArray[np.str_],
                       "Literal['a', 'b']": Literal["a", "b"], "Mapping[str, float]": Mapping[str, float],
                       "Iterable[AnyBand]": Iterable[AnyBand], "Array": Array,
                       "Callable[[float], float]": Callable[[float], float]}.items():  # fmt: skip
        for value in (1.0, "a", None, SERIES):
            for one in (text, kind):
                with pytest.raises((KeyError, TypeError)) as answer:
                    failing(one)(value)
                texts.setdefault((text, str(value)), set()).add(type(answer.value))
    assert {key: kinds for key, kinds in texts.items() if len(kinds) > 1} == {}


def test_errors_of_the_package_are_left_as_they_are():
    with pytest.raises(TypeError, match=r"^observe takes a Sightline, got the text 'a'"):
        observe(SERIES, "a")
    with pytest.raises(TypeError, match=r"^to_rest: sightline takes a Sightline, got a Bandpass: write to_rest\("):
        to_rest([5e3], [1.0], BAND)


def test_what_python_said_is_kept_behind_the_answer():
    with pytest.raises(TypeError) as answer:
        failing("str")(1.0)
    assert isinstance(answer.value.__cause__, KeyError)


def test_a_function_is_still_itself():
    assert pickle.loads(pickle.dumps(load_bands)) is load_bands
    assert load_bands.__module__ == "sntransport.photometry.bands"
    assert load_bands(["lsstg"])[0].name == "lsstg"
