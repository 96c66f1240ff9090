"""A filter as the SVO Filter Profile Service hands it out: a VOTable with the curve and what is known of the detector.

The service (Rodrigo & Solano 2020, sea..confE.182R) has the curves of thousands of filters. Nothing is fetched here:
the file is one that was saved from its pages.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sntransport._numerics.arrays import Array
from sntransport._numerics.quantities import ANGSTROM, NUMBER, bare
from sntransport._numerics.units import njy_to_mag
from sntransport._storage.contents import MAX_TEXT_BYTES
from sntransport._storage.read_error import one_line

_DETECTORS = {"0": "energy", "1": "photon"}
"""What ``DetectorType`` may be, as the service describes it."""
_NJY_PER_JY = 1e9


@dataclass(frozen=True, eq=False, kw_only=True)
class SvoFilter:
    """``name``, ``wave`` (n,) [A] and ``throughput`` (n,); ``detector``, "photon", "energy" or empty where not stated.

    ``vega_ab`` is the AB magnitude of Vega, NaN where the zero point is of another system.
    """

    name: str
    wave: Array
    throughput: Array
    detector: str
    vega_ab: float


def is_votable(content: bytes) -> bool:
    """Whether a file begins as a VOTable does."""
    return b"<VOTABLE" in content[:2000].upper()


def parse_svo(path: Path, content: bytes) -> SvoFilter:
    """What is in a file of the service.

    Raises
    ------
    ValueError
        Where it is too large, no VOTable, or has no column of wavelengths or of transmissions; the message has the
        file.
    """
    # Slow to import, and only such a file needs it.
    from astropy.io import votable

    if len(content) > MAX_TEXT_BYTES:
        raise ValueError(
            f"{path}: {len(content)} bytes, expected at most {MAX_TEXT_BYTES}; a filter has a few thousand"
        )
    try:
        whole = votable.parse(io.BytesIO(content), verify="ignore")
        table = whole.get_first_table().to_table(use_names_over_ids=True)
        stated = {str(one.name): one.value for one in whole.iter_fields_and_params() if hasattr(one, "value")}
    except Exception as error:  # of the parser, of several kinds
        raise ValueError(f"{path}: the VOTable cannot be read ({one_line(str(error))})") from None
    lost = [name for name in ("Wavelength", "Transmission") if name not in table.colnames]
    if lost:
        raise ValueError(f"{path}: has no column {', '.join(lost)}, expected a file of the SVO Filter Profile Service")
    if not str(table["Wavelength"].unit or ""):
        # The parameters of the filter state it, too.
        unit = str(stated.get("WavelengthUnit", "")).strip()
        if not unit:
            raise ValueError(f"{path}: the column Wavelength has no unit, and no parameter WavelengthUnit states it")
        table["Wavelength"].unit = unit
    try:
        wave, throughput = bare(table["Wavelength"], "Wavelength", ANGSTROM), bare(table["Transmission"], "", NUMBER)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return SvoFilter(
        name=str(stated.get("filterID", path.stem)),
        wave=np.asarray(wave, dtype=np.float64),
        throughput=np.asarray(throughput, dtype=np.float64),
        detector=_DETECTORS.get(str(stated.get("DetectorType", "")).strip(), ""),
        vega_ab=_vega_ab({name: str(value) for name, value in stated.items()}),
    )


def _vega_ab(stated: Mapping[str, str]) -> float:
    """AB magnitude of the flux density that has magnitude 0 in the Vega system, which is that of Vega."""
    if stated.get("MagSys") != "Vega" or stated.get("ZeroPointUnit") != "Jy":
        return float("nan")
    return float(njy_to_mag(float(stated.get("ZeroPoint", "nan")) * _NJY_PER_JY))
