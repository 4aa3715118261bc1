"""How does an editor know which keys a configuration may have, and what they mean?

From a JSON Schema that is made of the very types that read the file, and of the comments in config.example.toml.  It
takes what is taken, durations as texts and secrets from files among it.  What spans keys or tables it does not say;
`roomwatch check-config` does.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from alerts.notifiers.registry import NOTIFIERS
from docs.writing.example import Example, Path, as_text
from monitor import settings

Schema = dict[str, Any]

DIALECT = "http://json-schema.org/draft-07/schema#"  # the newest that the TOML tools of editors know
_REFS = "#/definitions/"
DURATION: Schema = {"type": "string", "format": "duration-text", "pattern": "^([0-9]+(d|h|m|s|ms))+$"}
_WORDS: Schema = {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}
_SPANS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


class _AsWritten(GenerateJsonSchema):
    """What stands in the file, where that is turned into something else before it is looked at."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """Return what is written."""
        function = schema["function"]["function"]
        if function is settings._duration_s:  # noqa: SLF001 - which of them reads a key says how it is written
            return dict(DURATION)
        if function is settings._as_words:  # noqa: SLF001
            return dict(_WORDS)
        own = super().function_before_schema(schema)
        return {"anyOf": [{"type": "string"}, own]} if function is settings._several else own  # noqa: SLF001


def document(example: Example) -> Schema:
    """Return the JSON Schema of a configuration."""
    generated = settings.Sections.model_json_schema(
        by_alias=True, ref_template=_REFS + "{model}", schema_generator=_AsWritten
    )
    enums = {f"{_REFS}{name}": each for name, each in generated["$defs"].items() if "enum" in each}
    definitions: Schema = tidied(generated["$defs"], enums)
    for name in enums:
        del definitions[name.removeprefix(_REFS)]
    for definition in definitions.values():
        _complete(definition)
    definitions["Receiver"] = _receiver(example)
    properties = tidied(generated["properties"], enums)
    properties["receivers"]["additionalProperties"] = {"$ref": f"{_REFS}Receiver"}
    for path, key in keys(properties, definitions):
        said = example.of_key(path) or as_text(example.tables.get(path, []))
        if said and "$ref" not in key:
            key["description"] = said
    return {
        "$schema": DIALECT,
        "title": "Configuration of Roomwatch",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "definitions": definitions,
    }


def text(example: Example) -> str:
    """Return the schema as it is published."""
    return json.dumps(document(example), indent=1, ensure_ascii=False) + "\n"


def keys(properties: Schema, definitions: Schema, path: Path = ()) -> Iterator[tuple[Path, Schema]]:
    """Yield every key with its path, also those of tables in tables; `*` is a name of the user's own."""
    for name, key in properties.items():
        here = (*path, name)
        if name.removesuffix("_file") in properties and name.endswith("_file"):
            continue
        yield here, key
        inner, is_named = table_in(key)
        if inner not in {"", "Receiver"} and here != ("routes", "routes"):  # a route has routes has routes
            yield from keys(definitions[inner]["properties"], definitions, (*here, "*") if is_named else here)


def table_in(key: Schema) -> tuple[str, bool]:
    """Return the definition of the tables that a key holds, if it does, and whether they bear names."""
    for each, is_named in ((key, False), (key.get("items"), False), (_named(key), True)):
        name = each.get("$ref", "").removeprefix(_REFS) if isinstance(each, dict) else ""
        if name:
            return name, is_named
    return "", False


def _named(key: Schema) -> Any:
    return next(iter(key.get("patternProperties", {}).values()), key.get("additionalProperties"))


def tidied(value: Any, enums: Mapping[str, Schema]) -> Any:
    """Return a schema for people: lists of words in their places, no titles, which only repeat keys, and no null."""
    if isinstance(value, list):
        return [tidied(each, enums) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: tidied(each, enums) for key, each in value.items() if not _says_nothing(key, each)}
    words = enums.get(kept.get("$ref", ""))
    if words is not None:
        del kept["$ref"]
        kept = {"type": "string", "enum": words["enum"], **kept}
    some = [each for each in kept.pop("anyOf", []) if each != {"type": "null"}]
    return kept | ({"anyOf": some} if len(some) > 1 else some[0] if some else {})


def _says_nothing(key: str, value: Any) -> bool:
    """Whether it is a title, or a default that TOML cannot write, or that consists of those of a table's keys."""
    return (key == "title" and isinstance(value, str)) or (
        key == "default" and (value is None or isinstance(value, dict))
    )


def _complete(definition: Schema) -> None:
    """Let secrets come from files, and write defaults as they are written."""
    properties = definition.get("properties", {})
    for key in properties.values():
        if key.get("format") == DURATION["format"] and isinstance(key.get("default"), float):
            key["default"] = in_words(key["default"])
    for name in [name for name, key in properties.items() if key.get("writeOnly")]:
        properties[f"{name}_file"] = _file_with(name)
        if name in definition.get("required", ()):
            definition["required"].remove(name)
            definition.setdefault("allOf", []).append(_either(name))


def _file_with(name: str) -> Schema:
    return {"type": "string", "description": f"The file with {name}, in its place."}


def _either(name: str) -> Schema:
    return {"anyOf": [{"required": [name]}, {"required": [f"{name}_file"]}]}


def in_words(seconds: float) -> str:
    """Return seconds as the file has them: `4h`, `1m30s`."""
    rest, said = round(seconds), ""
    for unit, length in _SPANS:
        count, rest = divmod(rest, length)
        said += f"{count}{unit}" if count else ""
    return said or "0s"


def _receiver(example: Example) -> Schema:
    """Return the schema of a receiver: its kind says which keys it may have."""
    return {
        "type": "object",
        "properties": {"kind": {"enum": list(NOTIFIERS), "description": "Which service is told: docs/receivers.md."}},
        "required": ["kind"],
        "allOf": [_of_kind(kind, example) for kind in NOTIFIERS],
    }


def _of_kind(kind: str, example: Example) -> Schema:
    generated = keys_of_kind(kind)
    properties: Schema = {"kind": {"const": kind}}
    for name, key in generated["properties"].items():
        said = example.of_key(("receivers", kind, name))
        properties[name] = key | ({"description": said} if said else {})
        properties[f"{name}_file"] = _file_with(name)
    then: Schema = {"properties": properties, "additionalProperties": False}
    if generated["required"]:
        then["allOf"] = [_either(name) for name in generated["required"]]
    return {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": then}


def keys_of_kind(kind: str) -> Schema:
    """Return the `properties` that a kind of receiver has beside its kind, and those of them that are `required`."""
    generated = TypeAdapter(NOTIFIERS[kind].Config).json_schema()
    return {"properties": tidied(generated["properties"], {}), "required": generated.get("required", [])}
