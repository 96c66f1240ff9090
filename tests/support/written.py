"""One supernova, written in every unit, separator, style of header and format that the readers know."""

import gzip
import io
import warnings
from dataclasses import dataclass

import numpy as np
from astropy import units
from astropy.io import fits
from astropy.table import Table
from astropy.utils import minversion

from sntransport._numerics.units import AB_ZERO_NJY, mag_to_njy, njy_to_mag
from sntransport.photometry.bands import load_bands
from sntransport.reading.formats.medium import air_of

MJD = 60010.25
WAVE = np.arange(3600.0, 9000.0, 60.0)
FLUX = 1e-15 * (WAVE / 6000.0) ** -1.5 * (1.0 - 0.3 * np.exp(-0.5 * ((WAVE - 6629.0) / 90.0) ** 2))
ERR = 0.05 * FLUX * (1.0 + WAVE / 9000.0)
DATES = (60000.25, 60001.5, 60003.75)
BANDS = ("ztfg", "ztfr", "bessellv")
POINTS, POINT_ERRS = np.array([3.0e5, 4.5e5, 2.0e6]), np.array([3.0e3, 5.0e3, 4.0e4])
TOML = 'name = "SN2099zz"\nz = 0.01\ndistance_mpc = 43.0\nebv_mw = 0.0\nmjd_ref = 60000.0\n'

DENSITY = units.Unit("erg / (s cm2 Angstrom)")
WAVE_UNITS = {"A": 1.0, "Angstrom": 1.0, "nm": 0.1, "microns": 1e-4, "um": 1e-4}
FLUX_UNITS = {
    "erg/s/cm2/A": "erg / (s cm2 Angstrom)", "ergs/cm^2/s/Ang": "erg / (s cm2 Angstrom)",
    "10^-17 erg/s/cm2/A": "1e-17 erg / (s cm2 Angstrom)", "erg/s/cm2/nm": "erg / (s cm2 nm)",
    "W m-2 um-1": "W / (m2 um)", "mJy": "mJy", "uJy": "uJy", "erg/s/cm2/Hz": "erg / (s cm2 Hz)",
}  # fmt: skip
SEPARATORS = (" ", ",", ";", "\t", " | ")
HEADS = ("names", "comment", "hashes", "cards", "entry")
SPECTRUM_FORMS = ("text", "votable", "ascii.ecsv", "fits", "text.gz", "text.utf-16")
PHOTOMETRY_FORMS = ("text", "votable", "ascii.ecsv", "fits", "text.gz", "text.utf-16", "snana")
NJY_IN = {"nJy": 1.0, "uJy": 1e3, "mJy": 1e6, "Jy": 1e9, "erg/s/cm2/Hz": 1e32}


@dataclass(frozen=True, kw_only=True)
class Style:
    """How to write: form of the file, units as text, separator, where names and units stand, and small habits."""

    form: str = "text"
    wave_unit: str = "A"
    flux_unit: str = "erg/s/cm2/A"
    err_unit: str = ""
    separator: str = " "
    head: str = "names"
    comma: bool = False
    fortran: bool = False
    medium: str = ""
    reverse: bool = False
    extra: bool = False


def in_unit(values, unit):
    """Flux densities (n_wave,) [erg s-1 cm-2 A-1] in a unit of astropy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return (values * DENSITY).to_value(units.Unit(unit), units.spectral_density(WAVE * units.AA))


def spectrum(folder, style):
    """Write the spectrum; return what sn.toml must say of it."""
    wave = (air_of(WAVE) if style.medium == "air" else WAVE) * WAVE_UNITS[style.wave_unit]
    flux = in_unit(FLUX, FLUX_UNITS[style.flux_unit])
    if style.err_unit == "percent":
        err = 100.0 * ERR / FLUX
    else:
        err = in_unit(ERR, FLUX_UNITS[style.err_unit or style.flux_unit])
    columns = {"wavelength": wave, "flux": flux, "flux_err": err}
    if style.extra:
        columns = {"pixel": np.arange(WAVE.size, dtype=float), **columns, "sky": 3.0 * flux}
    if style.reverse:
        columns = {name: values[::-1] for name, values in columns.items()}
    stated = {"wavelength": style.wave_unit, "flux": style.flux_unit, "flux_err": style.err_unit or style.flux_unit}
    form, entry = style.form, {"mjd": MJD}
    if style.medium:
        entry["medium"] = style.medium
    if form in ("votable", "ascii.ecsv", "fits"):
        said = {name: FLUX_UNITS.get(unit, {"A": "Angstrom", "microns": "micron"}.get(unit, unit))
                for name, unit in stated.items()}  # fmt: skip
        _write_table(folder / "spectra" / "s.dat", Table(columns), said, form)
    else:
        text, keys = _text(columns, stated, style, "wavelength")
        entry |= keys
        _write_text(folder / "spectra" / "s.dat", text, form)
    return entry


def photometry(folder, style, quantity):
    """Write the photometry as "mag", "flux" or "zp"; return what sn.toml must say of it."""
    columns = {"mjd": list(DATES), "band": list(BANDS)}
    stated = {}
    entry = {"file": "phot.dat"}
    if style.form == "snana":
        # What names no system is in that usual for its band.
        scale = [10.0 ** (0.4 * load_bands([band])[0].ab_offset * band.startswith("bessell")) for band in BANDS]
        zero = AB_ZERO_NJY * 10.0 ** (-0.4 * 27.5) / np.array(scale)
        rows = zip(DATES, BANDS, (POINTS / zero).tolist(), (POINT_ERRS / zero).tolist(), strict=True)
        lines = [f"OBS: {date!r} {band} {flux!r} {err!r}" for date, band, flux, err in rows]
        head = "SURVEY: MINE\nVARLIST: MJD FLT FLUXCAL FLUXCALERR"
        (folder / "phot.dat").write_text("\n".join([head, *lines, "END:"]) + "\n")
        return entry
    if quantity == "flux":
        unit = style.flux_unit if style.flux_unit in NJY_IN else "uJy"
        err_unit = {"percent": "percent", "": unit}.get(style.err_unit, "nJy")
        errors = 100.0 * POINT_ERRS / POINTS if err_unit == "percent" else POINT_ERRS / NJY_IN[err_unit]
        columns |= {"flux": POINTS / NJY_IN[unit], "flux_err": errors}
        stated = {"flux": unit, "flux_err": err_unit}
    elif quantity == "zp":
        zero = mag_to_njy([25.0, 23.9, 27.5])
        columns |= {"flux": POINTS / zero, "flux_err": POINT_ERRS / zero, "zp": [25.0, 23.9, 27.5], "zpsys": ["ab"] * 3}
    else:
        err = POINT_ERRS / POINTS / (0.4 * np.log(10.0))
        unit = "mmag" if style.err_unit == "percent" else "mag"
        columns |= {"mag": njy_to_mag(POINTS), "emag": err * (1e3 if unit == "mmag" else 1.0), "magsys": ["AB"] * 3}
        stated = {"mag": "mag", "emag": unit}
    if style.extra:
        columns["airmass"] = [1.1, 1.2, 1.3]
    if style.reverse:
        columns = {name: list(values)[::-1] for name, values in columns.items()}
    if style.form in ("votable", "ascii.ecsv", "fits"):
        said = {name: {"erg/s/cm2/Hz": "erg / (s cm2 Hz)"}.get(unit, unit) for name, unit in stated.items()}
        _write_table(folder / "phot.dat", Table(columns), said, style.form)
        return entry
    text, keys = _text(columns, stated, style, "mjd")
    _write_text(folder / "phot.dat", text, style.form)
    names = {"emag_unit": "mag_err_unit"}
    return entry | {names.get(key, key): value for key, value in keys.items() if key != "mag_unit"}


def how_written(form):
    """What `Table.write` must be told: astropy 6 writes numbers of numpy 2 as "np.float64(1.0)" into text VOTables."""
    return {"tabledata_format": "binary"} if form == "votable" and not minversion("astropy", "7") else {}


def _write_table(path, table, stated, form):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, unit in stated.items():
            table[name].unit = units.Unit(unit)
        out = io.BytesIO() if form != "ascii.ecsv" else io.StringIO()
        if form == "fits":
            fits.HDUList([fits.PrimaryHDU(), fits.table_to_hdu(table)]).writeto(out)
        else:
            table.write(out, format=form, **how_written(form))
    content = out.getvalue()
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _write_text(path, text, form):
    content = text.encode("utf-16") if form.endswith("utf-16") else text.encode()
    path.write_bytes(gzip.compress(content) if form.endswith("gz") else content)


def _text(columns, stated, style, first):
    """The table as text, and the keys of sn.toml for units that do not stand in it."""
    separator = ";" if style.comma and style.separator.strip() in (",", "|") else style.separator
    named = [f"{name} [{stated[name]}]" if name in stated else name for name in columns]
    keys, head = {}, separator.join(columns)
    if style.head in ("names", "comment", "hashes"):
        head = separator.join(named)
    elif style.head == "entry" or first != "wavelength":
        short = {"wavelength": "wave"}
        keys = {f"{short.get(name, name)}_unit": unit for name, unit in stated.items()}
    else:
        # Of the error no card is known, so it is in the unit of the flux or stated in the entry.
        head = f"# CUNIT1  = '{stated['wavelength']}'\n# BUNIT   = '{stated['flux']}' / of the flux\n{head}"
        keys = {"flux_err_unit": stated["flux_err"]}
    if style.head == "comment":
        head = f"# a table\n# {head}"
    elif style.head == "hashes":
        head = f"###{head}"
    lines = [separator.join(_cell(value, style) for value in row) for row in zip(*columns.values(), strict=True)]
    return "\n".join([head, *lines, ""]), keys


def _cell(value, style):
    if isinstance(value, str):
        return value
    text = f"{float(value):.17e}" if style.fortran else repr(float(value))
    text = text.replace("e", "D") if style.fortran else text
    return text.replace(".", ",") if style.comma else text
