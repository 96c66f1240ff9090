"""Columns of SNANA's FITS pair, by the names and in the order of its own writer (wr_snfitsio_init_head and _phot).

What a simulation without host galaxies has nothing to say of gets the value that SNANA writes there.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_KMS, njy_to_mag
from sntransport._storage.fits_tables import texts
from sntransport.datasets.columns import fluxes
from sntransport.reading.formats.snana_pair import SEPARATOR
from sntransport.simulation.events.class_codes import class_columns
from sntransport.simulation.events.hosts import band_column
from sntransport.simulation.events.solar_motion import cmb_redshift
from sntransport.simulation.light_curves import LightCurves
from sntransport.simulation.selection.detection import PHOTFLAG_DETECTION, PHOTFLAG_TRIGGER

NON1ASED = 10
"""SNANA's number of a simulation from templates (MODEL_NON1ASED of sntools.h)."""

_NO_DATE = 1.0e6
NO_FLUX, UNDEFINED = 99.0, 666.0
"""Magnitudes of no flux and of a band that is not covered (MAG_ZEROFLUX and MAG_UNDEFINED of sntools.h)."""

_FAKE_SIMULATED = 2
# Further columns of a truth that SNANA has a column for.
_OWN = ("z_cmb", "field_number", "field")
# Bit of a redshift from the supernova's own spectrum; bits of the search that found it and of who got a spectrum.
_FROM_SPECTRUM, _FOUND, _HAS_SPECTRUM = 2, 1, 2
_NO_FIELD = "VOID"
# Field of the row between two objects, as SNANA writes it (sntools_dataformat_fits.c).
_BETWEEN = b"XXXX"
_TYPE_LETTERS, _FIELD_LETTERS = 12, 32

_HOST_PROPERTIES = ("LOGMASS", "LOGSFR", "LOGsSFR", "COLOR")
_HOST: dict[str, tuple[float, type]] = {
    "NMATCH": (0, np.int16), "NMATCH2": (0, np.int16), "OBJID": (0, np.int64), "FLAG": (0, np.int16),
    "PHOTOZ": (-9, np.float32), "PHOTOZ_ERR": (-9, np.float32), "SPECZ": (-9, np.float32),
    "SPECZ_ERR": (-9, np.float32), "RA": (-999, np.float64), "DEC": (-999, np.float64), "SNSEP": (-9, np.float32),
    "DDLR": (-9, np.float32), "CONFUSION": (-99, np.float32),
    **{f"{name}{end}": (-9999, np.float32) for name in _HOST_PROPERTIES for end in ("", "_ERR")},
    "ELLIPTICITY": (-9999, np.float32), "OBJID2": (0, np.int64), "SQRADIUS": (-9999, np.float32),
    "OBJID_UNIQUE": (0, np.int64),
}  # fmt: skip
_HOST_TRUTH = {
    "PHOTOZ": "host_zphot", "SPECZ": "host_z", "RA": "host_ra", "DEC": "host_dec", "SNSEP": "host_separation",
    "PHOTOZ_ERR": "host_zphot_err", "LOGMASS": "host_logmass", "LOGSFR": "host_logsfr", "LOGsSFR": "host_logssfr",
}  # fmt: skip
_HOST_BANDS = {"HOSTGAL_MAG": 999.0, "HOSTGAL_MAGERR": 999.0, "HOSTGAL_SB_FLUXCAL": -999.0}
"""Of an object without a host, as SNANA writes them."""


def head_columns(
    light_curves: LightCurves, letters: Sequence[str], codes: Mapping[str, int], begin: Any, counts: Any
) -> dict[str, Any]:  # fmt: skip
    """Columns of HEAD, one row an object.

    Parameters
    ----------
    light_curves : LightCurves
    letters : sequence of str, (n_band,)
    codes : mapping of str to int
        SNTYPE of each class or type.
    begin, counts : array_like of int, (n_object,)
        First row in PHOT, from 0, and number of rows without the one that separates.

    Returns
    -------
    dict of str to ndarray, (n_object,)
    """
    truth, labels = light_curves.truth, class_columns(light_curves.template_types, light_curves.truth.template, codes)
    n, code = truth.z.size, labels["class_code"]
    z_cmb = truth.more.get("z_cmb", cmb_redshift(truth.z, truth.ra, truth.dec))
    zero = np.zeros(n, np.float32)
    measured = {
        "SNID": texts(np.char.mod("%d", truth.object_id + 1)), "FAKE": np.full(n, _FAKE_SIMULATED, np.int16),
        "RA": truth.ra, "DEC": truth.dec, "PIXSIZE": zero - 9, "NXPIX": np.full(n, -9, np.int16),
        "NYPIX": np.full(n, -9, np.int16), "SNTYPE": code, "NOBS": counts.astype(np.int32),
        "PTROBS_MIN": (begin + 1).astype(np.int32), "PTROBS_MAX": (begin + counts).astype(np.int32),
        "MWEBV": truth.ebv_mw.astype(np.float32), "MWEBV_ERR": zero, "REDSHIFT_HELIO": truth.z.astype(np.float32),
        "REDSHIFT_HELIO_ERR": zero, "REDSHIFT_FINAL": z_cmb.astype(np.float32), "REDSHIFT_FINAL_ERR": zero,
        "MASK_REDSHIFT_SOURCE": np.full(n, _FROM_SPECTRUM, np.int16), "VPEC": zero,
        "VPEC_ERR": zero + np.float32(light_curves.meta.get("peculiar_velocity", 0.0)), "LENSDMU": zero,
        "LENSDMU_ERR": zero,
    }  # fmt: skip
    host = _host(light_curves, letters)
    return measured | host | _dates(light_curves) | private_columns(light_curves) | _true(
        light_curves, letters, labels, np.asarray(z_cmb)
    )  # fmt: skip


def _host(light_curves: LightCurves, letters: Sequence[str]) -> dict[str, Any]:
    """Columns of the host galaxy: what the truth has of it, else what SNANA writes where there is none."""
    more, n = light_curves.truth.more, light_curves.n_object
    out: dict[str, Any] = {f"HOSTGAL_{name}": np.full(n, value, dtype) for name, (value, dtype) in _HOST.items()}
    for name, value in _HOST_BANDS.items():
        out |= {f"{name}_{letter}": np.full(n, value, np.float32) for letter in dict.fromkeys(letters)}
    known = {f"HOSTGAL_{name}": column for name, column in _HOST_TRUTH.items()}
    of_bands = dict(zip(letters, light_curves.bands, strict=True))
    known |= {f"HOSTGAL_MAG_{letter}": band_column("host_mag", band) for letter, band in of_bands.items()}
    for name, column in known.items():
        if column in more:
            values = more[column].astype(np.float64)
            out[name] = np.where(np.isfinite(values), values, out[name]).astype(out[name].dtype)
    out["HOSTGAL_OBJID"] = _host_numbers(light_curves, 0)
    if "has_host_redshift" in more:
        out["HOSTGAL_SPECZ"] = np.where(more["has_host_redshift"], out["HOSTGAL_SPECZ"], np.float32(-9))
    if "host_ra" in more:
        out["HOSTGAL_NMATCH"] = np.isfinite(more["host_ra"].astype(np.float64)).astype(np.int16)
    return out


def _host_numbers(light_curves: LightCurves, none: int) -> NDArray[np.int64]:
    """Identifiers of hosts, where they are numbers."""
    given = light_curves.truth.more.get("host_id", np.empty(0))
    if given.dtype.kind not in "iuf" or not given.size or not np.all(np.isfinite(given.astype(np.float64))):
        return np.full(light_curves.n_object, none, np.int64)
    return given.astype(np.int64)


def private_columns(light_curves: LightCurves) -> dict[str, Any]:
    """Further numbers of the truth that have no column of their own, as SNANA's private variables."""
    return {
        f"PRIVATE({name})": values.astype(np.float64)
        for name, values in light_curves.truth.more.items()
        if values.dtype.kind in "biuf" and name not in _OWN
    }


def _dates(light_curves: LightCurves) -> dict[str, Any]:
    """Estimate of the peak, dates of the trigger and of the first and last detection, 1e6 where there is none."""
    flags, mjd, n = light_curves.photflag, light_curves.mjd, light_curves.n_object
    trigger, first, last = (np.full(n, _NO_DATE) for _ in range(3))
    fired, found = np.flatnonzero(flags & PHOTFLAG_TRIGGER), np.flatnonzero(flags & PHOTFLAG_DETECTION)
    trigger[_owner(light_curves, fired)] = mjd[fired]
    # What is assigned last stays.
    first[_owner(light_curves, found[::-1])] = mjd[found[::-1]]
    last[_owner(light_curves, found)] = mjd[found]
    return {
        "PEAKMJD": light_curves.truth.mjd_ref, "MJD_TRIGGER": trigger, "MJD_DETECT_FIRST": first,
        "MJD_DETECT_LAST": last, "SEARCH_TYPE": np.full(n, -9, np.int32),
    }  # fmt: skip


def _owner(light_curves: LightCurves, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.searchsorted(light_curves.offset, rows, side="right") - 1


def _true(light_curves: LightCurves, letters: Sequence[str], labels: Mapping[str, Any], z_cmb: Array) -> dict[str, Any]:
    """What is true of each object."""
    truth, n = light_curves.truth, light_curves.n_object
    zero, none = np.zeros(n, np.float32), np.full(n, -9, np.int16)
    code = labels["class_code"]
    triggered = np.diff(np.concatenate([[0], np.cumsum((light_curves.photflag & PHOTFLAG_TRIGGER) > 0)])[
        light_curves.offset
    ])  # fmt: skip
    searched = _FOUND * (triggered > 0).astype(np.int32)
    if "has_spectrum" in truth.more:
        searched = searched + _HAS_SPECTRUM * truth.more["has_spectrum"].astype(np.int32)
    # What is left of the redshift besides the expansion and the motion of the Sun, where that is in it.
    seen = z_cmb if "z_cmb" in truth.more else truth.z
    velocity = C_KMS * ((1.0 + seen) / (1.0 + truth.z_cosmology) - 1.0)
    peaks = {
        f"SIM_PEAKMAG_{letter}": np.where(np.isfinite(truth.peak_mag[:, j]), truth.peak_mag[:, j], UNDEFINED).astype(
            np.float32
        )
        for j, letter in enumerate(letters)
    }
    return {
        "SIM_MODEL_NAME": np.full(n, b"NON1ASED"), "SIM_MODEL_INDEX": np.full(n, NON1ASED, np.int16),
        "SIM_GENTYPE": code, "SIM_TYPE_INDEX": code,
        "SIM_TYPE_NAME": texts([_word(kind, "")[:_TYPE_LETTERS] for kind in labels["type"].tolist()]),
        "SIM_CLASS": texts(labels["class"]), "SIM_TEMPLATE_INDEX": truth.template + np.int32(1),
        "SIM_LIBID": truth.more.get("field_number", none).astype(np.int32), "SIM_NGEN_LIBID": np.ones(n, np.int32),
        "SIM_NOBS_UNDEFINED": np.zeros(n, np.int32), "SIM_SEARCHEFF_MASK": searched,
        "SIM_REDSHIFT_HELIO": truth.z, "SIM_REDSHIFT_CMB": truth.z_cosmology, "SIM_REDSHIFT_HOST": truth.z,
        "SIM_REDSHIFT_HOST_MATCH": zero - 9, "SIM_REDSHIFT_FLAG": np.ones(n, np.int16),
        "SIM_VPEC": velocity.astype(np.float32), "SIM_HOSTLIB_GALID": _host_numbers(light_curves, -9),
        "SIM_SNHOST_DDLR": zero - 9,
        "SIM_SNHOST_SEP": truth.more.get("host_separation", zero - 9).astype(np.float32),
        "SIM_DLMU": truth.distance_modulus,
        "SIM_LENSDMU": zero, "SIM_MUSHIFT": zero, "SIM_RA": truth.ra, "SIM_DEC": truth.dec, "SIM_MWEBV": truth.ebv_mw,
        "SIM_PEAKMJD": truth.mjd_ref, "SIM_MJD_EXPLODE": zero - 9, "SIM_MAGSMEAR_COH": truth.mag_offset,
        "SIM_WGT_POPULATION": truth.weight, "SIM_AV": truth.ebv_host * truth.rv_host, "SIM_RV": truth.rv_host, **peaks,
        **{f"SIM_EXPOSURE_{letter}": zero + 1 for letter in dict.fromkeys(letters)}, "SIM_SUBSAMPLE_INDEX": none,
    }  # fmt: skip


def phot_columns(
    light_curves: LightCurves, letters: Sequence[str], rows: Any, offset: Any, zero_point: float
) -> dict[str, Any]:  # fmt: skip
    """Columns of PHOT, one row a measurement and one after every object.

    Parameters
    ----------
    light_curves : LightCurves
    letters : sequence of str, (n_band,)
    rows, offset : ndarray of int
        From `sntransport.datasets.columns.known_rows`.
    zero_point : float
        Of FLUXCAL.

    Returns
    -------
    dict of str to ndarray
        SIM_MAGOBS [AB mag] only where the set has its true fluxes.
    """
    flux, flux_err = fluxes(light_curves, zero_point)
    n_object = offset.size - 1
    owner = np.repeat(np.arange(n_object), np.diff(offset))
    place, total = np.arange(rows.size) + owner, rows.size + n_object
    last = offset[1:] + np.arange(n_object)

    def spread(values: Any, dtype: Any, between: Any) -> Any:
        out = np.empty(total, dtype)
        out[place], out[last] = values, between
        return out

    band, field = texts(letters)[light_curves.band[rows]], _fields(light_curves)[owner]
    columns = {
        "MJD": spread(light_curves.mjd[rows], np.float64, SEPARATOR), "BAND": spread(band, band.dtype, b"-"),
        "FIELD": spread(field, f"S{max(field.dtype.itemsize, 4)}", _BETWEEN),
        "PHOTFLAG": spread(light_curves.photflag[rows], np.int32, 0), "PHOTPROB": spread(0.0, np.float32, 0.0),
        "FLUXCAL": spread(flux[rows], np.float32, SEPARATOR),
        "FLUXCALERR": spread(flux_err[rows], np.float32, SEPARATOR),
    }  # fmt: skip
    if light_curves.true_flux is not None:
        columns["SIM_MAGOBS"] = spread(_magnitudes(light_curves.true_flux[rows]), np.float32, 0.0)
    return columns


def _fields(light_curves: LightCurves) -> NDArray[np.bytes_]:
    """Name of the field of each object; its number where it has no name."""
    more, n = light_curves.truth.more, light_curves.n_object
    if "field" in more:
        names = [_word(name, "_")[:_FIELD_LETTERS] or _NO_FIELD for name in more["field"].tolist()]
    else:
        names = [str(k) if k >= 0 else _NO_FIELD for k in more.get("field_number", np.full(n, -1)).tolist()]
    return texts(names)


def _word(text: str, between: str) -> str:
    """A text as one word: SNANA joins names with commas and writes them into tables that blanks separate."""
    return between.join(re.split(r"[\s,]+", str(text).strip()))


def _magnitudes(flux: Array) -> Array:
    """AB magnitudes as SNANA has them: 99 without flux, 666 where the template does not cover the band."""
    mag = njy_to_mag(flux)
    return np.where(np.isnan(flux), UNDEFINED, np.where(np.isnan(mag), NO_FLUX, mag))
