"""May this commit be tagged as a release?  `make release-check`, before the tag, and after it by whoever doubts.

It asks nobody but git and the files.  What it cannot know is in docs/releasing.md.
"""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from deploy import changelog
from hatch_version import declared_version

ROOT = Path(__file__).parents[1]


class Facts(NamedTuple):
    """What is known of the commit."""

    declared: str
    changelog: str
    changes: str  # what is not committed, as `git status --short` has it
    tags: frozenset[str]  # all
    tags_here: frozenset[str]
    today: date


def faults(facts: Facts) -> Iterator[str]:
    """Yield everything that speaks against it."""
    tag = f"v{facts.declared}"
    if facts.changes:
        yield f"expected everything to be committed, got:\n{facts.changes}"
    if tag in facts.tags - facts.tags_here:
        yield f"monitor/__init__.py: expected a version that is not released yet, got {facts.declared}, which has a tag"
    yield from changelog.faults(facts.changelog)
    sections = changelog.sections(facts.changelog)
    unreleased, latest = (*sections[:2], None, None)[:2]
    if latest is None or latest.version != facts.declared:
        yield f"CHANGELOG.md: expected '## {facts.declared} - {facts.today}' below Unreleased, found none"
    elif latest.title != f"{facts.declared} - {facts.today}" and tag not in facts.tags_here:
        yield f"CHANGELOG.md:{latest.line}: expected the day of today, {facts.today}, got {latest.title!r}"
    if unreleased is not None and not unreleased.is_empty:
        yield f"CHANGELOG.md:{unreleased.line}: expected nothing to be left under Unreleased, found entries"


def gathered(root: Path = ROOT) -> Facts:
    """Return what git and the files know."""
    return Facts(
        declared=declared_version(root),
        changelog=(root / "CHANGELOG.md").read_text(encoding="utf-8"),
        changes=_git(root, "status", "--short"),
        tags=frozenset(_git(root, "tag", "--list", "v*").split()),
        tags_here=frozenset(_git(root, "tag", "--list", "v*", "--points-at", "HEAD").split()),
        today=datetime.now(UTC).date(),
    )


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.rstrip()


def main() -> int:
    """Say what speaks against it, or what to do next."""
    facts = gathered()
    found = list(faults(facts))
    print(*found, sep="\n") if found else print(f"ready: git tag --sign v{facts.declared}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
