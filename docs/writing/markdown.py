"""How is a text put into Markdown, so that GitHub and the site show the same?"""

import re
from collections.abc import Iterable, Iterator, Sequence

PAGE = re.compile(r"\bdocs/([\w-]+)\.md\b")
_CODE = re.compile(r"(`[^`]*`)")


def cell(text: str) -> str:
    """Return a text as the cell of a table: on one line, and nothing in it ends the cell."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """Return a text as code, or nothing for nothing."""
    return f"`{text}`" if text else ""


def prose(text: str) -> str:
    """Return plain words as Markdown: no sign in them means anything, and pages that they name are links.

    What stands between backticks is code already.
    """
    parts = _CODE.split(text)
    return "".join(part if index % 2 else _plain(part) for index, part in enumerate(parts))


def _plain(text: str) -> str:
    for sign in "<*":
        text = text.replace(sign, f"\\{sign}")
    return PAGE.sub(r"[\1](\1.md)", text)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, and an empty one behind it."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell(each) for each in row)} |"
    yield ""


def anchor(heading: str) -> str:
    """Return what GitHub and the site call a heading in an address."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def page(lines: Iterable[str]) -> str:
    """Return the lines as a page."""
    return "\n".join(lines).rstrip("\n") + "\n"
