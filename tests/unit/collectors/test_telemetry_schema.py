"""The schema of a post: that it is published as it is made, and whole."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta
from msgspec.structs import fields

from collectors.telemetry_dictionary import DICTIONARY
from collectors.telemetry_schema import document, text
from tests.builders import NOW_MS, post, quality

FILE = Path(__file__).parents[3] / "docs" / "telemetry.schema.json"
POST = Draft202012Validator(document())


def test_the_file_is_the_schema_written_out() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "collectors/telemetry_schema says how it is written anew"


def test_it_is_a_schema() -> None:
    meta.validate(document())


@pytest.mark.parametrize("kind", DICTIONARY, ids=lambda kind: kind.__name__)
def test_the_dictionary_knows_every_field_and_no_other(kind: Any) -> None:
    assert list(DICTIONARY[kind].fields) == [field.encode_name for field in fields(kind)]


@pytest.mark.parametrize("described", DICTIONARY.values(), ids=lambda described: described.meaning)
def test_what_it_says_is_a_sentence_that_fits_into_a_table(described: Any) -> None:
    for said in (described.meaning, *described.fields.values()):
        assert said.endswith((".", "…"))
        assert "|" not in said


@pytest.mark.parametrize(
    "body",
    [
        post(quality()),
        post(quality(colour="red"), {"type": "teleport"}, weather="fine"),
        post(quality(), room_sid=None, participant_sid=None),
        post(quality(), room_sid=None) | {"room_sid": None},
    ],
    ids=["plain", "with news", "by names", "null is left out"],
)
def test_what_a_newer_or_a_poorer_client_sends_is_let_through(body: Any) -> None:
    POST.validate(body)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (post(quality(at=NOW_MS // 1000)), ["events", 0]),
        (post(quality(), sent_at=NOW_MS / 1000), ["sent_at"]),
        (post(quality(), room_sid="acme:class:1"), ["room_sid"]),
        (post(quality(), room_sid=None, room_name=None), []),
        (post(quality(), identity=None) | {"participant_sid": None}, []),
        (post({"at": NOW_MS}), ["events", 0]),
    ],
)
def test_a_fault_is_told_by_its_path(body: Any, path: list[Any]) -> None:
    assert list(path) in [list(fault.instance_path) for fault in POST.iter_errors(body)]
