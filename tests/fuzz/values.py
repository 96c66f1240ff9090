"""An oracle for values: what a change of a file must do to what is read of it, or that it is refused.

Every case writes the supernova of `tests.support.written` in a style of chance, changes something whose effect is known
(the scale, a unit, the order of rows, columns that are added, flags, dates), and compares.
"""

import json
import shutil

import numpy as np
from astropy import units

from sntransport._numerics.units import njy_to_mag
from sntransport.reading.supernova import ReadError, read_supernova
from tests.fuzz.mutations import pick
from tests.support import written
from tests.support.written import Style

RIGHT_DATES = (
    "# MJD = 60010.25", "# mjd-obs: 6.001025e4", "# MJD = 60,010.25", "# MJD-AVG = 60010.25 / middle",
    "# DATE-OBS= '2023-03-07T06:00:00'", "# JD = 2460010.75", "# B maximum: MJD 59990.0\n# MJD-OBS = 60010.25",
    "# MJD = 6.001025D4",
)  # fmt: skip
WRONG_DATES = (
    "# MJD-OBS = 0", "# B maximum: MJD 60010.25", "# MJD = 60010.25\n# DATE-OBS= '2020-01-01'", "# MJD = soon",
    "# MJD = 60010.25\n# MJD = 60020.25", "",
)  # fmt: skip


def value_case(rng, folder):
    """One case: empty where what was read is right, or was refused where it may be; else what is wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "spectra").mkdir(parents=True)
    return pick(rng, (_style, _scale, _unit, _order, _flags, _date, _catalog))(rng, folder)


def _a_style(rng, forms, **fixed):
    made = {
        "form": pick(rng, forms), "wave_unit": pick(rng, list(written.WAVE_UNITS)),
        "flux_unit": pick(rng, list(written.FLUX_UNITS)), "err_unit": pick(rng, ["", "percent", *written.FLUX_UNITS]),
        "separator": pick(rng, written.SEPARATORS), "head": pick(rng, written.HEADS), "comma": bool(rng.integers(2)),
        "fortran": bool(rng.integers(2)), "medium": pick(rng, ["", "air", "vacuum"]), "reverse": bool(rng.integers(2)),
        "extra": bool(rng.integers(2)),
    }  # fmt: skip
    return Style(**made | fixed)


def _read(folder, entry, table):
    lines = ["[photometry]", *(f"{key} = {value!r}" for key, value in table.items()), "[[spectra]]"]
    lines += ['file = "spectra/s.dat"', *(f"{key} = {value!r}" for key, value in entry.items())]
    (folder / "sn.toml").write_text(written.TOML + "\n".join(lines) + "\n")
    return read_supernova(folder)


def _wrong(name, got, expected):
    """What is wrong with an array, empty where nothing is."""
    got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    if got.shape != expected.shape:
        return f"{name}: {got.size} values, expected {expected.size}"
    good = np.isclose(got, expected, rtol=1e-9, atol=0.0)
    return "" if good.all() else f"{name}: {got[~good][0]!r}, expected {expected[~good][0]!r}"


def _compared(sn, *, flux=written.FLUX, err=written.ERR, points=written.POINTS, point_errs=written.POINT_ERRS):
    if len(sn.spectra) != 1:
        return f"{len(sn.spectra)} spectra"
    spectrum, curve = sn.spectra[0], sn.light_curve
    return (
        _wrong("mjd", [spectrum.mjd], [written.MJD]) or _wrong("wave", spectrum.wave, written.WAVE)
        or _wrong("flux", spectrum.flux, flux) or _wrong("flux_err", spectrum.flux_err, err)
        or _wrong("points", curve.flux, points) or _wrong("errors of points", curve.flux_err, point_errs)
    )  # fmt: skip


def _style(rng, folder):
    entry = written.spectrum(folder, _a_style(rng, written.SPECTRUM_FORMS))
    style = _a_style(rng, written.PHOTOMETRY_FORMS)
    return _compared(_read(folder, entry, written.photometry(folder, style, pick(rng, ("mag", "flux", "zp")))))


def _scale(rng, folder):
    """Every number of the flux times a factor."""
    k = float(10.0 ** rng.uniform(-1, 1))
    style = _a_style(rng, ("text",), separator=",", comma=False, fortran=False, reverse=False, err_unit="", extra=False)
    entry = written.spectrum(folder, style)
    path = folder / "spectra" / "s.dat"
    lines = [_scaled(line, k) for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines))
    table = written.photometry(folder, _a_style(rng, written.PHOTOMETRY_FORMS), "mag")
    return _compared(_read(folder, entry, table), flux=k * written.FLUX, err=k * written.ERR)


def _scaled(line, k):
    cells = line.split(",")
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        return line
    return ",".join(map(repr, [numbers[0], *(k * number for number in numbers[1:])]))


def _unit(rng, folder):
    """Another unit of the flux is stated than the numbers are in: they scale by the ratio of the two."""
    style = _a_style(rng, ("text",), head="names", err_unit="", separator=",", medium="", reverse=False, extra=False)
    entry = written.spectrum(folder, style)
    other = pick(rng, [*written.FLUX_UNITS, "adu", "mag", "furlong", "km/s"])
    entry |= {"flux_unit": other, "flux_err_unit": other}
    table = written.photometry(folder, _a_style(rng, written.PHOTOMETRY_FORMS), "flux")
    if other not in written.FLUX_UNITS:
        try:
            sn = _read(folder, entry, table)
        except ReadError:
            return ""
        return "" if other == "adu" and not sn.spectra[0].calibrated else f"read with the unit {other}"
    ratio = written.in_unit(written.FLUX, written.FLUX_UNITS[style.flux_unit])
    flux = (ratio * units.Unit(written.FLUX_UNITS[other])).to_value(
        written.DENSITY, units.spectral_density(written.WAVE * units.AA)
    )
    sn = _read(folder, entry, table)
    return _compared(sn, flux=flux, err=written.ERR / written.FLUX * flux)


def _order(rng, folder):
    """Rows in another order, and some of the photometry twice."""
    style = _a_style(rng, ("text",), head=pick(rng, ("names", "comment", "hashes")))
    entry = written.spectrum(folder, style)
    table = written.photometry(folder, _a_style(rng, ("text",), head="names"), pick(rng, ("mag", "flux", "zp")))
    for path, again in ((folder / "spectra" / "s.dat", 0), (folder / "phot.dat", 2)):
        lines = path.read_text().splitlines()
        first = next(i for i, line in enumerate(lines) if i and not line.startswith("#"))
        rows = lines[first:]
        rows += [pick(rng, rows) for _ in range(again)]
        path.write_text("\n".join([*lines[:first], *(rows[i] for i in rng.permutation(len(rows)))]))
    return _compared(_read(folder, entry, table))


def _flags(rng, folder):
    """A column that flags upper limits: exactly the others are left."""
    entry = written.spectrum(folder, _a_style(rng, ("text",)))
    style = _a_style(rng, ("text",), head="names", separator=",", comma=False, reverse=False, extra=False)
    table = written.photometry(folder, style, pick(rng, ("mag", "flux", "zp")))
    yes, no = pick(rng, (("True", "False"), ("1", "0"), ("yes", ""), (">", "")))
    limit = rng.integers(2, size=len(written.DATES)).astype(bool)
    path = folder / "phot.dat"
    head, *rows = path.read_text().splitlines()
    name = pick(rng, ("upperlimit", "is_limit", "limit", "UL"))
    flagged = [f"{row},{yes if one else no}" for row, one in zip(rows, limit, strict=True)]
    path.write_text("\n".join([f"{head},{name}", *flagged]))
    try:
        sn = _read(folder, entry, table)
    except ReadError:
        return "" if limit.all() else "refused, though a row is a measurement"
    return _compared(sn, points=written.POINTS[~limit], point_errs=written.POINT_ERRS[~limit])


def _date(rng, folder):
    """A date in the header of the spectrum, right or wrong; ``mjd`` of the entry is left out."""
    entry = written.spectrum(folder, _a_style(rng, ("text",), head=pick(rng, ("names", "comment", "hashes"))))
    del entry["mjd"]
    right = bool(rng.integers(2))
    path = folder / "spectra" / "s.dat"
    path.write_text(pick(rng, RIGHT_DATES if right else WRONG_DATES) + "\n" + path.read_text())
    table = written.photometry(folder, _a_style(rng, written.PHOTOMETRY_FORMS), "mag")
    try:
        return _compared(_read(folder, entry, table)) or ("" if right else "a wrong date was read")
    except ReadError as error:
        return f"refused: {error}" if right else ""


def _catalog(rng, folder):
    """An event of the Open Supernova Catalog in other units, dates and order, with fields and rows that say nothing."""
    wave_unit = pick(rng, list(written.WAVE_UNITS))
    flux_unit = pick(rng, list(written.FLUX_UNITS))
    k = float(10.0 ** rng.uniform(-1, 1))
    values = k * written.in_unit(written.FLUX, written.FLUX_UNITS[flux_unit])
    errors = k * written.in_unit(written.ERR, written.FLUX_UNITS[flux_unit])
    table = np.column_stack([written.WAVE * written.WAVE_UNITS[wave_unit], values, errors])
    order = rng.permutation(len(table)) if rng.integers(2) else slice(None)
    as_jd = bool(rng.integers(2))
    spectrum = {
        "time": repr(written.MJD + (2400000.5 if as_jd else 0.0)), "u_time": "JD" if as_jd else "MJD",
        "u_wavelengths": wave_unit, "u_fluxes": flux_unit, "instrument": "X", "note": "of no meaning",
        "data": [[repr(float(cell)) for cell in row] for row in table[order]],
    }  # fmt: skip
    relative = written.POINT_ERRS / written.POINTS / (0.4 * np.log(10.0))
    rows = [
        {"time": repr(mjd), "u_time": "MJD", "band": band, "system": "AB", "telescope": telescope,
         "magnitude": repr(float(mag)), "e_magnitude": repr(float(err))}
        for mjd, band, telescope, mag, err in zip(
            written.DATES, "grV", ("ZTF", "ZTF", "T50"), njy_to_mag(written.POINTS), relative, strict=True)
    ]  # fmt: skip
    rows += [{**pick(rng, rows), "upperlimit": True, "time": "60005.5"} for _ in range(int(rng.integers(3)))]
    rows += [dict(pick(rng, rows[:3])) for _ in range(int(rng.integers(2)))]
    rows += [{**rows[0], "band": "G", "system": "Natural", "telescope": "T51"} for _ in range(int(rng.integers(2)))]
    event = {
        "name": "SN2099zz", "redshift": [{"value": "0.01"}], "lumdist": [{"value": "43", "u_value": "Mpc"}],
        "ebv": [{"value": "0"}], "spectra": [spectrum], "photometry": [rows[i] for i in rng.permutation(len(rows))],
    }  # fmt: skip
    path = folder / "sn.json"
    path.write_text(json.dumps({"SN2099zz": event}))
    return _compared(read_supernova(path), flux=k * written.FLUX, err=k * written.ERR)
