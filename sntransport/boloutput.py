"""Bolometric light curves as a table with units and as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport.lightshape import light_shape
from sntransport.luminosity import Bolometric

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

_COLUMNS = {
    "phase": ("d", "rest frame, from mjd_ref"),
    "luminosity": ("erg / s", "at rest, free of dust"),
    "luminosity_err": ("erg / s", ""),
    "share_uv": ("", "of the luminosity, added below wave_blue"),
    "share_nir": ("", "of the luminosity, added above wave_red"),
    "share_filled": ("", "of the luminosity, in bins without data of their own"),
    "wave_blue": ("Angstrom", "first covered wavelength"),
    "wave_red": ("Angstrom", "last covered wavelength"),
    "temperature": ("K", "of the blackbody"),
    "radius": ("cm", "of the blackbody"),
}


def bolometric_table(light: Bolometric, meta: Mapping[str, Any] | None = None) -> Table:
    """A bolometric light curve as a table, its shape, policy and notes in the header.

    Parameters
    ----------
    light : Bolometric
    meta : mapping, optional
        Further entries of the header.

    Returns
    -------
    astropy.table.Table
        One row a phase.
    """
    from dataclasses import asdict

    from astropy.table import Table

    table = Table({name: getattr(light, name) for name in _COLUMNS})
    for name, (unit, text) in _COLUMNS.items():
        table[name].unit = unit or None
        table[name].description = text
    shape = {f"shape_{name}": value for name, value in asdict(light_shape(light)).items()}
    table.meta = {"name": light.name, "policy": light.policy, "notes": list(light.notes), **shape, **(meta or {})}
    return table


def bolometric_figure(light: Bolometric) -> Figure:
    """Luminosity over phase with its error; below it the shares that were added or filled.

    Parameters
    ----------
    light : Bolometric

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 5.6), layout="constrained")
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.2))
    known = np.isfinite(light.luminosity) & (light.luminosity > 0)
    phase, value, error = light.phase[known], light.luminosity[known], light.luminosity_err[known]
    for part in np.split(np.arange(phase.size), np.flatnonzero(np.diff(phase) > 10.0) + 1):
        top.plot(phase[part], value[part], color="#0072B2", marker="." if part.size < 3 else "")
        low = np.maximum(value - error, 0.02 * value)
        top.fill_between(phase[part], low[part], (value + error)[part], color="#0072B2", alpha=0.25, lw=0)
        for name, color, style in (("uv", "#D55E00", "-"), ("nir", "#009E73", "--"), ("filled", "#000000", ":")):
            share = getattr(light, f"share_{name}")[known]
            label = {"uv": "added in the UV", "nir": "added in the IR", "filled": "filled"}[name]
            below.plot(phase[part], share[part], color=color, ls=style, label=label if part[:1] == [0] else None)
    if not phase.size:
        top.text(0.5, 0.5, "no luminosity at any phase", transform=top.transAxes, ha="center")
    top.set(yscale="log", ylabel="Luminosity [erg/s]")
    top.set_title(f"{light.name}\n{light.policy}", fontsize=10)
    below.set(xlabel="Rest-frame phase [d]", ylabel="Share", ylim=(-0.02, 1.02))
    if phase.size:
        figure.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure
