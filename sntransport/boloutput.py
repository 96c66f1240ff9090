"""Bolometric light curves as a table with units and as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from sntransport.corrections.luminosity import Bolometric, light_shape

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
    table.meta = {"name": light.name, "policy": light.policy, "notes": list(light.notes), **shape}
    table.meta |= {"dust": "none: the series is free of dust", **(meta or {})}
    return table


def bolometric_figure(light: Bolometric) -> Figure:
    """Luminosity over phase with its error, and without what was added; below it the shares added or filled.

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
    added = (light.share_uv + light.share_nir)[known]
    for part in np.split(np.arange(phase.size), np.flatnonzero(np.diff(phase) > 10.0) + 1) if phase.size else ():
        first = part[0] == 0
        marker = "." if part.size < 3 else ""
        name = "with what was added" if first else None
        top.plot(phase[part], value[part], color="#0072B2", marker=marker, label=name)
        if added.any():
            name = "covered wavelengths only" if first else None
            bare = value[part] * (1.0 - added[part])
            top.plot(phase[part], bare, color="#555555", lw=1.0, ls="--", marker=marker, label=name)
        low = np.maximum(value - error, 0.02 * value)
        top.fill_between(phase[part], low[part], (value + error)[part], color="#0072B2", alpha=0.25, lw=0)
        for kind, color, style in (("uv", "#D55E00", "-"), ("nir", "#009E73", "--"), ("filled", "#000000", ":")):
            share = getattr(light, f"share_{kind}")[known]
            label = {"uv": "added in the UV", "nir": "added in the IR", "filled": "filled"}[kind]
            below.plot(phase[part], share[part], color=color, ls=style, label=label if first else None)
    if not phase.size:
        top.text(0.5, 0.5, "no luminosity at any phase", transform=top.transAxes, ha="center")
    top.set(yscale="log", ylabel="Luminosity [erg/s]")
    top.set_title(f"{light.name}\n{fill(light.policy, 80)}", fontsize=10)
    below.set(xlabel="Rest-frame phase [d]", ylabel="Share", ylim=(-0.02, 1.02))
    if phase.size:
        upper = top.get_legend_handles_labels() if added.any() else ([], [])
        handles, labels = (a + b for a, b in zip(upper, below.get_legend_handles_labels(), strict=True))
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure
