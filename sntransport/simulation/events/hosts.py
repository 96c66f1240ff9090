"""Host galaxies of events: a table of galaxies, and how events are put into them.

An event at redshift z gets a galaxy of the table within a tolerance in redshift, by its weight, and a place in it as
likely as its light. The galaxy then counts as being at the event's own redshift, its photometric redshift moved by as
much, as SNANA does it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array, set_fields
from sntransport._numerics.units import mag_to_njy, njy_to_mag
from sntransport._objects.value_object import ValueObject
from sntransport.simulation.events.light_profiles import (
    LEAST_INDEX,
    MOST_INDEX,
    draw_offsets,
    isophote,
    light_per_area,
)
from sntransport.simulation.events.near_redshift import NearRedshift
from sntransport.simulation.events.redshift_dependence import OfRedshift, Polynomial, as_function

_PROFILE = ("major", "minor", "sersic", "angle")
# SNANA's default, HOSTLIB_DZTOL.
_TOLERANCE = (0.002, 0.04)


@dataclass(frozen=True, eq=False, kw_only=True)
class HostTable(ValueObject):
    """Galaxies, one a row.

    Parameters
    ----------
    columns : mapping of str to array_like, (n,)
        ``z`` (heliocentric) is needed, all others may be missing: ``id``; ``zphot`` and ``zphot_err``; ``ra`` and
        ``dec`` [deg]; ``major``, ``minor`` [arcsec], the half axes of the half-light isophote, ``sersic``, Sersic's
        index, and ``angle`` [deg] of the major axis from north through east (0 where missing); ``mag_BAND`` [AB mag] of
        the whole galaxy without dust of the Milky Way, for bands as surveys name them; ``weight``; ``mag_shift`` [mag],
        added to the events of a galaxy; ``logmass`` and anything else. NaN is not known.
    source : str
        File with checksum, or citation.

    Raises
    ------
    ValueError
        Where shapes differ, a name is none, or a value is out of its range; the message names the column and the row.

    Examples
    --------
    >>> from sntransport.simulation.events.hosts import HostTable
    >>> table = HostTable(columns={"z": [0.04, 0.05], "logmass": [9.0, 11.0]})
    >>> table.n_host, table.has_profile
    (2, False)
    """

    columns: Mapping[str, NDArray[Any]]
    source: str = ""

    def __post_init__(self) -> None:
        held: dict[str, NDArray[Any]] = {}
        for name, values in self.columns.items():
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_:.+-]*", name):
                raise ValueError(f"hosts: column {name!r} is no name")
            column = np.array(values)
            kind = column.dtype.kind
            if kind not in "biufU" or column.ndim != 1:
                raise ValueError(f"hosts: {name} has the type {column.dtype} and shape {column.shape}, expected (n,)")
            held[name] = column.astype(np.float64) if kind == "f" or (kind in "biu" and name != "id") else column
            held[name].setflags(write=False)
        if "z" not in held or not held["z"].size:
            raise ValueError("hosts: expected a column z of one galaxy or more")
        if odd := [name for name, column in held.items() if column.size != held["z"].size]:
            raise ValueError(f"hosts: {odd[0]} has {held[odd[0]].size} rows and z {held['z'].size}")
        _check_columns(held)
        set_fields(self, columns=held)

    @property
    def n_host(self) -> int:
        """Number of galaxies."""
        return int(self.columns["z"].size)

    @property
    def has_profile(self) -> bool:
        """Whether the light profile is known, so that places can be drawn from it."""
        return {"major", "minor", "sersic"} <= set(self.columns)


@dataclass(frozen=True, kw_only=True)
class HostStep:
    """Events in galaxies with ``column`` of ``at`` or more are ``mag`` brighter (below 0) or fainter.

    A step in host mass is ``HostStep(column="logmass", at=10.0, mag=-0.08)``. Galaxies of which the column is NaN have
    no step.

    Examples
    --------
    >>> from sntransport.simulation.events.hosts import HostStep
    >>> HostStep(column="logmass", at=10.0, mag=-0.08)
    HostStep(column='logmass', at=10.0, mag=-0.08)
    """

    column: str
    at: float
    mag: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Hosts(ValueObject):
    """How events are put into galaxies.

    Parameters
    ----------
    table : HostTable
    tolerance : OfRedshift or float
        A galaxy serves an event at z when its redshift is no farther than this. Default: ``0.002 + 0.04 z``, SNANA's.
    steps : sequence of HostStep
        Added to ``mag_offset``, beside the table's column ``mag_shift``.
    noise : bool
        Whether the Poisson noise of the host's light is added to that of the measurements; it needs the light profile
        and ``mag_BAND`` of every band.
    psf : mapping of str to float [arcsec]
        FWHM of the PSF by band, for the noise.
    positions : {"event", "host"}
        Whether the event stays where the survey's footprint puts it and the galaxy is moved there, or the event goes
        to the galaxy (which then needs ``ra`` and ``dec``).

    Raises
    ------
    ValueError, TypeError
        Where one does not fit; the message names it.

    Examples
    --------
    >>> from sntransport.simulation.events.hosts import Hosts, HostStep, HostTable
    >>> table = HostTable(columns={"z": [0.04, 0.05], "logmass": [9.0, 11.0]})
    >>> hosts = Hosts(table=table, tolerance=0.02, steps=[HostStep(column="logmass", at=10.0, mag=-0.08)])
    >>> drawn = hosts.draw(np.random.default_rng(1), np.full(100, 0.045))
    >>> sorted(set(drawn.mag_shift.tolist()))
    [-0.08, 0.0]
    """

    table: HostTable
    tolerance: OfRedshift | float = field(default_factory=lambda: Polynomial(coefficients=np.array(_TOLERANCE)))
    steps: tuple[HostStep, ...] = ()
    noise: bool = False
    psf: Mapping[str, float] = field(default_factory=dict)
    positions: Literal["event", "host"] = "event"
    _near: NearRedshift = field(init=False)

    def __post_init__(self) -> None:
        columns = self.table.columns
        tolerance = as_function(self.tolerance, "Hosts.tolerance")
        near = NearRedshift(z=columns["z"], weight=columns.get("weight"), tolerance=tolerance, label="hosts")
        set_fields(self, tolerance=tolerance, steps=tuple(self.steps), psf=dict(self.psf), _near=near)
        for step in self.steps:
            if columns.get(step.column, np.array([""])).dtype.kind != "f":
                raise ValueError(f"Hosts.steps: the hosts have no column {step.column!r} of numbers")
            if not (np.isfinite(step.at) and np.isfinite(step.mag)):
                raise ValueError(f"{step}: expected finite numbers")
        if self.positions not in ("event", "host"):
            raise ValueError(f"Hosts.positions is {self.positions!r}, expected event or host")
        if self.positions == "host" and not {"ra", "dec"} <= set(columns):
            raise ValueError("Hosts.positions is host, but the hosts have no ra and dec")
        if self.noise and not self.table.has_profile:
            raise ValueError("Hosts.noise needs the columns major, minor and sersic")
        if wrong := [band for band, fwhm in self.psf.items() if not 0 < fwhm < np.inf]:
            raise ValueError(f"Hosts.psf of {wrong[0]} is {self.psf[wrong[0]]}, expected arcsec above 0")

    def __repr__(self) -> str:
        columns = self.table.columns
        # Texts have no bytes that mean the same everywhere but their own.
        numbers = [columns[name] for name in sorted(columns) if columns[name].dtype.kind != "U"]
        texts = "|".join("|".join(columns[name]) for name in sorted(columns) if columns[name].dtype.kind == "U")
        digest = self._near.digest(*numbers, np.frombuffer(texts.encode(), dtype=np.uint8))
        given = ", ".join(
            f"{name}={getattr(self, name)!r}" for name in ("tolerance", "steps", "noise", "psf", "positions")
        )
        return f"Hosts({given}, columns={sorted(columns)}, sha256={digest})"

    def require(self, z_range: tuple[float, float], bands: tuple[str, ...]) -> None:
        """Raise a ValueError where galaxies are missing at a redshift, or what the noise needs at a band."""
        self._near.require_over(z_range)
        for band in bands if self.noise else ():
            if f"mag_{band}" not in self.table.columns:
                raise ValueError(f"Hosts.noise: the hosts have no mag_{band}; give it, or leave the noise out")
            if band not in self.psf:
                raise ValueError(f"Hosts.noise: psf has no {band}; give the FWHM [arcsec], or leave the noise out")

    def draw(self, rng: np.random.Generator, z: Array) -> HostsDrawn:
        """Hosts of events at redshifts (n,); a ValueError where there is none within the tolerance."""
        uniform = rng.random((3, z.size))
        rows = self._near.draw(uniform[0], z)
        picked = {name: column[rows] for name, column in self.table.columns.items()}
        shift = np.nan_to_num(picked.get("mag_shift", np.zeros(z.size)))
        for step in self.steps:
            shift = shift + np.where(picked[step.column] >= step.at, step.mag, 0.0)
        east, north, light = np.full((3, z.size), np.nan)
        if self.table.has_profile:
            angle = picked.setdefault("angle", np.zeros(z.size))
            shape = picked["sersic"], picked["major"], picked["minor"]
            east, north = draw_offsets(uniform[1:], *shape, angle)
            light = light_per_area(isophote(east, north, *shape[1:], angle), *shape)
        return HostsDrawn(columns=picked, z=z, mag_shift=shift, east=east, north=north, light=light)


@dataclass(frozen=True, eq=False, kw_only=True)
class HostsDrawn:
    """Hosts of events at redshifts ``z``, all (n,).

    ``columns`` are those of the table. The event is ``east`` and ``north`` [arcsec] of the galaxy's middle, where the
    share ``light`` [arcsec-2] of its light is; NaN where the profile is not known.
    """

    columns: Mapping[str, NDArray[Any]]
    z: Array
    mag_shift: Array
    east: Array
    north: Array
    light: Array

    def brightness(self, band: str) -> Array:
        """Surface brightness (n,) [nJy arcsec-2] at the event in a band; 0 where it is not known."""
        return np.nan_to_num(self.total(band) * self.light)

    def total(self, band: str) -> Array:
        """Flux of the whole galaxy (n,) [nJy] in a band; NaN where it is not known."""
        return mag_to_njy(self.columns[f"mag_{band}"])

    def light_in(self, bands: Sequence[str]) -> HostLight:
        """The light of the galaxies at the events in some bands."""
        brightness = np.stack([self.brightness(band) for band in bands], axis=1)
        total = np.stack([np.nan_to_num(self.total(band)) for band in bands], axis=1)
        return HostLight(brightness=brightness, total=total)

    def event_positions(self, ra: Array, dec: Array, positions: str) -> tuple[Array, Array]:
        """Where the events are that the survey's footprint put at ``ra`` and ``dec`` (n,) [deg]; see `Hosts`."""
        if positions == "event":
            return ra, dec
        return moved(self.columns["ra"], self.columns["dec"], np.nan_to_num(self.east), np.nan_to_num(self.north))

    def positions(self, ra: Array, dec: Array) -> tuple[Array, Array]:
        """Right ascension and declination (n,) [deg] of the galaxies of events at ``ra`` and ``dec``."""
        return moved(ra, dec, -np.nan_to_num(self.east), -np.nan_to_num(self.north))

    def truth(self, ra: Array, dec: Array) -> dict[str, NDArray[Any]]:
        """What is true of the hosts of events at ``ra`` and ``dec``: a column ``host_...`` for each of the table.

        ``host_z`` is the event's own redshift and ``host_z_table`` that of the row; ``host_zphot`` is moved by their
        difference, and NaN where that makes it negative. ``host_separation`` is in arcsec, ``host_brightness_BAND`` in
        AB mag / arcsec2 at the event.
        """
        host_ra, host_dec = self.positions(ra, dec)
        made: dict[str, NDArray[Any]] = {"host_z": self.z, "host_z_table": self.columns["z"]}
        made |= {"host_ra": host_ra, "host_dec": host_dec}
        left_out = {"z", "ra", "dec", "weight", "mag_shift", *_PROFILE}
        made |= {band_column("host", name): column for name, column in self.columns.items() if name not in left_out}
        if "zphot" in self.columns:
            moved_by = self.columns["zphot"] + (self.z - self.columns["z"])
            made["host_zphot"] = np.where(moved_by >= 0, moved_by, np.nan)
        if np.isfinite(self.light).any():
            made["host_separation"] = np.hypot(self.east, self.north)
            for name in self.columns:
                if name.startswith("mag_") and name != "mag_shift":
                    made[band_column("host_brightness", name[4:])] = njy_to_mag(self.brightness(name[4:]))
        return made


@dataclass(frozen=True, eq=False, kw_only=True)
class HostLight:
    """Light of the hosts at events: ``brightness`` [nJy arcsec-2] and the ``total`` [nJy], (n_object, n_band)."""

    brightness: Array
    total: Array

    def in_aperture(self, owner: NDArray[np.int64], band: NDArray[np.int16], area: Array) -> Array:
        """Flux (n_obs,) [nJy] of the host in a noise-equivalent area of the PSF, at most all that the host has.

        Parameters
        ----------
        owner, band : ndarray of int, (n_obs,)
            Object and band of each measurement.
        area : ndarray, (n_obs,) [arcsec2]
        """
        return np.minimum(self.brightness[owner, band] * area, self.total[owner, band])


def band_column(prefix: str, name: str) -> str:
    """A column of the truth for a band, or another name of a file: small letters, digits and underscores."""
    return f"{prefix}_" + re.sub(r"[^a-z0-9_]+", "_", name.lower())


def moved(ra: Array, dec: Array, east: Array, north: Array) -> tuple[Array, Array]:
    """Places (n,) [deg] moved by some arcsec, small against the distance to a pole."""
    there = np.clip(dec + north / 3600.0, -90.0, 90.0)
    # At a pole every direction is south; there the right ascension does not matter.
    step = east / 3600.0 / np.maximum(np.cos(np.radians(dec)), 1e-6)
    return np.mod(ra + step, 360.0), there


def _check_columns(held: Mapping[str, NDArray[Any]]) -> None:
    """Raise a ValueError that names the first value outside its range."""
    ranges = {
        "z": (0.0, 1000.0, "a redshift of 0 or more"),
        "zphot_err": (0.0, np.inf, "0 or more, or NaN"),
        "major": (1e-6, 1e6, "arcsec above 0"),
        "minor": (1e-6, 1e6, "arcsec above 0"),
        "sersic": (LEAST_INDEX, MOST_INDEX, f"{LEAST_INDEX} to {MOST_INDEX:.0f}"),
        "angle": (-1e4, 1e4, "degrees"),
        "ra": (-360.0, 360.0, "degrees"),
        "dec": (-90.0, 90.0, "degrees"),
        "weight": (0.0, np.inf, "0 or more"),
        "mag_shift": (-10.0, 10.0, "magnitudes of -10 to 10, or NaN"),
    }
    may_be_missing = ("zphot_err", "mag_shift")
    for name, (low, high, expected) in ranges.items():
        column = held.get(name)
        if column is None:
            continue
        if column.dtype.kind != "f":
            raise ValueError(f"hosts: {name} holds texts, expected numbers")
        good = ((column >= low) & (column <= high)) | (np.isnan(column) & (name in may_be_missing))
        if not np.all(good):
            i = int(np.flatnonzero(~good)[0])
            raise ValueError(f"hosts: {name}, row {i + 1}: {column[i]:g}, expected {expected}")
    if texts := [name for name in held if re.match("mag_|zphot|logmass$", name) and held[name].dtype.kind != "f"]:
        raise ValueError(f"hosts: {texts[0]} holds texts, expected numbers")
    if held.keys() & set(_PROFILE) and not {"major", "minor", "sersic"} <= held.keys():
        raise ValueError("hosts: a light profile needs major, minor and sersic")
    names = [band_column("host", name) for name in held]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"hosts: two columns would be {twice[0]} in the truth")
