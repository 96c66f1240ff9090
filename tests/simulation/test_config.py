"""What a configuration makes of its numbers."""

import dataclasses

import numpy as np
import pytest
from astropy.table import Table

from sntransport._storage.read_error import ReadError
from sntransport.simulation.config import read_simulation
from sntransport.simulation.distributions import (
    Constant,
    Exponential,
    LogUniform,
    Normal,
    Tabulated,
    TwoSidedNormal,
    Uniform,
)


def population(tmp_path, offset):
    """The population of a file with this ``mag_offset``."""
    Table({"value": [0.0, 2.0], "density": [1.0, 3.0]}).write(tmp_path / "density.ecsv", overwrite=True)
    (tmp_path / "c.toml").write_text(
        '[[survey]]\nsource = "ztf"\nyears = 0.1\n[[population]]\nname = "a"\ntemplates = ["hsiao"]\n'
        f'redshift = 0.1\nobjects = 3\npeak_band = "bessellb"\npeak_mag = -19\nmag_offset = {offset}\n'
    )
    return read_simulation(tmp_path / "c.toml")[0].population


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.25", Constant(value=0.25)),
        ("{ value = 0.25 }", Constant(value=0.25)),
        ("{ uniform = [-0.5, 1] }", Uniform(low=-0.5, high=1.0)),
        ("{ log_uniform = [0.1, 2.0] }", LogUniform(low=0.1, high=2.0)),
        ("{ normal = [0.5, 0.125] }", Normal(mean=0.5, sigma=0.125)),
        ("{ two_sided = [0.5, 0.25, 0.125] }", TwoSidedNormal(mode=0.5, sigma_low=0.25, sigma_high=0.125)),
        ("{ exponential = 0.5, max = 2.0 }", Exponential(scale=0.5, high=2.0)),
        ("{ exponential = 0.5 }", Exponential(scale=0.5)),
    ],
)
def test_numbers_mean_what_the_page_says_they_do(tmp_path, text, expected):
    got = population(tmp_path, text).mag_offset
    assert type(got) is type(expected)
    assert dataclasses.asdict(got) == dataclasses.asdict(expected)


def test_a_table_is_read_by_the_names_of_its_columns(tmp_path):
    got = population(tmp_path, '{ table = "density.ecsv" }').mag_offset
    assert isinstance(got, Tabulated)
    assert (list(got.value), list(got.density)) == ([0.0, 2.0], [1.0, 3.0])


@pytest.mark.parametrize("text", ["{ uniform = [1] }", "{ normal = [1, 2, 3] }", "{ two_sided = [1, 2] }"])
def test_too_few_or_too_many_numbers_are_counted(tmp_path, text):
    with pytest.raises(ReadError, match=r"population\[0\]\.mag_offset\.\w+: .*expected a list of \d numbers"):
        population(tmp_path, text)


def test_a_table_with_an_empty_cell_is_refused(tmp_path):
    (tmp_path / "holes.ecsv").write_text(
        "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: value, datatype: float64}\n"
        '# - {name: density, datatype: float64}\nvalue density\n0.1 1.0\n0.2 ""\n'
    )
    with pytest.raises(ReadError, match=r"holes\.ecsv .*column density, row 2: no value"):
        population(tmp_path, '{ table = "holes.ecsv" }')


def test_right_ascensions_of_a_dust_table_in_hours(tmp_path):
    table = Table({"ra": [10.0 / 15.0, 5.0], "dec": [-30.0, -30.0], "ebv": [50.0, 300.0]})
    table["ra"].unit, table["dec"].unit, table["ebv"].unit = "hourangle", "deg", "mmag"
    table.write(tmp_path / "dust.ecsv")
    (tmp_path / "c.toml").write_text(
        '[[survey]]\nsource = "ztf"\nyears = 0.1\n[[population]]\nname = "a"\ntemplates = ["hsiao"]\nredshift = 0.1\n'
        'objects = 3\npeak_band = "bessellb"\npeak_mag = -19\nebv_mw = { table = "dust.ecsv" }\n'
    )
    got = read_simulation(tmp_path / "c.toml")[0].population
    assert got.milky_way(np.array([11.0, 70.0]), np.array([-30.0, -30.0])).tolist() == pytest.approx([0.05, 0.3])
