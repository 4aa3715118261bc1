"""How does the API describe itself?  The shapes come from the types that make the answers, so they cannot disagree."""

from typing import Any

import msgspec

from monitor import __version__
from monitor.http.samples import SamplesView
from monitor.http.views import LiveView

_ERROR = {"$ref": "#/components/schemas/Error"}


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the private API."""
    (live, samples), components = msgspec.json.schema_components(
        [LiveView, SamplesView], ref_template="#/components/schemas/{name}"
    )
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


def _parameter(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": True, "description": description, "schema": {"type": "string"}}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
