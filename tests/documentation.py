"""What is in the pages, for tests that hold them to the code: blocks, words in code, links, anchors."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from docs.writing.markdown import anchor

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
_GITHUB = MarkdownIt("commonmark").enable("table")


class Block(NamedTuple):
    """A block of code: where it begins, in which language, and what is in it."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    """Return a page as GitHub reads it."""
    return tuple(_GITHUB.parse(page.read_text(encoding="utf-8")))


def blocks(language: str) -> list[Block]:
    """Return every block of a language, in all pages."""
    return [each for page in PAGES for each in _blocks(page) if each.language == language]


def _blocks(page: Path) -> Iterator[Block]:
    for token in tokens(page):
        if token.type == "fence":
            yield Block(page, (token.map or [0])[0] + 1, token.info.strip(), token.content)


def words_in_code(page: Path) -> Iterator[str]:
    """Yield what stands between backticks in the text."""
    for token in _inline(page):
        if token.type == "code_inline":
            yield token.content


def links(page: Path) -> Iterator[str]:
    """Yield the addresses of links and pictures."""
    for token in _inline(page):
        address = token.attrGet("href") or token.attrGet("src")
        if address:
            yield str(address)


def _inline(page: Path) -> Iterator[Token]:
    for token in tokens(page):
        for child in token.children or ():
            yield child
            yield from child.children or ()


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the addresses of a page's headings; of two that are alike the second has a number."""
    found: dict[str, int] = {}
    names = set()
    for heading, inline in zip(tokens(page), tokens(page)[1:], strict=False):
        if heading.type == "heading_open":
            name = anchor("".join(each.content for each in inline.children or ()))
            count = found.setdefault(name, 0)
            names.add(f"{name}-{count}" if count else name)
            found[name] += 1
    return frozenset(names)
