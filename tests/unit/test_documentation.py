"""Whether the pages are true: everything in them leads somewhere, can be typed, and is understood by what it is for."""

import argparse
import ast
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.writing.contents import chapters
from docs.writing.http_api import PUBLIC
from monitor.cli import parser
from monitor.config import ProblemsFound, build
from monitor.demo import SCENARIOS
from monitor.http.permissions import NEEDED, OPEN
from monitor.http.shared_routes import OPEN_BY_TOKEN
from monitor.settings import Sections
from tests.documentation import DOCS, PAGES, ROOT, Block, anchors, blocks, links, words_in_code

reader = cache(parser)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def each_block(language: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", blocks(language), ids=str)


# --- the way through ------------------------------------------------------------------------------------------------


def test_every_page_is_in_the_table_of_contents() -> None:
    index = DOCS / "index.md"
    listed = {
        (DOCS / page).resolve() for chapter in chapters(index.read_text(encoding="utf-8")) for page in chapter.pages
    }
    runbooks = {page for page in PAGES if page.parent.name == "runbooks"}  # the page about alerts leads to each
    assert set(PAGES) - runbooks - listed == {index}


def test_each_reader_is_led_to_their_page_in_one_step() -> None:
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| \[[^]]+\]\(([\w./-]+\.md)\)", text, re.MULTILINE)
    assert len(rows) == 4
    assert all((DOCS / page).is_file() for _, page in rows)


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, name = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not name or name in anchors(target), link


# --- what is shown --------------------------------------------------------------------------------------------------


@each_block("json")
def test_json_is_json(block: Block) -> None:
    json.loads(block.text)


@each_block("yaml")
def test_yaml_is_yaml(block: Block) -> None:
    yaml.safe_load(block.text)


@each_block("python")
def test_python_can_be_compiled(block: Block) -> None:
    compile(block.text, str(block), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@each_block("sh")
def test_a_shell_understands_what_is_to_be_typed(block: Block) -> None:
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node")
@each_block("js")
def test_javascript_can_be_parsed(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "block.mjs"
    file.write_text(block.text, encoding="utf-8")
    done = subprocess.run(["node", "--check", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@each_block("toml")
def test_tables_of_a_configuration_are_right(block: Block) -> None:
    given = tomllib.loads(block.text)
    if "tests" in given:
        return  # a file of tests of rules, which is no configuration
    assert given.keys() <= Sections.model_fields.keys()
    build(_completed(_with_secrets(given)))


def _with_secrets(given: Any) -> Any:
    """Put secrets in the places of files that are on the reader's machine only."""
    if isinstance(given, list):
        return [_with_secrets(each) for each in given]
    if not isinstance(given, dict):
        return given
    return {
        key.removesuffix("_file") if _is_of_a_secret(key) else key: (
            _secret(key) if _is_of_a_secret(key) else _with_secrets(value)
        )
        for key, value in given.items()
        if key != "tls"  # whose files are no secrets that could stand in their place
    }


def _is_of_a_secret(key: str) -> bool:
    return key.endswith("_file") and key != "web_config_file"


def _secret(key: str) -> str:
    _secret.count += 1  # type: ignore[attr-defined] - no two are alike
    name = key.removesuffix("_file")
    return f"https://example.com/{_secret.count}" if name == "url" else f"{name}-{_secret.count:032}"  # type: ignore[attr-defined]


_secret.count = 0  # type: ignore[attr-defined]


def _completed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Add the receivers that a fragment names, which the page need not show."""
    try:
        build(given)
    except ProblemsFound as found:
        named = {
            name
            for problem in found.problems
            for name in re.findall(r"got '([\w-]+)'", str(problem))
            if problem.path[0] in {"routes", "escalations", "alerts"}
        }
        log = {name: {"kind": "log"} for name in named}
        return {**given, "receivers": {**log, **given.get("receivers", {})}}
    return dict(given)


# --- what is named --------------------------------------------------------------------------------------------------

HISTORY = ROOT / "CHANGELOG.md"  # may speak of what is no more
_SHELL = re.compile(r"\s[>|&].*")  # what the shell does with what is said
_TYPED = re.compile(r"^(?:\$ )?(?:sudo (?:-u \w+ )?)?(roomwatch(?: .*)?)$", re.MULTILINE)


def commands_typed() -> Iterator[tuple[str, str]]:
    """Yield each command of the blocks that are to be typed, with where it stands."""
    for block in [*blocks("sh"), *blocks("console")]:
        for command in _TYPED.findall(block.text.replace("\\\n", " ")):
            said = re.sub(r"\$\([^)]*\)", "X", re.sub(r"\$\(date[^)]*\)", "2026-11-21", command))
            yield str(block), _SHELL.sub("", said)


def commands_named() -> Iterator[tuple[str, str]]:
    """Yield each command between backticks, with where it stands."""
    for page in [each for each in PAGES if each != HISTORY]:
        for words in words_in_code(page):
            if words.startswith("roomwatch "):
                yield str(page.relative_to(ROOT)), words


@pytest.mark.parametrize(("where", "command"), list(commands_typed()))
def test_a_command_that_is_to_be_typed_is_understood(where: str, command: str) -> None:
    try:
        reader().parse_args(shlex.split(command, comments=True)[1:])
    except SystemExit as end:
        if end.code != 0:
            pytest.fail(where)  # what was expected is in the captured output


@pytest.mark.parametrize(("where", "command"), sorted(set(commands_named())))
def test_a_command_that_is_named_exists_with_the_options_that_are_shown(where: str, command: str) -> None:
    found, words = reader(), shlex.split(command, comments=True)[1:]
    while words and (below := _below(found)):
        name = words.pop(0)
        if name in {"COMMAND", "…"} or name.startswith("--"):
            return
        assert name in below, f"{where}: there is no {name}"
        found = below[name]
    known = {option for action in found._actions for option in action.option_strings}
    named = {word.partition("=")[0] for word in words if word.startswith("-") and len(word) > 1}
    assert named <= known, where


def _below(command: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    return next((each.choices for each in command._actions if isinstance(each, argparse._SubParsersAction)), {})


def test_the_front_page_names_every_scenario_of_the_demo() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"roomwatch demo --scenario NAME` plays other troubles: ([^.]+)\.", text)
    assert set(re.findall(r"`([\w-]+)`", listed)) == set(SCENARIOS) - {"demo"}


ROUTES = {key.partition(" ")[2] for key in (*NEEDED, *OPEN, *OPEN_BY_TOKEN)} | {route.path for route in PUBLIC}
_OURS = re.compile(r"(?<![\w.])/(?:api/v1|v1/telemetry|callbacks|sdk|-)(?:/[\w.{}$…-]+)*")


@each_page
def test_a_path_that_is_named_is_served(page: Path) -> None:
    for path in _OURS.findall(page.read_text(encoding="utf-8")) if page != HISTORY else ():
        assert any(_is_within(path, route) for route in ROUTES), path


def _is_within(path: str, route: str) -> bool:
    """Whether a path is that of a route, or where several of them begin."""
    parts, slots = path.rstrip("./").split("/"), route.split("/")
    return len(parts) <= len(slots) and all(
        part in {slot, "…"} or slot.startswith("{") for part, slot in zip(parts, slots, strict=False)
    )
