"""Columns of hosts in the tables of the challenge."""

import dataclasses

import numpy as np
from astropy.table import Table

from sntransport.datasets.plasticc_csv import write_plasticc
from sntransport.simulation.engine import simulate
from sntransport.simulation.events.distributions import Uniform
from sntransport.simulation.events.hosts import Hosts, HostTable
from sntransport.simulation.events.population import Population
from tests.simulation.test_events_in_simulations import survey, template


def test_photometric_redshifts_are_those_of_the_hosts(tmp_path):
    rng = np.random.default_rng(1)
    z = rng.uniform(0.05, 0.5, 500)
    columns = {"z": z, "zphot": z + 0.05 * rng.standard_normal(500), "zphot_err": rng.uniform(0.03, 0.07, 500)}
    plain = Population(redshift=Uniform(low=0.1, high=0.4))
    hosted = dataclasses.replace(plain, hosts=Hosts(table=HostTable(columns=columns)))
    series = dataclasses.replace(template(), sn_type="Ia")
    for population in (plain, hosted):
        made = simulate([series], survey(), population, n=20, seed=1)
        path, _ = write_plasticc(made, tmp_path / "p")
        table = Table.read(path)
        np.testing.assert_allclose(table["hostgal_specz"], made.truth.z)
        if population is plain:
            np.testing.assert_allclose(table["hostgal_photoz"], made.truth.z)
            np.testing.assert_array_equal(table["hostgal_photoz_err"], 0.0)
        else:
            np.testing.assert_allclose(table["hostgal_photoz"], made.truth.more["host_zphot"])
            np.testing.assert_allclose(table["hostgal_photoz_err"], made.truth.more["host_zphot_err"])
            assert np.abs(table["hostgal_photoz"] - made.truth.z).max() > 0.03
