"""What filters are, as a table says it: where they lie, how wide they are, and which a pattern means."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from sntransport.photometry.bands import Bandpass, band_names, likely_bands, load_bands, pivot_wave

if TYPE_CHECKING:
    from collections.abc import Sequence


def matching_bands(patterns: Sequence[str]) -> tuple[str, ...]:
    """Names of the bands that ship with the package and match any of some patterns.

    Parameters
    ----------
    patterns : sequence of str
        Names, or patterns of a shell (``*``, ``?``, ``[gri]``), in whatever case; none: all bands.

    Returns
    -------
    tuple of str
        In the order of `band_names`, each once.

    Raises
    ------
    ValueError
        For a pattern that no band matches; the message has the likeliest names.
    """
    names = band_names()
    if not patterns:
        return names
    found: set[str] = set()
    for pattern in patterns:
        matched = [name for name in names if fnmatchcase(name.lower(), pattern.lower())]
        if not matched:
            # A letter or two are rather a filter than the beginning of its name.
            beginning = len(pattern) > 2 and any(name.startswith(pattern.lower()) for name in names)
            close = [f"{pattern.lower()}*"] if beginning else likely_bands(pattern)
            hint = f"did you mean {', '.join(close)}?" if close else "all are listed by: sntransport bands"
            raise ValueError(f"no band {pattern!r}; {hint}")
        found.update(matched)
    return tuple(name for name in names if name in found)


def rectangular_width(band: Bandpass) -> float:
    """Width of the rectangle as high as the filter's peak and of the same area, ``int T / max T`` [A].

    It is exact for the piecewise linear throughput, and WidthEff of the SVO filter profile service (Rodrigo & Solano
    2020).
    """
    step, middle = np.diff(band.wave), 0.5 * (band.throughput[1:] + band.throughput[:-1])
    return float(np.sum(middle * step) / band.throughput.max())


def band_rows(names: Sequence[str | Bandpass]) -> list[dict[str, str | float]]:
    """One row a band.

    Parameters
    ----------
    names : sequence of str or Bandpass
        As `load_bands` takes them.

    Returns
    -------
    list of dict
        ``band``; ``pivot``, ``width`` (of the rectangle), ``first`` and ``last`` (wavelengths of the curve) [A];
        ``vega_ab``, the AB magnitude of Vega [mag], NaN where it is not known; ``source`` and ``version``.

    Raises
    ------
    ValueError
        For a name that is not known.
    """
    return [
        {
            "band": band.name, "pivot": pivot_wave(band), "width": rectangular_width(band),
            "first": float(band.wave[0]), "last": float(band.wave[-1]), "vega_ab": float(band.vega_ab),
            "source": band.source, "version": band.version,
        }
        for band in load_bands(names)
    ]  # fmt: skip
