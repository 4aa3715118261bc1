"""The document about the wire of telemetry, held to the types that decode it."""

import re
from pathlib import Path
from typing import Any

import pytest

from collectors.observations import (
    OBSERVATIONS,
    ClientInfo,
    Direction,
    DirectionSeries,
    SdkInfo,
)
from collectors.telemetry import MAX_EVENTS, Post
from collectors.telemetry_dictionary import DICTIONARY
from collectors.telemetry_schema import document
from monitor.settings import Telemetry

DOCUMENT = (Path(__file__).parents[3] / "docs" / "telemetry.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `[^`]+` \|.*$", re.MULTILINE)
HEADINGS = {
    Post: "The post",
    SdkInfo: "`sdk`",
    ClientInfo: "`client`",
    Direction: "`up` and `down` of `media_stats`",
    DirectionSeries: "`up` and `down` of `media_stats_series`",
    **{kind: f"`{name}`" for name, kind in OBSERVATIONS.items()},
}


def section(heading: str) -> str:
    """Return what stands below a heading."""
    _, _, below = DOCUMENT.partition(f"\n### {heading}\n")
    return re.split(r"^##+ ", below, maxsplit=1, flags=re.MULTILINE)[0]


def rows(kind: Any) -> list[str]:
    """Return the lines that the document must have for the fields of a JSON object."""
    schema = document() if kind is Post else document()["$defs"][kind.__name__]
    required = schema.get("required", [])
    return [
        f"| `{name}` | {'required; ' * (name in required)}{values(field)} | {field['description']} |"
        for name, field in schema["properties"].items()
        if "const" not in field
    ]


def values(schema: dict[str, Any]) -> str:
    """Return in words what a value may be."""
    types = schema.get("type", [])
    match [types] if isinstance(types, str) else types:
        case ["array"]:
            most = f", {schema['maxItems']} at most" if "maxItems" in schema else ""
            return f"array of {values(schema['items'])}{most}"
        case ["integer", *_]:
            return f"whole number{bounds(schema, 'minimum', 'maximum')}"
        case ["number", *_]:
            return f"number{bounds(schema, 'minimum', 'maximum')}"
        case ["string", *_]:
            return f"string{bounds(schema, 'minLength', 'maxLength', ' characters')}"
    if "enum" in schema:
        return " or ".join(f"`{word}`" for word in schema["enum"])
    return "event" if "oneOf" in schema else "object" if "anyOf" in schema or "$ref" in schema else "any JSON"


def bounds(schema: dict[str, Any], lower: str, upper: str, unit: str = "") -> str:
    if "pattern" in schema:
        return f" `{schema['pattern']}`"
    least, most = (
        None if bound is None else f"{bound:g}" if bound < 1e6 else str(bound)
        for bound in map(schema.get, (lower, upper))
    )
    if least == most:
        return "" if least is None else f", {least}{unit}"
    return (
        f", {least} to {most}{unit}"
        if least and most
        else f", {least} or more{unit}"
        if least
        else f", {most}{unit} at most"
    )


@pytest.mark.parametrize("kind", DICTIONARY, ids=lambda kind: kind.__name__)
def test_every_field_is_in_the_table_as_it_is_decoded_and_nothing_else(kind: Any) -> None:
    assert ROW.findall(section(HEADINGS[kind])) == rows(kind)


@pytest.mark.parametrize("kind", DICTIONARY, ids=lambda kind: kind.__name__)
def test_every_object_is_said_to_be_what_the_dictionary_says(kind: Any) -> None:
    assert section(HEADINGS[kind]).strip().startswith(DICTIONARY[kind].meaning)


def test_no_event_is_described_that_is_not_there() -> None:
    assert sorted(re.findall(r"^### (`\w+`.*)$", DOCUMENT, re.MULTILINE)) == sorted(
        set(HEADINGS.values()) - {"The post"}
    )


def test_the_limits_are_those_of_the_configuration() -> None:
    limits = Telemetry()
    for said in (
        f"| {limits.max_body_bytes // 1024} KiB |",
        f"| {limits.max_inflated_bytes // 1024**2} MiB |",
        f"| {MAX_EVENTS} |",
        f"| {limits.posts_per_s:g} a second, {limits.burst_posts} at once |",
        f"| {limits.token_grace_s / 3600:g} hours |",
    ):
        assert said in DOCUMENT
