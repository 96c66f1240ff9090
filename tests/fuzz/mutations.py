"""Structure-aware mutations of input files: of bytes, lines, words, JSON values, table cells and FITS headers."""

import copy
import gzip
import io
import json
import re
import sqlite3
from functools import cache, lru_cache

import numpy as np

ODD_NUMBERS = (
    0, -1, 1, 2, 1e-300, 1e300, -1e300, float("nan"), float("inf"), float("-inf"), 2**31, 2**63, -(2**63), 2**64,
    10**400, 0.1, 1e5, 2456000.5, 5e-324, -0.0,
)  # fmt: skip
ODD_WORDS = (
    "", "nan", "inf", "-inf", "1e999", "-1e999", "-1", "0", "1e-320", "99999999999999999999", "0x10", "1_000", "1,5",
    "--", "None", "true", "é", "\u0661", "²", "\x00", "\u2028", "a" * 300, "../../etc/passwd", "/etc/passwd", "~", "*",
    "**", "[", "]", "{", "{}", "[]", '"', "'", "#", "=", "%s", "\\", "1979-05-27", "-0", "+1", ".", "1e", "Infinity",
    "\ufeff", "\r", "S:",
)  # fmt: skip
ODD_VALUES = (None, True, False, "", [], {}, [[]], [None], {"": None}, "text", "1e999", "\ud800", *ODD_NUMBERS)
ODD_CELLS = (
    None, b"\x00\xff", "é", "", "nan", "g", -1, 0, 1e300, -1e300, 5e-324, float("inf"), float("-inf"), 2**62, "1e999",
    "\x00",
)  # fmt: skip


UNITS = (
    "A", "nm", "micron", "km/s", "erg/s/cm2/A", "1e-17 erg/s/cm2/A", "erg/s/cm2/nm", "mJy", "uJy", "percent", "mag",
    "mag(AB)", "mmag", "s", "d", "1", "10**-2", "adu", "furlong", "", "hourangle", "erg/s/cm2/Hz", "((", "1e999 Jy",
)  # fmt: skip
HEADERS = (
    "MJD = 60001.5", "MJD-OBS = 6.00015e4", "MJD = 60,001.5", "MJD-OBS = 0", "MJD = 59000", "B maximum: MJD 59990.0",
    "DATE-OBS = '2023-02-26T12:00:00'", "DATE-OBS = '26/02/23'", "JD = 2460002.0", "MJD = 1e999", "MJD = -5", "MJD =",
    "wave [nm] flux [mJy]", "wavelength flux", "pixel wave flux", "x y", "flux unit: mJy", "BUNIT = 'uJy'",
    "CUNIT1 = 'nm'", "wavelengths in air", "WAT1_001= 'units=angstroms'", "filter B", "VARLIST: MJD FLT",
    "all are f_nu",
)  # fmt: skip
FLAGS = ("upperlimit", "limit", "detected", "l_mag", "system", "zpsys", "zp", "emag", "flux_err", "mag [mmag]", "jd")
FLAG_CELLS = ("True", "False", "1", "0", "", ">", "yes", "AB", "vega2", "25", "perhaps", "nan")


def pick(rng, options):
    return options[int(rng.integers(len(options)))]


def of_bytes(rng, raw):
    """Flip, cut, repeat or insert bytes."""
    raw = bytearray(raw)
    for _ in range(int(rng.integers(1, 6))):
        at = int(rng.integers(len(raw) + 1))
        length = int(min(2 ** rng.integers(0, 12), len(raw)))
        kind = rng.integers(6)
        if kind == 0 and at < len(raw):
            raw[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del raw[at : at + length]
        elif kind == 2:
            raw[at:at] = raw[at : at + length]
        elif kind == 3:
            raw[at:at] = rng.bytes(int(rng.integers(1, 9)))
        elif kind == 4:
            raw = raw[:at]
        elif at < len(raw):
            raw[at] = pick(rng, (0, 255, 10, 13, 32, 34, 35, 44, 45, 48, 57, 92, 128))
    return bytes(raw)


def of_text(rng, text):
    """Change words or lines of a text."""
    for _ in range(int(rng.integers(1, 4))):
        lines = text.split("\n")
        at, other = (int(i) for i in rng.integers(len(lines), size=2))
        kind = rng.integers(10)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, lines[other])
        elif kind == 2:
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == 3:
            lines[at] = lines[at][: int(rng.integers(len(lines[at]) + 1))]
        elif kind == 4:
            lines = lines[:at]
        else:
            words = re.split(r"([\s,=\[\]{}\"]+)", lines[at])
            place = int(rng.integers(len(words)))
            words[place] = pick(rng, ODD_WORDS) if rng.integers(3) else repr(pick(rng, ODD_NUMBERS))
            lines[at] = "".join(words)
        text = "\n".join(lines)
    return text


def of_table_text(rng, text):
    """Change what a table says of itself: units in its names, lines of its header, flags and dates."""
    lines = text.split("\n")
    at = int(rng.integers(min(len(lines), 6)))
    kind = rng.integers(4)
    if kind == 0:
        lines.insert(at, ("# " if rng.integers(4) else "") + pick(rng, HEADERS))
    elif kind == 1:
        words = re.split(r"([,;\t ]+)", lines[at])
        place = int(rng.integers(len(words)))
        words[place] += pick(rng, (" [{}]", " ({})", "_{}", "[{}]")).format(pick(rng, UNITS))
        lines[at] = "".join(words)
    elif kind == 2:
        named = next((i for i, line in enumerate(lines) if "," in line and not line.startswith("#")), 0)
        lines[named] += f",{pick(rng, FLAGS)}"
        lines[named + 1 :] = [f"{line},{pick(rng, FLAG_CELLS)}" if line else line for line in lines[named + 1 :]]
    else:
        separator = pick(rng, (";", "\t", " ", "|", ","))
        lines = [line if line.startswith("#") else line.replace(",", separator) for line in lines]
    return "\n".join(lines)


def text_or_bytes(rng, raw):
    """A text file with a change of words mostly, of what it says of itself often, of bytes sometimes."""
    if rng.integers(5) == 0:
        return of_bytes(rng, raw)
    if rng.integers(3) == 0:
        return of_table_text(rng, raw.decode("utf-8")).encode("utf-8", "surrogatepass")
    return of_text(rng, raw.decode("utf-8")).encode("utf-8", "surrogatepass")


def _places(value, found):
    """Every container of a JSON value with every key of it."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        found.append((value, key))
        if isinstance(value[key], (dict, list)):
            _places(value[key], found)
    return found


def of_json(rng, raw):
    """Replace, delete, copy or wrap values of a JSON text."""
    if rng.integers(8) == 0:
        return of_bytes(rng, raw)
    value = json.loads(raw)
    for _ in range(int(rng.integers(1, 5))):
        places = _places(value, [])
        if not places:
            break
        # Half of the changes near the root, where a table of many numbers would hide it.
        shallow = places[: max(40, len(places) // 20)]
        holder, key = pick(rng, shallow if rng.integers(2) else places)
        kind = rng.integers(6)
        if kind == 0:
            del holder[key]
        elif kind == 1:
            other, name = pick(rng, places)
            if name in other if isinstance(other, dict) else name < len(other):
                holder[key] = copy.deepcopy(other[name])
        elif kind == 2:
            holder[key] = [holder[key]]
        elif kind == 3 and isinstance(holder[key], str):
            holder[key] = pick(rng, ODD_WORDS)
        else:
            holder[key] = copy.deepcopy(pick(rng, ODD_VALUES))
    return json.dumps(value).encode("utf-8", "surrogatepass")


def of_gzip(rng, raw, inner):
    """Change what is in a gzip file, or the file."""
    if rng.integers(4) == 0:
        return of_bytes(rng, raw)
    return gzip.compress(inner(rng, gzip.decompress(raw)), 1)


def of_fits(rng, raw):
    """Change cards, cells, columns and HDUs with astropy, and bring the checksums up to date; or change bytes."""
    if rng.integers(4) == 0:
        return of_bytes(rng, raw)
    # Only what changes is read and written again, which is most of the time of a case.
    hdus = list(_hdus_of(raw))
    fresh = bool(rng.integers(10))
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(len(hdus)))
        kind = int(rng.integers(7))
        if kind == 0 and at:
            del hdus[at]
        elif kind == 1 and at:
            hdus.append(hdus[at])
        else:
            try:
                hdus[at] = _changed_hdu(hdus[at], fresh, lambda hdu, kind=kind: _change_hdu(rng, kind, hdu))
            except Exception:
                continue  # astropy refuses to make such a file
    if len(hdus) != len(_hdus_of(raw)) and b"NHDU    =" in hdus[0] and rng.integers(2):
        hdus[0] = _changed_hdu(hdus[0], fresh, lambda hdu: hdu.header.set("NHDU", len(hdus)))
    return b"".join(hdus)


FITS_CARDS = (
    "0", "1", "-1", "2", "T", "F", "'x'", "''", "1E300", "1E999", "nan", "99999999999999999999", "'1E'", "'20A'",
    "'0E'", "'99999999D'", "'1PE(9)'", "'1X'", "'3M'", "'Angstrom'", "'1E-17 erg/s'", "((", "'a''b'", "'BINTABLE'",
)  # fmt: skip
"""Values as they stand in a card, also such as astropy never writes: formats of columns, unfinished text."""


def of_cards(rng, raw):
    """Change cards, cells and blocks of a FITS file as bytes: a twentieth of the time of `of_fits`, and more damage."""
    raw = bytearray(raw)
    for _ in range(int(rng.integers(1, 4))):
        cards = _cards_of(bytes(raw))
        kind = int(rng.integers(6))
        at = pick(rng, cards) if cards else 0
        if kind < 2 and cards:
            raw[at + 8 : at + 80] = b"= " + pick(rng, FITS_CARDS).rjust(20).ljust(70).encode()
        elif kind == 2 and cards:
            raw[at : at + 80] = (
                b"COMMENT".ljust(80) if rng.integers(2) else bytes(raw[(b := pick(rng, cards)) : b + 80])
            )
        elif kind == 3 and cards:
            raw[at : at + 8] = pick(rng, FITS_KEYS).ljust(8).encode()
        elif kind == 4 and raw:
            # A number of the data, as many bytes as a float has.
            place = int(rng.integers(len(raw))) // 4 * 4
            word = np.array([pick(rng, ODD_FLOATS)], dtype=pick(rng, (">f4", ">f8"))).tobytes()
            raw[place : place + len(word)] = word
        else:
            block = int(rng.integers(len(raw) // 2880 + 1)) * 2880
            raw[block : block + 2880] = b"" if rng.integers(2) else bytes(raw[block : block + 2880]) * 2
    return bytes(raw)


FITS_KEYS = ("NAXIS", "NAXIS1", "TFORM1", "TTYPE2", "TUNIT1", "TSCAL1", "TZERO2", "TNULL1", "TDIM1", "BITPIX", "PCOUNT",
             "GCOUNT", "TFIELDS", "MJD-OBS", "BSCALE", "BLANK", "XTENSION", "ZIMAGE", "GROUPS", "END", "CONTINUE",
             "HIERARCH", "", "\x00")  # fmt: skip
ODD_FLOATS = (0.0, -1.0, 1e-38, 1e38, -1e38, np.nan, np.inf, -np.inf, 1e-45)


@lru_cache(64)
def _cards_of(raw):
    """Where the cards of all headers begin."""
    cards, header = [], False
    for at in range(0, len(raw) - 79, 80):
        card = raw[at : at + 8]
        header = header or (at % 2880 == 0 and card in (b"SIMPLE  ", b"XTENSION"))
        if header:
            cards.append(at)
        header = header and card != b"END     "
    return cards


@cache
def _hdus_of(raw):
    """Bytes of every HDU of a file."""
    from astropy.io import fits

    with fits.open(io.BytesIO(raw)) as opened:
        places = [hdu.fileinfo() for hdu in opened]
    return tuple(raw[place["hdrLoc"] : place["datLoc"] + place["datSpan"]] for place in places)


def _changed_hdu(raw, fresh, change):
    """Bytes of an HDU after a change, with new checksums where ``fresh``."""
    from astropy.io import fits

    kinds = ((b"SIMPLE", fits.PrimaryHDU), (b"XTENSION= 'BINTABLE'", fits.BinTableHDU), (b"", fits.ImageHDU))
    (kind, *_) = [kind for begin, kind in kinds if raw.startswith(begin)]
    # A copy, since what is read is read-only.
    hdu = kind.fromstring(raw).copy()
    change(hdu)
    primary = kind is fits.PrimaryHDU
    out = io.BytesIO()
    fits.HDUList([hdu] if primary else [fits.PrimaryHDU(), hdu]).writeto(out, checksum=fresh, output_verify="ignore")
    return out.getvalue()[0 if primary else _primary_size(fresh) :]


@cache
def _primary_size(fresh):
    """Length of the empty HDU before an extension."""
    from astropy.io import fits

    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.zeros(1))]).writeto(out, checksum=fresh)
    with fits.open(io.BytesIO(out.getvalue())) as opened:
        return opened[1].fileinfo()["hdrLoc"]


def _change_hdu(rng, kind, hdu):
    """Change a card (kinds up to 3), the name of a column (4), the shape of an image (5) or a value."""
    from astropy.io import fits

    if kind in (0, 1, 2):
        key = pick(rng, [key for key in hdu.header if key not in ("", "COMMENT", "HISTORY")])
        # astropy counts up to NAXIS when it writes.
        odd = (
            (0, 1, 3, "x", -1, True)
            if key == "NAXIS"
            else ("", "x", "F", True, -1, 0, 2, 1e300, 2**40, "../x", "Angstrom", "a" * 60)
        )
        hdu.header[key] = pick(rng, odd)
    elif kind == 3:
        del hdu.header[pick(rng, list(hdu.header))]
    elif isinstance(hdu, fits.BinTableHDU) and kind == 4:
        names = list(hdu.columns.names)
        old = pick(rng, names)
        hdu.columns.change_name(old, pick(rng, [*names, "X", "", old.lower()]))
    elif isinstance(hdu, fits.BinTableHDU):
        column = hdu.data[pick(rng, list(hdu.columns.names))]
        column[int(rng.integers(len(column)))] = pick(rng, ODD_NUMBERS if column.dtype.kind in "fiu" else ODD_WORDS)
    elif hdu.data is not None:
        flat = hdu.data.reshape(-1)
        if kind == 5:
            hdu.data = flat if rng.integers(2) else hdu.data[..., : int(rng.integers(1, 5))]
        else:
            flat[int(rng.integers(flat.size))] = pick(rng, ODD_NUMBERS)


def of_sqlite(rng, raw, path):
    """Change cells, columns or tables of a database with SQL; or bytes."""
    if rng.integers(4) == 0:
        return of_bytes(rng, raw)
    path.write_bytes(raw)
    database = sqlite3.connect(path)
    table = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchone()[0]
    for _ in range(int(rng.integers(1, 4))):
        columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
        column = pick(rng, columns)
        kind = rng.integers(8)
        where = "" if rng.integers(4) == 0 else f" WHERE rowid = {int(rng.integers(1, 13))}"
        value = pick(rng, ODD_CELLS)
        try:
            if kind == 0:
                database.execute(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
            elif kind == 1:
                new = pick(rng, [*columns, "x", "filter", "MJD", "a b", "é", 'a"b'])
                database.execute(f'ALTER TABLE "{table}" RENAME COLUMN "{column}" TO "{new.replace(chr(34), "")}"')
            elif kind == 2:
                database.execute(f'DELETE FROM "{table}"{where}')
            else:
                database.execute(f'UPDATE "{table}" SET "{column}" = ?{where}', (value,))
        except sqlite3.Error:
            continue  # SQLite refuses; the database is as it was
    database.commit()
    database.close()
    return path.read_bytes()


def of_parquet(rng, raw):
    """Change columns, types, cells and metadata of a Parquet file; or bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if rng.integers(3) == 0:
        return of_bytes(rng, raw)
    table = pq.read_table(io.BytesIO(raw))
    for _ in range(int(rng.integers(1, 3))):
        at = int(rng.integers(table.num_columns))
        name, column = table.column_names[at], table.column(at)
        kind = rng.integers(7)
        try:
            if kind == 0:
                table = table.remove_column(at)
            elif kind == 1:
                table = table.rename_columns([*table.column_names[:at], pick(rng, ("x", "", *table.column_names)),
                                              *table.column_names[at + 1 :]])  # fmt: skip
            elif kind == 2 and table.schema.metadata:
                key = pick(rng, list(table.schema.metadata))
                changed = text_or_bytes(rng, table.schema.metadata[key]) if rng.integers(2) else of_json(
                    rng, table.schema.metadata[key])  # fmt: skip
                table = table.replace_schema_metadata({key: changed})
            elif kind == 3:
                table = table.set_column(at, name, column.cast(pick(rng, (pa.string(), pa.int32(), pa.float32()))))
            elif kind == 4:
                values = column.to_pylist()
                values[int(rng.integers(len(values)))] = None
                table = table.set_column(at, name, pa.array(values, column.type))
            elif kind == 5:
                table = table.slice(0, int(rng.integers(table.num_rows + 1)))
            else:
                table = table.set_column(at, name, _with_odd_cell(rng, column))
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            continue  # Arrow refuses to make such a table
        if not table.num_columns:
            return of_bytes(rng, raw)
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _with_odd_cell(rng, column):
    import pyarrow as pa

    values = column.to_pylist()
    row = int(rng.integers(len(values)))
    holder, key = values, row
    while isinstance(holder[key], (dict, list)) and holder[key]:
        holder = holder[key]
        key = pick(rng, list(holder) if isinstance(holder, dict) else list(range(len(holder))))
        if rng.integers(4) == 0:
            break
    holder[key] = pick(rng, (None, "x", [], *(n for n in ODD_NUMBERS if np.isfinite(float(min(abs(n), 1e308))))))
    return pa.array(values, column.type)
