"""Open Supernova Catalog files as text on disk: gzip, JSON, and one event of it."""

import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sntransport._storage.read_error import MAX_BYTES, ReadError, text
from sntransport.osc_facts import quantities

_GZIP_MAGIC = b"\x1f\x8b"
_AGAIN = "download it again"


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


def _is_html(content: bytes) -> bool:
    return content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def _parse(path: Path, content: bytes) -> Any:
    if _is_html(content):
        raise ReadError(path, "an HTML or XML page, not JSON", "download the raw file instead of the page about it")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ReadError(path, f"not valid JSON ({error})", _AGAIN) from None
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
        aliases = {
            text(quantity.get("value")) for field in ("alias", "aliases") for quantity in quantities(entry, field)
        }
        if name in {key, _clean_name(key, entry)} | aliases:
            return _clean_name(key, entry), entry
    raise ReadError(path, f"holds no event {name!r}", f"pick one of: {listing}")


def _clean_name(key: str, entry: Mapping[str, Any]) -> str:
    """The event's name without markup."""
    return text(entry.get("name")) or text(key) or "unnamed"
