"""One schema checks a file, prints its example and makes its table; and refuses what is wrong by name."""

import re
import tomllib
from pathlib import Path

import pytest

from sntransport._storage.config_schema import Key, Table, checked, example, key_sections, key_table
from sntransport._storage.config_sections import Section
from sntransport._storage.read_error import ReadError

SPREAD = Table(
    keys={
        "value": Key(kind=float, words="always this"),
        "normal": Key(kind=list[float], words="mean and width", n=2),
        "rate": Key(kind=str, words="of a name", choices=("slow", "fast")),
        "range": Key(kind=list[float], words="the least and the largest", n=2, required=True),
    },
    words="how bright",
    number=True,
    one_of=("value", "normal", "rate"),
    beside={"range": "rate"},
    example=("0.5",),
)
SCHEMA = Table(
    keys={
        "seed": Key(kind=int, words="of all random numbers", default=1, example=("3",)),
        "limits": Key(kind=list[float], words="of the sky", n=2),
        "star": Table(
            keys={"name": Key(kind=str, words="of the star", required=True, example=('"A"', '"B"')), "light": SPREAD},
            words="one or more",
            required=True,
            several=True,
        ),
        "share": Table(
            others=Key(kind=float, words="of a split"), default={"train": 0.7}, example_others={"train": "0.5"}
        ),
        "camera": Table(keys={"gain": Key(kind=float, words="of its chip", default=1.0, least=0.5, most=4.0)}),
    }
)
STAR = '[[star]]\nname = "A"\n'


def read(text):
    return checked(Section(path=Path("c.toml"), where="", values=tomllib.loads(text)), SCHEMA).values


def test_what_is_left_out_has_its_default():
    assert read(STAR) == {
        "seed": 1,
        "limits": None,
        "star": [{"name": "A", "light": None}],
        "share": {"train": 0.7},
        "camera": {"gain": 1.0},
    }


def test_what_is_given_stays_and_whole_numbers_are_numbers():
    found = read("limits = [1, 2.5]\n[share]\ntest = 1\n[camera]\ngain = 2\n" + STAR + "light = 3\n")
    assert (found["limits"], found["share"], found["camera"]) == ([1.0, 2.5], {"test": 1.0}, {"gain": 2.0})
    assert all(isinstance(value, float) for value in (*found["limits"], found["camera"]["gain"]))
    assert found["star"][0]["light"] == 3.0
    assert read(STAR + "light = { normal = [0, 1] }\n")["star"][0]["light"] == {"normal": [0.0, 1.0]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sed = 1\n" + STAR, "c.toml: sed: no such key; did you mean seed"),
        ("qqq = 1\n" + STAR, "qqq: no such key; expected seed, limits, star, share, camera"),
        ("", "star: missing or not a list of tables; add one or more [[star]]"),
        ("[[star]]\n", "star[0].name: missing; give it a text"),
        (STAR + "[[star]]\nnam = 'B'", "star[1].nam: no such key; did you mean name?"),
        ("seed = true\n" + STAR, "seed: is True; expected a whole number"),
        ("seed = 1.5\n" + STAR, "seed: is 1.5; expected a whole number"),
        ("seed = -1\n" + STAR, "seed: is -1; expected 0 or more"),
        ("limits = [1]\n" + STAR, "limits: is [1]; expected a list of 2 numbers"),
        ("limits = [1, nan]\n" + STAR, "limits: is [1, nan]; expected a list of 2 numbers"),
        ("limits = 3\n" + STAR, "limits: is 3; expected a list of 2 numbers"),
        (f"limits = [1, 1{'0' * 400}]\n" + STAR, "limits: is a number of 401 digits; write it as 1e30"),
        ("[camera]\ngain = inf\n" + STAR, "camera.gain: is inf; expected a finite number"),
        ("[camera]\ngain = 5\n" + STAR, "camera.gain: is 5; expected 0.5 to 4"),
        ("camera = 5\n" + STAR, "camera: is 5; make it a table, [camera]"),
        ("[share]\ntrain = 'most'\n" + STAR, "share.train: is 'most'; expected a finite number"),
        (STAR + "light = 'much'", "star[0].light: is 'much'; expected a number or a table"),
        (STAR + "light = {}", "star[0].light: has nothing; give one of value, normal, rate"),
        (STAR + "light = { value = 1, normal = [0, 1] }", "star[0].light: has value and normal; give one of"),
        (STAR + "light = { value = 1, range = [0, 1] }", "star[0].light.range: does not belong to value; only rate"),
        (STAR + "light = { rate = 'fast' }", "star[0].light.range: missing; give it the least and the largest"),
        (STAR + "light = { rate = 'none', range = [0, 1] }", "star[0].light.rate: is 'none'; expected slow, fast"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(text, message):
    with pytest.raises(ReadError) as caught:
        read(text)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_the_example_is_a_good_file_with_what_keys_mean():
    text = example(SCHEMA, "sntransport run")
    assert text.splitlines()[:2] == ["# sntransport run", "seed = 3                    # of all random numbers"]
    found = read(text)
    assert [star["name"] for star in found["star"]] == ["A", "B"]
    assert (found["seed"], found["share"]) == (3, {"train": 0.5})


def test_the_table_has_every_key_once():
    rows = key_table(SCHEMA).splitlines()[2:]
    names = [row.split(" | ")[0].removeprefix("| ") for row in rows]
    assert names == [
        "`seed`",
        "`limits`",
        "`[[star]]`",
        "`[[star]]` `name`",
        "`[[star]]` `light`",
        "`[share]`",
        "`[camera]` `gain`",
    ]
    assert rows[0] == "| `seed` | whole number | `1` | of all random numbers |"


def test_sections_have_every_key_once_each_table_under_its_name():
    text = key_sections(SCHEMA)
    heads = re.findall(r"^(#+) `(.+)`$", text, flags=re.MULTILINE)
    assert heads == [("##", "[[star]]"), ("##", "[camera]")]
    keys = re.findall(r"^\| (`[^|]+`) \|", text, flags=re.MULTILINE)
    assert keys == ["`seed`", "`limits`", "`[share]`", "`name`", "`light`", "`gain`"]
    # Those of the file come before all tables.
    assert text.index("`[share]`") < text.index("## `[[star]]`") < text.index("| `light`")


def test_sections_of_tables_in_tables_have_their_path_and_what_they_are():
    inner = Table(keys={"file": Key(kind=str, words="of stars")}, words="a catalog", required=True)
    sky = Table(keys={"depth": Key(kind=float, words="[mag]"), "catalog": inner}, others=Key(kind=object, words="more"))
    text = key_sections(Table(keys={"sky": sky}))
    assert re.findall(r"^#.*$", text, flags=re.MULTILINE) == ["## `[sky]`", "### `[sky.catalog]`"]
    assert text.index("| `depth` | finite number |  | [mag] |") < text.index("| others | value |  | more |")
    assert text.index("| others |") < text.index("A catalog; needed.") < text.index("| `file` | text |")


def test_an_optional_table_may_be_missing_and_has_its_path_in_the_page():
    inner = Table(keys={"file": Key(kind=str, words="of stars", required=True)}, words="a catalog", optional=True)
    schema = Table(keys={"sky": Table(keys={"catalog": inner})})

    def values(text):
        return checked(Section(path=Path("c.toml"), where="", values=tomllib.loads(text)), schema).values

    assert values("") == {"sky": {"catalog": None}}
    assert values('[sky.catalog]\nfile = "a"\n') == {"sky": {"catalog": {"file": "a"}}}
    with pytest.raises(ReadError, match=r"sky\.catalog\.file: missing"):
        values("[sky.catalog]\n")
    assert "| `[sky.catalog]` `file` | text | needed | of stars |" in key_table(schema)
