"""Series as a model of LightCurveLynx (the extra ``lightcurvelynx``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.extras import of_extra
from sntransport.export.grid import template_grid
from sntransport.photometry.reference_phase import Meaning
from sntransport.spectra.series import SpectralSeries


@answers_mistakes
def to_lightcurvelynx(
    series: SpectralSeries | Sequence[SpectralSeries], *, weights: Sequence[float] | None = None,
    zero: Meaning = "bolometric maximum", given: Meaning | None = None, unbracketed: str = "error",
    wave_step: float = 5.0, phase_step: float = 1.0, wave_range: tuple[float, float] | None = None, **parameters: Any,
) -> Any:  # fmt: skip
    """Return a `lightcurvelynx.models.sed_template_model.SIMSEDModel` that draws one of the series for each object.

    Parameters
    ----------
    series : SpectralSeries or sequence of SpectralSeries
    weights : sequence of float, optional
        How often each is drawn; equal when left out.
    zero, given, unbracketed, wave_step, phase_step, wave_range
        See `sntransport.export.grid.template_grid`.
    **parameters
        Of the model: ``t0`` (date of phase 0), ``redshift``, ``distance`` [pc] or ``cosmology``, ``ra``, ``dec``.

    Returns
    -------
    SIMSEDModel
        Flux is 0 outside the phases and wavelengths of a series, as LightCurveLynx has it.

    Raises
    ------
    MissingExtraError
        Where LightCurveLynx is not installed.
    sntransport.photometry.reference_phase.MaximumError, ValueError
        As `sntransport.export.grid.template_grid`, and as LightCurveLynx for missing parameters.

    Notes
    -----
    A folder that LightCurveLynx reads (``SIMSEDModel.from_dir``) is written by ``to_snana(..., form="SIMSED")``.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.export import to_lightcurvelynx
    >>> series = template(np.arange(-15.0, 50.0), np.arange(2000.0, 11000.0, 10.0))
    >>> model = to_lightcurvelynx(series, t0=60000.0, redshift=0.05, distance=2e8)  # doctest: +SKIP
    """
    with of_extra("lightcurvelynx"):
        from lightcurvelynx.models.sed_template_model import SEDTemplate, SIMSEDModel
    held = [series] if isinstance(series, SpectralSeries) else list(series)
    templates = []
    for one in held:
        grid = template_grid(
            one, zero=zero, given=given, wave_step=wave_step, phase_step=phase_step, wave_range=wave_range,
            unbracketed=unbracketed,
        )  # fmt: skip
        phase, wave = np.meshgrid(grid.phase, grid.wave, indexing="ij")
        columns = np.stack([phase.ravel(), wave.ravel(), grid.flux.ravel()], axis=1)
        templates.append(SEDTemplate(columns, sed_data_t0=0.0, interpolation_type="linear"))
    return SIMSEDModel(templates, flux_scale=1.0, **({} if weights is None else {"weights": weights}), **parameters)
