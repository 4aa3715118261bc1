"""Whether what is written by hand still speaks of what is there: tests that are named, words, figures."""

import re
from pathlib import Path

import pytest

from alerts.model import Kind
from docs.writing.contents import chapters
from tests.documentation import DOCS, PAGES, ROOT

GLOSSARY = DOCS / "glossary.md"
SECURITY = DOCS / "security.md"
_WORD = re.compile(r"^\| ([a-z][a-z ]+) \| (.+) \|$", re.MULTILINE)


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _entries() -> list[tuple[str, str]]:
    return [(word, meaning) for word, meaning in _WORD.findall(_text(GLOSSARY)) if word != "word"]


def test_each_word_of_the_glossary_is_there_once_and_in_its_place() -> None:
    words = [word for word, _ in _entries()]
    assert words == sorted(set(words))


def test_a_word_of_the_glossary_is_used_where_users_read() -> None:
    others = " ".join(_text(page) for page in PAGES if page != GLOSSARY) + _text(ROOT / "config.example.toml")
    text = " ".join(others.casefold().split())
    assert [word for word, _ in _entries() if word not in text] == []


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.value not in {"daemon", "slo", "region"}])
def test_what_rules_can_be_over_is_in_the_glossary(kind: Kind) -> None:
    assert kind.value in {word for word, _ in _entries()}


def test_every_test_that_the_security_page_names_is_there() -> None:
    there = {
        name for file in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", _text(file))
    }
    assert sorted(set(re.findall(r"`(test_\w+)`", _text(SECURITY))) - there) == []


def test_every_how_to_is_among_the_how_tos() -> None:
    listed = next(each.pages for each in chapters(_text(DOCS / "index.md")) if each.caption == "How to")
    assert {page.name for page in DOCS.glob("howto-*.md")} <= set(listed)
