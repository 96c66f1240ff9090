"""Whether a format can hold what a run will give it, found out before the run instead of at its first file."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from sntransport.simulation.light_curves import TRUTH_FIELDS, LightCurves, Truth


def require_writable(
    write: Callable[[LightCurves, Path], object], *, bands: Sequence[str], surveys: Sequence[str],
    template_names: Sequence[str], template_types: Sequence[str],
) -> None:  # fmt: skip
    """Write a light curve of every type in every band to a folder that is removed, so that what fails, fails now.

    Parameters
    ----------
    write : callable
        ``write(curves, stem)``, with the codes of the run.
    bands, surveys : sequence of str, (n_band,)
        Of the run, as in `LightCurves`.
    template_names, template_types : sequence of str, (n_template,)

    Raises
    ------
    ValueError
        Where a band or a type has no code, or a name cannot be written.
    MissingExtraError
        Where the format needs a package that is not installed.
    """
    with TemporaryDirectory() as folder:
        write(_one_of_each(tuple(bands), tuple(surveys), template_names, template_types), Path(folder) / "trial")


def _one_of_each(
    bands: tuple[str, ...], surveys: tuple[str, ...], names: Sequence[str], types: Sequence[str]
) -> LightCurves:  # fmt: skip
    # The first template of each type.
    template = sorted({kind: i for i, kind in reversed(list(enumerate(types)))}.values())
    n, n_band = len(template), len(bands)
    values: dict[str, Any] = {item.name: np.full(n, 0.1) for item in TRUTH_FIELDS}
    values |= {"object_id": 1 + np.arange(n), "template": template, "mjd_ref": np.full(n, 60000.0)}
    values |= {name: np.full((n, n_band), value) for name, value in (("peak_mag", 20.0), ("peak_mjd", 60000.0))}
    flux = np.ones(n * n_band)
    return LightCurves(
        bands=bands,
        surveys=surveys,
        offset=n_band * np.arange(n + 1),
        mjd=np.tile(60000.0 + np.arange(n_band), n),
        band=np.tile(np.arange(n_band), n),
        flux=flux,
        flux_err=flux,
        photflag=np.zeros(n * n_band, dtype=np.int32),
        true_flux=flux,
        truth=Truth(**values),
        template_names=tuple(names),
        template_types=tuple(types),
        meta={"cosmology": {"H0": 70.0, "Om0": 0.3}},
    )
