"""Header keys of SNANA's FITS pair, and the one letter that SNANA has for a band.

Keys, their order and their meaning are those of SNANA's own writer (wr_snfitsio_create of sntools_dataformat_fits.c,
version 29 of the format).
"""

import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sntransport._version import __version__
from sntransport.datasets.columns import codes
from sntransport.datasets.snana_columns import NON1ASED, private_columns
from sntransport.simulation.light_curves import LightCurves
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION, PHOTFLAG_TRIGGER

BAND_CODES: dict[str, str] = {
    "lsstu": "u", "lsstg": "g", "lsstr": "r", "lssti": "i", "lsstz": "z", "lssty": "Y",
}  # fmt: skip
"""SNANA's letters of LSST's bands; others have the last letter of their name, or one that is free."""

COLOR_LAWS = {"F99": 99, "O94": 94, "CCM89": 89, "G23": 223}
"""SNANA's numbers of the laws of `sntransport.spectra.dust` (MWgaldust.h)."""

_SURVEYS = {"lsst": "LSST", "ztf": "ZTF", "atlas": "ATLAS"}
_VERSION_OF_FORMAT = 29
# Simulated truth (4) with the parameters of the model (32).
_WRITE_MASK = 36
_MWEBV_OF_FILE = 1
_LETTERS = string.ascii_letters + string.digits
_MOST_PRIVATE = 39


def snana_letters(bands: Sequence[str], given: Mapping[str, Any] | None = None) -> list[str]:
    """Letter of each band: one character, the same for the same band of two surveys.

    Parameters
    ----------
    bands : sequence of str, (n_band,)
    given : mapping of str to str, optional
        By band. Default: `BAND_CODES` for LSST, else the last letter of the name, else of these in either case, else
        one that is free; a letter that a band of LSST has is not free.

    Returns
    -------
    list of str, (n_band,)

    Raises
    ------
    ValueError
        Where a band has none, a code is not one letter or digit, or two bands have the same; or there are too many.
    """
    if given:
        letters = [str(code) for code in codes(bands, given, {})]
        for band, letter in zip(bands, letters, strict=True):
            if len(letter) != 1 or letter not in _LETTERS:
                raise ValueError(
                    f"band {band!r} has the code {letter!r}, expected one letter or digit (SNANA's FILTERS)"
                )
        return letters
    found = {band: BAND_CODES[band] for band in bands if band in BAND_CODES}
    for band in bands:
        if band not in found:
            wanted = [c for last in reversed(band) if last in _LETTERS for c in (last, last.swapcase())]
            free = [c for c in (*wanted, *_LETTERS) if c not in found.values()]
            if not free:
                raise ValueError(f"{len(set(bands))} bands, more than SNANA has letters for ({len(_LETTERS)})")
            found[band] = free[0]
    return [found[band] for band in bands]


def survey_name(surveys: Iterable[str]) -> str:
    """Name of SURVEY where none is given: those of the surveys, in SNANA's spelling where it has one."""
    plain = [next((word for start, word in _SURVEYS.items() if one.startswith(start)), one) for one in surveys]
    return "+".join(dict.fromkeys(plain))


def header_keys(
    light_curves: LightCurves, letters: Sequence[str], *, survey: str, zero_point: float, phot: str, version: str
) -> dict[str, tuple[Any, str]]:
    """Keys of the primary header of both files, with value and comment.

    Parameters
    ----------
    light_curves : LightCurves
    letters : sequence of str, (n_band,)
    survey : str
    zero_point : float
        Of FLUXCAL.
    phot : str
        Name of the PHOT file.
    version : str
        Name of the set.

    Returns
    -------
    dict of str to tuple

    Raises
    ------
    ValueError
        Where the survey is no word, or the truth has more further columns than SNANA has private variables.
    """
    if not survey or " " in survey or not survey.isascii() or not survey.isprintable():
        raise ValueError(f"the survey is called {survey!r}, expected one word (--survey-name, or survey under [codes])")
    meta, named = light_curves.meta, dict(zip(light_curves.bands, letters, strict=True))
    law = COLOR_LAWS.get(meta.get("law_mw", "F99"), COLOR_LAWS["F99"])
    private = list(private_columns(light_curves))
    if len(private) > _MOST_PRIVATE:
        raise ValueError(f"{len(private)} further columns of the truth, SNANA takes {_MOST_PRIVATE}")
    return {
        "CODE_IVERSION": (_VERSION_OF_FORMAT, "version of this form of file"), "SNANA_PATH": ("", "not SNANA"),
        "SNANA_VERSION": (f"sntransport {__version__}", "what wrote it"), "SURVEY": (survey, "survey"),
        "SUBSURVEY_FLAG": (0, ""), "ZP_FLUXCAL": (zero_point, "AB magnitude of FLUXCAL 1"), "DETINFO_FLAG": (0, ""),
        "ATMOS_FLAG": (0, ""), "PHOTFLAG_DETECT": (PHOTFLAG_DETECTION, "bit of a detection"),
        "PHOTFLAG_TRIGGER": (PHOTFLAG_TRIGGER, "bit of what completes the trigger"),
        "FILTERS": ("".join(dict.fromkeys(letters)), "one letter a band"), "VERSION": (version, "name of the set"),
        "PHOTFILE": (phot, "measurements"), "NPRIVATE": (len(private), "number of private variables"),
        **{f"PRIVATE{i}": (name, "") for i, name in enumerate(private, start=1)},
        "DATATYPE": ("SIM_SNANA", "simulated, in the form of SNANA"), "SIMLIB_FILE": ("NONE", ""),
        "CALIB_FILE": ("NONE", ""), "SIMLIB_MSKOPT": (0, ""), "HOSTLIB_FILE": ("NONE", ""),
        "SIM_MODEL_INDEX": (NON1ASED, "templates"),
        "SIMOPT_MWCOLORLAW": (law, "law of Galactic dust" if "law_mw" in meta else "not stated, so that of F99"),
        "SIM_MWRV": (float(meta.get("rv_mw", 3.1)), "R(V) of Galactic dust"),
        "SIMOPT_MWEBV": (_MWEBV_OF_FILE, "E(B-V) is that of this file"), "SIMOPT_FLUXERR": (0, ""),
        "SIM_NSUBSAMPLE_MARK": (0, ""), "SIM_VARNAME_SNRMON": ("", ""), "SIM_SL_FLAG": (0, ""),
        "SIM_BIASCOR_MASK": (0, ""), "WRITE_MASK_HEAD": (_WRITE_MASK, ""), "WRITE_MASK_PHOT": (_WRITE_MASK, ""),
        # Ours: which band a letter is.
        **{f"BAND{i}": (f"{letter} {band}", "") for i, (band, letter) in enumerate(named.items(), start=1)},
    }  # fmt: skip
