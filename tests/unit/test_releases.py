"""Is what is told of releases in its form, and may a commit become one?"""

from datetime import date
from pathlib import Path

import pytest

from deploy import changelog
from deploy.release_check import Facts, faults
from monitor import __version__

ROOT = Path(__file__).parents[2]
GOOD = """# Changelog

## Unreleased

## 1.2.0 - 2026-11-22

In a word.

### Added

- This.

### Fixed

- That.

## 1.1.0 - 2026-01-01

### Added

- The rest.
"""


def test_the_changelog_is_in_its_form():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert changelog.faults(text) == []
    first, *released = changelog.sections(text)
    assert not first.is_empty or released[0].version == __version__


def test_a_changelog_in_its_form_has_no_faults():
    assert changelog.faults(GOOD) == []
    assert [section.version for section in changelog.sections(GOOD)] == ["", "1.2.0", "1.1.0"]


@pytest.mark.parametrize(
    ("there", "instead", "fault"),
    [
        ("## Unreleased\n\n", "", "expected '## Unreleased' as the first section, got 1.2.0 - 2026-11-22"),
        ("1.2.0 - 2026-11-22", "1.2 - 2026-11-22", "CHANGELOG.md:5: expected a title such as '1.2.0 - 2026-11-22'"),
        ("1.2.0 - 2026-11-22", "1.2.0", "CHANGELOG.md:5: expected a title such as '1.2.0 - 2026-11-22', got '1.2.0'"),
        ("2026-11-22", "2026-11-31", "CHANGELOG.md:5: expected a day of the calendar, got 2026-11-31"),
        ("1.1.0 -", "1.2.0 -", "CHANGELOG.md:17: expected a release before 1.2.0, got 1.2.0"),
        ("1.1.0 -", "1.10.0 -", "CHANGELOG.md:17: expected a release before 1.2.0, got 1.10.0"),
        ("### Fixed", "### Repaired", "CHANGELOG.md:13: expected each of Added, Changed, "),
        ("### Fixed", "### Added", "CHANGELOG.md:13: expected each of Added, Changed, "),
        ("- The rest.", "", "CHANGELOG.md:17: expected a release to tell something, found no entry"),
        ("In a word.", "- In a word.", "CHANGELOG.md:7: expected a heading such as '### Added' before the first entry"),
    ],
)
def test_a_fault_of_the_changelog_is_told_with_its_line(there: str, instead: str, fault: str):
    assert there in GOOD
    (found, *_) = changelog.faults(GOOD.replace(there, instead, 1))
    assert fault in found


FACTS = Facts("1.2.0", GOOD, "", frozenset({"v1.1.0"}), frozenset(), date(2026, 11, 22))


def test_a_commit_that_is_ready_may_be_tagged():
    assert list(faults(FACTS)) == []


def test_a_commit_that_has_its_tag_is_ready_on_every_later_day():
    tagged = frozenset({"v1.1.0", "v1.2.0"})
    facts = FACTS._replace(tags=tagged, tags_here=frozenset({"v1.2.0"}), today=date(2027, 1, 1))
    assert list(faults(facts)) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"changes": " M README.md"}, "expected everything to be committed, got:\n M README.md"),
        (
            {"tags": frozenset({"v1.2.0"})},
            "expected a version that is not released yet, got 1.2.0",
        ),
        ({"declared": "1.3.0"}, "expected '## 1.3.0 - 2026-11-22' below Unreleased, found none"),
        ({"today": date(2026, 11, 23)}, "CHANGELOG.md:5: expected the day of today, 2026-11-23"),
        ({"changelog": GOOD.replace("d\n\n## 1.2", "d\n\n### Added\n\n- More.\n\n## 1.2")}, "left under Unreleased"),
    ],
)
def test_what_speaks_against_a_release_is_said(changed: dict[str, object], fault: str):
    (found,) = faults(FACTS._replace(**changed))
    assert fault in found
