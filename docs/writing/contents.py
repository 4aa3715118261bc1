"""Which page comes where in the site?

The index says so in plain lists, for whoever reads it as it is: a heading of the second level is a caption, and the
links below it that begin a line of a list are its pages.  The site gets its table of contents from the same lines.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_ENTRY = re.compile(r"\* \[[^\]]+\]\(([^)#]+\.md)\)")


class Chapter(NamedTuple):
    """A caption, and the pages below it, relative to the index."""

    caption: str
    pages: tuple[str, ...]


def chapters(index: str) -> Iterator[Chapter]:
    """Yield the chapters of an index that have pages."""
    caption, pages = "", list[str]()
    for line in [*index.splitlines(), "## "]:
        if line.startswith("## "):
            if pages:
                yield Chapter(caption, tuple(pages))
            caption, pages = line.removeprefix("## "), []
        elif entry := _ENTRY.match(line):
            pages.append(entry[1])


def as_toctrees(index: str) -> str:
    """Return what makes the table of contents of the site."""
    return "".join(_toctree(chapter) for chapter in chapters(index))


def _toctree(chapter: Chapter) -> str:
    return "\n".join(
        ("", "```{toctree}", ":hidden:", ":titlesonly:", f":caption: {chapter.caption}", "", *chapter.pages, "```", "")
    )
