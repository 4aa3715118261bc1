"""How does a program learn what `POST /v1/telemetry` takes?

From a JSON Schema that is made of the very types that decode a post, and of the data dictionary.  It takes what is
taken whole, and refuses what is refused, with unknown fields and unknown types of events let through as the decoder
does.  Some rules no schema can say; `description` names them.

msgspec could write most of it, but not the default of a sealed value (`Raw`), which is any JSON here.

`docs/telemetry.schema.json` is `text()`, and a test holds it to that; `python -m docs.writing` writes it anew.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct, inspect

from collectors.observations import OBSERVATIONS
from collectors.telemetry import MAX_EVENTS, PARTICIPANT_SID, ROOM_SID, Post
from collectors.telemetry_dictionary import DICTIONARY

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID = "urn:roomwatch:telemetry:1"
DESCRIPTION = (
    "What one participant of a call saw. Fields and types of events that are not described here are ignored and "
    "counted. Null, where it may stand, is the same as left out: unknown, never zero. What this schema cannot say: "
    f"the columns of a series are as long as its `at`; the events of a post are {MAX_EVENTS} at most, with those in "
    "series counted one by one; a whole number is written without a point."
)

Schema = dict[str, Any]


def document() -> Schema:
    """Return the schema of a post."""
    return {
        "$schema": DIALECT,
        "$id": ID,
        "title": "Telemetry of a Twilio Video participant, version 1",
        **_object(Post),
        "description": DESCRIPTION,
        "allOf": [_one_of_both("room_sid", "room_name"), _one_of_both("participant_sid", "identity")],
        "$defs": {
            **{kind.__name__: _object(kind) for kind in DICTIONARY if kind is not Post},
            "UnknownEvent": _unknown_event(),
        },
    }


@cache
def text() -> str:
    """Return the schema as it is published."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=2).decode() + "\n"


def _object(kind: type[Struct]) -> Schema:
    fields = inspect.type_info(kind).fields  # type: ignore[attr-defined]  # a struct's type has fields
    tag = kind.__struct_config__.tag
    properties = {field.encode_name: _field(kind, field) for field in fields}
    required = [field.encode_name for field in fields if field.required]
    if tag is not None:
        properties = {"type": {"const": tag}, **properties}
        required = ["type", *required]
    schema = {"description": DICTIONARY[kind].meaning, "type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _field(kind: type[Struct], field: inspect.Field) -> Schema:
    name = field.encode_name
    schema = {"description": DICTIONARY[kind].fields[name], **_values(field.type)}
    pattern = {"room_sid": ROOM_SID, "participant_sid": PARTICIPANT_SID}.get(name)
    if pattern is not None:
        schema["pattern"] = f"^{pattern.pattern}$"
    return schema


def _values(of: inspect.Type) -> Schema:
    """Return what a value of this type may be."""
    match of:
        case inspect.UnionType(types=types):
            return _union(types)
        case inspect.VarTupleType(item_type=item, max_length=most):
            return _given(type="array", items=_values(item), maxItems=most)
        case inspect.StructType(cls=kind):
            return _reference(kind)
        case inspect.RawType():
            return {}
        case _:
            return _scalar(of)


def _scalar(of: inspect.Type) -> Schema:
    match of:
        case inspect.IntType(ge=least, le=most):
            return _given(type="integer", minimum=least, maximum=most)
        case inspect.FloatType(ge=least, le=most):
            return _given(type="number", minimum=least, maximum=most)
        case inspect.StrType(min_length=least, max_length=most):
            return _given(type="string", minLength=least, maxLength=most)
        case inspect.EnumType(cls=words):
            return {"enum": [each.value for each in words]}
        case _:
            raise NotImplementedError(f"expected a type that the wire has, got {of}")


def _union(types: Iterable[inspect.Type]) -> Schema:
    kinds = [each for each in types if not isinstance(each, inspect.NoneType)]
    if len(kinds) > 1:
        return {"oneOf": [*map(_reference, OBSERVATIONS.values()), {"$ref": "#/$defs/UnknownEvent"}]}
    schema = _values(kinds[0])
    if "type" in schema:
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _reference(kind: type[Struct]) -> Schema:
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _unknown_event() -> Schema:
    kind = {"type": "string", "maxLength": 64, "not": {"enum": list(OBSERVATIONS)}}
    return {
        "description": "An event of a type that this version does not know: it is ignored and counted.",
        "type": "object",
        "properties": {"type": kind},
        "required": ["type"],
    }


def _one_of_both(*names: str) -> Schema:
    return {"anyOf": [{"required": [name], "properties": {name: {"type": "string"}}} for name in names]}


def _given(**parts: Any) -> Schema:
    return {name: part for name, part in parts.items() if part is not None}
