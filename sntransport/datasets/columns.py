"""What several formats need: identifiers and classes as text, fluxes at a zero point, codes of bands."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import njy_at_zero_point
from sntransport.simulation.light_curves import LightCurves

PER_BAND = ("peak_mag", "peak_mjd")
"""Fields of `Truth` with one value for each band."""


def id_texts(light_curves: LightCurves) -> NDArray[np.str_]:
    """Identifiers as decimal text of up to 10 characters, (n_object,)."""
    return np.char.mod("%d", light_curves.truth.object_id)


def names(light_curves: LightCurves) -> NDArray[np.str_]:
    """Name of each object's template, (n_object,)."""
    return np.array(light_curves.template_names, dtype=str)[light_curves.truth.template]


def truth_columns(light_curves: LightCurves) -> dict[str, NDArray[Any]]:
    """Fields of the truth with one value an object, and ``peak_mag_BAND``, ``peak_mjd_BAND`` for each band."""
    truth = light_curves.truth
    out = {name: column for name, column in truth.columns().items() if name not in PER_BAND}
    labels = band_labels(light_curves.bands, light_curves.surveys)
    for name in PER_BAND:
        out |= {f"{name}_{label}": getattr(truth, name)[:, j] for j, label in enumerate(labels)}
    return out


def band_labels(bands: Sequence[str], surveys: Sequence[str]) -> tuple[str, ...]:
    """Return the bands, with their survey before them where two surveys have a band of that name."""
    return tuple(
        band if bands.count(band) == 1 else f"{survey}:{band}" for band, survey in zip(bands, surveys, strict=True)
    )


def fluxes(light_curves: LightCurves, zero_point: float) -> tuple[Array, Array]:
    """Flux and error, (n_obs,), in which a source of magnitude ``zero_point`` has 1."""
    scale = njy_at_zero_point(zero_point)
    return light_curves.flux * scale, light_curves.flux_err * scale


def codes(bands: Sequence[str], given: Mapping[str, Any] | None, default: Mapping[str, Any]) -> list[Any]:
    """Code of each band of a format; the same band of two surveys is one filter and has one code.

    Parameters
    ----------
    bands : sequence of str, (n_band,)
    given : mapping, optional
        By band; its codes are those of the default where it is left out or empty.
    default : mapping

    Returns
    -------
    list, (n_band,)

    Raises
    ------
    ValueError
        Where a band has no code, or two bands have the same.
    """
    known = given or default
    lost = [band for band in bands if band not in known]
    if lost:
        raise ValueError(
            f"band {lost[0]!r} has no code in this format (there are {', '.join(map(str, known))}); `simulate` "
            "and `augment` take others from [codes] band of their configuration"
        )
    out = [known[band] for band in bands]
    if len(set(out)) != len(set(bands)):
        raise ValueError(f"bands {tuple(bands)} have the codes {out}, expected one for each")
    return out


def known_rows(light_curves: LightCurves) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows with a flux, and the offsets of the objects among them."""
    known = np.isfinite(light_curves.flux) & np.isfinite(light_curves.flux_err)
    rows = np.flatnonzero(known)
    return rows, np.concatenate([[0], np.cumsum(known)])[light_curves.offset].astype(np.int64)
