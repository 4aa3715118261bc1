"""Whether what is to be looked up is complete, says something of everything, and is what the code says today."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields

import pytest
import yaml
from jsonschema_rs import Draft7Validator, meta

from alerts.default_rules import DEFAULT_RULES
from docs.writing import command_line, environment, http_api
from docs.writing.configuration import BUILT_INTO
from docs.writing.example import read
from docs.writing.offline import from_elsewhere
from docs.writing.pages import EXAMPLE, FOLDER, PAGES
from monitor.cli import parser
from monitor.config import Config, with_environment
from monitor.http.openapi import document
from monitor.settings import Sections

CONFIGURATION = (FOLDER / "configuration.md").read_text(encoding="utf-8")
SCHEMA = json.loads((FOLDER / "config.schema.json").read_text(encoding="utf-8"))
FILES = Draft7Validator(SCHEMA)
ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_follows_from_the_code_is_what_the_code_says(name: str) -> None:
    committed = (FOLDER / name).read_text(encoding="utf-8")
    assert committed == PAGES[name](), "`make reference` writes it anew"


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of every row of every table."""
    for row in ROW.findall(text):
        yield [cell.strip() for cell in re.split(r"(?<!\\)\|", row)]


# --- the configuration ----------------------------------------------------------------------------------------------


def test_every_key_of_the_configuration_is_said_to_be_something() -> None:
    own = CONFIGURATION.partition("## `[receivers.NAME]`")
    silent = [cells[0] for part in (own[0], own[2].partition("\n## ")[2]) for cells in rows(part) if not cells[-1]]
    assert silent == []


def test_every_table_of_the_file_becomes_a_part_of_the_configuration() -> None:
    parts = {field.name for field in fields(Config)}
    assert {BUILT_INTO.get(name, name) for name in Sections.model_fields} <= parts


def test_an_editor_finds_no_fault_with_the_example() -> None:
    meta.validate(SCHEMA)
    assert [error.message for error in FILES.iter_errors(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")))] == []


@pytest.mark.parametrize(
    "text",
    [
        "[public]\nprot = 8470",
        "[public]\nport = 84700",
        "[alerts]\ngroup_wait = 10",
        '[alerts]\ngroup_wait = "soon"',
        '[[rules]]\nname = "A"\nover = "call"\nraise = "level < 1"\nclear = "level > 3"',
        '[receivers.pager]\nkind = "pagerdty"',
        '[receivers.pager]\nkind = "pagerduty"\nsource = "here"',
        '[receivers.pager]\nkind = "slack"\nrouting_key = "x"',
        '[private.tokens.ann]\nrole = "viewer"',
    ],
)
def test_an_editor_underlines_what_is_refused(text: str) -> None:
    assert not FILES.is_valid(tomllib.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        '[private]\naccess_token_file = "/run/secrets/token"',
        '[private.tokens.ann]\nrole = "viewer"\ntoken_file = "/run/secrets/ann"',
        '[receivers.pager]\nkind = "pagerduty"\nrouting_key_file = "/run/secrets/pager"',
        '[time_windows.weekend]\nweekdays = ["sat"]\ndays_of_month = [1, "-1"]',
        '[[inhibitions]]\nname = "a"\nsource = "x=1"\ntarget = ["y=2"]',
    ],
)
def test_an_editor_takes_what_is_taken(text: str) -> None:
    assert FILES.is_valid(tomllib.loads(text))


@pytest.mark.parametrize(("variable", "key"), environment.variables().items())
def test_a_variable_stands_for_the_key_that_the_page_says(variable: str, key: str) -> None:
    section, _, name = key.partition(".")
    assert with_environment({}, {variable: "x"})[section].keys() == {name}


def test_a_comment_belongs_to_the_key_below_it_or_before_it() -> None:
    example = read('# Both.\na = 1\nb = 2\nc = "# no" # Its own.\n\nd = 3\n')
    said = {path[-1]: meaning for path, meaning in example.keys.items()}
    assert said == {"a": "Both.", "b": "Both.", "c": "Its own.", "d": ""}


# --- commands -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", list(command_line.commands()), ids=lambda command: command.prog)
def test_every_command_and_each_of_its_arguments_is_explained(command) -> None:
    assert command.description
    assert all(action.help for action in command._actions)


def test_the_exit_codes_of_the_page_are_those_that_the_command_line_tells() -> None:
    page = (FOLDER / "command-line.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| (\d+) \|", page, re.MULTILINE))
    assert listed == set(re.findall(r"\b\d+\b", str(parser().epilog)))


# --- alerts ---------------------------------------------------------------------------------------------------------


def test_every_alert_has_its_row() -> None:
    page = (FOLDER / "alerts.md").read_text(encoding="utf-8")
    prometheus = yaml.safe_load((FOLDER.parent / "dashboards/prometheus/alerting.yml").read_text(encoding="utf-8"))
    shipped = [rule["alert"] for group in prometheus["groups"] for rule in group["rules"]]
    assert sorted(re.findall(r"^\| \[(\w+)\]", page, re.MULTILINE)) == sorted(
        [*shipped, *(rule.name for rule in DEFAULT_RULES)]
    )


# --- the API --------------------------------------------------------------------------------------------------------


def test_every_body_has_an_example_that_its_schema_takes() -> None:
    described = document()
    bodies = {
        f"{method.upper()} {path}": operation["requestBody"]["content"]["application/json"]["schema"]
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    assert bodies.keys() == http_api.BODIES.keys()
    for key, schema in bodies.items():
        Validator = Draft7Validator(schema | {"components": described["components"]})  # noqa: N806
        Validator.validate(http_api.BODIES[key])


# --- the site -------------------------------------------------------------------------------------------------------


def test_what_a_page_loads_from_elsewhere_is_found_and_where_it_only_leads_is_not(tmp_path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="https://example.com/"><script src="//cdn.example.com/x.js"></script><img src="_images/call.png">'
        '<link rel="stylesheet" href="_static/a.css">'
    )
    (tmp_path / "b.css").write_text('@import "https://fonts.example.com/a.css"; div { background: url(data:abc) }')
    found = [each.partition(": ")[2] for each in from_elsewhere(tmp_path)]
    assert found == ["//cdn.example.com/x.js", "https://fonts.example.com/a.css"]
