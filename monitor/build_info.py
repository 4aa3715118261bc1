"""Which build is this?

A wheel has it in `build.json`, which the build wrote (`hatch_version.py`).  What runs from a checkout reads git's own
files, and what was unpacked from an archive of git's the line that git filled in.  Nothing is run for it.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from monitor import __version__

_PACKAGE = Path(__file__).parent
_COMMIT = re.compile(r"[0-9a-f]{40}")


class Build(NamedTuple):
    """The version, and the commit that it was built from; empty if nobody knows."""

    version: str
    revision: str

    def __str__(self) -> str:
        return f"{self.version} (revision {self.revision or 'unknown'})"


@cache
def present() -> Build:
    """Return which build is running."""
    return of(_PACKAGE)


def of(package: Path) -> Build:
    """Return which build the files of a package are of."""
    kept = _text(package / "build.json")
    if kept:
        return Build(**json.loads(kept))
    return Build(__version__, _of_checkout(package.parent / ".git") or _commit(_text(package / "archived.txt")))


def _of_checkout(git: Path) -> str:
    """Return the commit that is checked out; a worktree of its own has a file for `.git`, which says where that is."""
    if git.is_file():
        git = git.parent / _text(git).removeprefix("gitdir:").strip()
    head = _text(git / "HEAD")
    if not head.startswith("ref:"):
        return _commit(head)
    name = head.removeprefix("ref:").strip()
    common = git / (_text(git / "commondir").strip() or ".")
    return _commit(_text(git / name) or _text(common / name)) or _packed(_text(common / "packed-refs"), name)


def _packed(references: str, name: str) -> str:
    lines = (line.split() for line in references.splitlines())
    return next((words[0] for words in lines if len(words) > 1 and words[1] == name), "")


def _commit(text: str) -> str:
    """Return the commit that a text begins with."""
    found = _COMMIT.match(text)
    return "" if found is None else found[0]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
