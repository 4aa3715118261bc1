"""Which version is built here, and of which commit?

`monitor/__init__.py` says which release is being worked on; git's tags say whether this is it.  At a clean `v0.1.0` it
is 0.1.0.  Before the tag it is 0.1.0.dev12+g0123abc, after it 0.1.0.post3+g0123abc: nothing but the tagged commit is
called by the bare number.

Not every tree has a `.git`.  A container's build is told (ROOMWATCH_BUILD_VERSION and ROOMWATCH_BUILD_REVISION), an
sdist has it in a file that was written when it was made, and what `git archive` packs has it filled in by git.  A mere
copy of the files is 0.1.0+unknown.
"""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent
KEPT = Path("monitor", "build.json")  # in wheels and sdists only
ARCHIVED = Path("monitor", "archived.txt")
_DESCRIBED = re.compile(r"v(?P<version>\d+\.\d+\.\d+\S*?)(-(?P<commits>\d+)-g(?P<commit>[0-9a-f]+))?(?P<dirty>-dirty)?")
_DIRTY = "-dirty"
_SHORT = 9


class Build(NamedTuple):
    """What is built: its version as Python's packages have them, and the commit; empty if nobody knows."""

    version: str
    revision: str


def build(root: Path = ROOT, environment: Mapping[str, str] = os.environ) -> Build:
    """Return what would be built from a tree."""
    declared = declared_version(root)
    return (
        _told(declared, environment)
        or _kept(root)
        or _from_git(root, declared)
        or _from_archive(root, declared)
        or Build(f"{declared}+unknown", "")
    )


def version() -> str:
    """Return the version of this tree; hatchling asks."""
    return build().version


def declared_version(root: Path) -> str:
    """Return the release that is being worked on."""
    text = (root / "monitor" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(\d+\.\d+\.\d+)"$', text, re.MULTILINE)
    if found is None:
        raise ValueError(f'{root}/monitor/__init__.py: expected a line such as __version__ = "0.1.0", found none')
    return found[1]


def version_of(declared: str, described: str, revision: str, commits: int = 0) -> str:
    """Return the version of a commit, from what `git describe` says of it; empty: there is no tag before it.

    Raises:
        ValueError: if the commit has the tag of another release than the one it declares.
    """
    is_dirty = described.endswith(_DIRTY)
    local = f"+g{revision[:_SHORT]}" + (".dirty" if is_dirty else "")
    found = _DESCRIBED.fullmatch(described)
    if found is None:
        return f"{declared}.dev{commits}{local}"
    since = int(found["commits"] or 0)
    if found["version"] == declared:
        return declared if since == 0 and not is_dirty else f"{declared}.post{since}{local}"
    if since == 0 and not is_dirty:
        raise ValueError(f"expected the tag v{declared}, as monitor/__init__.py has it, got v{found['version']}")
    return f"{declared}.dev{since}{local}"


def _told(declared: str, environment: Mapping[str, str]) -> Build | None:
    told, revision = (environment.get(f"ROOMWATCH_BUILD_{name}", "") for name in ("VERSION", "REVISION"))
    if not told and not revision:
        return None
    told = told.removeprefix("v") or version_of(declared, "", revision)
    if re.match(rf"{re.escape(declared)}(?!\d)", told) is None:
        raise ValueError(f"ROOMWATCH_BUILD_VERSION: expected {declared}, or a build of it, got {told!r}")
    return Build(told, revision)


def _kept(root: Path) -> Build | None:
    file = root / KEPT
    return Build(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None


def _from_git(root: Path, declared: str) -> Build | None:
    if not (root / ".git").exists():
        return None  # what lies in somebody else's repository is not described by it
    revision = _git(root, "rev-parse", "HEAD")
    if not revision:
        return None
    described = _git(root, "describe", "--tags", "--dirty", "--match", "v[0-9]*")
    if not described and _git(root, "status", "--porcelain", "--untracked-files=no"):
        described = _DIRTY
    commits = int(_git(root, "rev-list", "--count", "HEAD") or 0)
    return Build(version_of(declared, described, revision, commits), revision)


def _from_archive(root: Path, declared: str) -> Build | None:
    file = root / ARCHIVED
    words = file.read_text(encoding="utf-8").split() if file.is_file() else []
    if not words or re.fullmatch(r"[0-9a-f]{40}", words[0]) is None:
        return None  # git has filled nothing in
    return Build(version_of(declared, " ".join(words[1:]), words[0]), words[0])


def _git(root: Path, *arguments: str) -> str:
    """Return what git says, or nothing where it cannot be asked."""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
