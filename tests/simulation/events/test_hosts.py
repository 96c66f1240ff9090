"""Events in galaxies of a table."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from sntransport.simulation.events.hosts import HostLight, Hosts, HostStep, HostTable, band_column, moved
from sntransport.simulation.events.near_redshift import NearRedshift
from sntransport.simulation.events.redshift_dependence import Polynomial

N = 20_000


def table(n=5000, **more):
    rng = np.random.default_rng(7)
    columns = {
        "id": np.arange(n) + 10_000_000_000, "z": rng.uniform(0.01, 1.0, n), "zphot_err": np.full(n, 0.02),
        "logmass": rng.uniform(8.0, 12.0, n), "major": rng.uniform(0.5, 2.0, n), "minor": np.full(n, 0.4),
        "sersic": rng.uniform(0.5, 4.0, n), "mag_lsstr": rng.uniform(18.0, 26.0, n), "field": np.full(n, "deep"),
    }  # fmt: skip
    columns["zphot"] = columns["z"] + 0.02 * rng.standard_normal(n)
    return HostTable(columns=columns | more)


def test_hosts_are_near_in_redshift_and_drawn_by_weight():
    """The same as by hand for each event: all rows within the tolerance, each with its weight."""
    rng = np.random.default_rng(1)
    z_table, weight = np.array([0.1, 0.102, 0.2, 0.21]), np.array([1.0, 3.0, 0.0, 1.0])
    near = NearRedshift(z=z_table, weight=weight, tolerance=Polynomial(coefficients=[0.004, 0.04]), label="t")
    for z, expected in ((0.101, [0.25, 0.75, 0, 0]), (0.095, [0.25, 0.75, 0, 0]), (0.205, [0, 0, 0, 1])):
        rows = near.draw(rng.random(N), np.full(N, z))
        np.testing.assert_allclose(np.bincount(rows, minlength=4) / N, expected, atol=0.01)
    with pytest.raises(ValueError, match=r"t: no row within 0\.01 of z = 0\.15 \(the table is from 0\.1 to 0\.21\)"):
        near.draw(rng.random(2), np.array([0.1, 0.15]))
    with pytest.raises(ValueError, match="no row within"):
        near.require_over((0.1, 0.2))
    near.require_over((0.097, 0.106))


def test_what_is_true_of_hosts():
    hosts = Hosts(table=table())
    z = np.random.default_rng(2).uniform(0.05, 0.9, N)
    drawn = hosts.draw(np.random.default_rng(3), z)
    assert np.all(np.abs(drawn.columns["z"] - z) <= 0.002 + 0.04 * z)
    truth = drawn.truth(np.full(N, 10.0), np.full(N, -60.0))
    np.testing.assert_array_equal(truth["host_z"], z)
    known = np.isfinite(truth["host_zphot"])
    pull = ((truth["host_zphot"] - z) / truth["host_zphot_err"])[known]
    assert abs(pull.std() - 1.0) < 0.05
    assert truth["host_id"].dtype == np.int64
    assert truth["host_id"].min() >= 10_000_000_000
    assert set(truth["host_field"]) == {"deep"}
    east = (10.0 - truth["host_ra"]) * np.cos(np.radians(-60.0)) * 3600.0
    north = (-60.0 - truth["host_dec"]) * 3600.0
    np.testing.assert_allclose(np.hypot(east, north), truth["host_separation"], rtol=1e-4, atol=1e-6)
    assert not {"host_major", "host_weight", "host_sersic"} & set(truth)


def test_a_place_is_where_the_light_is():
    """The brightness at the event averaged over galaxies that are alike: int I**2, 1 / (8 pi a b ...) of a Gaussian."""
    n = 400
    alike = table(n, major=np.full(n, 1.2), minor=np.full(n, 0.6), sersic=np.full(n, 0.5))
    drawn = Hosts(table=alike, tolerance=2.0).draw(np.random.default_rng(3), np.full(N, 0.5))
    s, t = 1.2 / np.sqrt(2 * np.log(2)), 0.6 / np.sqrt(2 * np.log(2))
    assert drawn.light.mean() == pytest.approx(1 / (4 * np.pi * s * t), rel=0.02)
    assert stats.kstest(drawn.light * 2 * np.pi * s * t, "uniform").pvalue > 1e-3


def test_a_step_in_mass_and_shifts_of_a_table_are_added():
    shifted = table(mag_shift=np.where(np.arange(5000) % 2, 0.05, np.nan))
    hosts = Hosts(table=shifted, steps=(HostStep(column="logmass", at=10.0, mag=-0.08),))
    drawn = hosts.draw(np.random.default_rng(3), np.full(N, 0.5))
    odd = (drawn.columns["id"] % 2).astype(bool)
    heavy = drawn.columns["logmass"] >= 10.0
    np.testing.assert_allclose(drawn.mag_shift, 0.05 * odd - 0.08 * heavy, atol=1e-12)
    assert 0.2 < heavy.mean() < 0.8


def test_light_in_an_aperture_is_never_more_than_the_galaxy_has():
    light = HostLight(brightness=np.array([[100.0, 0.0], [1e9, 5.0]]), total=np.array([[500.0, 0.0], [700.0, 40.0]]))
    owner, band = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1], dtype=np.int16)
    np.testing.assert_allclose(
        light.in_aperture(owner, band, np.array([2.0, 2.0, 2.0, 3.0])), [200.0, 0.0, 700.0, 15.0]
    )


def test_places_move_by_arcsec():
    ra, dec = moved(np.array([0.0, 10.0]), np.array([60.0, -30.0]), np.array([-3600.0, 0.0]), np.array([0.0, 7200.0]))
    np.testing.assert_allclose(ra, [358.0, 10.0])
    np.testing.assert_allclose(dec, [60.0, -28.0])


def test_events_may_go_to_their_galaxies():
    placed = table(ra=np.linspace(0.0, 359.0, 5000), dec=np.linspace(-80.0, 80.0, 5000))
    drawn = Hosts(table=placed, positions="host").draw(np.random.default_rng(3), np.full(N, 0.5))
    ra, dec = drawn.event_positions(np.zeros(N), np.zeros(N), "host")
    back = drawn.positions(ra, dec)
    np.testing.assert_allclose(back[1], drawn.columns["dec"], atol=1e-9)
    assert np.abs((back[0] - drawn.columns["ra"] + 180) % 360 - 180).max() < 1e-3


def test_what_they_are_made_of_is_in_their_name():
    one = Hosts(table=table())
    heavier = {**one.table.columns, "logmass": one.table.columns["logmass"] + 1e-9}
    renamed = {**one.table.columns, "field": np.full(5000, "wide")}
    made = [one, Hosts(table=HostTable(columns=heavier)), Hosts(table=HostTable(columns=renamed))]
    made.append(dataclasses.replace(one, tolerance=0.01))
    assert len({repr(each) for each in made}) == 4
    assert repr(one) == repr(Hosts(table=table()))


def test_names_of_columns():
    assert band_column("host_mag", "ps1::g") == "host_mag_ps1_g"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HostTable(columns={"id": [1]}), "expected a column z"),
        (lambda: HostTable(columns={"z": []}), "one galaxy or more"),
        (lambda: HostTable(columns={"z": [0.1], "id": [1, 2]}), "id has 2 rows and z 1"),
        (lambda: HostTable(columns={"z": [0.1], "a b": [1]}), "'a b' is no name"),
        (lambda: HostTable(columns={"z": [0.1], "x": [[1.0]]}), "x has the type"),
        (lambda: HostTable(columns={"z": [np.nan]}), "hosts: z, row 1: nan, expected a redshift"),
        (lambda: HostTable(columns={"z": ["far"]}), "z holds texts"),
        (lambda: table(2, major=[1.0, 0.0]), r"major, row 2: 0, expected arcsec"),
        (lambda: HostTable(columns={"z": [0.1], "major": [1.0]}), "needs major, minor and sersic"),
        (lambda: HostTable(columns={"z": [0.1], "mag_lsstr": ["20"]}), "mag_lsstr holds texts"),
        (lambda: HostTable(columns={"z": [0.1], "Mass": [1.0], "mass": [1.0]}), "would be host_mass"),
        (lambda: HostTable(columns={"z": [0.1], "weight": [-1.0]}), "weight, row 1: -1"),
        (lambda: Hosts(table=table(), steps=(HostStep(column="field", at=1.0, mag=0.1),)), "no column 'field' of num"),
        (lambda: Hosts(table=table(), steps=(HostStep(column="logmass", at=1.0, mag=np.nan),)), "finite numbers"),
        (lambda: Hosts(table=table(), positions="host"), "have no ra and dec"),
        (lambda: Hosts(table=table(), positions="sky"), "expected event or host"),
        (lambda: Hosts(table=HostTable(columns={"z": [0.1]}), noise=True), "needs the columns major"),
        (lambda: Hosts(table=table(), psf={"lsstr": 0.0}), "psf of lsstr is 0"),
        (lambda: Hosts(table=table(), noise=True).require((0.1, 0.2), ("lsstg",)), "have no mag_lsstg"),
        (lambda: Hosts(table=table(), noise=True).require((0.1, 0.2), ("lsstr",)), "psf has no lsstr"),
        (lambda: Hosts(table=table()).require((0.1, 2.0), ()), "no row within"),
    ],
)
def test_impossible_values_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
