"""What a configuration makes of its numbers."""

import dataclasses

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

from sntransport._storage.read_error import ReadError
from sntransport.simulation.config import read_simulation
from sntransport.simulation.events.distributions import (
    Constant,
    Exponential,
    LogUniform,
    Normal,
    Tabulated,
    TwoSidedNormal,
    Uniform,
)
from sntransport.simulation.run import _chunks, fingerprint, plan_jobs


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


def read_with(tmp_path, **keys):
    """The population of a file with these keys, as TOML."""
    given = {"redshift": "0.1", "ebv_mw": "0.0"} | keys
    (tmp_path / "c.toml").write_text(
        '[[survey]]\nsource = "ztf"\nyears = 0.1\n[[population]]\nname = "a"\ntemplates = ["hsiao"]\n'
        'objects = 3\npeak_band = "bessellb"\npeak_mag = -19\n' + "".join(f"{k} = {v}\n" for k, v in given.items())
    )
    return read_simulation(tmp_path / "c.toml")[0].population


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"redshift": "2998.0"}, r"population\[0\]: redshift: its upper bound is 2998, .*km/s\? then z = 0\.0100"),
        ({"redshift": "{ uniform = [0.1, 300.0] }"}, "upper bound is 300, no redshift"),
        ({"ebv_mw": "31.0"}, r"population\[0\]: ebv_mw is 31, expected E\(B-V\) of at most 20 mag"),
        ({"ebv_host": "{ uniform = [0.0, 30.0] }"}, "ebv_host: its upper bound is 30"),
    ],
)
def test_values_out_of_range_are_refused(tmp_path, keys, match):
    with pytest.raises(ReadError, match=match):
        read_with(tmp_path, **keys)


def test_an_empty_cell_is_no_number(tmp_path):
    masked = MaskedColumn([0.05, 0.3], mask=[True, False])
    Table({"ra": [10.0, 200.0], "dec": [-30.0, 30.0], "ebv": masked}).write(tmp_path / "dust.ecsv")
    with pytest.raises(ReadError, match=r"ebv_mw\.table: .*dust\.ecsv: ebv, row 1: no value"):
        read_with(tmp_path, ebv_mw='{ table = "dust.ecsv" }')
    Table({"value": [0.01, 0.02], "density": masked}).write(tmp_path / "z.ecsv")
    with pytest.raises(ReadError, match=r"redshift\.table: .*z\.ecsv: density, row 1: no value"):
        read_with(tmp_path, redshift='{ table = "z.ecsv" }')


@pytest.mark.parametrize(
    ("units", "factors"),
    [
        ((None, None, None), (1.0, 1.0, 1.0)), (("deg", "deg", "mag"), (1.0, 1.0, 1.0)),
        (("hourangle", "rad", "mmag"), (15.0, 180 / np.pi, 1e-3)), (("h", "deg", ""), (15.0, 1.0, 1.0)),
    ],
)  # fmt: skip
def test_units_of_a_dust_table_are_converted(tmp_path, units, factors):
    columns = {"ra": [10.0, 75.0], "dec": [-30.0, -30.0], "ebv": [0.05, 0.3]}
    dust = Table({name: np.array(column) / f for (name, column), f in zip(columns.items(), factors, strict=True)})
    for name, unit in zip(columns, units, strict=True):
        dust[name].unit = unit
    dust.write(tmp_path / "dust.ecsv")
    places = np.array([10.0, 70.0, 74.0]), np.full(3, -30.0)
    got = read_with(tmp_path, ebv_mw='{ table = "dust.ecsv" }').ebv_mw(*places)
    np.testing.assert_allclose(got, [0.05, 0.3, 0.3], rtol=1e-12)


@pytest.mark.parametrize(("name", "unit"), [("ra", "s"), ("dec", "mag"), ("ebv", "deg")])
def test_a_unit_of_something_else_is_refused(tmp_path, name, unit):
    dust = Table({"ra": [10.0, 75.0], "dec": [-30.0, -30.0], "ebv": [0.05, 0.3]}, units={name: unit})
    dust.write(tmp_path / "dust.ecsv")
    with pytest.raises(ReadError, match=rf"dust\.ecsv: {name} has the unit {unit}, expected"):
        read_with(tmp_path, ebv_mw='{ table = "dust.ecsv" }')


def test_units_of_a_distribution(tmp_path):
    z = Table({"value": [0.01, 0.02], "density": [1.0, 2.0]}, units={"value": "km/s"})
    z.write(tmp_path / "z.ecsv")
    with pytest.raises(ReadError, match=r"z\.ecsv: value has the unit km / s, expected numbers without a unit"):
        read_with(tmp_path, redshift='{ table = "z.ecsv" }')
    Table({"value": [50.0, 300.0], "density": [1.0, 2.0]}, units={"value": "mmag"}).write(tmp_path / "mag.ecsv")
    got = read_with(tmp_path, mag_offset='{ table = "mag.ecsv" }').mag_offset
    np.testing.assert_allclose(got.value, [0.05, 0.3])


def job_with(tmp_path, text):
    """The job of a file with these further tables."""
    (tmp_path / "c.toml").write_text(
        '[[survey]]\nsource = "ztf"\nyears = 0.1\n[[population]]\nname = "a"\ntemplates = ["hsiao"]\nredshift = 0.1\n'
        f'objects = 3\npeak_band = "bessellb"\npeak_mag = -19\n{text}'
    )
    return read_simulation(tmp_path / "c.toml")[0]


def test_noise_and_detection_as_asked_for(tmp_path):
    plain = job_with(tmp_path, "")
    assert plain.options["noise"] is None
    assert (plain.options["epochs"], plain.options["efficiency"].true) == ("detections", False)
    assert not plain.population.solar_motion
    (tmp_path / "err.dat").write_text("MAPNAME: A\nVARNAMES: LOGSNR ERRSCALE\nROW: -1 1\nROW: 2 2\nENDMAP:\n")
    text = (
        'solar_motion = true\n[detection]\nsnr = "true"\nepochs = "visits"\n[noise]\nreported_at = "measured"\n'
        'template = "each"\nzero_point = "visit"\nzero_point_in = "none"\nsaturated = "zero"\nerrors = "err.dat"\n'
        'unreported = ["A"]\n'
    )
    job = job_with(tmp_path, text)
    assert (job.options["epochs"], job.options["efficiency"].true) == ("visits", True)
    assert job.population.solar_motion
    noise = job.options["noise"]
    chosen = (noise.reported_at, noise.template, noise.zero_point, noise.zero_point_in, noise.saturated)
    assert chosen == ("measured", "each", "visit", "none", "zero")
    assert noise.errors.unreported == ("A",)
    (tmp_path / "eff.dat").write_text("FILTER: ALL\nSNR: 5 0\nSNR: 6 1\n")
    searched = job_with(tmp_path, '[detection]\nsearcheff = "eff.dat"\nsnr = "true"\n').options["efficiency"]
    assert searched.true
    assert searched.snr.tolist() == [5.0, 6.0]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('[noise]\ntemplate = "all"\n', "noise.template: .*'all'"),
        ('[noise]\nunreported = ["A"]\n', "noise.unreported: stands without errors"),
        ('[noise]\nerrors = "none.dat"\n', "noise.errors"),
        (
            '[noise]\nzero_point = "visit"\n',
            "noise.zero_point: is 'visit', but survey 'ztf' has no zero_point_error",
        ),
        (
            '[noise]\nerrors = "by_psf.dat"\n',
            "noise.errors: asks for psf and sky_noise, which survey 'ztf' does not have; give its visits that column",
        ),
        ('[detection]\nsnr = "both"\n', "detection.snr"),
    ],
)
def test_noise_that_cannot_be(tmp_path, text, match):
    rows = "ROW: 1 1 1\nROW: 1 2 1\n"
    (tmp_path / "by_psf.dat").write_text(f"MAPNAME: A\nVARNAMES: PSF SKYSIG ERRSCALE\n{rows}ENDMAP:\n")
    with pytest.raises(ReadError, match=match):
        job_with(tmp_path, text)


def test_the_fingerprint_knows_of_the_noise(tmp_path):
    prints = []
    for text in ("", '[noise]\ntemplate = "each"\n', '[detection]\nsnr = "true"\n', '[detection]\nepochs = "visits"\n'):
        job = job_with(tmp_path, text)
        (source,) = plan_jobs(tmp_path / "c.toml")
        first = next(_chunks(job, (0, 3), 3))
        prints.append(repr(fingerprint(source, first)))
    assert len(set(prints)) == 4
