"""What explodes, from the tables of a configuration file: populations, their distributions, hosts and scatter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport._numerics.arrays import readonly
from sntransport._numerics.quantities import ANGSTROM, DEGREE, MAGNITUDE, NUMBER
from sntransport._storage.read_error import ReadError
from sntransport.reading.formats.astropy_tables import data_table
from sntransport.simulation.events.color_scatter import ColorScatter, smooth_scatter
from sntransport.simulation.events.config_keys import EVENTS, REDSHIFT
from sntransport.simulation.events.distributions import (
    Constant,
    Distribution,
    Exponential,
    LogUniform,
    Normal,
    Tabulated,
    Truncated,
    TwoSidedNormal,
    Uniform,
)
from sntransport.simulation.events.host_files import read_hosts
from sntransport.simulation.events.hosts import Hosts, HostStep
from sntransport.simulation.events.joint import PARAMETERS, Joint, JointNormal, JointSamples, joint_normal
from sntransport.simulation.events.population import Population, nearest_position
from sntransport.simulation.events.rates import RATES, Cosmology, rate_redshifts
from sntransport.simulation.events.redshift_dependence import (
    Interpolated,
    OfRedshift,
    Polynomial,
    RedshiftDependent,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sntransport._storage.config_sections import Section


def read_population(section: Section, cosmology: Cosmology) -> Population:
    """The population of a table: redshift, luminosity scatter and dust, each a number or a distribution.

    Raises
    ------
    ReadError
        For a value that cannot be; the section was `checked` before.
    """
    values = {key: section.values[key] for key in EVENTS if section.values.get(key) is not None}
    if "redshift" in values:
        values["redshift"] = _distribution(section, "redshift", cosmology)
    values |= {key: _parameter(section, key, cosmology) for key in PARAMETERS if key in values}
    if isinstance(values.get("ebv_mw"), dict):
        values |= _dust_table(section.section("ebv_mw"))
    makers: dict[str, Callable[[Section], Any]] = {"joint": _joint, "hosts": _hosts, "color_scatter": _color_scatter}
    for key, make in makers.items():
        if key in values:
            values[key] = _made(section.section(key), make)
    try:
        return Population(**values, cosmology=cosmology, template_weight=section.values.get("template_weight"))
    except (ValueError, TypeError) as error:
        # The message begins with the field; the file has it under the same name.
        raise section.wrong("", str(error).replace("Population.", ""), "correct it") from None


def _dust_table(section: Section) -> dict[str, Any]:
    table = table_columns(section, "table", {"ra": DEGREE, "dec": DEGREE, "ebv": MAGNITUDE})
    ebv = table["ebv"]
    if bad := [i for i, value in enumerate(ebv, start=1) if value < 0]:
        wrong = f"{section.file('table')}: ebv, row {bad[0]}: {ebv[bad[0] - 1]:g}, below 0"
        raise section.wrong("table", wrong, f"correct it, or leave out such rows ({len(bad)})")
    made = _made(section, lambda _: nearest_position(**table), "table")
    return {"ebv_mw": made, "ebv_mw_max": float(ebv.max())}


_MAKERS: dict[str, tuple[Callable[..., Distribution], tuple[str, ...]]] = {
    "value": (Constant, ("value",)),
    "uniform": (Uniform, ("low", "high")),
    "log_uniform": (LogUniform, ("low", "high")),
    "normal": (Normal, ("mean", "sigma")),
    "two_sided": (TwoSidedNormal, ("mode", "sigma_low", "sigma_high")),
}
"""What a kind of distribution makes of its numbers in the file, in their order; the schema counts them."""


def _distribution(section: Section, key: str, cosmology: Cosmology) -> Distribution:
    """A number, or a table with one key that says what kind of distribution."""
    if not isinstance(section.values[key], dict):
        return Constant(value=section.values[key])
    inner = section.section(key)
    (kind,) = (name for name in inner.values if name in REDSHIFT.one_of)
    value = inner.values[kind]
    try:
        if kind == "rate":
            low, high = inner.values["range"]
            return rate_redshifts(RATES[value], low, high, cosmology)
        if kind == "table":
            unit = MAGNITUDE if key in ("mag_offset", "ebv_host") else NUMBER
            return Tabulated(**table_columns(inner, kind, {"value": unit, "density": NUMBER}))
        if kind == "exponential":
            return Exponential(scale=value, high=inner.values.get("max"))
        make, names = _MAKERS[kind]
        return make(**dict(zip(names, value if isinstance(value, list) else [value], strict=True)))
    except ReadError:
        raise
    except ValueError as error:
        raise inner.wrong(kind, str(error), "correct it") from None


def _parameter(section: Section, key: str, cosmology: Cosmology) -> Distribution | RedshiftDependent:
    """A distribution that may be cut, and moved and widened with redshift."""
    made = _distribution(section, key, cosmology)
    if not isinstance(section.values[key], dict):
        return made
    inner = section.section(key)
    if "within" in inner.values:
        low, high = inner.values["within"]
        made = _made(inner, lambda _: Truncated(base=made, low=low, high=high), "within")
    functions = {name: _function(inner, name) for name in ("shift", "scale")}
    if all(one is None for one in functions.values()):
        return made
    shift, scale = (functions[name] or Polynomial(coefficients=np.array([at])) for name, at in _NOTHING.items())
    return RedshiftDependent(base=made, shift=shift, scale=scale)


_NOTHING = {"shift": 0.0, "scale": 1.0}
"""What does not change a distribution."""


def _function(inner: Section, key: str) -> OfRedshift | None:
    """A polynomial or a table in redshift, where one is given."""
    given, table = inner.values.get(key), f"{key}_table"
    if given is not None and table in inner.values:
        raise inner.wrong(table, f"stands beside {key}", "give one of them")
    if table in inner.values:
        columns = table_columns(inner, table, {"z": NUMBER, "value": NUMBER})
        made: OfRedshift = _made(inner, lambda _: Interpolated(**columns), table)
        return made
    if given is None:
        return None
    polynomial: OfRedshift = _made(inner, lambda _: Polynomial(coefficients=np.array(given)), key)
    return polynomial


def _made(section: Section, make: Callable[[Section], Any], key: str = "") -> Any:
    """What a function makes of a section; what is wrong with it as the error of the section."""
    try:
        return make(section)
    except ReadError:
        raise
    except (ValueError, TypeError) as error:
        raise section.wrong(key, str(error), "correct it") from None


def _joint(section: Section) -> Joint:
    given = {key: value for key, value in section.values.items() if value is not None}
    tolerance = given.pop("tolerance")
    if "samples" in given:
        if len(given) > 1:
            raise section.wrong("samples", "stands beside other keys", "give samples alone, or names and mean")
        read = _all_columns(section, "samples")
        weight, z = read.pop("weight", None), read.pop("z", None)
        return JointSamples(columns=read, weight=weight, z=z, tolerance=tolerance)
    matrices = {key for key in ("covariance", "sigma", "correlation") if key in given}
    if not {"names", "mean"} <= set(given) or matrices not in ({"covariance"}, {"sigma", "correlation"}):
        raise section.wrong("", f"has {' and '.join(given) or 'nothing'}", "give names and mean with a covariance, or "
                            "with sigma and correlation, or samples alone")  # fmt: skip
    names, bounds = tuple(given["names"]), {key: given[key] for key in ("low", "high") if key in given}
    mean = _functions(section, "mean")
    if "sigma" in given:
        correlation = _matrix(section, "correlation")
        return JointNormal(
            names=names, mean=mean, sigma=_functions(section, "sigma"), correlation=correlation, **bounds
        )
    flat = joint_normal(names, np.zeros(len(names)), _matrix(section, "covariance"), **bounds)
    return JointNormal(names=names, mean=mean, sigma=flat.sigma, correlation=flat.correlation, **bounds)


def _functions(section: Section, key: str) -> tuple[OfRedshift, ...]:
    """Numbers, and lists, which are polynomials in z."""
    given = section.values[key]
    rows = [one if isinstance(one, list) else [one] for one in given] if isinstance(given, list) else []
    if not rows or not all(row and all(_is_number(value) for value in row) for row in rows):
        raise section.wrong(key, f"is {given!r}", "expected a list of numbers, or of lists of numbers")
    return tuple(Polynomial(coefficients=np.array(row, dtype=np.float64)) for row in rows)


def _matrix(section: Section, key: str) -> np.ndarray[Any, Any]:
    given = section.values[key]
    rows = given if isinstance(given, list) and all(isinstance(row, list) for row in given) else []
    if not rows or len({len(row) for row in rows}) != 1 or not all(_is_number(one) for row in rows for one in row):
        raise section.wrong(key, f"is {given!r}", "expected rows of numbers, such as [[1.0, 0.2], [0.2, 1.0]]")
    return np.array(rows, dtype=np.float64)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _hosts(section: Section) -> Hosts:
    given = section.values
    weight_map = None if given["weight_map"] is None else section.file("weight_map")
    table = read_hosts(
        section.file("file"), bands=given["bands"], weight_map=weight_map, hold_weights=given["hold_weights"]
    )
    return Hosts(
        table=table,
        tolerance=Polynomial(coefficients=np.array(given["tolerance"])),
        steps=() if given["step"] is None else (HostStep(**given["step"]),),
        noise=given["noise"],
        psf=given["psf"],
        positions=given["positions"],
    )


def _color_scatter(section: Section) -> ColorScatter:
    given = {key: value for key, value in section.values.items() if value is not None}
    wave_range = tuple(given.pop("wave_range"))
    if set(given) == {"wave", "covariance"}:
        return ColorScatter(wave=np.array(given["wave"]), covariance=_matrix(section, "covariance"))
    if set(given) == {"sigma", "length"}:
        return smooth_scatter(given["sigma"], given["length"], wave_range=wave_range)
    if set(given) == {"sigma_table", "length"}:
        columns = table_columns(section, "sigma_table", {"wave": ANGSTROM, "sigma": MAGNITUDE})
        return smooth_scatter((columns["wave"], columns["sigma"]), given["length"], wave_range=wave_range)
    raise section.wrong(
        "", f"has {' and '.join(given) or 'nothing'}", "give sigma or sigma_table with length, or wave and covariance"
    )


def _all_columns(section: Section, key: str) -> dict[str, np.ndarray[Any, Any]]:
    """The columns of a table of parameters that are drawn together, with their units."""
    path = section.file(key)
    try:
        names = data_table(path).colnames
    except ReadError:
        raise
    except ValueError as error:
        raise section.wrong(key, f"{path} is no table ({error})", "give ECSV or FITS") from None
    units = {name: MAGNITUDE if name in ("mag_offset", "ebv_host") else NUMBER for name in names}
    return table_columns(section, key, units)


def table_columns(section: Section, key: str, names: Mapping[str, str]) -> dict[str, np.ndarray[Any, Any]]:
    """Columns of a table by name, in the units given; none of their values may be missing."""
    path = section.file(key)
    try:
        table = data_table(path)
        columns = {name: table[name] for name in names}
    except ReadError:
        raise
    except (ValueError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise section.wrong(key, f"{path} has no columns {', '.join(names)} ({reason})", "give ECSV or FITS") from None
    if "ra" in columns and str(getattr(columns["ra"], "unit", "")) == "h":
        # Hours of time are hours of the angle here.
        columns["ra"].unit = "hourangle"
    try:
        read = {name: readonly(column, name, unit=names[name]) for name, column in columns.items()}
    except ValueError as error:
        raise section.wrong(key, f"{path}: {error}", "correct it") from None
    for name, column in read.items():
        if missing := [i for i, value in enumerate(column, start=1) if not np.isfinite(value)]:
            wrong = f"{path}: {name}, row {missing[0]}: no value"
            raise section.wrong(key, wrong, f"fill it in, or leave out such rows ({len(missing)})")
    return read
