"""In which words does a door describe what it answers?

Each module with routes has `OPERATIONS`: an entry for each path, or `METHOD path` where the method is not GET.  The
document is made of them (`monitor.http.openapi`), which adds what is the same for all: that a login is missing, that
the database does not answer, that the body is none.  What is costly is counted by `monitor.http.read_limits`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from monitor.http.time_ranges import LATEST_MS, PATTERN

Json = dict[str, Any]

JSON = "application/json"
TEXT: Json = {"type": "string"}
MOMENT: Json = {
    "anyOf": [
        {"type": "integer", "format": "int64", "minimum": 0, "maximum": LATEST_MS},
        {"type": "string", "pattern": PATTERN},
    ],
}

#: Refusals that several doors have.
UNCLEAR = {400: "A parameter that is none, with what was expected."}
NO_ROOM = {404: "No such room is on record."}
TOO_MUCH = {422: "More than is answered at a time, or no such metric, with what was expected."}


class Operation(NamedTuple):
    """What a request answers.

    `refusals` are those of its own, by status; `body` is what it has to bring, `shape` what it gets, and `media` how
    that is written where it is not JSON.  Whoever asks needs a login, unless it `is_open`, and may not ask too often
    for what `is_costly`.  What is no part of the API proper, such as health, is not `is_api`; some of that `leads_on`
    to another page.
    """

    name: str
    summary: str
    shape: type[Struct] | None = None
    parameters: Sequence[Json] = ()
    refusals: Mapping[int, str] = {}
    body: type[Struct] | None = None
    body_media: str = JSON
    status: int = 200
    is_costly: bool = False
    is_open: bool = False
    is_api: bool = True
    leads_on: bool = False
    media: Sequence[str] = (JSON,)


Operations = Mapping[str, Operation]


def parameter(name: str, description: str, schema: Json = TEXT, *, is_required: bool = False) -> Json:
    """Return a parameter in the query."""
    return {"name": name, "in": "query", "required": is_required, "description": description, "schema": schema}


def in_path(name: str, description: str) -> Json:
    """Return a part of the path."""
    schema = TEXT | {"minLength": 1}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def moment(name: str, description: str) -> Json:
    """Return a parameter that is a time."""
    return parameter(name, f"{description}: milliseconds since 1970, ISO 8601, `now`, or ago as `-1h30m`.", MOMENT)


def span(what: str) -> list[Json]:
    """Return the two ends of a time."""
    return [moment("from", f"The first moment {what}"), moment("to", f"The moment after the last {what}")]


def count(name: str, description: str, default: int, most: int) -> Json:
    """Return a parameter that is a number of things."""
    return parameter(name, description, {"type": "integer", "minimum": 1, "maximum": most, "default": default})


def flag(name: str, description: str) -> Json:
    """Return a parameter that is true or false."""
    return parameter(name, description, {"type": "boolean", "default": False})


def paged(what: str, default: int, most: int) -> list[Json]:
    """Return the two parameters of whatever comes in pages."""
    return [
        count("limit", f"How many {what} a page has.", default, most),
        parameter("after", "The `next` of the page before, as it is."),
    ]


ROOM = in_path("room", "The SID of a room, or its name: of several of one name the latest is meant.")
