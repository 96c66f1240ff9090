"""`Population`: the events of nature that a survey could see, drawn object by object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_finite, set_fields
from sntransport._numerics.quantities import DEGREE, MAGNITUDE, bare_number
from sntransport._numerics.units import C_KMS
from sntransport._objects.card import Card
from sntransport._objects.sketch import bars
from sntransport._objects.value_object import ValueObject
from sntransport.simulation.events.color_scatter import ColorScatter
from sntransport.simulation.events.distributions import Constant, Distribution, as_distribution
from sntransport.simulation.events.hosts import Hosts
from sntransport.simulation.events.joint import PARAMETERS, Joint
from sntransport.simulation.events.rates import Cosmology
from sntransport.simulation.events.redshift_dependence import RedshiftDependent, redshifts_of
from sntransport.simulation.events.solar_motion import SOLAR_SPEED, helio_redshift
from sntransport.spectra.dust import dust_law, require_rv
from sntransport.spectra.ranges import require_ebv, require_redshift

DustMap = Callable[[Array, Array], Array]
"""E(B-V) [mag] of the Milky Way at right ascension and declination (n,) [deg]."""

# Peculiar velocities beyond this many sigma are drawn again, so that redshifts have bounds.
_MOST_SIGMA = 5.0
# What the parameters are where nothing is said, which a joint distribution replaces.
_DEFAULTS = {"mag_offset": 0.0, "ebv_host": 0.0, "rv_host": 3.1, "stretch": 1.0}
# A template ten times as fast or as slow is none of an explosion like it.
_STRETCHES = (0.1, 10.0)

Parameter = Distribution | RedshiftDependent
"""What a parameter of a population may be, beside a number."""


class Drawn(NamedTuple):
    """Objects of a population, all (n,)."""

    template: NDArray[np.int32]
    z: Array
    z_cosmology: Array
    distance_modulus: Array
    mag_offset: Array
    ebv_host: Array
    rv_host: Array
    stretch: Array
    velocity: Array
    """Peculiar velocity [km/s], positive away from us."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Population(ValueObject):
    """What explodes: where in redshift, how bright, behind how much dust, and after which template.

    Parameters
    ----------
    redshift : Distribution or float
        Of the expansion alone, above 0: a distribution, or `sntransport.simulation.events.rates.rate_redshifts` of a
        rate.
    mag_offset : Distribution, RedshiftDependent or float [mag]
        Gray; positive is fainter than the template.
    ebv_host : Distribution, RedshiftDependent or float [mag]
        E(B-V) of the host; not negative, with an upper bound.
    rv_host : Distribution, RedshiftDependent or float
        R(V) of the host, within the range of its law.
    stretch : Distribution, RedshiftDependent or float
        The template's phases are times this, from 0.1 to 10: above 1 is slower. Its spectra stay as they are.
    joint : Joint, optional
        Some of these four drawn together, in place of their own field: `sntransport.simulation.events.joint`.
    hosts : Hosts, optional
        The galaxies that events are in.
    color_scatter : ColorScatter, optional
        Random change of magnitude by rest-frame wavelength, one an object.
    ebv_mw : float or callable [mag]
        E(B-V) of the Milky Way: one value, or a function ``(ra, dec) -> (n,)`` such as a dust map or
        `nearest_position`.
    ebv_mw_max : float [mag]
        Most that the function gives; the simulation stops at a place with more.
    peculiar_velocity : float [km/s]
        Standard deviation of the source along the line of sight, cut at five of them. It changes the redshift, and
        the luminosity distance by ``(1 + v / c)**2`` (Hui & Greene 2006, PRD 73, 123526).
    solar_motion : bool
        Whether the Sun's motion is in the heliocentric redshift, as the files of SNANA have it:
        ``1 + z = (1 + z_cosmology) (1 + v / c) (1 - v_sun / c)`` with the Sun's velocity toward the place (Planck
        2018), and the luminosity distance ``(1 + z) r(z_cosmology) (1 + v / c)``. The truth then has ``z_cmb``, the
        redshift in the frame of the microwave background, and ``peculiar_velocity`` [km/s].
    template_weight : array_like, (n_template,), or None
        How often each template is drawn. None: all alike.
    law_mw, law_host : str
        Names of `sntransport.spectra.dust.LAWS`.
    cosmology : Cosmology

    Raises
    ------
    ValueError, TypeError
        Where a value is out of its range; the message names the field.

    Examples
    --------
    >>> from sntransport.simulation.events.distributions import Exponential, Normal, Uniform
    >>> dust = Exponential(scale=0.1, high=1.0)
    >>> scatter = Normal(mean=0.0, sigma=0.1)
    >>> population = snt.Population(redshift=Uniform(low=0.01, high=0.1), mag_offset=scatter, ebv_host=dust)
    >>> population.rv_host
    Constant(value=3.1)
    >>> snt.Population(redshift=Uniform(low=0.0, high=0.1))
    Traceback (most recent call last):
        ...
    ValueError: Population.redshift reaches from 0 to 0.1, expected bounds above 0
    """

    redshift: Distribution
    mag_offset: Parameter = field(default_factory=lambda: Constant(value=_DEFAULTS["mag_offset"]))
    ebv_host: Parameter = field(default_factory=lambda: Constant(value=_DEFAULTS["ebv_host"]))
    rv_host: Parameter = field(default_factory=lambda: Constant(value=_DEFAULTS["rv_host"]))
    stretch: Parameter = field(default_factory=lambda: Constant(value=_DEFAULTS["stretch"]))
    joint: Joint | None = None
    hosts: Hosts | None = None
    color_scatter: ColorScatter | None = None
    ebv_mw: float | DustMap = 0.0
    ebv_mw_max: float = 1.0
    peculiar_velocity: float = 0.0
    solar_motion: bool = False
    template_weight: Array | None = None
    law_mw: str = "F99"
    law_host: str = "F99"
    cosmology: Cosmology = field(default_factory=Cosmology)
    _bounds: dict[str, tuple[float, float]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        set_fields(self, redshift=as_distribution(self.redshift, "Population.redshift"))
        for name in PARAMETERS:
            if not isinstance(value := getattr(self, name), RedshiftDependent):
                set_fields(self, **{name: as_distribution(value, f"Population.{name}")})
        for name in ("law_mw", "law_host"):
            dust_law(getattr(self, name))
        low, high = self.redshift.support
        if not 0 < low <= high < np.inf:
            raise ValueError(f"Population.redshift reaches from {low:g} to {high:g}, expected bounds above 0")
        require_redshift(high, "Population.redshift: its upper bound")
        set_fields(self, _bounds=self._bounds_of())
        self._require_bounds()
        if not callable(self.ebv_mw):
            value = require_ebv(bare_number(self.ebv_mw, "Population.ebv_mw", MAGNITUDE), "Population.ebv_mw")
            set_fields(self, ebv_mw=value, ebv_mw_max=value)
        require_ebv(self.ebv_mw_max, "Population.ebv_mw_max")
        if not 0 <= self.peculiar_velocity < 10_000:
            raise ValueError("Population: peculiar_velocity must be from 0 to 10,000 km/s")
        if self.template_weight is not None:
            weight = readonly(self.template_weight, "Population.template_weight")
            require_finite(weight, "Population.template_weight")
            if not weight.size or weight.min() < 0 or weight.sum() <= 0:
                raise ValueError("Population.template_weight needs values of 0 or more, not all 0")
            set_fields(self, template_weight=weight)

    def _bounds_of(self) -> dict[str, tuple[float, float]]:
        """Least and largest value of each parameter at any redshift."""
        z_range = self.redshift.support
        made = {}
        for name in PARAMETERS:
            given = getattr(self, name)
            made[name] = (
                given.support_over(z_range, f"Population.{name}")
                if isinstance(given, RedshiftDependent)
                else given.support
            )
        if self.joint is None:
            return made
        if not isinstance(self.joint, Joint):
            raise TypeError(f"Population.joint is {self.joint!r}, expected a JointNormal, JointSamples or one's own")
        together = self.joint.bounds(redshifts_of(z_range))
        for name in together:
            default, given = _DEFAULTS[name], getattr(self, name)
            if not (isinstance(given, Constant) and given.value == default):
                raise ValueError(f"Population.joint has {name}, which is given for itself, too; leave one of them out")
        return made | together

    def _require_bounds(self) -> None:
        low, high = self._bounds["ebv_host"]
        if not 0 <= low <= high < np.inf:
            raise ValueError(f"Population.ebv_host reaches from {low:g} to {high:g}, expected bounds of 0 or more")
        require_ebv(high, "Population.ebv_host: its upper bound")
        for end in self._bounds["rv_host"]:
            require_rv(end, self.law_host, "Population.rv_host")
        low, high = self._bounds["stretch"]
        if not _STRETCHES[0] <= low <= high <= _STRETCHES[1]:
            raise ValueError(
                f"Population.stretch reaches from {low:g} to {high:g}, expected bounds from {_STRETCHES[0]:g} to "
                f"{_STRETCHES[1]:g}"
            )

    def bounds(self, name: str) -> tuple[float, float]:
        """Least and largest value of a parameter at any redshift: mag_offset, ebv_host, rv_host or stretch."""
        return self._bounds[name]

    @property
    def z_range(self) -> tuple[float, float]:
        """Bounds of the heliocentric redshift."""
        most = _MOST_SIGMA * self.peculiar_velocity / C_KMS
        sun = SOLAR_SPEED / C_KMS if self.solar_motion else 0.0
        low, high = self.redshift.support
        return (1.0 + low) * (1.0 - most) * (1.0 - sun) - 1.0, (1.0 + high) * (1.0 + most) * (1.0 + sun) - 1.0

    def _card(self) -> Card:
        def picture() -> str:
            z = self.redshift.draw(np.random.default_rng(0), 2000)
            return bars(np.histogram(z, bins=24)[0], "how often each redshift is drawn")

        return replace(super()._card(), picture=picture)

    def draw(self, rng: np.random.Generator, n: int, n_template: int) -> Drawn:
        """Objects.

        Parameters
        ----------
        rng : numpy.random.Generator
        n, n_template : int

        Returns
        -------
        Drawn

        Raises
        ------
        ValueError
            Where ``template_weight`` is not of ``n_template`` templates.
        """
        weight = np.ones(n_template) if self.template_weight is None else self.template_weight
        if weight.size != n_template:
            raise ValueError(f"Population.template_weight has {weight.size} values for {n_template} templates")
        share = np.cumsum(weight) / weight.sum()
        template = np.searchsorted(share, rng.random(n), side="right").astype(np.int32)
        z_cosmology = self.redshift.draw(rng, n)
        velocity = rng.standard_normal(n)
        while np.any(far := np.abs(velocity) > _MOST_SIGMA):
            velocity[far] = rng.standard_normal(int(far.sum()))
        shift = 1.0 + self.peculiar_velocity / C_KMS * velocity
        modulus = self._distance_modulus(z_cosmology) + 10.0 * np.log10(shift)
        values = {name: self._draw_one(name, rng, z_cosmology) for name in PARAMETERS}
        if self.joint is not None:
            values |= self.joint.draw(rng, z_cosmology)
        z, velocity = (1.0 + z_cosmology) * shift - 1.0, self.peculiar_velocity * velocity
        return Drawn(template, z, z_cosmology, modulus, velocity=velocity, **values)

    def _draw_one(self, name: str, rng: np.random.Generator, z: Array) -> Array:
        given = getattr(self, name)
        if isinstance(given, RedshiftDependent):
            # Its bounds are those at some redshifts, which others may miss by a little.
            return np.clip(given.draw_at(rng, z), *self._bounds[name])
        return np.asarray(given.draw(rng, z.size))

    def seen_from_sun(self, drawn: Drawn, ra: Array, dec: Array) -> Drawn:
        """Objects with the Sun's motion in their redshifts and distances.

        Parameters
        ----------
        drawn : Drawn
            As `draw` gives them, in the frame of the microwave background.
        ra, dec : ndarray, (n,) [deg]

        Returns
        -------
        Drawn
            The same where ``solar_motion`` is off.
        """
        if not self.solar_motion:
            return drawn
        z = helio_redshift(drawn.z, ra, dec)
        # A luminosity distance has the factor of the redshift as it is seen, and with it that of the Sun's motion.
        modulus = drawn.distance_modulus + 5.0 * np.log10((1.0 + z) / (1.0 + drawn.z))
        return drawn._replace(z=z, distance_modulus=modulus)

    def milky_way(self, ra: Array, dec: Array) -> Array:
        """E(B-V) of the Milky Way at places (n,).

        Raises
        ------
        ValueError
            Where a function gives a value that is not from 0 to ``ebv_mw_max``.
        """
        if not callable(self.ebv_mw):
            return np.full(ra.shape, self.ebv_mw)
        ebv = np.asarray(self.ebv_mw(ra, dec), dtype=np.float64)
        bad = ~((ebv >= 0) & (ebv <= self.ebv_mw_max))
        if np.any(bad):
            i = int(np.flatnonzero(bad)[0])
            raise ValueError(
                f"Population.ebv_mw is {ebv[i]:g} at ra {ra[i]:.4f}, dec {dec[i]:.4f}, expected 0 to "
                f"{self.ebv_mw_max:g}; set ebv_mw_max higher, or cut the survey's footprint"
            )
        return ebv

    def _distance_modulus(self, z: Array) -> Array:
        """Distance moduli, interpolated in ln z to better than 1e-5 mag: astropy takes 10 us for each."""
        low, high = self.redshift.support
        if low == high:
            return np.full(z.shape, self.cosmology.distance_modulus([low])[0])
        return _modulus_spline(self.cosmology, low, high)(np.log(z))


class _Nearest:
    """The value of the nearest of some places; unlike a function inside another it goes to other processes."""

    def __init__(self, tree: Any, value: Array) -> None:
        self._tree, self._value = tree, value

    def __call__(self, ra: Array, dec: Array) -> Array:
        from sntransport.simulation.surveys.footprint import unit_vectors

        return np.asarray(self._value[self._tree.query(unit_vectors(ra, dec))[1]])


def nearest_position(ra: ArrayLike, dec: ArrayLike, ebv: ArrayLike) -> DustMap:
    """A dust map from a table: E(B-V) [mag] of the nearest of the positions (n,) [deg].

    Raises
    ------
    ValueError
        Where shapes differ or a value is not finite.
    """
    from scipy.spatial import cKDTree

    from sntransport.simulation.surveys.footprint import unit_vectors

    given = {"ra": (ra, DEGREE), "dec": (dec, DEGREE), "ebv": (ebv, MAGNITUDE)}
    table = [readonly(value, f"nearest_position: {name}", unit=unit) for name, (value, unit) in given.items()]
    for values in table:
        require_finite(values, "nearest_position")
        if values.shape != table[0].shape or not values.size:
            raise ValueError("nearest_position: ra, dec and ebv need the same length, one or more")
    return _Nearest(cKDTree(unit_vectors(table[0], table[1])), table[2])


@cache
def _modulus_spline(cosmology: Cosmology, low: float, high: float) -> Callable[[Array], Array]:
    from scipy.interpolate import CubicSpline

    grid = np.linspace(np.log(low), np.log(high), 401)
    spline: Callable[[Array], Array] = CubicSpline(grid, cosmology.distance_modulus(np.exp(grid)))
    return spline
