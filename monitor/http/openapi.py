"""How does the API describe itself?  The shapes come from the types that make the answers, so they cannot disagree."""

from typing import Any

import msgspec

from monitor import __version__
from monitor.http.room_views import CallView, FoundPage, SamplesPage
from monitor.http.rooms import FOUND, MOST_FOUND, MOST_POINTS, MOST_SAMPLES, POINTS, SAMPLES
from monitor.http.samples import SamplesView
from monitor.http.verdicts import VerdictView
from monitor.http.views import LiveView

_ERROR = {"$ref": "#/components/schemas/Error"}


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the private API."""
    (live, samples, found, call, page, verdict), components = msgspec.json.schema_components(
        [LiveView, SamplesView, FoundPage, CallView, SamplesPage, VerdictView],
        ref_template="#/components/schemas/{name}",
    )
    unclear = {"description": "A parameter that is none, with what was expected.", "content": _json(_ERROR)}
    refused = {"description": "No session and no token.", "content": _json(_ERROR)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Roomwatch",
            "version": __version__,
            "description": "Times are milliseconds since the epoch. Null means unknown, never zero.",
        },
        "security": [{"bearer": []}, {"session": []}],
        "paths": {
            "/api/v1/live": {
                "get": {
                    "operationId": "live",
                    "summary": "The rooms, compositions and alerts as they are now.",
                    "responses": {"200": {"description": "The picture.", "content": _json(live)}, "401": refused},
                }
            },
            "/api/v1/live/samples": {
                "get": {
                    "operationId": "samples",
                    "summary": "The last media samples of one participant of a live room.",
                    "parameters": [
                        _parameter("room", "The SID or the name of a live room."),
                        _parameter("participant", "The SID or the identity of somebody in it."),
                    ],
                    "responses": {
                        "200": {"description": "The samples, as columns.", "content": _json(samples)},
                        "401": refused,
                        "404": {"description": "No such room, or nobody of that name in it.", "content": _json(_ERROR)},
                    },
                }
            },
            "/api/v1/rooms": {
                "get": {
                    "operationId": "searchRooms",
                    "summary": "Calls that go on or are over, the latest first, in pages.",
                    "parameters": [
                        _parameter(
                            "text",
                            "The SID of a room or a participant, an identity, or how the name of a room begins.",
                            required=False,
                        ),
                        *_span("that it was created"),
                        _count("limit", "How many calls a page has.", FOUND, MOST_FOUND),
                        _parameter("after", "The `next` of the page before.", required=False),
                    ],
                    "responses": {
                        "200": {"description": "The calls.", "content": _json(found)},
                        "400": unclear,
                        "401": refused,
                    },
                }
            },
            "/api/v1/rooms/{room}": {
                "get": {
                    "operationId": "room",
                    "summary": "One call: everybody in it on one axis of time, what happened, was made and alerted.",
                    "parameters": [
                        _ROOM,
                        *_span("that is shown"),
                        _count("points", "How many points a lane has at most.", POINTS, MOST_POINTS),
                    ],
                    "responses": {
                        "200": {"description": "The call.", "content": _json(call)},
                        "400": unclear,
                        "401": refused,
                        "404": {"description": "No such room is on record.", "content": _json(_ERROR)},
                    },
                }
            },
            "/api/v1/rooms/{room}/samples": {
                "get": {
                    "operationId": "roomSamples",
                    "summary": "What one participant measured, sample by sample, in pages.",
                    "parameters": [
                        _ROOM,
                        _parameter("participant", "The SID or the identity of somebody who was in it."),
                        *_span("that is shown"),
                        _count("limit", "How many samples a page has.", SAMPLES, MOST_SAMPLES),
                    ],
                    "responses": {
                        "200": {"description": "The samples, as columns.", "content": _json(page)},
                        "400": unclear,
                        "401": refused,
                        "404": {"description": "No such room, or nobody with samples then.", "content": _json(_ERROR)},
                    },
                }
            },
            "/api/v1/rooms/{room}/verdict": {
                "get": {
                    "operationId": "roomVerdict",
                    "summary": "Whose fault it was that a call was bad, and which numbers say so.",
                    "parameters": [_ROOM, *_span("that is judged, at most four hours")],
                    "responses": {
                        "200": {"description": "The verdict.", "content": _json(verdict)},
                        "400": unclear,
                        "401": refused,
                        "404": {"description": "No such room is on record.", "content": _json(_ERROR)},
                    },
                }
            },
            "/api/v1/openapi.json": {
                "get": {
                    "operationId": "openapi",
                    "summary": "This document.",
                    "responses": {
                        "200": {"description": "OpenAPI 3.1.", "content": _json({"type": "object"})},
                        "401": refused,
                    },
                }
            },
        },
        "components": {
            "schemas": {
                **components,
                "Error": {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]},
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "roomwatch_session"},
            },
        },
    }


_ROOM = {
    "name": "room",
    "in": "path",
    "required": True,
    "description": "The SID of a room, or its name: of several of one name the latest is meant.",
    "schema": {"type": "string"},
}


def _parameter(name: str, description: str, *, required: bool = True) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


def _span(what: str) -> list[dict[str, Any]]:
    words = {"from": f"The first moment {what}, in milliseconds.", "to": f"The moment after the last {what}."}
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": words[name],
            "schema": {"type": "integer", "format": "int64", "minimum": 0},
        }
        for name in ("from", "to")
    ]


def _count(name: str, description: str, default: int, most: int) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
