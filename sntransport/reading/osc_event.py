"""An event of the Open Supernova Catalog: from gzip and JSON to redshift, distance, dust, class and date."""

import datetime
import gzip
import json
import math
import re
import statistics
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sntransport._numerics.units import MJD_OF_ORDINAL_0
from sntransport._storage.contents import MAX_BYTES, MAX_JSON_BYTES, json_memory
from sntransport._storage.read_error import ReadError, number, text
from sntransport.reading.account import Account, Facts, distance_from_z, modulus_of, z_of
from sntransport.spectra.ranges import LARGEST_EBV, LARGEST_Z

_GZIP_MAGIC = b"\x1f\x8b"
_FITS = b"SIMPLE  ="
_AGAIN = "download it again"
# Endings of tables and settings, which nobody gives to a file of the catalog.
_TABLES = {".csv", ".ecsv", ".txt", ".dat", ".ascii", ".tsv", ".toml", ".xml", ".vot"}


def load_event(path: Path, name: str | None = None, max_bytes: int = MAX_BYTES) -> tuple[str, Mapping[str, Any]]:
    """Load one event of a catalog file.

    Parameters
    ----------
    path : Path
        JSON, gzipped or not.
    name : str or None
        Which event, where the file holds several: its name or an alias.
    max_bytes : int
        Most that is read, after decompression.

    Returns
    -------
    name : str
    entry : mapping
        With a list of spectra that is not empty.

    Raises
    ------
    ReadError
        Where the file cannot be read, is not JSON, or has another shape.
    """
    catalog = _parse(path, _content(path, max_bytes))
    events = _events(path, catalog)
    found, entry = _pick(path, events, name)
    spectra = entry.get("spectra")
    if not isinstance(spectra, list) or not spectra:
        raise ReadError(path, f"{found} has no spectra (field spectra)", "choose a supernova with spectra")
    return found, entry


def _content(path: Path, max_bytes: int) -> bytes:
    """Bytes of the file, decompressed."""
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            content = gzip.GzipFile(fileobj=file).read(max_bytes + 1) if zipped else file.read(max_bytes + 1)
    except EOFError:
        raise ReadError(path, "the gzip file is truncated", _AGAIN) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ReadError(path, f"the gzip file is damaged ({error})", _AGAIN) from None
    if len(content) > max_bytes:
        raise ReadError(path, f"more than {max_bytes / 2**20:g} MiB of text", "split it into one event per file")
    if not content.strip():
        raise ReadError(path, "the file is empty", _AGAIN)
    if path.suffix.lower() == ".gz" and not zipped and not _is_html(content):
        remedy = "rename it if it was decompressed on the way, else download it again"
        raise ReadError(path, f"not gzip in spite of its name (it begins with {content[:12]!r})", remedy)
    return content


def _is_json_name(path: Path) -> bool:
    return ".json" in (suffix.lower() for suffix in path.suffixes)


def _is_html(content: bytes) -> bool:
    return content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def _parse(path: Path, content: bytes) -> Any:
    if content.startswith(_FITS):
        raise ReadError(
            path, "a FITS file, no supernova",
            "a series file is read by read_series, and by the commands report, photometry and export; a spectrum goes "
            "into a folder with sn.toml",
        )  # fmt: skip
    if _is_html(content):
        raise ReadError(path, "an HTML or XML page, not JSON", "download the raw file instead of the page about it")
    if (needed := json_memory(content)) > MAX_JSON_BYTES:
        wrong = f"its {len(content) / 2**20:.0f} MiB of JSON would take about {needed / 2**30:.1f} GiB of memory"
        raise ReadError(path, wrong, f"at most {MAX_JSON_BYTES / 2**30:g} are read: split it into one event per file")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")) and not _is_json_name(path):
            remedy = (
                "put photometry and spectra into a folder, which sntransport init FOLDER begins, and give the folder"
            )
            raise ReadError(path, "a spectrum, a table or other text, no supernova", remedy) from None
        table = path.suffix.lower() in _TABLES
        remedy = "put photometry and spectra into a folder with sn.toml and give the folder" if table else _AGAIN
        raise ReadError(path, f"not valid JSON ({error})", remedy) from None
    except UnicodeDecodeError as error:
        raise ReadError(path, f"not UTF-8 text (byte {error.start})", "give a JSON file") from None
    except RecursionError:
        raise ReadError(path, "JSON nested too deeply", "give an Open Supernova Catalog file") from None
    except ValueError as error:  # an integer of thousands of digits
        raise ReadError(path, f"not valid JSON ({error})", _AGAIN) from None


def _events(path: Path, catalog: Any) -> dict[str, Mapping[str, Any]]:
    """Events by name; a bare event, without its name above it, is one too."""
    remedy = "give an Open Supernova Catalog file: {NAME: {..., 'spectra': [...]}}"
    if not isinstance(catalog, dict):
        raise ReadError(path, f"the JSON is a {type(catalog).__name__}, not an event", remedy)
    if any(isinstance(catalog.get(field), list) for field in ("spectra", "photometry")):
        return {text(catalog.get("name")) or path.name.split(".json")[0]: catalog}
    events: dict[str, Mapping[str, Any]] = {key: value for key, value in catalog.items() if isinstance(value, dict)}
    if not events:
        raise ReadError(path, "the JSON holds no event", remedy)
    return events


def _pick(path: Path, events: Mapping[str, Mapping[str, Any]], name: str | None) -> tuple[str, Mapping[str, Any]]:
    if len(events) == 1:
        ((key, entry),) = events.items()
        return _clean_name(key, entry), entry
    names = sorted(_clean_name(key, entry) for key, entry in events.items())
    listing = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    if name is None:
        raise ReadError(path, f"holds {len(events)} events ({listing})", "pick one with name=")
    for key, entry in events.items():
        if _spelled(name) in map(_spelled, (key, _clean_name(key, entry), *aliases_listed(entry))):
            return _clean_name(key, entry), entry
    raise ReadError(path, f"holds no event {name!r}", f"pick one of: {listing}")


def _spelled(name: str) -> str:
    """A name without what its spellings differ in."""
    return re.sub(r"[\s_-]", "", name).lower()


def _clean_name(key: str, entry: Mapping[str, Any]) -> str:
    """The event's name without markup."""
    return text(entry.get("name")) or text(key) or "unnamed"


Entry = Mapping[str, Any]

_MPC = {"": 1.0, "mpc": 1.0, "kpc": 1e-3, "pc": 1e-6, "gpc": 1e3}
_PECULIAR = 0.01
# A supernova that comes nearer by 6000 km/s is a mistake of the catalog.
_LEAST_Z = -0.02


def complete(path: object, entry: Entry, facts: Facts, account: Account) -> Facts:
    """Fill in from the entry what the caller does not know.

    Parameters
    ----------
    path : object
        The file, for messages.
    entry : mapping
        One supernova of the catalog.
    facts : Facts
        What the caller gave; it wins.
    account : Account
        Receives what was chosen or assumed.

    Returns
    -------
    Facts
        ``mjd_ref`` stays None where no discovery date is known.

    Raises
    ------
    ReadError
        Where there is no redshift, or no distance and the redshift is too small to tell it.
    """
    z = redshift(path, entry, account) if facts.z is None else facts.z
    own = Facts(
        sn_type=claimed_type(entry, account) if facts.sn_type is None else None,
        z=z,
        distance_modulus=distance_modulus(path, entry, z, account) if facts.distance_modulus is None else None,
        ebv_mw=milky_way_dust(entry, account) if facts.ebv_mw is None else None,
        aliases=tuple(name for name in aliases_listed(entry) if name != facts.name),
    )
    if facts.mjd_ref is None and (date := discovery(entry, account)) is not None:
        return facts.over(Facts(mjd_ref=date, mjd_ref_meaning="discovery").over(own))
    return facts.over(own)


def aliases_listed(entry: Entry) -> tuple[str, ...]:
    """All names that the entry lists, without markup, each once."""
    listed = (text(quantity.get("value")) for field in ("alias", "aliases") for quantity in quantities(entry, field))
    return tuple(dict.fromkeys(name for name in listed if name))


def redshift(path: object, entry: Entry, account: Account) -> float:
    """Heliocentric redshift: the first listed, else from the host or a velocity."""
    values = [(number(q.get("value")), text(q.get("kind")).lower()) for q in quantities(entry, "redshift")]
    credible = [(z, kind) for z, kind in values if _LEAST_Z < z <= LARGEST_Z]
    _note_absurd("redshift", [z for z, _ in values if not _LEAST_Z < z <= LARGEST_Z], account)
    # Stable: the catalog's order decides within a rank.
    ranked = sorted(credible, key=lambda pair: _redshift_rank(pair[1]))
    if ranked:
        z, kind = ranked[0]
        others = [other for other, _ in credible if abs(other - z) > 3e-4]
        if others:
            span = ", ".join(f"{other:g}" for other in sorted(set(others))[:5])
            account.note(f"redshift {z:g} taken, the first listed; also listed: {span}")
        if kind in ("cmb", "photometric"):
            account.note(f"redshift {z:g} is marked {kind}, not heliocentric")
        return z
    for field in ("hostredshift", "velocity", "hvel", "hostvelocity"):
        for quantity in quantities(entry, field):
            value = number(quantity.get("value"))
            z = value if field == "hostredshift" else z_of(value)
            if _LEAST_Z < z <= LARGEST_Z:
                account.note(f"redshift {z:.6g} from field {field}: no field redshift")
                return z
    raise ReadError(path, "no redshift (field redshift)", "pass z=")


def distance_modulus(path: object, entry: Entry, z: float, account: Account) -> float:
    """Distance modulus [mag]: median of the measured distances, else the catalog's derived ones, else from ``z``."""
    for derived in (False, True):
        for field in ("lumdist", "hostlumdist"):
            found = [mpc for mpc, is_derived in _distances(entry, field) if is_derived == derived]
            if found:
                mpc = statistics.median(found)
                how = "which the catalog derived from the redshift" if derived else f"median of {len(found)}"
                account.note(f"distance {mpc:.4g} Mpc (field {field}, {how})")
                if derived and z < _PECULIAR:
                    account.note("so near, a redshift tells little of the distance: pass distance_modulus=")
                return modulus_of(mpc)
    return distance_from_z(path, z, account)


def milky_way_dust(entry: Entry, account: Account) -> float:
    """Milky Way E(B-V) [mag]; 0, with a note, where it is missing."""
    values = [number(quantity.get("value")) for quantity in quantities(entry, "ebv")]
    _note_absurd("ebv", [value for value in values if not 0 <= value <= LARGEST_EBV], account)
    for value in values:
        if 0 <= value <= LARGEST_EBV:
            return value
    account.note("Milky Way dust: E(B-V) = 0 assumed, the input has none (field ebv); pass ebv_mw=")
    return 0.0


def claimed_type(entry: Entry, account: Account) -> str:
    """The first claimed class; other claims are noted."""
    claims = [claim for q in quantities(entry, "claimedtype") if (claim := text(q.get("value")))]
    if not claims:
        account.note("class not known; pass sn_type=")
        return ""
    others = sorted(set(claims) - {claims[0]})
    if others:
        account.note(f"class {claims[0]!r} taken, the first claimed; also claimed: {', '.join(map(repr, others))}")
    return claims[0]


def discovery(entry: Entry, account: Account) -> float | None:
    """MJD of discovery, the earliest of those known to the day; None where there is none."""
    dates = [parsed for q in quantities(entry, "discoverdate") if (parsed := calendar_date(q.get("value")))]
    if not dates:
        return None
    mjd, to_the_day = min(dates)
    if to_the_day:
        account.note(f"phase 0 is the discovery, MJD {mjd:g}, known to the day only")
    return mjd


def calendar_date(value: object) -> tuple[float, bool] | None:
    """MJD of 'YYYY/MM/DD' with or without a fraction of a day, and whether it has none; None where it is no date."""
    match = re.fullmatch(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})(\.\d+)?", text(value))
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups()[:3])
    try:
        whole = datetime.date(year, month, day).toordinal() + MJD_OF_ORDINAL_0
    except ValueError:
        return None
    return whole + float(match[4] or 0.0), match[4] is None


def quantities(entry: Entry, field: str) -> Iterator[Entry]:
    """The values of a field, whether it is a list of quantities, one of them or a bare value."""
    value = entry.get(field)
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item
        elif item is not None:
            yield {"value": item}


def _note_absurd(field: str, values: list[float], account: Account) -> None:
    """Note values of a field that cannot be what its name says, instead of leaving them out in silence."""
    known = [f"{value:g}" for value in values if math.isfinite(value)]
    if known:
        account.note(f"{field} {', '.join(known[:5])} not used: out of range (field {field})")


def _redshift_rank(kind: str) -> int:
    return 0 if kind == "heliocentric" else 2 if kind in ("cmb", "photometric") else 1


def _distances(entry: Entry, field: str) -> Iterator[tuple[float, bool]]:
    """Distances [Mpc] and whether the catalog derived them; its first version marked that by the source D."""
    for quantity in quantities(entry, field):
        unit = text(quantity.get("u_value")).lower()
        mpc = number(quantity.get("value")) * _MPC.get(unit, math.nan)
        if 1e-3 < mpc < 1e5:
            yield mpc, bool(quantity.get("derived")) or quantity.get("source") == "D"
