"""Which keys can a configuration have, as a page to look them up in?

Made of the types that read the file, by way of the JSON Schema, and of the comments in config.example.toml.
"""

import json
import re
from collections.abc import Iterable, Iterator

from alerts.notifiers.registry import NOTIFIERS
from docs.writing.config_schema import DURATION, Schema, document, keys_of_kind, table_in
from docs.writing.example import Example, Path, as_text, columns
from docs.writing.markdown import anchor, code, page, prose, table
from monitor.reloading import RELOADED, TOKENS

#: What the tables become that are called otherwise once they are built.
BUILT_INTO = {
    "names": "naming",
    "slos": "objectives",
    "routes": "routing",
    "escalations": "routing",
    "receivers": "notifiers",
}

_UNITS = (
    ("_per_s", "per second"),
    ("_per_minute", "per minute"),
    ("_s", "seconds"),
    ("_ms", "milliseconds"),
    ("_hours", "hours"),
    ("_days", "days"),
    ("_bytes", "bytes"),
    ("_ratio", "1: all"),
)
_PLAIN = {"boolean": "`true` or `false`", "integer": "whole number"}
_HEADS = ("key", "type", "default", "what it is")

_INTRODUCTION = """\
# Configuration

Every key of the configuration, to look one up. [config.example.toml](../config.example.toml) is the same as a file
to copy from, with every default written out; [environment variables](environment.md) go before the file;
`roomwatch check-config FILE` says all that is wrong with one, each error with its line, and `roomwatch doctor` whether
it works here and now.

* Without a configuration there is one: every key that is not marked as *required* has a default or may be absent.
* A duration is a text such as `"10s"` or `"1h30m"`. A number bears its unit in its name.
* A *secret* may come from a file: `api_secret_file` in place of `api_secret`. The content is trimmed.
* An unknown key is an error.
* `roomwatch run` reads the file at the start, and again at SIGHUP or `POST /-/reload`. What a reload takes is marked
  below; of the rest it says what waits for the next start. A file that is wrong changes nothing.
* Editors can complete and check the file by [config.schema.json](config.schema.json). Many take its address from the
  first line of the file: `#:schema ./docs/config.schema.json`.

This page is written by `python -m docs.writing` from the types that read the file and the comments of the example.
"""


def markdown(example: Example) -> str:
    """Return the page."""
    schema = document(example)
    writer = _Writer(example, schema["definitions"])
    sections = [line for name, key in schema["properties"].items() for line in writer.section(name, key)]
    return page([_INTRODUCTION, *_overview(schema), *sections])


def _overview(schema: Schema) -> Iterator[str]:
    yield "## The tables"
    yield ""
    rows = ((f"[`{name}`](#{anchor(_title(name, key))})", _reload(name)) for name, key in schema["properties"].items())
    yield from table(("table", "when a change of it counts"), rows)


def _reload(name: str) -> str:
    if BUILT_INTO.get(name, name) in RELOADED:
        return "at a reload"
    if name == "private":
        return f"at the next start, that of {' and '.join(f'`{key}`' for key in TOKENS)} at a reload"
    return "at the next start"


def _title(name: str, key: Schema) -> str:
    """Return the heading of a table as it stands in the file."""
    _, is_named = table_in(key)
    return f"[[{name}]]" if key.get("type") == "array" else f"[{name}.NAME]" if is_named else f"[{name}]"


class _Writer:
    """Writes one table after the other, and those in it behind it."""

    def __init__(self, example: Example, definitions: Schema) -> None:
        self._example = example
        self._definitions = definitions

    def section(self, name: str, key: Schema) -> Iterator[str]:
        """Yield the lines about a table of the file."""
        yield f"## `{_title(name, key)}`"
        yield ""
        yield f"*A change counts {_reload(name)}.*"
        yield ""
        yield from self._kinds() if name == "receivers" else self._table((name,), key)

    def _table(self, path: Path, key: Schema) -> Iterator[str]:
        inner, is_named = table_in(key)
        definition = self._definitions[inner]
        path = (*path, "*") if is_named else path
        yield from self._said(path, definition)
        properties: Schema = definition["properties"]
        plain = {
            name: each
            for name, each in properties.items()
            if not (name.endswith("_file") and name.removesuffix("_file") in properties)
        }
        required = {*definition.get("required", ()), *_required_in_some_way(definition)}
        yield from table(_HEADS, (self._row((*path, name), each, name in required) for name, each in plain.items()))
        for name, each in plain.items():
            if table_in(each)[0] and (*path, name) != ("routes", "routes"):
                yield f"### `{_title('.'.join((*path, name)).replace('*', 'NAME'), each)}`"
                yield ""
                yield from self._table((*path, name), each)

    def _said(self, path: Path, definition: Schema) -> Iterator[str]:
        lines = self._example.tables.get(path, [])
        yield prose(as_text(lines) or self._example.of_key(path) or definition["description"])
        yield ""
        if listed := columns(lines):
            yield from ("```text", *(line.removeprefix("  ") for line in listed), "```", "")

    def _row(self, path: Path, key: Schema, is_required: bool) -> tuple[str, ...]:
        name = path[-1]
        said = self._example.of_key(path) or key.get("description") or self._of_table(path, key)
        default = "*required*" if is_required else _default(key)
        return code(name), _kind_of_value(name, key), default, prose(_capital(said))

    def _of_table(self, path: Path, key: Schema) -> str:
        inner, is_named = table_in(key)
        lines = self._example.tables.get((*path, "*") if is_named else path, [])
        return as_text(lines) or str(self._definitions[inner]["description"] if inner else "")

    def _kinds(self) -> Iterator[str]:
        yield (
            "Receivers, by a name of your own; `kind` says which service is told. What each kind needs at the other "
            "end, and more about its keys, is in [receivers](receivers.md)."
        )
        yield ""
        for kind in NOTIFIERS:
            generated = keys_of_kind(kind)
            yield f'### `kind = "{kind}"`'
            yield ""
            rows = (
                (
                    code(name),
                    _kind_of_value(name, key),
                    "*required*" if name in generated["required"] else _default(key),
                    prose(_capital(self._example.of_key(("receivers", kind, name)))),
                )
                for name, key in generated["properties"].items()
            )
            yield from table(_HEADS, rows)


def _required_in_some_way(definition: Schema) -> Iterator[str]:
    """Find the secrets that are required, themselves or their files."""
    for either in definition.get("allOf", ()):
        yield either["anyOf"][0]["required"][0]


def _default(key: Schema) -> str:
    return code(json.dumps(key["default"], ensure_ascii=False)) if key.get("default") not in (None, "") else ""


def _kind_of_value(name: str, key: Schema) -> str:
    unit = next((unit for ending, unit in _UNITS if name.endswith(ending)), "")
    words = in_words(key)
    return f"{words}, {unit}" if unit and words.startswith(("number", "whole")) else words


def in_words(key: Schema) -> str:
    """Return what kind of value a schema allows."""
    if "enum" in key:
        return _or([json.dumps(each) for each in key["enum"]])
    if "anyOf" in key:
        return _or_plain(in_words(each) for each in key["anyOf"])
    kind = str(key.get("type", "table"))
    if kind == "array":
        return f"list of {_several(in_words(key['items']))}"
    if kind == "object":
        return f"table of {_several(in_words(_below(key)))} by name"
    if kind == "string":
        return "secret" if key.get("writeOnly") else "duration" if _is_duration(key) else "text"
    return _PLAIN.get(kind, kind) + _bounds(key)


def _below(key: Schema) -> Schema:
    below = next(iter(key.get("patternProperties", {}).values()), key.get("additionalProperties"))
    return below if isinstance(below, dict) else {"type": "string"}


def _is_duration(key: Schema) -> bool:
    return bool(key.get("format") == DURATION["format"])


def _bounds(key: Schema) -> str:
    least, above, most, below = (
        key.get(each) for each in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    )
    said = [
        *([f"from {least}"] if least is not None else []),
        *([f"above {above}"] if above is not None else []),
        *([f"to {most}"] if most is not None else []),
        *([f"below {below}"] if below is not None else []),
    ]
    return f" {' '.join(said)}" if said else ""


def _several(words: str) -> str:
    plural = {"text": "texts", "secret": "secrets", "table": "tables", "whole number": "whole numbers"}
    return plural.get(words, words)


def _or(words: list[str]) -> str:
    return ", ".join(code(each) for each in words[:-1]) + f" or {code(words[-1])}" if len(words) > 1 else code(words[0])


def _or_plain(words: Iterable[str]) -> str:
    return " or ".join(words)


def _capital(text: str) -> str:
    """Begin with a capital what begins with an ordinary word, and end it with a full stop."""
    if not text:
        return ""
    begun = text[0].upper() + text[1:] if re.match(r"[a-z]+\b(?![_.(:])", text) else text
    return begun if begun.endswith((".", ":", "!", "?")) else f"{begun}."
