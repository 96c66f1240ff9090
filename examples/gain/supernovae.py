"""Supernovae whose dense series count as the truth: published templates and real ones with many spectra."""

import os
import re
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import sntransport as snt
from sntransport._numerics.units import C_KMS
from sntransport.spectra.grid import GRID_STEP, grid_wave
from sntransport.spectra.observations import broad_class
from sntransport.spectra.phases import MAX_GAP, neighbors
from sntransport.spectra.series import SpectralSeries
from sntransport.transport.interpolators import log_linear
from sntransport.transport.templates.class_template import on_grid
from sntransport.transport.templates.light_curve_clock import light_curve, maximum

WINDOW = (-15.0, 45.0)
"""Phases of every series from its maximum light [rest-frame d]."""

SPAN = (3340.0, 8700.0)
"""Wavelengths of every series [A]: bands g, r and i at redshifts of 0.02 to 0.13."""

V19 = {"1998bw": "Ic-BL", "2004fe": "Ic", "2007y": "Ib", "2009n": "II P", "2012ap": "Ic-BL", "2013fs": "II P"}
SALT = {"slow blue": (1.3, -0.08), "fast red": (-1.6, 0.10), "normal red": (0.2, 0.14), "fast blue": (-0.9, -0.04)}
REAL = (
    "SN2012cg", "SN2012ht", "SN2013aa", "iPTF13dge", "SN2014dt", "SN2013am", "SN2012ec", "SN2013fs", "SN2011hs",
    "SN2010aj", "SN2011bm", "SN2012ap",
)  # fmt: skip

_LEAST_END = 24.0
_LEAST_COVER = 0.97


@dataclass(frozen=True, eq=False)
class Source:
    """A supernova: its name, class, subtype (Ia, II, IIb, Ib or Ic) and dense series, phases from maximum light."""

    name: str
    sn_class: str
    subtype: str
    series: SpectralSeries


def grid():
    """The wavelengths of all series [A]."""
    first, last = (round(np.log(edge) * C_KMS / GRID_STEP) for edge in SPAN)
    return grid_wave(first, last - first + 1)


def sources(data: Path, *, few: bool = False) -> tuple[list[Source], list[str]]:
    """All supernovae that cover enough, or two of each class; and why others were left out."""
    found, notes = [], []
    for name, series in [*_models(data / "sncosmo", few=few), *_real(data / "osc", REAL[5:6] if few else REAL)]:
        try:
            found.append(_source(name, series))
        except ValueError as error:
            notes.append(f"{name} left out: {error}")
    return found, notes


def _real(folder: Path, names):
    for name in names:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # The truth must not favor transport: log-flux interpolation, between spectra that are mostly days apart.
            sn = snt.read_supernova(folder / f"{name}.json.gz")
            yield name, snt.build(sn, interpolate=log_linear).series


def _models(folder: Path, *, few: bool):
    os.environ["SNCOSMO_DATA_DIR"] = str(folder)
    import sncosmo

    for name, sn_type in list(V19.items())[2 if few else 0 : 5 if few else None]:
        source = sncosmo.get_source(f"v19-{name}-corr")
        yield f"V19_SN{name}", _series(source, sn_type, 1.0)
    hsiao = sncosmo.get_source("hsiao")
    yield "Hsiao", _series(hsiao, "Ia", 10 ** (-0.4 * (-19.25 - hsiao.peakmag("bessellb", "ab"))))
    for name, (x1, c) in list(SALT.items())[: 1 if few else None]:
        salt = sncosmo.get_source("salt3")
        salt.set(x1=x1, c=c)
        # Tripp (1998) with common values of its slopes.
        wanted = -19.25 - 0.14 * x1 + 3.1 * c
        yield f"SALT3 {name}", _series(salt, "Ia", 10 ** (-0.4 * (wanted - salt.peakmag("bessellb", "ab"))))


def _series(source, sn_type: str, factor: float) -> SpectralSeries:
    phase = np.arange(np.ceil(source.minphase()), np.floor(source.maxphase()) + 0.5)
    wave = np.arange(SPAN[0] - 20.0, SPAN[1] + 20.0, 5.0)
    return SpectralSeries(
        phase=phase, wave=wave, flux=np.maximum(factor * source.flux(phase, wave), 0.0), sn_type=sn_type
    )


def _source(name: str, series: SpectralSeries) -> Source:
    wave = grid()
    logs = on_grid(series, wave)
    top, _ = maximum(series.phase, light_curve(logs, wave))
    phase = np.arange(WINDOW[0], WINDOW[1] + 0.5)
    rows = neighbors(series.phase, top + phase, MAX_GAP).mean(logs)
    covered = np.isfinite(rows).mean(axis=1) >= _LEAST_COVER
    # One run of phases: what lies beyond a hole is left out.
    start = int(np.argmax(covered & (phase >= -15.0)))
    stop = start + int(np.argmin(np.append(covered[start:], False)))
    if not covered.any() or phase[stop - 1] < _LEAST_END or phase[start] > 5.0:
        span = f"{phase[start]:g} to {phase[stop - 1]:g} d" if covered.any() else "nothing"
        raise ValueError(f"covers {span} in all wavelengths")
    bins = np.arange(wave.size)
    filled = [np.exp(np.interp(bins, bins[np.isfinite(row)], row[np.isfinite(row)])) for row in rows[start:stop]]
    made = SpectralSeries(phase=phase[start:stop], wave=wave, flux=np.stack(filled), name=name, sn_type=series.sn_type)
    subtype = re.split(r"[\s-]", series.sn_type)[0]
    return Source(name, broad_class(series.sn_type), subtype, replace(made, sn_type=broad_class(series.sn_type)))
