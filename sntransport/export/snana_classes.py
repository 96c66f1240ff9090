"""Weights and codes of templates by their class."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from sntransport.export.grid import TemplateGrid
from sntransport.spectra.classes import plain_type

CLASS_CODES: dict[str, int] = {"Ia": 1, "II": 2, "IIn": 3, "IIb": 4, "Ib": 5, "Ic": 6}
"""SNTYPE of a class where none is given. SNANA gives no meaning to the numbers; state those that your survey uses."""

_WEIGHT_STEP = Decimal("0.000001")


def exact_weights(
    grids: Sequence[TemplateGrid], weights: Sequence[float] | Mapping[str, float] | None
) -> list[Decimal]:
    """Weights as decimals whose sum is 1 exactly; see `sntransport.export.to_snana`."""
    if weights is None:
        values = [1.0] * len(grids)
    elif isinstance(weights, Mapping):
        classes = [_class_of(grid.sn_type, weights) for grid in grids]
        if None in classes:
            lost = grids[classes.index(None)]
            raise ValueError(f"no weight for the class of {lost.name!r} ({lost.sn_type!r}); weights has {[*weights]}")
        values = [float(weights[one]) / classes.count(one) for one in classes if one is not None]
    else:
        values = [float(one) for one in weights]
    total = sum(values)
    if len(values) != len(grids) or min(values) < 0 or not 0 < total < np.inf:
        raise ValueError(f"weights has {len(values)} numbers for {len(grids)} series; expected one each, 0 or more")
    out = [Decimal(value / total).quantize(_WEIGHT_STEP) for value in values]
    out[int(np.argmax(values))] += 1 - sum(out)
    return out


def template_codes(grids: Sequence[TemplateGrid], sntype: Sequence[int] | Mapping[str, int] | None) -> tuple[int, ...]:
    """SNTYPE of each template; see `sntransport.export.to_snana`."""
    if sntype is not None and not isinstance(sntype, Mapping):
        if len(sntype) != len(grids):
            raise ValueError(f"sntype has {len(sntype)} numbers for {len(grids)} series")
        return tuple(int(code) for code in sntype)
    known = CLASS_CODES if sntype is None else sntype
    found = [_class_of(grid.sn_type, known) for grid in grids]
    for grid, one in zip(grids, found, strict=True):
        if one is None:
            raise ValueError(
                f"no code for the class of {grid.name!r} ({grid.sn_type!r}), known: {[*known]}; state sntype"
            )
    return tuple(int(known[one]) for one in found if one is not None)


def _class_of(sn_type: str, known: Mapping[str, float]) -> str | None:
    """The longest of the known classes that a type begins with."""
    plain = plain_type(sn_type)
    fitting = [one for one in known if plain.startswith(plain_type(one))]
    return max(fitting, key=len) if fitting else None
