"""Which version is built, and which build is running."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version as distribution_version
from pathlib import Path

import pytest

import hatch_version
from hatch_version import Build, build, version_of
from monitor import __version__, build_info

ROOT = Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


# --- what a commit is called --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ("v1.2.0", "1.2.0"),
        ("v1.2.0-dirty", "1.2.0.post0+g012345678.dirty"),
        ("v1.2.0-3-g0123456", "1.2.0.post3+g012345678"),
        ("v1.1.9-12-g0123456", "1.2.0.dev12+g012345678"),
        ("v1.1.9-12-g0123456-dirty", "1.2.0.dev12+g012345678.dirty"),
        ("v1.1.9-dirty", "1.2.0.dev0+g012345678.dirty"),
        ("", "1.2.0.dev40+g012345678"),
        ("-dirty", "1.2.0.dev40+g012345678.dirty"),
    ],
)
def test_only_the_tagged_commit_is_called_by_the_bare_number(described: str, expected: str) -> None:
    assert version_of("1.2.0", described, COMMIT, commits=40) == expected


def test_a_tag_that_says_another_version_than_the_code_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected the tag v1\.2\.0, as monitor/__init__\.py has it, got v1\.3\.0"):
        version_of("1.2.0", "v1.3.0", COMMIT)


# --- trees of all kinds -------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """As much of a tree as has a say in its version."""
    (tmp_path / "monitor").mkdir()
    for name in ("monitor/__init__.py", "monitor/archived.txt", ".gitattributes"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "monitor" / "__init__.py").write_text('__version__ = "1.2.0"\n')
    return tmp_path


def git(tree: Path, *arguments: str) -> str:
    if shutil.which("git") is None:
        pytest.skip("expected git on PATH, found none")
    who = ("-c", "user.name=Tests", "-c", "user.email=tests@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, "-C", str(tree), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tree: Path) -> Path:
    git(tree, "init", "--quiet", "--initial-branch", "main")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "--message", "First")
    return tree


def test_a_tag_makes_a_release_and_the_next_commit_unmakes_it(repository: Path) -> None:
    revision = git(repository, "rev-parse", "HEAD")
    assert build(repository, {}) == Build(f"1.2.0.dev1+g{revision[:9]}", revision)
    git(repository, "tag", "v1.2.0")
    assert build(repository, {}) == Build("1.2.0", revision)
    (repository / "monitor" / "archived.txt").write_text("changed")
    assert build(repository, {}).version == f"1.2.0.post0+g{revision[:9]}.dirty"


def test_what_git_packs_knows_what_it_is(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    git(repository, "tag", "v1.2.0")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "Second")
    revision = git(repository, "rev-parse", "HEAD")
    unpacked = tmp_path_factory.mktemp("unpacked")
    git(repository, "archive", "--output", str(unpacked / "it.tar"), "HEAD")
    shutil.unpack_archive(unpacked / "it.tar", unpacked, **({"filter": "data"} if sys.version_info >= (3, 12) else {}))
    assert build(unpacked, {}) == Build(f"1.2.0.post1+g{revision[:9]}", revision)
    assert build_info.of(unpacked / "monitor") == (__version__, revision)


def test_a_mere_copy_says_that_it_does_not_know(tree: Path) -> None:
    assert build(tree, {}) == Build("1.2.0+unknown", "")


def test_a_tree_inside_somebody_elses_repository_is_not_described_by_it(repository: Path) -> None:
    inner = repository / "vendored"
    shutil.copytree(repository / "monitor", inner / "monitor")
    assert build(inner, {}) == Build("1.2.0+unknown", "")


def test_whoever_builds_without_git_can_say_what_it_is(tree: Path) -> None:
    told = {"ROOMWATCH_BUILD_VERSION": "v1.2.0", "ROOMWATCH_BUILD_REVISION": COMMIT}
    assert build(tree, told) == Build("1.2.0", COMMIT)
    assert build(tree, {"ROOMWATCH_BUILD_REVISION": COMMIT}) == Build("1.2.0.dev0+g012345678", COMMIT)


@pytest.mark.parametrize("told", ["1.3.0", "1.2.01", "latest"])
def test_but_not_that_it_is_another_release(tree: Path, told: str) -> None:
    with pytest.raises(ValueError, match=r"ROOMWATCH_BUILD_VERSION: expected 1\.2\.0"):
        build(tree, {"ROOMWATCH_BUILD_VERSION": told})


def test_an_sdist_builds_what_it_was_made_as(tree: Path) -> None:
    (tree / "monitor" / "build.json").write_text(json.dumps({"version": "1.2.0", "revision": COMMIT}))
    assert build(tree, {}) == Build("1.2.0", COMMIT)


# --- what is running ----------------------------------------------------------------------------------------


def test_an_installed_wheel_knows_its_build(tmp_path: Path) -> None:
    (tmp_path / "build.json").write_text('{"version": "1.2.0.dev3+g0123", "revision": "' + COMMIT + '"}')
    assert str(build_info.of(tmp_path)) == f"1.2.0.dev3+g0123 (revision {COMMIT})"


def test_a_checkout_is_what_is_checked_out(repository: Path) -> None:
    revision = git(repository, "rev-parse", "HEAD")
    assert build_info.of(repository / "monitor") == (__version__, revision)
    git(repository, "pack-refs", "--all")
    assert build_info.of(repository / "monitor") == (__version__, revision)
    git(repository, "checkout", "--quiet", "--detach")
    assert build_info.of(repository / "monitor") == (__version__, revision)


def test_a_worktree_beside_is_one_too(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    beside = tmp_path_factory.mktemp("worktrees") / "beside"
    git(repository, "worktree", "add", "--quiet", str(beside), "-b", "beside")
    git(beside, "commit", "--quiet", "--allow-empty", "--message", "Second")
    assert build_info.of(beside / "monitor").revision == git(beside, "rev-parse", "HEAD")


def test_what_nobody_knows_is_called_unknown(tmp_path: Path) -> None:
    assert str(build_info.of(tmp_path)) == f"{__version__} (revision unknown)"


def test_the_command_says_version_and_revision() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "--version"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert re.fullmatch(rf"roomwatch {re.escape(__version__)}\S* \(revision ([0-9a-f]{{40}}|unknown)\)\n", done.stdout)


# --- one version everywhere ---------------------------------------------------------------------------------


def test_the_version_is_declared_in_one_place_and_repeated_correctly() -> None:
    assert hatch_version.declared_version(ROOT) == __version__
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["dynamic"] == ["version"]
    for package in ("dashboards/web", "collectors/browser"):
        assert json.loads((ROOT / package / "package.json").read_text(encoding="utf-8"))["version"] == __version__
    assert json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))["info"]["version"] == __version__


def test_what_is_installed_is_a_build_of_it() -> None:
    assert distribution_version("roomwatch").startswith(__version__)
