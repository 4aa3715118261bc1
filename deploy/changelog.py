"""What does CHANGELOG.md say, and is it written as Keep a Changelog wants it?

First what is unreleased, then each release with its day, the newest first; in each, entries under known headings.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

UNRELEASED = "Unreleased"
HEADINGS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
_RELEASE = re.compile(r"(?P<version>\d+\.\d+\.\d+) - (?P<day>\d{4}-\d{2}-\d{2})")


class Section(NamedTuple):
    """A release, or what is unreleased: its title, and its lines with their numbers."""

    title: str
    line: int
    lines: Sequence[tuple[int, str]]

    @property
    def version(self) -> str:
        """The version; empty for what is unreleased."""
        found = _RELEASE.fullmatch(self.title)
        return "" if found is None else found["version"]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is told."""
        return not any(text.startswith("- ") for _, text in self.lines)


def sections(text: str) -> list[Section]:
    """Return the sections in their order."""
    numbered = list(enumerate(text.splitlines(), start=1))
    heads = [at for at, (_, line) in enumerate(numbered) if line.startswith("## ")]
    ends = [*heads[1:], len(numbered)]
    return [
        Section(numbered[begin][1].removeprefix("## "), numbered[begin][0], numbered[begin + 1 : end])
        for begin, end in zip(heads, ends, strict=False)
    ]


def faults(text: str) -> list[str]:
    """Return everything that is not as it should be, each with its line."""
    found = sections(text)
    if not found or found[0].title != UNRELEASED:
        return [
            f"CHANGELOG.md: expected '## {UNRELEASED}' as the first section, got {found[0].title if found else None}"
        ]
    return [
        *(fault for section in found[1:] for fault in _of_title(section)),
        *_of_order(found[1:]),
        *(fault for section in found for fault in _of_entries(section)),
    ]


def _of_title(section: Section) -> Iterator[str]:
    match = _RELEASE.fullmatch(section.title)
    if match is None:
        yield f"CHANGELOG.md:{section.line}: expected a title such as '1.2.0 - 2026-11-22', got {section.title!r}"
        return
    try:
        date.fromisoformat(match["day"])
    except ValueError:
        yield f"CHANGELOG.md:{section.line}: expected a day of the calendar, got {match['day']}"


def _of_order(releases: Sequence[Section]) -> Iterator[str]:
    for newer, older in pairwise(releases):
        if _number(newer) <= _number(older):
            yield f"CHANGELOG.md:{older.line}: expected a release before {newer.version}, got {older.version}"


def _number(section: Section) -> tuple[int, ...]:
    return tuple(int(part) for part in section.version.split(".") if part)


def _of_entries(section: Section) -> Iterator[str]:
    seen: list[str] = []
    for line, text in section.lines:
        if text.startswith("### "):
            heading = text.removeprefix("### ")
            if heading not in HEADINGS or heading in seen:
                yield f"CHANGELOG.md:{line}: expected each of {', '.join(HEADINGS)} at most once, got {heading!r}"
            seen.append(heading)
        elif text.startswith("- ") and not seen:
            yield f"CHANGELOG.md:{line}: expected a heading such as '### Added' before the first entry, found none"
    if section.version and section.is_empty:
        yield f"CHANGELOG.md:{section.line}: expected a release to tell something, found no entry"
