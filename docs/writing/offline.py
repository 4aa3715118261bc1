"""Does a page of the site fetch anything from elsewhere?

    python -m docs.writing.offline build/docs

A reader behind a firewall sees the same site, and nobody outside learns who reads it.  Links may lead anywhere; what a
browser loads by itself may not.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

LOADS = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "link": "href",
}
_ELSEWHERE = re.compile(r"(?:[a-z]+:)?//", re.IGNORECASE)
_IN_STYLES = re.compile(r"""(?:@import\s+|url\()\s*["']?((?:https?:)?//[^"')\s]+)""")


class _Loads(HTMLParser):
    """Collects what a page has a browser load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get(LOADS.get(tag, ""))
        if address and _ELSEWHERE.match(address):
            self.found.append(address)


def from_elsewhere(site: Path) -> Iterator[str]:
    """Yield everything that is loaded from elsewhere, each with the file that wants it."""
    for page in sorted(site.rglob("*.html")):
        loads = _Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        yield from (f"{page}: {address}" for address in loads.found)
    for sheet in sorted(site.rglob("*.css")):
        yield from (f"{sheet}: {address}" for address in _IN_STYLES.findall(sheet.read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit("\n".join(from_elsewhere(Path(sys.argv[1]))) or 0)
