"""The numba functions of noise by choice. Arrays in, arrays out, unchecked."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array as _F
from sntransport._numerics.compiled import compiled

_I = NDArray[np.int64]


class Choices(NamedTuple):
    """Of a `NoiseModel`, as numbers; ``zero_point_drawn`` and ``zero_point_reported`` are 0 or 1."""

    zero_point_drawn: float
    zero_point_reported: float
    template_common: bool
    at_measured: bool
    saturated_flux: float
    saturated_err: float


@compiled
def calculated_errors(
    columns: _F, band: NDArray[np.int16], relative: _F, floor: _F, flux: _F, zero_point_reported: float, flux_err: _F
) -> None:  # fmt: skip
    """Fill the errors (n_obs,) of true fluxes before any model changes them; arguments as for `disturb_fluxes`."""
    for j in range(flux.size):
        value = flux[j]
        zero_point, fixed = relative[j] * value, floor[band[j]] * value
        search = columns[0, j] ** 2 + max(value, 0.0) / columns[1, j]
        flux_err[j] = np.sqrt(search + columns[3, j] ** 2 + zero_point_reported * zero_point**2 + fixed**2)


@compiled
def disturb_fluxes(
    offset: _I, columns: _F, band: NDArray[np.int16], relative: _F, floor: _F, normal: _F, common: _F, drawn: _F,
    reported: _F, excess: _F, how: Choices, flux: _F, flux_err: _F, saturated: NDArray[np.bool_], snr: _F,
) -> None:  # fmt: skip
    """In place: true fluxes become measured ones, by the formulas of `simulation.noise.noise_model`.

    The visits of object i are ``offset[i]`` to ``offset[i + 1]``. ``columns`` (4, n_obs) are background, photons per
    nJy, saturation and noise of the template; ``relative`` (n_obs,) errors of the zero point, ``floor`` (n_band,)
    those never drawn. ``normal`` (n_obs,), ``common`` (n_object, n_band) and ``excess`` (n_obs,) are standard normal
    numbers; ``drawn`` and ``reported`` (n_obs,) what errors are multiplied by. The last three are empty where there is
    no error model. ``snr`` is the true ratio.
    """
    modeled = drawn.size > 0
    for i in range(offset.size - 1):
        for j in range(offset[i], offset[i + 1]):
            value, b, photons, template = flux[j], band[j], columns[1, j], columns[3, j]
            search = columns[0, j] ** 2 + max(value, 0.0) / photons
            zero_point = (relative[j] * value) ** 2
            # In the order of the plain noise, so that without any choice the sums are the same to the last bit.
            total = search + template**2 + how.zero_point_reported * zero_point + (floor[b] * value) ** 2
            scale, shown = (drawn[j], reported[j]) if modeled else (1.0, 1.0)
            own = search * min(scale, 1.0) ** 2 + how.zero_point_drawn * zero_point
            if how.template_common:
                measured = value + normal[j] * np.sqrt(own) + common[i, b] * (template * scale)
            else:
                measured = value + normal[j] * np.sqrt(own + (template * scale) ** 2)
            if scale > 1.0:
                measured += excess[j] * np.sqrt(search * (scale**2 - 1.0))
            snr[j] = value / np.sqrt(total)
            total *= shown**2
            if how.at_measured:
                source = (max(measured, 0.0) - max(value, 0.0)) / photons
                total = max(total + source, (shown * columns[0, j]) ** 2)
            saturated[j] = value > columns[2, j]
            flux[j] = how.saturated_flux if saturated[j] else measured
            flux_err[j] = how.saturated_err if saturated[j] else np.sqrt(total)


@compiled
def interpolate(axes: _F, bounds: _I, values: _F, places: _F, found: _F) -> None:
    """Values (n,) of a grid, linear in each variable between its values and constant beyond them.

    The values of variable v are ``axes[bounds[v]]`` to ``axes[bounds[v + 1]]``, ascending; ``values`` is flat, the last
    variable fastest; ``places`` (n_variable, n).
    """
    n_variable = places.shape[0]
    cell, share = np.empty(n_variable, np.int64), np.empty(n_variable)
    for j in range(found.size):
        for v in range(n_variable):
            first, last = bounds[v], bounds[v + 1] - 1
            value = min(max(places[v, j], axes[first]), axes[last])
            k = first
            while k < last - 1 and axes[k + 1] <= value:
                k += 1
            cell[v] = k - first
            share[v] = (value - axes[k]) / (axes[k + 1] - axes[k]) if last > first else 0.0
        total = 0.0
        for corner in range(2**n_variable):
            weight, at = 1.0, 0
            for v in range(n_variable):
                far = (corner >> v) & 1
                weight *= share[v] if far else 1.0 - share[v]
                at = at * (bounds[v + 1] - bounds[v]) + cell[v] + far
            if weight > 0.0:
                total += weight * values[at]
        found[j] = total
