"""`Survey`: when, where and how deep a survey looked, as columns over its visits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from dataclasses import field as dataclass_field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, further_columns, readonly, require_finite, require_shape, set_fields
from sntransport._numerics.quantities import DEGREE, MAGNITUDE, MJD, NANOJANSKY, NUMBER, bare
from sntransport._numerics.units import njy_to_mag
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.card import Card, enumerated, span
from sntransport._objects.sketch import dots
from sntransport._objects.tables import Tabular
from sntransport._objects.value_object import ValueObject
from sntransport.spectra.ranges import require_date


@dataclass(frozen=True, eq=False, kw_only=True)
class Survey(Tabular, ValueObject):
    """The visits of one survey: date, band, pointing and noise; sorted by date on construction.

    A visit is one measurement of everything inside a circular field of view. It may be empty of visits (a selection
    that nothing passes); what needs visits says so. As a table it has one row a visit, bands by their names and the
    columns of ``more`` behind its own.

    Parameters
    ----------
    name : str
    bands : sequence of str, (n_band,)
        Names of `sntransport.load_bands`.
    mjd : array_like, (n_visit,) [d]
        Middle of the exposure; any order.
    band : array_like of int, (n_visit,)
        Index into ``bands``.
    ra, dec : array_like, (n_visit,) [deg, ICRS]
        Center of the field of view. Right ascension is brought to 0 <= ra < 360.
    background : array_like, (n_visit,) [nJy]
        Standard deviation of the PSF flux of an invisible source: sky and read noise.
    photons_per_njy : array_like, (n_visit,) [photo-electrons / nJy]
        What the visit collects; the Poisson variance of a source is flux / photons_per_njy. Infinite: no such noise.
    radius : float [deg]
        Of the field of view. A square field is a circle of the same area.
    zero_point_error : array_like, (n_band,) [mag], or None
        Of each visit, drawn anew for each and part of ``flux_err``. None: 0.
    calibration_floor : array_like, (n_band,) [mag], or None
        Added in quadrature to ``flux_err``, never drawn. None: 0.
    saturation : array_like, (n_visit,) [nJy], or None
        Flux above which a source saturates; infinite where not known. Below 0 the sky alone saturates the visit. None:
        infinite.
    template_noise : array_like, (n_visit,) [nJy], or None
        Standard deviation that the template image adds to the flux, common to all visits of an object in a band. None:
        0.
    field : array_like of int, (n_visit,), or None
        Number of the field or pointing, -1 where not known. None: -1.
    field_names : mapping of int to str
        Names of fields by number, where they have some; a name may be that of several.
    more : mapping of str to array_like, (n_visit,)
        Whatever else is known of the visits, by name, for what asks for it: ``psf`` (FWHM [arcsec]), ``sky_noise``
        [ADU / pixel], ``zero_point`` [AB mag of 1 ADU], ``zero_point_error`` [mag] of each visit, ``field_name`` where
        it is not that of ``field``.
    notes : sequence of str
        What the reader assumed or rejected, and why.
    source : str
        Citation, or file with checksum.

    Raises
    ------
    ValueError
        Where shapes differ or a value is out of its range; the message names the field and the visit, in the order
        given.

    Examples
    --------
    >>> survey = snt.Survey(
    ...     name="two nights",
    ...     bands=["ztfr"],
    ...     mjd=[60003.2, 60000.2],
    ...     band=[0, 0],
    ...     ra=[10.0, 10.0],
    ...     dec=[5.0, 5.0],
    ...     background=[600.0, 500.0],
    ...     photons_per_njy=[0.05, 0.05],
    ...     radius=2.0,
    ... )
    >>> survey.mjd.tolist(), survey.background.tolist()
    ([60000.2, 60003.2], [500.0, 600.0])
    """

    name: str
    bands: tuple[str, ...]
    mjd: Array
    band: NDArray[np.int16]
    ra: Array
    dec: Array
    background: Array
    photons_per_njy: Array
    radius: float
    zero_point_error: Array = None  # type: ignore[assignment]  # arrays after construction
    calibration_floor: Array = None  # type: ignore[assignment]
    saturation: Array = None  # type: ignore[assignment]
    template_noise: Array = None  # type: ignore[assignment]
    field: NDArray[np.int64] = None  # type: ignore[assignment]
    field_names: Mapping[int, str] = dataclass_field(default_factory=dict)
    more: Mapping[str, NDArray[Any]] = dataclass_field(default_factory=dict)
    notes: tuple[str, ...] = ()
    source: str = ""

    _UNITS: ClassVar = {
        "mjd": MJD, "band": NUMBER, "ra": DEGREE, "dec": DEGREE, "background": NANOJANSKY,
        "photons_per_njy": "electron / nJy", "saturation": NANOJANSKY, "template_noise": NANOJANSKY, "field": NUMBER,
    }  # fmt: skip
    _HEADER: ClassVar = ("name", "bands", "radius", "zero_point_error", "calibration_floor", "field_names", "notes",
                         "source")  # fmt: skip
    _MORE_UNITS: ClassVar = {"psf": "arcsec", "zero_point": MAGNITUDE, "zero_point_error": MAGNITUDE}

    def __post_init__(self) -> None:
        label = f"survey {self.name!r}: "
        bands = _names(self.bands, label)
        mjd = readonly(self.mjd, f"{label}mjd", unit=MJD)
        for date in (np.nanmin(mjd), np.nanmax(mjd)) if np.isfinite(mjd).any() else ():
            require_date(float(date), f"{label}mjd")
        columns: dict[str, NDArray[Any]] = {
            name: self._column(name, label, mjd.size) for name in ("ra", "dec", "background")
        }
        columns |= {name: self._column(name, label, mjd.size) for name in ("photons_per_njy", "saturation")}
        columns |= {"mjd": mjd, "band": self._integers("band", label, mjd.size, np.int16)}
        columns["template_noise"] = self._column("template_noise", label, mjd.size, missing=0.0)
        columns["field"] = self._integers("field", label, mjd.size, np.int64)
        _check_visits(columns, label, len(bands))
        order = np.argsort(mjd, kind="stable")
        columns["ra"] = np.mod(columns["ra"], 360.0)
        # The remainder of a tiny negative number rounds to 360 itself.
        columns["ra"][columns["ra"] >= 360.0] = 0.0
        for name, column in columns.items():
            columns[name] = readonly(column[order], name, dtype=column.dtype)
        taken = {item.name for item in fields(self)} - {"zero_point_error"}
        more = further_columns(self.more, f"{label}more", mjd.size, taken=taken, meaning="(n_visit,)")
        more = further_columns({name: column[order] for name, column in more.items()}, label, mjd.size)
        per_band = {name: self._per_band(name, label, bands) for name in ("zero_point_error", "calibration_floor")}
        if not 0 < self.radius <= 90:
            raise ValueError(f"{label}radius is {self.radius} deg, expected above 0 and at most 90")
        names = {int(number): str(name) for number, name in self.field_names.items()}
        set_fields(self, bands=bands, radius=float(self.radius), field_names=names, notes=tuple(self.notes), more=more)
        set_fields(self, **columns, **per_band)

    def _column(self, name: str, label: str, n_visit: int, missing: float = np.inf) -> Array:
        value: ArrayLike | None = getattr(self, name)
        column = readonly(
            np.full(n_visit, missing) if value is None else value,
            f"{label}{name}",
            unit=self._UNITS[name],
        )
        require_shape(column, f"{label}{name}", (n_visit,), "(n_visit,)")
        return column

    def _integers(self, name: str, label: str, n_visit: int, dtype: type) -> NDArray[np.int64]:
        value: ArrayLike | None = getattr(self, name)
        column = np.asarray(bare(np.full(n_visit, -1) if value is None else value, f"{label}{name}"))
        if column.size and not np.issubdtype(column.dtype, np.integer):
            raise ValueError(f"{label}{name} has the type {column.dtype}, expected integers")
        require_shape(column, f"{label}{name}", (n_visit,), "(n_visit,)")
        wide = column.astype(np.int64)
        if column.size and (wide.min() < np.iinfo(dtype).min or wide.max() > np.iinfo(dtype).max):
            raise ValueError(f"{label}{name} has values beyond {np.iinfo(dtype).max}")
        return wide.astype(dtype)

    def _per_band(self, name: str, label: str, bands: tuple[str, ...]) -> Array:
        value: ArrayLike | None = getattr(self, name)
        values = readonly(np.zeros(len(bands)) if value is None else value, f"{label}{name}")
        require_shape(values, f"{label}{name}", (len(bands),), "(n_band,)")
        require_finite(values, f"{label}{name}")
        if np.any(values < 0):
            raise ValueError(
                f"{label}{name} of {bands[int(np.argmin(values))]} is {values.min():g}, expected 0 or more"
            )
        return values

    def __len__(self) -> int:
        return self.n_visit

    def _columns(self) -> dict[str, Any]:
        return super()._columns() | {"band": np.array(self.bands)[self.band]}

    @classmethod
    def _given(
        cls, names: list[str], column: Callable[[str], Any], meta: Mapping[str, Any], header: Mapping[str, object]
    ) -> dict[str, Any]:
        found = super()._given(names, column, meta, header)
        # Bands that no visit is in are only in the header; without one, those that occur, in the order of the alphabet.
        bands = [str(one) for one in found.setdefault("bands", np.unique(found["band"]).tolist())]
        unknown = sorted(set(found["band"]) - set(bands))
        if unknown:
            raise ValueError(f"Survey: a visit of the table is in {unknown[0]}, which is none of bands = {bands}")
        places = {band: k for k, band in enumerate(bands)}
        return found | {"band": np.array([places[band] for band in found["band"]], dtype=np.int16)}

    def _card(self) -> Card:
        counts = [f"{name} {int(np.sum(self.band == k))}" for k, name in enumerate(self.bands)]
        with np.errstate(divide="ignore"):
            depth = njy_to_mag(5.0 * self.background)
        deep = [f"{name} {np.median(depth[self.band == k]):.2f}" for k, name in enumerate(self.bands)
                if np.any(self.band == k)]  # fmt: skip
        return Card(
            title=f"Survey {self.name}: {self.n_visit} visits",
            rows=[
                ("visits", enumerated(counts, 12)),
                ("mjd", f"{span(self.mjd, '.2f')}, {np.ptp(self.mjd):.0f} d" if self.n_visit else ""),
                ("depth", f"{enumerated(deep, 12)} mag (5 sigma of the background, median)" if deep else ""),
                ("sky", f"ra {span(self.ra, '.1f')}, dec {span(self.dec, '.1f')} deg, field of view of radius "
                 f"{self.radius:.2f} deg" if self.n_visit else ""),
                ("notes", str(len(self.notes)) if self.notes else ""),
                ("source", self.source),
            ],
            picture=lambda: dots(
                self.ra, self.dec, self.band, self.bands, label="visits over right ascension and declination"
            ),
        )  # fmt: skip

    @property
    def n_visit(self) -> int:
        """Number of visits."""
        return int(self.mjd.size)

    @property
    def n_band(self) -> int:
        """Number of bands."""
        return len(self.bands)


@answers_mistakes
def select_visits(survey: Survey, keep: ArrayLike) -> Survey:
    """The same survey with fewer visits.

    Parameters
    ----------
    survey : Survey
    keep : array_like, (n_visit,) of bool, or indices
        Which visits to keep, such as ``survey.mjd < 60000``.

    Returns
    -------
    Survey
        With the same bands, also those left without a visit.

    Examples
    --------
    >>> from sntransport.simulation.surveys import select_visits
    >>> survey = snt.load_survey("ztf", years=0.1)
    >>> first = select_visits(survey, survey.mjd < survey.mjd[0] + 1.0)
    >>> bool(np.ptp(first.mjd) < 1.0), first.bands == survey.bands
    (True, True)
    """
    rows = np.asarray(keep)
    rows = rows.astype(np.int64) if rows.size == 0 else rows
    names = ("mjd", "band", "ra", "dec", "background", "photons_per_njy", "saturation", "template_noise", "field")
    more = {name: column[rows] for name, column in survey.more.items()}
    return replace(survey, more=more, **{name: getattr(survey, name)[rows] for name in names})


def field_name(survey: Survey, number: int) -> str:
    """What a field is called: its name, else its number; empty for -1, which is none."""
    return survey.field_names.get(number, str(number) if number >= 0 else "")


def _names(bands: Sequence[str], label: str) -> tuple[str, ...]:
    if isinstance(bands, str) or not all(isinstance(name, str) for name in bands):
        raise ValueError(f"{label}bands is {bands!r}, expected a sequence of names of bands")
    if len(set(bands)) != len(bands) or not bands:
        raise ValueError(f"{label}bands is {tuple(bands)}, expected one name or more, each once")
    return tuple(bands)


def _check_visits(columns: dict[str, NDArray[Any]], label: str, n_band: int) -> None:
    """Raise a ValueError that names the first value outside its range."""
    finite = {name: np.isfinite(columns[name]) for name in ("mjd", "ra", "dec", "background")}
    background, photons, template = (columns[name] for name in ("background", "photons_per_njy", "template_noise"))
    # NaN compares false, so it fails each of these.
    ranges = {
        "mjd": (finite["mjd"], "a date"),
        "ra": (finite["ra"], "degrees"),
        "dec": (finite["dec"] & (np.abs(columns["dec"]) <= 90), "-90 to 90 degrees"),
        "band": ((columns["band"] >= 0) & (columns["band"] < n_band), f"0 to {n_band - 1}, an index into bands"),
        "background": (finite["background"] & (background > 0), "a finite number above 0"),
        "photons_per_njy": (photons > 0, "a number above 0 (infinite: no Poisson noise of the source)"),
        "saturation": (~np.isnan(columns["saturation"]), "a number (infinite: not known)"),
        "template_noise": (np.isfinite(template) & (template >= 0), "a finite number of 0 or more"),
    }
    for name, (good, expected) in ranges.items():
        if not np.all(good):
            i = int(np.flatnonzero(~good)[0])
            raise ValueError(f"{label}{name}[{i}] is {columns[name][i]:g}, expected {expected}")
