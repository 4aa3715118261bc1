"""How does the API describe itself?

Each door says what it answers (`OPERATIONS`, in the words of `monitor.http.operations`); here that becomes one document
of OpenAPI 3.1, with what is the same for all of them.  The shapes come from the types that make the answers, so they
cannot disagree, and a test holds the paths to the routes that there are.  `python -m docs.writing` writes
`docs/openapi.json` and the page about it anew.
"""

from collections.abc import Iterable, Mapping
from functools import cache

import msgspec
from msgspec import Struct

from monitor import __version__
from monitor.http import (
    audit_door,
    bundles,
    call_pages,
    explanations,
    house_operations,
    incidents,
    live,
    log_level,
    login,
    media,
    notifications,
    receiver_views,
    rooms,
    rules,
    settings,
    shared,
    shares,
    silences,
    sources,
    streams,
    tens,
    trends,
    verdicts,
)
from monitor.http.operations import JSON, TEXT, Json, Operation, Operations
from monitor.http.permissions import needed_role
from monitor.http.problems import CONTENT_TYPE, Problem
from monitor.roles import Role

_CALLS = (live, rooms, tens, call_pages, streams, bundles, verdicts, shares, shared)
_DOORS = (*_CALLS, trends, silences, incidents, notifications, receiver_views, explanations, rules)
_DOORS_OF_THE_HOUSE = (media, sources, settings, audit_door, login, house_operations, log_level)

OPERATIONS: Operations = {
    key: operation for door in (*_DOORS, *_DOORS_OF_THE_HOUSE) for key, operation in door.OPERATIONS.items()
}

_DESCRIPTION = (
    "Times in answers are milliseconds since the epoch. Null means unknown, never zero. A refusal is a problem of"
    " RFC 9457. What comes in pages has a `next`, to be given as `after`, and a Link to the page that is meant by it."
)
_NO_LOGIN = {401: "No session and no token.", 429: "Too many wrong tokens from this address."}
_TURNED_AWAY = (401, 403, 429)  # a browser is shown the form
_NOT_STORED = {503: "The database does not answer; where something was to be changed, nothing was."}
_NO_BODY = {
    400: "A body that cannot be understood, or that nobody can have meant; `errors` names the places.",
    408: "A body that took too long.",
    413: "A body of more than 64 KiB.",
    415: "A body that is not declared as JSON, or packed in an unknown way.",
}
_TOO_OFTEN = {429: "Too many costly questions, or too many wrong tokens from this address."}

_HEADERS: Json = {
    "ETag": {"description": "What was said, in short: ask with it in `If-None-Match`.", "schema": TEXT},
    "Link": {"description": 'The address of the next page, as `rel="next"`, where there is one.', "schema": TEXT},
    "Location": {"description": "Where to go on.", "schema": TEXT},
    "RateLimit": {
        "description": "`r`: how many costly questions are left; `t`: seconds until all are.",
        "schema": TEXT,
    },
    "RateLimit-Policy": {
        "description": "`q`: how many at once; `w`: in how many seconds they come back.",
        "schema": TEXT,
    },
    "Retry-After": {"description": "How many seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
}


def document() -> Json:
    """Return the OpenAPI 3.1 document of the private listener."""
    shapes = _shapes(OPERATIONS.values())
    refs, schemas = msgspec.json.schema_components(shapes, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Roomwatch", "version": __version__, "description": _DESCRIPTION},
        "security": [{"bearer": []}, {"session": []}, {"basic": []}],
        "paths": _paths(dict(zip(shapes, refs, strict=True))),
        "components": {
            "schemas": schemas,
            "headers": _HEADERS,
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "roomwatch_session"},
            },
        },
    }


@cache
def encoded() -> bytes:
    """Return the document as it is sent, and kept in docs/openapi.json."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=1) + b"\n"


def costly() -> frozenset[str]:
    """Return the paths of what may not be asked too often."""
    return frozenset(key for key, operation in OPERATIONS.items() if operation.is_costly)


def _shapes(operations: Iterable[Operation]) -> list[type[Struct]]:
    named = [shape for each in operations for shape in (each.shape, each.body) if shape is not None]
    return list(dict.fromkeys([*named, Problem]))


def _paths(ref_of: Mapping[type[Struct], Json]) -> Json:
    paths: Json = {}
    for key, operation in OPERATIONS.items():
        method, _, path = key.rpartition(" ")
        paths.setdefault(path, {})[method.lower() or "get"] = _described(method or "GET", path, operation, ref_of)
    return paths


def _described(method: str, path: str, operation: Operation, ref_of: Mapping[type[Struct], Json]) -> Json:
    role = needed_role(method, path)
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": "Open to everybody." if operation.is_open else f"For the role of {role.value}.",
        "responses": _answers(method, operation, ref_of)
        | {
            str(status): _refusal(status, why, ref_of[Problem])
            for status, why in sorted(_refusals(operation, role).items())
        },
    }
    if operation.is_open:
        described["security"] = [{}, {"bearer": []}, {"session": []}, {"basic": []}]
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {operation.body_media: {"schema": ref_of[operation.body]}},
        }
    return described | ({"parameters": list(operation.parameters)} if operation.parameters else {})


def _answers(method: str, operation: Operation, ref_of: Mapping[type[Struct], Json]) -> Json:
    schema = ref_of[operation.shape] if operation.shape else {"type": "object"} if _is_json(operation) else TEXT
    said: Json = {"description": "The answer."}
    led_on: Json = {"303": {"description": "Go on there.", "headers": _headers("Location")}}
    if operation.status == 303:
        return led_on
    if operation.status == 204:
        return {"204": {"description": "It is done."}} | (led_on if operation.leads_on else {})
    said["content"] = {media: {"schema": schema} for media in operation.media}
    if method != "GET" or not _is_json(operation):
        return {str(operation.status): said}
    said["headers"] = _headers("ETag") | _paging(operation) | _limits(operation)
    unchanged = {"description": "It is what `If-None-Match` names.", "headers": _headers("ETag") | _limits(operation)}
    return {str(operation.status): said, "304": unchanged}


def _is_json(operation: Operation) -> bool:
    return operation.is_api and operation.media == (JSON,)


def _paging(operation: Operation) -> Json:
    return _headers("Link") if operation.shape and "next" in operation.shape.__struct_fields__ else {}


def _limits(operation: Operation) -> Json:
    return _headers("RateLimit", "RateLimit-Policy") if operation.is_costly else {}


def _refusals(operation: Operation, role: Role) -> dict[int, str]:
    """Return every refusal that there can be, those of the operation's own before those that all have."""
    return (
        _NO_LOGIN
        | {403: f"A role that is less than {role.value}, or a page on another site that asks."}
        | (_NO_BODY if operation.body else {})
        | (_TOO_OFTEN if operation.is_costly else {})
        | _NOT_STORED
        | dict(operation.refusals)
    )


def _refusal(status: int, why: str, problem: Json) -> Json:
    refusal: Json = {"description": why, "content": {CONTENT_TYPE: {"schema": problem}}}
    if status in _TURNED_AWAY:
        refusal["content"]["text/html"] = {"schema": TEXT}
    if status == 429:
        refusal["headers"] = _headers("Retry-After")
    return refusal


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
