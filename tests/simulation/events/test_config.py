"""What the tables of a population make: joint parameters, hosts, scatter, changes with redshift."""

import numpy as np
import pytest
from astropy.table import Table

from sntransport._storage.read_error import ReadError
from sntransport.simulation.config import read_simulation
from sntransport.simulation.events.color_scatter import smooth_scatter
from sntransport.simulation.events.distributions import Normal, Truncated
from sntransport.simulation.events.redshift_dependence import RedshiftDependent

HEAD = (
    '[[survey]]\nsource = "ztf"\nyears = 0.1\n[[population]]\nname = "a"\ntemplates = ["hsiao"]\nobjects = 3\n'
    'peak_band = "bessellb"\npeak_mag = -19\n'
)


def population(tmp_path, text, redshift="0.1"):
    (tmp_path / "c.toml").write_text(f"{HEAD}redshift = {redshift}\n{text}")
    return read_simulation(tmp_path / "c.toml")[0].population


def test_changes_with_redshift(tmp_path):
    Table({"z": [0.0, 1.0], "value": [0.1, 0.3]}).write(tmp_path / "scale.ecsv")
    text = (
        'mag_offset = { normal = [0.0, 1.0], shift = [0.1, -0.2], scale_table = "scale.ecsv" }\n'
        "rv_host = { normal = [3.0, 0.5], within = [2.4, 4.5] }\n"
    )
    got = population(tmp_path, text, "{ uniform = [0.1, 0.9] }")
    assert isinstance(got.mag_offset, RedshiftDependent)
    assert got.mag_offset.base == Normal(mean=0.0, sigma=1.0)
    np.testing.assert_allclose(got.mag_offset.shift.at(np.array([0.5])), 0.0)
    np.testing.assert_allclose(got.mag_offset.scale.at(np.array([0.5])), 0.2)
    assert got.rv_host == Truncated(base=Normal(mean=3.0, sigma=0.5), low=2.4, high=4.5)


def test_joint_parameters(tmp_path):
    text = (
        '[population.joint]\nnames = ["mag_offset", "ebv_host"]\nmean = [[0.0, 0.5], 0.1]\n'
        "covariance = [[0.04, 0.002], [0.002, 0.0025]]\nlow = [-2.0, 0.0]\nhigh = [2.0, 0.4]\n"
    )
    joint = population(tmp_path, text).joint
    np.testing.assert_allclose([one.at(np.array([1.0]))[0] for one in joint.mean], [0.5, 0.1])
    np.testing.assert_allclose([one.at(np.array([1.0]))[0] for one in joint.sigma], [0.2, 0.05])
    np.testing.assert_allclose(joint.correlation, [[1.0, 0.2], [0.2, 1.0]])
    text = text.replace("covariance = [[0.04, 0.002], [0.002, 0.0025]]",
                        "sigma = [0.2, [0.05, 0.1]]\ncorrelation = [[1, 0.5], [0.5, 1]]")  # fmt: skip
    joint = population(tmp_path, text).joint
    np.testing.assert_allclose(joint.sigma[1].at(np.array([1.0])), [0.15])
    Table({"ebv_host": [50.0, 300.0], "rv_host": [2.5, 3.5], "weight": [1.0, 3.0]}, units={"ebv_host": "mmag"}).write(
        tmp_path / "s.ecsv"
    )
    samples = population(tmp_path, '[population.joint]\nsamples = "s.ecsv"\n').joint
    np.testing.assert_allclose(samples.columns["ebv_host"], [0.05, 0.3])
    np.testing.assert_allclose(samples.weight, [1.0, 3.0])


def test_hosts_and_scatter(tmp_path):
    Table({"z": [0.09, 0.11], "logmass": [9.0, 11.0], "mag_g": [20.0, 21.0]}).write(tmp_path / "h.ecsv")
    text = (
        '[population.hosts]\nfile = "h.ecsv"\ntolerance = [0.05]\nbands = { g = "ztfg" }\n'
        'step = { column = "logmass", at = 10.0, mag = -0.08 }\n'
        "[population.color_scatter]\nsigma = 0.04\nlength = 0.15\n"
    )
    got = population(tmp_path, text)
    drawn = got.hosts.draw(np.random.default_rng(1), np.full(100, 0.1))
    np.testing.assert_allclose(drawn.mag_shift, np.where(drawn.columns["logmass"] > 10, -0.08, 0.0))
    assert "mag_ztfg" in drawn.columns
    assert repr(got.color_scatter) == repr(smooth_scatter(0.04, 0.15))
    plain = population(tmp_path, "")
    assert (plain.hosts, plain.color_scatter, plain.joint) == (None, None, None)
    text = "[population.color_scatter]\nwave = [3000, 6000]\ncovariance = [[0.01, 0], [0, 0.01]]\n"
    assert population(tmp_path, text).color_scatter.wave.tolist() == [3000.0, 6000.0]
    Table({"wave": [300.0, 600.0], "sigma": [10.0, 20.0]}, units={"wave": "nm", "sigma": "mmag"}).write(
        tmp_path / "sigma.ecsv"
    )
    text = '[population.color_scatter]\nsigma_table = "sigma.ecsv"\nlength = 0.2\n'
    assert np.sqrt(population(tmp_path, text).color_scatter.covariance[0, 0]) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mag_offset = { normal = [0, 1], shift = [] }", r"mag_offset.shift: .*one number or more"),
        ("mag_offset = { normal = [0, 1], within = [1, 0] }", r"mag_offset\.within: .*low < high"),
        ('mag_offset = { normal = [0, 1], shift = [1], shift_table = "x" }', "shift_table: stands beside shift"),
        ('mag_offset = { normal = [0, 1], shift_table = "x" }', "shift_table: no file"),
        ("ebv_host = { uniform = [0.0, 0.1], shift = [-1.0] }", "ebv_host reaches from -1"),
        ("stretch = 20.0", "stretch reaches from 20 to 20"),
        ("[population.joint]\nmean = [0.0]\n", r"population\[0\]\.joint: has mean; give names and mean with a cov"),
        ('[population.joint]\nnames = ["stretch"]\nmean = 1.0\ncovariance = [[1]]\n', "mean: is 1.0"),
        ('[population.joint]\nnames = ["stretch"]\nmean = [1.0]\ncovariance = [1]\n', "covariance: is .*rows of num"),
        ('[population.joint]\nsamples = "x"\nmean = [1.0]\n', "stands beside other keys"),
        ('[population.joint]\nnames = ["x1"]\nmean = [1.0]\ncovariance = [[1]]\n', "joint: .*expected some of"),
        ("[population.hosts]\nnoise = true\n", r"hosts\.file: missing"),
        ('[population.hosts]\nfile = "x.ecsv"\n', "file: no file"),
        ("[population.color_scatter]\nsigma = 0.1\n", "has sigma; give sigma or sigma_table with length"),
        ("[population.color_scatter]\nsigma = 0.1\nlength = 0.0\n", "color_scatter: .*above 0"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    with pytest.raises(ReadError, match=message):
        population(tmp_path, text)
