"""Checks that built pages fetch nothing from the network: ``python docs/offline.py FOLDER``, called by ``make docs``.

Links that a reader may follow are fine; scripts, styles, fonts and pictures must come with the pages.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

OUTSIDE = re.compile(r"\s*(?:https?:)?//", flags=re.IGNORECASE)
FETCHED = {
    "script": ("src",), "img": ("src", "srcset"), "iframe": ("src",), "source": ("src", "srcset"), "embed": ("src",),
    "object": ("data",), "video": ("src", "poster"), "audio": ("src",), "link": ("href",), "use": ("href",),
}  # fmt: skip
"""Attributes of each element that a browser fetches by itself."""

HARMLESS = {"canonical", "next", "prev", "author", "license", "search", "index", "help", "bookmark"}
"""Kinds of <link> that are only followed by a reader."""

IN_STYLES = re.compile(r"""(?:@import\s+|url\(\s*)["']?((?:https?:)?//[^"')\s]+)""", flags=re.IGNORECASE)
IN_SCRIPTS = re.compile(
    r"""(?:\bimport\s*\(?|\bfetch\(|\bfrom\s|\.src\s*=|importScripts\()\s*["'`]((?:https?:)?//[^"'`]+)"""
)


class _Page(HTMLParser):
    """Collects what a page fetches from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inside = tag if tag in ("script", "style") else ""
        self.found += IN_STYLES.findall(given.get("style", ""))
        if tag == "link" and set(given.get("rel", "").split()) <= HARMLESS:
            return
        self.found += [given[name] for name in FETCHED.get(tag, ()) if OUTSIDE.match(given.get(name, ""))]

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found += (IN_STYLES if self._inside == "style" else IN_SCRIPTS).findall(data)


def fetched(path: Path) -> list[str]:
    """What one file of a site fetches from outside: addresses."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".html":
        page = _Page()
        page.feed(text)
        return page.found
    return (IN_STYLES if path.suffix == ".css" else IN_SCRIPTS).findall(text)


def check(folder: Path) -> Iterator[str]:
    """One line for every address that a page, style or script of the folder fetches from outside."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".html", ".css", ".js", ".mjs"):
            yield from (f"{path.relative_to(folder)} fetches {address}" for address in fetched(path))


def main(folder: str) -> int:
    """Print what is fetched from outside; the exit code says whether there is any."""
    root = Path(folder)
    if not any(root.glob("*.html")):
        print(f"{folder}: no pages here; build them first", file=sys.stderr)
        return 2
    found = list(check(root))
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
