"""What can be asked over HTTP, as a page: made of the document of OpenAPI, which is made of the doors themselves."""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from docs.writing.markdown import anchor, cell, code, page, prose, table
from monitor.http.openapi import document

Json = dict[str, Any]


class PublicRoute(NamedTuple):
    """A route of the public listener: who calls it, what for, and the page that says more."""

    method: str
    path: str
    who: str
    what: str


PUBLIC = (
    PublicRoute(
        "POST", "/v1/telemetry", "browsers, applications", "takes what one participant saw: [telemetry](telemetry.md)"
    ),
    PublicRoute("OPTIONS", "/v1/telemetry", "browsers", "says which origins may post"),
    PublicRoute("GET", "/v1/telemetry/schema.json", "whoever writes a client", "the JSON Schema of a post"),
    PublicRoute("GET", "/sdk/roomwatch.js", "browsers", "[the browser SDK](browser.md), as a script"),
    PublicRoute("GET", "/sdk/roomwatch.mjs", "browsers", "the same as a module"),
    PublicRoute("GET", "/sdk/roomwatch.d.mts", "compilers", "its types"),
    PublicRoute("POST", "/callbacks/twilio", "Twilio", "takes status callbacks and Event Streams, signed"),
    PublicRoute("GET", "/callbacks/twilio", "Twilio", "the same as a GET, signed"),
    PublicRoute(
        "POST",
        "/callbacks/notifications",
        "Twilio",
        "takes what became of a text message or a call to somebody on duty, signed",
    ),
    PublicRoute("POST", "/callbacks/replies", "Twilio", "takes the reply that [acknowledges](escalation.md), signed"),
    PublicRoute("POST", "/callbacks/voice", "Twilio", "takes the digit that acknowledges, signed"),
    PublicRoute("POST", "/callbacks/receivers/{receiver}", "PagerDuty, Slack", "takes who acknowledged there, signed"),
    PublicRoute(
        "GET",
        "/acknowledge",
        "whoever was told",
        "the page behind the link in a notification, for whoever has its token",
    ),
    PublicRoute("POST", "/acknowledge", "whoever was told", "acknowledges"),
    PublicRoute("GET", "/-/healthy", "a balancer", "whether the daemon turns"),
)

BODIES: dict[str, Json] = {
    "POST /api/v1/rooms/{room}/shares": {"expires_in_s": 86_400, "redact": True},
    "POST /api/v1/silences": {"matchers": 'tenant="acme"', "lasts": "2h", "reason": "network work"},
    "POST /api/v1/silences/preview": {"matchers": ['tenant="acme"', 'severity!="critical"']},
    "POST /api/v1/incidents/{id}/acknowledge": {"note": "calling the carrier"},
    "POST /api/v1/incidents/{id}/unacknowledge": {},
    "POST /api/v1/dead-letters/replay": {"receiver": "pager"},
    "POST /api/v1/receivers/{name}/test": {"severity": "info"},
    "PUT /-/log-level": {"level": "debug"},
}
"""What the example of each operation that takes JSON sends; a test holds them to their schemas."""

_IN_PATH = {"room": "RM00000000000000000000000000000001", "id": "01JD3Q", "name": "pager", "token": "$SHARED"}

_INTRODUCTION = """\
# HTTP API

Every path of both listeners. [The API](api.md) says what all of it has in common: how to get in, times, pages,
refusals, limits. Machines read [openapi.json](openapi.json), which a running daemon serves as
`/api/v1/openapi.json`; this page is made of it by `python -m docs.writing`.

In the examples `$ROOMWATCH` is the address of the private listener and `$TOKEN` a [token](access.md) with at least
the role that is named.

## The public listener

Browsers and Twilio need it, and nobody else; it answers nothing about calls.

"""

_PRIVATE = """\
## The private listener

The roles are *viewer*, *operator* and *admin*, each of which may do what those before it may. Refusals that all have
in common are left out: 401 without a login, 403 with too small a role, 429 after too many wrong tokens, 503 while
the database does not answer.
"""

_COMMON = ("401", "403", "429", "503", "304")
_TOPICS = {
    "live": "The live picture",
    "rooms": "Calls",
    "shares": "Links to calls",
    "shared": "What a link shows",
    "percentiles": "Trends",
    "worst-rooms": "Trends",
    "coverage": "Trends",
    "minutes": "Trends",
    "silences": "Silences",
    "incidents": "Incidents",
    "notifications": "Notifications",
    "dead-letters": "Notifications",
    "receivers": "Receivers",
    "explain": "Rules and reasons",
    "rules": "Rules and reasons",
    "media": "Recordings and compositions",
}


def markdown() -> str:
    """Return the page."""
    described = document()
    public = ((code(f"{each.method} {each.path}"), each.who, each.what) for each in PUBLIC)
    return page(
        [
            _INTRODUCTION.rstrip("\n"),
            "",
            *table(("route", "who calls it", "what it does"), public),
            _PRIVATE,
            *_operations(described),
            *_shapes(described["components"]["schemas"]),
        ]
    )


def _operations(described: Json) -> Iterator[str]:
    every = [
        (method.upper(), path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    for topic, operations in groupby(sorted(every, key=_place), key=lambda each: _topic(each[1])):
        yield f"### {topic}"
        yield ""
        for method, path, operation in operations:
            yield from _operation(method, path, operation)


def _place(operation: tuple[str, str, Json]) -> int:
    topics = [*dict.fromkeys(_TOPICS.values()), _REST]
    return topics.index(_topic(operation[1]))


_REST = "The daemon"


def _topic(path: str) -> str:
    return _TOPICS.get(path.removeprefix("/api/v1/").partition("/")[0], _REST)


def _operation(method: str, path: str, operation: Json) -> Iterator[str]:
    yield f"#### `{method} {path}`"
    yield ""
    yield f"{prose(operation['summary'])} {operation['description']}"
    yield ""
    if parameters := operation.get("parameters"):
        yield from table(("parameter", "type", "what it is"), map(_parameter, parameters))
    if body := operation.get("requestBody"):
        media, content = next(iter(body["content"].items()))
        yield f"Takes {_type(content['schema'])} as `{media}`."
        yield ""
    yield from table(("status", "answer"), _answers(operation["responses"]))
    yield from ("```sh", _example(method, path, operation), "```", "")


def _parameter(parameter: Json) -> tuple[str, ...]:
    said = prose(parameter["description"])
    schema: Json = parameter["schema"]
    where = "in the path" if parameter["in"] == "path" else "required" if parameter["required"] else ""
    default = f"default {code(json.dumps(schema['default']))}" if "default" in schema else ""
    return code(parameter["name"]), ", ".join(each for each in (_type(schema), where, default) if each), said


def _answers(responses: Json) -> Iterator[tuple[str, str]]:
    for status, response in responses.items():
        if status not in _COMMON:
            yield status, " ".join(part for part in (_content(response), prose(_said(response))) if part)


def _said(response: Json) -> str:
    return "" if response["description"] == "The answer." else str(response["description"])


def _content(response: Json) -> str:
    """Return what is in an answer that is no refusal."""
    said = []
    for media, content in response.get("content", {}).items():
        if media == "application/problem+json":
            return ""
        shape = _type(content["schema"])
        said.append(shape if media == "application/json" and "$ref" in content["schema"] else f"{shape} (`{media}`)")
    return " or ".join(said)


def _type(schema: Json) -> str:
    """Return what kind of value a schema allows, shapes as links to them."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{anchor(name)})"
    if "enum" in schema:
        return " or ".join(code(json.dumps(each)) for each in schema["enum"])
    if "anyOf" in schema:
        kinds = [each for each in schema["anyOf"] if each.get("type") != "null"]
        null = ["null"] if len(kinds) < len(schema["anyOf"]) else []
        return " or ".join([*dict.fromkeys(_type(each) for each in kinds), *null])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}" if schema.get("items") else "list"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])} by name"
    kind = str(schema.get("type", "any"))
    return {"integer": "whole number", "boolean": "true or false"}.get(kind, kind)


def _example(method: str, path: str, operation: Json) -> str:
    where = path
    for name, value in _IN_PATH.items():
        where = where.replace(f"{{{name}}}", value)
    required = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query" and each["required"]]
    query = "&".join(f"{name}={_QUERY[name]}" for name in required)
    words = ["curl -sS", *([] if method == "GET" else [f"-X {method}"]), '-H "Authorization: Bearer $TOKEN"']
    body = BODIES.get(f"{method} {path}")
    if body is not None:
        words += ['-H "Content-Type: application/json"', f"-d '{json.dumps(body)}'"]
    words.append(f'"$ROOMWATCH{where}{f"?{query}" if query else ""}"')
    return " ".join(words)


_QUERY = {
    "participant": "PA00000000000000000000000000000001",
    "metric": "rtt_ms",
    "by": "browser",
    "identity": "alice",
    "room": _IN_PATH["room"],
    "from": "-1h",
    "to": "now",
}


def _shapes(schemas: Json) -> Iterator[str]:
    yield "## Shapes"
    yield ""
    yield "What is in bodies and answers. Null means unknown, never zero. Fields may be added; none changes its sense."
    yield ""
    for name, schema in schemas.items():
        yield f"### {name}"
        yield ""
        yield prose(" ".join(schema.get("description", "").split()))
        yield ""
        if "enum" in schema:
            yield f"One of {_type(schema)}."
            yield ""
        elif schema.get("properties"):
            rows = ((code(each), cell(_field(each, key, schema))) for each, key in schema["properties"].items())
            yield from table(("field", "type"), rows)


def _field(name: str, key: Json, schema: Json) -> str:
    kind = _type(key)
    if name in schema.get("required", ()):
        return kind
    return f"{kind}, may be absent" if "default" not in key else f"{kind}; default {code(json.dumps(key['default']))}"
