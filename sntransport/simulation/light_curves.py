"""`LightCurves`: many simulated light curves as columns, with one row of truth for each object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, further_columns, readonly, require_shape, set_fields
from sntransport._numerics.quantities import DEGREE, MAGNITUDE, MJD, NANOJANSKY, NUMBER
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.card import Card, enumerated, span
from sntransport._objects.drawing import axes_or_new
from sntransport._objects.sketch import bars
from sntransport._objects.tables import Tabular, data_frame, quantity_table
from sntransport._objects.value_object import ValueObject
from sntransport.spectra.observations import LightCurve

if TYPE_CHECKING:
    from astropy.table import QTable
    from matplotlib.axes import Axes
    from pandas import DataFrame

_COLUMN_UNITS = {"mjd": MJD, "flux": NANOJANSKY, "flux_err": NANOJANSKY}
_INTEGERS = {"object_id": np.int64, "template": np.int32}
LARGEST_ID = 2**31 - 1
"""Of an object: what clients that count with 32 bits take."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Truth(Tabular, ValueObject):
    """What is true of each simulated object; all (n_object,) but the two of the peak.

    As a table it has one row an object, and the columns of ``more`` behind its own.

    Parameters
    ----------
    object_id : array_like of int
        From 0 to 2**31 - 1, each once.
    template : array_like of int
        Index into ``LightCurves.template_names``.
    z : array_like
        Heliocentric redshift, as the spectrum shows it.
    z_cosmology : array_like
        Redshift of the expansion alone, without the peculiar velocity.
    distance_modulus : array_like [mag]
    mag_offset : array_like [mag]
        Fainter than the template by this: the scatter of luminosity.
    ebv_mw, ebv_host : array_like [mag]
    rv_host : array_like
    ra, dec : array_like [deg]
    mjd_ref : array_like [d]
        Observer-frame date of phase 0.
    weight : array_like
        How many events of nature the object stands for; 1 where drawn at the natural rate.
    peak_mag : array_like, (n_object, n_band) [AB mag]
        Of the brightest phase, from the noise-free series and not from the visits. NaN where the band is not covered.
    peak_mjd : array_like, (n_object, n_band) [d]
        When that is.
    more : mapping of str to array_like, (n_object,)
        Whatever else a simulation knows of its objects, such as their hosts: numbers, truth values or texts. Files
        have them as further columns.

    Raises
    ------
    ValueError
        Where shapes differ, an identifier is out of its range or occurs twice, or a name in ``more`` is that of a
        field or no word of letters, digits and underscores.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey = snt.load_survey("ztf", years=0.5)
    >>> truth = snt.simulate([series], survey, snt.Population(redshift=Constant(value=0.05)), n=3, seed=2).truth
    >>> print(truth.object_id, truth.z, truth.peak_mag.round(1).tolist())
    [0 1 2] [0.05 0.05 0.05] [[17.3, 17.5], [17.3, 17.5], [17.3, 17.5]]
    """

    object_id: NDArray[np.int64]
    template: NDArray[np.int32]
    z: Array
    z_cosmology: Array
    distance_modulus: Array
    mag_offset: Array
    ebv_mw: Array
    ebv_host: Array
    rv_host: Array
    ra: Array
    dec: Array
    mjd_ref: Array
    weight: Array
    peak_mag: Array
    peak_mjd: Array
    more: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    _UNITS: ClassVar = {
        "object_id": NUMBER, "template": NUMBER, "z": NUMBER, "z_cosmology": NUMBER, "distance_modulus": MAGNITUDE,
        "mag_offset": MAGNITUDE, "ebv_mw": MAGNITUDE, "ebv_host": MAGNITUDE, "rv_host": NUMBER, "ra": DEGREE,
        "dec": DEGREE, "mjd_ref": MJD, "weight": NUMBER, "peak_mag": MAGNITUDE, "peak_mjd": MJD,
    }  # fmt: skip
    _MORE_UNITS: ClassVar = {"host_ra": DEGREE, "host_dec": DEGREE, "host_separation": "arcsec"}

    def __post_init__(self) -> None:
        for item in TRUTH_FIELDS:
            name, ndim = f"Truth.{item.name}", 2 if item.name.startswith("peak_") else 1
            dtype, unit = _INTEGERS.get(item.name, np.float64), self._UNITS[item.name]
            set_fields(self, **{item.name: readonly(getattr(self, item.name), name, ndim, dtype, unit=unit)})
        n_object = self.object_id.size
        # Tables without columns of two dimensions number those of the peak.
        peaks = {f"{name}_{k}" for name in ("peak_mag", "peak_mjd") for k in range(self.peak_mag.shape[1])}
        taken = {item.name for item in TRUTH_FIELDS} | _OF_FILES | peaks
        set_fields(self, more=further_columns(self.more, "Truth.more", n_object, taken=taken, meaning="(n_object,)"))
        for item in TRUTH_FIELDS:
            value = getattr(self, item.name)
            shape = (n_object, *self.peak_mag.shape[1:]) if value.ndim == 2 else (n_object,)
            require_shape(
                value, f"Truth.{item.name}", shape, "(n_object, n_band)" if value.ndim == 2 else "(n_object,)"
            )
        if n_object and not 0 <= self.object_id.min() <= self.object_id.max() <= LARGEST_ID:
            raise ValueError(f"Truth.object_id has values outside 0 to {LARGEST_ID}")
        if np.unique(self.object_id).size != n_object:
            raise ValueError("Truth.object_id has values that occur twice")

    def take(self, objects: ArrayLike) -> Truth:
        """The truth of some objects, by index or mask."""
        rows = np.asarray(objects)
        more = {name: value[rows] for name, value in self.more.items()}
        return Truth(**{item.name: getattr(self, item.name)[rows] for item in TRUTH_FIELDS}, more=more)

    def columns(self) -> dict[str, NDArray[Any]]:
        """All columns by name: the fields and ``more``."""
        return {item.name: getattr(self, item.name) for item in TRUTH_FIELDS} | dict(self.more)


TRUTH_FIELDS = tuple(item for item in fields(Truth) if item.name != "more")
"""Fields of `Truth` that every simulation has."""


# Columns that files make of the templates, or of where the measurements are.
_OF_FILES = {"class", "class_code", "type", "template_name", "lightcurve", "first", "count"}


MEASURED = ("mjd", "band", "flux", "flux_err", "photflag")
"""Fields of `LightCurves` with one value a measurement that every set has."""


@dataclass(frozen=True, eq=False, kw_only=True)
class LightCurves(ValueObject):
    """Many light curves in flat arrays: the measurements of object i are ``offset[i]`` to ``offset[i + 1]``.

    Parameters
    ----------
    bands : sequence of str, (n_band,)
        Names of `sntransport.load_bands`.
    surveys : sequence of str, (n_band,)
        Which survey each band is of; one name of a band may occur once for each survey.
    offset : array_like of int, (n_object + 1,)
    mjd : array_like, (n_obs,) [d]
        Ascending within an object.
    band : array_like of int, (n_obs,)
        Index into ``bands``.
    flux, flux_err : array_like, (n_obs,) [nJy AB]
        Negative fluxes are kept. NaN where a saturated measurement or an uncovered band has no flux.
    photflag : array_like of int, (n_obs,)
        Bits of `sntransport.simulation.selection.detection`: 1024 saturated, 2048 completes the trigger, 4096
        detection.
    truth : Truth
    template_names, template_types : sequence of str, (n_template,)
    true_flux : array_like, (n_obs,) [nJy AB], or None
        Before any noise; NaN where the template does not cover the band. None: not kept, as it is a third more memory.
    meta : mapping
        What made them: cosmology, seed, version, policies; JSON values only.

    Raises
    ------
    ValueError
        Where shapes differ, offsets do not ascend from 0 to n_obs, or an index points nowhere.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey = snt.load_survey("ztf", years=0.5)
    >>> curves = snt.simulate([series], survey, snt.Population(redshift=Constant(value=0.05)), n=5, seed=2)
    >>> first = slice(curves.offset[0], curves.offset[1])
    >>> sorted({curves.bands[k] for k in curves.band[first]})
    ['ztfg', 'ztfr']
    """

    bands: tuple[str, ...]
    surveys: tuple[str, ...]
    offset: NDArray[np.int64]
    mjd: Array
    band: NDArray[np.int16]
    flux: Array
    flux_err: Array
    photflag: NDArray[np.int32]
    truth: Truth
    template_names: tuple[str, ...]
    template_types: tuple[str, ...]
    true_flux: Array | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        types = {"offset": np.int64, "band": np.int16, "photflag": np.int32}
        for name in ("offset", *self.measured):
            value = readonly(getattr(self, name), f"LightCurves.{name}", dtype=types.get(name, np.float64))
            set_fields(self, **{name: value})
            if name not in ("offset", "mjd"):
                require_shape(value, f"LightCurves.{name}", self.mjd.shape, "(n_obs,)")
        names = ("bands", "surveys", "template_names", "template_types")
        set_fields(self, **{name: tuple(str(one) for one in getattr(self, name)) for name in names})
        self._check()

    def _check(self) -> None:
        require_shape(self.offset, "LightCurves.offset", (self.truth.object_id.size + 1,), "(n_object + 1,)")
        if self.offset[0] != 0 or self.offset[-1] != self.mjd.size or np.any(np.diff(self.offset) < 0):
            raise ValueError(f"LightCurves.offset does not ascend from 0 to n_obs = {self.mjd.size}")
        if len(self.surveys) != len(self.bands) or self.truth.peak_mag.shape[1] != len(self.bands):
            raise ValueError(f"LightCurves: surveys and truth.peak_mag need one entry for each of {self.bands}")
        if len(self.template_names) != len(self.template_types):
            raise ValueError("LightCurves.template_names and template_types have different lengths")
        for name, index, limit in (
            ("band", self.band, len(self.bands)),
            ("truth.template", self.truth.template, len(self.template_names)),
        ):
            if index.size and not 0 <= index.min() <= index.max() < limit:
                raise ValueError(f"LightCurves.{name} has values outside 0 to {limit - 1}")

    @property
    def measured(self) -> tuple[str, ...]:
        """Names of the columns with one value a measurement."""
        return MEASURED if self.true_flux is None else (*MEASURED, "true_flux")

    @property
    def n_object(self) -> int:
        """Number of objects."""
        return int(self.offset.size - 1)

    @property
    def n_obs(self) -> int:
        """Number of measurements of all objects."""
        return int(self.mjd.size)

    def __len__(self) -> int:
        return self.n_object

    def to_table(self) -> QTable:
        """All measurements as an astropy ``QTable``: object_id, mjd, band, survey, flux, flux_err, photflag.

        What is true of the objects is ``truth.to_table()``; files that hold both are written by `sntransport.datasets`.
        """
        return quantity_table(self._columns(), _COLUMN_UNITS, self.meta)

    def to_pandas(self) -> DataFrame:
        """The rows of `to_table` as a pandas ``DataFrame`` of plain numbers; MissingExtraError without pandas."""
        return data_frame(self._columns(), _COLUMN_UNITS, self.meta)

    def plot(self, index: int, ax: Axes | None = None) -> Axes:
        """Draw the light curve of one object; `sntransport.report.figures.simulated_light_curve` has a panel a band."""
        axes = self.light_curve(index).plot(axes_or_new(ax, "LightCurves.plot"))
        truth = self.truth
        kind = int(truth.template[index])
        axes.set_title(f"object {truth.object_id[index]}: {self.template_names[kind]}, z = {truth.z[index]:.3f}")
        return axes

    def _columns(self) -> dict[str, NDArray[Any]]:
        counts = np.diff(self.offset)
        columns = {"object_id": np.repeat(self.truth.object_id, counts), "mjd": self.mjd}
        columns |= {"band": np.array(self.bands)[self.band], "survey": np.array(self.surveys)[self.band]}
        return columns | {name: getattr(self, name) for name in ("flux", "flux_err", "photflag")}

    def _card(self) -> Card:
        truth, counts = self.truth, np.diff(self.offset)
        types = [f"{kind or 'unknown'} {int(n)}" for kind, n in self._types() if n]
        return Card(
            title=f"LightCurves: {self.n_object} objects, {self.n_obs} measurements",
            rows=[
                ("bands", enumerated(self.bands)),
                ("surveys", enumerated(sorted(set(self.surveys)))),
                ("types", enumerated(types)),
                ("templates", enumerated(self.template_names, 4)),
                ("z", span(truth.z, ".3f")),
                ("mjd", span(self.mjd, ".1f")),
                ("per object", f"{np.median(counts):g} measurements (median), {int(np.sum(counts == 0))} without any"
                 if counts.size else ""),
                ("truth", enumerated(list(truth.columns()), 20)),
            ],
            picture=lambda: bars(np.histogram(truth.z, bins=24)[0], "number of objects over redshift"),
        )  # fmt: skip

    def _types(self) -> list[tuple[str, int]]:
        """Types of the templates with the number of their objects."""
        n = np.bincount(self.truth.template, minlength=len(self.template_types))
        kinds = dict.fromkeys(self.template_types, 0)
        for kind, count in zip(self.template_types, n, strict=True):
            kinds[kind] += int(count)
        return list(kinds.items())

    def light_curve(self, i: int) -> LightCurve:
        """The measurements of one object that have a flux, as a `LightCurve`; ``instrument`` is the survey."""
        rows = slice(int(self.offset[i]), int(self.offset[i + 1]))
        known = np.isfinite(self.flux[rows])
        band = self.band[rows][known]
        names, surveys = np.array(self.bands)[band], np.array(self.surveys)[band]
        return LightCurve(
            mjd=self.mjd[rows][known],
            band=names,
            flux=self.flux[rows][known],
            flux_err=self.flux_err[rows][known],
            instrument=surveys,
        )

    def take(self, objects: ArrayLike) -> LightCurves:
        """Some of the objects, by index or mask, in the order given."""
        rows = np.asarray(objects)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
        counts = np.diff(self.offset)[rows]
        offset = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        place = np.repeat(self.offset[:-1][rows] - offset[:-1], counts) + np.arange(offset[-1])
        columns = {name: getattr(self, name)[place] for name in self.measured}
        return replace(self, offset=offset, truth=self.truth.take(rows), **columns)


@answers_mistakes
def concatenate(parts: Sequence[LightCurves]) -> LightCurves:
    """Several sets of light curves of the same bands and templates as one.

    Parameters
    ----------
    parts : sequence of LightCurves
        One or more. ``meta`` is that of the first, with the sum of what each stage of a selection rejected.

    Returns
    -------
    LightCurves

    Raises
    ------
    ValueError
        Where there are none, bands or templates differ, an identifier occurs in two of them, or only some have a true
        flux.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.simulation import concatenate
    >>> from sntransport.simulation.events.distributions import Constant
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> parts = [snt.simulate([series], survey, population, n=3, seed=seed, first_id=3 * seed) for seed in (0, 1)]
    >>> concatenate(parts).truth.object_id
    array([0, 1, 2, 3, 4, 5])
    """
    if not parts:
        raise ValueError("concatenate needs at least one set of light curves")
    shared = ("bands", "surveys", "template_names", "template_types")
    for name in shared:
        if any(getattr(part, name) != getattr(parts[0], name) for part in parts):
            raise ValueError(f"concatenate: {name} differ, so indices would change their meaning")
    if any(part.truth.more.keys() != parts[0].truth.more.keys() for part in parts):
        raise ValueError("concatenate: truth.more has other columns in some of them")
    if any(part.measured != parts[0].measured for part in parts):
        raise ValueError("concatenate: some of them have true_flux and others do not")
    starts = np.concatenate([[0], np.cumsum([part.n_obs for part in parts])])
    offset = [part.offset[:-1] + start for part, start in zip(parts, starts[:-1], strict=True)]
    names = [item.name for item in TRUTH_FIELDS]
    truth = {name: np.concatenate([getattr(part.truth, name) for part in parts]) for name in names}
    more = {name: np.concatenate([part.truth.more[name] for part in parts]) for name in parts[0].truth.more}
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in parts[0].measured
    }
    meta = dict(parts[0].meta)
    if all("rejected" in part.meta for part in parts):
        meta["rejected"] = {key: sum(part.meta["rejected"].get(key, 0) for part in parts) for key in meta["rejected"]}
    return replace(
        parts[0], meta=meta, offset=np.concatenate([*offset, starts[-1:]]), truth=Truth(**truth, more=more), **columns
    )
