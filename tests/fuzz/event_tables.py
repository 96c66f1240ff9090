"""Tables that configurations of simulations name, as files to fuzz: dust, redshifts, hosts, parameters, efficiencies.

Each case spoils one file and reads only that, in the way a configuration does, then draws from it: what was taken must
give numbers within the bounds that it states.
"""

import numpy as np

FORMATS = ("ecsv", "fits", "csv")


def _tables(folder, **columns):
    """A table in each format, with units where a format has them."""
    from astropy.table import Table

    made = []
    for name, (table, units) in columns.items():
        for form in FORMATS:
            made.append(folder / f"{name}.{form}")
            Table(table, units=None if form == "csv" else units).write(made[-1])
    return made


def dust(folder):
    """E(B-V) by place."""
    columns = {"ra": [10.0, 11.0, 40.0], "dec": [-30.0, -31.0, 5.0], "ebv": [0.02, 0.03, 0.2]}
    return _tables(folder, dust=(columns, {"ra": "deg", "dec": "deg", "ebv": "mag"}))


def redshifts(folder):
    """Densities of redshift, what moves a parameter with it, scatter of color by wavelength."""
    return _tables(
        folder,
        z=({"value": [0.01, 0.05, 0.1], "density": [0.0, 1.0, 3.0]}, None),
        shift=({"z": [0.0, 0.1, 0.3], "value": [0.0, 0.1, 0.2]}, None),
        sigma=({"wave": [2000.0, 5000.0, 9000.0], "sigma": [0.1, 0.05, 0.1]}, {"wave": "Angstrom", "sigma": "mag"}),
    )


def parameters(folder):
    """Rows of parameters that are drawn together."""
    columns = {
        "mag_offset": [0.1, -0.1, 0.2], "ebv_host": [0.0, 0.1, 0.2], "weight": [1.0, 2.0, 1.0],
        "z": [0.05, 0.051, 0.052],
    }  # fmt: skip
    return _tables(folder, samples=(columns, {"mag_offset": "mag", "ebv_host": "mag"}))


def hosts(folder):
    """Galaxies as tables and as a HOSTLIB, and a weight map."""
    from tests.simulation.events.test_host_files import HOSTLIB, WEIGHTS

    columns = {
        "id": [1, 2, 3], "ra": [10.0, 11.0, 12.0], "dec": [-30.0, 0.0, 5.0], "z": [0.3, 0.4, 0.5],
        "mag_lsstg": [22.5, 23.0, 25.5], "mag_lsstr": [21.0, 24.0, 24.5], "major": [1.0, 1.2, 0.5],
        "minor": [0.7, 0.5, 0.4], "angle": [10.0, 80.0, 0.0], "sersic": [0.5, 1.0, 4.0], "logmass": [9.0, 10.0, 11.0],
        "kind": ["red", "blue", "blue"],
    }  # fmt: skip
    made = [folder / "a.HOSTLIB", folder / "weights.txt", *_tables(folder, hosts=(columns, None))]
    made[0].write_text(HOSTLIB.replace(" -9 WIDE", " 11.0 WIDE"))
    made[1].write_text(WEIGHTS)
    return made


def efficiencies(folder):
    """SNANA's files of efficiencies, of trigger logic and of error models."""
    from tests.simulation.noise.test_snana_error_maps import TEXT as ERRORS
    from tests.simulation.selection.test_snana_searcheff import OLD
    from tests.simulation.selection.test_snana_trigger_logic import TEXT as LOGIC

    maps = (
        "OPT_EXTRAP: 1\nFIELDLIST: X1+X2\nPEAKMJD_RANGE: 56000 57000\nVARNAMES: z HOST_MAG SPECEFF\n"
        "SPECEFF: 0.1 20 1.0\nSPECEFF: 0.1 22 0.5\nSPECEFF: 0.3 20 0.4\nSPECEFF: 0.3 22 0.0\n"
        "VARNAMES: PEAKMAG_r SPECEFF\nSPECEFF: 18 1\nSPECEFF: 21.5 0.1\n"
    )
    snr = "wave,snr\n4000,5\n6000,10\n9000,4\n"
    for name, text in {"detect": OLD, "maps": maps, "logic": LOGIC, "errors": ERRORS}.items():
        (folder / f"{name}.dat").write_text(text)
    (folder / "snr.csv").write_text(snr)
    return sorted(folder.iterdir())


def read(path):
    """The table, as a configuration beside it reads it."""
    rng = np.random.default_rng(1)
    {
        "dust": _dust, "z": _redshift, "shift": _shift, "sigma": _sigma, "samples": _samples, "a": _hostlib,
        "hosts": _hostlib, "weights": _weights, "detect": _detect, "maps": _maps, "logic": _logic, "errors": _errors,
        "snr": _snr,
    }[path.stem](path, rng)  # fmt: skip


def _section(path, values):
    from sntransport._storage.config_sections import Section

    return Section(path=path.with_name("config.toml"), where="population[0]", values=values)


def _population(path, **values):
    from sntransport._storage.config_schema import Table, checked
    from sntransport.simulation.events.config import read_population
    from sntransport.simulation.events.config_keys import EVENTS
    from sntransport.simulation.events.rates import Cosmology

    section = _section(path, {"redshift": 0.051, **values})
    return read_population(checked(section, Table(keys=EVENTS)), Cosmology())


def _within(values, low, high):
    values = np.asarray(values)
    if not np.all((values >= low) & (values <= high)):
        raise ArithmeticError(f"values from {values.min()} to {values.max()}, beyond {low} to {high}")


def _dust(path, rng):
    population = _population(path, ebv_mw={"table": path.name})
    _within(population.milky_way(rng.uniform(0.0, 360.0, 50), rng.uniform(-90.0, 90.0, 50)), 0.0, population.ebv_mw_max)


def _redshift(path, rng):
    redshift = _population(path, redshift={"table": path.name}).redshift
    _within(redshift.draw(rng, 50), *redshift.support)
    # A share is a sum of parts over their sum.
    _within(redshift.cdf(np.linspace(*redshift.support, 20)), 0.0, 1.0 + 1e-9)


def _shift(path, rng):
    population = _population(path, mag_offset={"normal": [0.0, 0.1], "shift_table": path.name})
    _within(population.mag_offset.draw_at(rng, np.linspace(0.04, 0.06, 50)), -np.inf, np.inf)


def _sigma(path, rng):
    scatter = _population(path, color_scatter={"sigma_table": path.name, "length": 0.3}).color_scatter
    _within(scatter.at(scatter.draw(rng, 5), np.linspace(1000.0, 12000.0, 5)), -np.inf, np.inf)


def _samples(path, rng):
    population = _population(path, joint={"samples": path.name})
    drawn = population.draw(rng, 50, 1)
    for name in population.joint.names:
        _within(getattr(drawn, name), *population.bounds(name))


def _hostlib(path, rng):
    from sntransport.simulation.events.host_files import read_hosts

    table = read_hosts(path, bands={"g": "lsstg", "r": "lsstr"})
    z = table.columns["z"]
    _within(z[np.isfinite(z)], 0.0, np.inf)


def _weights(path, rng):
    from sntransport.simulation.events.host_files import read_hosts

    columns = read_hosts(path.with_name("a.HOSTLIB"), weight_map=path, hold_weights=True).columns
    _within(columns["weight"], 0.0, np.inf)


def _detect(path, rng):
    from sntransport.simulation.selection.snana_searcheff import read_searcheff

    _within(read_searcheff(path, prefix="lsst").probability, 0.0, 1.0)


def _maps(path, rng):
    from sntransport.simulation.selection.snana_efficiency_maps import read_efficiency_maps

    for one in read_efficiency_maps(path).maps:
        _within(one.probability, 0.0, 1.0)


def _logic(path, rng):
    from sntransport.simulation.selection.snana_trigger_logic import read_trigger_logic

    read_trigger_logic(path, "DES")


def _errors(path, rng):
    from sntransport.simulation.noise.snana_error_maps import read_error_maps
    from tests.simulation.noise.test_snana_error_maps import seen_of

    made = read_error_maps(path)(np.full(6, 10.0), seen_of())
    _within(made.drawn, 0.0, np.inf)


def _snr(path, rng):
    from sntransport._numerics.quantities import ANGSTROM, NUMBER
    from sntransport.simulation.events.config import table_columns

    columns = table_columns(_section(path, {"snr": path.name}), "snr", {"wave": ANGSTROM, "snr": NUMBER})
    _within(columns["snr"], -np.inf, np.inf)
