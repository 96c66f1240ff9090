"""A series as plain files: three columns of text, and a table with errors and origins."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sntransport._storage.atomic_files import atomic_path
from sntransport.export.grid import TemplateGrid
from sntransport.export.sedtext import sed_lines
from sntransport.spectra.series import SpectralSeries, require_series

if TYPE_CHECKING:
    from astropy.table import Table


def to_ascii(grid: TemplateGrid, path: str | os.PathLike[str]) -> Path:
    """Write phase, wavelength and flux as three columns, as `sncosmo.read_griddata_ascii` reads them.

    Parameters
    ----------
    grid : TemplateGrid
        Of `sntransport.export.grid.template_grid`.
    path : path-like
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(sed_lines(grid.phase, grid.wave, grid.flux))
    return Path(path)


def series_table(series: SpectralSeries) -> Table:
    """Every known bin of a series as a row: phase, wave, flux, flux_err, origin, with units."""
    from astropy.table import Table

    require_series(series, "series_table")
    i, j = np.nonzero(series.covered)
    table = Table({
        "phase": series.phase[i], "wave": series.wave[j], "flux": series.flux[i, j],
        "flux_err": series.flux_err[i, j], "origin": series.origin[i, j],
    })  # fmt: skip
    for name, unit in (("phase", "d"), ("wave", "Angstrom"), ("flux", "erg / (s cm2 Angstrom)")):
        table[name].unit = unit
    table["flux_err"].unit = table["flux"].unit
    table["phase"].description = f"rest frame, from MJD {series.mjd_ref:.4f}"
    table["flux"].description = "rest frame, at 10 pc, free of dust"
    table["origin"].description = "1 observed or interpolated, 2 covered from one side in time, 3 no data of its own"
    table.meta = {"name": series.name, "sn_type": series.sn_type, "mjd_ref": series.mjd_ref}
    return table
