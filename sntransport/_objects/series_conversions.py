"""`SeriesConversions`: a series as objects of astropy, pandas, xarray and specutils, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sntransport._numerics.quantities import ANGSTROM, DAY, F_LAMBDA, bare
from sntransport._objects.specutils_spectra import from_specutils_spectrum, specutils_list, specutils_spectrum
from sntransport._objects.tables import EXTRA, data_frame, quantity_table
from sntransport._storage.extras import of_extra

if TYPE_CHECKING:
    from astropy.table import QTable, Table
    from numpy.typing import NDArray
    from pandas import DataFrame
    from specutils import Spectrum, SpectrumList
    from xarray import Dataset

    from sntransport._numerics.arrays import Array

_UNITS = {"phase": DAY, "wave": ANGSTROM, "flux": F_LAMBDA, "flux_err": F_LAMBDA, "origin": ""}
_HEADER = ("name", "sn_type", "mjd_ref")
_FRAME = "rest frame, at 10 pc, free of dust"


class SeriesConversions:
    """What a series becomes: one row a bin in tables, a grid in xarray, a list of spectra in specutils."""

    if TYPE_CHECKING:
        phase: Array
        wave: Array
        flux: Array
        flux_err: Array
        origin: NDArray[np.uint8]

        def __init__(self, **fields: Any) -> None: ...

    def to_table(self) -> QTable:
        """An astropy ``QTable``, one row a bin: phase, wave, flux, flux_err, origin, with units.

        NaN bins are rows too, so that `from_table` brings the series back to the last bit.
        """
        return quantity_table(self._columns(), _UNITS, self._header())

    def to_pandas(self) -> DataFrame:
        """A pandas ``DataFrame`` with the rows of `to_table`; ``attrs`` has units, name, class and date.

        Raises
        ------
        MissingExtraError
            Where pandas is not installed.
        """
        return data_frame(self._columns(), _UNITS, self._header())

    def to_xarray(self) -> Dataset:
        """An xarray ``Dataset``: flux, flux_err and origin over the coordinates phase and wave.

        Raises
        ------
        MissingExtraError
            Where xarray is not installed.
        """
        with of_extra(EXTRA):
            from xarray import Dataset

        def told(name: str) -> dict[str, str]:
            return {"units": _UNITS[name]} if _UNITS[name] else {}

        grid = {name: (("phase", "wave"), np.array(getattr(self, name)), told(name)) for name in list(_UNITS)[2:]}
        axes = {name: (name, np.array(getattr(self, name)), told(name)) for name in ("phase", "wave")}
        return Dataset(data_vars=grid, coords=axes, attrs=self._header())

    def to_specutils(self) -> SpectrumList:
        """A specutils ``SpectrumList``, one spectrum a phase in the rest frame.

        ``meta`` of each has ``phase`` [d], ``origin``, name, class and date; bins that are not covered are masked.

        Raises
        ------
        MissingExtraError
            Where specutils is not installed.
        """
        header = self._header()
        return specutils_list(
            [
                specutils_spectrum(
                    self.wave, flux, flux_err, {"phase": float(phase), "origin": np.array(origin), **header}
                )
                for phase, flux, flux_err, origin in zip(self.phase, self.flux, self.flux_err, self.origin, strict=True)
            ]
        )

    @classmethod
    def from_table(cls, table: Table, **header: object) -> Self:
        """Read an astropy table with one row a bin, in any order; units are converted.

        Parameters
        ----------
        table : astropy.table.Table or QTable
            Columns phase, wave, flux and, if known, flux_err and origin. Bins that have no row are not covered.
        **header
            ``name``, ``sn_type``, ``mjd_ref`` where the ``meta`` of the table lacks them.

        Raises
        ------
        ValueError
            Where a column is missing, a bin has two rows, or the values are not those of a series.
        """
        columns = {name: table[name] for name in _UNITS if name in table.colnames}
        return cls(**_gridded(columns, table.colnames), **{**_known(table.meta), **header})

    @classmethod
    def from_pandas(cls, frame: DataFrame, **header: object) -> Self:
        """Read a pandas ``DataFrame`` as `from_table` reads a table; numbers are in the units of this class."""
        names = [str(name) for name in frame.columns]
        columns = {name: frame[name].to_numpy() for name in _UNITS if name in names}
        return cls(**_gridded(columns, names), **{**_known(frame.attrs), **header})

    @classmethod
    def from_xarray(cls, dataset: Dataset, **header: object) -> Self:
        """Read an xarray ``Dataset`` with the names that `to_xarray` writes; its axes may be in either order.

        Raises
        ------
        ValueError
            Where flux, phase or wave is missing, or the values are not those of a series.
        """
        from astropy import units as u

        lost = [name for name in ("phase", "wave", "flux") if name not in dataset]
        if lost:
            raise ValueError(f"the dataset has no {', '.join(lost)}: name its variables phase, wave and flux")
        found = {}
        for name in (one for one in _UNITS if one in dataset):
            held = dataset[name]
            values = (held.transpose("phase", "wave") if held.ndim == 2 else held).to_numpy()
            unit = held.attrs.get("units", "")
            found[name] = u.Quantity(values, unit) if unit and _UNITS[name] else values
        return cls(**found, **{**_known(dataset.attrs), **header})

    @classmethod
    def from_specutils(cls, spectra: SpectrumList | Sequence[Spectrum], phase: object = None, **header: object) -> Self:
        """Read spectra of specutils that share one wavelength axis and are at rest, at 10 pc and free of dust.

        Parameters
        ----------
        spectra : specutils.SpectrumList or sequence of specutils.Spectrum
        phase : array_like, (n_phase,) [d], optional
            In place of the ``phase`` in their ``meta``.
        **header
            ``name``, ``sn_type``, ``mjd_ref`` where the ``meta`` of the first lacks them.

        Raises
        ------
        ValueError
            Where there are none, wavelengths differ, or a phase is missing.
        """
        spectra = list(spectra)
        if not spectra:
            raise ValueError("from_specutils needs one spectrum or more")
        read = [from_specutils_spectrum(one, "from_specutils") for one in spectra]
        wave = read[0]["wave"]
        for k, one in enumerate(read):
            if one["wave"].shape != wave.shape or not np.allclose(one["wave"].value, wave.value, rtol=1e-12, atol=0.0):
                raise ValueError(
                    f"spectrum {k} has other wavelengths than the first: bring them to one axis first, with "
                    "specutils.manipulation.FluxConservingResampler"
                )
        if phase is None:
            without = [k for k, one in enumerate(spectra) if "phase" not in one.meta]
            if without:
                raise ValueError(f"spectrum {without[0]} has no phase in its meta: give phase=[...] in days")
            phase = [float(one.meta["phase"]) for one in spectra]
        lengths = {name: [bare(one[name], name, F_LAMBDA, wave.value) for one in read] for name in ("flux", "flux_err")}
        nothing = np.full(wave.shape, np.nan)
        flux_err = [nothing if one is None else one for one in lengths["flux_err"]]
        origin = [one.meta["origin"] for one in spectra if "origin" in one.meta]
        return cls(
            phase=phase, wave=wave, flux=np.stack(lengths["flux"]), flux_err=np.stack(flux_err),
            origin=np.stack(origin) if len(origin) == len(spectra) else None, **{**_known(spectra[0].meta), **header},
        )  # fmt: skip

    def _columns(self) -> dict[str, Any]:
        shape = self.flux.shape
        axes = {
            "phase": np.repeat(self.phase, shape[1]),
            "wave": np.tile(self.wave, shape[0]),
        }
        return axes | {name: getattr(self, name).ravel() for name in ("flux", "flux_err", "origin")}

    def _header(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _HEADER} | {"frame": _FRAME}


def _known(meta: Any) -> dict[str, Any]:
    return {name: meta[name] for name in _HEADER if name in meta}


def _gridded(columns: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Axes and grids (n_phase, n_wave) of columns with one row a bin."""
    lost = [name for name in ("phase", "wave", "flux") if name not in columns]
    if lost:
        raise ValueError(
            f"the table has no column {', '.join(lost)} (it has {', '.join(names)}): one row a bin, with the columns "
            "phase, wave, flux"
        )
    wave_of_rows = np.asarray(bare(columns["wave"], "wave", ANGSTROM), dtype=np.float64)
    plain = {
        name: np.asarray(bare(values, name, _UNITS[name] or None, wave_of_rows)) for name, values in columns.items()
    }
    phase, row = np.unique(plain["phase"], return_inverse=True)
    wave, column = np.unique(plain["wave"], return_inverse=True)
    shape = (phase.size, wave.size)
    place = np.ravel_multi_index((row.ravel(), column.ravel()), shape)
    twice = np.flatnonzero(np.bincount(place, minlength=1) > 1)
    if twice.size:
        i, j = np.unravel_index(int(twice[0]), shape)
        raise ValueError(f"two rows are of phase {phase[i]:g} d and wavelength {wave[j]:g} A, expected one a bin")
    made: dict[str, Any] = {"phase": phase, "wave": wave}
    for name in ("flux", "flux_err", "origin"):
        if name in plain:
            grid = np.full(shape, 0 if name == "origin" else np.nan)
            grid.ravel()[place] = plain[name]
            made[name] = grid
    return made
