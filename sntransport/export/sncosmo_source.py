"""A series as a source of sncosmo."""

from __future__ import annotations

from functools import cache
from typing import Any

from sntransport._objects.arguments import answers_mistakes
from sntransport.export.grid import template_grid
from sntransport.photometry.reference_phase import Meaning
from sntransport.spectra.series import SpectralSeries


@answers_mistakes
def to_sncosmo(
    series: SpectralSeries, *, name: str | None = None, version: str | None = None, register: bool = False,
    zero: Meaning = "B maximum", given: Meaning | None = None, unbracketed: str = "error", wave_step: float = 5.0,
    phase_step: float = 1.0, wave_range: tuple[float, float] | None = None,
) -> Any:  # fmt: skip
    """Return a `sncosmo.TimeSeriesSource` whose flux is at 10 pc.

    Parameters
    ----------
    series : SpectralSeries
    name, version : str, optional
        Of the source; default: the name of the series and no version.
    register : bool
        Whether ``sncosmo.get_source(name)`` and ``sncosmo.Model(name)`` shall find it from now on in this process.
    zero, given, unbracketed, wave_step, phase_step, wave_range
        See `sntransport.export.grid.template_grid`; sncosmo's convention is phase 0 at B maximum.

    Returns
    -------
    sncosmo.TimeSeriesSource
        An amplitude of ``10**(-0.4 distance_modulus)`` gives the flux as observed. Before the first and after the last
        phase, and beyond its wavelengths, sncosmo takes the flux to be 0. It has one method more: ``flux_err(phase,
        wave)``, the error of the flux [erg s-1 cm-2 A-1 at 10 pc], NaN where it is not known.

    Raises
    ------
    sntransport.photometry.reference_phase.MaximumError, ValueError
        As `sntransport.export.grid.template_grid`.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.export import to_sncosmo
    >>> series = template(np.arange(-15.0, 50.0), np.arange(2000.0, 11000.0, 10.0))
    >>> source = to_sncosmo(series)
    >>> print(f"{source.peakmag('bessellb', 'ab'):.1f}")
    -19.4
    """
    import sncosmo

    grid = template_grid(
        series, zero=zero, given=given, wave_step=wave_step, phase_step=phase_step, wave_range=wave_range,
        unbracketed=unbracketed,
    )  # fmt: skip
    source = _source_class()(
        grid.phase, grid.wave, grid.flux, zero_before=True, name=series.name if name is None else name, version=version
    )
    source.hold_errors(series.phase - grid.shift, series.wave, series.flux_err)
    if register:
        sncosmo.register(source, source.name, force=True)
    return source


@cache
def _source_class() -> Any:
    """Return the class of the sources, made when sncosmo is first needed."""
    import numpy as np
    import sncosmo
    from scipy.interpolate import RegularGridInterpolator

    class SeriesSource(sncosmo.TimeSeriesSource):  # type: ignore[misc]
        """A `sncosmo.TimeSeriesSource` that knows the error of its flux."""

        def hold_errors(self, phase: Any, wave: Any, flux_err: Any) -> None:
            """Keep errors (n_phase, n_wave) at phases [d] and wavelengths [A]."""
            self._error = RegularGridInterpolator((phase, wave), flux_err, bounds_error=False, fill_value=np.nan)

        def flux_err(self, phase: Any, wave: Any) -> Any:
            """Error of the flux, (n_phase, n_wave), linear between bins; NaN where it is not known."""
            at = np.meshgrid(np.atleast_1d(phase), np.atleast_1d(wave), indexing="ij")
            return self._error(np.stack(at, axis=-1))

    return SeriesSource
